/*
 * signals: signals that come by the event loop instead of by a handler.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

/* Keeps a SIGHUP (which would end the process) waiting until signals_watch takes it; false: lets it
 * through again. */
void signals_hold_hangup(bool hold);

/* Blocks these signals for the process and has the loop call `handler` for each. Negative errno. */
int signals_watch(sd_event *event, const int *signals, size_t n_signals,
                  sd_event_signal_handler_t handler, void *userdata);
