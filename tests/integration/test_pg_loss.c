/*
 * PostgreSQL that goes away, comes back, or says no: how work ends then, and that later work finds
 * its way.
 */
#include "base/clock.h"
#include "integration/pg_bench.h"
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static const PgStep insert_steps[] = {STEP("INSERT INTO t VALUES (1)")};
static const PgWork insert_work = WORK_OF(insert_steps);
static const PgStep sleep_steps[] = {STEP("INSERT INTO t VALUES (1)"), STEP("SELECT pg_sleep(60)")};
static const PgWork sleep_work = WORK_OF(sleep_steps);
static const char sleeping[] =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND state = "
        "'active' AND backend_type = 'client backend'";

static void restart(Bench *b)
{
        harness_postgres_stop(&b->pg);
        harness_postgres_resume(&b->pg);
}

/* Ends sessions (`which`: a condition on pg_stat_activity) and waits until they are gone; the loop
 * does not run meanwhile. */
static void dismiss_sessions(const Bench *b, const char *which)
{
        const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
        char sql[256];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE %s", which);
        free(harness_sql(&b->pg, sql));
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM pg_stat_activity WHERE %s", which);
        for (int i = 0; harness_sql_long(&b->pg, sql) > 0; i++) {
                assert_true(i < 12000);
                (void)nanosleep(&pause, NULL);
        }
}

/* ---- idle ----------------------------------------------------------------------------------- */

static void a_connection_that_died_idle_is_not_noticed_by_work(void **state)
{
        Bench *b = *state;
        for (int alone = 0; alone < 2; alone++) {
                for (int noticed = 0; noticed < 2; noticed++) {
                        Call call;
                        bench_query(b, &call, "TRUNCATE t");
                        restart(b);
                        if (noticed)
                                bench_settle(b);
                        PgWork work = insert_work;
                        work.transaction = alone == 0;
                        bench_run(b, &call, &work);
                        bench_assert_done(&call);
                }
        }
}

static void a_session_that_was_dismissed_idle_is_not_noticed_by_work(void **state)
{
        Bench *b = *state;
        Call call;
        for (int alone = 0; alone < 2; alone++) {
                bench_query(b, &call, "TRUNCATE t");
                dismiss_sessions(b, "application_name = 'bench'");
                PgWork work = insert_work;
                work.transaction = alone == 0;
                bench_run(b, &call, &work);
                bench_assert_done(&call);
        }
}

/* ---- at work -------------------------------------------------------------------------------- */

static void a_server_that_dies_under_a_statement(void **state)
{
        Bench *b = *state;
        static const struct {
                bool transaction;
                PgEnd end;
        } cases[] = {{true, PG_END_FAILED}, {false, PG_END_UNKNOWN}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                PgStep step = STEP("SELECT pg_sleep(60)");
                PgWork work = {.steps = &step, .n_steps = 1, .transaction = cases[i].transaction};
                Call call;
                bench_start(b, &call, &work);
                bench_wait_for_sql(b, sleeping, "1");
                harness_postgres_stop(&b->pg);
                bench_wait(&call);
                assert_int_equal(call.end, cases[i].end);
                assert_int_equal(call.fault.scope, FAULT_PEER);
                assert_true(call.fault.retryable);
                assert_string_equal(fault_code_name(call.fault.code), "pg-unreachable");

                bench_run(b, &call, &insert_work);
                bench_assert_fault(&call, PG_END_FAILED, "pg-unreachable", "", true);
                harness_postgres_resume(&b->pg);
                bench_query(b, &call, "SELECT 'back'");
                assert_string_equal(call.value, "back");
        }
}

