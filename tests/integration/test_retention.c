/*
 * Retention: what is pruned, what never is, and that the reports stay true about all that they
 * still answer.
 */
#include "base/duration.h"
#include "integration/mirror_bench.h"
#include "mirror/prune.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 1000 };
#define KEEP (30 * USEC_PER_DAY)

/*
 * Days ago:  100   90   70   60   50   20   10   now
 *   1         a--------------------b----c---------->
 *   2         x--------------x                          removed 60 days ago: stays as it is
 *   3              y----y                   y------>    removed 70 days ago, back 10 days ago
 *   4         z------------------------------------>
 * As SQL sees it, `m` is the moment from which the days are counted; it is kept in the table of the
 * test.
 */
static int old_history(void **state)
{
        MirrorBench *b = *state;
        free(harness_sql(
                &b->pg,
                "TRUNCATE edgemirror.database_connection, edgemirror.database_connection_past, "
                "edgemirror.history_horizon,"
                "         edgemirror.sync_run;"
                "DROP TABLE IF EXISTS public.day;"
                "CREATE TABLE public.day AS SELECT d AS ago, now() - d * interval '1 day' AS at "
                "FROM generate_series(0, 110) d;"
                "CREATE OR REPLACE FUNCTION public.id(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS"
                "  $$ SELECT lpad(n::text, 32, '0')::uuid $$;"
                "DROP TABLE IF EXISTS public.version;"
                "CREATE TABLE public.version AS"
                " SELECT public.id(n) AS id, md5('edge')::uuid AS edge, name, f.at AS began, t.at "
                "AS ended, min(f.at) OVER (PARTITION BY n) AS first,"
                "        lag(t.at) OVER w AS before_ended, lead(f.at) OVER w AS next_began"
                "   FROM (VALUES (1, 'a', 100, 50), (1, 'b', 50, 20), (1, 'c', 20, NULL), (2, 'x', "
                "100, 60), (3, 'y', 90, 70),"
                "                (3, 'y', 10, NULL), (4, 'z', 100, NULL)) v (n, name, came, went)"
                "   JOIN public.day f ON f.ago = came LEFT JOIN public.day t ON t.ago = went"
                " WINDOW w AS (PARTITION BY n ORDER BY f.at);"
                "INSERT INTO edgemirror.database_connection_past"
                " SELECT id, edge, name, NULL, began, ended, 1, before_ended, CASE WHEN next_began "
                "> ended "
                "THEN 'removed' END"
                "   FROM public.version WHERE next_began IS NOT NULL;"
                "INSERT INTO edgemirror.database_connection"
                " SELECT id, edge, name, NULL, first, began, NULL, ended, CASE WHEN ended IS NOT "
                "NULL "
                "THEN 'removed' END, 1, before_ended"
                "   FROM public.version WHERE next_began IS NULL;"
                "UPDATE edgemirror.database_connection_past SET began_as = CASE WHEN "
                "previous_ended_at < valid_from THEN 'restored' ELSE 'changed' END"
                " WHERE previous_ended_at IS NOT NULL;"
                "UPDATE edgemirror.database_connection SET began_as = CASE WHEN previous_ended_at "
                "< changed_at THEN 'restored' ELSE 'changed' END"
                " WHERE previous_ended_at IS NOT NULL;"
                "UPDATE edgemirror.edge SET first_listed_at = (SELECT at FROM public.day WHERE ago "
                "= 110) WHERE name = 'one'"));
        return 0;
}

/* What as_of and change say about every day of which the history is complete, but for what a row
 * that came back was before; the argument: as of how many days ago. */
#define REPORTS(days)                                                                              \
        "SELECT ago || ' ' || coalesce(string_agg(a.name, ',' ORDER BY a.id), '') FROM "           \
        "public.day, edgemirror.as_of(at) a"                                                       \
        " WHERE ago <= " days " GROUP BY ago"                                                      \
        " UNION ALL SELECT concat_ws(' ', ago, kind, CASE WHEN kind <> 'restored' THEN "           \
        "name_before END, name_after) FROM edgemirror.change"                                      \
        " JOIN public.day ON at = happened_at WHERE ago < " days " ORDER BY 1"

