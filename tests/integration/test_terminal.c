/*
 * What a person sees of the real program: on a terminal a line per edge that moves, plain lines
 * anywhere else.
 */
#include "base/text.h"
#include "integration/sync_world.h"
#include <libpq-fe.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { WAIT_MSEC = 10000 };

/* A terminal in the place of the file into which the harness lets programs write their errors, and
 * a session that keeps the apply waiting. */
typedef struct Scene {
        int terminal, side;
        Text seen;
        PGconn *locker;
} Scene;

static Scene scene = {.terminal = -1, .side = -1};

static void scene_begin(World *w)
{
        char name[64], path[128];
        struct winsize size = {.ws_row = 24, .ws_col = 100};
        struct termios raw = {0};
        cfmakeraw(&raw);
        assert_int_equal(openpty(&scene.terminal, &scene.side, name, &raw, &size), 0);
        (void)snprintf(path, sizeof(path), "%s/err", w->folder);
        (void)unlink(path);
        assert_int_equal(symlink(name, path), 0);
        assert_int_equal(setenv("TERM", "xterm", 1), 0);

        scene.locker = PQconnectdb(w->pg.conninfo);
        PGresult *locked = PQexec(scene.locker, "BEGIN; LOCK TABLE edgemirror.database_connection");
        assert_int_equal(PQresultStatus(locked), PGRES_COMMAND_OK);
        PQclear(locked);
}

static void scene_unlock(void)
{
        PQfinish(scene.locker);
        scene.locker = NULL;
}

static int scene_end(void **state)
{
        World *w = *state;
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/err", w->folder);
        (void)unlink(path);
        scene_unlock();
        if (scene.terminal >= 0)
                (void)close(scene.terminal);
        if (scene.side >= 0)
                (void)close(scene.side);
        text_done(&scene.seen);
        scene = (Scene){.terminal = -1, .side = -1};
        return 0;
}

/* Reads what is drawn until the words have come. */
static void await_drawn(const char *words)
{
        char bytes[4096];
        struct pollfd drawn = {.fd = scene.terminal, .events = POLLIN};
        while (!scene.seen.data || !strstr(scene.seen.data, words)) {
                if (poll(&drawn, 1, WAIT_MSEC) != 1)
                        fail_msg("waited in vain for \"%s\":\n%s", words,
                                 scene.seen.data ? scene.seen.data : "");
                ssize_t size = read(scene.terminal, bytes, sizeof(bytes));
                assert_true(size > 0);
                assert_int_equal(text_append(&scene.seen, bytes, (size_t)size), 0);
        }
}

static pid_t start_sync(World *w)
{
        const char *const arguments[] = {"-c", w->config, "sync", "main", NULL};
        return harness_program_start(w->folder, arguments);
}

/* Pages overlap; rows are counted once all the same. */
#define ROWS "3000"

static void a_terminal_shows_the_job_and_the_rows_and_is_left_clean(void **state)
{
        World *w = *state;
        begin_again(w, ROWS ",1", "1m");
        fault(w, "refresh", "\"job_run_ms\":1000");
        fault(w, "list", "\"offset_min\":300,\"delay_ms\":600");
        scene_begin(w);

        pid_t pid = start_sync(w);
        await_drawn("job RUNNING ");
        await_drawn(" %");
        await_drawn("listing: 500 rows");
        await_drawn("applying: " ROWS " rows");
        assert_non_null(strstr(scene.seen.data, "main "));
        scene_unlock();
        assert_int_equal(harness_program_wait(pid), 0);

        /* The last that is drawn takes the lines away; the result is on standard output, and there
         * alone. */
        await_drawn("\r\033[1A\033[J");
        assert_null(strstr(scene.seen.data, "synced"));
        assert_says(w, "out",
                    "main                      synced    " ROWS " listed: " ROWS
                    " added; refresh clean; ",
                    true);
        assert_says(w, "out", "\033", false);
}

static void a_run_that_is_cut_short_has_counted_rows_once_too(void **state)
{
        World *w = *state;
        begin_again(w, ROWS ",1", "1m");
        scene_begin(w);
        pid_t pid = start_sync(w);
        await_drawn("applying: " ROWS " rows");
        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(harness_program_wait(pid), 1);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT listed FROM edgemirror.sync_run"), 3000);
}

static void without_a_terminal_nothing_moves(void **state)
{
        World *w = *state;
        assert_int_equal(RUN(w, "sync"), 0);
        assert_says(w, "out",
                    "main                      synced    20 listed: 20 added; refresh clean; ",
                    true);
        char *err = harness_read(w->folder, "err");
        assert_string_equal(err, "");
        free(err);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(a_terminal_shows_the_job_and_the_rows_and_is_left_clean,
                                          scene_end),
                cmocka_unit_test_teardown(a_run_that_is_cut_short_has_counted_rows_once_too,
                                          scene_end),
                cmocka_unit_test_setup(without_a_terminal_nothing_moves, small_world),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
