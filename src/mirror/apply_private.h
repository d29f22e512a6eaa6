/*
 * apply_private: what the two files of the apply share: its task, and the order of its steps.
 */
#pragma once

#include "base/retry.h"
#include "mirror/apply.h"
#include "mirror/mirror_private.h"

enum { TIMESTAMP_BYTES = 64, BLANK_BYTES = 64 };

/* In the order in which they are sent; which of them are wanted depends on what is to become of
 * missing rows, and on whether this is a plan. */
enum {
        STEP_TABLES,
        STEP_READ_ONLY,
        STEP_COPY,
        STEP_REJECTED,
        STEP_VERDICTS,
        STEP_DIFFERENCE,
        STEP_MOVED,
        STEP_MISSING,
        STEP_FIND_CURSOR,
        STEP_FIND_FETCH,
        STEP_PLAN_COUNTS,
        STEP_PLAN_CURSOR,
        STEP_PLAN_FETCH,
        STEP_EDGES,
        STEP_TIME,
        STEP_ROWS,
        STEP_REMOVE,
        STEP_MARK,
        STEP_REJECTED_ROWS,
        STEP_LOCK,
        STEP_FINISH,
        APPLY_STEPS,
};

/* What of an apply is under way. */
typedef enum ApplyStage {
        APPLY_UNCHANGED, /* the one statement after which the transaction may not be needed */
        APPLY_WHOLE,     /* the transaction */
        APPLY_READ_BACK, /* what became of either */
} ApplyStage;

typedef struct ApplyTask {
        MirrorTask task;
        MirrorApplyCallback callback;
        MirrorPlanCallback plan; /* NULL: apply */
        MirrorSnapshot snapshot;
        PgStep try, steps[APPLY_STEPS];
        /* with the time of the apply at rows.values[1] */
        Params unchanged, lock, edge, rows, missing, rejected, finish, run;
        /* monotonic; see MirrorEnding */
        int64_t listed_usec, refreshed_usec;
        PgStep read_back[2];
        ApplyStage stage;
        bool ended; /* the run, by the statement or the transaction that was sent */
        /* rows of which it is to be written down that they are missing, or are not any more */
        int64_t marks;
        bool had_rejected; /* the edge has rows that could not be mirrored before */
        MirrorApplied applied;
        Retry retry;
        Fault fault; /* of the last attempt */
} ApplyTask;

/* Before each attempt. */
void apply_rewind(const MirrorSnapshot *s);

/* Fills t->steps. */
void apply_steps(ApplyTask *t);

/* Writes how long ago list and refresh were, as of now, into the parameters of a statement that
 * ends the run; right before it is sent. */
void apply_set_ages(const ApplyTask *t, Params *p);
