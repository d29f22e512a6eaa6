/*
 * L5: rows of a list that cannot be mirrored are set aside, counted and shown; what the mirror has
 * of them stays, and all other rows are applied.
 */
#include "integration/removals_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row of that index of the first page; the pages after it show rows as they are. */
static void spoil(World *w, const char *how, int index)
{
        char members[160];
        (void)snprintf(members, sizeof(members),
                       "\"offset_max\":0,\"bad_row\":\"%s\",\"bad_row_index\":%d", how, index);
        fault(w, "list", members);
}

static void assert_sql_is(World *w, const char *sql, const char *expected)
{
        char *is = harness_sql(&w->pg, sql);
        assert_string_equal(is, expected);
        free(is);
}

static void assert_rejected(World *w, int listed, int rejected, int unchanged)
{
        assert_int_equal(number_of(w, 0, "listed"), listed);
        assert_int_equal(number_of(w, 0, "rejected"), rejected);
        assert_int_equal(number_of(w, 0, "unchanged"), unchanged);
        char expected[64];
        (void)snprintf(expected, sizeof(expected), "%d %d %d %d", listed, rejected, unchanged,
                       rejected);
        assert_sql_is(w,
                      "SELECT concat_ws(' ', r.listed, r.rejected, r.unchanged, f.rejected) FROM "
                      "edgemirror.sync_run r JOIN edgemirror.freshness f USING (edge_connection_id)"
                      " WHERE f.edge = 'main' ORDER BY r.run_id DESC LIMIT 1",
                      expected);
}

#define STAMPS                                                                                     \
        "SELECT string_agg(t.xmin::text || t.ctid::text, ',') FROM (SELECT xmin, ctid FROM "       \
        "edgemirror.rejected_row UNION ALL SELECT xmin, ctid FROM "                                \
        "edgemirror.database_connection) t"

static void one_bad_row_keeps_no_other_from_being_mirrored(void **state)
{
        World *w = *state;
        static const struct {
                const char *how, *reason;
        } cases[] = {
                {"database-uuid", "databaseId"},
                {"nul", "NUL"},
                {"raw-nul", "NUL"},
                {"utf8", "Unicode"},
                {"overlong", "Unicode"},
                {"surrogate", "Unicode"},
                {"name-number", "name"},
                {"name-null", "name"},
                {"name-missing", "name"},
                {"edge-missing", "edgeConnectionId"},
                {"edge-uuid", "edgeConnectionId"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char sql[300];
                (void)small_world(state);
                assert_int_equal(run_sync(w, NULL, "main"), 0);
                change_rows(w, 0,
                            "{\"op\":\"rename\",\"index\":0,\"name\":\"renamed all the same\"}");
                spoil(w, cases[i].how, 2);
                assert_int_equal(run_sync(w, NULL, "main"), 0);
                assert_counts(w, "synced", 1, 0, 0);
                assert_rejected(w, 20, 1, 18);
                assert_int_equal(present(w), 20);
                (void)snprintf(sql, sizeof(sql),
                               "SELECT count(*) FROM edgemirror.rejected WHERE edge = 'main' AND "
                               "strpos(reason, '%s') > 0 AND id IS NOT NULL"
                               " AND name_in_mirror IS NOT NULL AND strpos(document, id::text) > 0",
                               cases[i].reason);
                assert_int_equal(harness_sql_long(&w->pg, sql), 1);

                /* The same list once more is known by its digest: nothing is compared, nothing is
                 * written. */
                char *before = harness_sql(&w->pg, STAMPS);
                assert_int_equal(run_sync(w, NULL, "main"), 0);
                assert_counts(w, "synced", 0, 0, 0);
                assert_rejected(w, 20, 1, 19);
                assert_sql_is(w, STAMPS, before);
                free(before);

                control(w, "/control/faults", "");
                assert_int_equal(sync_all(w), 0);
                assert_rejected(w, 20, 0, 20);
                assert_sql_is(w, "SELECT count(*) FROM edgemirror.rejected_row", "0");
                assert_mirror_equals_catalog(w);
        }
}

static void a_new_row_that_cannot_be_mirrored_is_not_added(void **state)
{
        World *w = *state;
        spoil(w, "nul", 2);
        assert_int_equal(run_sync(w, "--dry-run", "main"), 0);
        assert_int_equal(number_of(w, 0, "added"), 19);
        assert_int_equal(number_of(w, 0, "rejected"), 1);
        assert_int_equal(RUN(w, "sync", "main"), 0);
        assert_says(w, "out", "20 listed: 19 added, 1 rejected", true);
        assert_says(w, "out", "1 listed row cannot be mirrored and is set aside", true);
        assert_int_equal(RUN(w, "status"), 0);
        assert_says(w, "out", "1 listed row cannot be mirrored; see the view edgemirror.rejected",
                    true);
        assert_int_equal(RUN(w, "status", "--json"), 0);
        assert_says(w, "out", "\"rejected\":1,", true);
        assert_sql_is(w,
                      "SELECT count(*) FROM edgemirror.rejected WHERE name_in_mirror IS NULL AND "
                      "last_seen_at BETWEEN first_seen_at AND clock_timestamp()",
                      "1");
        assert_int_equal(RUN(w, "verify"), 0);
        control(w, "/control/faults", "");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "added"), 1);
        assert_mirror_equals_catalog(w);
}

