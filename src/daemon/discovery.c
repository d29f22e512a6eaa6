/*
 * What always holds, while it is to ask: an answer is awaited, or the timer is armed, or it waits
 * for discovery_retry.
 */
#include "daemon/discovery.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/utc.h"
#include "config/edge_names.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_FLOOR_USEC   (5 * USEC_PER_SEC)
#define AGAIN_CEILING_USEC (5 * USEC_PER_MINUTE)
#define REREAD_EVERY_USEC  (10 * USEC_PER_SEC) /* whether credentials have changed on disk */
enum { ANSWERS_WITHOUT = 2 };                  /* before it is asked for by its id */

void discovery_init(Discovery *d, sd_event *event, const DiscoveryHandlers *handlers,
                    void *userdata)
{
        *d = (Discovery){.event = event, .handlers = *handlers, .userdata = userdata};
        outage_init(&d->outage, AGAIN_FLOOR_USEC, AGAIN_CEILING_USEC);
}

/* ---- when to ask ---------------------------------------------------------------------------- */

static void discovery_begin(void *userdata);

static bool discovery_is_refused(const Discovery *d)
{
        return d->outage.down && d->outage.fault.refused;
}

static uint64_t discovery_left(const Discovery *d)
{
        uint64_t now = clock_monotonic_usec();
        return d->ask_at_usec > now ? d->ask_at_usec - now : 0;
}

static void discovery_on_timer(void *userdata);

/* Until it is to ask, or whether it may is to be seen. */
static void discovery_wait(Discovery *d)
{
        uint64_t delay = discovery_left(d);
        if (discovery_is_refused(d) && delay > REREAD_EVERY_USEC)
                delay = REREAD_EVERY_USEC;
        int r = timer_start(&d->timer, d->event, delay, delay / 20, discovery_on_timer, d);
        if (r < 0)
                log_error("the timer for discovering cannot be set: %s", strerrordesc_np(-r));
}

static void discovery_on_timer(void *userdata)
{
        Discovery *d = userdata;
        if (discovery_left(d) == 0 ||
            (discovery_is_refused(d) && catalog_reread_secret(d->peers->catalog)))
                discovery_begin(d);
        else
                discovery_wait(d);
}

static void discovery_later(Discovery *d, uint64_t delay_usec)
{
        d->ask_at_usec = clock_monotonic_usec() + delay_usec;
        discovery_wait(d);
}

const Fault *discovery_fault(const Discovery *d, const DatabaseClock *clock,
                             char ret_next[static DISCOVERY_NEXT_BYTES])
{
        char when[UTC_BYTES];
        int64_t at_usec = database_clock_now(clock) + (int64_t)discovery_left(d);
        (void)snprintf(ret_next, DISCOVERY_NEXT_BYTES, "it is asked again at %s",
                       utc_format(at_usec / (int64_t)USEC_PER_SEC, UTC_PERSON, when));
        return outage_fault(&d->outage);
}

const Fault *discovery_problem(const Discovery *d, const DatabaseClock *clock,
                               char ret_next[static DISCOVERY_NEXT_BYTES])
{
        const Fault *fault = discovery_fault(d, clock, ret_next);
        return fault ? fault : d->without_api && d->by_name ? &d->nameless : NULL;
}

static void discovery_log_fault(const Discovery *d, uint64_t delay_usec)
{
        const Fault *fault = &d->outage.fault;
        char delay[DURATION_STRING_SIZE];
        uint64_t seconds = (delay_usec + USEC_PER_SEC - 1) / USEC_PER_SEC;
        log_event(LOG_LEVEL_WARNING, fault->refused ? MESSAGE_ID_CREDENTIALS_REFUSED : NULL,
                  LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                             LOG_NUMBER("HTTP_STATUS", fault->http_status)),
                  "Edge connections cannot be discovered%s: %s; those that are known stay, trying "
                  "again in %s%s",
                  d->outage.attempts > 1 ? " still" : "", fault->message,
                  duration_format(seconds * USEC_PER_SEC, delay),
                  fault->refused ? OUTAGE_REFUSED_UNTIL : "");
}

