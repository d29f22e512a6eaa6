/*
 * When schedules fire: tables written by hand around the hours that zones skip and repeat, rare
 * dates, intervals, spread.
 *
 * Moments are written as a clock in the zone shows them, with its offset, so that a table can be
 * checked by eye.
 */
#include "base/duration.h"
#include "schedule/schedule.h"
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define EXPECTED_MAX 6

static int64_t moment(const char *string)
{
        struct tm tm = {0};
        const char *end = strptime(string, "%Y-%m-%dT%H:%M%z", &tm);
        int64_t offset_sec = tm.tm_gmtoff;

        if (!end || *end != '\0')
                fail_msg("the test's own moment \"%s\" cannot be read", string);
        return ((int64_t)timegm(&tm) - offset_sec) * (int64_t)USEC_PER_SEC;
}

static Schedule parse(const char *string)
{
        char error[SCHEDULE_ERROR_SIZE] = "";
        Schedule s;

        if (schedule_parse(string, &s, error, sizeof(error)) != 0)
                fail_msg("\"%s\" was refused: %s", string, error);
        return s;
}

static void load(const char *name, Zone **ret)
{
        int err = zone_load(name, ret);

        if (err != 0)
                fail_msg("zone %s: %s (is the package tzdata installed?)", name, strerror(-err));
}

typedef struct Case {
        const char *zone, *schedule, *after;
        const char *expected[EXPECTED_MAX]; /* one firing after the other */
} Case;

static void check(const Case *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                _cleanup_(cleanup_zone) Zone *zone = NULL;
                Schedule s = parse(cases[i].schedule);
                int64_t at = moment(cases[i].after);

                load(cases[i].zone, &zone);
                for (size_t k = 0; k < EXPECTED_MAX && cases[i].expected[k]; k++) {
                        int64_t wanted = moment(cases[i].expected[k]);
                        int err = schedule_next(&s, zone, 0, 0, at, &at);

                        if (err != 0 || at != wanted)
                                fail_msg("%s, \"%s\" after %s: firing %zu is %+" PRId64
                                         " minutes off %s (error %d)",
                                         cases[i].zone, cases[i].schedule, cases[i].after, k + 1,
                                         (at - wanted) / (int64_t)USEC_PER_MINUTE,
                                         cases[i].expected[k], err);
                }
        }
}

