#include "daemon/due.h"
#include "base/duration.h"

#define PAUSE_FIRST_USEC    USEC_PER_MINUTE
#define PAUSE_MOST_USEC     USEC_PER_HOUR
#define NO_RUN_FLOOR_USEC   (10 * USEC_PER_SEC)
#define NO_RUN_CEILING_USEC (30 * USEC_PER_SEC)

int64_t due_by_schedule(const ConfigEdge *edge, int64_t now_usec)
{
        int64_t next;
        uint64_t offset = schedule_spread_offset(edge->id.bytes, edge->spread_usec);
        /* Due for whoever knows its time zone; overdue when that is nobody. */
        if (!edge->zone)
                return now_usec;
        /* no schedule that was accepted ends */
        if (schedule_next(&edge->schedule, edge->zone, 0, offset, now_usec, &next) < 0)
                return now_usec + (int64_t)USEC_PER_DAY;
        return next;
}

/* As after so many of them, where the failure cannot be counted. */
enum { UNCOUNTED_FAILURES = 4 };

/* Doubles with each failure; drawn from its upper half, so that edges which failed together do not
 * come back together. */
static int64_t due_pause(int64_t failures, uint64_t random)
{
        uint64_t pause = PAUSE_FIRST_USEC;
        for (int64_t i = 1; i < failures && pause < PAUSE_MOST_USEC; i++)
                pause *= 2;
        if (pause > PAUSE_MOST_USEC)
                pause = PAUSE_MOST_USEC;
        return (int64_t)(pause / 2 + random % (pause / 2 + 1));
}

int64_t due_after_no_run(int64_t now_usec, uint64_t random)
{
        return now_usec +
               (int64_t)(NO_RUN_FLOOR_USEC + random % (NO_RUN_CEILING_USEC - NO_RUN_FLOOR_USEC));
}

static int64_t due_after_failure(const ConfigEdge *edge, const DueEnd *end, int64_t now_usec,
                                 uint64_t random)
{
        if (end->peer_away)
                return end->failures > 1 ? now_usec + due_pause(end->failures - 1, random)
                                         : now_usec;
        if (end->retryable)
                return now_usec + due_pause(end->failures, random);
        return due_by_schedule(edge, end->failures > 1
                                             ? now_usec + due_pause(end->failures - 1, random)
                                             : now_usec);
}

int64_t due_after_run(const ConfigEdge *edge, const DueEnd *end, int64_t now_usec, uint64_t random)
{
        if (end->aborted)
                return end->unrecorded ? due_after_no_run(now_usec, random) : end->next_run_usec;
        if (end->complete)
                return end->next_run_usec > now_usec ? end->next_run_usec
                                                     : due_by_schedule(edge, now_usec);
        int64_t due = due_after_failure(edge, end, now_usec, random);
        int64_t allowed = now_usec + (int64_t)end->retry_after_usec;
        if (end->unrecorded) {
                int64_t latest = now_usec + due_pause(UNCOUNTED_FAILURES, random);
                int64_t earliest = due_after_no_run(now_usec, random);
                due = due < latest ? due : latest;
                allowed = allowed > earliest ? allowed : earliest;
        }
        return due > allowed ? due : allowed;
}
