/*
 * A process ends between the POST of a refresh and the note of its job: where the catalog lets jobs
 * be searched, the next run finds it and no second refresh is asked for; where there is doubt, or
 * the catalog says no, one is.
 *
 * LOST_JOB_TRIES (4) is how often the window is hit in the first case; 1000 takes some minutes.
 */
#include "base/cleanup.h"
#include "integration/sync_world.h"
#include "sync/job_search.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KILLED = 256 + SIGKILL, BEGUN_MAX_MSEC = 30000 };

/* The answer to the refresh takes longer than any of this. */
#define NO_ANSWER "\"dribble_ms\":60000,\"dribble_bytes\":1"

static void wait_msec(long msec)
{
        const struct timespec pause = {.tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000};
        (void)nanosleep(&pause, NULL);
}

static void later_than_two_clocks_may_differ_by(void)
{
        wait_msec(JOB_SEARCH_SLACK_USEC / 1000 + 1200);
}

static int jobs_of_main(const World *w)
{
        int n = 0;
        cJSON *jobs = harness_control(&w->catalog, "/control/jobs", NULL);
        const cJSON *job;
        cJSON_ArrayForEach(job, jobs)
        {
                const char *of = cJSON_GetStringValue(cJSON_GetObjectItem(job, "edgeConnectionId"));
                n += strcmp(of, w->edges[0]) == 0;
        }
        cJSON_Delete(jobs);
        return n;
}

/* Ends a sync of `main` so long after the catalog has begun its job. The lease of a process that
 * was killed ends by itself; so long nobody wants to wait here. False: it was over by then. */
static bool sync_ended_by(World *w, int signal_number, long after_msec)
{
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        int before = jobs_of_main(w);
        pid_t pid = harness_program_start(w->folder, arguments);
        for (int i = 0; jobs_of_main(w) == before; i++) {
                assert_true(i < BEGUN_MAX_MSEC);
                wait_msec(1);
        }
        wait_msec(after_msec);
        assert_int_equal(kill(pid, signal_number), 0);
        int status = harness_program_wait(pid);
        if (status != 0)
                assert_int_equal(status, signal_number == SIGKILL ? KILLED : 1);
        control(w, "/control/faults", "");
        /* what it had sent may still be under way, and lengthen its lease */
        await_sql(w, "SELECT count(*) FROM (SELECT count(*) FROM pg_stat_activity WHERE "
                     "application_name LIKE 'edgemirror/%') s (n) WHERE n = 0");
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() - "
                                 "interval '1 s' WHERE holder IS NOT NULL"));
        return status != 0;
}

/* So that it is known of which type our jobs are, and whose. */
static void begin(World *w)
{
        begin_again(w, "5", "1m");
        control(w, "/control/settings", "{\"job_run_ms\":200}");
        assert_int_equal(sync_all(w), 0);
}

/* How many refreshes of `main` there were, the next sync and the ones before it together. */
static int refreshes_after_next_sync(World *w, int before)
{
        assert_int_equal(RUN(w, "sync", "--json", "main"), 0);
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_string_equal(text_of(w, 0, "refresh"), "clean");
        return jobs_of_main(w) - before;
}

static int setup(void **state)
{
        int r = world_setup(state);
        begin(*state);
        return r;
}

/* While the answer is on its way, or about when it arrives; by a kill, or by a stop. */
static void a_job_that_nobody_noted_is_found_and_no_second_refresh_is_asked_for(void **state)
{
        World *w = *state;
        const char *text = getenv("LOST_JOB_TRIES");
        long tries = text ? strtol(text, NULL, 10) : 4, found = 0;
        for (long i = 0; i < tries; i++) {
                int before = jobs_of_main(w);
                bool no_answer = i % 4 < 2;
                if (no_answer)
                        fault(w, "refresh", NO_ANSWER);
                bool ended = sync_ended_by(w, i % 2 ? SIGTERM : SIGKILL, no_answer ? 0 : i / 4 % 8);
                assert_true(ended || !no_answer);
                assert_int_equal(refreshes_after_next_sync(w, before), ended ? 1 : 2);
                _cleanup_(cleanup_free) char *searched = harness_sql(
                        &w->pg, "SELECT count(*) FROM edgemirror.sync_run r WHERE trigger = "
                                "'resume' AND run_id = (SELECT max(run_id) FROM "
                                "edgemirror.sync_run) AND NOT EXISTS (SELECT FROM "
                                "edgemirror.sync_run e WHERE e.job_id = r.job_id AND e.run_id < "
                                "r.run_id)");
                assert_true(!no_answer || strcmp(searched, "1") == 0);
                found += searched[0] == '1';
        }
        print_message("# %ld tries, %ld jobs were searched and found, the others were noted\n",
                      tries, found);
        assert_true(found >= tries / 2);
        assert_mirror_equals_catalog(w);
}

static void it_is_found_among_others_and_although_the_search_fails_at_first(void **state)
{
        static const struct {
                const char *settings, *rule;
        } cases[] = {
                {"{\"foreign_jobs\":true,\"job_shape\":\"job-api\"}", NULL},
                {"{}", "{\"kind\":\"jobs\",\"status\":503,\"count\":1}"},
        };
        World *w = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int before = jobs_of_main(w);
                fault(w, "refresh", NO_ANSWER);
                control(w, "/control/settings", cases[i].settings);
                assert_true(sync_ended_by(w, SIGKILL, 0));
                if (cases[i].rule)
                        control(w, "/control/faults", cases[i].rule);
                int refreshes = refreshes_after_next_sync(w, before);
                if (refreshes != 1)
                        fail_msg("%s %s: %d refreshes", cases[i].settings,
                                 cases[i].rule ? cases[i].rule : "", refreshes);
        }
        control(w, "/control/settings", "{\"foreign_jobs\":false,\"job_shape\":\"reference\"}");
}

