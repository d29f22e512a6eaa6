/*
 * machine: turns what happened into an event, looks the event up, moves.
 *
 * What always holds: `state` and `phase` change in machine_move and nowhere else; `fault` is the
 * first fault that mattered, kept also when the run goes on without a refresh, so that a person
 * sees why.
 */
#include "sync/machine.h"
#include "base/duration.h"
#include "base/own_command.h"
#include "base/text.h"
#include "sync/machine_fault_private.h"
#include "sync/machine_removals_private.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

void sync_machine_init(SyncMachine *m, uint64_t random)
{
        m->state = SYNC_IDLE;
        m->phase = m->settings.refresh && !m->dry_run ? SYNC_PHASE_REFRESH : SYNC_PHASE_LIST;
        retry_init(&m->retry, RETRY_ATTEMPTS);
        listing_init(&m->listing, m->settings.page_size, random);
}

void sync_machine_done(SyncMachine *m)
{
        listing_done(&m->listing);
}

static SyncEvent machine_on_start(SyncMachine *m, const SyncInput *in)
{
        m->claimed_usec = in->now_usec;
        if (!m->dry_run)
                return SYNC_STARTED;
        m->refresh = REFRESH_SKIPPED;
        return SYNC_STARTED_DRY;
}

/* The job of an earlier run. */
static void machine_take_up(SyncMachine *m, const Uuid *job, bool has_location, uint64_t now_usec)
{
        m->has_job = true;
        m->job = (JobStatus){.id = *job, .progress = -1};
        polling_init(&m->polling, &m->settings.polling, has_location, false, now_usec);
}

static SyncEvent machine_on_claim(SyncMachine *m, const SyncInput *in)
{
        if (in->fault->scope != FAULT_NONE) {
                (void)machine_fail(m, in->fault);
                return in->fault->scope == FAULT_PROCESS && in->claim && in->claim->run_id > 0
                               ? SYNC_CLAIM_UNUSED
                               : SYNC_NOT_CLAIMED;
        }
        const MirrorClaim *claim = in->claim;
        if (claim->busy) {
                machine_busy(m, claim);
                return SYNC_NOT_CLAIMED;
        }
        if (m->settings.refresh && claim->resumes) {
                machine_take_up(m, &claim->job_id, claim->job_url[0] != '\0', in->now_usec);
                return SYNC_CLAIMED_RESUME;
        }
        if (m->settings.refresh && claim->lost) {
                job_search_init(&m->search, claim, m->claimed_usec);
                return SYNC_CLAIMED_SEARCH;
        }
        if (m->settings.refresh)
                return SYNC_CLAIMED_REFRESH;
        m->refresh = REFRESH_SKIPPED;
        return SYNC_CLAIMED_LIST;
}

/* A catalog that does not let us search is none the worse: the refresh is asked for as if nothing
 * had been begun. One that cannot be asked at all, or that refuses our credentials and not this
 * request alone, will not take the refresh either. */
static SyncEvent machine_on_jobs(SyncMachine *m, const SyncInput *in)
{
        const CatalogAnswer *a = &in->jobs->answer;
        bool good = a->fault.scope == FAULT_NONE;
        if (!good &&
            retry_again(&m->retry, &a->fault, a->retry_after_usec, in->random, &m->delay_usec))
                return SYNC_SEARCH_AGAIN;
        bool refused = a->status == 401 && a->fault.scope == FAULT_PEER && !a->foreign;
        if (!good && (!a->sent || refused))
                return machine_fail(m, &a->fault);
        retry_reset(&m->retry);
        switch (good ? job_search_page(&m->search, in->jobs, in->now_usec) : JOB_SEARCH_NOTHING) {
        case JOB_SEARCH_MORE:
                return SYNC_SEARCH_GOES_ON;
        case JOB_SEARCH_FOUND:
                machine_take_up(m, &m->search.job, false, in->now_usec);
                m->found_job = true;
                return SYNC_JOB_FOUND;
        default:
                return SYNC_JOB_NOT_FOUND;
        }
}

/* 429 and its like say that nothing was begun; so does a request that never left. Any other failure
 * may come after the catalog has begun. */
static bool refresh_not_begun(const CatalogAnswer *a)
{
        return !a->sent || a->status == 408 || a->status == 425 || a->status == 429 ||
               a->status == 503;
}

/* A definite no: 405, 411, 415, 422 as well. 409 is not: a refresh is under way then, ours perhaps.
 */
static bool refresh_rejected(const CatalogAnswer *a)
{
        return a->status >= 400 && a->status < 500 && a->status != 409;
}

