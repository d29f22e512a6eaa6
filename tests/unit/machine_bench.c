/*
 * machine_bench: see the header.
 */
#include "unit/machine_bench.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const Fault machine_no_fault;

Uuid machine_number_id(unsigned number)
{
        Uuid id = {.bytes = {0xab}};
        memcpy(id.bytes + 8, &number, sizeof(number));
        return id;
}

SyncAction machine_give(SyncMachine *m, SyncInput in)
{
        return sync_machine_handle(m, &in);
}

SyncAction machine_give_claim(SyncMachine *m)
{
        static const MirrorClaim claim = {.run_id = 1, .epoch = 1};
        return machine_give(
                m,
                (SyncInput){.kind = SYNC_INPUT_CLAIM, .claim = &claim, .fault = &machine_no_fault});
}

SyncAction machine_give_refresh(SyncMachine *m, int status, bool retryable)
{
        CatalogRefreshAnswer a = {.answer = {.status = status, .sent = true, .requests = 1},
                                  .has_job = status == 202};
        if (status != 202)
                fault_set(&a.answer.fault, retryable ? FAULT_REQUEST : FAULT_RUN, EIO,
                          CODE_CATALOG_ERROR, "no");
        a.answer.fault.retryable = retryable;
        return machine_give(m, (SyncInput){.kind = SYNC_INPUT_REFRESH, .refresh = &a});
}

SyncAction machine_give_job(SyncMachine *m, const char *state)
{
        CatalogJobAnswer a = {.answer = {.status = 200, .sent = true, .requests = 1}};
        (void)snprintf(a.job.status.state, sizeof(a.job.status.state), "%s", state);
        return machine_give(m, (SyncInput){.kind = SYNC_INPUT_JOB, .job = &a, .now_usec = 2});
}

SyncAction machine_give_page(SyncMachine *m, unsigned first, unsigned n)
{
        DatabaseConnection rows[10] = {0};
        for (unsigned i = 0; i < n; i++)
                rows[i].id = machine_number_id(first + i);
        CatalogPageAnswer a = {.answer = {.status = 200, .sent = true, .requests = 1},
                               .offset = m->listing.offset,
                               .rows = rows,
                               .n_rows = n};
        return machine_give(m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a});
}

SyncAction machine_give_bad_page(SyncMachine *m)
{
        CatalogPageAnswer a = {.answer = {.status = 503, .sent = true, .requests = 1}};
        fault_set(&a.answer.fault, FAULT_REQUEST, EIO, CODE_CATALOG_BUSY, "not now");
        a.answer.fault.retryable = true;
        return machine_give(m, (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a});
}

SyncAction machine_give_timer(SyncMachine *m)
{
        return machine_give(m, (SyncInput){.kind = SYNC_INPUT_TIMER});
}

SyncAction machine_give_applied(SyncMachine *m, const MirrorApplied *applied)
{
        return machine_give(m, (SyncInput){.kind = SYNC_INPUT_APPLY,
                                           .applied = applied,
                                           .fault = &machine_no_fault});
}

SyncAction machine_give_one(SyncMachine *m, unsigned slot, unsigned number, bool gone,
                            const Uuid *edge)
{
        Uuid asked = machine_number_id(number);
        CatalogOneAnswer a = {.answer = {.status = edge   ? 200
                                                   : gone ? 404
                                                          : 403,
                                         .requests = 1},
                              .absent = gone};
        if (!edge)
                fault_set(&a.answer.fault, FAULT_RUN, EACCES, CODE_CATALOG_FORBIDDEN, "no");
        a.row.id = asked;
        if (edge)
                a.row.edge_connection_id = *edge;
        return machine_give(
                m, (SyncInput){.kind = SYNC_INPUT_ONE, .one = &a, .asked = &asked, .slot = slot});
}

