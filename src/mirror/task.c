/*
 * task: the life of a piece of work on the mirror, and its parameters.
 *
 * What always holds: a task is on its mirror's list from task_new until its callback runs or it is
 * cancelled; it owns its PgTask and its timer.
 */
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void params_take(Params *p, char *value, bool failed)
{
        if (p->n == PARAMS_MAX) {
                free(value);
                p->failed = true;
                return;
        }
        p->values[p->n++] = value;
        p->failed = p->failed || failed;
}

void params_text(Params *p, const char *value)
{
        char *copy = value ? strdup(value) : NULL;
        params_take(p, copy, value && !copy);
}

void params_uuid(Params *p, const Uuid *value)
{
        char text[UUID_STRING_SIZE];
        params_text(p, uuid_format(value, text));
}

void params_int(Params *p, int64_t value)
{
        char text[32];
        (void)snprintf(text, sizeof(text), "%" PRId64, value);
        params_text(p, text);
}

void params_double(Params *p, double value)
{
        char text[64];
        (void)snprintf(text, sizeof(text), "%.6f", value);
        params_text(p, value < 0 ? NULL : text);
}

/* In seconds: PostgreSQL 13 and 14 read no more than 32 bits of a number in an interval. */
const char *interval_format(int64_t usec, char out[static INTERVAL_BYTES])
{
        (void)snprintf(out, INTERVAL_BYTES, "%s%" PRId64 ".%06" PRId64 " seconds",
                       usec < 0 ? "-" : "", (usec < 0 ? -usec : usec) / (int64_t)USEC_PER_SEC,
                       (usec < 0 ? -usec : usec) % (int64_t)USEC_PER_SEC);
        return out;
}

void params_bool(Params *p, bool value)
{
        params_text(p, value ? "t" : "f");
}

void params_usec(Params *p, uint64_t usec)
{
        char text[INTERVAL_BYTES];
        params_text(p, interval_format((int64_t)usec, text));
}

void params_done(Params *p)
{
        for (int i = 0; i < p->n; i++)
                free(p->values[i]);
        *p = (Params){0};
}

int mirror_new(PgPool *pool, const char *instance, uint64_t lease_usec, Mirror **ret)
{
        Mirror *m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->pool = pool;
        m->instance = strdup(instance);
        if (!m->instance) {
                free(m);
                return -ENOMEM;
        }
        (void)snprintf(m->lease, sizeof(m->lease), "%llu milliseconds",
                       (unsigned long long)(lease_usec / USEC_PER_MSEC));
        *ret = m;
        return 0;
}

int mirror_set_catalog(Mirror *m, const char *url)
{
        char *copy = strdup(url);
        if (!copy)
                return -ENOMEM;
        free(m->catalog_url);
        m->catalog_url = copy;
        return 0;
}

Mirror *mirror_free(Mirror *m)
{
        if (!m)
                return NULL;
        while (m->tasks)
                (void)mirror_cancel(m->tasks);
        free(m->instance);
        free(m->catalog_url);
        free(m);
        return NULL;
}

static void task_unlink(MirrorTask *task)
{
        if (!task->link)
                return;
        *task->link = task->next;
        if (task->next)
                task->next->link = task->link;
        task->link = NULL;
}

static void task_free(MirrorTask *task)
{
        task_unlink(task);
        (void)pg_cancel(task->pg);
        sd_event_source_disable_unref(task->timer);
        if (task->done)
                task->done(task);
        free(task);
}

MirrorTask *mirror_cancel(MirrorTask *task)
{
        if (task)
                task_free(task);
        return NULL;
}

static void task_link(MirrorTask *task)
{
        Mirror *m = task->mirror;
        task->next = m->tasks;
        task->link = &m->tasks;
        if (m->tasks)
                m->tasks->link = &task->next;
        m->tasks = task;
}

void *task_new(Mirror *m, size_t size, TaskComplete complete, TaskDone done, void *userdata)
{
        MirrorTask *task = calloc(1, size);
        if (!task)
                return NULL;
        task->mirror = m;
        task->complete = complete;
        task->done = done;
        task->userdata = userdata;
        task_link(task);
        return task;
}

void task_finish(MirrorTask *task, PgEnd end, const Fault *fault)
{
        /* The callback may free the mirror, so the task leaves the list first; a task that goes on
         * comes back. */
        task_unlink(task);
        if (task->complete(task, end, fault))
                task_link(task);
        else
                task_free(task);
}

static void task_on_end(PgEnd end, const Fault *fault, void *userdata)
{
        MirrorTask *task = userdata;
        task->pg = NULL;
        task_finish(task, end, fault);
}

int task_continue(MirrorTask *task, const PgWork *work)
{
        return pg_start(task->mirror->pool, work, task_on_end, task, &task->pg);
}

int task_start(MirrorTask *task, const PgWork *work, const Params *params, MirrorTask **ret)
{
        int r = params && params->failed ? -ENOMEM : task_continue(task, work);
        if (r < 0)
                task_free(task);
        else
                *ret = task;
        return r;
}

int task_start_step(MirrorTask *task, const PgStep *step, const Params *params, MirrorTask **ret)
{
        PgWork work = {.steps = step, .n_steps = 1};
        return task_start(task, &work, params, ret);
}

int task_wait(MirrorTask *task, uint64_t delay_usec, sd_event_time_handler_t fire)
{
        task->timer = sd_event_source_disable_unref(task->timer);
        return sd_event_add_time_relative(pg_pool_event(task->mirror->pool), &task->timer,
                                          CLOCK_MONOTONIC, delay_usec, USEC_PER_MSEC, fire, task);
}

int64_t result_int(const PGresult *result, int row, int column)
{
        return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

bool result_bool(const PGresult *result, int row, int column)
{
        return PQgetvalue(result, row, column)[0] == 't';
}

const char *result_text(const PGresult *result, int row, int column)
{
        return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

int schema_check(int64_t version, Fault *ret_fault)
{
        int known = mirror_schema_version();
        if (version == known)
                return 0;
        if (version > known)
                return fault_set(ret_fault, FAULT_PEER, ENOTSUP, "schema-newer",
                                 "the schema is at version %" PRId64
                                 ", this program knows %d; install the newer edgemirror",
                                 version, known);
        return fault_set(ret_fault, FAULT_PEER, ENOTSUP, "schema-older",
                         "the schema is at version %" PRId64
                         ", this program needs %d; run edgemirror migrate",
                         version, known);
}

void fault_lease_lost(Fault *ret)
{
        fault_set(ret, FAULT_RUN, ESTALE, "lease-lost",
                  "the lease ended before it was renewed and another instance took over; this run "
                  "publishes nothing");
}
