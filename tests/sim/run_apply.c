/*
 * run_apply: attempts to apply a snapshot, and reading back what came of one whose COMMIT was not
 * answered; follows src/mirror/apply.c.
 */
#include "mirror/apply.h"
#include "sim/cast.h"
#include "sim/run_private.h"
#include <string.h>

enum { ATTEMPTS_MAX = 6 };

static void apply_attempt(World *w, Run *r);
static void apply_whole(World *w, Run *r);
static void apply_read_back(World *w, Run *r);

static void apply_report(World *w, Run *r, const MirrorApplied *applied, const Fault *fault)
{
        static const Fault none;
        static const MirrorApplied nothing;
        if (r->machine.missing == MIRROR_MISSING_FIND && applied)
                r->found_present = applied->present;
        run_input(w, r,
                  (SyncInput){.kind = SYNC_INPUT_APPLY,
                              .applied = applied ? applied : &nothing,
                              .fault = fault ? fault : &none},
                  NULL);
}

static void apply_on_timer(World *w, void *who, uint32_t detail)
{
        Run *r = who;
        (void)detail;
        r->apply_timer = (WorldTimer){0};
        if (r->stage == APPLY_READ_BACK)
                apply_read_back(w, r);
        else
                apply_attempt(w, r);
}

static void apply_again(World *w, Run *r, const Fault *fault, bool read_back)
{
        r->apply_fault = *fault;
        if (++r->attempts >= ATTEMPTS_MAX) {
                r->commit_may_be_lost = r->commit_may_be_lost || read_back;
                Fault copy = r->apply_fault;
                apply_report(w, r, NULL, &copy);
                return;
        }
        r->stage = read_back ? APPLY_READ_BACK : APPLY_UNCHANGED;
        uint64_t delay = backoff_next(&r->backoff, 0, world_random(w));
        r->apply_timer = world_after(w, r->instance, delay, apply_on_timer, r, 0);
}

static void apply_complete(World *w, Run *r, const DbStatement *s)
{
        if (r->stage == APPLY_READ_BACK) {
                if (s->end != DB_DONE)
                        apply_again(w, r, s->fault, true);
                else if (s->finished_by_us)
                        apply_report(w, r, &s->applied, NULL);
                else
                        apply_again(w, r, &r->apply_fault, false);
                return;
        }
        switch (s->end) {
        case DB_DONE:
        case DB_ROLLED_BACK:
                if (r->stage == APPLY_UNCHANGED && !s->finished_by_us)
                        apply_whole(w, r);
                else
                        apply_report(w, r, &s->applied, NULL);
                return;
        case DB_UNKNOWN:
                apply_again(w, r, s->fault, true);
                return;
        default:
                if (s->fault->retryable)
                        apply_again(w, r, s->fault, false);
                else
                        apply_report(w, r, NULL, s->fault);
                return;
        }
}

static void apply_step(World *w, Run *r, DbStatementKind kind);

static void apply_on_step(World *w, DbStatement *s, void *who)
{
        Run *r = who;
        r->task = NULL;
        if (s->end == DB_DONE && (s->kind == DB_APPLY_COMPARE || s->kind == DB_APPLY_LOCK)) {
                r->transaction = s->transaction;
                if (!cast_strikes(w, r->instance))
                        apply_step(w, r,
                                   s->kind == DB_APPLY_COMPARE ? DB_APPLY_LOCK : DB_APPLY_COMMIT);
                return;
        }
        r->transaction = 0;
        DbStatement answer = *s; /* the machine may start another */
        apply_complete(w, r, &answer);
}

static void apply_step(World *w, Run *r, DbStatementKind kind)
{
        DbStatement *s = &r->snapshot;
        s->kind = kind;
        s->transaction = r->transaction;
        r->task = database_send(w, s);
}

static void apply_attempt(World *w, Run *r)
{
        r->stage = APPLY_UNCHANGED;
        apply_step(w, r, DB_APPLY_UNCHANGED);
}

/* At an effect of its own: the statement before it may have been the last. */
static void apply_whole(World *w, Run *r)
{
        r->stage = APPLY_WHOLE;
        r->transaction = 0;
        if (!cast_strikes(w, r->instance))
                apply_step(w, r, DB_APPLY_COMPARE);
}

static void apply_read_back(World *w, Run *r)
{
        r->stage = APPLY_READ_BACK;
        apply_step(w, r, DB_READ_BACK);
}

void apply_start(World *w, Run *r)
{
        r->snapshot = (DbStatement){
                .instance = r->instance,
                .edge = r->edge,
                .epoch = r->epoch,
                .run_id = r->run_id,
                .ending = run_ending(r),
                .snapshot = {.rows = r->spool,
                             .n_rows = r->n_spool,
                             .missing = r->machine.missing,
                             .to_the_end = r->machine.listed_to_the_end,
                             .verdicts = r->verdicts,
                             .n_verdicts = r->n_verdicts,
                             .confirm_removals =
                                     r->plan.accept_removals ? 1 : w->settings.confirm_removals},
                .digest = r->digest.digest,
                .run = r,
                .done = apply_on_step,
                .who = r,
        };
        r->attempts = 0;
        r->transaction = 0;
        r->backoff = (Backoff){.floor_usec = 200 * MSEC, .ceiling_usec = 30 * SEC};
        apply_attempt(w, r);
}

/* A transaction whose COMMIT was sent may come true, and so may one that was and whose answer is
 * being looked for. */
void apply_abandon(World *w, Run *r)
{
        world_cancel(w, &r->apply_timer);
        bool between = r->transaction != 0 && !r->task;
        if (between)
                database_abandon(w, r->transaction);
        r->transaction = 0;
}
