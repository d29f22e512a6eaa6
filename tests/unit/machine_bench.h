/*
 * machine_bench: the machine of a sync, and what is answered to it, for its tests.
 */
#pragma once

#include "mirror/apply.h"
#include "mirror/lease.h"
#include "sync/machine.h"

extern const Fault machine_no_fault;

/* A new one; and one as it is in that state. */
void machine_init(SyncMachine *m, bool refresh, bool dry_run);
void machine_at(SyncMachine *m, SyncState state);
/* A new one, from the start to when a list of two pages is to be applied; fails the test (cmocka)
 * where it does anything else on the way. */
void machine_live_until_apply(SyncMachine *m);

Uuid machine_number_id(unsigned number); /* of a row, of an edge */

/* Each gives the machine an answer, and returns what it does next. */
SyncAction machine_give(SyncMachine *m, SyncInput in);
SyncAction machine_give_claim(SyncMachine *m);
SyncAction machine_give_refresh(SyncMachine *m, int status, bool retryable);
SyncAction machine_give_job(SyncMachine *m, const char *state);
SyncAction machine_give_page(SyncMachine *m, unsigned first, unsigned n);
SyncAction machine_give_bad_page(SyncMachine *m);
SyncAction machine_give_timer(SyncMachine *m);
SyncAction machine_give_applied(SyncMachine *m, const MirrorApplied *applied);

/* The answer for a row: 404 in the catalog's own words, or with a row of that Edge connection, or
 * (NULL, not gone) 403. */
SyncAction machine_give_one(SyncMachine *m, unsigned slot, unsigned number, bool gone,
                            const Uuid *edge);

/* The row of the list that is asked for before all others is there; fails the test where another
 * one is asked for. */
void machine_give_control(SyncMachine *m);

/* A page of ten rows, or none but a fault that may pass, at this time. */
SyncAction machine_give_page_at(SyncMachine *m, uint64_t now_usec, bool good);
