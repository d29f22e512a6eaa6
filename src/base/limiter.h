/*
 * limiter: how many pages may be asked for ahead, so that the catalog is kept busy and no busier
 * than it likes.
 *
 * One limiter for all syncs of a process, because they burden the same catalog. Additive increase,
 * multiplicative decrease: after as many good answers as are allowed in flight, one more is
 * allowed; a catalog that pushes back (429, 503, timeouts) halves it; one whose answers have become
 * much slower than its quick ones has a queue, and loses one. What is allowed is shared evenly
 * between the lists that are being read, at least one each.
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Limiter {
        unsigned most; /* requests in flight, all lists together */
        unsigned allowed;
        unsigned lists; /* that are being read */

        /* private */
        unsigned good;       /* answers since the last change */
        uint64_t quick_usec; /* how long a quick answer takes; slowly forgotten */
        uint64_t usual_usec; /* smoothed */
} Limiter;

void limiter_init(Limiter *p, unsigned most);

void limiter_list_begins(Limiter *p);
void limiter_list_ends(Limiter *p);

/* Pages that one list may have in flight now, 1…most. */
unsigned limiter_share(const Limiter *p);

/* An answer came. `elapsed_usec`: on the wire. `pushed_back`: the catalog asks for less. */
void limiter_answered(Limiter *p, uint64_t elapsed_usec, bool pushed_back);
