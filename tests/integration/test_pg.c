/*
 * Work on a healthy PostgreSQL: statements, transactions, handlers, time limits.
 */
#include "integration/pg_bench.h"
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static long rows(const Bench *b)
{
        return harness_sql_long(&b->pg, "SELECT count(*) FROM t");
}

/* ---- statements ----------------------------------------------------------------------------- */

static void a_statement_takes_parameters_and_null(void **state)
{
        static const char *const params[] = {"41", NULL, "a'b\\c\t\xf0\x9f\x90\x98"};
        PgStep step = {
                .sql = "SELECT ($1::int + 1)::text || ' ' || ($2::text IS NULL)::text || ' ' || "
                       "$3::text",
                .params = params,
                .n_params = 3,
                .on_result = bench_on_result,
        };
        PgWork work = SINGLE_OF(step);
        Call call;
        bench_run(*state, &call, &work);
        bench_assert_done(&call);
        assert_string_equal(call.value, "42 true a'b\\c\t\xf0\x9f\x90\x98");
        bench_query(*state, &call, "SELECT NULL");
        assert_string_equal(call.value, "(null)");
}

static void notices_are_swallowed(void **state)
{
        Call call;
        int file = memfd_create("stderr", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
        assert_true(file >= 0 && saved >= 0 && dup2(file, STDERR_FILENO) >= 0);
        bench_query(
                *state, &call,
                "DO $$ BEGIN FOR i IN 1..1000 LOOP RAISE WARNING 'number %', i; END LOOP; END $$");
        assert_true(dup2(saved, STDERR_FILENO) >= 0);
        (void)close(saved);
        bench_assert_done(&call);
        assert_int_equal(lseek(file, 0, SEEK_END), 0); /* where libpq would print them */
        (void)close(file);
}

static void a_script_holds_many_statements(void **state)
{
        PgStep step = {.sql = "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT 'last'",
                       .n_params = PG_SCRIPT,
                       .on_result = bench_on_result};
        PgWork work = {.steps = &step, .n_steps = 1, .transaction = true};
        Call call;
        bench_run(*state, &call, &work);
        bench_assert_done(&call);
        assert_string_equal(call.value, "last");
        assert_int_equal(rows(*state), 2);

        step.sql = "INSERT INTO t VALUES (3); SELECT 1/0; INSERT INTO t VALUES (4)";
        bench_run(*state, &call, &work);
        bench_assert_fault(&call, PG_END_FAILED, "pg-data", "22012", false);
        assert_int_equal(rows(*state), 2);
}

static void work_that_makes_no_sense_is_refused(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {{.sql = "SELECT 1"}, {.sql = "SELECT 2"}};
        PgWork none = {.steps = steps, .n_steps = 0, .transaction = true};
        PgWork two_alone = {.steps = steps, .n_steps = 2};
        PgTask *task;
        assert_int_equal(pg_start(b->pool, &none, NULL, NULL, &task), -EINVAL);
        assert_int_equal(pg_start(b->pool, &two_alone, NULL, NULL, &task), -EINVAL);
        assert_null(pg_cancel(NULL));
        assert_null(pg_pool_free(NULL));
}

/* ---- transactions --------------------------------------------------------------------------- */

static const char *handed_on[1];

static PgNext hand_on(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)bench_on_result(result, userdata, ret_fault);
        handed_on[0] = ((Call *)userdata)->value;
        return PG_NEXT;
}

static void steps_follow_each_other_and_commit(void **state)
{
        static const PgStep steps[] = {
                {.sql = "INSERT INTO t VALUES (7, 'seven') RETURNING name", .on_result = hand_on},
                {.sql = "INSERT INTO t VALUES (8, $1 || '+1')", .params = handed_on, .n_params = 1},
                STEP("SELECT name FROM t WHERE id = 8"),
        };
        PgWork work = WORK_OF(steps);
        Call call;
        bench_run(*state, &call, &work);
        bench_assert_done(&call);
        assert_string_equal(call.value, "seven+1");
        assert_int_equal(rows(*state), 2);
}

