/*
 * spool: mirror/spool.h in memory, in the form in which the simulated database takes it.
 */
#pragma once

#include "mirror/spool.h"
#include "sim/site.h"

/* What the catalog said when a row was asked for by its id; neither: nothing is known. */
typedef struct Verdict {
        uint16_t row;
        bool gone, moved;
        uint64_t asked_usec;
} Verdict;

/* Borrowed until something is added. */
const Shown *spool_shown(const Spool *s, size_t *ret_n);
const Verdict *spool_verdicts(const Spool *s, size_t *ret_n);
