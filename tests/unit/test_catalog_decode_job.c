/*
 * Job documents: both shapes, every state and result, odd progress, and what is no Job.
 */
#include "base/cleanup.h"
#include "base/job_state.h"
#include "base/limits.h"
#include "catalog/job.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID     "5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10"
#define HAS_ID "\"id\":\"" ID "\""
#define REFERENCE                                                                                  \
        "{" HAS_ID ",\"resourceType\":\"Job\",\"createdOn\":1700000000000,\"userId\":\"" ID        \
        "\",\"system\":false,"
#define JOB_API                                                                                    \
        "{" HAS_ID ",\"createdOn\":\"2023-11-14T22:13:20Z\",\"user\":{\"id\":\"" ID                \
        "\",\"state\":\"ERROR\"},"

static int parse(const char *text, JobDocument *ret)
{
        return job_parse(text, strlen(text), NULL, NULL, ret);
}

static void both_shapes_are_read(void **state)
{
        (void)state;
        static const char *const texts[] = {
                REFERENCE
                "\"state\":\"RUNNING\",\"progressPercentage\":42.5,\"message\":\"half way\"}",
                JOB_API "\"state\":\"RUNNING\",\"result\":\"NOT_SET\",\"progressPercentage\":42.5,"
                        "\"message\":\"half "
                        "way\"}",
        };
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                JobDocument d = {0};
                char id[UUID_STRING_SIZE];
                assert_int_equal(parse(texts[i], &d), 0);
                assert_string_equal(uuid_format(&d.job.status.id, id), ID);
                assert_string_equal(d.job.status.state, "RUNNING");
                assert_string_equal(d.job.status.result, i ? "NOT_SET" : "");
                assert_true(d.job.status.progress > 42.4 && d.job.status.progress < 42.6);
                assert_string_equal(d.job.message, "half way");
                assert_string_equal(d.job.document, texts[i]);
                job_document_done(&d);
        }
}

