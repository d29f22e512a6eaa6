/*
 * edgemirror run and its queue in PostgreSQL: nothing that is due is lost, nothing is taken in a
 * loop, and what one edge does shuts out no other.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "integration/service_world.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The service asks again when it knows something to be due: the edge will be, a few seconds after
 * this start. */
static HarnessService *start_with_due_soon(ServiceWorld *w, int edge)
{
        (void)service_start(w, 0);
        service_stop(w, 0);
        char sql[200];
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE edgemirror.edge_claim SET next_run_at = now() + interval '4 s' "
                       "WHERE edge_connection_id = '%s'",
                       w->edges[edge]);
        free(harness_sql(&w->pg, sql));
        return service_start(w, 0);
}

/* One whose log holds what an operator sees, no more. */
static HarnessService *start_quietly(ServiceWorld *w)
{
        HarnessService *s = &w->services[0];
        harness_service_start(s, w->folder, "run0", w->config, false, 0);
        harness_service_await(s, "STATUS=Syncing 0 of ", 1);
        return s;
}

/* ---- what is due is not lost ---------------------------------------------------------------- */

static void a_schema_made_anew_is_registered_again(void **state)
{
        ServiceWorld *w = *state;
        const char *const migrate[] = {"-c", w->config, "migrate", NULL};
        HarnessService *s = start_with_due_soon(w, 0);
        free(harness_sql(&w->pg, "SET client_min_messages = error; DROP PUBLICATION edgemirror;"
                                 " DROP SCHEMA edgemirror CASCADE"));
        harness_service_await_log(s, ".conf migrate", 1);
        assert_int_equal(harness_program(w->folder, migrate), 0);
        service_await_sql(
                w,
                "SELECT (count(*) = 4)::int FROM edgemirror.edge_claim WHERE next_run_at > now()");
        service_stop(w, 0);
}

static void an_edge_that_is_due_stays_so_when_its_schedule_changes(void **state)
{
        ServiceWorld *w = *state;
        (void)service_start(w, 0);
        service_stop(w, 0);
        make_due(w, 0, 0);
        (void)snprintf(w->schedule, sizeof(w->schedule), "daily");
        service_write_config(w);
        (void)service_start(w, 0);
        await_runs(w, 0, 0, "synced", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 1);
        service_stop(w, 0);
}

/* As a copy or a subscriber that takes over has it: the lists and no queue. */
static void what_another_mirror_has_listed_is_due_at_once(void **state)
{
        ServiceWorld *w = *state;
        (void)service_start(w, 0);
        make_due(w, 0, 2);
        harness_service_reload(&w->services[0]);
        await_runs(w, 0, 2, "synced", 1);
        service_stop(w, 0);
        free(harness_sql(&w->pg, "TRUNCATE edgemirror.edge_claim, edgemirror.instance"));
        (void)service_start(w, 0);
        await_runs(w, 0, 2, "synced", 2);
        service_stop(w, 0);
}

/* Another configuration's edge takes the only place, and goes back. */
static void a_lease_that_goes_back_leaves_its_place_at_once(void **state)
{
        ServiceWorld *w = *state;
        w->n_configured = 3;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "max_syncs = 1");
        service_write_config(w);
        free(harness_sql(
                &w->pg, "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone)"
                        " VALUES (gen_random_uuid(), 'stranger', 'daily', 'UTC');"
                        " INSERT INTO edgemirror.edge_claim SELECT edge_connection_id FROM "
                        "edgemirror.edge"));
        HarnessService *s = start_with_due_soon(w, 0);
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.edge SET enabled = true;"
                         " UPDATE edgemirror.edge_claim SET next_run_at = now() - interval '1 hour'"
                         " WHERE next_run_at IS NULL"));
        harness_service_await_log(s, "this configuration does not have it", 1);
        uint64_t since = clock_monotonic_usec();
        await_runs(w, 0, 0, "synced", 1);
        assert_true(clock_monotonic_usec() - since < 20 * USEC_PER_SEC);
        service_stop(w, 0);
}

static void disable_the_last(ServiceWorld *w)
{
        char *text = harness_read(w->folder, "edgemirror.conf");
        char disabled[4096];
        (void)snprintf(disabled, sizeof(disabled), "%senabled = no\n", text);
        harness_write(w->folder, "edgemirror.conf", disabled);
        free(text);
}

