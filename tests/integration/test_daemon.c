/*
 * edgemirror run, one instance: when it is ready, what it syncs, how it is reloaded and how it
 * stops.
 */
#include "integration/service_world.h"
#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long runs_of(ServiceWorld *w, int edge)
{
        return sql_long(w,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE edge_connection_id = '%s'",
                        w->edges[edge]);
}

static bool is_due_later(ServiceWorld *w, int edge)
{
        return sql_long(w,
                        "SELECT count(*) FROM edgemirror.edge_claim WHERE next_run_at > now() AND "
                        "edge_connection_id = '%s'",
                        w->edges[edge]) == 1;
}

/* The queue was asked after this call: an edge that is due then, and nobody holds, is under way. */
static void reload_and_sync(ServiceWorld *w, HarnessService *s, int edge)
{
        long before = runs_of(w, edge);
        make_due(w, edge, edge);
        harness_service_reload(s);
        service_await_sql(
                w,
                "SELECT (count(*) > %ld)::int FROM edgemirror.sync_run WHERE edge_connection_id "
                "= '%s'"
                " AND outcome = 'synced'",
                before, w->edges[edge]);
}

/* ---- beginning ------------------------------------------------------------------------------ */

static void ready_is_said_once_the_edges_are_registered(void **state)
{
        ServiceWorld *w = *state;
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.edge");
        HarnessService *s = service_begin(w, 0);
        service_await_sql(
                w,
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'edgemirror/%%' "
                "AND wait_event_type = 'Lock'");
        assert_int_equal(harness_service_said(s, "READY=1"), 0);
        PQfinish(lock);
        harness_service_await(s, "READY=1", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge e JOIN "
                                     "edgemirror.edge_claim USING (edge_connection_id)"
                                     " WHERE enabled AND next_run_at > now()"),
                         4);
        harness_service_await(s, "STATUS=Syncing 0 of 4 edges; next: ", 1);
        service_stop(w, 0);
        assert_int_equal(harness_service_said(s, "STOPPING=1"), 1);
        assert_int_equal(harness_service_said(s, "READY=1"), 1);
}

static void a_service_without_scheduled_edges_is_ready_and_takes_one_by_a_reload(void **state)
{
        ServiceWorld *w = *state;
        w->n_configured = 1;
        service_write_config(w);
        FILE *f = fopen(w->config, "a"); /* its last section is the edge's */
        assert_non_null(f);
        assert_true(fputs("enabled = no\n", f) >= 0);
        assert_int_equal(fclose(f), 0);
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await(s, "STATUS=Syncing 0 of 1 edge; next: nothing is scheduled", 1);
        assert_int_equal(requests(w, "any", -1, 0), 0);
        service_write_config(w);
        harness_service_reload(s);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.edge WHERE enabled");
        reload_and_sync(w, s, 0);
        service_stop(w, 0);
}

static void the_watchdog_is_fed(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = &w->services[0];
        harness_service_start(s, w->folder, "run0", w->config, true, 300000);
        harness_service_await(s, "WATCHDOG=1", 3);
        service_stop(w, 0);
}

/* ---- what is due ---------------------------------------------------------------------------- */

static void edges_are_synced_when_they_are_due_and_not_before(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        make_due(w, 0, 1);
        harness_service_reload(s);
        await_runs(w, 0, 1, "synced", 1);
        service_assert_mirror_equals_catalog(w, 0, 1);
        service_stop(w, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 2);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'schedule'"),
                2);
        for (int i = 0; i < 4; i++)
                assert_true(is_due_later(w, i));
        assert_int_equal(requests(w, "refresh", 0, 202), 1);
        assert_int_equal(requests(w, "refresh", 2, 0), 0);
        assert_nothing_is_held(w);
}

static void a_tick_that_passes_meanwhile_does_not_start_a_second_sync(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000,\"count\":1");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        make_due(w, 0, 0);
        reload_and_sync(w, s, 1);
        assert_int_equal(runs_of(w, 0), 1);
        assert_int_equal(requests(w, "refresh", 0, 0), 1);
        service_stop(w, 0);
        assert_int_equal(runs_of(w, 0), 1);
}

static void what_is_not_configured_is_disabled_and_keeps_its_rows(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        make_due(w, 0, 3);
        harness_service_reload(s);
        await_runs(w, 0, 3, "synced", 1);
        w->n_configured = 2;
        service_write_config(w);
        harness_service_reload(s);
        service_await_sql(w, "SELECT (count(*) = 2)::int FROM edgemirror.edge WHERE NOT enabled");
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE next_run_at IS NULL"),
                2);
        service_assert_mirror_equals_catalog(w, 0, 3);
        w->n_configured = 4;
        service_write_config(w);
        harness_service_reload(s);
        service_await_sql(
                w, "SELECT (count(*) = 4)::int FROM edgemirror.edge_claim JOIN edgemirror.edge "
                   "USING (edge_connection_id)"
                   " WHERE enabled AND next_run_at > now()");
        service_stop(w, 0);
}

