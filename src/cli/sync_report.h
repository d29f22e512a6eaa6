/*
 * sync_report: what came of one edge's sync, for a person, for a program, for the exit status.
 */
#pragma once

#include "cli/plan_report.h"
#include "sync/sync.h"

/* A line on standard output, and lines below it for what a person should know; with the plan of a
 * dry run (NULL: none). `printed` is the fault of a peer that was printed last (scope FAULT_NONE:
 * none): it is not spelt out again. */
void sync_report_print(const char *edge, const SyncReport *report, Plan *plan,
                       const Fault *printed);

/* One JSON object on a line; with a plan: member `plan` too. */
void sync_report_print_json(const char *edge, const Uuid *edge_id, const SyncReport *report,
                            Plan *plan);

/* Somebody else is syncing the edge: no failure. */
bool sync_report_busy(const SyncReport *r);

/* The exit status that this edge gives: 0, 1, 4, 69 or 77. */
int sync_report_status(const SyncReport *report);

/* Whether it failed because nothing came to the end, or something answered instead of the catalog:
 * a gateway, a sign-in page. Of one edge that may be its list, and its status is 1; of all, the
 * catalog is away, which is 69. */
bool sync_report_catalog_away(const SyncReport *report);
