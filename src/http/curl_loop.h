/*
 * curl_loop: libcurl's multi interface on an sd-event loop.
 *
 * libcurl says which sockets and which time it wants watched; this arms event sources for them and tells libcurl what happened. Inside libcurl's
 * callbacks things are armed and nothing else: libcurl is never called back from there. Finished transfers are given out from a deferred source.
 */
#pragma once

#include "base/cleanup.h"
#include <curl/curl.h>
#include <systemd/sd-event.h>

typedef struct CurlLoop CurlLoop;

/* A transfer has ended; its handle is still in the loop. Called from the event loop only. */
typedef void (*CurlLoopDone)(CURL *easy, CURLcode result, void *userdata);

/* The loop gave up (libcurl's own failure): every transfer must be removed and failed by the callee, which then gets a fresh multi handle. */
typedef void (*CurlLoopBroken)(void *userdata);

int curl_loop_new(sd_event *event, CurlLoopDone done, CurlLoopBroken broken, void *userdata, CurlLoop **ret);
CurlLoop *curl_loop_free(
        CurlLoop *loop); /* every transfer has been removed before; not from inside one of its callbacks */
DEFINE_CLEANUP(CurlLoop, curl_loop, curl_loop_free)

int curl_loop_add(CurlLoop *loop, CURL *easy);
void curl_loop_remove(CurlLoop *loop, CURL *easy);
