/*
 * discovered_edges: the edges that the service has discovered, for a command that is told which
 * edges to work on.
 */
#pragma once

#include "config/config.h"
#include "mirror/discovered.h"

/* Zero-initialise. */
typedef struct DiscoveredEdges {
        ConfigEdge *edges; /* their texts are those of [defaults], but for the names */
        size_t n;
} DiscoveredEdges;

/* Those that the configuration still wants, and has no section for. It is borrowed. -ENOMEM. */
int discovered_edges_take(DiscoveredEdges *d, const Config *config, const MirrorDiscovered *edges,
                          size_t n);

/* By name or id, like config_find_edge. */
const ConfigEdge *discovered_edges_find(const DiscoveredEdges *d, const char *name);

void discovered_edges_done(DiscoveredEdges *d);
