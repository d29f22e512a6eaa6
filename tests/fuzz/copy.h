/*
 * copy: rows out of an input, and COPY's text format read back by a reader of its own (PostgreSQL's
 * documentation, COPY, "Text Format").
 */
#pragma once

#include "base/record.h"
#include <stddef.h>
#include <stdint.h>

enum { COPY_ROWS_MAX = 64, COPY_FIELDS_MAX = 8 };

typedef struct CopyRows {
        DatabaseConnection rows[COPY_ROWS_MAX];
        char *names[COPY_ROWS_MAX];
        size_t n;
} CopyRows;

/* A row for each part of the input between bytes 0xff; a part's first byte decides about its
 * databaseId. What is no name (NUL, invalid UTF-8) is left out. */
void copy_rows_init(CopyRows *c, const uint8_t *data, size_t size);
void copy_rows_done(CopyRows *c);
