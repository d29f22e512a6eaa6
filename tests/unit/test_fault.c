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
        assert_int_equal(fault_set(&f, FAULT_RUN, EINVAL, "bad-page", "page %d: %s", 3, "no name"),
                         -EINVAL);
        assert_int_equal(f.scope, FAULT_RUN);
        assert_false(f.retryable);
        assert_false(f.refused);
        assert_int_equal(f.http_status, 0);
        assert_string_equal(f.sqlstate, "");
        assert_string_equal(f.code, "bad-page");
        assert_string_equal(f.message, "page 3: no name");
}

static void nowhere_is_a_place(void **state)
{
        (void)state;
        assert_int_equal(fault_set(NULL, FAULT_PEER, ECONNREFUSED, "x", "%s", "y"), -ECONNREFUSED);
        fault_prefix(NULL, "edge %s: ", "a");
}

static void a_fault_can_be_set_from_its_own_words(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_REQUEST, EIO, "a", "first");
        fault_set(&f, FAULT_PEER, EIO, "b", "after %s", f.message);
        assert_string_equal(f.message, "after first");
}

static void control_characters_never_reach_a_person(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_RUN, EINVAL, "x", "%s",
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
                fault_set(&f, FAULT_RUN, EINVAL, "x", "%s", t.data);
                size_t size = strlen(f.message);
                assert_in_range(size, LIMIT_FAULT_MESSAGE_BYTES - 6, LIMIT_FAULT_MESSAGE_BYTES - 1);
                assert_true(text_utf8_valid(f.message, size));
                assert_string_equal(f.message + size - strlen("…"), "…");
                assert_memory_equal(f.message, t.data, size - strlen("…"));
                text_done(&t);
        }
}

static void a_long_code_is_cut(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_RUN, EINVAL,
                  "0123456789012345678901234567890123456789012345678901234567890123", "m");
        assert_int_equal(strlen(f.code), sizeof(f.code) - 1);
}

static void prefix_goes_before_and_keeps_the_rest(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_REQUEST, EIO, "io", "the end");
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
        assert_string_equal(f.code, "io");
        assert_int_equal(f.scope, FAULT_REQUEST);
}

static void prefixes_never_overflow(void **state)
{
        (void)state;
        Fault f;
        fault_set(&f, FAULT_REQUEST, EIO, "io", "the end");
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
        fault_set(&f, FAULT_PEER, EIO, "io", "words");
        f.retryable = true;
        fault_clear(&f);
        assert_int_equal(f.scope, none.scope);
        assert_string_equal(f.message, "");
        assert_string_equal(f.code, "");
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
                cmocka_unit_test(a_long_code_is_cut),
                cmocka_unit_test(prefix_goes_before_and_keeps_the_rest),
                cmocka_unit_test(prefixes_never_overflow),
                cmocka_unit_test(clear_leaves_nothing),
                cmocka_unit_test(every_scope_has_a_name),
        };
        return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
