/*
 * bytes: sizes as people read them.
 */
#pragma once

#include <stdint.h>

enum { BYTES_STRING_SIZE = 32 };

/* "64.0 KiB", "2.5 MiB", "1490116.1 GiB": the largest unit of which there is one, as
 * it is rounded; KiB at least. */
char *bytes_format(uint64_t bytes, char out[static BYTES_STRING_SIZE]);
