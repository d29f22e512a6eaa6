/*
 * service: `edgemirror run` as a service manager sees it.
 *
 * What it says by sd_notify is collected from its start on by a thread, so that the service is
 * never held up by a test that does something else. Every function fails the test (cmocka) rather
 * than return an error; every wait is for a condition and ends after a minute.
 */
#pragma once

#include "base/text.h"
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct HarnessService {
        pid_t pid; /* 0: not running */
        char folder[96], name[32];

        /* private */
        int fd;
        pthread_t reader;
        pthread_mutex_t lock;
        Text said; /* all that was notified, a line each */
} HarnessService;

/* edgemirror -c CONFIG [-v] run. Its log is FOLDER/NAME.err. watchdog_usec 0: no watchdog. */
void harness_service_start(HarnessService *s, const char *folder, const char *name,
                           const char *config, bool verbose, unsigned watchdog_usec);

/* Sends a signal. */
void harness_service_signal(const HarnessService *s, int signal);

/* The end, by itself or by a signal that was sent; the exit status, or 256 + the signal. What it
 * said stays readable until the next start. */
int harness_service_wait(HarnessService *s);

/* SIGKILL and the end, if it is running. */
void harness_service_kill(HarnessService *s);

/* Frees what was collected. */
void harness_service_done(HarnessService *s);

/* How many notified lines so far begin with the text ("READY=1", "STATUS=PostgreSQL cannot"). */
unsigned harness_service_said(HarnessService *s, const char *line);

/* Waits until so many do. */
void harness_service_await(HarnessService *s, const char *line, unsigned n);

/* How often the text is in the log; waits until it is there so often. */
unsigned harness_service_logged(const HarnessService *s, const char *text);
void harness_service_await_log(const HarnessService *s, const char *text, unsigned n);

/* SIGHUP, and until it has answered that with READY=1. */
void harness_service_reload(HarnessService *s);
