/*
 * check: see the header.
 */
#include "sim/check.h"
#include "mirror/apply.h"
#include <stdio.h>
#include <string.h>

#define RUN_TIME_MAX (2 * 3600 * SEC)
#define JOB_MAX_AGE                                                                                \
        (200 * SEC) /* less than jobs are waited for, by what passes between claim and refresh */

enum { GIVEN_UP_AFTER = 32 }; /* answers in a row that say nothing: the rest is not asked for */

static DbRow before[ROWS_MAX];
static AsOf as_of[ROWS_MAX];         /* what its edge has said of it last */
static uint64_t proven_at[ROWS_MAX]; /* when the catalog said so in the first of … */
static unsigned proofs
        /* so many syncs of its edge in a row, the last of all among them, have not seen the row and
           were told that it does not exist */
        [ROWS_MAX];

void check_before_apply(World *w)
{
        memcpy(before, w->database->rows, w->truth->n_rows * sizeof(before[0]));
        memset(w->database->touched, 0, w->truth->n_rows);
        if (w->database->n_applies == 0) {
                memset(proofs, 0, sizeof(proofs));
                memset(as_of, 0, sizeof(as_of));
        }
}

static bool present(const DbRow *r)
{
        return r->exists && !r->removed_at;
}

static bool present_in(const DbRow *r, unsigned edge)
{
        return present(r) && r->edge == edge;
}

static bool differs(const DbRow *a, const DbRow *b)
{
        if (present(a) != present(b) || a->exists != b->exists)
                return true;
        return a->edge != b->edge || a->name != b->name || a->database != b->database;
}

static bool word_is(const char *word, const char *is)
{
        return word && strcmp(word, is) == 0;
}

/* ---- the refresh ---------------------------------------------------------------------------- */

/* What the run says of its refresh, against what became of it. */
static void check_refresh_word(World *w, const DbStatement *s)
{
        const char *word = sync_refresh_name(s->ending.refresh);
        const DbRun *run = &w->database->runs[s->run_id];
        if (word_is(word, "skipped") != !run->refresh_wanted && word)
                world_fail(w, "run %d says refresh %s, and a refresh was %swanted", (int)s->run_id,
                           word, run->refresh_wanted ? "" : "not ");
        if (word_is(word, "clean") &&
            (!s->ending.has_job || !site_job_ended_clean(w, site_job_of(&s->ending.job.id)) ||
             w->site->jobs[site_job_of(&s->ending.job.id)].edge != s->edge))
                world_fail(w, "run %d says that its refresh was clean, and it was not",
                           (int)s->run_id);
        int status = s->run->refresh_status;
        bool no = status >= 400 && status < 500 && status != 401 && status != 408 &&
                  status != 409 && status != 425 && status != 429;
        if (word && word_is(word, "rejected") != no)
                world_fail(w, "run %d says refresh %s; the catalog said %d to it", (int)s->run_id,
                           word, status);
}

/* A job that an earlier run has left is polled on: nobody asks for a second one beside it. */
static void check_job_left(World *w, const Run *r)
{
        const Database *d = w->database;
        int64_t last = r->run_id - 1;
        while (last > 0 && (d->runs[last].edge != r->edge || !d->runs[last].refresh_wanted))
                last--; /* one without a refresh hides no job */
        const DbRun *run = &d->runs[last];
        if (d->runs[r->run_id].clock_steps != d->clock_steps)
                return; /* the clock was set back after the claim had judged the job's age */
        if (last > 0 && run->cut_in_poll && run->job >= 0 &&
            run->job_from + JOB_MAX_AGE > database_now(w) && site_job_goes_on(w, run->job))
                world_fail(w, "run %d asks for a refresh beside job %d of run %d, which goes on",
                           (int)r->run_id, run->job, (int)last);
}

/* Knows what became of its refresh. */
static bool run_is_settled(const DbRun *run)
{
        return run->job >= 0 || (run->refresh && strcmp(run->refresh, "skipped") != 0);
}

