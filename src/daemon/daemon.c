/*
 * daemon: begins, reloads, stops, and connects the parts, which know nothing of each other.
 */
#include "daemon/daemon.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/signals.h"
#include "base/text.h"
#include "daemon/breaker.h"
#include "daemon/claims.h"
#include "daemon/discovery.h"
#include "daemon/edges.h"
#include "daemon/notify.h"
#include "daemon/presence.h"
#include "daemon/prune.h"
#include "daemon/reload.h"
#include "daemon/runs.h"
#include "daemon/status.h"
#include "web/monitor.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>

typedef struct Daemon {
        sd_event *event;
        const char *config_file;
        Config *config; /* in force; the next too */
        Peers *peers;
        EdgeSet edges;
        Discovery discovery;
        Breaker breaker;
        Claims claims;
        Runs runs;
        Presence presence;
        Prune prune;
        Status status;
        Monitor monitor;
        Notify notify;
        bool ready, stopping;
        sd_event_source *on_handled;
        Timer stop_timer;
} Daemon;

/* Systemd waits for it: the edges are registered, or PostgreSQL is away. */
static void daemon_ready(Daemon *d)
{
        if (d->ready)
                return;
        d->ready = true;
        (void)sd_notify(0, "READY=1");
        log_event(LOG_LEVEL_INFO, MESSAGE_ID_SERVICE_STARTED, LOG_NO_FIELDS,
                  "serving %zu edge%s as %s%s", edges_count(&d->edges),
                  text_plural(edges_count(&d->edges)), d->config->daemon.instance,
                  claims_is_registered(&d->claims) ? "" : " once they are registered");
}

/* ---- breaker -------------------------------------------------------------------------------- */

static const ConfigEdge *daemon_next_edge(void *userdata)
{
        Daemon *d = userdata;
        return edges_next(&d->edges);
}

static void daemon_on_wait_changed(void *userdata)
{
        Daemon *d = userdata;
        presence_changed(&d->presence);
        status_changed(&d->status);
}

static void daemon_on_closed(void *userdata)
{
        Daemon *d = userdata;
        daemon_on_wait_changed(d);
        claims_ask(&d->claims);
        discovery_retry(&d->discovery);
}

static void daemon_on_opened(const Fault *fault, void *userdata)
{
        Daemon *d = userdata;
        /* Or each of them tries the same password, or asks before it is wanted; they are due again,
         * and take up their jobs. */
        if (fault->refused || fault->retry_after_usec > 0)
                runs_break_off(&d->runs, d->peers, fault);
        daemon_on_wait_changed(d);
}

static const BreakerHandlers breaker_handlers = {
        .next_edge = daemon_next_edge,
        .closed = daemon_on_closed,
        .opened = daemon_on_opened,
};

/* ---- claims --------------------------------------------------------------------------------- */

static unsigned daemon_capacity(void *userdata)
{
        const Daemon *d = userdata;
        unsigned most = config_syncs_at_once(d->config);
        return breaker_is_closed(&d->breaker) && d->runs.n < most ? most - d->runs.n : 0;
}

static int daemon_exclude(Uuid **ret, size_t *ret_n, void *userdata)
{
        const Daemon *d = userdata;
        *ret_n = d->runs.n + d->edges.n_unknown;
        *ret = calloc(*ret_n + 1, sizeof(**ret));
        if (!*ret)
                return -ENOMEM;
        runs_copy_edges(&d->runs, *ret);
        edges_copy_unknown(&d->edges, *ret + d->runs.n);
        return 0;
}

static int daemon_edges_to_register(MirrorEdge **ret, size_t *ret_n, void *userdata)
{
        const Daemon *d = userdata;
        *ret_n = edges_count(&d->edges);
        return edges_to_register(&d->edges, database_clock_now(&d->claims.clock), ret);
}

static void daemon_on_leased(Peers *peers, const MirrorDue *due, void *userdata)
{
        Daemon *d = userdata;
        const ConfigEdge *edge = edges_find(&d->edges, &due->edge);
        const char *name = edge ? edge->name : NULL;
        if (d->stopping || peers != d->peers) { /* the question was asked before that */
                runs_decline(&d->runs, peers, due, name, NULL);
        } else if (!edges_find_scheduled(&d->edges, &due->edge)) {
                edges_add_unknown(&d->edges, &due->edge);
                runs_decline(&d->runs, peers, due, name,
                             edge && edge->enabled ? "its time zone is not known here"
                                                   : "this configuration does not have it; do all "
                                                     "instances have the same?");
        } else {
                runs_start(&d->runs, peers, due, edge);
        }
}

