/*
 * effects: see the header.
 */
#include "integration/effects.h"
#include "base/cleanup.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { JOB_RUN_MSEC = 40, SETTLE_MAX_MSEC = 20000 };

/* ---- the states ----------------------------------------------------------------------------- */

/* Versions by their number, with whether they are current and follow on the one before: equal for
 * equal histories, whenever and by which run they were written. */
static const char sql_prepare[] =
        "CREATE SCHEMA proof;"
        "CREATE VIEW proof.version AS"
        " SELECT edge_connection_id, format('%s #%s %s %s current=%s follows=%s', id, row_number() "
        "OVER w, name, database_id,"
        "        valid_to IS NULL, lag(valid_to) OVER w = valid_from) AS line"
        "   FROM edgemirror.database_connection_history WINDOW w AS (PARTITION BY id ORDER BY "
        "valid_from);"
        "CREATE VIEW proof.content AS"
        " SELECT edge_connection_id, string_agg(line, E'\\n' ORDER BY line) AS content FROM ("
        "   SELECT edge_connection_id, line FROM proof.version UNION ALL"
        "   SELECT edge_connection_id, format('%s row %s %s removed=%s', id, name, database_id, "
        "removed_at IS NOT NULL)"
        "     FROM edgemirror.database_connection) l GROUP BY edge_connection_id;";

static const char sql_save[] =
        "CREATE TABLE proof.edge AS TABLE edgemirror.edge;"
        "CREATE TABLE proof.edge_claim AS TABLE edgemirror.edge_claim;"
        "CREATE TABLE proof.rows AS TABLE edgemirror.database_connection;"
        "CREATE TABLE proof.history AS TABLE edgemirror.database_connection_past;"
        "CREATE TABLE proof.run AS TABLE edgemirror.sync_run;"
        "UPDATE proof.edge_claim SET next_run_at = now();";

static const char sql_restore[] =
        "TRUNCATE edgemirror.edge, edgemirror.edge_claim, edgemirror.database_connection,"
        " edgemirror.database_connection_past, edgemirror.sync_run;"
        "INSERT INTO edgemirror.edge TABLE proof.edge;"
        "INSERT INTO edgemirror.edge_claim TABLE proof.edge_claim;"
        "INSERT INTO edgemirror.database_connection TABLE proof.rows;"
        "INSERT INTO edgemirror.database_connection_past TABLE proof.history;"
        "INSERT INTO edgemirror.sync_run OVERRIDING SYSTEM VALUE TABLE proof.run;";

char *effects_sql(const Effects *e, const char *sql)
{
        return harness_ask(e->session, sql);
}

/* `query` has one @: the id of the edge. The answer is the caller's. */
static char *ask_of_edge(const Effects *e, int edge, const char *query)
{
        char sql[1024];
        const char *at = strchr(query, '@');
        assert_non_null(at);
        assert_true(strlen(query) + 40 < sizeof(sql));
        (void)snprintf(sql, sizeof(sql), "%.*s%s%s", (int)(at - query), query,
                       e->world->edges[edge], at + 1);
        return effects_sql(e, sql);
}

static char *content_of(const Effects *e, int edge)
{
        return ask_of_edge(e, edge,
                           "SELECT content FROM proof.content WHERE edge_connection_id = '@'");
}

static char *counts_of(const Effects *e, int edge)
{
        return ask_of_edge(
                e, edge,
                "SELECT format('%s added, %s changed, %s removed, %s restored', "
                "coalesce(sum(added), 0),"
                " coalesce(sum(changed), 0), coalesce(sum(removed), 0), coalesce(sum(restored), 0))"
                " FROM edgemirror.sync_run WHERE run_id > (SELECT max(run_id) FROM proof.run)"
                " AND edge_connection_id = '@'");
}

static void configure(const Effects *e, int page_size)
{
        World *w = e->world;
        char text[2048];
        (void)snprintf(
                text, sizeof(text),
                "[catalog]\nurl = %s\nauth = basic\nusername = svc\npassword_file = "
                "%s/password\nrequest_timeout = 5s\n"
                "[postgres]\nconninfo = %s\n"
                "[defaults]\npoll_min = 10ms\npoll_max = 20ms\nsettle = 10ms\nschedule = "
                "every 1d\nspread = 0s\n"
                "page_size = %d\nmax_removals = 50%%\nconfirm_removals = 1\nremoval_delay = 0s\n"
                "[edge \"main\"]\nid = %s\n[edge \"other\"]\nid = %s\n",
                w->catalog.url, w->folder, w->pg.service, page_size, w->edges[0], w->edges[1]);
        harness_write(w->folder, "edgemirror.conf", text);
}

static void change_rows(Effects *e, int edge, const char *operations)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", e->world->edges[edge]);
        control(e->world, path, operations);
}

