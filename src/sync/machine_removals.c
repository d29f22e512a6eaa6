#include "base/own_command.h"
#include "base/text.h"
#include "sync/machine_fault_private.h"
#include "sync/machine_removals_private.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A list that is not whole lacks rows for no reason but that: they are no removals that wait for a
 * person. */
static SyncEvent machine_leave_unseen(SyncMachine *m, const MirrorApplied *a)
{
        char limit[GUARD_LIMIT_STRING_SIZE];
        Fault list = m->fault;
        fault_set(&m->fault, list.scope, EAGAIN, list.code,
                  "%s; %" PRId64 " of the %" PRId64
                  " row%s of the mirror were not seen, more than max_removals (%s) allows to be "
                  "removed, so they are not asked for, and stay as they are",
                  list.message, a->found, a->present, text_plural(a->present),
                  guard_format_limit(&m->settings.max_removals, limit));
        m->missing = MIRROR_MISSING_IGNORE;
        return SYNC_REMOVALS_HELD;
}

/* What a person does about rows that the guard holds. */
static void machine_way_out(const SyncMachine *m, char *out, size_t size)
{
        char id[UUID_STRING_SIZE];
        const char *edge = own_edge_argument(m->name, &m->edge, id);
        bool of_schema = m->settings.has_schema_connection;
        (void)snprintf(
                out, size,
                "nothing was removed; %s sync --dry-run %s shows them all, and %s "
                "sync --accept-removals %s removes those that the catalog says are gone%s%s%s%s%s",
                own_command(), edge, own_command(), edge,
                of_schema ? "; those that schema_connection leaves out are not gone: set it before "
                            "the first sync, or forget the edge ("
                          : "",
                of_schema ? own_command() : "", of_schema ? " retire --forget " : "",
                of_schema ? edge : "", of_schema ? ") and begin anew" : "");
}

SyncEvent machine_on_missing(SyncMachine *m, const MirrorApplied *a)
{
        GuardVerdict verdict =
                guard_judge(&m->settings.max_removals, a->present, m->listing.received, a->found);
        if (m->accept_removals || verdict == GUARD_OPEN) {
                proof_init(&m->proof, a->found, &m->controls);
                return SYNC_ROWS_MISSING;
        }
        if (!m->listed_whole)
                return machine_leave_unseen(m, a);
        char limit[GUARD_LIMIT_STRING_SIZE];
        Fault fault;
        char way_out[3 * (LIMIT_EDGE_NAME_MAX_BYTES + OWN_COMMAND_BYTES) + 512];
        machine_way_out(m, way_out, sizeof(way_out));
        if (verdict == GUARD_EMPTY_LIST)
                fault_set(&fault, FAULT_RUN, EPERM, CODE_REMOVALS_HELD,
                          "the list is empty, and the mirror has %" PRId64 " row%s (%s%s); %s",
                          a->present, text_plural(a->present), a->names, a->found > 3 ? ", …" : "",
                          way_out);
        else
                fault_set(&fault, FAULT_RUN, EPERM, CODE_REMOVALS_HELD,
                          "%" PRId64 " of %" PRId64 " row%s %s missing from the list (%s%s), more "
                          "than max_removals (%s) allows; %s",
                          a->found, a->present, text_plural(a->present),
                          a->found == 1 ? "is" : "are", a->names, a->found > 3 ? ", …" : "",
                          guard_format_limit(&m->settings.max_removals, limit), way_out);
        machine_record_fault(m, &fault);
        m->missing = MIRROR_MISSING_GUARD;
        return SYNC_REMOVALS_HELD;
}

static SyncEvent machine_proof_ended(SyncMachine *m)
{
        int64_t unknown = proof_unknown(&m->proof);
        if (unknown > 0) {
                Fault fault = m->proof.fault;
                fault.code = CODE_REMOVALS_UNPROVEN;
                fault_prefix(&fault,
                             "%" PRId64 " of %" PRId64
                             " missing row%s not proven gone, and kept; the catalog's answer for ",
                             unknown, m->proof.total, text_plural(m->proof.total));
                fault.scope = FAULT_RUN;
                machine_record_fault(m, &fault);
        }
        m->missing = MIRROR_MISSING_REMOVE;
        return SYNC_PROOF_ENDED;
}

SyncEvent machine_on_one(SyncMachine *m, const SyncInput *in)
{
        const Fault *fault = &in->one->answer.fault;
        /* A page or a redirect in place of the row says nothing of it: it stays. */
        bool page = in->one->answer.status > 0 && !fault->refused;
        if (fault->scope == FAULT_PEER && !fault->retryable && !page)
                return machine_fail(m, fault);
        m->verdict = proof_answer(&m->proof, in->slot, &m->edge, in->asked, in->one, in->random);
        return proof_over(&m->proof) ? machine_proof_ended(m) : SYNC_PROOF_GOES_ON;
}

SyncEvent machine_on_wake(SyncMachine *m, const SyncInput *in)
{
        proof_wake(&m->proof, in->slot);
        return SYNC_PROOF_GOES_ON;
}
