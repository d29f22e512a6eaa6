/*
 * world: a simulated stretch of time, made from one seed: its settings, its clock, its chance, its
 * queue of events, its log and its first failure.
 *
 * Everything in a world comes from the seed, so that a seed that fails fails again. Time is
 * virtual: events carry the time at which they happen, and the clock jumps from one to the next.
 * An event that belongs to an instance of the program waits while that instance is paused, and
 * never happens once it was killed.
 */
#pragma once

#include "base/cleanup.h"
#include "catalog/doubt.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        EDGES_MAX = 3,
        INSTANCES_MAX = 2,
        ROWS_MAX = 2048, /* ids that ever are in a world */
        EVENTS_MAX = 4096,
        NOBODY = -1, /* no instance: the catalog, the database, faults */
};

#define MSEC 1000ULL
#define SEC  (1000 * MSEC)

/* How this world is. Chances are out of 10,000. */
typedef struct Settings {
        unsigned n_edges, n_instances, syncs; /* syncs: in the wild part, all edges together */
        /* rows that the server gives at most, drawn for each page */
        unsigned page_size, cap_min, cap_max;
        unsigned rows; /* of an edge in the beginning */
        /* that something changes in the catalog around a request */
        unsigned churn;
        unsigned bursts, jumps, moves, hiding, spoils, lies;
        unsigned http_faults, pg_faults, bad_jobs;
        unsigned slow;        /* that PostgreSQL answers seconds later */
        unsigned pushed_back; /* that the catalog takes no refresh now, and says when */
        unsigned forgets;     /* that a person retires an edge and configures it anew */
        unsigned kills, pauses, stops, restarts, local_faults; /* at each effect of the program */
        unsigned ahead; /* pages that an instance may have under way; 1: none ahead */
        unsigned confirm_removals;
        uint64_t removal_delay_usec;
        bool shuffles, ties,
                /* a new order at each request; neighbours that change places; rows that stand twice
                 */
                doubles;
        /* another node, so far behind at most, answers half of the list requests; 0: none */
        uint64_t behind_usec;
        /* own_names: an instance has the same name after a restart */
        bool ignores_offset, own_names;
        bool no_path;        /* every row that is asked for by its id "is not there" */
        unsigned job_search; /* of three searches so many are let through */
        unsigned strange_jobs;
        bool other_origin; /* the url was changed after jobs were noted: theirs are of another
                              origin */
        uint64_t lease_usec, latency_usec;
} Settings;

typedef struct Instance {
        /* rises with every start: what an earlier life began does not come back */
        unsigned life;
        uint64_t paused_until;   /* 0: running */
        uint64_t suspended_usec; /* so long altogether has its monotonic clock stood still */
        bool dead;
        int name;           /* as the database sees it */
        Doubt doubt;        /* of its credentials, as the program judges it */
        bool refused_twice; /* and as it is */
} Instance;

typedef struct World World;
typedef void (*WorldFire)(World *w, void *who, uint32_t detail);

typedef struct WorldEvent {
        WorldFire fire;
        void *who;
        uint32_t detail;
        uint32_t serial; /* 0: free or cancelled */
        int instance;
        unsigned life;
} WorldEvent;

typedef struct WorldTimer {
        uint32_t slot, serial;
} WorldTimer;

/* What was exercised, over all seeds. */
/* clang-format off */
#define COVERAGE(X) \
        X(seeds) X(events) X(runs) X(plans) X(synced) X(held) X(unstable) X(failed) X(aborted) X(not_claimed) \
        X(clean) X(refresh_failed) X(timeout) X(unknown) X(skipped) X(rejected) X(refreshes) X(late_refreshes) X(resumes) \
        X(job_searches) X(strange_jobs) X(jobs_found) X(takeovers) X(pages) X(pages_out_of_turn) X(pages_drifted) X(list_restarts) X(http_faults) X(gateways) X(pushed_back) X(refusals) X(refusals_passed) \
        X(pg_faults) X(slow_answers) X(lost_between_flights) X(lost_commits) X(read_back_committed) X(read_back_not) X(kills) X(pauses) X(suspended) X(stops) \
        X(pg_restarts) X(forgotten) X(lease_lost) X(applies) X(known_by_digest) X(empty_applies) X(added) X(changed) X(restored) X(removed) X(pending) X(spoiled) X(unreadable) \
        X(moved) X(found) X(unseen_asked) X(unseen_left) X(guard_held) X(proof_404) X(control_denied) X(proof_200) X(proof_moved) X(proof_unknown) \
        X(reordered_pages) X(pages_behind) X(rows_twice) X(jumped_missing) X(cut_unseen) X(lies) X(churned) X(waited_for_lock) X(overtaken) X(elsewhere) X(converged)
/* clang-format on */

enum {
#define X(name) COVER_##name,
        COVERAGE(X)
#undef X
                COVERS,
};

struct Truth;
struct Site;
struct Database;
struct Run;

struct World {
        uint64_t seed, random;
        Settings settings;
        uint64_t now;             /* microseconds; begins at a second, so that 0 means never */
        uint64_t settings_events; /* events of all worlds before this one */
        /* the last part: nothing goes wrong any more, and nothing changes */
        bool quiet;
        int running; /* the instance whose process is at work */
        bool killed; /* processes are gone whose memory is still to be released */
        Instance instances[INSTANCES_MAX];

        struct Truth *truth;
        struct Site *site;
        struct Database *database;
        struct Run *runs; /* one for each instance and edge */

        bool verbose, failed;
        char failure[512];
        uint64_t *coverage; /* COVERS counters, over all seeds */

        /* private */
        uint32_t serial;
        size_t n_heap, n_free;
        struct WorldDue {
                uint64_t at;
                uint32_t order, slot;
        } heap[EVENTS_MAX];
        uint32_t order, free_slots[EVENTS_MAX];
        WorldEvent events[EVENTS_MAX];
};

/* Forgets everything but verbose and coverage, and draws the settings. */
void world_init(World *w, uint64_t seed);

/* ---- chance --------------------------------------------------------------------------------- */

uint64_t world_random(World *w);
uint64_t world_below(World *w, uint64_t n);               /* 0…n-1; n > 0 */
uint64_t world_between(World *w, uint64_t a, uint64_t b); /* a…b */
bool world_chance(World *w, unsigned of_10000);           /* never in the quiet part */

/* ---- time ----------------------------------------------------------------------------------- */

/* instance: whose event it is, or NOBODY. */
WorldTimer world_after(World *w, int instance, uint64_t delay_usec, WorldFire fire, void *who,
                       uint32_t detail);
void world_cancel(World *w, WorldTimer *timer); /* nothing when it has fired */
/* false: nothing is left, or the world has failed */
bool world_step(World *w);

/* ---- log ------------------------------------------------------------------------------------ */

/* The first one counts; the rest of the world is not played. */
void world_fail(World *w, const char *format, ...) _printf_(2, 3);
void world_tell(World *w, const char *format, ...) _printf_(2, 3);

/* A line of the log; costs nothing when nobody reads it. */
#define TELL(w, ...)                                                                               \
        do {                                                                                       \
                if ((w)->verbose)                                                                  \
                        world_tell(w, __VA_ARGS__);                                                \
        } while (0)

#define COVER_MANY(w, what, n) ((w)->coverage[COVER_##what] += (uint64_t)(n))
#define COVER(w, what)         COVER_MANY(w, what, 1)
