/*
 * When a missing row is gone: only the catalog's own word is proof; every row has its verdict once;
 * and a catalog that does not tell is not asked for ever.
 */
#include "base/cleanup.h"
#include "sync/proof.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Uuid edge = {.bytes = {1}}, other_edge = {.bytes = {2}}, row = {.bytes = {3}},
                  other_row = {.bytes = {4}};
static const ProofControls none, one = {.ids = {{.bytes = {3}}}, .n = 1};

static CatalogOneAnswer given(const Uuid *id, const Uuid *of)
{
        return (CatalogOneAnswer){.answer.status = 200,
                                  .row = {.id = *id, .edge_connection_id = *of, .name = "x"}};
}

static CatalogOneAnswer spoiled(const Uuid *id, const Uuid *of)
{
        CatalogOneAnswer a = given(id, of);
        a.row.rejected = "its name is odd";
        return a;
}

static CatalogOneAnswer gone(void)
{
        CatalogOneAnswer a = {.answer.status = 404, .absent = true};
        fault_set(&a.answer.fault, FAULT_RUN, 2, CODE_CATALOG_NOT_FOUND, "not there");
        return a;
}

static CatalogOneAnswer refused(int status, bool retryable)
{
        CatalogOneAnswer a = {.answer.status = status};
        fault_set(&a.answer.fault, retryable ? FAULT_REQUEST : FAULT_RUN, 5, CODE_CATALOG_FORBIDDEN,
                  "status %d", status);
        a.answer.fault.retryable = retryable;
        return a;
}

static ProofVerdict answer(Proof *p, unsigned slot, const CatalogOneAnswer *a)
{
        return proof_answer(p, slot, &edge, &row, a, 7);
}

static void each_answer_has_its_verdict(void **state)
{
        (void)state;
        const struct {
                CatalogOneAnswer answer;
                ProofVerdict verdict;
        } cases[] = {
                {gone(), PROOF_GONE},
                {given(&row, &edge), PROOF_HERE},
                {given(&row, &other_edge), PROOF_MOVED},
                {spoiled(&row, &edge), PROOF_HERE}, /* L5: it is there, and stays as it is */
                {spoiled(&row, &other_edge), PROOF_HERE},
                {spoiled(&row, &(Uuid){{0}}), PROOF_HERE},
                {spoiled(&other_row, &edge), PROOF_UNKNOWN},
                {given(&other_row, &edge), PROOF_UNKNOWN},
                {given(&other_row, &other_edge), PROOF_UNKNOWN},
                {refused(404, false), PROOF_UNKNOWN}, /* a proxy's page */
                {refused(403, false), PROOF_UNKNOWN},
                {refused(400, false), PROOF_UNKNOWN},
                {refused(500, true), PROOF_PENDING},
                {refused(429, true), PROOF_PENDING},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Proof p;
                ProofOrder order;
                proof_init(&p, 1, &none);
                assert_true(proof_next_order(&p, &order));
                if (answer(&p, order.slot, &cases[i].answer) != cases[i].verdict)
                        fail_msg("case %zu", i);
                assert_int_equal(p.gone, cases[i].verdict == PROOF_GONE);
                assert_int_equal(p.here, cases[i].verdict == PROOF_HERE);
                assert_int_equal(p.moved, cases[i].verdict == PROOF_MOVED);
                assert_int_equal(proof_unknown(&p), cases[i].verdict == PROOF_UNKNOWN);
                assert_int_equal(proof_over(&p), cases[i].verdict != PROOF_PENDING);
        }
}

