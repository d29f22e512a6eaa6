/*
 * journal: writes where a run is, and renews its lease, one statement at a time.
 *
 * A note within a second of the last write waits until the second is over, or goes with what is
 * written before: a heartbeat, an urgent note, the apply or the end of the run. A change that comes
 * while a write is under way is written after it; nothing is queued beyond that, since only the
 * latest state is of interest. A write that fails is not an error of the run:
 * it is tried again, soon at first, by the next heartbeat at the latest. Only a lost lease is
 * reported.
 */
#pragma once

#include "mirror/lease.h"
#include <systemd/sd-event.h>

typedef struct Journal Journal;

typedef void (*JournalLeaseLost)(void *userdata);
typedef void (*JournalIdle)(void *userdata); /* no write is under way any more */

/* Fills in what is to be written now. Strings are borrowed during the call that asks. `again`: what
 * was given the last time was not written. */
typedef void (*JournalState)(MirrorProgress *ret, bool again, void *userdata);

/* claimed_usec: CLOCK_BOOTTIME, when the claim was sent. Heartbeats come three times in a lease. */
int journal_new(sd_event *event, Mirror *mirror, const MirrorRun *run, uint64_t lease_usec,
                uint64_t claimed_usec, JournalState state, JournalLeaseLost lost, JournalIdle idle,
                void *userdata, Journal **ret);
/* a write under way is forgotten; what it says may still come true */
Journal *journal_free(Journal *j);
DEFINE_CLEANUP(Journal, journal, journal_free)

/* urgent: what must not be lost with the process does not wait: the id of a job */
void journal_note(Journal *j, bool urgent);
void journal_stop(Journal *j); /* no more writes or heartbeats */
bool journal_busy(const Journal *j);

/* Whether the lease is certainly still ours: less than `lease_usec` has passed since the last write
 * that succeeded (or the claim) was sent. */
bool journal_lease_holds(const Journal *j);
