/*
 * schedule: when is the next run?
 *
 * Pure: from a parsed schedule, a loaded zone and a moment to the next moment. Knows no clock. Moments are microseconds since 1970-01-01T00:00:00Z.
 * Stands on floor 1, below config/, because the configuration is validated with it.
 *
 * Forms: "every DURATION" | "hourly" | "daily" | "weekly" | "cron MIN HOUR DOM MON DOW" (five fields; names, lists, ranges, steps; day of month and
 * day of week combine as in Vixie cron: either matches when both are restricted).
 *
 * hourly, daily and weekly are "cron 0 * * * *", "cron 0 0 * * *" and "cron 0 0 * * sun". Daylight saving: a time in the hour that is skipped fires once, right after the gap; a time in the hour
 * that is repeated fires once, the first time; a cron schedule with "*" (or a step over "*") in the hour field keeps its rhythm through both.
 */
#pragma once

#include "base/cleanup.h"
#include "schedule/zone.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Schedule {
        bool is_interval;
        uint64_t interval_usec; /* every: at least one minute */
        uint64_t minutes;       /* bit n: minute n */
        uint32_t hours;
        uint32_t days_of_month; /* bit 1..31 */
        uint16_t months;        /* bit 1..12 */
        uint8_t days_of_week;   /* bit 0..6, 0 is Sunday */
        bool dom_star, dow_star, hour_star;
} Schedule;

/* -EINVAL: not a schedule, -ERANGE: never fires (30 February); *ret_error is then a static or borrowed-from-`error` text for people saying what is wrong,
 * at most error_size bytes. */
int schedule_parse(const char *string, Schedule *ret, char *error, size_t error_size);

/* The first moment strictly after `after_usec`. Intervals count from `anchor_usec` in multiples (so that restarts do not shift them). `offset_usec` is
 * added to every firing: the edge's spread. -ERANGE: none within eight years. */
int schedule_next(const Schedule *s, const Zone *zone, int64_t anchor_usec, uint64_t offset_usec, int64_t after_usec,
                  int64_t *ret_usec);

/* A stable offset in [0, spread) from an identifier's bytes. */
uint64_t schedule_spread_offset(const uint8_t id[16], uint64_t spread_usec);