static SyncEvent machine_on_refresh_fault(SyncMachine *m, const SyncInput *in)
{
        const CatalogAnswer *a = &in->refresh->answer;
        if (a->fault.scope == FAULT_PEER && !a->fault.retryable)
                return machine_fail(m, &a->fault);
        if (refresh_not_begun(a)) {
                if (retry_again(&m->retry, &a->fault, a->retry_after_usec, in->random,
                                &m->delay_usec))
                        return SYNC_REFRESH_AGAIN;
                if (!a->sent)
                        return machine_fail(m, &a->fault);
                m->refresh = REFRESH_FAILED;
        } else if (refresh_rejected(a)) {
                m->refresh = REFRESH_REJECTED;
        } else {
                m->refresh = REFRESH_UNKNOWN;
                m->delay_usec = m->settings.settle_usec;
        }
        machine_record_fault(m, &a->fault);
        return m->refresh == REFRESH_UNKNOWN ? SYNC_REFRESH_UNKNOWN : SYNC_REFRESH_OVER;
}

static SyncEvent machine_on_refresh(SyncMachine *m, const SyncInput *in)
{
        const CatalogRefreshAnswer *a = in->refresh;
        m->job_is_new = a->location != NULL;
        if (a->answer.fault.scope != FAULT_NONE)
                return machine_on_refresh_fault(m, in);
        retry_reset(&m->retry);
        if (!a->has_job) {
                m->refresh = REFRESH_UNKNOWN;
                m->delay_usec = m->settings.settle_usec;
                return SYNC_REFRESH_UNKNOWN;
        }
        m->has_job = true;
        m->job = a->job.status;
        polling_init(&m->polling, &m->settings.polling, a->location != NULL, a->location_has_below,
                     in->now_usec);
        m->delay_usec = polling_first_delay(&m->polling);
        return SYNC_JOB_STARTED;
}

static void machine_advise_job(const SyncMachine *m, Fault *fault)
{
        char job[UUID_STRING_SIZE], edge[UUID_STRING_SIZE];
        fault_suffix(fault, "; look at job %s and at its Edge site in the catalog, then %s sync %s",
                     uuid_format(&m->job.id, job), own_command(),
                     own_edge_argument(m->name, &m->edge, edge));
}

static SyncEvent machine_on_job(SyncMachine *m, const SyncInput *in)
{
        static const SyncRefresh refreshes[] = {
                [POLLING_CLEAN] = REFRESH_CLEAN,
                [POLLING_BAD] = REFRESH_FAILED,
                [POLLING_TIMEOUT] = REFRESH_TIMEOUT,
                [POLLING_VANISHED] = REFRESH_UNKNOWN,
        };
        Fault fault = {0};
        PollingStep step = polling_answer(&m->polling, in->job, in->now_usec, in->random,
                                          &m->delay_usec, &fault);
        if (in->job->answer.fault.scope == FAULT_NONE) {
                Uuid id = m->job.id;
                m->job_is_new = strcmp(m->job.state, in->job->job.status.state) != 0;
                m->job = in->job->job.status;
                m->job.id = id;
        }
        switch (step) {
        case POLLING_WAIT:
                return SYNC_JOB_GOES_ON;
        case POLLING_OTHER_ADDRESS:
                return SYNC_JOB_OTHER_ADDRESS;
        case POLLING_FAILED:
                return machine_fail(m, &fault);
        default:
                m->refresh = refreshes[step];
                if (step == POLLING_BAD)
                        machine_advise_job(m, &fault);
                if (fault.scope != FAULT_NONE)
                        machine_record_fault(m, &fault);
                return SYNC_JOB_ENDED;
        }
}

/* Only a catalog that has just agreed with the data source, or was not to be asked, lets rows be
 * removed. */
static bool machine_may_remove(const SyncMachine *m)
{
        return m->refresh == REFRESH_CLEAN || m->refresh == REFRESH_SKIPPED;
}

static SyncEvent machine_list_ended(SyncMachine *m, bool whole)
{
        m->listed_to_the_end = whole;
        m->listed_whole = whole = !machine_rejects_list(m) && whole;
        /* What is not asked for counts as missing only when the list is whole. */
        m->missing = machine_may_remove(m) ? MIRROR_MISSING_FIND
                     : whole               ? MIRROR_MISSING_HOLD
                                           : MIRROR_MISSING_IGNORE;
        m->outcome = whole ? OUTCOME_SYNCED : OUTCOME_UNSTABLE;
        return SYNC_LIST_ENDED;
}

/* What was seen is true; so it is applied, unless nothing was. */
static SyncEvent machine_list_unstable(SyncMachine *m, const Fault *fault)
{
        if (m->listing.received == 0)
                return machine_fail(m, fault);
        Fault advised = *fault;
        char id[UUID_STRING_SIZE];
        fault_suffix(&advised,
                     "; the next run reads it again, and if that goes on, %s sync -v %s shows each "
                     "step, for whoever runs the catalog",
                     own_command(), own_edge_argument(m->name, &m->edge, id));
        machine_record_fault(m, &advised);
        return machine_list_ended(m, false);
}

