/*
 * database: see the header; the queries stand in database_queries.c.
 *
 * What always holds: a claim row is locked by at most one open transaction; a statement that would
 * have to wait for it is carried out when it is free.
 */
#include "sim/database_private.h"
#include <errno.h>
#include <string.h>

enum { IDLE_IN_TRANSACTION_SEC = 60, LOCK_TIMEOUT_SEC = 20 };

uint64_t database_now(const World *w)
{
        return (uint64_t)((int64_t)w->now + w->database->clock_offset);
}

/* ---- faults --------------------------------------------------------------------------------- */

static const Fault *make_fault(Fault *f, FaultScope scope, bool retryable, FaultCode code)
{
        if (f->scope == FAULT_NONE) {
                fault_set(f, scope, EIO, code, "simulated");
                f->retryable = retryable;
        }
        return f;
}

const Fault *database_fault_unreachable(void)
{
        static Fault f;
        return make_fault(&f, FAULT_PEER, true, CODE_PG_UNREACHABLE);
}

static const Fault *fault_serialization(void)
{
        static Fault f;
        return make_fault(&f, FAULT_REQUEST, true, CODE_PG_SERIALIZATION);
}

static const Fault *fault_lock_timeout(void)
{
        static Fault f;
        return make_fault(&f, FAULT_REQUEST, true, CODE_PG_LOCK_TIMEOUT);
}

static const Fault *fault_data(void)
{
        static Fault f;
        return make_fault(&f, FAULT_RUN, false, CODE_PG_DATA);
}

const Fault *database_fault_lease_lost(void)
{
        static Fault f;
        return make_fault(&f, FAULT_RUN, false, CODE_LEASE_LOST);
}

const Fault *database_fault_run_over(void)
{
        static Fault f;
        return make_fault(&f, FAULT_RUN, false, CODE_RUN_OVER);
}

const Fault *database_fault_overtaken(void)
{
        static Fault f;
        return make_fault(&f, FAULT_REQUEST, true, CODE_PG_SERIALIZATION);
}

/* ---- transactions --------------------------------------------------------------------------- */

static void wake_waiters(World *w, unsigned edge);

/* A transaction's number is never used again: its slot is the remainder. */
int transaction_open(World *w, unsigned edge)
{
        Database *d = w->database;
        for (int i = 0; i < TRANSACTIONS_MAX; i++) {
                DbTransaction *t = &d->transactions[i];
                if (t->number != 0)
                        continue;
                t->number = ++d->n_transactions * TRANSACTIONS_MAX + i;
                t->edge = edge;
                t->locks = false;
                return t->number;
        }
        world_fail(w, "the simulation has no room for another transaction");
        return 0;
}

DbTransaction *transaction_find(Database *d, int number)
{
        DbTransaction *t = &d->transactions[number % TRANSACTIONS_MAX];
        return number != 0 && t->number == number ? t : NULL;
}

void database_abandon(World *w, int number)
{
        DbTransaction *t = transaction_find(w->database, number);
        if (!t)
                return;
        t->number = 0;
        if (!t->locks)
                return;
        w->database->edges[t->edge].locked_by = 0;
        wake_waiters(w, t->edge);
}

/* It goes on with one that is open. */
static bool in_transaction(const DbStatement *s)
{
        return s->kind == DB_APPLY_LOCK || s->kind == DB_APPLY_COMMIT;
}

/* One whose loss cannot have come true: COMMIT was not sent. */
static bool before_commit(const DbStatement *s)
{
        return s->kind == DB_APPLY_COMPARE || s->kind == DB_APPLY_LOCK;
}

/* ---- the way of a statement ----------------------------------------------------------------- */

static void statement_free(DbStatement *s)
{
        s->state = STATEMENT_FREE;
}

static void statement_deliver(World *w, void *who, uint32_t detail)
{
        DbStatement *s = who;
        (void)detail;
        s->timer = (WorldTimer){0};
        s->done(w, s, s->who);
        statement_free(s);
}

