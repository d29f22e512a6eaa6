/*
 * queue: which edges are due. Each function is one statement; the table is edgemirror.edge_claim,
 * the clock PostgreSQL's.
 */
#include "mirror/queue.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>
#include <stdio.h>

/* ---- taking what is due --------------------------------------------------------------------- */

typedef struct DueTask {
        MirrorTask task;
        MirrorDueCallback callback;
        MirrorDue *taken;
        MirrorDueAnswer answer;
} DueTask;

static void due_done(MirrorTask *task)
{
        free(((DueTask *)task)->taken);
}

/* Columns: kind, edge, epoch, due, failures, now, version of the schema, who held the lease before,
 * the catalog of the database. */
static PgNext due_on_result(const PGresult *result, void *userdata, Fault *ret_fault)
{
        DueTask *t = userdata;
        int rows = PQntuples(result);
        t->taken = calloc((size_t)rows + 1, sizeof(*t->taken));
        if (!t->taken) {
                fault_no_memory(ret_fault);
                return PG_ROLLBACK;
        }
        for (int row = 0; row < rows; row++) {
                const char *edge = result_text(result, row, 1);
                const char *due = result_text(result, row, 3);
                t->answer.now_usec = result_int(result, row, 5);
                if (!edge) {
                        t->answer.next_usec = due ? result_int(result, row, 3) : INT64_MAX;
                        t->answer.no_catalog =
                                t->task.mirror->catalog_url && !result_text(result, row, 8);
                        if (schema_check(result_int(result, row, 6), NULL, ret_fault) < 0 ||
                            catalog_compare(t->task.mirror, result_text(result, row, 8),
                                            ret_fault) < 0)
                                return PG_ROLLBACK;
                        continue;
                }
                MirrorDue *d = &t->taken[t->answer.n_taken];
                if (uuid_parse(edge, &d->edge) < 0)
                        continue;
                d->epoch = result_int(result, row, 2);
                d->due_usec = due ? result_int(result, row, 3) : 0;
                d->consecutive_failures = result_int(result, row, 4);
                (void)snprintf(d->was_holder, sizeof(d->was_holder), "%s",
                               result_string(result, row, 7));
                t->answer.n_taken++;
        }
        t->answer.taken = t->taken;
        return PG_NEXT;
}

static bool due_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        DueTask *t = (DueTask *)task;
        t->callback(&t->answer, fault, task->userdata);
        return false;
}

int mirror_take_due(Mirror *m, unsigned limit, const Uuid *exclude, size_t n_exclude,
                    MirrorDueCallback callback, void *userdata, MirrorTask **ret)
{
        DueTask *t = task_new(m, sizeof(*t), due_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->task.done = due_done;
        t->task.repeatable = true; /* a lease that was taken and not reported ends by itself */
        t->answer.next_usec = INT64_MAX;
        params_text(t->task.params, m->instance);
        params_text(t->task.params, m->lease);
        params_int(t->task.params, limit);
        params_uuids(t->task.params, exclude, n_exclude);
        params_int(t->task.params, mirror_schema_version());
        params_usec(t->task.params, LIMIT_LEASE_LEFT_USEC);
        params_text(t->task.params, m->catalog_url);
        return task_start_statement(&t->task, "queue", sql_take_due, due_on_result, ret);
}

/* ---- due times ------------------------------------------------------------------------------ */

static int write_start(Mirror *m, const char *sql, const Uuid *edge, int64_t epoch,
                       int64_t next_run_usec, MirrorCallback callback, void *userdata,
                       MirrorTask **ret)
{
        MirrorTask *task = task_new(m, sizeof(*task), task_report, userdata);
        if (!task)
                return -ENOMEM;
        task->plain = callback;
        params_uuid(task->params, edge);
        params_int(task->params, epoch);
        params_int(task->params, next_run_usec);
        return task_start_statement(task, "queue", sql, NULL, ret);
}

int mirror_release(Mirror *m, const Uuid *edge, int64_t epoch, int64_t next_run_usec,
                   MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        return write_start(m, sql_release, edge, epoch, next_run_usec, callback, userdata, ret);
}

int mirror_set_next_run(Mirror *m, const Uuid *edge, int64_t epoch, int64_t next_run_usec,
                        MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        return write_start(m, sql_set_next_run, edge, epoch, next_run_usec, callback, userdata,
                           ret);
}
