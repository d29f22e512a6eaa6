/*
 * http: the queue in front of the wire, and the delivery of what came back.
 *
 * What always holds: a transfer is in exactly one of three lists (queue, wire, done), or its
 * callback is running and it is in none. At most max_in_flight are on the wire. Callbacks are
 * called from `delivery` alone, one each time round the event loop, and the client is
 * not accessed after one: it may have been freed.
 */
#include "http/http.h"
#include "base/clock.h"
#include "base/metric.h"
#include "http/curl_loop.h"
#include "http/http_credentials.h"
#include "http/http_transfer.h"
#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

struct HttpClient {
        HttpClientOptions options;
        HttpCredentials credentials;
        bool curl_ready;
        CurlLoop *loop;
        sd_event_source *delivery; /* armed while `done` is not empty */
        HttpTransferList lists[HTTP_PLACES];
        unsigned in_flight;       /* on the wire */
        uint64_t tls_failed_usec; /* the last time; ca_file may have been corrected since */
        bool tls_in_doubt;        /* … and no connection that was made since has worked */
};

static HttpTransferList *client_list(HttpClient *client, HttpPlace place)
{
        return place == HTTP_PLACE_NONE ? NULL : &client->lists[place];
}

/* The one function by which a transfer changes its place. */
static void client_move(HttpClient *client, HttpTransfer *t, HttpPlace place)
{
        HttpTransferList *from = client_list(client, t->place), *to = client_list(client, place);
        if (from)
                TAILQ_REMOVE(from, t, entry);
        if (to)
                TAILQ_INSERT_TAIL(to, t, entry);
        int more = (place == HTTP_PLACE_WIRE) - (t->place == HTTP_PLACE_WIRE);
        client->in_flight += more;
        metric_add(METRIC_CATALOG_REQUESTS_IN_FLIGHT, 0, client->options.uncounted ? 0 : more);
        t->place = place;
}

static void client_finish(HttpClient *client, HttpTransfer *t, CURLcode result)
{
        http_transfer_finish(t, result);
        FaultCode code = t->response.fault.code;
        if (code == CODE_HTTP_TLS || code == CODE_PROXY_TLS) {
                client->tls_failed_usec = clock_monotonic_usec();
                client->tls_in_doubt = true;
        } else if (t->is_first && t->response.error >= 0) {
                client->tls_in_doubt = false;
        }
        client_move(client, t, HTTP_PLACE_DONE);
        (void)sd_event_source_set_enabled(client->delivery, SD_EVENT_ONESHOT);
}

static unsigned client_capacity(const HttpClient *client)
{
        return http_credentials_in_doubt(&client->credentials) ? 1 : client->options.max_in_flight;
}

static int client_send(HttpClient *client, HttpTransfer *t)
{
        Fault fault; /* what cannot be used is reported when the one before is refused */
        (void)http_credentials_reload_certificate(&client->credentials, &fault);
        int r = http_transfer_show(t, &client->credentials);
        if (r >= 0)
                r = http_transfer_trust(t, client->tls_failed_usec, client->tls_in_doubt);
        return r < 0 ? r : curl_loop_add(client->loop, t->easy);
}

/* Sends the next ones while there is capacity. */
static void client_fill(HttpClient *client)
{
        HttpTransfer *t;
        while (client->in_flight < client_capacity(client) &&
               (t = TAILQ_FIRST(&client->lists[HTTP_PLACE_QUEUE]))) {
                client_move(client, t, HTTP_PLACE_WIRE);
                t->started_usec = clock_monotonic_usec();
                if (client_send(client, t) < 0)
                        client_finish(client, t, CURLE_OUT_OF_MEMORY);
        }
}

/* Called by libcurl: a way to the peer is open. The next ones need not wait for the answer. */
static void client_on_request(HttpTransfer *t)
{
        HttpCredentials *c = &t->client->credentials;
        if (http_credentials_in_doubt(c) && t->proxy_generation == c->proxy_generation) {
                c->proxy_accepted = true;
                (void)sd_event_source_set_enabled(t->client->delivery, SD_EVENT_ONESHOT);
        }
}

/* The proxy has refused a password, and there is another one by now: the request waits for its turn
 * again. */
static bool client_again(HttpClient *client, HttpTransfer *t)
{
        HttpCredentials *c = &client->credentials;
        Fault fault;
        if (!http_transfer_is_refused_by_proxy(t) ||
            (t->proxy_generation == c->proxy_generation &&
             http_credentials_reload_proxy(c, &fault) <= 0))
                return false;
        client_move(client, t, HTTP_PLACE_QUEUE);
        return true;
}

/* It has met a fault of the proxy, which has not accepted our password so far: one answer for all.
 */
static void client_fail_queue(HttpClient *client, const HttpTransfer *failed)
{
        HttpTransfer *t;
        while ((t = TAILQ_FIRST(&client->lists[HTTP_PLACE_QUEUE]))) {
                http_transfer_fail(t, failed->response.error, &failed->response.fault);
                client_move(client, t, HTTP_PLACE_DONE);
        }
}

static void client_on_done(CURL *easy, CURLcode result, void *userdata)
{
        HttpClient *client = userdata;
        HttpTransfer *t = NULL;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        curl_loop_remove(client->loop, easy);
        if (!client_again(client, t)) {
                if (http_transfer_is_refused_by_proxy(t))
                        client->credentials.proxy_accepted = false;
                client_finish(client, t, result);
                if (http_credentials_in_doubt(&client->credentials) &&
                    fault_is_of_proxy(&t->response.fault))
                        client_fail_queue(client, t);
        }
        client_fill(client);
}

