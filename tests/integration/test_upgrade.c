/*
 * A database of the released version (tests/upgrade/schema.sql: rows of every kind) is migrated to
 * a later one, and a program of the released version meets it.
 *
 * This program is linked with the SQL of a next release, whose version is 2; edgemirror itself is
 * the old one.
 */
#include "base/cleanup.h"
#include "harness/program.h"
#include "integration/mirror_bench.h"
#include "mirror/migrate.h"
#include "mirror/sql_embedded.h"
#include "mirror/verify.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

/* What a reader asks; nothing that depends on the time of the question. */
static const char *const questions[] = {
        "inventory",
        "unregistered",
        "held",
        "rejected",
        "change",
        "run",
        "database_connection_history",
        "(SELECT edge, listed_at, refreshed_at, row_count, held, pending, rejected, last_outcome, "
        "last_refresh, last_error, scheduled FROM edgemirror.freshness)",
        "(SELECT * FROM edgemirror.daily WHERE day <= (SELECT max(listed_at)::date FROM "
        "edgemirror.edge))",
        "as_of((SELECT max(listed_at) FROM edgemirror.edge))",
};

typedef struct Upgrade {
        MirrorBench bench;
        char folder[64], config[128];
        char *before[ARRAY_SIZE(questions)];
        size_t n_verified;
} Upgrade;

static char *answer_of(const Upgrade *u, size_t i)
{
        _cleanup_(cleanup_free) char *sql =
                text_format("SET TIME ZONE 'UTC'; SELECT md5(coalesce(string_agg(q::text, E'\\n' "
                            "ORDER BY q::text), '')) || ' ' || count(*) FROM %s%s q",
                            questions[i][0] == '(' ? "" : "edgemirror.", questions[i]);
        return harness_sql(&u->bench.pg, sql);
}

/* ---- the fixture ---------------------------------------------------------------------------- */

static int restore_the_fixture(void **state)
{
        Upgrade *u = calloc(1, sizeof(*u));
        assert_non_null(u);
        *state = u;
        harness_postgres_start(&u->bench.pg);
        harness_folder_make("upgrade", u->folder);
        bench_restore_fixture(&u->bench);
        bench_connect(&u->bench);

        (void)snprintf(u->config, sizeof(u->config), "%s/edgemirror.conf", u->folder);
        _cleanup_(cleanup_free) char *config =
                text_format("[catalog]\nurl = https://catalog.example\nauth = bearer\ntoken_file = "
                            "%s/token\n[postgres]\nconninfo = %s\n[edge \"sales\"]\nid = "
                            "b62ea832-3f48-4da1-8839-d8be615e9256\n",
                            u->folder, u->bench.pg.service);
        harness_write(u->folder, "edgemirror.conf", config);
        return 0;
}

static int end(void **state)
{
        Upgrade *u = *state;
        for (size_t i = 0; i < ARRAY_SIZE(u->before); i++)
                free(u->before[i]);
        bench_stop(&u->bench);
        harness_folder_remove(u->folder);
        free(u);
        return 0;
}

static void it_has_rows_of_every_kind(void **state)
{
        Upgrade *u = *state;
        static const char *const kinds[] = {
                "inventory WHERE NOT held",
                "inventory WHERE registered",
                "unregistered WHERE ever_registered",
                "held WHERE reason = 'guard'",
                "held WHERE reason = 'pending'",
                "rejected",
                "database_connection WHERE ended_as = 'removed'",
                "database_connection WHERE ended_as = 'retired'",
                "database_connection_past",
                "change WHERE kind = 'moved_in'",
                "change WHERE renamed",
                "change WHERE relinked",
                "edge WHERE origin = 'discovered' AND enabled",
                "edge WHERE NOT enabled AND row_count = 0 AND listed_at IS NOT NULL", /* retired */
                "run WHERE outcome = 'synced'",
                "run WHERE outcome = 'held'",
                "run WHERE outcome = 'failed' AND refresh = 'failed'",
                "run WHERE trigger = 'schedule'",
                "sync_request",
                "instance WHERE stopped_at IS NOT NULL",
                "catalog",
        };
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                _cleanup_(cleanup_free) char *sql =
                        text_format("SELECT count(*) FROM edgemirror.%s", kinds[i]);
                if (harness_sql_long(&u->bench.pg, sql) == 0)
                        fail_msg("the fixture has none: %s", kinds[i]);
        }
}

