/*
 * Which edge has a row that two edges have seen: that whose catalog was asked last, whichever list
 * was applied last. Lists are made by hand, each row with the time at which it was asked for.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/duration.h"
#include "integration/mirror_bench.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROW = 1, OTHER = 2 };

/* Times are seconds of one short while that is over. */
enum { WHILE = 20 };
static uint64_t began;

static uint64_t at(unsigned sec)
{
        return began + (uint64_t)sec * USEC_PER_SEC;
}

static int begin(void **state)
{
        MirrorBench *b = *state;
        began = clock_boottime_usec() - WHILE * USEC_PER_SEC;
        bench_sql(b, "TRUNCATE edgemirror.database_connection, edgemirror.database_connection_past;"
                     "UPDATE edgemirror.edge SET listed_at = NULL, list_digest = NULL, digest = "
                     "NULL, row_count = 0");
        return 0;
}

static const MirrorApplied *apply(MirrorBench *b, const Uuid *edge, unsigned begun,
                                  MirrorSnapshot *snapshot)
{
        MirrorRun run = bench_claim(b, edge);
        MirrorEnding ending = {.outcome = OUTCOME_SYNCED,
                               .refresh = REFRESH_CLEAN,
                               .listed_whole = true,
                               .listed_usec = (int64_t)at(begun),
                               .refreshed_usec = (int64_t)at(begun)};
        bench_try_apply(b, &run, snapshot, &ending);
        assert_string_equal(b->fault.message, "");
        return &b->applied;
}

static DatabaseConnection connection(int number, const char *name)
{
        return (DatabaseConnection){
                .id = bench_number_id(number), .name = name, .name_size = strlen(name)};
}

/* Each edge has a row of its own, too, so that no list is empty. */
static Spool *list_of(const Uuid *edge, unsigned begun)
{
        Spool *spool;
        DatabaseConnection own = connection(edge == &bench_edge ? 100 : 200, "own");
        assert_int_equal(spool_new(&spool), 0);
        assert_int_equal(spool_add(spool, &own, at(begun), NULL), 0);
        return spool;
}

static const MirrorApplied *sees(MirrorBench *b, const Uuid *edge, unsigned begun, unsigned asked,
                                 const char *name)
{
        _cleanup_(cleanup_spool) Spool *spool = list_of(edge, begun);
        DatabaseConnection row = connection(ROW, name);
        assert_int_equal(spool_add(spool, &row, at(asked), NULL), 0);
        return apply(b, edge, begun,
                     &(MirrorSnapshot){.rows = spool, .missing = MIRROR_MISSING_HOLD});
}

/* Its list lacks the row, and the catalog says where it is: `with`, or nowhere. */
static void misses(MirrorBench *b, const Uuid *edge, unsigned begun, unsigned asked,
                   const Uuid *with)
{
        _cleanup_(cleanup_spool) Spool *spool = list_of(edge, begun), *verdicts = NULL;
        DatabaseConnection row = connection(ROW, "row");
        SpoolVerdict verdict = {.id = row.id,
                                .gone = !with,
                                .moved = with ? &row : NULL,
                                .http_status = with ? 200 : 404,
                                .asked_usec = at(asked)};
        if (with)
                row.edge_connection_id = *with;
        assert_int_equal(spool_new(&verdicts), 0);
        assert_int_equal(spool_add_verdict(verdicts, &verdict, NULL), 0);
        (void)apply(b, edge, begun,
                    &(MirrorSnapshot){
                            .rows = spool, .missing = MIRROR_MISSING_REMOVE, .verdicts = verdicts});
}

/* The edge of the row, "" while it is with none; and the numbers of rows are right. */
static void assert_with(MirrorBench *b, const char *edge)
{
        char sql[256], id[UUID_STRING_SIZE];
        (void)snprintf(sql, sizeof(sql), "SELECT edge FROM edgemirror.inventory WHERE id = '%s'",
                       bench_id(ROW, id));
        assert_sql(b, sql, edge);
        assert_sql(b,
                   "SELECT count(*) FROM edgemirror.edge e, LATERAL (SELECT count(*) AS rows FROM "
                   "edgemirror.inventory i WHERE i.edge_connection_id = e.edge_connection_id) n "
                   "WHERE e.row_count <> n.rows",
                   "0");
}

