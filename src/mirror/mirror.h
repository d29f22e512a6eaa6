/*
 * mirror: the PostgreSQL side of a sync: registry, queue, leases, journal, apply, status.
 *
 * Knows no HTTP. Every function is one piece of work of pg.h, statements from sql/queries.
 * PostgreSQL's clock is the only wall clock. The schema is the one of sql/migrations, version
 * MIRROR_SCHEMA_VERSION (the number of the last migration).
 *
 * Asynchronous contract: as in http.h; callbacks get a Fault that is never NULL (scope FAULT_NONE:
 * it went well). Arguments are copied unless said.
 */
#pragma once

#include "base/fault.h"
#include "base/record.h"
#include "mirror/spool.h"
#include "pg/pg.h"
#include <stdbool.h>
#include <stdint.h>

/* Where the pool's statements look up what they do not qualify: in nothing that others may write
 * to. */
#define MIRROR_SEARCH_PATH "pg_catalog, edgemirror, pg_temp"

typedef struct Mirror Mirror;
typedef struct MirrorTask MirrorTask;

/* Borrows the pool; copies the instance name. */
int mirror_new(PgPool *pool, const char *instance, uint64_t lease_usec, Mirror **ret);

/* The catalog whose mirror this is, by its address; copied. A database that belongs to another one
 * is refused by mirror_register, mirror_migrate and mirror_check, with fault code "other-catalog".
 * Not called: any will do (tests). */
int mirror_set_catalog(Mirror *mirror, const char *url);

Mirror *mirror_free(Mirror *mirror); /* cancels its tasks */
DEFINE_CLEANUP(Mirror, mirror, mirror_free)
/* NULL is fine; returns NULL; whether it took effect is then unknown */
MirrorTask *mirror_cancel(MirrorTask *task);

typedef void (*MirrorCallback)(const Fault *fault, void *userdata);

/* ---- registry ------------------------------------------------------------------------------- */

typedef struct MirrorEdge {
        Uuid id;
        const char *name;
        bool enabled;
        const char *schedule;
        const char *timezone;
        /* when it is due by its schedule, microseconds since 1970; 0: leave the queue as it is */
        int64_t next_run_usec;
} MirrorEdge;

/* An instance of the service. Others know by it which edges are wanted. */
typedef struct MirrorInstance {
        Uuid id;             /* of this process */
        const char *version; /* of the program */
} MirrorInstance;

/* Makes `edge` and `edge_claim` know these edges, in one transaction. An edge that is already so is
 * not written. A name that another id holds in the table goes to the new id (the old row's name is
 * set aside with its id appended). next_run_usec counts for edges that are new or whose schedule
 * has changed, and brings others forward, never back; a disabled edge is not due. What is due
 * already stays so. An edge that is disabled here and wanted by another instance of the service
 * stays as it is.
 *
 * `service`: the service that has these edges and no others. Its row in `instance` is written, with
 * the enabled edges as those that it wants; every other edge that no instance wants is disabled.
 * NULL: somebody who syncs by hand, and wants nothing for longer.
 *
 * The first catalog whose edges are registered is the one that the database belongs to. No edges
 * and no service: only looks whether schema and catalog are ours. An edge that a long apply holds
 * makes it fail within seconds, with fault code "pg-lock-timeout": nothing is registered then. */
int mirror_register(Mirror *m, const MirrorEdge *edges, size_t n_edges,
                    const MirrorInstance *service, MirrorCallback callback, void *userdata,
                    MirrorTask **ret);

/* Whether a fault of it means that somebody else holds an edge for a while, and nothing else. */
bool mirror_is_locked(const Fault *fault);

/* ---- instances of the service --------------------------------------------------------------- */

typedef struct MirrorBeatAnswer {
        /* that this instance wants, according to the table; negative: it is not known there:
         * register again */
        int64_t n_edges;
        /* others that were found dead: what only they wanted is wanted no more: register again */
        int64_t n_dead;
} MirrorBeatAnswer;

typedef void (*MirrorBeatCallback)(const MirrorBeatAnswer *answer, const Fault *fault,
                                   void *userdata);

