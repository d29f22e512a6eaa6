/*
 * columns: texts below each other on a terminal. Everything that comes from outside (names, words
 * of the catalog and of PostgreSQL) is printed by put_text or columns_put, which show escaped what
 * could command the terminal (text_printable).
 */
#pragma once

#include "base/limits.h"
#include <stddef.h>
#include <stdio.h>

/* What UTF-8 text takes on the screen: letters of the east and pictures take two columns. Near
 * enough to keep lines below each other. */
size_t columns_of(const char *text);

enum { COLUMNS_TEXT_BYTES = LIMIT_FAULT_MESSAGE_BYTES }; /* what ends a message is the advice */

/* The text, and blanks up to so many columns; a longer text is not cut before COLUMNS_TEXT_BYTES.
 */
void columns_put(FILE *out, const char *text, size_t columns);

void put_text(FILE *out, const char *text);
