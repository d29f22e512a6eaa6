/*
 * pool: work waits here for a connection, and its callbacks run from here.
 *
 * What always holds: a task is in one place: in the waiting list, on a connection, or in the list
 * of ended ones. Callbacks run from the dispatcher only, so that whatever they do (start, cancel,
 * free the pool) happens outside libpq's handlers.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "pg/pg_private.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#define ANSWER_DEFAULT_USEC  (10 * USEC_PER_SEC)
#define IDLE_DEFAULT_USEC    USEC_PER_MINUTE
#define MAX_AGE_DEFAULT_USEC USEC_PER_HOUR
#define CANCEL_USEC          (200 * USEC_PER_MSEC)
#define PAUSE_USEC           USEC_PER_SEC /* after a connection that could not be made */

enum { SEARCH_PATH_BYTES = 500 };

static void list_append(PgTask **first, PgTask **last, PgTask *t)
{
        t->next = NULL;
        t->previous = *last;
        if (*last)
                (*last)->next = t;
        else
                *first = t;
        *last = t;
}

static void list_remove(PgTask **first, PgTask **last, PgTask *t)
{
        if (t->previous)
                t->previous->next = t->next;
        else
                *first = t->next;
        if (t->next)
                t->next->previous = t->previous;
        else
                *last = t->previous;
}

void pool_dispatch_later(PgPool *pool)
{
        (void)sd_event_source_set_enabled(pool->dispatcher, SD_EVENT_ONESHOT);
}

/* The one way to the list of ended ones. The dispatcher may have looked there already. */
static void pool_conclude(PgPool *pool, PgTask *t, PgEnd end)
{
        t->ended = true;
        t->end = end;
        list_append(&pool->ended_first, &pool->ended_last, t);
        pool_dispatch_later(pool);
}

/* Puts a task back to the head of the queue as if it had never been started. */
static void pool_requeue(PgPool *pool, PgTask *t)
{
        t->connection = NULL;
        t->at = (Progress){0};
        t->fault = (Fault){0};
        t->previous = NULL;
        t->next = pool->first;
        if (pool->first)
                pool->first->previous = t;
        else
                pool->last = t;
        pool->first = t;
}

/* ---- a server that takes no further connection ---------------------------------------------- */

static void pool_end_pause(PgPool *pool)
{
        pool->pause = sd_event_source_disable_unref(pool->pause);
}

static int pool_on_pause(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        PgPool *pool = userdata;
        pool_end_pause(pool);
        pool_dispatch_later(pool);
        return 0;
}

static int pool_begin_pause(PgPool *pool)
{
        pool_end_pause(pool);
        return sd_event_add_time_relative(pool->event, &pool->pause, CLOCK_MONOTONIC, PAUSE_USEC,
                                          100 * USEC_PER_MSEC, pool_on_pause, pool);
}

void pool_task_ended(PgTask *t, PgEnd end)
{
        PgPool *pool = t->pool;
        PgConnection *c = t->connection;
        t->connection = NULL;
        pool_end_pause(pool);
        /* A connection that had died unnoticed while idle, before anything of the work came back:
         * it simply begins again on another one. */
        bool stale = end == PG_END_FAILED && t->at.lost && !t->at.heard && t->work.transaction &&
                     c->was_idle;
        if (stale)
                pool_requeue(pool, t);
        else
                pool_conclude(pool, t, end);
        pool_dispatch_later(pool);
}

static void pool_drop_broken(PgPool *pool, Fault *ret_connect_fault)
{
        PgConnection **link = &pool->connections;
        while (*link) {
                PgConnection *c = *link;
                if (c->state != PG_CONNECTION_BROKEN) {
                        link = &c->next;
                        continue;
                }
                if (!c->connected)
                        *ret_connect_fault = c->fault;
                else
                        pool_end_pause(pool);
                *link = c->next;
                pool->n_connections--;
                (void)connection_free(c);
        }
}

static unsigned pool_count(const PgPool *pool, PgConnectionState state)
{
        unsigned n = 0;
        for (const PgConnection *c = pool->connections; c; c = c->next)
                n += c->state == state;
        return n;
}