static void what_was_seen_before_takes_nothing_back(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 9, 10, "row");
        (void)sees(b, &bench_edge, 0, 5, "row");
        assert_with(b, "two");
        assert_sql(b, "SELECT name FROM edgemirror.edge WHERE list_digest IS NULL", "one");
        (void)sees(b, &bench_edge, 0, 12, "row"); /* on a later page of a list as long */
        assert_with(b, "one");
}

static void what_was_applied_last_need_not_have_been_seen_last(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        (void)sees(b, &bench_other_edge, 2, 3, "another name");
        (void)sees(b, &bench_edge, 4, 5, "row");
        assert_with(b, "one");
}

/* Nothing is written of a row that is as it was: there it is when its list was begun. */
static void an_unchanged_row_was_seen_with_its_list(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        (void)sees(b, &bench_other_edge, 9, 10, "row");
        (void)sees(b, &bench_edge, 4, 5, "row");
        assert_with(b, "two");
        (void)sees(b, &bench_edge, 11, 12, "row");
        assert_with(b, "one");
}

/* The other edge has listed later, and without the row: its list does not speak for it. */
static void a_row_that_its_edge_misses_goes_where_it_was_seen(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        misses(b, &bench_other_edge, 9, 10, &bench_edge);
        assert_with(b, "two"); /* left to the sync of the edge that has it */
        assert_sql(b, "SELECT count(*) FROM edgemirror.inventory WHERE missing_since IS NOT NULL",
                   "1");
        assert_sql(b, "SELECT count(*) FROM edgemirror.held", "0");
        (void)sees(b, &bench_edge, 4, 8, "row");
        assert_with(b, "one");
        assert_sql(b, "SELECT count(*) FROM edgemirror.inventory WHERE missing_since IS NOT NULL",
                   "0");
}

/* As with schema_connection: its list leaves out what the edge has. */
static void a_row_that_is_left_to_an_edge_that_does_not_list_it_goes_there(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        misses(b, &bench_other_edge, 4, 5, &bench_edge);
        _cleanup_(cleanup_free) char *written = bench_column(
                b, "SELECT xmin FROM edgemirror.database_connection WHERE name = 'row'");
        misses(b, &bench_other_edge, 7, 8, &bench_edge);
        assert_with(b, "two");
        assert_sql(b, "SELECT xmin FROM edgemirror.database_connection WHERE name = 'row'",
                   written); /* once */
        bench_sql(b, "UPDATE edgemirror.edge SET listed_at = now() WHERE name = 'one'");
        misses(b, &bench_other_edge, 14, 15, &bench_edge);
        assert_with(b, "one");
        assert_int_equal(b->applied.moved, 1);
}

static void a_row_that_is_back_is_missing_no_more(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        misses(b, &bench_other_edge, 4, 5, &bench_edge);
        (void)sees(b, &bench_other_edge, 9, 10, "row");
        assert_sql(b, "SELECT count(*) FROM edgemirror.inventory WHERE missing_since IS NOT NULL",
                   "0");
        (void)sees(b, &bench_edge, 6, 7, "row");
        assert_with(b, "two");
}

static void a_row_that_another_edge_has_removed_is_not_restored_by_what_was_seen_before(
        void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        misses(b, &bench_other_edge, 9, 10, NULL);
        assert_with(b, "");
        assert_int_equal(sees(b, &bench_edge, 4, 5, "row")->restored, 0);
        assert_with(b, "");
        assert_int_equal(sees(b, &bench_edge, 11, 12, "row")->restored, 1);
        assert_with(b, "one");
}

/* Between the comparison and the writing, for which the rows of both edges are locked. */
static void apply_while(MirrorBench *b, const char *meanwhile)
{
        /* a first list is written without a comparison */
        _cleanup_(cleanup_spool) Spool *before = list_of(&bench_edge, 2);
        (void)apply(b, &bench_edge, 2,
                    &(MirrorSnapshot){.rows = before, .missing = MIRROR_MISSING_HOLD});
        PGconn *other = PQconnectdb(b->pg.conninfo);
        PQclear(PQexec(other, "BEGIN"));
        PQclear(PQexec(other, meanwhile));
        assert_int_equal(PQtransactionStatus(other), PQTRANS_INTRANS);

        _cleanup_(cleanup_spool) Spool *spool = list_of(&bench_edge, 4);
        DatabaseConnection row = connection(ROW, "row");
        assert_int_equal(spool_add(spool, &row, at(5), NULL), 0);
        MirrorRun run = bench_claim(b, &bench_edge);
        bench_apply_begin(b, &run, &(MirrorSnapshot){.rows = spool, .missing = MIRROR_MISSING_HOLD},
                          NULL);
        for (int i = 0; harness_sql_long(&b->pg, "SELECT count(*) FROM pg_stat_activity WHERE "
                                                 "wait_event_type = 'Lock'") == 0;
             i++) {
                assert_true(i < 1000 && !b->done);
                assert_true(sd_event_run(b->event, 10000) >= 0);
        }
        PQclear(PQexec(other, "COMMIT"));
        PQfinish(other);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
}

