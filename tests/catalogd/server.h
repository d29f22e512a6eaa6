/*
 * server: HTTP on a loopback port, one thread, one loop.
 */
#pragma once

#include "base/fault.h"
#include "catalogd/site.h"

typedef struct Server Server;

typedef struct ServerOptions {
        uint16_t port;        /* 0: any that is free */
        const char *tls_cert; /* files, PEM; NULL: no TLS */
        const char *tls_key;
} ServerOptions;

/* Listens on 127.0.0.1 and writes site->url. Borrows the site, which must outlive the server. */
int server_new(Site *site, const ServerOptions *options, Server **ret, Fault *ret_fault);
Server *server_free(Server *server);
DEFINE_CLEANUP(Server, server, server_free)

/* Serves until SIGTERM or SIGINT; both must be blocked, since they are read from a descriptor. */
int server_run(Server *server, Fault *ret_fault);
