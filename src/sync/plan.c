#include "sync/plan.h"
#include "mirror/lease.h"

SyncPlan sync_plan_of(const ConfigEdge *edge)
{
        return (SyncPlan){
                .edge = edge->id,
                .name = edge->name,
                .trigger = MIRROR_TRIGGER_SCHEDULE,
                .settings = edge->settings,
        };
}
