/*
 * journal: see the header. What always holds: at most one write is under way.
 */
#include "sync/journal.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/timer.h"
#include <errno.h>
#include <string.h>

struct Journal {
        Mirror *mirror;
        MirrorRun run;
        uint64_t lease_usec;
        uint64_t held_usec; /* CLOCK_BOOTTIME when the last write that renewed the lease was sent */
        uint64_t written_usec; /* when the write under way was sent */
        JournalState state;
        JournalLeaseLost lost;
        JournalIdle idle;
        void *userdata;
        MirrorTask *task;
        Timer heartbeat;
        bool again;  /* something changed while a write was under way */
        bool failed; /* the last write */
        Backoff backoff;
        bool stopped;
};

/* The next write, at the latest. */
static void journal_arm(Journal *j)
{
        uint64_t delay = j->lease_usec / 3;
        if (j->failed)
                delay = backoff_next(&j->backoff, 0, clock_random());
        else
                backoff_reset(&j->backoff);
        timer_restart(&j->heartbeat, delay);
}

static void journal_on_written(const Fault *fault, void *userdata)
{
        Journal *j = userdata;
        j->task = NULL;
        j->failed = fault->scope != FAULT_NONE;
        if (!j->failed)
                j->held_usec = j->written_usec;
        if (fault->code == CODE_LEASE_LOST) {
                j->stopped = true;
                j->lost(j->userdata);
                return;
        }
        if (!j->stopped)
                journal_arm(j);
        if (j->again && !j->stopped && !j->failed)
                journal_write(j);
        else
                j->idle(j->userdata);
}

void journal_write(Journal *j)
{
        if (j->stopped)
                return;
        if (j->task) {
                j->again = true;
                return;
        }
        j->again = false;
        MirrorProgress progress = {0};
        j->state(&progress, j->failed, j->userdata);
        j->written_usec = clock_boottime_usec();
        if (mirror_progress(j->mirror, &j->run, &progress, journal_on_written, j, &j->task) < 0) {
                j->failed = true;
                journal_arm(j);
        }
}

static void journal_on_heartbeat(void *userdata)
{
        Journal *j = userdata;
        if (!j->task)
                journal_write(j);
}

int journal_new(sd_event *event, Mirror *mirror, const MirrorRun *run, uint64_t lease_usec,
                uint64_t claimed_usec, JournalState state, JournalLeaseLost lost, JournalIdle idle,
                void *userdata, Journal **ret)
{
        _cleanup_(cleanup_journal) Journal *j = calloc(1, sizeof(*j));
        if (!j)
                return -ENOMEM;
        *j = (Journal){
                .mirror = mirror,
                .run = *run,
                .lease_usec = lease_usec,
                .held_usec = claimed_usec,
                .backoff = {.floor_usec = 500 * USEC_PER_MSEC, .ceiling_usec = lease_usec / 3},
                .state = state,
                .lost = lost,
                .idle = idle,
                .userdata = userdata,
        };
        int r = timer_start_kept(&j->heartbeat, event, lease_usec / 3, lease_usec / 30,
                                 journal_on_heartbeat, j);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(j);
        return 0;
}

Journal *journal_free(Journal *j)
{
        if (!j)
                return NULL;
        (void)mirror_cancel(j->task);
        timer_cancel(&j->heartbeat);
        free(j);
        return NULL;
}

void journal_stop(Journal *j)
{
        j->stopped = true;
        timer_cancel(&j->heartbeat);
}

bool journal_busy(const Journal *j)
{
        return j->task != NULL;
}

bool journal_lease_holds(const Journal *j)
{
        return clock_boottime_usec() - j->held_usec < j->lease_usec;
}
