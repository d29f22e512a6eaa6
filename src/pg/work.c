/*
 * work: one piece of work on one connection: BEGIN, timeouts, the steps, COMMIT.
 *
 * What always holds: one statement is under way at a time and its results are read to the end before the next; a task ends exactly once; a transaction
 * counts as committed only when the server answers with the tag COMMIT (a COMMIT after a failed statement answers ROLLBACK, and that is no error).
 */
#include "base/duration.h"
#include "pg/pg_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

enum {
        COPY_PORTION_BYTES = 64 * 1024,
        COPY_TURN_BYTES = 1024 * 1024, /* then the loop's other sources have their turn */
};
#define IDLE_TIMEOUT_USEC                                                                                              \
        (60 * USEC_PER_SEC) /* between two statements: who says nothing for as long is stopped, and holds locks */
#define ANSWER_GRACE_USEC (10 * USEC_PER_SEC) /* beyond the statement timeout, for the way there and back */

static uint64_t work_timeout(const PgTask *t)
{
        return t->work.statement_timeout_usec ? t->work.statement_timeout_usec : t->pool->statement_timeout_usec;
}

static uint64_t work_lock_timeout(const PgTask *t)
{
        return t->work.lock_timeout_usec ? t->work.lock_timeout_usec : t->pool->lock_timeout_usec;
}

/* Sends what libpq holds; waits for the socket as needed. */
static void work_flush(PgConnection *c)
{
        int r = PQflush(c->conn);
        if (r < 0 || connection_watch(c, r > 0 ? (uint32_t)(EPOLLIN | EPOLLOUT) : (uint32_t)EPOLLIN) < 0)
                connection_break(c);
}

static void work_send(PgConnection *c, const char *sql, int n_params, const char *const *params)
{
        PgTask *t = c->task;
        t->touched = true;
        if (connection_set_deadline(c, work_timeout(t) + ANSWER_GRACE_USEC) < 0 ||
            !(n_params == PG_SCRIPT ? PQsendQuery(c->conn, sql)
                                    : PQsendQueryParams(c->conn, sql, n_params, NULL, params, NULL, NULL, 0))) {
                connection_break(c);
                return;
        }
        work_flush(c);
}

static void work_send_settings(PgConnection *c)
{
        /* client_connection_check_interval ends a statement whose client has gone: PostgreSQL 14 and newer, and only where the platform can tell. Elsewhere
         * the server refuses it, so it is not set where it is not sure to work. */
        static const char sql[] =
                "SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true), "
                "set_config('idle_in_transaction_session_timeout', $3, true), "
                "CASE WHEN current_setting('client_connection_check_interval', true) IS NOT NULL AND version() LIKE '%linux%' "
                "THEN set_config('client_connection_check_interval', '2s', true) END";
        PgTask *t = c->task;
        char statement[32], lock[32], idle[32];
        (void)snprintf(statement, sizeof(statement), "%llu", (unsigned long long)(work_timeout(t) / USEC_PER_MSEC));
        (void)snprintf(lock, sizeof(lock), "%llu", (unsigned long long)(work_lock_timeout(t) / USEC_PER_MSEC));
        (void)snprintf(idle, sizeof(idle), "%llu", (unsigned long long)(IDLE_TIMEOUT_USEC / USEC_PER_MSEC));
        const char *params[] = {statement, lock, idle};
        work_send(c, sql, 3, params);
}

static void work_send_stage(PgConnection *c)
{
        PgTask *t = c->task;
        const PgStep *step =
                &t->work.steps[t->step]; /* beyond the last one when that was passed by: not looked at then */
        switch (t->stage) {
        case WORK_BEGIN:
                work_send(c,
                          t->work.read_only ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                            : "BEGIN ISOLATION LEVEL READ COMMITTED",
                          0, NULL);
                break;
        case WORK_SETTINGS:
                work_send_settings(c);
                break;
        case WORK_STEP:
        case WORK_COPY:
                work_send(c, step->sql, step->n_params, step->params);
                break;
        case WORK_COMMIT:
                work_send(c, "COMMIT", 0, NULL);
                break;
        case WORK_ROLLBACK:
                work_send(c, "ROLLBACK", 0, NULL);
                break;
        }
}

static void work_end(PgConnection *c, PgEnd end)
{
        PgTask *t = c->task;
        c->task = NULL;
        c->rested = true;
        pool_task_ended(t, end);
        connection_rest(c);
}

/* A fault inside the work: roll back where there is something to roll back, then end. */
static void work_fail(PgConnection *c, const Fault *fault)
{
        PgTask *t = c->task;
        if (t->fault.scope == FAULT_NONE)
                t->fault = *fault;
        if (!t->work.transaction) {
                work_end(c, PG_END_FAILED);
                return;
        }
        t->stage = WORK_ROLLBACK;
        work_send_stage(c);
}

bool work_is_copying(const PgConnection *c)
{
        return c->task && c->task->stage == WORK_COPY && !c->task->copy_sourced;
}

