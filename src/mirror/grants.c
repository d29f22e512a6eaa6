/*
 * grants: what another role than the migrating one needs to be the service's.
 */
#include "mirror/grants.h"
#include "base/own_command.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>

DEFINE_ROWS_TASK(GrantsTask, grants, MirrorGrantsCallback, 2)

static PgNext grants_on_result(const PGresult *result, void *userdata, Fault *ret_fault)
{
        GrantsTask *t = userdata;
        if (PQntuples(result) == 0) {
                fault_set(ret_fault, FAULT_PEER, ENOENT, CODE_PG_NO_ROLE,
                          "there is no role %.64s, or no schema edgemirror yet: CREATE ROLE, and "
                          "%s migrate first",
                          t->task.params[0].values[0], own_command());
                return PG_ROLLBACK;
        }
        for (int row = 0; row < PQntuples(result); row++)
                t->callback(result_string(result, row, 0), &fault_none, t->task.userdata);
        return PG_NEXT;
}

int mirror_grants(Mirror *m, const char *role, MirrorGrantsCallback callback, void *userdata,
                  MirrorTask **ret)
{
        GrantsTask *t = task_new(m, sizeof(*t), grants_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_text(t->task.params, role);
        params_bool(t->task.params, true);
        t->steps[0] = task_step(sql_migrate_path, NULL, NULL);
        t->steps[1] = task_step(sql_check_privileges, t->task.params, grants_on_result);
        const PgWork work = {.phase = "grants"};
        return task_start_transaction(&t->task, &work, t->steps, ARRAY_SIZE(t->steps), ret);
}
