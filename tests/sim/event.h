/*
 * event: what src/sync needs of sd-event, of the clocks and of the log, on virtual time.
 *
 * Also where those calls that are given no Run find their world.
 */
#pragma once

#include "sim/world.h"

extern World *sim_world; /* the one that is played */

void event_init(World *w);
