/*
 * What a sync does next: which events a state takes, what every answer to a refresh comes to, and
 * that nothing but a whole life ends as synced.
 */
#include "base/cleanup.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "sync/machine.h"
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

static void machine_at(SyncMachine *m, SyncState state)
{
        *m = (SyncMachine){.settings = {.refresh = true,
                                        .polling = {1000000, 30000000, 60000000, 600000000},
                                        .settle_usec = 5000000,
                                        .list_timeout_usec = 3600000000,
                                        .page_size = 500},
                           .patience_usec = 30000000};
        sync_machine_init(m, 0);
        polling_init(&m->polling, &m->settings.polling, false, false, 1);
        m->state = state;
        if (state == SYNC_APPLYING) { /* as the list's end leaves it */
                m->outcome = OUTCOME_SYNCED;
                m->listed_whole = true;
        }
}

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
                /* A definite no. */
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

/* Retry-After is kept: waited for, or the run ends and says when, in whatever phase. */
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

/* ---- whole lives ---------------------------------------------------------------------------- */

static const Fault no_fault;

static Uuid number_id(unsigned number)
{
        Uuid id = {.bytes = {0xab}};
        memcpy(id.bytes + 8, &number, sizeof(number));
        return id;
}

static SyncAction give(SyncMachine *m, SyncInput in)
{
        return sync_machine_handle(m, &in);
}

static SyncAction give_claim(SyncMachine *m)
{
        static const MirrorClaim claim = {.run_id = 1, .epoch = 1};
        return give(m, (SyncInput){.kind = SYNC_INPUT_CLAIM, .claim = &claim, .fault = &no_fault});
}

static SyncAction give_refresh(SyncMachine *m, int status, bool retryable)
{
        CatalogRefreshAnswer a = {.answer = {.status = status, .sent = true, .requests = 1},
                                  .has_job = status == 202};
        if (status != 202)
                fault_set(&a.answer.fault, retryable ? FAULT_REQUEST : FAULT_RUN, EIO,
                          CODE_CATALOG_ERROR, "no");
        a.answer.fault.retryable = retryable;
        return give(m, (SyncInput){.kind = SYNC_INPUT_REFRESH, .refresh = &a});
}

static SyncAction give_job(SyncMachine *m, const char *state)
{
        CatalogJobAnswer a = {.answer = {.status = 200, .sent = true, .requests = 1}};
        (void)snprintf(a.job.status.state, sizeof(a.job.status.state), "%s", state);
        return give(m, (SyncInput){.kind = SYNC_INPUT_JOB, .job = &a, .now_usec = 2});
}

static SyncAction give_page(SyncMachine *m, unsigned first, unsigned n)
{
        DatabaseConnection rows[10] = {0};
        for (unsigned i = 0; i < n; i++)
                rows[i].id = number_id(first + i);
        CatalogPageAnswer a = {.answer = {.status = 200, .sent = true, .requests = 1},
                               .offset = m->listing.offset,
                               .rows = rows,
                               .n_rows = n};
        return give(m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a});
}

static SyncAction give_bad_page(SyncMachine *m)
{
        CatalogPageAnswer a = {.answer = {.status = 503, .sent = true, .requests = 1}};
        fault_set(&a.answer.fault, FAULT_REQUEST, EIO, CODE_CATALOG_BUSY, "not now");
        a.answer.fault.retryable = true;
        return give(m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a});
}

static SyncAction give_timer(SyncMachine *m)
{
        return give(m, (SyncInput){.kind = SYNC_INPUT_TIMER});
}

static SyncAction give_applied(SyncMachine *m, const MirrorApplied *applied)
{
        return give(m,
                    (SyncInput){.kind = SYNC_INPUT_APPLY, .applied = applied, .fault = &no_fault});
}

/* The answer for a row: 404 in the catalog's own words, or with a row of that Edge connection, or
 * (NULL, not gone) 403. */
static SyncAction give_one(SyncMachine *m, unsigned slot, unsigned number, bool gone,
                           const Uuid *edge)
{
        Uuid asked = number_id(number);
        CatalogOneAnswer a = {.answer = {.status = edge   ? 200
                                                   : gone ? 404
                                                          : 403,
                                         .requests = 1},
                              .absent = gone};
        if (!edge)
                fault_set(&a.answer.fault, FAULT_RUN, EACCES, CODE_CATALOG_FORBIDDEN, "no");
        a.row.id = asked;
        if (edge)
                a.row.edge_connection_id = *edge;
        return give(m,
                    (SyncInput){.kind = SYNC_INPUT_ONE, .one = &a, .asked = &asked, .slot = slot});
}

/* The row of the list that is asked for before all others is there. */
static void give_control(SyncMachine *m)
{
        ProofOrder order;
        assert_true(proof_next_order(&m->proof, &order));
        assert_int_equal(order.number, PROOF_CONTROL);
        CatalogOneAnswer a = {
                .answer = {.status = 200, .requests = 1},
                .row = {.id = m->proof.control, .edge_connection_id = m->edge, .name = "x"}};
        assert_int_equal(give(m, (SyncInput){.kind = SYNC_INPUT_ONE,
                                             .one = &a,
                                             .asked = &m->proof.control,
                                             .slot = order.slot}),
                         SYNC_DO_VERIFY);
        assert_int_equal(m->verdict, PROOF_PENDING);
}