/* One statement, a sign of life: an instance that gives none for its lease is taken for dead by the
 * others. waiting_for: "catalog", "credentials", "lock" or "postgres", with a sentence about it;
 * NULL: nothing. */
int mirror_instance_beat(Mirror *m, const Uuid *instance, const char *waiting_for,
                         const char *message, MirrorBeatCallback callback, void *userdata,
                         MirrorTask **ret);

/* One statement: it was stopped in order. */
int mirror_instance_stop(Mirror *m, const Uuid *instance, MirrorCallback callback, void *userdata,
                         MirrorTask **ret);

typedef struct MirrorInstanceStatus {
        const char *name, *version;
        bool alive;
        bool stopped;                              /* in order */
        int64_t seen_sec, up_sec;                  /* since its last sign of life, and its start */
        int64_t n_edges;                           /* that it wants */
        const char *waiting_for, *waiting_message; /* NULL: nothing */
        int64_t waiting_sec;
} MirrorInstanceStatus;

/* Called once per instance, those that are alive first, then once with NULL (or a fault). */
typedef void (*MirrorInstancesCallback)(const MirrorInstanceStatus *instance, const Fault *fault,
                                        void *userdata);

int mirror_instances(Mirror *m, MirrorInstancesCallback callback, void *userdata, MirrorTask **ret);

/* ---- queue ---------------------------------------------------------------------------------- */

typedef struct MirrorDue {
        Uuid edge;
        int64_t epoch; /* of the lease just taken; for mirror_claim */
        int64_t consecutive_failures;
        char was_holder[128]; /* who held the lease that has ended; "": nobody */
} MirrorDue;

typedef struct MirrorDueAnswer {
        const MirrorDue *taken;
        size_t n_taken;
        int64_t now_usec; /* PostgreSQL's clock, microseconds since 1970 */
        /* when to ask again: another edge is due, or another instance's lease ends; INT64_MAX:
         * never */
        int64_t next_usec;
} MirrorDueAnswer;

typedef void (*MirrorDueCallback)(const MirrorDueAnswer *answer, const Fault *fault,
                                  void *userdata);

/* One statement: takes the leases of up to `limit` (0: only look) edges that are due or whose
 * holder went away, the longest overdue first; never those of `leave` (running here, or not known
 * here). Instances that ask at the same time get different ones (SKIP LOCKED). */
int mirror_take_due(Mirror *m, unsigned limit, const Uuid *leave, size_t n_leave,
                    MirrorDueCallback callback, void *userdata, MirrorTask **ret);

/* Releases a lease from mirror_take_due under which no run was begun. next_run_usec: when it is
 * due, 0: when it was. */
int mirror_release(Mirror *m, const Uuid *edge, int64_t epoch, int64_t next_run_usec,
                   MirrorCallback callback, void *userdata, MirrorTask **ret);

/* Says when an edge is due after the run of that epoch; one that was claimed since, or is not
 * scheduled, stays as it is. */
int mirror_set_next_run(Mirror *m, const Uuid *edge, int64_t epoch, int64_t next_run_usec,
                        MirrorCallback callback, void *userdata, MirrorTask **ret);

/* ---- lease ---------------------------------------------------------------------------------- */

typedef enum MirrorTrigger { MIRROR_TRIGGER_SCHEDULE, MIRROR_TRIGGER_MANUAL } MirrorTrigger;

typedef struct MirrorClaim {
        bool busy; /* somebody else holds the lease; nothing was changed */
        /* who, when busy; else who held the lease that has ended, "": nobody else */
        char holder[128];
        char holder_doing[128];       /* where the holder's run is, for a person; "": not known */
        uint64_t holder_since_usec;   /* for how long the holder's run has been going; 0 unknown */
        uint64_t holder_expires_usec; /* the lease ends in, unless renewed */
        int64_t epoch;
        int64_t run_id;
        /* the last run of this edge was cut short while it had a job that is worth polling on: */
        bool resumes;
        Uuid job_id;
        char job_url[LIMIT_URL_MAX_BYTES]; /* "" when none was recorded */
        int64_t job_since_usec;            /* the run that asked for it began so long ago */
} MirrorClaim;

typedef void (*MirrorClaimCallback)(const MirrorClaim *claim, const Fault *fault, void *userdata);

