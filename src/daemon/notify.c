/*
 * What always holds: while there is something to tell and somebody to tell it, a message is under
 * way or its timer is armed.
 */
#include "daemon/notify.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "http/ca_file.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_USEC      USEC_PER_SEC
#define FIRST_SHARE          12 /* of the time between messages: what happens together goes together */
#define RETRY_FLOOR_USEC     USEC_PER_SEC
#define RETRY_CEILING_USEC   (5 * USEC_PER_MINUTE)
#define PAUSE_MOST_USEC      USEC_PER_HOUR /* that a receiver may ask for */
#define CONNECT_TIMEOUT_USEC (10 * USEC_PER_SEC)
#define REQUEST_TIMEOUT_USEC (30 * USEC_PER_SEC)
#define PEER_AGAIN_USEC      (20 * USEC_PER_MINUTE)

/* ---- sending -------------------------------------------------------------------------------- */

static void notify_send(void *userdata);

static void notify_send_later(Notify *n, uint64_t delay_usec)
{
        int r = timer_start(&n->timer, n->event, delay_usec, delay_usec / 20, notify_send, n);
        if (r < 0)
                log_error("the timer for messages cannot be set: %s", strerrordesc_np(-r));
}

/* Unless it is on its way already. */
static void notify_schedule(Notify *n)
{
        uint64_t now = clock_monotonic_usec(), delay = n->every_usec / FIRST_SHARE;
        bool waits = n->queue.n + n->queue.n_more > 0;
        if (waits && n->queue.n_sent + n->queue.n_more_sent == 0)
                n->transfer = http_cancel(n->transfer); /* that only asks */
        if (!n->http || n->transfer || timer_is_armed(&n->timer) || (!waits && n->answered))
                return;
        if (n->sent_usec > 0 && n->sent_usec + n->every_usec > now + delay)
                delay = n->sent_usec + n->every_usec - now;
        notify_send_later(n, delay);
}

static bool answer_may_change(int status)
{
        return status == 0 || status == 408 || status == 429 || status >= 500;
}

static void notify_try_again(Notify *n, const HttpResponse *response, const char *why)
{
        uint64_t delay, pause = response->retry_after_usec;
        size_t n_waiting = n->queue.n + n->queue.n_more;
        char text[DURATION_STRING_SIZE];
        notify_queue_keep_sent(&n->queue);
        bool log_it = outage_failed(&n->outage, &response->fault, clock_monotonic_usec(),
                                    clock_random(), &delay);
        if (pause > delay)
                delay = pause < PAUSE_MOST_USEC ? pause : PAUSE_MOST_USEC;
        if (log_it && n_waiting == 0)
                log_warning("the receiver of [notify] cannot be reached (%s), so nobody is told of "
                            "changes; trying again in %s",
                            why, duration_format_short(delay, text));
        else if (log_it)
                log_warning("the receiver of [notify] took no message (%s); %zu change%s to tell, "
                            "trying again in %s",
                            why, n_waiting, text_plural(n_waiting),
                            duration_format_short(delay, text));
        notify_send_later(n, delay);
}

/* The same again would be refused again: it is told as it is when it is seen next. */
static void notify_refused(Notify *n, const char *why, size_t n_refused)
{
        for (size_t i = 0; i < n->queue.n_sent; i++) {
                const NotifyEvent *e = &n->queue.events[i];
                n->doubted[e->kind] = true;
                if (e->kind == NOTIFY_EDGE)
                        told_doubt(&n->told, &e->edge);
        }
        if (n->queue.n_more_sent > 0)
                told_doubt_all(&n->told);
        log_warning("the receiver of [notify] refuses a message (%s); %zu change%s to tell later, "
                    "check url_file and format",
                    why, n_refused, text_plural(n_refused));
}

