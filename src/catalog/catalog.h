/*
 * catalog: the API, requests out and typed records in.
 *
 * Knows the Catalog Database Registration API 1.6.0 (/rest/catalogDatabase/v1) and the job API, and
 * no database. Strict in what it sends, tolerant in what it accepts where public clients show that
 * catalogs differ. It decides about one answer ("what is this?"), never about a sync ("what now?").
 *
 * The secret is read (auth.h) when told to, at the latest at the first request, and again when the
 * catalog answers 401. A 401 alone may pass: the request is repeated, at once with other
 * credentials, after a second or two with the same; one of all that are under way, since accounts
 * lock. The second 401 in a row is the answer, unless another request, made in between, is
 * accepted: then it is the matter of this request alone. Credentials are sent to the configured
 * origin only.
 *
 * Asynchronous contract: as in http.h.
 */
#pragma once

#include "base/fault.h"
#include "base/record.h"
#include "catalog/auth.h"
#include "http/http.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EDGE_STATUS_BYTES = 32 };

typedef struct Catalog Catalog;
typedef struct CatalogCall CatalogCall;

typedef struct CatalogOptions {
        const char *base_url; /* origin with an optional path prefix, no trailing slash */
        AuthOptions auth;
} CatalogOptions;

/* What every answer has. Borrowed, valid during the callback. */
typedef struct CatalogAnswer {
        Fault fault; /* scope FAULT_NONE: as the reference says it should be */
        int status;  /* HTTP status; 0 when none arrived */
        bool sent;   /* false: certain that the catalog saw nothing of the request */
        /* HTTP requests that this answer cost: 1, more after a 401; 0 if nothing was sent */
        unsigned requests;
        /* an error, not in the catalog's form: of a gateway or proxy, perhaps, or of another
         * address */
        bool foreign;
        uint64_t retry_after_usec;
        bool clock_known;        /* the answer says when it was made */
        int64_t clock_ahead_sec; /* our clock against that of whoever answered; 0: not known */
        uint64_t elapsed_usec;   /* of the last request, on the wire */
        uint64_t asked_usec;     /* when that left; CLOCK_BOOTTIME */
        /* the catalog's error body, printed anew without our credentials, for jsonb; NULL when it
         * is no JSON object, larger than LIMIT_PROBLEM_MAX_BYTES or not storable */
        const char *problem;
} CatalogAnswer;

typedef struct CatalogJob {
        JobStatus status;
        /* at most LIMIT_JOB_MESSAGE_MAX_BYTES, valid UTF-8 without NUL, cut at a character; "" when
         * absent */
        const char *message;
        /* the whole Job, printed anew, for jsonb; NULL when larger than
         * LIMIT_JOB_DOCUMENT_MAX_BYTES or not storable */
        const char *document;
} CatalogJob;

typedef struct CatalogRefreshAnswer {
        CatalogAnswer answer; /* expected: 202 */
        bool has_job;         /* the body was a Job with a valid id, or the Location ended in one */
        CatalogJob job;
        /* absolute job URL on our own origin; NULL when there is none that may be used */
        const char *location;
        bool location_has_below; /* JOB_ADDRESS_LOCATION_BELOW is another address than that */
        /* of `location`, what may be stored and shown: no query, none of our credentials */
        const char *location_bare;
        /* there was a Location of another origin, ignored; for the first time with this catalog */
        bool location_foreign;
} CatalogRefreshAnswer;

typedef struct CatalogJobAnswer {
        CatalogAnswer answer; /* expected: 200 */
        CatalogJob job;
} CatalogJobAnswer;

/* A job of a list of them, as far as it tells whose it is. */
typedef struct CatalogFoundJob {
        Uuid id;
        JobKind kind;
        bool names_edge; /* its name or message holds the edge's id */
        bool has_created;
        int64_t created_msec; /* since 1970, by the catalog's clock; meaningful when has_created */
} CatalogFoundJob;

typedef struct CatalogJobsAnswer {
        CatalogAnswer answer; /* expected: 200 */
        const CatalogFoundJob *jobs;
        size_t n_jobs;
        const char *next; /* cursor of the next page; NULL: none follows */
        int64_t now_msec; /* the catalog's clock, give or take a second */
} CatalogJobsAnswer;

typedef struct CatalogPageAnswer {
        /* expected: 200; rows that cannot be mirrored are among the others, see page.h */
        CatalogAnswer answer;
        int64_t offset; /* that was asked for */
        const DatabaseConnection *rows;
        size_t n_rows;
} CatalogPageAnswer;

/* An Edge connection, or an Edge site. */
typedef struct EdgeItem {
        Uuid id; /* first, for uuid_order */
        bool has_site;
        Uuid site; /* of a connection, meaningful when has_site */
        /* as text_printable has it, so that it may be shown; "": none */
        char name[LIMIT_CATALOG_NAME_MAX_BYTES + 1];
        char status[EDGE_STATUS_BYTES]; /* of a site, for people; "": none */
} EdgeItem;

