/*
 * server: where the connections of one pool lead to, and what they have learnt of it together.
 */
#pragma once

#include "base/background.h"
#include "pg/endpoint.h"
#include "pg/pg.h"

/* A lookup has ended; `fault` when it found nothing, else NULL. */
typedef void (*PgServerLookedUp)(const Fault *fault, void *userdata);

typedef struct PgServer {
        sd_event *event;
        /* defaults filled in, strings of its own */
        PgPoolOptions options;
        PgServerLookedUp on_looked_up;
        void *userdata;
        /* one at a time, however long it takes */
        Background *lookup;
        /* what the last lookup found; NULL: none has */
        PgEndpoints *endpoints;
        /* the list and the place in it of the last address that gave a connection */
        PgEndpoints *served;
        size_t served_index;
} PgServer;

/* `server` is zeroed. -EINVAL, -ENOMEM; server_done all the same. */
int server_init(PgServer *server, sd_event *event, const PgPoolOptions *options,
                PgServerLookedUp on_looked_up, void *userdata);
void server_done(PgServer *server);

/* Looks up the host names of the conninfo in a thread, unless that is under way; `on_looked_up`
 * runs from the loop. */
int server_look_up(PgServer *server);

/* The place in the list of the address that is to be tried first: of the one that served last, also
 * after another lookup. */
size_t server_first(const PgServer *server, const PgEndpoints *list);

/* It gave a connection. */
void server_remember(PgServer *server, PgEndpoints *list, size_t index);
