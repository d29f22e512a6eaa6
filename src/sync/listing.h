/*
 * listing: one list out of many pages, although the list changes while it is read.
 *
 * The catalog has no cursor and no total: a page is "at most `limit` rows from `offset`". Pages are therefore joined by anchors. Every request
 * starts a little before the end of what was received (the overlap), and rows that were received last are looked up in the new page.
 *
 * Why every row that is there throughout is received, as long as rows keep their relative order: say that all such rows up to and including an
 * anchor have been received. A later page that holds this anchor holds, contiguously, what follows it at that moment; so the rows after it in
 * the page include every such row up to the end of the page. The last row of the page is then an anchor of the same kind. The first page starts at 0,
 * which is the base of the induction. Any received row will do as an anchor; the earliest one in the page is used, so that an anchor which itself
 * jumped towards the end hides nothing.
 *
 * A page that joins is kept whole: what it repeats may have changed since, and the later observation counts.
 *
 * When is it the end? When a page holds an anchor, nothing new after it, and is so short that it was not cut there: shorter than a page that this server
 * has given in this list, and of a few rows only. The cap of a server may change from page to page, but does not fall to a few rows where it was more
 * before; so the last rows are asked for by themselves, at once where the page before was short. A short page alone proves nothing. A list of one row
 * knows no longer page: that row, nothing at the next index, and the same row again prove that it was alone in between. A server that caps pages at
 * one single row leaves no room for an anchor; a longer list of it is never whole.
 *
 * When the list moved so far that the page holds no anchor, the overlap grows, step by step, so that no place where the anchors may be now is left out;
 * then the list is started again; both are bounded. When the page holds anchors only, because rows were added before it, the next request
 * goes as far ahead as the newest of them is old.
 *
 * Pure: no clock, no allocation.
 */
#pragma once

#include "base/fault.h"
#include "base/record.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LISTING_ANCHORS_MAX 512

typedef enum ListingStep {
        LISTING_MORE,    /* keep the rows from *ret_keep_from on, then ask for (offset, limit) */
        LISTING_RESTART, /* forget all rows received so far, then ask for (offset, limit), which is the start */
        LISTING_END,     /* keep the rows; the list is whole */
        LISTING_UNSTABLE, /* keep the rows; the list will not settle: what was seen is true, what was not seen proves nothing */
        LISTING_FAILED, /* the catalog's answers make no list; the fault says why */
} ListingStep;

typedef struct Listing {
        unsigned limit; /* of the next request */
        int64_t offset; /* of the next request; whoever has a page that begins elsewhere sets it before it gives that page */
        int64_t pages;    /* received, restarts included */
        int64_t received; /* rows since the last (re)start, the repeated ones not counted */
        int64_t position; /* index just after the last received row, as last observed: what lies from there on is not known */

        /* private */
        size_t overlap;      /* rows before `position` that the next request repeats */
        size_t largest_page; /* since the last (re)start */
        bool full;           /* the last page was a full one */
        unsigned stalls;     /* pages in a row that brought nothing and proved nothing */
        unsigned searches;   /* requests in a row that looked further back for an anchor */
        bool alone;          /* one row was received, and then nothing at the next index */
        unsigned restarts;
        size_t n_anchors;
        size_t next_anchor; /* ring */
        Uuid anchors[LISTING_ANCHORS_MAX];
} Listing;

/* page_size: rows to ask for at a time, 2…LIMIT_PAGE_SIZE_MAX. */
void listing_init(Listing *l, unsigned page_size);

/* How far apart requests begin while the list is quiet, so that pages can be asked for ahead; 0: not known yet. */
unsigned listing_stride(const Listing *l);

/* Takes the answer to the request (offset, limit). *ret_keep_from is set for MORE, END and UNSTABLE (n_rows: keep none). */
ListingStep listing_page(Listing *l, const DatabaseConnection *rows, size_t n_rows, size_t *ret_keep_from,
                         Fault *ret_fault);
