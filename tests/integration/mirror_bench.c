/*
 * mirror_bench: see the header.
 */
#include "integration/mirror_bench.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "harness/program.h"
#include "mirror/apply.h"
#include "mirror/check.h"
#include "mirror/lease.h"
#include "mirror/prune.h"
#include "mirror/registry.h"
#include "mirror/spool.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const Uuid bench_edge = {.bytes = {0xed, 0x9e, 1}};
const Uuid bench_other_edge = {.bytes = {0xed, 0x9e, 2}};

void mirror_bench_wait(MirrorBench *b)
{
        while (!b->done)
                assert_true(sd_event_run(b->event, 60 * USEC_PER_SEC) > 0);
        b->done = false;
}

void mirror_bench_on_plain(const Fault *fault, void *userdata)
{
        MirrorBench *b = userdata;
        b->fault = *fault;
        b->done = true;
}

void mirror_bench_on_registered(bool is_ours, const Fault *fault, void *userdata)
{
        ((MirrorBench *)userdata)->is_ours = is_ours;
        mirror_bench_on_plain(fault, userdata);
}

static void on_claim(const MirrorClaim *claim, const Fault *fault, void *userdata)
{
        ((MirrorBench *)userdata)->claim = *claim;
        mirror_bench_on_plain(fault, userdata);
}

static void on_applied(const MirrorApplied *applied, const Fault *fault, void *userdata)
{
        ((MirrorBench *)userdata)->applied = *applied;
        mirror_bench_on_plain(fault, userdata);
}

static void on_pruned(const MirrorPruned *pruned, const Fault *fault, void *userdata)
{
        ((MirrorBench *)userdata)->pruned = *pruned;
        mirror_bench_on_plain(fault, userdata);
}

static void on_migrated(const MigrateReport *report, const Fault *fault, void *userdata)
{
        MirrorBench *b = userdata;
        b->migrated = *report;
        (void)snprintf(b->notes, sizeof(b->notes), "%s", report->notes);
        mirror_bench_on_plain(fault, userdata);
}

void bench_connect(MirrorBench *b)
{
        PgPoolOptions options = {
                .conninfo = b->pg.service,
                .application_name = "test",
                .max_connections = 2,
                .search_path = MIRROR_SEARCH_PATH,
                .connect_timeout_usec = 5 * USEC_PER_SEC,
                .statement_timeout_usec = 20 * USEC_PER_SEC,
                .lock_timeout_usec = 5 * USEC_PER_SEC,
        };
        if (!b->event)
                assert_int_equal(sd_event_new(&b->event), 0);
        assert_int_equal(pg_pool_new(b->event, &options, &b->pool), 0);
        assert_int_equal(mirror_new(b->pool, "test-instance", 60 * USEC_PER_SEC, &b->mirror), 0);
}

void bench_disconnect(MirrorBench *b)
{
        b->mirror = mirror_free(b->mirror);
        b->pool = pg_pool_free(b->pool);
        b->event = sd_event_unref(b->event);
}

void bench_sql(const MirrorBench *b, const char *sql)
{
        PGconn *conn = PQconnectdb(b->pg.service);
        PGresult *result = PQexec(conn, sql);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
                fail_msg("%s", PQerrorMessage(conn));
        PQclear(result);
        PQfinish(conn);
}

void bench_restore_fixture(const MirrorBench *b)
{
        const char *top = getenv("top_srcdir");
        char folder[4096];
        (void)snprintf(folder, sizeof(folder), "%s/tests/upgrade", top ? top : ".");
        char *sql = harness_read(folder, "schema.sql");
        bench_sql(b, sql);
        free(sql);
}

void bench_try_migrate(MirrorBench *b)
{
        MirrorTask *task;
        assert_int_equal(mirror_migrate(b->mirror, on_migrated, b, &task), 0);
        mirror_bench_wait(b);
}

void bench_migrate(MirrorBench *b)
{
        bench_try_migrate(b);
        assert_string_equal(b->fault.message, "");
}

static void on_checked(const MirrorCheck *checks, size_t n_checks, void *userdata)
{
        MirrorBench *b = userdata;
        size_t used = 0;
        b->checked[0] = '\0';
        for (size_t i = 0; i < n_checks && used < sizeof(b->checked); i++)
                used += (size_t)snprintf(b->checked + used, sizeof(b->checked) - used, "%s: %s\n",
                                         checks[i].what, checks[i].detail);
        b->done = true;
}

