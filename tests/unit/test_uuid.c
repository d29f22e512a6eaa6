/*
 * An identifier has one spelling: 8-4-4-4-12 hexadecimal digits.
 */
#include "base/cleanup.h"
#include "base/uuid.h"
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_read_is_written_in_lower_case(void **state)
{
        (void)state;
        static const struct {
                const char *in, *out;
        } cases[] = {
                {"0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11", "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"},
                {"0B9C1C1E-3D0A-4D55-9D2B-6B8F0F0A1CFF", "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1cff"},
                {"00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"},
                {"ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Uuid id;
                char text[UUID_STRING_SIZE];
                assert_int_equal(uuid_parse(cases[i].in, &id), 0);
                assert_ptr_equal(uuid_format(&id, text), text);
                assert_string_equal(text, cases[i].out);
        }
}

static void bytes_are_in_the_order_of_the_digits(void **state)
{
        (void)state;
        static const uint8_t expected[16] = {0, 1, 2,  3,  4,  5,  6,  7,
                                             8, 9, 10, 11, 12, 13, 14, 0xf0};
        Uuid id;
        assert_int_equal(uuid_parse("00010203-0405-0607-0809-0a0b0c0d0ef0", &id), 0);
        assert_memory_equal(id.bytes, expected, sizeof(expected));
}

static void other_spellings_are_refused_and_leave_the_output_alone(void **state)
{
        (void)state;
        static const char *const cases[] = {
                "",
                "0b9c1c1e",
                "{0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11}",
                "urn:uuid:0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11",
                "0b9c1c1e3d0a4d559d2b6b8f0f0a1c11",
                "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c1",
                "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c111",
                " 0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c1",
                "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c1 ",
                "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c1g",
                "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c1\n",
                "0b9c1c1e_3d0a-4d55-9d2b-6b8f0f0a1c11",
                "0b9c1c1-e3d0a-4d55-9d2b-6b8f0f0a1c11",
                "0b9c1c1e-3d0a-4d559-d2b-6b8f0f0a1c11",
                "------------------------------------",
                "0x9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11",
                "-b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11",
                "０b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c",
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Uuid id, before;
                memset(&id, 0xa5, sizeof(id));
                before = id;
                assert_int_equal(uuid_parse(cases[i], &id), -EINVAL);
                assert_true(uuid_equal(&id, &before));
        }
}

static void text_without_nul_is_read_by_its_size_alone(void **state)
{
        (void)state;
        static const char text[] = "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11";
        Uuid id;
        /* Exactly as large as what may be read: the address sanitizer watches the end. */
        char *exact = malloc(sizeof(text) - 1);
        assert_non_null(exact);
        memcpy(exact, text, sizeof(text) - 1);
        assert_int_equal(uuid_parse_n(exact, sizeof(text) - 1, &id), 0);
        assert_int_equal(uuid_parse_n(exact, sizeof(text) - 2, &id), -EINVAL);
        assert_int_equal(uuid_parse_n(exact, 0, &id), -EINVAL);
        exact[20] = '\0';
        assert_int_equal(uuid_parse_n(exact, sizeof(text) - 1, &id), -EINVAL);
        free(exact);
}

static void every_byte_is_judged_at_every_place(void **state)
{
        (void)state;
        static const char text[] = "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11";
        for (size_t at = 0; at < sizeof(text) - 1; at++)
                for (int c = 0; c < 256; c++) {
                        char other[sizeof(text)], again[UUID_STRING_SIZE];
                        Uuid id;
                        memcpy(other, text, sizeof(text));
                        other[at] = (char)c;
                        bool good = text[at] == '-' ? c == '-' : isxdigit(c) != 0;
                        assert_int_equal(uuid_parse_n(other, sizeof(text) - 1, &id) == 0, good);
                        if (good)
                                assert_int_equal(strcasecmp(uuid_format(&id, again), other), 0);
                }
}

static void order_is_by_unsigned_bytes_from_the_left(void **state)
{
        (void)state;
        static const char *const rising[] = {
                "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001",
                "00000000-0000-0000-0000-000000000100", "7fffffff-ffff-ffff-ffff-ffffffffffff",
                "80000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        };
        for (size_t i = 0; i < ARRAY_SIZE(rising); i++)
                for (size_t k = 0; k < ARRAY_SIZE(rising); k++) {
                        Uuid a, b;
                        assert_int_equal(uuid_parse(rising[i], &a), 0);
                        assert_int_equal(uuid_parse(rising[k], &b), 0);
                        int order = uuid_compare(&a, &b);
                        assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
                        assert_int_equal(uuid_equal(&a, &b), i == k);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_read_is_written_in_lower_case),
                cmocka_unit_test(bytes_are_in_the_order_of_the_digits),
                cmocka_unit_test(other_spellings_are_refused_and_leave_the_output_alone),
                cmocka_unit_test(text_without_nul_is_read_by_its_size_alone),
                cmocka_unit_test(every_byte_is_judged_at_every_place),
                cmocka_unit_test(order_is_by_unsigned_bytes_from_the_left),
        };
        return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}
