/*
 * http_fault: what a failed transfer means, in an operator's words.
 */
#pragma once

#include "base/fault.h"
#include <curl/curl.h>
#include <stdbool.h>

typedef struct HttpFailure {
        CURL *easy;
        CURLcode code;
        const char *detail; /* libcurl's own words */
        const char *where;  /* host and port */
        bool body_too_large;
        bool head_too_large;
        bool connected; /* the connection, TLS included, was there */
        size_t body_max_bytes;
} HttpFailure;

void http_fault_fill(const HttpFailure *failure, Fault *ret);
