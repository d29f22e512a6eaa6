/*
 * schedule: when is the next run?
 *
 * Pure: from a parsed schedule, a loaded zone and a time to the next firing. Knows no clock.
 * Times are microseconds since 1970-01-01T00:00:00Z. In a layer below config/, because the
 * configuration is validated with it.
 *
 * Forms
 *
 *   every DURATION             at least one minute; multiples of it in real time, counted from a
 *                              fixed time: zones and daylight saving do not matter
 *   hourly                     cron 0 * * * *
 *   daily                      cron 0 0 * * *
 *   weekly                     cron 0 0 * * sun
 *   cron MIN HOUR DOM MON DOW
 *
 * Keywords and names are taken in any case. A cron field is a list with commas of: *, a value, a
 * range a-b, and either of * and a-b followed by a step /n. Values are 0-59, 0-23, 1-31, 1-12 or
 * jan-dec, 0-7 or sun-sat; 0 and 7 are Sunday, and Sunday as the end of a range is 7, so that
 * fri-sun is 5-7. Refused, because implementations differ or because it never does what it seems to
 * do: a/n (write a-59/n), other ranges that run backwards (fri-mon), a step wider than its field
 * (*\/90 in minutes). In the comments of this file "*\/" is a star and a slash.
 *
 * Day of month and day of week combine as in Vixie cron: when both are restricted, a day that
 * matches either one fires; when one of the fields starts with a star (*\/2 does), a day must match
 * both. Months and days that never meet (30 2 30 2 *) are refused; 29 February is not.
 *
 * Daylight saving, and every other change of a zone's clock
 *
 *   1. Skipped times: those that fall into the gap fire once, together, right after it:
 *      "30 2 * * *" at 03:00 where the clock goes from 02:00 to 03:00. A day that a zone leaves
 *      out (Pacific/Apia, 2011-12-30) is such a gap too.
 *   2. Repeated times fire once, the first time the clock shows them.
 *   3. A schedule whose hour field admits every hour (*, *\/1, 0-23) keeps its rhythm instead: it
 *      fires whenever the clock shows a matching time, in both passes of a repeated hour; nothing
 *      is caught up after a gap. The rhythm is undisturbed: "0 * * * *" fires each hour of real
 *      time where clocks change by whole hours.
 *   4. A schedule whose minute field starts with a star keeps its rhythm through repeated times
 *      too, as in Vixie cron: rule 2 does not apply, rule 1 does.
 *
 * *\/2 in the hour field is not every hour: rules 1 and 2 give 00:00, 03:00 (right after the gap),
 * 04:00 in spring and 00:00, 02:00, 04:00 in autumn, where following the clock would leave one out
 * or fire twice.
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
        uint32_t days_of_month;               /* bit 1..31 */
        uint16_t months;                      /* bit 1..12 */
        uint8_t days_of_week;                 /* bit 0..6, 0 is Sunday */
        bool minute_star, dom_star, dow_star; /* the field starts with a star */
} Schedule;

/* The forms, for people. */
#define SCHEDULE_FORMS "every DURATION, hourly, daily, weekly, or cron MIN HOUR DOM MON DOW"

/* Enough for every text that schedule_parse writes. */
#define SCHEDULE_ERROR_SIZE 320

/* -EINVAL: not a schedule; -ERANGE: never fires (30 February). `error` then holds a text for people
 * that says what is wrong and what is accepted, at most error_size bytes with its NUL; on success
 * it is left alone. */
int schedule_parse(const char *string, Schedule *ret, char *error, size_t error_size);

/* The first firing strictly after `after_usec`. Intervals count from `anchor_usec` in multiples,
 * backwards too (so that restarts do not shift them); cron does not look at it. `offset_usec` is
 * added to every firing: the edge's spread. A firing of cron is a whole minute of the zone's clock
 * plus the offset. -ERANGE: none within 41 years (what schedule_parse accepts fires at least every
 * 40: 29 February on a Sunday, around 2100), or beyond int64_t. */
int schedule_next(const Schedule *s, const Zone *zone, int64_t anchor_usec, uint64_t offset_usec,
                  int64_t after_usec, int64_t *ret_usec);

/* A stable offset in [0, spread), whole milliseconds where spread allows, from an identifier's
 * bytes; 0 for a spread of 0. The same on every machine and in every release: it is part of the
 * contract. */
uint64_t schedule_spread_offset(const uint8_t id[16], uint64_t spread_usec);
