/*
 * database_queries: sql/queries in C, each as one function of the same name. Where a query was
 * changed, change it here.
 */
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "sim/check.h"
#include "sim/database_private.h"
#include "sim/run.h"
#include <stdio.h>
#include <string.h>

#define HOUR (3600 * SEC)

static bool is_holder(const DbEdge *e, int64_t epoch)
{
        return e->epoch == epoch && e->holder != NO_HOLDER;
}

static void release(DbEdge *e)
{
        e->holder = NO_HOLDER;
        e->expires_at = 0;
}

/* ---- claim.sql, take_due.sql, release.sql --------------------------------------------------- */

static bool lease_is_over(const World *w, const DbEdge *e)
{
        uint64_t now = database_now(w);
        return e->holder == NO_HOLDER || e->expires_at < now || e->expires_at > now + 2 * HOUR;
}

/* So that none comes again, whatever became of the last ones. */
static int64_t next_epoch(const World *w, const DbEdge *e)
{
        int64_t now = (int64_t)database_now(w);
        return now > e->epoch ? now : e->epoch + 1;
}

static DbRun *run_open(Database *d, unsigned edge)
{
        for (size_t i = d->n_runs; i-- > 1;)
                if (d->runs[i].edge == edge && d->runs[i].finished_at == 0)
                        return &d->runs[i];
        return NULL;
}

static DbRun *run_last_with_job(Database *d, unsigned edge)
{
        for (size_t i = d->n_runs; i-- > 1;)
                if (d->runs[i].edge == edge && d->runs[i].job >= 0)
                        return &d->runs[i];
        return NULL;
}

static bool job_is_over(const DbRun *r)
{
        static const char *const terminal[] = {
                "COMPLETED",        "CANCELED", "CANCELLED", "ERROR",
                "FAILED",           "DELETED",  "SUCCEEDED", "CAPABILITY_SUCCEEDED",
                "CAPABILITY_FAILED"};
        for (size_t i = 0; i < ARRAY_SIZE(terminal); i++)
                if (strcmp(r->job_state, terminal[i]) == 0)
                        return true;
        return false;
}

/* The job that is worth polling on: of a run that was cut short in its poll, stopped, or failed, no
 * longer ago than jobs are waited for. */
static const DbRun *run_with_job(const World *w, const DbStatement *s, const DbRun *open,
                                 bool polling, const DbRun *last)
{
        bool ended =
                last && last->finished_at && last->outcome && !last->refresh &&
                (strcmp(last->outcome, "aborted") == 0 || strcmp(last->outcome, "failed") == 0);
        const DbRun *candidate = open && polling ? open : NULL;
        if (ended && (!candidate || last > candidate))
                candidate = last;
        bool worth = candidate && candidate->job_from + s->job_max_age_usec > database_now(w);
        return worth && candidate->job >= 0 && !job_is_over(candidate) ? candidate : NULL;
}

/* It may have begun a refresh whose job nobody noted. */
static bool run_lost_its_job(const DbRun *r)
{
        bool aborted = r->finished_at && r->outcome && strcmp(r->outcome, "aborted") == 0;
        return r->job < 0 &&
               ((!r->finished_at && r->phase == SYNC_PHASE_REFRESH) || (aborted && !r->refresh));
}

static bool run_knows_its_refresh(const DbRun *r)
{
        return r->job >= 0 || (r->refresh && strcmp(r->refresh, "skipped") != 0);
}

/* The first run that may have, of those since the last one that knew what became of its refresh;
 * NULL: none, or none knew. */
static const DbRun *run_lost(const World *w, const DbStatement *s)
{
        const Database *d = w->database;
        const DbRun *first = NULL;
        for (size_t i = d->n_runs; i-- > 1;) {
                const DbRun *r = &d->runs[i];
                if (r->edge != s->edge)
                        continue;
                if (run_knows_its_refresh(r))
                        return first;
                if (run_lost_its_job(r) && r->job_from + s->job_max_age_usec > database_now(w))
                        first = r;
        }
        return NULL;
}

