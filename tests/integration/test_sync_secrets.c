/*
 * No secret in what edgemirror prints, in its arguments and environment, or in a table: at the
 * highest verbosity, of every command that needs the secrets, for both ways to authenticate, while
 * all is well and while the catalog or PostgreSQL refuses them; and when the catalog echoes what it
 * was sent.
 */
#include "base/text.h"
#include "integration/sync_world.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PG_SECRET "staple-of-the-database"
#define TOKEN     "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdmMifQ.c2lnbmF0dXJl"
#define WRONG     "not-the-right-horse"

static const char *const secrets[] = {
        SECRET,
        PG_SECRET,
        TOKEN,
        WRONG,
        "c3ZjOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ", /* base64 of svc:SECRET */
        "c3ZjOm5vdC10aGUtcmlnaHQtaG9yc2",     /* of svc:WRONG */
};

static void assert_clean(const char *where, const char *text, size_t size)
{
        for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
                if (memmem(text, size, secrets[i], strlen(secrets[i])))
                        fail_msg("a secret in %s: %.*s", where, (int)size, text);
}

static void assert_clean_output(World *w, const char *where)
{
        static const char *const files[] = {"out", "err"};
        for (size_t i = 0; i < 2; i++) {
                char *text = harness_read(w->folder, files[i]);
                assert_clean(where, text, strlen(text));
                free(text);
        }
}

static void assert_clean_tables(World *w)
{
        static const char *const tables[] = {
                "edgemirror.edge",      "edgemirror.edge_claim",
                "edgemirror.sync_run",  "edgemirror.database_connection",
                "edgemirror.inventory", "edgemirror.database_connection_history",
                "edgemirror.change",    "edgemirror.schema_version",
        };
        for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
                char sql[128];
                (void)snprintf(sql, sizeof(sql),
                               "SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM %s t",
                               tables[i]);
                char *text = harness_sql(&w->pg, sql);
                assert_clean(tables[i], text, strlen(text));
                free(text);
        }
}

/* Every command that opens the catalog or the database, as talkative as it gets. `expected` is the
 * status of sync. */
static void run_all(World *w, int expected)
{
        static const struct {
                const char *command, *option;
        } runs[] = {{"sync", NULL},    {"sync", "--json"}, {"check", NULL},
                    {"migrate", NULL}, {"status", NULL},   {"status", "--json"}};
        for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
                const char *const arguments[] = {"-c", w->config,      runs[i].command,
                                                 "-v", runs[i].option, NULL};
                int status = harness_program(w->folder, arguments);
                if (i < 2)
                        assert_int_equal(status, expected);
                assert_clean_output(w, runs[i].command);
        }
        assert_clean_tables(w);
}

static void replace(char *text, size_t size, const char *what, const char *by)
{
        char *at = strstr(text, what);
        assert_non_null(at);
        char *rest = strdup(at + strlen(what));
        assert_non_null(rest);
        (void)snprintf(at, size - (size_t)(at - text), "%s%s", by, rest);
        free(rest);
}

/* The world's configuration, with a password for PostgreSQL too. */
static void configure(World *w, bool bearer, const char *catalog_secret, const char *pg_secret)
{
        char text[4096], line[256];
        write_config(w, "1m");
        char *plain = harness_read(w->folder, "edgemirror.conf");
        (void)snprintf(text, sizeof(text), "%s", plain);
        free(plain);
        (void)snprintf(line, sizeof(line), "[postgres]\npassword_file = %s/pg-password\n",
                       w->folder);
        replace(text, sizeof(text), "[postgres]\n", line);
        replace(text, sizeof(text), "user=em", "user=secured");
        if (bearer) {
                replace(text, sizeof(text), "auth = basic\nusername = svc\npassword_file",
                        "auth = bearer\ntoken_file");
                control(w, "/control/settings", "{\"auth\":\"bearer:" TOKEN "\"}");
        }
        harness_write(w->folder, "edgemirror.conf", text);
        harness_write(w->folder, "password", catalog_secret);
        harness_write(w->folder, "pg-password", pg_secret);
}

/* A role that must give its password. */
static int secured_setup(void **state)
{
        (void)world_setup(state);
        World *w = *state;
        char path[128];
        free(harness_sql(&w->pg, "SET password_encryption = 'scram-sha-256';"
                                 "CREATE ROLE secured LOGIN PASSWORD '" PG_SECRET "' IN ROLE em"));
        (void)snprintf(path, sizeof(path), "%s/data/pg_hba.conf", w->pg.folder);
        FILE *hba = fopen(path, "we");
        assert_non_null(hba);
        assert_true(fputs("local all secured scram-sha-256\nlocal all all trust\n", hba) >= 0);
        assert_int_equal(fclose(hba), 0);
        free(harness_sql(&w->pg, "SELECT pg_reload_conf()"));
        return 0;
}

