/*
 * http: names that do not exist or hang, connections that hang, and libcurl's own event handling
 * failing.
 *
 * getaddrinfo is this program's own, so that no resolver outside is asked; curl_multi_socket_action
 * is wrapped at link time (see unit.am).
 */
#include "base/duration.h"
#include "http/http_fault.h"
#include "unit/http_bench.h"
#include "unit/http_server.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* The resolver of this program: no name exists, and "slow.test" is not told so before it is let go.
 */
static struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool let_go;
        unsigned n_waiting;
} resolver = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
        (void)service;
        (void)hints;
        (void)ret;
        if (strcmp(node, "slow.test") != 0)
                return EAI_NONAME;
        pthread_mutex_lock(&resolver.lock);
        resolver.n_waiting++;
        pthread_cond_broadcast(&resolver.changed);
        /* Bounded, so that a client that waits for its resolver fails the test rather than hanging
         * it. */
        struct timespec end;
        (void)clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 10;
        while (!resolver.let_go &&
               pthread_cond_timedwait(&resolver.changed, &resolver.lock, &end) == 0)
                ;
        resolver.n_waiting--;
        pthread_cond_broadcast(&resolver.changed);
        pthread_mutex_unlock(&resolver.lock);
        return EAI_NONAME;
}

static unsigned resolver_waiting(void)
{
        pthread_mutex_lock(&resolver.lock);
        unsigned n = resolver.n_waiting;
        pthread_mutex_unlock(&resolver.lock);
        return n;
}

static void resolver_wait_for(unsigned n)
{
        pthread_mutex_lock(&resolver.lock);
        while (resolver.n_waiting != n)
                pthread_cond_wait(&resolver.changed, &resolver.lock);
        pthread_mutex_unlock(&resolver.lock);
}

static int resolver_hold(void **state)
{
        (void)state;
        resolver.let_go = false;
        return 0;
}

static int resolver_let_go(void **state)
{
        (void)state;
        pthread_mutex_lock(&resolver.lock);
        resolver.let_go = true;
        pthread_cond_broadcast(&resolver.changed);
        pthread_mutex_unlock(&resolver.lock);
        resolver_wait_for(0);
        return 0;
}

CURLMcode __real_curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int mask, int *running);
CURLMcode __wrap_curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int mask, int *running);

static unsigned fail_after; /* 0: never; n: the n-th call from now fails */

CURLMcode __wrap_curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int mask, int *running)
{
        if (fail_after > 0 && --fail_after == 0)
                return CURLM_INTERNAL_ERROR;
        return __real_curl_multi_socket_action(multi, fd, mask, running);
}

static void start_named(Bench *bench, const char *url, Seen *seen)
{
        HttpRequest request = {.url = url, .body_max_bytes = 1000};
        http_bench_start(bench, &request, seen);
}

static void a_name_that_does_not_exist_was_not_sent(void **state)
{
        (void)state;
        Bench bench;
        HttpClientOptions options = http_bench_options();
        bench_open(&bench, &options);
        Seen seen = {0};
        start_named(&bench, "https://nowhere.test/rest", &seen);
        http_bench_wait(&bench, 1);
        print_message("#   %s\n", seen.fault.message);
        assert_int_equal(seen.error, -EHOSTUNREACH);
        assert_string_equal(fault_code_name(seen.fault.code), "http-resolve");
        assert_ptr_equal(strstr(seen.fault.message, "nowhere.test:443: "), seen.fault.message);
        assert_int_equal(seen.fault.scope, FAULT_PEER);
        assert_true(seen.fault.retryable);
        assert_false(seen.sent);
        bench_close(&bench);
}

static void a_name_that_hangs_does_not_hold_up_the_loop(void **state)
{
        (void)state;
        Bench bench;
        HttpClientOptions options = http_bench_options();
        options.connect_timeout_usec = 300 * USEC_PER_MSEC;
        bench_open(&bench, &options);
        Seen seen = {0};
        start_named(&bench, "http://slow.test/", &seen);
        http_bench_wait(&bench, 1);
        assert_int_equal(resolver_waiting(), 1); /* still: nobody has waited for it */
        print_message("#   %s\n", seen.fault.message);
        assert_int_equal(seen.error, -ETIMEDOUT);
        assert_string_equal(fault_code_name(seen.fault.code), "http-timeout");
        assert_non_null(strstr(seen.fault.message, "name was not resolved"));
        assert_int_equal(seen.fault.scope, FAULT_PEER);
        assert_false(seen.sent);
        bench_close(&bench);
}

