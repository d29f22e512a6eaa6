/*
 * The mirror's promises on a real PostgreSQL: what is applied, what is left alone, who may publish.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "harness/postgres.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "mirror/migrate.h"
#include "mirror/registry.h"
#include "mirror/spool.h"
#include "pg/pg.h"
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

typedef struct World {
        HarnessPostgres pg;
        sd_event *event;
        PgPool *pool;
        Mirror *mirror;
        bool done;
        Fault fault;
        MirrorClaim claim;
        MirrorApplied applied;
        MigrateReport report;
        char notes[1024]; /* of it */
        int n_rows;
} World;

static const Uuid edge = {.bytes = {0xed, 0x9e, 1}};
static const Uuid other_edge = {.bytes = {0xed, 0x9e, 2}};

static void open_mirror(World *w, const char *instance, uint64_t lease_usec)
{
        PgPoolOptions options = {
                .conninfo = w->pg.service,
                .application_name = "test",
                .max_connections = 2,
                .search_path = MIRROR_SEARCH_PATH,
                .connect_timeout_usec = 5 * USEC_PER_SEC,
                .statement_timeout_usec = 20 * USEC_PER_SEC,
                .lock_timeout_usec = 5 * USEC_PER_SEC,
        };
        assert_int_equal(pg_pool_new(w->event, &options, &w->pool), 0);
        assert_int_equal(mirror_new(w->pool, instance, lease_usec, &w->mirror), 0);
}

static void close_mirror(World *w)
{
        w->mirror = mirror_free(w->mirror);
        w->pool = pg_pool_free(w->pool);
}

static void wait_done(World *w)
{
        while (!w->done)
                assert_true(sd_event_run(w->event, 60 * USEC_PER_SEC) > 0);
        w->done = false;
}

static void on_plain(const Fault *fault, void *userdata)
{
        World *w = userdata;
        w->fault = *fault;
        w->done = true;
}

static void on_claim(const MirrorClaim *claim, const Fault *fault, void *userdata)
{
        ((World *)userdata)->claim = *claim;
        on_plain(fault, userdata);
}

static void on_applied(const MirrorApplied *applied, const Fault *fault, void *userdata)
{
        ((World *)userdata)->applied = *applied;
        on_plain(fault, userdata);
}

static void on_migrated(const MigrateReport *report, const Fault *fault, void *userdata)
{
        World *w = userdata;
        w->report = *report;
        (void)snprintf(w->notes, sizeof(w->notes), "%s", report->notes);
        on_plain(fault, userdata);
}

static void migrate(World *w)
{
        MirrorTask *task;
        assert_int_equal(mirror_migrate(w->mirror, on_migrated, w, &task), 0);
        wait_done(w);
}

static void register_edges(World *w)
{
        const MirrorEdge edges[] = {{edge, "one", true, "hourly", "UTC", 0, false},
                                    {other_edge, "two", true, "hourly", "UTC", 0, false}};
        MirrorTask *task;
        assert_int_equal(mirror_register(w->mirror, edges, 2, NULL, on_plain, w, &task), 0);
        wait_done(w);
        assert_int_equal(w->fault.scope, FAULT_NONE);
}

static MirrorRun claim(World *w, const Uuid *id)
{
        const MirrorClaimRequest request = {.edge = *id,
                                            .trigger = MIRROR_TRIGGER_MANUAL,
                                            .refresh = true,
                                            .job_max_age_usec = 3600 * 1000000ULL};
        MirrorTask *task;
        assert_int_equal(mirror_claim(w->mirror, &request, on_claim, w, &task), 0);
        wait_done(w);
        assert_string_equal(w->fault.message, "");
        return (MirrorRun){.edge = *id, .run_id = w->claim.run_id, .epoch = w->claim.epoch};
}

static Uuid row_id(int number)
{
        Uuid id = {.bytes = {0xda, 0x7a}};
        id.bytes[14] = (uint8_t)(number >> 8);
        id.bytes[15] = (uint8_t)number;
        return id;
}

static void add_row(Spool *spool, int number, const char *name, int database)
{
        DatabaseConnection row = {.id = row_id(number),
                                  .name = name,
                                  .name_size = strlen(name),
                                  .has_database = database > 0};
        row.database_id = row_id(1000 + database);
        assert_int_equal(spool_add(spool, &row, NULL), 0);
}

