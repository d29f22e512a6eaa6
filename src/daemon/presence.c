/*
 * What always holds: one sign is under way at most; none is given while PostgreSQL is away. One
 * question about locks is, on the connection that the pool keeps for what is urgent, or its timer
 * is armed.
 */
#include "daemon/presence.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "mirror/lock_wait.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BEAT_AT_LEAST_USEC (15 * USEC_PER_SEC)
#define LOOK_EVERY_USEC    (5 * USEC_PER_SEC)

static void presence_look_later(Presence *p);

void presence_init(Presence *p, sd_event *event, const PresenceHandlers *handlers, void *userdata)
{
        for (size_t i = 0; i < sizeof(p->instance.id.bytes); i += sizeof(uint64_t)) {
                uint64_t random = clock_random();
                memcpy(p->instance.id.bytes + i, &random, sizeof(random));
        }
        p->instance.version = EDGEMIRROR_VERSION;
        p->event = event;
        p->handlers = *handlers;
        p->userdata = userdata;
        presence_look_later(p);
}

void presence_configure(Presence *p, Peers *peers, uint64_t lease_usec)
{
        if (!peers_same_database(p->peers, peers))
                p->refused = fault_none;
        p->peers = peers;
        p->beat_usec = lease_usec / 4 < BEAT_AT_LEAST_USEC ? lease_usec / 4 : BEAT_AT_LEAST_USEC;
}

/* With a sentence. */
static MirrorWait presence_waits_for(const Presence *p, const ServiceSnapshot *s, char *message,
                                     size_t size)
{
        const Fault *catalog = s->catalog_fault;
        if (catalog) {
                (void)snprintf(message, size, "%s; %s", catalog->message, s->catalog_next);
                if (catalog->refused)
                        return MIRROR_WAIT_CREDENTIALS;
                return catalog->retry_after_usec > 0 ? MIRROR_WAIT_PAUSE : MIRROR_WAIT_CATALOG;
        }
        const Fault *lock = outage_fault(&p->lock.outage),
                    *fault = lock ? lock : s->statement_fault;
        if (fault == &p->refused) /* whoever reads this was told */
                fault = NULL;
        if (!fault && s->discovery_fault) {
                (void)snprintf(message, size, "%s; %s", s->discovery_fault->message,
                               s->discovery_next);
                return MIRROR_WAIT_DISCOVERY;
        }
        if (!fault)
                return MIRROR_WAIT_NONE;
        (void)snprintf(message, size, "%s", fault->message);
        return lock ? MIRROR_WAIT_LOCK : MIRROR_WAIT_POSTGRES;
}

static void presence_beat(void *userdata);

static void presence_later(Presence *p)
{
        int r = timer_start(&p->timer, p->event, p->beat_usec, p->beat_usec / 10, presence_beat, p);
        if (r < 0)
                log_error("the timer for signs of life cannot be set: %s", strerrordesc_np(-r));
}

static void presence_on_beat(const MirrorBeatAnswer *answer, const Fault *fault, void *userdata)
{
        Presence *p = userdata;
        bool ours = p->task.peers == p->peers;
        peers_task_end(&p->task);
        ServiceSnapshot state = p->handlers.state(p->userdata);
        bool refused = fault_is_refusal(fault) || mirror_is_locked(fault);
        bool was_refused = presence_refused(p);
        uint64_t now = clock_monotonic_usec(), lasted;
        if (mirror_is_locked(fault) && outage_fault(&p->lock.outage)) /* which names the holder */
                fault = outage_fault(&p->lock.outage);
        if (refused && outage_failed(&p->said, fault, now, clock_random(), NULL))
                log_event(LOG_LEVEL_WARNING, NULL,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                                     LOG_TEXT("SQLSTATE", fault->sqlstate)),
                          "the sign of life could not be written, without which status and pages "
                          "take this instance for dead, and others what it alone wants for not "
                          "wanted; it goes on: %s",
                          fault->message);
        else if (fault->scope != FAULT_NONE)
                /* whoever asks what is due reports a PostgreSQL that is away */
                log_debug("the sign of life could not be written: %s", fault->message);
        else if (ours && (answer->n_edges != (int64_t)state.n_wanted || answer->n_dead > 0))
                p->handlers.outdated(p->userdata);
        if (fault->scope == FAULT_NONE && outage_over(&p->said, now, &lasted))
                log_info("the sign of life is written again");
        p->refused = refused ? fault_of_statement(fault) : fault_none;
        if (refused != was_refused)
                p->handlers.changed(p->userdata);
        if (p->again)
                presence_beat(p);
        else
                presence_later(p);
}