static void new_machine(SyncMachine *m, bool refresh, bool dry_run)
{
        *m = (SyncMachine){.settings = {.refresh = refresh,
                                        .polling = {1000000, 30000000, 60000000, 600000000},
                                        .settle_usec = 5000000,
                                        .list_timeout_usec = 3600000000,
                                        .page_size = 10,
                                        .max_removals = {.count = 3}},
                           .edge = number_id(1000),
                           .dry_run = dry_run};
        sync_machine_init(m, 0);
}

/* From the start to the moment when a list of two pages is to be applied. */
static void live_until_apply(SyncMachine *m)
{
        new_machine(m, true, false);
        assert_int_equal(give(m, (SyncInput){.kind = SYNC_INPUT_START}), SYNC_DO_CLAIM);
        assert_int_equal(give_claim(m), SYNC_DO_REFRESH);
        assert_int_equal(give_refresh(m, 202, false), SYNC_DO_WAIT);
        assert_int_equal(give_timer(m), SYNC_DO_GET_JOB);
        assert_int_equal(give_job(m, "RUNNING"), SYNC_DO_WAIT);
        assert_int_equal(give_timer(m), SYNC_DO_GET_JOB);
        assert_int_equal(give_job(m, "COMPLETED"), SYNC_DO_LIST);
        assert_int_equal(m->listing.offset, 0);
        assert_int_equal(give_page(m, 0, 10), SYNC_DO_LIST);
        assert_int_equal(
                give_page(m, (unsigned)m->listing.offset, 12 - (unsigned)m->listing.offset),
                SYNC_DO_LIST);
        assert_int_equal(
                give_page(m, (unsigned)m->listing.offset, 12 - (unsigned)m->listing.offset),
                SYNC_DO_APPLY);
        assert_int_equal(m->missing, MIRROR_MISSING_FIND);
        assert_string_equal(sync_refresh_name(m->refresh), "clean");
}

static void a_life_without_trouble_ends_as_synced(void **state)
{
        (void)state;
        static const MirrorApplied applied = {.listed = 12, .added = 2, .row_count = 12};
        SyncMachine m;
        live_until_apply(&m);
        assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
        assert_int_equal(m.fault.scope, FAULT_NONE);
        assert_int_equal(m.applied.added, 2);
        assert_int_equal(m.requests, 6);
        assert_int_equal(m.pages, 3);
}

static void a_life_that_removes_proves_each_row_first(void **state)
{
        (void)state;
        static const MirrorApplied found = {.found = 3, .present = 15},
                                   applied = {.listed = 12, .removed = 1};
        SyncMachine m;
        ProofOrder order;
        live_until_apply(&m);
        assert_int_equal(give_applied(&m, &found), SYNC_DO_VERIFY);
        give_control(&m);
        assert_int_equal(m.phase, SYNC_PHASE_VERIFY);
        for (unsigned i = 0; i < 3; i++)
                assert_true(proof_next_order(&m.proof, &order));
        assert_false(proof_next_order(&m.proof, &order));
        assert_int_equal(give_one(&m, 1, 101, true, NULL), SYNC_DO_VERIFY);
        assert_int_equal(m.verdict, PROOF_GONE);
        assert_int_equal(give_one(&m, 0, 100, false, &m.edge), SYNC_DO_VERIFY);
        assert_int_equal(m.verdict, PROOF_HERE);
        Uuid elsewhere = number_id(1001);
        assert_int_equal(give_one(&m, 2, 102, false, &elsewhere), SYNC_DO_APPLY);
        assert_int_equal(m.verdict, PROOF_MOVED);
        assert_int_equal(m.missing, MIRROR_MISSING_REMOVE);
        assert_int_equal(m.phase, SYNC_PHASE_APPLY);
        assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
        assert_int_equal(m.fault.scope, FAULT_NONE);
}

/* ---- the job that nobody noted ------------------------------------------------------------- */

/* A run was cut off three seconds ago, perhaps between its refresh and the note of the job. */
static void live_until_search(SyncMachine *m)
{
        static const MirrorClaim claim = {.run_id = 1,
                                          .epoch = 1,
                                          .lost = true,
                                          .lost_since_usec = 3000000,
                                          .job_kind = {"SYNC", "us"}};
        new_machine(m, true, false);
        assert_int_equal(give(m, (SyncInput){.kind = SYNC_INPUT_START}), SYNC_DO_CLAIM);
        assert_int_equal(
                give(m, (SyncInput){.kind = SYNC_INPUT_CLAIM, .claim = &claim, .fault = &no_fault}),
                SYNC_DO_SEARCH);
        assert_int_equal(m->phase, SYNC_PHASE_REFRESH);
}

static CatalogFoundJob lost_job(unsigned number)
{
        return (CatalogFoundJob){.id = number_id(number),
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
        return give(m, (SyncInput){.kind = SYNC_INPUT_JOBS, .jobs = &a});
}

static SyncAction give_no_jobs(SyncMachine *m, int status, bool sent, FaultScope scope,
                               bool retryable, bool foreign)
{
        CatalogJobsAnswer a = {.answer = {.status = status, .sent = sent, .foreign = foreign}};
        fault_set(&a.answer.fault, scope, EIO, CODE_CATALOG_ERROR, "no");
        a.answer.fault.retryable = retryable;
        return give(m, (SyncInput){.kind = SYNC_INPUT_JOBS, .jobs = &a});
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
        Uuid id = number_id(1);
        assert_true(uuid_equal(&m.job.id, &id));
        assert_int_equal(m.phase, SYNC_PHASE_POLL);
        assert_int_equal(give_job(&m, "COMPLETED"), SYNC_DO_LIST);
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
                assert_int_equal(give_refresh(&m, 202, false), SYNC_DO_WAIT);
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
                        assert_int_equal(give_timer(&m), SYNC_DO_SEARCH);
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
                        (void)give_timer(&m);
                assert_in_range(n, 2, 10);
                assert_int_equal(action, sent ? SYNC_DO_REFRESH : SYNC_DO_FINISH);
                if (sent) /* the attempts of the refresh are its own */
                        for (unsigned i = 0; i < n; i++) {
                                assert_int_equal(give_refresh(&m, 503, true), SYNC_DO_WAIT);
                                (void)give_timer(&m);
                        }
        }
}