static void limits_hold_in_the_transaction_and_not_after_it(void **state)
{
        static const PgStep steps[] = {STEP("SELECT current_setting('statement_timeout') || ' ' || "
                                            "current_setting('lock_timeout')")};
        PgWork work = WORK_OF(steps);
        work.statement_timeout_usec = 7 * USEC_PER_SEC;
        Call call;
        bench_run(*state, &call, &work);
        assert_string_equal(call.value, "7s 20s");
        bench_query(*state, &call, steps[0].sql);
        assert_string_equal(call.value, "20s 20s");
        PgStep after = STEP("COMMIT; SELECT current_setting('statement_timeout') || ' ' || "
                            "current_setting('lock_timeout')");
        after.n_params = PG_SCRIPT;
        PgWork alone = SINGLE_OF(after);
        bench_run(*state, &call, &alone);
        assert_string_equal(call.value, "0 0");
}

/* Who looks at the sessions sees what each one does, while it does it. */
static void a_session_is_named_by_what_it_does(void **state)
{
        static const PgStep steps[] = {STEP("SELECT current_setting('application_name')")};
        PgWork work = WORK_OF(steps), single = SINGLE_OF(steps[0]);
        work.phase = single.phase = "apply";
        Call call;
        bench_run(*state, &call, &work);
        assert_string_equal(call.value, "bench apply");
        bench_run(*state, &call, &single);
        assert_string_equal(call.value, "bench apply");
        bench_query(*state, &call, steps[0].sql);
        assert_string_equal(call.value, "bench");
}

static PgNext commit_now(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)bench_on_result(result, userdata, ret_fault);
        return PG_COMMIT;
}

static PgNext roll_back(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)bench_on_result(result, userdata, ret_fault);
        return PG_ROLLBACK;
}

static PgNext refuse(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)bench_on_result(result, userdata, ret_fault);
        fault_set(ret_fault, FAULT_RUN, EIO, CODE_LEASE_LOST, "somebody else holds it");
        return PG_ROLLBACK;
}

static void a_handler_decides(void **state)
{
        static const struct {
                PgStepResult handler;
                PgEnd end;
                const char *code;
                long n_rows;
        } cases[] = {
                {commit_now, PG_END_DONE, "", 1},
                {roll_back, PG_END_ROLLED_BACK, "", 0},
                {refuse, PG_END_FAILED, "lease-lost", 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                assert_int_equal(bench_renew(state), 0);
                const PgStep steps[] = {
                        {.sql = "INSERT INTO t VALUES (1)", .on_result = cases[i].handler},
                        STEP("INSERT INTO t VALUES (2)")};
                PgWork work = WORK_OF(steps);
                Call call;
                bench_run(*state, &call, &work);
                assert_int_equal(call.end, cases[i].end);
                assert_string_equal(fault_code_name(call.fault.code), cases[i].code);
                assert_int_equal(call.n_results, 1);
                assert_int_equal(rows(*state), cases[i].n_rows);
        }
}

static PgNext until_the_last_portion(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)bench_on_result(result, userdata, ret_fault);
        return PQntuples(result) == 40 ? PG_AGAIN : PG_NEXT;
}

static void a_cursor_is_fetched_to_its_end(void **state)
{
        static const PgStep steps[] = {
                {.sql = "DECLARE c CURSOR FOR SELECT generate_series(1, 100)"},
                {.sql = "FETCH 40 FROM c", .on_result = until_the_last_portion},
                STEP("INSERT INTO t VALUES (1) RETURNING 'after it'"),
        };
        PgWork work = WORK_OF(steps);
        Call call;
        bench_run(*state, &call, &work);
        bench_assert_done(&call);
        assert_int_equal(call.n_results, 3 + 1);
        assert_string_equal(call.value, "after it");
        assert_int_equal(rows(*state), 1);
}

static bool never(void *userdata)
{
        (void)userdata;
        return false;
}

/* Asked when its turn comes, so that what went before can decide. */
static bool after_one_result(void *userdata)
{
        return ((Call *)userdata)->n_results == 1;
}

