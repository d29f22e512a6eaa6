/*
 * edgemirror init: a configuration that was not there, from options or on a terminal, with which
 * the first sync works; and that nothing is written otherwise.
 */
#include "harness/terminal.h"
#include "integration/sync_world.h"
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 160 };

static const char *path_of(const World *w, const char *name, char out[PATH_BYTES])
{
        (void)snprintf(out, PATH_BYTES, "%s/%s", w->folder, name);
        return out;
}

/* Whether anything is there that begins like that file: itself, or a part of it. */
static bool is_anything_written(const World *w)
{
        char pattern[PATH_BYTES];
        glob_t found;
        int r = glob(path_of(w, "new.conf*", pattern), 0, NULL, &found);
        if (r == 0)
                globfree(&found);
        return r == 0;
}

static int begin(void **state)
{
        World *w = *state;
        char path[PATH_BYTES];
        (void)small_world(state);
        (void)unlink(path_of(w, "new.conf", path));
        return 0;
}

/* The options with which it works, in pairs, and those in place of them; NULL in the place of a
 * value: without that option. */
static int init(World *w, const char *const *other)
{
        char output[PATH_BYTES], password[PATH_BYTES];
        const char *right[] = {"--output",      path_of(w, "new.conf", output),
                               "--url",         w->catalog.url,
                               "--auth",        "basic",
                               "--username",    "svc",
                               "--secret-file", path_of(w, "password", password),
                               "--postgres",    w->pg.service};
        const char *arguments[32] = {"init"};
        size_t n = 1;
        for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i += 2) {
                bool replaced = false;
                for (size_t k = 0; other[k]; k += 2)
                        replaced = replaced || strcmp(other[k], right[i]) == 0;
                if (replaced)
                        continue;
                arguments[n++] = right[i];
                arguments[n++] = right[i + 1];
        }
        for (size_t k = 0; other[k]; k += 2) {
                if (!other[k + 1])
                        continue;
                arguments[n++] = other[k];
                arguments[n++] = other[k + 1];
        }
        return harness_program(w->folder, arguments);
}

#define INIT(w, ...) init((w), (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL, NULL})

static int run_new(World *w, const char *command)
{
        char path[PATH_BYTES];
        const char *const arguments[] = {"-c", path_of(w, "new.conf", path), command, NULL};
        return harness_program(w->folder, arguments);
}