static void without_a_refresh_nothing_is_looked_for(void **state)
{
        (void)state;
        static const MirrorClaim claim = {.run_id = 1, .lost = true};
        SyncMachine m;
        new_machine(&m, false, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        assert_int_equal(
                give(&m,
                     (SyncInput){.kind = SYNC_INPUT_CLAIM, .claim = &claim, .fault = &no_fault}),
                SYNC_DO_LIST);
}

static void what_is_not_proven_is_held_and_said(void **state)
{
        (void)state;
        static const MirrorApplied found = {.found = 1, .present = 13},
                                   applied = {.listed = 12, .held = 1};
        SyncMachine m;
        ProofOrder order;
        live_until_apply(&m);
        assert_int_equal(give_applied(&m, &found), SYNC_DO_VERIFY);
        give_control(&m);
        assert_true(proof_next_order(&m.proof, &order));
        assert_int_equal(give_one(&m, order.slot, 100, false, NULL), SYNC_DO_APPLY);
        assert_string_equal(fault_code_name(m.fault.code), "removals-unproven");
        assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "held");
}

static void too_many_missing_rows_are_held_without_a_request(void **state)
{
        (void)state;
        static const MirrorApplied found = {.found = 4, .present = 16, .names = "a, b, c"},
                                   applied = {.held = 4};
        SyncMachine m;
        live_until_apply(&m);
        assert_int_equal(give_applied(&m, &found), SYNC_DO_APPLY);
        assert_int_equal(m.missing, MIRROR_MISSING_GUARD);
        assert_non_null(
                strstr(m.fault.message, "4 of 16 rows are missing from the list (a, b, c, …)"));
        assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "held");
        assert_string_equal(fault_code_name(m.fault.code), "removals-held");
        assert_null(strstr(m.fault.message, "schema_connection"));

        live_until_apply(&m);
        m.settings.has_schema_connection =
                true; /* accepting removes nothing then: the rows are there */
        assert_int_equal(give_applied(&m, &found), SYNC_DO_APPLY);
        assert_non_null(
                strstr(m.fault.message, "those that schema_connection leaves out are not gone"));

        live_until_apply(&m);
        m.accept_removals = true;
        assert_int_equal(give_applied(&m, &found), SYNC_DO_VERIFY);
        give_control(&m);
}

/* L5: any row may be the one whose id cannot be read. A list that is begun anew knows nothing of
 * the one before. */
static void a_row_without_an_id_makes_the_list_not_whole(void **state)
{
        (void)state;
        static const MirrorApplied applied = {.listed = 3, .rejected = 1};
        for (int anonymous = 0; anonymous < 2; anonymous++) {
                SyncMachine m;
                new_machine(&m, false, false);
                (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START});
                (void)give_claim(&m);
                DatabaseConnection rows[3] = {
                        {.id = number_id(0)}, {.id = number_id(1)}, {.id = number_id(2)}};
                rows[1].rejected = "its name is odd";
                rows[1].anonymous = anonymous;
                CatalogPageAnswer a = {.answer = {.status = 200, .sent = true, .requests = 1},
                                       .rows = rows,
                                       .n_rows = 3};
                SyncAction action = SYNC_DO_LIST;
                for (int i = 0; i < 5 && action == SYNC_DO_LIST; i++) {
                        a.offset = m.listing.offset;
                        a.rows = rows + a.offset;
                        a.n_rows = 3 - (size_t)a.offset;
                        action = give(&m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a});
                }
                assert_int_equal(action, SYNC_DO_APPLY);
                assert_int_equal(m.listed_whole, !anonymous);
                assert_true(m.listed_to_the_end);
                assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
                assert_string_equal(sync_outcome_name(m.outcome),
                                    anonymous ? "unstable" : "synced");
                assert_string_equal(fault_code_name(m.fault.code),
                                    anonymous ? "list-unreadable-rows" : "");
        }
}

/* A list in which nothing can be mirrored says nothing of the mirror; an empty one does. */
static void a_list_of_which_no_row_can_be_mirrored_is_not_whole(void **state)
{
        (void)state;
        for (int n = 0; n < 3; n++) {
                SyncMachine m;
                new_machine(&m, false, false);
                (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START});
                (void)give_claim(&m);
                DatabaseConnection rows[2] = {{.id = number_id(0), .rejected = "its name is odd"},
                                              {.id = number_id(1), .rejected = "its name is odd"}};
                CatalogPageAnswer a = {.answer = {.status = 200, .sent = true, .requests = 1}};
                SyncAction action = SYNC_DO_LIST;
                for (int i = 0; i < 5 && action == SYNC_DO_LIST; i++) {
                        a.offset = m.listing.offset;
                        a.rows = rows + a.offset;
                        a.n_rows = (size_t)(n - a.offset);
                        action = give(&m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a});
                }
                assert_int_equal(action, SYNC_DO_APPLY);
                assert_int_equal(m.listed_whole, n == 0);
                assert_string_equal(fault_code_name(m.fault.code),
                                    n == 0 ? "" : "list-all-rejected");
        }
}

