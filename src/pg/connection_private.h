/*
 * connection: one libpq connection on the loop: opening, idle, at work, closing.
 *
 * It does not know what work is. Whoever owns it gives it a task and takes it back; what happens to
 * it meanwhile is reported by handlers, from the loop or from inside a call of this header.
 */
#pragma once

#include "base/timer.h"
#include "pg/server_private.h"
#include <sys/queue.h>

typedef struct PgConnection PgConnection;

/* In the order of the labels of METRIC_LABEL_CONNECTION in base/metric.c. */
typedef enum PgConnectionState {
        PG_CONNECTION_CONNECTING, /* without a `conn`: it waits for the addresses */
        PG_CONNECTION_IDLE,
        PG_CONNECTION_WORKING,
        /* its work was given up; it is closed once the server has ended the statement */
        PG_CONNECTION_CLOSING,
        PG_CONNECTION_BROKEN, /* to be freed by its owner */
} PgConnectionState;

typedef enum PgSession {
        PG_SESSION_UNKNOWN,
        PG_SESSION_OURS,
        PG_SESSION_POOLED, /* perhaps another one for each transaction */
} PgSession;

/* prepared_private.h */
typedef struct PgPrepared {
        char *sql; /* NULL: free */
        char name[32];
        bool ready;
} PgPrepared;

typedef struct PgConnectionHandlers {
        /* it has become idle, or broken */
        void (*on_changed)(PgConnection *c);
        /* these are of a connection with a task: its socket is ready; its deadline has passed; it
         * is broken, and keeps no task */
        void (*on_ready)(PgConnection *c);
        void (*on_late)(PgConnection *c);
        void (*on_lost)(PgConnection *c, const Fault *fault);
} PgConnectionHandlers;

struct PgConnection {
        PgServer *server;
        const PgConnectionHandlers *handlers;
        void *owner;
        LIST_ENTRY(PgConnection) entry; /* the owner's */
        PGconn *conn;
        PgConnectionState state;
        sd_event_source *io;
        bool sends;     /* libpq has something to send, or wants to connect */
        Timer deadline; /* connecting, working, closing: until then; idle: closed then */
        PgEndpoints *endpoints;
        size_t first, tried;  /* the place in them where it began; how many it has tried */
        bool any;             /* none takes writes, and none need: see only_reads */
        uint64_t retire_usec; /* monotonic: no work begins on it any more */
        Background *cancel;
        PgTask *task;     /* the owner's */
        PGresult *answer; /* of the statement under way: its last result, or its first error */
        bool connected;   /* it was open when there was no work for it, or that began: its end is
                             no failure to connect */
        bool was_idle;    /* it has been idle: it may have died unnoticed */
        /* the server has announced, while it was idle, that it ends the session */
        bool server_closing;
        PgSession session;
        PgPrepared prepared[16];
        Fault fault; /* why it is broken */
};

/* Gives out a connection that is about to be opened; or, soon, broken. -ENOMEM. */
int connection_open(PgServer *server, const PgConnectionHandlers *handlers, void *owner,
                    PgConnection **ret);
PgConnection *connection_free(PgConnection *c);

/* The lookup that it waited for has ended; `fault` when it found nothing. */
void connection_on_lookup(PgConnection *c, const Fault *fault);

/* Reads what has come unasked; false: it is broken. */
bool connection_check_idle(PgConnection *c);

void connection_enter(PgConnection *c, PgConnectionState state);

/* Its work is done. */
void connection_set_idle(PgConnection *c);

/* Sends what libpq holds, and waits for the socket as far as that does not take it; `more`: the
 * caller has more to send. True when all is sent; false, too, when it is broken. */
bool connection_flush(PgConnection *c, bool more);

/* From now. */
int connection_set_deadline(PgConnection *c, uint64_t usec);

/* It is lost, and its owner frees it. The first takes libpq's message for the fault. */
void connection_break(PgConnection *c);
void connection_fail(PgConnection *c, const Fault *fault);

/* It has served long enough, or is not trusted any more. */
void connection_retire(PgConnection *c);

/* Its work was given up: what runs is cancelled, if it can be, then it is closed. */
void connection_close(PgConnection *c, bool cancel);
