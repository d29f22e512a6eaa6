/*
 * Proxies, real ones: whole syncs over https through squid, which hears host and port alone; and
 * whatever is wrong with a proxy is said to be the proxy's.
 */
#include "base/fault.h"
#include "harness/service.h"
#include "integration/between_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USER     "proxy user"
#define PASSWORD "another horse+battery"
#define WRONG    "wrong horse"
/* the harness, which looks whether it listens */
#define STARTED " error:transaction-end-before-headers "

/* As they are, and as basic authentication sends them. */
static const char *const secrets[] = {
        PASSWORD,
        WRONG,
        SECRET,
        "cHJveHkgdXNlcjphbm90aGVyIGhvcnNlK2JhdHRlcnk=",
        "c3ZjOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==",
};

static void assert_no_secret(const char *text, const char *where)
{
        for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
                if (strstr(text, secrets[i]))
                        fail_msg("a secret in %s: %s", where, text);
}

static void assert_clean(BetweenWorld *b)
{
        static const char *const files[] = {"out", "err"};
        for (size_t i = 0; i < 2; i++) {
                char *text = harness_read(b->w->folder, files[i]);
                assert_no_secret(text, files[i]);
                free(text);
        }
        char *rows = harness_sql(&b->w->pg, "SELECT coalesce(string_agg(r::text, E'\\n'), '') FROM "
                                            "edgemirror.sync_run r");
        assert_no_secret(rows, "sync_run");
        free(rows);
}

/* Every line is of CONNECT to that port: no other request, nothing that was for the catalog. */
static void assert_connects_only(const HarnessBetween *squid, unsigned port)
{
        char target[64];
        long n = 0;
        (void)snprintf(target, sizeof(target), " CONNECT 127.0.0.1:%u ", port);
        char *log = harness_read(squid->folder, "log");
        assert_no_secret(log, "squid's log");
        for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n"), n++)
                if (!strstr(line, target) && !strstr(line, STARTED))
                        fail_msg("another request: %s", line);
        assert_true(n > 0);
        free(log);
}

static void with_proxy(BetweenWorld *b, const char *password, const char *more)
{
        char line[64];
        (void)snprintf(line, sizeof(line), "%s\n", password);
        harness_write(b->w->folder, "proxy.password", line);
        between_configure(b, 0,
                          "proxy = http://127.0.0.1:%u\nproxy_username = " USER
                          "\nproxy_password_file = %s/proxy.password\n%s",
                          b->proxy.port, b->w->folder, more);
}

static void a_whole_sync_goes_through_squid(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_squid_start(&b->proxy, USER, PASSWORD, "");
        with_proxy(b, PASSWORD, "");
        assert_int_equal(RUN(b->w, "check"), 0);
        assert_says(b->w, "out",
                    "ok      proxy                             http://127.0.0.1:", true);
        assert_says(b->w, "out", "lets us through", true);
        assert_clean(b);
        between_assert_synced(b);
        assert_clean(b);
        assert_connects_only(&b->proxy, b->nginx.port);
        assert_int_equal(between_logged(&b->proxy, "TCP_DENIED"), 0);
        assert_true(between_logged(&b->nginx, "GET /rest/") > 0);
        assert_int_equal(between_logged(&b->nginx, " \"-\"\n"), between_logged(&b->nginx, "\n"));
}

/* With CONNECT itself, whose headers squid can log: its own credentials, none of the catalog's. */
static void connect_carries_nothing_for_the_catalog(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_squid_start(&b->proxy, USER, PASSWORD, "log_mime_hdrs on\n");
        with_proxy(b, PASSWORD, "");
        between_assert_synced(b);
        long n = between_logged(&b->proxy, " CONNECT ");
        assert_true(n > 0);
        assert_int_equal(between_logged(&b->proxy, "User-Agent: edgemirror/"), n);
        assert_int_equal(between_logged(&b->proxy, "Proxy-Authorization: Basic "), n);
        assert_int_equal(between_logged(&b->proxy, "Authorization: "), n);
        assert_int_equal(between_logged(&b->proxy, "Accept"), 0);
}

