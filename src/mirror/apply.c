/*
 * apply: one listing into the mirror, in one transaction; or the plan of it.
 *
 * Before the transaction comes one statement that ends the run when the list is what the mirror has
 * already. A plan compares row by row, always.
 *
 * What always holds: nothing is published unless the claim row, locked last of all, shows our
 * epoch; the transaction is repeated whole or not at all; when the answer to COMMIT is lost,
 * sync_run is read back before the callback. The statements and what their answers mean are in
 * apply_steps.c.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "mirror/apply_private.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ATTEMPTS_MAX = 6 };

static PgNext read_back_on_result(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ApplyTask *t = userdata;
        t->ended = PQntuples(result) == 1 && result_bool(result, 0, 0) &&
                   sync_outcome_parse(result_string(result, 0, 1)) != OUTCOME_ABORTED;
        if (t->ended)
                t->applied = (MirrorApplied){
                        .listed = result_int(result, 0, 2),
                        .added = result_int(result, 0, 3),
                        .changed = result_int(result, 0, 4),
                        .removed = result_int(result, 0, 5),
                        .restored = result_int(result, 0, 6),
                        .unchanged = result_int(result, 0, 7),
                        .held = result_int(result, 0, 8),
                        .row_count = result_int(result, 0, 9),
                        .pending = result_int(result, 0, 10),
                        .rejected = result_int(result, 0, 11),
                };
        return PG_NEXT;
}

/* ---- attempts ------------------------------------------------------------------------------- */

static PgNext unchanged_on_result(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1 || !result_bool(result, 0, 0)) {
                mirror_fault_lease_lost(ret_fault);
                return PG_ROLLBACK;
        }
        const Digest *list = spool_digest(t->snapshot.rows);
        t->ended = result_bool(result, 0, 1);
        t->has_rows = result_bool(result, 0, 3);
        if (t->ended)
                t->applied = (MirrorApplied){.listed = list->rows,
                                             .unchanged = list->rows - list->rejected,
                                             .rejected = list->rejected,
                                             .row_count = result_int(result, 0, 2)};
        return PG_NEXT;
}

/* The planner knows nothing of temporary tables, and little of a mirror that has just been loaded;
 * and what is prepared is planned while the mirror may be empty. No statement here has to read all
 * of it. */
static const PgSetting apply_settings[] = {{"enable_seqscan", "off"}, {0}};

static int apply_try_unchanged(ApplyTask *t)
{
        Params *unchanged = &t->task.params[PARAMS_UNCHANGED];
        t->stage = APPLY_UNCHANGED;
        t->ended = false;
        apply_set_ages(t, unchanged);
        t->try = task_step(sql_apply_unchanged, unchanged, unchanged_on_result);
        t->try.prepared = true;
        PgWork work = {
                .steps = &t->try, .n_steps = 1, .phase = "apply", .settings = apply_settings};
        return task_continue(&t->task, &work);
}

static int apply_whole(ApplyTask *t)
{
        t->stage = APPLY_WHOLE;
        apply_rewind(t);
        if (t->plan)
                t->plan(NULL, t->task.userdata);
        PgWork work = {.steps = t->steps,
                       .n_steps = APPLY_STEPS,
                       .transaction = true,
                       .phase = "apply",
                       .bulk = true,
                       .settings = apply_settings,
                       .statement_timeout_usec = 10 * USEC_PER_MINUTE};
        return task_continue(&t->task, &work);
}

static int apply_attempt(ApplyTask *t)
{
        return t->plan ? apply_whole(t) : apply_try_unchanged(t);
}

/* The server may still be working on that whose answer was lost: first wait for the lock that it
 * holds, then read. */
static int apply_read_back(ApplyTask *t)
{
        const Params *p = t->task.params;
        t->stage = APPLY_READ_BACK;
        t->read_back[0] = task_step(sql_run_read_back_wait, &p[PARAMS_EDGE], NULL);
        t->read_back[1] = task_step(sql_run_read_back, &p[PARAMS_RUN], read_back_on_result);
        PgWork work = {.steps = t->read_back,
                       .n_steps = ARRAY_SIZE(t->read_back),
                       .transaction = true,
                       .phase = "apply"};
        return task_continue(&t->task, &work);
}

