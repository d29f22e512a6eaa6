/*
 * edgemirror status as a person on call sees it: the table of a real mirror, colour, and --watch on
 * a terminal.
 */
#include "harness/terminal.h"
#include "integration/sync_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

enum { ROWS = 30 };

#define HOME  "\033[H" /* how every drawing begins */
#define REST  "\033[J" /* and ends: what is left of the one before is erased */
#define CLEAR "\033[2J"
#define RED   "\033[31m"
#define PLAIN "\033[0m"

static const char *const nothing[] = {NULL};

/* edgemirror -c CONFIG status … on a terminal. */
static void open_status(World *w, HarnessTerminal *t, unsigned short rows,
                        const char *const *environment, const char *option)
{
        const char *const arguments[] = {"-c", w->config, "status", option, NULL};
        harness_terminal_start(t, rows, environment, arguments);
}

static size_t count(const char *text, const char *piece)
{
        size_t n = 0;
        for (const char *at = text; (at = strstr(at, piece)); at += strlen(piece))
                n++;
        return n;
}

/* `main` fails, in words; `other` is well. */
static int world_with_a_failure(void **state)
{
        World *w = *state;
        if (small_world(state) != 0)
                return -1;
        fault(w, "list", "\"status\":403");
        assert_int_equal(sync_all(w), 1);
        assert_int_equal(sync_all(w), 1);
        control(w, "/control/faults", "");
        return 0;
}

/* Starts a sync of `main` whose job never ends. */
static pid_t sync_without_end(World *w)
{
        const char *const arguments[] = {"-c", w->config, "sync", "main", NULL};
        write_config(w, "10m");
        fault(w, "refresh", "\"never_ends\":true");
        return harness_program_start_as(w->folder, "sync", NULL, arguments);
}

static void stop(pid_t pid)
{
        assert_int_equal(kill(pid, SIGTERM), 0);
        (void)harness_program_wait(pid);
}

/* ---- the table ------------------------------------------------------------------------------ */

static void the_table_shows_what_a_person_on_call_needs(void **state)
{
        World *w = *state;
        pid_t sync = sync_without_end(w);
        char *running = NULL;
        for (int turn = 0; !running || !*running; turn++) {
                assert_true(turn < 1000);
                free(running);
                running = harness_sql(
                        &w->pg, "SELECT holder FROM edgemirror.edge_claim JOIN edgemirror.sync_run"
                                " USING (edge_connection_id) WHERE job_progress = 42");
        }
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.sync_run SET started_at = now() - interval '125 min 10 s'"
                " WHERE finished_at IS NULL"));
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.edge_claim SET next_run_at = now() - interval '2 min'"
                         " WHERE holder IS NULL;"
                         "INSERT INTO edgemirror.instance SELECT gen_random_uuid(), 'service', "
                         "'1', '1 minute', now(), now(), now(), NULL, "
                         "array_agg(edge_connection_id) FROM edgemirror.edge"));
        assert_int_equal(RUN(w, "status"), 0);
        char below[256];
        (void)snprintf(below, sizeof(below),
                       "\n    running for 2h5m, job RUNNING 42 %%, held by %s\n", running);
        free(running);
        assert_says(w, "out", "\nmain                poll      never ", true);
        assert_says(w, "out", below, true);
        assert_says(w, "out", "\n    catalog-forbidden: the catalog forbids this", true);
        assert_says(w, "out", "\n    2 failures in a row\n", true);
        assert_says(w, "out", "\nother               OVERDUE ", true);
        assert_says(w, "out", " synced   clean        now\n", true);
        assert_says(w, "out", "\033", false);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.instance"));
        stop(sync);
}

/* The clock of PostgreSQL was set back since. */
static void what_lies_in_the_future_was_just_now(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET listed_at = now() + interval '1 h', "
                                 "refreshed_at = now() + interval '1 h'"));
        assert_int_equal(RUN(w, "status", "other"), 0);
        assert_says(w, "out", "never", false);
        assert_says(w, "out", "now       now", true);
}