static void whole_syncs_go_through_tinyproxy_and_without_credentials(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_tinyproxy_start(&b->proxy, "user", "horse");
        harness_write(b->w->folder, "proxy.password", "horse\n");
        between_configure(b, 0,
                          "proxy = http://127.0.0.1:%u\nproxy_username = user\n"
                          "proxy_password_file = %s/proxy.password\n",
                          b->proxy.port, b->w->folder);
        between_assert_synced(b);
        assert_true(between_logged(&b->proxy, "CONNECT 127.0.0.1") > 0);
        between_begin(b, "off");
        harness_squid_start(&b->proxy, NULL, NULL, "");
        between_configure(b, 0, "proxy = http://127.0.0.1:%u\n", b->proxy.port);
        between_assert_synced(b);
        assert_connects_only(&b->proxy, b->nginx.port);
}

/* TLS to the proxy, and in it TLS to the catalog. */
static void a_whole_sync_goes_through_a_proxy_of_https(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_squid_start(&b->proxy, USER, PASSWORD, "");
        between_certify(b, &b->front, "good");
        harness_stunnel_start(&b->front, b->proxy.port, NULL);
        with_proxy(b, PASSWORD, "");
        between_configure(b, 0,
                          "proxy = https://127.0.0.1:%u\nproxy_username = " USER
                          "\nproxy_password_file = %s/proxy.password\n",
                          b->front.port, b->w->folder);
        between_assert_synced(b);
        assert_connects_only(&b->proxy, b->nginx.port);
}

/* Tokens come the same way as all else. */
static void tokens_come_through_the_proxy(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_squid_start(&b->proxy, USER, PASSWORD, "");
        control(b->w, "/control/settings", "{\"auth\":\"oauth2:mirror:" SECRET "\"}");
        /* The token endpoint is at a port of its own. */
        between_certify(b, &b->front, "good");
        harness_nginx_start(&b->front, b->w->catalog.url, "off");
        with_proxy(b, PASSWORD, "");
        char *plain = harness_read(b->w->folder, "edgemirror.conf"), text[4096];
        char *auth = strstr(plain, "auth = basic"), *rest = strstr(auth, "request_timeout");
        (void)snprintf(text, sizeof(text),
                       "%.*sauth = oauth2\nclient_id = mirror\nclient_secret_file = %s/password\n"
                       "token_url = https://127.0.0.1:%u/rest/oauth/v2/token\n%s",
                       (int)(auth - plain), plain, b->w->folder, b->front.port, rest);
        harness_write(b->w->folder, "edgemirror.conf", text);
        free(plain);
        between_assert_synced(b);
        char target[64];
        (void)snprintf(target, sizeof(target), " CONNECT 127.0.0.1:%u ", b->front.port);
        assert_int_equal(between_logged(&b->proxy, target), 1);
        assert_int_equal(between_logged(&b->proxy, "oauth"), 0);
        assert_int_equal(between_logged(&b->front, "POST /rest/oauth/v2/token"), 1);
        /* And its faults are no other's. */
        harness_between_stop(&b->proxy);
        between_assert_fault(b, 69, "proxy", "the connection was refused", "proxy-connect");
}

/* By whatever comes through it. */
static void an_echo_of_its_password_is_redacted(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_squid_start(&b->proxy, USER, PASSWORD, "");
        with_proxy(b, PASSWORD, "");
        fault(b->w, "list",
              "\"status\":500,\"title_message\":\"you sent " PASSWORD
              "\",\"help_message\":\"as cHJveHkgdXNlcjphbm90aGVyIGhvcnNlK2JhdHRlcnk=\"");
        assert_int_equal(RUN(b->w, "check"), 69);
        assert_says(b->w, "out", "you sent ****", true);
        assert_clean(b);
        assert_int_equal(sync_all(b->w), 1);
        assert_non_null(strstr(error_of(b->w, "message"), "you sent ****"));
        assert_clean(b);
}