/* A connection could not be made: those who wait hear why, unless another connection may still
 * serve them. It may work for minutes, and the refusal have lasted for a moment: so it is tried
 * again meanwhile. */
static void pool_fail_waiting(PgPool *pool, const Fault *fault)
{
        if (pool->n_connections > 0 && pool_begin_pause(pool) >= 0)
                return;
        while (pool->first) {
                PgTask *t = pool->first;
                list_remove(&pool->first, &pool->last, t);
                t->fault = *fault;
                pool_conclude(pool, t, PG_END_FAILED);
        }
}

/* Whether work of this kind may begin now. Bulk work leaves one connection to ordinary work, and
 * ordinary work leaves one to what is urgent, as far as there are so many. */
static bool pool_takes(const PgPool *pool, const PgWork *work)
{
        unsigned bulk = 0, ordinary = 0, most = pool->max_connections;
        for (const PgConnection *c = pool->connections; c; c = c->next) {
                bulk += c->task && c->task->work.bulk;
                ordinary += c->task && !c->task->work.bulk && !c->task->work.urgent;
        }
        if (most == 1 || work->urgent)
                return true;
        unsigned kept = most > 2 ? 1 : 0;
        return bulk + ordinary + kept < most && (!work->bulk || bulk + kept + 1 < most);
}

/* The first that may begin now, what is urgent before all others; NULL: none. */
static PgTask *pool_next(const PgPool *pool)
{
        for (PgTask *t = pool->first; t; t = t->next)
                if (t->work.urgent)
                        return t;
        for (PgTask *t = pool->first; t; t = t->next)
                if (pool_takes(pool, &t->work))
                        return t;
        return NULL;
}

static void pool_hand_out(PgPool *pool)
{
        for (PgConnection *c = pool->connections; c; c = c->next) {
                PgTask *t = pool_next(pool);
                if (!t)
                        break;
                if (c->state != PG_CONNECTION_IDLE)
                        continue;
                if (!connection_check_idle(c))
                        continue;
                list_remove(&pool->first, &pool->last, t);
                t->connection = c;
                c->task = t;
                work_start(c);
        }
        for (PgConnection *c = pool->connections; c; c = c->next)
                c->was_idle = c->was_idle || c->state == PG_CONNECTION_IDLE;
}

static void pool_open_more(PgPool *pool)
{
        unsigned waiting = 0;
        for (const PgTask *t = pool->first; t; t = t->next)
                waiting += pool_takes(pool, &t->work);
        unsigned coming =
                pool_count(pool, PG_CONNECTION_CONNECTING) + pool_count(pool, PG_CONNECTION_IDLE);
        while (!pool->pause && waiting > coming && pool->n_connections < pool->max_connections) {
                PgConnection *c;
                if (connection_open(pool, &c) < 0) {
                        Fault fault;
                        fault_set(&fault, FAULT_PEER, ENOMEM, CODE_NO_MEMORY,
                                  "out of memory for a connection to PostgreSQL");
                        pool_fail_waiting(pool, &fault);
                        return;
                }
                c->next = pool->connections;
                pool->connections = c;
                pool->n_connections++;
                coming++;
        }
}

/* A loop is not needed any more for what was given up, but the server is to hear of it. */
static void pool_wait_for_cancels(PgPool *pool)
{
        uint64_t until = clock_monotonic_usec() + CANCEL_USEC;
        for (PgConnection *c = pool->connections; c; c = c->next) {
                if (c->state == PG_CONNECTION_WORKING)
                        connection_leave(c, work_can_be_cancelled(c));
        }
        for (PgConnection *c = pool->connections; c; c = c->next) {
                uint64_t now = clock_monotonic_usec();
                if (c->cancel && now < until)
                        background_wait(c->cancel, until - now);
        }
}

static int pool_on_dispatch(sd_event_source *s, void *userdata)
{
        (void)s;
        PgPool *pool = userdata;
        Fault connect_fault = {0};
        bool freed = false;
        pool->freed = &freed;

        pool_drop_broken(pool, &connect_fault);
        if (connect_fault.scope != FAULT_NONE)
                pool_fail_waiting(pool, &connect_fault);
        while (pool->ended_first) {
                PgTask *t = pool->ended_first;
                list_remove(&pool->ended_first, &pool->ended_last, t);
                t->notified = true;
                t->callback(t->end, &t->fault, t->userdata);
                free(t);
                if (freed)
                        return 0;
        }
        pool_hand_out(pool);
        pool_open_more(pool);
        pool->freed = NULL;
        return 0;
}

