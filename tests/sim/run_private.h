/*
 * run_private: what the files that play a run share.
 */
#pragma once

#include "sim/run.h"

/* run.c */
void run_input(World *w, Run *r, SyncInput in, const Call *c);
void run_journal_idle(World *w, Run *r);
MirrorEnding run_ending(const Run *r);

/* run_journal.c */
void journal_start(World *w, Run *r);
void journal_write(World *w, Run *r);
void journal_stop(World *w, Run *r);

/* run_apply.c */
void apply_start(World *w, Run *r);
void apply_abandon(World *w, Run *r);
