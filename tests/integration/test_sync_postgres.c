/*
 * edgemirror sync when PostgreSQL, or the person at the terminal, ends the apply half way.
 *
 * To be in the apply for certain, another session locks a row of the mirror that the apply must
 * write; or a deferred trigger makes the COMMIT itself take a second.
 */
#include "integration/sync_world.h"
#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define IN_APPLY                                                                                   \
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'edgemirror/%' AND "    \
        "wait_event_type = 'Lock'"

static void rename_a_row(World *w, const char *name)
{
        char path[128], operation[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        (void)snprintf(operation, sizeof(operation),
                       "{\"op\":\"rename\",\"index\":0,\"name\":\"%s\"}", name);
        control(w, path, operation);
}

/* A mirror that is filled, and a catalog that has moved on by one row. */
static void begin_with_a_change(World *w)
{
        begin_again(w, "20", "1h");
        assert_int_equal(sync_all(w), 0);
        rename_a_row(w, "renamed meanwhile");
}

/* The heartbeat comes three times in a lease. */
static void short_lease(World *w)
{
        char *config = harness_read(w->folder, "edgemirror.conf");
        char longer[2048];
        (void)snprintf(longer, sizeof(longer), "%s[daemon]\nlease = 10s\n", config);
        harness_write(w->folder, "edgemirror.conf", longer);
        free(config);
}

/* A session that holds what the statement locks until PQfinish. */
static PGconn *hold(World *w, const char *sql)
{
        PGconn *conn = PQconnectdb(w->pg.conninfo);
        assert_int_equal(PQstatus(conn), CONNECTION_OK);
        PGresult *result = PQexec(conn, sql);
        assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
        PQclear(result);
        return conn;
}

static PGconn *hold_the_rows(World *w)
{
        return hold(w, "BEGIN; SELECT * FROM edgemirror.database_connection FOR UPDATE");
}

/* From now on the COMMIT of what changes a row of the table does this first. */
static void before_commit_of(World *w, const char *table, const char *statement)
{
        char sql[600];
        (void)snprintf(sql, sizeof(sql),
                       "CREATE FUNCTION public.before_commit() RETURNS trigger LANGUAGE plpgsql AS"
                       " $$ BEGIN %s; RETURN NULL; END $$;"
                       "CREATE CONSTRAINT TRIGGER before_commit AFTER UPDATE ON edgemirror.%s"
                       " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "
                       "public.before_commit()",
                       statement, table);
        free(harness_sql(&w->pg, sql));
}

static int no_trigger(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg, "SET client_min_messages = error; DROP FUNCTION IF EXISTS "
                                 "public.before_commit CASCADE"));
        return 0;
}

static pid_t start_sync(World *w)
{
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        return harness_program_start(w->folder, arguments);
}

static void assert_not_published(World *w)
{
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.database_connection_history"
                                 " WHERE name = 'renamed meanwhile'"),
                0);
}

static void assert_all_leases_are_free(World *w)
{
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                0);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NULL"),
                0);
}

/* ---- interrupts ----------------------------------------------------------------------------- */

static void an_interrupt_during_the_apply_publishes_nothing(void **state)
{
        World *w = *state;
        begin_with_a_change(w);
        PGconn *lock = hold_the_rows(w);
        pid_t pid = start_sync(w);
        await_sql(w, IN_APPLY);
        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(harness_program_wait(pid), 1); /* with the lock still held */
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "aborted");
        assert_string_equal(error_of(w, "code"), "stopped");
        assert_non_null(strstr(error_of(w, "message"), "the mirror is as it was"));
        assert_not_published(w);
        assert_all_leases_are_free(w);
        PQfinish(lock);
        assert_not_published(w);
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "changed"), 1);
        assert_mirror_equals_catalog(w);
}

/* The COMMIT of the apply, and no other, waits for a standby that there is not. A session that is
 * ended then has committed, and cannot say so. */
static void let_commit_hang(World *w, const char *table)
{
        free(harness_sql(&w->pg, "ALTER SYSTEM SET synchronous_commit = local"));
        free(harness_sql(&w->pg, "SELECT pg_reload_conf()"));
        /* before the other: a session that has only that one would wait with each COMMIT */
        await_sql(w, "SELECT (current_setting('synchronous_commit') = 'local')::int");
        free(harness_sql(&w->pg, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"));
        free(harness_sql(&w->pg, "SELECT pg_reload_conf()"));
        before_commit_of(w, table, "PERFORM set_config('synchronous_commit', 'on', true)");
}

static int let_commit_go(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg, "ALTER SYSTEM RESET ALL"));
        free(harness_sql(&w->pg, "SELECT pg_reload_conf()"));
        return no_trigger(state);
}

