/*
 * rule: parsing and evaluating a POSIX time zone rule.
 *
 * The parser walks a counted string and never looks beyond its end. Evaluation takes each year's
 * daylight saving as an interval [start, end): its end is that year's, or the next year's where the
 * end comes first (southern hemisphere); a time has daylight saving when any such interval holds
 * it. So "daylight saving all year" (an end at or after the next start) needs no case of its own.
 */
#include "schedule/rule.h"
#include "schedule/civil.h"
#include <errno.h>

#define OFFSET_MAX_HOURS 24
#define TIME_MAX_HOURS   167
#define NAME_MIN_BYTES   3
#define DEFAULT_TIME_SEC (2 * SEC_PER_HOUR)
#define DEFAULT_DST_SEC  SEC_PER_HOUR

/* Years around that of the time that can matter: an offset or a time reaches at most 8 days beyond
 * its year. */
#define YEARS_AROUND 2
#define N_YEARS      (2 * YEARS_AROUND + 1)

typedef struct Cursor {
        const char *at;
        const char *end;
} Cursor;

static bool cursor_take(Cursor *c, char wanted)
{
        if (c->at == c->end || *c->at != wanted)
                return false;
        c->at++;
        return true;
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool parse_number(Cursor *c, int min, int max, int *ret)
{
        int value = 0;
        if (c->at == c->end || !is_digit(*c->at))
                return false;
        for (; c->at < c->end && is_digit(*c->at); c->at++) {
                value = value * 10 + (*c->at - '0');
                if (value > max)
                        return false;
        }
        if (value < min)
                return false;
        *ret = value;
        return true;
}

/* [+-]hh[:mm[:ss]] */
static bool parse_time(Cursor *c, int max_hours, int32_t *ret_sec)
{
        int hours, minutes = 0, seconds = 0;
        bool negative = cursor_take(c, '-');
        if (!negative)
                (void)cursor_take(c, '+');
        if (!parse_number(c, 0, max_hours, &hours))
                return false;
        if (cursor_take(c, ':')) {
                if (!parse_number(c, 0, 59, &minutes))
                        return false;
                if (cursor_take(c, ':') && !parse_number(c, 0, 59, &seconds))
                        return false;
        }
        int32_t sec = hours * SEC_PER_HOUR + minutes * SEC_PER_MINUTE + seconds;
        *ret_sec = negative ? -sec : sec;
        return true;
}

/* The abbreviation: letters, or <letters, digits and signs>. Its text is of no interest here. */
static bool skip_name(Cursor *c)
{
        bool quoted = cursor_take(c, '<');
        const char *start = c->at;
        while (c->at < c->end && (is_letter(*c->at) ||
                                  (quoted && (is_digit(*c->at) || *c->at == '+' || *c->at == '-'))))
                c->at++;
        if (c->at - start < NAME_MIN_BYTES)
                return false;
        return !quoted || cursor_take(c, '>');
}

static bool parse_date(Cursor *c, TzRuleDate *ret)
{
        TzRuleDate date = {.time_sec = DEFAULT_TIME_SEC};
        bool ok;
        if (!cursor_take(c, ','))
                return false;
        if (cursor_take(c, 'J')) {
                date.form = TZ_RULE_JULIAN;
                ok = parse_number(c, 1, 365, &date.day);
        } else if (cursor_take(c, 'M')) {
                date.form = TZ_RULE_MONTH;
                ok = parse_number(c, 1, 12, &date.month) && cursor_take(c, '.') &&
                     parse_number(c, 1, 5, &date.week) && cursor_take(c, '.') &&
                     parse_number(c, 0, 6, &date.day);
        } else {
                date.form = TZ_RULE_ZERO_DAY;
                ok = parse_number(c, 0, 365, &date.day);
        }
        if (ok && cursor_take(c, '/'))
                ok = parse_time(c, TIME_MAX_HOURS, &date.time_sec);
        if (ok)
                *ret = date;
        return ok;
}

int tz_rule_parse(const char *string, size_t size, TzRule *ret)
{
        Cursor c = {.at = string, .end = string + size};
        TzRule rule = {0};
        int32_t west_sec;
        if (!skip_name(&c) || !parse_time(&c, OFFSET_MAX_HOURS, &west_sec))
                return -EBADMSG;
        rule.standard_offset_sec = -west_sec;
        if (c.at < c.end) {
                rule.has_daylight = true;
                rule.daylight_offset_sec = rule.standard_offset_sec + DEFAULT_DST_SEC;
                if (!skip_name(&c))
                        return -EBADMSG;
                if (c.at < c.end && *c.at != ',') {
                        if (!parse_time(&c, OFFSET_MAX_HOURS, &west_sec))
                                return -EBADMSG;
                        rule.daylight_offset_sec = -west_sec;
                }
                if (!parse_date(&c, &rule.daylight_start) || !parse_date(&c, &rule.daylight_end))
                        return -EBADMSG;
        }
        if (c.at != c.end)
                return -EBADMSG;
        *ret = rule;
        return 0;
}

static int64_t date_day(const TzRuleDate *date, int64_t year)
{
        int64_t new_year = civil_day_of((CivilDate){.year = year, .month = 1, .day = 1});
        switch (date->form) {
        case TZ_RULE_JULIAN:
                return new_year + date->day - 1 + (date->day > 31 + 28 && civil_is_leap_year(year));
        case TZ_RULE_ZERO_DAY:
                return new_year + date->day;
        case TZ_RULE_MONTH:
                break;
        }
        int64_t first = civil_day_of((CivilDate){.year = year, .month = date->month, .day = 1});
        int day_of_month = 1 + (date->day - civil_weekday_of(first) + 7) % 7 + (date->week - 1) * 7;
        if (day_of_month > civil_days_in_month(year, date->month))
                day_of_month -= 7; /* week 5 is the last, be it the fourth */
        return first + day_of_month - 1;
}

/* UTC time of a date of the rule, given the offset in force before it. */
static int64_t date_to_utc(const TzRuleDate *date, int64_t year, int32_t offset_before_sec)
{
        return date_day(date, year) * SEC_PER_DAY + date->time_sec - offset_before_sec;
}

ZoneSpan tz_rule_span_at(const TzRule *rule, int64_t utc_sec)
{
        ZoneSpan span = {.start_sec = INT64_MIN,
                         .end_sec = INT64_MAX,
                         .offset_sec = rule->standard_offset_sec};
        int64_t start[N_YEARS + 1], end[N_YEARS + 1];
        if (!rule->has_daylight)
                return span;

        int64_t first_year =
                civil_date_of(civil_floor_div(utc_sec, SEC_PER_DAY)).year - YEARS_AROUND;
        for (int i = 0; i <= N_YEARS; i++) {
                start[i] = date_to_utc(&rule->daylight_start, first_year + i,
                                       rule->standard_offset_sec);
                end[i] =
                        date_to_utc(&rule->daylight_end, first_year + i, rule->daylight_offset_sec);
        }
        for (int i = 0; i < N_YEARS; i++) {
                int64_t bounds[] = {start[i], end[i] > start[i] ? end[i] : end[i + 1]};
                if (bounds[0] <= utc_sec && utc_sec < bounds[1])
                        span.offset_sec = rule->daylight_offset_sec;
                for (size_t k = 0; k < ARRAY_SIZE(bounds); k++) {
                        if (bounds[k] <= utc_sec && bounds[k] > span.start_sec)
                                span.start_sec = bounds[k];
                        if (bounds[k] > utc_sec && bounds[k] < span.end_sec)
                                span.end_sec = bounds[k];
                }
        }
        return span;
}
