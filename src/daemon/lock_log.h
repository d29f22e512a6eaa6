/*
 * lock_log: a statement of ours that waits for a lock in PostgreSQL is logged with who holds it,
 * once and again at growing intervals, and that none waits any more. Between two attempts of one
 * sync nobody waits, although the lock is held: that is over once nobody has waited for longer.
 */
#pragma once

#include "daemon/outage.h"

/* Zero-initialise. */
typedef struct LockLog {
        Outage outage; /* while that is down, a lock is held that a statement of ours wants */
        /* private */
        uint64_t seen_usec; /* monotonic: the last wait */
} LockLog;

/* Takes what mirror_lock_wait has found at this time (monotonic), or could not find out. True:
 * l->outage.down has changed. */
bool lock_log(LockLog *l, const Fault *fault, uint64_t now_usec);
