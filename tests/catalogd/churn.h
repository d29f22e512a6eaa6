/*
 * churn: the inventory changes by itself, at a rate, as it does in a company while lists are being
 * read.
 */
#pragma once

#include "catalogd/fields.h"
#include "catalogd/model.h"

typedef struct Churn {
        char *edge;         /* NULL: all edges */
        int64_t rate_per_s; /* 0: stopped */
        int64_t seed;
        int64_t total; /* stop after so many changes; 0: never */
        int64_t weights[7];
        uint64_t random;
        uint64_t next_usec; /* monotonic */
        int64_t n_done;
} Churn;

/* Starts anew with what the object says. */
int churn_start(Churn *churn, const cJSON *object, const Model *model, Fault *ret_fault);
void churn_stop(Churn *churn);

void churn_run(Churn *churn, Model *model, uint64_t now_usec); /* does what is due */
/* monotonic; UINT64_MAX: not running */
uint64_t churn_next_due(const Churn *churn);