static void statement_answer(World *w, DbStatement *s, DbEnd end, const Fault *fault)
{
        s->end = end;
        s->fault = fault;
        if (s->orphan) {
                statement_free(s);
                return;
        }
        s->state = STATEMENT_ANSWERED;
        uint64_t delay = world_between(w, 1, w->settings.latency_usec / 4 + 1);
        s->timer =
                world_after(w, s->instance, delay + (s->slow ? world_between(w, 1, 25) * SEC : 0),
                            statement_deliver, s, 0);
}

/* The connection breaks, or the server says no; what the transaction had done is undone. */
static void statement_fail(World *w, DbStatement *s, DbEnd end, const Fault *fault)
{
        if (in_transaction(s))
                database_abandon(w, s->transaction);
        statement_answer(w, s, end, fault);
}

static bool ends_a_run(const DbStatement *s)
{
        return s->kind == DB_APPLY_UNCHANGED || s->kind == DB_APPLY_COMMIT;
}

/* The connection breaks before the server has carried it out; whether it has, its client cannot
 * know of the last statement. */
static void statement_lose(World *w, DbStatement *s)
{
        bool known = before_commit(s) || world_below(w, 3) == 0;
        if (ends_a_run(s) && !known)
                COVER(w, lost_commits);
        statement_fail(w, s, known ? DB_FAILED : DB_UNKNOWN, database_fault_unreachable());
}

static bool must_wait(const World *w, const DbStatement *s)
{
        bool looks_past =
                s->kind == DB_TAKE_DUE || s->kind == DB_APPLY_COMPARE || s->kind == DB_APPLY_COMMIT;
        return !looks_past && w->database->edges[s->edge].locked_by != 0;
}

static void statement_carry_out(World *w, DbStatement *s)
{
        if (ends_a_run(s) && s->loses_answer)
                COVER(w, lost_commits);
        const Fault *fault = NULL;
        DbEnd end = database_query(w, s, &fault);
        bool open = before_commit(s) && end == DB_DONE;
        if (open && s->orphan)
                database_abandon(w, s->transaction); /* its client has gone */
        else if (in_transaction(s) && end != DB_DONE)
                database_abandon(w, s->transaction);
        if (s->loses_answer && (end == DB_DONE || fault)) {
                if (open)
                        database_abandon(w, s->transaction);
                end = before_commit(s) ? DB_FAILED : DB_UNKNOWN;
                fault = database_fault_unreachable();
        }
        statement_answer(w, s, end, fault);
}

static void statement_arrive(World *w, void *who, uint32_t detail)
{
        DbStatement *s = who;
        Database *d = w->database;
        (void)detail;
        s->timer = (WorldTimer){0};
        if (w->now < d->down_until) {
                COVER(w, pg_faults);
                statement_lose(w, s);
                return;
        }
        /* ended by a restart or a timeout */
        if (in_transaction(s) && !transaction_find(d, s->transaction)) {
                statement_fail(w, s, DB_FAILED, database_fault_unreachable());
                return;
        }
        if (must_wait(w, s)) {
                COVER(w, waited_for_lock);
                s->state = STATEMENT_WAITS;
                return;
        }
        if (world_chance(w, w->settings.pg_faults)) {
                COVER(w, pg_faults);
                uint64_t kind = world_below(w, 16);
                if (kind < 4) {
                        statement_fail(w, s, DB_FAILED,
                                       kind == 0 ? fault_data() : fault_serialization());
                        return;
                }
                if (kind < 8) {
                        statement_lose(w, s);
                        return;
                }
                s->loses_answer = true;
        }
        s->slow = world_chance(w, w->settings.slow);
        COVER_MANY(w, slow_answers, s->slow);
        statement_carry_out(w, s);
}

static void wake_waiters(World *w, unsigned edge)
{
        for (size_t i = 0; i < STATEMENTS_MAX; i++) {
                DbStatement *s = &w->database->statements[i];
                if (s->state != STATEMENT_WAITS || s->edge != edge)
                        continue;
                s->state = STATEMENT_SENT;
                s->timer = world_after(w, NOBODY, world_below(w, 50), statement_arrive, s, 0);
        }
}

