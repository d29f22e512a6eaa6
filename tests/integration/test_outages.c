/*
 * edgemirror run while PostgreSQL or the catalog is away, refuses it, or fails for one edge; and
 * who waits for whom.
 *
 * EDGEMIRROR_OUTAGE_SECONDS (5) is how long both are away in the case that measures the recovery;
 * the delays between attempts grow with it.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "integration/service_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define POSTGRES_LINE "; trying again, at least every 30 s"
#define CATALOG_LINE  "it is asked again at least every 30 s"

/* ---- PostgreSQL ----------------------------------------------------------------------------- */

static void postgres_away_at_the_start_is_said_and_waited_for(void **state)
{
        ServiceWorld *w = *state;
        harness_postgres_stop(&w->pg);
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await(s, "STATUS=PostgreSQL cannot be used", 1);
        harness_postgres_resume(&w->pg);
        harness_service_await_log(s, "PostgreSQL answers again", 1);
        service_await_registered(w);
        harness_service_await(s, "STATUS=Syncing 0 of 4 edges", 1);
        service_stop(w, 0);
        assert_int_equal(harness_service_logged(s, POSTGRES_LINE), 1);
}

static void postgres_away_later_is_one_line_for_all_edges_and_loses_nothing(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 2s");
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 3);
        harness_service_reload(s);
        for (int i = 0; i < 4; i++)
                service_await_phase(w, i, "poll");
        harness_postgres_stop(&w->pg);
        no_faults(w);
        service_release(w);
        harness_service_await(s, "STATUS=PostgreSQL cannot be used", 1);
        harness_postgres_resume(&w->pg);
        await_runs(w, 0, 3, "synced", 1);
        service_assert_mirror_equals_catalog(w, 0, 3);
        assert_int_equal(harness_service_logged(s, POSTGRES_LINE), 1);
        service_stop(w, 0);
        assert_nothing_is_held(w);
}

/* The run is over and could not say so. Its lease does not keep the edge waiting for a minute once
 * PostgreSQL is back. */
static void a_lease_goes_back_as_soon_as_postgres_takes_it(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        service_fault(w, "job", 0, "\"count\":1,\"delay_ms\":600000");
        service_fault(w, "list", 0, "\"status\":403");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        harness_postgres_stop(&w->pg);
        service_release(w);
        harness_service_await_log(s, "the next due time could not be written", 1);
        harness_postgres_resume(&w->pg);
        uint64_t since = clock_monotonic_usec();
        service_await_sql(
                w,
                "SELECT (count(*) = 0)::int FROM edgemirror.edge_claim WHERE holder IS NOT NULL");
        assert_true(clock_monotonic_usec() - since < 35 * USEC_PER_SEC);
        service_stop(w, 0);
}

static void a_schema_that_is_missing_is_waited_for(void **state)
{
        ServiceWorld *w = *state;
        const char *const migrate[] = {"-c", w->config, "migrate", NULL};
        free(harness_sql(&w->pg, "SET client_min_messages = error; DROP PUBLICATION edgemirror;"
                                 " DROP SCHEMA edgemirror CASCADE"));
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await(s, "STATUS=PostgreSQL cannot be used", 1);
        assert_true(harness_service_logged(s, ".conf migrate") > 0);
        assert_int_equal(harness_program(w->folder, migrate), 0);
        harness_service_await_log(s, "PostgreSQL answers again", 1);
        service_await_registered(w);
        service_stop(w, 0);
}

/* The queue does not come across it, so nobody waits for PostgreSQL; and the catalog is not asked
 * for a refresh without end. */
