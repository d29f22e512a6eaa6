/*
 * notify_told: the edges that were seen since the start, whether it is known what the receiver
 * believes of each, and the name under which it was told: a receiver that keeps alerts keeps that
 * of an edge that is called otherwise now, or is not synced any more.
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
        bool well;
        bool doubted; /* what the receiver believes of it is not known */
        bool over;    /* it was told that nothing is to be expected under this name any more */
} ToldEdge;

typedef LIST_HEAD(ToldEdges, ToldEdge) ToldEdges; /* zeroed: none */

/* A sync of the edge has ended in that state. What whoever was told of the edge before believes:
 * `before`, or that it is well, where all that was told of it is over. NOTIFY_UNKNOWN where it is
 * doubted, and of an edge that was not seen since the start: nobody knows what was told until then.
 * One that was well before, and is well, counts as known, unless each is to be told `whatever` it
 * is. Without memory for it the edge is not known here, and its alert ends by itself. */
NotifyState told_record(ToldEdges *edges, const Uuid *edge, const char *name, NotifyState before,
                        NotifyState state, bool whatever);

/* What was told of it was refused, or could not be; until it is recorded again. */
void told_doubt(ToldEdges *edges, const Uuid *edge);

/* Of each that is not well. */
void told_doubt_all(ToldEdges *edges);

/* An edge whose name is not that one any more, NULL where it is not synced any more; once for each.
 * NULL: there is none. name_of: what the edge is called now. */
ToldEdge *told_find_over(ToldEdges *edges, const char *(*name_of)(const Uuid *edge, void *userdata),
                         void *userdata);

void told_done(ToldEdges *edges);
