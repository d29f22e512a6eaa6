/*
 * prune: history and runs that have been kept long enough, one small batch at a time, so that a
 * sync never waits for it.
 */
#include "mirror/prune.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>

typedef struct PruneTask {
        MirrorTask task;
        MirrorPruneCallback callback;
        unsigned batch;
        /* for ever: its table is not read or written, and no privilege on it is needed */
        bool keeps_history;
        PgStep steps[2];
        MirrorPruned pruned;
} PruneTask;

static bool prune_wants_history(void *userdata)
{
        return !((const PruneTask *)userdata)->keeps_history;
}

static PgNext prune_on_history(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ((PruneTask *)userdata)->pruned.versions = result_int(result, 0, 0);
        return PG_NEXT;
}

static PgNext prune_on_runs(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ((PruneTask *)userdata)->pruned.runs = result_int(result, 0, 0);
        return PG_NEXT;
}

static bool prune_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        PruneTask *t = (PruneTask *)task;
        if (end != PG_END_DONE)
                t->pruned = (MirrorPruned){0};
        t->pruned.more = t->pruned.versions >= t->batch || t->pruned.runs >= t->batch;
        t->callback(&t->pruned, fault, task->userdata);
        return false;
}

static void params_keep(Params *p, uint64_t keep_usec, unsigned batch)
{
        if (keep_usec == USEC_FOREVER)
                params_text(p, NULL);
        else
                params_usec(p, keep_usec / USEC_PER_SEC * USEC_PER_SEC);
        params_int(p, batch);
}

int mirror_prune(Mirror *m, const MirrorRetention *retention, unsigned batch,
                 MirrorPruneCallback callback, void *userdata, MirrorTask **ret)
{
        if (batch == 0)
                return -EINVAL;
        PruneTask *t = task_new(m, sizeof(*t), prune_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->batch = batch;
        Params *history = &t->task.params[0], *runs = &t->task.params[1];
        params_keep(history, retention->history_keep_usec, batch);
        params_keep(runs, retention->run_keep_usec, batch);
        t->keeps_history = retention->history_keep_usec == USEC_FOREVER;
        t->steps[0] =
                task_wanted_step(prune_wants_history, sql_prune_history, history, prune_on_history);
        t->steps[1] = task_step(sql_prune_runs, runs, prune_on_runs);
        const PgWork work = {.phase = "prune"};
        return task_start_transaction(&t->task, &work, t->steps, 2, ret);
}
