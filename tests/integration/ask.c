/*
 * ask: thin shells around tests/harness/catalogd.h.
 */
#include "integration/ask.h"

#include "base/cleanup.h"
#include "base/text.h"
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

int ask_start(void **state)
{
        static const char *const arguments[] = {
                "--edges",    "3", "--rows",     "0,1230,7", "--auth",    "basic:" ASK_ACCOUNT,
                "--page-cap", "0", "--job-wait", "20ms",     "--job-run", "40ms",
                NULL};
        static Ask ask;

        harness_catalogd_start(&ask.catalogd, arguments);
        harness_catalogd_edge_id(&ask.catalogd, 1, ask.edge);
        *state = &ask;
        return 0;
}

int ask_stop(void **state)
{
        Ask *f = *state;

        assert_int_equal(harness_catalogd_stop(&f->catalogd), 0);
        return 0;
}

int ask_restore(void **state)
{
        Ask *f = *state;

        harness_catalogd_tell(&f->catalogd, "DELETE", "/control/faults", NULL);
        harness_catalogd_tell(
                &f->catalogd, "POST", "/control/settings",
                "{\"auth\":\"basic:" ASK_ACCOUNT
                "\",\"page_cap\":0,\"order\":\"insertion\",\"rate_per_s\":0,"
                "\"latency_ms\":0,\"job_shape\":\"reference\",\"job_location\":\"v1\",\"jobs_v1\":"
                "true,"
                "\"location_absolute\":false,\"unknown_edge_status\":400,\"busy_conflict\":false,"
                "\"job_wait_ms\":20,\"job_run_ms\":40}");
        harness_catalogd_tell(&f->catalogd, "DELETE", "/control/log", NULL);
        return 0;
}

void ask_settings(const Ask *f, const char *json)
{
        harness_catalogd_tell(&f->catalogd, "POST", "/control/settings", json);
}

void ask_rule(const Ask *f, const char *json)
{
        harness_catalogd_tell(&f->catalogd, "POST", "/control/faults", json);
}

void ask_get(const Ask *f, const char *path, HarnessReply *ret)
{
        harness_catalogd_request(&f->catalogd, "GET", path, ASK_ACCOUNT, NULL, ret);
}

void ask_list(const Ask *f, const char *query, HarnessReply *ret)
{
        char path[512];

        (void)snprintf(path, sizeof(path), ASK_API "?edgeConnectionId=%s&%s", f->edge, query);
        ask_get(f, path, ret);
}

void ask_refresh(const Ask *f, HarnessReply *ret)
{
        char path[256];

        (void)snprintf(path, sizeof(path), ASK_API "/refresh?edgeConnectionId=%s", f->edge);
        harness_catalogd_request(&f->catalogd, "POST", path, ASK_ACCOUNT, NULL, ret);
}

const char *ask_text(const cJSON *object, const char *member)
{
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, member));
}

cJSON *ask_rows(const HarnessReply *reply)
{
        cJSON *json, *rows;

        assert_int_equal(reply->curl, 0);
        assert_int_equal(reply->status, 200);
        json = cJSON_Parse(reply->body.data);
        assert_non_null(json);
        rows = cJSON_DetachItemFromObjectCaseSensitive(json, "results");
        cJSON_Delete(json);
        assert_true(cJSON_IsArray(rows));
        return rows;
}

int ask_count(const Ask *f, const char *query)
{
        HarnessReply reply;
        cJSON *rows;
        int n;

        ask_list(f, query, &reply);
        rows = ask_rows(&reply);
        n = cJSON_GetArraySize(rows);
        cJSON_Delete(rows);
        harness_reply_done(&reply);
        return n;
}

char *ask_list_text(const Ask *f, const char *query)
{
        HarnessReply reply;

        ask_list(f, query, &reply);
        assert_int_equal(reply.status, 200);
        return TAKE(reply.body.data);
}

void assert_problem(const HarnessReply *reply, long status, const char *error_code)
{
        static const char *const members[] = {"titleMessage", "helpMessage", "userMessage",
                                              "errorCode"};
        cJSON *json;

        assert_int_equal(reply->curl, 0);
        assert_int_equal(reply->status, status);
        assert_string_equal(reply->content_type, "application/json");
        json = cJSON_Parse(reply->body.data);
        assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(json, "statusCode")),
                         status);
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                assert_non_null(ask_text(json, members[i]));
        if (error_code)
                assert_string_equal(ask_text(json, "errorCode"), error_code);
        cJSON_Delete(json);
}

cJSON *ask_job(const Ask *f, const char *path)
{
        HarnessReply reply;
        cJSON *job;

        ask_get(f, path, &reply);
        assert_int_equal(reply.status, 200);
        job = cJSON_Parse(reply.body.data);
        assert_non_null(job);
        harness_reply_done(&reply);
        return job;
}

cJSON *ask_wait_job(const Ask *f, const char *path, const char *state)
{
        for (int turn = 0; turn < ASK_WAIT_TURNS; turn++) {
                cJSON *job = ask_job(f, path);

                if (text_equal(ask_text(job, "state"), state))
                        return job;
                cJSON_Delete(job);
                (void)poll(NULL, 0, 10);
        }
        fail_msg("%s never became %s", path, state);
        return NULL;
}
