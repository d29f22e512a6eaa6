/*
 * metric: what the process counts about itself, for whoever watches it.
 *
 * One table, METRICS; src/web/metrics.c renders it for Prometheus. To add a metric is a row here,
 * one call where the thing happens, and a line in docs/monitoring.md.
 *
 * Process-wide, as the log is, so that a layer needs nobody's handle to count. For the one thread
 * of the event loop. Names are public, and follow Prometheus' rules: base units, `_total` for
 * counters, times of events rather than ages. Values of labels come from the tables of metric.c:
 * nothing from outside becomes one. (Series of single edges are no values here, see web/metrics.h.)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum MetricKind {
        METRIC_COUNTER,   /* only rises; 0 from the start */
        METRIC_GAUGE,     /* 0 from the start */
        METRIC_OBSERVED,  /* a gauge that has no value (NAN) until it is set */
        METRIC_HISTOGRAM, /* its label is `le`, of which the values are the upper bounds */
        METRIC_OF_EDGES,  /* a gauge for each edge, which whoever renders has */
} MetricKind;

/* Enumerator, name, kind, label (METRIC_LABEL_…), help. */
#define METRICS(X)                                                                                 \
        X(BUILD_INFO, "edgemirror_build_info", GAUGE, VERSION, "1; the version of the program.")   \
        X(CONFIG_RELOAD_SUCCESSFUL, "edgemirror_config_reload_successful", GAUGE, NONE,            \
          "Whether the last attempt to load the configuration succeeded.")                         \
        X(CONFIG_RELOAD_TIME, "edgemirror_config_reload_success_timestamp_seconds", GAUGE, NONE,   \
          "When the configuration in force was loaded.")                                           \
        X(EDGES_CONFIGURED, "edgemirror_edges_configured", GAUGE, NONE,                            \
          "Edges that sections of the configuration name.")                                        \
        X(EDGES_DISCOVERED, "edgemirror_edges_discovered", GAUGE, NONE,                            \
          "Edges that were discovered and have no section.")                                       \
        X(SYNCS_RUNNING, "edgemirror_syncs_running", GAUGE, NONE, "Syncs under way here.")         \
        X(LEASES_HELD, "edgemirror_leases_held", GAUGE, NONE,                                      \
          "Edges whose lease this instance has, as far as it knows.")                              \
        X(LEASES_LOST, "edgemirror_leases_lost_total", COUNTER, NONE,                              \
          "Syncs that lost their lease to another instance.")                                      \
        X(SYNCS, "edgemirror_syncs_total", COUNTER, NONE,                                          \
          "Scheduled syncs that ended here, with whatever outcome.")                               \
        X(SYNCS_FAILED, "edgemirror_syncs_failed_total", COUNTER, NONE,                            \
          "Scheduled syncs with the outcome failed.")                                              \
        X(SYNCS_HELD, "edgemirror_syncs_held_total", COUNTER, NONE,                                \
          "Scheduled syncs with the outcome held.")                                                \
        X(SYNCS_UNSTABLE, "edgemirror_syncs_unstable_total", COUNTER, NONE,                        \
          "Scheduled syncs with the outcome unstable.")                                            \
        X(SYNCS_ABORTED, "edgemirror_syncs_aborted_total", COUNTER, NONE,                          \
          "Scheduled syncs with the outcome aborted.")                                             \
        X(SYNC_DURATION, "edgemirror_sync_duration_seconds", HISTOGRAM, LONG,                      \
          "How long syncs took.")                                                                  \
        X(SYNC_LATENESS, "edgemirror_sync_lateness_seconds", HISTOGRAM, SHORT,                     \
          "How long after its due time the sync of an edge began.")                                \
        X(REFRESHES, "edgemirror_refreshes_total", COUNTER, REFRESH,                               \
          "Syncs that came to know how their refresh ended.")                                      \
        X(JOB_DURATION, "edgemirror_job_duration_seconds", HISTOGRAM, LONG,                        \
          "From the request for a refresh to the end of its job.")                                 \
        X(ROWS_LISTED, "edgemirror_rows_listed_total", COUNTER, NONE,                              \
          "Rows that syncs received from the catalog.")                                            \
        X(ROWS_APPLIED, "edgemirror_rows_applied_total", COUNTER, CHANGE,                          \
          "Rows that syncs wrote into the mirror.")                                                \
        X(ROWS_REJECTED, "edgemirror_rows_rejected_total", COUNTER, NONE,                          \
          "Rows that lists held and that cannot be mirrored, each time that they were listed.")    \
        X(REMOVAL_CHECKS, "edgemirror_removal_checks_total", COUNTER, VERDICT,                     \
          "Rows missing from a list, by what the catalog answered when asked for each.")           \
        X(CATALOG_REQUESTS, "edgemirror_catalog_requests_total", COUNTER, OPERATION,               \
          "Requests to the catalog's API that were begun.")                                        \
        X(CATALOG_RESPONSES, "edgemirror_catalog_responses_total", COUNTER, CODE,                  \
          "Requests to the catalog's API that ended, by the status of the answer.")                \
        X(CATALOG_REQUEST_DURATION, "edgemirror_catalog_request_duration_seconds", HISTOGRAM,      \
          SHORT, "How long requests to the catalog's API took.")                                   \
        X(CATALOG_RETRIES, "edgemirror_catalog_retries_total", COUNTER, NONE,                      \
          "Requests to the catalog's API that were to be sent again.")                             \
        X(CATALOG_RECEIVED_BYTES, "edgemirror_catalog_received_bytes_total", COUNTER, NONE,        \
          "Bytes of answers, compressed as they came, without their headers.")                     \
        X(CATALOG_REQUESTS_IN_FLIGHT, "edgemirror_catalog_requests_in_flight", GAUGE, NONE,        \
          "Requests to the catalog, or for a token, under way.")                                   \
        X(CATALOG_REQUESTS_LIMIT, "edgemirror_catalog_requests_limit", GAUGE, NONE,                \
          "Pages that may be asked for at once, by how the catalog answers; at most "              \
          "max_requests.")                                                                         \
        X(CATALOG_UP, "edgemirror_catalog_up", GAUGE, NONE,                                        \
          "Whether the catalog answers, and accepts the credentials.")                             \
        X(POSTGRES_UP, "edgemirror_postgres_up", GAUGE, NONE,                                      \
          "Whether PostgreSQL answers, and refuses nothing that syncs need.")                      \
        X(POSTGRES_CONNECTIONS, "edgemirror_postgres_connections", GAUGE, CONNECTION,              \
          "Connections to PostgreSQL.")                                                            \
        X(TOKEN_REQUESTS, "edgemirror_token_requests_total", COUNTER, NONE,                        \
          "Requests for a token (OAuth 2.0) that were begun.")                                     \
        X(TOKEN_REQUESTS_FAILED, "edgemirror_token_requests_failed_total", COUNTER, NONE,          \
          "Requests for a token that brought none.")                                               \
        X(TOKEN_EXPIRY, "edgemirror_token_expiry_timestamp_seconds", OBSERVED, NONE,               \
          "When the token expires. No value: there is none, or it is not told.")                   \
        X(LOG_MESSAGES, "edgemirror_log_messages_total", COUNTER, LEVEL,                           \
          "Lines for the log, as far as its level lets them through.")                             \
        X(SCRAPE_DURATION, "edgemirror_scrape_duration_seconds", GAUGE, NONE,                      \
          "How long this text took to write.")                                                     \
        X(MIRROR_EDGES, "edgemirror_mirror_edges", OBSERVED, EDGE,                                 \
          "Edges in the database, each in the first state of these that applies.")                 \
        X(MIRROR_ROWS, "edgemirror_mirror_rows", OBSERVED, NONE, "Present database connections.")  \
        X(MIRROR_ROWS_UNREGISTERED, "edgemirror_mirror_rows_unregistered", OBSERVED, NONE,         \
          "Present rows without a Database asset.")                                                \
        X(MIRROR_ROWS_HELD, "edgemirror_mirror_rows_held", OBSERVED, NONE,                         \
          "Present rows that are missing from the list and stay.")                                 \
        X(MIRROR_ROWS_PENDING, "edgemirror_mirror_rows_pending", OBSERVED, NONE,                   \
          "Present rows that are proven gone and wait for the proof of another sync.")             \
        X(MIRROR_ROWS_REJECTED, "edgemirror_mirror_rows_rejected", OBSERVED, NONE,                 \
          "Rows of the last lists that cannot be mirrored.")                                       \
        X(MIRROR_OLDEST_LISTED, "edgemirror_mirror_oldest_listed_timestamp_seconds", OBSERVED,     \
          NONE, "The oldest listed_at of the enabled edges that were ever listed.")                \
        X(MIRROR_OLDEST_REFRESHED, "edgemirror_mirror_oldest_refreshed_timestamp_seconds",         \
          OBSERVED, NONE,                                                                          \
          "The oldest refreshed_at of the enabled edges that were ever refreshed.")                \
        X(MIRROR_OBSERVED, "edgemirror_mirror_observed_timestamp_seconds", GAUGE, NONE,            \
          "When PostgreSQL gave the figures of the mirror and of its edges. 0: not yet.")          \
        X(EDGE_LISTED, "edgemirror_edge_listed_timestamp_seconds", OF_EDGES, NONE,                 \
          "When the list was begun that the mirror of the edge is equal to.")                      \
        X(EDGE_REFRESHED, "edgemirror_edge_refreshed_timestamp_seconds", OF_EDGES, NONE,           \
          "Up to when the last clean refresh of the edge reaches.")                                \
        X(EDGE_ROWS, "edgemirror_edge_rows", OF_EDGES, NONE,                                       \
          "Present database connections of the edge.")                                             \
        X(EDGE_FAILURES, "edgemirror_edge_consecutive_failures", OF_EDGES, NONE,                   \
          "Syncs of the edge that failed or were unstable since the last that was neither.")       \
        X(PROCESS_CPU, "process_cpu_seconds_total", COUNTER, NONE,                                 \
          "Processor time of the process, user and system.")                                       \
        X(PROCESS_MEMORY, "process_resident_memory_bytes", GAUGE, NONE,                            \
          "Resident memory of the process.")                                                       \
        X(PROCESS_FDS, "process_open_fds", GAUGE, NONE, "File descriptors that are open.")         \
        X(PROCESS_START, "process_start_time_seconds", GAUGE, NONE, "When the process started.")

