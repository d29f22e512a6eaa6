/*
 * sync: the runner. Carries out what the machine says and tells it what came of it; decides
 * nothing.
 *
 * What always holds: one catalog call (or those of prefetch or prover), one write to the mirror and
 * one timer at most are under way (the journal's own apart). Every effect that leaves the process
 * starts in sync_act, and nowhere else but for the journal. Apply and finish begin when the journal
 * is quiet; notes that come during the apply find the run ended in the database, should they arrive
 * late.
 */
#include "sync/sync.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "mirror/spool.h"
#include "sync/job_texts.h"
#include "sync/journal.h"
#include "sync/machine.h"
#include "sync/prefetch.h"
#include "sync/prover.h"
#include "sync/snapshot.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct Sync {
        SyncContext context;
        SyncPlan plan;
        char *name;
        SyncProgressCallback progress;
        SyncDoneCallback done;
        void *userdata;

        SyncMachine machine;
        MirrorRun run; /* run_id 0: not begun */
        Snapshot snapshot;
        Prefetch *prefetch;
        Prover *prover;
        Journal *journal;
        CatalogCall *call;
        MirrorTask *task;
        sd_event_source *timer;
        sd_event_source *starter; /* what must not happen inside sync_start or sync_stop */
        bool stopping;            /* somebody has asked for it */
        Fault stop_reason;        /* of the stop; scope FAULT_NONE: somebody asked for it */
        SyncAction postponed;     /* until the journal is quiet */

        JobTexts texts;
        char *job_url; /* with a query, which is not for the journal; NULL: none */
        char *problem;
        uint64_t started_usec;
        uint64_t claimed_usec; /* when the lease was asked for */
        /* CLOCK_BOOTTIME; may lie before the host's start. */
        int64_t listed_usec;    /* the list was begun */
        int64_t asked_usec;     /* the job was asked for, the last time */
        int64_t refreshed_usec; /* the last moment at which the refresh was not over yet */
        bool lease_kept;        /* the end was not recorded */
        JobStatus logged_job;
        unsigned n_repeated; /* transitions from a state to itself, in a row */
        bool over;
};

static void sync_input(Sync *s, SyncInput in);
static void sync_act(Sync *s, SyncAction action);

/* ---- texts that the journal and the report need --------------------------------------------- */

static void sync_take_job(Sync *s, const CatalogJob *job)
{
        job_texts_take(&s->texts, JOB_MESSAGE, job->message);
        job_texts_take(&s->texts, JOB_DOCUMENT, job->document);
}

static void sync_take_problem(Sync *s, const char *problem)
{
        if (!s->machine.fault_is_new)
                return;
        free(s->problem);
        s->problem = problem ? strdup(problem) : NULL;
}