static char *copy_or_null(const char *s)
{
        return s ? strdup(s) : NULL;
}

int pg_pool_new(sd_event *event, const PgPoolOptions *options, PgPool **ret)
{
        if (options->max_connections == 0 || !options->search_path ||
            strlen(options->search_path) > SEARCH_PATH_BYTES)
                return -EINVAL;
        _cleanup_(cleanup_pg_pool) PgPool *pool = calloc(1, sizeof(*pool));
        if (!pool)
                return -ENOMEM;
        pool->event = sd_event_ref(event);
        pool->max_connections = options->max_connections;
        pool->only_reads = options->only_reads;
        pool->connect_timeout_usec = options->connect_timeout_usec;
        pool->statement_timeout_usec = options->statement_timeout_usec;
        pool->lock_timeout_usec = options->lock_timeout_usec;
        pool->answer_usec = options->answer_usec ? options->answer_usec : ANSWER_DEFAULT_USEC;
        pool->search_path = copy_or_null(options->search_path);
        pool->idle_usec = options->idle_usec ? options->idle_usec : IDLE_DEFAULT_USEC;
        pool->max_age_usec = options->max_age_usec ? options->max_age_usec : MAX_AGE_DEFAULT_USEC;
        pool->conninfo = copy_or_null(options->conninfo);
        pool->load_password = options->load_password;
        pool->load_password_userdata = options->load_password_userdata;
        pool->application_name = copy_or_null(options->application_name);
        if (!pool->conninfo || !pool->application_name || !pool->search_path)
                return -ENOMEM;
        int r = sd_event_add_defer(event, &pool->dispatcher, pool_on_dispatch, pool);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(pool->dispatcher, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(pool);
        return 0;
}

static void free_tasks(PgTask *t)
{
        while (t) {
                PgTask *next = t->next;
                free(t);
                t = next;
        }
}

PgPool *pg_pool_free(PgPool *pool)
{
        if (!pool)
                return NULL;
        if (pool->freed)
                *pool->freed = true;
        pool_wait_for_cancels(pool);
        while (pool->connections) {
                PgConnection *c = pool->connections;
                pool->connections = c->next;
                free(c->task);
                (void)connection_free(c);
        }
        (void)background_abandon(pool->lookup);
        (void)pg_endpoints_unref(pool->endpoints);
        (void)pg_endpoints_unref(pool->served);
        free_tasks(pool->first);
        free_tasks(pool->ended_first);
        pool_end_pause(pool);
        sd_event_source_disable_unref(pool->dispatcher);
        sd_event_unref(pool->event);
        free(pool->conninfo);
        free(pool->application_name);
        free(pool->search_path);
        free(pool);
        return NULL;
}

sd_event *pg_pool_event(const PgPool *pool)
{
        return pool->event;
}

int pg_start(PgPool *pool, const PgWork *work, PgCallback callback, void *userdata, PgTask **ret)
{
        if (work->n_steps == 0 || work->n_steps > PG_STEPS_MAX ||
            (!work->transaction && work->n_steps != 1))
                return -EINVAL;
        PgTask *t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->pool = pool;
        t->work = *work;
        t->callback = callback;
        t->userdata = userdata;
        list_append(&pool->first, &pool->last, t);
        pool_dispatch_later(pool);
        *ret = t;
        return 0;
}

PgTask *pg_cancel(PgTask *t)
{
        if (!t || t->notified) /* in its own callback: it is freed right after */
                return NULL;
        PgPool *pool = t->pool;
        PgConnection *c = t->connection;
        if (c) {
                /* The connection is in the middle of something: closing it is what rolls back. */
                bool cancel = work_can_be_cancelled(c);
                c->task = NULL;
                connection_leave(c, cancel);
                pool_dispatch_later(pool);
        } else if (t->ended) {
                list_remove(&pool->ended_first, &pool->ended_last, t);
        } else {
                list_remove(&pool->first, &pool->last, t);
        }
        free(t);
        return NULL;
}
