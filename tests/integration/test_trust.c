/*
 * A database that is not trusted: who may have put something into the schema.
 */
#include "integration/trust_world.h"
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

/* ---- P2: what is not ours ------------------------------------------------------------------- */

static void a_schema_that_somebody_laid_out_as_a_trap_is_refused_by_name(void **state)
{
        World *w = *state;
        static const char *const roles[] = {"postgres", "em"};
        trust_sql_as(w, "mallory", trust_trap);
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
                trust_sign_in(w, roles[i], "test");
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", "schema edgemirror belongs to mallory", true);
                assert_says(w, "err", "nothing was done", true);
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out",
                            "FAILED  postgres: ownership               the right to create in "
                            "schema edgemirror",
                            true);
                assert_says(w, "out", "GRANT", false);
                trust_assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
                trust_assert_one(w, "SELECT count(*) FROM edgemirror.schema_version", "0");
                trust_assert_one(w,
                                 "SELECT count(*) FROM pg_class WHERE relnamespace = "
                                 "'edgemirror'::regnamespace",
                                 "2");
        }
}

/* What an administrator makes his own keeps the code of whoever wrote it. */
static void a_trap_that_was_given_another_owner_is_refused(void **state)
{
        World *w = *state;
        static const struct {
                const char *make, *give, *words;
        } cases[] = {
                {"CREATE VIEW edgemirror.catalog AS SELECT mal.evil() AS url",
                 "ALTER VIEW edgemirror.catalog OWNER TO postgres",
                 "function mal.evil(), used by rule \"_RETURN\" on edgemirror.catalog, belongs to "
                 "mallory"},
                {"CREATE TABLE edgemirror.catalog (url text DEFAULT mal.evil())",
                 "ALTER TABLE edgemirror.catalog OWNER TO postgres",
                 "function mal.evil(), used by default value for edgemirror.catalog.url, belongs "
                 "to mallory"},
                {"CREATE TABLE edgemirror.catalog (url text CHECK (url <> mal.evil()))",
                 "ALTER TABLE edgemirror.catalog OWNER TO postgres",
                 "function mal.evil(), used by table constraint"},
                {"CREATE TABLE edgemirror.catalog (url mal.text)",
                 "ALTER TABLE edgemirror.catalog OWNER TO postgres",
                 "type mal.text, used by table edgemirror.catalog, belongs to mallory"},
                {"CREATE TABLE edgemirror.catalog (url text); CREATE RULE r AS ON INSERT TO "
                 "edgemirror.catalog DO ALSO SELECT mal.evil()",
                 "ALTER TABLE edgemirror.catalog OWNER TO postgres",
                 "function mal.evil(), used by rule r on edgemirror.catalog, belongs to mallory"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].words);
                trust_sql_as(w, "mallory",
                             "CREATE SCHEMA mal; CREATE FUNCTION mal.evil() RETURNS text LANGUAGE "
                             "plpgsql"
                             " AS 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN ''x''; END';"
                             "CREATE DOMAIN mal.text AS text CHECK (mal.evil() <> '');"
                             "GRANT USAGE ON SCHEMA mal TO PUBLIC; CREATE SCHEMA edgemirror");
                trust_sql_as(w, "mallory", cases[i].make);
                trust_sql(w, "ALTER SCHEMA edgemirror OWNER TO postgres");
                trust_sql(w, cases[i].give);
                trust_sign_in(w, "postgres", "test");
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", cases[i].words, true);
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", cases[i].words, true);
                trust_assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
                (void)trust_empty_database(state);
        }
}

/* A schema of another role without anything of ours in it, or with what we may not read, is not "no
 * schema", nor one that `migrate` would repair. */