typedef struct MirrorClaimRequest {
        Uuid edge;
        MirrorTrigger trigger;
        bool refresh;          /* wanted */
        int64_t held_epoch;    /* of the lease that mirror_take_due took; 0: none */
        int64_t next_run_usec; /* when the edge is due next, microseconds since 1970; 0: leave */
        uint64_t
                /* a job that was asked for longer ago is not polled on: nobody waits for one as
                   long */
                job_max_age_usec;
} MirrorClaimRequest;

/* One statement: takes the lease if it is free, has ended, or is ours with `held_epoch`; raises the
 * epoch, closes a run that was left open (outcome `aborted`), inserts the new sync_run row with
 * phase `refresh` (`list` when `refresh` is false): the intent, before any POST. A run that was
 * left open, stopped or failed while its job was polled is resumed: trigger becomes `resume`, and
 * the claim has the job. */
int mirror_claim(Mirror *m, const MirrorClaimRequest *request, MirrorClaimCallback callback,
                 void *userdata, MirrorTask **ret);

/* ---- journal -------------------------------------------------------------------------------- */

typedef enum SyncPhase {
        SYNC_PHASE_REFRESH,
        SYNC_PHASE_POLL,
        SYNC_PHASE_LIST,
        SYNC_PHASE_VERIFY,
        SYNC_PHASE_APPLY,
        SYNC_PHASE_DONE
} SyncPhase;

const char *mirror_phase_name(SyncPhase phase); /* as in sync_run.phase */

typedef struct MirrorRun {
        Uuid edge;
        int64_t run_id;
        int64_t epoch;
} MirrorRun;

