/*
 * Hostile clients of the monitor: whatever they send, and however slowly, the service keeps its
 * memory, its loop and its syncs; and answers the next one who asks.
 *
 * What they cost is printed: resident memory, and how long a reload takes, which the loop answers
 * between everything else.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/limits.h"
#include "harness/web.h"
#include "integration/service_world.h"
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        RELOADS = 10,
        /* what an attack may add: connections have 256 KiB between them, and buffers of malloc stay
         * with it */
        MEMORY_MAX_KIB = 8 * 1024,
        /* sanitizers remember what was freed */
        SANITIZED_MAX_KIB = 128 * 1024,
        MANY = 10000,
};

static char where[32];
static long memory_before_kib;
static char *state_before; /* of the mirror */

static long memory_kib(const HarnessService *s)
{
        char path[64], line[256];
        long kib = 0;
        (void)snprintf(path, sizeof(path), "/proc/%d/status", s->pid);
        FILE *f = fopen(path, "re");
        assert_non_null(f);
        while (kib == 0 && fgets(line, sizeof(line), f))
                (void)sscanf(line, "VmRSS: %ld kB", &kib);
        assert_int_equal(fclose(f), 0);
        return kib;
}

/* The slowest of some reloads, in milliseconds. */
static double loop_latency(HarnessService *s)
{
        uint64_t worst = 0;
        for (int i = 0; i < RELOADS; i++) {
                uint64_t begun = clock_monotonic_usec();
                harness_service_reload(s);
                uint64_t took = clock_monotonic_usec() - begun;
                worst = took > worst ? took : worst;
        }
        return (double)worst / 1000;
}

static char *state_of_mirror(ServiceWorld *w)
{
        return harness_sql(&w->pg,
                           "SELECT md5(string_agg(t::text, '|' ORDER BY t.id)) || (SELECT count(*) "
                           "FROM edgemirror.sync_run) FROM edgemirror.database_connection t");
}

static int hostile_setup(void **state)
{
        assert_int_equal(few_edges(state), 0);
        ServiceWorld *w = *state;
        web_free_address(where);
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", where);
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        make_due(w, 0, 3);
        harness_service_reload(s);
        await_runs(w, 0, 3, "synced", 1);
        assert_int_equal(web_get_status(where, "/healthz"), 200);
        assert_int_equal(web_get_status(where, "/status.json"), 200);
        free(state_before);
        state_before = state_of_mirror(w);
        memory_before_kib = memory_kib(s);
        return 0;
}

/* While the clients are at it: what they cost; and that an edge that is due is synced. */
static void assert_unaffected(ServiceWorld *w, const char *name)
{
        HarnessService *s = &w->services[0];
        _cleanup_(cleanup_free) char *after = state_of_mirror(w);
        assert_string_equal(state_before, after);
        double latency_ms = loop_latency(s);
        long kib = memory_kib(s);
#ifdef EDGEMIRROR_SANITIZERS
        long most = SANITIZED_MAX_KIB;
#else
        long most = MEMORY_MAX_KIB;
#endif
        uint64_t begun = clock_monotonic_usec();
        make_due(w, 1, 1);
        harness_service_reload(s);
        await_runs(w, 1, 1, "synced", 2);
        print_message("# %s: %ld KiB resident, %+ld; a reload within %.1f ms; due and synced in "
                      "%.0f ms\n",
                      name, kib, kib - memory_before_kib, latency_ms,
                      (double)(clock_monotonic_usec() - begun) / 1000);
        assert_true(kib - memory_before_kib < most);
}

static void assert_answers_again(ServiceWorld *w)
{
        assert_int_equal(web_get_status(where, "/healthz"), 200);
        assert_int_equal(web_get_status(where, "/readyz"), 200);
        service_stop(w, 0);
}

/* ---- the clients ---------------------------------------------------------------------------- */

/* A byte now and then is not idle, and would hold a connection for ever. */
static void slow_ones_are_ended(void **state)
{
        static const char REQUEST[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
        ServiceWorld *w = *state;
        struct pollfd slow[LIMIT_WEB_CONNECTIONS];
        size_t open = ARRAY_SIZE(slow);
        for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
                slow[i] = (struct pollfd){.fd = web_connect(where), .events = POLLIN};
        uint64_t begun = clock_monotonic_usec();
        for (size_t step = 0; open > 0; step++) {
                assert_true(clock_monotonic_usec() - begun <
                            LIMIT_WEB_CONNECTION_USEC + 10 * USEC_PER_SEC);
                for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
                        if (slow[i].fd >= 0)
                                web_send(slow[i].fd,
                                         step < sizeof(REQUEST) - 1 ? &REQUEST[step] : "x", 1);
                if (step == 3)
                        assert_unaffected(w, "slow");
                if (poll(slow, ARRAY_SIZE(slow), 200) == 0)
                        continue;
                for (size_t i = 0; i < ARRAY_SIZE(slow); i++)
                        if (slow[i].fd >= 0 && slow[i].revents) {
                                (void)close(slow[i].fd);
                                slow[i].fd = -1;
                                open--;
                        }
        }
        assert_answers_again(w);
}

static int connect_at_once(void)
{
        int fd = -1;
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        in.sin_port = htons((uint16_t)strtoul(strchr(where, ':') + 1, NULL, 10));
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0)
                (void)connect(fd, (const struct sockaddr *)&in, sizeof(in));
        return fd;
}

