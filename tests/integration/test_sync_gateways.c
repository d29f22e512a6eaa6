/*
 * edgemirror sync where something stands between it and the catalog, or the catalog is another than
 * the reference has it: gateways with a prefix, other job systems, answers that are compressed,
 * refused for a moment, or not the catalog's at all.
 */
#include "integration/sync_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends to the url in the configuration. */
static void lengthen_url(World *w, const char *suffix)
{
        char *text = harness_read(w->folder, "edgemirror.conf");
        char *end = strchr(strstr(text, "url = "), '\n');
        char *longer;
        assert_true(asprintf(&longer, "%.*s%s%s", (int)(end - text), text, suffix, end) > 0);
        harness_write(w->folder, "edgemirror.conf", longer);
        free(longer);
        free(text);
}

static void assert_clean_sync(World *w)
{
        assert_int_equal(sync_all(w), 0);
        for (int edge = 0; edge < 2; edge++) {
                assert_string_equal(text_of(w, edge, "outcome"), "synced");
                assert_string_equal(text_of(w, edge, "refresh"), "clean");
        }
        assert_mirror_equals_catalog(w);
}

/* C1: Jobs in the Edge job system, found by the Location, or by the id alone. */
static void jobs_of_the_edge_system_are_followed(void **state)
{
        static const char *const settings[] = {
                "{\"job_shape\":\"edge\",\"job_location\":\"edge\",\"jobs_edge\":true,\"jobs_v1\":"
                "false,\"jobs_2_0\":false}",
                "{\"job_shape\":\"edge-log\",\"job_location\":\"edge\",\"jobs_edge\":true,\"jobs_"
                "v1\":false,\"jobs_2_0\":false}",
                "{\"job_shape\":\"edge\",\"job_location\":\"none\",\"jobs_edge\":true,\"jobs_v1\":"
                "false,\"jobs_2_0\":false}",
                /* where the Location leads nothing is understood: the other addresses are asked */
                "{\"job_shape\":\"reference\",\"job_location\":\"edge\",\"jobs_edge\":false,\"jobs_"
                "v1\":true}",
        };
        World *w = *state;
        for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
                begin_again(w, "20", "1s");
                control(w, "/control/settings", settings[i]);
                assert_clean_sync(w);
        }
}

/* C1: A shape that nobody knows does not fail the run. */
static void a_job_that_nobody_understands_is_unknown_and_the_list_follows(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        fault(w, "job", "\"body\":\"{\\\"phase\\\":\\\"done\\\"}\"");
        assert_int_equal(sync_all(w), 0);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_string_equal(text_of(w, 0, "refresh"), "unknown");
        assert_string_equal(error_of(w, "code"), "job-bad-document");
        assert_mirror_equals_catalog(w);
}

/* C2: The gateway knows no path without its prefix, and says so in words of its own. */
static void a_location_without_the_gateways_prefix_is_found_below_it(void **state)
{
        static const struct {
                int status;
                const char *location;
        } cases[] = {{401, "v1"}, {403, "v1"}, {404, "own"}, {401, "own"}, {403, "edge"}};
        World *w = *state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char settings[200];
                begin_again(w, "20", "1s");
                (void)snprintf(settings, sizeof(settings),
                               "{\"prefix\":\"/"
                               "collibra\",\"gateway_status\":%d,\"job_location\":\"%s\",\"jobs_"
                               "edge\":true}",
                               cases[i].status, cases[i].location);
                control(w, "/control/settings", settings);
                lengthen_url(w, "/collibra");
                assert_clean_sync(w);
                assert_int_equal(count_in_requests(w, "", "\"status\":401"),
                                 cases[i].status == 401 ? 2 : 0);
        }
}

/* C3: Credentials that are good, and refused once, of any request. */
static void a_401_for_a_moment_is_ridden_out(void **state)
{
        static const char *const kinds[] = {"refresh", "job", "list"};
        World *w = *state;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                begin_again(w, "20", "1m");
                fault(w, kinds[i], "\"status\":401,\"count\":1");
                assert_clean_sync(w);
                assert_int_equal(count_in_requests(w, "", "\"status\":401"), 1);
        }
}

