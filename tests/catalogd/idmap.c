/*
 * idmap: open addressing with linear probing, at most two thirds full.
 *
 * A removal closes the gap by moving later entries of the same run back, so that there are no
 * tombstones and a table that churns does not decay.
 */
#include "catalogd/idmap.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t slot_of(const IdMap *map, const Uuid *id)
{
        uint64_t a, b;

        memcpy(&a, id->bytes, sizeof(a));
        memcpy(&b, id->bytes + sizeof(a), sizeof(b));
        a = (a ^ (b * 0x9E3779B97F4A7C15ULL)) * 0xBF58476D1CE4E5B9ULL;
        return (size_t)(a ^ (a >> 32)) & (map->n_slots - 1);
}

void idmap_done(IdMap *map)
{
        free(map->slots);
        *map = (IdMap){0};
}

/* The slot that holds the identifier, or the free one where it would go. */
static size_t slot_find(const IdMap *map, const Uuid *id)
{
        size_t i = slot_of(map, id);

        while (map->slots[i] && !uuid_equal(map->slots[i], id))
                i = (i + 1) & (map->n_slots - 1);
        return i;
}

static int idmap_grow(IdMap *map)
{
        IdMap larger = {.n_slots = map->n_slots ? map->n_slots * 2 : 64, .n_used = map->n_used};

        larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
        if (!larger.slots)
                return -ENOMEM;
        for (size_t i = 0; i < map->n_slots; i++)
                if (map->slots[i])
                        larger.slots[slot_find(&larger, map->slots[i])] = map->slots[i];
        free(map->slots);
        *map = larger;
        return 0;
}

int idmap_put(IdMap *map, void *value)
{
        size_t i;

        if (map->n_used * 3 >= map->n_slots * 2) {
                int r = idmap_grow(map);
                if (r < 0)
                        return r;
        }
        i = slot_find(map, value);
        if (map->slots[i])
                return -EEXIST;
        map->slots[i] = value;
        map->n_used++;
        return 0;
}

void *idmap_get(const IdMap *map, const Uuid *id)
{
        return map->n_slots > 0 ? map->slots[slot_find(map, id)] : NULL;
}

void *idmap_take(IdMap *map, const Uuid *id)
{
        size_t mask = map->n_slots - 1, gap, i;
        void *taken;

        if (map->n_slots == 0)
                return NULL;
        gap = slot_find(map, id);
        taken = map->slots[gap];
        if (!taken)
                return NULL;
        map->slots[gap] = NULL;
        map->n_used--;
        for (i = (gap + 1) & mask; map->slots[i]; i = (i + 1) & mask) {
                size_t home = slot_of(map, map->slots[i]);

                /* Reachable from its home without crossing the gap: stays. */
                if (((i - home) & mask) < ((i - gap) & mask))
                        continue;
                map->slots[gap] = map->slots[i];
                map->slots[i] = NULL;
                gap = i;
        }
        return taken;
}
