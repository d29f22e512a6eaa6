/*
 * pg_private: what the files of this directory share: a connection, and a piece of work on it.
 *
 * connection.c opens, watches and closes a libpq connection; lookup.c finds the addresses of host
 * names for it, cancel.c ends what runs on the server; work.c carries out one piece of work on an
 * open one; pool.c hands work to connections.
 */
#pragma once

#include "base/background.h"
#include "pg/endpoint.h"
#include "pg/pg.h"

typedef struct PgConnection PgConnection;

typedef enum PgConnectionState {
        PG_CONNECTION_CONNECTING, /* without a `conn`: it waits for the addresses */
        PG_CONNECTION_IDLE,
        PG_CONNECTION_WORKING,
        /* its work was given up; it is closed once the server has ended the statement */
        PG_CONNECTION_LEAVING,
        PG_CONNECTION_BROKEN, /* to be freed by the pool */
} PgConnectionState;

/* What the next answer is of. */
typedef enum WorkStage {
        WORK_BEGIN,
        WORK_SETTINGS,
        WORK_STEP,
        WORK_COPY,
        WORK_COMMIT,
        WORK_ROLLBACK,
} WorkStage;

/* Where a piece of work on a connection stands. A flight is what crosses in one go, up to where a
 * decision is needed; its answers come in the same order. */
typedef struct Progress {
        WorkStage stage;
        size_t step;   /* of the next answer; between two flights: the next one to be sent */
        uint64_t sent; /* which steps are in this flight, a bit each */
        size_t last;   /* of them */
        bool begun;    /* BEGIN has been sent */
        bool pipelined;
        /* COMMIT is in the flight, or on its way there: it may have been sent */
        bool commits;
        bool answered; /* something has come back of this flight */
        /* of any flight: handlers may have run, and a source have given its data */
        bool heard;
        /* the server has refused something in this flight: what followed it was not carried out */
        bool failed;
        bool committed;  /* the server has said COMMIT */
        bool asked_back; /* a handler asked for the rollback */
        bool lost;       /* with its connection */
        PgNext next;     /* what the last handler decided */
        /* for the rest of the flight, once it is known that somebody listens */
        uint64_t limit_usec;
        bool copy_sourced; /* the source has said that it is at its end */
        const char *chunk; /* what the source gave and libpq has not taken yet */
        size_t chunk_size;
} Progress;

struct PgTask {
        PgPool *pool;
        PgTask *next, *previous;
        PgWork work;
        PgCallback callback;
        void *userdata;
        PgConnection *connection; /* NULL: waiting for one */
        Progress at;
        Fault fault;
        bool ended;
        bool notified; /* its callback has been called: it is in no list */
        PgEnd end;
};

struct PgConnection {
        PgPool *pool;
        PgConnection *next;
        PGconn *conn;
        PgConnectionState state;
        sd_event_source *io;
        sd_event_source *deadline; /* connecting, working, leaving: until then; idle: closed then */
        PgEndpoints *endpoints;
        size_t first, tried;  /* the place in them where this one began; how many it has tried */
        bool any;             /* none takes writes, and none need: see only_reads */
        uint64_t retire_usec; /* monotonic: no work begins on it any more */
        Background *cancel;
        PgTask *task;
        PGresult *answer; /* of the statement under way: its last result, or its first error */
        bool connected;   /* it was open once: its end is no failure to connect */
        bool was_idle;    /* it has been idle: it may have died unnoticed */
        /* the server has said, while it was idle, that it ends the session */
        bool server_closing;
        Fault fault; /* why it is broken */
};

struct PgPool {
        sd_event *event;
        char *conninfo, *application_name;
        PgPasswordLoader load_password;
        void *load_password_userdata;
        unsigned max_connections;
        bool only_reads;
        uint64_t connect_timeout_usec, statement_timeout_usec, lock_timeout_usec;
        uint64_t answer_usec, idle_usec, max_age_usec;
        char *search_path;
        Background *lookup;     /* one at a time, however long it takes */
        PgEndpoints *endpoints; /* what the last lookup found; NULL: none has */
        /* the list and the place in it of the last address that gave a connection: tried first */
        PgEndpoints *served;
        size_t served_index;
        PgConnection *connections;
        unsigned n_connections;
        /* the server took no further connection: none is asked for until one of ours comes free, or
         * this fires */
        sd_event_source *pause;
        PgTask *first, *last;             /* waiting for a connection */
        PgTask *ended_first, *ended_last; /* callbacks to be run */
        /* runs callbacks and hands out work, outside every handler of libpq's sockets */
        sd_event_source *dispatcher;
        bool *freed;
};

/* pool.c */
void pool_dispatch_later(PgPool *pool);
/* takes it off its connection; its callback runs from the dispatcher */
void pool_task_ended(PgTask *task, PgEnd end);

/* connection.c */
int connection_open(PgPool *pool, PgConnection **ret);
PgConnection *connection_free(PgConnection *c);
/* (re)adds the io source for libpq's present socket */
int connection_watch(PgConnection *c, uint32_t events);
int connection_set_deadline(PgConnection *c, uint64_t usec);
void connection_clear_deadline(PgConnection *c);
void connection_rest(PgConnection *c); /* its work is done */
/* Lost: fails its task, leaves the freeing to the pool. The first takes libpq's words for it, the
 * second those of `fault`. */
void connection_break(PgConnection *c);
void connection_fail(PgConnection *c, const Fault *fault);
/* The work on it was given up: what runs is cancelled, if it can be, then it is closed. */
void connection_leave(PgConnection *c, bool cancel);
/* The lookup that it waited for has ended; `fault` when it found nothing. */
void connection_on_lookup(PgConnection *c, const Fault *fault);
bool connection_check_idle(PgConnection *c); /* reads what has come unasked; false: it is gone */

/* lookup.c */
int lookup_start(PgPool *pool, const char *conninfo); /* unless one is under way */

/* cancel.c */
/* asks the server, in a thread, to end the statement under way */
int cancel_start(PgConnection *c);

/* flight.c */
/* the next steps, as far as no decision is needed; COMMIT after the last */
void flight_send(PgConnection *c);
void flight_send_rollback(PgConnection *c);
void flight_flush(PgConnection *c); /* sends what libpq holds; waits for the socket as needed */
uint64_t flight_limit(const PgTask *t, size_t n_statements);

/* copy.c */
void copy_begin(PgConnection *c); /* the server waits for data */
void copy_feed(PgConnection *c);  /* as much as the socket takes */

/* work.c */
/* before anything was sent, or between two flights */
void work_fail(PgConnection *c, const Fault *fault);
void work_start(PgConnection *c); /* c->task is set */
void work_on_io(PgConnection *c); /* the socket is ready */
bool work_can_be_cancelled(const PgConnection *c);
/* the connection is gone: decide how the task ended */
void work_on_lost(PgConnection *c, const Fault *f);

/* pg_fault.c */
/* FATAL or PANIC, or what a pooler says for it */
bool pg_result_ends_session(const PGresult *result);
void pg_fault_from_result(const PGresult *result, Fault *ret);
void pg_fault_from_connection(const PGconn *conn, bool connecting, Fault *ret);
