/*
 * Location: what may be followed, where it leads, and that credentials have no other place to go.
 */
#include "base/cleanup.h"
#include "catalog/url.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID   "5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10"
#define SITE "https://acme.example"
#define API  "/rest/catalogDatabase/v1/databaseConnections"
#define ASK  SITE API "/refresh?edgeConnectionId=" ID

static void a_location_leads_to_the_same_origin_or_nowhere(void **state)
{
        (void)state;
        static const struct {
                const char *requested, *location;
                int expected;
                const char *url;
        } cases[] = {
                /* absolute */
                {ASK, SITE "/rest/jobs/v1/jobs/" ID, 0, SITE "/rest/jobs/v1/jobs/" ID},
                {ASK, "HTTPS://ACME.example/j", 0, NULL},
                {ASK, SITE ":443/j", 0, NULL},
                {"https://acme.example:443" API, SITE "/j", 0, NULL},
                {"http://127.0.0.1:8080" API, "http://127.0.0.1:8080/j", 0,
                 "http://127.0.0.1:8080/j"},
                {"http://[::1]:8080" API, "http://[::1]:8080/j", 0, "http://[::1]:8080/j"},
                {ASK, SITE "/j?x=1#part", 0, SITE "/j?x=1"},
                /* relative, to what was requested */
                {ASK, "/rest/jobs/v1/jobs/" ID, 0, SITE "/rest/jobs/v1/jobs/" ID},
                {ASK, "jobs/" ID, 0, SITE API "/jobs/" ID},
                {ASK, "../jobs/" ID, 0, SITE "/rest/catalogDatabase/v1/jobs/" ID},
                {SITE "/prefix" API "/refresh?x=1", "../jobs/" ID, 0,
                 SITE "/prefix/rest/catalogDatabase/v1/jobs/" ID},
                {SITE "/prefix" API "/refresh?x=1", "/prefix/rest/jobs/v1/jobs/" ID, 0,
                 SITE "/prefix/rest/jobs/v1/jobs/" ID},
                {ASK, "/../../../../x", 0, SITE "/x"},
                /* elsewhere */
                {ASK, "http://acme.example/j", -EXDEV, NULL},
                {ASK, SITE ":8443/j", -EXDEV, NULL},
                {ASK, "https://acme.example.evil.example/j", -EXDEV, NULL},
                {ASK, "https://evil.example/j", -EXDEV, NULL},
                {ASK, "//evil.example/j", -EXDEV, NULL},
                {ASK, "https://acme.example@evil.example/j", -EXDEV, NULL},
                {ASK, "https://acme.example:443@evil.example/j", -EXDEV, NULL},
                {ASK, "https://user@acme.example/j", -EXDEV, NULL},
                {ASK, "https://user:word@acme.example/j", -EXDEV, NULL},
                {ASK, "https://:word@acme.example/j", -EXDEV, NULL},
                {ASK, "https://@acme.example/j", -EXDEV, NULL},
                {ASK, "https://evil.example\\@acme.example/j", -EXDEV, NULL},
                {"http://127.0.0.1:8080" API, "http://127.0.0.1:8081/j", -EXDEV, NULL},
                {"http://127.0.0.1:8080" API, "http://localhost:8080/j", -EXDEV, NULL},
                {"https://[::1]:8443" API, "https://[::1%25lo]:8443/j", -EXDEV, NULL}, /* S7 */
                {"https://[fe80::1%25eth0]" API, "https://[fe80::1%25eth1]/j", -EXDEV, NULL},
                {"https://[fe80::1%25eth0]" API, "https://[fe80::1]/j", -EXDEV, NULL},
                {"https://[fe80::1%25eth0]" API, "https://[fe80::1%25eth0]/j", 0, NULL},
                {ASK, "ftp://acme.example/j", -EXDEV, NULL},
                {ASK, "file:///etc/passwd", -EXDEV, NULL},
                /* garbage */
                {ASK, "https://", -EINVAL, NULL},
                {ASK, "https://acme.example:99999/", -EINVAL, NULL},
                {ASK, "https://[::1/", -EINVAL, NULL},
                {ASK, "/a\rb", -EINVAL, NULL},
                {ASK, SITE "/\xc3\xa9", -EINVAL, NULL},
                {ASK, "/a b", 0, SITE "/a%20b"},
                {ASK, "gopher-like://acme.example/", -EINVAL, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char *url = NULL;
                int r = url_resolve(cases[i].requested, cases[i].location, &url);
                if (r != cases[i].expected)
                        fail_msg("%s: %d, not %d", cases[i].location, r, cases[i].expected);
                assert_true((url != NULL) == (r == 0));
                if (cases[i].url)
                        assert_string_equal(url, cases[i].url);
                free(url);
        }
}

static void the_last_segment_may_be_the_job(void **state)
{
        (void)state;
        static const struct {
                const char *url;
                bool found;
        } cases[] = {
                {"/rest/jobs/v1/jobs/" ID, true},
                {"/rest/jobs/v1/jobs/" ID "/", true},
                {"/rest/jobs/v1/jobs/" ID "///", true},
                {"https://elsewhere.example/jobs/" ID "?a=/b#c", true},
                {ID, true},
                {"/jobs/x" ID, false},
                {"/jobs/" ID "x", false},
                {"/jobs/{" ID "}", false},
                {"/jobs/" ID "/progress", false},
                {"/edge/api/rest/v2/jobs/" ID "/statusLog", true}, /* C1 */
                {"https://acme.example/edge/api/rest/v2/jobs/" ID "/statusLog/?a=b", true},
                {"/jobs/statusLog", false},
                {"/jobs/" ID ";jsessionid=7", true},
                {"/jobs?id=" ID, false},
                {"/jobs#" ID, false},
                {"", false},
                {"/", false},
                {"?" ID, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Uuid id;
                char text[UUID_STRING_SIZE];
                if (url_last_uuid(cases[i].url, &id) != cases[i].found)
                        fail_msg("%s", cases[i].url);
                if (cases[i].found)
                        assert_string_equal(uuid_format(&id, text), ID);
        }
}

/* C2: A catalog that does not know the prefix under which it is reached. */
static void a_path_is_moved_below_the_prefix(void **state)
{
        (void)state;
        static const struct {
                const char *base, *url, *expected;
        } cases[] = {
                {SITE "/collibra", SITE "/rest/jobs/v1/jobs/" ID,
                 SITE "/collibra/rest/jobs/v1/jobs/" ID},
                {SITE "/a/b", SITE "/x?y=1", SITE "/a/b/x?y=1"},
                {SITE "/collibra", SITE "/collibrating/x", SITE "/collibra/collibrating/x"},
                {SITE "/collibra", SITE "/collibra/rest/jobs/v1/jobs/" ID, NULL},
                {SITE "/collibra", SITE "/collibra?x", NULL},
                {SITE "/collibra", SITE "/collibra", NULL},
                {SITE, SITE "/rest/jobs/v1/jobs/" ID, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char *url = NULL;
                assert_int_equal(url_below(cases[i].base, cases[i].url, &url),
                                 cases[i].expected ? 0 : -ENOENT);
                if (cases[i].expected)
                        assert_string_equal(url, cases[i].expected);
                free(url);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_location_leads_to_the_same_origin_or_nowhere),
                cmocka_unit_test(a_path_is_moved_below_the_prefix),
                cmocka_unit_test(the_last_segment_may_be_the_job),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
