/*
 * JSON from outside: what passes validation, what the getters make of it, and that every other text
 * is refused with the reason.
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "catalog/json.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) text, sizeof(text) - 1

/* As the program has it: in memory of just this size and the NUL, so that the sanitizer sees a step
 * beyond. */
static int parse(const char *text, size_t size, cJSON **ret)
{
        char *exact = malloc(size + 1);
        assert_non_null(exact);
        memcpy(exact, text, size);
        exact[size] = '\0';
        int r = json_parse(exact, size, ret);
        free(exact);
        return r;
}

static void every_text_is_taken_or_refused_with_its_reason(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                size_t size;
                int expected;
        } cases[] = {
                {BYTES("{}"), 0},
                {BYTES(" [1, 2.5e3, \"x\", null, true, {\"a\":{}}] \r\n"), 0},
                {BYTES("\"\xf0\x9f\xa6\x86 \\ud83e\\udd86\""), 0},
                /* cJSON's tolerance; a name arrives as it was */
                {BYTES("\"raw\ttab\nand\x01line\""), 0},
                {BYTES("\"\\\\u0000\""), 0}, /* an escaped backslash, then letters */
                {BYTES("\"\\\\\\\\u0000\""), 0},
                /* NUL */
                {BYTES("{\"a\":\"x\0y\"}"), -EBADMSG},
                {BYTES("{}\0"), -EBADMSG},
                {BYTES("\0"), -EBADMSG},
                {BYTES("\"\\u0000\""), -EBADMSG},
                {BYTES("{\"\\u0000\":1}"), -EBADMSG},
                {BYTES("\"\\\\\\u0000\""), -EBADMSG},
                /* not UTF-8 */
                {BYTES("\"\xff\""), -EILSEQ},
                {BYTES("\"\xc0\xaf\""), -EILSEQ},     /* overlong */
                {BYTES("\"\xe0\x80\xaf\""), -EILSEQ}, /* overlong */
                {BYTES("\"\xf0\x80\x80\xaf\""), -EILSEQ},
                {BYTES("\"\xed\xa0\x80\""), -EILSEQ},     /* a surrogate */
                {BYTES("\"\xf4\x90\x80\x80\""), -EILSEQ}, /* beyond U+10FFFF */
                {BYTES("\"\xe2\x82\""), -EILSEQ},         /* cut */
                {BYTES("\"x\"\xe2"), -EILSEQ},
                {BYTES("\xc0\x80"), -EILSEQ}, /* NUL in disguise */
                /* surrogates that are no pair */
                {BYTES("\"\\ud800\""), -EILSEQ},
                {BYTES("\"\\udc00\""), -EILSEQ},
                {BYTES("\"\\ud800\\ud800\""), -EILSEQ},
                {BYTES("\"\\ud800x\""), -EILSEQ},
                /* not JSON, not all of it, or more than it */
                {BYTES(""), -EINVAL},
                {BYTES("   "), -EINVAL},
                {BYTES("{\"a\":1"), -EINVAL},
                {BYTES("{\"a\":1}}"), -EINVAL},
                {BYTES("{} {}"), -EINVAL},
                {BYTES("{'a':1}"), -EINVAL},
                {BYTES("{a:1}"), -EINVAL},
                {BYTES("[1,]"), -EINVAL},
                {BYTES("\"\\x41\""), -EINVAL},
                {BYTES("\"\\"), -EINVAL},
                {BYTES("\"\\u00"), -EINVAL},
                /* escapes without four digits, which the parser reads as NUL */
                {BYTES("\"sales\\u00-2024\""), -EINVAL},
                {BYTES("\"\\uZZZZ\""), -EINVAL},
                {BYTES("\"\\u00 0\""), -EINVAL},
                {BYTES("\"\\u000g\""), -EINVAL},
                {BYTES("\"\\u000\""), -EINVAL},
                {BYTES("\"\\u\""), -EINVAL},
                {BYTES("{\"\\u+123\":1}"), -EINVAL},
                {BYTES("\"\\ud83e\\uDD8\""), -EILSEQ},
                {BYTES("\"\\\\uZZZZ \\u00AF\\u00af\""), 0},
                {BYTES("NaN"), -EINVAL},
                {BYTES("Infinity"), -EINVAL},
                {BYTES("<!DOCTYPE html><html></html>"), -EINVAL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                cJSON *value = NULL;
                int r = parse(cases[i].text, cases[i].size, &value);
                if (r != cases[i].expected)
                        fail_msg("%zu %s: %d, not %d", i, cases[i].text, r, cases[i].expected);
                assert_true((value != NULL) == (r == 0));
                cJSON_Delete(value);
                if (r < 0)
                        assert_true(strlen(json_error_text(r)) > 0);
        }
}

