/*
 * Whole syncs, from the start to the end, as the machine sees them.
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

static void a_life_without_trouble_ends_as_synced(void **state)
{
        (void)state;
        static const MirrorApplied applied = {.listed = 12, .added = 2, .row_count = 12};
        SyncMachine m;
        machine_live_until_apply(&m);
        assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
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
        machine_live_until_apply(&m);
        assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_VERIFY);
        machine_give_control(&m);
        assert_int_equal(m.phase, SYNC_PHASE_VERIFY);
        for (unsigned i = 0; i < 3; i++)
                assert_true(proof_next_order(&m.proof, &order));
        assert_false(proof_next_order(&m.proof, &order));
        assert_int_equal(machine_give_one(&m, 1, 101, true, NULL), SYNC_DO_VERIFY);
        assert_int_equal(m.verdict, PROOF_GONE);
        assert_int_equal(machine_give_one(&m, 0, 100, false, &m.edge), SYNC_DO_VERIFY);
        assert_int_equal(m.verdict, PROOF_HERE);
        Uuid elsewhere = machine_number_id(1001);
        assert_int_equal(machine_give_one(&m, 2, 102, false, &elsewhere), SYNC_DO_APPLY);
        assert_int_equal(m.verdict, PROOF_MOVED);
        assert_int_equal(m.missing, MIRROR_MISSING_REMOVE);
        assert_int_equal(m.phase, SYNC_PHASE_APPLY);
        assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
        assert_int_equal(m.fault.scope, FAULT_NONE);
}

static void what_is_not_proven_is_held_and_said(void **state)
{
        (void)state;
        static const MirrorApplied found = {.found = 1, .present = 13},
                                   applied = {.listed = 12, .held = 1};
        SyncMachine m;
        ProofOrder order;
        machine_live_until_apply(&m);
        assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_VERIFY);
        machine_give_control(&m);
        assert_true(proof_next_order(&m.proof, &order));
        assert_int_equal(machine_give_one(&m, order.slot, 100, false, NULL), SYNC_DO_APPLY);
        assert_string_equal(fault_code_name(m.fault.code), "removals-unproven");
        assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "held");
}

static void too_many_missing_rows_are_held_without_a_request(void **state)
{
        (void)state;
        static const MirrorApplied found = {.found = 4, .present = 16, .names = "a, b, c"},
                                   applied = {.held = 4};
        SyncMachine m;
        machine_live_until_apply(&m);
        assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_APPLY);
        assert_int_equal(m.missing, MIRROR_MISSING_GUARD);
        assert_non_null(
                strstr(m.fault.message, "4 of 16 rows are missing from the list (a, b, c, …)"));
        assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "held");
        assert_string_equal(fault_code_name(m.fault.code), "removals-held");
        assert_null(strstr(m.fault.message, "schema_connection"));

        machine_live_until_apply(&m);
        m.settings.has_schema_connection =
                true; /* accepting removes nothing then: the rows are there */
        assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_APPLY);
        assert_non_null(
                strstr(m.fault.message, "those that schema_connection leaves out are not gone"));

        machine_live_until_apply(&m);
        m.accept_removals = true;
        assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_VERIFY);
        machine_give_control(&m);
}

/* L5: any row may be the one whose id cannot be read. A list that is begun anew knows nothing of
 * the one before. */
