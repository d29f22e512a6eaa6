/*
 * actors: the instances of the program: when they begin a sync, and what is asked of them.
 */
#pragma once

#include "sim/run.h"

void actors_init(World *w);
void actors_run_over(World *w, Run *r);
/* Plays the world to its end. False: it failed. */
bool actors_play(World *w);
