/*
 * Every list ends, and says truly what it is: catalogs whose ids repeat, whose order is another one
 * at each request, whose pages have another cap each, and whose list has no end.
 */
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_whole(World *w, int rows, int requests_max)
{
        assert_int_equal(run_command(w, (const char *const[]){"sync", "--json", "--no-refresh",
                                                              "main", NULL}),
                         0);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_int_equal(number_of(w, 0, "listed"), rows);
        if (number_of(w, 0, "requests") > requests_max)
                fail_msg("%d requests, at most %d", number_of(w, 0, "requests"), requests_max);
}

static long present(World *w)
{
        return harness_sql_long(&w->pg,
                                "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'main'");
}

/* L1 */
static void ids_that_stand_twice_are_mirrored_once(void **state)
{
        World *w = *state;
        static const struct {
                const char *rows;
                int n, doubles;
        } cases[] = {{"3,1", 3, 1}, {"20,1", 20, 20}, {"999,1", 999, 2}, {"1100,1", 1100, 1100}};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char settings[64];
                begin_again(w, cases[i].rows, "1s");
                (void)snprintf(settings, sizeof(settings), "{\"doubles\":%d}", cases[i].doubles);
                control(w, "/control/settings", settings);
                for (int again = 0; again < 2; again++)
                        /* some ahead of their time */
                        assert_whole(w, cases[i].n, cases[i].n < 100 ? 3 : 12);
                assert_int_equal(number_of(w, 0, "unchanged"), cases[i].n);
                assert_int_equal(present(w), cases[i].n);
        }
}

/* L2 */
static void rows_that_change_places_at_the_end_are_all_mirrored(void **state)
{
        World *w = *state;
        static const char *const rows[] = {"2,1", "20,1", "501,1", "1230,1"};
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                begin_again(w, rows[i], "1s");
                control(w, "/control/settings", "{\"order\":\"tie\"}");
                for (int again = 0; again < 3; again++)
                        assert_whole(w, atoi(rows[i]), 30);
                assert_int_equal(present(w), atoi(rows[i]));
        }
}

/* L2b */
static void caps_that_change_from_page_to_page_lose_no_row(void **state)
{
        World *w = *state;
        begin_again(w, "900,1", "1s");
        control(w, "/control/settings", "{\"page_caps\":\"1,2,3,97,500\"}");
        for (int again = 0; again < 10; again++) {
                assert_whole(w, 900, 300);
                assert_int_equal(present(w), 900);
        }
}

/* L3 */
static void new_order_at_each_request_is_called_unstable(void **state)
{
        World *w = *state;
        begin_again(w, "2000,1", "1s");
        control(w, "/control/settings", "{\"order\":\"shuffle\"}");
        assert_int_equal(RUN(w, "sync", "--json", "--no-refresh", "main"), 1);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "unstable");
        assert_string_equal(error_of(w, "code"), "list-unstable");
        assert_true(number_of(w, 0, "requests") <= 60);
        assert_true(present(w) > 1900); /* what was seen is applied */
        assert_int_equal(
                harness_sql_long(
                        &w->pg, "SELECT count(*) FROM edgemirror.edge WHERE listed_at IS NOT NULL"),
                0);
        /* A list of one page is one snapshot, in whatever order. */
        begin_again(w, "400,1", "1s");
        control(w, "/control/settings", "{\"order\":\"shuffle\"}");
        assert_whole(w, 400, 2);
}

/* L4 */
static void endless_list_of_long_names_fails_at_a_cap(void **state)
{
        World *w = *state;
        begin_again(w, "10,1", "1s");
        assert_whole(w, 10, 2);
        control(w, "/control/settings", "{\"endless_bytes\":30000}");
        assert_int_equal(RUN(w, "sync", "--json", "--no-refresh", "main"), 1);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "list-too-long");
        assert_true(number_of(w, 0, "pages") < 40);
        assert_int_equal(present(w), 10);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(ids_that_stand_twice_are_mirrored_once),
                cmocka_unit_test(rows_that_change_places_at_the_end_are_all_mirrored),
                cmocka_unit_test(caps_that_change_from_page_to_page_lose_no_row),
                cmocka_unit_test(new_order_at_each_request_is_called_unstable),
                cmocka_unit_test(endless_list_of_long_names_fails_at_a_cap),
        };
        return cmocka_run_group_tests_name("list_ends", tests, world_setup, world_teardown);
}