static void every_state_and_result_means_one_thing(void **state)
{
        (void)state;
        static const struct {
                const char *members;
                bool terminal, clean, waiting;
        } cases[] = {
                {"\"state\":\"WAITING\"", false, false, true},
                {"\"state\":\"RUNNING\"", false, false, false},
                {"\"state\":\"CANCELING\"", false, false, false},
                {"\"state\":\"COMPLETED\"", true, true, false},
                {"\"state\":\"CANCELED\"", true, false, false},
                {"\"state\":\"CANCELLED\"", true, false, false},
                {"\"state\":\"ERROR\"", true, false, false},
                {"\"state\":\"FAILED\"", true, false, false},
                {"\"state\":\"DELETED\"", true, false, false},
                {"\"state\":\"completed\"", true, true, false},
                {"\"state\":\"SOMETHING_NEW\"", false, false, false},
                {"\"state\":\"COMPLETED_BUT_WITH_A_VERY_LONG_TAIL\"", false, false, false},
                {"\"state\":\"\"", false, false, true},
                {"\"state\":null", false, false, true},
                {"\"message\":\"no state\"", false, false, true},
                {"\"state\":\"COMPLETED\",\"result\":\"SUCCESS\"", true, true, false},
                {"\"state\":\"COMPLETED\",\"result\":\"NOT_SET\"", true, true, false},
                {"\"state\":\"COMPLETED\",\"result\":null", true, true, false},
                {"\"state\":\"COMPLETED\",\"result\":\"COMPLETED_WITH_ERROR\"", true, false, false},
                {"\"state\":\"COMPLETED\",\"result\":\"FAILURE\"", true, false, false},
                {"\"state\":\"COMPLETED\",\"result\":\"ABORTED\"", true, false, false},
                {"\"state\":\"COMPLETED\",\"result\":\"SOMETHING_NEW\"", true, false, false},
                {"\"state\":\"ERROR\",\"result\":\"SUCCESS\"", true, false, false},
                {"\"state\":\"RUNNING\",\"result\":\"SUCCESS\"", false, false, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[256];
                JobDocument d = {0};
                (void)snprintf(text, sizeof(text), "{" HAS_ID ",%s}", cases[i].members);
                assert_int_equal(parse(text, &d), 0);
                if (job_is_terminal(&d.job.status) != cases[i].terminal ||
                    job_is_clean(&d.job.status) != cases[i].clean ||
                    job_is_waiting(&d.job.status) != cases[i].waiting)
                        fail_msg("%s", cases[i].members);
                job_document_done(&d);
        }
}

/* C1 */
static void the_edge_job_system_is_understood(void **state)
{
        (void)state;
#define AT(status, time)                                                                           \
        "{\"jobId\":\"" ID "\",\"status\":\"" status                                               \
        "\",\"lastUpdatedDateTime\":\"2026-11-28T" time "\"}"
#define ENTRY(status, second) AT(status, "10:00:0" second "Z")
#define NUMBERED(status, at)                                                                       \
        "{\"jobId\":\"" ID "\",\"status\":\"" status "\",\"lastUpdatedDateTime\":" at "}"
        static const struct {
                const char *text, *state;
                bool terminal, clean, waiting;
        } cases[] = {
                {ENTRY("SUBMITTED", "1"), "SUBMITTED", false, false, true},
                {ENTRY("RUNNING", "1"), "RUNNING", false, false, false},
                {ENTRY("SUCCEEDED", "1"), "SUCCEEDED", true, true, false},
                {ENTRY("CAPABILITY_SUCCEEDED", "1"), "CAPABILITY_SUCCEEDED", true, true, false},
                {ENTRY("FAILED", "1"), "FAILED", true, false, false},
                {ENTRY("CANCELLED", "1"), "CANCELLED", true, false, false},
                {ENTRY("CAPABILITY_FAILED", "1"), "CAPABILITY_FAILED", true, false, false},
                /* a log: the newest by its time, else the last */
                {"[" ENTRY("SUBMITTED", "1") "," ENTRY("RUNNING", "2") "," ENTRY("SUCCEEDED",
                                                                                 "3") "]",
                 "SUCCEEDED", true, true, false},
                {"[" ENTRY("FAILED", "3") "," ENTRY("RUNNING", "2") "," ENTRY("SUBMITTED", "1") "]",
                 "FAILED", true, false, false},
                {"[" ENTRY("RUNNING", "2") "," ENTRY("SUCCEEDED", "2") "]", "SUCCEEDED", true, true,
                 false},
                {"[7," ENTRY("RUNNING", "2") ",null]", "RUNNING", false, false, false},
                /* times as numbers; of two that cannot be compared the later in the list counts */
                {"[" NUMBERED("FAILED", "1764324003") "," NUMBERED("RUNNING", "1764324002") "]",
                 "FAILED", true, false, false},
                {"[" NUMBERED("RUNNING", "1764324002") "," NUMBERED("SUCCEEDED", "1764324003") "]",
                 "SUCCEEDED", true, true, false},
                {"[" ENTRY("SUBMITTED", "3") "," NUMBERED("RUNNING", "1") "]", "RUNNING", false,
                 false, false},
                {"[" NUMBERED("SUBMITTED", "3") "," ENTRY("RUNNING", "1") "]", "RUNNING", false,
                 false, false},
                /* one that has ended before one that has not, whatever the times and places */
                {"[" ENTRY("FAILED", "3") "," NUMBERED("RUNNING", "1") "]", "FAILED", true, false,
                 false},
                {"[" ENTRY("SUCCEEDED", "1") "," ENTRY("RUNNING", "2") "]", "SUCCEEDED", true, true,
                 false},
                {"[{\"status\":\"failed\"},{\"status\":\"RUNNING\"},{\"status\":7}]", "FAILED",
                 true, false, false},
                /* times are not text: a fraction of zero is left out, and zones differ */
                {"[" ENTRY("RUNNING", "5.123456") "," ENTRY("SUBMITTED", "5") "]", "RUNNING", false,
                 false, false},
                {"[" AT("FAILED", "10:00:05.1Z") "," AT("SUCCEEDED", "11:00:05+01:00") "]",
                 "FAILED", true, false, false},
                {"[" AT("RUNNING", "10:00:05Z[UTC]") "," AT("SUBMITTED", "10:00:04Z[UTC]") "]",
                 "RUNNING", false, false, false},
                /* an entry's own id is not the job's; of an entry without any, the address says
                   whose it is */
                {"{\"id\":\"0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11\",\"jobId\":\"" ID
                 "\",\"status\":\"SUCCEEDED\"}",
                 "SUCCEEDED", true, true, false},
                {"[{\"status\":\"RUNNING\"},{\"status\":\"CAPABILITY_SUCCEEDED\"}]",
                 "CAPABILITY_SUCCEEDED", true, true, false},
        };
        Uuid asked;
        assert_int_equal(uuid_parse(ID, &asked), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                JobDocument d = {0};
                assert_int_equal(job_parse(cases[i].text, strlen(cases[i].text), &asked, NULL, &d),
                                 0);
                assert_string_equal(d.job.status.state, cases[i].state);
                assert_true(uuid_equal(&d.job.status.id, &asked));
                assert_int_equal(job_is_terminal(&d.job.status), cases[i].terminal);
                assert_int_equal(job_is_clean(&d.job.status), cases[i].clean);
                assert_int_equal(job_is_waiting(&d.job.status), cases[i].waiting);
                job_document_done(&d);
        }
        /* What somebody else says of themselves is no job. */
        static const char *const others[] = {"{\"status\":\"UP\"}", "{\"status\":404}", "[{}]",
                                             "{\"status\":null}"};
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                JobDocument d = {0};
                assert_int_equal(job_parse(others[i], strlen(others[i]), &asked, NULL, &d),
                                 -EINVAL);
        }
}

