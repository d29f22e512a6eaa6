/*
 * array: an array that grows by one item at a time.
 *
 * Its room doubles whenever it has as many items as a power of two, so that how many the array is
 * for need not be remembered.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>

/* ARRAY_GROW(items, n): there is room for one more behind the n that it has. -ENOMEM: it is as it
 * was. NULL: it has none yet. */
#define ARRAY_GROW(items, n) array_grow((void **)&(items), (n), sizeof(*(items)))

static inline int array_grow(void **items, size_t n, size_t size)
{
        if (n & (n - 1))
                return 0;
        void *grown = reallocarray(*items, n ? 2 * n : 1, size);
        if (!grown)
                return -ENOMEM;
        *items = grown;
        return 0;
}
