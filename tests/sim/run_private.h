/*
 * run_private: what the files that play a run share.
 */
#pragma once

#include "mirror/lease.h"
#include "sim/run.h"

/* run.c */
void run_input(World *w, Run *r, SyncInput in, const Shown *rows);
void run_journal_idle(World *w, Run *r);
MirrorEnding run_ending(const Run *r);

/* run_pages.c */
void pages_init(World *w);
void pages_want(World *w, Run *r);
void pages_forget(Run *r);
void pages_end(Run *r);
void run_on_page(World *w, Run *r, const CatalogPageAnswer *answer, const Shown *rows,
                 uint32_t tick);

/* run_journal.c */
void journal_start(World *w, Run *r);
void journal_write(World *w, Run *r);
void journal_stop(World *w, Run *r);

/* run_apply.c */
void apply_start(World *w, Run *r);
void apply_abandon(World *w, Run *r);
