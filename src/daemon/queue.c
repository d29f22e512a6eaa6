/*
 * queue: asks PostgreSQL which edges are due, and sleeps until the next one is.
 *
 * What always holds: at most one question is under way, or one timer is armed that will ask the
 * next. PostgreSQL's clock is known from every answer and carried on by our monotonic one in
 * between; when it turns out to have gone back, the edges are registered again, which brings their
 * due times forward to their schedules.
 */
#include "mirror/queue.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "daemon/daemon_private.h"
#include "daemon/due.h"
#include "mirror/registry.h"
#include <errno.h>
#include <string.h>
#include <time.h>

#define ASK_AT_LEAST_USEC                                                                          \
        USEC_PER_MINUTE /* when nothing is due: leases of others may end, somebody may write into  \
                           the queue */
#define ASK_AT_MOST_USEC                                                                           \
        (200 * USEC_PER_MSEC) /* what is due and was not given is being taken by another instance  \
                               */
#define CLOCK_SLACK_USEC                                                                           \
        (30 * USEC_PER_SEC) /* a clock that is set back by less shifts less than that */
#define REGISTER_EVERY_USEC                                                                        \
        USEC_PER_HOUR /* a database that was restored does not know our edges                      \
                       */
#define REGISTER_AGAIN_USEC                                                                        \
        (10 * USEC_PER_SEC) /* when a long apply holds an edge that has changed */
#define OUTAGE_FLOOR_USEC (500 * USEC_PER_MSEC)

void queue_init(Daemon *d)
{
        d->queue.next_usec = INT64_MAX;
        d->queue.expected_usec = INT64_MAX;
        outage_init(&d->queue.outage, OUTAGE_FLOOR_USEC, OUTAGE_CEILING_USEC);
        outage_init(&d->queue.statement, OUTAGE_FLOOR_USEC, OUTAGE_CEILING_USEC);
}

static int queue_on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        (void)s;
        (void)usec;
        queue_ask(userdata);
        return 0;
}

static void queue_ask_later(Daemon *d, uint64_t delay_usec)
{
        Queue *q = &d->queue;
        q->timer = sd_event_source_disable_unref(q->timer);
        int r = sd_event_add_time_relative(d->event, &q->timer, CLOCK_MONOTONIC, delay_usec,
                                           10 * USEC_PER_MSEC, queue_on_timer, d);
        if (r < 0)
                log_error("the queue's timer cannot be set: %s", strerrordesc_np(-r));
}

/* ---- PostgreSQL is away, or back ------------------------------------------------------------ */

static void queue_postgres_failed(Daemon *d, const Fault *fault)
{
        Queue *q = &d->queue;
        uint64_t delay;
        if (outage_failed(&q->outage, fault, clock_monotonic_usec(), clock_random(), &delay))
                log_event(LOG_LEVEL_WARNING,
                          fault->refused ? MESSAGE_ID_CREDENTIALS_REFUSED
                                         : MESSAGE_ID_POSTGRES_UNREACHABLE,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                                     LOG_TEXT("SQLSTATE", fault->sqlstate)),
                          "PostgreSQL cannot be used%s: %s; trying again, at least every 30 s",
                          q->outage.attempts > 1 ? " still" : "", fault->message);
        if (!q->task)
                queue_ask_later(d, delay);
        daemon_ready(d);
        status_changed(d);
}

static void queue_postgres_answered(Daemon *d)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        if (!outage_over(&d->queue.outage, clock_monotonic_usec(), &lasted))
                return;
        d->queue.register_usec = 0; /* it may be another one: restored, or failed over */
        log_event(LOG_LEVEL_INFO, MESSAGE_ID_POSTGRES_BACK, LOG_NO_FIELDS,
                  "PostgreSQL answers again after %s", duration_format_short(lasted, text));
        status_changed(d);
}

/* ---- answers -------------------------------------------------------------------------------- */

static void queue_take_clock(Queue *q, int64_t now_usec)
{
        q->clock_usec = now_usec;
        q->clock_at_usec = clock_monotonic_usec();
}

