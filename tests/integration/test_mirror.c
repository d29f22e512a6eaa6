/*
 * The mirror's promises on a real PostgreSQL: what is applied, what is left alone, who may publish.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "integration/mirror_bench.h"
#include "mirror/discovered.h"
#include "mirror/lock_wait.h"
#include "mirror/outcomes.h"
#include "mirror/sql_embedded.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

static void add_row(Spool *spool, int number, const char *name, int database)
{
        bench_spool_add(spool, &(BenchRow){number, name, database});
}

static void apply_run(MirrorBench *w, const MirrorRun *run, Spool *spool)
{
        bench_try_apply(w, run, &(MirrorSnapshot){.rows = spool, .missing = MIRROR_MISSING_HOLD},
                        NULL);
}

static int world_setup(void **state)
{
        MirrorBench *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        harness_postgres_start(&w->pg);
        bench_connect(w);
        bench_migrate(w);
        bench_register(w);
        *state = w;
        return 0;
}

static int empty_tables(void **state)
{
        MirrorBench *w = *state;
        free(harness_sql(&w->pg,
                         "TRUNCATE edgemirror.database_connection, "
                         "edgemirror.database_connection_past, edgemirror.sync_run;"
                         "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
        return 0;
}

static void assert_history_sound(MirrorBench *w)
{
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.database_connection_history a "
                                 "JOIN edgemirror.database_connection_history b USING (id) WHERE "
                                 "a.valid_from < b.valid_from "
                                 "AND coalesce(a.valid_to, 'infinity') > b.valid_from"),
                0);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.database_connection d FULL JOIN "
                                 "(SELECT * FROM edgemirror.database_connection_history WHERE "
                                 "valid_to IS NULL) h USING (id) "
                                 "WHERE d.removed_at IS NULL AND (d.name, d.database_id, "
                                 "d.edge_connection_id, d.changed_at) "
                                 "IS DISTINCT FROM (h.name, h.database_id, h.edge_connection_id, "
                                 "h.valid_from)"),
                0);
}

static void migrate_twice_changes_nothing(void **state)
{
        MirrorBench *w = *state;
        bench_try_migrate(w);
        assert_string_equal(w->fault.message, "");
        assert_int_equal(w->migrated.from_version, mirror_schema_version());
        assert_int_equal(w->migrated.to_version, mirror_schema_version());
        assert_non_null(strstr(w->notes, "CREATE ROLE edgemirror_reader"));
}

static void migrate_refuses_newer_schema_and_changed_text(void **state)
{
        MirrorBench *w = *state;
        free(harness_sql(&w->pg,
                         "INSERT INTO edgemirror.schema_version VALUES (99, 'future', 'x')"));
        bench_try_migrate(w);
        assert_string_equal(fault_code_name(w->fault.code), "schema-newer");
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.schema_version WHERE version = 99;"
                                 "UPDATE edgemirror.schema_version SET checksum = 'x' || checksum "
                                 "WHERE version = 2"));
        bench_try_migrate(w);
        assert_string_equal(fault_code_name(w->fault.code), "schema-checksum");
        free(harness_sql(&w->pg, "UPDATE edgemirror.schema_version SET checksum = substr(checksum, "
                                 "2) WHERE version = 2"));
        bench_try_migrate(w);
        assert_string_equal(w->fault.message, "");
}

/* Somebody has changed the table by hand: what would be applied on top of a gap, nobody knows. */
static void a_schema_with_a_gap_is_not_migrated(void **state)
{
        MirrorBench *w = *state;
        free(harness_sql(&w->pg, "CREATE TABLE public.kept AS SELECT * FROM "
                                 "edgemirror.schema_version WHERE version = 1;"
                                 "DELETE FROM edgemirror.schema_version WHERE version = 1"));
        bench_try_migrate(w);
        assert_string_equal(fault_code_name(w->fault.code), "schema-gap");
        assert_int_equal(w->fault.scope, FAULT_PEER);
        assert_non_null(strstr(w->fault.message, "lacks migration 1; put its rows back"));
        free(harness_sql(&w->pg, "INSERT INTO edgemirror.schema_version SELECT * FROM public.kept; "
                                 "DROP TABLE public.kept"));
        bench_try_migrate(w);
        assert_string_equal(w->fault.message, "");
}

/* Whoever waits for a lock of migrate waits behind it: so it does not wait for long, and says who
 * holds what it wants. */
static void migrate_does_not_wait_for_a_lock_for_long_and_says_who_holds_it(void **state)
{
        MirrorBench *w = *state;
        char conninfo[512];
        (void)snprintf(conninfo, sizeof(conninfo), "%s application_name=somebody", w->pg.service);
        PGconn *conn = PQconnectdb(conninfo);
        PQclear(PQexec(conn, "BEGIN; LOCK TABLE edgemirror.schema_version"));
        time_t began = time(NULL);
        bench_try_migrate(w);
        assert_true(time(NULL) - began < 30);
        assert_string_equal(fault_code_name(w->fault.code), "pg-lock-wait");
        assert_non_null(strstr(w->fault.message, "edgemirror.schema_version"));
        assert_non_null(strstr(w->fault.message, "application \"somebody\""));
        PQclear(PQexec(conn, "ROLLBACK"));

        /* another migrate, which makes the same */
        PQclear(PQexec(conn, "BEGIN; SET LOCAL search_path = pg_catalog; SELECT "
                             "pg_advisory_xact_lock(hashtextextended('edgemirror.migrate', 0))"));
        bench_try_migrate(w);
        assert_string_equal(fault_code_name(w->fault.code), "pg-lock-wait");
        assert_non_null(strstr(w->fault.message, "a lock on the schema, held by process"));
        PQfinish(conn);
        bench_try_migrate(w);
        assert_string_equal(w->fault.message, "");
}