static void claim_lost(const World *w, DbStatement *s, const DbRun *lost)
{
        const Database *d = w->database;
        MirrorClaim *claim = &s->claim;
        bool recorded = false;
        for (size_t i = 1; i < d->n_runs; i++)
                recorded = recorded || d->runs[i].job >= 0;
        claim->lost = recorded;
        if (!recorded)
                return;
        claim->lost_since_usec = (int64_t)(database_now(w) - lost->job_from);
        claim->job_kind = (JobKind){"DATABASE_CONNECTIONS_SYNCHRONIZATION", "us"};
        for (size_t i = d->n_runs; i-- > 1 && claim->n_known_jobs < LIMIT_KNOWN_JOBS;)
                if (d->runs[i].edge == s->edge && d->runs[i].job >= 0)
                        claim->known_jobs[claim->n_known_jobs++] = site_job_id(d->runs[i].job);
}

static DbEnd query_claim(World *w, DbStatement *s)
{
        Database *d = w->database;
        DbEdge *e = &d->edges[s->edge];
        uint64_t now = database_now(w);
        int me = w->instances[s->instance].name;
        s->claim = (MirrorClaim){0};
        if (!lease_is_over(w, e) && !(e->holder == me && e->epoch == s->epoch)) {
                s->claim.busy = true;
                check_busy(w, s);
                (void)snprintf(s->claim.holder, sizeof(s->claim.holder), "instance %d", e->holder);
                return DB_DONE;
        }
        if (d->n_runs == RUNS_MAX) {
                world_fail(w, "more runs than any world should need");
                return DB_DONE;
        }
        DbRun *open = run_open(d, s->edge), *last = run_last_with_job(d, s->edge);
        bool polling = open && open->phase == SYNC_PHASE_POLL;
        if (e->holder != NO_HOLDER && e->epoch != s->epoch)
                COVER(w, takeovers);
        const DbRun *before =
                s->refresh_wanted ? run_with_job(w, s, open, polling, open == last ? NULL : last)
                                  : NULL;
        const DbRun *lost = s->refresh_wanted && !before ? run_lost(w, s) : NULL;
        if (open) {
                open->cut_in_poll = polling;
                open->cut_in_refresh = open->phase == SYNC_PHASE_REFRESH;
                open->phase = SYNC_PHASE_DONE;
                open->outcome = "aborted";
                open->finished_at = now;
        }
        e->holder = me;
        e->expires_at = now + w->settings.lease_usec;
        e->epoch = next_epoch(w, e);
        DbRun *run = &d->runs[d->n_runs];
        *run = (DbRun){.edge = s->edge,
                       .epoch = e->epoch,
                       .resumed = before != NULL,
                       .refresh_wanted = s->refresh_wanted,
                       .job_from = before ? before->job_from : now,
                       .clock_steps = before ? before->clock_steps : d->clock_steps,
                       .lost_from = lost ? lost->job_from : 0,
                       .phase = before              ? SYNC_PHASE_POLL
                                : s->refresh_wanted ? SYNC_PHASE_REFRESH
                                                    : SYNC_PHASE_LIST,
                       .job = before ? before->job : -1,
                       .job_url = before && before->job_url};
        s->claim.run_id = (int64_t)d->n_runs++;
        s->claim.epoch = e->epoch;
        s->claim.resumes = before != NULL;
        if (lost)
                claim_lost(w, s, lost);
        if (before) {
                COVER(w, resumes);
                s->claim.job_id = site_job_id(before->job);
                s->claim.job_since_usec = (int64_t)(now - before->job_from);
                (void)snprintf(s->claim.job_url, sizeof(s->claim.job_url), "%s",
                               !before->job_url           ? ""
                               : w->settings.other_origin ? "https://before/location"
                                                          : "https://catalog/location");
        }
        return DB_DONE;
}

static DbEnd query_take_due(World *w, DbStatement *s)
{
        DbEdge *e = &w->database->edges[s->edge];
        if (e->locked_by != 0 || !lease_is_over(w, e))
                return DB_DONE;
        e->holder = w->instances[s->instance].name;
        e->expires_at = database_now(w) + w->settings.lease_usec;
        s->count = e->epoch = next_epoch(w, e);
        return DB_DONE;
}

