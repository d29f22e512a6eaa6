/*
 * What always holds: one question is under way at most, on the connection that the pool keeps for
 * what is urgent; else the timer is armed.
 */
#include "daemon/locks.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "mirror/lock_wait.h"
#include <errno.h>
#include <string.h>

#define LOOK_EVERY_USEC (5 * USEC_PER_SEC)

static void locks_later(Locks *l);

static void locks_report(Locks *l, const Fault *fault)
{
        bool was = l->outage.down;
        if (outage_failed(&l->outage, fault, clock_monotonic_usec(), clock_random(), NULL))
                log_event(LOG_LEVEL_WARNING, NULL,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code))),
                          "PostgreSQL: %s", fault->message);
        if (!was)
                l->handlers.changed(l->userdata);
}

static void locks_report_free(Locks *l)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        if (!outage_over(&l->outage, clock_monotonic_usec(), &lasted))
                return;
        log_info("PostgreSQL: no statement waits for a lock any more, after %s",
                 duration_format_short(lasted, text));
        l->handlers.changed(l->userdata);
}

static void locks_on_answer(const Fault *fault, void *userdata)
{
        Locks *l = userdata;
        peers_task_end(&l->task);
        if (fault->code == CODE_PG_LOCK_WAIT)
                locks_report(l, fault);
        else if (fault->scope == FAULT_NONE)
                locks_report_free(l);
        locks_later(l);
}

static void locks_look(void *userdata)
{
        Locks *l = userdata;
        int r = -EAGAIN;
        if (l->handlers.wanted(l->userdata))
                r = mirror_lock_wait(l->peers->mirror, locks_on_answer, l, &l->task.task);
        if (peers_task_begin(&l->task, l->peers, r) < 0)
                locks_later(l);
}

static void locks_later(Locks *l)
{
        int r = timer_start(&l->timer, l->event, LOOK_EVERY_USEC, USEC_PER_SEC / 2, locks_look, l);
        if (r < 0)
                log_error("the timer for locks cannot be set: %s", strerrordesc_np(-r));
}

void locks_init(Locks *l, sd_event *event, const LocksHandlers *handlers, void *userdata)
{
        *l = (Locks){.event = event, .handlers = *handlers, .userdata = userdata};
        locks_later(l);
}

void locks_configure(Locks *l, Peers *peers)
{
        l->peers = peers;
}

const Fault *locks_fault(const Locks *l)
{
        return l->outage.down ? &l->outage.fault : NULL;
}

void locks_done(Locks *l)
{
        timer_cancel(&l->timer);
        peers_task_cancel(&l->task);
}
