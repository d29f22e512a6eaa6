/*
 * What always holds: every number below `next` is with one slot, or has had its verdict and was
 * counted once.
 */
#include "sync/proof.h"
#include "base/cleanup.h"
#include <errno.h>

/* then the catalog does not tell, and need not be asked a million times */
enum { UNKNOWN_IN_A_ROW_MAX = 32 };

static void slot_take(ProofSlot *slot, int64_t number)
{
        *slot = (ProofSlot){.state = PROOF_SLOT_TO_ASK, .number = number};
        retry_init(&slot->retry, RETRY_ATTEMPTS);
}

void proof_controls_add(ProofControls *c, const Uuid *id)
{
        for (size_t i = 0; i < c->n; i++)
                if (uuid_equal(&c->ids[i], id))
                        return;
        c->ids[c->next] = *id;
        c->next = (c->next + 1) % ARRAY_SIZE(c->ids);
        if (c->n < ARRAY_SIZE(c->ids))
                c->n++;
}

static bool control_next(Proof *p, ProofSlot *slot)
{
        if (p->controls.n == 0)
                return false;
        p->control = p->controls.ids[--p->controls.n];
        slot_take(slot, PROOF_CONTROL);
        return true;
}

void proof_init(Proof *p, int64_t total, const ProofControls *controls)
{
        *p = (Proof){.total = total, .controls = *controls};
        p->asks_control = control_next(p, &p->slots[0]);
}

static bool proof_has_next(const Proof *p)
{
        return !p->given_up && !p->asks_control && p->next < p->total;
}

bool proof_next_order(Proof *p, ProofOrder *ret)
{
        for (unsigned i = 0; i < PROOF_SLOTS; i++) {
                ProofSlot *slot = &p->slots[i];
                if (slot->state == PROOF_SLOT_FREE && proof_has_next(p))
                        slot_take(slot, p->next++);
                if (slot->state != PROOF_SLOT_TO_ASK && slot->state != PROOF_SLOT_TO_WAIT)
                        continue;
                *ret = (ProofOrder){
                        .slot = i,
                        .ask = slot->state == PROOF_SLOT_TO_ASK,
                        .number = slot->number,
                        .delay_usec = slot->delay_usec,
                };
                slot->state = ret->ask ? PROOF_SLOT_ASKED : PROOF_SLOT_WAITS;
                return true;
        }
        return false;
}

/* What the answer says, whatever was before. */
static ProofVerdict judge(const Uuid *edge, const Uuid *asked, const CatalogOneAnswer *a,
                          Fault *ret_fault)
{
        if (a->absent)
                return PROOF_GONE;
        if (a->answer.fault.scope != FAULT_NONE) {
                *ret_fault = a->answer.fault;
                return PROOF_UNKNOWN;
        }
        if (!uuid_equal(&a->row.id, asked)) {
                fault_set(ret_fault, FAULT_RUN, EBADMSG, CODE_CATALOG_OTHER_ROW,
                          "the catalog gave another row than asked for");
                return PROOF_UNKNOWN;
        }
        /* One that cannot be mirrored is there, and stays as it is. */
        if (a->row.rejected)
                return PROOF_HERE;
        return uuid_equal(&a->row.edge_connection_id, edge) ? PROOF_HERE : PROOF_MOVED;
}

static void count_unknown(Proof *p, const Uuid *asked, const Fault *fault)
{
        char id[UUID_STRING_SIZE];
        if (p->unknown++ == 0) {
                p->fault = *fault;
                fault_prefix(&p->fault, "%s: ", uuid_format(asked, id));
        }
        if (++p->unknown_in_a_row >= UNKNOWN_IN_A_ROW_MAX)
                p->given_up = true;
}

/* A catalog that denies all that it has listed proves nothing by that. */
static void control_answered(Proof *p, ProofSlot *slot, ProofVerdict verdict,
                             const CatalogOneAnswer *a, Fault *fault)
{
        char id[UUID_STRING_SIZE];
        if (verdict == PROOF_GONE && control_next(p, slot))
                return;
        p->asks_control = false;
        if (verdict == PROOF_HERE || verdict == PROOF_MOVED)
                return;
        p->given_up = true;
        if (verdict == PROOF_GONE)
                fault_set(fault, FAULT_RUN, EBADMSG, CODE_CATALOG_DENIES_LISTED,
                          "the list has this row, but asked for by its id the catalog says that it "
                          "does not exist (HTTP %d); so such answers do not prove that other rows "
                          "are gone",
                          a->answer.status);
        p->fault = *fault;
        fault_prefix(&p->fault, "%s: ", uuid_format(&p->control, id));
}

ProofVerdict proof_answer(Proof *p, unsigned i, const Uuid *edge, const Uuid *asked,
                          const CatalogOneAnswer *a, uint64_t random)
{
        ProofSlot *slot = &p->slots[i];
        Fault fault = {0};
        ProofVerdict verdict = judge(edge, asked, a, &fault);
        if (verdict == PROOF_UNKNOWN && !p->given_up &&
            retry_again(&slot->retry, &fault, a->answer.retry_after_usec, random,
                        &slot->delay_usec)) {
                slot->state = PROOF_SLOT_TO_WAIT;
                return PROOF_PENDING;
        }
        slot->state = PROOF_SLOT_FREE;
        if (slot->number == PROOF_CONTROL) {
                control_answered(p, slot, verdict, a, &fault);
                return PROOF_PENDING;
        }
        p->gone += verdict == PROOF_GONE;
        p->here += verdict == PROOF_HERE;
        p->moved += verdict == PROOF_MOVED;
        if (verdict == PROOF_UNKNOWN)
                count_unknown(p, asked, &fault);
        else
                p->unknown_in_a_row = 0;
        return verdict;
}

void proof_wake(Proof *p, unsigned slot)
{
        p->slots[slot].state = PROOF_SLOT_TO_ASK;
}

bool proof_over(const Proof *p)
{
        for (unsigned i = 0; i < PROOF_SLOTS; i++)
                if (p->slots[i].state != PROOF_SLOT_FREE)
                        return false;
        return !proof_has_next(p);
}

int64_t proof_unknown(const Proof *p)
{
        return p->unknown + (p->total - p->next);
}
