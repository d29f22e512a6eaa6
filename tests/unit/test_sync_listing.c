/*
 * One list out of many pages: whole on a quiet list with few requests, whole on a moving list, and never endless on a server that makes no sense.
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
        CAP_MIN = 8,     /* of caps that change */
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
        uint64_t caps; /* seed of caps that change from page to page, CAP_MIN at least; 0: they do not */
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

static size_t world_page(World *w, int64_t offset, unsigned limit)
{
        size_t n = 0, most = limit < w->cap ? limit : w->cap;
        if (w->caps && most > CAP_MIN)
                most = CAP_MIN + draw_below(&w->caps, most - CAP_MIN + 1);
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

static void world_forget(World *w)
{
        memset(w->kept, 0, sizeof(w->kept));
        w->n_kept = 0;
}

/* One request and what the listing makes of it; rows are kept as the runner keeps them. */
static ListingStep world_step(World *w, Listing *l, int64_t offset, Fault *fault)
{
        size_t n = world_page(w, offset, l->limit), from = SIZE_MAX;
        ListingStep step = listing_page(l, w->page, n, &from, fault);
        if (step == LISTING_RESTART)
                world_forget(w);
        else if (step != LISTING_FAILED)
                for (size_t i = from; i < n; i++) {
                        uint32_t id = id_of(&w->page[i]);
                        w->n_kept += !w->kept[id];
                        w->kept[id] = true;
                }
        return step;
}

static void quiet_list_is_received_whole_with_few_requests(void **state)
{
        (void)state;
        static const size_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 499, 500, 501, 1230};
        static const size_t caps[] = {SIZE_MAX, 100, 9, 3, 2};
        static const unsigned page_sizes[] = {500, 100, 10};
        static World w;
        for (size_t c = 0; c < ARRAY_SIZE(caps); c++)
                for (size_t p = 0; p < ARRAY_SIZE(page_sizes); p++)
                        for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
                                size_t given = page_sizes[p] < caps[c] ? page_sizes[p] : caps[c];
                                size_t overlap = given / 2 < 8 ? given / 2 : 8;
                                size_t most = sizes[s] / (given - overlap) + 2 + (sizes[s] == 1);
                                Listing l;
                                Fault fault = {0};
                                world_init(&w, sizes[s], caps[c]);
                                listing_init(&l, page_sizes[p]);
                                ListingStep step = LISTING_MORE;
                                while (step == LISTING_MORE)
                                        step = world_step(&w, &l, l.offset, &fault);
                                if (step != LISTING_END || w.n_kept != sizes[s] || l.pages > (int64_t)most)
                                        fail_msg("%zu rows, pages of %u, server cap %zu: step %d, %zu rows, %lld pages "
                                                 "(at most %zu)",
                                                 sizes[s], page_sizes[p], caps[c], (int)step, w.n_kept,
                                                 (long long)l.pages, most);
                                if (sizes[s] == 1230)
                                        print_message("# 1230 rows, %zu a page: %lld requests\n", given,
                                                      (long long)l.pages);
                        }
}

/* The promise: END means that every row which was in the list from the first request to the last has been received. */
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
                w.caps = run % 4 == 0 ? seed : 0;
                Listing l;
                Fault fault = {0};
                listing_init(&l, 2 + (unsigned)draw_below(&seed, 30));
                ListingStep step;
                do {
                        step = world_step(&w, &l, l.offset, &fault);
                        if (l.pages < 60)
                                for (size_t n = draw_below(&seed, wildness); n > 0; n--)
                                        draw_below(&seed, 2) ? world_insert(&w, &seed) : world_remove(&w, &seed);
                } while (step == LISTING_MORE || step == LISTING_RESTART);
                unstable += step == LISTING_UNSTABLE;
                if (step != LISTING_END)
                        continue;
                ends++;
                for (uint32_t id = 0; id < w.ids; id++)
                        if (w.throughout[id] && !w.kept[id])
                                fail_msg("run %llu: row %u was there throughout and is missing after %lld pages",
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

/* Two rows, one a page, and the first one goes between the pages: nothing at the next index, and a row that was there throughout is not received. */
static void one_row_and_nothing_after_it_is_not_believed_at_once(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault = {0};
        world_init(&w, 2, 1);
        listing_init(&l, 100);
        ListingStep step = world_step(&w, &l, l.offset, &fault);
        world_remove_at(&w, 0);
        while (step == LISTING_MORE || step == LISTING_RESTART)
                step = world_step(&w, &l, l.offset, &fault);
        assert_int_equal(step, LISTING_END);
        assert_true(w.kept[1]);
}

/* A list that jumps once, by so many rows before the reader, forwards and back: found again without starting anew. */
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
                                if (forwards && jump > caps[c] + 400) /* further than the anchors reach back */
                                        continue;
                                world_init(&w, 2800, caps[c]);
                                listing_init(&l, 500);
                                ListingStep step = LISTING_MORE;
                                bool jumped = false;
                                while (step == LISTING_MORE) {
                                        step = world_step(&w, &l, l.offset, &fault);
                                        if (jumped || l.received < 1300)
                                                continue;
                                        jumped = true;
                                        for (size_t i = 0; i < jump; i++)
                                                forwards ? world_insert_at(&w, 0) : world_remove_at(&w, 0);
                                }
                                if (step != LISTING_END)
                                        fail_msg("cap %zu, %zu rows %s: step %d after %lld pages", caps[c], jump,
                                                 forwards ? "added" : "removed", (int)step, (long long)l.pages);
                                for (uint32_t id = 0; id < w.ids; id++)
                                        if (w.throughout[id] && !w.kept[id])
                                                fail_msg("cap %zu, %zu rows %s: row %u is missing", caps[c], jump,
                                                         forwards ? "added" : "removed", id);
                        }
}

