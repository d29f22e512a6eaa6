/*
 * next: the first firing after a time.
 *
 * A zone's time is a row of spans with one offset each. Within a span the civil clock runs
 * straight, so the next match is found on the calendar alone, jumping by month, day and hour, never
 * by minute. What happens between spans (gaps, repeats) is decided by the latest civil time the
 * clock has shown before the span: later times that it jumped over are skipped, earlier ones are
 * shown again. Civil times are seconds on the zone's clock, counted as if that clock were UTC.
 */
#include "base/duration.h"
#include "base/wide.h"
#include "schedule/civil.h"
#include "schedule/schedule.h"
#include <errno.h>

/* 29 February on a given weekday: 40 years apart across a century without a leap day; one more for
 * the spread and the zone. */
#define SEARCH_SEC (41LL * 366 * SEC_PER_DAY)

/* A clock that was set back by more than this has not been seen: offsets are within 26 hours of
 * UTC, so two of them differ by at most 52. */
#define LOOK_BACK_SEC (53LL * SEC_PER_HOUR)

#define ALL_HOURS 0xFFFFFFU

static bool day_matches(const Schedule *s, CivilDate date, int64_t day)
{
        bool dom = s->days_of_month >> date.day & 1;
        bool dow = s->days_of_week >> civil_weekday_of(day) & 1;
        return s->dom_star || s->dow_star ? dom && dow : dom || dow;
}

/* The first matching day at or after `day` and at or before `last`. */
static bool find_day(const Schedule *s, int64_t day, int64_t last, int64_t *ret_day)
{
        CivilDate date = civil_date_of(day);
        while (day <= last) {
                int days_in_month = civil_days_in_month(date.year, date.month);
                if (!(s->months >> date.month & 1)) {
                        day += days_in_month - date.day + 1;
                        date.day = days_in_month;
                } else if (day_matches(s, date, day)) {
                        *ret_day = day;
                        return true;
                } else {
                        day++;
                }
                if (++date.day > days_in_month) {
                        date.day = 1;
                        date.year += date.month == 12;
                        date.month = date.month % 12 + 1;
                }
        }
        return false;
}

/* The lowest bit set at or above `from`; -1: none. */
static int find_bit(uint64_t bits, int from)
{
        bits = from < 64 ? bits >> from << from : 0;
        return bits ? __builtin_ctzll(bits) : -1;
}

/* The first matching minute of a day at or after `minute`; -1: none left that day. */
static int find_minute_of_day(const Schedule *s, int minute)
{
        int hour = minute / 60;
        int in_hour = s->hours >> hour & 1 ? find_bit(s->minutes, minute % 60) : -1;
        if (in_hour >= 0)
                return hour * 60 + in_hour;
        hour = find_bit(s->hours, hour + 1);
        return hour < 0 ? -1 : hour * 60 + find_bit(s->minutes, 0);
}

/* The first match on the civil clock in [from, end). */
static bool find_match(const Schedule *s, int64_t from_sec, int64_t end_sec, int64_t *ret_sec)
{
        if (from_sec >= end_sec)
                return false;

        int64_t from_minute = civil_floor_div(from_sec + SEC_PER_MINUTE - 1, SEC_PER_MINUTE);
        int64_t last_day = civil_floor_div(end_sec - 1, SEC_PER_DAY);
        int64_t first_day = civil_floor_div(from_minute, MINUTE_PER_DAY);
        int first_minute = (int)(from_minute - first_day * MINUTE_PER_DAY);

        for (int64_t day = first_day; find_day(s, day, last_day, &day); day++) {
                int match = find_minute_of_day(s, day == first_day ? first_minute : 0);
                if (match >= 0) {
                        *ret_sec = day * SEC_PER_DAY + (int64_t)match * SEC_PER_MINUTE;
                        return *ret_sec < end_sec;
                }
        }
        return false;
}

/* The latest civil time (exclusive) that the clock has shown before the span began. */
static int64_t shown_before(const Zone *zone, const ZoneSpan *span)
{
        int64_t shown = INT64_MIN;
        ZoneSpan past = *span;
        while (past.start_sec != INT64_MIN && past.start_sec > span->start_sec - LOOK_BACK_SEC) {
                int64_t end_sec = past.start_sec;
                past = zone_span_at(zone, end_sec - 1);
                if (end_sec + past.offset_sec > shown)
                        shown = end_sec + past.offset_sec;
        }
        return shown;
}

