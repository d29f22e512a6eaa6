/*
 * OAuth 2: whole syncs with tokens of the sample catalog's endpoint: acquired once for all, renewed
 * before they expire, replaced when they are refused; every answer of the endpoint that is no token
 * is named, and neither secret nor token comes out.
 */
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT   "urn:sys:env:mirror 1" /* nothing of it is left as it is by urlencoding */
#define OTHER    "another+horse&battery"
#define TOKEN    "catalogd-token-"
#define ENDPOINT "/rest/oauth/v2/token"
#define REFUSED  "\"status\":401"

static const char *const secrets[] = {
        SECRET,
        OTHER,
        TOKEN,
        "another%2Bhorse%26battery",
        "dXJuJTNBc3lzJTNB", /* base64 of the client as it is sent by basic */
};

static void settings(World *w, const char *members)
{
        char text[512];
        (void)snprintf(text, sizeof(text), "{%s}", members);
        control(w, "/control/settings", text);
}

static void set_secret(World *w, const char *secret)
{
        char text[256];
        (void)snprintf(text, sizeof(text), "\"auth\":\"oauth2:" CLIENT ":%s\"", secret);
        settings(w, text);
}

static void token_rule(World *w, const char *members)
{
        char text[512];
        (void)snprintf(text, sizeof(text), "{\"kind\":\"token\",%s}", members);
        control(w, "/control/faults", text);
}

static void configure(World *w, const char *more)
{
        char text[4096];
        char *plain = harness_read(w->folder, "edgemirror.conf");
        char *at = strstr(plain, "auth = basic");
        assert_non_null(at);
        char *rest = strstr(at, "request_timeout");
        assert_non_null(rest);
        (void)snprintf(text, sizeof(text),
                       "%.*sauth = oauth2\nclient_id = " CLIENT
                       "\nclient_secret_file = %s/password\n%s%s",
                       (int)(at - plain), plain, w->folder, more, rest);
        free(plain);
        harness_write(w->folder, "edgemirror.conf", text);
}

static void begin(World *w, const char *more)
{
        begin_again(w, "20", "1m");
        set_secret(w, SECRET);
        configure(w, more);
}

static long tokens(World *w)
{
        return count_in_requests(w, "", ENDPOINT);
}

static void assert_synced(World *w)
{
        assert_int_equal(sync_all(w), 0);
        for (int edge = 0; edge < 2; edge++)
                assert_string_equal(text_of(w, edge, "outcome"), "synced");
        assert_mirror_equals_catalog(w);
}

static void assert_clean(World *w, const char *where)
{
        static const char *const files[] = {"out", "err"};
        char *tables = harness_sql(&w->pg, "SELECT (SELECT string_agg(r::text, E'\\n') FROM "
                                           "edgemirror.sync_run r) || coalesce((SELECT "
                                           "string_agg(r::text, E'\\n') FROM "
                                           "edgemirror.rejected_row r), '')");
        char *texts[3] = {harness_read(w->folder, files[0]), harness_read(w->folder, files[1]),
                          tables};
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                for (size_t k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++)
                        if (strstr(texts[i], secrets[k]))
                                fail_msg("a secret in what %s left: %s", where, texts[i]);
                free(texts[i]);
        }
}

/* Requests of all edges wait behind one acquisition, however long it takes. */
static void one_token_does_for_all(void **state)
{
        World *w = *state;
        begin(w, "");
        token_rule(w, "\"delay_ms\":300");
        assert_synced(w);
        assert_int_equal(tokens(w), 1);
        assert_int_equal(count_in_requests(w, "", REFUSED), 0);
        assert_clean(w, "sync");
}

/* Either way to send the client: that which is refused is not tried twice. */
static void a_client_is_sent_as_the_endpoint_wants_it(void **state)
{
        World *w = *state;
        begin(w, "");
        settings(w, "\"token_client\":\"basic\"");
        assert_synced(w);
        assert_int_equal(tokens(w), 1);
        begin(w, "");
        settings(w, "\"token_client\":\"body\",\"token_lifetime_s\":1");
        fault(w, "refresh", "\"job_run_ms\":2500");
        assert_synced(w);
        assert_true(tokens(w) >= 3);
        assert_int_equal(count_in_requests(w, "", REFUSED), 1);
}

