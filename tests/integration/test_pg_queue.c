/*
 * Who gets a connection of the pool and when; and work that is cancelled, wherever it is.
 */
#include "base/clock.h"
#include "integration/pg_bench.h"

static long rows(const Bench *b)
{
        return harness_sql_long(&b->pg, "SELECT count(*) FROM t");
}

/* ---- the queue ------------------------------------------------------------------------------ */

static void work_beyond_the_connections_waits_its_turn(void **state)
{
        enum { N = 40 };
        static const PgStep steps[] = {
                STEP("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bench'"),
                STEP("INSERT INTO t SELECT count(*) FROM t WHERE pg_sleep(0.002) IS NOT NULL")};
        PgWork work = WORK_OF(steps);
        PgPoolOptions options = bench_options(((Bench *)*state)->pg.service);
        options.max_connections = 1;
        bench_open_pool(*state, &options);
        Call calls[N];
        for (size_t i = 0; i < N; i++)
                bench_start(*state, &calls[i], &work);
        for (size_t i = 0; i < N; i++) {
                bench_wait(&calls[i]);
                bench_assert_done(&calls[i]);
                assert_string_equal(calls[i].value, "1");
                for (size_t later = i + 1; later < N; later++)
                        assert_int_equal(calls[later].n_calls, 0);
        }
        assert_int_equal(rows(*state), N);
}

/* A lease is renewed while every other connection applies for minutes. */
static void one_connection_is_kept_free_of_bulk_work(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("SELECT pg_advisory_xact_lock(7)")};
        PgWork work = WORK_OF(steps);
        PgPoolOptions options = bench_options(b->pg.service);
        options.max_connections = 2;
        work.bulk = true;
        bench_open_pool(b, &options);
        PGconn *holder = PQconnectdb(b->pg.conninfo);
        PQclear(PQexec(holder, "SELECT pg_advisory_lock(7)"));
        Call running, waiting, single;
        bench_start(b, &running, &work);
        bench_start(b, &waiting, &work);
        for (int i = 0; i < 3; i++) {
                bench_query(b, &single, "SELECT 'passed'");
                assert_string_equal(single.value, "passed");
        }
        assert_int_equal(running.n_calls + waiting.n_calls, 0);
        PQfinish(holder);
        bench_wait(&running);
        bench_wait(&waiting);
        bench_assert_done(&running);
        bench_assert_done(&waiting);
}

/* What a person asks for is answered while all others apply for minutes; and where many ask, they
 * take no more connections than what applies would. */
static void what_is_awaited_begins_beside_bulk_work(void **state)
{
        enum { N = 4 };
        Bench *b = *state;
        static const PgStep steps[] = {STEP("SELECT pg_advisory_xact_lock(7)")};
        static const PgStep ask[] = {STEP("SELECT 'passed'")};
        PgWork work = WORK_OF(steps), awaited = WORK_OF(ask);
        PgPoolOptions options = bench_options(b->pg.service);
        PGconn *holder = PQconnectdb(b->pg.conninfo);
        work.bulk = awaited.bulk = awaited.awaited = true;
        for (unsigned most = 2; most <= 4; most++)
                for (int of_persons = 0; of_persons < 2; of_persons++) {
                        Call calls[N], asked;
                        work.awaited = of_persons;
                        options.max_connections = most;
                        bench_open_pool(b, &options);
                        PQclear(PQexec(holder, "SELECT pg_advisory_lock(7)"));
                        for (int i = 0; i < N; i++)
                                bench_start(b, &calls[i], &work);
                        if (of_persons)
                                bench_query(b, &asked, "SELECT 'passed'");
                        else
                                bench_start(b, &asked, &awaited);
                        bench_wait(&asked);
                        assert_string_equal(asked.value, "passed");
                        for (int i = 0; i < N; i++)
                                assert_int_equal(calls[i].n_calls, 0);
                        PQclear(PQexec(holder, "SELECT pg_advisory_unlock(7)"));
                        for (int i = 0; i < N; i++)
                                bench_wait(&calls[i]);
                }
        PQfinish(holder);
}

