/*
 * settings: how this catalog behaves towards everyone; each is an option of the command line and a
 * member of POST /control/settings.
 */
#pragma once

#include "catalogd/fields.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum Order { ORDER_INSERTION, ORDER_REVERSE, ORDER_SHUFFLE, ORDER_TIE } Order;
typedef enum JobShape {
        JOB_SHAPE_REFERENCE,
        JOB_SHAPE_JOB_API,
        JOB_SHAPE_MIXED,
        JOB_SHAPE_EDGE,
        JOB_SHAPE_EDGE_LOG
} JobShape;
typedef enum JobLocation {
        JOB_LOCATION_V1,
        JOB_LOCATION_2_0,
        JOB_LOCATION_OWN,
        JOB_LOCATION_EDGE,
        JOB_LOCATION_NONE
} JobLocation;

typedef enum TokenClient { TOKEN_CLIENT_ANY, TOKEN_CLIENT_BASIC, TOKEN_CLIENT_BODY } TokenClient;

typedef struct Settings {
        char *auth; /* "none", "basic:USER:PASSWORD", "bearer:TOKEN", "oauth2:ID:SECRET" */
        int64_t token_lifetime_s;
        int64_t token_real_ms;
        int64_t token_series;
        char *token_type;
        int token_client;
        int64_t page_cap;
        int64_t default_limit;
        int order;
        char *page_caps;
        int64_t doubles;
        int64_t endless_bytes;
        int64_t latency_ms;
        int64_t rate_per_s; /* 0: no limit */
        int64_t unknown_edge_status;
        bool busy_conflict;
        int64_t job_wait_ms;
        int64_t job_run_ms;
        int job_shape;
        int job_location;
        bool location_absolute;
        bool jobs_v1;
        bool jobs_2_0;
        bool jobs_own;
        bool jobs_edge;
        int64_t job_search_status; /* 0: served */
        bool jobs_named, foreign_jobs;
        int64_t connections_status, sites_status; /* 0: served */
        char *prefix;                             /* of every path; NULL or "": none */
        int64_t gateway_status;
        bool gzip;
        int64_t idle_close_s;
} Settings;

extern const Field settings_fields[];
extern const size_t settings_n_fields;
extern const char *const order_names[];
