/*
 * timestamp: points in time as people write them, ISO 8601. Microseconds since
 * 1970-01-01T00:00:00Z.
 */
#pragma once

#include "schedule/zone.h"
#include <stdint.h>

#define TIMESTAMP_STRING_SIZE 48

/* DATE, or DATE and TIME with "T" or a blank between; seconds and their fraction are optional; then
 * "Z", an offset ("+01:00", "+0100", "+01") or nothing for UTC. The date must exist; years 1970 to
 * 9999. -EINVAL otherwise. */
int timestamp_parse(const char *text, int64_t *ret_usec);

/* "2026-03-29T03:00:00+02:00": to the second, with the offset that holds in the zone. */
char *timestamp_format(int64_t usec, const Zone *zone, char out[TIMESTAMP_STRING_SIZE]);
