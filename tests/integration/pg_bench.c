/*
 * pg_bench: see the header.
 */
#include "integration/pg_bench.h"
#include <time.h>

PgPoolOptions bench_options(const char *conninfo)
{
        return (PgPoolOptions){
                .conninfo = conninfo,
                .application_name = "bench",
                .max_connections = 2,
                .search_path = "pg_catalog, public, pg_temp",
                .connect_timeout_usec = BENCH_TIMEOUT_USEC,
                .statement_timeout_usec = BENCH_TIMEOUT_USEC,
                .lock_timeout_usec = BENCH_TIMEOUT_USEC,
        };
}

void bench_open_pool(Bench *b, const PgPoolOptions *options)
{
        b->pool = pg_pool_free(b->pool);
        assert_int_equal(pg_pool_new(b->event, options, &b->pool), 0);
}

PgNext bench_on_result(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)ret_fault;
        Call *call = userdata;
        call->n_results++;
        if (PQntuples(result) > 0)
                (void)snprintf(call->value, sizeof(call->value), "%s",
                               PQgetisnull(result, 0, 0) ? "(null)" : PQgetvalue(result, 0, 0));
        return PG_NEXT;
}

PgNext bench_on_pid(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)ret_fault;
        ((Call *)userdata)->backend_pid = strtol(PQgetvalue(result, 0, 0), NULL, 10);
        return PG_NEXT;
}

static void on_end(PgEnd end, const Fault *fault, void *userdata)
{
        Call *call = userdata;
        call->n_calls++;
        call->end = end;
        call->fault = *fault;
        call->task = NULL;
}

void bench_start(Bench *b, Call *call, const PgWork *work)
{
        *call = (Call){.bench = b};
        PgTask *task = NULL;
        assert_int_equal(pg_start(b->pool, work, on_end, call, &task), 0);
        assert_int_equal(call->n_calls, 0);
        call->task = task;
}

void bench_wait(Call *call)
{
        while (call->n_calls == 0)
                assert_true(sd_event_run(call->bench->event, 60 * USEC_PER_SEC) > 0);
        assert_int_equal(call->n_calls, 1);
}

void bench_run(Bench *b, Call *call, const PgWork *work)
{
        bench_start(b, call, work);
        bench_wait(call);
}

void bench_query(Bench *b, Call *call, const char *sql)
{
        PgStep step = STEP(sql);
        PgWork work = SINGLE_OF(step);
        bench_run(b, call, &work);
}

void bench_settle(Bench *b)
{
        int r;
        while ((r = sd_event_run(b->event, 0)) > 0)
                ;
        assert_int_equal(r, 0);
}

void bench_wait_for_sql(Bench *b, const char *sql, const char *value)
{
        time_t give_up = time(NULL) + 60;
        for (;;) {
                assert_true(sd_event_run(b->event, 10 * USEC_PER_MSEC) >= 0);
                char *answer = harness_sql(&b->pg, sql);
                bool equal = strcmp(answer, value) == 0;
                free(answer);
                if (equal)
                        return;
                if (time(NULL) > give_up)
                        fail_msg("never answered %s: %s", value, sql);
        }
}

void bench_assert_done(const Call *call)
{
        assert_string_equal(call->fault.message, "");
        assert_int_equal(call->fault.scope, FAULT_NONE);
        assert_int_equal(call->end, PG_END_DONE);
}

void bench_assert_fault(const Call *call, PgEnd end, const char *code, const char *sqlstate,
                        bool retryable)
{
        print_message("%s\n", call->fault.message);
        assert_string_equal(fault_code_name(call->fault.code), code);
        assert_string_equal(call->fault.sqlstate, sqlstate);
        assert_int_equal(call->end, end);
        assert_int_equal(call->fault.retryable, retryable);
        assert_true(call->fault.scope != FAULT_NONE);
}

int bench_setup(void **state)
{
        Bench *b = calloc(1, sizeof(*b));
        assert_non_null(b);
        harness_postgres_start(&b->pg);
        assert_int_equal(sd_event_new(&b->event), 0);
        free(harness_sql(
                &b->pg,
                "CREATE TABLE t (id int PRIMARY KEY, name text); ALTER TABLE t OWNER TO em"));
        *state = b;
        return 0;
}

int bench_renew(void **state)
{
        Bench *b = *state;
        PgPoolOptions options = bench_options(b->pg.service);
        bench_open_pool(b, &options);
        free(harness_sql(&b->pg, "TRUNCATE t"));
        return 0;
}

int bench_teardown(void **state)
{
        Bench *b = *state;
        b->pool = pg_pool_free(b->pool);
        sd_event_unref(b->event);
        harness_postgres_destroy(&b->pg);
        free(b);
        return 0;
}
