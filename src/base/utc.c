#include "base/utc.h"
#include <string.h>

const char *utc_format(time_t at, UtcForm form, char out[static UTC_BYTES])
{
        struct tm utc;
        if (!gmtime_r(&at, &utc) ||
            strftime(out, UTC_BYTES,
                     form == UTC_ISO ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d %H:%M:%S UTC", &utc) == 0)
                memcpy(out, "?", sizeof("?"));
        return out;
}
