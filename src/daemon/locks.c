/*
 * locks: while something is under way, asks every few seconds whether a statement of ours waits for
 * a lock, and reports who holds it.
 *
 * What always holds: one question is under way at most, on the connection that the pool keeps for
 * what is urgent.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "daemon/daemon_private.h"
#include "mirror/lock_wait.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_USEC (5 * USEC_PER_SEC)

static void locks_later(Daemon *d);

static void locks_over(Locks *l)
{
        l->task = NULL;
        l->supply->users--;
        l->supply = NULL;
}

static void locks_report(Daemon *d, const Fault *fault)
{
        Locks *l = &d->locks;
        uint64_t ignored;
        bool was = l->outage.down;
        if (outage_failed(&l->outage, fault, clock_monotonic_usec(), clock_random(), &ignored))
                log_event(LOG_LEVEL_WARNING, NULL,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code))),
                          "PostgreSQL: %s", fault->message);
        if (!was)
                presence_changed(d);
}

static void locks_report_free(Daemon *d)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        if (!outage_over(&d->locks.outage, clock_monotonic_usec(), &lasted))
                return;
        log_info("PostgreSQL: no statement waits for a lock any more, after %s",
                 duration_format_short(lasted, text));
        presence_changed(d);
}

static void locks_on_answer(const Fault *fault, void *userdata)
{
        Daemon *d = userdata;
        locks_over(&d->locks);
        daemon_wake(d);
        if (d->stopping)
                return;
        if (fault->code == CODE_PG_LOCK_WAIT)
                locks_report(d, fault);
        else if (fault->scope == FAULT_NONE)
                locks_report_free(d);
        locks_later(d);
}

static int locks_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        Daemon *d = userdata;
        Locks *l = &d->locks;
        bool busy = d->runs || d->queue.task || d->presence.task || l->outage.down;
        if (busy && !d->queue.outage.down && !l->task && !d->stopping &&
            mirror_lock_wait(d->supply->peers->mirror, locks_on_answer, d, &l->task) >= 0) {
                l->supply = d->supply;
                l->supply->users++;
        } else {
                locks_later(d);
        }
        return 0;
}

static void locks_later(Daemon *d)
{
        Locks *l = &d->locks;
        l->timer = sd_event_source_disable_unref(l->timer);
        int r = sd_event_add_time_relative(d->event, &l->timer, CLOCK_MONOTONIC, LOOK_EVERY_USEC,
                                           USEC_PER_SEC / 2, locks_on_timer, d);
        if (r < 0)
                log_error("the timer for locks cannot be set: %s", strerrordesc_np(-r));
}

void locks_begin(Daemon *d)
{
        outage_init(&d->locks.outage, USEC_PER_SEC,
                    USEC_PER_SEC); /* when it is looked at again does not depend on it */
        locks_later(d);
}

void locks_done(Daemon *d)
{
        Locks *l = &d->locks;
        l->timer = sd_event_source_disable_unref(l->timer);
        if (l->task) {
                (void)mirror_cancel(l->task);
                locks_over(l);
        }
}
