/*
 * A database that is not trusted: who may have put something into the schema, whose catalog it is,
 * what it can hold, and what a role may not do.
 */
#include "integration/sync_world.h"
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void sql(World *w, const char *statements)
{
        free(harness_sql(&w->pg, statements));
}

static void assert_one(World *w, const char *statement, const char *expected)
{
        char *found = harness_sql(&w->pg, statement);
        assert_string_equal(found, expected);
        free(found);
}

/* From here on the configuration is that of this role in this database. */
static void sign_in(World *w, const char *role, const char *database)
{
        (void)snprintf(w->pg.service, sizeof(w->pg.service), "host=%s dbname=%s user=%s",
                       w->pg.folder, database, role);
        write_config(w, "1s");
}

/* A session as somebody that has run the statements. */
static PGconn *session(World *w, const char *role, const char *statements)
{
        char conninfo[256];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=%s", w->pg.folder,
                       role);
        PGconn *conn = PQconnectdb(conninfo);
        PGresult *result = PQexec(conn, statements);
        if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
                fail_msg("%s: %s", statements, PQerrorMessage(conn));
        PQclear(result);
        return conn;
}

static void sql_as(World *w, const char *role, const char *statements)
{
        PQfinish(session(w, role, statements));
}

static const char no_schema[] =
        "SET client_min_messages = error; DROP SCHEMA IF EXISTS edgemirror CASCADE;"
        "DROP PUBLICATION IF EXISTS edgemirror";

/* An empty database of em, with a role that may create schemas in it and one that may not. */
static int empty_database(void **state)
{
        World *w = *state;
        sql(w, no_schema);
        sql(w, "DROP OWNED BY mallory, svc; ALTER ROLE mallory NOSUPERUSER; GRANT CREATE ON "
               "DATABASE test TO mallory");
        sign_in(w, "em", "test");
        return 0;
}

static int migrated_database(void **state)
{
        World *w = *state;
        (void)empty_database(state);
        assert_int_equal(RUN(w, "migrate"), 0);
        return 0;
}

static int setup(void **state)
{
        int r = world_setup(state);
        sql(*state, "CREATE ROLE mallory LOGIN; CREATE ROLE svc LOGIN");
        return r;
}

/* ---- P2: what is not ours ------------------------------------------------------------------- */

static const char trap[] =
        "CREATE SCHEMA edgemirror;"
        "CREATE TABLE edgemirror.schema_version (version integer PRIMARY KEY, name text NOT NULL,"
        " checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());"
        "CREATE FUNCTION edgemirror.snap() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN EXECUTE ''ALTER ROLE mallory SUPERUSER''; RETURN NEW; END';"
        "CREATE TRIGGER snap BEFORE INSERT ON edgemirror.schema_version FOR EACH ROW"
        " EXECUTE FUNCTION edgemirror.snap();"
        "GRANT ALL ON SCHEMA edgemirror TO PUBLIC; GRANT ALL ON edgemirror.schema_version TO "
        "PUBLIC";

static void a_schema_that_somebody_laid_out_as_a_trap_is_refused_by_name(void **state)
{
        World *w = *state;
        static const char *const roles[] = {"postgres", "em"};
        sql_as(w, "mallory", trap);
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
                sign_in(w, roles[i], "test");
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", "schema edgemirror belongs to mallory", true);
                assert_says(w, "err", "nothing was done", true);
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out",
                            "FAILED  postgres: ownership               the right to create in "
                            "schema edgemirror",
                            true);
                assert_says(w, "out", "GRANT", false);
                assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
                assert_one(w, "SELECT count(*) FROM edgemirror.schema_version", "0");
                assert_one(w,
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
                sql_as(w, "mallory",
                       "CREATE SCHEMA mal; CREATE FUNCTION mal.evil() RETURNS text LANGUAGE plpgsql"
                       " AS 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN ''x''; END';"
                       "CREATE DOMAIN mal.text AS text CHECK (mal.evil() <> '');"
                       "GRANT USAGE ON SCHEMA mal TO PUBLIC; CREATE SCHEMA edgemirror");
                sql_as(w, "mallory", cases[i].make);
                sql(w, "ALTER SCHEMA edgemirror OWNER TO postgres");
                sql(w, cases[i].give);
                sign_in(w, "postgres", "test");
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", cases[i].words, true);
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", cases[i].words, true);
                assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
                (void)empty_database(state);
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
                sql_as(w, "mallory", cases[i].make);
                sign_in(w, cases[i].role, "test");
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", cases[i].words, true);
                assert_says(w, "out", cases[i].not_words, false);
                assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
                sql(w, "SET client_min_messages = error; DROP SCHEMA edgemirror CASCADE");
        }
}

