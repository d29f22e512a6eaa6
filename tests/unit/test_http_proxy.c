/*
 * http: what a proxy may answer to CONNECT, from a script: each is the proxy's fault and called
 * that, nothing for the peer reaches it, and a password that it refuses is read again.
 */
#include "base/duration.h"
#include "unit/http_bench.h"
#include "unit/http_server.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEER  "catalog.test:443"
#define URL   "https://catalog.test/x"
#define TOKEN "Bearer peer-token"

typedef struct Secrets {
        const char *now;
        unsigned n_reads;
} Secrets;

static int load_password(void *userdata, Text *ret, Fault *ret_fault)
{
        Secrets *s = userdata;
        s->n_reads++;
        return s->now ? text_append_string(ret, s->now)
                      : fault_set(ret_fault, FAULT_PROCESS, ENOENT, CODE_SECRET_MISSING, "no file");
}

typedef struct Proxied {
        Server *server;
        Bench bench;
        Secrets secrets;
        char proxy[64];
} Proxied;

static void proxied_open(Proxied *p, const Script *scripts, const char *username)
{
        Fault fault;
        HttpClientOptions options = http_bench_options();
        *p = (Proxied){.server = scripts ? server_start(scripts) : NULL,
                       .secrets.now = "proxy-password"};
        (void)snprintf(p->proxy, sizeof(p->proxy), "http://127.0.0.1:%d",
                       p->server ? p->server->port : 1);
        options.proxy = p->proxy;
        options.proxy_username = username;
        options.load_proxy_password = load_password;
        options.load_userdata = &p->secrets;
        if (scripts && scripts[0].end == SCRIPT_HANG) /* the others end by themselves */
                options.connect_timeout_usec = 500 * USEC_PER_MSEC;
        bench_open(&p->bench, &options);
        assert_int_equal(http_client_reload(p->bench.client, &fault), username != NULL);
}

static void proxied_close(Proxied *p)
{
        bench_close(&p->bench);
        if (p->server)
                server_stop(p->server);
}

static void ask(Proxied *p, Seen *seen)
{
        const HttpRequest request = {
                .method = HTTP_GET, .url = URL, .authorization = TOKEN, .body_max_bytes = 1024};
        *seen = (Seen){0};
        http_bench_start(&p->bench, &request, seen);
}

/* of what the proxy has seen */
static unsigned count(const Proxied *p, const char *words)
{
        unsigned n = 0;
        for (const char *at = strstr(p->server->log, words); at; at = strstr(at + 1, words))
                n++;
        return n;
}

static void assert_nothing_for_the_peer(const Proxied *p)
{
        assert_int_equal(count(p, "peer-token"), 0);
        assert_int_equal(count(p, "GET "), 0);
        assert_int_equal(count(p, "/x"), 0);
}

#define BASIC "Proxy-Authenticate: Basic realm=\"x\"\r\n"
#define EMPTY "Content-Length: 0\r\n\r\n"