/* The first firing within the span, at or after `from_sec` and before `end_sec`. */
static bool find_in_span(const Schedule *s, const Zone *zone, const ZoneSpan *span,
                         int64_t from_sec, int64_t end_sec, int64_t *ret_sec)
{
        bool keeps_rhythm = s->hours == ALL_HOURS;
        int64_t civil_from = from_sec + span->offset_sec;
        int64_t match;
        if (!keeps_rhythm && span->start_sec > from_sec - LOOK_BACK_SEC) {
                int64_t shown = shown_before(zone, span);
                if (from_sec == span->start_sec &&
                    find_match(s, shown, span->start_sec + span->offset_sec, &match)) {
                        *ret_sec = span->start_sec;
                        return true;
                }
                if (!s->minute_star && civil_from < shown)
                        civil_from = shown;
        }
        if (!find_match(s, civil_from, end_sec + span->offset_sec, &match))
                return false;
        *ret_sec = match - span->offset_sec;
        return true;
}

static int next_cron(const Schedule *s, const Zone *zone, int64_t after_usec, int64_t *ret_usec)
{
        int64_t from_sec = civil_floor_div(after_usec, (int64_t)USEC_PER_SEC) + 1;
        int64_t limit_sec = from_sec + SEARCH_SEC;
        int64_t firing_sec;
        while (from_sec < limit_sec) {
                ZoneSpan span = zone_span_at(zone, from_sec);
                int64_t end_sec = span.end_sec < limit_sec ? span.end_sec : limit_sec;
                if (find_in_span(s, zone, &span, from_sec, end_sec, &firing_sec))
                        return __builtin_mul_overflow(firing_sec, (int64_t)USEC_PER_SEC, ret_usec)
                                       ? -ERANGE
                                       : 0;
                from_sec = end_sec;
        }
        return -ERANGE;
}

static int next_interval(uint64_t interval_usec, int64_t anchor_usec, int64_t after_usec,
                         int64_t *ret_usec)
{
        int64_t interval, elapsed, since_anchor;
        if (interval_usec == 0 || interval_usec > INT64_MAX ||
            __builtin_sub_overflow(after_usec, anchor_usec, &elapsed))
                return -ERANGE;
        interval = (int64_t)interval_usec;
        if (__builtin_mul_overflow(civil_floor_div(elapsed, interval) + 1, interval,
                                   &since_anchor) ||
            __builtin_add_overflow(anchor_usec, since_anchor, ret_usec))
                return -ERANGE;
        return 0;
}

int schedule_next(const Schedule *s, const Zone *zone, int64_t anchor_usec, uint64_t offset_usec,
                  int64_t after_usec, int64_t *ret_usec)
{
        int64_t before_usec, base_usec, firing_usec;
        /* A firing plus the offset lies after `after` exactly when the firing lies after `after`
         * less the offset. */
        if (__builtin_sub_overflow(after_usec, offset_usec, &before_usec))
                return -ERANGE;
        int err = s->is_interval
                          ? next_interval(s->interval_usec, anchor_usec, before_usec, &base_usec)
                          : next_cron(s, zone, before_usec, &base_usec);
        if (err < 0)
                return err;
        if (__builtin_add_overflow(base_usec, offset_usec, &firing_usec))
                return -ERANGE;
        *ret_usec = firing_usec;
        return 0;
}

uint64_t schedule_spread_offset(const uint8_t id[16], uint64_t spread_usec)
{
        uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a, 64 bits */

        if (spread_usec == 0)
                return 0;
        for (size_t i = 0; i < 16; i++)
                hash = (hash ^ id[i]) * 0x100000001b3ULL;

        /* FNV's high bits are weak for short input, and they decide here: mix as SplitMix64 does.
         */
        hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9ULL;
        hash = (hash ^ hash >> 27) * 0x94d049bb133111ebULL;
        hash ^= hash >> 31;

        /* hash / 2^64 of the spread: even, and without a division that favours low values. */
        uint64_t offset = wide_product_high(hash, spread_usec);
        return spread_usec >= USEC_PER_SEC ? offset / USEC_PER_MSEC * USEC_PER_MSEC : offset;
}
