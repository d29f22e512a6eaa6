/*
 * edgemirror sync through faults that pass and faults that stay, while the job is polled and before
 * and after: what is retried, what is given up, and that neither takes for ever nor asks more
 * often than it should.
 */
#include "integration/sync_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_JOB "\"job_run_ms\":2000"

static void faults_that_pass_while_polling_are_ridden_out(void **state)
{
        static const Case cases[] = {
                {"job", "\"close\":true,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"cut_at\":20,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"cut_at\":20,\"framing\":\"close\",\"count\":1", 0, "synced", "clean",
                 "null"},
                {"job", "\"status\":500,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"status\":502,\"count\":1", 0, "synced", "clean", "null"},
                {"job", "\"status\":429,\"retry_after\":1,\"count\":1", 0, "synced", "clean",
                 "null"},
                {"job", "\"status\":429,\"retry_after_date_s\":1,\"count\":1", 0, "synced", "clean",
                 "null"},
                {"job", "\"status\":429,\"retry_after\":\"soon\",\"count\":1", 0, "synced", "clean",
                 "null"},
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
                {"job", "\"body\":\"null\"", 0, "synced", "unknown", "job-bad-document"},
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
                {"refresh", "\"end_state\":\"COMPLETED\",\"result\":\"FAILURE\"", 0, "synced",
                 "failed", "job-failed"},
                {"refresh", "\"end_state\":\"COMPLETED\",\"result\":\"ABORTED\"", 0, "synced",
                 "failed", "job-failed"},
                {"refresh", "\"end_state\":\"SOMETHING_NEW\"", 0, "synced", "timeout",
                 "job-timeout"},
        };
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Five attempts, and then the fault stands; a refresh that was never taken does not keep the list
 * from being read. */
static void attempts_are_counted(void **state)
{
        World *w = *state;
        static const Case cases[] = {
                {"refresh", "\"status\":429,\"name\":\"busy\"", 0, "synced", "failed",
                 "catalog-busy"},
                {"refresh", "\"status\":503,\"name\":\"busy\"", 0, "synced", "failed",
                 "catalog-busy"},
                {"list", "\"status\":503,\"name\":\"busy\"", 1, "failed", "clean", "catalog-busy"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                run_cases(w, &cases[i], 1);
                assert_int_equal(count_in_requests(w, "", "\"busy\""), 5);
        }
}

/* The catalog says when to come back, as seconds or as a date. Without its word the first pause is
 * shorter than a second. */
static void retry_after_is_honoured(void **state)
{
        World *w = *state;
        static const char *const kinds[] = {"refresh", "list"};
        static const struct {
                const char *members;
                int msec_min; /* a date has whole seconds: of its two, one at least is left */
        } forms[] = {{"\"status\":429,\"retry_after\":1,\"count\":1", 1000},
                     {"\"status\":503,\"retry_after_date_s\":2,\"count\":1", 1000}};
        begin_again(w, "20", "1m");
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                for (size_t k = 0; k < sizeof(forms) / sizeof(forms[0]); k++) {
                        fault(w, kinds[i], forms[k].members);
                        assert_int_equal(RUN(w, "sync", "--json", "main"), 0);
                        take_results(w);
                        print_message("%s %s: %d ms\n", kinds[i], forms[k].members,
                                      number_of(w, 0, "durationMs"));
                        assert_string_equal(text_of(w, 0, "outcome"), "synced");
                        assert_string_equal(text_of(w, 0, "refresh"), "clean");
                        assert_true(number_of(w, 0, "durationMs") >= forms[k].msec_min);
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
                /* uri and edge of each */
                assert_int_equal(count_in_requests(w, "kind=refresh", w->edges[0]), 2 * 2);
        }
}

/* ---- where a job is, and what it looks like ------------------------------------------------- */

/* Answers of 200 to polls of a path. */
static int polls_answered(World *w, const char *path)
{
        int n = 0;
        char *log = harness_control_text(&w->catalog, "/control/log?kind=job"), *left = NULL;
        for (char *line = strtok_r(log, "\n", &left); line; line = strtok_r(NULL, "\n", &left))
                n += strstr(line, path) && strstr(line, "\"status\":200");
        free(log);
        return n;
}

/* Catalogs serve jobs at different places, and say so, or not, or wrongly; each in either of two
 * shapes. */
static void a_job_is_found_wherever_it_is_in_either_shape(void **state)
{
        World *w = *state;
        static const struct {
                const char *location; /* what the answer to the refresh says */
                const char *v1, *v2_0, *own;
                const char *found_at;
        } places[] = {
                {"v1", "true", "false", "false", "/rest/jobs/v1/jobs/"},
                {"2.0", "false", "true", "false", "/rest/2.0/jobs/"},
                {"own", "false", "false", "true", "/rest/catalogDatabase/v1/jobs/"},
                {"none", "true", "false", "false", "/rest/jobs/v1/jobs/"},
                {"none", "false", "true", "false", "/rest/2.0/jobs/"},
                {"own", "false", "true", "false", "/rest/2.0/jobs/"},
        };
        static const char *const shapes[] = {"reference", "job-api", "mixed"};
        begin_again(w, "20", "1m");
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
                for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
                        char settings[256];
                        (void)snprintf(settings, sizeof(settings),
                                       "{\"job_location\":\"%s\",\"jobs_v1\":%s,\"jobs_2_0\":%s,"
                                       "\"jobs_own\":%s,\"job_shape\":\"%s\"}",
                                       places[i].location, places[i].v1, places[i].v2_0,
                                       places[i].own, shapes[k]);
                        print_message("%s\n", settings);
                        control(w, "/control/settings", settings);
                        control(w, "/control/log", "");
                        assert_int_equal(sync_all(w), 0);
                        for (int edge = 0; edge < 2; edge++) {
                                assert_string_equal(text_of(w, edge, "refresh"), "clean");
                                assert_string_equal(text_of(w, edge, "jobState"), "COMPLETED");
                        }
                        assert_true(polls_answered(w, places[i].found_at) >= 2);
                }
}

/* The second shape says by `result` what the first says by nothing but its state. */
static void an_unclean_result_is_seen_in_either_shape(void **state)
{
        World *w = *state;
        static const char *const shapes[] = {"reference", "job-api", "mixed"};
        char advised[256];
        begin_again(w, "20", "1m");
        fault(w, "refresh",
              "\"end_state\":\"COMPLETED\",\"result\":\"FAILURE\",\"message\":\"no route\"");
        for (size_t k = 0; k < sizeof(shapes) / sizeof(shapes[0]); k++) {
                char settings[64];
                (void)snprintf(settings, sizeof(settings), "{\"job_shape\":\"%s\"}", shapes[k]);
                control(w, "/control/settings", settings);
                assert_int_equal(sync_all(w), 0);
                assert_string_equal(text_of(w, 0, "refresh"), "failed");
                assert_string_equal(error_of(w, "code"), "job-failed");
                assert_non_null(strstr(error_of(w, "message"), ": no route; look at job "));
                (void)snprintf(advised, sizeof(advised), ", then edgemirror -c %s sync %s",
                               w->config, text_of(w, 0, "edge"));
                assert_non_null(strstr(error_of(w, "message"), advised));
                assert_string_equal(text_of(w, 1, "refresh"), "clean");
        }
}

/* ---- credentials that change ---------------------------------------------------------------- */

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
        assert_int_equal(count_in_requests(w, "", "\"status\":401"), 1);
}

