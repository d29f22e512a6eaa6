/*
 * cmd_sync: the command. Registers the edges, runs their syncs side by side, prints a line as each
 * ends.
 *
 * What always holds: at most max_syncs run at once, and one alone until the catalog has answered it
 * (a wrong password that is tried by many at once locks the account); once the catalog or
 * PostgreSQL as a whole has refused, edges that have not begun fail with the same message without
 * asking it again.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/own_command.h"
#include "base/signals.h"
#include "base/timer.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/plan_report.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/sync_report.h"
#include "daemon/lock_log.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "mirror/lock_wait.h"
#include "mirror/registry.h"
#include "sync/sync.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

#define WAIT_EVERY_USEC  USEC_PER_SEC
#define LOCKS_EVERY_USEC (5 * USEC_PER_SEC)

/* One slow edge does not hold up the others for longer. */
#define ALONE_AT_MOST_USEC (5 * USEC_PER_SEC)

typedef struct SyncCommand SyncCommand;

typedef struct Runner {
        SyncCommand *command;
        const ConfigEdge *edge;
        Sync *sync;
        ProgressLine *line;
        Plan *plan;  /* of a dry run */
        Timer again; /* another process syncs the edge: when it is tried again */
        bool waits;  /* has been reported */
} Runner;

struct SyncCommand {
        Session session;
        const CommandLine *line;
        SyncContext context;
        ProgressView *view;
        DiscoveredEdges discovered;
        const ConfigEdge **edges; /* to be synced */
        Runner *runners;          /* one per edge */
        size_t n_edges, next, running;
        bool stopping;
        bool catalog_answers; /* the catalog has answered once: more than one edge may ask */
        Timer solo_timeout;   /* stops waiting for that */
        Fault peer_fault;     /* of a peer that refused */
        Fault printed;        /* of a peer, the one that was printed last */
        size_t n_away;        /* edges that failed as if the catalog were away */
        int status;
        Timer stop_timer;
        PeersTask locks; /* whether a statement waits for one */
        Timer locks_timer;
        LockLog lock;
};

/* plan: NULL, or what a dry run found. */
static void command_report(SyncCommand *c, const ConfigEdge *edge, const SyncReport *report,
                           Plan *plan)
{
        progress_view_clear(c->view);
        if (c->line->json)
                sync_report_print_json(edge->name, &edge->id, report, plan);
        else
                sync_report_print(edge->name, report, plan, &c->printed);
        if (report->fault.scope == FAULT_PEER)
                c->printed = report->fault;
        c->n_away += sync_report_catalog_away(report);
        c->status = exit_status_worse(c->status, sync_report_status(report));
        if (c->n_away == c->n_edges)
                c->status = exit_status_worse(c->status, CLI_EXIT_UNREACHABLE);
}

static void command_go_on(SyncCommand *c);
static void runner_on_again(void *userdata);

static void runner_on_progress(const SyncProgress *progress, void *userdata)
{
        Runner *r = userdata;
        progress_line_set(r->line, progress);
        if (!r->command->catalog_answers && (progress->has_job || progress->listed > 0)) {
                r->command->catalog_answers = true;
                command_go_on(r->command);
        }
}

/* With --wait: the edge keeps its place, and is tried again until its lease is free. */
static int runner_wait(Runner *r, const SyncReport *report)
{
        SyncCommand *c = r->command;
        int error =
                timer_start(&r->again, c->session.event, WAIT_EVERY_USEC, 0, runner_on_again, r);
        if (error < 0)
                return error;
        if (!r->waits)
                log_info("%s: waiting; %s", r->edge->name, report->fault.message);
        r->waits = true;
        r->line = progress_line_remove(r->line);
        /* as far as we can know: the others need not wait for this one */
        c->catalog_answers = true;
        r->sync = sync_free(r->sync);
        command_go_on(c);
        return 0;
}