/* Rows come and go everywhere, a few per request, for as long as the list is read. */
static void steady_churn_does_not_start_the_list_anew(void **state)
{
        (void)state;
        static const size_t caps[] = {500, 50, 20};
        static World w;
        for (size_t c = 0; c < ARRAY_SIZE(caps); c++)
                for (uint64_t run = 0; run < 200; run++) {
                        uint64_t seed = run + 1;
                        Listing l;
                        Fault fault = {0};
                        world_init(&w, 1000, caps[c]);
                        listing_init(&l, 500);
                        ListingStep step = LISTING_MORE;
                        while (step == LISTING_MORE) {
                                step = world_step(&w, &l, l.offset, &fault);
                                for (int n = 0; n < 6; n++)
                                        draw_below(&seed, 2) ? world_insert(&w, &seed) : world_remove(&w, &seed);
                        }
                        if (step != LISTING_END)
                                fail_msg("cap %zu, run %llu: step %d after %lld pages", caps[c],
                                         (unsigned long long)run, (int)step, (long long)l.pages);
                }
}

/* The later observation counts, also of the row that a page begins with, and of a row that is all alone. */
static void page_that_repeats_rows_is_kept_from_its_first_row_on(void **state)
{
        (void)state;
        static const size_t sizes[] = {1, 2, 9, 30};
        static World w;
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                Listing l;
                Fault fault = {0};
                world_init(&w, sizes[i], 10);
                listing_init(&l, 500);
                ListingStep step = LISTING_MORE;
                while (step == LISTING_MORE) {
                        size_t from = SIZE_MAX, n = world_page(&w, l.offset, l.limit);
                        step = listing_page(&l, w.page, n, &from, &fault);
                        if (from != 0)
                                fail_msg("%zu rows, page %lld: kept from %zu", sizes[i], (long long)l.pages, from);
                }
                assert_int_equal(step, LISTING_END);
        }
}

static void server_that_ignores_offset_is_found_out(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault = {0};
        world_init(&w, 1230, SIZE_MAX);
        listing_init(&l, 100);
        ListingStep step = LISTING_MORE;
        while (step == LISTING_MORE && l.pages < 100)
                step = world_step(&w, &l, 0, &fault);
        assert_int_equal(step, LISTING_FAILED);
        assert_string_equal(fault.code, "list-no-progress");
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
        listing_init(&l, 100);
        ListingStep step = LISTING_MORE;
        while ((step == LISTING_MORE || step == LISTING_RESTART) && l.pages < 100)
                step = world_step(&w, &l, l.offset, &fault);
        assert_true(step == LISTING_UNSTABLE || step == LISTING_FAILED);
}

/* Other rows each time: nothing ever joins. */
static void list_that_never_joins_ends_unstable_after_bounded_restarts(void **state)
{
        (void)state;
        static World w;
        Listing l;
        Fault fault = {0};
        size_t restarts = 0;
        world_init(&w, 200, SIZE_MAX);
        listing_init(&l, 50);
        ListingStep step = LISTING_MORE;
        for (uint32_t first = 200; (step == LISTING_MORE || step == LISTING_RESTART) && l.pages < 100; first += 50) {
                step = world_step(&w, &l, l.offset, &fault);
                restarts += step == LISTING_RESTART;
                for (uint32_t i = 0; i < 200; i++)
                        w.rows[i] = (first + i * 17 + first * 31) % ROWS_MAX;
        }
        assert_int_equal(step, LISTING_UNSTABLE);
        assert_int_equal(restarts, 3);
}

/* Always full, always new. */
static void endless_list_hits_a_cap(void **state)
{
        (void)state;
        static DatabaseConnection rows[LIMIT_PAGE_SIZE_MAX];
        Listing l;
        Fault fault = {0};
        listing_init(&l, LIMIT_PAGE_SIZE_MAX);
        ListingStep step = LISTING_MORE;
        for (int64_t page = 0; step == LISTING_MORE && page <= LIMIT_LIST_MAX_ROWS / 400; page++) {
                size_t from;
                for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                        row_of((uint32_t)(l.offset + (int64_t)i), &rows[i]);
                step = listing_page(&l, rows, ARRAY_SIZE(rows), &from, &fault);
        }
        assert_int_equal(step, LISTING_FAILED);
        assert_string_equal(fault.code, "list-too-long");
        assert_true(l.received <= LIMIT_LIST_MAX_ROWS);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(quiet_list_is_received_whole_with_few_requests),
                cmocka_unit_test(list_that_moves_is_never_short_of_a_row),
                cmocka_unit_test(one_row_and_nothing_after_it_is_not_believed_at_once),
                cmocka_unit_test(list_that_jumped_is_found_again),
                cmocka_unit_test(steady_churn_does_not_start_the_list_anew),
                cmocka_unit_test(page_that_repeats_rows_is_kept_from_its_first_row_on),
                cmocka_unit_test(server_that_ignores_offset_is_found_out),
                cmocka_unit_test(server_that_gives_one_row_at_a_time_makes_no_whole_list),
                cmocka_unit_test(list_that_never_joins_ends_unstable_after_bounded_restarts),
                cmocka_unit_test(endless_list_hits_a_cap),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
