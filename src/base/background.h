/*
 * background: one call that blocks, in a thread of its own, and its end on the loop.
 *
 * For what a library offers in no other way: resolving a host name, cancelling a statement. The
 * thread touches nothing but the job's data, and the loop leaves the data alone until the call has
 * ended. A call that cannot be stopped is abandoned: it ends some time later, unseen.
 *
 * The asynchronous contract: `done` never runs before background_start returns; it runs once, from
 * the loop, unless the job was abandoned; after background_abandon returns it never runs.
 */
#pragma once

#include "base/cleanup.h"
#include <stdint.h>
#include <systemd/sd-event.h>

typedef struct Background Background;

typedef struct BackgroundJob {
        void (*run)(void *data);                  /* in the thread */
        void (*done)(void *data, void *userdata); /* on the loop; may be NULL */
        /* Releases the data: after `done`; when the job was abandoned, from wherever it ended last,
         * which may be the thread. */
        void (*release)(void *data);
} BackgroundJob;

/* Takes `data` over on success only. `event` NULL: no loop runs any more, and `done` never does.
 * Negative errno: no descriptor, no memory, no thread (-EAGAIN). */
int background_start(sd_event *event, const BackgroundJob *job, void *data, void *userdata,
                     Background **ret);

/* Waits for the end of the call, at most so long; for the end of the process, when no loop runs any
 * more. */
void background_wait(const Background *b, uint64_t timeout_usec);

/* NULL is fine, and so is the job whose `done` runs. Returns NULL. */
Background *background_abandon(Background *b);
