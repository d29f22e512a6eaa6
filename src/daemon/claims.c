/*
 * What always holds: at most one question is under way, or the timer is armed that will ask the
 * next.
 */
#include "daemon/claims.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/message_id.h"
#include "mirror/lock_wait.h"
#include <string.h>

/* When nothing is due: somebody may ask for a sync (request_sync), leases of others may end. */
#define ASK_AT_LEAST_USEC (5 * USEC_PER_SEC)
/* What is due and was not given is being taken by another instance. */
#define ASK_AT_MOST_USEC (200 * USEC_PER_MSEC)
/* A database that was restored does not know our edges. */
#define REGISTER_EVERY_USEC USEC_PER_HOUR
/* When a long apply holds an edge that has changed. */
#define REGISTER_AGAIN_USEC (10 * USEC_PER_SEC)
#define LOCKED_LONG         2 /* times */
#define OUTAGE_FLOOR_USEC   (500 * USEC_PER_MSEC)

void claims_init(Claims *c, sd_event *event, const MirrorInstance *instance,
                 const ClaimsHandlers *handlers, void *userdata)
{
        *c = (Claims){
                .event = event,
                .instance = instance,
                .handlers = *handlers,
                .userdata = userdata,
                .next_usec = INT64_MAX,
                .expected_usec = INT64_MAX,
        };
        outage_init(&c->outage, OUTAGE_FLOOR_USEC, OUTAGE_CEILING_USEC);
}

bool claims_is_registered(const Claims *c)
{
        return c->is_registered;
}

/* Of one statement, which others do not come across; without the schema nothing can be done. */
static bool claims_concerns_statement(const Fault *fault)
{
        return mirror_is_locked(fault) ||
               (fault_is_refusal(fault) && fault->code != CODE_PG_SCHEMA_MISSING);
}

/* The question for what is due. */
static bool claims_is_refused(const Claims *c)
{
        const Fault *fault = outage_fault(&c->outage);
        return c->was_registered && fault && fault->scope == FAULT_RUN;
}

const Fault *claims_fault(const Claims *c)
{
        return claims_is_refused(c) ? NULL : outage_fault(&c->outage);
}

/* There are edges of before: registered by this one, or waiting in the queue. */
static bool claims_knows_edges(const Claims *c)
{
        return c->was_registered || c->next_usec != INT64_MAX;
}

const Fault *claims_queue_refused(const Claims *c)
{
        if (claims_is_refused(c))
                return outage_fault(&c->outage);
        return c->refused.scope != FAULT_NONE && !claims_knows_edges(c) ? &c->refused : NULL;
}

const Fault *claims_registering_refused(const Claims *c)
{
        return c->refused.scope != FAULT_NONE && claims_knows_edges(c) ? &c->refused : NULL;
}

bool claims_is_busy(const Claims *c)
{
        return c->task.task;
}

/* ---- when to ask ---------------------------------------------------------------------------- */

static void claims_on_timer(void *userdata)
{
        claims_ask(userdata);
}

static void claims_ask_later(Claims *c, uint64_t delay_usec)
{
        int r = timer_start(&c->timer, c->event, delay_usec, 10 * USEC_PER_MSEC, claims_on_timer,
                            c);
        if (r < 0)
                log_error("the queue's timer cannot be set: %s", strerrordesc_np(-r));
}

static unsigned claims_capacity(const Claims *c)
{
        return c->stage == CLAIMS_SERVE && !c->stopping ? c->handlers.capacity(c->userdata) : 0;
}

static void claims_sleep(Claims *c)
{
        int64_t left = c->next_usec == INT64_MAX ? INT64_MAX
                                                 : c->next_usec - database_clock_now(&c->clock);
        uint64_t delay = ASK_AT_LEAST_USEC;
        if (left <= 0)
                /* without capacity, somebody asks as soon as there is some */
                delay = claims_capacity(c) > 0 ? ASK_AT_MOST_USEC : ASK_AT_LEAST_USEC;
        else if ((uint64_t)left < delay)
                delay = (uint64_t)left;
        uint64_t now = clock_monotonic_usec();
        uint64_t until = c->register_usec > now ? c->register_usec - now : 0;
        claims_ask_later(c, until < delay ? until : delay);
}