/* An account is locked by wrong attempts: two are made, a moment apart since a 401 may pass (C3),
 * for all edges together. */
static void credentials_refused_are_tried_twice(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        set_auth(w, "basic:svc:another-horse");
        assert_int_equal(sync_all(w), 77);
        for (int edge = 0; edge < 2; edge++)
                assert_string_equal(text_of(w, edge, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "catalog-unauthorized");
        assert_int_equal(count_in_requests(w, "", "\"status\":401"), 2);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'failed'"
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
        assert_int_equal(count_in_requests(w, "", "\"status\":401"), 2);
        assert_int_equal(
                harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.database_connection"), 0);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(faults_that_pass_while_polling_are_ridden_out),
                cmocka_unit_test(faults_that_stay_while_polling_have_an_end),
                cmocka_unit_test(every_unclean_end_of_a_job_is_a_failed_refresh),
                cmocka_unit_test(attempts_are_counted),
                cmocka_unit_test(retry_after_is_honoured),
                cmocka_unit_test(a_refresh_that_may_have_begun_is_not_repeated),
                cmocka_unit_test(a_job_is_found_wherever_it_is_in_either_shape),
                cmocka_unit_test(an_unclean_result_is_seen_in_either_shape),
                cmocka_unit_test(credentials_rotated_while_polling_are_picked_up),
                cmocka_unit_test(credentials_refused_are_tried_twice),
                cmocka_unit_test(credentials_refused_while_polling_end_the_run),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
