/*
 * machine: what a sync does next.
 *
 * Pure. An input goes in (an answer arrived, a timer fired, somebody asked to stop), an action
 * comes out. Policies (retry, polling, listing) turn the input into one of a few events; the table
 * in machine_table.c turns state and event into the next state, one action and the words that say
 * why. No clock, no socket; memory only for the ids of the list. The runner (sync.c) carries the
 * action out and decides nothing.
 */
#pragma once

#include "base/retry.h"
#include "catalog/catalog.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "sync/guard.h"
#include "sync/job_search.h"
#include "sync/listing.h"
#include "sync/polling.h"
#include "sync/proof.h"

/* Enumerator; its name; the phase that a run is in from there on, SYNC_PHASES: the one before. */
#define SYNC_STATE_LIST(X)                                                                         \
        X(SYNC_IDLE, "idle", SYNC_PHASES)                                                          \
        X(SYNC_CLAIMING, "claiming", SYNC_PHASES)                                                  \
        /* stop was asked while the claim was under way: the lease must be released */             \
        X(SYNC_CLAIM_STOPPING, "claim-stopping", SYNC_PHASES)                                      \
        /* for the job of a refresh that an earlier run may have begun */                          \
        X(SYNC_SEARCHING, "searching", SYNC_PHASE_REFRESH)                                         \
        X(SYNC_SEARCH_BACKOFF, "search-backoff", SYNC_PHASE_REFRESH)                               \
        X(SYNC_REFRESHING, "refreshing", SYNC_PHASE_REFRESH)                                       \
        X(SYNC_REFRESH_BACKOFF, "refresh-backoff", SYNC_PHASE_REFRESH)                             \
        X(SYNC_POLLING, "polling", SYNC_PHASE_POLL)                                                \
        X(SYNC_POLL_WAIT, "poll-wait", SYNC_PHASE_POLL)                                            \
        X(SYNC_SETTLING, "settling", SYNC_PHASE_REFRESH)                                           \
        X(SYNC_LISTING, "listing", SYNC_PHASE_LIST)                                                \
        X(SYNC_LIST_BACKOFF, "list-backoff", SYNC_PHASE_LIST)                                      \
        X(SYNC_APPLYING, "applying", SYNC_PHASE_APPLY)                                             \
        /* rows are missing from the list: each is asked for */                                    \
        X(SYNC_VERIFYING, "verifying", SYNC_PHASE_VERIFY)                                          \
        /* with what is to become of missing rows decided */                                       \
        X(SYNC_REAPPLYING, "reapplying", SYNC_PHASE_APPLY)                                         \
        X(SYNC_FINISHING, "finishing", SYNC_PHASES)                                                \
        X(SYNC_FINISH_BACKOFF, "finish-backoff", SYNC_PHASES)                                      \
        X(SYNC_DONE, "done", SYNC_PHASE_DONE)

typedef enum SyncState {
#define STATE_ENUMERATOR(state, name, phase) state,
        SYNC_STATE_LIST(STATE_ENUMERATOR)
#undef STATE_ENUMERATOR
                SYNC_STATES
} SyncState;