static void apply_run(World *w, const MirrorRun *run, Spool *spool)
{
        MirrorEnding ending = {
                .outcome = OUTCOME_SYNCED, .refresh = REFRESH_CLEAN, .listed_whole = true};
        MirrorSnapshot snapshot = {.rows = spool, .missing = MIRROR_MISSING_HOLD};
        MirrorTask *task;
        assert_int_equal(mirror_apply(w->mirror, run, &snapshot, &ending, on_applied, w, &task), 0);
        wait_done(w);
}

static void apply(World *w, const Uuid *id, Spool *spool)
{
        MirrorRun run = claim(w, id);
        assert_false(w->claim.busy);
        apply_run(w, &run, spool);
        assert_string_equal(w->fault.message, "");
}

static int world_setup(void **state)
{
        World *w = calloc(1, sizeof(*w));
        harness_postgres_start(&w->pg);
        assert_int_equal(sd_event_new(&w->event), 0);
        open_mirror(w, "test-instance", 60 * USEC_PER_SEC);
        migrate(w);
        assert_string_equal(w->fault.message, "");
        register_edges(w);
        *state = w;
        return 0;
}

static int world_teardown(void **state)
{
        World *w = *state;
        close_mirror(w);
        sd_event_unref(w->event);
        harness_postgres_destroy(&w->pg);
        free(w);
        return 0;
}

static int empty_tables(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg,
                         "TRUNCATE edgemirror.database_connection, "
                         "edgemirror.database_connection_past, edgemirror.sync_run;"
                         "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
        return 0;
}

static void assert_history_sound(World *w)
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
        World *w = *state;
        migrate(w);
        assert_string_equal(w->fault.message, "");
        assert_int_equal(w->report.from_version, mirror_schema_version());
        assert_int_equal(w->report.to_version, mirror_schema_version());
        assert_non_null(strstr(w->notes, "CREATE ROLE edgemirror_reader"));
}

static void migrate_refuses_newer_schema_and_changed_text(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg,
                         "INSERT INTO edgemirror.schema_version VALUES (99, 'future', 'x')"));
        migrate(w);
        assert_string_equal(fault_code_name(w->fault.code), "schema-newer");
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.schema_version WHERE version = 99;"
                                 "UPDATE edgemirror.schema_version SET checksum = 'x' || checksum "
                                 "WHERE version = 2"));
        migrate(w);
        assert_string_equal(fault_code_name(w->fault.code), "schema-checksum");
        free(harness_sql(&w->pg, "UPDATE edgemirror.schema_version SET checksum = substr(checksum, "
                                 "2) WHERE version = 2"));
        migrate(w);
        assert_string_equal(w->fault.message, "");
}

/* Somebody has changed the table by hand: what would be applied on top of a gap, nobody knows. */
static void a_schema_with_a_gap_is_not_migrated(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg, "CREATE TABLE public.kept AS SELECT * FROM "
                                 "edgemirror.schema_version WHERE version = 1;"
                                 "DELETE FROM edgemirror.schema_version WHERE version = 1"));
        migrate(w);
        assert_string_equal(fault_code_name(w->fault.code), "schema-gap");
        assert_int_equal(w->fault.scope, FAULT_PEER);
        assert_non_null(strstr(w->fault.message, "lacks migration 1"));
        free(harness_sql(&w->pg, "INSERT INTO edgemirror.schema_version SELECT * FROM public.kept; "
                                 "DROP TABLE public.kept"));
        migrate(w);
        assert_string_equal(w->fault.message, "");
}

/* Whoever waits for a lock of migrate waits behind it: so it does not wait for long, and says who
 * holds what it wants. */
static void migrate_does_not_wait_for_a_lock_for_long_and_says_who_holds_it(void **state)
{
        World *w = *state;
        char conninfo[512];
        (void)snprintf(conninfo, sizeof(conninfo), "%s application_name=somebody", w->pg.service);
        PGconn *conn = PQconnectdb(conninfo);
        PQclear(PQexec(conn, "BEGIN; LOCK TABLE edgemirror.schema_version"));
        time_t began = time(NULL);
        migrate(w);
        assert_true(time(NULL) - began < 30);
        assert_string_equal(fault_code_name(w->fault.code), "pg-lock-wait");
        assert_non_null(strstr(w->fault.message, "edgemirror.schema_version"));
        assert_non_null(strstr(w->fault.message, "application \"somebody\""));
        PQclear(PQexec(conn, "ROLLBACK"));

        /* another migrate, which makes the same */
        PQclear(PQexec(conn, "BEGIN; SET LOCAL search_path = pg_catalog; SELECT "
                             "pg_advisory_xact_lock(hashtextextended('edgemirror.migrate', 0))"));
        migrate(w);
        assert_string_equal(fault_code_name(w->fault.code), "pg-lock-wait");
        assert_non_null(strstr(w->fault.message, "a lock on the schema, held by process"));
        PQfinish(conn);
        migrate(w);
        assert_string_equal(w->fault.message, "");
}