static void notify_on_answer(const HttpResponse *response, void *userdata)
{
        Notify *n = userdata;
        /* of an answer that was too long to be read, the status is all that matters as well */
        int status = response->status;
        bool taken = status >= 200 && status <= 299;
        size_t n_lost = n->queue.n_sent + n->queue.n_more_sent;
        char why[64];
        uint64_t lasted;
        n->transfer = NULL;
        if (status)
                (void)snprintf(why, sizeof(why), "HTTP %d", status);
        else
                (void)snprintf(why, sizeof(why), "%s", fault_code_name(response->fault.code));
        n->answered = n->answered || status > 0;
        if (n_lost == 0 ? status == 0 : answer_may_change(status)) {
                notify_try_again(n, response, why);
                return;
        }
        if (!taken && n_lost > 0)
                notify_refused(n, why, n_lost);
        else if (outage_over(&n->outage, clock_monotonic_usec(), &lasted))
                log_info("the receiver of [notify] %s again",
                         n_lost > 0 ? "takes messages" : "can be reached");
        bool full = n->queue.n_sent == LIMIT_NOTIFY_EVENTS;
        notify_queue_drop_sent(&n->queue);
        if (taken && full && n->queue.n > 0 && n->form.alerts)
                notify_send_later(n, 0);
        else
                notify_schedule(n);
}

/* Whether the receiver is there: what it answers does not matter. */
static void notify_ask(Notify *n)
{
        const HttpRequest request = {.method = HTTP_HEAD,
                                     .url = n->url.data,
                                     .body_max_bytes = LIMIT_NOTIFY_ANSWER_BYTES};
        if (!n->answered && http_start(n->http, &request, notify_on_answer, n, &n->transfer) < 0)
                notify_send_later(n, n->every_usec);
}

static void notify_send(void *userdata)
{
        Notify *n = userdata;
        _cleanup_(text_done) Text body = {0};
        const char *complaint;
        if (n->queue.n + n->queue.n_more == 0) {
                notify_ask(n);
                return;
        }
        size_t n_sent = n->queue.n < LIMIT_NOTIFY_EVENTS ? n->queue.n : LIMIT_NOTIFY_EVENTS;
        size_t shown = n_sent;
        int r = notify_render(&n->form, n->queue.events, shown, n->queue.n_more, &body, &complaint);
        while (r >= 0 && body.size > n->body_max_bytes && shown > 1) {
                shown /= 2;
                text_reset(&body);
                r = notify_render(&n->form, n->queue.events, shown,
                                  n->queue.n_more + n_sent - shown, &body, &complaint);
        }
        const HttpRequest request = {.method = HTTP_POST,
                                     .url = n->url.data,
                                     .json = body.data,
                                     .body_max_bytes = LIMIT_NOTIFY_ANSWER_BYTES};
        if (r >= 0)
                r = http_start(n->http, &request, notify_on_answer, n, &n->transfer);
        n->sent_usec = clock_monotonic_usec();
        n->queue.n_sent = r < 0 ? 0 : n_sent;
        n->queue.n_more_sent = r < 0 ? 0 : n->queue.n_more;
        if (r < 0) {
                log_warning("a message to the receiver of [notify] waits: %s", strerrordesc_np(-r));
                notify_send_later(n, n->every_usec);
        }
}

/* ---- what has changed ----------------------------------------------------------------------- */

static void notify_add(Notify *n, NotifyEvent *event, const Fault *fault)
{
        ServiceSnapshot snapshot = n->take(n->userdata);
        event->time = (time_t)(snapshot.now_usec / (int64_t)USEC_PER_SEC);
        event->code = event->state == NOTIFY_WELL ? CODE_NONE : fault->code;
        notify_queue_put(&n->queue, event);
        notify_schedule(n);
}

static NotifyState state_of_outcome(SyncOutcome outcome)
{
        static const NotifyState of[SYNC_OUTCOMES] = {
                [OUTCOME_HELD] = NOTIFY_HELD,
                [OUTCOME_UNSTABLE] = NOTIFY_UNSTABLE,
                [OUTCOME_FAILED] = NOTIFY_FAILED,
        };
        return of[outcome]; /* an edge that was never synced is well */
}