/* C6: A definite no costs no wait. */
static void a_refresh_that_is_refused_in_any_way_is_rejected(void **state)
{
        static const Case cases[] = {
                {"refresh", "\"status\":405", 0, "synced", "rejected", "catalog-unexpected-status"},
                {"refresh", "\"status\":411", 0, "synced", "rejected", "catalog-unexpected-status"},
                {"refresh", "\"status\":415", 0, "synced", "rejected", "catalog-unexpected-status"},
                {"refresh", "\"status\":422", 0, "synced", "rejected", "catalog-unexpected-status"},
        };
        begin_again(*state, "20", "1s");
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* C7 */
static void compressed_answers_are_read(void **state)
{
        World *w = *state;
        begin_again(w, "1200,20", "1s");
        control(w, "/control/settings", "{\"gzip\":true}");
        assert_clean_sync(w);
        fault(w, "refresh", "\"status\":403,\"error_code\":\"noAccess\"");
        assert_int_equal(sync_all(w), 0);
        assert_string_equal(text_of(w, 0, "refresh"), "rejected");
        assert_non_null(strstr(error_of(w, "message"), "[noAccess]"));
}

/* C9: The job outlives a run that did not ask for it. */
static void a_job_is_taken_up_past_a_run_without_refresh(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        fault(w, "refresh", "\"job_run_ms\":8000");
        const char *const arguments[] = {"-c", w->config, "sync", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE job_id IS NOT NULL");
        assert_int_equal(kill(pid, SIGKILL), 0);
        (void)harness_program_wait(pid);
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.edge_claim SET expires_at = now() WHERE holder IS NOT NULL"));
        assert_int_equal(RUN(w, "sync", "--no-refresh", "main"), 0);
        assert_int_equal(RUN(w, "sync", "main"), 0);
        assert_int_equal(count_in_requests(w, "", "\"kind\":\"refresh\""), 1);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume'"
                                 " AND outcome = 'synced' AND refresh = 'clean'"),
                1);
        /* And once it is over, it is over. */
        assert_int_equal(RUN(w, "sync", "--no-refresh", "main"), 0);
        fault(w, "refresh", "\"job_run_ms\":0");
        control(w, "/control/faults", "");
        assert_int_equal(RUN(w, "sync", "main"), 0);
        assert_int_equal(count_in_requests(w, "", "\"kind\":\"refresh\""), 2);
}

/* C10: Between two requests the catalog has closed the connection. */
static void an_idle_connection_that_was_closed_is_no_error(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        control(w, "/control/settings", "{\"idle_close_s\":1,\"job_run_ms\":4000}");
        char *text = harness_read(w->folder, "edgemirror.conf");
        char *min = strstr(text, "poll_min = 10ms\npoll_max = 50ms");
        assert_non_null(min);
        memcpy(min, "poll_min = 2s  ", strlen("poll_min = 2s  "));
        memcpy(strstr(min, "poll_max = 50ms"), "poll_max = 2s  ", strlen("poll_max = 2s  "));
        harness_write(w->folder, "edgemirror.conf", text);
        free(text);
        assert_clean_sync(w);
        assert_int_equal(count_in_requests(w, "", "\"status\":0"), 0);
}

/* C11: A Location of another origin is not followed, and is said once, however many edges there
 * are. */
static void a_foreign_location_is_said_once(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1s");
        control(w, "/control/faults",
                "{\"kind\":\"refresh\",\"location\":\"http://catalog.internal:8080/rest/jobs/v1/"
                "jobs/x\"}");
        assert_clean_sync(w);
        char *said = harness_read(w->folder, "err");
        char *first = strstr(said, "another scheme, host or port");
        assert_non_null(first);
        assert_null(strstr(first + 1, "another scheme, host or port"));
        free(said);
}

/* O5: What is stored of a Location opens no door; what is asked has all of it. */
static void a_token_in_a_location_is_not_stored(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1s");
        control(w, "/control/faults",
                "{\"kind\":\"refresh\",\"location\":\"/rest/jobs/v1/jobs/"
                "00000000-0000-4000-8000-000000000000?access_token=abc\"}");
        assert_int_equal(sync_all(w), 0);
        assert_true(count_in_requests(w, "", "access_token=abc") > 0);
        assert_int_equal(
                harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run r"
                                         " WHERE r::text LIKE '%access_token%' OR job_url IS NULL"),
                0);
}

/* C4 */
static void a_sign_in_page_is_one_answer_for_all(void **state)
{
        static const char *const effects[] = {"\"html\":true",
                                              "\"redirect\":\"https://idp.example/login?x=y\""};
        World *w = *state;
        for (size_t i = 0; i < 2; i++) {
                char rule[128];
                begin_again(w, "20", "1s");
                (void)snprintf(rule, sizeof(rule), "{\"kind\":\"list\",%s}", effects[i]);
                control(w, "/control/faults", rule);
                assert_int_equal(RUN(w, "sync", "--no-refresh"), 69);
                assert_int_equal(RUN(w, "check"), 69);
                assert_says(w, "out", "a sign-in page", true);
        }
}

/* C8: By hand, the run ends and says when; within bounds it waits. */
static void a_retry_after_is_kept(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        fault(w, "refresh", "\"status\":429,\"retry_after\":300,\"count\":1");
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "catalog-busy");
        assert_non_null(strstr(error_of(w, "message"), "asks for a pause of 5m"));
        assert_int_equal(count_in_requests(w, "", "\"kind\":"), 1);
        begin_again(w, "20", "1m");
        fault(w, "list", "\"status\":503,\"retry_after\":2,\"count\":1");
        assert_clean_sync(w);
}

