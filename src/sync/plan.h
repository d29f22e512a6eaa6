/*
 * plan: how an edge is synced, as its configuration says.
 */
#pragma once

#include "config/config.h"
#include "sync/sync.h"

/* A plan for a scheduled sync; the caller changes what is special about his. Borrows the edge's
 * name. */
SyncPlan sync_plan_of(const ConfigEdge *edge);