/* A job of ours that nobody has noted, of a run since the last one of the edge that knew of its
 * own, and that goes on: it was looked for, and not found. */
static void check_job_lost(World *w, const Run *r)
{
        const Database *d = w->database;
        bool kind_known = false;
        int64_t first = 0; /* where none knew, none is looked for */
        for (int64_t i = 1; i < r->run_id; i++) {
                kind_known = kind_known || d->runs[i].job >= 0;
                if (d->runs[i].edge == r->edge && run_is_settled(&d->runs[i]))
                        first = i + 1;
        }
        if (!kind_known || first == 0 || r->searches > 0 || d->clock_steps > 0)
                return;
        for (int i = 0; i < (int)w->site->n_jobs; i++) {
                const Job *job = &w->site->jobs[i];
                bool lost = false;
                for (int64_t k = first; k < r->run_id; k++)
                        lost = lost ||
                               (d->runs[k].edge == r->edge && d->runs[k].epoch == job->epoch &&
                                d->runs[k].cut_in_refresh);
                if (lost && job->edge == r->edge && job->created_at + JOB_MAX_AGE / 2 > w->now &&
                    site_job_goes_on(w, i))
                        world_fail(w, "run %d asks for a refresh, and has not looked for job %d",
                                   (int)r->run_id, i);
        }
}

void check_refresh(World *w, const Run *r)
{
        check_job_lost(w, r);
        if (r->found)
                world_fail(w, "run %d asks for a refresh beside a job that it took up",
                           (int)r->run_id);
        if (r->shown_all && r->ours == 1 && r->doubtful == 0)
                world_fail(w, "run %d asks for a refresh, and was shown the job of the last one",
                           (int)r->run_id);
        check_job_left(w, r);
}

void check_refresh_sent(World *w, const Run *r)
{
        const DbEdge *e = &w->database->edges[r->edge];
        if (e->epoch != r->epoch)
                world_fail(w, "edge %u: epoch %lld sends a refresh while epoch %lld is in force",
                           r->edge, (long long)r->epoch, (long long)e->epoch);
}

/* ---- the apply ------------------------------------------------------------------------------ */

/* By what the catalog has said, not by what the mirror remembers of it. A list that is not whole
 * says nothing of a row that it has not shown, unless the catalog was asked for it. */
static void count_proofs(const DbStatement *s, unsigned row)
{
        const Run *r = s->run;
        if (before[row].edge != s->edge)
                return;
        bool seen = r->shown[row].joined == r->attempt;
        if (!seen && r->denied[row] == r->attempt) {
                if (proofs[row]++ == 0)
                        proven_at[row] = r->denied_as_of[row].asked;
        } else if (seen || s->ending.listed_whole || r->asked_for[row] == r->attempt)
                proofs[row] = 0;
}

/* What the mirror remembers of it. */
static void check_missing(World *w, const DbStatement *s, unsigned row)
{
        const DbRow *now = &w->database->rows[row];
        const Run *r = s->run;
        if (!present_in(now, s->edge)) {
                if (now->missing != MIRROR_MISSING_IGNORE && !now->removed_at)
                        return; /* another edge's */
                if (now->missing != MIRROR_MISSING_IGNORE || now->proofs)
                        world_fail(w, "row %u is not there, and counts as missing", row);
                return;
        }
        bool seen = r->shown[row].joined == r->attempt;
        if (seen && now->missing != MIRROR_MISSING_IGNORE)
                world_fail(w, "row %u counts as missing although run %d has seen it", row,
                           (int)s->run_id);
        if ((now->missing == MIRROR_MISSING_REMOVE) != (now->proofs > 0) ||
            now->proofs > proofs[row])
                world_fail(w, "row %u counts %u proofs; there are %u", row, now->proofs,
                           proofs[row]);
}

