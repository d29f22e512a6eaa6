/*
 * Where conninfo leads: several hosts, names with several addresses, and a resolver that does not
 * answer. The resolver is this file's.
 */
#include "base/clock.h"
#include "harness/relay_control.h"
#include "integration/pg_bench.h"
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret);

/* held: a lookup of *.silent gets no answer */
static pthread_mutex_t silence = PTHREAD_MUTEX_INITIALIZER;
static int lookups;

/* "two.test": an address where nobody answers, then one that serves. Numbers are what they are. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret)
{
        if (hints->ai_flags & AI_NUMERICHOST)
                return __real_getaddrinfo(host, service, hints, ret);
        (void)__atomic_add_fetch(&lookups, 1, __ATOMIC_SEQ_CST);
        if (strcmp(host, "db.silent") == 0) {
                (void)pthread_mutex_lock(&silence);
                (void)pthread_mutex_unlock(&silence);
                return __real_getaddrinfo("127.0.0.1", service, hints, ret);
        }
        if (strcmp(host, "two.test") == 0) {
                struct addrinfo *second = NULL;
                int r = __real_getaddrinfo("127.0.0.2", service, hints, ret);
                if (r == 0)
                        r = __real_getaddrinfo("127.0.0.1", service, hints, &second);
                if (r == 0)
                        (*ret)->ai_next = second;
                return r;
        }
        return EAI_NONAME;
}

/* A port of 127.0.0.2 where connections hang: its queue is full. */
typedef struct DeadEnd {
        unsigned port;
        int listener, fill[4];
} DeadEnd;

static int listen_at(struct sockaddr_in *address, unsigned port, int backlog)
{
        *address = (struct sockaddr_in){.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(0x7f000002)};
        int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
        assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
        assert_int_equal(listen(fd, backlog), 0);
        return fd;
}

static void dead_end_open(DeadEnd *d, unsigned port)
{
        struct sockaddr_in address;
        d->port = port;
        d->listener = listen_at(&address, port, 0);
        for (size_t i = 0; i < ARRAY_SIZE(d->fill); i++) {
                d->fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                (void)connect(d->fill[i], (struct sockaddr *)&address, sizeof(address));
        }
}

static void dead_end_close(DeadEnd *d)
{
        for (size_t i = 0; i < ARRAY_SIZE(d->fill); i++)
                (void)close(d->fill[i]);
        (void)close(d->listener);
}

static const PgStep steps[] = {STEP("SELECT current_user")};
static const PgWork work = WORK_OF(steps);

static uint64_t run_on(Bench *b, const char *hosts, unsigned port, Call *call)
{
        char conninfo[200];
        (void)snprintf(conninfo, sizeof(conninfo),
                       "host=%s port=%u dbname=test user=em sslmode=disable", hosts, port);
        PgPoolOptions options = bench_options(conninfo);
        options.connect_timeout_usec = USEC_PER_SEC;
        bench_open_pool(b, &options);
        uint64_t began = clock_monotonic_usec();
        bench_run(b, call, &work);
        return clock_monotonic_usec() - began;
}

/* Whoever comes next goes where the first one was served: nobody comes to the dead end, which takes
 * connections now. */
static void served_elsewhere(Bench *b, DeadEnd *d)
{
        struct sockaddr_in address;
        Call call;
        dead_end_close(d);
        int fd = listen_at(&address, d->port, 8);
        free(harness_sql(&b->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                 " WHERE application_name = 'bench'"));
        bench_run(b, &call, &work);
        bench_assert_done(&call);
        assert_int_equal(accept(fd, NULL, NULL), -1);
        assert_int_equal(close(fd), 0);
        dead_end_open(d, d->port);
}

/* P11 */
static void each_address_has_a_limit_of_its_own(void **state)
{
        Bench *b = *state;
        static const char *const hosts[] = {"127.0.0.2,127.0.0.1", "two.test",
                                            "nowhere.test,two.test",
                                            "127.0.0.2,nowhere.test,127.0.0.1"};
        HarnessRelay relay;
        DeadEnd dead;
        harness_relay_start(&relay, &b->pg, 0);
        dead_end_open(&dead, relay.port);
        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
                Call call;
                uint64_t took = run_on(b, hosts[i], relay.port, &call);
                bench_assert_done(&call);
                assert_string_equal(call.value, "em");
                assert_true(took >= 400 * USEC_PER_MSEC);

                served_elsewhere(b, &dead);
        }
        b->pool = pg_pool_free(b->pool);
        dead_end_close(&dead);
        harness_relay_stop(&relay);
}

