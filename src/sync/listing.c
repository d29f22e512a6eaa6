/*
 * listing: one list out of many pages; the argument why it is right stands in the header.
 *
 * What always holds: `anchors` are rows received since the last (re)start, the newest LISTING_ANCHORS_MAX of them; every row that has been in the list
 * since then and stands before `position` has been given out to be kept.
 */
#include "sync/listing.h"
#include <errno.h>
#include <string.h>

enum {
        UNCUT_ROWS = 8,  /* no server cuts a page below so many, unless all its pages are as short */
        OVERLAP_MIN = 8, /* rows; what a quiet list costs per page */
        STALLS_MAX = 4,  /* requests without progress before the server is not believed any more */
        SEARCHES_MAX = 8,
        RESTARTS_MAX = 3,
        STRETCH = 64, /* new rows in a row after an anchor: the rest of the page is new, too */
};

static void listing_start(Listing *l)
{
        l->offset = 0;
        l->received = 0;
        l->position = 0;
        l->overlap = OVERLAP_MIN;
        l->largest_page = 0;
        l->stalls = 0;
        l->searches = 0;
        l->alone = false;
        l->full = false;
        l->n_anchors = 0;
        l->next_anchor = 0;
}

void listing_init(Listing *l, unsigned page_size)
{
        memset(l, 0, sizeof(*l));
        l->limit = page_size;
        listing_start(l);
}

/* The newest anchor has age 0. */
static const Uuid *listing_anchor(const Listing *l, size_t age)
{
        return &l->anchors[(l->next_anchor + LISTING_ANCHORS_MAX - 1 - age) % LISTING_ANCHORS_MAX];
}

static bool listing_is_anchor(const Listing *l, const Uuid *id, size_t *ret_age)
{
        for (size_t age = 0; age < l->n_anchors; age++)
                if (uuid_equal(listing_anchor(l, age), id)) {
                        *ret_age = age;
                        return true;
                }
        return false;
}

/* What a page has in common with what was received. */
typedef struct Join {
        bool found;
        size_t first;  /* index of the earliest anchor in the page */
        size_t newest; /* index of the anchor that was received last */
        size_t newest_age;
        size_t fresh; /* rows after `newest` that are no anchors */
} Join;

/* On a quiet list the newest anchor ends the search after the overlap. On a moving one, looking every row of a page up among all anchors would cost
 * 500 × 512 comparisons; so once a stretch of rows after an anchor was new, the rest is taken to be new: a row taken for new is merely kept again. */
static Join listing_join(const Listing *l, const DatabaseConnection *rows, size_t n_rows)
{
        Join j = {.newest_age = SIZE_MAX};
        for (size_t i = 0; i < n_rows; i++) {
                size_t age;
                if (j.newest_age == 0 || j.fresh == STRETCH) {
                        j.fresh += n_rows - i;
                        break;
                }
                if (!listing_is_anchor(l, &rows[i].id, &age)) {
                        j.fresh += j.found;
                        continue;
                }
                if (!j.found)
                        j.first = i;
                j.found = true;
                if (age < j.newest_age) {
                        j.newest_age = age;
                        j.newest = i;
                        j.fresh = 0;
                }
        }
        return j;
}

/* Takes the rows from `from` on as the newest anchors. The order of the anchors is that of the list, each is there once: their age is a distance. */
static void listing_receive(Listing *l, const DatabaseConnection *rows, size_t from, size_t n_rows)
{
        for (size_t i = from; i < n_rows; i++) {
                l->anchors[l->next_anchor] = rows[i].id;
                l->next_anchor = (l->next_anchor + 1) % LISTING_ANCHORS_MAX;
                if (l->n_anchors < LISTING_ANCHORS_MAX)
                        l->n_anchors++;
        }
        l->received += (int64_t)(n_rows - from);
        l->position = l->offset + (int64_t)n_rows;
        l->stalls = 0;
        l->searches = 0;
        l->alone = false;
        /* A page as long as the limit was cut by it. A shorter one as long as the longest was cut by the server's cap, or it is the first. */
        l->full = n_rows == l->largest_page && (n_rows == l->limit || l->offset > 0);
}

/* The anchors that were received after the one that is in the page are not: they have been removed. */
static void listing_forget_newest(Listing *l, size_t n)
{
        l->n_anchors -= n;
        l->next_anchor = (l->next_anchor + LISTING_ANCHORS_MAX - n) % LISTING_ANCHORS_MAX;
}

static void listing_ask_before(Listing *l, size_t overlap)
{
        l->overlap = overlap;
        l->offset = l->position > (int64_t)overlap ? l->position - (int64_t)overlap : 0;
}

/* The overlap is at most half of the longest page: at least the other half is new then, also where the server's cap is low; and the page that ends a quiet
 * list is shorter than that one, and thereby recognised. */
static void listing_ask(Listing *l, size_t overlap)
{
        size_t most = l->largest_page / 2;
        if (most > l->n_anchors)
                most = l->n_anchors;
        listing_ask_before(l, overlap < most ? overlap : most);
}

/* Further back, where the anchors are now if rows before them were removed: the first steps grow, the later ones are as wide as the anchors reach. False:
 * there is nothing further back, or it was tried often enough. */
static bool listing_search(Listing *l)
{
        if (l->largest_page < 2 || l->offset == 0 || ++l->searches > SEARCHES_MAX)
                return false;
        size_t overlap = l->overlap < OVERLAP_MIN ? OVERLAP_MIN : l->overlap * 8;
        size_t reach = l->overlap + l->n_anchors;
        listing_ask_before(l, overlap < reach ? overlap : reach);
        return true;
}

