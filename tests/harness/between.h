/*
 * between: what stands between the program and the catalog, real: the proxies squid and tinyproxy,
 * nginx and stunnel where TLS ends.
 *
 * Each has a folder and a port of its own on loopback, and is gone with the test. Run by root, it
 * becomes the user nobody. Every function but harness_between_installed fails the test (cmocka)
 * rather than return an error.
 */
#pragma once

#include "harness/folder.h"
#include <stdbool.h>
#include <sys/types.h>

typedef struct HarnessBetween {
        char folder[HARNESS_FOLDER_SIZE]; /* its log is FOLDER/log; another program may not read it
                                           */
        pid_t pid;                        /* 0: not running */
        unsigned port;                    /* of 127.0.0.1 */
} HarnessBetween;

typedef enum HarnessPart {
        HARNESS_SQUID,
        HARNESS_TINYPROXY,
        HARNESS_NGINX,
        HARNESS_STUNNEL
} HarnessPart;

/* NULL: all of the parts are installed; else the package of one that is not. */
const char *harness_between_missing(const HarnessPart *parts, unsigned n);

/* Makes the folder and chooses the port. */
void harness_between_init(HarnessBetween *b);

/* Copies a file into the folder, for the part alone. */
void harness_between_copy(const HarnessBetween *b, const char *path, const char *name);

/* Each writes the configuration and waits until the port answers. Once more after
 * harness_between_stop: on the same port. */

/* Its log has a line for each request. `password` NULL: for everybody; else user:password. `rules`:
 * more of its configuration, before who is let in. */
void harness_squid_start(HarnessBetween *b, const char *username, const char *password,
                         const char *rules);
void harness_tinyproxy_start(HarnessBetween *b, const char *username, const char *password);
/* TLS with server.pem and server.key of the folder, to `url`. verify: "off", "on": a certificate
 * that clients.pem has signed is needed. Its log has the status, the client's certificate, the
 * request and its Proxy-Authorization ("-": none). */
void harness_nginx_start(HarnessBetween *b, const char *url, const char *verify);
/* The same, to a port, without a log. version: of TLS, then it is as nginx's verify "on", but ends
 * the handshake by an alert; NULL: any, and no certificate is needed. */
void harness_stunnel_start(HarnessBetween *b, unsigned port, const char *version);

void harness_between_stop(HarnessBetween *b);
void harness_between_destroy(HarnessBetween *b); /* stops it and removes the folder */
