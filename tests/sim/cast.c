/*
 * cast: see the header.
 *
 * A world has two parts. In the wild one, syncs begin at any time and everything that the settings
 * allow goes wrong. Then everybody recovers, and in the quiet part each edge is synced twice, with
 * removals accepted, because the first may take up a job that ends badly: after that the mirror
 * must be the catalog.
 */
#include "sim/cast.h"
#include "sim/check.h"
#include "sim/run_private.h"
#include <string.h>

enum { EVENTS_OF_A_WORLD = 200000 };

/* ---- fates ---------------------------------------------------------------------------------- */

static void on_revive(World *w, void *who, uint32_t instance)
{
        Instance *i = &w->instances[instance];
        (void)who;
        i->dead = false;
        i->doubt = (Doubt){0};
        i->refused_twice = false;
        if (!w->settings.own_names)
                i->name += INSTANCES_MAX;
        TELL(w, "instance %u: starts again", instance);
}

static void kill_instance(World *w, int instance)
{
        Instance *i = &w->instances[instance];
        TELL(w, "instance %d: killed", instance);
        COVER(w, kills);
        for (unsigned e = 0; e < w->settings.n_edges; e++)
                run_kill(w, run_of(w, instance, e));
        i->dead = true;
        i->life++;
        i->paused_until = 0;
        (void)world_after(w, NOBODY, world_between(w, 200, 120000) * MSEC, on_revive, NULL,
                          (uint32_t)instance);
}

static void pause_instance(World *w, int instance)
{
        uint64_t length = world_below(w, 2) == 0
                                  ? world_between(w, 1, 20000) * MSEC
                                  : w->settings.lease_usec + world_between(w, 1, 60000) * MSEC;
        TELL(w, "instance %d: paused for %.3f s", instance, (double)length / 1e6);
        COVER(w, pauses);
        w->instances[instance].paused_until = w->now + length;
}

static void on_stop(World *w, void *who, uint32_t detail)
{
        Run *r = who;
        (void)detail;
        if (!r->active)
                return;
        TELL(w, "instance %d, edge %u: is asked to stop", r->instance, r->edge);
        COVER(w, stops);
        run_stop(w, r);
}

bool cast_strikes(World *w, int instance)
{
        const Settings *s = &w->settings;
        if (world_chance(w, s->restarts))
                database_restart(w);
        if (world_chance(w, s->stops))
                (void)world_after(w, instance, world_below(w, 3) * world_below(w, 2000) * MSEC,
                                  on_stop,
                                  run_of(w, instance, (unsigned)world_below(w, s->n_edges)), 0);
        if (world_chance(w, s->pauses))
                pause_instance(w, instance);
        if (!world_chance(w, s->kills))
                return false;
        kill_instance(w, instance);
        return true;
}

/* ---- syncs ---------------------------------------------------------------------------------- */

static RunPlan draw_plan(World *w)
{
        RunPlan plan = {.refresh = world_below(w, 5) > 0,
                        .accept_removals = world_below(w, 6) == 0};
        if (world_below(w, 3) == 0)
                plan.max_removals.count = (int64_t)world_below(w, 4);
        else
                plan.max_removals = (GuardLimit){.is_share = true,
                                                 .share = (double)world_between(w, 1, 10) / 10};
        return plan;
}

static void on_taken(World *w, DbStatement *s, void *who)
{
        Run *r = who;
        if (s->fault || s->count == 0 || r->active)
                return;
        RunPlan plan = draw_plan(w);
        plan.held_epoch = s->count;
        run_start(w, r, &plan);
}

static void begin_sync(World *w, Run *r)
{
        RunPlan plan = draw_plan(w);
        if (world_below(w, 2) == 0) {
                run_start(w, r, &plan);
                return;
        }
        (void)database_send(w, &(DbStatement){.kind = DB_TAKE_DUE,
                                              .instance = r->instance,
                                              .edge = r->edge,
                                              .done = on_taken,
                                              .who = r});
}

static void on_given_back(World *w, DbStatement *s, void *who)
{
        (void)w;
        (void)s;
        (void)who;
}

void cast_run_over(World *w, Run *r)
{
        if (r->run_id == 0 && r->plan.held_epoch > 0)
                (void)database_send(w, &(DbStatement){.kind = DB_GIVE_BACK,
                                                      .instance = r->instance,
                                                      .edge = r->edge,
                                                      .epoch = r->plan.held_epoch,
                                                      .done = on_given_back});
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
        (void)world_after(w, NOBODY,
                          world_between(w, 100, world_below(w, 4) == 0 ? 90000 : 15000) * MSEC,
                          on_tick, NULL, detail);
}

void cast_init(World *w)
{
        pages_init(w);
        for (unsigned i = 0; i < INSTANCES_MAX; i++)
                for (unsigned e = 0; e < EDGES_MAX; e++) {
                        Run *r = run_of(w, (int)i, e);
                        r->instance = (int)i;
                        r->edge = e;
                        r->active = false;
                }
        for (unsigned i = 0; i < w->settings.n_instances; i++) {
                w->instances[i].name = (int)i;
                (void)world_after(w, NOBODY, world_between(w, 1, 5000) * MSEC, on_tick, NULL, i);
        }
}

void cover_transition(World *w, const Run *r, SyncAction action)
{
        const SyncMachine *m = &r->machine;
        if (m->last->on == SYNC_PAGE_JOINED || m->last->on == SYNC_LIST_ENDED)
                COVER(w, pages);
        if (action == SYNC_DO_LIST_ANEW)
                COVER(w, list_restarts);
        if (m->last->on == SYNC_PAGE_JOINED && m->listing.tries > 0 && !m->listing.probing)
                COVER(w, pages_drifted);
        if (m->last->on == SYNC_ROWS_MISSING)
                COVER(w, found);
        if (m->last->on == SYNC_REMOVALS_HELD)
                COVER(w, guard_held);
        if (m->verdict == PROOF_GONE)
                COVER(w, proof_404);
        if (m->verdict == PROOF_HERE)
                COVER(w, proof_200);
        if (m->verdict == PROOF_ELSEWHERE)
                COVER(w, proof_elsewhere);
        if (m->verdict == PROOF_UNKNOWN)
                COVER(w, proof_unknown);
}

/* ---- the play ------------------------------------------------------------------------------- */

static void settle(World *w)
{
        while (world_step(w)) {
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

bool cast_play(World *w)
{
        w->settings_events = w->coverage[COVER_events];
        settle(w);
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
