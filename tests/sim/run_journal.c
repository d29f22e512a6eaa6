/*
 * run_journal: notes about a run and the renewal of its lease; follows src/sync/journal.c.
 */
#include "sim/cast.h"
#include "sim/run_private.h"
#include <string.h>

/* As in sync.c: an apply or a finish that waits for the journal looks at the lease itself. */
static void on_lease_lost(World *w, Run *r)
{
        if (r->postponed != SYNC_DO_NOTHING)
                run_journal_idle(w, r);
        else
                run_input(w, r, (SyncInput){.kind = SYNC_INPUT_LEASE_LOST}, NULL);
}

static void on_heartbeat(World *w, void *who, uint32_t detail);

/* The next note, at the latest. */
static void journal_arm(World *w, Run *r)
{
        uint64_t delay = w->settings.lease_usec / 3;
        if (r->note_failed)
                delay = backoff_next(&r->note_backoff, 0, world_random(w));
        else
                backoff_reset(&r->note_backoff);
        world_cancel(w, &r->heartbeat);
        r->heartbeat = world_after(w, r->instance, delay, on_heartbeat, r, 0);
}

static void on_written(World *w, DbStatement *s, void *who)
{
        Run *r = who;
        r->note = NULL;
        r->note_failed = s->fault != NULL;
        if (!s->fault)
                r->held_at = r->written_at;
        if (s->fault && strcmp(s->fault->code, "lease-lost") == 0) {
                COVER(w, lease_lost);
                r->journal_stopped = true;
                on_lease_lost(w, r);
                return;
        }
        if (!r->journal_stopped)
                journal_arm(w, r);
        if (r->journal_again && !r->journal_stopped && !r->note_failed)
                journal_write(w, r);
        else
                run_journal_idle(w, r);
}

void journal_write(World *w, Run *r)
{
        if (r->journal_stopped)
                return;
        if (r->note) {
                r->journal_again = true;
                return;
        }
        r->journal_again = false;
        r->written_at = w->now;
        r->job_url_new = r->job_url_new || (r->note_failed && r->job_url_going);
        DbStatement s = {.kind = DB_PROGRESS,
                         .instance = r->instance,
                         .edge = r->edge,
                         .epoch = r->epoch,
                         .run_id = r->run_id,
                         .progress = {.phase = r->machine.phase,
                                      .has_job = r->machine.has_job,
                                      .job = r->machine.job},
                         .job_url = r->job_url_new,
                         .run = r,
                         .done = on_written,
                         .who = r};
        r->job_url_going = r->job_url_new;
        r->job_url_new = false;
        r->note = database_send(w, &s);
}

static void on_heartbeat(World *w, void *who, uint32_t detail)
{
        Run *r = who;
        (void)detail;
        r->heartbeat = (WorldTimer){0};
        if (!r->note)
                journal_write(w, r);
}

void journal_start(World *w, Run *r)
{
        r->journal = true;
        r->held_at = r->claimed_at;
        r->note_backoff =
                (Backoff){.floor_usec = 500 * MSEC, .ceiling_usec = w->settings.lease_usec / 3};
        r->heartbeat = world_after(w, r->instance, w->settings.lease_usec / 3, on_heartbeat, r, 0);
}

void journal_stop(World *w, Run *r)
{
        r->journal_stopped = true;
        world_cancel(w, &r->heartbeat);
}