static void a_privilege_that_only_the_apply_needs_is_not_hammered_against(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        free(harness_sql(&w->pg, "REVOKE INSERT ON edgemirror.database_connection FROM em"));
        make_due(w, 0, 0);
        harness_service_reload(s);
        await_runs(w, 0, 0, "failed", 2);
        service_await_sql(w,
                          "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NULL AND "
                          "edge_connection_id = '%s'"
                          " AND next_run_at > now() + interval '20 s'",
                          w->edges[0]);
        assert_int_equal(harness_service_logged(s, POSTGRES_LINE), 0);
        assert_int_equal(requests(w, "refresh", 0, 0), 2);
        free(harness_sql(&w->pg, "GRANT INSERT ON edgemirror.database_connection TO em"));
        make_due(w, 0, 0);
        harness_service_reload(s);
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 0);
}

/* Nor does a run that leaves no trace, though each of them looks like the first that fails. */
static void a_run_whose_end_cannot_be_recorded_is_not_begun_again_at_once(void **state)
{
        ServiceWorld *w = *state;
        (void)service_start(w, 0);
        free(harness_sql(&w->pg, "REVOKE UPDATE ON edgemirror.edge FROM em"));
        free(harness_sql(&w->pg, "SELECT edgemirror.request_sync('e0')"));
        service_await_sql(w,
                          "SELECT count(*) FROM edgemirror.edge_claim JOIN edgemirror.sync_run r "
                          "USING (edge_connection_id) WHERE holder IS NULL AND r.finished_at IS "
                          "NULL AND edge_connection_id = '%s' AND next_run_at > now() + interval "
                          "'5 s'",
                          w->edges[0]);
        assert_int_equal(sql_long(w,
                                  "SELECT count(*) FROM edgemirror.sync_run WHERE NOT by_hand AND "
                                  "edge_connection_id = '%s' AND finished_at IS NULL",
                                  w->edges[0]),
                         1);
        assert_int_equal(requests(w, "refresh", 0, 0), 1);
        free(harness_sql(&w->pg, "GRANT UPDATE ON edgemirror.edge TO em"));
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 0);
}

/* ---- the catalog ---------------------------------------------------------------------------- */

static void stop_catalog(ServiceWorld *w, char port[16])
{
        (void)snprintf(port, 16, "%s", catalog_port(w));
        harness_catalog_stop(&w->catalog);
}

static void a_catalog_away_at_the_start_is_said_and_waited_for(void **state)
{
        ServiceWorld *w = *state;
        char port[16];
        stop_catalog(w, port);
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        service_await_registered(w);
        make_due(w, 0, 3);
        service_start_catalog(w, "20", port);
        await_runs(w, 0, 3, "synced", 1);
        assert_int_equal(harness_service_logged(s, CATALOG_LINE), 1);
        /* nobody tried in vain */
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 4);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 3);
}

static void a_catalog_away_later_is_one_line_for_all_edges(void **state)
{
        ServiceWorld *w = *state;
        char port[16];
        HarnessService *s = service_start(w, 0);
        stop_catalog(w, port);
        make_due(w, 0, 3);
        harness_service_reload(s);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        service_start_catalog(w, "20", port);
        await_runs(w, 0, 3, "synced", 1);
        assert_int_equal(harness_service_logged(s, CATALOG_LINE), 1);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 3);
        assert_nothing_is_held(w);
}

static void a_gateway_that_answers_for_the_catalog_keeps_edges_waiting(void **state)
{
        ServiceWorld *w = *state;
        service_fault(w, "any", -1, "\"status\":503,\"html\":true");
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        service_await_registered(w);
        make_due(w, 0, 3);
        no_faults(w);
        await_runs(w, 0, 3, "synced", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 4);
        service_stop(w, 0);
}

/* C4: Every answer is a page of somebody else's; one line, and all are due when it is over. */
static void a_sign_in_page_is_one_line_for_all_edges(void **state)
{
        static const char *const effects[] = {"\"html\":true",
                                              "\"redirect\":\"https://idp.example/login\""};
        ServiceWorld *w = *state;
        for (int i = 0; i < 2; i++) {
                service_begin_again(w, 20, "20");
                HarnessService *s = service_start(w, 0);
                service_fault(w, "any", -1, effects[i]);
                make_due(w, 0, 19);
                harness_service_reload(s);
                harness_service_await(s, "STATUS=The catalog cannot be used", 1);
                service_await_sql(
                        w, "SELECT (count(*) = 0)::int FROM edgemirror.edge_claim WHERE holder "
                           "IS NOT NULL");
                no_faults(w);
                await_runs(w, 0, 19, "synced", 1);
                assert_int_equal(harness_service_logged(s, "the catalog cannot be used"), 1);
                service_stop(w, 0);
        }
}

