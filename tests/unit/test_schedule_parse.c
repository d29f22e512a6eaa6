/*
 * What schedule_parse takes, what it makes of it, and what it says about the rest.
 */
#include "base/duration.h"
#include "schedule/schedule.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALL_MINUTES ((1ULL << 60) - 1)
#define ALL_HOURS   ((1U << 24) - 1)
#define ALL_DOM     0xFFFFFFFEU
#define ALL_MONTHS  0x1FFE
#define ALL_DOW     0x7F

static Schedule parse(const char *string)
{
        char error[SCHEDULE_ERROR_SIZE] = "";
        Schedule s;

        if (schedule_parse(string, &s, error, sizeof(error)) != 0)
                fail_msg("\"%s\" was refused: %s", string, error);
        return s;
}

static void test_intervals_are_taken(void **state)
{
        static const struct {
                const char *string;
                uint64_t usec;
        } cases[] = {
                {"every 1m", USEC_PER_MINUTE},        {"every 60s", USEC_PER_MINUTE},
                {"every 15m", 15 * USEC_PER_MINUTE},  {"every 1h30m", 90 * USEC_PER_MINUTE},
                {"  every\t2d  ", 2 * USEC_PER_DAY},  {"EVERY 1w", USEC_PER_WEEK},
                {"every 3650d", 3650 * USEC_PER_DAY},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Schedule s = parse(cases[i].string);

                assert_true(s.is_interval);
                assert_int_equal(s.interval_usec, cases[i].usec);
        }
}

static void test_fields_become_masks(void **state)
{
        static const struct {
                const char *string;
                uint64_t minutes;
                uint32_t hours, dom;
                uint16_t months;
                uint8_t dow;
        } cases[] = {
                {"cron * * * * *", ALL_MINUTES, ALL_HOURS, ALL_DOM, ALL_MONTHS, ALL_DOW},
                {"hourly", 1, ALL_HOURS, ALL_DOM, ALL_MONTHS, ALL_DOW},
                {"Daily", 1, 1, ALL_DOM, ALL_MONTHS, ALL_DOW},
                {" weekly ", 1, 1, ALL_DOM, ALL_MONTHS, 1},
                {"cron */15 6-20 * * mon-fri", 1ULL | 1ULL << 15 | 1ULL << 30 | 1ULL << 45,
                 0x1FFFC0, ALL_DOM, ALL_MONTHS, 0x3E},
                {"CRON 0,59 0,23 1,31 jan,DEC Sat", 1ULL | 1ULL << 59, 1 | 1U << 23,
                 1U << 1 | 1U << 31, 1 << 1 | 1 << 12, 1 << 6},
                {"cron\t05\t00 01 12 07", 1ULL << 5, 1, 2, 1 << 12, 1},
                {"cron 10-30/10 1-5/2 */10 2-11/3 0", 1ULL << 10 | 1ULL << 20 | 1ULL << 30, 0x2A,
                 1U << 1 | 1U << 11 | 1U << 21 | 1U << 31, 1 << 2 | 1 << 5 | 1 << 8 | 1 << 11, 1},
                {"cron 1,2,3,5-6,*/30 * * * *", 1ULL | 0x6EULL | 1ULL << 30, ALL_HOURS, ALL_DOM,
                 ALL_MONTHS, ALL_DOW},
                {"cron 0 0 * mar-May *", 1, 1, ALL_DOM, 7 << 3, ALL_DOW},
                {"cron */59 */23 */30 */11 *", 1 | 1ULL << 59, 1 | 1U << 23, 1U << 1 | 1U << 31,
                 1 << 1 | 1 << 12, ALL_DOW},
                /* Sunday: 0, 7 and sun, at either end */
                {"cron 0 0 * * 7", 1, 1, ALL_DOM, ALL_MONTHS, 1},
                {"cron 0 0 * * fri-sun", 1, 1, ALL_DOM, ALL_MONTHS, 0x61},
                {"cron 0 0 * * 5-7", 1, 1, ALL_DOM, ALL_MONTHS, 0x61},
                {"cron 0 0 * * 5-0", 1, 1, ALL_DOM, ALL_MONTHS, 0x61},
                {"cron 0 0 * * sun-tue", 1, 1, ALL_DOM, ALL_MONTHS, 0x07},
                {"cron 0 0 * * sun-sun", 1, 1, ALL_DOM, ALL_MONTHS, 0x01},
                {"cron 0 0 * * 0-7", 1, 1, ALL_DOM, ALL_MONTHS, ALL_DOW},
                {"cron 0 0 * * 1-7", 1, 1, ALL_DOM, ALL_MONTHS, ALL_DOW},
                {"cron 0 0 * * fri-sun/2", 1, 1, ALL_DOM, ALL_MONTHS, 0x21},
                {"cron 0 0 * * */7", 1, 1, ALL_DOM, ALL_MONTHS, 0x01},
                {"cron 0 0 * * */2", 1, 1, ALL_DOM, ALL_MONTHS, 0x55},
                {"cron 0 0 * * fri-sun,mon", 1, 1, ALL_DOM, ALL_MONTHS, 0x63},
                /* never in most months, but in one */
                {"cron 0 0 29 2 *", 1, 1, 1U << 29, 1 << 2, ALL_DOW},
                {"cron 0 0 31 * *", 1, 1, 1U << 31, ALL_MONTHS, ALL_DOW},
                {"cron 0 0 31 apr,may *", 1, 1, 1U << 31, 3 << 4, ALL_DOW},
                {"cron 0 0 30 2 mon", 1, 1, 1U << 30, 1 << 2, 2},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Schedule s = parse(cases[i].string);

                if (s.is_interval || s.minutes != cases[i].minutes || s.hours != cases[i].hours ||
                    s.days_of_month != cases[i].dom || s.months != cases[i].months ||
                    s.days_of_week != cases[i].dow)
                        fail_msg("\"%s\": minutes %#llx hours %#x dom %#x months %#x dow %#x",
                                 cases[i].string, (unsigned long long)s.minutes, s.hours,
                                 s.days_of_month, s.months, s.days_of_week);
        }
}