static void test_skipped_times_fire_once_right_after_the_gap(void **state)
{
        static const Case cases[] = {
                /* Brussels: 2025-03-30, 02:00 to 03:00 */
                {"Europe/Brussels",
                 "cron 30 2 * * *",
                 "2025-03-29T00:00+01:00",
                 {"2025-03-29T02:30+01:00", "2025-03-30T03:00+02:00", "2025-03-31T02:30+02:00"}},
                {"Europe/Brussels",
                 "cron 0 2 * * *",
                 "2025-03-29T12:00+01:00",
                 {"2025-03-30T03:00+02:00", "2025-03-31T02:00+02:00"}},
                {"Europe/Brussels",
                 "cron 0,15,30,45 2 * * *",
                 "2025-03-29T02:40+01:00",
                 {"2025-03-29T02:45+01:00", "2025-03-30T03:00+02:00", "2025-03-31T02:00+02:00"}},
                {"Europe/Brussels",
                 "cron 30 2,3 * * *",
                 "2025-03-29T12:00+01:00",
                 {"2025-03-30T03:00+02:00", "2025-03-30T03:30+02:00", "2025-03-31T02:30+02:00"}},
                {"Europe/Brussels",
                 "cron 0 2,3 * * *",
                 "2025-03-29T12:00+01:00",
                 {"2025-03-30T03:00+02:00", "2025-03-31T02:00+02:00"}},
                {"Europe/Brussels",
                 "cron 30 2 30 3 *",
                 "2025-01-01T00:00+01:00",
                 {"2025-03-30T03:00+02:00", "2026-03-30T02:30+02:00"}},
                {"Europe/Brussels",
                 "cron 30 2 * * sun",
                 "2025-03-29T00:00+01:00",
                 {"2025-03-30T03:00+02:00", "2025-04-06T02:30+02:00"}},
                {"Europe/Brussels",
                 "cron */15 2 * * *",
                 "2025-03-30T00:00+01:00",
                 {"2025-03-30T03:00+02:00", "2025-03-31T02:00+02:00"}},
                /* a step over hours leaves none out */
                {"Europe/Brussels",
                 "cron 0 */2 * * *",
                 "2025-03-29T23:00+01:00",
                 {"2025-03-30T00:00+01:00", "2025-03-30T03:00+02:00", "2025-03-30T04:00+02:00"}},
                /* times beside the gap are as always */
                {"Europe/Brussels",
                 "daily",
                 "2025-03-29T12:00+01:00",
                 {"2025-03-30T00:00+01:00", "2025-03-31T00:00+02:00"}},
                {"Europe/Brussels",
                 "cron 59 1 * * *",
                 "2025-03-30T00:00+01:00",
                 {"2025-03-30T01:59+01:00", "2025-03-31T01:59+02:00"}},
                {"America/New_York",
                 "cron 30 2 * * *",
                 "2025-03-08T12:00-05:00",
                 {"2025-03-09T03:00-04:00", "2025-03-10T02:30-04:00"}},
                /* southern hemisphere */
                {"Pacific/Auckland",
                 "cron 30 2 * * *",
                 "2025-09-27T12:00+12:00",
                 {"2025-09-28T03:00+13:00", "2025-09-29T02:30+13:00"}},
                /* half an hour: 2025-10-05, 02:00 to 02:30 */
                {"Australia/Lord_Howe",
                 "cron 15 2 * * *",
                 "2025-10-04T12:00+10:30",
                 {"2025-10-05T02:30+11:00", "2025-10-06T02:15+11:00"}},
                {"Australia/Lord_Howe",
                 "cron 30 2 * * *",
                 "2025-10-04T12:00+10:30",
                 {"2025-10-05T02:30+11:00", "2025-10-06T02:30+11:00"}},
                /* midnight does not exist */
                {"America/Sao_Paulo",
                 "daily",
                 "2018-11-03T12:00-03:00",
                 {"2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00"}},
                {"America/Sao_Paulo",
                 "weekly",
                 "2018-11-01T12:00-03:00",
                 {"2018-11-04T01:00-02:00", "2018-11-11T00:00-02:00"}},
                {"America/Sao_Paulo",
                 "cron 0 0 4 11 *",
                 "2018-01-01T00:00-02:00",
                 {"2018-11-04T01:00-02:00", "2019-11-04T00:00-03:00"}},
                {"Africa/Cairo",
                 "daily",
                 "2023-04-27T12:00+02:00",
                 {"2023-04-28T01:00+03:00", "2023-04-29T00:00+03:00"}},
                {"Asia/Beirut",
                 "daily",
                 "2025-03-29T12:00+02:00",
                 {"2025-03-30T01:00+03:00", "2025-03-31T00:00+03:00"}},
                /* a whole day does not exist: 2011-12-30 */
                {"Pacific/Apia",
                 "daily",
                 "2011-12-28T12:00-10:00",
                 {"2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00", "2012-01-01T00:00+14:00"}},
                {"Pacific/Apia",
                 "cron 0 12 * * *",
                 "2011-12-29T13:00-10:00",
                 {"2011-12-31T00:00+14:00", "2011-12-31T12:00+14:00"}},
                {"Pacific/Apia",
                 "cron 0 12 30 12 *",
                 "2011-06-01T00:00-11:00",
                 {"2011-12-31T00:00+14:00", "2012-12-30T12:00+14:00"}},
                /* beyond the file's table, by its footer */
                {"Europe/Brussels",
                 "cron 30 2 * * *",
                 "2100-03-27T12:00+01:00",
                 {"2100-03-28T03:00+02:00", "2100-03-29T02:30+02:00"}},
        };

        (void)state;
        check(cases, ARRAY_SIZE(cases));
}

