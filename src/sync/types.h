/*
 * types: what a sync is given, and what it reports; see sync.h.
 */
#pragma once

#include "base/fault.h"
#include "base/limiter.h"
#include "catalog/catalog.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "sync/guard.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct Sync Sync;

/* What all syncs of a process share. Borrowed. */
typedef struct SyncContext {
        sd_event *event;
        Catalog *catalog;
        Mirror *mirror;
        Limiter *limiter; /* of pages, for the catalog */
        uint64_t lease_usec;
        /* the catalog's Retry-After is waited for up to this; beyond it the run ends, and its fault
         * says when */
        uint64_t patience_usec;
} SyncContext;

/* How this edge is synced: from the configuration and the command line. */
typedef struct SyncOrder {
        Uuid edge;
        const char *name; /* for the log; copied */
        SyncSettings settings;
        MirrorTrigger trigger;
        int64_t held_epoch;    /* of a lease that mirror_take_due took; 0: none */
        int64_t next_run_usec; /* when the edge is due next; see MirrorClaimRequest */
        bool compare;          /* row by row, also when the digest says that nothing changed */
        /* neither the limit nor confirm_removals nor removal_delay count; each row must still be
         * proven gone, now */
        bool accept_removals;
        MirrorPlanCallback dry_run; /* set: nothing is written and no refresh is triggered; what a
                                     * sync would do is given here, with `userdata` */
} SyncOrder;

typedef struct SyncReport {
        int64_t run_id;  /* 0: the run never began */
        int64_t epoch;   /* of its claim */
        Fault end_fault; /* why its end could not be recorded; scope FAULT_NONE: it was */
        bool lease_kept; /* then: the lease is held still, unless it has ended or somebody took it
                          */
        EndedRun before; /* the last run of a service that was not stopped */
        SyncPhase phase; /* in which it ended; the last one when all went well */
        SyncOutcome outcome;
        SyncRefresh refresh; /* REFRESH_NONE: not reached */
        bool has_job;
        JobStatus job;
        MirrorApplied applied;
        /* rows missing from the list that belong to another Edge connection now: left to its sync,
         * or applied.moved */
        int64_t moved;
        int64_t listed, pages, requests;
        uint64_t duration_usec;
        Fault fault; /* scope FAULT_NONE: no error */
} SyncReport;

/* Where a running sync is; given whenever it changes. */
typedef struct SyncProgress {
        SyncPhase phase;
        const char *words; /* what is happening, for a person: "waiting for the job" */
        bool has_job;
        JobStatus job;
        int64_t listed;
} SyncProgress;

typedef void (*SyncProgressCallback)(const SyncProgress *progress, void *userdata);
typedef void (*SyncDoneCallback)(const SyncReport *report, void *userdata);
