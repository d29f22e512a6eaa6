/*
 * timer: calls a handler once, after a delay by the monotonic clock.
 *
 * A zeroed Timer is not armed. The handler runs from the loop; the timer is not armed any more when
 * it is called, so that it may start it again, or free what holds it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef void (*TimerHandler)(void *userdata);

typedef struct Timer {
        /* private */
        sd_event_source *source;
        bool armed, kept;
        TimerHandler handler;
        void *userdata;
} Timer;

/* Arms it, or arms it anew when it is armed: `handler` is called in delay_usec, up to accuracy_usec
 * later. Negative errno: it is not armed. */
int timer_start(Timer *t, sd_event *event, uint64_t delay_usec, uint64_t accuracy_usec,
                TimerHandler handler, void *userdata);

/* The same, and what it is made of is kept until timer_cancel: timer_restart, with its accuracy,
 * handler and userdata, needs no memory. */
int timer_start_kept(Timer *t, sd_event *event, uint64_t delay_usec, uint64_t accuracy_usec,
                     TimerHandler handler, void *userdata);

/* Of one that was started to be kept, and until timer_cancel: everything else that the loop has to
 * do comes first. Negative errno. */
int timer_set_idle(Timer *t);

/* Of one that was started to be kept, armed or not. Does nothing after timer_cancel. */
void timer_restart(Timer *t, uint64_t delay_usec);

/* The handler is not called. Does nothing to a timer that is not armed. */
void timer_cancel(Timer *t);

bool timer_is_armed(const Timer *t);
