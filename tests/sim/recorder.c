/*
 * recorder: see the header. Sits before the real machine (ld --wrap) and sees each input, and the
 * action that it led to.
 */
#include "sim/recorder.h"
#include "sim/event.h"
#include "sync/machine.h"
#include <stdio.h>
#include <string.h>

/* ---- what the catalog has shown ------------------------------------------------------------- */

static void record_row(Run *r, const Shown *row)
{
        if (!row->anonymous)
                r->shown[row->row].attempt = r->attempt;
}

static void record_joined(Run *r, const Shown *row, AsOf as_of)
{
        if (row->anonymous)
                return;
        ShownRow *s = &r->shown[row->row];
        /* what comes again as it was may be kept once, or twice */
        if (s->joined == r->attempt && s->name == row->name && s->database == row->database)
                as_of.asked = s->as_of.asked;
        *s = (ShownRow){.attempt = r->attempt,
                        .joined = r->attempt,
                        .spoiled = row->spoiled,
                        .as_of = as_of,
                        .name = row->name,
                        .database = row->database};
}

static AsOf as_of_call(const CatalogCall *c)
{
        return (AsOf){.asked = c->request.asked, .answered = sim_world->now};
}

void record_arrival(Run *r, const CatalogCall *c)
{
        r->lies += c->lie;
        r->pages[r->arrived % PAGES_KEPT].offset = c->request.offset;
        r->pages[r->arrived % PAGES_KEPT].as_of = as_of_call(c);
        r->pages[r->arrived++ % PAGES_KEPT].tick = c->tick;
}

/* When the catalog looked at the page that is given now. */
static uint32_t page_tick(const Run *r, int64_t offset, AsOf *ret_as_of)
{
        for (uint32_t i = 1; i <= PAGES_KEPT && i <= r->arrived; i++) {
                if (r->pages[(r->arrived - i) % PAGES_KEPT].offset != offset)
                        continue;
                *ret_as_of = r->pages[(r->arrived - i) % PAGES_KEPT].as_of;
                return r->pages[(r->arrived - i) % PAGES_KEPT].tick;
        }
        return 0;
}

static void tell_page(World *w, const Run *r, const CatalogPageAnswer *page, uint32_t tick)
{
        char rows[400] = "";
        for (size_t i = 0, used = 0; i < page->n_rows && used + 8 < sizeof(rows); i++)
                used += (size_t)snprintf(rows + used, sizeof(rows) - used, " %u",
                                         truth_row_of(&page->rows[i].id));
        TELL(w, "instance %d, edge %u: page from %lld, as of tick %u:%s", r->instance, r->edge,
             (long long)page->offset, tick, rows);
}

static void record_page(World *w, Run *r, const CatalogPageAnswer *page)
{
        AsOf as_of;
        uint32_t tick = page_tick(r, page->offset, &as_of);
        if (r->list_from == 0 || tick < r->list_from)
                r->list_from = tick;
        if (tick < r->list_to) {
                r->out_of_turn = true;
                COVER(w, pages_out_of_turn);
        } else {
                r->list_to = tick;
        }
        for (size_t i = 0; i < page->n_rows; i++) {
                Shown row = site_shown(&page->rows[i]);
                record_row(r, &row);
        }
        r->n_listed += (uint32_t)page->n_rows;
        if (w->verbose)
                tell_page(w, r, page, tick);
}

static void record_joined_page(Run *r, const CatalogPageAnswer *page)
{
        AsOf as_of = {0};
        (void)page_tick(r, page->offset, &as_of);
        for (size_t i = 0; i < page->n_rows; i++) {
                Shown row = site_shown(&page->rows[i]);
                record_joined(r, &row, as_of);
        }
}

void record_one(World *w, Run *r, const CatalogCall *c)
{
        unsigned row = c->request.row;
        bool known = c->absent || c->n > 0;
        if (r->shown[row].joined == r->attempt) { /* the control: nothing is kept of it */
                COVER_MANY(w, control_denied, c->absent);
                r->control_failed = c->n == 0;
                return;
        }
        r->asked_for[row] = r->attempt;
        if (c->absent) {
                r->denied[row] = r->attempt;
                r->denied_as_of[row] = as_of_call(c);
        }
        if (c->n > 0 && (c->rows[0].edge == r->edge || c->rows[0].spoiled))
                record_joined(r, &c->rows[0], as_of_call(c));
        else
                r->proven_moved += c->n > 0;
        r->unknown_in_a_row = known ? 0 : r->unknown_in_a_row + 1;
        if (r->unknown_in_a_row > r->unknown_most)
                r->unknown_most = r->unknown_in_a_row;
        TELL(w, "instance %d, edge %u: row %u is %s (HTTP %d)", r->instance, r->edge, row,
             c->absent ? "gone"
             : c->n    ? "there"
                       : "not known",
             c->status);
}

/* ---- what the database has answered --------------------------------------------------------- */

/* Somebody has noted it. */
static bool job_is_known(const World *w, int job)
{
        for (size_t i = 1; i < w->database->n_runs; i++)
                if (w->database->runs[i].job == job)
                        return true;
        return false;
}

/* What a page shows of jobs that may be the one that is looked for: clocks are compared that are
 * read to the second, so that at the border of the window either is right. */