/* ---- the program of that version ------------------------------------------------------------ */

static int run_old(Upgrade *u, const char *command)
{
        const char *const arguments[] = {"-c", u->config, command, NULL};
        return harness_program(u->folder, arguments);
}

static void its_own_program_finds_nothing_to_do(void **state)
{
        Upgrade *u = *state;
        assert_int_equal(run_old(u, "migrate"), 0);
        assert_int_equal(run_old(u, "verify"), 0);
        _cleanup_(cleanup_free) char *said = harness_read(u->folder, "out");
        assert_null(strstr(said, "ALTERED"));
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
                u->before[i] = answer_of(u, i);
}

static void an_old_program_refuses_a_newer_schema(void **state)
{
        Upgrade *u = *state;
        static const char *const commands[] = {"migrate", "check", "sync"};
        harness_write(u->folder, "token", "secret\n");
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
                int status = run_old(u, commands[i]);
                _cleanup_(cleanup_free) char *out = harness_read(u->folder, "out");
                _cleanup_(cleanup_free) char *err = harness_read(u->folder, "err");
                static const char words[] = "the schema is at version 2, this program knows 1; "
                                            "install the newer edgemirror";
                if (status != 69 || (!strstr(out, words) && !strstr(err, words)))
                        fail_msg("%s ends with %d and says:\n%s%s", commands[i], status, out, err);
        }
}

/* What only reads goes on: what is public is still there. */
static void an_old_program_reads_a_newer_schema(void **state)
{
        Upgrade *u = *state;
        assert_int_equal(run_old(u, "status"), 0);
        assert_int_equal(run_old(u, "verify"), 0);
}

/* ---- the next version ----------------------------------------------------------------------- */

static void migrating_keeps_every_answer(void **state)
{
        Upgrade *u = *state;
        bench_migrate(&u->bench);
        assert_int_equal(u->bench.migrated.from_version, 1);
        assert_int_equal(u->bench.migrated.to_version, (int)sql_n_migrations - 1);
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
                _cleanup_(cleanup_free) char *after = answer_of(u, i);
                if (strcmp(u->before[i], after) != 0)
                        fail_msg("%s: was %s, is %s", questions[i], u->before[i], after);
        }
        bench_migrate(&u->bench); /* once more: nothing to do */
        assert_int_equal(u->bench.migrated.from_version, (int)sql_n_migrations - 1);
}

static void on_verified(const MirrorVerify *verify, const Fault *fault, void *userdata)
{
        Upgrade *u = userdata;
        if (!verify) {
                mirror_bench_on_plain(fault, &u->bench);
                return;
        }
        u->n_verified++;
        assert_int_equal(verify->rows, verify->recorded_rows);
        assert_string_equal(verify->digest, verify->recorded_digest);
        assert_int_equal(verify->history_differs, 0);
}

static void every_edge_is_intact(void **state)
{
        Upgrade *u = *state;
        MirrorTask *task;
        assert_int_equal(mirror_verify(u->bench.mirror, NULL, on_verified, u, &task), 0);
        mirror_bench_wait(&u->bench);
        assert_string_equal(u->bench.fault.message, "");
        assert_int_equal(u->n_verified, 5);
}

/* A sync of the new version writes on where the old one has stopped. */
static void syncs_go_on(void **state)
{
        Upgrade *u = *state;
        MirrorBench *b = &u->bench;
        bench_register(b);
        bench_apply(b, &bench_edge, (const BenchRow[]){{1, "alpha", 0}, {2, "beta", 7}}, 2);
        assert_sql(b, "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'one'", "2");
        assert_sql(b,
                   "SELECT (run_id > (SELECT max(run_id) FROM edgemirror.run WHERE edge <> "
                   "'one'))::text FROM edgemirror.run WHERE edge = 'one'",
                   "true");
}

