/* What always holds: one batch is under way, or the timer is armed, until prune_done. */
#include "daemon/prune.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/text.h"
#include <string.h>

#define PRUNE_EVERY_USEC USEC_PER_HOUR
#define PRUNE_FIRST_USEC USEC_PER_MINUTE
#define PRUNE_PAUSE_USEC USEC_PER_SEC
enum { PRUNE_BATCH = 1000 };

static void prune_later(Prune *p, uint64_t delay_usec);

/* Of what nobody else comes across: whoever asks what is due reports a PostgreSQL that is away. */
static void prune_report_fault(Prune *p, const Fault *fault)
{
        bool lasting = fault->scope != FAULT_NONE && !fault->retryable;
        if (fault->scope != FAULT_NONE)
                log_event(lasting && !p->reported ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, NULL,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                                     LOG_TEXT("SQLSTATE", fault->sqlstate)),
                          "old versions and runs cannot be pruned: %s; trying again every hour",
                          fault->message);
        p->reported = lasting;
}

static void prune_on_done(const MirrorPruned *pruned, const Fault *fault, void *userdata)
{
        Prune *p = userdata;
        peers_task_end(&p->task);
        p->versions += pruned->versions;
        p->runs += pruned->runs;
        prune_report_fault(p, fault);
        if (!pruned->more) {
                if (p->versions + p->runs > 0)
                        log_info("pruned %lld version%s and %lld run%s (history_keep, run_keep)",
                                 (long long)p->versions, text_plural(p->versions),
                                 (long long)p->runs, text_plural(p->runs));
                p->versions = p->runs = 0;
        }
        prune_later(p, pruned->more ? PRUNE_PAUSE_USEC : PRUNE_EVERY_USEC);
}

static void prune_batch(void *userdata)
{
        Prune *p = userdata;
        int r = mirror_prune(p->peers->mirror, &p->retention, PRUNE_BATCH, prune_on_done, p,
                             &p->task.task);
        if (peers_task_begin(&p->task, p->peers, r) < 0)
                prune_later(p, PRUNE_EVERY_USEC);
}

static void prune_later(Prune *p, uint64_t delay_usec)
{
        int r = timer_start(&p->timer, p->event, delay_usec, USEC_PER_SEC, prune_batch, p);
        if (r < 0)
                log_error("the timer for pruning cannot be set: %s", strerrordesc_np(-r));
}

void prune_init(Prune *p, sd_event *event)
{
        *p = (Prune){.event = event};
}

void prune_configure(Prune *p, Peers *peers, const MirrorRetention *retention)
{
        p->peers = peers;
        p->retention = *retention;
}

void prune_start(Prune *p)
{
        prune_later(p, PRUNE_FIRST_USEC);
}

void prune_done(Prune *p)
{
        timer_cancel(&p->timer);
        peers_task_cancel(&p->task);
}
