/*
 * pair: two servers, of which one is to subscribe to the mirror in the other, and the page
 * docs/replication.md, whose SQL is run there as a reader would.
 *
 * Every function fails the test (cmocka) rather than return an error; every wait is for a condition
 * and ends after a minute.
 */
#pragma once

#include "integration/document.h"
#include "integration/mirror_bench.h"

/* The blocks of the page, in order. */
typedef enum PageBlock {
        PAGE_ROLE,
        PAGE_SUBSCRIBE,
        PAGE_LAG,
        PAGE_READY,
        PAGE_FRESHNESS,
        PAGE_DISABLE,
        PAGE_ENABLE,
        PAGE_NEW_TABLES,
        PAGE_TAKE_OVER,
        PAGE_DROP,
        PAGE_EMPTY,
        PAGE_SUBSCRIBE_AGAIN,
        PAGE_BLOCKS,
} PageBlock;

typedef struct Pair {
        MirrorBench publisher, subscriber;
        Document page;
} Pair;

void pair_start(Pair *p); /* both servers, with the roles for readers, without a schema */
void pair_stop(Pair *p);

/* Runs a block where its first line says; the address in it is that of the publisher, signed in as
 * `user`. */
void pair_follow(Pair *p, PageBlock n, const char *user);

/* Until each table of the publication has the same rows on both sides, by the columns that the
 * publisher has. */
void pair_wait_until_equal(const Pair *p);

/* Until the statement, as superuser, gives true; until the words are in the server's log. */
void pair_wait_for(const MirrorBench *b, const char *condition);
void pair_wait_for_log(const MirrorBench *b, const char *words);
