/*
 * edgemirror.request_sync: who may ask for a sync, what is refused, and that what is asked for is
 * begun once a minute at most, whatever those who ask do.
 */
#include "integration/mirror_bench.h"
#include "mirror/queue.h"
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define ASK "SELECT edgemirror.request_sync('one')"

/* The roles are there before the schema is shared: with migrate they get what they need. */
static int setup(void **state)
{
        int r = mirror_bench_setup(state);
        MirrorBench *b = *state;
        free(harness_sql(&b->pg, "CREATE ROLE edgemirror_operator NOLOGIN;"
                                 "CREATE ROLE asker LOGIN IN ROLE edgemirror_operator;"
                                 "CREATE ROLE somebody LOGIN"));
        bench_migrate(b);
        return r;
}

/* No request, both edges due in an hour, nobody holds them. */
static int begin(void **state)
{
        MirrorBench *b = *state;
        free(harness_sql(&b->pg,
                         "DELETE FROM edgemirror.sync_request;"
                         "UPDATE edgemirror.edge SET enabled = true;"
                         "UPDATE edgemirror.edge_claim SET next_run_at = now() + interval '1 hour',"
                         " holder = NULL, expires_at = NULL, request_taken_at = NULL"));
        return 0;
}

static PGconn *sign_in(const MirrorBench *b, const char *role)
{
        char conninfo[256];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=%s", b->pg.folder,
                       role);
        PGconn *conn = PQconnectdb(conninfo);
        assert_int_equal(PQstatus(conn), CONNECTION_OK);
        return conn;
}

/* sqlstate NULL: works; words: of the error and its hint. */
static void assert_sql_ends(PGconn *conn, const char *sql, const char *sqlstate, const char *words)
{
        PGresult *result = PQexec(conn, sql);
        const char *got = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        if (sqlstate)
                assert_string_equal(got ? got : sql, sqlstate);
        else if (got)
                fail_msg("%s: %s", sql, PQresultErrorMessage(result));
        if (words && !strstr(PQresultErrorMessage(result), words))
                fail_msg("not \"%s\": %s", words, PQresultErrorMessage(result));
        PQclear(result);
}

static void assert_role_sql_ends(const MirrorBench *b, const char *role, const char *sql,
                                 const char *sqlstate, const char *words)
{
        PGconn *conn = sign_in(b, role);
        assert_sql_ends(conn, sql, sqlstate, words);
        PQfinish(conn);
}

typedef struct Taken {
        MirrorBench *bench;
        size_t n;
        int64_t until_next_usec; /* INT64_MAX: never */
        MirrorDue last;
} Taken;

static void on_due(const MirrorDueAnswer *answer, const Fault *fault, void *userdata)
{
        Taken *taken = userdata;
        if (fault->scope == FAULT_NONE) {
                taken->n = answer->n_taken;
                taken->until_next_usec = answer->next_usec == INT64_MAX
                                                 ? INT64_MAX
                                                 : answer->next_usec - answer->now_usec;
                if (answer->n_taken > 0)
                        taken->last = answer->taken[0];
        }
        mirror_bench_on_plain(fault, taken->bench);
}

/* As the service does every few seconds. */
static Taken take_due(MirrorBench *b, unsigned limit)
{
        Taken taken = {.bench = b};
        MirrorTask *task;
        assert_int_equal(mirror_take_due(b->mirror, limit, NULL, 0, on_due, &taken, &task), 0);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
        return taken;
}

static void release(MirrorBench *b, const MirrorDue *due)
{
        MirrorTask *task;
        assert_int_equal(mirror_release(b->mirror, &due->edge, due->epoch, INT64_MAX / 4,
                                        mirror_bench_on_plain, b, &task),
                         0);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
}

static void a_minute_passes(const MirrorBench *b)
{
        free(harness_sql(&b->pg, "UPDATE edgemirror.edge_claim SET request_taken_at = "
                                 "request_taken_at - interval '61 seconds';"
                                 "UPDATE edgemirror.sync_request SET requested_at = requested_at - "
                                 "interval '61 seconds'"));
}