/* As after a failover: conninfo may name another server, which is found by connecting anew. */
static void a_session_that_became_read_only_is_left(void **state)
{
        Bench *b = *state;
        static const PgStep pid_steps[] = {
                {.sql = "SELECT pg_backend_pid()", .on_result = bench_on_pid}};
        static const PgWork pid_work = WORK_OF(pid_steps);
        PgPoolOptions options = bench_options(b->pg.service);
        options.max_connections = 1;
        for (int alone = 0; alone < 2; alone++) {
                Call call, before, reading, after;
                bench_open_pool(b, &options);
                bench_run(b, &before, &pid_work);
                bench_query(b, &call, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
                PgWork work = pid_work;
                work.read_only = true;
                bench_run(b, &reading, &work);
                assert_int_equal(reading.backend_pid, before.backend_pid);
                work = insert_work;
                work.transaction = alone == 0;
                bench_run(b, &call, &work);
                bench_assert_fault(&call, PG_END_FAILED, "pg-read-only", "25006", true);
                bench_run(b, &after, &pid_work);
                assert_int_not_equal(after.backend_pid, before.backend_pid);
                bench_query(b, &call, "TRUNCATE t");
                bench_run(b, &call, &work);
                bench_assert_done(&call);
        }
}

static int stop_half_way(void *userdata, const char **ret_data, size_t *ret_size, Fault *ret_fault)
{
        (void)ret_fault;
        Call *call = userdata;
        if (call->n_results++ == 1000)
                harness_postgres_stop(&call->bench->pg);
        *ret_size = (size_t)snprintf(call->value, sizeof(call->value), "%d\tx\n", call->n_results);
        *ret_data = call->value;
        return 0;
}

static void a_server_that_dies_under_a_copy(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {{.sql = "COPY t FROM STDIN", .copy_source = stop_half_way}};
        PgWork work = WORK_OF(steps);
        Call call;
        bench_run(b, &call, &work); /* the source has no end of its own */
        assert_int_equal(call.end, PG_END_FAILED);
        assert_string_equal(fault_code_name(call.fault.code), "pg-unreachable");
        assert_true(call.fault.retryable);
        harness_postgres_resume(&b->pg);
        assert_int_equal(harness_sql_long(&b->pg, "SELECT count(*) FROM t"), 0);
}

static PgNext dismiss(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)bench_on_pid(result, userdata, ret_fault);
        Call *call = userdata;
        char sql[100];
        (void)snprintf(sql, sizeof(sql), "pid = %ld", call->backend_pid);
        dismiss_sessions(call->bench, sql);
        return PG_NEXT;
}

/* Not begun again by the pool: the first steps have been heard of. On a connection of its own, and
 * on one that has been idle before. */
static void assert_fails_when_dismissed(Bench *b, const PgWork *work, int n_results)
{
        PgPoolOptions options = bench_options(b->pg.service);
        options.max_connections = 1;
        for (int idle = 0; idle < 2; idle++) {
                Call call;
                bench_open_pool(b, &options);
                if (idle)
                        bench_query(b, &call, "SELECT 1");
                bench_run(b, &call, work);
                assert_int_equal(call.end, PG_END_FAILED);
                assert_string_equal(fault_code_name(call.fault.code), "pg-unreachable");
                assert_true(call.fault.retryable);
                assert_int_equal(call.n_results, n_results);
                assert_int_equal(harness_sql_long(&b->pg, "SELECT count(*) FROM t"), 0);
        }
}

static void a_session_that_is_dismissed_between_two_steps(void **state)
{
        static const PgStep steps[] = {STEP("INSERT INTO t VALUES (1)"),
                                       {.sql = "SELECT pg_backend_pid()", .on_result = dismiss},
                                       STEP("INSERT INTO t VALUES (2)")};
        PgWork work = WORK_OF(steps);
        assert_fails_when_dismissed(*state, &work, 1);
}

/* The rows of a source that is at its end: begun again, the table would stay empty. */
static int give_one_row(void *userdata, const char **ret_data, size_t *ret_size, Fault *ret_fault)
{
        (void)ret_fault;
        *ret_data = "1\tx\n";
        *ret_size = ((Call *)userdata)->n_results++ == 0 ? strlen(*ret_data) : 0;
        return 0;
}

