/*
 * Statements that the server keeps for a connection: where it may, and where something stands
 * between that hands sessions out.
 */
#include "harness/pgbouncer.h"
#include "integration/pg_bench.h"

#define PREPARED "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'"

static void begin(Bench *b, const char *conninfo)
{
        PgPoolOptions options = bench_options(conninfo);
        options.max_connections = 1;
        bench_open_pool(b, &options);
}

static void insert(Bench *b, Call *call, const char *id)
{
        const char *const params[] = {id, "name"};
        const PgStep step = {.sql = "INSERT INTO t VALUES ($1::int, $2::text) RETURNING id",
                             .params = params,
                             .n_params = 2,
                             .on_result = bench_on_result,
                             .prepared = true};
        const PgWork work = SINGLE_OF(step);
        bench_run(b, call, &work);
}

static void assert_inserted(Bench *b, const char *id)
{
        Call call;
        insert(b, &call, id);
        bench_assert_done(&call);
        assert_int_equal(call.n_results, 1);
        assert_string_equal(call.value, id);
}

static void assert_prepared(Bench *b, const char *n)
{
        Call call;
        bench_query(b, &call, PREPARED);
        assert_string_equal(call.value, n);
}

static void a_statement_is_prepared_once_for_a_connection(void **state)
{
        Bench *b = *state;
        begin(b, b->pg.service);
        assert_inserted(b, "1"); /* it is not known yet whose session it is */
        assert_prepared(b, "0");
        assert_inserted(b, "2");
        assert_inserted(b, "3");
        assert_prepared(b, "1");
        Call call;
        bench_query(b, &call,
                    "SELECT generic_plans + custom_plans FROM pg_prepared_statements"
                    " WHERE statement LIKE 'INSERT%'");
        if (harness_sql_long(&b->pg, "SHOW server_version_num") >= 140000)
                assert_string_equal(call.value, "2");
}

static void its_fault_is_that_of_any_statement(void **state)
{
        Bench *b = *state;
        Call call;
        begin(b, b->pg.service);
        for (int i = 0; i < 3; i++) {
                insert(b, &call, "no number");
                bench_assert_fault(&call, PG_END_FAILED, "pg-data", "22P02", false);
        }
        assert_inserted(b, "1");
        insert(b, &call, "1");
        bench_assert_fault(&call, PG_END_FAILED, "pg-data", "23505", false);
        assert_inserted(b, "2");
}

/* The session has become another one, and nobody has seen it. */
static void a_statement_that_the_session_does_not_know_is_sent_whole(void **state)
{
        Bench *b = *state;
        Call call;
        begin(b, b->pg.service);
        assert_inserted(b, "1");
        assert_inserted(b, "2");
        bench_query(b, &call, "DEALLOCATE ALL");
        bench_assert_done(&call);
        assert_inserted(b, "3");
        assert_inserted(b, "4");
        assert_prepared(b, "0");
        assert_int_equal(harness_sql_long(&b->pg, "SELECT count(*) FROM t"), 4);
}

static void a_name_that_the_session_has_already_is_left_alone(void **state)
{
        Bench *b = *state;
        Call name, call;
        begin(b, b->pg.service);
        assert_inserted(b, "1");
        assert_inserted(b, "2");
        bench_query(b, &name,
                    "SELECT name FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'");
        begin(b, b->pg.service);
        char sql[400];
        (void)snprintf(sql, sizeof(sql), "PREPARE %s AS SELECT 'of somebody else'", name.value);
        bench_query(b, &call, sql);
        bench_assert_done(&call);
        assert_inserted(b, "3");
        assert_inserted(b, "4");
        bench_query(b, &call, "SELECT count(*) FROM pg_prepared_statements");
        assert_string_equal(call.value, "2"); /* that, and the settings of before */
        assert_int_equal(harness_sql_long(&b->pg, "SELECT count(*) FROM t"), 4);
}

static void nothing_is_prepared_behind_a_pooler(void **state)
{
        Bench *b = *state;
        HarnessPgbouncer bouncer;
        if (!harness_pgbouncer_installed()) {
                print_message("# not tried: pgbouncer is not installed\n");
                return;
        }
        harness_pgbouncer_start(&bouncer, &b->pg);
        begin(b, bouncer.service);
        assert_inserted(b, "1");
        assert_inserted(b, "2");
        assert_inserted(b, "3");
        Call call;
        bench_query(b, &call, "SELECT count(*) FROM pg_prepared_statements");
        assert_string_equal(call.value, "0");
        b->pool = pg_pool_free(b->pool);
        harness_pgbouncer_stop(&bouncer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_statement_is_prepared_once_for_a_connection, bench_renew),
                cmocka_unit_test_setup(its_fault_is_that_of_any_statement, bench_renew),
                cmocka_unit_test_setup(a_statement_that_the_session_does_not_know_is_sent_whole,
                                       bench_renew),
                cmocka_unit_test_setup(a_name_that_the_session_has_already_is_left_alone,
                                       bench_renew),
                cmocka_unit_test_setup(nothing_is_prepared_behind_a_pooler, bench_renew),
        };
        return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
