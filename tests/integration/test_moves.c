/*
 * Rows that move from one Edge connection to another: they move in the mirror, whoever is synced
 * first, and also when the other one is not mirrored.
 */
#include "base/cleanup.h"
#include "harness/catalogd.h"
#include "integration/removals_world.h"
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void a_row_that_moves_is_moved_whichever_edge_is_first(void **state)
{
        World *w = *state;
        static const char *const orders[][2] = {{"main", "other"}, {"other", "main"}};
        for (size_t i = 0; i < 2; i++) {
                char move[128];
                begin_again(w, "20", "1s");
                assert_int_equal(sync_all(w), 0);
                (void)snprintf(move, sizeof(move), "{\"op\":\"move\",\"index\":3,\"to\":\"%s\"}",
                               w->edges[1]);
                change_rows(w, 0, move);
                assert_int_equal(run_sync(w, "--no-refresh", orders[i][0]), 0);
                if (i == 0)
                        assert_counts(w, "synced", 0, 0, 0); /* left to the other */
                assert_int_equal(run_sync(w, "--no-refresh", orders[i][1]), 0);
                if (i == 0)
                        assert_int_equal(number_of(w, 1, "changed"), 1);
                else
                        assert_counts(w, "synced", 0, 0, 0);
                assert_mirror_equals_catalog(w);
                assert_int_equal(
                        harness_sql_long(&w->pg,
                                         "SELECT count(*) FROM edgemirror.database_connection"
                                         " WHERE removed_at IS NOT NULL"),
                        0);
                assert_int_equal(
                        harness_sql_long(
                                &w->pg,
                                "SELECT count(*) FROM edgemirror.change WHERE kind = 'moved_in'"),
                        1);
                assert_history_is_valid(w);
        }
}

/* Where the first row of the catalog that `main` had is in the mirror: name of the edge, or "" for
 * one that is not known here. */
static char *edge_of(World *w, const char *id)
{
        char sql[200];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT coalesce(edge, '') FROM edgemirror.inventory WHERE id = '%s'", id);
        return harness_sql(&w->pg, sql);
}

static void move_one(World *w, int from, int to, char id[40])
{
        char path[128], move[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[from]);
        (void)snprintf(move, sizeof(move), "{\"op\":\"move\",\"index\":0,\"to\":\"%s\"}",
                       w->edges[to]);
        cJSON *answer = harness_control(&w->catalog, path, move);
        const char *moved =
                cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(answer, "ids"), 0));
        assert_non_null(moved);
        (void)snprintf(id, 40, "%s", moved);
        cJSON_Delete(answer);
}

/* The page with the row was given, the next one waits. */
static void await_page_behind_it(World *w)
{
        for (int i = 0;; i++) {
                _cleanup_(cleanup_free) char *state =
                        harness_control_text(&w->catalog, "/control/state");
                if (count_in_requests(w, "kind=list", "offset=9&") == 1 &&
                    strstr(state, "\"inFlight\":1"))
                        return;
                assert_true(i < 2000);
                (void)poll(NULL, 0, 10);
        }
}

/* A page of `main` shows a row, which moves before the list ends, and which `other` lists
 * meanwhile: what `main` saw is older than what the mirror has. */
