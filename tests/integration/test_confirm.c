/*
 * confirm_removals: a row is removed when as many syncs in a row have found it missing and proven
 * gone, and the first of these proofs is as old as removal_delay demands; what is missing
 * meanwhile, since when and why, is said.
 */
#include "base/cleanup.h"
#include "integration/removals_world.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void confirm(World *w, int times)
{
        char *text = harness_read(w->folder, "edgemirror.conf");
        char *at = strstr(text, "confirm_removals = ");
        assert_non_null(at);
        at[strlen("confirm_removals = ")] = (char)('0' + times);
        harness_write(w->folder, "edgemirror.conf", text);
        free(text);
}

static void delay_removals_by_an_hour(World *w)
{
        char *text = harness_read(w->folder, "edgemirror.conf");
        char *at = strstr(text, "removal_delay = 0s");
        assert_non_null(at);
        memcpy(at + strlen("removal_delay = "), "1h", 2);
        harness_write(w->folder, "edgemirror.conf", text);
        free(text);
}

static int two_confirm(void **state)
{
        (void)small_world(state);
        confirm(*state, 2);
        return 0;
}

static void assert_sync(World *w, const char *option, int removed, int pending, int held)
{
        assert_int_equal(run_sync(w, option, "main"), held ? 4 : 0);
        assert_counts(w, held ? "held" : "synced", 0, removed, held);
        assert_int_equal(number_of(w, 0, "pending"), pending);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT pending FROM edgemirror.sync_run ORDER BY run_id DESC LIMIT 1"),
                pending);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT pending FROM edgemirror.freshness WHERE edge = 'main'"),
                pending);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT held FROM edgemirror.freshness WHERE edge = 'main'"),
                held);
}

static void assert_held(World *w, const char *expected)
{
        char *held = harness_sql(&w->pg,
                                 "SELECT string_agg(concat_ws(' ', reason, http_status, proofs), "
                                 "',' ORDER BY id) FROM edgemirror.held WHERE edge = 'main'"
                                 " AND since <= now() AND run_id IS NOT NULL");
        assert_string_equal(held, expected);
        free(held);
}

static void a_row_is_removed_by_the_sync_that_confirms_it(void **state)
{
        World *w = *state;
        for (int times = 1; times <= 3; times++) {
                (void)small_world(state);
                confirm(w, times);
                assert_sync(w, NULL, 0, 0, 0);
                change_rows(w, 0, "{\"op\":\"remove\",\"index\":5,\"count\":2}");
                for (int n = 1; n < times; n++) {
                        char expected[64];
                        assert_sync(w, NULL, 0, 2, 0);
                        assert_int_equal(present(w), 20);
                        (void)snprintf(expected, sizeof(expected), "pending 404 %d,pending 404 %d",
                                       n, n);
                        assert_held(w, expected);
                        assert_int_equal(
                                harness_sql_long(&w->pg,
                                                 "SELECT count(*) FROM edgemirror.inventory WHERE "
                                                 "missing_since IS NOT NULL"),
                                2);
                        assert_int_equal(harness_sql_long(&w->pg,
                                                          "SELECT count(*) FROM edgemirror.change "
                                                          "WHERE kind = 'removed'"),
                                         0);
                }
                assert_sync(w, NULL, 2, 0, 0);
                assert_held(w, "");
                assert_int_equal(
                        harness_sql_long(&w->pg,
                                         "SELECT count(*) FROM edgemirror.database_connection "
                                         "WHERE removed_at >= missing_since"),
                        2);
                assert_int_equal(sync_all(w), 0);
                assert_mirror_equals_catalog(w);
                assert_history_is_valid(w);
        }
}

/* L6: rows that nobody may see for a while, neither in the list nor by their ids. */
static void rows_that_are_hidden_for_one_sync_are_not_removed(void **state)
{
        World *w = *state;
        begin_again(w, "1000", "1s");
        confirm(w, 2);
        assert_sync(w, NULL, 0, 0, 0);
        for (int i = 0; i < 2; i++) { /* the series begins anew each time */
                change_rows(w, 0, "{\"op\":\"hide\",\"index\":100,\"count\":40}");
                assert_sync(w, NULL, 0, 40, 0);
                change_rows(w, 0, "{\"op\":\"show\"}");
                assert_sync(w, NULL, 0, 0, 0);
                assert_held(w, "");
        }
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.change WHERE NOT kind = 'added'"),
                0);
        assert_int_equal(harness_sql_long(&w->pg,
                                          "SELECT count(*) FROM edgemirror.database_connection "
                                          "WHERE missing_since IS NOT NULL"),
                         0);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.edge WHERE name "
                                                  "= 'main' AND list_digest IS NULL"),
                         0);
}