static void cancelling_while_a_name_hangs_does_not_wait(void **state)
{
        (void)state;
        Bench bench;
        HttpClientOptions options = http_bench_options();
        bench_open(&bench, &options);
        Seen cancelled = {0}, left = {0};
        start_named(&bench, "http://slow.test/", &cancelled);
        start_named(&bench, "http://slow.test/", &left);
        while (resolver_waiting() < 2)
                assert_true(sd_event_run(bench.event, USEC_PER_MSEC) >= 0);
        assert_null(http_cancel(cancelled.transfer));
        bench_close(&bench);
        assert_int_equal(resolver_waiting(), 2);
        assert_int_equal(cancelled.n_calls + left.n_calls, 0);
}

/* A listener whose queue is full lets connections hang, as a firewall that drops does. */
static void a_connection_that_hangs_ends_with_the_connect_timeout(void **state)
{
        (void)state;
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        _cleanup_(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(fd, 0), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        int fillers[8];
        for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
                fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                (void)connect(fillers[i], (struct sockaddr *)&address, size);
        }
        Bench bench;
        HttpClientOptions options = http_bench_options();
        options.connect_timeout_usec = 300 * USEC_PER_MSEC;
        bench_open(&bench, &options);
        Seen seen = {0};
        bench_get(&bench, ntohs(address.sin_port), "/", &seen);
        http_bench_wait(&bench, 1);
        for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
                (void)close(fillers[i]);
        print_message("#   %s\n", seen.fault.message);
        assert_int_equal(seen.error, -ETIMEDOUT);
        assert_string_equal(fault_code_name(seen.fault.code), "http-timeout");
        assert_non_null(strstr(seen.fault.message, "no connection in time"));
        assert_int_equal(seen.fault.scope, FAULT_PEER);
        assert_true(seen.fault.retryable);
        assert_false(seen.sent);
        bench_close(&bench);
}

static void when_libcurl_fails_all_are_told_and_the_next_ones_work(void **state)
{
        (void)state;
        static const Script scripts[] = {
                {"/whole", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0, NULL, SCRIPT_KEEP},
                {"/silent", "", 0, NULL, SCRIPT_HANG},
                {0},
        };
        Server *server = server_start(scripts);
        Bench bench;
        HttpClientOptions options = http_bench_options();
        options.max_in_flight = 2;
        bench_open(&bench, &options);
        /* At each of its first calls in turn: nothing is lost, nothing is told twice. */
        for (unsigned call = 1; call <= 6; call++) {
                Seen silent[2] = {0}, waiting = {0};
                unsigned before = bench.n_answers;
                for (unsigned i = 0; i < 2; i++)
                        bench_get(&bench, server->port, "/silent", &silent[i]);
                bench_get(&bench, server->port, "/whole", &waiting);
                fail_after = call;
                http_bench_wait(&bench, before + 3);
                bench_drain(&bench);
                assert_int_equal(fail_after, 0);
                for (unsigned i = 0; i < 2; i++) {
                        assert_int_equal(silent[i].n_calls, 1);
                        assert_int_equal(silent[i].error, -EIO);
                        assert_string_equal(fault_code_name(silent[i].fault.code), "http-loop");
                        assert_int_equal(silent[i].fault.scope, FAULT_PROCESS);
                        assert_true(silent[i].fault.retryable);
                }
                assert_int_equal(waiting.n_calls, 1);
                assert_int_equal(waiting.status, 200);
                assert_int_equal(bench_in_flight(), 0);
        }
        bench_close(&bench);
        server_stop(server);
}

/* A packet filter that says no, to each edge alike. */
static void a_connection_that_this_machine_forbids_concerns_the_peer(void **state)
{
        (void)state;
        static const int errors[] = {EACCES, EPERM};
        for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
                HttpFailure failure = {.code = CURLE_COULDNT_CONNECT,
                                       .phase = HTTP_PHASE_CONNECT,
                                       .where = "c.example:443",
                                       .detail = "",
                                       .socket_errno = errors[i]};
                Fault fault;
                assert_int_equal(http_fault_fill(&failure, &fault), -errors[i]);
                assert_int_equal(fault.scope, FAULT_PEER);
                assert_true(fault.retryable);
                assert_non_null(strstr(fault.message,
                                       "c.example:443: this machine forbids the connection"));
        }
}

