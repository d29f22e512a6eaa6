/*
 * request: see the headers. A request that waits is suspended in libmicrohttpd, which neither reads
 * its connection nor closes it then; it is on the list of the service, and has a timer.
 */
#include "web/request.h"
#include "base/limits.h"
#include "base/timer.h"
#include "web/decode.h"
#include "web/host.h"
#include "web/request_private.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CLOSING "the monitor is being closed"

enum { LINE_BYTES = LIMIT_FAULT_MESSAGE_BYTES + 128 };

struct WebAnswer {
        unsigned status;
        struct MHD_Response *response;
};

typedef struct Argument {
        char *name, *value; /* decoded */
} Argument;

struct WebRequest {
        WebService *service;
        struct MHD_Connection *connection;
        char *method, *path; /* the path is decoded where `malformed` is not set */
        bool malformed;
        const WebRoute *route; /* NULL: none was found yet */
        const char *rest;
        Argument arguments[LIMIT_WEB_ARGUMENTS];
        size_t n_arguments;
        bool answered, failed;

        /* while it waits */
        bool waiting;
        const char *waits_for;
        void (*cancel)(void *userdata);
        void *userdata;
        Timer timer;
        LIST_ENTRY(WebRequest) entry;
};

/* ---- answers -------------------------------------------------------------------------------- */

/* Of every answer. Pages have no script, load nothing, are framed by nobody and kept by nobody;
 * their style has its hash added. */
static const struct {
        const char *name, *value;
} HEADERS[] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Connection", "close"},
};

#define POLICY "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/* `value` is ours: nothing from outside. -ENOMEM. */
static int answer_add_header(WebAnswer *a, const char *name, const char *value)
{
        return MHD_add_response_header(a->response, name, value) == MHD_YES ? 0 : -ENOMEM;
}

WebAnswer *web_answer_new(unsigned status, const char *content_type, const char *style_hash,
                          Text *body)
{
        _cleanup_(cleanup_web_answer) WebAnswer *a = calloc(1, sizeof(*a));
        _cleanup_(text_done) Text own = TAKE(*body);
        char policy[256];
        if (!a)
                return NULL;
        a->status = status;
        a->response = MHD_create_response_from_buffer(own.size, own.data, MHD_RESPMEM_MUST_FREE);
        if (!a->response)
                return NULL;
        own = (Text){0}; /* the response frees it */
        (void)snprintf(policy, sizeof(policy), POLICY "%s%s%s", style_hash ? "; style-src '" : "",
                       style_hash ? style_hash : "", style_hash ? "'" : "");
        int r = answer_add_header(a, "Content-Security-Policy", policy);
        if (r >= 0)
                r = answer_add_header(a, "Content-Type", content_type);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(HEADERS); i++)
                r = answer_add_header(a, HEADERS[i].name, HEADERS[i].value);
        return r < 0 ? NULL : TAKE(a);
}

WebAnswer *web_answer_free(WebAnswer *a)
{
        if (a && a->response)
                MHD_destroy_response(a->response);
        free(a);
        return NULL;
}

/* It waits no more. Queued while it is suspended, the answer is sent when it goes on. */
static void request_resume(WebRequest *r)
{
        timer_cancel(&r->timer);
        LIST_REMOVE(r, entry);
        r->waiting = false;
        MHD_resume_connection(r->connection);
        r->service->wake(r->service);
}

void web_request_give(WebRequest *r, const WebAnswer *a)
{
        if (r->answered)
                return;
        r->answered = true;
        /* for want of memory, or of a place for the headers in the connection's: it is closed */
        r->failed = !a || MHD_queue_response(r->connection, a->status, a->response) != MHD_YES;
        if (r->waiting)
                request_resume(r);
}

void web_request_answer(WebRequest *r, unsigned status, const char *content_type,
                        const char *style_hash, Text *body)
{
        _cleanup_(cleanup_web_answer) WebAnswer *a =
                web_answer_new(status, content_type, style_hash, body);
        web_request_give(r, a);
}

static int answer_add_line_headers(WebAnswer *a)
{
        int r = 0;
        if (a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
                r = answer_add_header(a, "Allow", "GET, HEAD");
        if (a->status == MHD_HTTP_SERVICE_UNAVAILABLE)
                r = answer_add_header(a, "Retry-After", "5");
        return r;
}

void web_request_answer_line(WebRequest *r, unsigned status, const char *format, ...)
{
        char line[LINE_BYTES], shown[LINE_BYTES];
        _cleanup_(text_done) Text body = {0};
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);
        text_show(line, shown);
        _cleanup_(cleanup_web_answer) WebAnswer *a =
                text_printf(&body, "%s\n", shown) < 0
                        ? NULL
                        : web_answer_new(status, WEB_TEXT, NULL, &body);
        web_request_give(r, a && answer_add_line_headers(a) < 0 ? NULL : a);
}

/* ---- waiting -------------------------------------------------------------------------------- */

/* Who was to answer is told first: it knows this request no more. */
static void request_end_wait(WebRequest *r, const char *why)
{
        r->cancel(r->userdata);
        web_request_answer_line(r, MHD_HTTP_SERVICE_UNAVAILABLE, "%s: %s", r->waits_for, why);
}