static void an_edge_that_is_disabled_while_it_is_synced_is_not_due_again(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        /* the claim waits; the lease is taken */
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.sync_run");
        make_due(w, 3, 3);
        harness_service_reload(s);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL");
        w->n_configured = 3;
        service_write_config(w);
        harness_service_reload(s);
        PQfinish(lock);
        await_runs(w, 3, 3, "synced", 1); /* with what it began with */
        service_await_sql(w, "SELECT count(*) FROM edgemirror.edge WHERE NOT enabled");
        service_await_sql(
                w,
                "SELECT (count(*) = 0)::int FROM edgemirror.edge_claim WHERE holder IS NOT NULL");
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE next_run_at IS NULL"),
                1);
        service_assert_mirror_equals_catalog(w, 3, 3);
        service_stop(w, 0);
}

static void a_new_schedule_is_in_force_after_a_reload(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        char *config = harness_read(w->folder, "edgemirror.conf");
        char *weekly = strstr(config, "schedule = weekly");
        assert_non_null(weekly);
        memcpy(weekly, "schedule = hourly", strlen("schedule = hourly"));
        harness_write(w->folder, "edgemirror.conf", config);
        free(config);
        harness_service_reload(s);
        /* that of before may be within the hour, too */
        service_await_sql(w, "SELECT (count(*) = 4)::int FROM edgemirror.edge_claim JOIN "
                             "edgemirror.edge USING (edge_connection_id) WHERE schedule = 'hourly' "
                             "AND next_run_at BETWEEN now() AND"
                             " now() + interval '1 hour' AND extract(minute FROM next_run_at) = 0");
        service_stop(w, 0);
}

/* ---- reload --------------------------------------------------------------------------------- */

static void a_bad_file_is_refused_whole_and_the_service_goes_on(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        char *good = harness_read(w->folder, "edgemirror.conf");
        harness_write(w->folder, "edgemirror.conf",
                      "[catalog]\nurl = nonsense\n[daemon]\nmax_syncs = many\n");
        harness_service_reload(s);
        assert_int_equal(harness_service_said(s, "RELOADING=1"), 1);
        assert_true(harness_service_logged(s, "edgemirror.conf:2") > 0);
        assert_true(harness_service_logged(s, "edgemirror.conf:4") > 0);
        assert_int_equal(
                harness_service_logged(s, "reload failed, keeping the previous configuration"), 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge WHERE enabled"), 4);
        harness_write(w->folder, "edgemirror.conf", good);
        free(good);
        reload_and_sync(w, s, 0);
        service_assert_mirror_equals_catalog(w, 0, 0);
        service_stop(w, 0);
}

static void a_running_sync_finishes_with_the_catalog_that_it_began_with(void **state)
{
        ServiceWorld *w = *state;
        HarnessCatalog old;
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"count\":1,\"delay_ms\":600000");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        old = w->catalog;
        w->catalog = (HarnessCatalog){0};
        service_start_catalog(w, "33", "0"); /* the same edges, other rows; and another password */
        service_control(w, "/control/settings", "{\"auth\":\"basic:svc:another\"}");
        write_password(w, "another");
        (void)snprintf(w->url, sizeof(w->url), "%s", w->catalog.url);
        /* A database belongs to one catalog; this one is said to have moved. */
        (void)sql_long(w,
                       "WITH moved AS (UPDATE edgemirror.catalog SET url = '%s' RETURNING 1) "
                       "SELECT count(*) FROM moved",
                       w->url);
        service_write_config(w);
        harness_service_reload(s);
        reload_and_sync(w, s, 1);
        service_assert_mirror_equals_catalog(w, 1, 1);
        cJSON_Delete(harness_control(&old, "/control/release", "{}"));
        await_runs(w, 0, 0, "synced", 1);
        assert_int_equal(
                sql_long(w,
                         "SELECT listed FROM edgemirror.sync_run WHERE edge_connection_id = '%s'",
                         w->edges[0]),
                20);
        assert_int_equal(requests(w, "refresh", 0, 0), 0);
        reload_and_sync(w, s, 0);
        assert_int_equal(requests(w, "refresh", 0, 202), 1);
        service_stop(w, 0);
        harness_catalog_stop(&old);
}

/* What a sync hears that began with the account of before says nothing about the present one. */
static void a_refusal_of_the_account_of_before_does_not_hold_up_the_others(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"count\":1,\"delay_ms\":600000,\"status\":503");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        service_control(w, "/control/settings", "{\"auth\":\"basic:svc2:" SECRET "\"}");
        (void)snprintf(w->user, sizeof(w->user), "svc2");
        service_write_config(w);
        harness_service_reload(s);
        service_release(w);
        await_runs(w, 0, 0, "failed", 1);
        reload_and_sync(w, s, 1);
        assert_int_equal(harness_service_logged(s, "the catalog cannot be used"), 0);
        service_stop(w, 0);
}

