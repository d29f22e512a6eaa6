/*
 * apply_steps: the statements of an apply, which of them are wanted, and what their answers mean.
 *
 * What always holds: every attempt begins with empty temporary tables and spools read from their
 * start; rows that were found, and a plan, end in a rollback.
 */
#include "base/clock.h"
#include "base/text.h"
#include "mirror/apply_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

enum { COMPARE_NOW = 4, ROWS_TIME = 1, ROWS_NOW = 3 }; /* among the parameters */

static bool apply_has_verdicts(void *userdata)
{
        const ApplyTask *t = userdata;
        return t->snapshot.missing == MIRROR_MISSING_REMOVE && spool_rows(t->snapshot.verdicts) > 0;
}

static bool apply_repeats(void *userdata)
{
        const ApplyTask *t = userdata;
        return t->is_repetitive;
}

/* The list goes into the mirror as it is. */
static bool apply_loads(void *userdata)
{
        const ApplyTask *t = userdata;
        return !t->has_rows && !t->is_repetitive && t->applied.listed > 0 &&
               t->applied.rejected == 0;
}

static bool apply_compares(void *userdata)
{
        const ApplyTask *t = userdata;
        return !apply_loads(userdata) || t->loaded != t->applied.listed;
}

static bool apply_asks_what_differs(void *userdata)
{
        const ApplyTask *t = userdata;
        const Params *p = &t->task.params[PARAMS_COMPARE];
        if (!p->failed)
                (void)snprintf(p->values[COMPARE_NOW], USEC_BYTES, "%" PRIu64,
                               clock_boottime_usec());
        return apply_compares(userdata);
}

static bool apply_has_found(void *userdata)
{
        const ApplyTask *t = userdata;
        return t->applied.found > 0;
}

static bool apply_locks(void *userdata)
{
        return apply_writes(userdata) && apply_compares(userdata);
}

static bool apply_differs(void *userdata)
{
        const ApplyTask *t = userdata;
        return !t->plan && t->to_write > 0;
}

static bool apply_keeps_rejected(void *userdata)
{
        const ApplyTask *t = userdata;
        return !t->plan && (t->had_rejected || t->applied.rejected > 0);
}

/* ---- answers -------------------------------------------------------------------------------- */

static PgNext apply_without_answer(const char *what, Fault *ret_fault)
{
        fault_set(ret_fault, FAULT_RUN, EIO, CODE_PG_ERROR, "the apply gave no %s", what);
        return PG_ROLLBACK;
}

/* All is to be compared anew. */
static PgNext apply_overtaken(Fault *ret_fault)
{
        fault_set(ret_fault, FAULT_REQUEST, EAGAIN, CODE_PG_SERIALIZATION,
                  "another edge has taken or added rows of this one meanwhile");
        ret_fault->retryable = true;
        return PG_ROLLBACK;
}

static PgNext apply_on_distinct(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1)
                return apply_without_answer("number of rows", ret_fault);
        t->applied.listed = result_int(result, 0, 0);
        t->applied.rejected = result_int(result, 0, 1);
        return PG_NEXT;
}

enum { EDGES_REJECTED, EDGES_VERSION, EDGES_DIGEST, EDGES_TIME };

static PgNext apply_on_edges(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        if (PQntuples(result) != 1)
                return apply_without_answer("time", ret_fault);
        if (t->is_compared && strcmp(result_string(result, 0, EDGES_VERSION), t->version) != 0)
                return apply_overtaken(ret_fault);
        t->had_rejected = result_bool(result, 0, EDGES_REJECTED);
        (void)snprintf(t->digest, sizeof(t->digest), "%s", result_string(result, 0, EDGES_DIGEST));
        (void)snprintf(t->task.params[PARAMS_ROWS].values[ROWS_TIME], TIMESTAMP_BYTES, "%s",
                       result_string(result, 0, EDGES_TIME));
        (void)snprintf(t->task.params[PARAMS_ROWS].values[ROWS_NOW], USEC_BYTES, "%" PRIu64,
                       clock_boottime_usec());
        (void)snprintf(t->task.params[PARAMS_REJECTED].values[1], TIMESTAMP_BYTES, "%s",
                       result_string(result, 0, EDGES_TIME));
        return PG_NEXT;
}