static DbEnd query_release(World *w, DbStatement *s)
{
        if (is_holder(&w->database->edges[s->edge], s->epoch))
                release(&w->database->edges[s->edge]);
        return DB_DONE;
}

void database_forget(World *w, unsigned edge)
{
        Database *d = w->database;
        if (d->edges[edge].locked_by != 0 || !lease_is_over(w, &d->edges[edge]))
                return;
        COVER(w, forgotten);
        TELL(w, "database: edge %u is forgotten", edge);
        d->edges[edge] = (DbEdge){.holder = NO_HOLDER, .version = d->edges[edge].version + 1};
        for (size_t i = 1; i < d->n_runs; i++)
                if (d->runs[i].edge == edge)
                        d->runs[i].edge = EDGES_MAX;
        for (unsigned row = 0; row < w->truth->n_rows; row++)
                if (d->rows[row].exists && d->rows[row].edge == edge)
                        d->rows[row] = (DbRow){0};
}

/* ---- progress.sql, finish.sql, run_read_back.sql -------------------------------------------- */

/* `found`: an earlier run has begun it. */
static void keep_job(DbRun *run, bool has_job, bool found, const JobStatus *job)
{
        if (!has_job)
                return;
        if (found && run->lost_from > 0)
                run->job_from = run->lost_from;
        run->job = site_job_of(&job->id);
        if (job->state[0])
                (void)snprintf(run->job_state, sizeof(run->job_state), "%s", job->state);
}

static DbEnd query_progress(World *w, DbStatement *s, const Fault **ret_fault)
{
        DbEdge *e = &w->database->edges[s->edge];
        DbRun *run = &w->database->runs[s->run_id];
        if (!is_holder(e, s->epoch)) {
                *ret_fault = database_fault_lease_lost();
                return DB_DONE;
        }
        s->count = 1;
        e->expires_at = database_now(w) + w->settings.lease_usec;
        if (run->finished_at)
                return DB_DONE;
        run->phase = s->progress.phase;
        run->job_url = run->job_url || s->progress.job_url;
        keep_job(run, s->progress.has_job, s->progress.resumes, &s->progress.job);
        check_noted(w, s);
        return DB_DONE;
}

static DbEnd query_finish(World *w, DbStatement *s, const Fault **ret_fault)
{
        DbEdge *e = &w->database->edges[s->edge];
        DbRun *run = &w->database->runs[s->run_id];
        if (!is_holder(e, s->epoch)) {
                *ret_fault = database_fault_run_over();
                return DB_DONE;
        }
        s->count = 1;
        check_finish(w, s);
        release(e);
        run->cut_in_poll = run->phase == SYNC_PHASE_POLL && !s->ending.refresh;
        run->phase = SYNC_PHASE_DONE;
        run->finished_at = database_now(w);
        run->outcome = sync_outcome_name(s->ending.outcome);
        run->refresh = sync_refresh_name(s->ending.refresh);
        keep_job(run, s->ending.has_job, s->ending.resumes, &s->ending.job);
        e->failures += s->ending.outcome != OUTCOME_ABORTED;
        return DB_DONE;
}

static DbEnd query_read_back(World *w, DbStatement *s)
{
        const DbRun *run = &w->database->runs[s->run_id];
        s->finished_by_us = run->outcome && strcmp(run->outcome, "aborted") != 0;
        if (s->finished_by_us) {
                s->applied = run->counts;
                COVER(w, read_back_committed);
        } else {
                COVER(w, read_back_not);
        }
        return DB_DONE;
}

/* ---- digest_of, digest_add, apply_unchanged.sql ---------------------------------------------- */

static bool present_in(const DbRow *r, unsigned edge)
{
        return r->exists && !r->removed_at && r->edge == edge;
}

static void digest_sum(Digest *d, const Digest *row, bool adds)
{
        for (size_t i = 0; i < ARRAY_SIZE(d->words); i++)
                d->words[i] += adds ? row->words[i] : -row->words[i];
}