static void test_repeated_times_fire_once_the_first_time(void **state)
{
        static const Case cases[] = {
                /* Brussels: 2025-10-26, 03:00 back to 02:00 */
                {"Europe/Brussels",
                 "cron 30 2 * * *",
                 "2025-10-25T12:00+02:00",
                 {"2025-10-26T02:30+02:00", "2025-10-27T02:30+01:00"}},
                {"Europe/Brussels",
                 "cron 0 2 * * *",
                 "2025-10-25T12:00+02:00",
                 {"2025-10-26T02:00+02:00", "2025-10-27T02:00+01:00"}},
                {"Europe/Brussels",
                 "cron 0 3 * * *",
                 "2025-10-25T12:00+02:00",
                 {"2025-10-26T03:00+01:00", "2025-10-27T03:00+01:00"}},
                {"Europe/Brussels",
                 "cron 0,30 0-5 * * *",
                 "2025-10-26T02:10+02:00",
                 {"2025-10-26T02:30+02:00", "2025-10-26T03:00+01:00", "2025-10-26T03:30+01:00"}},
                {"Europe/Brussels",
                 "cron 0 */2 * * *",
                 "2025-10-25T23:00+02:00",
                 {"2025-10-26T00:00+02:00", "2025-10-26T02:00+02:00", "2025-10-26T04:00+01:00"}},
                /* asked from within the second pass */
                {"Europe/Brussels",
                 "cron 30 2 * * *",
                 "2025-10-26T02:10+01:00",
                 {"2025-10-27T02:30+01:00"}},
                {"Europe/Brussels",
                 "cron 30 2 * * *",
                 "2025-10-26T02:59+02:00",
                 {"2025-10-27T02:30+01:00"}},
                {"America/New_York",
                 "cron 30 1 * * *",
                 "2025-11-01T12:00-04:00",
                 {"2025-11-02T01:30-04:00", "2025-11-03T01:30-05:00"}},
                /* half an hour: 2025-04-06, 02:00 back to 01:30 */
                {"Australia/Lord_Howe",
                 "cron 45 1 * * *",
                 "2025-04-05T12:00+11:00",
                 {"2025-04-06T01:45+11:00", "2025-04-07T01:45+10:30"}},
                {"Australia/Lord_Howe",
                 "cron 0 2 * * *",
                 "2025-04-05T12:00+11:00",
                 {"2025-04-06T02:00+10:30", "2025-04-07T02:00+10:30"}},
                /* midnight back to 23:00 of the day before: the day begins once */
                {"America/Sao_Paulo",
                 "daily",
                 "2019-02-16T12:00-02:00",
                 {"2019-02-17T00:00-03:00", "2019-02-18T00:00-03:00"}},
                {"America/Sao_Paulo",
                 "cron 30 23 * * *",
                 "2019-02-16T12:00-02:00",
                 {"2019-02-16T23:30-02:00", "2019-02-17T23:30-03:00"}},
                {"Africa/Cairo",
                 "daily",
                 "2023-10-26T12:00+03:00",
                 {"2023-10-27T00:00+02:00", "2023-10-28T00:00+02:00"}},
                {"Asia/Beirut",
                 "cron 59 23 * * *",
                 "2025-10-25T12:00+03:00",
                 {"2025-10-25T23:59+03:00", "2025-10-26T23:59+02:00"}},
        };

        (void)state;
        check(cases, ARRAY_SIZE(cases));
}

