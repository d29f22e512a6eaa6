/*
 * machine_removals: what becomes of rows that the list does not hold: the guard, and the proof of
 * each. Part of the machine.
 */
#pragma once

#include "sync/machine.h"

/* The apply has found such rows, and applied nothing for that reason. */
SyncEvent machine_on_missing(SyncMachine *m, const MirrorApplied *a);

/* An answer to a request of the proof; a slot of it that has waited. */
SyncEvent machine_on_one(SyncMachine *m, const SyncInput *in);
SyncEvent machine_on_wake(SyncMachine *m, const SyncInput *in);
