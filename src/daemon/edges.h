/*
 * edges: the edges that this instance serves: those of its configuration.
 *
 * Nothing else in this directory reads the configuration's list of edges. An edge is scheduled when
 * config_edge_is_due says so.
 */
#pragma once

#include "config/config.h"
#include "mirror/registry.h"

typedef struct EdgeSet {
        /* private */
        Config *config;
        size_t turn; /* of edges_next */
        Uuid *unknown;
        size_t n_unknown;
} EdgeSet;

/* Takes a reference of the configuration, which replaces that of before; what was unknown may be
 * known now. `s` is zeroed before the first. */
void edges_configure(EdgeSet *s, Config *config);
void edges_done(EdgeSet *s);

size_t edges_count(const EdgeSet *s);
size_t edges_count_scheduled(const EdgeSet *s);

/* NULL: it is not in the configuration. Stays until edges_configure; the next ones too. */
const ConfigEdge *edges_find(const EdgeSet *s, const Uuid *id);

/* NULL: this instance does not sync it on a schedule. */
const ConfigEdge *edges_find_scheduled(const EdgeSet *s, const Uuid *id);

/* Each scheduled edge in turn; NULL: there is none. */
const ConfigEdge *edges_next(EdgeSet *s);

/* All of them as they are to be registered, edges_count(s) at `now_usec` by PostgreSQL's clock. The
 * caller frees the array, whose texts belong to the configuration. -ENOMEM. */
int edges_to_register(const EdgeSet *s, int64_t now_usec, MirrorEdge **ret);

/* Due in PostgreSQL, but not scheduled here: remembered until the next edges_configure, as far as
 * there is memory. */
void edges_add_unknown(EdgeSet *s, const Uuid *id);
size_t edges_count_unknown(const EdgeSet *s);

/* Writes edges_count_unknown(s) ids. */
void edges_copy_unknown(const EdgeSet *s, Uuid *out);
