/*
 * run: see the header. Follows src/sync/sync.c from top to bottom; what differs is the witness, and
 * the moments at which fate may strike.
 */
#include "sim/run.h"
#include "mirror/lease.h"
#include "sim/cast.h"
#include "sim/check.h"
#include "sim/run_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Fault no_fault;
static const PollingLimits limits = {.poll_min_usec = 1 * SEC,
                                     .poll_max_usec = 15 * SEC,
                                     .wait_timeout_usec = 60 * SEC,
                                     .job_timeout_usec = 150 * SEC};

/* ---- the witness ---------------------------------------------------------------------------- */

static void witness_begin(Run *r)
{
        static uint32_t attempts;
        r->attempt = ++attempts;
        r->list_from = r->list_to = 0;
        r->first_page_at = 0;
        r->n_listed = 0;
        r->out_of_turn = false;
        r->lies = 0;
}

static void witness_row(Run *r, const Shown *row)
{
        if (!row->anonymous)
                r->shown[row->row].attempt = r->attempt;
}

static void witness_join(Run *r, const Shown *rows, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!rows[i].anonymous)
                        r->shown[rows[i].row] = (Witness){.attempt = r->attempt,
                                                          .joined = r->attempt,
                                                          .spoiled = rows[i].spoiled,
                                                          .name = rows[i].name,
                                                          .database = rows[i].database};
}

static void witness_page(World *w, Run *r, const Shown *rows, size_t n, uint32_t tick)
{
        if (r->list_from == 0 || tick < r->list_from)
                r->list_from = tick;
        if (tick < r->list_to) {
                r->out_of_turn = true;
                COVER(w, pages_out_of_turn);
        } else {
                r->list_to = tick;
        }
        for (size_t i = 0; i < n; i++)
                witness_row(r, &rows[i]);
        r->n_listed += (uint32_t)n;
}

/* ---- inputs --------------------------------------------------------------------------------- */

static void run_act(World *w, Run *r, SyncAction action);

static bool run_keep(World *w, Run *r, const Shown *row)
{
        if (world_chance(w, w->settings.local_faults))
                return false;
        if (r->n_spool == r->spool_room) {
                r->spool_room = r->spool_room ? 2 * r->spool_room : 256;
                r->spool = realloc(r->spool, r->spool_room * sizeof(r->spool[0]));
        }
        r->spool[r->n_spool++] = *row;
        DatabaseConnection record;
        site_record(w, row, &record);
        digest_add(&r->digest, &record);
        return true;
}

static SyncAction run_local_fault(World *w, Run *r)
{
        static Fault fault;
        if (fault.scope == FAULT_NONE)
                fault_set(&fault, FAULT_PROCESS, 1, "spool-failed", "simulated");
        SyncInput in = {.kind = SYNC_INPUT_FAULT, .fault = &fault, .now_usec = w->now};
        r->machine.outcome = NULL;
        return sync_machine_handle(&r->machine, &in);
}

static SyncAction run_keep_rows(World *w, Run *r, const Shown *rows, size_t n, SyncAction action)
{
        if (action != SYNC_DO_LIST && action != SYNC_DO_LIST_ANEW && action != SYNC_DO_APPLY)
                return action;
        witness_join(r, rows, n);
        for (size_t i = 0; i < n; i++)
                if (!run_keep(w, r, &rows[i]))
                        return run_local_fault(w, r);
        return action;
}

static SyncAction run_keep_verdict(World *w, Run *r, const SyncInput *in, const Shown *row,
                                   SyncAction action)
{
        switch (r->machine.verdict) {
        case PROOF_GONE:
        case PROOF_ELSEWHERE:
                r->verdicts[r->n_verdicts++] =
                        (DbVerdict){.row = (uint16_t)truth_row_of(in->asked),
                                    .gone = r->machine.verdict == PROOF_GONE};
                break;
        case PROOF_HERE:
                if (!run_keep(w, r, row))
                        return run_local_fault(w, r);
                break;
        default:
                break;
        }
        return action;
}

