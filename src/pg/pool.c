/*
 * pool: work waits here for a connection, and its callbacks run from here.
 *
 * What always holds: a task is in one place: in the waiting list, on a connection, or in the list
 * of ended ones. Callbacks run from the dispatcher only, so that whatever they do (start, cancel,
 * free the pool) happens outside libpq's handlers.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "pg/pg_fault_private.h"
#include "pg/work_private.h"
#include <errno.h>
#include <stdlib.h>

#define CANCEL_USEC (200 * USEC_PER_MSEC)
/* after a connection that could not be made */
#define PAUSE_USEC USEC_PER_SEC
/* for prompt work on the connection that is kept for what is urgent */
#define KEPT_LOCK_USEC (2 * USEC_PER_SEC)

typedef TAILQ_HEAD(TaskList, PgTask) TaskList;

struct PgPool {
        PgServer server;
        LIST_HEAD(, PgConnection) connections;
        unsigned n_connections;
        /* the server took no further connection: none is asked for until one of ours comes free, or
         * this fires */
        Timer pause;
        TaskList waiting, ended;
        /* hands out work and runs callbacks, outside every handler of libpq's sockets */
        sd_event_source *dispatcher;
};

static void pool_dispatch_later(void *userdata)
{
        PgPool *pool = userdata;
        (void)sd_event_source_set_enabled(pool->dispatcher, SD_EVENT_ONESHOT);
}

/* ---- a server that takes no further connection ---------------------------------------------- */

static int pool_begin_pause(PgPool *pool)
{
        return timer_start(&pool->pause, pool->server.event, PAUSE_USEC, 100 * USEC_PER_MSEC,
                           pool_dispatch_later, pool);
}

/* ---- tasks ---------------------------------------------------------------------------------- */

static TaskList *pool_list(PgPool *pool, PgTaskPlace place)
{
        return place == PG_TASK_WAITING ? &pool->waiting
               : place == PG_TASK_ENDED ? &pool->ended
                                        : NULL;
}

/* The one function by which a task changes its place. One whose connection was lost begins anew,
 * before all others. */
static void pool_move(PgTask *t, PgTaskPlace place)
{
        TaskList *from = pool_list(t->pool, t->place), *to = pool_list(t->pool, place);
        if (from)
                TAILQ_REMOVE(from, t, entry);
        if (to && t->place == PG_TASK_WORKING && place == PG_TASK_WAITING)
                TAILQ_INSERT_HEAD(to, t, entry);
        else if (to)
                TAILQ_INSERT_TAIL(to, t, entry);
        t->place = place;
}

static void pool_conclude(PgTask *t, PgEnd end)
{
        t->end = end;
        pool_move(t, PG_TASK_ENDED);
        pool_dispatch_later(t->pool);
}

/* Of a task on a connection. */
static void pool_on_end(PgTask *t, PgEnd end)
{
        PgConnection *c = t->connection;
        t->connection = NULL;
        timer_cancel(&t->pool->pause);
        /* A connection that had died unnoticed while idle, before anything of the work came back:
         * it begins again on another one. */
        bool stale = t->at.lost && !t->at.answered_once && t->work.transaction && c->was_idle;
        if (end != PG_END_FAILED || (!stale && !t->at.unprepared)) {
                pool_conclude(t, end);
                return;
        }
        t->at = (Progress){0};
        t->fault = (Fault){0};
        pool_move(t, PG_TASK_WAITING);
        pool_dispatch_later(t->pool);
}

/* ---- connections ---------------------------------------------------------------------------- */

static void pool_on_connection(PgConnection *c)
{
        pool_dispatch_later(c->owner);
}

static void pool_on_late(PgConnection *c)
{
        PgPool *pool = c->owner;
        Fault fault;
        fault_set(&fault, FAULT_PEER, ETIMEDOUT, CODE_PG_UNREACHABLE,
                  "PostgreSQL did not answer a statement in time");
        fault.retryable = true;
        bool cancel = work_can_be_cancelled(c);
        work_on_lost(c, &fault);
        connection_close(c, cancel);
        /* What has lost this connection may have lost those that are idle, too. */
        PgConnection *other;
        LIST_FOREACH(other, &pool->connections, entry)
                if (other->state == PG_CONNECTION_IDLE)
                        connection_retire(other);
}

static const PgConnectionHandlers pool_handlers = {
        .on_changed = pool_on_connection,
        .on_ready = work_on_ready,
        .on_late = pool_on_late,
        .on_lost = work_on_lost,
};

