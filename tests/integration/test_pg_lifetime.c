/*
 * How long a connection lives, what becomes of a statement that is given up, and of a connection
 * that the network has forgotten.
 */
#include "base/clock.h"
#include "base/metric.h"
#include "harness/relay_control.h"
#include "integration/pg_bench.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <semaphore.h>
#include <sys/socket.h>

#define SESSIONS "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bench'"

static const PgStep pid_steps[] = {{.sql = "SELECT pg_backend_pid()", .on_result = bench_on_pid}};
static const PgWork pid_work = WORK_OF(pid_steps);

/* P4: What a session holds back, as temporary tables do datfrozenxid, ends with it. */
static void a_connection_that_is_old_is_used_no_more(void **state)
{
        Bench *b = *state;
        PgPoolOptions options = bench_options(b->pg.service);
        options.max_connections = 1;
        options.max_age_usec = 400 * USEC_PER_MSEC;
        bench_open_pool(b, &options);
        Call first, same, other;
        bench_run(b, &first, &pid_work);
        bench_run(b, &same, &pid_work);
        assert_int_equal(same.backend_pid, first.backend_pid);
        uint64_t until = clock_monotonic_usec() + options.max_age_usec;
        while (clock_monotonic_usec() < until)
                bench_run(b, &other, &pid_work);
        bench_run(b, &other, &pid_work); /* which begins when it is old, however long that took */
        bench_assert_done(&other);
        assert_int_not_equal(other.backend_pid, first.backend_pid);
}

static void a_connection_without_work_is_closed(void **state)
{
        Bench *b = *state;
        PgPoolOptions options = bench_options(b->pg.service);
        options.idle_usec = 100 * USEC_PER_MSEC;
        bench_open_pool(b, &options);
        Call call;
        bench_run(b, &call, &pid_work);
        bench_wait_for_sql(b, SESSIONS, "0");
        bench_run(b, &call, &pid_work);
        bench_assert_done(&call);
}

/* ---- P3: statements that are given up ------------------------------------------------------- */

static PGconn *lock_table(const Bench *b)
{
        PGconn *holder = PQconnectdb(b->pg.conninfo);
        PGresult *result = PQexec(holder, "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
        assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
        PQclear(result);
        return holder;
}

#define WAITING SESSIONS " AND wait_event_type = 'Lock'"

static void a_statement_that_is_given_up_waits_for_no_lock(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)")};
        for (int alone = 0; alone < 2; alone++) {
                PgWork work = WORK_OF(steps);
                work.transaction = alone == 0;
                PGconn *holder = lock_table(b);
                uint64_t began = clock_monotonic_usec();
                Call call;
                bench_start(b, &call, &work);
                bench_wait_for_sql(b, WAITING, "1");
                assert_null(pg_cancel(call.task));
                bench_wait_for_sql(b, WAITING, "0");
                /* not by its lock timeout of 20 s */
                assert_true(clock_monotonic_usec() - began < 10 * USEC_PER_SEC);
                bench_wait_for_sql(b, SESSIONS, "0");
                PQfinish(holder);
                assert_int_equal(harness_sql_long(&b->pg, "SELECT count(*) FROM t"), 0);
        }
}

static void assert_counted(const char *state, unsigned n)
{
        static const char *const states[] = {"connecting", "idle", "working", "closing"};
        for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
                assert_string_equal(metric_label_value(METRIC_POSTGRES_CONNECTIONS, i), states[i]);
                unsigned want = state && strcmp(states[i], state) == 0 ? n : 0;
                if (metric_value(METRIC_POSTGRES_CONNECTIONS, i) != want)
                        fail_msg("%g connections are %s, not %u",
                                 metric_value(METRIC_POSTGRES_CONNECTIONS, i), states[i], want);
        }
}