static void where_it_cannot_be_found_for_certain_a_refresh_is_asked_for_as_before(void **state)
{
        static const struct {
                const char *settings, *rule;
        } cases[] = {
                {"{\"job_search_status\":403}", NULL},
                {"{\"job_search_status\":404}", NULL},
                {"{\"job_search_status\":401}", NULL}, /* and the credentials are right */
                {"{\"jobs_named\":false,\"foreign_jobs\":true}", NULL},
                {"{}", "{\"kind\":\"jobs\",\"html\":true}"},
                {"{}", "{\"kind\":\"jobs\",\"body\":\"{\\\"results\\\":[{}]}\"}"},
                {"{}", "{\"kind\":\"jobs\",\"status\":400}"},
        };
        World *w = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int before = jobs_of_main(w);
                fault(w, "refresh", NO_ANSWER);
                control(w, "/control/settings", cases[i].settings);
                assert_true(sync_ended_by(w, SIGKILL, 0));
                if (cases[i].rule)
                        control(w, "/control/faults", cases[i].rule);
                int refreshes = refreshes_after_next_sync(w, before);
                if (refreshes != 2)
                        fail_msg("%s %s: %d refreshes", cases[i].settings,
                                 cases[i].rule ? cases[i].rule : "", refreshes);
                control(w, "/control/faults", "");
                control(w, "/control/settings",
                        "{\"job_search_status\":0,\"jobs_named\":true,\"foreign_jobs\":false}");
        }
}

/* The run after the one that lost its job ended before it asked for one of its own: it was told no
 * answer either, and its beginning says nothing about the job. */
static void the_job_may_be_that_of_the_first_of_several_runs(void **state)
{
        World *w = *state;
        int before = jobs_of_main(w);
        fault(w, "refresh", NO_ANSWER);
        assert_true(sync_ended_by(w, SIGKILL, 0));
        later_than_two_clocks_may_differ_by();
        free(harness_sql(&w->pg,
                         "INSERT INTO edgemirror.sync_run (edge_connection_id, instance, epoch, "
                         "trigger, phase) SELECT edge_connection_id, instance, epoch, trigger, "
                         "phase FROM edgemirror.sync_run ORDER BY run_id DESC LIMIT 1"));
        assert_int_equal(refreshes_after_next_sync(w, before), 1);
}

/* The second was begun because the first could not be searched; neither is taken. */
static void one_of_two_is_not_taken(void **state)
{
        World *w = *state;
        int before = jobs_of_main(w);
        for (int i = 0; i < 2; i++) {
                fault(w, "refresh", NO_ANSWER);
                control(w, "/control/settings", "{\"job_search_status\":403}");
                assert_true(sync_ended_by(w, SIGKILL, 0));
        }
        control(w, "/control/settings", "{\"job_search_status\":0}");
        assert_int_equal(refreshes_after_next_sync(w, before), 3);
}

/* Without --no-refresh in between there is nothing to find; and with it, what was lost remains. */
static void a_run_without_a_refresh_looks_for_nothing_and_hides_nothing(void **state)
{
        World *w = *state;
        int before = jobs_of_main(w);
        fault(w, "refresh", NO_ANSWER);
        assert_true(sync_ended_by(w, SIGKILL, 0));
        control(w, "/control/log", "");
        assert_int_equal(RUN(w, "sync", "--json", "--no-refresh", "main"), 0);
        assert_int_equal(count_in_requests(w, "kind=jobs", "GET"), 0);
        assert_int_equal(refreshes_after_next_sync(w, before), 1);
        assert_int_equal(count_in_requests(w, "kind=jobs", "GET"), 1);
        /* and what was found is found */
        assert_int_equal(refreshes_after_next_sync(w, before), 2);
        assert_int_equal(count_in_requests(w, "kind=jobs", "GET"), 1);
}

/* A job of before might be a run's of which nothing is known any more. */
static void of_an_edge_that_was_forgotten_no_job_is_looked_for(void **state)
{
        World *w = *state;
        char sql[160];
        int before = jobs_of_main(w);
        (void)snprintf(sql, sizeof(sql),
                       "DELETE FROM edgemirror.sync_run WHERE edge_connection_id = '%s'",
                       w->edges[0]);
        free(harness_sql(&w->pg, sql));
        later_than_two_clocks_may_differ_by(); /* those of before are too old: it is alone */
        fault(w, "refresh", NO_ANSWER);
        assert_true(sync_ended_by(w, SIGKILL, 0));
        assert_int_equal(refreshes_after_next_sync(w, before), 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        a_job_that_nobody_noted_is_found_and_no_second_refresh_is_asked_for),
                cmocka_unit_test(it_is_found_among_others_and_although_the_search_fails_at_first),
                cmocka_unit_test(a_run_without_a_refresh_looks_for_nothing_and_hides_nothing),
                cmocka_unit_test(the_job_may_be_that_of_the_first_of_several_runs),
                /* what those leave behind nobody finds out about */
                cmocka_unit_test(
                        where_it_cannot_be_found_for_certain_a_refresh_is_asked_for_as_before),
                cmocka_unit_test(one_of_two_is_not_taken),
                cmocka_unit_test(of_an_edge_that_was_forgotten_no_job_is_looked_for),
        };
        return cmocka_run_group_tests(tests, setup, world_teardown);
}
