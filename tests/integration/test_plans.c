/*
 * A sync of a small edge costs what the edge has, however large the mirror is and whatever the
 * planner knows of it: nothing is read from one end to the other, neither a table nor an index.
 */
#include "harness/program.h"
#include "integration/mirror_bench.h"
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 100, LARGE = 200000 };

static bool plans_are_logged;

/* Autovacuum would analyse, at a time of its own. The plans go into the server's log, where it has
 * the module that writes them. */
static int start(void **state)
{
        (void)mirror_bench_setup(state);
        MirrorBench *b = *state;
        free(harness_sql(&b->pg, "ALTER SYSTEM SET autovacuum = off"));
        free(harness_sql(&b->pg, "SELECT pg_reload_conf()"));
        PGconn *conn = PQconnectdb(b->pg.conninfo);
        PGresult *loaded = PQexec(conn, "LOAD 'auto_explain'");
        plans_are_logged = PQresultStatus(loaded) == PGRES_COMMAND_OK;
        if (plans_are_logged)
                free(harness_sql(&b->pg,
                                 "ALTER ROLE em SET session_preload_libraries = 'auto_explain';"
                                 "ALTER ROLE em SET auto_explain.log_min_duration = 0;"
                                 "ALTER ROLE em SET auto_explain.log_analyze = on"));
        PQclear(loaded);
        PQfinish(conn);
        return 0;
}

typedef struct Reads {
        long scans; /* from one end to the other */
        long rows;  /* by indexes */
} Reads;

static long column_of(MirrorBench *b, const char *column, const char *table)
{
        char sql[200];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT coalesce(sum(%s), 0) FROM pg_stat_user_tables WHERE schemaname = "
                       "'edgemirror' AND relname = '%s'",
                       column, table);
        return harness_sql_long(&b->pg, sql);
}

/* Of what the sessions have done that have ended: the first statement of a new one is counted once
 * all before is. */
static void read_until_counted(MirrorBench *b)
{
        static long n;
        char sql[200];
        bench_disconnect(b);
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE edgemirror.history_horizon SET since = since; INSERT INTO "
                       "edgemirror.history_horizon (since) VALUES (now()) ON CONFLICT (one) DO "
                       "UPDATE SET since = now()");
        long before = column_of(b, "n_tup_ins + n_tup_upd", "history_horizon");
        free(harness_sql(&b->pg, sql));
        while (column_of(b, "n_tup_ins + n_tup_upd", "history_horizon") == before) {
                assert_true(++n < 100000);
                (void)poll(NULL, 0, 10);
        }
        bench_connect(b);
}

static const char *const tables[] = {"database_connection", "database_connection_past", "edge",
                                     "sync_run"};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static void count_reads(MirrorBench *b, Reads out[TABLES])
{
        read_until_counted(b);
        for (int i = 0; i < TABLES; i++)
                out[i] = (Reads){.scans = column_of(b, "seq_scan", tables[i]),
                                 .rows = column_of(b, "idx_tup_fetch", tables[i])};
}

static void list(BenchRow rows[ROWS], int first, const char *name)
{
        for (int i = 0; i < ROWS; i++)
                rows[i] = (BenchRow){.number = first + i, .name = name, .database = i % 2};
}

/* Of an edge: its first list; one row changed; one that was not there, one that another edge had;
 * rows that are held; rows that are gone; and rows that are back. */
static void sync_in_every_way(MirrorBench *b, int first)
{
        BenchRow rows[ROWS];
        list(rows, first, "name");
        bench_apply(b, &bench_edge, rows, ROWS);
        bench_apply(b, &bench_edge, rows, ROWS);
        rows[1].name = "another";
        bench_apply(b, &bench_edge, rows, ROWS);
        assert_int_equal(b->applied.changed, 1);
        bench_apply(b, &bench_other_edge,
                    (const BenchRow[]){{first + ROWS, "new", 0}, {first + 2, "taken", 0}}, 2);
        bench_apply(b, &bench_edge, rows, ROWS);
        assert_int_equal(b->applied.changed, 1);
        bench_apply(b, &bench_edge, rows, ROWS - 10);
        assert_int_equal(b->applied.held, 10);
        bench_apply_removing(b, &bench_edge, rows, ROWS - 10, first + ROWS - 10, first + ROWS);
        assert_int_equal(b->applied.removed, 10);
        bench_apply(b, &bench_edge, rows, ROWS);
        assert_int_equal(b->applied.restored, 10);
        bench_apply_removing(b, &bench_edge, NULL, 0, first, first + ROWS);
        assert_int_equal(b->applied.removed, ROWS);
}

