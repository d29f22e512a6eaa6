/*
 * A database: of another encoding, of another catalog, that takes no writes, without room for
 * lists; and what cannot be done in it by hand.
 */
#include "integration/trust_world.h"
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- P7 ------------------------------------------------------------------------------------- */

static void a_database_of_another_encoding_is_refused(void **state)
{
        World *w = *state;
        trust_sql(w, "DROP DATABASE IF EXISTS latin");
        trust_sql(w, "CREATE DATABASE latin OWNER em ENCODING 'LATIN1' TEMPLATE template0 "
                     "LC_COLLATE 'C' "
                     "LC_CTYPE 'C'");
        trust_sign_in(w, "em", "latin");
        assert_int_equal(RUN(w, "migrate"), 69);
        assert_says(w, "err", "the encoding of database latin is LATIN1", true);
        assert_says(w, "err", "ENCODING 'UTF8' TEMPLATE template0", true);
        assert_int_equal(RUN(w, "check"), 69);
        assert_says(w, "out",
                    "FAILED  postgres: connection              the encoding of database latin is "
                    "LATIN1",
                    true);
        trust_sign_in(w, "em", "test");
        trust_sql(w, "DROP DATABASE latin");
}

/* ---- N1: one catalog ------------------------------------------------------------------------ */

static const char edges[] =
        "SELECT string_agg(name || enabled, ' ' ORDER BY name) FROM edgemirror.edge";

/* A configuration that speaks to the same place by another name stands for another catalog. */
static void write_other_config(World *w)
{
        char *config = harness_read(w->folder, "edgemirror.conf");
        char *url = strstr(config, "127.0.0.1");
        assert_non_null(url);
        memcpy(url, "localhost", strlen("localhost"));
        harness_write(w->folder, "edgemirror.conf", config);
        free(config);
}

static void a_database_belongs_to_one_catalog(void **state)
{
        World *w = *state;
        static const char *const commands[][2] = {
                {"sync", NULL}, {"sync", "--dry-run"}, {"migrate", NULL}};
        assert_int_equal(sync_all(w), 0);
        char *before = harness_sql(&w->pg, edges);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(
                w, "out",
                "ok      postgres: catalog                 the database belongs to this catalog",
                true);

        write_other_config(w);
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
                assert_int_equal(RUN(w, commands[i][0], commands[i][1]), 69);
                const char *file = strcmp(commands[i][0], "sync") == 0 ? "out" : "err";
                assert_says(w, file, "this database mirrors the catalog http://127.0.0.1:", true);
                assert_says(w, file, "and url of [catalog] is http://localhost:", true);
                trust_assert_one(w, edges, before);
        }
        assert_int_equal(RUN(w, "check"), 69);
        assert_says(w, "out",
                    "FAILED  postgres: catalog                 this database mirrors the catalog ",
                    true);
        free(before);

        /* The way out that it names. */
        char *out = harness_read(w->folder, "out"),
             *update = strstr(out, "UPDATE edgemirror.catalog");
        assert_non_null(update);
        update[strcspn(update, "\n")] = '\0';
        trust_sql_as(w, "em", update);
        free(out);
        assert_int_equal(RUN(w, "sync", "--dry-run"), 0);
        assert_int_equal(RUN(w, "check"), 0);
}

/* Which of them is first does not matter. */
static void of_two_catalogs_that_come_first_at_once_one_has_the_database(void **state)
{
        World *w = *state;
        const char *const arguments[] = {"-c", w->config, "sync", NULL};
        for (int i = 0; i < 5; i++) {
                pid_t pids[2];
                trust_sql(w, "TRUNCATE edgemirror.catalog");
                write_config(w, "1s");
                pids[0] = harness_program_start_as(w->folder, "sync", NULL, arguments);
                usleep((unsigned)i * 5000); /* the configuration is read first thing */
                char other[160];
                (void)snprintf(other, sizeof(other), "%s.other", w->config);
                char *config = harness_read(w->folder, "edgemirror.conf");
                memcpy(strstr(config, "127.0.0.1"), "localhost", strlen("localhost"));
                harness_write(w->folder, "other.conf", config);
                free(config);
                (void)snprintf(other, sizeof(other), "%s/other.conf", w->folder);
                const char *const others[] = {"-c", other, "sync", NULL};
                pids[1] = harness_program_start_as(w->folder, "catalog", NULL, others);
                int first = harness_program_wait(pids[0]), second = harness_program_wait(pids[1]);
                (void)unlink(other);
                print_message("# %d %d\n", first, second);
                assert_true((first == 69) != (second == 69));
                trust_assert_one(w, "SELECT count(*) FROM edgemirror.catalog", "1");
        }
}

static void check_fails_when_the_longest_list_would_not_fit(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "longest list", false);
        trust_sql(w, "UPDATE edgemirror.edge SET row_count = 10000000000000");
        assert_int_equal(RUN(w, "check"), 1);
        assert_says(w, "out",
                    "FAILED  postgres: longest list            the list of main had 10000000000000 "
                    "rows, for which a sync needs about 1490116.1 GiB of temporary files, and ",
                    true);
}

