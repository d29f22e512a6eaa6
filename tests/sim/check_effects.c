/*
 * check_effects: what a run does, and in which order, whatever comes of it; see check.h.
 */
#include "sim/check.h"
#include <string.h>

/* A note comes a third of a lease after the one before was answered, at the latest; and whoever was
 * paused cannot know. */
void check_alive(World *w, const Run *r)
{
        uint64_t lease = w->settings.lease_usec;
        bool renews = r->run_id > 0 && !r->noting && !r->lease_lost && !r->ending;
        if (renews && w->instances[r->instance].paused_until <= r->noted_at &&
            w->now > r->noted_at + lease / 3 + lease / 30 + SEC)
                world_fail(w, "run %d has not renewed its lease for %.1f s", (int)r->run_id,
                           (double)(w->now - r->noted_at) / 1e6);
}

/* A note may wait for a second, and comes a little later; whoever was paused cannot know. */
static bool phase_is_noted(const World *w, const Run *r, SyncPhase phase, uint64_t since)
{
        return r->plan.dry || r->note_failed || r->noting || r->noted_phase >= phase ||
               w->now <= since + 2 * SEC || w->instances[r->instance].paused_until > since;
}

static void check_phase_noted(World *w, const Run *r)
{
        if ((r->first_page_at > 0 && !phase_is_noted(w, r, SYNC_PHASE_LIST, r->first_page_at)) ||
            (r->first_one_at > 0 && !phase_is_noted(w, r, SYNC_PHASE_VERIFY, r->first_one_at)))
                world_fail(w, "run %d has not noted how far it came", (int)r->run_id);
}

static void check_list_request(World *w, Run *r, const CallRequest *request)
{
        static uint32_t attempts;
        if (request->filtered != r->plan.filtered)
                world_fail(w, "a list is asked for with another filter than configured");
        if (r->attempt > 0)
                return;
        r->attempt = ++attempts;
        r->first_page_at = w->now;
}

void check_request(World *w, Run *r, const CallRequest *request)
{
        check_alive(w, r);
        if (request->edge != r->edge)
                world_fail(w, "the catalog is asked about another edge");
        /* The apply that finds rows missing does not look at the lease. */
        if ((r->lease_lost && request->kind != CALL_ONE) || r->ending)
                world_fail(w, "run %d asks the catalog although its %s", (int)r->run_id,
                           r->ending ? "end is being recorded" : "lease is lost");
        if (r->n_tasks > (r->noting ? 1 : 0))
                world_fail(w, "run %d asks the catalog beside its claim or apply", (int)r->run_id);
        if (r->plan.dry && request->kind == CALL_REFRESH)
                world_fail(w, "a dry run asks for a refresh");
        check_phase_noted(w, r);
        if (request->kind == CALL_LIST)
                check_list_request(w, r, request);
        if (request->kind == CALL_ONE && r->first_one_at == 0)
                r->first_one_at = w->now;
        if (request->kind == CALL_REFRESH)
                check_refresh(w, r);
        if (request->kind == CALL_JOBS) {
                if (r->lost_at == 0)
                        world_fail(w, "run %d looks for a job, and none can be lost",
                                   (int)r->run_id);
                r->searches++;
        }
        if (request->kind == CALL_JOB && !r->resumed && !r->noted_job && !r->noting &&
            !r->note_failed)
                world_fail(w, "run %d asks for a job that it has not noted", (int)r->run_id);
}

static void check_note(World *w, Run *r, const MirrorProgress *progress)
{
        check_alive(w, r);
        if (r->noting || r->finishing)
                world_fail(w, "run %d writes a note beside another, or when it ends",
                           (int)r->run_id);
        if (progress->phase < r->noted_phase && progress->phase < SYNC_PHASE_VERIFY)
                world_fail(w, "run %d notes that it has gone back", (int)r->run_id);
        r->noting = true;
        r->noted_phase = progress->phase;
        r->noted_job = r->noted_job || progress->has_job;
}