static void assert_it_works(World *w)
{
        char path[PATH_BYTES];
        struct stat st;
        assert_int_equal(stat(path_of(w, "new.conf", path), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(run_new(w, "check"), 0);
        assert_says(w, "out", "valid, 2 edges", true);
        assert_says(w, "out", "FAILED", false);
        assert_int_equal(run_new(w, "sync"), 0);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.inventory"), 40);
}

static void options_alone_are_enough_for_a_first_sync(void **state)
{
        World *w = *state;
        static const char *const explained[] = {
                "# Address of the catalog", "\nurl = ",     "\nauth = basic\n",
                "\nusername = svc\n",       "\nconninfo =", "\nschedule = every 1h\n",
                "\nenabled = no\n",         "\nid = ",
        };
        free(harness_sql(&w->pg, "SET client_min_messages = warning; DROP PUBLICATION edgemirror; "
                                 "DROP SCHEMA edgemirror CASCADE"));
        assert_int_equal(INIT(w), 0);
        assert_says(w, "out", "ok      catalog", true);
        assert_says(w, "out", "; 2 Edge connections", true);
        assert_says(w, "out", "ok      postgres: connection", true);
        assert_says(w, "out", "note    postgres: schema version", true);
        assert_says(w, "out", "new.conf, with 2 edges; next: edgemirror -c ", true);
        assert_says(w, "out", "new.conf migrate, then check, then sync\n", true);
        for (size_t i = 0; i < sizeof(explained) / sizeof(explained[0]); i++)
                assert_says(w, "new.conf", explained[i], true);
        assert_says(w, "new.conf", "correct-horse", false);
        assert_int_equal(run_new(w, "migrate"), 0);
        assert_it_works(w);
        /* what is to be pasted is quoted */
        char path[PATH_BYTES], words[PATH_BYTES + 64];
        assert_int_equal(INIT(w, "--output", path_of(w, "a b.conf", path)), 0);
        (void)snprintf(words, sizeof(words), "; next: edgemirror -c '%s' check, then sync", path);
        assert_says(w, "out", words, true);
}

/* What migrate does comes after it. */
static void a_schema_that_is_older_is_a_note(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.schema_version WHERE version = 1"));
        assert_int_equal(INIT(w), 0);
        assert_says(w, "out",
                    "note    postgres: schema version          the schema is at version 0, this "
                    "program needs 1; run edgemirror -c ",
                    true);
        assert_says(w, "out", "new.conf, with 2 edges; next: ", true);
        free(harness_sql(&w->pg, "SET client_min_messages = warning; DROP PUBLICATION edgemirror; "
                                 "DROP SCHEMA edgemirror CASCADE"));
        assert_int_equal(run_new(w, "migrate"), 0);
}

/* As every command reads it. */
static void what_stands_beside_the_file_is_tried_with_it(void **state)
{
        World *w = *state;
        char path[PATH_BYTES], beside[PATH_BYTES], edge[160];
        assert_int_equal(mkdir(path_of(w, "new.conf.d", path), 0700), 0);
        assert_int_equal(INIT(w), 0);
        assert_says(w, "out", "configuration", false);
        assert_int_equal(unlink(path_of(w, "new.conf", path)), 0);

        harness_write(w->folder, "new.conf.d/a.conf", "[postgres]\nconninfo = host=/nonexistent\n");
        assert_int_equal(INIT(w), 69);
        assert_says(w, "out", "new.conf.d/*.conf is read after it, and counts before what ", true);
        assert_says(w, "out", "FAILED  postgres", true);
        harness_write(w->folder, "new.conf.d/a.conf", "[edge \"mine\"]\nid = none\n");
        assert_int_equal(INIT(w), 78);
        assert_says(w, "err", "new.conf.d/a.conf:2: id = none", true);
        assert_int_not_equal(access(path_of(w, "new.conf", path), F_OK), 0);

        /* an edge that is there gets no other section */
        (void)snprintf(edge, sizeof(edge), "[edge \"mine\"]\nid = %s\n", w->edges[0]);
        harness_write(w->folder, "new.conf.d/a.conf", edge);
        assert_int_equal(INIT(w), 0);
        assert_says(w, "out", "new.conf, with 1 edge; next: ", true);
        assert_it_works(w);
        assert_int_equal(unlink(path), 0);
        control(w, "/control/faults", "{\"kind\":\"connections\",\"body\":\"[]\"}");
        assert_int_equal(INIT(w), 0);
        assert_says(w, "out", "new.conf, with 0 edges; next: ", true);
        assert_says(w, "out", "new.conf check, then sync\n", true);
        assert_says(w, "new.conf", "\nenabled = no\n", true);
        assert_int_equal(unlink(path_of(w, "new.conf.d/a.conf", beside)), 0);
        assert_int_equal(rmdir(path_of(w, "new.conf.d", beside)), 0);
}

/* Who grants them needs the command that prints them, and the command needs the file. */
static void grants_that_are_missing_are_a_note(void **state)
{
        World *w = *state;
        char other[160], path[PATH_BYTES];
        free(harness_sql(&w->pg, "CREATE ROLE other LOGIN"));
        (void)snprintf(other, sizeof(other), "host=%s dbname=test user=other", w->pg.folder);
        assert_int_equal(INIT(w, "--postgres", other), 0);
        assert_says(w, "out", "note    postgres: privileges              not granted to ", true);
        assert_says(w, "out", "new.conf migrate --grants=other prints)\n", true);
        assert_says(w, "out", "; next: the missing grants, then edgemirror -c ", true);
        assert_says(w, "out", "new.conf check, then sync\n", true);
        const char *const arguments[] = {"-c", path_of(w, "new.conf", path), "migrate",
                                         "--grants=other", NULL};
        assert_int_equal(harness_program(w->folder, arguments), 0);
        char *grants = harness_read(w->folder, "out");
        free(harness_sql(&w->pg, grants));
        free(grants);
        assert_it_works(w);
        free(harness_sql(&w->pg, "DROP OWNED BY other; DROP ROLE other"));
}

/* No migrate makes them again, and nobody grants what hides rows. */
static void what_else_is_wrong_in_the_schema_is_no_note(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.sync_request RENAME TO aside"));
        int status = INIT(w);
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.aside RENAME TO sync_request"));
        assert_int_equal(status, 69);
        assert_says(w, "out", "FAILED  postgres: tables", true);
        assert_false(is_anything_written(w));
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge ENABLE ROW LEVEL SECURITY, FORCE ROW "
                                 "LEVEL SECURITY"));
        status = INIT(w);
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge DISABLE ROW LEVEL SECURITY, NO FORCE "
                                 "ROW LEVEL SECURITY"));
        assert_int_equal(status, 77);
        assert_says(w, "out", "FAILED  postgres: row security", true);
        assert_false(is_anything_written(w));
}

