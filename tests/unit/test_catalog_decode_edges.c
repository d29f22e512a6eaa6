/*
 * edge_items: what the Edge API lists, in the shapes that it may have, and what of it goes no
 * further.
 */
#include "base/text.h"
#include "catalog/edge_items.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A    "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define B    "5f3b1e0a-7c55-4d0e-8d53-2f6f2f0c9d10"
#define SITE "6c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10"
#define NIL  "00000000-0000-0000-0000-000000000000"

static int parse(const char *text, const Redact *redact, EdgeItems *ret, Fault *f)
{
        *f = (Fault){0};
        return edge_items_parse(text, strlen(text), redact, ret, f);
}

/* Each as "id name site status", a line each. */
static void items_are(const char *text, const char *expected, size_t n_unreadable)
{
        _cleanup_(edge_items_done) EdgeItems items = {0};
        _cleanup_(text_done) Text lines = {0};
        char id[UUID_STRING_SIZE], site[UUID_STRING_SIZE];
        Fault f;
        if (parse(text, NULL, &items, &f) < 0)
                fail_msg("%s: %s", text, f.message);
        for (size_t i = 0; i < items.n_items; i++) {
                const EdgeItem *e = &items.items[i];
                assert_int_equal(
                        text_printf(&lines, "%s|%s|%s|%s\n", uuid_format(&e->id, id), e->name,
                                    e->has_site ? uuid_format(&e->site, site) : "-", e->status),
                        0);
        }
        assert_string_equal(lines.data ? lines.data : "", expected);
        assert_int_equal(items.n_unreadable, n_unreadable);
}