typedef enum Metric {
#define METRIC_ENUMERATOR(name, word, kind, label, help) METRIC_##name,
        METRICS(METRIC_ENUMERATOR)
#undef METRIC_ENUMERATOR
                METRICS_COUNT
} Metric;

typedef enum MetricLabel {
        METRIC_LABEL_NONE,
        METRIC_LABEL_VERSION,
        METRIC_LABEL_REFRESH, /* SyncRefresh */
        METRIC_LABEL_CHANGE,
        METRIC_LABEL_VERDICT,
        METRIC_LABEL_OPERATION,
        METRIC_LABEL_CODE,       /* metric_code */
        METRIC_LABEL_CONNECTION, /* PgConnectionState */
        METRIC_LABEL_LEVEL,      /* LogLevel */
        METRIC_LABEL_EDGE,       /* as the view freshness has them, in the order of observe.sql */
        METRIC_LABEL_SHORT,      /* bounds of a histogram: up to half a minute */
        METRIC_LABEL_LONG,       /* … up to hours */
        METRIC_LABELS,
} MetricLabel;

enum { METRIC_VALUES_MAX = 24 }; /* of one label */

typedef enum MetricChange {
        METRIC_CHANGE_ADDED,
        METRIC_CHANGE_CHANGED,
        METRIC_CHANGE_REMOVED,
        METRIC_CHANGE_RESTORED,
} MetricChange;

