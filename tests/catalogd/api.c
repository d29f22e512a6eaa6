/*
 * api: sorting of requests, and the answers for refresh, job and one row. Lists are in list.c.
 *
 * The order is that of a real server: credentials, rate, then the script of faults, then the
 * parameters. Jobs are brought up to date before anything is read.
 */
#include "catalogd/api.h"

#include "base/clock.h"
#include "base/duration.h"
#include "catalogd/auth.h"
#include "catalogd/edge_api.h"
#include "catalogd/job_search.h"
#include "catalogd/list.h"
#include "catalogd/ops.h"
#include "catalogd/page.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API_PATH       "/rest/catalogDatabase/v1/"
#define LIST_PATH      API_PATH "databaseConnections"
#define REFRESH_PATH   LIST_PATH "/refresh"
#define ONE_PATH       LIST_PATH "/"
#define JOBS_V1_PATH   "/rest/jobs/v1/jobs/"
#define JOBS_2_0_PATH  "/rest/2.0/jobs/"
#define JOBS_OWN_PATH  API_PATH "jobs/"
#define JOBS_EDGE_PATH "/edge/api/rest/v2/jobs/"
#define TOKEN_PATH     "/rest/oauth/v2/token"
#define STATUS_LOG     "/statusLog"

static const struct {
        const char *path;
        bool exact;
        RequestKind kind;
} routes[] = {
        {LIST_PATH, true, KIND_LIST},
        {REFRESH_PATH, true, KIND_REFRESH},
        {ONE_PATH, false, KIND_ONE},
        {JOB_SEARCH_PATH, true, KIND_JOBS},
        {JOBS_V1_PATH, false, KIND_JOB},
        {JOBS_2_0_PATH, false, KIND_JOB},
        {JOBS_OWN_PATH, false, KIND_JOB},
        {JOBS_EDGE_PATH, false, KIND_JOB},
        {TOKEN_PATH, true, KIND_TOKEN},
        {EDGE_CONNECTIONS_PATH, true, KIND_CONNECTIONS},
        {EDGE_CONNECTIONS_PATH "/", false, KIND_CONNECTION},
        {EDGE_SITES_PATH, true, KIND_SITES},
};

/* Of the Edge job system's paths, what stands before the last segment. */
static bool parse_id(const char *text, Uuid *ret)
{
        size_t size = strlen(text), log = strlen(STATUS_LOG);

        if (size > log && text_equal(text + size - log, STATUS_LOG))
                size -= log;
        return uuid_parse_n(text, size, ret) == 0;
}

static void parse_path(ApiRequest *request)
{
        for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
                size_t size = strlen(routes[i].path);

                if (routes[i].exact ? strcmp(request->path, routes[i].path) != 0
                                    : strncmp(request->path, routes[i].path, size) != 0)
                        continue;
                request->kind = routes[i].kind;
                if (!routes[i].exact)
                        request->has_id = parse_id(request->path + size, &request->id);
                return;
        }
        request->kind = KIND_OTHER;
}

static void find_edge_by_id(const Site *site, ApiRequest *request)
{
        const Job *job =
                request->kind == KIND_JOB ? idmap_get(&site->jobs.by_id, &request->id) : NULL;
        const Row *row =
                request->kind == KIND_ONE ? idmap_get(&site->model.row_by_id, &request->id) : NULL;
        const Edge *edge = job   ? job->edge
                           : row ? row->edge
                           : request->kind == KIND_CONNECTION
                                   ? model_get_edge(&site->model, &request->id)
                                   : NULL;

        if (edge) {
                request->edge_id = edge->id;
                request->has_edge = true;
        }
}

void api_parse(const Site *site, struct MHD_Connection *connection, const char *method,
               const char *path, ApiRequest *ret)
{
        const char *offset =
                MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "offset");

        const char *prefix = site->settings.prefix ? site->settings.prefix : "";

        *ret = (ApiRequest){.connection = connection, .method = method, .path = path};
        ret->unrouted = !text_starts_with(path, prefix);
        if (!ret->unrouted)
                ret->path += strlen(prefix);
        parse_path(ret);
        ret->edge_text =
                MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "edgeConnectionId");
        if (ret->edge_text)
                ret->has_edge = uuid_parse(ret->edge_text, &ret->edge_id) == 0;
        if (ret->has_id)
                find_edge_by_id(site, ret);
        if (!offset || text_parse_int64(offset, 0, INT32_MAX, &ret->offset) < 0)
                ret->offset = 0;
}

