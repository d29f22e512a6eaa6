/*
 * lease: one run of one edge, from the claim that begins it to its end. All that is written of it
 * goes to edgemirror.sync_run; who may write is decided by the epoch of the lease.
 */
#pragma once

#include "base/duration.h"
#include "base/limits.h"
#include "base/outcome.h"
#include "base/record.h"
#include "mirror/mirror.h"
#include <errno.h>
#include <stdio.h>

typedef struct MirrorRun {
        Uuid edge;
        int64_t run_id;
        int64_t epoch;
} MirrorRun;

/* ---- claim ---------------------------------------------------------------------------------- */

typedef enum MirrorTrigger { MIRROR_TRIGGER_SCHEDULE, MIRROR_TRIGGER_MANUAL } MirrorTrigger;

typedef struct MirrorClaim {
        bool busy; /* somebody else holds the lease; nothing was changed */
        /* who, when busy; else who held the lease that has ended, "": nobody else */
        char holder[128];
        char holder_doing[128];       /* where the holder's run is, for a person; "": not known */
        uint64_t holder_since_usec;   /* for how long the holder's run has been going; 0 unknown */
        uint64_t holder_seen_usec;    /* since its last sign of life; the next two too */
        uint64_t holder_expires_usec; /* the lease ends in, unless renewed */
        uint64_t holder_lease_usec;   /* how long one of its leases is */
        int64_t epoch;
        int64_t run_id;
        /* the last run of this edge ended before its job did, and the job is young enough to be
         * polled on: */
        bool resumes;
        Uuid job_id;
        char job_url[LIMIT_URL_MAX_BYTES]; /* "" when none was recorded */
        int64_t job_since_usec;            /* the run that asked for it began so long ago */
        /* else: runs that were cut off or stopped may have begun a refresh whose job nobody noted;
         * the first of them began so long ago */
        bool lost;
        int64_t lost_since_usec;
        JobKind job_kind;      /* of the last job of a refresh that was recorded */
        unsigned n_known_jobs; /* the last ones of this edge */
        Uuid known_jobs[LIMIT_KNOWN_JOBS];
        EndedRun before; /* the last run of a service that was not stopped */
} MirrorClaim;

typedef void (*MirrorClaimCallback)(const MirrorClaim *claim, const Fault *fault, void *userdata);

typedef struct MirrorClaimRequest {
        Uuid edge;
        MirrorTrigger trigger;
        bool refresh;          /* wanted */
        int64_t held_epoch;    /* of the lease that mirror_take_due took; 0: none */
        int64_t next_run_usec; /* when the edge is due next, microseconds since 1970; 0: leave */
        /* a job that was asked for longer ago is not polled on: nobody waits for one as long */
        uint64_t job_max_age_usec;
} MirrorClaimRequest;

/* One statement: takes the lease if it is free, has ended, or is ours with `held_epoch`; raises the
 * epoch, closes a run that was left open (outcome `aborted`), inserts the new sync_run row with
 * phase `refresh` (`list` when `refresh` is false): the intent, before any POST; by hand when the
 * request's trigger is MANUAL. The row's trigger is `manual`, too, where request_sync has asked for
 * the run, and `resume` where a run that was left open, stopped or failed while its job was polled
 * is resumed: then the claim has the job. `lost` only where it is known of which kind such a job
 * is. */
int mirror_claim(Mirror *m, const MirrorClaimRequest *request, MirrorClaimCallback callback,
                 void *userdata, MirrorTask **ret);

enum { MIRROR_SIGNS_BYTES = 2 * DURATION_STRING_SIZE + 64 };

/* What is known of a holder, for a person, by its last sign of life: "no sign of life for 25.0s;
 * free in 35.0s", once one is missing; else "last sign of life 5.0s ago; free in 55.0s unless it
 * gives another". The three are in whole seconds. */
static inline char *mirror_format_signs(int64_t seen, int64_t free_in, int64_t lease,
                                        char out[static MIRROR_SIGNS_BYTES])
{
        char ago[DURATION_STRING_SIZE], left[DURATION_STRING_SIZE];
        bool missing = 3 * seen > lease;
        (void)snprintf(
                out, MIRROR_SIGNS_BYTES,
                missing ? "no sign of life for %s; free in %s"
                        : "last sign of life %s ago; free in %s unless it gives another",
                duration_format_short((uint64_t)(seen > 0 ? seen : 0) * USEC_PER_SEC, ago),
                duration_format_short((uint64_t)(free_in > 0 ? free_in : 0) * USEC_PER_SEC, left));
        return out;
}

/* ---- progress ------------------------------------------------------------------------------- */

typedef struct MirrorProgress {
        SyncPhase phase;
        bool has_job;
        bool resumes; /* it was found: an earlier run has begun it; trigger becomes `resume` */
        JobStatus job;
        const char *job_url; /* NULL: leave as it is; the same for the next two */
        const char *job_message;
        const char *job_document; /* JSON */
        int64_t pages, requests, listed;
} MirrorProgress;

/* One statement: renews the lease and writes where the run is. Fault code "lease-lost" (FAULT_RUN)
 * when the epoch is not ours any more. */
int mirror_progress(Mirror *m, const MirrorRun *run, const MirrorProgress *progress,
                    MirrorCallback callback, void *userdata, MirrorTask **ret);

/* That fault, for whoever finds out in another way that the lease has ended. */
static inline void mirror_fault_lease_lost(Fault *ret)
{
        fault_set(ret, FAULT_RUN, ESTALE, CODE_LEASE_LOST,
                  "the lease was not renewed in time, or PostgreSQL has lost it: another instance "
                  "may have the edge now; this run publishes nothing");
}

/* ---- the end -------------------------------------------------------------------------------- */

/* The end of a run: what goes into sync_run, edge and edge_claim. Texts are borrowed until the
 * callback. */
typedef struct MirrorEnding {
        SyncOutcome outcome;
        SyncRefresh refresh;
        bool listed_whole;   /* the list was complete: listed_at moves … */
        int64_t listed_usec; /* … to when it was begun; CLOCK_BOOTTIME */
        /* … and refreshed_at, when the refresh was clean, to this: it had not ended before */
        int64_t refreshed_usec;
        bool has_job;
        bool resumes;    /* as in MirrorProgress; of mirror_finish */
        bool of_service; /* due again at once when it was stopped; the same */
        JobStatus job;
        const char *job_message, *job_document; /* NULL: leave */
        int64_t pages, requests, listed;
        const Fault *fault;  /* NULL or scope NONE: no error */
        const char *problem; /* the catalog's error body, JSON; NULL */
} MirrorEnding;

/* One statement: ends a run without applying anything; releases the lease; consecutive_failures
 * rises (not for `aborted`). Does nothing when the lease is not ours any more, with a fault of code
 * "run-over": the run has its end already, from the next holder or from an apply whose answer
 * nobody waited for. */
int mirror_finish(Mirror *m, const MirrorRun *run, const MirrorEnding *ending,
                  MirrorCallback callback, void *userdata, MirrorTask **ret);
