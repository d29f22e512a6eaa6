/*
 * prune: every hour, what has been kept long enough is deleted, a small batch at a time, with a
 * pause in between. Syncs do not wait for it.
 *
 * What always holds: one batch is under way, or the timer is armed, until the service stops. Any
 * number of instances may do this at once.
 */
#include "mirror/prune.h"
#include "base/duration.h"
#include "base/log.h"
#include "daemon/daemon_private.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#define PRUNE_EVERY_USEC USEC_PER_HOUR
#define PRUNE_FIRST_USEC USEC_PER_MINUTE /* after the start, when there are other things to do */
#define PRUNE_PAUSE_USEC USEC_PER_SEC
enum { PRUNE_BATCH = 1000 };

static void prune_later(Daemon *d, uint64_t delay_usec);

static void prune_on_done(const MirrorPruned *pruned, const Fault *fault, void *userdata)
{
        Daemon *d = userdata;
        Prune *p = &d->prune;
        p->task = NULL;
        p->supply->users--;
        p->supply = NULL;
        p->versions += pruned->versions;
        p->runs += pruned->runs;
        /* The queue speaks of a PostgreSQL that is away; that a privilege is missing here, nobody
         * else comes across. */
        bool lasting = fault->scope != FAULT_NONE && !fault->retryable;
        if (fault->scope != FAULT_NONE)
                log_event(lasting && !p->said ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, NULL,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                                     LOG_TEXT("SQLSTATE", fault->sqlstate)),
                          "what has been kept long enough cannot be pruned: %s; tried again every "
                          "hour",
                          fault->message);
        p->said = lasting;
        if (!pruned->more) {
                if (p->versions + p->runs > 0)
                        log_info("pruned %lld versions and %lld runs that have been kept long "
                                 "enough",
                                 (long long)p->versions, (long long)p->runs);
                p->versions = p->runs = 0;
        }
        prune_later(d, pruned->more ? PRUNE_PAUSE_USEC : PRUNE_EVERY_USEC);
        daemon_wake(d);
}

static void prune_batch(Daemon *d)
{
        Prune *p = &d->prune;
        const MirrorRetention retention = {
                .history_keep_usec = d->config->daemon.history_keep_usec,
                .run_keep_usec = d->config->daemon.run_keep_usec,
        };
        if (mirror_prune(d->supply->peers->mirror, &retention, PRUNE_BATCH, prune_on_done, d,
                         &p->task) < 0) {
                prune_later(d, PRUNE_EVERY_USEC);
                return;
        }
        p->supply = d->supply;
        p->supply->users++;
}

static int prune_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        Daemon *d = userdata;
        d->prune.timer = sd_event_source_disable_unref(d->prune.timer);
        if (!d->stopping)
                prune_batch(d);
        return 0;
}

static void prune_later(Daemon *d, uint64_t delay_usec)
{
        int r = sd_event_add_time_relative(d->event, &d->prune.timer, CLOCK_MONOTONIC, delay_usec,
                                           USEC_PER_SEC, prune_on_timer, d);
        if (r < 0)
                log_error("the timer for pruning cannot be set: %s", strerrordesc_np(-r));
}

void prune_begin(Daemon *d)
{
        prune_later(d, PRUNE_FIRST_USEC);
}

void prune_done(Daemon *d)
{
        d->prune.task = mirror_cancel(d->prune.task);
        d->prune.timer = sd_event_source_disable_unref(d->prune.timer);
}