static void a_row_that_has_moved_is_not_taken_back_by_an_older_list(void **state)
{
        World *w = *state;
        char rules[768];
        assert_int_equal(sync_all(w), 0);
        (void)snprintf(rules, sizeof(rules), "/control/rows?edge=%s", w->edges[0]);
        char *shown = harness_control_text(&w->catalog, rules), *id = shown;
        for (int i = 0; i < 10; i++)
                id = strchr(id, '\n') + 1;
        id = strstr(id, "\"id\":\"") + strlen("\"id\":\"");
        id[strcspn(id, "\"")] = '\0';
        /* another row takes its place: no page is shifted */
        (void)snprintf(rules, sizeof(rules),
                       "[{\"kind\":\"list\",\"edge\":\"%s\",\"offset_min\":9,\"offset_max\":9,"
                       "\"count\":1,\"page_cap\":5,\"after\":[{\"op\":\"move\",\"id\":\"%s\","
                       "\"to\":\"%s\"},{\"op\":\"add\",\"name\":\"in its place\",\"at\":10}]},"
                       "{\"kind\":\"list\",\"edge\":\"%s\",\"offset_min\":12,\"count\":1,"
                       "\"page_cap\":5,\"delay_ms\":600000},"
                       "{\"kind\":\"list\",\"edge\":\"%s\",\"page_cap\":5}]",
                       w->edges[0], id, w->edges[1], w->edges[0], w->edges[0]);
        control(w, "/control/faults", rules);
        control(w, "/control/log", "");
        const char *const arguments[] = {"-c",           w->config, "sync", "--json",
                                         "--no-refresh", "main",    NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_page_behind_it(w);
        assert_int_equal(RUN(w, "sync", "--no-refresh", "other"), 0);
        char *edge = edge_of(w, id);
        assert_string_equal(edge, "other");
        free(edge);
        control(w, "/control/release", "{}");
        assert_int_equal(harness_program_wait(pid), 0);
        edge = edge_of(w, id);
        assert_string_equal(edge, "other");
        free(edge);
        free(shown);
        assert_int_equal(RUN(w, "sync", "--no-refresh"), 0);
        assert_mirror_equals_catalog(w);
        assert_history_is_valid(w);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.change WHERE "
                                                  "kind = 'moved_in'"),
                         1);
}

/* Only `main` is in the configuration. */
static void configure_main_alone(World *w)
{
        char *text = harness_read(w->folder, "edgemirror.conf");
        *strstr(text, "[edge \"other\"]") = '\0';
        harness_write(w->folder, "edgemirror.conf", text);
        free(text);
}

static void a_row_that_moves_to_an_edge_that_is_not_mirrored_goes_there(void **state)
{
        World *w = *state;
        char id[40];
        configure_main_alone(w);
        assert_int_equal(RUN(w, "sync"), 0);
        move_one(w, 0, 1, id);

        assert_int_equal(RUN(w, "sync", "--dry-run"), 0);
        assert_says(w, "out", "    changed   ", true);
        assert_says(w, "out", "; to Edge connection ", true);
        assert_int_equal(run_sync(w, "--dry-run", "main"), 0);
        cJSON *changed = cJSON_GetObjectItem(cJSON_GetObjectItem(w->results[0], "plan"), "changed");
        assert_int_equal(cJSON_GetArraySize(changed), 1);
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(changed, 0),
                                                                     "edgeConnectionId")),
                            w->edges[1]);

        assert_int_equal(run_sync(w, "--no-refresh", "main"), 0);
        assert_counts(w, "synced", 1, 0, 0);
        assert_int_equal(number_of(w, 0, "unchanged"), 19);
        char *edge = edge_of(w, id);
        assert_string_equal(edge, "");
        free(edge);
        assert_history_is_valid(w);
        control(w, "/control/log", "");
        assert_int_equal(run_sync(w, "--no-refresh", "main"), 0); /* and that is that */
        assert_counts(w, "synced", 0, 0, 0);
        assert_int_equal(requests_of(w, "one"), 0);

        write_config(w, "1s"); /* the other edge is configured: the row is there already */
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 1, "changed"), 0);
        assert_mirror_equals_catalog(w);
        assert_int_equal(RUN(w, "verify"), 0);
        assert_says(w, "out", "unknown", false);
}

static void a_row_that_moves_to_an_edge_that_is_disabled_goes_there(void **state)
{
        World *w = *state;
        char id[40];
        assert_int_equal(sync_all(w), 0);
        configure_main_alone(w);
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.edge SET enabled = false WHERE name = 'other'"));
        move_one(w, 0, 1, id);
        assert_int_equal(run_sync(w, "--no-refresh", "main"), 0);
        assert_counts(w, "synced", 1, 0, 0);
        char *edge = edge_of(w, id);
        assert_string_equal(edge, "other");
        free(edge);
        assert_int_equal(RUN(w, "verify"), 0); /* nobody altered `other` by hand */
        assert_says(w, "out", "other                    intact     21 rows\n", true);
        char back[200], path[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[1]);
        (void)snprintf(back, sizeof(back), "{\"op\":\"move\",\"id\":\"%s\",\"to\":\"%s\"}", id,
                       w->edges[0]);
        control(w, path, back);
        assert_int_equal(run_sync(w, "--no-refresh", "main"), 0);
        assert_counts(w, "synced", 1, 0, 0);
        assert_mirror_equals_catalog(w);
        assert_history_is_valid(w);
}

