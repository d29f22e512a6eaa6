/*
 * backoff: how long to wait before trying again.
 *
 * Decorrelated jitter: each delay is drawn between the floor and three times the last one, so that
 * many edges that failed together do not come back together. Pure; the caller brings the random
 * number.
 */
#pragma once

#include <stdint.h>

typedef struct Backoff {
        uint64_t floor_usec;
        uint64_t ceiling_usec;
        uint64_t last_usec; /* 0: nothing failed yet */
} Backoff;

/* Delay before the next attempt, in microseconds, within [floor, ceiling]. `random` is uniform over
 * uint64_t. */
uint64_t backoff_next(Backoff *b, uint64_t random);

void backoff_reset(Backoff *b); /* after a success */
