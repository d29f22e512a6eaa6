/*
 * held: removals that wait for a person are reported once, and again at growing intervals, not at
 * every sync of the edge; at once when it is not the same any more.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "daemon/daemon_private.h"
#include <string.h>

struct Held {
        Held *next;
        Uuid edge;
        Outage outage;
};

static Held **held_find(Daemon *d, const Uuid *edge)
{
        Held **at = &d->held;
        while (*at && memcmp(&(*at)->edge, edge, sizeof(*edge)) != 0)
                at = &(*at)->next;
        return at;
}

bool held_speaks(Daemon *d, const Uuid *edge, const Fault *fault)
{
        Held **at = held_find(d, edge);
        uint64_t ignored;
        if (*at && strcmp((*at)->outage.fault.message, fault->message) != 0)
                held_over(d, edge);
        at = held_find(d, edge);
        if (!*at) {
                *at = calloc(1, sizeof(**at));
                if (!*at)
                        return true;
                (*at)->edge = *edge;
                /* nobody waits for these */
                outage_init(&(*at)->outage, USEC_PER_SEC, USEC_PER_SEC);
        }
        return outage_failed(&(*at)->outage, fault, clock_monotonic_usec(), clock_random(),
                             &ignored);
}

void held_over(Daemon *d, const Uuid *edge)
{
        Held **at = held_find(d, edge);
        Held *held = *at;
        if (!held)
                return;
        *at = held->next;
        free(held);
}

void held_done(Daemon *d)
{
        while (d->held)
                held_over(d, &d->held->edge);
}
