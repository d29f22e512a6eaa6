/*
 * call: secrets, sending, and what a 401 means; see the header.
 *
 * What always holds: a call is on its catalog's list until it is over; the secret leaves this file
 * only inside a request to the configured origin. While there is a doubter, its timer is armed, or
 * its request or the witness's is under way; when there is none any more, and calls wait, `release`
 * is armed.
 */
#include "catalog/call.h"
#include "base/clock.h"
#include "base/duration.h"
#include <errno.h>
#include <string.h>

#define AGAIN_USEC (1 * USEC_PER_SEC) /* after a 401; and up to as much again */

enum { TRIES_MAX = 5 };

static int catalog_on_release(sd_event_source *source, void *userdata);

int catalog_new(HttpClient *http, const CatalogOptions *options, Catalog **ret)
{
        _cleanup_(cleanup_catalog) Catalog *c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->http = http;
        c->auth = options->auth;
        c->load_secret = options->load_secret;
        c->load_secret_userdata = options->load_secret_userdata;
        c->base_url = strdup(options->base_url);
        c->username = strdup(options->username ? options->username : "");
        if (!c->base_url || !c->username)
                return -ENOMEM;
        int r = sd_event_add_defer(http_client_event(http), &c->release, catalog_on_release, c);
        if (r >= 0)
                r = sd_event_source_set_enabled(c->release, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

AnswerAuth call_auth(const CatalogCall *call)
{
        return (AnswerAuth){.method = call->catalog->auth,
                            .redact = &call->catalog->redact,
                            .of_edge = call->of_edge,
                            .alone = call->alone};
}

/* ---- what was accepted, and refused --------------------------------------------------------- */

static void catalog_forget_accepted(Catalog *c)
{
        for (size_t i = 0; i < ARRAY_SIZE(c->accepted); i++) {
                free(c->accepted[i].url);
                c->accepted[i] = (Accepted){0};
        }
}

/* A list is what may be asked for anew at will; no memory: nothing is remembered. */
static void call_remember_accepted(const CatalogCall *call)
{
        Accepted *a = call->catalog->accepted;
        char *url = call->of_edge && call->method == HTTP_GET ? strdup(call->url) : NULL;
        if (!url)
                return;
        if (a[0].url && !uuid_equal(&a[0].edge, &call->id)) {
                free(a[1].url);
                a[1] = a[0];
                a[0].url = NULL;
        }
        free(a[0].url);
        a[0] = (Accepted){.edge = call->id, .url = url};
}

static const Accepted *call_other_accepted(const CatalogCall *call)
{
        const Accepted *a = call->catalog->accepted;
        if (a[0].url && (call->of_edge ? !uuid_equal(&a[0].edge, &call->id) : a[1].url != NULL))
                return &a[0];
        return a[1].url ? &a[1] : NULL;
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

static void call_unlink(CatalogCall *call)
{
        *call->link = call->next;
        if (call->next)
                call->next->link = call->link;
        call->link = NULL;
}

static void call_free(CatalogCall *call)
{
        free(call->url);
        free(call);
}

/* Whoever waited goes on. */
static void catalog_doubt_end(Catalog *c)
{
        doubt_end(&c->doubt);
        c->doubter = c->witness = NULL;
        c->again = sd_event_source_disable_unref(c->again);
        (void)sd_event_source_set_enabled(c->release, SD_EVENT_ONESHOT);
}

static int catalog_on_again(sd_event_source *source, uint64_t usec, void *userdata);

static int catalog_again_after(Catalog *c, uint64_t usec)
{
        c->again = sd_event_source_disable_unref(c->again);
        return sd_event_add_time_relative(http_client_event(c->http), &c->again, CLOCK_MONOTONIC,
                                          usec, 10 * USEC_PER_MSEC, catalog_on_again, c);
}

/* The witness has been heard, or never will be: it is the doubter's turn, or that of all, for whom
 * its 401 counts. */
static void catalog_witness_end(Catalog *c)
{
        c->witness = NULL;
        if (!c->doubt.refused && catalog_again_after(c, 0) >= 0)
                return;
        c->doubter->waits = true;
        catalog_doubt_end(c);
}

/* The call is over, in whatever way. */
static void call_leave_doubt(CatalogCall *call)
{
        Catalog *c = call->catalog;
        if (c->doubter == call)
                catalog_doubt_end(c);
        else if (c->witness == call)
                catalog_witness_end(c);
}

CatalogCall *catalog_cancel(CatalogCall *call)
{
        if (!call || !call->link) /* in its own callback: it is freed right after */
                return NULL;
        (void)http_cancel(call->transfer);
        call_leave_doubt(call);
        call_unlink(call);
        call_free(call);
        return NULL;
}

Catalog *catalog_free(Catalog *c)
{
        if (!c)
                return NULL;
        while (c->calls)
                (void)catalog_cancel(c->calls);
        sd_event_source_disable_unref(c->again);
        sd_event_source_disable_unref(c->release);
        text_wipe(&c->secret);
        redact_done(&c->redact);
        catalog_forget_accepted(c);
        refusal_done(&c->refusal);
        free(c->base_url);
        free(c->username);
        free(c);
        return NULL;
}

int catalog_load_secret(Catalog *c, Fault *ret_fault)
{
        _cleanup_(text_wipe) Text fresh = {0};
        if (!c->load_secret)
                return 0;
        int r = c->load_secret(c->load_secret_userdata, &fresh, ret_fault);
        if (r < 0)
                return r;
        if (c->auth == HTTP_AUTH_BEARER && !http_token_is_valid(fresh.data))
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, CODE_SECRET_MALFORMED,
                                 "the token holds a space or a control character; write the token "
                                 "alone into the file, "
                                 "without \"Bearer\"");
        if (c->secret.data && text_equal(c->secret.data, fresh.data))
                return 0;
        r = redact_set(&c->redact, c->auth, c->username, fresh.data);
        if (r < 0)
                return fault_set(ret_fault, FAULT_PROCESS, -r, CODE_NO_MEMORY,
                                 "out of memory for the secret");
        text_wipe(&c->secret);
        c->secret = fresh;
        fresh = (Text){0};
        c->secret_number++;
        c->doubt.refused = false;
        catalog_forget_accepted(c);
        return 1;
}

bool catalog_reread_secret(Catalog *c)
{
        Fault ignored; /* what cannot be used has not changed */
        return catalog_load_secret(c, &ignored) > 0;
}

static void call_on_response(const HttpResponse *response, void *userdata);

static int call_send(CatalogCall *call)
{
        Catalog *c = call->catalog;
        HttpRequest request = {
                .method = call->method,
                .url = call->url,
                .auth = c->auth,
                .username = c->username,
                .secret = c->secret.data,
                .body_max_bytes = LIMIT_BODY_MAX_BYTES,
                .fresh_connection = call->method == HTTP_POST,
        };
        call->secret_number = c->secret_number;
        return http_start(c->http, &request, call_on_response, call, &call->transfer);
}

/* The callback may free the catalog, cancel other calls and this one, so it leaves the list first.
 */
static void call_end(CatalogCall *call, const HttpResponse *response)
{
        call_leave_doubt(call);
        call_unlink(call);
        call->complete(call, response);
        call_free(call);
}

static void call_end_badly(CatalogCall *call, int error)
{
        HttpResponse response = {.error = error, .content_type = "", .location = "", .body = ""};
        fault_set(&response.fault, FAULT_PROCESS, -error, CODE_NO_RESOURCES,
                  "the catalog cannot be asked: %s", strerrordesc_np(-error));
        call_end(call, &response);
}

static void witness_complete(CatalogCall *call, const HttpResponse *response)
{
        (void)call;
        (void)response;
}

/* A request that is not the doubter's, nor about the same, and that goes out before it; NULL: there
 * is none. */
static CatalogCall *catalog_find_witness(Catalog *c)
{
        const Accepted *accepted = call_other_accepted(c->doubter);
        CatalogCall *call = NULL;
        if (accepted && call_new(c, witness_complete, NULL, &call) >= 0) {
                call->id = accepted->edge;
                call->of_edge = true;
                call->url = strdup(accepted->url);
                return call->url ? call : catalog_cancel(call);
        }
        for (call = c->calls; call; call = call->next)
                if (call->waits && !uuid_equal(&call->id, &c->doubter->id))
                        break;
        return call;
}

static int catalog_on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        (void)source;
        (void)usec;
        Catalog *c = userdata;
        c->again = sd_event_source_disable_unref(c->again);
        bool other_secret = catalog_reread_secret(c);
        if (!other_secret && !c->doubter->witnessed) {
                c->doubter->witnessed = true;
                c->witness = catalog_find_witness(c);
        }
        CatalogCall *call = c->witness ? c->witness : c->doubter;
        call->waits = false;
        int r = call_send(call);
        if (r < 0)
                call_end_badly(call, r);
        return 0;
}

/* One call each time: nothing of the catalog is touched after a callback. */
static int catalog_on_release(sd_event_source *source, void *userdata)
{
        Catalog *c = userdata;
        CatalogCall *call = c->doubter ? NULL : c->calls;
        while (call && !call->waits)
                call = call->next;
        if (!call)
                return 0;
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        call->waits = false;
        call->repeated = false;
        call->witnessed = false;
        if (c->doubt.refused) {
                const HttpResponse response = {
                        .sent = call->requests > 0,
                        .status = 401,
                        .location = "",
                        .content_type = c->refusal.content_type ? c->refusal.content_type : "",
                        .body = c->refusal.body.data ? c->refusal.body.data : "",
                        .body_size = c->refusal.body.size,
                };
                call_end(call, &response);
                return 0;
        }
        int r = call_send(call);
        if (r < 0)
                call_end_badly(call, r);
        return 0;
}

/* True when a call that was answered 401 is under way again, or will be. */
static bool call_again(CatalogCall *call, const HttpResponse *response)
{
        Catalog *c = call->catalog;
        if (!c->load_secret || call->tries >= TRIES_MAX)
                return false;
        const DoubtCase doubt = {
                .other_secret = call->secret_number != c->secret_number || catalog_reread_secret(c),
                .not_ours = call->url_is_guess && !answer_is_standard_error(response),
                .repeated = call->repeated,
                .witness = call == c->witness,
        };
        switch (doubt_on_401(&c->doubt, &doubt)) {
        case DOUBT_NOW:
                return call_send(call) >= 0;
        case DOUBT_LATER:
                call->repeated = true;
                call->witnessed = false;
                c->doubter = call;
                return catalog_again_after(c, AGAIN_USEC + clock_random() % AGAIN_USEC) >= 0;
        case DOUBT_JOIN:
                call->waits = true;
                return true;
        case DOUBT_ALONE:
                call->alone = true;
                break;
        case DOUBT_OVER:
                if (c->doubt.refused)
                        catalog_remember_refusal(c, response);
                break;
        }
        return false;
}

/* What is answered in the API's form is answered to somebody who was let in. */
static void call_on_other_answer(CatalogCall *call, const HttpResponse *response)
{
        Catalog *c = call->catalog;
        if (call->secret_number != c->secret_number)
                return;
        doubt_on_answer(&c->doubt);
        if (response->status / 100 != 2 || !answer_type_is_json(response->content_type))
                return;
        call_remember_accepted(call);
        if (call == c->witness)
                doubt_on_witness(&c->doubt);
}

static void call_on_response(const HttpResponse *response, void *userdata)
{
        CatalogCall *call = userdata;
        call->transfer = NULL;
        call->tries++;
        call->requests += response->sent;
        bool is_401 = response->error == 0 && response->status == 401;
        if (response->error == 0 && !is_401)
                call_on_other_answer(call, response);
        if (!is_401 || !call_again(call, response))
                call_end(call, response);
}

int call_new(Catalog *c, CallComplete complete, void *userdata, CatalogCall **ret)
{
        CatalogCall *call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;
        call->catalog = c;
        call->complete = complete;
        call->userdata = userdata;
        call->next = c->calls;
        call->link = &c->calls;
        if (c->calls)
                c->calls->link = &call->next;
        c->calls = call;
        *ret = call;
        return 0;
}

static int call_start(CatalogCall *call)
{
        Catalog *c = call->catalog;
        Fault ignored; /* who wants to hear of it loads the secret first */
        if (c->load_secret && !c->secret.data) {
                int r = catalog_load_secret(c, &ignored);
                if (r < 0)
                        return r;
        }
        call->waits = c->doubter != NULL;
        return call->waits ? 0 : call_send(call);
}

int call_begin(CatalogCall **call, CatalogCall **ret)
{
        int r = call_start(*call);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(*call);
        return 0;
}