/* Both have compared before either has written; neither shuts the other out, and each knows
 * afterwards what it has. */
static void two_edges_may_exchange_rows_at_once(void **state)
{
        World *w = *state;
        char id[40];
        assert_int_equal(sync_all(w), 0);
        for (int i = 0; i < 3; i++) { /* fewer than max_removals would hold */
                move_one(w, 0, 1, id);
                move_one(w, 1, 0, id);
        }
        PGconn *lock = PQconnectdb(w->pg.conninfo);
        PQclear(PQexec(lock, "BEGIN; LOCK TABLE edgemirror.database_connection IN EXCLUSIVE MODE"));
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "--no-refresh", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_sql(w, "SELECT count(*) >= 2 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
        PQfinish(lock);
        assert_int_equal(harness_program_wait(pid), 0);
        take_results(w);
        char *log = harness_read(w->pg.folder, "log");
        assert_null(strstr(log, "deadlock detected"));
        free(log);
        assert_int_equal(RUN(w, "verify"), 0);
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
        assert_history_is_valid(w);
        assert_int_equal(RUN(w, "verify"), 0);
        assert_says(w, "out", "unknown", false);
}

/* What a run reports is what it did: the row was added by another edge after it had compared, so it
 * came from there. */
static void a_row_that_was_added_meanwhile_is_not_counted_as_added(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(
                &w->pg,
                "CREATE TABLE public.r AS SELECT d.* FROM edgemirror.database_connection d JOIN "
                "edgemirror.edge e USING (edge_connection_id) WHERE e.name = 'main' LIMIT 1;"
                "DELETE FROM edgemirror.database_connection WHERE id IN (SELECT id FROM "
                "public.r)"));
        PGconn *other = PQconnectdb(w->pg.conninfo);
        PQclear(PQexec(
                other,
                "BEGIN; INSERT INTO edgemirror.database_connection SELECT * FROM public.r;"
                "UPDATE edgemirror.database_connection SET edge_connection_id = (SELECT "
                "edge_connection_id FROM edgemirror.edge WHERE name = 'other') WHERE id IN (SELECT "
                "id FROM public.r)"));
        const char *const arguments[] = {"-c",           w->config, "sync", "--json",
                                         "--no-refresh", "main",    NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_sql(w, "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = "
                     "'transactionid'");
        PQclear(PQexec(other, "COMMIT"));
        PQfinish(other);
        assert_int_equal(harness_program_wait(pid), 0);
        take_results(w);
        assert_int_equal(number_of(w, 0, "added"), 0);
        assert_int_equal(number_of(w, 0, "changed"), 1);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.change c JOIN "
                                                  "edgemirror.sync_run r USING (run_id) WHERE "
                                                  "r.changed = 1 AND c.kind = 'moved_in'"),
                         1);
        free(harness_sql(&w->pg, "DROP TABLE public.r"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_row_that_moves_is_moved_whichever_edge_is_first,
                                       small_world),
                cmocka_unit_test_setup(a_row_that_has_moved_is_not_taken_back_by_an_older_list,
                                       small_world),
                cmocka_unit_test_setup(a_row_that_moves_to_an_edge_that_is_not_mirrored_goes_there,
                                       small_world),
                cmocka_unit_test_setup(a_row_that_moves_to_an_edge_that_is_disabled_goes_there,
                                       small_world),
                cmocka_unit_test_setup(two_edges_may_exchange_rows_at_once, small_world),
                cmocka_unit_test_setup(a_row_that_was_added_meanwhile_is_not_counted_as_added,
                                       small_world),
        };
        return cmocka_run_group_tests_name("moves", tests, world_setup, world_teardown);
}
