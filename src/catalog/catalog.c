/*
 * catalog: calls. One call is one or, after a change of credentials, two requests, and one callback.
 *
 * What always holds: a call is on its catalog's list until it is over; the secret leaves this file only inside a request to the configured origin.
 */
#include "catalog/catalog.h"
#include "catalog/answer.h"
#include "catalog/blot.h"
#include "catalog/job.h"
#include "catalog/json.h"
#include "catalog/page.h"
#include "catalog/url.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define API "/rest/catalogDatabase/v1/databaseConnections"

struct Catalog {
        HttpClient *http;
        char *base_url;
        HttpAuth auth;
        char *username;
        CatalogSecretLoader load_secret;
        void *load_secret_userdata;
        Text secret;
        Blot blot;              /* of the secret */
        uint64_t secret_number; /* rises with every secret that differs from the one before */
        CatalogCall *calls;
};

typedef void (*CallComplete)(CatalogCall *call, const HttpResponse *response);

struct CatalogCall {
        Catalog *catalog;
        CatalogCall *next, **link; /* link NULL: over, in its callback */
        HttpTransfer *transfer;
        HttpMethod method;
        char *url;
        CallComplete complete;
        union {
                CatalogRefreshCallback refresh;
                CatalogJobCallback job;
                CatalogPageCallback page;
                CatalogOneCallback one;
        } callback;
        void *userdata;
        Uuid id; /* of the edge or the job that is asked about */
        int64_t offset;
        unsigned limit;
        unsigned tries;         /* 2: with another secret */
        unsigned requests;      /* that left */
        uint64_t secret_number; /* of the secret that was sent */
};

int catalog_new(HttpClient *http, const CatalogOptions *options, Catalog **ret)
{
        _cleanup_(cleanup_catalog) Catalog *c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->http = http;
        c->auth = options->auth;
        c->load_secret = options->load_secret;
        c->load_secret_userdata = options->load_secret_userdata;
        c->base_url = strdup(options->base_url);
        c->username = strdup(options->username ? options->username : "");
        if (!c->base_url || !c->username)
                return -ENOMEM;
        *ret = TAKE_PTR(c);
        return 0;
}

static void call_unlink(CatalogCall *call)
{
        *call->link = call->next;
        if (call->next)
                call->next->link = call->link;
        call->link = NULL;
}

static void call_free(CatalogCall *call)
{
        free(call->url);
        free(call);
}

CatalogCall *catalog_cancel(CatalogCall *call)
{
        if (!call || !call->link) /* in its own callback: it is freed right after */
                return NULL;
        (void)http_cancel(call->transfer);
        call_unlink(call);
        call_free(call);
        return NULL;
}
DEFINE_CLEANUP(CatalogCall, call, catalog_cancel)

Catalog *catalog_free(Catalog *c)
{
        if (!c)
                return NULL;
        while (c->calls)
                (void)catalog_cancel(c->calls);
        text_wipe(&c->secret);
        blot_done(&c->blot);
        free(c->base_url);
        free(c->username);
        free(c);
        return NULL;
}

int catalog_load_secret(Catalog *c, Fault *ret_fault)
{
        _cleanup_(text_wipe) Text fresh = {0};
        if (!c->load_secret)
                return 0;
        int r = c->load_secret(c->load_secret_userdata, &fresh, ret_fault);
        if (r < 0)
                return r;
        if (c->auth == HTTP_AUTH_BEARER && !http_token_is_sound(fresh.data))
                return fault_set(ret_fault, FAULT_PROCESS, EINVAL, "secret-malformed",
                                 "the token holds a space or a control character; write the token alone into the file, "
                                 "without \"Bearer\"");
        if (c->secret.data && text_equal(c->secret.data, fresh.data))
                return 0;
        r = blot_set(&c->blot, c->auth, c->username, fresh.data);
        if (r < 0)
                return fault_set(ret_fault, FAULT_PROCESS, -r, "out-of-memory", "out of memory for the secret");
        text_wipe(&c->secret);
        c->secret = fresh;
        fresh = (Text){0};
        c->secret_number++;
        return 1;
}

bool catalog_reread_secret(Catalog *c)
{
        Fault ignored; /* what cannot be used has not changed */
        return catalog_load_secret(c, &ignored) > 0;
}

static void call_on_response(const HttpResponse *response, void *userdata);

static int call_send(CatalogCall *call)
{
        Catalog *c = call->catalog;
        HttpRequest request = {
                .method = call->method,
                .url = call->url,
                .auth = c->auth,
                .username = c->username,
                .secret = c->secret.data,
                .body_max_bytes = LIMIT_BODY_MAX_BYTES,
                .fresh_connection = call->method == HTTP_POST,
        };
        call->secret_number = c->secret_number;
        return http_start(c->http, &request, call_on_response, call, &call->transfer);
}