static void a_small_sync_reads_no_table_from_end_to_end(void **state)
{
        MirrorBench *b = *state;
        static const struct {
                const char *mirror, *sql;
        } cases[] = {
                {"empty", NULL},
                {"large",
                 "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone)"
                 " SELECT md5('edge ' || n)::uuid, 'edge ' || n, 'hourly', 'UTC' FROM "
                 "generate_series(1, 2000) n;"
                 "INSERT INTO edgemirror.database_connection (id, edge_connection_id, name, "
                 "first_seen_at, changed_at, run_id, previous_ended_at)"
                 " SELECT md5(n::text)::uuid, md5('edge ' || n / 100)::uuid, 'large ' || n, now() "
                 "- "
                 "interval '2 days', now(), 1, now() FROM generate_series(1, 200000) n;"
                 "INSERT INTO edgemirror.database_connection_past"
                 " SELECT id, edge_connection_id, 'was', NULL, first_seen_at, changed_at, 1, NULL, "
                 "NULL FROM edgemirror.database_connection WHERE name LIKE 'large %';"
                 "INSERT INTO edgemirror.sync_run (edge_connection_id, instance, epoch, "
                 "by_hand, trigger, phase, job_id, refresh, outcome, started_at, finished_at)"
                 " SELECT md5('edge ' || n % 2000 + 1)::uuid, 'cron', n, true, 'manual', 'done', "
                 "gen_random_uuid(), 'clean', 'synced', now(), now() FROM "
                 "generate_series(1, 200000) n"},
                {"large, and analysed", "ANALYZE"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Reads before[TABLES], after[TABLES];
                if (cases[i].sql)
                        free(harness_sql(&b->pg, cases[i].sql));
                count_reads(b, before);
                sync_in_every_way(b, 1000 * (int)(i + 1));
                count_reads(b, after);
                for (int k = 0; k < TABLES; k++) {
                        long rows = after[k].rows - before[k].rows;
                        print_message("%s: %s: %ld rows read by indexes\n", cases[i].mirror,
                                      tables[k], rows);
                        assert_int_equal(after[k].scans, before[k].scans);
                        assert_in_range(rows, 0, 100 * ROWS);
                }
        }
        char *log = harness_read(b->pg.folder, "log");
        assert_true(!plans_are_logged || strstr(log, "Hash Full Join"));
        assert_null(strstr(log, "Seq Scan on database_connection"));
        free(log);
}

/* What a service told lies behind very many runs by hand. */
static void a_claim_knows_how_a_service_ended_and_looks_at_few_runs(void **state)
{
        enum { CLAIMS = 3, LOOKED_AT_MAX = 100 };
        MirrorBench *b = *state;
        const MirrorClaimRequest of_service = {.edge = bench_edge,
                                               .trigger = MIRROR_TRIGGER_SCHEDULE};
        MirrorRun run = bench_claim_as(b, &of_service);
        bench_end(b, &run, OUTCOME_UNSTABLE);
        free(harness_sql(&b->pg,
                         "INSERT INTO edgemirror.sync_run (edge_connection_id, instance, epoch, "
                         "by_hand, trigger, phase, job_id, refresh, outcome, started_at, "
                         "finished_at) SELECT edge_connection_id, 'cron', n, true, 'manual', "
                         "'done', gen_random_uuid(), 'clean', 'synced', now(), now() FROM "
                         "edgemirror.edge, generate_series(1, 40000) n WHERE name = 'one'"));
        read_until_counted(b);
        long before = column_of(b, "seq_tup_read + idx_tup_fetch", "sync_run");
        for (int i = 0; i < CLAIMS; i++) {
                bench_fail(b, &bench_edge);
                assert_int_equal(b->claim.before.outcome, OUTCOME_UNSTABLE);
        }
        read_until_counted(b);
        long looked_at = column_of(b, "seq_tup_read + idx_tup_fetch", "sync_run") - before;
        print_message("%d claims: %ld runs looked at\n", CLAIMS, looked_at);
        assert_in_range(looked_at, 1, CLAIMS * LOOKED_AT_MAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_small_sync_reads_no_table_from_end_to_end),
                cmocka_unit_test(a_claim_knows_how_a_service_ended_and_looks_at_few_runs),
        };
        return cmocka_run_group_tests_name("plans", tests, start, mirror_bench_teardown);
}
