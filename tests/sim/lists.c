/*
 * lists: the real listing against servers made from seeds, each of which breaks one of the things
 * that a list is expected to keep.
 *
 *     lists                            what `make check` runs; speaks TAP
 *     lists --seeds FROM COUNT         many, with figures
 *     lists --seed N                   one, and what happened in it
 *
 * Of every list: it ends, after requests bounded by what it received. Of a list that is said to be
 * whole: every row that was there throughout was given out, wherever one of the two premises of
 * listing.h holds. Where neither does (rows change places and come and go at once), nothing is
 * demanded of it but its end. Where caps vary, or rows change places, while rows come and go, and
 * where ids repeat and rows change places, few lists only may be called whole and lack a row, see
 * too_many_missed.
 */
#include "base/cleanup.h"
#include "catalogd/random.h"
#include "sync/listing.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef LISTS_SEEDS
#define LISTS_SEEDS 60000
#endif

enum { PLACES_MAX = 4096, IDS_MAX = 4096 };

/* clang-format off */
#define KINDS(X) \
        X(quiet) X(caps) X(few_caps) X(churn) X(caps_and_churn) X(bursts) X(hidden) X(doubles_near) X(doubles_far) X(doubles_and_churn) X(shuffled_doubles) \
        X(shuffled) X(ties) X(tie_at_the_end) X(swaps) X(turns_slowly) X(turns) X(reversed) X(node_behind) X(jumps) \
        X(shuffled_and_churn) X(empty_pages) X(ignores_offset) X(everything)
/* clang-format on */

enum {
#define X(name) KIND_##name,
        KINDS(X)
#undef X
                KINDS,
};

static const char *const kind_names[KINDS] = {
#define X(name) [KIND_##name] = #name,
        KINDS(X)
#undef X
};

typedef struct Server {
        uint64_t random;
        int kind;
        unsigned limit;
        size_t cap; /* constant */
        size_t n;
        uint16_t ids[PLACES_MAX]; /* in order */
        uint16_t next_id;
        /* another node, some changes behind */
        size_t n_behind;
        uint16_t behind[PLACES_MAX];
        unsigned wildness, turn;

        bool throughout[IDS_MAX]; /* shown, or to be shown, by every node at every time */
        bool kept[IDS_MAX];
        bool in_pass[IDS_MAX];
        int64_t progress; /* what bounds the requests */
        int64_t end_of_pass;
        bool changed, reordered;
        bool verbose, missed;
        char failure[256];
} Server;

typedef struct Figures {
        uint64_t lists, ends, unstable, failed, requests, missed;
} Figures;

static uint64_t below(Server *s, uint64_t n)
{
        return random_below(&s->random, n);
}

static void tell(const Server *s, const char *format, ...) _printf_(2, 3);
static void tell(const Server *s, const char *format, ...)
{
        if (!s->verbose)
                return;
        va_list arguments;
        va_start(arguments, format);
        (void)vprintf(format, arguments);
        va_end(arguments);
        (void)putchar('\n');
}

/* ---- how the list changes ------------------------------------------------------------------- */

static void insert_at(Server *s, size_t at, uint16_t id)
{
        if (s->n == PLACES_MAX)
                return;
        memmove(&s->ids[at + 1], &s->ids[at], (s->n - at) * sizeof(s->ids[0]));
        s->ids[at] = id;
        s->n++;
}

static uint16_t remove_at(Server *s, size_t at)
{
        uint16_t id = s->ids[at];
        s->n--;
        memmove(&s->ids[at], &s->ids[at + 1], (s->n - at) * sizeof(s->ids[0]));
        return id;
}

static void add(Server *s)
{
        if (s->next_id == IDS_MAX)
                return;
        size_t at = below(s, 3) ? (size_t)below(s, s->n + 1) : below(s, 2) ? 0 : s->n;
        s->changed = true;
        insert_at(s, at, s->next_id++);
}

static void drop(Server *s)
{
        if (s->n == 0)
                return;
        size_t at = below(s, 3) ? (size_t)below(s, s->n) : 0;
        s->changed = true;
        s->throughout[remove_at(s, at)] = false;
}

static void churn(Server *s)
{
        for (uint64_t n = below(s, s->wildness + 1); n > 0; n--)
                below(s, 2) ? add(s) : drop(s);
}

static void burst(Server *s)
{
        if (below(s, 4))
                return;
        bool more = below(s, 2);
        for (uint64_t n = below(s, s->n + 1); n > 0; n--)
                more ? insert_at(s, 0, s->next_id < IDS_MAX ? s->next_id++ : 0) : drop(s);
        s->changed = true;
}

static void swap(Server *s, size_t a, size_t b)
{
        uint16_t id = s->ids[a];
        s->ids[a] = s->ids[b];
        s->ids[b] = id;
        s->reordered = true;
}