static bool may_remove(const World *w, const DbStatement *s)
{
        const DbRun *run = &w->database->runs[s->run_id];
        bool clean = s->ending.has_job && site_job_ended_clean(w, site_job_of(&s->ending.job.id));
        return clean || !run->refresh_wanted;
}

/* Of a list without a row there is none to ask for as a control: whoever accepts the removals of an
 * empty list has the catalog's word for each row, and nothing more. */
static bool had_no_control(const World *w, const Run *r)
{
        return w->settings.no_path && r->n_listed == 0;
}

static void check_removal(World *w, const DbStatement *s, unsigned row)
{
        if (before[row].edge != s->edge)
                world_fail(w, "row %u of edge %u was removed by edge %u", row, before[row].edge,
                           s->edge);
        else if (!may_remove(w, s))
                world_fail(w, "row %u was removed although the refresh was not clean", row);
        else if (!s->run->plan.accept_removals && proofs[row] < w->settings.confirm_removals)
                world_fail(w,
                           "row %u was removed although only %u syncs in a row have proven it gone",
                           row, proofs[row]);
        else if (!s->run->plan.accept_removals && w->database->clock_steps == 0 &&
                 s->run->denied_as_of[row].asked < proven_at[row] + w->settings.removal_delay_usec)
                world_fail(w, "row %u was removed too soon after the first proof", row);
        else if (!truth_ever_absent(w->truth, row, s->run->list_to, w->truth->tick) &&
                 !had_no_control(w, s->run))
                world_fail(
                        w,
                        "row %u was removed although it existed all the time since the list ended",
                        row);
}

/* Whoever reads from a node that is behind, or whose clock is set, cannot know what was later. */
static bool is_order_known(const World *w)
{
        return w->settings.behind_usec == 0 && w->database->clock_steps == 0;
}

static bool surely_before(const AsOf *a, const AsOf *b)
{
        return a->answered < b->asked;
}

/* A row that has moved to another edge, or was removed there, is not taken back by what was shown
 * before. */
static void check_order(World *w, const DbStatement *s, unsigned row)
{
        const ShownRow *seen = &s->run->shown[row];
        if (is_order_known(w) && before[row].exists && before[row].edge != s->edge &&
            surely_before(&seen->as_of, &as_of[row]))
                world_fail(w, "row %u of edge %u was taken back by what edge %u had seen before",
                           row, before[row].edge, s->edge);
}

static void note_as_of(const World *w, const DbStatement *s, unsigned row)
{
        const DbRow *now = &w->database->rows[row];
        uint64_t begun = (uint64_t)s->ending.listed_usec;
        if (now->edge != s->edge)
                return;
        if (differs(&before[row], now))
                as_of[row] = present(now) ? s->run->shown[row].as_of : s->run->denied_as_of[row];
        else if (s->ending.listed_whole && present(now) && !now->is_missing &&
                 begun > as_of[row].asked)
                as_of[row] = (AsOf){begun, begun};
}

static void check_written(World *w, const DbStatement *s, unsigned row)
{
        const DbRow *now = &w->database->rows[row];
        const ShownRow *seen = &s->run->shown[row];
        check_order(w, s, row);
        if (now->edge != s->edge)
                world_fail(w, "row %u was written with edge %u by edge %u", row, now->edge,
                           s->edge);
        else if (seen->joined == s->run->attempt && seen->spoiled)
                world_fail(w,
                           "row %u was written although the catalog has shown it last in a form "
                           "that cannot be mirrored",
                           row);
        else if (seen->attempt != s->run->attempt)
                world_fail(w,
                           "row %u was written although the catalog has not shown it since the "
                           "list was begun",
                           row);
}

/* Did no row come or go since the list was begun? Then not even a new order at each request excuses
 * that one is missing. */
static bool set_kept(const World *w, const DbStatement *s)
{
        return w->truth->regrouped[s->edge] < s->run->list_from;
}

