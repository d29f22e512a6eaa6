/*
 * mirror: mirror.h as src/sync uses it, over the simulated database: tasks, claim, progress and
 * finish. As src/mirror/task.c and lease.c have them.
 */
#include "sim/mirror.h"
#include "sim/check.h"
#include "sim/event.h"
#include "sim/faults.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- tasks ---------------------------------------------------------------------------------- */

int task_new(Mirror *m, void *userdata, MirrorTask **ret)
{
        Run *r = (Run *)m;
        *ret = NULL;
        int result = faults_before(sim_world, r);
        if (result != 0)
                return result < 0 ? result : 0;
        MirrorTask *t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->run = r;
        t->userdata = userdata;
        r->n_tasks++;
        *ret = t;
        return 0;
}

void task_free(MirrorTask *t)
{
        t->run->n_tasks--;
        free(t->model);
        free(t);
}

void task_send(MirrorTask *t, const DbStatement *s)
{
        t->statement = database_send(sim_world, s);
}

MirrorTask *mirror_cancel(MirrorTask *t)
{
        if (!t)
                return NULL;
        /* Between two statements of a transaction its connection is closed. */
        if (!t->statement)
                database_abandon(sim_world, t->transaction);
        world_cancel(sim_world, &t->timer);
        t->statement = database_cancel(sim_world, t->statement);
        t->run->noting = t->run->noting && !t->is_note;
        task_free(t);
        return NULL;
}

static int task_start(MirrorTask *t, DbStatement s)
{
        Run *r = t->run;
        s.instance = r->instance;
        s.run = r;
        s.who = t;
        task_send(t, &s);
        faults_after(sim_world, r);
        return 0;
}

/* One whose answer was lost may be repeated. Releases the task. */
static Fault task_end(MirrorTask *t, const DbStatement *s)
{
        static const Fault none;
        Fault fault = s->fault ? *s->fault : none;
        if (s->end == DB_UNKNOWN && s->fault)
                fault.retryable = true;
        task_free(t);
        return fault;
}

/* ---- claim ---------------------------------------------------------------------------------- */

static void on_claim(World *w, DbStatement *s, void *who)
{
        MirrorTask task = *(MirrorTask *)who;
        Run *r = task.run;
        Fault fault = task_end(who, s);
        if (fault.scope == FAULT_NONE && !s->claim.busy) {
                r->run_id = s->claim.run_id;
                r->epoch = s->claim.epoch;
                r->resumed = s->claim.resumes;
                r->noted_phase = r->resumed        ? SYNC_PHASE_POLL
                                 : r->plan.refresh ? SYNC_PHASE_REFRESH
                                                   : SYNC_PHASE_LIST;
                r->noted_at = w->now;
        }
        task.callback.claim(&s->claim, &fault, task.userdata);
}

int mirror_claim(Mirror *m, const MirrorClaimRequest *request, MirrorClaimCallback callback,
                 void *userdata, MirrorTask **ret)
{
        int r = task_new(m, userdata, ret);
        if (!*ret)
                return r;
        (*ret)->callback.claim = callback;
        return task_start(*ret, (DbStatement){.kind = DB_CLAIM,
                                              .edge = truth_edge_of(&request->edge),
                                              .epoch = request->held_epoch,
                                              .refresh_wanted = request->refresh,
                                              .job_max_age_usec = request->job_max_age_usec,
                                              .done = on_claim});
}

/* ---- progress ------------------------------------------------------------------------------- */

static void on_progress(World *w, DbStatement *s, void *who)
{
        MirrorTask task = *(MirrorTask *)who;
        Run *r = task.run;
        Fault fault = task_end(who, s);
        r->noting = false;
        r->noted_at = w->now;
        r->note_failed = r->note_failed || s->fault;
        r->lease_lost = r->lease_lost || fault.code == CODE_LEASE_LOST;
        COVER_MANY(w, lease_lost, r->lease_lost);
        task.callback.plain(&fault, task.userdata);
}

int mirror_progress(Mirror *m, const MirrorRun *run, const MirrorProgress *progress,
                    MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        Run *noted = (Run *)m;
        int r = task_new(m, userdata, ret);
        noted->note_failed = noted->note_failed || r < 0;
        noted->noted_at = sim_world->now;
        if (!*ret)
                return r;
        check_note(sim_world, noted, progress);
        (*ret)->callback.plain = callback;
        (*ret)->is_note = true;
        return task_start(*ret, (DbStatement){.kind = DB_PROGRESS,
                                              .edge = truth_edge_of(&run->edge),
                                              .epoch = run->epoch,
                                              .run_id = run->run_id,
                                              .progress = *progress,
                                              .done = on_progress});
}

/* ---- finish --------------------------------------------------------------------------------- */

static void on_finish(World *w, DbStatement *s, void *who)
{
        MirrorTask task = *(MirrorTask *)who;
        Fault fault = task_end(who, s);
        (void)w;
        task.callback.plain(&fault, task.userdata);
}

int mirror_finish(Mirror *m, const MirrorRun *run, const MirrorEnding *ending,
                  MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        int r = task_new(m, userdata, ret);
        ((Run *)m)->ending = true;
        if (!*ret)
                return r;
        check_ending(sim_world, (*ret)->run, NULL);
        (*ret)->callback.plain = callback;
        return task_start(*ret, (DbStatement){.kind = DB_FINISH,
                                              .edge = truth_edge_of(&run->edge),
                                              .epoch = run->epoch,
                                              .run_id = run->run_id,
                                              .ending = *ending,
                                              .done = on_finish});
}
