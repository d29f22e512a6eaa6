/*
 * pg_server: a server on loopback that speaks PostgreSQL's protocol and answers from a script, for
 * what a real one never says.
 *
 * One connection after the other, each to its end. Each statement is looked up by the words that it
 * begins with; what is not in the script succeeds without rows. The data of a COPY are swallowed.
 * No parameters are looked at.
 */
#pragma once

#include "mirror/mirror.h"
#include <pthread.h>
#include <stddef.h>
#include <systemd/sd-event.h>

typedef enum AnswerKind {
        ANSWER_ROWS,        /* `rows` rows of `columns` values */
        ANSWER_TAG,         /* no rows, and this word for what was done: `text` */
        ANSWER_ERROR,       /* of SQLSTATE `text` */
        ANSWER_ERROR_CLOSE, /* the same, and then the connection is closed */
        ANSWER_BYTES,       /* `text`, `size` bytes of it, in place of an answer */
        ANSWER_CLOSE,       /* none: the connection is closed */
} AnswerKind;

typedef struct Answer {
        const char *words; /* that the statement begins with */
        AnswerKind kind;
        int rows, columns;
        const char *const *values; /* row by row; NULL is SQL NULL */
        const char *text;
        size_t size;
        unsigned skip, count; /* after so many, so many times; count 0: always */
        unsigned n_seen;      /* the server's */
} Answer;

enum { PG_SERVER_LOG_BYTES = 256 * 1024 };

typedef struct PgServer {
        int fd;
        int port;
        Answer *script; /* closed by NULL words */
        pthread_t thread;

        pthread_mutex_t lock; /* for all below */
        unsigned n_connections;
        char log[PG_SERVER_LOG_BYTES]; /* the statements, as they came, each with its NUL */
        size_t log_size;
} PgServer;

PgServer *pg_server_start(Answer *script);

/* A mirror on it, by one connection; the caller frees both. */
void pg_server_open_mirror(const PgServer *s, sd_event *event, PgPool **ret_pool,
                           Mirror **ret_mirror);
void pg_server_stop(PgServer *server); /* after the client has closed */
unsigned pg_server_connections(PgServer *server);
/* how many statements began with them */
unsigned pg_server_count(PgServer *server, const char *words);
