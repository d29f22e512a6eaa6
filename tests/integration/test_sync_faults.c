/*
 * edgemirror sync through faults that pass and faults that stay, while the job is polled and before and after: what is ridden out, what is given up, and
 * that neither takes for ever nor knocks more often than it should.
 */
#include "integration/sync_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_JOB "\"job_run_ms\":2000"

static long count_in_log(World *w, const char *query, const char *needle)
{
        char path[128];
        long n = 0;
        (void)snprintf(path, sizeof(path), "/control/log?%s", query);
        char *log = harness_control_text(&w->catalog, path);
        for (const char *at = strstr(log, needle); at; at = strstr(at + 1, needle))
                n++;
        free(log);
        return n;
}

static void faults_that_pass_while_polling_are_ridden_out(void **state)
{
        static const Case cases[] = {
                {"job", "\"close\":true,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"cut_at\":20,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"cut_at\":20,\"framing\":\"close\",\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"status\":500,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"status\":502,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"status\":429,\"retry_after\":1,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"status\":429,\"retry_after_date_s\":1,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"status\":429,\"retry_after\":\"soon\",\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"body\":\"null\",\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"status\":404,\"count\":3", 0, "synced", "clean", "null"},
        };
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void faults_that_stay_while_polling_have_an_end(void **state)
{
        static const Case cases[] = {
                {"job", "\"status\":500", 0, "synced", "timeout", "job-wait-timeout"},
                {"job", "\"close\":true", 0, "synced", "timeout", "job-wait-timeout"},
                {"job", "\"body\":\"null\"", 0, "synced", "timeout", "job-wait-timeout"},
                {"job", "\"status\":404", 0, "synced", "unknown", "catalog-not-found"},
                {"job", "\"status\":403", 0, "synced", "unknown", "catalog-forbidden"},
                {"job", "\"html\":true", 0, "synced", "unknown", "catalog-not-json"},
        };
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void every_unclean_end_of_a_job_is_a_failed_refresh(void **state)
{
        static const Case cases[] = {
                {"refresh", "\"end_state\":\"CANCELLED\"", 0, "synced", "failed", "job-failed"},
                {"refresh", "\"end_state\":\"FAILED\"", 0, "synced", "failed", "job-failed"},
                {"refresh", "\"end_state\":\"DELETED\"", 0, "synced", "failed", "job-failed"},
                {"refresh", "\"end_state\":\"COMPLETED\",\"result\":\"FAILURE\"", 0, "synced", "failed", "job-failed"},
                {"refresh", "\"end_state\":\"COMPLETED\",\"result\":\"ABORTED\"", 0, "synced", "failed", "job-failed"},
                {"refresh", "\"end_state\":\"SOMETHING_NEW\"", 0, "synced", "timeout", "job-timeout"},
        };
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Five attempts, and then the fault stands; a refresh that was never taken does not keep the list from being read. */
static void attempts_are_counted(void **state)
{
        World *w = *state;
        static const Case cases[] = {
                {"refresh", "\"status\":429,\"name\":\"busy\"", 0, "synced", "failed", "catalog-busy"},
                {"refresh", "\"status\":503,\"name\":\"busy\"", 0, "synced", "failed", "catalog-busy"},
                {"list", "\"status\":503,\"name\":\"busy\"", 1, "failed", "clean", "catalog-busy"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                run_cases(w, &cases[i], 1);
                assert_int_equal(count_in_log(w, "", "\"busy\""), 5);
        }
}

/* The answer may have been lost on its way back: a second POST could start a second job. */
static void a_refresh_that_may_have_begun_is_not_repeated(void **state)
{
        World *w = *state;
        static const Case cases[] = {
                {"refresh", "\"close\":true", 0, "synced", "unknown", "http-reset"},
                {"refresh", "\"status\":500", 0, "synced", "unknown", "catalog-error"},
                {"refresh", "\"status\":502", 0, "synced", "unknown", "catalog-error"},
                {"refresh", "\"status\":409", 0, "synced", "unknown", "catalog-conflict"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                run_cases(w, &cases[i], 1); /* after one sync of both edges without a fault */
                assert_int_equal(count_in_log(w, "kind=refresh", w->edges[0]), 2 * 2); /* uri and edge of each */
        }
}

/* ---- credentials that change ---- */

static void set_auth(World *w, const char *auth)
{
        char settings[128];
        (void)snprintf(settings, sizeof(settings), "{\"auth\":\"%s\"}", auth);
        control(w, "/control/settings", settings);
}

static void credentials_rotated_while_polling_are_picked_up(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        fault(w, "refresh", LONG_JOB);
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        harness_write(w->folder, "password", "another-horse\n");
        set_auth(w, "basic:svc:another-horse");
        assert_int_equal(harness_program_wait(pid), 0);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_string_equal(text_of(w, 0, "refresh"), "clean");
        assert_int_equal(count_in_log(w, "", "\"status\":401"), 1);
}

/* An account is locked by wrong attempts: one is made, for all edges together. */
static void credentials_refused_are_tried_once(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        set_auth(w, "basic:svc:another-horse");
        assert_int_equal(sync_all(w), 77);
        for (int edge = 0; edge < 2; edge++)
                assert_string_equal(text_of(w, edge, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "catalog-unauthorized");
        assert_int_equal(count_in_log(w, "", "\"status\":401"), 1);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'failed'"
                                                  " AND error_code = 'catalog-unauthorized' AND http_status = 401"),
                         1);
}

static void credentials_refused_while_polling_end_the_run(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        fault(w, "refresh", LONG_JOB);
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        set_auth(w, "basic:svc:another-horse");
        assert_int_equal(harness_program_wait(pid), 77);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "catalog-unauthorized");
        assert_int_equal(count_in_log(w, "", "\"status\":401"), 1);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.database_connection"), 0);
        assert_int_equal(
                harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(faults_that_pass_while_polling_are_ridden_out),
                cmocka_unit_test(faults_that_stay_while_polling_have_an_end),
                cmocka_unit_test(every_unclean_end_of_a_job_is_a_failed_refresh),
                cmocka_unit_test(attempts_are_counted),
                cmocka_unit_test(a_refresh_that_may_have_begun_is_not_repeated),
                cmocka_unit_test(credentials_rotated_while_polling_are_picked_up),
                cmocka_unit_test(credentials_refused_are_tried_once),
                cmocka_unit_test(credentials_refused_while_polling_end_the_run),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
