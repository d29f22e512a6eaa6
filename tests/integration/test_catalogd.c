/*
 * The sample catalog keeps to the API reference where nothing was broken on purpose, and can be
 * looked into and changed while it runs.
 *
 * Tests elsewhere rely on that, so this one asks it over HTTP as they do. The faults are in
 * test_catalogd_faults.c.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "integration/ask.h"
#include <curl/curl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_lists_within_the_bounds_of_the_reference(void **state)
{
        static const struct {
                const char *query;
                int rows; /* -1: 400 */
        } cases[] = {
                {"limit=500", 500},        {"limit=501", -1},  {"limit=1", 1},
                {"limit=-1", -1},          {"limit=x", -1},    {"limit=", -1},
                {"limit=0", 100},          {"", 100},          {"limit=500&offset=1000", 230},
                {"offset=1229", 1},        {"offset=1230", 0}, {"offset=2147483647", 0},
                {"offset=2147483648", -1}, {"offset=-1", -1},  {"limit=99999999999999999999", -1},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                HarnessReply reply;

                if (cases[i].rows >= 0) {
                        assert_int_equal(ask_count(*state, cases[i].query), cases[i].rows);
                        continue;
                }
                ask_list(*state, cases[i].query, &reply);
                assert_problem(&reply, 400, NULL);
                harness_reply_done(&reply);
        }
}

static void test_pages_join_to_the_truth(void **state)
{
        static const char *const queries[] = {"limit=500", "limit=500&offset=500",
                                              "limit=500&offset=1000"};
        Ask *f = *state;
        _cleanup_(text_done) Text joined = {0};
        HarnessReply truth;
        char path[256];

        for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
                HarnessReply reply;
                cJSON *rows, *row;

                ask_list(f, queries[i], &reply);
                rows = ask_rows(&reply);
                cJSON_ArrayForEach(row, rows)
                {
                        char *printed = cJSON_PrintUnformatted(row);

                        assert_string_equal(ask_text(row, "edgeConnectionId"), f->edge);
                        assert_int_equal(text_append_string(&joined, printed), 0);
                        assert_int_equal(text_append_string(&joined, "\n"), 0);
                        cJSON_free(printed);
                }
                cJSON_Delete(rows);
                harness_reply_done(&reply);
        }
        (void)snprintf(path, sizeof(path), "/control/rows?edge=%s", f->edge);
        ask_get(f, path, &truth);
        assert_string_equal(joined.data, truth.body.data);
        harness_reply_done(&truth);
}

static void test_lists_all_edges_and_schema_connections(void **state)
{
        Ask *f = *state;
        cJSON *edges = harness_catalogd_control(&f->catalogd, "GET", "/control/edges", NULL), *rows;
        const cJSON *schemas =
                cJSON_GetObjectItem(cJSON_GetArrayItem(edges, 1), "schemaConnections");
        char query[128];
        HarnessReply reply;
        int total = 0;

        for (int i = 0; i < cJSON_GetArraySize(schemas); i++) {
                (void)snprintf(query, sizeof(query), "limit=500&schemaConnectionId=%s",
                               cJSON_GetArrayItem(schemas, i)->valuestring);
                total += ask_count(f, query);
        }
        assert_int_equal(total, ASK_ROWS);
        assert_int_equal(ask_count(f, "schemaConnectionId=00000000-0000-4000-8000-000000000001"),
                         0);
        ask_get(f, ASK_API "?limit=500&offset=1000", &reply);
        rows = ask_rows(&reply);
        assert_int_equal(cJSON_GetArraySize(rows), ASK_ROWS + 7 - 1000);
        cJSON_Delete(rows);
        harness_reply_done(&reply);
        cJSON_Delete(edges);
}