static void what_is_not_proven_ends_the_series(void **state)
{
        World *w = *state;
        confirm(w, 3);
        assert_sync(w, NULL, 0, 0, 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        assert_sync(w, NULL, 0, 1, 0);
        assert_sync(w, NULL, 0, 1, 0);
        assert_held(w, "pending 404 2");
        char *since = harness_sql(&w->pg, "SELECT since FROM edgemirror.held");
        control(w, "/control/faults", "{\"kind\":\"one\",\"skip\":1,\"status\":403}");
        assert_sync(w, NULL, 0, 0, 1);
        assert_held(w, "unproven 403");
        control(w, "/control/faults", "");
        assert_sync(w, NULL, 0, 1, 0);
        assert_sync(w, NULL, 0, 1, 0);
        char *still = harness_sql(&w->pg, "SELECT since FROM edgemirror.held");
        assert_string_equal(still, since); /* it has been missing all the time */
        assert_sync(w, NULL, 1, 0, 0);
        free(since);
        free(still);
}

static void first_proof_was(World *w, const char *ago)
{
        char statement[256];
        (void)snprintf(statement, sizeof(statement),
                       "UPDATE edgemirror.database_connection SET proven_since = now() - "
                       "interval '%s' WHERE missing_proofs > 0 RETURNING 1",
                       ago);
        assert_int_equal(harness_sql_long(&w->pg, statement), 1);
}

/* The missing row, after the one that proves that an answer means something. */
static void await_question(World *w)
{
        for (int i = 0;; i++) {
                _cleanup_(cleanup_free) char *now =
                        harness_control_text(&w->catalog, "/control/state");
                if (requests_of(w, "one") == 1 && strstr(now, "\"inFlight\":1,"))
                        return;
                assert_true(i < 2000);
                (void)poll(NULL, 0, 10);
        }
}

/* However often an edge is synced, and however long a sync takes. */
static void a_row_is_removed_when_removal_delay_is_over(void **state)
{
        World *w = *state;
        delay_removals_by_an_hour(w);
        assert_sync(w, NULL, 0, 0, 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        for (int n = 1; n <= 3; n++)
                assert_sync(w, NULL, 0, 1, 0);
        first_proof_was(w, "59 minutes");
        assert_sync(w, NULL, 0, 1, 0);
        assert_held(w, "pending 404 4");

        /* the series ends, and so does its time */
        control(w, "/control/faults", "{\"kind\":\"one\",\"skip\":1,\"status\":403}");
        first_proof_was(w, "2 hours");
        assert_sync(w, NULL, 0, 0, 1);
        control(w, "/control/faults", "");
        for (int n = 1; n <= 2; n++)
                assert_sync(w, NULL, 0, 1, 0);
        assert_held(w, "pending 404 2");

        /* the hour is over when the catalog has been asked already */
        control(w, "/control/faults",
                "{\"kind\":\"one\",\"skip\":1,\"count\":1,\"delay_ms\":600000}");
        control(w, "/control/log", "");
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_question(w);
        first_proof_was(w, "1 hour");
        control(w, "/control/release", "{}");
        assert_int_equal(harness_program_wait(pid), 0);
        assert_held(w, "pending 404 3");

        /* what was written while a clock was ahead is as of the next proof */
        first_proof_was(w, "-1 day");
        assert_sync(w, NULL, 0, 1, 0);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.held WHERE "
                                                  "proven_since <= now()"),
                         1);
        first_proof_was(w, "1 hour");
        assert_sync(w, NULL, 1, 0, 0);
        assert_held(w, "");
        assert_history_is_valid(w);
}

/* Who is asked has waited long enough. */
static void accepted_removals_wait_for_no_time(void **state)
{
        World *w = *state;
        delay_removals_by_an_hour(w);
        assert_sync(w, NULL, 0, 0, 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5,\"count\":2}");
        assert_sync(w, NULL, 0, 2, 0);
        assert_sync(w, "--accept-removals", 2, 0, 0);
        assert_int_equal(present(w), 18);
}