/* Its process died, and nobody will claim the edge again: disabling closes the run. One that goes
 * on elsewhere is let be. */
static void a_run_that_was_left_is_closed_with_its_edge(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        service_fault(w, "refresh", -1, "\"never_ends\":true");
        make_due(w, 2, 3);
        harness_service_reload(s);
        service_await_phase(w, 2, "poll");
        service_await_phase(w, 3, "poll");
        harness_service_kill(s);
        /* it has been taken for dead */
        free(harness_sql(&w->pg, "UPDATE edgemirror.instance SET edges = '{}'"));
        char sql[200];
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE edgemirror.edge_claim SET expires_at = now() - interval '1 s' WHERE "
                       "edge_connection_id = '%s'",
                       w->edges[3]);
        free(harness_sql(&w->pg, sql));
        char elsewhere[40]; /* e2 leaves the configuration, e3 stays and is disabled */
        (void)snprintf(elsewhere, sizeof(elsewhere), "%s", w->edges[2]);
        (void)snprintf(w->edges[2], sizeof(w->edges[2]), "%s", w->edges[3]);
        w->n_configured = 3;
        service_write_config(w);
        disable_the_last(w);
        (void)snprintf(w->edges[2], sizeof(w->edges[2]), "%s", elsewhere);
        (void)service_start(w, 0);
        service_await_sql(w, "SELECT (count(*) = 2)::int FROM edgemirror.edge WHERE NOT enabled");
        assert_int_equal(sql_long(w,
                                  "SELECT count(*) FROM edgemirror.sync_run r JOIN "
                                  "edgemirror.edge_claim c USING (edge_connection_id)"
                                  " WHERE outcome = 'aborted' AND error_code = 'lease-lost' AND "
                                  "holder IS NULL"
                                  " AND edge_connection_id = '%s'",
                                  w->edges[3]),
                         1);
        assert_int_equal(sql_long(w,
                                  "SELECT count(*) FROM edgemirror.sync_run r JOIN "
                                  "edgemirror.edge_claim c USING (edge_connection_id)"
                                  " WHERE outcome IS NULL AND holder IS NOT NULL AND "
                                  "edge_connection_id = '%s'",
                                  w->edges[2]),
                         1);
        service_stop(w, 0);
}

static void a_schema_that_is_newer_is_not_written(void **state)
{
        ServiceWorld *w = *state;
        const char *const sync[] = {"-c", w->config, "sync", NULL};
        HarnessService *s = start_with_due_soon(w, 0);
        free(harness_sql(&w->pg, "INSERT INTO edgemirror.schema_version (version, name, checksum) "
                                 "VALUES (999, 'later', 'x')"));
        harness_service_await_log(s, "PostgreSQL cannot be used: the schema is at version 999", 1);
        assert_int_equal(harness_program(w->folder, sync), 69);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 0);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.schema_version WHERE version = 999"));
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 0);
}

/* PostgreSQL goes away between the end of a run and the word about when it is due again. */
static void a_retry_is_not_lost_with_postgres(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        free(harness_sql(
                &w->pg,
                "CREATE TABLE public.away ();"
                "CREATE FUNCTION public.go_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " IF to_regclass('public.away') IS NOT NULL THEN"
                " PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$;"
                "ALTER FUNCTION public.go_away() SECURITY DEFINER;"
                "CREATE TRIGGER go_away BEFORE UPDATE ON edgemirror.edge_claim FOR EACH ROW"
                " WHEN (OLD.holder IS NULL AND NEW.holder IS NULL) EXECUTE FUNCTION "
                "public.go_away()"));
        service_fault(w, "list", 0, "\"status\":500");
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge_claim DISABLE TRIGGER go_away"));
        make_due(w, 0, 0);
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge_claim ENABLE TRIGGER go_away"));
        harness_service_reload(s);
        await_runs(w, 0, 0, "failed", 1);
        harness_service_await_log(s, "e0: the next due time could not be written", 1);
        free(harness_sql(&w->pg, "DROP TABLE public.away"));
        service_await_sql(w,
                          "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NULL AND "
                          "edge_connection_id = '%s'"
                          " AND next_run_at BETWEEN now() AND now() + interval '2 min'",
                          w->edges[0]);
        service_stop(w, 0);
}

