/*
 * apply_steps: the statements of an apply, which of them are wanted, and what their answers mean.
 *
 * What always holds: every attempt begins with empty temporary tables and spools read from their
 * start; rows that were found, and a plan, end in a rollback.
 */
#include "base/clock.h"
#include "base/text.h"
#include "mirror/apply_private.h"
#include "mirror/lease_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- what is wanted ------------------------------------------------------------------------- */

static bool apply_writes(void *userdata)
{
        const ApplyTask *t = userdata;
        return !t->plan;
}

static bool apply_plans(void *userdata)
{
        const ApplyTask *t = userdata;
        return t->plan;
}

static bool apply_has_verdicts(void *userdata)
{
        const ApplyTask *t = userdata;
        return t->snapshot.missing == MIRROR_MISSING_REMOVE && spool_rows(t->snapshot.verdicts) > 0;
}

static bool apply_removes(void *userdata)
{
        return apply_writes(userdata) && apply_has_verdicts(userdata);
}

static bool apply_marks(void *userdata)
{
        const ApplyTask *t = userdata;
        return !t->plan && t->marks > 0;
}

static bool apply_rejects(void *userdata)
{
        const ApplyTask *t = userdata;
        return spool_digest(t->snapshot.rows)->rejected > 0;
}

static bool apply_keeps_rejected(void *userdata)
{
        const ApplyTask *t = userdata;
        return !t->plan && (t->had_rejected || apply_rejects(userdata));
}

static bool apply_has_found(void *userdata)
{
        const ApplyTask *t = userdata;
        return t->applied.found > 0;
}

/* ---- answers -------------------------------------------------------------------------------- */

static PgNext apply_without_answer(const char *what, Fault *ret_fault)
{
        fault_set(ret_fault, FAULT_RUN, EIO, CODE_PG_ERROR, "the apply gave no %s", what);
        return PG_ROLLBACK;
}

static PgNext apply_on_time(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1)
                return apply_without_answer("time", ret_fault);
        (void)snprintf(t->rows.values[1], TIMESTAMP_BYTES, "%s", PQgetvalue(result, 0, 0));
        (void)snprintf(t->rejected.values[1], TIMESTAMP_BYTES, "%s", PQgetvalue(result, 0, 0));
        return PG_NEXT;
}

static PgNext apply_on_edges(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ApplyTask *t = userdata;
        t->had_rejected = false;
        for (int i = 0; i < PQntuples(result); i++)
                t->had_rejected = t->had_rejected || result_bool(result, i, 0);
        return PG_NEXT;
}

enum { LISTED_AGO = 19, REFRESHED_AGO = 20 }; /* $20 and $21 */

void apply_set_ages(const ApplyTask *t, Params *p)
{
        int64_t now = (int64_t)clock_boottime_usec();
        if (p->failed) /* found out before anything is sent */
                return;
        (void)interval_format(now - t->listed_usec, p->values[LISTED_AGO]);
        (void)interval_format(now - t->refreshed_usec, p->values[REFRESHED_AGO]);
}

static PgNext apply_on_lock(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1) {
                mirror_fault_lease_lost(ret_fault);
                return PG_ROLLBACK;
        }
        apply_set_ages(t, &t->finish);
        return PG_NEXT;
}

void apply_rewind(const MirrorSnapshot *s)
{
        spool_rewind(s->rows);
        if (s->verdicts)
                spool_rewind(s->verdicts);
        if (s->missing == MIRROR_MISSING_FIND)
                spool_reset(s->found);
}

static int apply_copy_rows(void *userdata, const char **ret_data, size_t *ret_size,
                           Fault *ret_fault)
{
        return spool_read(((ApplyTask *)userdata)->snapshot.rows, ret_data, ret_size, ret_fault);
}

static int apply_copy_verdicts(void *userdata, const char **ret_data, size_t *ret_size,
                               Fault *ret_fault)
{
        return spool_read(((ApplyTask *)userdata)->snapshot.verdicts, ret_data, ret_size,
                          ret_fault);
}

static PgNext apply_on_missing(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1)
                return apply_without_answer("number of missing rows", ret_fault);
        t->marks = result_int(result, 0, 3);
        if (t->snapshot.missing != MIRROR_MISSING_FIND)
                return PG_NEXT;
        const char *names = result_text(result, 0, 2);
        t->applied.present = result_int(result, 0, 0);
        t->applied.found = result_int(result, 0, 1);
        if (names)
                text_printable(names, strlen(names), t->applied.names, sizeof(t->applied.names));
        return PG_NEXT;
}

static PgNext apply_on_found(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        int n = PQntuples(result);
        for (int i = 0; i < n; i++) {
                Uuid id;
                if (uuid_parse(PQgetvalue(result, i, 0), &id) < 0)
                        return apply_without_answer("valid id", ret_fault);
                if (spool_add_id(t->snapshot.found, &id, ret_fault) < 0)
                        return PG_ROLLBACK;
        }
        return n > 0 && spool_rows(t->snapshot.found) < t->applied.found ? PG_AGAIN : PG_ROLLBACK;
}