static void connections_are_counted_by_what_they_do(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)")};
        PgWork work = WORK_OF(steps);
        Call call;
        assert_counted(NULL, 0);
        PGconn *holder = lock_table(b);
        bench_start(b, &call, &work);
        assert_true(sd_event_run(b->event, 20 * USEC_PER_SEC) > 0);
        assert_counted("connecting", 1);
        bench_wait_for_sql(b, WAITING, "1");
        assert_counted("working", 1);
        assert_null(pg_cancel(call.task));
        assert_counted("closing", 1);
        bench_wait_for_sql(b, SESSIONS, "0");
        PQfinish(holder);
        bench_run(b, &call, &pid_work);
        bench_assert_done(&call);
        assert_counted("idle", 1);
        b->pool = pg_pool_free(b->pool);
        assert_counted(NULL, 0);
}

static void a_statement_is_given_up_with_its_pool(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)")};
        PgWork work = WORK_OF(steps);
        PGconn *holder = lock_table(b);
        Call call;
        bench_start(b, &call, &work);
        bench_wait_for_sql(b, WAITING, "1");
        b->pool = pg_pool_free(b->pool);
        bench_wait_for_sql(b, WAITING, "0");
        PQfinish(holder);
}

/* At the end of the process: the loop is over, and only then is given up what is under way. */
static void a_statement_is_given_up_when_the_loop_has_ended(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)")};
        PgWork work = WORK_OF(steps);
        sd_event *serving = b->event;
        for (int cancelled = 0; cancelled < 2; cancelled++) {
                assert_true(sd_event_new(&b->event) >= 0);
                (void)bench_renew(state);
                PGconn *holder = lock_table(b);
                Call call;
                size_t log = 0;
                (void)harness_log_count(&b->pg, "user request", &log);
                bench_start(b, &call, &work);
                bench_wait_for_sql(b, WAITING, "1");
                assert_true(sd_event_exit(b->event, 0) >= 0);
                assert_true(sd_event_loop(b->event) >= 0);
                if (cancelled)
                        assert_null(pg_cancel(call.task));
                b->pool = pg_pool_free(b->pool);
                sd_event_unref(b->event);
                b->event = serving;
                bench_wait_for_sql(b, WAITING, "0");
                PQfinish(holder);
                /* Not because it has noticed by itself that nobody is there. */
                assert_int_equal(
                        harness_log_count(&b->pg, "canceling statement due to user request", &log),
                        1);
        }
}

static sem_t answered;
static bool answers_late;

int __real_PQcancel(PGcancel *request, char *message, int size);
int __wrap_PQcancel(PGcancel *request, char *message, int size);

int __wrap_PQcancel(PGcancel *request, char *message, int size)
{
        int r = __real_PQcancel(request, message, size);
        if (answers_late)
                (void)sem_wait(&answered);
        return r;
}

/* Who leaves before the request is answered ends PgBouncer 1.18. */
static void the_answer_to_a_cancel_is_waited_for(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)")};
        PgWork work = WORK_OF(steps);
        PGconn *holder = lock_table(b);
        Call call;
        assert_int_equal(sem_init(&answered, 0, 0), 0);
        answers_late = true;
        bench_start(b, &call, &work);
        bench_wait_for_sql(b, WAITING, "1");
        assert_null(pg_cancel(call.task));
        bench_wait_for_sql(b, SESSIONS " AND state = 'active'", "0");
        while (sd_event_run(b->event, 200 * USEC_PER_MSEC) > 0)
                ;
        bench_wait_for_sql(b, SESSIONS, "1");
        assert_int_equal(sem_post(&answered), 0);
        bench_wait_for_sql(b, SESSIONS, "0");
        answers_late = false;
        PQfinish(holder);
}

/* A statement that the server does not end by itself, so that our own deadline does. However often,
 * there are never more sessions than connections. */
static void the_server_is_not_filled_by_what_hangs(void **state)
{
        Bench *b = *state;
        enum { N = 6 };
        static const PgStep steps[] = {
                {.sql = "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; "
                        "SELECT count(*) FROM t",
                 .n_params = PG_SCRIPT,
                 .on_result = bench_on_result}};
        PgWork work = WORK_OF(steps);
        PgPoolOptions options = bench_options(b->pg.service);
        options.statement_timeout_usec = 200 * USEC_PER_MSEC;
        options.answer_usec = 200 * USEC_PER_MSEC;
        bench_open_pool(b, &options);
        PGconn *holder = lock_table(b);
        Call calls[N];
        for (size_t i = 0; i < N; i++)
                bench_start(b, &calls[i], &work);
        for (size_t i = 0; i < N; i++) {
                while (calls[i].n_calls == 0) {
                        assert_true(sd_event_run(b->event, 20 * USEC_PER_MSEC) >= 0);
                        /* One that has been told to end may be on its way out. */
                        assert_in_range(harness_sql_long(&b->pg, WAITING), 0,
                                        options.max_connections);
                        assert_in_range(harness_sql_long(&b->pg, SESSIONS), 0,
                                        options.max_connections + 1);
                }
                bench_assert_fault(&calls[i], PG_END_FAILED, "pg-unreachable", "", true);
        }
        PQfinish(holder);
        bench_wait_for_sql(b, WAITING, "0");
}

