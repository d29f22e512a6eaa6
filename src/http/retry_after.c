/*
 * The dates of RFC 9110, section 5.6.7, and nothing else that looks like one.
 *
 * Not by libcurl: on machines of 32 bits its time_t may be another one than ours.
 */
#include "http/retry_after.h"
#include "base/duration.h"
#include "base/limits.h"
#include <errno.h>
#include <string.h>
#include <time.h>

enum { SECONDS_MAX = LIMIT_RETRY_AFTER_MAX_USEC / USEC_PER_SEC };

int http_date_parse(const char *string, int64_t *ret_sec)
{
        static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT",
                                            "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
        for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
                struct tm tm = {0};
                const char *end = strptime(string, forms[i], &tm);
                if (end && *end == '\0') {
                        *ret_sec = timegm(&tm);
                        return 0;
                }
        }
        return -EINVAL;
}

uint64_t retry_after_parse(const char *value, const char *date, int64_t now_sec)
{
        value += strspn(value, " \t");
        size_t digits = strspn(value, "0123456789");
        int64_t seconds = 0;
        if (digits > 0) {
                if (value[digits + strspn(value + digits, " \t")] != '\0')
                        return 0;
                for (size_t i = 0; i < digits && seconds < SECONDS_MAX; i++)
                        seconds = seconds * 10 + (value[i] - '0');
        } else {
                int64_t then_sec;
                if (http_date_parse(value, &then_sec) < 0)
                        return 0;
                (void)http_date_parse(date, &now_sec);
                if (then_sec <= now_sec)
                        return 0;
                seconds = then_sec - now_sec;
        }
        return (uint64_t)(seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * USEC_PER_SEC;
}
