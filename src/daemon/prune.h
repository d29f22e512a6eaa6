/*
 * prune: every hour, what has been kept long enough is deleted, a small batch at a time, with a
 * pause in between. Syncs do not wait for it.
 *
 * Any number of instances may do this at once. What is deleted is gone for good: where PostgreSQL's
 * clock has gone ahead of what has passed here, all is kept for as much longer, until it has been
 * so for a day.
 */
#pragma once

#include "base/timer.h"
#include "daemon/database_clock.h"
#include "mirror/prune.h"
#include "peers/peers.h"

typedef struct Prune {
        /* private */
        sd_event *event;
        Peers *peers;
        MirrorRetention retention;
        const DatabaseClock *clock; /* borrowed */
        DatabaseClock trusted;      /* the same, as it should go on */
        uint64_t ahead_since_usec;  /* monotonic; 0: it goes as it should */
        PeersTask task;
        Timer timer;
        int64_t versions, runs; /* deleted since it began */
        bool reported;          /* that it cannot be done */
} Prune;

void prune_init(Prune *p, sd_event *event, const DatabaseClock *clock);

/* From the next batch on. The peers are borrowed until others are given. */
void prune_configure(Prune *p, Peers *peers, const MirrorRetention *retention);

/* The first batch is a minute later, when there are other things to do. */
void prune_start(Prune *p);

/* Cancels what is under way. */
void prune_done(Prune *p);
