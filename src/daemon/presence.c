/*
 * presence: signs of life in edgemirror.instance, and what this instance waits for.
 *
 * One small write every few seconds, beginning when the edges are registered. The others take an
 * instance for dead that gives none for its lease, and no edge stays enabled on its account;
 * whoever finds out, here too, registers again, which disables what nobody wants any more.
 *
 * What always holds: one sign is under way at most; none is given while PostgreSQL is away.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "daemon/daemon_private.h"
#include "mirror/instance.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BEAT_AT_LEAST_USEC (15 * USEC_PER_SEC)

void presence_init(Daemon *d)
{
        for (size_t i = 0; i < sizeof(d->presence.instance.id.bytes); i += sizeof(uint64_t)) {
                uint64_t random = clock_random();
                memcpy(d->presence.instance.id.bytes + i, &random, sizeof(random));
        }
        d->presence.instance.version = EDGEMIRROR_VERSION;
}

static size_t presence_n_wanted(const Config *config)
{
        size_t n = 0;
        for (size_t i = 0; i < config->n_edges; i++)
                n += config_edge_is_due(&config->edges[i]); /* as they are registered */
        return n;
}

/* What keeps us from syncing, a word for the table and a sentence; NULL: nothing. */
static const char *presence_waits_for(const Daemon *d, char *message, size_t size)
{
        const Outage *catalog = &d->gate.outage, *statement = &d->queue.statement;
        char next[BREAKER_NEXT_BYTES];
        if (catalog->down) {
                (void)snprintf(message, size, "%s; %s", catalog->fault.message,
                               breaker_next(d, next));
                if (catalog->fault.refused)
                        return "credentials";
                return catalog->fault.retry_after_usec > 0 ? "pause" : "catalog";
        }
        if (d->locks.outage.down) {
                (void)snprintf(message, size, "%s", d->locks.outage.fault.message);
                return "lock";
        }
        (void)snprintf(message, size, "%s", statement->fault.message);
        return statement->down ? "postgres" : NULL;
}

static void presence_beat(Daemon *d);

static int presence_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        presence_beat(userdata);
        return 0;
}

static void presence_later(Daemon *d)
{
        Presence *p = &d->presence;
        uint64_t delay = d->config->daemon.lease_usec / 4;
        if (delay > BEAT_AT_LEAST_USEC)
                delay = BEAT_AT_LEAST_USEC;
        p->timer = sd_event_source_disable_unref(p->timer);
        int r = sd_event_add_time_relative(d->event, &p->timer, CLOCK_MONOTONIC, delay, delay / 10,
                                           presence_on_timer, d);
        if (r < 0)
                log_error("the timer for signs of life cannot be set: %s", strerrordesc_np(-r));
}

static void presence_over(Presence *p)
{
        p->task = NULL;
        p->supply->users--;
        p->supply = NULL;
}

static void presence_on_beat(const MirrorBeatAnswer *answer, const Fault *fault, void *userdata)
{
        Daemon *d = userdata;
        Presence *p = &d->presence;
        bool ours = p->supply == d->supply;
        presence_over(p);
        daemon_wake(d);
        if (d->stopping)
                return;
        if (fault->scope != FAULT_NONE)
                /* the queue speaks of PostgreSQL */
                log_debug("a sign of life could not be given: %s", fault->message);
        else if (ours &&
                 (answer->n_edges != (int64_t)presence_n_wanted(d->config) || answer->n_dead > 0))
                queue_register_soon(d);
        if (p->again)
                presence_beat(d);
        else
                presence_later(d);
}

static void presence_beat(Daemon *d)
{
        Presence *p = &d->presence;
        char message[LIMIT_FAULT_MESSAGE_BYTES + BREAKER_NEXT_BYTES];
        if (d->stopping)
                return;
        p->again = p->task != NULL;
        if (p->task)
                return;
        const char *waits_for = presence_waits_for(d, message, sizeof(message));
        if (!d->queue.outage.down &&
            mirror_instance_beat(d->supply->peers->mirror, &p->instance.id, waits_for,
                                 waits_for ? message : NULL, presence_on_beat, d, &p->task) >= 0) {
                p->supply = d->supply;
                p->supply->users++;
        } else {
                presence_later(d);
        }
}

void presence_changed(Daemon *d)
{
        if (d->presence.begun)
                presence_beat(d);
}

void presence_begin(Daemon *d)
{
        if (d->presence.begun)
                return;
        d->presence.begun = true;
        presence_beat(d);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void presence_on_stopped(const Fault *fault, void *userdata)
{
        Daemon *d = userdata;
        presence_over(&d->presence);
        if (fault->scope != FAULT_NONE)
                log_debug("that this instance stops could not be written: %s", fault->message);
        daemon_wake(d);
}

void presence_leave(Daemon *d)
{
        Presence *p = &d->presence;
        bool begun = p->begun;
        presence_done(d);
        if (!begun || d->queue.outage.down)
                return;
        if (mirror_instance_stop(d->supply->peers->mirror, &p->instance.id, presence_on_stopped, d,
                                 &p->task) >= 0) {
                p->supply = d->supply;
                p->supply->users++;
        }
}

bool presence_idle(const Daemon *d)
{
        return !d->presence.task;
}

void presence_done(Daemon *d)
{
        Presence *p = &d->presence;
        p->timer = sd_event_source_disable_unref(p->timer);
        if (p->task) {
                (void)mirror_cancel(p->task);
                presence_over(p);
        }
        p->begun = false;
}
