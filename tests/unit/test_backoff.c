/*
 * The wait before another attempt: its bounds hold for every draw, it grows, it is spread, and a
 * delay that the server requests is honoured within the ceiling.
 */
#include "base/backoff.h"
#include "base/cleanup.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* splitmix64: a fixed sequence, so that a failure comes again. */
static uint64_t draw(uint64_t *seed)
{
        uint64_t z = (*seed += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
}

static void every_delay_is_between_floor_and_ceiling(void **state)
{
        (void)state;
        static const struct {
                uint64_t floor, ceiling;
        } cases[] = {
                {1, 1},
                {1000, 1000},
                {1000000, 30000000},
                {1, UINT64_MAX},
                {0, UINT64_MAX},
                {UINT64_MAX / 2, UINT64_MAX},
                {UINT64_MAX, UINT64_MAX},
                {5, 4}, /* a floor above the ceiling: the ceiling holds */
        };
        uint64_t seed = 42;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Backoff b = {.floor_usec = cases[i].floor, .ceiling_usec = cases[i].ceiling};
                uint64_t least =
                        cases[i].floor < cases[i].ceiling ? cases[i].floor : cases[i].ceiling;
                for (unsigned n = 0; n < 20000; n++) {
                        uint64_t delay = backoff_next(&b, draw(&seed));
                        assert_true(delay >= least && delay <= cases[i].ceiling);
                        if (n % 100 == 0)
                                backoff_reset(&b);
                }
        }
}

static void extreme_draws_are_in_bounds_too(void **state)
{
        (void)state;
        static const uint64_t draws[] = {0, 1, UINT64_MAX - 1, UINT64_MAX};
        for (size_t i = 0; i < ARRAY_SIZE(draws); i++) {
                Backoff b = {.floor_usec = 10, .ceiling_usec = 1000};
                for (unsigned n = 0; n < 100; n++) {
                        uint64_t delay = backoff_next(&b, draws[i]);
                        assert_true(delay >= 10 && delay <= 1000);
                }
        }
}

static void a_delay_is_at_most_three_times_the_last(void **state)
{
        (void)state;
        uint64_t seed = 7;
        for (unsigned n = 0; n < 1000; n++) {
                Backoff b = {.floor_usec = 1000, .ceiling_usec = 60000000};
                uint64_t last = 1000;
                for (unsigned k = 0; k < 20; k++) {
                        uint64_t delay = backoff_next(&b, draw(&seed));
                        assert_true(delay <= 3 * last);
                        last = delay;
                }
        }
}

static void many_that_fail_together_do_not_come_back_together(void **state)
{
        (void)state;
        enum { EDGES = 1000, SLOTS = 10 };
        unsigned slots[SLOTS] = {0};
        uint64_t seed = 3;
        for (unsigned i = 0; i < EDGES; i++) {
                Backoff b = {.floor_usec = 1000000, .ceiling_usec = 60000000};
                uint64_t delay = backoff_next(&b, draw(&seed)); /* within 1 s and 3 s */
                slots[(delay - 1000000) * SLOTS / 2000001]++;
        }
        for (unsigned i = 0; i < SLOTS; i++)
                assert_in_range(slots[i], EDGES / SLOTS / 2, EDGES / SLOTS * 2);
}

static void repeated_failures_reach_the_ceiling(void **state)
{
        (void)state;
        uint64_t seed = 9;
        uint64_t most = 0;
        Backoff b = {.floor_usec = 1000, .ceiling_usec = 1000000};
        for (unsigned n = 0; n < 200; n++) {
                uint64_t delay = backoff_next(&b, draw(&seed));
                most = delay > most ? delay : most;
        }
        assert_true(most > 900000);
}

static void success_starts_over(void **state)
{
        (void)state;
        Backoff b = {.floor_usec = 1000, .ceiling_usec = 1000000};
        for (unsigned n = 0; n < 50; n++)
                (void)backoff_next(&b, UINT64_MAX - 7);
        backoff_reset(&b);
        for (unsigned n = 0; n < 50; n++) {
                Backoff fresh = b;
                assert_true(backoff_next(&fresh, n * 0x123456789abcdefULL) <= 3000);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_delay_is_between_floor_and_ceiling),
                cmocka_unit_test(extreme_draws_are_in_bounds_too),
                cmocka_unit_test(a_delay_is_at_most_three_times_the_last),
                cmocka_unit_test(many_that_fail_together_do_not_come_back_together),
                cmocka_unit_test(repeated_failures_reach_the_ceiling),
                cmocka_unit_test(success_starts_over),
        };
        return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
