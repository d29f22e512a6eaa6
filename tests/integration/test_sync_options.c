/*
 * What options of the configuration do to whole syncs: which rows are listed, and how many edges
 * are synced at once.
 */
#include "base/text.h"
#include "integration/rows.h"
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void configure(World *w, const char *lines)
{
        Text text = {0};
        char *plain = harness_read(w->folder, "edgemirror.conf");
        assert_int_equal(text_printf(&text, "%s%s", plain, lines), 0);
        harness_write(w->folder, "edgemirror.conf", text.data);
        text_done(&text);
        free(plain);
}

/* ---- schema_connection ---------------------------------------------------------------------- */

static void first_schema_connection(World *w, char out_id[40])
{
        cJSON *edges = harness_control(&w->catalog, "/control/edges", NULL);
        const cJSON *all = cJSON_GetObjectItem(cJSON_GetArrayItem(edges, 0), "schemaConnections");
        const char *id = cJSON_GetStringValue(cJSON_GetArrayItem(all, 0));
        assert_non_null(id);
        (void)snprintf(out_id, 40, "%s", id);
        cJSON_Delete(edges);
}

/* What the catalog itself answers, asked for in one page, as the lines of rows.h. */
static char *rows_of_schema(World *w, const char *schema)
{
        char path[256];
        Text rows = {0};
        control(w, "/control/settings", "{\"auth\":\"none\"}");
        (void)snprintf(path, sizeof(path),
                       "/rest/catalogDatabase/v1/"
                       "databaseConnections?edgeConnectionId=%s&schemaConnectionId=%s&limit=500",
                       w->edges[0], schema);
        cJSON *page = harness_control(&w->catalog, path, NULL);
        control(w, "/control/settings", "{\"auth\":\"basic:svc:" SECRET "\"}");
        const cJSON *row;
        assert_int_equal(text_append(&rows, "", 0), 0);
        cJSON_ArrayForEach(row, cJSON_GetObjectItem(page, "results"))
        {
                const char *database = cJSON_GetStringValue(cJSON_GetObjectItem(row, "databaseId"));
                assert_int_equal(text_printf(&rows, "%s|%s|%s\n",
                                             cJSON_GetStringValue(cJSON_GetObjectItem(row, "id")),
                                             cJSON_GetStringValue(cJSON_GetObjectItem(row, "name")),
                                             database ? database : ""),
                                 0);
        }
        cJSON_Delete(page);
        return rows.data;
}

static void only_what_belongs_to_the_schema_connection_is_mirrored(void **state)
{
        World *w = *state;
        enum { ROWS = 1230, SCHEMAS = 4 };
        char schema[40], lines[128];
        begin_again(w, "1230", "1m");
        first_schema_connection(w, schema);
        char *plain = harness_read(w->folder, "edgemirror.conf"),
             *other = strstr(plain, "[edge \"other\"]");
        assert_non_null(other);
        *other = '\0'; /* `main` is the last section, to be added to */
        harness_write(w->folder, "edgemirror.conf", plain);
        free(plain);
        (void)snprintf(lines, sizeof(lines), "schema_connection = %s\n[edge \"other\"]\nid = %s\n",
                       schema, w->edges[1]);
        configure(w, lines);

        char *expected = rows_of_schema(w, schema);
        control(w, "/control/settings", "{\"page_cap\":100}"); /* several pages */
        assert_int_equal(sync_all(w), 0);

        assert_in_range(number_of(w, 0, "listed"), 1, ROWS / SCHEMAS + 1);
        assert_same_rows(rows_of_mirror(&w->pg, w->edges[0]), expected);
        assert_int_equal(number_of(w, 1, "listed"), ROWS);
        assert_edge_equals_catalog(&w->pg, &w->catalog, w->edges[1]);
}

/* ---- max_syncs ------------------------------------------------------------------------------ */

/* Four edges more, in the catalog and in the configuration. */
static void add_edges(World *w)
{
        for (int i = 0; i < 4; i++) {
                char body[64], lines[128];
                (void)snprintf(body, sizeof(body), "{\"name\":\"more %d\",\"rows\":3}", i);
                control(w, "/control/edges", body);
                cJSON *edges = harness_control(&w->catalog, "/control/edges", NULL);
                const cJSON *last = cJSON_GetArrayItem(edges, cJSON_GetArraySize(edges) - 1);
                (void)snprintf(lines, sizeof(lines), "[edge \"more %d\"]\nid = %s\n", i,
                               cJSON_GetStringValue(cJSON_GetObjectItem(last, "id")));
                configure(w, lines);
                cJSON_Delete(edges);
        }
}

static void no_more_edges_are_synced_at_once_than_max_syncs(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        add_edges(w);
        configure(w, "[daemon]\nmax_syncs = 2\n");
        control(w, "/control/settings", "{\"job_run_ms\":500}");
        assert_int_equal(RUN(w, "sync"), 0);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'synced'"),
                6);
        /* Runs that were open when one began, itself among them. */
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT max(n) FROM (SELECT count(*) AS n FROM edgemirror.sync_run a"
                        " JOIN edgemirror.sync_run b ON b.started_at <= a.started_at"
                        " AND b.finished_at > a.started_at GROUP BY a.run_id) at_once"),
                2);
}

static void assert_enabled(World *w, const char *expected)
{
        char *enabled = harness_sql(&w->pg, "SELECT string_agg(edge, ',' ORDER BY edge) FROM "
                                            "edgemirror.freshness WHERE enabled");
        assert_string_equal(enabled, expected);
        free(enabled);
}

/* Without a service: a sync, of whichever edge, leaves enabled what its configuration enables, but
 * for what an instance of the service wants. */
static void what_is_enabled_is_right_after_a_sync_by_hand(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        assert_int_equal(RUN(w, "sync", "main"), 0);
        assert_enabled(w, "main,other");
        configure(w, "enabled = no\n"); /* of the last section, other */
        assert_int_equal(RUN(w, "sync", "main"), 0);
        assert_enabled(w, "main");

        write_config(w, "1m");
        assert_int_equal(RUN(w, "sync"), 0);
        char *text = harness_read(w->folder, "edgemirror.conf");
        *strstr(text, "[edge \"other\"]") = '\0';
        harness_write(w->folder, "edgemirror.conf", text);
        free(text);
        free(harness_sql(
                &w->pg, "INSERT INTO edgemirror.instance SELECT gen_random_uuid(), 'service', '1', "
                        "'1 minute', now(), now(), now(), NULL, array_agg(edge_connection_id)"
                        " FROM edgemirror.edge"));
        assert_int_equal(RUN(w, "sync"), 0);
        assert_enabled(w, "main,other");
        free(harness_sql(&w->pg, "UPDATE edgemirror.instance SET stopped_at = now()"));
        assert_int_equal(RUN(w, "sync"), 0);
        assert_enabled(w, "main");
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.instance"));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_belongs_to_the_schema_connection_is_mirrored),
                cmocka_unit_test(no_more_edges_are_synced_at_once_than_max_syncs),
                cmocka_unit_test(what_is_enabled_is_right_after_a_sync_by_hand),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
