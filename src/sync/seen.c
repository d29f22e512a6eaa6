/*
 * seen: see the header.
 *
 * What always holds: the slots in use are in ascending order; each stands at the place that belongs
 * to its value or behind it, with no empty slot in between. The place grows with the value, so an
 * insertion moves the rest of its cluster by one, and growing moves all slots to the end and then
 * each to its new place.
 */
#include "sync/seen.h"
#include "base/wide.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
        SLOTS_MIN = 512,
        SPARE = 64, /* slots behind the last place; a cluster that needs more makes the set grow */
        PASS_MASK = SEEN_PASSES - 1,
};

/* splitmix64 */
static uint64_t seen_draw(uint64_t *state)
{
        uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
}

void seen_init(Seen *s, uint64_t random)
{
        *s = (Seen){0};
        for (size_t i = 0; i < 3; i++) {
                s->keys[i].high = seen_draw(&random);
                s->keys[i].low = seen_draw(&random);
        }
}

void seen_done(Seen *s)
{
        free(s->slots);
        s->slots = NULL;
        s->n = s->home = s->size = 0;
}

/* Without a pass; never 0. */
static uint64_t seen_fingerprint(const Seen *s, const Uuid *id)
{
        uint64_t halves[2];
        memcpy(halves, id->bytes, sizeof(halves));
        uint64_t upper = s->keys[0].high, lower = s->keys[0].low;
        for (size_t i = 0; i < 2; i++) {
                const SeenKey *key = &s->keys[i + 1];
                lower += key->low * halves[i];
                upper += key->high * halves[i] + wide_product_high(key->low, halves[i]) +
                         (lower < key->low * halves[i]);
        }
        upper &= ~(uint64_t)PASS_MASK;
        return upper ? upper : SEEN_PASSES;
}

static size_t seen_place(const Seen *s, uint64_t fingerprint)
{
        return (size_t)wide_product_high(fingerprint, s->home);
}

/* The slot of the fingerprint, or the one before which it belongs; `size` when that is behind the
 * last one. */
static size_t seen_search(const Seen *s, uint64_t fingerprint)
{
        size_t i = seen_place(s, fingerprint);
        while (i < s->size && s->slots[i] && (s->slots[i] & ~(uint64_t)PASS_MASK) < fingerprint)
                i++;
        return i;
}

static bool seen_at(const Seen *s, size_t i, uint64_t fingerprint)
{
        return i < s->size && s->slots[i] && (s->slots[i] & ~(uint64_t)PASS_MASK) == fingerprint;
}

void seen_expect(const Seen *s, const Uuid *id)
{
        if (s->slots)
                __builtin_prefetch(s->slots + seen_place(s, seen_fingerprint(s, id)), 1);
}

SeenWhen seen_find(const Seen *s, const Uuid *id, unsigned pass)
{
        if (s->n == 0)
                return SEEN_NEVER;
        uint64_t fingerprint = seen_fingerprint(s, id);
        size_t i = seen_search(s, fingerprint);
        if (!seen_at(s, i, fingerprint))
                return SEEN_NEVER;
        return (s->slots[i] & PASS_MASK) == pass ? SEEN_THIS_PASS : SEEN_EARLIER;
}

static int seen_grow(Seen *s)
{
        size_t home = s->home ? s->home + s->home / 8 : SLOTS_MIN, size = home + SPARE;
        if (size > SIZE_MAX / sizeof(*s->slots))
                return -ENOMEM;
        uint64_t *slots = realloc(s->slots, size * sizeof(*slots));
        if (!slots)
                return -ENOMEM;
        size_t from = size, to = 0;
        for (size_t i = s->size; i-- > 0;)
                if (slots[i])
                        slots[--from] = slots[i];
        s->slots = slots;
        s->home = home;
        s->size = size;
        /* Each moves forward, or stays: only more than SPARE values of the last place would make it
         * otherwise. */
        for (; from < size; from++) {
                uint64_t slot = slots[from];
                size_t place = seen_place(s, slot & ~(uint64_t)PASS_MASK);
                if (place < to)
                        place = to;
                if (place > from)
                        place = from;
                memset(slots + to, 0, (place - to) * sizeof(*slots));
                slots[place] = slot;
                to = place + 1;
        }
        memset(slots + to, 0, (size - to) * sizeof(*slots));
        return 0;
}

int seen_add(Seen *s, const Uuid *id, unsigned pass, SeenWhen *ret_when)
{
        uint64_t fingerprint = seen_fingerprint(s, id);
        if (s->n >= s->home - s->home / 8) {
                int r = seen_grow(s);
                if (r < 0)
                        return r;
        }
        for (;;) {
                size_t i = seen_search(s, fingerprint), empty = i;
                if (seen_at(s, i, fingerprint)) {
                        *ret_when =
                                (s->slots[i] & PASS_MASK) == pass ? SEEN_THIS_PASS : SEEN_EARLIER;
                        s->slots[i] = fingerprint | pass;
                        return 0;
                }
                while (empty < s->size && s->slots[empty])
                        empty++;
                if (empty < s->size) {
                        memmove(s->slots + i + 1, s->slots + i, (empty - i) * sizeof(*s->slots));
                        s->slots[i] = fingerprint | pass;
                        s->n++;
                        *ret_when = SEEN_NEVER;
                        return 0;
                }
                int r = seen_grow(s);
                if (r < 0)
                        return r;
        }
}
