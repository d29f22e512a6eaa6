/*
 * locks: while something is under way, asks every few seconds whether a statement of ours waits for
 * a lock, and reports who holds it.
 */
#pragma once

#include "base/timer.h"
#include "daemon/outage.h"
#include "peers/peers.h"

typedef struct LocksHandlers {
        /* whether something is under way that may wait, and PostgreSQL answers */
        bool (*wanted)(void *userdata);
        /* a statement has begun to wait, or none does any more */
        void (*changed)(void *userdata);
} LocksHandlers;

typedef struct Locks {
        /* private */
        sd_event *event;
        Peers *peers;
        LocksHandlers handlers;
        void *userdata;
        PeersTask task;
        Timer timer;
        Outage outage; /* a statement waits */
} Locks;

/* The first look is some seconds later. */
void locks_init(Locks *l, sd_event *event, const LocksHandlers *handlers, void *userdata);

/* The peers are borrowed until others are given. */
void locks_configure(Locks *l, Peers *peers);

/* For what a statement waits, and who holds it; NULL: none waits. */
const Fault *locks_fault(const Locks *l);

/* Cancels what is under way. */
void locks_done(Locks *l);