static void apply_take_counts(ApplyTask *t, const PGresult *result)
{
        t->applied = (MirrorApplied){
                .listed = result_int(result, 0, 0),
                .added = result_int(result, 0, 1),
                .changed = result_int(result, 0, 2),
                .removed = result_int(result, 0, 3),
                .restored = result_int(result, 0, 4),
                .unchanged = result_int(result, 0, 5),
                .held = result_int(result, 0, 6),
                .row_count = result_int(result, 0, 7),
                .moved = result_int(result, 0, 8),
                .pending = result_int(result, 0, 9),
                .rejected = result_int(result, 0, 10),
        };
}

static PgNext apply_on_counts(const PGresult *result, void *userdata, Fault *ret_fault)
{
        if (PQntuples(result) != 1)
                return apply_without_answer("counts", ret_fault);
        apply_take_counts(userdata, result);
        return PG_NEXT;
}

static const char *const plan_kinds[MIRROR_PLAN_KINDS] = {
        [MIRROR_PLAN_ADDED] = "added",     [MIRROR_PLAN_RESTORED] = "restored",
        [MIRROR_PLAN_CHANGED] = "changed", [MIRROR_PLAN_REMOVED] = "removed",
        [MIRROR_PLAN_PENDING] = "pending", [MIRROR_PLAN_HELD] = "held",
};

const char *mirror_plan_kind_name(MirrorPlanKind kind)
{
        return plan_kinds[kind];
}

/* The query has no others. */
static MirrorPlanKind plan_kind_parse(const char *word)
{
        return (MirrorPlanKind)(text_find(plan_kinds, MIRROR_PLAN_KINDS, word) % MIRROR_PLAN_KINDS);
}

static PgNext apply_on_plan(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ApplyTask *t = userdata;
        int n = PQntuples(result);
        for (int i = 0; i < n; i++) {
                MirrorPlanRow row = {
                        .kind = plan_kind_parse(result_text(result, i, 0)),
                        .id = result_text(result, i, 1),
                        .name = result_text(result, i, 2),
                        .database_id = result_text(result, i, 3),
                        .name_before = result_text(result, i, 4),
                        .database_id_before = result_text(result, i, 5),
                        .edge_before = result_text(result, i, 6),
                        .edge = result_text(result, i, 7),
                };
                t->plan(&row, t->task.userdata);
        }
        return n > 0 ? PG_AGAIN : PG_ROLLBACK;
}

static PgNext apply_on_finish(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1)
                return apply_without_answer("counts", ret_fault);
        apply_take_counts(t, result);
        return PG_NEXT;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static PgStep wanted_step(PgStepWanted wanted, const char *sql, const Params *params,
                          PgStepResult on_result)
{
        PgStep step = task_step(sql, params, on_result);
        step.wanted = wanted;
        return step;
}

void apply_steps(ApplyTask *t)
{
        PgStep *s = t->steps;
        s[STEP_TABLES] = (PgStep){.sql = sql_apply_tables, .n_params = PG_SCRIPT};
        s[STEP_READ_ONLY] = wanted_step(apply_plans, sql_plan_read_only, NULL, NULL);
        s[STEP_COPY] = (PgStep){.sql = sql_apply_copy, .copy_source = apply_copy_rows};
        s[STEP_REJECTED] = wanted_step(apply_rejects, sql_apply_rejected, NULL, NULL);
        s[STEP_VERDICTS] = (PgStep){.sql = sql_apply_verdicts,
                                    .copy_source = apply_copy_verdicts,
                                    .wanted = apply_has_verdicts};
        s[STEP_DIFFERENCE] = task_step(sql_apply_difference, &t->edge, NULL);
        s[STEP_MOVED] = wanted_step(apply_has_verdicts, sql_apply_moved, &t->edge, NULL);
        s[STEP_MISSING] = task_step(sql_apply_missing, &t->missing, apply_on_missing);
        s[STEP_FIND_CURSOR] = wanted_step(apply_has_found, sql_apply_find_cursor, NULL, NULL);
        s[STEP_FIND_FETCH] =
                wanted_step(apply_has_found, sql_apply_find_fetch, NULL, apply_on_found);
        s[STEP_PLAN_COUNTS] = wanted_step(apply_plans, sql_plan_counts, NULL, apply_on_counts);
        s[STEP_PLAN_CURSOR] = wanted_step(apply_plans, sql_plan_cursor, NULL, NULL);
        s[STEP_PLAN_FETCH] = wanted_step(apply_plans, sql_plan_fetch, NULL, apply_on_plan);
        s[STEP_EDGES] = task_step(sql_apply_edges, &t->edge, apply_on_edges);
        s[STEP_TIME] = task_step(sql_apply_time, NULL, apply_on_time);
        s[STEP_ROWS] = task_step(sql_apply_rows, &t->rows, NULL);
        s[STEP_REMOVE] = wanted_step(apply_removes, sql_apply_remove, &t->rows, NULL);
        s[STEP_MARK] = wanted_step(apply_marks, sql_apply_mark, &t->rows, NULL);
        s[STEP_REJECTED_ROWS] =
                wanted_step(apply_keeps_rejected, sql_apply_rejected_rows, &t->rejected, NULL);
        s[STEP_LOCK] = task_step(sql_apply_lock, &t->lock, apply_on_lock);
        s[STEP_FINISH] = task_step(sql_apply_finish, &t->finish, apply_on_finish);
        s[STEP_FINISH].certain = true; /* an aggregate: one row always */
}