static int secured_teardown(void **state)
{
        World *w = *state;
        char path[128];
        if (w) {
                (void)snprintf(path, sizeof(path), "%s/pg-password", w->folder);
                (void)unlink(path);
        }
        return world_teardown(state);
}

static void nothing_comes_out_whatever_is_refused(void **state)
{
        World *w = *state;
        static const struct {
                const char *basic, *bearer, *postgres;
                int status;
        } cases[] = {
                {SECRET, TOKEN, PG_SECRET, 0},
                {WRONG, WRONG, PG_SECRET, 77},
                {SECRET, TOKEN, WRONG, 77},
        };
        for (int bearer = 0; bearer < 2; bearer++)
                for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                        begin_again(w, "20", "1m");
                        configure(w, bearer, bearer ? cases[i].bearer : cases[i].basic,
                                  cases[i].postgres);
                        run_all(w, cases[i].status);
                }
}

/* Some proxies answer with what they received. */
static void what_the_catalog_echoes_is_redacted(void **state)
{
        World *w = *state;
        /* Each echoes what it was sent; the other it cannot know. */
        static const char *const echoes[] = {
                "\"user_message\":\"Basic c3ZjOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ== is " SECRET "\"",
                "\"user_message\":\"Bearer " TOKEN "\"",
        };
        static const struct {
                const char *kind, *status;
        } cases[] = {{"refresh", "\"status\":403,"},
                     {"list", "\"status\":403,"},
                     {"list", "\"status\":401,"}};
        char members[512];
        for (size_t bearer = 0; bearer < 2; bearer++)
                for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                        begin_again(w, "20", "1m");
                        configure(w, bearer, bearer ? TOKEN : SECRET, PG_SECRET);
                        (void)snprintf(members, sizeof(members), "%s%s", cases[i].status,
                                       echoes[bearer]);
                        fault(w, cases[i].kind, members);
                        const char *const arguments[] = {"-c", w->config, "sync",
                                                         "-v", "--json",  NULL};
                        (void)harness_program(w->folder, arguments);
                        char *out = harness_read(w->folder, "out");
                        assert_non_null(strstr(out, bearer ? "Bearer ****" : "Basic ****"));
                        free(out);
                        assert_clean_output(w, "sync");
                        assert_clean_tables(w);
                }
}

static void a_job_that_echoes_is_redacted_too(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        configure(w, false, SECRET, PG_SECRET);
        fault(w, "refresh", "\"end_state\":\"ERROR\",\"message\":\"login svc:" SECRET " failed\"");
        run_all(w, 0);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run"
                                                  " WHERE job_message LIKE 'login svc:****%'"),
                         2);
}

/* Who may not read a file of the process sees nothing in it: a build without sanitizers keeps its
 * environment from everybody but root. */
static void assert_clean_file_of_process(pid_t pid, const char *name)
{
        static char text[64 * 1024];
        char path[64];
        (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == EACCES && geteuid() != 0)
                return;
        assert_true(fd >= 0);
        ssize_t size = read(fd, text, sizeof(text));
        assert_true(size > 0);
        (void)close(fd);
        assert_clean(path, text, (size_t)size);
}

static void a_running_process_shows_none(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1m");
        configure(w, false, SECRET, PG_SECRET);
        fault(w, "refresh", "\"never_ends\":true");
        const char *const arguments[] = {"-c", w->config, "sync", "-v", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        assert_clean_file_of_process(pid, "cmdline");
        assert_clean_file_of_process(pid, "environ");
        char *sessions =
                harness_sql(&w->pg, "SELECT string_agg(a::text, E'\\n') FROM pg_stat_activity a");
        assert_clean("pg_stat_activity", sessions, strlen(sessions));
        free(sessions);
        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(harness_program_wait(pid), 1);
        assert_clean_output(w, "sync");
        assert_clean_tables(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_comes_out_whatever_is_refused),
                cmocka_unit_test(what_the_catalog_echoes_is_redacted),
                cmocka_unit_test(a_job_that_echoes_is_redacted_too),
                cmocka_unit_test(a_running_process_shows_none),
        };
        return cmocka_run_group_tests(tests, secured_setup, secured_teardown);
}
