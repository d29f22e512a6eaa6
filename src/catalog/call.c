/*
 * What always holds: a call is on its catalog's list until it is over; auth's header goes only into
 * requests to the configured origin. While there is a repeater, its timer is armed, or
 * its request or the control's is under way or waits for the header. When calls wait and could go
 * on, `release` is armed.
 */
#include "catalog/call.h"
#include "base/clock.h"
#include "base/duration.h"
#include <errno.h>
#include <string.h>

#define AGAIN_USEC (1 * USEC_PER_SEC) /* after a 401; and up to as much again */

enum { TRIES_MAX = 5 };

static int catalog_on_release(sd_event_source *source, void *userdata);
static void catalog_release(void *userdata);

int catalog_new(HttpClient *http, const CatalogOptions *options, Catalog **ret)
{
        _cleanup_(cleanup_catalog) Catalog *c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        TAILQ_INIT(&c->calls);
        c->http = http;
        c->base_url = options->base_url;
        int r = auth_new(&options->auth, catalog_release, c, &c->auth);
        if (r >= 0)
                r = sd_event_add_defer(http_client_event(http), &c->release, catalog_on_release, c);
        if (r >= 0)
                r = sd_event_source_set_enabled(c->release, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE(c);
        return 0;
}

/* ---- what was accepted, and refused --------------------------------------------------------- */

/* With the secret of now. */
static bool accepted_counts(const Accepted *a, const Catalog *c)
{
        return a->url && a->secret_number == auth_secret_number(c->auth);
}

/* A list is what may be asked for anew at will; of a refresh, the list of its edge is remembered
 * where there is no better. No memory: nothing is remembered. */
static void call_remember_accepted(const CatalogCall *call)
{
        Accepted *a = call->catalog->accepted;
        bool is_list = call->of_edge && call->method == HTTP_GET;
        bool is_refresh = call->method == HTTP_POST;
        const char *source = is_list                                            ? call->url
                             : is_refresh && !accepted_counts(a, call->catalog) ? call->list_url
                                                                                : NULL;
        char *url = source ? strdup(source) : NULL;
        if (!url)
                return;
        if (a[0].url && !uuid_equal(&a[0].edge, &call->id)) {
                free(a[1].url);
                a[1] = a[0];
                a[0].url = NULL;
        }
        free(a[0].url);
        a[0] = (Accepted){.edge = call->id,
                          .url = url,
                          .secret_number = auth_secret_number(call->catalog->auth)};
}

/* Of another edge than the call names, or else another list of the same. */
static const Accepted *call_other_accepted(const CatalogCall *call)
{
        const Accepted *same = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(call->catalog->accepted); i++) {
                const Accepted *a = &call->catalog->accepted[i];
                if (!accepted_counts(a, call->catalog))
                        continue;
                if (!uuid_equal(&a->edge, &call->id))
                        return a;
                if (strcmp(a->url, call->url) != 0)
                        same = a;
        }
        return same;
}

static void refusal_done(Refusal *r)
{
        free(r->content_type);
        text_wipe(&r->body);
        *r = (Refusal){0};
}