static void an_interrupt_during_the_commit_does_not_deny_what_was_published(void **state)
{
        World *w = *state;
        begin_with_a_change(w);
        let_commit_hang(w, "database_connection"); /* it is told to end, and has committed */
        pid_t pid = start_sync(w);
        await_sql(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(harness_program_wait(pid), 1);
        take_results(w);
        assert_string_equal(error_of(w, "code"), "stopped");
        assert_non_null(strstr(error_of(w, "message"), "may have been published"));
        assert_mirror_equals_catalog(w);
        assert_all_leases_are_free(w);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT changed FROM edgemirror.sync_run WHERE outcome = 'synced'"
                                 " ORDER BY run_id DESC LIMIT 1"),
                1);
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "changed"), 0);
}

/* ---- the answer to COMMIT is lost ----------------------------------------------------------- */

static void assert_published_once(World *w, pid_t pid)
{
        assert_int_equal(harness_program_wait(pid), 0);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_int_equal(number_of(w, 0, "changed"), 1);
        assert_mirror_equals_catalog(w);
        assert_all_leases_are_free(w);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.sync_run WHERE changed = 1"),
                1);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.database_connection_history"
                                 " WHERE name = 'renamed meanwhile'"),
                1);
}

static void an_answer_lost_at_commit_is_looked_up(void **state)
{
        World *w = *state;
        begin_with_a_change(w);
        let_commit_hang(w, "database_connection");
        pid_t pid = start_sync(w);
        await_sql(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        free(harness_sql(&w->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                 "wait_event = 'SyncRep'"));
        assert_published_once(w, pid);
}

/* The one statement that knows an unchanged list is a commit, too. */
static void an_answer_lost_of_an_unchanged_list_is_looked_up(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1h");
        assert_int_equal(sync_all(w), 0);
        let_commit_hang(w, "edge");
        pid_t pid = start_sync(w);
        await_sql(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        free(harness_sql(&w->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                 "wait_event = 'SyncRep'"));
        assert_int_equal(harness_program_wait(pid), 0);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_int_equal(number_of(w, 0, "unchanged"), 20);
        assert_all_leases_are_free(w);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'synced'"),
                3);
}

/* The statement that would know that nothing changed does not wait, where no deadline of the
 * server's would end it; the transaction does. */
static void an_edge_that_another_apply_holds_is_compared_row_by_row(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1h");
        assert_int_equal(sync_all(w), 0);
        PGconn *holder =
                hold(w, "BEGIN; SELECT * FROM edgemirror.edge WHERE name = 'main' FOR UPDATE");
        pid_t pid = start_sync(w);
        /* apply_edges.sql */
        await_sql(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                     " AND query LIKE '%FOR NO KEY UPDATE) e%FROM locked%'");
        PQfinish(holder);
        assert_int_equal(harness_program_wait(pid), 0);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_int_equal(number_of(w, 0, "unchanged"), 20);
        assert_all_leases_are_free(w);
}

/* An apply holds one edge, which the configuration has changed: the other is synced meanwhile. */
static void an_edge_that_cannot_be_registered_now_keeps_no_other(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1h");
        assert_int_equal(sync_all(w), 0);
        PGconn *holder =
                hold(w, "BEGIN; SELECT * FROM edgemirror.edge WHERE name = 'main' FOR UPDATE");
        char *config = harness_read(w->folder, "edgemirror.conf");
        char changed[4096];
        (void)snprintf(changed, sizeof(changed), "%s[defaults]\nschedule = daily\n", config);
        harness_write(w->folder, "edgemirror.conf", changed);
        free(config);
        const char *const arguments[] = {"-c", w->config, "sync", "--json", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_sql(w, "SELECT (count(*) = 2)::int FROM edgemirror.sync_run JOIN edgemirror.edge "
                     "USING (edge_connection_id)"
                     " WHERE name = 'other' AND outcome = 'synced'");
        PQfinish(holder);
        assert_int_equal(harness_program_wait(pid), 0);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_string_equal(text_of(w, 1, "outcome"), "synced");
}

/* The heartbeat waits for the row that the apply has locked, and finds the lease released: by
 * ourselves. */
static void a_heartbeat_behind_the_apply_does_not_unsay_it(void **state)
{
        World *w = *state;
        begin_with_a_change(w);
        short_lease(w);
        let_commit_hang(w, "database_connection");
        pid_t pid = start_sync(w);
        await_sql(w,
                  "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'edgemirror/%'"
                  " AND wait_event_type = 'Lock'");
        free(harness_sql(&w->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                 "wait_event = 'SyncRep'"));
        assert_published_once(w, pid);
}

/* ---- restarts ------------------------------------------------------------------------------- */

/* SIGINT: fast, sessions are dismissed with words; SIGQUIT: immediate, as after a crash. */
static void shut_down(World *w, int how)
{
        assert_int_equal(kill(w->pg.pid, how), 0);
        assert_int_equal(waitpid(w->pg.pid, NULL, 0), w->pg.pid);
        w->pg.pid = 0;
}

static void a_restart_during_the_apply_is_ridden_out(void **state)
{
        World *w = *state;
        static const int ways[] = {SIGINT, SIGQUIT};
        for (size_t i = 0; i < 2; i++) {
                begin_with_a_change(w);
                PGconn *lock = hold_the_rows(w);
                pid_t pid = start_sync(w);
                await_sql(w, IN_APPLY);
                shut_down(w, ways[i]);
                PQfinish(lock);
                harness_postgres_resume(&w->pg);
                assert_published_once(w, pid);
        }
}

static void a_server_that_stays_away_from_the_apply_on_is_69_and_costs_nothing(void **state)
{
        World *w = *state;
        begin_with_a_change(w);
        PGconn *lock = hold_the_rows(w);
        pid_t pid = start_sync(w);
        await_sql(w, IN_APPLY);
        shut_down(w, SIGQUIT);
        PQfinish(lock);
        assert_int_equal(harness_program_wait(pid), 69);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "pg-unreachable");
        harness_postgres_resume(&w->pg);
        assert_not_published(w);

        /* The lease could not be released: it ends by itself. */
        assert_int_equal(sync_all(w), 0); /* as far as anybody knows, it is being synced */
        assert_string_equal(error_of(w, "code"), "lease-held");
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.edge_claim SET expires_at = now() WHERE holder IS NOT NULL"));
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
        assert_all_leases_are_free(w);
}

/* ---- what PostgreSQL does not allow --------------------------------------------------------- */

static void a_privilege_that_only_the_apply_needs_is_77_and_named(void **state)
{
        World *w = *state;
        begin_with_a_change(w);
        free(harness_sql(&w->pg,
                         "ALTER TABLE edgemirror.database_connection_past OWNER TO postgres"));
        assert_int_equal(sync_all(w), 77);
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.database_connection_past OWNER TO em"));
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "pg-privilege");
        assert_non_null(strstr(error_of(w, "message"), "database_connection_past"));
        assert_non_null(strstr(error_of(w, "message"), "grant"));
        assert_not_published(w);
        assert_all_leases_are_free(w);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run"
                        " JOIN edgemirror.edge USING (edge_connection_id) WHERE name = 'main'"
                        " AND outcome = 'failed' AND error_code = 'pg-privilege'"),
                1);
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
}

