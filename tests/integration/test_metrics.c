/*
 * /metrics of the real service: everything is there with zeros at the start, and moves when the
 * thing happens that it counts. What the last test looks at is that all of them have.
 */
#include "base/cleanup.h"
#include "base/metric.h"
#include "harness/web.h"
#include "integration/service_world.h"
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool has_moved[METRICS_COUNT];

static const char *where(const ServiceWorld *w)
{
        static char path[sizeof(w->folder) + 16];
        (void)snprintf(path, sizeof(path), "%s/monitor", w->folder);
        return path;
}

/* The service, with `further` lines for [monitor]. */
static HarnessService *start(ServiceWorld *w, const char *further)
{
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s\n%s", where(w), further);
        service_write_config(w);
        return service_start(w, 0);
}

static char *scrape(ServiceWorld *w)
{
        _cleanup_(cleanup_free) char *answer = web_get(where(w), "/metrics");
        if (web_status(answer) != 200)
                fail_msg("no metrics, but:\n%s", answer);
        assert_non_null(
                strcasestr(answer, "content-type: text/plain; version=0.0.4; charset=utf-8"));
        char *body = strdup(web_body(answer));
        assert_non_null(body);
        return body;
}

/* NAN: the series is not there. */
static double value_in(const char *text, const char *series)
{
        size_t size = strlen(series);
        for (const char *at = text; (at = strstr(at, series)); at += size)
                if ((at == text || at[-1] == '\n') && at[size] == ' ')
                        return strtod(at + size, NULL);
        return NAN;
}

static double value(ServiceWorld *w, const char *series)
{
        _cleanup_(cleanup_free) char *text = scrape(w);
        return value_in(text, series);
}

static bool row_has_moved(const char *text, Metric m)
{
        const MetricRow row = metric_row(m);
        char begin[128];
        (void)snprintf(begin, sizeof(begin), "\n%s", row.name);
        for (const char *at = text; (at = strstr(at, begin)); at++) {
                const char *after = at + strlen(begin);
                const char *end = strchr(at + 1, '\n');
                const char *number = memrchr(at + 1, ' ', (size_t)(end - at - 1));
                if ((*after == ' ' || *after == '{' || strncmp(after, "_count ", 7) == 0) &&
                    strtod(number, NULL) != 0)
                        return true;
        }
        return false;
}

static void note_what_moved(ServiceWorld *w)
{
        _cleanup_(cleanup_free) char *text = scrape(w);
        for (unsigned m = 0; m < METRICS_COUNT; m++)
                has_moved[m] = has_moved[m] || row_has_moved(text, (Metric)m);
}

/* Until it is at least that. */
static void await_least(ServiceWorld *w, const char *series, double least)
{
        for (int i = 0; i < 6000; i++) {
                if (value(w, series) >= least)
                        return;
                (void)usleep(10000);
        }
        _cleanup_(cleanup_free) char *text = scrape(w);
        fail_msg("%s is not %g:\n%s", series, least, text);
}

static void await_zero(ServiceWorld *w, const char *series)
{
        for (int i = 0; i < 6000 && value(w, series) != 0; i++)
                (void)usleep(10000);
        assert_true(value(w, series) == 0);
}

static void await_observed(ServiceWorld *w)
{
        await_least(w, "edgemirror_mirror_observed_timestamp_seconds", 1);
}

static void sync_now(ServiceWorld *w, int first, int last)
{
        make_due(w, first, last);
        harness_service_signal(&w->services[0], SIGHUP);
}

static void stop(ServiceWorld *w)
{
        note_what_moved(w);
        service_stop(w, 0);
}

/* ---- the start ------------------------------------------------------------------------------ */

static void assert_is_zero(const char *text, Metric m)
{
        char begin[128], series[256];
        const MetricRow row = metric_row(m);
        (void)snprintf(begin, sizeof(begin), "# TYPE %s ", row.name);
        assert_non_null(strstr(text, begin));
        bool moves_by_itself = strncmp(row.name, "process_", 8) == 0 || m == METRIC_LOG_MESSAGES ||
                               m == METRIC_CATALOG_REQUESTS || m == METRIC_CATALOG_RESPONSES ||
                               m == METRIC_CATALOG_RECEIVED_BYTES;
        for (unsigned i = 0; i < row.n_values && row.kind == METRIC_COUNTER; i++) {
                if (!metric_label_value(m, i))
                        continue;
                (void)snprintf(series, sizeof(series), row.label ? "%s{%s=\"%s\"}" : "%s", row.name,
                               row.label, metric_label_value(m, i));
                double is = value_in(text, series);
                if (isnan(is) || (is != 0 && !moves_by_itself))
                        fail_msg("%s is %g at the start", series, is);
        }
}

