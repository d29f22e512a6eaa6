/*
 * status: the line that `systemctl status` shows. Written at most a few times a second, when
 * something has changed.
 */
#include "base/duration.h"
#include "base/log.h"
#include "daemon/daemon_private.h"
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define STATUS_PAUSE_USEC (250 * USEC_PER_MSEC)

void status_format_time(int64_t usec, char out[static TIME_BYTES])
{
        time_t seconds = (time_t)(usec / (int64_t)USEC_PER_SEC);
        struct tm utc;
        if (!gmtime_r(&seconds, &utc) ||
            strftime(out, TIME_BYTES, "%Y-%m-%d %H:%M:%S UTC", &utc) == 0)
                (void)snprintf(out, TIME_BYTES, "?");
}

static void status_format(const Daemon *d, char *out, size_t size)
{
        char next[TIME_BYTES] = "nothing is scheduled", again[BREAKER_NEXT_BYTES];
        if (d->queue.next_usec != INT64_MAX && d->queue.next_usec <= daemon_now(d))
                (void)snprintf(next, sizeof(next), "more are due");
        else if (d->queue.next_usec != INT64_MAX)
                status_format_time(d->queue.next_usec, next);
        if (d->stopping)
                (void)snprintf(out, size, "Stopping; %u syncs are being ended", d->n_runs);
        else if (d->queue.outage.down)
                (void)snprintf(out, size, "PostgreSQL cannot be used: %s",
                               d->queue.outage.fault.message);
        else if (d->gate.outage.down)
                (void)snprintf(out, size, "The catalog cannot be used: %s%s%s",
                               d->gate.outage.fault.message,
                               d->gate.outage.fault.refused ? "; " : "",
                               d->gate.outage.fault.refused ? breaker_next(d, again) : "");
        else if (d->queue.stage != QUEUE_SERVE)
                (void)snprintf(out, size, "Registering %zu edges", d->config->n_edges);
        else
                (void)snprintf(
                        out, size, "Syncing %u of %zu edges; next: %s; %llu runs since the start",
                        d->n_runs, d->config->n_edges, next, (unsigned long long)d->n_synced);
}

static void status_tell(Daemon *d)
{
        char text[LIMIT_FAULT_MESSAGE_BYTES + 128];
        status_format(d, text, sizeof(text));
        (void)sd_notifyf(0, "STATUS=%s", text);
        log_debug("%s", text);
}

static int status_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        Daemon *d = userdata;
        d->status_timer = sd_event_source_disable_unref(d->status_timer);
        status_tell(d);
        return 0;
}

void status_changed(Daemon *d)
{
        if (d->status_timer)
                return;
        if (sd_event_add_time_relative(d->event, &d->status_timer, CLOCK_MONOTONIC,
                                       STATUS_PAUSE_USEC, STATUS_PAUSE_USEC, status_on_timer,
                                       d) < 0)
                status_tell(d);
}

void status_done(Daemon *d)
{
        d->status_timer = sd_event_source_disable_unref(d->status_timer);
}
