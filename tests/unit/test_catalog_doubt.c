/*
 * What a 401 means: the second in a row is believed, one call asks again for all, and another
 * secret is tried at once.
 */
#include "catalog/doubt.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const DoubtCase first = {0}, again = {.repeated = true}, changed = {.other_secret = true},
                       guess = {.not_ours = true};

/* C3 */
static void the_second_in_a_row_counts(void **state)
{
        (void)state;
        Doubt d = {0};
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_LATER);
        doubt_on_answer(&d);
        doubt_end(&d);
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_LATER);
        assert_int_equal(doubt_on_401(&d, &again), DOUBT_OVER);
        doubt_end(&d);
        /* From then on one is enough, until it is accepted. */
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_OVER);
        doubt_on_answer(&d);
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_LATER);
}

static void one_asks_again_for_all(void **state)
{
        (void)state;
        Doubt d = {0};
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_LATER);
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_JOIN);
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_JOIN);
        assert_true(d.open);
        assert_false(d.refused);
}

static void another_secret_is_tried_at_once(void **state)
{
        (void)state;
        Doubt d = {0};
        assert_int_equal(doubt_on_401(&d, &changed), DOUBT_NOW);
        d.refused = true;
        assert_int_equal(doubt_on_401(&d, &changed), DOUBT_NOW);
}

/* C2: Whoever answers at an address that is a guess may know nothing of our credentials. */
static void a_guess_says_nothing_of_the_credentials(void **state)
{
        (void)state;
        Doubt d = {0};
        assert_int_equal(doubt_on_401(&d, &guess), DOUBT_OVER);
        assert_false(d.refused);
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_LATER);
}

/* One edge's own 401, with credentials that are good. */
static void who_is_refused_while_another_is_accepted_is_so_alone(void **state)
{
        (void)state;
        static const DoubtCase control = {.control = true};
        Doubt d = {0};
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_LATER);
        doubt_on_control(&d);
        assert_int_equal(doubt_on_401(&d, &again), DOUBT_ALONE);
        doubt_end(&d);
        assert_false(d.refused);
        /* What was heard before says nothing of the next. */
        assert_int_equal(doubt_on_401(&d, &first), DOUBT_LATER);
        assert_int_equal(doubt_on_401(&d, &control), DOUBT_OVER);
        assert_true(d.refused);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_second_in_a_row_counts),
                cmocka_unit_test(one_asks_again_for_all),
                cmocka_unit_test(another_secret_is_tried_at_once),
                cmocka_unit_test(a_guess_says_nothing_of_the_credentials),
                cmocka_unit_test(who_is_refused_while_another_is_accepted_is_so_alone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
