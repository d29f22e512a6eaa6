/*
 * COPY on a healthy PostgreSQL: every row arrives, faults are told apart, little is held in memory.
 */
#include "integration/pg_bench.h"
#include <errno.h>
#include <signal.h>

static long rows(const Bench *b)
{
        return harness_sql_long(&b->pg, "SELECT count(*) FROM t");
}

typedef struct Source {
        Call call; /* first: the handlers' userdata is the same */
        int64_t row, n_rows;
        int64_t fail_at; /* row; 0: never */
        size_t given_bytes;
        char chunk[100];
} Source;

static int give_rows(void *userdata, const char **ret_data, size_t *ret_size, Fault *ret_fault)
{
        Source *s = userdata;
        if (s->fail_at > 0 && s->row == s->fail_at)
                return fault_set(ret_fault, FAULT_PROCESS, ENOSPC, CODE_SPOOL_FAILED,
                                 "no room for the spool");
        *ret_data = s->chunk;
        *ret_size = 0;
        if (s->row < s->n_rows) {
                s->row++;
                *ret_size = (size_t)snprintf(s->chunk, sizeof(s->chunk), "%lld\trow %lld\n",
                                             (long long)s->row, (long long)s->row);
        }
        s->given_bytes += *ret_size;
        return 0;
}

static const PgStep copy_steps[] = {
        {.sql = "SELECT pg_backend_pid()", .on_result = bench_on_pid},
        {.sql = "COPY t FROM STDIN", .copy_source = give_rows, .on_result = bench_on_result},
        STEP("SELECT count(*) || ' ' || sum(id) FROM t"),
};
static const PgWork copy_work = WORK_OF(copy_steps);

static void copy_brings_every_row(void **state)
{
        Source s = {.n_rows = 100000};
        bench_run(*state, &s.call, &copy_work);
        bench_assert_done(&s.call);
        assert_string_equal(s.call.value, "100000 5000050000");
}

static void copy_of_nothing_is_fine(void **state)
{
        Source s = {.n_rows = 0};
        bench_run(*state, &s.call, &copy_work);
        bench_assert_done(&s.call);
        assert_int_equal(rows(*state), 0);
}

/* One piece that is far larger than what libpq takes at once. */
static int give_one_piece(void *userdata, const char **ret_data, size_t *ret_size, Fault *ret_fault)
{
        (void)ret_fault;
        enum { SIZE = 5 * 1024 * 1024 };
        static char piece[SIZE];
        Source *s = userdata;
        memset(piece, 'x', SIZE);
        memcpy(piece, "1\t", 2);
        piece[SIZE - 1] = '\n';
        *ret_data = piece;
        *ret_size = s->row++ == 0 ? SIZE : 0;
        return 0;
}

static void copy_takes_a_piece_of_any_size(void **state)
{
        static const PgStep steps[] = {{.sql = "COPY t FROM STDIN", .copy_source = give_one_piece},
                                       STEP("SELECT length(name) FROM t")};
        PgWork work = WORK_OF(steps);
        Source s = {0};
        bench_run(*state, &s.call, &work);
        bench_assert_done(&s.call);
        assert_string_equal(s.call.value, "5242877");
}

static void copy_fails_with_the_fault_of_its_source(void **state)
{
        Source s = {.n_rows = 100000, .fail_at = 50000};
        bench_run(*state, &s.call, &copy_work);
        bench_assert_fault(&s.call, PG_END_FAILED, "spool-failed", "", false);
        assert_int_equal(rows(*state), 0);
        bench_query(*state, &s.call, "SELECT 'alive'");
        assert_string_equal(s.call.value, "alive");
}

static int give_a_bad_row(void *userdata, const char **ret_data, size_t *ret_size, Fault *ret_fault)
{
        (void)ret_fault;
        Source *s = userdata;
        *ret_data = s->row == 2 ? "three\tx\n" : s->row == 0 ? "1\tx\n" : "2\tx\n";
        *ret_size = s->row++ < 100000 ? strlen(*ret_data) : 0;
        return 0;
}

