/*
 * random: numbers that look random and are the same for the same seed (SplitMix64).
 */
#pragma once

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
        uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);

        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
}

/* Within [0, n); n > 0. The bias of the remainder does not matter here. */
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
        return random_next(state) % n;
}
