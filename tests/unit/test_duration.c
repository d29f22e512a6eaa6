/*
 * Lengths of time: what is accepted, what is refused and why, and that what is written can be read
 * again.
 */
#include "base/cleanup.h"
#include "base/clock_skew.h"
#include "base/duration.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void accepted_forms(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                uint64_t usec;
        } cases[] = {
                {"0s", 0},
                {"0ms", 0},
                {"250ms", 250 * USEC_PER_MSEC},
                {"90s", 90 * USEC_PER_SEC},
                {"15m", 15 * USEC_PER_MINUTE},
                {"1h30m", 90 * USEC_PER_MINUTE},
                {"2d", 2 * USEC_PER_DAY},
                {"1w2d3h4m5s6ms", USEC_PER_WEEK + 2 * USEC_PER_DAY + 3 * USEC_PER_HOUR +
                                          4 * USEC_PER_MINUTE + 5 * USEC_PER_SEC +
                                          6 * USEC_PER_MSEC},
                {"1m1ms", USEC_PER_MINUTE + USEC_PER_MSEC},
                {"007s", 7 * USEC_PER_SEC},
                {"3650d", 3650 * USEC_PER_DAY},
                {"00000000000000000000000000000000000001s", USEC_PER_SEC},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                uint64_t usec = 1;
                assert_int_equal(duration_parse(cases[i].text, &usec), 0);
                assert_int_equal(usec, cases[i].usec);
        }
}

static void refused_forms_leave_the_output_alone(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                int error;
        } cases[] = {
                {"", -EINVAL},
                {"90", -EINVAL},
                {"s", -EINVAL},
                {"-1s", -EINVAL},
                {"+1s", -EINVAL},
                {"1.5s", -EINVAL},
                {" 1s", -EINVAL},
                {"1s ", -EINVAL},
                {"1 s", -EINVAL},
                {"1h 30m", -EINVAL},
                {"30m1h", -EINVAL},
                {"1m1m", -EINVAL},
                {"1s1m", -EINVAL},
                {"1H", -EINVAL},
                {"1min", -EINVAL},
                {"1y", -EINVAL},
                {"1us", -EINVAL},
                {"1h30", -EINVAL},
                {"1mss", -EINVAL},
                {"0x10s", -EINVAL},
                {"1e3s", -EINVAL},
                {"1s\n", -EINVAL},
                {"infinity", -EINVAL},
                {"11w1", -EINVAL},
                {"4000d", -ERANGE},
                {"600w", -ERANGE},
                {"3652d100h", -ERANGE},
                {"18446744073709551616ms", -ERANGE},
                {"18446744073709551615w", -ERANGE},
                {"99999999999999999999999999999999999999999999999s", -ERANGE},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                uint64_t usec = 4711;
                assert_int_equal(duration_parse(cases[i].text, &usec), cases[i].error);
                assert_int_equal(usec, 4711);
        }
}

static void exact_form(void **state)
{
        (void)state;
        static const struct {
                uint64_t usec;
                const char *text;
        } cases[] = {
                {0, "0s"},
                {999, "0s"},
                {1000, "1ms"},
                {USEC_PER_SEC - 1, "999ms"},
                {USEC_PER_SEC, "1s"},
                {90 * USEC_PER_MINUTE, "1h30m"},
                {USEC_PER_DAY + USEC_PER_MSEC, "1d1ms"},
                {8 * USEC_PER_DAY, "1w1d"},
                {UINT64_MAX, "30500568w6d8h1m49s551ms"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[DURATION_STRING_SIZE];
                assert_ptr_equal(duration_format(cases[i].usec, text), text);
                assert_string_equal(text, cases[i].text);
        }
}

static void what_is_written_is_read_as_the_same(void **state)
{
        (void)state;
        uint64_t msec = 1;
        for (unsigned i = 0; i < 20000; i++) {
                char text[DURATION_STRING_SIZE];
                uint64_t read;
                msec = (msec * 6364136223846793005ULL + 1442695040888963407ULL);
                /* All magnitudes: shift by a varying amount, then stay within ten years. */
                uint64_t usec =
                        (msec >> (i % 60)) % (3650 * USEC_PER_DAY / USEC_PER_MSEC) * USEC_PER_MSEC;
                assert_int_equal(duration_parse(duration_format(usec, text), &read), 0);
                assert_int_equal(read, usec);
        }
}

static void short_form_has_two_units_at_most(void **state)
{
        (void)state;
        static const struct {
                uint64_t usec;
                const char *text;
        } cases[] = {
                {0, "0ms"},
                {999, "0ms"},
                {340 * USEC_PER_MSEC, "340ms"},
                {USEC_PER_SEC, "1.0s"},
                {1299 * USEC_PER_MSEC, "1.2s"},
                {USEC_PER_MINUTE - 1, "59.9s"},
                {USEC_PER_MINUTE, "1m"},
                {12 * USEC_PER_MINUTE + 30 * USEC_PER_SEC, "12m30s"},
                {USEC_PER_HOUR - 1, "59m59s"},
                {USEC_PER_HOUR, "1h"},
                {USEC_PER_HOUR + 59 * USEC_PER_SEC, "1h"},
                {USEC_PER_DAY - 1, "23h59m"},
                {3 * USEC_PER_DAY + 4 * USEC_PER_HOUR + 5 * USEC_PER_MINUTE, "3d4h"},
                {30 * USEC_PER_DAY, "30d"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[DURATION_STRING_SIZE];
                assert_ptr_equal(duration_format_short(cases[i].usec, text), text);
                assert_string_equal(text, cases[i].text);
        }
}

/* What an answer is under way for is no difference of clocks. */
static void clocks_are_compared_to_a_second(void **state)
{
        (void)state;
        static const struct {
                int64_t ahead_usec;
                bool far;
                const char *text;
        } cases[] = {
                {0, false, "this machine's clock and that of it agree to a second"},
                {3000, false, "this machine's clock and that of it agree to a second"},
                {-1999999, false, "this machine's clock and that of it agree to a second"},
                {-2000000, false, "this machine's clock is 2.0s behind that of it"},
                {60000000, false, "this machine's clock is 1m ahead of that of it"},
                {60000001, true,
                 "this machine's clock is 1m ahead of that of it; is it synchronised?"},
                {-300000000, true,
                 "this machine's clock is 5m behind that of it; is it synchronised?"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char text[160];
                assert_int_equal(clock_skew(cases[i].ahead_usec, "it", text, sizeof(text)),
                                 cases[i].far);
                assert_string_equal(text, cases[i].text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(accepted_forms),
                cmocka_unit_test(refused_forms_leave_the_output_alone),
                cmocka_unit_test(exact_form),
                cmocka_unit_test(what_is_written_is_read_as_the_same),
                cmocka_unit_test(short_form_has_two_units_at_most),
                cmocka_unit_test(clocks_are_compared_to_a_second),
        };
        return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
