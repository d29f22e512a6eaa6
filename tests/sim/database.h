/*
 * database: the mirror in PostgreSQL, as the statements of sql/queries treat it. Each function here
 * is the query of the same name; what a query says about locks, epochs and timestamps is said here
 * again, in C, and nothing more.
 *
 * Statements travel: they are carried out later than they are sent and answered later still; either
 * may be lost, with the connection. A claim row that a transaction has locked makes others wait. A
 * restart ends all transactions that are open.
 */
#pragma once

#include "base/digest.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "sim/spool.h"

enum { RUNS_MAX = 512, STATEMENTS_MAX = 128, HISTORY_MAX = 1 << 15, NO_HOLDER = -1, NO_RUN = -1 };

typedef struct DbEdge { /* edge and edge_claim */
        int holder;
        uint64_t expires_at;
        int64_t epoch;
        uint64_t listed_at, refreshed_at; /* 0: never */
        int64_t row_count, failures;
        Digest digest; /* of what the mirror has; its words count */
        bool has_list_digest;
        Digest list_digest; /* of the list that the mirror is */
        uint32_t version;   /* of the row, as xmin tells versions apart */
        int64_t rejected;
        int locked_by; /* number of a transaction; 0: none */
} DbEdge;

typedef struct DbRun { /* sync_run; the index is the run_id, from 1 on */
        unsigned edge; /* EDGES_MAX: it was forgotten */
        int64_t epoch;
        bool resumed, refresh_wanted, cut_in_poll, cut_in_refresh;
        uint64_t job_from;    /* when the run began that asked for its job */
        uint64_t lost_from;   /* … that may have begun one that nobody noted; 0: none */
        unsigned clock_steps; /* how often the clock had been set back by then */
        SyncPhase phase;
        const char *outcome, *refresh; /* NULL: none */
        uint64_t finished_at;          /* 0: open */
        int job;                       /* -1: none */
        bool job_url;
        char job_state[JOB_WORD_BYTES];
        unsigned applies;
        uint32_t applied_as; /* how many applies of all edges there were before */
        MirrorApplied counts;
} DbRun;

typedef struct DbRow { /* database_connection */
        bool exists;   /* the row is there, perhaps as a tombstone */
        uint8_t edge;
        uint16_t name, database;
        uint64_t changed_at, removed_at; /* removed_at 0: present */
        uint64_t as_of;
        int64_t run_id;
        int32_t version; /* the last of its history */
        MirrorMissing
                /* why it stays although it is missing: HOLD, GUARD, FIND (unproven), REMOVE
                   (pending); IGNORE: it is not */
                missing;
        bool is_missing; /* missing_since; also where another edge has it now */
        unsigned proofs; /* missing_proofs */
        uint64_t proven_since;
} DbRow;

typedef struct DbVersion { /* database_connection_history */
        uint16_t row, name, database;
        uint8_t edge;
        uint64_t from, to; /* to 0: current */
        int32_t before;    /* of the same row; -1: none */
} DbVersion;

/* What is to be applied: the spools of the run, borrowed. */
typedef struct DbSnapshot {
        const Shown *rows;
        size_t n_rows;
        MirrorMissing missing;
        bool compare; /* whatever the digest says */
        Spool *found;
        const Verdict *verdicts;
        size_t n_verdicts;
        unsigned confirm_removals;
        uint64_t removal_delay_usec;
        bool to_the_end;
} DbSnapshot;

typedef enum DbStatementKind {
        DB_TAKE_DUE,
        DB_RELEASE,
        DB_CLAIM,
        DB_PROGRESS,
        DB_FINISH,
        DB_APPLY_UNCHANGED,
        DB_APPLY_COMPARE, /* opens a transaction: missing, difference */
        DB_APPLY_LOCK,    /* rows, remove and history, which nobody sees yet; then the claim row */
        DB_APPLY_COMMIT,  /* finish, COMMIT: what was written is seen */
        DB_READ_BACK,
} DbStatementKind;

typedef struct DbStatement DbStatement;
typedef void (*DbDone)(World *w, DbStatement *s, void *who);

typedef enum DbEnd { DB_DONE, DB_ROLLED_BACK, DB_FAILED, DB_UNKNOWN } DbEnd; /* as PgEnd */

