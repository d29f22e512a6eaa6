/*
 * database_clock: PostgreSQL's clock, carried on by our monotonic one between its answers.
 *
 * Times are microseconds since 1970.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: not known yet. */
typedef struct DatabaseClock {
        /* private */
        int64_t usec;     /* what PostgreSQL's clock showed … */
        uint64_t at_usec; /* … when our monotonic clock showed this */
} DatabaseClock;

void database_clock_set(DatabaseClock *c, int64_t now_usec);
bool database_clock_is_known(const DatabaseClock *c);
int64_t database_clock_now(const DatabaseClock *c); /* not known: this host's */

/* How far now_usec, which PostgreSQL says, is behind what its clock should show; 0: it is not, or
 * by less than half a minute, or its clock was not known. */
uint64_t database_clock_lag(const DatabaseClock *c, int64_t now_usec);
