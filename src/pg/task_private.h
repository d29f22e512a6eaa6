/*
 * task: a piece of work, and where it stands on its connection.
 */
#pragma once

#include "pg/connection_private.h"
#include "pg/pg.h"

/* What the next answer is of. */
typedef enum WorkStage {
        WORK_BEGIN,
        WORK_SETTINGS,
        WORK_STEP,
        WORK_COPY,
        WORK_COMMIT,
        WORK_ROLLBACK,
        WORK_STAGES,
} WorkStage;

/* Where a piece of work on a connection stands. A flight is what crosses in one go, up to where a
 * decision is needed; its answers come in the same order. */
typedef struct Progress {
        WorkStage stage;
        size_t step;   /* of the next answer; between two flights: the next one to be sent */
        uint64_t sent; /* which steps are in this flight, a bit each */
        size_t last;   /* of them */
        bool begun;    /* BEGIN has been sent */
        bool pipelined;
        /* COMMIT is in the flight, or on its way there: it may have been sent */
        bool commits;
        bool answered; /* something has come back of this flight */
        /* of any flight: handlers may have run, and a source have given its data */
        bool answered_once;
        /* the server has refused something in this flight: what followed it was not carried out */
        bool failed;
        bool committed;  /* the server has answered COMMIT */
        bool asked_back; /* a handler requested the rollback */
        bool lost;       /* with its connection */
        /* of each stage: the next answer is that this is prepared; NULL: that of the statement */
        PgPrepared *preparing[WORK_STAGES];
        bool unprepared; /* the session has changed: it begins again, with nothing prepared */
        PgNext next;     /* what the last handler decided */
        /* for the rest of the flight, once the server has answered at all */
        uint64_t limit_usec;
        bool copy_sourced; /* the source has ended */
        const char *chunk; /* what the source gave and libpq has not taken yet */
        size_t chunk_size;
} Progress;

/* Where a task is. */
typedef enum PgTaskPlace {
        PG_TASK_WAITING, /* for a connection; in the pool's list */
        PG_TASK_WORKING, /* on one */
        PG_TASK_ENDED,   /* in the pool's list, until its callback runs */
        PG_TASK_NOTIFIED,
} PgTaskPlace;

struct PgTask {
        PgPool *pool;
        PgTaskPlace place;
        TAILQ_ENTRY(PgTask) entry; /* of the list of its place */
        PgWork work;
        PgCallback callback;
        void *userdata;
        PgConnection *connection; /* NULL: not working */
        /* the pool's: it is done, and no connection has it any more */
        void (*on_end)(PgTask *task, PgEnd end);
        Progress at;
        Fault fault;
        PgEnd end;
};