static void all_of_it_is_there_with_zeros_at_the_start(void **state)
{
        ServiceWorld *w = *state;
        (void)start(w, "");
        _cleanup_(cleanup_free) char *first = scrape(w);
        for (unsigned m = 0; m < METRICS_COUNT; m++)
                assert_is_zero(first, (Metric)m);
        assert_true(value_in(first, "edgemirror_sync_duration_seconds_count") == 0);
        assert_true(value_in(first, "edgemirror_edges_configured") == 4);
        assert_true(value_in(first, "edgemirror_edges_discovered") == 0);
        assert_true(value_in(first, "edgemirror_catalog_up") == 1);
        assert_true(value_in(first, "edgemirror_postgres_up") == 1);
        assert_true(value_in(first, "edgemirror_config_reload_successful") == 1);
        double now = (double)time(NULL);
        assert_true(fabs(value_in(first, "process_start_time_seconds") - now) < 120);
        assert_true(fabs(value_in(first, "edgemirror_config_reload_success_timestamp_seconds") -
                         now) < 120);
        /* asked for by the scrape, and not waited for */
        assert_true(isnan(value_in(first, "edgemirror_mirror_rows")));
        await_observed(w);
        _cleanup_(cleanup_free) char *later = scrape(w);
        assert_true(value_in(later, "edgemirror_mirror_edges{state=\"unlisted\"}") == 4);
        assert_true(value_in(later, "edgemirror_mirror_edges{state=\"well\"}") == 0);
        assert_true(value_in(later, "edgemirror_mirror_rows") == 0);
        assert_true(isnan(value_in(later, "edgemirror_mirror_oldest_listed_timestamp_seconds")));
        assert_true(value_in(later, "edgemirror_edge_consecutive_failures{edge=\"e3\"}") == 0);
        stop(w);
}

/* ---- syncs ---------------------------------------------------------------------------------- */

static void syncs_are_counted(void **state)
{
        ServiceWorld *w = *state;
        (void)start(w, "");
        sync_now(w, 0, 3);
        await_least(w, "edgemirror_syncs_total", 4);
        await_zero(w, "edgemirror_leases_held");
        _cleanup_(cleanup_free) char *text = scrape(w);
        static const struct {
                const char *series;
                double value;
        } exact[] = {
                {"edgemirror_syncs_total", 4},
                {"edgemirror_syncs_failed_total", 0},
                {"edgemirror_syncs_running", 0},
                {"edgemirror_refreshes_total{result=\"clean\"}", 4},
                {"edgemirror_refreshes_total{result=\"failed\"}", 0},
                {"edgemirror_rows_listed_total", 80},
                {"edgemirror_rows_applied_total{change=\"added\"}", 80},
                {"edgemirror_rows_applied_total{change=\"changed\"}", 0},
                {"edgemirror_sync_duration_seconds_count", 4},
                {"edgemirror_sync_lateness_seconds_count", 4},
                {"edgemirror_job_duration_seconds_count", 4},
                {"edgemirror_catalog_requests_total{operation=\"refresh\"}", 4},
                {"edgemirror_catalog_responses_total{code=\"202\"}", 4},
                {"edgemirror_catalog_retries_total", 0},
                {"edgemirror_catalog_requests_in_flight", 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(exact); i++)
                if (value_in(text, exact[i].series) != exact[i].value)
                        fail_msg("%s is not %g:\n%s", exact[i].series, exact[i].value, text);
        assert_true(value_in(text, "edgemirror_catalog_requests_total{operation=\"job\"}") >= 4);
        assert_true(value_in(text, "edgemirror_catalog_requests_total{operation=\"list\"}") >= 4);
        assert_true(value_in(text, "edgemirror_catalog_received_bytes_total") > 80 * 100);
        assert_true(value_in(text, "edgemirror_catalog_request_duration_seconds_count") ==
                    (double)requests(w, "any", -1, 0));
        assert_true(value_in(text, "edgemirror_catalog_requests_limit") >= 1);
        assert_true(value_in(text, "edgemirror_postgres_connections{state=\"idle\"}") >= 1);

        service_control(w, "/control/faults",
                        "{\"kind\":\"list\",\"count\":1,\"status\":503}"); /* tried again */
        rename_a_row(w, 0, "another name");
        sync_now(w, 0, 0);
        await_least(w, "edgemirror_syncs_total", 5);
        assert_true(value(w, "edgemirror_rows_applied_total{change=\"changed\"}") == 1);
        assert_true(value(w, "edgemirror_catalog_retries_total") == 1);
        assert_true(value(w, "edgemirror_catalog_responses_total{code=\"503\"}") == 1);
        stop(w);
}

static void change_rows(ServiceWorld *w, int edge, const char *operation)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[edge]);
        service_control(w, path, operation);
}