static void shuffle(Server *s, size_t from, size_t to)
{
        for (size_t i = to; i > from + 1; i--)
                swap(s, i - 1, from + (size_t)below(s, i - from));
}

static void turn(Server *s, size_t by)
{
        static uint16_t ids[PLACES_MAX];
        if (s->n == 0)
                return;
        by %= s->n;
        memcpy(ids, s->ids, s->n * sizeof(ids[0]));
        for (size_t i = 0; i < s->n; i++)
                s->ids[(i + by) % s->n] = ids[i];
        s->reordered = true;
}

static void jump(Server *s)
{
        if (s->n == 0 || below(s, 2))
                return;
        uint16_t id = remove_at(s, (size_t)below(s, s->n));
        insert_at(s, (size_t)below(s, s->n + 1), id);
        s->reordered = true;
}

/* What happens between two requests. */
static void pass_time(Server *s)
{
        switch (s->kind) {
        case KIND_churn:
        case KIND_caps_and_churn:
        case KIND_hidden:
        case KIND_doubles_and_churn:
                churn(s);
                break;
        case KIND_bursts:
                burst(s);
                break;
        case KIND_shuffled:
        case KIND_shuffled_doubles:
                shuffle(s, 0, s->n);
                break;
        case KIND_ties:
                for (size_t i = 0; i + s->turn <= s->n; i += s->turn)
                        shuffle(s, i, i + s->turn);
                break;
        case KIND_tie_at_the_end:
                if (s->n > 1)
                        swap(s, s->n - 1, s->n - 2);
                break;
        case KIND_swaps:
                if (s->n > 1)
                        swap(s, s->turn % s->n, (s->turn * 7 + 3) % s->n);
                break;
        case KIND_turns_slowly:
                turn(s, s->turn % 3);
                break;
        case KIND_turns:
                turn(s, below(s, 2) ? s->turn : (size_t)below(s, s->n + 1));
                break;
        case KIND_reversed:
                for (size_t i = 0; i < s->n / 2; i++)
                        swap(s, i, s->n - 1 - i);
                break;
        case KIND_node_behind:
                if (below(s, 3) == 0) {
                        memcpy(s->behind, s->ids, s->n * sizeof(s->ids[0]));
                        s->n_behind = s->n;
                }
                churn(s);
                break;
        case KIND_jumps:
                jump(s);
                break;
        case KIND_shuffled_and_churn:
                shuffle(s, 0, s->n);
                if (below(s, 2))
                        drop(s);
                break;
        case KIND_everything:
                churn(s);
                jump(s);
                if (below(s, 4) == 0)
                        shuffle(s, 0, s->n);
                break;
        default:
                break;
        }
}

/* ---- a page --------------------------------------------------------------------------------- */

static size_t draw_cap(Server *s)
{
        static const size_t few[] = {1, 2, 3, 97, 500};
        if (s->kind == KIND_caps || s->kind == KIND_caps_and_churn || s->kind == KIND_everything)
                return 1 + (size_t)below(s, s->limit);
        if (s->kind == KIND_few_caps)
                return few[below(s, ARRAY_SIZE(few))];
        return s->cap;
}

static size_t give(Server *s, int64_t offset, DatabaseConnection *page)
{
        bool behind = s->kind == KIND_node_behind && below(s, 2);
        const uint16_t *ids = behind ? s->behind : s->ids;
        size_t total = behind ? s->n_behind : s->n, cap = draw_cap(s), n = 0;
        if (cap > s->limit)
                cap = s->limit;
        if (s->kind == KIND_ignores_offset)
                offset = 0;
        if (s->kind == KIND_empty_pages && below(s, 4) == 0)
                cap = 0;
        for (size_t i = (size_t)offset; i < total && n < cap; i++, n++) {
                page[n] = (DatabaseConnection){.name = "x", .name_size = 1};
                memcpy(page[n].id.bytes + 6, &ids[i], sizeof(ids[i]));
        }
        return n;
}

static uint16_t id_of(const DatabaseConnection *row)
{
        uint16_t id;
        memcpy(&id, row->id.bytes + 6, sizeof(id));
        return id;
}

static void keep(Server *s, const DatabaseConnection *page, size_t n, int64_t end)
{
        for (size_t i = 0; i < n; i++) {
                uint16_t id = id_of(&page[i]);
                s->progress += !s->in_pass[id];
                s->in_pass[id] = s->kept[id] = true;
        }
        if (end > s->end_of_pass) {
                s->progress += end - s->end_of_pass;
                s->end_of_pass = end;
        }
}

/* ---- a list --------------------------------------------------------------------------------- */

