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

typedef enum SyncState {
        SYNC_IDLE,
        SYNC_CLAIMING,
        /* stop was asked while the claim was under way: the lease must be released */
        SYNC_CLAIM_STOPPING,
        SYNC_SEARCHING, /* for the job of a refresh that an earlier run may have begun */
        SYNC_SEARCH_BACKOFF,
        SYNC_REFRESHING,
        SYNC_REFRESH_BACKOFF,
        SYNC_POLLING,
        SYNC_POLL_WAIT,
        SYNC_SETTLING,
        SYNC_LISTING,
        SYNC_LIST_BACKOFF,
        SYNC_APPLYING,
        SYNC_VERIFYING,  /* rows are missing from the list: each is asked for */
        SYNC_REAPPLYING, /* with what is to become of missing rows decided */
        SYNC_FINISHING,
        SYNC_FINISH_BACKOFF,
        SYNC_DONE,
        SYNC_STATES,
} SyncState;

typedef enum SyncEvent {
        SYNC_STARTED,
        /* nothing will be written, so there is no lease, no run and no refresh */
        SYNC_STARTED_DRY,
        SYNC_CLAIMED_REFRESH, /* the lease is ours; refresh first */
        SYNC_CLAIMED_LIST,    /* …; no refresh is wanted */
        SYNC_CLAIMED_RESUME,  /* …; an earlier run left a job */
        SYNC_CLAIMED_SEARCH,  /* …; an earlier run may have left a job, which nobody noted */
        /* the lease is ours, and what it is needed for cannot begin: it is released */
        SYNC_CLAIM_UNUSED,
        SYNC_NOT_CLAIMED, /* busy, or PostgreSQL said no: there is no run */
        SYNC_SEARCH_GOES_ON,
        SYNC_SEARCH_AGAIN, /* the request failed; try again after the delay */
        SYNC_JOB_FOUND,
        SYNC_JOB_NOT_FOUND, /* or not for certain, or the catalog lets nobody search */
        SYNC_JOB_STARTED,
        SYNC_REFRESH_AGAIN,   /* certainly not begun; try again after the delay */
        SYNC_REFRESH_UNKNOWN, /* perhaps begun: settle, then list */
        SYNC_REFRESH_OVER,    /* refused; list what the catalog knows */
        SYNC_JOB_GOES_ON,
        SYNC_JOB_OTHER_ADDRESS, /* ask at another URL at once */
        SYNC_JOB_ENDED,         /* in whatever way: list */
        SYNC_PAGE_JOINED,
        SYNC_LIST_AGAIN,
        SYNC_PAGE_AGAIN, /* the request failed; try again after the delay */
        SYNC_LIST_ENDED, /* whole, or as good as it will get */
        SYNC_RUN_FAILED, /* a fault that ends the run */
        SYNC_TIMER_FIRED,
        SYNC_APPLIED,
        SYNC_ROWS_MISSING,  /* nothing was applied; the rows are to be proven gone */
        SYNC_REMOVALS_HELD, /* nothing was applied; too many rows are missing to be believed */
        SYNC_PROOF_GOES_ON,
        SYNC_PROOF_ENDED,
        SYNC_FINISHED,
        SYNC_FINISH_AGAIN,
        /* a heartbeat found it gone while the apply, which releases it, was under way */
        SYNC_LEASE_DOUBTED,
        SYNC_LEASE_LOST,
        SYNC_STOP_ASKED,
        SYNC_DRY_RUN_ENDED, /* failed or stopped, and there is no run whose end could be recorded */
        SYNC_EVENTS,
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
