#include "daemon/lock_log.h"
#include "base/clock.h"
#include "base/log.h"

bool lock_log(Outage *lock, const Fault *fault)
{
        uint64_t now = clock_monotonic_usec(), lasted;
        char text[DURATION_STRING_SIZE];
        bool waited = lock->down;
        if (fault->code == CODE_PG_LOCK_WAIT) {
                if (outage_failed(lock, fault, now, clock_random(), NULL))
                        log_event(LOG_LEVEL_WARNING, NULL,
                                  LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code))),
                                  "PostgreSQL: %s", fault->message);
        } else if (fault->scope == FAULT_NONE && outage_over(lock, now, &lasted)) {
                log_info("PostgreSQL: no statement waits for a lock any more, after %s",
                         duration_format_short(lasted, text));
        }
        return lock->down != waited;
}