/* Did rows keep their order while they were listed? */
static bool order_kept(const World *w, const DbStatement *s)
{
        return w->truth->reordered[s->edge] < s->run->list_from;
}

/* What listing.h leaves open: a page was cut by a cap that nothing had shown yet, and the list
 * became as short as it. And pages that are none: one of them is found out where rows keep their
 * order and no cap cuts pages, of more nothing is promised. */
static bool premises_fail(const World *w, const Run *r)
{
        const Settings *set = &w->settings;
        bool one_page = r->in_pass <= (int64_t)r->largest;
        bool no_sign = set->cap_min < set->cap_max && r->shortest_cut >= r->largest;
        bool moved = w->truth->reordered[r->edge] >= r->list_from;
        /* or a node that is behind has shown it as short as it had been */
        bool shorter = r->out_of_turn || w->truth->shortened[r->edge] >= r->list_from;
        bool cut = set->cap_min < set->page_size;
        return r->lies > (moved || cut ? 0 : 1) || (shorter && cut && (one_page || no_sign));
}

/* The later observation wins; of a row that came and went meanwhile, any that was true will do. */
static void check_value(World *w, const DbStatement *s, unsigned row)
{
        const DbRow *now = &w->database->rows[row];
        const Run *r = s->run;
        const ShownRow *seen = &r->shown[row];
        bool as_shown = seen->joined == r->attempt && now->name == seen->name &&
                        now->database == seen->database;
        bool settled = s->ending.listed_whole && !r->out_of_turn && order_kept(w, s) &&
                       !premises_fail(w, r) &&
                       truth_throughout(w->truth, row, s->edge, r->list_from, r->list_to);
        if (settled && !as_shown && !seen->spoiled)
                world_fail(w, "row %u is not as the catalog has shown it last", row);
        if (w->database->touched[row] && !truth_had(w->truth, row, s->edge, now->name,
                                                    now->database, r->list_from, w->truth->tick))
                world_fail(w, "row %u was written as it never was since the list was begun", row);
}

static void check_throughout(World *w, const DbStatement *s, unsigned row)
{
        const Run *r = s->run;
        if (present_in(&w->database->rows[row], s->edge) ||
            !truth_throughout(w->truth, row, s->edge, r->list_from, r->list_to))
                return;
        const DbRow *now = &w->database->rows[row];
        if (present(now) && w->database->runs[now->run_id].applied_as >= s->applies_seen)
                return; /* another edge took it over after this snapshot was compared: as if it had
                           been applied after this one */
        if (now->exists && now->edge != s->edge &&
            !(is_order_known(w) && surely_before(&as_of[row], &r->shown[row].as_of)))
                return; /* another edge's word may be the later one */
        if (premises_fail(w, r)) {
                COVER(w, cut_unseen);
                return;
        }
        bool known = present_in(&before[row], s->edge);
        if (!known && r->shown[row].joined == r->attempt && r->shown[row].spoiled)
                return; /* set aside */
        if (known && !present(&w->database->rows[row]) && !order_kept(w, s) && !set_kept(w, s))
                return; /* missed by the list, and gone when it was asked for */
        if (!known && !order_kept(w, s) && (!set_kept(w, s) || w->settings.doubles)) {
                COVER(w, jumped_missing);
                return;
        }
        world_fail(w,
                   "row %u was in the catalog throughout ticks %u to %u, and is not in the mirror",
                   row, r->list_from, r->list_to);
}

static void check_row(World *w, const DbStatement *s, unsigned row)
{
        const DbRow *now = &w->database->rows[row];
        bool differ = differs(&before[row], now);
        if (w->database->touched[row] && !differ)
                world_fail(w, "row %u was written although nothing changed", row);
        if (!w->database->touched[row] && differ)
                world_fail(w, "row %u changed without having been written", row);
        if (differ && present(&before[row]) && !present(now))
                check_removal(w, s, row);
        else if (differ)
                check_written(w, s, row);
        if (present_in(now, s->edge))
                check_value(w, s, row);
        if (s->ending.listed_whole)
                check_throughout(w, s, row);
        COVER_MANY(w, moved,
                   differ && present(&before[row]) && present(now) &&
                           before[row].edge != now->edge);
}

