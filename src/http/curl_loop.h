/*
 * curl_loop: libcurl's multi interface on an sd-event loop.
 *
 * libcurl says which sockets and which time it wants watched; this arms event sources for them and
 * tells libcurl what happened. Knows nothing of requests: a handle goes in, its result comes out.
 */
#pragma once

#include "base/cleanup.h"
#include <curl/curl.h>
#include <systemd/sd-event.h>

typedef struct CurlLoop CurlLoop;

/* The first two are called from the event loop, never from inside libcurl nor from inside a
 * function below. They may add and remove handles, but not free the loop and not call code that
 * might. */
typedef struct CurlLoopHandlers {
        /* A transfer has ended; its handle is still in the loop and is to be removed. */
        void (*done)(CURL *easy, CURLcode result, void *userdata);
        /* libcurl's event handling itself failed: every handle must be removed now; those that are
         * added afterwards go to a fresh multi handle. */
        void (*broken)(void *userdata);
        /* From inside libcurl: this transfer waits for bytes of a socket, or of the resolver. */
        void (*reading)(CURL *easy);
} CurlLoopHandlers;

/* Keeps connections for reuse while there are at most `connections_max`, those in use too. -ENOMEM,
 * or what sd-event gave. */
int curl_loop_new(sd_event *event, unsigned connections_max, const CurlLoopHandlers *handlers,
                  void *userdata, CurlLoop **ret);

/* Every handle has been removed before. NULL is fine. Returns NULL. */
CurlLoop *curl_loop_free(CurlLoop *loop);
DEFINE_CLEANUP(CurlLoop, curl_loop, curl_loop_free)

int curl_loop_add(CurlLoop *loop, CURL *easy); /* -ENOMEM: not added */
void curl_loop_remove(CurlLoop *loop, CURL *easy);
