/*
 * trust_world: see the header.
 */
#include "integration/trust_world.h"
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char trust_no_schema[] =
        "SET client_min_messages = error; DROP SCHEMA IF EXISTS edgemirror CASCADE;"
        "DROP PUBLICATION IF EXISTS edgemirror";

const char trust_trap[] =
        "CREATE SCHEMA edgemirror;"
        "CREATE TABLE edgemirror.schema_version (version integer PRIMARY KEY, name text NOT NULL,"
        " checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());"
        "CREATE FUNCTION edgemirror.snap() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN EXECUTE ''ALTER ROLE mallory SUPERUSER''; RETURN NEW; END';"
        "CREATE TRIGGER snap BEFORE INSERT ON edgemirror.schema_version FOR EACH ROW"
        " EXECUTE FUNCTION edgemirror.snap();"
        "GRANT ALL ON SCHEMA edgemirror TO PUBLIC; GRANT ALL ON edgemirror.schema_version TO "
        "PUBLIC";

const char trust_published[] = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM "
                               "pg_publication_tables WHERE pubname = 'edgemirror'";

void trust_sql(World *w, const char *statements)
{
        free(harness_sql(&w->pg, statements));
}

void trust_assert_one(World *w, const char *statement, const char *expected)
{
        char *found = harness_sql(&w->pg, statement);
        assert_string_equal(found, expected);
        free(found);
}

/* From here on the configuration is that of this role in this database. */
void trust_sign_in(World *w, const char *role, const char *database)
{
        (void)snprintf(w->pg.service, sizeof(w->pg.service), "host=%s dbname=%s user=%s",
                       w->pg.folder, database, role);
        write_config(w, "1s");
}

/* A session as somebody that has run the statements. */
PGconn *trust_session(World *w, const char *role, const char *statements)
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

void trust_sql_as(World *w, const char *role, const char *statements)
{
        PQfinish(trust_session(w, role, statements));
}

/* The statements that the program printed for an administrator, two columns in, are run by one. */
void trust_obey(World *w, const char *file)
{
        char *text = harness_read(w->folder, file);
        int n = 0;
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                if (line[0] == ' ' && line[1] == ' ') {
                        trust_sql(w, line);
                        n++;
                }
        assert_true(n > 0);
        free(text);
}

/* An empty database of em, with a role that may create schemas in it and one that may not. */
int trust_empty_database(void **state)
{
        World *w = *state;
        trust_sql(w, trust_no_schema);
        trust_sql(w, "DROP OWNED BY mallory, svc; ALTER ROLE mallory NOSUPERUSER; GRANT CREATE ON "
                     "DATABASE test TO mallory");
        trust_sign_in(w, "em", "test");
        return 0;
}

int trust_migrated_database(void **state)
{
        World *w = *state;
        (void)trust_empty_database(state);
        assert_int_equal(RUN(w, "migrate"), 0);
        return 0;
}

int trust_setup(void **state)
{
        int r = world_setup(state);
        trust_sql(*state, "CREATE ROLE mallory LOGIN; CREATE ROLE svc LOGIN");
        return r;
}