static void why_a_row_stays_is_said(void **state)
{
        World *w = *state;
        assert_sync(w, NULL, 0, 0, 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        fault(w, "refresh", "\"end_state\":\"ERROR\"");
        assert_sync(w, NULL, 0, 0, 1);
        assert_held(w, "refresh");
        control(w, "/control/faults", "");
        control(w, "/control/faults", "{\"kind\":\"one\",\"skip\":1,\"html\":true,\"status\":404}");
        assert_sync(w, NULL, 0, 0, 1);
        assert_held(w, "unproven 404");
        control(w, "/control/faults", "");
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5,\"count\":5}");
        assert_sync(w, NULL, 0, 0, 6);
        assert_held(w, "guard,guard,guard,guard,guard,guard");

        /* Found out again, it is not written again. */
        static const char stamps[] = "SELECT string_agg(d.xmin::text || d.ctid::text, ',' ORDER BY "
                                     "id) FROM edgemirror.database_connection d";
        char *before = harness_sql(&w->pg, stamps);
        assert_sync(w, NULL, 0, 0, 6);
        char *after = harness_sql(&w->pg, stamps);
        assert_string_equal(after, before);
        free(before);
        free(after);

        assert_int_equal(RUN(w, "status"), 0);
        assert_says(w, "out", "missing from the list, and kept: 6 held, 0 pending", true);
        assert_int_equal(RUN(w, "status", "--json"), 0);
        assert_says(w, "out", "\"held\":6,\"pending\":0,", true);

        /* A person who accepts them does not wait for a second proof; each row is proven all the
         * same. */
        assert_sync(w, "--accept-removals", 6, 0, 0);
        assert_held(w, "");
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
}

static void a_dry_run_shows_what_is_pending(void **state)
{
        World *w = *state;
        assert_sync(w, NULL, 0, 0, 0);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        /* it writes down nothing, so the second is not a confirmation */
        for (int i = 0; i < 2; i++) {
                assert_int_equal(run_sync(w, "--dry-run", "main"), 0);
                assert_int_equal(number_of(w, 0, "pending"), 1);
                assert_int_equal(number_of(w, 0, "removed"), 0);
                const cJSON *plan = cJSON_GetObjectItem(w->results[0], "plan");
                assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(plan, "pending")), 1);
                assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(plan, "held")), 0);
        }
        assert_int_equal(RUN(w, "sync", "--dry-run", "main"), 0);
        assert_says(w, "out", "20 listed", false);
        assert_says(w, "out", "19 listed: 1 pending", true);
        assert_says(w, "out", "    pending   ", true);
        assert_int_equal(RUN(w, "sync", "main"), 0);
        assert_says(w, "out", "19 listed: 1 pending", true);
        assert_says(w, "out", "(confirm_removals)", true);
        assert_says(w, "out", "(removal_delay)", true);
        assert_int_equal(run_sync(w, "--dry-run", "main"), 0);
        assert_int_equal(number_of(w, 0, "removed"), 1);
        assert_sync(w, NULL, 1, 0, 0);
}

static void a_pending_row_that_moves_or_comes_back_otherwise_begins_anew(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        change_rows(w, 0, "{\"op\":\"hide\",\"index\":3}");
        assert_sync(w, NULL, 0, 1, 0);
        change_rows(w, 0,
                    "[{\"op\":\"show\"},{\"op\":\"rename\",\"index\":3,\"name\":\"back with "
                    "another name\"}]");
        assert_int_equal(run_sync(w, NULL, "main"), 0);
        assert_counts(w, "synced", 1, 0, 0);
        assert_held(w, "");

        change_rows(w, 0, "{\"op\":\"hide\",\"index\":3}");
        assert_sync(w, NULL, 0, 1, 0);
        char move[200];
        (void)snprintf(move, sizeof(move),
                       "[{\"op\":\"show\"},{\"op\":\"move\",\"index\":3,\"at\":0,\"to\":\"%s\"}]",
                       w->edges[1]);
        change_rows(w, 0, move);
        assert_int_equal(sync_all(w), 0);
        assert_held(w, "");
        assert_int_equal(harness_sql_long(&w->pg,
                                          "SELECT count(*) FROM edgemirror.database_connection "
                                          "WHERE missing_since IS NOT NULL"),
                         0);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'other'"),
                21);
}

