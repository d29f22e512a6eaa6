/*
 * oauth2: what is a token, until when it is used, and when the endpoint is asked for another one.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/limits.h"
#include "catalog/oauth2.h"
#include "unit/http_bench.h"
#include "unit/http_server.h"
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
                _cleanup_(text_wipe) Text token = {0};
                uint64_t lifetime_usec = 0;
                (void)snprintf(body, sizeof(body), "{\"access_token\":\"abc.DEF-1\",%s}",
                               cases[i].members);
                assert_int_equal(
                        oauth2_parse_token(body, strlen(body), &token, &lifetime_usec, &error), 0);
                assert_string_equal(token.data, "abc.DEF-1");
                if (lifetime_usec != cases[i].lifetime_usec)
                        fail_msg("%s: %llu", body, (unsigned long long)lifetime_usec);
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
                _cleanup_(text_wipe) Text token = {0};
                uint64_t lifetime_usec = 0;
                assert_int_equal(oauth2_parse_token(cases[i].body, strlen(cases[i].body), &token,
                                                    &lifetime_usec, &error),
                                 -EBADMSG);
                assert_null(token.data);
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
                _cleanup_(text_wipe) Text token = {0};
                uint64_t lifetime_usec = 0;
                int size = LIMIT_TOKEN_MAX_BYTES + more;
                (void)snprintf(body, sizeof(body), "{\"access_token\":\"%0*d\"}", size, 1);
                assert_int_equal(
                        oauth2_parse_token(body, strlen(body), &token, &lifetime_usec, &error),
                        more ? -EBADMSG : 0);
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

/* ---- asking --------------------------------------------------------------------------------- */

#define JSON(status, body) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n\r\n" body
#define TOKEN(more)        JSON("200 OK", "{\"access_token\":\"abc\"" more "}")

/* How much later than it is all of src takes it to be, on a host that was suspended for an hour
 * before. */
static uint64_t later_usec;

uint64_t __real_clock_boottime_usec(void);
uint64_t __wrap_clock_boottime_usec(void);

uint64_t __wrap_clock_boottime_usec(void)
{
        return __real_clock_boottime_usec() + 3600 * SEC + later_usec;
}

typedef struct World {
        Script scripts[2];
        Server *server;
        Bench bench;
        OAuth2 *oauth2;
        Auth *auth;
        unsigned n_ready;
        Fault fault;
} World;

static int load_secret(void *userdata, Text *ret, Fault *ret_fault)
{
        (void)userdata;
        (void)ret_fault;
        return text_append_string(ret, "correct-horse");
}

static void on_ready(void *userdata)
{
        ((World *)userdata)->n_ready++;
}

static int setup(void **state)
{
        static World w;
        char url[64];
        HttpClientOptions http = http_bench_options();
        w = (World){.scripts = {{.path = "/token", .end = SCRIPT_CLOSE}}};
        later_usec = 0;
        w.server = server_start(w.scripts);
        bench_open(&w.bench, &http);
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/token", w.server->port);
        const OAuth2Options options = {
                .token_url = url, .scope = "a b", .request_timeout_usec = 20 * SEC};
        assert_int_equal(oauth2_new(w.bench.client, &options, &w.oauth2), 0);
        const AuthOptions auth = {.method = &auth_oauth2,
                                  .method_userdata = w.oauth2,
                                  .username = "mirror",
                                  .load_secret = load_secret};
        assert_int_equal(auth_new(&auth, on_ready, &w, &w.auth), 0);
        *state = &w;
        return 0;
}

static int teardown(void **state)
{
        World *w = *state;
        (void)auth_free(w->auth);
        (void)oauth2_free(w->oauth2);
        bench_close(&w->bench);
        server_stop(w->server);
        return 0;
}

/* Until what is begun has ended. */
static int prepare(World *w)
{
        int r;
        unsigned before = w->n_ready;
        while ((r = auth_prepare(w->auth, &w->fault)) == 0)
                for (before = w->n_ready; w->n_ready == before;)
                        assert_true(sd_event_run(w->bench.event, 30 * SEC) > 0);
        return r;
}

static void assert_prepares(World *w, int result, unsigned n_requests)
{
        int r = prepare(w);
        if (r != result || server_requests(w->server) != n_requests)
                fail_msg("%d after %u requests: %s", r, server_requests(w->server),
                         w->fault.message);
}