typedef enum MetricVerdict {
        METRIC_VERDICT_GONE,
        METRIC_VERDICT_HERE,
        METRIC_VERDICT_MOVED,
        METRIC_VERDICT_UNKNOWN,
} MetricVerdict;

typedef enum MetricOperation {
        METRIC_OPERATION_REFRESH,
        METRIC_OPERATION_JOB,
        METRIC_OPERATION_FIND_JOBS,
        METRIC_OPERATION_LIST,
        METRIC_OPERATION_ONE,
        METRIC_OPERATION_EDGES,
} MetricOperation;

/* The value of `code` for a status of HTTP; 0: no answer came. */
unsigned metric_code(int status);

/* `label`: which value of its label, 0 where it has none. A gauge may be given less than 0. */
void metric_add(Metric m, unsigned label, double n);
void metric_set(Metric m, unsigned label, double value);
/* The time of this host, in seconds since 1970, so far ahead of now; which is the value. */
double metric_set_time(Metric m, double ahead_sec);
void metric_observe(Metric m, double seconds);

/* ---- for whoever renders -------------------------------------------------------------------- */

typedef struct MetricRow {
        const char *name, *help;
        MetricKind kind;
        const char *label; /* its name; NULL: none */
        unsigned n_values; /* of the label; 1 without */
} MetricRow;

MetricRow metric_row(Metric m);
const char *metric_label_value(Metric m, unsigned label); /* NULL: it has no such value */

/* Of a histogram: how many were in the bucket alone, and the sum of all. */
double metric_value(Metric m, unsigned label);
double metric_sum(Metric m);
