/*
 * wide: products of 128 bits, in halves: not every compiler has integers of that size.
 */
#pragma once

#include <stdint.h>

/* The upper half of a · b. */
static inline uint64_t wide_product_high(uint64_t a, uint64_t b)
{
        const uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
        const uint64_t left = a_high * b_low, right = a_low * b_high;
        const uint64_t middle = (a_low * b_low >> 32) + (uint32_t)left + (uint32_t)right;
        return a_high * b_high + (left >> 32) + (right >> 32) + (middle >> 32);
}
