/*
 * sync: the runner. Carries out what the machine says and tells it what came of it; decides
 * nothing.
 *
 * What always holds: one catalog call (or those of prefetch or prover), one write to the mirror and
 * one timer at most are under way (the journal's own apart). Apply and finish begin when the
 * journal is quiet; notes that come during the apply find the run ended in the database, should
 * they arrive late.
 */
#include "base/clock.h"
#include "base/log.h"
#include "mirror/spool.h"
#include "sync/sync_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void sync_act(Sync *s, SyncAction action);

void sync_log_takeover(LogLevel level, const char *edge, const char *holder)
{
        log_event(level, NULL, LOG_FIELDS(LOG_TEXT("EDGE", edge)),
                  "%s: taken over from %s, which gave no sign of life until its lease ended", edge,
                  holder);
}

/* ---- texts that the journal and the report need --------------------------------------------- */

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

/* Until the run ends. */
int sync_start_journal(Sync *s)
{
        return journal_new(s->context.event, s->context.mirror, &s->run, s->context.lease_usec,
                           s->claimed_usec, sync_journal_state, sync_on_lease_lost,
                           sync_on_journal_idle, s, &s->journal);
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
                progress.proven = p->gone + p->here + p->moved + p->unknown;
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

void sync_input(Sync *s, SyncInput in)
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
                .settings = plan->settings,
                .patience_usec = context->patience_usec,
                .random = clock_random(),
                .edge = plan->edge,
                .name = s->name,
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