void bench_try_check(MirrorBench *b)
{
        MirrorTask *task;
        assert_int_equal(mirror_check(b->mirror, on_checked, b, &task), 0);
        mirror_bench_wait(b);
}

void bench_try_register(MirrorBench *b)
{
        const MirrorEdge edges[] = {{.id = bench_edge,
                                     .name = "one",
                                     .enabled = true,
                                     .schedule = "hourly",
                                     .timezone = "UTC"},
                                    {.id = bench_other_edge,
                                     .name = "two",
                                     .enabled = true,
                                     .schedule = "hourly",
                                     .timezone = "UTC"}};
        MirrorTask *task;
        assert_int_equal(
                mirror_register(b->mirror, edges, 2, NULL, mirror_bench_on_registered, b, &task),
                0);
        mirror_bench_wait(b);
}

void bench_register(MirrorBench *b)
{
        bench_try_register(b);
        assert_string_equal(b->fault.message, "");
}

void mirror_bench_start(MirrorBench *b)
{
        *b = (MirrorBench){0};
        harness_postgres_start(&b->pg);
        free(harness_sql(&b->pg, "CREATE ROLE edgemirror_reader NOLOGIN; CREATE ROLE report LOGIN "
                                 "IN ROLE edgemirror_reader"));
        bench_connect(b);
        bench_migrate(b);
        bench_register(b);
}

void bench_stop(MirrorBench *b)
{
        bench_disconnect(b);
        harness_postgres_destroy(&b->pg);
}

int mirror_bench_setup(void **state)
{
        MirrorBench *b = calloc(1, sizeof(*b));
        assert_non_null(b);
        mirror_bench_start(b);
        *state = b;
        return 0;
}

int mirror_bench_teardown(void **state)
{
        if (*state) /* else the set-up failed */
                bench_stop(*state);
        free(*state);
        return 0;
}

MirrorRun bench_claim_as(MirrorBench *b, const MirrorClaimRequest *request)
{
        MirrorTask *task;
        assert_int_equal(mirror_claim(b->mirror, request, on_claim, b, &task), 0);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
        return (MirrorRun){
                .edge = request->edge, .run_id = b->claim.run_id, .epoch = b->claim.epoch};
}

MirrorRun bench_try_claim(MirrorBench *b, const Uuid *edge)
{
        const MirrorClaimRequest request = {.edge = *edge,
                                            .trigger = MIRROR_TRIGGER_MANUAL,
                                            .refresh = true,
                                            .job_max_age_usec = 3600 * 1000000ULL};
        return bench_claim_as(b, &request);
}

MirrorRun bench_claim(MirrorBench *b, const Uuid *edge)
{
        MirrorRun run = bench_try_claim(b, edge);
        assert_false(b->claim.busy);
        return run;
}

Uuid bench_number_id(int number)
{
        Uuid id = {.bytes = {0xda, 0x7a}};
        for (int i = 0; i < 4; i++)
                id.bytes[15 - i] = (uint8_t)(number >> (8 * i));
        return id;
}

const char *bench_id(int number, char out[UUID_STRING_SIZE])
{
        Uuid id = bench_number_id(number);
        return uuid_format(&id, out);
}

void bench_spool_add(Spool *spool, const BenchRow *row)
{
        DatabaseConnection connection = {.id = bench_number_id(row->number),
                                         .name = row->name,
                                         .name_size = strlen(row->name),
                                         .has_database = row->database > 0};
        connection.database_id = bench_number_id(0x10000000 + row->database);
        assert_int_equal(spool_add(spool, &connection, clock_boottime_usec(), NULL), 0);
}

void bench_apply_begin(MirrorBench *b, const MirrorRun *run, const MirrorSnapshot *snapshot,
                       const MirrorEnding *ending)
{
        const int64_t now = (int64_t)clock_boottime_usec(); /* tests compare the two */
        const MirrorEnding whole = {.outcome = OUTCOME_SYNCED,
                                    .refresh = REFRESH_CLEAN,
                                    .listed_whole = true,
                                    .listed_usec = now,
                                    .refreshed_usec = now};
        MirrorTask *task;
        assert_int_equal(mirror_apply(b->mirror, run, snapshot, ending ? ending : &whole,
                                      on_applied, b, &task),
                         0);
}

