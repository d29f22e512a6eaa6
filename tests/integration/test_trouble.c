/*
 * NOTIFY edgemirror_trouble: sent with the end of each run that failed, was held or unstable, and
 * of the first one that is well again.
 */
#include "base/uuid.h"
#include "integration/mirror_bench.h"
#include <errno.h>
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const BenchRow rows[] = {{1, "a", 0}, {2, "b", 0}, {3, "c", 0}};
static const BenchRow renamed[] = {{1, "a", 0}, {2, "b", 0}, {3, "d", 0}};

static PGconn *listen_for_trouble(const MirrorBench *b)
{
        char conninfo[256];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=report", b->pg.folder);
        PGconn *conn = PQconnectdb(conninfo);
        assert_int_equal(PQstatus(conn), CONNECTION_OK);
        PQclear(PQexec(conn, "LISTEN edgemirror_trouble"));
        return conn;
}

/* The next one is this: notifications come in the order of the commits, so none was sent before it.
 * code NULL: well again. */
static void assert_told(PGconn *conn, const Uuid *edge, int64_t run_id, const char *outcome,
                        const char *code)
{
        char expected[256], id[UUID_STRING_SIZE];
        PGnotify *notification = harness_notification(conn);
        (void)snprintf(expected, sizeof(expected),
                       "{\"edgeConnectionId\" : \"%s\", \"runId\" : %lld, \"outcome\" : \"%s\", "
                       "\"code\" : %s%s%s}",
                       uuid_format(edge, id), (long long)run_id, outcome, code ? "\"" : "",
                       code ? code : "null", code ? "\"" : "");
        assert_string_equal(notification->relname, "edgemirror_trouble");
        assert_string_equal(notification->extra, expected);
        PQfreemem(notification);
}

static void end_run(MirrorBench *b, SyncOutcome outcome, const Fault *fault)
{
        MirrorRun run = bench_claim(b, &bench_edge);
        MirrorEnding ending = {.outcome = outcome, .fault = fault};
        MirrorTask *task;
        assert_int_equal(mirror_finish(b->mirror, &run, &ending, mirror_bench_on_plain, b, &task),
                         0);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
}

static void end_unstable(MirrorBench *b)
{
        _cleanup_(cleanup_spool) Spool *spool = NULL;
        Fault fault;
        MirrorRun run = bench_claim(b, &bench_edge);
        MirrorEnding ending = {.outcome = OUTCOME_UNSTABLE, .fault = &fault};
        fault_set(&fault, FAULT_RUN, EAGAIN, CODE_LIST_UNSTABLE, "the list changes its order");
        assert_int_equal(spool_new(&spool), 0);
        bench_try_apply(b, &run, &(MirrorSnapshot){.rows = spool, .missing = MIRROR_MISSING_IGNORE},
                        &ending);
        assert_string_equal(b->fault.message, "");
}

static void each_run_in_trouble_is_announced_and_its_end_once(void **state)
{
        MirrorBench *b = *state;
        Fault fault;
        PGconn *conn = listen_for_trouble(b);
        fault_set(&fault, FAULT_RUN, EACCES, CODE_CATALOG_FORBIDDEN, "403");

        bench_apply(b, &bench_edge, rows, 2); /* well as before: nothing */
        end_run(b, OUTCOME_FAILED, &fault);
        assert_told(conn, &bench_edge, b->claim.run_id, "failed", "catalog-forbidden");
        end_run(b, OUTCOME_FAILED, NULL);
        assert_told(conn, &bench_edge, b->claim.run_id, "failed", "failed");
        end_run(b, OUTCOME_ABORTED, &fault); /* stopped: neither */
        bench_apply(b, &bench_edge, rows, 2);
        assert_told(conn, &bench_edge, b->claim.run_id, "synced", NULL);
        bench_apply(b, &bench_edge, rows, 2); /* nothing */
        end_run(b, OUTCOME_ABORTED, NULL);

        bench_apply(b, &bench_edge, rows, 1); /* a row is missing, and stays */
        assert_told(conn, &bench_edge, b->claim.run_id, "held", "held");
        end_run(b, OUTCOME_ABORTED, NULL);
        end_unstable(b);
        assert_told(conn, &bench_edge, b->claim.run_id, "unstable", "list-unstable");
        bench_apply(b, &bench_other_edge, NULL, 0); /* another one, which was well */
        bench_apply(b, &bench_edge, rows, 2);
        assert_told(conn, &bench_edge, b->claim.run_id, "synced", NULL);
        end_run(b, OUTCOME_FAILED, NULL);
        assert_told(conn, &bench_edge, b->claim.run_id, "failed", "failed");
        end_run(b, OUTCOME_ABORTED, NULL);
        bench_apply(b, &bench_edge, rows, 3); /* with a change, too */
        assert_told(conn, &bench_edge, b->claim.run_id, "synced", NULL);
        end_run(b, OUTCOME_ABORTED, NULL);
        bench_apply(b, &bench_edge, renamed, 3); /* nothing: it was well before it was stopped */
        end_run(b, OUTCOME_FAILED, NULL);
        assert_told(conn, &bench_edge, b->claim.run_id, "failed", "failed");
        PQfinish(conn);
}

/* What was not committed did not happen: the lease was lost, and the end is recorded by others. */
static void a_run_that_may_not_end_announces_nothing(void **state)
{
        MirrorBench *b = *state;
        MirrorEnding ending = {.outcome = OUTCOME_FAILED};
        MirrorTask *task;
        bench_apply(b, &bench_edge, rows, 2);
        PGconn *conn = listen_for_trouble(b);
        MirrorRun run = bench_claim(b, &bench_edge);
        free(harness_sql(&b->pg, "UPDATE edgemirror.edge_claim SET epoch = epoch + 1"));
        assert_int_equal(mirror_finish(b->mirror, &run, &ending, mirror_bench_on_plain, b, &task),
                         0);
        mirror_bench_wait(b);
        assert_int_equal(b->fault.code, CODE_RUN_OVER);
        free(harness_sql(&b->pg, "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = "
                                 "NULL"));
        end_run(b, OUTCOME_FAILED, NULL);
        assert_told(conn, &bench_edge, b->claim.run_id, "failed", "failed");
        PQfinish(conn);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_run_in_trouble_is_announced_and_its_end_once),
                cmocka_unit_test(a_run_that_may_not_end_announces_nothing),
        };
        return cmocka_run_group_tests_name("trouble", tests, mirror_bench_setup,
                                           mirror_bench_teardown);
}
