/*
 * Pages asked for ahead: as many as the catalog likes and the configuration allows, and whatever
 * becomes of them, the mirror is the catalog's.
 */
#include "base/cleanup.h"
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of what the catalog has seen. */
static int state_of(World *w, const char *name)
{
        cJSON *state = harness_control(&w->catalog, "/control/state", NULL);
        int value = (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(state, name));
        cJSON_Delete(state);
        return value;
}

static void list_main(World *w, int status)
{
        const char *const arguments[] = {"-c",           w->config, "sync", "--json",
                                         "--no-refresh", "main",    NULL};
        assert_int_equal(harness_program(w->folder, arguments), status);
        take_results(w);
}

static void big_world(World *w)
{
        begin_again(w, "20000", "1s");
        assert_int_equal(sync_all(w), 0);
        control(w, "/control/settings", "{\"latency_ms\":4}");
        control(w, "/control/log", "");
}

static void several_pages_are_in_flight_and_never_too_many(void **state)
{
        World *w = *state;
        big_world(w);
        /* by far more than this machine takes, however slow it is: that would be a queue */
        control(w, "/control/settings", "{\"latency_ms\":250}");
        list_main(w, 0);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_int_equal(number_of(w, 0, "listed"), 20000);
        assert_in_range(state_of(w, "inFlightMax"), 4, 8);
        /* What was asked for beyond the end is counted, too. */
        int pages = number_of(w, 0, "pages"), requests = number_of(w, 0, "requests");
        assert_in_range(requests, pages, pages + 8);
        assert_mirror_equals_catalog(w);
}

static void a_small_edge_is_asked_for_once_more_at_most(void **state)
{
        World *w = *state;
        begin_again(w, "499", "1s");
        assert_int_equal(sync_all(w), 0);
        control(w, "/control/log", "");
        list_main(w, 0);
        assert_int_equal(number_of(w, 0, "requests"), 2);
        assert_int_equal(state_of(w, "inFlightMax"), 1);
        assert_mirror_equals_catalog(w);
}

/* One rule after the other strikes pages of which several are in flight. */
static void pages_that_fail_ahead_of_their_time_are_asked_for_again(void **state)
{
        static const char *const rules[] = {
                "\"offset_min\":3000,\"every\":7,\"count\":3,\"status\":429,\"retry_after\":0",
                "\"offset_min\":3000,\"every\":5,\"count\":4,\"status\":503",
                "\"offset_min\":3000,\"every\":5,\"count\":3,\"close\":true",
                "\"offset_min\":3000,\"every\":5,\"count\":3,\"cut_at\":-1",
                "\"offset_min\":3000,\"every\":3,\"count\":12,\"delay_ms\":30",
                "\"page_cap\":97",
        };
        World *w = *state;
        big_world(w);
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
                fault(w, "list", rules[i]);
                list_main(w, 0);
                assert_string_equal(text_of(w, 0, "outcome"), "synced");
                assert_int_equal(number_of(w, 0, "listed"), 20000);
                assert_int_equal(number_of(w, 0, "changed") + number_of(w, 0, "held"), 0);
                control(w, "/control/faults", "");
        }
        assert_mirror_equals_catalog(w);
}

static void a_page_that_is_wrong_fails_the_list_also_when_it_came_early(void **state)
{
        World *w = *state;
        big_world(w);
        fault(w, "list",
              "\"offset_min\":5000,\"every\":6,\"bad_row\":\"other-edge\",\"bad_row_index\":77");
        list_main(w, 1);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        control(w, "/control/faults", "");
        assert_mirror_equals_catalog(w);
}

/* A hundred rows go from the front while ten pages are in flight: the early pages do not fit, and
 * nothing is lost by that. */
static void a_jump_of_the_list_costs_requests_and_no_row(void **state)
{
        World *w = *state;
        big_world(w);
        fault(w, "list",
              "\"offset_min\":8000,\"count\":1,\"before\":[{\"op\":\"remove\",\"index\":0,"
              "\"count\":100}]");
        list_main(w, 0);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        control(w, "/control/faults", "");
        list_main(w, 0);
        assert_mirror_equals_catalog(w);
}

static void a_catalog_that_limits_its_rate_is_listed_all_the_same(void **state)
{
        World *w = *state;
        begin_again(w, "5000", "1s");
        assert_int_equal(sync_all(w), 0);
        control(w, "/control/settings", "{\"rate_per_s\":8}");
        list_main(w, 0);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        control(w, "/control/settings", "{\"rate_per_s\":0}");
        assert_mirror_equals_catalog(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(several_pages_are_in_flight_and_never_too_many),
                cmocka_unit_test(a_small_edge_is_asked_for_once_more_at_most),
                cmocka_unit_test(pages_that_fail_ahead_of_their_time_are_asked_for_again),
                cmocka_unit_test(a_page_that_is_wrong_fails_the_list_also_when_it_came_early),
                cmocka_unit_test(a_jump_of_the_list_costs_requests_and_no_row),
                cmocka_unit_test(a_catalog_that_limits_its_rate_is_listed_all_the_same),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
