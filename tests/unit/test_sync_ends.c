/*
 * What a sync says in ends that are rare, and that what has been decided stays.
 */
#include "base/cleanup.h"
#include "base/own_command.h"
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
                        machine_init(&m, true, false);
                        m.state = after[i];
                        m.outcome = OUTCOME_FAILED;
                        fault_set(&m.fault, FAULT_RUN, EIO, CODE_JOB_FAILED, "the first");
                        (void)sync_machine_handle(&m, &inputs[k]);
                        assert_string_equal(sync_outcome_name(m.outcome), "failed");
                        assert_string_equal(fault_code_name(m.fault.code), "job-failed");
                }
        SyncMachine m;
        machine_init(&m, true, false);
        m.state = SYNC_DONE;
        m.outcome = OUTCOME_SYNCED;
        assert_int_equal(machine_give(&m, (SyncInput){.kind = SYNC_INPUT_STOP}), SYNC_DO_NOTHING);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
        assert_int_equal(m.fault.scope, FAULT_NONE);
}

/* The first thing that went wrong is what a person hears, also when the list is unstable on top. */
static void the_first_fault_is_kept(void **state)
{
        (void)state;
        SyncMachine m;
        machine_init(&m, true, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = 1});
        (void)machine_give_claim(&m);
        assert_int_equal(machine_give_refresh(&m, 403, false), SYNC_DO_LIST);
        assert_int_equal(machine_give_page_at(&m, 2, true), SYNC_DO_LIST);
        assert_int_equal(machine_give_page_at(&m, 3600000010, true), SYNC_DO_APPLY);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");
        assert_string_equal(sync_refresh_name(m.refresh), "rejected");
        assert_string_equal(fault_code_name(m.fault.code), "catalog-error");
}

/* A definite no is one, however late it comes. */
static void a_page_that_is_refused_late_fails_the_run(void **state)
{
        (void)state;
        SyncMachine m;
        machine_init(&m, false, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = 1});
        (void)machine_give_claim(&m);
        assert_int_equal(machine_give_page_at(&m, 2, true), SYNC_DO_LIST);
        CatalogPageAnswer a = {.answer = {.status = 404, .sent = true}};
        fault_set(&a.answer.fault, FAULT_RUN, ENOENT, CODE_CATALOG_NOT_FOUND, "no such edge");
        assert_int_equal(machine_give(&m, (SyncInput){.kind = SYNC_INPUT_PAGE,
                                                      .page = &a,
                                                      .now_usec = 3600000010}),
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
                machine_live_until_apply(&m);
                m.name = cases[i].name;
                own_command_set(cases[i].usable ? "/srv/acme.conf" : NULL);
                assert_int_equal(machine_give_applied(&m, &few), SYNC_DO_APPLY);
                (void)snprintf(expected, sizeof(expected), "%s sync --accept-removals %s removes",
                               cases[i].usable ? "edgemirror -c /srv/acme.conf" : "edgemirror",
                               cases[i].usable ? cases[i].name : uuid_format(&m.edge, id));
                assert_non_null(strstr(m.fault.message, expected));
        }
        own_command_set(NULL);
}

static void an_empty_list_is_said_with_some_names(void **state)
{
        (void)state;
        for (int many = 0; many < 2; many++) {
                const MirrorApplied found = {
                        .found = many ? 4 : 2, .present = many ? 4 : 2, .names = "a, b"};
                SyncMachine m;
                machine_live_until_apply(&m);
                m.listing.received = 0;
                assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_APPLY);
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
                Uuid asked = machine_number_id(100);
                machine_live_until_apply(&m);
                assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_VERIFY);
                machine_give_control(&m);
                assert_true(proof_next_order(&m.proof, &order));
                CatalogOneAnswer a = {.answer = {.status = cases[i].status, .requests = 1}};
                fault_set(&a.answer.fault, cases[i].scope, EIO, CODE_CATALOG_ERROR, "no");
                a.answer.fault.retryable = cases[i].retryable;
                a.answer.fault.refused = cases[i].refused;
                SyncAction action = machine_give(&m, (SyncInput){.kind = SYNC_INPUT_ONE,
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
        assert_int_equal(machine_give_applied(&m, &held), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");
}

static void who_holds_the_edge_is_said_with_what_is_known(void **state)
{
        (void)state;
        static const char *const doing[] = {"", "20 rows listed"};
        static const char *const words[] = {
                "there has been syncing this edge for 3.0s; last sign of life 1.0s ago; free in "
                "59.0s unless it gives another",
                "for 3.0s: 20 rows listed; no sign of life for 25.0s; free in 35.0s"};
        for (size_t i = 0; i < ARRAY_SIZE(doing); i++) {
                MirrorClaim claim = {.busy = true,
                                     .holder = "there",
                                     .holder_since_usec = 3400000,
                                     .holder_seen_usec = i == 0 ? 1200000 : 25 * USEC_PER_SEC,
                                     .holder_expires_usec = i == 0 ? 59900000 : 35 * USEC_PER_SEC,
                                     .holder_lease_usec = USEC_PER_MINUTE};
                SyncMachine m;
                (void)snprintf(claim.holder_doing, sizeof(claim.holder_doing), "%s", doing[i]);
                machine_at(&m, SYNC_CLAIMING);
                assert_int_equal(machine_give(&m, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                              .claim = &claim,
                                                              .fault = &machine_no_fault}),
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
                assert_int_equal(machine_give(&m, (SyncInput){.kind = SYNC_INPUT_CLAIM,
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
        machine_init(&m, false, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = 1});
        (void)machine_give_claim(&m);
        assert_int_equal(machine_give_page_at(&m, 2, true), SYNC_DO_LIST);
        CatalogPageAnswer a = {.answer = {.status = 200, .sent = true}, .offset = m.listing.offset};
        SyncAction action = SYNC_DO_LIST;
        DatabaseConnection rows[10] = {0};
        for (unsigned i = 0; i < 10; i++)
                rows[i].id = machine_number_id(i);
        for (int i = 0; i < 5 && action == SYNC_DO_LIST; i++) {
                a.offset = m.listing.offset;
                a.rows = rows + (a.offset < 10 ? a.offset : 10);
                a.n_rows = a.offset < 10 ? (size_t)(10 - a.offset) : 0;
                uint64_t now = a.n_rows == 0 || m.listing.probing ? 3600000010 : 3;
                action = machine_give(
                        &m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a, .now_usec = now});
        }
        assert_int_equal(action, SYNC_DO_APPLY);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
        assert_int_equal(m.fault.scope, FAULT_NONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
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