/* Enumerator; its name. */
#define SYNC_EVENT_LIST(X)                                                                         \
        X(SYNC_STARTED, "started")                                                                 \
        /* nothing will be written, so there is no lease, no run and no refresh */                 \
        X(SYNC_STARTED_DRY, "started-dry")                                                         \
        X(SYNC_CLAIMED_REFRESH, "claimed-refresh") /* the lease is ours; refresh first */          \
        X(SYNC_CLAIMED_LIST, "claimed-list")       /* …; no refresh is wanted */                 \
        X(SYNC_CLAIMED_RESUME, "claimed-resume")   /* …; an earlier run left a job */            \
        /* …; an earlier run may have left a job, which nobody noted */                          \
        X(SYNC_CLAIMED_SEARCH, "claimed-search")                                                   \
        /* the lease is ours, and what it is needed for cannot begin: it is released */            \
        X(SYNC_CLAIM_UNUSED, "claim-unused")                                                       \
        X(SYNC_NOT_CLAIMED, "not-claimed") /* busy, or PostgreSQL said no: there is no run */      \
        X(SYNC_SEARCH_GOES_ON, "search-goes-on")                                                   \
        X(SYNC_SEARCH_AGAIN, "search-again") /* the request failed; try again after the delay */   \
        X(SYNC_JOB_FOUND, "job-found")                                                             \
        /* or not for certain, or the catalog lets nobody search */                                \
        X(SYNC_JOB_NOT_FOUND, "job-not-found")                                                     \
        X(SYNC_JOB_STARTED, "job-started")                                                         \
        /* certainly not begun; try again after the delay */                                       \
        X(SYNC_REFRESH_AGAIN, "refresh-again")                                                     \
        X(SYNC_REFRESH_UNKNOWN, "refresh-unknown") /* perhaps begun: settle, then list */          \
        X(SYNC_REFRESH_OVER, "refresh-over")       /* refused; list what the catalog knows */      \
        X(SYNC_JOB_GOES_ON, "job-goes-on")                                                         \
        X(SYNC_JOB_OTHER_ADDRESS, "job-other-address") /* ask at another URL at once */            \
        X(SYNC_JOB_ENDED, "job-ended")                 /* in whatever way: list */                 \
        X(SYNC_PAGE_JOINED, "page-joined")                                                         \
        X(SYNC_LIST_AGAIN, "list-again")                                                           \
        X(SYNC_PAGE_AGAIN, "page-again") /* the request failed; try again after the delay */       \
        X(SYNC_LIST_ENDED, "list-ended") /* whole, or as good as it will get */                    \
        X(SYNC_RUN_FAILED, "run-failed") /* a fault that ends the run */                           \
        X(SYNC_TIMER_FIRED, "timer-fired")                                                         \
        X(SYNC_APPLIED, "applied")                                                                 \
        /* nothing was applied; the rows are to be proven gone */                                  \
        X(SYNC_ROWS_MISSING, "rows-missing")                                                       \
        /* nothing was applied; too many rows are missing to be believed */                        \
        X(SYNC_REMOVALS_HELD, "removals-held")                                                     \
        X(SYNC_PROOF_GOES_ON, "proof-goes-on")                                                     \
        X(SYNC_PROOF_ENDED, "proof-ended")                                                         \
        X(SYNC_FINISHED, "finished")                                                               \
        X(SYNC_FINISH_AGAIN, "finish-again")                                                       \
        /* a heartbeat found it gone while the apply, which releases it, was under way */          \
        X(SYNC_LEASE_DOUBTED, "lease-doubted")                                                     \
        X(SYNC_LEASE_LOST, "lease-lost")                                                           \
        X(SYNC_STOP_ASKED, "stop-asked")                                                           \
        /* failed or stopped, and there is no run whose end could be recorded */                   \
        X(SYNC_DRY_RUN_ENDED, "dry-run-ended")

typedef enum SyncEvent {
#define EVENT_ENUMERATOR(event, name) event,
        SYNC_EVENT_LIST(EVENT_ENUMERATOR)
#undef EVENT_ENUMERATOR
                SYNC_EVENTS
} SyncEvent;

typedef enum SyncAction {
        SYNC_DO_NOTHING,
        SYNC_DO_CLAIM,
        SYNC_DO_SEARCH, /* the page of machine.search */
        SYNC_DO_REFRESH,
        SYNC_DO_GET_JOB,   /* at machine.polling.url */
        SYNC_DO_WAIT,      /* machine.delay_usec, then a TIMER input */
        SYNC_DO_LIST,      /* get (listing.offset, listing.limit) */
        SYNC_DO_LIST_ANEW, /* forget what was asked for ahead; then the same */
        SYNC_DO_APPLY,     /* apply, or in a dry run plan, with machine.missing */
        /* keep what machine.verdict says of the answer; then carry out every order of machine.proof
         */
        SYNC_DO_VERIFY,
        SYNC_DO_FINISH, /* abandon what is under way; then write the run's end */
        SYNC_DO_REPORT, /* abandon what is under way; the run is over */
        SYNC_ACTIONS,
} SyncAction;

/* What the runner does besides. */
typedef enum SyncBesides {
        SYNC_KEEP = 1 << 0, /* the rows of the page just received go into the spool, first */
        /* where the run is goes into the journal; the claim and the apply write their phase
         * themselves */
        SYNC_NOTE = 1 << 1,
        /* the same, if the job's state or address is new; its percentage and document change with
         * every poll, the heartbeat takes them along */
        SYNC_NOTE_NEWS = 1 << 2,
        /* … at once: an instance that takes over polls this job on, rather than to start another */
        SYNC_NOTE_URGENT = 1 << 3,
} SyncBesides;

typedef struct SyncTransition {
        SyncState from;
        SyncEvent on;
        SyncState to;
        SyncAction action;
        const char *words; /* for the log and the progress line */
        unsigned besides;  /* SyncBesides */
} SyncTransition;

