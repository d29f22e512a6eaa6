/*
 * site: the simulated catalog. Takes requests, lets the network do to them what networks do, and
 * answers from the truth as it is when it looks, which is later than the request and
 * earlier than the answer.
 *
 * It may lie in the ways that catalogs were seen to: pages shorter than asked for, a row given
 * twice, an offset ignored, a page given again. It never says of a row that exists that it does
 * not, unless it hides it from list and answer alike (denied, for a while): that word is what
 * removals rest on.
 */
#pragma once

#include "catalog/catalog.h"
#include "sim/truth.h"

enum { CALLS_MAX = 256, JOBS_MAX = 256, JOBS_PAGE = 6 };

/* A row as an answer showed it. */
typedef struct Shown {
        uint16_t row, name, database;
        uint8_t edge;
        bool spoiled, anonymous;
        uint64_t asked_usec; /* of a line of the spool */
} Shown;

/* The record that catalog.h gives for it, and back. */
void site_record(const World *w, const Shown *shown, DatabaseConnection *ret);
Shown site_shown(const DatabaseConnection *record);

typedef enum CallKind { CALL_REFRESH, CALL_JOBS, CALL_JOB, CALL_LIST, CALL_ONE } CallKind;

typedef struct CallRequest {
        CallKind kind;
        struct Run *run;
        unsigned edge;
        int64_t offset; /* list; jobs */
        unsigned limit;
        bool filtered;
        unsigned row; /* one */
        int job;      /* job: its number */
        JobAddress address;
        void (*done)(World *w, CatalogCall *call);
        CatalogMaySend may_send; /* refresh; NULL: always */
        union {
                CatalogRefreshCallback refresh;
                CatalogJobCallback job;
                CatalogJobsCallback jobs;
                CatalogPageCallback page;
                CatalogOneCallback one;
        } callback;
        void *userdata;

        /* of the run, as it was when the request was begun */
        int instance;
        int64_t epoch;
        uint64_t began;     /* when the run began */
        uint64_t asked;     /* when this was begun */
        bool resumed;       /* it took up a job */
        uint32_t list_from; /* tick of the first page of its list; 0: there is none yet */
} CallRequest;

/* Valid in `done`. */
struct CatalogCall {
        CallRequest request;
        enum { CALL_FREE, CALL_CONNECTS, CALL_SENT, CALL_ANSWERED, CALL_DELIVERED } state;
        bool orphan; /* nobody waits for the answer */
        WorldTimer timer;

        uint32_t tick; /* when the catalog looked; 0: it never did */
        bool sent;
        int status; /* 0: none arrived */
        const Fault *fault;
        uint64_t retry_after_usec;
        int job; /* refresh: its number; -1: none was given */
        bool location, absent;
        bool foreign;            /* an error that is not in the catalog's words */
        bool lie;                /* a list's page is not what the catalog holds */
        bool doubting, repeated; /* asks again after a 401; has done so */
        JobStatus job_status;
        CatalogFoundJob jobs[JOBS_PAGE];
        bool more_jobs;
        size_t n;
        Shown rows[LIMIT_PAGE_SIZE_MAX];
};

typedef struct Job {
        unsigned edge;
        int64_t epoch;
        uint64_t created_at, visible_at, starts_at, ends_at, vanishes_at;
        const char *state, *result;
        bool clean, discovered;
} Job;

/* Retry-After, as it was last told to an instance about an edge. */
typedef struct Requested {
        CallKind kind;
        int64_t epoch; /* 0: of a dry run, which began then */
        uint64_t began;
        unsigned row;
        uint64_t until;
} Requested;

typedef struct Site {
        size_t n_jobs;
        Job jobs[JOBS_MAX];
        bool only_old_job_api;
        /* does not know the job's Location, but the same path below the url */
        bool gateway;
        size_t n_last[EDGES_MAX]; /* the last page that was given */
        uint32_t last_tick[EDGES_MAX];
        Shown last[EDGES_MAX][LIMIT_PAGE_SIZE_MAX];
        Requested requested[INSTANCES_MAX][EDGES_MAX];
        struct {
                uint64_t at; /* 0: never */
                uint32_t tick;
                size_t n;
                Shown rows[2 * ROWS_MAX];
        } behind[EDGES_MAX]; /* what another node holds */
        size_t n_free;
        uint16_t free_calls[CALLS_MAX];
        CatalogCall calls[CALLS_MAX];
} Site;

void site_init(World *w);
CatalogCall *site_start(World *w, const CallRequest *request);
/* the catalog may see the request all the same; NULL is fine; returns NULL */
CatalogCall *site_cancel(World *w, CatalogCall *call);

/* What every answer of catalog.h has. */
void site_answer(const CatalogCall *call, CatalogAnswer *ret);
Uuid site_job_id(int job);
/* One like it that somebody else has begun, or another of ours; of those nothing else is known. */
Uuid site_foreign_job_id(int job);
bool site_job_is_foreign(const Uuid *id);
int site_job_of(const Uuid *id);

/* What is true of a job now. */
bool site_job_ended_clean(const World *w, int job);
bool site_job_goes_on(const World *w, int job);
uint64_t site_job_ends_at(const World *w, int job);
