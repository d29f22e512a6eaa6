/*
 * The digest: a list that the mirror has already is known by it and costs PostgreSQL next to
 * nothing; whatever it cannot vouch for is applied whole.
 */
#include "base/text.h"
#include "harness/program.h"
#include "integration/mirror_bench.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "mirror/spool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- one function, in two languages --------------------------------------------------------- */

static char *long_name(void)
{
        enum { SIZE = 10000 };
        char *name = malloc(SIZE + 1);
        assert_non_null(name);
        memset(name, 'n', SIZE);
        name[SIZE] = '\0';
        return name;
}

static void a_list_and_the_mirror_of_it_have_the_same_digest(void **state)
{
        MirrorBench *b = *state;
        char *endless = long_name();
        const char *const names[] = {"plain",
                                     "",
                                     "-",
                                     "--",
                                     "it's \"quoted\"",
                                     "back\\slash \\N \\. \\x41",
                                     "tab\tnewline\nreturn\r\x01\x7f",
                                     "Größe, 数据库, 🗄️, e\xcc\x81 and \xc3\xa9",
                                     " spaces ",
                                     "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11",
                                     endless};
        _cleanup_(cleanup_spool) Spool *spool = NULL;
        assert_int_equal(spool_new(&spool), 0);
        for (size_t n = 0; n <= sizeof(names) / sizeof(names[0]); n++) {
                char digest[DIGEST_STRING_SIZE], sql[512], here[UUID_STRING_SIZE];
                const Digest *of_list = spool_digest(spool);
                bench_apply_spool(b, &bench_edge, spool);
                (void)snprintf(
                        sql, sizeof(sql),
                        "SELECT concat_ws(' ', e.row_count, e.digest, d.row_count, d.digest)"
                        " FROM edgemirror.edge e, edgemirror.digest_of(e.edge_connection_id) d"
                        " WHERE edge_connection_id = '%s'",
                        uuid_format(&bench_edge, here));
                char expected[200];
                (void)digest_format(of_list, digest);
                (void)snprintf(expected, sizeof(expected), "%zu %s %zu %s", 2 * n, digest, 2 * n,
                               digest);
                assert_sql(b, sql, expected);
                if (n == sizeof(names) / sizeof(names[0]))
                        break;
                bench_spool_add(spool, &(BenchRow){.number = (int)n * 2, .name = names[n]});
                bench_spool_add(spool, &(BenchRow){.number = (int)n * 2 + 1,
                                                   .name = names[n],
                                                   .database = (int)n + 1});
        }
        free(endless);
}

/* ---- through mirror.h ----------------------------------------------------------------------- */

static const BenchRow three[] = {{1, "alpha", 0}, {2, "beta", 7}, {3, "gamma", 0}};

static int mirror_setup(void **state)
{
        (void)mirror_bench_setup(state);
        MirrorBench *b = *state;
        free(harness_sql(&b->pg, "ALTER ROLE em SET log_statement = 'all'"));
        bench_disconnect(b);
        bench_connect(b);
        return 0;
}

/* Both edges are empty, and their next sync is like the first. */
static int mirror_empty(void **state)
{
        MirrorBench *b = *state;
        free(harness_sql(
                &b->pg,
                "TRUNCATE edgemirror.database_connection, edgemirror.database_connection_past;"
                "UPDATE edgemirror.edge SET digest = NULL, list_digest = NULL, row_count = NULL, "
                "listed_at = NULL, "
                "refreshed_at = NULL"));
        return 0;
}

/* Whether a sync that lists these rows copies them, which is: does not believe that nothing
 * changed. */
static bool copies(MirrorBench *b, const Uuid *edge, const BenchRow *rows, size_t n)
{
        size_t from = harness_log_end(&b->pg);
        bench_apply(b, edge, rows, n);
        return harness_log_count(&b->pg, "COPY pg_temp.edgemirror_spool_4", &from) > 0;
}

static void alter(const MirrorBench *b, const char *sql)
{
        free(harness_sql(&b->pg, sql));
}