static void test_a_rhythm_goes_on_through_both(void **state)
{
        static const Case cases[] = {
                {"Europe/Brussels",
                 "hourly",
                 "2025-03-30T00:30+01:00",
                 {"2025-03-30T01:00+01:00", "2025-03-30T03:00+02:00", "2025-03-30T04:00+02:00"}},
                {"Europe/Brussels",
                 "cron 30 * * * *",
                 "2025-03-30T01:00+01:00",
                 {"2025-03-30T01:30+01:00", "2025-03-30T03:30+02:00", "2025-03-30T04:30+02:00"}},
                {"Europe/Brussels",
                 "cron */15 * * * *",
                 "2025-03-30T01:40+01:00",
                 {"2025-03-30T01:45+01:00", "2025-03-30T03:00+02:00", "2025-03-30T03:15+02:00"}},
                {"Europe/Brussels",
                 "cron */15 0-5 * * *",
                 "2025-03-30T01:40+01:00",
                 {"2025-03-30T01:45+01:00", "2025-03-30T03:00+02:00", "2025-03-30T03:15+02:00"}},
                {"Europe/Brussels",
                 "hourly",
                 "2025-10-26T01:30+02:00",
                 {"2025-10-26T02:00+02:00", "2025-10-26T02:00+01:00", "2025-10-26T03:00+01:00"}},
                {"Europe/Brussels",
                 "cron 30 0-23 * * *",
                 "2025-10-26T02:00+02:00",
                 {"2025-10-26T02:30+02:00", "2025-10-26T02:30+01:00", "2025-10-26T03:30+01:00"}},
                {"Europe/Brussels",
                 "cron */15 0-5 * * *",
                 "2025-10-26T02:40+02:00",
                 {"2025-10-26T02:45+02:00", "2025-10-26T02:00+01:00", "2025-10-26T02:15+01:00"}},
                {"Europe/Brussels",
                 "cron */30 2 * * *",
                 "2025-10-26T00:00+02:00",
                 {"2025-10-26T02:00+02:00", "2025-10-26T02:30+02:00", "2025-10-26T02:00+01:00",
                  "2025-10-26T02:30+01:00", "2025-10-27T02:00+01:00"}},
                {"Australia/Lord_Howe",
                 "hourly",
                 "2025-04-06T00:30+11:00",
                 {"2025-04-06T01:00+11:00", "2025-04-06T02:00+10:30", "2025-04-06T03:00+10:30"}},
                {"Australia/Lord_Howe",
                 "hourly",
                 "2025-10-05T00:30+10:30",
                 {"2025-10-05T01:00+10:30", "2025-10-05T03:00+11:00"}},
                {"Australia/Lord_Howe",
                 "cron */20 * * * *",
                 "2025-10-05T01:30+10:30",
                 {"2025-10-05T01:40+10:30", "2025-10-05T02:40+11:00"}},
                {"Pacific/Apia",
                 "hourly",
                 "2011-12-29T22:30-10:00",
                 {"2011-12-29T23:00-10:00", "2011-12-31T00:00+14:00"}},
        };

        (void)state;
        check(cases, ARRAY_SIZE(cases));
}

static void test_days_combine_as_in_vixie_cron(void **state)
{
        static const Case cases[] = {
                /* November 2026: Mondays are 2, 9, 16, 23, 30 */
                {"UTC",
                 "cron 0 0 13 * mon",
                 "2026-11-08T12:00+00:00",
                 {"2026-11-09T00:00+00:00", "2026-11-13T00:00+00:00", "2026-11-16T00:00+00:00"}},
                {"UTC",
                 "cron 0 0 13 * *",
                 "2026-11-08T12:00+00:00",
                 {"2026-11-13T00:00+00:00", "2026-12-13T00:00+00:00"}},
                {"UTC",
                 "cron 0 0 * * mon",
                 "2026-11-08T12:00+00:00",
                 {"2026-11-09T00:00+00:00", "2026-11-16T00:00+00:00"}},
                /* a field that starts with a star is a further condition: odd days that are Mondays
                 */
                {"UTC",
                 "cron 0 0 */2 * mon",
                 "2026-11-01T12:00+00:00",
                 {"2026-11-09T00:00+00:00", "2026-11-23T00:00+00:00", "2026-12-07T00:00+00:00"}},
                {"UTC",
                 "cron 0 0 1-31/2 * mon",
                 "2026-11-01T12:00+00:00",
                 {"2026-11-02T00:00+00:00", "2026-11-03T00:00+00:00", "2026-11-05T00:00+00:00"}},
                {"UTC",
                 "cron 0 0 1 * */7",
                 "2026-03-02T00:00+00:00",
                 {"2026-11-01T00:00+00:00", "2027-08-01T00:00+00:00"}},
        };

        (void)state;
        check(cases, ARRAY_SIZE(cases));
}

