/*
 * uuid: 128-bit identifiers (RFC 9562), in the one form that is accepted: 8-4-4-4-12 hexadecimal
 * digits.
 *
 * PostgreSQL also takes braces and missing hyphens; this program does not, so that one identifier
 * has one spelling.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_STRING_SIZE 37 /* with the NUL */

typedef struct Uuid {
        uint8_t bytes[16];
} Uuid;

/* -EINVAL; either case of the digits */
int uuid_parse(const char *string, Uuid *ret);
int uuid_parse_n(const char *string, size_t size, Uuid *ret);  /* the same for text without a NUL */
char *uuid_format(const Uuid *id, char out[UUID_STRING_SIZE]); /* lower case; returns out */
/* like memcmp: the order PostgreSQL uses */
int uuid_compare(const Uuid *a, const Uuid *b);
/* the same for qsort and bsearch, of what begins with its id */
int uuid_order(const void *a, const void *b);
bool uuid_equal(const Uuid *a, const Uuid *b);
