/*
 * lock_wait: does a statement of this role wait for a lock, and who holds it? And did one wait in
 * vain?
 */
#pragma once

#include "mirror/mirror.h"

/* Whether a fault means that somebody else holds what a statement wants, and nothing else. */
bool mirror_is_locked(const Fault *fault);

/* Who holds a lock, as long as it has this transaction. */
typedef struct MirrorLockHolder {
        int64_t process;      /* 0: not known, as of a prepared transaction */
        char transaction[32]; /* virtual */
} MirrorLockHolder;

typedef struct MirrorLockWait {
        /* code "pg-lock-wait": a statement of this role has waited for a lock for some seconds; the
         * message tells for what, and who holds it. FAULT_NONE: none has */
        Fault fault;
        MirrorLockHolder holder;
        bool before_holds; /* who was asked about has that transaction still */
} MirrorLockWait;

typedef void (*MirrorLockCallback)(const MirrorLockWait *wait, const Fault *fault, void *userdata);

/* One statement. before: who held a lock when it was asked the last time; NULL, or all zero:
 * nobody. */
int mirror_lock_wait(Mirror *m, const MirrorLockHolder *before, MirrorLockCallback callback,
                     void *userdata, MirrorTask **ret);