static PgNext apply_on_load(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        ApplyTask *t = userdata;
        t->loaded = strtoll(PQcmdTuples((PGresult *)result), NULL, 10);
        t->applied.added = t->applied.row_count = t->loaded;
        return PG_NEXT;
}

static void apply_count_unchanged(ApplyTask *t)
{
        MirrorApplied *n = &t->applied;
        n->unchanged = n->listed - n->rejected - n->added - n->changed - n->restored + n->moved -
                       t->elsewhere;
}

enum {
        COMPARE_VERSION,
        COMPARE_RECORDED,
        COMPARE_PRESENT,
        COMPARE_WITHOUT_ROW,
        COMPARE_WITHOUT_LINE,
        COMPARE_NAMES,
        COMPARE_ADDED,
        COMPARE_CHANGED,
        COMPARE_RESTORED,
        COMPARE_MOVED,
        COMPARE_GONE,
        COMPARE_PENDING,
        COMPARE_HELD,
        COMPARE_LEFT,
        COMPARE_LISTED,
        COMPARE_ELSEWHERE,
};

/* Each line of the spool belongs to one present row at most, unless an id occurs twice. */
static bool apply_finds_repetition(const ApplyTask *t, const PGresult *r)
{
        int64_t lines = spool_rows(t->snapshot.rows);
        if (t->snapshot.missing == MIRROR_MISSING_REMOVE)
                lines += spool_rows(t->snapshot.verdicts);
        return !t->is_repetitive &&
               lines - result_int(r, 0, COMPARE_WITHOUT_ROW) !=
                       result_int(r, 0, COMPARE_PRESENT) - result_int(r, 0, COMPARE_WITHOUT_LINE);
}

static void apply_take_found(ApplyTask *t, const PGresult *r)
{
        const char *names = result_text(r, 0, COMPARE_NAMES);
        t->applied = (MirrorApplied){.present = result_int(r, 0, COMPARE_PRESENT),
                                     .found = result_int(r, 0, COMPARE_HELD)};
        if (names)
                text_show(names, t->applied.names);
}

static PgNext apply_on_compare(const PGresult *r, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        MirrorApplied *n = &t->applied;
        if (PQntuples(r) != 1)
                return apply_without_answer("difference", ret_fault);
        if (apply_finds_repetition(t, r)) {
                t->is_repetitive = true;
                return PG_ROLLBACK;
        }
        (void)snprintf(t->version, sizeof(t->version), "%s", result_string(r, 0, COMPARE_VERSION));
        t->is_compared = true;
        t->is_counted = !PQgetisnull(r, 0, COMPARE_RECORDED) &&
                        result_int(r, 0, COMPARE_RECORDED) == result_int(r, 0, COMPARE_PRESENT);
        if (t->snapshot.missing == MIRROR_MISSING_FIND && result_int(r, 0, COMPARE_HELD) > 0) {
                apply_take_found(t, r);
                return PG_NEXT;
        }
        n->row_count = t->plan ? 0 : result_int(r, 0, COMPARE_PRESENT);
        n->moved = result_int(r, 0, COMPARE_MOVED);
        n->added += result_int(r, 0, COMPARE_ADDED);
        n->changed = result_int(r, 0, COMPARE_CHANGED) + n->moved;
        n->restored = result_int(r, 0, COMPARE_RESTORED);
        n->removed = result_int(r, 0, COMPARE_GONE);
        n->pending = result_int(r, 0, COMPARE_PENDING);
        n->held = result_int(r, 0, COMPARE_HELD);
        t->elsewhere = result_int(r, 0, COMPARE_ELSEWHERE);
        apply_count_unchanged(t);
        t->kept = n->pending + n->held + result_int(r, 0, COMPARE_LEFT);
        t->to_write = n->added - t->loaded + n->changed + n->restored + n->removed + t->kept +
                      result_int(r, 0, COMPARE_LISTED);
        return PG_NEXT;
}