/* The other ways to say who we are, from the first answer to a mirror. */
static void a_client_or_a_token_does_as_well(void **state)
{
        World *w = *state;
        char path[PATH_BYTES];
        control(w, "/control/settings", "{\"auth\":\"oauth2:mirror:" SECRET "\"}");
        assert_int_equal(INIT(w, "--auth", "oauth2", "--username", NULL, "--client-id", "mirror"),
                         0);
        assert_says(w, "out", "token obtained", true);
        assert_says(w, "new.conf", "\nclient_id = mirror\n", true);
        assert_it_works(w);
        assert_int_equal(unlink(path_of(w, "new.conf", path)), 0);

        control(w, "/control/settings", "{\"auth\":\"bearer:" SECRET "\"}");
        assert_int_equal(INIT(w, "--auth", "bearer", "--username", NULL), 0);
        assert_says(w, "new.conf", "\nauth = bearer\n", true);
        assert_says(w, "new.conf", SECRET, false);
        assert_it_works(w);
}

/* The environment is for the program that runs, not for what is written. */
static void what_the_environment_has_does_not_count(void **state)
{
        World *w = *state;
        assert_int_equal(setenv("EDGEMIRROR_CATALOG_USERNAME", "nobody", 1), 0);
        /* nor for the command that is advised */
        assert_int_equal(INIT(w, "--secret-file", "credential:token"), 78);
        assert_says(w, "err", "LoadCredential=token:", true);
        assert_says(w, "err", "nobody", false);
        assert_says(w, "err", "PGPASSFILE", false);
        int status = INIT(w);
        assert_int_equal(unsetenv("EDGEMIRROR_CATALOG_USERNAME"), 0);
        assert_int_equal(status, 0);
        assert_says(w, "err",
                    "init: set here, and not used: EDGEMIRROR_CATALOG_USERNAME; unset what the "
                    "service will not have, before what comes next",
                    true);
        assert_it_works(w);

        /* nor does what libpq has from there: the database that is tried is the one of the service
         */
        char path[PATH_BYTES], conninfo[PATH_BYTES];
        assert_int_equal(unlink(path_of(w, "new.conf", path)), 0);
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s user=em", w->pg.folder);
        assert_int_equal(setenv("PGDATABASE", "test", 1), 0);
        assert_int_equal(setenv("PGPASSWORD", SECRET, 1), 0);
        status = INIT(w, "--postgres", conninfo);
        assert_int_equal(unsetenv("PGDATABASE"), 0);
        assert_int_equal(unsetenv("PGPASSWORD"), 0);
        assert_int_equal(status, 69);
        assert_says(w, "out", "database \"em\" does not exist", true);
        assert_says(w, "err", "; unset what the service will not have, ", true);
        assert_says(w, "err", "init: set here, and not used: ", true);
        assert_says(w, "err", "PGDATABASE", true);
        assert_says(w, "err", "PGPASSWORD", true);
        assert_says(w, "err", SECRET, false);
        assert_false(is_anything_written(w));
}