struct DbStatement {
        /* the question */
        DbStatementKind kind;
        int instance; /* its index; its name is taken from there */
        unsigned edge;
        int64_t epoch, run_id;
        bool refresh_wanted;
        MirrorProgress progress;
        MirrorEnding ending;
        DbSnapshot snapshot;
        Digest digest;             /* of the snapshot */
        uint64_t job_max_age_usec; /* CLAIM */
        int transaction;           /* of APPLY_*; COMPARE gives it */
        struct Run *run;
        DbDone done;
        void *who;

        /* the answer */
        DbEnd end;
        const Fault *fault; /* NULL: none */
        int64_t count;      /* PROGRESS, FINISH; TAKE_DUE: the epoch, 0: nothing */
        MirrorClaim claim;
        MirrorApplied applied; /* COMPARE: found and present; UNCHANGED, COMMIT, READ_BACK */
        bool finished_by_us;   /* UNCHANGED, READ_BACK */

        /* private */
        enum { STATEMENT_FREE, STATEMENT_SENT, STATEMENT_WAITS, STATEMENT_ANSWERED } state;
        bool orphan, loses_answer, slow;
        uint32_t applies_seen; /* COMPARE: of all edges, so far */
        uint64_t sent_at;
        WorldTimer timer;
};

enum { TRANSACTIONS_MAX = 16 };
typedef struct DbDifference {
        uint16_t row, name, database;
        uint64_t asked_usec;
        uint64_t version; /* when the row that is there began, or was removed; 0: none */
} DbDifference;

typedef struct DbMissing {
        uint16_t row;
        uint64_t asked_usec; /* where it was asked for */
        enum {
                MISSING_UNKNOWN,
                MISSING_GONE,
                MISSING_PENDING,
                MISSING_MOVED,
                MISSING_LISTED
        } verdict;
} DbMissing;

typedef struct DbTransaction {
        int number; /* 0: not open */
        unsigned edge;
        bool locks; /* the claim row */
        uint64_t moment;
        uint32_t applies_seen;
        int64_t listed, rejected; /* distinct rows of the spool */
        int64_t present;          /* rows of the edge, when it was compared */
        uint32_t version;         /* … and the edge's then */
        size_t n_difference, n_missing;
        int64_t elsewhere; /* rows of the list that are another edge's by now */
        DbDifference difference[ROWS_MAX];
        DbMissing missing[ROWS_MAX];
} DbTransaction;

typedef struct Database {
        uint64_t down_until;
        int64_t clock_offset; /* microseconds that its clock is ahead; may step */
        unsigned clock_steps;
        DbEdge edges[EDGES_MAX];
        size_t n_runs; /* the first is not used */
        DbRun runs[RUNS_MAX];
        DbRow rows[ROWS_MAX];
        bool touched[ROWS_MAX]; /* by the apply that is being carried out */
        uint32_t n_applies;
        size_t n_history;
        DbVersion history[HISTORY_MAX];
        int n_transactions;
        DbTransaction transactions[TRANSACTIONS_MAX];
        DbStatement statements[STATEMENTS_MAX];

        /* scratch: what the spool says of each row, when the stamp is the present one */
        uint32_t stamp;
        struct {
                uint32_t stamp;
                uint32_t index;
        } last[ROWS_MAX];
        uint32_t last_anonymous[ROWS_MAX]; /* stamp */
} Database;

void database_init(World *w);
uint64_t database_now(const World *w);
/* Of a moment of the simulation: its clock, less the time that has passed since. */
uint64_t database_time_of(const World *w, int64_t usec);

/* Sends a statement: copied; its snapshot is borrowed until the answer. */
DbStatement *database_send(World *w, const DbStatement *statement);
/* Nobody waits any more; its connection is closed, which ends its transaction unless COMMIT was
 * sent. NULL is fine; returns NULL. */
DbStatement *database_cancel(World *w, DbStatement *statement);
/* The same between two statements of a transaction; 0 is fine. */
void database_abandon(World *w, int transaction);

/* The same when the server hears of it after so long. */
void database_lose(World *w, int transaction, uint64_t delay_usec);

const Fault *database_fault_unreachable(void);
void database_restart(World *w);
/* Computed from the rows of the edge, as they are. */
Digest database_digest_of(const World *w, unsigned edge);
/* retire --forget, which leaves an edge alone that is being synced; then the edge is made anew. */
void database_forget(World *w, unsigned edge);
