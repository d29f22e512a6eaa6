/*
 * machine_table: every transition of a sync. Read it from top to bottom as the life of a run.
 */
#include "base/cleanup.h"
#include "sync/machine.h"

#define ENDS_BADLY(state)                                                                          \
        {state, SYNC_RUN_FAILED, SYNC_FINISHING, SYNC_DO_FINISH, "the run failed", 0},             \
                {state,                                                                            \
                 SYNC_LEASE_LOST,                                                                  \
                 SYNC_DONE,                                                                        \
                 SYNC_DO_REPORT,                                                                   \
                 "another instance holds the lease now",                                           \
                 0},                                                                               \
        {                                                                                          \
                state, SYNC_STOP_ASKED, SYNC_FINISHING, SYNC_DO_FINISH, "stopping", 0              \
        }

/* What a dry run passes through, too. */
#define ENDS_DRY(state)                                                                            \
        {                                                                                          \
                state, SYNC_DRY_RUN_ENDED, SYNC_DONE, SYNC_DO_REPORT,                              \
                        "the dry run is over; nothing was written", 0                              \
        }

static const SyncTransition table[] = {
        {SYNC_IDLE, SYNC_STARTED, SYNC_CLAIMING, SYNC_DO_CLAIM, "acquiring the lease", 0},
        {SYNC_IDLE, SYNC_STARTED_DRY, SYNC_LISTING, SYNC_DO_LIST, "listing, for a plan", 0},

        {SYNC_CLAIMING, SYNC_CLAIMED_REFRESH, SYNC_REFRESHING, SYNC_DO_REFRESH,
         "asking the catalog to refresh", 0},
        {SYNC_CLAIMING, SYNC_CLAIMED_LIST, SYNC_LISTING, SYNC_DO_LIST, "listing, without a refresh",
         0},
        {SYNC_CLAIMING, SYNC_CLAIMED_RESUME, SYNC_POLLING, SYNC_DO_GET_JOB,
         "taking up the job of an earlier run", SYNC_NOTE},
        {SYNC_CLAIMING, SYNC_NOT_CLAIMED, SYNC_DONE, SYNC_DO_REPORT,
         "the lease could not be acquired", 0},
        {SYNC_CLAIMING, SYNC_CLAIM_UNUSED, SYNC_FINISHING, SYNC_DO_FINISH,
         "the run cannot begin; releasing the lease", 0},
        {SYNC_CLAIMING, SYNC_RUN_FAILED, SYNC_DONE, SYNC_DO_REPORT,
         "the lease could not be asked for", 0},
        {SYNC_CLAIMING, SYNC_STOP_ASKED, SYNC_CLAIM_STOPPING, SYNC_DO_NOTHING,
         "stopping, once the lease can be released", 0},

        {SYNC_CLAIM_STOPPING, SYNC_CLAIMED_REFRESH, SYNC_FINISHING, SYNC_DO_FINISH,
         "releasing the lease", 0},
        {SYNC_CLAIM_STOPPING, SYNC_CLAIMED_LIST, SYNC_FINISHING, SYNC_DO_FINISH,
         "releasing the lease", 0},
        {SYNC_CLAIM_STOPPING, SYNC_CLAIMED_RESUME, SYNC_FINISHING, SYNC_DO_FINISH,
         "releasing the lease", 0},
        {SYNC_CLAIM_STOPPING, SYNC_CLAIM_UNUSED, SYNC_FINISHING, SYNC_DO_FINISH,
         "releasing the lease", 0},
        {SYNC_CLAIM_STOPPING, SYNC_NOT_CLAIMED, SYNC_DONE, SYNC_DO_REPORT,
         "stopped before it began", 0},
        {SYNC_CLAIM_STOPPING, SYNC_RUN_FAILED, SYNC_DONE, SYNC_DO_REPORT, "stopped before it began",
         0},
        {SYNC_CLAIM_STOPPING, SYNC_STOP_ASKED, SYNC_CLAIM_STOPPING, SYNC_DO_NOTHING,
         "stopping already", 0},

        {SYNC_REFRESHING, SYNC_JOB_STARTED, SYNC_POLL_WAIT, SYNC_DO_WAIT,
         "the catalog has started a job", SYNC_NOTE},
        {SYNC_REFRESHING, SYNC_REFRESH_AGAIN, SYNC_REFRESH_BACKOFF, SYNC_DO_WAIT,
         "the refresh was not taken; trying again soon", SYNC_NOTE_NEWS},
        {SYNC_REFRESHING, SYNC_REFRESH_UNKNOWN, SYNC_SETTLING, SYNC_DO_WAIT,
         "a refresh may be under way; letting it settle", SYNC_NOTE_NEWS},
        {SYNC_REFRESHING, SYNC_REFRESH_OVER, SYNC_LISTING, SYNC_DO_LIST,
         "no refresh; listing what the catalog knows", SYNC_NOTE},
        ENDS_BADLY(SYNC_REFRESHING),

        {SYNC_REFRESH_BACKOFF, SYNC_TIMER_FIRED, SYNC_REFRESHING, SYNC_DO_REFRESH,
         "asking for the refresh again", 0},
        ENDS_BADLY(SYNC_REFRESH_BACKOFF),

        {SYNC_POLLING, SYNC_JOB_GOES_ON, SYNC_POLL_WAIT, SYNC_DO_WAIT, "waiting for the job",
         SYNC_NOTE_NEWS},
        {SYNC_POLLING, SYNC_JOB_OTHER_ADDRESS, SYNC_POLLING, SYNC_DO_GET_JOB,
         "not found; asking at the other address", 0},
        {SYNC_POLLING, SYNC_JOB_ENDED, SYNC_LISTING, SYNC_DO_LIST, "the job is over; listing",
         SYNC_NOTE},
        ENDS_BADLY(SYNC_POLLING),

        {SYNC_POLL_WAIT, SYNC_TIMER_FIRED, SYNC_POLLING, SYNC_DO_GET_JOB, "asking how the job is",
         0},
        ENDS_BADLY(SYNC_POLL_WAIT),

        {SYNC_SETTLING, SYNC_TIMER_FIRED, SYNC_LISTING, SYNC_DO_LIST, "settled; listing",
         SYNC_NOTE},
        ENDS_BADLY(SYNC_SETTLING),

        {SYNC_LISTING, SYNC_PAGE_JOINED, SYNC_LISTING, SYNC_DO_LIST, "listing", SYNC_KEEP},
        {SYNC_LISTING, SYNC_LIST_AGAIN, SYNC_LISTING, SYNC_DO_LIST_ANEW,
         "not whole; reading the list again", SYNC_KEEP},
        {SYNC_LISTING, SYNC_PAGE_AGAIN, SYNC_LIST_BACKOFF, SYNC_DO_WAIT,
         "a page did not come; trying again soon", 0},
        {SYNC_LISTING, SYNC_LIST_ENDED, SYNC_APPLYING, SYNC_DO_APPLY, "listed; applying",
         SYNC_KEEP},
        ENDS_BADLY(SYNC_LISTING),
        ENDS_DRY(SYNC_LISTING),

        {SYNC_LIST_BACKOFF, SYNC_TIMER_FIRED, SYNC_LISTING, SYNC_DO_LIST,
         "asking for the page again", 0},
        ENDS_BADLY(SYNC_LIST_BACKOFF),
        ENDS_DRY(SYNC_LIST_BACKOFF),

        {SYNC_APPLYING, SYNC_APPLIED, SYNC_DONE, SYNC_DO_REPORT, "applied", 0},
        {SYNC_APPLYING, SYNC_LEASE_DOUBTED, SYNC_APPLYING, SYNC_DO_NOTHING,
         "the lease is not ours any more; waiting for the apply's result", 0},
        {SYNC_APPLYING, SYNC_ROWS_MISSING, SYNC_VERIFYING, SYNC_DO_VERIFY,
         "rows are missing; asking for each", SYNC_NOTE},
        {SYNC_APPLYING, SYNC_REMOVALS_HELD, SYNC_REAPPLYING, SYNC_DO_APPLY,
         "too many rows are missing; applying without removals", 0},
        ENDS_BADLY(SYNC_APPLYING),
        ENDS_DRY(SYNC_APPLYING),

        {SYNC_VERIFYING, SYNC_PROOF_GOES_ON, SYNC_VERIFYING, SYNC_DO_VERIFY,
         "asking for missing rows", 0},
        {SYNC_VERIFYING, SYNC_PROOF_ENDED, SYNC_REAPPLYING, SYNC_DO_APPLY,
         "asked for all; applying", 0},
        ENDS_BADLY(SYNC_VERIFYING),
        ENDS_DRY(SYNC_VERIFYING),

        {SYNC_REAPPLYING, SYNC_APPLIED, SYNC_DONE, SYNC_DO_REPORT, "applied", 0},
        {SYNC_REAPPLYING, SYNC_LEASE_DOUBTED, SYNC_REAPPLYING, SYNC_DO_NOTHING,
         "the lease is not ours any more; waiting for the apply's result", 0},
        ENDS_BADLY(SYNC_REAPPLYING),
        ENDS_DRY(SYNC_REAPPLYING),

        {SYNC_FINISHING, SYNC_FINISHED, SYNC_DONE, SYNC_DO_REPORT, "the end is recorded", 0},
        {SYNC_FINISHING, SYNC_FINISH_AGAIN, SYNC_FINISH_BACKOFF, SYNC_DO_WAIT,
         "the end could not be recorded; trying again soon", 0},
        {SYNC_FINISHING, SYNC_RUN_FAILED, SYNC_FINISHING, SYNC_DO_NOTHING,
         "failed again while ending", 0},
        {SYNC_FINISHING, SYNC_LEASE_LOST, SYNC_DONE, SYNC_DO_REPORT,
         "another instance holds the lease now", 0},
        {SYNC_FINISHING, SYNC_STOP_ASKED, SYNC_FINISHING, SYNC_DO_NOTHING, "ending already", 0},

        {SYNC_FINISH_BACKOFF, SYNC_TIMER_FIRED, SYNC_FINISHING, SYNC_DO_FINISH,
         "recording the end again", 0},
        {SYNC_FINISH_BACKOFF, SYNC_RUN_FAILED, SYNC_FINISHING, SYNC_DO_FINISH,
         "cannot wait; recording the end at once", 0},
        {SYNC_FINISH_BACKOFF, SYNC_LEASE_LOST, SYNC_DONE, SYNC_DO_REPORT,
         "another instance holds the lease now", 0},
        {SYNC_FINISH_BACKOFF, SYNC_STOP_ASKED, SYNC_FINISHING, SYNC_DO_FINISH,
         "stopping; recording the end at once", 0},

        {SYNC_DONE, SYNC_STOP_ASKED, SYNC_DONE, SYNC_DO_NOTHING, "over already", 0},
};