/* One row comes, goes and comes back, so that the restored are among the changes. */
static void make_states(Effects *e)
{
        World *w = e->world;
        char row[512];
        for (int edge = 0; edge < 2; edge++) {
                (void)snprintf(row, sizeof(row),
                               "{\"op\":\"add\",\"id\":\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d1%d\","
                               "\"name\":\"returns\"}",
                               edge);
                change_rows(e, edge, row);
        }
        assert_int_equal(sync_all(w), 0);
        for (int edge = 0; edge < 2; edge++)
                change_rows(e, edge, "{\"op\":\"remove\",\"name\":\"returns\"}");
        assert_int_equal(sync_all(w), 0);
        for (int edge = 0; edge < 2; edge++) {
                e->edges[edge].before = content_of(e, edge);
                (void)snprintf(
                        row, sizeof(row),
                        "[{\"op\":\"add\",\"id\":\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d1%d\","
                        "\"name\":\"returns\"},"
                        "{\"op\":\"rename\",\"index\":1,\"name\":\"renamed\"},{\"op\":\"link\","
                        "\"index\":2,\"databaseId\":\"7d0c3c52-3f3e-4f6b-8c1e-0a4f8f6f4d17\"},"
                        "{\"op\":\"remove\",\"index\":5},{\"op\":\"remove\",\"index\":-3},"
                        "{\"op\":\"add\",\"name\":\"new\",\"at\":3},{\"op\":\"add\",\"name\":"
                        "\"newer\"}]",
                        edge);
                change_rows(e, edge, row);
        }
        free(effects_sql(e, sql_save));
}

void effects_begin(Effects *e, World *w, int rows, int page_size)
{
        char text[64];
        *e = (Effects){.world = w};
        (void)snprintf(e->mark, sizeof(e->mark), "%.100s/mark", w->folder);
        (void)snprintf(text, sizeof(text), "%d", rows);
        begin_again(w, text, "1m");
        e->session = PQconnectdb(w->pg.conninfo);
        assert_int_equal(PQstatus(e->session), CONNECTION_OK);
        configure(e, page_size);
        /* A database that is put back forgets jobs which the catalog would list: test_lost_job. */
        (void)snprintf(text, sizeof(text), "{\"job_run_ms\":%d,\"job_search_status\":404}",
                       JOB_RUN_MSEC);
        control(w, "/control/settings", text);
        free(effects_sql(e, sql_prepare));
        make_states(e);
        effects_reset(e);
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
        for (int edge = 0; edge < 2; edge++) {
                e->edges[edge].after = content_of(e, edge);
                e->edges[edge].counts = counts_of(e, edge);
                assert_string_equal(e->edges[edge].counts,
                                    "2 added, 2 changed, 2 removed, 1 restored");
                assert_string_not_equal(e->edges[edge].before, e->edges[edge].after);
        }
}

void effects_done(Effects *e)
{
        (void)effects_disarm(e);
        free(effects_sql(e,
                         "SET client_min_messages = warning; DROP SCHEMA IF EXISTS proof CASCADE"));
        for (int edge = 0; edge < 2; edge++) {
                free(e->edges[edge].before);
                free(e->edges[edge].after);
                free(e->edges[edge].counts);
        }
        PQfinish(e->session);
        free(e->struck);
        *e = (Effects){0};
}

void effects_reset(Effects *e)
{
        free(effects_sql(e, sql_restore));
        control(e->world, "/control/log", "");
}

/* ---- striking ------------------------------------------------------------------------------- */

void effects_arm(Effects *e, const char *moment, long k)
{
        char order[64], preload[512];
        const char *top = getenv("top_builddir");
        (void)unlink(e->mark);
        if (k == 0)
                return;
        (void)snprintf(order, sizeof(order), "%s %ld", moment, k);
        (void)snprintf(preload, sizeof(preload), "%s/tests/harness/killer.so", top ? top : ".");
        assert_int_equal(setenv("HARNESS_KILLER", order, 1), 0);
        assert_int_equal(setenv("HARNESS_KILLER_MARK", e->mark, 1), 0);
        assert_int_equal(setenv("LD_PRELOAD", preload, 1), 0);
        assert_int_equal(setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1), 0);
}

bool effects_disarm(Effects *e)
{
        (void)unsetenv("LD_PRELOAD");
        (void)unsetenv("HARNESS_KILLER");
        (void)unsetenv("HARNESS_KILLER_MARK");
        (void)unsetenv("ASAN_OPTIONS");
        bool struck = access(e->mark, F_OK) == 0;
        free(e->struck);
        e->struck = harness_read(e->world->folder, "mark");
        (void)unlink(e->mark);
        return struck;
}

/* ---- what is left --------------------------------------------------------------------------- */

