/*
 * A sync's memory does not grow with its edge: the peak at 200,000 rows is that at 20,000, within 4
 * MiB, and below 32 MiB.
 */
#include "integration/sync_world.h"
#include <stdlib.h>

enum { KIB_PER_MIB = 1024, GROWTH_MAX_KIB = 4 * KIB_PER_MIB, PEAK_MAX_KIB = 32 * KIB_PER_MIB };

#ifdef EDGEMIRROR_SANITIZERS
static const bool sanitizers = true;
#else
static const bool sanitizers = false;
#endif

/* The most that a sync of `main` has resident. */
static long sync_peak(World *w, int rows)
{
        long peak_kib;
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        assert_int_equal(
                harness_program_wait_peak(harness_program_start(w->folder, arguments), &peak_kib),
                0);
        take_results(w);
        assert_int_equal(number_of(w, 0, "listed"), rows);
        print_message("%d rows, %d added: %.1f MiB\n", rows, number_of(w, 0, "added"),
                      (double)peak_kib / (double)KIB_PER_MIB);
        return peak_kib;
}

static void memory_does_not_grow_with_the_edge(void **state)
{
        World *w = *state;
        long small[2], large[2];
        begin_again(w, "20000,1", "1m");
        for (int i = 0; i < 2; i++)
                small[i] = sync_peak(w, 20000);
        begin_again(w, "200000,1", "1m");
        for (int i = 0; i < 2; i++)
                large[i] = sync_peak(w, 200000);
        for (int i = 0; i < 2; i++) { /* all rows are new; none is */
                assert_true(large[i] < PEAK_MAX_KIB);
                assert_true(labs(large[i] - small[i]) <= GROWTH_MAX_KIB);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(memory_does_not_grow_with_the_edge),
        };
        if (sanitizers)
                return harness_skip_all(
                        "most of the memory is the sanitizers'; a build without them measures");
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