static void what_is_there_is_never_overwritten(void **state)
{
        World *w = *state;
        char path[PATH_BYTES], nowhere[PATH_BYTES];
        harness_write(w->folder, "new.conf", "mine\n");
        control(w, "/control/log", "");
        assert_int_equal(INIT(w), 2);
        assert_says(w, "err", "is there already, and is never overwritten", true);
        assert_says(w, "new.conf", "mine\n", true);
        /* the file of --config, where --output names no other */
        assert_int_equal(run_new(w, "init"), 2);
        assert_says(w, "err", "is there already", true);
        /* a link to nothing is something */
        assert_int_equal(unlink(path_of(w, "new.conf", path)), 0);
        assert_int_equal(symlink(path_of(w, "nowhere", nowhere), path), 0);
        assert_int_equal(INIT(w), 2);
        assert_int_not_equal(access(nowhere, F_OK), 0);
        assert_int_equal(INIT(w, "--output", "/nonexistent/new.conf"), 2);
        assert_says(w, "err", "no file can be made in /nonexistent/: No such file", true);
        assert_int_equal(count_in_requests(w, "", "GET"), 0);
}

static void without_a_terminal_what_is_missing_is_named(void **state)
{
        World *w = *state;
        static const char *const needed[] = {"--url", "--auth", "--username", "--secret-file",
                                             "--postgres"};
        for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
                char words[64];
                (void)snprintf(words, sizeof(words), "init: %s is missing", needed[i]);
                assert_int_equal(INIT(w, needed[i], NULL), 2);
                assert_says(w, "err", words, true);
                assert_false(is_anything_written(w));
        }
        assert_int_equal(INIT(w, "--auth", "oauth2", "--username", NULL), 2);
        assert_says(w, "err", "init: --client-id is missing", true);
}