/* A statement that was sent goes on in PostgreSQL after its client has died. */
static void await_no_session(const Effects *e)
{
        const struct timespec pause = {.tv_nsec = 2 * 1000 * 1000};
        for (int i = 0;; i++) {
                _cleanup_(cleanup_free) char *n = effects_sql(
                        e, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'em'");
                if (strcmp(n, "0") == 0)
                        return;
                assert_true(i < SETTLE_MAX_MSEC / 2);
                (void)nanosleep(&pause, NULL);
        }
}

static EffectsState state_of(const Effects *e, int edge)
{
        _cleanup_(cleanup_free) char *state = ask_of_edge(
                e, edge,
                "SELECT coalesce((SELECT CASE"
                " WHEN outcome = 'synced' AND refresh = 'clean' THEN 4"
                " WHEN outcome = 'held' THEN 6"
                " WHEN finished_at IS NOT NULL THEN 5"
                " WHEN phase = 'refresh' AND job_id IS NULL THEN 1"
                " WHEN phase = 'poll' AND job_id IS NOT NULL THEN 2"
                " WHEN job_id IS NOT NULL THEN 3 ELSE -1 END"
                " FROM edgemirror.sync_run WHERE run_id > (SELECT max(run_id) FROM proof.run)"
                " AND edge_connection_id = '@' ORDER BY run_id DESC LIMIT 1), 0)");
        int number = atoi(state);
        assert_true(number >= EDGE_UNTOUCHED);
        return (EffectsState)number;
}

void effects_check_left(Effects *e)
{
        await_no_session(e);
        for (int edge = 0; edge < 2; edge++) {
                EffectsState state = state_of(e, edge);
                e->edges[edge].left = state;
                _cleanup_(cleanup_free) char *content = content_of(e, edge);
                if (state != EDGE_HELD)
                        assert_string_equal(content, state == EDGE_SYNCED ? e->edges[edge].after
                                                                          : e->edges[edge].before);
        }
}

void effects_check_end(const Effects *e)
{
        static const char lies[] =
                "SELECT 'a lease is held' FROM edgemirror.edge_claim WHERE holder IS NOT NULL "
                "UNION ALL "
                "SELECT 'a run is open' FROM edgemirror.sync_run WHERE finished_at IS NULL UNION "
                "ALL "
                "SELECT 'versions overlap' FROM edgemirror.database_connection_history a"
                "  JOIN edgemirror.database_connection_history b USING (id)"
                " WHERE a.valid_from < b.valid_from AND coalesce(a.valid_to, 'infinity') > "
                "b.valid_from UNION ALL "
                "SELECT 'rows are counted wrongly' FROM edgemirror.edge e WHERE row_count <>"
                "  (SELECT count(*) FROM edgemirror.inventory i WHERE i.edge_connection_id = "
                "e.edge_connection_id) UNION ALL "
                "SELECT 'a digest is not that of the rows' FROM edgemirror.edge e, "
                "edgemirror.digest_of(e.edge_connection_id) d"
                " WHERE e.digest <> d.digest UNION ALL "
                "SELECT 'no digest' FROM edgemirror.edge WHERE digest IS NULL UNION ALL "
                "SELECT 'a failure is remembered' FROM edgemirror.edge WHERE consecutive_failures "
                "<> 0 UNION ALL "
                "SELECT 'the last run is another' FROM edgemirror.edge e WHERE last_run_id <>"
                "  (SELECT max(run_id) FROM edgemirror.sync_run r WHERE r.edge_connection_id = "
                "e.edge_connection_id) UNION ALL "
                "SELECT 'the clocks did not move' FROM edgemirror.edge e JOIN proof.edge p USING "
                "(edge_connection_id)"
                " WHERE NOT (e.refreshed_at > p.refreshed_at AND e.listed_at > p.listed_at)";
        _cleanup_(cleanup_free) char *found = effects_sql(e, lies);
        assert_string_equal(found, "");
        for (int edge = 0; edge < 2; edge++) {
                _cleanup_(cleanup_free) char *content = content_of(e, edge);
                _cleanup_(cleanup_free) char *counts = counts_of(e, edge);
                assert_string_equal(content, e->edges[edge].after);
                assert_string_equal(counts, e->edges[edge].counts);
        }
}

/* ---- what the catalog saw ------------------------------------------------------------------- */

/* ISO 8601 in UTC, so that dates compare as texts; what has not happened yet is later than all. */
static const char *date_of(const cJSON *job, const char *name)
{
        const char *date = cJSON_GetStringValue(cJSON_GetObjectItem(job, name));
        return date ? date : "9999";
}

/* The last two jobs of the edge. */
static void assert_no_overlap(const Effects *e, int edge)
{
        cJSON *jobs = harness_control(&e->world->catalog, "/control/jobs", NULL);
        const cJSON *job, *earlier = NULL, *last = NULL;
        cJSON_ArrayForEach(job, jobs)
        {
                const char *of = cJSON_GetStringValue(cJSON_GetObjectItem(job, "edgeConnectionId"));
                if (strcmp(of, e->world->edges[edge]) == 0) {
                        earlier = last;
                        last = job;
                }
        }
        assert_non_null(earlier);
        assert_true(strcmp(date_of(last, "createdOn"), date_of(earlier, "endDate")) >= 0);
        cJSON_Delete(jobs);
}

int effects_posts(const Effects *e, int edge, bool may_overlap)
{
        int posts = 0;
        _cleanup_(cleanup_free) char *log =
                harness_control_text(&e->world->catalog, "/control/log?kind=refresh");
        for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n"))
                posts += strstr(line, "\"method\":\"POST\"") && strstr(line, e->world->edges[edge]);
        if (posts > 1 && !may_overlap)
                assert_no_overlap(e, edge);
        return posts;
}