static void catalog_remember_refusal(Catalog *c, const HttpResponse *response)
{
        refusal_done(&c->refusal);
        c->refusal.content_type = strdup(response->content_type);
        if (response->body_size <= LIMIT_PROBLEM_MAX_BYTES)
                (void)text_append(&c->refusal.body, response->body, response->body_size);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void call_leave(CatalogCall *call)
{
        TAILQ_REMOVE(&call->catalog->calls, call, entry);
        call->state = CALL_OVER;
}

static void call_free(CatalogCall *call)
{
        free(call->url);
        free(call->list_url);
        free(call);
}

/* Whoever waited goes on. */
static void catalog_release(void *userdata)
{
        Catalog *c = userdata;
        (void)sd_event_source_set_enabled(c->release, SD_EVENT_ONESHOT);
}

static void catalog_doubt_end(Catalog *c)
{
        doubt_end(auth_doubt(c->auth));
        c->repeater = c->control = NULL;
        timer_cancel(&c->again);
        catalog_release(c);
}

static void catalog_on_again(void *userdata);

static int catalog_again_after(Catalog *c, uint64_t usec)
{
        return timer_start(&c->again, http_client_event(c->http), usec, 10 * USEC_PER_MSEC,
                           catalog_on_again, c);
}

/* The control is answered, or over without an answer: the repeater is next, or, when its 401 counts
 * for all, everyone who waits. */
static void catalog_control_end(Catalog *c)
{
        c->control = NULL;
        if (!auth_doubt(c->auth)->refused && catalog_again_after(c, 0) >= 0)
                return;
        c->repeater->state = CALL_WAITS_DOUBT;
        catalog_doubt_end(c);
}

/* The call is over, in whatever way. */
static void call_leave_doubt(CatalogCall *call)
{
        Catalog *c = call->catalog;
        if (c->repeater == call)
                catalog_doubt_end(c);
        else if (c->control == call)
                catalog_control_end(c);
}

CatalogCall *catalog_cancel(CatalogCall *call)
{
        if (!call || call->state == CALL_OVER) /* it is freed after its callback */
                return NULL;
        (void)http_cancel(call->transfer);
        call_leave_doubt(call);
        call_leave(call);
        call_free(call);
        return NULL;
}

Catalog *catalog_free(Catalog *c)
{
        if (!c)
                return NULL;
        CatalogCall *call;
        while ((call = TAILQ_FIRST(&c->calls)))
                (void)catalog_cancel(call);
        timer_cancel(&c->again);
        sd_event_source_disable_unref(c->release);
        (void)auth_free(c->auth);
        for (size_t i = 0; i < ARRAY_SIZE(c->accepted); i++)
                free(c->accepted[i].url);
        refusal_done(&c->refusal);
        free(c);
        return NULL;
}

int catalog_load_secret(Catalog *c, Fault *ret_fault)
{
        return auth_reload(c->auth, ret_fault);
}

bool catalog_reread_secret(Catalog *c)
{
        Fault fault;
        bool of_way = http_client_reload(c->http, &fault) > 0;
        if (of_way)
                auth_forget_failure(c->auth);
        return auth_reread(c->auth) || of_way;
}

bool catalog_has_token(const Catalog *c, uint64_t *ret_left_usec)
{
        return auth_is_acquired(c->auth, ret_left_usec);
}

static void call_on_response(const HttpResponse *response, void *userdata);

static bool call_may_send(void *userdata)
{
        CatalogCall *call = userdata;
        call->asked_usec = clock_boottime_usec();
        return !call->may_send || call->may_send(call->userdata);
}

/* Sends it, or lets it wait for the header; when that could not be acquired, too: it gets the fault
 * from the loop. */
static int call_send(CatalogCall *call)
{
        Catalog *c = call->catalog;
        Fault fault;
        int r = auth_prepare(c->auth, &fault);
        if (r <= 0) {
                call->state = CALL_WAITS_AUTH;
                if (r < 0)
                        catalog_release(c);
                return 0;
        }
        HttpRequest request = {
                .method = call->method,
                .url = call->url,
                .authorization = auth_header(c->auth),
                .body_max_bytes = LIMIT_BODY_MAX_BYTES,
                .fresh_connection = call->method == HTTP_POST,
                .may_send = call_may_send,
        };
        metric_add(METRIC_CATALOG_REQUESTS, call->operation, 1);
        if (call->tries > 0)
                metric_add(METRIC_CATALOG_RETRIES, 0, 1);
        call->state = CALL_SENT;
        call->generation = auth_generation(c->auth);
        return http_start(c->http, &request, call_on_response, call, &call->transfer);
}

/* The callback may free the catalog, cancel other calls and this one, so it leaves the list first.
 */
static void call_end(CatalogCall *call, const HttpResponse *response)
{
        _cleanup_(answer_text_done) AnswerText text = {0};
        Auth *auth = call->catalog->auth;
        CatalogAnswer answer;
        call_leave_doubt(call);
        call_leave(call);
        bool is_post = call->method == HTTP_POST;
        answer_classify(response, is_post ? 202 : 200, !is_post,
                        &(AnswerAuth){.advice = auth_advice(auth),
                                      .redact = auth_redact(auth),
                                      .of_edge = call->of_edge,
                                      .alone = call->alone},
                        &answer, &text);
        answer.requests = call->requests;
        answer.asked_usec = call->asked_usec;
        call->complete(call, response, &answer);
        call_free(call);
}

static void call_end_failed(CatalogCall *call, int error, const Fault *fault)
{
        call_end(call, &(HttpResponse){.error = error,
                                       .fault = *fault,
                                       .retry_after_usec = fault->retry_after_usec,
                                       .content_type = "",
                                       .location = "",
                                       .body = ""});
}

static void call_send_or_end(CatalogCall *call)
{
        Fault fault;
        int r = call_send(call);
        if (r >= 0)
                return;
        fault_not_begun(&fault, r, "the catalog cannot be asked");
        call_end_failed(call, r, &fault);
}

static void call_end_refused(CatalogCall *call)
{
        const Refusal *refusal = &call->catalog->refusal;
        call_end(call,
                 &(HttpResponse){.sent = call->requests > 0,
                                 .status = 401,
                                 .location = "",
                                 .content_type = refusal->content_type ? refusal->content_type : "",
                                 .body = refusal->body.data ? refusal->body.data : "",
                                 .body_size = refusal->body.size});
}

static void control_complete(CatalogCall *call _unused_, const HttpResponse *response _unused_,
                             const CatalogAnswer *general _unused_)
{
}

/* Not the repeater's, and about something else; NULL: none waits. */
static CatalogCall *catalog_find_other(Catalog *c)
{
        CatalogCall *call;
        TAILQ_FOREACH(call, &c->calls, entry)
                if (call->state == CALL_WAITS_DOUBT && !uuid_equal(&call->id, &c->repeater->id))
                        break;
        return call;
}

/* A request that goes out before the repeater's: what was accepted before, what waits, or a list.
 * NULL: there is none. */
static CatalogCall *catalog_find_control(Catalog *c)
{
        const Accepted *accepted = call_other_accepted(c->repeater);
        CatalogCall *call = accepted ? NULL : catalog_find_other(c);
        const char *url = accepted ? accepted->url : c->repeater->list_url;
        if (call || !url || call_new(c, METRIC_OPERATION_LIST, control_complete, NULL, &call) < 0)
                return call;
        call->id = accepted ? accepted->edge : c->repeater->id;
        call->of_edge = true;
        call->url = strdup(url);
        return call->url ? call : catalog_cancel(call);
}

static void catalog_on_again(void *userdata)
{
        Catalog *c = userdata;
        if (!auth_reread(c->auth) && !c->repeater->control_asked) {
                c->repeater->control_asked = true;
                c->control = catalog_find_control(c);
        }
        call_send_or_end(c->control ? c->control : c->repeater);
}

static CatalogCall *catalog_next_waiting(const Catalog *c)
{
        CatalogCall *call;
        TAILQ_FOREACH(call, &c->calls, entry)
                if (call->state == CALL_WAITS_AUTH ||
                    (call->state == CALL_WAITS_DOUBT && !c->repeater))
                        break;
        return call;
}

/* One call each time: the catalog may be gone after a callback. */
static int catalog_on_release(sd_event_source *source _unused_, void *userdata)
{
        Catalog *c = userdata;
        CatalogCall *call = catalog_next_waiting(c);
        Fault fault;
        if (!call)
                return 0;
        if (call->state == CALL_WAITS_DOUBT) {
                call->repeated = false;
                call->control_asked = false;
                if (auth_doubt(c->auth)->refused) {
                        catalog_release(c);
                        call_end_refused(call);
                        return 0;
                }
        }
        int r = auth_prepare(c->auth, &fault);
        if (r == 0) /* auth releases them again */
                return 0;
        catalog_release(c);
        if (r < 0)
                call_end_failed(call, r, &fault);
        else
                call_send_or_end(call);
        return 0;
}

/* True when a call that was answered 401 is under way again, or will be. */
static bool call_again(CatalogCall *call, const HttpResponse *response)
{
        Catalog *c = call->catalog;
        if (call->tries >= TRIES_MAX)
                return false;
        const DoubtCase doubt = {
                .not_ours = call->url_is_guess && !answer_is_standard_error(response),
                .repeated = call->repeated,
                .control = call == c->control,
        };
        switch (auth_on_401(c->auth, call->generation, &doubt)) {
        case DOUBT_NOW:
                return call_send(call) >= 0;
        case DOUBT_LATER:
                call->repeated = true;
                call->control_asked = false;
                c->repeater = call;
                return catalog_again_after(c, AGAIN_USEC + clock_random() % AGAIN_USEC) >= 0;
        case DOUBT_JOIN:
                call->state = CALL_WAITS_DOUBT;
                return true;
        case DOUBT_ALONE:
                call->alone = true;
                break;
        case DOUBT_OVER:
                if (auth_doubt(c->auth)->refused)
                        catalog_remember_refusal(c, response);
                break;
        }
        return false;
}

/* An answer in the API's form means that the credentials were accepted. */
static void call_on_other_answer(CatalogCall *call, const HttpResponse *response)
{
        Catalog *c = call->catalog;
        if (!auth_on_answer(c->auth, call->generation))
                return;
        if (response->status / 100 != 2 || !answer_type_is_json(response->content_type))
                return;
        call_remember_accepted(call);
        if (call == c->control)
                doubt_on_control(auth_doubt(c->auth));
}

static void call_on_response(const HttpResponse *response, void *userdata)
{
        CatalogCall *call = userdata;
        metric_add(METRIC_CATALOG_RESPONSES,
                   metric_code(response->error == 0 ? response->status : 0), 1);
        metric_observe(METRIC_CATALOG_REQUEST_DURATION,
                       (double)response->elapsed_usec / USEC_PER_SEC);
        call->transfer = NULL;
        call->tries++;
        call->requests += response->sent;
        bool is_401 = response->error == 0 && response->status == 401;
        if (response->error == 0 && !is_401)
                call_on_other_answer(call, response);
        if (!is_401 || !call_again(call, response))
                call_end(call, response);
}

int call_new(Catalog *c, MetricOperation operation, CallComplete complete, void *userdata,
             CatalogCall **ret)
{
        CatalogCall *call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;
        call->catalog = c;
        call->operation = operation;
        call->complete = complete;
        call->userdata = userdata;
        TAILQ_INSERT_TAIL(&c->calls, call, entry);
        *ret = call;
        return 0;
}

int call_begin(CatalogCall **call, CatalogCall **ret)
{
        Catalog *c = (*call)->catalog;
        Fault fault;
        if (!(*call)->url)
                return -ENOMEM;
        int r = auth_prepare(c->auth, &fault);
        if (r < 0 &&
            fault.scope == FAULT_PROCESS) /* who wants to hear of it reads the secret first */
                return r;
        if (c->repeater)
                (*call)->state = CALL_WAITS_DOUBT;
        r = c->repeater ? 0 : call_send(*call);
        if (r < 0)
                return r;
        *ret = TAKE(*call);
        return 0;
}
