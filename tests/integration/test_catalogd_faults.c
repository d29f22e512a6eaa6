/*
 * The sample catalog breaks exactly what a rule says, and nothing else.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "integration/ask.h"
#include <curl/curl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_jobs_end_as_the_rule_says(void **state)
{
        static const char *const ends[][2] = {{"ERROR", "FAILURE"},
                                              {"CANCELED", "ABORTED"},
                                              {"COMPLETED", "FAILURE"},
                                              {"COMPLETED", "COMPLETED_WITH_ERROR"}};
        Ask *f = *state;
        HarnessReply reply;
        char json[256];

        ask_settings(f, "{\"job_shape\":\"mixed\"}");
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
                cJSON *job;

                (void)snprintf(
                        json, sizeof(json),
                        "{\"kind\":\"refresh\",\"count\":1,\"end_state\":\"%s\",\"result\":\"%s\","
                        "\"message\":\"because\"}",
                        ends[i][0], ends[i][1]);
                ask_rule(f, json);
                ask_refresh(f, &reply);
                job = ask_wait_job(f, reply.location, ends[i][0]);
                assert_string_equal(ask_text(job, "result"), ends[i][1]);
                assert_string_equal(ask_text(job, "message"), "because");
                cJSON_Delete(job);
                harness_reply_done(&reply);
        }
}

static void test_jobs_hide_and_vanish(void **state)
{
        static const long statuses[] = {404, 404, 200, 404, 404};
        Ask *f = *state;
        HarnessReply reply, poll_reply;

        ask_rule(f, "{\"kind\":\"refresh\",\"hidden_polls\":2,\"vanish_after\":3}");
        ask_refresh(f, &reply);
        for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
                ask_get(f, reply.location, &poll_reply);
                assert_int_equal(poll_reply.status, statuses[i]);
                harness_reply_done(&poll_reply);
        }
        harness_reply_done(&reply);
}

static void test_refresh_answers_can_lack_parts(void **state)
{
        Ask *f = *state;
        HarnessReply reply;

        ask_rule(f, "[{\"kind\":\"refresh\",\"count\":1,\"empty_body\":true,\"no_location\":true},"
                    "{\"kind\":\"refresh\",\"count\":1,\"location\":\"https://elsewhere.example/"
                    "jobs/1\"},"
                    "{\"kind\":\"refresh\",\"count\":1,\"no_job\":true}]");
        ask_refresh(f, &reply);
        assert_int_equal(reply.status, 202);
        assert_int_equal(reply.body.size, 0);
        assert_string_equal(reply.location, "");
        harness_reply_done(&reply);
        ask_refresh(f, &reply);
        assert_string_equal(reply.location, "https://elsewhere.example/jobs/1");
        assert_true(reply.body.size > 0);
        harness_reply_done(&reply);
        ask_refresh(f, &reply);
        assert_int_equal(reply.status, 202);
        assert_int_equal(reply.body.size, 0);
        harness_reply_done(&reply);
}

/* Faults of delivery and of whole answers: the rule, and what a client sees of it. */
static const struct Delivery {
        const char *rule;
        int curl;
        long status;
        long long size; /* -1: any */
        const char *content_type, *retry_after, *location, *begins;
} deliveries[] = {
        {.rule = "{\"cut_at\":100}", .curl = CURLE_PARTIAL_FILE, .status = 200, .size = 100},
        {.rule = "{\"cut_at\":-1,\"framing\":\"chunked\"}",
         .curl = CURLE_PARTIAL_FILE,
         .status = 200,
         .size = -1},
        {.rule = "{\"cut_at\":100,\"framing\":\"close\"}", .status = 200, .size = 100},
        {.rule = "{\"cut_at\":0}", .curl = CURLE_PARTIAL_FILE, .status = 200, .size = 0},
        {.rule = "{\"close\":true}", .curl = CURLE_GOT_NOTHING, .size = 0},
        {.rule = "{\"status\":503,\"retry_after\":7}",
         .status = 503,
         .size = -1,
         .retry_after = "7"},
        {.rule = "{\"status\":429,\"retry_after\":\"soon\"}",
         .status = 429,
         .size = -1,
         .retry_after = "soon"},
        {.rule = "{\"status\":500,\"error_code\":\"boom\",\"title_message\":\"t\",\"user_message\":"
                 "\"u\","
                 "\"help_message\":\"h\"}",
         .status = 500,
         .size = -1,
         .begins = "{\"statusCode\":500,\"titleMessage\":\"t\",\"helpMessage\":\"h\","
                   "\"userMessage\":\"u\","
                   "\"errorCode\":\"boom\"}"},
        {.rule = "{\"status\":502,\"html\":true}",
         .status = 502,
         .size = -1,
         .content_type = "text/html; charset=utf-8"},
        {.rule = "{\"html\":true}", .status = 200, .size = -1, .begins = "<!DOCTYPE html>"},
        {.rule = "{\"body\":\"[]\"}", .status = 200, .size = 2, .content_type = "application/json"},
        {.rule = "{\"body_hex\":\"7bff00\"}", .status = 200, .size = 3, .begins = "{\xff"},
        {.rule = "{\"empty_body\":true}", .status = 200, .size = 0},
        {.rule = "{\"content_type\":\"text/plain\"}",
         .status = 200,
         .size = -1,
         .content_type = "text/plain"},
        {.rule = "{\"redirect\":\"https://elsewhere.example/\"}",
         .status = 302,
         .size = 0,
         .location = "https://elsewhere.example/"},
        {.rule = "{\"redirect\":\"/x\",\"status\":308}",
         .status = 308,
         .size = 0,
         .location = "/x"},
        {.rule = "{\"body\":\"{}\",\"large_bytes\":3000000,\"framing\":\"chunked\"}",
         .status = 200,
         .size = 3000002},
        {.rule = "{\"body\":\"{}\",\"header_bytes\":90000}", .status = 200, .size = 2},
        {.rule = "{\"body\":\"0123456789\",\"dribble_ms\":1,\"dribble_bytes\":3}",
         .status = 200,
         .size = 10,
         .begins = "0123456789"},
        {.rule = "{\"delay_ms\":5,\"body\":\"late\"}", .status = 200, .size = 4, .begins = "late"},
};

