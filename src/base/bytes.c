#include "base/bytes.h"
#include <stddef.h>
#include <stdio.h>

char *bytes_format(uint64_t bytes, char out[static BYTES_STRING_SIZE])
{
        static const char *const units[] = {"KiB", "MiB", "GiB"};
        size_t unit = bytes >> 30 ? 2 : bytes >> 20 ? 1 : 0;
        (void)snprintf(out, BYTES_STRING_SIZE, "%.1f %s",
                       (double)bytes / (double)(1ULL << (10 * (unit + 1))), units[unit]);
        return out;
}