static void a_scope_is_asked_for(void **state)
{
        World *w = *state;
        w->scripts[0].bytes = TOKEN("");
        assert_prepares(w, 1, 1);
        assert_non_null(strstr(w->server->log, "\r\n\r\ngrant_type=client_credentials&scope=a+b"));
}

static void an_endpoint_that_is_away_is_asked_with_growing_delays(void **state)
{
        World *w = *state;
        uint64_t longest = 0;
        w->scripts[0].bytes = JSON("503 Service Unavailable", "{}");
        for (unsigned n = 1; n < 200 && longest < 10 * SEC; n++) {
                assert_prepares(w, -EIO, n);
                assert_in_range(w->fault.retry_after_usec, 1, 30 * SEC);
                if (w->fault.retry_after_usec > longest)
                        longest = w->fault.retry_after_usec;
                later_usec += w->fault.retry_after_usec;
        }
        assert_true(longest >= 10 * SEC);
}

static void a_lifetime_counts_from_when_it_was_asked_for(void **state)
{
        World *w = *state;
        uint64_t left;
        w->scripts[0].bytes = TOKEN(",\"expires_in\":100");
        w->scripts[0].end = SCRIPT_GATE;
        assert_int_equal(auth_prepare(w->auth, &w->fault), 0);
        while (server_requests(w->server) == 0)
                assert_true(sd_event_run(w->bench.event, SEC / 100) >= 0);
        later_usec = 30 * SEC; /* suspended, or a slow endpoint */
        w->scripts[0].end = SCRIPT_CLOSE;
        server_open_gate(w->server);
        assert_prepares(w, 1, 1);
        assert_true(auth_is_acquired(w->auth, &left));
        assert_in_range(left, 60 * SEC, 70 * SEC);
        later_usec = 49 * SEC;
        assert_prepares(w, 1, 1);
        later_usec = 51 * SEC; /* half of it */
        assert_prepares(w, 1, 2);
}

static void without_a_lifetime_it_is_used_until_it_is_refused(void **state)
{
        World *w = *state;
        const DoubtCase first = {0}, again = {.repeated = true};
        w->scripts[0].bytes = TOKEN("");
        assert_prepares(w, 1, 1);
        later_usec = 1000 * 24 * 3600 * SEC;
        assert_prepares(w, 1, 1);
        for (unsigned n = 2; n < 4; n++) { /* and what was accepted may be refused again */
                uint64_t old = auth_generation(w->auth);
                assert_int_equal(auth_on_401(w->auth, old, &first), DOUBT_NOW);
                assert_prepares(w, 1, n);
                assert_int_equal(auth_on_401(w->auth, old, &first), DOUBT_NOW);
                assert_prepares(w, 1, n); /* the newer one is not dropped */
                assert_true(auth_on_answer(w->auth, auth_generation(w->auth)));
        }
        assert_int_equal(auth_on_401(w->auth, auth_generation(w->auth), &first), DOUBT_NOW);
        assert_prepares(w, 1, 4);
        assert_int_equal(auth_on_401(w->auth, auth_generation(w->auth), &again), DOUBT_OVER);
        assert_prepares(w, 1, 5); /* who asks after a while does not do so with that one */
}

static void a_client_that_is_refused_is_sent_again_after_a_pause(void **state)
{
        World *w = *state;
        w->scripts[0].bytes = JSON("401 Unauthorized", "{\"error\":\"invalid_client\"}");
        assert_prepares(w, -EIO, 2); /* in either way */
        assert_true(w->fault.refused);
        assert_non_null(strstr(w->server->log, "\r\nAuthorization: Basic "));
        assert_non_null(strstr(w->server->log, "&client_id=mirror&client_secret=correct-horse"));
        later_usec = 29 * SEC;
        assert_prepares(w, -EIO, 2);
        assert_true(w->fault.refused);
        later_usec = 31 * SEC;
        assert_prepares(w, -EIO, 4);
}

