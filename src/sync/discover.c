/*
 * discover: see the header.
 *
 * What always holds: one request is under way, or the timer for repeating it is armed, until the
 * callback has been called.
 */
#include "sync/discover.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/retry.h"
#include "base/text.h"
#include "base/timer.h"
#include "sync/listing.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A longer one that the catalog asks for ends it instead. */
#define PAUSE_MAX_USEC (30 * USEC_PER_SEC)

typedef enum DiscoverStage { STAGE_CONNECTIONS, STAGE_SITES, STAGE_ROWS } DiscoverStage;

/* Ids in order. */
typedef struct IdSet {
        Uuid *ids;
        size_t n;
} IdSet;

struct Discover {
        Catalog *catalog;
        sd_event *event;
        DiscoverCallback callback;
        void *userdata;
        DiscoverStage stage;
        CatalogCall *call; /* NULL: none is under way */
        Timer again;
        Retry retry;         /* of the request */
        uint64_t until_usec; /* of the rows; monotonic */
        EdgeItem *edges, *sites;
        IdSet ids;       /* of the rows */
        Listing listing; /* of them */
        Discovered found;
        bool over; /* in the callback; freed after it */
};

static void discover_free(Discover *d)
{
        (void)catalog_cancel(d->call);
        timer_cancel(&d->again);
        listing_done(&d->listing);
        free(d->edges);
        free(d->sites);
        free(d->ids.ids);
        free(d);
}

Discover *discover_cancel(Discover *d)
{
        if (d && !d->over)
                discover_free(d);
        return NULL;
}

static void discover_end(Discover *d)
{
        d->over = true;
        d->found.edges = d->edges;
        d->found.sites = d->sites;
        d->callback(&d->found, d->userdata);
        discover_free(d);
}

static void discover_end_failed(Discover *d, const Fault *fault)
{
        d->found.fault = *fault;
        discover_end(d);
}

static void discover_end_error(Discover *d, int error)
{
        Fault fault;
        fault_not_begun(&fault, -error, "the Edge connections cannot be asked for");
        discover_end_failed(d, &fault);
}

static int discover_send(Discover *d);

static void discover_on_again(void *userdata)
{
        int r = discover_send(userdata);
        if (r < 0)
                discover_end_error(userdata, -r);
}

static void discover_next(Discover *d, DiscoverStage stage)
{
        d->stage = stage;
        retry_init(&d->retry, RETRY_ATTEMPTS);
        discover_on_again(d);
}

/* The Edge API is not there, or not for us: a fact about it, not about the catalog. A 401 is one,
 * too, where the same credentials are accepted elsewhere. */
static bool is_without_edge_api(const CatalogAnswer *answer)
{
        return answer->status == 403 || answer->status == 404 ||
               (answer->status == 401 && (answer->foreign || answer->fault.scope == FAULT_RUN));
}

static void discover_failed(Discover *d, const CatalogAnswer *answer)
{
        uint64_t delay_usec;
        if (answer->retry_after_usec <= PAUSE_MAX_USEC &&
            retry_again(&d->retry, &answer->fault, answer->retry_after_usec, clock_random(),
                        &delay_usec)) {
                int r = timer_start(&d->again, d->event, delay_usec, 10 * USEC_PER_MSEC,
                                    discover_on_again, d);
                if (r < 0)
                        discover_end_error(d, -r);
        } else if (d->stage == STAGE_SITES) {
                d->found.sites_fault = answer->fault;
                discover_end(d);
        } else if (d->stage == STAGE_CONNECTIONS && is_without_edge_api(answer)) {
                d->found.edge_api = answer->fault;
                d->found.source = DISCOVER_ROWS;
                d->until_usec = clock_monotonic_usec() + LIMIT_DISCOVER_USEC;
                listing_init(&d->listing, LIMIT_PAGE_SIZE_MAX, clock_random());
                discover_next(d, STAGE_ROWS);
        } else {
                Fault fault = answer->fault;
                fault.retry_after_usec = answer->retry_after_usec;
                discover_end_failed(d, &fault);
        }
}

/* ---- the Edge API --------------------------------------------------------------------------- */

/* A copy, and how many; NULL: no memory. */
static EdgeItem *items_copy(const CatalogEdgesAnswer *answer, size_t *ret_n)
{
        EdgeItem *copy = calloc(answer->n_items ? answer->n_items : 1, sizeof(*copy));
        if (copy && answer->n_items > 0)
                memcpy(copy, answer->items, answer->n_items * sizeof(*copy));
        *ret_n = copy ? answer->n_items : 0;
        return copy;
}

