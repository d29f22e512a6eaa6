/*
 * apply: one listing into the mirror, in one transaction.
 *
 * What always holds: nothing is published unless the claim row, locked, shows our epoch; the transaction is repeated whole or not at all; when the answer to
 * COMMIT is lost, sync_run is read back before anything is said.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ATTEMPTS_MAX = 6 };
#define MOMENT_BYTES 64

enum {
        STEP_LOCK,
        STEP_SPOOL_TABLE,
        STEP_DIFFERENCE_TABLE,
        STEP_COPY,
        STEP_DIFFERENCE,
        STEP_ROWS,
        STEP_HISTORY_CLOSE,
        STEP_HISTORY_OPEN,
        STEP_FINISH,
        STEPS,
};

typedef struct ApplyTask {
        MirrorTask task;
        MirrorApplyCallback callback;
        Spool *spool;
        PgStep steps[STEPS];
        Params lock, difference, rows, finish, wait, run; /* with the moment at rows.values[1] and finish.values[3] */
        PgStep read_back[2];
        bool reading_back, finished_by_us;
        MirrorApplied applied;
        unsigned attempts;
        Backoff backoff;
        Fault fault; /* of the last attempt */
} ApplyTask;

static void apply_done(MirrorTask *task)
{
        ApplyTask *t = (ApplyTask *)task;
        params_done(&t->lock);
        params_done(&t->difference);
        params_done(&t->rows);
        params_done(&t->finish);
        params_done(&t->wait);
        params_done(&t->run);
}

/* ---- steps ---- */

static PgNext apply_on_lock(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1) {
                fault_lease_lost(ret_fault);
                return PG_ROLLBACK;
        }
        const char *moment = PQgetvalue(result, 0, 0);
        (void)snprintf(t->rows.values[1], MOMENT_BYTES, "%s", moment);
        (void)snprintf(t->finish.values[3], MOMENT_BYTES, "%s", moment);
        if (spool_rewind(t->spool) < 0) {
                fault_set(ret_fault, FAULT_RUN, EIO, "spool-failed", "the spooled rows cannot be read again");
                return PG_ROLLBACK;
        }
        return PG_NEXT;
}

static int apply_copy_source(void *userdata, const char **ret_data, size_t *ret_size, Fault *ret_fault)
{
        return spool_read(((ApplyTask *)userdata)->spool, ret_data, ret_size, ret_fault);
}

static PgNext apply_on_finish(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1) {
                fault_set(ret_fault, FAULT_RUN, EIO, "pg-error", "the apply gave no counts");
                return PG_ROLLBACK;
        }
        t->applied = (MirrorApplied){
                .listed = result_int(result, 0, 0),
                .added = result_int(result, 0, 1),
                .changed = result_int(result, 0, 2),
                .restored = result_int(result, 0, 3),
                .unchanged = result_int(result, 0, 4),
                .held = result_int(result, 0, 5),
                .row_count = result_int(result, 0, 6),
        };
        return PG_NEXT;
}

static PgNext read_back_on_result(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        (void)ret_fault;
        t->finished_by_us =
                PQntuples(result) == 1 && result_bool(result, 0, 0) && strcmp(PQgetvalue(result, 0, 1), "aborted") != 0;
        if (t->finished_by_us)
                t->applied = (MirrorApplied){
                        .listed = result_int(result, 0, 2),
                        .added = result_int(result, 0, 3),
                        .changed = result_int(result, 0, 4),
                        .removed = result_int(result, 0, 5),
                        .restored = result_int(result, 0, 6),
                        .unchanged = result_int(result, 0, 7),
                        .held = result_int(result, 0, 8),
                        .row_count = result_int(result, 0, 9),
                };
        return PG_NEXT;
}

/* ---- attempts ---- */

static int apply_attempt(ApplyTask *t)
{
        t->reading_back = false;
        PgWork work = {.steps = t->steps,
                       .n_steps = STEPS,
                       .transaction = true,
                       .statement_timeout_usec = 10 * USEC_PER_MINUTE};
        return task_continue(&t->task, &work);
}

/* The server may still be busy with the COMMIT whose answer was lost: first wait for the lock that the transaction holds, then look. */
static int apply_read_back(ApplyTask *t)
{
        t->reading_back = true;
        t->read_back[0] = task_step(sql_run_read_back_wait, &t->wait, NULL);
        t->read_back[1] = task_step(sql_run_read_back, &t->run, read_back_on_result);
        PgWork work = {.steps = t->read_back, .n_steps = ARRAY_SIZE(t->read_back), .transaction = true};
        return task_continue(&t->task, &work);
}

static int apply_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        ApplyTask *t = userdata;
        int r = t->reading_back ? apply_read_back(t) : apply_attempt(t);
        if (r < 0)
                task_finish(&t->task, PG_END_FAILED, &t->fault);
        return 0;
}

static bool apply_report(ApplyTask *t, const Fault *fault)
{
        static const Fault none;
        t->callback(&t->applied, fault ? fault : &none, t->task.userdata);
        return false;
}

