/*
 * What always holds: while it is open, either a probe is under way or the timer is armed, which
 * will probe.
 */
#include "daemon/breaker.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/metric.h"
#include "base/utc.h"
#include <stdio.h>
#include <string.h>

#define OUTAGE_FLOOR_USEC USEC_PER_SEC
#define REREAD_EVERY_USEC (10 * USEC_PER_SEC) /* whether they have changed on disk */

void breaker_init(Breaker *b, sd_event *event, const DatabaseClock *clock,
                  const BreakerHandlers *handlers, void *userdata)
{
        *b = (Breaker){.event = event, .clock = clock, .handlers = *handlers, .userdata = userdata};
        outage_init(&b->outage, OUTAGE_FLOOR_USEC, OUTAGE_CEILING_USEC);
}

bool breaker_is_closed(const Breaker *b)
{
        return b->closed;
}

bool breaker_is_in_doubt(const Breaker *b)
{
        return b->probe || b->outage.down;
}

const Fault *breaker_fault(const Breaker *b)
{
        return outage_fault(&b->outage);
}

/* ---- when to probe -------------------------------------------------------------------------- */

static uint64_t usec_until(uint64_t at_usec)
{
        uint64_t now = clock_monotonic_usec();
        return at_usec > now ? at_usec - now : 0;
}

static void breaker_on_timer(void *userdata);

static void breaker_probe_later(Breaker *b, uint64_t delay_usec)
{
        int r = timer_start(&b->timer, b->event, delay_usec, 10 * USEC_PER_MSEC, breaker_on_timer,
                            b);
        if (r < 0)
                log_error("the timer for the catalog cannot be set: %s", strerrordesc_np(-r));
}

/* Until the credentials are looked at again, on disk or by the catalog. */
static uint64_t breaker_refused_delay(const Breaker *b)
{
        uint64_t left = usec_until(b->refused_until_usec);
        return left < REREAD_EVERY_USEC ? left : REREAD_EVERY_USEC;
}

static void breaker_on_timer(void *userdata)
{
        Breaker *b = userdata;
        bool refused = b->outage.down && b->outage.fault.refused;
        bool may = !refused || catalog_reread_secret(b->peers->catalog) ||
                   usec_until(b->refused_until_usec) == 0;
        if (may)
                breaker_probe(b);
        else
                breaker_probe_later(b, breaker_refused_delay(b));
}

void breaker_format_next(const Breaker *b, char out[static BREAKER_NEXT_BYTES])
{
        char when[UTC_BYTES], delay[DURATION_STRING_SIZE];
        bool pause = usec_until(b->not_before_usec) > 0;
        uint64_t left = usec_until(pause ? b->not_before_usec : b->refused_until_usec);
        if (!pause && !b->outage.fault.refused) {
                (void)snprintf(out, BREAKER_NEXT_BYTES, "it is asked again at least every 30 s");
        } else if (!database_clock_is_known(b->clock)) {
                uint64_t seconds = (left + USEC_PER_SEC - 1) / USEC_PER_SEC;
                (void)snprintf(out, BREAKER_NEXT_BYTES, "it is asked again in %s",
                               duration_format(seconds * USEC_PER_SEC, delay));
        } else {
                int64_t at_usec = database_clock_now(b->clock) + (int64_t)left;
                (void)snprintf(out, BREAKER_NEXT_BYTES,
                               pause ? "it is asked again at %s" : "tried again at %s",
                               utc_format(at_usec / (int64_t)USEC_PER_SEC, UTC_PERSON, when));
        }
}

/* ---- open and closed ------------------------------------------------------------------------ */

static void breaker_log_fault(const Breaker *b, const Fault *fault)
{
        char next[BREAKER_NEXT_BYTES];
        breaker_format_next(b, next);
        log_event(LOG_LEVEL_WARNING,
                  fault->refused ? MESSAGE_ID_CREDENTIALS_REFUSED : MESSAGE_ID_CATALOG_UNREACHABLE,
                  LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                             LOG_NUMBER("HTTP_STATUS", fault->http_status)),
                  "%s cannot be used%s: %s; edges wait, %s%s",
                  fault_is_of_proxy(fault) ? "the proxy" : "the catalog",
                  b->outage.attempts > 1 ? " still" : "", fault->message, next,
                  fault->refused ? OUTAGE_REFUSED_UNTIL : "");
}