static void each_wrong_answer_has_its_words_and_nothing_is_written(void **state)
{
        World *w = *state;
        char nowhere[PATH_BYTES], open_to_all[PATH_BYTES], wrong[PATH_BYTES], other[300],
                deeper[300];
        harness_write(w->folder, "open", SECRET "\n");
        assert_int_equal(chmod(path_of(w, "open", open_to_all), 0644), 0);
        harness_write(w->folder, "wrong", "another\n");
        (void)snprintf(other, sizeof(other), "%s dbname=elsewhere", w->pg.service);
        (void)snprintf(deeper, sizeof(deeper), "%s/deeper", w->catalog.url);
        const struct {
                const char *option, *value;
                int status;
                const char *file, *words;
        } cases[] = {
                {"--url", deeper, 1, "out", "check the path of the url: "},
                {"--url", "ftp://a", 78, "err", "--url: url"},
                {"--url", "http://a.example", 78, "err", "accepted: https://HOST"},
                {"--url", "http://127.0.0.1:1", 69, "out", "FAILED  catalog"},
                {"--auth", "magic", 78, "err", "accepted: basic, bearer or oauth2"},
                {"--username", "a:b", 78, "err", "--username: username"},
                {"--username", "a ;b", 78, "err", "a comment begins with \" ;\""},
                {"--username", " a", 78, "err", "space at the ends is dropped"},
                {"--username", "a\nb", 78, "err", "a character that is not visible"},
                {"--client-id", "x", 78, "err", "--client-id: client_id has no effect"},
                {"--secret-file", SECRET, 78, "err", "the secret itself does not belong here"},
                {"--secret-file", path_of(w, "nowhere", nowhere), 78, "out", "no such file"},
                {"--secret-file", open_to_all, 78, "out", "chmod 600"},
                {"--secret-file", path_of(w, "wrong", wrong), 77, "out", "refuses the credentials"},
                {"--proxy", "http://127.0.0.1:1", 78, "err", "it would see the credentials"},
                {"--cert-file", "/etc/client.pem", 78, "err", "cert_file needs key_file"},
                {"--postgres", "host=db.example.com", 78, "err", "sslmode=verify-full"},
                {"--postgres", "host=/nonexistent", 69, "out", "FAILED  postgres"},
                {"--postgres", other, 69, "out", "create the database or correct dbname"},
                {"--postgres", "password=" SECRET, 78, "err", "conninfo"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s %s\n", cases[i].option, cases[i].value);
                assert_int_equal(INIT(w, cases[i].option, cases[i].value), cases[i].status);
                assert_says(w, cases[i].file, cases[i].words, true);
                assert_says(w, "out", SECRET, false);
                assert_says(w, "err", SECRET, false);
                assert_false(is_anything_written(w));
        }
}

/* What the catalog shows decides what is written. */
static void a_catalog_that_shows_less_gives_a_configuration_all_the_same(void **state)
{
        World *w = *state;
        char path[PATH_BYTES];
        static const char *const refusals[] = {"{\"connections_status\":403}",
                                               "{\"connections_status\":401}"};
        for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
                control(w, "/control/settings", refusals[i]);
                assert_int_equal(INIT(w), 0);
                assert_says(w, "err", "ids without names", true);
                assert_says(w, "err", "the permission \"View Edge connections", true);
                assert_it_works(w);
                assert_int_equal(unlink(path_of(w, "new.conf", path)), 0);
        }
        control(w, "/control/faults", "{\"kind\":\"connections\",\"body\":\"[]\"}");
        control(w, "/control/settings", "{\"connections_status\":0}");
        assert_int_equal(INIT(w), 0);
        assert_says(w, "out", "with 0 edges; next: edgemirror -c ", true);
        assert_says(w, "out", "new.conf check, then run, which discovers edges\n", true);
        assert_says(w, "new.conf", "\nenabled = yes\n", true);
        /* without a section, check asks the catalog what it shows */
        control(w, "/control/faults", "");
        assert_int_equal(run_new(w, "check"), 0);
        assert_says(w, "out", "credentials are right; 2 Edge connections", true);
        assert_says(w, "out", "ok      postgres: schema version", true);
        harness_write(w->folder, "password", "another\n");
        assert_int_equal(run_new(w, "check"), 77);
        assert_says(w, "out", "FAILED  catalog", true);
        assert_says(w, "out", "ok      postgres: schema version", true);
}

/* ---- on a terminal -------------------------------------------------------------------------- */

/* One question, and the answer to it. */
static size_t answer(HarnessTerminal *t, size_t from, const char *question, const char *words)
{
        size_t at = harness_terminal_await(t, from, question);
        at = harness_terminal_await(t, at, ": ");
        harness_terminal_type(t, words);
        harness_terminal_type(t, "\n");
        return at;
}

static HarnessTerminal terminal;

static int terminal_end(void **state)
{
        (void)state;
        harness_terminal_done(&terminal);
        return 0;
}

static void start_on_terminal(World *w, const char *option, const char *value)
{
        static const char *const none[] = {NULL};
        char output[PATH_BYTES];
        const char *const arguments[] = {"init", "--output", path_of(w, "new.conf", output),
                                         option, value,      NULL};
        harness_terminal_start(&terminal, 24, none, arguments);
}