static void daemon_on_postgres_answered(void *userdata)
{
        Daemon *d = userdata;
        runs_retry_reports(&d->runs, d->peers);
        status_changed(&d->status);
}

static void daemon_on_postgres_failed(void *userdata)
{
        Daemon *d = userdata;
        daemon_ready(d);
        status_changed(&d->status);
}

static void daemon_on_registered(void *userdata)
{
        Daemon *d = userdata;
        daemon_ready(d);
        edges_registered(&d->edges);
        notify_edges_changed(&d->notify);
        if (d->stopping) /* it has left */
                return;
        presence_begin(&d->presence);
        discovery_retry(&d->discovery);
}

static int daemon_on_discovered(const MirrorDiscovered *edges, size_t n, void *userdata)
{
        Daemon *d = userdata;
        return edges_load(&d->edges, edges, n);
}

static void daemon_status_changed(void *userdata)
{
        Daemon *d = userdata;
        status_changed(&d->status);
}

static const ClaimsHandlers claims_handlers = {
        .capacity = daemon_capacity,
        .exclude = daemon_exclude,
        .edges = daemon_edges_to_register,
        .leased = daemon_on_leased,
        .postgres_answered = daemon_on_postgres_answered,
        .postgres_failed = daemon_on_postgres_failed,
        .registered = daemon_on_registered,
        .discovered = daemon_on_discovered,
        .changed = daemon_status_changed,
};

/* ---- runs ----------------------------------------------------------------------------------- */

static const ConfigEdge *daemon_scheduled_edge(const Uuid *id, void *userdata)
{
        const Daemon *d = userdata;
        return edges_find_scheduled(&d->edges, id);
}

static bool daemon_catalog_in_doubt(void *userdata)
{
        const Daemon *d = userdata;
        return breaker_is_in_doubt(&d->breaker);
}

static void daemon_on_peer_fault(const RunsPeerFault *f, void *userdata)
{
        Daemon *d = userdata;
        if (f->peers != d->peers)
                return; /* what other peers answer says nothing about these */
        if (f->peer == RUNS_PEER_POSTGRES) {
                claims_check_postgres(&d->claims);
        } else if (f->peer == RUNS_PEER_CATALOG) {
                breaker_record_fault(&d->breaker, f->fault, f->begun_usec);
        } else if (breaker_is_closed(&d->breaker)) {
                edges_pass(&d->edges, f->edge);
                breaker_probe(&d->breaker);
        }
}

static void daemon_on_ended(const RunsEnd *end, void *userdata)
{
        Daemon *d = userdata;
        notify_edge(&d->notify, end->edge, &end->before, &end->run, end->fault);
}

static void daemon_on_expect(int64_t due_usec, void *userdata)
{
        Daemon *d = userdata;
        claims_expect(&d->claims, due_usec);
}

static const RunsHandlers runs_handlers = {
        .edge = daemon_scheduled_edge,
        .catalog_in_doubt = daemon_catalog_in_doubt,
        .peer_fault = daemon_on_peer_fault,
        .ended = daemon_on_ended,
        .expect = daemon_on_expect,
        .changed = daemon_status_changed,
};

/* ---- presence, status, monitor -------------------------------------------------------------- */

/* Without an edge to ask for, the breaker knows nothing: what discovery has met, then. */
static const Fault *daemon_catalog_fault(const Daemon *d, char next[static DISCOVERY_NEXT_BYTES])
{
        const Fault *fault = breaker_fault(&d->breaker);
        breaker_format_next(&d->breaker, next);
        if (fault || edges_count_scheduled(&d->edges) > 0)
                return fault;
        return discovery_fault(&d->discovery, &d->claims.clock, next);
}

static ServiceSnapshot daemon_take_snapshot(void *userdata)
{
        const Daemon *d = userdata;
        const Fault *const refused[SERVICE_REFUSED_KINDS] = {
                claims_queue_refused(&d->claims), outage_fault(&d->runs.refusal.outage),
                claims_registering_refused(&d->claims), presence_refused(&d->presence)};
        ServiceSnapshot s = {.stopping = d->stopping,
                             .registering = !claims_is_registered(&d->claims),
                             .postgres_fault = claims_fault(&d->claims),
                             .postgres_answers = database_clock_is_known(&d->claims.clock),
                             .busy = d->runs.n > 0 || claims_is_busy(&d->claims),
                             .n_running = d->runs.n,
                             .n_ended = d->runs.n_ended,
                             .n_edges = edges_count(&d->edges),
                             .n_wanted = edges_count_wanted(&d->edges),
                             .now_usec = database_clock_now(&d->claims.clock),
                             .next_usec = d->claims.next_usec};
        service_set_refused(&s, refused);
        s.catalog_fault = daemon_catalog_fault(d, s.catalog_next);
        s.catalog_answers = d->breaker.answered || d->discovery.answered;
        s.discovery_fault = discovery_problem(&d->discovery, &d->claims.clock, s.discovery_next);
        return s;
}