/* From now on whoever takes a lease waits for the advisory lock 1, which the session holds. */
static PGconn *hold_up_leases(ServiceWorld *w)
{
        free(harness_sql(
                &w->pg,
                "CREATE FUNCTION public.wait_a_while() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;"
                "CREATE TRIGGER wait_a_while BEFORE UPDATE ON edgemirror.edge_claim FOR EACH ROW"
                " WHEN (OLD.holder IS NULL AND NEW.holder IS NOT NULL)"
                " EXECUTE FUNCTION public.wait_a_while()"));
        return hold(w, "SELECT pg_advisory_lock(1)");
}

/* A reload to a database of that name, while leases of the one of before are being taken, which the
 * session that is returned holds up. */
static PGconn *leave_the_database(ServiceWorld *w, const char *name)
{
        const char *const migrate[] = {"-c", w->config, "migrate", NULL};
        char create[64];
        (void)snprintf(create, sizeof(create), "CREATE DATABASE %s OWNER em", name);
        free(harness_sql(&w->pg, create));
        HarnessService *s = service_start(w, 0);
        PGconn *lock = hold_up_leases(w);
        make_due(w, 0, 1);
        harness_service_reload(s);
        service_await_sql(
                w, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
        (void)snprintf(w->conninfo, sizeof(w->conninfo), "host=%s dbname=%s user=em", w->pg.folder,
                       name);
        (void)snprintf(w->pg.conninfo, sizeof(w->pg.conninfo), "host=%s dbname=%s user=postgres",
                       w->pg.folder, name);
        service_write_config(w);
        assert_int_equal(harness_program(w->folder, migrate), 0);
        harness_service_reload(s);
        return lock;
}

/* What was taken from the old database goes back to it, and is not run against the new one. */
static void a_reload_may_change_the_database(void **state)
{
        ServiceWorld *w = *state;
        const HarnessPostgres first = w->pg;
        PGconn *lock = leave_the_database(w, "other");
        PQfinish(lock);
        service_await_sql(
                w,
                "SELECT (count(*) = 4)::int FROM edgemirror.edge_claim WHERE next_run_at > now()");
        reload_and_sync(w, &w->services[0], 2);
        service_assert_mirror_equals_catalog(w, 2, 2);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 1);
        w->pg = first;
        service_await_sql(
                w, "SELECT (count(*) = 2)::int FROM edgemirror.edge_claim WHERE epoch > 0 AND "
                   "holder IS NULL");
        assert_int_equal(
                sql_long(w,
                         "SELECT count(*) FROM edgemirror.edge_claim WHERE next_run_at <= now()"),
                2);
        assert_nothing_is_held(w);
        service_stop(w, 0);
}

/* And what becomes of it there says nothing of the new one. */
static void a_database_that_was_left_is_not_reported(void **state)
{
        ServiceWorld *w = *state;
        const HarnessPostgres first = w->pg;
        PGconn *lock = leave_the_database(w, "another");
        free(harness_sql(&w->pg, "ALTER DATABASE test ALLOW_CONNECTIONS false"));
        free(harness_sql(&w->pg, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                 "WHERE datname = 'test' AND usename = 'em'"));
        service_await_sql(
                w,
                "SELECT (count(*) = 4)::int FROM edgemirror.edge_claim WHERE next_run_at > now()");
        reload_and_sync(w, &w->services[0], 2);
        assert_int_equal(harness_service_logged(&w->services[0], "PostgreSQL"), 0);
        free(harness_sql(&w->pg, "ALTER DATABASE test ALLOW_CONNECTIONS true"));
        PQfinish(lock);
        w->pg = first;
        service_stop(w, 0);
}

/* ---- stop ----------------------------------------------------------------------------------- */

typedef struct StopCase {
        const char *phase, *kind, *members;
        int posts;           /* in all, the next start included */
        const char *trigger; /* of the run of the next start */
} StopCase;

