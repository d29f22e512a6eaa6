/*
 * edges: the edges that this instance serves: those of its configuration, and those that were
 * discovered and have no section.
 *
 * Nothing else in this directory reads them. An edge is scheduled when config_edge_is_due says so.
 *
 * Discovered edges are kept in the database, as long as they are enabled. What an instance has
 * discovered counts until it is registered; after that the database does, so that instances agree,
 * and that a restart changes nothing.
 */
#pragma once

#include "config/config.h"
#include "mirror/discovered.h"
#include "mirror/registry.h"
#include "sync/discover.h"

typedef struct EdgeSet {
        /* to be read: due in PostgreSQL, but not scheduled here, as far as there is memory */
        Uuid *unknown;
        size_t n_unknown;

        /* private */
        Config *config;
        ConfigEdge *found; /* discovered, in order of id; only the names are their own */
        size_t n_found;
        bool found_is_newer; /* than what is registered */
        Uuid *vanished;      /* in order; not taken from the database before they are found again */
        size_t n_vanished;
        size_t turn; /* of edges_next */
} EdgeSet;

/* Takes a reference of the configuration, which replaces that of before; what was unknown may be
 * known now. What was discovered stays as far as the configuration wants it, and the catalog is the
 * same. `s` is zeroed before the first. -ENOMEM: nothing that was discovered has stayed. */
int edges_configure(EdgeSet *s, Config *config);
void edges_done(EdgeSet *s);

size_t edges_count(const EdgeSet *s);
size_t edges_count_wanted(const EdgeSet *s);    /* enabled: what this instance is registered with */
size_t edges_count_scheduled(const EdgeSet *s); /* of those, by a time zone that is known here */

/* NULL: it is not known. Stays until the set is changed; the next ones too. */
const ConfigEdge *edges_find(const EdgeSet *s, const Uuid *id);

/* NULL: this instance does not sync it on a schedule. */
const ConfigEdge *edges_find_scheduled(const EdgeSet *s, const Uuid *id);

/* Each scheduled edge in turn; NULL: there is none. */
const ConfigEdge *edges_next(EdgeSet *s);

/* It is the turn of another one than that. */
void edges_pass(EdgeSet *s, const Uuid *id);

/* All of them as they are to be registered, edges_count(s) at `now_usec` by PostgreSQL's clock. The
 * caller frees the array, whose texts belong to the set. -ENOMEM. */
int edges_to_register(const EdgeSet *s, int64_t now_usec, MirrorEdge **ret);

/* ---- what was discovered -------------------------------------------------------------------- */

/* What the database keeps. -ENOMEM: the set is as it was. */
int edges_load(EdgeSet *s, const MirrorDiscovered *edges, size_t n);

/* It is registered: from now on the database counts. */
void edges_registered(EdgeSet *s);

/* An answer of the catalog (NULL: none) adds and renames; nothing is taken out for what it lacks.
 * These, of which there are n_vanished, are taken out. 1: the set is another one, which is logged;
 * 0: it is the same. -ENOMEM, which is logged: some of it was not done. */
int edges_update(EdgeSet *s, const Discovered *found, const Uuid *vanished, size_t n_vanished);

/* The ids of those that were discovered, in order. The caller frees the array. -ENOMEM. */
int edges_copy_discovered(const EdgeSet *s, Uuid **ret, size_t *ret_n);

/* ---- what is not known ---------------------------------------------------------------------- */

/* Remembered until the set is changed. */
void edges_add_unknown(EdgeSet *s, const Uuid *id);
/* to: n_unknown long */
void edges_copy_unknown(const EdgeSet *s, Uuid *to);
