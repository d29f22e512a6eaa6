/*
 * service: see the header.
 */
#include "harness/service.h"
#include "harness/program.h"
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { AWAIT_TURNS = 6000 }; /* of 10 ms */

static void pause_a_little(void)
{
        const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
}

/* Ends when the socket is shut down. */
static void *read_notifications(void *userdata)
{
        HarnessService *s = userdata;
        char message[8192];
        for (;;) {
                ssize_t size = recv(s->fd, message, sizeof(message) - 1, 0);
                if (size < 0 && errno == EINTR)
                        continue;
                if (size <= 0)
                        return NULL;
                (void)pthread_mutex_lock(&s->lock);
                (void)text_append(&s->said, message, (size_t)size);
                (void)text_append(&s->said, "\n", 1);
                (void)pthread_mutex_unlock(&s->lock);
        }
}

static void open_socket(HarnessService *s, char path[108])
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        assert_true(snprintf(path, 108, "%s/%s.notify", s->folder, s->name) < 108);
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        (void)unlink(path);
        s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_true(s->fd >= 0);
        assert_int_equal(bind(s->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
}

void harness_service_start(HarnessService *s, const char *folder, const char *name,
                           const char *config, bool verbose, unsigned watchdog_usec)
{
        char path[108], usec[16];
        harness_service_done(s);
        *s = (HarnessService){.lock = PTHREAD_MUTEX_INITIALIZER};
        (void)snprintf(s->folder, sizeof(s->folder), "%s", folder);
        (void)snprintf(s->name, sizeof(s->name), "%s", name);
        open_socket(s, path);
        (void)snprintf(usec, sizeof(usec), "%u", watchdog_usec);
        const char *const environment[] = {"NOTIFY_SOCKET", path,
                                           watchdog_usec ? "WATCHDOG_USEC" : NULL, usec, NULL};
        const char *const arguments[] = {"-c", config, "run", verbose ? "-v" : NULL, NULL};
        assert_int_equal(text_append(&s->said, "", 0), 0);
        s->pid = harness_program_start_as(folder, name, environment, arguments);
        assert_int_equal(pthread_create(&s->reader, NULL, read_notifications, s), 0);
}

void harness_service_signal(const HarnessService *s, int signal)
{
        assert_true(s->pid > 0);
        assert_int_equal(kill(s->pid, signal), 0);
}

/* What it said last may still be in the socket: SIGKILL cannot take it back, and neither do we. */
static void stop_reading(HarnessService *s)
{
        struct pollfd more = {.fd = s->fd, .events = POLLIN};
        while (poll(&more, 1, 0) > 0 && !(more.revents & (POLLHUP | POLLERR)))
                pause_a_little();
        (void)shutdown(s->fd, SHUT_RDWR);
        (void)pthread_join(s->reader, NULL);
        (void)close(s->fd);
}

int harness_service_wait(HarnessService *s)
{
        int status = harness_program_wait(s->pid);
        s->pid = 0;
        stop_reading(s);
        return status;
}

void harness_service_kill(HarnessService *s)
{
        if (s->pid <= 0)
                return;
        (void)kill(s->pid, SIGKILL);
        (void)harness_service_wait(s);
}

void harness_service_done(HarnessService *s)
{
        harness_service_kill(s);
        text_done(&s->said);
        *s = (HarnessService){0};
}

unsigned harness_service_said(HarnessService *s, const char *line)
{
        unsigned n = 0;
        (void)pthread_mutex_lock(&s->lock);
        for (const char *at = s->said.data; at && *at;
             at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
                n += text_starts_with(at, line);
        (void)pthread_mutex_unlock(&s->lock);
        return n;
}

/* A service that ended will not say it any more. */
static void await_turn(const HarnessService *s, int turn, const char *what)
{
        siginfo_t end = {0};
        bool ended = s->pid > 0 &&
                     waitid(P_PID, (id_t)s->pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                     end.si_pid > 0;
        if (turn < AWAIT_TURNS && !ended) {
                pause_a_little();
                return;
        }
        fail_msg("%s: waited in vain for \"%s\"%s", s->name, what, ended ? "; it has ended" : "");
}

void harness_service_await(HarnessService *s, const char *line, unsigned n)
{
        for (int turn = 0; harness_service_said(s, line) < n; turn++)
                await_turn(s, turn, line);
}

unsigned harness_service_logged(const HarnessService *s, const char *text)
{
        char name[64];
        unsigned n = 0;
        (void)snprintf(name, sizeof(name), "%s.err", s->name);
        char *log = harness_read(s->folder, name);
        for (const char *at = log; (at = strstr(at, text)); at += strlen(text))
                n++;
        free(log);
        return n;
}

void harness_service_await_log(const HarnessService *s, const char *text, unsigned n)
{
        for (int turn = 0; harness_service_logged(s, text) < n; turn++)
                await_turn(s, turn, text);
}

void harness_service_reload(HarnessService *s)
{
        unsigned before = harness_service_said(s, "READY=1");
        harness_service_signal(s, SIGHUP);
        harness_service_await(s, "READY=1", before + 1);
}
