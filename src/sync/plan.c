/*
 * plan: see the header.
 */
#include "sync/plan.h"
#include "mirror/lease.h"

SyncPlan sync_plan_of(const ConfigEdge *edge)
{
        const ConfigRemovals *removals = &edge->max_removals;
        return (SyncPlan){
                .edge = edge->id,
                .name = edge->name,
                .has_schema_connection = edge->has_schema_connection,
                .schema_connection = edge->schema_connection,
                .trigger = MIRROR_TRIGGER_SCHEDULE,
                .refresh = edge->refresh,
                .poll_min_usec = edge->poll_min_usec,
                .poll_max_usec = edge->poll_max_usec,
                .wait_timeout_usec = edge->wait_timeout_usec,
                .job_timeout_usec = edge->job_timeout_usec,
                .settle_usec = edge->settle_usec,
                .page_size = edge->page_size,
                .confirm_removals = edge->confirm_removals,
                .list_timeout_usec = edge->list_timeout_usec,
                .max_removals = {.is_share = removals->is_share,
                                 .count = removals->count,
                                 .share = removals->share},
        };
}