static void test_star_is_how_a_field_starts(void **state)
{
        static const struct {
                const char *string;
                bool minute, dom, dow;
        } cases[] = {
                {"cron * * * * *", true, true, true},
                {"cron 0 0 1 * mon", false, false, false},
                {"cron */5 0 */2 * mon", true, true, false},
                {"cron 0 0 1 * */2", false, false, true},
                {"cron 0 0 *,3 * 0-6", false, true, false},
                {"cron 0-59 0 1-31 * 3,*", false, false, false},
                {"weekly", false, true, false},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Schedule s = parse(cases[i].string);

                if (s.minute_star != cases[i].minute || s.dom_star != cases[i].dom ||
                    s.dow_star != cases[i].dow)
                        fail_msg("\"%s\": minute %d dom %d dow %d", cases[i].string, s.minute_star,
                                 s.dom_star, s.dow_star);
        }
}

static void test_refusals_say_what_is_wrong_and_what_is_accepted(void **state)
{
        static const struct {
                const char *string;
                int err;
                const char *says;
        } cases[] = {
                {"", -EINVAL, "the schedule is empty"},
                {"  \t ", -EINVAL, "the schedule is empty"},
                {"sometimes", -EINVAL, "\"sometimes\" is not a schedule"},
                {"@daily", -EINVAL, "\"@daily\" is not a schedule"},
                {"hourlyy", -EINVAL, "not a schedule"},
                {"hour", -EINVAL, "not a schedule"},
                {"daily 3:00", -EINVAL, "nothing may follow daily"},
                {"*/15 * * * *", -EINVAL, "the word cron or every comes first"},
                {"15m", -EINVAL, "the word cron or every comes first"},
                {"every", -EINVAL, "not a duration"},
                {"every day", -EINVAL, "\"day\": not a duration"},
                {"every 15", -EINVAL, "not a duration"},
                {"every -15m", -EINVAL, "not a duration"},
                {"every 1h 30m", -EINVAL, "\"1h 30m\": not a duration"},
                {"every 59s", -EINVAL, "too short"},
                {"every 0m", -EINVAL, "too short"},
                {"every 4000d", -EINVAL, "too long"},
                {"every 99999999999999999999w", -EINVAL, "every \"99999999999999999999w\""},
                {"cron", -EINVAL, "cron has 0 fields; accepted: five"},
                {"cron 5", -EINVAL, "cron has 1 field; accepted: five"},
                {"cron * * * *", -EINVAL, "cron has 4 fields; accepted: five"},
                {"cron 0 * * * * *", -EINVAL, "cron has 6 fields; accepted: five"},
                {"cron 60 * * * *", -EINVAL, "minute \"60\": 60 is outside 0-59"},
                {"cron 1000 * * * *", -EINVAL, "\"1000\" is not understood"},
                {"cron 0 24 * * *", -EINVAL, "hour \"24\": 24 is outside 0-23"},
                {"cron 0 0 0 * *", -EINVAL, "day of month \"0\": 0 is outside 1-31"},
                {"cron 0 0 32 * *", -EINVAL, "32 is outside 1-31"},
                {"cron 0 0 * 0 *", -EINVAL, "month \"0\": 0 is outside 1-12"},
                {"cron 0 0 * 13 *", -EINVAL, "13 is outside 1-12"},
                {"cron 0 0 * * 8", -EINVAL, "day of week \"8\": 8 is outside 0-7"},
                {"cron -1 * * * *", -EINVAL, "a value is missing"},
                {"cron 1- * * * *", -EINVAL, "a value is missing"},
                {"cron +1 * * * *", -EINVAL, "\"+1\" is not understood"},
                {"cron 1.5 * * * *", -EINVAL, "\"1.5\" is not understood"},
                {"cron , * * * *", -EINVAL, "an entry of the list is empty"},
                {"cron 1, * * * *", -EINVAL, "an entry of the list is empty"},
                {"cron 1,,2 * * * *", -EINVAL, "an entry of the list is empty"},
                {"cron 5/10 * * * *", -EINVAL,
                 "a step needs a range or \"*\" before it, such as 5-59/2"},
                {"cron */0 * * * *", -EINVAL,
                 "the step after \"/\" must be a whole number from 1 to 59"},
                {"cron */ * * * *", -EINVAL, "the step after"},
                {"cron */2/3 * * * *", -EINVAL, "the step after"},
                {"cron */-2 * * * *", -EINVAL, "the step after"},
                {"cron */90 * * * *", -EINVAL, "use \"every\", such as every 90m"},
                {"cron 0 */24 * * *", -EINVAL, "a step of 24 is wider than the field (at most 23)"},
                {"cron **  * * * *", -EINVAL, "\"**\" is not understood"},
                {"cron *-5 * * * *", -EINVAL, "\"*\" is not understood"},
                {"cron 30-10 * * * *", -EINVAL, "the range runs backwards"},
                {"cron 0 22-2 * * *", -EINVAL, "the range runs backwards"},
                {"cron 0 0 * nov-feb *", -EINVAL, "the range runs backwards"},
                {"cron 0 0 * * fri-mon", -EINVAL, "the range runs backwards"},
                {"cron 0 0 * * 7-2", -EINVAL, "the range runs backwards"},
                {"cron 1-2-3 * * * *", -EINVAL, "\"2-3\" is not understood"},
                {"cron jan * * * *", -EINVAL, "\"jan\" is not understood"},
                {"cron 0 0 mon * *", -EINVAL, "\"mon\" is not understood"},
                {"cron 0 0 * mon *", -EINVAL, "\"mon\" is not understood"},
                {"cron 0 0 * january *", -EINVAL, "accepted: 1-12 or jan-dec"},
                {"cron 0 0 * * jan", -EINVAL, "0-7 (0 and 7 are Sunday) or sun-sat"},
                {"cron 0 0 L * *", -EINVAL, "\"L\" is not understood"},
                {"cron 0 0 ? * *", -EINVAL, "\"?\" is not understood"},
                {"cron 0 0 * * mon#1", -EINVAL, "\"mon#1\" is not understood"},
                {"cron 30 2 30 2 *", -ERANGE, "day of month \"30\" does not occur in month \"2\""},
                {"cron 0 0 31 2,apr,6 *", -ERANGE,
                 "day of month \"31\" does not occur in month \"2,apr,6\""},
                {"cron 0 0 30-31 feb */2", -ERANGE, "never fires"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char error[SCHEDULE_ERROR_SIZE] = "";
                Schedule s;
                int err = schedule_parse(cases[i].string, &s, error, sizeof(error));

                if (err != cases[i].err || !strstr(error, cases[i].says) ||
                    !strstr(error, "accepted:"))
                        fail_msg("\"%s\": %d, \"%s\"", cases[i].string, err, error);
        }
}

static void test_foreign_bytes_in_a_refusal_are_made_harmless(void **state)
{
        char string[4096], error[SCHEDULE_ERROR_SIZE], small[16];
        Schedule s;

        (void)state;
        assert_int_equal(schedule_parse("cron \033[31m\xff * * * *", &s, error, sizeof(error)),
                         -EINVAL);
        for (const char *at = error; *at; at++)
                assert_true((unsigned char)*at >= ' ' && *at != 0x7F);

        (void)snprintf(string, sizeof(string), "cron %04000d * * * *", 1);
        assert_int_equal(schedule_parse(string, &s, error, sizeof(error)), -EINVAL);
        /* the quoted piece was cut, the rest of the text was not */
        assert_non_null(strstr(error, "accepted: 0-59"));

        memset(small, 'x', sizeof(small));
        assert_int_equal(schedule_parse("sometimes", &s, small, 8), -EINVAL);
        assert_int_equal(strlen(small), 7);
        assert_int_equal(small[8], 'x');
        assert_int_equal(schedule_parse("sometimes", &s, NULL, 0), -EINVAL);
}

static void test_success_leaves_the_error_alone_and_failure_the_schedule(void **state)
{
        char error[SCHEDULE_ERROR_SIZE] = "untouched";
        Schedule s = {.is_interval = true, .interval_usec = 42};

        (void)state;
        assert_int_equal(schedule_parse("cron * * * * nope", &s, NULL, 0), -EINVAL);
        assert_true(s.is_interval);
        assert_int_equal(s.interval_usec, 42);
        assert_int_equal(schedule_parse("daily", &s, error, sizeof(error)), 0);
        assert_string_equal(error, "untouched");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_intervals_are_taken),
                cmocka_unit_test(test_fields_become_masks),
                cmocka_unit_test(test_star_is_how_a_field_starts),
                cmocka_unit_test(test_refusals_say_what_is_wrong_and_what_is_accepted),
                cmocka_unit_test(test_foreign_bytes_in_a_refusal_are_made_harmless),
                cmocka_unit_test(test_success_leaves_the_error_alone_and_failure_the_schedule),
        };

        return cmocka_run_group_tests_name("schedule_parse", tests, NULL, NULL);
}