/* None can say so itself: `Start one` would be of no use. */
static void what_keeps_every_instance_away_is_said_in_its_place(void **state)
{
        World *w = *state;
        static const struct {
                const char *begin, *end, *words;
        } cases[] = {
                {"ALTER DATABASE test SET default_transaction_read_only = on",
                 "BEGIN READ WRITE; ALTER DATABASE test RESET default_transaction_read_only; "
                 "COMMIT",
                 "nobody can write here: this is a standby, or a database that takes no writes"},
                {"SELECT setval('edgemirror.sync_run_run_id_seq', 1, false)",
                 "SELECT setval('edgemirror.sync_run_run_id_seq', 1000)",
                 "the edges name runs with later numbers than the next one would get"},
                {"CREATE TABLE public.kept AS TABLE edgemirror.schema_version; DELETE FROM "
                 "edgemirror.schema_version",
                 "INSERT INTO edgemirror.schema_version TABLE public.kept; DROP TABLE public.kept",
                 "the schema is at version 0, this program needs 1; run "},
        };
        assert_int_equal(sync_all(w), 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].words);
                free(harness_sql(&w->pg, cases[i].begin));
                assert_int_equal(RUN(w, "status", "--check"), 1);
                free(harness_sql(&w->pg, cases[i].end));
                free(harness_sql(
                        &w->pg,
                        "INSERT INTO edgemirror.instance SELECT gen_random_uuid(), 'service', '1', "
                        "'1 minute', now(), now() - interval '2 min', now(), NULL, '{}';"
                        "UPDATE edgemirror.edge_claim SET next_run_at = now() + interval '1 h'"));
                assert_int_equal(RUN(w, "status"), 0);
                assert_says(w, "out", "service: NO INSTANCE GIVES A SIGN OF LIFE in this", true);
                free(harness_sql(&w->pg, cases[i].begin));
                assert_int_equal(RUN(w, "status"), 0);
                assert_says(w, "out", "service: NO INSTANCE CAN SYNC INTO THIS DATABASE", true);
                assert_says(w, "out", cases[i].words, true);
                assert_says(w, "out", "Start one", false);
                assert_int_equal(RUN(w, "status", "--check"), 1);
                assert_says(w, "out", "NOT OK: no instance of the service can sync: ", true);
                assert_says(w, "out", cases[i].words, true);
                free(harness_sql(&w->pg, cases[i].end));
                free(harness_sql(&w->pg, "DELETE FROM edgemirror.instance; UPDATE "
                                         "edgemirror.edge_claim SET next_run_at = NULL"));
        }
        /* newer than this program, which reads it; the service may be newer too */
        free(harness_sql(&w->pg, "UPDATE edgemirror.schema_version SET version = 2"));
        int status = RUN(w, "status", "--check");
        free(harness_sql(&w->pg, "UPDATE edgemirror.schema_version SET version = 1"));
        assert_int_equal(status, 0);
}

static void colour_is_for_a_terminal_and_for_those_who_want_it(void **state)
{
        World *w = *state;
        static const struct {
                const char *environment[3];
                bool colour;
        } cases[] = {
                {{NULL}, true},
                {{"TERM", "dumb", NULL}, false},
                {{"NO_COLOR", "1", NULL}, false},
                {{"NO_COLOR", "", NULL}, true}, /* no-color.org: when it is not empty */
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                HarnessTerminal t;
                print_message("# %s\n",
                              cases[i].environment[0] ? cases[i].environment[0] : "xterm");
                open_status(w, &t, ROWS, cases[i].environment, NULL);
                assert_int_equal(harness_terminal_wait(&t), 0);
                assert_non_null(strstr(t.seen.data, "main "));
                assert_int_equal(count(t.seen.data, RED "main "), cases[i].colour ? 1 : 0);
                assert_int_equal(count(t.seen.data, "\033") > 0, cases[i].colour);
                harness_terminal_done(&t);
        }
}