static void only_so_many_are_asked_for_at_a_time_and_each_once(void **state)
{
        (void)state;
        enum { TOTAL = 1000 };
        Proof p;
        ProofOrder order;
        bool asked[TOTAL] = {0};
        unsigned under_way[PROOF_SLOTS], n = 0;
        proof_init(&p, TOTAL, &none);
        const CatalogOneAnswer a = gone();
        while (!proof_over(&p)) {
                while (proof_next_order(&p, &order)) {
                        assert_true(order.ask);
                        assert_false(asked[order.number]);
                        asked[order.number] = true;
                        assert_true(n < PROOF_SLOTS);
                        under_way[n++] = order.slot;
                }
                assert_true(n > 0);
                unsigned i = (unsigned)(p.gone * 7) % n; /* in any order */
                assert_int_equal(answer(&p, under_way[i], &a), PROOF_GONE);
                under_way[i] = under_way[--n];
        }
        assert_int_equal(p.gone, TOTAL);
        assert_int_equal(proof_unknown(&p), 0);
}

static void busy_catalog_is_asked_again_after_the_wait_it_wants(void **state)
{
        (void)state;
        Proof p;
        ProofOrder order;
        proof_init(&p, 1, &none);
        assert_true(proof_next_order(&p, &order));
        CatalogOneAnswer busy = refused(429, true);
        busy.answer.retry_after_usec = 3000000;
        assert_int_equal(answer(&p, order.slot, &busy), PROOF_PENDING);
        assert_true(proof_next_order(&p, &order));
        assert_false(order.ask);
        assert_true(order.delay_usec >= 3000000);
        assert_false(proof_next_order(&p, &order));
        proof_wake(&p, order.slot);
        assert_true(proof_next_order(&p, &order));
        assert_true(order.ask);
        assert_int_equal(order.number, 0);
        const CatalogOneAnswer a = gone();
        assert_int_equal(answer(&p, order.slot, &a), PROOF_GONE);
        assert_true(proof_over(&p));
}

/* Answers all orders with one answer until it is over; the number of requests. */
static unsigned play(Proof *p, const CatalogOneAnswer *a)
{
        unsigned requests = 0;
        while (!proof_over(p)) {
                ProofOrder orders[PROOF_SLOTS];
                unsigned n = 0;
                while (proof_next_order(p, &orders[n]))
                        n++;
                assert_true(n > 0);
                for (unsigned i = 0; i < n; i++) {
                        if (orders[i].ask)
                                (void)answer(p, orders[i].slot, a);
                        else
                                proof_wake(p, orders[i].slot);
                        requests += orders[i].ask;
                }
        }
        return requests;
}

static void attempts_are_bounded_and_then_we_do_not_know(void **state)
{
        (void)state;
        Proof p;
        const CatalogOneAnswer down = refused(503, true);
        proof_init(&p, 1, &none);
        assert_int_equal(play(&p, &down), 5);
        assert_int_equal(proof_unknown(&p), 1);
        assert_int_equal(p.gone, 0);
        assert_non_null(
                strstr(p.fault.message, "03000000-0000-0000-0000-000000000000: status 503"));
}

/* A user who may list but not get: a million rows are not asked for in vain. */
static void catalog_that_tells_nothing_is_not_asked_for_ever(void **state)
{
        (void)state;
        static const struct {
                int status;
                bool retryable;
                unsigned most;
        } cases[] = {{403, false, 32 + PROOF_SLOTS}, {503, true, 5 * (32 + PROOF_SLOTS)}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Proof p;
                const CatalogOneAnswer a = refused(cases[i].status, cases[i].retryable);
                proof_init(&p, 1000000, &none);
                assert_in_range(play(&p, &a), 1, cases[i].most);
                assert_int_equal(proof_unknown(&p), 1000000);
        }
}

/* Now and then a row that may not be seen is no reason to give up. */
static void some_that_are_not_told_do_not_stop_the_rest(void **state)
{
        (void)state;
        Proof p;
        ProofOrder order;
        const CatalogOneAnswer answers[] = {refused(403, false), refused(403, false), gone()};
        proof_init(&p, 3000, &none);
        for (unsigned i = 0; !proof_over(&p); i++) {
                assert_true(proof_next_order(&p, &order));
                (void)answer(&p, order.slot, &answers[i % 3]);
        }
        assert_int_equal(p.gone, 1000);
        assert_int_equal(proof_unknown(&p), 2000);
}

