/*
 * settings: the table.
 */
#include "catalogd/settings.h"

#include "base/cleanup.h"

const char *const order_names[] = {"insertion", "reverse", "shuffle", "tie", NULL};
static const char *const shape_names[] = {"reference", "job-api",  "mixed",
                                          "edge",      "edge-log", NULL};
static const char *const client_names[] = {"any", "basic", "body", NULL};
static const char *const location_names[] = {"v1", "2.0", "own", "edge", "none", NULL};

const Field settings_fields[] = {
        FIELD_TEXT(Settings, auth, "none, basic:USER:PASSWORD, bearer:TOKEN or oauth2:ID:SECRET"),
        FIELD_NUMBER(Settings, token_lifetime_s, 0, 1000000000, 3600,
                     "expires_in of tokens; 0: not told"),
        FIELD_TIME(Settings, token_real_ms, 0, "how long tokens are accepted; 0: as told"),
        FIELD_NUMBER(Settings, token_series, 0, 1000000000, 0,
                     "another number: tokens that were given until then are revoked"),
        FIELD_TEXT(Settings, token_type, "of tokens; Bearer unless told"),
        FIELD_ONE_OF(Settings, token_client, client_names,
                     "how a client is to be sent: any, basic or body"),
        FIELD_NUMBER(Settings, page_cap, 0, 500, 500,
                     "rows of a page at most, whatever the limit; 0: none"),
        FIELD_NUMBER(Settings, default_limit, 1, 500, 100,
                     "rows of a page when limit is 0 or absent"),
        FIELD_ONE_OF(Settings, order, order_names,
                     "of the rows: insertion, reverse, shuffle (anew for each request), tie (the "
                     "last two change places)"),
        FIELD_TEXT(Settings, page_caps,
                   "numbers, separated by commas: each page has one of them as its cap"),
        FIELD_NUMBER(Settings, doubles, 0, 1000000, 0,
                     "so many rows at the end of a list stand twice"),
        FIELD_NUMBER(Settings, endless_bytes, 0, 200000, 0,
                     "every list is endless, with names of so many bytes; 0: none is"),
        FIELD_TIME(Settings, latency_ms, 0, "delay of every answer"),
        FIELD_NUMBER(Settings, rate_per_s, 0, 1000000, 0,
                     "requests a second before 429; 0: no limit"),
        FIELD_NUMBER(Settings, unknown_edge_status, 400, 404, 400,
                     "status for an unknown edge: 400 or 404"),
        FIELD_BOOLEAN(Settings, busy_conflict, 0,
                      "answer 409 to a refresh while one runs for that edge"),
        FIELD_TIME(Settings, job_wait_ms, 200, "time that a job stays in WAITING"),
        FIELD_TIME(Settings, job_run_ms, 800, "time that a job stays in RUNNING"),
        FIELD_ONE_OF(
                Settings, job_shape, shape_names,
                "reference, job-api, mixed (refresh reference, job job-api), edge or edge-log"),
        FIELD_ONE_OF(Settings, job_location, location_names,
                     "where Location points: v1, 2.0, own, edge or none"),
        FIELD_BOOLEAN(Settings, location_absolute, 0, "Location with scheme and host"),
        FIELD_BOOLEAN(Settings, jobs_v1, 1, "serve /rest/jobs/v1/jobs/{id}"),
        FIELD_BOOLEAN(Settings, jobs_2_0, 1, "serve /rest/2.0/jobs/{id}"),
        FIELD_BOOLEAN(Settings, jobs_own, 1, "serve /rest/catalogDatabase/v1/jobs/{id}"),
        FIELD_BOOLEAN(Settings, jobs_edge, 0, "serve /edge/api/rest/v2/jobs/{id}/statusLog"),
        FIELD_NUMBER(Settings, job_search_status, 0, 599, 0,
                     "of the list of jobs at /rest/jobs/v1/jobs instead of it; 0: served"),
        FIELD_BOOLEAN(Settings, jobs_named, 1, "the name of a job holds the id of its edge"),
        FIELD_BOOLEAN(Settings, foreign_jobs, 0,
                      "list beside each job one of another type, of another edge and of another "
                      "user"),
        FIELD_NUMBER(Settings, connections_status, 0, 599, 0,
                     "of the Edge connections instead of the answer; 0: served"),
        FIELD_NUMBER(Settings, sites_status, 0, 599, 0,
                     "of the Edge sites instead of the answer; 0: served"),
        FIELD_TEXT(Settings, prefix, "of all paths, as behind a gateway; Location lacks it"),
        FIELD_NUMBER(Settings, gateway_status, 400, 599, 403,
                     "of the gateway's own answer to paths without the prefix"),
        FIELD_BOOLEAN(Settings, gzip, 0, "compress every answer, asked for or not"),
        FIELD_NUMBER(Settings, idle_close_s, 0, 3600, 0,
                     "close a connection that was idle for so many seconds; 0: never"),
};
const size_t settings_n_fields = ARRAY_SIZE(settings_fields);