/* ---- watching ------------------------------------------------------------------------------- */

static void watching_is_for_a_terminal_and_for_people(void **state)
{
        World *w = *state;
        HarnessTerminal t;
        assert_int_equal(RUN(w, "status", "--watch"), 2);
        assert_says(w, "err", "--watch draws on a terminal; standard output is none", true);
        assert_int_equal(RUN(w, "status", "--watch", "--json"), 2);
        assert_says(w, "err", "it does not go with --json", true);
        const char *const arguments[] = {"-c", w->config, "status", "--watch", "--json", NULL};
        harness_terminal_start(&t, ROWS, nothing, arguments);
        assert_int_equal(harness_terminal_wait(&t), 2);
        assert_non_null(strstr(t.seen.data, "it does not go with --json"));
        assert_null(strstr(t.seen.data, HOME));
        harness_terminal_done(&t);
}

/* A name that is misspelt would stay an empty screen for ever. */
static void a_watch_leaves_for_an_edge_that_the_mirror_does_not_know(void **state)
{
        World *w = *state;
        const char *const arguments[] = {"-c",   w->config, "status", "--watch",
                                         "main", "nobody",  NULL};
        HarnessTerminal t = {0};
        assert_int_equal(sync_all(w), 0);
        harness_terminal_start(&t, ROWS, nothing, arguments);
        assert_int_equal(harness_terminal_wait(&t), 2);
        assert_non_null(strstr(t.seen.data, "the mirror knows no edge \"nobody\""));
        assert_null(strstr(t.seen.data, "no edge \"main\""));
        harness_terminal_done(&t);
}

/* HH:MM:SS before `end`: five and a half hours ahead of UTC, and of this minute or the last. */
static void assert_is_the_time_here(const char *end)
{
        const long day = 24 * 60;
        assert_true(end && end[-3] == ':' && end[-6] == ':');
        long drawn = 60 * strtol(end - 8, NULL, 10) + strtol(end - 5, NULL, 10);
        long here = (long)time(NULL) / 60 % day + 5 * 60 + 30;
        assert_in_range((here - drawn + day) % day, 0, 1);
}

static void a_watch_draws_again_what_has_changed_until_ctrl_c(void **state)
{
        World *w = *state;
        HarnessTerminal t;
        open_status(w, &t, ROWS, nothing, "--watch");
        size_t at = harness_terminal_await(&t, 0, " HERE  2 edges: 0 syncing, 1 needs a look");
        assert_is_the_time_here(strstr(t.seen.data, " HERE  2 edges"));
        at = harness_terminal_await(&t, at, RED "main                idle ");
        at = harness_terminal_await(&t, at, "the catalog forbids this");
        /* N6: what is wider than the terminal goes on below */
        at = harness_terminal_await(&t, at, "\n    denied");
        at = harness_terminal_await(&t, at, "[forbidden]\033[K");
        at = harness_terminal_await(&t, at, "2 failures in a row");
        at = harness_terminal_await(&t, at, "other               idle ");
        pid_t sync = sync_without_end(w);
        at = harness_terminal_await(&t, at, "  2 edges: 1 syncing, 1 needs a look");
        at = harness_terminal_await(&t, at, "job RUNNING 42 %, held by ");
        control(w, "/control/faults", "");
        stop(sync);
        at = harness_terminal_await(&t, at, "  2 edges: 0 syncing");
        assert_int_equal(RUN(w, "sync", "--no-refresh"), 0); /* the job is under way still */
        at = harness_terminal_await(&t, at, "  2 edges: 0 syncing, 0 need a look");
        at = harness_terminal_await(&t, at, REST);
        char *drawn =
                strndup(t.seen.data, at); /* Ctrl-C throws away what a terminal has not shown */
        harness_terminal_type(&t, "\003");
        assert_int_equal(harness_terminal_wait(&t), 0);
        /* once: after that it writes over, and nothing flickers */
        assert_int_equal(count(drawn, CLEAR), 1);
        assert_in_range(count(drawn, HOME), 4, 60);
        assert_int_equal(count(drawn, REST), count(drawn, HOME));
        free(drawn);
        harness_terminal_done(&t);
}