/* What a person would look for in vain: each is recognised, and said in its own words. */
static void check_recognises_what_stands_in_between(void **state)
{
        static const struct {
                const char *rule, *settings, *suffix;
                int status;
                const char *line;
        } cases[] = {
                {"{\"kind\":\"list\",\"html\":true}", NULL, "", 69,
                 "FAILED  catalog                           the catalog answers with text/html"},
                {"{\"kind\":\"list\",\"redirect\":\"https://idp.example/login\"}", NULL, "", 69,
                 "a redirect to https://idp.example/login"},
                {NULL, "{\"prefix\":\"/collibra\"}", "", 1,
                 "FAILED  catalog                           this address is forbidden; the answer "
                 "is not in the catalog's error format; check the path of the url"},
                {NULL, "{\"prefix\":\"/collibra\",\"gateway_status\":404}", "", 1,
                 "FAILED  catalog                           there is nothing at this address"},
                {NULL, "{\"prefix\":\"/collibra\",\"gateway_status\":401}", "", 77,
                 "FAILED  catalog                           the credentials are refused; the "
                 "answer is not in the catalog's error format"},
                {NULL, "{\"prefix\":\"/collibra\"}", "/collibra", 0, "ok      catalog "},
                {NULL, NULL, "/rest/2.0", 78, "drop \"/rest/2.0\""},
                {"{\"kind\":\"list\",\"date_s\":-300}", NULL, "", 0,
                 /* by a second more where the answer took as long */
                 "note    clock                             this machine's clock is 5m"},
                {"{\"kind\":\"list\",\"date_s\":30}", NULL, "", 0, "ok      catalog "},
                {"{\"kind\":\"list\",\"status\":401,\"count\":1}", NULL, "", 0, "ok      catalog "},
                /* N10 */
                {"{\"kind\":\"list\",\"status\":500}", NULL, "", 69,
                 "the catalog has an internal error"},
        };
        World *w = *state;
        begin_again(w, "20", "1s");
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].line);
                begin_again(w, "20", "1s");
                if (cases[i].settings)
                        control(w, "/control/settings", cases[i].settings);
                if (cases[i].rule)
                        control(w, "/control/faults", cases[i].rule);
                lengthen_url(w, cases[i].suffix);
                int status = RUN(w, "check");
                assert_says(w, status == 78 ? "err" : "out", cases[i].line, true);
                assert_int_equal(status, cases[i].status);
                /* of the roles that readers may have there is another */
                assert_says(w, "out", "note    clock", strstr(cases[i].line, "note ") != NULL);
        }
}

static void a_proxy_that_is_not_used_is_said(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1s");
        /* Not for plain http, which would not use these. */
        assert_int_equal(setenv("HTTPS_PROXY", "http://user:hunter2@proxy.example:3128", 1), 0);
        char *text = harness_read(w->folder, "edgemirror.conf");
        assert_int_equal(RUN(w, "check", "--offline"), 0);
        assert_says(w, "out", "HTTPS_PROXY", false);
        memcpy(strstr(text, "http://127"), "https://12", strlen("https://12"));
        harness_write(w->folder, "edgemirror.conf", text);
        free(text);
        assert_int_equal(RUN(w, "check", "--offline"), 0);
        assert_says(w, "out",
                    "note    proxy                             HTTPS_PROXY is set in the "
                    "environment, and not used",
                    true);
        assert_says(w, "out", "hunter2", false);
        assert_int_equal(unsetenv("HTTPS_PROXY"), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(jobs_of_the_edge_system_are_followed),
                cmocka_unit_test(a_job_that_nobody_understands_is_unknown_and_the_list_follows),
                cmocka_unit_test(a_location_without_the_gateways_prefix_is_found_below_it),
                cmocka_unit_test(a_401_for_a_moment_is_ridden_out),
                cmocka_unit_test(a_refresh_that_is_refused_in_any_way_is_rejected),
                cmocka_unit_test(compressed_answers_are_read),
                cmocka_unit_test(a_job_is_taken_up_past_a_run_without_refresh),
                cmocka_unit_test(an_idle_connection_that_was_closed_is_no_error),
                cmocka_unit_test(a_foreign_location_is_said_once),
                cmocka_unit_test(a_token_in_a_location_is_not_stored),
                cmocka_unit_test(a_retry_after_is_kept),
                cmocka_unit_test(check_recognises_what_stands_in_between),
                cmocka_unit_test(a_proxy_that_is_not_used_is_said),
                cmocka_unit_test(a_sign_in_page_is_one_answer_for_all),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
