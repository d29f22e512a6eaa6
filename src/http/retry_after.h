/*
 * retry_after: the Retry-After header (RFC 9110, section 10.2.3): seconds, or an HTTP date.
 *
 * Own reading rather than libcurl's, which gives a negative number for a date that has passed and absurd numbers as they are.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The wait in microseconds, held to LIMIT_RETRY_AFTER_MAX_USEC; 0 for a moment that has passed and for what is not understood. `now_sec` is wall-clock
 * time (seconds since the epoch): a date can only be compared with that. */
uint64_t retry_after_parse(const char *value, int64_t now_sec);
