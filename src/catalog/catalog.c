/*
 * catalog: the questions, and what the answers hold. call.c sends them.
 */
#include "catalog/catalog.h"
#include "base/text.h"
#include "catalog/answer.h"
#include "catalog/call.h"
#include "catalog/edge_items.h"
#include "catalog/job.h"
#include "catalog/job_list.h"
#include "catalog/json.h"
#include "catalog/page.h"
#include "catalog/url.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define API      "/rest/catalogDatabase/v1/databaseConnections"
#define EDGE_API "/edge/api/rest/v2"
#define JOB_API  "/rest/jobs/v1/jobs"

/* Its first row, for a call whose own 401 may be about that alone (call.h). `edge` NULL: of all.
 * -ENOMEM. */
static int call_set_list_url(CatalogCall *call, const Uuid *edge)
{
        char id[UUID_STRING_SIZE] = "";
        call->list_url = text_format("%s" API "?%s%s%soffset=0&limit=1", call->catalog->base_url,
                                     edge ? "edgeConnectionId=" : "",
                                     edge ? uuid_format(edge, id) : "", edge ? "&" : "");
        return call->list_url ? 0 : -ENOMEM;
}

/* ---- refresh -------------------------------------------------------------------------------- */

/* Addresses of the job, as far as the Location leads to our own origin. */
typedef struct Locations {
        char *exact, *bare;
} Locations;

static void locations_done(Locations *l)
{
        free(l->exact);
        free(l->bare);
}

static void refresh_read_location(CatalogCall *call, const HttpResponse *response, Locations *l,
                                  CatalogRefreshAnswer *answer)
{
        Catalog *c = call->catalog;
        _cleanup_(cleanup_free) char *below = NULL;
        if (response->location[0] == '\0')
                return;
        int r = url_resolve(call->url, response->location, &l->exact);
        answer->location_foreign = r == -EXDEV && !c->foreign_reported;
        c->foreign_reported = c->foreign_reported || r == -EXDEV;
        if (r < 0)
                return;
        answer->location_has_below = url_below(c->base_url, l->exact, &below) == 0;
        l->bare = strdup(l->exact);
        redact_url(auth_redact(c->auth), l->bare);
        answer->location = l->exact;
        answer->location_bare = l->bare;
}

static void refresh_complete(CatalogCall *call, const HttpResponse *response,
                             const CatalogAnswer *general)
{
        _cleanup_(job_document_done) JobDocument job = {0};
        _cleanup_(locations_done) Locations locations = {0};
        CatalogRefreshAnswer answer = {.answer = *general};
        if (answer.answer.fault.scope == FAULT_NONE) {
                refresh_read_location(call, response, &locations, &answer);
                answer.has_job = answer_type_is_json(response->content_type) &&
                                 job_parse(response->body, response->body_size, NULL,
                                           auth_redact(call->catalog->auth), &job) == 0;
                if (!answer.has_job)
                        job.job = (CatalogJob){.status.progress = -1, .message = ""};
                if (!answer.has_job && url_last_uuid(response->location, &job.job.status.id))
                        answer.has_job = true;
                answer.job = job.job;
        }
        call->callback.refresh(&answer, call->userdata);
}

int catalog_refresh(Catalog *c, const Uuid *edge, CatalogMaySend may_send,
                    CatalogRefreshCallback callback, void *userdata, CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        char id[UUID_STRING_SIZE];
        int r = call_new(c, METRIC_OPERATION_REFRESH, refresh_complete, userdata, &call);
        if (r < 0)
                return r;
        call->method = HTTP_POST;
        call->id = *edge;
        call->of_edge = true;
        call->callback.refresh = callback;
        call->may_send = may_send;
        call->url = text_format("%s" API "/refresh?edgeConnectionId=%s", c->base_url,
                                uuid_format(edge, id));
        r = call_set_list_url(call, edge);
        return r < 0 ? r : call_begin(&call, ret);
}

/* ---- job ------------------------------------------------------------------------------------ */