typedef struct MirrorProgress {
        SyncPhase phase;
        bool has_job;
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

/* ---- apply and finish ----------------------------------------------------------------------- */

/* The end of a run: what goes into sync_run, edge and edge_claim. Texts are borrowed until the
 * callback. */
typedef struct MirrorEnding {
        const char *outcome; /* synced, held, unstable, failed, aborted */
        const char *refresh; /* clean, failed, timeout, unknown, skipped, rejected */
        bool listed_whole;   /* the list was complete: listed_at moves … */
        int64_t listed_usec; /* … to when it was begun; CLOCK_BOOTTIME */
        /* … and refreshed_at, when the refresh was clean, to this: it had not ended before */
        int64_t refreshed_usec;
        bool has_job;
        JobStatus job;
        const char *job_message, *job_document; /* NULL: leave */
        int64_t pages, requests, listed;
        const Fault *fault;  /* NULL or scope NONE: no error */
        const char *problem; /* the catalog's error body, JSON; NULL */
} MirrorEnding;

/* What becomes of rows of the mirror that the list does not hold. */
typedef enum MirrorMissing {
        /* the list is not whole, and they are not asked for: that it does not hold them means
           nothing */
        MIRROR_MISSING_IGNORE,
        MIRROR_MISSING_HOLD,  /* they stay, and are counted as held: the refresh was not clean */
        MIRROR_MISSING_GUARD, /* the same: there are too many of them */
        /* if there are any, nothing is applied: their ids are handed out, to be proven */
        MIRROR_MISSING_FIND,
        MIRROR_MISSING_REMOVE, /* those that are proven gone, in as many syncs in a row as it takes,
                                * are removed; in fewer, they stay and are pending; those that are
                                * elsewhere are let be for that edge's sync, or moved there when it
                                * has none; the others stay and are held */
} MirrorMissing;

/* What is to be applied. The spools are borrowed until the callback. */
typedef struct MirrorSnapshot {
        Spool *rows;  /* the list */
        bool compare; /* row by row, also when the digest says that nothing changed */
        /* every row of the list was seen: one that could not be mirrored before and is not in it is
         * there no more */
        bool to_the_end;
        MirrorMissing missing;
        Spool *found;    /* FIND: filled with the ids */
        Spool *verdicts; /* REMOVE: read */
        unsigned
                /* REMOVE: syncs in a row, this one included, that must have proven a row gone; 0
                   and 1: this one is enough */
                confirm_removals;
} MirrorSnapshot;

#define MIRROR_NAMES_BYTES 512
typedef struct MirrorApplied {
        int64_t listed; /* distinct rows, those that cannot be mirrored included */
        int64_t added, changed, removed, restored, unchanged;
        int64_t held;      /* rows of the mirror that are missing from a complete list and stay */
        int64_t pending;   /* … and are proven gone, but not in enough syncs in a row yet */
        int64_t rejected;  /* of those listed: rows that cannot be mirrored */
        int64_t row_count; /* present rows of the edge afterwards; 0 for a plan */
        /* of the changed: missing rows that went to an edge that nobody mirrors */
        int64_t moved;

        /* FIND: so many rows are missing, and nothing was applied; the counts above are 0 */
        int64_t found;
        int64_t present;                /* … of so many that the edge has */
        char names[MIRROR_NAMES_BYTES]; /* … a few of them, for a person */
} MirrorApplied;

typedef void (*MirrorApplyCallback)(const MirrorApplied *applied, const Fault *fault,
                                    void *userdata);

/* First one statement: a whole list whose digest is that of the mirror ends the run there, with
 * nothing written but the clocks and the journal; otherwise it notes phase `apply` and renews the
 * lease. Then one transaction: COPY the spool into a temporary table, apply the difference, write
 * history, lock the claim row and check the epoch, write edge and run, release the lease, notify
 * when something changed. The lease has to be renewed meanwhile. The ending's outcome `synced`
 * becomes `held` when rows are held. A result lost at COMMIT is read back before the callback (so:
 * no fault means committed, or rows found). Fault code "lease-lost" as above. */
int mirror_apply(Mirror *m, const MirrorRun *run, const MirrorSnapshot *snapshot,
                 const MirrorEnding *ending, MirrorApplyCallback callback, void *userdata,
                 MirrorTask **ret);

/* One row of a plan. Texts are borrowed during the call; ids as text; NULL: there is none. */
typedef struct MirrorPlanRow {
        const char *kind; /* added, restored, changed, removed, pending, held: in this order */
        const char *id;
        const char *name, *database_id; /* to be; NULL for removed, pending and held */
        const char *name_before, *database_id_before, *edge_before;
        /* another Edge connection, which nobody mirrors, that has it now; NULL: this one */
        const char *edge;
} MirrorPlanRow;

/* Called for each row; with NULL at the beginning, and again when the plan is made anew after a
 * fault: what was given before is to be forgotten. */
typedef void (*MirrorPlanCallback)(const MirrorPlanRow *row, void *userdata);

/* What mirror_apply would do, row by row, in a transaction that is read only and rolled back. Needs
 * no lease. The rows go to `plan`, the counts to `callback`. */
int mirror_plan(Mirror *m, const Uuid *edge, const MirrorSnapshot *snapshot,
                MirrorPlanCallback plan, MirrorApplyCallback callback, void *userdata,
                MirrorTask **ret);

/* One statement: ends a run without applying anything; releases the lease; consecutive_failures
 * rises (not for `aborted`). Does nothing when the lease is not ours any more, with a fault of code
 * "run-over": the run has its end already, from the next holder or from an apply whose answer
 * nobody waited for. */
int mirror_finish(Mirror *m, const MirrorRun *run, const MirrorEnding *ending,
                  MirrorCallback callback, void *userdata, MirrorTask **ret);

/* ---- retention ------------------------------------------------------------------------------ */

#define MIRROR_KEEP_FOREVER UINT64_MAX

/* Counted in whole seconds since the version or the run ended; MIRROR_KEEP_FOREVER: nothing is
 * deleted. */
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

/* ---- retiring ------------------------------------------------------------------------------- */

/* An edge that is known, and what there is of it. Texts are borrowed during the call. */
typedef struct MirrorRetirable {
        Uuid edge;
        const char *name;
        const char *asked; /* by this name or id */
        int64_t rows;      /* present */
        int64_t versions, runs;
} MirrorRetirable;

/* Called once for each edge that a name or id means, in the order of the names, then once with NULL
 * (or a fault). */
typedef void (*MirrorRetireCallback)(const MirrorRetirable *edge, const Fault *fault,
                                     void *userdata);
int mirror_find_retirable(Mirror *m, const char *const *names, MirrorRetireCallback callback,
                          void *userdata, MirrorTask **ret);

/* One transaction: the present rows of these edges become tombstones, their versions end, the edges
 * are disabled. forget: the edges, all their rows and versions, and their runs are deleted. Nothing
 * at all, and fault code "lease-held", while one of them is being synced, or "edge-wanted", while a
 * living instance of the service has it in its configuration. Twice does no harm. */
int mirror_retire(Mirror *m, const Uuid *edges, size_t n_edges, bool forget,
                  MirrorCallback callback, void *userdata, MirrorTask **ret);

/* ---- status --------------------------------------------------------------------------------- */

typedef struct MirrorStatus {
        Uuid edge;
        const char *name;
        bool enabled;
        const char *phase; /* NULL: idle; the same for all texts below: NULL when unknown */
        const char *holder;
        /* of the last run that ended */
        const char *outcome, *refresh;
        /* negative: never listed */
        int64_t row_count;
        const char *listed_at, *refreshed_at, *next_run_at, *started_at; /* ISO 8601, UTC */
        int64_t listed_age_sec, refreshed_age_sec, running_sec;          /* negative: unknown */
        bool overdue;
        int64_t consecutive_failures;
        const char *job_id, *job_state;
        double job_progress;   /* negative: unknown */
        int64_t listed;        /* rows so far, when running */
        int64_t held, pending; /* rows that are missing and stay, now */
        int64_t rejected;      /* rows of the last list that cannot be mirrored */
        const char *error_scope, *error_code, *error_message;
        int error_http_status; /* 0: none */
        const char *schedule, *timezone;
        int64_t holder_seen_sec, free_in_sec,
                /* the holder's last sign of life; when its lease ends unless renewed; its length */
                lease_sec;
} MirrorStatus;

/* Called once per edge in order of name, then once with NULL (or a fault). */
typedef void (*MirrorStatusCallback)(const MirrorStatus *status, const Fault *fault,
                                     void *userdata);

/* names: NULL-terminated list of edge names, or NULL for all. */
int mirror_status(Mirror *m, const char *const *names, MirrorStatusCallback callback,
                  void *userdata, MirrorTask **ret);

/* ---- verify --------------------------------------------------------------------------------- */

/* What an edge should hold, by the sync that last wrote it, and what it does hold, computed from
 * its rows. */
typedef struct MirrorVerify {
        Uuid edge;
        const char *name;
        int64_t recorded_rows;       /* negative: never listed */
        const char *recorded_digest; /* NULL: not known; the next sync records it */
        int64_t rows;
        const char *digest;
        /* rows of which the current version in the history is not the row */
        int64_t history_differs;
} MirrorVerify;

/* Called once per edge in order of name, each as soon as it is computed, then once with NULL (or a
 * fault). All edges are of one moment. */
typedef void (*MirrorVerifyCallback)(const MirrorVerify *verify, const Fault *fault,
                                     void *userdata);

/* Reads only. names: as above. */
int mirror_verify(Mirror *m, const char *const *names, MirrorVerifyCallback callback,
                  void *userdata, MirrorTask **ret);

/* One statement: fault code "pg-lock-wait" when a statement of this role has waited for a lock for
 * some seconds; it says for what, and who holds it. */
int mirror_lock_wait(Mirror *m, MirrorCallback callback, void *userdata, MirrorTask **ret);

/* ---- check ---------------------------------------------------------------------------------- */

#define MIRROR_CHECKS_MAX 12
typedef struct MirrorCheck {
        const char *what; /* "connection", "schema version", "privileges" … */
        bool passed;
        char detail[LIMIT_FAULT_MESSAGE_BYTES]; /* what was found, or what to do */
        Fault fault;                            /* when not passed: decides the exit status */
} MirrorCheck;

typedef void (*MirrorCheckCallback)(const MirrorCheck *checks, size_t n_checks, void *userdata);

/* Connection (server version 13 or newer, encoding), every privilege that the service needs, schema
 * version, what is foreign in the schema, the catalog that it belongs to, and what is not there but
 * not needed (passed, and said). */
int mirror_check(Mirror *m, MirrorCheckCallback callback, void *userdata, MirrorTask **ret);
