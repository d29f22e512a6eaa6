/*
 * lock_wait_private: the answer to sql_lock_wait, for the check that asks it, too.
 */
#pragma once

#include "mirror/lock_wait.h"
#include <libpq-fe.h>

/* Of the result of sql_lock_wait: "pg-lock-wait", or scope FAULT_NONE when nobody waits. */
void lock_wait_fault(const PGresult *result, Fault *ret);