static void test_rare_dates_are_found(void **state)
{
        static const Case cases[] = {
                {"UTC",
                 "cron 0 0 31 * *",
                 "2025-01-31T00:00+00:00",
                 {"2025-03-31T00:00+00:00", "2025-05-31T00:00+00:00"}},
                {"UTC", "cron 59 23 31 12 *", "2025-12-31T23:59+00:00", {"2026-12-31T23:59+00:00"}},
                {"UTC",
                 "cron 0 0 29 2 *",
                 "2024-02-29T00:00+00:00",
                 {"2028-02-29T00:00+00:00", "2032-02-29T00:00+00:00"}},
                {"UTC", "cron 0 0 29 2 *", "1896-02-29T00:00+00:00", {"1904-02-29T00:00+00:00"}},
                {"UTC", "cron 0 0 29 2 *", "1996-02-29T00:00+00:00", {"2000-02-29T00:00+00:00"}},
                {"UTC", "cron 0 0 29 2 *", "2096-02-29T00:00+00:00", {"2104-02-29T00:00+00:00"}},
                /* 29 February on a Sunday: every 28 years, 40 across 2100 */
                {"UTC",
                 "cron 0 0 29 2 */7",
                 "2004-02-29T00:00+00:00",
                 {"2032-02-29T00:00+00:00", "2060-02-29T00:00+00:00", "2088-02-29T00:00+00:00",
                  "2128-02-29T00:00+00:00"}},
                {"Europe/Brussels",
                 "cron 0 0 29 2 */7",
                 "2088-02-29T00:00+01:00",
                 {"2128-02-29T00:00+01:00"}},
        };

        (void)state;
        check(cases, ARRAY_SIZE(cases));
}

static void test_next_is_strictly_after_to_the_microsecond(void **state)
{
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        Schedule s = parse("cron 0 12 * * *");
        int64_t noon = moment("2025-06-15T12:00+00:00"), next;

        (void)state;
        load("UTC", &zone);
        assert_int_equal(schedule_next(&s, zone, 0, 0, noon - 1, &next), 0);
        assert_int_equal(next, noon);
        assert_int_equal(schedule_next(&s, zone, 0, 0, noon, &next), 0);
        assert_int_equal(next, noon + (int64_t)USEC_PER_DAY);

        noon = moment("1965-06-15T12:00+00:00"); /* negative moments round the same way */
        assert_int_equal(schedule_next(&s, zone, 0, 0, noon - 1, &next), 0);
        assert_int_equal(next, noon);
        assert_int_equal(schedule_next(&s, zone, 0, 0, noon, &next), 0);
        assert_int_equal(next, noon + (int64_t)USEC_PER_DAY);
}

static void test_the_spread_shifts_every_firing(void **state)
{
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        Schedule daily = parse("daily");
        const int64_t offset = 5 * (int64_t)USEC_PER_MINUTE + 123;
        int64_t midnight = moment("2025-03-30T00:00+01:00"), next;

        (void)state;
        load("Europe/Brussels", &zone);
        /* between the firing and its shifted moment, that shifted moment is still to come */
        assert_int_equal(schedule_next(&daily, zone, 0, (uint64_t)offset, midnight + 1, &next), 0);
        assert_int_equal(next, midnight + offset);
        assert_int_equal(schedule_next(&daily, zone, 0, (uint64_t)offset, midnight + offset, &next),
                         0);
        assert_int_equal(next, moment("2025-03-31T00:00+02:00") + offset);

        /* a spread longer than the interval neither skips nor doubles */
        Schedule minutely = parse("every 1m");
        for (int64_t at = 0, i = 0; i < 10; i++, at = next) {
                assert_int_equal(schedule_next(&minutely, zone, 0, (uint64_t)offset, at, &next), 0);
                assert_int_equal(next, i * (int64_t)USEC_PER_MINUTE + 123);
        }
}

