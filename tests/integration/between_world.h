/*
 * between_world: sync_world behind TLS: nginx before the sample catalog, its certificates, and what
 * else stands in between. Every function fails the test (cmocka) rather than return an error.
 */
#pragma once

#include "harness/between.h"
#include "integration/sync_world.h"

typedef struct BetweenWorld {
        World *w;
        char certificates[HARNESS_FOLDER_SIZE]; /* as harness_certificates_make has it */
        HarnessBetween nginx;                   /* before the catalog */
        HarnessBetween proxy,
                front; /* what a test starts; front: before the proxy, or the catalog */
} BetweenWorld;

int between_setup(void **state); /* of the group */
int between_teardown(void **state);

/* An empty mirror, a new catalog, nginx before it, nothing else. verify: as harness_nginx_start. */
void between_begin(BetweenWorld *b, const char *verify);

/* The configuration: url is https to that port (0: of nginx), `more` are lines of [catalog]. */
void between_configure(BetweenWorld *b, unsigned port, const char *more, ...)
        __attribute__((format(printf, 3, 4)));

/* Gives a part the server's certificate of that name, and the authority of clients. */
void between_certify(BetweenWorld *b, const HarnessBetween *part, const char *name);

/* Puts cert_file and key_file in place: client.pem and client.key of the world's folder. */
void between_show(BetweenWorld *b, const char *certificate, const char *key);

/* sync ends with 0, both edges are synced, and their rows are the catalog's. */
void between_assert_synced(BetweenWorld *b);

/* How often the words are in a part's log. */
long between_logged(const HarnessBetween *part, const char *words);

/* `check` and, --json, `sync` end with that status; the words are in the one line of check that
 * fails, which has that name, in sync's error, which has that code, and in what status shows. */
void between_assert_fault(BetweenWorld *b, int status, const char *line, const char *words,
                          const char *code);