static void draw_doubles(Server *s)
{
        size_t n = s->n, mode = (size_t)below(s, 4), places = 0;
        static uint16_t ids[PLACES_MAX];
        for (size_t i = 0; i < n; i++) {
                ids[places++] = s->ids[i];
                if (mode == 0 || (mode == 1 && i + 1 == n) || (mode >= 2 && below(s, 4) == 0))
                        ids[places++] = s->ids[i];
        }
        if (mode == 3 && n > 0) /* one id many times */
                for (size_t many = (size_t)below(s, 200); many > 0; many--)
                        ids[places++] = s->ids[n - 1];
        memcpy(s->ids, ids, places * sizeof(ids[0]));
        s->n = places;
}

static void server_init(Server *s, uint64_t seed, bool verbose)
{
        *s = (Server){.random = seed * 0x9E3779B97F4A7C15ULL + 0x51ed, .verbose = verbose};
        s->kind = (int)(seed % KINDS);
        bool large = below(s, 40) == 0;
        s->limit = large ? 100 + (unsigned)below(s, 401) : 2 + (unsigned)below(s, 30);
        s->n = large ? (size_t)below(s, 1400) : (size_t)below(s, 80);
        s->cap = below(s, 3) ? s->limit : 1 + (size_t)below(s, s->limit);
        if (s->kind == KIND_few_caps && below(s, 2)) {
                s->limit = 500;
                s->n = (size_t)below(s, 1400);
        }
        /* small, so that chance makes it look like others */
        if (s->kind == KIND_shuffled_doubles) {
                s->limit = 2 + (unsigned)below(s, 3);
                s->n = 2 + (size_t)below(s, 5);
        }
        s->wildness = 1 + (unsigned)below(s, 6);
        s->turn = 2 + (unsigned)below(s, 9);
        for (size_t i = 0; i < s->n; i++)
                s->ids[i] = (uint16_t)i;
        s->next_id = (uint16_t)s->n;
        for (size_t i = 0; i < s->n; i++)
                s->throughout[i] = true;
        if (s->kind == KIND_shuffled_doubles)
                insert_at(s, s->n, s->ids[below(s, s->n)]);
        if (s->kind == KIND_doubles_near || s->kind == KIND_doubles_and_churn)
                draw_doubles(s);
        if (s->kind == KIND_doubles_far)
                for (uint64_t n = 1 + below(s, 5); n > 0 && s->n > 0; n--)
                        insert_at(s, (size_t)below(s, s->n + 1), s->ids[below(s, s->n)]);
        memcpy(s->behind, s->ids, s->n * sizeof(s->ids[0]));
        s->n_behind = s->n;
}

/* Does one of the premises hold of this server, whatever the listing saw? */
static bool premise_holds(const Server *s, const Listing *l)
{
        if (s->kind == KIND_everything || s->kind == KIND_ignores_offset ||
            s->kind == KIND_empty_pages)
                return false;
        if (s->changed && s->reordered)
                return false;
        /* What remains, see listing.h: the first page was cut by a cap that nothing had shown yet,
         * and the list became as short as it. */
        if (s->changed && s->cap < s->limit && l->in_pass <= (int64_t)l->largest)
                return false;
        return true;
}

static ListingStep request(Server *s, Listing *l, Fault *fault)
{
        static DatabaseConnection page[LIMIT_PAGE_SIZE_MAX];
        size_t n = give(s, l->offset, page);
        int64_t offset = l->offset;
        ListingStep step = listing_page(l, page, n, fault);
        tell(s,
             "page %lld: %zu rows from %lld (%d … %d), list of %zu: step %d, pass %u, next "
             "%lld%s%s%s",
             (long long)l->pages, n, (long long)offset, n ? id_of(&page[0]) : -1,
             n ? id_of(&page[n - 1]) : -1, s->n, (int)step, l->pass, (long long)l->offset,
             l->unordered ? ", unordered" : "", l->broken ? ", broken" : "",
             l->confirming ? ", confirming" : "");
        if (step != LISTING_FAILED)
                keep(s, page, n, offset + (int64_t)n);
        if (step == LISTING_AGAIN) {
                memset(s->in_pass, 0, sizeof(s->in_pass));
                s->end_of_pass = 0;
        }
        return step;
}

static bool lacks_a_row(Server *s)
{
        for (size_t id = 0; id < IDS_MAX; id++)
                if (s->throughout[id] && !s->kept[id]) {
                        (void)snprintf(s->failure, sizeof(s->failure),
                                       "row %zu was there throughout and is missing", id);
                        return true;
                }
        return false;
}