static Digest digest_hash(const World *w, unsigned row)
{
        static DigestList list;
        const DbRow *r = &w->database->rows[row];
        DatabaseConnection record;
        digest_reset(&list);
        truth_record(w, row, r->edge, r->name, r->database, &record);
        (void)digest_add(&list, &record);
        return list.digest;
}

Digest database_digest_of(const World *w, unsigned edge)
{
        Digest digest = {0};
        for (unsigned row = 0; row < w->truth->n_rows; row++) {
                if (!present_in(&w->database->rows[row], edge))
                        continue;
                Digest hash = digest_hash(w, row);
                digest_sum(&digest, &hash, true);
        }
        return digest;
}

static int64_t count_present(const World *w, unsigned edge)
{
        int64_t n = 0;
        for (unsigned row = 0; row < w->truth->n_rows; row++)
                n += present_in(&w->database->rows[row], edge);
        return n;
}

static bool is_unchanged(const World *w, const DbStatement *s)
{
        const DbEdge *e = &w->database->edges[s->edge];
        if (s->snapshot.compare)
                return false;
        if (!s->ending.listed_whole || !e->has_list_digest ||
            e->row_count != count_present(w, s->edge))
                return false;
        return memcmp(e->list_digest.words, s->digest.words, sizeof(s->digest.words)) == 0;
}

uint64_t database_time_of(const World *w, int64_t usec)
{
        return (uint64_t)((int64_t)database_now(w) - ((int64_t)w->now - usec));
}

static bool is_clean(const DbStatement *s)
{
        return s->ending.refresh == REFRESH_CLEAN;
}

/* What both statements do that end a run with its list in the mirror. */
static void end_applied(World *w, const DbStatement *s)
{
        DbEdge *e = &w->database->edges[s->edge];
        DbRun *run = &w->database->runs[s->run_id];
        if (e->epoch == s->epoch)
                release(e);
        e->version++;
        run->phase = SYNC_PHASE_DONE;
        run->finished_at = database_now(w);
        run->outcome = s->applied.held > 0 && s->ending.listed_whole
                               ? "held"
                               : sync_outcome_name(s->ending.outcome);
        run->refresh = sync_refresh_name(s->ending.refresh);
        run->counts = s->applied;
        run->applies++;
        run->applied_as = w->database->n_applies;
        keep_job(run, s->ending.has_job, false, &s->ending.job);
}

static DbEnd query_apply_unchanged(World *w, DbStatement *s, const Fault **ret_fault)
{
        DbEdge *e = &w->database->edges[s->edge];
        DbEdge claimed = *e;
        if (!is_holder(e, s->epoch)) {
                *ret_fault = database_fault_lease_lost();
                return DB_FAILED;
        }
        s->finished_by_us = is_unchanged(w, s);
        if (!s->finished_by_us) {
                e->expires_at = database_now(w) + w->settings.lease_usec;
                w->database->runs[s->run_id].phase = SYNC_PHASE_APPLY;
                keep_job(&w->database->runs[s->run_id], s->ending.has_job, false, &s->ending.job);
                return DB_DONE;
        }
        COVER(w, known_by_digest);
        s->applied = (MirrorApplied){.listed = s->digest.rows,
                                     .unchanged = s->digest.rows - s->digest.rejected,
                                     .rejected = s->digest.rejected,
                                     .row_count = e->row_count};
        end_applied(w, s);
        e->listed_at = database_time_of(w, s->ending.listed_usec);
        e->refreshed_at =
                is_clean(s) ? database_time_of(w, s->ending.refreshed_usec) : e->refreshed_at;
        e->failures = 0;
        s->applies_seen = w->database->n_applies;
        /* else its process was killed, and what it was shown is forgotten */
        if (s->run->run_id == s->run_id) {
                check_before_apply(w);
                check_apply(w, s, &claimed);
        }
        w->database->n_applies++;
        return DB_DONE;
}

/* ---- apply_edges.sql, apply_compare.sql ----------------------------------------------------- */

/* Of apply_finish.sql, and last of all. What was written before is seen by nobody else until
 * COMMIT, so the simulation writes it there. */
