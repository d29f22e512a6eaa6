/* What always holds: a slot has a request under way, or a timer, or neither. */
#include "sync/prover.h"
#include "base/duration.h"
#include "base/timer.h"
#include <errno.h>

typedef struct ProverSlot {
        Prover *prover;
        unsigned number;
        Uuid asked;
        CatalogCall *call;
        Timer timer;
} ProverSlot;

struct Prover {
        sd_event *event;
        Catalog *catalog;
        Spool *found;
        ProverCallback callback;
        void *userdata;
        ProverSlot slots[PROOF_SLOTS];
};

int prover_new(sd_event *event, Catalog *catalog, Spool *found, ProverCallback callback,
               void *userdata, Prover **ret)
{
        Prover *p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        p->event = event;
        p->catalog = catalog;
        p->found = found;
        p->callback = callback;
        p->userdata = userdata;
        for (unsigned i = 0; i < PROOF_SLOTS; i++)
                p->slots[i] = (ProverSlot){.prover = p, .number = i};
        *ret = p;
        return 0;
}

Prover *prover_free(Prover *p)
{
        if (!p)
                return NULL;
        for (unsigned i = 0; i < PROOF_SLOTS; i++) {
                (void)catalog_cancel(p->slots[i].call);
                timer_cancel(&p->slots[i].timer);
        }
        free(p);
        return NULL;
}

static void prover_on_answer(const CatalogOneAnswer *answer, void *userdata)
{
        ProverSlot *slot = userdata;
        Uuid asked = slot->asked;
        slot->call = NULL;
        slot->prover->callback(slot->number, &asked, answer, slot->prover->userdata);
}

static void prover_on_timer(void *userdata)
{
        ProverSlot *slot = userdata;
        Uuid asked = slot->asked;
        slot->prover->callback(slot->number, &asked, NULL, slot->prover->userdata);
}

static int prover_obey(Prover *p, const Proof *proof, const ProofOrder *order)
{
        ProverSlot *slot = &p->slots[order->slot];
        if (!order->ask)
                return timer_start(&slot->timer, p->event, order->delay_usec, USEC_PER_MSEC,
                                   prover_on_timer, slot);
        int r = 0;
        if (order->number == PROOF_CONTROL)
                slot->asked = proof->control;
        else
                r = spool_get_id(p->found, order->number, &slot->asked, NULL);
        if (r < 0)
                return r;
        return catalog_get_one(p->catalog, &slot->asked, prover_on_answer, slot, &slot->call);
}

int prover_carry_out(Prover *p, Proof *proof)
{
        ProofOrder order;
        while (proof_next_order(proof, &order)) {
                int r = prover_obey(p, proof, &order);
                if (r < 0)
                        return r;
        }
        return 0;
}
