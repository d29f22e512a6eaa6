/*
 * Pages of database connections: what becomes a row, and that one bad row fails its page and is named.
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "catalog/page.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EDGE  "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define OTHER "1b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define ID    "5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10"
#define GOOD  "{\"id\":\"" ID "\",\"edgeConnectionId\":\"" EDGE "\",\"name\":\"good\"}"

static int parse(const char *text, unsigned limit, Page *page, Fault *f)
{
        Uuid edge;
        assert_int_equal(uuid_parse(EDGE, &edge), 0);
        fault_clear(f);
        return page_parse(text, strlen(text), &edge, limit, page, f);
}

static void rows_come_out_as_they_are(void **state)
{
        (void)state;
        static const struct {
                const char *members, *name;
                bool has_database;
        } cases[] = {
                {"\"name\":\"x\"", "x", false},
                {"\"name\":\"\"", "", false}, /* the reference asks for a text, not for a long one */
                {"\"name\":\" x \"", " x ", false},
                {"\"name\":\"x\",\"databaseId\":null", "x", false},
                {"\"name\":\"x\",\"databaseId\":\"" OTHER "\"", "x", true},
                {"\"name\":\"\\\"q\\\" b\\\\ t\\t n\\n \\ud83e\\udd86\"", "\"q\" b\\ t\t n\n \xf0\x9f\xa6\x86", false},
                {"\"name\":\"raw\ttab\"", "raw\ttab", false},
                {"\"name\":\"x\",\"Name\":\"y\",\"more\":{\"id\":7},\"list\":[[]]", "x", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[512];
                Page page = {0};
                Fault f;
                (void)snprintf(text, sizeof(text), "{\"results\":[{\"id\":\"%s\",\"edgeConnectionId\":\"%s\",%s}]}", ID,
                               EDGE, cases[i].members);
                assert_int_equal(parse(text, 500, &page, &f), 0);
                assert_int_equal(page.n_rows, 1);
                assert_string_equal(page.rows[0].name, cases[i].name);
                assert_int_equal(page.rows[0].name_size, strlen(cases[i].name));
                assert_int_equal(page.rows[0].has_database, cases[i].has_database);
                page_done(&page);
        }
}

static void identifiers_are_read_in_either_case(void **state)
{
        (void)state;
        Page page = {0};
        Fault f;
        char id[UUID_STRING_SIZE];
        assert_int_equal(parse("{\"results\":[{\"id\":\"5C1D3C52-3F3E-4F6B-8C1E-0A4F8F6F4D10\",\"edgeConnectionId\":"
                               "\"0B9C1C1E-3D0A-4D55-9D2B-6B8F0F0A1C11\",\"name\":\"x\"}]}",
                               500, &page, &f),
                         0);
        assert_string_equal(uuid_format(&page.rows[0].id, id), ID);
        page_done(&page);
}

/* The second row of three is bad: which, what and where are in the words, and no row comes out. */
static void one_bad_row_fails_the_page_and_is_named(void **state)
{
        (void)state;
#define WITH(id_, edge_, rest) "{\"id\":" id_ ",\"edgeConnectionId\":" edge_ rest "}"
#define Q(text)                "\"" text "\""
#define NAMED                  ",\"name\":\"x\""
        static const struct {
                const char *row, *code, *field;
        } cases[] = {
                {"null", "page-bad-row", "row 1 of the page: the row"},
                {"7", "page-bad-row", "the row"},
                {"[]", "page-bad-row", "the row"},
                {"\"" ID "\"", "page-bad-row", "the row"},
                {"{}", "page-bad-row", "row 1 of the page: id"},
                {"{\"edgeConnectionId\":" Q(EDGE) NAMED "}", "page-bad-row", ": id"},
                {WITH("null", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("7", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("\"\"", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("\"{" ID "}\"", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("\"5c1d3c523f3e4f6b8c1e0a4f8f6f4d10\"", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d1\"", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d100\"", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d1g\"", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("\" 5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10\"", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH("\"5c1d3c52-3f3e-4f6b-8c1e0a4f-8f6f4d10\"", Q(EDGE), NAMED), "page-bad-row", ": id"},
                {WITH(Q(ID) ",\"id\":" Q(OTHER), Q(EDGE), NAMED), "page-bad-row", ": id"},
                {"{\"ID\":" Q(ID) ",\"edgeConnectionId\":" Q(EDGE) NAMED "}", "page-bad-row", ": id"},
                {"{\"id\":" Q(ID) NAMED "}", "page-bad-row", "edgeConnectionId"},
                {WITH(Q(ID), "null", NAMED), "page-bad-row", "edgeConnectionId"},
                {WITH(Q(ID), "\"x\"", NAMED), "page-bad-row", "edgeConnectionId"},
                {WITH(Q(ID), Q(OTHER), NAMED), "page-foreign-row", OTHER},
                {WITH(Q(ID), Q(EDGE), ""), "page-bad-row", ": name"},
                {WITH(Q(ID), Q(EDGE), ",\"name\":null"), "page-bad-row", ": name"},
                {WITH(Q(ID), Q(EDGE), ",\"name\":7"), "page-bad-row", ": name"},
                {WITH(Q(ID), Q(EDGE), ",\"name\":[\"x\"]"), "page-bad-row", ": name"},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"x\",\"name\":\"y\""), "page-bad-row", ": name"},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"databaseId\":\"\""), "page-bad-row", "databaseId"},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"databaseId\":7"), "page-bad-row", "databaseId"},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"databaseId\":{}"), "page-bad-row", "databaseId"},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"databaseId\":null,\"databaseId\":" Q(ID)), "page-bad-row",
                 "databaseId"},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\\u0000\""), "catalog-bad-json", "NUL"},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\xff\""), "catalog-bad-json", "UTF-8"},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\xc0\x80\""), "catalog-bad-json", "UTF-8"},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\\ud800\""), "catalog-bad-json", "well-formed"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[1024];
                Page page = {0};
                Fault f;
                (void)snprintf(text, sizeof(text), "{\"results\":[" GOOD ",%s," GOOD "]}", cases[i].row);
                if (parse(text, 500, &page, &f) == 0)
                        fail_msg("taken: %s", cases[i].row);
                assert_null(page.rows);
                assert_int_equal(page.n_rows, 0);
                assert_int_equal(f.scope, FAULT_RUN);
                assert_false(f.retryable);
                assert_string_equal(f.code, cases[i].code);
                if (!strstr(f.message, cases[i].field))
                        fail_msg("%s: %s", cases[i].row, f.message);
        }
}