void claims_expect(Claims *c, int64_t due_usec)
{
        if (due_usec < c->expected_usec)
                c->expected_usec = due_usec;
        if (due_usec < c->next_usec)
                c->next_usec = due_usec;
        if (c->task.task || c->outage.down || c->stopping)
                return;
        if (c->next_usec <= database_clock_now(&c->clock) && claims_capacity(c) > 0)
                claims_ask(c);
        else
                claims_sleep(c);
}

/* ---- PostgreSQL is away, or back ------------------------------------------------------------ */

static void claims_postgres_failed(Claims *c, const Fault *fault_met)
{
        uint64_t delay;
        Fault narrowed = fault_of_statement(fault_met);
        const Fault *fault =
                c->was_registered && claims_concerns_statement(fault_met) ? &narrowed : fault_met;
        bool other = fault->code == CODE_OTHER_CATALOG; /* a statement ends the message */
        if (outage_failed(&c->outage, fault, clock_monotonic_usec(), clock_random(), &delay))
                log_event(LOG_LEVEL_WARNING,
                          fault->refused ? MESSAGE_ID_CREDENTIALS_REFUSED
                                         : MESSAGE_ID_POSTGRES_UNREACHABLE,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                                     LOG_TEXT("SQLSTATE", fault->sqlstate)),
                          "%s%s%s: %s%s", fault_postgres_words(fault),
                          c->outage.attempts > 1 ? " still" : "",
                          other ? ", tried again at least every 30 s" : "", fault->message,
                          other ? "" : "; trying again, at least every 30 s");
        if (!c->task.task)
                claims_ask_later(c, delay);
        c->handlers.postgres_failed(c->userdata);
}

static void claims_postgres_answered(Claims *c)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        if (outage_over(&c->outage, clock_monotonic_usec(), &lasted)) {
                c->register_usec = 0; /* it may be another one: restored, or failed over */
                log_event(LOG_LEVEL_INFO, MESSAGE_ID_POSTGRES_BACK, LOG_NO_FIELDS, "%s after %s",
                          c->outage.fault.code == CODE_OTHER_CATALOG ? "edges are synced again"
                                                                     : "PostgreSQL answers again",
                          duration_format_short(lasted, text));
        }
        c->handlers.postgres_answered(c->userdata);
}

/* ---- answers -------------------------------------------------------------------------------- */

/* The end of a question; true: to the database of before, or under its settings, by which nothing
 * is known of the one that counts, which is asked then. */
static bool claims_end_question(Claims *c)
{
        bool of_before = c->task.peers != c->peers;
        peers_task_end(&c->task);
        return of_before;
}

static void claims_hand_out(Claims *c, Peers *peers, const MirrorDueAnswer *a)
{
        for (size_t i = 0; i < a->n_taken; i++)
                c->handlers.leased(peers, &a->taken[i], c->userdata);
}

static void claims_take_answer(Claims *c, Peers *peers, const MirrorDueAnswer *a)
{
        uint64_t lag = database_clock_lag(&c->clock, a->now_usec);
        c->next_usec = a->next_usec < c->expected_usec ? a->next_usec : c->expected_usec;
        database_clock_set(&c->clock, a->now_usec);
        claims_hand_out(c, peers, a);
        if (lag > 0) {
                char text[DURATION_STRING_SIZE];
                log_warning("PostgreSQL's clock went back by %s; due times are computed again",
                            duration_format_short(lag, text));
        }
        /* who makes the database ours again is who registers */
        if (a->no_catalog && c->register_usec > clock_monotonic_usec() + REGISTER_AGAIN_USEC)
                c->register_usec = clock_monotonic_usec() + REGISTER_AGAIN_USEC;
        if (lag > 0 || c->stage == CLAIMS_LOOK || clock_monotonic_usec() >= c->register_usec)
                c->stage = CLAIMS_REGISTER;
        bool more = a->n_taken == c->asked && c->next_usec <= a->now_usec && claims_capacity(c) > 0;
        if (c->stage == CLAIMS_REGISTER || more)
                claims_ask(c);
        else
                claims_sleep(c);
        c->handlers.changed(c->userdata);
}

