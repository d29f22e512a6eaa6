/*
 * relay_control: a network between a test and PostgreSQL: tests/harness/relay, started and steered.
 */
#pragma once

#include "harness/postgres.h"

typedef struct HarnessRelay {
        pid_t pid;
        int output;
        unsigned port; /* of 127.0.0.1 */
} HarnessRelay;

void harness_relay_start(HarnessRelay *r, const HarnessPostgres *pg, unsigned delay_msec);
/* the connections that there are now: nothing comes through any more, and nothing closes */
void harness_relay_forget(const HarnessRelay *r);
long harness_relay_trips(const HarnessRelay *r);
void harness_relay_stop(HarnessRelay *r);
