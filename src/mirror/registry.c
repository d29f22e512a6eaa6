/*
 * registry: the edges of the configuration, made known to the database in one transaction, which
 * begins by looking whether the schema is ours, and whether the database belongs to our catalog.
 */
#include "mirror/registry.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>
#include <string.h>

/* Heartbeats of other edges wait for this transaction meanwhile, and an apply that it has met must
 * not be what ends in a deadlock. */
#define LOCK_TIMEOUT_USEC (2 * USEC_PER_SEC)

enum {
        STEP_VERSION,
        STEP_CATALOG,
        STEP_CATALOG_NEW,
        STEP_CATALOG_AGAIN,
        STEP_LOCK,
        STEP_INSTANCES,
        STEP_INSTANCE,
        STEP_NAMES,
        STEP_EDGES,
        STEP_OTHERS,
        REGISTER_STEPS
};

enum { PARAMS_CATALOG, PARAMS_LOCK, PARAMS_INSTANCE, PARAMS_NAMES, PARAMS_EDGES, PARAMS_OTHERS };

typedef struct RegisterTask {
        MirrorTask task;
        MirrorRegisterCallback callback;
        bool is_ours;
        bool service;    /* it is the service that registers */
        bool has_others; /* edges are enabled that are not among these */
        bool no_catalog; /* is registered yet */
        PgStep steps[REGISTER_STEPS];
} RegisterTask;

static PgNext register_on_catalog(const PGresult *result, void *userdata, Fault *ret_fault)
{
        RegisterTask *t = userdata;
        t->no_catalog = PQgetisnull(result, 0, 0) && t->task.mirror->catalog_url;
        if (catalog_check(t->task.mirror, result, ret_fault) < 0)
                return PG_ROLLBACK;
        return PG_NEXT;
}

static PgNext register_on_first(const PGresult *result, void *userdata, Fault *ret_fault)
{
        RegisterTask *t = userdata;
        PgNext next = register_on_catalog(result, userdata, ret_fault);
        /* one that this transaction writes goes with it */
        t->is_ours = next == PG_NEXT && !t->no_catalog;
        return next;
}

/* The first change would need it, which may be weeks away. */
static PgNext register_on_version(const PGresult *result, void *userdata, Fault *ret_fault)
{
        const char *grant = result_text(result, 0, 2);
        PgNext next = trust_on_version(result, userdata, ret_fault);
        if (next != PG_NEXT || !grant)
                return next;
        fault_set(ret_fault, FAULT_PEER, EACCES, CODE_PG_PRIVILEGE,
                  "this role may not make temporary tables, which every change of the mirror "
                  "needs; an administrator runs: %s",
                  grant);
        ret_fault->refused = true;
        return PG_ROLLBACK;
}

static PgNext register_on_lock(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        RegisterTask *t = userdata;
        t->has_others = t->service || result_bool(result, 0, 1);
        return PG_NEXT;
}

static bool register_no_catalog(void *userdata)
{
        return ((const RegisterTask *)userdata)->no_catalog;
}

static bool register_is_service(void *userdata)
{
        return ((const RegisterTask *)userdata)->service;
}