/* A newcomer, who errs in each answer first. */
static void a_person_is_asked_until_each_answer_is_right(void **state)
{
        World *w = *state;
        HarnessTerminal *t = &terminal;
        char path[PATH_BYTES];
        harness_write(w->folder, "wrong", "another\n");
        start_on_terminal(w, NULL, NULL);
        size_t at = answer(t, 0, "Address", "");
        at = answer(t, at, "Address", "ftp://a");
        at = harness_terminal_await(t, at, "[catalog]: url");
        at = answer(t, at, "Address", w->catalog.url);
        at = answer(t, at, "method (basic, bearer or oauth2) [basic]", "magic");
        at = harness_terminal_await(t, at, "accepted: basic, bearer or oauth2");
        at = answer(t, at, "method", "");
        at = answer(t, at, "User", "  svc ");
        at = answer(t, at, "File that holds the password", "/nonexistent");
        at = harness_terminal_await(t, at, "/nonexistent: no such file");
        at = answer(t, at, "File that holds the password", path_of(w, "wrong", path));
        at = harness_terminal_await(t, at, "FAILED  catalog");
        at = harness_terminal_await(t, at, "an empty line keeps what is in brackets");
        at = answer(t, at, "Address of the catalog (https://HOST) [http://127.", "");
        at = answer(t, at, "method", "");
        at = answer(t, at, "User", "");
        at = answer(t, at, "File that holds the password", path_of(w, "password", path));
        at = harness_terminal_await(t, at, "; 2 Edge connections");
        at = answer(t, at, "PostgreSQL", "host=/nonexistent");
        at = answer(t, at, "an empty line: none", "");
        at = harness_terminal_await(t, at, "FAILED  postgres");
        assert_false(is_anything_written(w));
        at = answer(t, at, "PostgreSQL", w->pg.service);
        at = answer(t, at, "an empty line: none", "");
        at = harness_terminal_await(t, at, "ok      postgres: connection");
        (void)harness_terminal_await(t, at, "with 2 edges; next: ");
        assert_int_equal(harness_terminal_wait(t), 0);
        assert_null(strstr(t->seen.data, "correct-horse"));
        assert_it_works(w);
}

/* It may be right, and is told with all that the command needs. */
static void a_credential_that_only_systemd_has_is_told_with_the_command(void **state)
{
        World *w = *state;
        HarnessTerminal *t = &terminal;
        char path[PATH_BYTES];
        start_on_terminal(w, "--url", w->catalog.url);
        size_t at = answer(t, 0, "method", "basic");
        at = answer(t, at, "User", "svc");
        at = answer(t, at, "File that holds the password", "credential:catalog");
        at = harness_terminal_await(t, at, "FAILED  catalog");
        at = harness_terminal_await(t, at, "by hand, as root:");
        at = harness_terminal_await(t, at, "systemd-run ");
        at = harness_terminal_await(t, at, "LoadCredential=catalog:edgemirror.catalog");
        at = answer(t, at, "Address", "");
        at = answer(t, at, "method", "");
        at = answer(t, at, "User", "");
        at = answer(t, at, "File that holds the password", path_of(w, "password", path));
        at = answer(t, at, "PostgreSQL", w->pg.service);
        (void)answer(t, at, "an empty line: none", "");
        assert_int_equal(harness_terminal_wait(t), 0);
        assert_it_works(w);
}

/* Another method after the first one failed: what was said for that is not written. */
static void what_options_say_is_not_asked_and_another_method_may_be_chosen(void **state)
{
        World *w = *state;
        HarnessTerminal *t = &terminal;
        char path[PATH_BYTES];
        start_on_terminal(w, "--url", w->catalog.url);
        size_t at = answer(t, 0, "method", "oauth2");
        assert_null(strstr(t->seen.data, "Address"));
        at = answer(t, at, "Client id", "edgemirror");
        at = answer(t, at, "File that holds the client's secret", path_of(w, "password", path));
        at = harness_terminal_await(t, at, "FAILED  catalog");
        at = answer(t, at, "Address", "");
        at = answer(t, at, "[oauth2]", "basic");
        at = answer(t, at, "User", "svc");
        at = answer(t, at, "File that holds the password", path_of(w, "password", path));
        at = answer(t, at, "PostgreSQL", w->pg.service);
        (void)answer(t, at, "an empty line: none", "");
        assert_int_equal(harness_terminal_wait(t), 0);
        assert_says(w, "new.conf", "client_", false);
        assert_it_works(w);
}