static void a_step_that_is_not_wanted_is_passed_by(void **state)
{
        static const PgStep steps[] = {
                {.sql = "INSERT INTO t VALUES (1)", .wanted = never},
                STEP("INSERT INTO t VALUES (2)"),
                {.sql = "INSERT INTO t VALUES (3)",
                 .on_result = bench_on_result,
                 .wanted = after_one_result},
                {.sql = "INSERT INTO t VALUES (4)",
                 .on_result = bench_on_result,
                 .wanted = after_one_result},
                {.sql = "INSERT INTO t VALUES (5)", .wanted = never},
        };
        PgWork work = WORK_OF(steps);
        Call call;
        bench_run(*state, &call, &work);
        bench_assert_done(&call);
        assert_int_equal(call.n_results, 2);
        bench_query(*state, &call, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM t");
        assert_string_equal(call.value, "2 3");

        static const PgStep none[] = {{.sql = "INSERT INTO t VALUES (1)", .wanted = never}};
        PgWork nothing = WORK_OF(none);
        bench_run(*state, &call, &nothing);
        bench_assert_done(&call);
        assert_int_equal(call.n_results, 0);
        assert_int_equal(rows(*state), 2);
}

static void a_fault_in_a_step_rolls_back_and_keeps_the_connection(void **state)
{
        static const PgStep steps[] = {
                {.sql = "SELECT pg_backend_pid()", .on_result = bench_on_pid},
                STEP("INSERT INTO t VALUES (1, 'first')"),
                STEP("INSERT INTO t VALUES (1, 'again')"),
                STEP("SELECT 'not reached'"),
        };
        PgWork work = WORK_OF(steps);
        Call call;
        bench_run(*state, &call, &work);
        bench_assert_fault(&call, PG_END_FAILED, "pg-data", "23505", false);
        assert_non_null(strstr(call.fault.message, "(id)=(1)"));
        assert_int_equal(call.fault.scope, FAULT_RUN);
        assert_string_equal(call.value, "");
        assert_int_equal(rows(*state), 0);

        long pid = call.backend_pid;
        bench_query(*state, &call, "SELECT pg_backend_pid()");
        assert_int_equal(strtol(call.value, NULL, 10), pid);
}

static void a_commit_that_fails_commits_nothing(void **state)
{
        Bench *b = *state;
        free(harness_sql(&b->pg,
                         "CREATE TABLE deferred (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);"
                         "ALTER TABLE deferred OWNER TO em"));
        static const PgStep steps[] = {STEP("INSERT INTO deferred VALUES (1), (1)")};
        PgWork work = WORK_OF(steps);
        Call call;
        bench_run(b, &call, &work);
        bench_assert_fault(&call, PG_END_FAILED, "pg-data", "23505", false);
        assert_int_equal(harness_sql_long(&b->pg, "SELECT count(*) FROM deferred"), 0);
}

static void a_read_only_transaction_sees_one_snapshot_and_writes_nothing(void **state)
{
        static const PgStep steps[] = {STEP("SELECT current_setting('transaction_isolation')"),
                                       STEP("INSERT INTO t VALUES (1)")};
        PgWork work = WORK_OF(steps);
        work.read_only = true;
        Call call;
        bench_run(*state, &call, &work);
        assert_string_equal(call.value, "repeatable read");
        bench_assert_fault(&call, PG_END_FAILED, "pg-read-only", "25006", true);
}

static void what_the_operator_must_correct_is_named(void **state)
{
        Bench *b = *state;
        free(harness_sql(&b->pg, "CREATE TABLE owned_by_root (id int)"));
        static const struct {
                const char *sql, *code, *sqlstate, *words;
                bool refused;
        } cases[] = {
                {"SELECT * FROM nowhere.x", "pg-schema-missing", "42P01", "nowhere.x", false},
                {"SELECT missing FROM t", "pg-schema-missing", "42703", "run edgemirror migrate",
                 false},
                {"CREATE TABLE nowhere.x ()", "pg-schema-missing", "3F000", "nowhere", false},
                {"SELECT * FROM owned_by_root", "pg-privilege", "42501",
                 "edgemirror migrate --grants ROLE prints", true},
                {"SELEC 1", "pg-error", "42601", "SELEC", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Call call;
                bench_query(b, &call, cases[i].sql);
                bench_assert_fault(&call, PG_END_FAILED, cases[i].code, cases[i].sqlstate, false);
                assert_non_null(strstr(call.fault.message, cases[i].words));
                assert_int_equal(call.fault.refused, cases[i].refused);
        }
}

/* ---- what a role, a database or a server may have set otherwise ----------------------------- */

/* P1, P6, P8, P9, P16: In a single statement as in a transaction, and nothing of it is left behind.
 */
static void the_settings_of_a_role_do_not_matter(void **state)
{
        Bench *b = *state;
        static const char *const settings[] = {
                "default_transaction_isolation = 'serializable'",
                "datestyle = 'SQL, DMY'",
                "timezone = 'Asia/Shanghai'",
                "intervalstyle = 'sql_standard'",
                "statement_timeout = '50ms'",
                "lock_timeout = '1ms'",
                "idle_in_transaction_session_timeout = '1ms'",
                "transaction_timeout = '50ms'",
                "search_path = nowhere",
                "row_security = on",
                "jit = on",
        };
        static const PgStep steps[] = {
                STEP("SELECT concat_ws(' ', current_setting('transaction_isolation'), "
                     "current_setting('search_path'),"
                     " timestamptz '2026-01-02 03:04:05+00', make_interval(hours => -1), "
                     "current_setting('row_security'), current_setting('jit'),"
                     " pg_sleep(0.1))"),
                STEP("SELECT 'second'"),
        };
        for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
                char sql[200];
                bool unknown = strncmp(settings[i], "transaction_timeout",
                                       strlen("transaction_timeout")) == 0 &&
                               harness_sql_long(&b->pg, "SHOW server_version_num") < 170000;
                (void)snprintf(sql, sizeof(sql), "ALTER ROLE em SET %s", settings[i]);
                if (!unknown)
                        free(harness_sql(&b->pg, sql));
        }
        PgPoolOptions options = bench_options(b->pg.service);
        bench_open_pool(b, &options);
        for (size_t n = 1; n <= ARRAY_SIZE(steps); n++) {
                PgWork work = {.steps = steps, .n_steps = n, .transaction = n > 1};
                Call call;
                bench_run(b, &call, &work);
                bench_assert_done(&call);
                if (n == 1)
                        assert_string_equal(call.value,
                                            "read committed pg_catalog, public, pg_temp"
                                            " 2026-01-02 03:04:05+00 -01:00:00 off off ");
        }
        free(harness_sql(&b->pg, "ALTER ROLE em RESET ALL"));
}

/* P16: Better an error than a mirror that seems to lack rows. */
static void a_policy_that_hides_rows_is_an_error(void **state)
{
        Bench *b = *state;
        free(harness_sql(&b->pg, "CREATE TABLE guarded (id int); GRANT SELECT ON guarded TO em;"
                                 "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY"));
        Call call;
        bench_query(b, &call, "SELECT count(*) FROM guarded");
        free(harness_sql(&b->pg, "DROP TABLE guarded"));
        bench_assert_fault(&call, PG_END_FAILED, "pg-privilege", "42501", false);
        assert_non_null(strstr(call.fault.message, "BYPASSRLS"));
        assert_null(strstr(call.fault.message, "grant"));
}

/* P16 */
static void a_role_without_temporary_tables_is_named(void **state)
{
        Bench *b = *state;
        free(harness_sql(&b->pg,
                         "CREATE ROLE bare LOGIN; REVOKE TEMPORARY ON DATABASE test FROM PUBLIC"));
        char conninfo[300];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=bare", b->pg.folder);
        PgPoolOptions options = bench_options(conninfo);
        bench_open_pool(b, &options);
        Call call;
        bench_query(b, &call, "CREATE TEMPORARY TABLE x (id int)");
        free(harness_sql(&b->pg, "GRANT TEMPORARY ON DATABASE test TO PUBLIC"));
        bench_assert_fault(&call, PG_END_FAILED, "pg-privilege", "42501", false);
        assert_non_null(strstr(call.fault.message, "temporary tables"));
}

/* P1: What others have put into schema public, which was open to all up to PostgreSQL 14. */
static void nothing_is_looked_up_where_others_may_write(void **state)
{
        Bench *b = *state;
        free(harness_sql(&b->pg,
                         "CREATE SCHEMA foreign_hands; GRANT USAGE ON SCHEMA foreign_hands TO em;"
                         "CREATE FUNCTION foreign_hands.strike() RETURNS text LANGUAGE plpgsql AS"
                         " $$ BEGIN RAISE EXCEPTION 'struck'; END $$;"
                         "CREATE FUNCTION foreign_hands.set_config(text, text, boolean) RETURNS "
                         "text LANGUAGE sql"
                         " AS 'SELECT foreign_hands.strike()';"
                         "CREATE FUNCTION foreign_hands.lower(text) RETURNS text LANGUAGE sql"
                         " AS 'SELECT foreign_hands.strike()';"
                         "ALTER ROLE em SET search_path = foreign_hands, pg_catalog"));
        PgPoolOptions options = bench_options(b->pg.service);
        options.search_path = "pg_catalog, pg_temp";
        bench_open_pool(b, &options);
        Call call;
        bench_query(b, &call, "SELECT lower('A'::text)");
        free(harness_sql(&b->pg, "ALTER ROLE em RESET ALL; DROP SCHEMA foreign_hands CASCADE"));
        bench_assert_done(&call);
        assert_string_equal(call.value, "a");
}

/* ---- time limits ---------------------------------------------------------------------------- */

static void a_slow_statement_is_ended(void **state)
{
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)"),
                                       STEP("SELECT pg_sleep(60)")};
        PgWork work = WORK_OF(steps);
        work.statement_timeout_usec = 100 * USEC_PER_MSEC;
        Call call;
        bench_run(*state, &call, &work);
        bench_assert_fault(&call, PG_END_FAILED, "pg-statement-timeout", "57014", true);
        assert_int_equal(rows(*state), 0);
}