static void what_another_edge_writes_meanwhile_has_all_compared_anew(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        apply_while(b, "UPDATE edgemirror.edge SET row_count = row_count WHERE name = 'two';"
                       "UPDATE edgemirror.database_connection SET name = 'newer', changed_at = "
                       "now(), as_of = now() WHERE name = 'row'");
        assert_with(b, "two");
        assert_sql(b, "SELECT count(*) FROM edgemirror.inventory WHERE name = 'newer'", "1");
}

static void what_another_edge_removes_meanwhile_is_not_restored(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        apply_while(b, "UPDATE edgemirror.edge SET row_count = row_count - 1 WHERE name = 'two';"
                       "UPDATE edgemirror.database_connection SET removed_at = now(), ended_as = "
                       "'removed', as_of = now() WHERE name = 'row'");
        assert_with(b, "");
}

/* What a person has ended was in no list that came after that, although it was never missing. */
static void what_was_retired_is_not_in_the_later_lists_of_its_edge(void **state)
{
        MirrorBench *b = *state;
        _cleanup_(cleanup_spool) Spool *without = list_of(&bench_other_edge, 9);
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        bench_sql(b, "UPDATE edgemirror.database_connection SET removed_at = now(), ended_as = "
                     "'retired' WHERE name = 'row'; UPDATE edgemirror.edge SET digest = NULL, "
                     "list_digest = NULL, row_count = 1 WHERE name = 'two'");
        (void)apply(b, &bench_other_edge, 9,
                    &(MirrorSnapshot){.rows = without, .missing = MIRROR_MISSING_HOLD});
        (void)sees(b, &bench_edge, 4, 5, "row");
        assert_with(b, "one");
}

/* It was written while a clock was ahead. */
static void a_time_that_has_not_come_yet_keeps_no_row(void **state)
{
        MirrorBench *b = *state;
        (void)sees(b, &bench_other_edge, 0, 1, "row");
        bench_sql(b, "UPDATE edgemirror.database_connection SET as_of = now() + interval '1 day', "
                     "changed_at = now() + interval '1 day';"
                     "UPDATE edgemirror.edge SET listed_at = now() + interval '1 day'");
        (void)sees(b, &bench_edge, 4, 5, "row");
        assert_with(b, "one");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(what_was_seen_before_takes_nothing_back, begin),
                cmocka_unit_test_setup(what_was_applied_last_need_not_have_been_seen_last, begin),
                cmocka_unit_test_setup(an_unchanged_row_was_seen_with_its_list, begin),
                cmocka_unit_test_setup(a_row_that_its_edge_misses_goes_where_it_was_seen, begin),
                cmocka_unit_test_setup(
                        a_row_that_is_left_to_an_edge_that_does_not_list_it_goes_there, begin),
                cmocka_unit_test_setup(a_row_that_is_back_is_missing_no_more, begin),
                cmocka_unit_test_setup(
                        a_row_that_another_edge_has_removed_is_not_restored_by_what_was_seen_before,
                        begin),
                cmocka_unit_test_setup(what_another_edge_writes_meanwhile_has_all_compared_anew,
                                       begin),
                cmocka_unit_test_setup(what_another_edge_removes_meanwhile_is_not_restored, begin),
                cmocka_unit_test_setup(what_was_retired_is_not_in_the_later_lists_of_its_edge,
                                       begin),
                cmocka_unit_test_setup(a_time_that_has_not_come_yet_keeps_no_row, begin),
        };
        return cmocka_run_group_tests_name("as_of", tests, mirror_bench_setup,
                                           mirror_bench_teardown);
}