/* Nor is what may be left out, where all that is needed is said: a terminal may be nobody's. */
static void options_that_are_enough_leave_nothing_to_ask(void **state)
{
        static const char *const none[] = {NULL};
        World *w = *state;
        char output[PATH_BYTES], password[PATH_BYTES];
        const char *const arguments[] = {"init",
                                         "--output",
                                         path_of(w, "new.conf", output),
                                         "--url",
                                         w->catalog.url,
                                         "--auth",
                                         "basic",
                                         "--username",
                                         "svc",
                                         "--secret-file",
                                         path_of(w, "password", password),
                                         "--postgres",
                                         w->pg.service,
                                         NULL};
        harness_terminal_start(&terminal, 24, none, arguments);
        assert_int_equal(harness_terminal_wait(&terminal), 0);
        assert_it_works(w);
}

static void whoever_gives_up_leaves_nothing_behind(void **state)
{
        World *w = *state;
        HarnessTerminal *t = &terminal;
        char path[PATH_BYTES];
        start_on_terminal(w, "--url", w->catalog.url);
        size_t at = answer(t, 0, "method", "basic");
        at = answer(t, at, "User", "svc");
        (void)harness_terminal_await(t, at, "File that holds the password");
        harness_terminal_type(t, "\003");
        assert_int_equal(harness_terminal_wait(t), 256 + SIGINT);
        harness_terminal_done(t);

        start_on_terminal(w, "--url", w->catalog.url);
        (void)harness_terminal_await(t, 0, "method");
        harness_terminal_type(t, "\004"); /* the end of the input */
        assert_int_equal(harness_terminal_wait(t), 2);
        harness_terminal_done(t);

        /* while the catalog is asked */
        control(w, "/control/faults", "{\"kind\":\"connections\",\"delay_ms\":600000}");
        start_on_terminal(w, "--url", w->catalog.url);
        at = answer(t, 0, "method", "basic");
        at = answer(t, at, "User", "svc");
        (void)answer(t, at, "File that holds the password", path_of(w, "password", path));
        for (int i = 0; count_in_requests(w, "", "connections") == 0 && i < 1000; i++)
                (void)usleep(10000);
        harness_terminal_type(t, "\003");
        assert_int_equal(harness_terminal_wait(t), 256 + SIGINT);
        assert_false(is_anything_written(w));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(options_alone_are_enough_for_a_first_sync, begin),
                cmocka_unit_test_setup(a_schema_that_is_older_is_a_note, begin),
                cmocka_unit_test_setup(what_stands_beside_the_file_is_tried_with_it, begin),
                cmocka_unit_test_setup(grants_that_are_missing_are_a_note, begin),
                cmocka_unit_test_setup(what_else_is_wrong_in_the_schema_is_no_note, begin),
                cmocka_unit_test_setup(a_client_or_a_token_does_as_well, begin),
                cmocka_unit_test_setup(what_the_environment_has_does_not_count, begin),
                cmocka_unit_test_setup(what_is_there_is_never_overwritten, begin),
                cmocka_unit_test_setup(without_a_terminal_what_is_missing_is_named, begin),
                cmocka_unit_test_setup(each_wrong_answer_has_its_words_and_nothing_is_written,
                                       begin),
                cmocka_unit_test_setup(a_catalog_that_shows_less_gives_a_configuration_all_the_same,
                                       begin),
                cmocka_unit_test_setup_teardown(a_person_is_asked_until_each_answer_is_right, begin,
                                                terminal_end),
                cmocka_unit_test_setup_teardown(
                        a_credential_that_only_systemd_has_is_told_with_the_command, begin,
                        terminal_end),
                cmocka_unit_test_setup_teardown(
                        what_options_say_is_not_asked_and_another_method_may_be_chosen, begin,
                        terminal_end),
                cmocka_unit_test_setup_teardown(options_that_are_enough_leave_nothing_to_ask, begin,
                                                terminal_end),
                cmocka_unit_test_setup_teardown(whoever_gives_up_leaves_nothing_behind, begin,
                                                terminal_end),
        };
        /* what these tests are started from may be a terminal */
        if (!freopen("/dev/null", "re", stdin))
                return 1;
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
