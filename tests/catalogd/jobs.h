/*
 * jobs: refreshes that pass through WAITING and RUNNING to an end.
 *
 * A job's state follows from the clock alone; jobs_advance brings it up to date and, at a COMPLETED
 * end, reveals what was pending at the source. Call it before anything that reads jobs or rows.
 */
#pragma once

#include "catalogd/model.h"
#include "catalogd/rules.h"
#include "catalogd/settings.h"

typedef struct Job {
        Uuid id; /* first: IdMap */
        Edge *edge;
        const char *state;
        char *end_state;
        char *result;                             /* NULL: by the end state */
        char *message;                            /* NULL: by the state */
        int64_t created_ms, started_ms, ended_ms; /* epoch; 0: not yet */
        uint64_t created_usec;
        uint64_t run_at_usec, end_at_usec; /* monotonic; UINT64_MAX: never */
        double progress;                   /* percent */
        int64_t hidden_polls, vanish_after;
        int64_t n_polls;
} Job;

typedef struct Jobs {
        Job **jobs;
        size_t n_jobs;
        size_t n_settled; /* jobs before this index have all ended */
        IdMap by_id;
} Jobs;

void jobs_done(Jobs *jobs);
int jobs_start(Jobs *jobs, const Model *model, Edge *edge, const Settings *settings,
               const Effect *effect, Job **ret);
void jobs_advance(Jobs *jobs, Model *model);
bool jobs_busy(const Jobs *jobs, const Edge *edge); /* a job of the edge has not ended */

/* Counts a poll: NULL when there is no such job, or when it is hidden or has vanished. */
Job *jobs_poll(Jobs *jobs, const Uuid *id);

/* As the API shows it: the reference's shape (epoch milliseconds, userId), or the job API's (ISO
 * 8601, user, result). `named`: its name holds the id of its edge. */
cJSON *job_describe(const Job *job, bool job_api, bool named);

/* As the Edge job system does: one entry, or a log of all so far, oldest first. */
cJSON *job_describe_edge(const Job *job, bool as_log);
