/*
 * problems: every error of a configuration, collected while it is read and put in the order of
 * files and lines at the end.
 */
#pragma once

#include "base/cleanup.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where something stands. Files are numbered in the order in which they are read, and after them
 * variables of the environment, which have no lines. */
#define PLACE_VARIABLE UINT32_MAX
typedef struct Place {
        unsigned file;
        unsigned line; /* 0: the file as a whole; PLACE_VARIABLE */
} Place;

typedef struct Problem {
        Place place;
        char *text;
} Problem;

typedef struct Problems {
        Problem *items;
        size_t n;
        size_t n_dropped; /* beyond LIMIT_CONFIG_ERRORS_MAX: counted, not kept */
        bool out_of_memory;
} Problems;

/* Adds a line. Memory that runs out is remembered and reported by problems_print. */
void problems_add(Problems *p, Place place, const char *format, ...) _printf_(3, 4);
bool problems_any(const Problems *p);

/* Appends "FILE:LINE", or the name alone of what has no lines. -ENOMEM. */
int place_print(Place place, char *const *files, Text *out);

/* Appends "FILE:LINE: text\n" for each, in order; files[] are the names. -ENOMEM. */
int problems_print(Problems *p, char *const *files, Text *out);
void problems_done(Problems *p);
