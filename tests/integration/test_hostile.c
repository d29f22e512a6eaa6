/*
 * P1: whoever may create things in a schema that others search has nothing of it run by edgemirror,
 * as the service, as whoever migrates, or by a reader: neither by functions and operators that fit
 * better nor, where that schema comes first, by those that fit as well, nor by types and relations.
 */
#include "base/text.h"
#include "harness/service.h"
#include "integration/mirror_bench.h"
#include "integration/rows.h"
#include "integration/sync_world.h"
#include <glob.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sql(World *w, const char *statements)
{
        free(harness_sql(&w->pg, statements));
}

static void append_files(Text *text, const char *pattern)
{
        const char *top = getenv("top_srcdir");
        char path[4096], buffer[4096];
        glob_t found = {0};
        (void)snprintf(path, sizeof(path), "%s/%s", top ? top : ".", pattern);
        assert_int_equal(glob(path, 0, NULL, &found), 0);
        for (size_t i = 0; i < found.gl_pathc; i++) {
                size_t size;
                FILE *file = fopen(found.gl_pathv[i], "re");
                assert_non_null(file);
                while ((size = fread(buffer, 1, sizeof(buffer), file)) > 0)
                        assert_int_equal(text_append(text, buffer, size), 0);
                (void)fclose(file);
        }
        globfree(&found);
}

/* The text with each name replaced. */
static char *with(const char *text, const char *name, const char *value)
{
        _cleanup_(text_done) Text out = {0};
        for (const char *at; (at = strstr(text, name)); text = at + strlen(name)) {
                assert_int_equal(text_append(&out, text, (size_t)(at - text)), 0);
                assert_int_equal(text_append_string(&out, value), 0);
        }
        assert_int_equal(text_append_string(&out, text), 0);
        return TAKE(out.data);
}

/* As mallory, in `schema`: all that she can think of. */
static void lay_out(World *w, const char *schema)
{
        static const char *const ours[] = {"sql/queries/*.sql", "sql/migrations/*.sql",
                                           "sql/sharing.sql", "src/pg/*.c"};
        _cleanup_(text_done) Text all = {0}, script = {0};
        char conninfo[256];
        for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
                append_files(&all, ours[i]);
        append_files(&script, "tests/integration/hostile.sql");
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=mallory",
                       w->pg.folder);
        PGconn *conn = PQconnectdb(conninfo);
        char *name = PQescapeLiteral(conn, schema, strlen(schema)),
             *text = PQescapeLiteral(conn, all.data, all.size);
        char *half = with(script.data, "$SCHEMA", name), *whole = with(half, "$TEXT", text);
        PGresult *result = PQexec(conn, whole);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
                fail_msg("%s", PQerrorMessage(conn));
        PQclear(result);
        PQfreemem(name);
        PQfreemem(text);
        free(half);
        free(whole);
        PQfinish(conn);
}

/* Nothing of it has been run so far; else the first words of what was. */
static void assert_nothing_ran(World *w, const char *when)
{
        char *log = harness_read(w->pg.folder, "log"), *found = strstr(log, "HOSTILE ");
        if (found)
                fail_msg("%s: %.*s", when, (int)strcspn(found, "\n") + 300, found);
        free(log);
}

static const struct {
        const char *search_path;
} paths[] = {
        {"DEFAULT"}, {"public"}, {"evil, pg_catalog"}, {"evil, public, pg_catalog, edgemirror"}};

static int setup(void **state)
{
        int r = world_setup(state);
        World *w = *state;
        sql(w, "CREATE ROLE mallory LOGIN; CREATE ROLE root LOGIN SUPERUSER; GRANT CREATE, USAGE "
               "ON SCHEMA public TO mallory;"
               "CREATE SCHEMA evil AUTHORIZATION mallory");
        lay_out(w, "public");
        lay_out(w, "evil");
        /* What the test itself asks is not to be caught. */
        (void)snprintf(w->pg.conninfo, sizeof(w->pg.conninfo),
                       "host=%s dbname=test user=postgres options='-c search_path=pg_catalog'",
                       w->pg.folder);
        char *n = harness_sql(&w->pg, "SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc "
                                      "p JOIN pg_catalog.pg_roles r ON r.oid"
                                      " OPERATOR(pg_catalog.=) p.proowner WHERE r.rolname "
                                      "OPERATOR(pg_catalog.=) 'mallory')");
        print_message("# %s hostile functions\n", n);
        assert_true(strtol(n, NULL, 10) > 5000);
        free(n);
        return r;
}

/* The trap works: what is named without its schema is caught, by a better fit and by coming first.
 */