static DbEnd query_apply_lock(World *w, DbStatement *s, const Fault **ret_fault)
{
        DbTransaction *t = transaction_find(w->database, s->transaction);
        if (!is_holder(&w->database->edges[s->edge], s->epoch)) {
                *ret_fault = database_fault_lease_lost();
                return DB_FAILED;
        }
        t->locks = true;
        w->database->edges[s->edge].locked_by = t->number;
        return DB_DONE;
}

/* Of an id that was received twice, the later observation counts. */
static void spool_index(Database *d, const DbSnapshot *snapshot, DbTransaction *t)
{
        d->stamp++;
        t->listed = t->rejected = 0;
        for (size_t i = 0; i < snapshot->n_rows; i++) {
                unsigned row = snapshot->rows[i].row;
                if (snapshot->rows[i].anonymous) {
                        t->listed += d->last_anonymous[row] != d->stamp;
                        t->rejected += d->last_anonymous[row] != d->stamp;
                        d->last_anonymous[row] = d->stamp;
                        continue;
                }
                if (d->last[row].stamp != d->stamp)
                        t->listed++;
                else
                        t->rejected -= snapshot->rows[d->last[row].index].spoiled;
                t->rejected += snapshot->rows[i].spoiled;
                d->last[row].stamp = d->stamp;
                d->last[row].index = (uint32_t)i;
        }
}

static bool is_enough(const DbStatement *s, const DbRow *r, uint64_t asked)
{
        uint64_t delay = s->snapshot.removal_delay_usec;
        return r->proofs + 1 >= s->snapshot.confirm_removals &&
               (delay == 0 || (r->proofs > 0 && r->proven_since + delay <= asked));
}

static void missing_judge(const World *w, const DbStatement *s, const DbRow *r, bool listed,
                          DbMissing *m)
{
        m->verdict = listed ? MISSING_LISTED : MISSING_UNKNOWN;
        if (listed || s->snapshot.missing != MIRROR_MISSING_REMOVE)
                return;
        for (size_t i = 0; i < s->snapshot.n_verdicts; i++) {
                const Verdict *v = &s->snapshot.verdicts[i];
                if (v->row != m->row)
                        continue;
                m->asked_usec = v->asked_usec;
                uint64_t asked = database_time_of(w, (int64_t)v->asked_usec);
                m->verdict = v->moved                 ? MISSING_MOVED
                             : !v->gone               ? MISSING_UNKNOWN
                             : is_enough(s, r, asked) ? MISSING_GONE
                                                      : MISSING_PENDING;
        }
}

static void query_apply_missing(World *w, DbStatement *s, DbTransaction *t)
{
        Database *d = w->database;
        int64_t found = 0;
        t->n_missing = 0;
        s->applied = (MirrorApplied){0};
        for (unsigned row = 0; row < w->truth->n_rows; row++) {
                const DbRow *r = &d->rows[row];
                if (!r->exists || r->removed_at || r->edge != s->edge)
                        continue;
                s->applied.present++;
                bool listed = d->last[row].stamp == d->stamp;
                if (listed ? !r->is_missing : s->snapshot.missing == MIRROR_MISSING_IGNORE)
                        continue;
                DbMissing *m = &t->missing[t->n_missing++];
                *m = (DbMissing){.row = (uint16_t)row};
                missing_judge(w, s, r, listed, m);
                found += !listed;
        }
        if (s->snapshot.missing == MIRROR_MISSING_FIND)
                s->applied.found = found;
}

static uint64_t version_of(const DbRow *r)
{
        return !r->exists ? 0 : r->removed_at ? r->removed_at : r->changed_at;
}

/* When its edge has seen it last, or proven it gone. A time that has not come yet says nothing. */
static uint64_t seen_as_of(const World *w, const DbRow *r)
{
        const DbEdge *e = &w->database->edges[r->edge];
        uint64_t now = database_now(w), seen = r->as_of <= now ? r->as_of : 0;
        return !r->removed_at && !r->is_missing && e->listed_at <= now && e->listed_at > seen
                       ? e->listed_at
                       : seen;
}