/* The id of one that is mirrored. */
static char *a_row_of(ServiceWorld *w, int edge)
{
        char sql[256];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT min(id::text) FROM edgemirror.database_connection WHERE "
                       "edge_connection_id = '%s'",
                       w->edges[edge]);
        return harness_sql(&w->pg, sql);
}

static void removals_and_what_is_held_are_counted(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        (void)start(w, "");
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":3}");
        change_rows(w, 1, "{\"op\":\"remove\",\"index\":0,\"count\":15}");
        service_fault(w, "list", 2, "\"bad_row\":\"name-missing\",\"bad_row_index\":2");
        sync_now(w, 0, 2);
        await_least(w, "edgemirror_syncs_total", 3);
        _cleanup_(cleanup_free) char *text = scrape(w);
        assert_true(value_in(text, "edgemirror_removal_checks_total{verdict=\"gone\"}") == 1);
        assert_true(value_in(text, "edgemirror_rows_applied_total{change=\"removed\"}") == 1);
        assert_true(value_in(text, "edgemirror_syncs_held_total") == 1);
        assert_true(value_in(text, "edgemirror_syncs_failed_total") == 0);
        assert_true(value_in(text, "edgemirror_rows_rejected_total") == 1);
        /* nothing else was news of that edge, and it is news once */
        assert_int_equal(harness_service_logged(&w->services[0], "info: e2: synced after "), 1);
        assert_true(value_in(text, "edgemirror_catalog_requests_total{operation=\"one\"}") >= 1);
        /* what the database says now, of a service that has not asked before */
        stop(w);
        (void)start(w, "");
        await_least(w, "edgemirror_mirror_observed_timestamp_seconds", 1);
        _cleanup_(cleanup_free) char *mirror = scrape(w);
        assert_true(value_in(mirror, "edgemirror_mirror_edges{state=\"held\"}") == 1);
        assert_true(value_in(mirror, "edgemirror_mirror_edges{state=\"rejected\"}") == 1);
        assert_true(value_in(mirror, "edgemirror_mirror_edges{state=\"well\"}") == 2);
        assert_true(value_in(mirror, "edgemirror_mirror_rows") == 79);
        assert_true(value_in(mirror, "edgemirror_mirror_rows_held") == 15);
        assert_true(value_in(mirror, "edgemirror_mirror_rows_rejected") == 1);
        assert_true(value_in(mirror, "edgemirror_mirror_rows_unregistered") ==
                    (double)sql_long(w, "SELECT count(*) FROM edgemirror.unregistered"));
        stop(w);
}