static void runner_on_done(const SyncReport *report, void *userdata)
{
        Runner *r = userdata;
        SyncCommand *c = r->command;
        if (c->line->wait && !c->stopping && sync_report_busy(report) &&
            runner_wait(r, report) >= 0)
                return;
        r->line = progress_line_remove(r->line);
        SyncReport checked = *report;
        if (r->plan && plan_finish(r->plan, &checked.fault) < 0)
                checked.outcome = OUTCOME_FAILED;
        command_report(c, r->edge, &checked, r->plan);
        r->plan = plan_free(r->plan);
        if (report->fault.scope == FAULT_PEER && !sync_outcome_is_applied(report->outcome) &&
            c->peer_fault.scope == FAULT_NONE)
                c->peer_fault = report->fault;
        else if (report->requests > 0)
                c->catalog_answers = true;
        c->running--;
        r->sync = sync_free(r->sync);
        command_go_on(c);
}

static void runner_on_plan(const MirrorPlanRow *row, void *userdata)
{
        Runner *r = userdata;
        plan_add(r->plan, row);
}

static int runner_start(SyncCommand *c, Runner *r)
{
        const ConfigEdge *e = r->edge;
        SyncOrder order = sync_order_of(e);
        order.trigger = MIRROR_TRIGGER_MANUAL;
        if (c->line->no_refresh)
                order.settings.refresh = false;
        order.compare = c->line->full;
        order.accept_removals = c->line->accept_removals;
        order.dry_run = c->line->dry_run ? runner_on_plan : NULL;
        if (c->line->dry_run) {
                int error = plan_new(c->line->json, &r->plan);
                if (error < 0)
                        return error;
        }
        r->line = progress_line_add(c->view, e->name);
        return sync_start(&c->context, &order, runner_on_progress, runner_on_done, r, &r->sync);
}

static void command_fail_edge(SyncCommand *c, const ConfigEdge *edge, SyncOutcome outcome,
                              const Fault *fault)
{
        SyncReport report = {.outcome = outcome, .fault = *fault};
        command_report(c, edge, &report, NULL);
}

static void command_stop_edge(SyncCommand *c, const ConfigEdge *edge)
{
        Fault stopped;
        fault_set(&stopped, FAULT_RUN, ECANCELED, CODE_STOPPED, "stopped before it began");
        command_fail_edge(c, edge, OUTCOME_ABORTED, &stopped);
}

/* Starts the edge's sync, or reports why not. It counts as running. */
static void runner_begin(Runner *r)
{
        SyncCommand *c = r->command;
        int error = runner_start(c, r);
        if (error >= 0)
                return;
        Fault fault;
        fault_not_begun(&fault, error, "the sync could not begin");
        c->running--;
        r->line = progress_line_remove(r->line);
        r->plan = plan_free(r->plan);
        command_fail_edge(c, r->edge, OUTCOME_FAILED, &fault);
}

static void runner_on_again(void *userdata)
{
        Runner *r = userdata;
        runner_begin(r);
        command_go_on(r->command);
}

static size_t command_most(const SyncCommand *c)
{
        bool alone = !c->catalog_answers && !c->stopping && c->peer_fault.scope == FAULT_NONE;
        return alone ? 1 : config_syncs_at_once(c->session.config);
}

static void command_go_on(SyncCommand *c)
{
        while (c->next < c->n_edges && c->running < command_most(c)) {
                Runner *r = &c->runners[c->next];
                r->command = c;
                r->edge = c->edges[c->next++];
                if (c->stopping) {
                        command_stop_edge(c, r->edge);
                } else if (c->peer_fault.scope != FAULT_NONE) {
                        command_fail_edge(c, r->edge, OUTCOME_FAILED, &c->peer_fault);
                } else {
                        c->running++;
                        runner_begin(r);
                }
        }
        if (c->running == 0 && c->next == c->n_edges)
                (void)sd_event_exit(c->session.event, 0);
}

