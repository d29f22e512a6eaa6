/*
 * Several instances of edgemirror run on one database: they share the work, go on with what one of
 * them left, and with different files do not disable each other's edges. What is injected into them
 * at random is in test_chaos.c.
 */
#include "integration/service_world.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW       " seen_at BETWEEN now() - interval '1 min' AND now()"
#define SEEN_MSEC "SELECT (extract(epoch FROM seen_at) * 1000)::bigint FROM edgemirror.instance"
#define REGISTERING                                                                                \
        "SELECT FROM pg_locks WHERE relation = 'edgemirror.instance'::regclass AND NOT granted"
#define ENABLED "SELECT count(*) FROM edgemirror.edge WHERE enabled"

static ServiceWorld *begin(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        (void)service_start(w, 0);
        return w;
}

static void instances_share_the_work(void **state)
{
        ServiceWorld *w = begin(state);
        (void)service_start(w, 1);
        make_due(w, 0, 3);
        harness_service_signal(&w->services[0], SIGHUP);
        harness_service_signal(&w->services[1], SIGHUP);
        await_runs(w, 0, 3, "synced", 1);
        service_stop(w, 0);
        service_stop(w, 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 4);
        for (int i = 0; i < 4; i++)
                assert_int_equal(requests(w, "refresh", i, 0), 1);
        service_assert_mirror_equals_catalog(w, 0, 3);
}

static void the_job_of_a_killed_instance_is_polled_on_by_another(void **state)
{
        ServiceWorld *w = begin(state);
        service_fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 0);
        harness_service_reload(&w->services[0]);
        service_await_phase(w, 0, "poll");
        harness_service_kill(&w->services[0]);
        no_faults(w);
        /* finds the lease, and looks again when it ends: nothing tells it to */
        (void)service_start(w, 1);
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 1);
        assert_int_equal(requests(w, "refresh", 0, 0), 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = "
                                     "'resume' AND outcome = 'synced'"
                                     " AND refresh = 'clean'"),
                         1);
        assert_int_equal(sql_long(w, "SELECT count(DISTINCT job_id) FROM edgemirror.sync_run"), 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = "
                                     "'aborted' AND error_code = 'lease-lost'"),
                         1);
        service_assert_mirror_equals_catalog(w, 0, 0);
        assert_nothing_is_held(w);
}

