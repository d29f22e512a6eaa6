/*
 * event: see the header.
 *
 * What always holds: a source is armed until a time of its process's monotonic clock, which stands
 * still while the host is suspended; or (deferred) for as soon as the process runs.
 */
#include "sim/event.h"
#include "base/clock.h"
#include "base/log.h"
#include "sim/run.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-event.h>
#include <time.h>

World *sim_world;

void event_init(World *w)
{
        sim_world = w;
}

/* ---- clocks, chance, log -------------------------------------------------------------------- */

uint64_t clock_boottime_usec(void)
{
        return sim_world->now;
}

static uint64_t monotonic(int instance)
{
        return sim_world->now - sim_world->instances[instance].suspended_usec;
}

uint64_t clock_monotonic_usec(void)
{
        return monotonic(sim_world->running);
}

uint64_t clock_random(void)
{
        return world_random(sim_world);
}

void log_event(LogLevel level, const char *message_id, const LogField *fields, size_t n_fields,
               const char *format, ...)
{
        char line[1024];
        va_list arguments;
        (void)message_id;
        (void)fields;
        (void)n_fields;
        if (!sim_world->verbose || level == LOG_LEVEL_DEBUG) /* recorder.c tells the transitions */
                return;
        va_start(arguments, format);
        (void)vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);
        TELL(sim_world, "instance %d logs: %s", sim_world->running, line);
}

/* ---- sources -------------------------------------------------------------------------------- */

struct sd_event_source {
        Run *run;
        sd_event_handler_t deferred;
        sd_event_time_handler_t timed;
        void *userdata;
        uint64_t due_usec; /* monotonic; 0: at once */
        WorldTimer timer;
};

static void source_arm(sd_event_source *s);

static void source_fire(World *w, void *who, uint32_t detail)
{
        sd_event_source *s = who;
        (void)w;
        (void)detail;
        s->timer = (WorldTimer){0};
        if (monotonic(s->run->instance) < s->due_usec) /* the host was suspended meanwhile */
                source_arm(s);
        else if (s->timed)
                (void)s->timed(s, s->due_usec, s->userdata);
        else
                (void)s->deferred(s, s->userdata);
}

static void source_arm(sd_event_source *s)
{
        uint64_t now = monotonic(s->run->instance);
        s->timer = world_after(sim_world, s->run->instance,
                               s->due_usec > now ? s->due_usec - now : 0, source_fire, s, 0);
}

static int source_new(sd_event *event, sd_event_source model, sd_event_source **ret)
{
        sd_event_source *s = world_chance(sim_world, sim_world->settings.local_faults)
                                     ? NULL
                                     : malloc(sizeof(*s));
        if (!s)
                return -ENOMEM;
        *s = model;
        s->run = (Run *)event;
        s->run->n_sources++;
        source_arm(s);
        *ret = s;
        return 0;
}

int sd_event_add_defer(sd_event *event, sd_event_source **ret, sd_event_handler_t handler,
                       void *userdata)
{
        return source_new(event, (sd_event_source){.deferred = handler, .userdata = userdata}, ret);
}

int sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock,
                               uint64_t usec, uint64_t accuracy, sd_event_time_handler_t handler,
                               void *userdata)
{
        if (clock != CLOCK_MONOTONIC)
                return -EOPNOTSUPP;
        const sd_event_source model = {
                .timed = handler,
                .userdata = userdata,
                .due_usec = monotonic(((Run *)event)->instance) + usec +
                            world_below(sim_world, accuracy + 1),
        };
        return source_new(event, model, ret);
}

/* Of one that is not armed. */
int sd_event_source_set_time_relative(sd_event_source *s, uint64_t usec)
{
        if (!s)
                return -EINVAL;
        s->due_usec = monotonic(s->run->instance) + usec;
        return 0;
}

int sd_event_source_set_enabled(sd_event_source *s, int enabled)
{
        if (!s)
                return -EINVAL;
        world_cancel(sim_world, &s->timer);
        if (enabled != SD_EVENT_OFF)
                source_arm(s);
        return 0;
}

/* What the timers of a sync do not ask for. */
int sd_event_source_set_priority(sd_event_source *s _unused_, int64_t priority _unused_)
{
        return -ENOTSUP;
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *s)
{
        if (!s)
                return NULL;
        world_cancel(sim_world, &s->timer);
        s->run->n_sources--;
        free(s);
        return NULL;
}