static SyncEvent machine_list_timed_out(SyncMachine *m)
{
        Fault fault;
        char limit[DURATION_STRING_SIZE];
        fault_set(&fault, FAULT_RUN, ETIMEDOUT, CODE_LIST_TIMEOUT,
                  "reading the list took longer than list_timeout (%s): %" PRId64
                  " row%s in %" PRId64 " page%s%s",
                  duration_format(m->settings.list_timeout_usec, limit), m->listing.received,
                  text_plural(m->listing.received), m->pages, text_plural(m->pages),
                  m->listing.received > 0 ? "; what was seen is applied" : "");
        return machine_list_unstable(m, &fault);
}

static SyncEvent machine_on_page(SyncMachine *m, const SyncInput *in)
{
        const CatalogPageAnswer *page = in->page;
        bool late = in->now_usec > m->list_from_usec + m->settings.list_timeout_usec;
        if (page->answer.fault.scope != FAULT_NONE) {
                if (late && page->answer.fault.retryable)
                        return machine_list_timed_out(m);
                if (retry_again(&m->retry, &page->answer.fault, page->answer.retry_after_usec,
                                in->random, &m->delay_usec))
                        return SYNC_PAGE_AGAIN;
                return machine_fail(m, &page->answer.fault);
        }
        retry_reset(&m->retry);
        m->pages++;
        Fault fault = {0};
        for (size_t i = 0; i < page->n_rows; i++) {
                m->unreadable += page->rows[i].anonymous;
                m->mirrorable += page->rows[i].rejected == NULL;
                if (!page->rows[i].anonymous)
                        proof_controls_add(&m->controls, &page->rows[i].id);
        }
        m->listing.offset = page->offset; /* it may have been asked for before it was wanted */
        ListingStep step = listing_page(&m->listing, page->rows, page->n_rows, &fault);
        if (late && (step == LISTING_MORE || step == LISTING_AGAIN))
                return machine_list_timed_out(m);
        switch (step) {
        case LISTING_MORE:
                return SYNC_PAGE_JOINED;
        case LISTING_AGAIN:
                return SYNC_LIST_AGAIN;
        case LISTING_END:
                return machine_list_ended(m, true);
        case LISTING_UNSTABLE:
                return machine_list_unstable(m, &fault);
        case LISTING_FAILED:
        default:
                return machine_fail(m, &fault);
        }
}

static SyncEvent machine_on_lease_lost(SyncMachine *m)
{
        Fault fault;
        mirror_fault_lease_lost(&fault);
        if (!machine_decided(m)) {
                m->outcome = OUTCOME_ABORTED;
                m->fault = fault;
                m->fault_is_new = true;
        }
        return SYNC_LEASE_LOST;
}

static SyncEvent machine_on_apply(SyncMachine *m, const SyncInput *in)
{
        if (in->fault->scope == FAULT_NONE && in->applied->found > 0)
                return machine_on_missing(m, in->applied);
        if (in->fault->scope == FAULT_NONE) {
                m->applied = *in->applied;
                if (m->applied.held > 0 && m->listed_whole)
                        m->outcome = OUTCOME_HELD;
                return SYNC_APPLIED;
        }
        if (in->fault->code == CODE_LEASE_LOST)
                return machine_on_lease_lost(m);
        return machine_fail(m, in->fault);
}

static SyncEvent machine_on_finish(SyncMachine *m, const SyncInput *in)
{
        if (in->fault->scope != FAULT_NONE &&
            retry_again(&m->retry, in->fault, 0, in->random, &m->delay_usec))
                return SYNC_FINISH_AGAIN;
        /* The end is recorded only where the lease was still ours, and that it is not when the
         * apply was committed. */
        if (in->fault->scope != FAULT_NONE && m->stopped_applying)
                fault_set(&m->fault, FAULT_RUN, ECANCELED, CODE_STOPPED,
                          "stopped while the snapshot was applied; it may have been published, "
                          "%s status shows it",
                          own_command());
        return SYNC_FINISHED;
}

static SyncEvent machine_on_stop(SyncMachine *m, const SyncInput *in)
{
        if (m->state == SYNC_FINISHING || m->state == SYNC_FINISH_BACKOFF || m->state == SYNC_DONE)
                return SYNC_STOP_ASKED;
        m->stopped_applying = machine_applying(m);
        m->outcome = OUTCOME_ABORTED;
        if (in->fault && in->fault->scope != FAULT_NONE)
                m->fault = *in->fault;
        else
                fault_set(&m->fault, FAULT_RUN, ECANCELED, CODE_STOPPED,
                          "stopped before the end; the mirror is as it was");
        m->fault_is_new = true;
        return m->dry_run ? SYNC_DRY_RUN_ENDED : SYNC_STOP_ASKED;
}