/* Each of three rows is missing from its list, and the catalog says something else of each. */
static void missing_rows_are_counted_by_what_the_catalog_says(void **state)
{
        ServiceWorld *w = *state;
        char members[512];
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        (void)start(w, "");
        _cleanup_(cleanup_free) char *here = a_row_of(w, 0), *moved = a_row_of(w, 1),
                                     *unknown = a_row_of(w, 3);
        (void)snprintf(members, sizeof(members),
                       "\"before\":[{\"op\":\"remove\",\"id\":\"%s\"}],\"after\":[{\"op\":\"add\","
                       "\"id\":\"%s\",\"name\":\"still here\"}]",
                       here, here);
        service_fault(w, "list", 0, members);
        (void)snprintf(members, sizeof(members), "{\"op\":\"move\",\"id\":\"%s\",\"to\":\"%s\"}",
                       moved, w->edges[2]);
        change_rows(w, 1, members);
        (void)snprintf(members, sizeof(members), "\"id\":\"%s\",\"status\":403", unknown);
        service_fault(w, "one", -1, members);
        (void)snprintf(members, sizeof(members), "{\"op\":\"remove\",\"id\":\"%s\"}", unknown);
        change_rows(w, 3, members);
        static const struct {
                int edge;
                const char *series;
        } cases[] = {
                {0, "edgemirror_removal_checks_total{verdict=\"here\"}"},
                {1, "edgemirror_removal_checks_total{verdict=\"moved\"}"},
                {3, "edgemirror_removal_checks_total{verdict=\"unknown\"}"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                assert_true(value(w, cases[i].series) == 0);
                sync_now(w, cases[i].edge, cases[i].edge);
                await_least(w, "edgemirror_syncs_total", (double)i + 1);
                assert_true(value(w, cases[i].series) == 1);
        }
        assert_true(value(w, "edgemirror_removal_checks_total{verdict=\"gone\"}") == 0);
        stop(w);
}

static void rows_that_come_back_are_counted(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        (void)start(w, "");
        change_rows(w, 0, "{\"op\":\"hide\",\"index\":3}");
        sync_now(w, 0, 0);
        await_least(w, "edgemirror_rows_applied_total{change=\"removed\"}", 1);
        change_rows(w, 0, "{\"op\":\"show\"}");
        sync_now(w, 0, 0);
        await_least(w, "edgemirror_syncs_total", 2);
        assert_true(value(w, "edgemirror_rows_applied_total{change=\"restored\"}") == 1);
        assert_true(value(w, "edgemirror_rows_applied_total{change=\"added\"}") == 0);
        stop(w);
}

static void removals_that_wait_for_another_sync_are_shown(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", where(w));
        service_write_config(w);
        _cleanup_(cleanup_free) char *config = harness_read(w->folder, "edgemirror.conf");
        char *number = strstr(config, "confirm_removals = 1");
        assert_non_null(number);
        number[strlen("confirm_removals = ")] = '2';
        harness_write(w->folder, "edgemirror.conf", config);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":3}");
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        (void)service_start(w, 0);
        await_least(w, "edgemirror_mirror_rows_pending", 1);
        assert_true(value(w, "edgemirror_mirror_rows_held") == 0);
        stop(w);
}

static void failures_are_counted(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", NULL, "e2"), 0);
        (void)start(w, "");
        service_fault(w, "list", 0, "\"status\":403");
        service_fault(w, "refresh", 1, "\"end_state\":\"ERROR\"");
        service_fault(w, "list", 3, "\"bad_row\":\"uuid\",\"bad_row_index\":2");
        sync_now(w, 0, 3);
        await_least(w, "edgemirror_syncs_total", 4);
        _cleanup_(cleanup_free) char *text = scrape(w);
        assert_true(value_in(text, "edgemirror_syncs_failed_total") == 1);
        assert_true(value_in(text, "edgemirror_syncs_unstable_total") == 1);
        assert_true(value_in(text, "edgemirror_catalog_responses_total{code=\"403\"}") >= 1);
        assert_true(value_in(text, "edgemirror_refreshes_total{result=\"failed\"}") == 1);
        assert_true(value_in(text, "edgemirror_log_messages_total{level=\"warning\"}") >= 1);
        stop(w);
        (void)start(w, "");
        await_least(w, "edgemirror_edge_consecutive_failures{edge=\"e0\"}", 1);
        _cleanup_(cleanup_free) char *mirror = scrape(w);
        assert_true(value_in(mirror, "edgemirror_mirror_edges{state=\"failing\"}") == 1);
        assert_true(value_in(mirror, "edgemirror_mirror_edges{state=\"unstable\"}") == 1);
        assert_true(value_in(mirror, "edgemirror_mirror_edges{state=\"unrefreshed\"}") == 1);
        assert_true(value_in(mirror, "edgemirror_edge_consecutive_failures{edge=\"e3\"}") == 1);
        assert_true(value_in(mirror, "edgemirror_edge_consecutive_failures{edge=\"e2\"}") == 0);
        assert_true(value_in(mirror, "edgemirror_edge_rows{edge=\"e2\"}") == 20);
        assert_true(isnan(value_in(mirror, "edgemirror_edge_rows{edge=\"e0\"}")));
        double listed = (double)sql_long(w, "SELECT extract(epoch FROM listed_at)::bigint FROM "
                                            "edgemirror.edge WHERE name = 'e2'");
        assert_true(fabs(value_in(mirror, "edgemirror_edge_listed_timestamp_seconds{edge=\"e2\"}") -
                         listed) <= 1);
        assert_true(
                fabs(value_in(mirror, "edgemirror_edge_refreshed_timestamp_seconds{edge=\"e2\"}") -
                     listed) <= 60);
        stop(w);
}

