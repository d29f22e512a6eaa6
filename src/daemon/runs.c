/*
 * What always holds: a run is on the list from its start until it is settled, and for as long its
 * edge is excluded from what the queue is asked for. A run is freed from the loop, never by a
 * callback of its own.
 */
#include "daemon/runs.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/metric.h"
#include "base/text.h"
#include "daemon/due.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "mirror/outcomes.h"
#include "sync/sync.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPORT_AGAIN_USEC (5 * USEC_PER_SEC)

typedef struct Run {
        LIST_ENTRY(Run) others;
        Runs *runs;
        Peers *peers;
        Sync *sync;
        MirrorTask *report; /* to the queue */
        Uuid edge;
        char *name;
        int64_t epoch;
        int64_t next_run_usec;
        int64_t failures;    /* before this run */
        uint64_t begun_usec; /* monotonic */
        /* whose end is reported to the queue, 0: none is; that releases the lease, or tells only
         * when the edge is due next */
        int64_t report_epoch;
        bool releases_lease;
        bool report_is_last; /* when it fails, too */
        bool over;           /* the sync has ended */
        bool settled;        /* and the queue knows what it has to */
} Run;

static void run_free(Run *run)
{
        (void)sync_free(run->sync);
        (void)mirror_cancel(run->report);
        peers_unref(run->peers);
        free(run->name);
        free(run);
}

static void run_set_over(Run *run)
{
        if (!run->over)
                metric_add(METRIC_SYNCS_RUNNING, 0, -1);
        run->over = true;
}

