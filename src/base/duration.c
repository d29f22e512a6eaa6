/*
 * duration: one table of units, read and written in the same order.
 */
#include "base/duration.h"
#include "base/cleanup.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DURATION_MAX_USEC (3653 * USEC_PER_DAY)

static const struct {
        const char *name;
        uint64_t usec;
} units[] = {
        {"w", USEC_PER_WEEK},   {"d", USEC_PER_DAY}, {"h", USEC_PER_HOUR},
        {"m", USEC_PER_MINUTE}, {"s", USEC_PER_SEC}, {"ms", USEC_PER_MSEC},
};

int duration_parse(const char *string, uint64_t *ret_usec)
{
        const char *s = string;
        uint64_t total = 0;
        size_t next_unit = 0; /* units come in falling order */

        if (*s == '\0')
                return -EINVAL;
        while (*s) {
                size_t digits = strspn(s, "0123456789");
                if (digits == 0)
                        return -EINVAL;
                uint64_t number = 0;
                for (size_t i = 0; i < digits; i++)
                        if (number <= DURATION_MAX_USEC)
                                number = number * 10 + (uint64_t)(s[i] - '0');
                s += digits;

                size_t letters = strspn(s, "abcdefghijklmnopqrstuvwxyz");
                size_t unit = next_unit;
                while (unit < ARRAY_SIZE(units) && (strlen(units[unit].name) != letters ||
                                                    strncmp(units[unit].name, s, letters) != 0))
                        unit++;
                if (unit == ARRAY_SIZE(units))
                        return -EINVAL;
                s += letters;
                next_unit = unit + 1;

                uint64_t part;
                if (__builtin_mul_overflow(number, units[unit].usec, &part) ||
                    __builtin_add_overflow(total, part, &total) || total > DURATION_MAX_USEC)
                        return -ERANGE;
        }
        *ret_usec = total;
        return 0;
}

char *duration_format(uint64_t usec, char out[DURATION_STRING_SIZE])
{
        size_t used = 0;
        out[0] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
                uint64_t number = usec / units[i].usec;
                usec %= units[i].usec;
                if (number > 0)
                        used += (size_t)snprintf(out + used, DURATION_STRING_SIZE - used, "%llu%s",
                                                 (unsigned long long)number, units[i].name);
        }
        if (used == 0)
                (void)snprintf(out, DURATION_STRING_SIZE, "0s");
        return out;
}

char *duration_format_short(uint64_t usec, char out[DURATION_STRING_SIZE])
{
        if (usec < USEC_PER_SEC) {
                (void)snprintf(out, DURATION_STRING_SIZE, "%llums",
                               (unsigned long long)(usec / USEC_PER_MSEC));
                return out;
        }
        if (usec < USEC_PER_MINUTE) {
                (void)snprintf(out, DURATION_STRING_SIZE, "%llu.%llus",
                               (unsigned long long)(usec / USEC_PER_SEC),
                               (unsigned long long)(usec % USEC_PER_SEC / (USEC_PER_SEC / 10)));
                return out;
        }
        size_t i = 1; /* days are the largest unit that people read at a glance */
        while (units[i].usec > usec)
                i++;
        unsigned long long large = usec / units[i].usec;
        unsigned long long small = usec % units[i].usec / units[i + 1].usec;
        if (small > 0)
                (void)snprintf(out, DURATION_STRING_SIZE, "%llu%s%llu%s", large, units[i].name,
                               small, units[i + 1].name);
        else
                (void)snprintf(out, DURATION_STRING_SIZE, "%llu%s", large, units[i].name);
        return out;
}