static void test_refuses_what_is_not_there(void **state)
{
        static const struct {
                const char *method, *path;
                long status;
        } cases[] = {
                {"GET", ASK_API "?edgeConnectionId=nonsense", 400},
                {"GET", ASK_API "?edgeConnectionId=00000000-0000-4000-8000-000000000001", 400},
                {"GET", ASK_API "?schemaConnectionId=1", 400},
                {"GET", ASK_API "/00000000-0000-4000-8000-000000000001", 404},
                {"GET", ASK_API "/nonsense", 400},
                {"POST", ASK_API "/refresh", 400},
                {"POST", ASK_API "/refresh?edgeConnectionId=x", 400},
                {"POST", ASK_API "/refresh?edgeConnectionId=00000000-0000-4000-8000-000000000001",
                 400},
                {"GET", ASK_API "/refresh", 405},
                {"POST", ASK_API, 405},
                {"GET", "/rest/jobs/v1/jobs/00000000-0000-4000-8000-000000000001", 404},
                {"GET", "/", 404},
        };
        Ask *f = *state;
        HarnessReply reply;

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                harness_catalogd_request(&f->catalogd, cases[i].method, cases[i].path, ASK_ACCOUNT,
                                         NULL, &reply);
                assert_problem(&reply, cases[i].status, NULL);
                harness_reply_done(&reply);
        }
        ask_settings(f, "{\"unknown_edge_status\":404}");
        ask_get(f, ASK_API "?edgeConnectionId=00000000-0000-4000-8000-000000000001", &reply);
        assert_problem(&reply, 404, "edgeConnectionNotFound");
        harness_reply_done(&reply);
}

static void test_demands_credentials(void **state)
{
        static const struct {
                const char *auth, *credentials;
                long status;
        } cases[] = {
                {"basic:" ASK_ACCOUNT, NULL, 401},
                {"basic:" ASK_ACCOUNT, "svc:wrong", 401},
                {"basic:" ASK_ACCOUNT, ASK_ACCOUNT, 200},
                {"bearer:abc", ASK_ACCOUNT, 401},
                {"bearer:abc", "Bearer abcd", 401},
                {"bearer:abc", "Bearer abc", 200},
                {"none", NULL, 200},
        };
        Ask *f = *state;
        HarnessReply reply;
        char json[128];

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                (void)snprintf(json, sizeof(json), "{\"auth\":\"%s\"}", cases[i].auth);
                ask_settings(f, json);
                harness_catalogd_request(&f->catalogd, "GET", ASK_API "?limit=1",
                                         cases[i].credentials, NULL, &reply);
                if (cases[i].status == 401)
                        assert_problem(&reply, 401, "unauthorized");
                else
                        assert_int_equal(reply.status, cases[i].status);
                harness_reply_done(&reply);
        }
        ask_settings(f, "{\"auth\":\"bearer:old\"}");
        ask_settings(f, "{\"auth\":\"bearer:new\"}");
        harness_catalogd_request(&f->catalogd, "GET", ASK_API "?limit=1", "Bearer old", NULL,
                                 &reply);
        assert_problem(&reply, 401, "expiredToken");
        harness_reply_done(&reply);
}

static void test_runs_a_job_and_reveals_what_was_pending(void **state)
{
        Ask *f = *state;
        HarnessReply reply;
        cJSON *job;
        char path[128];

        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", f->edge);
        harness_catalogd_tell(&f->catalogd, "POST", path,
                              "{\"op\":\"add\",\"name\":\"pending one\",\"pending\":true}");
        assert_int_equal(ask_count(f, "offset=1230"), 0);
        ask_refresh(f, &reply);
        assert_int_equal(reply.status, 202);
        assert_true(text_starts_with(reply.location, "/rest/jobs/v1/jobs/"));
        job = cJSON_Parse(reply.body.data);
        assert_string_equal(ask_text(job, "state"), "WAITING");
        assert_string_equal(ask_text(job, "resourceType"), "Job");
        assert_true(cJSON_IsNumber(cJSON_GetObjectItem(job, "createdOn")));
        assert_string_equal(ask_text(job, "id"), reply.location + strlen("/rest/jobs/v1/jobs/"));
        cJSON_Delete(job);
        job = ask_wait_job(f, reply.location, "COMPLETED");
        assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(job, "progressPercentage")), 100);
        assert_true(cJSON_IsNumber(cJSON_GetObjectItem(job, "endDate")));
        cJSON_Delete(job);
        harness_reply_done(&reply);
        assert_int_equal(ask_count(f, "offset=1230"), 1);
        harness_catalogd_tell(&f->catalogd, "POST", path,
                              "{\"op\":\"remove\",\"name\":\"pending one\"}");
}

