/*
 * prune: history and runs that have been kept long enough are deleted.
 */
#pragma once

#include "mirror/mirror.h"

/* Counted in whole seconds since the version or the run ended; USEC_FOREVER (base/duration.h):
 * nothing is deleted. */
typedef struct MirrorRetention {
        uint64_t history_keep_usec;
        uint64_t run_keep_usec;
} MirrorRetention;

typedef struct MirrorPruned {
        int64_t versions, runs; /* that were deleted by this call; 0 with a fault */
        bool more;              /* a batch was full: there may be more to delete at once */
} MirrorPruned;

typedef void (*MirrorPruneCallback)(const MirrorPruned *pruned, const Fault *fault, void *userdata);

/* One transaction: deletes at most `batch` (not 0: -EINVAL) versions and as many runs that have
 * been kept long enough, the oldest first. Never a current version, an open run, or the last run of
 * an edge. Takes no lock that a sync waits for, and passes over rows that another prune has locked.
 * Call again, after other work, while `more`; otherwise in an hour or so. */
int mirror_prune(Mirror *m, const MirrorRetention *retention, unsigned batch,
                 MirrorPruneCallback callback, void *userdata, MirrorTask **ret);