/* C3: One 401 in an hour stops nobody. */
static void a_401_for_a_moment_opens_no_breaker(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        service_fault(w, "any", -1, "\"status\":401,\"count\":1");
        make_due(w, 0, 3);
        harness_service_reload(s);
        await_runs(w, 0, 3, "synced", 1);
        assert_int_equal(requests(w, "any", -1, 401), 1);
        assert_int_equal(harness_service_logged(s, "cannot be used"), 0);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome <> 'synced'"),
                0);
        service_stop(w, 0);
}

/* C3: 401 to what one edge asks, and to nobody else: it is said of that edge, and is no outage. */
static void the_401_of_one_edge_is_its_own(void **state)
{
        static const struct {
                const char *kind, *outcome;
        } cases[] = {{"refresh", "synced"} /* as with any refresh that is refused */,
                     {"list", "failed"}};
        ServiceWorld *w = *state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                service_begin_again(w, 4, "4");
                HarnessService *s = service_start(w, 0);
                service_fault(w, cases[i].kind, 1, "\"status\":401");
                make_due(w, 0, 3); /* nothing has been accepted before */
                harness_service_reload(s);
                await_runs(w, 0, 0, "synced", 1);
                await_runs(w, 1, 1, cases[i].outcome, 1);
                await_runs(w, 2, 3, "synced", 1);
                make_due(w, 1, 1); /* alone */
                harness_service_reload(s);
                await_runs(w, 1, 1, cases[i].outcome, 2);
                assert_int_equal(harness_service_logged(s, "cannot be used"), 0);
                assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE "
                                             "error_message IS NOT NULL"
                                             " AND error_message NOT LIKE '%%accepts the same "
                                             "credentials for others%%'"),
                                 0);
                assert_true(sql_long(w,
                                     "SELECT count(*) FROM edgemirror.sync_run WHERE error_code = "
                                     "'catalog-unauthorized'"
                                     " AND edge_connection_id = '%s'",
                                     w->edges[1]) >= 2);
                service_stop(w, 0);
        }
}

/* C8: The catalog says when it wants to be asked again; longer than a request may take is longer
 * than a sync waits. */
static void a_long_retry_after_is_kept_by_all_edges(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->request_timeout, sizeof(w->request_timeout), "2s");
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        service_fault(w, "list", 0, "\"status\":429,\"retry_after\":8,\"count\":1");
        make_due(w, 0, 0);
        harness_service_reload(s);
        harness_service_await(s, "STATUS=The catalog cannot be used", 1);
        await_runs(w, 0, 0, "failed", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE next_run_at"
                                     " BETWEEN now() + interval '2 s' AND now() + interval '9 s'"),
                         1);
        int before = requests(w, "any", -1, 0);
        assert_int_equal(harness_service_logged(s, "it is asked again at "), 1);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_for = 'pause'"),
                1);
        make_due(w, 1, 3);
        /* with the same peers: it is the same catalog, and wants the same pause */
        harness_service_reload(s);
        (void)usleep(5000 * 1000); /* nobody may ask in these five seconds of the eight */
        assert_int_equal(requests(w, "any", -1, 0), before);
        assert_int_equal(harness_service_logged(s, "the catalog cannot be used"), 1);
        await_runs(w, 0, 3, "synced", 1);
        service_stop(w, 0);
}

/* A pause that the catalog wants for one edge, as while its site is away: another edge is asked,
 * and tells that it is no matter of all. What runs goes on, and only that edge waits. */