/* N4: Who holds the lock that all others wait for is asked beside them. */
static void one_connection_is_kept_for_what_is_urgent(void **state)
{
        enum { N = 4 };
        Bench *b = *state;
        static const PgStep steps[] = {STEP("SELECT pg_advisory_xact_lock(7)")};
        PgStep ask = STEP("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bench'");
        PgWork work = WORK_OF(steps), urgent = SINGLE_OF(ask);
        PgPoolOptions options = bench_options(b->pg.service);
        options.max_connections = 3;
        urgent.urgent = true;
        PGconn *holder = PQconnectdb(b->pg.conninfo);
        for (int bulk = 0; bulk < 2; bulk++) {
                Call calls[N], asked;
                bench_open_pool(b, &options);
                PQclear(PQexec(holder, "SELECT pg_advisory_lock(7)"));
                for (int i = 0; i < N; i++) {
                        work.bulk = bulk && i < N / 2;
                        bench_start(b, &calls[i], &work);
                }
                bench_wait_for_sql(
                        b,
                        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
                        "2");
                for (int i = 0; i < 3; i++) {
                        bench_run(b, &asked, &urgent);
                        bench_assert_done(&asked);
                        assert_string_equal(asked.value, "3");
                }
                PQclear(PQexec(holder, "SELECT pg_advisory_unlock(7)"));
                for (int i = 0; i < N; i++) {
                        bench_wait(&calls[i]);
                        bench_assert_done(&calls[i]);
                }
        }
        PQfinish(holder);
}

static void run_for(Bench *b, uint64_t usec)
{
        for (uint64_t end = clock_monotonic_usec() + usec; clock_monotonic_usec() < end;)
                assert_true(sd_event_run(b->event, 100 * USEC_PER_MSEC) >= 0);
}

/* Renewals of leases that wait for a lock, all of them or the one that has the connection which is
 * kept: who holds it can be asked. */
static void prompt_work_leaves_a_way_to_what_is_urgent(void **state)
{
        enum { N = 6 };
        Bench *b = *state;
        PgStep wait = STEP("SELECT pg_advisory_xact_lock(7)"), ask = STEP("SELECT 'asked'");
        PgWork work = SINGLE_OF(wait), urgent = SINGLE_OF(ask);
        PgPoolOptions options = bench_options(b->pg.service);
        options.max_connections = 3;
        options.lock_timeout_usec = options.statement_timeout_usec = 60 * USEC_PER_SEC;
        urgent.urgent = true;
        PGconn *holder = PQconnectdb(b->pg.conninfo);
        for (unsigned others = 0; others <= 4; others += 4) {
                Call calls[N], asked;
                bench_open_pool(b, &options);
                PQclear(PQexec(holder, "SELECT pg_advisory_lock(7)"));
                for (unsigned i = 0; i < N; i++) {
                        work.prompt = i >= others;
                        bench_start(b, &calls[i], &work);
                }
                bench_wait_for_sql(b,
                                   "SELECT count(*) >= 2 FROM pg_locks WHERE locktype = 'advisory' "
                                   "AND NOT granted",
                                   "t");
                bench_run(b, &asked, &urgent);
                bench_assert_done(&asked);
                if (!others) /* longer than the one that has the kept connection waits */
                        run_for(b, 3 * USEC_PER_SEC);
                for (unsigned i = 0; i < 2; i++)
                        assert_int_equal(calls[i].n_calls, 0);
                if (others) {
                        bench_wait(&calls[others]);
                        assert_string_equal(fault_code_name(calls[others].fault.code),
                                            "pg-lock-timeout");
                }
                PQclear(PQexec(holder, "SELECT pg_advisory_unlock(7)"));
                for (unsigned i = 0; i < N; i++)
                        if (calls[i].n_calls == 0)
                                bench_wait(&calls[i]);
        }
        PQfinish(holder);
}

static void two_connections_work_side_by_side(void **state)
{
        static const PgStep waits[] = {STEP("DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM t) LOOP "
                                            "PERFORM pg_sleep(0.01); END LOOP; END $$")};
        static const PgStep inserts[] = {STEP("INSERT INTO t VALUES (1)")};
        PgWork waiting = WORK_OF(waits), inserting = WORK_OF(inserts);
        Call first, second;
        bench_start(*state, &first, &waiting);
        bench_start(*state, &second, &inserting);
        bench_wait(&first);
        bench_assert_done(&first);
        bench_wait(&second);
        bench_assert_done(&second);
}

/* Four connections are wanted, of a new role that may have so many. */
static void open_pool_as(Bench *b, const char *role, int limit)
{
        char sql[100], conninfo[300];
        (void)snprintf(sql, sizeof(sql), "CREATE ROLE %s LOGIN CONNECTION LIMIT %d", role, limit);
        free(harness_sql(&b->pg, sql));
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=%s", b->pg.folder,
                       role);
        PgPoolOptions options = bench_options(conninfo);
        options.max_connections = 4;
        bench_open_pool(b, &options);
}