/* ---- P10: a network that forgets ------------------------------------------------------------ */

static void relay_options(const HarnessRelay *r, char conninfo[static 200], PgPoolOptions *ret)
{
        (void)snprintf(conninfo, 200, "host=127.0.0.1 port=%u dbname=test user=em sslmode=disable",
                       r->port);
        *ret = bench_options(conninfo);
        ret->answer_usec = 500 * USEC_PER_MSEC;
}

static void a_forgotten_connection_is_left_before_any_statement_could_be_over(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)"),
                                       STEP("INSERT INTO t VALUES (2)")};
        char conninfo[200];
        HarnessRelay relay;
        PgPoolOptions options;
        harness_relay_start(&relay, &b->pg, 0);
        relay_options(&relay, conninfo, &options);
        bench_open_pool(b, &options);
        for (int alone = 0; alone < 2; alone++) {
                PgWork work = WORK_OF(steps);
                work.transaction = alone == 0;
                work.n_steps = alone ? 1 : 2;
                Call call;
                bench_query(b, &call, "TRUNCATE t");
                harness_relay_forget(&relay);
                uint64_t began = clock_monotonic_usec();
                bench_run(b, &call, &work);
                assert_true(clock_monotonic_usec() - began < 10 * USEC_PER_SEC);
                /* A transaction whose BEGIN was lost begins again; of a single statement it is not
                 * known whether it was carried out. */
                if (alone)
                        bench_assert_fault(&call, PG_END_UNKNOWN, "pg-unreachable", "", true);
                else
                        bench_assert_done(&call);
        }
        /* The idle ones were forgotten together, and none of them is tried. */
        Call calls[2];
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
                PgWork work = pid_work;
                bench_run(b, &calls[i], &work);
                bench_assert_done(&calls[i]);
        }
        b->pool = pg_pool_free(b->pool);
        harness_relay_stop(&relay);
}

/* What the network has forgotten with one that was given up is not tried: a single statement on it
 * would be lost, and nobody would know whether it was carried out. */
static void what_was_idle_when_another_was_given_up_is_used_no_more(void **state)
{
        Bench *b = *state;
        static const PgStep alone = STEP("SELECT 1");
        static const PgWork work = SINGLE_OF(alone);
        char conninfo[200];
        HarnessRelay relay;
        PgPoolOptions options;
        harness_relay_start(&relay, &b->pg, 0);
        relay_options(&relay, conninfo, &options);
        bench_open_pool(b, &options);
        static const PgStep read_steps[] = {STEP("SELECT count(*) FROM t")};
        static const PgWork read_work = WORK_OF(read_steps);
        Call calls[2];
        PGconn *holder = lock_table(b);
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
                bench_start(b, &calls[i], &read_work);
        bench_wait_for_sql(b, WAITING, "2"); /* each on a connection of its own */
        PQfinish(holder);
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
                bench_wait(&calls[i]);
        harness_relay_forget(&relay);
        Call lost, next;
        bench_run(b, &lost, &work);
        bench_assert_fault(&lost, PG_END_UNKNOWN, "pg-unreachable", "", true);
        for (int i = 0; i < 4; i++) {
                bench_run(b, &next, &work);
                bench_assert_done(&next);
        }
        b->pool = pg_pool_free(b->pool);
        harness_relay_stop(&relay);
}

