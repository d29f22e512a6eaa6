#include "base/outcome.h"
#include "base/text.h"

static const char *const phases[SYNC_PHASES] = {
        [SYNC_PHASE_REFRESH] = "refresh", [SYNC_PHASE_POLL] = "poll",   [SYNC_PHASE_LIST] = "list",
        [SYNC_PHASE_VERIFY] = "verify",   [SYNC_PHASE_APPLY] = "apply", [SYNC_PHASE_DONE] = "done",
};

static const char *const outcomes[SYNC_OUTCOMES] = {
        [OUTCOME_SYNCED] = "synced", [OUTCOME_HELD] = "held",       [OUTCOME_UNSTABLE] = "unstable",
        [OUTCOME_FAILED] = "failed", [OUTCOME_ABORTED] = "aborted",
};

static const char *const refreshes[SYNC_REFRESHES] = {
        [REFRESH_CLEAN] = "clean",     [REFRESH_FAILED] = "failed",
        [REFRESH_TIMEOUT] = "timeout", [REFRESH_UNKNOWN] = "unknown",
        [REFRESH_SKIPPED] = "skipped", [REFRESH_REJECTED] = "rejected",
};

const char *sync_phase_name(SyncPhase phase)
{
        return phases[phase];
}

const char *sync_outcome_name(SyncOutcome outcome)
{
        return outcomes[outcome];
}

const char *sync_refresh_name(SyncRefresh refresh)
{
        return refreshes[refresh];
}

SyncPhase sync_phase_parse(const char *word)
{
        return (SyncPhase)text_find(phases, SYNC_PHASES, word);
}

SyncOutcome sync_outcome_parse(const char *word)
{
        return (SyncOutcome)(text_find(outcomes, SYNC_OUTCOMES, word) % SYNC_OUTCOMES);
}

SyncRefresh sync_refresh_parse(const char *word)
{
        return (SyncRefresh)(text_find(refreshes, SYNC_REFRESHES, word) % SYNC_REFRESHES);
}

bool sync_outcome_is_applied(SyncOutcome outcome)
{
        return sync_outcome_is_complete(outcome) || outcome == OUTCOME_UNSTABLE;
}

bool sync_outcome_is_complete(SyncOutcome outcome)
{
        return outcome == OUTCOME_SYNCED || outcome == OUTCOME_HELD;
}
