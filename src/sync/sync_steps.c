/*
 * sync_steps: each step of a sync: how it is begun, and how what comes of it becomes an input.
 * Every effect that leaves the process starts in sync_effect, and nowhere else but for the journal.
 *
 * What always holds: one catalog call (or those of prefetch or prover), one write to the mirror and
 * one timer at most are under way (the journal's own apart). Apply and finish begin when the
 * journal is quiet; notes that come during the apply find the run ended in the database, should
 * they arrive late.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/job_state.h"
#include "base/log.h"
#include "base/metric.h"
#include "sync/sync_steps_private.h"
#include <errno.h>
#include <string.h>

/* ---- the journal --------------------------------------------------------------------------- */

static void sync_journal_state(MirrorProgress *ret, bool again, void *userdata)
{
        Sync *s = userdata;
        job_texts_ask(&s->texts, again);
        *ret = (MirrorProgress){
                .phase = s->machine.phase,
                .has_job = s->machine.has_job,
                .resumes = s->machine.found_job,
                .job = s->machine.job,
                .job_url = job_texts_new(&s->texts, JOB_URL),
                .job_message = job_texts_new(&s->texts, JOB_MESSAGE),
                .job_document = job_texts_new(&s->texts, JOB_DOCUMENT),
                .pages = s->machine.pages,
                .requests = s->machine.requests,
                .listed = s->machine.listing.received,
        };
        job_texts_given(&s->texts);
}

static void sync_on_journal_idle(void *userdata)
{
        Sync *s = userdata;
        SyncAction action = s->postponed;
        s->postponed = SYNC_DO_NOTHING;
        if (action != SYNC_DO_NOTHING)
                sync_act(s, action);
}

static void sync_on_lease_lost(void *userdata)
{
        Sync *s = userdata;
        if (s->postponed != SYNC_DO_NOTHING)
                sync_on_journal_idle(s); /* the apply and the finish look for themselves */
        else
                s->input(s, (SyncInput){.kind = SYNC_INPUT_LEASE_LOST});
}

/* Until the run ends. */
static int sync_start_journal(Sync *s)
{
        return journal_new(s->context.event, s->context.mirror, &s->run, s->context.lease_usec,
                           s->claimed_usec, sync_journal_state, sync_on_lease_lost,
                           sync_on_journal_idle, s, &s->journal);
}

/* ---- what comes of a step ------------------------------------------------------------------- */

static void sync_take_job(Sync *s, const CatalogJob *job)
{
        job_texts_take(&s->texts, JOB_MESSAGE, job->message);
        job_texts_take(&s->texts, JOB_DOCUMENT, job->document);
}

static void sync_on_claim(const MirrorClaim *claim, const Fault *fault, void *userdata)
{
        Sync *s = userdata;
        s->task = NULL;
        if (fault->scope == FAULT_NONE && !claim->busy) {
                s->run = (MirrorRun){
                        .edge = s->order.edge, .run_id = claim->run_id, .epoch = claim->epoch};
                s->before = claim->before;
                if (claim->resumes)
                        s->refreshed_usec = (int64_t)s->claimed_usec - claim->job_since_usec;
                if (claim->lost)
                        s->refreshed_usec = (int64_t)s->claimed_usec - claim->lost_since_usec -
                                            JOB_SEARCH_SLACK_USEC;
                s->job_usec = s->refreshed_usec;
                if (claim->resumes && claim->job_url[0]) {
                        s->job_url = strdup(claim->job_url);
                        job_texts_take(&s->texts, JOB_URL, claim->job_url);
                }
                job_texts_given(&s->texts); /* the claim has written it */
                int r = sync_start_journal(s);
                if (r < 0) {
                        Fault memory;
                        fault_no_memory(&memory);
                        s->input(s, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                .claim = claim,
                                                .fault = &memory});
                        return;
                }
        }
        s->input(s, (SyncInput){.kind = SYNC_INPUT_CLAIM, .claim = claim, .fault = fault});
}