static void a_session_that_is_dismissed_after_a_copy(void **state)
{
        static const PgStep steps[] = {{.sql = "COPY t FROM STDIN", .copy_source = give_one_row},
                                       {.sql = "SELECT pg_backend_pid()", .on_result = dismiss},
                                       STEP("INSERT INTO t VALUES (2)")};
        PgWork work = WORK_OF(steps);
        assert_fails_when_dismissed(*state, &work, 2);
}

static void a_statement_whose_session_is_dismissed_says_so(void **state)
{
        Bench *b = *state;
        Call call;
        bench_start(b, &call, &sleep_work);
        bench_wait_for_sql(b, sleeping, "1");
        free(harness_sql(&b->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                 "WHERE application_name = 'bench'"));
        bench_wait(&call);
        bench_assert_fault(&call, PG_END_FAILED, "pg-unreachable", "57P01", true);
        bench_run(b, &call, &insert_work);
        bench_assert_done(&call);
}

static void an_answer_lost_at_commit_is_unknown(void **state)
{
        Bench *b = *state;
        free(harness_sql(&b->pg,
                         "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                         "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); "
                         "RETURN NEW; END $$;"
                         "CREATE TABLE deadly (id int); ALTER TABLE deadly OWNER TO em;"
                         "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON deadly DEFERRABLE "
                         "INITIALLY DEFERRED "
                         "FOR EACH ROW EXECUTE FUNCTION die()"));
        static const PgStep steps[] = {STEP("INSERT INTO deadly VALUES (1)")};
        PgWork work = WORK_OF(steps);
        Call call;
        bench_run(b, &call, &work);
        bench_assert_fault(&call, PG_END_UNKNOWN, "pg-unreachable", "57P01", true);
        assert_int_equal(call.n_results, 1);
        bench_run(b, &call, &insert_work);
        bench_assert_done(&call);
}

/* ---- connecting ----------------------------------------------------------------------------- */

static int load_password(void *userdata, Text *ret, Fault *ret_fault)
{
        (void)ret_fault;
        return text_append_string(ret, userdata);
}

static void run_on(Bench *b, const char *conninfo, const char *password, Call *call)
{
        PgPoolOptions options = bench_options(conninfo);
        options.load_password = password ? load_password : NULL;
        options.load_password_userdata = (void *)password;
        options.connect_timeout_usec = 2 * USEC_PER_SEC;
        bench_open_pool(b, &options);
        bench_query(b, call, "SELECT current_user");
}

/* A role with a password, and a server that wants it. */
static void make_secured_role(Bench *b)
{
        free(harness_sql(&b->pg, "SET password_encryption = 'scram-sha-256';"
                                 "CREATE ROLE secured LOGIN PASSWORD 'Right-Horse-7'"));
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/data/pg_hba.conf", b->pg.folder);
        FILE *hba = fopen(path, "w");
        assert_non_null(hba);
        assert_true(fputs("local all secured scram-sha-256\nlocal nowhere all reject\nlocal all "
                          "all trust\n",
                          hba) >= 0);
        assert_int_equal(fclose(hba), 0);
        restart(b);
}

