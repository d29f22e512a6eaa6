#include "base/bytes.h"
#include "base/cleanup.h"
#include <stddef.h>
#include <stdio.h>

char *bytes_format(uint64_t bytes, char out[static BYTES_STRING_SIZE])
{
        static const char *const units[] = {"KiB", "MiB", "GiB"};
        double value = (double)bytes / 1024;
        size_t unit = 0;
        for (; value >= 1023.95 && unit + 1 < ARRAY_SIZE(units); unit++)
                value /= 1024;
        (void)snprintf(out, BYTES_STRING_SIZE, "%.1f %s", value, units[unit]);
        return out;
}
