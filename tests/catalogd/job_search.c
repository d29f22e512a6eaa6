/*
 * job_search: newest first, page by page. The parameters `type` (the whole of it) and `name` (a
 * part of it) are known, the others are ignored. The cursor says how many jobs, of all, are not
 * listed yet: one that begins meanwhile is on no later page.
 */
#include "catalogd/job_search.h"

#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum { PAGE_DEFAULT = 50, PAGE_MAX = 1000 };

static const char *argument(const ApiRequest *request, const char *name)
{
        return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static bool job_matches(const cJSON *job, const char *type, const char *name)
{
        const char *its_type = cJSON_GetStringValue(cJSON_GetObjectItem(job, "type"));
        const char *its_name = cJSON_GetStringValue(cJSON_GetObjectItem(job, "name"));

        return (!type || text_equal(its_type, type)) && (!name || strstr(its_name, name));
}

static void replace_text(cJSON *job, const char *member, const char *text)
{
        cJSON_ReplaceItemInObject(job, member, cJSON_CreateString(text));
}

/* Jobs that stand beside each of ours: of another type, of another edge, of somebody else. */
static void add_foreign_jobs(cJSON *results, const Site *site, const Job *job, size_t number,
                             bool job_api)
{
        for (unsigned i = 0; i < 3; i++) {
                cJSON *foreign = job_describe(job, job_api, site->settings.jobs_named);
                Uuid other = model_draw_id(site->model.seed, 'x', number, i);
                char text[UUID_STRING_SIZE];

                replace_text(foreign, "id", uuid_format(&other, text));
                if (i == 0)
                        replace_text(foreign, "type", "SCHEMA_CONNECTIONS_SYNCHRONIZATION");
                else if (i == 1)
                        replace_text(foreign, "name", text);
                else if (job_api)
                        replace_text(cJSON_GetObjectItem(foreign, "user"), "id", text);
                else
                        replace_text(foreign, "userId", text);
                cJSON_AddItemToArray(results, foreign);
        }
}

static int64_t number_argument(const ApiRequest *request, const char *name, int64_t max,
                               int64_t otherwise)
{
        const char *text = argument(request, name);
        int64_t value;

        return text && text_parse_int64(text, 0, max, &value) == 0 ? value : otherwise;
}

int job_search_answer(const Site *site, const ApiRequest *request, Answer *ret)
{
        bool job_api = site->settings.job_shape != JOB_SHAPE_REFERENCE;
        const char *type = argument(request, "type"), *name = argument(request, "name");
        int64_t left = number_argument(request, "cursor", (int64_t)site->jobs.n_jobs,
                                       (int64_t)site->jobs.n_jobs);
        int64_t size = number_argument(request, "pageSize", PAGE_MAX, PAGE_DEFAULT);
        cJSON *object = cJSON_CreateObject(), *results = cJSON_AddArrayToObject(object, "results");
        char cursor[24];

        if (site->settings.job_search_status > 0) {
                cJSON_Delete(object);
                return answer_set_problem(ret, (unsigned)site->settings.job_search_status, NULL,
                                          "Jobs cannot be searched at %s.", request->path);
        }
        while (left > 0 && cJSON_GetArraySize(results) < size) {
                const Job *job = site->jobs.jobs[--left];
                cJSON *described = job_describe(job, job_api, site->settings.jobs_named);

                if (job_matches(described, type, name))
                        cJSON_AddItemToArray(results, described);
                else
                        cJSON_Delete(described);
                if (site->settings.foreign_jobs)
                        add_foreign_jobs(results, site, job, (size_t)left, job_api);
        }
        (void)snprintf(cursor, sizeof(cursor), "%lld", (long long)left);
        if (left > 0)
                cJSON_AddStringToObject(object, "nextCursor", cursor);
        return answer_set_json(ret, MHD_HTTP_OK, object);
}