static void a_server_that_cannot_be_had_says_why_and_keeps_the_secret(void **state)
{
        Bench *b = *state;
        make_secured_role(b);
        free(harness_sql(&b->pg, "CREATE ROLE no_login"));
        free(harness_sql(&b->pg, "CREATE DATABASE read_only"));
        free(harness_sql(&b->pg,
                         "ALTER DATABASE read_only SET default_transaction_read_only = on"));
        const struct {
                const char *words, *password, *code, *sqlstate;
                bool retryable, refused;
        } cases[] = {
                {"user=secured dbname=test", "Wrong-Horse-8", "pg-refused", "28P01", false, true},
                {"user=secured dbname=test", NULL, "pg-refused", "", false, true},
                {"user=nobody_here dbname=test", "Wrong-Horse-8", "pg-refused", "28000", false,
                 true},
                {"user=no_login dbname=test", NULL, "pg-refused", "28000", false, true},
                {"user=em dbname=nowhere", NULL, "pg-refused", "28000", false, true},
                {"user=em dbname=missing", NULL, "pg-no-database", "3D000", false, false},
                {"user=em dbname=read_only", NULL, "pg-read-only", "", true, false},
                /* it is one that takes writes */
                {"user=em dbname=test target_session_attrs=read-only", NULL, "pg-unreachable", "",
                 true, false},
                {"user=em dbname=test target_session_attrs=standby", NULL, "pg-unreachable", "",
                 true, false},
                {"user=em dbname=test port=1", "Wrong-Horse-8", "pg-unreachable", "", true, false},
                {"user=em dbname=test host=/no/such/folder", "Wrong-Horse-8", "pg-unreachable", "",
                 true, false},
                {"user=em sslmode=nonsense", "Wrong-Horse-8", "pg-unreachable", "", true, false},
                {"password=Wrong-Horse-8 and more", NULL, "pg-conninfo", "", false, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char conninfo[400];
                (void)snprintf(conninfo, sizeof(conninfo), "host=%s %s", b->pg.folder,
                               cases[i].words);
                Call call;
                run_on(b, conninfo, cases[i].password, &call);
                bench_assert_fault(&call, PG_END_FAILED, cases[i].code, cases[i].sqlstate,
                                   cases[i].retryable);
                assert_int_equal(call.fault.refused, cases[i].refused);
                assert_int_equal(call.fault.scope, FAULT_PEER);
                assert_null(strstr(call.fault.message, "Horse"));
                assert_null(strstr(call.fault.message, "dbname="));
                if (text_equal(cases[i].sqlstate, "28P01"))
                        assert_non_null(strstr(call.fault.message, SECRET_RENEWAL));
        }
        Call call;
        char conninfo[400];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s user=secured dbname=test",
                       b->pg.folder);
        run_on(b, conninfo, "Right-Horse-7", &call);
        bench_assert_done(&call);
        assert_string_equal(call.value, "secured");
}

static void a_read_only_database_serves_when_conninfo_asks_for_it(void **state)
{
        Bench *b = *state;
        char conninfo[400];
        (void)snprintf(conninfo, sizeof(conninfo),
                       "host=%s user=em dbname=read_only target_session_attrs=any", b->pg.folder);
        Call call;
        run_on(b, conninfo, NULL, &call);
        bench_assert_done(&call);
}

/* A socket that takes connections, and answers nothing. */
static int listen_silently(const Bench *b, int port)
{
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/.s.PGSQL.%d", b->pg.folder, port);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
        assert_int_equal(listen(fd, 64), 0);
        return fd;
}

/* What a server says to whom it lets in, and not a word more. */
static int welcome_and_leave(sd_event_source *s, int fd, uint32_t revents _unused_, void *userdata)
{
        static const char welcome[] = "R\0\0\0\10\0\0\0\0"
                                      "S\0\0\0\26server_version\00015\0"
                                      "S\0\0\0\27in_hot_standby\0off\0"
                                      "S\0\0\0\46default_transaction_read_only\0off\0"
                                      "Z\0\0\0\5I";
        char startup[1000];
        assert_true(read(fd, startup, sizeof(startup)) > 0);
        assert_int_equal(write(fd, welcome, sizeof(welcome) - 1), sizeof(welcome) - 1);
        (void)sd_event_source_disable_unref(s);
        assert_int_equal(close(fd), 0);
        *(unsigned *)userdata += 1;
        return 0;
}

static int let_in(sd_event_source *s, int fd, uint32_t revents _unused_, void *userdata)
{
        sd_event_source *client;
        return sd_event_add_io(sd_event_source_get_event(s), &client, accept(fd, NULL, NULL),
                               EPOLLIN, welcome_and_leave, userdata);
}

