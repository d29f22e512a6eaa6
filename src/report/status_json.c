#include "report/status_json.h"

static void add_job(cJSON *o, const MirrorStatus *s)
{
        if (!s->job_id) {
                json_add_null(o, "job");
                return;
        }
        cJSON *job = json_add_object(o, "job");
        json_add_text(job, "id", s->job_id);
        json_add_text(job, "state", s->job_state);
        json_add_number(job, "progress", s->job_progress);
}

cJSON *status_json(const MirrorStatus *s)
{
        cJSON *o = cJSON_CreateObject();
        json_add_text(o, "edge", s->name);
        json_add_uuid(o, "edgeConnectionId", &s->edge);
        json_add_bool(o, "enabled", s->enabled);
        json_add_text(o, "origin", s->origin);
        json_add_text(o, "state", s->state);
        json_add_text(o, "phase", s->phase);
        json_add_text(o, "holder", s->holder);
        json_add_text(o, "outcome", s->outcome);
        json_add_text(o, "refresh", s->refresh);
        json_add_int(o, "rowCount", s->row_count);
        json_add_int(o, "held", s->held);
        json_add_int(o, "pending", s->pending);
        json_add_int(o, "rejected", s->rejected);
        json_add_text(o, "observedAt", s->observed_at);
        json_add_text(o, "listedAt", s->listed_at);
        json_add_text(o, "refreshedAt", s->refreshed_at);
        json_add_text(o, "nextRunAt", s->next_run_at);
        json_add_bool(o, "overdue", s->overdue);
        json_add_int(o, "consecutiveFailures", s->consecutive_failures);
        add_job(o, s);
        json_add_fault(o, "error", s->error_scope, s->error_code, s->error_message,
                       s->error_http_status, NULL);
        return o;
}