static void the_printed_sql_refuses_the_trap_too(void **state)
{
        World *w = *state;
        sql_as(w, "mallory", trap);
        assert_int_equal(RUN(w, "migrate", "--print"), 0);
        char *printed = harness_read(w->folder, "out");
        PGconn *conn = PQconnectdb(w->pg.conninfo);
        PGresult *result = PQexec(conn, printed);
        assert_int_equal(PQresultStatus(result), PGRES_FATAL_ERROR);
        assert_non_null(strstr(PQerrorMessage(conn), "schema edgemirror belongs to mallory"));
        PQclear(result);
        PQfinish(conn);
        free(printed);
        assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
        assert_one(w, "SELECT count(*) FROM edgemirror.schema_version", "0");
}

/* P2: A trap that is committed while migrate looks whether there is one: the lock holds it up where
 * it first runs a block of PL/pgSQL. */
static void a_trap_that_is_committed_meanwhile_is_refused_too(void **state)
{
        World *w = *state;
        const char *const arguments[] = {"-c", w->config, "migrate", NULL};
        sign_in(w, "postgres", "test");
        PGconn *mallory =
                session(w, "mallory",
                        "BEGIN; CREATE SCHEMA edgemirror;"
                        "CREATE FUNCTION edgemirror.evil() RETURNS text LANGUAGE plpgsql AS"
                        " 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN NULL; END';"
                        "CREATE TABLE edgemirror.schema_version (version integer, name text, "
                        "checksum text);"
                        "INSERT INTO edgemirror.schema_version VALUES (1, 'x', 'x');"
                        "CREATE VIEW edgemirror.catalog AS SELECT edgemirror.evil() AS url");
        PGconn *lock =
                session(w, "postgres", "BEGIN; LOCK TABLE pg_language IN ACCESS EXCLUSIVE MODE");
        pid_t migrate = harness_program_start_as(w->folder, "migrate", NULL, arguments);
        await_sql(w, "SELECT count(*) FROM pg_locks WHERE relation = 'pg_language'::regclass AND "
                     "NOT granted");
        PQclear(PQexec(mallory, "COMMIT"));
        PQfinish(mallory);
        PQfinish(lock);
        assert_int_equal(harness_program_wait(migrate), 77);
        assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
        assert_one(w,
                   "SELECT count(*) FROM pg_class WHERE relnamespace = 'edgemirror'::regnamespace",
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

        sql(w, "ALTER DATABASE test SET log_statement = 'all'");
        text = harness_read(w->pg.folder, "log");
        size_t before = strlen(text);
        free(text);
        int status = RUN(w, "migrate");
        sql(w, "ALTER DATABASE test RESET log_statement");
        assert_int_equal(status, 0);
        text = harness_read(w->pg.folder, "log");
        assert_order(text + before, order, 4);
        free(text);
}

/* P2: Nothing of it is read before. */
static void check_refuses_a_trap_before_it_reads_anything(void **state)
{
        World *w = *state;
        sql(w, "GRANT USAGE, CREATE ON SCHEMA edgemirror TO mallory; ALTER TABLE "
               "edgemirror.schema_version RENAME TO aside");
        sql_as(w, "mallory",
               "CREATE FUNCTION edgemirror.evil() RETURNS integer LANGUAGE plpgsql AS"
               " 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN 1; END';"
               "CREATE VIEW edgemirror.schema_version AS SELECT edgemirror.evil() AS version, "
               "''::text AS checksum;"
               "GRANT ALL ON edgemirror.schema_version TO PUBLIC");
        sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out", "view edgemirror.schema_version belongs to mallory", true);
        assert_one(w, "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'", "f");
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
                sql(w, cases[i].grant);
                sql_as(w, "mallory", cases[i].make);
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", cases[i].words, true);
                assert_says(w, "out", "nothing was done. Let an administrator drop what ", true);
                sql(w, "SET client_min_messages = error; REVOKE CREATE ON SCHEMA edgemirror FROM "
                       "mallory");
                if (strstr(cases[i].words, "the right"))
                        sql(w, cases[i].grant);
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", cases[i].words, true);
                sql(w, "SET client_min_messages = error; REVOKE CREATE ON SCHEMA edgemirror FROM "
                       "mallory");
                sql(w, cases[i].undo);
                assert_int_equal(RUN(w, "migrate"), 0);
        }
        assert_int_equal(RUN(w, "check"), 0);
}