static void adds_changes_links_and_holds(void **state)
{
        MirrorBench *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "alpha", 0);
        add_row(spool, 2, "beta", 1);
        add_row(spool, 3, "gamma", 0);
        bench_apply_spool(w, &bench_edge, spool);
        assert_int_equal(w->applied.added, 3);
        assert_int_equal(w->applied.row_count, 3);

        spool_reset(spool);
        add_row(spool, 1, "renamed", 0);
        add_row(spool, 2, "beta", 0); /* unlinked; 3 is missing */
        bench_apply_spool(w, &bench_edge, spool);
        assert_int_equal(w->applied.changed, 2);
        assert_int_equal(w->applied.unchanged, 0);
        assert_int_equal(w->applied.held, 1);
        assert_int_equal(w->applied.row_count, 3);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'one'"),
                3);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.unregistered"),
                         3);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.change WHERE kind = 'changed'"),
                2);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run WHERE "
                                                  "outcome = 'held' AND held = 1"),
                         1);
        assert_history_sound(w);
        spool_free(spool);
}

static void the_later_observation_of_an_id_counts(void **state)
{
        MirrorBench *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "first", 0);
        add_row(spool, 2, "b", 0);
        add_row(spool, 1, "second", 0);
        bench_apply_spool(w, &bench_edge, spool);
        assert_int_equal(w->applied.listed, 2);
        char *name = harness_sql(
                &w->pg,
                "SELECT string_agg(name, ',' ORDER BY id) FROM edgemirror.database_connection");
        assert_string_equal(name, "second,b");
        free(name);
        spool_free(spool);
}

static void a_row_that_moves_is_moved(void **state)
{
        MirrorBench *w = *state;
        const BenchRow row = {1, "wanderer", 0};
        bench_apply(w, &bench_edge, &row, 1);
        bench_apply(w, &bench_other_edge, &row, 1);
        assert_int_equal(w->applied.changed, 1);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'two'"),
                1);
        assert_history_sound(w);
}

static void names_arrive_exactly(void **state)
{
        MirrorBench *w = *state;
        Spool *spool;
        char *longest = malloc(40001);
        for (int i = 0; i < 10000; i++)
                memcpy(longest + 4 * i, "\xf0\x9f\xa6\x86", 4);
        longest[40000] = '\0';
        const char *const names[] = {"quote \" ' `",
                                     "back\\slash \\N \\. \\t",
                                     "tab\there",
                                     "line\nand\r\nline",
                                     "\xf0\x9f\xa6\x86 emoji",
                                     "",
                                     " ",
                                     "\\.",
                                     "\\N",
                                     "\x01\x1f\x7f",
                                     longest};
        assert_int_equal(spool_new(&spool), 0);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                add_row(spool, (int)i, names[i], 0);
        bench_apply_spool(w, &bench_edge, spool);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char sql[200], id[UUID_STRING_SIZE];
                Uuid uuid = bench_number_id((int)i);
                (void)snprintf(sql, sizeof(sql),
                               "SELECT name FROM edgemirror.database_connection WHERE id = '%s'",
                               uuid_format(&uuid, id));
                char *name = harness_sql(&w->pg, sql);
                assert_string_equal(name, names[i]);
                free(name);
        }
        spool_free(spool);
        free(longest);
}

/* Transactions of our own since the last look make the statistics; xmax shows locks and updates on
 * the rows themselves. */
static void an_unchanged_list_writes_and_locks_nothing(void **state)
{
        MirrorBench *w = *state;
        Spool *spool;
        char name[32];
        assert_int_equal(spool_new(&spool), 0);
        for (int i = 0; i < 50000; i++) {
                DatabaseConnection row = {.name = name};
                memcpy(row.id.bytes, &i, sizeof(i));
                row.name_size = (size_t)snprintf(name, sizeof(name), "database_%d", i);
                assert_int_equal(spool_add(spool, &row, clock_boottime_usec(), NULL), 0);
        }
        bench_apply_spool(w, &bench_edge, spool);
        assert_int_equal(w->applied.added, 50000);
        free(harness_sql(&w->pg, "CHECKPOINT"));

        static const char written[] = "SELECT sum(xmin::text::bigint) + sum(xmax::text::bigint) "
                                      "FROM edgemirror.database_connection";
        static const char position[] =
                "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
        long xids = harness_sql_long(&w->pg, written);
        long before = harness_sql_long(&w->pg, position);
        bench_apply_spool(w, &bench_edge, spool);
        long wal = harness_sql_long(&w->pg, position) - before;
        print_message("WAL of an unchanged sync of 50,000 rows: %ld bytes\n", wal);
        assert_int_equal(w->applied.unchanged, 50000);
        assert_int_equal(harness_sql_long(&w->pg, written), xids);
        assert_in_range(wal, 0, 64 * 1024);
        spool_free(spool);
}