/* Nothing of the environment: no proxy of it, and no exception from the one that is configured. */
static void the_environment_has_no_say(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_squid_start(&b->proxy, NULL, NULL, "");
        char proxy[64];
        (void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", b->proxy.port);
        assert_int_equal(setenv("https_proxy", proxy, 1), 0);
        between_configure(b, 0, "%s", "");
        between_assert_synced(b);
        assert_int_equal(between_logged(&b->proxy, "CONNECT"), 0);
        assert_int_equal(RUN(b->w, "check"), 0);
        assert_says(b->w, "out",
                    "https_proxy is set in the environment, and not used: the catalog "
                    "is connected to directly",
                    true);
        assert_int_equal(setenv("https_proxy", "http://127.0.0.1:1", 1), 0);
        assert_int_equal(setenv("no_proxy", "*", 1), 0);
        between_configure(b, 0, "proxy = %s\n", proxy);
        between_assert_synced(b);
        assert_connects_only(&b->proxy, b->nginx.port);
        assert_int_equal(RUN(b->w, "check"), 0);
        assert_says(b->w, "out",
                    "no_proxy is set in the environment, and not used: the catalog is "
                    "connected to by proxy of [catalog]",
                    true);
        assert_int_equal(unsetenv("https_proxy") + unsetenv("no_proxy"), 0);
}

static void every_fault_is_called_the_proxys(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_squid_start(&b->proxy, USER, PASSWORD, "");
        with_proxy(b, WRONG, "");
        between_assert_fault(b, 77, "proxy",
                             "it refuses the credentials; check proxy_username and "
                             "proxy_password_file; " SECRET_RENEWAL " (HTTP 407)",
                             "proxy-unauthorized");
        assert_clean(b);
        /* Of check once, and of two edges at once, once. */
        assert_int_equal(between_logged(&b->proxy, "TCP_DENIED/407"), 2);
        between_configure(b, 0, "proxy = http://127.0.0.1:%u\n", b->proxy.port);
        between_assert_fault(b, 77, "proxy", "it wants credentials; set proxy_username",
                             "proxy-unauthorized");
        /* It does not reach the catalog: a port where nobody listens. */
        with_proxy(b, PASSWORD, "");
        harness_between_stop(&b->nginx);
        between_assert_fault(b, 69, "proxy", "it does not reach the catalog", "proxy-no-way");
        harness_between_stop(&b->proxy);
        between_assert_fault(b, 69, "proxy", "the connection was refused", "proxy-connect");
        harness_squid_start(&b->proxy, USER, PASSWORD, "http_access deny CONNECT\n");
        between_assert_fault(b, 77, "proxy", "it forbids the connection to the catalog",
                             "proxy-forbidden");
        between_configure(b, 0, "proxy = https://127.0.0.1:%u\n", b->proxy.port);
        between_assert_fault(b, 69, "proxy", "there is no TLS at this port", "proxy-tls");
        between_configure(b, 0, "%s", "proxy = http://proxy.invalid:3128\n");
        between_assert_fault(b, 69, "proxy",
                             "proxy.invalid:3128: the host name cannot be resolved; check proxy",
                             "proxy-resolve");
        /* A web server, which is none: what its name suggests, and a page of it. */
        harness_between_stop(&b->front);
        between_certify(b, &b->front, "good");
        harness_nginx_start(&b->front, b->w->catalog.url, "off");
        between_configure(b, 0, "proxy = https://127.0.0.1:%u\n", b->front.port);
        between_assert_fault(b, 69, "proxy", "what answers there is no proxy that knows CONNECT",
                             "proxy-not-a-proxy");
}

static void a_certificate_of_the_proxy_is_verified(void **state)
{
        static const struct {
                const char *name, *words;
        } cases[] = {
                {"alone", "the server's certificate is self-signed"},
                {"expired", "the server's certificate has expired"},
                {"other_name", "the server's certificate is for another name"},
        };
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_squid_start(&b->proxy, NULL, NULL, "");
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                harness_between_stop(&b->front);
                between_certify(b, &b->front, cases[i].name);
                harness_stunnel_start(&b->front, b->proxy.port, NULL);
                between_configure(b, 0, "proxy = https://127.0.0.1:%u\n", b->front.port);
                between_assert_fault(b, 69, "proxy", cases[i].words, "proxy-tls");
        }
        assert_int_equal(between_logged(&b->proxy, "CONNECT"), 0);
        /* That of the catalog, behind it, is the catalog's. */
        between_configure(b, 0, "proxy = http://127.0.0.1:%u\n", b->proxy.port);
        harness_between_stop(&b->nginx);
        between_certify(b, &b->nginx, "expired");
        harness_nginx_start(&b->nginx, b->w->catalog.url, "off");
        between_assert_fault(b, 69, "catalog", "the server's certificate has expired", "http-tls");
        between_certify(b, &b->nginx, "good");
}