static void copy_names_the_row_that_the_server_refuses(void **state)
{
        static const PgStep steps[] = {{.sql = "COPY t FROM STDIN", .copy_source = give_a_bad_row}};
        PgWork work = WORK_OF(steps);
        Source s = {0};
        bench_run(*state, &s.call, &work);
        bench_assert_fault(&s.call, PG_END_FAILED, "pg-data", "22P02", false);
        assert_non_null(strstr(s.call.fault.message, "line 3"));
}

static void a_copy_without_a_source_fails(void **state)
{
        static const PgStep in[] = {STEP("COPY t FROM STDIN")};
        static const PgStep out[] = {STEP("COPY t TO STDOUT")};
        PgWork work = WORK_OF(in);
        Call call;
        bench_run(*state, &call, &work);
        assert_int_equal(call.end, PG_END_FAILED);
        work.steps = out;
        bench_run(*state, &call, &work);
        assert_int_equal(call.end, PG_END_FAILED);
        bench_query(*state, &call, "SELECT 'alive'");
        assert_string_equal(call.value, "alive");
}

/* With the server's process stopped, the source is asked for no more than the socket and libpq
 * hold. */
static void copy_holds_little_when_the_server_is_slow(void **state)
{
        static const PgStep steps[] = {
                {.sql = "SELECT pg_backend_pid()", .on_result = bench_on_pid},
                {.sql = "COPY t FROM STDIN", .copy_source = give_rows}};
        PgWork work = WORK_OF(steps);
        Source s = {.n_rows = 1000000};
        bench_start(*state, &s.call, &work);
        while (s.row == 0)
                assert_true(sd_event_run(s.call.bench->event, 60 * USEC_PER_SEC) > 0);
        assert_true(s.call.backend_pid > 1);
        size_t before = s.given_bytes;
        assert_int_equal(kill((pid_t)s.call.backend_pid, SIGSTOP), 0);
        bench_settle(*state);
        size_t held = s.given_bytes - before;
        assert_int_equal(kill((pid_t)s.call.backend_pid, SIGCONT), 0);
        assert_true(held < 1024 * 1024);
        assert_true(s.row < s.n_rows);
        bench_wait(&s.call);
        bench_assert_done(&s.call);
        assert_int_equal(rows(*state), 1000000);
}

/* Half way, with data still on its way to a server that takes it, and to one that does not. */
static void a_copy_that_is_cancelled_leaves_nothing(void **state)
{
        Bench *b = *state;
        for (int stuck = 0; stuck < 2; stuck++) {
                Source s = {.n_rows = INT64_MAX};
                Call after;
                bench_start(b, &s.call, &copy_work);
                while (s.row == 0)
                        assert_true(sd_event_run(b->event, 60 * USEC_PER_SEC) > 0);
                if (stuck) {
                        assert_true(s.call.backend_pid > 1);
                        assert_int_equal(kill((pid_t)s.call.backend_pid, SIGSTOP), 0);
                        bench_settle(b);
                }
                int64_t asked = s.row;
                assert_null(pg_cancel(s.call.task)); /* returns, whatever the server does */
                if (stuck)
                        assert_int_equal(kill((pid_t)s.call.backend_pid, SIGCONT), 0);
                bench_query(b, &after, "SELECT 'alive'");
                assert_string_equal(after.value, "alive");
                bench_wait_for_sql(
                        b, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY t %'",
                        "0");
                assert_int_equal(s.row, asked);
                assert_int_equal(s.call.n_calls, 0);
                assert_int_equal(rows(b), 0);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(copy_brings_every_row, bench_renew),
                cmocka_unit_test_setup(copy_of_nothing_is_fine, bench_renew),
                cmocka_unit_test_setup(copy_takes_a_piece_of_any_size, bench_renew),
                cmocka_unit_test_setup(copy_fails_with_the_fault_of_its_source, bench_renew),
                cmocka_unit_test_setup(copy_names_the_row_that_the_server_refuses, bench_renew),
                cmocka_unit_test_setup(a_copy_without_a_source_fails, bench_renew),
                cmocka_unit_test_setup(a_copy_that_is_cancelled_leaves_nothing, bench_renew),
                cmocka_unit_test_setup(copy_holds_little_when_the_server_is_slow, bench_renew),
        };
        return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
