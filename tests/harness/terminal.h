/*
 * terminal: edgemirror, or a shell, as a person starts it, on a terminal.
 *
 * All that it draws is kept, in the order in which it came. Every function fails the test (cmocka)
 * rather than return an error; every wait is for a condition and ends after a minute.
 */
#pragma once

#include "base/text.h"
#include <sys/types.h>

typedef struct HarnessTerminal {
        pid_t pid; /* 0: not running */
        int fd;
        Text seen; /* what was drawn, escapes and all */
} HarnessTerminal;

/* On a terminal of so many rows and 160 columns, TERM=xterm and without NO_COLOR; `environment` on
 * top of that: names and values in turn, NULL-terminated. */
void harness_terminal_start(HarnessTerminal *t, unsigned short rows, const char *const *environment,
                            const char *const *arguments);

/* The same of another program, which is found in PATH. */
void harness_terminal_start_other(HarnessTerminal *t, const char *program, unsigned short rows,
                                  const char *const *environment, const char *const *arguments);

/* Waits until the text has been drawn after the first `from` bytes; the place behind it. */
size_t harness_terminal_await(HarnessTerminal *t, size_t from, const char *text);

/* Presses keys: "\003" is Ctrl-C. */
void harness_terminal_type(const HarnessTerminal *t, const char *keys);

/* Waits for the end, and reads what was drawn until then; the exit status, or 256 + the signal.
 * `seen` stays until harness_terminal_done. */
int harness_terminal_wait(HarnessTerminal *t);

/* SIGKILL, if it is running; frees what was drawn. */
void harness_terminal_done(HarnessTerminal *t);