static void tinyproxy_refuses_in_its_own_way(void **state)
{
        BetweenWorld *b = *state;
        between_begin(b, "off");
        harness_tinyproxy_start(&b->proxy, "user", "horse");
        with_proxy(b, WRONG, "");
        between_assert_fault(b, 77, "proxy", "it refuses the credentials", "proxy-unauthorized");
        between_configure(b, 0, "proxy = http://127.0.0.1:%u\n", b->proxy.port);
        between_assert_fault(b, 77, "proxy", "it wants credentials", "proxy-unauthorized");
}

/* The service waits for it, says of what, and goes on by itself. */
static void the_service_waits_for_the_proxy(void **state)
{
        BetweenWorld *b = *state;
        HarnessService s = {0};
        between_begin(b, "off");
        with_proxy(b, WRONG, "");
        harness_service_start(&s, b->w->folder, "run", b->w->config, true, 0);
        harness_service_await_log(&s, "the proxy cannot be used: proxy 127.0.0.1:", 1);
        harness_service_await(&s, "STATUS=The proxy cannot be used: proxy 127.0.0.1:", 1);
        assert_int_equal(RUN(b->w, "status"), 0);
        harness_squid_start(&b->proxy, USER, PASSWORD, "");
        harness_service_await_log(&s, "it refuses the credentials", 1);
        assert_int_equal(between_logged(&b->proxy, "TCP_DENIED/407"), 1);
        /* Another password on disk is looked for every ten seconds. */
        harness_write(b->w->folder, "proxy.password", PASSWORD "\n");
        harness_service_await_log(&s, "the catalog answers again", 1);
        free(harness_sql(&b->w->pg, "UPDATE edgemirror.edge_claim SET next_run_at = now()"));
        harness_service_reload(&s);
        await_sql(b->w,
                  "SELECT (count(*) = 2)::int FROM edgemirror.edge WHERE listed_at IS NOT NULL");
        assert_int_equal(between_logged(&b->proxy, "TCP_DENIED/407"), 1);
        harness_service_signal(&s, SIGTERM);
        assert_int_equal(harness_service_wait(&s), 0);
        char *log = harness_read(b->w->folder, "run.err");
        assert_no_secret(log, "the journal");
        assert_null(strstr(log, "the catalog cannot be used"));
        free(log);
        harness_service_done(&s);
}

int main(void)
{
        static const HarnessPart parts[] = {HARNESS_SQUID, HARNESS_TINYPROXY, HARNESS_NGINX,
                                            HARNESS_STUNNEL};
        const char *missing = harness_between_missing(parts, sizeof(parts) / sizeof(parts[0]));
        char reason[64];
        (void)snprintf(reason, sizeof(reason), "%s is not installed", missing ? missing : "");
        if (missing)
                return harness_skip_all(reason);
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_whole_sync_goes_through_squid),
                cmocka_unit_test(connect_carries_nothing_for_the_catalog),
                cmocka_unit_test(whole_syncs_go_through_tinyproxy_and_without_credentials),
                cmocka_unit_test(a_whole_sync_goes_through_a_proxy_of_https),
                cmocka_unit_test(tokens_come_through_the_proxy),
                cmocka_unit_test(an_echo_of_its_password_is_redacted),
                cmocka_unit_test(the_environment_has_no_say),
                cmocka_unit_test(every_fault_is_called_the_proxys),
                cmocka_unit_test(a_certificate_of_the_proxy_is_verified),
                cmocka_unit_test(tinyproxy_refuses_in_its_own_way),
                cmocka_unit_test(the_service_waits_for_the_proxy),
        };
        return cmocka_run_group_tests(tests, between_setup, between_teardown);
}
