/*
 * The limiter rises slowly while the catalog is at ease, falls at once when it pushes back, and is
 * shared between lists.
 */
#include "base/cleanup.h"
#include "base/limiter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void good_answers(Limiter *p, unsigned n, uint64_t elapsed_usec)
{
        for (unsigned i = 0; i < n; i++)
                limiter_answered(p, elapsed_usec, false);
}

static void it_rises_by_one_for_each_round_of_good_answers(void **state _unused_)
{
        Limiter p;
        limiter_init(&p, 8);
        assert_int_equal(p.allowed, 2);
        for (unsigned allowed = 2; allowed < 8; allowed++) {
                good_answers(&p, allowed - 1, 20000);
                assert_int_equal(p.allowed, allowed);
                good_answers(&p, 1, 20000);
                assert_int_equal(p.allowed, allowed + 1);
        }
        good_answers(&p, 100, 20000);
        assert_int_equal(p.allowed, 8);
}

static void a_catalog_that_pushes_back_halves_it(void **state _unused_)
{
        Limiter p;
        limiter_init(&p, 8);
        good_answers(&p, 1000, 20000);
        static const unsigned expected[] = {4, 2, 1, 1};
        for (unsigned i = 0; i < 4; i++) {
                limiter_answered(&p, 20000, true);
                assert_int_equal(p.allowed, expected[i]);
        }
        good_answers(&p, 1, 20000);
        assert_int_equal(p.allowed, 2);
}

static void answers_that_slow_down_lower_it_and_quick_ones_raise_it_again(void **state _unused_)
{
        Limiter p;
        limiter_init(&p, 8);
        good_answers(&p, 1000, 20000);
        good_answers(&p, 200, 100000);
        assert_in_range(p.allowed, 1, 3);
        good_answers(&p, 200, 20000);
        assert_int_equal(p.allowed, 8);
}

static void a_catalog_that_became_slower_for_good_is_accepted_in_the_end(void **state _unused_)
{
        Limiter p;
        limiter_init(&p, 8);
        good_answers(&p, 1000, 20000);
        good_answers(&p, 3000, 100000);
        assert_int_equal(p.allowed, 8);
}

static void noise_of_a_fast_catalog_is_no_queue(void **state _unused_)
{
        Limiter p;
        limiter_init(&p, 8);
        for (unsigned i = 0; i < 500; i++)
                limiter_answered(&p, i % 2 ? 200 : 1500, false);
        assert_int_equal(p.allowed, 8);
}

static void lists_share_it_and_none_has_less_than_one(void **state _unused_)
{
        Limiter p;
        limiter_init(&p, 8);
        good_answers(&p, 1000, 20000);
        static const unsigned expected[] = {8, 8, 4, 2, 2, 1, 1, 1, 1, 1, 1};
        for (unsigned lists = 0; lists <= 10; lists++) {
                assert_int_equal(limiter_share(&p), expected[lists]);
                limiter_list_begins(&p);
        }
        for (unsigned lists = 10; lists > 0; lists--)
                limiter_list_ends(&p);
        limiter_list_ends(&p);
        assert_int_equal(limiter_share(&p), 8);
}

static void one_at_most_stays_one(void **state _unused_)
{
        Limiter p;
        limiter_init(&p, 1);
        good_answers(&p, 100, 20000);
        limiter_answered(&p, 20000, true);
        assert_int_equal(limiter_share(&p), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_rises_by_one_for_each_round_of_good_answers),
                cmocka_unit_test(a_catalog_that_pushes_back_halves_it),
                cmocka_unit_test(answers_that_slow_down_lower_it_and_quick_ones_raise_it_again),
                cmocka_unit_test(a_catalog_that_became_slower_for_good_is_accepted_in_the_end),
                cmocka_unit_test(noise_of_a_fast_catalog_is_no_queue),
                cmocka_unit_test(lists_share_it_and_none_has_less_than_one),
                cmocka_unit_test(one_at_most_stays_one),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
