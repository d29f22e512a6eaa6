/*
 * The digest of a list: the same for the same rows in any order and however pages overlap, another
 * for any other rows. That PostgreSQL computes the same is in tests/integration/test_digest.c.
 */
#include "base/digest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(DigestList *l, int number, const char *name, int database)
{
        DatabaseConnection row = {
                .name = name, .name_size = strlen(name), .has_database = database != 0};
        memcpy(row.id.bytes + 12, &number, sizeof(number));
        memcpy(row.database_id.bytes, &database, sizeof(database));
        digest_add(l, &row);
}

static bool same(const DigestList *a, const DigestList *b)
{
        char text_a[DIGEST_STRING_SIZE], text_b[DIGEST_STRING_SIZE];
        return strcmp(digest_format(&a->digest, text_a), digest_format(&b->digest, text_b)) == 0 &&
               a->digest.rows == b->digest.rows;
}

static void no_rows_are_all_zeros(void **state)
{
        (void)state;
        DigestList none = {0};
        char text[DIGEST_STRING_SIZE];
        assert_string_equal(digest_format(&none.digest, text), "00000000000000000000000000000000");
}

/* printf '%s' 00000000-0000-0000-0000-000000000000-x | sha256sum | cut -c-32 */
static void one_row_is_the_beginning_of_its_hash(void **state)
{
        (void)state;
        DigestList l = {0};
        char text[DIGEST_STRING_SIZE];
        add(&l, 0, "x", 0);
        assert_string_equal(digest_format(&l.digest, text), "e683c717e57946ec8815eebbb1fce419");
}

/* L5: what cannot be mirrored is told from what can, and counted once however often it comes. */
static void rows_that_cannot_be_mirrored_are_part_of_it(void **state)
{
        (void)state;
        DatabaseConnection row = {.name = "x", .name_size = 1};
        DigestList sound = {0}, bad = {0}, other = {0};
        digest_add(&sound, &row);
        row.rejected = "it is odd";
        digest_add(&bad, &row);
        digest_add(&bad, &row);
        assert_int_equal(bad.digest.rejected, 1);
        assert_false(same(&sound, &bad));
        row.name = "y";
        digest_add(&other, &row);
        assert_false(same(&other, &bad));
        row.name = "x";
        row.rejected = NULL;
        digest_add(&bad, &row);
        assert_int_equal(bad.digest.rejected, 0);
        assert_true(same(&sound, &bad));
}

static void the_order_does_not_matter(void **state)
{
        (void)state;
        DigestList up = {0}, down = {0};
        for (int i = 0; i < 2000; i++) {
                add(&up, i, "name", i % 3);
                add(&down, 1999 - i, "name", (1999 - i) % 3);
        }
        assert_true(same(&up, &down));
        assert_int_equal(up.digest.rows, 2000);
}

static void every_part_of_a_row_matters(void **state)
{
        (void)state;
        DigestList base = {0};
        const struct {
                int number;
                const char *name;
                int database;
        } others[] = {{2, "a", 0}, {1, "b", 0}, {1, "", 0}, {1, "a", 1}, {1, "-a", 0}};
        add(&base, 1, "a", 0);
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                DigestList other = {0};
                add(&other, others[i].number, others[i].name, others[i].database);
                assert_false(same(&base, &other));
        }
}

/* Pages of 500 that repeat 250 rows each: half of what they bring is known. */
static void rows_that_pages_repeat_count_once_as_they_were_last(void **state)
{
        (void)state;
        DigestList pages = {0}, once = {0};
        for (int page = 0; page < 10; page++)
                for (int i = 0; i < 500; i++)
                        add(&pages, page * 250 + i, i < 250 && page > 0 ? "new" : "old", 0);
        for (int i = 0; i < 2750; i++)
                add(&once, i, i >= 250 && i < 2500 ? "new" : "old", 0);
        assert_int_equal(pages.digest.rows, 2750);
        assert_true(same(&pages, &once));
}

/* Not known any more, so counted twice: equal to nothing that the mirror can hold. */
static void a_row_that_comes_again_much_later_is_equal_to_nothing(void **state)
{
        (void)state;
        DigestList twice = {0}, once = {0};
        for (int i = 0; i < 2000; i++) {
                add(&twice, i, "name", 0);
                add(&once, i, "name", 0);
        }
        add(&twice, 0, "name", 0);
        assert_int_equal(twice.digest.rows, 2001);
        assert_false(same(&twice, &once));
        add(&twice, 0, "name", 0); /* nor does a third time undo the second */
        assert_false(same(&twice, &once));
}

static void a_reset_list_is_a_new_one(void **state)
{
        (void)state;
        DigestList used = {0}, fresh = {0};
        add(&used, 1, "a", 0);
        digest_reset(&used);
        add(&used, 1, "b", 0);
        add(&fresh, 1, "b", 0);
        assert_true(same(&used, &fresh));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_rows_are_all_zeros),
                cmocka_unit_test(one_row_is_the_beginning_of_its_hash),
                cmocka_unit_test(rows_that_cannot_be_mirrored_are_part_of_it),
                cmocka_unit_test(the_order_does_not_matter),
                cmocka_unit_test(every_part_of_a_row_matters),
                cmocka_unit_test(rows_that_pages_repeat_count_once_as_they_were_last),
                cmocka_unit_test(a_row_that_comes_again_much_later_is_equal_to_nothing),
                cmocka_unit_test(a_reset_list_is_a_new_one),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