/* Who waits for a place has it when those leave who had them, not when the time of one is over that
 * has left. */
static void a_place_that_was_left_is_given_at_once(void **state _unused_)
{
        static const char half[] = "GET / HT",
                          whole[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        int taken[LIMIT_WEB_CONNECTIONS + 1];
        struct pollfd waits = {.events = POLLOUT};
        for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
                struct pollfd begun = {.fd = taken[i] = connect_at_once(), .events = POLLOUT};
                assert_int_equal(poll(&begun, 1, 10000), 1);
                assert_int_equal(send(taken[i], half, strlen(half), 0), strlen(half));
        }
        waits.fd = connect_at_once();
        assert_int_equal(poll(&waits, 1, 10000), 1);
        assert_int_equal(send(waits.fd, whole, strlen(whole), 0), strlen(whole));
        waits.events = POLLIN;
        assert_int_equal(poll(&waits, 1, 1000), 0);
        for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
                (void)close(taken[i]);
        assert_int_equal(poll(&waits, 1, 5000), 1);
        (void)close(waits.fd);
}

/* As many at a time as this process may have; the others follow. */
static void ten_thousand_connections(void **state)
{
        ServiceWorld *w = *state;
        struct rlimit limit;
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        rlim_t before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        size_t at_once = limit.rlim_max > MANY + 100 ? MANY : (size_t)limit.rlim_max - 100, n = 0;
        int *fds = calloc(at_once, sizeof(*fds));
        assert_non_null(fds);
        for (size_t done = 0; done < MANY; done += n) {
                for (n = 0; n < at_once && done + n < MANY; n++)
                        fds[n] = connect_at_once();
                if (done == 0)
                        assert_unaffected(w, "10,000 connections");
                for (size_t i = 0; i < n; i++)
                        if (fds[i] >= 0)
                                (void)close(fds[i]);
        }
        free(fds);
        limit.rlim_cur = before;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_answers_again(w);
}

static void requests_without_measure(void **state)
{
        static const char *const HEADS[] = {
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ", /* one header */
                "GET /",                                           /* the path */
                "GET /healthz?q=",                                 /* an argument */
                "",                                                /* the method */
                "GET /healthz HTTP/1.1\r\nHost: ",                 /* the host */
        };
        ServiceWorld *w = *state;
        char *filler = malloc(1 << 20);
        assert_non_null(filler);
        memset(filler, 'a', 1 << 20);
        for (size_t i = 0; i < 10 * ARRAY_SIZE(HEADS); i++) {
                int fd = web_connect(where);
                const char *head = HEADS[i % ARRAY_SIZE(HEADS)];
                web_send(fd, head, strlen(head));
                web_send(fd, filler, 1 << 20);
                _cleanup_(cleanup_free) char *answer = web_read(fd);
                (void)close(fd);
                int status = web_status(answer);
                if (status != 0 && status != 414 && status != 431 && status != 413 && status != 400)
                        fail_msg("%s…: %d", head, status);
        }
        for (size_t i = 0; i + 16 < 1 << 20; i += 16) /* headers without end */
                memcpy(filler + i, "A: bbbbbbbbbbb\r\n", 16);
        int fd = web_connect(where);
        web_send(fd, HEADS[0], strlen(HEADS[0]));
        web_send(fd, "\r\n", 2);
        web_send(fd, filler, 1 << 20);
        _cleanup_(cleanup_free) char *answer = web_read(fd);
        (void)close(fd);
        assert_int_not_equal(web_status(answer), 200);
        free(filler);
        assert_unaffected(w, "a megabyte where a line should be");
        assert_answers_again(w);
}

/* Each begins as a request and goes on at random. Its headers end: what does not is slow, see
 * above.
 */