/* ---- what somebody does by hand ------------------------------------------------------------- */

static void pause_for_an_hour(ServiceWorld *w)
{
        (void)sql_long(w,
                       "WITH u AS (UPDATE edgemirror.edge_claim SET next_run_at = now() + interval "
                       "'1 hour' WHERE edge_connection_id = '%s' RETURNING 1) SELECT count(*) FROM "
                       "u",
                       w->edges[0]);
}

static void assert_due(ServiceWorld *w, bool due)
{
        assert_int_equal(sql_long(w,
                                  "SELECT (next_run_at <= now())::int FROM edgemirror.edge_claim "
                                  "WHERE edge_connection_id = '%s' AND holder IS NULL",
                                  w->edges[0]),
                         due);
}

/* The list is the one that the mirror is, or another one. */
static void a_sync_by_hand_ends_the_pause_after_failures(void **state)
{
        ServiceWorld *w = *state;
        (void)service_start(w, 0);
        make_due(w, 0, 0);
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 0);
        for (int i = 0; i < 4; i++) {
                bool of_service = i < 2;
                service_fault(w, "list", 0, "\"status\":400");
                if (of_service) {
                        make_due(w, 0, 0);
                        (void)service_start(w, 0);
                        await_runs(w, 0, 0, "failed", i + 1);
                        service_stop(w, 0);
                } else {
                        assert_int_equal(service_program(w, "sync", NULL, "e0"), 1);
                }
                pause_for_an_hour(w);
                no_faults(w);
                if (i % 2 == 1)
                        rename_a_row(w, 0, of_service ? "renamed" : "renamed again");
                assert_int_equal(service_program(w, "sync", NULL, "e0"), 0);
                assert_due(w, of_service);
                pause_for_an_hour(w); /* as the schedule of an edge that is well may have it */
                assert_int_equal(service_program(w, "sync", NULL, "e0"), 0);
                assert_due(w, false);
                if (i == 1) { /* the service has synced it */
                        make_due(w, 0, 0);
                        (void)service_start(w, 0);
                        await_runs(w, 0, 0, "synced", 6);
                        service_stop(w, 0);
                }
        }
}

/* ---- nothing is taken in a loop ------------------------------------------------------------- */

static void a_run_that_cannot_begin_is_not_tried_again_at_once(void **state)
{
        ServiceWorld *w = *state;
        service_begin_again(w, 8, "20");
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "max_syncs = 2");
        service_write_config(w);
        free(harness_sql(&w->pg,
                         "CREATE SEQUENCE attempts; GRANT ALL ON SEQUENCE attempts TO em;"
                         " CREATE FUNCTION full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                         " PERFORM nextval('public.attempts'); RAISE 'no room' USING ERRCODE = "
                         "'53100'; END $$;"
                         " CREATE TRIGGER disk BEFORE INSERT ON edgemirror.sync_run"
                         " FOR EACH ROW EXECUTE FUNCTION full()"));
        HarnessService *s = start_quietly(w);
        make_due(w, 0, 7);
        harness_service_reload(s);
        service_await_sql(w, "SELECT (last_value >= 8)::int FROM attempts");
        (void)poll(NULL, 0, 3000); /* for what must not happen */
        assert_in_range(sql_long(w, "SELECT last_value FROM attempts"), 8, 16);
        assert_int_equal(harness_service_logged(s, "no room"), 1);
        free(harness_sql(&w->pg, "DROP TRIGGER disk ON edgemirror.sync_run"));
        await_runs(w, 0, 7, "synced", 1);
        service_assert_mirror_equals_catalog(w, 0, 7);
        service_stop(w, 0);
}

/* ---- a catalog that hangs ------------------------------------------------------------------- */

