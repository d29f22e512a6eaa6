#include "base/clock_skew.h"
#include "base/duration.h"
#include <stdio.h>

bool clock_skew(int64_t ahead_usec, const char *whose, char *ret, size_t size)
{
        uint64_t off = (uint64_t)(ahead_usec < 0 ? -ahead_usec : ahead_usec);
        bool far = off > USEC_PER_MINUTE;
        char length[DURATION_STRING_SIZE];
        if (off < 2 * USEC_PER_SEC)
                (void)snprintf(ret, size, "this machine's clock and that of %s agree to a second",
                               whose);
        else
                (void)snprintf(ret, size, "this machine's clock is %s %s that of %s%s",
                               duration_format_short(off, length),
                               ahead_usec > 0 ? "ahead of" : "behind", whose,
                               far ? "; is it synchronised?" : "");
        return far;
}
