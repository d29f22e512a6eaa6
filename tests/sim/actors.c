/*
 * actors: see the header.
 *
 * A world has two parts. In the wild one, syncs begin at any time and everything that the settings
 * allow goes wrong. Then everybody recovers, and in the quiet part each edge is synced twice, with
 * removals accepted, because the first may take up a job that ends badly: after that the mirror
 * must be the catalog.
 */
#include "sim/actors.h"
#include "sim/check.h"
#include <string.h>

enum { EVENTS_OF_A_WORLD = 200000 };

/* ---- syncs ---------------------------------------------------------------------------------- */

static RunPlan draw_plan(World *w)
{
        RunPlan plan = {.refresh = world_below(w, 5) > 0,
                        .accept_removals = world_below(w, 6) == 0,
                        .compare = world_below(w, 8) == 0,
                        .filtered = world_below(w, 8) == 0};
        if (world_below(w, 3) == 0)
                plan.max_removals.count = (int64_t)world_below(w, 4);
        else
                plan.max_removals = (GuardLimit){.is_share = true,
                                                 .share = (double)world_between(w, 1, 10) / 10};
        return plan;
}

/* Now and then it is asked to stop before it has begun. */
static void start(World *w, Run *r, const RunPlan *plan)
{
        run_start(w, r, plan);
        if (r->active && world_chance(w, w->settings.stops))
                run_stop(w, r, NULL);
}

static void on_taken(World *w, DbStatement *s, void *who)
{
        Run *r = who;
        if (s->fault || s->count == 0 || r->active)
                return;
        RunPlan plan = draw_plan(w);
        plan.held_epoch = s->count;
        start(w, r, &plan);
}

static void begin_sync(World *w, Run *r)
{
        RunPlan plan = draw_plan(w);
        plan.dry = world_below(w, 12) == 0;
        if (plan.dry || world_below(w, 2) == 0) {
                start(w, r, &plan);
                return;
        }
        (void)database_send(w, &(DbStatement){.kind = DB_TAKE_DUE,
                                              .instance = r->instance,
                                              .edge = r->edge,
                                              .done = on_taken,
                                              .who = r});
}

static void on_released(World *w, DbStatement *s, void *who)
{
        (void)w;
        (void)s;
        (void)who;
}

void actors_run_over(World *w, Run *r)
{
        if (r->run_id == 0 && r->plan.held_epoch > 0)
                (void)database_send(w, &(DbStatement){.kind = DB_RELEASE,
                                                      .instance = r->instance,
                                                      .edge = r->edge,
                                                      .epoch = r->plan.held_epoch,
                                                      .done = on_released});
}

/* The ticking of one instance. */
static void on_tick(World *w, void *who, uint32_t detail)
{
        (void)who;
        int instance = (int)(detail & 0xFF);
        Run *r = run_of(w, instance, (unsigned)world_below(w, w->settings.n_edges));
        if (w->settings.syncs == 0)
                return;
        const Instance *i = &w->instances[instance];
        if (!r->active && !i->dead && i->paused_until <= w->now) {
                w->settings.syncs--;
                begin_sync(w, r);
        }
        if (world_chance(w, w->settings.churn))
                truth_churn(w, r->edge);
        if (world_chance(w, w->settings.forgets))
                database_forget(w, r->edge);
        (void)world_after(w, NOBODY,
                          world_between(w, 100, world_below(w, 4) == 0 ? 90000 : 15000) * MSEC,
                          on_tick, NULL, detail);
}

void actors_init(World *w)
{
        for (unsigned i = 0; i < w->settings.n_instances; i++) {
                w->instances[i].name = (int)i;
                (void)world_after(w, NOBODY, world_between(w, 1, 5000) * MSEC, on_tick, NULL, i);
        }
}

/* ---- the play ------------------------------------------------------------------------------- */

static void settle(World *w)
{
        while (world_step(w)) {
                if (w->killed)
                        run_bury(w);
                if (w->coverage[COVER_events] - w->settings_events > EVENTS_OF_A_WORLD)
                        world_fail(w, "this world does not come to rest");
        }
}

static void recover(World *w)
{
        w->quiet = true;
        TELL(w, "---- everybody recovers ----");
        truth_unhide(w);
        w->site->only_old_job_api = false;
        w->settings.cap_max = w->settings.page_size;
        w->settings.cap_min = w->settings.cap_max;
        w->now += 3 * 3600 * SEC; /* every lease has ended */
        for (unsigned i = 0; i < INSTANCES_MAX; i++)
                w->instances[i] = (Instance){.name = 1000 + (int)i, .life = w->instances[i].life};
}

bool actors_play(World *w)
{
        w->settings_events = w->coverage[COVER_events];
        settle(w);
        if (!w->failed)
                check_all_ended(w);
        if (!w->failed)
                recover(w);
        RunPlan plan = {.refresh = true, .accept_removals = true};
        for (unsigned i = 0; i < 2 * w->settings.n_edges && !w->failed; i++) {
                run_start(w, run_of(w, 0, i / 2), &plan);
                settle(w);
        }
        if (!w->failed)
                check_end(w);
        COVER(w, seeds);
        return !w->failed;
}
