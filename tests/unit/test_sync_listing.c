/*
 * One list out of many pages: whole on a quiet list with few requests, whole on a moving list, and
 * never endless on a server that makes no sense. tests/sim/lists.c plays servers of all kinds from
 * seeds; here are the cases that have a name.
 */
#include "base/cleanup.h"
#include "sync/listing.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
        ROWS_MAX = 4096, /* of a simulated list, and ids that ever were in one */
        RUNS = 300000,   /* of the moving list; 248242 is one that failed */
};

/* splitmix64: a fixed sequence, so that a failure comes again. */
static uint64_t draw(uint64_t *seed)
{
        uint64_t z = (*seed += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
}

static size_t draw_below(uint64_t *seed, size_t bound)
{
        return (size_t)(draw(seed) % bound);
}

/* The catalog's list, and what the reader has kept of it. */
typedef struct World {
        uint32_t rows[ROWS_MAX];
        size_t n_rows;
        uint32_t ids;  /* ids given out so far: 0…ids-1 */
        size_t cap;    /* rows that the server gives at most, whatever was asked for */
        uint64_t caps; /* seed of caps that change from page to page; 0: they do not */
        bool shuffles; /* a new order at each request */
        bool ties;     /* the last two rows change places at each request */
        bool throughout[ROWS_MAX];
        bool kept[ROWS_MAX];
        size_t n_kept;
        DatabaseConnection page[LIMIT_PAGE_SIZE_MAX];
} World;

static void world_init(World *w, size_t n_rows, size_t cap)
{
        memset(w, 0, sizeof(*w));
        w->cap = cap;
        w->n_rows = n_rows;
        w->ids = (uint32_t)n_rows;
        for (uint32_t i = 0; i < n_rows; i++) {
                w->rows[i] = i;
                w->throughout[i] = true;
        }
}

static void row_of(uint32_t id, DatabaseConnection *ret)
{
        *ret = (DatabaseConnection){.name = "x", .name_size = 1};
        memcpy(ret->id.bytes, &id, sizeof(id));
}

static uint32_t id_of(const DatabaseConnection *row)
{
        uint32_t id;
        memcpy(&id, row->id.bytes, sizeof(id));
        return id;
}

static void world_swap(World *w, size_t a, size_t b)
{
        uint32_t id = w->rows[a];
        w->rows[a] = w->rows[b];
        w->rows[b] = id;
}

static size_t world_page(World *w, int64_t offset, unsigned limit)
{
        static const size_t caps[] = {1, 2, 3, 97, 500};
        static uint64_t seed;
        size_t n = 0, most = limit < w->cap ? limit : w->cap;
        if (w->caps)
                most = caps[draw_below(&w->caps, ARRAY_SIZE(caps))];
        if (most > limit)
                most = limit;
        for (size_t i = w->n_rows; w->shuffles && i > 1; i--)
                world_swap(w, i - 1, draw_below(&seed, i));
        if (w->ties && w->n_rows > 1)
                world_swap(w, w->n_rows - 1, w->n_rows - 2);
        for (size_t i = (size_t)offset; i < w->n_rows && n < most; i++)
                row_of(w->rows[i], &w->page[n++]);
        return n;
}

static void world_insert_at(World *w, size_t at)
{
        if (w->ids >= ROWS_MAX || w->n_rows >= ROWS_MAX)
                return;
        memmove(&w->rows[at + 1], &w->rows[at], (w->n_rows - at) * sizeof(w->rows[0]));
        w->rows[at] = w->ids++;
        w->n_rows++;
}

static void world_insert(World *w, uint64_t *seed)
{
        world_insert_at(w, draw_below(seed, w->n_rows + 1));
}

static void world_remove(World *w, uint64_t *seed)
{
        if (w->n_rows == 0)
                return;
        size_t at = draw_below(seed, w->n_rows);
        w->throughout[w->rows[at]] = false;
        w->n_rows--;
        memmove(&w->rows[at], &w->rows[at + 1], (w->n_rows - at) * sizeof(w->rows[0]));
}

/* One request and what the listing makes of it; rows are kept as the runner keeps them. */
static ListingStep world_step(World *w, Listing *l, int64_t offset, Fault *fault)
{
        size_t n = world_page(w, offset, l->limit);
        ListingStep step = listing_page(l, w->page, n, fault);
        for (size_t i = 0; step != LISTING_FAILED && i < n; i++) {
                uint32_t id = id_of(&w->page[i]);
                w->n_kept += !w->kept[id];
                w->kept[id] = true;
        }
        return step;
}

static bool goes_on(ListingStep step)
{
        return step == LISTING_MORE || step == LISTING_AGAIN;
}

/* The whole list, on a world that does not change but by its order. */
static ListingStep world_read(World *w, Listing *l, unsigned page_size, Fault *fault)
{
        ListingStep step = LISTING_MORE;
        *fault = (Fault){0};
        listing_init(l, page_size, 1);
        while (goes_on(step) && l->pages < 10000)
                step = world_step(w, l, l->offset, fault);
        listing_done(l);
        return step;
}

/* The number of requests is what an orderly catalog pays at every sync: it does not rise. */
static void quiet_list_is_received_whole_with_few_requests(void **state)
{
        (void)state;
        enum { SIZES = 14 };
        static const size_t sizes[SIZES] = {0,   1,   2,   3,   7,   15,  99,
                                            100, 101, 499, 500, 501, 992, 1230};
        static const struct {
                unsigned page_size;
                size_t cap;
                int requests[SIZES];
        } cases[] = {
                {500, SIZE_MAX, {1, 3, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4}},
                {100, SIZE_MAX, {1, 3, 2, 2, 2, 2, 2, 3, 3, 7, 7, 7, 12, 15}},
                {10, SIZE_MAX, {1, 3, 2, 2, 2, 4, 20, 21, 21, 100, 101, 101, 199, 247}},
                /* A cap below the limit costs one more, by which it is found. */
                {500, 100, {1, 3, 2, 2, 2, 2, 2, 2, 4, 8, 8, 8, 13, 16}},
                {500, 9, {1, 3, 2, 2, 2, 5, 22, 22, 22, 102, 102, 102, 200, 248}},
                {500, 3, {1, 3, 2, 2, 6, 10, 52, 52, 53, 252, 252, 253, 498, 617}},
        };
        static World w;
        for (size_t c = 0; c < ARRAY_SIZE(cases); c++)
                for (size_t s = 0; s < SIZES; s++) {
                        Listing l;
                        Fault fault;
                        world_init(&w, sizes[s], cases[c].cap);
                        ListingStep step = world_read(&w, &l, cases[c].page_size, &fault);
                        if (step != LISTING_END || w.n_kept != sizes[s] ||
                            l.received != (int64_t)sizes[s] || l.pages != cases[c].requests[s])
                                fail_msg("%zu rows, pages of %u, cap %zu: step %d, %zu rows, %lld "
                                         "requests (not %d)",
                                         sizes[s], cases[c].page_size, cases[c].cap, (int)step,
                                         w.n_kept, (long long)l.pages, cases[c].requests[s]);
                }
}

/* L1 */
static void ids_that_stand_twice_are_one_row_and_end(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault;
        for (size_t n = 4; n <= 1000; n += n < 10 ? 1 : 83)
                for (int kind = 0; kind < 4; kind++) {
                        world_init(&w, n, SIZE_MAX);
                        for (size_t i = 0; kind == 1 && i < n; i++) /* each twice */
                                w.rows[i] = (uint32_t)i / 2;
                        if (kind == 0)
                                w.rows[n - 1] = w.rows[n - 2];
                        /* the whole list twice, in one page */
                        for (size_t i = 0; kind == 2 && i < n; i++)
                                w.rows[i] = (uint32_t)(n > 500 ? i : i % (n / 2));
                        for (size_t i = 0; kind == 3 && i < n; i++) /* one id only */
                                w.rows[i] = 7;
                        ListingStep step = world_read(&w, &l, 500, &fault);
                        int64_t most = (int64_t)n / 492 + 3;
                        if (step != LISTING_END || l.received != (int64_t)w.n_kept ||
                            l.pages > most)
                                fail_msg("kind %d, %zu rows: step %d, %lld rows, %lld requests",
                                         kind, n, (int)step, (long long)l.received,
                                         (long long)l.pages);
                }
}

/* An id that repeats further apart than a page cannot be told from a row that moved. */
static void id_that_repeats_far_apart_makes_the_list_unstable(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault;
        world_init(&w, 1200, SIZE_MAX);
        w.rows[1100] = w.rows[10];
        assert_int_equal(world_read(&w, &l, 500, &fault), LISTING_UNSTABLE);
        assert_string_equal(fault_code_name(fault.code), "list-unstable");
        assert_non_null(strstr(fault.message, "one id stands at places far apart"));
        assert_int_equal(w.n_kept, 1199);
        assert_true(l.pages <= 40);
}

/* L2 */
static void last_rows_that_change_places_at_each_request_end(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault;
        for (size_t n = 2; n <= 1100; n += n < 12 ? 1 : 61) {
                world_init(&w, n, SIZE_MAX);
                w.ties = true;
                ListingStep step = world_read(&w, &l, 500, &fault);
                if (step != LISTING_END || w.n_kept != n)
                        fail_msg("%zu rows: step %d, %zu kept, %lld requests", n, (int)step,
                                 w.n_kept, (long long)l.pages);
        }
}

/* L2b */
static void caps_that_change_from_page_to_page_lose_no_row(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault;
        for (uint64_t run = 1; run <= 2000; run++) {
                world_init(&w, 900, SIZE_MAX);
                w.caps = run;
                ListingStep step = world_read(&w, &l, 500, &fault);
                if (step != LISTING_END || w.n_kept != 900)
                        fail_msg("run %llu: step %d, %zu rows, %lld requests",
                                 (unsigned long long)run, (int)step, w.n_kept, (long long)l.pages);
        }
}

/* L3 */
static void new_order_at_each_request_is_never_taken_for_whole_with_a_row_missing(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault;
        size_t least = SIZE_MAX;
        for (int run = 0; run < 200; run++) {
                world_init(&w, 2000, SIZE_MAX);
                w.shuffles = true;
                ListingStep step = world_read(&w, &l, 500, &fault);
                assert_int_equal(step, LISTING_UNSTABLE);
                assert_true(l.pages <= 40);
                least = w.n_kept < least ? w.n_kept : least;
        }
        print_message("# of 2000 rows at least %zu were seen\n", least);
        assert_true(least > 1900);
        /* One page is one snapshot, whatever its order. */
        world_init(&w, 400, SIZE_MAX);
        w.shuffles = true;
        assert_int_equal(world_read(&w, &l, 500, &fault), LISTING_END);
        assert_int_equal(w.n_kept, 400);
}

/* A server without an order begins each scan some rows further along: rows that stood at the end
 * come to the front, unseen. */
static void list_that_turns_round_is_read_until_all_rows_were_seen(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault = {0};
        for (size_t by = 1; by <= 400; by += 57) {
                ListingStep step = LISTING_MORE;
                world_init(&w, 1230, SIZE_MAX);
                listing_init(&l, 500, 1);
                while (goes_on(step)) {
                        step = world_step(&w, &l, l.offset, &fault);
                        for (size_t i = 0; i < w.n_rows; i++)
                                w.rows[i] = (uint32_t)((w.rows[i] + w.n_rows - by) % w.n_rows);
                }
                listing_done(&l);
                if (step == LISTING_END ? w.n_kept != 1230 : by <= 58)
                        fail_msg("by %zu: step %d with %zu rows, %lld pages", by, (int)step,
                                 w.n_kept, (long long)l.pages);
        }
}

/* The promise: END means that every row which was in the list from the first request to the last
 * has been received. */
static void list_that_moves_is_never_short_of_a_row(void **state)
{
        (void)state;
        static World w;
        size_t ends = 0, unstable = 0;
        for (uint64_t run = 0; run < RUNS; run++) {
                uint64_t seed = run * 7919 + 1;
                size_t cap = draw_below(&seed, 3) == 0 ? 1 + draw_below(&seed, 10) : SIZE_MAX;
                world_init(&w, draw_below(&seed, 80), cap);
                size_t wildness = 1 + draw_below(&seed, 6);
                Listing l;
                Fault fault = {0};
                listing_init(&l, 2 + (unsigned)draw_below(&seed, 30), 1);
                ListingStep step;
                do {
                        step = world_step(&w, &l, l.offset, &fault);
                        if (l.pages < 60)
                                for (size_t n = draw_below(&seed, wildness); n > 0; n--)
                                        draw_below(&seed, 2) ? world_insert(&w, &seed)
                                                             : world_remove(&w, &seed);
                } while (goes_on(step));
                listing_done(&l);
                unstable += step == LISTING_UNSTABLE;
                if (step != LISTING_END)
                        continue;
                ends++;
                /* See listing.h: the first page was cut by a cap that nothing had shown, and the
                 * list became as short as it. */
                if (cap > 1 && cap < l.limit && l.received <= (int64_t)cap)
                        continue;
                for (uint32_t id = 0; id < w.ids; id++)
                        if (w.throughout[id] && !w.kept[id])
                                fail_msg("run %llu: row %u was there throughout and is missing "
                                         "after %lld pages",
                                         (unsigned long long)run, id, (long long)l.pages);
        }
        print_message("# %d seeds: %zu lists whole, %zu unstable\n", (int)RUNS, ends, unstable);
        assert_true(ends > RUNS / 2); /* or nothing was proven */
}

static void world_remove_at(World *w, size_t at)
{
        w->throughout[w->rows[at]] = false;
        w->n_rows--;
        memmove(&w->rows[at], &w->rows[at + 1], (w->n_rows - at) * sizeof(w->rows[0]));
}

/* Two rows, one a page, and the first one goes between the pages: nothing at the next index, and a
 * row that was there throughout is not received. */
static void one_row_and_nothing_after_it_is_not_believed_at_once(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault = {0};
        world_init(&w, 2, 1);
        listing_init(&l, 100, 1);
        ListingStep step = world_step(&w, &l, l.offset, &fault);
        world_remove_at(&w, 0);
        while (goes_on(step))
                step = world_step(&w, &l, l.offset, &fault);
        listing_done(&l);
        assert_int_equal(step, LISTING_END);
        assert_true(w.kept[1]);
}

/* A list that jumps once, by so many rows before the reader, forwards and back: found again without
 * starting anew. */
static void list_that_jumped_is_found_again(void **state)
{
        (void)state;
        static const size_t caps[] = {500, 100, 9, 3};
        static const size_t jumps[] = {1, 8, 9, 60, 100, 500, 700, 1200};
        static World w;
        for (size_t c = 0; c < ARRAY_SIZE(caps); c++)
                for (size_t k = 0; k < ARRAY_SIZE(jumps); k++)
                        for (int forwards = 0; forwards < 2; forwards++) {
                                Listing l;
                                Fault fault = {0};
                                size_t jump = jumps[k];
                                /* further than the anchors reach back */
                                if (forwards && jump > caps[c] + 400)
                                        continue;
                                world_init(&w, 2800, caps[c]);
                                listing_init(&l, 500, 1);
                                ListingStep step = LISTING_MORE;
                                bool jumped = false;
                                size_t passes = 1;
                                while (goes_on(step)) {
                                        step = world_step(&w, &l, l.offset, &fault);
                                        passes += step == LISTING_AGAIN;
                                        if (jumped || l.received < 1300)
                                                continue;
                                        jumped = true;
                                        for (size_t i = 0; i < jump; i++)
                                                forwards ? world_insert_at(&w, 0)
                                                         : world_remove_at(&w, 0);
                                }
                                listing_done(&l);
                                /* Rows that came in front are not there throughout; but that they
                                 * came, only another look tells. */
                                if (step != LISTING_END || passes > 1 + (size_t)forwards)
                                        fail_msg("cap %zu, %zu rows %s: step %d after %lld pages",
                                                 caps[c], jump, forwards ? "added" : "removed",
                                                 (int)step, (long long)l.pages);
                                for (uint32_t id = 0; id < w.ids; id++)
                                        if (w.throughout[id] && !w.kept[id])
                                                fail_msg("cap %zu, %zu rows %s: row %u is missing",
                                                         caps[c], jump,
                                                         forwards ? "added" : "removed", id);
                        }
}

/* Rows come and go everywhere, a few per request, for as long as the list is read. */
static void steady_churn_is_read_in_few_passes(void **state)
{
        (void)state;
        static const size_t caps[] = {500, 50, 20};
        static World w;
        size_t most = 0, again = 0;
        for (size_t c = 0; c < ARRAY_SIZE(caps); c++)
                for (uint64_t run = 0; run < 200; run++) {
                        uint64_t seed = run + 1;
                        Listing l;
                        Fault fault = {0};
                        world_init(&w, 1000, caps[c]);
                        listing_init(&l, 500, 1);
                        ListingStep step = LISTING_MORE;
                        size_t passes = 1;
                        while (goes_on(step)) {
                                step = world_step(&w, &l, l.offset, &fault);
                                passes += step == LISTING_AGAIN;
                                for (int n = 0; n < 6; n++)
                                        draw_below(&seed, 2) ? world_insert(&w, &seed)
                                                             : world_remove(&w, &seed);
                        }
                        listing_done(&l);
                        most = passes > most ? passes : most;
                        again += passes > 1;
                        if (step != LISTING_END)
                                fail_msg("cap %zu, run %llu: step %d after %lld pages", caps[c],
                                         (unsigned long long)run, (int)step, (long long)l.pages);
                }
        print_message(
                "# steady churn: %zu of 600 lists were read more than once, %zu passes at most\n",
                again, most);
}

static void server_that_ignores_offset_is_found_out(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault = {0};
        world_init(&w, 1230, SIZE_MAX);
        listing_init(&l, 100, 1);
        ListingStep step = LISTING_MORE;
        while (step == LISTING_MORE && l.pages < 100)
                step = world_step(&w, &l, 0, &fault);
        listing_done(&l);
        assert_int_equal(step, LISTING_FAILED);
        assert_string_equal(fault_code_name(fault.code), "list-no-progress");
        assert_true(l.pages <= 10);
}

/* No room for an anchor: it must not be taken for whole, and must not go on for ever. */
static void server_that_gives_one_row_at_a_time_makes_no_whole_list(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault = {0};
        world_init(&w, 30, 1);
        listing_init(&l, 100, 1);
        ListingStep step = LISTING_MORE;
        while (goes_on(step) && l.pages < 100)
                step = world_step(&w, &l, l.offset, &fault);
        listing_done(&l);
        assert_true(step == LISTING_UNSTABLE || step == LISTING_FAILED);
}

/* Other rows each time: nothing ever joins. */
static void list_that_never_joins_ends_unstable_after_four_passes(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault = {0};
        size_t passes = 1;
        world_init(&w, 200, SIZE_MAX);
        listing_init(&l, 50, 1);
        ListingStep step = LISTING_MORE;
        for (uint32_t first = 200; goes_on(step) && l.pages < 100; first += 50) {
                step = world_step(&w, &l, l.offset, &fault);
                passes += step == LISTING_AGAIN;
                for (uint32_t i = 0; i < 200; i++)
                        w.rows[i] = (first + i * 17 + first * 31) % ROWS_MAX;
        }
        listing_done(&l);
        assert_int_equal(step, LISTING_UNSTABLE);
        assert_int_equal(passes, 4);
}

/* L4: always full, always new, and each name long. */
static void endless_list_of_long_names_hits_a_cap(void **state)
{
        (void)state;
        enum { NAME_BYTES = 32 * 1024 };
        static DatabaseConnection rows[LIMIT_PAGE_SIZE_MAX];
        Listing l;
        Fault fault = {0};
        listing_init(&l, LIMIT_PAGE_SIZE_MAX, 1);
        ListingStep step = LISTING_MORE;
        while (step == LISTING_MORE && l.pages < 100) {
                for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                        row_of((uint32_t)(l.offset + (int64_t)i), &rows[i]);
                        rows[i].name_size = NAME_BYTES;
                }
                step = listing_page(&l, rows, ARRAY_SIZE(rows), &fault);
        }
        listing_done(&l);
        assert_int_equal(step, LISTING_FAILED);
        assert_string_equal(fault_code_name(fault.code), "list-too-long");
        assert_true(l.received * NAME_BYTES <=
                    LIMIT_LIST_MAX_NAME_BYTES + LIMIT_PAGE_SIZE_MAX * NAME_BYTES);
}

