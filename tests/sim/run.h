/*
 * run: one sync in the simulation. Carries out what the real machine decides, as src/sync/sync.c,
 * journal.c, prover.c and mirror/apply.c do (prefetch.c is the real one), with simulated requests,
 * statements and timers in place of real ones. Where one of those was changed, change it here.
 *
 * Besides, it remembers what the catalog has shown to it: the invariants are checked against that
 * and the truth, never against the machine's own account.
 */
#pragma once

#include "sim/database.h"
#include "sync/machine.h"
#include "sync/prefetch.h"

enum { PAGES_KEPT = 64 };

typedef struct RunPlan {
        bool refresh, accept_removals;
        GuardLimit max_removals;
        int64_t held_epoch; /* of a lease taken from the queue; 0: none */
} RunPlan;

/* What the catalog has shown of a row since the list was begun. */
typedef struct Witness {
        uint32_t attempt; /* of the list, when it was shown last */
        uint32_t joined;  /* … in a page that could be joined to the list; with these values: */
        bool spoiled;     /* … or none that can be mirrored */
        uint16_t name, database;
} Witness;

typedef struct Run {
        int instance;
        unsigned edge;
        bool active;
        RunPlan plan;
        uint64_t started_at;

        SyncMachine machine;
        int64_t run_id, epoch;
        Shown *spool;
        size_t n_spool, spool_room;
        DigestList digest; /* of the spool */
        size_t n_found, n_verdicts;
        uint16_t found[ROWS_MAX];
        DbVerdict verdicts[ROWS_MAX];

        Call *call;
        Prefetch *prefetch;
        DbStatement *task;
        WorldTimer timer, starter;
        SyncInputKind starts_with;
        SyncAction postponed;
        bool job_url, job_url_new, job_url_going, job_moved;

        /* prover.c */
        Call *proofs[PROOF_SLOTS];
        uint16_t asked[PROOF_SLOTS];
        WorldTimer waits[PROOF_SLOTS];

        /* journal.c */
        bool journal, journal_stopped, journal_again, note_failed;
        Backoff note_backoff;
        DbStatement *note;
        uint64_t claimed_at, held_at, written_at;
        WorldTimer heartbeat;

        /* apply.c */
        DbStatement snapshot; /* of which each statement of the apply is made */
        int transaction;
        enum { APPLY_UNCHANGED, APPLY_WHOLE, APPLY_READ_BACK } stage;
        unsigned attempts;
        Backoff backoff;
        Fault apply_fault;
        WorldTimer apply_timer;

        int64_t listed_at, asked_at, refreshed_at; /* as sync.c has them */

        /* for the checks */
        uint64_t first_page_at;      /* when the first page of the list was asked for; 0: not yet */
        uint32_t attempt;            /* number of the list attempt; unlike any other */
        uint32_t list_from, list_to; /* ticks of its first and its last page */
        bool out_of_turn;            /* a page was read before one that was given before it */
        unsigned lies;               /* pages that were none */
        uint32_t arrived;            /* pages; those that came last: */
        struct {
                int64_t offset;
                uint32_t tick;
        } pages[PAGES_KEPT];
        uint32_t n_listed; /* rows shown in it, by pages */
        int64_t found_present;
        int refresh_status;      /* of the last answer to the refresh */
        bool commit_may_be_lost; /* an apply was given up without knowing */
        Witness shown[ROWS_MAX];
        /* attempt in which the catalog was asked for it by its id, and the answer came */
        uint32_t asked_for[ROWS_MAX];
        uint32_t denied[ROWS_MAX]; /* … and said that there is no such row */
} Run;

Run *run_of(World *w, int instance, unsigned edge);
void run_start(World *w, Run *r, const RunPlan *plan);
void run_stop(World *w, Run *r);
void run_kill(World *w, Run *r); /* the process is gone */
/* the rows that an apply has found missing */
void run_take_found(Run *r, const DbMissing *missing, size_t n_missing);
/* all runs: releases memory */
void run_done(World *w);