static bool register_has_others(void *userdata)
{
        return ((const RegisterTask *)userdata)->has_others;
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

/* $1…$7: edges as they shall be. */
static void params_edges(Params *p, const MirrorEdge *edges, size_t n)
{
        ArrayText enabled = {0}, schedules = {0}, timezones = {0}, origins = {0},
                  catalog_names = {0};
        for (size_t i = 0; i < n; i++) {
                array_add(&enabled, edges[i].enabled ? "t" : "f");
                array_add(&schedules, edges[i].schedule);
                array_add(&timezones, edges[i].timezone);
                array_add(&origins, edges[i].discovered ? "discovered" : "configured");
                array_add(&catalog_names, edges[i].catalog_name);
        }
        params_edge_ids(p, edges, n);
        params_edge_names(p, edges, n);
        params_array(p, &enabled);
        params_array(p, &schedules);
        params_array(p, &timezones);
        params_array(p, &origins);
        params_array(p, &catalog_names);
}

static void params_due(Params *p, const MirrorEdge *edges, size_t n)
{
        ArrayText due = {0};
        for (size_t i = 0; i < n; i++)
                array_add_int(&due, edges[i].next_run_usec);
        params_array(p, &due);
}

/* $1…$5: what the instance is, and the edges that it wants. */
static void params_instance(Params *p, const Mirror *m, const MirrorInstance *service,
                            const MirrorEdge *edges, size_t n)
{
        ArrayText wanted = {0};
        for (size_t i = 0; i < n; i++)
                if (edges[i].enabled)
                        array_add_uuid(&wanted, &edges[i].id);
        params_uuid(p, &service->id);
        params_text(p, m->instance);
        params_text(p, service->version);
        params_text(p, m->lease);
        params_array(p, &wanted);
}

static void params_service(Params *p, const MirrorInstance *service)
{
        char id[UUID_STRING_SIZE];
        params_text(p, service ? uuid_format(&service->id, id) : NULL);
}

static void register_fill(RegisterTask *t, const MirrorEdge *edges, size_t n,
                          const MirrorInstance *service)
{
        Params *p = t->task.params;
        t->service = service != NULL;
        params_text(&p[PARAMS_CATALOG], t->task.mirror->catalog_url);
        params_edges(&p[PARAMS_LOCK], edges, n);
        params_service(&p[PARAMS_LOCK], service);
        if (service)
                params_instance(&p[PARAMS_INSTANCE], t->task.mirror, service, edges, n);
        params_edge_ids(&p[PARAMS_NAMES], edges, n);
        params_edge_names(&p[PARAMS_NAMES], edges, n);
        params_service(&p[PARAMS_NAMES], service);
        params_edges(&p[PARAMS_EDGES], edges, n);
        params_due(&p[PARAMS_EDGES], edges, n);
        params_service(&p[PARAMS_EDGES], service);
        params_edge_ids(&p[PARAMS_OTHERS], edges, n);
        params_service(&p[PARAMS_OTHERS], service);
}

/* Whose the database is comes before all that may have to wait. The edges are locked before the
 * other instances: that may take a while, and their signs of life need not wait for it. */
static void register_steps(RegisterTask *t)
{
        const Params *p = t->task.params;
        t->steps[STEP_VERSION] = task_step(sql_schema_version, NULL, register_on_version);
        t->steps[STEP_CATALOG] = task_step(sql_catalog, NULL, register_on_first);
        /* Another instance may be first: what is there then decides. */
        t->steps[STEP_CATALOG_NEW] = task_step(sql_catalog_register, &p[PARAMS_CATALOG], NULL);
        t->steps[STEP_CATALOG_AGAIN] = task_step(sql_catalog, NULL, register_on_catalog);
        t->steps[STEP_CATALOG_NEW].wanted = t->steps[STEP_CATALOG_AGAIN].wanted =
                register_no_catalog;
        t->steps[STEP_LOCK] = task_step(sql_register_lock, &p[PARAMS_LOCK], register_on_lock);
        t->steps[STEP_INSTANCES] = task_step(sql_instance_lock, NULL, NULL);
        t->steps[STEP_INSTANCE] = task_step(sql_instance_register, &p[PARAMS_INSTANCE], NULL);
        t->steps[STEP_INSTANCE].wanted = register_is_service;
        t->steps[STEP_NAMES] = task_step(sql_register_name, &p[PARAMS_NAMES], NULL);
        t->steps[STEP_EDGES] = task_step(sql_register, &p[PARAMS_EDGES], NULL);
        t->steps[STEP_OTHERS] = task_step(sql_disable, &p[PARAMS_OTHERS], NULL);
        t->steps[STEP_INSTANCES].wanted = t->steps[STEP_OTHERS].wanted = register_has_others;
}

static bool register_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        RegisterTask *t = (RegisterTask *)task;
        t->callback(t->is_ours, fault, task->userdata);
        return false;
}

int mirror_register(Mirror *m, const MirrorEdge *edges, size_t n_edges,
                    const MirrorInstance *service, MirrorRegisterCallback callback, void *userdata,
                    MirrorTask **ret)
{
        RegisterTask *t = task_new(m, sizeof(*t), register_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->task.repeatable = true;
        t->callback = callback;
        register_fill(t, edges, n_edges, service);
        register_steps(t);
        bool looks = n_edges == 0 && !service;
        const PgWork work = {.phase = "register", .lock_timeout_usec = LOCK_TIMEOUT_USEC};
        return task_start_transaction(&t->task, &work, t->steps,
                                      looks ? STEP_CATALOG + 1 : REGISTER_STEPS, ret);
}
