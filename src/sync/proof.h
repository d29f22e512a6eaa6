/*
 * proof: is a row that the list does not hold really gone?
 *
 * First of all one that the list has shown is asked for, the control: where the catalog does not
 * give that one either (another path, a rule of a gateway, a right that is missing), its answers by
 * id say nothing of others. One that the catalog denies may have been deleted since it was listed;
 * then another is asked for, and one that is given is enough. Then each is asked for by its id, a
 * few at a time. Only the catalog's own "there is no such row" is proof of absence. A row that is
 * given shows that the list has missed it, or that it belongs to another Edge connection now.
 * Anything else, after a few attempts, means that we do not know; and when nothing but that comes
 * back, the rest is not asked for.
 *
 * Ids are known here by their number, 0…total-1; who carries out the orders knows which id that is.
 * Pure: no clock, no allocation.
 */
#pragma once

#include "base/retry.h"
#include "catalog/catalog.h"

#define PROOF_SLOTS                                                                                \
        8 /* requests of one sync at a time; the HTTP client bounds those of all syncs together */

enum { PROOF_CONTROL = -1 }; /* the number of the control in orders */

/* Rows that the list has shown last, without repeats. Zero-initialise: none. */
typedef struct ProofControls {
        Uuid ids[3];
        size_t n, next;
} ProofControls;

void proof_controls_add(ProofControls *c, const Uuid *id);

typedef enum ProofVerdict {
        PROOF_PENDING, /* it will be asked for again; or it was the control, of which nothing is
                          kept */
        PROOF_GONE,    /* proven: may be removed */
        PROOF_HERE,    /* the list has missed it; the answer's row joins the snapshot */
        /* it belongs to another Edge connection, whose sync takes it over; neither removed nor held
           by this one */
        PROOF_MOVED,
        PROOF_UNKNOWN, /* it stays, and is held */
} ProofVerdict;

typedef enum ProofSlotState {
        PROOF_SLOT_FREE,
        PROOF_SLOT_TO_ASK,
        PROOF_SLOT_ASKED,
        PROOF_SLOT_TO_WAIT,
        PROOF_SLOT_WAITS,
} ProofSlotState;

typedef struct ProofSlot {
        ProofSlotState state;
        int64_t number; /* of the id */
        uint64_t delay_usec;
        Retry retry;
} ProofSlot;

typedef struct Proof {
        int64_t total;
        ProofControls controls; /* n: those that have not been asked for */
        Uuid control;           /* that is asked for */
        bool asks_control;      /* nothing else is asked for until that has been answered */
        int64_t next;           /* number of the first id that no slot has taken */
        int64_t gone, here, moved, unknown;
        unsigned unknown_in_a_row;
        bool given_up;
        Fault fault; /* of the first that stayed unknown */
        ProofSlot slots[PROOF_SLOTS];
} Proof;

/* `controls`: copied; none: the list has shown no row, so there is none to ask for. */
void proof_init(Proof *p, int64_t total, const ProofControls *controls);

/* One thing to do now. */
typedef struct ProofOrder {
        unsigned slot;
        bool ask;            /* get the row of this number; else wait, then proof_wake */
        int64_t number;      /* or PROOF_CONTROL */
        uint64_t delay_usec; /* how long to wait */
} ProofOrder;

/* Gives each order once; false: nothing more to do until an answer or a timer comes. */
bool proof_next_order(Proof *p, ProofOrder *ret);

/* The answer to the request of this slot. `edge`: whose sync this is; `asked`: the id that was
 * asked for. */
ProofVerdict proof_answer(Proof *p, unsigned slot, const Uuid *edge, const Uuid *asked,
                          const CatalogOneAnswer *answer, uint64_t random);

/* The slot has waited. */
void proof_wake(Proof *p, unsigned slot);

/* Nothing is under way and nothing is left to ask. What was not asked for is counted as unknown. */
bool proof_over(const Proof *p);
int64_t proof_unknown(const Proof *p);