static void a_name_above_the_cap_is_set_aside(void **state)
{
        World *w = *state;
        size_t size = 256 * 1024 + 1;
        char *text = malloc(size + 100);
        assert_non_null(text);
        int n = sprintf(text, "{\"op\":\"add\",\"at\":3,\"name\":\"");
        memset(text + n, 'x', size);
        (void)strcpy(text + n + size, "\"}");
        change_rows(w, 0, text);
        free(text);
        assert_int_equal(run_sync(w, NULL, "main"), 0);
        assert_rejected(w, 21, 1, 0);
        assert_int_equal(present(w), 20);
        assert_sql_is(w, "SELECT octet_length(document) FROM edgemirror.rejected", "4096");
}

/* L5: Any row may be the one whose id cannot be read: the list is not whole, and takes nothing
 * away. */
static void a_row_without_an_id_makes_the_list_not_whole(void **state)
{
        World *w = *state;
        static const char *const hows[] = {"uuid",       "uuid-braces", "id-number",
                                           "id-missing", "not-object",  "syntax"};
        for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
                (void)small_world(state);
                assert_int_equal(run_sync(w, NULL, "main"), 0);
                char *listed_at = harness_sql(
                        &w->pg, "SELECT listed_at FROM edgemirror.edge WHERE name = 'main'");
                change_rows(w, 0,
                            "{\"op\":\"rename\",\"index\":0,\"name\":\"renamed all the same\"}");
                spoil(w, hows[i], 2);
                for (int again = 0; again < 2; again++) {
                        (void)run_sync(w, NULL, "main");
                        assert_counts(w, "unstable", again == 0, 0, 0);
                        assert_string_equal(error_of(w, "code"), "list-unreadable-rows");
                        assert_int_equal(number_of(w, 0, "rejected"), 1);
                        assert_int_equal(present(w), 20);
                        assert_sql_is(w,
                                      "SELECT count(*) FROM edgemirror.rejected WHERE id IS NULL",
                                      "1");
                        assert_sql_is(w,
                                      "SELECT listed_at FROM edgemirror.edge WHERE name = 'main'",
                                      listed_at);
                }
                free(listed_at);
                control(w, "/control/faults", "");
                assert_int_equal(sync_all(w), 0);
                assert_sql_is(w, "SELECT count(*) FROM edgemirror.rejected_row", "0");
                assert_mirror_equals_catalog(w);
        }
}