static void check_says_whose_a_schema_is_that_is_not_ours(void **state)
{
        World *w = *state;
        static const struct {
                const char *role, *make;
                const char *words, *not_words;
        } cases[] = {
                {"em", "CREATE SCHEMA edgemirror",
                 "ownership               schema edgemirror belongs to mallory",
                 "there is no schema"},
                {"em",
                 "CREATE SCHEMA edgemirror; GRANT ALL ON SCHEMA edgemirror TO PUBLIC;"
                 "CREATE TYPE edgemirror.text AS (x integer)",
                 "ownership               the right to create in schema edgemirror belongs to "
                 "PUBLIC",
                 "there is no schema"},
                {"em",
                 "CREATE SCHEMA edgemirror; GRANT USAGE ON SCHEMA edgemirror TO em;"
                 "CREATE TABLE edgemirror.schema_version (version integer, checksum text);"
                 "GRANT SELECT ON edgemirror.schema_version TO em",
                 "ownership               schema edgemirror belongs to mallory", "schema version"},
                /* A superuser runs nothing of it. */
                {"postgres",
                 "CREATE SCHEMA edgemirror; CREATE FUNCTION edgemirror.evil() RETURNS integer "
                 "LANGUAGE plpgsql AS"
                 " 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN 1; END';"
                 "CREATE VIEW edgemirror.schema_version AS SELECT edgemirror.evil() AS version, "
                 "''::text AS checksum",
                 "ownership               schema edgemirror belongs to mallory", "schema version"},
                {"em",
                 "CREATE SCHEMA edgemirror; CREATE TABLE edgemirror.schema_version (version "
                 "integer, checksum text)",
                 "privileges              not granted to this role; who owns the schema (mallory), "
                 "or an administrator",
                 "there is no schema"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].words);
                trust_sql_as(w, "mallory", cases[i].make);
                trust_sign_in(w, cases[i].role, "test");
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", cases[i].words, true);
                assert_says(w, "out", cases[i].not_words, false);
                trust_assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
                trust_sql(w, "SET client_min_messages = error; DROP SCHEMA edgemirror CASCADE");
        }
}

static void the_printed_sql_refuses_the_trap_too(void **state)
{
        World *w = *state;
        trust_sql_as(w, "mallory", trust_trap);
        assert_int_equal(RUN(w, "migrate", "--print"), 0);
        char *printed = harness_read(w->folder, "out");
        PGconn *conn = PQconnectdb(w->pg.conninfo);
        PGresult *result = PQexec(conn, printed);
        assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
        assert_non_null(strstr(PQerrorMessage(conn), "schema edgemirror belongs to mallory"));
        PQclear(result);
        PQfinish(conn);
        free(printed);
        trust_assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
        trust_assert_one(w, "SELECT count(*) FROM edgemirror.schema_version", "0");
}

/* P2: A trap that is committed while migrate looks whether there is one: the lock holds it up where
 * it first runs a block of PL/pgSQL. */
static void a_trap_that_is_committed_meanwhile_is_refused_too(void **state)
{
        World *w = *state;
        const char *const arguments[] = {"-c", w->config, "migrate", NULL};
        trust_sign_in(w, "postgres", "test");
        PGconn *mallory =
                trust_session(w, "mallory",
                              "BEGIN; CREATE SCHEMA edgemirror;"
                              "CREATE FUNCTION edgemirror.evil() RETURNS text LANGUAGE plpgsql AS"
                              " 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN NULL; END';"
                              "CREATE TABLE edgemirror.schema_version (version integer, name text, "
                              "checksum text);"
                              "INSERT INTO edgemirror.schema_version VALUES (1, 'x', 'x');"
                              "CREATE VIEW edgemirror.catalog AS SELECT edgemirror.evil() AS url");
        PGconn *lock = trust_session(w, "postgres",
                                     "BEGIN; LOCK TABLE pg_language IN ACCESS EXCLUSIVE MODE");
        pid_t migrate = harness_program_start_as(w->folder, "migrate", NULL, arguments);
        await_sql(w, "SELECT count(*) FROM pg_locks WHERE relation = 'pg_language'::regclass AND "
                     "NOT granted");
        PQclear(PQexec(mallory, "COMMIT"));
        PQfinish(mallory);
        PQfinish(lock);
        assert_int_equal(harness_program_wait(migrate), 77);
        trust_assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
        trust_assert_one(
                w, "SELECT count(*) FROM pg_class WHERE relnamespace = 'edgemirror'::regnamespace",
                "2");
}

