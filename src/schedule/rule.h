/*
 * rule: a POSIX time zone rule, "CET-1CEST,M3.5.0,M10.5.0/3": what holds after the last transition
 * that a TZif file lists.
 *
 * The form is that of the TZ variable in POSIX with the extension of RFC 9636, section 3.3.2: times
 * from -167 to 167 hours. A daylight-saving zone without its two dates is refused (POSIX leaves
 * their meaning open).
 */
#pragma once

#include "schedule/zone.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum TzRuleDay {
        TZ_RULE_JULIAN,   /* Jn: day 1..365, 29 February is never counted */
        TZ_RULE_ZERO_DAY, /* n: day 0..365, 29 February counts */
        TZ_RULE_MONTH,    /* Mm.w.d: weekday d of week w (5: the last) of month m */
} TzRuleDay;

typedef struct TzRuleDate {
        TzRuleDay form;
        int day; /* of the year, or of the week (0 is Sunday) */
        int month, week;
        int32_t time_sec; /* from local midnight; may be negative or beyond a day */
} TzRuleDate;

typedef struct TzRule {
        int32_t standard_offset_sec; /* east of UTC */
        int32_t daylight_offset_sec;
        bool has_daylight;
        TzRuleDate daylight_start; /* in standard time */
        TzRuleDate daylight_end;   /* in daylight time */
} TzRule;

/* `string` need not end in NUL. -EBADMSG: not such a rule. */
int tz_rule_parse(const char *string, size_t size, TzRule *ret);

/* The span around a time, as zone_span_at. */
ZoneSpan tz_rule_span_at(const TzRule *rule, int64_t utc_sec);