static void assert_unstable(World *w, const char *option, int removed, int pending)
{
        assert_int_equal(run_sync(w, option, "main"), 1);
        assert_counts(w, "unstable", 0, removed, 0);
        assert_string_equal(error_of(w, "code"), "list-unstable");
        assert_int_equal(number_of(w, 0, "pending"), pending);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT pending FROM edgemirror.freshness WHERE edge = 'main'"),
                pending);
        /* Nothing vouches for it. */
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.edge"
                                                  " WHERE name = 'main' AND list_digest "
                                                  "IS NULL AND consecutive_failures > 0"),
                         1);
}

/* L3: rows in a new order at each request. What is seen of them is applied; the rest is asked for,
 * and what is gone is removed by the same rule as usual. */
static void rows_that_an_unstable_list_lacks_are_proven_gone(void **state)
{
        World *w = *state;
        begin_again(w, "2000", "1s");
        confirm(w, 2);
        assert_sync(w, NULL, 0, 0, 0);
        char *listed_at =
                harness_sql(&w->pg, "SELECT listed_at FROM edgemirror.edge WHERE name = 'main'");
        control(w, "/control/settings", "{\"order\":\"shuffle\"}");
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5,\"count\":5}");
        assert_unstable(w, NULL, 0, 5);
        assert_held(w, "pending 404 1,pending 404 1,pending 404 1,pending 404 1,pending 404 1");
        assert_int_equal(present(w), 2000);
        assert_unstable(w, NULL, 5, 0); /* the second in a row */
        assert_held(w, "");
        assert_int_equal(present(w), 1995);

        /* Not proven: it stays, and is said to, but what the run is called tells of the list. */
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5}");
        control(w, "/control/faults", "{\"kind\":\"one\",\"status\":403}");
        assert_int_equal(run_sync(w, NULL, "main"), 1);
        assert_string_equal(text_of(w, 0, "outcome"), "unstable");
        assert_true(number_of(w, 0, "held") > 0);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'held'"),
                0);
        control(w, "/control/faults", "");

        char *still =
                harness_sql(&w->pg, "SELECT listed_at FROM edgemirror.edge WHERE name = 'main'");
        assert_string_equal(still, listed_at);
        control(w, "/control/settings", "{\"order\":\"insertion\"}");
        assert_sync(w, NULL, 0, 1, 0);
        assert_sync(w, NULL, 1, 0, 0);
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
        assert_history_is_valid(w);
        free(listed_at);
        free(still);
}

/* A list that is not whole may lack many rows that exist: they are no removals, and nobody asks for
 * all of them. */
static void many_rows_that_an_unstable_list_lacks_are_let_be(void **state)
{
        World *w = *state;
        begin_again(w, "2000", "1s");
        confirm(w, 2);
        assert_sync(w, NULL, 0, 0, 0);
        control(w, "/control/settings", "{\"order\":\"shuffle\"}");
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":5,\"count\":500}");
        int requests = requests_of(w, "one");
        for (int again = 0; again < 2; again++) {
                assert_unstable(w, NULL, 0, 0);
                assert_non_null(strstr(error_of(w, "message"),
                                       " of the 2000 rows of the mirror were not seen, more than"));
                assert_held(w, "");
        }
        assert_int_equal(requests_of(w, "one"), requests);
        assert_unstable(w, "--accept-removals", 500, 0); /* a person's word */
        assert_int_equal(present(w), 1500);
        control(w, "/control/settings", "{\"order\":\"insertion\"}");
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_row_is_removed_by_the_sync_that_confirms_it),
                cmocka_unit_test(rows_that_are_hidden_for_one_sync_are_not_removed),
                cmocka_unit_test_setup(what_is_not_proven_ends_the_series, two_confirm),
                cmocka_unit_test_setup(a_row_is_removed_when_removal_delay_is_over, two_confirm),
                cmocka_unit_test_setup(accepted_removals_wait_for_no_time, two_confirm),
                cmocka_unit_test_setup(why_a_row_stays_is_said, two_confirm),
                cmocka_unit_test_setup(a_dry_run_shows_what_is_pending, two_confirm),
                cmocka_unit_test(rows_that_an_unstable_list_lacks_are_proven_gone),
                cmocka_unit_test(many_rows_that_an_unstable_list_lacks_are_let_be),
                cmocka_unit_test_setup(a_pending_row_that_moves_or_comes_back_otherwise_begins_anew,
                                       two_confirm),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