static void a_row_without_an_id_makes_the_list_not_whole(void **state)
{
        (void)state;
        static const MirrorApplied applied = {.listed = 3, .rejected = 1};
        for (int anonymous = 0; anonymous < 2; anonymous++) {
                SyncMachine m;
                machine_init(&m, false, false);
                (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START});
                (void)machine_give_claim(&m);
                DatabaseConnection rows[3] = {{.id = machine_number_id(0)},
                                              {.id = machine_number_id(1)},
                                              {.id = machine_number_id(2)}};
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
                        action = machine_give(&m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a});
                }
                assert_int_equal(action, SYNC_DO_APPLY);
                assert_int_equal(m.listed_whole, !anonymous);
                assert_true(m.listed_to_the_end);
                assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
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
                machine_init(&m, false, false);
                (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START});
                (void)machine_give_claim(&m);
                DatabaseConnection rows[2] = {
                        {.id = machine_number_id(0), .rejected = "its name is odd"},
                        {.id = machine_number_id(1), .rejected = "its name is odd"}};
                CatalogPageAnswer a = {.answer = {.status = 200, .sent = true, .requests = 1}};
                SyncAction action = SYNC_DO_LIST;
                for (int i = 0; i < 5 && action == SYNC_DO_LIST; i++) {
                        a.offset = m.listing.offset;
                        a.rows = rows + a.offset;
                        a.n_rows = (size_t)(n - a.offset);
                        action = machine_give(&m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a});
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
        machine_init(&m, true, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        (void)machine_give_claim(&m);
        assert_int_equal(machine_give_refresh(&m, 403, false), SYNC_DO_LIST);
        m.accept_removals = true;
        assert_int_equal(machine_give_page(&m, 0, 0), SYNC_DO_APPLY);
        assert_int_equal(m.missing, MIRROR_MISSING_HOLD);
}

static void a_busy_catalog_is_asked_again_and_then_it_goes_on(void **state)
{
        (void)state;
        static const MirrorApplied applied = {.listed = 0};
        SyncMachine m;
        machine_init(&m, true, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        (void)machine_give_claim(&m);
        assert_int_equal(machine_give_refresh(&m, 429, true), SYNC_DO_WAIT);
        assert_true(m.delay_usec > 0);
        assert_int_equal(machine_give_timer(&m), SYNC_DO_REFRESH);
        assert_int_equal(machine_give_refresh(&m, 202, false), SYNC_DO_WAIT);
        assert_int_equal(machine_give_timer(&m), SYNC_DO_GET_JOB);
        assert_int_equal(machine_give_job(&m, "COMPLETED"), SYNC_DO_LIST);
        assert_int_equal(machine_give_bad_page(&m), SYNC_DO_WAIT);
        assert_int_equal(machine_give_timer(&m), SYNC_DO_LIST);
        assert_int_equal(machine_give_page(&m, 0, 0), SYNC_DO_APPLY);
        assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");
}

static void a_page_that_never_comes_fails_the_run_after_a_few_attempts(void **state)
{
        (void)state;
        SyncMachine m;
        SyncAction action;
        unsigned attempts = 0;
        machine_init(&m, false, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        assert_int_equal(machine_give_claim(&m), SYNC_DO_LIST);
        while ((action = machine_give_bad_page(&m)) == SYNC_DO_WAIT && attempts++ < 100)
                assert_int_equal(machine_give_timer(&m), SYNC_DO_LIST);
        assert_int_equal(action, SYNC_DO_FINISH);
        assert_int_equal(attempts, 4);
        assert_string_equal(sync_outcome_name(m.outcome), "failed");
        assert_string_equal(fault_code_name(m.fault.code), "catalog-busy");

        /* Nor is the end recorded for ever. */
        Fault away = {.scope = FAULT_PEER, .retryable = true, .code = CODE_PG_UNREACHABLE};
        attempts = 0;
        while ((action = machine_give(&m, (SyncInput){.kind = SYNC_INPUT_FINISH,
                                                      .fault = &away})) == SYNC_DO_WAIT &&
               attempts++ < 100)
                assert_int_equal(machine_give_timer(&m), SYNC_DO_FINISH);
        assert_int_equal(action, SYNC_DO_REPORT);
        assert_int_equal(attempts, 4);
        assert_string_equal(fault_code_name(m.fault.code), "catalog-busy");
}

static void a_dry_run_takes_no_lease_and_records_no_end(void **state)
{
        (void)state;
        static const MirrorApplied planned = {.listed = 0, .added = 0};
        SyncMachine m;
        machine_init(&m, true, true);
        assert_int_equal(machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START}), SYNC_DO_LIST);
        assert_string_equal(sync_refresh_name(m.refresh), "skipped");
        assert_int_equal(machine_give_page(&m, 0, 0), SYNC_DO_APPLY);
        assert_int_equal(machine_give_applied(&m, &planned), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "synced");

        static const Fault full = {.scope = FAULT_RUN, .code = CODE_SPOOL_FAILED};
        for (SyncState at = SYNC_LISTING; at <= SYNC_REAPPLYING; at++) {
                machine_init(&m, true, true);
                m.state = at;
                assert_int_equal(
                        machine_give(&m, (SyncInput){.kind = SYNC_INPUT_FAULT, .fault = &full}),
                        SYNC_DO_REPORT);
                assert_string_equal(sync_outcome_name(m.outcome), "failed");
                assert_string_equal(fault_code_name(m.fault.code), "spool-failed");
        }
}