/* The client is sent in the other way when it is the client that is refused, and then alone. */
static void no_other_refusal_sends_the_client_in_its_body(void **state)
{
        static const char *const answers[] = {
                JSON("400 Bad Request", "{\"error\":\"invalid_scope\"}"),
                JSON("403 Forbidden", "{\"error\":\"unauthorized_client\"}"),
                JSON("400 Bad Request", "{\"error\":\"invalid_request\"}"),
                JSON("503 Service Unavailable", "{\"error\":\"invalid_client\"}"),
                JSON("404 Not Found", "{}"),
                TOKEN(",\"token_type\":\"mac\""),
        };
        World *w = *state;
        for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
                w->scripts[0].bytes = answers[i];
                assert_prepares(w, -EIO, i + 1);
                later_usec += 3600 * SEC;
        }
        assert_null(strstr(w->server->log, "client_secret"));
}

#define ISSUED                                                                                     \
        "{\"access_token\":\"abc-secret\",\"refresh_token\":\"ref-secret\","                       \
        "\"id_token\":\"id-secret\",\"userMessage\":\"user-secret\"}"

/* A token that is not taken is one all the same. */
static void of_an_answer_that_is_no_error_nothing_is_quoted(void **state)
{
        static const char *const answers[] = {
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" ISSUED,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; a=abc-secret\r\n\r\n" ISSUED,
                "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" ISSUED,
                "HTTP/1.1 200 OK\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
                "access_token=abc-secret&token_type=Bearer",
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>abc-secret</title>",
                "HTTP/1.1 302 Found\r\nLocation: /cb#access_token=abc-secret\r\n\r\n" ISSUED,
                JSON("201 Created", ISSUED),
                JSON("203 Non-Authoritative Information", ISSUED),
                JSON("400 Bad Request", ISSUED),
                JSON("400 Bad Request", "[" ISSUED "]"),
                JSON("403 Forbidden", ISSUED),
                JSON("404 Not Found", "\"abc-secret\""),
                JSON("500 Internal Server Error", ISSUED),
                JSON("401 Unauthorized", ISSUED),
        };
        World *w = *state;
        for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
                w->scripts[0].bytes = answers[i];
                assert_int_equal(prepare(w), -EIO);
                if (strstr(w->fault.message, "-secret"))
                        fail_msg("%s: %s", answers[i], w->fault.message);
                later_usec += 3600 * SEC;
        }
}

static void the_endpoint_is_left_alone_for_as_long_as_it_asks(void **state)
{
        World *w = *state;
        w->scripts[0].bytes = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 300\r\n\r\n";
        assert_prepares(w, -EIO, 1);
        assert_true(w->fault.retryable);
        assert_in_range(w->fault.retry_after_usec, 290 * SEC, 300 * SEC);
        later_usec = 299 * SEC;
        assert_prepares(w, -EIO, 1);
        later_usec = 301 * SEC;
        assert_prepares(w, -EIO, 2);
}

static void a_token_is_used_on_while_no_other_can_be_acquired(void **state)
{
        World *w = *state;
        w->scripts[0].bytes = TOKEN(",\"expires_in\":100");
        assert_prepares(w, 1, 1);
        w->scripts[0].bytes = JSON("503 Service Unavailable", "{}");
        later_usec = 60 * SEC;
        assert_prepares(w, 1, 2);
        assert_prepares(w, 1, 2); /* nor is it asked again for each request */
        later_usec = 101 * SEC;
        assert_int_equal(prepare(w), -EIO);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_token_is_taken_with_its_lifetime),
                cmocka_unit_test(what_is_no_token_is_refused_and_not_quoted),
                cmocka_unit_test(a_token_is_taken_up_to_the_cap),
                cmocka_unit_test(a_token_is_renewed_early_and_used_for_half_its_life_at_least),
                cmocka_unit_test_setup_teardown(a_scope_is_asked_for, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        an_endpoint_that_is_away_is_asked_with_growing_delays, setup, teardown),
                cmocka_unit_test_setup_teardown(a_lifetime_counts_from_when_it_was_asked_for, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(without_a_lifetime_it_is_used_until_it_is_refused,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_client_that_is_refused_is_sent_again_after_a_pause, setup, teardown),
                cmocka_unit_test_setup_teardown(no_other_refusal_sends_the_client_in_its_body,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(of_an_answer_that_is_no_error_nothing_is_quoted,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(the_endpoint_is_left_alone_for_as_long_as_it_asks,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(a_token_is_used_on_while_no_other_can_be_acquired,
                                                setup, teardown),
        };
        return cmocka_run_group_tests_name("catalog_oauth2", tests, NULL, NULL);
}