/* Somebody who may do more is no reason to run what the schema's owner has made as that. */
static void a_superuser_does_not_migrate_what_belongs_to_the_service(void **state)
{
        World *w = *state;
        sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "migrate"), 77);
        assert_says(w, "err", "schema edgemirror belongs to em", true);
        assert_says(w, "err",
                    ".conf migrate as em (by EDGEMIRROR_POSTGRES_CONNINFO='… user=em', also in "
                    "place of another), or in psql what migrate --print prints, or let an "
                    "administrator",
                    true);
}

/* ---- P7 ------------------------------------------------------------------------------------- */

static void a_database_of_another_encoding_is_refused(void **state)
{
        World *w = *state;
        sql(w, "DROP DATABASE IF EXISTS latin");
        sql(w, "CREATE DATABASE latin OWNER em ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' "
               "LC_CTYPE 'C'");
        sign_in(w, "em", "latin");
        assert_int_equal(RUN(w, "migrate"), 69);
        assert_says(w, "err", "the encoding of database latin is LATIN1", true);
        assert_says(w, "err", "ENCODING 'UTF8' TEMPLATE template0", true);
        assert_int_equal(RUN(w, "check"), 69);
        assert_says(w, "out",
                    "FAILED  postgres: connection              the encoding of database latin is "
                    "LATIN1",
                    true);
        sign_in(w, "em", "test");
        sql(w, "DROP DATABASE latin");
}

/* ---- P13, P14: what a role may not make, and what is gone ----------------------------------- */

static const char published[] = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM "
                                "pg_publication_tables WHERE pubname = 'edgemirror'";

/* The statements that the program printed for an administrator, two columns in, are run by one. */
static void obey(World *w, const char *file)
{
        char *text = harness_read(w->folder, file);
        int n = 0;
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                if (line[0] == ' ' && line[1] == ' ') {
                        sql(w, line);
                        n++;
                }
        assert_true(n > 0);
        free(text);
}

static void a_role_without_create_migrates_the_schema_that_an_administrator_made(void **state)
{
        World *w = *state;
        char *wanted;
        assert_int_equal(RUN(w, "migrate"), 0);
        wanted = harness_sql(&w->pg, published);
        sql(w, no_schema);

        sign_in(w, "svc", "test");
        assert_int_equal(RUN(w, "migrate"), 77);
        assert_says(w, "err", "an administrator runs: CREATE SCHEMA edgemirror AUTHORIZATION svc;",
                    true);
        /* of a schema that is somebody's, nobody is told to get rights in it */
        sql_as(w, "mallory", trap);
        sql_as(w, "mallory", "REVOKE ALL ON SCHEMA edgemirror FROM PUBLIC");
        assert_int_equal(RUN(w, "migrate"), 77);
        assert_says(w, "err", "schema edgemirror belongs to mallory", true);
        sql(w, no_schema);
        sql(w, "CREATE SCHEMA edgemirror AUTHORIZATION svc");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "note: the publication edgemirror is not there", true);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(
                w, "out",
                "note    postgres: publication             the publication edgemirror is not there",
                true);
        assert_int_equal(sync_all(w), 0);

        assert_int_equal(RUN(w, "migrate"), 0);
        obey(w, "err");
        assert_one(w, published, wanted);
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "note:", false);
        free(wanted);
}

/* To be granted CREATE in it is not enough: who migrates owns the schema. */
static void a_schema_that_was_made_with_a_grant_only_becomes_the_roles_own(void **state)
{
        World *w = *state;
        static const char alter[] = "an administrator runs: ALTER SCHEMA edgemirror OWNER TO svc;";
        static const char *const grants[] = {"",
                                             "; GRANT USAGE, CREATE ON SCHEMA edgemirror TO svc"};
        sign_in(w, "svc", "test");
        for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
                char make[120];
                (void)snprintf(make, sizeof(make), "CREATE SCHEMA edgemirror%s", grants[i]);
                sql(w, make);
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", alter, true);
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", alter, true);
                assert_says(w, "out", ".conf migrate", false);
                sql(w, "ALTER SCHEMA edgemirror OWNER TO svc");
                assert_int_equal(RUN(w, "migrate"), 0);
                assert_int_equal(RUN(w, "check"), 0);
                sql(w, no_schema);
        }
}

/* ---- a schema that was altered by hand ------------------------------------------------------ */