const SyncTransition *sync_transition(SyncState from, SyncEvent on)
{
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (table[i].from == from && table[i].on == on)
                        return &table[i];
        return NULL;
}

/* Its name, and the phase that a run is in from there on; SYNC_PHASES: in the one before. */
static const struct {
        const char *name;
        SyncPhase phase;
} states[SYNC_STATES] = {
        [SYNC_IDLE] = {"idle", SYNC_PHASES},
        [SYNC_CLAIMING] = {"claiming", SYNC_PHASES},
        [SYNC_CLAIM_STOPPING] = {"claim-stopping", SYNC_PHASES},
        [SYNC_REFRESHING] = {"refreshing", SYNC_PHASE_REFRESH},
        [SYNC_REFRESH_BACKOFF] = {"refresh-backoff", SYNC_PHASE_REFRESH},
        [SYNC_POLLING] = {"polling", SYNC_PHASE_POLL},
        [SYNC_POLL_WAIT] = {"poll-wait", SYNC_PHASE_POLL},
        [SYNC_SETTLING] = {"settling", SYNC_PHASE_REFRESH},
        [SYNC_LISTING] = {"listing", SYNC_PHASE_LIST},
        [SYNC_LIST_BACKOFF] = {"list-backoff", SYNC_PHASE_LIST},
        [SYNC_APPLYING] = {"applying", SYNC_PHASE_APPLY},
        [SYNC_VERIFYING] = {"verifying", SYNC_PHASE_VERIFY},
        [SYNC_REAPPLYING] = {"reapplying", SYNC_PHASE_APPLY},
        [SYNC_FINISHING] = {"finishing", SYNC_PHASES},
        [SYNC_FINISH_BACKOFF] = {"finish-backoff", SYNC_PHASES},
        [SYNC_DONE] = {"done", SYNC_PHASE_DONE},
};