static void two_claims_the_second_hears_who_holds_it(void **state)
{
        MirrorBench *w = *state;
        MirrorRun first = bench_try_claim(w, &bench_edge);
        assert_false(w->claim.busy);
        (void)bench_try_claim(w, &bench_edge);
        assert_true(w->claim.busy);
        assert_string_equal(w->claim.holder, "test-instance");

        MirrorEnding ending = {.outcome = OUTCOME_FAILED};
        MirrorTask *task;
        assert_int_equal(mirror_finish(w->mirror, &first, &ending, mirror_bench_on_plain, w, &task),
                         0);
        mirror_bench_wait(w);
        (void)bench_try_claim(w, &bench_edge);
        assert_false(w->claim.busy);
}

static void on_held(PgEnd end, const Fault *fault, void *userdata)
{
        (void)fault;
        *(bool *)userdata = end == PG_END_DONE;
}

/* Its own row of the catalog goes with the transaction: the next one to come may be another's. */
static void a_registration_that_was_rolled_back_makes_no_database_ours(void **state)
{
        MirrorBench *w = *state;
        mirror_set_catalog(w->mirror, "https://one.example");
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.catalog; UPDATE edgemirror.edge SET "
                                 "schedule = 'daily'"));
        PGconn *holder = PQconnectdb(w->pg.conninfo);
        PQclear(PQexec(holder, "BEGIN; SELECT FROM edgemirror.edge FOR UPDATE"));
        bench_try_register(w);
        assert_true(mirror_is_locked(&w->fault));
        assert_false(w->is_ours);
        PQclear(PQexec(holder, "INSERT INTO edgemirror.catalog (url) VALUES "
                               "('https://one.example'); COMMIT; BEGIN; SELECT FROM "
                               "edgemirror.edge FOR UPDATE"));
        bench_try_register(w);
        assert_true(mirror_is_locked(&w->fault));
        assert_true(w->is_ours);
        PQfinish(holder);
        bench_register(w);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.catalog"));
        mirror_set_catalog(w->mirror, NULL);
}

/* As an apply and a page do that wait for what others hold. */
static void a_lease_is_renewed_while_all_else_waits(void **state)
{
        enum { N = 3 };
        MirrorBench *w = *state;
        static const PgStep steps[] = {{.sql = "SELECT pg_advisory_xact_lock(7)"}};
        PgWork works[N] = {{.bulk = true}, {.bulk = true, .awaited = true}, {.phase = "ordinary"}};
        const PgPoolOptions options = {.conninfo = w->pg.service,
                                       .application_name = "test",
                                       .connect_timeout_usec = 5 * USEC_PER_SEC,
                                       .lock_timeout_usec = 20 * USEC_PER_SEC,
                                       .max_connections = 3,
                                       .search_path = MIRROR_SEARCH_PATH,
                                       .statement_timeout_usec = 20 * USEC_PER_SEC};
        bool ended[N] = {false};
        Mirror *mirror;
        PgPool *pool;
        PgTask *waiting;
        MirrorTask *task;
        MirrorProgress progress = {.phase = SYNC_PHASE_LIST};
        MirrorRun run = bench_try_claim(w, &bench_edge);
        PGconn *holder = PQconnectdb(w->pg.service);
        PQclear(PQexec(holder, "SELECT pg_advisory_lock(7)"));
        assert_int_equal(pg_pool_new(w->event, &options, &pool), 0);
        assert_int_equal(mirror_new(pool, "test-instance", 60 * USEC_PER_SEC, &mirror), 0);
        for (int i = 0; i < N; i++) {
                works[i].steps = steps;
                works[i].n_steps = 1;
                works[i].transaction = true;
                assert_int_equal(pg_start(pool, &works[i], on_held, &ended[i], &waiting), 0);
        }
        assert_int_equal(mirror_progress(mirror, &run, &progress, mirror_bench_on_plain, w, &task),
                         0);
        mirror_bench_wait(w);
        assert_string_equal(w->fault.message, "");
        assert_false(ended[0] || ended[1] || ended[2]);
        PQfinish(holder);
        while (!ended[0] || !ended[1] || !ended[2])
                assert_true(sd_event_run(w->event, 5 * USEC_PER_SEC) > 0);
        mirror = mirror_free(mirror);
        pool = pg_pool_free(pool);
}

static void who_lost_the_lease_publishes_nothing(void **state)
{
        MirrorBench *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "stale", 0);
        MirrorRun paused = bench_try_claim(w, &bench_edge);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() - interval "
                                 "'1 second' WHERE holder IS NOT NULL"));
        MirrorRun next = bench_try_claim(w, &bench_edge);
        assert_false(w->claim.busy);
        assert_true(next.epoch > paused.epoch);

        apply_run(w, &paused, spool);
        assert_string_equal(fault_code_name(w->fault.code), "lease-lost");
        MirrorProgress progress = {.phase = SYNC_PHASE_LIST};
        MirrorTask *task;
        assert_int_equal(
                mirror_progress(w->mirror, &paused, &progress, mirror_bench_on_plain, w, &task), 0);
        mirror_bench_wait(w);
        assert_string_equal(fault_code_name(w->fault.code), "lease-lost");
        assert_int_equal(
                harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.database_connection"), 0);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'aborted'"),
                1);
        spool_free(spool);
}