static void adds_changes_links_and_holds(void **state)
{
        World *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "alpha", 0);
        add_row(spool, 2, "beta", 1);
        add_row(spool, 3, "gamma", 0);
        apply(w, &edge, spool);
        assert_int_equal(w->applied.added, 3);
        assert_int_equal(w->applied.row_count, 3);

        spool_reset(spool);
        add_row(spool, 1, "renamed", 0);
        add_row(spool, 2, "beta", 0); /* unlinked; 3 is missing */
        apply(w, &edge, spool);
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
        World *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "first", 0);
        add_row(spool, 2, "b", 0);
        add_row(spool, 1, "second", 0);
        apply(w, &edge, spool);
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
        World *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "wanderer", 0);
        apply(w, &edge, spool);
        apply(w, &other_edge, spool);
        assert_int_equal(w->applied.changed, 1);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'two'"),
                1);
        assert_history_sound(w);
        spool_free(spool);
}

static void names_arrive_exactly(void **state)
{
        World *w = *state;
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
        apply(w, &edge, spool);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                char sql[200], id[UUID_STRING_SIZE];
                Uuid uuid = row_id((int)i);
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
        World *w = *state;
        Spool *spool;
        char name[32];
        assert_int_equal(spool_new(&spool), 0);
        for (int i = 0; i < 50000; i++) {
                DatabaseConnection row = {.name = name};
                memcpy(row.id.bytes, &i, sizeof(i));
                row.name_size = (size_t)snprintf(name, sizeof(name), "database_%d", i);
                assert_int_equal(spool_add(spool, &row, NULL), 0);
        }
        apply(w, &edge, spool);
        assert_int_equal(w->applied.added, 50000);
        free(harness_sql(&w->pg, "CHECKPOINT"));

        static const char written[] = "SELECT sum(xmin::text::bigint) + sum(xmax::text::bigint) "
                                      "FROM edgemirror.database_connection";
        static const char position[] =
                "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
        long xids = harness_sql_long(&w->pg, written);
        long before = harness_sql_long(&w->pg, position);
        apply(w, &edge, spool);
        long wal = harness_sql_long(&w->pg, position) - before;
        print_message("WAL of an unchanged sync of 50,000 rows: %ld bytes\n", wal);
        assert_int_equal(w->applied.unchanged, 50000);
        assert_int_equal(harness_sql_long(&w->pg, written), xids);
        assert_in_range(wal, 0, 64 * 1024);
        spool_free(spool);
}

static void two_claims_the_second_hears_who_holds_it(void **state)
{
        World *w = *state;
        MirrorRun first = claim(w, &edge);
        assert_false(w->claim.busy);
        (void)claim(w, &edge);
        assert_true(w->claim.busy);
        assert_string_equal(w->claim.holder, "test-instance");

        MirrorEnding ending = {.outcome = OUTCOME_FAILED};
        MirrorTask *task;
        assert_int_equal(mirror_finish(w->mirror, &first, &ending, on_plain, w, &task), 0);
        wait_done(w);
        (void)claim(w, &edge);
        assert_false(w->claim.busy);
}

static void who_lost_the_lease_publishes_nothing(void **state)
{
        World *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "stale", 0);
        MirrorRun paused = claim(w, &edge);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() - interval "
                                 "'1 second' WHERE holder IS NOT NULL"));
        MirrorRun next = claim(w, &edge);
        assert_false(w->claim.busy);
        assert_true(next.epoch > paused.epoch);

        apply_run(w, &paused, spool);
        assert_string_equal(fault_code_name(w->fault.code), "lease-lost");
        MirrorProgress progress = {.phase = SYNC_PHASE_LIST};
        MirrorTask *task;
        assert_int_equal(mirror_progress(w->mirror, &paused, &progress, on_plain, w, &task), 0);
        wait_done(w);
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
        World *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 777, "stale", 0);
        MirrorRun run = claim(w, &edge);
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
        World *w = *state;
        (void)claim(w, &edge);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() + interval "
                                 "'110 min' WHERE holder IS NOT NULL"));
        (void)claim(w, &edge);
        assert_true(w->claim.busy);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() + interval "
                                 "'121 min' WHERE holder IS NOT NULL"));
        (void)claim(w, &edge);
        assert_false(w->claim.busy);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = "
                                 "NULL"));
}