unsigned listing_stride(const Listing *l)
{
        return l->full && l->largest_page > l->overlap ? (unsigned)(l->largest_page - l->overlap) : 0;
}

static ListingStep listing_drifted(Listing *l, size_t *ret_keep_from, size_t n_rows)
{
        *ret_keep_from = n_rows;
        l->full = false;
        if (listing_search(l))
                return LISTING_MORE;
        if (l->restarts >= RESTARTS_MAX)
                return LISTING_UNSTABLE;
        l->restarts++;
        listing_start(l);
        return LISTING_RESTART;
}

/* Anchored, but nothing new, and the page may have been cut right there: ask from where the newest row of all must be now. */
static ListingStep listing_stalled(Listing *l, const Join *j, size_t n_rows, size_t *ret_keep_from, Fault *ret_fault)
{
        bool behind = j->newest_age > 0; /* rows keep being added before it */
        if (++l->stalls > STALLS_MAX && behind) {
                l->searches = SEARCHES_MAX;
                return listing_drifted(l, ret_keep_from, n_rows);
        }
        if (l->stalls > STALLS_MAX) {
                fault_set(
                        ret_fault, FAULT_RUN, EPROTO, "list-no-progress",
                        "the catalog gave %u pages in a row without a new row or an end, at offset %lld: does a proxy drop "
                        "the offset parameter?",
                        l->stalls, (long long)l->offset);
                return LISTING_FAILED;
        }
        l->searches = 0;
        l->full = false;
        l->position = l->offset + (int64_t)(j->newest + 1 + j->newest_age);
        listing_ask(l, behind ? OVERLAP_MIN : 1);
        return LISTING_MORE;
}

/* Nothing new in a page that is not the longest: most likely the end, unless the server's cap changes from page to page and has cut this one right here. A
 * page of a few rows only was not cut. */
static ListingStep listing_nothing_new(Listing *l, const Join *j, size_t n_rows, size_t *ret_keep_from,
                                       Fault *ret_fault)
{
        if (n_rows == l->largest_page)
                return listing_stalled(l, j, n_rows, ret_keep_from, ret_fault);
        if (n_rows < UNCUT_ROWS || l->largest_page < UNCUT_ROWS)
                return LISTING_END;
        if (++l->stalls > STALLS_MAX) {
                l->searches = SEARCHES_MAX;
                return listing_drifted(l, ret_keep_from, n_rows);
        }
        l->searches = 0;
        l->full = false;
        l->position = l->offset + (int64_t)j->newest + 1;
        listing_ask(l, UNCUT_ROWS / 2);
        return LISTING_MORE;
}

static ListingStep listing_over_cap(const Listing *l, Fault *ret_fault)
{
        fault_set(ret_fault, FAULT_RUN, E2BIG, "list-too-long",
                  "the list does not end: %lld rows in %lld pages, the caps are %lld rows and %lld pages",
                  (long long)l->received, (long long)l->pages, (long long)LIMIT_LIST_MAX_ROWS,
                  (long long)LIMIT_LIST_MAX_PAGES);
        return LISTING_FAILED;
}

static ListingStep listing_first(Listing *l, const DatabaseConnection *rows, size_t n_rows, size_t *ret_keep_from)
{
        *ret_keep_from = 0;
        if (n_rows == 0)
                return LISTING_END;
        listing_receive(l, rows, 0, n_rows);
        listing_ask(l, n_rows < l->limit ? UNCUT_ROWS / 2 : OVERLAP_MIN);
        return LISTING_MORE;
}

/* After a first page of one row there is no room for an overlap. Nothing at the next index may mean that the row has gone and another has taken its place;
 * so the first index is asked for again: had there been a second row, this one would have been away in between. */
static bool listing_alone(Listing *l, const DatabaseConnection *rows, size_t n_rows)
{
        if (l->alone)
                return n_rows == 1 && uuid_equal(&rows[0].id, listing_anchor(l, 0));
        if (l->received != 1 || l->offset != 1 || n_rows != 0)
                return false;
        l->alone = true;
        l->offset = 0;
        return true;
}

ListingStep listing_page(Listing *l, const DatabaseConnection *rows, size_t n_rows, size_t *ret_keep_from,
                         Fault *ret_fault)
{
        l->pages++;
        if (n_rows > l->largest_page)
                l->largest_page = n_rows;
        if (l->pages > LIMIT_LIST_MAX_PAGES || l->received + (int64_t)n_rows > LIMIT_LIST_MAX_ROWS)
                return listing_over_cap(l, ret_fault);
        if (l->n_anchors == 0)
                return listing_first(l, rows, n_rows, ret_keep_from);

        if (listing_alone(l, rows, n_rows)) {
                *ret_keep_from = 0;
                return n_rows == 1 ? LISTING_END : LISTING_MORE;
        }
        Join j = listing_join(l, rows, n_rows);
        if (!j.found)
                return listing_drifted(l, ret_keep_from, n_rows);

        *ret_keep_from = 0;
        if (j.fresh == 0)
                return listing_nothing_new(l, &j, n_rows, ret_keep_from, ret_fault);

        /* How far the list moved since the last page is the best guess of how far it will move until the next. */
        size_t overlap = l->position > l->offset ? (size_t)(l->position - l->offset) : 0;
        size_t expected = overlap > j.newest_age + 1 ? overlap - 1 - j.newest_age : 0;
        size_t shift = j.newest > expected ? j.newest - expected : expected - j.newest;
        listing_forget_newest(l, j.newest_age);
        listing_receive(l, rows, j.newest + 1, n_rows);
        listing_ask(l, n_rows < l->largest_page ? UNCUT_ROWS / 2 : OVERLAP_MIN + 2 * shift);
        return LISTING_MORE;
}
