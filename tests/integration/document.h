/*
 * document: the SQL in a page of the documentation, as a reader would copy it out.
 */
#pragma once

#include <stddef.h>

enum { DOCUMENT_BLOCKS_MAX = 64 };

typedef struct Document {
        char *text;
        /* what stands between ```sql and ```, or `begin` and `end`, in order; inside `text` */
        char *blocks[DOCUMENT_BLOCKS_MAX];
        size_t n_blocks;
} Document;

/* `name` from the top of the source tree. Fails the test (cmocka) when there is no such page or no
 * SQL in it. */
void document_open(const char *name, Document *ret);
void document_open_between(const char *name, const char *begin, const char *end, Document *ret);
void document_close(Document *d);

/* What a page has, with something else in its place. Owned by the caller. */
char *document_replaced(const char *text, const char *old, const char *new);
