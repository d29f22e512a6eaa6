/*
 * mirror_bench: a private PostgreSQL with a mirror in it, driven through mirror.h as a sync drives
 * it.
 *
 * Rows are numbers: the same number is the same database connection, on whichever edge. Every
 * function fails the test (cmocka) rather than return an error.
 */
#pragma once

#include "harness/postgres.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "mirror/migrate.h"
#include "mirror/prune.h"
#include "mirror/spool.h"
#include "pg/pg.h"

typedef struct MirrorBench {
        HarnessPostgres pg;
        sd_event *event;
        PgPool *pool;
        Mirror *mirror;
        bool done;
        Fault fault; /* of the last call */
        bool is_ours;
        MirrorClaim claim;
        MirrorApplied applied;
        MirrorPruned pruned;
        MigrateReport migrated;
        char notes[1024];   /* of that */
        char checked[4096]; /* what bench_try_check found, a line each */
} MirrorBench;

extern const Uuid bench_edge, bench_other_edge; /* registered as "one" and "two" */

void bench_connect(MirrorBench *b);    /* a pool and a mirror on a server that runs */
void bench_disconnect(MirrorBench *b); /* fine when it is not connected */

/* Statements as the role of the service, which owns the schema; and by them the database of the
 * released version, with rows of every kind (tests/upgrade). For both a server that runs is enough.
 */
void bench_sql(const MirrorBench *b, const char *sql);
void bench_restore_fixture(const MirrorBench *b);

void bench_migrate(MirrorBench *b);
void bench_try_migrate(MirrorBench *b); /* the fault is in the bench */
void bench_try_check(MirrorBench *b);
void bench_register(MirrorBench *b);
void bench_try_register(MirrorBench *b); /* the fault is in the bench */

/* All of it, with the role edgemirror_reader, and a login `report` that is a member of it. */
void mirror_bench_start(MirrorBench *b);
void bench_stop(MirrorBench *b);

/* The same as setup and teardown of a group of tests whose state is the bench. */
int mirror_bench_setup(void **state);
int mirror_bench_teardown(void **state);

MirrorRun bench_claim(MirrorBench *b, const Uuid *edge); /* by hand */
MirrorRun bench_claim_as(MirrorBench *b, const MirrorClaimRequest *request);
MirrorRun bench_try_claim(MirrorBench *b, const Uuid *edge); /* the edge may be busy */

/* One row: `database` 0 is none. */
typedef struct BenchRow {
        int number;
        const char *name;
        int database;
} BenchRow;

/* A sync that listed these rows, from the claim to the commit. */
void bench_apply(MirrorBench *b, const Uuid *edge, const BenchRow *rows, size_t n_rows);
void bench_apply_spool(MirrorBench *b, const Uuid *edge, Spool *spool);

/* Its second half, for a run that has claimed; the fault is in the bench. ending NULL: of a list
 * that was read whole after a clean refresh. bench_apply_begin does not wait for the end. */
void bench_try_apply(MirrorBench *b, const MirrorRun *run, const MirrorSnapshot *snapshot,
                     const MirrorEnding *ending);
void bench_apply_begin(MirrorBench *b, const MirrorRun *run, const MirrorSnapshot *snapshot,
                       const MirrorEnding *ending);

/* The same; the rows of these numbers, gone_to not among them, are proven gone. */
void bench_apply_removing(MirrorBench *b, const Uuid *edge, const BenchRow *rows, size_t n_rows,
                          int gone_from, int gone_to);
void bench_spool_add(Spool *spool, const BenchRow *row);

/* A run that ends like this before it applied anything; a whole one by hand that has failed. */
void bench_end(MirrorBench *b, const MirrorRun *run, SyncOutcome outcome);
void bench_fail(MirrorBench *b, const Uuid *edge);

/* For what has no function here: the callback of a call whose userdata is the bench, and the wait
 * for it. */
void mirror_bench_on_plain(const Fault *fault, void *userdata);
void mirror_bench_on_registered(bool is_ours, const Fault *fault, void *userdata);
void mirror_bench_wait(MirrorBench *b);

/* What the catalog proved gone: ends the row as a removal does. */
void bench_remove(MirrorBench *b, int number);

/* The UUID of a row's number; as text. */
Uuid bench_number_id(int number);
const char *bench_id(int number, char out[UUID_STRING_SIZE]);

void bench_prune(MirrorBench *b, uint64_t history_keep_usec, uint64_t run_keep_usec,
                 unsigned batch);

/* The first column of all rows of the last statement, joined by "|"; as superuser. */
char *bench_column(const MirrorBench *b, const char *sql);
#define assert_sql(b, sql, expected)                                                               \
        do {                                                                                       \
                char *assert_sql_got_ = bench_column((b), sql);                                    \
                assert_string_equal(assert_sql_got_, expected);                                    \
                free(assert_sql_got_);                                                             \
        } while (0)
