/*
 * job_search: see the header. The intent's age is measured here, the job's creation is the
 * catalog's: both are counted back from the same answer.
 */
#include "sync/job_search.h"
#include "base/duration.h"
#include <stdio.h>
#include <string.h>

#define SLACK_MSEC (JOB_SEARCH_SLACK_USEC / (int64_t)USEC_PER_MSEC)

void job_search_init(JobSearch *s, const MirrorClaim *claim, uint64_t claimed_usec)
{
        *s = (JobSearch){
                .kind = claim->job_kind,
                .since_usec = (int64_t)claimed_usec - claim->lost_since_usec,
                .n_known = claim->n_known_jobs,
        };
        memcpy(s->known, claim->known_jobs, sizeof(s->known));
}

static bool job_is_known(const JobSearch *s, const Uuid *id)
{
        for (unsigned i = 0; i < s->n_known; i++)
                if (uuid_equal(&s->known[i], id))
                        return true;
        return false;
}

/* As far as it is told whose it is. */
static bool job_may_be_ours(const JobSearch *s, const CatalogFoundJob *job)
{
        return job->names_edge && strcmp(job->kind.type, s->kind.type) == 0 &&
               strcmp(job->kind.user, s->kind.user) == 0 && !job_is_known(s, &job->id);
}

static void job_judge(JobSearch *s, const CatalogFoundJob *job, int64_t from_msec, int64_t now_msec)
{
        if (!job_may_be_ours(s, job) || (job->has_created && job->created_msec < from_msec))
                return;
        if (!job->has_created || job->created_msec > now_msec + SLACK_MSEC)
                s->doubtful = true;
        else if (s->matches == 0 || !uuid_equal(&job->id, &s->job)) /* pages may overlap */
                s->matches++;
        s->job = job->id;
}

JobSearchStep job_search_page(JobSearch *s, const CatalogJobsAnswer *page, uint64_t now_usec)
{
        int64_t age_msec = ((int64_t)now_usec - s->since_usec) / (int64_t)USEC_PER_MSEC;
        int64_t from_msec = page->now_msec - age_msec - SLACK_MSEC;
        for (size_t i = 0; i < page->n_jobs; i++)
                job_judge(s, &page->jobs[i], from_msec, page->now_msec);
        s->pages++;
        if (s->doubtful || s->matches > 1 || (page->next && s->pages >= LIMIT_JOB_SEARCH_PAGES))
                return JOB_SEARCH_NOTHING;
        if (!page->next)
                return s->matches == 1 ? JOB_SEARCH_FOUND : JOB_SEARCH_NOTHING;
        (void)snprintf(s->cursor, sizeof(s->cursor), "%s", page->next);
        return JOB_SEARCH_MORE;
}
