/*
 * runs: the syncs that are under way, from the lease that the queue took to the last word about
 * when the edge is due next.
 *
 * What always holds: a run is on the daemon's list from its start until it is settled, and for as
 * long its edge is left out of what the queue is asked for.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/text.h"
#include "daemon/daemon_private.h"
#include "daemon/due.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "mirror/queue.h"
#include "sync/plan.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SAY_AGAIN_USEC (5 * USEC_PER_SEC)

static void run_free(Run *run)
{
        (void)sync_free(run->sync);
        (void)mirror_cancel(run->after);
        run->supply->users--;
        free(run->name);
        free(run);
}

/* ---- the end -------------------------------------------------------------------------------- */

static bool fault_is_postgres(const Fault *fault)
{
        return fault->origin == ORIGIN_POSTGRES;
}

/* What one statement of a run misses (a privilege, a table, room on the disk), the queue's
 * questions do not come across. */
static bool fault_is_of_a_statement(const Fault *fault)
{
        return fault->code == CODE_PG_PRIVILEGE || fault->code == CODE_PG_SCHEMA_MISSING ||
               fault->code == CODE_PG_RESOURCES;
}

/* Of the peer as a whole: said once, by the gate and the queue, not by each edge. */
static bool report_is_of_peer(const SyncReport *report)
{
        return !sync_outcome_is_complete(report->outcome) && report->fault.scope == FAULT_PEER &&
               !fault_is_of_a_statement(&report->fault);
}

/* No answer, or a gateway's: is it this request, or the catalog? */
static bool report_is_suspicious(const SyncReport *report)
{
        return !sync_outcome_is_complete(report->outcome) && fault_is_of_gateway(&report->fault);
}

/* The first that is suspicious is said, and the gate knocks; those that follow are part of what the
 * gate says. */