/* A server that takes no further connection: the one that is there does all the work, and the
 * server is not pestered. */
static void fewer_connections_than_wanted_are_enough(void **state)
{
        Bench *b = *state;
        open_pool_as(b, "narrow", 1);

        PgStep step = STEP("SELECT 'x' FROM pg_sleep(0.2)");
        PgWork work = SINGLE_OF(step);
        Call calls[4];
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
                bench_start(b, &calls[i], &work);
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
                bench_wait(&calls[i]);
                bench_assert_done(&calls[i]);
        }
        assert_in_range(
                harness_sql_long(&b->pg,
                                 "SELECT count(*) FROM regexp_matches(pg_read_file('../log'), "
                                 "'too many connections for role \"narrow\"', 'g')"),
                1, 16);
}

/* Several at once would all be refused where there is room for one. */
static void the_first_connection_is_made_alone(void **state)
{
        Bench *b = *state;
        open_pool_as(b, "shut", 0);
        PgStep step = STEP("SELECT 'x'");
        PgWork work = SINGLE_OF(step);
        Call calls[4];
        size_t from = harness_log_end(&b->pg);
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
                bench_start(b, &calls[i], &work);
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
                bench_wait(&calls[i]);
                bench_assert_fault(&calls[i], PG_END_FAILED, "pg-resources", "53300", true);
        }
        assert_int_equal(harness_log_count(&b->pg, "too many connections for role \"shut\"", &from),
                         1);
}

/* A refusal that lasts for a moment, while the connection that is there works for longer. */
static void a_refused_connection_is_asked_for_again(void **state)
{
        Bench *b = *state;
        open_pool_as(b, "brief", 1);

        PgStep hold = STEP("SELECT pg_advisory_xact_lock(7)"), ask = STEP("SELECT 'answered'");
        PgWork work = SINGLE_OF(hold), urgent = SINGLE_OF(ask);
        Call held, asked;
        work.bulk = urgent.urgent = true;
        PGconn *holder = PQconnectdb(b->pg.conninfo);
        PQclear(PQexec(holder, "SELECT pg_advisory_lock(7)"));
        bench_start(b, &held, &work);
        bench_wait_for_sql(b, "SELECT count(*) FROM pg_locks WHERE NOT granted", "1");
        size_t from = harness_log_end(&b->pg);
        bench_start(b, &asked, &urgent);
        while (harness_log_count(&b->pg, "too many connections for role \"brief\"", &from) == 0)
                (void)sd_event_run(b->event, 10 * USEC_PER_MSEC);
        free(harness_sql(&b->pg, "ALTER ROLE brief CONNECTION LIMIT -1"));
        bench_wait(&asked); /* the other one still waits for its lock */
        bench_assert_done(&asked);
        assert_string_equal(asked.value, "answered");
        assert_int_equal(held.n_calls, 0);
        PQclear(PQexec(holder, "SELECT pg_advisory_unlock(7)"));
        bench_wait(&held);
        bench_assert_done(&held);
        PQfinish(holder);
}

/* ---- cancelling ----------------------------------------------------------------------------- */

static void cancelled_work_is_never_heard_of_again(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)"),
                                       STEP("SELECT pg_sleep(60)")};
        PgWork work = WORK_OF(steps);
        Call running, queued, other;
        bench_start(b, &running, &work);
        bench_start(b, &queued, &work);
        assert_null(pg_cancel(queued.task));
        while (running.n_results == 0)
                assert_true(sd_event_run(b->event, 60 * USEC_PER_SEC) > 0);
        assert_null(pg_cancel(running.task));

        static const PgStep after[] = {STEP("INSERT INTO t VALUES (2)")};
        PgWork work_after = WORK_OF(after);
        bench_run(b, &other, &work_after);
        bench_assert_done(&other);
        bench_wait_for_sql(b,
                           "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' "
                           "AND state = 'active'",
                           "0");
        assert_int_equal(running.n_calls + queued.n_calls, 0);
        assert_int_equal(rows(b), 1);
}

/* The connection that it asked for serves those who come after it. */
static void work_can_be_cancelled_while_it_waits_for_a_connection(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)")};
        PgWork work = WORK_OF(steps);
        Call cancelled, other;
        bench_start(b, &cancelled, &work);
        assert_true(sd_event_run(b->event, 60 * USEC_PER_SEC) > 0); /* the pool begins to connect */
        assert_int_equal(cancelled.n_results, 0);
        assert_null(pg_cancel(cancelled.task));
        bench_run(b, &other, &work);
        bench_assert_done(&other);
        assert_int_equal(cancelled.n_calls, 0);
        assert_int_equal(rows(b), 1);
}