static void a_long_pause_of_one_edge_is_its_own(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->request_timeout, sizeof(w->request_timeout), "2s");
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        service_control(w, "/control/settings", "{\"job_run_ms\":3000}");
        service_fault(w, "list", 1, "\"status\":503,\"retry_after\":60");
        make_due(w, 0, 0);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        make_due(w, 1, 3); /* of whom the first is the next to be asked whether all is well */
        harness_service_reload(s);
        await_runs(w, 1, 1, "failed", 1);
        await_runs(w, 0, 0, "synced", 1);
        await_runs(w, 2, 3, "synced", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = "
                                     "'aborted'"),
                         0);
        assert_int_equal(requests(w, "list", 1, 503), 1);
        assert_int_equal(sql_long(w,
                                  "SELECT count(*) FROM edgemirror.edge_claim WHERE next_run_at"
                                  " BETWEEN now() + interval '20 s' AND now() + interval '61 s'"),
                         1);
        assert_int_equal(harness_service_logged(s, "the catalog cannot be used"), 0);
        service_stop(w, 0);
}

/* The run gives up, the job goes on: the next run polls it on. */
static void a_job_that_cannot_be_asked_for_is_not_begun_a_second_time(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        service_control(w, "/control/settings", "{\"job_run_ms\":12000}");
        service_fault(w, "job", 0, "\"skip\":1,\"status\":503");
        make_due(w, 0, 0);
        harness_service_reload(s);
        await_runs(w, 0, 0, "failed", 1);
        no_faults(w);
        await_runs(w, 0, 0, "synced", 1);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume'"),
                1);
        assert_int_equal(requests(w, "refresh", 0, 0), 1);
        service_stop(w, 0);
}

/* ---- how soon it goes on -------------------------------------------------------------------- */

static double seconds_since(uint64_t usec)
{
        return (double)(clock_monotonic_usec() - usec) / USEC_PER_SEC;
}

/* The ceiling of the delays, and what a busy machine needs. */
static void who_is_back_is_found_within_thirty_seconds(void **state)
{
        enum { FOUND_SECONDS_MAX = 30 + 5 };
        ServiceWorld *w = *state;
        const char *asked = getenv("EDGEMIRROR_OUTAGE_SECONDS");
        const struct timespec lasting = {.tv_sec = asked ? strtol(asked, NULL, 10) : 5};
        char port[16];
        HarnessService *s = service_start(w, 0);
        stop_catalog(w, port);
        make_due(w, 0, 3);
        harness_service_reload(s);
        harness_service_await_log(s, CATALOG_LINE, 1);
        harness_postgres_stop(&w->pg);
        harness_service_reload(s);
        harness_service_await_log(s, POSTGRES_LINE, 1);
        (void)nanosleep(&lasting, NULL);
        service_start_catalog(w, "20", port);
        uint64_t catalog_usec = clock_monotonic_usec();
        uint64_t postgres_usec = clock_monotonic_usec();
        harness_postgres_resume(&w->pg);
        double catalog = 0, postgres = 0;
        while (catalog == 0 || postgres == 0) {
                const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
                if (catalog == 0 && harness_service_logged(s, "the catalog answers again") > 0)
                        catalog = seconds_since(catalog_usec);
                if (postgres == 0 && harness_service_logged(s, "PostgreSQL answers again") > 0)
                        postgres = seconds_since(postgres_usec);
                assert_true(seconds_since(catalog_usec) < 2 * FOUND_SECONDS_MAX);
                (void)nanosleep(&pause, NULL);
        }
        print_message(
                "# after %ld s: the catalog was found after %.1f s, PostgreSQL after %.1f s\n",
                (long)lasting.tv_sec, catalog, postgres);
        assert_true(catalog < (double)FOUND_SECONDS_MAX);
        assert_true(postgres < (double)FOUND_SECONDS_MAX);
        await_runs(w, 0, 3, "synced", 1);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 3);
}

/* ---- another database ----------------------------------------------------------------------- */