static const char *notify_name_of(const Uuid *edge, void *userdata)
{
        Notify *n = userdata;
        const ConfigEdge *e = n->edge(edge, n->userdata);
        return e ? text_printable(e->name, strlen(e->name), n->name, sizeof(n->name)) : NULL;
}

/* What was told under a name that is no edge's any more is over. In the queue it is another edge
 * than that of the new name. */
static void notify_names(Notify *n)
{
        const ToldEdge *e;
        while ((e = told_find_over(&n->told, notify_name_of, n))) {
                NotifyEvent event = {
                        .kind = NOTIFY_EDGE, .before = NOTIFY_FAILED, .state = NOTIFY_WELL};
                const char *now = notify_name_of(&e->edge, n);
                for (size_t i = 0; i < sizeof(event.edge.bytes); i++)
                        event.edge.bytes[i] = (uint8_t)~e->edge.bytes[i];
                (void)snprintf(event.name, sizeof(event.name), "%s", e->name);
                (void)snprintf(event.text, sizeof(event.text), "edge %s: %s%s%s", e->name,
                               now ? "is called " : "is not synced here any more", now ? now : "",
                               now ? " now" : "");
                notify_add(n, &event, NULL);
        }
}

void notify_edge(Notify *n, const Uuid *edge, const char *name, SyncOutcome before,
                 SyncOutcome outcome, const Fault *fault)
{
        NotifyEvent event = {.kind = NOTIFY_EDGE,
                             .edge = *edge,
                             .before = state_of_outcome(before),
                             .state = state_of_outcome(outcome)};
        if (outcome == OUTCOME_ABORTED)
                return;
        if (!n->http) {
                if (event.before != event.state)
                        told_doubt(&n->told, edge);
                return;
        }
        notify_names(n);
        text_printable(name, strlen(name), event.name, sizeof(event.name));
        event.before =
                told_record(&n->told, edge, event.name, event.before, event.state, n->form.alerts);
        if (event.before == event.state)
                return;
        bool well = event.state == NOTIFY_WELL;
        (void)snprintf(event.text, sizeof(event.text), "edge %s: %s%s%s", event.name,
                       well ? "well again" : notify_states[event.state], well ? "" : ": ",
                       well ? "" : fault->message);
        notify_add(n, &event, fault);
}

static void notify_peer(Notify *n, NotifyKind kind, const char *name, const Fault *fault)
{
        NotifyEvent event = {.kind = kind,
                             .before = n->peers[kind],
                             .state = !fault           ? NOTIFY_WELL
                                      : fault->refused ? NOTIFY_REFUSED
                                                       : NOTIFY_AWAY};
        uint64_t now = clock_monotonic_usec();
        bool again = (n->doubted[kind] || (n->form.alerts && event.state != NOTIFY_WELL)) &&
                     now - n->peers_usec[kind] >= PEER_AGAIN_USEC;
        if (event.before == event.state && !again)
                return;
        if (event.before == event.state)
                event.before = NOTIFY_UNKNOWN; /* it is told, although it is as before */
        n->doubted[kind] = false;
        n->peers[kind] = event.state;
        n->peers_usec[kind] = now;
        (void)snprintf(event.name, sizeof(event.name), "%s", notify_kinds[kind]);
        char what[64];
        (void)snprintf(what, sizeof(what), "%s %s", name,
                       !fault           ? "can be used again"
                       : fault->refused ? "refuses the credentials"
                                        : "cannot be used");
        bool words = fault && !fault->refused && kind == NOTIFY_POSTGRES;
        (void)snprintf(event.text, sizeof(event.text), "%s%s%s",
                       words ? fault_postgres_words(fault) : what, fault ? ": " : "",
                       fault ? fault->message : "");
        notify_add(n, &event, fault);
}

static void notify_look(void *userdata)
{
        Notify *n = userdata;
        ServiceSnapshot snapshot = n->take(n->userdata);
        if (snapshot.stopping)
                return;
        notify_names(n);
        notify_peer(n, NOTIFY_CATALOG, "the catalog", snapshot.catalog_fault);
        notify_peer(n, NOTIFY_POSTGRES, "PostgreSQL", snapshot.postgres_fault);
        int r = timer_start(&n->look_timer, n->event, LOOK_EVERY_USEC, LOOK_EVERY_USEC / 4,
                            notify_look, n);
        if (r < 0)
                log_error("the timer for messages cannot be set: %s", strerrordesc_np(-r));
}