static void a_catalog_that_takes_and_does_not_answer_is_an_outage(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->request_timeout, sizeof(w->request_timeout), "1s");
        service_write_config(w);
        HarnessService *s = start_quietly(w);
        make_due(w, 3, 3);
        harness_service_reload(s);
        await_runs(w, 3, 3, "synced", 1); /* it answers, so far */
        service_fault(w, "any", -1, "\"delay_ms\":600000");
        make_due(w, 0, 2);
        harness_service_reload(s);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        await_runs(w, 0, 2, "failed", 1);
        /* the first; then it is said once for all */
        assert_int_equal(harness_service_logged(s, ": failed after "), 1);
        assert_int_equal(harness_service_logged(s, "it is asked again at least every 30 s"), 1);
        no_faults(w);
        await_runs(w, 0, 2, "synced", 1);
        service_assert_mirror_equals_catalog(w, 0, 3);
        service_stop(w, 0);
}

static void credentials_that_are_refused_leave_an_apply_alone(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        PGconn *lock =
                hold(w, "BEGIN; LOCK TABLE edgemirror.database_connection IN EXCLUSIVE MODE");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "apply");
        service_control(w, "/control/settings", "{\"auth\":\"basic:svc:another\"}");
        make_due(w, 1, 1);
        harness_service_reload(s);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        PQfinish(lock);
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 0);
}

/* ---- an apply that takes long --------------------------------------------------------------- */

static long leases_held(ServiceWorld *w)
{
        return sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL "
                           "AND expires_at > now()");
}

/* Two applies wait for a table, a job goes on, the configuration changes, and another edge is due:
 * all with two connections. */
static void an_apply_that_takes_longer_than_the_lease_shuts_out_nobody(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 2s");
        (void)snprintf(w->in_postgres, sizeof(w->in_postgres), "max_connections = 2");
        service_write_config(w);
        HarnessService *s = start_quietly(w);
        service_fault(w, "refresh", 2, "\"never_ends\":true");
        PGconn *lock =
                hold(w, "BEGIN; LOCK TABLE edgemirror.database_connection IN EXCLUSIVE MODE");
        make_due(w, 0, 2);
        harness_service_reload(s);
        service_await_phase(w, 0, "apply");
        service_await_phase(w, 1, "apply");
        service_await_phase(w, 2, "poll");
        (void)poll(NULL, 0, 5000); /* more than two leases */
        assert_int_equal(leases_held(w), 3);
        (void)snprintf(w->schedule, sizeof(w->schedule), "daily");
        service_write_config(w);
        make_due(w, 3, 3);
        harness_service_reload(s);
        service_await_phase(w, 3, "apply");
        assert_int_equal(leases_held(w), 4);
        PQfinish(lock);
        await_runs(w, 0, 1, "synced", 1);
        await_runs(w, 3, 3, "synced", 1);
        service_await_sql(
                w, "SELECT (count(*) = 4)::int FROM edgemirror.edge WHERE schedule = 'daily'");
        service_await_phase(w, 2, "poll");
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 4);
        assert_int_equal(harness_service_logged(s, "cannot be used"), 0);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_schema_made_anew_is_registered_again, few_edges),
                cmocka_unit_test_setup(an_edge_that_is_due_stays_so_when_its_schedule_changes,
                                       few_edges),
                cmocka_unit_test_setup(what_another_mirror_has_listed_is_due_at_once, few_edges),
                cmocka_unit_test_setup(a_lease_that_goes_back_leaves_its_place_at_once, few_edges),
                cmocka_unit_test_setup(a_retry_is_not_lost_with_postgres, few_edges),
                cmocka_unit_test_setup(a_sync_by_hand_ends_the_pause_after_failures, few_edges),
                cmocka_unit_test_setup(a_run_that_was_left_is_closed_with_its_edge, few_edges),
                cmocka_unit_test_setup(a_schema_that_is_newer_is_not_written, few_edges),
                cmocka_unit_test(a_run_that_cannot_begin_is_not_tried_again_at_once),
                cmocka_unit_test_setup(a_catalog_that_takes_and_does_not_answer_is_an_outage,
                                       few_edges),
                cmocka_unit_test_setup(an_apply_that_takes_longer_than_the_lease_shuts_out_nobody,
                                       few_edges),
                cmocka_unit_test_setup(credentials_that_are_refused_leave_an_apply_alone,
                                       few_edges),
        };
        return cmocka_run_group_tests_name("queue", tests, service_world_setup,
                                           service_world_teardown);
}
