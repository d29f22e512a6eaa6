/*
 * status: what the tables hold about every edge.
 */
#pragma once

#include "base/uuid.h"
#include "mirror/mirror.h"

typedef struct MirrorStatus {
        Uuid edge;
        const char *name; /* never NULL, nor are state, schedule and time zone */
        bool enabled;
        const char *origin;              /* "configured" or "discovered" */
        const char *schedule, *timezone; /* as registered */
        const char *state;               /* of the view freshness */
        const char *phase; /* NULL: idle; the same for all texts below: NULL when unknown */
        const char *holder;
        /* of the last run that ended */
        const char *outcome, *refresh;
        /* negative: never listed */
        int64_t row_count;
        const char *listed_at, *refreshed_at, *next_run_at; /* ISO 8601, UTC */
        const char *observed_at; /* the same: when PostgreSQL was asked for all of this */
        int64_t listed_age_sec, refreshed_age_sec, running_sec; /* negative: unknown */
        int64_t next_in_sec; /* until next_run_at, where there is one; negative: it is past */
        bool overdue;
        int64_t consecutive_failures;
        const char *job_id, *job_state;
        double job_progress;   /* negative: unknown */
        int64_t listed;        /* rows so far, when running */
        int64_t held, pending; /* rows that are missing and stay, now */
        int64_t rejected;      /* rows of the last list that cannot be mirrored */
        const char *error_scope, *error_code, *error_message;
        int error_http_status; /* 0: none */
        /* of the holder, negative: unknown: since its last sign of life; until its lease ends
         * unless renewed; the length of that */
        int64_t holder_seen_sec, free_in_sec, lease_sec;
} MirrorStatus;

/* Called once per edge in order of name, then once with NULL (or a fault). */
typedef void (*MirrorStatusCallback)(const MirrorStatus *status, const Fault *fault,
                                     void *userdata);

/* names: NULL-terminated list of edge names or ids, or NULL for all. */
int mirror_status(Mirror *m, const char *const *names, MirrorStatusCallback callback,
                  void *userdata, MirrorTask **ret);
