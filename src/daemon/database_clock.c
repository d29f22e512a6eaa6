#include "daemon/database_clock.h"
#include "base/clock.h"
#include "base/duration.h"
#include <time.h>

/* A clock that is set back by less shifts less than that. */
#define SLACK_USEC (30 * USEC_PER_SEC)

void database_clock_set(DatabaseClock *c, int64_t now_usec)
{
        *c = (DatabaseClock){.usec = now_usec, .at_usec = clock_monotonic_usec()};
}

bool database_clock_is_known(const DatabaseClock *c)
{
        return c->at_usec > 0;
}

int64_t database_clock_now(const DatabaseClock *c)
{
        if (!database_clock_is_known(c))
                return (int64_t)time(NULL) * (int64_t)USEC_PER_SEC;
        return c->usec + (int64_t)(clock_monotonic_usec() - c->at_usec);
}

uint64_t database_clock_lag(const DatabaseClock *c, int64_t now_usec)
{
        int64_t lag = database_clock_now(c) - now_usec;
        return database_clock_is_known(c) && lag > (int64_t)SLACK_USEC ? (uint64_t)lag : 0;
}
