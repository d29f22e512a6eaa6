/*
 * queue: which edges are due. Due times and leases are in edgemirror.edge_claim; the clock is
 * PostgreSQL's.
 */
#pragma once

#include "base/uuid.h"
#include "mirror/mirror.h"

typedef struct MirrorDue {
        Uuid edge;
        int64_t epoch;    /* of the lease just taken; for mirror_claim */
        int64_t due_usec; /* when it was due, by PostgreSQL's clock; 0: not known */
        int64_t consecutive_failures;
        char was_holder[128]; /* who held the lease that has ended; "": nobody */
} MirrorDue;

typedef struct MirrorDueAnswer {
        const MirrorDue *taken;
        size_t n_taken;
        int64_t now_usec; /* PostgreSQL's clock, microseconds since 1970 */
        bool no_catalog;  /* the database is nobody's, and nothing is taken: register */
        /* when to ask again: another edge is due, or another instance's lease ends; INT64_MAX:
         * never */
        int64_t next_usec;
} MirrorDueAnswer;

typedef void (*MirrorDueCallback)(const MirrorDueAnswer *answer, const Fault *fault,
                                  void *userdata);

/* One statement: takes the leases of up to `limit` (0: only look) edges that are due or whose
 * holder went away, the longest overdue first; never those of `exclude` (running here, or not known
 * here). Instances that ask at the same time get different ones (SKIP LOCKED). */
int mirror_take_due(Mirror *m, unsigned limit, const Uuid *exclude, size_t n_exclude,
                    MirrorDueCallback callback, void *userdata, MirrorTask **ret);

/* One statement: releases a lease from mirror_take_due under which no run was begun. next_run_usec:
 * when it is due; 0: unchanged. */
int mirror_release(Mirror *m, const Uuid *edge, int64_t epoch, int64_t next_run_usec,
                   MirrorCallback callback, void *userdata, MirrorTask **ret);

/* One statement: writes when an edge is due after the run of that epoch. One that was claimed
 * since, or is not scheduled, stays as it is. */
int mirror_set_next_run(Mirror *m, const Uuid *edge, int64_t epoch, int64_t next_run_usec,
                        MirrorCallback callback, void *userdata, MirrorTask **ret);
