/*
 * retry: may this request be tried again, and when?
 *
 * Pure, but that what is tried again of the catalog is counted. One Retry per thing that is tried:
 * a few attempts with growing delays, never before the server requested it (Retry-After).
 */
#pragma once

#include "base/backoff.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct Retry {
        Backoff backoff;
        unsigned attempts_max;
        unsigned failures; /* in a row */
} Retry;

/* Of a request: about ten seconds. An outage that lasts longer is not the matter of one request,
 * the schedule brings the edge back. */
enum { RETRY_ATTEMPTS = 5 };

void retry_init(Retry *r, unsigned attempts_max);

/* After a success: the next failure is a first one again. */
void retry_reset(Retry *r);

/* True when the fault allows another attempt and some are left; *ret_delay_usec says when. */
bool retry_again(Retry *r, const Fault *fault, uint64_t requested_usec, uint64_t random,
                 uint64_t *ret_delay_usec);