const char *sync_state_name(SyncState state)
{
        return states[state].name;
}

SyncPhase sync_state_phase(SyncState state)
{
        return states[state].phase;
}

const char *sync_event_name(SyncEvent event)
{
        static const char *const names[SYNC_EVENTS] = {
                [SYNC_STARTED] = "started",
                [SYNC_STARTED_DRY] = "started-dry",
                [SYNC_CLAIMED_REFRESH] = "claimed-refresh",
                [SYNC_CLAIMED_LIST] = "claimed-list",
                [SYNC_CLAIMED_RESUME] = "claimed-resume",
                [SYNC_CLAIM_UNUSED] = "claim-unused",
                [SYNC_NOT_CLAIMED] = "not-claimed",
                [SYNC_JOB_STARTED] = "job-started",
                [SYNC_REFRESH_AGAIN] = "refresh-again",
                [SYNC_REFRESH_UNKNOWN] = "refresh-unknown",
                [SYNC_REFRESH_OVER] = "refresh-over",
                [SYNC_JOB_GOES_ON] = "job-goes-on",
                [SYNC_JOB_OTHER_ADDRESS] = "job-other-address",
                [SYNC_JOB_ENDED] = "job-ended",
                [SYNC_PAGE_JOINED] = "page-joined",
                [SYNC_LIST_AGAIN] = "list-again",
                [SYNC_PAGE_AGAIN] = "page-again",
                [SYNC_LIST_ENDED] = "list-ended",
                [SYNC_RUN_FAILED] = "run-failed",
                [SYNC_TIMER_FIRED] = "timer-fired",
                [SYNC_APPLIED] = "applied",
                [SYNC_ROWS_MISSING] = "rows-missing",
                [SYNC_REMOVALS_HELD] = "removals-held",
                [SYNC_PROOF_GOES_ON] = "proof-goes-on",
                [SYNC_PROOF_ENDED] = "proof-ended",
                [SYNC_FINISHED] = "finished",
                [SYNC_FINISH_AGAIN] = "finish-again",
                [SYNC_LEASE_DOUBTED] = "lease-doubted",
                [SYNC_LEASE_LOST] = "lease-lost",
                [SYNC_STOP_ASKED] = "stop-asked",
                [SYNC_DRY_RUN_ENDED] = "dry-run-ended",
        };
        return names[event];
}
