/*
 * http: the queue, connections, cancelling, and freeing in every place where it may be done.
 */
#include "base/duration.h"
#include "unit/http_bench.h"
#include "unit/http_server.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WHOLE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

static const Script scripts[] = {
        {"/whole", WHOLE, 0, NULL, SCRIPT_KEEP},
        {"/gate", WHOLE, 0, NULL, SCRIPT_GATE},
        {"/silent", "", 0, NULL, SCRIPT_HANG},
        {0},
};

typedef struct Place {
        Server *server;
        Bench bench;
} Place;

static int setup(void **state)
{
        Place *place = calloc(1, sizeof(*place));
        place->server = server_start(scripts);
        HttpClientOptions options = http_bench_options();
        bench_open(&place->bench, &options);
        *state = place;
        return 0;
}

static int teardown(void **state)
{
        Place *place = *state;
        bench_close(&place->bench);
        server_stop(place->server);
        free(place);
        return 0;
}

static void hundred_requests_keep_to_the_limit(void **state)
{
        Place *place = *state;
        enum { N = 100 };
        Seen *seen = calloc(N, sizeof(*seen));
        assert_non_null(seen);
        for (int i = 0; i < N; i++) {
                bench_get(&place->bench, place->server->port, "/gate", &seen[i]);
                assert_int_equal(bench_in_flight(), i < 4 ? i + 1 : 4);
        }
        /* All four are at the server before any is answered: they do go side by side. */
        while (server_requests(place->server) < 4)
                assert_true(sd_event_run(place->bench.event, USEC_PER_MSEC) >= 0);
        server_open_gate(place->server);
        http_bench_wait(&place->bench, N);
        for (int i = 0; i < N; i++) {
                assert_int_equal(seen[i].n_calls, 1);
                assert_int_equal(seen[i].status, 200);
        }
        assert_int_equal(bench_in_flight(), 0);
        assert_int_equal(server_open_max(place->server), 4);
        assert_int_equal(server_requests(place->server), N);
        assert_int_equal(server_connections(place->server), 4);
        free(seen);
}

static void first_come_first_served(void **state)
{
        Place *place = *state;
        Bench bench;
        HttpClientOptions options = http_bench_options();
        options.max_in_flight = 1;
        bench_open(&bench, &options);
        Seen seen[10] = {0};
        for (unsigned i = 0; i < ARRAY_SIZE(seen); i++)
                bench_get(&bench, place->server->port, "/whole", &seen[i]);
        http_bench_wait(&bench, ARRAY_SIZE(seen));
        for (unsigned i = 0; i < ARRAY_SIZE(seen); i++)
                assert_int_equal(seen[i].order, i + 1);
        assert_int_equal(server_connections(place->server), 1);
        bench_close(&bench);
}

static void a_fresh_connection_is_neither_taken_nor_left(void **state)
{
        Place *place = *state;
        char url[128];
        HttpRequest request =
                bench_request(url, sizeof(url), "http", place->server->port, "/whole");
        Seen seen[5] = {0};
        /* Kept, kept, own, own, kept: the first connection serves three. */
        static const bool fresh[] = {false, false, true, true, false};
        static const unsigned connections[] = {1, 1, 2, 3, 3};
        for (unsigned i = 0; i < ARRAY_SIZE(fresh); i++) {
                request.fresh_connection = fresh[i];
                http_bench_start(&place->bench, &request, &seen[i]);
                http_bench_wait(&place->bench, i + 1);
                assert_int_equal(seen[i].status, 200);
                assert_int_equal(server_connections(place->server), connections[i]);
        }
}

