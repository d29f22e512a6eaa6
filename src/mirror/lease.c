/*
 * lease: claim, progress and finish. Each is one statement.
 */
#include "mirror/lease.h"
#include "base/job_state.h"
#include "base/text.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct ClaimTask {
        MirrorTask task;
        MirrorClaimCallback callback;
        MirrorClaim claim;
} ClaimTask;

/* ---- claim ---------------------------------------------------------------------------------- */

static void claim_take_doing(const PGresult *r, MirrorClaim *claim)
{
        enum { PHASE = 10, JOB_STATE, JOB_PROGRESS, LISTED };
        const char *phase = result_text(r, 0, PHASE), *state = result_text(r, 0, JOB_STATE);
        const char *progress = result_text(r, 0, JOB_PROGRESS);
        char *out = claim->holder_doing;
        if (!phase)
                return;
        if (sync_phase_parse(phase) == SYNC_PHASE_POLL && state)
                (void)snprintf(out, sizeof(claim->holder_doing),
                               progress ? "job %.60s, %.10s %%" : "job %.60s", state, progress);
        else if (sync_phase_parse(phase) == SYNC_PHASE_LIST)
                (void)snprintf(out, sizeof(claim->holder_doing), "%.20s rows listed",
                               result_string(r, 0, LISTED));
        else
                (void)snprintf(out, sizeof(claim->holder_doing), "in phase %.20s", phase);
}

/* 0: unknown, or in the future */
static uint64_t claim_usec(const PGresult *r, int column)
{
        int64_t usec = result_text(r, 0, column) ? result_int(r, 0, column) : 0;
        return usec > 0 ? (uint64_t)usec : 0;
}

static void claim_take_lost(const PGresult *r, MirrorClaim *claim)
{
        enum { LOST_USEC = 14, JOB_TYPE, JOB_USER, KNOWN_JOBS };
        const char *type = result_string(r, 0, JOB_TYPE), *user = result_string(r, 0, JOB_USER);
        const char *known = result_text(r, 0, KNOWN_JOBS);
        JobKind *kind = &claim->job_kind;
        claim->lost = !claim->resumes && result_text(r, 0, LOST_USEC) && type[0];
        if (!claim->lost)
                return;
        claim->lost_since_usec = result_int(r, 0, LOST_USEC);
        text_show(type, kind->type);
        text_show(user, kind->user);
        for (; known && claim->n_known_jobs < LIMIT_KNOWN_JOBS; claim->n_known_jobs++) {
                Uuid *job = &claim->known_jobs[claim->n_known_jobs];
                if (uuid_parse_n(known, strcspn(known, " "), job) < 0)
                        break;
                known = strchr(known, ' ') ? strchr(known, ' ') + 1 : NULL;
        }
}

static PgNext claim_on_result(const PGresult *result, void *userdata, Fault *ret_fault)
{
        enum { SINCE = 7, EXPIRES = 8, BEFORE = 18, OUTCOME_BEFORE, SEEN, LEASE };
        MirrorClaim *claim = &((ClaimTask *)userdata)->claim;
        if (PQntuples(result) != 1 || !result_bool(result, 0, 0)) {
                fault_set(ret_fault, FAULT_RUN, ENOENT, CODE_EDGE_NOT_REGISTERED,
                          "the edge is not in edgemirror.edge_claim");
                return PG_ROLLBACK;
        }
        claim->busy = !result_text(result, 0, 1);
        const char *holder = result_text(result, 0, 6);
        if (claim->busy) {
                claim_take_doing(result, claim);
                (void)snprintf(claim->holder, sizeof(claim->holder), "%s",
                               holder ? holder : "another instance");
                claim->holder_since_usec = claim_usec(result, SINCE);
                claim->holder_seen_usec = claim_usec(result, SEEN);
                claim->holder_expires_usec = claim_usec(result, EXPIRES);
                claim->holder_lease_usec = claim_usec(result, LEASE);
                return PG_NEXT;
        }
        if (holder && strcmp(holder, ((ClaimTask *)userdata)->task.mirror->instance) != 0)
                (void)snprintf(claim->holder, sizeof(claim->holder), "%s", holder);
        claim->run_id = result_int(result, 0, 1);
        claim->epoch = result_int(result, 0, 2);
        const char *job = result_text(result, 0, 4);
        claim->resumes = result_bool(result, 0, 3) && job && uuid_parse(job, &claim->job_id) == 0;
        (void)snprintf(claim->job_url, sizeof(claim->job_url), "%s", result_string(result, 0, 5));
        claim->job_since_usec =
                claim->resumes && result_text(result, 0, 9) ? result_int(result, 0, 9) : 0;
        claim_take_lost(result, claim);
        if (result_text(result, 0, BEFORE))
                claim->before = (EndedRun){
                        .run_id = result_int(result, 0, BEFORE),
                        .outcome = sync_outcome_parse(result_text(result, 0, OUTCOME_BEFORE))};
        return PG_NEXT;
}

static bool claim_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        ClaimTask *t = (ClaimTask *)task;
        t->callback(&t->claim, fault, task->userdata);
        return false;
}