static void after_a_refresh_that_was_not_clean_nothing_is_looked_for(void **state)
{
        (void)state;
        SyncMachine m;
        new_machine(&m, true, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        (void)give_claim(&m);
        assert_int_equal(give_refresh(&m, 403, false), SYNC_DO_LIST);
        m.accept_removals = true;
        assert_int_equal(give_page(&m, 0, 0), SYNC_DO_APPLY);
        assert_int_equal(m.missing, MIRROR_MISSING_HOLD);
}

static void a_busy_catalog_is_asked_again_and_then_it_goes_on(void **state)
{
        (void)state;
        static const MirrorApplied applied = {.listed = 0};
        SyncMachine m;
        new_machine(&m, true, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        (void)give_claim(&m);
        assert_int_equal(give_refresh(&m, 429, true), SYNC_DO_WAIT);
        assert_true(m.delay_usec > 0);
        assert_int_equal(give_timer(&m), SYNC_DO_REFRESH);
        assert_int_equal(give_refresh(&m, 202, false), SYNC_DO_WAIT);
        assert_int_equal(give_timer(&m), SYNC_DO_GET_JOB);
        assert_int_equal(give_job(&m, "COMPLETED"), SYNC_DO_LIST);
        assert_int_equal(give_bad_page(&m), SYNC_DO_WAIT);
        assert_int_equal(give_timer(&m), SYNC_DO_LIST);
        assert_int_equal(give_page(&m, 0, 0), SYNC_DO_APPLY);
        assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
}

static void a_page_that_never_comes_fails_the_run_after_a_few_attempts(void **state)
{
        (void)state;
        SyncMachine m;
        SyncAction action;
        unsigned attempts = 0;
        new_machine(&m, false, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        assert_int_equal(give_claim(&m), SYNC_DO_LIST);
        while ((action = give_bad_page(&m)) == SYNC_DO_WAIT && attempts++ < 100)
                assert_int_equal(give_timer(&m), SYNC_DO_LIST);
        assert_int_equal(action, SYNC_DO_FINISH);
        assert_int_equal(attempts, 4);
        assert_string_equal(sync_outcome_name(m.outcome), "failed");
        assert_string_equal(fault_code_name(m.fault.code), "catalog-busy");

        /* Nor is the end recorded for ever. */
        Fault away = {.scope = FAULT_PEER, .retryable = true, .code = CODE_PG_UNREACHABLE};
        attempts = 0;
        while ((action = give(&m, (SyncInput){.kind = SYNC_INPUT_FINISH, .fault = &away})) ==
                       SYNC_DO_WAIT &&
               attempts++ < 100)
                assert_int_equal(give_timer(&m), SYNC_DO_FINISH);
        assert_int_equal(action, SYNC_DO_REPORT);
        assert_int_equal(attempts, 4);
        assert_string_equal(fault_code_name(m.fault.code), "catalog-busy");
}

static void a_dry_run_takes_no_lease_and_records_no_end(void **state)
{
        (void)state;
        static const MirrorApplied planned = {.listed = 0, .added = 0};
        SyncMachine m;
        new_machine(&m, true, true);
        assert_int_equal(give(&m, (SyncInput){.kind = SYNC_INPUT_START}), SYNC_DO_LIST);
        assert_string_equal(sync_refresh_name(m.refresh), "skipped");
        assert_int_equal(give_page(&m, 0, 0), SYNC_DO_APPLY);
        assert_int_equal(give_applied(&m, &planned), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");

        static const Fault full = {.scope = FAULT_RUN, .code = CODE_SPOOL_FAILED};
        for (SyncState at = SYNC_LISTING; at <= SYNC_REAPPLYING; at++) {
                new_machine(&m, true, true);
                m.state = at;
                assert_int_equal(give(&m, (SyncInput){.kind = SYNC_INPUT_FAULT, .fault = &full}),
                                 SYNC_DO_REPORT);
                assert_string_equal(sync_outcome_name(m.outcome), "failed");
                assert_string_equal(fault_code_name(m.fault.code), "spool-failed");
        }
}

/* A page of ten rows, or none but a fault that may pass, at this time. */
static SyncAction give_page_at(SyncMachine *m, uint64_t now_usec, bool good)
{
        DatabaseConnection rows[10] = {0};
        CatalogPageAnswer a = {.answer = {.status = good ? 200 : 503, .sent = true, .requests = 1},
                               .offset = m->listing.offset,
                               .rows = rows,
                               .n_rows = good ? 10 : 0};
        for (unsigned i = 0; i < 10; i++)
                rows[i].id = number_id((unsigned)m->listing.offset + i);
        if (!good) {
                fault_set(&a.answer.fault, FAULT_REQUEST, EIO, CODE_CATALOG_BUSY, "not now");
                a.answer.fault.retryable = true;
        }
        return give(m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a, .now_usec = now_usec});
}

static void a_list_that_takes_too_long_is_unstable_with_what_was_seen(void **state)
{
        (void)state;
        enum { START = 1000000 };
        static const uint64_t hour = 3600000000;
        for (int good = 0; good < 2; good++) {
                SyncMachine m;
                new_machine(&m, false, false);
                (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = START - 1});
                static const MirrorClaim claim = {.run_id = 1, .epoch = 1};
                assert_int_equal(give(&m, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                      .claim = &claim,
                                                      .fault = &no_fault,
                                                      .now_usec = START}),
                                 SYNC_DO_LIST);
                assert_int_equal(give_page_at(&m, START + 1, true), SYNC_DO_LIST);
                assert_int_equal(give_page_at(&m, START + hour, true), SYNC_DO_LIST);
                assert_int_equal(give_page_at(&m, START + hour + 1, good), SYNC_DO_APPLY);
                assert_string_equal(sync_outcome_name(m.outcome), "unstable");
                assert_string_equal(fault_code_name(m.fault.code), "list-timeout");
                assert_false(m.listed_whole);
                /* half of a page of ten overlaps */
                assert_int_equal(m.listing.received, good ? 20 : 15);
        }
}

static void a_list_of_which_nothing_came_in_time_fails(void **state)
{
        (void)state;
        SyncMachine m;
        new_machine(&m, true, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = 1});
        (void)give_claim(&m);
        assert_int_equal(give_refresh(&m, 403, false), SYNC_DO_LIST);
        assert_int_equal(give_page_at(&m, 3600000002, false), SYNC_DO_FINISH);
        assert_string_equal(sync_outcome_name(m.outcome), "failed");
        assert_string_equal(fault_code_name(m.fault.code), "list-timeout");
}

