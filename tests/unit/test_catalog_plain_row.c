/*
 * Plain rows: which they are, and what is read from them. That the parser reads the same is what
 * tests/fuzz looks for; that other rows are read is in test_catalog_decode_page.c.
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "catalog/plain_row.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EDGE     "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define DATABASE "1b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define ID       "5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10"
#define IDS      "\"id\":\"" ID "\",\"edgeConnectionId\":\"" EDGE "\""
#define NAMED    IDS ",\"name\":\"x\""

/* Reads a copy that ends where the memory ends, into exactly as much: the address sanitizer sees a
 * byte too many. */
static bool is_plain(const char *text, size_t size, DatabaseConnection *ret, char **ret_name)
{
        char *copy = malloc(size + !size);
        *ret_name = malloc(size + !size);
        assert_true(copy && *ret_name);
        memcpy(copy, text, size);
        bool plain = plain_row_read(copy, size, *ret_name, ret);
        free(copy);
        return plain;
}

static void plain_rows_are_read(void **state)
{
        (void)state;
        static const struct {
                const char *text, *name;
                bool has_database;
        } cases[] = {
                {"{" NAMED "}", "x", false},
                {"{\"name\":\"x\"," IDS "}", "x", false},
                {"{" IDS ",\"name\":\"\"}", "", false},
                {"{" NAMED ",\"databaseId\":null}", "x", false},
                {"{" NAMED ",\"databaseId\":\"" DATABASE "\"}", "x", true},
                {" \t\r\n{ " NAMED " , \"n\" : null , \"databaseId\"\n:\"" DATABASE "\" }", "x",
                 true},
                {"{" NAMED ",\"on\":true,\"off\":false,\"n\":0,\"m\":123456789012345678}", "x",
                 false},
                {"{" NAMED ",\"Id\":\"7\",\"\":\"\",\"nam\":\"y\",\"names\":\"z\"}", "x", false},
                {"{" NAMED ",\"more\":\"1\",\"more\":\"2\"}", "x", false},
                {"{" IDS ",\"name\":\"d\xc3\xa9p\xc3\xb4t \xf0\x9f\xa6\x86\"}",
                 "d\xc3\xa9p\xc3\xb4t \xf0\x9f\xa6\x86", false},
                {"{" IDS ",\"name\":\"HOST\\\\\\\"q\\\"\\/\\b\\f\\n\\r\\t.\"}",
                 "HOST\\\"q\"/\b\f\n\r\t.", false},
                {"{" IDS ",\"name\":\"a name of more than eight bytes \\\\ and more behind\"}",
                 "a name of more than eight bytes \\ and more behind", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                DatabaseConnection row;
                char *name, text[UUID_STRING_SIZE];
                if (!is_plain(cases[i].text, strlen(cases[i].text), &row, &name))
                        fail_msg("%s", cases[i].text);
                assert_ptr_equal(row.name, name);
                assert_string_equal(row.name, cases[i].name);
                assert_int_equal(row.name_size, strlen(cases[i].name));
                assert_string_equal(uuid_format(&row.id, text), ID);
                assert_string_equal(uuid_format(&row.edge_connection_id, text), EDGE);
                assert_int_equal(row.has_database, cases[i].has_database);
                if (row.has_database)
                        assert_string_equal(uuid_format(&row.database_id, text), DATABASE);
                assert_true(!row.rejected && !row.anonymous);
                free(name);
        }
}

static void other_rows_are_left_to_the_parser(void **state)
{
        (void)state;
        static const char *const cases[] = {
                "",
                "{",
                "{}",
                "[]",
                "null",
                "{" NAMED,
                "{" NAMED ",",
                "{" NAMED ",}",
                "{" NAMED "}}",
                "{" NAMED "} ", /* a slice ends with the row */
                "{" NAMED " x}",
                "{" NAMED ",,\"a\":1}",
                "{" NAMED ",\"a\"}",
                "{" NAMED ",\"a\":}",
                "{" NAMED ",\"a\":nul}",
                "{" NAMED ",\"a\":nulls}",
                "{" NAMED ",a:1}",
                "{\"a\":\"" NAMED "}",
                "{" NAMED ",\"a\":\"}",
                "{" NAMED ",\"a\":\"\\",
                "{" NAMED ",\"a\":\"\\x\"}",
                "{" NAMED ",\"a\":\"\\u0041\"}",
                "{" NAMED ",\"a\":\"\\u0000\"}",
                "{" NAMED ",\"a\":\"\\ud800\"}",
                "{" NAMED ",\"a\":\"\t\"}",
                "{" NAMED ",\"a\":\"\n\"}",
                "{" NAMED ",\"a\":\"\xff\"}",
                "{" NAMED ",\"a\":\"\xc3\"}",
                "{" NAMED ",\"\xc3\":1}",
                "{" NAMED ",\"a\":\"\xed\xa0\x80\"}",
                "{" NAMED ",\"a\":-1}",
                "{" NAMED ",\"a\":1.5}",
                "{" NAMED ",\"a\":1e400}",
                "{" NAMED ",\"a\":1234567890123456789}",
                "{" NAMED ",\"a\":[]}",
                "{" NAMED ",\"a\":{}}",
                "\f{" NAMED "}",
                /* ids, and what is there twice */
                "{\"id\":\"" ID "\",\"name\":\"x\"}",
                "{\"edgeConnectionId\":\"" EDGE "\",\"name\":\"x\"}",
                "{" IDS "}",
                "{" IDS ",\"name\":null}",
                "{" IDS ",\"name\":7}",
                "{" NAMED ",\"id\":\"" ID "\"}",
                "{" NAMED ",\"edgeConnectionId\":\"" EDGE "\"}",
                "{" NAMED ",\"name\":\"x\"}",
                "{" NAMED ",\"databaseId\":null,\"databaseId\":\"" DATABASE "\"}",
                "{" NAMED ",\"databaseId\":7}",
                "{" NAMED ",\"databaseId\":\"\"}",
                "{" NAMED ",\"databaseId\":\"" DATABASE "0\"}",
                "{\"id\":null,\"edgeConnectionId\":\"" EDGE "\",\"name\":\"x\"}",
                "{\"id\":\"5c1d3c52\",\"edgeConnectionId\":\"" EDGE "\",\"name\":\"x\"}",
                "{\"id\":\"" ID "\",\"edgeConnectionId\":null,\"name\":\"x\"}",
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                DatabaseConnection row, before;
                char *name;
                memset(&row, 0xa5, sizeof(row));
                before = row;
                if (is_plain(cases[i], strlen(cases[i]), &row, &name))
                        fail_msg("%s", cases[i]);
                assert_memory_equal(&row, &before, sizeof(row));
                free(name);
        }
        DatabaseConnection row;
        char *name;
        static const char with_nul[] = "{" NAMED ",\"a\":\"\0\"}";
        assert_false(is_plain(with_nul, sizeof(with_nul) - 1, &row, &name));
        free(name);
}

/* However it is cut, it is not taken for whole, and nothing behind it is read. */
static void a_row_that_is_cut_is_not_plain(void **state)
{
        (void)state;
        static const char text[] =
                "{" NAMED ",\"databaseId\":\"" DATABASE "\",\"a\":\"\\\\\xc3\xa9\"}";
        for (size_t size = 0; size < sizeof(text); size++) {
                DatabaseConnection row;
                char *name;
                assert_int_equal(is_plain(text, size, &row, &name), size == sizeof(text) - 1);
                free(name);
        }
}

/* The caps on values of a text and on a name are the parser's to report. */
static void a_long_row_is_left_to_the_parser(void **state)
{
        (void)state;
        static const char start[] = "{" IDS ",\"name\":\"";
        for (int more = 0; more <= 1; more++) {
                size_t size = LIMIT_JSON_MAX_VALUES + (size_t)more;
                char *text = malloc(size), *name;
                DatabaseConnection row;
                assert_non_null(text);
                memset(text, 'x', size);
                memcpy(text, start, sizeof(start) - 1);
                memcpy(text + size - 2, "\"}", 2);
                assert_int_equal(is_plain(text, size, &row, &name), !more);
                free(name);
                free(text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_rows_are_read),
                cmocka_unit_test(other_rows_are_left_to_the_parser),
                cmocka_unit_test(a_row_that_is_cut_is_not_plain),
                cmocka_unit_test(a_long_row_is_left_to_the_parser),
        };
        return cmocka_run_group_tests_name("plain_row", tests, NULL, NULL);
}