static void a_page_without_any_id_fails_the_list(void **state)
{
        World *w = *state;
        begin_again(w, "1", "1s");
        assert_int_equal(run_sync(w, NULL, "main"), 0);
        spoil(w, "uuid", 0);
        assert_int_equal(run_sync(w, NULL, "main"), 1);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "page-bad-row");
        control(w, "/control/faults", "");
        spoil(w, "nul", 0); /* its id can be read; that nothing of the mirror is known is said */
        assert_int_equal(run_sync(w, NULL, "main"), 1);
        assert_string_equal(text_of(w, 0, "outcome"), "unstable");
        assert_string_equal(error_of(w, "code"), "list-all-rejected");
        assert_rejected(w, 1, 1, 0);
        assert_int_equal(present(w), 1);
}

#define KNOWN "6f0a5f6e-0000-4000-8000-000000000001"

/* Missing from the list, and asked for by its id it is there, but cannot be mirrored: it stays. */
static void a_row_that_is_there_and_cannot_be_mirrored_is_not_missing(void **state)
{
        World *w = *state;
        static const char *const members[] = {
                "\\\"name\\\":7", "\\\"name\\\":\\\"a\\\\u0000b\\\"",
                "\\\"name\\\":\\\"x\\\",\\\"edgeConnectionId\\\":null"};
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
                char rule[300];
                (void)small_world(state);
                change_rows(w, 0, "{\"op\":\"add\",\"id\":\"" KNOWN "\",\"name\":\"known\"}");
                assert_int_equal(run_sync(w, NULL, "main"), 0);
                change_rows(w, 0, "{\"op\":\"hide\",\"id\":\"" KNOWN "\"}");
                (void)snprintf(rule, sizeof(rule),
                               "{\"kind\":\"one\",\"skip\":1,\"status\":200,\"body\":\"{\\\"id\\\":"
                               "\\\"" KNOWN "\\\",%s}\"}",
                               members[i]);
                control(w, "/control/faults", rule);
                assert_int_equal(run_sync(w, NULL, "main"), 0);
                assert_counts(w, "synced", 0, 0, 0);
                assert_rejected(w, 21, 1, 20);
                assert_int_equal(present(w), 21);
        }
}

/* The digest of such a list says nothing of a row that the mirror has besides, because it is with
 * another edge and waits for that one's sync. */
static void a_row_that_went_elsewhere_is_not_forgotten_beside_one_that_cannot_be_mirrored(
        void **state)
{
        World *w = *state;
        char move[160];
        assert_int_equal(sync_all(w), 0);
        spoil(w, "nul", 2);
        (void)snprintf(move, sizeof(move), "{\"op\":\"move\",\"index\":10,\"at\":0,\"to\":\"%s\"}",
                       w->edges[1]);
        change_rows(w, 0, move);
        assert_int_equal(run_sync(w, NULL, "main"), 0);
        assert_counts(w, "synced", 0, 0, 0);
        assert_int_equal(present(w), 20);
        change_rows(w, 1, "{\"op\":\"remove\",\"index\":0}");
        assert_int_equal(run_sync(w, NULL, "main"), 0);
        assert_counts(w, "synced", 0, 1, 0);
        assert_int_equal(present(w), 19);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_bad_row_keeps_no_other_from_being_mirrored),
                cmocka_unit_test_setup(a_new_row_that_cannot_be_mirrored_is_not_added, small_world),
                cmocka_unit_test_setup(a_name_above_the_cap_is_set_aside, small_world),
                cmocka_unit_test(a_row_without_an_id_makes_the_list_not_whole),
                cmocka_unit_test(a_page_without_any_id_fails_the_list),
                cmocka_unit_test(a_row_that_is_there_and_cannot_be_mirrored_is_not_missing),
                cmocka_unit_test_setup(
                        a_row_that_went_elsewhere_is_not_forgotten_beside_one_that_cannot_be_mirrored,
                        small_world),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
