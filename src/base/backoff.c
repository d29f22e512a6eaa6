#include "base/backoff.h"

static uint64_t between(uint64_t low, uint64_t high, uint64_t random)
{
        return high > low ? low + random % (high - low + 1) : low;
}

uint64_t backoff_next(Backoff *b, uint64_t random)
{
        uint64_t last = b->last_usec < b->floor_usec ? b->floor_usec : b->last_usec;
        uint64_t high = last > b->ceiling_usec / 3 ? b->ceiling_usec : 3 * last;
        b->last_usec = between(b->floor_usec, high, random);
        return b->last_usec < b->ceiling_usec ? b->last_usec : b->ceiling_usec;
}

void backoff_reset(Backoff *b)
{
        b->last_usec = 0;
}
