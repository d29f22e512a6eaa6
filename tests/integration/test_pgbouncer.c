/*
 * All of it through a PgBouncer that pools by transaction: consecutive statements of one client run
 * in different sessions.
 */
#include "integration/service_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int eight_edges(void **state)
{
        service_begin_again(*state, 8, "20,700,20");
        return 0;
}

static ServiceWorld *begin(void **state)
{
        ServiceWorld *w = *state;
        assert_true(through_pgbouncer(w));
        short_leases(w);
        return w;
}

static int run(ServiceWorld *w, const char *command)
{
        const char *const arguments[] = {"-c", w->config, command, NULL};
        return harness_program(w->folder, arguments);
}

static void every_command_works(void **state)
{
        ServiceWorld *w = begin(state);
        free(harness_sql(&w->pg, "SET client_min_messages = error; DROP PUBLICATION edgemirror;"
                                 " DROP SCHEMA edgemirror CASCADE"));
        assert_int_equal(run(w, "migrate"), 0);
        assert_int_equal(run(w, "migrate"), 0);
        assert_int_equal(run(w, "check"), 0);
        assert_int_equal(run(w, "sync"), 0);
        assert_int_equal(run(w, "sync"), 0);
        service_assert_mirror_equals_catalog(w, 0, 7);
        assert_int_equal(run(w, "status"), 0);
        char *out = harness_read(w->folder, "out");
        assert_non_null(strstr(out, "e7"));
        free(out);
        assert_nothing_is_held(w);
}

static void two_instances_share_and_take_over(void **state)
{
        ServiceWorld *w = begin(state);
        (void)service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 3);
        harness_service_reload(&w->services[0]);
        for (int i = 0; i < 4; i++)
                service_await_phase(w, i, "poll");
        (void)service_start(w, 1);
        harness_service_kill(&w->services[0]);
        no_faults(w);
        make_due(w, 4, 7);
        harness_service_reload(&w->services[1]);
        await_runs(w, 0, 7, "synced", 1);
        (void)service_start(w, 0);
        service_stop(w, 0);
        service_stop(w, 1);
        for (int i = 0; i < 8; i++)
                assert_int_equal(requests(w, "refresh", i, 0), 1);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume'"),
                4);
        service_assert_mirror_equals_catalog(w, 0, 7);
        assert_nothing_is_held(w);
}

/* Its clients keep their connections while the sessions behind them end. */
static void a_restart_of_postgres_behind_it_is_ridden_out(void **state)
{
        ServiceWorld *w = begin(state);
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 7);
        harness_service_reload(s);
        for (int i = 0; i < 8; i++)
                service_await_phase(w, i, "poll");
        harness_postgres_stop(&w->pg);
        harness_postgres_resume(&w->pg);
        harness_service_signal(s, SIGTERM);
        assert_int_equal(harness_service_wait(s), 0);
        no_faults(w);
        (void)service_start(w, 1); /* a lease that could not be released ends by itself */
        await_runs(w, 0, 7, "synced", 1);
        service_stop(w, 1);
        service_assert_mirror_equals_catalog(w, 0, 7);
        assert_nothing_is_held(w);
}

/* As it learns from an answer of the queue when the next edge is due; nothing tells it when the
 * moment has come. */
static void edges_are_synced_on_time(void **state)
{
        ServiceWorld *w = begin(state);
        HarnessService *s = service_start(w, 0);
        free(harness_sql(&w->pg,
                         "CREATE TABLE public.due AS SELECT edge_connection_id, clock_timestamp() "
                         "+ interval '1 s' *"
                         " (1 + row_number() OVER () % 3) AS at FROM edgemirror.edge_claim;"
                         "UPDATE edgemirror.edge_claim c SET next_run_at = d.at FROM public.due d"
                         " WHERE d.edge_connection_id = c.edge_connection_id"));
        harness_service_reload(s);
        await_runs(w, 0, 7, "synced", 1);
        service_stop(w, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run JOIN public.due "
                                     "USING (edge_connection_id)"
                                     " WHERE started_at BETWEEN at AND at + interval '2 s'"),
                         8);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 8);
        service_assert_mirror_equals_catalog(w, 0, 7);
        assert_nothing_is_held(w);
}

