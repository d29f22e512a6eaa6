/*
 * apply_private: what the two files of the apply share: its task, and the order of its steps.
 */
#pragma once

#include "base/retry.h"
#include "mirror/apply.h"
#include "mirror/mirror_private.h"

enum { TIMESTAMP_BYTES = 64, VERSION_BYTES = 24, COUNTS_BYTES = 256, USEC_BYTES = 24 };

/* In the order in which they are sent; which of them are wanted depends on what is to become of
 * missing rows, and on whether this is a plan. */
enum {
        STEP_TABLES,
        STEP_READ_ONLY,
        STEP_COPY,
        STEP_VERDICTS,
        STEP_DISTINCT,
        STEP_EDGE, /* before the list is loaded as it is */
        STEP_LOAD,
        STEP_COMPARE,
        STEP_FIND_CURSOR,
        STEP_FIND_FETCH,
        STEP_PLAN_CURSOR,
        STEP_PLAN_FETCH,
        STEP_EDGES, /* the same step, with what was found */
        STEP_ROWS,
        STEP_REJECTED_ROWS,
        STEP_FINISH,
        APPLY_STEPS,
};

/* The second value of ROWS and REJECTED is the time of the apply. */
enum {
        PARAMS_UNCHANGED,
        PARAMS_EDGE,
        PARAMS_ROWS,
        PARAMS_COMPARE,
        PARAMS_REJECTED,
        PARAMS_FINISH,
        PARAMS_RUN,
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
        /* monotonic; see MirrorEnding */
        int64_t listed_usec, refreshed_usec;
        PgStep read_back[2];
        ApplyStage stage;
        bool ended; /* the run, by the statement or the transaction that was sent */
        bool listed_whole;
        /* an id occurs twice, so that the earlier rows are deleted before anything is compared */
        bool is_repetitive;
        bool has_rows;     /* the edge; or somebody has rows of this list */
        bool had_rejected; /* the edge has rows that could not be mirrored before */

        /* of one attempt */
        int64_t loaded;
        bool is_compared;
        char version[VERSION_BYTES]; /* of the row of the edge when its rows were compared */
        bool is_counted;             /* it had as many rows as were recorded */
        int64_t to_write;            /* rows that change, or of which something is to be noted */
        int64_t kept;                /* rows that are missing and remain */
        int64_t elsewhere;           /* of the list, that are another edge's by now */
        char digest[DIGEST_STRING_SIZE]; /* "": not known */
        MirrorApplied applied;
        Retry retry;
        Fault fault; /* of the last attempt */
} ApplyTask;

/* Before each attempt. */
void apply_rewind(ApplyTask *t);

/* Fills t->steps. */
void apply_steps(ApplyTask *t);

/* Writes how long ago list and refresh were, as of now, into the parameters of a statement that
 * ends the run; right before it is sent. */
void apply_set_ages(const ApplyTask *t, Params *p);