static void on_end_cancel_other(PgEnd end, const Fault *fault, void *userdata)
{
        (void)end;
        (void)fault;
        Call *other = userdata;
        other->task = pg_cancel(other->task);
}

/* Both have ended when the first callback runs; the second has not been told yet. */
static void work_that_has_ended_can_be_cancelled_before_it_is_told(void **state)
{
        Bench *b = *state;
        PgPoolOptions options = bench_options("host=/nowhere");
        options.max_connections = 1;
        bench_open_pool(b, &options);
        PgStep step = STEP("SELECT 1");
        PgWork work = SINGLE_OF(step);
        PgTask *first;
        Call second, third;
        assert_int_equal(pg_start(b->pool, &work, on_end_cancel_other, &second, &first), 0);
        bench_start(b, &second, &work);
        bench_start(b, &third, &work);
        bench_wait(&third);
        bench_settle(b);
        assert_null(second.task);
        assert_int_equal(second.n_calls, 0);
}

static void on_end_cancel_itself(PgEnd end, const Fault *fault, void *userdata)
{
        (void)end;
        Call *call = userdata;
        call->n_calls++;
        call->task = pg_cancel(call->task);
        assert_int_equal(fault->scope, FAULT_NONE); /* still there */
}

static void work_that_is_cancelled_in_its_own_callback_has_ended_all_the_same(void **state)
{
        Bench *b = *state;
        PgStep step = STEP("SELECT 1");
        PgWork work = SINGLE_OF(step);
        Call call = {0}, after;
        assert_int_equal(pg_start(b->pool, &work, on_end_cancel_itself, &call, &call.task), 0);
        while (call.n_calls == 0)
                assert_true(sd_event_run(b->event, 60 * USEC_PER_SEC) > 0);
        bench_settle(b);
        assert_int_equal(call.n_calls, 1);
        bench_run(b, &after, &work);
        bench_assert_done(&after);
}

static void on_end_free_pool(PgEnd end, const Fault *fault, void *userdata)
{
        (void)end;
        (void)fault;
        Bench *b = userdata;
        b->pool = pg_pool_free(b->pool);
}

static void the_pool_can_be_freed_inside_a_callback(void **state)
{
        Bench *b = *state;
        PgPoolOptions options = bench_options(b->pg.service);
        /* first come, first served: the others wait behind the one that frees the pool */
        options.max_connections = 1;
        bench_open_pool(b, &options);
        PgStep step = STEP("SELECT 1");
        PgWork work = SINGLE_OF(step);
        step.on_result = NULL;
        PgTask *first;
        Call others[5];
        assert_int_equal(pg_start(b->pool, &work, on_end_free_pool, b, &first), 0);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                bench_start(b, &others[i], &work);
        while (b->pool)
                assert_true(sd_event_run(b->event, 60 * USEC_PER_SEC) > 0);
        bench_settle(b);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                assert_int_equal(others[i].n_calls, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(work_beyond_the_connections_waits_its_turn, bench_renew),
                cmocka_unit_test_setup(one_connection_is_kept_free_of_bulk_work, bench_renew),
                cmocka_unit_test_setup(what_is_awaited_begins_beside_bulk_work, bench_renew),
                cmocka_unit_test_setup(one_connection_is_kept_for_what_is_urgent, bench_renew),
                cmocka_unit_test_setup(prompt_work_leaves_a_way_to_what_is_urgent, bench_renew),
                cmocka_unit_test_setup(two_connections_work_side_by_side, bench_renew),
                cmocka_unit_test_setup(fewer_connections_than_wanted_are_enough, bench_renew),
                cmocka_unit_test_setup(the_first_connection_is_made_alone, bench_renew),
                cmocka_unit_test_setup(a_refused_connection_is_asked_for_again, bench_renew),
                cmocka_unit_test_setup(cancelled_work_is_never_heard_of_again, bench_renew),
                cmocka_unit_test_setup(work_can_be_cancelled_while_it_waits_for_a_connection,
                                       bench_renew),
                cmocka_unit_test_setup(work_that_has_ended_can_be_cancelled_before_it_is_told,
                                       bench_renew),
                cmocka_unit_test_setup(
                        work_that_is_cancelled_in_its_own_callback_has_ended_all_the_same,
                        bench_renew),
                cmocka_unit_test_setup(the_pool_can_be_freed_inside_a_callback, bench_renew),
        };
        return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