/* A 401 may mean that the secret was changed on disk. True when the request is under way again with another one. */
static bool call_again_with_new_secret(CatalogCall *call, const HttpResponse *response)
{
        Catalog *c = call->catalog;
        Fault ignored;
        if (response->error < 0 || response->status != 401 || call->tries > 1)
                return false;
        if (call->secret_number == c->secret_number && catalog_load_secret(c, &ignored) <= 0)
                return false;
        return call_send(call) >= 0;
}

static void call_on_response(const HttpResponse *response, void *userdata)
{
        CatalogCall *call = userdata;
        call->transfer = NULL;
        call->tries++;
        call->requests += response->sent;
        if (call_again_with_new_secret(call, response))
                return;

        /* The callback may free the catalog, cancel other calls and this one, so it leaves the list first. */
        call_unlink(call);
        call->complete(call, response);
        call_free(call);
}

static int call_new(Catalog *c, CallComplete complete, void *userdata, CatalogCall **ret)
{
        CatalogCall *call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;
        call->catalog = c;
        call->complete = complete;
        call->userdata = userdata;
        call->next = c->calls;
        call->link = &c->calls;
        if (c->calls)
                c->calls->link = &call->next;
        c->calls = call;
        *ret = call;
        return 0;
}

/* The first request reads the secret, unless that has been done. */
static int call_start(CatalogCall *call)
{
        Catalog *c = call->catalog;
        Fault ignored; /* who wants to hear of it loads the secret first */
        if (c->load_secret && !c->secret.data) {
                int r = catalog_load_secret(c, &ignored);
                if (r < 0)
                        return r;
        }
        return call_send(call);
}

static int call_begin(CatalogCall **call, CatalogCall **ret)
{
        int r = call_start(*call);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(*call);
        return 0;
}

/* ---- refresh ---- */

static void refresh_complete(CatalogCall *call, const HttpResponse *response)
{
        _cleanup_(answer_text_done) AnswerText text = {0};
        _cleanup_(job_document_done) JobDocument job = {0};
        _cleanup_(cleanup_free) char *location = NULL;
        const Blot *blot = &call->catalog->blot;
        CatalogRefreshAnswer answer = {0};

        answer_classify(response, 202, false, blot, &answer.answer, &text);
        answer.answer.requests = call->requests;
        if (answer.answer.fault.scope == FAULT_NONE) {
                if (response->location[0]) {
                        int r = url_resolve(call->url, response->location, &location);
                        answer.location_foreign = r == -EXDEV;
                        answer.location = location;
                }
                answer.has_job = answer_type_is_json(response->content_type) &&
                                 job_parse(response->body, response->body_size, blot, &job) == 0;
                if (!answer.has_job)
                        job.job = (CatalogJob){.status.progress = -1, .message = ""};
                if (!answer.has_job && url_last_uuid(response->location, &job.job.status.id))
                        answer.has_job = true;
                answer.job = job.job;
        }
        call->callback.refresh(&answer, call->userdata);
}

int catalog_refresh(Catalog *c, const Uuid *edge, CatalogRefreshCallback callback, void *userdata, CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        char id[UUID_STRING_SIZE];
        int r = call_new(c, refresh_complete, userdata, &call);
        if (r < 0)
                return r;
        call->method = HTTP_POST;
        call->callback.refresh = callback;
        if (asprintf(&call->url, "%s" API "/refresh?edgeConnectionId=%s", c->base_url, uuid_format(edge, id)) < 0) {
                call->url = NULL;
                return -ENOMEM;
        }
        return call_begin(&call, ret);
}

/* ---- job ---- */

/* Only the job that was asked for may say how it is. A body that was cut, or another's, may be right the next time. */
static int job_read(const HttpResponse *response, const Uuid *asked, const Blot *blot, JobDocument *ret,
                    Fault *ret_fault)
{
        int r = job_parse(response->body, response->body_size, blot, ret);
        if (r < 0) {
                fault_set(ret_fault, FAULT_REQUEST, -r, "job-bad-document", "the catalog's answer is not a job: %s",
                          r == -EINVAL ? "no JSON, or without a valid id" : json_error_words(r));
        } else if (!uuid_equal(&ret->job.status.id, asked)) {
                char ours[UUID_STRING_SIZE], other[UUID_STRING_SIZE];
                r = fault_set(ret_fault, FAULT_REQUEST, EBADMSG, "job-foreign",
                              "the catalog was asked about job %s and answered about %s", uuid_format(asked, ours),
                              uuid_format(&ret->job.status.id, other));
        }
        ret_fault->retryable = r < 0;
        return r;
}