static void check_names_what_was_dropped_and_whose_rows_a_policy_hides(void **state)
{
        World *w = *state;
        sign_in(w, "em", "test");
        assert_int_equal(RUN(w, "check"), 0);
        sql(w, "ALTER TABLE edgemirror.edge ENABLE ROW LEVEL SECURITY");
        assert_int_equal(RUN(w, "check"), 0); /* not for its owner */
        sql(w, "ALTER TABLE edgemirror.edge FORCE ROW LEVEL SECURITY");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out",
                    "FAILED  postgres: row security            row level security hides rows from "
                    "this role, which must see all, of: edgemirror.edge; drop",
                    true);
        assert_int_equal(RUN(w, "sync"), 77);
        assert_says(w, "out", "grant", false);
        sql(w, "ALTER TABLE edgemirror.edge DISABLE ROW LEVEL SECURITY;"
               "ALTER TABLE edgemirror.database_connection DROP COLUMN name CASCADE");
        assert_int_equal(RUN(w, "check"), 69);
        assert_says(w, "out",
                    " edgemirror.database_connection.name "
                    "edgemirror.database_connection_history edgemirror.held ",
                    true);
        assert_int_equal(RUN(w, "sync"), 69);
        assert_says(w, "out", ".conf check", true);
}

/* Whoever adds a column, a table, a view or a function adds it to the query. */
static void check_knows_all_that_is_in_the_schema(void **state)
{
        World *w = *state;
        static const char columns[] =
                "DO $$ DECLARE x record; BEGIN FOR x IN SELECT c.relname, a.attname, a.attnum FROM "
                "pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = "
                "'edgemirror'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 LOOP "
                "EXECUTE "
                "format('ALTER TABLE edgemirror.%I RENAME COLUMN %I TO %I', x.relname, x.attname, "
                "'x_' || x.attnum); END LOOP; END $$";
        static const char objects[] =
                "DO $$ DECLARE x record; BEGIN FOR x IN SELECT c.relname FROM pg_class c WHERE "
                "c.relnamespace = 'edgemirror'::regnamespace AND c.relkind IN ('r', 'v') LOOP "
                "EXECUTE "
                "format('ALTER TABLE edgemirror.%I RENAME TO %I', x.relname, 'x_' || x.relname); "
                "END "
                "LOOP; FOR x IN SELECT p.oid::regprocedure AS f, p.proname FROM pg_proc p WHERE "
                "p.pronamespace = 'edgemirror'::regnamespace LOOP EXECUTE format('ALTER FUNCTION "
                "%s "
                "RENAME TO %I', x.f, 'x_' || x.proname); END LOOP; END $$";
        char *query = harness_read(getenv("top_srcdir"), "sql/queries/check_tables.sql");
        char *count = NULL;
        assert_true(asprintf(&count, "SELECT count(*) FROM (%s) q", query) > 0);
        assert_one(w, count, "0");
        /* as where a copy broke off before it made them */
        sql(w, "ALTER TABLE edgemirror.sync_run DROP CONSTRAINT sync_run_pkey CASCADE");
        assert_int_equal(RUN(w, "check"), 69);
        assert_says(w, "out",
                    "dropped or renamed since migrate made them: the primary key of "
                    "edgemirror.sync_run; it does not make them again: restore",
                    true);
        sql(w, "ALTER TABLE edgemirror.sync_run ADD PRIMARY KEY (run_id)");
        assert_one(w, count, "0");
        char *all =
                harness_sql(&w->pg, "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid "
                                    "= a.attrelid WHERE c.relnamespace = 'edgemirror'::regnamespace"
                                    " AND c.relkind IN ('r', 'v') AND a.attnum > 0");
        sql(w, columns);
        assert_one(w, count, all);
        free(all);
        all = harness_sql(
                &w->pg, "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = "
                        "'edgemirror'::regnamespace AND relkind IN ('r', 'v')) + (SELECT count(*) "
                        "FROM pg_proc WHERE pronamespace = 'edgemirror'::regnamespace)");
        sql(w, objects);
        assert_one(w, count, all);
        free(all);
        free(count);
        free(query);
}

/* A publication that somebody else has laid out is not taken for ours. */
static void a_publication_of_somebody_else_is_named(void **state)
{
        World *w = *state;
        sql_as(w, "mallory", "CREATE PUBLICATION edgemirror WITH (publish = 'insert')");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err",
                    "the publication edgemirror belongs to mallory, who may change or drop it; an "
                    "administrator runs:\n",
                    true);
        assert_one(w, "SELECT count(*) FROM pg_publication_tables", "0");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    "the publication edgemirror belongs to mallory, who may change or drop it; an "
                    "administrator runs: ALTER PUBLICATION edgemirror OWNER TO em;",
                    true);
        assert_says(w, "out",
                    "edgemirror lacks tables: databases that subscribe do not get them; "
                    "an administrator runs: ALTER PUBLICATION",
                    true);
        sql(w, "ALTER PUBLICATION edgemirror OWNER TO em");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "leaves out some kinds of changes", true);
        obey(w, "err");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "publication", false);
        assert_one(w, "SELECT count(*) > 0 FROM pg_publication_tables", "t");
        assert_one(w, "SELECT pubupdate AND pubdelete AND pubtruncate FROM pg_publication", "t");
}

