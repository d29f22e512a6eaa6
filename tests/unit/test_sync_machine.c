/*
 * What a sync does next: which events a state takes, what every answer to a refresh comes to, and
 * that an apply which does not succeed is never called synced.
 */
#include "base/cleanup.h"
#include "unit/machine_bench.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define E(event) (UINT64_C(1) << (event))
#define ENDS     (E(SYNC_RUN_FAILED) | E(SYNC_LEASE_LOST) | E(SYNC_STOP_ASKED))
/* A dry run passes through here, too. */
#define ENDS_OF_BOTH (ENDS | E(SYNC_DRY_RUN_ENDED))
#define CLAIMS                                                                                     \
        (E(SYNC_CLAIMED_REFRESH) | E(SYNC_CLAIMED_LIST) | E(SYNC_CLAIMED_RESUME) |                 \
         E(SYNC_CLAIMED_SEARCH) | E(SYNC_CLAIM_UNUSED) | E(SYNC_NOT_CLAIMED))

/* Written from the design, not from the table of the machine. */
static const uint64_t allowed[SYNC_STATES] = {
        [SYNC_IDLE] = E(SYNC_STARTED) | E(SYNC_STARTED_DRY),
        [SYNC_CLAIMING] = CLAIMS | E(SYNC_RUN_FAILED) | E(SYNC_STOP_ASKED),
        [SYNC_CLAIM_STOPPING] = CLAIMS | E(SYNC_RUN_FAILED) | E(SYNC_STOP_ASKED),
        [SYNC_SEARCHING] = E(SYNC_SEARCH_GOES_ON) | E(SYNC_SEARCH_AGAIN) | E(SYNC_JOB_FOUND) |
                           E(SYNC_JOB_NOT_FOUND) | ENDS,
        [SYNC_SEARCH_BACKOFF] = E(SYNC_TIMER_FIRED) | ENDS,
        [SYNC_REFRESHING] = E(SYNC_JOB_STARTED) | E(SYNC_REFRESH_AGAIN) | E(SYNC_REFRESH_UNKNOWN) |
                            E(SYNC_REFRESH_OVER) | ENDS,
        [SYNC_REFRESH_BACKOFF] = E(SYNC_TIMER_FIRED) | ENDS,
        [SYNC_POLLING] = E(SYNC_JOB_GOES_ON) | E(SYNC_JOB_OTHER_ADDRESS) | E(SYNC_JOB_ENDED) | ENDS,
        [SYNC_POLL_WAIT] = E(SYNC_TIMER_FIRED) | ENDS,
        [SYNC_SETTLING] = E(SYNC_TIMER_FIRED) | ENDS,
        [SYNC_LISTING] = E(SYNC_PAGE_JOINED) | E(SYNC_LIST_AGAIN) | E(SYNC_PAGE_AGAIN) |
                         E(SYNC_LIST_ENDED) | ENDS_OF_BOTH,
        [SYNC_LIST_BACKOFF] = E(SYNC_TIMER_FIRED) | ENDS_OF_BOTH,
        [SYNC_APPLYING] = E(SYNC_APPLIED) | E(SYNC_ROWS_MISSING) | E(SYNC_REMOVALS_HELD) |
                          E(SYNC_LEASE_DOUBTED) | ENDS_OF_BOTH,
        [SYNC_VERIFYING] = E(SYNC_PROOF_GOES_ON) | E(SYNC_PROOF_ENDED) | ENDS_OF_BOTH,
        [SYNC_REAPPLYING] = E(SYNC_APPLIED) | E(SYNC_LEASE_DOUBTED) | ENDS_OF_BOTH,
        [SYNC_FINISHING] = E(SYNC_FINISHED) | E(SYNC_FINISH_AGAIN) | ENDS,
        [SYNC_FINISH_BACKOFF] = E(SYNC_TIMER_FIRED) | ENDS,
        [SYNC_DONE] = E(SYNC_STOP_ASKED),
};

static void only_the_designed_pairs_are_in_the_table(void **state)
{
        (void)state;
        for (SyncState s = 0; s < SYNC_STATES; s++)
                for (SyncEvent e = 0; e < SYNC_EVENTS; e++) {
                        const SyncTransition *t = sync_transition(s, e);
                        if ((t != NULL) != ((allowed[s] & E(e)) != 0))
                                fail_msg("%s in state %s", sync_event_name(e), sync_state_name(s));
                        bool may_apply = (s == SYNC_LISTING && e == SYNC_LIST_ENDED) ||
                                         (s == SYNC_APPLYING && e == SYNC_REMOVALS_HELD) ||
                                         (s == SYNC_VERIFYING && e == SYNC_PROOF_ENDED);
                        if (t && t->action == SYNC_DO_APPLY && !may_apply)
                                fail_msg("%s in state %s applies", sync_event_name(e),
                                         sync_state_name(s));
                        if (t && e == SYNC_DRY_RUN_ENDED &&
                            (t->to != SYNC_DONE || t->action != SYNC_DO_REPORT))
                                fail_msg("a dry run that ends in state %s writes",
                                         sync_state_name(s));
                }
}

