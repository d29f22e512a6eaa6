/*
 * edge_items: what the Edge API lists (Edge connections, sites) into items.
 *
 * The answer is an array, or an object that has it as "results". Only id, name, the site of a
 * connection (edgeSiteId) and the status of a site are read: parameters may hold connection
 * strings, and go no further. An element without a readable id is counted and passed over.
 */
#pragma once

#include "base/fault.h"
#include "catalog/catalog.h"
#include "catalog/redact.h"

typedef struct EdgeItems {
        EdgeItem *items; /* in order of id, each id once */
        size_t n_items;
        size_t n_unreadable;
} EdgeItems;

void edge_items_done(EdgeItems *e);

/* Credentials (NULL: none) are redacted out of names. Negative errno and a Fault of FAULT_RUN. */
int edge_items_parse(const char *body, size_t size, const Redact *redact, EdgeItems *ret,
                     Fault *ret_fault);