static void requests_under_way_are_shown(void **state)
{
        ServiceWorld *w = *state;
        (void)start(w, "");
        service_fault(w, "list", 0, "\"delay_ms\":60000");
        sync_now(w, 0, 0);
        service_await_phase(w, 0, "list");
        await_least(w, "edgemirror_catalog_requests_in_flight", 1);
        assert_true(value(w, "edgemirror_syncs_running") == 1);
        assert_true(value(w, "edgemirror_leases_held") == 1);
        stop(w);
}

static void lists_that_are_never_whole_are_counted(void **state)
{
        ServiceWorld *w = *state;
        service_control(w, "/control/settings", "{\"page_cap\":5}");
        service_fault(w, "list", 0, "\"delay_ms\":600");
        (void)snprintf(w->in_defaults, sizeof(w->in_defaults), "list_timeout = 1s");
        (void)start(w, "");
        sync_now(w, 0, 0);
        await_least(w, "edgemirror_syncs_total", 1);
        assert_true(value(w, "edgemirror_syncs_unstable_total") == 1);
        stop(w);
}

static void a_lease_that_is_lost_is_counted(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        (void)start(w, "");
        service_fault(w, "refresh", 0, "\"never_ends\":true");
        sync_now(w, 0, 0);
        service_await_phase(w, 0, "poll");
        assert_true(value(w, "edgemirror_leases_held") == 1);
        assert_true(value(w, "edgemirror_syncs_running") == 1);
        note_what_moved(w);
        (void)sql_long(w,
                       "WITH taken AS (UPDATE edgemirror.edge_claim SET holder = 'other', epoch "
                       "= epoch + 1, expires_at = now() + interval '1 hour' WHERE "
                       "edge_connection_id = '%s' RETURNING 1) SELECT count(*) FROM taken",
                       w->edges[0]);
        await_least(w, "edgemirror_leases_lost_total", 1);
        assert_true(value(w, "edgemirror_syncs_aborted_total") == 1);
        await_zero(w, "edgemirror_leases_held");
        stop(w);
}

/* ---- peers ---------------------------------------------------------------------------------- */

static void a_catalog_that_refuses_is_down(void **state)
{
        ServiceWorld *w = *state;
        write_password(w, "wrong");
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", where(w));
        service_write_config(w);
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        await_least(w, "edgemirror_catalog_responses_total{code=\"401\"}", 2);
        harness_service_await_log(s, "the catalog cannot be used", 1);
        assert_true(value(w, "edgemirror_catalog_up") == 0);
        assert_true(value(w, "edgemirror_catalog_retries_total") >= 1);
        write_password(w, SECRET);
        harness_service_reload(s);
        await_least(w, "edgemirror_catalog_up", 1);
        stop(w);
}

static void a_postgres_that_is_away_is_down_and_its_last_figures_stay(void **state)
{
        ServiceWorld *w = *state;
        (void)start(w, "");
        await_observed(w);
        double observed = value(w, "edgemirror_mirror_observed_timestamp_seconds");
        harness_postgres_stop(&w->pg);
        harness_service_signal(&w->services[0], SIGHUP);
        await_zero(w, "edgemirror_postgres_up");
        assert_true(value(w, "edgemirror_mirror_edges{state=\"unlisted\"}") == 4);
        assert_true(value(w, "edgemirror_mirror_observed_timestamp_seconds") == observed);
        assert_true(value(w, "edgemirror_postgres_connections{state=\"idle\"}") == 0);
        harness_postgres_resume(&w->pg);
        await_least(w, "edgemirror_postgres_up", 1);
        stop(w);
}