/* As when the edge is disabled after the lease has ended: nobody claims it, and no epoch is new.
 * The trigger frees the lease after the apply has begun. */
static void a_lease_that_was_freed_publishes_nothing(void **state)
{
        MirrorBench *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 777, "stale", 0);
        MirrorRun run = bench_try_claim(w, &bench_edge);
        free(harness_sql(
                &w->pg,
                "CREATE FUNCTION public.free_lease() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN "
                "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL; RETURN NULL; "
                "END'; CREATE TRIGGER freed BEFORE INSERT ON edgemirror.database_connection FOR "
                "EACH STATEMENT EXECUTE FUNCTION public.free_lease()"));
        apply_run(w, &run, spool);
        free(harness_sql(&w->pg, "DROP TRIGGER freed ON edgemirror.database_connection; DROP "
                                 "FUNCTION public.free_lease()"));
        assert_string_equal(fault_code_name(w->fault.code), "lease-lost");
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM "
                                                  "edgemirror.database_connection WHERE name = "
                                                  "'stale'"),
                         0);
        (void)spool_free(spool);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = "
                                 "NULL"));
}

/* It was given before the server's clock was set back. */
static void a_lease_that_ends_in_hours_does_not_count(void **state)
{
        MirrorBench *w = *state;
        (void)bench_try_claim(w, &bench_edge);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() + interval "
                                 "'110 min' WHERE holder IS NOT NULL"));
        (void)bench_try_claim(w, &bench_edge);
        assert_true(w->claim.busy);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() + interval "
                                 "'121 min' WHERE holder IS NOT NULL"));
        (void)bench_try_claim(w, &bench_edge);
        assert_false(w->claim.busy);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = "
                                 "NULL"));
}

static void a_job_that_was_left_is_taken_up(void **state)
{
        MirrorBench *w = *state;
        MirrorRun run = bench_try_claim(w, &bench_edge);
        MirrorProgress progress = {.phase = SYNC_PHASE_POLL,
                                   .has_job = true,
                                   .job_url = "https://c.example/rest/jobs/v1/jobs/x"};
        MirrorTask *task;
        progress.job = (JobStatus){.id = bench_number_id(7), .state = "RUNNING", .progress = 30};
        assert_int_equal(
                mirror_progress(w->mirror, &run, &progress, mirror_bench_on_plain, w, &task), 0);
        mirror_bench_wait(w);
        assert_int_equal(w->fault.scope, FAULT_NONE);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() - interval "
                                 "'1 second' WHERE holder IS NOT NULL"));

        (void)bench_try_claim(w, &bench_edge);
        assert_true(w->claim.resumes);
        Uuid job = bench_number_id(7);
        assert_true(uuid_equal(&w->claim.job_id, &job));
        assert_string_equal(w->claim.job_url, progress.job_url);
        assert_true(w->claim.job_since_usec > 0);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run WHERE "
                                                  "trigger = 'resume' AND phase = 'poll'"),
                         1);
}

