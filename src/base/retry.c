#include "base/retry.h"
#include "base/duration.h"
#include "base/metric.h"

void retry_init(Retry *r, unsigned attempts_max)
{
        *r = (Retry){
                .backoff = {.floor_usec = 250 * USEC_PER_MSEC, .ceiling_usec = 30 * USEC_PER_SEC},
                .attempts_max = attempts_max,
        };
}

void retry_reset(Retry *r)
{
        r->failures = 0;
        backoff_reset(&r->backoff);
}

bool retry_again(Retry *r, const Fault *fault, uint64_t requested_usec, uint64_t random,
                 uint64_t *ret_delay_usec)
{
        r->failures++;
        if (!fault->retryable || r->failures >= r->attempts_max)
                return false;
        *ret_delay_usec = backoff_next(&r->backoff, random);
        /* However long: what is too long ends the run instead, see machine.h. */
        if (*ret_delay_usec < requested_usec)
                *ret_delay_usec = requested_usec;
        if (fault->origin != ORIGIN_POSTGRES)
                metric_add(METRIC_CATALOG_RETRIES, 0, 1);
        return true;
}
