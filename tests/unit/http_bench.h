/*
 * http_bench: one client and an event loop, for the tests of src/http; and what became of a
 * request, kept beyond its callback.
 */
#pragma once

#include "http/http.h"

typedef struct Bench {
        sd_event *event;
        HttpClient *client;
        unsigned n_answers; /* callbacks called so far, of all transfers */
} Bench;

typedef struct Seen {
        Bench *bench;
        unsigned n_calls;
        unsigned order; /* the how manieth answer of the bench, from 1 */
        int error;
        Fault fault;
        bool sent;
        int status;
        char content_type[128];
        char location[256];
        uint64_t retry_after_usec;
        char body[4096];
        size_t body_size;
        HttpTransfer *transfer;
        void (*then)(struct Seen *seen); /* run inside the callback; may be NULL */
        void *other;                     /* for `then` */
} Seen;

/* Defaults, to be changed before the first request: connect 5 s, request 10 s, 4 in flight, plain
 * http allowed. */
HttpClientOptions http_bench_options(void);
void bench_open(Bench *bench, const HttpClientOptions *options);
void bench_close(Bench *bench);

/* A GET with room for 64 KiB, no authentication; `port` on 127.0.0.1. */
HttpRequest bench_request(char *url, size_t url_size, const char *scheme, int port,
                          const char *path);

void http_bench_start(Bench *bench, const HttpRequest *request, Seen *seen);
void bench_get(Bench *bench, int port, const char *path, Seen *seen);

/* Runs the loop until `n` answers have come in all; fails the test after 30 s without that. */
void http_bench_wait(Bench *bench, unsigned n);

/* Runs the loop for as long as something is ready. */
void bench_drain(Bench *bench);

/* One plain GET on a client of its own. */
void bench_fetch(int port, const char *path, Seen *seen);

/* Of all clients, on the wire now. */
unsigned bench_in_flight(void);