static void a_job_that_was_left_is_taken_up(void **state)
{
        World *w = *state;
        MirrorRun run = claim(w, &edge);
        MirrorProgress progress = {.phase = SYNC_PHASE_POLL,
                                   .has_job = true,
                                   .job_url = "https://c.example/rest/jobs/v1/jobs/x"};
        MirrorTask *task;
        progress.job = (JobStatus){.id = row_id(7), .state = "RUNNING", .progress = 30};
        assert_int_equal(mirror_progress(w->mirror, &run, &progress, on_plain, w, &task), 0);
        wait_done(w);
        assert_int_equal(w->fault.scope, FAULT_NONE);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() - interval "
                                 "'1 second' WHERE holder IS NOT NULL"));

        (void)claim(w, &edge);
        assert_true(w->claim.resumes);
        Uuid job = row_id(7);
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
        World *w = *state;
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
                (void)claim(w, &edge);
                (void)snprintf(
                        sql, sizeof(sql),
                        "UPDATE edgemirror.sync_run SET phase = 'poll', job_state = 'RUNNING',"
                        " job_id = gen_random_uuid(); UPDATE edgemirror.sync_run SET %s;"
                        "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL",
                        cases[i].run);
                free(harness_sql(&w->pg, sql));
                (void)claim(w, &edge);
                if (w->claim.resumes != cases[i].resumes)
                        fail_msg("%s: %s", cases[i].run,
                                 w->claim.resumes ? "taken up" : "not taken up");
        }
}

/* The catalog has answered nothing but errors for it, and each run took it up from the one before.
 */
static void a_job_does_not_become_younger_by_being_taken_up(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg,
                         "TRUNCATE edgemirror.sync_run;"
                         "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
        for (int i = 0; i < 2; i++) {
                (void)claim(w, &edge);
                free(harness_sql(
                        &w->pg,
                        "UPDATE edgemirror.sync_run SET phase = 'poll', job_state = 'RUNNING', "
                        "outcome = 'failed',"
                        " finished_at = now(), job_id = '00000000-0000-0000-0000-000000000007';"
                        "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
                free(harness_sql(&w->pg, "UPDATE edgemirror.sync_run SET started_at = started_at - "
                                         "interval '25 min'"));
        }
        (void)claim(w, &edge);
        assert_true(w->claim.resumes);
        assert_true(w->claim.job_since_usec > 49 * 60 * INT64_C(1000000));
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.sync_run SET outcome = 'failed', finished_at = now(),"
                         " started_at = started_at - interval '25 min';"
                         "UPDATE edgemirror.edge_claim SET holder = NULL, expires_at = NULL"));
        (void)claim(w, &edge);
        assert_false(w->claim.resumes);
}

static void a_clock_set_back_keeps_the_history_sound(void **state)
{
        World *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "before", 0);
        apply(w, &edge, spool);
        free(harness_sql(&w->pg, "UPDATE edgemirror.database_connection SET changed_at = "
                                 "changed_at + interval '1 day'"));
        spool_reset(spool);
        add_row(spool, 1, "after", 0);
        apply(w, &edge, spool);
        assert_int_equal(w->applied.changed, 1);
        assert_history_sound(w);
        spool_free(spool);
}

static void a_server_that_went_away_is_found_again(void **state)
{
        World *w = *state;
        Spool *spool;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "survivor", 0);
        MirrorRun run = claim(w, &edge);
        harness_postgres_stop(&w->pg);
        harness_postgres_resume(&w->pg);
        apply_run(w, &run, spool);
        assert_string_equal(w->fault.message, "");
        assert_int_equal(w->applied.added, 1);
        spool_free(spool);
}

static void run_until(World *w, const char *sql)
{
        uint64_t end = clock_monotonic_usec() + 60 * USEC_PER_SEC;
        while (harness_sql_long(&w->pg, sql) == 0) {
                assert_true(clock_monotonic_usec() < end);
                assert_true(sd_event_run(w->event, 20 * USEC_PER_MSEC) >= 0);
        }
}

