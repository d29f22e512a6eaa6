/*
 * presence: signs of life in edgemirror.instance, and what this instance waits for. For the latter,
 * while something is under way, it asks every few seconds whether a statement of ours waits for a
 * lock, and reports who holds it.
 *
 * One small write every few seconds, beginning when the edges are registered. The others take an
 * instance for dead that gives none for its lease, and no edge stays enabled on its account;
 * whoever finds out, here too, registers again, which disables what nobody wants any more.
 */
#pragma once

#include "base/fault.h"
#include "base/timer.h"
#include "daemon/lock_log.h"
#include "mirror/instance.h"
#include "peers/peers.h"
#include "report/service_snapshot.h"

typedef struct PresenceHandlers {
        /* of its faults, what keeps this instance from syncing; while PostgreSQL's lasts, no sign
         * is given */
        ServiceSnapshotTake state;
        /* what PostgreSQL knows of this instance's edges, or of an instance that has died, is out
         * of date: register again */
        void (*outdated)(void *userdata);
        /* of presence_refused, for whoever shows it */
        void (*changed)(void *userdata);
} PresenceHandlers;

typedef struct Presence {
        MirrorInstance instance; /* this one, as it is to be registered */

        /* private */
        sd_event *event;
        Peers *peers;
        uint64_t beat_usec;
        PresenceHandlers handlers;
        void *userdata;
        PeersTask task;
        Timer timer;
        bool begun;
        bool again;     /* something has changed while a sign was under way */
        Fault refused;  /* of the last one, by PostgreSQL, which answers; FAULT_NONE: it is not */
        Outage said;    /* in the log: that it was refused, until that it is over */
        PeersTask look; /* at locks */
        Timer look_timer;
        LockLog lock; /* whether a statement waits for one */
} Presence;

/* Draws an id for the instance; no sign is given yet. */
void presence_init(Presence *p, sd_event *event, const PresenceHandlers *handlers, void *userdata);

/* lease_usec: how long others count on the last sign. The peers are borrowed until others are
 * given. */
void presence_configure(Presence *p, Peers *peers, uint64_t lease_usec);

/* The edges are registered: the first sign, at once. Later calls do nothing. */
void presence_begin(Presence *p);

/* The state is not what it was: a sign, at once. */
void presence_changed(Presence *p);

/* PostgreSQL, which answers, refuses the sign: the others take this instance for dead, and it goes
 * on. NULL: it does not. */
const Fault *presence_refused(const Presence *p);

/* A sign, or the last one, is being written. */
bool presence_is_busy(const Presence *p);

/* Writes, unless PostgreSQL is away, that this instance was stopped in order. Nothing else follows.
 */
void presence_leave(Presence *p);

/* Cancels what is under way. */
void presence_done(Presence *p);
