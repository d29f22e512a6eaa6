/*
 * gate: stands closed while the catalog as a whole is away or refuses us, so that edges wait in the
 * queue instead of failing one by one.
 *
 * Knocking is one cheap question (a page of one row of one edge), each time for another edge: one
 * whose own list fails must not keep the gate shut for all the others. The service begins behind a
 * closed gate: a wrong password is tried once, not by max_syncs edges at once. A catalog that
 * refuses our credentials is asked again when they have changed on disk, or after a pause that
 * grows from half a minute to ten: accounts lock, and are unlocked on the catalog's side without a
 * word to us.
 *
 * What always holds: while the gate is closed, either a knock is under way or a timer is armed that
 * will knock.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "daemon/daemon_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define OUTAGE_FLOOR_USEC USEC_PER_SEC
#define REREAD_EVERY_USEC (10 * USEC_PER_SEC) /* whether they have changed on disk */

void breaker_init(Daemon *d)
{
        outage_init(&d->gate.outage, OUTAGE_FLOOR_USEC, OUTAGE_CEILING_USEC);
}

static int breaker_on_timer(sd_event_source *s, uint64_t usec, void *userdata);

static void breaker_probe_later(Daemon *d, uint64_t delay_usec)
{
        Breaker *g = &d->gate;
        g->timer = sd_event_source_disable_unref(g->timer);
        int r = sd_event_add_time_relative(d->event, &g->timer, CLOCK_MONOTONIC, delay_usec,
                                           10 * USEC_PER_MSEC, breaker_on_timer, d);
        if (r < 0)
                log_error("the timer for the catalog cannot be set: %s", strerrordesc_np(-r));
}

/* Until the credentials are looked at again, on disk or by the catalog. */
static uint64_t breaker_refused_delay(const Breaker *g)
{
        uint64_t now = clock_monotonic_usec();
        uint64_t left = g->refused_until_usec > now ? g->refused_until_usec - now : 0;
        return left < REREAD_EVERY_USEC ? left : REREAD_EVERY_USEC;
}

static int breaker_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        Daemon *d = userdata;
        Breaker *g = &d->gate;
        g->timer = sd_event_source_disable_unref(g->timer);
        bool refused = g->outage.down && g->outage.fault.refused;
        bool may = !refused || catalog_reread_secret(d->supply->peers->catalog) ||
                   clock_monotonic_usec() >= g->refused_until_usec;
        if (may)
                breaker_probe(d);
        else
                breaker_probe_later(d, breaker_refused_delay(g));
        return 0;
}

static void breaker_refused(Breaker *g)
{
        g->refused_pause_usec = outage_refused_pause(g->refused_pause_usec);
        g->refused_until_usec = clock_monotonic_usec() + g->refused_pause_usec;
}

const char *breaker_next(const Daemon *d, char out[static BREAKER_NEXT_BYTES])
{
        const Breaker *g = &d->gate;
        char when[TIME_BYTES], delay[DURATION_STRING_SIZE];
        uint64_t now = clock_monotonic_usec();
        bool pause = g->not_before_usec > now;
        uint64_t at = pause ? g->not_before_usec : g->refused_until_usec;
        uint64_t left = at > now ? at - now : 0;
        if (!pause && !g->outage.fault.refused)
                return "it is asked again at least every 30 s";
        if (d->queue.clock_at_usec == 0) {
                uint64_t seconds = (left + USEC_PER_SEC - 1) / USEC_PER_SEC;
                (void)snprintf(out, BREAKER_NEXT_BYTES, "it is asked again in %s",
                               duration_format(seconds * USEC_PER_SEC, delay));
                return out;
        }
        status_format_time(daemon_now(d) + (int64_t)left, when);
        (void)snprintf(out, BREAKER_NEXT_BYTES,
                       pause ? "it is asked again at %s" : "tried again at %s", when);
        return out;
}

