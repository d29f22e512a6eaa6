/*
 * removals_world: see the header.
 */
#include "integration/removals_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void change_rows(World *w, int edge, const char *operations)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[edge]);
        control(w, path, operations);
}

int run_sync(World *w, const char *option, const char *edge)
{
        const char *arguments[] = {"-c", w->config, "sync", "--json", edge, option, NULL};
        int status = harness_program(w->folder, arguments);
        take_results(w);
        return status;
}

void configure(World *w, const char *lines)
{
        char *text = harness_read(w->folder, "edgemirror.conf");
        char more[4096];
        (void)snprintf(more, sizeof(more), "%s%s", text, lines);
        harness_write(w->folder, "edgemirror.conf", more);
        free(text);
}

void assert_counts(World *w, const char *outcome, int changed, int removed, int held)
{
        print_message("%s: %d changed, %d removed, %d held, error %s: %s\n",
                      text_of(w, 0, "outcome"), number_of(w, 0, "changed"),
                      number_of(w, 0, "removed"), number_of(w, 0, "held"), error_of(w, "code"),
                      error_of(w, "message"));
        assert_string_equal(text_of(w, 0, "outcome"), outcome);
        assert_int_equal(number_of(w, 0, "changed"), changed);
        assert_int_equal(number_of(w, 0, "removed"), removed);
        assert_int_equal(number_of(w, 0, "held"), held);
        char sql[300], expected[128];
        (void)snprintf(
                sql, sizeof(sql),
                "SELECT concat_ws(' ', outcome, changed, removed, held) FROM edgemirror.sync_run"
                " WHERE edge_connection_id = '%s' ORDER BY run_id DESC LIMIT 1",
                w->edges[0]);
        (void)snprintf(expected, sizeof(expected), "%s %d %d %d", outcome, changed, removed, held);
        char *journal = harness_sql(&w->pg, sql);
        assert_string_equal(journal, expected);
        free(journal);
}

long present(World *w)
{
        char sql[200];
        (void)snprintf(
                sql, sizeof(sql),
                "SELECT count(*) FROM edgemirror.database_connection WHERE removed_at IS NULL"
                " AND edge_connection_id = '%s'",
                w->edges[0]);
        return harness_sql_long(&w->pg, sql);
}

void assert_history_is_valid(World *w)
{
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.database_connection_history a"
                                 " JOIN edgemirror.database_connection_history b USING (id)"
                                 " WHERE a.valid_from < b.valid_from"
                                 " AND coalesce(a.valid_to, 'infinity') > b.valid_from"),
                0);
        /* What is present has a current version, what is not has none. */
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.database_connection d"
                        " FULL JOIN (SELECT id, edge_connection_id, name"
                        " FROM edgemirror.database_connection_history WHERE valid_to IS NULL) h "
                        "USING (id)"
                        " WHERE (h.id IS NULL) <> (d.removed_at IS NOT NULL)"
                        " OR h.name <> d.name OR h.edge_connection_id <> d.edge_connection_id"),
                0);
}

int requests_of(World *w, const char *kind)
{
        char path[128];
        int n = 0;
        (void)snprintf(path, sizeof(path), "/control/log?kind=%s", kind);
        char *lines = harness_control_text(&w->catalog, path);
        for (const char *c = lines; *c; c++)
                n += *c == '\n';
        free(lines);
        return n;
}
