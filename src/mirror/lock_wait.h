/*
 * lock_wait: does a statement of this role wait for a lock, and who holds it?
 */
#pragma once

#include "mirror/mirror.h"

/* One statement: fault code "pg-lock-wait" when a statement of this role has waited for a lock for
 * some seconds; its message tells for what, and who holds it. */
int mirror_lock_wait(Mirror *m, MirrorCallback callback, void *userdata, MirrorTask **ret);
