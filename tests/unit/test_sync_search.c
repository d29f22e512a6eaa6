/*
 * The job of a refresh that nobody noted is looked for before another refresh is asked for.
 */
#include "base/cleanup.h"
#include "unit/machine_bench.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A run was cut off three seconds ago, perhaps between its refresh and the note of the job. */
static void live_until_search(SyncMachine *m)
{
        static const MirrorClaim claim = {.run_id = 1,
                                          .epoch = 1,
                                          .lost = true,
                                          .lost_since_usec = 3000000,
                                          .job_kind = {"SYNC", "us"}};
        machine_init(m, true, false);
        assert_int_equal(machine_give(m, (SyncInput){.kind = SYNC_INPUT_START}), SYNC_DO_CLAIM);
        assert_int_equal(machine_give(m, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                     .claim = &claim,
                                                     .fault = &machine_no_fault}),
                         SYNC_DO_SEARCH);
        assert_int_equal(m->phase, SYNC_PHASE_REFRESH);
}

static CatalogFoundJob lost_job(unsigned number)
{
        return (CatalogFoundJob){.id = machine_number_id(number),
                                 .kind = {"SYNC", "us"},
                                 .names_edge = true,
                                 .has_created = true,
                                 .created_msec = 99000};
}

static SyncAction give_jobs(SyncMachine *m, unsigned n, const char *next)
{
        CatalogFoundJob jobs[] = {lost_job(1), lost_job(2)};
        CatalogJobsAnswer a = {.answer = {.status = 200, .sent = true, .requests = 1},
                               .jobs = jobs,
                               .n_jobs = n,
                               .next = next,
                               .now_msec = 100000};
        return machine_give(m, (SyncInput){.kind = SYNC_INPUT_JOBS, .jobs = &a});
}

static SyncAction give_no_jobs(SyncMachine *m, int status, bool sent, FaultScope scope,
                               bool retryable, bool foreign)
{
        CatalogJobsAnswer a = {.answer = {.status = status, .sent = sent, .foreign = foreign}};
        fault_set(&a.answer.fault, scope, EIO, CODE_CATALOG_ERROR, "no");
        a.answer.fault.retryable = retryable;
        return machine_give(m, (SyncInput){.kind = SYNC_INPUT_JOBS, .jobs = &a});
}

static void a_job_that_is_found_is_polled_on_and_no_refresh_is_asked_for(void **state)
{
        (void)state;
        SyncMachine m;
        live_until_search(&m);
        assert_int_equal(give_jobs(&m, 0, "page 2"), SYNC_DO_SEARCH);
        assert_string_equal(m.search.cursor, "page 2");
        assert_int_equal(give_jobs(&m, 1, NULL), SYNC_DO_GET_JOB);
        assert_true(m.has_job && m.note && m.note_urgent);
        Uuid id = machine_number_id(1);
        assert_true(uuid_equal(&m.job.id, &id));
        assert_int_equal(m.phase, SYNC_PHASE_POLL);
        assert_int_equal(machine_give_job(&m, "COMPLETED"), SYNC_DO_LIST);
        assert_string_equal(sync_refresh_name(m.refresh), "clean");
}

/* One of two is not taken: the refresh is asked for as if none had been begun. */
static void what_is_not_found_for_certain_is_refreshed_anew(void **state)
{
        (void)state;
        for (unsigned n = 0; n <= 2; n += 2) {
                SyncMachine m;
                live_until_search(&m);
                assert_int_equal(give_jobs(&m, n, NULL), SYNC_DO_REFRESH);
                assert_false(m.has_job);
                assert_int_equal(machine_give_refresh(&m, 202, false), SYNC_DO_WAIT);
                assert_int_equal(m.fault.scope, FAULT_NONE);
        }
}

/* A catalog that lets nobody search is none the worse for it. */
static void every_answer_to_a_search_has_its_step(void **state)
{
        (void)state;
        static const struct {
                int status;
                bool sent, retryable, foreign;
                FaultScope scope;
                SyncAction action;
        } cases[] = {
                {400, true, false, false, FAULT_RUN, SYNC_DO_REFRESH},
                {403, true, false, false, FAULT_RUN, SYNC_DO_REFRESH},
                {404, true, false, true, FAULT_RUN, SYNC_DO_REFRESH},
                {401, true, false, true, FAULT_PEER, SYNC_DO_REFRESH}, /* a gateway's */
                {401, true, false, false, FAULT_PEER, SYNC_DO_FINISH},
                {401, true, false, false, FAULT_RUN, SYNC_DO_REFRESH}, /* of this alone */
                {302, true, false, true, FAULT_PEER, SYNC_DO_REFRESH},
                {200, true, false, true, FAULT_PEER, SYNC_DO_REFRESH}, /* a web page */
                {200, true, false, false, FAULT_RUN, SYNC_DO_REFRESH}, /* no list of jobs */
                {503, true, true, false, FAULT_REQUEST, SYNC_DO_WAIT},
                {0, true, true, false, FAULT_REQUEST, SYNC_DO_WAIT},
                {0, false, true, false, FAULT_PEER, SYNC_DO_WAIT},
                {0, false, false, false, FAULT_PEER, SYNC_DO_FINISH},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncMachine m;
                live_until_search(&m);
                SyncAction action = give_no_jobs(&m, cases[i].status, cases[i].sent, cases[i].scope,
                                                 cases[i].retryable, cases[i].foreign);
                if (action != cases[i].action)
                        fail_msg("case %zu: %d", i, (int)action);
                if (action == SYNC_DO_WAIT)
                        assert_int_equal(machine_give_timer(&m), SYNC_DO_SEARCH);
                assert_int_equal(m.fault.scope != FAULT_NONE, action == SYNC_DO_FINISH);
        }
}

/* After a few attempts; one that cannot be reached is not asked for the refresh either. */
static void a_search_that_never_comes_is_given_up(void **state)
{
        (void)state;
        for (int sent = 0; sent < 2; sent++) {
                SyncMachine m;
                SyncAction action;
                unsigned n = 0;
                live_until_search(&m);
                while ((action = give_no_jobs(&m, sent ? 503 : 0, sent, FAULT_REQUEST, true,
                                              false)) == SYNC_DO_WAIT &&
                       n++ < 100)
                        (void)machine_give_timer(&m);
                assert_in_range(n, 2, 10);
                assert_int_equal(action, sent ? SYNC_DO_REFRESH : SYNC_DO_FINISH);
                if (sent) /* the attempts of the refresh are its own */
                        for (unsigned i = 0; i < n; i++) {
                                assert_int_equal(machine_give_refresh(&m, 503, true), SYNC_DO_WAIT);
                                (void)machine_give_timer(&m);
                        }
        }
}

static void without_a_refresh_nothing_is_looked_for(void **state)
{
        (void)state;
        static const MirrorClaim claim = {.run_id = 1, .lost = true};
        SyncMachine m;
        machine_init(&m, false, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        assert_int_equal(machine_give(&m, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                      .claim = &claim,
                                                      .fault = &machine_no_fault}),
                         SYNC_DO_LIST);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_job_that_is_found_is_polled_on_and_no_refresh_is_asked_for),
                cmocka_unit_test(what_is_not_found_for_certain_is_refreshed_anew),
                cmocka_unit_test(every_answer_to_a_search_has_its_step),
                cmocka_unit_test(a_search_that_never_comes_is_given_up),
                cmocka_unit_test(without_a_refresh_nothing_is_looked_for),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
