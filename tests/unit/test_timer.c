/*
 * A timer calls its handler once for each start; the last start counts.
 */
#include "base/duration.h"
#include "base/timer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct Bench {
        sd_event *event;
        Timer timer;
        unsigned n_called;
        unsigned starts_again; /* from the handler, so many times */
        bool was_armed;        /* in the handler */
} Bench;

static int setup(void **state)
{
        Bench *b = calloc(1, sizeof(*b));
        *state = b;
        return !b || sd_event_new(&b->event) < 0;
}

static int teardown(void **state)
{
        Bench *b = *state;
        timer_cancel(&b->timer);
        sd_event_unref(b->event);
        free(b);
        return 0;
}

static void on_elapsed(void *userdata)
{
        Bench *b = userdata;
        b->n_called++;
        b->was_armed = b->was_armed || timer_is_armed(&b->timer);
        if (b->starts_again == 0)
                return;
        b->starts_again--;
        assert_int_equal(timer_start(&b->timer, b->event, 0, 1, on_elapsed, b), 0);
}

static void run(Bench *b)
{
        while (sd_event_run(b->event, 20 * USEC_PER_MSEC) > 0)
                ;
}

static void the_handler_is_called_once_and_finds_it_not_armed(void **state)
{
        Bench *b = *state;
        assert_false(timer_is_armed(&b->timer));
        assert_int_equal(timer_start(&b->timer, b->event, 0, 1, on_elapsed, b), 0);
        assert_true(timer_is_armed(&b->timer));
        assert_int_equal(b->n_called, 0);
        run(b);
        assert_int_equal(b->n_called, 1);
        assert_false(b->was_armed || timer_is_armed(&b->timer));
}

static void the_last_start_counts(void **state)
{
        Bench *b = *state;
        assert_int_equal(timer_start(&b->timer, b->event, 0, 1, on_elapsed, b), 0);
        assert_int_equal(timer_start(&b->timer, b->event, USEC_PER_HOUR, 1, on_elapsed, b), 0);
        run(b);
        assert_int_equal(b->n_called, 0);
        assert_int_equal(timer_start(&b->timer, b->event, 0, 1, on_elapsed, b), 0);
        run(b);
        assert_int_equal(b->n_called, 1);
}

static void a_timer_that_is_cancelled_calls_nobody(void **state)
{
        Bench *b = *state;
        timer_cancel(&b->timer);
        assert_int_equal(timer_start(&b->timer, b->event, 0, 1, on_elapsed, b), 0);
        timer_cancel(&b->timer);
        assert_false(timer_is_armed(&b->timer));
        run(b);
        assert_int_equal(b->n_called, 0);
}

static void the_handler_may_start_it_again(void **state)
{
        Bench *b = *state;
        b->starts_again = 3;
        assert_int_equal(timer_start(&b->timer, b->event, 0, 1, on_elapsed, b), 0);
        run(b);
        assert_int_equal(b->n_called, 4);
        assert_false(b->was_armed);
}

typedef struct Holder {
        Timer timer;
} Holder;

static void free_holder(void *userdata)
{
        free(userdata);
}

static void the_handler_may_free_what_holds_it(void **state)
{
        Bench *b = *state;
        Holder *h = calloc(1, sizeof(*h));
        assert_non_null(h);
        assert_int_equal(timer_start(&h->timer, b->event, 0, 1, free_holder, h), 0);
        run(b); /* the sanitizers would find it touched afterwards, or kept */
}

/* As the heartbeat of a lease does, which must go on when memory is short. */
static void what_is_kept_is_started_again_without_memory(void **state)
{
        Bench *b = *state;
        assert_int_equal(timer_start_kept(&b->timer, b->event, 0, 1, on_elapsed, b), 0);
        const sd_event_source *made = b->timer.source;
        run(b);
        assert_int_equal(b->n_called, 1);
        assert_false(b->was_armed || timer_is_armed(&b->timer));
        timer_restart(&b->timer, USEC_PER_HOUR);
        assert_true(timer_is_armed(&b->timer));
        run(b);
        assert_int_equal(b->n_called, 1);
        timer_restart(&b->timer, 0); /* armed: the last start counts */
        run(b);
        assert_int_equal(b->n_called, 2);
        assert_ptr_equal(b->timer.source, made);
        timer_cancel(&b->timer);
        timer_restart(&b->timer, 0);
        assert_false(timer_is_armed(&b->timer));
        run(b);
        assert_int_equal(b->n_called, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(the_handler_is_called_once_and_finds_it_not_armed),
                TEST(the_last_start_counts),
                TEST(a_timer_that_is_cancelled_calls_nobody),
                TEST(the_handler_may_start_it_again),
                TEST(the_handler_may_free_what_holds_it),
                TEST(what_is_kept_is_started_again_without_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
