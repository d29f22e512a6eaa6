/*
 * What the queries of docs/reports.md say of an edge that was retired and is configured again: what
 * a person has ended is told from what happened in the catalog.
 */
#include "base/text.h"
#include "integration/document.h"
#include "integration/removals_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sections of the one, the other or both. */
static void configure_edges(World *w, bool main_is, bool other_is)
{
        write_config(w, "1s");
        char *config = harness_read(w->folder, "edgemirror.conf");
        char *from = strstr(config, "[edge \"main\"]"), *to = strstr(config, "[edge \"other\"]");
        assert_non_null(from);
        assert_non_null(to);
        if (!other_is)
                *to = '\0';
        if (!main_is)
                memmove(from, to, strlen(to) + 1);
        char *confirmed = document_replaced(config, "confirm_removals = 1", "confirm_removals = 2");
        harness_write(w->folder, "edgemirror.conf", confirmed);
        free(confirmed);
        free(config);
}

static void main_is_configured(World *w, bool is)
{
        configure_edges(w, is, true);
}

static int synced_world(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1s");
        main_is_configured(w, true);
        assert_int_equal(sync_all(w), 0);
        return 0;
}

static void retire_main(World *w)
{
        main_is_configured(w, false);
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 0);
}

static void main_is_back(World *w)
{
        main_is_configured(w, true);
        assert_int_equal(sync_all(w), 0);
}

/* The query after these words on the page. */
static char *query_after(const char *words)
{
        Document page;
        char *begin = text_format("%s\n\n```sql\n", words);
        document_open_between("docs/reports.md", begin, "\n```\n", &page);
        assert_int_equal(page.n_blocks, 1);
        char *query = document_replaced(page.blocks[0], ";", "");
        document_close(&page);
        free(begin);
        return query;
}

/* How many rows of it there are with each of these values. */
static void assert_counted(World *w, const char *query, const char *values, const char *expected)
{
        char *sql = text_format("SELECT string_agg(v || ': ' || n, ', ' ORDER BY v) FROM (SELECT "
                                "concat_ws(' ', %s) AS v, count(*) AS n FROM (%s) q GROUP BY 1) c",
                                values, query);
        char *found = harness_sql(&w->pg, sql);
        assert_string_equal(found, expected);
        free(found);
        free(sql);
}

static void assert_answer(World *w, const char *words, const char *values, const char *expected)
{
        char *query = query_after(words);
        assert_counted(w, query, values, expected);
        free(query);
}

static void assert_not_back(World *w, const char *expected)
{
        assert_answer(w, "All of it that is not back:",
                      "edge, CASE WHEN not_listed THEN 'vanished' ELSE '-' END, reason, proofs, "
                      "CASE WHEN missing_since < retired_at THEN 'missing' END",
                      expected);
}

/* Of one row it is proven once, but not twice, that it is gone; another one goes while nobody
 * looks. Neither is in the next list of the edge. */
static void what_does_not_come_back_with_its_edge_has_vanished(void **state)
{
        World *w = *state;
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        assert_int_equal(run_sync(w, NULL, "main"), 0);
        assert_int_equal(number_of(w, 0, "pending"), 1);
        retire_main(w);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":7}");
        assert_not_back(w, "main -: 19, main - pending 1 missing: 1");
        assert_counted(w, "SELECT * FROM edgemirror.held", "name", "");
        assert_counted(w, "SELECT * FROM edgemirror.freshness WHERE edge = 'main'", "held, pending",
                       "0 0: 1");
        assert_answer(w, "## What vanished?", "name", "");

        main_is_back(w);
        assert_int_equal(number_of(w, 0, "restored"), 18);
        assert_not_back(w, "main vanished: 1, main vanished pending 1 missing: 1");
        assert_mirror_equals_catalog(w);
}

/* It is there, but no such row can be mirrored. */
static void what_is_listed_and_rejected_has_not_vanished(void **state)
{
        World *w = *state;
        retire_main(w);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        main_is_back(w);
        free(harness_sql(
                &w->pg,
                "INSERT INTO edgemirror.rejected_row SELECT edge_connection_id, id, id, 'so', '', "
                "now(), now(), 1 FROM edgemirror.database_connection WHERE removed_at IS NOT "
                "NULL"));
        assert_not_back(w, "main -: 1");
}

