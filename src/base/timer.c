/*
 * timer: see the header. Armed, and only then, it has an event source.
 */
#include "base/timer.h"
#include "base/cleanup.h"
#include <time.h>

static int timer_on_elapsed(sd_event_source *source _unused_, uint64_t usec _unused_,
                            void *userdata)
{
        Timer *t = userdata;
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
        return sd_event_add_time_relative(event, &t->source, CLOCK_MONOTONIC, delay_usec,
                                          accuracy_usec, timer_on_elapsed, t);
}

void timer_cancel(Timer *t)
{
        t->source = sd_event_source_disable_unref(t->source);
}

bool timer_is_armed(const Timer *t)
{
        return t->source;
}