/* However the run ended that began it; but not when that is longer ago than jobs are waited for. */
static void a_job_is_taken_up_as_long_as_it_is_worth_it(void **state)
{
        MirrorBench *w = *state;
        static const struct {
                const char *run;
                bool resumes;
        } cases[] = {
                {"outcome = 'aborted', finished_at = now()", true},
                {"outcome = 'failed', finished_at = now()", true},
                /* it was given up */
                {"outcome = 'failed', finished_at = now(), refresh = 'timeout'", false},
                {"outcome = 'synced', finished_at = now()", false},
                {"outcome = 'failed', finished_at = now(), job_state = 'ERROR'", false},
                {"outcome = 'failed', finished_at = now(), started_at = now() - interval '61 min'",
                 false},
                {"started_at = now() - interval '59 min'", true}, /* its process died */
                {"started_at = now() - interval '61 min'", false},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char sql[400];
                free(harness_sql(
                        &w->pg,
                        "TRUNCATE edgemirror.sync_run;"
                        "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
                (void)bench_try_claim(w, &bench_edge);
                (void)snprintf(
                        sql, sizeof(sql),
                        "UPDATE edgemirror.sync_run SET phase = 'poll', job_state = 'RUNNING',"
                        " job_id = gen_random_uuid(); UPDATE edgemirror.sync_run SET %s;"
                        "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL",
                        cases[i].run);
                free(harness_sql(&w->pg, sql));
                (void)bench_try_claim(w, &bench_edge);
                if (w->claim.resumes != cases[i].resumes)
                        fail_msg("%s: %s", cases[i].run,
                                 w->claim.resumes ? "taken up" : "not taken up");
        }
}

/* The catalog has answered nothing but errors for it, and each run took it up from the one before.
 */
static void a_job_does_not_become_younger_by_being_taken_up(void **state)
{
        MirrorBench *w = *state;
        free(harness_sql(&w->pg,
                         "TRUNCATE edgemirror.sync_run;"
                         "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
        for (int i = 0; i < 2; i++) {
                (void)bench_try_claim(w, &bench_edge);
                free(harness_sql(
                        &w->pg,
                        "UPDATE edgemirror.sync_run SET phase = 'poll', job_state = 'RUNNING', "
                        "outcome = 'failed',"
                        " finished_at = now(), job_id = '00000000-0000-0000-0000-000000000007';"
                        "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
                free(harness_sql(&w->pg, "UPDATE edgemirror.sync_run SET started_at = started_at - "
                                         "interval '25 min'"));
        }
        (void)bench_try_claim(w, &bench_edge);
        assert_true(w->claim.resumes);
        assert_true(w->claim.job_since_usec > 49 * 60 * INT64_C(1000000));
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.sync_run SET outcome = 'failed', finished_at = now(),"
                         " started_at = started_at - interval '25 min';"
                         "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
        (void)bench_try_claim(w, &bench_edge);
        assert_false(w->claim.resumes);
}

static void a_clock_set_back_keeps_the_history_sound(void **state)
{
        MirrorBench *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "before", 0);
        bench_apply_spool(w, &bench_edge, spool);
        free(harness_sql(&w->pg, "UPDATE edgemirror.database_connection SET changed_at = "
                                 "changed_at + interval '1 day'"));
        spool_reset(spool);
        add_row(spool, 1, "after", 0);
        bench_apply_spool(w, &bench_edge, spool);
        assert_int_equal(w->applied.changed, 1);
        assert_history_sound(w);
        spool_free(spool);
}

static void a_server_that_went_away_is_found_again(void **state)
{
        MirrorBench *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "survivor", 0);
        MirrorRun run = bench_try_claim(w, &bench_edge);
        harness_postgres_stop(&w->pg);
        harness_postgres_resume(&w->pg);
        apply_run(w, &run, spool);
        assert_string_equal(w->fault.message, "");
        assert_int_equal(w->applied.added, 1);
        spool_free(spool);
}

static void run_until(MirrorBench *w, const char *sql)
{
        uint64_t end = clock_monotonic_usec() + 60 * USEC_PER_SEC;
        while (harness_sql_long(&w->pg, sql) == 0) {
                assert_true(clock_monotonic_usec() < end);
                assert_true(sd_event_run(w->event, 20 * USEC_PER_MSEC) >= 0);
        }
}

/* A COMMIT waits for a standby that has to confirm it. */
static void set_standby(MirrorBench *w, const char *name)
{
        char sql[100];
        (void)snprintf(sql, sizeof(sql), "ALTER SYSTEM SET synchronous_standby_names = '%s'", name);
        free(harness_sql(&w->pg, sql));
        free(harness_sql(&w->pg, "SELECT pg_reload_conf()"));
}

/* Our end of every connection to the server; the server goes on with what it was asked. */
static void cut_connections(const MirrorBench *w)
{
        int n = 0;
        for (int fd = 3; fd < 256; fd++) {
                struct sockaddr_un peer = {0};
                socklen_t size = sizeof(peer);
                if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
                    peer.sun_family == AF_UNIX && strstr(peer.sun_path, w->pg.folder))
                        n += shutdown(fd, SHUT_RDWR) == 0;
        }
        assert_true(n > 0);
}

/* Read before it has ended, the run would count as not ended, and be applied once more under a
 * lease that went with the COMMIT. */
static void a_commit_that_is_still_under_way_is_waited_for(void **state)
{
        MirrorBench *w = *state;
        _cleanup_(cleanup_spool) Spool *spool = NULL;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "one", 0);
        MirrorRun run = bench_try_claim(w, &bench_edge);
        PGconn *holder = PQconnectdb(w->pg.conninfo);
        PQclear(PQexec(holder, "BEGIN; LOCK TABLE edgemirror.database_connection IN SHARE MODE"));
        MirrorSnapshot snapshot = {.rows = spool, .missing = MIRROR_MISSING_HOLD};
        bench_apply_begin(w, &run, &snapshot, NULL);
        run_until(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
        set_standby(w, "nobody");
        PQfinish(holder);
        run_until(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
        cut_connections(w);
        run_until(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run WHERE "
                                                  "outcome IS NOT NULL"),
                         0);
        set_standby(w, "");
        mirror_bench_wait(w);
        assert_string_equal(w->fault.message, "");
        assert_int_equal(w->applied.added, 1);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run WHERE "
                                                  "outcome = 'synced'"),
                         1);
}

/* As the role of the service; sends the statement, and waits for no answer. */
static PGconn *session_begin(const MirrorBench *w, const char *application, const char *sql)
{
        char conninfo[512];
        (void)snprintf(conninfo, sizeof(conninfo), "%s application_name=%s", w->pg.service,
                       application);
        PGconn *conn = PQconnectdb(conninfo);
        PQclear(PQexec(conn, "BEGIN"));
        assert_int_equal(PQsendQuery(conn, sql), 1);
        return conn;
}

/* The process that is said to hold what somebody has waited for, without the seconds for which
 * nothing is said. */
static int holder_process(const MirrorBench *w, const char *behind_ours)
{
        const char *const params[] = {behind_ours, NULL, NULL};
        char *sql = strdup(sql_lock_wait), *seconds = sql ? strstr(sql, "'4 seconds'") : NULL;
        assert_non_null(seconds);
        seconds[1] = '0';
        PGconn *conn = PQconnectdb(w->pg.service);
        PGresult *result = PQexecParams(conn, sql, 3, NULL, params, NULL, NULL, 0);
        assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
        assert_int_equal(PQntuples(result), 1);
        int process = atoi(PQgetvalue(result, 0, PQfnumber(result, "pid")));
        PQclear(result);
        PQfinish(conn);
        free(sql);
        return process;
}

/* A sync that waits behind another is as it should be; and it may have waited for longer. */
static void who_waits_behind_another_of_ours_does_not_hide_who_holds_a_lock(void **state)
{
        MirrorBench *w = *state;
        static const char *const locks[] = {"LOCK TABLE edgemirror.edge",
                                            "LOCK TABLE edgemirror.edge_claim"};
        static const char *const waits[] = {
                ("SELECT (count(*) = 1)::int FROM pg_stat_activity WHERE wait_event_type = "
                 "'Lock'"),
                ("SELECT (count(*) = 2)::int FROM pg_stat_activity WHERE wait_event_type = "
                 "'Lock'")};
        PGconn *holders[2], *waiting[2];
        for (int i = 0; i < 2; i++) {
                holders[i] = session_begin(w, i == 0 ? "edgemirror/1:1" : "psql", locks[i]);
                PQclear(PQgetResult(holders[i]));
                waiting[i] = session_begin(w, "edgemirror/1:2", locks[i]);
                run_until(w, waits[i]);
                assert_int_equal(holder_process(w, "f"), i == 0 ? 0 : PQbackendPID(holders[1]));
                assert_int_equal(holder_process(w, "t"), PQbackendPID(holders[0]));
        }
        for (int i = 0; i < 2; i++) {
                PQfinish(holders[i]);
                PQclear(PQgetResult(waiting[i]));
                PQfinish(waiting[i]);
        }
}

/* However many rows of a list cannot be mirrored, all are counted and few are kept; with the next
 * list that is read to its end they are what that one has. */
static void of_many_rows_that_cannot_be_mirrored_some_are_kept(void **state)
{
        MirrorBench *w = *state;
        enum { MANY = 3000 };
        for (int n = MANY; n >= 0; n -= MANY / 2) {
                _cleanup_(cleanup_spool) Spool *spool = NULL;
                assert_int_equal(spool_new(&spool), 0);
                add_row(spool, 1, "one", 0);
                for (int i = 0; i < n; i++) {
                        DatabaseConnection row = {.id = bench_number_id(5000 + i),
                                                  .name = "{}",
                                                  .name_size = 2,
                                                  .rejected = "it is odd"};
                        assert_int_equal(spool_add(spool, &row, clock_boottime_usec(), NULL), 0);
                }
                MirrorRun run = bench_try_claim(w, &bench_edge);
                MirrorSnapshot snapshot = {
                        .rows = spool, .missing = MIRROR_MISSING_HOLD, .to_the_end = true};
                bench_try_apply(w, &run, &snapshot, NULL);
                assert_string_equal(w->fault.message, "");
                assert_int_equal(w->applied.listed, n + 1);
                assert_int_equal(w->applied.rejected, n);
                assert_int_equal(w->applied.row_count, 1);
                assert_int_equal(
                        harness_sql_long(&w->pg, "SELECT max(rejected) FROM edgemirror.edge"), n);
                int kept = n < LIMIT_REJECTED_KEPT ? n : LIMIT_REJECTED_KEPT;
                assert_int_equal(
                        harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.rejected_row"),
                        kept);
        }
}

typedef struct Ended {
        bool done;
        unsigned n;
        MirrorOutcome of[2]; /* by bench_edge, bench_other_edge */
        char message[100];
} Ended;

static void on_outcome(const MirrorOutcome *o, const Fault *fault, void *userdata)
{
        Ended *e = userdata;
        assert_int_equal(fault->scope, FAULT_NONE);
        e->done = o == NULL;
        if (!o)
                return;
        e->n++;
        e->of[!uuid_equal(&o->edge, &bench_edge)] = *o;
        if (o->message)
                (void)snprintf(e->message, sizeof(e->message), "%s", o->message);
}

static Ended ask_outcomes(MirrorBench *w, bool by_whomever)
{
        const Uuid edges[] = {bench_edge, bench_other_edge, {{7}}};
        Ended ended = {0};
        MirrorTask *task;
        assert_int_equal(
                mirror_outcomes(w->mirror, edges, 3, by_whomever, on_outcome, &ended, &task), 0);
        while (!ended.done)
                assert_true(sd_event_run(w->event, 5000000) >= 0);
        return ended;
}

/* Somebody clears the journal while an edge is synced: a list that is new, and one that is known.
 */
static void a_sync_whose_run_is_gone_gives_its_lease_back(void **state)
{
        MirrorBench *b = *state;
        for (int i = 0; i < 2; i++) {
                _cleanup_(cleanup_spool) Spool *spool = NULL;
                assert_int_equal(spool_new(&spool), 0);
                add_row(spool, 1, "a", 0);
                MirrorRun run = bench_claim(b, &bench_edge);
                free(harness_sql(&b->pg, "DELETE FROM edgemirror.sync_run"));
                apply_run(b, &run, spool);
                assert_string_equal(b->fault.message, "");
                assert_int_equal(harness_sql_long(&b->pg,
                                                  "SELECT count(*) FROM edgemirror.edge_claim"
                                                  " WHERE holder IS NOT NULL"),
                                 0);
        }
}

/* Not those that were stopped, nor one that is under way. */
static void how_edges_have_ended_is_known(void **state)
{
        MirrorBench *w = *state;
        assert_int_equal(ask_outcomes(w, true).n, 0);
        bench_apply(w, &bench_edge, NULL, 0);
        Fault fault;
        MirrorEnding ending = {.fault = &fault};
        fault_set(&fault, FAULT_RUN, EACCES, CODE_CATALOG_FORBIDDEN, "no");
        MirrorTask *task;
        const MirrorClaimRequest of_service = {.edge = bench_other_edge,
                                               .trigger = MIRROR_TRIGGER_SCHEDULE};
        int64_t failed = 0;
        for (unsigned i = 0; i < 2; i++) {
                MirrorRun run = bench_claim_as(w, &of_service);
                failed = i == 0 ? run.run_id : failed;
                ending.outcome = i == 0 ? OUTCOME_FAILED : OUTCOME_ABORTED;
                assert_int_equal(
                        mirror_finish(w->mirror, &run, &ending, mirror_bench_on_plain, w, &task),
                        0);
                mirror_bench_wait(w);
        }
        (void)bench_claim(w, &bench_edge);
        assert_int_equal(w->claim.before.outcome, OUTCOME_NONE); /* it was by hand */
        Ended ended = ask_outcomes(w, true);
        assert_int_equal(ended.n, 2);
        assert_int_equal(ended.of[0].run.outcome, OUTCOME_SYNCED);
        assert_int_equal(ended.of[0].code, CODE_NONE);
        assert_int_equal(ended.of[1].run.outcome, OUTCOME_FAILED);
        assert_int_equal(ended.of[1].run.run_id, failed);
        assert_int_equal(ended.of[1].code, CODE_CATALOG_FORBIDDEN);
        assert_string_equal(ended.message, "no");
        ending = (MirrorEnding){.outcome = OUTCOME_HELD};
        for (unsigned i = 0; i < 3; i++) { /* by hand, however often: nobody is told of it */
                MirrorRun run = bench_claim(w, &bench_other_edge);
                assert_int_equal(w->claim.before.outcome, OUTCOME_FAILED);
                assert_int_equal(w->claim.before.run_id, failed);
                assert_int_equal(
                        mirror_finish(w->mirror, &run, &ending, mirror_bench_on_plain, w, &task),
                        0);
                mirror_bench_wait(w);
        }
        ended = ask_outcomes(w, false);
        assert_int_equal(ended.n, 1);
        assert_int_equal(ended.of[1].run.outcome, OUTCOME_FAILED);
        assert_int_equal(ask_outcomes(w, true).of[1].run.outcome, OUTCOME_HELD);
        for (unsigned i = 0; i < 3; i++) { /* a list, and twice the same */
                bench_apply(w, &bench_other_edge, NULL, 0);
                assert_int_equal(w->claim.before.run_id, failed);
        }
        assert_int_equal(ask_outcomes(w, true).of[1].run.outcome, OUTCOME_SYNCED);
        /* somebody clears the journal, and its numbers begin again with the runs of another edge */
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.sync_run r SET edge_connection_id = "
                         "e.edge_connection_id FROM edgemirror.edge e WHERE "
                         "r.edge_connection_id <> e.edge_connection_id AND e.name = 'one'"));
        assert_int_equal(ask_outcomes(w, false).n, 0);
        (void)bench_claim(w, &bench_other_edge);
        assert_int_equal(w->claim.before.outcome, OUTCOME_NONE);
}