static Edge *request_edge(const Site *site, const ApiRequest *request)
{
        return request->has_edge ? model_get_edge(&site->model, &request->edge_id) : NULL;
}

Rule *api_strike(Site *site, const ApiRequest *request)
{
        const Edge *edge = request_edge(site, request);

        return rules_strike(&site->rules,
                            &(RuleSubject){
                                    .kind = request->kind,
                                    .edge = request->has_edge ? &request->edge_id : NULL,
                                    .edge_name = edge ? edge->name : NULL,
                                    .id = request->has_id ? &request->id : NULL,
                                    .offset = request->offset,
                            });
}

static int format_location(const Site *site, const Job *job, const Effect *effect, char **ret)
{
        static const char *const paths[] = {[JOB_LOCATION_V1] = JOBS_V1_PATH,
                                            [JOB_LOCATION_2_0] = JOBS_2_0_PATH,
                                            [JOB_LOCATION_OWN] = JOBS_OWN_PATH,
                                            [JOB_LOCATION_EDGE] = JOBS_EDGE_PATH};
        char id[UUID_STRING_SIZE];
        int n;

        if (effect->no_location ||
            (!effect->location && site->settings.job_location == JOB_LOCATION_NONE))
                return 0;
        if (effect->location) {
                *ret = strdup(effect->location);
                return *ret ? 0 : -ENOMEM;
        }
        n = asprintf(ret, "%s%s%s%s", site->settings.location_absolute ? site->url : "",
                     paths[site->settings.job_location], uuid_format(&job->id, id),
                     site->settings.job_location == JOB_LOCATION_EDGE ? STATUS_LOG : "");
        if (n >= 0)
                return 0;
        *ret = NULL;
        return -ENOMEM;
}

/* In the job API's shape when the settings say at least `job_api`: a mixed server answers jobs in
 * it, and the refresh not. */
static cJSON *describe(const Settings *settings, const Job *job, JobShape job_api)
{
        JobShape shape = (JobShape)settings->job_shape;

        if (shape == JOB_SHAPE_EDGE || shape == JOB_SHAPE_EDGE_LOG)
                return job_describe_edge(job, shape == JOB_SHAPE_EDGE_LOG);
        return job_describe(job, shape == JOB_SHAPE_JOB_API || shape == job_api,
                            settings->jobs_named);
}

static int answer_refresh(Site *site, const ApiRequest *request, const Effect *effect, Answer *ret)
{
        Edge *edge = request_edge(site, request);
        Job *job = NULL;
        int r;

        if (!request->edge_text)
                return answer_set_problem(ret, MHD_HTTP_BAD_REQUEST, NULL,
                                          "edgeConnectionId is required.");
        if (!request->has_edge)
                return answer_set_problem(ret, MHD_HTTP_BAD_REQUEST, NULL,
                                          "edgeConnectionId is not a UUID.");
        if (!edge)
                return list_answer_unknown_edge(site, request->edge_text, ret);
        if (site->settings.busy_conflict && jobs_busy(&site->jobs, edge))
                return answer_set_problem(ret, MHD_HTTP_CONFLICT, NULL,
                                          "A refresh of this Edge connection is running.");
        ret->status = MHD_HTTP_ACCEPTED;
        if (effect->no_job)
                return 0;
        r = jobs_start(&site->jobs, &site->model, edge, &site->settings, effect, &job);
        if (r < 0)
                return r;
        r = format_location(site, job, effect, &ret->location);
        if (r < 0)
                return r;
        return answer_set_json(ret, MHD_HTTP_ACCEPTED,
                               describe(&site->settings, job, JOB_SHAPE_JOB_API));
}

static bool job_path_served(const Settings *settings, const char *path)
{
        if (text_starts_with(path, JOBS_V1_PATH))
                return settings->jobs_v1;
        if (text_starts_with(path, JOBS_2_0_PATH))
                return settings->jobs_2_0;
        if (text_starts_with(path, JOBS_EDGE_PATH))
                return settings->jobs_edge;
        return settings->jobs_own;
}

static int answer_job(Site *site, const ApiRequest *request, Answer *ret)
{
        const Job *job;

        if (!job_path_served(&site->settings, request->path))
                return answer_set_problem(ret, MHD_HTTP_NOT_FOUND, NULL, "There is nothing at %s.",
                                          request->path);
        if (!request->has_id)
                return answer_set_problem(ret, MHD_HTTP_BAD_REQUEST, NULL,
                                          "The identifier is not a UUID.");
        job = jobs_poll(&site->jobs, &request->id);
        if (!job)
                return answer_set_problem(ret, MHD_HTTP_NOT_FOUND, "jobNotFound",
                                          "There is no such job.");
        return answer_set_json(ret, MHD_HTTP_OK, describe(&site->settings, job, JOB_SHAPE_MIXED));
}

