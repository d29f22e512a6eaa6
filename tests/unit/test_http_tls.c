/*
 * http: certificates that are right and wrong, against a real TLS server. Needs the openssl command
 * (package openssl) to make them.
 */
#include "base/duration.h"
#include "harness/certificates.h"
#include "harness/program.h"
#include "unit/http_bench.h"
#include "unit/http_server.h"
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char *read_text(const char *folder, const char *name, const char *suffix)
{
        char file[64];
        (void)snprintf(file, sizeof(file), "%s.%s", name, suffix);
        char *text = harness_read(folder, file);
        assert_true(text[0]);
        return text;
}

static enum MHD_Result on_request(void *seen, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
        (void)url;
        (void)method;
        (void)version;
        (void)upload;
        (void)upload_size;
        if (!*context) { /* whoever is answered before all has come is sent away */
                *context = seen;
                return MHD_YES;
        }
        *(unsigned *)seen += 1;
        struct MHD_Response *response =
                MHD_create_response_from_buffer(2, (void *)"{}", MHD_RESPMEM_PERSISTENT);
        enum MHD_Result r = MHD_queue_response(connection, 200, response);
        MHD_destroy_response(response);
        return r;
}

static struct MHD_Daemon *serve(const char *folder, const char *certificate, const char *priorities,
                                unsigned *n_requests)
{
        char *key = read_text(folder, certificate, "key"),
             *pem = read_text(folder, certificate, "pem");
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        struct MHD_Daemon *daemon = MHD_start_daemon(
                MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, on_request,
                n_requests, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
                MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_HTTPS_MEM_CERT, pem,
                MHD_OPTION_HTTPS_PRIORITIES, priorities, MHD_OPTION_END);
        assert_non_null(daemon);
        free(key);
        free(pem);
        return daemon;
}

static void get_by(Bench *bench, struct MHD_Daemon *daemon, bool fresh_connection, Seen *seen)
{
        char url[128];
        HttpRequest request =
                bench_request(url, sizeof(url), "https",
                              MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port, "/");
        request.authorization = "Bearer token";
        request.fresh_connection = fresh_connection;
        *seen = (Seen){0};
        http_bench_start(bench, &request, seen);
        http_bench_wait(bench, bench->n_answers + 1);
        if (seen->error)
                print_message("#   %s\n", seen->fault.message);
}

/* One GET on a connection of its own. */
static void get(Bench *bench, struct MHD_Daemon *daemon, Seen *seen)
{
        get_by(bench, daemon, true, seen);
}

/* One GET to a server with `certificate`, by a client that trusts `authority` (NULL: the system's).
 * Returns how many requests the server saw. */
static unsigned fetch(const char *folder, const char *certificate, const char *authority,
                      const char *priorities, Seen *seen)
{
        unsigned n_requests = 0;
        struct MHD_Daemon *daemon = serve(folder, certificate, priorities, &n_requests);
        char ca_file[256];
        (void)snprintf(ca_file, sizeof(ca_file), "%s/%s.pem", folder, authority ? authority : "");

        Bench bench;
        HttpClientOptions options = http_bench_options();
        options.ca_file = authority ? ca_file : NULL;
        options.allow_http = false;
        bench_open(&bench, &options);
        get(&bench, daemon, seen);
        bench_close(&bench);
        MHD_stop_daemon(daemon);
        return n_requests;
}

static void a_good_certificate_is_taken(void **state)
{
        Seen seen;
        assert_int_equal(fetch(*state, "good", "authority", "NORMAL", &seen), 1);
        assert_int_equal(seen.error, 0);
        assert_int_equal(seen.status, 200);
        assert_string_equal(seen.body, "{}");
}