static void discovery_failed(Discovery *d, const Fault *fault)
{
        uint64_t delay;
        bool elsewhere = fault->scope == FAULT_PEER && d->handlers.is_reported(d->userdata);
        bool report =
                outage_failed(&d->outage, fault, clock_monotonic_usec(), clock_random(), &delay);
        d->refused_pause_usec = fault->refused ? outage_refused_pause(d->refused_pause_usec) : 0;
        d->waits = elsewhere;
        if (fault->refused)
                delay = d->refused_pause_usec; /* accounts lock */
        else if (delay > d->every_usec)
                delay = d->every_usec;
        if (delay < fault->retry_after_usec)
                delay = fault->retry_after_usec;
        if (report && !elsewhere)
                discovery_log_fault(d, delay);
        if (!elsewhere)
                discovery_later(d, delay);
        d->handlers.changed(d->userdata);
}

/* ---- those that are missing ----------------------------------------------------------------- */

static unsigned discovery_answers_without(const Discovery *d, const Uuid *id)
{
        const DiscoveryMissing *m =
                d->n_missing > 0 ? bsearch(id, d->missing, d->n_missing, sizeof(*m), uuid_order)
                                 : NULL;
        return m ? m->answers : 0;
}

/* Counts which of those that are known the answer has not. -ENOMEM: as before. */
static int discovery_count_missing(Discovery *d, const Discovered *found)
{
        _cleanup_(cleanup_free) Uuid *known = NULL;
        size_t n_known, n = 0;
        int r = d->handlers.known(&known, &n_known, d->userdata);
        DiscoveryMissing *missing = r < 0 ? NULL : calloc(n_known ? n_known : 1, sizeof(*missing));
        if (!missing)
                return -ENOMEM;
        for (size_t i = 0; i < n_known; i++)
                if (!discover_find(found->edges, found->n_edges, &known[i]))
                        missing[n++] = (DiscoveryMissing){
                                .id = known[i],
                                .answers = discovery_answers_without(d, &known[i]) + 1};
        free(d->missing);
        d->missing = missing;
        d->n_missing = n;
        return 0;
}

static void discovery_report_vanished(Discovery *d)
{
        size_t n = 0;
        Uuid *gone = calloc(d->n_missing ? d->n_missing : 1, sizeof(*gone));
        for (size_t i = 0; gone && i < d->n_missing; i++)
                if (d->missing[i].is_gone)
                        gone[n++] = d->missing[i].id;
        if (n > 0)
                d->handlers.answered(NULL, gone, n, d->userdata);
        free(gone);
}

static void discovery_end(Discovery *d)
{
        uint64_t ignored;
        d->refused_pause_usec = 0;
        bool again = outage_over(&d->outage, clock_monotonic_usec(), &ignored);
        discovery_later(d, d->every_usec);
        if (again) {
                log_info("Edge connections are discovered again");
                d->handlers.changed(d->userdata);
        }
}

static void discovery_ask_next(Discovery *d);

static void discovery_on_missing(const CatalogEdgesAnswer *answer, void *userdata)
{
        Discovery *d = userdata;
        FaultScope scope = answer->answer.fault.scope;
        d->call = NULL;
        d->missing[d->next_missing++].is_gone = answer->absent;
        if (scope != FAULT_NONE && scope != FAULT_RUN)
                d->next_missing = d->n_missing; /* the others the next time */
        discovery_ask_next(d);
}

/* By their ids, one after the other; anything but the catalog's word that there is none says
 * nothing. */
static void discovery_ask_next(Discovery *d)
{
        while (d->next_missing < d->n_missing &&
               d->missing[d->next_missing].answers < ANSWERS_WITHOUT)
                d->next_missing++;
        int r = d->next_missing < d->n_missing
                        ? catalog_get_edge(d->peers->catalog, &d->missing[d->next_missing].id,
                                           discovery_on_missing, d, &d->call)
                        : -ENOENT;
        if (r >= 0)
                return;
        discovery_report_vanished(d);
        discovery_end(d);
}

