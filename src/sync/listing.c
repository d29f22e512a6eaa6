/*
 * listing: one list out of many pages; the argument why it is right stands in the header.
 *
 * What always holds: `seen` has every row of the pages that were joined; `anchors` are rows
 * received in this pass, in the order of the list, the newest LISTING_ANCHORS_MAX of them; under
 * the first premise every row that stays and stands before `position` has been received.
 */
#include "sync/listing.h"
#include "base/limits.h"
#include "base/text.h"
#include <errno.h>
#include <string.h>

enum {
        OVERLAP_MIN = 8,  /* rows; what a quiet list costs per page */
        OVERLAP_STEP = 8, /* factor, further back and with each pass */
        /* requests in a row without progress, before the page is taken without an anchor */
        TRIES_MAX = 16,
        IDLE_MAX = 32, /* requests without progress, beside as many as with it */
        IDLE_MOVED =
                /* so many counts one that has the newest row further along: rows are added, or the
                   offset is ignored */
        4,
        EXPECTED_ROWS = 8, /* rows ahead of the one that is received */
};

static void listing_start(Listing *l)
{
        l->offset = 0;
        l->position = 0;
        l->in_pass = 0;
        l->doubles = 0;
        l->unordered = l->broken = false;
        l->overlap = 0;
        l->last = 0;
        l->tries = 0;
        l->empties = 0;
        l->full = l->probing = l->confirming = l->blind = false;
        l->n_anchors = 0;
        l->next_anchor = 0;
}

void listing_init(Listing *l, unsigned page_size, uint64_t random)
{
        memset(l, 0, sizeof(*l));
        l->limit = page_size;
        l->target = INT64_MAX;
        l->shortest_cut = SIZE_MAX;
        seen_init(&l->seen, random);
        listing_start(l);
}

void listing_done(Listing *l)
{
        seen_done(&l->seen);
}

/* ---- anchors -------------------------------------------------------------------------------- */

/* The newest anchor has age 0; SIZE_MAX: it is none. */
static size_t listing_age(const Listing *l, const Uuid *id)
{
        for (size_t age = 0; age < l->n_anchors; age++)
                if (uuid_equal(&l->anchors[(l->next_anchor + LISTING_ANCHORS_MAX - 1 - age) %
                                           LISTING_ANCHORS_MAX],
                               id))
                        return age;
        return SIZE_MAX;
}

static void listing_add_anchor(Listing *l, const Uuid *id)
{
        l->anchors[l->next_anchor] = *id;
        l->next_anchor = (l->next_anchor + 1) % LISTING_ANCHORS_MAX;
        if (l->n_anchors < LISTING_ANCHORS_MAX)
                l->n_anchors++;
}

/* The anchors that were received after the one that is in the page are not: they have been removed.
 */
static void listing_forget_newest(Listing *l, size_t n)
{
        if (n > l->n_anchors)
                n = l->n_anchors;
        l->n_anchors -= n;
        l->next_anchor = (l->next_anchor + LISTING_ANCHORS_MAX - n) % LISTING_ANCHORS_MAX;
}

/* What a page has in common with what was received. */
typedef struct Join {
        bool found;
        size_t from;   /* index behind the anchor that was received last */
        size_t age;    /* of that anchor; SIZE_MAX: it is older than all that are remembered */
        int64_t shift; /* how much further along it stands than when it was received */
} Join;

static Join listing_join(const Listing *l, const DatabaseConnection *rows, size_t n_rows)
{
        Join j = {.age = SIZE_MAX};
        int64_t expected = l->position - 1 - l->offset; /* of the newest anchor, on a quiet list */
        if (expected >= 0 && expected < (int64_t)n_rows && listing_age(l, &rows[expected].id) == 0)
                return (Join){.found = true, .from = (size_t)expected + 1};
        for (size_t i = 0; i < n_rows && j.age > 0; i++) {
                if (seen_find(&l->seen, &rows[i].id, l->pass) != SEEN_THIS_PASS)
                        continue;
                size_t age = listing_age(l, &rows[i].id);
                if (age < j.age || j.age == SIZE_MAX)
                        j = (Join){.found = true, .from = i + 1, .age = age};
        }
        if (j.found && j.age != SIZE_MAX)
                j.shift = (int64_t)j.from - 1 - (expected - (int64_t)j.age);
        return j;
}

