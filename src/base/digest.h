/*
 * digest: says of two sets of rows that they are the same, whatever the order in which the rows
 * come.
 *
 * Each row is hashed, and the hashes are added up; adding forgets the order. The hash is the first
 * 128 bits of SHA-256 over
 *
 *     id, as text; databaseId, as text, or "-" when there is none; name
 *
 * which can be cut in one way only: an id has 36 characters, and no databaseId begins with "-". Of
 * a row that cannot be mirrored, which only a list has, it is over id, "!" and what is kept of the
 * row. The Edge connection is not in it: a digest is of one edge's rows. The four words of 32 bits
 * are added each for itself, modulo 2^32. edgemirror.digest_of (sql/migrations) does the same over
 * the mirror; a test holds the two together.
 *
 * Two sets that differ have the same digest with a chance of 2^-128: of a billion different lists a
 * second, the first would be mistaken for the mirror after some 10^22 years. A row that is there
 * twice counts twice (exclusive or would let it cancel out), so that it cannot hide one that is
 * missing. All this guards against accidents, not against a person who may write into the catalog
 * and searches for collisions: such a person needs none to bring a row into the mirror.
 */
#pragma once

#include "base/record.h"
#include <stdint.h>

/* Prepares the library of the hash, once for the process; where that cannot open a file it aborts,
 * so it is called when nothing else is open yet. Without this call the first digest does it. */
void digest_prepare(void);

#define DIGEST_STRING_SIZE 33 /* with the NUL */

/* Zero-initialise: the digest of no rows. */
typedef struct Digest {
        uint32_t words[4];
        int64_t rows;
        int64_t rejected; /* of them: cannot be mirrored */
} Digest;

/* 32 hexadecimal digits, as edgemirror.edge.digest has them; the number of rows is not in them.
 * Returns `out`. */
const char *digest_format(const Digest *d, char out[static DIGEST_STRING_SIZE]);

/* An id for bytes that have none: the same bytes have the same. As UUIDs go, one of version 8 (RFC
 * 9562). */
Uuid digest_make_id(const char *bytes, size_t size);

/*
 * A list as it arrives: pages overlap, and of a row that comes again the later observation counts.
 * That is seen as long as few enough rows came between; one that comes again after more is counted
 * twice, and the list is then equal to nothing.
 */
enum {
        DIGEST_RECENT_MAX = 256
}; /* half of the longest page is the longest overlap of a list that does not move much */

typedef struct DigestRow {
        Uuid id;
        uint32_t words[4];
        bool rejected;
        int64_t before; /* the number of the row before it in its bucket; 0: none */
} DigestRow;

/* Zero-initialise. */
typedef struct DigestList {
        Digest digest; /* of the rows so far */
        /* by the end of the id, where all versions of UUID differ most: the number of the latest
         * row; 0: none */
        int64_t latest[DIGEST_RECENT_MAX];
        DigestRow recent[DIGEST_RECENT_MAX]; /* by number */
} DigestList;

/* Whether it says something new: false for a row that comes again as it was, among the recent
 * ones. */
bool digest_add(DigestList *l, const DatabaseConnection *row);
void digest_reset(DigestList *l);