/* A catalog that denies what it has just listed proves nothing. */
static void discovery_on_control(const CatalogEdgesAnswer *answer, void *userdata)
{
        Discovery *d = userdata;
        d->call = NULL;
        if (answer->answer.fault.scope == FAULT_NONE)
                discovery_ask_next(d);
        else
                discovery_end(d);
}

static bool discovery_has_candidates(const Discovery *d)
{
        for (size_t i = 0; i < d->n_missing; i++)
                if (d->missing[i].answers >= ANSWERS_WITHOUT)
                        return true;
        return false;
}

static void discovery_check_missing(Discovery *d, const Discovered *found)
{
        bool complete = found->source == DISCOVER_EDGE_API && found->whole && found->n_edges > 0;
        if (complete && discovery_count_missing(d, found) >= 0 && discovery_has_candidates(d)) {
                d->next_missing = 0;
                d->control = found->edges[0].id;
                if (catalog_get_edge(d->peers->catalog, &d->control, discovery_on_control, d,
                                     &d->call) >= 0)
                        return;
        }
        discovery_end(d);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void discovery_report_source(Discovery *d, const Discovered *found)
{
        bool without = found->source != DISCOVER_EDGE_API, before = d->without_api;
        d->without_api = without;
        if (without)
                fault_set(&d->nameless, FAULT_RUN, EACCES, found->edge_api.code,
                          "the Edge API cannot be read (HTTP %d), so %s%s",
                          found->edge_api.http_status,
                          d->by_name ? "no Edge connection can be discovered: their database "
                                       "connections do not tell the names by which include and "
                                       "exclude choose"
                                     : "Edge connections are discovered by their database "
                                       "connections: those that have any, without names",
                          found->edge_api.http_status == 403 || found->edge_api.http_status == 401
                                  ? "; give our user the permission \"View Edge connections and "
                                    "capabilities\""
                                  : "");
        if (without == before)
                return;
        if (without)
                log_warning("%s", d->nameless.message);
        else
                log_info("the Edge API can be read again");
        d->handlers.changed(d->userdata);
}

static void discovery_on_found(const Discovered *found, void *userdata)
{
        Discovery *d = userdata;
        d->discover = NULL;
        if (found->fault.scope != FAULT_NONE) {
                discovery_failed(d, &found->fault);
                return;
        }
        d->answered = true;
        discovery_report_source(d, found);
        d->handlers.answered(found, NULL, 0, d->userdata);
        discovery_check_missing(d, found);
}

static void discovery_begin(void *userdata)
{
        Discovery *d = userdata;
        d->waits = !d->handlers.may_ask(d->userdata);
        if (d->waits)
                return;
        int r = discover_start(d->peers->catalog, d->event, discovery_on_found, d, &d->discover);
        if (r < 0) {
                Fault fault;
                fault_not_begun(&fault, r, "the catalog cannot be asked");
                discovery_failed(d, &fault);
        }
}

void discovery_configure(Discovery *d, Peers *peers, const ConfigDiscover *config)
{
        discovery_done(d);
        d->peers = peers;
        d->every_usec = config->every_usec;
        d->by_name = !edge_name_is_wanted(config, "");
        d->without_api = d->answered = false;
        if (config->enabled)
                discovery_begin(d);
        else
                outage_init(&d->outage, AGAIN_FLOOR_USEC, AGAIN_CEILING_USEC);
}

void discovery_retry(Discovery *d)
{
        if (d->waits)
                discovery_begin(d);
}

void discovery_done(Discovery *d)
{
        timer_cancel(&d->timer);
        d->discover = discover_cancel(d->discover);
        d->call = catalog_cancel(d->call);
        d->waits = false;
        free(d->missing);
        d->missing = NULL;
        d->n_missing = 0;
}