/* Again after a wait, as long as there are attempts left. */
static bool apply_again(ApplyTask *t, const Fault *fault, bool read_back)
{
        t->fault = *fault;
        if (++t->attempts >= ATTEMPTS_MAX) {
                if (read_back)
                        fault_prefix(&t->fault, "whether the snapshot was committed is not known: ");
                return apply_report(t, &t->fault);
        }
        t->reading_back = read_back;
        if (task_wait(&t->task, backoff_next(&t->backoff, 0, clock_random()), apply_on_timer) < 0)
                return apply_report(t, &t->fault);
        return true;
}

static bool apply_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        ApplyTask *t = (ApplyTask *)task;
        if (t->reading_back) {
                if (end != PG_END_DONE)
                        return apply_again(t, fault, true);
                /* Not finished: the transaction was rolled back, and applying it is still to be done. */
                return t->finished_by_us ? apply_report(t, NULL) : apply_again(t, &t->fault, false);
        }
        switch (end) {
        case PG_END_DONE:
                return apply_report(t, NULL);
        case PG_END_UNKNOWN:
                return apply_again(t, fault, true);
        default:
                return fault->retryable ? apply_again(t, fault, false) : apply_report(t, fault);
        }
}

/* ---- start ---- */

static void params_moment(Params *p)
{
        char blank[MOMENT_BYTES];
        memset(blank, ' ', sizeof(blank) - 1);
        blank[sizeof(blank) - 1] = '\0';
        params_text(p, blank);
}

static void apply_params_finish(Params *p, const MirrorRun *run, const MirrorEnding *ending)
{
        const Fault *fault = ending->fault && ending->fault->scope != FAULT_NONE ? ending->fault : NULL;
        char id[UUID_STRING_SIZE];
        char status[16];
        (void)snprintf(status, sizeof(status), "%d", fault ? fault->http_status : 0);
        params_uuid(p, &run->edge);
        params_int(p, run->epoch);
        params_int(p, run->run_id);
        params_moment(p);
        params_text(p, ending->outcome);
        params_text(p, ending->refresh);
        params_bool(p, ending->listed_whole);
        params_text(p, ending->has_job ? uuid_format(&ending->job.id, id) : NULL);
        params_text(p, ending->has_job && ending->job.state[0] ? ending->job.state : NULL);
        params_text(p, ending->has_job && ending->job.result[0] ? ending->job.result : NULL);
        params_double(p, ending->has_job ? ending->job.progress : -1);
        params_text(p, ending->job_message);
        params_text(p, ending->job_document);
        params_int(p, ending->pages);
        params_int(p, ending->requests);
        params_text(p, fault ? fault_scope_name(fault->scope) : NULL);
        params_text(p, fault ? fault->code : NULL);
        params_text(p, fault ? fault->message : NULL);
        params_text(p, fault && fault->http_status ? status : NULL);
        params_text(p, ending->problem);
}

static void apply_steps(ApplyTask *t)
{
        t->steps[STEP_LOCK] = task_step(sql_apply_lock, &t->lock, apply_on_lock);
        t->steps[STEP_SPOOL_TABLE] = task_step(sql_apply_spool, NULL, NULL);
        t->steps[STEP_DIFFERENCE_TABLE] = task_step(sql_apply_difference_table, NULL, NULL);
        t->steps[STEP_COPY] = (PgStep){.sql = sql_apply_copy, .copy_source = apply_copy_source};
        t->steps[STEP_DIFFERENCE] = task_step(sql_apply_difference, &t->difference, NULL);
        t->steps[STEP_ROWS] = task_step(sql_apply_rows, &t->rows, NULL);
        t->steps[STEP_HISTORY_CLOSE] = task_step(sql_apply_history_close, NULL, NULL);
        t->steps[STEP_HISTORY_OPEN] = task_step(sql_apply_history_open, NULL, NULL);
        t->steps[STEP_FINISH] = task_step(sql_apply_finish, &t->finish, apply_on_finish);
}

int mirror_apply(Mirror *m, const MirrorRun *run, Spool *spool, const MirrorEnding *ending,
                 MirrorApplyCallback callback, void *userdata, MirrorTask **ret)
{
        ApplyTask *t = task_new(m, sizeof(*t), apply_complete, apply_done, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->spool = spool;
        t->backoff = (Backoff){.floor_usec = 200 * USEC_PER_MSEC, .ceiling_usec = 30 * USEC_PER_SEC};
        params_uuid(&t->lock, &run->edge);
        params_int(&t->lock, run->epoch);
        params_uuid(&t->difference, &run->edge);
        params_uuid(&t->rows, &run->edge);
        params_moment(&t->rows);
        params_int(&t->rows, run->run_id);
        params_uuid(&t->wait, &run->edge);
        params_int(&t->run, run->run_id);
        apply_params_finish(&t->finish, run, ending);
        apply_steps(t);

        if (t->lock.failed || t->difference.failed || t->rows.failed || t->finish.failed || t->wait.failed ||
            t->run.failed) {
                (void)mirror_cancel(&t->task);
                return -ENOMEM;
        }
        int r = apply_attempt(t);
        if (r < 0) {
                (void)mirror_cancel(&t->task);
                return r;
        }
        *ret = &t->task;
        return 0;
}