/* Counts in another way than the queries do: the mirror before, the mirror after, and what was
 * shown. */
static MirrorApplied count(World *w, const DbStatement *s)
{
        MirrorApplied n = {0};
        for (unsigned row = 0; row < w->truth->n_rows; row++) {
                const DbRow *was = &before[row], *now = &w->database->rows[row];
                bool differ = differs(was, now);
                n.added += !was->exists && now->exists;
                n.restored += was->exists && !present(was) && present(now);
                n.removed += present(was) && !present(now);
                n.changed += differ && present(was) && present(now);
                n.row_count += present_in(now, s->edge);
        }
        return n;
}

static void check_counts(World *w, const DbStatement *s)
{
        MirrorApplied n = count(w, s);
        const MirrorApplied *said = &s->applied;
        if (n.added != said->added || n.restored != said->restored || n.changed != said->changed ||
            n.removed != said->removed || n.row_count != said->row_count)
                world_fail(w, "run %d counts +%d ~%d -%d ^%d =%d; it was +%d ~%d -%d ^%d =%d",
                           (int)s->run_id, (int)said->added, (int)said->changed, (int)said->removed,
                           (int)said->restored, (int)said->row_count, (int)n.added, (int)n.changed,
                           (int)n.removed, (int)n.restored, (int)n.row_count);
        COVER_MANY(w, added, (uint64_t)n.added);
        COVER_MANY(w, changed, (uint64_t)n.changed);
        COVER_MANY(w, removed, (uint64_t)n.removed);
        COVER_MANY(w, pending, (uint64_t)said->pending);
        COVER_MANY(w, spoiled, (uint64_t)said->rejected);
        COVER_MANY(w, restored, (uint64_t)n.restored);
        COVER_MANY(w, empty_applies, n.added + n.changed + n.removed + n.restored == 0);
}

/* So many rows may be removed without a person's word. */
static int64_t allowance(const Run *r)
{
        const GuardLimit *limit = &r->plan.max_removals;
        if (!limit->is_share)
                return limit->count;
        /* so that no dust of binary fractions comes in */
        int64_t tenths = (int64_t)(limit->share * 10 + 0.5);
        return (tenths * r->found_present + 9) / 10;
}

/* A row that the list has not shown was asked for; or none was, and why. Gives how many rows the
 * list has not shown. */
static int64_t check_asked(World *w, const DbStatement *s)
{
        const Run *r = s->run;
        int64_t unseen = 0, not_asked = 0;
        for (unsigned row = 0; row < w->truth->n_rows; row++) {
                if (!present_in(&before[row], s->edge) || r->shown[row].joined == r->attempt)
                        continue;
                unseen++;
                not_asked += r->asked_for[row] != r->attempt;
        }
        bool open = r->plan.accept_removals || (r->n_listed > 0 && r->n_found <= allowance(r));
        bool clean = s->ending.refresh == REFRESH_CLEAN || s->ending.refresh == REFRESH_SKIPPED;
        if (!clean || !open) {
                COVER_MANY(w, unseen_left, !open && !s->ending.listed_whole);
                if (not_asked < unseen)
                        world_fail(w, "run %d asks for rows and may not remove them",
                                   (int)s->run_id);
        } else {
                COVER_MANY(w, unseen_asked, unseen > 0 && !s->ending.listed_whole);
                if (not_asked > 0 && !r->control_failed && r->unknown_most < GIVEN_UP_AFTER)
                        world_fail(w, "run %d does not ask for %d rows that its list did not show",
                                   (int)s->run_id, (int)not_asked);
        }
        return unseen;
}

/* Of a list that is not whole: the run is unstable whatever is held, and where rows were not asked
 * for none is. */