static void a_schema_that_was_dropped_and_a_publication_that_is_gone_come_back(void **state)
{
        World *w = *state;
        char *wanted = harness_sql(&w->pg, published);
        sql(w, "SET client_min_messages = error; DROP SCHEMA edgemirror CASCADE");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_one(w, published, wanted);

        sql(w, "DROP PUBLICATION edgemirror");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    "the publication edgemirror is not there: no other database can subscribe; "
                    "edgemirror -c ",
                    true);
        assert_says(w, "out", ".conf migrate makes it, or an administrator: CREATE PUBLICATION",
                    true);
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_one(w, published, wanted);

        sql(w, "ALTER PUBLICATION edgemirror DROP TABLE edgemirror.edge");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    ".conf migrate makes it, or an administrator: ALTER PUBLICATION "
                    "edgemirror ADD TABLE edgemirror.edge;",
                    true);
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_one(w, published, wanted);

        /* One that was somebody else's before us. */
        sql(w, "ALTER PUBLICATION edgemirror DROP TABLE edgemirror.edge; ALTER PUBLICATION "
               "edgemirror OWNER TO postgres");
        assert_int_equal(RUN(w, "migrate"), 0);
        obey(w, "err");
        assert_one(w, published, wanted);
        free(wanted);
}

static void another_role_is_the_service_with_what_is_printed_for_it(void **state)
{
        World *w = *state;
        assert_int_equal(RUN(w, "migrate", "--grants", "nobody"), 69);
        assert_says(w, "err", "there is no role nobody", true);
        sql(w, "REVOKE TEMPORARY ON DATABASE test FROM PUBLIC");
        assert_int_equal(RUN(w, "migrate", "--grants", "svc"), 0);
        char *grants = harness_read(w->folder, "out");
        sign_in(w, "svc", "test");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(
                w, "out",
                "GRANT TEMPORARY ON DATABASE test TO svc; GRANT USAGE ON SCHEMA edgemirror TO svc;",
                true);
        sql(w, grants);
        free(grants);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "postgres: publication", false);
        assert_int_equal(sync_all(w), 0);

        /* the publication is that of the role that migrates, whoever asks */
        sql(w, "ALTER PUBLICATION edgemirror OWNER TO svc");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "belongs to svc, who may change or drop it", true);
        assert_says(w, "out", "ALTER PUBLICATION edgemirror OWNER TO em;", true);
        sql(w, "ALTER PUBLICATION edgemirror OWNER TO em");

        /* the next sync writes nothing, and says what the next change would lack all the same */
        sql(w, "REVOKE TEMPORARY ON DATABASE test FROM svc");
        assert_int_equal(RUN(w, "sync"), 77);
        assert_says(w, "out", "GRANT TEMPORARY ON DATABASE test TO svc;", true);
        sql(w, "GRANT TEMPORARY ON DATABASE test TO svc");
        assert_int_equal(RUN(w, "verify"), 0);
        sql(w, "GRANT TEMPORARY ON DATABASE test TO PUBLIC");
}

/* Those that the edges name are taken, whatever the journal still has; who may not change the
 * numbers sees it as well. */
static void run_numbers_that_are_taken_are_not_given_again(void **state)
{
        World *w = *state;
        static const char *const losses[] = {
                "SELECT setval('edgemirror.sync_run_run_id_seq', 1, false)",
                "TRUNCATE edgemirror.sync_run RESTART IDENTITY",
                /* a mirror that was synced once, and to which one has subscribed */
                ("TRUNCATE edgemirror.sync_run RESTART IDENTITY; UPDATE edgemirror.edge SET "
                 "last_run_id = 1 WHERE last_run_id IS NOT NULL"),
        };
        for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
                sign_in(w, "em", "test");
                assert_int_equal(RUN(w, "migrate"), 0);
                assert_int_equal(RUN(w, "migrate", "--grants", "svc"), 0);
                char *grants = harness_read(w->folder, "out");
                sql(w, grants);
                free(grants);
                assert_int_equal(sync_all(w), 0);
                sql(w, losses[i]);
                sign_in(w, "svc", "test");
                assert_int_equal(RUN(w, "check"), 69);
                assert_says(w, "out", "the edges name runs with later numbers", true);
                assert_says(w, "out", "migrate as em (by EDGEMIRROR_POSTGRES_CONNINFO=", true);
                assert_int_equal(RUN(w, "sync"), 69);
                sign_in(w, "em", "test");
                assert_int_equal(RUN(w, "migrate"), 0);
                assert_int_equal(RUN(w, "check"), 0);
                assert_one(w, "SELECT count(list_digest) FROM edgemirror.edge", "0");
                assert_int_equal(RUN(w, "sync"), 0);
                assert_one(w, "SELECT count(list_digest) FROM edgemirror.edge WHERE row_count > 0",
                           "2");
        }
}

