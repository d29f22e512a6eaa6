/*
 * truth: what the catalog holds, and everything that it ever held.
 *
 * Rows are numbers, 0…n_rows-1. Each change is a new version of a row, stamped with a tick; each
 * look at the catalog takes a tick, too, so that before and after are never in doubt. The
 * invariants are checked against this, and against nothing that the program believes.
 */
#pragma once

#include "base/record.h"
#include "sim/world.h"

enum { VERSIONS_MAX = 1 << 16, NO_EDGE = -1 };

/* One row as it was from a tick on. */
typedef struct TruthVersion {
        uint32_t from;
        int32_t before; /* index of the version before; -1: none */
        int8_t edge;    /* NO_EDGE: it does not exist */
        bool visible;   /* false: our user is not allowed to see it, */
        /* and asked for by its id, the catalog says that there is no such row */
        bool denied;
        bool spoiled;            /* it is given in a form that cannot be mirrored, */
        bool anonymous;          /* in which not even its id can be read */
        uint16_t name, database; /* 0: no database */
} TruthVersion;

typedef struct TruthList {
        size_t n;
        uint16_t rows[ROWS_MAX]; /* in the order of the list */
} TruthList;

typedef struct Truth {
        uint32_t tick;
        size_t n_rows;
        int32_t current[ROWS_MAX]; /* version */
        /* when rows of the edge last changed places with each other; 0: never */
        uint32_t reordered[EDGES_MAX];
        uint32_t regrouped[EDGES_MAX]; /* when a row last came to the edge or left it; 0: never */
        uint32_t shortened[EDGES_MAX]; /* when a row last left it; 0: never */
        TruthList lists[EDGES_MAX];
        size_t n_versions;
        TruthVersion versions[VERSIONS_MAX];
} Truth;

void truth_init(World *w);

/* Something changes, mostly in this edge. */
void truth_churn(World *w, unsigned edge);

/* A refresh finds rows. */
void truth_discover(World *w, unsigned edge);

/* Everything may be seen again, as it should be. */
void truth_unhide(World *w);

/* A look: its tick. */
uint32_t truth_look(Truth *t);
const TruthVersion *truth_now(const Truth *t, unsigned row);

/* Was the row in this edge, for us to see, all the time from one tick to another? */
bool truth_throughout(const Truth *t, unsigned row, unsigned edge, uint32_t from, uint32_t to);
/* Did it not exist at all, or did the catalog say so, at some time in between? */
bool truth_ever_absent(const Truth *t, unsigned row, uint32_t from, uint32_t to);
/* Was it in this edge with these values, at some time in between? */
bool truth_had(const Truth *t, unsigned row, unsigned edge, unsigned name, unsigned database,
               uint32_t from, uint32_t to);

Uuid truth_row_id(unsigned row);
Uuid truth_edge_id(unsigned edge);
unsigned truth_row_of(const Uuid *id);
unsigned truth_edge_of(const Uuid *id);
unsigned truth_name_of(const DatabaseConnection *record);
unsigned truth_database_of(const DatabaseConnection *record);
void truth_record(const World *w, unsigned row, unsigned edge, unsigned name, unsigned database,
                  DatabaseConnection *ret);
/* what page.c makes of such a form of it */
void truth_spoil(unsigned row, bool anonymous, DatabaseConnection *record);