static void check_unseen(World *w, const DbStatement *s, int64_t unseen)
{
        const Run *r = s->run;
        int64_t kept = s->applied.held + s->applied.pending;
        bool asked = s->snapshot.missing == MIRROR_MISSING_REMOVE;
        if (!word_is(w->database->runs[s->run_id].outcome, "unstable"))
                world_fail(w, "run %d is %s, and its list was not whole", (int)s->run_id,
                           w->database->runs[s->run_id].outcome);
        if (kept > (asked ? unseen : 0))
                world_fail(w, "run %d keeps %d rows of %d that were not seen", (int)r->run_id,
                           (int)kept, (int)unseen);
}

/* Rows of the mirror that the catalog has not shown are held, or are with another edge now; and
 * nothing is held that was in its place all the time. */
static void check_held(World *w, const DbStatement *s)
{
        const Run *r = s->run;
        int64_t not_shown = 0, doubtful = 0, moved = r->proven_moved;
        int64_t unseen = check_asked(w, s);
        if (!s->ending.listed_whole) {
                check_unseen(w, s, unseen);
                return;
        }
        for (unsigned row = 0; row < w->truth->n_rows; row++) {
                if (!present_in(&w->database->rows[row], s->edge))
                        continue;
                not_shown += r->shown[row].attempt != r->attempt;
                doubtful += premises_fail(w, r) || !order_kept(w, s) ||
                            !truth_throughout(w->truth, row, s->edge, r->list_from, r->list_to);
        }
        int64_t kept = s->applied.held + s->applied.pending;
        if (kept > doubtful || kept + moved < not_shown)
                world_fail(w,
                           "run %d holds %d rows; %d rows of the mirror were not shown, %d have "
                           "moved, %d came or went",
                           (int)s->run_id, (int)kept, (int)not_shown, (int)moved, (int)doubtful);
        bool held = word_is(w->database->runs[s->run_id].outcome, "held");
        if (held != (s->applied.held > 0))
                world_fail(w, "run %d is %s and holds %d rows", (int)s->run_id,
                           w->database->runs[s->run_id].outcome, (int)s->applied.held);
}

static void check_guard(World *w, const DbStatement *s)
{
        if (s->run->plan.accept_removals || s->applied.removed == 0)
                return;
        if (s->run->n_listed == 0)
                world_fail(w, "run %d removed %d rows on the word of an empty list", (int)s->run_id,
                           (int)s->applied.removed);
        if (s->applied.removed > allowance(s->run))
                world_fail(w, "run %d removed %d rows, %d were allowed", (int)s->run_id,
                           (int)s->applied.removed, (int)allowance(s->run));
}

/* ---- history -------------------------------------------------------------------------------- */

static void check_versions(World *w, unsigned row)
{
        const Database *d = w->database;
        const DbRow *r = &d->rows[row];
        if (!r->exists)
                return;
        const DbVersion *v = &d->history[r->version];
        if (v->name != r->name || v->database != r->database || v->edge != r->edge ||
            v->from != r->changed_at || v->to != r->removed_at)
                world_fail(w, "the last version of row %u is not the row", row);
        for (; v->before >= 0; v = &d->history[v->before]) {
                const DbVersion *b = &d->history[v->before];
                if (b->row != row || b->to == 0 || b->to > v->from || b->from >= b->to)
                        world_fail(w, "versions of row %u overlap", row);
        }
        if (v->to != 0 && v->from >= v->to)
                world_fail(w, "a version of row %u ends before it begins", row);
}

/* What the database's clock showed, as the world's. */
static uint64_t world_time(const World *w, uint64_t database_time)
{
        return (uint64_t)((int64_t)database_time - w->database->clock_offset);
}

/* The clocks move for a whole list, and for a clean refresh, only; and show moments that are not
 * too late. */