static void apply_on_timer(void *userdata)
{
        ApplyTask *t = userdata;
        int r = t->stage == APPLY_READ_BACK ? apply_read_back(t) : apply_attempt(t);
        if (r < 0)
                task_finish(&t->task, PG_END_FAILED, &t->fault);
}

static bool apply_report(ApplyTask *t, const Fault *fault)
{
        if (fault)
                t->applied = (MirrorApplied){0};
        t->callback(&t->applied, fault ? fault : &fault_none, t->task.userdata);
        return false;
}

/* The mirror has a row of the list that was loaded, of another edge or removed: compared, it is
 * found. */
static bool apply_met_row(const ApplyTask *t, const Fault *fault)
{
        return !t->has_rows && strcmp(fault->sqlstate, "23505") == 0;
}

/* Again after a wait, when the fault allows it and attempts are left; what became of a COMMIT is
 * asked whatever the fault. */
static bool apply_again(ApplyTask *t, const Fault *fault, bool read_back)
{
        Fault again = *fault;
        uint64_t delay_usec;
        t->fault = *fault;
        again.retryable = again.retryable || read_back;
        if (!retry_again(&t->retry, &again, 0, clock_random(), &delay_usec)) {
                if (read_back)
                        fault_prefix(&t->fault,
                                     "whether the snapshot was committed is not known: ");
                return apply_report(t, &t->fault);
        }
        t->stage = read_back ? APPLY_READ_BACK : APPLY_UNCHANGED;
        return task_wait(&t->task, delay_usec, apply_on_timer) >= 0 || apply_report(t, &t->fault);
}

/* Something changed, or may have. */
static bool apply_go_on(ApplyTask *t)
{
        int r = apply_whole(t);
        if (r >= 0)
                return true;
        fault_not_begun(&t->fault, r, "the apply could not be begun");
        return apply_report(t, &t->fault);
}

static bool apply_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        ApplyTask *t = (ApplyTask *)task;
        if (t->stage == APPLY_READ_BACK) {
                if (end != PG_END_DONE)
                        return apply_again(t, fault, true);
                /* Not finished: the transaction was rolled back, and applying it is still to be
                 * done. */
                return t->ended ? apply_report(t, NULL) : apply_again(t, &t->fault, false);
        }
        switch (end) {
        case PG_END_DONE:
                if (t->stage == APPLY_UNCHANGED && !t->ended)
                        return apply_go_on(t);
                return apply_report(t, NULL);
        case PG_END_ROLLED_BACK: /* rows were found, or this is a plan; or an id occurs twice */
                if (t->is_repetitive && !t->is_compared)
                        return apply_go_on(t);
                return apply_report(t, NULL);
        case PG_END_UNKNOWN:
                return apply_again(t, fault, true);
        default:
                if (apply_met_row(t, fault)) {
                        t->has_rows = true;
                        return apply_go_on(t);
                }
                return apply_again(t, fault, false);
        }
}

/* ---- start ---------------------------------------------------------------------------------- */

/* A text of that size, which is written over before the statement is sent. */
static void params_blank(Params *p, size_t size)
{
        char blank[COUNTS_BYTES];
        memset(blank, ' ', size - 1);
        blank[size - 1] = '\0';
        params_text(p, blank);
}

/* $1…$21 of both statements that end a run with its list in the mirror. */
static void params_applied(Params *p, const MirrorRun *run, const MirrorEnding *ending)
{
        params_ending(p, run, ending);
        params_bool(p, ending->listed_whole);
        params_blank(p, INTERVAL_BYTES);
        params_blank(p, INTERVAL_BYTES);
}