/* PostgreSQL has not answered in time. Every edge has its line all the same. */
static void command_on_stop_timeout(void *userdata)
{
        SyncCommand *c = userdata;
        Fault late;
        fault_set(&late, FAULT_RUN, ETIMEDOUT, CODE_STOPPED,
                  "stopped; PostgreSQL has not answered within stop_timeout; a lease that was "
                  "taken ends by itself");
        for (size_t i = 0; i < c->next; i++)
                if (c->runners[i].sync)
                        command_fail_edge(c, c->runners[i].edge, OUTCOME_ABORTED, &late);
        (void)sd_event_exit(c->session.event, CLI_EXIT_EDGE_FAILED);
}

static int command_on_signal(sd_event_source *s _unused_,
                             const struct signalfd_siginfo *info _unused_, void *userdata)
{
        SyncCommand *c = userdata;
        if (c->stopping || !c->edges) { /* before it is known what there is to stop */
                (void)sd_event_exit(c->session.event, CLI_EXIT_EDGE_FAILED);
                return 0;
        }
        c->stopping = true;
        progress_view_clear(c->view);
        log_info("stopping; a second signal ends at once");
        for (size_t i = 0; i < c->next; i++) {
                Runner *r = &c->runners[i];
                if (timer_is_armed(&r->again)) {
                        timer_cancel(&r->again);
                        c->running--;
                        command_stop_edge(c, r->edge);
                } else if (r->sync) {
                        sync_stop(r->sync);
                }
        }
        if (timer_start(&c->stop_timer, c->session.event,
                        c->session.config->daemon.stop_timeout_usec, 0, command_on_stop_timeout,
                        c) < 0)
                (void)sd_event_exit(c->session.event, CLI_EXIT_EDGE_FAILED);
        command_go_on(c);
        return 0;
}

static void command_on_solo_timeout(void *userdata)
{
        SyncCommand *c = userdata;
        c->catalog_answers = true;
        command_go_on(c);
}

static void command_on_registered(bool is_ours, const Fault *fault, void *userdata)
{
        SyncCommand *c = userdata;
        /* An apply that takes long holds one of them: edges that are registered already can
         * be synced; the sync of any other reports that it is not. */
        if (is_ours && mirror_is_locked(fault))
                log_info("the edges could not be registered now, the next sync tries again: %s",
                         fault->message);
        else if (fault->scope != FAULT_NONE)
                c->peer_fault = *fault;
        if (timer_start(&c->solo_timeout, c->session.event, ALONE_AT_MOST_USEC, 0,
                        command_on_solo_timeout, c) < 0)
                c->catalog_answers = true;
        command_go_on(c);
}

/* ---- locks ---------------------------------------------------------------------------------- */

static void command_on_locks_timer(void *userdata);

static void command_look_later(SyncCommand *c)
{
        if (timer_start(&c->locks_timer, c->session.event, LOCKS_EVERY_USEC, USEC_PER_SEC / 2,
                        command_on_locks_timer, c) < 0)
                log_debug("no memory to look for locks");
}

static void command_on_locks(const MirrorLockWait *wait, const Fault *fault, void *userdata)
{
        SyncCommand *c = userdata;
        peers_task_end(&c->locks);
        (void)lock_log(&c->lock, wait, fault, clock_monotonic_usec());
        command_look_later(c);
}

/* Every answer that is slow may be a statement that waits. */
static void command_on_locks_timer(void *userdata)
{
        SyncCommand *c = userdata;
        Peers *peers = c->session.peers;
        int r = mirror_lock_wait(peers->mirror, &c->lock.holder, command_on_locks, c,
                                 &c->locks.task);
        if (peers_task_begin(&c->locks, peers, r) < 0)
                command_look_later(c);
}

/* ---- the beginning -------------------------------------------------------------------------- */

/* All edges of the configuration, also when one is synced: what is enabled is then right without a
 * service, too. */
static int command_register(SyncCommand *c)
{
        const Config *config = c->session.config;
        size_t n = c->line->dry_run ? 0 : config->n_edges; /* which only looks */
        _cleanup_(cleanup_free) MirrorEdge *edges = calloc(n + 1, sizeof(*edges));
        if (!edges)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                edges[i] = peers_edge(&config->edges[i]);
                edges[i].enabled = config->edges[i].enabled;
        }
        return mirror_register(c->session.peers->mirror, edges, n, NULL, command_on_registered, c,
                               NULL);
}