static void daemon_on_outdated(void *userdata)
{
        Daemon *d = userdata;
        claims_register(&d->claims);
}

static const PresenceHandlers presence_handlers = {
        .state = daemon_take_snapshot,
        .outdated = daemon_on_outdated,
        .changed = daemon_status_changed,
};

/* ---- discovery ------------------------------------------------------------------------------ */

static bool daemon_may_discover(void *userdata)
{
        const Daemon *d = userdata;
        return breaker_is_closed(&d->breaker) && claims_is_registered(&d->claims);
}

static int daemon_copy_discovered(Uuid **ret, size_t *ret_n, void *userdata)
{
        const Daemon *d = userdata;
        return edges_copy_discovered(&d->edges, ret, ret_n);
}

static void daemon_on_answered(const Discovered *found, const Uuid *vanished, size_t n_vanished,
                               void *userdata)
{
        Daemon *d = userdata;
        if (edges_update(&d->edges, found, vanished, n_vanished) > 0)
                claims_register(&d->claims);
}

/* The Edge API may be missing or forbidden where lists are not: only what lists meet opens the
 * breaker. */
static bool daemon_reports_catalog(void *userdata)
{
        const Daemon *d = userdata;
        return !breaker_is_closed(&d->breaker);
}

static const DiscoveryHandlers discovery_handlers = {
        .may_ask = daemon_may_discover,
        .known = daemon_copy_discovered,
        .answered = daemon_on_answered,
        .is_reported = daemon_reports_catalog,
        .changed = daemon_on_wait_changed,
};

/* ---- reload --------------------------------------------------------------------------------- */

/* Puts a configuration that is wholly valid into force, with its peers: these or those in force. */
static void daemon_adopt(Daemon *d, Config *config, Peers *peers)
{
        const ConfigDaemon *c = &config->daemon;
        const MirrorRetention retention = {.history_keep_usec = c->history_keep_usec,
                                           .run_keep_usec = c->run_keep_usec};
        _cleanup_(cleanup_peers) Peers *peers_before = d->peers;
        _cleanup_(cleanup_config) Config *before _unused_ = d->config;
        d->peers = peers_ref(peers);
        d->config = config_ref(config);
        reload_succeeded();
        log_set_format(c->log_format);
        log_lines(LOG_LEVEL_WARNING, config->warnings);
        (void)edges_configure(&d->edges, config); /* else they are read again */
        presence_configure(&d->presence, peers, c->lease_usec);
        prune_configure(&d->prune, peers, &retention);
        refusal_configure(&d->runs.refusal, config->postgres.conninfo);
        /* before the breaker, which closes at once when no edge is scheduled */
        claims_configure(&d->claims, peers, config->discover.enabled);
        if (peers != peers_before)
                breaker_reset(&d->breaker, peers);
        else
                breaker_retry(&d->breaker);
        discovery_configure(&d->discovery, peers, &config->discover);
        monitor_configure(&d->monitor, peers, &config->monitor);
        notify_configure(&d->notify, peers, config);
}

static void daemon_reload(Daemon *d)
{
        _cleanup_(cleanup_config) Config *config = NULL;
        _cleanup_(cleanup_peers) Peers *peers = NULL;
        if (reload_open(d->event, d->config_file, d->peers, &config, &peers) >= 0) {
                daemon_adopt(d, config, peers);
                log_event(LOG_LEVEL_INFO, MESSAGE_ID_SERVICE_RELOADED, LOG_NO_FIELDS,
                          "reloaded: %zu edge%s", edges_count(&d->edges),
                          text_plural(edges_count(&d->edges)));
        }
        (void)sd_notify(0, "READY=1");
        status_changed(&d->status);
}

/* ---- stop ----------------------------------------------------------------------------------- */

static void daemon_on_stop_timeout(void *userdata)
{
        const Daemon *d = userdata;
        log_warning("%u sync%s could not be ended within stop_timeout; nothing to do, a lease ends "
                    "by itself",
                    d->runs.n, text_plural(d->runs.n));
        (void)sd_event_exit(d->event, 0);
}

/* While stopping, at once and after every other handler. */
static int daemon_exit_when_idle(sd_event_source *source _unused_, void *userdata)
{
        const Daemon *d = userdata;
        if (d->runs.n == 0 && !claims_is_busy(&d->claims) && !presence_is_busy(&d->presence))
                (void)sd_event_exit(d->event, 0);
        return 0;
}