/* A row that the list has just shown is asked for before all others; what becomes of them depends
 * on its answer. */
static void nothing_is_proven_by_a_catalog_that_denies_what_it_lists(void **state)
{
        (void)state;
        const struct {
                CatalogOneAnswer answer;
                bool good;
                const char *words;
        } cases[] = {
                {given(&row, &edge), true, ""},
                {given(&row, &other_edge), true, ""},
                {spoiled(&row, &edge), true, ""},
                {gone(), false, "do not prove that other rows are gone"},
                {refused(404, false), false, "status 404"},
                {refused(403, false), false, "status 403"},
                {given(&other_row, &edge), false, "another row"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Proof p;
                ProofOrder order;
                proof_init(&p, 20, &one);
                assert_true(proof_next_order(&p, &order));
                assert_int_equal(order.number, PROOF_CONTROL);
                assert_false(proof_next_order(&p, &order));
                assert_int_equal(answer(&p, order.slot, &cases[i].answer), PROOF_PENDING);
                assert_int_equal(proof_over(&p), !cases[i].good);
                assert_int_equal(proof_unknown(&p), 20);
                const CatalogOneAnswer a = gone();
                assert_int_equal(play(&p, &a), cases[i].good ? 20 : 0);
                assert_int_equal(p.gone, cases[i].good ? 20 : 0);
                assert_non_null(strstr(p.fault.message, cases[i].words));
        }
        Proof p;
        const CatalogOneAnswer down = refused(503, true);
        proof_init(&p, 20, &one);
        assert_int_equal(play(&p, &down), 5);
        assert_int_equal(proof_unknown(&p), 20);
}

/* Rows are deleted while a list is read: one listed row that is given is enough. */
static void another_listed_row_is_asked_for_where_one_is_gone(void **state)
{
        (void)state;
        const CatalogOneAnswer absent = gone(), here = given(&row, &edge);
        for (unsigned denied = 1; denied <= 3; denied++) {
                ProofControls c = {0};
                Proof p;
                ProofOrder order;
                for (uint8_t i = 0; i < 9; i++)
                        proof_controls_add(&c, &(Uuid){.bytes = {(uint8_t)(i / 2)}});
                proof_controls_add(&c, &row);
                proof_controls_add(&c, &row);
                proof_init(&p, 20, &c);
                for (unsigned i = 0; i < denied; i++) {
                        assert_true(proof_next_order(&p, &order));
                        assert_int_equal(order.number, PROOF_CONTROL);
                        assert_int_equal(answer(&p, order.slot, &absent), PROOF_PENDING);
                }
                if (denied < 3) {
                        assert_false(proof_over(&p));
                        assert_true(proof_next_order(&p, &order));
                        assert_int_equal(order.number, PROOF_CONTROL);
                        CatalogOneAnswer last = here;
                        last.row.id = p.control;
                        (void)proof_answer(&p, order.slot, &edge, &p.control, &last, 0);
                }
                assert_int_equal(play(&p, &absent), denied < 3 ? 20 : 0);
                assert_int_equal(p.gone, denied < 3 ? 20 : 0);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_answer_has_its_verdict),
                cmocka_unit_test(only_so_many_are_asked_for_at_a_time_and_each_once),
                cmocka_unit_test(busy_catalog_is_asked_again_after_the_wait_it_wants),
                cmocka_unit_test(attempts_are_bounded_and_then_we_do_not_know),
                cmocka_unit_test(catalog_that_tells_nothing_is_not_asked_for_ever),
                cmocka_unit_test(some_that_are_not_told_do_not_stop_the_rest),
                cmocka_unit_test(nothing_is_proven_by_a_catalog_that_denies_what_it_lists),
                cmocka_unit_test(another_listed_row_is_asked_for_where_one_is_gone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
