/*
 * http: a request, a response; libcurl's multi interface on an sd-event loop.
 *
 * Knows no API. Takes an absolute URL and returns what arrived, or a Fault that says how far it
 * came. Speaks HTTP/1.1. Never follows a redirect, never reads netrc or cookies, never uses a proxy
 * of the environment (it would be handed the credentials of plain requests), always verifies peer
 * and host name (TLS 1.2 or newer). A proxy that it is given hears of a request the host and the
 * port alone (CONNECT): only https goes through it.
 *
 * ca_file is read every ten minutes, and after each failure of TLS.
 *
 * Until the proxy has accepted our password, one request at a time goes to it: when that finds no
 * way through, those that wait get the same fault. One that is refused is read again.
 *
 * Asynchronous contract: the callback never runs before http_start returns; it runs exactly once
 * unless the transfer is cancelled; after http_cancel returns it never runs. It is called from the
 * loop, never from inside another callback of this module, and may start and cancel transfers and
 * free the client. When it returns, the transfer and everything the response points to are
 * released; cancelling a transfer in its own callback changes nothing.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

typedef struct HttpClient HttpClient;
typedef struct HttpTransfer HttpTransfer;

/* Strings are borrowed until the client is freed. */
typedef struct HttpClientOptions {
        const char *user_agent;
        const char *ca_file; /* NULL: the system's; a proxy of https is verified by it as well */
        const char *proxy;   /* NULL: none; http://HOST:PORT or https://HOST:PORT */
        const char *proxy_username; /* NULL: it gets no credentials; without a colon */
        /* Each reads what is on disk; negative errno and a filled Fault when it cannot. The
         * client's certificate and its key are PEM; load_certificate NULL: none is shown. */
        int (*load_proxy_password)(void *userdata, Text *ret, Fault *ret_fault);
        int (*load_certificate)(void *userdata, Text *ret_certificate, Text *ret_key,
                                Fault *ret_fault);
        void *load_userdata;
        /* requests on the wire; more wait their turn, first come first served */
        unsigned max_in_flight;
        uint64_t connect_timeout_usec; /* name, TCP and TLS together */
        uint64_t request_timeout_usec; /* from leaving the queue to the last byte */
        /* this long below 16 bytes a second ends a transfer, waiting for the answer counts; 0: a
         * minute, or request_timeout_usec where that is longer */
        uint64_t low_speed_usec;
        /* plain http, for loopback only: the caller has checked the address */
        bool allow_http;
        bool uncounted; /* the metrics of the catalog's requests leave its own out */
} HttpClientOptions;

typedef enum HttpMethod { HTTP_GET, HTTP_POST, HTTP_HEAD } HttpMethod;

/* Everything is copied by http_start. A POST without a body has an empty one, and says that it is
 * JSON. `Accept: application/json` and `Cache-Control: no-cache` are always sent, and gzip asked
 * for. A URL with user information, a scheme that is not allowed, and an authorization that is
 * empty or holds a control character, which would tear the header, are -EINVAL. */
typedef struct HttpRequest {
        HttpMethod method;
        const char *url; /* absolute */
        /* value of the Authorization header; NULL: none. Wiped after */
        const char *authorization;
        /* of a POST: its body, URL-encoded. It may hold a secret, and the answer as well: both are
         * wiped after. NULL: none */
        const char *form;
        const char *json;      /* the same, as JSON */
        size_t body_max_bytes; /* decoded */
        /* a connection of its own, not reused after: libcurl replays a request on a reused
         * connection that dies */
        bool fresh_connection;
        /* With http_start's userdata, once the connection stands: false, and the request is not
         * written, ECANCELED. Called by libcurl: it may start and cancel nothing. NULL: always */
        bool (*may_send)(void *userdata);
} HttpRequest;

/* Borrowed; valid during the callback only. */
typedef struct HttpResponse {
        /* 0: an answer arrived whole; else negative errno, and `fault` says what happened */
        int error;
        Fault fault; /* FAULT_REQUEST (timeout, broken connection), FAULT_RUN (body too large),
                        FAULT_PEER (name, connection, TLS, all of the proxy; retryable but for
                        certificates, ca_file and refusals), FAULT_PROCESS (memory, descriptors);
                        http_status set when known */
        bool sent;   /* false: certain that the peer saw nothing of this request; a proxy is none */
        int status;  /* HTTP status, 0 when none arrived */
        const char *content_type; /* "" when absent */
        const char *location;     /* "" when absent, exactly as sent */
        /* 0: none or not understood; held to LIMIT_RETRY_AFTER_MAX_USEC */
        uint64_t retry_after_usec;
        int64_t age_sec; /* since a cache in between has it, as that says; 0: none says so */
        bool has_date;   /* the answer says when it was made … */
        /* … and our clock was so much ahead of that when it had arrived */
        int64_t clock_ahead_sec;
        /* decoded; NUL-terminated for convenience; may hold NUL bytes; empty when error */
        const char *body;
        size_t body_size;
        uint64_t elapsed_usec; /* on the wire, without the wait for a place */
} HttpResponse;

typedef void (*HttpCallback)(const HttpResponse *response, void *userdata);

/* `event` is referenced. -EINVAL, -ENOMEM, or what libcurl's initialisation gave. */
int http_client_new(sd_event *event, const HttpClientOptions *options, HttpClient **ret);

/* Reads the proxy's password and the client's certificate: at the beginning, so that what is wrong
 * with them is heard at once. Later it is done here: the password is read again when the proxy
 * refuses it, and the request repeated with another one; the certificate before each request, so
 * that connections of now on show the one that is there. 1: other than before. Negative errno and a
 * filled Fault: one of them cannot be used, and the one before stays. */
int http_client_reload(HttpClient *client, Fault *ret_fault);

/* Cancels what is under way (no callback), then releases. NULL is fine. Returns NULL. */
HttpClient *http_client_free(HttpClient *client);
DEFINE_CLEANUP(HttpClient, http_client, http_client_free)

/* Errors are only local ones (-ENOMEM, -EINVAL); whatever the network does arrives by the callback.
 */
int http_start(HttpClient *client, const HttpRequest *request, HttpCallback callback,
               void *userdata, HttpTransfer **ret);

/* NULL is fine. Returns NULL. */
HttpTransfer *http_cancel(HttpTransfer *transfer);

sd_event *http_client_event(const HttpClient *client); /* borrowed */
