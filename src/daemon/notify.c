/*
 * What always holds: while there is something to tell that has no pause, and somebody to tell it, a
 * message or the question before it is under way, or the timer is armed.
 */
#include "daemon/notify.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/notify_lines.h"
#include "daemon/notify_trial.h"
#include "http/ca_file.h"
#include "mirror/outcomes.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_USEC      USEC_PER_SEC
#define FIRST_SHARE          12 /* of the time between messages: what happens together goes together */
#define RETRY_FLOOR_USEC     USEC_PER_SEC
#define RETRY_CEILING_USEC   (5 * USEC_PER_MINUTE)
#define CONNECT_TIMEOUT_USEC (10 * USEC_PER_SEC)
#define REQUEST_TIMEOUT_USEC (30 * USEC_PER_SEC)
#define QUESTION_USEC        (10 * USEC_PER_SEC) /* how long PostgreSQL's answer is waited for */

static time_t notify_time(const Notify *n)
{
        return (time_t)(n->take(n->userdata).now_usec / (int64_t)USEC_PER_SEC);
}

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
        if (!n->http || n->n_sent > 0 || n->question.task || timer_is_armed(&n->timer))
                return;
        uint64_t now = clock_monotonic_usec(), delay = n->every_usec / FIRST_SHARE;
        bool waits = subjects_count_to_tell(&n->subjects, now) > 0;
        if (waits)
                n->transfer = http_cancel(n->transfer); /* that only asks */
        if (n->transfer || (!waits && n->answered))
                return;
        if (n->sent_usec > 0 && n->sent_usec + n->every_usec > now + delay)
                delay = n->sent_usec + n->every_usec - now;
        notify_send_later(n, delay);
}

static void notify_try_again(Notify *n, uint64_t delay, uint64_t pause, bool log_it,
                             const char *why)
{
        size_t n_untold = subjects_count_to_tell(&n->subjects, clock_monotonic_usec());
        char text[DURATION_STRING_SIZE];
        if (pause > delay)
                delay = pause;
        if (log_it && n_untold == 0)
                log_warning("the receiver of [notify] cannot be reached (%s), so nobody is told of "
                            "changes; trying again in %s",
                            why, duration_format_short(delay, text));
        else if (log_it)
                log_warning("the receiver of [notify] took no message (%s); %zu change%s to tell, "
                            "trying again in %s",
                            why, n_untold, text_plural(n_untold),
                            duration_format_short(delay, text));
        notify_send_later(n, delay);
}