static void presence_beat(void *userdata)
{
        Presence *p = userdata;
        p->again = p->task.task != NULL;
        if (p->again)
                return;
        ServiceSnapshot state = p->handlers.state(p->userdata);
        char message[sizeof(state.catalog_fault->message) + sizeof(state.catalog_next) + 2];
        MirrorWait waits_for = presence_waits_for(p, &state, message, sizeof(message));
        int r = -EAGAIN;
        if (state.postgres_fault) /* what it refused before is not known any more */
                p->refused = fault_none;
        else
                r = mirror_instance_beat(p->peers->mirror, &p->instance.id, waits_for,
                                         waits_for ? message : NULL, presence_on_beat, p,
                                         &p->task.task);
        if (peers_task_begin(&p->task, p->peers, r) < 0)
                presence_later(p);
}

void presence_changed(Presence *p)
{
        if (p->begun)
                presence_beat(p);
}

void presence_begin(Presence *p)
{
        bool begun = p->begun;
        p->begun = true;
        if (!begun)
                presence_beat(p);
}

const Fault *presence_refused(const Presence *p)
{
        return p->refused.scope != FAULT_NONE ? &p->refused : NULL;
}

bool presence_is_busy(const Presence *p)
{
        return p->task.task;
}

/* ---- locks ---------------------------------------------------------------------------------- */

static void presence_on_look(const MirrorLockWait *wait, const Fault *fault, void *userdata)
{
        Presence *p = userdata;
        peers_task_end(&p->look);
        if (lock_log(&p->lock, wait, fault, clock_monotonic_usec()))
                presence_changed(p);
        presence_look_later(p);
}

static void presence_look(void *userdata)
{
        Presence *p = userdata;
        int r = -EAGAIN;
        ServiceSnapshot state = p->handlers.state(p->userdata);
        if (!state.postgres_fault && (state.busy || p->task.task || p->lock.outage.down))
                r = mirror_lock_wait(p->peers->mirror, &p->lock.holder, presence_on_look, p,
                                     &p->look.task);
        if (peers_task_begin(&p->look, p->peers, r) < 0)
                presence_look_later(p);
}

static void presence_look_later(Presence *p)
{
        int r = timer_start(&p->look_timer, p->event, LOOK_EVERY_USEC, USEC_PER_SEC / 2,
                            presence_look, p);
        if (r < 0)
                log_error("the timer for locks cannot be set: %s", strerrordesc_np(-r));
}

/* ---- the end -------------------------------------------------------------------------------- */

static void presence_on_stopped(const Fault *fault, void *userdata)
{
        Presence *p = userdata;
        peers_task_end(&p->task);
        if (fault->scope != FAULT_NONE)
                log_debug("the stop of this instance could not be written: %s", fault->message);
}

void presence_leave(Presence *p)
{
        bool begun = p->begun;
        presence_done(p);
        if (!begun)
                return;
        ServiceSnapshot state = p->handlers.state(p->userdata);
        if (state.postgres_fault)
                return;
        int r = mirror_instance_stop(p->peers->mirror, &p->instance.id, presence_on_stopped, p,
                                     &p->task.task);
        (void)peers_task_begin(&p->task, p->peers, r);
}

void presence_done(Presence *p)
{
        timer_cancel(&p->timer);
        timer_cancel(&p->look_timer);
        peers_task_cancel(&p->task);
        peers_task_cancel(&p->look);
        p->begun = false;
}