/* No probe goes out before that. */
static void breaker_postpone(Breaker *b, uint64_t usec)
{
        uint64_t until = clock_monotonic_usec() + usec;
        if (b->not_before_usec < until)
                b->not_before_usec = until;
}

static void breaker_open(Breaker *b, const Fault *fault)
{
        uint64_t delay, now = clock_monotonic_usec();
        breaker_postpone(b, fault->retry_after_usec);
        if (b->probe || (b->outage.down && timer_is_armed(&b->timer)))
                return; /* known; the next probe will tell */
        b->closed = false;
        metric_set(METRIC_CATALOG_UP, 0, 0);
        bool report = outage_failed(&b->outage, fault, now, clock_random(), &delay);
        if (fault->refused) {
                b->refused_pause_usec = outage_refused_pause(b->refused_pause_usec);
                b->refused_until_usec = clock_monotonic_usec() + b->refused_pause_usec;
                delay = breaker_refused_delay(b);
        }
        if (report)
                breaker_log_fault(b, fault);
        breaker_probe_later(b, delay);
        b->handlers.opened(fault, b->userdata);
}

static void breaker_close(Breaker *b)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        timer_cancel(&b->timer);
        metric_set(METRIC_CATALOG_UP, 0, 1);
        b->refused_pause_usec = 0;
        if (outage_over(&b->outage, clock_monotonic_usec(), &lasted))
                log_event(LOG_LEVEL_INFO, MESSAGE_ID_CATALOG_BACK, LOG_NO_FIELDS,
                          "the catalog answers again after %s",
                          duration_format_short(lasted, text));
        if (b->closed)
                return;
        b->closed = true;
        b->closed_at_usec = clock_monotonic_usec();
        log_debug("the catalog answers; what is due is synced");
        b->handlers.closed(b->userdata);
}

void breaker_record_fault(Breaker *b, const Fault *fault, uint64_t begun_usec)
{
        bool may_be_old = b->closed && begun_usec < b->closed_at_usec && !fault->refused &&
                          fault->retry_after_usec == 0;
        if (may_be_old)
                breaker_probe(b);
        else
                breaker_open(b, fault);
}

/* ---- the probe ------------------------------------------------------------------------------ */

static void breaker_on_answer(const CatalogPageAnswer *page, void *userdata)
{
        Breaker *b = userdata;
        Fault fault = page->answer.fault;
        b->probe = NULL;
        uint64_t pause = fault.retryable ? page->answer.retry_after_usec : 0;
        /* What a sync would not wait for. */
        bool put_off = pause > b->peers->config->catalog.request_timeout_usec;
        fault.retry_after_usec = put_off ? pause : 0;
        if (fault.scope == FAULT_PEER || page->answer.status == 0 || fault_is_of_gateway(&fault) ||
            put_off) {
                breaker_postpone(b, pause);
                breaker_open(b, &fault);
        } else {
                b->answered = true;
                breaker_close(b); /* whatever the answer is for that edge, the catalog answers */
        }
}

void breaker_probe(Breaker *b)
{
        if (b->probe)
                return;
        uint64_t pause = usec_until(b->not_before_usec);
        if (pause > 0) {
                breaker_probe_later(b, pause);
                return;
        }
        const ConfigEdge *edge = b->handlers.next_edge(b->userdata);
        if (!edge) { /* nobody to ask for, and nothing to do */
                breaker_close(b);
                return;
        }
        timer_cancel(&b->timer);
        const Uuid *schema =
                edge->settings.has_schema_connection ? &edge->settings.schema_connection : NULL;
        int r = catalog_list(b->peers->catalog, &edge->id, schema, 0, 1, breaker_on_answer, b,
                             &b->probe);
        if (r < 0) {
                Fault fault;
                fault_set(&fault, FAULT_PEER, -r, CODE_NO_RESOURCES,
                          "the catalog cannot be asked: %s", strerrordesc_np(-r));
                breaker_open(b, &fault);
        }
}

void breaker_reset(Breaker *b, Peers *peers)
{
        Breaker before = *b;
        breaker_done(b);
        breaker_init(b, before.event, before.clock, &before.handlers, before.userdata);
        b->peers = peers;
        breaker_probe(b);
}

void breaker_retry(Breaker *b)
{
        if (b->closed)
                return;
        /* not with a password that is known to be old */
        (void)catalog_reread_secret(b->peers->catalog);
        breaker_probe(b);
}

void breaker_done(Breaker *b)
{
        b->probe = catalog_cancel(b->probe);
        timer_cancel(&b->timer);
}