/* What is asked of a socket by default; conninfo may say otherwise. */
static void sockets_notice_that_nobody_is_there(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("SELECT 1")};
        PgWork work = WORK_OF(steps);
        char conninfo[200];
        HarnessRelay relay;
        PgPoolOptions options;
        harness_relay_start(&relay, &b->pg, 0);
        relay_options(&relay, conninfo, &options);
        for (int silent = 0; silent < 2; silent++) {
                char said[240];
                (void)snprintf(said, sizeof(said), "%s%s", conninfo, silent ? " keepalives=0" : "");
                options.conninfo = said;
                bench_open_pool(b, &options);
                Call call;
                bench_run(b, &call, &work);
                bench_assert_done(&call);
                int fd = -1, on = -1;
                socklen_t size = sizeof(on);
                struct sockaddr_in peer;
                socklen_t peer_size = sizeof(peer);
                for (int i = 3; i < 256 && fd < 0; i++, peer_size = sizeof(peer))
                        if (getpeername(i, (struct sockaddr *)&peer, &peer_size) == 0 &&
                            peer.sin_family == AF_INET && ntohs(peer.sin_port) == relay.port)
                                fd = i;
                assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
                assert_int_equal(on, !silent);
                assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &on, &size), 0);
                assert_int_equal(on, silent ? 0 : 20000);
                assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &on, &size), 0);
                assert_true(silent || on == 10);
        }
        b->pool = pg_pool_free(b->pool);
        harness_relay_stop(&relay);
}

/* ---- round trips ---------------------------------------------------------------------------- */

static void what_needs_no_decision_crosses_together(void **state)
{
        Bench *b = *state;
        static const PgStep alone = STEP("INSERT INTO t VALUES (1)");
        static const PgStep many[] = {
                {.sql = "INSERT INTO t VALUES (2)"},
                {.sql = "INSERT INTO t VALUES (3)"},
                {.sql = "SELECT 4", .on_result = bench_on_result, .certain = true}};
        static const PgStep decided[] = {STEP("INSERT INTO t VALUES (5)"),
                                         {.sql = "INSERT INTO t VALUES (6)"}};
        static const struct {
                PgWork work;
                long trips;
        } cases[] = {{SINGLE_OF(alone), 1}, {WORK_OF(many), 1}, {WORK_OF(decided), 2}};
        char conninfo[200];
        HarnessRelay relay;
        PgPoolOptions options;
        harness_relay_start(&relay, &b->pg, 1);
        relay_options(&relay, conninfo, &options);
        options.answer_usec = 0;
        bench_open_pool(b, &options);
        Call call;
        bench_query(b, &call, "SELECT 1");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                long before = harness_relay_trips(&relay);
                bench_run(b, &call, &cases[i].work);
                bench_assert_done(&call);
                assert_int_equal(harness_relay_trips(&relay) - before, cases[i].trips);
        }
        assert_int_equal(harness_sql_long(&b->pg, "SELECT count(*) FROM t"), 5);
        b->pool = pg_pool_free(b->pool);
        harness_relay_stop(&relay);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_connection_that_is_old_is_used_no_more, bench_renew),
                cmocka_unit_test_setup(a_connection_without_work_is_closed, bench_renew),
                cmocka_unit_test_setup(a_statement_that_is_given_up_waits_for_no_lock, bench_renew),
                cmocka_unit_test_setup(connections_are_counted_by_what_they_do, bench_renew),
                cmocka_unit_test_setup(a_statement_is_given_up_with_its_pool, bench_renew),
                cmocka_unit_test_setup(a_statement_is_given_up_when_the_loop_has_ended,
                                       bench_renew),
                cmocka_unit_test_setup(the_answer_to_a_cancel_is_waited_for, bench_renew),
                cmocka_unit_test_setup(the_server_is_not_filled_by_what_hangs, bench_renew),
                cmocka_unit_test_setup(
                        a_forgotten_connection_is_left_before_any_statement_could_be_over,
                        bench_renew),
                cmocka_unit_test_setup(what_was_idle_when_another_was_given_up_is_used_no_more,
                                       bench_renew),
                cmocka_unit_test_setup(sockets_notice_that_nobody_is_there, bench_renew),
                cmocka_unit_test_setup(what_needs_no_decision_crosses_together, bench_renew),
        };
        return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