static void test_faults_of_delivery(void **state)
{
        Ask *f = *state;

        for (size_t i = 0; i < ARRAY_SIZE(deliveries); i++) {
                const struct Delivery *d = &deliveries[i];
                HarnessReply reply;

                harness_catalogd_tell(&f->catalogd, "DELETE", "/control/faults", NULL);
                ask_rule(f, d->rule);
                ask_list(f, "limit=5", &reply);
                if (reply.curl != d->curl || reply.status != d->status ||
                    (d->size >= 0 && (long long)reply.body.size != d->size))
                        fail_msg("%s: curl %d, status %ld, %zu bytes", d->rule, reply.curl,
                                 reply.status, reply.body.size);
                if (d->content_type)
                        assert_string_equal(reply.content_type, d->content_type);
                if (d->retry_after)
                        assert_string_equal(reply.retry_after, d->retry_after);
                if (d->location)
                        assert_string_equal(reply.location, d->location);
                if (d->begins)
                        assert_true(text_starts_with(reply.body.data, d->begins));
                harness_reply_done(&reply);
        }
}

static void test_a_retry_after_date_lies_ahead(void **state)
{
        HarnessReply reply;
        time_t now = time(NULL), then;

        ask_rule(*state, "{\"kind\":\"list\",\"status\":429,\"retry_after_date_s\":3600}");
        ask_list(*state, "", &reply);
        assert_problem(&reply, 429, NULL);
        then = curl_getdate(reply.retry_after, NULL);
        assert_true(then >= now + 3600 && then <= time(NULL) + 3600);
        harness_reply_done(&reply);
}

static void test_the_rate_is_limited(void **state)
{
        HarnessReply reply = {0};
        int n = 0;

        ask_settings(*state, "{\"rate_per_s\":1}");
        do {
                harness_reply_done(&reply);
                ask_list(*state, "limit=1", &reply);
        } while (reply.status != 429 && ++n < 100);
        assert_problem(&reply, 429, NULL);
        assert_string_equal(reply.retry_after, "1");
        harness_reply_done(&reply);
}

static void test_rules_count_and_choose(void **state)
{
        static const long statuses[] = {200, 503, 502, 200};
        Ask *f = *state;
        HarnessReply reply;

        ask_rule(f, "[{\"kind\":\"list\",\"skip\":1,\"count\":1,\"status\":503},"
                    "{\"kind\":\"list\",\"skip\":2,\"count\":1,\"status\":502},"
                    "{\"kind\":\"list\",\"edge\":\"no such edge\",\"status\":500},"
                    "{\"kind\":\"list\",\"offset_min\":1000,\"status\":504},"
                    "{\"kind\":\"job\",\"status\":500}]");
        for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
                ask_list(f, "limit=1", &reply);
                assert_int_equal(reply.status, statuses[i]);
                harness_reply_done(&reply);
        }
        ask_list(f, "limit=1&offset=1000", &reply);
        assert_int_equal(reply.status, 504);
        harness_reply_done(&reply);
        harness_catalogd_request(&f->catalogd, "POST", "/control/faults", NULL, "{\"stauts\":503}",
                                 &reply);
        assert_problem(&reply, 400, NULL);
        assert_non_null(strstr(reply.body.data, "stauts"));
        harness_reply_done(&reply);
}