static void a_wrong_certificate_is_named_and_nothing_is_sent(void **state)
{
        static const struct {
                const char *certificate, *authority;
                int error;
                const char *words;
        } cases[] = {
                {"expired", "authority", -EKEYEXPIRED, "has expired"},
                {"not_yet", "authority", -EKEYREJECTED, "not valid yet"},
                {"other_name", "authority", -EKEYREJECTED, "for another name"},
                {"good", "stranger", -EKEYREJECTED,
                 "issuer of the server's certificate is unknown"},
                {"good", NULL, -EKEYREJECTED, "issuer of the server's certificate is unknown"},
                {"alone", "authority", -EKEYREJECTED, "self-signed"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Seen seen;
                assert_int_equal(
                        fetch(*state, cases[i].certificate, cases[i].authority, "NORMAL", &seen),
                        0);
                assert_int_equal(seen.error, cases[i].error);
                assert_string_equal(fault_code_name(seen.fault.code), "http-tls");
                assert_non_null(strstr(seen.fault.message, cases[i].words));
                assert_non_null(strstr(seen.fault.message, "127.0.0.1:"));
                assert_int_equal(seen.fault.scope, FAULT_PEER);
                assert_false(seen.fault.retryable);
                assert_false(seen.sent);
                assert_int_equal(seen.status, 0);
        }
}

static void trust(const char *authority, const char *ca_file)
{
        (void)unlink(ca_file);
        assert_int_equal(symlink(authority, ca_file), 0);
}

/* What was read of the file is used as long as all goes well. The failure is not forgotten with the
 * request after it: of what was read before it nothing is used again. */
static void a_corrected_ca_file_is_used_after_a_failure(void **state)
{
        unsigned n_requests = 0;
        struct MHD_Daemon *good = serve(*state, "good", "NORMAL", &n_requests),
                          *alone = serve(*state, "alone", "NORMAL", &n_requests);
        char ca_file[256];
        (void)snprintf(ca_file, sizeof(ca_file), "%s/trusted.pem", (const char *)*state);
        Bench bench;
        Seen seen;
        HttpClientOptions options = http_bench_options();
        options.ca_file = ca_file;
        bench_open(&bench, &options);
        trust("authority.pem", ca_file);
        get(&bench, good, &seen);
        assert_int_equal(seen.error, 0);
        trust("alone.pem", ca_file);
        get(&bench, good, &seen);
        assert_int_equal(seen.error, 0);
        get(&bench, alone, &seen);
        assert_int_equal(seen.error, -EKEYREJECTED);
        for (int i = 0; i < 3; i++) {
                get(&bench, alone, &seen);
                assert_int_equal(seen.error, 0);
                (void)usleep(600 * USEC_PER_MSEC);
        }
        bench_close(&bench);
        MHD_stop_daemon(good);
        MHD_stop_daemon(alone);
        assert_int_equal(n_requests, 5);
}

/* A connection that was made before a failure lives on, and says nothing of the next one. */
static void after_a_failure_a_connection_is_made_anew(void **state)
{
        unsigned n_requests = 0;
        struct MHD_Daemon *good = serve(*state, "good", "NORMAL", &n_requests),
                          *alone = serve(*state, "alone", "NORMAL", &n_requests);
        char ca_file[256];
        (void)snprintf(ca_file, sizeof(ca_file), "%s/trusted.pem", (const char *)*state);
        Bench bench;
        Seen seen;
        HttpClientOptions options = http_bench_options();
        options.ca_file = ca_file;
        bench_open(&bench, &options);
        trust("authority.pem", ca_file);
        get_by(&bench, good, false, &seen);
        assert_int_equal(seen.error, 0);
        get_by(&bench, alone, false, &seen);
        assert_int_equal(seen.error, -EKEYREJECTED);
        trust("alone.pem", ca_file);
        for (int i = 0; i < 2; i++) {
                get_by(&bench, good, false, &seen);
                assert_int_equal(seen.error, -EKEYREJECTED);
        }
        get_by(&bench, alone, false, &seen);
        assert_int_equal(seen.error, 0);
        bench_close(&bench);
        MHD_stop_daemon(good);
        MHD_stop_daemon(alone);
        assert_int_equal(n_requests, 2);
}

/* For every edge alike, so it is no failure of one of them. */
static void a_ca_file_that_is_not_there_is_ours_to_correct(void **state)
{
        Seen seen;
        assert_int_equal(fetch(*state, "good", "missing", "NORMAL", &seen), 0);
        assert_int_equal(seen.error, -ENOENT);
        assert_string_equal(fault_code_name(seen.fault.code), "http-ca-file");
        assert_int_equal(seen.fault.scope, FAULT_PEER);
        assert_false(seen.fault.retryable);
        assert_false(seen.sent);
}

static void a_handshake_that_hangs_ends_with_the_connect_timeout(void **state)
{
        (void)state;
        static const Script nothing[] = {{0}};
        Server *server = server_start(nothing);
        Bench bench;
        HttpClientOptions options = http_bench_options();
        options.connect_timeout_usec = 300 * USEC_PER_MSEC;
        bench_open(&bench, &options);
        char url[128];
        HttpRequest request = bench_request(url, sizeof(url), "https", server->port, "/");
        Seen seen = {0};
        http_bench_start(&bench, &request, &seen);
        http_bench_wait(&bench, 1);
        print_message("#   %s\n", seen.fault.message);
        assert_int_equal(seen.error, -ETIMEDOUT);
        assert_string_equal(fault_code_name(seen.fault.code), "http-timeout");
        assert_non_null(strstr(seen.fault.message, "TLS handshake"));
        assert_int_equal(seen.fault.scope, FAULT_PEER);
        assert_true(seen.fault.retryable);
        assert_false(seen.sent);
        bench_close(&bench);
        server_stop(server);
}

/* A port that knows no TLS: reads the beginning of the handshake, writes `answer`, and closes. */
typedef struct PlainPort {
        int fd;
        const char *answer;
        size_t size; /* 0: strlen */
        bool reset;
} PlainPort;

static void *plain_port_serve(void *argument)
{
        const PlainPort *p = argument;
        char bytes[4096];
        int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
                return NULL;
        (void)recv(fd, bytes, sizeof(bytes), 0);
        (void)send(fd, p->answer, p->size ? p->size : strlen(p->answer), MSG_NOSIGNAL);
        if (p->reset) {
                const struct linger none = {.l_onoff = 1};
                (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
        } else {
                (void)shutdown(fd, SHUT_WR);
                while (recv(fd, bytes, sizeof(bytes), 0) > 0)
                        ;
        }
        (void)close(fd);
        return NULL;
}

static Seen fetch_from_plain_port(PlainPort p)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        pthread_t thread;
        Bench bench;
        char url[128];
        Seen seen = {0};
        p.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(p.fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(p.fd, 1), 0);
        assert_int_equal(getsockname(p.fd, (struct sockaddr *)&address, &size), 0);
        assert_int_equal(pthread_create(&thread, NULL, plain_port_serve, &p), 0);
        HttpClientOptions options = http_bench_options();
        bench_open(&bench, &options);
        HttpRequest request =
                bench_request(url, sizeof(url), "https", ntohs(address.sin_port), "/");
        http_bench_start(&bench, &request, &seen);
        http_bench_wait(&bench, 1);
        bench_close(&bench);
        assert_int_equal(pthread_join(thread, NULL), 0);
        (void)close(p.fd);
        print_message("#   %s\n", seen.fault.message);
        return seen;
}

/* The ServerHello of a server that knows TLS 1.1 at most, byte for byte: the libraries of some
 * systems refuse to be such a server. */
static void tls_below_1_2_is_refused(void **state)
{
        static const char hello[] = "\x16\x03\x02\x00\x31\x02\x00\x00\x2d\x03\x02"
                                    "a random number of thirty-two b."
                                    "\x00\x00\x2f\x00\x00\x05\xff\x01\x00\x01\x00"; /* RFC 5746 */
        Seen seen;
        assert_int_equal(fetch(*state, "good", "authority", "NORMAL:-VERS-ALL:+VERS-TLS1.2", &seen),
                         1);
        assert_int_equal(seen.error, 0);
        seen = fetch_from_plain_port((PlainPort){.answer = hello, .size = sizeof(hello) - 1});
        assert_int_equal(seen.error, -EPROTO);
        assert_string_equal(fault_code_name(seen.fault.code), "http-tls");
        assert_non_null(strstr(seen.fault.message, "TLS 1.2 or newer is needed"));
        assert_int_equal(seen.fault.scope, FAULT_PEER);
        assert_false(seen.sent);
}

/* A port of http, which answers a first line that is none with an error, or with nothing at
 * all. */
static void a_port_without_tls_is_called_that(void **state)
{
        (void)state;
        static const struct {
                PlainPort port;
                const char *said;
        } cases[] = {
                {{.answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: "
                            "close\r\n\r\n"},
                 "there is no TLS at this port; is it a port for http?"},
                {{.answer = ""},
                 "the connection was closed during the TLS handshake; is it a port for http?"},
                {{.answer = "", .reset = true},
                 "the connection was closed during the TLS handshake; is it a port for http?"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Seen seen = fetch_from_plain_port(cases[i].port);
                assert_string_equal(fault_code_name(seen.fault.code), "http-tls");
                assert_non_null(strstr(seen.fault.message, cases[i].said));
                assert_int_equal(seen.fault.scope, FAULT_PEER);
                assert_true(seen.fault.retryable);
                assert_false(seen.sent);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_good_certificate_is_taken),
                cmocka_unit_test(a_wrong_certificate_is_named_and_nothing_is_sent),
                cmocka_unit_test(a_corrected_ca_file_is_used_after_a_failure),
                cmocka_unit_test(after_a_failure_a_connection_is_made_anew),
                cmocka_unit_test(tls_below_1_2_is_refused),
                cmocka_unit_test(a_ca_file_that_is_not_there_is_ours_to_correct),
                cmocka_unit_test(a_port_without_tls_is_called_that),
                cmocka_unit_test(a_handshake_that_hangs_ends_with_the_connect_timeout),
        };
        return cmocka_run_group_tests(tests, harness_certificates_setup,
                                      harness_certificates_teardown);
}