/* What waits for a lock longer than the server lets it. */
static void statement_lock_timeout(World *w, void *who, uint32_t serial)
{
        DbStatement *s = who;
        if (s->state == STATEMENT_WAITS && s->sent_at == (uint64_t)serial)
                statement_answer(w, s, DB_FAILED, fault_lock_timeout());
}

DbStatement *database_send(World *w, const DbStatement *statement)
{
        DbStatement *s = NULL;
        for (size_t i = 0; i < STATEMENTS_MAX && !s; i++)
                if (w->database->statements[i].state == STATEMENT_FREE)
                        s = &w->database->statements[i];
        if (!s) {
                world_fail(w, "the simulation has no room for another statement");
                return NULL;
        }
        *s = *statement;
        s->state = STATEMENT_SENT;
        s->orphan = s->loses_answer = s->slow = false;
        s->fault = NULL;
        s->count = 0;
        s->finished_by_us = false;
        s->sent_at = (w->now + (uint64_t)s->kind) & UINT32_MAX;
        s->timer = world_after(w, NOBODY, world_between(w, 1, w->settings.latency_usec / 4 + 1),
                               statement_arrive, s, 0);
        if (s->kind == DB_APPLY_LOCK || s->kind == DB_READ_BACK)
                (void)world_after(w, NOBODY, LOCK_TIMEOUT_SEC * SEC, statement_lock_timeout, s,
                                  (uint32_t)s->sent_at);
        return s;
}

DbStatement *database_cancel(World *w, DbStatement *s)
{
        if (!s)
                return NULL;
        bool committing = s->kind == DB_APPLY_COMMIT;
        if (s->state == STATEMENT_ANSWERED) {
                if (before_commit(s))
                        database_abandon(w, s->transaction);
                world_cancel(w, &s->timer);
                statement_free(s);
                return NULL;
        }
        if (before_commit(s) || (committing && world_below(w, 2) == 0)) {
                database_abandon(w, s->transaction);
                world_cancel(w, &s->timer);
                statement_free(s);
                return NULL;
        }
        s->orphan = true; /* it may be carried out all the same */
        return NULL;
}

static void transaction_end(World *w, void *who, uint32_t detail)
{
        (void)who;
        database_abandon(w, (int)detail);
}

void database_lose(World *w, int number, uint64_t delay_usec)
{
        (void)world_after(w, NOBODY, delay_usec, transaction_end, NULL, (uint32_t)number);
}

void transaction_watch(World *w, int number)
{
        database_lose(w, number, IDLE_IN_TRANSACTION_SEC * SEC);
}

void database_restart(World *w)
{
        Database *d = w->database;
        TELL(w, "database: restarts");
        COVER(w, pg_restarts);
        d->down_until = w->now + world_between(w, 1, 20000) * MSEC;
        for (int i = 0; i < TRANSACTIONS_MAX; i++)
                database_abandon(w, d->transactions[i].number);
        if (world_below(w, 4) == 0 &&
            d->clock_offset > (int64_t)(3000 * SEC)) { /* and comes back with its clock set back */
                d->clock_offset -= (int64_t)(world_below(w, 3000) * SEC);
                d->clock_steps++;
        }
}

void database_init(World *w)
{
        Database *d = w->database;
        d->down_until = 0;
        d->clock_offset = (int64_t)(10000 * SEC);
        d->clock_steps = 0;
        d->n_runs = 1;
        d->n_history = 0;
        d->n_applies = 0;
        memset(d->rows, 0, sizeof(d->rows));
        for (unsigned e = 0; e < EDGES_MAX; e++)
                d->edges[e] = (DbEdge){
                        .holder = NO_HOLDER,
                };
        d->n_transactions = 0;
        for (size_t i = 0; i < TRANSACTIONS_MAX; i++)
                d->transactions[i].number = 0;
        for (size_t i = 0; i < STATEMENTS_MAX; i++)
                d->statements[i].state = STATEMENT_FREE;
}