void run_input(World *w, Run *r, SyncInput in, const Shown *rows)
{
        in.now_usec = w->now;
        in.random = world_random(w);
        SyncState from = r->machine.state;
        SyncPhase phase = r->machine.phase;
        SyncAction action = sync_machine_handle(&r->machine, &in);
        if (in.kind == SYNC_INPUT_PAGE)
                action = run_keep_rows(w, r, rows, in.page->n_rows, action);
        if (in.kind == SYNC_INPUT_ONE)
                action = run_keep_verdict(w, r, &in, rows, action);
        TELL(w, "instance %d, edge %u: %s → %s: %s", r->instance, r->edge, sync_state_name(from),
             sync_state_name(r->machine.state), r->machine.last->words);
        cover_transition(w, r, action);
        bool moved = r->machine.phase != phase && r->machine.phase != SYNC_PHASE_APPLY;
        bool noteworthy = moved || r->job_moved || r->job_url_new;
        r->job_moved = false;
        if (r->journal && noteworthy && r->machine.phase != SYNC_PHASE_DONE &&
            action != SYNC_DO_FINISH)
                journal_write(w, r);
        run_act(w, r, action);
}

/* ---- completions ---------------------------------------------------------------------------- */

static void run_on_claim(World *w, DbStatement *s, void *who)
{
        Run *r = who;
        r->task = NULL;
        const Fault *fault = s->fault ? s->fault : &no_fault;
        Fault copy = *fault;
        if (s->end == DB_UNKNOWN && copy.scope != FAULT_NONE)
                copy.retryable = true;
        if (copy.scope == FAULT_NONE && !s->claim.busy) {
                r->run_id = s->claim.run_id;
                r->epoch = s->claim.epoch;
                r->job_url = s->claim.resumes && s->claim.job_url[0];
                if (s->claim.resumes)
                        r->refreshed_at = (int64_t)r->claimed_at - s->claim.job_since_usec;
                journal_start(w, r);
        }
        run_input(w, r, (SyncInput){.kind = SYNC_INPUT_CLAIM, .claim = &s->claim, .fault = &copy},
                  NULL);
}

static void run_on_refresh(World *w, Call *c, void *who)
{
        Run *r = who;
        CatalogRefreshAnswer answer = {.has_job = c->job >= 0,
                                       .location = c->location ? "url" : NULL,
                                       .location_below =
                                               c->location && w->site->gateway ? "url" : NULL};
        r->call = NULL;
        r->refresh_status = c->status;
        site_answer(w, c, &answer.answer);
        answer.job.status = c->job_status;
        answer.job.message = "";
        if (c->location)
                r->job_url = r->job_url_new = true;
        run_input(w, r, (SyncInput){.kind = SYNC_INPUT_REFRESH, .refresh = &answer}, NULL);
}

static void run_on_job(World *w, Call *c, void *who)
{
        Run *r = who;
        CatalogJobAnswer answer = {.job = {.status = c->job_status, .message = ""}};
        r->call = NULL;
        site_answer(w, c, &answer.answer);
        if (!c->fault && !catalog_job_terminal(&c->job_status))
                r->refreshed_at = r->asked_at;
        if (!c->fault)
                r->job_moved = strcmp(r->machine.job.state, c->job_status.state) != 0;
        run_input(w, r, (SyncInput){.kind = SYNC_INPUT_JOB, .job = &answer}, NULL);
}

static void tell_page(World *w, const Run *r, const CatalogPageAnswer *answer, const Shown *page,
                      uint32_t tick)
{
        char rows[400] = "";
        if (!w->verbose)
                return;
        for (size_t i = 0, used = 0; i < answer->n_rows && used + 8 < sizeof(rows); i++)
                used += (size_t)snprintf(rows + used, sizeof(rows) - used, " %u", page[i].row);
        TELL(w, "instance %d, edge %u: page from %lld, as of tick %u:%s", r->instance, r->edge,
             (long long)answer->offset, tick, rows);
}