/* A page that was followed by rows was cut, or rows were added behind it: more than a few are not
 * added between two requests. */
static void listing_measure(Listing *l, size_t n_rows)
{
        int64_t end = l->offset + (int64_t)n_rows;
        if (n_rows > l->largest)
                l->largest = n_rows;
        if (l->last > 0 && end > l->last_end)
                l->capped = l->capped || l->last < l->limit;
        if (l->last > 0 && end > l->last_end + OVERLAP_MIN && l->last < l->shortest_cut)
                l->shortest_cut = l->last;
        l->last = n_rows;
        l->last_end = end;
}

static bool listing_uneven(const Listing *l)
{
        return l->shortest_cut < l->largest;
}

/* Was the last page cut, as far as a constant cap would have it? One as long as the limit was cut
 * by it, one that is not shorter than any other by the server's cap, once a cap was seen. */
static bool listing_was_cut(const Listing *l)
{
        return l->last >= (l->capped ? l->largest : l->limit);
}

/* ---- what to ask for next ------------------------------------------------------------------- */

/* Half of the longest page at most, so that the other half is new, also where the server's cap is
 * low. */
static void listing_ask(Listing *l, size_t overlap)
{
        size_t most = l->largest / 2;
        if (most > l->n_anchors)
                most = l->n_anchors;
        l->overlap = overlap < most ? overlap : most;
        l->offset = l->position > (int64_t)l->overlap ? l->position - (int64_t)l->overlap : 0;
        l->probing = l->confirming = false;
}

/* The place behind the page: rows, or the end. */
static void listing_probe(Listing *l, int64_t end)
{
        l->offset = end;
        l->overlap = 0;
        l->full = false;
        l->probing = true;
        l->confirming = false;
}

/* Where caps vary, as little as can be: a page that does not reach beyond the overlap brings
 * nothing. */
static size_t listing_overlap(const Listing *l)
{
        return listing_uneven(l) ? 1 : (size_t)OVERLAP_MIN << (3 * l->pass);
}

unsigned listing_stride(const Listing *l)
{
        return l->full && l->largest > l->overlap ? (unsigned)(l->largest - l->overlap) : 0;
}

/* ---- ends ----------------------------------------------------------------------------------- */

static ListingStep listing_give_up(Listing *l, Fault *ret_fault)
{
        if (l->pass == 0 && !l->unordered && l->in_pass <= (int64_t)l->largest) {
                fault_set(ret_fault, FAULT_RUN, EPROTO, CODE_LIST_NO_PROGRESS,
                          "the catalog gave %lld page%s of which only the first had rows that were "
                          "new, and no end, at offset "
                          "%lld: does a proxy drop the offset parameter?",
                          (long long)l->pages, text_plural(l->pages), (long long)l->offset);
                return LISTING_FAILED;
        }
        fault_set(ret_fault, FAULT_RUN, EAGAIN, CODE_LIST_UNSTABLE,
                  "the list could not be read as one in %u pass%s: %s; what was seen is applied",
                  l->pass + 1, l->pass > 0 ? "es" : "",
                  l->unordered ? "rows change places from request to request, or one id stands at "
                                 "places far apart"
                               : "rows come and go too fast, or pages do not overlap");
        return LISTING_UNSTABLE;
}

static ListingStep listing_pass_ended(Listing *l, int64_t places, Fault *ret_fault)
{
        int64_t different = places - (l->unordered ? 0 : l->doubles);
        bool whole;
        if (l->broken)
                whole = false;
        else if (l->unordered)
                whole = l->in_pass == different;
        else
                whole = l->received >= (different < l->target ? different : l->target);
        if (whole)
                return LISTING_END;
        if (l->pass + 1 == SEEN_PASSES)
                return listing_give_up(l, ret_fault);
        l->target = l->broken || l->unordered ? INT64_MAX : different;
        l->pass++;
        listing_start(l);
        return LISTING_AGAIN;
}

