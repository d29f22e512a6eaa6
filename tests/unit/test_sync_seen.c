/*
 * The set of ids: what was added is found, in the pass in which it was shown last, and nothing else
 * is; it grows in its place.
 */
#include "base/cleanup.h"
#include "sync/seen.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { IDS = 200000 };

static Uuid id_of(uint32_t number)
{
        Uuid id = {0};
        memcpy(id.bytes + 12, &number, sizeof(number));
        return id;
}

static SeenWhen add(Seen *s, uint32_t number, unsigned pass)
{
        Uuid id = id_of(number);
        SeenWhen when;
        assert_int_equal(seen_add(s, &id, pass, &when), 0);
        return when;
}

static SeenWhen find(const Seen *s, uint32_t number, unsigned pass)
{
        Uuid id = id_of(number);
        return seen_find(s, &id, pass);
}

static void empty_set_has_nothing(void **state)
{
        (void)state;
        Seen s;
        seen_init(&s, 1);
        assert_int_equal(find(&s, 1, 0), SEEN_NEVER);
        seen_done(&s);
        seen_done(&s);
}

static void what_was_added_is_found_and_nothing_else(void **state)
{
        (void)state;
        Seen s;
        seen_init(&s, 2);
        for (uint32_t i = 0; i < IDS; i++)
                assert_int_equal(add(&s, 3 * i, 0), SEEN_NEVER);
        assert_int_equal(s.n, IDS);
        for (uint32_t i = 0; i < IDS; i++) {
                assert_int_equal(find(&s, 3 * i, 0), SEEN_THIS_PASS);
                assert_int_equal(find(&s, 3 * i + 1, 0), SEEN_NEVER);
        }
        for (uint32_t i = 0; i < IDS; i++)
                assert_int_equal(add(&s, 3 * i, 0), SEEN_THIS_PASS);
        assert_int_equal(s.n, IDS);
        seen_done(&s);
}

static void id_counts_for_the_pass_that_showed_it_last(void **state)
{
        (void)state;
        Seen s;
        seen_init(&s, 3);
        for (unsigned pass = 0; pass < SEEN_PASSES; pass++)
                for (uint32_t i = 0; i < 1000; i++) {
                        assert_int_equal(find(&s, i, pass), pass ? SEEN_EARLIER : SEEN_NEVER);
                        assert_int_equal(add(&s, i, pass), pass ? SEEN_EARLIER : SEEN_NEVER);
                        assert_int_equal(add(&s, i, pass), SEEN_THIS_PASS);
                }
        assert_int_equal(s.n, 1000);
        seen_done(&s);
}

static void slots_are_sorted_and_few(void **state)
{
        (void)state;
        Seen s;
        seen_init(&s, 4);
        for (uint32_t i = 0; i < IDS; i++) {
                (void)add(&s, i, 0);
                if (i > 1000)
                        assert_true(s.size * sizeof(*s.slots) <= (size_t)i * 12 + 1024);
        }
        uint64_t before = 0;
        size_t used = 0;
        for (size_t i = 0; i < s.size; i++)
                if (s.slots[i]) {
                        assert_true(s.slots[i] > before);
                        before = s.slots[i];
                        used++;
                }
        assert_int_equal(used, IDS);
        seen_done(&s);
}

/* Two sets of the same ids have nothing in common that a server could know. */
static void fingerprints_follow_from_the_key(void **state)
{
        (void)state;
        Seen a, b;
        seen_init(&a, 5);
        seen_init(&b, 6);
        size_t same = 0;
        for (uint32_t i = 0; i < 500; i++) {
                (void)add(&a, i, 0);
                (void)add(&b, i, 0);
        }
        for (size_t i = 0; i < a.size && i < b.size; i++)
                same += a.slots[i] && a.slots[i] == b.slots[i];
        assert_int_equal(same, 0);
        seen_done(&a);
        seen_done(&b);
}

/* Values that crowd at the end: the set grows until the last places have room for them, and no
 * further. */
static void crowd_at_the_end_makes_the_set_grow(void **state)
{
        (void)state;
        enum { CROWD = 80 };
        Seen s;
        SeenWhen when;
        seen_init(&s, 7);
        s.keys[0] = s.keys[1] = (SeenKey){0}; /* a fingerprint is the second half of the id */
        s.keys[2] = (SeenKey){.high = 1};
        Uuid ids[CROWD + 1] = {0}; /* the last has the value 0 */
        for (uint64_t i = 0; i < CROWD; i++) {
                uint64_t value = UINT64_MAX - i * (UINT64_MAX / 512 / CROWD);
                memcpy(ids[i].bytes + 8, &value, sizeof(value));
        }
        for (size_t i = 0; i <= CROWD; i++) {
                assert_int_equal(seen_find(&s, &ids[i], 1), SEEN_NEVER);
                assert_int_equal(seen_add(&s, &ids[i], 1, &when), 0);
                assert_int_equal(when, SEEN_NEVER);
        }
        assert_int_equal(s.n, CROWD + 1);
        assert_true(s.size < 20000);
        for (size_t i = 0; i <= CROWD; i++)
                assert_int_equal(seen_find(&s, &ids[i], 1), SEEN_THIS_PASS);
        seen_done(&s);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(empty_set_has_nothing),
                cmocka_unit_test(what_was_added_is_found_and_nothing_else),
                cmocka_unit_test(id_counts_for_the_pass_that_showed_it_last),
                cmocka_unit_test(slots_are_sorted_and_few),
                cmocka_unit_test(fingerprints_follow_from_the_key),
                cmocka_unit_test(crowd_at_the_end_makes_the_set_grow),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