/* L3: pages whose rows stand elsewhere each time, up to the moment when what was seen is to be
 * applied. Returns how often the list was begun anew. */
static unsigned list_without_end(SyncMachine *m, SyncAction action)
{
        unsigned anew = 0, pages = 0;
        for (; (action == SYNC_DO_LIST || action == SYNC_DO_LIST_ANEW) && pages < 200; pages++) {
                unsigned offset = (unsigned)m->listing.offset;
                action = give_page(m, (offset + 7 * pages) % 40, offset < 40 ? 10 : 0);
                anew += action == SYNC_DO_LIST_ANEW;
        }
        assert_int_equal(action, SYNC_DO_APPLY);
        assert_string_equal(sync_outcome_name(m->outcome), "unstable");
        assert_string_equal(fault_code_name(m->fault.code), "list-unstable");
        assert_false(m->listed_whole);
        return anew;
}

static void unstable_until_apply(SyncMachine *m)
{
        new_machine(m, false, false);
        (void)give(m, (SyncInput){.kind = SYNC_INPUT_START});
        assert_int_equal(list_without_end(m, give_claim(m)), 3);
        assert_int_equal(m->missing, MIRROR_MISSING_FIND);
}

static void a_list_that_is_never_one_is_applied_as_unstable(void **state)
{
        (void)state;
        static const MirrorApplied applied = {.listed = 40};
        SyncMachine m;
        unstable_until_apply(&m);
        assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");
}

/* The proof that a row is gone does not rest on the list; what the run is called does. */
static void rows_that_an_unstable_list_lacks_are_asked_for(void **state)
{
        (void)state;
        static const MirrorApplied found = {.found = 3, .present = 43},
                                   applied = {.held = 1, .removed = 1};
        SyncMachine m;
        ProofOrder order;
        unstable_until_apply(&m);
        assert_int_equal(give_applied(&m, &found), SYNC_DO_VERIFY);
        give_control(&m);
        while (proof_next_order(&m.proof, &order))
                ;
        assert_int_equal(give_one(&m, 0, 100, true, NULL), SYNC_DO_VERIFY);
        assert_int_equal(give_one(&m, 1, 101, false, &m.edge), SYNC_DO_VERIFY);
        assert_int_equal(give_one(&m, 2, 102, false, NULL), SYNC_DO_APPLY);
        assert_int_equal(m.missing, MIRROR_MISSING_REMOVE);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");
        assert_false(m.listed_whole);
        assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");
        assert_string_equal(fault_code_name(m.fault.code), "list-unstable");
}