enum {
        ROWS_MISSED,
        ROWS_DIGEST,
        ROWS_GROWN,
        ROWS_ADDED,
        ROWS_CHANGED,
        ROWS_RESTORED,
        ROWS_MOVED,
        ROWS_REMOVED
};

static PgNext apply_on_rows(const PGresult *r, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        MirrorApplied *n = &t->applied;
        if (PQntuples(r) != 1)
                return apply_without_answer("counts", ret_fault);
        if (result_int(r, 0, ROWS_MISSED) > 0)
                return apply_overtaken(ret_fault);
        (void)snprintf(t->digest, sizeof(t->digest), "%s", result_string(r, 0, ROWS_DIGEST));
        n->row_count += result_int(r, 0, ROWS_GROWN);
        n->added = t->loaded + result_int(r, 0, ROWS_ADDED);
        n->changed = result_int(r, 0, ROWS_CHANGED);
        n->restored = result_int(r, 0, ROWS_RESTORED);
        n->moved = result_int(r, 0, ROWS_MOVED);
        n->removed = result_int(r, 0, ROWS_REMOVED);
        apply_count_unchanged(t);
        return PG_NEXT;
}

/* ---- the end -------------------------------------------------------------------------------- */

enum { LISTED_AGO = 19, REFRESHED_AGO = 20, LIST_DIGEST = 21, COUNTS = 23, DIGEST = 24 };

void apply_set_ages(const ApplyTask *t, Params *p)
{
        int64_t now = (int64_t)clock_boottime_usec();
        if (p->failed) /* found out before anything is sent */
                return;
        (void)interval_format(now - t->listed_usec, p->values[LISTED_AGO]);
        (void)interval_format(now - t->refreshed_usec, p->values[REFRESHED_AGO]);
}

/* The digests that are recorded: of the list, when the mirror is that list; and of what the mirror
 * has. The list's own is taken for it where the counts prove that it is the same, so that what was
 * altered by hand counts no longer; else it follows from what was written, unless it cannot. */
static void apply_set_digests(ApplyTask *t)
{
        const MirrorApplied *n = &t->applied;
        const Digest *list = spool_digest(t->snapshot.rows);
        char *const *finish = t->task.params[PARAMS_FINISH].values;
        char text[DIGEST_STRING_SIZE], *is = finish[DIGEST], *is_list = finish[LIST_DIGEST];
        bool is_the_list =
                t->listed_whole && t->kept == 0 && t->elsewhere == 0 && n->listed == list->rows;
        (void)digest_format(list, text);
        (void)snprintf(is_list, sizeof(text), "%s", is_the_list ? text : "");
        if (is_the_list && n->rejected == 0 && n->row_count == list->rows)
                (void)snprintf(is, sizeof(text), "%s", text);
        else if (t->is_counted && !t->snapshot.compare)
                (void)snprintf(is, sizeof(text), "%s", t->digest);
        else
                is[0] = '\0';
}

static bool apply_finishes(void *userdata)
{
        ApplyTask *t = userdata;
        const MirrorApplied *n = &t->applied;
        if (t->plan)
                return false;
        const int64_t counts[] = {n->listed,    n->added, n->changed, n->removed,  n->restored,
                                  n->unchanged, n->held,  n->pending, n->rejected, n->row_count};
        char *out = t->task.params[PARAMS_FINISH].values[COUNTS];
        size_t size = 0;
        for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
                size += (size_t)snprintf(out + size, COUNTS_BYTES - size, "%c%" PRId64,
                                         i == 0 ? '{' : ',', counts[i]);
        (void)snprintf(out + size, COUNTS_BYTES - size, "}");
        apply_set_digests(t);
        apply_set_ages(t, &t->task.params[PARAMS_FINISH]);
        return true;
}

