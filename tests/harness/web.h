/*
 * web: a client of the monitor, which sends what it is told to, byte by byte.
 *
 * `where` is what `listen` of [monitor] takes. Every function fails the test (cmocka) rather than
 * return an error, and waits for an answer for a minute at most.
 */
#pragma once

#include <stddef.h>

/* A connection; the caller closes it. */
int web_connect(const char *where);

/* The same, but for a server that refuses it: -1. */
int web_try_connect(const char *where);

/* Sends as much as the server takes, and says no more. */
void web_send(int fd, const void *bytes, size_t size);

/* All that comes until the server closes, owned by the caller. */
char *web_read(int fd);

/* One request as it is, on a connection of its own. */
char *web_ask(const char *where, const char *request);

/* GET of a path: the whole answer. */
char *web_get(const char *where, const char *path);

/* Of an answer: 0: it is none. */
int web_status(const char *answer);
const char *web_body(const char *answer);

/* The status of a GET. */
int web_get_status(const char *where, const char *path);

/* An address of this host that nobody listens on now. */
void web_free_address(char out[static 32]);
