/*
 * slices: the elements of a list in a JSON text, found by brackets, quotes and commas alone.
 *
 * A parser refuses a text for one bad character. Here each element is a text of its own, which may
 * be refused alone: what is wrong inside its strings, or between its brackets, cannot reach its
 * neighbours. The rest of the text, with the list emptied, is left to the parser.
 */
#pragma once

#include "base/text.h"
#include <stddef.h>

typedef struct Slice {
        const char *text; /* borrowed from the whole; not terminated */
        size_t size;
} Slice;

/* The elements of the array that is this member of the object `text`, or, with NULL, the text
 * itself; at most `max` are given, *ret_n counts all. `ret_rest` (appended to): the text with that
 * array empty; as it is, when there is no such array. -EINVAL: the brackets do not enclose values
 * between commas; -ENOMEM. */
int slices_take(const char *text, size_t size, const char *member, Slice *ret, size_t max,
                size_t *ret_n, Text *ret_rest);

/* The same, of a text of which all but the elements is what it should be: JSON, and the array is
 * where it is looked for. -ENODATA: it is not; else as slices_take and json_parse. */
int slices_take_list(const char *text, size_t size, const char *member, Slice *ret, size_t max,
                     size_t *ret_n);