static void what_is_laid_out_would_be_run(void **state)
{
        World *w = *state;
        static const char *const statements[] = {
                "SET search_path = public; SELECT hashtextextended('a'::text, 0)",
                "SET search_path = public; SELECT 2::bigint * '1 second'::interval",
                "SET search_path = evil, pg_catalog; SELECT now()",
                "SET search_path = evil, pg_catalog; SELECT 'a'::text",
                "SET search_path = evil, pg_catalog; SELECT rolname FROM pg_roles",
        };
        for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
                char *before = harness_read(w->pg.folder, "log");
                PGconn *conn = PQconnectdb(w->pg.conninfo);
                PQclear(PQexec(conn, statements[i]));
                PQfinish(conn);
                char *after = harness_read(w->pg.folder, "log");
                if (!strstr(after + strlen(before), "HOSTILE "))
                        fail_msg("not caught: %s", statements[i]);
                free(before);
                free(after);
        }
        /* Forgotten, for the tests that follow. */
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/log", w->pg.folder);
        FILE *log = fopen(path, "we");
        assert_non_null(log);
        (void)fclose(log);
}

/* ---- everything that the program does ------------------------------------------------------- */

static void change_the_catalog(World *w, int round)
{
        char path[128], op[160];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        (void)snprintf(op, sizeof(op), "{\"op\":\"add\",\"name\":\"round %d\"}", round);
        control(w, path, op);
        control(w, path, "{\"op\":\"remove\",\"index\":2}");
        (void)snprintf(op, sizeof(op), "{\"op\":\"move\",\"index\":3,\"to\":\"%s\"}", w->edges[1]);
        control(w, path, op);
}

static void serve(World *w)
{
        HarnessService service = {0};
        sql(w, "UPDATE edgemirror.edge_claim SET next_run_at = pg_catalog.now()");
        harness_service_start(&service, w->folder, "sync", w->config, false, 0);
        harness_service_await(&service, "READY=1", 1);
        await_sql(w, "SELECT pg_catalog.count(*) FROM edgemirror.sync_run WHERE trigger "
                     "OPERATOR(pg_catalog.=) 'schedule' AND finished_at IS NOT NULL");
        harness_service_signal(&service, SIGTERM);
        assert_int_equal(harness_service_wait(&service), 0);
        harness_service_done(&service);
}

static void prune(World *w)
{
        MirrorBench b = {.pg = w->pg};
        bench_connect(&b);
        bench_prune(&b, 1000000, 1000000, 100);
        bench_disconnect(&b);
}

/* Every view and function, by somebody whose own search_path is bad. */
static void read_reports(World *w, const char *search_path)
{
        char statement[512];
        PGconn *conn = PQconnectdb(w->pg.conninfo);
        PGresult *views = PQexec(conn, "SELECT c.relname FROM pg_catalog.pg_class c JOIN "
                                       "pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=)"
                                       " c.relnamespace WHERE n.nspname OPERATOR(pg_catalog.=) "
                                       "'edgemirror' AND c.relkind OPERATOR(pg_catalog.=) 'v'");
        (void)snprintf(statement, sizeof(statement), "SET search_path = %s", search_path);
        PQclear(PQexec(conn, statement));
        for (int i = 0; i < PQntuples(views) + 2; i++) {
                if (i < PQntuples(views))
                        (void)snprintf(statement, sizeof(statement), "SELECT * FROM edgemirror.%s",
                                       PQgetvalue(views, i, 0));
                else if (i == PQntuples(views))
                        (void)snprintf(statement, sizeof(statement),
                                       "SELECT * FROM edgemirror.as_of(pg_catalog.now())");
                else
                        (void)snprintf(statement, sizeof(statement),
                                       "SELECT edgemirror.digest_of(edge_connection_id) FROM "
                                       "edgemirror.edge");
                PGresult *result = PQexec(conn, statement);
                if (PQresultStatus(result) != PGRES_TUPLES_OK)
                        fail_msg("%s: %s", statement, PQerrorMessage(conn));
                PQclear(result);
                assert_nothing_ran(w, statement);
        }
        PQclear(views);
        PQfinish(conn);
}

static void write_hostile_config(World *w)
{
        write_config(w, "1s");
        char *config = harness_read(w->folder, "edgemirror.conf");
        char *more = with(config, "[defaults]\n", "[defaults]\nschedule = every 1m\nspread = 0s\n");
        harness_write(w->folder, "edgemirror.conf", more);
        free(config);
        free(more);
}

