/*
 * cast: the instances of the program: when they begin a sync, and what befalls them.
 */
#pragma once

#include "sim/run.h"

void cast_init(World *w);
/* Fate at an effect of this instance. True: it was killed, and nothing of it is to go on. */
bool cast_strikes(World *w, int instance);
void cast_run_over(World *w, Run *r);
/* What the machine has just done, for the figures. */
void cover_transition(World *w, const Run *r, SyncAction action);
/* Plays the world to its end. False: it failed. */
bool cast_play(World *w);