static void too_many_rows_that_an_unstable_list_lacks_are_not_held(void **state)
{
        (void)state;
        static const MirrorApplied found = {.found = 30, .present = 70, .names = "a, b, c"},
                                   applied = {.listed = 40};
        SyncMachine m;
        unstable_until_apply(&m);
        assert_int_equal(give_applied(&m, &found), SYNC_DO_APPLY);
        assert_int_equal(m.missing, MIRROR_MISSING_IGNORE);
        assert_string_equal(fault_code_name(m.fault.code), "list-unstable");
        assert_non_null(strstr(m.fault.message, "the list could not be read as one"));
        assert_non_null(strstr(m.fault.message,
                               "; 30 of the 70 rows of the mirror were not seen, more than"));
        assert_int_equal(give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");

        unstable_until_apply(&m);
        m.accept_removals = true;
        assert_int_equal(give_applied(&m, &found), SYNC_DO_VERIFY);
        give_control(&m);
}

static void an_unstable_list_after_a_refresh_that_was_not_clean_says_nothing_of_missing_rows(
        void **state)
{
        (void)state;
        SyncMachine m;
        new_machine(&m, true, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        (void)give_claim(&m);
        SyncAction action = give_refresh(&m, 403, false);
        m.fault.scope = FAULT_NONE; /* the refresh's own would come first */
        m.accept_removals = true;
        assert_int_equal(list_without_end(&m, action), 3);
        assert_int_equal(m.missing, MIRROR_MISSING_IGNORE);
}

/* Stop, and the loss of the lease, in every state: nothing is applied after it, and the run ends.
 */
static void stop_and_lost_lease_end_the_run_in_every_state(void **state)
{
        (void)state;
        static const SyncInputKind kinds[] = {SYNC_INPUT_STOP, SYNC_INPUT_LEASE_LOST};
        for (SyncState s = SYNC_SEARCHING; s < SYNC_FINISHING; s++)
                for (int dry_run = 0; dry_run < 2; dry_run++)
                        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
                                SyncMachine m;
                                bool applying = s == SYNC_APPLYING || s == SYNC_REAPPLYING;
                                bool lost = kinds[k] == SYNC_INPUT_LEASE_LOST;
                                if (dry_run && (lost || s < SYNC_LISTING))
                                        continue; /* there is no lease to lose */
                                new_machine(&m, !dry_run, dry_run);
                                m.state = s;
                                m.outcome = s >= SYNC_APPLYING ? OUTCOME_SYNCED : OUTCOME_NONE;
                                SyncAction action = give(&m, (SyncInput){.kind = kinds[k]});
                                if (lost && applying) { /* the apply's own answer decides */
                                        assert_int_equal(action, SYNC_DO_NOTHING);
                                        continue;
                                }
                                if (action != (lost || dry_run ? SYNC_DO_REPORT : SYNC_DO_FINISH))
                                        fail_msg("%s in state %s", lost ? "lost lease" : "stop",
                                                 sync_state_name(s));
                                assert_string_equal(sync_outcome_name(m.outcome), "aborted");
                                assert_string_equal(fault_code_name(m.fault.code),
                                                    lost ? "lease-lost" : "stopped");
                                if (action == SYNC_DO_FINISH)
                                        assert_int_equal(
                                                give(&m, (SyncInput){.kind = SYNC_INPUT_FINISH,
                                                                     .fault = &no_fault}),
                                                SYNC_DO_REPORT);
                                assert_int_equal(m.state, SYNC_DONE);
                        }
}

/* ---- words and ends that are rare ----------------------------------------------------------- */

/* What ended the run is not unsaid by what goes wrong afterwards, nor is a success. */
static void what_has_been_decided_stays(void **state)
{
        (void)state;
        static const SyncState after[] = {SYNC_FINISHING, SYNC_FINISH_BACKOFF};
        Fault late = {.scope = FAULT_RUN, .code = CODE_LOOP};
        const SyncInput inputs[] = {{.kind = SYNC_INPUT_FAULT, .fault = &late},
                                    {.kind = SYNC_INPUT_LEASE_LOST},
                                    {.kind = SYNC_INPUT_STOP}};
        for (size_t i = 0; i < ARRAY_SIZE(after); i++)
                for (size_t k = 0; k < ARRAY_SIZE(inputs); k++) {
                        SyncMachine m;
                        new_machine(&m, true, false);
                        m.state = after[i];
                        m.outcome = OUTCOME_FAILED;
                        fault_set(&m.fault, FAULT_RUN, EIO, CODE_JOB_FAILED, "the first");
                        (void)sync_machine_handle(&m, &inputs[k]);
                        assert_string_equal(sync_outcome_name(m.outcome), "failed");
                        assert_string_equal(fault_code_name(m.fault.code), "job-failed");
                }
        SyncMachine m;
        new_machine(&m, true, false);
        m.state = SYNC_DONE;
        m.outcome = OUTCOME_SYNCED;
        assert_int_equal(give(&m, (SyncInput){.kind = SYNC_INPUT_STOP}), SYNC_DO_NOTHING);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
        assert_int_equal(m.fault.scope, FAULT_NONE);
}

/* The first thing that went wrong is what a person hears, also when the list is unstable on top. */
static void the_first_fault_is_kept(void **state)
{
        (void)state;
        SyncMachine m;
        new_machine(&m, true, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = 1});
        (void)give_claim(&m);
        assert_int_equal(give_refresh(&m, 403, false), SYNC_DO_LIST);
        assert_int_equal(give_page_at(&m, 2, true), SYNC_DO_LIST);
        assert_int_equal(give_page_at(&m, 3600000010, true), SYNC_DO_APPLY);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");
        assert_string_equal(sync_refresh_name(m.refresh), "rejected");
        assert_string_equal(fault_code_name(m.fault.code), "catalog-error");
}

/* A definite no is one, however late it comes. */
static void a_page_that_is_refused_late_fails_the_run(void **state)
{
        (void)state;
        SyncMachine m;
        new_machine(&m, false, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = 1});
        (void)give_claim(&m);
        assert_int_equal(give_page_at(&m, 2, true), SYNC_DO_LIST);
        CatalogPageAnswer a = {.answer = {.status = 404, .sent = true}};
        fault_set(&a.answer.fault, FAULT_RUN, ENOENT, CODE_CATALOG_NOT_FOUND, "no such edge");
        assert_int_equal(
                give(&m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a, .now_usec = 3600000010}),
                SYNC_DO_FINISH);
        assert_string_equal(sync_outcome_name(m.outcome), "failed");
        assert_string_equal(fault_code_name(m.fault.code), "catalog-not-found");
}