static void what_ended_long_ago_goes_and_the_rest_stays_true(void **state)
{
        MirrorBench *b = *state;
        char *before = bench_column(b, REPORTS("50"));
        bench_prune(b, KEEP, KEEP, BATCH);
        assert_int_equal(b->pruned.versions, 2);
        assert_false(b->pruned.more);
        assert_sql(
                b,
                "SELECT name FROM edgemirror.database_connection_history ORDER BY id, valid_from",
                "b|c|x|y|z");
        assert_sql(b, "SELECT ago FROM public.day JOIN edgemirror.history_horizon ON since = at",
                   "50");
        assert_sql(b, REPORTS("50"), before);
        assert_non_null(strstr(before, "10 restored y"));
        assert_non_null(strstr(before, "20 changed b c"));
        free(before);
}

static void change_ends_at_the_horizon_and_as_of_refuses_to_guess(void **state)
{
        MirrorBench *b = *state;
        bench_prune(b, KEEP, KEEP, BATCH);
        assert_sql(b,
                   "SELECT ago || kind FROM edgemirror.change JOIN public.day ON at = happened_at "
                   "ORDER BY ago",
                   "10restored|20changed");
        PGconn *conn = PQconnectdb(b->pg.conninfo);
        PGresult *result = PQexec(
                conn, "SELECT * FROM edgemirror.as_of((SELECT at FROM public.day WHERE ago = 51))");
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "22023");
        assert_non_null(
                strstr(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), "has been pruned"));
        PQclear(result);
        PQfinish(conn);
}

/* Between two batches the reports are true as well: each batch moves the horizon with what it
 * deletes. */
static void batches_are_small_and_each_leaves_the_reports_true(void **state)
{
        MirrorBench *b = *state;
        static const char *const horizons[] = {"70", "50"};
        for (size_t i = 0; i < 2; i++) {
                char *before = bench_column(b, REPORTS("50"));
                bench_prune(b, KEEP, KEEP, 1);
                assert_int_equal(b->pruned.versions, 1);
                assert_true(b->pruned.more);
                assert_sql(
                        b,
                        "SELECT ago FROM public.day JOIN edgemirror.history_horizon ON since = at",
                        horizons[i]);
                assert_sql(b, REPORTS("50"), before);
                free(before);
        }
        bench_prune(b, KEEP, KEEP, 1);
        assert_int_equal(b->pruned.versions, 0);
        assert_false(b->pruned.more);
}

static void nothing_old_means_nothing_written(void **state)
{
        MirrorBench *b = *state;
        bench_prune(b, 80 * USEC_PER_DAY, USEC_FOREVER, BATCH);
        assert_int_equal(b->pruned.versions, 0);
        assert_sql(b, "SELECT count(*) FROM edgemirror.history_horizon", "0");

        bench_prune(b, 30 * USEC_PER_DAY, USEC_FOREVER, BATCH);
        char *written =
                bench_column(b, "SELECT xmin || ' ' || ctid FROM edgemirror.history_horizon");
        bench_prune(b, 30 * USEC_PER_DAY, USEC_FOREVER, BATCH);
        assert_sql(b, "SELECT xmin || ' ' || ctid FROM edgemirror.history_horizon", written);
        free(written);
}

static void forever_keeps_everything(void **state)
{
        MirrorBench *b = *state;
        free(harness_sql(&b->pg, "INSERT INTO edgemirror.sync_run (edge_connection_id, instance, "
                                 "epoch, trigger, phase, outcome,"
                                 "  started_at, finished_at)"
                                 " SELECT md5('edge')::uuid, 'x', 1, 'manual', 'done', 'synced', "
                                 "'2001-01-01', '2001-01-01'"
                                 "   FROM generate_series(1, 5)"));
        bench_prune(b, USEC_FOREVER, USEC_FOREVER, BATCH);
        assert_int_equal(b->pruned.versions + b->pruned.runs, 0);
        assert_sql(b, "SELECT count(*) FROM edgemirror.database_connection_history", "7");
        assert_sql(b, "SELECT count(*) FROM edgemirror.sync_run", "5");
}

