/*
 * The digest through the real program: what an unchanged sync sends to PostgreSQL, and what
 * `edgemirror verify` finds.
 */
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Statements that reach the server, the registration of the edges left out: that is once per start
 * of the program, however many edges it syncs. */
static void an_unchanged_sync_is_four_statements_and_no_copy(void **state)
{
        World *w = *state;
        begin_again(w, "5000", "1s");
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "CHECKPOINT"));
        /* takes the first changes of pages after the checkpoint upon itself */
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "ALTER ROLE em SET log_statement = 'all'"));
        char *lsn = harness_sql(&w->pg, "SELECT pg_current_wal_insert_lsn()");
        size_t from = harness_log_end(&w->pg);
        size_t again = from;
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        assert_int_equal(harness_program(w->folder, arguments), 0);
        take_results(w);
        char sql[128];
        (void)snprintf(sql, sizeof(sql), "SELECT pg_current_wal_insert_lsn() - '%s'", lsn);
        long wal = harness_sql_long(&w->pg, sql);
        free(lsn);
        free(harness_sql(&w->pg, "ALTER ROLE em RESET log_statement"));

        /* Each has BEGIN, its settings and COMMIT with it, in the same round trip. */
        static const char *const around[] = {">: BEGIN ", ": SELECT pg_catalog.pg_backend_pid()",
                                             ">: COMMIT", "statement: COMMIT",
                                             "SHOW transaction_read_only" /* libpq's own */};
        enum { REGISTRATION = 4 };
        int statements = harness_log_count(&w->pg, "LOG:  execute", &from) - REGISTRATION;
        from = again;
        statements += harness_log_count(&w->pg, "LOG:  statement", &from);
        for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
                from = again;
                statements -= harness_log_count(&w->pg, around[i], &from);
        }
        print_message("an unchanged sync of 5,000 rows: %d statements, %ld bytes of WAL\n",
                      statements, wal);
        assert_int_equal(number_of(w, 0, "unchanged"), 5000);
        assert_true(statements <= 4 && statements > 0);
        assert_int_equal(harness_log_count(&w->pg, "COPY", &again), 0);
        assert_true(wal < 16 * 1024);
}

/* A row of `main`, the same every time. */
#define A_ROW                                                                                      \
        " id = (SELECT min(id::text)::uuid FROM edgemirror.database_connection d JOIN "            \
        "edgemirror.edge USING "                                                                   \
        "(edge_connection_id) WHERE edge.name = 'main')"

static void a_dry_run_compares_row_by_row(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "UPDATE edgemirror.database_connection SET name = 'by hand'"
                                 " WHERE" A_ROW));
        const char *const arguments[] = {"-c",        w->config, "sync", "--json",
                                         "--dry-run", "main",    NULL};
        assert_int_equal(harness_program(w->folder, arguments), 0);
        take_results(w);
        assert_int_equal(number_of(w, 0, "changed"), 1);
        assert_int_equal(number_of(w, 0, "unchanged"), 19);
}

/* ---- edgemirror verify ---------------------------------------------------------------------- */

static void verify_says_that_nobody_has_altered_anything(void **state)
{
        World *w = *state;
        static const char *const members[] = {"edge",  "edgeConnectionId", "state", "recorded",
                                              "found", "historyDiffers"};
        assert_int_equal(RUN(w, "verify"), 0);
        assert_says(w, "out", "the mirror has no edges yet", true);
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(
                &w->pg, "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone)"
                        " VALUES (gen_random_uuid(), 'later', 'daily', 'UTC')"));
        assert_int_equal(RUN(w, "verify"), 0);
        assert_says(w, "out",
                    "later                    unknown    never synced\n"
                    "main                     intact     20 rows\n"
                    "other                    intact     20 rows\n",
                    true);
        assert_int_equal(RUN(w, "verify", "--json"), 0);
        assert_objects(w, members, sizeof(members) / sizeof(members[0]), 3);
        assert_says(w, "out", "\"state\":\"intact\",\"recorded\":{\"rows\":20,\"digest\":\"", true);
        assert_says(w, "out",
                    "\"state\":\"unknown\",\"recorded\":{\"rows\":null,\"digest\":null},\"found\":{"
                    "\"rows\":0,",
                    true);
        assert_int_equal(RUN(w, "verify", w->edges[0]), 0); /* an edge goes by its id too */
        assert_says(w, "out", "main ", true);
        assert_says(w, "out", "other ", false);
        assert_int_equal(RUN(w, "verify", "main", "nobody"), 2);
        assert_says(w, "err", "the mirror knows no edge \"nobody\"", true);
        assert_says(w, "out", "main                     intact", true);
}

/* Whatever is altered is found, in the edge that it is in; a full sync repairs it. A sync that is
 * not full believes the digest, and counts the rows. */
