/*
 * seen: the ids that a list has shown, and in which pass each was shown last.
 *
 * A set of fingerprints of 64 bits, of which two are the pass. The hash is keyed: (k0 + k1·a +
 * k2·b) mod 2^128, of which the upper half counts, where a and b are the halves of the id and the
 * keys have 128 bits and are drawn for each list. Any two ids then have the same fingerprint with a
 * chance of about 2^-62, whoever chose them, so a server cannot choose ids that collide. Two ids
 * taken for one cost a list that is read again; no row depends on it.
 *
 * Memory: 8 bytes a slot, between 7/9 and 7/8 of the slots in use: 9.1 to 10.3 bytes an id. The
 * slots are sorted, so the set grows in its place.
 */
#pragma once

#include "base/record.h"
#include <stddef.h>
#include <stdint.h>

enum { SEEN_PASSES = 4 }; /* pass: 0…3 */

/* Of 128 bits. */
typedef struct SeenKey {
        uint64_t high, low;
} SeenKey;

typedef struct Seen {
        uint64_t *slots;      /* sorted; 0: empty */
        size_t n, home, size; /* ids; slots in which a search may begin; slots */
        SeenKey keys[3];
} Seen;

typedef enum SeenWhen {
        SEEN_NEVER,
        SEEN_EARLIER, /* in an earlier pass only */
        SEEN_THIS_PASS,
} SeenWhen;

/* random: uniform over uint64_t; the keys follow from it. Nothing is allocated yet. */
void seen_init(Seen *s, uint64_t random);
void seen_done(Seen *s); /* forgets all; the set may be used again */

/* The id will be added soon: its place is fetched into the cache meanwhile. */
void seen_expect(const Seen *s, const Uuid *id);

SeenWhen seen_find(const Seen *s, const Uuid *id, unsigned pass);
/* Adds the id, as shown in this pass; *ret_when says what was known before. -ENOMEM: nothing was
 * added. */
int seen_add(Seen *s, const Uuid *id, unsigned pass, SeenWhen *ret_when);