static void query_apply_difference(World *w, DbStatement *s, DbTransaction *t)
{
        Database *d = w->database;
        t->n_difference = 0;
        t->elsewhere = 0;
        for (size_t i = 0; i < s->snapshot.n_rows; i++) {
                const Shown *shown = &s->snapshot.rows[i];
                const DbRow *r = &d->rows[shown->row];
                if (shown->spoiled || d->last[shown->row].index != i)
                        continue;
                bool same = r->exists && !r->removed_at && r->edge == s->edge &&
                            r->name == shown->name && r->database == shown->database;
                if (same)
                        continue;
                if (r->exists && r->edge != s->edge &&
                    seen_as_of(w, r) > database_time_of(w, (int64_t)shown->asked_usec)) {
                        COVER(w, elsewhere);
                        t->elsewhere++;
                        continue;
                }
                t->difference[t->n_difference++] = (DbDifference){
                        .row = shown->row,
                        .name = shown->name,
                        .database = shown->database,
                        .asked_usec = shown->asked_usec,
                        .version = version_of(r),
                };
        }
}

/* apply_find_fetch.sql: what is missing goes to the program. */
static bool find_missing(DbStatement *s, const DbTransaction *t, const Fault **ret_fault)
{
        static Fault fault;
        bool kept = true;
        spool_reset(s->snapshot.found);
        for (size_t i = 0; i < t->n_missing && kept; i++) {
                Uuid id = truth_row_id(t->missing[i].row);
                kept = t->missing[i].verdict == MISSING_LISTED ||
                       spool_add_id(s->snapshot.found, &id, &fault) >= 0;
        }
        *ret_fault = kept ? NULL : &fault;
        return kept;
}

/* The temporary tables live for one transaction, the scratch for one statement: so what the spool
 * says is kept in the transaction. */
static DbEnd query_apply_compare(World *w, DbStatement *s, const Fault **ret_fault)
{
        s->transaction = transaction_open(w, s->edge);
        DbTransaction *t = transaction_find(w->database, s->transaction);
        if (!t)
                return DB_FAILED;
        t->moment = database_now(w);
        t->present = count_present(w, s->edge);
        t->version = w->database->edges[s->edge].version;
        transaction_watch(w, s->transaction);
        spool_index(w->database, &s->snapshot, t);
        query_apply_missing(w, s, t);
        if (s->applied.found > 0) {
                bool kept = find_missing(s, t, ret_fault);
                database_abandon(w, s->transaction);
                return kept ? DB_ROLLED_BACK : DB_FAILED;
        }
        query_apply_difference(w, s, t);
        t->applies_seen = w->database->n_applies;
        return DB_DONE;
}

/* ---- apply_rows.sql ---------------------------------------------------------------------- */

