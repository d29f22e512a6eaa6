/*
 * effects: the program is struck at one of its effects (tests/harness/killer.c), and what it left
 * is compared with what an undisturbed run leaves.
 *
 * The mirror is put back to `before` each time; the catalog, which has added, renamed, linked,
 * removed and brought back rows since then, stays as it is. A run therefore either brought an edge
 * to `after` or left it at `before`; anything between is a fault. Every function fails the test
 * (cmocka).
 */
#pragma once

#include "integration/sync_world.h"
#include <libpq-fe.h>
#include <stdbool.h>

/* How an edge stands in the journal. */
typedef enum EffectsState {
        EDGE_UNTOUCHED,  /* no run */
        EDGE_REFRESHING, /* the intent is written, no job */
        EDGE_POLLING,    /* its job is known and was not seen ended */
        EDGE_BEYOND,     /* the job has ended; nothing is applied */
        EDGE_SYNCED,     /* by the run, with a clean refresh */
        EDGE_ENDED,      /* in another way, with nothing applied */
        EDGE_HELD,       /* all but the removals is applied: the refresh was not clean */
} EffectsState;

typedef struct EffectsEdge {
        char *before, *after; /* rows and versions, without run ids and moments */
        EffectsState left;    /* what effects_check_left saw */
        char *counts;         /* of all runs together: added, changed, removed, restored */
} EffectsEdge;

typedef struct Effects {
        World *world;
        PGconn *session; /* of the superuser */
        EffectsEdge edges[2];
        char mark[128]; /* the file in which the killer says what it struck */
        char *struck;   /* what it said last */
} Effects;

/* The first column of the first row, owned by the caller. */
char *effects_sql(const Effects *e, const char *sql);

/* Makes the states with so many rows an edge, and an undisturbed sync. */
void effects_begin(Effects *e, World *w, int rows, int page_size);
void effects_done(Effects *e);

/* Mirror, journal and queue as they were before; all edges are due. The catalog forgets what it was
 * asked. */
void effects_reset(Effects *e);

/* The order for the next program that is started; k 0: none. */
void effects_arm(Effects *e, const char *moment, long k);
/* Whether that program was struck; nothing started afterwards will be. */
bool effects_disarm(Effects *e);

/* Once PostgreSQL has got over the death of the program: it left each edge as it was before or, if
 * its run ended well, after. */
void effects_check_left(Effects *e);

/* All is as after an undisturbed run. */
void effects_check_end(const Effects *e);

/* Number of refreshes that the catalog was asked for; two of them must not have overlapped unless
 * `may_overlap`. */
int effects_posts(const Effects *e, int edge, bool may_overlap);
