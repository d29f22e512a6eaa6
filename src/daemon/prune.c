/* What always holds: one batch is under way, or the timer is armed, until prune_done. */
#include "daemon/prune.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/text.h"
#include <string.h>

#define PRUNE_EVERY_USEC USEC_PER_HOUR
#define PRUNE_FIRST_USEC USEC_PER_MINUTE
#define PRUNE_PAUSE_USEC USEC_PER_SEC
enum { PRUNE_BATCH = 1000 };
/* By less than that, a clock is corrected. */
#define AHEAD_SLACK_USEC (10 * USEC_PER_MINUTE)
#define AHEAD_TRUST_USEC USEC_PER_DAY

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

/* How far PostgreSQL's clock has gone ahead of what has passed here since it was trusted last. */
static uint64_t prune_ahead(Prune *p)
{
        if (!database_clock_is_known(p->clock))
                return 0;
        int64_t now = database_clock_now(p->clock);
        int64_t ahead =
                database_clock_is_known(&p->trusted) ? now - database_clock_now(&p->trusted) : 0;
        uint64_t here = clock_monotonic_usec();
        if (ahead <= (int64_t)AHEAD_SLACK_USEC ||
            (p->ahead_since_usec > 0 && here - p->ahead_since_usec >= AHEAD_TRUST_USEC)) {
                database_clock_set(&p->trusted, now);
                p->ahead_since_usec = 0;
                return 0;
        }
        if (p->ahead_since_usec == 0) {
                char text[DURATION_STRING_SIZE];
                log_warning("PostgreSQL's clock went ahead by %s; history and runs are kept for so "
                            "much longer, until it has been so for a day; correct the clock of "
                            "PostgreSQL's host, and if it is right now, there is nothing to do",
                            duration_format_short((uint64_t)ahead, text));
                p->ahead_since_usec = here;
        }
        return (uint64_t)ahead;
}

static uint64_t kept_for(uint64_t keep_usec, uint64_t ahead_usec)
{
        return keep_usec < USEC_FOREVER - ahead_usec ? keep_usec + ahead_usec : USEC_FOREVER;
}

static void prune_batch(void *userdata)
{
        Prune *p = userdata;
        uint64_t ahead = prune_ahead(p);
        const MirrorRetention retention = {
                .history_keep_usec = kept_for(p->retention.history_keep_usec, ahead),
                .run_keep_usec = kept_for(p->retention.run_keep_usec, ahead)};
        int r = mirror_prune(p->peers->mirror, &retention, PRUNE_BATCH, prune_on_done, p,
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

void prune_init(Prune *p, sd_event *event, const DatabaseClock *clock)
{
        *p = (Prune){.event = event, .clock = clock};
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
