/*
 * outcomes: see the header.
 */
#include "mirror/outcomes.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>

DEFINE_ROWS_TASK(OutcomesTask, outcomes, MirrorOutcomesCallback, 1)

static PgNext outcomes_on_result(const PGresult *r, void *userdata, Fault *ret_fault _unused_)
{
        OutcomesTask *t = userdata;
        for (int row = 0; row < PQntuples(r); row++) {
                MirrorOutcome outcome = {
                        .run = {.run_id = result_int(r, row, 1),
                                .outcome = sync_outcome_parse(result_text(r, row, 2))},
                        .code = fault_code_parse(result_text(r, row, 3)),
                        .message = result_text(r, row, 4)};
                if (uuid_parse(result_string(r, row, 0), &outcome.edge) == 0)
                        t->callback(&outcome, &fault_none, t->task.userdata);
        }
        return PG_NEXT;
}

int mirror_outcomes(Mirror *m, const Uuid *edges, size_t n_edges, bool by_whomever,
                    MirrorOutcomesCallback callback, void *userdata, MirrorTask **ret)
{
        OutcomesTask *t = task_new(m, sizeof(*t), outcomes_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_uuids(t->task.params, edges, n_edges);
        params_bool(t->task.params, by_whomever);
        return task_start_statement(&t->task, "notify", sql_outcomes, outcomes_on_result, ret);
}
