/*
 * endpoint: the places that a conninfo names, one for each address, with host names resolved.
 *
 * libpq would resolve names itself and hold the loop meanwhile, and would have one time limit for
 * all addresses of a name. So the hosts of the conninfo (of the environment and of a service file,
 * too) are listed here, their names are looked up in a thread by getaddrinfo, by the rules of
 * nsswitch.conf, and each address is tried by itself.
 */
#pragma once

#include "base/cleanup.h"
#include <stdbool.h>
#include <stddef.h>

/* Any field may be NULL: what libpq takes then. */
typedef struct PgEndpoint {
        char *host; /* a name, for TLS and for people; the directory of a socket; an address */
        char *hostaddr;
        char *port;
} PgEndpoint;

typedef struct PgEndpoints {
        unsigned references; /* of the loop; a list in a thread has one owner */
        size_t n;
        bool unresolved; /* some hosts are names that are still to be looked up */
        char *error;     /* of the lookup: which name has no address, and why; NULL: none failed */
        PgEndpoint *items;
} PgEndpoints;

/* One endpoint for each host that the conninfo names. -EINVAL: libpq does not understand it;
 * -ENOMEM. Looks up nothing. */
int pg_endpoints_parse(const char *conninfo, PgEndpoints **ret);

/* The same list, with an endpoint for each address of each name: with `look_up`, which blocks as
 * long as the resolver does, and leaves out names without an address, with `error` set; else
 * without those that need a lookup. -ENOMEM. */
int pg_endpoints_resolve(const PgEndpoints *unresolved, bool look_up, PgEndpoints **ret);

bool pg_endpoint_equal(const PgEndpoint *a, const PgEndpoint *b);

PgEndpoints *pg_endpoints_ref(PgEndpoints *list);
PgEndpoints *pg_endpoints_unref(PgEndpoints *list); /* NULL is fine. Returns NULL. */
DEFINE_CLEANUP(PgEndpoints, pg_endpoints, pg_endpoints_unref)
