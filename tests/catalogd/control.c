/*
 * control: a table of method and path, and one small function for each.
 *
 * A path may hold one variable segment ("*"), the identifier or name of an edge.
 */
#include "catalogd/control.h"

#include "base/clock.h"
#include "base/duration.h"
#include "catalogd/auth.h"
#include "catalogd/dump.h"
#include "catalogd/ops.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Control {
        Site *site;
        struct MHD_Connection *connection;
        const char *segment; /* what "*" stands for, up to the next slash or the end */
        size_t segment_size;
        const cJSON *body; /* NULL: none */
        Answer *answer;
} Control;

typedef int (*ControlFunction)(const Control *c);

static const char *argument(const Control *c, const char *name)
{
        return MHD_lookup_connection_value(c->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* NULL: `answer` says that there is none. */
static Edge *named_edge(const Control *c)
{
        _cleanup_(cleanup_free) char *name = strndup(c->segment, c->segment_size);
        Edge *edge = name ? model_find_edge(&c->site->model, name) : NULL;

        if (!edge)
                (void)answer_set_problem(c->answer, MHD_HTTP_NOT_FOUND, NULL,
                                         "There is no such edge.");
        return edge;
}

/* The answer to a change: what the Fault says, with `word` as its code, or `done` (taken). */
static int answer_change(const Control *c, int r, const char *word, const Fault *fault, cJSON *done)
{
        if (r == 0)
                return answer_set_json(c->answer, MHD_HTTP_OK, done ? done : cJSON_CreateObject());
        cJSON_Delete(done);
        if (r == -ENOMEM)
                return r;
        return answer_set_problem(c->answer, MHD_HTTP_BAD_REQUEST, word, "%s", fault->message);
}

static cJSON *describe_edge(const Edge *edge)
{
        cJSON *object = cJSON_CreateObject(), *schemas;
        char id[UUID_STRING_SIZE];

        cJSON_AddStringToObject(object, "id", uuid_format(&edge->id, id));
        cJSON_AddStringToObject(object, "name", edge->name);
        cJSON_AddNumberToObject(object, "rows", (double)edge->n_rows);
        cJSON_AddNumberToObject(object, "pending", cJSON_GetArraySize(edge->pending));
        schemas = cJSON_AddArrayToObject(object, "schemaConnections");
        for (size_t i = 0; i < MODEL_SCHEMA_CONNECTIONS; i++)
                cJSON_AddItemToArray(schemas,
                                     cJSON_CreateString(uuid_format(&edge->schemas[i], id)));
        return object;
}

static int get_edges(const Control *c)
{
        cJSON *list = cJSON_CreateArray();

        for (size_t i = 0; i < c->site->model.n_edges; i++)
                cJSON_AddItemToArray(list, describe_edge(c->site->model.edges[i]));
        return answer_set_json(c->answer, MHD_HTTP_OK, list);
}

static int post_edges(const Control *c)
{
        const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c->body, "id"));
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c->body, "name"));
        const cJSON *rows = cJSON_GetObjectItemCaseSensitive(c->body, "rows");
        Edge *edge = NULL;
        Uuid uuid;
        int r;

        if (id && uuid_parse(id, &uuid) < 0)
                return answer_set_problem(c->answer, MHD_HTTP_BAD_REQUEST, NULL,
                                          "id is not a UUID");
        if (rows && (!cJSON_IsNumber(rows) || rows->valuedouble < 0 || rows->valuedouble > 1e8))
                return answer_set_problem(c->answer, MHD_HTTP_BAD_REQUEST, NULL,
                                          "rows is a number from 0");
        r = model_add_edge(&c->site->model, id ? &uuid : NULL, name, &edge);
        if (r == -EEXIST)
                return answer_set_problem(c->answer, MHD_HTTP_CONFLICT, NULL, "that id is taken");
        if (r == 0 && rows)
                r = model_generate_rows(&c->site->model, edge, (uint64_t)rows->valuedouble);
        return r < 0 ? r : answer_set_json(c->answer, MHD_HTTP_OK, describe_edge(edge));
}

static int patch_edge(const Control *c)
{
        Edge *edge = named_edge(c);
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c->body, "name"));
        const cJSON *gone = cJSON_GetObjectItemCaseSensitive(c->body, "gone");
        const cJSON *unlisted = cJSON_GetObjectItemCaseSensitive(c->body, "unlisted");

        if (!edge)
                return c->answer->body.data ? 0 : -ENOMEM;
        if (name && model_rename_edge(edge, name) < 0)
                return -ENOMEM;
        if (gone)
                edge->gone = cJSON_IsTrue(gone);
        if (unlisted)
                edge->unlisted = cJSON_IsTrue(unlisted);
        return answer_set_json(c->answer, MHD_HTTP_OK, describe_edge(edge));
}

