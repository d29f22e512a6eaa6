/*
 * prefetch: see the header.
 *
 * What always holds: at most as many slots are in use as the limiter allows this list (one at
 * least); a slot is empty, under way, or holds a page; the page that is wanted is under way in a
 * slot, or is about to be given by the deferred source. A page that failed ahead of its time is not
 * kept: when it is wanted it is asked for again, and its failure counted then.
 */
#include "sync/prefetch.h"
#include "base/cleanup.h"
#include "base/metric.h"
#include <errno.h>
#include <string.h>

enum { SLOTS_MAX = 64, CAUTION_MAX = 64 };

typedef struct Slot {
        Prefetch *prefetch;
        CatalogCall *call; /* under way */
        int64_t offset;
        unsigned limit;
        bool used, ready;
        /* of a page that came before it was wanted, names behind the rows */
        DatabaseConnection *rows;
        size_t n_rows;
        uint64_t asked_usec;
        unsigned requests; /* that the kept page cost */
} Slot;

struct Prefetch {
        Catalog *catalog;
        Limiter *limiter;
        const Uuid *edge, *schema_connection;
        CatalogPageCallback callback;
        void *userdata;
        sd_event_source *giver; /* gives a page that is there already, from the loop */
        Slot *wanted;           /* NULL: nothing is */
        unsigned stride;        /* of the latest want */
        /* requests for pages that were not given; counted with the next that is */
        unsigned spent;
        int64_t end;       /* a page from here on was short: nothing is asked for beyond */
        unsigned cautious; /* pages to ask for one at a time */
        unsigned caution;  /* how many that will be after the next miss */
        Slot slots[SLOTS_MAX];
};

static void slot_clear(Slot *s)
{
        s->prefetch->spent += s->call ? 1 : s->requests;
        (void)catalog_cancel(s->call);
        free(s->rows);
        *s = (Slot){.prefetch = s->prefetch};
}

unsigned prefetch_forget(Prefetch *p)
{
        for (size_t i = 0; i < SLOTS_MAX; i++)
                slot_clear(&p->slots[i]);
        (void)sd_event_source_set_enabled(p->giver, SD_EVENT_OFF);
        p->wanted = NULL;
        p->end = INT64_MAX;
        unsigned spent = p->spent;
        p->spent = 0;
        return spent;
}

/* ---- answers -------------------------------------------------------------------------------- */

static bool answer_pushes_back(const CatalogAnswer *a)
{
        return a->status == 429 || a->status == 503 ||
               (a->sent && a->fault.scope != FAULT_NONE && a->fault.retryable);
}

/* The rows with their names in one piece of memory. */
static int slot_keep(Slot *s, const CatalogPageAnswer *page)
{
        size_t size = page->n_rows * sizeof(*page->rows);
        size_t names = 0;
        for (size_t i = 0; i < page->n_rows; i++)
                names += page->rows[i].name_size + 1;
        s->rows = malloc(size + names + 1);
        if (!s->rows)
                return -ENOMEM;
        char *name = (char *)s->rows + size;
        for (size_t i = 0; i < page->n_rows; i++) {
                s->rows[i] = page->rows[i];
                memcpy(name, page->rows[i].name, page->rows[i].name_size + 1);
                s->rows[i].name = name;
                name += page->rows[i].name_size + 1;
        }
        s->n_rows = page->n_rows;
        s->asked_usec = page->answer.asked_usec;
        s->ready = true;
        return 0;
}

/* The slot is free before the callback, which may want the next page or free everything. */
static void prefetch_give(Slot *s, CatalogPageAnswer *page)
{
        Prefetch *p = s->prefetch;
        /* released after the callback */
        _cleanup_(cleanup_free) DatabaseConnection *rows _unused_ = TAKE(s->rows);
        page->answer.requests += p->spent;
        p->spent = 0;
        s->requests = 0;
        slot_clear(s);
        p->wanted = NULL;
        p->callback(page, p->userdata);
}

static void slot_on_page(const CatalogPageAnswer *page, void *userdata)
{
        Slot *s = userdata;
        Prefetch *p = s->prefetch;
        s->call = NULL;
        limiter_answered(p->limiter, page->answer.elapsed_usec, answer_pushes_back(&page->answer));
        if (page->answer.fault.scope == FAULT_NONE && page->n_rows < p->stride &&
            s->offset < p->end)
                p->end = s->offset;
        s->requests = page->answer.requests;
        if (s == p->wanted) {
                CatalogPageAnswer given = *page;
                prefetch_give(s, &given);
        } else if (page->answer.fault.scope != FAULT_NONE || slot_keep(s, page) < 0) {
                slot_clear(s);
        }
}

static int prefetch_on_give(sd_event_source *source, void *userdata)
{
        (void)source;
        Prefetch *p = userdata;
        Slot *s = p->wanted;
        if (!s)
                return 0;
        CatalogPageAnswer page = {
                .answer = {.status = 200,
                           .sent = true,
                           .requests = s->requests,
                           .asked_usec = s->asked_usec},
                .offset = s->offset,
                .rows = s->rows,
                .n_rows = s->n_rows,
        };
        prefetch_give(s, &page);
        return 0;
}