void run_on_page(World *w, Run *r, const CatalogPageAnswer *answer, const Shown *rows,
                 uint32_t tick)
{
        if (answer->answer.fault.scope == FAULT_NONE) {
                witness_page(w, r, rows, answer->n_rows, tick);
                tell_page(w, r, answer, rows, tick);
        }
        run_input(w, r, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = answer}, rows);
}

static void run_on_one(World *w, Call *c, void *who)
{
        Run *r = who;
        CatalogOneAnswer answer = {.absent = c->absent};
        Uuid asked = truth_row_id(c->request.row);
        r->proofs[c->request.slot] = NULL;
        site_answer(w, c, &answer.answer);
        r->asked_for[c->request.row] = r->attempt;
        if (c->absent)
                r->denied[c->request.row] = r->attempt;
        if (c->n > 0) {
                site_record(w, &c->rows[0], &answer.row);
                if (c->rows[0].edge == r->edge || c->rows[0].spoiled) {
                        witness_row(r, &c->rows[0]);
                        witness_join(r, &c->rows[0], 1);
                }
        }
        TELL(w, "instance %d, edge %u: row %u is %s (HTTP %d)", r->instance, r->edge,
             c->request.row,
             c->absent ? "gone"
             : c->n    ? "there"
                       : "not known",
             c->status);
        run_input(w, r,
                  (SyncInput){.kind = SYNC_INPUT_ONE,
                              .one = &answer,
                              .asked = &asked,
                              .slot = c->request.slot},
                  c->rows);
}

static void run_on_wake(World *w, void *who, uint32_t slot)
{
        run_input(w, who, (SyncInput){.kind = SYNC_INPUT_WAKE, .slot = slot}, NULL);
}

static void run_on_timer(World *w, void *who, uint32_t detail)
{
        (void)detail;
        run_input(w, who, (SyncInput){.kind = SYNC_INPUT_TIMER}, NULL);
}

static void run_on_finished(World *w, DbStatement *s, void *who)
{
        Run *r = who;
        Fault copy = s->fault ? *s->fault : no_fault;
        r->task = NULL;
        if (s->end == DB_UNKNOWN)
                copy.retryable = true;
        run_input(w, r, (SyncInput){.kind = SYNC_INPUT_FINISH, .fault = &copy}, NULL);
}

/* ---- actions -------------------------------------------------------------------------------- */

static void run_abandon(World *w, Run *r)
{
        r->call = site_cancel(w, r->call);
        pages_end(r);
        for (unsigned i = 0; i < PROOF_SLOTS; i++) {
                r->proofs[i] = site_cancel(w, r->proofs[i]);
                world_cancel(w, &r->waits[i]);
        }
        apply_abandon(w, r);
        r->task = database_cancel(w, r->task);
        world_cancel(w, &r->timer);
}

static Call *run_call(World *w, Run *r, CallRequest request)
{
        request.instance = r->instance;
        request.edge = r->edge;
        request.epoch = r->epoch;
        request.who = r;
        return site_start(w, &request);
}

static void run_do_claim(World *w, Run *r)
{
        r->claimed_at = w->now;
        r->task = database_send(w, &(DbStatement){.kind = DB_CLAIM,
                                                  .instance = r->instance,
                                                  .edge = r->edge,
                                                  .epoch = r->plan.held_epoch,
                                                  .refresh_wanted = r->plan.refresh,
                                                  .job_max_age_usec = limits.wait_timeout_usec +
                                                                      limits.job_timeout_usec,
                                                  .run = r,
                                                  .done = run_on_claim,
                                                  .who = r});
}

static void run_do_refresh(World *w, Run *r)
{
        if (w->now - r->held_at >= w->settings.lease_usec) {
                run_input(w, r, (SyncInput){.kind = SYNC_INPUT_LEASE_LOST}, NULL);
                return;
        }
        check_refresh(w, r);
        r->refreshed_at = (int64_t)w->now;
        r->call = run_call(w, r,
                           (CallRequest){.kind = CALL_REFRESH,
                                         .resumed = w->database->runs[r->run_id].resumed,
                                         .done = run_on_refresh});
}

