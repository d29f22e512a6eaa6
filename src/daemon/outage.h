/*
 * outage: a peer that is away: when to try again, and when to log it.
 *
 * Pure. The first failure is logged at once, then after one minute, and then at intervals that grow
 * fourfold up to six hours, so that hours of outage are a few lines of log. The caller brings the
 * time (monotonic) and the random number.
 */
#pragma once

#include "base/backoff.h"
#include "base/duration.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stdint.h>

/* Of catalog and PostgreSQL: whoever is back is found within so long, however long it was away. The
 * log lines give it, too. */
#define OUTAGE_CEILING_USEC (30 * USEC_PER_SEC)

/* When credentials that are refused are tried, before the pause is over. */
#define OUTAGE_REFUSED_UNTIL ", and as soon as the credentials on disk change"

typedef struct Outage {
        bool down;
        Fault fault; /* the latest, while down */
        uint64_t since_usec;
        uint64_t attempts;

        /* private */
        Backoff backoff;
        bool met[FAULT_CODE_COUNT]; /* since it began */
        FaultCode logged_code;      /* of the last line … */
        uint64_t logged_usec;       /* … and when that was */
        uint64_t log_usec;          /* when to log again */
        uint64_t log_gap_usec;      /* and how long that was after the time before */
} Outage;

/* Delays between attempts lie in [floor_usec, ceiling_usec]. */
void outage_init(Outage *o, uint64_t floor_usec, uint64_t ceiling_usec);

/* One more attempt failed. Sets the delay before the next one (NULL: nobody waits); true: log it,
 * since it is the first of this code in this outage, or of another code than the last line, which
 * is a minute ago, or that is long ago. */
bool outage_failed(Outage *o, const Fault *fault, uint64_t now_usec, uint64_t random,
                   uint64_t *ret_delay_usec);

/* NULL: it is not down. */
const Fault *outage_fault(const Outage *o);

/* The next failure is logged, however soon. */
void outage_log_next(Outage *o);

/* An attempt succeeded. True when that ends an outage, which lasted *ret_lasted_usec. */
bool outage_over(Outage *o, uint64_t now_usec, uint64_t *ret_lasted_usec);

/* For how long the same credentials are not tried again that were refused; before_usec: how long
 * that was the time before, 0: they were not refused then. */
uint64_t outage_refused_pause(uint64_t before_usec);