/* Whatever the run becomes: a job that is taken up, or a sync that a service was asked for. */
static void a_run_is_by_hand_where_no_service_began_it(void **state)
{
        MirrorBench *w = *state;
        static const struct {
                MirrorTrigger trigger;
                const char *before, *found;
        } cases[] = {
                {MIRROR_TRIGGER_SCHEDULE, "", "schedule|f"},
                {MIRROR_TRIGGER_MANUAL, "", "manual|t"},
                {MIRROR_TRIGGER_SCHEDULE,
                 "UPDATE edgemirror.edge_claim SET request_taken_at = clock_timestamp();",
                 "manual|f"},
                {MIRROR_TRIGGER_SCHEDULE,
                 "UPDATE edgemirror.sync_run SET phase = 'poll', job_id = gen_random_uuid();",
                 "resume|f"},
                {MIRROR_TRIGGER_MANUAL,
                 "UPDATE edgemirror.sync_run SET phase = 'poll', job_id = gen_random_uuid();",
                 "resume|t"},
        };
        (void)bench_claim(w, &bench_edge);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char sql[300];
                (void)snprintf(sql, sizeof(sql),
                               "%s UPDATE edgemirror.edge_claim SET holder = NULL, "
                               "expires_at = NULL",
                               cases[i].before);
                free(harness_sql(&w->pg, sql));
                (void)bench_claim_as(w, &(MirrorClaimRequest){.edge = bench_edge,
                                                              .trigger = cases[i].trigger,
                                                              .refresh = true,
                                                              .job_max_age_usec = USEC_PER_HOUR});
                char *found = harness_sql(&w->pg, "SELECT trigger || '|' || left(by_hand::text, 1) "
                                                  "FROM edgemirror.sync_run ORDER BY run_id DESC "
                                                  "LIMIT 1");
                assert_string_equal(found, cases[i].found);
                free(found);
        }
}

