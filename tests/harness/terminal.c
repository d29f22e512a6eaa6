/*
 * terminal: see the header.
 */
#include "harness/terminal.h"
#include "harness/program.h"
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MAX = 16, COLUMNS = 160, TIMEOUT_MSEC = 60000 };

static void run_child(const char *path, const char *const *environment,
                      const char *const *arguments)
{
        const char *all[ARGUMENTS_MAX + 2] = {path};
        for (size_t n = 0; n < ARGUMENTS_MAX && arguments[n]; n++)
                all[n + 1] = arguments[n];
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)unsetenv("NO_COLOR");
        (void)setenv("TERM", "xterm", 1);
        for (; *environment; environment += 2)
                (void)setenv(environment[0], environment[1], 1);
        (void)signal(SIGINT, SIG_DFL); /* a shell's job in the background would not hear Ctrl-C */
        (void)execvp(path, (char *const *)all);
        _exit(127);
}

void harness_terminal_start_other(HarnessTerminal *t, const char *program, unsigned short rows,
                                  const char *const *environment, const char *const *arguments)
{
        const struct winsize size = {.ws_row = rows, .ws_col = COLUMNS};
        *t = (HarnessTerminal){0};
        assert_int_equal(text_append(&t->seen, "", 0), 0);
        t->pid = forkpty(&t->fd, NULL, NULL, &size);
        assert_true(t->pid >= 0);
        if (t->pid == 0)
                run_child(program, environment, arguments);
}

void harness_terminal_start(HarnessTerminal *t, unsigned short rows, const char *const *environment,
                            const char *const *arguments)
{
        char path[512];
        harness_built("edgemirror", path);
        harness_terminal_start_other(t, path, rows, environment, arguments);
}

/* Reads what has come within so many milliseconds; false: it hung up, as a terminal does whose last
 * program has gone (EIO). */
static bool take(HarnessTerminal *t, int timeout_msec)
{
        char buffer[4096];
        struct pollfd more = {.fd = t->fd, .events = POLLIN};
        if (poll(&more, 1, timeout_msec) <= 0)
                return true;
        ssize_t size = read(t->fd, buffer, sizeof(buffer));
        if (size <= 0)
                return false;
        assert_int_equal(text_append(&t->seen, buffer, (size_t)size), 0);
        return true;
}

static int64_t now_msec(void)
{
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

size_t harness_terminal_await(HarnessTerminal *t, size_t from, const char *text)
{
        int64_t end_msec = now_msec() + TIMEOUT_MSEC;
        const char *found;
        while (!(found = strstr(t->seen.data + from, text)))
                if (!take(t, 100) || now_msec() > end_msec)
                        fail_msg("waited in vain for \"%s\" on the terminal, which shows: %s", text,
                                 t->seen.data + from);
        return (size_t)(found - t->seen.data) + strlen(text);
}

void harness_terminal_type(const HarnessTerminal *t, const char *keys)
{
        assert_int_equal(write(t->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

int harness_terminal_wait(HarnessTerminal *t)
{
        int64_t end_msec = now_msec() + TIMEOUT_MSEC;
        while (take(t, 100))
                if (now_msec() > end_msec)
                        fail_msg("it did not end; the terminal shows: %s", t->seen.data);
        int status = harness_program_wait(t->pid);
        t->pid = 0;
        (void)close(t->fd);
        return status;
}

void harness_terminal_done(HarnessTerminal *t)
{
        if (t->pid > 0) {
                (void)kill(t->pid, SIGKILL);
                (void)harness_terminal_wait(t);
        }
        text_done(&t->seen);
}
