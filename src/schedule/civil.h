/*
 * civil: the proleptic Gregorian calendar, private to this directory.
 *
 * Days are counted from 1970-01-01 (day 0, a Thursday); years and days may be negative. Valid for
 * every day that 64-bit seconds can reach.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SEC_PER_MINUTE 60
#define SEC_PER_HOUR   3600
#define SEC_PER_DAY    86400
#define MINUTE_PER_DAY 1440

typedef struct CivilDate {
        int64_t year;
        int month; /* 1..12 */
        int day;   /* 1..31 */
} CivilDate;

bool civil_is_leap_year(int64_t year);
int civil_days_in_month(int64_t year, int month);
int64_t civil_day_of(CivilDate date);
CivilDate civil_date_of(int64_t day);
int civil_weekday_of(int64_t day); /* 0 is Sunday */

/* Division that rounds towards minus infinity; `divisor` is positive. */
int64_t civil_floor_div(int64_t value, int64_t divisor);