static void sync_journal_state(MirrorProgress *ret, bool again, void *userdata)
{
        Sync *s = userdata;
        job_texts_ask(&s->texts, again);
        *ret = (MirrorProgress){
                .phase = s->machine.phase,
                .has_job = s->machine.has_job,
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
                sync_input(s, (SyncInput){.kind = SYNC_INPUT_LEASE_LOST});
}

/* ---- completions: each becomes an input ----------------------------------------------------- */

static void sync_on_claim(const MirrorClaim *claim, const Fault *fault, void *userdata)
{
        Sync *s = userdata;
        s->task = NULL;
        if (fault->scope == FAULT_NONE && !claim->busy) {
                s->run = (MirrorRun){
                        .edge = s->plan.edge, .run_id = claim->run_id, .epoch = claim->epoch};
                if (claim->holder[0])
                        log_info("%s: taken over from %s, which gave no sign of life until its "
                                 "lease ended",
                                 s->name, claim->holder);
                if (claim->resumes)
                        s->refreshed_usec = (int64_t)s->claimed_usec - claim->job_since_usec;
                if (claim->resumes && claim->job_url[0]) {
                        s->job_url = strdup(claim->job_url);
                        job_texts_take(&s->texts, JOB_URL, claim->job_url);
                }
                job_texts_given(&s->texts); /* the claim has written it */
                int r = journal_new(s->context.event, s->context.mirror, &s->run,
                                    s->context.lease_usec, s->claimed_usec, sync_journal_state,
                                    sync_on_lease_lost, sync_on_journal_idle, s, &s->journal);
                if (r < 0) {
                        Fault memory;
                        fault_no_memory(&memory);
                        sync_input(s, (SyncInput){.kind = SYNC_INPUT_CLAIM,
                                                  .claim = claim,
                                                  .fault = &memory});
                        return;
                }
        }
        sync_input(s, (SyncInput){.kind = SYNC_INPUT_CLAIM, .claim = claim, .fault = fault});
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

static void sync_on_refresh(const CatalogRefreshAnswer *answer, void *userdata)
{
        Sync *s = userdata;
        s->call = NULL;
        if (answer->location_foreign)
                log_warning("%s: the catalog's Location for the job is at another scheme, host or "
                            "port than the url, and "
                            "is not followed; jobs are asked for at their known addresses. Does "
                            "something in front of "
                            "the catalog end TLS? Then let it pass on scheme and host. Said once",
                            s->name);
        if (answer->has_job)
                sync_take_job(s, &answer->job);
        sync_take_location(s, answer);
        sync_input(s, (SyncInput){.kind = SYNC_INPUT_REFRESH, .refresh = answer});
}

static void sync_on_job(const CatalogJobAnswer *answer, void *userdata)
{
        Sync *s = userdata;
        s->call = NULL;
        if (answer->answer.fault.scope == FAULT_NONE) {
                sync_take_job(s, &answer->job);
                if (!catalog_job_terminal(&answer->job.status))
                        s->refreshed_usec = s->asked_usec;
        }
        sync_input(s, (SyncInput){.kind = SYNC_INPUT_JOB, .job = answer});
}

/* What the machine wants kept of a page, or of an answer to a request by id. */
static SyncAction sync_keep(Sync *s, const SyncInput *in, SyncAction action)
{
        Fault fault = {0};
        int r = 0;
        if (s->machine.keep)
                r = snapshot_add_page(&s->snapshot, in->page, &fault);
        else if (in->kind == SYNC_INPUT_ONE)
                r = snapshot_add_verdict(&s->snapshot, s->machine.verdict, in->asked, in->one,
                                         &fault);
        SyncInput failed = {.kind = SYNC_INPUT_FAULT, .fault = &fault, .now_usec = in->now_usec};
        return r < 0 ? sync_machine_handle(&s->machine, &failed) : action;
}

static void sync_on_proof(unsigned slot, const Uuid *asked, const CatalogOneAnswer *answer,
                          void *userdata)
{
        SyncInputKind kind = answer ? SYNC_INPUT_ONE : SYNC_INPUT_WAKE;
        sync_input(userdata,
                   (SyncInput){.kind = kind, .one = answer, .asked = asked, .slot = slot});
}

static void sync_on_page(const CatalogPageAnswer *answer, void *userdata)
{
        sync_input(userdata, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = answer});
}

static int sync_on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source;
        (void)usec;
        Sync *s = userdata;
        s->timer = sd_event_source_disable_unref(s->timer);
        sync_input(s, (SyncInput){.kind = SYNC_INPUT_TIMER});
        return 0;
}

static void sync_on_applied(const MirrorApplied *applied, const Fault *fault, void *userdata)
{
        Sync *s = userdata;
        s->task = NULL;
        sync_input(s, (SyncInput){.kind = SYNC_INPUT_APPLY, .applied = applied, .fault = fault});
}

static void sync_on_finished(const Fault *fault, void *userdata)
{
        Sync *s = userdata;
        s->task = NULL;
        s->lease_kept = fault->scope != FAULT_NONE && fault->code != CODE_RUN_OVER;
        if (fault->scope != FAULT_NONE)
                log_debug("%s: the end of run %lld could not be recorded: %s", s->name,
                          (long long)s->run.run_id,
                          fault->message); /* whoever takes over the edge closes the run */
        sync_input(s, (SyncInput){.kind = SYNC_INPUT_FINISH, .fault = fault});
}

/* ---- actions -------------------------------------------------------------------------------- */

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

static void sync_abandon(Sync *s)
{
        s->call = catalog_cancel(s->call);
        s->prover = prover_free(s->prover);
        sync_end_list(s);
        s->task = mirror_cancel(s->task);
        s->timer = sd_event_source_disable_unref(s->timer);
}

static int sync_do_get_job(Sync *s)
{
        s->asked_usec = (int64_t)clock_boottime_usec();
        return catalog_get_job(s->context.catalog, &s->machine.job.id, s->machine.polling.address,
                               s->job_url, sync_on_job, s, &s->call);
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
        s->plan.dry_run(row, s->userdata);
}