/* Frees from the loop what is over and settled. */
static void runs_wake(const Runs *r)
{
        (void)sd_event_source_set_enabled(r->reaper, SD_EVENT_ONESHOT);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Of the peer as a whole: reported once, by those whom peer_fault tells, not by each edge. */
static bool report_is_of_peer(const SyncReport *report)
{
        return !sync_outcome_is_complete(report->outcome) && report->fault.scope == FAULT_PEER &&
               !fault_is_of_statement(&report->fault);
}

/* No answer, a gateway's, or a pause that is not about how many requests we send: is it this
 * request, or the catalog? */
static bool report_is_suspicious(const SyncReport *report)
{
        const Fault *f = &report->fault;
        bool pause = f->retry_after_usec > 0 && f->http_status != 429;
        return !sync_outcome_is_complete(report->outcome) && (pause || fault_is_of_gateway(f));
}

/* The first that is suspicious is reported, and the catalog is probed; those that follow are part
 * of what is found out then. */
static bool report_is_of_doubt(const Runs *r, const SyncReport *report)
{
        return report_is_suspicious(report) && r->handlers.catalog_in_doubt(r->userdata);
}

/* What the line is about, for those who filter and for those who are woken up. */
static const char *report_message_id(const SyncReport *report)
{
        if (report->outcome == OUTCOME_HELD)
                return MESSAGE_ID_RUN_HELD;
        if (report->fault.code == CODE_LEASE_LOST)
                return MESSAGE_ID_LEASE_LOST;
        if (sync_outcome_is_complete(report->outcome) || report_is_of_peer(report) ||
            report->outcome == OUTCOME_ABORTED)
                return NULL;
        return MESSAGE_ID_RUN_FAILED;
}

/* The same trouble in each edge's statements is reported once, and again at growing intervals. */
static bool report_is_known(const Run *run, const SyncReport *report)
{
        bool log_it;
        const Fault *refused = refusal_take(&run->runs->refusal, &run->edge,
                                            run->peers->config->postgres.conninfo, report, &log_it);
        if (refused && report->fault.origin == ORIGIN_POSTGRES)
                return !log_it;
        if (log_it)
                sync_log_unrecorded(run->name, report->run_id, refused);
        return report_is_of_doubt(run->runs, report);
}

/* What went as usual is not worth a line. */
static LogLevel report_level(const Run *run, const SyncReport *report)
{
        const MirrorApplied *a = &report->applied;
        const char *id = report_message_id(report);
        if (report_is_known(run, report))
                return LOG_LEVEL_DEBUG;
        bool held = report->outcome == OUTCOME_HELD;
        bool complete = sync_outcome_is_complete(report->outcome);
        if (!held && complete)
                held_forget(&run->runs->held, &run->edge);
        bool quiet = held && !held_record(&run->runs->held, &run->edge, &report->fault);
        bool rejects = complete && held_count(&run->runs->rejected, &run->edge, a->rejected);
        if (!quiet && (id || (complete && report->fault.scope != FAULT_NONE)))
                return LOG_LEVEL_WARNING;
        bool news = a->added + a->changed + a->removed + a->restored > 0 || run->failures > 0;
        return complete && (news || rejects) ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

static void run_log(const Run *run, const SyncReport *report)
{
        const MirrorApplied *a = &report->applied;
        const Fault *fault = &report->fault;
        char took[DURATION_STRING_SIZE], job[UUID_STRING_SIZE], counts[256] = "";
        if (sync_outcome_is_complete(report->outcome))
                (void)snprintf(counts, sizeof(counts),
                               ": %lld row%s, %lld added, %lld changed, %lld removed, %lld "
                               "restored, %lld held, %lld rejected",
                               (long long)a->listed, text_plural(a->listed), (long long)a->added,
                               (long long)a->changed, (long long)a->removed, (long long)a->restored,
                               (long long)a->held, (long long)a->rejected);
        LogLevel level = report_level(run, report);
        log_event(level, level <= LOG_LEVEL_WARNING ? report_message_id(report) : NULL,
                  LOG_FIELDS(LOG_TEXT("EDGE", run->name), LOG_NUMBER("RUN_ID", report->run_id),
                             LOG_TEXT("JOB_ID",
                                      report->has_job ? uuid_format(&report->job.id, job) : NULL),
                             LOG_TEXT("PHASE", sync_phase_name(report->phase)),
                             LOG_TEXT("OUTCOME", sync_outcome_name(report->outcome)),
                             LOG_TEXT("REFRESH", sync_refresh_name(report->refresh)),
                             LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                             LOG_NUMBER("HTTP_STATUS", fault->http_status),
                             LOG_TEXT("SQLSTATE", fault->sqlstate)),
                  "%s: %s after %s%s%s%s", run->name, sync_outcome_name(report->outcome),
                  duration_format_short(report->duration_usec, took), counts,
                  fault->scope != FAULT_NONE ? ": " : "",
                  fault->scope != FAULT_NONE ? fault->message : "");
}

static void report_count(const SyncReport *report)
{
        /* 0, which is no counter: it has none of its own */
        static const Metric by_outcome[SYNC_OUTCOMES] = {
                [OUTCOME_HELD] = METRIC_SYNCS_HELD,
                [OUTCOME_UNSTABLE] = METRIC_SYNCS_UNSTABLE,
                [OUTCOME_FAILED] = METRIC_SYNCS_FAILED,
                [OUTCOME_ABORTED] = METRIC_SYNCS_ABORTED,
        };
        const MirrorApplied *a = &report->applied;
        metric_add(METRIC_SYNCS, 0, 1);
        if (by_outcome[report->outcome])
                metric_add(by_outcome[report->outcome], 0, 1);
        metric_add(METRIC_LEASES_LOST, 0, report->fault.code == CODE_LEASE_LOST);
        metric_observe(METRIC_SYNC_DURATION, (double)report->duration_usec / USEC_PER_SEC);
        if (report->refresh != REFRESH_NONE)
                metric_add(METRIC_REFRESHES, report->refresh, 1);
        metric_add(METRIC_ROWS_LISTED, 0, (double)report->listed);
        metric_add(METRIC_ROWS_REJECTED, 0, (double)a->rejected);
        metric_add(METRIC_ROWS_APPLIED, METRIC_CHANGE_ADDED, (double)a->added);
        metric_add(METRIC_ROWS_APPLIED, METRIC_CHANGE_CHANGED, (double)a->changed);
        metric_add(METRIC_ROWS_APPLIED, METRIC_CHANGE_REMOVED, (double)a->removed);
        metric_add(METRIC_ROWS_APPLIED, METRIC_CHANGE_RESTORED, (double)a->restored);
}

static void run_on_reported(const Fault *fault, void *userdata)
{
        Run *run = userdata;
        Runs *r = run->runs;
        run->report = NULL;
        if (fault->scope != FAULT_NONE)
                log_debug("%s: the next due time could not be written: %s", run->name,
                          fault->message);
        /* Else a lease keeps its edge waiting until it ends by itself, or a retry until the next
         * tick, long after PostgreSQL is back. */
        run->settled = fault->scope == FAULT_NONE || !fault->retryable || run->report_is_last ||
                       r->stopping;
        if (!run->settled)
                /* the answer tells whether it is back */
                r->handlers.expect(database_clock_now(r->clock) + (int64_t)REPORT_AGAIN_USEC,
                                   r->userdata);
        runs_wake(r);
}

/* Tells the queue when the edge is due: run->next_run_usec (with a lease that is released, 0: when
 * it was due). */
static int run_report(Run *run)
{
        Mirror *mirror = run->peers->mirror;
        return run->releases_lease
                       ? mirror_release(mirror, &run->edge, run->report_epoch, run->next_run_usec,
                                        run_on_reported, run, &run->report)
                       : mirror_set_next_run(mirror, &run->edge, run->report_epoch,
                                             run->next_run_usec, run_on_reported, run,
                                             &run->report);
}

static int run_release_lease(Run *run, int64_t epoch)
{
        run->report_epoch = epoch;
        run->releases_lease = true;
        return run_report(run);
}

static void runs_on_outcome(const MirrorOutcome *o, const Fault *fault, void *userdata)
{
        Runs *r = userdata;
        if (o) {
                refusal_heard(&r->refusal, &o->edge, o->run.run_id,
                              fault_code_origin(o->code) == ORIGIN_POSTGRES);
                return;
        }
        peers_task_end(&r->question);
        if (fault->scope == FAULT_NONE)
                refusal_answered(&r->refusal);
}

void runs_retry_reports(Runs *r, Peers *peers)
{
        Run *run;
        LIST_FOREACH(run, &r->list, others) {
                if (!run->over || run->settled || run->report || run->report_epoch <= 0)
                        continue;
                /* The database of a configuration of before may never be back; meanwhile its run
                 * would keep the edge from being synced into this one. */
                run->report_is_last = run->peers != peers;
                if (run_report(run) < 0)
                        /* there is no memory; the lease ends by itself, or the next tick comes */
                        run->settled = true;
        }
        runs_wake(r);
        const Uuid *edges;
        size_t n = refusal_to_ask(&r->refusal, r->question.task != NULL, &edges);
        if (n > 0)
                (void)peers_task_begin(&r->question, peers,
                                       mirror_outcomes(peers->mirror, edges, n, true,
                                                       runs_on_outcome, r, &r->question.task));
}

/* Reports to the queue what it does not know yet: a lease without a run, or another due time. */
static void run_settle(Run *run, const SyncReport *report)
{
        Runs *r = run->runs;
        const ConfigEdge *edge = r->handlers.edge(&run->edge, r->userdata);
        int64_t now = database_clock_now(r->clock);
        const DueEnd end = {
                .complete = sync_outcome_is_complete(report->outcome),
                .aborted = report->outcome == OUTCOME_ABORTED,
                .peer_away = report->fault.scope == FAULT_PEER || report_is_of_doubt(r, report),
                .retryable = report->fault.retryable,
                .retry_after_usec = report->fault.retry_after_usec,
                .unrecorded = report->lease_kept,
                .failures = run->failures + 1,
                .next_run_usec = run->next_run_usec,
        };
        int error = -ENOENT;
        if (report->run_id == 0) {
                run->next_run_usec = end.aborted ? 0 : due_after_no_run(now, clock_random());
                error = run_release_lease(run, run->epoch);
        } else if (report->lease_kept) {
                run->next_run_usec = edge ? due_after_run(edge, &end, now, clock_random()) : 0;
                error = run_release_lease(run, report->epoch);
        } else if (edge) {
                int64_t next = due_after_run(edge, &end, now, clock_random());
                bool news = next != run->next_run_usec;
                run->next_run_usec = next;
                run->report_epoch = report->epoch;
                if (news)
                        error = run_report(run);
        }
        /* nothing to report, or no memory to do it: the queue's own due time stands */
        run->settled = error < 0;
}

static void run_report_peer_fault(const Run *run, const SyncReport *report)
{
        const Runs *r = run->runs;
        RunsPeerFault f = {
                .fault = &report->fault,
                .edge = &run->edge,
                .peers = run->peers,
                .begun_usec = run->begun_usec,
        };
        if (report_is_suspicious(report))
                f.peer = RUNS_PEER_CATALOG_SUSPECTED;
        else if (report_is_of_peer(report))
                f.peer = report->fault.origin == ORIGIN_POSTGRES ? RUNS_PEER_POSTGRES
                                                                 : RUNS_PEER_CATALOG;
        else
                return;
        r->handlers.peer_fault(&f, r->userdata);
}

static void run_on_done(const SyncReport *report, void *userdata)
{
        Run *run = userdata;
        Runs *r = run->runs;
        run_set_over(run);
        r->n_ended++;
        report_count(report);
        run_log(run, report);
        if (report->run_id != 0) /* else nothing is known of the edge that was not before */
                r->handlers.ended(&(RunsEnd){.edge = &run->edge,
                                             .before = report->before,
                                             .run = {report->run_id, report->outcome,
                                                     report->end_fault.scope != FAULT_NONE},
                                             .fault = &report->fault},
                                  r->userdata);
        if (!r->stopping)
                run_report_peer_fault(run, report);
        run_settle(run, report);
        runs_wake(r);
        r->handlers.changed(r->userdata);
}

/* ---- the beginning -------------------------------------------------------------------------- */

static int run_begin(Run *run, const ConfigEdge *edge)
{
        Peers *peers = run->peers;
        const SyncContext context = {
                .event = run->runs->event,
                .catalog = peers->catalog,
                .mirror = peers->mirror,
                .limiter = &peers->limiter,
                .lease_usec = peers->config->daemon.lease_usec,
                .patience_usec = peers->config->catalog.request_timeout_usec,
        };
        run->next_run_usec = due_by_schedule(edge, database_clock_now(run->runs->clock));
        SyncOrder order = sync_order_of(edge);
        order.held_epoch = run->epoch;
        order.next_run_usec = run->next_run_usec;
        return sync_start(&context, &order, NULL, run_on_done, run, &run->sync);
}

/* The lease is released, and the edge due at run->next_run_usec (0: when it was). */
static void run_decline(Run *run, const char *why)
{
        if (why)
                log_warning("edge %s is due, but %s; its lease is released, for whichever instance "
                            "can sync it",
                            run->name, why);
        run_set_over(run);
        if (run_release_lease(run, run->epoch) < 0)
                run->settled = true; /* the lease ends by itself */
        runs_wake(run->runs);
}

static Run *runs_add(Runs *r, Peers *peers, const MirrorDue *due, const char *name)
{
        char id[UUID_STRING_SIZE];
        Run *run = calloc(1, sizeof(*run));
        char *copy = strdup(name ? name : uuid_format(&due->edge, id));
        if (!run || !copy) {
                log_error("out of memory; the sync of an edge does not begin, its lease ends by "
                          "itself");
                free(run);
                free(copy);
                return NULL;
        }
        *run = (Run){.runs = r,
                     .peers = peers_ref(peers),
                     .edge = due->edge,
                     .name = copy,
                     .epoch = due->epoch,
                     .begun_usec = clock_monotonic_usec(),
                     .failures = due->consecutive_failures};
        LIST_INSERT_HEAD(&r->list, run, others);
        metric_set(METRIC_LEASES_HELD, 0, ++r->n);
        metric_add(METRIC_SYNCS_RUNNING, 0, 1);
        if (due->was_holder[0])
                sync_log_takeover(LOG_LEVEL_WARNING, copy, due->was_holder);
        return run;
}

void runs_start(Runs *r, Peers *peers, const MirrorDue *due, const ConfigEdge *edge)
{
        Run *run = runs_add(r, peers, due, edge->name);
        int64_t late = database_clock_now(r->clock) - due->due_usec;
        if (due->due_usec > 0 && !due->was_holder[0])
                metric_observe(METRIC_SYNC_LATENESS, late > 0 ? (double)late / USEC_PER_SEC : 0);
        if (!run || run_begin(run, edge) >= 0)
                return;
        run->next_run_usec = due_after_no_run(database_clock_now(r->clock), clock_random());
        run_decline(run, "there is not enough memory");
}

void runs_decline(Runs *r, Peers *peers, const MirrorDue *due, const char *name, const char *why)
{
        Run *run = runs_add(r, peers, due, name);
        if (run)
                run_decline(run, why);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void runs_remove(Runs *r, Run *run)
{
        LIST_REMOVE(run, others);
        metric_set(METRIC_LEASES_HELD, 0, --r->n);
        run_free(run);
}

static int runs_on_reaper(sd_event_source *source _unused_, void *userdata)
{
        Runs *r = userdata;
        for (Run *run = LIST_FIRST(&r->list), *next; run; run = next) {
                next = LIST_NEXT(run, others);
                if (!run->over || !run->settled)
                        continue;
                int64_t due_usec = run->next_run_usec;
                runs_remove(r, run);
                /* there is capacity for others in any case */
                r->handlers.expect(due_usec > 0 ? due_usec : INT64_MAX, r->userdata);
        }
        return 0;
}

int runs_init(Runs *r, sd_event *event, const DatabaseClock *clock, const RunsHandlers *handlers,
              void *userdata)
{
        *r = (Runs){.event = event,
                    .clock = clock,
                    .handlers = *handlers,
                    .userdata = userdata,
                    .refusal = {.find = handlers->edge, .userdata = userdata}};
        int error = sd_event_add_defer(event, &r->reaper, runs_on_reaper, r);
        return error < 0 ? error : sd_event_source_set_enabled(r->reaper, SD_EVENT_OFF);
}

void runs_copy_edges(const Runs *r, Uuid *out)
{
        const Run *run;
        LIST_FOREACH(run, &r->list, others) {
                *out++ = run->edge;
        }
}

void runs_stop(Runs *r)
{
        Run *run;
        r->stopping = true;
        LIST_FOREACH(run, &r->list, others) {
                if (run->sync && !run->over)
                        sync_stop(run->sync);
                if (run->over && !run->report)
                        run->settled = true; /* PostgreSQL is away; the lease ends by itself */
        }
        runs_wake(r);
}

void runs_break_off(Runs *r, const Peers *peers, const Fault *fault)
{
        Fault reason = *fault;
        Run *run;
        reason.code = CODE_BROKEN_OFF;
        reason.scope = FAULT_RUN;
        fault_prefix(&reason, fault->refused ? "aborted, the catalog refused the credentials: "
                                             : "aborted, the catalog asks for a pause: ");
        LIST_FOREACH(run, &r->list, others) {
                if (run->sync && !run->over && run->peers == peers && sync_needs_catalog(run->sync))
                        sync_break_off(run->sync, &reason);
        }
}

void runs_done(Runs *r)
{
        while (!LIST_EMPTY(&r->list))
                runs_remove(r, LIST_FIRST(&r->list));
        held_done(&r->held);
        held_done(&r->rejected);
        peers_task_cancel(&r->question);
        r->reaper = sd_event_source_disable_unref(r->reaper);
}