/* The service needs no connection of its own for it; a listener does. */
static void trouble_is_announced_to_a_listener_that_is_connected_directly(void **state)
{
        ServiceWorld *w = begin(state);
        HarnessService *s = service_start(w, 0);
        PGconn *conn = PQconnectdb(w->pg.conninfo);
        PQclear(PQexec(conn, "LISTEN edgemirror_trouble"));
        service_fault(w, "list", 3, "\"status\":403");
        make_due(w, 3, 3);
        harness_service_reload(s);
        await_runs(w, 3, 3, "failed", 1);
        no_faults(w);
        make_due(w, 3, 3);
        harness_service_reload(s);
        await_runs(w, 3, 3, "synced", 1);
        static const char *const told[] = {"\"failed\", \"code\" : \"catalog-forbidden\"",
                                           "\"synced\", \"code\" : null"};
        for (size_t i = 0; i < 2; i++) {
                PGnotify *notification = harness_notification(conn);
                assert_non_null(strstr(notification->extra, told[i]));
                assert_non_null(strstr(notification->extra, w->edges[3]));
                PQfreemem(notification);
        }
        PQfinish(conn);
        service_stop(w, 0);
}

/* Nothing but the queue tells the service. */
static void a_request_is_served_within_seconds(void **state)
{
        ServiceWorld *w = begin(state);
        free(harness_sql(&w->pg, "CREATE ROLE edgemirror_operator NOLOGIN"));
        assert_int_equal(run(w, "migrate"), 0);
        (void)service_start(w, 0);
        long due = sql_long(w,
                            "SELECT extract(epoch FROM next_run_at) FROM edgemirror.edge_claim "
                            "WHERE edge_connection_id = '%s'",
                            w->edges[5]);
        free(harness_sql(&w->pg, "CREATE TABLE public.asked (at timestamptz); GRANT INSERT ON "
                                 "public.asked TO edgemirror_operator; SET ROLE "
                                 "edgemirror_operator; INSERT INTO public.asked SELECT "
                                 "edgemirror.request_sync('e5')"));
        await_runs(w, 5, 5, "synced", 1);
        assert_int_equal(sql_long(w,
                                  "SELECT (max(started_at) - max(request_taken_at) < '2 s' AND "
                                  "max(request_taken_at) < (SELECT at FROM public.asked) + "
                                  "interval '20 s')::int "
                                  "FROM edgemirror.sync_run JOIN edgemirror.edge_claim USING "
                                  "(edge_connection_id) WHERE edge_connection_id = '%s'",
                                  w->edges[5]),
                         1);
        assert_int_equal(sql_long(w,
                                  "SELECT extract(epoch FROM next_run_at) FROM "
                                  "edgemirror.edge_claim WHERE edge_connection_id = '%s'",
                                  w->edges[5]),
                         due);
        service_stop(w, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 1);
}

static void a_good_file_is_taken_up_and_a_bad_one_refused(void **state)
{
        ServiceWorld *w = begin(state);
        HarnessService *s = service_start(w, 0);
        w->n_configured = 6;
        (void)snprintf(w->schedule, sizeof(w->schedule), "hourly");
        service_write_config(w);
        harness_service_reload(s);
        service_await_sql(
                w, "SELECT (count(*) = 6)::int FROM edgemirror.edge_claim JOIN edgemirror.edge "
                   "USING (edge_connection_id)"
                   " WHERE enabled AND schedule = 'hourly' AND next_run_at BETWEEN now() AND "
                   "now() + interval '1 hour'");
        service_await_sql(
                w, "SELECT (count(*) = 2)::int FROM edgemirror.edge_claim JOIN edgemirror.edge "
                   "USING (edge_connection_id)"
                   " WHERE NOT enabled AND next_run_at IS NULL");
        harness_write(w->folder, "edgemirror.conf", "[catalog]\nurl = nonsense\n");
        harness_service_reload(s);
        assert_int_equal(
                harness_service_logged(s, "reload failed, keeping the previous configuration"), 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge WHERE enabled"), 6);
        make_due(w, 0, 0);
        service_write_config(w);
        harness_service_reload(s);
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 0);
        assert_nothing_is_held(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(every_command_works, eight_edges),
                cmocka_unit_test_setup(edges_are_synced_on_time, eight_edges),
                cmocka_unit_test_setup(a_request_is_served_within_seconds, eight_edges),
                cmocka_unit_test_setup(a_good_file_is_taken_up_and_a_bad_one_refused, eight_edges),
                cmocka_unit_test_setup(
                        trouble_is_announced_to_a_listener_that_is_connected_directly, eight_edges),
                cmocka_unit_test_setup(two_instances_share_and_take_over, eight_edges),
                cmocka_unit_test_setup(a_restart_of_postgres_behind_it_is_ridden_out, eight_edges),
        };
        if (!harness_pgbouncer_installed())
                return harness_skip_all("pgbouncer is not installed");
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