void bench_try_apply(MirrorBench *b, const MirrorRun *run, const MirrorSnapshot *snapshot,
                     const MirrorEnding *ending)
{
        bench_apply_begin(b, run, snapshot, ending);
        mirror_bench_wait(b);
}

static void apply_snapshot(MirrorBench *b, const Uuid *edge, const MirrorSnapshot *snapshot)
{
        MirrorRun run = bench_claim(b, edge);
        bench_try_apply(b, &run, snapshot, NULL);
        assert_string_equal(b->fault.message, "");
}

void bench_apply_spool(MirrorBench *b, const Uuid *edge, Spool *spool)
{
        apply_snapshot(b, edge, &(MirrorSnapshot){.rows = spool, .missing = MIRROR_MISSING_HOLD});
}

void bench_apply_removing(MirrorBench *b, const Uuid *edge, const BenchRow *rows, size_t n_rows,
                          int gone_from, int gone_to)
{
        _cleanup_(cleanup_spool) Spool *spool = NULL, *verdicts = NULL;
        assert_int_equal(spool_new(&spool), 0);
        assert_int_equal(spool_new(&verdicts), 0);
        for (size_t i = 0; i < n_rows; i++)
                bench_spool_add(spool, &rows[i]);
        for (int number = gone_from; number < gone_to; number++) {
                char text[UUID_STRING_SIZE];
                Uuid id;
                assert_int_equal(uuid_parse(bench_id(number, text), &id), 0);
                assert_int_equal(
                        spool_add_verdict(verdicts,
                                          &(SpoolVerdict){.id = id,
                                                          .gone = true,
                                                          .asked_usec = clock_boottime_usec()},
                                          NULL),
                        0);
        }
        apply_snapshot(b, edge,
                       &(MirrorSnapshot){.rows = spool,
                                         .missing = MIRROR_MISSING_REMOVE,
                                         .verdicts = verdicts});
}

void bench_apply(MirrorBench *b, const Uuid *edge, const BenchRow *rows, size_t n_rows)
{
        _cleanup_(cleanup_spool) Spool *spool = NULL;
        assert_int_equal(spool_new(&spool), 0);
        for (size_t i = 0; i < n_rows; i++)
                bench_spool_add(spool, &rows[i]);
        bench_apply_spool(b, edge, spool);
}

void bench_end(MirrorBench *b, const MirrorRun *run, SyncOutcome outcome)
{
        MirrorEnding ending = {.outcome = outcome};
        MirrorTask *task;
        assert_int_equal(mirror_finish(b->mirror, run, &ending, mirror_bench_on_plain, b, &task),
                         0);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
}

void bench_fail(MirrorBench *b, const Uuid *edge)
{
        MirrorRun run = bench_claim(b, edge);
        bench_end(b, &run, OUTCOME_FAILED);
}

void bench_remove(MirrorBench *b, int number)
{
        char sql[512], id[UUID_STRING_SIZE];
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE edgemirror.database_connection SET removed_at = now(), ended_as = "
                       "'removed' "
                       "WHERE id = '%s'",
                       bench_id(number, id));
        free(harness_sql(&b->pg, sql));
}

void bench_prune(MirrorBench *b, uint64_t history_keep_usec, uint64_t run_keep_usec, unsigned batch)
{
        MirrorRetention retention = {.history_keep_usec = history_keep_usec,
                                     .run_keep_usec = run_keep_usec};
        MirrorTask *task;
        assert_int_equal(mirror_prune(b->mirror, &retention, batch, on_pruned, b, &task), 0);
        mirror_bench_wait(b);
        assert_string_equal(b->fault.message, "");
}

char *bench_column(const MirrorBench *b, const char *sql)
{
        Text text = {0};
        assert_int_equal(text_append_string(&text, ""), 0);
        PGconn *conn = PQconnectdb(b->pg.conninfo);
        PGresult *result = PQexec(conn, sql);
        if (PQresultStatus(result) != PGRES_TUPLES_OK)
                fail_msg("%s: %s", sql, PQerrorMessage(conn));
        for (int i = 0; i < PQntuples(result); i++) {
                assert_int_equal(text_append_string(&text, i ? "|" : ""), 0);
                assert_int_equal(text_append_string(&text, PQgetvalue(result, i, 0)), 0);
        }
        PQclear(result);
        PQfinish(conn);
        return text.data;
}
