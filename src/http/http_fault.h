/*
 * http_fault: what a failed transfer means, for an operator.
 *
 * Pure: everything that libcurl knows of the failure is brought by the caller.
 */
#pragma once

#include "base/fault.h"
#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

/* How far a request came. */
typedef enum HttpPhase {
        HTTP_PHASE_RESOLVE, /* looking for the address */
        HTTP_PHASE_CONNECT, /* address known, no connection yet */
        HTTP_PHASE_TLS,     /* connected, handshake not done */
        HTTP_PHASE_SENT,    /* the peer may have seen the request */
} HttpPhase;

/* What of ours ended the transfer. */
typedef enum HttpStop {
        HTTP_STOP_NONE,
        HTTP_STOP_BODY,    /* larger than body_max_bytes */
        HTTP_STOP_HEADERS, /* larger than LIMIT_HEADERS_MAX_BYTES */
        HTTP_STOP_MEMORY,  /* no memory here */
        HTTP_STOP_LATE,    /* by may_send */
} HttpStop;

typedef struct HttpFailure {
        CURLcode code;
        HttpPhase phase;
        HttpStop stop;
        const char *where;    /* host and port */
        const char *detail;   /* libcurl's own message, "" when it has none */
        const char *encoding; /* the answer's Content-Encoding, "" when it has none */
        long verify_result;   /* of the certificate, as OpenSSL numbers it; 0: fine or not known */
        int socket_errno;     /* 0, or why the system gave no socket or no connection */
        const char *proxy;    /* host and port; NULL: none */
        int connect_status;   /* that it answered CONNECT with; 0: it did not */
        const char *proxy_page; /* the Content-Type of that answer, "" when it has none */
        bool proxy_credentials; /* it was sent some */
        const char
                *proxy_unread; /* "; why …" others cannot be used, ""; as http_credentials has it */
        bool fresh_tls;        /* its handshake was for this request, and nothing came after */
        bool certificate_shown; /* or would have been: of the client */
        const char *certificate_unread;
        long proxy_methods; /* of authentication that it offers, CURLAUTH_… */
        size_t body_max_bytes;
        uint64_t elapsed_usec;
        uint64_t request_timeout_usec; /* 0: none */
} HttpFailure;

/* Fills `ret` and returns a negative errno. What the proxy has to answer for is its fault
 * (ORIGIN_PROXY), whatever libcurl calls it; what is behind it names it as the way there. */
int http_fault_fill(const HttpFailure *failure, Fault *ret);
