/*
 * What always holds: a flight's answers are read to the end before the next is sent; of several
 * errors the first counts; a task ends exactly once; it counts as committed only when the server
 * answers with the tag COMMIT (a COMMIT after a failed statement answers ROLLBACK, and that is no
 * error).
 */
#include "pg/copy_private.h"
#include "pg/flight_private.h"
#include "pg/pg_fault_private.h"
#include "pg/prepared_private.h"
#include "pg/work_private.h"
#include <errno.h>
#include <string.h>

/* ---- ends ----------------------------------------------------------------------------------- */

static void work_end(PgConnection *c, PgEnd end)
{
        PgTask *t = c->task;
        c->task = NULL;
        c->was_idle = true;
        t->on_end(t, end);
        connection_set_idle(c);
}

/* Sends what comes next. */
static void work_send(PgConnection *c)
{
        PgTask *t = c->task;
        if (flight_send(c) >= 0)
                return;
        if (t->fault.scope == FAULT_NONE)
                fault_no_memory(&t->fault);
        if (t->at.begun)
                flight_send_rollback(c);
        else
                work_end(c, PG_END_FAILED);
}

/* The server waits for our data. */
static bool work_is_copying(const PgConnection *c)
{
        return c->task && c->task->at.stage == WORK_COPY && !c->task->at.copy_sourced;
}

/* A COPY sees the end of the connection by itself. A COMMIT is stopped only where it waits for a
 * standby: it has committed then, and keeps nobody waiting for its locks any more. */
bool work_can_be_cancelled(const PgConnection *c)
{
        return c->task && !work_is_copying(c);
}

void work_on_lost(PgConnection *c, const Fault *fault)
{
        PgTask *t = TAKE(c->task);
        PgEnd end = PG_END_FAILED;
        t->at.lost = true;
        if (t->at.committed)
                end = PG_END_DONE;
        else if (t->at.stage == WORK_ROLLBACK)
                end = t->at.asked_back ? PG_END_ROLLED_BACK : PG_END_FAILED;
        else if (t->at.commits && !t->at.failed)
                end = PG_END_UNKNOWN;
        if (t->fault.scope == FAULT_NONE && end != PG_END_DONE && end != PG_END_ROLLED_BACK)
                t->fault = *fault;
        t->on_end(t, end);
}

void work_start(PgConnection *c)
{
        connection_enter(c, PG_CONNECTION_WORKING);
        work_send(c);
}

/* ---- the end of a flight -------------------------------------------------------------------- */

static void work_end_committed(PgConnection *c)
{
        PgTask *t = c->task;
        if (t->fault.scope == FAULT_NONE)
                work_end(c, PG_END_DONE);
        else
                work_end(c, t->work.transaction ? PG_END_UNKNOWN : PG_END_FAILED);
}

static void work_on_flight_end(PgConnection *c)
{
        PgTask *t = c->task;
        if (t->at.stage == WORK_ROLLBACK) {
                work_end(c, t->at.asked_back ? PG_END_ROLLED_BACK : PG_END_FAILED);
        } else if (t->at.committed) {
                work_end_committed(c);
        } else if (t->at.failed) {
                /* A COMMIT that was refused has ended the transaction by itself. */
                if (PQtransactionStatus(c->conn) == PQTRANS_IDLE)
                        work_end(c, PG_END_FAILED);
                else
                        flight_send_rollback(c);
        } else if (t->at.next == PG_ROLLBACK) {
                t->at.asked_back = t->fault.scope == FAULT_NONE;
                flight_send_rollback(c);
        } else {
                t->at.step = t->at.next == PG_AGAIN    ? t->at.last
                             : t->at.next == PG_COMMIT ? t->work.n_steps
                                                       : t->at.last + 1;
                work_send(c);
        }
}

/* ---- answers -------------------------------------------------------------------------------- */

static void work_on_step_result(PgConnection *c, const PGresult *result)
{
        PgTask *t = c->task;
        const PgStep *step = &t->work.steps[t->at.step];
        if (step->on_result && t->at.next == PG_NEXT)
                t->at.next = step->on_result(result, t->userdata, &t->fault);
}

static void work_on_commit_result(PgConnection *c, const PGresult *result)
{
        PgTask *t = c->task;
        t->at.committed = strcmp(PQcmdStatus((PGresult *)result), "COMMIT") == 0;
        t->at.failed = !t->at.committed;
        if (t->at.committed || t->fault.scope != FAULT_NONE)
                return;
        fault_set(&t->fault, FAULT_REQUEST, EIO, CODE_PG_ROLLED_BACK,
                  "PostgreSQL answered COMMIT with %s", PQcmdStatus((PGresult *)result));
        t->fault.retryable = true;
}

/* The server takes no writes any more: a standby now, or about to be one. Another that conninfo
 * names may take them, and is found by connecting anew. What was refused for this has done nothing.
 */
static void work_on_read_only(PgConnection *c, const Fault *fault)
{
        PgTask *t = TAKE(c->task);
        if (t->fault.scope == FAULT_NONE)
                t->fault = *fault;
        t->on_end(t, PG_END_FAILED);
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
                work_on_read_only(c, &fault);
        } else {
                t->at.failed = true;
                t->at.unprepared = t->at.unprepared || prepared_on_error(c, fault.sqlstate);
                if (t->fault.scope == FAULT_NONE && t->at.stage != WORK_ROLLBACK)
                        t->fault = fault;
        }
}

