/*
 * machine_fault: what a run has come to when something went wrong, and the words for it. Part of
 * the machine.
 */
#pragma once

#include "sync/machine.h"

/* The apply is under way, the first or the second. */
bool machine_applying(const SyncMachine *m);
/* The outcome is final. */
bool machine_decided(const SyncMachine *m);

/* Keeps the fault, if it is the first. The run goes on. */
void machine_record_fault(SyncMachine *m, const Fault *fault);
/* Whether rows of the list keep it from being whole; records why. */
bool machine_rejects_list(SyncMachine *m);

/* Ends the run by it, unless that is decided; gives the event that does. */
SyncEvent machine_fail(SyncMachine *m, const Fault *fault);

/* The claim found somebody else at the edge. */
void machine_busy(SyncMachine *m, const MirrorClaim *claim);

/* Whether an answer asks for a longer pause than is waited for; *ret says so then. */
bool machine_put_off(const SyncMachine *m, const CatalogAnswer *a, Fault *ret);
