#include "sync/guard.h"
#include <inttypes.h>
#include <stdio.h>

int64_t guard_allowance(const GuardLimit *limit, int64_t present)
{
        if (!limit->is_share)
                return limit->count;
        double rows = limit->share * (double)present;
        int64_t whole = (int64_t)rows;
        /* 7 % of 100 is 7.000000000000001 in binary: such dust is no row. */
        return rows - (double)whole > 1e-6 ? whole + 1 : whole;
}

GuardVerdict guard_judge(const GuardLimit *limit, int64_t present, int64_t listed, int64_t missing)
{
        if (missing == 0)
                return GUARD_OPEN;
        if (listed == 0)
                return GUARD_EMPTY_LIST;
        return missing > guard_allowance(limit, present) ? GUARD_TOO_MANY : GUARD_OPEN;
}

const char *guard_format_limit(const GuardLimit *limit, char out[GUARD_LIMIT_STRING_SIZE])
{
        if (limit->is_share)
                (void)snprintf(out, GUARD_LIMIT_STRING_SIZE, "%.4g%%", limit->share * 100);
        else
                (void)snprintf(out, GUARD_LIMIT_STRING_SIZE, "%" PRId64, limit->count);
        return out;
}
