/*
 * status_table: one edge of `edgemirror status`, as lines for a person.
 */
#pragma once

#include "mirror/status.h"
#include <stdbool.h>
#include <stdio.h>

void status_table_head(FILE *out);

/* One line of 79 columns (two where the name is long), times relative to now, and under it what is
 * under way and what went wrong. `unscheduled`: why nothing syncs the edge, NULL none; see
 * edge_status_unscheduled. `colour`: with the escapes of a terminal. */
void status_table_row(FILE *out, const MirrorStatus *s, const char *unscheduled, bool colour);

/* Somebody should look at it: overdue, failing, held, not whole or not refreshed. */
bool status_is_trouble(const MirrorStatus *s);
