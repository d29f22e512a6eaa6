/*
 * status: /status.json, an object for each edge and line, as `status --json` prints them.
 *
 * One query for all who ask: the last observation is given out at once for STATUS_KEEP_USEC, and
 * from STATUS_AGE_USEC on a new one is begun beside. Later, or when there is none, who asks waits
 * for the new one. Nobody asks: nothing is observed.
 */
#pragma once

#include "base/duration.h"
#include "base/limits.h"
#include "peers/peers.h"
#include "web/request.h"

#define STATUS_AGE_USEC  (15 * USEC_PER_SEC)
#define STATUS_KEEP_USEC USEC_PER_MINUTE

typedef struct StatusObservation {
        /* private */
        PeersTask task;    /* the observation under way */
        Text lines;        /* of it, so far */
        bool failed;       /* it lacks a line for want of memory */
        WebAnswer *answer; /* the last one; NULL: none */
        uint64_t at_usec;  /* by the monotonic clock, when its query began */
        uint64_t begun_usec;
        WebRequest *waiting[LIMIT_WEB_CONNECTIONS]; /* NULL: a free place */
} StatusObservation;

void status_observation_answer(WebRequest *request, WebService *service);

/* Of other peers; and before the end. */
void status_observation_reset(StatusObservation *o);