static void check_snapshot(World *w, const Run *r, const DbSnapshot *snapshot)
{
        check_phase_noted(w, r);
        if (snapshot->compare != r->plan.compare)
                world_fail(w, "run %d does not compare as it was told to", (int)r->run_id);
}

void check_statement(World *w, Run *r, const DbStatement *s)
{
        if (r->plan.dry && s->kind != DB_APPLY_COMPARE)
                world_fail(w, "a dry run writes");
        if (s->edge != r->edge)
                world_fail(w, "the database is asked about another edge");
        r->ending = r->ending || s->kind == DB_FINISH;
        if (s->kind == DB_PROGRESS) {
                check_note(w, r, &s->progress);
                return;
        }
        if (r->noting)
                world_fail(w, "run %d applies or ends beside a note of its own", (int)r->run_id);
        if (r->n_calls > 0 || r->n_tasks > 0)
                world_fail(w, "run %d applies or ends with something else under way",
                           (int)r->run_id);
        if (s->kind == DB_APPLY_UNCHANGED || s->kind == DB_APPLY_COMPARE)
                check_snapshot(w, r, &s->snapshot);
}

void check_job_noted(World *w, const Run *r)
{
        bool over = !r->active || r->killed || r->lease_lost || r->ending;
        if (r->job_given && !r->noted_job && !r->noting && !r->note_failed && !over)
                world_fail(w, "run %d was given a job and does not note it at once",
                           (int)r->run_id);
}

void check_noted(World *w, const DbStatement *s)
{
        const Run *r = s->run;
        if (r->run_id == s->run_id && r->has_location && s->progress.has_job &&
            !w->database->runs[s->run_id].job_url)
                world_fail(w, "run %d notes its job, and not the address that it was given",
                           (int)s->run_id);
}

void check_busy(World *w, const DbStatement *s)
{
        const DbEdge *e = &w->database->edges[s->edge];
        if (e->holder == w->instances[s->instance].name && s->run->plan.held_epoch == e->epoch)
                world_fail(w, "edge %u is busy for the run that was given its lease", s->edge);
}

/* Nothing may be under way when the run reports. */
void check_over(World *w, const Run *r, const SyncReport *report)
{
        const DbEdge *e = &w->database->edges[r->edge];
        if (!r->lease_lost && !r->ending)
                check_alive(w, r);
        if (report->run_id != r->run_id || report->epoch != r->epoch)
                world_fail(w, "run %d, epoch %lld, reports as run %d, epoch %lld", (int)r->run_id,
                           (long long)r->epoch, (int)report->run_id, (long long)report->epoch);
        if (r->n_calls > 0 || r->n_tasks > (r->noting ? 1 : 0))
                world_fail(w, "run %d reports with something under way", (int)r->run_id);
        /* By the program's account it may be over a little earlier. */
        bool doubted = report->fault.code == CODE_LEASE_LOST;
        bool held = !doubted && e->holder != NO_HOLDER && e->epoch == r->epoch &&
                    e->expires_at > database_now(w);
        if (r->run_id > 0 && !report->lease_kept && held)
                world_fail(w, "run %d reports that its lease is released, and it is not",
                           (int)r->run_id);
        /* Of a stop while a snapshot was on its way more is to be said than the reason. */
        bool stopped = r->asked_to_stop || (r->broken_off && r->stopped_applying);
        if ((report->fault.code == CODE_STOPPED && !stopped) ||
            (report->fault.code == CODE_BROKEN_OFF && !r->broken_off))
                world_fail(w, "run %d reports a stop that nobody asked for", (int)r->run_id);
        bool local =
                report->fault.code == CODE_NO_RESOURCES || report->fault.code == CODE_NO_MEMORY;
        if (local && w->settings.local_faults == 0)
                world_fail(w, "run %d could not begin a step: %s", (int)r->run_id,
                           report->fault.message);
}