static void run_do_get_job(World *w, Run *r)
{
        PollingUrl url = r->machine.polling.url;
        r->asked_at = (int64_t)w->now;
        if (url <= POLLING_LOCATION_BELOW && !r->job_url)
                url = POLLING_JOBS_V1;
        r->call = run_call(w, r,
                           (CallRequest){.kind = CALL_JOB,
                                         .job = site_job_of(&r->machine.job.id),
                                         .job_url = (int)url,
                                         .done = run_on_job});
}

static void run_do_list(World *w, Run *r, bool anew)
{
        if (anew)
                pages_forget(r);
        if (r->attempt == 0) {
                r->listed_at = (int64_t)w->now;
                witness_begin(r);
        }
        pages_want(w, r);
}

static void run_do_verify(World *w, Run *r)
{
        ProofOrder order;
        while (proof_next_order(&r->machine.proof, &order)) {
                if (order.ask)
                        r->proofs[order.slot] =
                                run_call(w, r,
                                         (CallRequest){.kind = CALL_ONE,
                                                       .row = r->found[order.number],
                                                       .slot = order.slot,
                                                       .done = run_on_one});
                else
                        r->waits[order.slot] = world_after(w, r->instance, order.delay_usec,
                                                           run_on_wake, r, order.slot);
        }
}

MirrorEnding run_ending(const Run *r)
{
        const SyncMachine *m = &r->machine;
        return (MirrorEnding){
                .outcome = m->outcome,
                .refresh = m->refresh,
                .listed_whole = m->listed_whole,
                .listed_usec = r->listed_at,
                .refreshed_usec = r->refreshed_at,
                .has_job = m->has_job,
                .job = m->job,
                .pages = m->pages,
                .requests = m->requests,
                .listed = (int64_t)r->n_spool,
        };
}

static void run_do_finish(World *w, Run *r)
{
        r->task = database_send(w, &(DbStatement){.kind = DB_FINISH,
                                                  .instance = r->instance,
                                                  .edge = r->edge,
                                                  .epoch = r->epoch,
                                                  .run_id = r->run_id,
                                                  .ending = run_ending(r),
                                                  .run = r,
                                                  .done = run_on_finished,
                                                  .who = r});
}

static void run_report(World *w, Run *r)
{
        r->active = false;
        sync_machine_done(&r->machine);
        journal_stop(w, r);
        r->note = database_cancel(w, r->note);
        world_cancel(w, &r->starter);
        check_report(w, r);
        cast_run_over(w, r);
}

static bool run_postpone(World *w, Run *r, SyncAction action)
{
        if ((action != SYNC_DO_APPLY && action != SYNC_DO_FINISH) || !r->journal)
                return false;
        if (action == SYNC_DO_FINISH)
                journal_stop(w, r);
        if (!r->note)
                return false;
        r->postponed = action;
        return true;
}

static void run_effect(World *w, Run *r, SyncAction action)
{
        switch (action) {
        case SYNC_DO_CLAIM:
                run_do_claim(w, r);
                break;
        case SYNC_DO_REFRESH:
                run_do_refresh(w, r);
                break;
        case SYNC_DO_GET_JOB:
                run_do_get_job(w, r);
                break;
        case SYNC_DO_WAIT:
                r->timer = world_after(w, r->instance, r->machine.delay_usec, run_on_timer, r, 0);
                break;
        case SYNC_DO_LIST_ANEW:
        case SYNC_DO_LIST:
                run_do_list(w, r, action == SYNC_DO_LIST_ANEW);
                break;
        case SYNC_DO_APPLY:
                pages_end(r);
                apply_start(w, r);
                break;
        case SYNC_DO_VERIFY:
                run_do_verify(w, r);
                break;
        case SYNC_DO_FINISH:
                run_do_finish(w, r);
                break;
        default:
                break;
        }
}