static void check_clocks(World *w, const DbStatement *s, const DbEdge *was)
{
        const DbEdge *now = &w->database->edges[s->edge];
        bool whole = s->ending.listed_whole;
        int job = s->ending.has_job ? site_job_of(&s->ending.job.id) : -1;
        bool clean = job >= 0 && site_job_ended_clean(w, job);
        bool refreshed = whole && s->ending.refresh == REFRESH_CLEAN;
        if (!whole && now->listed_at != was->listed_at)
                world_fail(w, "run %d moves listed_at although its list was not whole",
                           (int)s->run_id);
        if (now->has_list_digest && (!whole || s->applied.held + s->applied.pending > 0))
                world_fail(w,
                           "run %d keeps the digest of a list although the mirror is not what the "
                           "catalog has "
                           "shown",
                           (int)s->run_id);
        if (whole && world_time(w, now->listed_at) != s->run->first_page_at)
                world_fail(w, "run %d says that its list was begun %lld us after it was",
                           (int)s->run_id,
                           (long long)(world_time(w, now->listed_at) - s->run->first_page_at));
        if (!refreshed && now->refreshed_at != was->refreshed_at)
                world_fail(w, "run %d moves refreshed_at although its refresh was not clean",
                           (int)s->run_id);
        /* The age of a job that is taken up is by the database's clock: what that was set back,
         * nobody can know. */
        bool knowable = w->database->runs[s->run_id].clock_steps == w->database->clock_steps;
        if (refreshed &&
            (!clean || (knowable && world_time(w, now->refreshed_at) > site_job_ends_at(w, job))))
                world_fail(w, "run %d says that its refresh was not over when it was",
                           (int)s->run_id);
}

/* Of every edge: rows move from one to another. */
static void check_digests(World *w)
{
        for (unsigned edge = 0; edge < EDGES_MAX; edge++) {
                Digest digest = database_digest_of(w, edge);
                if (memcmp(digest.words, w->database->edges[edge].digest.words,
                           sizeof(digest.words)) != 0)
                        world_fail(w, "edge %u: the digest is not that of its rows", edge);
        }
}

void check_apply(World *w, const DbStatement *s, const DbEdge *claimed)
{
        const DbRun *run = &w->database->runs[s->run_id];
        COVER(w, applies);
        TELL(w, "database: edge %u: run %d applied: %s, refresh %s, +%d ~%d -%d ^%d, held %d",
             s->edge, (int)s->run_id, run->outcome,
             s->ending.refresh ? sync_refresh_name(s->ending.refresh) : "-", (int)s->applied.added,
             (int)s->applied.changed, (int)s->applied.removed, (int)s->applied.restored,
             (int)s->applied.held);
        if (claimed->epoch != s->epoch || claimed->holder == NO_HOLDER)
                world_fail(w, "edge %u: epoch %lld published while epoch %lld was in force",
                           s->edge, (long long)s->epoch, (long long)claimed->epoch);
        if (run->applies != 1)
                world_fail(w, "run %d was applied %u times", (int)s->run_id, run->applies);
        for (unsigned row = 0; row < w->truth->n_rows && !w->failed; row++) {
                count_proofs(s, row);
                check_row(w, s, row);
                check_missing(w, s, row);
                note_as_of(w, s, row);
                if (w->database->touched[row])
                        check_versions(w, row);
        }
        check_refresh_word(w, s);
        check_clocks(w, s, claimed);
        check_counts(w, s);
        check_digests(w);
        check_held(w, s);
        check_guard(w, s);
}

void check_finish(World *w, const DbStatement *s)
{
        const DbRun *run = &w->database->runs[s->run_id];
        if (run->finished_at)
                world_fail(w, "run %d is ended twice", (int)s->run_id);
        if (s->ending.outcome != OUTCOME_FAILED && s->ending.outcome != OUTCOME_ABORTED)
                world_fail(w, "run %d ends as %s without an apply", (int)s->run_id,
                           sync_outcome_name(s->ending.outcome));
        if (s->ending.refresh)
                check_refresh_word(w, s);
}