static char *repeat(const char *piece, size_t n)
{
        size_t size = strlen(piece);
        char *text = malloc(n * size + 1);
        assert_non_null(text);
        for (size_t i = 0; i < n; i++)
                memcpy(text + i * size, piece, size);
        text[n * size] = '\0';
        return text;
}

static void depth_and_number_of_values_are_bounded(void **state)
{
        (void)state;
        static const struct {
                const char *piece;
                size_t n;
                int expected;
        } cases[] = {
                {"[", 10 * 1000, -EINVAL},              /* deeper than the parser goes */
                {"{\"a\":", 10 * 1000, -EINVAL},        /* the same */
                {"[", LIMIT_JSON_MAX_VALUES, -E2BIG},   /* refused before it is looked at */
                {"[1,", LIMIT_JSON_MAX_VALUES, -E2BIG}, /* a small text that asks for much memory */
                {"{\"a\":1,\"b\":2},", LIMIT_JSON_MAX_VALUES, -E2BIG},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                cJSON *value = NULL;
                char *text = repeat(cases[i].piece, cases[i].n);
                assert_int_equal(parse(text, strlen(text), &value), cases[i].expected);
                assert_null(value);
                free(text);
        }
}

/* What counts are values; commas and brackets inside of names do not. */
static void punctuation_in_a_string_is_no_value(void **state)
{
        (void)state;
        char *text = repeat("[{,\\\"", LIMIT_JSON_MAX_VALUES);
        size_t size = strlen(text);
        char *quoted = malloc(size + 3);
        assert_non_null(quoted);
        quoted[0] = '"';
        memcpy(quoted + 1, text, size);
        memcpy(quoted + 1 + size, "\"", 2);
        cJSON *value = NULL;
        assert_int_equal(parse(quoted, size + 2, &value), 0);
        cJSON_Delete(value);
        free(quoted);
        free(text);
}

static void getters_tell_absent_from_wrong(void **state)
{
        (void)state;
        static const char text[] = "{\"text\":\"x\",\"Text\":\"y\",\"null\":null,\"number\":7,"
                                   "\"list\":[1],\"object\":{},\"true\":true,"
                                   "\"twice\":\"a\",\"twice\":\"b\",\"once\":1,\"twice-null\":null,"
                                   "\"twice-null\":\"b\","
                                   "\"id\":\"0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11\"}";
        static const struct {
                const char *name;
                int string, number, uuid, array;
        } cases[] = {
                {"text", 0, -EINVAL, -EINVAL, -EINVAL},
                {"TEXT", -ENOENT, -ENOENT, -ENOENT, -ENOENT}, /* names have case */
                {"absent", -ENOENT, -ENOENT, -ENOENT, -ENOENT},
                {"null", -ENOENT, -ENOENT, -ENOENT, -ENOENT},
                {"number", -EINVAL, 0, -EINVAL, -EINVAL},
                {"list", -EINVAL, -EINVAL, -EINVAL, 0},
                {"object", -EINVAL, -EINVAL, -EINVAL, -EINVAL},
                {"true", -EINVAL, -EINVAL, -EINVAL, -EINVAL},
                {"twice", -EINVAL, -EINVAL, -EINVAL, -EINVAL},
                {"twice-null", -EINVAL, -EINVAL, -EINVAL, -EINVAL},
                {"id", 0, -EINVAL, 0, -EINVAL},
        };
        cJSON *object;
        assert_int_equal(parse(BYTES(text), &object), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *string;
                const cJSON *array;
                double number;
                Uuid id;
                assert_int_equal(json_get_string(object, cases[i].name, &string), cases[i].string);
                assert_int_equal(json_get_number(object, cases[i].name, 0, 10, &number),
                                 cases[i].number);
                assert_int_equal(json_get_uuid(object, cases[i].name, &id), cases[i].uuid);
                assert_int_equal(json_get_array(object, cases[i].name, &array), cases[i].array);
        }
        cJSON_Delete(object);
}