/* `main` takes four lines, for its error is wider than the terminal, `other` one; of nine rows five
 * are for edges, of six only two. */
static void what_needs_a_look_comes_first_when_the_screen_is_small(void **state)
{
        World *w = *state;
        static const struct {
                unsigned short rows;
                const char *last; /* line of the drawing */
        } cases[] = {{6, "… 3 more lines\033[K"}, {8, "… 1 more line\033[K"}, {9, "other "}};
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET name = 'zebra' WHERE name = 'main'"));
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                HarnessTerminal t;
                const char *const arguments[] = {"-c", w->config, "status", "--watch", NULL};
                harness_terminal_start(&t, cases[i].rows, nothing, arguments);
                size_t at = harness_terminal_await(&t, 0, HOME);
                size_t end = harness_terminal_await(&t, at, REST);
                harness_terminal_type(&t, "\003");
                assert_int_equal(harness_terminal_wait(&t), 0);
                t.seen.data[end] = '\0';
                const char *first = strstr(t.seen.data + at, "zebra "),
                           *last = strstr(t.seen.data, cases[i].last);
                assert_non_null(first);
                assert_non_null(last);
                assert_true(first < last);
                assert_true(count(t.seen.data + at, "\n") < cases[i].rows); /* or it would scroll */
                assert_int_equal(count(t.seen.data + at, "more line"), cases[i].rows < 9);
                harness_terminal_done(&t);
        }
}

static void a_watch_outlives_a_database_that_is_away(void **state)
{
        World *w = *state;
        HarnessTerminal t;
        open_status(w, &t, ROWS, nothing, "--watch");
        size_t at = harness_terminal_await(&t, 0, "  2 edges: 0 syncing, 1 needs a look");
        harness_postgres_stop(&w->pg);
        at = harness_terminal_await(&t, at, "no connection to PostgreSQL");
        harness_postgres_resume(&w->pg);
        (void)harness_terminal_await(&t, at, "  2 edges: 0 syncing, 1 needs a look");
        harness_terminal_type(&t, "\003");
        assert_int_equal(harness_terminal_wait(&t), 0);
        harness_terminal_done(&t);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(the_table_shows_what_a_person_on_call_needs,
                                       world_with_a_failure),
                cmocka_unit_test_setup(what_lies_in_the_future_was_just_now, world_with_a_failure),
                cmocka_unit_test_setup(what_keeps_every_instance_away_is_said_in_its_place,
                                       small_world),
                cmocka_unit_test_setup(colour_is_for_a_terminal_and_for_those_who_want_it,
                                       world_with_a_failure),
                cmocka_unit_test_setup(watching_is_for_a_terminal_and_for_people,
                                       world_with_a_failure),
                cmocka_unit_test_setup(a_watch_leaves_for_an_edge_that_the_mirror_does_not_know,
                                       small_world),
                cmocka_unit_test_setup(a_watch_draws_again_what_has_changed_until_ctrl_c,
                                       world_with_a_failure),
                cmocka_unit_test_setup(what_needs_a_look_comes_first_when_the_screen_is_small,
                                       world_with_a_failure),
                cmocka_unit_test_setup(a_watch_outlives_a_database_that_is_away,
                                       world_with_a_failure),
        };
        assert_int_equal(setenv("TZ", "HERE-05:30", 1), 0); /* it is named above a watch */
        return cmocka_run_group_tests_name("status", tests, world_setup, world_teardown);
}