/* ---- what a page brings --------------------------------------------------------------------- */

/* Is the row one of those before it in the page? Asked of rows that were received before only. */
static bool page_has_before(const DatabaseConnection *rows, size_t i)
{
        for (size_t k = i; k-- > 0;)
                if (uuid_equal(&rows[k].id, &rows[i].id))
                        return true;
        return false;
}

/* All rows of the page are to be kept. Returns whether it was progress; -ENOMEM. */
static int listing_receive(Listing *l, const Join *j, const DatabaseConnection *rows, size_t n_rows)
{
        int progress = 0;
        for (size_t i = 0; i < n_rows; i++) {
                SeenWhen when;
                if (i + EXPECTED_ROWS < n_rows)
                        seen_expect(&l->seen, &rows[i + EXPECTED_ROWS].id);
                int r = seen_add(&l->seen, &rows[i].id, l->pass, &when);
                if (r < 0)
                        return r;
                l->bytes += (int64_t)rows[i].name_size;
                if (when != SEEN_THIS_PASS) {
                        l->in_pass++;
                        progress = 1;
                } else if (i >= j->from && page_has_before(rows, i)) {
                        l->doubles++;
                        progress |= j->shift == 0;
                } else if (i >= j->from) {
                        l->unordered = true;
                }
        }
        l->received = (int64_t)l->seen.n;
        return progress;
}

/* The page was joined and goes beyond what was received. */
static void listing_advance(Listing *l, const Join *j, const DatabaseConnection *rows,
                            size_t n_rows)
{
        listing_forget_newest(l, j->age == SIZE_MAX ? l->n_anchors : j->age);
        for (size_t i = j->from; i < n_rows; i++)
                listing_add_anchor(l, &rows[i].id);
        l->position = l->offset + (int64_t)n_rows;
        l->blind = false;
        bool uneven = listing_uneven(l);
        l->full = listing_was_cut(l) && !uneven;
        if (!l->full && !uneven) {
                listing_probe(l, l->position);
                return;
        }
        /* How far the list moved since the last page is the best guess of how far it will move
         * until the next. */
        int64_t shift = j->shift < 0 ? -j->shift : j->shift;
        if (shift > LISTING_ANCHORS_MAX)
                shift = LISTING_ANCHORS_MAX;
        listing_ask(l, listing_overlap(l) + 2 * (size_t)shift);
}

/* Joined, but nothing new: it may have been cut right there, or end there, or rows were added in
 * front of it and the newest row stands further along. */
static void listing_stay(Listing *l, const Join *j, size_t n_rows)
{
        int64_t end = l->offset + (int64_t)n_rows;
        int64_t newest = j->age == SIZE_MAX ? end : l->offset + (int64_t)(j->from + j->age);
        if (newest - OVERLAP_MIN > end) {
                l->position = newest;
                listing_ask(l, OVERLAP_MIN);
        } else {
                listing_probe(l, end);
        }
}

/* No anchor in the page: the list moved by more than the overlap. */
static void listing_search(Listing *l)
{
        l->full = false;
        if (l->overlap < OVERLAP_MIN)
                l->overlap = OVERLAP_MIN;
        size_t further = l->overlap * OVERLAP_STEP, reach = l->overlap + l->n_anchors;
        l->overlap = further < reach ? further : reach;
        if (l->offset == 0 || l->n_anchors == 0)
                l->tries = TRIES_MAX + 1;
        l->offset = l->position > (int64_t)l->overlap ? l->position - (int64_t)l->overlap : 0;
        l->probing = l->confirming = false;
}

static void listing_go_blind(Listing *l)
{
        l->broken = true;
        l->blind = true;
        l->tries = 0;
        listing_probe(l, l->position);
}

static bool listing_over_caps(const Listing *l, size_t n_rows)
{
        return l->pages > LIMIT_LIST_MAX_PAGES ||
               l->position + (int64_t)n_rows > LIMIT_LIST_MAX_ROWS ||
               l->bytes > LIMIT_LIST_MAX_NAME_BYTES;
}