static void cancelled_in_the_queue_is_never_sent(void **state)
{
        Place *place = *state;
        Seen seen[7] = {0};
        for (unsigned i = 0; i < 4; i++)
                bench_get(&place->bench, place->server->port, "/gate", &seen[i]);
        bench_get(&place->bench, place->server->port, "/whole?cancelled", &seen[4]);
        bench_get(&place->bench, place->server->port, "/whole?kept", &seen[5]);
        assert_null(http_cancel(seen[4].transfer));
        server_open_gate(place->server);
        http_bench_wait(&place->bench, 5);
        bench_drain(&place->bench);
        assert_int_equal(seen[4].n_calls, 0);
        assert_int_equal(seen[5].n_calls, 1);
        assert_null(strstr(place->server->log, "cancelled"));
        assert_non_null(strstr(place->server->log, "kept"));
}

static void cancelled_on_the_wire_makes_room(void **state)
{
        Place *place = *state;
        Seen silent[4] = {0}, waiting = {0};
        for (unsigned i = 0; i < 4; i++)
                bench_get(&place->bench, place->server->port, "/silent", &silent[i]);
        bench_get(&place->bench, place->server->port, "/whole", &waiting);
        while (server_requests(place->server) < 4)
                assert_true(sd_event_run(place->bench.event, USEC_PER_MSEC) >= 0);
        assert_null(http_cancel(silent[2].transfer));
        http_bench_wait(&place->bench, 1);
        assert_int_equal(waiting.status, 200);
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(silent[i].n_calls, 0);
        assert_int_equal(bench_in_flight(), 3);
}

static void cancel_other(Seen *seen)
{
        Seen *other = seen->other;
        if (other->n_calls == 0)
                other->transfer = http_cancel(other->transfer);
}

/* Two that are answered at once: whichever is first cancels the other, and only one of them is
 * heard. */
static void a_callback_may_cancel_one_that_is_finished(void **state)
{
        Place *place = *state;
        for (int round = 0; round < 20; round++) {
                Seen a = {.then = cancel_other}, b = {.then = cancel_other};
                a.other = &b;
                b.other = &a;
                bench_get(&place->bench, place->server->port, "/whole", &a);
                bench_get(&place->bench, place->server->port, "/whole", &b);
                http_bench_wait(&place->bench, (unsigned)round + 1);
                bench_drain(&place->bench);
                assert_int_equal(a.n_calls + b.n_calls, 1);
                assert_int_equal(bench_in_flight(), 0);
        }
}

static void cancel_itself(Seen *seen)
{
        assert_null(http_cancel(seen->transfer));
        assert_int_equal(seen->status, 200);
}

static void cancelling_itself_in_its_callback_changes_nothing(void **state)
{
        Place *place = *state;
        Seen seen = {.then = cancel_itself};
        bench_get(&place->bench, place->server->port, "/whole", &seen);
        http_bench_wait(&place->bench, 1);
        assert_int_equal(seen.n_calls, 1);
}

static void start_next(Seen *seen)
{
        Bench *bench = seen->bench;
        Seen *next = seen->other;
        if (!next)
                return;
        char url[128];
        /* http_bench_start checks that no callback runs inside the start. */
        HttpRequest request = bench_request(
                url, sizeof(url), "http",
                ((Place *)((char *)bench - offsetof(Place, bench)))->server->port, "/whole");
        http_bench_start(bench, &request, next);
}

static void a_callback_may_start_the_next(void **state)
{
        Place *place = *state;
        Seen seen[5] = {0};
        for (unsigned i = 0; i < 5; i++) {
                seen[i].then = start_next;
                seen[i].other = i + 1 < 5 ? &seen[i + 1] : NULL;
        }
        bench_get(&place->bench, place->server->port, "/whole", &seen[0]);
        http_bench_wait(&place->bench, 5);
        for (unsigned i = 0; i < 5; i++)
                assert_int_equal(seen[i].order, i + 1);
        assert_int_equal(server_connections(place->server), 1);
}

static void free_client(Seen *seen)
{
        seen->bench->client = http_client_free(seen->bench->client);
}

