#include "daemon/lock_log.h"
#include "base/clock.h"
#include "base/log.h"
#include <string.h>

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

static bool lock_is_another(const MirrorLockHolder *a, const MirrorLockHolder *b)
{
        return a->process != b->process || strcmp(a->transaction, b->transaction) != 0;
}

/* Others may take turns holding it: that is one wait, and each of them is said once a minute at
 * most. */
static bool lock_wait(LockLog *l, const MirrorLockWait *wait, uint64_t now_usec)
{
        bool is_another = !l->outage.down || lock_is_another(&l->holder, &wait->holder);
        if (is_another && now_usec - l->said_usec >= USEC_PER_MINUTE)
                outage_log_next(&l->outage);
        l->holder = wait->holder;
        l->seen_usec = now_usec;
        if (outage_failed(&l->outage, &wait->fault, now_usec, clock_random(), NULL)) {
                l->said_usec = now_usec;
                log_event(LOG_LEVEL_WARNING, NULL,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(wait->fault.code))),
                          "PostgreSQL: %s", wait->fault.message);
        }
        return is_another;
}

bool lock_log(LockLog *l, const MirrorLockWait *wait, const Fault *fault, uint64_t now_usec)
{
        if (fault->scope != FAULT_NONE)
                return false;
        if (wait->fault.scope != FAULT_NONE)
                return lock_wait(l, wait, now_usec);
        bool was_held = l->outage.down, ended = l->holder.process > 0 && !wait->before_holds;
        if (was_held && ended)
                lock_over(l, now_usec);
        else if (was_held && now_usec - l->seen_usec >= BETWEEN_ATTEMPTS_USEC)
                lock_over(l, l->seen_usec);
        return l->outage.down != was_held;
}