static void a_page_is_an_object_with_one_list(void **state)
{
        (void)state;
        static const struct {
                const char *text, *code;
        } cases[] = {
                {"{}", "page-no-results"},
                {"[]", "page-no-results"},
                {"null", "page-no-results"},
                {"[" GOOD "]", "page-no-results"},
                {"{\"Results\":[]}", "page-no-results"},
                {"{\"results\":null}", "page-no-results"},
                {"{\"results\":5}", "page-no-results"},
                {"{\"results\":{}}", "page-no-results"},
                {"{\"results\":\"[]\"}", "page-no-results"},
                {"{\"results\":[],\"results\":[" GOOD "]}", "page-no-results"},
                {"", "catalog-bad-json"},
                {"{\"results\":[" GOOD "]", "catalog-bad-json"},
                {"<html><title>Sign in</title></html>", "catalog-bad-json"},
                {"{\"results\":[" GOOD "," GOOD "," GOOD "]}", "page-too-long"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Page page = {0};
                Fault f;
                assert_true(parse(cases[i].text, 2, &page, &f) < 0);
                assert_string_equal(f.code, cases[i].code);
                assert_null(page.rows);
        }
        Page page = {0};
        Fault f;
        assert_int_equal(parse("{\"total\":9,\"results\":[]}", 2, &page, &f), 0);
        assert_int_equal(page.n_rows, 0);
        page_done(&page);
}

static void a_name_may_be_as_long_as_the_cap(void **state)
{
        (void)state;
        for (size_t over = 0; over < 2; over++) {
                size_t size = LIMIT_NAME_MAX_BYTES + over;
                char *text = malloc(size + 256);
                assert_non_null(text);
                int n = sprintf(text, "{\"results\":[{\"id\":\"" ID "\",\"edgeConnectionId\":\"" EDGE "\",\"name\":\"");
                memset(text + n, 'x', size);
                (void)strcpy(text + n + size, "\"}]}");
                Page page = {0};
                Fault f;
                assert_int_equal(parse(text, 500, &page, &f) == 0, over == 0);
                if (over)
                        assert_non_null(strstr(f.message, "name is longer than 256 KiB"));
                page_done(&page);
                free(text);
        }
}

/* GET /databaseConnections/{id}: of whatever edge it is now. */
static void one_row_alone(void **state)
{
        (void)state;
        static const struct {
                const char *text, *code;
        } cases[] = {
                {GOOD, ""},
                {"{\"id\":\"" ID "\",\"edgeConnectionId\":\"" OTHER "\",\"name\":\"moved\"}", ""},
                {"{\"results\":[" GOOD "]}", "page-bad-row"},
                {"[" GOOD "]", "page-bad-row"},
                {"null", "page-bad-row"},
                {"{\"id\":\"" ID "\",\"name\":\"x\"}", "page-bad-row"},
                {GOOD GOOD, "catalog-bad-json"},
                {"", "catalog-bad-json"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Page page = {0};
                Fault f = {0};
                int r = page_parse_one(cases[i].text, strlen(cases[i].text), &page, &f);
                assert_int_equal(r == 0, cases[i].code[0] == '\0');
                assert_string_equal(f.code, cases[i].code);
                assert_int_equal(page.n_rows, r == 0);
                page_done(&page);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_come_out_as_they_are),
                cmocka_unit_test(identifiers_are_read_in_either_case),
                cmocka_unit_test(one_bad_row_fails_the_page_and_is_named),
                cmocka_unit_test(a_page_is_an_object_with_one_list),
                cmocka_unit_test(a_name_may_be_as_long_as_the_cap),
                cmocka_unit_test(one_row_alone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