static HarnessPostgres maintenance(const ServiceWorld *w)
{
        HarnessPostgres pg = w->pg;
        (void)snprintf(pg.conninfo, sizeof(pg.conninfo), "host=%s dbname=postgres user=postgres",
                       w->pg.folder);
        return pg;
}

/* Nobody may connect, and nobody is connected. */
static void close_database(ServiceWorld *w)
{
        const HarnessPostgres pg = maintenance(w);
        free(harness_sql(&pg, "ALTER DATABASE test ALLOW_CONNECTIONS false"));
        for (int i = 0; harness_sql_long(&pg, "SELECT count(pg_terminate_backend(pid)) FROM "
                                              "pg_stat_activity WHERE datname = 'test'") > 0;
             i++)
                assert_true(i < 10000);
}

/* From a copy that was made while this instance ran: its signs of life go on there, and nothing
 * but the outage tells it that what it has registered since is lost. */
static void a_database_that_was_restored_is_registered_in_again(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        const HarnessPostgres pg = maintenance(w);
        close_database(w);
        free(harness_sql(&pg, "CREATE DATABASE copy TEMPLATE test OWNER em"));
        free(harness_sql(&pg, "ALTER DATABASE test ALLOW_CONNECTIONS true"));
        (void)snprintf(w->schedule, sizeof(w->schedule), "daily");
        service_write_config(w);
        harness_service_reload(s);
        service_await_sql(w, "SELECT (count(*) = 4)::int FROM edgemirror.edge WHERE schedule = "
                             "'daily'");
        due_in_a_moment(w, s, 1);
        unsigned said = harness_service_logged(s, "PostgreSQL cannot be used");
        close_database(w);
        harness_service_await_log(s, "PostgreSQL cannot be used", said + 1);
        free(harness_sql(&pg, "DROP DATABASE test"));
        free(harness_sql(&pg, "ALTER DATABASE copy RENAME TO test"));
        assert_true(sql_long(w, "SELECT count(*) FROM edgemirror.edge WHERE schedule = 'weekly'") >
                    0);
        service_await_sql(w, "SELECT (count(*) = 4)::int FROM edgemirror.edge WHERE schedule = "
                             "'daily'");
        service_stop(w, 0);
}

/* ---- one edge ------------------------------------------------------------------------------- */

static char *when_others_are_due(ServiceWorld *w)
{
        char sql[300];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT string_agg(next_run_at::text, ' ' ORDER BY edge_connection_id)"
                       " FROM edgemirror.edge_claim WHERE edge_connection_id <> '%s'",
                       w->edges[0]);
        return harness_sql(&w->pg, sql);
}

static void fail_once(ServiceWorld *w, HarnessService *s, const char *kind, const char *members,
                      int n, const char *when)
{
        no_faults(w);
        service_fault(w, kind, 0, members);
        make_due(w, 0, 0);
        harness_service_reload(s);
        await_runs(w, 0, 0, "failed", n);
        service_await_sql(w,
                          "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NULL AND "
                          "edge_connection_id = '%s' AND next_run_at %s",
                          w->edges[0], when);
        assert_int_equal(
                sql_long(w, "SELECT consecutive_failures FROM edgemirror.edge WHERE name = 'e0'"),
                n);
}

static void an_edge_that_fails_backs_off_and_shifts_no_other(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        char *before = when_others_are_due(w);
        /* its next tick */
        fail_once(w, s, "list", "\"body\":\"{\\\"results\\\":5}\"", 1, "> now()");
        fail_once(w, s, "list", "\"status\":500", 2,
                  "BETWEEN now() + interval '30 s' AND now() + interval '2 min'");
        char *after = when_others_are_due(w);
        assert_string_equal(after, before);
        free(before);
        free(after);
        no_faults(w);
        make_due(w, 0, 0);
        harness_service_reload(s);
        await_runs(w, 0, 0, "synced", 1);
        assert_int_equal(
                sql_long(w, "SELECT consecutive_failures FROM edgemirror.edge WHERE name = 'e0'"),
                0);
        service_stop(w, 0);
}

