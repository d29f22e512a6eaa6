/*
 * call: one question to the catalog, from the header it goes out with to its one callback. Private
 * to this directory.
 *
 * What a 401 means is decided in doubt.h. Its control is a list that was accepted, asked for anew:
 * of another edge, or else of the same, unless it is the one that is refused; or else a call that
 * waits, or none.
 */
#pragma once

#include "base/metric.h"
#include "base/timer.h"
#include "catalog/answer.h"
#include "catalog/catalog.h"
#include <sys/queue.h>

/* `general`: what the response means, before its body is read. */
typedef void (*CallComplete)(CatalogCall *call, const HttpResponse *response,
                             const CatalogAnswer *general);

/* A list of an edge that was accepted, or its refresh was, with the secret of that number. */
typedef struct Accepted {
        Uuid edge;
        char *url; /* NULL: none */
        uint64_t secret_number;
} Accepted;

/* The last answer 401, which the calls that waited get. */
typedef struct Refusal {
        char *content_type;
        Text body;
} Refusal;

struct Catalog {
        HttpClient *http;
        const char *base_url;
        Auth *auth;
        bool foreign_reported; /* that a Location was of another origin */
        TAILQ_HEAD(, CatalogCall) calls;
        CatalogCall *repeater;    /* asks again after a 401 while the doubt is open */
        CatalogCall *control;     /* is asked before the repeater is; NULL: none, or it has been */
        Timer again;              /* when it does */
        sd_event_source *release; /* armed while calls that waited are to go on */
        Accepted accepted[2];     /* the last one, and the last one of another edge */
        Refusal refusal;
};

typedef enum CallState {
        CALL_NEW,
        CALL_SENT,
        CALL_WAITS_AUTH,  /* for the header that is being acquired */
        CALL_WAITS_DOUBT, /* for what the repeater hears */
        CALL_OVER,        /* in its callback, on no list any more */
} CallState;

struct CatalogCall {
        Catalog *catalog;
        TAILQ_ENTRY(CatalogCall) entry;
        CallState state;
        HttpTransfer *transfer; /* NULL unless CALL_SENT */
        MetricOperation operation;
        HttpMethod method;
        char *url;
        char *list_url;    /* what else may be asked for; NULL: of a list and its rows */
        bool url_is_guess; /* another server's may be there: its 401 is not about us */
        CallComplete complete;
        union {
                CatalogRefreshCallback refresh;
                CatalogJobCallback job;
                CatalogJobsCallback jobs;
                CatalogPageCallback page;
                CatalogEdgesCallback edges;
                CatalogOneCallback one;
        } callback;
        CatalogMaySend may_send; /* NULL: always */
        void *userdata;
        Uuid id;      /* of the edge or the job that is asked about */
        bool of_edge; /* the request names an edge */
        int64_t offset;
        unsigned limit;
        unsigned tries;      /* answers so far, or failures */
        unsigned requests;   /* that left; the last one when: */
        uint64_t asked_usec; /* CLOCK_BOOTTIME */
        bool alone;          /* refused, while others are not */
        bool control_asked;  /* before it asks again, another was, or there was none */
        bool repeated;       /* after a 401, with the same secret */
        uint64_t generation; /* of the header that was sent, see auth.h */
};

int call_new(Catalog *c, MetricOperation operation, CallComplete complete, void *userdata,
             CatalogCall **ret);
DEFINE_CLEANUP(CatalogCall, call, catalog_cancel)

/* Sends it, or lets it wait; without a url, -ENOMEM. The first request reads the secret, unless
 * that has been done. On success *call is moved to *ret. */
int call_begin(CatalogCall **call, CatalogCall **ret);
