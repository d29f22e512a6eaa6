/*
 * guard: may so many rows be removed without a person's confirmation?
 *
 * A refresh creates connections and is not known to remove any, so a big drop is far more likely a
 * lost permission or a fault than a fact. The guard comes before any proof, because a catalog that
 * hides rows from our user may well deny each of them, too.
 *
 * Pure.
 */
#pragma once

#include "config/sync_settings.h"
#include <stdint.h>

typedef enum GuardVerdict {
        GUARD_OPEN,       /* let each be proven, and remove those that are gone */
        GUARD_EMPTY_LIST, /* the list holds nothing: whatever the limit */
        GUARD_TOO_MANY,   /* more than the limit */
} GuardVerdict;

/* How many rows may go. A share is rounded up to whole rows, so that a small edge can lose one. */
int64_t guard_allowance(const GuardLimit *limit, int64_t present);

/* present: rows of the edge in the mirror; listed: rows in the list; missing: rows of the mirror
 * that are not in the list. */
GuardVerdict guard_judge(const GuardLimit *limit, int64_t present, int64_t listed, int64_t missing);

#define GUARD_LIMIT_STRING_SIZE 32
/* "20%" or "5", as it is configured; returns out. */
const char *guard_format_limit(const GuardLimit *limit, char out[GUARD_LIMIT_STRING_SIZE]);
