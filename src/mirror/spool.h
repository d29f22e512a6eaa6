/*
 * spool: the rows of one listing on their way from the catalog to PostgreSQL.
 *
 * Rows go in one by one and come out as the text of apply_copy.sql; of rows that cannot be
 * mirrored, what was received is kept of the first LIMIT_REJECTED_KEPT. Up to
 * LIMIT_SPOOL_MEMORY_BYTES stay in memory; beyond that everything is in one unlinked temporary
 * file, so memory does not grow with the inventory. An id may occur more than once: the later row
 * (larger seq) is the truth; one that comes again as it was soon after is kept once.
 *
 * The same keeps the ids of rows that are missing from the list, and what the catalog answered for
 * each. One spool holds one of the three kinds.
 */
#pragma once

#include "base/digest.h"
#include "base/fault.h"
#include "base/record.h"

typedef struct Spool Spool;

int spool_new(Spool **ret);
Spool *spool_free(Spool *spool);
DEFINE_CLEANUP(Spool, spool, spool_free)

/* `asked_usec`: when the catalog was asked for what it answered with this row; CLOCK_BOOTTIME.
 * -ENOSPC, -ENOMEM, -EIO, -EMFILE …: FAULT_RUN, retryable; the spool is then as it was before. */
int spool_add(Spool *spool, const DatabaseConnection *row, uint64_t asked_usec, Fault *ret_fault);
/* An id, to be read back by its number, 0…; errors as above, -ENOENT for a number that is not
 * there. */
int spool_add_id(Spool *spool, const Uuid *id, Fault *ret_fault);
int spool_get_id(Spool *spool, int64_t number, Uuid *ret, Fault *ret_fault);

/* What the catalog answered when a row was asked for by its id: it is gone, or it has moved to
 * another Edge connection, or neither: nothing is known. */
typedef struct SpoolVerdict {
        Uuid id;
        bool gone;
        const DatabaseConnection *moved; /* as the other edge has it; NULL: it has not moved */
        int http_status;                 /* 0: no answer */
        uint64_t asked_usec;             /* CLOCK_BOOTTIME */
} SpoolVerdict;

/* A line of apply_verdicts.sql. Errors as above. */
int spool_add_verdict(Spool *spool, const SpoolVerdict *verdict, Fault *ret_fault);

void spool_reset(Spool *spool); /* forgets all rows */
int64_t spool_rows(const Spool *spool);
const Digest *spool_digest(const Spool *spool); /* of the rows that are in it; borrowed */

/* Reading: rewind, then chunks until size 0. The bytes are borrowed until the next call. A spool
 * can be read any number of times. */
void spool_rewind(Spool *spool);
int spool_read(Spool *spool, const char **ret_data, size_t *ret_size, Fault *ret_fault);

/* How much fits into the temporary files of this machine, as far as this user may. Errors as of
 * spool_add. */
int spool_find_space(uint64_t *ret_bytes, Fault *ret_fault);

enum { SPOOL_COMPLAINT_BYTES = 512 };

/* Whether $TMPDIR is set and another directory is used, because no file can be made there: then why
 * and what to do. Nothing but that says it. */
bool spool_passes_over(char ret[static SPOOL_COMPLAINT_BYTES]);

/* What a row takes of it, with a name of ordinary length. */
#define SPOOL_BYTES_OF_ROW 160