void machine_give_control(SyncMachine *m)
{
        ProofOrder order;
        assert_true(proof_next_order(&m->proof, &order));
        assert_int_equal(order.number, PROOF_CONTROL);
        CatalogOneAnswer a = {
                .answer = {.status = 200, .requests = 1},
                .row = {.id = m->proof.control, .edge_connection_id = m->edge, .name = "x"}};
        assert_int_equal(machine_give(m, (SyncInput){.kind = SYNC_INPUT_ONE,
                                                     .one = &a,
                                                     .asked = &m->proof.control,
                                                     .slot = order.slot}),
                         SYNC_DO_VERIFY);
        assert_int_equal(m->verdict, PROOF_PENDING);
}

void machine_init(SyncMachine *m, bool refresh, bool dry_run)
{
        *m = (SyncMachine){.settings = {.refresh = refresh,
                                        .polling = {1000000, 30000000, 60000000, 600000000},
                                        .settle_usec = 5000000,
                                        .list_timeout_usec = 3600000000,
                                        .page_size = 10,
                                        .max_removals = {.count = 3}},
                           .edge = machine_number_id(1000),
                           .dry_run = dry_run};
        sync_machine_init(m, 0);
}

void machine_live_until_apply(SyncMachine *m)
{
        machine_init(m, true, false);
        assert_int_equal(machine_give(m, (SyncInput){.kind = SYNC_INPUT_START}), SYNC_DO_CLAIM);
        assert_int_equal(machine_give_claim(m), SYNC_DO_REFRESH);
        assert_int_equal(machine_give_refresh(m, 202, false), SYNC_DO_WAIT);
        assert_int_equal(machine_give_timer(m), SYNC_DO_GET_JOB);
        assert_int_equal(machine_give_job(m, "RUNNING"), SYNC_DO_WAIT);
        assert_int_equal(machine_give_timer(m), SYNC_DO_GET_JOB);
        assert_int_equal(machine_give_job(m, "COMPLETED"), SYNC_DO_LIST);
        assert_int_equal(m->listing.offset, 0);
        assert_int_equal(machine_give_page(m, 0, 10), SYNC_DO_LIST);
        assert_int_equal(
                machine_give_page(m, (unsigned)m->listing.offset, 12 - (unsigned)m->listing.offset),
                SYNC_DO_LIST);
        assert_int_equal(
                machine_give_page(m, (unsigned)m->listing.offset, 12 - (unsigned)m->listing.offset),
                SYNC_DO_APPLY);
        assert_int_equal(m->missing, MIRROR_MISSING_FIND);
        assert_string_equal(sync_refresh_name(m->refresh), "clean");
}

SyncAction machine_give_page_at(SyncMachine *m, uint64_t now_usec, bool good)
{
        DatabaseConnection rows[10] = {0};
        CatalogPageAnswer a = {.answer = {.status = good ? 200 : 503, .sent = true, .requests = 1},
                               .offset = m->listing.offset,
                               .rows = rows,
                               .n_rows = good ? 10 : 0};
        for (unsigned i = 0; i < 10; i++)
                rows[i].id = machine_number_id((unsigned)m->listing.offset + i);
        if (!good) {
                fault_set(&a.answer.fault, FAULT_REQUEST, EIO, CODE_CATALOG_BUSY, "not now");
                a.answer.fault.retryable = true;
        }
        return machine_give(m,
                            (SyncInput){.kind = SYNC_INPUT_PAGE, .page = &a, .now_usec = now_usec});
}

void machine_at(SyncMachine *m, SyncState state)
{
        *m = (SyncMachine){.settings = {.refresh = true,
                                        .polling = {1000000, 30000000, 60000000, 600000000},
                                        .settle_usec = 5000000,
                                        .list_timeout_usec = 3600000000,
                                        .page_size = 500},
                           .patience_usec = 30000000};
        sync_machine_init(m, 0);
        polling_init(&m->polling, &m->settings.polling, false, false, 1);
        m->state = state;
        if (state == SYNC_APPLYING) { /* as the list's end leaves it */
                m->outcome = OUTCOME_SYNCED;
                m->listed_whole = true;
        }
}
