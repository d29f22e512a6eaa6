/*
 * discover: which Edge connections the catalog shows.
 *
 * Asks the Edge API for them, and then for the sites; that sites cannot be read is no failure.
 * Where the Edge API is not there or not for our user (403, 404, or a gateway's own 401), the list
 * of all database connections shows the ids, and no names, of the Edge connections that have any.
 * Requests that fail for a while are repeated (retry.h); that list may take LIMIT_DISCOVER_USEC.
 *
 * Asynchronous contract: as in http.h.
 */
#pragma once

#include "catalog/catalog.h"
#include <systemd/sd-event.h>

typedef struct Discover Discover;

typedef enum DiscoverSource {
        DISCOVER_EDGE_API,
        DISCOVER_ROWS, /* the list of all database connections */
} DiscoverSource;

/* Borrowed, valid during the callback. */
typedef struct Discovered {
        Fault fault; /* scope FAULT_NONE: the source could be read */
        DiscoverSource source;
        /* nothing that the source has is missing: all elements were readable, the list was whole */
        bool whole;
        Fault edge_api;        /* why the Edge API is not the source */
        Fault sites_fault;     /* why there are no sites */
        const EdgeItem *edges; /* in order of id, each id once */
        size_t n_edges;
        const EdgeItem *sites; /* the same */
        size_t n_sites;
        size_t n_unreadable; /* elements without a readable id */
} Discovered;

typedef void (*DiscoverCallback)(const Discovered *found, void *userdata);

/* Borrows catalog and event. */
int discover_start(Catalog *catalog, sd_event *event, DiscoverCallback callback, void *userdata,
                   Discover **ret);
Discover *discover_cancel(Discover *d); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(Discover, discover, discover_cancel)

/* In an array in order of id; NULL: not there. */
const EdgeItem *discover_find(const EdgeItem *items, size_t n, const Uuid *id);
