/*
 * due: when an edge is due next.
 *
 * Pure. Times are microseconds since 1970 by PostgreSQL's clock. An edge's next tick is written
 * into the queue when a run begins, so that a process that dies shifts nothing. At the end of a run
 * that time is only changed where it has to be:
 *
 *   - a tick that passed while the run was under way is not made up for: the next one counts (as
 * with a timer of systemd whose service still runs);
 *   - a run that failed for a reason that may pass (retryable: timeouts, 5xx) is tried again after
 * a pause, from a minute growing to an hour, instead of at the next tick: a daily edge does not
 * lose a day, an edge of every minute does not retry without end;
 *   - a run that failed for a reason of its own (an unknown id, a malformed list) waits for its
 * next tick, and as it goes on failing for the first one after such a pause;
 *   - a run that failed because the catalog or PostgreSQL as a whole was away, or seems to be, is
 * due as soon as that is back; when that happens to it again and again, though they answer
 * otherwise (a privilege that only the apply needs), after such a pause;
 *   - whom the catalog tells when it wants to be asked again (Retry-After) is not due before;
 *   - a run that could not even begin, or whose end could not be recorded, is tried again after a
 * pause, of some minutes at most: it has left no failure that could be counted.
 */
#pragma once

#include "config/config.h"
#include <stdint.h>

/* The next tick after `now_usec`, the edge's spread included. */
int64_t due_by_schedule(const ConfigEdge *edge, int64_t now_usec);

typedef struct DueEnd {
        bool complete; /* the whole list was applied: the run ended synced or held */
        /* stopped, or its lease was lost: who records that, or holds it now, sets the due time */
        bool aborted;
        /* it failed because the catalog or PostgreSQL as a whole is away, or seems to be */
        bool peer_away;
        bool retryable;            /* … for a reason that may pass */
        uint64_t retry_after_usec; /* and not before, says the catalog; 0: it does not say */
        bool unrecorded;           /* its end could not be recorded */
        int64_t failures;          /* consecutive ones of this edge, this run included */
        int64_t next_run_usec;     /* what is in the queue */
} DueEnd;

/* The due time that the queue should hold after the run; end->next_run_usec: leave it. */
int64_t due_after_run(const ConfigEdge *edge, const DueEnd *end, int64_t now_usec, uint64_t random);

/* The same for a lease that goes back because its run could not begin. */
int64_t due_after_no_run(int64_t now_usec, uint64_t random);