static void test_pages_can_be_capped_and_reordered(void **state)
{
        Ask *f = *state;
        _cleanup_(cleanup_free) char *plain = ask_list_text(f, "limit=500"), *reversed = NULL,
                                     *shuffled = NULL, *again = NULL;

        ask_settings(f, "{\"page_cap\":100}");
        assert_int_equal(ask_count(f, "limit=500"), 100);
        ask_rule(f, "{\"kind\":\"list\",\"count\":1,\"page_cap\":3}");
        assert_int_equal(ask_count(f, "limit=500"), 3);
        assert_int_equal(ask_count(f, "limit=500"), 100);
        ask_rule(f, "{\"kind\":\"list\",\"count\":1,\"ignore_limit\":true}");
        assert_int_equal(ask_count(f, "limit=500"), ASK_ROWS);
        ask_rule(f, "{\"kind\":\"list\",\"count\":1,\"ignore_offset\":true}");
        assert_int_equal(ask_count(f, "limit=500&offset=1200"), 100);
        ask_settings(f, "{\"page_cap\":0,\"order\":\"reverse\"}");
        reversed = ask_list_text(f, "limit=500");
        assert_string_not_equal(reversed, plain);
        ask_settings(f, "{\"order\":\"shuffle\"}");
        shuffled = ask_list_text(f, "limit=500");
        again = ask_list_text(f, "limit=500");
        assert_string_not_equal(shuffled, plain);
        assert_string_not_equal(shuffled, again);
}

static void test_rows_change_between_pages(void **state)
{
        Ask *f = *state;

        ask_rule(f, "{\"kind\":\"list\",\"count\":1,\"before\":[{\"op\":\"remove\",\"index\":0}],"
                    "\"after\":[{\"op\":\"add\",\"name\":\"a\",\"at\":0},{\"op\":\"add\",\"name\":"
                    "\"b\"}]}");
        assert_int_equal(ask_count(f, "offset=1200"), ASK_ROWS - 1200 - 1);
        assert_int_equal(ask_count(f, "offset=1200"), ASK_ROWS - 1200 + 1);
        ask_rule(f, "{\"kind\":\"list\",\"count\":1,\"after\":{\"op\":\"remove\",\"name\":\"b\"}}");
        (void)ask_count(f, "limit=1");
        assert_int_equal(ask_count(f, "offset=1200"), ASK_ROWS - 1200);
}

static void test_rows_can_be_bad(void **state)
{
        /* How each bad row is seen in the bytes of the page. */
        static const struct {
                const char *kind, *bytes;
                size_t size;
        } kinds[] = {
#define BYTES(literal) literal, sizeof(literal) - 1
                {"uuid", BYTES("\"id\":\"not-a-uuid\"")},
                {"uuid-braces", BYTES("\"id\":\"{")},
                {"edge-uuid", BYTES("\"edgeConnectionId\":\"0b9c1c1e\"")},
                {"database-uuid", BYTES("\"databaseId\":\"\"")},
                {"other-edge", BYTES("00000000-0000-4000-8000-000000000bad")},
                {"nul", BYTES("bad\\u0000row")},
                {"raw-nul", BYTES("bad\0row")},
                {"utf8", BYTES("bad\xBFrow")},
                {"overlong", BYTES("bad\xC0\x80row")},
                {"surrogate", BYTES("bad\\ud800row")},
                {"control", BYTES("bad\nrow")},
                {"name-number", BYTES("\"name\":42")},
                {"name-null", BYTES("\"name\":null")},
                {"name-missing", BYTES("\",\"edgeConnectionId\"")},
                {"id-number", BYTES("\"id\":7")},
                {"id-missing", BYTES("{\"name\":\"bad\"")},
                {"edge-missing", BYTES("\"name\":\"bad\"}")},
                {"not-object", BYTES("},\"")},
                {"syntax", BYTES(",,")},
        };
        Ask *f = *state;
        char json[128];

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                HarnessReply reply;

                (void)snprintf(
                        json, sizeof(json),
                        "{\"kind\":\"list\",\"count\":1,\"bad_row\":\"%s\",\"bad_row_index\":2}",
                        kinds[i].kind);
                ask_rule(f, json);
                ask_list(f, "limit=5", &reply);
                assert_int_equal(reply.status, 200);
                if (!memmem(reply.body.data, reply.body.size, kinds[i].bytes, kinds[i].size))
                        fail_msg("%s: %s", kinds[i].kind, reply.body.data);
                harness_reply_done(&reply);
        }
        ask_rule(f, "{\"kind\":\"list\",\"count\":1,\"bad_row\":\"raw\",\"raw_row\":\"12\"}");
        assert_int_equal(ask_count(f, "limit=5"), 5);
}

#define TEST(f) cmocka_unit_test_setup(f, ask_restore)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_jobs_end_as_the_rule_says),
                TEST(test_jobs_hide_and_vanish),
                TEST(test_refresh_answers_can_lack_parts),
                TEST(test_faults_of_delivery),
                TEST(test_a_retry_after_date_lies_ahead),
                TEST(test_the_rate_is_limited),
                TEST(test_rules_count_and_choose),
                TEST(test_pages_can_be_capped_and_reordered),
                TEST(test_rows_change_between_pages),
                TEST(test_rows_can_be_bad),
        };

        return cmocka_run_group_tests(tests, ask_start, ask_stop);
}