/* What a shell would take apart is named by its id. */
static void the_way_out_can_be_pasted(void **state)
{
        (void)state;
        static const MirrorApplied few = {.found = 4, .present = 4, .names = "a"};
        static const struct {
                const char *name;
                bool usable;
        } cases[] = {{"main", true}, {"Main_2.x-y", true}, {NULL, false},   {"", false},
                     {"-r", false},  {"a b", false},       {"$(id)", false}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncMachine m;
                char id[UUID_STRING_SIZE], expected[200];
                live_until_apply(&m);
                m.name = cases[i].name;
                assert_int_equal(give_applied(&m, &few), SYNC_DO_APPLY);
                (void)snprintf(expected, sizeof(expected),
                               "edgemirror sync --accept-removals %s removes",
                               cases[i].usable ? cases[i].name : uuid_format(&m.edge, id));
                assert_non_null(strstr(m.fault.message, expected));
        }
}

static void an_empty_list_is_said_with_some_names(void **state)
{
        (void)state;
        for (int many = 0; many < 2; many++) {
                const MirrorApplied found = {
                        .found = many ? 4 : 2, .present = many ? 4 : 2, .names = "a, b"};
                SyncMachine m;
                live_until_apply(&m);
                m.listing.received = 0;
                assert_int_equal(give_applied(&m, &found), SYNC_DO_APPLY);
                assert_string_equal(fault_code_name(m.fault.code), "removals-held");
                assert_non_null(strstr(m.fault.message, many ? "the mirror has 4 rows (a, b, …)"
                                                             : "the mirror has 2 rows (a, b)"));
        }
}

/* Only what is true of all edges ends the run: refused credentials, and a catalog that cannot be
 * reached for good. */
static void an_answer_about_one_row_ends_the_run_only_when_it_is_about_all(void **state)
{
        (void)state;
        static const struct {
                FaultScope scope;
                bool retryable, refused;
                int status;
                bool ends;
        } cases[] = {
                {FAULT_PEER, false, true, 401, true},     {FAULT_PEER, false, false, 0, true},
                {FAULT_PEER, false, false, 302, false},   {FAULT_PEER, true, false, 0, false},
                {FAULT_REQUEST, true, false, 503, false}, {FAULT_RUN, false, false, 403, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                static const MirrorApplied found = {.found = 1, .present = 13};
                SyncMachine m;
                ProofOrder order;
                Uuid asked = number_id(100);
                live_until_apply(&m);
                assert_int_equal(give_applied(&m, &found), SYNC_DO_VERIFY);
                give_control(&m);
                assert_true(proof_next_order(&m.proof, &order));
                CatalogOneAnswer a = {.answer = {.status = cases[i].status, .requests = 1}};
                fault_set(&a.answer.fault, cases[i].scope, EIO, CODE_CATALOG_ERROR, "no");
                a.answer.fault.retryable = cases[i].retryable;
                a.answer.fault.refused = cases[i].refused;
                SyncAction action = give(&m, (SyncInput){.kind = SYNC_INPUT_ONE,
                                                         .one = &a,
                                                         .asked = &asked,
                                                         .slot = order.slot});
                if (cases[i].ends) {
                        assert_int_equal(action, SYNC_DO_FINISH);
                        assert_string_equal(sync_outcome_name(m.outcome), "failed");
                        assert_string_equal(fault_code_name(m.fault.code), "catalog-error");
                } else {
                        assert_int_equal(action,
                                         cases[i].retryable ? SYNC_DO_VERIFY : SYNC_DO_APPLY);
                        assert_int_equal(m.verdict,
                                         cases[i].retryable ? PROOF_PENDING : PROOF_UNKNOWN);
                }
        }
}

/* Held rows of a list that was not whole do not make it a good one. */
static void an_unstable_list_with_held_rows_stays_unstable(void **state)
{
        (void)state;
        static const MirrorApplied held = {.listed = 10, .held = 1};
        SyncMachine m;
        machine_at(&m, SYNC_APPLYING);
        m.outcome = OUTCOME_UNSTABLE;
        m.listed_whole = false;
        assert_int_equal(give_applied(&m, &held), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");
}

static void who_holds_the_edge_is_said_with_what_is_known(void **state)
{
        (void)state;
        static const char *const doing[] = {"", "20 rows listed"};
        static const char *const words[] = {"since 3.0s ago; its lease",
                                            "since 3.0s ago: 20 rows listed; its lease"};
        for (size_t i = 0; i < ARRAY_SIZE(doing); i++) {
                MirrorClaim claim = {.busy = true, .holder = "there", .holder_since_usec = 3400000};
                SyncMachine m;
                (void)snprintf(claim.holder_doing, sizeof(claim.holder_doing), "%s", doing[i]);
                machine_at(&m, SYNC_CLAIMING);
                assert_int_equal(give(&m, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                      .claim = &claim,
                                                      .fault = &no_fault}),
                                 SYNC_DO_REPORT);
                assert_string_equal(sync_outcome_name(m.outcome), "aborted");
                assert_string_equal(fault_code_name(m.fault.code), "lease-held");
                assert_non_null(strstr(m.fault.message, words[i]));
        }
}

/* A run that was claimed and cannot begin here gives its lease back; what was not claimed has none.
 */
static void a_claim_that_is_of_no_use_is_given_back(void **state)
{
        (void)state;
        static const Fault process = {.scope = FAULT_PROCESS, .code = CODE_NO_MEMORY};
        static const Fault peer = {.scope = FAULT_PEER, .code = CODE_PG_UNREACHABLE};
        static const MirrorClaim taken = {.run_id = 7, .epoch = 1}, none = {0};
        static const struct {
                const Fault *fault;
                const MirrorClaim *claim;
                SyncAction action;
        } cases[] = {{&process, &taken, SYNC_DO_FINISH},
                     {&process, &none, SYNC_DO_REPORT},
                     {&process, NULL, SYNC_DO_REPORT},
                     {&peer, &taken, SYNC_DO_REPORT}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncMachine m;
                machine_at(&m, SYNC_CLAIMING);
                assert_int_equal(give(&m, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                      .claim = cases[i].claim,
                                                      .fault = cases[i].fault}),
                                 cases[i].action);
                assert_string_equal(sync_outcome_name(m.outcome), "failed");
                assert_int_equal(m.fault.code, cases[i].fault->code);
        }
}

