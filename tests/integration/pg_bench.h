/*
 * pg_bench: a loop, a pool and a piece of work, for the tests of src/pg.
 *
 * Every function fails the test rather than return an error. Waiting is for an event of the loop,
 * bounded by a minute.
 */
#pragma once

#include "base/duration.h"
#include "harness/postgres.h"
#include "pg/pg.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Bench {
        HarnessPostgres pg;
        sd_event *event;
        PgPool *pool;
} Bench;

/* What came of a piece of work, and what its handlers saw. */
typedef struct Call {
        Bench *bench;
        PgTask *task;
        int n_calls; /* of the callback */
        PgEnd end;
        Fault fault;
        int n_results;
        char value[256]; /* first column of the first row of the last result; "(null)" */
        long backend_pid;
} Call;

#define STEP(text)                                                                                 \
        {                                                                                          \
                .sql = (text), .on_result = bench_on_result                                        \
        }
#define BENCH_TIMEOUT_USEC (20 * USEC_PER_SEC)
#define WORK_OF(array)                                                                             \
        {                                                                                          \
                .steps = (array), .n_steps = ARRAY_SIZE(array), .transaction = true                \
        }
#define SINGLE_OF(one_step)                                                                        \
        {                                                                                          \
                .steps = &(one_step), .n_steps = 1                                                 \
        }

PgPoolOptions bench_options(const char *conninfo);
void bench_open_pool(Bench *b, const PgPoolOptions *options); /* closes the one that is there */

/* fills value, goes on */
PgNext bench_on_result(const PGresult *result, void *userdata, Fault *ret_fault);
/* fills backend_pid, goes on */
PgNext bench_on_pid(const PGresult *result, void *userdata, Fault *ret_fault);

/* checks that nothing is delivered before it returns */
void bench_start(Bench *b, Call *call, const PgWork *work);
void bench_wait(Call *call);
void bench_run(Bench *b, Call *call, const PgWork *work); /* both */
void bench_query(Bench *b, Call *call, const char *sql);  /* one statement alone */
void bench_settle(Bench *b);                              /* runs the loop until nothing is ready */

/* Runs the loop until the server answers `sql` with `value`. */
void bench_wait_for_sql(Bench *b, const char *sql, const char *value);

void bench_assert_done(const Call *call);
void bench_assert_fault(const Call *call, PgEnd end, const char *code, const char *sqlstate,
                        bool retryable);

/* a server, a loop, a pool of the service's role; table t(id int primary key, name text) */
int bench_setup(void **state);
int bench_teardown(void **state);
/* before each test: a fresh pool of two connections, an empty table */
int bench_renew(void **state);
