/*
 * removals_world: what tests share of rows that leave the list of an edge: sync_world, with a few
 * words more. Every function fails the test.
 */
#pragma once

#include "integration/sync_world.h"

/* the catalog's control API, "Row operations" */
void change_rows(World *w, int edge, const char *operations);

/* edgemirror sync --json EDGE OPTION: the exit status; its results are taken. */
int run_sync(World *w, const char *option, const char *edge);

void configure(World *w, const char *lines); /* at the end of the configuration */

/* Of the last result of `main`, and of its row in sync_run. */
void assert_counts(World *w, const char *outcome, int changed, int removed, int held);

long present(World *w); /* rows of `main` in the mirror */

/* Versions do not overlap, and the current one is the row. */
void assert_history_is_valid(World *w);

int requests_of(World *w, const char *kind); /* in the catalog's log */
