/*
 * retry_after: seconds, the three forms of dates, and everything that is neither.
 */
#include "base/duration.h"
#include "base/limits.h"
#include "http/retry_after.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW_SEC  784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW_DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define MOST     LIMIT_RETRY_AFTER_MAX_USEC

typedef struct Case {
        const char *value;
        const char *date;
        uint64_t expected_usec;
} Case;

static void expect(const Case *c)
{
        uint64_t got_usec = retry_after_parse(c->value, c->date, NOW_SEC);
        if (got_usec != c->expected_usec)
                fail_msg("\"%s\" (Date: \"%s\") gives %llu, not %llu", c->value, c->date,
                         (unsigned long long)got_usec, (unsigned long long)c->expected_usec);
}

static void seconds_are_taken_up_to_the_cap(void **state)
{
        (void)state;
        static const Case cases[] = {
                {"0", "", 0},
                {"1", "", USEC_PER_SEC},
                {" 7 \t", "", 7 * USEC_PER_SEC},
                {"0000000000000000000000000007", "", 7 * USEC_PER_SEC},
                {"899", "", 899 * USEC_PER_SEC},
                {"3599", "", 3599 * USEC_PER_SEC},
                {"3600", "", MOST},
                {"3601", "", MOST},
                {"20380101", "", MOST},
                {"4294967296", "", MOST},
                {"9223372036854775807", "", MOST},
                {"9223372036854775808", "", MOST},
                {"18446744073709551617", "", MOST},
                {"99999999999999999999999999999999999999999999", "", MOST},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                expect(&cases[i]);
}

static void dates_are_measured_from_now(void **state)
{
        (void)state;
        static const Case cases[] = {
                {"Sun, 06 Nov 1994 08:50:07 GMT", "", 30 * USEC_PER_SEC},  /* IMF-fixdate */
                {"Sunday, 06-Nov-94 08:50:07 GMT", "", 30 * USEC_PER_SEC}, /* RFC 850 */
                {"Sun Nov  6 08:50:07 1994", "", 30 * USEC_PER_SEC},       /* asctime */
                {"Sun, 06 Nov 1994 08:49:38 GMT", "", USEC_PER_SEC},
                {NOW_DATE, "", 0},
                {"Sun, 06 Nov 1994 08:49:36 GMT", "", 0},
                {"Thu, 01 Jan 1970 00:00:00 GMT", "", 0},
                {"Fri, 31 Dec 1999 23:59:59 GMT", "", MOST},
                {"Fri, 31 Dec 9999 23:59:59 GMT", "", MOST},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                expect(&cases[i]);
}

static void the_date_of_the_answer_goes_before_our_clock(void **state)
{
        (void)state;
        static const Case cases[] = {
                {"Tue, 06 Nov 2001 08:00:10 GMT", "Tue, 06 Nov 2001 08:00:00 GMT",
                 10 * USEC_PER_SEC},
                {"Wed, 06 Nov 1985 08:00:10 GMT", "Wed, 06 Nov 1985 08:00:00 GMT",
                 10 * USEC_PER_SEC},
                {"Tue, 06 Nov 2001 08:00:00 GMT", "Tue, 06 Nov 2001 08:00:10 GMT", 0},
                {"Sun, 06 Nov 1994 08:49:47 GMT", "nonsense", 10 * USEC_PER_SEC},
                {"10", "Tue, 06 Nov 2001 08:00:00 GMT", 10 * USEC_PER_SEC},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                expect(&cases[i]);
}

static void anything_else_is_no_wish(void **state)
{
        (void)state;
        static const char *const values[] = {
                "",
                " ",
                "-1",
                "+5",
                "1.5",
                "5s",
                "5 s",
                "1,2",
                "0x10",
                "1e3",
                "soon",
                "GMT",
                "::",
                "a:b:c",
                "Sun, 06 Nov 1994",
                "2038-01-01T00:00:00Z",
                "1 Jan 2038 00:00:00 GMT",
                "Sun, 99 Nov 2038 08:49:37 GMT",
                "Sun, 06 Xyz 2038 08:49:37 GMT",
                "Sun, 06 Nov 2038 88:49:37 GMT",
                "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
                "\xff\xfe\x80",
                "%s%n",
        };
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
                expect(&(Case){values[i], "", 0});
}

/* Every prefix of, and every byte changed in, what is valid: bounded, and no sanitizer objects. */
static void damage_never_exceeds_the_bounds(void **state)
{
        (void)state;
        static const char *const seeds[] = {"Sun, 06 Nov 2038 08:49:37 GMT",
                                            "Sunday, 06-Nov-38 08:49:37 GMT",
                                            "Sun Nov  6 08:49:37 2038", "1234567"};
        for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
                size_t size = strlen(seeds[i]);
                for (size_t at = 0; at <= size; at++)
                        for (int byte = 0; byte < 256; byte++) {
                                char value[64];
                                memcpy(value, seeds[i], size + 1);
                                value[at] = (char)byte;
                                value[size] = '\0';
                                assert_true(retry_after_parse(value, value, NOW_SEC) <= MOST);
                                assert_true(retry_after_parse(value, "", NOW_SEC) <= MOST);
                        }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(seconds_are_taken_up_to_the_cap),
                cmocka_unit_test(dates_are_measured_from_now),
                cmocka_unit_test(the_date_of_the_answer_goes_before_our_clock),
                cmocka_unit_test(anything_else_is_no_wish),
                cmocka_unit_test(damage_never_exceeds_the_bounds),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