static void claims_on_due(const MirrorDueAnswer *answer, const Fault *fault, void *userdata)
{
        Claims *c = userdata;
        _cleanup_(cleanup_peers) Peers *peers = peers_ref(c->task.peers);
        bool of_before = claims_end_question(c);
        if (of_before) {
                if (fault->scope == FAULT_NONE)
                        claims_hand_out(c, peers, answer);
                claims_ask(c);
                return;
        }
        if (fault->scope != FAULT_NONE) {
                /* what is refused of this question need not be of registering */
                bool goes_on = c->stage == CLAIMS_LOOK && c->was_registered &&
                               claims_concerns_statement(fault);
                claims_postgres_failed(c, fault);
                if (goes_on) {
                        c->stage = CLAIMS_REGISTER;
                        claims_ask(c);
                }
                return;
        }
        if (c->stage != CLAIMS_LOOK) /* else what is registered next tells whether it is over */
                claims_postgres_answered(c);
        claims_take_answer(c, peers, answer);
}

static void claims_set_refused(Claims *c, const Fault *fault)
{
        bool is = fault->scope != FAULT_NONE;
        uint64_t now = clock_monotonic_usec(), lasted;
        if (is && outage_failed(&c->said, fault, now, clock_random(), NULL))
                log_event(LOG_LEVEL_WARNING, NULL,
                          LOG_FIELDS(LOG_TEXT("ERROR_CODE", fault_code_name(fault->code)),
                                     LOG_TEXT("SQLSTATE", fault->sqlstate)),
                          "the edges cannot be registered; what is registered stays as it is: %s",
                          fault->message);
        else if (!is && outage_over(&c->said, now, &lasted))
                log_info("the edges can be registered again");
        c->refused = fault_of_statement(fault);
}

static void claims_serve(Claims *c, uint64_t register_in_usec)
{
        if (c->stage == CLAIMS_REGISTER) { /* not asked anew meanwhile */
                c->stage = CLAIMS_SERVE;
                c->register_usec = clock_monotonic_usec() + register_in_usec;
        }
        if (c->register_again)
                c->register_usec = 0;
        c->register_again = false;
        claims_ask(c);
}

/* What was registered is served meanwhile: leases are given in a mirror of ours alone. A lock that
 * is held for long is said like a refusal; most are those of an apply. A refusal is over when they
 * are registered: a lock, or a PostgreSQL that is away, says nothing of it. */
static bool claims_goes_on(Claims *c, const Fault *fault)
{
        bool refused = c->was_registered && fault_is_refusal(fault) &&
                       fault->code != CODE_PG_SCHEMA_MISSING;
        bool locked = mirror_is_locked(fault);
        c->n_locked = locked ? c->n_locked + 1 : 0;
        if (refused || c->n_locked >= LOCKED_LONG || fault->scope == FAULT_NONE)
                claims_set_refused(c, fault);
        return refused || locked;
}

static bool claims_on_not_registered(Claims *c, const Fault *fault)
{
        if (!claims_goes_on(c, fault)) {
                claims_postgres_failed(c, fault);
                return false;
        }
        log_debug("the edges could not be registered now, trying again soon: %s", fault->message);
        c->is_registered = c->was_registered;
        if (!claims_is_refused(c)) /* that question tells when it is over */
                claims_postgres_answered(c);
        c->handlers.postgres_failed(c->userdata);
        claims_serve(c, REGISTER_AGAIN_USEC);
        return true;
}