/* S5 */
static void an_echo_in_a_state_is_redacted(void **state)
{
        (void)state;
        Redact redact = {0};
        assert_int_equal(redact_add(&redact, NULL, "token-of-ours"), 0);
        static const char text[] =
                "{" HAS_ID ",\"state\":\"token-of-ours\",\"result\":\"token-of-ours\"}";
        JobDocument d = {0};
        assert_int_equal(job_parse(text, strlen(text), NULL, &redact, &d), 0);
        assert_string_equal(d.job.status.state, "*************");
        assert_string_equal(d.job.status.result, "*************");
        job_document_done(&d);
        redact_done(&redact);
}

static void progress_is_a_percentage_or_not_known(void **state)
{
        (void)state;
        static const struct {
                const char *value;
                double expected;
        } cases[] = {
                {"0", 0},
                {"100", 100},
                {"0.5", 0.5},
                {"null", -1},
                {"\"50\"", -1},
                {"-1", -1},
                {"100.01", -1},
                {"1e400", -1},
                {"-1e400", -1},
                {"true", -1},
                {"[50]", -1},
                {"{}", -1},
                {"9007199254740993", -1},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[256];
                JobDocument d = {0};
                (void)snprintf(text, sizeof(text),
                               "{" HAS_ID ",\"state\":\"RUNNING\",\"progressPercentage\":%s}",
                               cases[i].value);
                assert_int_equal(parse(text, &d), 0);
                double progress = d.job.status.progress;
                if (progress < cases[i].expected || progress > cases[i].expected)
                        fail_msg("%s: %f", cases[i].value, progress);
                assert_non_null(d.job.document);
                job_document_done(&d);
        }
}

static void what_is_no_job_is_refused(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                int expected;
        } cases[] = {
                {"", -EINVAL},
                {"null", -EINVAL},
                {"[]", -EINVAL},
                {"{}", -EINVAL},
                {"\"" ID "\"", -EINVAL},
                {"<html></html>", -EINVAL},
                {"{" HAS_ID ",\"state\":\"COMPLETED\"", -EINVAL}, /* cut */
                {"{\"state\":\"COMPLETED\"}", -EINVAL},
                {"{\"id\":null,\"state\":\"COMPLETED\"}", -EINVAL},
                {"{\"id\":7,\"state\":\"COMPLETED\"}", -EINVAL},
                {"{\"id\":\"{" ID "}\",\"state\":\"COMPLETED\"}", -EINVAL},
                {"{" HAS_ID ",\"id\":\"0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11\"}", -EINVAL},
                {"{" HAS_ID ",\"state\":7}", -EPROTO},
                {"{" HAS_ID ",\"state\":[\"COMPLETED\"]}", -EPROTO},
                {"{" HAS_ID ",\"state\":\"RUNNING\",\"state\":\"COMPLETED\"}", -EPROTO},
                {"{" HAS_ID ",\"state\":\"COMPLETED\",\"result\":false}", -EPROTO},
                {"{" HAS_ID
                 ",\"state\":\"COMPLETED\",\"result\":\"SUCCESS\",\"result\":\"FAILURE\"}",
                 -EPROTO},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                JobDocument d = {0};
                if (parse(cases[i].text, &d) != cases[i].expected)
                        fail_msg("%s", cases[i].text);
                assert_null(d.document);
        }
}

static void message_is_text_cut_at_a_character(void **state)
{
        (void)state;
        static const struct {
                const char *value, *expected;
        } cases[] = {
                {"\"\"", ""},
                {"null", ""},
                {"7", ""},
                {"{\"nested\":1}", ""},
                {"\"{\\\"nested\\\":1}\"", "{\"nested\":1}"},
                {"\"a\\u001b[31mb\"", "a\033[31mb"}, /* whole here; whoever prints it strips it */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[256];
                JobDocument d = {0};
                (void)snprintf(text, sizeof(text), "{" HAS_ID ",\"message\":%s}", cases[i].value);
                assert_int_equal(parse(text, &d), 0);
                assert_string_equal(d.job.message, cases[i].expected);
                job_document_done(&d);
        }

        /* Two-byte characters from an odd place on: the cap falls into the middle of one. */
        static char text[4 * LIMIT_JOB_MESSAGE_MAX_BYTES];
        size_t used = (size_t)sprintf(text, "{" HAS_ID ",\"message\":\"x");
        for (size_t i = 0; i < LIMIT_JOB_MESSAGE_MAX_BYTES; i++, used += 2)
                memcpy(text + used, "\xc3\xa9", 2);
        (void)strcpy(text + used, "\"}");
        JobDocument d = {0};
        assert_int_equal(parse(text, &d), 0);
        assert_int_equal(strlen(d.job.message), LIMIT_JOB_MESSAGE_MAX_BYTES - 1);
        assert_true(text_utf8_valid(d.job.message, strlen(d.job.message)));
        job_document_done(&d);
}