/* NULL: this pair cannot happen. */
const SyncTransition *sync_transition(SyncState from, SyncEvent on);
const char *sync_state_name(SyncState state);
/* SYNC_PHASES: whatever it was before. */
SyncPhase sync_state_phase(SyncState state);
const char *sync_event_name(SyncEvent event);

typedef enum SyncInputKind {
        SYNC_INPUT_START,
        SYNC_INPUT_CLAIM,
        SYNC_INPUT_JOBS,
        SYNC_INPUT_REFRESH,
        SYNC_INPUT_JOB,
        SYNC_INPUT_PAGE,
        SYNC_INPUT_TIMER,
        SYNC_INPUT_APPLY,
        SYNC_INPUT_ONE,  /* the answer to a request of machine.proof */
        SYNC_INPUT_WAKE, /* a slot of machine.proof has waited */
        SYNC_INPUT_FINISH,
        SYNC_INPUT_FAULT, /* a local fault ends the run: no memory, no disk for the spool */
        SYNC_INPUT_LEASE_LOST,
        SYNC_INPUT_STOP,
} SyncInputKind;

typedef struct SyncInput {
        SyncInputKind kind;
        uint64_t now_usec; /* monotonic */
        uint64_t random;
        /* of claim, apply, finish, fault; of stop the reason (NULL or scope NONE: it was asked for)
         */
        const Fault *fault;
        union {
                const MirrorClaim *claim;
                const CatalogJobsAnswer *jobs;
                const CatalogRefreshAnswer *refresh;
                const CatalogJobAnswer *job;
                const CatalogPageAnswer *page;
                const MirrorApplied *applied;
                struct {
                        const CatalogOneAnswer *one;
                        const Uuid *asked; /* the id */
                        unsigned slot;     /* also of WAKE */
                };
        };
} SyncInput;

/* NULL: the input is no answer of the catalog. */
const CatalogAnswer *sync_input_answer(const SyncInput *in);

typedef struct SyncMachine {
        /* what it is given */
        SyncSettings settings;
        /* a longer Retry-After of the catalog is not waited for: the run is put off */
        uint64_t patience_usec;
        Uuid edge;
        const char *name;     /* borrowed for as long as the machine lives; NULL: none */
        bool accept_removals; /* the guard is open; each row must still be proven gone */
        bool dry_run;         /* list, verify and plan; write nothing */

        /* where it is */
        SyncState state;
        uint64_t claimed_usec; /* monotonic; when the lease was asked for */
        JobSearch search;
        Polling polling;
        Listing listing;
        uint64_t list_from_usec; /* monotonic; when the list was begun */
        Proof proof;
        Retry retry; /* of the request, or the write, that is being tried */

        /* for the runner */
        uint64_t delay_usec;
        ProofVerdict verdict; /* of the answer just handled */
        MirrorMissing missing;
        bool keep; /* the rows of the page just handled */
        bool note; /* in the journal, where the run is */
        bool note_urgent;
        SyncPhase phase;
        SyncPhase last_phase;       /* the last one but SYNC_PHASE_DONE */
        const SyncTransition *last; /* how it came to where it is */

        /* what the run has come to */
        SyncRefresh refresh;
        SyncOutcome outcome;
        bool listed_whole;
        /* rows of the list whose ids cannot be read, and rows that can be mirrored, as often as
         * they came */
        int64_t unreadable, mirrorable;
        ProofControls controls;
        bool listed_to_the_end; /* whole, but for those */
        bool has_job;
        bool found_job; /* the search has found it */
        JobStatus job;
        bool job_is_new;   /* the input just handled brought another state, or an address, of it */
        Fault fault;       /* the first that mattered */
        bool fault_is_new; /* the input just handled brought it: its problem body belongs to it */
        MirrorApplied applied;
        int64_t pages, requests;
        bool stopped_applying; /* the stop came while the snapshot was on its way */
} SyncMachine;

/* Zeroed, but for what it is given. `random`: uniform over uint64_t, nothing that a server could
 * know. */
void sync_machine_init(SyncMachine *m, uint64_t random);
void sync_machine_done(SyncMachine *m); /* releases memory; zeroed or twice is fine */

/* Takes the input, moves, and says what to do. A pair that is not in the table ends the run with a
 * fault of code "sync-machine": our own bug, reported, never a crash and never a write to the
 * mirror. */
SyncAction sync_machine_handle(SyncMachine *m, const SyncInput *input);
