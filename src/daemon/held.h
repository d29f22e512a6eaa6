/*
 * held: removals that wait for a person are reported once, and again at growing intervals, not at
 * every sync of the edge; at once when it is not the same any more.
 */
#pragma once

#include "base/fault.h"
#include "base/uuid.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

typedef LIST_HEAD(HeldEdges, HeldEdge) HeldEdges; /* zeroed: none */

/* A sync of the edge has held removals; the fault says which. True: report it now. */
bool held_record(HeldEdges *edges, const Uuid *edge, const Fault *fault);

/* A sync of the edge has held none. */
void held_forget(HeldEdges *edges, const Uuid *edge);

/* So many of its rows are as they should not be; true: it is another number than that of the sync
 * before, or the first since the start and not 0. */
bool held_count(HeldEdges *edges, const Uuid *edge, int64_t n);

void held_done(HeldEdges *edges);
