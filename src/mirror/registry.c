/*
 * registry: the edges of the configuration, made known to the database. Sets of a few hundred edges a statement, all in one transaction.
 */
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include <errno.h>

enum { EDGES_PER_STATEMENT = 500 };
#define LOCK_TIMEOUT_USEC (2 * USEC_PER_SEC) /* heartbeats of other edges wait for this transaction meanwhile */

typedef struct RegisterTask {
        MirrorTask task;
        MirrorCallback callback;
        size_t n_steps;
        Params *params; /* one per step */
        PgStep *steps;
} RegisterTask;

static void register_done(MirrorTask *task)
{
        RegisterTask *t = (RegisterTask *)task;
        for (size_t i = 0; t->params && i < t->n_steps; i++)
                params_done(&t->params[i]);
        free(t->params);
        free(t->steps);
}

static bool register_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        Fault copy = *fault;
        if (end == PG_END_UNKNOWN && copy.scope != FAULT_NONE)
                copy.retryable = true; /* registering twice says the same */
        ((RegisterTask *)task)->callback(&copy, task->userdata);
        return false;
}

static Params *register_step(RegisterTask *t, const char *sql)
{
        Params *p = &t->params[t->n_steps];
        t->steps[t->n_steps++] = (PgStep){.sql = sql};
        return p;
}

static void register_add(RegisterTask *t, const MirrorEdge *edges, size_t n)
{
        ArrayText ids = {0}, names = {0};
        Params *p = register_step(t, sql_register_name);
        for (size_t i = 0; i < n; i++) {
                array_add_uuid(&ids, &edges[i].id);
                array_add(&names, edges[i].name);
        }
        params_array(p, &ids);
        params_array(p, &names);

        ArrayText enabled = {0}, schedules = {0}, timezones = {0}, moments = {0};
        p = register_step(t, sql_register);
        for (size_t i = 0; i < n; i++) {
                array_add_uuid(&ids, &edges[i].id);
                array_add(&names, edges[i].name);
                array_add(&enabled, edges[i].enabled ? "t" : "f");
                array_add(&schedules, edges[i].schedule);
                array_add(&timezones, edges[i].timezone);
                array_add_int(&moments, edges[i].next_run_usec);
        }
        params_array(p, &ids);
        params_array(p, &names);
        params_array(p, &enabled);
        params_array(p, &schedules);
        params_array(p, &timezones);
        params_array(p, &moments);
}

static void register_disable_others(RegisterTask *t, const MirrorEdge *edges, size_t n)
{
        ArrayText ids = {0};
        Params *p = register_step(t, sql_disable);
        for (size_t i = 0; i < n; i++)
                array_add_uuid(&ids, &edges[i].id);
        params_array(p, &ids);
}

int mirror_register(Mirror *m, const MirrorEdge *edges, size_t n_edges, bool whole, MirrorCallback callback,
                    void *userdata, MirrorTask **ret)
{
        size_t most = 2 * (n_edges / EDGES_PER_STATEMENT + 1) + 1;
        if (n_edges == 0 && !whole)
                return -EINVAL;
        RegisterTask *t = task_new(m, sizeof(*t), register_complete, register_done, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->params = calloc(most, sizeof(*t->params));
        t->steps = calloc(most, sizeof(*t->steps));
        if (!t->params || !t->steps) {
                (void)mirror_cancel(&t->task);
                return -ENOMEM;
        }
        for (size_t i = 0; i < n_edges; i += EDGES_PER_STATEMENT)
                register_add(t, edges + i, n_edges - i < EDGES_PER_STATEMENT ? n_edges - i : EDGES_PER_STATEMENT);
        if (whole)
                register_disable_others(t, edges, n_edges);
        for (size_t i = 0; i < t->n_steps; i++)
                t->steps[i] = task_step(t->steps[i].sql, &t->params[i], NULL);
        PgWork work = {
                .steps = t->steps, .n_steps = t->n_steps, .transaction = true, .lock_timeout_usec = LOCK_TIMEOUT_USEC};
        int r = task_start(&t->task, &work, t->params, t->n_steps);
        if (r >= 0)
                *ret = &t->task;
        return r;
}