/* A 401 for a moment, and then nothing at all: what was not accepted is not begun with next time.
 */
static void a_client_is_sent_as_it_was_accepted_last(void **state)
{
        World *w = *state;
        begin(w, "");
        settings(w, "\"token_client\":\"basic\"");
        token_rule(w, "\"count\":1,\"status\":401");
        token_rule(w, "\"count\":1,\"status\":503");
        assert_synced(w);
        assert_int_equal(tokens(w), 3);
}

static void a_token_is_renewed_before_it_expires(void **state)
{
        World *w = *state;
        begin(w, "");
        settings(w, "\"token_lifetime_s\":2");
        fault(w, "refresh", "\"job_run_ms\":4000");
        assert_synced(w);
        assert_true(tokens(w) >= 3 && tokens(w) <= 6);
        assert_int_equal(count_in_requests(w, "", REFUSED), 0);
}

enum { MAX_REQUESTS = 8 }; /* max_requests, unless it is configured */

/* Without a lifetime it is used until it is refused; so is one that lives shorter than it was said,
 * and one that is revoked. */
static void a_token_that_is_refused_is_replaced(void **state)
{
        static const char *const cases[] = {
                "\"token_lifetime_s\":0,\"token_real_ms\":700",
                "\"token_lifetime_s\":3600,\"token_real_ms\":700",
        };
        World *w = *state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                begin(w, "");
                settings(w, cases[i]);
                fault(w, "refresh", "\"job_run_ms\":2500");
                assert_synced(w);
                assert_true(tokens(w) >= 3);
                /* requests go side by side: a token may be refused to more than one */
                assert_in_range(count_in_requests(w, "", REFUSED), tokens(w) - 1,
                                MAX_REQUESTS * (tokens(w) - 1));
        }
        begin(w, "");
        fault(w, "refresh", "\"job_run_ms\":2000");
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        settings(w, "\"token_series\":1");
        assert_int_equal(harness_program_wait(pid), 0);
        assert_int_equal(tokens(w), 2);
        assert_int_equal(count_in_requests(w, "", REFUSED), 1);
        assert_clean(w, "sync");
}

/* A catalog that refuses every token is not asked for more and more of them. */
static void tokens_that_are_never_accepted_are_a_refusal(void **state)
{
        World *w = *state;
        begin(w, "");
        control(w, "/control/faults",
                "[{\"kind\":\"refresh\",\"status\":401},{\"kind\":\"list\",\"status\":401}]");
        assert_int_equal(sync_all(w), 77);
        assert_string_equal(error_of(w, "code"), "catalog-unauthorized");
        assert_non_null(strstr(error_of(w, "message"), "check the permissions of client_id"));
        assert_int_equal(tokens(w), 2);
        assert_true(count_in_requests(w, "", REFUSED) <= 2 + 2 + 1);
}

/* While the service runs: the secret is read again before it counts as refused. */
static void a_rotated_secret_is_picked_up(void **state)
{
        World *w = *state;
        begin(w, "");
        settings(w, "\"token_lifetime_s\":1");
        fault(w, "refresh", "\"job_run_ms\":3000");
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        harness_write(w->folder, "password", OTHER "\n");
        set_secret(w, OTHER);
        assert_int_equal(harness_program_wait(pid), 0);
        assert_int_equal(count_in_requests(w, "", REFUSED), 2); /* in either way, once */
        assert_clean(w, "sync");
}

