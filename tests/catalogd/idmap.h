/*
 * idmap: a hash table from identifiers to the objects that carry them.
 *
 * Values are pointers to structs whose first member is their Uuid; the table borrows them. One
 * identifier, one value.
 */
#pragma once

#include "base/uuid.h"
#include <stddef.h>

typedef struct IdMap {
        void **slots;
        size_t n_slots; /* 0 or a power of two */
        size_t n_used;
} IdMap;

void idmap_done(IdMap *map);
int idmap_put(IdMap *map, void *value);            /* -EEXIST: the identifier is taken; -ENOMEM */
void *idmap_get(const IdMap *map, const Uuid *id); /* NULL: not there */
void *idmap_take(IdMap *map, const Uuid *id);      /* removes; NULL: not there */