/* Who alone can change it, instead of a right that does not suffice. */
static void a_role_that_does_not_own_the_schema_is_told_who_does(void **state)
{
        World *w = *state;
        static const char older[] =
                "the schema is at version 0, this program needs 1; run edgemirror -c ";
        static const char owner[] = ".conf migrate as postgres (by "
                                    "EDGEMIRROR_POSTGRES_CONNINFO='… "
                                    "user=postgres', also in place of another)";
        sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "migrate"), 0);
        sign_in(w, "svc", "test");
        assert_int_equal(RUN(w, "migrate"), 77);
        assert_says(w, "err", "this role may not change the schema; run edgemirror -c ", true);
        assert_says(w, "err", owner, true);

        assert_int_equal(RUN(w, "migrate", "--grants", "svc"), 0);
        char *grants = harness_read(w->folder, "out");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out", "who owns the schema (postgres), or an administrator, runs: ", true);
        sql(w, grants);
        free(grants);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(RUN(w, "migrate"), 0); /* nothing to do */
                assert_says(w, "out", "at version 1 already", true);
                assert_says(w, "err", "", true);
                assert_int_equal(RUN(w, "check"), 0);
                sql(w, "CREATE TEMPORARY TABLE kept AS TABLE edgemirror.schema_version; DELETE "
                       "FROM edgemirror.schema_version; CREATE TABLE public.kept AS TABLE kept");
                assert_int_equal(RUN(w, "check"), 69);
                assert_says(w, "out", older, true);
                assert_says(w, "out", owner, true);
                assert_int_equal(RUN(w, "migrate"), 69);
                assert_says(w, "err", older, true);
                assert_says(w, "err", owner, true);
                sql(w, "INSERT INTO edgemirror.schema_version TABLE public.kept; DROP TABLE "
                       "public.kept");
                /* is no help, whoever granted it */
                sql(w, "GRANT CREATE ON SCHEMA edgemirror TO svc");
        }
        /* here there is something to do, for the owner: without it nothing is synced */
        sql(w, "INSERT INTO edgemirror.edge "
               "(edge_connection_id, name, enabled, schedule, timezone, last_run_id) VALUES "
               "(gen_random_uuid(), 'taken over', false, 'weekly', 'UTC', 7)");
        assert_int_equal(RUN(w, "migrate"), 69);
        assert_says(w, "err", "the edges name runs with later numbers than the next one", true);
        assert_says(w, "err", owner, true);
        sql(w, "REVOKE CREATE ON SCHEMA edgemirror FROM svc");
        sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "migrate"), 0);
        sign_in(w, "svc", "test");
        assert_int_equal(RUN(w, "migrate"), 0);
        sql(w, "DROP PUBLICATION edgemirror");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "the publication edgemirror is not there", true);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", owner, true);
}

/* A role that was made by hand, or by a restored server, may nothing yet. */
static void check_says_when_the_roles_for_readers_have_no_rights(void **state)
{
        World *w = *state;
        static const struct {
                const char *revoke, *words;
        } cases[] = {
                {"DROP OWNED BY edgemirror_reader",
                 "the role edgemirror_reader is there, and has not been granted all that reports "
                 "need; run edgemirror -c "},
                {"REVOKE SELECT ON edgemirror.daily FROM edgemirror_reader", "reports need; run "},
                {"REVOKE EXECUTE ON FUNCTION edgemirror.as_of FROM edgemirror_reader, PUBLIC",
                 "reports need; run "},
                {"REVOKE USAGE ON SCHEMA edgemirror FROM edgemirror_reader", "reports need; run "},
                {"DROP OWNED BY edgemirror_operator",
                 "the role edgemirror_operator is there, and has not been granted all that asking "
                 "for a sync needs; run edgemirror -c "},
        };
        sql(w, "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'edgemirror_reader') "
               "THEN DROP OWNED BY edgemirror_reader, edgemirror_operator; DROP ROLE "
               "edgemirror_reader, edgemirror_operator; END IF; END $$");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    ".conf migrate makes it, or an administrator: CREATE ROLE edgemirror_reader "
                    "NOLOGIN; and then migrate once more\n",
                    true);
        assert_int_equal(RUN(w, "migrate"), 0);
        obey(w, "err");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", cases[0].words, true);
        assert_int_equal(RUN(w, "migrate"), 0);
        /* what an administrator has put beside it is not this role's to grant */
        sql(w, "CREATE VIEW edgemirror.administrators AS SELECT 1");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", cases[0].words, false);
        assert_int_equal(RUN(w, "migrate"), 0);
        sql(w, "DROP VIEW edgemirror.administrators");
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(RUN(w, "check"), 0);
                assert_says(w, "out", "readers", false);
                sql(w, cases[i].revoke);
                assert_int_equal(RUN(w, "check"), 0);
                assert_says(w, "out", "note    postgres: readers", true);
                assert_says(w, "out", cases[i].words, true);
                assert_says(w, "out", ".conf migrate, which grants it\n", true);
                assert_int_equal(RUN(w, "migrate"), 0);
                assert_says(w, "err", "note:", false);
        }
}

