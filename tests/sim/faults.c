/*
 * faults: see the header.
 */
#include "sim/faults.h"
#include <errno.h>

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

/* The process is stopped, or the host suspended: then its monotonic clock stands still, too. */
static void pause_instance(World *w, int instance)
{
        Instance *i = &w->instances[instance];
        uint64_t length = world_below(w, 2) == 0
                                  ? world_between(w, 1, 20000) * MSEC
                                  : w->settings.lease_usec + world_between(w, 1, 60000) * MSEC;
        bool suspended = world_below(w, 3) == 0;
        TELL(w, "instance %d: %s for %.3f s", instance, suspended ? "suspended" : "paused",
             (double)length / 1e6);
        COVER(w, pauses);
        COVER_MANY(w, suspended, suspended);
        i->paused_until = w->now + length;
        i->suspended_usec += suspended ? length : 0;
}

static void on_stop(World *w, void *who, uint32_t detail)
{
        Run *r = who;
        static Fault reason;
        (void)detail;
        if (!r->active)
                return;
        TELL(w, "instance %d, edge %u: is asked to stop", r->instance, r->edge);
        COVER(w, stops);
        if (reason.scope == FAULT_NONE)
                fault_set(&reason, FAULT_PEER, EIO, CODE_BROKEN_OFF, "simulated");
        run_stop(w, r, world_below(w, 2) == 0 ? &reason : NULL);
}

bool faults_inject(World *w, int instance)
{
        const Settings *s = &w->settings;
        const Instance *i = &w->instances[instance];
        if (i->dead)
                return true;
        if (world_chance(w, s->restarts))
                database_restart(w);
        if (world_chance(w, s->stops))
                (void)world_after(w, instance, world_below(w, 3) * world_below(w, 2000) * MSEC,
                                  on_stop,
                                  run_of(w, instance, (unsigned)world_below(w, s->n_edges)), 0);
        if (world_chance(w, s->pauses) && i->paused_until <= w->now)
                pause_instance(w, instance);
        if (!world_chance(w, s->kills))
                return false;
        kill_instance(w, instance);
        return true;
}

int faults_before(World *w, Run *r)
{
        if (faults_inject(w, r->instance))
                return 1;
        return world_chance(w, w->settings.local_faults) ? -ENOMEM : 0;
}

void faults_after(World *w, Run *r)
{
        (void)faults_inject(w, r->instance);
}
