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

DEFINE_ROWS_TASK(StatusTask, status, MirrorStatusCallback, 3)

/* The next column to be read. */
typedef struct Cursor {
        const PGresult *result;
        int row, column;
} Cursor;

static const char *next_text(Cursor *c)
{
        return result_text(c->result, c->row, c->column++);
}

static const char *next_string(Cursor *c)
{
        return result_string(c->result, c->row, c->column++);
}

static bool next_bool(Cursor *c)
{
        return result_bool(c->result, c->row, c->column++);
}

static int64_t next_int(Cursor *c, int64_t otherwise)
{
        const char *text = next_text(c);
        return text ? result_int(c->result, c->row, c->column - 1) : otherwise;
}

/* Seconds that have passed; 0 where a clock was set back meanwhile; -1: NULL. */
static int64_t next_age(Cursor *c)
{
        int64_t age = next_int(c, 0);
        return PQgetisnull(c->result, c->row, c->column - 1) ? -1 : age < 0 ? 0 : age;
}

/* In the order of the columns of status.sql. */
static void status_fill(const PGresult *result, int row, MirrorStatus *ret)
{
        Cursor at = {.result = result, .row = row};
        *ret = (MirrorStatus){0}; /* there may be no id */
        (void)uuid_parse(next_string(&at), &ret->edge);
        ret->name = next_string(&at);
        ret->enabled = next_bool(&at);
        ret->phase = next_text(&at);
        ret->holder = next_text(&at);
        ret->outcome = next_text(&at);
        ret->refresh = next_text(&at);
        ret->row_count = next_int(&at, -1);
        ret->listed_at = next_text(&at);
        ret->refreshed_at = next_text(&at);
        ret->next_run_at = next_text(&at);
        ret->listed_age_sec = next_age(&at);
        ret->refreshed_age_sec = next_age(&at);
        ret->running_sec = next_age(&at);
        ret->overdue = next_bool(&at);
        ret->consecutive_failures = next_int(&at, 0);
        ret->job_id = next_text(&at);
        ret->job_state = next_text(&at);
        const char *progress = next_text(&at);
        ret->job_progress = progress ? strtod(progress, NULL) : -1;
        ret->listed = next_int(&at, 0);
        ret->error_scope = next_text(&at);
        ret->error_code = next_text(&at);
        ret->error_message = next_text(&at);
        ret->error_http_status = (int)next_int(&at, 0);
        ret->held = next_int(&at, 0);
        ret->pending = next_int(&at, 0);
        ret->state = next_string(&at);
        ret->holder_seen_sec = next_age(&at);
        ret->free_in_sec = next_int(&at, -1);
        ret->lease_sec = next_int(&at, -1);
        ret->rejected = next_int(&at, 0);
        ret->origin = next_text(&at);
        ret->next_in_sec = next_int(&at, 0);
        ret->schedule = next_string(&at);
        ret->timezone = next_string(&at);
        ret->observed_at = next_text(&at);
}

static PgNext status_on_result(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        StatusTask *t = userdata;
        for (int row = 0; row < PQntuples(result); row++) {
                MirrorStatus status;
                status_fill(result, row, &status);
                t->callback(&status, &fault_none, t->task.userdata);
        }
        return PQntuples(result) > 0 ? PG_AGAIN : PG_NEXT;
}

int mirror_status(Mirror *m, const char *const *names, MirrorStatusCallback callback,
                  void *userdata, MirrorTask **ret)
{
        /* All rows are fetched: the plan is to be the one that is done first. */
        static const PgSetting settings[] = {{"cursor_tuple_fraction", "1"}, {NULL, NULL}};
        StatusTask *t = task_new(m, sizeof(*t), status_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_names(t->task.params, names);
        params_text(t->task.params, m->lease);
        t->steps[0] = task_step(sql_catalog, NULL, trust_on_catalog);
        t->steps[1] = task_step(sql_status, t->task.params, NULL);
        t->steps[2] = task_step(sql_status_fetch, NULL, status_on_result);
        /* Somebody who asks what is wrong gets an answer about a lock within seconds. */
        const PgWork work = {.phase = "status",
                             .read_only = true,
                             .settings = settings,
                             .lock_timeout_usec = LOCK_TIMEOUT_USEC};
        return task_start_transaction(&t->task, &work, t->steps, ARRAY_SIZE(t->steps), ret);
}
