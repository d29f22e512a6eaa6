/*
 * job_search: which of the catalog's jobs is the one whose id was lost.
 *
 * A process may end between the POST of a refresh and the note of its job. The next run looks for
 * that job before it asks for another refresh. It is taken up only when there is no doubt: of the
 * type and the user that the jobs of our refreshes have, with the edge's id in its name or message,
 * created since the intent was written, none that is known already, and alone in all that. Whatever
 * cannot be judged (a job that does not say when it was created, one of the future, a list that
 * does not end) makes the search come to nothing; a refresh is asked for as if there had been none.
 *
 * Pure. Pages are judged as they come, nothing of them is kept.
 */
#pragma once

#include "catalog/catalog.h"
#include "mirror/lease.h"

/* Two clocks that are read to the second are compared. */
#define JOB_SEARCH_SLACK_USEC 2000000

typedef enum JobSearchStep {
        JOB_SEARCH_MORE,    /* ask for the page at `cursor` */
        JOB_SEARCH_FOUND,   /* it is `job` */
        JOB_SEARCH_NOTHING, /* none, or none for certain */
} JobSearchStep;

typedef struct JobSearch {
        JobKind kind;
        char cursor[LIMIT_JOB_CURSOR_BYTES + 1]; /* "": the first page */
        Uuid job;                                /* the last one that matched */

        /* private */
        int64_t since_usec; /* monotonic, perhaps before the host's start: the intent */
        unsigned n_known;
        Uuid known[LIMIT_KNOWN_JOBS];
        unsigned pages, matches;
        bool doubtful;
} JobSearch;

/* claim.lost; `claimed_usec`: monotonic, when the claim was sent. */
void job_search_init(JobSearch *s, const MirrorClaim *claim, uint64_t claimed_usec);

/* An answer without a fault. */
JobSearchStep job_search_page(JobSearch *s, const CatalogJobsAnswer *page, uint64_t now_usec);
