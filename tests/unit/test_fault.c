/*
 * Faults: what is kept of an error, in a form that a person can read wherever it comes out.
 */
#include "base/fault.h"
#include "base/text.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void set_fills_everything_and_gives_the_error(void **state)
{
        (void)state;
        Fault f;
        memset(&f, 0xff, sizeof(f));
        assert_int_equal(
                fault_set(&f, FAULT_RUN, EINVAL, CODE_PAGE_BAD_ROW, "page %d: %s", 3, "no name"),
                -EINVAL);
        assert_int_equal(f.scope, FAULT_RUN);
        assert_false(f.retryable);
        assert_false(f.refused);
        assert_int_equal(f.http_status, 0);
        assert_string_equal(f.sqlstate, "");
        assert_string_equal(fault_code_name(f.code), "page-bad-row");
        assert_string_equal(f.message, "page 3: no name");
}

static void nowhere_is_a_place(void **state)
{
        (void)state;
        assert_int_equal(fault_set(NULL, FAULT_PEER, ECONNREFUSED, CODE_NO_RESOURCES, "%s", "y"),
                         -ECONNREFUSED);
        fault_prefix(NULL, "edge %s: ", "a");
}

static void a_fault_can_be_set_from_its_own_words(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_REQUEST, EIO, CODE_NO_RESOURCES, "first");
        fault_set(&f, FAULT_PEER, EIO, CODE_NO_MEMORY, "after %s", f.message);
        assert_string_equal(f.message, "after first");
}

static void control_characters_never_reach_a_person(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_RUN, EINVAL, CODE_NO_RESOURCES, "%s",
                  "a\x1b[31mred\r\nnext\tline\x7f \xc2\x9b"
                  "31m \xff\xc0\x80 end");
        assert_string_equal(f.message, "a\\x1b[31mred next line\\x7f \\x9b31m ??? end");
}

static void long_words_are_cut_at_a_character(void **state)
{
        (void)state;
        for (size_t lead = 0; lead < 4; lead++) {
                Text t = {0};
                Fault f;
                for (size_t i = 0; i < lead; i++)
                        assert_int_equal(text_append_string(&t, "x"), 0);
                while (t.size < 3 * LIMIT_FAULT_MESSAGE_BYTES)
                        assert_int_equal(text_append_string(&t, "€"), 0);
                fault_set(&f, FAULT_RUN, EINVAL, CODE_NO_RESOURCES, "%s", t.data);
                size_t size = strlen(f.message);
                assert_in_range(size, LIMIT_FAULT_MESSAGE_BYTES - 6, LIMIT_FAULT_MESSAGE_BYTES - 1);
                assert_true(text_utf8_valid(f.message, size));
                assert_string_equal(f.message + size - strlen("…"), "…");
                assert_memory_equal(f.message, t.data, size - strlen("…"));
                text_done(&t);
        }
}

#define COUNT_CODE(name, word, origin) +1
static const FaultCode codes = 1 FAULT_CODES(COUNT_CODE);

