/*
 * snapshot: what a sync has collected: the rows of the list, the ids that the mirror has and the
 * list has not, and what the catalog answered for each of those.
 *
 * All of it is in spools (mirror/spool.h), so that memory does not grow with the inventory. Errors
 * are those of the spools.
 */
#pragma once

#include "catalog/catalog.h"
#include "mirror/spool.h"
#include "sync/proof.h"

/* Zero-initialise. `found` and `verdicts` are NULL until snapshot_complete. */
typedef struct Snapshot {
        Spool *rows, *found, *verdicts;
} Snapshot;

int snapshot_begin(Snapshot *s);    /* room for rows; -ENOMEM */
int snapshot_complete(Snapshot *s); /* and for the rest; again: as it is */
void snapshot_done(Snapshot *s);

/* The rows of a page. */
int snapshot_add_page(Snapshot *s, const CatalogPageAnswer *page, Fault *ret_fault);

/* What was concluded of the answer to a request for one id. */
int snapshot_add_verdict(Snapshot *s, ProofVerdict verdict, const Uuid *asked,
                         const CatalogOneAnswer *answer, Fault *ret_fault);
