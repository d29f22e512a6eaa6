/*
 * oauth2: what is a token, and until when it is used.
 */
#include "base/duration.h"
#include "base/limits.h"
#include "catalog/oauth2.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NEVER UINT64_MAX
#define SEC   USEC_PER_SEC

static void a_token_is_taken_with_its_lifetime(void **state)
{
        (void)state;
        static const struct {
                const char *members;
                uint64_t lifetime_usec;
        } cases[] = {
                {"\"token_type\":\"Bearer\",\"expires_in\":3600", 3600 * SEC},
                {"\"token_type\":\"bearer\",\"expires_in\":\"59\"", 59 * SEC},
                {"\"token_type\":\"BEARER\",\"expires_in\":1.5", 3 * SEC / 2},
                {"\"scope\":\"a b\"", NEVER}, /* neither type nor lifetime */
                {"\"token_type\":null,\"expires_in\":null", NEVER},
                {"\"expires_in\":0", NEVER},
                {"\"expires_in\":-5", NEVER},
                {"\"expires_in\":1e300", NEVER},
                {"\"expires_in\":\"an hour\"", NEVER},
                {"\"expires_in\":\"59s\"", NEVER},
                {"\"expires_in\":[3600]", NEVER},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char body[256];
                const char *error;
                OAuth2Token token = {0};
                (void)snprintf(body, sizeof(body), "{\"access_token\":\"abc.DEF-1\",%s}",
                               cases[i].members);
                assert_int_equal(oauth2_parse_token(body, strlen(body), &token, &error), 0);
                assert_string_equal(token.token.data, "abc.DEF-1");
                if (token.lifetime_usec != cases[i].lifetime_usec)
                        fail_msg("%s: %llu", body, (unsigned long long)token.lifetime_usec);
                oauth2_token_done(&token);
        }
}

static void what_is_no_token_is_refused_and_not_quoted(void **state)
{
        (void)state;
        static const struct {
                const char *body, *words;
        } cases[] = {
                {"", "well-formed JSON"},
                {"{\"access_token\":\"secret\"", "well-formed JSON"},
                {"{\"access_token\":\"secret\\u0000\"}", "NUL"},
                {"[\"secret\"]", "not a JSON object"},
                {"\"secret\"", "not a JSON object"},
                {"{\"Access_Token\":\"secret\"}", "no access_token"},
                {"{\"access_token\":\"\"}", "no access_token"},
                {"{\"access_token\":17}", "no access_token"},
                {"{\"access_token\":\"secret\",\"access_token\":\"secret\"}", "no access_token"},
                {"{\"access_token\":\"secret secret\"}", "a space or a control"},
                {"{\"access_token\":\"secret\\r\\nX: y\"}", "a space or a control"},
                {"{\"access_token\":\"secret\",\"token_type\":\"mac\"}", "not Bearer"},
                {"{\"access_token\":\"secret\",\"token_type\":\"\"}", "not Bearer"},
                {"{\"access_token\":\"secret\",\"token_type\":1}", "not Bearer"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *error = "";
                OAuth2Token token = {0};
                assert_int_equal(
                        oauth2_parse_token(cases[i].body, strlen(cases[i].body), &token, &error),
                        -EBADMSG);
                assert_null(token.token.data);
                if (!strstr(error, cases[i].words) || strstr(error, "secret"))
                        fail_msg("%s: %s", cases[i].body, error);
        }
}

static void a_token_is_taken_up_to_the_cap(void **state)
{
        (void)state;
        static char body[LIMIT_TOKEN_MAX_BYTES + 100];
        for (int more = 0; more < 2; more++) {
                const char *error = "";
                OAuth2Token token = {0};
                int size = LIMIT_TOKEN_MAX_BYTES + more;
                (void)snprintf(body, sizeof(body), "{\"access_token\":\"%0*d\"}", size, 1);
                assert_int_equal(oauth2_parse_token(body, strlen(body), &token, &error),
                                 more ? -EBADMSG : 0);
                oauth2_token_done(&token);
        }
}

static void a_token_is_renewed_early_and_used_for_half_its_life_at_least(void **state)
{
        (void)state;
        static const struct {
                uint64_t lifetime_usec, request_usec, used_usec;
        } cases[] = {
                {3600 * SEC, 30 * SEC, 3240 * SEC}, /* a tenth */
                {300 * SEC, 30 * SEC, 240 * SEC},   /* a request, and some */
                {300 * SEC, 60 * SEC, 210 * SEC},   {100 * SEC, 30 * SEC, 50 * SEC}, /* half */
                {1 * SEC, 30 * SEC, SEC / 2},       {NEVER, 30 * SEC, NEVER},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(oauth2_renew_after(cases[i].lifetime_usec, cases[i].request_usec),
                                 cases[i].used_usec);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_is_taken_with_its_lifetime),
                cmocka_unit_test(what_is_no_token_is_refused_and_not_quoted),
                cmocka_unit_test(a_token_is_taken_up_to_the_cap),
                cmocka_unit_test(a_token_is_renewed_early_and_used_for_half_its_life_at_least),
        };
        return cmocka_run_group_tests_name("catalog_oauth2", tests, NULL, NULL);
}
