#include "daemon/held.h"
#include "base/clock.h"
#include "daemon/outage.h"
#include <stdlib.h>
#include <string.h>

struct HeldEdge {
        LIST_ENTRY(HeldEdge) others;
        Uuid edge;
        Outage outage; /* of held_record */
        int64_t n;     /* of held_count */
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

static struct HeldEdge *held_add(HeldEdges *edges, const Uuid *edge)
{
        struct HeldEdge *held = calloc(1, sizeof(*held));
        if (!held)
                return NULL;
        held->edge = *edge;
        LIST_INSERT_HEAD(edges, held, others);
        return held;
}

bool held_record(HeldEdges *edges, const Uuid *edge, const Fault *fault)
{
        struct HeldEdge *held = held_find(edges, edge);
        if (held && strcmp(held->outage.fault.message, fault->message) != 0) {
                held_remove(held);
                held = NULL;
        }
        if (!held) {
                held = held_add(edges, edge);
                if (!held)
                        return true;
        }
        return outage_failed(&held->outage, fault, clock_monotonic_usec(), clock_random(), NULL);
}

void held_forget(HeldEdges *edges, const Uuid *edge)
{
        struct HeldEdge *held = held_find(edges, edge);
        if (held)
                held_remove(held);
}

bool held_count(HeldEdges *edges, const Uuid *edge, int64_t n)
{
        struct HeldEdge *held = held_find(edges, edge);
        int64_t before = held ? held->n : 0;
        if (n == before)
                return false;
        if (n == 0)
                held_remove(held);
        else if (held || (held = held_add(edges, edge)))
                held->n = n;
        return true;
}

void held_done(HeldEdges *edges)
{
        while (!LIST_EMPTY(edges))
                held_remove(LIST_FIRST(edges));
}