static void daemon_stop(Daemon *d, const char *signal_name)
{
        if (d->stopping) {
                log_warning("second signal (%s): ending at once", signal_name);
                (void)sd_event_exit(d->event, 0);
                return;
        }
        log_info("%s: stopping, syncs under way: %u", signal_name, d->runs.n);
        d->stopping = true;
        (void)sd_notify(0, "STOPPING=1");
        breaker_done(&d->breaker);
        discovery_done(&d->discovery);
        prune_done(&d->prune);
        claims_stop(&d->claims);
        presence_leave(&d->presence);
        runs_stop(&d->runs);
        if (timer_start(&d->stop_timer, d->event, d->config->daemon.stop_timeout_usec,
                        USEC_PER_MSEC, daemon_on_stop_timeout, d) < 0 ||
            sd_event_source_set_enabled(d->on_handled, SD_EVENT_ON) < 0)
                (void)sd_event_exit(d->event, 0);
        status_changed(&d->status);
        (void)daemon_exit_when_idle(NULL, d);
}

/* ---- signals -------------------------------------------------------------------------------- */

static int daemon_on_signal(sd_event_source *source _unused_, const struct signalfd_siginfo *info,
                            void *userdata)
{
        Daemon *d = userdata;
        if (info->ssi_signo != SIGHUP)
                daemon_stop(d, info->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
        else if (!d->stopping)
                daemon_reload(d);
        return 0;
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static int daemon_open(Daemon *d, Config *config, Fault *ret_fault)
{
        static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
        int r = sd_event_new(&d->event);
        if (r >= 0)
                r = signals_watch(d->event, signals, ARRAY_SIZE(signals), daemon_on_signal, d);
        if (r >= 0)
                /* pinged by the loop itself: what blocks it stops the pings */
                r = sd_event_set_watchdog(d->event, true);
        if (r >= 0)
                r = sd_event_add_post(d->event, &d->on_handled, daemon_exit_when_idle, d);
        if (r >= 0)
                r = sd_event_source_set_enabled(d->on_handled, SD_EVENT_OFF);
        if (r >= 0)
                r = runs_init(&d->runs, d->event, &d->claims.clock, &runs_handlers, d);
        if (r < 0)
                return fault_not_begun(ret_fault, r, "the event loop cannot be opened");
        breaker_init(&d->breaker, d->event, &d->claims.clock, &breaker_handlers, d);
        claims_init(&d->claims, d->event, &d->presence.instance, &claims_handlers, d);
        presence_init(&d->presence, d->event, &presence_handlers, d);
        prune_init(&d->prune, d->event, &d->claims.clock);
        discovery_init(&d->discovery, d->event, &discovery_handlers, d);
        status_init(&d->status, d->event, daemon_take_snapshot, d);
        monitor_init(&d->monitor, d->event, daemon_take_snapshot, d);
        notify_init(&d->notify, d->event, daemon_take_snapshot, daemon_scheduled_edge, d);
        _cleanup_(cleanup_peers) Peers *peers = NULL;
        r = peers_open(d->event, config, NULL, &peers, ret_fault);
        if (r < 0)
                return r;
        daemon_adopt(d, config, peers);
        prune_start(&d->prune);
        return 0;
}

static void daemon_close(Daemon *d)
{
        notify_done(&d->notify);
        runs_done(&d->runs);
        claims_done(&d->claims);
        breaker_done(&d->breaker);
        discovery_done(&d->discovery);
        prune_done(&d->prune);
        presence_done(&d->presence);
        status_done(&d->status);
        monitor_done(&d->monitor);
        edges_done(&d->edges);
        timer_cancel(&d->stop_timer);
        sd_event_source_disable_unref(d->on_handled);
        peers_unref(d->peers);
        (void)config_free(d->config);
        sd_event_unref(d->event);
}

int daemon_run(const char *config_file, Config *config, Fault *ret_fault)
{
        Daemon d = {.config_file = config_file};
        int r = daemon_open(&d, config, ret_fault);
        if (r >= 0) {
                r = sd_event_loop(d.event);
                if (r < 0)
                        fault_set(ret_fault, FAULT_PROCESS, -r, CODE_LOOP,
                                  "the event loop failed: %s", strerrordesc_np(-r));
                else
                        log_event(LOG_LEVEL_INFO, MESSAGE_ID_SERVICE_STOPPED, LOG_NO_FIELDS,
                                  "stopped");
        }
        daemon_close(&d);
        return r;
}
