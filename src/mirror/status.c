/*
 * status: what the tables hold about every edge, row by row.
 */
#include "mirror/status.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>
#include <string.h>

#define LOCK_TIMEOUT_USEC (3 * USEC_PER_SEC)

typedef struct StatusTask {
        MirrorTask task;
        MirrorStatusCallback callback;
        PgStep steps[2];
} StatusTask;

enum {
        COLUMN_ID,
        COLUMN_NAME,
        COLUMN_ENABLED,
        COLUMN_PHASE,
        COLUMN_HOLDER,
        COLUMN_OUTCOME,
        COLUMN_REFRESH,
        COLUMN_ROW_COUNT,
        COLUMN_LISTED_AT,
        COLUMN_REFRESHED_AT,
        COLUMN_NEXT_RUN_AT,
        COLUMN_STARTED_AT,
        COLUMN_LISTED_AGE,
        COLUMN_REFRESHED_AGE,
        COLUMN_RUNNING,
        COLUMN_OVERDUE,
        COLUMN_FAILURES,
        COLUMN_JOB_ID,
        COLUMN_JOB_STATE,
        COLUMN_JOB_PROGRESS,
        COLUMN_LISTED,
        COLUMN_ERROR_SCOPE,
        COLUMN_ERROR_CODE,
        COLUMN_ERROR_MESSAGE,
        COLUMN_HTTP_STATUS,
        COLUMN_SCHEDULE,
        COLUMN_TIMEZONE,
        COLUMN_HELD,
        COLUMN_PENDING,
        COLUMN_HOLDER_SEEN,
        COLUMN_FREE_IN,
        COLUMN_LEASE,
        COLUMN_REJECTED,
        COLUMN_ORIGIN,
};

static int64_t int_or(const PGresult *r, int row, int column, int64_t otherwise)
{
        return PQgetisnull(r, row, column) ? otherwise : result_int(r, row, column);
}

static void status_fill(const PGresult *r, int row, MirrorStatus *ret)
{
        const char *progress = result_text(r, row, COLUMN_JOB_PROGRESS);
        *ret = (MirrorStatus){
                .name = result_text(r, row, COLUMN_NAME),
                .enabled = result_bool(r, row, COLUMN_ENABLED),
                .phase = result_text(r, row, COLUMN_PHASE),
                .holder = result_text(r, row, COLUMN_HOLDER),
                .outcome = result_text(r, row, COLUMN_OUTCOME),
                .refresh = result_text(r, row, COLUMN_REFRESH),
                .row_count = int_or(r, row, COLUMN_ROW_COUNT, -1),
                .listed_at = result_text(r, row, COLUMN_LISTED_AT),
                .refreshed_at = result_text(r, row, COLUMN_REFRESHED_AT),
                .next_run_at = result_text(r, row, COLUMN_NEXT_RUN_AT),
                .started_at = result_text(r, row, COLUMN_STARTED_AT),
                .listed_age_sec = int_or(r, row, COLUMN_LISTED_AGE, -1),
                .refreshed_age_sec = int_or(r, row, COLUMN_REFRESHED_AGE, -1),
                .running_sec = int_or(r, row, COLUMN_RUNNING, -1),
                .overdue = result_bool(r, row, COLUMN_OVERDUE),
                .consecutive_failures = result_int(r, row, COLUMN_FAILURES),
                .job_id = result_text(r, row, COLUMN_JOB_ID),
                .job_state = result_text(r, row, COLUMN_JOB_STATE),
                .job_progress = progress ? strtod(progress, NULL) : -1,
                .listed = int_or(r, row, COLUMN_LISTED, 0),
                .error_scope = result_text(r, row, COLUMN_ERROR_SCOPE),
                .error_code = result_text(r, row, COLUMN_ERROR_CODE),
                .error_message = result_text(r, row, COLUMN_ERROR_MESSAGE),
                .error_http_status = (int)int_or(r, row, COLUMN_HTTP_STATUS, 0),
                .schedule = result_text(r, row, COLUMN_SCHEDULE),
                .timezone = result_text(r, row, COLUMN_TIMEZONE),
                .held = int_or(r, row, COLUMN_HELD, 0),
                .pending = int_or(r, row, COLUMN_PENDING, 0),
                .holder_seen_sec = int_or(r, row, COLUMN_HOLDER_SEEN, -1),
                .free_in_sec = int_or(r, row, COLUMN_FREE_IN, -1),
                .lease_sec = int_or(r, row, COLUMN_LEASE, -1),
                .rejected = int_or(r, row, COLUMN_REJECTED, 0),
                .origin = result_text(r, row, COLUMN_ORIGIN),
        };
        (void)uuid_parse(PQgetvalue(r, row, COLUMN_ID), &ret->edge);
}

static PgNext status_on_result(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        StatusTask *t = userdata;
        static const Fault none;
        for (int row = 0; row < PQntuples(result); row++) {
                MirrorStatus status;
                status_fill(result, row, &status);
                t->callback(&status, &none, t->task.userdata);
        }
        return PG_NEXT;
}

static bool status_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        ((StatusTask *)task)->callback(NULL, fault, task->userdata);
        return false;
}

int mirror_status(Mirror *m, const char *const *names, MirrorStatusCallback callback,
                  void *userdata, MirrorTask **ret)
{
        StatusTask *t = task_new(m, sizeof(*t), status_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_names(t->task.params, names);
        params_text(t->task.params, m->lease);
        t->steps[0] = task_step(sql_catalog, NULL, trust_on_catalog);
        t->steps[1] = task_step(sql_status, t->task.params, status_on_result);
        /* Somebody who asks what is wrong gets an answer about a lock within seconds. */
        PgWork work = {.steps = t->steps,
                       .n_steps = ARRAY_SIZE(t->steps),
                       .transaction = true,
                       .phase = "status",
                       .read_only = true,
                       .lock_timeout_usec = LOCK_TIMEOUT_USEC};
        return task_start(&t->task, &work, ret);
}
