/*
 * page: rows as JSON, good and bad.
 */
#pragma once

#include "base/text.h"
#include "catalogd/model.h"

/* What can be wrong with a row on purpose; each is something that a client must refuse. */
typedef enum BadRow {
        BAD_ROW_NONE,
        BAD_ROW_UUID,          /* id is not a UUID */
        BAD_ROW_UUID_BRACES,   /* id in braces: PostgreSQL takes it, the API does not say it */
        BAD_ROW_EDGE_UUID,     /* edgeConnectionId is not a UUID */
        BAD_ROW_DATABASE_UUID, /* databaseId is not a UUID */
        BAD_ROW_OTHER_EDGE,    /* belongs to another Edge connection */
        BAD_ROW_NUL,           /* \u0000 in the name */
        BAD_ROW_RAW_NUL,       /* a zero byte in the name */
        BAD_ROW_UTF8,          /* a lone continuation byte */
        BAD_ROW_OVERLONG,      /* C0 80 */
        BAD_ROW_SURROGATE,     /* a lone \ud800 */
        BAD_ROW_CONTROL,       /* a raw line feed inside a string */
        BAD_ROW_NAME_NUMBER,
        BAD_ROW_NAME_NULL,
        BAD_ROW_NAME_MISSING,
        BAD_ROW_ID_NUMBER,
        BAD_ROW_ID_MISSING,
        BAD_ROW_EDGE_MISSING,
        BAD_ROW_NOT_OBJECT,
        BAD_ROW_SYNTAX, /* a comma too many */
        BAD_ROW_RAW,    /* the text that the rule brings */
} BadRow;

extern const char *const page_bad_row_names[];

/* {"results":[…]} of the rows. `bad` strikes the row at `bad_index` (beyond the end: the last one).
 * -ENOMEM. */
int page_render(Row *const *rows, size_t n_rows, BadRow bad, size_t bad_index, const char *raw_row,
                Text *ret);

/* One row. */
int page_render_one(const Row *row, BadRow bad, const char *raw_row, Text *ret);