static void test_a_job_waits_then_runs(void **state)
{
        Ask *f = *state;
        HarnessReply reply;

        ask_rule(f, "[{\"kind\":\"refresh\",\"count\":1,\"job_wait_ms\":0,\"never_ends\":true},"
                    "{\"kind\":\"refresh\",\"count\":1,\"stays_waiting\":true}]");
        ask_refresh(f, &reply);
        cJSON_Delete(ask_wait_job(f, reply.location, "RUNNING"));
        harness_reply_done(&reply);
        ask_refresh(f, &reply);
        cJSON_Delete(ask_wait_job(f, reply.location, "WAITING"));
        harness_reply_done(&reply);
        ask_settings(f, "{\"busy_conflict\":true}");
        ask_refresh(f, &reply);
        assert_problem(&reply, 409, NULL);
        harness_reply_done(&reply);
}

static void test_jobs_have_two_shapes_and_three_places(void **state)
{
        static const char *const places[] = {"v1", "2.0", "own"};
        static const char *const paths[] = {"/rest/jobs/v1/jobs/", "/rest/2.0/jobs/",
                                            "/rest/catalogDatabase/v1/jobs/"};
        Ask *f = *state;
        HarnessReply reply;
        char json[128];

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                cJSON *job;

                (void)snprintf(json, sizeof(json),
                               "{\"job_location\":\"%s\",\"job_shape\":\"job-api\"}", places[i]);
                ask_settings(f, json);
                ask_refresh(f, &reply);
                assert_true(text_starts_with(reply.location, paths[i]));
                job = ask_wait_job(f, reply.location, "COMPLETED");
                assert_string_equal(ask_text(job, "result"), "SUCCESS");
                assert_non_null(ask_text(cJSON_GetObjectItem(job, "user"), "id"));
                assert_non_null(strchr(ask_text(job, "endDate"), 'T'));
                cJSON_Delete(job);
                harness_reply_done(&reply);
        }
        ask_settings(f, "{\"job_location\":\"v1\",\"jobs_v1\":false,\"location_absolute\":true}");
        ask_refresh(f, &reply);
        assert_true(text_starts_with(reply.location, f->catalogd.url));
        (void)snprintf(json, sizeof(json), "%s", reply.location + strlen(f->catalogd.url));
        harness_reply_done(&reply);
        ask_get(f, json, &reply);
        assert_problem(&reply, 404, NULL);
        harness_reply_done(&reply);
}

static void test_names_arrive_exactly(void **state)
{
        static const char name[] = "q\" b\\ t\t n\n \x01 \xF0\x9F\x98\x80 \xE2\x82\xAC %s ' ";
        Ask *f = *state;
        cJSON *op = cJSON_CreateObject(), *done, *row;
        HarnessReply reply;
        char path[128], *body;

        cJSON_AddStringToObject(op, "op", "add");
        cJSON_AddStringToObject(op, "name", name);
        cJSON_AddTrueToObject(op, "databaseId");
        body = cJSON_PrintUnformatted(op);
        cJSON_Delete(op);
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", f->edge);
        done = harness_catalogd_control(&f->catalogd, "POST", path, body);
        cJSON_free(body);
        (void)snprintf(path, sizeof(path), ASK_API "/%s",
                       cJSON_GetArrayItem(cJSON_GetObjectItem(done, "ids"), 0)->valuestring);
        cJSON_Delete(done);
        ask_get(f, path, &reply);
        row = cJSON_Parse(reply.body.data);
        assert_string_equal(ask_text(row, "name"), name);
        assert_string_equal(ask_text(row, "edgeConnectionId"), f->edge);
        assert_non_null(ask_text(row, "databaseId"));
        cJSON_Delete(row);
        harness_reply_done(&reply);
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", f->edge);
        harness_catalogd_tell(&f->catalogd, "POST", path, "{\"op\":\"remove\",\"index\":-1}");
}

