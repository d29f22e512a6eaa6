/*
 * registry: the edges of the configuration, made known to the database in one transaction, which begins by looking whether the schema is ours, and whether the
 * database belongs to our catalog.
 */
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include <errno.h>
#include <string.h>

/* Heartbeats of other edges wait for this transaction meanwhile, and an apply that it has met must not be what ends in a deadlock. */
#define LOCK_TIMEOUT_USEC (2 * USEC_PER_SEC)

enum { STEP_VERSION, STEP_LOCK, STEP_CATALOG_NEW, STEP_CATALOG, STEP_NAMES, STEP_EDGES, STEP_OTHERS, REGISTER_STEPS };

typedef struct RegisterTask {
        MirrorTask task;
        MirrorCallback callback;
        bool no_catalog; /* is registered yet */
        Params catalog, lock, names, edges, others;
        PgStep steps[REGISTER_STEPS];
} RegisterTask;

static void register_done(MirrorTask *task)
{
        RegisterTask *t = (RegisterTask *)task;
        params_done(&t->catalog);
        params_done(&t->lock);
        params_done(&t->names);
        params_done(&t->edges);
        params_done(&t->others);
}

static PgNext register_on_version(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)userdata;
        return schema_check(result_int(result, 0, 0), ret_fault) < 0 ? PG_ROLLBACK : PG_NEXT;
}

static PgNext register_on_catalog(const PGresult *result, void *userdata, Fault *ret_fault)
{
        RegisterTask *t = userdata;
        t->no_catalog = PQgetisnull(result, 0, 0) && t->task.mirror->catalog_url;
        return catalog_check(t->task.mirror, result, ret_fault) < 0 ? PG_ROLLBACK : PG_NEXT;
}

static bool register_no_catalog(void *userdata)
{
        return ((const RegisterTask *)userdata)->no_catalog;
}

static bool register_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        Fault copy = *fault;
        if (end == PG_END_UNKNOWN && copy.scope != FAULT_NONE)
                copy.retryable = true; /* registering twice says the same */
        ((RegisterTask *)task)->callback(&copy, task->userdata);
        return false;
}

static void params_edge_ids(Params *p, const MirrorEdge *edges, size_t n)
{
        ArrayText ids = {0};
        for (size_t i = 0; i < n; i++)
                array_add_uuid(&ids, &edges[i].id);
        params_array(p, &ids);
}

static void params_edge_names(Params *p, const MirrorEdge *edges, size_t n)
{
        ArrayText names = {0};
        for (size_t i = 0; i < n; i++)
                array_add(&names, edges[i].name);
        params_array(p, &names);
}

/* $1…$5: edges as they shall be. */
static void params_edges(Params *p, const MirrorEdge *edges, size_t n)
{
        ArrayText enabled = {0}, schedules = {0}, timezones = {0};
        for (size_t i = 0; i < n; i++) {
                array_add(&enabled, edges[i].enabled ? "t" : "f");
                array_add(&schedules, edges[i].schedule);
                array_add(&timezones, edges[i].timezone);
        }
        params_edge_ids(p, edges, n);
        params_edge_names(p, edges, n);
        params_array(p, &enabled);
        params_array(p, &schedules);
        params_array(p, &timezones);
}

static void params_moments(Params *p, const MirrorEdge *edges, size_t n)
{
        ArrayText moments = {0};
        for (size_t i = 0; i < n; i++)
                array_add_int(&moments, edges[i].next_run_usec);
        params_array(p, &moments);
}

static void register_steps(RegisterTask *t)
{
        t->steps[STEP_VERSION] = task_step(sql_schema_version, NULL, register_on_version);
        t->steps[STEP_LOCK] = task_step(sql_register_lock, &t->lock, register_on_catalog);
        /* Another may be quicker: what is there then decides. */
        t->steps[STEP_CATALOG_NEW] = task_step(sql_catalog_register, &t->catalog, NULL);
        t->steps[STEP_CATALOG] = task_step(sql_catalog, NULL, register_on_catalog);
        t->steps[STEP_CATALOG_NEW].wanted = t->steps[STEP_CATALOG].wanted = register_no_catalog;
        t->steps[STEP_NAMES] = task_step(sql_register_name, &t->names, NULL);
        t->steps[STEP_EDGES] = task_step(sql_register, &t->edges, NULL);
        t->steps[STEP_OTHERS] = task_step(sql_disable, &t->others, NULL);
}

int mirror_register(Mirror *m, const MirrorEdge *edges, size_t n_edges, bool whole, MirrorCallback callback,
                    void *userdata, MirrorTask **ret)
{
        RegisterTask *t = task_new(m, sizeof(*t), register_complete, register_done, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_text(&t->catalog, m->catalog_url);
        params_edge_ids(&t->names, edges, n_edges);
        params_edge_names(&t->names, edges, n_edges);
        params_edges(&t->lock, edges, n_edges);
        params_bool(&t->lock, whole);
        params_edges(&t->edges, edges, n_edges);
        params_moments(&t->edges, edges, n_edges);
        params_edge_ids(&t->others, edges, n_edges);
        t->edges.failed = t->edges.failed || t->catalog.failed || t->lock.failed || t->names.failed || t->others.failed;
        register_steps(t);
        bool looks = n_edges == 0 && !whole;
        if (looks)
                t->steps[1] = task_step(sql_catalog, NULL, register_on_catalog);
        PgWork work = {.steps = t->steps,
                       .n_steps = looks   ? 2
                                  : whole ? REGISTER_STEPS
                                          : STEP_OTHERS,
                       .transaction = true,
                       .lock_timeout_usec = LOCK_TIMEOUT_USEC};
        int r = task_start(&t->task, &work, &t->edges, 1);
        if (r >= 0)
                *ret = &t->task;
        return r;
}

bool mirror_is_locked(const Fault *fault)
{
        return strcmp(fault->code, "pg-lock-timeout") == 0 || strcmp(fault->code, "pg-serialization") == 0;
}
