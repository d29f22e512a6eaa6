/*
 * duration: lengths of time as people write them, "90s", "15m", "1h30m", "2d"; "250ms" below a
 * second.
 *
 * Units: ms, s, m, h, d, w; whole numbers, larger units first, each at most once. A number without
 * a unit is refused.
 */
#pragma once

#include <stdint.h>

#define USEC_PER_MSEC   1000ULL
#define USEC_PER_SEC    1000000ULL
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR   (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY    (24 * USEC_PER_HOUR)
#define USEC_PER_WEEK   (7 * USEC_PER_DAY)
#define USEC_FOREVER    UINT64_MAX

#define DURATION_STRING_SIZE 64

/* -EINVAL: form; -ERANGE: more than 10 years */
int duration_parse(const char *string, uint64_t *ret_usec);

/* The exact value in the same form, "1h30m"; below a millisecond is cut; zero is "0s".
 * parse(format(x)) == x for whole milliseconds. */
char *duration_format(uint64_t usec, char out[DURATION_STRING_SIZE]);

/* For people: the two largest units, "3d4h", "12m30s", "1.2s", "340ms". */
char *duration_format_short(uint64_t usec, char out[DURATION_STRING_SIZE]);