static void scrape_until_logged(ServiceWorld *w, HarnessService *s, const char *words)
{
        for (int turn = 0; harness_service_logged(s, words) == 0; turn++) {
                free(scrape(w));
                assert_true(turn < 300);
                (void)poll(NULL, 0, 100);
        }
}

/* Nothing else says why they stand still, nor that they do no more. */
static void figures_that_postgres_refuses_are_in_the_log(void **state)
{
        ServiceWorld *w = *state;
        static const struct {
                const char *begin, *words, *end;
        } cases[] = {
                {"CREATE OR REPLACE FUNCTION public.broken() RETURNS boolean LANGUAGE plpgsql AS "
                 "$$ BEGIN RAISE EXCEPTION 'could not read block 17' USING ERRCODE = 'XX001'; END "
                 "$$; ALTER VIEW edgemirror.freshness RENAME TO whole; CREATE VIEW "
                 "edgemirror.freshness AS SELECT * FROM edgemirror.whole WHERE public.broken(); "
                 "GRANT SELECT ON edgemirror.freshness TO em",
                 "could not read block 17",
                 "DROP VIEW edgemirror.freshness; ALTER VIEW edgemirror.whole RENAME TO freshness"},
                /* as of a view that somebody has made again */
                {"REVOKE SELECT ON edgemirror.freshness FROM em",
                 "permission denied for view freshness",
                 "GRANT SELECT ON edgemirror.freshness TO em"},
        };
        static const char again[] = "info: the figures of /metrics are taken again";
        char words[160];
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                HarnessService *s = start(w, "");
                free(harness_sql(&w->pg, cases[i].begin));
                (void)snprintf(words, sizeof(words),
                               "warning: the figures of /metrics stay as they were: PostgreSQL: %s",
                               cases[i].words);
                scrape_until_logged(w, s, words);
                assert_int_equal(harness_service_logged(s, again), 0);
                free(harness_sql(&w->pg, cases[i].end));
                scrape_until_logged(w, s, again);
                stop(w);
        }
}

static void the_figures_of_another_database_are_forgotten_by_a_reload(void **state)
{
        ServiceWorld *w = *state;
        (void)start(w, "edge_metrics = 10");
        await_observed(w);
        await_least(w, "edgemirror_mirror_edges{state=\"unlisted\"}", 4);
        free(harness_sql(&w->pg, "DROP DATABASE IF EXISTS other"));
        free(harness_sql(&w->pg, "CREATE DATABASE other OWNER em"));
        (void)snprintf(w->conninfo, sizeof(w->conninfo), "host=%s dbname=other user=em",
                       w->pg.folder);
        service_write_config(w);
        assert_int_equal(service_program(w, "migrate", NULL, NULL), 0);
        harness_service_reload(&w->services[0]);
        _cleanup_(cleanup_free) char *text = scrape(w); /* which has it observed */
        assert_non_null(strstr(text, "\nedgemirror_mirror_observed_timestamp_seconds 0\n"));
        assert_null(strstr(text, "\nedgemirror_mirror_edges{"));
        assert_null(strstr(text, "\nedgemirror_mirror_rows "));
        assert_null(strstr(text, "\nedgemirror_edge_rows{"));
        await_observed(w);
        stop(w);
        (void)snprintf(w->conninfo, sizeof(w->conninfo), "%s", w->pg.service);
        service_write_config(w);
        free(harness_sql(&w->pg, "DROP DATABASE other"));
}

static void tokens_are_counted(void **state)
{
        ServiceWorld *w = *state;
        char text[8192];
        service_control(w, "/control/settings", "{\"auth\":\"oauth2:mirror:" SECRET "\"}");
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", where(w));
        service_write_config(w);
        _cleanup_(cleanup_free) char *plain = harness_read(w->folder, "edgemirror.conf");
        const char *at = strstr(plain, "auth = basic"), *rest = strstr(plain, "request_timeout");
        (void)snprintf(text, sizeof(text),
                       "%.*sauth = oauth2\nclient_id = mirror\nclient_secret_file = "
                       "%s/password\n%s",
                       (int)(at - plain), plain, w->folder, rest);
        harness_write(w->folder, "edgemirror.conf", text);
        (void)service_start(w, 0);
        assert_true(value(w, "edgemirror_token_requests_total") == 1);
        assert_true(value(w, "edgemirror_token_requests_failed_total") == 0);
        double left = value(w, "edgemirror_token_expiry_timestamp_seconds") - (double)time(NULL);
        assert_true(left > 3400 && left <= 3601);
        service_control(w, "/control/settings", "{\"token_series\":1}");
        service_fault(w, "token", -1, "\"status\":404");
        sync_now(w, 0, 0);
        await_least(w, "edgemirror_token_requests_failed_total", 1);
        stop(w);
}

