/*
 * retry_after: the Retry-After header (RFC 9110, section 10.2.3): seconds, or an HTTP date.
 *
 * Own reading of the bounds rather than libcurl's, which gives a negative number for a date that
 * has passed and numbers beyond all sense as they are. Pure.
 */
#pragma once

#include <stdint.h>

/* An HTTP date in seconds since the epoch; -EINVAL: it is none. */
int http_date_parse(const char *string, int64_t *ret_sec);

/* The wait in microseconds, held to LIMIT_RETRY_AFTER_MAX_USEC; 0 for a time that has passed and
 * for what is not understood. A date is compared with the answer's own Date header where there is
 * one (the two come from one clock, whatever ours says), else with `now_sec`, seconds since the
 * epoch. Neither string is NULL; "": absent. */
uint64_t retry_after_parse(const char *value, const char *date, int64_t now_sec);
