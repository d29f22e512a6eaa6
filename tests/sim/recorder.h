/*
 * recorder: what the catalog has shown to each run, and what the machine concluded, as it happens.
 */
#pragma once

#include "sim/run.h"

void record_arrival(Run *r, const CatalogCall *page); /* of a page, wanted or not */
void record_jobs(World *w, Run *r, const CatalogCall *c);
void record_claim(World *w, Run *r, const MirrorClaim *claim);
void record_noted(World *w, Run *r, const Fault *fault); /* the answer to a note */
void record_one(World *w, Run *r, const CatalogCall *one);
