/*
 * verify: what each edge should hold, beside what it holds.
 */
#pragma once

#include "base/uuid.h"
#include "mirror/mirror.h"

/* What an edge should hold, by the sync that last wrote it, and what it does hold, computed from
 * its rows. */
typedef struct MirrorVerify {
        Uuid edge;
        const char *name;
        int64_t recorded_rows;       /* negative: never listed */
        const char *recorded_digest; /* NULL: not known; the next sync records it */
        int64_t rows;
        const char *digest;
        /* rows of which versions overlap in the history */
        int64_t history_differs;
} MirrorVerify;

/* Called once per edge in order of name, each as soon as it is computed, then once with NULL (or a
 * fault). All edges are as of one time. */
typedef void (*MirrorVerifyCallback)(const MirrorVerify *verify, const Fault *fault,
                                     void *userdata);

/* Reads only. names: NULL-terminated list of edge names or ids, or NULL for all. */
int mirror_verify(Mirror *m, const char *const *names, MirrorVerifyCallback callback,
                  void *userdata, MirrorTask **ret);