/* ---- configuration -------------------------------------------------------------------------- */

static int notify_open(Notify *n, const Config *config, Fault *ret_fault)
{
        const ConfigNotify *c = &config->notify;
        bool plain_http;
        int r = config_read_webhook(c, &n->url, &plain_http, ret_fault);
        if (r >= 0)
                r = notify_form_open(&n->form, config, ret_fault);
        if (r >= 0)
                r = ca_file_check("[notify]", c->ca_file, ret_fault);
        if (r < 0)
                return r;
        const HttpClientOptions options = {
                .user_agent = "edgemirror/" EDGEMIRROR_VERSION,
                .ca_file = c->ca_file,
                .proxy = plain_http ? NULL : c->proxy, /* loopback */
                .max_in_flight = 1,
                .connect_timeout_usec = CONNECT_TIMEOUT_USEC,
                .request_timeout_usec = REQUEST_TIMEOUT_USEC,
                .allow_http = plain_http,
                .uncounted = true,
        };
        if (!n->queue.events || http_client_new(n->event, &options, &n->http) < 0)
                return fault_no_memory(ret_fault);
        return 0;
}

static void notify_close(Notify *n)
{
        n->transfer = http_cancel(n->transfer);
        n->http = http_client_free(n->http);
        timer_cancel(&n->timer);
        timer_cancel(&n->look_timer);
        text_wipe(&n->url);
        notify_form_close(&n->form);
}

void notify_init(Notify *n, sd_event *event, ServiceSnapshotTake take, NotifyFindEdge edge,
                 void *userdata)
{
        *n = (Notify){.event = event, .take = take, .edge = edge, .userdata = userdata};
        outage_init(&n->outage, RETRY_FLOOR_USEC, RETRY_CEILING_USEC);
}

void notify_configure(Notify *n, const Config *config)
{
        Fault fault;
        notify_close(n);
        notify_queue_keep_sent(&n->queue);
        n->every_usec = config->notify.every_usec;
        n->sent_usec = 0;
        n->answered = false;
        outage_log_next(&n->outage); /* it may be another receiver */
        if (!config->notify.url_file) {
                told_done(&n->told);
                n->queue.n = n->queue.n_more = 0;
                return;
        }
        n->form.instance = strdup(config->daemon.instance);
        /* An alert that is only counted would never come, or never end. */
        n->form.alerts = config->notify.format == CONFIG_NOTIFY_ALERTMANAGER &&
                         !config->notify.template_file;
        bool teams = config->notify.format == CONFIG_NOTIFY_TEAMS && !config->notify.template_file;
        n->body_max_bytes = teams ? LIMIT_NOTIFY_TEAMS_BYTES : SIZE_MAX;
        n->queue.most = n->form.alerts ? LIMIT_NOTIFY_ALERTS : LIMIT_NOTIFY_EVENTS;
        if (!n->queue.events) /* what is never used of it takes no memory */
                n->queue.events = calloc(LIMIT_NOTIFY_ALERTS, sizeof(*n->queue.events));
        if (notify_open(n, config, &fault) < 0) {
                notify_close(n);
                log_error("nobody is told what has changed: %s", fault.message);
                return;
        }
        notify_look(n);
        notify_schedule(n);
}

void notify_done(Notify *n)
{
        if (n->http && n->queue.n + n->queue.n_more > 0)
                log_warning("%zu change%s not sent to the receiver of [notify]",
                            n->queue.n + n->queue.n_more,
                            text_plural(n->queue.n + n->queue.n_more));
        notify_close(n);
        told_done(&n->told);
        free(n->queue.events);
        n->queue.events = NULL;
        n->queue.n = n->queue.n_sent = n->queue.n_more = n->queue.n_more_sent = 0;
}