/* Who keeps history for ever needs no privilege to prune it, and runs are pruned all the same. */
static void a_history_that_is_kept_forever_is_not_touched(void **state)
{
        MirrorBench *b = *state;
        free(harness_sql(&b->pg, "INSERT INTO edgemirror.sync_run (edge_connection_id, instance, "
                                 "epoch, trigger, phase, outcome,"
                                 "  started_at, finished_at)"
                                 " SELECT md5('edge')::uuid, 'x', 1, 'manual', 'done', 'synced', "
                                 "'2001-01-01', '2001-01-01'"
                                 "   FROM generate_series(1, 5); ALTER TABLE "
                                 "edgemirror.history_horizon OWNER TO postgres"));
        bench_prune(b, USEC_FOREVER, KEEP, BATCH);
        free(harness_sql(&b->pg, "ALTER TABLE edgemirror.history_horizon OWNER TO em"));
        assert_int_equal(b->pruned.runs, 4);
        assert_int_equal(b->pruned.versions, 0);
}

static void the_horizon_never_moves_back(void **state)
{
        MirrorBench *b = *state;
        free(harness_sql(&b->pg, "INSERT INTO edgemirror.history_horizon (since) SELECT at FROM "
                                 "public.day WHERE ago = 40"));
        bench_prune(b, 65 * USEC_PER_DAY, KEEP, BATCH);
        assert_int_equal(b->pruned.versions, 1);
        assert_sql(b, "SELECT ago FROM public.day JOIN edgemirror.history_horizon ON since = at",
                   "40");
}

/* ---- runs ----------------------------------------------------------------------------------- */

static void run_at(MirrorBench *b, const char *edge, int ago, const char *outcome, const char *name)
{
        char sql[600];
        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO edgemirror.sync_run (edge_connection_id, instance, epoch, "
                       "trigger, phase, outcome, started_at,"
                       " finished_at) SELECT md5('%s')::uuid, '%s', 1, 'manual', 'done', %s, at, "
                       "CASE WHEN %s IS NOT NULL THEN at END"
                       " FROM public.day WHERE ago = %d",
                       edge, name, outcome, outcome, ago);
        free(harness_sql(&b->pg, sql));
}

static void old_runs_go_but_never_the_last_of_an_edge_nor_an_open_one(void **state)
{
        MirrorBench *b = *state;
        run_at(b, "busy", 100, "'synced'", "old");
        run_at(b, "busy", 90, "NULL", "left open");
        run_at(b, "busy", 31, "'failed'", "old too");
        run_at(b, "busy", 29, "'synced'", "young");
        run_at(b, "idle", 100, "'synced'", "old");
        run_at(b, "idle", 99, "'failed'", "newest of idle");
        run_at(b, "running", 100, "'synced'", "old");
        run_at(b, "running", 80, "'synced'", "last of running");
        run_at(b, "running", 0, "NULL", "now");
        free(harness_sql(&b->pg, "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, "
                                 "timezone, last_run_id)"
                                 " SELECT edge_connection_id, instance, 'hourly', 'UTC', run_id "
                                 "FROM edgemirror.sync_run"
                                 "  WHERE instance = 'last of running'"));
        bench_prune(b, USEC_FOREVER, KEEP, 3);
        assert_int_equal(b->pruned.runs, 3);
        assert_true(b->pruned.more);
        bench_prune(b, USEC_FOREVER, KEEP, 3);
        assert_int_equal(b->pruned.runs, 1);
        assert_false(b->pruned.more);
        assert_sql(b, "SELECT instance FROM edgemirror.sync_run ORDER BY instance",
                   "last of running|left open|newest of idle|now|young");
}

