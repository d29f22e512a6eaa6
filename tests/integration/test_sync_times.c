/*
 * The two clocks of an edge. They show which state the mirror has, not when it was written: it
 * is as the catalog was when its list was begun, and the catalog as the data source was when the
 * refresh was not over yet.
 */
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>

static void rename_first(World *w, const char *name)
{
        char path[128], row[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        (void)snprintf(row, sizeof(row), "{\"op\":\"rename\",\"index\":0,\"name\":\"%s\"}", name);
        control(w, path, row);
}

static void assert_main(World *w, const char *what, const char *expected)
{
        char sql[500];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT concat_ws(' ', %s) FROM edgemirror.edge e JOIN edgemirror.sync_run "
                       "r ON r.run_id = e.last_run_id"
                       " WHERE e.name = 'main'",
                       what);
        char *is = harness_sql(&w->pg, sql);
        assert_string_equal(is, expected);
        free(is);
}

/* Job and list take a second each; the list is new, then known by its digest, then changed. */
static void the_clocks_show_when_the_list_and_the_refresh_were(void **state)
{
        World *w = *state;
        static const char *const names[] = {"first", NULL, "later"};
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (names[i])
                        rename_first(w, names[i]);
                control(w, "/control/faults", "");
                fault(w, "job", "\"count\":1,\"delay_ms\":1000");
                fault(w, "list", "\"count\":1,\"delay_ms\":1000");
                assert_int_equal(sync_all(w), 0);
                assert_main(
                        w,
                        "e.refreshed_at BETWEEN r.started_at AND e.listed_at - interval '0.9 s',"
                        " e.listed_at BETWEEN r.started_at + interval '0.9 s' AND r.finished_at - "
                        "interval '0.9 s'",
                        "t t");
        }
}

/* Neither with a list that is known nor with one that is new. */
static void a_refresh_that_was_not_clean_moves_no_clock_of_its_own(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET refreshed_at = '2001-01-01', "
                                 "listed_at = '2001-01-01'"));
        fault(w, "refresh", "\"status\":403");
        for (int i = 0; i < 2; i++) {
                if (i == 1)
                        rename_first(w, "later");
                assert_int_equal(sync_all(w), 0);
                assert_main(w, "e.refreshed_at = '2001-01-01', e.listed_at > '2001-01-02'", "t t");
                assert_main(w, "r.outcome, r.refresh, r.error_code, r.http_status",
                            "synced rejected catalog-forbidden 403");
        }
}

/* Its process died, and the job had ended long before somebody looked. */
static void a_job_that_was_over_when_it_was_taken_up_is_as_old_as_its_run(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.sync_run SET phase = 'poll', outcome = NULL, finished_at = NULL,"
                " refresh = NULL, job_state = 'RUNNING', started_at = now() - interval '1 s'"
                " WHERE edge_connection_id = (SELECT edge_connection_id FROM edgemirror.edge WHERE "
                "name = 'main')"));
        assert_int_equal(sync_all(w), 0);
        assert_main(w, "r.trigger, r.refresh, r.started_at - e.refreshed_at > interval '0.9 s'",
                    "resume clean t");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(the_clocks_show_when_the_list_and_the_refresh_were,
                                       small_world),
                cmocka_unit_test_setup(a_refresh_that_was_not_clean_moves_no_clock_of_its_own,
                                       small_world),
                cmocka_unit_test_setup(
                        a_job_that_was_over_when_it_was_taken_up_is_as_old_as_its_run, small_world),
        };
        return cmocka_run_group_tests_name("times", tests, world_setup, world_teardown);
}
