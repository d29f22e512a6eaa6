/*
 * Pages of database connections: what becomes a row, and that one that cannot is set aside alone.
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/text.h"
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
        return page_parse(text, strlen(text), &edge, limit, NULL, page, f);
}

static void rows_come_out_as_they_are(void **state)
{
        (void)state;
        static const struct {
                const char *members, *name;
                bool has_database;
        } cases[] = {
                {"\"name\":\"x\"", "x", false},
                /* the reference asks for a text, not for a long one */
                {"\"name\":\"\"", "", false},
                {"\"name\":\" x \"", " x ", false},
                {"\"name\":\"x\",\"databaseId\":null", "x", false},
                {"\"name\":\"x\",\"databaseId\":\"" OTHER "\"", "x", true},
                {"\"name\":\"\\\"q\\\" b\\\\ t\\t n\\n \\ud83e\\udd86\"",
                 "\"q\" b\\ t\t n\n \xf0\x9f\xa6\x86", false},
                {"\"name\":\"raw\ttab\"", "raw\ttab", false},
                {"\"name\":\"x\",\"Name\":\"y\",\"more\":{\"id\":7},\"list\":[[]]", "x", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[512];
                Page page = {0};
                Fault f;
                (void)snprintf(text, sizeof(text),
                               "{\"results\":[{\"id\":\"%s\",\"edgeConnectionId\":\"%s\",%s}]}", ID,
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
        assert_int_equal(parse("{\"results\":[{\"id\":\"5C1D3C52-3F3E-4F6B-8C1E-0A4F8F6F4D10\","
                               "\"edgeConnectionId\":"
                               "\"0B9C1C1E-3D0A-4D55-9D2B-6B8F0F0A1C11\",\"name\":\"x\"}]}",
                               500, &page, &f),
                         0);
        assert_string_equal(uuid_format(&page.rows[0].id, id), ID);
        page_done(&page);
}

/* L5: the second row of three is bad: it is set aside with the reason, and under its id where that
 * can be read; the others come out as they are. */
static void a_row_that_cannot_be_mirrored_is_set_aside(void **state)
{
        (void)state;
#define WITH(id_, edge_, rest) "{\"id\":" id_ ",\"edgeConnectionId\":" edge_ rest "}"
#define Q(text)                "\"" text "\""
#define NAMED                  ",\"name\":\"x\""
        static const struct {
                const char *row, *reason;
                bool anonymous;
        } cases[] = {
                {"null", "the row", true},
                {"7", "the row", true},
                {"[]", "the row", true},
                {"\"" ID "\"", "the row", true},
                {"{}", "id is", true},
                {"{\"edgeConnectionId\":" Q(EDGE) NAMED "}", "id is", true},
                {WITH("null", Q(EDGE), NAMED), "id is", true},
                {WITH("7", Q(EDGE), NAMED), "id is", true},
                {WITH("\"\"", Q(EDGE), NAMED), "id is", true},
                {WITH("\"{" ID "}\"", Q(EDGE), NAMED), "id is", true},
                {WITH("\"5c1d3c523f3e4f6b8c1e0a4f8f6f4d10\"", Q(EDGE), NAMED), "id is", true},
                {WITH("\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d1\"", Q(EDGE), NAMED), "id is", true},
                {WITH("\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d100\"", Q(EDGE), NAMED), "id is", true},
                {WITH("\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d1g\"", Q(EDGE), NAMED), "id is", true},
                {WITH("\" 5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10\"", Q(EDGE), NAMED), "id is", true},
                {WITH("\"5c1d3c52-3f3e-4f6b-8c1e0a4f-8f6f4d10\"", Q(EDGE), NAMED), "id is", true},
                {WITH(Q(ID) ",\"id\":" Q(OTHER), Q(EDGE), NAMED), "id is", true},
                {"{\"ID\":" Q(ID) ",\"edgeConnectionId\":" Q(EDGE) NAMED "}", "id is", true},
                {"{\"id\":" Q(ID) NAMED "}", "edgeConnectionId", false},
                {WITH(Q(ID), "null", NAMED), "edgeConnectionId", false},
                {WITH(Q(ID), "\"x\"", NAMED), "edgeConnectionId", false},
                {WITH(Q(ID), Q(EDGE), ""), "name is", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":null"), "name is", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":7"), "name is", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":[\"x\"]"), "name is", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"x\",\"name\":\"y\""), "name is", false},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"databaseId\":\"\""), "databaseId", false},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"databaseId\":7"), "databaseId", false},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"databaseId\":{}"), "databaseId", false},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"databaseId\":null,\"databaseId\":" Q(ID)),
                 "databaseId", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\\u0000\""), "NUL", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\xff\""), "Unicode", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\xc0\x80\""), "Unicode", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\\ud800\""), "Unicode", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\\udc00\\ud800\""), "Unicode", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\\ud83ex\\udd86\""), "Unicode", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\\u00g0\""), "well-formed", false},
                {WITH(Q(ID), Q(EDGE), ",\"name\":\"\\q\""), "well-formed", false},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"other\":\"\xe2\x82\""), "Unicode", false},
                {WITH(Q(ID), Q(EDGE), NAMED ",\"other\":tru"), "well-formed", true},
                {WITH(Q(ID), Q(EDGE), NAMED ","), "well-formed", true},
                {WITH(Q(ID) ",", Q(EDGE), NAMED), "well-formed", true},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[1024];
                Page page = {0};
                Fault f;
                Uuid id;
                assert_int_equal(uuid_parse(ID, &id), 0);
                (void)snprintf(text, sizeof(text), "{\"results\":[" GOOD ", %s , " GOOD "]}",
                               cases[i].row);
                if (parse(text, 500, &page, &f) < 0)
                        fail_msg("%s: %s", cases[i].row, f.message);
                assert_int_equal(page.n_rows, 3);
                const DatabaseConnection *row = &page.rows[1];
                if (!row->rejected || !strstr(row->rejected, cases[i].reason))
                        fail_msg("%s: %s", cases[i].row, row->rejected ? row->rejected : "taken");
                if (row->anonymous != cases[i].anonymous)
                        fail_msg("%s: %d", cases[i].row, row->anonymous);
                assert_int_equal(uuid_equal(&row->id, &id), !row->anonymous);
                assert_int_equal(strlen(row->name), row->name_size);
                assert_true(text_utf8_valid(row->name, row->name_size) && row->name_size > 0);
                assert_false(row->has_database);
                for (size_t k = 0; k < 3; k += 2) {
                        assert_null(page.rows[k].rejected);
                        assert_string_equal(page.rows[k].name, "good");
                }
                page_done(&page);
        }
}