static void test_rows_follow_the_operations(void **state)
{
        static const char *const truth =
                "00000000-0000-4000-8000-0000000000a2\ttwo\\ttabs\t\\N\n"
                "00000000-0000-4000-8000-0000000000a1\tone\t00000000-0000-4000-8000-0000000000d1\n";
        Ask *f = *state;
        HarnessReply reply;

        harness_catalogd_tell(
                &f->catalogd, "POST", "/control/edges",
                "{\"id\":\"00000000-0000-4000-8000-00000000000e\",\"name\":\"extra\"}");
        harness_catalogd_tell(
                &f->catalogd, "POST", "/control/edges/extra/rows",
                "[{\"op\":\"add\",\"id\":\"00000000-0000-4000-8000-0000000000a1\",\"name\":\"x\"},"
                "{\"op\":\"add\",\"id\":\"00000000-0000-4000-8000-0000000000a2\",\"name\":\"y\","
                "\"databaseId\":true},"
                "{\"op\":\"add\",\"name\":\"z\"},"
                "{\"op\":\"rename\",\"index\":0,\"name\":\"one\"},"
                "{\"op\":\"rename\",\"id\":\"00000000-0000-4000-8000-0000000000a2\",\"name\":"
                "\"two\\ttabs\"},"
                "{\"op\":\"link\",\"name\":\"one\",\"databaseId\":\"00000000-0000-4000-8000-"
                "0000000000d1\"},"
                "{\"op\":\"unlink\",\"index\":1},"
                "{\"op\":\"remove\",\"index\":-1},"
                "{\"op\":\"move\",\"name\":\"one\",\"at\":1}]");
        ask_get(f, "/control/rows?edge=extra&format=copy", &reply);
        assert_string_equal(reply.body.data, truth);
        harness_reply_done(&reply);
        harness_catalogd_request(&f->catalogd, "POST", "/control/edges/extra/rows", NULL,
                                 "[{\"op\":\"link\",\"name\":\"no such row\"}]", &reply);
        assert_problem(&reply, 400, NULL);
        harness_reply_done(&reply);
}

static void test_churn_changes_rows_until_its_total(void **state)
{
        Ask *f = *state;
        bool churning = true;
        cJSON *then;
        int before;

        harness_catalogd_tell(&f->catalogd, "POST", "/control/edges",
                              "{\"name\":\"churned\",\"rows\":50}");
        then = harness_catalogd_control(&f->catalogd, "GET", "/control/state", NULL);
        before = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(then, "rows"));
        cJSON_Delete(then);
        harness_catalogd_tell(&f->catalogd, "POST", "/control/churn",
                              "{\"edge\":\"churned\",\"rate_per_s\":5000,\"seed\":3,\"total\":300,"
                              "\"add\":1,\"remove\":0,"
                              "\"rename\":0,\"link\":0,\"unlink\":0}");
        for (int turn = 0; churning && turn < ASK_WAIT_TURNS; turn++) {
                cJSON *now = harness_catalogd_control(&f->catalogd, "GET", "/control/state", NULL);

                churning = cJSON_IsTrue(cJSON_GetObjectItem(now, "churning"));
                if (!churning)
                        assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(now, "rows")),
                                         before + 300);
                cJSON_Delete(now);
                (void)poll(NULL, 0, 10);
        }
        assert_false(churning);
}

