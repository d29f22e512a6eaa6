/*
 * edge_sections: Edge connections of the catalog beside those of the configuration, and sections
 * for those that it does not have.
 */
#pragma once

#include "config/edge_names.h"
#include "sync/discover.h"
#include <stdio.h>

/* An Edge connection that the catalog shows. */
typedef struct ShownEdge {
        const EdgeItem *item;         /* borrowed from what was found */
        const EdgeItem *site;         /* the same; NULL: not known */
        const ConfigEdge *configured; /* borrowed from the configuration; NULL: it is not */
        const char *name;             /* of its section, or one that it may have; never NULL */
} ShownEdge;

typedef struct ShownEdges {
        ShownEdge *edges; /* in order of name */
        size_t n, n_configured;
        EdgeName *names; /* of those that are not configured */
} ShownEdges;

void shown_edges_done(ShownEdges *s);

/* Borrows both. -ENOMEM. */
int shown_edges_take(const Config *config, const Discovered *found, ShownEdges *ret);

/* A section for each that is not configured. */
void edge_sections_print(FILE *out, const ShownEdges *shown);

/* Warnings about what the catalog did not show. */
void discovered_note(const Discovered *found);

/* Of a discovery that failed, or did not. */
int discovered_exit_status(const Discovered *found);