static void random_bytes(void **state)
{
        static const char REQUEST[] = "GET /status.json?a=%20b&c HTTP/1.1\r\nHost: localhost\r\n";
        static const char END[] = "\r\n\r\n";
        ServiceWorld *w = *state;
        unsigned seed = 13;
        int answered = 0;
        for (int i = 0; i < 1000; i++) {
                char bytes[2048];
                size_t size = sizeof(END) + (size_t)rand_r(&seed) % (sizeof(bytes) - sizeof(END));
                size_t begin = (size_t)rand_r(&seed) % sizeof(REQUEST);
                for (size_t k = 0; k < size; k++)
                        bytes[k] = (char)rand_r(&seed);
                memcpy(bytes, REQUEST, begin < size ? begin : size);
                memcpy(bytes + size - sizeof(END) + 1, END, sizeof(END) - 1);
                int fd = web_connect(where);
                web_send(fd, bytes, size);
                _cleanup_(cleanup_free) char *answer = web_read(fd);
                (void)close(fd);
                answered += web_status(answer) > 0;
        }
        print_message("# random bytes: %d of 1000 were answered\n", answered);
        assert_true(answered > 100);
        assert_unaffected(w, "random bytes");
        assert_answers_again(w);
}

/* Each is refused; what it costs is printed. */
static void methods_hosts_and_paths(void **state)
{
        static const char *const REQUESTS[] = {
                "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n",
                "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
                "DELETE /edges/main HTTP/1.1\r\nHost: localhost\r\n",
                "TRACE / HTTP/1.1\r\nHost: localhost\r\n",
                "CONNECT localhost:5432 HTTP/1.1\r\nHost: localhost\r\n",
                "get / HTTP/1.1\r\nHost: localhost\r\n",
                "GET / HTTP/1.1\r\nHost: attacker.example\r\n",
                "GET / HTTP/1.1\r\nHost: localhost.attacker.example\r\n",
                "GET / HTTP/1.1\r\nHost: localhost@attacker.example\r\n",
                "GET / HTTP/1.1\r\nHost: [::1\r\n",
                "GET / HTTP/1.1\r\nHost:\r\n",
                "GET / HTTP/1.1\r\nX: y\r\n",
                "GET / HTTP/1.1\r\nHost: localhost\r\nHost: attacker.example\r\n",
                "GET http://attacker.example/ HTTP/1.1\r\nHost: localhost\r\n",
                "GET /../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n",
                "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n",
                "GET /edges/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost\r\n",
                "GET /healthz%00.html HTTP/1.1\r\nHost: localhost\r\n",
                "GET //healthz HTTP/1.1\r\nHost: localhost\r\n",
                "GET \\healthz HTTP/1.1\r\nHost: localhost\r\n",
                "GET /edges/%ff%fe%2 HTTP/1.1\r\nHost: localhost\r\n",
        };
        ServiceWorld *w = *state;
        for (size_t i = 0; i < 20 * ARRAY_SIZE(REQUESTS); i++) {
                const char *request = REQUESTS[i % ARRAY_SIZE(REQUESTS)];
                int fd = web_connect(where);
                web_send(fd, request, strlen(request));
                web_send(fd, "\r\n", 2);
                (void)shutdown(fd, SHUT_WR);
                _cleanup_(cleanup_free) char *answer = web_read(fd);
                (void)close(fd);
                int status = web_status(answer);
                if (status != 0 && (status < 400 || status == 500))
                        fail_msg("%s: %d", request, status);
                assert_null(strstr(answer, "root:"));
                assert_null(strstr(answer, "attacker"));
        }
        assert_unaffected(w, "methods, hosts and paths that are none");
        assert_answers_again(w);
}

/* What follows the first request of a connection is not answered. */
static void a_connection_is_for_one_request(void **state)
{
        static const char REQUEST[] = "GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        ServiceWorld *w = *state;
        for (int i = 0; i < 50; i++) {
                int fd = web_connect(where);
                for (int k = 0; k < 100; k++)
                        web_send(fd, REQUEST, sizeof(REQUEST) - 1);
                (void)shutdown(fd, SHUT_WR);
                _cleanup_(cleanup_free) char *answer = web_read(fd);
                (void)close(fd);
                assert_null(strstr(web_body(answer), "HTTP/1.1"));
        }
        assert_unaffected(w, "many requests on one connection");
        assert_answers_again(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(slow_ones_are_ended, hostile_setup),
                cmocka_unit_test_setup(a_place_that_was_left_is_given_at_once, hostile_setup),
                cmocka_unit_test_setup(ten_thousand_connections, hostile_setup),
                cmocka_unit_test_setup(requests_without_measure, hostile_setup),
                cmocka_unit_test_setup(random_bytes, hostile_setup),
                cmocka_unit_test_setup(methods_hosts_and_paths, hostile_setup),
                cmocka_unit_test_setup(a_connection_is_for_one_request, hostile_setup),
        };
        (void)signal(SIGPIPE, SIG_IGN);
        int r = cmocka_run_group_tests_name("monitor_hostile", tests, service_world_setup,
                                            service_world_teardown);
        free(state_before);
        return r;
}