void work_on_lost(PgConnection *c, const Fault *fault)
{
        PgTask *t = c->task;
        c->task = NULL;
        if (t->stage == WORK_ROLLBACK) {
                pool_task_ended(t, t->asked_back ? PG_END_ROLLED_BACK : PG_END_FAILED);
                return;
        }
        t->fault = *fault;
        bool committing = t->touched && (t->stage == WORK_COMMIT || !t->work.transaction);
        pool_task_ended(t, committing ? PG_END_UNKNOWN : PG_END_FAILED);
}

/* Passes by steps that are not wanted. False: none is left. */
static bool work_find_step(PgTask *t)
{
        while (t->step < t->work.n_steps) {
                const PgStep *step = &t->work.steps[t->step];
                if (!step->wanted || step->wanted(t->userdata))
                        return true;
                t->step++;
        }
        return false;
}

void work_start(PgConnection *c)
{
        c->state = PG_CONNECTION_WORKING;
        c->task->stage = c->task->work.transaction ? WORK_BEGIN : WORK_STEP;
        work_send_stage(c);
}

/* ---- results ---- */

static void work_next_step(PgConnection *c, PgNext next)
{
        PgTask *t = c->task;
        if (next == PG_ROLLBACK) {
                t->asked_back = t->fault.scope == FAULT_NONE;
                if (!t->work.transaction) {
                        work_end(c, t->asked_back ? PG_END_DONE : PG_END_FAILED);
                        return;
                }
                t->stage = WORK_ROLLBACK;
        } else if (next == PG_AGAIN) {
                t->stage = WORK_STEP;
        } else if (!t->work.transaction) {
                work_end(c, PG_END_DONE);
                return;
        } else {
                t->step++;
                t->stage = next == PG_NEXT && work_find_step(t) ? WORK_STEP : WORK_COMMIT;
        }
        work_send_stage(c);
}

static void work_on_step_result(PgConnection *c, const PGresult *result)
{
        PgTask *t = c->task;
        const PgStep *step = &t->work.steps[t->step];
        PgNext next = step->on_result ? step->on_result(result, t->userdata, &t->fault) : PG_NEXT;
        work_next_step(c, next);
}

static void work_on_commit_result(PgConnection *c, const PGresult *result)
{
        Fault fault;
        if (strcmp(PQcmdStatus((PGresult *)result), "COMMIT") == 0) {
                work_end(c, PG_END_DONE);
                return;
        }
        fault_set(&fault, FAULT_REQUEST, EIO, "pg-rolled-back", "PostgreSQL answered COMMIT with %s",
                  PQcmdStatus((PGresult *)result));
        fault.retryable = true;
        c->task->fault = fault;
        work_end(c, PG_END_FAILED);
}

/* The whole answer to one statement is in, and it was a success. */
static void work_on_success(PgConnection *c, const PGresult *result)
{
        PgTask *t = c->task;
        switch (t->stage) {
        case WORK_BEGIN:
                t->stage = WORK_SETTINGS;
                work_send_stage(c);
                break;
        case WORK_SETTINGS:
                t->stage = work_find_step(t) ? WORK_STEP : WORK_COMMIT;
                work_send_stage(c);
                break;
        case WORK_STEP:
        case WORK_COPY:
                work_on_step_result(c, result);
                break;
        case WORK_COMMIT:
                work_on_commit_result(c, result);
                break;
        case WORK_ROLLBACK:
                work_end(c, t->asked_back ? PG_END_ROLLED_BACK : PG_END_FAILED);
                break;
        }
}

/* The server takes no writes any more: a standby now, or about to be one. Another that conninfo names may take them, and is found by connecting anew. What
 * was refused for this has done nothing, alone or in a transaction. */
static void work_leave_server(PgConnection *c, const Fault *fault)
{
        PgTask *t = TAKE_PTR(c->task);
        if (t->fault.scope == FAULT_NONE)
                t->fault = *fault;
        pool_task_ended(t, PG_END_FAILED);
        connection_fail(c, fault);
}

static void work_on_error(PgConnection *c, const PGresult *result)
{
        Fault fault;
        PgTask *t = c->task;
        pg_fault_from_result(result, &fault);
        bool from_libpq = fault.sqlstate[0] == '\0'; /* it could not read the server's answer */
        if (from_libpq || pg_result_ends_session(result) || PQstatus(c->conn) != CONNECTION_OK) {
                connection_fail(c, &fault);
        } else if (text_equal(fault.sqlstate, "25006") && !t->work.read_only) {
                work_leave_server(c, &fault);
        } else if (t->stage == WORK_COMMIT || t->stage == WORK_ROLLBACK) {
                /* The server has ended the transaction by itself. */
                if (t->fault.scope == FAULT_NONE)
                        t->fault = fault;
                work_end(c, t->asked_back ? PG_END_ROLLED_BACK : PG_END_FAILED);
        } else {
                work_fail(c, &fault);
        }
}

/* ---- COPY ---- */