/* Of a file system of one page, which root alone can make. */
static void check_fails_when_there_is_no_space_for_lists_at_all(void **state)
{
        World *w = *state;
        const char *apart = geteuid() == 0 ? "unshare -m" : "unshare -rm";
        char command[512];
        (void)snprintf(command, sizeof(command), "%s mount -t tmpfs none /mnt 2>/dev/null", apart);
        if (system(command) != 0) {
                print_message("# not tried: no namespace of mounts may be made here\n");
                return;
        }
        (void)snprintf(command, sizeof(command),
                       "%s sh -c 'mount -t tmpfs -o size=64k none /mnt && TMPDIR=/mnt exec "
                       "./edgemirror -c %s check' >%s/out 2>%s/err",
                       apart, w->config, w->folder, w->folder);
        assert_int_equal(WEXITSTATUS(system(command)), 1);
        assert_says(w, "out", "FAILED  spool                             64.0 KiB free for ", true);
}

/* ---- P15: no writes ------------------------------------------------------------------------- */

static void a_database_that_takes_no_writes_is_read_all_the_same(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        trust_sql(w, "ALTER DATABASE test SET default_transaction_read_only = on");
        int status = RUN(w, "status");
        assert_says(w, "out", "main ", true);
        int check = RUN(w, "status", "--check");
        int verify = RUN(w, "verify");
        assert_says(w, "out", "main                     intact     20 rows\n", true);
        int sync = sync_all(w);
        trust_sql(w, "BEGIN READ WRITE; ALTER DATABASE test RESET default_transaction_read_only; "
                     "COMMIT");
        assert_int_equal(status, 0);
        assert_int_equal(check, 1);
        assert_int_equal(verify, 0);
        assert_int_equal(sync, 69);
        assert_string_equal(error_of(w, "code"), "pg-read-only");
        assert_non_null(strstr(error_of(w, "message"),
                               "a standby, or a database that takes no writes now"));
        assert_int_equal(sync_all(w), 0);
        /* of a role that only reads it says nothing, whatever else that may */
        trust_sql(w, "CREATE ROLE only_reads LOGIN; ALTER ROLE only_reads SET "
                     "default_transaction_read_only = on; GRANT USAGE ON SCHEMA edgemirror TO "
                     "only_reads; GRANT SELECT ON ALL TABLES IN SCHEMA edgemirror TO only_reads");
        trust_sign_in(w, "only_reads", "test");
        assert_int_equal(RUN(w, "status", "--check"), 0);
        trust_sql(w, "GRANT em TO only_reads");
        assert_int_equal(RUN(w, "status", "--check"), 0);
}

/* As where its subscription is, or was, under way. */
static void a_database_that_subscribes_is_not_said_to_be_synced_by_hand(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(RUN(w, "status"), 0);
        assert_says(w, "out", "no instance has ever run on this database", true);
        trust_sql(w, "SET client_min_messages = error; SET allow_system_table_mods = on; CREATE "
                     "SUBSCRIPTION away CONNECTION 'dbname=nowhere' PUBLICATION edgemirror WITH "
                     "(connect = false); INSERT INTO pg_subscription_rel SELECT oid, "
                     "'edgemirror.edge'::regclass, 'i' FROM pg_subscription");
        assert_int_equal(RUN(w, "status"), 0);
        assert_says(w, "out", "which subscribes to another mirror:\n", true);
        assert_says(w, "out", "by hand", false);
        /* nor, where one was alive before it subscribed, that one is to be started */
        trust_sql(w, "INSERT INTO edgemirror.instance SELECT gen_random_uuid(), 'before', '1', "
                     "'1 minute', now(), now() - interval '1 day', now(), NULL, '{}'");
        assert_int_equal(RUN(w, "status"), 0);
        assert_says(w, "out", "which subscribes to another mirror:\n", true);
        assert_says(w, "out", "Start one", false);
        trust_sql(w, "ALTER SUBSCRIPTION away SET (slot_name = NONE)");
        trust_sql(w, "DROP SUBSCRIPTION away");
}

/* ---- N5: by hand ---------------------------------------------------------------------------- */

static void an_edge_with_rows_is_not_deleted_by_hand(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        PGconn *conn = PQconnectdb(w->pg.conninfo);
        PGresult *result = PQexec(conn, "DELETE FROM edgemirror.edge WHERE name = 'main'");
        assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "23503");
        assert_non_null(strstr(PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
                               "edgemirror retire --forget"));
        PQclear(result);
        PQfinish(conn);
        trust_sql(w, "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone)"
                     " VALUES ('00000000-0000-0000-0000-000000000001', 'typo', 'hourly', 'UTC');"
                     "DELETE FROM edgemirror.edge WHERE name = 'typo'");
        trust_assert_one(w, "SELECT count(*) FROM edgemirror.edge", "2");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_database_of_another_encoding_is_refused,
                                       trust_migrated_database),
                cmocka_unit_test_setup(check_fails_when_the_longest_list_would_not_fit,
                                       trust_migrated_database),
                cmocka_unit_test_setup(check_fails_when_there_is_no_space_for_lists_at_all,
                                       trust_migrated_database),
                cmocka_unit_test_setup(a_database_belongs_to_one_catalog, trust_migrated_database),
                cmocka_unit_test_setup(of_two_catalogs_that_come_first_at_once_one_has_the_database,
                                       trust_migrated_database),
                cmocka_unit_test_setup(a_database_that_takes_no_writes_is_read_all_the_same,
                                       trust_migrated_database),
                cmocka_unit_test_setup(a_database_that_subscribes_is_not_said_to_be_synced_by_hand,
                                       trust_migrated_database),
                cmocka_unit_test_setup(an_edge_with_rows_is_not_deleted_by_hand,
                                       trust_migrated_database),
        };
        return cmocka_run_group_tests_name("databases", tests, trust_setup, world_teardown);
}
