#include "web/status.h"
#include "base/clock.h"
#include "mirror/status.h"
#include "report/status_json.h"
#include "web/service.h"
#include <string.h>

#define WAITS_FOR "the status of the edges"

/* Gives all who wait the answer; NULL: the fault. */
static void status_give(StatusObservation *o, const WebAnswer *answer, const char *fault)
{
        for (size_t i = 0; i < ARRAY_SIZE(o->waiting); i++) {
                WebRequest *request = o->waiting[i];
                if (!request)
                        continue;
                o->waiting[i] = NULL;
                if (answer)
                        web_request_give(request, answer);
                else
                        web_request_answer_line(request, 503, WAITS_FOR ": %s", fault);
        }
}

static void status_take_row(StatusObservation *o, const MirrorStatus *s)
{
        cJSON *object = o->failed ? NULL : status_json(s);
        o->failed = o->failed || json_append(&o->lines, object, 0) < 0 ||
                    text_append_string(&o->lines, "\n") < 0;
        cJSON_Delete(object);
}

static void status_on_row(const MirrorStatus *s, const Fault *fault, void *userdata)
{
        StatusObservation *o = userdata;
        if (s) {
                status_take_row(o, s);
                return;
        }
        peers_task_end(&o->task);
        WebAnswer *answer = NULL;
        if (fault->scope == FAULT_NONE && !o->failed)
                answer = web_answer_new(200, WEB_JSONL, NULL, &o->lines);
        text_done(&o->lines);
        if (answer) {
                web_answer_free(o->answer);
                o->answer = answer;
                o->at_usec = o->begun_usec;
        }
        status_give(o, answer, fault->scope == FAULT_NONE ? "no memory" : fault->message);
}

static void status_observe(StatusObservation *o, Peers *peers)
{
        if (o->task.task)
                return;
        o->failed = false;
        o->begun_usec = clock_monotonic_usec();
        int r = mirror_status(peers->mirror, NULL, status_on_row, o, &o->task.task);
        if (peers_task_begin(&o->task, peers, r) < 0)
                status_give(o, NULL, strerrordesc_np(-r));
}

static void status_on_cancel(void *userdata)
{
        WebRequest **place = userdata;
        *place = NULL;
}

static void status_wait(StatusObservation *o, WebRequest *request)
{
        for (size_t i = 0; i < ARRAY_SIZE(o->waiting); i++)
                if (!o->waiting[i]) {
                        o->waiting[i] = request;
                        web_request_wait(request, WAITS_FOR, status_on_cancel, &o->waiting[i]);
                        return;
                }
}

void status_observation_answer(WebRequest *request, WebService *service)
{
        StatusObservation *o = &service->status;
        uint64_t age = clock_monotonic_usec() - o->at_usec;
        ServiceSnapshot s = service->take(service->userdata);
        if (o->answer && age <= STATUS_KEEP_USEC) {
                web_request_give(request, o->answer);
                if (age > STATUS_AGE_USEC)
                        status_observe(o, service->peers);
        } else if (s.postgres_fault) {
                web_request_answer_line(request, 503, WAITS_FOR ": %s", s.postgres_fault->message);
        } else {
                status_wait(o, request);
                status_observe(o, service->peers);
        }
}

void status_observation_reset(StatusObservation *o)
{
        peers_task_cancel(&o->task);
        text_done(&o->lines);
        o->answer = web_answer_free(o->answer);
        status_give(o, NULL, "the configuration has changed; try again");
}
