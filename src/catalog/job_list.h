/*
 * job_list: what the job API lists into what tells whose a job is.
 *
 * The answer is {results, nextCursor}. Of a job only id, type, user, creation and whether its name
 * or message holds an edge's id are read, in both shapes that jobs have (job.h). A list with an
 * element that is no job is refused whole: what it hides may be a job like the one looked for.
 */
#pragma once

#include "base/fault.h"
#include "catalog/catalog.h"
#include "catalog/redact.h"

typedef struct JobList {
        CatalogFoundJob *jobs;
        size_t n_jobs;
        char *next; /* cursor; NULL: no page follows */
} JobList;

void job_list_done(JobList *l);

/* Credentials (NULL: none) are redacted out of type and user, as they are in what is recorded of a
 * job, so that the two remain comparable. Negative errno and a Fault of FAULT_RUN. */
int job_list_parse(const char *body, size_t size, const Uuid *edge, const Redact *redact,
                   JobList *ret, Fault *ret_fault);