static void pool_on_looked_up(const Fault *fault, void *userdata)
{
        PgPool *pool = userdata;
        PgConnection *c;
        LIST_FOREACH(c, &pool->connections, entry)
                if (c->state == PG_CONNECTION_CONNECTING && !c->endpoints)
                        connection_on_lookup(c, fault);
}

static void pool_drop_broken(PgPool *pool, Fault *ret_connect_fault)
{
        PgConnection *c, *next;
        for (c = LIST_FIRST(&pool->connections); c; c = next) {
                next = LIST_NEXT(c, entry);
                if (c->state != PG_CONNECTION_BROKEN)
                        continue;
                if (!c->connected)
                        *ret_connect_fault = c->fault;
                else
                        timer_cancel(&pool->pause);
                LIST_REMOVE(c, entry);
                pool->n_connections--;
                (void)connection_free(c);
        }
}

static unsigned pool_count(const PgPool *pool, PgConnectionState state)
{
        unsigned n = 0;
        const PgConnection *c;
        LIST_FOREACH(c, &pool->connections, entry)
                n += c->state == state;
        return n;
}

/* A connection could not be made: what waits fails with its fault, unless another connection may
 * still serve it: that may work for minutes, so connecting is tried again meanwhile. */
static void pool_fail_waiting(PgPool *pool, const Fault *fault)
{
        if (pool->n_connections > 0 && pool_begin_pause(pool) >= 0)
                return;
        PgTask *t;
        while ((t = TAILQ_FIRST(&pool->waiting))) {
                t->fault = *fault;
                pool_conclude(t, PG_END_FAILED);
        }
}

/* Whether there is a connection for work of this kind. Bulk work leaves one to ordinary work and to
 * one piece that is awaited, and all but urgent work leaves one to that, as far as there are so
 * many. */
static bool pool_has_room(const PgPool *pool, const PgWork *work)
{
        unsigned bulk = 0, awaited = 0, ordinary = 0, most = pool->server.options.max_connections;
        const PgConnection *c;
        LIST_FOREACH(c, &pool->connections, entry) {
                bulk += c->task && c->task->work.bulk;
                awaited += c->task && c->task->work.awaited;
                ordinary += c->task && !c->task->work.bulk && !c->task->work.urgent;
        }
        if (most == 1 || work->urgent)
                return true;
        unsigned kept = most > 2 ? 1 : 0;
        return bulk + ordinary + kept < most &&
               (!work->bulk || bulk + kept + 1 < most || (work->awaited && awaited == 0));
}

static bool pool_takes(const PgPool *pool, const PgWork *work)
{
        bool prompt = false;
        const PgConnection *c;
        LIST_FOREACH(c, &pool->connections, entry)
                prompt = prompt || (c->task && c->task->work.prompt);
        return pool_has_room(pool, work) || (work->prompt && !prompt);
}

/* The first that may begin now, what is urgent before all others; NULL: none. */
static PgTask *pool_next(const PgPool *pool)
{
        PgTask *t;
        TAILQ_FOREACH(t, &pool->waiting, entry)
                if (t->work.urgent)
                        return t;
        TAILQ_FOREACH(t, &pool->waiting, entry)
                if (pool_takes(pool, &t->work))
                        return t;
        return NULL;
}

static void pool_hand_out(PgPool *pool)
{
        PgConnection *c;
        LIST_FOREACH(c, &pool->connections, entry) {
                PgTask *t = pool_next(pool);
                if (!t)
                        break;
                if (c->state != PG_CONNECTION_IDLE || !connection_check_idle(c))
                        continue;
                if (t->work.prompt && !pool_has_room(pool, &t->work))
                        t->work.lock_timeout_usec = KEPT_LOCK_USEC;
                pool_move(t, PG_TASK_WORKING);
                t->connection = c;
                c->task = t;
                c->connected = true;
                work_start(c);
        }
        LIST_FOREACH(c, &pool->connections, entry)
                if (c->state == PG_CONNECTION_IDLE)
                        c->connected = c->was_idle = true;
}

