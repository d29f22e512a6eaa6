/*
 * daemon: begins, reloads, stops. See the headers.
 */
#include "daemon/daemon.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/signals.h"
#include "daemon/daemon_private.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

int64_t daemon_now(const Daemon *d)
{
        const Queue *q = &d->queue;
        return q->clock_usec + (int64_t)(clock_monotonic_usec() - q->clock_at_usec);
}

void daemon_wake(Daemon *d)
{
        (void)sd_event_source_set_enabled(d->reaper, SD_EVENT_ONESHOT);
}

void daemon_ready(Daemon *d)
{
        if (d->ready)
                return;
        d->ready = true;
        (void)sd_notify(0, "READY=1");
        log_event(LOG_LEVEL_INFO, MESSAGE_ID_SERVICE_STARTED, LOG_NO_FIELDS,
                  "serving %zu edges as %s", d->config->n_edges, d->config->daemon.instance);
}

/* ---- supplies ------------------------------------------------------------------------------- */

static void supply_free(Supply *s)
{
        peers_unref(s->peers);
        free(s);
}

static int supply_new(Daemon *d, Config *config, Supply **ret, Fault *ret_fault)
{
        Supply *s = calloc(1, sizeof(*s));
        if (!s)
                return fault_no_memory(ret_fault);
        int r = peers_new(d->event, config, &s->peers);
        if (r < 0) {
                free(s);
                return fault_no_memory(ret_fault);
        }
        r = peers_open_mirror(s->peers, false, ret_fault);
        if (r >= 0)
                r = peers_open_catalog(s->peers, ret_fault);
        if (r < 0) {
                supply_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

/* Those of earlier configurations that nobody uses any more. */
static void supplies_reap(Daemon *d)
{
        for (Supply **at = &d->supply->next; *at;) {
                Supply *s = *at;
                if (s->users > 0) {
                        at = &s->next;
                        continue;
                }
                *at = s->next;
                supply_free(s);
        }
}

/* ---- what the loop does after callbacks ----------------------------------------------------- */

static int daemon_on_reaper(sd_event_source *s, void *userdata)
{
        (void)s;
        Daemon *d = userdata;
        runs_reap(d);
        supplies_reap(d);
        if (d->stopping && !d->runs && queue_idle(d) && presence_idle(d))
                (void)sd_event_exit(d->event, 0);
        return 0;
}

/* ---- reload --------------------------------------------------------------------------------- */

static int daemon_load(const Daemon *d, Config **ret)
{
        _cleanup_(text_done) Text errors = {0};
        int r = config_load(d->config_file, ret, &errors);
        if (r < 0 && errors.size > 0)
                log_lines(LOG_LEVEL_ERROR, errors.data);
        else if (r < 0)
                log_error("the configuration cannot be read: %s", strerrordesc_np(-r));
        return r;
}

/* Puts a configuration into force that is wholly valid. */
static int daemon_adopt(Daemon *d, Config *config)
{
        if (!config_same_peers(d->config, config)) {
                Supply *s;
                Fault fault;
                int r = supply_new(d, config, &s, &fault);
                if (r < 0) {
                        log_error("%s", fault.message);
                        return r;
                }
                s->next = d->supply;
                d->supply = s;
        }
        (void)config_free(d->config);
        d->config = config_ref(config);
        return 0;
}

static void daemon_reload(Daemon *d)
{
        _cleanup_(cleanup_config) Config *config = NULL;
        const Supply *before = d->supply;
        (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
                         (unsigned long long)clock_monotonic_usec());
        if (daemon_load(d, &config) < 0 || daemon_adopt(d, config) < 0) {
                log_event(LOG_LEVEL_ERROR, MESSAGE_ID_RELOAD_REFUSED, LOG_NO_FIELDS,
                          "not reloaded: the configuration that was in force stays so");
        } else {
                log_event(LOG_LEVEL_INFO, MESSAGE_ID_SERVICE_RELOADED, LOG_NO_FIELDS,
                          "reloaded: %zu edges", d->config->n_edges);
                log_lines(LOG_LEVEL_WARNING, d->config->warnings);
                if (d->supply != before)
                        breaker_is_closed(d);
                else if (!d->gate.open)
                        breaker_retry(d);
                queue_ask_anew(d);
                daemon_wake(d);
        }
        (void)sd_notify(0, "READY=1");
        status_changed(d);
}

/* ---- stop ----------------------------------------------------------------------------------- */

static int daemon_on_stop_timeout(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        const Daemon *d = userdata;
        log_warning(
                "%u syncs could not be ended within stop_timeout; their leases end by themselves",
                d->n_runs);
        (void)sd_event_exit(d->event, 0);
        return 0;
}

static void daemon_stop(Daemon *d, const char *signal_name)
{
        if (d->stopping) {
                log_warning("%s once more: leaving at once", signal_name);
                (void)sd_event_exit(d->event, 0);
                return;
        }
        log_info("%s: stopping, %u syncs are under way", signal_name, d->n_runs);
        d->stopping = true;
        (void)sd_notify(0, "STOPPING=1");
        breaker_done(d);
        prune_done(d);
        locks_done(d);
        presence_leave(d);
        runs_stop(d);
        if (sd_event_add_time_relative(d->event, &d->stop_timer, CLOCK_MONOTONIC,
                                       d->config->daemon.stop_timeout_usec, USEC_PER_MSEC,
                                       daemon_on_stop_timeout, d) < 0)
                (void)sd_event_exit(d->event, 0);
        status_changed(d);
        daemon_wake(d);
}

/* ---- signals -------------------------------------------------------------------------------- */

static int daemon_on_signal(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata)
{
        (void)s;
        Daemon *d = userdata;
        if (info->ssi_signo != SIGHUP)
                daemon_stop(d, info->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
        else if (!d->stopping)
                daemon_reload(d);
        return 0;
}

static int daemon_watch_signals(Daemon *d)
{
        static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
        return signals_watch(d->event, signals, ARRAY_SIZE(signals), daemon_on_signal, d);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static int daemon_open(Daemon *d, Fault *ret_fault)
{
        int r = sd_event_new(&d->event);
        if (r >= 0)
                r = daemon_watch_signals(d);
        if (r >= 0)
                /* pinged by the loop itself: what blocks it stops the pings */
                r = sd_event_set_watchdog(d->event, true);
        if (r >= 0)
                r = sd_event_add_defer(d->event, &d->reaper, daemon_on_reaper, d);
        if (r >= 0)
                r = sd_event_source_set_enabled(d->reaper, SD_EVENT_OFF);
        if (r < 0)
                return fault_set(ret_fault, FAULT_PROCESS, -r, CODE_NO_RESOURCES,
                                 "the event loop cannot be opened: %s", strerrordesc_np(-r));
        return supply_new(d, d->config, &d->supply, ret_fault);
}

static void daemon_close(Daemon *d)
{
        runs_done(d);
        queue_done(d);
        breaker_done(d);
        prune_done(d);
        locks_done(d);
        presence_done(d);
        held_done(d);
        status_done(d);
        while (d->supply) {
                Supply *s = d->supply;
                d->supply = s->next;
                supply_free(s);
        }
        sd_event_source_disable_unref(d->reaper);
        sd_event_source_disable_unref(d->stop_timer);
        (void)config_free(d->config);
        sd_event_unref(d->event);
}

int daemon_run(const char *config_file, Config *config, Fault *ret_fault)
{
        Daemon d = {.config_file = config_file, .config = config_ref(config)};
        queue_init(&d);
        breaker_init(&d);
        presence_init(&d);
        int r = daemon_open(&d, ret_fault);
        if (r >= 0) {
                log_lines(LOG_LEVEL_WARNING, config->warnings);
                breaker_probe(&d);
                queue_ask(&d);
                prune_begin(&d);
                locks_begin(&d);
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