/* The edge that it left is not configured again. */
static void what_comes_back_at_another_edge_has_appeared_there(void **state)
{
        World *w = *state;
        char *move = text_format("{\"op\":\"move\",\"index\":3,\"to\":\"%s\"}", w->edges[1]);
        retire_main(w);
        change_rows(w, 0, move);
        assert_int_equal(run_sync(w, NULL, "other"), 0);
        assert_answer(w, "## What appeared this week?", "kind, edge", "restored other: 1");
        char *came = query_after("what came back after that:");
        assert_counted(w, came, "edge, came, went", "other 1 0: 1");
        assert_counted(w, "SELECT * FROM edgemirror.change WHERE kind = 'restored'",
                       "edge_before, edge_after, by_retire", "main other f: 1");
        assert_not_back(w, "main -: 19");
        free(came);
        free(move);
}

static char *now(World *w)
{
        return harness_sql(&w->pg, "SELECT format('timestamptz %L', clock_timestamp())");
}

static void assert_differs(World *w, const char *before, const char *after, const char *expected)
{
        char *query = query_after("What differs between two times, of the edges that had been "
                                  "listed at the earlier one:");
        char *from = document_replaced(query, "now() - interval '10 days 12 hours'", before);
        char *to = document_replaced(from, "now() - interval '36 hours'", after);
        assert_counted(w, to, "edge, what, CASE WHEN retired THEN 'retired' END", expected);
        free(to);
        free(from);
        free(query);
}

/* As none of it is what came to the catalog, or went from there. */
static void what_was_retired_is_told_apart_where_two_times_differ(void **state)
{
        World *w = *state;
        char *all = now(w);
        retire_main(w);
        char *without = now(w);
        change_rows(w, 0, "{\"op\":\"add\",\"name\":\"LATER\"}");
        main_is_back(w);
        char *again = now(w);
        assert_differs(w, all, without, "main gone retired: 20");
        assert_differs(w, without, again, "main new: 1, main new retired: 20");
        assert_differs(w, all, again, "main new: 1");
        char *came = query_after("what came back after that:");
        assert_counted(w, came, "edge, came, went", "main 1 0: 1");
        /* what happened before or after the two says nothing */
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(sync_all(w), 0);
        assert_differs(w, all, without, "main gone retired: 20");
        free(came);
        free(again);
        free(without);
        free(all);
}

/* An edge that is made anew has its rows with a new id, and the old id is retired before they are
 * listed there. */
static void what_a_first_list_brings_back_has_not_come(void **state)
{
        World *w = *state;
        char *move = text_format("{\"op\":\"move\",\"index\":3,\"to\":\"%s\"}", w->edges[1]);
        retire_main(w);
        change_rows(w, 0, move);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET first_listed_at = NULL WHERE name = "
                                 "'other'"));
        assert_int_equal(run_sync(w, NULL, "other"), 0);
        assert_counted(w, "SELECT * FROM edgemirror.change WHERE kind = 'restored'",
                       "edge, first_load", "other t: 1");
        char *came = query_after("what came back after that:");
        assert_counted(w, came, "edge, came, went", "");
        free(came);
        free(move);
}

/* What truly came or went between the two times has, whatever else was done to its edge. */
static void what_truly_came_or_went_is_not_told_to_be_retired(void **state)
{
        World *w = *state;
        char *all = now(w);
        change_rows(w, 0, "{\"op\":\"add\",\"name\":\"LATER\"}");
        assert_int_equal(sync_all(w), 0);
        retire_main(w);
        main_is_back(w);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(sync_all(w), 0);
        char *again = now(w);
        assert_differs(w, all, again, "main gone: 1, main new: 1");
        free(again);
        free(all);
}

/* What came before the version that is there now may be pruned by then. */
static void what_comes_back_with_its_edge_says_so_however_long_that_was_retired(void **state)
{
        World *w = *state;
        retire_main(w);
        change_rows(w, 0, "{\"op\":\"rename\",\"index\":2,\"name\":\"ANOTHER NAME\"}");
        main_is_back(w);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.database_connection_past"));
        assert_counted(w, "SELECT * FROM edgemirror.change WHERE kind = 'restored'",
                       "edge, by_retire, name_before", "main t: 20");
}

