#include "daemon/lock_log.h"
#include "base/clock.h"
#include "base/log.h"

#define BETWEEN_ATTEMPTS_USEC (OUTAGE_CEILING_USEC + 10 * USEC_PER_SEC)

/* The transaction that held it is over, or nobody has waited for longer than one waits between two
 * attempts. */
static void lock_over(LockLog *l, uint64_t end_usec)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        if (outage_over(&l->outage, end_usec, &lasted))
                log_info("PostgreSQL: no statement waits for a lock any more, after %s",
                         duration_format_short(lasted, text));
        l->holder = (MirrorLockHolder){0};
}

static bool lock_wait(LockLog *l, const MirrorLockWait *wait, uint64_t now_usec)
{
        bool is_new = !l->outage.down;
        l->holder = wait->holder;
        l->seen_usec = now_usec;
        if (outage_failed(&l->outage, &wait->fault, now_usec, clock_random(), NULL))
                log_event(LOG_LEVEL_WARNING, NULL,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(wait->fault.code))),
                          "PostgreSQL: %s", wait->fault.message);
        return is_new;
}

bool lock_log(LockLog *l, const MirrorLockWait *wait, const Fault *fault, uint64_t now_usec)
{
        if (fault->scope != FAULT_NONE)
                return false;
        bool was_held = l->outage.down;
        if (was_held && l->holder.process > 0 && !wait->before_holds)
                lock_over(l, now_usec);
        if (wait->fault.scope != FAULT_NONE)
                return lock_wait(l, wait, now_usec);
        if (l->outage.down && now_usec - l->seen_usec >= BETWEEN_ATTEMPTS_USEC)
                lock_over(l, l->seen_usec);
        return l->outage.down != was_held;
}