static void notify_on_answer(const HttpResponse *response, void *userdata)
{
        Notify *n = userdata;
        int status = response->status;
        uint64_t now = clock_monotonic_usec(), delay, lasted;
        size_t n_sent = n->n_sent;
        NotifyFate fate = notify_fate(status);
        char why[64];
        n->transfer = NULL;
        n->n_sent = 0;
        if (status)
                (void)snprintf(why, sizeof(why), "HTTP %d", status);
        else
                (void)snprintf(why, sizeof(why), "%s", fault_code_name(response->fault.code));
        n->answered = n->answered || status > 0;
        subjects_settle(&n->subjects, n_sent, fate, now);
        if (fate == NOTIFY_UNFIT && n_sent > 1) { /* half as many may do, now */
                notify_send_later(n, 0);
                return;
        }
        if (n_sent == 0 && status > 0)
                fate = NOTIFY_TAKEN; /* it was only asked whether it is there */
        bool refuses = fate == NOTIFY_UNFIT || fate == NOTIFY_DECLINED;
        if (refuses != n->refuses)
                outage_log_next(&n->outage); /* what was logged is not so any more */
        n->refuses = refuses;
        bool log_it = fate == NOTIFY_TAKEN ? outage_over(&n->outage, now, &lasted)
                                           : outage_failed(&n->outage, &response->fault, now,
                                                           clock_random(), &delay);
        if (fate == NOTIFY_IN_DOUBT) {
                notify_try_again(n, delay, response->retry_after_usec, log_it, why);
                return;
        }
        size_t n_untold = subjects_count_untold(&n->subjects);
        if (log_it && fate != NOTIFY_TAKEN)
                log_warning("the receiver of [notify] refuses a message (%s); %zu change%s to tell "
                            "later; check url_file and format, then reload",
                            why, n_untold, text_plural(n_untold));
        else if (log_it)
                log_info("the receiver of [notify] %s again",
                         n_sent > 0 ? "takes messages" : "can be reached");
        if (n->form.alerts && fate == NOTIFY_TAKEN && n_sent == LIMIT_NOTIFY_EVENTS)
                notify_send_later(n, 0); /* those that had no place in it */
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

/* As many of the subjects go with the message as it holds. The others, of all that are to be told
 * of, are counted in it, and follow in further ones. */
static int notify_start(Notify *n, NotifySubject *const *subjects, size_t *n_subjects, size_t all)
{
        _cleanup_(text_done) Text body = {0};
        char complaint[TEMPLATE_COMPLAINT_BYTES];
        int r;
        for (size_t *shown = n_subjects;; *shown /= 2) {
                r = notify_render(&n->form, subjects, *shown, all - *shown, notify_time(n), &body,
                                  complaint);
                if (r < 0 || body.size <= n->body_max_bytes || *shown == 1)
                        break;
                text_reset(&body);
        }
        const HttpRequest request = {.method = HTTP_POST,
                                     .url = n->url.data,
                                     .json = body.data,
                                     .body_max_bytes = LIMIT_NOTIFY_ANSWER_BYTES};
        return r < 0 ? r : http_start(n->http, &request, notify_on_answer, n, &n->transfer);
}

/* answered: PostgreSQL has been asked about what goes. */
static void notify_send_message(Notify *n, bool answered)
{
        uint64_t now = clock_monotonic_usec();
        NotifySubject *subjects[LIMIT_NOTIFY_EVENTS];
        size_t n_sent = subjects_choose(&n->subjects, now, answered, subjects, LIMIT_NOTIFY_EVENTS);
        if (n_sent == 0 && answered) {
                notify_send(n); /* what else there is */
                return;
        }
        if (n_sent == 0) {
                notify_ask(n);
                return;
        }
        int r = notify_start(n, subjects, &n_sent, subjects_count_to_tell(&n->subjects, now));
        n->sent_usec = now;
        if (r < 0) {
                log_warning("a message to the receiver of [notify] waits: %s", strerrordesc_np(-r));
                notify_send_later(n, n->every_usec);
                return;
        }
        n->n_sent = n_sent;
        for (size_t i = 0; i < n_sent; i++)
                subjects[i]->sent = subjects[i]->now;
}

static void notify_give_up_question(void *userdata)
{
        Notify *n = userdata;
        peers_task_cancel(&n->question);
        notify_send_message(n, false);
}

/* Where it is otherwise, somebody else has synced it; another instance has told it. An alert may be
 * told twice; what people were told leaves its place to others, which are asked about first. */
static void notify_on_outcome(const MirrorOutcome *o, const Fault *fault, void *userdata)
{
        Notify *n = userdata;
        if (!o) {
                peers_task_end(&n->question);
                timer_cancel(&n->timer);
                if (n->told_elsewhere)
                        notify_send(n);
                else
                        notify_send_message(n, fault->scope == FAULT_NONE);
                return;
        }
        char text[NOTIFY_TEXT_BYTES];
        NotifyState now = notify_state_of_outcome(o->run.outcome);
        NotifySubject *s = subjects_answered(&n->subjects, &o->edge);
        if (!s || o->run.outcome == OUTCOME_NONE || o->run.run_id < s->run_id || now == s->now)
                return;
        bool unrecorded = s->unrecorded;
        s->run_id = o->run.run_id;
        s->unrecorded = false;
        notify_edge_line(s->name, now, o->message, text);
        subject_set(&n->subjects, s, now, now == NOTIFY_WELL ? CODE_NONE : o->code, text,
                    notify_time(n));
        s->told = n->form.alerts || (unrecorded && s->told != now) ? NOTIFY_UNKNOWN : now;
        s->told_usec = clock_monotonic_usec();
        n->told_elsewhere = !n->form.alerts;
}

/* Another instance may have synced an edge since it was seen here: while the receiver was away, or
 * the time for the next message had not come. */
static void notify_send(void *userdata)
{
        Notify *n = userdata;
        NotifySubject *subjects[LIMIT_NOTIFY_EVENTS];
        Uuid edges[LIMIT_NOTIFY_EVENTS];
        size_t count = subjects_choose(&n->subjects, clock_monotonic_usec(), false, subjects,
                                       LIMIT_NOTIFY_EVENTS);
        count = subjects_ask(&n->subjects, subjects, count, edges);
        bool may_ask = count > 0 && n->peers && !n->take(n->userdata).postgres_fault;
        int r = may_ask ? mirror_outcomes(n->peers->mirror, edges, count, n->form.alerts,
                                          notify_on_outcome, n, &n->question.task)
                        : -EAGAIN;
        n->told_elsewhere = false;
        if (peers_task_begin(&n->question, n->peers, r) < 0) {
                notify_send_message(n, false);
                return;
        }
        r = timer_start(&n->timer, n->event, QUESTION_USEC, USEC_PER_SEC, notify_give_up_question,
                        n);
        if (r < 0)
                log_error("the timer for messages cannot be set: %s", strerrordesc_np(-r));
}

/* ---- what has changed ----------------------------------------------------------------------- */

/* It is seen in a state, which may be that of before. */
static void notify_see(Notify *n, NotifySubject *s, NotifyState now, const Fault *fault,
                       const char *text)
{
        subject_set(&n->subjects, s, now, now == NOTIFY_WELL ? CODE_NONE : fault->code, text,
                    notify_time(n));
        if (s->told == now && s->told_usec == 0 && (n->form.alerts || now != NOTIFY_WELL))
                s->told = NOTIFY_UNKNOWN; /* another receiver, to whom it is news */
        if (s->told != now)
                notify_schedule(n);
}

/* NULL: it is not synced. */
static const char *notify_name_of(const Notify *n, const Uuid *edge)
{
        const ConfigEdge *e = n->edge(edge, n->userdata);
        return e ? e->name : NULL;
}

/* Nothing is told under its labels any more: text says why. */
static bool notify_is_over(Notify *n, const NotifySubject *s, char text[static NOTIFY_TEXT_BYTES])
{
        bool of_edge = s->kind == NOTIFY_EDGE;
        const char *now = of_edge ? notify_name_of(n, &s->edge) : s->name;
        const char *of = of_edge ? "edge " : "";
        if (!now)
                (void)snprintf(text, NOTIFY_TEXT_BYTES, "edge %s: is not synced here any more",
                               s->name);
        else if (!text_equal(now, s->name))
                (void)snprintf(text, NOTIFY_TEXT_BYTES, "edge %s: is called %s now", s->name, now);
        else if (!text_equal(n->form.catalog, s->catalog))
                (void)snprintf(text, NOTIFY_TEXT_BYTES, "%s%s: the catalog is %s now", of, s->name,
                               n->form.catalog);
        else
                return false;
        return true;
}

void notify_edges_changed(Notify *n)
{
        char text[NOTIFY_TEXT_BYTES];
        NotifySubject *next;
        for (NotifySubject *s = n->form.catalog ? TAILQ_FIRST(&n->subjects) : NULL; s; s = next) {
                next = TAILQ_NEXT(s, others);
                if (!s->over && notify_is_over(n, s, text))
                        subject_end(&n->subjects, s, text, notify_time(n));
        }
        notify_schedule(n);
}

/* Another instance may have told otherwise since it was told here. */
static bool notify_has_waited(const Notify *n, const NotifySubject *s)
{
        time_t usual = (time_t)(2 * n->every_usec / USEC_PER_SEC);
        return s->told != s->now && notify_time(n) > s->time + usual;
}

/* Whether the receiver may have heard of the edge from another instance since it was seen here. Of
 * what was not recorded that one knew nothing. */
static bool notify_may_be_told_elsewhere(const Notify *n, const NotifySubject *s,
                                         const EndedRun *before, const EndedRun *run)
{
        if (before->outcome == OUTCOME_NONE)
                return n->form.alerts;
        return (before->run_id > s->run_id && s->now != notify_state_of_outcome(before->outcome)) ||
               (s->unrecorded && !run->unrecorded) || notify_has_waited(n, s);
}

/* What went from here may have come last. For people that is asked only where it went late, or
 * nobody else knew of it: an alert may be told twice, they would hear it twice. */
static void notify_seen_elsewhere(const Notify *n, NotifySubject *s, NotifyState was)
{
        bool in_doubt = s->told == NOTIFY_UNKNOWN || s->late || notify_has_waited(n, s) ||
                        (s->unrecorded && s->told != was);
        s->told = in_doubt || n->form.alerts ? NOTIFY_UNKNOWN : was;
        s->told_usec = clock_monotonic_usec();
}

void notify_edge(Notify *n, const Uuid *edge, const EndedRun *before, const EndedRun *run,
                 const Fault *fault)
{
        char text[NOTIFY_TEXT_BYTES];
        NotifyState was = notify_state_of_outcome(before->outcome);
        NotifyState now = notify_state_of_outcome(run->outcome);
        const char *name = notify_name_of(n, edge);
        if (run->outcome == OUTCOME_ABORTED || !n->form.catalog || !name)
                return;
        NotifySubject *s = subjects_find(&n->subjects, NOTIFY_EDGE, name, n->form.catalog);
        if (!s) /* if it was told so, it was not from here */
                s = subjects_add(&n->subjects, NOTIFY_EDGE, name, n->form.catalog, was);
        else if (!s->over && notify_may_be_told_elsewhere(n, s, before, run))
                notify_seen_elsewhere(n, s, was);
        if (!s)
                return; /* no memory: it is as new by the next sync */
        s->edge = *edge;
        s->run_id = run->run_id;
        s->unrecorded = run->unrecorded;
        s->over = false;
        notify_edge_line(name, now, fault->message, text);
        notify_see(n, s, now, fault, text);
}

/* answers: it is known to, where there is no fault. An alert may be that of this instance before it
 * was started again. */
static void notify_peer(Notify *n, NotifyKind kind, const Fault *fault, const char *words,
                        ServiceRefused refused, bool answers)
{
        char text[NOTIFY_TEXT_BYTES];
        NotifyState now = notify_state_of_peer(fault, refused);
        NotifySubject *s = subjects_find(&n->subjects, kind, notify_kinds[kind], n->form.catalog);
        if (!s && (now != NOTIFY_WELL || (n->form.alerts && answers)))
                s = subjects_add(&n->subjects, kind, notify_kinds[kind], n->form.catalog,
                                 now == NOTIFY_WELL ? NOTIFY_UNKNOWN : NOTIFY_WELL);
        if (!s || (now == NOTIFY_WELL && !answers))
                return;
        s->over = false;
        notify_peer_line(kind, fault, words, text);
        notify_see(n, s, now, fault, text);
}

/* An alert ends, or Alertmanager, started again, has forgotten it. Whether an edge has still failed
 * is not known without PostgreSQL. */
static void notify_keep_alerts(Notify *n, bool of_edges)
{
        uint64_t now = clock_monotonic_usec(), again_usec = notify_again_usec(&n->form);
        NotifySubject *s;
        TAILQ_FOREACH(s, &n->subjects, others) {
                if (s->told == s->now && s->now != NOTIFY_WELL && s->told_usec > 0 &&
                    now - s->told_usec >= again_usec && (of_edges || s->kind != NOTIFY_EDGE))
                        s->told = NOTIFY_UNKNOWN;
        }
}

static void notify_look(void *userdata)
{
        Notify *n = userdata;
        ServiceSnapshot snapshot = n->take(n->userdata);
        if (snapshot.stopping)
                return;
        notify_peer(n, NOTIFY_CATALOG, snapshot.catalog_fault, NULL, SERVICE_REFUSED_QUEUE,
                    snapshot.catalog_answers);
        notify_peer(n, NOTIFY_POSTGRES,
                    snapshot.postgres_fault ? snapshot.postgres_fault : snapshot.statement_fault,
                    service_postgres_words(&snapshot),
                    snapshot.postgres_fault ? SERVICE_REFUSED_QUEUE : snapshot.refused,
                    !snapshot.registering);
        if (n->form.alerts)
                notify_keep_alerts(n, !snapshot.postgres_fault);
        notify_schedule(n); /* the pause of what was declined may be over */
        int r = timer_start(&n->look_timer, n->event, LOOK_EVERY_USEC, LOOK_EVERY_USEC / 4,
                            notify_look, n);
        if (r < 0)
                log_error("the timer by which peers are looked at cannot be set: %s",
                          strerrordesc_np(-r));
}

/* ---- configuration -------------------------------------------------------------------------- */

/* Whose address stands in the file; its form is open already. */
static int notify_open(Notify *n, const Config *config, Fault *ret_fault)
{
        const ConfigNotify *c = &config->notify;
        bool plain_http;
        int r = config_read_webhook(c, &n->url, &plain_http, ret_fault);
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
        return http_client_new(n->event, &options, &n->http) < 0 ? fault_no_memory(ret_fault) : 0;
}

static void notify_close(Notify *n)
{
        peers_task_cancel(&n->question);
        n->transfer = http_cancel(n->transfer);
        subjects_settle(&n->subjects, n->n_sent, NOTIFY_IN_DOUBT, clock_monotonic_usec());
        n->n_sent = 0;
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
        subjects_init(&n->subjects);
        outage_init(&n->outage, RETRY_FLOOR_USEC, RETRY_CEILING_USEC);
}

static void notify_adopt_receiver(Notify *n)
{
        bool another = n->receiver.size > 0 && (!text_equal(n->url.data, n->receiver.data) ||
                                                n->form.alerts != n->receiver_of_alerts);
        subjects_start_again(&n->subjects, another);
        text_wipe(&n->receiver);
        (void)text_append(&n->receiver, n->url.data, n->url.size);
        n->receiver_of_alerts = n->form.alerts;
}

void notify_configure(Notify *n, Peers *peers, const Config *config)
{
        Fault fault;
        notify_close(n);
        n->peers = peers;
        n->every_usec = config->notify.every_usec;
        n->sent_usec = 0;
        n->answered = false;
        outage_log_next(&n->outage); /* it may be another receiver */
        if (config_notify_is_unused(&config->notify))
                log_warning("[notify] has no url_file, so nobody is told of changes");
        if (!config->notify.url_file) {
                subjects_done(&n->subjects);
                text_wipe(&n->receiver);
                return;
        }
        n->form.instance = strdup(config->daemon.instance);
        n->form.alerts = config->notify.format == CONFIG_NOTIFY_ALERTMANAGER &&
                         !config->notify.template_file;
        bool teams = config->notify.format == CONFIG_NOTIFY_TEAMS && !config->notify.template_file;
        n->body_max_bytes = teams ? LIMIT_NOTIFY_TEAMS_BYTES : SIZE_MAX;
        if (notify_form_open(&n->form, config, &fault) < 0 || notify_trial(&n->form, &fault) < 0 ||
            notify_open(n, config, &fault) < 0)
                log_error("nobody is told what has changed: %s", fault.message);
        else
                notify_adopt_receiver(n);
        if (!n->form.catalog)
                return;
        notify_edges_changed(n);
        notify_look(n);
}

void notify_done(Notify *n)
{
        size_t n_untold = subjects_count_untold(&n->subjects);
        if (n->http && n_untold > 0)
                log_warning("%zu change%s not sent to the receiver of [notify]", n_untold,
                            text_plural(n_untold));
        notify_close(n);
        subjects_done(&n->subjects);
        text_wipe(&n->receiver);
}
