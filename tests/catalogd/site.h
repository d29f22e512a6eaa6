/*
 * site: the whole of one sample catalog: what it knows and how it behaves. One thread uses it.
 */
#pragma once

#include "catalogd/churn.h"
#include "catalogd/jobs.h"
#include "catalogd/model.h"
#include "catalogd/pauses.h"
#include "catalogd/reqlog.h"
#include "catalogd/rules.h"
#include "catalogd/settings.h"

enum { CATALOGD_TOKENS = 4096 };

typedef struct Site {
        Settings settings;
        char *previous_auth; /* what `auth` was before: a bearer token of then has expired */
        char url[64];        /* http://127.0.0.1:PORT */
        struct {
                uint64_t issued_usec;
                int64_t series;
        } tokens[CATALOGD_TOKENS]; /* by number, the last ones */
        uint64_t n_tokens;
        Model model;
        Jobs jobs;
        Rules rules;
        Churn churn;
        Pauses pauses;
        RequestLog log;
        uint64_t started_usec;
        uint64_t shuffles;  /* lists that were shuffled so far: seeds the next shuffle */
        double rate_tokens; /* requests that may come at once */
        uint64_t rate_usec; /* when the tokens were counted */
} Site;