/* The schema alone is a superuser's, as after a restore. */
static void what_the_owner_of_the_tables_may_not_is_left_to_an_administrator(void **state)
{
        World *w = *state;
        static const char as_em[] = ".conf migrate as em (by EDGEMIRROR_POSTGRES_CONNINFO='… "
                                    "user=em', also in place of another)";
        sql(w, "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = "
               "'edgemirror_reader') THEN CREATE ROLE edgemirror_reader; CREATE ROLE "
               "edgemirror_operator; END IF; END $$");
        assert_int_equal(RUN(w, "migrate"), 0);
        sql(w, "ALTER SCHEMA edgemirror OWNER TO postgres; GRANT USAGE, CREATE ON SCHEMA "
               "edgemirror TO em; REVOKE ALL ON SCHEMA edgemirror FROM edgemirror_reader, "
               "edgemirror_operator");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    "all that reports need; an administrator runs: GRANT USAGE ON SCHEMA "
                    "edgemirror TO edgemirror_reader;\n",
                    true);
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "which grants it", false);
        obey(w, "err");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "note:", false);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "readers", false);

        static const char *const others[] = {"postgres", "svc"};
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                sign_in(w, others[i], "test");
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", as_em, true);
        }
        /* who migrates is trusted by who only syncs, and not by who may do everything */
        assert_int_equal(RUN(w, "migrate", "--grants", "svc"), 0);
        char *grants = harness_read(w->folder, "out");
        sql(w, grants);
        free(grants);
        assert_int_equal(RUN(w, "check"), 0);
        sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out", as_em, true);
}

static void a_role_that_may_not_connect_is_told_what_grants_it(void **state)
{
        World *w = *state;
        sign_in(w, "svc", "test");
        sql(w, "REVOKE CONNECT ON DATABASE test FROM PUBLIC");
        int status = RUN(w, "check");
        sql(w, "GRANT CONNECT ON DATABASE test TO PUBLIC");
        assert_int_equal(status, 77);
        assert_says(
                w, "out",
                "(SQLSTATE 42501); an administrator runs: GRANT CONNECT ON DATABASE \"test\" TO "
                "\"svc\";",
                true);
        assert_says(w, "out", "see edgemirror", false);
}

static void check_fails_when_the_longest_list_would_not_fit(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "longest list", false);
        sql(w, "UPDATE edgemirror.edge SET row_count = 10000000000000");
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

/* N7: As a shell reads it. */
static void what_is_granted_besides_is_a_command_with_the_role(void **state)
{
        World *w = *state;
        static const char *const lines[] = {".conf migrate --grants=svc prints)\n",
                                            ".conf migrate --grants='it'\\''s me' prints)\n"};
        static const char *const roles[] = {"svc", "'it\\'s me'"};
        sql(w, "DROP ROLE IF EXISTS \"it's me\"; CREATE ROLE \"it's me\" LOGIN");
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
                sign_in(w, roles[i], "test");
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", lines[i], true);
        }
        sql(w, "DROP ROLE \"it's me\"");
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
                assert_one(w, edges, before);
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
        sql_as(w, "em", update);
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
                sql(w, "TRUNCATE edgemirror.catalog");
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
                assert_one(w, "SELECT count(*) FROM edgemirror.catalog", "1");
        }
}

/* ---- P15: no writes ------------------------------------------------------------------------- */