static void sync_on_jobs(const CatalogJobsAnswer *answer, void *userdata)
{
        Sync *s = userdata;
        s->call = NULL;
        s->input(s, (SyncInput){.kind = SYNC_INPUT_JOBS, .jobs = answer});
}

/* Running out of memory loses an address; the id is enough. */
static void sync_take_location(Sync *s, const CatalogRefreshAnswer *answer)
{
        if (!answer->location)
                return;
        free(s->job_url);
        s->job_url = strdup(answer->location);
        job_texts_take(&s->texts, JOB_URL, answer->location_bare);
}

/* A process that was paused or cut off for longer than the lease lasts may not be the holder any
 * more, and a request may have waited for its turn, a token or its connection. */
static bool sync_may_refresh(void *userdata)
{
        const Sync *s = userdata;
        return journal_lease_holds(s->journal);
}

static void sync_on_refresh(const CatalogRefreshAnswer *answer, void *userdata)
{
        Sync *s = userdata;
        s->call = NULL;
        if (!answer->answer.sent && !sync_may_refresh(s)) {
                s->input(s, (SyncInput){.kind = SYNC_INPUT_LEASE_LOST});
                return;
        }
        if (answer->location_foreign)
                log_warning(
                        "%s: the catalog's Location for the job is at another scheme, host or port "
                        "than the url, and is not followed; jobs are asked for at their known "
                        "addresses. Does something in front of the catalog end TLS? Then configure "
                        "it to forward the original scheme and host. This is logged once",
                        s->name);
        if (answer->has_job)
                sync_take_job(s, &answer->job);
        sync_take_location(s, answer);
        s->input(s, (SyncInput){.kind = SYNC_INPUT_REFRESH, .refresh = answer});
}

static void sync_on_job(const CatalogJobAnswer *answer, void *userdata)
{
        Sync *s = userdata;
        s->call = NULL;
        if (answer->answer.fault.scope == FAULT_NONE) {
                sync_take_job(s, &answer->job);
                if (job_is_terminal(&answer->job.status))
                        metric_observe(METRIC_JOB_DURATION,
                                       (double)((int64_t)clock_boottime_usec() - s->job_usec) /
                                               USEC_PER_SEC);
                else
                        s->refreshed_usec = s->asked_usec;
        }
        s->input(s, (SyncInput){.kind = SYNC_INPUT_JOB, .job = answer});
}

static void sync_on_proof(unsigned slot, const Uuid *asked, const CatalogOneAnswer *answer,
                          void *userdata)
{
        Sync *s = userdata;
        SyncInputKind kind = answer ? SYNC_INPUT_ONE : SYNC_INPUT_WAKE;
        s->input(s, (SyncInput){.kind = kind, .one = answer, .asked = asked, .slot = slot});
}

static void sync_on_page(const CatalogPageAnswer *answer, void *userdata)
{
        Sync *s = userdata;
        s->input(s, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = answer});
}

static void sync_on_timer(void *userdata)
{
        Sync *s = userdata;
        s->input(s, (SyncInput){.kind = SYNC_INPUT_TIMER});
}

static void sync_on_applied(const MirrorApplied *applied, const Fault *fault, void *userdata)
{
        Sync *s = userdata;
        s->task = NULL;
        s->input(s, (SyncInput){.kind = SYNC_INPUT_APPLY, .applied = applied, .fault = fault});
}

static void sync_on_finished(const Fault *fault, void *userdata)
{
        Sync *s = userdata;
        s->task = NULL;
        s->end_fault = *fault;
        s->lease_kept = fault->scope != FAULT_NONE && fault->code != CODE_RUN_OVER;
        if (fault->scope != FAULT_NONE)
                log_debug("%s: the end of run %lld could not be recorded: %s", s->name,
                          (long long)s->run.run_id,
                          fault->message); /* whoever takes over the edge closes the run */
        s->input(s, (SyncInput){.kind = SYNC_INPUT_FINISH, .fault = fault});
}

static void sync_forget_pages(Sync *s)
{
        if (s->prefetch)
                s->machine.requests += prefetch_forget(s->prefetch);
}