int mirror_claim(Mirror *m, const MirrorClaimRequest *request, MirrorClaimCallback callback,
                 void *userdata, MirrorTask **ret)
{
        static const char *const triggers[] = {
                [MIRROR_TRIGGER_SCHEDULE] = "schedule", [MIRROR_TRIGGER_MANUAL] = "manual"};
        ClaimTask *t = task_new(m, sizeof(*t), claim_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->task.repeatable = true;
        params_uuid(t->task.params, &request->edge);
        params_text(t->task.params, m->instance);
        params_text(t->task.params, m->lease);
        params_text(t->task.params, triggers[request->trigger]);
        params_bool(t->task.params, request->refresh);
        params_int(t->task.params, request->held_epoch);
        params_int(t->task.params, request->next_run_usec);
        params_usec(t->task.params, request->job_max_age_usec);
        params_usec(t->task.params, LIMIT_LEASE_LEFT_USEC);
        params_names(t->task.params, job_states_terminal());
        return task_start_statement(&t->task, "claim", sql_claim, claim_on_result, ret);
}

/* ---- progress ------------------------------------------------------------------------------- */

static PgNext progress_on_count(const PGresult *result, void *userdata _unused_, Fault *ret_fault)
{
        if (result_int(result, 0, 0) > 0)
                return PG_NEXT;
        mirror_fault_lease_lost(ret_fault);
        return PG_ROLLBACK;
}

static const char *text_or_null(bool there, const char *text)
{
        return there && text[0] ? text : NULL;
}

int mirror_progress(Mirror *m, const MirrorRun *run, const MirrorProgress *progress,
                    MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        MirrorTask *t = task_new(m, sizeof(*t), task_report, userdata);
        if (!t)
                return -ENOMEM;
        Params *p = t->params;
        const JobStatus *job = &progress->job;
        char id[UUID_STRING_SIZE];
        t->plain = callback;
        t->repeatable = true;
        params_uuid(p, &run->edge);
        params_int(p, run->epoch);
        params_text(p, m->lease);
        params_int(p, run->run_id);
        params_text(p, sync_phase_name(progress->phase));
        params_text(p, progress->has_job ? uuid_format(&job->id, id) : NULL);
        params_text(p, progress->job_url);
        params_text(p, text_or_null(progress->has_job, job->state));
        params_text(p, text_or_null(progress->has_job, job->result));
        params_double(p, progress->has_job ? job->progress : -1);
        params_text(p, progress->job_message);
        params_text(p, progress->job_document);
        params_int(p, progress->pages);
        params_int(p, progress->requests);
        params_int(p, progress->listed);
        params_bool(p, progress->resumes);
        /* by this a lease is renewed, which ends however much else there is to do */
        const PgWork work = {.steps = &t->step, .n_steps = 1, .phase = "progress", .prompt = true};
        t->step = task_step(sql_progress, p, progress_on_count);
        t->step.prepared = true;
        return task_start(t, &work, ret);
}

/* ---- finish --------------------------------------------------------------------------------- */

static PgNext finish_on_count(const PGresult *result, void *userdata _unused_, Fault *ret_fault)
{
        if (result_int(result, 0, 0) > 0)
                return PG_NEXT;
        fault_set(ret_fault, FAULT_RUN, ESTALE, CODE_RUN_OVER,
                  "the end of the run was recorded already; see edgemirror.sync_run");
        return PG_ROLLBACK;
}

void params_ending(Params *p, const MirrorRun *run, const MirrorEnding *ending)
{
        const Fault *fault =
                ending->fault && ending->fault->scope != FAULT_NONE ? ending->fault : NULL;
        char id[UUID_STRING_SIZE];
        char status[16];
        (void)snprintf(status, sizeof(status), "%d", fault ? fault->http_status : 0);
        params_uuid(p, &run->edge);
        params_int(p, run->epoch);
        params_int(p, run->run_id);
        params_text(p, sync_outcome_name(ending->outcome));
        params_text(p, sync_refresh_name(ending->refresh));
        params_text(p, ending->has_job ? uuid_format(&ending->job.id, id) : NULL);
        params_text(p, text_or_null(ending->has_job, ending->job.state));
        params_text(p, text_or_null(ending->has_job, ending->job.result));
        params_double(p, ending->has_job ? ending->job.progress : -1);
        params_text(p, ending->job_message);
        params_text(p, ending->job_document);
        params_int(p, ending->pages);
        params_int(p, ending->requests);
        params_text(p, fault ? fault_scope_name(fault->scope) : NULL);
        params_text(p, fault ? fault_code_name(fault->code) : NULL);
        params_text(p, fault ? fault->message : NULL);
        params_text(p, fault && fault->http_status ? status : NULL);
        params_text(p, ending->problem);
}

int mirror_finish(Mirror *m, const MirrorRun *run, const MirrorEnding *ending,
                  MirrorCallback callback, void *userdata, MirrorTask **ret)
{
        MirrorTask *t = task_new(m, sizeof(*t), task_report, userdata);
        if (!t)
                return -ENOMEM;
        t->plain = callback;
        t->repeatable = true;
        params_ending(t->params, run, ending);
        params_int(t->params, ending->listed);
        params_bool(t->params, ending->resumes);
        params_bool(t->params, ending->of_service);
        return task_start_statement(t, "finish", sql_finish, finish_on_count, ret);
}