/* What is recorded, of every edge that was ever listed, beside what is computed from the rows. */
static void assert_digests_are_of_the_rows(MirrorBench *b)
{
        assert_sql(b,
                   "SELECT e.name FROM edgemirror.edge e, "
                   "edgemirror.digest_of(e.edge_connection_id) d WHERE e.row_count IS NOT NULL"
                   " AND (e.digest, e.row_count) IS DISTINCT FROM (d.digest, d.row_count)",
                   "");
}

static void the_same_list_is_known_in_any_order_and_moves_the_clocks(void **state)
{
        MirrorBench *b = *state;
        static const BenchRow turned[] = {{3, "gamma", 0}, {1, "alpha", 0}, {2, "beta", 7}};
        assert_true(copies(b, &bench_edge, three, 3));
        alter(b, "UPDATE edgemirror.edge SET listed_at = '2001-01-01', refreshed_at = "
                 "'2001-01-01', consecutive_failures = 5");
        assert_false(copies(b, &bench_edge, turned, 3));
        assert_int_equal(b->applied.listed, 3);
        assert_int_equal(b->applied.unchanged, 3);
        assert_int_equal(b->applied.row_count, 3);
        assert_sql(b,
                   "SELECT concat_ws(' ', listed_at > '2001-01-02', refreshed_at = listed_at, "
                   "consecutive_failures, row_count)"
                   " FROM edgemirror.edge WHERE name = 'one'",
                   "t t 0 3");
        assert_sql(b,
                   "SELECT concat_ws(' ', r.phase, r.outcome, r.refresh, r.listed, r.unchanged, "
                   "r.added,"
                   " r.finished_at IS NOT NULL, c.holder IS NULL, c.expires_at IS NULL)"
                   " FROM edgemirror.sync_run r JOIN edgemirror.edge e ON e.last_run_id = r.run_id"
                   " JOIN edgemirror.edge_claim c ON c.edge_connection_id = e.edge_connection_id "
                   "WHERE e.name = 'one'",
                   "done synced clean 3 3 0 t t t");
}

static void an_empty_list_of_an_empty_edge_is_known_the_second_time(void **state)
{
        assert_true(copies(*state, &bench_edge, NULL, 0));
        assert_false(copies(*state, &bench_edge, NULL, 0));
}

static void any_difference_is_applied(void **state)
{
        MirrorBench *b = *state;
        static const BenchRow lists[][4] = {
                {{1, "alpha", 0}, {2, "beta", 7}, {3, "gamma", 0}, {4, "delta", 0}},
                {{1, "alpha", 0}, {2, "beta", 7}, {3, "gamma!", 0}, {4, "delta", 0}}, /* renamed */
                /* a link went over */
                {{1, "alpha", 7}, {2, "beta", 0}, {3, "gamma!", 0}, {4, "delta", 0}},
                /* names exchanged */
                {{1, "beta", 7}, {2, "alpha", 0}, {3, "gamma!", 0}, {4, "delta", 0}},
                /* the same under another id */
                {{1, "beta", 7}, {2, "alpha", 0}, {3, "gamma!", 0}, {5, "delta", 0}},
        };
        assert_true(copies(b, &bench_edge, three, 3));
        for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
                assert_true(copies(b, &bench_edge, lists[i], 4));
                assert_true(b->applied.added + b->applied.changed > 0);
        }
}

static void a_row_that_is_listed_twice_does_not_hide_another(void **state)
{
        MirrorBench *b = *state;
        static const BenchRow twice[] = {{1, "alpha", 0}, {2, "beta", 7}, {2, "beta", 7}};
        static const BenchRow overlap[] = {
                {1, "alpha", 0}, {2, "was", 0}, {3, "gamma", 0}, {2, "beta", 7}, {3, "gamma", 0}};
        assert_true(copies(b, &bench_edge, three, 3));
        assert_false(copies(b, &bench_edge, overlap, 5)); /* the later observation counts */
        assert_int_equal(b->applied.listed, 3);
        assert_true(copies(b, &bench_edge, twice, 3));
        assert_int_equal(b->applied.listed, 2);
        assert_int_equal(b->applied.held, 1);
}