static void sync_end_list(Sync *s)
{
        sync_forget_pages(s);
        s->prefetch = prefetch_free(s->prefetch);
}

void sync_abandon(Sync *s)
{
        s->call = catalog_cancel(s->call);
        s->prover = prover_free(s->prover);
        sync_end_list(s);
        s->task = mirror_cancel(s->task);
        timer_cancel(&s->timer);
}

/* ---- the steps ------------------------------------------------------------------------------ */

static int sync_do_get_job(Sync *s)
{
        s->asked_usec = (int64_t)clock_boottime_usec();
        return catalog_get_job(s->context.catalog, &s->machine.job.id, s->machine.polling.address,
                               s->job_url, sync_on_job, s, &s->call);
}

static int sync_do_search(Sync *s)
{
        const JobSearch *search = &s->machine.search;
        return catalog_find_jobs(s->context.catalog, &s->order.edge, search->kind.type,
                                 search->cursor[0] ? search->cursor : NULL, sync_on_jobs, s,
                                 &s->call);
}

static MirrorEnding sync_ending(const Sync *s)
{
        const SyncMachine *m = &s->machine;
        return (MirrorEnding){
                .outcome = m->outcome,
                .refresh = m->refresh,
                .listed_whole = m->listed_whole,
                .listed_usec = s->listed_usec,
                .refreshed_usec = s->refreshed_usec,
                .has_job = m->has_job,
                .resumes = m->found_job,
                .of_service = s->order.trigger == MIRROR_TRIGGER_SCHEDULE,
                .job = m->job,
                .job_message = job_texts_get(&s->texts, JOB_MESSAGE),
                .job_document = job_texts_get(&s->texts, JOB_DOCUMENT),
                .pages = m->pages,
                .requests = m->requests,
                .listed = s->machine.listing.received,
                .fault = &m->fault,
                .problem = s->problem,
        };
}

static void sync_on_plan(const MirrorPlanRow *row, void *userdata)
{
        Sync *s = userdata;
        s->order.dry_run(row, s->userdata);
}

static int sync_do_apply(Sync *s)
{
        MirrorEnding ending = sync_ending(s);
        int r = snapshot_complete(&s->snapshot);
        if (r < 0)
                return r;
        MirrorSnapshot snapshot = {
                .rows = s->snapshot.rows,
                .compare = s->order.compare,
                .missing = s->machine.missing,
                .to_the_end = s->machine.listed_to_the_end,
                .found = s->snapshot.found,
                .verdicts = s->snapshot.verdicts,
                /* A person who accepts the removals has waited long enough. */
                .confirm_removals =
                        s->order.accept_removals ? 1 : s->order.settings.confirm_removals,
                .removal_delay_usec =
                        s->order.accept_removals ? 0 : s->order.settings.removal_delay_usec,
        };
        if (s->machine.dry_run)
                return mirror_plan(s->context.mirror, &s->order.edge, &snapshot, sync_on_plan,
                                   sync_on_applied, s, &s->task);
        return mirror_apply(s->context.mirror, &s->run, &snapshot, &ending, sync_on_applied, s,
                            &s->task);
}

static int sync_do_verify(Sync *s)
{
        if (!s->prover) {
                int r = prover_new(s->context.event, s->context.catalog, s->snapshot.found,
                                   sync_on_proof, s, &s->prover);
                if (r < 0)
                        return r;
        }
        return prover_carry_out(s->prover, &s->machine.proof);
}

static int sync_do_list(Sync *s)
{
        if (s->listed_usec == 0)
                s->listed_usec = (int64_t)clock_boottime_usec();
        const Listing *l = &s->machine.listing;
        const Uuid *schema = s->order.settings.has_schema_connection
                                     ? &s->order.settings.schema_connection
                                     : NULL;
        if (!s->prefetch) {
                int r = prefetch_new(s->context.event, s->context.catalog, s->context.limiter,
                                     &s->order.edge, schema, sync_on_page, s, &s->prefetch);
                if (r < 0)
                        return r;
        }
        return prefetch_want(s->prefetch, l->offset, l->limit, l->position, listing_stride(l));
}

