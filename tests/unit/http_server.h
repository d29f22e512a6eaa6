/*
 * http_server: a server on loopback that answers bytes from a script, for the tests of src/http.
 *
 * One thread per connection. Each request is looked up by its path; what is not in the script is
 * answered 404 with an empty body. Everything it saw can be read afterwards. Nothing here parses
 * more of HTTP than the end of the headers, and the length of a body.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>

typedef enum ScriptEnd {
        SCRIPT_KEEP,    /* the connection stays for the next request */
        SCRIPT_CLOSE,   /* closed in order */
        SCRIPT_RESET,   /* closed with a reset */
        SCRIPT_HANG,    /* nothing more, until the client closes */
        SCRIPT_DRIBBLE, /* a space every 100 ms, until the client closes */
        SCRIPT_FLOOD,   /* `bytes` again and again, until the client closes */
        /* kept for a first request of a connection; a later one meets the close of an idle
           connection: no answer */
        SCRIPT_IDLE,
        SCRIPT_GATE, /* waits before it answers, until server_open_gate */
} ScriptEnd;

typedef struct Script {
        const char *path;  /* without its query: of any query */
        const char *bytes; /* may be "" */
        size_t size;       /* 0: strlen */
        const char *flood; /* for SCRIPT_FLOOD, after `bytes` */
        ScriptEnd end;
} Script;

enum { SERVER_CONNECTIONS_MAX = 256, SERVER_LOG_BYTES = 256 * 1024 };

typedef struct Server {
        int fd;
        int port;
        const Script *scripts; /* closed by a NULL path */
        pthread_t acceptor;
        pthread_t handlers[SERVER_CONNECTIONS_MAX];

        pthread_mutex_t lock; /* for all below */
        pthread_cond_t changed;
        int sockets[SERVER_CONNECTIONS_MAX];
        unsigned n_connections;
        unsigned n_requests;
        unsigned n_open, n_open_max; /* requests begun and not answered yet */
        int breaker_open;
        char log[SERVER_LOG_BYTES]; /* all requests, as they came */
        size_t log_size;
} Server;

Server *server_start(const Script *scripts);
void server_stop(Server *server);
void server_open_gate(Server *server);
unsigned server_connections(Server *server);
unsigned server_requests(Server *server);
unsigned server_open_max(Server *server);
