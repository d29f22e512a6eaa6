/*
 * Nothing is written that did not change: after whole syncs of an edge of 50,000 rows, what
 * PostgreSQL itself says was inserted, updated, deleted and locked.
 *
 * xmin says who wrote a row, xmax who locked it; the statistics count what was written and taken
 * back, too.
 */
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS "50000"
enum { KIB = 1024 };

static const char *const tables[] = {"database_connection", "database_connection_past"};
enum { TABLES = 2 };

/* Inserted, updated, deleted, of one table. */
typedef struct Tuples {
        long inserted, updated, deleted;
} Tuples;

/* A session tells what it did when it ends, and PostgreSQL 13 and 14 hear of it later, but in
 * order: who hears of this session has heard of ours. */
static void await_statistics(World *w)
{
        static int told;
        char sql[160];
        await_sql(w, "SELECT (count(*) = 0)::int FROM pg_stat_activity WHERE application_name "
                     "LIKE 'edgemirror/%'");
        free(harness_sql(&w->pg, "INSERT INTO public.told VALUES (1)"));
        (void)snprintf(
                sql, sizeof(sql),
                "SELECT (n_tup_ins >= %d)::int FROM pg_stat_user_tables WHERE relname = 'told'",
                ++told);
        await_sql(w, sql);
}

static long tuples_of(World *w, const char *column, const char *table)
{
        char sql[160];
        (void)snprintf(sql, sizeof(sql), "SELECT %s FROM pg_stat_user_tables WHERE relname = '%s'",
                       column, table);
        return harness_sql_long(&w->pg, sql);
}

static void count_tuples(World *w, Tuples out[TABLES])
{
        await_statistics(w);
        for (int i = 0; i < TABLES; i++)
                out[i] = (Tuples){.inserted = tuples_of(w, "n_tup_ins", tables[i]),
                                  .updated = tuples_of(w, "n_tup_upd", tables[i]),
                                  .deleted = tuples_of(w, "n_tup_del", tables[i])};
}

/* Remembers who wrote and who locked each row, to be held against what is there later. */
static void remember_rows(World *w)
{
        free(harness_sql(&w->pg,
                         "SET client_min_messages = warning;"
                         "DROP TABLE IF EXISTS public.rows_before, public.versions_before;"
                         "CREATE TABLE public.rows_before AS SELECT id, xmin::text AS writer, "
                         "xmax::text AS locker"
                         " FROM edgemirror.database_connection;"
                         "CREATE TABLE public.versions_before AS SELECT id, valid_from, xmin::text "
                         "AS writer,"
                         " xmax::text AS locker FROM edgemirror.database_connection_past"));
}

/* Rows and versions of before that somebody has written, locked or deleted since. */
static long count_touched_rows(World *w)
{
        return harness_sql_long(&w->pg, "SELECT count(*) FROM public.rows_before b LEFT JOIN "
                                        "edgemirror.database_connection d"
                                        " USING (id) WHERE (b.writer, b.locker) IS DISTINCT FROM "
                                        "(d.xmin::text, d.xmax::text)");
}

static long count_touched_versions(World *w)
{
        return harness_sql_long(&w->pg, "SELECT count(*) FROM public.versions_before b LEFT JOIN "
                                        "edgemirror.database_connection_past h"
                                        " USING (id, valid_from) WHERE (b.writer, b.locker) IS "
                                        "DISTINCT FROM (h.xmin::text, h.xmax::text)");
}

static void rename_a_row(World *w)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        control(w, path, "{\"op\":\"rename\",\"index\":31000,\"name\":\"the only one\"}");
}

static void a_sync_touches_what_changed_and_nothing_else(void **state)
{
        World *w = *state;
        static const struct {
                const char *what;
                const char *sql; /* before the sync; NULL: nothing */
                bool renamed;    /* a row of the catalog */
                /* the larger one is for making a temporary table, whatever the number of rows */
                long wal_max;
        } cases[] = {
                {"an unchanged list", NULL, false, 64 * KIB},
                {"an unchanged list that no digest vouches for",
                 "UPDATE edgemirror.edge SET list_digest = NULL", false, 256 * KIB},
                {"a list with one row renamed", NULL, true, 256 * KIB},
                {"an unchanged list again", NULL, false, 64 * KIB},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                long changed = cases[i].renamed, position;
                Tuples before[TABLES], after[TABLES];
                if (cases[i].sql)
                        free(harness_sql(&w->pg, cases[i].sql));
                if (cases[i].renamed)
                        rename_a_row(w);
                remember_rows(w);
                count_tuples(w, before);
                position = harness_sql_long(&w->pg, "SELECT pg_current_wal_insert_lsn() - '0/0'");

                assert_int_equal(RUN(w, "sync", "--json", "main"), 0);

                long wal = harness_sql_long(&w->pg, "SELECT pg_current_wal_insert_lsn() - '0/0'") -
                           position;
                take_results(w);
                print_message("%s: %ld bytes of WAL\n", cases[i].what, wal);
                assert_int_equal(number_of(w, 0, "changed"), changed);
                assert_int_equal(number_of(w, 0, "unchanged"), 50000 - changed);
                assert_in_range(wal, 0, cases[i].wal_max);
                assert_int_equal(count_touched_rows(w), changed);
                assert_int_equal(count_touched_versions(w), 0);
                count_tuples(w, after);
                for (int k = 0; k < TABLES; k++) {
                        bool is_past = k == 1; /* a version more, and none is written again */
                        assert_int_equal(after[k].inserted - before[k].inserted,
                                         is_past ? changed : 0);
                        assert_int_equal(after[k].updated - before[k].updated,
                                         is_past ? 0 : changed);
                        assert_int_equal(after[k].deleted - before[k].deleted, 0);
                }
        }
}

/* The mirror as a sync leaves it, and nothing that writes by itself: neither autovacuum nor the
 * first change of a page after a checkpoint. */
static int mirrored_setup(void **state)
{
        (void)world_setup(state);
        World *w = *state;
        free(harness_sql(&w->pg, "ALTER SYSTEM SET autovacuum = off"));
        free(harness_sql(&w->pg, "ALTER SYSTEM SET checkpoint_timeout = '1h'"));
        free(harness_sql(&w->pg, "SELECT pg_reload_conf()"));
        free(harness_sql(&w->pg, "CREATE TABLE public.told (n int)"));
        begin_again(w, ROWS ",1", "1m");
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "CHECKPOINT"));
        assert_int_equal(sync_all(w), 0);
        return 0;
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_sync_touches_what_changed_and_nothing_else),
        };
        return cmocka_run_group_tests(tests, mirrored_setup, world_teardown);
}
