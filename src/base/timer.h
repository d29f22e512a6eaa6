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
        sd_event_source *source; /* NULL: not armed */
        TimerHandler handler;
        void *userdata;
} Timer;

/* Arms it, or arms it anew when it is armed: `handler` is called in delay_usec, up to accuracy_usec
 * later. Negative errno: it is not armed. */
int timer_start(Timer *t, sd_event *event, uint64_t delay_usec, uint64_t accuracy_usec,
                TimerHandler handler, void *userdata);

/* The handler is not called. Does nothing to a timer that is not armed. */
void timer_cancel(Timer *t);

bool timer_is_armed(const Timer *t);
