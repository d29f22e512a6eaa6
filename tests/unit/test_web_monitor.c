/*
 * The monitor comes last: while the loop has anything else to do, nobody is answered.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "harness/folder.h"
#include "web/monitor.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define WORK_USEC (50 * USEC_PER_MSEC) /* a timer that is due has elapsed by then */
#define WAIT_SEC  20

typedef struct Bench {
        char folder[HARNESS_FOLDER_SIZE];
        sd_event *event;
        Monitor monitor;
        int fd; /* of the client */
        int work_fd;
        char answer[2048];
        size_t n_answer;
        uint64_t work_until_usec;
        unsigned n_turns; /* of the work */
        bool answered_early;
} Bench;

static ServiceSnapshot nothing_is_wrong(void *userdata)
{
        (void)userdata;
        return (ServiceSnapshot){.catalog_answers = true, .next_usec = INT64_MAX};
}

static int setup(void **state)
{
        Bench *b = calloc(1, sizeof(*b));
        *state = b;
        if (!b || sd_event_new(&b->event) < 0)
                return -1;
        b->work_fd = -1;
        harness_folder_make("monitor", b->folder);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/monitor", b->folder);
        monitor_init(&b->monitor, b->event, nothing_is_wrong, NULL);
        monitor_configure(&b->monitor, NULL, &(ConfigMonitor){.listen = address.sun_path});
        b->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return b->fd < 0 || connect(b->fd, (struct sockaddr *)&address, sizeof(address)) < 0;
}

static int teardown(void **state)
{
        Bench *b = *state;
        (void)close(b->fd);
        (void)close(b->work_fd);
        monitor_done(&b->monitor);
        sd_event_unref(b->event);
        harness_folder_remove(b->folder);
        free(b);
        return 0;
}

static void ask(Bench *b, const char *request)
{
        assert_int_equal(send(b->fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

/* Reads what has come; false: the other side has closed. */
static bool take_answer(Bench *b)
{
        ssize_t n = recv(b->fd, b->answer + b->n_answer, sizeof(b->answer) - 1 - b->n_answer,
                         MSG_DONTWAIT);
        if (n < 0)
                assert_int_equal(errno, EAGAIN);
        else
                b->n_answer += (size_t)n;
        return n != 0;
}

static void wait_for_the_answer(Bench *b)
{
        uint64_t until = clock_monotonic_usec() + WAIT_SEC * USEC_PER_SEC;
        while (take_answer(b)) {
                assert_true(clock_monotonic_usec() < until);
                assert_true(sd_event_run(b->event, 10 * USEC_PER_MSEC) >= 0);
        }
        assert_non_null(strstr(b->answer, "HTTP/1.1 200 OK\r\n"));
        assert_non_null(strstr(b->answer, "\r\n\r\nok\n"));
}

/* As a service that has something to do in each turn of the loop: what is ready again and again, at
 * the usual priority, takes turns with what has that too. */
static int on_work(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        (void)fd, (void)events;
        Bench *b = userdata;
        b->n_turns++;
        (void)take_answer(b);
        b->answered_early |= b->n_answer > 0;
        return clock_monotonic_usec() < b->work_until_usec
                       ? 0
                       : sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static void begin_work(Bench *b)
{
        b->work_until_usec = clock_monotonic_usec() + WORK_USEC;
        b->work_fd = eventfd(1, EFD_CLOEXEC);
        assert_true(b->work_fd >= 0);
        assert_true(sd_event_add_io(b->event, NULL, b->work_fd, EPOLLIN, on_work, b) >= 0);
}

static void whatever_else_is_to_do_comes_before_an_answer(void **state)
{
        Bench *b = *state;
        ask(b, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        begin_work(b);
        wait_for_the_answer(b);
        assert_true(b->n_turns > 2);
        assert_false(b->answered_early);
}

/* libmicrohttpd runs by a timer, too, where it has something to do without an event. */
static void so_does_it_before_what_a_timer_would_answer(void **state)
{
        Bench *b = *state;
        ask(b, "GET /healthz HTTP/1.1\r\n");
        while (TAILQ_EMPTY(&b->monitor.connections))
                assert_true(sd_event_run(b->event, WAIT_SEC * USEC_PER_SEC) > 0);
        ask(b, "Host: localhost\r\n\r\n");
        timer_restart(&b->monitor.again, 0);
        begin_work(b);
        wait_for_the_answer(b);
        assert_true(b->n_turns > 2);
        assert_false(b->answered_early);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(whatever_else_is_to_do_comes_before_an_answer,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(so_does_it_before_what_a_timer_would_answer, setup,
                                                teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
