/*
 * edgemirror run while credentials are refused, and changed: those of the catalog, and the password
 * of PostgreSQL.
 */
#include "base/fault.h"
#include "integration/service_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int many_edges(void **state)
{
        service_begin_again(*state, 20, "20");
        return 0;
}

/* Twice, a moment apart, since a 401 may pass (C3); by nobody else. */
static void a_wrong_password_is_tried_twice(void **state)
{
        ServiceWorld *w = *state;
        write_password(w, "wrong");
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        service_await_registered(w);
        make_due(w, 0, 19);
        write_password(w, SECRET); /* nothing tells the service */
        await_runs(w, 0, 19, "synced", 1);
        assert_int_equal(requests(w, "any", -1, 401), 2);
        assert_int_equal(harness_service_logged(s, "as soon as the credentials on disk change"), 1);
        service_stop(w, 0);
}

/* What is in flight when the first refusal arrives is refused as well; once the breaker is open
 * nobody tries. */
static void a_password_that_is_revoked_opens_the_breaker_until_it_is_changed(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_catalog, sizeof(w->in_catalog), "max_requests = 2");
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        service_control(w, "/control/settings", "{\"auth\":\"basic:svc:another\"}");
        make_due(w, 0, 19);
        harness_service_reload(s);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        service_await_sql(
                w,
                "SELECT (count(*) = 0)::int FROM edgemirror.edge_claim WHERE holder IS NOT NULL");
        int refused = requests(w, "any", -1, 401);
        assert_in_range(refused, 1, 20);
        assert_int_equal(harness_service_logged(s, "as soon as the credentials on disk change"), 1);
        write_password(w, "another");
        harness_service_reload(s);
        await_runs(w, 0, 19, "synced", 1);
        assert_int_equal(requests(w, "any", -1, 401), refused);
        service_assert_mirror_equals_catalog(w, 0, 19);
        service_stop(w, 0);
}

static void a_reload_to_a_wrong_account_leaves_running_syncs_alone(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"count\":1,\"delay_ms\":600000");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        (void)snprintf(w->user, sizeof(w->user), "nobody");
        service_write_config(w);
        harness_service_reload(s);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        service_release(w);
        await_runs(w, 0, 0, "synced", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 1);
        service_stop(w, 0);
}

static int as_credential(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", w->folder, 1), 0);
        assert_int_equal(setenv("EDGEMIRROR_CATALOG_PASSWORD_FILE", "credential:password", 1), 0);
        return few_edges(state);
}

static int as_file(void **state _unused_)
{
        return unsetenv("CREDENTIALS_DIRECTORY") | unsetenv("EDGEMIRROR_CATALOG_PASSWORD_FILE");
}

static void assert_told(ServiceWorld *w, const char *words, bool expected)
{
        _cleanup_(cleanup_free) char *out = harness_read(w->folder, "out");
        assert_int_equal(strstr(out, words) != NULL, expected);
}

/* The service has the copy that systemd made when it started, commands have that of now. */
static void log_status_and_check_tell_when_a_corrected_secret_is_taken(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "migrate", NULL, NULL), 0);
        assert_int_equal(service_program(w, "check", NULL, NULL), 0);
        assert_told(w, SECRET_RENEWAL, false); /* nobody runs */
        HarnessService *s = service_start(w, 0);
        assert_int_equal(service_program(w, "check", NULL, NULL), 0);
        assert_told(w, "\nnote    secrets ", true);
        assert_told(w, SECRET_RENEWAL, true);
        service_control(w, "/control/settings", "{\"auth\":\"basic:svc:another\"}");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_sql(
                w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_for = 'credentials'");
        assert_true(harness_service_logged(s, SECRET_RENEWAL) >= 1);
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_told(w, SECRET_RENEWAL, true);
        service_stop(w, 0);
}

/* How PostgreSQL knows the service: "trust", or "scram-sha-256". The tests themselves are always
 * trusted. */
static void let_in_by(ServiceWorld *w, const char *method)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/data/pg_hba.conf", w->pg.folder);
        FILE *file = fopen(path, "we"); /* stays the server's own */
        assert_non_null(file);
        assert_true(fprintf(file, "local all postgres trust\nlocal all all %s\n", method) > 0);
        assert_int_equal(fclose(file), 0);
        free(harness_sql(&w->pg, "SELECT pg_reload_conf()"));
}

static int trust_again(void **state)
{
        let_in_by(*state, "trust");
        return 0;
}

static void write_postgres_password(ServiceWorld *w, const char *password)
{
        char line[64];
        (void)snprintf(line, sizeof(line), "%s\n", password);
        harness_write(w->folder, "postgres.password", line);
}

static void set_postgres_password(ServiceWorld *w, const char *password)
{
        char sql[128];
        /* which is not what PostgreSQL 13 takes by itself */
        (void)snprintf(sql, sizeof(sql),
                       "SET password_encryption = 'scram-sha-256'; ALTER ROLE em PASSWORD '%s'",
                       password);
        free(harness_sql(&w->pg, sql));
}

static void cut_connections(ServiceWorld *w)
{
        long now = sql_long(w, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
        assert_true(sql_long(w, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                "WHERE usename = 'em'") > 0);
        service_await_sql(w,
                          "SELECT (count(*) = 0)::int FROM pg_stat_activity WHERE usename = 'em'"
                          " AND extract(epoch FROM backend_start) * 1000 < %ld",
                          now);
}

static void the_password_of_postgres_may_change_while_the_service_runs(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_postgres, sizeof(w->in_postgres),
                       "password_file = %s/postgres.password", w->folder);
        service_write_config(w);
        write_postgres_password(w, "the first");
        set_postgres_password(w, "the first");
        let_in_by(w, "scram-sha-256");
        HarnessService *s = service_start(w, 0);

        due_in_a_moment(w, s, 0);
        write_postgres_password(w, "the second");
        set_postgres_password(w, "the second");
        cut_connections(w);
        await_runs(w, 0, 0, "synced", 1);

        due_in_a_moment(w, s, 1);
        set_postgres_password(w, "the third"); /* and the file has it only later */
        cut_connections(w);
        harness_service_await(
                s, "STATUS=PostgreSQL cannot be used: PostgreSQL: password authentication failed",
                1);
        write_postgres_password(w, "the third");
        await_runs(w, 1, 1, "synced", 1);
        service_assert_mirror_equals_catalog(w, 0, 1);
        service_stop(w, 0);
        assert_nothing_is_held(w);
        assert_int_equal(harness_service_logged(s, "the first") +
                                 harness_service_logged(s, "the second") +
                                 harness_service_logged(s, "the third"),
                         0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_wrong_password_is_tried_twice, many_edges),
                cmocka_unit_test_setup(
                        a_password_that_is_revoked_opens_the_breaker_until_it_is_changed,
                        many_edges),
                cmocka_unit_test_setup(a_reload_to_a_wrong_account_leaves_running_syncs_alone,
                                       few_edges),
                cmocka_unit_test_setup_teardown(
                        log_status_and_check_tell_when_a_corrected_secret_is_taken, as_credential,
                        as_file),
                cmocka_unit_test_setup_teardown(
                        the_password_of_postgres_may_change_while_the_service_runs, few_edges,
                        trust_again),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
