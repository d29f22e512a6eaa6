/*
 * catalog: catalog.h as src/sync uses it, over the simulated site.
 */
#include "catalog/catalog.h"
#include "sim/check.h"
#include "sim/event.h"
#include "sim/faults.h"
#include "sim/recorder.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Run *run_of_call(CatalogCall *c, CatalogAnswer *answer)
{
        Run *r = c->request.run;
        r->n_calls--;
        site_answer(c, answer);
        answer->asked_usec = c->request.asked;
        r->requests += answer->requests;
        return r;
}

static int call_start(Catalog *catalog, CallRequest request, CatalogCall **ret)
{
        Run *r = request.run = (Run *)catalog;
        World *w = sim_world;
        *ret = NULL;
        int result = faults_before(w, r);
        if (result != 0)
                return result < 0 ? result : 0;
        request.instance = r->instance;
        request.epoch = r->epoch;
        request.began = r->started_at;
        request.asked = w->now;
        request.resumed = r->resumed;
        request.list_from = r->list_from;
        check_request(w, r, &request);
        *ret = site_start(w, &request);
        r->n_calls += *ret != NULL;
        faults_after(w, r);
        return 0;
}

CatalogCall *catalog_cancel(CatalogCall *c)
{
        if (!c || c->state == CALL_DELIVERED)
                return NULL;
        c->request.run->n_calls--;
        c->request.run->requests += c->request.kind == CALL_LIST;
        return site_cancel(sim_world, c);
}

/* ---- refresh and job ------------------------------------------------------------------------ */

#define LOCATION "https://catalog/location"

static void on_refresh(World *w, CatalogCall *c)
{
        CatalogRefreshAnswer answer = {.has_job = c->job >= 0};
        Run *r = run_of_call(c, &answer.answer);
        answer.job = (CatalogJob){.status = c->job_status, .message = "", .document = "{}"};
        r->refresh_status = c->status;
        r->job_given = c->status / 100 == 2 && answer.has_job;
        if (c->location) {
                r->has_location = true;
                answer.location = answer.location_bare = LOCATION;
                answer.location_has_below = w->site->gateway;
        }
        c->request.callback.refresh(&answer, c->request.userdata);
        check_job_noted(w, r);
}

int catalog_refresh(Catalog *catalog, const Uuid *edge, CatalogMaySend may_send,
                    CatalogRefreshCallback callback, void *userdata, CatalogCall **ret)
{
        return call_start(catalog,
                          (CallRequest){.kind = CALL_REFRESH,
                                        .edge = truth_edge_of(edge),
                                        .done = on_refresh,
                                        .may_send = may_send,
                                        .callback.refresh = callback,
                                        .userdata = userdata},
                          ret);
}

/* The clock of the catalog is read to the second. */
static void on_jobs(World *w, CatalogCall *c)
{
        CatalogJobsAnswer answer = {.jobs = c->jobs,
                                    .n_jobs = c->n,
                                    .now_msec = (int64_t)(w->now / SEC * 1000) +
                                                (int64_t)world_below(w, 1000)};
        char next[24];
        Run *r = run_of_call(c, &answer.answer);
        (void)snprintf(next, sizeof(next), "%lld", (long long)c->request.offset);
        if (c->more_jobs)
                answer.next = next;
        record_jobs(w, r, c);
        c->request.callback.jobs(&answer, c->request.userdata);
}

int catalog_find_jobs(Catalog *catalog, const Uuid *edge, const char *type, const char *cursor,
                      CatalogJobsCallback callback, void *userdata, CatalogCall **ret)
{
        (void)type; /* not every server knows what it means */
        return call_start(catalog,
                          (CallRequest){.kind = CALL_JOBS,
                                        .edge = truth_edge_of(edge),
                                        .offset = cursor ? strtol(cursor, NULL, 10) : 0,
                                        .done = on_jobs,
                                        .callback.jobs = callback,
                                        .userdata = userdata},
                          ret);
}

static void on_job(World *w, CatalogCall *c)
{
        CatalogJobAnswer answer = {.job = {.status = c->job_status, .message = ""}};
        (void)w;
        (void)run_of_call(c, &answer.answer);
        answer.job.document = c->job_status.state;
        c->request.callback.job(&answer, c->request.userdata);
}

int catalog_get_job(Catalog *catalog, const Uuid *job, JobAddress address, const char *location,
                    CatalogJobCallback callback, void *userdata, CatalogCall **ret)
{
        bool by_id = !location || strcmp(location, LOCATION) != 0;
        return call_start(catalog,
                          (CallRequest){.kind = CALL_JOB,
                                        .edge = ((Run *)catalog)->edge,
                                        .job = site_job_of(job),
                                        .address = by_id && address < JOB_ADDRESS_V1
                                                           ? JOB_ADDRESS_V1
                                                           : address,
                                        .done = on_job,
                                        .callback.job = callback,
                                        .userdata = userdata},
                          ret);
}

/* ---- list and one --------------------------------------------------------------------------- */

static void on_page(World *w, CatalogCall *c)
{
        static DatabaseConnection rows[LIMIT_PAGE_SIZE_MAX];
        CatalogPageAnswer answer = {.offset = c->request.offset, .rows = rows, .n_rows = c->n};
        Run *r = run_of_call(c, &answer.answer);
        answer.answer.elapsed_usec = w->settings.latency_usec;
        for (size_t i = 0; i < c->n; i++)
                site_record(w, &c->rows[i], &rows[i]);
        record_arrival(r, c);
        c->request.callback.page(&answer, c->request.userdata);
}

int catalog_list(Catalog *catalog, const Uuid *edge, const Uuid *schema_connection, int64_t offset,
                 unsigned limit, CatalogPageCallback callback, void *userdata, CatalogCall **ret)
{
        return call_start(catalog,
                          (CallRequest){.kind = CALL_LIST,
                                        .edge = truth_edge_of(edge),
                                        .filtered = schema_connection != NULL,
                                        .offset = offset,
                                        .limit = limit,
                                        .done = on_page,
                                        .callback.page = callback,
                                        .userdata = userdata},
                          ret);
}

static void on_one(World *w, CatalogCall *c)
{
        CatalogOneAnswer answer = {.absent = c->absent};
        Run *r = run_of_call(c, &answer.answer);
        if (c->n > 0)
                site_record(w, &c->rows[0], &answer.row);
        record_one(w, r, c);
        c->request.callback.one(&answer, c->request.userdata);
}

int catalog_get_one(Catalog *catalog, const Uuid *id, CatalogOneCallback callback, void *userdata,
                    CatalogCall **ret)
{
        return call_start(catalog,
                          (CallRequest){.kind = CALL_ONE,
                                        .edge = ((Run *)catalog)->edge,
                                        .row = truth_row_of(id),
                                        .done = on_one,
                                        .callback.one = callback,
                                        .userdata = userdata},
                          ret);
}