static void a_list_that_takes_too_long_is_unstable_with_what_was_seen(void **state)
{
        (void)state;
        enum { START = 1000000 };
        static const uint64_t hour = 3600000000;
        for (int good = 0; good < 2; good++) {
                SyncMachine m;
                machine_init(&m, false, false);
                (void)machine_give(&m,
                                   (SyncInput){.kind = SYNC_INPUT_START, .now_usec = START - 1});
                static const MirrorClaim claim = {.run_id = 1, .epoch = 1};
                assert_int_equal(machine_give(&m, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                              .claim = &claim,
                                                              .fault = &machine_no_fault,
                                                              .now_usec = START}),
                                 SYNC_DO_LIST);
                assert_int_equal(machine_give_page_at(&m, START + 1, true), SYNC_DO_LIST);
                assert_int_equal(machine_give_page_at(&m, START + hour, true), SYNC_DO_LIST);
                assert_int_equal(machine_give_page_at(&m, START + hour + 1, good), SYNC_DO_APPLY);
                assert_string_equal(sync_outcome_name(m.outcome), "unstable");
                assert_string_equal(fault_code_name(m.fault.code), "list-timeout");
                assert_false(m.listed_whole);
                assert_non_null(strstr(m.fault.message, "; what was seen is applied"));
                /* half of a page of ten overlaps */
                assert_int_equal(m.listing.received, good ? 20 : 15);
        }
}

static void a_list_of_which_nothing_came_in_time_fails(void **state)
{
        (void)state;
        SyncMachine m;
        machine_init(&m, true, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START, .now_usec = 1});
        (void)machine_give_claim(&m);
        assert_int_equal(machine_give_refresh(&m, 403, false), SYNC_DO_LIST);
        assert_int_equal(machine_give_page_at(&m, 3600000002, false), SYNC_DO_FINISH);
        assert_string_equal(sync_outcome_name(m.outcome), "failed");
        assert_string_equal(fault_code_name(m.fault.code), "list-timeout");
        assert_non_null(strstr(m.fault.message, "0 rows in 0 pages"));
        assert_null(strstr(m.fault.message, "what was seen is applied"));
}

/* L3: pages whose rows stand elsewhere each time, up to the moment when what was seen is to be
 * applied. Returns how often the list was begun anew. */