/* It wakes with a list that is out of date, while somebody else holds the lease. */
static void publish_nothing_after_the_lease(ServiceWorld *w)
{
        HarnessService *paused = &w->services[0];
        service_fault(w, "list", 0, "\"count\":1,\"delay_ms\":600000");
        make_due(w, 0, 0);
        harness_service_reload(paused);
        service_await_phase(w, 0, "list");
        harness_service_signal(paused, SIGSTOP);
        service_release(w);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE expires_at < now()");
        rename_a_row(w, 0, "newer than what the paused one has read");
        service_fault(w, "job", -1, "\"status\":503,\"delay_ms\":100");
        (void)service_start(w, 1);
        service_await_sql(
                w, "SELECT count(*) FROM edgemirror.sync_run r WHERE phase = 'poll' AND EXISTS"
                   " (SELECT FROM edgemirror.sync_run p WHERE p.epoch < r.epoch)");
        harness_service_signal(paused, SIGCONT);
        harness_service_await_log(paused, "e0: aborted", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.database_connection"), 0);
        no_faults(w);
        await_runs(w, 0, 0, "synced", 1);
        assert_int_equal(harness_service_logged(paused, "e0: synced"), 0);
        service_stop(w, 0);
        service_stop(w, 1);
        service_assert_mirror_equals_catalog(w, 0, 0);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'synced'"),
                1);
        assert_int_equal(
                sql_long(
                        w,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE error_code = 'lease-lost'"),
                1);
        assert_nothing_is_held(w);
}

static void a_paused_instance_publishes_nothing_after_its_lease(void **state)
{
        publish_nothing_after_the_lease(begin(state));
}

static void nor_does_it_through_pgbouncer(void **state)
{
        if (through_pgbouncer(*state))
                publish_nothing_after_the_lease(begin(state));
}

/* ---- O7: whose edges are enabled ------------------------------------------------------------ */

/* As if every instance had been in touch for minutes. */
static void minutes_pass(ServiceWorld *w)
{
        free(harness_sql(&w->pg, "UPDATE edgemirror.instance SET unbroken_since = unbroken_since - "
                                 "interval '10 min'"));
}

/* O7 */
static void an_edge_that_a_live_instance_wants_stays_enabled_when_another_starts_without_it(
        void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        (void)service_start_with(w, 0, 4);
        (void)service_start_with(w, 1, 2);
        assert_int_equal(sql_long(w, ENABLED), 4);
        make_due(w, 0, 3);
        harness_service_signal(&w->services[1], SIGHUP);
        await_runs(w, 0, 1, "synced", 1);
        service_configure(w, 4);
        harness_service_signal(&w->services[0], SIGHUP);
        await_runs(w, 2, 3, "synced", 1);
        assert_int_equal(sql_long(w, ENABLED), 4);
        service_stop(w, 0);
        service_stop(w, 1);
}

/* O7: The other order, and what becomes of the edge when the one that wants it has been stopped, or
 * has died. */
static void an_edge_is_disabled_once_nobody_who_lives_wants_it(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        HarnessService *old = service_start_with(w, 0, 2);
        (void)service_start_with(w, 1, 4);
        service_configure(w, 2);
        harness_service_reload(old);
        service_await_sql(w,
                          "SELECT count(*) FROM edgemirror.instance WHERE cardinality(edges) = 2");
        service_stop(w, 1);
        for (int n = 1; n <= 2;
             n++) { /* the other registers meanwhile, and what it wants is known */
                service_configure(w, n);
                harness_service_reload(old);
                service_await_sql(
                        w, "SELECT count(*) FROM edgemirror.instance WHERE cardinality(edges) = %d",
                        n);
        }
        assert_int_equal(sql_long(w, ENABLED), 4); /* a restart disables nothing */
        (void)service_start_with(w, 1, 4);
        assert_int_equal(sql_long(w, ENABLED), 4);
        harness_service_kill(&w->services[1]);
        minutes_pass(w);
        service_await_enabled(w, 2);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE next_run_at IS NULL"),
                2);
        (void)service_start_with(w, 1, 4);
        assert_int_equal(sql_long(w, ENABLED), 4);
        service_stop(w, 1);
        minutes_pass(w);
        service_await_enabled(w, 2);
        service_stop(w, 0);
}

/* O7: Its own old wants are replaced. */
static void an_instance_that_is_restarted_on_a_changed_file_wants_what_is_in_it(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        (void)service_start_with(w, 0, 4);
        service_stop(w, 0);
        (void)service_start_with(w, 0, 3);
        assert_int_equal(sql_long(w, ENABLED), 3);
        harness_service_kill(&w->services[0]);
        (void)service_start_with(w, 0, 1); /* nobody knows yet that the one before is dead */
        minutes_pass(w);
        service_await_enabled(w, 1);
        service_stop(w, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.instance WHERE "
                                     "cardinality(edges) > 0 AND stopped_at IS NULL"),
                         0);
}

