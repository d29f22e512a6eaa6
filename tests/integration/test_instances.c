/*
 * Several instances of edgemirror run on one database: they share the work, and go on with what one
 * of them left. What is injected into them at random is in test_chaos.c.
 */
#include "integration/service_world.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

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
        service_fault(w, "list", 0, "\"count\":1,\"delay_ms\":3000");
        make_due(w, 0, 0);
        harness_service_reload(paused);
        service_await_phase(w, 0, "list");
        harness_service_signal(paused, SIGSTOP);
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(instances_share_the_work, few_edges),
                cmocka_unit_test_setup(the_job_of_a_killed_instance_is_polled_on_by_another,
                                       few_edges),
                cmocka_unit_test_setup(a_paused_instance_publishes_nothing_after_its_lease,
                                       few_edges),
                cmocka_unit_test_setup(nor_does_it_through_pgbouncer, few_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