static void items_are_read_in_each_shape_that_is_known(void **state)
{
        (void)state;
        static const struct {
                const char *text, *expected;
                size_t n_unreadable;
        } cases[] = {
                {"[]", "", 0},
                {" \n[ ] ", "", 0},
                {"\xef\xbb\xbf[]", "", 0},
                {"{\"results\":[]}", "", 0},
                {"[{\"id\":\"" A "\",\"name\":\"x\"}]", A "|x|-|\n", 0},
                {"{\"total\":1,\"results\":[{\"id\":\"" A "\",\"name\":\"x\"}]}", A "|x|-|\n", 0},
                /* in order of id, each once */
                {"[{\"id\":\"" B "\",\"name\":\"b\"},{\"id\":\"" A "\",\"name\":\"a\"},{\"id\":\"" B
                 "\",\"name\":\"b\"}]",
                 A "|a|-|\n" B "|b|-|\n", 0},
                {"[{\"id\":\"" A "\",\"name\":\"x\",\"description\":null,\"typeId\":\"T\","
                 "\"edgeSiteId\":\"" SITE "\",\"parameters\":{\"password\":\"p\",\"id\":7}}]",
                 A "|x|" SITE "|\n", 0},
                {"[{\"id\":\"" A "\",\"name\":\"Paris\",\"status\":\"HEALTHY\","
                 "\"installedVersion\":\"1\"}]",
                 A "|Paris|-|HEALTHY\n", 0},
                /* what is not there, or of another type */
                {"[{\"id\":\"" A "\"}]", A "||-|\n", 0},
                {"[{\"id\":\"" A "\",\"name\":null,\"edgeSiteId\":null}]", A "||-|\n", 0},
                {"[{\"id\":\"" A "\",\"name\":7,\"edgeSiteId\":\"north\"}]", A "||-|\n", 0},
                /* elements that cannot be read leave the others alone */
                {"[{\"id\":\"" A "\",\"name\":\"x\"},{\"name\":\"y\"},7,{\"id\":\"y\"},{x}]",
                 A "|x|-|\n", 4},
                {"[{\"id\":\"" A "\",\"name\":\"x\"},{\"id\":\"" NIL "\",\"name\":\"y\"}]",
                 A "|x|-|\n", 1},
                {"[{\"id\":\"" A "\",\"name\":\"a\",\"id\":\"" B "\"},{\"id\":\"" B
                 "\",\"name\":\"b\"}]",
                 B "|b|-|\n", 1},
                /* names that command a terminal, end a line or cannot be stored */
                {"[{\"id\":\"" A "\",\"name\":\"a\\u001b[2J\\nb\\u202ec\\u0000d\"}]",
                 A "|a\\x1b[2J b\\u202ec\xef\xbf\xbd"
                   "d|-|\n",
                 0},
                {"[{\"id\":\"" A "\",\"name\":\"a\xff\"}]", A "|a\xef\xbf\xbd|-|\n", 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                items_are(cases[i].text, cases[i].expected, cases[i].n_unreadable);
}

static void what_is_no_list_is_refused_and_not_quoted(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                FaultCode code;
        } cases[] = {
                {"", CODE_CATALOG_BAD_JSON},
                {"null", CODE_PAGE_NO_RESULTS},
                {"7", CODE_PAGE_NO_RESULTS},
                {"\"jdbc-never-shown\"", CODE_PAGE_NO_RESULTS},
                {"{}", CODE_PAGE_NO_RESULTS},
                {"{\"results\":{}}", CODE_PAGE_NO_RESULTS},
                {"{\"results\":[],\"results\":[]}", CODE_PAGE_NO_RESULTS},
                {"{\"connections\":[{\"id\":\"" A "\"}]}", CODE_PAGE_NO_RESULTS},
                {"[", CODE_CATALOG_BAD_JSON},
                {"[{\"id\":\"" A "\"}", CODE_CATALOG_BAD_JSON},
                {"[{\"id\":\"" A "\"}]]", CODE_CATALOG_BAD_JSON},
                {"[{\"id\":\"" A "\"}] jdbc-never-shown", CODE_CATALOG_BAD_JSON},
                {"[{\"id\":\"" A "\"},]", CODE_CATALOG_BAD_JSON},
                {"[{\"name\":\"jdbc-never-shown\"}]", CODE_PAGE_BAD_ROW},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                EdgeItems items = {0};
                Fault f;
                assert_true(parse(cases[i].text, NULL, &items, &f) < 0);
                if (f.code != cases[i].code)
                        fail_msg("%s: %s", cases[i].text, f.message);
                assert_int_equal(f.scope, FAULT_RUN);
                assert_null(strstr(f.message, "never-shown"));
                assert_null(items.items);
        }
}

static void names_lose_our_credentials_before_they_are_cut(void **state)
{
        (void)state;
        _cleanup_(redact_done) Redact redact = {0};
        assert_int_equal(redact_add(&redact, NULL, "correct-horse"), 0);
        for (int before = LIMIT_CATALOG_NAME_MAX_BYTES - 28;
             before < LIMIT_CATALOG_NAME_MAX_BYTES + 4; before++) {
                _cleanup_(edge_items_done) EdgeItems items = {0};
                char text[LIMIT_CATALOG_NAME_MAX_BYTES + 200],
                        pad[LIMIT_CATALOG_NAME_MAX_BYTES + 8];
                Fault f;
                memset(pad, 'x', sizeof(pad));
                pad[before] = '\0';
                (void)snprintf(text, sizeof(text),
                               "[{\"id\":\"" A "\",\"name\":\"%scorrect-horse\"}]", pad);
                assert_int_equal(parse(text, &redact, &items, &f), 0);
                assert_true(strlen(items.items[0].name) <= LIMIT_CATALOG_NAME_MAX_BYTES);
                assert_null(strstr(items.items[0].name, "c"));
        }
}

static void there_is_a_cap(void **state)
{
        (void)state;
        for (size_t n = LIMIT_EDGE_ITEMS_MAX; n <= LIMIT_EDGE_ITEMS_MAX + 1; n++) {
                _cleanup_(edge_items_done) EdgeItems items = {0};
                _cleanup_(text_done) Text text = {0};
                Fault f = {0};
                for (size_t i = 0; i < n; i++)
                        assert_int_equal(text_printf(&text, "%s{\"id\":\"%08zx%s\"}", i ? "," : "[",
                                                     i, &A[8]),
                                         0);
                assert_int_equal(text_append_string(&text, "]"), 0);
                int r = edge_items_parse(text.data, text.size, NULL, &items, &f);
                assert_int_equal(r == 0, n == LIMIT_EDGE_ITEMS_MAX);
                assert_int_equal(items.n_items, r == 0 ? n : 0);
                assert_int_equal(f.code, r == 0 ? CODE_NONE : CODE_PAGE_TOO_LONG);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(items_are_read_in_each_shape_that_is_known),
                cmocka_unit_test(what_is_no_list_is_refused_and_not_quoted),
                cmocka_unit_test(names_lose_our_credentials_before_they_are_cut),
                cmocka_unit_test(there_is_a_cap),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
