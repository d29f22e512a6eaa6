/*
 * The exit status that outcomes and faults give, alone and together.
 */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/session.h"
#include "cli/sync_report.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void outcome_and_fault_give_the_status(void **state)
{
        (void)state;
        static const struct {
                const char *outcome;
                FaultScope scope;
                bool refused;
                int status;
                bool applied;
        } cases[] = {
                {"synced", FAULT_NONE, false, CLI_EXIT_DONE, true},
                {"held", FAULT_NONE, false, CLI_EXIT_HELD, true},
                {"unstable", FAULT_NONE, false, CLI_EXIT_DONE, true},
                {"unstable", FAULT_RUN, false, CLI_EXIT_DONE, true},
                {"synced", FAULT_REQUEST, false, CLI_EXIT_DONE, true}, /* the refresh failed, the list came whole */
                {"failed", FAULT_RUN, false, CLI_EXIT_EDGE_FAILED, false},
                {"failed", FAULT_REQUEST, false, CLI_EXIT_EDGE_FAILED, false},
                {"failed", FAULT_PROCESS, false, CLI_EXIT_EDGE_FAILED, false},
                {"failed", FAULT_PEER, false, CLI_EXIT_UNREACHABLE, false},
                {"failed", FAULT_PEER, true, CLI_EXIT_REFUSED, false},
                {"failed", FAULT_NONE, false, CLI_EXIT_EDGE_FAILED,
                 false}, /* never a failure that looks like success */
                {"aborted", FAULT_NONE, false, CLI_EXIT_EDGE_FAILED, false},
                {"aborted", FAULT_RUN, false, CLI_EXIT_EDGE_FAILED, false},
                {"of tomorrow", FAULT_NONE, false, CLI_EXIT_EDGE_FAILED, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncReport report = {.outcome = cases[i].outcome};
                if (cases[i].scope != FAULT_NONE)
                        fault_set(&report.fault, cases[i].scope, EIO, "code", "words");
                report.fault.refused = cases[i].refused;
                assert_int_equal(sync_report_status(&report), cases[i].status);
                assert_int_equal(sync_report_applied(&report), cases[i].applied);
        }
}

static void the_graver_status_wins(void **state)
{
        (void)state;
        static const int gravest_first[] = {CLI_EXIT_CONFIG,      CLI_EXIT_REFUSED, CLI_EXIT_UNREACHABLE,
                                            CLI_EXIT_EDGE_FAILED, CLI_EXIT_HELD,    CLI_EXIT_DONE};
        for (size_t i = 0; i < ARRAY_SIZE(gravest_first); i++)
                for (size_t k = i; k < ARRAY_SIZE(gravest_first); k++) {
                        assert_int_equal(exit_status_worse(gravest_first[i], gravest_first[k]), gravest_first[i]);
                        assert_int_equal(exit_status_worse(gravest_first[k], gravest_first[i]), gravest_first[i]);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(outcome_and_fault_give_the_status),
                cmocka_unit_test(the_graver_status_wins),
        };
        return cmocka_run_group_tests_name("sync_report", tests, NULL, NULL);
}
