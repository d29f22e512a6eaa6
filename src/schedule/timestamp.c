/*
 * timestamp: reads and writes ISO 8601, digit by digit: strptime takes more than the standard does,
 * and days that do not exist.
 */
#include "schedule/timestamp.h"
#include "base/duration.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

/* Exactly `digits` digits within [min, max]. */
static bool take_number(const char **s, unsigned digits, int min, int max, int *ret)
{
        int value = 0;
        for (unsigned i = 0; i < digits; i++) {
                char c = (*s)[i];
                if (c < '0' || c > '9')
                        return false;
                value = value * 10 + (c - '0');
        }
        *s += digits;
        *ret = value;
        return value >= min && value <= max;
}

static bool take_char(const char **s, char c)
{
        if (**s != c)
                return false;
        (*s)++;
        return true;
}

static bool take_date(const char **s, struct tm *tm)
{
        int year, month;
        if (!take_number(s, 4, 1970, 9999, &year) || !take_char(s, '-') ||
            !take_number(s, 2, 1, 12, &month) || !take_char(s, '-') ||
            !take_number(s, 2, 1, 31, &tm->tm_mday))
                return false;
        tm->tm_year = year - 1900;
        tm->tm_mon = month - 1;
        struct tm exists = *tm;
        (void)timegm(&exists); /* moves 30 February into March */
        return exists.tm_mday == tm->tm_mday;
}

static bool take_time(const char **s, struct tm *tm, int64_t *usec)
{
        if (!take_number(s, 2, 0, 23, &tm->tm_hour) || !take_char(s, ':') ||
            !take_number(s, 2, 0, 59, &tm->tm_min))
                return false;
        if (!take_char(s, ':'))
                return true;
        if (!take_number(s, 2, 0, 59, &tm->tm_sec))
                return false;
        if (!take_char(s, '.'))
                return true;
        int digit;
        if (**s < '0' || **s > '9')
                return false;
        for (int64_t unit = (int64_t)USEC_PER_SEC / 10; take_number(s, 1, 0, 9, &digit); unit /= 10)
                *usec += unit * digit; /* beyond microseconds the unit is zero */
        return true;
}

static bool take_offset(const char **s, int64_t *offset_sec)
{
        int hours, minutes = 0;
        if (take_char(s, 'Z') || **s == '\0')
                return true;
        bool west = **s == '-';
        if (!take_char(s, '+') && !take_char(s, '-'))
                return false;
        if (!take_number(s, 2, 0, 23, &hours))
                return false;
        if (**s != '\0') {
                (void)take_char(s, ':');
                if (!take_number(s, 2, 0, 59, &minutes))
                        return false;
        }
        *offset_sec = (west ? -60 : 60) * (hours * 60 + minutes);
        return true;
}

int timestamp_parse(const char *text, int64_t *ret_usec)
{
        struct tm tm = {0};
        int64_t usec = 0;
        int64_t offset_sec = 0;
        const char *s = text;
        if (!take_date(&s, &tm))
                return -EINVAL;
        if (*s != '\0' && (!(take_char(&s, 'T') || take_char(&s, ' ')) ||
                           !take_time(&s, &tm, &usec) || !take_offset(&s, &offset_sec)))
                return -EINVAL;
        if (*s != '\0')
                return -EINVAL;
        *ret_usec = ((int64_t)timegm(&tm) - offset_sec) * (int64_t)USEC_PER_SEC + usec;
        return 0;
}

char *timestamp_format(int64_t usec, const Zone *zone, char out[TIMESTAMP_STRING_SIZE])
{
        int64_t second = usec / (int64_t)USEC_PER_SEC - (usec % (int64_t)USEC_PER_SEC < 0);
        int32_t offset = zone_offset_at(zone, second);
        time_t local = (time_t)(second + offset);
        struct tm tm;
        char text[32];
        (void)gmtime_r(&local, &tm);
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
        int minutes = (offset < 0 ? -offset : offset) / 60;
        (void)snprintf(out, TIMESTAMP_STRING_SIZE, "%s%c%02d:%02d", text, offset < 0 ? '-' : '+',
                       minutes / 60, minutes % 60);
        return out;
}
