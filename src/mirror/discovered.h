/*
 * discovered: the Edge connections that were discovered, as the database keeps them.
 */
#pragma once

#include "base/limits.h"
#include "base/uuid.h"
#include "mirror/mirror.h"

typedef struct MirrorDiscovered {
        Uuid id;
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 1];
        char *catalog_name; /* NULL: not known */
} MirrorDiscovered;

/* Borrowed, valid during the callback. */
typedef void (*MirrorDiscoveredCallback)(const MirrorDiscovered *edges, size_t n,
                                         const Fault *fault, void *userdata);

/* Those that are enabled, in order of id. */
int mirror_discovered(Mirror *m, MirrorDiscoveredCallback callback, void *userdata,
                      MirrorTask **ret);
