#include "mirror/observe.h"
#include "base/cleanup.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>
#include <math.h>

typedef struct ObserveTask {
        MirrorTask task;
        MirrorObserver observer;
        PgStep steps[2];
} ObserveTask;

static double result_double(const PGresult *result, int row, int column)
{
        const char *text = result_text(result, row, column);
        return text ? strtod(text, NULL) : NAN;
}

static PgNext observe_on_figures(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ObserveTask *t = userdata;
        for (int row = 0; row < PQntuples(result); row++)
                t->observer.figure(&(MirrorFigure){.metric = result_text(result, row, 0),
                                                   .label = result_text(result, row, 1),
                                                   .value = result_double(result, row, 2)},
                                   t->task.userdata);
        return PG_NEXT;
}

static PgNext observe_on_edges(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ObserveTask *t = userdata;
        for (int row = 0; row < PQntuples(result); row++)
                t->observer.edge(
                        &(MirrorEdgeFigures){.name = result_string(result, row, 0),
                                             .listed_sec = result_double(result, row, 1),
                                             .refreshed_sec = result_double(result, row, 2),
                                             .rows = result_double(result, row, 3),
                                             .failures = result_double(result, row, 4)},
                        t->task.userdata);
        return PG_NEXT;
}

static bool observe_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        ((ObserveTask *)task)->observer.done(fault, task->userdata);
        return false;
}

int mirror_observe(Mirror *m, int64_t edges_max, const MirrorObserver *observer, void *userdata,
                   MirrorTask **ret)
{
        ObserveTask *t = task_new(m, sizeof(*t), observe_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->observer = *observer;
        params_int(t->task.params, edges_max);
        t->steps[0] = task_step(sql_observe, NULL, observe_on_figures);
        t->steps[1] = task_step(sql_observe_edges, t->task.params, observe_on_edges);
        const PgWork work = {.phase = "metrics", .read_only = true};
        return task_start_transaction(&t->task, &work, t->steps, ARRAY_SIZE(t->steps), ret);
}