static unsigned list_without_end(SyncMachine *m, SyncAction action)
{
        unsigned anew = 0, pages = 0;
        for (; (action == SYNC_DO_LIST || action == SYNC_DO_LIST_ANEW) && pages < 200; pages++) {
                unsigned offset = (unsigned)m->listing.offset;
                action = machine_give_page(m, (offset + 7 * pages) % 40, offset < 40 ? 10 : 0);
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
        machine_init(m, false, false);
        (void)machine_give(m, (SyncInput){.kind = SYNC_INPUT_START});
        assert_int_equal(list_without_end(m, machine_give_claim(m)), 3);
        assert_int_equal(m->missing, MIRROR_MISSING_FIND);
}

static void a_list_that_is_never_one_is_applied_as_unstable(void **state)
{
        (void)state;
        static const MirrorApplied applied = {.listed = 40};
        SyncMachine m;
        unstable_until_apply(&m);
        assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
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
        assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_VERIFY);
        machine_give_control(&m);
        while (proof_next_order(&m.proof, &order))
                ;
        assert_int_equal(machine_give_one(&m, 0, 100, true, NULL), SYNC_DO_VERIFY);
        assert_int_equal(machine_give_one(&m, 1, 101, false, &m.edge), SYNC_DO_VERIFY);
        assert_int_equal(machine_give_one(&m, 2, 102, false, NULL), SYNC_DO_APPLY);
        assert_int_equal(m.missing, MIRROR_MISSING_REMOVE);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");
        assert_false(m.listed_whole);
        assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
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
        assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_APPLY);
        assert_int_equal(m.missing, MIRROR_MISSING_IGNORE);
        assert_string_equal(fault_code_name(m.fault.code), "list-unstable");
        assert_non_null(strstr(m.fault.message, "the list could not be read as one"));
        assert_non_null(strstr(m.fault.message,
                               "; what was seen is applied; the next run reads it again, and if "
                               "that goes on, edgemirror sync -v "));
        assert_non_null(strstr(m.fault.message,
                               "; 30 of the 70 rows of the mirror were not seen, more than"));
        assert_int_equal(machine_give_applied(&m, &applied), SYNC_DO_REPORT);
        assert_string_equal(sync_outcome_name(m.outcome), "unstable");

        unstable_until_apply(&m);
        m.accept_removals = true;
        assert_int_equal(machine_give_applied(&m, &found), SYNC_DO_VERIFY);
        machine_give_control(&m);
}

static void an_unstable_list_after_a_refresh_that_was_not_clean_says_nothing_of_missing_rows(
        void **state)
{
        (void)state;
        SyncMachine m;
        machine_init(&m, true, false);
        (void)machine_give(&m, (SyncInput){.kind = SYNC_INPUT_START});
        (void)machine_give_claim(&m);
        SyncAction action = machine_give_refresh(&m, 403, false);
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
                                machine_init(&m, !dry_run, dry_run);
                                m.state = s;
                                m.outcome = s >= SYNC_APPLYING ? OUTCOME_SYNCED : OUTCOME_NONE;
                                SyncAction action = machine_give(&m, (SyncInput){.kind = kinds[k]});
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
                                                machine_give(
                                                        &m,
                                                        (SyncInput){.kind = SYNC_INPUT_FINISH,
                                                                    .fault = &machine_no_fault}),
                                                SYNC_DO_REPORT);
                                assert_int_equal(m.state, SYNC_DONE);
                        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_life_without_trouble_ends_as_synced),
                cmocka_unit_test(a_life_that_removes_proves_each_row_first),
                cmocka_unit_test(what_is_not_proven_is_held_and_said),
                cmocka_unit_test(too_many_missing_rows_are_held_without_a_request),
                cmocka_unit_test(a_row_without_an_id_makes_the_list_not_whole),
                cmocka_unit_test(a_list_of_which_no_row_can_be_mirrored_is_not_whole),
                cmocka_unit_test(after_a_refresh_that_was_not_clean_nothing_is_looked_for),
                cmocka_unit_test(a_busy_catalog_is_asked_again_and_then_it_goes_on),
                cmocka_unit_test(a_page_that_never_comes_fails_the_run_after_a_few_attempts),
                cmocka_unit_test(a_dry_run_takes_no_lease_and_records_no_end),
                cmocka_unit_test(a_list_that_takes_too_long_is_unstable_with_what_was_seen),
                cmocka_unit_test(a_list_of_which_nothing_came_in_time_fails),
                cmocka_unit_test(a_list_that_is_never_one_is_applied_as_unstable),
                cmocka_unit_test(rows_that_an_unstable_list_lacks_are_asked_for),
                cmocka_unit_test(too_many_rows_that_an_unstable_list_lacks_are_not_held),
                cmocka_unit_test(
                        an_unstable_list_after_a_refresh_that_was_not_clean_says_nothing_of_missing_rows),
                cmocka_unit_test(stop_and_lost_lease_end_the_run_in_every_state),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