/* Each goes on from where it began, whatever the others have found meanwhile. */
static void connections_that_open_together_remember_where_they_are(void **state)
{
        Bench *b = *state;
        HarnessRelay relay;
        DeadEnd dead;
        harness_relay_start(&relay, &b->pg, 0);
        dead_end_open(&dead, relay.port);
        Call first, others[2];
        static const PgStep waits[] = {STEP("SELECT current_user FROM pg_sleep(0.3)")};
        const PgWork waiting = WORK_OF(waits);
        (void)run_on(b, "127.0.0.1", relay.port, &first); /* opens a pool, and warms the relay */
        char conninfo[200];
        (void)snprintf(conninfo, sizeof(conninfo),
                       "host=two.test port=%u dbname=test user=em sslmode=disable", relay.port);
        PgPoolOptions options = bench_options(conninfo);
        options.connect_timeout_usec = USEC_PER_SEC;
        bench_open_pool(b, &options);
        bench_start(b, &first, &waiting);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) /* when the first one stands */
                bench_start(b, &others[i], &waiting);
        bench_wait(&first);
        bench_assert_done(&first);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                bench_wait(&others[i]);
                bench_assert_done(&others[i]);
        }
        served_elsewhere(b, &dead);
        b->pool = pg_pool_free(b->pool);
        dead_end_close(&dead);
        harness_relay_stop(&relay);
}

static void a_standby_is_passed_by(void **state)
{
        Bench *b = *state;
        free(harness_sql(&b->pg, "CREATE DATABASE standby"));
        free(harness_sql(&b->pg, "ALTER DATABASE standby SET default_transaction_read_only = on"));
        char conninfo[300];
        (void)snprintf(conninfo, sizeof(conninfo), "host=/nowhere,%s dbname=standby user=em",
                       b->pg.folder);
        PgPoolOptions options = bench_options(conninfo);
        bench_open_pool(b, &options);
        Call call;
        bench_run(b, &call, &work);
        bench_assert_fault(&call, PG_END_FAILED, "pg-read-only", "", true);
        (void)snprintf(conninfo, sizeof(conninfo), "host=/nowhere,%s dbname=test user=em",
                       b->pg.folder);
        options.conninfo = conninfo;
        bench_open_pool(b, &options);
        bench_run(b, &call, &work);
        bench_assert_done(&call);
}

static void a_name_without_an_address_is_named(void **state)
{
        Call call;
        (void)run_on(*state, "nowhere.test", 5432, &call);
        bench_assert_fault(&call, PG_END_FAILED, "pg-unreachable", "", true);
        assert_non_null(strstr(call.fault.message, "nowhere.test"));
}

/* ---- P12: a resolver that does not answer --------------------------------------------------- */

static int on_pulse(sd_event_source *s, uint64_t usec _unused_, void *userdata)
{
        ++*(unsigned *)userdata;
        assert_true(sd_event_source_set_time_relative(s, 5 * USEC_PER_MSEC) >= 0);
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

/* Who waits for the resolver here waits for ever: it answers when this test says so. */
static void the_loop_turns_while_a_resolver_is_silent(void **state)
{
        enum { PULSES_MIN = 20 }; /* of 200 */
        Bench *b = *state;
        unsigned n_pulses = 0;
        HarnessRelay relay;
        harness_relay_start(&relay, &b->pg, 0);
        (void)pthread_mutex_lock(&silence);
        sd_event_source *timer = NULL;
        assert_true(sd_event_add_time_relative(b->event, &timer, CLOCK_MONOTONIC, 0, 1, on_pulse,
                                               &n_pulses) >= 0);
        int before = __atomic_load_n(&lookups, __ATOMIC_SEQ_CST);
        Call call;
        uint64_t took = run_on(b, "db.silent", relay.port, &call);
        bench_assert_fault(&call, PG_END_FAILED, "pg-unreachable", "", true);
        assert_non_null(strstr(call.fault.message, "name servers"));
        assert_true(took >= 900 * USEC_PER_MSEC);
        print_message("%u turns of the loop while the resolver was silent\n", n_pulses);
        assert_true(n_pulses >= PULSES_MIN);
        bench_run(b, &call, &work); /* waits for the same lookup */
        bench_assert_fault(&call, PG_END_FAILED, "pg-unreachable", "", true);
        assert_int_equal(__atomic_load_n(&lookups, __ATOMIC_SEQ_CST) - before, 1);

        bench_start(b, &call, &work);
        (void)pthread_mutex_unlock(&silence);
        bench_wait(&call);
        bench_assert_done(&call);

        /* What was found serves on while the name servers are away again. */
        (void)pthread_mutex_lock(&silence);
        free(harness_sql(&b->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                 " WHERE application_name = 'bench'"));
        bench_run(b, &call, &work);
        bench_assert_done(&call);

        bench_start(b, &call, &work);
        b->pool = pg_pool_free(b->pool); /* does not wait either */
        (void)pthread_mutex_unlock(&silence);
        sd_event_source_disable_unref(timer);
        harness_relay_stop(&relay);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(each_address_has_a_limit_of_its_own, bench_renew),
                cmocka_unit_test_setup(connections_that_open_together_remember_where_they_are,
                                       bench_renew),
                cmocka_unit_test_setup(a_standby_is_passed_by, bench_renew),
                cmocka_unit_test_setup(a_name_without_an_address_is_named, bench_renew),
                cmocka_unit_test_setup(the_loop_turns_while_a_resolver_is_silent, bench_renew),
        };
        return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