static void a_raw_nul_in_a_name_reaches_no_other_row(void **state)
{
        (void)state;
        static const char text[] =
                "{\"results\":[" GOOD ",{\"id\":\"" OTHER "\",\"edgeConnectionId\":\"" EDGE
                "\",\"name\":\"a\0b\"}," GOOD "]}";
        Page page = {0};
        Fault f;
        Uuid edge;
        char id[UUID_STRING_SIZE];
        assert_int_equal(uuid_parse(EDGE, &edge), 0);
        assert_int_equal(page_parse(text, sizeof(text) - 1, &edge, 3, NULL, &page, &f), 0);
        assert_int_equal(page.n_rows, 3);
        assert_non_null(strstr(page.rows[1].rejected, "NUL"));
        assert_string_equal(uuid_format(&page.rows[1].id, id), OTHER);
        assert_non_null(strstr(page.rows[1].name, "\"name\":\"a\xef\xbf\xbd"
                                                  "b\"}"));
        page_done(&page);
}

/* Another question was answered than was asked; or this is no page of database connections. */
static void what_is_wrong_with_all_of_a_page_is_a_fault(void **state)
{
        (void)state;
        static const struct {
                const char *rows, *code, *words;
        } cases[] = {
                {GOOD "," WITH(Q(ID), Q(OTHER), NAMED), "page-foreign-row",
                 OTHER ", but " EDGE " was asked for: does a proxy drop the edgeConnectionId "
                       "parameter?"},
                {GOOD "," WITH(Q(ID), Q(OTHER), ""), "page-foreign-row", OTHER},
                {GOOD "," WITH(Q(ID), Q("00000000-0000-0000-0000-000000000000"), NAMED),
                 "page-foreign-row", EDGE},
                {"{}", "page-bad-row",
                 "none of the rows of the page (1) can be read; of the first, id is"},
                {"1,2,3", "page-bad-row",
                 "none of the rows of the page (3) can be read; of the first, the row is"},
                {GOOD ",", "catalog-bad-json", "well-formed"},
                {"," GOOD, "catalog-bad-json", "well-formed"},
                {GOOD " " GOOD, "catalog-bad-json", "well-formed"},
                {GOOD "," WITH(Q(ID), Q(EDGE), ",\"name\":\"x"), "catalog-bad-json", ""},
                {GOOD ",{\"id\":[}", "catalog-bad-json", ""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[1024];
                Page page = {0};
                Fault f;
                (void)snprintf(text, sizeof(text), "{\"results\":[%s]}", cases[i].rows);
                if (parse(text, 500, &page, &f) == 0)
                        fail_msg("taken: %s", cases[i].rows);
                assert_null(page.rows);
                assert_int_equal(f.scope, FAULT_RUN);
                assert_false(f.retryable);
                assert_string_equal(fault_code_name(f.code), cases[i].code);
                if (!strstr(f.message, cases[i].words))
                        fail_msg("%s: %s", cases[i].rows, f.message);
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
                assert_string_equal(fault_code_name(f.code), cases[i].code);
                assert_null(page.rows);
                if (strstr(cases[i].text, "[],")) /* what is there is not denied */
                        assert_non_null(
                                strstr(f.message, "has no list \"results\", or has it twice"));
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
                int n = sprintf(text, "{\"results\":[{\"id\":\"" ID
                                      "\",\"edgeConnectionId\":\"" EDGE "\",\"name\":\"");
                memset(text + n, 'x', size);
                (void)strcpy(text + n + size, "\"}]}");
                Page page = {0};
                Fault f;
                assert_int_equal(parse(text, 500, &page, &f), 0);
                assert_int_equal(page.rows[0].rejected != NULL, over);
                assert_int_equal(page.rows[0].name_size, over ? LIMIT_REJECTED_BYTES : size);
                if (over)
                        assert_string_equal(page.rows[0].rejected, "name is longer than 256 KiB");
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
                {"{}", "page-bad-row"},
                {"{\"id\":\"" ID "\",\"name\":\"x\"}", ""},
                {"{\"id\":\"" ID "\",\"name\":\"\\ud800\"}", ""},
                {GOOD GOOD, "catalog-bad-json"},
                {"", "catalog-bad-json"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Page page = {0};
                Fault f = {0};
                int r = page_parse_one(cases[i].text, strlen(cases[i].text), NULL, &page, &f);
                assert_int_equal(r == 0, cases[i].code[0] == '\0');
                assert_string_equal(fault_code_name(f.code), cases[i].code);
                assert_int_equal(page.n_rows, r == 0);
                if (f.code == CODE_PAGE_BAD_ROW) /* there is no page */
                        assert_non_null(strstr(f.message, "the catalog's answer is not a row: "));
                page_done(&page);
        }
}

#define SECRET "correct/horse-battery"
#define BASIC  "c3ZjOmNvcnJlY3QvaG9yc2UtYmF0dGVyeQ=="

/* S5: What shows a request shows our credentials, which readers of the mirror are not to see: whole
 * or cut, and however they are spelled. */
static void an_echo_in_a_rejected_row_is_redacted(void **state)
{
        (void)state;
        static const char *const rows[] = {
                "{\"id\":\"" ID "\",\"trace\":\"Authorization: Basic " BASIC "\"}",
                "{\"id\":\"" ID "\",\"" SECRET "\":1}",
                "{\"id\":\"" ID "\",\"trace\":{\"a\":[\"correct\\/horse-battery\"]}}",
                "{\"id\":\"" ID "\",\"trace\":\"\\u0063orrect/horse-battery\"}",
                "{\"id\":\"" ID "\",\"name\":\"\\u0000\",\"trace\":\"correct\\/horse-battery\"}",
                "\"" SECRET "\"",
        };
        Redact redact = {0};
        Uuid edge;
        assert_int_equal(redact_add(&redact, "svc", SECRET), 0);
        assert_int_equal(uuid_parse(EDGE, &edge), 0);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char text[1024];
                Page page;
                Fault f;
                (void)snprintf(text, sizeof(text), "{\"results\":[" GOOD ",%s]}", rows[i]);
                assert_int_equal(page_parse(text, strlen(text), &edge, 2, &redact, &page, &f), 0);
                assert_non_null(page.rows[1].rejected);
                if (strstr(page.rows[1].name, "horse") || strstr(page.rows[1].name, BASIC) ||
                    !strstr(page.rows[1].name, "*****"))
                        fail_msg("%s: %s", rows[i], page.rows[1].name);
                page_done(&page);
        }
        redact_done(&redact);
}

static void an_echo_is_redacted_before_the_row_is_cut(void **state)
{
        (void)state;
        char text[LIMIT_REJECTED_BYTES + 200];
        Redact redact = {0};
        Uuid edge;
        Page page;
        Fault f;
        assert_int_equal(redact_add(&redact, NULL, SECRET), 0);
        assert_int_equal(uuid_parse(EDGE, &edge), 0);
        int n = snprintf(text, sizeof(text),
                         "{\"results\":[" GOOD ",{\"id\":\"" ID "\",\"trace\":\"");
        int before = (int)(strstr(text, ",{\"id") + 1 - text);
        (void)snprintf(text + n, sizeof(text) - (size_t)n, "%*s" SECRET "\"}]}",
                       LIMIT_REJECTED_BYTES - (n - before) - 5, "");
        assert_int_equal(page_parse(text, strlen(text), &edge, 2, &redact, &page, &f), 0);
        assert_int_equal(page.rows[1].name_size, LIMIT_REJECTED_BYTES);
        assert_string_equal(page.rows[1].name + LIMIT_REJECTED_BYTES - 5, "*****");
        page_done(&page);
        redact_done(&redact);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_echo_in_a_rejected_row_is_redacted),
                cmocka_unit_test(an_echo_is_redacted_before_the_row_is_cut),
                cmocka_unit_test(rows_come_out_as_they_are),
                cmocka_unit_test(identifiers_are_read_in_either_case),
                cmocka_unit_test(a_row_that_cannot_be_mirrored_is_set_aside),
                cmocka_unit_test(a_raw_nul_in_a_name_reaches_no_other_row),
                cmocka_unit_test(what_is_wrong_with_all_of_a_page_is_a_fault),
                cmocka_unit_test(a_page_is_an_object_with_one_list),
                cmocka_unit_test(a_name_may_be_as_long_as_the_cap),
                cmocka_unit_test(one_row_alone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