/* L1, without an end: one id at every place. */
static void endless_list_of_one_id_hits_a_cap(void **state)
{
        (void)state;
        static DatabaseConnection rows[LIMIT_PAGE_SIZE_MAX];
        Listing l;
        Fault fault = {0};
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                row_of(7, &rows[i]);
        listing_init(&l, LIMIT_PAGE_SIZE_MAX, 1);
        ListingStep step = LISTING_MORE;
        while (step == LISTING_MORE && l.pages <= LIMIT_LIST_MAX_ROWS / 400)
                step = listing_page(&l, rows, ARRAY_SIZE(rows), &fault);
        listing_done(&l);
        assert_int_equal(step, LISTING_FAILED);
        assert_string_equal(fault_code_name(fault.code), "list-too-long");
        assert_non_null(strstr(fault.message, "no option changes: does a proxy repeat pages?"));
}

/* Rows 0, 1, 2, 2, 3 in a new order at each request: seen like this, they could be a list in order
 * from which rows went, and none is seen that is none. */
static void id_that_repeats_in_a_list_that_seems_to_move_stands_for_no_row(void **state)
{
        (void)state;
        static const struct {
                int64_t offset;
                size_t n;
                uint32_t ids[3];
        } pages[] = {{0, 3, {2, 1, 2}}, {2, 3, {2, 2, 0}}, {4, 1, {2}},
                     {5, 0, {0}},       {4, 1, {1}},       {5, 0, {0}}};
        Listing l;
        Fault fault;
        listing_init(&l, 3, 1);
        for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
                DatabaseConnection rows[3];
                for (size_t k = 0; k < pages[i].n; k++)
                        row_of(pages[i].ids[k], &rows[k]);
                assert_int_equal(l.offset, pages[i].offset);
                assert_int_equal(listing_page(&l, rows, pages[i].n, &fault),
                                 i + 1 < ARRAY_SIZE(pages) ? LISTING_MORE : LISTING_AGAIN);
        }
        listing_done(&l);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(id_that_repeats_in_a_list_that_seems_to_move_stands_for_no_row),
                cmocka_unit_test(quiet_list_is_received_whole_with_few_requests),
                cmocka_unit_test(list_that_moves_is_never_short_of_a_row),
                cmocka_unit_test(one_row_and_nothing_after_it_is_not_believed_at_once),
                cmocka_unit_test(list_that_jumped_is_found_again),
                cmocka_unit_test(steady_churn_is_read_in_few_passes),
                cmocka_unit_test(server_that_ignores_offset_is_found_out),
                cmocka_unit_test(server_that_gives_one_row_at_a_time_makes_no_whole_list),
                cmocka_unit_test(list_that_never_joins_ends_unstable_after_four_passes),
                cmocka_unit_test(endless_list_of_long_names_hits_a_cap),
                cmocka_unit_test(endless_list_of_one_id_hits_a_cap),
                cmocka_unit_test(ids_that_stand_twice_are_one_row_and_end),
                cmocka_unit_test(id_that_repeats_far_apart_makes_the_list_unstable),
                cmocka_unit_test(last_rows_that_change_places_at_each_request_end),
                cmocka_unit_test(caps_that_change_from_page_to_page_lose_no_row),
                cmocka_unit_test(
                        new_order_at_each_request_is_never_taken_for_whole_with_a_row_missing),
                cmocka_unit_test(list_that_turns_round_is_read_until_all_rows_were_seen),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