typedef struct CatalogEdgesAnswer {
        CatalogAnswer answer; /* expected: 200 */
        const EdgeItem *items;
        size_t n_items;
        size_t n_unreadable; /* more of them, without a readable id */
        bool absent;         /* as in CatalogOneAnswer; of catalog_get_edge */
} CatalogEdgesAnswer;

typedef struct CatalogOneAnswer {
        CatalogAnswer answer; /* expected: 200; 404 is fault code "catalog-not-found" */
        DatabaseConnection row;
        /* 404 or 410 in the catalog's own words, a StandardErrorResponse: there is no such row. One
         * that a proxy may have made is not */
        bool absent;
} CatalogOneAnswer;

typedef void (*CatalogRefreshCallback)(const CatalogRefreshAnswer *answer, void *userdata);
typedef void (*CatalogJobCallback)(const CatalogJobAnswer *answer, void *userdata);
typedef void (*CatalogJobsCallback)(const CatalogJobsAnswer *answer, void *userdata);
typedef void (*CatalogPageCallback)(const CatalogPageAnswer *answer, void *userdata);
typedef void (*CatalogEdgesCallback)(const CatalogEdgesAnswer *answer, void *userdata);
typedef void (*CatalogOneCallback)(const CatalogOneAnswer *answer, void *userdata);

/* Borrows http and the texts of the options. */
int catalog_new(HttpClient *http, const CatalogOptions *options, Catalog **ret);
/* cancels its calls */
Catalog *catalog_free(Catalog *catalog);
DEFINE_CLEANUP(Catalog, catalog, catalog_free)

/* As auth_reload and auth_reread; that one reads what of http is read from files as well. */
int catalog_load_secret(Catalog *c, Fault *ret_fault);
bool catalog_reread_secret(Catalog *c);

/* As auth_is_acquired. */
bool catalog_has_token(const Catalog *c, uint64_t *ret_left_usec);

/* Right before a request is written, when it has waited and its connection stands: false, and the
 * catalog never sees it; the answer is not `sent`. May begin and cancel nothing. */
typedef bool (*CatalogMaySend)(void *userdata);

/* POST /databaseConnections/refresh?edgeConnectionId=… on a connection of its own. */
int catalog_refresh(Catalog *c, const Uuid *edge, CatalogMaySend may_send,
                    CatalogRefreshCallback callback, void *userdata, CatalogCall **ret);

/* Where a job can be asked for, in the order in which the addresses are tried. */
typedef enum JobAddress {
        JOB_ADDRESS_LOCATION, /* that the answer to the refresh named */
        /* its path below the url's: a catalog behind a gateway may not know its prefix */
        JOB_ADDRESS_LOCATION_BELOW,
        JOB_ADDRESS_V1,   /* /rest/jobs/v1/jobs/{id} */
        JOB_ADDRESS_2_0,  /* /rest/2.0/jobs/{id} */
        JOB_ADDRESS_EDGE, /* /edge/api/rest/v2/jobs/{id}/statusLog */
} JobAddress;

/* GET of a job. `location`: CatalogRefreshAnswer.location or location_bare, perhaps recorded when
 * the url was another, or NULL; where there is none on our own origin, the first two addresses are
 * JOB_ADDRESS_V1: the id is enough. An answer about another job than `job` is a fault. */
int catalog_get_job(Catalog *c, const Uuid *job, JobAddress address, const char *location,
                    CatalogJobCallback callback, void *userdata, CatalogCall **ret);

/* GET /rest/jobs/v1/jobs?type=…&pageSize=…[&cursor=…]: jobs of that type, and which of them name
 * the edge. `cursor`: `next` of the page before, NULL: the first page. The reference has no search
 * of jobs: many catalogs refuse it. */
int catalog_find_jobs(Catalog *c, const Uuid *edge, const char *type, const char *cursor,
                      CatalogJobsCallback callback, void *userdata, CatalogCall **ret);

/* GET /databaseConnections?edgeConnectionId=…&offset=…&limit=…[&schemaConnectionId=…]. `edge` NULL:
 * of all Edge connections; schema_connection may be NULL. More rows than `limit`, and a row of
 * another Edge connection, are faults of the page. */
int catalog_list(Catalog *c, const Uuid *edge, const Uuid *schema_connection, int64_t offset,
                 unsigned limit, CatalogPageCallback callback, void *userdata, CatalogCall **ret);

/* GET of the Edge API, all in one answer: the Edge connections, or the sites that they are on. */
typedef enum EdgeList { EDGE_LIST_CONNECTIONS, EDGE_LIST_SITES } EdgeList;
int catalog_list_edges(Catalog *c, EdgeList list, CatalogEdgesCallback callback, void *userdata,
                       CatalogCall **ret);

/* GET of one Edge connection. Whether it is there is all that is read: fault, or absent. */
int catalog_get_edge(Catalog *c, const Uuid *edge, CatalogEdgesCallback callback, void *userdata,
                     CatalogCall **ret);

/* GET /databaseConnections/{id}. */
int catalog_get_one(Catalog *c, const Uuid *id, CatalogOneCallback callback, void *userdata,
                    CatalogCall **ret);

CatalogCall *catalog_cancel(CatalogCall *call); /* NULL is fine; returns NULL */
