/*
 * lock_log: a statement of ours that waits for a lock in PostgreSQL is logged with who holds it,
 * once and again at growing intervals, and that none waits any more.
 */
#pragma once

#include "daemon/outage.h"

/* Takes what mirror_lock_wait has found, or could not find out; `lock` is down while a statement
 * waits. True: that has changed. */
bool lock_log(Outage *lock, const Fault *fault);