/* As a pooler may that has no place: it would be asked again as fast as it answers. */
static void a_server_that_leaves_after_the_welcome_is_given_up(void **state)
{
        Bench *b = *state;
        int fd = listen_silently(b, 6);
        unsigned n_welcome = 0;
        sd_event_source *source;
        assert_int_equal(sd_event_add_io(b->event, &source, fd, EPOLLIN, let_in, &n_welcome), 0);
        char conninfo[400];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s port=6 user=em dbname=test",
                       b->pg.folder);
        Call call;
        run_on(b, conninfo, NULL, &call);
        bench_assert_fault(&call, PG_END_FAILED, "pg-unreachable", "", true);
        assert_int_equal(n_welcome, 1);
        (void)sd_event_source_disable_unref(source);
        assert_int_equal(close(fd), 0);
}

static void a_server_that_answers_nothing_is_given_up(void **state)
{
        Bench *b = *state;
        int fd = listen_silently(b, 7);

        char conninfo[400];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s port=7 user=em dbname=test",
                       b->pg.folder);
        Call call;
        run_on(b, conninfo, NULL, &call);
        bench_assert_fault(&call, PG_END_FAILED, "pg-unreachable", "", true);
        assert_non_null(strstr(call.fault.message, "connect timeout"));
        assert_int_equal(close(fd), 0);
}

/* Work that comes one after the other, so that there is always an attempt that has not failed yet.
 */
static void a_server_that_answers_nothing_is_given_up_by_several(void **state)
{
        Bench *b = *state;
        int fd = listen_silently(b, 8);

        char conninfo[400];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s port=8 user=em dbname=test",
                       b->pg.folder);
        PgPoolOptions options = bench_options(conninfo);
        options.connect_timeout_usec = 2 * USEC_PER_SEC;
        options.max_connections = 4;
        bench_open_pool(b, &options);
        static const PgStep steps[] = {STEP("SELECT 1")};
        PgWork work = WORK_OF(steps);
        Call first, second;
        bench_start(b, &first, &work);
        uint64_t begin = clock_monotonic_usec();
        while (clock_monotonic_usec() < begin + 1500 * USEC_PER_MSEC)
                assert_true(sd_event_run(b->event, 100 * USEC_PER_MSEC) >= 0);
        bench_start(b, &second, &work);
        while (first.n_calls == 0 || second.n_calls == 0) {
                if (clock_monotonic_usec() > begin + 30 * USEC_PER_SEC)
                        fail_msg("neither has ended");
                assert_true(sd_event_run(b->event, USEC_PER_SEC) >= 0);
        }
        bench_assert_fault(&first, PG_END_FAILED, "pg-unreachable", "", true);
        bench_assert_fault(&second, PG_END_FAILED, "pg-unreachable", "", true);
        assert_int_equal(close(fd), 0);
}

/* A server that is away, that serves, and that answers no new connection. */
static void connections_are_made_side_by_side_once_one_has_served(void **state)
{
        enum { N = 3 };
        Bench *b = *state;
        char path[100], conninfo[200];
        (void)snprintf(path, sizeof(path), "%s/.s.PGSQL.9", b->pg.folder);
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s port=9 user=em dbname=test",
                       b->pg.folder);
        PgPoolOptions options = bench_options(conninfo);
        options.max_connections = N + 1;
        bench_open_pool(b, &options);
        Call call, calls[N];
        bench_run(b, &call, &insert_work);
        bench_assert_fault(&call, PG_END_FAILED, "pg-unreachable", "", true);
        assert_int_equal(symlink(".s.PGSQL.5432", path), 0);
        bench_run(b, &call, &insert_work);
        bench_assert_done(&call);
        assert_int_equal(unlink(path), 0);
        int fd = listen_silently(b, 9), accepted[N], n = 0;
        for (int i = 0; i < N; i++)
                bench_start(b, &calls[i], &sleep_work);
        for (int i = 0; n < N - 1 && i < 50; i++) {
                assert_true(sd_event_run(b->event, 20 * USEC_PER_MSEC) >= 0);
                accepted[n] = accept(fd, NULL, NULL);
                n += accepted[n] >= 0;
        }
        assert_int_equal(n, N - 1); /* the other has the connection that is there */
        assert_int_equal(close(accepted[0]) + close(accepted[1]), 0);
        assert_int_equal(close(fd), 0);
}

