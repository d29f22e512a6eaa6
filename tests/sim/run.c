/*
 * run: see the header.
 *
 * A process can be killed inside any call of the program. What the program does from there until it
 * returns to the loop has no effect: the calls that the simulator provides look for that.
 */
#include "sim/run.h"
#include "sim/actors.h"
#include "sim/check.h"
#include "sim/event.h"
#include <string.h>

static Limiter limiters[INSTANCES_MAX];

Run *run_of(World *w, int instance, unsigned edge)
{
        return &w->runs[(unsigned)instance * EDGES_MAX + edge];
}

void run_init(World *w)
{
        event_init(w);
        for (int i = 0; i < INSTANCES_MAX; i++) {
                limiter_init(&limiters[i], w->settings.ahead);
                for (unsigned e = 0; e < EDGES_MAX; e++) {
                        Run *r = run_of(w, i, e);
                        r->instance = i;
                        r->edge = e;
                        r->active = r->killed = false;
                }
        }
}

void run_done(World *w)
{
        for (unsigned i = 0; i < INSTANCES_MAX * EDGES_MAX; i++)
                w->runs[i].sync = sync_free(w->runs[i].sync);
}

static void run_release(World *w, Run *r)
{
        r->sync = sync_free(r->sync);
        if (r->n_calls > 0 || r->n_tasks > 0 || r->n_sources > 0)
                world_fail(w, "a sync that is over leaves %u requests, %u tasks and %u sources",
                           r->n_calls, r->n_tasks, r->n_sources);
}

static void run_on_done(const SyncReport *report, void *userdata)
{
        Run *r = userdata;
        World *w = sim_world;
        if (r->killed)
                return;
        r->active = false;
        check_report(w, r, report);
        run_release(w, r);
        actors_run_over(w, r);
}

static void run_on_plan(const MirrorPlanRow *row, void *userdata)
{
        Run *r = userdata;
        (void)row;
        COVER_MANY(sim_world, plans, !r->killed);
}

void run_start(World *w, Run *r, const RunPlan *plan)
{
        const SyncContext context = {
                .event = (sd_event *)r,
                .catalog = (Catalog *)r,
                .mirror = (Mirror *)r,
                .limiter = &limiters[r->instance],
                .lease_usec = w->settings.lease_usec,
                .patience_usec = 30 * SEC,
        };
        const SyncOrder sync = {
                .edge = truth_edge_id(r->edge),
                .name = "edge",
                .settings = {.refresh = plan->refresh,
                             .polling = {.poll_min_usec = 1 * SEC,
                                         .poll_max_usec = 15 * SEC,
                                         .wait_timeout_usec = 60 * SEC,
                                         .job_timeout_usec = 150 * SEC},
                             .settle_usec = 5 * SEC,
                             .list_timeout_usec = 3600 * SEC,
                             .page_size = w->settings.page_size,
                             .max_removals = plan->max_removals,
                             .confirm_removals = w->settings.confirm_removals,
                             .removal_delay_usec = w->settings.removal_delay_usec,
                             .has_schema_connection = plan->filtered},
                .held_epoch = plan->held_epoch,
                .compare = plan->compare,
                .accept_removals = plan->accept_removals,
                .dry_run = plan->dry ? run_on_plan : NULL,
        };
        COVER(w, runs);
        memset((char *)r + offsetof(Run, run_id), 0, offsetof(Run, shown) - offsetof(Run, run_id));
        memset((char *)r + offsetof(Run, proven_moved), 0,
               sizeof(*r) - offsetof(Run, proven_moved));
        r->plan = *plan;
        r->started_at = w->now;
        w->running = r->instance;
        r->active = sync_start(&context, &sync, NULL, run_on_done, r, &r->sync) >= 0;
        if (!r->active)
                actors_run_over(w, r);
}

void run_stop(World *w, Run *r, const Fault *reason)
{
        w->running = r->instance;
        *(reason ? &r->broken_off : &r->asked_to_stop) = true;
        if (reason)
                sync_break_off(r->sync, reason);
        else
                sync_stop(r->sync);
}

void run_kill(World *w, Run *r)
{
        r->killed = r->killed || r->active;
        w->killed = w->killed || r->killed;
        r->active = false;
}

void run_bury(World *w)
{
        w->killed = false;
        for (unsigned i = 0; i < INSTANCES_MAX * EDGES_MAX; i++) {
                if (!w->runs[i].killed)
                        continue;
                run_release(w, &w->runs[i]);
                w->runs[i].killed = false;
        }
}
