/*
 * polling: how a job is watched until it ends.
 *
 * Decides after each answer whether to ask again (when, and at which URL), or that it is over and
 * how. The reference gives the Location header as the place to ask. Where there is none, or what
 * answers there is not the job (404, a gateway's 401 or 403, a web page, a document that is none),
 * the other addresses are asked, one after the other (JobAddress). A job that is nowhere gets a
 * short grace: a new one may not be visible at once. Then how it ended is not known; no run fails
 * for that.
 *
 * Pure: times come in as monotonic microseconds.
 */
#pragma once

#include "base/retry.h"
#include "catalog/catalog.h"
#include "config/sync_settings.h"

typedef enum PollingStep {
        POLLING_WAIT,          /* ask again after *ret_delay_usec */
        POLLING_OTHER_ADDRESS, /* ask again at once: `address` has changed */
        POLLING_CLEAN,         /* ended well */
        POLLING_BAD,           /* ended, not clean; the fault says how */
        POLLING_TIMEOUT,       /* a deadline passed */
        POLLING_VANISHED,      /* no such job, or not for us: how it ended is not known */
        POLLING_FAILED,        /* the catalog cannot be asked; the fault ends the run */
} PollingStep;

typedef struct Polling {
        PollingLimits limits;
        JobAddress address;

        /* private */
        JobAddress first_address;
        bool has_below;
        /* since the round of addresses began, only faults of the catalog as a whole were seen */
        bool peer_only;
        uint64_t started_usec; /* the refresh was accepted */
        uint64_t running_usec; /* the job was first seen out of WAITING; 0: not yet */
        uint64_t delay_usec;
        double progress;
        char state[JOB_WORD_BYTES];
        Fault fault;        /* at the first address of this round */
        unsigned not_found; /* answers in a row */
        Retry retry;
} Polling;

/* has_below: JOB_ADDRESS_LOCATION_BELOW is an address of its own. */
void polling_init(Polling *p, const PollingLimits *limits, bool has_location, bool has_below,
                  uint64_t now_usec);

/* How long until the first question. */
uint64_t polling_first_delay(const Polling *p);

PollingStep polling_answer(Polling *p, const CatalogJobAnswer *answer, uint64_t now_usec,
                           uint64_t random, uint64_t *ret_delay_usec, Fault *ret_fault);