static void a_wrong_secret_is_asked_with_once(void **state)
{
        World *w = *state;
        begin(w, "");
        set_secret(w, OTHER);
        assert_int_equal(sync_all(w), 77);
        for (int edge = 0; edge < 2; edge++)
                assert_string_equal(text_of(w, edge, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "token-refused");
        assert_non_null(strstr(error_of(w, "message"), "check client_id and client_secret_file"));
        assert_int_equal(tokens(w), 2); /* in either way */
        assert_int_equal(count_in_requests(w, "", "\"kind\":"), 2);
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out", "check client_id and client_secret_file", true);
        assert_clean(w, "check");
}

/* Of an endpoint that knows one way and calls the other one wrong. */
static void the_first_refusal_is_the_one_that_is_named(void **state)
{
        World *w = *state;
        begin(w, "");
        token_rule(w, "\"count\":1,\"status\":401,\"body\":\"{\\\"error\\\":"
                      "\\\"invalid_client\\\"}\"");
        token_rule(w, "\"status\":400,\"body\":\"{\\\"error\\\":\\\"invalid_request\\\"}\"");
        assert_int_equal(sync_all(w), 77);
        assert_non_null(strstr(error_of(w, "message"), "check client_id and client_secret_file"));
        assert_int_equal(tokens(w), 2);
}

/* Longer than a request may take. */
static void a_long_pause_of_the_endpoint_puts_runs_off(void **state)
{
        World *w = *state;
        begin(w, "");
        token_rule(w, "\"status\":429,\"retry_after\":3600");
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "catalog-busy");
        assert_non_null(strstr(error_of(w, "message"),
                               "postponed, the catalog asks for a pause of 1h: no token from "));
        assert_int_equal(tokens(w), 1);
}

static void what_passes_at_the_endpoint_is_waited_for(void **state)
{
        static const char *const rules[] = {
                "\"count\":1,\"status\":429,\"retry_after\":2",
                "\"count\":2,\"status\":503",
                "\"count\":1,\"status\":500,\"html\":true",
                "\"count\":1,\"cut_at\":10",
        };
        World *w = *state;
        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
                begin(w, "");
                token_rule(w, rules[i]);
                assert_synced(w);
        }
}

static void what_is_no_token_is_named(void **state)
{
        static const struct {
                const char *rule;
                int status;
                const char *code, *words;
        } cases[] = {
                {"\"status\":400,\"body\":\"{\\\"error\\\":\\\"invalid_scope\\\"}\"", 77,
                 "token-refused", "the scope is not granted to this client; check scope"},
                {"\"status\":400,\"body\":\"{\\\"error\\\":\\\"unsupported_grant_type\\\"}\"", 69,
                 "token-refused", "check token_url"},
                {"\"status\":400,\"body\":\"{\\\"error\\\":\\\"unauthorized_client\\\"}\"", 77,
                 "token-refused", "allow it that where it is registered"},
                {"\"status\":400,\"body\":\"{\\\"error\\\":\\\"invalid_grant\\\"}\"", 77,
                 "token-refused", "check token_url"},
                /* words that RFC 6749 does not have */
                {"\"status\":400,\"body\":\"{\\\"error\\\":\\\"no_such_tenant\\\","
                 "\\\"error_description\\\":\\\"a\\\\u001bb\\\"}\"",
                 69, "token-refused",
                 "the endpoint refuses (HTTP 400). It says: no_such_tenant: a"},
                {"\"status\":403,\"body\":\"{\\\"error\\\":\\\"no_such_tenant\\\"}\"", 69,
                 "catalog-forbidden", "no token from "},
                {"\"status\":422,\"body\":\"{\\\"error\\\":17}\"", 69, "catalog-unexpected-status",
                 "no token from "},
                {"\"status\":401,\"body\":\"<p>no\"", 77, "token-refused",
                 "systemctl restart edgemirror, or edgemirror@NAME (HTTP 401)"},
                {"\"html\":true", 69, "catalog-not-json", "a sign-in page"},
                {"\"redirect\":\"https://idp.example/login\"", 69, "catalog-redirect",
                 "idp.example"},
                {"\"status\":404", 69, "catalog-not-found", "no token from "},
                {"\"body\":\"{}\"", 69, "token-bad-answer", "it holds no access_token"},
                {"\"body\":\"[1\"", 69, "token-bad-answer", "well-formed JSON"},
                {"\"body\":\"{\\\"access_token\\\":\\\"a b\\\"}\"", 69, "token-bad-answer",
                 "holds a space"},
                {"\"body\":\"{\\\"access_token\\\":\\\"" TOKEN
                 "1\\\",\\\"token_type\\\":\\\"mac\\\"}\"",
                 69, "token-bad-answer", "token_type is not Bearer"},
                {"\"large_bytes\":100000", 69, "http-too-large", "no token from "},
        };
        World *w = *state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                begin(w, "");
                token_rule(w, cases[i].rule);
                int status = sync_all(w);
                const char *code = error_of(w, "code"), *message = error_of(w, "message");
                if (strcmp(code, cases[i].code) != 0 || !strstr(message, cases[i].words) ||
                    status != cases[i].status)
                        fail_msg("%s: exit %d, %s: %s", cases[i].rule, status, code, message);
                assert_clean(w, cases[i].rule);
        }
}