static void job_complete(CatalogCall *call, const HttpResponse *response)
{
        _cleanup_(answer_text_done) AnswerText text = {0};
        _cleanup_(job_document_done) JobDocument job = {0};
        const Blot *blot = &call->catalog->blot;
        CatalogJobAnswer answer = {0};

        answer_classify(response, 200, true, blot, &answer.answer, &text);
        answer.answer.requests = call->requests;
        if (answer.answer.fault.scope == FAULT_NONE) {
                if (job_read(response, &call->id, blot, &job, &answer.answer.fault) == 0)
                        answer.job = job.job;
        }
        call->callback.job(&answer, call->userdata);
}

int catalog_get_job(Catalog *c, const Uuid *job, const char *url, CatalogJobCallback callback, void *userdata,
                    CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        int r = call_new(c, job_complete, userdata, &call);
        if (r < 0)
                return r;
        call->id = *job;
        call->callback.job = callback;
        r = url_resolve(c->base_url, url, &call->url);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        return call_begin(&call, ret);
}

int catalog_job_url(const Catalog *c, const Uuid *job, CatalogJobApi api, char **ret)
{
        static const char *const paths[] = {
                [CATALOG_JOBS_V1] = "/rest/jobs/v1/jobs/", [CATALOG_JOBS_2_0] = "/rest/2.0/jobs/"};
        char id[UUID_STRING_SIZE];
        char *url;
        if (asprintf(&url, "%s%s%s", c->base_url, paths[api], uuid_format(job, id)) < 0)
                return -ENOMEM;
        *ret = url;
        return 0;
}

/* ---- list and one ---- */

static void page_complete(CatalogCall *call, const HttpResponse *response)
{
        _cleanup_(answer_text_done) AnswerText text = {0};
        _cleanup_(page_done) Page page = {0};
        CatalogPageAnswer answer = {.offset = call->offset};

        answer_classify(response, 200, true, &call->catalog->blot, &answer.answer, &text);
        answer.answer.requests = call->requests;
        if (answer.answer.fault.scope == FAULT_NONE &&
            page_parse(response->body, response->body_size, &call->id, call->limit, &page, &answer.answer.fault) == 0) {
                answer.rows = page.rows;
                answer.n_rows = page.n_rows;
        }
        call->callback.page(&answer, call->userdata);
}

int catalog_list(Catalog *c, const Uuid *edge, const Uuid *schema_connection, int64_t offset, unsigned limit,
                 CatalogPageCallback callback, void *userdata, CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        char id[UUID_STRING_SIZE], schema[UUID_STRING_SIZE] = "";
        int r = call_new(c, page_complete, userdata, &call);
        if (r < 0)
                return r;
        call->id = *edge;
        call->offset = offset;
        call->limit = limit;
        call->callback.page = callback;
        if (schema_connection)
                uuid_format(schema_connection, schema);
        if (asprintf(&call->url, "%s" API "?edgeConnectionId=%s%s%s&offset=%" PRId64 "&limit=%u", c->base_url,
                     uuid_format(edge, id), schema_connection ? "&schemaConnectionId=" : "", schema, offset,
                     limit) < 0) {
                call->url = NULL;
                return -ENOMEM;
        }
        return call_begin(&call, ret);
}

static void one_complete(CatalogCall *call, const HttpResponse *response)
{
        _cleanup_(answer_text_done) AnswerText text = {0};
        _cleanup_(page_done) Page page = {0};
        CatalogOneAnswer answer = {0};

        answer_classify(response, 200, true, &call->catalog->blot, &answer.answer, &text);
        answer.answer.requests = call->requests;
        if (answer.answer.fault.scope == FAULT_NONE &&
            page_parse_one(response->body, response->body_size, &page, &answer.answer.fault) == 0)
                answer.row = page.rows[0];
        answer.absent = response->error == 0 && (response->status == 404 || response->status == 410) &&
                        answer_is_standard_error(response);
        call->callback.one(&answer, call->userdata);
}

int catalog_get_one(Catalog *c, const Uuid *id, CatalogOneCallback callback, void *userdata, CatalogCall **ret)
{
        _cleanup_(cleanup_call) CatalogCall *call = NULL;
        char text[UUID_STRING_SIZE];
        int r = call_new(c, one_complete, userdata, &call);
        if (r < 0)
                return r;
        call->callback.one = callback;
        if (asprintf(&call->url, "%s" API "/%s", c->base_url, uuid_format(id, text)) < 0) {
                call->url = NULL;
                return -ENOMEM;
        }
        return call_begin(&call, ret);
}
