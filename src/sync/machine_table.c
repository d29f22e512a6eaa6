/*
 * machine_table: every transition of a sync. Read it from top to bottom as the life of a run.
 */
#include "base/cleanup.h"
#include "sync/machine.h"

#define ROW(from, on, to, action, words, besides)                                                  \
        {                                                                                          \
                SYNC_##from, SYNC_##on, SYNC_##to, SYNC_DO_##action, words, besides                \
        }

#define ENDS_BADLY(state)                                                                          \
        ROW(state, RUN_FAILED, FINISHING, FINISH, "the run failed", 0),                            \
                ROW(state, LEASE_LOST, DONE, REPORT, "another instance holds the lease now", 0),   \
                ROW(state, STOP_ASKED, FINISHING, FINISH, "stopping", 0)

/* What a dry run passes through, too. */
#define ENDS_DRY(state)                                                                            \
        ROW(state, DRY_RUN_ENDED, DONE, REPORT, "the dry run is over; nothing was written", 0)

static const SyncTransition table[] = {
        ROW(IDLE, STARTED, CLAIMING, CLAIM, "acquiring the lease", 0),
        ROW(IDLE, STARTED_DRY, LISTING, LIST, "listing, for a plan", 0),

        ROW(CLAIMING, CLAIMED_REFRESH, REFRESHING, REFRESH, "asking the catalog to refresh", 0),
        ROW(CLAIMING, CLAIMED_LIST, LISTING, LIST, "listing, without a refresh", 0),
        ROW(CLAIMING, CLAIMED_RESUME, POLLING, GET_JOB, "taking up the job of an earlier run",
            SYNC_NOTE),
        ROW(CLAIMING, CLAIMED_SEARCH, SEARCHING, SEARCH,
            "an earlier run may have begun a refresh; looking for its job", 0),
        ROW(CLAIMING, NOT_CLAIMED, DONE, REPORT, "the lease could not be acquired", 0),
        ROW(CLAIMING, CLAIM_UNUSED, FINISHING, FINISH, "the run cannot begin; releasing the lease",
            0),
        ROW(CLAIMING, RUN_FAILED, DONE, REPORT, "the lease could not be asked for", 0),
        ROW(CLAIMING, STOP_ASKED, CLAIM_STOPPING, NOTHING,
            "stopping, once the lease can be released", 0),

        ROW(CLAIM_STOPPING, CLAIMED_REFRESH, FINISHING, FINISH, "releasing the lease", 0),
        ROW(CLAIM_STOPPING, CLAIMED_LIST, FINISHING, FINISH, "releasing the lease", 0),
        ROW(CLAIM_STOPPING, CLAIMED_RESUME, FINISHING, FINISH, "releasing the lease", 0),
        ROW(CLAIM_STOPPING, CLAIMED_SEARCH, FINISHING, FINISH, "releasing the lease", 0),
        ROW(CLAIM_STOPPING, CLAIM_UNUSED, FINISHING, FINISH, "releasing the lease", 0),
        ROW(CLAIM_STOPPING, NOT_CLAIMED, DONE, REPORT, "stopped before it began", 0),
        ROW(CLAIM_STOPPING, RUN_FAILED, DONE, REPORT, "stopped before it began", 0),
        ROW(CLAIM_STOPPING, STOP_ASKED, CLAIM_STOPPING, NOTHING, "stopping already", 0),

        ROW(SEARCHING, SEARCH_GOES_ON, SEARCHING, SEARCH, "looking for the job", 0),
        ROW(SEARCHING, SEARCH_AGAIN, SEARCH_BACKOFF, WAIT,
            "the jobs did not come; trying again soon", 0),
        ROW(SEARCHING, JOB_FOUND, POLLING, GET_JOB, "found the job of an earlier run; taking it up",
            SYNC_NOTE | SYNC_NOTE_URGENT),
        ROW(SEARCHING, JOB_NOT_FOUND, REFRESHING, REFRESH,
            "no job of an earlier run, none for certain; asking the catalog to refresh", 0),
        ENDS_BADLY(SEARCHING),

        ROW(SEARCH_BACKOFF, TIMER_FIRED, SEARCHING, SEARCH, "looking for the job again", 0),
        ENDS_BADLY(SEARCH_BACKOFF),

        ROW(REFRESHING, JOB_STARTED, POLL_WAIT, WAIT, "the catalog has started a job",
            SYNC_NOTE | SYNC_NOTE_URGENT),
        ROW(REFRESHING, REFRESH_AGAIN, REFRESH_BACKOFF, WAIT,
            "the refresh was not taken; trying again soon", SYNC_NOTE_NEWS),
        ROW(REFRESHING, REFRESH_UNKNOWN, SETTLING, WAIT,
            "a refresh may be under way; letting it settle", SYNC_NOTE_NEWS),
        ROW(REFRESHING, REFRESH_OVER, LISTING, LIST, "no refresh; listing what the catalog knows",
            SYNC_NOTE),
        ENDS_BADLY(REFRESHING),

        ROW(REFRESH_BACKOFF, TIMER_FIRED, REFRESHING, REFRESH, "asking for the refresh again", 0),
        ENDS_BADLY(REFRESH_BACKOFF),

        ROW(POLLING, JOB_GOES_ON, POLL_WAIT, WAIT, "waiting for the job", SYNC_NOTE_NEWS),
        ROW(POLLING, JOB_OTHER_ADDRESS, POLLING, GET_JOB, "not found; asking at the other address",
            0),
        ROW(POLLING, JOB_ENDED, LISTING, LIST, "the job is over; listing", SYNC_NOTE),
        ENDS_BADLY(POLLING),

        ROW(POLL_WAIT, TIMER_FIRED, POLLING, GET_JOB, "asking how the job is", 0),
        ENDS_BADLY(POLL_WAIT),

        ROW(SETTLING, TIMER_FIRED, LISTING, LIST, "settled; listing", SYNC_NOTE),
        ENDS_BADLY(SETTLING),

        ROW(LISTING, PAGE_JOINED, LISTING, LIST, "listing", SYNC_KEEP),
        ROW(LISTING, LIST_AGAIN, LISTING, LIST_ANEW, "not whole; reading the list again",
            SYNC_KEEP),
        ROW(LISTING, PAGE_AGAIN, LIST_BACKOFF, WAIT, "a page did not come; trying again soon", 0),
        ROW(LISTING, LIST_ENDED, APPLYING, APPLY, "listed; applying", SYNC_KEEP),
        ENDS_BADLY(LISTING),
        ENDS_DRY(LISTING),

        ROW(LIST_BACKOFF, TIMER_FIRED, LISTING, LIST, "asking for the page again", 0),
        ENDS_BADLY(LIST_BACKOFF),
        ENDS_DRY(LIST_BACKOFF),

        ROW(APPLYING, APPLIED, DONE, REPORT, "applied", 0),
        ROW(APPLYING, LEASE_DOUBTED, APPLYING, NOTHING,
            "the lease is not ours any more; waiting for the apply's result", 0),
        ROW(APPLYING, ROWS_MISSING, VERIFYING, VERIFY, "rows are missing; asking for each",
            SYNC_NOTE),
        ROW(APPLYING, REMOVALS_HELD, REAPPLYING, APPLY,
            "too many rows are missing; applying without removals", 0),
        ENDS_BADLY(APPLYING),
        ENDS_DRY(APPLYING),

        ROW(VERIFYING, PROOF_GOES_ON, VERIFYING, VERIFY, "asking for missing rows", 0),
        ROW(VERIFYING, PROOF_ENDED, REAPPLYING, APPLY, "asked for all; applying", 0),
        ENDS_BADLY(VERIFYING),
        ENDS_DRY(VERIFYING),

        ROW(REAPPLYING, APPLIED, DONE, REPORT, "applied", 0),
        ROW(REAPPLYING, LEASE_DOUBTED, REAPPLYING, NOTHING,
            "the lease is not ours any more; waiting for the apply's result", 0),
        ENDS_BADLY(REAPPLYING),
        ENDS_DRY(REAPPLYING),

        ROW(FINISHING, FINISHED, DONE, REPORT, "the end is recorded", 0),
        ROW(FINISHING, FINISH_AGAIN, FINISH_BACKOFF, WAIT,
            "the end could not be recorded; trying again soon", 0),
        ROW(FINISHING, RUN_FAILED, FINISHING, NOTHING, "failed again while ending", 0),
        ROW(FINISHING, LEASE_LOST, DONE, REPORT, "another instance holds the lease now", 0),
        ROW(FINISHING, STOP_ASKED, FINISHING, NOTHING, "ending already", 0),

        ROW(FINISH_BACKOFF, TIMER_FIRED, FINISHING, FINISH, "recording the end again", 0),
        ROW(FINISH_BACKOFF, RUN_FAILED, FINISHING, FINISH, "cannot wait; recording the end at once",
            0),
        ROW(FINISH_BACKOFF, LEASE_LOST, DONE, REPORT, "another instance holds the lease now", 0),
        ROW(FINISH_BACKOFF, STOP_ASKED, FINISHING, FINISH, "stopping; recording the end at once",
            0),

        ROW(DONE, STOP_ASKED, DONE, NOTHING, "over already", 0),
};

const SyncTransition *sync_transition(SyncState from, SyncEvent on)
{
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (table[i].from == from && table[i].on == on)
                        return &table[i];
        return NULL;
}

static const struct {
        const char *name;
        SyncPhase phase;
} states[] = {
#define STATE_ROW(state, name, phase) [state] = {name, phase},
        SYNC_STATE_LIST(STATE_ROW)
#undef STATE_ROW
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
        static const char *const names[] = {
#define EVENT_NAME(event, name) [event] = (name),
                SYNC_EVENT_LIST(EVENT_NAME)
#undef EVENT_NAME
        };
        return names[event];
}
