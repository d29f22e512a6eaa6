/*
 * registry: the edges of the configuration, made known to the database.
 */
#pragma once

#include "mirror/instance.h"

typedef struct MirrorEdge {
        Uuid id;
        const char *name;
        const char *catalog_name; /* of one that was discovered; NULL: not known */
        bool enabled;
        const char *schedule;
        const char *timezone;
        /* when it is due by its schedule, microseconds since 1970; 0: leave the queue as it is */
        int64_t next_run_usec;
        bool discovered; /* no section names it */
} MirrorEdge;

/* is_ours: whatever became of it, schema and catalog were seen to be ours, so that edges that were
 * registered earlier may be synced. */
typedef void (*MirrorRegisterCallback)(bool is_ours, const Fault *fault, void *userdata);

/* Makes `edge` and `edge_claim` know these edges, in one transaction. An edge that is already so is
 * not written. A name that another id holds in the table goes to the new id (the old row's name is
 * set aside with its id appended). next_run_usec counts for edges that are new or whose schedule
 * has changed, and brings others forward, never back; a disabled edge is not due. An edge that is
 * due already stays due. An edge that is disabled here and wanted by another instance of the
 * service stays as it is.
 *
 * These are all edges that there are: every other one that no instance of the service wants is
 * disabled. `service`: the service that has them; its row in `instance` is written, with the
 * enabled edges as those that it wants. NULL: somebody who syncs by hand, and wants nothing for
 * longer.
 *
 * The first catalog whose edges are registered is the one that the database belongs to. No edges
 * and no service: only looks whether schema and catalog are ours. An edge that a long apply holds
 * makes it fail within seconds, with fault code "pg-lock-timeout": nothing is registered then. */
int mirror_register(Mirror *m, const MirrorEdge *edges, size_t n_edges,
                    const MirrorInstance *service, MirrorRegisterCallback callback, void *userdata,
                    MirrorTask **ret);