/* The next answer of a pipelined flight is of what was sent next. */
static void work_advance_stage(PgTask *t)
{
        uint64_t later = t->at.sent & ~((UINT64_C(2) << t->at.step) - 1);
        switch (t->at.stage) {
        case WORK_BEGIN:
                t->at.stage = WORK_SETTINGS;
                break;
        case WORK_SETTINGS:
                t->at.stage = t->at.sent ? WORK_STEP : WORK_COMMIT;
                break;
        case WORK_STEP:
                if (later)
                        t->at.step = (size_t)__builtin_ctzll(later);
                else
                        t->at.stage = WORK_COMMIT;
                break;
        default:
                break;
        }
}

static bool result_is_error(const PGresult *result)
{
        ExecStatusType status = PQresultStatus(result);
        return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* The whole answer to one statement, or to a simple query, is in. */
static void work_on_answer(PgConnection *c)
{
        PgTask *t = c->task;
        PGresult *answer = TAKE(c->answer);
        PgPrepared **preparing = &t->at.preparing[t->at.stage];
        if (result_is_error(answer))
                work_on_error(c, answer);
        else if (t->at.failed || PQresultStatus(answer) == PGRES_PIPELINE_ABORTED)
                ; /* was not carried out */
        else if (*preparing)
                (*preparing)->ready = true;
        else if (t->at.stage == WORK_SETTINGS)
                prepared_check_session(c, answer);
        else if (t->at.stage == WORK_STEP || t->at.stage == WORK_COPY)
                work_on_step_result(c, answer);
        else if (t->at.stage == WORK_COMMIT)
                work_on_commit_result(c, answer);
        PQclear(answer);
        if (!c->task)
                return;
        /* Behind the last one only the end of the flight is to come, at once; libpq loses that when
         * it has no memory for it. */
        bool last = t->at.stage == WORK_COMMIT || (!*preparing && t->at.stage == WORK_STEP &&
                                                   t->at.step == t->at.last && !t->at.commits);
        if (t->at.pipelined && (last || !t->at.answered) &&
            connection_set_deadline(c, last ? c->server->options.answer_usec : t->at.limit_usec) <
                    0) {
                connection_break(c);
                return;
        }
        t->at.answered = t->at.answered_once = true;
        if (!t->at.pipelined)
                work_on_flight_end(c);
        else if (*preparing)
                *preparing = NULL;
        else
                work_advance_stage(t);
}

/* ---- the socket ----------------------------------------------------------------------------- */

/* Of several results the last counts, but no success hides an error, nor "connection lost" what the
 * server reported before. */
static void work_keep_result(PgConnection *c, PGresult *result)
{
        if (c->answer && result_is_error(c->answer)) {
                PQclear(result);
                return;
        }
        PQclear(c->answer);
        c->answer = result;
}

static void work_on_sync(PgConnection *c)
{
        if (PQexitPipelineMode(c->conn))
                work_on_flight_end(c);
        else
                connection_break(c);
}

/* One result, or NULL behind the last of a statement. False: there is nothing more to read for now.
 */
static bool work_on_result(PgConnection *c, PGresult *result)
{
        bool pipelined = c->task->at.pipelined;
        if (!result) {
                bool more = pipelined && c->answer;
                if (c->answer)
                        work_on_answer(c);
                return more;
        }
        switch (PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC:
                PQclear(result);
                work_on_sync(c);
                return false;
        case PGRES_COPY_IN:
                PQclear(result);
                PQclear(TAKE(c->answer)); /* of what came before it in the same query */
                c->task->at.answered = c->task->at.answered_once = true;
                if (pipelined)
                        connection_break(c);
                else
                        copy_begin(c);
                /* libpq reads while it sends: the answer may be in already. */
                return c->state == PG_CONNECTION_WORKING && !work_is_copying(c);
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH: /* our own mistake; such a result comes again for ever */
                PQclear(result);
                connection_break(c);
                return false;
        default:
                break;
        }
        /* libpq itself could not read on, for want of memory perhaps: nothing that ends the
         * statement follows. */
        bool unread = result_is_error(result) && !PQresultErrorField(result, PG_DIAG_SQLSTATE) &&
                      !(c->answer && result_is_error(c->answer));
        work_keep_result(c, result);
        if (unread)
                work_on_answer(c);
        return true;
}

/* libpq takes want of memory for an answer of which more is to come, and no input announces it
 * again: asked once more, it reads what is there. */
static bool work_is_busy(const PgConnection *c)
{
        return PQisBusy(c->conn) && PQisBusy(c->conn);
}

/* Reads what has come. Answers may come in pieces, so the one that is not whole is kept with the
 * connection. */
static void work_read(PgConnection *c)
{
        while (c->state == PG_CONNECTION_WORKING && !work_is_busy(c))
                if (!work_on_result(c, PQgetResult(c->conn)))
                        return;
}

/* The connection is lost. What the server reported before it closed it is the fault rather than
 * that. */
static void work_on_end_of_input(PgConnection *c)
{
        if (!c->answer && !work_is_busy(c))
                work_keep_result(c, PQgetResult(c->conn));
        if (c->answer && result_is_error(c->answer)) {
                Fault fault;
                pg_fault_from_result(c->answer, &fault);
                connection_fail(c, &fault);
        } else {
                connection_break(c);
        }
}

void work_on_ready(PgConnection *c)
{
        if (!PQconsumeInput(c->conn)) {
                work_on_end_of_input(c);
                return;
        }
        if (work_is_copying(c))
                copy_feed(c);
        /* The answer to a COPY may have been read before its end was sent: then no input announces
         * it. */
        if (c->state == PG_CONNECTION_WORKING && !work_is_copying(c))
                (void)connection_flush(c, false);
        if (c->state == PG_CONNECTION_WORKING && !work_is_copying(c))
                work_read(c);
}
