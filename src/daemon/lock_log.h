/*
 * lock_log: a statement of ours that waits for a lock in PostgreSQL is logged with who holds it,
 * once and again at growing intervals, and that none waits any more. Between two attempts of one
 * sync nobody waits, although the lock is held: that is over once the transaction that held it is,
 * or nobody has waited for longer.
 */
#pragma once

#include "daemon/outage.h"
#include "mirror/lock_wait.h"

/* Zero-initialise. */
typedef struct LockLog {
        Outage outage; /* while that is down, a lock is held that a statement of ours wants */
        /* private */
        MirrorLockHolder holder; /* to be asked about */
        uint64_t seen_usec;      /* monotonic: the last wait … */
        uint64_t said_usec;      /* … and the last line in the log of one */
} LockLog;

/* Takes what mirror_lock_wait has found at this time (monotonic), having been asked about
 * l->holder, or the fault by which it could not. True: l->outage.down has changed, or who holds the
 * lock. */
bool lock_log(LockLog *l, const MirrorLockWait *wait, const Fault *fault, uint64_t now_usec);
