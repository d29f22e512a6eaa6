/*
 * Targets of src/schedule: schedules, and the files of time zones.
 */
#include "schedule/schedule.h"
#include "base/duration.h"
#include "fuzz/fuzz.h"
#include "schedule/zone_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MINUTE_SEC = 60, SEARCHED_MINUTES = 3 * 24 * 60 };

/* In UTC every minute is there once, so a schedule is what its fields say. */
static bool fires_at(const Schedule *s, int64_t utc_sec)
{
        struct tm tm;
        time_t t = (time_t)utc_sec;
        FUZZ_CHECK(gmtime_r(&t, &tm));
        bool dom = s->days_of_month >> tm.tm_mday & 1, dow = s->days_of_week >> tm.tm_wday & 1;
        bool day = s->dom_star || s->dow_star ? dom && dow : dom || dow;
        return tm.tm_sec == 0 && (s->minutes >> tm.tm_min & 1) && (s->hours >> tm.tm_hour & 1) &&
               (s->months >> (tm.tm_mon + 1) & 1) && day;
}

static void check_cron_in_utc(const Schedule *s, const Zone *utc, int64_t after_usec)
{
        int64_t next_usec, sec = after_usec / (int64_t)USEC_PER_SEC;
        FUZZ_CHECK(schedule_next(s, utc, 0, 0, after_usec, &next_usec) == 0);
        int64_t next_sec = next_usec / (int64_t)USEC_PER_SEC;
        FUZZ_CHECK(next_usec > after_usec && next_usec % (int64_t)USEC_PER_SEC == 0 &&
                   fires_at(s, next_sec));
        int64_t minute = sec - sec % MINUTE_SEC + MINUTE_SEC;
        for (int i = 0; i < SEARCHED_MINUTES && minute < next_sec; i++, minute += MINUTE_SEC)
                FUZZ_CHECK(!fires_at(s, minute));
}

static void check_in_zone(const Schedule *s, const Zone *zone, int64_t after_usec,
                          uint64_t offset_usec)
{
        for (int i = 0; i < 4; i++) {
                int64_t next_usec;
                int r = schedule_next(s, zone, 0, offset_usec, after_usec, &next_usec);
                FUZZ_CHECK(r == 0 || r == -ERANGE);
                if (r < 0)
                        return;
                FUZZ_CHECK(next_usec > after_usec);
                if (s->is_interval)
                        FUZZ_CHECK((uint64_t)(next_usec - after_usec) <= s->interval_usec);
                after_usec = next_usec;
        }
}

void fuzz_schedule(const uint8_t *data, size_t size)
{
        static const char *const names[] = {"Europe/Brussels", "Australia/Lord_Howe",
                                            "America/New_York"};
        static Zone *zones[4]; /* loaded once: this is not about them */
        for (size_t i = 0; !zones[3] && i < 3; i++)
                FUZZ_CHECK(zone_load(names[i], &zones[i]) == 0);
        if (!zones[3])
                FUZZ_CHECK(zone_load("UTC", &zones[3]) == 0);
        uint8_t draw = fuzz_byte(&data, &size), day = fuzz_byte(&data, &size);
        char *string = fuzz_string(data, size), error[SCHEDULE_ERROR_SIZE] = "untouched";
        Schedule s;
        int r = schedule_parse(string, &s, error, sizeof(error));
        FUZZ_CHECK(r == 0 || r == -EINVAL || r == -ERANGE);
        int64_t after_usec = (1700000000LL + day * 86400LL + draw) * (int64_t)USEC_PER_SEC;
        if (r < 0) {
                FUZZ_CHECK(error[0] && strcmp(error, "untouched") != 0);
                fuzz_check_printable(error, sizeof(error) - 1);
        } else {
                FUZZ_CHECK(strcmp(error, "untouched") == 0);
                if (!s.is_interval)
                        check_cron_in_utc(&s, zones[3], after_usec);
                check_in_zone(&s, zones[draw % 4], after_usec, draw * USEC_PER_SEC);
        }
        char small[8];
        if (schedule_parse(string, &s, small, 1 + draw % sizeof(small)) < 0)
                FUZZ_CHECK(memchr(small, '\0', sizeof(small)));
        free(string);
}

void fuzz_zone(const uint8_t *data, size_t size)
{
        int64_t at = 0;
        size_t n_drawn = size < sizeof(at) ? size : sizeof(at);
        const uint8_t *drawn = fuzz_take(&data, &size, sizeof(at));
        Zone *zone = NULL;
        int r = zone_parse("Test/Zone", data, size, &zone);
        FUZZ_CHECK(r == 0 || r == -EBADMSG);
        if (r < 0)
                return;
        memcpy(&at, drawn, n_drawn);
        /* times are microseconds in 64 bits: no others are asked for */
        at /= (int64_t)USEC_PER_SEC;
        for (int i = 0; i < 8 && at <= INT64_MAX / (int64_t)USEC_PER_SEC; i++) {
                ZoneSpan span = zone_span_at(zone, at);
                FUZZ_CHECK(span.start_sec <= at &&
                           (at < span.end_sec || span.end_sec == INT64_MAX));
                FUZZ_CHECK(zone_offset_at(zone, at) == span.offset_sec);
                FUZZ_CHECK(abs(span.offset_sec) <= 7 * 86400);
                ZoneSpan same = zone_span_at(zone, span.start_sec);
                FUZZ_CHECK(same.start_sec == span.start_sec && same.end_sec == span.end_sec &&
                           same.offset_sec == span.offset_sec);
                if (span.end_sec == INT64_MAX)
                        break;
                FUZZ_CHECK(zone_span_at(zone, span.end_sec).start_sec ==
                           span.end_sec); /* the spans leave nothing out */
                at = span.end_sec;
        }
        Schedule s;
        int64_t next_usec;
        FUZZ_CHECK(schedule_parse("cron 30 2 * * *", &s, NULL, 0) == 0);
        r = schedule_next(&s, zone, 0, 0, 1700000000LL * (int64_t)USEC_PER_SEC, &next_usec);
        FUZZ_CHECK(r == -ERANGE || (r == 0 && next_usec > 1700000000LL * (int64_t)USEC_PER_SEC));
        (void)zone_free(zone);
}