/* Only the job that was asked for may say how it is. A body that was cut, or another's, may be
 * right the next time. */
static int job_read(const HttpResponse *response, const Uuid *asked, const Redact *redact,
                    JobDocument *ret, Fault *ret_fault)
{
        int r = job_parse(response->body, response->body_size, asked, redact, ret);
        if (r < 0) {
                fault_set(ret_fault, FAULT_REQUEST, -r, CODE_JOB_BAD_DOCUMENT,
                          "the catalog's answer is not a job: %s",
                          r == -EINVAL   ? "no JSON, or nested too deeply, or without a valid id"
                          : r == -EPROTO ? "its state or result is no text, or is there twice"
                                         : json_error_text(r));
        } else if (!uuid_equal(&ret->job.status.id, asked)) {
                char ours[UUID_STRING_SIZE], other[UUID_STRING_SIZE];
                r = fault_set(ret_fault, FAULT_REQUEST, EBADMSG, CODE_JOB_FOREIGN,
                              "the catalog was asked about job %s and answered about %s",
                              uuid_format(asked, ours), uuid_format(&ret->job.status.id, other));
        }
        ret_fault->retryable = r < 0;
        return r;
}

static void job_complete(CatalogCall *call, const HttpResponse *response,
                         const CatalogAnswer *general)
{
        _cleanup_(job_document_done) JobDocument job = {0};
        const Redact *redact = auth_redact(call->catalog->auth);
        CatalogJobAnswer answer = {.answer = *general};
        if (answer.answer.fault.scope == FAULT_NONE &&
            job_read(response, &call->id, redact, &job, &answer.answer.fault) == 0)
                answer.job = job.job;
        redact_text(redact, answer.answer.fault.message);
        call->callback.job(&answer, call->userdata);
}

/* -ENOENT: there is none that may be used. */
static int job_location(const Catalog *c, JobAddress address, const char *location, char **ret)
{
        _cleanup_(cleanup_free) char *exact = NULL;
        char *url = NULL;
        if (!location || address > JOB_ADDRESS_LOCATION_BELOW)
                return -ENOENT;
        int r = url_resolve(c->base_url, location, &exact);
        if (r == 0 && address == JOB_ADDRESS_LOCATION_BELOW)
                r = url_below(c->base_url, exact, &url);
        else if (r == 0)
                url = TAKE(exact);
        if (r == 0 && strlen(url) <= LIMIT_URL_MAX_BYTES) {
                *ret = url;
                return 0;
        }
        free(url);
        return r == -ENOMEM ? r : -ENOENT;
}

static int job_url(const Catalog *c, const Uuid *job, JobAddress address, const char *location,
                   char **ret)
{
        static const struct {
                const char *before, *after; /* the id */
        } paths[] = {
                [JOB_ADDRESS_V1] = {JOB_API "/", ""},
                [JOB_ADDRESS_2_0] = {"/rest/2.0/jobs/", ""},
                [JOB_ADDRESS_EDGE] = {EDGE_API "/jobs/", "/statusLog"},
        };
        char id[UUID_STRING_SIZE];
        int r = job_location(c, address, location, ret);
        if (r != -ENOENT)
                return r;
        if (address < JOB_ADDRESS_V1)
                address = JOB_ADDRESS_V1;
        *ret = text_format("%s%s%s%s", c->base_url, paths[address].before, uuid_format(job, id),
                           paths[address].after);
        return *ret ? 0 : -ENOMEM;
}

int catalog_get_job(Catalog *c, const Uuid *job, JobAddress address, const char *location,
                    CatalogJobCallback callback, void *userdata, CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        int r = call_new(c, METRIC_OPERATION_JOB, job_complete, userdata, &call);
        if (r < 0)
                return r;
        call->id = *job;
        call->url_is_guess = true;
        call->callback.job = callback;
        r = call_set_list_url(call, NULL);
        if (r >= 0)
                r = job_url(c, job, address, location, &call->url);
        return r < 0 ? r : call_begin(&call, ret);
}

