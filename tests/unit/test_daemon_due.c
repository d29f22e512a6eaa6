/*
 * When an edge is due next: by its schedule, and after every kind of end.
 */
#include "base/duration.h"
#include "daemon/due.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SEC    ((int64_t)USEC_PER_SEC)
#define MINUTE (60 * SEC)
#define HOUR   (60 * MINUTE)

/* 2026-11-24 00:00:00 UTC, a Tuesday. */
#define MIDNIGHT (1795478400 * SEC)

typedef struct World {
        Zone *zone;
        ConfigEdge edge;
} World;

static ConfigEdge edge_of(World *w, const char *schedule)
{
        char error[SCHEDULE_ERROR_SIZE];
        ConfigEdge e = {.zone = w->zone};
        assert_int_equal(schedule_parse(schedule, &e.schedule, error, sizeof(error)), 0);
        return e;
}

static int setup(void **state)
{
        static World w;
        *state = &w;
        return zone_load("UTC", &w.zone);
}

static int teardown(void **state)
{
        World *w = *state;
        w->zone = zone_free(w->zone);
        return 0;
}

static void the_spread_shifts_every_tick_by_the_same(void **state)
{
        ConfigEdge e = edge_of(*state, "daily");
        assert_int_equal(due_by_schedule(&e, MIDNIGHT), MIDNIGHT + 24 * HOUR);
        e.spread_usec = USEC_PER_HOUR;
        int64_t shifted = due_by_schedule(&e, MIDNIGHT + HOUR);
        assert_true(shifted >= MIDNIGHT + 24 * HOUR && shifted < MIDNIGHT + 25 * HOUR);
        assert_int_equal(due_by_schedule(&e, shifted), shifted + 24 * HOUR);
}

static void the_end_of_a_run_decides(void **state)
{
        const int64_t now = MIDNIGHT + 10 * MINUTE;
        static const struct {
                const char *schedule;
                bool complete, aborted, peer_away, retryable;
                int64_t failures;
                int64_t queued; /* after now */
                int64_t low, high;
        } cases[] = {
                /* went well: what is queued stands, unless it has passed */
                {"hourly", true, false, false, false, 1, 50 * MINUTE, 50 * MINUTE, 50 * MINUTE},
                {"every 1m", true, false, false, false, 1, -3 * MINUTE, MINUTE, MINUTE},
                {"hourly", true, false, false, false, 1, 50 * MINUTE, 50 * MINUTE, 50 * MINUTE},
                /* whoever holds the lease sets the due time */
                {"hourly", false, true, false, false, 1, 50 * MINUTE, 50 * MINUTE, 50 * MINUTE},
                {"hourly", false, true, false, true, 9, -MINUTE, -MINUTE, -MINUTE},
                /* a peer that was away: as soon as it is back */
                {"daily", false, false, true, true, 1, 20 * HOUR, 0, 0},
                {"daily", false, false, true, true, 2, 20 * HOUR, 30 * SEC, MINUTE},
                /* what may pass: a pause, however far the next tick is */
                {"daily", false, false, false, true, 1, 20 * HOUR, 30 * SEC, MINUTE},
                {"daily", false, false, false, true, 3, 20 * HOUR, 2 * MINUTE, 4 * MINUTE},
                {"daily", false, false, false, true, 1000, 20 * HOUR, 30 * MINUTE, HOUR},
                {"every 1m", false, false, false, true, 4, MINUTE, 4 * MINUTE, 8 * MINUTE},
                /* what will not: the next tick, and rarer ones the longer it lasts */
                {"hourly", false, false, false, false, 1, 50 * MINUTE, 50 * MINUTE, 50 * MINUTE},
                {"every 1m", false, false, false, false, 1, MINUTE, MINUTE, MINUTE},
                {"every 1m", false, false, false, false, 5, MINUTE, 5 * MINUTE, 9 * MINUTE},
                {"daily", false, false, false, false, 50, 20 * HOUR, 24 * HOUR - 10 * MINUTE,
                 24 * HOUR - 10 * MINUTE},
        };
        static const uint64_t randoms[] = {0, 1, 12345678901234567u, UINT64_MAX};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                for (size_t k = 0; k < sizeof(randoms) / sizeof(randoms[0]); k++) {
                        ConfigEdge e = edge_of(*state, cases[i].schedule);
                        const DueEnd end = {.complete = cases[i].complete,
                                            .aborted = cases[i].aborted,
                                            .peer_away = cases[i].peer_away,
                                            .retryable = cases[i].retryable,
                                            .failures = cases[i].failures,
                                            .next_run_usec = now + cases[i].queued};
                        int64_t after = due_after_run(&e, &end, now, randoms[k]) - now;
                        if (after < cases[i].low || after > cases[i].high)
                                fail_msg("case %zu: %lld s after the end", i,
                                         (long long)(after / SEC));
                }
}