static void stop_in_the_middle(ServiceWorld *w, const StopCase *c)
{
        service_begin_again(w, 2, "20");
        HarnessService *s = service_start(w, 0);
        PGconn *lock = NULL;
        if (c->kind)
                service_fault(w, c->kind, -1, c->members);
        else
                lock = hold(w, "BEGIN; LOCK TABLE edgemirror.database_connection");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, c->phase);
        service_stop(w, 0);
        assert_int_equal(harness_service_said(s, "STOPPING=1"), 1);
        assert_int_equal(harness_service_logged(s, "within stop_timeout"), 0);
        assert_nothing_is_held(w);
        assert_int_equal(
                sql_long(w,
                         "SELECT count(*) FROM edgemirror.edge_claim WHERE next_run_at <= now()"),
                1);
        assert_int_equal(sql_long(w,
                                  "SELECT consecutive_failures FROM edgemirror.edge WHERE "
                                  "edge_connection_id = '%s'",
                                  w->edges[0]),
                         0);

        no_faults(w);
        if (lock)
                PQfinish(lock);
        (void)service_start(w, 0);
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 0);
        assert_int_equal(runs_of(w, 0), 2);
        assert_int_equal(requests(w, "refresh", 0, 0), c->posts);
        assert_int_equal(sql_long(w,
                                  "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = "
                                  "'synced' AND trigger = '%s'",
                                  c->trigger),
                         1);
}

static void a_stop_in_any_phase_is_prompt_and_the_next_start_goes_on(void **state)
{
        ServiceWorld *w = *state;
        static const StopCase cases[] = {
                {"refresh", "refresh", "\"delay_ms\":600000", 1,
                 "schedule"}, /* the one that was cut off is not in the log */
                {"poll", "job", "\"delay_ms\":600000", 1, "resume"},
                {"list", "list", "\"delay_ms\":600000", 2, "schedule"},
                {"apply", NULL, NULL, 2, "schedule"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# stop in %s\n", cases[i].phase);
                stop_in_the_middle(w, &cases[i]);
        }
}

/* The end of the run cannot be written: somebody has locked the journal. */
static PGconn *stop_that_hangs(ServiceWorld *w, HarnessService *s)
{
        service_fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.sync_run");
        harness_service_signal(s, SIGTERM);
        harness_service_await(s, "STOPPING=1", 1);
        return lock;
}

static void assert_the_next_start_takes_over(ServiceWorld *w, PGconn *lock)
{
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                1);
        /* the statement that waited for it may succeed now, although its client has gone */
        PQfinish(lock);
        no_faults(w);
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.edge_claim SET expires_at = now() WHERE holder IS NOT NULL"));
        (void)service_start(w, 0);
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 0);
        assert_nothing_is_held(w);
        service_assert_mirror_equals_catalog(w, 0, 0);
        assert_int_equal(requests(w, "refresh", 0, 0), 1);
}

static void a_second_signal_ends_it_at_once(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        PGconn *lock = stop_that_hangs(w, s);
        harness_service_signal(s, SIGTERM);
        assert_int_equal(harness_service_wait(s), 0);
        assert_int_equal(harness_service_logged(s, "second signal (SIGTERM): ending at once"), 1);
        assert_the_next_start_takes_over(w, lock);
}

static void stop_timeout_bounds_a_stop(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "stop_timeout = 1s");
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        PGconn *lock = stop_that_hangs(w, s);
        assert_int_equal(harness_service_wait(s), 0);
        assert_int_equal(
                harness_service_logged(
                        s, "1 sync could not be ended within stop_timeout; nothing to do,"),
                1);
        assert_the_next_start_takes_over(w, lock);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(ready_is_said_once_the_edges_are_registered, few_edges),
                cmocka_unit_test_setup(
                        a_service_without_scheduled_edges_is_ready_and_takes_one_by_a_reload,
                        few_edges),
                cmocka_unit_test_setup(the_watchdog_is_fed, few_edges),
                cmocka_unit_test_setup(edges_are_synced_when_they_are_due_and_not_before,
                                       few_edges),
                cmocka_unit_test_setup(a_tick_that_passes_meanwhile_does_not_start_a_second_sync,
                                       few_edges),
                cmocka_unit_test_setup(what_is_not_configured_is_disabled_and_keeps_its_rows,
                                       few_edges),
                cmocka_unit_test_setup(an_edge_that_is_disabled_while_it_is_synced_is_not_due_again,
                                       few_edges),
                cmocka_unit_test_setup(a_new_schedule_is_in_force_after_a_reload, few_edges),
                cmocka_unit_test_setup(a_bad_file_is_refused_whole_and_the_service_goes_on,
                                       few_edges),
                cmocka_unit_test_setup(a_running_sync_finishes_with_the_catalog_that_it_began_with,
                                       few_edges),
                cmocka_unit_test_setup(
                        a_refusal_of_the_account_of_before_does_not_hold_up_the_others, few_edges),
                cmocka_unit_test_setup(a_reload_may_change_the_database, few_edges),
                cmocka_unit_test_setup(a_database_that_was_left_is_not_reported, few_edges),
                cmocka_unit_test(a_stop_in_any_phase_is_prompt_and_the_next_start_goes_on),
                cmocka_unit_test_setup(a_second_signal_ends_it_at_once, few_edges),
                cmocka_unit_test_setup(stop_timeout_bounds_a_stop, few_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