static void who_is_no_operator_may_not_ask(void **state)
{
        MirrorBench *b = *state;
        assert_role_sql_ends(b, "report", ASK, "42501", "request_sync");
        assert_role_sql_ends(b, "somebody", ASK, "42501", NULL);
        assert_role_sql_ends(b, "asker", ASK, NULL, NULL);
        assert_sql(b, "SELECT requested_by FROM edgemirror.sync_request", "asker");
}

static void an_operator_may_ask_and_nothing_else(void **state)
{
        MirrorBench *b = *state;
        assert_sql(b,
                   "SELECT c.relname || ' ' || w.what FROM pg_class c,"
                   " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) w (what)"
                   " WHERE c.relnamespace = 'edgemirror'::regnamespace AND c.relkind IN ('r', 'v')"
                   "   AND has_table_privilege('asker', c.oid, w.what)",
                   "");
        assert_sql(b,
                   "SELECT rolname FROM pg_roles WHERE rolname = 'edgemirror_operator' AND"
                   " (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication "
                   "OR rolbypassrls)",
                   "");
        assert_role_sql_ends(b, "asker",
                             "INSERT INTO edgemirror.sync_request SELECT gen_random_uuid(), now(), "
                             "'me'",
                             "42501", NULL);
        assert_role_sql_ends(b, "asker", "UPDATE edgemirror.edge_claim SET next_run_at = now()",
                             "42501", NULL);
        assert_role_sql_ends(b, "asker", "CREATE TABLE edgemirror.mine (x int)", "42501", NULL);
}

static void what_cannot_be_synced_is_refused_by_name(void **state)
{
        MirrorBench *b = *state;
        PGconn *conn = sign_in(b, "asker");
        assert_sql_ends(conn, "SELECT edgemirror.request_sync('three')", "42704",
                        "there is no edge named 'three'");
        assert_sql_ends(conn, "SELECT edgemirror.request_sync(NULL)", "42704",
                        "there is no edge named NULL");
        free(harness_sql(&b->pg, "UPDATE edgemirror.edge SET enabled = false WHERE name = 'two'"));
        assert_sql_ends(conn, "SELECT edgemirror.request_sync('two')", "55000",
                        "edge 'two' is disabled");
        free(harness_sql(&b->pg, "UPDATE edgemirror.edge_claim SET next_run_at = NULL"));
        assert_sql_ends(conn, ASK, "55000", "edge 'one' is not scheduled");
        assert_sql(b, "SELECT count(*)::text FROM edgemirror.sync_request", "0");
        PQfinish(conn);
}

/* P1: Neither what comes first on his search path nor his temporary tables. */
static void nothing_of_the_caller_runs_with_the_rights_of_the_owner(void **state)
{
        MirrorBench *b = *state;
        PGconn *conn = sign_in(b, "asker");
        free(harness_sql(&b->pg, "CREATE SCHEMA trap AUTHORIZATION asker"));
        assert_sql_ends(
                conn,
                "CREATE FUNCTION trap.raise() RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE "
                "EXCEPTION ''run as %'', current_user; END';"
                "CREATE FUNCTION trap.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                "'SELECT trap.raise(); SELECT now()';"
                "CREATE FUNCTION trap.quote_literal(text) RETURNS text LANGUAGE sql AS 'SELECT "
                "trap.raise(); SELECT $1';"
                "CREATE FUNCTION trap.quote_nullable(text) RETURNS text LANGUAGE sql AS 'SELECT "
                "trap.raise(); SELECT $1';"
                "CREATE FUNCTION trap.minus(timestamptz, interval) RETURNS timestamptz LANGUAGE "
                "sql AS 'SELECT trap.raise(); SELECT $1';"
                "CREATE OPERATOR trap.- (LEFTARG = timestamptz, RIGHTARG = interval, FUNCTION = "
                "trap.minus);"
                "CREATE FUNCTION trap.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT "
                "trap.raise(); SELECT true';"
                "CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.same);"
                "CREATE TEMP TABLE edge (edge_connection_id uuid, name text, enabled boolean);"
                "CREATE TEMP TABLE sync_request (x int);"
                /* or nothing in it would be found with the rights of another */
                "GRANT USAGE ON SCHEMA trap TO PUBLIC;"
                "SET search_path = pg_temp, trap, pg_catalog",
                NULL, NULL);
        assert_sql_ends(conn, ASK, NULL, NULL);
        assert_sql_ends(conn, ASK, "53400", NULL);
        assert_sql_ends(conn, "SELECT edgemirror.request_sync('x')", "42704", NULL);
        PQfinish(conn);
        assert_sql(b, "SELECT count(*)::text FROM edgemirror.sync_request", "1");
        free(harness_sql(&b->pg, "SET client_min_messages = error; DROP SCHEMA trap CASCADE"));
}

