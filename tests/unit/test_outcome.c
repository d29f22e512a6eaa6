/*
 * The words of phases, outcomes and refreshes, which are public, and what an outcome means.
 */
#include "base/cleanup.h"
#include "base/outcome.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_phase_and_refresh_has_its_word(void **state)
{
        (void)state;
        static const char *const phases[] = {"refresh", "poll", "list", "verify", "apply", "done"};
        static const char *const refreshes[] = {"clean",   "failed",  "timeout",
                                                "unknown", "skipped", "rejected"};
        assert_int_equal(ARRAY_SIZE(phases), SYNC_PHASES);
        for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
                assert_string_equal(sync_phase_name((SyncPhase)i), phases[i]);
                assert_int_equal(sync_phase_parse(phases[i]), i);
        }
        assert_int_equal(sync_phase_parse(NULL), SYNC_PHASES);
        assert_int_equal(sync_phase_parse("of tomorrow"), SYNC_PHASES);
        assert_int_equal(ARRAY_SIZE(refreshes), SYNC_REFRESHES - 1);
        assert_null(sync_refresh_name(REFRESH_NONE));
        for (size_t i = 0; i < ARRAY_SIZE(refreshes); i++)
                assert_string_equal(sync_refresh_name((SyncRefresh)(i + 1)), refreshes[i]);
}

static void every_outcome_has_its_word_and_its_meaning(void **state)
{
        (void)state;
        static const struct {
                SyncOutcome outcome;
                const char *word;
                bool applied, complete;
        } cases[] = {
                {OUTCOME_SYNCED, "synced", true, true},
                {OUTCOME_HELD, "held", true, true},
                {OUTCOME_UNSTABLE, "unstable", true, false},
                {OUTCOME_FAILED, "failed", false, false},
                {OUTCOME_ABORTED, "aborted", false, false},
        };
        assert_int_equal(ARRAY_SIZE(cases), SYNC_OUTCOMES - 1);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                assert_string_equal(sync_outcome_name(cases[i].outcome), cases[i].word);
                assert_int_equal(sync_outcome_parse(cases[i].word), cases[i].outcome);
                assert_int_equal(sync_outcome_is_applied(cases[i].outcome), cases[i].applied);
                assert_int_equal(sync_outcome_is_complete(cases[i].outcome), cases[i].complete);
        }
        assert_null(sync_outcome_name(OUTCOME_NONE));
        assert_false(sync_outcome_is_applied(OUTCOME_NONE));
        assert_false(sync_outcome_is_complete(OUTCOME_NONE));
        assert_int_equal(sync_outcome_parse(NULL), OUTCOME_NONE);
        assert_int_equal(sync_outcome_parse("of tomorrow"), OUTCOME_NONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_phase_and_refresh_has_its_word),
                cmocka_unit_test(every_outcome_has_its_word_and_its_meaning),
        };
        return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
