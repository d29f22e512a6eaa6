/*
 * instance: signs of life of the instances of the service. Each function is one statement; the
 * table is edgemirror.instance. What an instance wants is written by mirror_register.
 */
#include "mirror/instance.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>

/* Of its own row: for longer than until it is asked who holds it. */
#define BEAT_LOCK_USEC (10 * USEC_PER_SEC)

/* NULL: MIRROR_WAIT_NONE. */
static const char *const wait_names[MIRROR_WAITS] = {
        [MIRROR_WAIT_CATALOG] = "catalog",         [MIRROR_WAIT_PAUSE] = "pause",
        [MIRROR_WAIT_CREDENTIALS] = "credentials", [MIRROR_WAIT_LOCK] = "lock",
        [MIRROR_WAIT_POSTGRES] = "postgres",       [MIRROR_WAIT_DISCOVERY] = "discovery",
};

MirrorWait mirror_wait_parse(const char *word)
{
        return word ? (MirrorWait)text_find(wait_names, MIRROR_WAITS, word) : MIRROR_WAIT_NONE;
}

/* ---- a sign of life ------------------------------------------------------------------------- */

typedef struct BeatTask {
        MirrorTask task;
        MirrorBeatCallback callback;
        MirrorBeatAnswer answer;
} BeatTask;

static PgNext beat_on_result(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        BeatTask *t = userdata;
        t->answer.n_edges = result_int(result, 0, 0);
        t->answer.n_dead = result_int(result, 0, 1);
        return PG_NEXT;
}

static bool beat_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        BeatTask *t = (BeatTask *)task;
        t->callback(&t->answer, fault, task->userdata);
        return false;
}

int mirror_instance_beat(Mirror *m, const Uuid *instance, MirrorWait waiting_for,
                         const char *message, MirrorBeatCallback callback, void *userdata,
                         MirrorTask **ret)
{
        BeatTask *t = task_new(m, sizeof(*t), beat_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_uuid(t->task.params, instance);
        params_text(t->task.params, wait_names[waiting_for]);
        params_text(t->task.params, message);
        params_usec(t->task.params, LIMIT_LEASE_LEFT_USEC);
        /* it says that this instance waits, also when everything else does */
        const PgWork work = {.steps = &t->task.step,
                             .n_steps = 1,
                             .phase = "instance",
                             .lock_timeout_usec = BEAT_LOCK_USEC,
                             .urgent = true};
        t->task.step = task_step(sql_instance_beat, t->task.params, beat_on_result);
        t->task.step.prepared = true;
        return task_start(&t->task, &work, ret);
}

/* ---- the last one --------------------------------------------------------------------------- */

int mirror_instance_stop(Mirror *m, const Uuid *instance, MirrorCallback callback, void *userdata,
                         MirrorTask **ret)
{
        MirrorTask *task = task_new(m, sizeof(*task), task_report, userdata);
        if (!task)
                return -ENOMEM;
        task->plain = callback;
        params_uuid(task->params, instance);
        return task_start_statement(task, "instance", sql_instance_stop, NULL, ret);
}

/* ---- all of them ---------------------------------------------------------------------------- */

DEFINE_ROWS_TASK(InstancesTask, instances, MirrorInstancesCallback, 1)

static PgNext instances_on_result(const PGresult *r, void *userdata, Fault *ret_fault _unused_)
{
        InstancesTask *t = userdata;
        for (int row = 0; row < PQntuples(r); row++) {
                const MirrorInstanceStatus status = {
                        .name = result_string(r, row, 0),
                        .alive = result_bool(r, row, 2),
                        .stopped = result_bool(r, row, 3),
                        .seen_sec = result_int(r, row, 4),
                        .up_sec = result_int(r, row, 5),
                        .n_edges = result_int(r, row, 6),
                        .waiting_for = mirror_wait_parse(result_text(r, row, 7)),
                        .waiting_message = result_text(r, row, 8),
                        .waiting_sec = result_text(r, row, 9) ? result_int(r, row, 9) : -1,
                        .silence_sec = result_int(r, row, 10),
                };
                t->callback(&status, &fault_none, t->task.userdata);
        }
        return PG_NEXT;
}

int mirror_instances(Mirror *m, MirrorInstancesCallback callback, void *userdata, MirrorTask **ret)
{
        InstancesTask *t = task_new(m, sizeof(*t), instances_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_usec(t->task.params, LIMIT_LEASE_LEFT_USEC);
        return task_start_statement(&t->task, "instance", sql_instance_list, instances_on_result,
                                    ret);
}

/* ---- what keeps them away ------------------------------------------------------------------- */

typedef struct BlockedTask {
        MirrorTask task;
        MirrorBlockedCallback callback;
        MirrorBlocked blocked;
} BlockedTask;

static PgNext blocked_on_version(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        BlockedTask *t = userdata;
        (void)blocked_check(result, &t->blocked.fault);
        t->blocked.is_standby = result_bool(result, 0, 6);
        t->blocked.subscribes = result_bool(result, 0, 1);
        return PG_NEXT;
}

static bool blocked_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        BlockedTask *t = (BlockedTask *)task;
        t->callback(&t->blocked, fault, task->userdata);
        return false;
}

int mirror_blocked(Mirror *m, MirrorBlockedCallback callback, void *userdata, MirrorTask **ret)
{
        BlockedTask *t = task_new(m, sizeof(*t), blocked_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        return task_start_statement(&t->task, "instance", sql_schema_version, blocked_on_version,
                                    ret);
}
