/*
 * gate: stands closed while the catalog as a whole is away or refuses us, so that edges wait in the queue instead of failing one by one.
 *
 * Knocking is one cheap question (a page of one row of one edge), each time for another edge: one whose own list fails must not keep the gate shut for all
 * the others. The service begins behind a closed gate: a wrong password is tried once, not by
 * max_syncs edges at once. A catalog that refuses our credentials is asked again only when they have changed on disk, or after a long pause: accounts
 * lock.
 *
 * What always holds: while the gate is closed, either a knock is under way or a timer is armed that will knock.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "daemon/daemon_private.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#define OUTAGE_FLOOR_USEC  USEC_PER_SEC
#define REFUSED_PAUSE_USEC (15 * USEC_PER_MINUTE) /* before the same credentials are tried again */

void gate_init(Daemon *d)
{
        outage_init(&d->gate.outage, OUTAGE_FLOOR_USEC, OUTAGE_CEILING_USEC);
}

static int gate_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        Daemon *d = userdata;
        Gate *g = &d->gate;
        g->timer = sd_event_source_disable_unref(g->timer);
        bool refused = g->outage.down && g->outage.fault.refused;
        bool may = !refused || catalog_reread_secret(d->supply->wiring.catalog) ||
                   clock_monotonic_usec() - g->refused_usec >= REFUSED_PAUSE_USEC;
        if (may) {
                gate_knock(d);
        } else {
                int r = sd_event_add_time_relative(d->event, &g->timer, CLOCK_MONOTONIC, OUTAGE_CEILING_USEC,
                                                   USEC_PER_SEC, gate_on_timer, d);
                if (r < 0)
                        log_error("the timer for the catalog cannot be set: %s", strerrordesc_np(-r));
        }
        return 0;
}

static void gate_knock_later(Daemon *d, uint64_t delay_usec)
{
        Gate *g = &d->gate;
        g->timer = sd_event_source_disable_unref(g->timer);
        int r = sd_event_add_time_relative(d->event, &g->timer, CLOCK_MONOTONIC, delay_usec, 10 * USEC_PER_MSEC,
                                           gate_on_timer, d);
        if (r < 0)
                log_error("the timer for the catalog cannot be set: %s", strerrordesc_np(-r));
}

void gate_catalog_failed(Daemon *d, const Fault *fault)
{
        Gate *g = &d->gate;
        uint64_t delay;
        if (d->stopping || g->probe || (g->outage.down && g->timer))
                return; /* known; the next knock will tell */
        g->open = false;
        if (outage_failed(&g->outage, fault, clock_monotonic_usec(), clock_random(), &delay))
                log_event(
                        LOG_LEVEL_WARNING,
                        fault->refused ? MESSAGE_ID_CREDENTIALS_REFUSED : MESSAGE_ID_CATALOG_UNREACHABLE,
                        LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault->code), LOG_NUMBER("HTTP_STATUS", fault->http_status)),
                        "the catalog cannot be used%s: %s; edges wait, %s", g->outage.attempts > 1 ? " still" : "",
                        fault->message,
                        fault->refused ? "until the credentials on disk change"
                                       : "it is asked again at least every 30 s");
        if (fault->refused) {
                g->refused_usec = clock_monotonic_usec();
                /* Or each of them tries the same password; they are due again, and take up their jobs. */
                runs_stop_asking(d, d->supply);
        }
        gate_knock_later(d, delay);
        status_changed(d);
        presence_changed(d);
}

static void gate_open(Daemon *d)
{
        Gate *g = &d->gate;
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        g->timer = sd_event_source_disable_unref(g->timer);
        if (outage_over(&g->outage, clock_monotonic_usec(), &lasted))
                log_event(LOG_LEVEL_INFO, MESSAGE_ID_CATALOG_BACK, LOG_NO_FIELDS, "the catalog answers again after %s",
                          duration_format_short(lasted, text));
        presence_changed(d);
        if (g->open)
                return;
        g->open = true;
        log_debug("the catalog answers; what is due is synced");
        queue_ask(d);
        status_changed(d);
}

/* A gateway that answers for a catalog which is down. */
static bool gate_is_gateway(const Fault *fault)
{
        return fault->http_status == 502 || fault->http_status == 503 || fault->http_status == 504;
}

static void gate_on_answer(const CatalogPageAnswer *page, void *userdata)
{
        Daemon *d = userdata;
        const Fault *fault = &page->answer.fault;
        d->gate.probe = NULL;
        if (fault->scope == FAULT_PEER || page->answer.status == 0 || gate_is_gateway(fault))
                gate_catalog_failed(d, fault);
        else
                gate_open(d); /* whatever it says about that edge, it speaks */
}

/* Whose turn it is to be asked for; NULL: no edge is enabled. */
static const ConfigEdge *gate_edge(Gate *g, const Config *config)
{
        for (size_t i = 0; i < config->n_edges; i++) {
                const ConfigEdge *edge = &config->edges[g->turn++ % config->n_edges];
                if (config_edge_is_due(edge))
                        return edge;
        }
        return NULL;
}

void gate_knock(Daemon *d)
{
        Gate *g = &d->gate;
        if (d->stopping || g->probe)
                return;
        const ConfigEdge *edge = gate_edge(g, d->config);
        if (!edge) { /* nobody to ask for, and nothing to do */
                gate_open(d);
                return;
        }
        g->timer = sd_event_source_disable_unref(g->timer);
        const Uuid *schema = edge->has_schema_connection ? &edge->schema_connection : NULL;
        int r = catalog_list(d->supply->wiring.catalog, &edge->id, schema, 0, 1, gate_on_answer, d, &g->probe);
        if (r < 0) {
                Fault fault;
                fault_set(&fault, FAULT_PEER, -r, "no-resources", "the catalog cannot be asked: %s",
                          strerrordesc_np(-r));
                gate_catalog_failed(d, &fault);
        }
}

void gate_shut(Daemon *d)
{
        gate_done(d);
        d->gate = (Gate){0};
        gate_init(d);
        (void)catalog_reread_secret(d->supply->wiring.catalog); /* not with a password that is known to be old */
        gate_knock(d);
}

void gate_done(Daemon *d)
{
        d->gate.probe = catalog_cancel(d->gate.probe);
        d->gate.timer = sd_event_source_disable_unref(d->gate.timer);
}