static int sync_do_apply(Sync *s)
{
        MirrorEnding ending = sync_ending(s);
        int r = snapshot_complete(&s->snapshot);
        if (r < 0)
                return r;
        MirrorSnapshot snapshot = {
                .rows = s->snapshot.rows,
                .compare = s->plan.compare,
                .missing = s->machine.missing,
                .to_the_end = s->machine.listed_to_the_end,
                .found = s->snapshot.found,
                .verdicts = s->snapshot.verdicts,
                /* A person who accepts the removals has waited long enough. */
                .confirm_removals = s->plan.accept_removals ? 1 : s->plan.confirm_removals,
        };
        if (s->machine.dry_run)
                return mirror_plan(s->context.mirror, &s->plan.edge, &snapshot, sync_on_plan,
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

static void sync_report(Sync *s)
{
        const SyncMachine *m = &s->machine;
        SyncReport report = {
                .run_id = s->run.run_id,
                .epoch = s->run.epoch,
                .lease_kept = s->lease_kept,
                .phase = m->last_phase,
                .outcome = m->outcome,
                .refresh = m->refresh,
                .has_job = m->has_job,
                .job = m->job,
                .applied = m->applied,
                .elsewhere = m->proof.elsewhere,
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

static int sync_do_list(Sync *s)
{
        if (s->listed_usec == 0)
                s->listed_usec = (int64_t)clock_boottime_usec();
        const Listing *l = &s->machine.listing;
        const Uuid *schema = s->plan.has_schema_connection ? &s->plan.schema_connection : NULL;
        if (!s->prefetch) {
                int r = prefetch_new(s->context.event, s->context.catalog, s->context.limiter,
                                     &s->plan.edge, schema, sync_on_page, s, &s->prefetch);
                if (r < 0)
                        return r;
        }
        return prefetch_want(s->prefetch, l->offset, l->limit, l->position, listing_stride(l));
}

static int sync_do_claim(Sync *s)
{
        const MirrorClaimRequest request = {
                .edge = s->plan.edge,
                .trigger = s->plan.trigger,
                .refresh = s->plan.refresh,
                .held_epoch = s->plan.held_epoch,
                .next_run_usec = s->plan.next_run_usec,
                .job_max_age_usec = s->plan.wait_timeout_usec + s->plan.job_timeout_usec,
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
        case SYNC_DO_REFRESH:
                /* A process that was paused or cut off for longer than the lease lasts may not be
                 * the holder any more. */
                if (!journal_lease_holds(s->journal))
                        return -ESTALE;
                s->refreshed_usec = (int64_t)clock_boottime_usec();
                return catalog_refresh(s->context.catalog, &s->plan.edge, sync_on_refresh, s,
                                       &s->call);
        case SYNC_DO_GET_JOB:
                return sync_do_get_job(s);
        case SYNC_DO_WAIT:
                return sd_event_add_time_relative(s->context.event, &s->timer, CLOCK_MONOTONIC,
                                                  m->delay_usec, USEC_PER_MSEC, sync_on_timer, s);
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

static void sync_act(Sync *s, SyncAction action)
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
        if (r == -ESTALE) {
                sync_input(s, (SyncInput){.kind = SYNC_INPUT_LEASE_LOST});
                return;
        }
        Fault fault;
        fault_set(&fault, FAULT_PROCESS, -r, CODE_NO_RESOURCES,
                  "the next step could not be begun: %s", strerrordesc_np(-r));
        if (action == SYNC_DO_FINISH) /* nothing more can be done */
                sync_on_finished(&fault, s);
        else
                sync_input(s, (SyncInput){.kind = SYNC_INPUT_FAULT, .fault = &fault});
}

/* ---- inputs --------------------------------------------------------------------------------- */

static const char *input_problem(const SyncInput *in)
{
        switch (in->kind) {
        case SYNC_INPUT_REFRESH:
                return in->refresh->answer.problem;
        case SYNC_INPUT_JOB:
                return in->job->answer.problem;
        case SYNC_INPUT_PAGE:
                return in->page->answer.problem;
        default:
                return NULL;
        }
}

static void sync_tell(Sync *s)
{
        if (!s->progress)
                return;
        SyncProgress progress = {
                .phase = s->machine.phase,
                .words = s->machine.last->words,
                .has_job = s->machine.has_job,
                .job = s->machine.job,
                .listed = s->machine.listing.received,
        };
        if (s->machine.phase == SYNC_PHASE_VERIFY) {
                const Proof *p = &s->machine.proof;
                progress.to_prove = p->total;
                progress.proven = p->gone + p->here + p->elsewhere + p->unknown;
        }
        s->progress(&progress, s->userdata);
}

/* Waiting for a job and asking for it alternate, pages and proofs follow each other: of those a
 * line when the job has moved, and ever fewer of the others. */
static void sync_log_transition(Sync *s, SyncState from)
{
        const SyncMachine *m = &s->machine;
        char id[UUID_STRING_SIZE], job[160] = "", progress[32] = "", rows[40] = "";
        bool asking = from == SYNC_POLL_WAIT && m->state == SYNC_POLLING;
        bool waiting = from == SYNC_POLLING && m->state == SYNC_POLL_WAIT;
        bool moved = strcmp(m->job.state, s->logged_job.state) != 0 ||
                     m->job.progress != s->logged_job.progress;
        s->n_repeated = from == m->state ? s->n_repeated + 1 : 0;
        if ((asking || waiting) && !moved)
                return;
        if (s->n_repeated > 1 && (s->n_repeated & (s->n_repeated - 1)) != 0)
                return;
        s->logged_job = m->job;
        if (m->has_job && m->job.progress >= 0)
                (void)snprintf(progress, sizeof(progress), ", %.0f %%", m->job.progress);
        if (m->has_job && m->phase <= SYNC_PHASE_POLL)
                (void)snprintf(job, sizeof(job), "; job %s %.40s%s", uuid_format(&m->job.id, id),
                               m->job.state, progress);
        if (m->phase == SYNC_PHASE_LIST && spool_digest(s->snapshot.rows)->rows > 0)
                (void)snprintf(rows, sizeof(rows), "; %lld rows",
                               (long long)spool_digest(s->snapshot.rows)->rows);
        log_debug("%s: %s → %s: %s%s%s", s->name, sync_state_name(from), sync_state_name(m->state),
                  m->last->words, job, rows);
}

static void sync_input(Sync *s, SyncInput in)
{
        if (s->over)
                return;
        in.now_usec = clock_monotonic_usec();
        in.random = clock_random();
        SyncState from = s->machine.state;
        SyncAction action = sync_machine_handle(&s->machine, &in);
        sync_take_problem(s, input_problem(&in));
        action = sync_keep(s, &in, action);
        sync_log_transition(s, from);
        sync_tell(s);
        if (s->journal && s->machine.note)
                journal_write(s->journal);
        sync_act(s, action);
}

static int sync_on_starter(sd_event_source *source, void *userdata)
{
        Sync *s = userdata;
        if (s->machine.state == SYNC_IDLE) {
                if (s->stopping) /* the two are taken one after the other */
                        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
                sync_input(s, (SyncInput){.kind = SYNC_INPUT_START});
        } else {
                sync_input(s, (SyncInput){.kind = SYNC_INPUT_STOP, .fault = &s->stop_reason});
        }
        return 0;
}

int sync_start(const SyncContext *context, const SyncPlan *plan, SyncProgressCallback progress,
               SyncDoneCallback done, void *userdata, Sync **ret)
{
        _cleanup_(cleanup_sync) Sync *s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->context = *context;
        s->plan = *plan;
        s->progress = progress;
        s->done = done;
        s->userdata = userdata;
        s->started_usec = clock_monotonic_usec();
        s->name = strdup(plan->name);
        if (!s->name)
                return -ENOMEM;
        int r = snapshot_begin(&s->snapshot);
        if (r < 0)
                return r;
        SyncMachineOptions options = {
                .refresh = plan->refresh,
                .polling = {.poll_min_usec = plan->poll_min_usec,
                            .poll_max_usec = plan->poll_max_usec,
                            .wait_timeout_usec = plan->wait_timeout_usec,
                            .job_timeout_usec = plan->job_timeout_usec},
                .settle_usec = plan->settle_usec,
                .patience_usec = context->patience_usec,
                .list_timeout_usec = plan->list_timeout_usec,
                .page_size = plan->page_size,
                .random = clock_random(),
                .edge = plan->edge,
                .name = s->name,
                .max_removals = plan->max_removals,
                .filtered = plan->has_schema_connection,
                .accept_removals = plan->accept_removals,
                .dry_run = plan->dry_run != NULL,
        };
        sync_machine_init(&s->machine, &options);
        r = sd_event_add_defer(context->event, &s->starter, sync_on_starter, s);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

void sync_stop(Sync *s)
{
        if (s->over)
                return;
        s->stopping = true;
        (void)sd_event_source_set_enabled(s->starter, SD_EVENT_ONESHOT);
}

void sync_break_off(Sync *s, const Fault *reason)
{
        s->stop_reason = *reason;
        sync_stop(s);
}

bool sync_needs_catalog(const Sync *s)
{
        return s->machine.phase != SYNC_PHASE_APPLY && s->machine.phase != SYNC_PHASE_DONE;
}

Sync *sync_free(Sync *s)
{
        if (!s)
                return NULL;
        sync_abandon(s);
        (void)journal_free(s->journal);
        sync_machine_done(&s->machine);
        snapshot_done(&s->snapshot);
        sd_event_source_disable_unref(s->starter);
        free(s->name);
        job_texts_done(&s->texts);
        free(s->job_url);
        free(s->problem);
        free(s);
        return NULL;
}
