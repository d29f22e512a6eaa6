/*
 * plain_row: a row without anything unusual, read in one pass and without a tree.
 *
 * Nearly all rows are plain: JSON objects whose members are texts (their escapes have two bytes),
 * whole numbers, true, false or null, with a valid id, edgeConnectionId and name, and with a valid
 * databaseId or none. A plain row is read as the parser (json.h) would read it. Of any other row
 * nothing is said: it is for the parser, which also knows what is wrong with it.
 */
#pragma once

#include "base/record.h"

/* Whether the text as a whole is a plain row. `ret` is filled then, and its name is in `name`,
 * which has as many bytes as the text, with a NUL behind it. */
bool plain_row_read(const char *text, size_t size, char *name, DatabaseConnection *ret);