static int answer_one(const Site *site, const ApiRequest *request, const Effect *effect,
                      Answer *ret)
{
        const Row *row = request->has_id ? idmap_get(&site->model.row_by_id, &request->id) : NULL;

        if (!request->has_id)
                return answer_set_problem(ret, MHD_HTTP_BAD_REQUEST, NULL,
                                          "databaseConnectionId is not a UUID.");
        if (!row || row->edge->gone)
                return answer_set_problem(ret, MHD_HTTP_NOT_FOUND, "databaseConnectionNotFound",
                                          "There is no such database connection.");
        ret->status = MHD_HTTP_OK;
        ret->content_type = "application/json";
        return page_render_one(row, (BadRow)effect->bad_row, effect->raw_row, &ret->body);
}

static int answer_normally(Site *site, const ApiRequest *request, const Effect *effect, Answer *ret)
{
        const char *wanted = request->kind == KIND_REFRESH || request->kind == KIND_TOKEN
                                     ? MHD_HTTP_METHOD_POST
                                     : MHD_HTTP_METHOD_GET;

        if (request->kind == KIND_OTHER)
                return answer_set_problem(ret, MHD_HTTP_NOT_FOUND, NULL, "There is nothing at %s.",
                                          request->path);
        if (strcmp(request->method, wanted) != 0) {
                ret->allow = wanted;
                return answer_set_problem(ret, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "Use %s.",
                                          wanted);
        }
        switch (request->kind) {
        case KIND_LIST:
                return list_answer(site, request, effect, ret);
        case KIND_REFRESH:
                return answer_refresh(site, request, effect, ret);
        case KIND_JOB:
                return answer_job(site, request, ret);
        case KIND_JOBS:
                return job_search_answer(site, request, ret);
        case KIND_CONNECTIONS:
        case KIND_CONNECTION:
        case KIND_SITES:
                return edge_api_answer(site, request, ret);
        case KIND_TOKEN:
                return auth_answer_token(site, request->connection, request->body, ret);
        default:
                return answer_one(site, request, effect, ret);
        }
}

/* A bucket that holds one second's worth of requests. */
static bool rate_exceeded(Site *site)
{
        uint64_t now = clock_monotonic_usec();
        double rate = (double)site->settings.rate_per_s;

        if (site->settings.rate_per_s == 0)
                return false;
        site->rate_tokens += rate * (double)(now - site->rate_usec) / (double)USEC_PER_SEC;
        site->rate_usec = now;
        if (site->rate_tokens > rate)
                site->rate_tokens = rate;
        if (site->rate_tokens < 1)
                return true;
        site->rate_tokens -= 1;
        return false;
}

static void change_rows(Site *site, const ApiRequest *request, const cJSON *ops)
{
        Edge *edge = request_edge(site, request);

        /* what became impossible (a row that is gone) does not stop the rest of the script */
        if (ops && edge)
                (void)ops_apply(&site->model, edge, ops, NULL, NULL);
}

int api_answer(Site *site, const ApiRequest *request, const Effect *effect, Answer *ret)
{
        int r;

        jobs_advance(&site->jobs, &site->model);
        if (request->unrouted) { /* by somebody who knows no catalog */
                cJSON *words = cJSON_CreateObject();
                cJSON_AddStringToObject(words, "message", "no Route matched with those values");
                return answer_set_json(ret, (unsigned)site->settings.gateway_status, words);
        }
        if (request->kind != KIND_TOKEN && !auth_check(site, request->connection, ret))
                return ret->body.data ? 0 : -ENOMEM;
        if (rate_exceeded(site)) {
                strcpy(ret->retry_after, "1");
                return answer_set_problem(ret, MHD_HTTP_TOO_MANY_REQUESTS, NULL,
                                          "More than %lld requests a second.",
                                          (long long)site->settings.rate_per_s);
        }
        change_rows(site, request, effect->before);
        if (effect->status > 0 || effect->redirect)
                r = answer_set_status(ret, effect);
        else
                r = answer_normally(site, request, effect, ret);
        change_rows(site, request, effect->after);
        if (r >= 0)
                r = answer_spoil(ret, effect);
        return r >= 0 && site->settings.gzip ? answer_compress(ret) : r;
}
