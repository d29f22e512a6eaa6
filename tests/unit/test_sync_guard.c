/*
 * How many rows may go without a person's word.
 */
#include "base/cleanup.h"
#include "sync/guard.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void share_is_rounded_up_to_whole_rows(void **state)
{
        (void)state;
        static const struct {
                double share;
                int64_t present, allowance;
        } cases[] = {
                {0.2, 0, 0},        {0.2, 1, 1},
                {0.2, 5, 1},        {0.2, 6, 2},
                {0.2, 100, 20},     {0.07, 100, 7},
                {0.29, 100, 29},    {0.0, 1000, 0},
                {1.0, 1000, 1000},  {0.0001, 1, 1},
                {0.0001, 10000, 1}, {0.0001, 10001, 2},
                {0.15, 20, 3},      {1.0, 20000000, 20000000},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                GuardLimit limit = {.is_share = true, .share = cases[i].share};
                if (guard_allowance(&limit, cases[i].present) != cases[i].allowance)
                        fail_msg("%g of %lld rows: %lld, not %lld", cases[i].share,
                                 (long long)cases[i].present,
                                 (long long)guard_allowance(&limit, cases[i].present),
                                 (long long)cases[i].allowance);
        }
}

static void count_is_a_count_whatever_the_edge_has(void **state)
{
        (void)state;
        GuardLimit limit = {.count = 3, .share = 0.9};
        assert_int_equal(guard_allowance(&limit, 1), 3);
        assert_int_equal(guard_allowance(&limit, 1000000), 3);
}

static void guard_judges_by_limit_and_never_believes_an_empty_list(void **state)
{
        (void)state;
        static const GuardLimit none, three = {.count = 3}, all = {.is_share = true, .share = 1};
        static const struct {
                const GuardLimit *limit;
                int64_t present, listed, missing;
                GuardVerdict verdict;
        } cases[] = {
                {&none, 10, 10, 0, GUARD_OPEN},      {&none, 10, 9, 1, GUARD_TOO_MANY},
                {&three, 10, 7, 3, GUARD_OPEN},      {&three, 10, 6, 4, GUARD_TOO_MANY},
                {&all, 10, 1, 10, GUARD_OPEN},       {&all, 10, 0, 10, GUARD_EMPTY_LIST},
                {&three, 1, 0, 1, GUARD_EMPTY_LIST}, {&none, 0, 0, 0, GUARD_OPEN},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(guard_judge(cases[i].limit, cases[i].present, cases[i].listed,
                                             cases[i].missing),
                                 cases[i].verdict);
}

static void limit_is_shown_as_it_is_configured(void **state)
{
        (void)state;
        char text[GUARD_LIMIT_STRING_SIZE];
        assert_string_equal(guard_format_limit(&(GuardLimit){.is_share = true, .share = 0.2}, text),
                            "20%");
        assert_string_equal(
                guard_format_limit(&(GuardLimit){.is_share = true, .share = 0.0125}, text),
                "1.25%");
        assert_string_equal(guard_format_limit(&(GuardLimit){.count = 5}, text), "5");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(share_is_rounded_up_to_whole_rows),
                cmocka_unit_test(count_is_a_count_whatever_the_edge_has),
                cmocka_unit_test(guard_judges_by_limit_and_never_believes_an_empty_list),
                cmocka_unit_test(limit_is_shown_as_it_is_configured),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