static void what_is_asked_for_is_due_once(void **state)
{
        MirrorBench *b = *state;
        assert_int_equal(take_due(b, 10).n, 0);
        assert_role_sql_ends(b, "asker", ASK, NULL, NULL);
        Taken looked = take_due(b, 0); /* an instance that has no capacity */
        assert_int_equal(looked.n, 0);
        assert_true(looked.until_next_usec <= 0);
        Taken taken = take_due(b, 10);
        assert_int_equal(taken.n, 1);
        assert_true(uuid_equal(&taken.last.edge, &bench_edge));
        assert_sql(b, "SELECT count(*)::text FROM edgemirror.sync_request", "0");
        release(b, &taken.last);
        assert_int_equal(take_due(b, 10).n, 0);
}

static void assert_trigger(MirrorBench *b, const MirrorRun *run, const char *expected)
{
        char sql[128];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT trigger FROM edgemirror.sync_run WHERE run_id = %lld",
                       (long long)run->run_id);
        assert_sql(b, sql, expected);
}

/* As the service does with what it has taken. */
static MirrorRun claim_taken(MirrorBench *b, const MirrorDue *due)
{
        int64_t in_an_hour = ((int64_t)time(NULL) + 3600) * 1000000;
        const MirrorClaimRequest request = {.edge = due->edge,
                                            .trigger = MIRROR_TRIGGER_SCHEDULE,
                                            .held_epoch = due->epoch,
                                            .next_run_usec = in_an_hour};
        return bench_claim_as(b, &request);
}

static void end_stopped(MirrorBench *b, const MirrorRun *run, bool of_service)
{
        const MirrorEnding ending = {.outcome = OUTCOME_ABORTED, .of_service = of_service};
        MirrorTask *task;
        assert_int_equal(mirror_finish(b->mirror, run, &ending, mirror_bench_on_plain, b, &task),
                         0);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
}

/* A report can tell it from a run of the schedule; stopped, it is due again as that is. */
static void what_was_asked_for_is_recorded_as_that(void **state)
{
        MirrorBench *b = *state;
        assert_role_sql_ends(b, "asker", ASK, NULL, NULL);
        Taken taken = take_due(b, 10);
        assert_int_equal(taken.n, 1);
        MirrorRun run = claim_taken(b, &taken.last);
        assert_trigger(b, &run, "manual");
        end_stopped(b, &run, true);
        taken = take_due(b, 10);
        assert_int_equal(taken.n, 1);
        run = claim_taken(b, &taken.last);
        assert_trigger(b, &run, "schedule");
        end_stopped(b, &run, true);
        taken = take_due(b, 10);
        assert_int_equal(taken.n, 1);
        release(b, &taken.last);
        /* by hand it is nobody's to begin again */
        run = bench_claim(b, &bench_edge);
        assert_trigger(b, &run, "manual");
        end_stopped(b, &run, false);
        assert_int_equal(take_due(b, 10).n, 0);
}

static void a_second_request_within_a_minute_is_refused_and_says_when(void **state)
{
        MirrorBench *b = *state;
        PGconn *conn = sign_in(b, "asker");
        assert_sql_ends(conn, ASK, NULL, NULL);
        assert_sql_ends(conn, ASK, "53400", "ask again in 60 seconds, at 2");
        Taken taken = take_due(b, 10);
        release(b, &taken.last);
        assert_sql_ends(conn, ASK, "53400", "a sync of edge 'one' was asked for ");
        assert_sql_ends(conn, "SELECT edgemirror.request_sync('two')", NULL, NULL);
        a_minute_passes(b);
        assert_sql_ends(conn, ASK, NULL, NULL);
        PQfinish(conn);
}

