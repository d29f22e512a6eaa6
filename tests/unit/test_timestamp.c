/*
 * Moments in ISO 8601: strict in what is read, with the zone's offset in what is written.
 */
#include "base/cleanup.h"
#include "schedule/timestamp.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)

static void accepted_forms(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                int64_t usec;
        } cases[] = {
                {"1970-01-01", 0},
                {"1970-01-01T00:00:00Z", 0},
                {"1970-01-01T00:00:01", SECOND},
                {"1970-01-01 00:01", 60 * SECOND},
                {"1970-01-01T00:01Z", 60 * SECOND},
                {"1970-01-01T00:00:00.5Z", SECOND / 2},
                {"1970-01-01T00:00:00.000001Z", 1},
                {"1970-01-01T00:00:00.0000019Z", 1},
                {"1970-01-01T00:00:00.123456789+00:00", 123456},
                {"2026-03-29T01:30:00+01:00", 1774744200 * SECOND},
                {"2026-03-29T01:30:00+0100", 1774744200 * SECOND},
                {"2026-03-29T01:30:00+01", 1774744200 * SECOND},
                {"2026-03-29T00:30Z", 1774744200 * SECOND},
                {"2026-03-28T19:30:00-05:00", 1774744200 * SECOND},
                {"2026-03-29T06:15+05:45", 1774744200 * SECOND},
                {"2024-02-29", 1709164800 * SECOND},
                {"1970-01-01T00:00+01:00", -3600 * SECOND},
                {"9999-12-31T23:59:59Z", 253402300799 * SECOND},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int64_t usec = -1;
                if (timestamp_parse(cases[i].text, &usec) != 0)
                        fail_msg("refused: %s", cases[i].text);
                assert_true(usec == cases[i].usec);
        }
}

static void refused_forms(void **state)
{
        (void)state;
        static const char *const cases[] = {
                "",
                "now",
                "2026",
                "2026-03",
                "26-03-29",
                "2026-3-29",
                "2026-03-29T",
                "2026-03-29T01",
                "2026-03-29T1:30",
                "2026-03-29T01:30:",
                "2026-03-29T01:30:00.",
                "2026-03-29T01:30:00.Z",
                "2026-03-29T24:00",
                "2026-03-29T23:60",
                "2026-03-29T23:59:60",
                "2026-00-10",
                "2026-13-10",
                "2026-01-00",
                "2026-02-29",
                "2026-02-31",
                "2026-04-31",
                "1900-01-01",
                "1969-12-31",
                "12026-01-01",
                "2026-03-29t01:30",
                "2026-03-29T01:30z",
                "2026-03-29T01:30+1:00",
                "2026-03-29T01:30+01:0",
                "2026-03-29T01:30+01:60",
                "2026-03-29T01:30+24:00",
                "2026-03-29T01:30++01:00",
                "2026-03-29T01:30+-1:00",
                "2026-03-29T01:30+01:",
                "2026-03-29T01:30 +01:00",
                "2026-03-29T01:30ZZ",
                "2026-03-29T01:30:00Z ",
                " 2026-03-29",
                "2026-03-29Z",
                "2026-03-29+01:00",
                "+2026-03-29",
                "2026-03-29  01:30",
                "1774744200",
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int64_t usec = 4711;
                if (timestamp_parse(cases[i], &usec) != -EINVAL)
                        fail_msg("accepted: %s", cases[i]);
                assert_int_equal(usec, 4711);
        }
}

static void written_with_the_offset_that_holds(void **state)
{
        (void)state;
        static const struct {
                const char *zone;
                int64_t usec;
                const char *text;
        } cases[] = {
                {"UTC", 0, "1970-01-01T00:00:00+00:00"},
                {"UTC", -1, "1969-12-31T23:59:59+00:00"},
                {"UTC", 999999, "1970-01-01T00:00:00+00:00"},
                {"Europe/Brussels", 1774745999 * SECOND, "2026-03-29T01:59:59+01:00"},
                {"Europe/Brussels", 1774746000 * SECOND, "2026-03-29T03:00:00+02:00"},
                {"America/New_York", 1774746000 * SECOND, "2026-03-28T21:00:00-04:00"},
                {"Asia/Kathmandu", 1774744200 * SECOND, "2026-03-29T06:15:00+05:45"},
                {"America/St_Johns", 1767225600 * SECOND, "2025-12-31T20:30:00-03:30"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(cleanup_zone) Zone *zone = NULL;
                char text[TIMESTAMP_STRING_SIZE];
                int64_t back;
                assert_int_equal(zone_load(cases[i].zone, &zone), 0);
                assert_string_equal(timestamp_format(cases[i].usec, zone, text), cases[i].text);
                if (cases[i].usec >= 0) {
                        assert_int_equal(timestamp_parse(text, &back), 0);
                        assert_true(back == cases[i].usec - cases[i].usec % SECOND);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(accepted_forms),
                cmocka_unit_test(refused_forms),
                cmocka_unit_test(written_with_the_offset_that_holds),
        };
        return cmocka_run_group_tests_name("timestamp", tests, NULL, NULL);
}
