/*
 * plan: what a dry run found, row by row, kept in an unlinked temporary file until the edge's turn
 * to be printed comes.
 *
 * Edges run side by side, and a plan may hold a million rows; so it is printed neither at once nor
 * from memory. Rows come in the order of their kinds (mirror/apply.h).
 */
#pragma once

#include "base/cleanup.h"
#include "mirror/apply.h"
#include <cjson/cJSON.h>

typedef struct Plan Plan;

/* json: to be printed by plan_print_json, else by plan_print */
int plan_new(bool json, Plan **ret);
Plan *plan_free(Plan *plan); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(Plan, plan, plan_free)

/* NULL: forget all rows. A file that cannot be written is heard of in plan_finish. */
void plan_add(Plan *plan, const MirrorPlanRow *row);

/* After the last row, before printing. Negative errno and a Fault when the rows could not be kept.
 */
int plan_finish(Plan *plan, Fault *ret_fault);

/* Lines on standard output. */
void plan_print(Plan *plan);

/* The object on a line of standard output, with the member `plan`: {added, changed, removed, held}.
 * Frees the object. */
void plan_print_json(Plan *plan, cJSON *object);
