/*
 * rows: what the catalog has for an edge and what the mirror has, to be held against each other row
 * for row.
 */
#pragma once

#include "harness/postgres.h"
#include "harness/program.h"

/* "id|name|databaseId", a row a line, in any order; the caller frees. `edge` is the id. */
char *rows_of_catalog(const HarnessCatalog *catalog, const char *edge);
char *rows_of_mirror(const HarnessPostgres *pg, const char *edge);

/* Both as lines in order, so that no row can hide behind another. Frees the texts. */
void assert_same_rows(char *is, char *should_be);

void assert_edge_equals_catalog(const HarnessPostgres *pg, const HarnessCatalog *catalog,
                                const char *edge);