static void test_intervals_are_multiples_from_the_anchor(void **state)
{
        static const struct {
                int64_t anchor, after, expected; /* minutes, every 7m */
        } cases[] = {
                {0, 0, 7},   {0, 6, 7}, {0, 7, 14}, {0, -1, 0},  {0, -7, 0},
                {0, -8, -7}, {3, 0, 3}, {3, 3, 10}, {100, 1, 2}, {-100, 0, 5},
        };
        Schedule s = parse("every 7m");
        const int64_t minute = (int64_t)USEC_PER_MINUTE;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int64_t next;

                assert_int_equal(schedule_next(&s, NULL, cases[i].anchor * minute, 0,
                                               cases[i].after * minute, &next),
                                 0);
                assert_int_equal(next, cases[i].expected * minute);
        }
}

static void test_moments_at_the_edge_of_time_are_refused(void **state)
{
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        Schedule every = parse("every 1m"), leap_day = parse("cron 0 0 29 2 */7"),
                 never = {.hours = 1, .minutes = 1};
        int64_t next = 42;

        (void)state;
        load("Europe/Brussels", &zone);
        assert_int_equal(schedule_next(&every, zone, 0, 0, INT64_MAX, &next), -ERANGE);
        assert_int_equal(schedule_next(&every, zone, 0, 1, INT64_MIN, &next), -ERANGE);
        assert_int_equal(schedule_next(&every, zone, 0, UINT64_MAX, 0, &next), -ERANGE);
        assert_int_equal(schedule_next(&every, zone, INT64_MIN, 0, INT64_MAX, &next), -ERANGE);
        assert_int_equal(schedule_next(&leap_day, zone, 0, 0, INT64_MAX - 1, &next), -ERANGE);
        assert_int_equal(schedule_next(&never, zone, 0, 0, 0, &next), -ERANGE);
        assert_int_equal(next, 42);
        assert_int_equal(schedule_next(&leap_day, zone, 0, 0, INT64_MIN, &next), 0);
}

static void test_spread_offsets_are_stable_and_even(void **state)
{
        enum { BUCKETS = 16, IDS = 16000 };
        const uint64_t spread = 5 * USEC_PER_MINUTE;
        unsigned counts[BUCKETS] = {0};
        uint8_t id[16] = {0};

        (void)state;
        for (unsigned i = 0; i < IDS; i++) {
                id[14] = (uint8_t)(i >> 8);
                id[15] = (uint8_t)i;
                uint64_t offset = schedule_spread_offset(id, spread);
                assert_true(offset < spread);
                assert_int_equal(offset, schedule_spread_offset(id, spread));
                counts[offset / (spread / BUCKETS)]++;
        }
        for (size_t i = 0; i < BUCKETS; i++) /* 1000 expected in each */
                assert_in_range(counts[i], 850, 1150);
        assert_int_equal(schedule_spread_offset(id, 0), 0);
        assert_int_equal(schedule_spread_offset(id, 1), 0);
        assert_true(schedule_spread_offset(id, UINT64_MAX) < UINT64_MAX);

        /* part of the contract: a release that moves these moves every edge of every installation
         */
        static const uint8_t known[16] = {0x0b, 0x9c, 0x1c, 0x1e, 0x3d, 0x0a, 0x4d, 0x55,
                                          0x9d, 0x2b, 0x6b, 0x8f, 0x0f, 0x0a, 0x1c, 0x11};
        assert_int_equal(schedule_spread_offset(known, spread), 139279000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_skipped_times_fire_once_right_after_the_gap),
                cmocka_unit_test(test_repeated_times_fire_once_the_first_time),
                cmocka_unit_test(test_a_rhythm_goes_on_through_both),
                cmocka_unit_test(test_days_combine_as_in_vixie_cron),
                cmocka_unit_test(test_rare_dates_are_found),
                cmocka_unit_test(test_next_is_strictly_after_to_the_microsecond),
                cmocka_unit_test(test_the_spread_shifts_every_firing),
                cmocka_unit_test(test_intervals_are_multiples_from_the_anchor),
                cmocka_unit_test(test_moments_at_the_edge_of_time_are_refused),
                cmocka_unit_test(test_spread_offsets_are_stable_and_even),
        };

        return cmocka_run_group_tests_name("schedule_next", tests, NULL, NULL);
}
