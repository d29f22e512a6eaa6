/*
 * retire: edges that are not configured any more: their rows end, or all that there is of them is
 * deleted, in one transaction.
 *
 * What always holds: one is at work at a time, as what is left of rows that have passed through
 * several edges falls back to the one before; the edges and their places in the queue are locked in
 * the order in which an apply locks them; where somebody holds a lease, nothing is done at all. Nor
 * where the schema is another version's, or the database belongs to another catalog: our
 * configuration does not know the edges of that one.
 */
#include "mirror/retire.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>

enum {
        STEP_ALONE,
        STEP_VERSION,
        STEP_CATALOG,
        STEP_LOCK,
        STEP_CLAIM,
        STEP_ROWS,
        STEP_EDGES,
        STEP_FORGET_LOCK,
        STEP_FORGET_SUCCESSORS,
        STEP_FORGET_PREDECESSORS,
        STEP_FORGET_HISTORY,
        STEP_FORGET_TOMBSTONES,
        STEP_FORGET_ROWS,
        STEP_FORGET_RUNS,
        STEP_FORGET_EDGES,
        RETIRE_STEPS,
        STEP_FIND = STEP_LOCK, /* of a look, which waits for nobody */
        FIND_STEPS,
};

/* The callback is of a look. */
DEFINE_ROWS_TASK(RetireTask, retire_found, MirrorRetireCallback, RETIRE_STEPS)

static void retire_trust(PgStep steps[static STEP_LOCK])
{
        steps[STEP_VERSION] = task_step(sql_schema_version, NULL, trust_on_version);
        steps[STEP_CATALOG] = task_step(sql_catalog, NULL, trust_on_catalog);
}

/* ---- looking -------------------------------------------------------------------------------- */

static PgNext retire_on_found(const PGresult *r, void *userdata, Fault *ret_fault _unused_)
{
        RetireTask *t = userdata;
        for (int row = 0; row < PQntuples(r); row++) {
                MirrorRetirable edge = {.name = result_string(r, row, 1),
                                        .rows = result_int(r, row, 2),
                                        .versions = result_int(r, row, 3),
                                        .runs = result_int(r, row, 4)};
                (void)uuid_parse(result_string(r, row, 0), &edge.edge);
                t->callback(&edge, &fault_none, t->task.userdata);
        }
        return PG_NEXT;
}

int mirror_find_retirable(Mirror *m, const char *const *names, MirrorRetireCallback callback,
                          void *userdata, MirrorTask **ret)
{
        RetireTask *t = task_new(m, sizeof(*t), retire_found_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_names(t->task.params, names);
        retire_trust(t->steps);
        t->steps[STEP_FIND] = task_step(sql_retire_find, t->task.params, retire_on_found);
        const PgWork work = {.phase = "retire",
                             .read_only = true,
                             .statement_timeout_usec = 10 * USEC_PER_MINUTE};
        return task_start_transaction(&t->task, &work, t->steps + STEP_VERSION,
                                      FIND_STEPS - STEP_VERSION, ret);
}

/* ---- retiring ------------------------------------------------------------------------------- */

static PgNext retire_on_claim(const PGresult *result, void *userdata _unused_, Fault *ret_fault)
{
        for (int row = 0; row < PQntuples(result); row++) {
                const char *name = result_string(result, row, 0),
                           *holder = result_text(result, row, 1),
                           *wanted_by = result_text(result, row, 2);
                if (!holder && !wanted_by)
                        continue;
                fault_set(
                        ret_fault, FAULT_RUN, EBUSY, holder ? CODE_LEASE_HELD : CODE_EDGE_WANTED,
                        holder ? "edge %.128s is being synced by %.128s; nothing was done: wait "
                                 "for its end"
                        : result_bool(result, row, 3)
                                ? "edge %.128s was discovered by the service %.128s, which mirrors "
                                  "it; nothing was done: let exclude of [discover] name it, and "
                                  "reload"
                                : "edge %.128s is in the configuration of the service %.128s; "
                                  "nothing was done: take it out there, and reload",
                        name, holder ? holder : wanted_by);
                return PG_ROLLBACK;
        }
        return PG_NEXT;
}

static bool retire_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        Fault copy = *fault;
        if (end == PG_END_UNKNOWN && copy.scope != FAULT_NONE)
                fault_prefix(
                        &copy,
                        "it is not known whether this took effect; it is safe to run it again: ");
        task->plain(&copy, task->userdata);
        return false;
}

int mirror_retire(Mirror *m, const Uuid *edges, size_t n_edges, bool forget,
                  MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        static const char *const sql[RETIRE_STEPS] = {
                [STEP_LOCK] = sql_retire_lock,
                [STEP_CLAIM] = sql_retire_claim,
                [STEP_ROWS] = sql_retire_rows,
                [STEP_EDGES] = sql_retire_edges,
                [STEP_FORGET_LOCK] = sql_forget_lock,
                [STEP_FORGET_SUCCESSORS] = sql_forget_successors,
                [STEP_FORGET_PREDECESSORS] = sql_forget_predecessors,
                [STEP_FORGET_HISTORY] = sql_forget_history,
                [STEP_FORGET_TOMBSTONES] = sql_forget_tombstones,
                [STEP_FORGET_ROWS] = sql_forget_rows,
                [STEP_FORGET_RUNS] = sql_forget_runs,
                [STEP_FORGET_EDGES] = sql_forget_edges,
        };
        RetireTask *t = task_new(m, sizeof(*t), retire_complete, userdata);
        if (!t)
                return -ENOMEM;
        params_uuids(t->task.params, edges, n_edges);
        t->task.plain = callback;
        retire_trust(t->steps);
        t->steps[STEP_ALONE] = task_step(sql_migrate_lock, NULL, NULL);
        for (size_t i = STEP_LOCK; i < RETIRE_STEPS; i++)
                t->steps[i] =
                        task_step(sql[i], t->task.params, i == STEP_CLAIM ? retire_on_claim : NULL);
        const PgWork work = {.phase = "retire", .statement_timeout_usec = USEC_PER_HOUR};
        return task_start_transaction(&t->task, &work, t->steps,
                                      forget ? RETIRE_STEPS : STEP_FORGET_LOCK, ret);
}
