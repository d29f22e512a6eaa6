/*
 * sync: the runner. Tells the machine what has happened, and has sync_steps carry out what it
 * answers; decides nothing.
 */
#include "sync/sync.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/text.h"
#include "mirror/spool.h"
#include "sync/sync_steps_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

SyncOrder sync_order_of(const ConfigEdge *edge)
{
        return (SyncOrder){
                .edge = edge->id,
                .name = edge->name,
                .trigger = MIRROR_TRIGGER_SCHEDULE,
                .settings = edge->settings,
        };
}

void sync_log_takeover(LogLevel level, const char *edge, const char *holder)
{
        log_event(level, NULL, LOG_FIELDS(LOG_TEXT("EDGE", edge)),
                  "%s: taken over from %s, which did not renew its lease until that ended", edge,
                  holder);
}

void sync_log_unrecorded(const char *edge, int64_t run_id, const Fault *fault)
{
        log_event(LOG_LEVEL_WARNING, NULL,
                  LOG_FIELDS(LOG_TEXT("EDGE", edge), LOG_NUMBER("RUN_ID", run_id),
                             LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                             LOG_TEXT("SQLSTATE", fault->sqlstate)),
                  "%s: the end of run %lld could not be recorded: %s", edge, (long long)run_id,
                  fault->message);
}

/* That of a row which is asked for by its id is not the fault of the run. */
static void sync_take_problem(Sync *s, const SyncInput *in)
{
        const CatalogAnswer *answer = in->kind == SYNC_INPUT_ONE ? NULL : sync_input_answer(in);
        if (!s->machine.fault_is_new)
                return;
        free(s->problem);
        s->problem = answer && answer->problem ? strdup(answer->problem) : NULL;
}

static MetricVerdict verdict_label(ProofVerdict verdict)
{
        return verdict == PROOF_GONE    ? METRIC_VERDICT_GONE
               : verdict == PROOF_HERE  ? METRIC_VERDICT_HERE
               : verdict == PROOF_MOVED ? METRIC_VERDICT_MOVED
                                        : METRIC_VERDICT_UNKNOWN;
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
        if (in->kind == SYNC_INPUT_ONE && s->machine.verdict != PROOF_PENDING)
                metric_add(METRIC_REMOVAL_CHECKS, verdict_label(s->machine.verdict), 1);
        SyncInput failed = {.kind = SYNC_INPUT_FAULT, .fault = &fault, .now_usec = in->now_usec};
        return r < 0 ? sync_machine_handle(&s->machine, &failed) : action;
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
                (void)snprintf(rows, sizeof(rows), "; %lld row%s",
                               (long long)spool_digest(s->snapshot.rows)->rows,
                               text_plural(spool_digest(s->snapshot.rows)->rows));
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
        if (in.kind == SYNC_INPUT_CLAIM && s->run.run_id != 0 && in.claim->holder[0])
                sync_log_takeover(LOG_LEVEL_INFO, s->name, in.claim->holder);
        sync_take_problem(s, &in);
        action = sync_keep(s, &in, action);
        sync_log_transition(s, from);
        sync_tell(s);
        if (s->journal && s->machine.note)
                journal_note(s->journal, s->machine.note_urgent);
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

int sync_start(const SyncContext *context, const SyncOrder *order, SyncProgressCallback progress,
               SyncDoneCallback done, void *userdata, Sync **ret)
{
        _cleanup_(cleanup_sync) Sync *s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->context = *context;
        s->order = *order;
        s->input = sync_input;
        s->progress = progress;
        s->done = done;
        s->userdata = userdata;
        s->started_usec = clock_monotonic_usec();
        s->name = strdup(order->name);
        if (!s->name)
                return -ENOMEM;
        int r = snapshot_begin(&s->snapshot);
        if (r < 0)
                return r;
        s->machine = (SyncMachine){
                .settings = order->settings,
                .patience_usec = context->patience_usec,
                .edge = order->edge,
                .name = s->name,
                .accept_removals = order->accept_removals,
                .dry_run = order->dry_run != NULL,
        };
        sync_machine_init(&s->machine, clock_random());
        r = sd_event_add_defer(context->event, &s->starter, sync_on_starter, s);
        if (r < 0)
                return r;
        *ret = TAKE(s);
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