static void standby_signal(World *w, bool there)
{
        char path[160];
        (void)snprintf(path, sizeof(path), "%s/data/standby.signal", w->pg.folder);
        if (there) {
                FILE *file = fopen(path, "we");
                assert_non_null(file);
                assert_int_equal(fclose(file), 0);
        } else {
                assert_int_equal(unlink(path), 0);
        }
}

static void a_standby_is_69_and_says_where_to_go(void **state)
{
        World *w = *state;
        begin_with_a_change(w);
        free(harness_sql(&w->pg,
                         "INSERT INTO edgemirror.instance SELECT gen_random_uuid(), 'service', '1',"
                         " '1 minute', now(), now() - interval '2 min', now(), NULL, '{}'"));
        shut_down(w, SIGINT);
        standby_signal(w, true);
        harness_postgres_resume(&w->pg);
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "pg-read-only");
        assert_non_null(strstr(error_of(w, "message"), "primary"));
        /* where reports read, and the service is well elsewhere */
        assert_int_equal(RUN(w, "status"), 0);
        assert_says(w, "out", "NO INSTANCE GIVES A SIGN OF LIFE in this database, a standby", true);
        assert_says(w, "out", "SELECT now() - pg_last_xact_replay_timestamp()", true);
        assert_says(w, "out", "make room", false);
        assert_int_equal(RUN(w, "status", "--check"), 1);
        assert_says(w, "out", "NOT OK: no instance of the service is seen on this standby: ", true);
        assert_says(w, "out", "make room", false);
        assert_int_equal(RUN(w, "verify"), 0);
        shut_down(w, SIGINT);
        standby_signal(w, false);
        harness_postgres_resume(&w->pg);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.instance"));
        assert_not_published(w);
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_restart_during_the_apply_is_ridden_out),
                cmocka_unit_test(
                        a_server_that_stays_away_from_the_apply_on_is_69_and_costs_nothing),
                cmocka_unit_test(a_privilege_that_only_the_apply_needs_is_77_and_named),
                cmocka_unit_test(a_standby_is_69_and_says_where_to_go),
                cmocka_unit_test(an_interrupt_during_the_apply_publishes_nothing),
                cmocka_unit_test_teardown(
                        an_interrupt_during_the_commit_does_not_deny_what_was_published,
                        let_commit_go),
                cmocka_unit_test_teardown(an_answer_lost_at_commit_is_looked_up, let_commit_go),
                cmocka_unit_test_teardown(an_answer_lost_of_an_unchanged_list_is_looked_up,
                                          let_commit_go),
                cmocka_unit_test(an_edge_that_cannot_be_registered_now_keeps_no_other),
                cmocka_unit_test(an_edge_that_another_apply_holds_is_compared_row_by_row),
                cmocka_unit_test_teardown(a_heartbeat_behind_the_apply_does_not_unsay_it,
                                          let_commit_go),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