static void on_discovered(const MirrorDiscovered *found, size_t n, const Fault *fault,
                          void *userdata)
{
        (void)found;
        *(long *)userdata = fault->code == CODE_OTHER_CATALOG ? -1 : (long)n;
        assert_true(n == 0 || fault->scope == FAULT_NONE);
}

/* Or they would be taken to the next database. */
static void what_was_discovered_for_another_catalog_is_not_given(void **state)
{
        MirrorBench *w = *state;
        static const struct {
                const char *url;
                long found; /* -1: it is another's */
        } cases[] = {{"https://ours.example", 2}, {"https://other.example", -1}};
        free(harness_sql(&w->pg,
                         "INSERT INTO edgemirror.catalog (url) VALUES ('https://ours.example');"
                         "UPDATE edgemirror.edge SET origin = 'discovered'"));
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                long found = -2;
                MirrorTask *task;
                mirror_set_catalog(w->mirror, cases[i].url);
                assert_int_equal(mirror_discovered(w->mirror, on_discovered, &found, &task), 0);
                while (found == -2)
                        assert_true(sd_event_run(w->event, 5 * USEC_PER_SEC) > 0);
                assert_int_equal(found, cases[i].found);
        }
        mirror_set_catalog(w->mirror, NULL);
        free(harness_sql(&w->pg, "TRUNCATE edgemirror.catalog;"
                                 "UPDATE edgemirror.edge SET origin = 'configured'"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(migrate_twice_changes_nothing, empty_tables),
                cmocka_unit_test_setup(migrate_refuses_newer_schema_and_changed_text, empty_tables),
                cmocka_unit_test_setup(a_schema_with_a_gap_is_not_migrated, empty_tables),
                cmocka_unit_test_setup(
                        migrate_does_not_wait_for_a_lock_for_long_and_says_who_holds_it,
                        empty_tables),
                cmocka_unit_test_setup(adds_changes_links_and_holds, empty_tables),
                cmocka_unit_test_setup(a_sync_whose_run_is_gone_gives_its_lease_back, empty_tables),
                cmocka_unit_test_setup(how_edges_have_ended_is_known, empty_tables),
                cmocka_unit_test_setup(a_run_is_by_hand_where_no_service_began_it, empty_tables),
                cmocka_unit_test_setup(what_was_discovered_for_another_catalog_is_not_given,
                                       empty_tables),
                cmocka_unit_test_setup(the_later_observation_of_an_id_counts, empty_tables),
                cmocka_unit_test_setup(a_row_that_moves_is_moved, empty_tables),
                cmocka_unit_test_setup(names_arrive_exactly, empty_tables),
                cmocka_unit_test_setup(an_unchanged_list_writes_and_locks_nothing, empty_tables),
                cmocka_unit_test_setup(two_claims_the_second_hears_who_holds_it, empty_tables),
                cmocka_unit_test_setup(a_registration_that_was_rolled_back_makes_no_database_ours,
                                       empty_tables),
                cmocka_unit_test_setup(a_lease_is_renewed_while_all_else_waits, empty_tables),
                cmocka_unit_test_setup(who_lost_the_lease_publishes_nothing, empty_tables),
                cmocka_unit_test_setup(a_lease_that_was_freed_publishes_nothing, empty_tables),
                cmocka_unit_test_setup(a_lease_that_ends_in_hours_does_not_count, empty_tables),
                cmocka_unit_test_setup(a_job_that_was_left_is_taken_up, empty_tables),
                cmocka_unit_test_setup(a_job_is_taken_up_as_long_as_it_is_worth_it, empty_tables),
                cmocka_unit_test_setup(a_job_does_not_become_younger_by_being_taken_up,
                                       empty_tables),
                cmocka_unit_test_setup(a_clock_set_back_keeps_the_history_sound, empty_tables),
                cmocka_unit_test_setup(
                        who_waits_behind_another_of_ours_does_not_hide_who_holds_a_lock,
                        empty_tables),
                cmocka_unit_test_setup(a_commit_that_is_still_under_way_is_waited_for,
                                       empty_tables),
                cmocka_unit_test_setup(of_many_rows_that_cannot_be_mirrored_some_are_kept,
                                       empty_tables),
                cmocka_unit_test_setup(a_server_that_went_away_is_found_again, empty_tables),
        };
        return cmocka_run_group_tests(tests, world_setup, mirror_bench_teardown);
}
