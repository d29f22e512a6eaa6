/*
 * outcome: what becomes of a sync: the phases it passes through, how its refresh ended, how it
 * ended itself. The words are public: edgemirror.sync_run, JSON and the journal have them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum SyncPhase {
        SYNC_PHASE_REFRESH,
        SYNC_PHASE_POLL,
        SYNC_PHASE_LIST,
        SYNC_PHASE_VERIFY,
        SYNC_PHASE_APPLY,
        SYNC_PHASE_DONE,
        SYNC_PHASES,
} SyncPhase;

typedef enum SyncOutcome {
        OUTCOME_NONE = 0, /* not decided */
        OUTCOME_SYNCED,
        OUTCOME_HELD,     /* the list is applied, but for removals that wait for a person */
        OUTCOME_UNSTABLE, /* what was seen of a list that was not whole is applied */
        OUTCOME_FAILED,
        OUTCOME_ABORTED, /* stopped, or another instance has the lease */
        SYNC_OUTCOMES,
} SyncOutcome;

typedef enum SyncRefresh {
        REFRESH_NONE = 0, /* not decided */
        REFRESH_CLEAN,
        REFRESH_FAILED,
        REFRESH_TIMEOUT,
        REFRESH_UNKNOWN, /* perhaps under way; how it ended is not known */
        REFRESH_SKIPPED, /* none was wanted */
        REFRESH_REJECTED,
        SYNC_REFRESHES,
} SyncRefresh;

/* How which run ended; {0}: none has. Of an edge a later run has the greater id, whichever instance
 * it is of. */
typedef struct EndedRun {
        int64_t run_id;
        SyncOutcome outcome;
        bool unrecorded; /* only who ran it knows */
} EndedRun;

/* NULL for …_NONE. */
const char *sync_phase_name(SyncPhase phase);
const char *sync_outcome_name(SyncOutcome outcome);
const char *sync_refresh_name(SyncRefresh refresh);

/* Of a word that comes from the database. SYNC_PHASES and …_NONE: NULL, or a word of another
 * version. */
SyncPhase sync_phase_parse(const char *word);
SyncOutcome sync_outcome_parse(const char *word);
SyncRefresh sync_refresh_parse(const char *word);

/* Something was published, and the counts say what. */
bool sync_outcome_is_applied(SyncOutcome outcome);

/* The whole list was: the run is a success for the schedule, and ends a series of failures. */
bool sync_outcome_is_complete(SyncOutcome outcome);
