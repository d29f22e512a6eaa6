#include "base/clock.h"
#include "base/duration.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static uint64_t clock_usec(clockid_t clock)
{
        struct timespec now;
        if (clock_gettime(clock, &now) < 0)
                /* cannot happen on Linux; going on with a wrong time would break every deadline */
                abort();
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_monotonic_usec(void)
{
        return clock_usec(CLOCK_MONOTONIC);
}

uint64_t clock_boottime_usec(void)
{
        return clock_usec(CLOCK_BOOTTIME);
}

uint64_t clock_random(void)
{
        uint64_t value = 0;
        ssize_t n;
        do
                n = getrandom(&value, sizeof(value), 0);
        while (n < 0 && errno == EINTR);
        if (n != sizeof(value))
                abort(); /* eight bytes come whole or the kernel has no getrandom */
        return value;
}
