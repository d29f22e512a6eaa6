/*
 * notify_told: the edges that are not well, and the name under which each was told: a receiver that
 * keeps alerts keeps that of an edge that is called otherwise now, or is not synced any more.
 */
#pragma once

#include "base/limits.h"
#include "base/uuid.h"
#include "daemon/notify_queue.h"
#include <stdbool.h>
#include <sys/queue.h>

typedef struct ToldEdge {
        LIST_ENTRY(ToldEdge) others;
        Uuid edge;
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 1];
        bool over; /* it was told that nothing is to be expected under this name any more */
} ToldEdge;

typedef LIST_HEAD(ToldEdges, ToldEdge) ToldEdges; /* zeroed: none */

/* A sync of the edge has ended in that state. What whoever was told of the edge before believes:
 * `before`, or that it is well, where all that was told of it is over. Without memory for it the
 * edge is not known here, and its alert ends by itself. */
NotifyState told_record(ToldEdges *edges, const Uuid *edge, const char *name, NotifyState before,
                        NotifyState state);

/* An edge whose name is not that one any more, NULL where it is not synced any more; once for each.
 * NULL: there is none. name_of: what the edge is called now. */
ToldEdge *told_find_over(ToldEdges *edges, const char *(*name_of)(const Uuid *edge, void *userdata),
                         void *userdata);

void told_done(ToldEdges *edges);
