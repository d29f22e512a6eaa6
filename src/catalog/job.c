#include "catalog/job.h"
#include "base/job_state.h"
#include "catalog/json.h"
#include "schedule/timestamp.h"
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
static int job_get_word(const cJSON *object, const char *name, const Redact *redact,
                        char out[JOB_WORD_BYTES])
{
        const char *string;
        int r = json_get_string(object, name, &string);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r;
        if (redact_printable(redact, string, out, JOB_WORD_BYTES) < 0)
                return -ENOMEM;
        for (char *c = out; *c; c++)
                *c = (char)toupper((unsigned char)*c);
        return 0;
}

/* Redacted before it is cut, so that no half of our credentials stays; cut at a character, so that
 * PostgreSQL takes it. */
static char *job_message(const cJSON *object, const Redact *redact)
{
        const char *message;
        if (json_get_string(object, "message", &message) < 0)
                message = "";
        char *copy = strdup(message);
        if (!copy)
                return NULL;
        redact_text(redact, copy);
        size_t size = strnlen(copy, LIMIT_JOB_MESSAGE_MAX_BYTES);
        while (size > 0 && !text_utf8_valid(copy, size))
                size--;
        copy[size] = '\0';
        return copy;
}

/* The whole of it, for jsonb; as it is printed it must fit, which may be six times what arrived.
 * NULL: too large, no memory, or nothing that may be stored. */
static char *job_document(cJSON *object, const Redact *redact)
{
        redact_json(redact, object->child);
        char *document = redact_print(redact, object);
        if (!document || strlen(document) <= LIMIT_JOB_DOCUMENT_MAX_BYTES)
                return document;
        cJSON_free(document);
        return NULL;
}

static int job_read_status(const cJSON *object, const Uuid *asked, const Redact *redact,
                           JobStatus *ret)
{
        *ret = (JobStatus){.progress = -1};
        bool is_edge = cJSON_GetObjectItemCaseSensitive(object, "status") &&
                       !cJSON_GetObjectItemCaseSensitive(object, "state");
        /* An entry of a log may have an id of its own beside that of the job. */
        int id = json_get_uuid(object, "jobId", &ret->id);
        if (id == -ENOENT)
                id = json_get_uuid(object, "id", &ret->id);
        int r = job_get_word(object, is_edge ? "status" : "state", redact, ret->state);
        if (r >= 0)
                r = job_get_word(object, "result", redact, ret->result);
        if (r < 0)
                return r == -EINVAL && id >= 0 ? -EPROTO : r;
        (void)json_get_number(object, "progressPercentage", 0, 100, &ret->progress);
        if (id == -ENOENT && asked && is_edge && job_state_is_of_edge(ret->state)) {
                ret->id = *asked;
                id = 0;
        }
        return id < 0 ? -EINVAL : 0;
}

/* Is the one as new as the other, or newer? Of entries that cannot be compared the later one in the
 * list is. */
static bool entry_is_newer(const cJSON *entry, const cJSON *than)
{
        static const char when[] = "lastUpdatedDateTime";
        const char *a, *b;
        int64_t at, than_at;
        double x, y;
        if (json_get_string(entry, when, &a) == 0 && json_get_string(than, when, &b) == 0)
                return timestamp_parse(a, &at) < 0 || timestamp_parse(b, &than_at) < 0
                               ? strcmp(a, b) >= 0
                               : at >= than_at;
        if (json_get_number(entry, when, 0, 1e18, &x) == 0 &&
            json_get_number(than, when, 0, 1e18, &y) == 0)
                return x >= y;
        return true;
}

/* A log of entries is as its newest one; but a job that has ended does not run again, whatever the
 * times say. NULL: there is none. */
static cJSON *job_find(cJSON *document, const Redact *redact)
{
        if (!cJSON_IsArray(document))
                return document;
        cJSON *found = NULL, *entry;
        bool ended = false;
        cJSON_ArrayForEach(entry, document)
        {
                JobStatus status;
                if (!cJSON_IsObject(entry))
                        continue;
                (void)job_read_status(entry, NULL, redact, &status);
                bool ends = job_is_terminal(&status);
                if (!found || ends > ended || (ends == ended && entry_is_newer(entry, found))) {
                        found = entry;
                        ended = ends;
                }
        }
        return found;
}

/* A text that cannot be stored does not hide the state: it is repaired. */
static int job_parse_json(const char *body, size_t size, cJSON **ret)
{
        _cleanup_(text_wipe) Text repaired = {0};
        int r = json_parse(body, size, ret);
        if (r != -EILSEQ && r != -EBADMSG)
                return r;
        if (json_repair(body, size, &repaired) < 0)
                return -ENOMEM;
        return json_parse(repaired.data, repaired.size, ret);
}

int job_parse(const char *body, size_t size, const Uuid *asked, const Redact *redact,
              JobDocument *ret)
{
        _cleanup_(cleanup_json) cJSON *root = NULL;
        int r = job_parse_json(body, size, &root);
        if (r < 0)
                return r;
        cJSON *object = job_find(root, redact);
        CatalogJob job = {0};
        r = object ? job_read_status(object, asked, redact, &job.status) : -EINVAL;
        if (r < 0)
                return r;
        char *message = job_message(object, redact);
        if (!message)
                return -ENOMEM;
        char *document = job_document(object, redact);
        job.message = message;
        job.document = document;
        *ret = (JobDocument){.job = job, .message = message, .document = document};
        return 0;
}