/* More rows come between than the list remembers. The later observation counts, whether the mirror
 * has the row already or not. */
static void an_id_that_comes_again_much_later_is_one_row(void **state)
{
        MirrorBench *b = *state;
        enum { N = 2 * DIGEST_RECENT_MAX, TIMES = 4 };
        static const char *const names[TIMES][3] = {
                {"was", "is", "is"}, {"other", "is", "is"}, {"is", "new", "new"}, {"a", "b", "b"}};
        BenchRow rows[N];
        for (int i = 1; i < N - 1; i++)
                rows[i] = (BenchRow){.number = 100 + i, .name = "between"};
        for (size_t i = 0; i < TIMES; i++) {
                rows[0] = (BenchRow){.number = 1, .name = names[i][0]};
                rows[N - 1] = (BenchRow){.number = 1, .name = names[i][1]};
                bench_apply(b, &bench_edge, rows, N);
                assert_int_equal(b->applied.listed, N - 1);
                assert_int_equal(b->applied.added, i == 0 ? N - 1 : 0);
                assert_int_equal(b->applied.changed, i >= 2);
                assert_sql(b,
                           "SELECT name FROM edgemirror.database_connection WHERE name <> "
                           "'between'",
                           names[i][2]);
                assert_digests_are_of_the_rows(b);
        }
}

/* Rows come, go, change, come back, move from edge to edge and are held, in a history without
 * end. */
static void the_digest_follows_whatever_is_done(void **state)
{
        MirrorBench *b = *state;
        enum { STEPS = 120, ROWS = 24 };
        static const char *const names[] = {"a", "b", "c"};
        uint32_t random = 1;
        int64_t n[6] = {0};
        for (int step = 0; step < STEPS; step++) {
                BenchRow rows[ROWS];
                size_t n_rows = 0;
                for (int i = 1; i <= ROWS; i++) {
                        random = random * 1664525 + 1013904223;
                        if (random >> 24 < 100)
                                rows[n_rows++] = (BenchRow){.number = i,
                                                            .name = names[(random >> 12) % 3],
                                                            .database = (int)(random >> 20) % 3};
                }
                const Uuid *edge = random >> 30 ? &bench_edge : &bench_other_edge;
                int from = 1 + (int)(random >> 8) % ROWS;
                if (step % 3)
                        bench_apply_removing(b, edge, rows, n_rows, from, from + ROWS / 2);
                else
                        bench_apply(b, edge, rows, n_rows);
                assert_string_equal(b->fault.message, "");
                assert_digests_are_of_the_rows(b);
                n[0] += b->applied.added;
                n[1] += b->applied.changed;
                n[2] += b->applied.removed;
                n[3] += b->applied.restored;
                n[4] += b->applied.held;
                n[5] += b->applied.unchanged;
        }
        for (size_t i = 0; i < 6; i++)
                assert_true(n[i] > 0);
}

static void rows_that_are_held_are_held_again_by_every_sync(void **state)
{
        MirrorBench *b = *state;
        assert_true(copies(b, &bench_edge, three, 3));
        for (int i = 0; i < 2; i++) {
                assert_true(copies(b, &bench_edge, three, 2));
                assert_int_equal(b->applied.held, 1);
        }
        /* What is held is not what the catalog shows, until the row is back in the list. */
        assert_sql(b, "SELECT list_digest IS NULL FROM edgemirror.edge WHERE name = 'one'", "t");
        assert_digests_are_of_the_rows(b);
        assert_true(copies(b, &bench_edge, three, 3));
        assert_int_equal(b->applied.held, 0);
        assert_false(copies(b, &bench_edge, three, 3));
}

static void an_upgraded_mirror_is_applied_once_more(void **state)
{
        MirrorBench *b = *state;
        assert_true(copies(b, &bench_edge, three, 3));
        alter(b, "UPDATE edgemirror.edge SET digest = NULL, list_digest = NULL");
        assert_true(copies(b, &bench_edge, three, 3));
        assert_int_equal(b->applied.unchanged, 3);
        assert_false(copies(b, &bench_edge, three, 3));
}