static bool breaker_speaks_for(const Daemon *d, const SyncReport *report)
{
        return report_is_suspicious(report) && (d->gate.probe || d->gate.outage.down);
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

/* The same trouble in each edge's statements is said once, and again at growing intervals. */
static bool is_said_already(Daemon *d, const SyncReport *report)
{
        uint64_t now = clock_monotonic_usec(), ignored;
        if (fault_is_of_a_statement(&report->fault))
                return !outage_failed(&d->queue.statement, &report->fault, now, clock_random(),
                                      &ignored);
        if (sync_outcome_is_complete(report->outcome))
                (void)outage_over(&d->queue.statement, now, &ignored);
        return breaker_speaks_for(d, report);
}

/* What went as ever is not worth a line. */
static LogLevel report_level(const Run *run, const SyncReport *report)
{
        const MirrorApplied *a = &report->applied;
        const char *id = report_message_id(report);
        if (is_said_already(run->daemon, report))
                return LOG_LEVEL_DEBUG;
        bool held = report->outcome == OUTCOME_HELD;
        if (!held && sync_outcome_is_complete(report->outcome))
                held_over(run->daemon, &run->edge);
        bool quiet = held && !held_speaks(run->daemon, &run->edge, &report->fault);
        if (!quiet && (id || (sync_outcome_is_complete(report->outcome) &&
                              report->fault.scope != FAULT_NONE)))
                return LOG_LEVEL_WARNING;
        bool news = a->added + a->changed + a->removed + a->restored > 0 || run->failures > 0;
        return sync_outcome_is_complete(report->outcome) && news ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

static void run_log(const Run *run, const SyncReport *report)
{
        const MirrorApplied *a = &report->applied;
        const Fault *fault = &report->fault;
        char took[DURATION_STRING_SIZE], job[UUID_STRING_SIZE], counts[256] = "";
        if (sync_outcome_is_complete(report->outcome))
                (void)snprintf(counts, sizeof(counts),
                               ": %lld rows, %lld added, %lld changed, %lld removed, %lld "
                               "restored, %lld held",
                               (long long)a->listed, (long long)a->added, (long long)a->changed,
                               (long long)a->removed, (long long)a->restored, (long long)a->held);
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

static void run_on_settled(const Fault *fault, void *userdata)
{
        Run *run = userdata;
        Daemon *d = run->daemon;
        run->after = NULL;
        if (fault->scope != FAULT_NONE)
                log_debug("%s: when it is due next could not be written: %s", run->name,
                          fault->message);
        /* Else a lease keeps its edge waiting until it ends by itself, or a retry until the next
         * tick, long after PostgreSQL is back. */
        run->settled = fault->scope == FAULT_NONE || !fault->retryable || d->stopping;
        if (!run->settled)
                /* the answer tells whether it is back */
                queue_expect(d, daemon_now(d) + (int64_t)SAY_AGAIN_USEC);
        daemon_wake(d);
}

/* The last word, with the moment that is in run->next_run_usec (with a lease that goes back, 0:
 * when it was due). */
static int run_say(Run *run)
{
        Mirror *mirror = run->supply->peers->mirror;
        return run->releases_lease
                       ? mirror_release(mirror, &run->edge, run->word_epoch, run->next_run_usec,
                                        run_on_settled, run, &run->after)
                       : mirror_set_next_run(mirror, &run->edge, run->word_epoch,
                                             run->next_run_usec, run_on_settled, run, &run->after);
}

static int run_return_lease(Run *run, int64_t epoch)
{
        run->word_epoch = epoch;
        run->releases_lease = true;
        return run_say(run);
}

void runs_say_again(Daemon *d)
{
        for (Run *run = d->runs; run; run = run->next)
                if (run->over && !run->settled && !run->after && run->word_epoch > 0 &&
                    run_say(run) < 0)
                        /* there is no memory; the lease ends by itself, or the next tick comes */
                        run->settled = true;
}

/* Says to the queue what it does not know yet: a lease without a run, or another moment. */
static void run_settle(Run *run, const SyncReport *report)
{
        Daemon *d = run->daemon;
        const ConfigEdge *edge = config_find_edge_by_id(d->config, &run->edge);
        const DueEnd end = {
                .applied = sync_outcome_is_complete(report->outcome),
                .aborted = report->outcome == OUTCOME_ABORTED,
                .peer_away = report->fault.scope == FAULT_PEER || breaker_speaks_for(d, report),
                .retryable = report->fault.retryable,
                .retry_after_usec = report->fault.retry_after_usec,
                .failures = run->failures + 1,
                .next_run_usec = run->next_run_usec,
        };
        int r = -ENOENT;
        if (report->run_id == 0) {
                run->next_run_usec =
                        end.aborted ? 0 : due_after_no_run(daemon_now(d), clock_random());
                r = run_return_lease(run, run->epoch);
        } else if (report->lease_kept) {
                bool ours = edge && config_edge_is_due(edge);
                run->next_run_usec =
                        ours ? due_after_run(edge, &end, daemon_now(d), clock_random()) : 0;
                r = run_return_lease(run, report->epoch);
        } else if (edge && config_edge_is_due(edge)) {
                int64_t next = due_after_run(edge, &end, daemon_now(d), clock_random());
                bool news = next != run->next_run_usec;
                run->next_run_usec = next;
                run->word_epoch = report->epoch;
                if (news)
                        r = run_say(run);
        }
        /* nothing to say, or nobody to say it to: the queue's own moment stands */
        run->settled = r < 0;
}

/* Met before the catalog was back, and heard of only now that the run's end is recorded. */
static bool fault_may_be_old(const Run *run, const Fault *fault)
{
        const Breaker *g = &run->daemon->gate;
        return g->open && run->begun_usec < g->opened_usec && !fault->refused &&
               fault->retry_after_usec == 0;
}

static void run_on_done(const SyncReport *report, void *userdata)
{
        Run *run = userdata;
        Daemon *d = run->daemon;
        run->over = true;
        d->n_synced++;
        run_log(run, report);
        if (d->stopping || run->supply != d->supply) {
                /* what the peers of an earlier configuration answer says nothing about those of
                 * this one */
                ;
        } else if (report_is_of_peer(report)) {
                if (!fault_is_postgres(&report->fault) && fault_may_be_old(run, &report->fault))
                        breaker_probe(d);
                else if (!fault_is_postgres(&report->fault))
                        breaker_catalog_failed(d, &report->fault);
                else if (!d->queue.outage.down)
                        queue_ask(d); /* it may be back already: the answer tells */
        } else if (report_is_suspicious(report) && d->gate.open) {
                breaker_probe(d);
        }
        run_settle(run, report);
        daemon_wake(d);
        status_changed(d);
}

/* ---- the beginning -------------------------------------------------------------------------- */

static int run_begin(Run *run, const ConfigEdge *edge)
{
        Daemon *d = run->daemon;
        const SyncContext context = {
                .event = d->event,
                .catalog = run->supply->peers->catalog,
                .mirror = run->supply->peers->mirror,
                .limiter = &run->supply->peers->limiter,
                .lease_usec = run->supply->peers->config->daemon.lease_usec,
                .patience_usec = run->supply->peers->config->catalog.request_timeout_usec,
        };
        run->next_run_usec = due_by_schedule(edge, daemon_now(d));
        SyncPlan plan = sync_plan_of(edge);
        plan.held_epoch = run->epoch;
        plan.next_run_usec = run->next_run_usec;
        return sync_start(&context, &plan, NULL, run_on_done, run, &run->sync);
}

/* The lease goes back, to where it came from. */
static void run_release(Run *run)
{
        run->over = true;
        if (run_return_lease(run, run->epoch) < 0)
                run->settled = true; /* the lease ends by itself */
        daemon_wake(run->daemon);
}

static void run_decline(Run *run, const char *why)
{
        log_warning("edge %s is due, but %s; its lease goes back", run->name, why);
        run_release(run);
}

void runs_start(Daemon *d, Supply *supply, const MirrorDue *due)
{
        const ConfigEdge *edge = config_find_edge_by_id(d->config, &due->edge);
        char id[UUID_STRING_SIZE];
        Run *run = calloc(1, sizeof(*run));
        char *name = strdup(edge ? edge->name : uuid_format(&due->edge, id));
        if (!run || !name) {
                log_error("out of memory; the sync of an edge does not begin, its lease ends by "
                          "itself");
                free(run);
                free(name);
                return;
        }
        *run = (Run){.next = d->runs,
                     .daemon = d,
                     .supply = supply,
                     .edge = due->edge,
                     .name = name,
                     .epoch = due->epoch,
                     .begun_usec = clock_monotonic_usec(),
                     .failures = due->consecutive_failures};
        run->supply->users++;
        d->runs = run;
        d->n_runs++;
        if (due->was_holder[0])
                sync_log_takeover(LOG_LEVEL_WARNING, name, due->was_holder);
        if (d->stopping || supply != d->supply) { /* the question was asked before that */
                run_release(run);
        } else if (!edge || !config_edge_is_due(edge)) {
                queue_exclude(d, &due->edge);
                run_decline(run,
                            "this configuration does not have it; do all instances have the same?");
        } else if (run_begin(run, edge) < 0) {
                run_decline(run, "there is not enough memory");
        }
}

/* ---- all of them ---------------------------------------------------------------------------- */

void runs_stop(Daemon *d)
{
        for (Run *run = d->runs; run; run = run->next) {
                if (run->sync && !run->over)
                        sync_stop(run->sync);
                if (run->over && !run->after)
                        run->settled = true; /* PostgreSQL is away; the lease ends by itself */
        }
}

void runs_stop_asking(Daemon *d, const Supply *supply, const Fault *fault)
{
        Fault reason = *fault;
        reason.code = CODE_BROKEN_OFF;
        reason.scope = FAULT_RUN;
        fault_prefix(&reason, fault->refused ? "broken off, the catalog refused the credentials: "
                                             : "broken off, the catalog asks for a pause: ");
        for (Run *run = d->runs; run; run = run->next)
                if (run->sync && !run->over && run->supply == supply &&
                    sync_needs_catalog(run->sync))
                        sync_break_off(run->sync, &reason);
}

void runs_reap(Daemon *d)
{
        for (Run **at = &d->runs; *at;) {
                Run *run = *at;
                if (!run->over || !run->settled) {
                        at = &run->next;
                        continue;
                }
                *at = run->next;
                d->n_runs--;
                int64_t next = run->next_run_usec;
                run_free(run);
                /* there is room for others in any case */
                queue_expect(d, next > 0 ? next : INT64_MAX);
        }
}

void runs_done(Daemon *d)
{
        while (d->runs) {
                Run *run = d->runs;
                d->runs = run->next;
                run_free(run);
        }
        d->n_runs = 0;
}
