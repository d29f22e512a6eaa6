/*
 * Sizes as people read them: never "0.0" of a unit that is too large.
 */
#include "base/bytes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_size_has_the_largest_unit_of_which_there_is_one(void **state)
{
        (void)state;
        static const struct {
                uint64_t bytes;
                const char *text;
        } cases[] = {
                {0, "0.0 KiB"},
                {512, "0.5 KiB"},
                {65536, "64.0 KiB"},
                {1 << 20, "1.0 MiB"},
                {2 << 20, "2.0 MiB"},
                {(1 << 30) - (1 << 20), "1023.0 MiB"},
                {1 << 30, "1.0 GiB"},
                {1048524, "1023.9 KiB"}, /* and not 1024.0 of the smaller unit */
                {1048525, "1.0 MiB"},
                {1073741823, "1.0 GiB"},
                {1600000000000000, "1490116.1 GiB"},
                {UINT64_MAX, "17179869184.0 GiB"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char out[BYTES_STRING_SIZE];
                assert_string_equal(bytes_format(cases[i].bytes, out), cases[i].text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_size_has_the_largest_unit_of_which_there_is_one),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