static void a_database_that_takes_no_writes_is_read_all_the_same(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        sql(w, "ALTER DATABASE test SET default_transaction_read_only = on");
        int status = RUN(w, "status");
        assert_says(w, "out", "main ", true);
        int check = RUN(w, "status", "--check");
        int verify = RUN(w, "verify");
        assert_says(w, "out", "main                     intact     20 rows\n", true);
        int sync = sync_all(w);
        sql(w, "BEGIN READ WRITE; ALTER DATABASE test RESET default_transaction_read_only; COMMIT");
        assert_int_equal(status, 0);
        assert_int_equal(check, 1);
        assert_int_equal(verify, 0);
        assert_int_equal(sync, 69);
        assert_string_equal(error_of(w, "code"), "pg-read-only");
        assert_non_null(strstr(error_of(w, "message"),
                               "a standby, or a database that takes no writes now"));
        assert_int_equal(sync_all(w), 0);
        /* of a role that only reads it says nothing */
        sql(w, "CREATE ROLE only_reads LOGIN; ALTER ROLE only_reads SET "
               "default_transaction_read_only = on; GRANT USAGE ON SCHEMA edgemirror TO "
               "only_reads; GRANT SELECT ON ALL TABLES IN SCHEMA edgemirror TO only_reads");
        sign_in(w, "only_reads", "test");
        assert_int_equal(RUN(w, "status", "--check"), 0);
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
        sql(w, "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone)"
               " VALUES ('00000000-0000-0000-0000-000000000001', 'typo', 'hourly', 'UTC');"
               "DELETE FROM edgemirror.edge WHERE name = 'typo'");
        assert_one(w, "SELECT count(*) FROM edgemirror.edge", "2");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_schema_that_somebody_laid_out_as_a_trap_is_refused_by_name,
                                       empty_database),
                cmocka_unit_test_setup(a_publication_of_somebody_else_is_named, empty_database),
                cmocka_unit_test_setup(a_trap_that_was_given_another_owner_is_refused,
                                       empty_database),
                cmocka_unit_test_setup(check_says_whose_a_schema_is_that_is_not_ours,
                                       empty_database),
                cmocka_unit_test_setup(the_printed_sql_refuses_the_trap_too, empty_database),
                cmocka_unit_test_setup(a_trap_that_is_committed_meanwhile_is_refused_too,
                                       empty_database),
                cmocka_unit_test_setup(the_schema_is_looked_at_once_nobody_else_can_make_it,
                                       empty_database),
                cmocka_unit_test_setup(check_refuses_a_trap_before_it_reads_anything,
                                       migrated_database),
                cmocka_unit_test_setup(what_somebody_put_into_the_schema_is_refused_by_name,
                                       migrated_database),
                cmocka_unit_test_setup(a_superuser_does_not_migrate_what_belongs_to_the_service,
                                       migrated_database),
                cmocka_unit_test_setup(
                        what_the_owner_of_the_tables_may_not_is_left_to_an_administrator,
                        migrated_database),
                cmocka_unit_test_setup(a_database_of_another_encoding_is_refused,
                                       migrated_database),
                cmocka_unit_test_setup(
                        a_role_without_create_migrates_the_schema_that_an_administrator_made,
                        empty_database),
                cmocka_unit_test_setup(
                        a_schema_that_was_dropped_and_a_publication_that_is_gone_come_back,
                        migrated_database),
                cmocka_unit_test_setup(a_role_that_does_not_own_the_schema_is_told_who_does,
                                       empty_database),
                cmocka_unit_test_setup(check_says_when_the_roles_for_readers_have_no_rights,
                                       migrated_database),
                cmocka_unit_test_setup(a_role_that_may_not_connect_is_told_what_grants_it,
                                       migrated_database),
                cmocka_unit_test_setup(another_role_is_the_service_with_what_is_printed_for_it,
                                       migrated_database),
                cmocka_unit_test_setup(run_numbers_that_are_taken_are_not_given_again,
                                       migrated_database),
                cmocka_unit_test_setup(check_fails_when_the_longest_list_would_not_fit,
                                       migrated_database),
                cmocka_unit_test_setup(check_fails_when_there_is_no_space_for_lists_at_all,
                                       migrated_database),
                cmocka_unit_test_setup(what_is_granted_besides_is_a_command_with_the_role,
                                       migrated_database),
                cmocka_unit_test_setup(a_database_belongs_to_one_catalog, migrated_database),
                cmocka_unit_test_setup(of_two_catalogs_that_come_first_at_once_one_has_the_database,
                                       migrated_database),
                cmocka_unit_test_setup(a_database_that_takes_no_writes_is_read_all_the_same,
                                       migrated_database),
                cmocka_unit_test_setup(an_edge_with_rows_is_not_deleted_by_hand, migrated_database),
                cmocka_unit_test_setup(
                        a_schema_that_was_made_with_a_grant_only_becomes_the_roles_own,
                        empty_database),
                cmocka_unit_test_setup(check_names_what_was_dropped_and_whose_rows_a_policy_hides,
                                       migrated_database),
                cmocka_unit_test_setup(check_knows_all_that_is_in_the_schema, migrated_database),
        };
        return cmocka_run_group_tests_name("trust", tests, setup, world_teardown);
}