/* O7: `enabled = no` in one file, a name that is another edge's, and a sync by hand. */
static void nobody_disables_what_another_instance_wants(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        (void)service_start_with(w, 0, 2);
        char *text = harness_read(w->folder, "edgemirror.conf");
        char disabled[4096];
        (void)snprintf(disabled, sizeof(disabled), "%senabled = no\n", text);
        free(text);
        harness_write(w->folder, "edgemirror.conf", disabled);
        (void)service_start(w, 1);
        assert_int_equal(sql_long(w, ENABLED), 2);
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e1"), 0);
        assert_int_equal(sql_long(w, ENABLED " AND edge_connection_id = '%s'", w->edges[1]), 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.instance"), 2);
        service_stop(w, 0);
        minutes_pass(w);
        service_await_enabled(w, 1);
        service_stop(w, 1);
}

static void nobody_is_dead_after(ServiceWorld *w, const char *step)
{
        short_leases(w);
        (void)service_start_with(w, 0, 2);
        (void)service_start_with(w, 1, 4);
        minutes_pass(w);
        harness_service_signal(&w->services[1], SIGSTOP);
        char statement[128];
        (void)snprintf(statement, sizeof(statement),
                       "UPDATE edgemirror.instance SET seen_at = seen_at + interval '%s'", step);
        free(harness_sql(&w->pg, statement));
        service_await_sql(w, "SELECT (count(*) = 1)::int FROM edgemirror.instance WHERE" NOW);
        assert_int_equal(
                sql_long(w,
                         "SELECT count(*) FROM edgemirror.instance WHERE cardinality(edges) = 4"),
                1);
        harness_service_signal(&w->services[1], SIGCONT);
        service_await_sql(w, "SELECT (count(*) = 2)::int FROM edgemirror.instance WHERE" NOW);
        assert_int_equal(sql_long(w, ENABLED), 4);
        service_stop(w, 0);
        service_stop(w, 1);
}

/* O7: Every instance seems dead to the first that comes back. */
static void an_outage_of_postgres_makes_nobody_dead(void **state)
{
        nobody_is_dead_after(*state, "-5 min");
}

/* O7: The signs of life of the others are in the future. */
static void a_clock_that_is_set_back_makes_nobody_dead(void **state)
{
        nobody_is_dead_after(*state, "3 hours");
}

/* O7: And nobody is, however short the lease, to an instance that has itself been in touch for less
 * than half a minute. */
static void who_is_back_for_seconds_takes_nobody_for_dead(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        (void)service_start_with(w, 0, 2);
        (void)service_start_with(w, 1, 4);
        harness_service_kill(&w->services[1]);
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.instance SET seen_at = seen_at - interval '1 min' "
                         "WHERE cardinality(edges) = 4; UPDATE edgemirror.instance SET "
                         "unbroken_since = now() - interval '10 s'"));
        long before = sql_long(w, SEEN_MSEC " WHERE cardinality(edges) = 2");
        service_await_sql(w,
                          SEEN_MSEC " WHERE cardinality(edges) = 2 AND extract(epoch FROM "
                                    "seen_at) * 1000 > %ld",
                          before + 2000);
        assert_int_equal(sql_long(w, ENABLED), 4);
        free(harness_sql(&w->pg, "UPDATE edgemirror.instance SET unbroken_since = now() - "
                                 "interval '31 s'"));
        service_await_enabled(w, 2);
        service_stop(w, 0);
}

/* O8: An edge that waits for its time zone is wanted and due, and registered once. */
static void an_edge_without_its_time_zone_is_registered_once(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        char *text = harness_read(w->folder, "edgemirror.conf"), config[4096];
        (void)snprintf(config, sizeof(config), "%stimezone = Mars/Olympus\n", text);
        free(text);
        harness_write(w->folder, "edgemirror.conf", config);
        (void)service_start(w, 0);
        assert_int_equal(sql_long(w, ENABLED), 4);
        /* signs of life pass */
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.instance IN ROW EXCLUSIVE MODE");
        for (int i = 0; i < 3; i++) {
                long seen = sql_long(w, SEEN_MSEC);
                service_await_sql(
                        w, "SELECT (EXISTS (" REGISTERING ") OR (" SEEN_MSEC ") > %ld)::int", seen);
                assert_int_equal(sql_long(w, "SELECT count(*) FROM (" REGISTERING ") r"), 0);
        }
        PQfinish(lock);
        service_stop(w, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(instances_share_the_work, few_edges),
                cmocka_unit_test_setup(the_job_of_a_killed_instance_is_polled_on_by_another,
                                       few_edges),
                cmocka_unit_test_setup(a_paused_instance_publishes_nothing_after_its_lease,
                                       few_edges),
                cmocka_unit_test_setup(nor_does_it_through_pgbouncer, few_edges),
                cmocka_unit_test_setup(
                        an_edge_that_a_live_instance_wants_stays_enabled_when_another_starts_without_it,
                        few_edges),
                cmocka_unit_test_setup(an_edge_is_disabled_once_nobody_who_lives_wants_it,
                                       few_edges),
                cmocka_unit_test_setup(
                        an_instance_that_is_restarted_on_a_changed_file_wants_what_is_in_it,
                        few_edges),
                cmocka_unit_test_setup(nobody_disables_what_another_instance_wants, few_edges),
                cmocka_unit_test_setup(an_outage_of_postgres_makes_nobody_dead, few_edges),
                cmocka_unit_test_setup(a_clock_that_is_set_back_makes_nobody_dead, few_edges),
                cmocka_unit_test_setup(who_is_back_for_seconds_takes_nobody_for_dead, few_edges),
                cmocka_unit_test_setup(an_edge_without_its_time_zone_is_registered_once, few_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