static void rows_lost_or_added_by_hand_are_seen_by_their_number(void **state)
{
        MirrorBench *b = *state;
        char id[UUID_STRING_SIZE], sql[200];
        assert_true(copies(b, &bench_edge, three, 3));
        (void)snprintf(sql, sizeof(sql),
                       "DELETE FROM edgemirror.database_connection WHERE id = '%s'",
                       bench_id(2, id));
        alter(b, sql);
        assert_true(copies(b, &bench_edge, three, 3));
        assert_int_equal(b->applied.added, 1);
        assert_sql(b,
                   "SELECT count(*) FROM edgemirror.database_connection WHERE removed_at IS NULL",
                   "3");
}

static void a_row_that_goes_to_another_edge_takes_the_digest_with_it(void **state)
{
        MirrorBench *b = *state;
        static const BenchRow moved[] = {{2, "beta", 7}};
        assert_true(copies(b, &bench_edge, three, 3));
        assert_true(copies(b, &bench_other_edge, NULL, 0));
        assert_true(copies(b, &bench_other_edge, moved, 1));
        assert_sql(b, "SELECT name FROM edgemirror.edge WHERE list_digest IS NULL", "one");
        assert_digests_are_of_the_rows(b);
        assert_false(copies(b, &bench_other_edge, moved, 1));
        /* It is back where it was: the digest that the edge had before would say that nothing
         * changed. */
        assert_true(copies(b, &bench_edge, three, 3));
        assert_int_equal(b->applied.changed, 1);
        assert_sql(b, "SELECT name FROM edgemirror.edge WHERE list_digest IS NULL", "two");
        assert_digests_are_of_the_rows(b);
        assert_false(copies(b, &bench_edge, three, 3));
}

/* Nothing is said to be unchanged while another edge takes a row away; what was compared before it
 * did is compared anew. */
static void an_apply_that_is_taking_a_row_away_is_waited_for(void **state)
{
        MirrorBench *b = *state;
        char id[UUID_STRING_SIZE], other[UUID_STRING_SIZE], edge[UUID_STRING_SIZE], sql[600];
        assert_true(copies(b, &bench_edge, three, 3));
        assert_true(copies(b, &bench_other_edge, NULL, 0));
        assert_string_equal(b->fault.message, "");

        PGconn *taker = PQconnectdb(b->pg.conninfo);
        (void)snprintf(
                sql, sizeof(sql),
                "BEGIN; UPDATE edgemirror.database_connection SET edge_connection_id = '%s' "
                "WHERE id = '%s';"
                "UPDATE edgemirror.edge SET list_digest = NULL WHERE edge_connection_id = '%s'",
                uuid_format(&bench_other_edge, other), bench_id(2, id),
                uuid_format(&bench_edge, edge));
        PQclear(PQexec(taker, sql));
        assert_int_equal(PQtransactionStatus(taker), PQTRANS_INTRANS);

        _cleanup_(cleanup_spool) Spool *spool = NULL;
        assert_int_equal(spool_new(&spool), 0);
        for (size_t i = 0; i < 3; i++)
                bench_spool_add(spool, &three[i]);
        MirrorRun run = bench_claim(b, &bench_edge);
        bench_apply_begin(b, &run, &(MirrorSnapshot){.rows = spool, .missing = MIRROR_MISSING_HOLD},
                          NULL);
        static const char waits[] =
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        for (int i = 0; harness_sql_long(&b->pg, waits) == 0; i++) {
                assert_true(i < 1000 && !b->done);
                assert_true(sd_event_run(b->event, 10000) >= 0);
        }
        PQclear(PQexec(taker, "COMMIT"));
        PQfinish(taker);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
        assert_int_equal(b->applied.changed, 1);
        assert_sql(b, "SELECT row_count FROM edgemirror.edge WHERE name = 'one'", "3");
        assert_false(copies(b, &bench_edge, three, 3));
}