static void judge(Server *s, const Listing *l, ListingStep step)
{
        int64_t most = 48 + 2 * s->progress;
        if (l->pages > most)
                (void)snprintf(s->failure, sizeof(s->failure), "%lld requests, at most %lld",
                               (long long)l->pages, (long long)most);
        bool both = s->kind == KIND_caps_and_churn || s->kind == KIND_shuffled_and_churn ||
                    s->kind == KIND_shuffled_doubles;
        bool judged = premise_holds(s, l) || s->kind == KIND_shuffled_and_churn;
        if (step == LISTING_END && judged && lacks_a_row(s) && both) {
                s->missed = true;
                s->failure[0] = '\0';
        }
        bool orderly = s->kind == KIND_quiet || s->kind == KIND_doubles_near;
        if (orderly && s->cap > 1 && step != LISTING_END)
                (void)snprintf(s->failure, sizeof(s->failure), "a quiet list ends with step %d",
                               (int)step);
        if (s->kind == KIND_ignores_offset && s->n > 0 && step == LISTING_END)
                (void)snprintf(s->failure, sizeof(s->failure),
                               "whole, from a server that ignores the offset");
}

static bool play(uint64_t seed, bool verbose, Figures *figures)
{
        static Server s;
        Listing l;
        Fault fault = {0};
        ListingStep step;
        server_init(&s, seed, verbose);
        tell(&s, "%s: %zu rows, limit %u, cap %zu", kind_names[s.kind], s.n, s.limit, s.cap);
        listing_init(&l, s.limit, seed);
        do {
                step = request(&s, &l, &fault);
                if (l.pages < 400)
                        pass_time(&s);
        } while ((step == LISTING_MORE || step == LISTING_AGAIN) && l.pages < 100000);
        judge(&s, &l, step);
        if (figures) {
                figures[s.kind].lists++;
                figures[s.kind].ends += step == LISTING_END;
                figures[s.kind].unstable += step == LISTING_UNSTABLE;
                figures[s.kind].failed += step == LISTING_FAILED;
                figures[s.kind].missed += s.missed;
                figures[s.kind].requests += (uint64_t)l.pages;
        }
        listing_done(&l);
        if (s.failure[0])
                printf("%sseed %llu (%s, %zu rows, limit %u, cap %zu): %s\n", verbose ? "" : "# ",
                       (unsigned long long)seed, kind_names[s.kind], s.n, s.limit, s.cap,
                       s.failure);
        return !s.failure[0];
}

/* Where the two premises fail at once. */
static bool too_many_missed(int kind, const Figures *f, uint64_t per_million)
{
        bool many = f->missed * 1000000 > f->lists * per_million;
        printf("# %s%llu of %llu lists called whole lack a row, %s\n",
               many ? "seeds: too many: " : "", (unsigned long long)f->missed,
               (unsigned long long)f->lists, kind_names[kind]);
        return many;
}

static uint64_t play_all(uint64_t from, uint64_t count)
{
        static Figures figures[KINDS];
        struct timespec a, b;
        uint64_t failed = 0;
        (void)clock_gettime(CLOCK_MONOTONIC, &a);
        for (uint64_t seed = from; seed < from + count && failed < 10; seed++)
                if (!play(seed, false, figures)) {
                        failed++;
                        (void)play(seed, failed == 1, NULL);
                }
        (void)clock_gettime(CLOCK_MONOTONIC, &b);
        printf("# %llu lists in %.1f s\n", (unsigned long long)count,
               (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
        failed += too_many_missed(KIND_caps_and_churn, &figures[KIND_caps_and_churn], 10000);
        failed +=
                too_many_missed(KIND_shuffled_and_churn, &figures[KIND_shuffled_and_churn], 100000);
        failed += too_many_missed(KIND_shuffled_doubles, &figures[KIND_shuffled_doubles], 10000);
        for (size_t i = 0; i < KINDS; i++)
                printf("# %-18s %7llu whole, %6llu unstable, %6llu failed, %5.1f requests\n",
                       kind_names[i], (unsigned long long)figures[i].ends,
                       (unsigned long long)figures[i].unstable,
                       (unsigned long long)figures[i].failed,
                       (double)figures[i].requests /
                               (double)(figures[i].lists ? figures[i].lists : 1));
        return failed;
}

int main(int argc, char **argv)
{
        if (argc == 4 && strcmp(argv[1], "--seeds") == 0)
                return play_all(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10))
                               ? EXIT_FAILURE
                               : EXIT_SUCCESS;
        if (argc == 3 && strcmp(argv[1], "--seed") == 0)
                return play(strtoull(argv[2], NULL, 10), true, NULL) ? EXIT_SUCCESS : EXIT_FAILURE;
        if (argc != 1) {
                bool asked = strcmp(argv[1], "--help") == 0;
                fputs("usage: lists [--seeds FROM COUNT | --seed N]\n", asked ? stdout : stderr);
                return asked ? EXIT_SUCCESS : 2;
        }
        puts("1..1");
        bool good = play_all(1, LISTS_SEEDS) == 0;
        printf("%s 1 - every list ends, and a whole one lacks no row, from %d servers\n",
               good ? "ok" : "not ok", LISTS_SEEDS);
        return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
