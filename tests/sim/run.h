/*
 * run: one sync in the simulation: the real src/sync, over calls that the simulator provides.
 *
 * catalog.c, mirror.c, mirror_apply.c, spool.c and event.c stand in for catalog.h, mirror.h,
 * spool.h, sd-event, clock.h and log.h at link time. A Run is all that they need to know, so the
 * pointers that src/sync hands on (sd_event, Catalog, Mirror) are pointers to it.
 *
 * What the catalog has shown to the run and what the run has done is recorded here: the invariants
 * are checked against that and the truth, never against the program's own account.
 */
#pragma once

#include "sim/database.h"
#include "sync/sync.h"

enum { PAGES_KEPT = 64 };

typedef struct RunPlan {
        bool refresh, accept_removals, compare, filtered, dry;
        GuardLimit max_removals;
        int64_t held_epoch; /* of a lease taken from the queue; 0: none */
} RunPlan;

/* As of when the catalog said something: somewhere in between. */
typedef struct AsOf {
        uint64_t asked, answered;
} AsOf;

/* What the catalog has shown of a row since the list was begun. */
typedef struct ShownRow {
        uint32_t attempt; /* of the list, when it was shown last */
        uint32_t joined;  /* … in a page that could be joined to the list; with these values: */
        bool spoiled;     /* … or none that can be mirrored */
        uint16_t name, database;
        AsOf as_of;
} ShownRow;

typedef struct Run {
        int instance;
        unsigned edge;
        bool active;
        bool killed; /* its process is gone; what it has in memory is to be released */
        RunPlan plan;
        Sync *sync;
        uint64_t started_at;
        int64_t run_id, epoch; /* of its claim; 0: none */

        /* under way, and to be ended by the program */
        unsigned n_calls, n_tasks, n_sources;
        int64_t requests; /* answered; and lists that were given up */

        /* check_effects.c: the order of its effects */
        bool resumed;
        bool finishing; /* what was under way is given up; the end is recorded after a last note */
        bool ending;    /* its end is being recorded */
        bool noting;    /* a note is under way */
        bool note_failed, noted_job;
        bool lease_lost; /* a note was answered so */
        SyncPhase noted_phase;
        uint64_t noted_at; /* when the last note was answered, or the claim */
        bool has_location;
        bool job_given; /* by the answer to the refresh */

        /* recorder.c: the search for a job that nobody noted */
        uint64_t lost_at; /* the first run that may have begun it began then; 0: none */
        unsigned searches, pages_of_jobs;
        unsigned ours, doubtful; /* jobs that it was shown */
        bool shown_all;          /* to the end */
        bool found;              /* and took one of them up */

        uint64_t first_one_at; /* when a row was asked for by its id for the first time; 0: never */

        /* recorder.c: the list */
        uint64_t first_page_at;      /* when its first page was asked for; 0: not yet */
        uint32_t attempt;            /* number of the list attempt; unlike any other; 0: none yet */
        uint32_t list_from, list_to; /* ticks of its first and its last page */
        bool out_of_turn;            /* a page was read before one that was given before it */
        unsigned lies;               /* pages that were none */
        uint32_t arrived;            /* pages; those that came last: */
        struct {
                int64_t offset;
                uint32_t tick;
                AsOf as_of;
        } pages[PAGES_KEPT];
        uint32_t n_listed; /* rows shown in it, by pages */
        ShownRow shown[ROWS_MAX];
        /* attempt in which the catalog was asked for it by its id, and the answer came */
        uint32_t asked_for[ROWS_MAX];
        uint32_t denied[ROWS_MAX]; /* … and said that there is no such row */
        AsOf denied_as_of[ROWS_MAX];
        int64_t proven_moved; /* rows that were asked for and are with another edge */
        unsigned unknown_in_a_row, unknown_most;
        bool control_failed; /* the row of the list that is asked for before all others was not
                                given */

        int64_t n_found, found_present; /* as the database said */
        int refresh_status;             /* of the last answer to the refresh */
        bool asked_to_stop, broken_off;
        bool commit_may_be_lost; /* an apply was given up without knowing */
        bool stopped_applying;   /* a stop came while the snapshot was on its way */
        /* of the listing, which knows in which cases it promises nothing */
        int64_t in_pass;
        size_t largest, shortest_cut;
} Run;

void run_init(World *w);
void run_done(World *w); /* releases what a world that failed has left */
Run *run_of(World *w, int instance, unsigned edge);
void run_start(World *w, Run *r, const RunPlan *plan);
void run_stop(World *w, Run *r, const Fault *reason); /* reason NULL: somebody asks for it */
void run_kill(World *w, Run *r);                      /* its process is gone, at once */
/* Releases the memory of processes that are gone; not from inside of one. */
void run_bury(World *w);