static int sync_do_claim(Sync *s)
{
        const MirrorClaimRequest request = {
                .edge = s->order.edge,
                .trigger = s->order.trigger,
                .refresh = s->order.settings.refresh,
                .held_epoch = s->order.held_epoch,
                .next_run_usec = s->order.next_run_usec,
                .job_max_age_usec = s->order.settings.polling.wait_timeout_usec +
                                    s->order.settings.polling.job_timeout_usec,
        };
        s->claimed_usec = clock_boottime_usec();
        return mirror_claim(s->context.mirror, &request, sync_on_claim, s, &s->task);
}

static int sync_effect(Sync *s, SyncAction action)
{
        SyncMachine *m = &s->machine;
        MirrorEnding ending = sync_ending(s);
        switch (action) {
        case SYNC_DO_CLAIM:
                return sync_do_claim(s);
        case SYNC_DO_SEARCH:
                return sync_do_search(s);
        case SYNC_DO_REFRESH:
                s->refreshed_usec = s->job_usec = (int64_t)clock_boottime_usec();
                return catalog_refresh(s->context.catalog, &s->order.edge, sync_may_refresh,
                                       sync_on_refresh, s, &s->call);
        case SYNC_DO_GET_JOB:
                return sync_do_get_job(s);
        case SYNC_DO_WAIT:
                return timer_start(&s->timer, s->context.event, m->delay_usec, USEC_PER_MSEC,
                                   sync_on_timer, s);
        case SYNC_DO_LIST_ANEW:
                sync_forget_pages(s);
                _fallthrough_;
        case SYNC_DO_LIST:
                return sync_do_list(s);
        case SYNC_DO_VERIFY:
                return sync_do_verify(s);
        case SYNC_DO_APPLY:
                sync_end_list(s);
                return sync_do_apply(s);
        case SYNC_DO_FINISH:
                return mirror_finish(s->context.mirror, &s->run, &ending, sync_on_finished, s,
                                     &s->task);
        default:
                return 0;
        }
}

static void sync_report(Sync *s)
{
        const SyncMachine *m = &s->machine;
        SyncReport report = {
                .run_id = s->run.run_id,
                .epoch = s->run.epoch,
                .end_fault = s->end_fault,
                .lease_kept = s->lease_kept,
                .before = s->before,
                .phase = m->last_phase,
                .outcome = m->outcome,
                .refresh = m->refresh,
                .has_job = m->has_job,
                .job = m->job,
                .applied = m->applied,
                .moved = m->proof.moved,
                .listed = sync_outcome_is_applied(m->outcome) ? m->applied.listed
                                                              : s->machine.listing.received,
                .pages = m->pages,
                .requests = m->requests,
                .duration_usec = clock_monotonic_usec() - s->started_usec,
                .fault = m->fault,
        };
        s->over = true;
        s->done(&report, s->userdata); /* may free s */
}

/* Apply and finish come after the last note about the run. */
static bool sync_postpone(Sync *s, SyncAction action)
{
        if ((action != SYNC_DO_APPLY && action != SYNC_DO_FINISH) || !s->journal)
                return false;
        if (action == SYNC_DO_FINISH)
                /* the apply may take longer than the lease, the finish does not */
                journal_stop(s->journal);
        if (!journal_busy(s->journal))
                return false;
        s->postponed = action;
        return true;
}

void sync_act(Sync *s, SyncAction action)
{
        if (action == SYNC_DO_FINISH || action == SYNC_DO_REPORT)
                sync_abandon(s);
        if (action == SYNC_DO_REPORT) {
                if (s->journal)
                        journal_stop(s->journal);
                sync_report(s);
                return;
        }
        if (sync_postpone(s, action))
                return;
        int r = sync_effect(s, action);
        if (r >= 0)
                return;
        Fault fault;
        fault_not_begun(&fault, r, "the next step could not be begun");
        if (action == SYNC_DO_FINISH) /* nothing more can be done */
                sync_on_finished(&fault, s);
        else
                s->input(s, (SyncInput){.kind = SYNC_INPUT_FAULT, .fault = &fault});
}
