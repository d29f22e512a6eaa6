/*
 * Messages to a receiver, of the real service: what an instance has not seen go wrong it tells all
 * the same when it is well again.
 */
#include "harness/between.h"
#include "harness/certificates.h"
#include "integration/service_world.h"
#include "unit/http_server.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN "T0KEN-battery-staple"

static const Script scripts[] = {
        {.path = "/" TOKEN, .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
        {.path = "/" TOKEN "/again", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
        {.path = "/" TOKEN "/down",
         .bytes = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"},
        {.path = "/" TOKEN "/slow", .bytes = "", .end = SCRIPT_HANG},
        {.path = NULL},
};

/* The receiver's address, and what else stands in [notify]. */
static void tell_at(ServiceWorld *w, const char *url, const char *further)
{
        char text[512], file[160];
        (void)snprintf(file, sizeof(file), "%s/edgemirror.conf.d", w->folder);
        (void)mkdir(file, 0755);
        harness_write(w->folder, "receiver", url);
        (void)snprintf(file, sizeof(file), "%s/receiver", w->folder);
        assert_int_equal(chmod(file, 0600), 0);
        (void)snprintf(text, sizeof(text), "[notify]\nurl_file = %s/receiver\nevery = 1s\n%s",
                       w->folder, further);
        harness_write(w->folder, "edgemirror.conf.d/notify.conf", text);
}

static void tell_with(ServiceWorld *w, const Server *server, const char *path, const char *further)
{
        char url[256];
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/" TOKEN "%s\n", server->port, path);
        tell_at(w, url, further);
}

static void tell(ServiceWorld *w, const Server *server, const char *path)
{
        tell_with(w, server, path, "");
}

/* The receiver has been told this. */
static void await_told(Server *server, const char *words)
{
        for (int i = 0; i < 2000; i++) {
                pthread_mutex_lock(&server->lock);
                bool told = strstr(server->log, words) != NULL;
                pthread_mutex_unlock(&server->lock);
                if (told)
                        return;
                (void)usleep(10000);
        }
        fail_msg("never told: %s; but %s", words, server->log);
}

static void what_changes_is_told_by_whoever_sees_it(void **state)
{
        ServiceWorld *w = *state;
        Server *server = server_start(scripts);
        tell(w, server, "");
        assert_int_equal(service_program(w, "check", "--offline", NULL), 0);
        HarnessService *s = service_start(w, 0);
        service_fault(w, "list", 2, "\"status\":403");
        make_due(w, 2, 2);
        await_runs(w, 2, 2, "failed", 1);
        await_told(server, "edge e2: failed: ");
        service_stop(w, 0);

        no_faults(w);
        s = service_start(w, 1); /* another one */
        make_due(w, 2, 3);
        await_runs(w, 2, 3, "synced", 1);
        await_told(server, "edge e2: synced again");
        assert_null(strstr(server->log, "e3"));

        write_password(w, "wrong");
        harness_service_reload(s);
        service_fault(w, "list", -1, "\"status\":401");
        make_due(w, 0, 0);
        await_told(server, "the catalog refuses the credentials: ");
        no_faults(w);
        write_password(w, SECRET);
        harness_service_reload(s);
        await_told(server, "the catalog can be used again");
        harness_postgres_stop(&w->pg);
        await_told(server, "PostgreSQL cannot be used: ");
        harness_postgres_resume(&w->pg);
        await_told(server, "PostgreSQL can be used again");

        tell(w, server, "/slow"); /* taken up by a reload; holds no stop up */
        harness_service_reload(s);
        service_fault(w, "list", 2, "\"status\":403");
        make_due(w, 2, 2);
        await_told(server, "POST /" TOKEN "/slow");
        service_stop(w, 1);
        assert_int_equal(harness_service_logged(s, "1 change not sent to the receiver of [notify]"),
                         1);
        assert_int_equal(harness_service_logged(s, TOKEN), 0);

        tell(w, server, "/again"); /* fails on: whether that was told, the next one cannot know */
        s = service_start(w, 0);
        make_due(w, 2, 2);
        await_told(server, "POST /" TOKEN "/again");
        service_stop(w, 0);
        server_stop(server);
}

/* Two instances: what waits in the one, because its receiver is away, the other finds well, and
 * tells so. Then the one has its receiver back. */
static void wait_while_another_instance_syncs_the_edge(ServiceWorld *w, Server *server,
                                                       const char *further)
{
        tell_with(w, server, "/down", further);
        HarnessService *s = service_start(w, 0);
        service_fault(w, "list", 2, "\"status\":403");
        make_due(w, 2, 2);
        harness_service_await_log(s, "took no message (HTTP 503); ", 1);
        harness_service_await_log(s, "e2: failed", 1);
        harness_service_signal(s, SIGSTOP);
        no_faults(w);
        tell_with(w, server, "", further);
        (void)service_start(w, 1);
        make_due(w, 2, 2);
        await_told(server, "edge e2: synced again");
        tell_with(w, server, "/again", further);
        harness_service_signal(s, SIGCONT);
        harness_service_reload(s);
}

/* That was the last word. */
static void what_waits_is_not_told_when_another_instance_has_synced_the_edge(void **state)
{
        ServiceWorld *w = *state;
        Server *server = server_start(scripts);
        wait_while_another_instance_syncs_the_edge(w, server, "");
        await_told(server, "HEAD /" TOKEN "/again"); /* there is nothing to tell */
        assert_null(strstr(server->log, "POST /" TOKEN "/again"));
        service_stop(w, 0);
        service_stop(w, 1);
        server_stop(server);
}

/* Alertmanager may have taken what came from here last, and ends the alert when it is told so. */
static void an_alert_that_waits_is_told_as_another_instance_has_found_the_edge(void **state)
{
        ServiceWorld *w = *state;
        Server *server = server_start(scripts);
        wait_while_another_instance_syncs_the_edge(w, server, "format = alertmanager\n");
        await_told(server, "POST /" TOKEN "/again");
        const char *last = strstr(server->log, "POST /" TOKEN "/again");
        assert_null(strstr(last, "edge e2: failed"));
        assert_non_null(strstr(last, "edge e2: synced again"));
        service_stop(w, 0);
        service_stop(w, 1);
        server_stop(server);
}

/* The command tells nobody: people are told as the service has found it, and of what became of it
 * with its next sync. */
static void what_waits_is_told_also_when_somebody_has_synced_the_edge_by_hand(void **state)
{
        ServiceWorld *w = *state;
        Server *server = server_start(scripts);
        tell(w, server, "/down");
        HarnessService *s = service_start(w, 0);
        service_fault(w, "list", 2, "\"status\":403");
        make_due(w, 2, 2);
        harness_service_await_log(s, "took no message (HTTP 503); 1 change to tell", 1);
        no_faults(w);
        /* as if it had no pause: the service leaves it alone */
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET consecutive_failures = 0"));
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e2"), 0);
        tell(w, server, "/again");
        harness_service_reload(s);
        await_told(server, "POST /" TOKEN "/again");
        assert_null(strstr(server->log, "edge e2: synced again"));
        make_due(w, 2, 2);
        harness_service_reload(s);
        await_told(server, "edge e2: synced again");
        service_stop(w, 0);
        server_stop(server);
}

static void call_in_the_catalog(ServiceWorld *w, int edge, const char *name)
{
        char path[128], change[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s", w->edges[edge]);
        (void)snprintf(change, sizeof(change), "{\"name\":\"%s\"}", name);
        service_control(w, path, change);
}

/* What was told by a name that discovery takes from it would stay for ever. */
static void what_was_told_of_an_edge_ends_when_it_is_discovered_by_another_name(void **state)
{
        ServiceWorld *w = *state;
        Server *server = server_start(scripts);
        w->n_configured = 2;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon),
                       "lease = 2s\n[discover]\nenabled = yes\nevery = 1s\ninclude = *");
        service_write_config(w);
        tell(w, server, "");
        call_in_the_catalog(w, 2, "base");
        service_fault(w, "list", 2, "\"status\":403");
        HarnessService *s = service_start(w, 0);
        harness_service_await_log(s, "discovered: 2 new", 1);
        service_await_registered(w);
        make_due(w, 2, 2);
        await_told(server, "edge base: failed: ");
        call_in_the_catalog(w, 2, "other");
        await_told(server, "edge base: is called other now");
        service_stop(w, 0);
        server_stop(server);
}

/* Whose clock is not known then. */
static void a_postgres_that_was_away_from_the_start_is_told_of_with_the_time(void **state)
{
        ServiceWorld *w = *state;
        Server *server = server_start(scripts);
        tell(w, server, "");
        harness_postgres_stop(&w->pg);
        HarnessService *s = service_begin(w, 0);
        await_told(server, "PostgreSQL cannot be used: ");
        assert_non_null(strstr(server->log, "\"time\":\"20"));
        harness_postgres_resume(&w->pg);
        harness_service_await_log(s, "the catalog answers", 1);
        service_stop(w, 0);
        server_stop(server);
}

/* By the service that is started again, once it answers. */
static void an_alert_of_a_postgres_that_is_back_after_a_restart_ends(void **state)
{
        ServiceWorld *w = *state;
        Server *server = server_start(scripts);
        tell(w, server, "");
        (void)service_start(w, 0);
        service_stop(w, 0);
        char url[256];
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/" TOKEN "\n", server->port);
        tell_at(w, url, "format = alertmanager\n");
        harness_postgres_stop(&w->pg);
        for (unsigned starts = 1; starts <= 2; starts++) {
                unsigned n = server_requests(server);
                (void)service_begin(w, 0);
                await_told(server, "\"PostgreSQL cannot be used: ");
                while (server_requests(server) == n)
                        (void)usleep(10000);
                service_stop(w, 0);
        }
        assert_null(strstr(server->log, "PostgreSQL can be used again"));
        harness_postgres_resume(&w->pg);
        (void)service_start(w, 0);
        await_told(server, "\"PostgreSQL can be used again");
        await_told(server, "\"the catalog can be used again");
        service_stop(w, 0);
        server_stop(server);
}

static void an_address_that_cannot_be_used_fails_the_check_and_stops_no_sync(void **state)
{
        ServiceWorld *w = *state;
        Server *server = server_start(scripts);
        tell(w, server, "");
        harness_write(w->folder, "receiver", "ftp://h/" TOKEN "\n");
        static const char *const options[] = {"--offline", NULL};
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(service_program(w, "check", options[i], NULL), 78);
                char *out = harness_read(w->folder, "out");
                assert_non_null(strstr(out, "FAILED  notify: url_file"));
                assert_non_null(strstr(out, "does not hold an address https://HOST/PATH"));
                assert_null(strstr(out, TOKEN));
                free(out);
        }
        HarnessService *s = service_start(w, 0);
        make_due(w, 0, 0);
        await_runs(w, 0, 0, "synced", 1);
        assert_int_equal(harness_service_logged(s, "nobody is told what has changed: url_file"), 1);
        assert_int_equal(harness_service_logged(s, TOKEN), 0);
        service_stop(w, 0);
        server_stop(server);
}

/* By the check, as by the service when it starts: not when something has changed. */
static void a_template_or_ca_file_that_cannot_be_used_fails_the_check(void **state)
{
        ServiceWorld *w = *state;
        static const struct {
                const char *key, *name, *content, *result, *words;
        } cases[] = {
                {"template_file", "none", NULL, "FAILED", "cannot be read: No such file"},
                {"template_file", "form", "{\"a\": \"{{nope}}\"}", "FAILED",
                 "{{nope}} is no field"},
                {"template_file", "form", "{\"a\": \"{{text}}\"}", "ok", "gives JSON"},
                {"ca_file", "none", NULL, "FAILED", "cannot be read: No such file"},
                {"ca_file", "form", "no certificate", "FAILED", "form holds no certificate"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char lines[300], what[64];
                bool good = cases[i].result[0] == 'o';
                (void)snprintf(lines, sizeof(lines), "%s = %s/%s\n", cases[i].key, w->folder,
                               cases[i].name);
                (void)snprintf(what, sizeof(what), "%-6s  notify: %s", cases[i].result,
                               cases[i].key);
                tell_at(w, "http://127.0.0.1:1/", lines);
                if (cases[i].content)
                        harness_write(w->folder, cases[i].name, cases[i].content);
                assert_int_equal(service_program(w, "check", "--offline", NULL), good ? 0 : 78);
                char *out = harness_read(w->folder, "out");
                assert_non_null(strstr(out, what));
                assert_non_null(strstr(out, cases[i].words));
                free(out);
        }
        HarnessService *s = service_start(w, 0);
        harness_service_await_log(s, "nobody is told what has changed: ca_file of [notify]: ", 1);
        service_stop(w, 0);
        harness_write(w->folder, "edgemirror.conf.d/notify.conf", "[notify]\nformat = slack\n");
        assert_int_equal(service_program(w, "check", "--offline", NULL), 0);
        char *out = harness_read(w->folder, "out");
        assert_non_null(strstr(out, "url_file is not given, so nobody is told of changes"));
        free(out);
}

/* ---- https, and a proxy ---------------------------------------------------------------------- */

typedef struct Way {
        char certificates[HARNESS_FOLDER_SIZE];
        HarnessBetween nginx, squid;
        char url[96]; /* of nginx, which is the receiver's TLS */
} Way;

static void way_copy(const Way *y, const char *file, const char *name)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", y->certificates, file);
        harness_between_copy(&y->nginx, path, name);
}

static void way_begin(Way *y, const Server *server)
{
        char url[64];
        harness_certificates_make(y->certificates);
        harness_between_init(&y->nginx);
        harness_between_init(&y->squid);
        way_copy(y, "good.pem", "server.pem");
        way_copy(y, "good.key", "server.key");
        way_copy(y, "authority.pem", "clients.pem");
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", server->port);
        harness_nginx_start(&y->nginx, url, "off");
        (void)snprintf(y->url, sizeof(y->url), "https://127.0.0.1:%u/" TOKEN "\n", y->nginx.port);
}

static void way_end(Way *y)
{
        harness_between_destroy(&y->squid);
        harness_between_destroy(&y->nginx);
        harness_folder_remove(y->certificates);
}

/* By whom the receiver's certificate is to be signed; proxy: squid. */
static void tell_by(ServiceWorld *w, const Way *y, const char *authority, bool proxy)
{
        char further[256];
        int n = snprintf(further, sizeof(further), "ca_file = %s/%s.pem\n", y->certificates,
                         authority);
        if (proxy)
                (void)snprintf(further + n, sizeof(further) - (size_t)n,
                               "proxy = http://127.0.0.1:%u\n", y->squid.port);
        tell_at(w, y->url, further);
}

static void change(ServiceWorld *w, int edge, bool well)
{
        no_faults(w);
        if (!well)
                service_fault(w, "list", edge, "\"status\":403");
        make_due(w, edge, edge);
        harness_service_reload(&w->services[0]);
}

static long squid_logged(const Way *y, const char *words)
{
        long n = 0;
        char *log = harness_read(y->squid.folder, "log");
        for (const char *at = log; (at = strstr(at, words)); at++)
                n++;
        free(log);
        return n;
}

static void a_receiver_of_https_is_verified_and_reached_by_the_proxy(void **state)
{
        static const HarnessPart parts[] = {HARNESS_SQUID, HARNESS_NGINX};
        ServiceWorld *w = *state;
        Server *server;
        Way y = {0};
        char connect[64];
        if (harness_between_missing(parts, 2)) {
                print_message("# not tried: squid and nginx are not installed\n");
                return;
        }
        server = server_start(scripts);
        way_begin(&y, server);

        /* the right authority, after one that has signed nothing of it */
        tell_by(w, &y, "stranger", false);
        HarnessService *s = service_start(w, 0);
        harness_service_await_log(s, "the receiver of [notify] cannot be reached (http-tls)", 1);
        change(w, 0, false);
        await_runs(w, 0, 0, "failed", 1);
        assert_int_equal(server_requests(server), 0);
        tell_by(w, &y, "authority", false);
        harness_service_reload(s);
        await_told(server, "edge e0: failed: ");
        harness_service_await_log(s, "the receiver of [notify] takes messages again", 1);

        /* a proxy that is not there; then one that gets host and port alone */
        tell_by(w, &y, "authority", true);
        harness_service_reload(s);
        harness_service_await_log(s, "the receiver of [notify] cannot be reached (proxy-connect)",
                                  1);
        harness_squid_start(&y.squid, NULL, NULL, "");
        change(w, 0, true);
        await_told(server, "edge e0: synced again");
        (void)snprintf(connect, sizeof(connect), " CONNECT 127.0.0.1:%u ", y.nginx.port);
        service_stop(w, 0);
        /* squid writes the line when it has seen the end of the connection */
        for (int turn = 0; squid_logged(&y, connect) == 0; turn++) {
                assert_true(turn < 3000);
                (void)poll(NULL, 0, 20);
        }
        harness_between_stop(&y.squid);
        assert_int_equal(squid_logged(&y, TOKEN), 0);

        /* which may refuse it */
        harness_squid_start(&y.squid, NULL, NULL, "http_access deny all\n");
        unsigned before = server_requests(server);
        s = service_start(w, 1);
        harness_service_await_log(s, "the receiver of [notify] cannot be reached (proxy-forbidden)",
                                  1);
        assert_int_equal(server_requests(server), before);
        assert_int_equal(harness_service_logged(s, TOKEN), 0);
        service_stop(w, 1);
        server_stop(server);
        way_end(&y);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(
                        a_postgres_that_was_away_from_the_start_is_told_of_with_the_time,
                        few_edges),
                cmocka_unit_test_setup(an_alert_of_a_postgres_that_is_back_after_a_restart_ends,
                                       few_edges),
                cmocka_unit_test_setup(what_changes_is_told_by_whoever_sees_it, few_edges),
                cmocka_unit_test_setup(
                        what_waits_is_not_told_when_another_instance_has_synced_the_edge,
                        few_edges),
                cmocka_unit_test_setup(
                        an_alert_that_waits_is_told_as_another_instance_has_found_the_edge,
                        few_edges),
                cmocka_unit_test_setup(
                        what_waits_is_told_also_when_somebody_has_synced_the_edge_by_hand,
                        few_edges),
                cmocka_unit_test_setup(
                        what_was_told_of_an_edge_ends_when_it_is_discovered_by_another_name,
                        few_edges),
                cmocka_unit_test_setup(
                        an_address_that_cannot_be_used_fails_the_check_and_stops_no_sync,
                        few_edges),
                cmocka_unit_test_setup(a_template_or_ca_file_that_cannot_be_used_fails_the_check,
                                       few_edges),
                cmocka_unit_test_setup(a_receiver_of_https_is_verified_and_reached_by_the_proxy,
                                       few_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
