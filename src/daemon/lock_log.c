#include "daemon/lock_log.h"
#include "base/clock.h"
#include "base/log.h"

#define BETWEEN_ATTEMPTS_USEC (OUTAGE_CEILING_USEC + 10 * USEC_PER_SEC)

bool lock_log(LockLog *l, const Fault *fault, uint64_t now_usec)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        bool was_held = l->outage.down;
        if (fault->code == CODE_PG_LOCK_WAIT) {
                l->seen_usec = now_usec;
                if (outage_failed(&l->outage, fault, now_usec, clock_random(), NULL))
                        log_event(LOG_LEVEL_WARNING, NULL,
                                  LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code))),
                                  "PostgreSQL: %s", fault->message);
        } else if (fault->scope == FAULT_NONE && now_usec - l->seen_usec >= BETWEEN_ATTEMPTS_USEC &&
                   outage_over(&l->outage, l->seen_usec, &lasted)) {
                log_info("PostgreSQL: no statement waits for a lock any more, after %s",
                         duration_format_short(lasted, text));
        }
        return l->outage.down != was_held;
}