static void jobs_complete(CatalogCall *call, const HttpResponse *response,
                          const CatalogAnswer *general)
{
        _cleanup_(job_list_done) JobList list = {0};
        const Redact *redact = auth_redact(call->catalog->auth);
        CatalogJobsAnswer answer = {
                .answer = *general,
                .now_msec = ((int64_t)time(NULL) - general->clock_ahead_sec) * 1000,
        };
        if (answer.answer.fault.scope == FAULT_NONE)
                (void)job_list_parse(response->body, response->body_size, &call->id, redact, &list,
                                     &answer.answer.fault);
        answer.jobs = list.jobs;
        answer.n_jobs = list.n_jobs;
        answer.next = list.next;
        redact_text(redact, answer.answer.fault.message);
        call->callback.jobs(&answer, call->userdata);
}

int catalog_find_jobs(Catalog *c, const Uuid *edge, const char *type, const char *cursor,
                      CatalogJobsCallback callback, void *userdata, CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        _cleanup_(text_done) Text escaped_type = {0}, escaped_cursor = {0};
        int r = call_new(c, METRIC_OPERATION_FIND_JOBS, jobs_complete, userdata, &call);
        if (r >= 0)
                r = text_append_url(&escaped_type, type);
        if (r >= 0)
                r = text_append_string(&escaped_cursor, cursor ? "&cursor=" : "");
        if (r >= 0)
                r = text_append_url(&escaped_cursor, cursor ? cursor : "");
        if (r < 0)
                return r;
        call->id = *edge;
        call->url_is_guess = true;
        call->callback.jobs = callback;
        call->url = text_format("%s" JOB_API "?type=%s&pageSize=%u%s", c->base_url,
                                escaped_type.data, LIMIT_JOB_SEARCH_PAGE, escaped_cursor.data);
        r = call_set_list_url(call, edge);
        return r < 0 ? r : call_begin(&call, ret);
}

/* ---- Edge connections and sites -------------------------------------------------------------- */

static void edges_complete(CatalogCall *call, const HttpResponse *response,
                           const CatalogAnswer *general)
{
        _cleanup_(edge_items_done) EdgeItems items = {0};
        const Redact *redact = auth_redact(call->catalog->auth);
        CatalogEdgesAnswer answer = {.answer = *general};

        if (answer.answer.fault.scope == FAULT_NONE)
                (void)edge_items_parse(response->body, response->body_size, redact, &items,
                                       &answer.answer.fault);
        answer.items = items.items;
        answer.n_items = items.n_items;
        answer.n_unreadable = items.n_unreadable;
        redact_text(redact, answer.answer.fault.message);
        call->callback.edges(&answer, call->userdata);
}

static int edges_begin(Catalog *c, CallComplete complete, CatalogEdgesCallback callback,
                       void *userdata, const char *path, const char *id, CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        int r = call_new(c, METRIC_OPERATION_EDGES, complete, userdata, &call);
        if (r < 0)
                return r;
        call->url_is_guess = true; /* a gateway may not know the Edge API */
        call->callback.edges = callback;
        call->url = text_format("%s" EDGE_API "/%s%s", c->base_url, path, id);
        r = call_set_list_url(call, NULL);
        return r < 0 ? r : call_begin(&call, ret);
}

int catalog_list_edges(Catalog *c, EdgeList list, CatalogEdgesCallback callback, void *userdata,
                       CatalogCall **ret)
{
        return edges_begin(c, edges_complete, callback, userdata,
                           list == EDGE_LIST_CONNECTIONS ? "connections" : "sites", "", ret);
}

static void edge_complete(CatalogCall *call, const HttpResponse *response,
                          const CatalogAnswer *general)
{
        const CatalogEdgesAnswer answer = {.answer = *general,
                                           .absent = answer_is_absence(response)};
        call->callback.edges(&answer, call->userdata);
}