static void every_code_has_a_word_of_its_own_and_an_origin(void **state)
{
        (void)state;
        assert_string_equal(fault_code_name(CODE_NONE), "");
        assert_int_equal(fault_code_origin(CODE_NONE), ORIGIN_NONE);
        for (FaultCode code = 1; code < codes; code++) {
                const char *word = fault_code_name(code);
                assert_int_equal(word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-")], 0);
                assert_true(word[0] != '\0');
                assert_true(fault_code_origin(code) != ORIGIN_NONE);
                for (FaultCode other = 1; other < code; other++)
                        assert_string_not_equal(word, fault_code_name(other));
        }
}

static void the_origin_is_set_with_the_code_and_by_the_status(void **state)
{
        (void)state;
        static const struct {
                FaultScope scope;
                FaultCode code;
                int http_status;
                FaultOrigin origin;
                bool of_gateway;
        } cases[] = {
                {FAULT_REQUEST, CODE_HTTP_TIMEOUT, 0, ORIGIN_GATEWAY, true},
                {FAULT_PEER, CODE_HTTP_TIMEOUT, 0, ORIGIN_GATEWAY, false},
                {FAULT_REQUEST, CODE_HTTP_TRUNCATED, 200, ORIGIN_CATALOG, false},
                {FAULT_REQUEST, CODE_CATALOG_ERROR, 500, ORIGIN_CATALOG, false},
                {FAULT_REQUEST, CODE_CATALOG_ERROR, 501, ORIGIN_CATALOG, false},
                {FAULT_REQUEST, CODE_CATALOG_ERROR, 502, ORIGIN_GATEWAY, true},
                {FAULT_REQUEST, CODE_CATALOG_BUSY, 503, ORIGIN_GATEWAY, true},
                {FAULT_REQUEST, CODE_CATALOG_ERROR, 504, ORIGIN_GATEWAY, true},
                {FAULT_REQUEST, CODE_CATALOG_ERROR, 505, ORIGIN_CATALOG, false},
                {FAULT_REQUEST, CODE_PG_SERIALIZATION, 0, ORIGIN_POSTGRES, false},
                {FAULT_PEER, CODE_SCHEMA_NEWER, 0, ORIGIN_POSTGRES, false},
                {FAULT_PROCESS, CODE_SECRET_EMPTY, 0, ORIGIN_CONFIG, false},
                {FAULT_RUN, CODE_LEASE_LOST, 0, ORIGIN_RUN, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Fault f;
                fault_set(&f, cases[i].scope, EIO, cases[i].code, "words");
                fault_set_http_status(&f, cases[i].http_status);
                assert_int_equal(f.http_status, cases[i].http_status);
                assert_int_equal(f.origin, cases[i].origin);
                assert_int_equal(fault_is_of_gateway(&f), cases[i].of_gateway);
        }
}

static void one_fault_is_for_memory_that_could_not_be_had(void **state)
{
        (void)state;
        Fault f;
        assert_int_equal(fault_no_memory(&f), -ENOMEM);
        assert_int_equal(f.scope, FAULT_PROCESS);
        assert_int_equal(f.code, CODE_NO_MEMORY);
        assert_string_equal(f.message, "out of memory");
}

static void prefix_goes_before_and_keeps_the_rest(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_REQUEST, EIO, CODE_SPOOL_FAILED, "the end");
        f.retryable = true;
        f.refused = true;
        f.http_status = 503;
        memcpy(f.sqlstate, "57P01", 6);
        fault_prefix(&f, "page %d: ", 7);
        fault_prefix(&f, "100%%: ");
        assert_string_equal(f.message, "100%: page 7: the end");
        assert_true(f.retryable && f.refused);
        assert_int_equal(f.http_status, 503);
        assert_string_equal(f.sqlstate, "57P01");
        assert_string_equal(fault_code_name(f.code), "spool-failed");
        assert_int_equal(f.scope, FAULT_REQUEST);
}

static void prefixes_never_overflow(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_REQUEST, EIO, CODE_SPOOL_FAILED, "the end");
        for (unsigned i = 0; i < 500; i++)
                fault_prefix(&f, "é%u: ", i);
        size_t size = strlen(f.message);
        assert_true(size < LIMIT_FAULT_MESSAGE_BYTES);
        assert_true(text_utf8_valid(f.message, size));
        assert_memory_equal(f.message, "é499: é498: ", strlen("é499: é498: "));
        assert_string_equal(f.message + size - strlen("…"), "…");
}

static void clear_leaves_nothing(void **state)
{
        (void)state;
        static const Fault none;
        Fault f;
        fault_set(&f, FAULT_PEER, EIO, CODE_SPOOL_FAILED, "words");
        f.retryable = true;
        fault_clear(&f);
        assert_int_equal(f.scope, none.scope);
        assert_string_equal(f.message, "");
        assert_string_equal(fault_code_name(f.code), "");
        assert_false(f.retryable);
}

static void every_scope_has_a_name(void **state)
{
        (void)state;
        assert_string_equal(fault_scope_name(FAULT_NONE), "none");
        assert_string_equal(fault_scope_name(FAULT_REQUEST), "request");
        assert_string_equal(fault_scope_name(FAULT_RUN), "run");
        assert_string_equal(fault_scope_name(FAULT_PEER), "peer");
        assert_string_equal(fault_scope_name(FAULT_PROCESS), "process");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(set_fills_everything_and_gives_the_error),
                cmocka_unit_test(nowhere_is_a_place),
                cmocka_unit_test(a_fault_can_be_set_from_its_own_words),
                cmocka_unit_test(control_characters_never_reach_a_person),
                cmocka_unit_test(long_words_are_cut_at_a_character),
                cmocka_unit_test(every_code_has_a_word_of_its_own_and_an_origin),
                cmocka_unit_test(the_origin_is_set_with_the_code_and_by_the_status),
                cmocka_unit_test(one_fault_is_for_memory_that_could_not_be_had),
                cmocka_unit_test(prefix_goes_before_and_keeps_the_rest),
                cmocka_unit_test(prefixes_never_overflow),
                cmocka_unit_test(clear_leaves_nothing),
                cmocka_unit_test(every_scope_has_a_name),
        };
        return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