/* What people were told last is told again, or taken back, by it. */
static void the_last_run_of_a_service_stays_behind_those_by_hand(void **state)
{
        MirrorBench *b = *state;
        run_at(b, "busy", 100, "'synced'", "old");
        run_at(b, "busy", 90, "'failed'", "told");
        run_at(b, "busy", 80, "'aborted'", "stopped");
        run_at(b, "busy", 70, "'synced'", "old by hand");
        run_at(b, "busy", 60, "'synced'", "last by hand");
        run_at(b, "busy", 50, "'aborted'", "stopped too");
        run_at(b, "busy", 40, "'aborted'", "stopped last");
        free(harness_sql(
                &b->pg,
                "WITH r AS (SELECT * FROM edgemirror.sync_run) INSERT INTO "
                "edgemirror.edge (edge_connection_id, name, schedule, timezone, "
                "last_run_id, completed_run_id, service_run_id) SELECT l.edge_connection_id, "
                "'busy', 'hourly', 'UTC', l.run_id, c.run_id, s.run_id FROM r l, r c, r s "
                "WHERE l.instance = 'stopped last' AND c.instance = 'last by hand' AND "
                "s.instance = 'told'"));
        bench_prune(b, USEC_FOREVER, KEEP, BATCH);
        assert_sql(b, "SELECT instance FROM edgemirror.sync_run ORDER BY instance",
                   "last by hand|stopped last|told");
}

/* Rows that somebody else holds are left for the next time: pruning never stands in a queue. */
static void pruning_waits_for_nobody(void **state)
{
        MirrorBench *b = *state;
        run_at(b, "busy", 100, "'synced'", "held");
        run_at(b, "busy", 90, "'synced'", "free");
        run_at(b, "busy", 1, "'synced'", "young");
        PGconn *conn = PQconnectdb(b->pg.conninfo);
        /* a test that fails holds nobody up */
        PQclear(PQexec(conn, "SET idle_in_transaction_session_timeout = '10s'"));
        PQclear(PQexec(conn, "BEGIN"));
        PQclear(PQexec(
                conn,
                "SELECT FROM edgemirror.database_connection_past WHERE name = 'y' FOR UPDATE"));
        PQclear(PQexec(conn, "SELECT FROM edgemirror.sync_run WHERE instance = 'held' FOR UPDATE"));
        PQclear(PQexec(conn, "SELECT FROM edgemirror.edge_claim FOR UPDATE"));
        bench_prune(b, KEEP, KEEP, BATCH);
        assert_int_equal(b->pruned.versions, 1);
        assert_int_equal(b->pruned.runs, 1);
        PQfinish(conn);
        assert_sql(b, "SELECT instance FROM edgemirror.sync_run ORDER BY 1", "held|young");
        /* A version that was left behind is behind the horizon all the same. */
        assert_sql(b,
                   "SELECT ago || kind FROM edgemirror.change JOIN public.day ON at = happened_at "
                   "ORDER BY ago",
                   "10restored|20changed");
}

static void an_empty_batch_is_refused(void **state)
{
        MirrorBench *b = *state;
        MirrorTask *task;
        assert_int_equal(mirror_prune(b->mirror, &(MirrorRetention){0}, 0, NULL, NULL, &task),
                         -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(what_ended_long_ago_goes_and_the_rest_stays_true,
                                       old_history),
                cmocka_unit_test_setup(change_ends_at_the_horizon_and_as_of_refuses_to_guess,
                                       old_history),
                cmocka_unit_test_setup(batches_are_small_and_each_leaves_the_reports_true,
                                       old_history),
                cmocka_unit_test_setup(nothing_old_means_nothing_written, old_history),
                cmocka_unit_test_setup(forever_keeps_everything, old_history),
                cmocka_unit_test_setup(a_history_that_is_kept_forever_is_not_touched, old_history),
                cmocka_unit_test_setup(the_horizon_never_moves_back, old_history),
                cmocka_unit_test_setup(old_runs_go_but_never_the_last_of_an_edge_nor_an_open_one,
                                       old_history),
                cmocka_unit_test_setup(the_last_run_of_a_service_stays_behind_those_by_hand,
                                       old_history),
                cmocka_unit_test_setup(pruning_waits_for_nobody, old_history),
                cmocka_unit_test_setup(an_empty_batch_is_refused, old_history),
        };
        return cmocka_run_group_tests_name("retention", tests, mirror_bench_setup,
                                           mirror_bench_teardown);
}