int catalog_get_edge(Catalog *c, const Uuid *edge, CatalogEdgesCallback callback, void *userdata,
                     CatalogCall **ret)
{
        char id[UUID_STRING_SIZE];
        return edges_begin(c, edge_complete, callback, userdata, "connections/",
                           uuid_format(edge, id), ret);
}

/* ---- list and one --------------------------------------------------------------------------- */

static void page_complete(CatalogCall *call, const HttpResponse *response,
                          const CatalogAnswer *general)
{
        _cleanup_(page_done) Page page = {0};
        const Redact *redact = auth_redact(call->catalog->auth);
        CatalogPageAnswer answer = {.answer = *general, .offset = call->offset};
        if (answer.answer.fault.code == CODE_HTTP_TOO_LARGE)
                fault_prefix(
                        &answer.answer.fault,
                        "list at offset %" PRId64
                        ": a page of %u row%s is too large here, lower page_size of this edge; ",
                        call->offset, call->limit, text_plural(call->limit));
        else if (call->offset > 0 && (answer.answer.fault.scope == FAULT_REQUEST ||
                                      answer.answer.fault.scope == FAULT_RUN))
                fault_prefix(&answer.answer.fault, "list at offset %" PRId64 ": ", call->offset);
        else if (!call->of_edge && general->status == 404 && !general->foreign)
                fault_prefix(&answer.answer.fault, "check the path of the url: ");
        if (answer.answer.fault.scope == FAULT_NONE) {
                (void)page_parse(response->body, response->body_size,
                                 call->of_edge ? &call->id : NULL, call->limit, redact, &page,
                                 &answer.answer.fault);
                answer.rows = page.rows;
                answer.n_rows = page.n_rows;
                if (answer.answer.fault.scope != FAULT_NONE)
                        fault_prefix(&answer.answer.fault, "list at offset %" PRId64 ": ",
                                     call->offset);
        }
        redact_text(redact, answer.answer.fault.message);
        call->callback.page(&answer, call->userdata);
}

int catalog_list(Catalog *c, const Uuid *edge, const Uuid *schema_connection, int64_t offset,
                 unsigned limit, CatalogPageCallback callback, void *userdata, CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        char id[UUID_STRING_SIZE], schema[UUID_STRING_SIZE] = "";
        int r = call_new(c, METRIC_OPERATION_LIST, page_complete, userdata, &call);
        if (r < 0)
                return r;
        if (edge)
                call->id = *edge;
        call->of_edge = edge != NULL;
        call->offset = offset;
        call->limit = limit;
        call->callback.page = callback;
        if (schema_connection)
                uuid_format(schema_connection, schema);
        call->url = text_format("%s" API "?%s%s%s%s%soffset=%" PRId64 "&limit=%u", c->base_url,
                                edge ? "edgeConnectionId=" : "", edge ? uuid_format(edge, id) : "",
                                schema_connection ? "&schemaConnectionId=" : "", schema,
                                edge || schema_connection ? "&" : "", offset, limit);
        return call_begin(&call, ret);
}

static void one_complete(CatalogCall *call, const HttpResponse *response,
                         const CatalogAnswer *general)
{
        _cleanup_(page_done) Page page = {0};
        const Redact *redact = auth_redact(call->catalog->auth);
        CatalogOneAnswer answer = {.answer = *general};
        if (answer.answer.fault.scope == FAULT_NONE &&
            page_parse_one(response->body, response->body_size, redact, &page,
                           &answer.answer.fault) == 0)
                answer.row = page.rows[0];
        redact_text(redact, answer.answer.fault.message);
        answer.absent = answer_is_absence(response);
        call->callback.one(&answer, call->userdata);
}

int catalog_get_one(Catalog *c, const Uuid *id, CatalogOneCallback callback, void *userdata,
                    CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        char text[UUID_STRING_SIZE];
        int r = call_new(c, METRIC_OPERATION_ONE, one_complete, userdata, &call);
        if (r < 0)
                return r;
        call->id = *id;
        call->callback.one = callback;
        call->url = text_format("%s" API "/%s", c->base_url, uuid_format(id, text));
        return call_begin(&call, ret);
}