static int post_rows(const Control *c)
{
        Edge *edge = named_edge(c);
        Fault fault = {0};
        cJSON *done, *ids;
        int r;

        if (!edge)
                return c->answer->body.data ? 0 : -ENOMEM;
        jobs_advance(&c->site->jobs, &c->site->model);
        done = cJSON_CreateObject();
        ids = cJSON_AddArrayToObject(done, "ids");
        r = ops_apply(&c->site->model, edge, c->body, ids, &fault);
        return answer_change(c, r, "operation", &fault, done);
}

static int get_rows(const Control *c)
{
        const char *name = argument(c, "edge"), *format = argument(c, "format");
        const Edge *edge = name ? model_find_edge(&c->site->model, name) : NULL;
        bool copy = text_equal(format, "copy");

        if (name && !edge)
                return answer_set_problem(c->answer, MHD_HTTP_NOT_FOUND, NULL,
                                          "There is no such edge.");
        jobs_advance(&c->site->jobs, &c->site->model);
        c->answer->status = MHD_HTTP_OK;
        c->answer->content_type = copy ? "text/plain; charset=utf-8" : "application/x-ndjson";
        return copy ? dump_copy(&c->site->model, edge, &c->answer->body)
                    : dump_json(&c->site->model, edge, &c->answer->body);
}

static int get_rules(const Control *c)
{
        return answer_set_json(c->answer, MHD_HTTP_OK, rules_describe(&c->site->rules));
}

static int post_rules(const Control *c)
{
        Fault fault = {0};

        return answer_change(c, rules_append(&c->site->rules, c->body, &fault), "field", &fault,
                             NULL);
}

static int delete_rules(const Control *c)
{
        rules_done(&c->site->rules);
        return answer_change(c, 0, NULL, NULL, NULL);
}

static int post_release(const Control *c)
{
        pauses_release(&c->site->pauses);
        return answer_change(c, 0, NULL, NULL, NULL);
}

static int post_settings(const Control *c)
{
        Settings *settings = &c->site->settings;
        const char *auth = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c->body, "auth"));
        char *previous = settings->auth && auth ? strdup(settings->auth) : NULL;
        Fault fault = {0};
        int r;

        if (auth && !auth_valid(auth)) {
                free(previous);
                return answer_set_problem(
                        c->answer, MHD_HTTP_BAD_REQUEST, NULL,
                        "auth is none, basic:USER:PASSWORD, bearer:TOKEN or oauth2:ID:SECRET");
        }
        r = fields_set_json(settings_fields, settings_n_fields, settings, c->body, &fault);
        if (previous) {
                free(c->site->previous_auth);
                c->site->previous_auth = previous;
        }
        return answer_change(c, r, "field", &fault, NULL);
}

static int get_log(const Control *c)
{
        const char *since_text = argument(c, "since"), *kind_name = argument(c, "kind");
        int64_t since = 0;
        int kind = 0;

        if (since_text && text_parse_int64(since_text, 0, INT64_MAX, &since) < 0)
                return answer_set_problem(c->answer, MHD_HTTP_BAD_REQUEST, NULL,
                                          "since is a number");
        while (kind_name && request_kind_names[kind] &&
               strcmp(request_kind_names[kind], kind_name) != 0)
                kind++;
        if (!request_kind_names[kind])
                return answer_set_problem(c->answer, MHD_HTTP_BAD_REQUEST, NULL,
                                          "there is no such kind");
        c->answer->status = MHD_HTTP_OK;
        c->answer->content_type = "application/x-ndjson";
        return reqlog_print(&c->site->log, (uint64_t)since, (RequestKind)kind, &c->answer->body);
}

static int delete_log(const Control *c)
{
        reqlog_clear(&c->site->log);
        return answer_change(c, 0, NULL, NULL, NULL);
}