/* ---- the report ----------------------------------------------------------------------------- */

static void cover_report(World *w, const SyncReport *m)
{
        static const struct {
                const char *word;
                int counter;
        } words[] = {
                {"synced", COVER_synced},         {"held", COVER_held},
                {"unstable", COVER_unstable},     {"failed", COVER_failed},
                {"aborted", COVER_aborted},       {"clean", COVER_clean},
                {"failed", COVER_refresh_failed}, {"timeout", COVER_timeout},
                {"unknown", COVER_unknown},       {"skipped", COVER_skipped},
                {"rejected", COVER_rejected},
        };
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                w->coverage[words[i].counter] += word_is(i < 5 ? sync_outcome_name(m->outcome)
                                                               : sync_refresh_name(m->refresh),
                                                         words[i].word);
        COVER_MANY(w, not_claimed, m->run_id == 0);
}

void check_report(World *w, const Run *r, const SyncReport *m)
{
        const DbRun *run = r->run_id ? &w->database->runs[r->run_id] : NULL;
        cover_report(w, m);
        check_over(w, r, m);
        if (m->fault.refused && !w->instances[r->instance].refused_twice)
                world_fail(w, "run %d says that the credentials are refused, and they were not",
                           (int)r->run_id);
        TELL(w, "instance %d, edge %u: run %d is over: %s%s%s", r->instance, r->edge,
             (int)r->run_id, sync_outcome_name(m->outcome), m->fault.scope ? ": " : "",
             m->fault.message);
        if (w->now - r->started_at > RUN_TIME_MAX)
                world_fail(w, "a run took %d minutes",
                           (int)((w->now - r->started_at) / (60 * SEC)));
        if (m->fault.code == CODE_SYNC_MACHINE)
                world_fail(w, "%s", m->fault.message);
        if (r->plan.dry)
                return;
        if (sync_outcome_is_applied(m->outcome)) {
                if (!run || !word_is(run->outcome, sync_outcome_name(m->outcome)) ||
                    run->applies != 1)
                        world_fail(w, "run %d reports %s; the database has %s", (int)r->run_id,
                                   sync_outcome_name(m->outcome),
                                   run && run->outcome ? run->outcome : "nothing");
                else if (memcmp(&m->applied.listed, &run->counts.listed,
                                sizeof(m->applied.listed) * 9) != 0)
                        world_fail(w, "run %d reports other counts than were applied",
                                   (int)r->run_id);
                if (m->requests != r->requests)
                        world_fail(w, "run %d reports %d requests; it made %d", (int)r->run_id,
                                   (int)m->requests, (int)r->requests);
        } else if (run && run->applies && !r->stopped_applying && !r->commit_may_be_lost) {
                world_fail(w, "run %d reports %s, and was applied", (int)r->run_id,
                           sync_outcome_name(m->outcome));
        }
}

/* ---- the end -------------------------------------------------------------------------------- */

void check_all_ended(World *w)
{
        for (unsigned i = 0; i < INSTANCES_MAX * EDGES_MAX; i++)
                if (w->runs[i].active)
                        world_fail(w, "a run of edge %u has not ended", w->runs[i].edge);
}

void check_end(World *w)
{
        for (unsigned row = 0; row < w->truth->n_rows && !w->failed; row++) {
                const TruthVersion *v = truth_now(w->truth, row);
                const DbRow *r = &w->database->rows[row];
                bool same = v->edge < 0 ? !present(r)
                                        : present_in(r, (unsigned)v->edge) && r->name == v->name &&
                                                  r->database == v->database;
                if (!same)
                        world_fail(
                                w,
                                "in the end row %u is edge %d in the catalog and %s in the mirror",
                                row, v->edge, present(r) ? "present" : "not");
                check_versions(w, row);
        }
        check_all_ended(w);
        COVER(w, converged);
}