/* ---- questions ------------------------------------------------------------------------------ */

static Slot *prefetch_empty_slot(Prefetch *p)
{
        for (size_t i = 0; i < SLOTS_MAX; i++)
                if (!p->slots[i].used)
                        return &p->slots[i];
        return NULL;
}

static int prefetch_ask(Prefetch *p, int64_t offset, unsigned limit, Slot **ret)
{
        Slot *s = prefetch_empty_slot(p);
        if (!s)
                return -ENOSPC;
        int r = catalog_list(p->catalog, p->edge, p->schema_connection, offset, limit, slot_on_page,
                             s, &s->call);
        if (r < 0)
                return r;
        s->used = true;
        s->offset = offset;
        s->limit = limit;
        *ret = s;
        return 0;
}

/* The page furthest along that begins within what the listing has and reaches beyond it. */
static Slot *prefetch_find(Prefetch *p, int64_t position)
{
        Slot *best = NULL;
        for (size_t i = 0; i < SLOTS_MAX; i++) {
                Slot *s = &p->slots[i];
                if (s->used && s->offset < position && s->offset + (int64_t)s->limit > position &&
                    (!best || s->offset > best->offset))
                        best = s;
        }
        return best;
}

static unsigned prefetch_used(const Prefetch *p)
{
        unsigned n = 0;
        for (size_t i = 0; i < SLOTS_MAX; i++)
                n += p->slots[i].used;
        return n;
}

/* What lies behind the position is of no use any more. True when there was something ahead that did
 * not fit either. */
static bool prefetch_drop(Prefetch *p, const Slot *fitting, int64_t position)
{
        bool missed = false;
        for (size_t i = 0; i < SLOTS_MAX; i++) {
                Slot *s = &p->slots[i];
                if (!s->used || s == fitting || (fitting && s->offset >= position))
                        continue;
                missed = true;
                slot_clear(s);
        }
        return missed && !fitting;
}

static void prefetch_ask_ahead(Prefetch *p, int64_t offset, unsigned limit, unsigned stride)
{
        unsigned share = limiter_share(p->limiter);
        int64_t next = offset + stride;
        for (size_t i = 0; i < SLOTS_MAX; i++)
                if (p->slots[i].used && p->slots[i].offset >= next)
                        next = p->slots[i].offset + stride;
        for (unsigned used = prefetch_used(p); used < share && next <= p->end;
             used++, next += stride) {
                Slot *ahead;
                if (prefetch_ask(p, next, limit, &ahead) < 0)
                        return; /* it will be asked for when it is wanted */
        }
}

int prefetch_want(Prefetch *p, int64_t offset, unsigned limit, int64_t position, unsigned stride)
{
        Slot *s = stride > 0 ? prefetch_find(p, position) : NULL;
        if (prefetch_drop(p, s, position)) {
                p->cautious = p->caution;
                p->caution = p->caution < CAUTION_MAX ? 2 * p->caution : CAUTION_MAX;
        } else if (s && p->caution > 1) {
                p->caution /= 2;
        }
        if (!s) {
                int r = prefetch_ask(p, offset, limit, &s);
                if (r < 0)
                        return r;
        }
        p->wanted = s;
        p->stride = stride;
        if (s->ready)
                (void)sd_event_source_set_enabled(p->giver, SD_EVENT_ONESHOT);
        if (p->cautious > 0)
                p->cautious--;
        else if (stride > 0)
                prefetch_ask_ahead(p, s->offset, limit, stride);
        return 0;
}

/* ---- beginning and end ---------------------------------------------------------------------- */

int prefetch_new(sd_event *event, Catalog *catalog, Limiter *limiter, const Uuid *edge,
                 const Uuid *schema_connection, CatalogPageCallback callback, void *userdata,
                 Prefetch **ret)
{
        Prefetch *p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        *p = (Prefetch){.catalog = catalog,
                        .limiter = limiter,
                        .edge = edge,
                        .schema_connection = schema_connection,
                        .callback = callback,
                        .userdata = userdata,
                        .end = INT64_MAX,
                        .caution = 1};
        for (size_t i = 0; i < SLOTS_MAX; i++)
                p->slots[i].prefetch = p;
        int r = sd_event_add_defer(event, &p->giver, prefetch_on_give, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->giver, SD_EVENT_OFF);
        if (r < 0) {
                sd_event_source_disable_unref(p->giver);
                free(p);
                return r;
        }
        limiter_list_begins(limiter);
        *ret = p;
        return 0;
}

Prefetch *prefetch_free(Prefetch *p)
{
        if (!p)
                return NULL;
        (void)prefetch_forget(p);
        limiter_list_ends(p->limiter);
        sd_event_source_disable_unref(p->giver);
        free(p);
        return NULL;
}