static void test_the_log_tells_requests_and_no_secret(void **state)
{
        Ask *f = *state;
        HarnessReply reply;

        ask_rule(f, "{\"name\":\"mine\",\"kind\":\"list\",\"status\":503}");
        ask_list(f, "limit=3", &reply);
        harness_reply_done(&reply);
        ask_get(f, "/control/log", &reply);
        assert_non_null(strstr(reply.body.data, "\"method\":\"GET\",\"kind\":\"list\""));
        assert_non_null(strstr(reply.body.data, "limit=3"));
        assert_non_null(strstr(reply.body.data, f->edge));
        assert_non_null(strstr(reply.body.data, "\"status\":503"));
        assert_non_null(strstr(reply.body.data, "\"rule\":\"mine\""));
        assert_null(strstr(reply.body.data, "s3cret"));
        assert_null(strstr(reply.body.data, "/control/"));
        harness_reply_done(&reply);
}

static void test_one_seed_makes_one_inventory(void **state)
{
        static const char *const arguments[] = {"--edges", "2",      "--rows", "20", "--seed",
                                                "77",      "--auth", "none",   NULL};
        char *dumps[2];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
                HarnessCatalogd catalogd;
                HarnessReply reply;

                harness_catalogd_start(&catalogd, arguments);
                harness_catalogd_request(&catalogd, "GET", "/control/rows", NULL, NULL, &reply);
                dumps[i] = TAKE(reply.body.data);
                assert_int_equal(harness_catalogd_stop(&catalogd), 0);
        }
        assert_string_equal(dumps[0], dumps[1]);
        free(dumps[0]);
        free(dumps[1]);
}

static void test_stops_while_answers_wait(void **state)
{
        static const char *const arguments[] = {"--auth", "none", "--latency", "1h", NULL};
        HarnessCatalogd catalogd;
        CURLM *multi = curl_multi_init();
        CURL *curl = curl_easy_init();
        char url[256];
        int running, in_flight = 0;

        (void)state;
        harness_catalogd_start(&catalogd, arguments);
        (void)snprintf(url, sizeof(url), "%s" ASK_API, catalogd.url);
        (void)curl_easy_setopt(curl, CURLOPT_URL, url);
        (void)curl_multi_add_handle(multi, curl);
        for (int turn = 0; in_flight < 1 && turn < ASK_WAIT_TURNS; turn++) {
                cJSON *now;

                (void)curl_multi_perform(multi, &running);
                now = harness_catalogd_control(&catalogd, "GET", "/control/state", NULL);
                in_flight = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(now, "inFlight"));
                cJSON_Delete(now);
        }
        assert_int_equal(in_flight, 1); /* the list; the question does not count */
        assert_int_equal(harness_catalogd_stop(&catalogd), 0);
        (void)curl_multi_remove_handle(multi, curl);
        curl_easy_cleanup(curl);
        (void)curl_multi_cleanup(multi);
}

#define TEST(f) cmocka_unit_test_setup(f, ask_restore)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_lists_within_the_bounds_of_the_reference),
                TEST(test_pages_join_to_the_truth),
                TEST(test_lists_all_edges_and_schema_connections),
                TEST(test_refuses_what_is_not_there),
                TEST(test_demands_credentials),
                TEST(test_runs_a_job_and_reveals_what_was_pending),
                TEST(test_a_job_waits_then_runs),
                TEST(test_jobs_have_two_shapes_and_three_places),
                TEST(test_names_arrive_exactly),
                TEST(test_rows_follow_the_operations),
                TEST(test_churn_changes_rows_until_its_total),
                TEST(test_the_log_tells_requests_and_no_secret),
                TEST(test_one_seed_makes_one_inventory),
                TEST(test_stops_while_answers_wait),
        };

        return cmocka_run_group_tests(tests, ask_start, ask_stop);
}