static void only_the_holder_may_say_that_nothing_changed(void **state)
{
        MirrorBench *b = *state;
        assert_true(copies(b, &bench_edge, three, 3));
        alter(b, "UPDATE edgemirror.edge SET listed_at = '2001-01-01'");
        _cleanup_(cleanup_spool) Spool *spool = NULL;
        assert_int_equal(spool_new(&spool), 0);
        for (size_t i = 0; i < 3; i++)
                bench_spool_add(spool, &three[i]);
        MirrorRun run = bench_claim(b, &bench_edge);
        alter(b, "UPDATE edgemirror.edge_claim SET epoch = epoch + 1, holder = 'another' WHERE "
                 "holder IS NOT NULL");
        bench_try_apply(b, &run, &(MirrorSnapshot){.rows = spool, .missing = MIRROR_MISSING_HOLD},
                        NULL);
        assert_string_equal(fault_code_name(b->fault.code), "lease-lost");
        assert_sql(b, "SELECT listed_at = '2001-01-01' FROM edgemirror.edge WHERE name = 'one'",
                   "t");
        assert_sql(b, "SELECT holder FROM edgemirror.edge_claim WHERE holder IS NOT NULL",
                   "another");
        alter(b, "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL");
}

static void a_list_that_is_not_whole_ends_no_run_by_its_digest(void **state)
{
        MirrorBench *b = *state;
        assert_true(copies(b, &bench_edge, three, 3));
        _cleanup_(cleanup_spool) Spool *spool = NULL;
        assert_int_equal(spool_new(&spool), 0);
        for (size_t i = 0; i < 3; i++)
                bench_spool_add(spool, &three[i]);
        MirrorRun run = bench_claim(b, &bench_edge);
        MirrorEnding ending = {.outcome = OUTCOME_UNSTABLE, .refresh = REFRESH_CLEAN};
        MirrorSnapshot snapshot = {.rows = spool, .missing = MIRROR_MISSING_IGNORE};
        alter(b, "UPDATE edgemirror.edge SET listed_at = '2001-01-01'");
        bench_try_apply(b, &run, &snapshot, &ending);
        assert_string_equal(b->fault.message, "");
        assert_sql(b,
                   "SELECT concat_ws(' ', listed_at = '2001-01-01', consecutive_failures) FROM "
                   "edgemirror.edge WHERE name = 'one'",
                   "t 1");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_list_and_the_mirror_of_it_have_the_same_digest,
                                       mirror_empty),
                cmocka_unit_test_setup(the_same_list_is_known_in_any_order_and_moves_the_clocks,
                                       mirror_empty),
                cmocka_unit_test_setup(an_empty_list_of_an_empty_edge_is_known_the_second_time,
                                       mirror_empty),
                cmocka_unit_test_setup(any_difference_is_applied, mirror_empty),
                cmocka_unit_test_setup(a_row_that_is_listed_twice_does_not_hide_another,
                                       mirror_empty),
                cmocka_unit_test_setup(an_id_that_comes_again_much_later_is_one_row, mirror_empty),
                cmocka_unit_test_setup(the_digest_follows_whatever_is_done, mirror_empty),
                cmocka_unit_test_setup(rows_that_are_held_are_held_again_by_every_sync,
                                       mirror_empty),
                cmocka_unit_test_setup(an_upgraded_mirror_is_applied_once_more, mirror_empty),
                cmocka_unit_test_setup(rows_lost_or_added_by_hand_are_seen_by_their_number,
                                       mirror_empty),
                cmocka_unit_test_setup(a_row_that_goes_to_another_edge_takes_the_digest_with_it,
                                       mirror_empty),
                cmocka_unit_test_setup(an_apply_that_is_taking_a_row_away_is_waited_for,
                                       mirror_empty),
                cmocka_unit_test_setup(only_the_holder_may_say_that_nothing_changed, mirror_empty),
                cmocka_unit_test_setup(a_list_that_is_not_whole_ends_no_run_by_its_digest,
                                       mirror_empty),
        };
        return cmocka_run_group_tests(tests, mirror_setup, mirror_bench_teardown);
}
