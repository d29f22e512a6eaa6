/*
 * retire: edges that are not configured any more: their rows end, or all that there is of them is
 * deleted.
 */
#pragma once

#include "base/uuid.h"
#include "mirror/mirror.h"

/* An edge that is known, and what there is of it. Texts are borrowed during the call. */
typedef struct MirrorRetirable {
        Uuid edge;
        const char *name;
        int64_t rows; /* present */
        int64_t versions, runs;
} MirrorRetirable;

/* Called once for each edge that a name or id means, in the order of the names, then once with NULL
 * (or a fault). */
typedef void (*MirrorRetireCallback)(const MirrorRetirable *edge, const Fault *fault,
                                     void *userdata);
int mirror_find_retirable(Mirror *m, const char *const *names, MirrorRetireCallback callback,
                          void *userdata, MirrorTask **ret);

/* One transaction: the present rows of these edges become tombstones, their versions end, the edges
 * are disabled. forget: the edges, all their rows and versions, and their runs are deleted. Nothing
 * at all, and fault code "lease-held", while one of them is being synced, or "edge-wanted", while a
 * living instance of the service has it in its configuration, or has
 * discovered it. Twice does no harm. */
int mirror_retire(Mirror *m, const Uuid *edges, size_t n_edges, bool forget,
                  MirrorCallback callback, void *userdata, MirrorTask **ret);