static uint64_t greatest(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

static void history_close(Database *d, DbRow *r, uint64_t at)
{
        if (r->version >= 0 && d->history[r->version].to == 0)
                d->history[r->version].to = at;
}

static void history_open(World *w, unsigned row)
{
        Database *d = w->database;
        DbRow *r = &d->rows[row];
        if (d->n_history == HISTORY_MAX) {
                world_fail(w, "more history than any world should need");
                return;
        }
        d->history[d->n_history] = (DbVersion){
                .row = (uint16_t)row,
                .name = r->name,
                .database = r->database,
                .edge = r->edge,
                .from = r->changed_at,
                .before = r->version,
        };
        r->version = (int32_t)d->n_history++;
}

/* The digest and the number of rows of its edge follow a row that comes or goes. */
static void edge_gains(World *w, const DbStatement *s, unsigned row)
{
        DbEdge *e = &w->database->edges[s->edge];
        Digest hash = digest_hash(w, row);
        digest_sum(&e->digest, &hash, true);
        e->row_count++;
}

static void edge_loses(World *w, const DbStatement *s, unsigned row)
{
        unsigned edge = w->database->rows[row].edge;
        DbEdge *e = &w->database->edges[edge];
        Digest hash = digest_hash(w, row);
        digest_sum(&e->digest, &hash, false);
        e->row_count--;
        if (edge == s->edge)
                return;
        e->has_list_digest = false;
        e->version++;
}

static void query_apply_rows(World *w, const DbStatement *s, const DbTransaction *t)
{
        Database *d = w->database;
        for (size_t i = 0; i < t->n_difference; i++) {
                const DbDifference *x = &t->difference[i];
                DbRow *r = &d->rows[x->row];
                uint64_t at = t->moment;
                if (r->exists) {
                        if (!r->removed_at)
                                edge_loses(w, s, x->row);
                        at = greatest(at, r->changed_at + 1);
                        at = r->removed_at ? greatest(at, r->removed_at + 1) : at;
                } else {
                        r->version = -1;
                }
                r->exists = true;
                r->edge = (uint8_t)s->edge;
                r->name = x->name;
                r->database = x->database;
                r->changed_at = at;
                r->as_of = database_time_of(w, (int64_t)x->asked_usec);
                r->removed_at = 0;
                r->missing = MIRROR_MISSING_IGNORE;
                r->is_missing = false;
                r->proofs = 0;
                r->run_id = s->run_id;
                d->touched[x->row] = true;
                edge_gains(w, s, x->row);
        }
}

static void query_apply_remove(World *w, const DbStatement *s, const DbTransaction *t)
{
        Database *d = w->database;
        for (size_t i = 0; i < t->n_missing; i++) {
                unsigned row = t->missing[i].row;
                DbRow *r = &d->rows[row];
                if (t->missing[i].verdict != MISSING_GONE || r->edge != s->edge || r->removed_at)
                        continue;
                edge_loses(w, s, row);
                r->removed_at = greatest(t->moment, r->changed_at + 1);
                r->as_of = database_time_of(w, (int64_t)t->missing[i].asked_usec);
                r->missing = MIRROR_MISSING_IGNORE;
                r->proofs = 0;
                r->run_id = s->run_id;
                d->touched[row] = true;
                history_close(d, r, r->removed_at);
        }
}

static void query_apply_mark(World *w, const DbStatement *s, const DbTransaction *t)
{
        for (size_t i = 0; i < t->n_missing; i++) {
                const DbMissing *m = &t->missing[i];
                DbRow *r = &w->database->rows[m->row];
                if (m->verdict == MISSING_GONE || r->edge != s->edge || r->removed_at)
                        continue;
                bool pending = m->verdict == MISSING_PENDING;
                uint64_t asked = database_time_of(w, (int64_t)m->asked_usec);
                if (pending && (r->proofs == 0 || r->proven_since > asked))
                        r->proven_since = asked;
                r->proofs = pending ? r->proofs + 1 : 0;
                r->is_missing = m->verdict != MISSING_LISTED;
                if (m->verdict == MISSING_LISTED || m->verdict == MISSING_MOVED)
                        r->missing = MIRROR_MISSING_IGNORE;
                else if (pending || s->snapshot.missing != MIRROR_MISSING_REMOVE)
                        r->missing = s->snapshot.missing;
                else
                        r->missing = MIRROR_MISSING_FIND;
        }
}

static void query_apply_history(World *w, const DbTransaction *t)
{
        Database *d = w->database;
        for (size_t i = 0; i < t->n_difference; i++) {
                DbRow *r = &d->rows[t->difference[i].row];
                history_close(d, r, r->changed_at);
                history_open(w, t->difference[i].row);
        }
}

/* ---- apply_finish.sql ----------------------------------------------------------------------- */

static MirrorApplied apply_counts(World *w, const DbStatement *s, const DbTransaction *t)
{
        Database *d = w->database;
        MirrorApplied n = {.listed = t->listed, .rejected = t->rejected};
        for (size_t i = 0; i < t->n_difference; i++) {
                const DbVersion *v = &d->history[d->rows[t->difference[i].row].version];
                n.added += v->before < 0;
                n.changed += v->before >= 0 && d->history[v->before].to == v->from;
                n.restored += v->before >= 0 && d->history[v->before].to != v->from;
        }
        for (size_t i = 0; i < t->n_missing; i++) {
                const DbRow *r = &d->rows[t->missing[i].row];
                n.removed += t->missing[i].verdict == MISSING_GONE && r->removed_at &&
                             r->run_id == s->run_id;
                n.held += t->missing[i].verdict == MISSING_UNKNOWN && !r->removed_at &&
                          r->edge == s->edge;
                n.pending += t->missing[i].verdict == MISSING_PENDING && !r->removed_at &&
                             r->edge == s->edge;
        }
        n.row_count = d->edges[s->edge].row_count;
        n.unchanged = n.listed - n.rejected - n.added - n.changed - n.restored - t->elsewhere;
        return n;
}

/* Rows that the list does not have and the mirror does, afterwards. */
static int64_t count_kept(const World *w, const DbStatement *s, const DbTransaction *t)
{
        int64_t n = 0;
        for (size_t i = 0; i < t->n_missing; i++)
                n += t->missing[i].verdict != MISSING_LISTED &&
                     present_in(&w->database->rows[t->missing[i].row], s->edge);
        return n;
}

static void query_apply_finish(World *w, DbStatement *s, const DbTransaction *t)
{
        DbEdge *e = &w->database->edges[s->edge];
        s->applied = apply_counts(w, s, t);
        end_applied(w, s);
        if (s->ending.listed_whole)
                e->listed_at = database_time_of(w, s->ending.listed_usec);
        if (s->ending.listed_whole && is_clean(s))
                e->refreshed_at = database_time_of(w, s->ending.refreshed_usec);
        e->failures =
                strcmp(w->database->runs[s->run_id].outcome, "unstable") == 0 ? e->failures + 1 : 0;
        e->list_digest = s->digest;
        e->has_list_digest = s->ending.listed_whole && count_kept(w, s, t) == 0 &&
                             t->elsewhere == 0 && s->applied.listed == s->digest.rows;
        if (e->has_list_digest && s->applied.rejected == 0 &&
            s->applied.row_count == s->digest.rows)
                e->digest = s->digest;
        else if (s->snapshot.compare)
                e->digest = database_digest_of(w, s->edge);
}

/* Has another edge written rows since they were compared? */
static bool is_overtaken(const World *w, const DbStatement *s, const DbTransaction *t)
{
        const DbRow *rows = w->database->rows;
        if (w->database->edges[s->edge].version != t->version)
                return true;
        for (size_t i = 0; i < t->n_difference; i++) {
                const DbRow *r = &rows[t->difference[i].row];
                if (version_of(r) != t->difference[i].version)
                        return true;
        }
        return false;
}

static DbEnd query_apply_commit(World *w, DbStatement *s, const Fault **ret_fault)
{
        DbTransaction *t = transaction_find(w->database, s->transaction);
        /* apply_edges.sql, whose locks the simulation does not have: who would have waited for them
         * may have been faster. */
        if (is_overtaken(w, s, t)) {
                COVER(w, overtaken);
                *ret_fault = database_fault_overtaken();
                return DB_FAILED;
        }
        w->database->edges[s->edge].row_count = t->present;
        check_before_apply(w);
        query_apply_rows(w, s, t);
        query_apply_remove(w, s, t);
        query_apply_mark(w, s, t);
        query_apply_history(w, t);
        DbEdge claimed = w->database->edges[s->edge];
        query_apply_finish(w, s, t);
        s->applies_seen = t->applies_seen;
        check_apply(w, s, &claimed);
        w->database->n_applies++;
        database_abandon(w, s->transaction); /* it is over */
        return DB_DONE;
}

DbEnd database_query(World *w, DbStatement *s, const Fault **ret_fault)
{
        switch (s->kind) {
        case DB_TAKE_DUE:
                return query_take_due(w, s);
        case DB_RELEASE:
                return query_release(w, s);
        case DB_CLAIM:
                return query_claim(w, s);
        case DB_PROGRESS:
                return query_progress(w, s, ret_fault);
        case DB_FINISH:
                return query_finish(w, s, ret_fault);
        case DB_APPLY_LOCK:
                return query_apply_lock(w, s, ret_fault);
        case DB_APPLY_UNCHANGED:
                return query_apply_unchanged(w, s, ret_fault);
        case DB_APPLY_COMPARE:
                return query_apply_compare(w, s, ret_fault);
        case DB_APPLY_COMMIT:
                return query_apply_commit(w, s, ret_fault);
        default:
                return query_read_back(w, s);
        }
}
