/*
 * The service when PostgreSQL does not answer: a table that somebody keeps locked, and a network
 * that forgets connections without a word.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "harness/relay_control.h"
#include "integration/service_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SESSIONS "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'edgemirror/%'"

static int six_edges(void **state)
{
        service_begin_again(*state, 6, "20");
        return 0;
}

static void pause_a_while(void)
{
        const struct timespec pause = {.tv_nsec = 200 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
}

/* Six runs that wait for an answer about their job. */
static void start_with_jobs_under_way(ServiceWorld *w)
{
        service_write_config(w);
        (void)service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 5);
        harness_service_reload(&w->services[0]);
        for (int i = 0; i < 6; i++)
                service_await_phase(w, i, "poll");
}

/* P3: Longer than a statement waits for a lock. Then everything goes on by itself. */
static void a_locked_table_does_not_fill_the_server(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_postgres, sizeof(w->in_postgres), "max_connections = 4\n");
        start_with_jobs_under_way(w);
        PGconn *holder = hold(w, "BEGIN; LOCK TABLE edgemirror.edge_claim IN EXCLUSIVE MODE");
        no_faults(w);
        long most = 0;
        for (uint64_t until = clock_monotonic_usec() + 30 * USEC_PER_SEC;
             clock_monotonic_usec() < until;) {
                long n = harness_sql_long(&w->pg, SESSIONS);
                most = n > most ? n : most;
                pause_a_while();
        }
        PQfinish(holder);
        print_message("at most %ld sessions\n", most);
        assert_in_range(most, 1, 4);
        make_due(w, 0, 5);
        harness_service_reload(&w->services[0]);
        service_await_sql(
                w, "SELECT (count(DISTINCT edge_connection_id) = 6)::int FROM edgemirror.sync_run"
                   " WHERE outcome = 'synced'");
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 5);
        assert_nothing_is_held(w);
}

/* P10: In the middle of runs. They neither hang nor lose their leases. */
static void forgotten_connections_cost_no_lease(void **state)
{
        ServiceWorld *w = *state;
        HarnessRelay relay;
        harness_relay_start(&relay, &w->pg, 0);
        (void)snprintf(w->conninfo, sizeof(w->conninfo),
                       "host=127.0.0.1 port=%u dbname=test user=em", relay.port);
        start_with_jobs_under_way(w);
        harness_relay_forget(&relay);
        no_faults(w);
        uint64_t began = clock_monotonic_usec();
        await_runs(w, 0, 5, "synced", 1);
        uint64_t took = clock_monotonic_usec() - began;
        print_message("the runs ended %.1f s later\n", (double)took / (double)USEC_PER_SEC);
        assert_true(took < 45 * USEC_PER_SEC);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome <> 'synced'"),
                0);
        service_stop(w, 0);
        harness_relay_stop(&relay);
        service_assert_mirror_equals_catalog(w, 0, 5);
        assert_nothing_is_held(w);
}

/* What ended then cannot be told to the database of before, and does not keep its edges from being
 * synced into this one. */
static void a_reload_leaves_a_way_to_postgresql_that_never_comes_back(void **state)
{
        ServiceWorld *w = *state;
        HarnessRelay relay;
        harness_relay_start(&relay, &w->pg, 0);
        (void)snprintf(w->conninfo, sizeof(w->conninfo),
                       "host=127.0.0.1 port=%u dbname=test user=em", relay.port);
        short_leases(w);
        start_with_jobs_under_way(w);
        harness_relay_stop(&relay);
        (void)snprintf(w->conninfo, sizeof(w->conninfo), "%s", w->pg.service);
        service_write_config(w);
        no_faults(w);
        harness_service_reload(&w->services[0]);
        service_await_sql(
                w, "SELECT (count(DISTINCT edge_connection_id) = 6)::int FROM edgemirror.sync_run"
                   " WHERE outcome = 'synced'");
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 5);
        assert_nothing_is_held(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_locked_table_does_not_fill_the_server, six_edges),
                cmocka_unit_test_setup(forgotten_connections_cost_no_lease, six_edges),
                cmocka_unit_test_setup(a_reload_leaves_a_way_to_postgresql_that_never_comes_back,
                                       six_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