/* It was in the mirror: that is no matter of what was there before anybody looked. */
static void what_moves_with_a_first_list_has_moved(void **state)
{
        World *w = *state;
        char *move = text_format("{\"op\":\"move\",\"index\":3,\"to\":\"%s\"}", w->edges[1]);
        change_rows(w, 0, move);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET first_listed_at = NULL WHERE name = "
                                 "'other'"));
        assert_int_equal(run_sync(w, NULL, "other"), 0);
        char *came = query_after("what came back after that:");
        assert_counted(w, came, "edge, came, went", "main 0 1: 1, other 1 0: 1");
        free(came);
        free(move);
}

/* Nobody has retired the edge that it left, nor is it known to be gone. */
static void what_moved_to_an_edge_that_is_forgotten_has_moved(void **state)
{
        World *w = *state;
        char *move = text_format("{\"op\":\"move\",\"index\":3,\"to\":\"%s\"}", w->edges[0]);
        change_rows(w, 1, move);
        assert_int_equal(sync_all(w), 0);
        main_is_configured(w, false);
        assert_int_equal(RUN(w, "retire", "main", "--forget", "--yes"), 0);
        assert_counted(w, "SELECT * FROM edgemirror.change WHERE NOT first_load",
                       "kind, edge, edge_after, by_retire", "moved_out other f: 1");
        assert_not_back(w, "");
        assert_answer(w, "## What vanished?", "name", "");
        main_is_back(w); /* its rows are all new there */
        assert_counted(w, "SELECT * FROM edgemirror.change WHERE kind = 'restored'",
                       "edge, edge_before, by_retire", "main other f: 1");
        assert_mirror_equals_catalog(w);
        free(move);
}

/* The edge where it was meanwhile is forgotten: what is left is that its own was retired. */
static void what_was_elsewhere_while_its_edge_was_retired_has_come_back_with_it(void **state)
{
        World *w = *state;
        char *there = text_format("{\"op\":\"move\",\"index\":3,\"to\":\"%s\"}", w->edges[1]);
        char *back = text_format("{\"op\":\"move\",\"index\":-1,\"to\":\"%s\"}", w->edges[0]);
        retire_main(w);
        change_rows(w, 0, there);
        change_rows(w, 0, there);
        assert_int_equal(run_sync(w, NULL, "other"), 0);
        main_is_back(w);
        change_rows(w, 1, back); /* one of the two */
        assert_int_equal(sync_all(w), 0);
        configure_edges(w, true, false);
        assert_int_equal(RUN(w, "retire", "other", "--forget", "--yes"), 0);
        assert_counted(w, "SELECT * FROM edgemirror.change WHERE kind = 'restored'",
                       "edge_before, edge_after, by_retire", "main main t: 19");
        assert_counted(w, "SELECT * FROM edgemirror.change WHERE edge_before = 'main'",
                       "kind, by_retire", "removed t: 20, restored t: 19");
        free(back);
        free(there);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(what_does_not_come_back_with_its_edge_has_vanished,
                                       synced_world),
                cmocka_unit_test_setup(what_is_listed_and_rejected_has_not_vanished, synced_world),
                cmocka_unit_test_setup(what_comes_back_at_another_edge_has_appeared_there,
                                       synced_world),
                cmocka_unit_test_setup(what_was_retired_is_told_apart_where_two_times_differ,
                                       synced_world),
                cmocka_unit_test_setup(what_a_first_list_brings_back_has_not_come, synced_world),
                cmocka_unit_test_setup(what_truly_came_or_went_is_not_told_to_be_retired,
                                       synced_world),
                cmocka_unit_test_setup(
                        what_comes_back_with_its_edge_says_so_however_long_that_was_retired,
                        synced_world),
                cmocka_unit_test_setup(what_moves_with_a_first_list_has_moved, synced_world),
                cmocka_unit_test_setup(
                        what_was_elsewhere_while_its_edge_was_retired_has_come_back_with_it,
                        synced_world),
                cmocka_unit_test_setup(what_moved_to_an_edge_that_is_forgotten_has_moved,
                                       synced_world),
        };
        return cmocka_run_group_tests_name("retire_reports", tests, world_setup, world_teardown);
}
