/*
 * prune: every hour, what has been kept long enough is deleted, a small batch at a time, with a
 * pause in between. Syncs do not wait for it.
 *
 * Any number of instances may do this at once.
 */
#pragma once

#include "base/timer.h"
#include "mirror/prune.h"
#include "peers/peers.h"

typedef struct Prune {
        /* private */
        sd_event *event;
        Peers *peers;
        MirrorRetention retention;
        PeersTask task;
        Timer timer;
        int64_t versions, runs; /* deleted since it began */
        bool reported;          /* that it cannot be done */
} Prune;

void prune_init(Prune *p, sd_event *event);

/* From the next batch on. The peers are borrowed until others are given. */
void prune_configure(Prune *p, Peers *peers, const MirrorRetention *retention);

/* The first batch is a minute later, when there are other things to do. */
void prune_start(Prune *p);

/* Cancels what is under way. */
void prune_done(Prune *p);
