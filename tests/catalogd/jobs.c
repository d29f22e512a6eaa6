/*
 * jobs: timing and the two shapes.
 *
 * Ended jobs are kept: a test may ask for any of them, and a server lives as long as a test or a
 * benchmark.
 */
#include "catalogd/jobs.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "catalogd/ops.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t wall_clock_ms(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static Job *job_free(Job *job)
{
        if (job) {
                free(job->end_state);
                free(job->result);
                free(job->message);
        }
        free(job);
        return NULL;
}
DEFINE_CLEANUP(Job, job, job_free)

void jobs_done(Jobs *jobs)
{
        for (size_t i = 0; i < jobs->n_jobs; i++)
                job_free(jobs->jobs[i]);
        free(jobs->jobs);
        idmap_done(&jobs->by_id);
        *jobs = (Jobs){0};
}

static int copy_text(const char *text, char **ret)
{
        if (!text)
                return 0;
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

static void job_schedule(Job *job, const Settings *settings, const Effect *effect)
{
        int64_t wait_ms = effect->job_wait_ms >= 0 ? effect->job_wait_ms : settings->job_wait_ms;
        int64_t run_ms = effect->job_run_ms >= 0 ? effect->job_run_ms : settings->job_run_ms;

        job->created_usec = clock_monotonic_usec();
        job->run_at_usec = job->created_usec + (uint64_t)wait_ms * USEC_PER_MSEC;
        job->end_at_usec = job->run_at_usec + (uint64_t)run_ms * USEC_PER_MSEC;
        if (effect->never_ends)
                job->end_at_usec = UINT64_MAX;
        if (effect->stays_waiting)
                job->run_at_usec = job->end_at_usec = UINT64_MAX;
}

int jobs_start(Jobs *jobs, const Model *model, Edge *edge, const Settings *settings,
               const Effect *effect, Job **ret)
{
        _cleanup_(cleanup_job) Job *job = calloc(1, sizeof(*job));
        Job **grown = reallocarray(jobs->jobs, jobs->n_jobs + 1, sizeof(Job *));
        int r;

        if (grown)
                jobs->jobs = grown;
        if (!job || !grown || copy_text(effect->end_state, &job->end_state) < 0 ||
            copy_text(effect->result, &job->result) < 0 ||
            copy_text(effect->message, &job->message) < 0)
                return -ENOMEM;
        job->id = model_draw_id(model->seed, 'j', jobs->n_jobs, 0);
        job->edge = edge;
        job->state = "WAITING";
        job->created_ms = wall_clock_ms();
        job->hidden_polls = effect->hidden_polls;
        job->vanish_after = effect->vanish_after;
        job_schedule(job, settings, effect);
        r = idmap_put(&jobs->by_id, job);
        if (r < 0)
                return r;
        *ret = job;
        jobs->jobs[jobs->n_jobs++] = TAKE(job);
        return 0;
}

static bool job_ended(const Job *job)
{
        return job->ended_ms != 0;
}

/* When something was due, on the wall clock: a job that nobody looked at for a while did not end
 * late. */
static int64_t scheduled_ms(const Job *job, uint64_t at_usec)
{
        return job->created_ms + (int64_t)((at_usec - job->created_usec) / USEC_PER_MSEC);
}

static void job_advance(Job *job, Model *model, uint64_t now)
{
        if (now >= job->end_at_usec) {
                job->state = job->end_state ? job->end_state : "COMPLETED";
                job->started_ms = scheduled_ms(job, job->run_at_usec);
                job->ended_ms = scheduled_ms(job, job->end_at_usec);
                if (strcmp(job->state, "COMPLETED") == 0) {
                        job->progress = 100;
                        ops_reveal(model, job->edge);
                }
        } else if (now >= job->run_at_usec) {
                uint64_t total = job->end_at_usec - job->run_at_usec;

                job->started_ms = scheduled_ms(job, job->run_at_usec);
                job->state = "RUNNING";
                job->progress =
                        job->end_at_usec == UINT64_MAX
                                ? 42
                                : (double)((now - job->run_at_usec) * 100 / (total ? total : 1));
        }
}

void jobs_advance(Jobs *jobs, Model *model)
{
        uint64_t now = clock_monotonic_usec();

        for (size_t i = jobs->n_settled; i < jobs->n_jobs; i++)
                if (!job_ended(jobs->jobs[i]))
                        job_advance(jobs->jobs[i], model, now);
        while (jobs->n_settled < jobs->n_jobs && job_ended(jobs->jobs[jobs->n_settled]))
                jobs->n_settled++;
}

bool jobs_busy(const Jobs *jobs, const Edge *edge)
{
        for (size_t i = jobs->n_settled; i < jobs->n_jobs; i++)
                if (jobs->jobs[i]->edge == edge && !job_ended(jobs->jobs[i]))
                        return true;
        return false;
}

Job *jobs_poll(Jobs *jobs, const Uuid *id)
{
        Job *job = idmap_get(&jobs->by_id, id);

        if (!job)
                return NULL;
        job->n_polls++;
        if (job->n_polls <= job->hidden_polls)
                return NULL;
        if (job->vanish_after > 0 && job->n_polls > job->vanish_after)
                return NULL;
        return job;
}

static void add_iso_time(cJSON *object, const char *name, int64_t ms)
{
        time_t seconds = (time_t)(ms / 1000);
        char text[48], date[32];
        struct tm parts;

        if (ms == 0)
                return;
        (void)gmtime_r(&seconds, &parts);
        (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
        (void)snprintf(text, sizeof(text), "%s.%03dZ", date, (int)(ms % 1000));
        cJSON_AddStringToObject(object, name, text);
}

static const char *job_message(const Job *job)
{
        if (job->message)
                return job->message;
        if (!job_ended(job))
                return "";
        return strcmp(job->state, "COMPLETED") == 0
                       ? "The database connections have been refreshed."
                       : "The database connections could not be refreshed.";
}

static const char *job_result(const Job *job)
{
        if (!job_ended(job))
                return "NOT_SET";
        if (job->result)
                return job->result;
        if (strcmp(job->state, "COMPLETED") == 0)
                return "SUCCESS";
        return text_equal(job->state, "ERROR") ? "FAILURE" : "ABORTED";
}

static void describe_reference(const Job *job, cJSON *object, const char *user)
{
        int64_t modified = job->ended_ms     ? job->ended_ms
                           : job->started_ms ? job->started_ms
                                             : job->created_ms;

        cJSON_AddStringToObject(object, "createdBy", user);
        cJSON_AddNumberToObject(object, "createdOn", (double)job->created_ms);
        cJSON_AddStringToObject(object, "lastModifiedBy", user);
        cJSON_AddNumberToObject(object, "lastModifiedOn", (double)modified);
        cJSON_AddBoolToObject(object, "system", false);
        cJSON_AddStringToObject(object, "resourceType", "Job");
        cJSON_AddStringToObject(object, "userId", user);
        if (job->started_ms)
                cJSON_AddNumberToObject(object, "startDate", (double)job->started_ms);
        if (job->ended_ms)
                cJSON_AddNumberToObject(object, "endDate", (double)job->ended_ms);
        if (job->result && job_ended(job)) /* not in the reference, but a rule asked for it */
                cJSON_AddStringToObject(object, "result", job->result);
}

static void describe_job_api(const Job *job, cJSON *object, const char *user)
{
        cJSON_AddStringToObject(cJSON_AddObjectToObject(object, "user"), "id", user);
        add_iso_time(object, "createdOn", job->created_ms);
        add_iso_time(object, "startDate", job->started_ms);
        add_iso_time(object, "endDate", job->ended_ms);
        cJSON_AddStringToObject(object, "result", job_result(job));
}

cJSON *job_describe(const Job *job, bool job_api, bool named)
{
        cJSON *object = cJSON_CreateObject();
        char id[UUID_STRING_SIZE], user[UUID_STRING_SIZE], edge[UUID_STRING_SIZE], name[96];
        Uuid user_id = model_draw_id(0, 'u', 0, 0);

        uuid_format(&user_id, user);
        cJSON_AddStringToObject(object, "id", uuid_format(&job->id, id));
        (void)snprintf(name, sizeof(name), "Refresh database connections%s%s", named ? " of " : "",
                       named ? uuid_format(&job->edge->id, edge) : "");
        cJSON_AddStringToObject(object, "name", name);
        cJSON_AddStringToObject(object, "type", "DATABASE_CONNECTIONS_SYNCHRONIZATION");
        cJSON_AddStringToObject(object, "state", job->state);
        cJSON_AddNumberToObject(object, "progressPercentage", job->progress);
        cJSON_AddStringToObject(object, "message", job_message(job));
        if (job_api)
                describe_job_api(job, object, user);
        else
                describe_reference(job, object, user);
        return object;
}

static const char *edge_status(const Job *job)
{
        static const struct {
                const char *state, *status;
        } words[] = {{"WAITING", "SUBMITTED"},
                     {"RUNNING", "RUNNING"},
                     {"COMPLETED", "CAPABILITY_SUCCEEDED"},
                     {"CANCELED", "CANCELLED"},
                     {"ERROR", "FAILED"}};

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (text_equal(job->state, words[i].state))
                        return words[i].status;
        return job->state;
}

static cJSON *edge_entry(const Job *job, const char *status, int64_t at_ms, const char *message)
{
        cJSON *entry = cJSON_CreateObject();
        char id[UUID_STRING_SIZE];

        cJSON_AddStringToObject(entry, "jobId", uuid_format(&job->id, id));
        cJSON_AddStringToObject(entry, "status", status);
        cJSON_AddStringToObject(entry, "message", message);
        add_iso_time(entry, "lastUpdatedDateTime", at_ms);
        return entry;
}

cJSON *job_describe_edge(const Job *job, bool as_log)
{
        int64_t at_ms = job->ended_ms     ? job->ended_ms
                        : job->started_ms ? job->started_ms
                                          : job->created_ms;
        cJSON *now = edge_entry(job, edge_status(job), at_ms, job_message(job));

        if (!as_log)
                return now;
        cJSON *log = cJSON_CreateArray();
        cJSON_AddItemToArray(log, edge_entry(job, "SUBMITTED", job->created_ms, ""));
        if (job->started_ms)
                cJSON_AddItemToArray(log, edge_entry(job, "RUNNING", job->started_ms, ""));
        if (strcmp(edge_status(job), "SUBMITTED") != 0)
                cJSON_AddItemToArray(log, now);
        else
                cJSON_Delete(now);
        return log;
}