static void claims_on_registered(bool is_ours _unused_, const Fault *fault, void *userdata)
{
        Claims *c = userdata;
        if (claims_end_question(c)) {
                claims_ask(c);
                return;
        }
        /* what was not registered is newer than what could be read */
        c->discovered_is_read = c->register_again;
        if (fault->scope != FAULT_NONE) {
                c->discovered_is_read |= claims_on_not_registered(c, fault);
                return;
        }
        (void)claims_goes_on(c, fault);
        if (!claims_is_refused(c))
                claims_postgres_answered(c);
        c->is_registered = c->was_registered = true;
        c->handlers.registered(c->userdata);
        claims_serve(c, REGISTER_EVERY_USEC);
}

/* ---- questions ------------------------------------------------------------------------------ */

static void claims_on_discovered(const MirrorDiscovered *edges, size_t n, const Fault *fault,
                                 void *userdata)
{
        Claims *c = userdata;
        Fault copy = *fault;
        if (claims_end_question(c)) {
                claims_ask(c);
                return;
        }
        if (fault->scope == FAULT_NONE && c->handlers.discovered(edges, n, c->userdata) < 0)
                fault_no_memory(&copy);
        if (copy.scope != FAULT_NONE) {
                (void)claims_on_not_registered(c, &copy);
                return;
        }
        c->discovered_is_read = true;
        claims_ask(c);
}

static int claims_register_edges(Claims *c)
{
        if (c->discovers && !c->discovered_is_read)
                return mirror_discovered(c->peers->mirror, claims_on_discovered, c, &c->task.task);
        _cleanup_(cleanup_free) MirrorEdge *edges = NULL;
        size_t n;
        int r = c->handlers.edges(&edges, &n, c->userdata);
        return r < 0 ? r
                     : mirror_register(c->peers->mirror, edges, n, c->instance,
                                       claims_on_registered, c, &c->task.task);
}

static int claims_take_due(Claims *c)
{
        _cleanup_(cleanup_free) Uuid *exclude = NULL;
        size_t n;
        int r = c->handlers.exclude(&exclude, &n, c->userdata);
        if (r < 0)
                return r;
        c->asked = claims_capacity(c);
        c->expected_usec = INT64_MAX;
        return mirror_take_due(c->peers->mirror, c->asked, exclude, n, claims_on_due, c,
                               &c->task.task);
}

void claims_ask(Claims *c)
{
        if (c->task.task || c->stopping)
                return;
        timer_cancel(&c->timer);
        int r = c->stage == CLAIMS_REGISTER ? claims_register_edges(c) : claims_take_due(c);
        if (peers_task_begin(&c->task, c->peers, r) >= 0)
                return;
        Fault fault;
        fault_not_begun(&fault, r, "the queue cannot be read");
        claims_postgres_failed(c, &fault);
}

void claims_configure(Claims *c, Peers *peers, bool discovers)
{
        if (!peers_same_database(c->peers, peers))
                c->clock = (DatabaseClock){0};
        if (!peers_same_mirror(c->peers, peers)) {
                c->was_registered = false;
                c->refused = fault_none;
                c->said = (Outage){0};
        }
        c->is_registered = false;
        c->n_locked = 0;
        c->peers = peers;
        c->discovers = discovers;
        c->discovered_is_read = false;
        c->stage = CLAIMS_LOOK;
        claims_ask(c);
}

void claims_register(Claims *c)
{
        c->register_usec = 0;
        c->register_again = c->task.task && c->stage == CLAIMS_REGISTER;
        claims_ask(c);
}

void claims_check_postgres(Claims *c)
{
        if (!c->outage.down)
                claims_ask(c);
}

void claims_stop(Claims *c)
{
        c->stopping = true;
        timer_cancel(&c->timer);
}

void claims_done(Claims *c)
{
        timer_cancel(&c->timer);
        peers_task_cancel(&c->task);
}
