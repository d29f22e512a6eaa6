/*
 * What is printed of a sync, and the exit status that outcomes and faults give, alone and together.
 */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/session.h"
#include "cli/sync_report.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void outcome_and_fault_give_the_status(void **state)
{
        (void)state;
        static const struct {
                SyncOutcome outcome;
                FaultScope scope;
                bool refused;
                int status;
                bool applied;
        } cases[] = {
                {OUTCOME_SYNCED, FAULT_NONE, false, CLI_EXIT_DONE, true},
                {OUTCOME_HELD, FAULT_NONE, false, CLI_EXIT_HELD, true},
                {OUTCOME_UNSTABLE, FAULT_NONE, false, CLI_EXIT_EDGE_FAILED, true},
                {OUTCOME_UNSTABLE, FAULT_RUN, false, CLI_EXIT_EDGE_FAILED, true},
                /* the refresh failed, the list came whole */
                {OUTCOME_SYNCED, FAULT_REQUEST, false, CLI_EXIT_DONE, true},
                {OUTCOME_FAILED, FAULT_RUN, false, CLI_EXIT_EDGE_FAILED, false},
                {OUTCOME_FAILED, FAULT_REQUEST, false, CLI_EXIT_EDGE_FAILED, false},
                {OUTCOME_FAILED, FAULT_PROCESS, false, CLI_EXIT_EDGE_FAILED, false},
                {OUTCOME_FAILED, FAULT_PEER, false, CLI_EXIT_UNREACHABLE, false},
                {OUTCOME_FAILED, FAULT_PEER, true, CLI_EXIT_REFUSED, false},
                {OUTCOME_FAILED, FAULT_NONE, false, CLI_EXIT_EDGE_FAILED,
                 false}, /* never a failure that looks like success */
                {OUTCOME_ABORTED, FAULT_NONE, false, CLI_EXIT_EDGE_FAILED, false},
                {OUTCOME_ABORTED, FAULT_RUN, false, CLI_EXIT_EDGE_FAILED, false},
                {OUTCOME_NONE, FAULT_NONE, false, CLI_EXIT_EDGE_FAILED, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncReport report = {.outcome = cases[i].outcome};
                if (cases[i].scope != FAULT_NONE)
                        fault_set(&report.fault, cases[i].scope, EIO, CODE_NO_RESOURCES, "words");
                report.fault.refused = cases[i].refused;
                assert_int_equal(sync_report_status(&report), cases[i].status);
                assert_int_equal(sync_outcome_is_applied(report.outcome), cases[i].applied);
        }
}

static void a_catalog_that_is_away_is_told_from_one_that_answers(void **state)
{
        (void)state;
        static const struct {
                SyncOutcome outcome;
                FaultCode code;
                FaultScope scope;
                int http_status;
                bool away;
        } cases[] = {
                {OUTCOME_FAILED, CODE_CATALOG_BUSY, FAULT_REQUEST, 503, true},
                {OUTCOME_FAILED, CODE_CATALOG_ERROR, FAULT_REQUEST, 502, true},
                {OUTCOME_FAILED, CODE_CATALOG_ERROR, FAULT_REQUEST, 504, true},
                {OUTCOME_FAILED, CODE_HTTP_TIMEOUT, FAULT_REQUEST, 0, true},
                {OUTCOME_FAILED, CODE_HTTP_RESET, FAULT_REQUEST, 0, true},
                {OUTCOME_FAILED, CODE_HTTP_TRUNCATED, FAULT_REQUEST, 200, false},
                /* itself, of this request */
                {OUTCOME_FAILED, CODE_CATALOG_ERROR, FAULT_REQUEST, 500, false},
                {OUTCOME_FAILED, CODE_CATALOG_BUSY, FAULT_REQUEST, 429, false},
                {OUTCOME_FAILED, CODE_CATALOG_FORBIDDEN, FAULT_RUN, 403, false},
                {OUTCOME_FAILED, CODE_PG_SERIALIZATION, FAULT_REQUEST, 0, false},
                {OUTCOME_FAILED, CODE_HTTP_MEMORY, FAULT_PROCESS, 0, false},
                /* of the refresh; the list came */
                {OUTCOME_SYNCED, CODE_CATALOG_BUSY, FAULT_REQUEST, 503, false},
                {OUTCOME_FAILED, CODE_NONE, FAULT_NONE, 0, false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncReport report = {.outcome = cases[i].outcome};
                if (cases[i].scope != FAULT_NONE)
                        fault_set(&report.fault, cases[i].scope, EIO, cases[i].code, "words");
                fault_set_http_status(&report.fault, cases[i].http_status);
                if (sync_report_catalog_away(&report) != cases[i].away)
                        fail_msg("%s, HTTP %d", fault_code_name(cases[i].code),
                                 cases[i].http_status);
        }
}

static void the_graver_status_wins(void **state)
{
        (void)state;
        static const int gravest_first[] = {CLI_EXIT_CONFIG,      CLI_EXIT_REFUSED,
                                            CLI_EXIT_UNREACHABLE, CLI_EXIT_EDGE_FAILED,
                                            CLI_EXIT_HELD,        CLI_EXIT_DONE};
        for (size_t i = 0; i < ARRAY_SIZE(gravest_first); i++)
                for (size_t k = i; k < ARRAY_SIZE(gravest_first); k++) {
                        assert_int_equal(exit_status_worse(gravest_first[i], gravest_first[k]),
                                         gravest_first[i]);
                        assert_int_equal(exit_status_worse(gravest_first[k], gravest_first[i]),
                                         gravest_first[i]);
                }
}

/* What a call of sync_report_print writes. */
static void printed(const char *edge, const SyncReport *report, const Fault *said,
                    char out[static 1024])
{
        FILE *file = tmpfile();
        assert_non_null(file);
        (void)fflush(stdout);
        int saved = dup(STDOUT_FILENO);
        assert_true(saved >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0);
        sync_report_print(edge, report, NULL, said);
        assert_true(dup2(saved, STDOUT_FILENO) >= 0);
        (void)close(saved);
        rewind(file);
        out[fread(out, 1, 1023, file)] = '\0';
        (void)fclose(file);
}

static void what_a_peer_said_is_spelt_out_once(void **state)
{
        (void)state;
        static const struct {
                FaultScope said_scope, scope;
                const char *said, *words;
                bool again;
        } cases[] = {
                {FAULT_NONE, FAULT_PEER, "", "the server is away", false},
                {FAULT_PEER, FAULT_PEER, "the server is away", "the server is away", true},
                {FAULT_PEER, FAULT_PEER, "the server is away", "the disk is full", false},
                {FAULT_PEER, FAULT_RUN, "a bad row", "a bad row", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                SyncReport report = {.outcome = OUTCOME_FAILED};
                Fault said = {0};
                char out[1024];
                fault_set(&report.fault, cases[i].scope, EIO, CODE_NO_RESOURCES, "%s",
                          cases[i].words);
                if (cases[i].said_scope != FAULT_NONE)
                        fault_set(&said, cases[i].said_scope, EIO, CODE_NO_RESOURCES, "%s",
                                  cases[i].said);
                printed("one", &report, &said, out);
                assert_int_equal(strstr(out, cases[i].words) == NULL, cases[i].again);
                assert_int_equal(strstr(out, "no-resources: as above\n") != NULL, cases[i].again);
        }
}

static void outcomes_stand_below_each_other_whatever_the_names(void **state)
{
        (void)state;
        static const char *const names[] = {"plain", "caf\u00e9", "\u6771\u4eac", "\U0001F418", ""};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                SyncReport report = {.outcome = OUTCOME_SYNCED};
                char out[1024];
                printed(names[i], &report, &(Fault){0}, out);
                char *outcome = strstr(out, "synced");
                assert_non_null(outcome);
                *outcome = '\0';
                assert_int_equal(columns_of(out), 26);
        }
        static const struct {
                const char *text;
                size_t columns;
        } widths[] = {
                {"", 0}, {"plain", 5}, {"caf\u00e9", 4}, {"\u6771\u4eac", 4}, {"\U0001F418", 2}};
        for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
                assert_int_equal(columns_of(widths[i].text), widths[i].columns);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(outcome_and_fault_give_the_status),
                cmocka_unit_test(outcomes_stand_below_each_other_whatever_the_names),
                cmocka_unit_test(a_catalog_that_is_away_is_told_from_one_that_answers),
                cmocka_unit_test(the_graver_status_wins),
                cmocka_unit_test(what_a_peer_said_is_spelt_out_once),
        };
        return cmocka_run_group_tests_name("sync_report", tests, NULL, NULL);
}