static void any_other_pair_is_a_fault_and_never_an_apply(void **state)
{
        (void)state;
        static const Fault none = {0};
        static const MirrorApplied applied = {0};
        static const CatalogPageAnswer page = {.answer = {.status = 200}};
        static const CatalogRefreshAnswer refresh = {.answer = {.status = 202}, .has_job = true};
        static const CatalogJobsAnswer jobs = {.answer = {.status = 200}};
        static const CatalogJobAnswer job = {.answer = {.status = 200},
                                             .job.status = {.state = "COMPLETED"}};
        static MirrorClaim claim;
        const struct {
                SyncInput in;
                SyncEvent event;
        } inputs[] = {
                {{.kind = SYNC_INPUT_START}, SYNC_STARTED},
                {{.kind = SYNC_INPUT_CLAIM, .fault = &none, .claim = &claim}, SYNC_CLAIMED_REFRESH},
                {{.kind = SYNC_INPUT_JOBS, .jobs = &jobs}, SYNC_JOB_NOT_FOUND},
                {{.kind = SYNC_INPUT_REFRESH, .refresh = &refresh}, SYNC_JOB_STARTED},
                {{.kind = SYNC_INPUT_JOB, .now_usec = 2, .job = &job}, SYNC_JOB_ENDED},
                {{.kind = SYNC_INPUT_PAGE, .page = &page}, SYNC_LIST_ENDED},
                {{.kind = SYNC_INPUT_TIMER}, SYNC_TIMER_FIRED},
                {{.kind = SYNC_INPUT_APPLY, .fault = &none, .applied = &applied}, SYNC_APPLIED},
                {{.kind = SYNC_INPUT_FINISH, .fault = &none}, SYNC_FINISHED},
                {{.kind = SYNC_INPUT_LEASE_LOST}, SYNC_LEASE_LOST},
        };
        for (SyncState s = 0; s < SYNC_STATES; s++)
                for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
                        if (allowed[s] & E(inputs[i].event))
                                continue;
                        SyncMachine m;
                        machine_at(&m, s);
                        assert_int_equal(sync_machine_handle(&m, &inputs[i].in), SYNC_DO_REPORT);
                        assert_int_equal(m.state, SYNC_DONE);
                        assert_string_equal(fault_code_name(m.fault.code), "sync-machine");
                        assert_string_equal(sync_outcome_name(m.outcome), "failed");
                }
}

/* What the database does not learn from the claim or the apply itself. */
static void what_changes_the_phase_is_noted(void **state)
{
        (void)state;
        for (SyncState from = SYNC_CLAIM_STOPPING + 1; from < SYNC_STATES; from++)
                for (SyncEvent on = 0; on < SYNC_EVENTS; on++) {
                        const SyncTransition *t = sync_transition(from, on);
                        if (!t)
                                continue;
                        SyncPhase to = sync_state_phase(t->to);
                        bool moves = to != sync_state_phase(from) && to < SYNC_PHASE_APPLY;
                        assert_int_equal((t->besides & SYNC_NOTE) != 0, moves);
                        assert_int_equal((t->besides & SYNC_NOTE_URGENT) != 0,
                                         on == SYNC_JOB_STARTED || on == SYNC_JOB_FOUND);
                        assert_int_equal((t->besides & SYNC_KEEP) != 0,
                                         from == SYNC_LISTING && t->action != SYNC_DO_FINISH &&
                                                 t->action != SYNC_DO_REPORT &&
                                                 t->action != SYNC_DO_WAIT);
                }
}