static void a_callback_may_free_the_client(void **state)
{
        Place *place = *state;
        /* With others in the queue, on the wire and finished. */
        Seen first = {.then = free_client},
             finished[2] = {{.then = free_client}, {.then = free_client}};
        Seen silent = {0}, waiting[3] = {0};
        bench_get(&place->bench, place->server->port, "/silent", &silent);
        bench_get(&place->bench, place->server->port, "/whole", &first);
        bench_get(&place->bench, place->server->port, "/whole", &finished[0]);
        bench_get(&place->bench, place->server->port, "/whole", &finished[1]);
        for (unsigned i = 0; i < 3; i++)
                bench_get(&place->bench, place->server->port, "/silent", &waiting[i]);
        http_bench_wait(&place->bench, 1);
        bench_drain(&place->bench);
        assert_null(place->bench.client);
        assert_int_equal(place->bench.n_answers, 1);
        assert_int_equal(first.n_calls + finished[0].n_calls + finished[1].n_calls, 1);
}

static void free_client_and_cancel_itself(Seen *seen)
{
        free_client(seen);
        assert_null(http_cancel(seen->transfer));
}

static void a_callback_may_free_the_client_and_then_cancel_itself(void **state)
{
        Place *place = *state;
        Seen seen = {.then = free_client_and_cancel_itself};
        bench_get(&place->bench, place->server->port, "/whole", &seen);
        http_bench_wait(&place->bench, 1);
        bench_drain(&place->bench);
        assert_int_equal(seen.n_calls, 1);
}

static void a_client_may_go_before_anything_happened(void **state)
{
        Place *place = *state;
        Seen seen[6] = {0};
        for (unsigned i = 0; i < 6; i++)
                bench_get(&place->bench, place->server->port, "/whole", &seen[i]);
        place->bench.client = http_client_free(place->bench.client);
        bench_drain(&place->bench);
        assert_int_equal(place->bench.n_answers, 0);
}

static void nothing_can_be_freed_and_cancelled(void **state)
{
        (void)state;
        assert_null(http_client_free(NULL));
        assert_null(http_cancel(NULL));
}

static void a_client_without_room_is_refused(void **state)
{
        Place *place = *state;
        HttpClientOptions options = http_bench_options();
        HttpClient *client = NULL;
        options.max_in_flight = 0;
        assert_true(http_client_new(place->bench.event, &options, &client) < 0);
        assert_null(client);
}

static bool may_not(void *userdata)
{
        const Seen *seen = userdata;
        assert_int_equal(seen->n_calls, 0);
        return false;
}

/* The server sees a connection and not a byte; the next one is sent. */
static void a_request_that_is_not_wanted_any_more_is_not_written(void **state)
{
        Place *place = *state;
        Seen late = {0}, next = {0};
        char url[128];
        HttpRequest request =
                bench_request(url, sizeof(url), "http", place->server->port, "/whole");
        request.may_send = may_not;
        http_bench_start(&place->bench, &request, &late);
        http_bench_wait(&place->bench, 1);
        assert_int_equal(late.error, -ECANCELED);
        assert_false(late.sent);
        assert_int_equal(late.fault.scope, FAULT_REQUEST);
        assert_non_null(strstr(late.fault.message, "not sent"));
        assert_int_equal(server_requests(place->server), 0);
        bench_get(&place->bench, place->server->port, "/whole", &next);
        http_bench_wait(&place->bench, 2);
        assert_int_equal(next.status, 200);
        assert_int_equal(server_requests(place->server), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(hundred_requests_keep_to_the_limit),
                TEST(first_come_first_served),
                TEST(a_fresh_connection_is_neither_taken_nor_left),
                TEST(cancelled_in_the_queue_is_never_sent),
                TEST(a_request_that_is_not_wanted_any_more_is_not_written),
                TEST(cancelled_on_the_wire_makes_room),
                TEST(a_callback_may_cancel_one_that_is_finished),
                TEST(cancelling_itself_in_its_callback_changes_nothing),
                TEST(a_callback_may_start_the_next),
                TEST(a_callback_may_free_the_client),
                TEST(a_callback_may_free_the_client_and_then_cancel_itself),
                TEST(a_client_may_go_before_anything_happened),
                TEST(nothing_can_be_freed_and_cancelled),
                TEST(a_client_without_room_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