static PgNext apply_on_finish(const PGresult *result, void *userdata _unused_, Fault *ret_fault)
{
        if (PQntuples(result) == 1)
                return PG_NEXT;
        mirror_fault_lease_lost(ret_fault);
        return PG_ROLLBACK;
}

/* ---- what goes in and comes out ------------------------------------------------------------- */

/* Before each attempt. */
void apply_rewind(ApplyTask *t)
{
        const MirrorSnapshot *s = &t->snapshot;
        const Digest *list = spool_digest(s->rows);
        t->applied = (MirrorApplied){.listed = list->rows, .rejected = list->rejected};
        t->loaded = t->to_write = t->kept = t->elsewhere = 0;
        t->is_compared = t->is_counted = false;
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

static PgNext apply_on_found(const PGresult *result, void *userdata, Fault *ret_fault)
{
        ApplyTask *t = userdata;
        int n = PQntuples(result);
        for (int i = 0; i < n; i++) {
                Uuid id;
                if (uuid_parse(result_string(result, i, 0), &id) < 0)
                        return apply_without_answer("valid id", ret_fault);
                if (spool_add_id(t->snapshot.found, &id, ret_fault) < 0)
                        return PG_ROLLBACK;
        }
        return n > 0 && spool_rows(t->snapshot.found) < t->applied.found ? PG_AGAIN : PG_ROLLBACK;
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
                        .id = result_string(result, i, 1),
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

/* ---- all of them ---------------------------------------------------------------------------- */

void apply_steps(ApplyTask *t)
{
        PgStep *s = t->steps;
        const Params *p = t->task.params;
        s[STEP_TABLES] = (PgStep){.sql = sql_apply_tables, .n_params = PG_SCRIPT};
        s[STEP_READ_ONLY] = task_wanted_step(apply_plans, sql_plan_read_only, NULL, NULL);
        s[STEP_COPY] = (PgStep){.sql = sql_apply_copy, .copy_source = apply_copy_rows};
        s[STEP_VERDICTS] = (PgStep){.sql = sql_apply_verdicts,
                                    .copy_source = apply_copy_verdicts,
                                    .wanted = apply_has_verdicts};
        s[STEP_DISTINCT] =
                task_wanted_step(apply_repeats, sql_apply_distinct, NULL, apply_on_distinct);
        s[STEP_EDGE] =
                task_wanted_step(apply_loads, sql_apply_edges, &p[PARAMS_EDGE], apply_on_edges);
        s[STEP_LOAD] =
                task_wanted_step(apply_loads, sql_apply_load, &p[PARAMS_ROWS], apply_on_load);
        s[STEP_COMPARE] = task_wanted_step(apply_asks_what_differs, sql_apply_compare,
                                           &p[PARAMS_COMPARE], apply_on_compare);
        s[STEP_FIND_CURSOR] = task_wanted_step(apply_has_found, sql_apply_find_cursor, NULL, NULL);
        s[STEP_FIND_FETCH] =
                task_wanted_step(apply_has_found, sql_apply_find_fetch, NULL, apply_on_found);
        s[STEP_PLAN_CURSOR] = task_wanted_step(apply_plans, sql_plan_cursor, NULL, NULL);
        s[STEP_PLAN_FETCH] = task_wanted_step(apply_plans, sql_plan_fetch, NULL, apply_on_plan);
        s[STEP_EDGES] =
                task_wanted_step(apply_locks, sql_apply_edges, &p[PARAMS_EDGE], apply_on_edges);
        s[STEP_ROWS] =
                task_wanted_step(apply_differs, sql_apply_rows, &p[PARAMS_ROWS], apply_on_rows);
        s[STEP_REJECTED_ROWS] = task_wanted_step(apply_keeps_rejected, sql_apply_rejected_rows,
                                                 &p[PARAMS_REJECTED], NULL);
        s[STEP_FINISH] = task_wanted_step(apply_finishes, sql_apply_finish, &p[PARAMS_FINISH],
                                          apply_on_finish);
}