void breaker_catalog_failed(Daemon *d, const Fault *fault)
{
        Breaker *g = &d->gate;
        uint64_t delay, now = clock_monotonic_usec();
        char next[BREAKER_NEXT_BYTES];
        if (g->not_before_usec < now + fault->retry_after_usec)
                g->not_before_usec = now + fault->retry_after_usec;
        if (d->stopping || g->probe || (g->outage.down && g->timer))
                return; /* known; the next knock will tell */
        g->open = false;
        bool speak = outage_failed(&g->outage, fault, now, clock_random(), &delay);
        if (fault->refused)
                breaker_refused(g);
        if (speak)
                log_event(LOG_LEVEL_WARNING,
                          fault->refused ? MESSAGE_ID_CREDENTIALS_REFUSED
                                         : MESSAGE_ID_CATALOG_UNREACHABLE,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                                     LOG_NUMBER("HTTP_STATUS", fault->http_status)),
                          "the catalog cannot be used%s: %s; edges wait, %s%s",
                          g->outage.attempts > 1 ? " still" : "", fault->message,
                          breaker_next(d, next),
                          fault->refused ? ", and as soon as the credentials on disk change" : "");
        /* Or each of them tries the same password, or asks before it is wanted; they are due again,
         * and take up their jobs. */
        if (fault->refused || fault->retry_after_usec > 0)
                runs_stop_asking(d, d->supply, fault);
        breaker_probe_later(d, fault->refused ? breaker_refused_delay(g) : delay);
        status_changed(d);
        presence_changed(d);
}

static void breaker_open(Daemon *d)
{
        Breaker *g = &d->gate;
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        g->timer = sd_event_source_disable_unref(g->timer);
        g->refused_pause_usec = 0;
        if (outage_over(&g->outage, clock_monotonic_usec(), &lasted))
                log_event(LOG_LEVEL_INFO, MESSAGE_ID_CATALOG_BACK, LOG_NO_FIELDS,
                          "the catalog answers again after %s",
                          duration_format_short(lasted, text));
        presence_changed(d);
        if (g->open)
                return;
        g->open = true;
        g->opened_usec = clock_monotonic_usec();
        log_debug("the catalog answers; what is due is synced");
        queue_ask(d);
        status_changed(d);
}

static void breaker_on_answer(const CatalogPageAnswer *page, void *userdata)
{
        Daemon *d = userdata;
        const Fault *fault = &page->answer.fault;
        d->gate.probe = NULL;
        /* What a sync would not wait for. */
        bool put_off = fault->retryable && page->answer.status > 0 &&
                       page->answer.retry_after_usec >
                               d->supply->peers->config->catalog.request_timeout_usec;
        Fault failed = *fault;
        failed.retry_after_usec = put_off ? page->answer.retry_after_usec : 0;
        if (fault->scope == FAULT_PEER || page->answer.status == 0 || fault_is_of_gateway(fault) ||
            put_off)
                breaker_catalog_failed(d, &failed);
        else
                breaker_open(d); /* whatever it says about that edge, it speaks */
}

/* Whose turn it is to be asked for; NULL: no edge is enabled. */
static const ConfigEdge *breaker_edge(Breaker *g, const Config *config)
{
        for (size_t i = 0; i < config->n_edges; i++) {
                const ConfigEdge *edge = &config->edges[g->turn++ % config->n_edges];
                if (config_edge_is_due(edge))
                        return edge;
        }
        return NULL;
}

void breaker_probe(Daemon *d)
{
        Breaker *g = &d->gate;
        if (d->stopping || g->probe)
                return;
        uint64_t now = clock_monotonic_usec();
        if (now < g->not_before_usec) {
                breaker_probe_later(d, g->not_before_usec - now);
                return;
        }
        const ConfigEdge *edge = breaker_edge(g, d->config);
        if (!edge) { /* nobody to ask for, and nothing to do */
                breaker_open(d);
                return;
        }
        g->timer = sd_event_source_disable_unref(g->timer);
        const Uuid *schema =
                edge->settings.has_schema_connection ? &edge->settings.schema_connection : NULL;
        int r = catalog_list(d->supply->peers->catalog, &edge->id, schema, 0, 1, breaker_on_answer,
                             d, &g->probe);
        if (r < 0) {
                Fault fault;
                fault_set(&fault, FAULT_PEER, -r, CODE_NO_RESOURCES,
                          "the catalog cannot be asked: %s", strerrordesc_np(-r));
                breaker_catalog_failed(d, &fault);
        }
}

void breaker_is_closed(Daemon *d)
{
        breaker_done(d);
        d->gate = (Breaker){0};
        breaker_init(d);
        /* not with a password that is known to be old */
        (void)catalog_reread_secret(d->supply->peers->catalog);
        breaker_probe(d);
}

void breaker_retry(Daemon *d)
{
        (void)catalog_reread_secret(d->supply->peers->catalog);
        breaker_probe(d);
}

void breaker_done(Daemon *d)
{
        d->gate.probe = catalog_cancel(d->gate.probe);
        d->gate.timer = sd_event_source_disable_unref(d->gate.timer);
}