static void pool_open_more(PgPool *pool)
{
        unsigned waiting = 0;
        const PgTask *t;
        TAILQ_FOREACH(t, &pool->waiting, entry)
                waiting += pool_takes(pool, &t->work);
        unsigned idle = pool_count(pool, PG_CONNECTION_IDLE);
        unsigned coming = pool_count(pool, PG_CONNECTION_CONNECTING) + idle;
        /* While none stands, one at a time: several that come together may all be refused where
         * there is room for one, and what waits would have to wait for each before it could fail.
         */
        if (idle + pool_count(pool, PG_CONNECTION_WORKING) == 0)
                waiting = waiting > 0;
        while (!timer_is_armed(&pool->pause) && waiting > coming &&
               pool->n_connections < pool->server.options.max_connections) {
                PgConnection *c;
                if (connection_open(&pool->server, &pool_handlers, pool, &c) < 0) {
                        Fault fault;
                        (void)pg_fault_no_memory(&fault);
                        pool_fail_waiting(pool, &fault);
                        return;
                }
                LIST_INSERT_HEAD(&pool->connections, c, entry);
                pool->n_connections++;
                coming++;
        }
}

/* One at a time: its callback may free the pool. */
static void pool_deliver(PgPool *pool)
{
        PgTask *t = TAILQ_FIRST(&pool->ended);
        if (!t)
                return;
        pool_move(t, PG_TASK_NOTIFIED);
        if (!TAILQ_EMPTY(&pool->ended))
                pool_dispatch_later(pool);
        t->callback(t->end, &t->fault, t->userdata);
        free(t);
}

static int pool_on_dispatch(sd_event_source *s _unused_, void *userdata)
{
        PgPool *pool = userdata;
        Fault connect_fault = {0};
        pool_hand_out(pool);
        pool_drop_broken(pool, &connect_fault);
        if (connect_fault.scope != FAULT_NONE)
                pool_fail_waiting(pool, &connect_fault);
        pool_open_more(pool);
        pool_deliver(pool);
        return 0;
}

/* ---- the pool ------------------------------------------------------------------------------- */

int pg_pool_new(sd_event *event, const PgPoolOptions *options, PgPool **ret)
{
        _cleanup_(cleanup_pg_pool) PgPool *pool = calloc(1, sizeof(*pool));
        if (!pool)
                return -ENOMEM;
        LIST_INIT(&pool->connections);
        TAILQ_INIT(&pool->waiting);
        TAILQ_INIT(&pool->ended);
        int r = server_init(&pool->server, event, options, pool_on_looked_up, pool);
        if (r >= 0)
                r = sd_event_add_defer(event, &pool->dispatcher, pool_on_dispatch, pool);
        if (r >= 0)
                r = sd_event_source_set_enabled(pool->dispatcher, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE(pool);
        return 0;
}

static void free_tasks(TaskList *list)
{
        PgTask *t;
        while ((t = TAILQ_FIRST(list))) {
                TAILQ_REMOVE(list, t, entry);
                free(t);
        }
}

/* A loop is not needed any more for what was given up, but the server is to be asked to end it. */
static void pool_wait_for_cancels(PgPool *pool)
{
        uint64_t until = clock_monotonic_usec() + CANCEL_USEC;
        PgConnection *c;
        LIST_FOREACH(c, &pool->connections, entry)
                if (c->state == PG_CONNECTION_WORKING)
                        connection_close(c, work_can_be_cancelled(c));
        LIST_FOREACH(c, &pool->connections, entry) {
                uint64_t now = clock_monotonic_usec();
                if (c->cancel && now < until)
                        background_wait(c->cancel, until - now);
        }
}

PgPool *pg_pool_free(PgPool *pool)
{
        if (!pool)
                return NULL;
        pool_wait_for_cancels(pool);
        PgConnection *c;
        while ((c = LIST_FIRST(&pool->connections))) {
                LIST_REMOVE(c, entry);
                free(c->task);
                (void)connection_free(c);
        }
        free_tasks(&pool->waiting);
        free_tasks(&pool->ended);
        timer_cancel(&pool->pause);
        sd_event_source_disable_unref(pool->dispatcher);
        server_done(&pool->server);
        free(pool);
        return NULL;
}

sd_event *pg_pool_event(const PgPool *pool)
{
        return pool->server.event;
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
        t->on_end = pool_on_end;
        TAILQ_INSERT_TAIL(&pool->waiting, t, entry);
        pool_dispatch_later(pool);
        *ret = t;
        return 0;
}

PgTask *pg_cancel(PgTask *t)
{
        if (!t || t->place == PG_TASK_NOTIFIED) /* in its own callback: it is freed right after */
                return NULL;
        PgConnection *c = t->connection;
        pool_move(t, PG_TASK_NOTIFIED);
        if (c) {
                /* The connection is in the middle of something: closing it is what rolls back. */
                bool cancel = work_can_be_cancelled(c);
                c->task = NULL;
                connection_close(c, cancel);
                pool_dispatch_later(t->pool);
        }
        free(t);
        return NULL;
}
