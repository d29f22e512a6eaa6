/*
 * sync_settings: what an edge is synced with, as [defaults] and its [edge] say.
 *
 * Plain data without an owner: the option table parses into it, and it is copied whole from the
 * configuration to the machine that uses it.
 */
#pragma once

#include "base/uuid.h"
#include <stdbool.h>
#include <stdint.h>

/* A count, or a share of the rows that the edge has in the mirror. All zero: none. */
typedef struct GuardLimit {
        bool is_share;
        int64_t count;
        double share; /* 0…1 */
} GuardLimit;

typedef struct PollingLimits {
        uint64_t poll_min_usec, poll_max_usec;
        uint64_t wait_timeout_usec; /* while the job says WAITING */
        uint64_t job_timeout_usec;  /* since it no longer does */
} PollingLimits;

typedef struct SyncSettings {
        bool refresh;
        PollingLimits polling;
        uint64_t settle_usec;
        unsigned page_size;
        uint64_t list_timeout_usec;
        GuardLimit max_removals;     /* all zero: no row is removed without a person's consent */
        unsigned confirm_removals;   /* syncs in a row that must prove a row gone; at least 1 */
        uint64_t removal_delay_usec; /* since the first of these proofs */
        bool has_schema_connection;  /* the list holds a part of the edge */
        Uuid schema_connection;
} SyncSettings;
