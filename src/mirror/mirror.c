/*
 * mirror: one database's mirror, and the life of a piece of work on it.
 *
 * What always holds: a task is on its mirror's list from task_new until its callback runs or it is
 * cancelled; it owns its PgTask and its timer.
 */
#include "mirror/mirror.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int mirror_new(PgPool *pool, const char *instance, uint64_t lease_usec, Mirror **ret)
{
        Mirror *m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->pool = pool;
        LIST_INIT(&m->tasks);
        m->instance = instance;
        (void)snprintf(m->lease, sizeof(m->lease), "%llu milliseconds",
                       (unsigned long long)(lease_usec / USEC_PER_MSEC));
        *ret = m;
        return 0;
}

void mirror_set_catalog(Mirror *m, const char *url)
{
        m->catalog_url = url;
}

int mirror_schema_version(void)
{
        return sql_migrations[sql_n_migrations - 1].number;
}

Mirror *mirror_free(Mirror *m)
{
        if (!m)
                return NULL;
        while (!LIST_EMPTY(&m->tasks))
                (void)mirror_cancel(LIST_FIRST(&m->tasks));
        free(m);
        return NULL;
}

/* ---- tasks ---------------------------------------------------------------------------------- */

static void task_free(MirrorTask *task)
{
        if (!task->ending)
                LIST_REMOVE(task, entry);
        (void)pg_cancel(task->pg);
        timer_cancel(&task->timer);
        if (task->done)
                task->done(task);
        for (size_t i = 0; i < TASK_PARAMS_MAX; i++)
                params_done(&task->params[i]);
        free(task);
}

MirrorTask *mirror_cancel(MirrorTask *task)
{
        if (task)
                task_free(task);
        return NULL;
}

void *task_new(Mirror *m, size_t size, TaskComplete complete, void *userdata)
{
        MirrorTask *task = calloc(1, size);
        if (!task)
                return NULL;
        task->mirror = m;
        task->complete = complete;
        task->userdata = userdata;
        LIST_INSERT_HEAD(&m->tasks, task, entry);
        return task;
}

void task_finish(MirrorTask *task, PgEnd end, const Fault *fault)
{
        /* The callback may free the mirror, so the task leaves the list first; a task that goes on
         * comes back. */
        LIST_REMOVE(task, entry);
        task->ending = true;
        if (!task->complete(task, end, fault)) {
                task_free(task);
                return;
        }
        task->ending = false;
        LIST_INSERT_HEAD(&task->mirror->tasks, task, entry);
}

bool task_report(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        task->plain(fault, task->userdata);
        return false;
}

static void task_on_end(PgEnd end, const Fault *fault, void *userdata)
{
        MirrorTask *task = userdata;
        Fault copy = *fault;
        copy.retryable = copy.retryable ||
                         (task->repeatable && end == PG_END_UNKNOWN && copy.scope != FAULT_NONE);
        task->pg = NULL;
        task_finish(task, end, &copy);
}

int task_continue(MirrorTask *task, const PgWork *work)
{
        for (size_t i = 0; i < TASK_PARAMS_MAX; i++)
                if (task->params[i].failed)
                        return -ENOMEM;
        return pg_start(task->mirror->pool, work, task_on_end, task, &task->pg);
}

int task_started(MirrorTask *task, int r, MirrorTask **ret)
{
        if (r < 0)
                task_free(task);
        else if (ret)
                *ret = task;
        return r;
}

int task_start(MirrorTask *task, const PgWork *work, MirrorTask **ret)
{
        return task_started(task, task_continue(task, work), ret);
}

int task_start_transaction(MirrorTask *task, const PgWork *work, const PgStep *steps,
                           size_t n_steps, MirrorTask **ret)
{
        PgWork whole = *work;
        whole.steps = steps;
        whole.n_steps = n_steps;
        whole.transaction = true;
        return task_start(task, &whole, ret);
}

int task_start_statement(MirrorTask *task, const char *phase, const char *sql,
                         PgStepResult on_result, MirrorTask **ret)
{
        PgWork work = {.steps = &task->step, .n_steps = 1, .phase = phase};
        task->step = task_step(sql, task->params, on_result);
        task->step.prepared = true;
        return task_start(task, &work, ret);
}

int task_wait(MirrorTask *task, uint64_t delay_usec, TimerHandler fire)
{
        return timer_start(&task->timer, pg_pool_event(task->mirror->pool), delay_usec,
                           USEC_PER_MSEC, fire, task);
}