/* One that nobody has served is not multiplied. */
static void a_request_that_waits_stands_for_the_next_ones(void **state)
{
        MirrorBench *b = *state;
        PGconn *conn = sign_in(b, "asker");
        MirrorRun run = bench_claim(b, &bench_edge);
        assert_sql_ends(conn, ASK, NULL, NULL);
        for (int i = 0; i < 3; i++) {
                a_minute_passes(b);
                assert_sql_ends(conn, ASK, NULL, NULL);
        }
        assert_int_equal(take_due(b, 10).n, 0); /* it is synced at present */
        assert_sql(b, "SELECT count(*)::text FROM edgemirror.sync_request", "1");
        MirrorEnding ending = {.outcome = OUTCOME_FAILED};
        MirrorTask *task;
        assert_int_equal(mirror_finish(b->mirror, &run, &ending, mirror_bench_on_plain, b, &task),
                         0);
        mirror_bench_wait(b);
        assert_int_equal(take_due(b, 10).n, 1);
        PQfinish(conn);
}

/* Many who ask side by side do not see each other, and commit one after another. */
static void requests_side_by_side_begin_one_sync_a_minute(void **state)
{
        MirrorBench *b = *state;
        enum { ASKERS = 5 };
        PGconn *conns[ASKERS];
        for (int i = 0; i < ASKERS; i++) {
                conns[i] = sign_in(b, "asker");
                assert_sql_ends(conns[i], "BEGIN", NULL, NULL);
                assert_sql_ends(conns[i], ASK, NULL, NULL);
        }
        size_t n = 0;
        for (int i = 0; i < ASKERS; i++) {
                assert_sql_ends(conns[i], "COMMIT", NULL, NULL);
                Taken taken = take_due(b, 10);
                n += taken.n;
                if (taken.n > 0)
                        release(b, &taken.last);
                PQfinish(conns[i]);
        }
        assert_int_equal(n, 1);
        Taken looked = take_due(b, 10);
        assert_true(looked.until_next_usec > 50000000 && looked.until_next_usec <= 60000000);
        a_minute_passes(b);
        assert_int_equal(take_due(b, 10).n, 1); /* those that came later, together */
        assert_sql(b, "SELECT count(*)::text FROM edgemirror.sync_request", "0");
}

/* However long a transaction that has asked stays open, the service takes, renews and ends leases
 * of that edge. */
static void who_has_asked_holds_nobody_up(void **state)
{
        MirrorBench *b = *state;
        PGconn *conn = sign_in(b, "asker");
        free(harness_sql(&b->pg, "ALTER ROLE em SET lock_timeout = '1s'"));
        assert_sql_ends(conn, "BEGIN", NULL, NULL);
        assert_sql_ends(conn, ASK, NULL, NULL);
        free(harness_sql(&b->pg, "UPDATE edgemirror.edge_claim SET next_run_at = now() WHERE "
                                 "edge_connection_id IN (SELECT edge_connection_id FROM "
                                 "edgemirror.edge WHERE name = 'one')"));
        Taken taken = take_due(b, 10);
        assert_int_equal(taken.n, 1);
        release(b, &taken.last);
        bench_register(b);
        bench_apply(b, &bench_edge, &(BenchRow){1, "a", 0}, 1);
        assert_sql_ends(conn, "ROLLBACK", NULL, NULL);
        assert_int_equal(take_due(b, 10).n, 0); /* nobody has asked */
        PQfinish(conn);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(who_is_no_operator_may_not_ask, begin),
                cmocka_unit_test_setup(an_operator_may_ask_and_nothing_else, begin),
                cmocka_unit_test_setup(what_cannot_be_synced_is_refused_by_name, begin),
                cmocka_unit_test_setup(nothing_of_the_caller_runs_with_the_rights_of_the_owner,
                                       begin),
                cmocka_unit_test_setup(what_was_asked_for_is_recorded_as_that, begin),
                cmocka_unit_test_setup(what_is_asked_for_is_due_once, begin),
                cmocka_unit_test_setup(a_second_request_within_a_minute_is_refused_and_says_when,
                                       begin),
                cmocka_unit_test_setup(a_request_that_waits_stands_for_the_next_ones, begin),
                cmocka_unit_test_setup(requests_side_by_side_begin_one_sync_a_minute, begin),
                cmocka_unit_test_setup(who_has_asked_holds_nobody_up, begin),
        };
        return cmocka_run_group_tests_name("request", tests, setup, mirror_bench_teardown);
}