static void nothing_is_got_from_what_is_no_object(void **state)
{
        (void)state;
        static const char *const texts[] = {"[\"id\",\"x\"]", "\"id\"", "7",
                                            "null",           "true",   "[{\"id\":\"x\"}]"};
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                cJSON *value;
                const char *string;
                assert_int_equal(parse(texts[i], strlen(texts[i]), &value), 0);
                assert_int_equal(json_get_string(value, "id", &string), -ENOENT);
                cJSON_Delete(value);
        }
}

static void numbers_are_finite_and_in_range(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                int expected;
                double value;
        } cases[] = {
                {"0", 0, 0},
                {"100", 0, 100},
                {"99.5", 0, 99.5},
                {"1e2", 0, 100},
                {"-0.001", -EINVAL, 0},
                {"100.001", -EINVAL, 0},
                {"1e400", -EINVAL, 0},
                {"-1e400", -EINVAL, 0},
                {"9007199254740993", -EINVAL, 0}, /* above 2^53 a double is not what was written */
                {"99999999999999999999999999", -EINVAL, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[64] = "{\"n\":";
                cJSON *object;
                double value = 0;
                (void)strcat(strcat(text, cases[i].text), "}");
                assert_int_equal(parse(text, strlen(text), &object), 0);
                assert_int_equal(json_get_number(object, "n", 0, 100, &value), cases[i].expected);
                assert_true(value >= cases[i].value && value <= cases[i].value);
                cJSON_Delete(object);
        }
}

static void what_cannot_be_stored_is_repaired(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                size_t size;
                const char *repaired;
        } cases[] = {
                {BYTES(""), ""},
                {BYTES("\"a \\n \\u00e9 \\\\u0000 \xc3\xa9 \\ud83e\\udd86\""),
                 "\"a \\n \\u00e9 \\\\u0000 \xc3\xa9 \\ud83e\\udd86\""},
                {BYTES("\"a\0b\""), "\"a\xef\xbf\xbd"
                                    "b\""},
                {BYTES("\"a\\u0000b\""), "\"a\\ufffdb\""},
                {BYTES("\"\\ud83ex\""), "\"\\ufffdx\""},
                {BYTES("\"\\ud83e\\ud83e\\udd86\""), "\"\\ufffd\\ud83e\\udd86\""},
                {BYTES("\"\\udd86\""), "\"\\ufffd\""},
                {BYTES("\"\\u00g0\""), "\"\\ufffdu00g0\""},
                {BYTES("\"\\q\""), "\"\\ufffdq\""},
                {BYTES("\"\xff\xc0\x80\xe2\x82\""),
                 "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
                {BYTES("\"\xf0\x9f\xa6\x86\xed\xa0\x80\""),
                 "\"\xf0\x9f\xa6\x86\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
                {BYTES("\"\\"), "\"\\ufffd"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(text_done) Text out = {0};
                assert_int_equal(json_repair(cases[i].text, cases[i].size, &out), 0);
                assert_string_equal(out.data, cases[i].repaired);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_cannot_be_stored_is_repaired),
                cmocka_unit_test(every_text_is_taken_or_refused_with_its_reason),
                cmocka_unit_test(depth_and_number_of_values_are_bounded),
                cmocka_unit_test(punctuation_in_a_string_is_no_value),
                cmocka_unit_test(getters_tell_absent_from_wrong),
                cmocka_unit_test(nothing_is_got_from_what_is_no_object),
                cmocka_unit_test(numbers_are_finite_and_in_range),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