static void every_answer_to_a_refresh_has_its_outcome(void **state)
{
        (void)state;
        static const struct {
                int status;
                bool retryable, sent;
                FaultScope scope;
                SyncAction action;
                const char *refresh, *outcome;
        } cases[] = {
                {202, false, true, FAULT_NONE, SYNC_DO_WAIT, "unknown", NULL}, /* without a body */
                {400, false, true, FAULT_RUN, SYNC_DO_LIST, "rejected", NULL},
                {401, false, true, FAULT_PEER, SYNC_DO_FINISH, NULL, "failed"},
                {403, false, true, FAULT_RUN, SYNC_DO_LIST, "rejected", NULL},
                {404, false, true, FAULT_RUN, SYNC_DO_LIST, "rejected", NULL},
                /* C6: a definite no. */
                {405, false, true, FAULT_RUN, SYNC_DO_LIST, "rejected", NULL},
                {411, false, true, FAULT_RUN, SYNC_DO_LIST, "rejected", NULL},
                {415, false, true, FAULT_RUN, SYNC_DO_LIST, "rejected", NULL},
                {422, false, true, FAULT_RUN, SYNC_DO_LIST, "rejected", NULL},
                {409, false, true, FAULT_RUN, SYNC_DO_WAIT, "unknown", NULL},
                {408, true, true, FAULT_REQUEST, SYNC_DO_WAIT, NULL, NULL},
                {425, true, true, FAULT_REQUEST, SYNC_DO_WAIT, NULL, NULL},
                {429, true, true, FAULT_REQUEST, SYNC_DO_WAIT, NULL, NULL},
                {503, true, true, FAULT_REQUEST, SYNC_DO_WAIT, NULL, NULL},
                {500, true, true, FAULT_REQUEST, SYNC_DO_WAIT, "unknown", NULL},
                {0, true, false, FAULT_REQUEST, SYNC_DO_WAIT, NULL, NULL},
                {0, true, true, FAULT_REQUEST, SYNC_DO_WAIT, "unknown", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                CatalogRefreshAnswer a = {
                        .answer = {.status = cases[i].status, .sent = cases[i].sent}};
                a.answer.fault.scope = cases[i].scope;
                a.answer.fault.retryable = cases[i].retryable;
                SyncMachine m;
                machine_at(&m, SYNC_REFRESHING);
                SyncInput in = {.kind = SYNC_INPUT_REFRESH, .refresh = &a};
                assert_int_equal(sync_machine_handle(&m, &in), cases[i].action);
                assert_true((m.refresh != REFRESH_NONE) == (cases[i].refresh != NULL));
                if (m.refresh)
                        assert_string_equal(sync_refresh_name(m.refresh), cases[i].refresh);
                assert_true((m.outcome != OUTCOME_NONE) == (cases[i].outcome != NULL));
        }
}

/* C8: Retry-After is kept: waited for, or the run ends and says when, in whatever phase. */
static void a_wish_of_the_catalog_is_waited_for_or_puts_the_run_off(void **state)
{
        (void)state;
        static const struct {
                SyncState state;
                SyncInputKind kind;
        } phases[] = {{SYNC_SEARCHING, SYNC_INPUT_JOBS},
                      {SYNC_REFRESHING, SYNC_INPUT_REFRESH},
                      {SYNC_POLLING, SYNC_INPUT_JOB},
                      {SYNC_LISTING, SYNC_INPUT_PAGE},
                      {SYNC_VERIFYING, SYNC_INPUT_ONE}};
        for (size_t i = 0; i < 2 * ARRAY_SIZE(phases); i++) {
                const uint64_t requested = i % 2 ? UINT64_C(300000000) : UINT64_C(29000000);
                CatalogAnswer answer = {
                        .status = 429, .sent = true, .requests = 1, .retry_after_usec = requested};
                fault_set(&answer.fault, FAULT_REQUEST, EIO, CODE_CATALOG_BUSY, "slow");
                answer.fault.retryable = true;
                CatalogJobsAnswer jobs = {.answer = answer};
                CatalogRefreshAnswer refresh = {.answer = answer};
                CatalogJobAnswer job = {.answer = answer};
                CatalogPageAnswer page = {.answer = answer};
                CatalogOneAnswer one = {.answer = answer};
                SyncMachine m;
                SyncInput in = {.kind = phases[i / 2].kind};
                machine_at(&m, phases[i / 2].state);
                if (in.kind == SYNC_INPUT_JOBS)
                        in.jobs = &jobs;
                else if (in.kind == SYNC_INPUT_REFRESH)
                        in.refresh = &refresh;
                else if (in.kind == SYNC_INPUT_JOB)
                        in.job = &job;
                else if (in.kind == SYNC_INPUT_PAGE)
                        in.page = &page;
                else if (i % 2)
                        in.one = &one;
                else
                        continue; /* each of those waits by itself: test_sync_proof */
                SyncAction action = sync_machine_handle(&m, &in);
                assert_int_equal(action, i % 2 ? SYNC_DO_FINISH : SYNC_DO_WAIT);
                assert_int_equal(m.requests, 1);
                if (i % 2) {
                        assert_string_equal(sync_outcome_name(m.outcome), "failed");
                        assert_int_equal(m.fault.scope, FAULT_PEER);
                        assert_string_equal(fault_code_name(m.fault.code), "catalog-busy");
                        assert_int_equal(m.fault.retry_after_usec, requested);
                        assert_non_null(strstr(m.fault.message, "asks for a pause of 5m"));
                } else {
                        assert_true(m.delay_usec >= requested);
                }
        }
}

/* The list was whole, but its last page could not be kept, or the lease went, or PostgreSQL said
 * no: nothing was published. */
static void apply_that_does_not_succeed_is_never_called_synced(void **state)
{
        (void)state;
        Fault lost = {.scope = FAULT_RUN, .code = CODE_LEASE_LOST};
        Fault full = {.scope = FAULT_RUN, .code = CODE_SPOOL_FAILED};
        const struct {
                SyncInput in;
                const char *outcome, *code;
                SyncAction action;
        } cases[] = {
                {{.kind = SYNC_INPUT_FAULT, .fault = &full},
                 "failed",
                 "spool-failed",
                 SYNC_DO_FINISH},
                {{.kind = SYNC_INPUT_APPLY, .fault = &full},
                 "failed",
                 "spool-failed",
                 SYNC_DO_FINISH},
                {{.kind = SYNC_INPUT_APPLY, .fault = &lost},
                 "aborted",
                 "lease-lost",
                 SYNC_DO_REPORT},
                {{.kind = SYNC_INPUT_STOP}, "aborted", "stopped", SYNC_DO_FINISH},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncMachine m;
                machine_at(&m, SYNC_APPLYING);
                assert_int_equal(sync_machine_handle(&m, &cases[i].in), cases[i].action);
                assert_true(m.outcome != OUTCOME_NONE);
                assert_string_equal(sync_outcome_name(m.outcome), cases[i].outcome);
                assert_string_equal(fault_code_name(m.fault.code), cases[i].code);
        }
}

/* The apply gives the lease back in its transaction. A heartbeat that finds it gone must not end a
 * run whose snapshot is published. */
static void lease_that_goes_during_the_apply_is_left_to_the_apply(void **state)
{
        (void)state;
        static const Fault none;
        static const Fault lost = {.scope = FAULT_RUN, .code = CODE_LEASE_LOST};
        static const MirrorApplied applied = {.changed = 1};
        const struct {
                const Fault *apply;
                const char *outcome;
        } cases[] = {{&none, "synced"}, {&lost, "aborted"}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncMachine m;
                machine_at(&m, SYNC_APPLYING);
                assert_int_equal(
                        sync_machine_handle(&m, &(SyncInput){.kind = SYNC_INPUT_LEASE_LOST}),
                        SYNC_DO_NOTHING);
                SyncInput answer = {
                        .kind = SYNC_INPUT_APPLY, .applied = &applied, .fault = cases[i].apply};
                assert_int_equal(sync_machine_handle(&m, &answer), SYNC_DO_REPORT);
                assert_string_equal(sync_outcome_name(m.outcome), cases[i].outcome);
        }
}

/* What is said of a stop is true whether the COMMIT got through or not: the run's end could be
 * recorded only if it did not. */
static void stop_during_the_apply_does_not_promise_too_much(void **state)
{
        (void)state;
        static const Fault none;
        static const Fault over = {.scope = FAULT_RUN, .code = CODE_RUN_OVER};
        static const struct {
                SyncState at;
                const Fault *finish;
                const char *words;
        } cases[] = {
                {SYNC_LISTING, &none, "the mirror is as it was"},
                {SYNC_LISTING, &over, "the mirror is as it was"},
                {SYNC_APPLYING, &none, "the mirror is as it was"},
                {SYNC_APPLYING, &over, "it may have been published"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncMachine m;
                machine_at(&m, cases[i].at);
                assert_int_equal(sync_machine_handle(&m, &(SyncInput){.kind = SYNC_INPUT_STOP}),
                                 SYNC_DO_FINISH);
                SyncInput finish = {.kind = SYNC_INPUT_FINISH, .fault = cases[i].finish};
                assert_int_equal(sync_machine_handle(&m, &finish), SYNC_DO_REPORT);
                assert_string_equal(sync_outcome_name(m.outcome), "aborted");
                assert_non_null(strstr(m.fault.message, cases[i].words));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_the_designed_pairs_are_in_the_table),
                cmocka_unit_test(any_other_pair_is_a_fault_and_never_an_apply),
                cmocka_unit_test(what_changes_the_phase_is_noted),
                cmocka_unit_test(every_answer_to_a_refresh_has_its_outcome),
                cmocka_unit_test(a_wish_of_the_catalog_is_waited_for_or_puts_the_run_off),
                cmocka_unit_test(apply_that_does_not_succeed_is_never_called_synced),
                cmocka_unit_test(lease_that_goes_during_the_apply_is_left_to_the_apply),
                cmocka_unit_test(stop_during_the_apply_does_not_promise_too_much),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