/* The cap falls into the middle of it, and Java's writers escape the sign at its end. */
static void an_echo_is_redacted_before_the_message_is_cut(void **state)
{
        (void)state;
        static const char token[] = "eyJhbGciOiJub25lIn0.c2lnbmF0dXJl=";
        static char text[2 * LIMIT_JOB_MESSAGE_MAX_BYTES];
        Redact redact = {0};
        assert_int_equal(redact_add(&redact, NULL, token), 0);
        (void)snprintf(text, sizeof(text),
                       "{" HAS_ID ",\"message\":\"%0*deyJhbGciOiJub25lIn0.c2lnbmF0dXJl\\u003d\"}",
                       LIMIT_JOB_MESSAGE_MAX_BYTES - 10, 0);
        JobDocument d = {0};
        assert_int_equal(job_parse(text, strlen(text), NULL, &redact, &d), 0);
        assert_int_equal(strlen(d.job.message), LIMIT_JOB_MESSAGE_MAX_BYTES);
        assert_string_equal(d.job.message + LIMIT_JOB_MESSAGE_MAX_BYTES - 12, "00**********");
        assert_null(strstr(d.job.document, "eyJ"));
        assert_non_null(strstr(d.job.document, "**********"));
        job_document_done(&d);
        redact_done(&redact);
}

/* What jsonb would refuse does not get to it: no raw control characters, no number that is none; a
 * document beyond the cap is not kept. */
static void document_is_fit_for_jsonb(void **state)
{
        (void)state;
        static char text[LIMIT_JOB_DOCUMENT_MAX_BYTES + 64];
        JobDocument d = {0};
        assert_int_equal(parse("{" HAS_ID ",\"a\":\"raw\ttab\x01\",\"n\":1e400,\"z\":007}", &d), 0);
        assert_string_equal(d.job.document,
                            "{" HAS_ID ",\"a\":\"raw\\ttab\\u0001\",\"n\":null,\"z\":7}");
        job_document_done(&d);

        size_t used = (size_t)sprintf(text, "{" HAS_ID ",\"a\":\"");
        memset(text + used, 'x', LIMIT_JOB_DOCUMENT_MAX_BYTES);
        (void)strcpy(text + used + LIMIT_JOB_DOCUMENT_MAX_BYTES - used - 2, "\"}");
        assert_int_equal(parse(text, &d), 0);
        assert_non_null(d.job.document);
        job_document_done(&d);
        /* S6: what counts is how large it is as it is printed: a raw control character becomes six
         * bytes. */
        for (int i = 0; i < 2; i++) {
                (void)strcat(text, " ");
                text[LIMIT_JOB_DOCUMENT_MAX_BYTES / 2] = i ? '\x01' : 'x';
                assert_int_equal(parse(text, &d), 0);
                assert_int_equal(d.job.document == NULL, i);
                job_document_done(&d);
        }
}

/* What cannot be stored is replaced; it does not cost what the job says. */
static void a_message_that_cannot_be_stored_leaves_the_state(void **state)
{
        (void)state;
        static const char *const messages[] = {"a\\u0000b", "a\300b", "a\\ud800b"};
        for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
                char text[200];
                JobDocument d = {0};
                (void)snprintf(text, sizeof(text),
                               "{" HAS_ID ",\"state\":\"ERROR\",\"message\":\"%s\"}", messages[i]);
                assert_int_equal(parse(text, &d), 0);
                assert_string_equal(d.job.status.state, "ERROR");
                assert_string_equal(d.job.message, "a\xef\xbf\xbd"
                                                   "b");
                assert_non_null(strstr(d.job.document, "a\xef\xbf\xbd"
                                                       "b"));
                job_document_done(&d);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_shapes_are_read),
                cmocka_unit_test(every_state_and_result_means_one_thing),
                cmocka_unit_test(the_edge_job_system_is_understood),
                cmocka_unit_test(an_echo_in_a_state_is_redacted),
                cmocka_unit_test(progress_is_a_percentage_or_not_known),
                cmocka_unit_test(what_is_no_job_is_refused),
                cmocka_unit_test(a_message_that_cannot_be_stored_leaves_the_state),
                cmocka_unit_test(message_is_text_cut_at_a_character),
                cmocka_unit_test(an_echo_is_redacted_before_the_message_is_cut),
                cmocka_unit_test(document_is_fit_for_jsonb),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
