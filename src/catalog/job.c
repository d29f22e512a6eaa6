/*
 * job: decoding of Job documents, and what states and results mean.
 */
#include "catalog/job.h"
#include "catalog/json.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>

void job_document_done(JobDocument *d)
{
        free(d->message);
        cJSON_free(d->document);
        *d = (JobDocument){0};
}

/* States and results are short upper-case words; anything longer is cut and then simply unknown. */
static int job_get_word(const cJSON *object, const char *name, char out[JOB_WORD_BYTES])
{
        const char *string;
        int r = json_get_string(object, name, &string);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        text_printable(string, strlen(string), out, JOB_WORD_BYTES);
        for (char *c = out; *c; c++)
                *c = (char)toupper((unsigned char)*c);
        return 0;
}

/* Blotted before it is cut, so that no half of our credentials stays; cut at a character, so that PostgreSQL takes it. */
static char *job_message(const cJSON *object, const Blot *blot)
{
        const char *message;
        if (json_get_string(object, "message", &message) < 0)
                message = "";
        char *copy = strdup(message);
        if (!copy)
                return NULL;
        blot_text(blot, copy);
        size_t size = strnlen(copy, LIMIT_JOB_MESSAGE_MAX_BYTES);
        while (size > 0 && !text_utf8_valid(copy, size))
                size--;
        copy[size] = '\0';
        return copy;
}

/* The whole of it, for jsonb. NULL: too large, no memory, or nothing that PostgreSQL would store. */
static char *job_document(const cJSON *object, size_t size, const Blot *blot)
{
        char *document = size <= LIMIT_JOB_DOCUMENT_MAX_BYTES ? cJSON_PrintUnformatted(object) : NULL;
        blot_text(blot, document);
        if (!document || text_utf8_valid(document, strlen(document)))
                return document;
        cJSON_free(document);
        return NULL;
}

int job_parse(const char *body, size_t size, const Blot *blot, JobDocument *ret)
{
        _cleanup_(cleanup_json) cJSON *object = NULL;
        int r = json_parse(body, size, &object);
        if (r < 0)
                return r;

        CatalogJob job = {.status.progress = -1};
        r = json_get_uuid(object, "id", &job.status.id);
        if (r < 0)
                return -EINVAL;
        if (job_get_word(object, "state", job.status.state) < 0 ||
            job_get_word(object, "result", job.status.result) < 0)
                return -EINVAL;
        (void)json_get_number(object, "progressPercentage", 0, 100, &job.status.progress);

        char *message = job_message(object, blot);
        if (!message)
                return -ENOMEM;
        char *document = job_document(object, size, blot);
        job.message = message;
        job.document = document;
        *ret = (JobDocument){.job = job, .message = message, .document = document};
        return 0;
}

static bool job_state_is(const JobStatus *job, const char *const *states, size_t n_states)
{
        for (size_t i = 0; i < n_states; i++)
                if (strcmp(job->state, states[i]) == 0)
                        return true;
        return false;
}

bool catalog_job_terminal(const JobStatus *job)
{
        static const char *const terminal[] = {"COMPLETED", "CANCELED", "CANCELLED", "ERROR", "FAILED", "DELETED"};
        return job_state_is(job, terminal, ARRAY_SIZE(terminal));
}

bool catalog_job_clean(const JobStatus *job)
{
        return strcmp(job->state, "COMPLETED") == 0 &&
               (job->result[0] == '\0' || strcmp(job->result, "NOT_SET") == 0 || strcmp(job->result, "SUCCESS") == 0);
}

bool catalog_job_waiting(const JobStatus *job)
{
        return job->state[0] == '\0' || strcmp(job->state, "WAITING") == 0;
}