/* The endpoint and the catalog may say back what they were sent. */
static void an_echo_is_redacted(void **state)
{
        World *w = *state;
        begin(w, "");
        fault(w, "list", "\"status\":403,\"user_message\":\"you sent Bearer " TOKEN "1\"");
        assert_int_equal(sync_all(w), 1);
        assert_non_null(strstr(error_of(w, "message"), "you sent Bearer ****"));
        assert_clean(w, "sync");
        begin(w, "");
        harness_write(w->folder, "password", OTHER "\n");
        token_rule(w, "\"status\":400,\"body\":\"{\\\"error\\\":\\\"invalid_request\\\","
                      "\\\"error_description\\\":\\\"another+horse&battery, "
                      "another%2Bhorse%26battery, "
                      "dXJuJTNBc3lzJTNBZW52JTNBbWlycm9yKzE6YW5vdGhlciUyQmhvcnNlJTI2YmF0dGVyeQ=="
                      "\\\"}\"");
        assert_int_equal(sync_all(w), 69);
        assert_non_null(strstr(error_of(w, "message"), "****"));
        assert_clean(w, "sync");
}

/* A scope, and an endpoint elsewhere; what is wrong there is not the catalog's. */
static void scope_and_token_url_are_used(void **state)
{
        World *w = *state;
        char more[256];
        begin_again(w, "20", "1m");
        set_secret(w, SECRET);
        (void)snprintf(more, sizeof(more), "scope = a b\ntoken_url = %s" ENDPOINT "\n",
                       w->catalog.url);
        configure(w, more);
        assert_synced(w);
        begin(w, "token_url = http://127.0.0.1:1/token\n");
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "http-connect");
        assert_non_null(strstr(error_of(w, "message"), "no token from http://127.0.0.1:1/token: "));
        assert_int_equal(count_in_requests(w, "", "\"kind\":"), 0);
}

static void check_says_how_long_the_token_is_good(void **state)
{
        World *w = *state;
        begin(w, "");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "token obtained, 59m left", true);
        settings(w, "\"token_lifetime_s\":0");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "token obtained, used until it is refused", true);
        assert_int_equal(RUN(w, "check", "--offline"), 0);
        assert_says(w, "out", "catalog: client_secret_file", true);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_token_does_for_all),
                cmocka_unit_test(a_client_is_sent_as_the_endpoint_wants_it),
                cmocka_unit_test(a_client_is_sent_as_it_was_accepted_last),
                cmocka_unit_test(a_token_is_renewed_before_it_expires),
                cmocka_unit_test(a_token_that_is_refused_is_replaced),
                cmocka_unit_test(tokens_that_are_never_accepted_are_a_refusal),
                cmocka_unit_test(a_rotated_secret_is_picked_up),
                cmocka_unit_test(a_wrong_secret_is_asked_with_once),
                cmocka_unit_test(the_first_refusal_is_the_one_that_is_named),
                cmocka_unit_test(a_long_pause_of_the_endpoint_puts_runs_off),
                cmocka_unit_test(what_passes_at_the_endpoint_is_waited_for),
                cmocka_unit_test(what_is_no_token_is_named),
                cmocka_unit_test(an_echo_is_redacted),
                cmocka_unit_test(scope_and_token_url_are_used),
                cmocka_unit_test(check_says_how_long_the_token_is_good),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
