/*
 * PostgreSQL's clock, by which everything is due, is stepped forward and back by a day while the
 * service runs: no burst, no missed edge.
 *
 * The server runs under libfaketime, which reads the offset from a file at every look at the clock;
 * only PostgreSQL's clock is changed, since it is the only wall clock that counts, and as on a real
 * host the monotonic one goes on.
 */
#include "integration/service_world.h"
#include <glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static glob_t faketime; /* the library, when it is installed */

static bool find_faketime(void)
{
        return glob("/usr/lib/*/faketime/libfaketime.so.1", 0, NULL, &faketime) == 0 ||
               glob("/usr/lib64/faketime/libfaketime.so.1", 0, NULL, &faketime) == 0;
}

static void set_clock(ServiceWorld *w, const char *offset)
{
        char path[128], fresh[128];
        (void)snprintf(path, sizeof(path), "%s/clock", w->pg.folder);
        (void)snprintf(fresh, sizeof(fresh), "%s/clock.new", w->pg.folder);
        harness_write(w->pg.folder, "clock.new", offset);
        assert_int_equal(chmod(fresh, 0644), 0);
        assert_int_equal(rename(fresh, path), 0);
}

/* PostgreSQL again, with a clock that can be set. */
static void preload_clock(ServiceWorld *w)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/clock", w->pg.folder);
        set_clock(w, "+0");
        harness_postgres_stop(&w->pg);
        (void)setenv("FAKETIME_TIMESTAMP_FILE", path, 1);
        (void)setenv("FAKETIME_NO_CACHE", "1", 1);
        (void)setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1", 1);
        (void)setenv("LD_PRELOAD", faketime.gl_pathv[0], 1); /* for the server alone */
        harness_postgres_resume(&w->pg);
        (void)unsetenv("LD_PRELOAD");
}

static int world_with_a_clock(void **state)
{
        if (service_world_setup(state) != 0)
                return -1;
        preload_clock(*state);
        return 0;
}

static void begin(ServiceWorld *w, const char *in_daemon)
{
        set_clock(w, "+0");
        service_begin_again(w, 4, "20");
        (void)snprintf(w->schedule, sizeof(w->schedule), "hourly");
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "%s", in_daemon);
        service_write_config(w);
}

static void assert_the_step(ServiceWorld *w, const char *offset)
{
        long before = sql_long(w, "SELECT extract(epoch FROM clock_timestamp())::bigint");
        set_clock(w, offset);
        long step = sql_long(w, "SELECT extract(epoch FROM clock_timestamp())::bigint") - before;
        assert_true(labs(step) > 3000);
}

/* The service has nothing to do but to wait for an edge that is due in a moment, as it looks at the
 * queue every minute; and nobody tells it of the step. */
static void a_day_forward_is_one_run_for_each_edge(void **state)
{
        ServiceWorld *w = *state;
        begin(w, "");
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000,\"count\":1");
        make_due(w, 0, 0);
        harness_service_reload(s);
        /* one is under way, and its lease seems to have ended long ago */
        service_await_phase(w, 0, "poll");
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.edge_claim SET next_run_at = now() + interval '3 s'"
                " WHERE edge_connection_id = (SELECT edge_connection_id FROM edgemirror.edge"
                " WHERE name = 'e1')"));
        harness_service_reload(s);
        harness_service_await(s, "STATUS=Syncing 1 of 4 edges; next: ", 1);
        assert_the_step(w, "+1d");
        await_runs(w, 1, 3, "synced", 1);
        service_await_sql(
                w, "SELECT (count(*) = 3)::int FROM edgemirror.edge_claim WHERE holder IS NULL "
                   "AND next_run_at"
                   " BETWEEN now() AND now() + interval '1 hour'");
        make_due(w, 1, 1);
        harness_service_reload(s);
        await_runs(w, 1, 1, "synced", 2);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 5);
        assert_int_equal(requests(w, "refresh", 0, 0), 1);
        service_stop(w, 0);
}

/* The service finds out by an answer of the queue, which it asks when the sync before the next one
 * has ended. */