/* How far PostgreSQL's clock is behind what it should show; 0 when it is not. */
static uint64_t queue_clock_lag(const Daemon *d, int64_t now_usec)
{
        int64_t lag = daemon_now(d) - now_usec;
        return d->queue.clock_at_usec > 0 && lag > (int64_t)CLOCK_SLACK_USEC ? (uint64_t)lag : 0;
}

/* How many more syncs may begin. */
static unsigned queue_capacity(const Daemon *d)
{
        if (d->queue.stage != QUEUE_SERVE || !d->gate.open || d->stopping ||
            d->n_runs >= d->config->daemon.max_syncs)
                return 0;
        return d->config->daemon.max_syncs - d->n_runs;
}

static void queue_sleep(Daemon *d)
{
        const Queue *q = &d->queue;
        int64_t left = q->next_usec == INT64_MAX ? INT64_MAX : q->next_usec - daemon_now(d);
        uint64_t delay = ASK_AT_LEAST_USEC;
        if (left <= 0)
                /* room and gate wake us */
                delay = queue_capacity(d) > 0 ? ASK_AT_MOST_USEC : ASK_AT_LEAST_USEC;
        else if ((uint64_t)left < delay)
                delay = (uint64_t)left;
        uint64_t now = clock_monotonic_usec();
        uint64_t until = q->register_usec > now ? q->register_usec - now : 0;
        queue_ask_later(d, until < delay ? until : delay);
}

void queue_expect(Daemon *d, int64_t timestamp_usec)
{
        Queue *q = &d->queue;
        if (timestamp_usec < q->expected_usec)
                q->expected_usec = timestamp_usec;
        if (timestamp_usec < q->next_usec)
                q->next_usec = timestamp_usec;
        if (q->task || q->outage.down || d->stopping)
                return;
        if (q->next_usec <= daemon_now(d) && queue_capacity(d) > 0)
                queue_ask(d);
        else
                queue_sleep(d);
}

static void queue_take_answer(Daemon *d, Supply *supply, const MirrorDueAnswer *a)
{
        Queue *q = &d->queue;
        uint64_t lag = queue_clock_lag(d, a->now_usec);
        q->next_usec = a->next_usec < q->expected_usec ? a->next_usec : q->expected_usec;
        queue_take_clock(q, a->now_usec);
        for (size_t i = 0; i < a->n_taken; i++)
                runs_start(d, supply, &a->taken[i]);
        if (lag > 0) {
                char text[DURATION_STRING_SIZE];
                log_warning("PostgreSQL's clock went back by %s; what is due is reckoned again",
                            duration_format_short(lag, text));
                q->stage = QUEUE_REGISTER;
        } else if (q->stage == QUEUE_LOOK || clock_monotonic_usec() >= q->register_usec) {
                q->stage = QUEUE_REGISTER;
        }
        bool more = a->n_taken == q->asked && q->next_usec <= a->now_usec && queue_capacity(d) > 0;
        if (q->stage == QUEUE_REGISTER || more)
                queue_ask(d);
        else
                queue_sleep(d);
        status_changed(d);
}

/* The question is answered. */
static void queue_over(Queue *q)
{
        q->task = NULL;
        q->supply->users--;
        q->supply = NULL;
}

static void queue_on_due(const MirrorDueAnswer *answer, const Fault *fault, void *userdata)
{
        Daemon *d = userdata;
        Supply *supply = d->queue.supply; /* stays until the reaper runs */
        queue_over(&d->queue);
        if (fault->scope != FAULT_NONE) {
                queue_postgres_failed(d, fault);
        } else {
                queue_postgres_answered(d);
                runs_say_again(d);
                queue_take_answer(d, supply, answer);
        }
        daemon_wake(d);
}

