/*
 * Bytes from outside: which are UTF-8, which are numbers, and what of them a person sees.
 */
#include "base/text.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Bytes {
        const char *bytes;
        size_t size;
} Bytes;
#define BYTES(s)                                                                                   \
        {                                                                                          \
                s, sizeof(s) - 1                                                                   \
        }

/* Validates a copy that ends where the memory ends: the address sanitizer sees a byte read too
 * many. */
static bool valid(Bytes b)
{
        char *copy = malloc(b.size ? b.size : 1);
        assert_non_null(copy);
        memcpy(copy, b.bytes, b.size);
        bool result = text_utf8_valid(copy, b.size);
        free(copy);
        return result;
}

static void well_formed_utf8(void **state)
{
        (void)state;
        static const Bytes cases[] = {
                BYTES(""),
                BYTES("plain"),
                BYTES("with\0nul"),
                BYTES("\x7f"),
                BYTES("\xc2\x80"),         /* U+0080, the first of two bytes */
                BYTES("\xdf\xbf"),         /* U+07FF */
                BYTES("\xe0\xa0\x80"),     /* U+0800 */
                BYTES("\xed\x9f\xbf"),     /* U+D7FF, the last before the surrogates */
                BYTES("\xee\x80\x80"),     /* U+E000, the first after them */
                BYTES("\xef\xbf\xbf"),     /* U+FFFF, not a character, but well-formed */
                BYTES("\xf0\x90\x80\x80"), /* U+10000 */
                BYTES("\xf4\x8f\xbf\xbf"), /* U+10FFFF */
                BYTES("日本語 🎉 é"),
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_true(valid(cases[i]));
}

static void malformed_utf8(void **state)
{
        (void)state;
        static const Bytes cases[] = {
                BYTES("\x80"), /* a continuation alone */
                BYTES("\xbf"),
                BYTES("a\x80"),
                BYTES("\xc0\x80"), /* overlong NUL */
                BYTES("\xc0\xaf"), /* overlong "/" */
                BYTES("\xc1\xbf"),
                BYTES("\xe0\x80\x80"),
                BYTES("\xe0\x9f\xbf"),
                BYTES("\xf0\x80\x80\x80"),
                BYTES("\xf0\x8f\xbf\xbf"),
                BYTES("\xed\xa0\x80"),             /* U+D800 */
                BYTES("\xed\xbf\xbf"),             /* U+DFFF */
                BYTES("\xed\xa0\xbd\xed\xb8\x80"), /* a surrogate pair, as CESU-8 has it */
                BYTES("\xf4\x90\x80\x80"),         /* U+110000 */
                BYTES("\xf5\x80\x80\x80"),
                BYTES("\xf8\x88\x80\x80\x80"), /* five bytes */
                BYTES("\xfc\x84\x80\x80\x80\x80"),
                BYTES("\xfe"),
                BYTES("\xff"),
                BYTES("\xc2"), /* cut short */
                BYTES("\xe2\x82"),
                BYTES("\xf0\x9f\x8e"),
                BYTES("\xf0\x9f"),
                BYTES("\xf0"),
                BYTES("\xc2\x41"), /* a letter where a continuation belongs */
                BYTES("\xe2\x82\x41"),
                BYTES("\xe2\x28\xa1"),
                BYTES("\xf0\x9f\x8e\xc0"),
                BYTES("\xf0\x9f\x41\x89"),
                BYTES("caf\xe9"),  /* Latin-1 */
                BYTES("ok\0\xff"), /* behind a NUL */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_false(valid(cases[i]));
}

static void every_code_point_is_judged_by_the_rule(void **state)
{
        (void)state;
        for (uint32_t c = 0; c <= 0x110fff; c++) {
                char b[4];
                size_t n;
                if (c < 0x80) {
                        b[0] = (char)c;
                        n = 1;
                } else if (c < 0x800) {
                        b[0] = (char)(0xc0 | c >> 6);
                        b[1] = (char)(0x80 | (c & 63));
                        n = 2;
                } else if (c < 0x10000) {
                        b[0] = (char)(0xe0 | c >> 12);
                        b[1] = (char)(0x80 | (c >> 6 & 63));
                        b[2] = (char)(0x80 | (c & 63));
                        n = 3;
                } else {
                        b[0] = (char)(0xf0 | c >> 18);
                        b[1] = (char)(0x80 | (c >> 12 & 63));
                        b[2] = (char)(0x80 | (c >> 6 & 63));
                        b[3] = (char)(0x80 | (c & 63));
                        n = 4;
                }
                bool expected = c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
                if (text_utf8_valid(b, n) != expected)
                        fail_msg("U+%04X", c);
        }
}

/* Several bytes are looked at together: each must be judged as it would be alone, whatever stands
 * beside it. */
static void plain_bytes_are_told_apart_wherever_they_stand(void **state)
{
        (void)state;
        enum { SIZE = 19 };
        for (unsigned pair = 0; pair < 0x10000; pair++) {
                char beside[] = {(char)(pair & 0xff), (char)(pair >> 8)};
                bool plain[2];
                for (size_t k = 0; k < 2; k++) {
                        unsigned char c = (unsigned char)beside[k];
                        plain[k] = c >= 0x20 && c <= 0x7f && c != '"' && c != '\\';
                }
                for (size_t at = 0; at + 1 < SIZE; at++) {
                        char bytes[SIZE];
                        memset(bytes, 'a', SIZE);
                        memcpy(bytes + at, beside, 2);
                        size_t expected = !plain[0] ? at : !plain[1] ? at + 1 : SIZE;
                        if (text_span_plain(bytes, SIZE) != expected)
                                fail_msg("%02x %02x at %zu", beside[0] & 0xff, beside[1] & 0xff,
                                         at);
                }
        }
        assert_int_equal(text_span_plain("", 0), 0);
        assert_int_equal(text_span_plain("abc\"", 3), 3);
}

static void what_is_no_utf8_is_found_wherever_it_stands(void **state)
{
        (void)state;
        char bytes[40];
        for (size_t size = 1; size <= sizeof(bytes); size++) {
                for (size_t at = 0; at < size; at++) {
                        memset(bytes, 'a', sizeof(bytes));
                        assert_true(valid((Bytes){bytes, size}));
                        bytes[at] = '\xbf';
                        assert_false(valid((Bytes){bytes, size}));
                        bytes[at] = '\xc3'; /* a letter that the end cuts short */
                        assert_false(valid((Bytes){bytes, size}));
                        if (at + 1 < size) {
                                bytes[at + 1] = '\xa9';
                                assert_true(valid((Bytes){bytes, size}));
                                assert_int_equal(text_utf8_length(bytes + at, size - at), 2);
                        }
                }
        }
        assert_int_equal(text_utf8_length("", 0), 0);
}

static void foreign_text_becomes_printable(void **state)
{
        (void)state;
        static const struct {
                Bytes in;
                const char *out;
        } cases[] = {
                {BYTES(""), ""},
                {BYTES("plain"), "plain"},
                {BYTES("two  blanks\t\tand tabs"), "two blanks and tabs"},
                {BYTES("line\r\nline\n"), "line line"},
                {BYTES("  \n lead and trail \n "), "lead and trail"},
                /* O6: shown escaped, nothing taken out */
                {BYTES("\x1b]0;title\x07\x1b[2J"), "\\x1b]0;title\\x07\\x1b[2J"},
                {BYTES("c1 \xc2\x9b"
                       "31m \xc2\x85 nel"),
                 "c1 \\x9b31m \\x85 nel"},
                {BYTES("nul\0inside"), "nul\\x00inside"},
                {BYTES("\x7f"
                       "del\x7f"),
                 "\\x7fdel\\x7f"},
                {BYTES("a\u202eb\u2066c\u200fd\u061ce"), "a\\u202eb\\u2066c\\u200fd\\u061ce"},
                {BYTES("line\u2028or\u2029paragraph"), "line\\u2028or\\u2029paragraph"},
                {BYTES("\ufeffmark\u200b"), "\\ufeffmark\\u200b"},
                {BYTES("tag\U000e0041"), "tag\\ue0041"},
                {BYTES("soft\u00ad, \u034f \u115f\u1160\u17b4\u17b5\u180e"),
                 "soft\\xad, \\u034f \\u115f\\u1160\\u17b4\\u17b5\\u180e"},
                {BYTES("\u2060\u2800\u3164\uffa0\ufff0\U0001d173"),
                 "\\u2060\\u2800\\u3164\\uffa0\\ufff0\\u1d173"},
                {BYTES("\u1820\u180b \u845b\U000e0100"), "\u1820\u180b \u845b\U000e0100"},
                {BYTES("می\u200cروم"), "می\u200cروم"},
                {BYTES("caf\xe9"), "caf?"},
                {BYTES("\xed\xa0\x80"), "???"},
                {BYTES("\xf0\x9f"), "??"},
                {BYTES("é\xc2\xa0日本語 🎉"), "é\xc2\xa0日本語 🎉"},
                {BYTES("\n\t \0"), "\\x00"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char out[96];
                memset(out, 'x', sizeof(out));
                assert_ptr_equal(
                        text_printable(cases[i].in.bytes, cases[i].in.size, out, sizeof(out)), out);
                assert_string_equal(out, cases[i].out);
        }
}

static void what_does_not_fit_is_cut_at_a_character(void **state)
{
        (void)state;
        static const struct {
                const char *in;
                size_t size;
                const char *out;
        } cases[] = {
                {"abcdef", 7, "abcdef"}, /* fits exactly */
                {"abcdef", 6, "ab…"},    {"abcdef", 5, "a…"},
                {"abcdef", 4, "…"},      {"abcdef", 3, "ab"}, /* no room for "…" */
                {"abcdef", 2, "a"},      {"abcdef", 1, ""},
                {"€€€", 10, "€€€"},      {"€€€", 9, "€…"},
                {"€€€", 7, "€…"},        {"€€€", 6, "…"},
                {"🎉🎉", 9, "🎉🎉"},         {"🎉🎉", 8, "🎉…"},
                {"🎉🎉", 7, "…"},          {"🎉", 3, ""},
                {"ab cd", 5, "a…"},      {"ab     ", 3, "ab"}, /* blanks at the end need no room */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char *out = malloc(cases[i].size);
                assert_non_null(out);
                text_printable(cases[i].in, strlen(cases[i].in), out, cases[i].size);
                assert_string_equal(out, cases[i].out);
                free(out);
        }
}

static void printable_text_of_any_bytes_is_clean(void **state)
{
        (void)state;
        uint64_t x = 88172645463325252ULL;
        for (unsigned n = 0; n < 20000; n++) {
                char in[48];
                for (size_t i = 0; i < sizeof(in); i++) {
                        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
                        in[i] = (char)(x >> 24);
                }
                size_t size = 1 + n % 64;
                char *out = malloc(size);
                assert_non_null(out);
                text_printable(in, sizeof(in), out, size);
                size_t used = strnlen(out, size);
                assert_true(used < size);
                assert_true(text_utf8_valid(out, used));
                for (size_t i = 0; i < used; i++) {
                        unsigned char c = (unsigned char)out[i];
                        assert_true(c >= 0x20 && c != 0x7f);
                        assert_false(c == 0xc2 && (unsigned char)out[i + 1] < 0xa0);
                }
                free(out);
        }
}

/* O6: What a program reads is the same, what a terminal sees is harmless. */
static void printed_json_is_escaped(void **state)
{
        (void)state;
        static const struct {
                const char *in, *out;
        } cases[] = {
                {"{\"a\":\"plain é 日本 🎉\"}", "{\"a\":\"plain é 日本 🎉\"}"},
                {"[\"\x7f\xc2\x9b\u202e\u2028\"]", "[\"\\u007f\\u009b\\u202e\\u2028\"]"},
                {"[\"\U000e0041\"]", "[\"\\udb40\\udc41\"]"},
                {"[\"\u00ad\U0001d173\"]", "[\"\\u00ad\\ud834\\udd73\"]"},
                {"[\"\xff\"]", "[\"\\ufffd\"]"},
                {"[\"\\u001b[2J\"]", "[\"\\u001b[2J\"]"},
                {"", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(text_done) Text t = {0};
                assert_int_equal(text_append_json(&t, cases[i].in), 0);
                assert_true(text_equal(t.data, cases[i].out));
        }
}

static void numbers(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                int64_t min, max;
                int result;
                int64_t value;
        } cases[] = {
                {"0", 0, 10, 0, 0},
                {"10", 0, 10, 0, 10},
                {"007", 0, 10, 0, 7},
                {"-5", -5, 5, 0, -5},
                {"-0", 0, 0, 0, 0},
                {"9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
                {"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
                {"11", 0, 10, -ERANGE, 0},
                {"-1", 0, 10, -ERANGE, 0},
                {"9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0},
                {"-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0},
                {"18446744073709551617", 0, 10, -ERANGE, 0},
                {"99999999999999999999999999999", INT64_MIN, INT64_MAX, -ERANGE, 0},
                {"99999999999999999999999999999x", INT64_MIN, INT64_MAX, -EINVAL, 0},
                {"", 0, 10, -EINVAL, 0},
                {"-", -10, 10, -EINVAL, 0},
                {"--1", -10, 10, -EINVAL, 0},
                {"+1", 0, 10, -EINVAL, 0},
                {" 1", 0, 10, -EINVAL, 0},
                {"1 ", 0, 10, -EINVAL, 0},
                {"1.0", 0, 10, -EINVAL, 0},
                {"1e1", 0, 10, -EINVAL, 0},
                {"0x1", 0, 10, -EINVAL, 0},
                {"one", 0, 10, -EINVAL, 0},
                {"٣", 0, 10, -EINVAL, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int64_t value = 0;
                assert_int_equal(
                        text_parse_int64(cases[i].text, cases[i].min, cases[i].max, &value),
                        cases[i].result);
                assert_true(value == cases[i].value);
        }
}

static void a_text_grows_and_ends_in_nul(void **state)
{
        (void)state;
        _cleanup_(text_done) Text t = {0};
        assert_int_equal(text_append(&t, "", 0), 0);
        assert_string_equal(t.data, "");
        for (unsigned i = 0; i < 10000; i++)
                assert_int_equal(text_printf(&t, "%u,", i), 0);
        assert_int_equal(t.size, 48890);
        assert_int_equal(strlen(t.data), t.size);
        assert_string_equal(t.data + t.size - 5, "9999,");
        assert_int_equal(text_append(&t, "a\0b", 3), 0);
        assert_int_equal(t.size, 48893);
        assert_memory_equal(t.data + t.size - 3, "a\0b", 4);

        const char *memory = t.data;
        text_reset(&t);
        assert_int_equal(t.size, 0);
        assert_string_equal(t.data, "");
        assert_int_equal(text_append_string(&t, "again"), 0);
        assert_ptr_equal(t.data, memory);
}

static void a_size_that_cannot_be_is_refused_and_nothing_is_lost(void **state)
{
        (void)state;
        _cleanup_(text_done) Text t = {0};
        assert_int_equal(text_append_string(&t, "kept"), 0);
        assert_int_equal(text_append(&t, "x", SIZE_MAX), -ENOMEM);
        assert_int_equal(text_append(&t, "x", SIZE_MAX - 4), -ENOMEM);
        assert_string_equal(t.data, "kept");
        assert_int_equal(t.size, 4);
}

static void an_empty_text_is_released_any_number_of_times(void **state)
{
        (void)state;
        Text t = {0};
        text_reset(&t);
        text_done(&t);
        text_wipe(&t);
        assert_int_equal(text_append_string(&t, "secret"), 0);
        text_wipe(&t);
        text_wipe(&t);
        assert_null(t.data);
        assert_int_equal(t.size, 0);
        assert_int_equal(t.capacity, 0);
}

static void equality_and_prefixes(void **state)
{
        (void)state;
        assert_true(text_equal("a", "a"));
        assert_false(text_equal("a", "A"));
        assert_false(text_equal("a", "ab"));
        assert_true(text_equal(NULL, NULL));
        assert_false(text_equal(NULL, ""));
        assert_false(text_equal("", NULL));
        assert_true(text_starts_with("https://x", "https://"));
        assert_true(text_starts_with("x", ""));
        assert_true(text_starts_with("x", "x"));
        assert_false(text_starts_with("", "x"));
        assert_false(text_starts_with("http", "https"));
}

static void what_is_shown_as_it_is_is_known(void **state)
{
        (void)state;
        static const char *const PLAIN[] = {"", "plain", " a  b ", "Größe, 数据库, 🗄️",
                                            "می‌خواهم" /* with a joiner */};
        static const char *const OTHERS[] = {"a\tb",     "\x1b[2J", "\x7f",    "\xc2\x9b",
                                             "a\u202eb", "\u200b",  "\ufeffa", "\U000e0041",
                                             "\xff",     "\xc3",    "a\u00ad", "\u3164"};
        for (size_t i = 0; i < ARRAY_SIZE(PLAIN); i++)
                assert_true(text_is_printable(PLAIN[i]));
        for (size_t i = 0; i < ARRAY_SIZE(OTHERS); i++)
                assert_false(text_is_printable(OTHERS[i]));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_shown_as_it_is_is_known),
                cmocka_unit_test(well_formed_utf8),
                cmocka_unit_test(malformed_utf8),
                cmocka_unit_test(every_code_point_is_judged_by_the_rule),
                cmocka_unit_test(plain_bytes_are_told_apart_wherever_they_stand),
                cmocka_unit_test(what_is_no_utf8_is_found_wherever_it_stands),
                cmocka_unit_test(foreign_text_becomes_printable),
                cmocka_unit_test(what_does_not_fit_is_cut_at_a_character),
                cmocka_unit_test(printable_text_of_any_bytes_is_clean),
                cmocka_unit_test(printed_json_is_escaped),
                cmocka_unit_test(numbers),
                cmocka_unit_test(a_text_grows_and_ends_in_nul),
                cmocka_unit_test(a_size_that_cannot_be_is_refused_and_nothing_is_lost),
                cmocka_unit_test(an_empty_text_is_released_any_number_of_times),
                cmocka_unit_test(equality_and_prefixes),
        };
        return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
