/*
 * Targets of src/base and of small texts: identifiers, durations, text for people, times,
 * Retry-After.
 */
#include "base/text.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "fuzz/fuzz.h"
#include "http/retry_after.h"
#include "schedule/timestamp.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The form again, as a pattern. */
static bool looks_like_uuid(const uint8_t *data, size_t size)
{
        static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
        if (size != strlen(pattern))
                return false;
        for (size_t i = 0; i < size; i++)
                if (pattern[i] == '-'
                            ? data[i] != '-'
                            : (data[i] == '\0' || !strchr("0123456789abcdefABCDEF", data[i])))
                        return false;
        return true;
}

void fuzz_uuid(const uint8_t *data, size_t size)
{
        Uuid id, again;
        char text[UUID_STRING_SIZE];
        char *copy = fuzz_string(data, size);
        int r = uuid_parse_n(copy, size, &id);
        FUZZ_CHECK((r == 0) == looks_like_uuid(data, size));
        FUZZ_CHECK(r == 0 || r == -EINVAL);
        FUZZ_CHECK((uuid_parse(copy, &again) == 0) == looks_like_uuid(data, strlen(copy)));
        if (r == 0) {
                FUZZ_CHECK(uuid_equal(&id, &again));
                FUZZ_CHECK(strcasecmp(uuid_format(&id, text), copy) == 0);
        }
        free(copy);
}

void fuzz_duration(const uint8_t *data, size_t size)
{
        char *string = fuzz_string(data, size);
        char text[DURATION_STRING_SIZE];
        uint64_t usec, again;
        int r = duration_parse(string, &usec);
        FUZZ_CHECK(r == 0 || r == -EINVAL || r == -ERANGE);
        if (r == 0) {
                FUZZ_CHECK(usec <= 10 * 366 * USEC_PER_DAY && usec % USEC_PER_MSEC == 0);
                FUZZ_CHECK(duration_parse(duration_format(usec, text), &again) == 0 &&
                           again == usec);
        }
        memset(&usec, 0, sizeof(usec));
        memcpy(&usec, string, size < sizeof(usec) ? size : sizeof(usec));
        fuzz_check_printable(duration_format(usec, text), sizeof(text) - 1);
        fuzz_check_printable(duration_format_short(usec, text), sizeof(text) - 1);
        free(string);
}

void fuzz_text(const uint8_t *data, size_t size)
{
        size_t room = fuzz_byte(&data, &size);
        char *bytes = fuzz_string(data, size);
        char *out = malloc(room + 1);
        FUZZ_CHECK(out);
        out[0] = '\0';
        FUZZ_CHECK(text_printable(bytes, size, out, room) == out);
        if (room > 0)
                fuzz_check_printable(out, room - 1);
        int64_t value;
        char text[32];
        if (text_parse_int64(bytes, INT64_MIN, INT64_MAX, &value) == 0) {
                char *end;
                errno = 0;
                FUZZ_CHECK(strtoll(bytes, &end, 10) == value && errno == 0 && *end == '\0');
                (void)snprintf(text, sizeof(text), "%lld", (long long)value);
                FUZZ_CHECK(text_parse_int64(text, value, value, &value) == 0);
        }
        Text json = {0};
        FUZZ_CHECK(text_append_json(&json, bytes) == 0);
        FUZZ_CHECK(text_utf8_valid(json.data ? json.data : "", json.size));
        text_done(&json);
        free(out);
        free(bytes);
}

void fuzz_timestamp(const uint8_t *data, size_t size)
{
        char *string = fuzz_string(data, size);
        int64_t usec, again;
        int r = timestamp_parse(string, &usec);
        FUZZ_CHECK(r == 0 || r == -EINVAL);
        Zone *zone;
        if (r == 0 && zone_load("UTC", &zone) == 0) {
                char text[TIMESTAMP_STRING_SIZE];
                /* the year 10000, which an offset may reach */
                if (usec >= 0 && usec / (int64_t)USEC_PER_SEC < 253402300800LL) {
                        FUZZ_CHECK(timestamp_parse(timestamp_format(usec, zone, text), &again) ==
                                   0);
                        FUZZ_CHECK(again == usec - usec % (int64_t)USEC_PER_SEC);
                }
                (void)zone_free(zone);
        }
        free(string);
}

/* The form that RFC 9110 wants to be sent, "Sun, 06 Nov 1994 08:49:37 GMT", and nothing else. */
static bool read_http_date(const char *string, int64_t *ret_sec)
{
        struct tm tm = {0};
        char again[64];
        const char *end = strptime(string, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        if (!end || *end || strlen(string) != 29)
                return false;
        time_t t = timegm(&tm);
        *ret_sec = (int64_t)t;
        return strftime(again, sizeof(again), "%a, %d %b %Y %H:%M:%S GMT", &tm) == 29 &&
               strcmp(again, string) == 0 && tm.tm_year >= 70;
}

void fuzz_retry_after(const uint8_t *data, size_t size)
{
        enum { NOW = 1700000000 };
        char *value = fuzz_line(&data, &size), *date = fuzz_line(&data, &size);
        uint64_t usec = retry_after_parse(value, date, NOW);
        FUZZ_CHECK(usec <= LIMIT_RETRY_AFTER_MAX_USEC && usec % USEC_PER_SEC == 0);
        int64_t seconds, then, base = NOW;
        uint64_t expected = UINT64_MAX;
        if (value[0] != '-' && text_parse_int64(value, 0, INT64_MAX / 2000000, &seconds) == 0)
                expected = (uint64_t)seconds * USEC_PER_SEC;
        else if (read_http_date(value, &then) && (date[0] == '\0' || read_http_date(date, &base)))
                expected = then > base ? (uint64_t)(then - base) * USEC_PER_SEC : 0;
        if (expected != UINT64_MAX)
                FUZZ_CHECK(usec == (expected < LIMIT_RETRY_AFTER_MAX_USEC
                                            ? expected
                                            : LIMIT_RETRY_AFTER_MAX_USEC));
        free(value);
        free(date);
}