static int get_state(const Control *c)
{
        const Site *site = c->site;
        cJSON *object = cJSON_CreateObject(),
              *requests = cJSON_AddObjectToObject(object, "requests");

        for (int kind = KIND_REFRESH; kind <= KIND_OTHER; kind++)
                cJSON_AddNumberToObject(requests, request_kind_names[kind],
                                        (double)site->log.n_by_kind[kind]);
        cJSON_AddNumberToObject(object, "inFlight", site->log.in_flight);
        cJSON_AddNumberToObject(object, "inFlightMax", site->log.in_flight_max);
        cJSON_AddNumberToObject(object, "edges", (double)site->model.n_edges);
        cJSON_AddNumberToObject(object, "rows", (double)site->model.row_by_id.n_used);
        cJSON_AddNumberToObject(object, "jobs", (double)site->jobs.n_jobs);
        cJSON_AddNumberToObject(object, "churnDone", (double)site->churn.n_done);
        cJSON_AddBoolToObject(object, "churning", site->churn.rate_per_s > 0);
        cJSON_AddNumberToObject(
                object, "upMs",
                (double)((clock_monotonic_usec() - site->started_usec) / USEC_PER_MSEC));
        return answer_set_json(c->answer, MHD_HTTP_OK, object);
}

static int get_jobs(const Control *c)
{
        cJSON *list = cJSON_CreateArray();

        jobs_advance(&c->site->jobs, &c->site->model);
        for (size_t i = 0; i < c->site->jobs.n_jobs; i++) {
                const Job *job = c->site->jobs.jobs[i];
                cJSON *object = job_describe(job, true, true);
                char edge[UUID_STRING_SIZE];

                cJSON_AddStringToObject(object, "edgeConnectionId",
                                        uuid_format(&job->edge->id, edge));
                cJSON_AddNumberToObject(object, "polls", (double)job->n_polls);
                cJSON_AddNumberToObject(object, "createdMs", (double)job->created_ms);
                cJSON_AddNumberToObject(object, "endedMs", (double)job->ended_ms);
                cJSON_AddItemToArray(list, object);
        }
        return answer_set_json(c->answer, MHD_HTTP_OK, list);
}

static int post_churn(const Control *c)
{
        Fault fault = {0};
        int r = churn_start(&c->site->churn, c->body, &c->site->model, &fault);

        return answer_change(c, r, r == -ENOENT ? "edge" : "field", &fault, NULL);
}

static int delete_churn(const Control *c)
{
        churn_stop(&c->site->churn);
        return answer_change(c, 0, NULL, NULL, NULL);
}

static const struct {
        const char *method, *path;
        ControlFunction function;
        bool takes_body;
} routes[] = {
        {"GET", "/control/edges", get_edges, false},
        {"POST", "/control/edges", post_edges, true},
        {"POST", "/control/edges/*", patch_edge, true},
        {"POST", "/control/edges/*/rows", post_rows, true},
        {"GET", "/control/rows", get_rows, false},
        {"GET", "/control/faults", get_rules, false},
        {"POST", "/control/faults", post_rules, true},
        {"DELETE", "/control/faults", delete_rules, false},
        {"POST", "/control/release", post_release, true},
        {"POST", "/control/settings", post_settings, true},
        {"GET", "/control/log", get_log, false},
        {"DELETE", "/control/log", delete_log, false},
        {"GET", "/control/state", get_state, false},
        {"GET", "/control/jobs", get_jobs, false},
        {"POST", "/control/churn", post_churn, true},
        {"DELETE", "/control/churn", delete_churn, false},
};

static bool path_matches(const char *pattern, const char *path, Control *c)
{
        size_t before = strcspn(pattern, "*");

        if (!pattern[before])
                return strcmp(pattern, path) == 0;
        if (strncmp(pattern, path, before) != 0)
                return false;
        c->segment = path + before;
        c->segment_size = strcspn(c->segment, "/");
        return strcmp(c->segment + c->segment_size, pattern + before + 1) == 0;
}

static void cleanup_json(cJSON **json)
{
        cJSON_Delete(*json);
}

int control_answer(Site *site, struct MHD_Connection *connection, const char *method,
                   const char *path, const Text *body, Answer *ret)
{
        _cleanup_(cleanup_json) cJSON *json = NULL;
        Control c = {.site = site, .connection = connection, .answer = ret};
        size_t i = 0;

        while (i < ARRAY_SIZE(routes) &&
               (strcmp(routes[i].method, method) != 0 || !path_matches(routes[i].path, path, &c)))
                i++;
        if (i == ARRAY_SIZE(routes))
                return answer_set_problem(ret, MHD_HTTP_NOT_FOUND, NULL, "There is no %s %s.",
                                          method, path);
        if (routes[i].takes_body) {
                json = cJSON_ParseWithLengthOpts(body->data ? body->data : "", body->size + 1, NULL,
                                                 true);
                if (!json)
                        return answer_set_problem(ret, MHD_HTTP_BAD_REQUEST, NULL,
                                                  "The body is not JSON.");
        }
        c.body = json;
        return routes[i].function(&c);
}