/* ---- the configuration ---------------------------------------------------------------------- */

static void a_reload_that_fails_is_shown(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = start(w, "");
        double loaded = value(w, "edgemirror_config_reload_success_timestamp_seconds");
        harness_write(w->folder, "edgemirror.conf", "[nonsense]\n");
        harness_service_reload(s);
        assert_true(value(w, "edgemirror_config_reload_successful") == 0);
        assert_true(value(w, "edgemirror_config_reload_success_timestamp_seconds") == loaded);
        assert_true(value(w, "edgemirror_log_messages_total{level=\"error\"}") >= 1);
        service_configure(w, 3);
        harness_service_reload(s);
        assert_true(value(w, "edgemirror_config_reload_successful") == 1);
        assert_true(value(w, "edgemirror_config_reload_success_timestamp_seconds") > loaded);
        assert_true(value(w, "edgemirror_edges_configured") == 3);
        stop(w);
}

static void discovered_edges_are_counted(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "[discover]\nenabled = yes");
        w->n_configured = 1;
        (void)start(w, "");
        await_least(w, "edgemirror_edges_discovered", 3);
        assert_true(value(w, "edgemirror_edges_configured") == 1);
        assert_true(value(w, "edgemirror_catalog_requests_total{operation=\"edges\"}") >= 1);
        stop(w);
}

/* All or none: which ones it were would change, and each change is a new series. */
static void more_edges_than_edge_metrics_have_no_series(void **state)
{
        ServiceWorld *w = *state;
        (void)start(w, "edge_metrics = 3");
        await_observed(w);
        _cleanup_(cleanup_free) char *many = scrape(w);
        assert_null(strstr(many, "{edge=\""));
        service_stop(w, 0);
        w->n_configured = 3; /* the fourth is disabled then */
        (void)start(w, "edge_metrics = 3");
        await_observed(w);
        _cleanup_(cleanup_free) char *few = scrape(w);
        assert_true(value_in(few, "edgemirror_edge_consecutive_failures{edge=\"e2\"}") == 0);
        assert_true(isnan(value_in(few, "edgemirror_edge_consecutive_failures{edge=\"e3\"}")));
        assert_true(value_in(few, "edgemirror_mirror_edges{state=\"disabled\"}") == 1);
        stop(w);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void every_metric_has_moved(void **state)
{
        unsigned n = 0;
        (void)state;
        if (getenv("EDGEMIRROR_TESTS")) /* some of the tests move some of them */
                return;
        for (unsigned m = 0; m < METRICS_COUNT; m++) {
                if (has_moved[m])
                        continue;
                print_message("#   %s was never anything but 0\n", metric_row((Metric)m).name);
                n++;
        }
        assert_int_equal(n, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, few_edges)
        const struct CMUnitTest tests[] = {
                TEST(all_of_it_is_there_with_zeros_at_the_start),
                TEST(syncs_are_counted),
                TEST(removals_and_what_is_held_are_counted),
                TEST(missing_rows_are_counted_by_what_the_catalog_says),
                TEST(rows_that_come_back_are_counted),
                TEST(removals_that_wait_for_another_sync_are_shown),
                TEST(failures_are_counted),
                TEST(requests_under_way_are_shown),
                TEST(lists_that_are_never_whole_are_counted),
                TEST(a_lease_that_is_lost_is_counted),
                TEST(a_catalog_that_refuses_is_down),
                TEST(a_postgres_that_is_away_is_down_and_its_last_figures_stay),
                TEST(figures_that_postgres_refuses_are_in_the_log),
                TEST(the_figures_of_another_database_are_forgotten_by_a_reload),
                TEST(tokens_are_counted),
                TEST(a_reload_that_fails_is_shown),
                TEST(discovered_edges_are_counted),
                TEST(more_edges_than_edge_metrics_have_no_series),
                cmocka_unit_test(every_metric_has_moved),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