static void queue_on_registered(const Fault *fault, void *userdata)
{
        Daemon *d = userdata;
        Queue *q = &d->queue;
        bool again = mirror_is_locked(fault); /* what is registered already is served meanwhile */
        queue_over(q);
        daemon_wake(d);
        if (fault->scope != FAULT_NONE && !again) {
                queue_postgres_failed(d, fault);
                return;
        }
        queue_postgres_answered(d);
        if (again)
                log_debug("the edges are registered later: %s", fault->message);
        if (q->stage == QUEUE_REGISTER) { /* not asked anew meanwhile */
                q->stage = QUEUE_SERVE;
                q->register_usec = clock_monotonic_usec() +
                                   (again ? REGISTER_AGAIN_USEC : REGISTER_EVERY_USEC);
        }
        daemon_ready(d);
        presence_begin(d);
        queue_ask(d);
}

/* ---- questions ------------------------------------------------------------------------------ */

static int queue_register(Daemon *d)
{
        const Config *c = d->config;
        _cleanup_(cleanup_free) MirrorEdge *edges = calloc(c->n_edges + 1, sizeof(*edges));
        if (!edges)
                return -ENOMEM;
        for (size_t i = 0; i < c->n_edges; i++)
                edges[i] = (MirrorEdge){
                        .id = c->edges[i].id,
                        .name = c->edges[i].name,
                        .enabled = config_edge_is_due(&c->edges[i]),
                        .schedule = c->edges[i].schedule_text,
                        .timezone = c->edges[i].timezone,
                        .next_run_usec = due_by_schedule(&c->edges[i], daemon_now(d)),
                };
        return mirror_register(d->supply->peers->mirror, edges, c->n_edges, &d->presence.instance,
                               queue_on_registered, d, &d->queue.task);
}

static int queue_take(Daemon *d)
{
        Queue *q = &d->queue;
        _cleanup_(cleanup_free) Uuid *leave =
                calloc(d->n_runs + q->n_unknown_edges + 1, sizeof(*leave));
        size_t n = 0;
        if (!leave)
                return -ENOMEM;
        for (const Run *run = d->runs; run; run = run->next)
                leave[n++] = run->edge;
        for (size_t i = 0; i < q->n_unknown_edges; i++)
                leave[n++] = q->unknown_edges[i];
        q->asked = queue_capacity(d);
        q->expected_usec = INT64_MAX;
        return mirror_take_due(d->supply->peers->mirror, q->asked, leave, n, queue_on_due, d,
                               &q->task);
}

void queue_ask(Daemon *d)
{
        Queue *q = &d->queue;
        if (q->task || d->stopping)
                return;
        q->timer = sd_event_source_disable_unref(q->timer);
        int r = q->stage == QUEUE_REGISTER ? queue_register(d) : queue_take(d);
        if (r >= 0) {
                q->supply = d->supply;
                q->supply->users++;
                return;
        }
        Fault fault;
        fault_set(&fault, FAULT_PROCESS, -r, CODE_NO_RESOURCES, "the queue cannot be asked: %s",
                  strerrordesc_np(-r));
        queue_postgres_failed(d, &fault);
}

void queue_ask_anew(Daemon *d)
{
        Queue *q = &d->queue;
        free(q->unknown_edges);
        q->unknown_edges = NULL;
        q->n_unknown_edges = 0;
        q->stage = QUEUE_LOOK;
        queue_ask(d);
}

void queue_register_soon(Daemon *d)
{
        d->queue.register_usec = 0;
        queue_ask(d);
}

void queue_exclude(Daemon *d, const Uuid *edge)
{
        Queue *q = &d->queue;
        Uuid *more = reallocarray(q->unknown_edges, q->n_unknown_edges + 1, sizeof(*more));
        if (!more)
                return; /* it will be released again */
        q->unknown_edges = more;
        q->unknown_edges[q->n_unknown_edges++] = *edge;
}

bool queue_idle(const Daemon *d)
{
        return !d->queue.task;
}

void queue_done(Daemon *d)
{
        Queue *q = &d->queue;
        q->timer = sd_event_source_disable_unref(q->timer);
        q->task = mirror_cancel(q->task);
        free(q->unknown_edges);
}
