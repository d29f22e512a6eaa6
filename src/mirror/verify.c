/*
 * verify: what each edge should hold beside what it holds, edge by edge, in one read-only
 * transaction.
 */
#include "mirror/verify.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>

enum {
        COLUMN_ID,
        COLUMN_NAME,
        COLUMN_RECORDED_ROWS,
        COLUMN_RECORDED_DIGEST,
        COLUMN_ROWS,
        COLUMN_DIGEST,
        COLUMN_HISTORY
};

DEFINE_ROWS_TASK(VerifyTask, verify, MirrorVerifyCallback, 3)

static PgNext verify_on_edge(const PGresult *r, void *userdata, Fault *ret_fault _unused_)
{
        VerifyTask *t = userdata;
        if (PQntuples(r) == 0)
                return PG_NEXT;
        bool listed = !PQgetisnull(r, 0, COLUMN_RECORDED_ROWS);
        MirrorVerify verify = {
                .name = result_string(r, 0, COLUMN_NAME),
                .recorded_rows = listed ? result_int(r, 0, COLUMN_RECORDED_ROWS) : -1,
                .recorded_digest = result_text(r, 0, COLUMN_RECORDED_DIGEST),
                .rows = result_int(r, 0, COLUMN_ROWS),
                .digest = result_text(r, 0, COLUMN_DIGEST),
                .history_differs = result_int(r, 0, COLUMN_HISTORY),
        };
        (void)uuid_parse(result_string(r, 0, COLUMN_ID), &verify.edge);
        t->callback(&verify, &fault_none, t->task.userdata);
        return PG_AGAIN;
}

int mirror_verify(Mirror *m, const char *const *names, MirrorVerifyCallback callback,
                  void *userdata, MirrorTask **ret)
{
        VerifyTask *t = task_new(m, sizeof(*t), verify_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_names(t->task.params, names);
        t->steps[0] = task_step(sql_catalog, NULL, trust_on_catalog);
        t->steps[1] = task_step(sql_verify_cursor, t->task.params, NULL);
        t->steps[2] = task_step(sql_verify_fetch, NULL, verify_on_edge);
        const PgWork work = {.read_only = true,
                             .phase = "verify",
                             .statement_timeout_usec = 10 * USEC_PER_MINUTE};
        return task_start_transaction(&t->task, &work, t->steps, ARRAY_SIZE(t->steps), ret);
}
