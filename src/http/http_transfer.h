/*
 * http_transfer: one request as libcurl sees it: its handle with every option set, what arrives,
 * and what became of it.
 *
 * Private to http.c, which owns the queue and decides when a transfer runs and when its callback is
 * called.
 */
#pragma once

#include "base/text.h"
#include "http/http.h"
#include "http/http_credentials.h"
#include "http/http_fault.h"
#include <curl/curl.h>
#include <sys/queue.h>

typedef enum HttpPlace {
        HTTP_PLACE_NONE,
        HTTP_PLACE_QUEUE, /* waits its turn */
        HTTP_PLACE_WIRE,  /* libcurl has it */
        HTTP_PLACE_DONE,  /* finished, its callback waits to be called */
        HTTP_PLACES,
} HttpPlace;

struct HttpTransfer {
        /* For http.c. */
        HttpClient *client;
        HttpPlace place;
        void (*on_request)(HttpTransfer *t); /* by libcurl: the request goes out now */
        TAILQ_ENTRY(HttpTransfer) entry;     /* in the client's list for `place` */
        HttpCallback callback;
        void *userdata;
        bool (*may_send)(void *userdata);

        CURL *easy; /* NULL once finished: nothing of libcurl is left then */
        struct curl_slist *headers, *proxy_headers;
        char proxy[300]; /* its host and port, for people; "": none */
        char where[700]; /* host and port, and by which proxy */
        char detail[CURL_ERROR_SIZE];
        size_t body_max_bytes;
        size_t headers_bytes;
        int socket_errno;
        HttpStop stop;
        bool uncounted;
        bool is_first; /* on a connection made after a failure of TLS */
        HttpPhase phase;
        uint64_t request_timeout_usec;
        uint64_t started_usec; /* when it left the queue */

        unsigned proxy_generation;          /* of the password that was sent to the proxy */
        Text certificate, key;              /* which libcurl reads; as the form */
        const HttpCredentials *credentials; /* of the client, once it was shown some */
        Text form; /* which libcurl reads; with one, the body is wiped as well */
        Text body;
        char *content_type;
        char *location;
        HttpResponse response; /* whole once finished */
};

typedef TAILQ_HEAD(HttpTransferList, HttpTransfer) HttpTransferList;

/* -EINVAL: the request cannot be sent as it is; -ENOMEM. */
int http_transfer_new(const HttpClientOptions *options, const HttpRequest *request,
                      HttpTransfer **ret);

/* Sent with these from now on, copied: before it goes out. -ENOMEM, -EINVAL. */
int http_transfer_show(HttpTransfer *t, const HttpCredentials *credentials);

/* Of ca_file it uses what was read after `since_usec`, or reads it; in doubt, on a connection that
 * is made for it. -ENOMEM, -EINVAL. */
int http_transfer_trust(HttpTransfer *t, uint64_t since_usec, bool in_doubt);

/* By libcurl: it waits for bytes of a socket, or of the resolver. */
void http_transfer_reading(HttpTransfer *t);

/* After it has ended, and before http_transfer_finish. */
bool http_transfer_is_refused_by_proxy(const HttpTransfer *t);

/* It is not sent: that is its answer. */
void http_transfer_fail(HttpTransfer *t, int error, const Fault *fault);

/* How long below the low speed ends a transfer. As waiting counts, the default never cuts an answer
 * short for which request_timeout_usec leaves time. */
long http_low_speed_sec(const HttpClientOptions *options);

/* It is in no list. NULL is fine. Returns NULL. */
HttpTransfer *http_transfer_free(HttpTransfer *t);
DEFINE_CLEANUP(HttpTransfer, http_transfer, http_transfer_free)

/* It ended with `result`: fills the response and lets go of libcurl's handle, which is in no multi
 * handle any more. */
void http_transfer_finish(HttpTransfer *t, CURLcode result);
