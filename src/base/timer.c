/* Armed, it has an event source; not armed, only when it is kept. */
#include "base/timer.h"
#include "base/cleanup.h"
#include <time.h>

static int timer_on_elapsed(sd_event_source *source _unused_, uint64_t usec _unused_,
                            void *userdata)
{
        Timer *t = userdata;
        t->armed = false;
        if (!t->kept)
                timer_cancel(t);
        t->handler(t->userdata);
        return 0;
}

int timer_start(Timer *t, sd_event *event, uint64_t delay_usec, uint64_t accuracy_usec,
                TimerHandler handler, void *userdata)
{
        timer_cancel(t);
        t->handler = handler;
        t->userdata = userdata;
        int r = sd_event_add_time_relative(event, &t->source, CLOCK_MONOTONIC, delay_usec,
                                           accuracy_usec, timer_on_elapsed, t);
        t->armed = r >= 0;
        return r;
}

int timer_start_kept(Timer *t, sd_event *event, uint64_t delay_usec, uint64_t accuracy_usec,
                     TimerHandler handler, void *userdata)
{
        int r = timer_start(t, event, delay_usec, accuracy_usec, handler, userdata);
        t->kept = r >= 0;
        return r;
}

int timer_set_idle(Timer *t)
{
        return sd_event_source_set_priority(t->source, SD_EVENT_PRIORITY_IDLE);
}

void timer_restart(Timer *t, uint64_t delay_usec)
{
        t->armed = t->kept && sd_event_source_set_time_relative(t->source, delay_usec) >= 0 &&
                   sd_event_source_set_enabled(t->source, SD_EVENT_ONESHOT) >= 0;
}

void timer_cancel(Timer *t)
{
        t->source = sd_event_source_disable_unref(t->source);
        t->armed = t->kept = false;
}

bool timer_is_armed(const Timer *t)
{
        return t->armed;
}