/* What is to be synced, once it is known what was discovered. 0 or an exit status. */
static int command_choose(SyncCommand *c)
{
        int status = session_pick_edges(&c->session, &c->discovered, c->line->names, &c->edges,
                                        &c->n_edges);
        if (status != 0)
                return status;
        if (c->n_edges == 0 && c->session.config->discover.enabled)
                return cli_wrong_usage("no edge is enabled in the configuration, and the service "
                                       "has discovered none yet; %s run does",
                                       own_command());
        if (c->n_edges == 0)
                return cli_wrong_usage("no edge is enabled in the configuration");
        c->runners = calloc(c->n_edges, sizeof(*c->runners));
        return session_begun(&c->session, c->runners ? 0 : -ENOMEM);
}

static void command_on_discovered(const MirrorDiscovered *edges, size_t n, const Fault *fault,
                                  void *userdata)
{
        SyncCommand *c = userdata;
        if (fault->scope != FAULT_NONE) {
                session_fail(&c->session, fault);
                return;
        }
        int r = discovered_edges_take(&c->discovered, c->session.config, edges, n);
        int status = session_begun(&c->session, r);
        if (status == 0)
                status = command_choose(c);
        if (status == 0)
                status = session_begun(&c->session, command_register(c));
        if (status != 0)
                session_end(&c->session, status);
}

/* What was discovered is known to the database alone. */
static int command_begin(SyncCommand *c)
{
        return c->session.config->discover.enabled
                       ? mirror_discovered(c->session.peers->mirror, command_on_discovered, c, NULL)
                       : command_register(c);
}

static int command_open(SyncCommand *c)
{
        int status = session_open(&c->session, SESSION_MIRROR);
        if (status == 0)
                status = session_open(&c->session, SESSION_CATALOG);
        if (status != 0)
                return status;

        static const int signals[] = {SIGINT, SIGTERM};
        sd_event *event = c->session.event;
        c->context = (SyncContext){
                .event = event,
                .catalog = c->session.peers->catalog,
                .mirror = c->session.peers->mirror,
                .limiter = &c->session.peers->limiter,
                .lease_usec = c->session.config->daemon.lease_usec,
                .patience_usec = c->session.config->catalog.request_timeout_usec,
        };
        int r = progress_view_new(event, &c->view);
        if (r >= 0)
                r = signals_watch(event, signals, ARRAY_SIZE(signals), command_on_signal, c);
        command_look_later(c);
        if (r >= 0)
                r = command_begin(c);
        return session_begun(&c->session, r);
}

static void command_close(SyncCommand *c)
{
        for (size_t i = 0; c->runners && i < c->n_edges; i++) {
                (void)progress_line_remove(c->runners[i].line);
                timer_cancel(&c->runners[i].again);
                (void)sync_free(c->runners[i].sync);
                (void)plan_free(c->runners[i].plan);
        }
        (void)progress_view_free(c->view);
        timer_cancel(&c->solo_timeout);
        timer_cancel(&c->stop_timer);
        timer_cancel(&c->locks_timer);
        peers_task_cancel(&c->locks);
        free(c->runners);
        free(c->edges);
        discovered_edges_done(&c->discovered);
        session_done(&c->session);
}

int command_sync(const CommandLine *line)
{
        SyncCommand c = {.line = line, .session.command = "sync"};
        if (line->level == LOG_LEVEL_DEBUG) /* each transition: when? */
                log_set_dated();
        int status = session_load(&c.session, line->config_file);
        if (status == 0 && !c.session.config->discover.enabled)
                status = command_choose(&c);
        if (status == 0)
                status = command_open(&c);
        if (status == 0) {
                session_log_spool();
                status = session_loop(&c.session);
                status = exit_status_worse(status, c.status);
        }
        command_close(&c);
        return status;
}
