#include "base/signals.h"
#include <errno.h>
#include <signal.h>

void signals_hold_hangup(bool hold)
{
        sigset_t hangup;
        (void)sigemptyset(&hangup);
        (void)sigaddset(&hangup, SIGHUP);
        (void)sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &hangup, NULL);
}

int signals_watch(sd_event *event, const int *signals, size_t n_signals,
                  sd_event_signal_handler_t handler, void *userdata)
{
        sigset_t blocked;
        (void)sigemptyset(&blocked);
        for (size_t i = 0; i < n_signals; i++)
                (void)sigaddset(&blocked, signals[i]);
        if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < n_signals; i++) {
                int r = sd_event_add_signal(event, NULL, signals[i], handler, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}