/* The words come in this order. */
static void assert_order(const char *text, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const char *found = strstr(text, words[i]);
                if (!found)
                        fail_msg("\"%s\" is not there, or too early", words[i]);
                text = found + strlen(words[i]);
        }
}

/* P2, P13: The schema is there, by whomever, before it is looked at, and looked at before anything
 * in it is touched. So in what migrate sends, for roles that may make the schema or may not, and in
 * what it prints. */
static void the_schema_is_looked_at_once_nobody_else_can_make_it(void **state)
{
        World *w = *state;
        static const char *const order[] = {"CREATE SCHEMA edgemirror;",
                                            "CREATE SCHEMA edgemirror AUTHORIZATION",
                                            "the right to create in schema edgemirror",
                                            "CREATE TABLE IF NOT EXISTS edgemirror.schema_version"};
        assert_int_equal(RUN(w, "migrate", "--print"), 0);
        char *text = harness_read(w->folder, "out");
        assert_order(text, order, 4);
        free(text);

        trust_sql(w, "ALTER DATABASE test SET log_statement = 'all'");
        text = harness_read(w->pg.folder, "log");
        size_t before = strlen(text);
        free(text);
        int status = RUN(w, "migrate");
        trust_sql(w, "ALTER DATABASE test RESET log_statement");
        assert_int_equal(status, 0);
        text = harness_read(w->pg.folder, "log");
        assert_order(text + before, order, 4);
        free(text);
}

/* P2: Nothing of it is read before. */
static void check_refuses_a_trap_before_it_reads_anything(void **state)
{
        World *w = *state;
        trust_sql(w, "GRANT USAGE, CREATE ON SCHEMA edgemirror TO mallory; ALTER TABLE "
                     "edgemirror.schema_version RENAME TO aside");
        trust_sql_as(
                w, "mallory",
                "CREATE FUNCTION edgemirror.evil() RETURNS integer LANGUAGE plpgsql AS"
                " 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN 1; END';"
                "CREATE VIEW edgemirror.schema_version AS SELECT edgemirror.evil() AS version, "
                "''::text AS checksum;"
                "GRANT ALL ON edgemirror.schema_version TO PUBLIC");
        trust_sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out", "view edgemirror.schema_version belongs to mallory", true);
        trust_assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
}