static ListingStep listing_too_long(const Listing *l, Fault *ret_fault)
{
        fault_set(
                ret_fault, FAULT_RUN, E2BIG, CODE_LIST_TOO_LONG,
                "the list does not end: %lld row%s with %lld MiB of names in %lld page%s; at most "
                "%lld rows, %lld MiB and %lld pages are taken, which no option changes: does a "
                "proxy "
                "repeat pages? If not, divide the Edge connection",
                (long long)l->received, text_plural(l->received), (long long)(l->bytes >> 20),
                (long long)l->pages, text_plural(l->pages), (long long)LIMIT_LIST_MAX_ROWS,
                (long long)(LIMIT_LIST_MAX_NAME_BYTES >> 20), (long long)LIMIT_LIST_MAX_PAGES);
        return LISTING_FAILED;
}

/* An empty page at the place where the list may end. */
static ListingStep listing_ended(Listing *l, Fault *ret_fault)
{
        int64_t places = l->offset;
        /* all rows gone at once: looked at again */
        l->broken = l->broken || (places == 0 && l->received > 0);
        bool doubtful =
                listing_uneven(l) || l->largest == 1 || l->doubles > 0 || listing_was_cut(l);
        bool again = l->empties++ > 0 && !listing_was_cut(l);
        l->broken = l->broken || (again && l->doubles > 0);
        if (!doubtful || places == 0 || l->broken || again)
                return listing_pass_ended(l, places, ret_fault);
        l->offset = places - 1;
        l->probing = false;
        l->confirming = true;
        return LISTING_MORE;
}

/* idle: 0: the request was progress. */
static void listing_count(Listing *l, int idle)
{
        l->tries = idle ? l->tries + idle : 0;
        l->empties = idle ? l->empties : 0;
        l->idle += idle ? idle : -1;
}

/* A page that is joined, or is taken without that. */
static ListingStep listing_take(Listing *l, const Join *j, const DatabaseConnection *rows,
                                size_t n_rows, Fault *ret_fault)
{
        bool last_alone = l->confirming && n_rows == 1 && (j->shift == 0 || l->unordered);
        int r = listing_receive(l, j, rows, n_rows);
        if (r < 0) {
                fault_set(ret_fault, FAULT_RUN, -r, CODE_NO_MEMORY,
                          "out of memory for the ids of the list");
                return LISTING_FAILED;
        }
        if (last_alone && r == 0)
                return listing_pass_ended(l, l->offset + 1, ret_fault);
        if (l->received >= l->target)
                return LISTING_END;
        listing_count(l, r > 0 ? 0 : j->shift > 0 ? IDLE_MOVED : 1);
        if (r > 0 && j->from < n_rows)
                listing_advance(l, j, rows, n_rows);
        else
                listing_stay(l, j, n_rows);
        return LISTING_MORE;
}

ListingStep listing_page(Listing *l, const DatabaseConnection *rows, size_t n_rows,
                         Fault *ret_fault)
{
        bool first = l->position == 0;
        l->pages++;
        if (listing_over_caps(l, n_rows))
                return listing_too_long(l, ret_fault);
        if (n_rows == 0 && (first || l->probing))
                return listing_ended(l, ret_fault);
        if (n_rows > 0)
                listing_measure(l, n_rows);
        /* Rows behind the last one, and no overlap that joins them. */
        bool cut = l->probing && l->offset == l->position && !first && !l->blind;
        Join j = cut ? (Join){0} : listing_join(l, rows, n_rows);
        ListingStep step = LISTING_MORE;
        if (j.found || first || (l->blind && n_rows > 0)) {
                step = listing_take(l, &j, rows, n_rows, ret_fault);
        } else {
                listing_count(l, 1);
                if (cut)
                        listing_ask(l, listing_overlap(l));
                else
                        listing_search(l);
        }
        if (step != LISTING_MORE)
                return step;
        if (l->idle > IDLE_MAX)
                return listing_give_up(l, ret_fault);
        if (l->tries > TRIES_MAX)
                listing_go_blind(l);
        return LISTING_MORE;
}
