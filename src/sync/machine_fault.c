#include "base/duration.h"
#include "sync/machine_fault_private.h"
#include <errno.h>

bool machine_applying(const SyncMachine *m)
{
        return m->state == SYNC_APPLYING || m->state == SYNC_REAPPLYING;
}

/* From the end of the list to that of the apply the outcome is what it is to become; only the
 * apply's success makes it so. */
bool machine_decided(const SyncMachine *m)
{
        return m->outcome != OUTCOME_NONE && !machine_applying(m) && m->state != SYNC_VERIFYING;
}

void machine_record_fault(SyncMachine *m, const Fault *fault)
{
        if (m->fault.scope != FAULT_NONE)
                return;
        m->fault = *fault;
        m->fault_is_new = true;
}

/* The run's end is decided by this fault, unless it was decided before. */
SyncEvent machine_fail(SyncMachine *m, const Fault *fault)
{
        if (!machine_decided(m)) {
                m->outcome = OUTCOME_FAILED;
                m->fault = *fault;
                m->fault_is_new = true;
                /* Nor could the job be asked for, then: whoever comes next asks how it ended. */
                if (fault->scope == FAULT_PEER && m->has_job && m->refresh == REFRESH_UNKNOWN)
                        m->refresh = REFRESH_NONE;
        }
        return m->dry_run ? SYNC_DRY_RUN_ENDED : SYNC_RUN_FAILED;
}

/* The catalog says when it wants to be asked again, and that is too long to wait with a lease in
 * hand. It holds for all edges. */
bool machine_put_off(const SyncMachine *m, const CatalogAnswer *a, Fault *ret)
{
        if (!a->fault.retryable || a->retry_after_usec <= m->patience_usec)
                return false;
        char pause[DURATION_STRING_SIZE];
        *ret = a->fault;
        fault_prefix(ret, "postponed, the catalog asks for a pause of %s: ",
                     duration_format(a->retry_after_usec, pause));
        ret->scope = FAULT_PEER;
        ret->retry_after_usec = a->retry_after_usec;
        return true;
}

/* Somebody else syncs the edge: nothing has failed, and nothing was done. */
void machine_busy(SyncMachine *m, const MirrorClaim *claim)
{
        char since[DURATION_STRING_SIZE], signs[MIRROR_SIGNS_BYTES];
        Fault busy;
        fault_set(&busy, FAULT_RUN, EBUSY, CODE_LEASE_HELD,
                  "%s has been syncing this edge for %s%s%s; %s", claim->holder,
                  duration_format_short(claim->holder_since_usec / USEC_PER_SEC * USEC_PER_SEC,
                                        since),
                  claim->holder_doing[0] ? ": " : "", claim->holder_doing,
                  mirror_format_signs((int64_t)(claim->holder_seen_usec / USEC_PER_SEC),
                                      (int64_t)(claim->holder_expires_usec / USEC_PER_SEC),
                                      (int64_t)(claim->holder_lease_usec / USEC_PER_SEC), signs));
        (void)machine_fail(m, &busy);
        m->outcome = OUTCOME_ABORTED;
}

/* A row without an id may be any of those that seem to be missing; and of a list of which no row
 * can be mirrored, nothing of what the mirror has is known to be true any more. */
bool machine_rejects_list(SyncMachine *m)
{
        Fault fault;
        if (m->unreadable > 0)
                fault_set(&fault, FAULT_RUN, EBADMSG, CODE_LIST_UNREADABLE_ROWS,
                          "the list holds rows whose ids cannot be read, so it is not known to be "
                          "whole; what can be read is applied, the view edgemirror.rejected shows "
                          "the others");
        else if (m->listing.received > 0 && m->mirrorable == 0)
                fault_set(&fault, FAULT_RUN, EBADMSG, CODE_LIST_ALL_REJECTED,
                          "not one row of the list can be mirrored; the view edgemirror.rejected "
                          "says why: has the API changed, or what stands in between?");
        else
                return false;
        machine_record_fault(m, &fault);
        return true;
}
