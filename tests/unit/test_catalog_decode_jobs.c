/*
 * job_list: what the job API lists, in the shapes that jobs have, and that nothing is guessed from
 * what is not told.
 */
#include "base/text.h"
#include "catalog/job_list.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JOB         "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define EDGE        "5f3b1e0a-7c55-4d0e-8d53-2f6f2f0c9d10"
#define UPPER       "5F3B1E0A-7C55-4D0E-8D53-2F6F2F0C9D10"
#define OTHER       "6c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10"
#define OF(members) "{\"results\":[{\"id\":\"" JOB "\"" members "}]}"

static int parse(const char *text, const Redact *redact, JobList *ret, Fault *f)
{
        Uuid edge;
        *f = (Fault){0};
        assert_int_equal(uuid_parse(EDGE, &edge), 0);
        return job_list_parse(text, strlen(text), &edge, redact, ret, f);
}

/* As "type user names-the-edge created". */
static void a_job_is_read_in_each_shape(void **state)
{
        (void)state;
        static const struct {
                const char *text, *expected;
        } cases[] = {
                {OF(""), "||0|-"},
                /* the reference's shape */
                {OF(",\"type\":\"T\",\"userId\":\"u\",\"createdBy\":\"c\",\"name\":\"Refresh "
                    "of " EDGE "\",\"createdOn\":1700000000123"),
                 "T|u|1|1700000000123"},
                /* that of the job API */
                {OF(",\"type\":\"T\",\"user\":{\"id\":\"u\"},\"message\":\"(" UPPER
                    ")\",\"createdOn\":\"2023-11-14T22:13:20.123Z\""),
                 "T|u|1|1700000000123"},
                {OF(",\"user\":\"u\",\"createdOn\":\"2023-11-14T23:13:20+01:00\""),
                 "|u|0|1700000000000"},
                {OF(",\"createdBy\":\"c\",\"createdOn\":\"2023-11-14T18:43:20.1-0330\""),
                 "|c|0|1700000000100"},
                {OF(",\"createdOn\":\"2023-11-14T22:13:20.123456789Z\""), "||0|1700000000123"},
                /* another edge, or something that only looks like ours */
                {OF(",\"name\":\"Refresh of " OTHER "\""), "||0|-"},
                {OF(",\"name\":\"5f3b1e0a-7c55-4d0e-8d53\""), "||0|-"},
                {OF(",\"description\":\"" EDGE "\""), "||0|-"},
                /* what is not told, or in another form */
                {OF(",\"type\":7,\"user\":{},\"name\":null,\"createdOn\":null"), "||0|-"},
                {OF(",\"createdOn\":\"yesterday\""), "||0|-"},
                {OF(",\"createdOn\":\"\""), "||0|-"},
                {OF(",\"createdOn\":\"2023-11-14T22:13:20\""), "||0|-"},
                {OF(",\"createdOn\":\"2023-11-14T22:13:20Zulu\""), "||0|-"},
                {OF(",\"createdOn\":\"2023-11-14T22:13:20+1\""), "||0|-"},
                {OF(",\"createdOn\":\"2023-11-14T22:13:20+01:0x\""), "||0|-"},
                {OF(",\"createdOn\":\"2023-11-14T22:13:20+24:00\""), "||0|-"},
                {OF(",\"createdOn\":\"1969-12-31T23:59:59Z\""), "||0|-"},
                {OF(",\"createdOn\":-1"), "||0|-"},
                {OF(",\"createdOn\":1e300"), "||0|-"},
                /* for the terminal of a person */
                {OF(",\"type\":\"a\\u001b[2J\\nb\\u0000\""), "a\\x1b[2J b\xef\xbf\xbd||0|-"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(job_list_done) JobList list = {0};
                char line[256], created[32] = "-";
                Fault f;
                if (parse(cases[i].text, NULL, &list, &f) < 0)
                        fail_msg("%s: %s", cases[i].text, f.message);
                assert_int_equal(list.n_jobs, 1);
                const CatalogFoundJob *job = &list.jobs[0];
                if (job->has_created)
                        (void)snprintf(created, sizeof(created), "%" PRId64, job->created_msec);
                (void)snprintf(line, sizeof(line), "%s|%s|%d|%s", job->kind.type, job->kind.user,
                               job->names_edge, created);
                assert_string_equal(line, cases[i].expected);
                assert_null(list.next);
        }
}

static void a_page_names_the_next_one(void **state)
{
        (void)state;
        static const struct {
                const char *text, *next;
                size_t n;
        } cases[] = {
                {"{\"results\":[]}", NULL, 0},
                {"{\"results\":[],\"nextCursor\":null}", NULL, 0},
                {"{\"results\":[],\"nextCursor\":\"\"}", NULL, 0},
                {"{\"nextCursor\":\"a b&c\",\"results\":[{\"id\":\"" JOB "\"},{\"id\":\"" OTHER
                 "\"}]}",
                 "a b&c", 2},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(job_list_done) JobList list = {0};
                Fault f;
                assert_int_equal(parse(cases[i].text, NULL, &list, &f), 0);
                assert_int_equal(list.n_jobs, cases[i].n);
                assert_true(text_equal(list.next, cases[i].next));
        }
}

/* An element that cannot be read may be a job like the one that is looked for. */
static void what_is_no_list_of_jobs_is_refused_and_not_quoted(void **state)
{
        (void)state;
        static const char *const cases[] = {
                "",
                "null",
                "[]",
                "{}",
                "<html>never-shown</html>",
                "{\"results\":{}}",
                "{\"results\":[],\"results\":[]}",
                "{\"results\":[]} never-shown",
                "{\"results\":[{\"id\":\"" JOB "\"},7]}",
                "{\"results\":[{\"id\":\"" JOB "\"},{\"name\":\"never-shown\"}]}",
                "{\"results\":[{\"id\":\"" JOB "\",\"id\":\"" OTHER "\"}]}",
                "{\"results\":[],\"nextCursor\":7}",
                "{\"results\":[],\"nextCursor\":{}}",
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                JobList list = {0};
                Fault f;
                if (parse(cases[i], NULL, &list, &f) == 0)
                        fail_msg("%s", cases[i]);
                assert_int_equal(f.scope, FAULT_RUN);
                assert_false(f.retryable);
                assert_null(strstr(f.message, "never-shown"));
                assert_true(!list.jobs && !list.next);
        }
}

static void there_are_caps(void **state)
{
        (void)state;
        for (size_t size = LIMIT_JOB_CURSOR_BYTES; size <= LIMIT_JOB_CURSOR_BYTES + 1; size++) {
                _cleanup_(job_list_done) JobList list = {0};
                char text[LIMIT_JOB_CURSOR_BYTES + 64];
                Fault f;
                (void)snprintf(text, sizeof(text), "{\"results\":[],\"nextCursor\":\"%0*d\"}",
                               (int)size, 0);
                assert_int_equal(parse(text, NULL, &list, &f) == 0, size == LIMIT_JOB_CURSOR_BYTES);
        }
}

static void types_and_users_lose_our_credentials_before_they_are_cut(void **state)
{
        (void)state;
        _cleanup_(redact_done) Redact redact = {0};
        assert_int_equal(redact_add(&redact, NULL, "correct-horse"), 0);
        for (int before = JOB_KIND_BYTES - 20; before < JOB_KIND_BYTES + 4; before++) {
                _cleanup_(job_list_done) JobList list = {0};
                char text[600], pad[200];
                Fault f;
                memset(pad, 'x', sizeof(pad));
                pad[before] = '\0';
                (void)snprintf(text, sizeof(text),
                               OF(",\"type\":\"%scorrect-horse\",\"userId\":\"%scorrect-horse\""),
                               pad, pad);
                assert_int_equal(parse(text, &redact, &list, &f), 0);
                assert_null(strstr(list.jobs[0].kind.type, "c"));
                assert_null(strstr(list.jobs[0].kind.user, "c"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_job_is_read_in_each_shape),
                cmocka_unit_test(a_page_names_the_next_one),
                cmocka_unit_test(what_is_no_list_of_jobs_is_refused_and_not_quoted),
                cmocka_unit_test(there_are_caps),
                cmocka_unit_test(types_and_users_lose_our_credentials_before_they_are_cut),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
