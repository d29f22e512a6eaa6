/*
 * mirror: src/mirror as src/sync uses it, over the simulated database: tasks, claim, progress and
 * finish. As src/mirror/mirror.c and lease.c have them.
 */
#include "sim/mirror.h"
#include "sim/check.h"
#include "sim/event.h"
#include "sim/faults.h"
#include "sim/recorder.h"
#include <errno.h>
#include <stdlib.h>

/* ---- tasks ---------------------------------------------------------------------------------- */

int task_new(Mirror *m, const DbStatement *question, TaskCallback callback, void *userdata,
             MirrorTask **ret)
{
        Run *r = (Run *)m;
        *ret = NULL;
        int result = faults_before(sim_world, r);
        MirrorTask *t = result == 0 ? calloc(1, sizeof(*t)) : NULL;
        if (!t)
                return result > 0 ? 0 : -ENOMEM;
        t->owner = (TaskOwner){.run = r, .callback = callback, .userdata = userdata};
        t->question = *question;
        t->question.instance = r->instance;
        t->question.run = r;
        t->question.who = t;
        check_statement(sim_world, r, &t->question);
        r->n_tasks++;
        *ret = t;
        return 0;
}

void task_free(MirrorTask *t)
{
        Run *r = t->owner.run;
        r->n_tasks--;
        r->noting = r->noting && t->question.kind != DB_PROGRESS;
        free(t);
}

void task_send(MirrorTask *t)
{
        t->statement = database_send(sim_world, &t->question);
}

MirrorTask *mirror_cancel(MirrorTask *t)
{
        if (!t)
                return NULL;
        if (!t->statement) /* between two of a transaction: its connection is closed */
                database_abandon(sim_world, t->transaction);
        world_cancel(sim_world, &t->timer);
        t->statement = database_cancel(sim_world, t->statement);
        task_free(t);
        return NULL;
}

/* One that is one statement. */
static int task_start(Mirror *m, DbStatement question, TaskCallback callback, void *userdata,
                      MirrorTask **ret)
{
        int r = task_new(m, &question, callback, userdata, ret);
        if (!*ret)
                return r;
        task_send(*ret);
        faults_after(sim_world, (Run *)m);
        return 0;
}

/* The task is over; its callback is still to be called. One whose answer was lost may be repeated.
 */
static TaskOwner task_end(MirrorTask *t, const DbStatement *s, Fault *ret_fault)
{
        static const Fault none;
        TaskOwner owner = t->owner;
        *ret_fault = s->fault ? *s->fault : none;
        if (s->end == DB_UNKNOWN && s->fault)
                ret_fault->retryable = true;
        task_free(t);
        return owner;
}

/* ---- claim, progress, finish ---------------------------------------------------------------- */

static void on_claim(World *w, DbStatement *s, void *who)
{
        Fault fault;
        TaskOwner owner = task_end(who, s, &fault);
        if (fault.scope == FAULT_NONE && !s->claim.busy)
                record_claim(w, owner.run, &s->claim);
        owner.callback.claim(&s->claim, &fault, owner.userdata);
}

int mirror_claim(Mirror *m, const MirrorClaimRequest *request, MirrorClaimCallback callback,
                 void *userdata, MirrorTask **ret)
{
        const DbStatement question = {.kind = DB_CLAIM,
                                      .edge = truth_edge_of(&request->edge),
                                      .epoch = request->held_epoch,
                                      .refresh_wanted = request->refresh,
                                      .job_max_age_usec = request->job_max_age_usec,
                                      .done = on_claim};
        return task_start(m, question, (TaskCallback){.claim = callback}, userdata, ret);
}

static void on_progress(World *w, DbStatement *s, void *who)
{
        Fault fault;
        TaskOwner owner = task_end(who, s, &fault);
        record_noted(w, owner.run, &fault);
        owner.callback.plain(&fault, owner.userdata);
        check_job_noted(w, owner.run);
}

int mirror_progress(Mirror *m, const MirrorRun *run, const MirrorProgress *progress,
                    MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        const DbStatement question = {.kind = DB_PROGRESS,
                                      .edge = truth_edge_of(&run->edge),
                                      .epoch = run->epoch,
                                      .run_id = run->run_id,
                                      .progress = *progress,
                                      .done = on_progress};
        int r = task_start(m, question, (TaskCallback){.plain = callback}, userdata, ret);
        if (r < 0)
                record_noted(sim_world, (Run *)m, database_fault_unreachable());
        return r;
}

static void on_finish(World *w, DbStatement *s, void *who)
{
        Fault fault;
        TaskOwner owner = task_end(who, s, &fault);
        (void)w;
        owner.callback.plain(&fault, owner.userdata);
}

int mirror_finish(Mirror *m, const MirrorRun *run, const MirrorEnding *ending,
                  MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        const DbStatement question = {.kind = DB_FINISH,
                                      .edge = truth_edge_of(&run->edge),
                                      .epoch = run->epoch,
                                      .run_id = run->run_id,
                                      .ending = *ending,
                                      .done = on_finish};
        return task_start(m, question, (TaskCallback){.plain = callback}, userdata, ret);
}