/* A COMMIT waits for a standby that has to confirm it. */
static void set_standby(World *w, const char *name)
{
        char sql[100];
        (void)snprintf(sql, sizeof(sql), "ALTER SYSTEM SET synchronous_standby_names = '%s'", name);
        free(harness_sql(&w->pg, sql));
        free(harness_sql(&w->pg, "SELECT pg_reload_conf()"));
}

/* Our end of every connection to the server; the server goes on with what it was asked. */
static void cut_connections(const World *w)
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
        World *w = *state;
        _cleanup_(cleanup_spool) Spool *spool = NULL;
        assert_int_equal(spool_new(&spool), 0);
        add_row(spool, 1, "one", 0);
        MirrorRun run = claim(w, &edge);
        PGconn *holder = PQconnectdb(w->pg.conninfo);
        PQclear(PQexec(holder, "BEGIN; LOCK TABLE edgemirror.database_connection IN SHARE MODE"));
        MirrorEnding ending = {
                .outcome = OUTCOME_SYNCED, .refresh = REFRESH_CLEAN, .listed_whole = true};
        MirrorSnapshot snapshot = {.rows = spool, .missing = MIRROR_MISSING_HOLD};
        MirrorTask *task;
        assert_int_equal(mirror_apply(w->mirror, &run, &snapshot, &ending, on_applied, w, &task),
                         0);
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
        wait_done(w);
        assert_string_equal(w->fault.message, "");
        assert_int_equal(w->applied.added, 1);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run WHERE "
                                                  "outcome = 'synced'"),
                         1);
}

/* However many rows of a list cannot be mirrored, all are counted and few are kept; with the next
 * list that is read to its end they are what that one has. */
static void of_many_rows_that_cannot_be_mirrored_some_are_kept(void **state)
{
        World *w = *state;
        enum { MANY = 3000 };
        for (int n = MANY; n >= 0; n -= MANY / 2) {
                _cleanup_(cleanup_spool) Spool *spool = NULL;
                assert_int_equal(spool_new(&spool), 0);
                add_row(spool, 1, "one", 0);
                for (int i = 0; i < n; i++) {
                        DatabaseConnection row = {.id = row_id(5000 + i),
                                                  .name = "{}",
                                                  .name_size = 2,
                                                  .rejected = "it is odd"};
                        assert_int_equal(spool_add(spool, &row, NULL), 0);
                }
                MirrorRun run = claim(w, &edge);
                MirrorEnding ending = {
                        .outcome = OUTCOME_SYNCED, .refresh = REFRESH_CLEAN, .listed_whole = true};
                MirrorSnapshot snapshot = {
                        .rows = spool, .missing = MIRROR_MISSING_HOLD, .to_the_end = true};
                MirrorTask *task;
                assert_int_equal(
                        mirror_apply(w->mirror, &run, &snapshot, &ending, on_applied, w, &task), 0);
                wait_done(w);
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
                cmocka_unit_test_setup(the_later_observation_of_an_id_counts, empty_tables),
                cmocka_unit_test_setup(a_row_that_moves_is_moved, empty_tables),
                cmocka_unit_test_setup(names_arrive_exactly, empty_tables),
                cmocka_unit_test_setup(an_unchanged_list_writes_and_locks_nothing, empty_tables),
                cmocka_unit_test_setup(two_claims_the_second_hears_who_holds_it, empty_tables),
                cmocka_unit_test_setup(who_lost_the_lease_publishes_nothing, empty_tables),
                cmocka_unit_test_setup(a_lease_that_was_freed_publishes_nothing, empty_tables),
                cmocka_unit_test_setup(a_lease_that_ends_in_hours_does_not_count, empty_tables),
                cmocka_unit_test_setup(a_job_that_was_left_is_taken_up, empty_tables),
                cmocka_unit_test_setup(a_job_is_taken_up_as_long_as_it_is_worth_it, empty_tables),
                cmocka_unit_test_setup(a_job_does_not_become_younger_by_being_taken_up,
                                       empty_tables),
                cmocka_unit_test_setup(a_clock_set_back_keeps_the_history_sound, empty_tables),
                cmocka_unit_test_setup(a_commit_that_is_still_under_way_is_waited_for,
                                       empty_tables),
                cmocka_unit_test_setup(of_many_rows_that_cannot_be_mirrored_some_are_kept,
                                       empty_tables),
                cmocka_unit_test_setup(a_server_that_went_away_is_found_again, empty_tables),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