/* Called by libcurl. */
static void client_on_reading(CURL *easy)
{
        HttpTransfer *t = NULL;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
        if (t)
                http_transfer_reading(t);
}

static void client_on_broken(void *userdata)
{
        HttpClient *client = userdata;
        HttpTransfer *t;
        while ((t = TAILQ_FIRST(&client->lists[HTTP_PLACE_WIRE]))) {
                curl_loop_remove(client->loop, t->easy);
                client_finish(client, t, CURLE_ABORTED_BY_CALLBACK);
        }
        /* Those in the queue go out with the deliveries, when there is a fresh multi handle. */
}

static int client_on_delivery(sd_event_source *s _unused_, void *userdata)
{
        HttpClient *client = userdata;
        client_fill(client);
        HttpTransfer *t = TAILQ_FIRST(&client->lists[HTTP_PLACE_DONE]);
        if (!t)
                return 0;
        client_move(client, t, HTTP_PLACE_NONE);
        t->client = NULL;
        if (!TAILQ_EMPTY(&client->lists[HTTP_PLACE_DONE]))
                (void)sd_event_source_set_enabled(client->delivery, SD_EVENT_ONESHOT);
        t->callback(&t->response, t->userdata);
        (void)http_transfer_free(t);
        return 0;
}

/* libcurl's buffers and strings have held secrets: none is left behind in memory that is free. */
static void wipe_free(void *memory)
{
        if (memory)
                explicit_bzero(memory, malloc_usable_size(memory));
        free(memory);
}

static void *wipe_realloc(void *memory, size_t size)
{
        void *larger = malloc(size);
        size_t before = memory ? malloc_usable_size(memory) : 0;
        if (!larger)
                return NULL;
        if (memory)
                memcpy(larger, memory, before < size ? before : size);
        wipe_free(memory);
        return larger;
}

int http_client_new(sd_event *event, const HttpClientOptions *options, HttpClient **ret)
{
        if (options->max_in_flight == 0)
                return -EINVAL;
        _cleanup_(cleanup_http_client) HttpClient *client = calloc(1, sizeof(*client));
        if (!client)
                return -ENOMEM;
        for (size_t i = 0; i < HTTP_PLACES; i++)
                TAILQ_INIT(&client->lists[i]);
        client->options = *options;
        http_credentials_init(&client->credentials, &client->options);
        CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free, wipe_realloc,
                                             strdup, calloc);
        if (code != CURLE_OK)
                return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -ENOTSUP;
        client->curl_ready = true;
        const CurlLoopHandlers handlers = {
                .done = client_on_done, .broken = client_on_broken, .reading = client_on_reading};
        int r = sd_event_add_defer(event, &client->delivery, client_on_delivery, client);
        if (r >= 0)
                r = sd_event_source_set_enabled(client->delivery, SD_EVENT_OFF);
        if (r >= 0)
                /* As many idle ones as can be used at once, beside fresh ones that are not kept. */
                r = curl_loop_new(event, 2 * options->max_in_flight, &handlers, client,
                                  &client->loop);
        if (r < 0)
                return r;
        *ret = TAKE(client);
        return 0;
}

int http_client_reload(HttpClient *client, Fault *ret_fault)
{
        int proxy = http_credentials_reload_proxy(&client->credentials, ret_fault);
        int certificate =
                proxy < 0 ? proxy
                          : http_credentials_reload_certificate(&client->credentials, ret_fault);
        return certificate < 0 ? certificate : proxy > 0 || certificate > 0;
}

static void client_drop(HttpClient *client, HttpTransfer *t)
{
        if (t->place == HTTP_PLACE_WIRE)
                curl_loop_remove(client->loop, t->easy);
        client_move(client, t, HTTP_PLACE_NONE);
        (void)http_transfer_free(t);
}

HttpClient *http_client_free(HttpClient *client)
{
        if (!client)
                return NULL;
        HttpTransfer *t;
        for (size_t i = 0; i < HTTP_PLACES; i++)
                while ((t = TAILQ_FIRST(&client->lists[i])))
                        client_drop(client, t);
        (void)curl_loop_free(client->loop);
        sd_event_source_disable_unref(client->delivery);
        if (client->curl_ready)
                curl_global_cleanup();
        http_credentials_done(&client->credentials);
        free(client);
        return NULL;
}

int http_start(HttpClient *client, const HttpRequest *request, HttpCallback callback,
               void *userdata, HttpTransfer **ret)
{
        HttpTransfer *t;
        int r = http_transfer_new(&client->options, request, &t);
        if (r < 0)
                return r;
        t->client = client;
        t->on_request = client_on_request;
        t->callback = callback;
        t->userdata = userdata;
        client_move(client, t, HTTP_PLACE_QUEUE);
        client_fill(client);
        *ret = t;
        return 0;
}

HttpTransfer *http_cancel(HttpTransfer *t)
{
        /* no client: its callback runs right now, and the delivery releases it */
        if (!t || !t->client)
                return NULL;
        HttpClient *client = t->client;
        client_drop(client, t);
        client_fill(client);
        return NULL;
}

sd_event *http_client_event(const HttpClient *client)
{
        return sd_event_source_get_event(client->delivery);
}