const CatalogAnswer *sync_input_answer(const SyncInput *in)
{
        switch (in->kind) {
        case SYNC_INPUT_JOBS:
                return &in->jobs->answer;
        case SYNC_INPUT_REFRESH:
                return &in->refresh->answer;
        case SYNC_INPUT_JOB:
                return &in->job->answer;
        case SYNC_INPUT_PAGE:
                return &in->page->answer;
        case SYNC_INPUT_ONE:
                return &in->one->answer;
        default:
                return NULL;
        }
}

static SyncEvent machine_classify(SyncMachine *m, const SyncInput *in)
{
        const CatalogAnswer *answer = sync_input_answer(in);
        Fault put_off;
        if (answer)
                m->requests += answer->requests;
        if (answer && machine_put_off(m, answer, &put_off))
                return machine_fail(m, &put_off);
        switch (in->kind) {
        case SYNC_INPUT_START:
                return machine_on_start(m, in);
        case SYNC_INPUT_CLAIM:
                return machine_on_claim(m, in);
        case SYNC_INPUT_JOBS:
                return machine_on_jobs(m, in);
        case SYNC_INPUT_REFRESH:
                return machine_on_refresh(m, in);
        case SYNC_INPUT_JOB:
                return machine_on_job(m, in);
        case SYNC_INPUT_PAGE:
                return machine_on_page(m, in);
        case SYNC_INPUT_TIMER:
                return SYNC_TIMER_FIRED;
        case SYNC_INPUT_APPLY:
                return machine_on_apply(m, in);
        case SYNC_INPUT_ONE:
                return machine_on_one(m, in);
        case SYNC_INPUT_WAKE:
                return machine_on_wake(m, in);
        case SYNC_INPUT_FINISH:
                return machine_on_finish(m, in);
        case SYNC_INPUT_LEASE_LOST:
                /* The apply releases the lease itself, and checks it before: its own answer counts,
                 * which may be still to come. */
                return machine_applying(m) ? SYNC_LEASE_DOUBTED : machine_on_lease_lost(m);
        case SYNC_INPUT_STOP:
                return machine_on_stop(m, in);
        case SYNC_INPUT_FAULT:
        default:
                return machine_fail(m, in->fault);
        }
}

/* Our own mistake: end the run without writing to the mirror, and say which pair it was. */
static const SyncTransition *machine_bug(SyncMachine *m, SyncEvent event)
{
        static const SyncTransition over = {
                SYNC_STATES, SYNC_EVENTS, SYNC_DONE, SYNC_DO_REPORT, "a bug ended this run", 0};
        fault_set(&m->fault, FAULT_RUN, ENOTRECOVERABLE, CODE_SYNC_MACHINE,
                  "bug: event %s in state %s; please report it", sync_event_name(event),
                  sync_state_name(m->state));
        m->outcome = OUTCOME_FAILED;
        return &over;
}

static SyncAction machine_move(SyncMachine *m, SyncEvent event, uint64_t now_usec)
{
        const SyncTransition *t = sync_transition(m->state, event);
        if (!t)
                t = machine_bug(m, event);
        SyncPhase before = m->phase;
        m->last = t;
        m->state = t->to;
        if (sync_state_phase(t->to) != SYNC_PHASES)
                m->phase = sync_state_phase(t->to);
        if (m->phase != SYNC_PHASE_DONE)
                m->last_phase = m->phase;
        if (t->to == SYNC_DONE && m->outcome == OUTCOME_NONE)
                m->outcome = OUTCOME_FAILED;
        m->keep = t->besides & SYNC_KEEP;
        m->note = t->besides & SYNC_NOTE || (t->besides & SYNC_NOTE_NEWS && m->job_is_new);
        m->note_urgent = t->besides & SYNC_NOTE_URGENT;
        if (t->to != SYNC_LISTING && t->to != SYNC_LIST_BACKOFF)
                listing_done(&m->listing);
        if (t->to == SYNC_LISTING && m->list_from_usec == 0)
                m->list_from_usec = now_usec;
        if ((t->to == SYNC_LISTING && before != SYNC_PHASE_LIST) ||
            (t->to == SYNC_FINISHING && t->from != SYNC_FINISH_BACKOFF))
                retry_reset(&m->retry);
        return t->action;
}

SyncAction sync_machine_handle(SyncMachine *m, const SyncInput *in)
{
        m->fault_is_new = false;
        m->job_is_new = false;
        m->verdict = PROOF_PENDING;
        return machine_move(m, machine_classify(m, in), in->now_usec);
}
