/*
 * prefetch: the pages of one list, asked for before they are wanted.
 *
 * The listing (listing.h) says which page it wants next, one at a time, and joins it by anchors; it
 * does not know of this module. While the list is quiet, the page it will want after the next one
 * is known beforehand, so several are asked for at once, as many as the limiter allows. A page that
 * was asked for ahead is given when it reaches past what the listing has: the listing finds an
 * anchor in it or it does not, whatever the time at which it was read, because its argument does
 * not need the pages to have been read in order. What does not fit is forgotten, and after such a
 * miss the pages go one at a time for a while.
 *
 * Asynchronous contract: as in http.h. At most one page is wanted at a time.
 */
#pragma once

#include "base/limiter.h"
#include "catalog/catalog.h"
#include <systemd/sd-event.h>

typedef struct Prefetch Prefetch;

/* Borrows all; `schema_connection` may be NULL. The callback gets each page that
 * was wanted; `answer->offset` says where it begins. */
int prefetch_new(sd_event *event, Catalog *catalog, Limiter *limiter, const Uuid *edge,
                 const Uuid *schema_connection, CatalogPageCallback callback, void *userdata,
                 Prefetch **ret);
/* forgets everything, without callback; NULL is fine; returns NULL */
Prefetch *prefetch_free(Prefetch *p);
DEFINE_CLEANUP(Prefetch, prefetch, prefetch_free)

/* Wants the page (offset, limit). `position`: rows from there on are not known yet. `stride`: how
 * far apart pages begin while the list is quiet; 0: exactly this page, and nothing ahead. */
int prefetch_want(Prefetch *p, int64_t offset, unsigned limit, int64_t position, unsigned stride);

/* Forgets what was asked for ahead: the list begins anew, or ends. Gives the number of requests
 * that were made and whose page was never given. */
unsigned prefetch_forget(Prefetch *p);
