/*
 * prover: carries out the orders of proof.h: requests by id, and waits, side by side.
 *
 * Asynchronous contract: as in http.h. The found ids and the proof are borrowed.
 */
#pragma once

#include "mirror/spool.h"
#include "sync/proof.h"

typedef struct Prover Prover;

/* What came of an order: the answer to the request for `asked`, or (answer NULL) the end of a wait.
 * Borrowed during the call, which may free the prover. */
typedef void (*ProverCallback)(unsigned slot, const Uuid *asked, const CatalogOneAnswer *answer,
                               void *userdata);

int prover_new(sd_event *event, Catalog *catalog, Spool *found, ProverCallback callback,
               void *userdata, Prover **ret);
Prover *prover_free(Prover *p); /* requests and waits are forgotten; NULL is fine; returns NULL */
DEFINE_CLEANUP(Prover, prover, prover_free)

/* Begins whatever the proof orders now. Negative errno: some of it could not be begun. */
int prover_carry_out(Prover *p, Proof *proof);