/* The list of the edge that is asked for first never comes; 504 is what a gateway says of a list
 * that takes too long. */
static void an_edge_whose_list_fails_does_not_shut_out_the_others(void **state)
{
        ServiceWorld *w = *state;
        service_fault(w, "list", 0, "\"status\":504");
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        make_due(w, 0, 3);
        harness_service_reload(s);
        await_runs(w, 1, 3, "synced", 1);
        await_runs(w, 0, 0, "failed", 1);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 1, 3);
}

/* One with a job that never ends, one with a long list of slow pages, and twenty small ones. */
static void the_slow_do_not_keep_the_small_waiting(void **state)
{
        ServiceWorld *w = *state;
        service_begin_again(w, 22, "20,50000,20");
        (void)snprintf(w->in_catalog, sizeof(w->in_catalog), "max_requests = 2");
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "max_syncs = 4");
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        service_fault(w, "refresh", 0, "\"never_ends\":true");
        service_fault(w, "list", 1, "\"delay_ms\":500");
        make_due(w, 0, 1);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        service_await_phase(w, 1, "list");
        make_due(w, 2, 21);
        harness_service_reload(s);
        await_runs(w, 2, 21, "synced", 1);
        service_await_phase(w, 0, "poll");
        service_await_phase(w, 1, "list");
        cJSON *catalog = harness_control(&w->catalog, "/control/state", NULL);
        assert_in_range((int)cJSON_GetNumberValue(cJSON_GetObjectItem(catalog, "inFlightMax")), 1,
                        2);
        cJSON_Delete(catalog);
        no_faults(w);
        await_runs(w, 1, 1, "synced", 1);
        service_assert_mirror_equals_catalog(w, 1, 21);
        service_stop(w, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(postgres_away_at_the_start_is_said_and_waited_for,
                                       few_edges),
                cmocka_unit_test_setup(
                        postgres_away_later_is_one_line_for_all_edges_and_loses_nothing, few_edges),
                cmocka_unit_test_setup(a_lease_goes_back_as_soon_as_postgres_takes_it, few_edges),
                cmocka_unit_test_setup(a_schema_that_is_missing_is_waited_for, few_edges),
                cmocka_unit_test_setup(
                        a_privilege_that_only_the_apply_needs_is_not_hammered_against, few_edges),
                cmocka_unit_test_setup(
                        a_run_whose_end_cannot_be_recorded_is_not_begun_again_at_once, few_edges),
                cmocka_unit_test_setup(a_catalog_away_at_the_start_is_said_and_waited_for,
                                       few_edges),
                cmocka_unit_test_setup(a_catalog_away_later_is_one_line_for_all_edges, few_edges),
                cmocka_unit_test_setup(a_gateway_that_answers_for_the_catalog_keeps_edges_waiting,
                                       few_edges),
                cmocka_unit_test_setup(a_sign_in_page_is_one_line_for_all_edges, few_edges),
                cmocka_unit_test_setup(a_401_for_a_moment_opens_no_breaker, few_edges),
                cmocka_unit_test(the_401_of_one_edge_is_its_own),
                cmocka_unit_test_setup(a_long_retry_after_is_kept_by_all_edges, few_edges),
                cmocka_unit_test_setup(a_long_pause_of_one_edge_is_its_own, few_edges),
                cmocka_unit_test_setup(a_job_that_cannot_be_asked_for_is_not_begun_a_second_time,
                                       few_edges),
                cmocka_unit_test_setup(who_is_back_is_found_within_thirty_seconds, few_edges),
                cmocka_unit_test_setup(a_database_that_was_restored_is_registered_in_again,
                                       few_edges),
                cmocka_unit_test_setup(an_edge_that_fails_backs_off_and_shifts_no_other, few_edges),
                cmocka_unit_test_setup(an_edge_whose_list_fails_does_not_shut_out_the_others,
                                       few_edges),
                cmocka_unit_test(the_slow_do_not_keep_the_small_waiting),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
