/*
 * lease_private: what an apply takes from the statements of a run.
 */
#pragma once

#include "mirror/lease.h"
#include "mirror/params_private.h"

/* $1…$18 of the statements that end a run. */
void params_ending(Params *p, const MirrorRun *run, const MirrorEnding *ending);