/* What has ended has not taken too long. */
static void a_list_that_ends_late_is_whole(void **state)
{
        (void)state;
        SyncMachine m;
        new_machine(&m, false, false);
        (void)give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = 1});
        (void)give_claim(&m);
        assert_int_equal(give_page_at(&m, 2, true), SYNC_DO_LIST);
        CatalogPageAnswer a = {.answer = {.status = 200, .sent = true}, .offset = m.listing.offset};
        SyncAction action = SYNC_DO_LIST;
        DatabaseConnection rows[10] = {0};
        for (unsigned i = 0; i < 10; i++)
                rows[i].id = number_id(i);
        for (int i = 0; i < 5 && action == SYNC_DO_LIST; i++) {
                a.offset = m.listing.offset;
                a.rows = rows + (a.offset < 10 ? a.offset : 10);
                a.n_rows = a.offset < 10 ? (size_t)(10 - a.offset) : 0;
                uint64_t now = a.n_rows == 0 || m.listing.probing ? 3600000010 : 3;
                action =
                        give(&m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a, .now_usec = now});
        }
        assert_int_equal(action, SYNC_DO_APPLY);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
        assert_int_equal(m.fault.scope, FAULT_NONE);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_the_designed_pairs_are_in_the_table),
                cmocka_unit_test(any_other_pair_is_a_fault_and_never_an_apply),
                cmocka_unit_test(what_changes_the_phase_is_noted),
                cmocka_unit_test(every_answer_to_a_refresh_has_its_outcome),
                cmocka_unit_test(a_wish_of_the_catalog_is_waited_for_or_puts_the_run_off),
                cmocka_unit_test(apply_that_does_not_succeed_is_never_called_synced),
                cmocka_unit_test(lease_that_goes_during_the_apply_is_left_to_the_apply),
                cmocka_unit_test(stop_during_the_apply_does_not_promise_too_much),
                cmocka_unit_test(a_life_without_trouble_ends_as_synced),
                cmocka_unit_test(a_life_that_removes_proves_each_row_first),
                cmocka_unit_test(a_job_that_is_found_is_polled_on_and_no_refresh_is_asked_for),
                cmocka_unit_test(what_is_not_found_for_certain_is_refreshed_anew),
                cmocka_unit_test(every_answer_to_a_search_has_its_step),
                cmocka_unit_test(a_search_that_never_comes_is_given_up),
                cmocka_unit_test(without_a_refresh_nothing_is_looked_for),
                cmocka_unit_test(what_is_not_proven_is_held_and_said),
                cmocka_unit_test(too_many_missing_rows_are_held_without_a_request),
                cmocka_unit_test(a_row_without_an_id_makes_the_list_not_whole),
                cmocka_unit_test(a_list_of_which_no_row_can_be_mirrored_is_not_whole),
                cmocka_unit_test(after_a_refresh_that_was_not_clean_nothing_is_looked_for),
                cmocka_unit_test(a_busy_catalog_is_asked_again_and_then_it_goes_on),
                cmocka_unit_test(a_page_that_never_comes_fails_the_run_after_a_few_attempts),
                cmocka_unit_test(a_list_that_takes_too_long_is_unstable_with_what_was_seen),
                cmocka_unit_test(a_list_of_which_nothing_came_in_time_fails),
                cmocka_unit_test(a_list_that_is_never_one_is_applied_as_unstable),
                cmocka_unit_test(rows_that_an_unstable_list_lacks_are_asked_for),
                cmocka_unit_test(too_many_rows_that_an_unstable_list_lacks_are_not_held),
                cmocka_unit_test(
                        an_unstable_list_after_a_refresh_that_was_not_clean_says_nothing_of_missing_rows),
                cmocka_unit_test(a_dry_run_takes_no_lease_and_records_no_end),
                cmocka_unit_test(stop_and_lost_lease_end_the_run_in_every_state),
                cmocka_unit_test(what_has_been_decided_stays),
                cmocka_unit_test(the_first_fault_is_kept),
                cmocka_unit_test(a_page_that_is_refused_late_fails_the_run),
                cmocka_unit_test(the_way_out_can_be_pasted),
                cmocka_unit_test(an_empty_list_is_said_with_some_names),
                cmocka_unit_test(an_answer_about_one_row_ends_the_run_only_when_it_is_about_all),
                cmocka_unit_test(an_unstable_list_with_held_rows_stays_unstable),
                cmocka_unit_test(who_holds_the_edge_is_said_with_what_is_known),
                cmocka_unit_test(a_claim_that_is_of_no_use_is_given_back),
                cmocka_unit_test(a_list_that_ends_late_is_whole),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