static void a_downgrade_is_the_schema_of_before(void **state)
{
        Upgrade *u = *state;
        bench_sql(&u->bench, "DROP PUBLICATION edgemirror; DROP SCHEMA edgemirror CASCADE");
        bench_restore_fixture(&u->bench);
        assert_int_equal(run_old(u, "migrate"), 0);
        assert_int_equal(run_old(u, "verify"), 0);
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
                _cleanup_(cleanup_free) char *after = answer_of(u, i);
                assert_string_equal(after, u->before[i]);
        }
        assert_sql(&u->bench, "SELECT count(*) FROM pg_publication WHERE pubname = 'edgemirror'",
                   "1");
}

/* ---- the printed SQL ------------------------------------------------------------------------ */

static char *print_next(void)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        assert_int_equal(mirror_migrate_print(out), 0);
        assert_int_equal(fclose(out), 0);
        return text;
}

static void assert_refused(Upgrade *u, const char *statements, const char *words)
{
        PGconn *conn = PQconnectdb(u->bench.pg.conninfo);
        PGresult *result = PQexec(conn, statements);
        assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
        if (!strstr(PQerrorMessage(conn), words))
                fail_msg("%s", PQerrorMessage(conn));
        PQclear(result);
        PQfinish(conn);
}

/* It begins where the schema is, as migrate does, and refuses the same. */
static void the_printed_sql_upgrades_as_migrate_does(void **state)
{
        Upgrade *u = *state;
        static const char *const print[] = {"migrate", "--print", NULL};
        _cleanup_(cleanup_free) char *next = print_next();
        assert_int_equal(harness_program(u->folder, print), 0);
        _cleanup_(cleanup_free) char *old = harness_read(u->folder, "out");
        _cleanup_(cleanup_free) char *owned = text_format("SET ROLE em; %s", next);
        bench_sql(&u->bench, "UPDATE edgemirror.edge_claim SET holder = gen_random_uuid(), "
                             "expires_at = now(), epoch = 7");
        bench_sql(&u->bench, "UPDATE edgemirror.schema_version SET checksum = 'x' || checksum");
        assert_refused(u, owned, "migration 0001_mirror was applied with another text than this");
        bench_sql(&u->bench, "UPDATE edgemirror.schema_version SET checksum = substr(checksum, 2)");
        for (int i = 0; i < 2; i++) {
                free(harness_sql(&u->bench.pg, owned));
                assert_sql(&u->bench,
                           "SELECT string_agg(version || name, ' ' ORDER BY version) FROM "
                           "edgemirror.schema_version",
                           "10001_mirror 20002_next");
                assert_sql(&u->bench, "SELECT count(*) FROM edgemirror.edge_claim WHERE epoch <> 8",
                           "0");
        }
        for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
                _cleanup_(cleanup_free) char *after = answer_of(u, i);
                assert_string_equal(after, u->before[i]);
        }
        bench_migrate(&u->bench); /* takes it for its own */
        assert_int_equal(u->bench.migrated.from_version, 2);
        _cleanup_(cleanup_free) char *again = text_format("SET ROLE em; %s", old);
        assert_refused(u, again, "the schema is newer than version 1, which this makes; install");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_has_rows_of_every_kind),
                cmocka_unit_test(its_own_program_finds_nothing_to_do),
                cmocka_unit_test(migrating_keeps_every_answer),
                cmocka_unit_test(every_edge_is_intact),
                cmocka_unit_test(syncs_go_on),
                cmocka_unit_test(an_old_program_refuses_a_newer_schema),
                cmocka_unit_test(an_old_program_reads_a_newer_schema),
                cmocka_unit_test(a_downgrade_is_the_schema_of_before),
                cmocka_unit_test(the_printed_sql_upgrades_as_migrate_does),
        };
        return cmocka_run_group_tests(tests, restore_the_fixture, end);
}
