#include "daemon/held.h"
#include "base/clock.h"
#include "daemon/outage.h"
#include <stdlib.h>
#include <string.h>

struct HeldEdge {
        LIST_ENTRY(HeldEdge) others;
        Uuid edge;
        Outage outage;
};

static struct HeldEdge *held_find(const HeldEdges *edges, const Uuid *edge)
{
        struct HeldEdge *held;
        LIST_FOREACH(held, edges, others) {
                if (uuid_compare(&held->edge, edge) == 0)
                        break;
        }
        return held;
}

static void held_remove(struct HeldEdge *held)
{
        LIST_REMOVE(held, others);
        free(held);
}

bool held_record(HeldEdges *edges, const Uuid *edge, const Fault *fault)
{
        struct HeldEdge *held = held_find(edges, edge);
        if (held && strcmp(held->outage.fault.message, fault->message) != 0) {
                held_remove(held);
                held = NULL;
        }
        if (!held) {
                held = calloc(1, sizeof(*held));
                if (!held)
                        return true;
                held->edge = *edge;
                LIST_INSERT_HEAD(edges, held, others);
        }
        return outage_failed(&held->outage, fault, clock_monotonic_usec(), clock_random(), NULL);
}

void held_forget(HeldEdges *edges, const Uuid *edge)
{
        struct HeldEdge *held = held_find(edges, edge);
        if (held)
                held_remove(held);
}

void held_done(HeldEdges *edges)
{
        while (!LIST_EMPTY(edges))
                held_remove(LIST_FIRST(edges));
}