static void what_is_altered_by_hand_is_found_and_repaired(void **state)
{
        World *w = *state;
        static const struct {
                const char *sql, *says;
                bool repaired_by_any_sync;
        } cases[] = {
                {"UPDATE edgemirror.database_connection SET name = name || '!' WHERE" A_ROW,
                 "20 rows, as many as its last sync left, but not the same\n", false},
                {"UPDATE edgemirror.database_connection SET database_id = gen_random_uuid() "
                 "WHERE" A_ROW,
                 "20 rows, as many as its last sync left, but not the same\n", false},
                {"UPDATE edgemirror.database_connection SET removed_at = now(), "
                 "ended_as = 'removed' WHERE" A_ROW,
                 "19 rows, and its last sync left 20\n", true},
                {"DELETE FROM edgemirror.database_connection WHERE" A_ROW,
                 "19 rows, and its last sync left 20\n", true},
                {"INSERT INTO edgemirror.database_connection SELECT gen_random_uuid(), "
                 "edge_connection_id, 'extra', NULL,"
                 " now(), now(), NULL, NULL, NULL, 1 FROM edgemirror.edge WHERE name = 'main'",
                 "21 rows, and its last sync left 20\n", true},
        };
        assert_int_equal(sync_all(w), 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("%s\n", cases[i].sql);
                free(harness_sql(&w->pg, cases[i].sql));
                assert_int_equal(RUN(w, "verify"), 1);
                assert_says(w, "out", "main                     ALTERED    ", true);
                assert_says(w, "out", cases[i].says, true);
                assert_says(w, "out", "other                    intact     20 rows\n", true);
                assert_says(w, "err", ".conf sync --dry-run EDGE shows them", true);
                assert_int_equal(RUN(w, "verify", "--json", "main"), 1);
                assert_says(w, "out", "\"state\":\"altered\"", true);

                if (!cases[i].repaired_by_any_sync) {
                        assert_int_equal(sync_all(w), 0);
                        assert_int_equal(RUN(w, "verify"), 1);
                        assert_int_equal(RUN(w, "sync", "--full"), 0);
                } else {
                        assert_int_equal(sync_all(w), 0);
                }
                assert_mirror_equals_catalog(w);
                assert_int_equal(RUN(w, "verify"), 0);
                assert_says(w, "out", "main                     intact     20 rows\n", true);
        }
}

static void rename_the_first(World *w, const char *name)
{
        char path[128], op[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        (void)snprintf(op, sizeof(op), "{\"op\":\"rename\",\"index\":0,\"name\":\"%s\"}", name);
        control(w, path, op);
        assert_int_equal(RUN(w, "sync", "main"), 0);
}

/* Versions that overlap are found: a past one that did not end when the next one began, and one
 * that began too early. */
static void an_altered_history_is_found(void **state)
{
        World *w = *state;
        static const char *const cases[] = {
                "UPDATE edgemirror.database_connection_past SET valid_to = now() WHERE name = "
                "'one'",
                "UPDATE edgemirror.database_connection_past SET valid_to = now() WHERE name = "
                "'two'",
                "UPDATE edgemirror.database_connection SET previous_ended_at = NULL, changed_at = "
                "changed_at - interval '1 hour' WHERE name = 'three'",
                "UPDATE edgemirror.database_connection SET previous_ended_at = previous_ended_at - "
                "interval '1 microsecond' WHERE name = 'three'",
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                begin_again(w, "20", "1s");
                assert_int_equal(sync_all(w), 0);
                rename_the_first(w, "one");
                rename_the_first(w, "two");
                rename_the_first(w, "three");
                assert_int_equal(RUN(w, "verify"), 0);
                free(harness_sql(&w->pg, cases[i]));
                assert_int_equal(RUN(w, "verify"), 1);
                assert_says(w, "out",
                            "main                     ALTERED    20 rows; 1 of them with versions "
                            "that overlap\n",
                            true);
                assert_says(w, "out", "other                    intact     20 rows\n", true);
                assert_says(w, "err", "the history of 1 of 2 edges was altered", true);
                assert_says(w, "err", "--full", false);
                assert_int_equal(RUN(w, "verify", "--json", "main"), 1);
                assert_says(w, "out", "\"historyDiffers\":1}", true);
        }
}

/* Rows that are held are not what the catalog shows, and known all the same. */
static void held_rows_are_verified_as_well(void **state)
{
        World *w = *state;
        char path[128];
        assert_int_equal(sync_all(w), 0);
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        /* more than max_removals */
        control(w, path, "{\"op\":\"remove\",\"index\":0,\"count\":15}");
        assert_int_equal(RUN(w, "sync", "main"), 4);
        assert_int_equal(RUN(w, "verify", "main"), 0);
        assert_says(w, "out", "main                     intact     20 rows\n", true);
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.database_connection SET name = name || '!' WHERE "
                         "id = (SELECT id FROM edgemirror.held LIMIT 1)"));
        assert_int_equal(RUN(w, "verify", "main"), 1);
        assert_int_equal(RUN(w, "sync", "main", "--accept-removals"), 0);
        assert_int_equal(RUN(w, "verify", "main"), 0);
        assert_says(w, "out", "main                     intact     5 rows\n", true);
}

/* The edge that lost a row to another is as that one left it, before and after its own sync. */
static void a_row_that_moved_is_no_alteration(void **state)
{
        World *w = *state;
        char path[128], op[128];
        assert_int_equal(sync_all(w), 0);
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        (void)snprintf(op, sizeof(op), "{\"op\":\"move\",\"index\":3,\"to\":\"%s\"}", w->edges[1]);
        control(w, path, op);
        assert_int_equal(RUN(w, "sync", "other"), 0);
        assert_int_equal(RUN(w, "verify"), 0);
        assert_says(w, "out", "main                     intact     19 rows\n", true);
        assert_says(w, "out", "other                    intact     21 rows\n", true);
        assert_int_equal(RUN(w, "sync", "main"), 0);
        assert_int_equal(RUN(w, "verify"), 0);
        assert_says(w, "out", "main                     intact     19 rows\n", true);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_unchanged_sync_is_four_statements_and_no_copy),
                cmocka_unit_test_setup(a_dry_run_compares_row_by_row, small_world),
                cmocka_unit_test_setup(verify_says_that_nobody_has_altered_anything, small_world),
                cmocka_unit_test_setup(what_is_altered_by_hand_is_found_and_repaired, small_world),
                cmocka_unit_test(an_altered_history_is_found),
                cmocka_unit_test_setup(held_rows_are_verified_as_well, small_world),
                cmocka_unit_test_setup(a_row_that_moved_is_no_alteration, small_world),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