/* OpenSSL's words and GnuTLS's. */
static void a_handshake_that_fails_is_told_apart_by_its_words(void **state)
{
        (void)state;
        static const char none[] = "there is no TLS at this port",
                          closed[] = "closed during the TLS handshake";
        static const struct {
                const char *detail, *said;
        } cases[] = {
                {"error:0A00010B:SSL routines::wrong version number", none},
                {"error:0A0000C6:SSL routines::packet length too long", none},
                {"gnutls_handshake() failed: An unexpected TLS packet was received.", none},
                {"OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to", closed},
                {"error:0A000126:SSL routines::unexpected eof while reading", closed},
                {"OpenSSL SSL_connect: Connection reset by peer in connection to", closed},
                {"gnutls_handshake() failed: The TLS connection was non-properly terminated.",
                 closed},
                {"error:0A000410:SSL routines::sslv3 alert handshake failure", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                HttpFailure failure = {.code = CURLE_SSL_CONNECT_ERROR,
                                       .phase = HTTP_PHASE_TLS,
                                       .where = "c.example:443",
                                       .detail = cases[i].detail};
                Fault fault;
                assert_true(http_fault_fill(&failure, &fault) < 0);
                assert_int_equal(fault.scope, FAULT_PEER);
                assert_non_null(strstr(fault.message, cases[i].detail));
                assert_int_equal(strstr(fault.message, none) != NULL, cases[i].said == none);
                assert_int_equal(strstr(fault.message, closed) != NULL, cases[i].said == closed);
        }
}

/* Too slow is not the same as out of time. */
static void a_timeout_says_what_took_the_time(void **state)
{
        (void)state;
        static const struct {
                HttpPhase phase;
                uint64_t limit_usec;
                const char *code;
        } cases[] = {{HTTP_PHASE_SENT, 0, "http-slow"},
                     {HTTP_PHASE_SENT, 10 * USEC_PER_SEC, "http-slow"},
                     {HTTP_PHASE_SENT, 5 * USEC_PER_SEC, "http-timeout"},
                     {HTTP_PHASE_TLS, 10 * USEC_PER_SEC, "http-timeout"}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                HttpFailure failure = {.code = CURLE_OPERATION_TIMEDOUT,
                                       .phase = cases[i].phase,
                                       .where = "c.example:443",
                                       .detail = "",
                                       .elapsed_usec = 5 * USEC_PER_SEC,
                                       .request_timeout_usec = cases[i].limit_usec};
                Fault fault;
                assert_int_equal(http_fault_fill(&failure, &fault), -ETIMEDOUT);
                assert_string_equal(fault_code_name(fault.code), cases[i].code);
                assert_true(fault.retryable);
        }
}

static void an_encoding_that_is_not_read_is_named(void **state)
{
        (void)state;
        static const char *const encodings[] = {NULL, "", "br"};
        for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
                HttpFailure failure = {.code = CURLE_BAD_CONTENT_ENCODING,
                                       .phase = HTTP_PHASE_SENT,
                                       .where = "c.example:443",
                                       .detail = "",
                                       .encoding = encodings[i]};
                Fault fault;
                assert_true(http_fault_fill(&failure, &fault) < 0);
                assert_int_equal(strstr(fault.message, "(Content-Encoding: br)") != NULL, i == 2);
        }
}

/* What no table has is said in libcurl's words, also where it gives no message of its own. */
static void a_failure_without_a_meaning_is_told_by_libcurl(void **state)
{
        (void)state;
        static const struct {
                CURLcode code;
                const char *detail, *encoding, *message;
        } cases[] = {
                {CURLE_WRITE_ERROR, "", "",
                 "c.example:443: the request failed (Failed writing received data to "
                 "disk/application)"},
                {CURLE_WRITE_ERROR, "", "gzip",
                 "c.example:443: the body of the answer cannot be decoded: something follows the "
                 "end of the compressed data, and only one gzip member is read (Content-Encoding: "
                 "gzip)"},
                {CURLE_HTTP3, "stream 4 was lost", "",
                 "c.example:443: the request failed (stream 4 was lost)"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                HttpFailure failure = {.code = cases[i].code,
                                       .phase = HTTP_PHASE_SENT,
                                       .where = "c.example:443",
                                       .detail = cases[i].detail,
                                       .encoding = cases[i].encoding};
                Fault fault;
                assert_true(http_fault_fill(&failure, &fault) < 0);
                assert_string_equal(fault.message, cases[i].message);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_name_that_does_not_exist_was_not_sent),
                cmocka_unit_test_setup_teardown(a_name_that_hangs_does_not_hold_up_the_loop,
                                                resolver_hold, resolver_let_go),
                cmocka_unit_test_setup_teardown(cancelling_while_a_name_hangs_does_not_wait,
                                                resolver_hold, resolver_let_go),
                cmocka_unit_test(a_connection_that_hangs_ends_with_the_connect_timeout),
                cmocka_unit_test(when_libcurl_fails_all_are_told_and_the_next_ones_work),
                cmocka_unit_test(a_connection_that_this_machine_forbids_concerns_the_peer),
                cmocka_unit_test(a_handshake_that_fails_is_told_apart_by_its_words),
                cmocka_unit_test(a_timeout_says_what_took_the_time),
                cmocka_unit_test(an_encoding_that_is_not_read_is_named),
                cmocka_unit_test(a_failure_without_a_meaning_is_told_by_libcurl),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
