#include "mirror/discovered.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct DiscoveredTask {
        MirrorTask task;
        MirrorDiscoveredCallback callback;
        PgStep steps[3];
        MirrorDiscovered *edges;
        size_t n;
} DiscoveredTask;

static void discovered_forget(DiscoveredTask *t)
{
        for (size_t i = 0; i < t->n; i++)
                free(t->edges[i].catalog_name);
        free(t->edges);
        t->edges = NULL;
        t->n = 0;
}

static PgNext discovered_on_result(const PGresult *result, void *userdata, Fault *ret_fault)
{
        DiscoveredTask *t = userdata;
        size_t n = (size_t)PQntuples(result);
        discovered_forget(t);
        t->edges = calloc(n ? n : 1, sizeof(*t->edges));
        if (!t->edges) {
                fault_no_memory(ret_fault);
                return PG_ROLLBACK;
        }
        for (; t->n < n; t->n++) {
                MirrorDiscovered *e = &t->edges[t->n];
                (void)uuid_parse(result_string(result, (int)t->n, 0), &e->id);
                (void)snprintf(e->name, sizeof(e->name), "%s", result_string(result, (int)t->n, 1));
                const char *name = result_text(result, (int)t->n, 2);
                e->catalog_name = name ? strdup(name) : NULL;
                if (name && !e->catalog_name) {
                        fault_no_memory(ret_fault);
                        return PG_ROLLBACK;
                }
        }
        return PG_NEXT;
}

static bool discovered_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        DiscoveredTask *t = (DiscoveredTask *)task;
        bool failed = fault->scope != FAULT_NONE;
        t->callback(t->edges, failed ? 0 : t->n, fault, task->userdata);
        return false;
}

static void discovered_done(MirrorTask *task)
{
        discovered_forget((DiscoveredTask *)task);
}

int mirror_discovered(Mirror *m, MirrorDiscoveredCallback callback, void *userdata,
                      MirrorTask **ret)
{
        DiscoveredTask *t = task_new(m, sizeof(*t), discovered_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->task.done = discovered_done;
        t->steps[0] = task_step(sql_schema_version, NULL, trust_on_version);
        t->steps[1] = task_step(sql_catalog, NULL, trust_on_catalog);
        t->steps[2] = task_step(sql_discovered, NULL, discovered_on_result);
        const PgWork work = {0};
        return task_start_transaction(&t->task, &work, t->steps, ARRAY_SIZE(t->steps), ret);
}