static void run_act(World *w, Run *r, SyncAction action)
{
        if (action == SYNC_DO_FINISH || action == SYNC_DO_REPORT)
                run_abandon(w, r);
        if (action == SYNC_DO_REPORT) {
                run_report(w, r);
                return;
        }
        if (run_postpone(w, r, action))
                return;
        if (cast_strikes(w, r->instance)) /* at this effect, before it */
                return;
        run_effect(w, r, action);
        (void)cast_strikes(w, r->instance);
}

void run_journal_idle(World *w, Run *r)
{
        SyncAction action = r->postponed;
        r->postponed = SYNC_DO_NOTHING;
        if (action != SYNC_DO_NOTHING)
                run_act(w, r, action);
}

/* ---- life ----------------------------------------------------------------------------------- */

Run *run_of(World *w, int instance, unsigned edge)
{
        return &w->runs[(unsigned)instance * EDGES_MAX + edge];
}

void run_take_found(Run *r, const DbMissing *missing, size_t n_missing)
{
        r->n_found = 0;
        for (size_t i = 0; i < n_missing; i++)
                if (missing[i].verdict != MISSING_LISTED)
                        r->found[r->n_found++] = missing[i].row;
}

static void run_on_starter(World *w, void *who, uint32_t detail)
{
        Run *r = who;
        (void)detail;
        r->starter = (WorldTimer){0};
        run_input(w, r, (SyncInput){.kind = r->starts_with}, NULL);
}

void run_start(World *w, Run *r, const RunPlan *plan)
{
        SyncMachineOptions options = {
                .refresh = plan->refresh,
                .polling = limits,
                .settle_usec = 5 * SEC,
                .list_timeout_usec = 3600 * SEC,
                .patience_usec = 30 * SEC,
                .page_size = w->settings.page_size,
                .random = world_random(w),
                .edge = truth_edge_id(r->edge),
                .max_removals = plan->max_removals,
                .accept_removals = plan->accept_removals,
        };
        COVER(w, runs);
        sync_machine_done(&r->machine); /* of a run that was killed */
        r->active = true;
        r->plan = *plan;
        r->started_at = w->now;
        r->run_id = r->epoch = 0;
        r->n_spool = r->n_found = r->n_verdicts = 0;
        digest_reset(&r->digest);
        r->call = NULL;
        r->prefetch = NULL;
        r->arrived = 0;
        r->task = r->note = NULL;
        r->timer = r->starter = r->heartbeat = r->apply_timer = (WorldTimer){0};
        memset(r->proofs, 0, sizeof(r->proofs));
        memset(r->waits, 0, sizeof(r->waits));
        r->postponed = SYNC_DO_NOTHING;
        r->job_url = r->job_url_new = r->job_url_going = r->job_moved = false;
        r->journal = r->journal_stopped = r->journal_again = r->note_failed = false;
        r->transaction = 0;
        r->attempt = r->list_from = r->list_to = 0;
        r->refresh_status = 0;
        r->commit_may_be_lost = false;
        sync_machine_init(&r->machine, &options);
        r->starts_with = SYNC_INPUT_START;
        r->starter = world_after(w, r->instance, 0, run_on_starter, r, 0);
}

void run_stop(World *w, Run *r)
{
        if (r->machine.state == SYNC_IDLE) {
                world_cancel(w, &r->starter);
                run_input(w, r, (SyncInput){.kind = SYNC_INPUT_START}, NULL);
        }
        if (!r->active)
                return;
        r->starts_with = SYNC_INPUT_STOP;
        world_cancel(w, &r->starter);
        r->starter = world_after(w, r->instance, 0, run_on_starter, r, 0);
}

void run_kill(World *w, Run *r)
{
        if (!r->active)
                return;
        run_abandon(w, r);
        r->note = database_cancel(w, r->note);
        journal_stop(w, r);
        world_cancel(w, &r->starter);
        r->active = false;
}

void run_done(World *w)
{
        for (unsigned i = 0; i < INSTANCES_MAX * EDGES_MAX; i++) {
                free(w->runs[i].spool);
                sync_machine_done(&w->runs[i].machine);
        }
}
