/*
 * run_pages: the pages of a list, through the real prefetch.c: what it needs of catalog.h and of
 * sd-event is given here, on virtual time.
 *
 * A Run stands for the catalog and for the event loop: it is all that those calls need to know.
 */
#include "sim/run_private.h"
#include <errno.h>
#include <stdlib.h>

static World *world;
static Limiter paces[INSTANCES_MAX];

/* ---- sd-event: a source that is deferred, once ---------------------------------------------- */

struct sd_event_source {
        Run *run;
        sd_event_handler_t handler;
        void *userdata;
        WorldTimer timer;
};

static void source_fire(World *w, void *who, uint32_t detail)
{
        sd_event_source *s = who;
        (void)w;
        (void)detail;
        s->timer = (WorldTimer){0};
        (void)s->handler(s, s->userdata);
}

int sd_event_add_defer(sd_event *event, sd_event_source **ret, sd_event_handler_t handler,
                       void *userdata)
{
        sd_event_source *s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        *s = (sd_event_source){.run = (Run *)event, .handler = handler, .userdata = userdata};
        *ret = s;
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

int sd_event_source_set_enabled(sd_event_source *s, int enabled)
{
        world_cancel(world, &s->timer);
        if (enabled != SD_EVENT_OFF)
                s->timer = world_after(world, s->run->instance, 0, source_fire, s, 0);
        return 0;
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *s)
{
        if (!s)
                return NULL;
        world_cancel(world, &s->timer);
        free(s);
        return NULL;
}

/* ---- catalog.h: a list request -------------------------------------------------------------- */

static void pages_on_answer(World *w, Call *c, void *who)
{
        static DatabaseConnection rows[LIMIT_PAGE_SIZE_MAX];
        Run *r = who;
        CatalogPageAnswer answer = {.offset = c->request.offset, .rows = rows, .n_rows = c->n};
        site_answer(w, c, &answer.answer);
        answer.answer.elapsed_usec = w->settings.latency_usec;
        for (size_t i = 0; i < c->n; i++)
                site_record(w, &c->rows[i], &rows[i]);
        r->lies += c->lie;
        r->pages[r->arrived % PAGES_KEPT].offset = c->request.offset;
        r->pages[r->arrived++ % PAGES_KEPT].tick = c->tick;
        c->request.page_done(&answer, c->request.page_userdata);
}

int catalog_list(Catalog *catalog, const Uuid *edge, const Uuid *schema_connection, int64_t offset,
                 unsigned limit, CatalogPageCallback callback, void *userdata, CatalogCall **ret)
{
        Run *r = (Run *)catalog;
        (void)edge;
        (void)schema_connection;
        CallRequest request = {.kind = CALL_LIST,
                               .instance = r->instance,
                               .edge = r->edge,
                               .epoch = r->epoch,
                               .offset = offset,
                               .limit = limit,
                               .attempt_from = r->list_from,
                               .done = pages_on_answer,
                               .who = r,
                               .page_done = callback,
                               .page_userdata = userdata};
        if (r->first_page_at == 0)
                r->first_page_at = world->now;
        *ret = (CatalogCall *)site_start(world, &request);
        return *ret ? 0 : -ENOMEM;
}

CatalogCall *catalog_cancel(CatalogCall *call)
{
        return (CatalogCall *)site_cancel(world, (Call *)call);
}

/* ---- the run's side ------------------------------------------------------------------------- */

/* When the catalog looked at the page that is given now. */
static uint32_t page_tick(const Run *r, int64_t offset)
{
        for (uint32_t i = 1; i <= PAGES_KEPT && i <= r->arrived; i++)
                if (r->pages[(r->arrived - i) % PAGES_KEPT].offset == offset)
                        return r->pages[(r->arrived - i) % PAGES_KEPT].tick;
        return 0;
}

static void pages_on_page(const CatalogPageAnswer *answer, void *userdata)
{
        static Shown rows[LIMIT_PAGE_SIZE_MAX];
        for (size_t i = 0; i < answer->n_rows; i++)
                rows[i] =
                        (Shown){.row = (uint16_t)truth_row_of(&answer->rows[i].id),
                                .edge = (uint8_t)truth_edge_of(&answer->rows[i].edge_connection_id),
                                .name = (uint16_t)truth_name_of(&answer->rows[i]),
                                .database = (uint16_t)truth_database_of(&answer->rows[i]),
                                .spoiled = answer->rows[i].rejected != NULL,
                                .anonymous = answer->rows[i].anonymous};
        run_on_page(world, userdata, answer, rows, page_tick(userdata, answer->offset));
}

void pages_want(World *w, Run *r)
{
        const Listing *l = &r->machine.listing;
        Uuid edge = truth_edge_id(r->edge);
        int result = 0;
        if (!r->prefetch)
                result = prefetch_new((sd_event *)r, (Catalog *)r, &paces[r->instance], &edge, NULL,
                                      pages_on_page, r, &r->prefetch);
        if (result >= 0)
                result = prefetch_want(r->prefetch, l->offset, l->limit, l->position,
                                       listing_stride(l));
        if (result < 0)
                world_fail(w, "a page could not be asked for");
}

void pages_forget(Run *r)
{
        if (r->prefetch)
                r->machine.requests += prefetch_forget(r->prefetch);
}

void pages_end(Run *r)
{
        pages_forget(r);
        r->prefetch = prefetch_free(r->prefetch);
}

void pages_init(World *w)
{
        world = w;
        for (unsigned i = 0; i < INSTANCES_MAX; i++)
                limiter_init(&paces[i], w->settings.ahead);
}