static void discover_on_items(const CatalogEdgesAnswer *answer, void *userdata)
{
        Discover *d = userdata;
        bool sites = d->stage == STAGE_SITES;
        EdgeItem **items = sites ? &d->sites : &d->edges;
        d->call = NULL;
        if (answer->answer.fault.scope != FAULT_NONE) {
                discover_failed(d, &answer->answer);
                return;
        }
        *items = items_copy(answer, sites ? &d->found.n_sites : &d->found.n_edges);
        if (!*items) {
                discover_end_error(d, ENOMEM);
        } else if (sites) {
                discover_end(d);
        } else {
                d->found.n_unreadable = answer->n_unreadable;
                d->found.whole = answer->n_unreadable == 0;
                discover_next(d, STAGE_SITES);
        }
}

/* ---- the list of all rows ------------------------------------------------------------------- */

/* -ENOMEM. */
static int ids_add(IdSet *s, const Uuid *id)
{
        size_t low = 0, high = s->n;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = uuid_compare(&s->ids[middle], id);
                if (order == 0)
                        return 0;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (ARRAY_GROW(s->ids, s->n) < 0)
                return -ENOMEM;
        memmove(&s->ids[low + 1], &s->ids[low], (s->n - low) * sizeof(*s->ids));
        s->ids[low] = *id;
        s->n++;
        return 0;
}

static int discover_take_rows(Discover *d, const CatalogPageAnswer *answer)
{
        static const Uuid none;
        for (size_t i = 0; i < answer->n_rows; i++) {
                const Uuid *id = &answer->rows[i].edge_connection_id;
                if (uuid_equal(id, &none)) /* of a row that cannot be read */
                        continue;
                int r = d->ids.n < LIMIT_EDGE_ITEMS_MAX ? ids_add(&d->ids, id) : -E2BIG;
                if (r < 0)
                        return r;
        }
        return 0;
}

static void discover_end_rows(Discover *d)
{
        d->edges = calloc(d->ids.n ? d->ids.n : 1, sizeof(*d->edges));
        if (!d->edges) {
                discover_end_error(d, ENOMEM);
                return;
        }
        for (size_t i = 0; i < d->ids.n; i++)
                d->edges[i].id = d->ids.ids[i];
        d->found.n_edges = d->ids.n;
        discover_end(d);
}

static void discover_end_late(Discover *d)
{
        Fault fault;
        char limit[DURATION_STRING_SIZE];
        fault_set(&fault, FAULT_RUN, ETIMEDOUT, CODE_LIST_TIMEOUT,
                  "reading the list of all database connections took longer than %s: %" PRId64
                  " row%s in %" PRId64 " page%s",
                  duration_format(LIMIT_DISCOVER_USEC, limit), d->listing.received,
                  text_plural(d->listing.received), d->listing.pages,
                  text_plural(d->listing.pages));
        discover_end_failed(d, &fault);
}

static void discover_on_page(const CatalogPageAnswer *answer, void *userdata)
{
        Discover *d = userdata;
        Fault fault;
        d->call = NULL;
        if (answer->answer.fault.scope != FAULT_NONE) {
                discover_failed(d, &answer->answer);
                return;
        }
        int r = discover_take_rows(d, answer);
        if (r < 0) {
                discover_end_error(d, -r);
                return;
        }
        switch (listing_page(&d->listing, answer->rows, answer->n_rows, &fault)) {
        case LISTING_MORE:
        case LISTING_AGAIN:
                if (clock_monotonic_usec() < d->until_usec)
                        discover_next(d, STAGE_ROWS);
                else
                        discover_end_late(d);
                break;
        case LISTING_END:
                d->found.whole = true;
                discover_end_rows(d);
                break;
        case LISTING_UNSTABLE: /* what was seen is there */
                discover_end_rows(d);
                break;
        case LISTING_FAILED:
                discover_end_failed(d, &fault);
                break;
        }
}

/* ---- all of it ------------------------------------------------------------------------------ */

static int discover_send(Discover *d)
{
        if (d->stage == STAGE_ROWS)
                return catalog_list(d->catalog, NULL, NULL, d->listing.offset, d->listing.limit,
                                    discover_on_page, d, &d->call);
        return catalog_list_edges(d->catalog,
                                  d->stage == STAGE_SITES ? EDGE_LIST_SITES : EDGE_LIST_CONNECTIONS,
                                  discover_on_items, d, &d->call);
}

int discover_start(Catalog *catalog, sd_event *event, DiscoverCallback callback, void *userdata,
                   Discover **ret)
{
        _cleanup_(cleanup_discover) Discover *d = calloc(1, sizeof(*d));
        if (!d)
                return -ENOMEM;
        d->catalog = catalog;
        d->event = event;
        d->callback = callback;
        d->userdata = userdata;
        retry_init(&d->retry, RETRY_ATTEMPTS);
        int r = discover_send(d);
        if (r < 0)
                return r;
        *ret = TAKE(d);
        return 0;
}

const EdgeItem *discover_find(const EdgeItem *items, size_t n, const Uuid *id)
{
        return n > 0 ? bsearch(id, items, n, sizeof(*items), uuid_order) : NULL;
}