#define DO(w, expected, ...)                                                                       \
        do {                                                                                       \
                int status_ = RUN(w, __VA_ARGS__);                                                 \
                if (status_ != (expected)) {                                                       \
                        char *err_ = harness_read((w)->folder, "err"),                             \
                             *out_ = harness_read((w)->folder, "out");                             \
                        fail_msg("%s: %d\n%s%s", #__VA_ARGS__, status_, out_, err_);               \
                }                                                                                  \
                assert_nothing_ran(w, #__VA_ARGS__);                                               \
        } while (0)

static void do_everything(World *w, const char *search_path)
{
        DO(w, 0, "migrate");
        DO(w, 0, "migrate"); /* again, with the checksums */
        DO(w, 0, "check");
        DO(w, 0, "sync", "--dry-run");
        DO(w, 0, "sync");
        for (int round = 0; round < 2; round++) {
                change_the_catalog(w, round);
                DO(w, 0, "sync", "--dry-run");
                DO(w, 0, "sync", "other");
                DO(w, 0, "sync");
        }
        DO(w, 0, "sync");
        DO(w, 0, "sync", "--full");
        DO(w, 0, "status");
        DO(w, 0, "verify");
        DO(w, 0, "migrate", "--grants", "em");
        serve(w);
        assert_nothing_ran(w, "run");
        assert_mirror_equals_catalog(w);
        prune(w);
        assert_nothing_ran(w, "prune");
        read_reports(w, search_path);

        char *config = harness_read(w->folder, "edgemirror.conf");
        char *from = strstr(config, "[edge \"main\"]"), *to = strstr(config, "[edge \"other\"]");
        memmove(from, to, strlen(to) + 1);
        harness_write(w->folder, "edgemirror.conf", config);
        free(config);
        DO(w, 0, "retire", "main", "--yes");
        DO(w, 0, "retire", "main", "--forget", "--yes");
        write_hostile_config(w);
}

static void begin_with_nothing(World *w, const char *role, const char *search_path)
{
        char statement[256];
        harness_catalog_stop(&w->catalog);
        start_catalog(w, "20");
        sql(w, "SET client_min_messages = error; DROP SCHEMA IF EXISTS edgemirror CASCADE;"
               "DROP PUBLICATION IF EXISTS edgemirror");
        (void)snprintf(statement, sizeof(statement),
                       "ALTER ROLE %s IN DATABASE test SET search_path = %s", role, search_path);
        char conninfo[256];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=postgres user=postgres",
                       w->pg.folder);
        PGconn *conn = PQconnectdb(conninfo); /* a database in which nothing was laid out */
        PQclear(PQexec(conn, statement));
        PQfinish(conn);
        (void)snprintf(w->pg.service, sizeof(w->pg.service), "host=%s dbname=test user=%s",
                       w->pg.folder, role);
        write_hostile_config(w);
}

static void nothing_of_it_is_run_by(World *w, const char *role)
{
        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                print_message("# %s, search_path %s\n", role, paths[i].search_path);
                begin_with_nothing(w, role, paths[i].search_path);
                do_everything(w, paths[i].search_path);
        }
        begin_with_nothing(w, role, "DEFAULT");
        assert_int_equal(RUN(w, "migrate"), 0);
}

static void nothing_of_it_is_run_by_the_service(void **state)
{
        nothing_of_it_is_run_by(*state, "em");
}

static void nothing_of_it_is_run_by_a_superuser(void **state)
{
        nothing_of_it_is_run_by(*state, "root");
}

/* What an administrator runs in psql, whose session has a bad path as well. */
static void nothing_of_it_is_run_by_the_printed_sql(void **state)
{
        World *w = *state;
        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
                begin_with_nothing(w, "root", paths[i].search_path);
                DO(w, 0, "migrate", "--print");
                char *printed = harness_read(w->folder, "out");
                PGconn *conn = PQconnectdb(w->pg.service);
                PGresult *result = PQexec(conn, printed);
                if (PQresultStatus(result) != PGRES_COMMAND_OK)
                        fail_msg("%s", PQerrorMessage(conn));
                PQclear(result);
                PQfinish(conn);
                free(printed);
                assert_nothing_ran(w, "migrate --print");
        }
        begin_with_nothing(w, "root", "DEFAULT");
        assert_int_equal(RUN(w, "migrate"), 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_laid_out_would_be_run),
                cmocka_unit_test(nothing_of_it_is_run_by_the_printed_sql),
                cmocka_unit_test(nothing_of_it_is_run_by_the_service),
                cmocka_unit_test(nothing_of_it_is_run_by_a_superuser),
        };
        return cmocka_run_group_tests_name("hostile", tests, setup, world_teardown);
}
