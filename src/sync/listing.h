/*
 * listing: one list out of many pages, although the list changes while it is read.
 *
 * The catalog has no cursor and no total: a page is "at most `limit` rows from `offset`", and the
 * server may cut it shorter. Pages are joined by anchors: each request starts a little before the
 * end of what was received (the overlap), and a page that holds a row which this pass has received
 * is joined behind it. A pass is one reading from the start to the end.
 *
 * The premise is one of two. The list is whole when either holds, and what is seen at each join
 * tells which:
 *
 * 1. Rows that stay keep their order; other rows come and go as they like. Then every row that
 * stays is received: say that all of them up to an anchor have been. A later page that holds the
 * anchor holds, contiguously, what follows it at that time, so all such rows up to the end of the
 * page are received; the last row is the next anchor. A list that begins at 0 is the base of this
 * induction. Seen to fail: a row that this pass has received stands behind the newest anchor
 * (`unordered`). No anchor at all, also not further back (`broken`): neither premise can be relied
 * on in this pass.
 * 2. The set of rows stays the same; their order may be a new one at each request. Then all of them
 * are received when there are as many different ids as places. This is exact, whatever the
 * permutation.
 *
 * At the end of a pass: if rows kept their order, and as many ids were seen as the list has places,
 * it is whole. Fewer ids than places mean rows that came in front of the reader, or a list that
 * turns round, so that the rows at the front were not seen because they had been at the end: one
 * cannot tell them apart, so the list is read again, until as many ids were seen in all as the list
 * had places at the end of the pass before, or has now. If rows did not keep their order, this pass
 * must have exactly as many ids as places. If it has not, or was broken, the list is read again
 * with a larger overlap, four passes at most; then it is unstable. Rows are kept through all
 * passes; of a row that comes again the later observation counts.
 *
 * An id that stands twice in one page does stand twice, since a page is one snapshot; its places
 * are counted as such. Ids that repeat further apart look like rows that moved, in every pass: such
 * a list is unstable, and says so.
 *
 * The end is an empty page at the place behind the last row. No cap makes a page empty, so on a
 * list that stays the same this is exact for any caps. Rows removed in front of the reader can make
 * it empty, too; but where the cap is constant, the page before was seen to be uncut (shorter than
 * `limit`, or than another page once one shorter than `limit` was followed by rows), and was the
 * end by itself. Where caps were seen to vary, or ids to repeat, both can happen at once: then the
 * last row is asked for again and must stand alone at the last place, or, on a list that moves,
 * nothing may be found a second time; where ids repeat, that is not enough, and the list is read
 * again: places of an id that moves may be those of a row that was never shown. What remains, so
 * that a list may be called whole and lack a row until the next sync: a page that was cut by a cap
 * that nothing has shown yet, on a list that becomes exactly as short as that page before the next
 * request, or that a node which is behind shows as short as it was; rows that change places while
 * others come and go, so that neither premise holds; ids that repeat in a list whose rows change
 * places, which can show exactly what a list in order would; and pages that are none of this list
 * (of another offset, or of a time long ago): one of them is found out where rows keep their order
 * and no cap cuts pages, more need not be.
 *
 * It always ends. Progress is a row that this pass had not received, or a place behind all others
 * in a run of one id. Requests without progress are counted; as many as with progress, and a few
 * more, are allowed. Rows, pages and bytes have caps in limits.h.
 *
 * Pure but for the memory of `seen`: no clock.
 */
#pragma once

#include "base/fault.h"
#include "base/record.h"
#include "sync/seen.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LISTING_ANCHORS_MAX 512

typedef enum ListingStep {
        LISTING_MORE,  /* ask for (offset, limit) */
        LISTING_AGAIN, /* the same, as the first request of a new pass */
        LISTING_END,   /* the list is whole */
        /* what was seen is true, what was not seen proves nothing; the fault says why */
        LISTING_UNSTABLE,
        LISTING_FAILED, /* the catalog's answers make no list; the fault says why */
} ListingStep;

typedef struct Listing {
        unsigned limit; /* of the next request */
        /* of the next request; whoever has a page that begins at another offset sets it before it
         * gives that page */
        int64_t offset;
        int64_t pages;    /* received, all passes */
        int64_t received; /* different ids, all passes */
        /* index just after the last received row, as last observed: what lies from there on is not
         * known */
        int64_t position;

        /* private: of the list */
        Seen seen;
        int64_t bytes; /* of the names that were kept */
        int64_t idle;  /* requests without progress */
        /* different ids that the list should have had at the end of an earlier, orderly pass;
         * INT64_MAX: none yet */
        int64_t target;
        unsigned pass;
        size_t largest; /* page */
        bool capped;    /* a page shorter than `limit` was followed by rows */
        /* page that was followed by more than a few rows; SIZE_MAX: none was. Shorter than
         * `largest`: caps vary */
        size_t shortest_cut;

        /* private: of the pass */
        int64_t in_pass; /* different ids */
        int64_t doubles; /* places of ids that stand further in front in the same page */
        bool unordered, broken;

        /* private: of the place where it is */
        size_t overlap;   /* rows before `position` that the next request repeats */
        size_t last;      /* rows of the page before; */
        int64_t last_end; /* the index behind it */
        int tries;        /* requests without progress, here */
        unsigned empties; /* times that the list seemed to end here */
        bool full;        /* the page before was a full one */
        bool probing;     /* the next page, if it is empty, ends the list */
        bool confirming;  /* … was empty: the next page must be the last row alone */
        bool blind;       /* the next page is taken as it is */
        size_t n_anchors;
        size_t next_anchor; /* ring */
        Uuid anchors[LISTING_ANCHORS_MAX];
} Listing;

/* page_size: rows to ask for at a time, 2…LIMIT_PAGE_SIZE_MAX. random: uniform over uint64_t,
 * nothing that a server could know. */
void listing_init(Listing *l, unsigned page_size, uint64_t random);
void listing_done(Listing *l); /* releases memory; `received` and `pages` stay */

/* How far apart requests begin while the list is quiet, so that pages can be asked for ahead; 0:
 * not known yet. */
unsigned listing_stride(const Listing *l);

/* Takes the answer to the request (offset, limit), at most `limit` rows. Unless it is FAILED, all
 * its rows are to be kept: they were seen, and of a row that comes again the later observation
 * counts. */
ListingStep listing_page(Listing *l, const DatabaseConnection *rows, size_t n_rows,
                         Fault *ret_fault);