static void request_on_timeout(void *userdata)
{
        request_end_wait(userdata, "PostgreSQL has not answered in time; try again");
}

void web_request_wait(WebRequest *r, const char *waits_for, void (*cancel)(void *userdata),
                      void *userdata)
{
        r->waits_for = waits_for;
        r->cancel = cancel;
        r->userdata = userdata;
        if (r->service->closing) {
                request_end_wait(r, CLOSING);
                return;
        }
        r->waiting = true;
        LIST_INSERT_HEAD(&r->service->waiting, r, entry);
        MHD_suspend_connection(r->connection);
        if (timer_start(&r->timer, r->service->event, WEB_WAIT_USEC, USEC_PER_MSEC,
                        request_on_timeout, r) < 0)
                request_end_wait(r, "no memory");
}

void web_requests_stop(WebService *service)
{
        WebRequest *r;
        service->closing = true;
        while ((r = LIST_FIRST(&service->waiting)))
                request_end_wait(r, CLOSING);
}

/* ---- what was asked ------------------------------------------------------------------------- */

const WebPage *web_request_page(const WebRequest *r)
{
        return r->route->page;
}

const char *web_request_rest(const WebRequest *r)
{
        return r->rest;
}

const char *web_request_argument(const WebRequest *r, const char *name)
{
        for (size_t i = 0; i < r->n_arguments; i++)
                if (strcmp(r->arguments[i].name, name) == 0)
                        return r->arguments[i].value;
        return NULL;
}

/* One without a "=" has no value: it is empty. */
static enum MHD_Result request_take_argument(void *userdata, enum MHD_ValueKind kind _unused_,
                                             const char *name, const char *value)
{
        WebRequest *r = userdata;
        Argument *a = &r->arguments[r->n_arguments];
        if (r->n_arguments == ARRAY_SIZE(r->arguments)) {
                r->malformed = true;
                return MHD_NO;
        }
        r->n_arguments++;
        a->name = strdup(name);
        a->value = strdup(value ? value : "");
        r->failed |= !a->name || !a->value;
        r->malformed |= r->failed || !web_decode(a->name) || !web_decode(a->value);
        return MHD_YES;
}

WebRequest *web_request_new(WebService *service, struct MHD_Connection *connection,
                            const char *method, const char *path)
{
        WebRequest *r = calloc(1, sizeof(*r));
        if (!r)
                return NULL;
        r->service = service;
        r->connection = connection;
        r->method = strdup(method);
        r->path = strdup(path);
        r->failed = !r->method || !r->path;
        if (!r->failed) {
                r->malformed = !web_decode(r->path);
                (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND,
                                                request_take_argument, r);
        }
        return r->failed ? web_request_free(r) : r;
}

WebRequest *web_request_free(WebRequest *r)
{
        if (!r)
                return NULL;
        if (r->waiting) /* its connection is gone, whatever was said of suspended ones */
                LIST_REMOVE(r, entry);
        timer_cancel(&r->timer);
        for (size_t i = 0; i < r->n_arguments; i++) {
                free(r->arguments[i].name);
                free(r->arguments[i].value);
        }
        free(r->method);
        free(r->path);
        free(r);
        return NULL;
}

bool web_request_is_served(const WebRequest *r)
{
        return strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0;
}

typedef struct HostCheck {
        const char *names;
        bool allowed;
} HostCheck;

static enum MHD_Result host_on_header(void *userdata, enum MHD_ValueKind kind _unused_,
                                      const char *key, const char *value)
{
        HostCheck *host = userdata;
        if (strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0)
                host->allowed = host->allowed && host_is_allowed(value, host->names);
        return MHD_YES;
}

/* Every one that is named: of two, a gateway may have meant the other. */
static bool request_host_is_allowed(const WebRequest *r)
{
        HostCheck host = {r->service->host_names, host_is_allowed(NULL, NULL)};
        (void)MHD_get_connection_values(r->connection, MHD_HEADER_KIND, host_on_header, &host);
        return host.allowed;
}

/* The first that holds. */
static void request_route(WebRequest *r, WebRouteFind find)
{
        r->route = r->malformed ? NULL : find(r->path, &r->rest);
        if (!web_request_is_served(r))
                web_request_answer_line(r, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
        else if (!request_host_is_allowed(r))
                web_request_answer_line(r, MHD_HTTP_MISDIRECTED_REQUEST,
                                        "this host name is not one of the monitor's; see "
                                        "host_names of [monitor]");
        else if (r->malformed)
                web_request_answer_line(r, MHD_HTTP_BAD_REQUEST, "malformed path or arguments");
        else if (!r->route)
                web_request_answer_line(r, MHD_HTTP_NOT_FOUND, "nothing is here");
        else
                r->route->answer(r, r->service);
}

enum MHD_Result web_request_handle(WebRequest *r, WebRouteFind find)
{
        if (!r->answered && !r->waiting)
                request_route(r, find);
        return r->failed ? MHD_NO : MHD_YES;
}