static ApplyTask *apply_new(Mirror *m, const Uuid *edge, const MirrorSnapshot *snapshot,
                            MirrorApplyCallback callback, void *userdata)
{
        /* Why a missing row stays of which nothing is known. */
        static const char *const reasons[] = {
                [MIRROR_MISSING_HOLD] = "refresh",  [MIRROR_MISSING_GUARD] = "guard",
                [MIRROR_MISSING_FIND] = "unproven", [MIRROR_MISSING_REMOVE] = "unproven",
                [MIRROR_MISSING_IGNORE] = NULL,
        };
        ApplyTask *t = task_new(m, sizeof(*t), apply_complete, userdata);
        char delay[INTERVAL_BYTES];
        if (!t)
                return NULL;
        Params *compare = &t->task.params[PARAMS_COMPARE];
        t->callback = callback;
        t->snapshot = *snapshot;
        params_uuid(&t->task.params[PARAMS_EDGE], edge);
        t->is_repetitive = spool_rows(snapshot->rows) != spool_digest(snapshot->rows)->rows;
        t->has_rows = true;
        params_uuid(compare, edge);
        params_text(compare, reasons[snapshot->missing]);
        params_int(compare, snapshot->confirm_removals);
        params_text(compare, interval_format((int64_t)snapshot->removal_delay_usec, delay));
        params_blank(compare, USEC_BYTES);
        retry_init(&t->retry, ATTEMPTS_MAX);
        return t;
}

static int apply_begin(ApplyTask *t, MirrorTask **ret)
{
        apply_steps(t);
        return task_started(&t->task, apply_attempt(t), ret);
}

int mirror_apply(Mirror *m, const MirrorRun *run, const MirrorSnapshot *snapshot,
                 const MirrorEnding *ending, MirrorApplyCallback callback, void *userdata,
                 MirrorTask **ret)
{
        ApplyTask *t = apply_new(m, &run->edge, snapshot, callback, userdata);
        if (!t)
                return -ENOMEM;
        Params *p = t->task.params;
        const Digest *digest = spool_digest(snapshot->rows);
        char text[DIGEST_STRING_SIZE];
        t->listed_usec = ending->listed_usec;
        t->refreshed_usec = ending->refreshed_usec;
        t->listed_whole = ending->listed_whole;
        params_uuid(&p[PARAMS_ROWS], &run->edge);
        params_blank(&p[PARAMS_ROWS], TIMESTAMP_BYTES);
        params_int(&p[PARAMS_ROWS], run->run_id);
        params_blank(&p[PARAMS_ROWS], USEC_BYTES);
        params_int(&p[PARAMS_RUN], run->run_id);
        params_applied(&p[PARAMS_FINISH], run, ending);
        params_uuid(&p[PARAMS_REJECTED], &run->edge);
        params_blank(&p[PARAMS_REJECTED], TIMESTAMP_BYTES);
        params_int(&p[PARAMS_REJECTED], run->run_id);
        params_bool(&p[PARAMS_REJECTED], snapshot->to_the_end);
        params_blank(&p[PARAMS_FINISH], DIGEST_STRING_SIZE);
        params_bool(&p[PARAMS_FINISH], snapshot->to_the_end);
        params_blank(&p[PARAMS_FINISH], COUNTS_BYTES);
        params_blank(&p[PARAMS_FINISH], DIGEST_STRING_SIZE);
        params_applied(&p[PARAMS_UNCHANGED], run, ending);
        /* null is equal to nothing */
        params_text(&p[PARAMS_UNCHANGED], snapshot->compare ? NULL : digest_format(digest, text));
        params_int(&p[PARAMS_UNCHANGED], digest->rows);
        params_text(&p[PARAMS_UNCHANGED], m->lease);
        params_int(&p[PARAMS_UNCHANGED], digest->rejected);
        return apply_begin(t, ret);
}

int mirror_plan(Mirror *m, const Uuid *edge, const MirrorSnapshot *snapshot,
                MirrorPlanCallback plan, MirrorApplyCallback callback, void *userdata,
                MirrorTask **ret)
{
        ApplyTask *t = apply_new(m, edge, snapshot, callback, userdata);
        if (!t)
                return -ENOMEM;
        t->plan = plan;
        return apply_begin(t, ret);
}