static void work_copy_finish(PgConnection *c, const Fault *fault)
{
        if (fault)
                c->task->fault = *fault;
        if (PQputCopyEnd(c->conn, fault ? "the source failed" : NULL) <= 0) {
                connection_break(c);
                return;
        }
        c->task->copy_sourced = true;
        work_flush(c);
}

/* Asks the source for more when it has nothing left. False: the COPY has been ended. */
static bool work_copy_ask(PgConnection *c)
{
        PgTask *t = c->task;
        if (t->chunk_size > 0)
                return true;
        Fault fault = {0};
        bool given = t->work.steps[t->step].copy_source(t->userdata, &t->chunk, &t->chunk_size, &fault) >= 0;
        if (given && t->chunk_size > 0)
                return true;
        t->chunk_size = 0;
        work_copy_finish(c, given ? NULL : &fault);
        return false;
}

/* Feeds the COPY while the socket takes it. libpq's buffer grows without bound, so it is seen to be empty before it is given the next portion. */
static void work_copy_feed(PgConnection *c)
{
        PgTask *t = c->task;
        for (size_t turn_bytes = 0;;) {
                int pending = PQflush(c->conn);
                if (pending != 0 || turn_bytes >= COPY_TURN_BYTES) {
                        if (pending < 0 || connection_watch(c, EPOLLIN | EPOLLOUT) < 0)
                                connection_break(c);
                        return;
                }
                for (size_t portion_bytes = 0; portion_bytes < COPY_PORTION_BYTES;) {
                        if (!work_copy_ask(c))
                                return;
                        size_t n = t->chunk_size < COPY_PORTION_BYTES ? t->chunk_size : COPY_PORTION_BYTES;
                        int r = PQputCopyData(c->conn, t->chunk, (int)n);
                        if (r < 0) {
                                connection_break(c);
                                return;
                        }
                        if (r == 0)
                                break;
                        t->chunk += n;
                        t->chunk_size -= n;
                        portion_bytes += n;
                        turn_bytes += n;
                }
                (void)connection_set_deadline(c, work_timeout(t) + ANSWER_GRACE_USEC);
        }
}

static void work_copy_begin(PgConnection *c)
{
        PgTask *t = c->task;
        if (!t->work.steps[t->step].copy_source) { /* our own mistake: end the COPY, let the server say so */
                (void)PQputCopyEnd(c->conn, "no source");
                work_flush(c);
                return;
        }
        t->stage = WORK_COPY;
        t->copy_sourced = false;
        t->chunk_size = 0;
        work_copy_feed(c);
}

/* ---- the socket ---- */

static bool result_is_error(const PGresult *result)
{
        ExecStatusType status = PQresultStatus(result);
        return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* Of several results the last counts, but no success hides an error, nor "connection lost" what the server said before. */
static void work_keep_result(PgConnection *c, PGresult *result)
{
        if (c->answer && result_is_error(c->answer)) {
                PQclear(result);
                return;
        }
        PQclear(c->answer);
        c->answer = result;
}

static void work_on_answer(PgConnection *c)
{
        PGresult *answer = TAKE_PTR(c->answer);
        if (result_is_error(answer))
                work_on_error(c, answer);
        else
                work_on_success(c, answer);
        PQclear(answer);
}

/* Reads what has come. A statement's answer is whole when PQgetResult gives NULL; it may come in pieces, so it is kept with the connection. */
static void work_advance(PgConnection *c)
{
        while (c->state == PG_CONNECTION_WORKING && !PQisBusy(c->conn)) {
                PGresult *result = PQgetResult(c->conn);
                if (!result) {
                        if (c->answer)
                                work_on_answer(c);
                        return;
                }
                switch (PQresultStatus(result)) {
                case PGRES_COPY_IN:
                        PQclear(result);
                        work_copy_begin(c);
                        return;
                case PGRES_COPY_OUT:
                case PGRES_COPY_BOTH: /* our own mistake; such a result comes again for ever */
                        PQclear(result);
                        connection_break(c);
                        return;
                default:
                        work_keep_result(c, result);
                }
        }
}

/* The connection is lost. What the server said before it closed is worth more than that. */
static void work_on_end_of_input(PgConnection *c)
{
        if (!c->answer && !PQisBusy(c->conn))
                work_keep_result(c, PQgetResult(c->conn));
        if (c->answer && result_is_error(c->answer)) {
                Fault fault;
                pg_fault_from_result(c->answer, &fault);
                connection_fail(c, &fault);
        } else {
                connection_break(c);
        }
}

void work_on_io(PgConnection *c)
{
        PgTask *t = c->task;
        if (!PQconsumeInput(c->conn)) {
                work_on_end_of_input(c);
                return;
        }
        if (t->stage == WORK_COPY && !t->copy_sourced) {
                work_copy_feed(c);
                return;
        }
        if (PQflush(c->conn) < 0) {
                connection_break(c);
                return;
        }
        work_advance(c);
        if (c->state == PG_CONNECTION_WORKING && c->task && !work_is_copying(c))
                work_flush(c);
}
