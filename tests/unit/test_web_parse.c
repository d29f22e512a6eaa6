/*
 * What the monitor reads of a request: for whom it is, its path and its arguments.
 */
#include "base/cleanup.h"
#include "web/decode.h"
#include "web/host.h"
#include "web/routes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_host_is_an_address_localhost_or_a_configured_name(void **state _unused_)
{
        static const struct {
                const char *host, *names;
                bool allowed;
        } CASES[] = {
                {NULL, NULL, true}, /* no browser leaves it out */
                {"127.0.0.1", NULL, true},
                {"127.0.0.1:9743", NULL, true},
                {"192.0.2.7:9743", NULL, true},
                {"[::1]", NULL, true},
                {"[2001:db8::1]:9743", NULL, true},
                {"localhost", NULL, true},
                {"LocalHost:9743", NULL, true},
                {"mirror.example.com", "mirror.example.com", true},
                {"Mirror.Example.COM:80", "a, mirror.example.com ,b", true},
                {"b", "a,b", true},
                {"localhost:", NULL, true}, /* RFC 3986: a port may be empty */
                /* DNS rebinding */
                {"evil.example.net", NULL, false},
                {"evil.example.net:9743", "mirror.example.com", false},
                {"localhost.evil.example.net", NULL, false},
                {"mirror.example.com.evil.example.net", "mirror.example.com", false},
                {"example.com", "mirror.example.com", false},
                {"mirror.example.co", "mirror.example.com", false},
                {"mirror.example.com.", "mirror.example.com", false},
                {"127.0.0.1.evil.example.net", NULL, false},
                {"127.1", NULL, false},
                {"0x7f000001", NULL, false},
                {"2130706433", NULL, false},
                /* no hosts */
                {"", NULL, false},
                {"", "", false},
                {"", ",", false},
                {":9743", NULL, false},
                {"[]", NULL, false},
                {"[::1", NULL, false},
                {"[::1]x", NULL, false},
                {"[localhost]", NULL, false},
                {"[127.0.0.1]", NULL, false},
                {"::1", NULL, false},
                {"127.0.0.1:80:80", NULL, false},
                {"127.0.0.1:http", NULL, false},
                {"127.0.0.1@evil.example.net", NULL, false},
                {"a,b", "a,b", false},
                {" localhost", NULL, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
                if (host_is_allowed(CASES[i].host, CASES[i].names) != CASES[i].allowed)
                        fail_msg("%s", CASES[i].host);
}

static void a_host_without_end_is_none(void **state _unused_)
{
        char host[4096];
        memset(host, 'a', sizeof(host) - 1);
        host[sizeof(host) - 1] = '\0';
        assert_false(host_is_allowed(host, host));
        host[255] = '\0';
        assert_true(host_is_allowed(host, host));
        host[255] = 'a';
        host[256] = '\0';
        assert_false(host_is_allowed(host, host));
}

static void paths_are_decoded_once(void **state _unused_)
{
        static const struct {
                const char *text, *decoded; /* NULL: refused */
        } CASES[] = {
                {"", ""},
                {"/edges/a%20b", "/edges/a b"},
                {"%3Cscript%3e", "<script>"},
                {"%252e", "%2e"},
                {"a+b", "a+b"},
                {"%C3%A9", "\303\251"},
                {"\303\251", "\303\251"},
                {"%E2%80%AE", "\342\200\256"}, /* shown escaped, not refused */
                {"%", NULL},
                {"%4", NULL},
                {"%4g", NULL},
                {"%g4", NULL},
                {"%%41", NULL},
                {"%00", NULL},
                {"%0a", NULL},
                {"%7f", NULL},
                {"\t", NULL},
                {"%ff", NULL},
                {"%C3", NULL},
                {"%C0%AF", NULL},
                {"%ED%A0%80", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
                _cleanup_(cleanup_free) char *text = strdup(CASES[i].text);
                assert_non_null(text);
                assert_int_equal(web_decode(text), CASES[i].decoded != NULL);
                if (CASES[i].decoded)
                        assert_string_equal(text, CASES[i].decoded);
        }
}

static void paths_are_compared_byte_by_byte(void **state _unused_)
{
        static const char *const NOWHERE[] = {
                "",           "healthz",   "/healthz/",         "/healthz/../readyz",
                "/./healthz", "//healthz", "/HEALTHZ",          "/healthz?",
                "/healthz ",  "*",         "/../../etc/passwd", "http://localhost/healthz",
        };
        const char *rest = NULL;
        assert_non_null(route_find("/healthz", &rest));
        assert_string_equal(rest, "");
        for (size_t i = 0; i < ARRAY_SIZE(NOWHERE); i++)
                assert_null(route_find(NOWHERE[i], &rest));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_host_is_an_address_localhost_or_a_configured_name),
                cmocka_unit_test(a_host_without_end_is_none),
                cmocka_unit_test(paths_are_decoded_once),
                cmocka_unit_test(paths_are_compared_byte_by_byte),
        };
        return cmocka_run_group_tests_name("web_parse", tests, NULL, NULL);
}
