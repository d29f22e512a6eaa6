/*
 * mirror_apply: attempts to apply a snapshot, and reading back what came of one whose COMMIT was
 * not answered; as src/mirror/apply.c has it, so who changes it there changes it here. What the
 * statements do is in database_queries.c.
 */
#include "sim/check.h"
#include "sim/event.h"
#include "sim/faults.h"
#include "sim/mirror.h"
#include "sim/spool.h"
#include <errno.h>
#include <string.h>

enum { ATTEMPTS_MAX = 6 };

static void apply_step(MirrorTask *t, DbStatementKind kind)
{
        DbStatement *s = &t->question;
        s->kind = kind;
        s->transaction = t->transaction;
        s->snapshot.rows = spool_shown(t->snapshot.rows, &s->snapshot.n_rows);
        s->digest = *spool_digest(t->snapshot.rows);
        if (t->snapshot.missing == MIRROR_MISSING_REMOVE)
                s->snapshot.verdicts =
                        spool_verdicts(t->snapshot.verdicts, &s->snapshot.n_verdicts);
        if (!t->plan)
                check_alive(sim_world, t->owner.run);
        task_send(t);
}

static void apply_attempt(MirrorTask *t)
{
        t->stage = t->plan ? APPLY_WHOLE : APPLY_UNCHANGED;
        t->transaction = 0;
        if (t->plan)
                t->plan(NULL, t->owner.userdata);
        apply_step(t, t->plan ? DB_APPLY_COMPARE : DB_APPLY_UNCHANGED);
}

/* Each at an effect of its own: the statement before it may have been the last. */
static void apply_step_on(MirrorTask *t, DbStatementKind kind)
{
        if (!faults_inject(sim_world, t->owner.run->instance))
                apply_step(t, kind);
}

static void apply_report(MirrorTask *t, const MirrorApplied *applied, const Fault *fault)
{
        static const Fault none;
        static const MirrorApplied nothing;
        TaskOwner owner = t->owner;
        Run *r = owner.run;
        if (applied && t->snapshot.missing == MIRROR_MISSING_FIND) {
                r->n_found = applied->found;
                r->found_present = applied->present;
        }
        task_free(t);
        owner.callback.apply(applied ? applied : &nothing, fault ? fault : &none, owner.userdata);
}

static void apply_on_timer(World *w, void *who, uint32_t detail)
{
        MirrorTask *t = who;
        (void)w;
        (void)detail;
        t->timer = (WorldTimer){0};
        if (t->stage == APPLY_READ_BACK)
                apply_step(t, DB_READ_BACK);
        else
                apply_attempt(t);
}

static void apply_again(MirrorTask *t, Fault fault, bool read_back)
{
        t->fault = fault;
        if (++t->attempts >= ATTEMPTS_MAX) {
                t->owner.run->commit_may_be_lost = t->owner.run->commit_may_be_lost || read_back;
                apply_report(t, NULL, &fault);
                return;
        }
        t->stage = read_back ? APPLY_READ_BACK : APPLY_UNCHANGED;
        uint64_t delay = backoff_next(&t->backoff, world_random(sim_world));
        t->timer = world_after(sim_world, t->owner.run->instance, delay, apply_on_timer, t, 0);
}

static void apply_complete(MirrorTask *t, const DbStatement *s)
{
        if (t->stage == APPLY_READ_BACK) {
                if (s->end != DB_DONE)
                        apply_again(t, *s->fault, true);
                else if (s->finished_by_us)
                        apply_report(t, &s->applied, NULL);
                else
                        apply_again(t, t->fault, false);
                return;
        }
        switch (s->end) {
        case DB_DONE:
        case DB_ROLLED_BACK:
                if (t->stage == APPLY_UNCHANGED && !s->finished_by_us) {
                        t->stage = APPLY_WHOLE;
                        apply_step_on(t, DB_APPLY_COMPARE);
                } else {
                        apply_report(t, &s->applied, NULL);
                }
                return;
        case DB_UNKNOWN:
                apply_again(t, *s->fault, true);
                return;
        default:
                if (s->fault->retryable)
                        apply_again(t, *s->fault, false);
                else
                        apply_report(t, NULL, s->fault);
                return;
        }
}

/* The connection is lost while nothing is on its way: the transaction is rolled back, as soon as
 * the server hears of it, and what it has locked remains locked until then. */
static bool apply_lost_between(MirrorTask *t)
{
        World *w = sim_world;
        if (!world_chance(w, w->settings.pg_faults / 2))
                return false;
        COVER(w, lost_between_flights);
        TELL(w, "database: the connection of transaction %d is lost", t->transaction);
        database_lose(w, t->transaction, world_below(w, 2) * world_below(w, 30) * SEC);
        t->transaction = 0;
        apply_again(t, *database_fault_unreachable(), false);
        return true;
}

static void apply_on_step(World *w, DbStatement *s, void *who)
{
        MirrorTask *t = who;
        (void)w;
        t->statement = NULL;
        if (t->plan && s->end == DB_DONE) /* read only, and rolled back */
                database_abandon(sim_world, s->transaction);
        else if (s->end == DB_DONE && (s->kind == DB_APPLY_COMPARE || s->kind == DB_APPLY_LOCK)) {
                t->transaction = s->transaction;
                if (!apply_lost_between(t))
                        apply_step_on(t, s->kind == DB_APPLY_COMPARE ? DB_APPLY_LOCK
                                                                     : DB_APPLY_COMMIT);
                return;
        }
        t->transaction = 0;
        DbStatement answer = *s; /* the program may send another */
        apply_complete(t, &answer);
}

static int apply_start(Mirror *m, DbStatement question, const MirrorSnapshot *snapshot,
                       MirrorPlanCallback plan, MirrorApplyCallback callback, void *userdata,
                       MirrorTask **ret)
{
        question.kind = plan ? DB_APPLY_COMPARE : DB_APPLY_UNCHANGED;
        question.done = apply_on_step;
        question.snapshot = (DbSnapshot){.missing = snapshot->missing,
                                         .compare = snapshot->compare,
                                         .to_the_end = snapshot->to_the_end,
                                         .found = snapshot->found,
                                         .confirm_removals = snapshot->confirm_removals,
                                         .removal_delay_usec = snapshot->removal_delay_usec};
        int r = task_new(m, &question, (TaskCallback){.apply = callback}, userdata, ret);
        MirrorTask *t = *ret;
        if (!t)
                return r;
        t->snapshot = *snapshot;
        t->plan = plan;
        t->backoff = (Backoff){.floor_usec = 200 * MSEC, .ceiling_usec = 30 * SEC};
        apply_attempt(t);
        faults_after(sim_world, t->owner.run);
        return 0;
}

int mirror_apply(Mirror *m, const MirrorRun *run, const MirrorSnapshot *snapshot,
                 const MirrorEnding *ending, MirrorApplyCallback callback, void *userdata,
                 MirrorTask **ret)
{
        const DbStatement question = {.edge = truth_edge_of(&run->edge),
                                      .epoch = run->epoch,
                                      .run_id = run->run_id,
                                      .ending = *ending};
        return apply_start(m, question, snapshot, NULL, callback, userdata, ret);
}

int mirror_plan(Mirror *m, const Uuid *edge, const MirrorSnapshot *snapshot,
                MirrorPlanCallback plan, MirrorApplyCallback callback, void *userdata,
                MirrorTask **ret)
{
        const DbStatement question = {.edge = truth_edge_of(edge)};
        return apply_start(m, question, snapshot, plan, callback, userdata, ret);
}
