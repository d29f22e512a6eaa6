/*
 * retry_after: seconds or a date into a bounded wait.
 */
#include "http/retry_after.h"
#include "base/duration.h"
#include "base/limits.h"
#include <curl/curl.h>
#include <string.h>

uint64_t retry_after_parse(const char *value, int64_t now_sec)
{
        value += strspn(value, " \t");
        size_t digits = strspn(value, "0123456789");
        uint64_t seconds = 0;
        if (digits > 0 && strspn(value + digits, " \t") == strlen(value + digits)) {
                for (size_t i = 0; i < digits && seconds < LIMIT_RETRY_AFTER_MAX_USEC; i++)
                        seconds = seconds * 10 + (uint64_t)(value[i] - '0');
        } else if (digits == 0) {
                time_t date = curl_getdate(value, NULL);
                if (date == -1 || (int64_t)date <= now_sec)
                        return 0;
                seconds = (uint64_t)((int64_t)date - now_sec);
        }
        return seconds < LIMIT_RETRY_AFTER_MAX_USEC / USEC_PER_SEC ? seconds * USEC_PER_SEC
                                                                   : LIMIT_RETRY_AFTER_MAX_USEC;
}
