/*
 * outcomes: how the last run of an edge ended.
 */
#pragma once

#include "base/outcome.h"
#include "base/uuid.h"
#include "mirror/mirror.h"

typedef struct MirrorOutcome {
        Uuid edge;
        EndedRun run; /* the last one that was not stopped */
        FaultCode code;
        const char *message; /* NULL: none */
} MirrorOutcome;

/* Called once for each edge that has such a run, in no order, then once with NULL (or a fault). */
typedef void (*MirrorOutcomesCallback)(const MirrorOutcome *outcome, const Fault *fault,
                                       void *userdata);

/* One statement that only reads. by_whomever: or else of a service: edgemirror sync tells nobody.
 */
int mirror_outcomes(Mirror *m, const Uuid *edges, size_t n_edges, bool by_whomever,
                    MirrorOutcomesCallback callback, void *userdata, MirrorTask **ret);
