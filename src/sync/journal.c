/*
 * journal: see the header. What always holds: at most one write is under way, and the timer is
 * armed for the next one.
 */
#include "sync/journal.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/timer.h"
#include <errno.h>
#include <string.h>

#define NOTE_WAITS_USEC USEC_PER_SEC

struct Journal {
        Mirror *mirror;
        MirrorRun run;
        uint64_t lease_usec;
        uint64_t held_usec; /* CLOCK_BOOTTIME when the last write that renewed the lease was sent */
        uint64_t written_usec; /* when the last write, or the claim, was sent */
        JournalState state;
        JournalLeaseLost lost;
        JournalIdle idle;
        void *userdata;
        MirrorTask *task;
        Timer heartbeat;
        bool again;  /* something changed while a write was under way */
        bool urgent; /* … that does not wait */
        bool failed; /* the last write */
        Backoff backoff;
        bool stopped;
};

/* Of a short lease less, for it has to be renewed. */
static uint64_t journal_note_waits(const Journal *j)
{
        return j->lease_usec / 3 < NOTE_WAITS_USEC ? j->lease_usec / 3 : NOTE_WAITS_USEC;
}

/* The next write, at the latest. */
static void journal_arm(Journal *j)
{
        uint64_t delay = j->lease_usec / 3;
        if (j->failed)
                delay = backoff_next(&j->backoff, clock_random());
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
                journal_note(j, j->urgent);
        if (!j->task)
                j->idle(j->userdata);
}

static void journal_write(Journal *j)
{
        j->again = j->urgent = false;
        MirrorProgress progress = {0};
        j->state(&progress, j->failed, j->userdata);
        j->written_usec = clock_boottime_usec();
        if (mirror_progress(j->mirror, &j->run, &progress, journal_on_written, j, &j->task) < 0) {
                j->failed = true;
                journal_arm(j);
        }
}

void journal_note(Journal *j, bool urgent)
{
        uint64_t since = clock_boottime_usec() - j->written_usec, waits = journal_note_waits(j);
        if (j->stopped)
                return;
        if (j->task) {
                j->again = true;
                j->urgent = j->urgent || urgent;
        } else if (urgent || since >= waits) {
                journal_write(j);
        } else {
                timer_restart(&j->heartbeat, waits - since);
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
                .written_usec = claimed_usec,
                .backoff = {.floor_usec = 500 * USEC_PER_MSEC, .ceiling_usec = lease_usec / 3},
                .state = state,
                .lost = lost,
                .idle = idle,
                .userdata = userdata,
        };
        int r = timer_start_kept(&j->heartbeat, event, lease_usec / 3, journal_note_waits(j) / 5,
                                 journal_on_heartbeat, j);
        if (r < 0)
                return r;
        *ret = TAKE(j);
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