void record_jobs(World *w, Run *r, const CatalogCall *c)
{
        if (c->status != 200 || c->fault)
                return;
        for (size_t i = 0; i < c->n; i++) {
                const CatalogFoundJob *job = &c->jobs[i];
                const Job *is = &w->site->jobs[site_job_of(&job->id)];
                if (site_job_is_foreign(&job->id) || is->edge != r->edge ||
                    job_is_known(w, site_job_of(&job->id)) || is->created_at + 5 * SEC < r->lost_at)
                        continue;
                bool certain = job->has_created && is->created_at > r->lost_at + 5 * SEC;
                r->ours += certain;
                r->doubtful += !certain;
        }
        r->shown_all = !c->more_jobs;
}

/* A job was taken up that nobody had noted. */
static void record_found(World *w, Run *r, const Uuid *id)
{
        const Job *job = &w->site->jobs[site_job_of(id)];
        r->found = true;
        COVER(w, jobs_found);
        if (site_job_is_foreign(id) || job->edge != r->edge)
                world_fail(w, "run %d takes up a job that is not of its edge, or not ours",
                           (int)r->run_id);
        else if (job_is_known(w, site_job_of(id)) && w->database->edges[r->edge].epoch == r->epoch)
                world_fail(w, "run %d takes up job %d, which another run has had", (int)r->run_id,
                           site_job_of(id));
        else if (job->created_at + 5 * SEC < r->lost_at)
                world_fail(w, "run %d takes up job %d, which is older than what was lost",
                           (int)r->run_id, site_job_of(id));
        else if (r->ours > 1)
                world_fail(w, "run %d takes up job %d, and was shown two that it may be",
                           (int)r->run_id, site_job_of(id));
}

void record_claim(World *w, Run *r, const MirrorClaim *claim)
{
        r->lost_at = !claim->lost ? 0
                     : (int64_t)r->started_at <= claim->lost_since_usec
                             ? 1
                             : (uint64_t)((int64_t)r->started_at - claim->lost_since_usec);
        r->run_id = claim->run_id;
        r->epoch = claim->epoch;
        r->resumed = claim->resumes;
        r->noted_phase = r->resumed        ? SYNC_PHASE_POLL
                         : r->plan.refresh ? SYNC_PHASE_REFRESH
                                           : SYNC_PHASE_LIST;
        r->noted_at = w->now;
}

void record_noted(World *w, Run *r, const Fault *fault)
{
        r->noted_at = w->now;
        r->note_failed = r->note_failed || fault->scope != FAULT_NONE;
        r->lease_lost = r->lease_lost || fault->code == CODE_LEASE_LOST;
        COVER_MANY(w, lease_lost, r->lease_lost);
}

/* ---- what the machine makes of it ----------------------------------------------------------- */

static void cover_transition(World *w, const SyncMachine *m, SyncAction action)
{
        SyncEvent on = m->last->on;
        COVER_MANY(w, pages, on == SYNC_PAGE_JOINED || on == SYNC_LIST_ENDED);
        COVER_MANY(w, list_restarts, action == SYNC_DO_LIST_ANEW);
        COVER_MANY(w, pages_drifted,
                   on == SYNC_PAGE_JOINED && m->listing.tries > 0 && !m->listing.probing);
        COVER_MANY(w, found, on == SYNC_ROWS_MISSING);
        COVER_MANY(w, guard_held, on == SYNC_REMOVALS_HELD);
        COVER_MANY(w, proof_404, m->verdict == PROOF_GONE);
        COVER_MANY(w, proof_200, m->verdict == PROOF_HERE);
        COVER_MANY(w, proof_moved, m->verdict == PROOF_MOVED);
        COVER_MANY(w, proof_unknown, m->verdict == PROOF_UNKNOWN);
}

SyncAction __real_sync_machine_handle(SyncMachine *m, const SyncInput *in);
SyncAction __wrap_sync_machine_handle(SyncMachine *m, const SyncInput *in);

SyncAction __wrap_sync_machine_handle(SyncMachine *m, const SyncInput *in)
{
        World *w = sim_world;
        Run *r = run_of(w, w->running, truth_edge_of(&m->edge));
        bool is_page = in->kind == SYNC_INPUT_PAGE && in->page->answer.fault.scope == FAULT_NONE;
        SyncState from = m->state;
        if (r->killed) /* it goes on to where it returns to the loop */
                return __real_sync_machine_handle(m, in);
        if (is_page)
                record_page(w, r, in->page);
        SyncAction action = __real_sync_machine_handle(m, in);
        if (is_page &&
            (action == SYNC_DO_LIST || action == SYNC_DO_LIST_ANEW || action == SYNC_DO_APPLY))
                record_joined_page(r, in->page);
        r->finishing = r->finishing || action == SYNC_DO_FINISH;
        r->in_pass = m->listing.in_pass;
        r->largest = m->listing.largest;
        r->shortest_cut = m->listing.shortest_cut;
        r->stopped_applying = m->stopped_applying;
        TELL(w, "instance %d, edge %u: %s → %s: %s", r->instance, r->edge, sync_state_name(from),
             sync_state_name(m->state), m->last->words);
        cover_transition(w, m, action);
        if (m->last->on == SYNC_JOB_FOUND)
                record_found(w, r, &m->search.job);
        return action;
}
