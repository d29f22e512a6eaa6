/*
 * http: transfers and the queue in front of them.
 *
 * What always holds: a transfer is in exactly one place: waiting in the queue, on the wire, or finished and about to be released. At most
 * max_in_flight are on the wire. Callbacks run from the event loop only (curl_loop's deferred source, or `starter` for what fails at once).
 */
#include "http/http.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "http/curl_loop.h"
#include "http/http_fault.h"
#include "http/retry_after.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
        HEAD_MAX_BYTES = 64 * 1024,
        LOW_SPEED_BYTES_PER_SEC = 16,
        LOW_SPEED_SECONDS = 20,
};

struct HttpTransfer {
        HttpClient *client;
        HttpTransfer *next, *previous; /* in client->waiting or client->flying */
        bool flying;
        bool in_multi;
        CURL *easy;
        struct curl_slist *headers;
        HttpCallback callback;
        void *userdata;
        char where[256];
        char detail[CURL_ERROR_SIZE];
        Text body;
        size_t body_max_bytes;
        size_t head_bytes;
        bool body_too_large, head_too_large, out_of_memory;
        uint64_t started_usec;
};

typedef struct TransferList {
        HttpTransfer *first, *last;
} TransferList;

struct HttpClient {
        HttpClientOptions options;
        char *user_agent, *ca_file;
        CurlLoop *loop;
        sd_event_source *starter; /* takes waiting transfers to the wire, outside every callback */
        TransferList waiting, flying;
        unsigned n_flying, n_flying_max;
        bool *freed;
};

static void list_append(TransferList *l, HttpTransfer *t)
{
        t->next = NULL;
        t->previous = l->last;
        if (l->last)
                l->last->next = t;
        else
                l->first = t;
        l->last = t;
}

static void list_remove(TransferList *l, HttpTransfer *t)
{
        if (t->previous)
                t->previous->next = t->next;
        else
                l->first = t->next;
        if (t->next)
                t->next->previous = t->previous;
        else
                l->last = t->previous;
        t->next = t->previous = NULL;
}

/* Takes the transfer off whatever list it is on and off the wire; it is still whole. */
static void transfer_detach(HttpTransfer *t)
{
        HttpClient *client = t->client;
        if (!client)
                return;
        if (t->in_multi)
                curl_loop_remove(client->loop, t->easy);
        t->in_multi = false;
        list_remove(t->flying ? &client->flying : &client->waiting, t);
        if (t->flying) {
                client->n_flying--;
                if (client->waiting.first)
                        (void)sd_event_source_set_enabled(client->starter, SD_EVENT_ONESHOT);
        }
        t->client = NULL;
}

HttpTransfer *http_cancel(HttpTransfer *t)
{
        if (!t)
                return NULL;
        transfer_detach(t);
        if (t->easy)
                curl_easy_cleanup(t->easy);
        curl_slist_free_all(t->headers);
        text_done(&t->body);
        free(t);
        return NULL;
}
DEFINE_CLEANUP(HttpTransfer, http_transfer, http_cancel)

static size_t transfer_on_body(char *data, size_t one, size_t size, void *userdata)
{
        (void)one;
        HttpTransfer *t = userdata;
        if (size > t->body_max_bytes - t->body.size) {
                t->body_too_large = true;
                return 0;
        }
        if (text_append(&t->body, data, size) < 0) {
                t->out_of_memory = true;
                return 0;
        }
        return size;
}

static size_t transfer_on_header(char *data, size_t one, size_t size, void *userdata)
{
        (void)one;
        (void)data;
        HttpTransfer *t = userdata;
        t->head_bytes += size;
        t->head_too_large = t->head_bytes > HEAD_MAX_BYTES;
        return t->head_too_large ? 0 : size;
}

/* Whether the peer can have seen anything: only after the connection, with TLS where there is TLS, stood. */
static bool transfer_connected(const HttpTransfer *t)
{
        curl_off_t connect = 0, tls = 0, ready = 0;
        (void)curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connect);
        (void)curl_easy_getinfo(t->easy, CURLINFO_APPCONNECT_TIME_T, &tls);
        (void)curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
        return ready > 0 || (connect > 0 && tls > 0);
}

static bool code_is_before_sending(CURLcode code)
{
        return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ||
               code == CURLE_COULDNT_CONNECT || code == CURLE_SSL_CONNECT_ERROR ||
               code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
               code == CURLE_UNSUPPORTED_PROTOCOL;
}