/* P1: The settings are made while the search path is still that of the role, who may have put
 * functions and operators of his own there. */
static void a_server_sees_its_client_go_whatever_the_role_defines(void **state)
{
        Bench *b = *state;
        static const PgStep steps[] = {
                STEP("SELECT coalesce(current_setting('client_connection_check_interval', true), "
                     "'none')")};
        PgWork work = WORK_OF(steps);
        bool old = harness_sql_long(&b->pg, "SHOW server_version_num") < 140000;
        free(harness_sql(
                &b->pg,
                "CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO em;"
                "CREATE FUNCTION elsewhere.version() RETURNS text LANGUAGE sql"
                " AS $$SELECT 'PostgreSQL 17.5, compiled by Visual C++ build 1943, 64-bit'$$;"
                "CREATE FUNCTION elsewhere.never(text, text) RETURNS boolean LANGUAGE sql AS "
                "'SELECT false';"
                "CREATE OPERATOR elsewhere.~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = "
                "elsewhere.never);"
                "CREATE FUNCTION elsewhere.set_config(text, text, boolean) RETURNS text LANGUAGE "
                "sql AS"
                " 'SELECT $2'; ALTER ROLE em SET search_path = elsewhere, pg_catalog, public"));
        PgPoolOptions options = bench_options(b->pg.service);
        bench_open_pool(b, &options);
        Call call;
        bench_run(b, &call, &work);
        free(harness_sql(&b->pg, "ALTER ROLE em RESET search_path; DROP SCHEMA elsewhere CASCADE"));
        bench_assert_done(&call);
        assert_string_equal(call.value, old ? "none" : "2s");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_connection_that_died_idle_is_not_noticed_by_work,
                                       bench_renew),
                cmocka_unit_test_setup(a_session_that_was_dismissed_idle_is_not_noticed_by_work,
                                       bench_renew),
                cmocka_unit_test_setup(a_server_that_dies_under_a_statement, bench_renew),
                cmocka_unit_test_setup(a_session_that_became_read_only_is_left, bench_renew),
                cmocka_unit_test_setup(a_server_that_dies_under_a_copy, bench_renew),
                cmocka_unit_test_setup(a_session_that_is_dismissed_between_two_steps, bench_renew),
                cmocka_unit_test_setup(a_session_that_is_dismissed_after_a_copy, bench_renew),
                cmocka_unit_test_setup(a_statement_whose_session_is_dismissed_says_so, bench_renew),
                cmocka_unit_test_setup(an_answer_lost_at_commit_is_unknown, bench_renew),
                cmocka_unit_test_setup(a_server_that_cannot_be_had_says_why_and_keeps_the_secret,
                                       bench_renew),
                cmocka_unit_test_setup(a_read_only_database_serves_when_conninfo_asks_for_it,
                                       bench_renew),
                cmocka_unit_test_setup(a_server_that_leaves_after_the_welcome_is_given_up,
                                       bench_renew),
                cmocka_unit_test_setup(a_server_that_answers_nothing_is_given_up, bench_renew),
                cmocka_unit_test_setup(a_server_that_answers_nothing_is_given_up_by_several,
                                       bench_renew),
                cmocka_unit_test_setup(connections_are_made_side_by_side_once_one_has_served,
                                       bench_renew),
                cmocka_unit_test_setup(a_server_sees_its_client_go_whatever_the_role_defines,
                                       bench_renew),
        };
        return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
