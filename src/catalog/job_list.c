/*
 * job_list: see the header. A job says its creation in epoch milliseconds or in ISO 8601; one in
 * another form counts as not told.
 */
#include "catalog/job_list.h"
#include "base/text.h"
#include "catalog/json.h"
#include "schedule/timestamp.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 9999-12-31 */
#define MSEC_MAX 253402300799999.0

void job_list_done(JobList *l)
{
        free(l->jobs);
        free(l->next);
        *l = (JobList){0};
}

/* Both ends of a printed id are something else than a digit of an id. */
static bool text_holds_uuid(const char *text, const Uuid *id)
{
        enum { SIZE = UUID_STRING_SIZE - 1 };
        Uuid found;
        for (size_t left = strlen(text); left >= SIZE; left--, text++)
                if (uuid_parse_n(text, SIZE, &found) == 0 && uuid_equal(&found, id))
                        return true;
        return false;
}

/* ISO 8601 with "Z", or with an offset. */
static bool iso_parse(const char *text, int64_t *ret_msec)
{
        int64_t usec;
        const char *time = strchr(text, 'T');
        if (!time || !strpbrk(time, "Z+-") || timestamp_parse(text, &usec) < 0)
                return false;
        *ret_msec = usec / 1000;
        return *ret_msec >= 0 && (double)*ret_msec <= MSEC_MAX;
}

static bool job_get_created(const cJSON *object, int64_t *ret_msec)
{
        const char *text;
        double number;
        if (json_get_number(object, "createdOn", 0, MSEC_MAX, &number) == 0) {
                *ret_msec = (int64_t)number;
                return true;
        }
        return json_get_string(object, "createdOn", &text) == 0 && iso_parse(text, ret_msec);
}

static const char *job_user(const cJSON *object)
{
        const char *user;
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "user");
        if (json_get_string(object, "userId", &user) == 0 ||
            json_get_string(item, "id", &user) == 0 ||
            json_get_string(object, "user", &user) == 0 ||
            json_get_string(object, "createdBy", &user) == 0)
                return user;
        return "";
}

/* -EINVAL: no job. -ENOMEM. */
static int job_read(const cJSON *object, const Uuid *edge, const Redact *redact,
                    CatalogFoundJob *ret)
{
        const char *type = "", *name = "", *message = "";
        CatalogFoundJob job = {0};
        if (json_get_uuid(object, "id", &job.id) < 0)
                return -EINVAL;
        (void)json_get_string(object, "type", &type);
        (void)json_get_string(object, "name", &name);
        (void)json_get_string(object, "message", &message);
        job.names_edge = text_holds_uuid(name, edge) || text_holds_uuid(message, edge);
        job.has_created = job_get_created(object, &job.created_msec);
        if (redact_printable(redact, type, job.kind.type, sizeof(job.kind.type)) < 0 ||
            redact_printable(redact, job_user(object), job.kind.user, sizeof(job.kind.user)) < 0)
                return -ENOMEM;
        *ret = job;
        return 0;
}

static int list_fault(int r, const char *what, Fault *ret_fault)
{
        if (r == -ENOMEM)
                return fault_set(ret_fault, FAULT_RUN, ENOMEM, CODE_NO_MEMORY,
                                 "out of memory for a list of jobs");
        return fault_set(ret_fault, FAULT_RUN, -r, CODE_JOB_BAD_DOCUMENT,
                         "the catalog's list of jobs cannot be read: %s", what);
}

static int list_read(const cJSON *document, const Uuid *edge, const Redact *redact, JobList *l,
                     Fault *ret_fault)
{
        const cJSON *results, *item;
        const char *next = "";
        if (json_get_array(document, "results", &results) < 0)
                return list_fault(-EBADMSG, "it has no results", ret_fault);
        int r = json_get_string(document, "nextCursor", &next);
        if ((r < 0 && r != -ENOENT) || strlen(next) > LIMIT_JOB_CURSOR_BYTES)
                return list_fault(-EBADMSG, "its cursor is no text, or too long", ret_fault);
        l->jobs = calloc((size_t)cJSON_GetArraySize(results) + 1, sizeof(*l->jobs));
        l->next = next[0] ? strdup(next) : NULL;
        if (!l->jobs || (next[0] && !l->next))
                return list_fault(-ENOMEM, NULL, ret_fault);
        cJSON_ArrayForEach(item, results)
        {
                r = job_read(item, edge, redact, &l->jobs[l->n_jobs++]);
                if (r < 0)
                        return list_fault(r, "an element has no valid id", ret_fault);
        }
        return 0;
}

int job_list_parse(const char *body, size_t size, const Uuid *edge, const Redact *redact,
                   JobList *ret, Fault *ret_fault)
{
        _cleanup_(job_list_done) JobList list = {0};
        _cleanup_(cleanup_json) cJSON *document = NULL;
        _cleanup_(text_wipe) Text text = {0};
        /* a text that cannot be stored does not hide the others */
        if (json_repair(body, size, &text) < 0)
                return list_fault(-ENOMEM, NULL, ret_fault);
        int r = json_parse(text.data ? text.data : "", text.size, &document);
        if (r < 0)
                return list_fault(r, json_error_text(r), ret_fault);
        r = list_read(document, edge, redact, &list, ret_fault);
        if (r < 0)
                return r;
        *ret = TAKE(list);
        return 0;
}
