/*
 * check: the invariants. What the program and the database have come to is compared with the truth
 * of the catalog, and with what the catalog has shown to each run.
 *
 *  1. No row is removed that existed all the time between the end of the list and the removal; and
 * none that the guard should have held, or that fewer than confirm_removals syncs in a row have
 * proven gone.
 *  2. Every row that the catalog held, for us to see, throughout the list phase of a whole snapshot
 * is in the mirror after it, as it was last shown. When rows changed places with each other
 * meanwhile, those that are new may be missing.
 *  3. A snapshot is applied once, by the holder of the epoch, and holds nothing that the catalog
 * has not shown since the list was begun.
 *  4. A row is written only when it differs.
 *
 * Besides: no refresh is asked for beside a job that an earlier run has left and that goes on;
 * outcome, refresh, counts and the two clocks are true; every run ends; versions never overlap,
 * follow each other, and the last one is the row; in the end the mirror is the catalog.
 */
#pragma once

#include "sim/run.h"

void check_before_apply(World *w);
void check_apply(World *w, const DbStatement *s, const DbEdge *claimed);
void check_finish(World *w, const DbStatement *s);
void check_refresh(World *w, const Run *r); /* a refresh is about to be sent */
void check_report(World *w, const Run *r);
void check_end(World *w);
