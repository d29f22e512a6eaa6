/*
 * check: the invariants. What the program and the database have come to is compared with the truth
 * of the catalog, and with what the catalog has shown to each run.
 *
 *  1. No row is removed that existed all the time between the end of the list and the removal; and
 * none that the guard should have held, or that fewer than confirm_removals syncs in a row have
 * proven gone, or sooner than removal_delay after the first of these proofs.
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
void check_refresh(World *w, const Run *r);      /* a refresh is asked for */
void check_refresh_sent(World *w, const Run *r); /* it leaves now */
void check_report(World *w, const Run *r, const SyncReport *report);

/* ---- check_effects.c ------------------------------------------------------------------------ */

/*
 * At each effect of a run, before it: one request, write or task at a time, but for pages, proofs
 * and notes; a job is noted at once, and before it is asked for, a phase soon; a lease is renewed
 * in time, and nothing is asked of the catalog once it is known to be lost; apply and finish begin
 * when nothing else is under way.
 */
void check_alive(World *w, const Run *r);
void check_request(World *w, Run *r, const CallRequest *request);
void check_statement(World *w, Run *r, const DbStatement *s); /* the first of a task */
/* A refresh or a note has been answered, and the program has done what it does then. */
void check_job_noted(World *w, const Run *r);
void check_noted(World *w, const DbStatement *s); /* a note has just been carried out */
void check_busy(World *w, const DbStatement *s);  /* a claim is refused */
void check_over(World *w, const Run *r, const SyncReport *report);

void check_all_ended(World *w); /* nothing will happen any more: no run is left */
void check_end(World *w);