static void response_failure(HttpTransfer *t, CURLcode code, HttpResponse *ret)
{
        HttpFailure failure = {
                .easy = t->easy,
                .code = code,
                .detail = t->detail,
                .where = t->where,
                .body_too_large = t->body_too_large,
                /* libcurl has a cap of its own on headers and calls it "out of memory" */
                .head_too_large = t->head_too_large || (code == CURLE_OUT_OF_MEMORY && !t->out_of_memory),
                .connected = transfer_connected(t),
                .body_max_bytes = t->body_max_bytes,
        };
        http_fault_fill(&failure, &ret->fault);
        ret->error = -EIO;
        ret->sent = !code_is_before_sending(code) && failure.connected;
        ret->fault.http_status = ret->status;
}

static const char *response_header(const HttpTransfer *t, const char *name)
{
        struct curl_header *header;
        return curl_easy_header(t->easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : "";
}

static void transfer_complete(HttpTransfer *t, CURLcode code)
{
        transfer_detach(t);

        long status = 0;
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        HttpResponse response = {
                .status = (int)status,
                .sent = true,
                .content_type = response_header(t, "Content-Type"),
                .location = response_header(t, "Location"),
                .retry_after_usec = retry_after_parse(response_header(t, "Retry-After"), (int64_t)time(NULL)),
                .body = t->body.data ? t->body.data : "",
                .body_size = t->body.size,
                .elapsed_usec = clock_monotonic_usec() - t->started_usec,
        };
        if (code != CURLE_OK)
                response_failure(t, code, &response);

        t->callback(&response, t->userdata);
        (void)http_cancel(t);
}

static void client_on_done(CURL *easy, CURLcode result, void *userdata)
{
        (void)userdata;
        HttpTransfer *t = NULL;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        transfer_complete(t, result);
}

static void client_on_broken(void *userdata)
{
        HttpClient *client = userdata;
        bool freed = false;
        bool *outer = client->freed;
        client->freed = &freed;
        /* Those on the wire now; what their callbacks start waits for the fresh handle. */
        unsigned n = client->n_flying;
        while (n-- > 0 && !freed && client->flying.first)
                transfer_complete(client->flying.first, CURLE_FAILED_INIT);
        if (freed) {
                if (outer)
                        *outer = true;
                return;
        }
        client->freed = outer;
}

static int client_on_starter(sd_event_source *s, void *userdata)
{
        (void)s;
        HttpClient *client = userdata;
        bool freed = false;
        client->freed = &freed;
        while (!freed && client->waiting.first && client->n_flying < client->options.max_in_flight) {
                HttpTransfer *t = client->waiting.first;
                list_remove(&client->waiting, t);
                list_append(&client->flying, t);
                t->flying = true;
                t->started_usec = clock_monotonic_usec();
                client->n_flying++;
                if (client->n_flying > client->n_flying_max)
                        client->n_flying_max = client->n_flying;
                t->in_multi = curl_loop_add(client->loop, t->easy) >= 0;
                if (!t->in_multi)
                        transfer_complete(t, CURLE_OUT_OF_MEMORY);
        }
        if (!freed)
                client->freed = NULL;
        return 0;
}

int http_client_new(sd_event *event, const HttpClientOptions *options, HttpClient **ret)
{
        _cleanup_(cleanup_http_client) HttpClient *client = NULL;
        if (options->max_in_flight == 0)
                return -EINVAL;
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return -ENOMEM;
        client = calloc(1, sizeof(*client));
        if (!client)
                return -ENOMEM;
        client->options = *options;
        client->user_agent = strdup(options->user_agent);
        client->ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
        if (!client->user_agent || (options->ca_file && !client->ca_file))
                return -ENOMEM;
        int r = sd_event_add_defer(event, &client->starter, client_on_starter, client);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(client->starter, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = curl_loop_new(event, client_on_done, client_on_broken, client, &client->loop);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(client);
        return 0;
}

HttpClient *http_client_free(HttpClient *client)
{
        if (!client)
                return NULL;
        if (client->freed)
                *client->freed = true;
        while (client->waiting.first)
                (void)http_cancel(client->waiting.first);
        while (client->flying.first)
                (void)http_cancel(client->flying.first);
        (void)curl_loop_free(client->loop);
        sd_event_source_disable_unref(client->starter);
        free(client->user_agent);
        free(client->ca_file);
        free(client);
        return NULL;
}

/* Host and port for people; never user information, which a URL of ours does not have anyway. */
static int transfer_where(HttpTransfer *t, const char *url)
{
        CURLU *u = curl_url();
        if (!u)
                return -ENOMEM;
        char *host = NULL, *port = NULL;
        int r = -EINVAL;
        if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
            curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
            curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
                (void)snprintf(t->where, sizeof(t->where), "%s:%s", host, port);
                r = 0;
        }
        curl_free(host);
        curl_free(port);
        curl_url_cleanup(u);
        return r;
}

#define SET(option, value)                                                                                             \
        do {                                                                                                           \
                if (curl_easy_setopt(easy, option, value) != CURLE_OK)                                                 \
                        return -ENOMEM;                                                                                \
        } while (0)

static int transfer_set_safety(const HttpClient *client, CURL *easy)
{
        SET(CURLOPT_PROTOCOLS_STR, client->options.allow_http ? "http,https" : "https");
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        SET(CURLOPT_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (client->ca_file)
                SET(CURLOPT_CAINFO, client->ca_file);
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(client->options.connect_timeout_usec / USEC_PER_MSEC));
        SET(CURLOPT_TIMEOUT_MS, (long)(client->options.request_timeout_usec / USEC_PER_MSEC));
        SET(CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES_PER_SEC);
        SET(CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_SECONDS);
        return 0;
}

static int transfer_set_request(HttpTransfer *t, const HttpRequest *request, CURL *easy)
{
        SET(CURLOPT_URL, request->url);
        if (request->method == HTTP_POST) {
                SET(CURLOPT_POST, 1L);
                SET(CURLOPT_POSTFIELDSIZE, 0L);
                SET(CURLOPT_POSTFIELDS, "");
        }
        t->headers = curl_slist_append(NULL, "Accept: application/json");
        if (!t->headers)
                return -ENOMEM;
        if (request->method == HTTP_POST) { /* an empty body has no type */
                struct curl_slist *more = curl_slist_append(t->headers, "Content-Type:");
                if (!more)
                        return -ENOMEM;
                t->headers = more;
        }
        SET(CURLOPT_HTTPHEADER, t->headers);
        if (request->auth == HTTP_AUTH_BASIC) {
                SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
                SET(CURLOPT_USERNAME, request->username);
                SET(CURLOPT_PASSWORD, request->secret);
        } else if (request->auth == HTTP_AUTH_BEARER) {
                SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
                SET(CURLOPT_XOAUTH2_BEARER, request->secret);
        }
        SET(CURLOPT_FRESH_CONNECT, request->fresh_connection ? 1L : 0L);
        SET(CURLOPT_FORBID_REUSE, request->fresh_connection ? 1L : 0L);
        return 0;
}

static int transfer_set_callbacks(HttpTransfer *t, CURL *easy)
{
        SET(CURLOPT_PRIVATE, t);
        SET(CURLOPT_ERRORBUFFER, t->detail);
        SET(CURLOPT_WRITEFUNCTION, transfer_on_body);
        SET(CURLOPT_WRITEDATA, t);
        SET(CURLOPT_HEADERFUNCTION, transfer_on_header);
        SET(CURLOPT_HEADERDATA, t);
        SET(CURLOPT_USERAGENT, t->client->user_agent);
        return 0;
}

int http_start(HttpClient *client, const HttpRequest *request, HttpCallback callback, void *userdata,
               HttpTransfer **ret)
{
        _cleanup_(cleanup_http_transfer) HttpTransfer *t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->userdata = userdata;
        t->body_max_bytes = request->body_max_bytes;
        t->easy = curl_easy_init();
        if (!t->easy)
                return -ENOMEM;
        int r = transfer_where(t, request->url);
        if (r < 0)
                return r;
        t->client = client;
        list_append(&client->waiting, t);
        r = transfer_set_safety(client, t->easy);
        if (r < 0)
                return r;
        r = transfer_set_request(t, request, t->easy);
        if (r < 0)
                return r;
        r = transfer_set_callbacks(t, t->easy);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(client->starter, SD_EVENT_ONESHOT);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

unsigned http_in_flight(const HttpClient *client)
{
        return client->n_flying;
}

unsigned http_in_flight_max(const HttpClient *client)
{
        return client->n_flying_max;
}
