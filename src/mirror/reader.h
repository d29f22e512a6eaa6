/*
 * reader: questions of people to the mirror, and their answers as plain tables.
 *
 * All questions of one call see one snapshot, in a transaction that cannot write. They take no more
 * connections than leave one for what must not wait, and one call at a time waits for no apply.
 */
#pragma once

#include "mirror/mirror.h"
#include <stdbool.h>
#include <stddef.h>

/* An answer: a name for each column, and a text for each cell, row by row; NULL: SQL NULL. What is
 * longer than LIMIT_WEB_TEXT_BYTES is cut at a character and ends in "…"; texts that may be far
 * longer are cut by the question already (at 5000 characters), for the sake of memory. */
typedef struct MirrorTable {
        size_t n_rows, n_columns;
        const char *const *columns;
        const char *const *cells;
} MirrorTable;

/* What stands between may give other answers than PostgreSQL would: where there is no such row or
 * column it is SQL NULL. */
const char *table_text(const MirrorTable *t, size_t row, const char *column);
const char *table_string(const MirrorTable *t, size_t row, const char *column); /* NULL: "" */
int64_t table_int(const MirrorTable *t, size_t row, const char *column, int64_t otherwise);
/* Seconds that have passed since; 0 where a clock was set back meanwhile; NULL: -1. */
int64_t table_age(const MirrorTable *t, size_t row, const char *column);
bool table_bool(const MirrorTable *t, size_t row, const char *column); /* NULL: false */

enum { MIRROR_QUESTIONS_MAX = 6, MIRROR_QUESTION_PARAMS_MAX = 8 };

typedef struct MirrorQuestion {
        const char *sql; /* of sql/queries; a literal */
        /* in PostgreSQL's text form; NULL: SQL NULL; copied */
        const char *params[MIRROR_QUESTION_PARAMS_MAX];
        int n_params;
} MirrorQuestion;

/* The tables, one for each question, are borrowed until the callback returns; NULL with a fault. */
typedef void (*MirrorReadCallback)(const MirrorTable *tables, const Fault *fault, void *userdata);

/* None of the questions may take longer than `limit_usec`. */
int mirror_read(Mirror *m, const MirrorQuestion *questions, size_t n, uint64_t limit_usec,
                MirrorReadCallback callback, void *userdata, MirrorTask **ret);