static void every_refusal_is_the_proxys(void **state)
{
        (void)state;
        static const struct {
                const char *username, *answer;
                ScriptEnd end;
                const char *code, *words;
                bool refused, retryable;
                int http_status;
        } cases[] = {
                {NULL, "HTTP/1.1 407 no\r\n" BASIC EMPTY, SCRIPT_CLOSE, "proxy-unauthorized",
                 "it wants credentials; set proxy_username", true, false, 407},
                {"u", "HTTP/1.1 407 no\r\n" BASIC EMPTY, SCRIPT_CLOSE, "proxy-unauthorized",
                 "it refuses the credentials; check proxy_username and proxy_password_file", true,
                 false, 407},
                {"u", "HTTP/1.1 401 no\r\n" EMPTY, SCRIPT_CLOSE, "proxy-unauthorized",
                 "it refuses the credentials", true, false, 401},
                {"u",
                 "HTTP/1.1 407 no\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: "
                 "NTLM\r\n" EMPTY,
                 SCRIPT_CLOSE, "proxy-unauthorized", "another authentication than Basic", true,
                 false, 407},
                {NULL, "HTTP/1.1 403 no\r\n" EMPTY, SCRIPT_CLOSE, "proxy-forbidden",
                 "it forbids the connection", true, false, 403},
                {NULL, "HTTP/1.1 503 no\r\n" EMPTY, SCRIPT_CLOSE, "proxy-no-way",
                 "it does not reach the catalog", false, true, 503},
                {NULL, "HTTP/1.1 504 no\r\n" EMPTY, SCRIPT_CLOSE, "proxy-no-way",
                 "it does not reach the catalog", false, true, 504},
                {NULL, "HTTP/1.1 405 no\r\n" EMPTY, SCRIPT_CLOSE, "proxy-not-a-proxy",
                 "is no proxy that knows CONNECT", false, false, 405},
                {NULL, "HTTP/1.1 302 no\r\nLocation: https://sign.in/\r\n" EMPTY, SCRIPT_CLOSE,
                 "proxy-not-a-proxy", "is no proxy", false, false, 302},
                {NULL,
                 "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n"
                 "<html></html>",
                 SCRIPT_CLOSE, "proxy-not-a-proxy", "with a page of its own", false, false, 200},
                {NULL, "<html>\r\n\r\n", SCRIPT_CLOSE, "proxy-not-a-proxy",
                 "no proper answer to CONNECT", false, true, 0},
                {NULL, "", SCRIPT_CLOSE, "proxy-not-a-proxy", "no proper answer to CONNECT", false,
                 true, 0},
                {NULL, "", SCRIPT_RESET, "proxy-not-a-proxy", "no proper answer to CONNECT", false,
                 true, 0},
                {NULL, "", SCRIPT_HANG, "proxy-timeout", "CONNECT was not answered in time", false,
                 true, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const Script scripts[] = {
                        {.path = PEER, .bytes = cases[i].answer, .end = cases[i].end}, {0}};
                Proxied p;
                Seen seen;
                proxied_open(&p, scripts, cases[i].username);
                ask(&p, &seen);
                http_bench_wait(&p.bench, 1);
                print_message("#   %s\n", seen.fault.message);
                assert_true(seen.error < 0);
                assert_string_equal(fault_code_name(seen.fault.code), cases[i].code);
                assert_non_null(strstr(seen.fault.message, cases[i].words));
                assert_int_equal(strncmp(seen.fault.message, "proxy 127.0.0.1:", 16), 0);
                assert_int_equal(seen.fault.scope, FAULT_PEER);
                assert_true(fault_is_of_proxy(&seen.fault));
                assert_int_equal(seen.fault.refused, cases[i].refused);
                assert_int_equal(seen.fault.retryable, cases[i].retryable);
                assert_int_equal(seen.fault.http_status, cases[i].http_status);
                assert_false(seen.sent);
                assert_int_equal(seen.status, 0);
                assert_int_equal(count(&p, "CONNECT " PEER " HTTP/1.1"), 1);
                assert_int_equal(count(&p, "Proxy-Authorization: Basic "),
                                 cases[i].username != NULL);
                assert_nothing_for_the_peer(&p);
                proxied_close(&p);
        }
}

/* What comes after its 2xx is not its own: there the catalog's port speaks. */
static void behind_the_proxy_it_is_not_the_proxys(void **state)
{
        (void)state;
        static const Script scripts[] = {
                {.path = PEER, .bytes = "HTTP/1.1 200 OK\r\n\r\n", .end = SCRIPT_RESET}, {0}};
        Proxied p;
        Seen seen;
        proxied_open(&p, scripts, NULL);
        ask(&p, &seen);
        http_bench_wait(&p.bench, 1);
        print_message("#   %s\n", seen.fault.message);
        assert_string_equal(fault_code_name(seen.fault.code), "http-tls");
        assert_false(fault_is_of_proxy(&seen.fault));
        assert_non_null(strstr(seen.fault.message, PEER " through proxy 127.0.0.1:"));
        assert_false(seen.sent);
        proxied_close(&p);
}

static void a_proxy_that_is_away_is_named(void **state)
{
        (void)state;
        Proxied p;
        Seen seen;
        proxied_open(&p, NULL, NULL);
        ask(&p, &seen);
        http_bench_wait(&p.bench, 1);
        print_message("#   %s\n", seen.fault.message);
        assert_string_equal(fault_code_name(seen.fault.code), "proxy-connect");
        assert_int_equal(seen.error, -ECONNREFUSED);
        assert_int_equal(strncmp(seen.fault.message, "proxy 127.0.0.1:1: ", 19), 0);
        assert_true(seen.fault.retryable);
        proxied_close(&p);
}

/* Accounts lock: however many wait, a wrong password goes out once. */
static void a_wrong_password_goes_out_once(void **state)
{
        (void)state;
        static const Script scripts[] = {
                {.path = PEER, .bytes = "HTTP/1.1 407 no\r\n" BASIC EMPTY, .end = SCRIPT_CLOSE},
                {0}};
        enum { N = 10 };
        Seen seen[N];
        Proxied p;
        proxied_open(&p, scripts, "u");
        for (unsigned i = 0; i < N; i++)
                ask(&p, &seen[i]);
        http_bench_wait(&p.bench, N);
        for (unsigned i = 0; i < N; i++) {
                assert_int_equal(seen[i].n_calls, 1);
                assert_string_equal(fault_code_name(seen[i].fault.code), "proxy-unauthorized");
        }
        assert_int_equal(count(&p, "CONNECT "), 1);
        /* What cannot be read is not taken for another one, and said. */
        p.secrets.now = NULL;
        ask(&p, &seen[0]);
        http_bench_wait(&p.bench, N + 1);
        print_message("#   %s\n", seen[0].fault.message);
        assert_non_null(strstr(seen[0].fault.message,
                               "what is on disk now cannot be used and was not sent: no file"));
        assert_int_equal(count(&p, "CONNECT "), 2);
        proxied_close(&p);
}

static void swap(Seen *seen)
{
        Secrets *s = seen->other;
        s->now = "another-password";
}

/* The one on disk is another by now: those that were refused go out again, once, and what they get
 * then is their answer. */
static void a_password_that_changed_is_used_at_once(void **state)
{
        (void)state;
        static const Script scripts[] = {
                {.path = PEER, .bytes = "HTTP/1.1 407 no\r\n" BASIC EMPTY, .end = SCRIPT_CLOSE},
                {0}};
        Proxied p;
        Seen first, second;
        proxied_open(&p, scripts, "u");
        ask(&p, &first);
        first.then = swap;
        first.other = &p.secrets;
        http_bench_wait(&p.bench, 1);
        assert_int_equal(count(&p, "Proxy-Authorization: Basic dTpwcm94eS1wYXNzd29yZA=="), 1);
        ask(&p, &second);
        http_bench_wait(&p.bench, 2);
        assert_string_equal(fault_code_name(second.fault.code), "proxy-unauthorized");
        assert_int_equal(second.n_calls, 1);
        assert_int_equal(count(&p, "Proxy-Authorization: Basic dTpwcm94eS1wYXNzd29yZA=="), 2);
        assert_int_equal(count(&p, "Proxy-Authorization: Basic dTphbm90aGVyLXBhc3N3b3Jk"), 1);
        assert_nothing_for_the_peer(&p);
        proxied_close(&p);
}

/* Nor what goes past a proxy. */
static void the_environment_has_no_say(void **state)
{
        (void)state;
        static const Script scripts[] = {
                {.path = PEER, .bytes = "HTTP/1.1 403 no\r\n" EMPTY, .end = SCRIPT_CLOSE}, {0}};
        Proxied p;
        Seen seen;
        setenv("https_proxy", "http://127.0.0.1:2/", 1);
        setenv("no_proxy", "*", 1);
        proxied_open(&p, scripts, NULL);
        ask(&p, &seen);
        http_bench_wait(&p.bench, 1);
        assert_string_equal(fault_code_name(seen.fault.code), "proxy-forbidden");
        proxied_close(&p);
        unsetenv("https_proxy");
        unsetenv("no_proxy");
}

/* It would see all of it. */
static void plain_http_does_not_go_through_a_proxy(void **state)
{
        (void)state;
        static const Script scripts[] = {{0}};
        Proxied p;
        HttpTransfer *transfer;
        proxied_open(&p, scripts, NULL);
        const HttpRequest request = {
                .method = HTTP_GET, .url = "http://127.0.0.1:1/", .body_max_bytes = 1024};
        assert_int_equal(http_start(p.bench.client, &request, NULL, NULL, &transfer), -EINVAL);
        proxied_close(&p);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_refusal_is_the_proxys),
                cmocka_unit_test(behind_the_proxy_it_is_not_the_proxys),
                cmocka_unit_test(a_proxy_that_is_away_is_named),
                cmocka_unit_test(a_wrong_password_goes_out_once),
                cmocka_unit_test(a_password_that_changed_is_used_at_once),
                cmocka_unit_test(the_environment_has_no_say),
                cmocka_unit_test(plain_http_does_not_go_through_a_proxy),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
