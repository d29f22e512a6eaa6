/*
 * libcurl's date parser is used after a check: it also takes "2030", "-1" and much else that is no
 * HTTP date.
 */
#include "http/retry_after.h"
#include "base/duration.h"
#include "base/limits.h"
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>

enum {
        DATE_SIZE_MAX = 64,
        SECONDS_MAX = LIMIT_RETRY_AFTER_MAX_USEC / USEC_PER_SEC,
};

/* The three forms of RFC 9110, section 5.6.7, all begin with the name of a day and hold hh:mm:ss.
 */
int http_date_parse(const char *string, int64_t *ret_sec)
{
        if (!isalpha((unsigned char)string[0]) || strlen(string) > DATE_SIZE_MAX)
                return -EINVAL;
        const char *colon = strchr(string, ':');
        if (!colon || !strchr(colon + 1, ':'))
                return -EINVAL;
        time_t t = curl_getdate(string, NULL);
        if (t == -1)
                return -EINVAL;
        *ret_sec = (int64_t)t;
        return 0;
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
