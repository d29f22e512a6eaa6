/*
 * faults: what goes wrong on our side: kills, pauses, stops, restarts of PostgreSQL, no memory.
 */
#pragma once

#include "sim/run.h"

/* At an effect of this instance. True: it was killed, or had been, and nothing of it is to go on.
 */
bool faults_inject(World *w, int instance);

/* Before and after an effect of a run. 0: it happens; 1: the process is gone, and it does not;
 * -ENOMEM: it cannot be begun. */
int faults_before(World *w, Run *r);
void faults_after(World *w, Run *r);
