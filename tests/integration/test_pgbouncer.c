/*
 * All of it through a PgBouncer that pools by transaction: consecutive statements of one client run in different sessions.
 */
#include "harness/pgbouncer.h"
#include "integration/service_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static HarnessPgbouncer bouncer;

static int begin(void **state)
{
        ServiceWorld *w = *state;
        begin_again(w, 8, "20,700,20");
        if (bouncer.pid == 0 && !harness_pgbouncer_start(&bouncer, &w->pg))
                return 0;
        (void)snprintf(w->conninfo, sizeof(w->conninfo), "%s", bouncer.service);
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 2s");
        write_config(w);
        return 0;
}

static int end(void **state)
{
        harness_pgbouncer_stop(&bouncer);
        return service_world_teardown(state);
}

static void need_pgbouncer(void)
{
        if (bouncer.pid > 0)
                return;
        print_message("# SKIP: pgbouncer is not installed\n");
        skip();
}

static int run(ServiceWorld *w, const char *command)
{
        const char *const arguments[] = {"-c", w->config, command, NULL};
        return harness_program(w->folder, arguments);
}

static void every_command_works(void **state)
{
        ServiceWorld *w = *state;
        need_pgbouncer();
        free(harness_sql(&w->pg, "SET client_min_messages = error; DROP PUBLICATION edgemirror;"
                                 " DROP SCHEMA edgemirror CASCADE"));
        assert_int_equal(run(w, "migrate"), 0);
        assert_int_equal(run(w, "migrate"), 0);
        assert_int_equal(run(w, "check"), 0);
        assert_int_equal(run(w, "sync"), 0);
        assert_int_equal(run(w, "sync"), 0);
        assert_mirror_equals_catalog(w, 0, 7);
        assert_int_equal(run(w, "status"), 0);
        char *out = harness_read(w->folder, "out");
        assert_non_null(strstr(out, "e7"));
        free(out);
        assert_nothing_is_held(w);
}

static void two_instances_share_and_take_over(void **state)
{
        ServiceWorld *w = *state;
        need_pgbouncer();
        (void)service_start(w, 0);
        fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 3);
        harness_service_reload(&w->services[0]);
        for (int i = 0; i < 4; i++)
                await_phase(w, i, "poll");
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
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume'"), 4);
        assert_mirror_equals_catalog(w, 0, 7);
        assert_nothing_is_held(w);
}

/* Its clients keep their connections while the sessions behind them end. */
static void a_restart_of_postgres_behind_it_is_ridden_out(void **state)
{
        ServiceWorld *w = *state;
        need_pgbouncer();
        HarnessService *s = service_start(w, 0);
        fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 7);
        harness_service_reload(s);
        for (int i = 0; i < 8; i++)
                await_phase(w, i, "poll");
        harness_postgres_stop(&w->pg);
        harness_postgres_resume(&w->pg);
        harness_service_signal(s, SIGTERM);
        assert_int_equal(harness_service_wait(s), 0);
        no_faults(w);
        (void)service_start(w, 1); /* a lease that could not be given back ends by itself */
        await_runs(w, 0, 7, "synced", 1);
        service_stop(w, 1);
        assert_mirror_equals_catalog(w, 0, 7);
        assert_nothing_is_held(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(every_command_works, begin),
                cmocka_unit_test_setup(two_instances_share_and_take_over, begin),
                cmocka_unit_test_setup(a_restart_of_postgres_behind_it_is_ridden_out, begin),
        };
        return cmocka_run_group_tests(tests, service_world_setup, end);
}