/* C8 */
static void nobody_is_due_before_the_catalog_wants_it(void **state)
{
        const int64_t now = MIDNIGHT + 10 * MINUTE;
        static const struct {
                bool aborted, peer_away;
                int64_t requested, low, high;
        } cases[] = {
                {false, true, 5 * MINUTE, 5 * MINUTE, 5 * MINUTE},
                {false, false, 5 * MINUTE, 5 * MINUTE, 5 * MINUTE},
                {false, false, 10, 30 * SEC, MINUTE},
                {true, false, 5 * MINUTE, 20 * HOUR, 20 * HOUR},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                ConfigEdge e = edge_of(*state, "daily");
                const DueEnd end = {.aborted = cases[i].aborted,
                                    .peer_away = cases[i].peer_away,
                                    .retryable = true,
                                    .retry_after_usec = (uint64_t)cases[i].requested,
                                    .failures = 1,
                                    .next_run_usec = now + 20 * HOUR};
                int64_t after = due_after_run(&e, &end, now, 0) - now;
                assert_true(after >= cases[i].low && after <= cases[i].high);
        }
}

static void a_run_that_could_not_begin_is_tried_again_soon_and_not_at_once(void **state)
{
        static const uint64_t randoms[] = {0, 1, 12345678901234567u, UINT64_MAX};
        (void)state;
        for (size_t i = 0; i < sizeof(randoms) / sizeof(randoms[0]); i++) {
                int64_t after = due_after_no_run(MIDNIGHT, randoms[i]) - MIDNIGHT;
                assert_true(after >= 10 * SEC && after <= 30 * SEC);
        }
}

/* No failure was counted: each such run looks like the first. */
static void a_run_whose_end_nobody_recorded_is_not_due_at_once(void **state)
{
        static const uint64_t randoms[] = {0, 1, 12345678901234567u, UINT64_MAX};
        ConfigEdge e = edge_of(*state, "every 1m");
        for (size_t i = 0; i < sizeof(randoms) / sizeof(randoms[0]); i++) {
                DueEnd end = {.peer_away = true, .unrecorded = true, .failures = 1};
                int64_t after = due_after_run(&e, &end, MIDNIGHT, randoms[i]) - MIDNIGHT;
                assert_true(after >= 10 * SEC && after <= 30 * SEC);
                end.retry_after_usec = 5 * (uint64_t)MINUTE;
                assert_int_equal(due_after_run(&e, &end, MIDNIGHT, randoms[i]),
                                 MIDNIGHT + 5 * MINUTE);
                /* of a reason of its own, and weekly: nobody would know for a week */
                ConfigEdge weekly = edge_of(*state, "weekly");
                end = (DueEnd){.unrecorded = true, .failures = 1};
                after = due_after_run(&weekly, &end, MIDNIGHT, randoms[i]) - MIDNIGHT;
                assert_true(after >= 4 * MINUTE && after <= 8 * MINUTE);
                /* what is queued is its next tick: it was to be begun again at once */
                end = (DueEnd){.aborted = true,
                               .unrecorded = true,
                               .next_run_usec = MIDNIGHT + 6 * 24 * HOUR};
                after = due_after_run(&e, &end, MIDNIGHT, randoms[i]) - MIDNIGHT;
                assert_true(after >= 10 * SEC && after <= 30 * SEC);
        }
}

/* O8: Whatever its schedule is, it is not due now. */
static void an_edge_without_its_time_zone_is_due_for_others(void **state)
{
        static const char *const schedules[] = {"weekly", "cron */15 6-20 * * mon-fri", "every 1m"};
        for (size_t i = 0; i < sizeof(schedules) / sizeof(schedules[0]); i++) {
                ConfigEdge e = edge_of(*state, schedules[i]);
                e.zone = NULL;
                assert_int_equal(due_by_schedule(&e, MIDNIGHT), MIDNIGHT);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_edge_without_its_time_zone_is_due_for_others),
                cmocka_unit_test(the_spread_shifts_every_tick_by_the_same),
                cmocka_unit_test(the_end_of_a_run_decides),
                cmocka_unit_test(nobody_is_due_before_the_catalog_wants_it),
                cmocka_unit_test(a_run_that_could_not_begin_is_tried_again_soon_and_not_at_once),
                cmocka_unit_test(a_run_whose_end_nobody_recorded_is_not_due_at_once),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