static void a_day_back_is_noticed_and_no_edge_waits_for_that_day(void **state)
{
        ServiceWorld *w = *state;
        begin(w, "max_syncs = 1\n");
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000,\"count\":1");
        make_due(w, 0, 1);
        harness_service_reload(s);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE phase = 'poll'");
        assert_the_step(w, "-1d");
        service_release(w);
        harness_service_await_log(s, "PostgreSQL's clock went back", 1);
        service_await_sql(
                w, "SELECT (count(*) = 4)::int FROM edgemirror.edge_claim WHERE holder IS NULL "
                   "AND next_run_at"
                   " BETWEEN now() AND now() + interval '1 hour'");
        make_due(w, 0, 3);
        harness_service_reload(s);
        service_await_sql(w, "SELECT (count(DISTINCT edge_connection_id) = 4)::int FROM "
                             "edgemirror.sync_run WHERE outcome = 'synced'");
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 3);
        assert_true(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run") <= 5);
        assert_nothing_is_held(w);
}

/* While the clock is a day ahead one sync ends, one begins, and two edges wait. */
static void a_day_forward_and_back_again_makes_no_edge_wait_nor_run_twice(void **state)
{
        ServiceWorld *w = *state;
        begin(w, "max_syncs = 1\n");
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000,\"count\":2");
        make_due(w, 0, 3);
        harness_service_reload(s);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE phase = 'poll'");
        assert_the_step(w, "+1d");
        service_release(w);
        service_await_sql(
                w, "SELECT count(*) FROM edgemirror.sync_run WHERE phase = 'poll' AND started_at "
                   "> now() - interval '1 h'");
        assert_the_step(w, "+0");
        service_release(w);
        harness_service_await_log(s, "PostgreSQL's clock went back", 1);
        await_runs(w, 0, 3, "synced", 1);
        service_await_sql(
                w, "SELECT (count(*) = 4)::int FROM edgemirror.edge_claim WHERE holder IS NULL "
                   "AND next_run_at"
                   " BETWEEN now() AND now() + interval '1 hour'");
        service_stop(w, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 4);
        service_assert_mirror_equals_catalog(w, 0, 3);
        assert_nothing_is_held(w);
}

/* An instance dies, and another begins when PostgreSQL's clock has been set back. */
static HarnessService *die_before_the_step(ServiceWorld *w, const char *offset)
{
        begin(w, "");
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        harness_service_kill(s);
        no_faults(w);
        assert_the_step(w, offset);
        return service_start(w, 1);
}

static void assert_the_job_was_taken_up(ServiceWorld *w)
{
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 1);
        assert_int_equal(requests(w, "refresh", 0, 0), 1);
        service_assert_mirror_equals_catalog(w, 0, 0);
        assert_nothing_is_held(w);
}

static void a_lease_of_before_the_step_does_not_block_for_a_day(void **state)
{
        ServiceWorld *w = *state;
        (void)die_before_the_step(w, "-1d");
        assert_the_job_was_taken_up(w);
}

/* A lease that ends within two hours may be somebody's: it is waited for, and the other edges go
 * on. */
static void a_step_within_two_hours_keeps_the_edge_of_a_dead_holder_until_its_lease_ends(
        void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = die_before_the_step(w, "-100m");
        make_due(w, 1, 3);
        harness_service_reload(s);
        await_runs(w, 1, 3, "synced", 1);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL "
                            "AND expires_at"
                            " BETWEEN now() + interval '90 min' AND now() + interval '2 hours'"),
                1);
        assert_the_step(w, "+2m"); /* that time passes */
        harness_service_reload(s);
        assert_the_job_was_taken_up(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_day_forward_is_one_run_for_each_edge),
                cmocka_unit_test(a_day_back_is_noticed_and_no_edge_waits_for_that_day),
                cmocka_unit_test(a_day_forward_and_back_again_makes_no_edge_wait_nor_run_twice),
                cmocka_unit_test(a_lease_of_before_the_step_does_not_block_for_a_day),
                cmocka_unit_test(
                        a_step_within_two_hours_keeps_the_edge_of_a_dead_holder_until_its_lease_ends),
        };
        int failed = find_faketime() ? cmocka_run_group_tests(tests, world_with_a_clock,
                                                              service_world_teardown)
                                     : harness_skip_all("faketime is not installed");
        globfree(&faketime);
        return failed;
}