static void a_lock_is_not_waited_for_longer_than_allowed(void **state)
{
        Bench *b = *state;
        PgPoolOptions options = bench_options(b->pg.service);
        options.lock_timeout_usec = 100 * USEC_PER_MSEC;
        bench_open_pool(b, &options);
        PGconn *holder = PQconnectdb(b->pg.conninfo);
        PQclear(PQexec(holder, "BEGIN; LOCK TABLE t"));

        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)")};
        PgWork work = WORK_OF(steps);
        Call call;
        bench_run(b, &call, &work);
        bench_assert_fault(&call, PG_END_FAILED, "pg-lock-timeout", "55P03", true);
        PQfinish(holder);
        bench_run(b, &call, &work);
        bench_assert_done(&call);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_statement_takes_parameters_and_null, bench_renew),
                cmocka_unit_test_setup(notices_are_swallowed, bench_renew),
                cmocka_unit_test_setup(a_script_holds_many_statements, bench_renew),
                cmocka_unit_test_setup(work_that_makes_no_sense_is_refused, bench_renew),
                cmocka_unit_test_setup(steps_follow_each_other_and_commit, bench_renew),
                cmocka_unit_test_setup(limits_hold_in_the_transaction_and_not_after_it,
                                       bench_renew),
                cmocka_unit_test_setup(a_session_is_named_by_what_it_does, bench_renew),
                cmocka_unit_test_setup(a_handler_decides, bench_renew),
                cmocka_unit_test_setup(a_cursor_is_fetched_to_its_end, bench_renew),
                cmocka_unit_test_setup(a_step_that_is_not_wanted_is_passed_by, bench_renew),
                cmocka_unit_test_setup(a_fault_in_a_step_rolls_back_and_keeps_the_connection,
                                       bench_renew),
                cmocka_unit_test_setup(a_commit_that_fails_commits_nothing, bench_renew),
                cmocka_unit_test_setup(a_read_only_transaction_sees_one_snapshot_and_writes_nothing,
                                       bench_renew),
                cmocka_unit_test_setup(what_the_operator_must_correct_is_named, bench_renew),
                cmocka_unit_test_setup(the_settings_of_a_role_do_not_matter, bench_renew),
                cmocka_unit_test_setup(a_policy_that_hides_rows_is_an_error, bench_renew),
                cmocka_unit_test_setup(a_role_without_temporary_tables_is_named, bench_renew),
                cmocka_unit_test_setup(nothing_is_looked_up_where_others_may_write, bench_renew),
                cmocka_unit_test_setup(a_slow_statement_is_ended, bench_renew),
                cmocka_unit_test_setup(a_lock_is_not_waited_for_longer_than_allowed, bench_renew),
        };
        return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
