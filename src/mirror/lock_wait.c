/*
 * lock_wait: does a statement of ours wait for a lock, and who holds it? One statement, which takes
 * its turn among the others.
 */
#include "mirror/lock_wait.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>
#include <stdio.h>

typedef struct LockTask {
        MirrorTask task;
        MirrorLockCallback callback;
        MirrorLockWait found;
} LockTask;

enum { WAITS, RELATION, PID, USER, APPLICATION, SINCE, COMMAND, TRANSACTION, STILL_HELD };

bool mirror_is_locked(const Fault *fault)
{
        return fault->code == CODE_PG_LOCK_TIMEOUT || fault->code == CODE_PG_SERIALIZATION;
}

static const char *seconds(const PGresult *r, int column, char out[static DURATION_STRING_SIZE])
{
        int64_t n = result_int(r, 0, column);
        return duration_format_short((uint64_t)(n > 0 ? n : 0) * USEC_PER_SEC, out);
}

void params_lock_wait(Params *p, bool behind_ours, const MirrorLockHolder *before)
{
        params_bool(p, behind_ours);
        params_int(p, before ? before->process : 0);
        params_text(p, before ? before->transaction : NULL);
}

void lock_wait_fault(const PGresult *r, Fault *ret)
{
        char waits[DURATION_STRING_SIZE], since[DURATION_STRING_SIZE], doing[160] = "";
        fault_clear(ret);
        if (PQntuples(r) == 0 || PQgetisnull(r, 0, WAITS))
                return;
        const char *relation = result_text(r, 0, RELATION), *user = result_text(r, 0, USER);
        const char *application = result_text(r, 0, APPLICATION),
                   *command = result_text(r, 0, COMMAND);
        if (command)
                (void)snprintf(doing, sizeof(doing), ", in a transaction for %s, last: %s",
                               seconds(r, SINCE, since), command);
        if (result_int(r, 0, PID) == 0) {
                fault_set(ret, FAULT_PEER, EBUSY, CODE_PG_LOCK_WAIT,
                          "a statement has waited for %s for a lock on %s, held by a prepared "
                          "transaction; COMMIT PREPARED or ROLLBACK PREPARED ends it "
                          "(pg_prepared_xacts names it)",
                          seconds(r, WAITS, waits), relation ? relation : "a row");
                ret->retryable = true;
                return;
        }
        fault_set(ret, FAULT_PEER, EBUSY, CODE_PG_LOCK_WAIT,
                  "a statement has waited for %s for a lock on %s, held by process %s of user %s, "
                  "application \"%s\"%s; "
                  "its session has to end its transaction, or pg_terminate_backend(%s) ends it",
                  seconds(r, WAITS, waits), relation ? relation : "a row", result_string(r, 0, PID),
                  user ? user : "(hidden)", application ? application : "", doing,
                  result_string(r, 0, PID));
        ret->retryable = true;
}

static PgNext lock_on_result(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        MirrorLockWait *found = &((LockTask *)userdata)->found;
        lock_wait_fault(result, &found->fault);
        found->holder.process = result_int(result, 0, PID);
        (void)snprintf(found->holder.transaction, sizeof(found->holder.transaction), "%s",
                       result_string(result, 0, TRANSACTION));
        found->before_holds = result_bool(result, 0, STILL_HELD);
        return PG_NEXT;
}

static bool lock_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        LockTask *t = (LockTask *)task;
        t->callback(&t->found, fault, task->userdata);
        return false;
}

int mirror_lock_wait(Mirror *m, const MirrorLockHolder *before, MirrorLockCallback callback,
                     void *userdata, MirrorTask **ret)
{
        LockTask *t = task_new(m, sizeof(*t), lock_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_lock_wait(t->task.params, false, before);
        t->task.step = task_step(sql_lock_wait, t->task.params, lock_on_result);
        const PgWork work = {.steps = &t->task.step, .n_steps = 1, .urgent = true};
        return task_start(&t->task, &work, ret);
}