/* Into a schema of ours, each by a right that somebody once granted. */
static void what_somebody_put_into_the_schema_is_refused_by_name(void **state)
{
        World *w = *state;
        static const struct {
                const char *grant, *make, *words, *undo;
        } cases[] = {
                {"GRANT USAGE, CREATE ON SCHEMA edgemirror TO mallory",
                 "CREATE FUNCTION edgemirror.sha256(text) RETURNS bytea LANGUAGE sql AS 'SELECT "
                 "NULL::bytea'",
                 "function edgemirror.sha256(pg_catalog.text) belongs to mallory",
                 "DROP FUNCTION edgemirror.sha256(text)"},
                {"GRANT USAGE, CREATE ON SCHEMA edgemirror TO mallory",
                 "CREATE TABLE edgemirror.later (id integer)",
                 "table edgemirror.later belongs to mallory", "DROP TABLE edgemirror.later"},
                {"GRANT USAGE, CREATE ON SCHEMA edgemirror TO mallory",
                 "CREATE FUNCTION edgemirror.never(uuid, text) RETURNS boolean LANGUAGE sql AS "
                 "'SELECT false';"
                 "CREATE OPERATOR edgemirror.= (LEFTARG = uuid, RIGHTARG = text, FUNCTION = "
                 "edgemirror.never)",
                 "operator edgemirror.=(", "DROP FUNCTION edgemirror.never(uuid, text) CASCADE"},
                {"GRANT USAGE, CREATE ON SCHEMA edgemirror TO mallory",
                 "CREATE TYPE edgemirror.mood AS ENUM ('sad')",
                 "type edgemirror.mood belongs to mallory", "DROP TYPE edgemirror.mood"},
                {"GRANT USAGE ON SCHEMA edgemirror TO mallory; GRANT TRIGGER ON edgemirror.edge TO "
                 "mallory;"
                 "GRANT CREATE ON SCHEMA public TO mallory",
                 "CREATE FUNCTION public.snap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN "
                 "NEW; END';"
                 "CREATE TRIGGER snap BEFORE INSERT ON edgemirror.edge FOR EACH ROW EXECUTE "
                 "FUNCTION public.snap()",
                 "function public.snap(), used by trigger snap on edgemirror.edge, belongs to "
                 "mallory",
                 "DROP FUNCTION public.snap() CASCADE"},
                {"GRANT CREATE ON SCHEMA edgemirror TO mallory", "SELECT 1",
                 "the right to create in schema edgemirror belongs to mallory", "SELECT 1"},
                {"GRANT CREATE ON SCHEMA edgemirror TO PUBLIC", "SELECT 1",
                 "the right to create in schema edgemirror belongs to PUBLIC",
                 "REVOKE CREATE ON SCHEMA edgemirror FROM PUBLIC"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].words);
                trust_sql(w, cases[i].grant);
                trust_sql_as(w, "mallory", cases[i].make);
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", cases[i].words, true);
                assert_says(w, "out", "nothing was done. Let an administrator drop what ", true);
                trust_sql(
                        w,
                        "SET client_min_messages = error; REVOKE CREATE ON SCHEMA edgemirror FROM "
                        "mallory");
                if (strstr(cases[i].words, "the right"))
                        trust_sql(w, cases[i].grant);
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", cases[i].words, true);
                trust_sql(
                        w,
                        "SET client_min_messages = error; REVOKE CREATE ON SCHEMA edgemirror FROM "
                        "mallory");
                trust_sql(w, cases[i].undo);
                assert_int_equal(RUN(w, "migrate"), 0);
        }
        assert_int_equal(RUN(w, "check"), 0);
}

/* Somebody who may do more is no reason to run what the schema's owner has made as that. */
static void a_superuser_does_not_migrate_what_belongs_to_the_service(void **state)
{
        World *w = *state;
        trust_sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "migrate"), 77);
        assert_says(w, "err", "schema edgemirror belongs to em", true);
        assert_says(w, "err",
                    ".conf migrate as em (by EDGEMIRROR_POSTGRES_CONNINFO='… user=em', also in "
                    "place of another), or in psql what migrate --print prints, or let an "
                    "administrator",
                    true);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_schema_that_somebody_laid_out_as_a_trap_is_refused_by_name,
                                       trust_empty_database),
                cmocka_unit_test_setup(a_trap_that_was_given_another_owner_is_refused,
                                       trust_empty_database),
                cmocka_unit_test_setup(check_says_whose_a_schema_is_that_is_not_ours,
                                       trust_empty_database),
                cmocka_unit_test_setup(the_printed_sql_refuses_the_trap_too, trust_empty_database),
                cmocka_unit_test_setup(a_trap_that_is_committed_meanwhile_is_refused_too,
                                       trust_empty_database),
                cmocka_unit_test_setup(the_schema_is_looked_at_once_nobody_else_can_make_it,
                                       trust_empty_database),
                cmocka_unit_test_setup(check_refuses_a_trap_before_it_reads_anything,
                                       trust_migrated_database),
                cmocka_unit_test_setup(what_somebody_put_into_the_schema_is_refused_by_name,
                                       trust_migrated_database),
                cmocka_unit_test_setup(a_superuser_does_not_migrate_what_belongs_to_the_service,
                                       trust_migrated_database),
        };
        return cmocka_run_group_tests_name("trust", tests, trust_setup, world_teardown);
}
