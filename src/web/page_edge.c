/*
 * page_edge: one edge: its clocks, its last runs, what it holds back, and the catalog's own words.
 */
#include "base/outcome.h"
#include "mirror/sql_embedded.h"
#include "web/chart.h"
#include "web/verdict.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define RUNS_SHOWN  50
#define RUNS_LISTED 20
#define ROWS_SHOWN  100

enum { EDGE = VERDICT_SERVICE_QUESTIONS, RUNS, HELD, REJECTED, QUESTIONS };

static size_t edge_ask(const PageArguments *a _unused_, const char *name,
                       char scratch[static 32] _unused_, MirrorQuestion *ret)
{
        (void)verdict_ask_service(ret);
        ret[EDGE] = (MirrorQuestion){sql_page_edge, {name}, 1};
        ret[RUNS] = (MirrorQuestion){sql_page_edge_runs, {name, PAGE_TEXT_OF(RUNS_SHOWN)}, 2};
        ret[HELD] = (MirrorQuestion){sql_page_edge_held, {name, PAGE_TEXT_OF(ROWS_SHOWN)}, 2};
        ret[REJECTED] =
                (MirrorQuestion){sql_page_edge_rejected, {name, PAGE_TEXT_OF(ROWS_SHOWN)}, 2};
        return QUESTIONS;
}

/* ---- clocks --------------------------------------------------------------------------------- */

static void put_clock(Html *h, const MirrorTable *t, const char *term, const char *at,
                      const char *age, const char *note)
{
        char text[64];
        const char *time = table_text(t, 0, at);
        html_put(h, "dt", term);
        html_open(h, "dd");
        if (time)
                html_printf(h, "%s ago, %s", page_age(table_age(t, 0, age), "", text), time);
        else
                html_text(h, "never");
        html_put(h, "span", note, {"class", "muted"});
        html_close(h);
}

static void put_next(Html *h, const MirrorTable *t)
{
        char text[64];
        int64_t next_in = table_int(t, 0, "next_in", 0);
        html_put(h, "dt", "Next run");
        html_open(h, "dd");
        if (!table_bool(t, 0, "scheduled"))
                html_text(h, "not scheduled: no instance of the service has it in its queue");
        else if (next_in < 0)
                html_printf(h, "due for %s", page_age(-next_in, "", text));
        else
                html_printf(h, "in %s, %s UTC", page_age(next_in, "", text),
                            table_string(t, 0, "next_run_at"));
        html_printf(h, " (%s, time zone %s)", table_string(t, 0, "schedule"),
                    table_string(t, 0, "timezone"));
        html_close(h);
}

static void put_running(Html *h, const MirrorTable *t)
{
        char text[64];
        const char *state = table_text(t, 0, "open_job_state");
        const char *progress = table_text(t, 0, "open_job_progress");
        const char *message = table_text(t, 0, "open_job_message");
        if (!table_text(t, 0, "phase"))
                return;
        int64_t listed = table_int(t, 0, "open_listed", 0);
        html_put(h, "dt", "Running");
        html_open(h, "dd");
        html_printf(h, "%s, for %s, by %s, %" PRId64 " row%s listed", table_text(t, 0, "phase"),
                    page_age(table_age(t, 0, "running_for"), "", text),
                    table_string(t, 0, "holder"), listed, text_plural(listed));
        if (state)
                html_printf(h, "; job %s", state);
        if (progress)
                html_printf(h, ", %.0f %%", strtod(progress, NULL));
        if (message)
                html_text(h, ": ");
        html_message(h, message);
        html_close(h);
}

static void put_link(Html *h, const char *gap, const char *path, const char *edge, const char *text)
{
        _cleanup_(text_done) Text url = {0};
        int r = text_append_string(&url, path);
        r = r < 0 ? r : text_append_url(&url, edge);
        h->failed = h->failed || r < 0;
        html_text(h, gap);
        html_put(h, "a", text, {"href", url.data});
}

static void put_clocks(Html *h, const MirrorTable *t)
{
        const char *name = table_string(t, 0, "edge");
        html_open(h, "dl");
        put_clock(h, t, "Listed", "listed_at", "listed_age",
                  " (what changed in the catalog since may be missing)");
        put_clock(h, t, "Refreshed", "refreshed_at", "refreshed_age",
                  " (what changed at the data source since may be missing)");
        put_clock(h, t, "Last run ended", "last_run_at", "run_age", NULL);
        put_next(h, t);
        put_running(h, t);
        html_put(h, "dt", "Databases");
        html_open(h, "dd");
        if (table_text(t, 0, "row_count"))
                page_put_number(h, "span", table_int(t, 0, "row_count", 0), NULL);
        else
                html_text(h, "not known yet");
        put_link(h, " – ", "/inventory?edge=", name, "their names");
        put_link(h, ", ", "/changes?edge=", name, "what changed");
        html_close(h);
        html_put(h, "dt", "Edge connection");
        html_open(h, "dd");
        html_put(h, "code", table_text(t, 0, "edge_connection_id"));
        html_printf(h, ", %s", table_string(t, 0, "origin"));
        html_close(h);
        html_close(h);
}

static void put_verdict(Html *h, const PageView *v)
{
        const MirrorTable *t = &v->tables[EDGE];
        char class[64];
        const char *name = table_string(t, 0, "edge");
        const char *problem = table_text(t, 0, "problem");
        const EdgeState *state =
                edge_state_find(table_text(t, 0, "state"), table_text(t, 0, "last_refresh"));
        int64_t failures = table_int(t, 0, "consecutive_failures", 0);
        (void)snprintf(class, sizeof(class), "verdict %s", edge_level_names[state->level]);
        html_open(h, "div", {"class", class});
        html_open(h, "h1");
        html_put(h, "span", name, {"class", "name"});
        html_text(h, " ");
        page_put_states(h, t, 0);
        html_close(h);
        html_put(h, "p", state->meaning);
        if (failures > 1) {
                html_open(h, "p");
                html_printf(h, "%" PRId64 " failures in a row.", failures);
                html_close(h);
        }
        if (problem) {
                html_open(h, "p");
                html_text(h, "The last run: ");
                html_message(h, problem);
                html_close(h);
        }
        if (state->level != EDGE_WELL)
                page_put_advice(h, state->advice, name);
        page_put_hidden_state(h, t, 0);
        html_close(h);
        if (state->level != EDGE_OFF)
                verdict_put_service(h, v);
}

/* ---- the catalog's own words ---------------------------------------------------------------- */

static void put_catalog(Html *h, const MirrorTable *t)
{
        const char *problem = table_text(t, 0, "catalog_problem");
        const char *message = table_text(t, 0, "job_message");
        int64_t status = table_int(t, 0, "http_status", 0);
        if (!problem && !message)
                return;
        html_put(h, "h2", "What the catalog said");
        if (message) {
                html_open(h, "p");
                html_text(h, "Of the last refresh job ");
                html_put(h, "code", table_text(t, 0, "job_id"));
                html_printf(h, " (%s):",
                            table_text(t, 0, "job_state") ? table_text(t, 0, "job_state")
                                                          : "state not known");
                html_close(h);
                html_open(h, "blockquote");
                html_message(h, message);
                html_close(h);
        }
        if (problem) {
                html_open(h, "p");
                html_text(h, "Of the request that failed");
                if (status > 0)
                        html_printf(h, ", with HTTP status %" PRId64, status);
                html_text(h, ":");
                html_close(h);
                html_open(h, "pre");
                html_message(h, problem);
                html_close(h);
        }
}

/* ---- runs ----------------------------------------------------------------------------------- */

static const char *run_class(const MirrorTable *t, size_t row)
{
        const char *word = table_text(t, row, "outcome");
        SyncOutcome outcome = sync_outcome_parse(word);
        if (!word)
                return "bar-open";
        if (table_bool(t, row, "ok"))
                return "bar-well";
        return outcome == OUTCOME_SYNCED || outcome == OUTCOME_ABORTED ? "bar-attention"
                                                                       : "bar-trouble";
}

static double run_seconds(const MirrorTable *t, size_t row)
{
        const char *seconds = table_text(t, row, "seconds");
        return seconds ? strtod(seconds, NULL) : -1;
}

static const char *run_duration(double seconds, char out[static 64])
{
        if (seconds < 0)
                return "–";
        (void)snprintf(out, 64, seconds < 100 ? "%.1f s" : "%.0f s", seconds);
        return out;
}

/* The oldest on the left. */
static void put_bars(Html *h, const MirrorTable *t)
{
        ChartBar bars[RUNS_SHOWN] = {{0}};
        char titles[RUNS_SHOWN][192], length[64], label[128];
        size_t n = t->n_rows < RUNS_SHOWN ? t->n_rows : RUNS_SHOWN;
        for (size_t i = 0; i < n; i++) {
                size_t row = n - 1 - i;
                const char *outcome = table_text(t, row, "outcome");
                (void)snprintf(titles[i], sizeof(titles[i]), "%s: %s, %s",
                               table_string(t, row, "started_at"),
                               outcome ? outcome : "running or cut short",
                               run_duration(run_seconds(t, row), length));
                bars[i] = (ChartBar){.value = run_seconds(t, row),
                                     .class = run_class(t, row),
                                     .title = titles[i]};
        }
        (void)snprintf(label, sizeof(label),
                       "Durations of the last %zu run%s, the latest on the right; the table below "
                       "has them as numbers",
                       n, text_plural(n));
        chart_bars(h, bars, n, label);
        html_put(h, "p",
                 "Durations of the last runs, the latest on the right: green well, yellow applied "
                 "with a refresh that was not clean or ended early, red held, unstable or failed.",
                 {"class", "muted"});
}

/* Whether there were any. */
static bool put_changes(Html *h, const MirrorTable *t, size_t row, bool more)
{
        static const char *const counts[] = {"added", "changed", "removed", "restored",
                                             "held",  "pending", "rejected"};
        const char *gap = "";
        for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
                int64_t n = table_int(t, row, counts[i], 0);
                if (n > 0)
                        html_printf(h, "%s%" PRId64 " %s", gap, n, counts[i]);
                gap = n > 0 ? ", " : gap;
        }
        html_text(h, gap[0] && more ? "; " : NULL);
        return gap[0] != '\0';
}

static void put_run(Html *h, const MirrorTable *t, size_t i)
{
        char length[64];
        const char *outcome = table_text(t, i, "outcome");
        const char *refresh = table_text(t, i, "refresh");
        const char *problem = table_text(t, i, "problem");
        html_open(h, "tr");
        html_put(h, "th", table_text(t, i, "started_at"), {"scope", "row"}, {"class", "t"});
        html_put(h, "td", run_duration(run_seconds(t, i), length), {"class", "n"});
        html_put(h, "td", outcome ? outcome : "running or cut short");
        html_put(h, "td", refresh ? refresh : "–", {"class", "wide"});
        page_put_number(h, "td", table_int(t, i, "listed", 0), "n wide");
        html_open(h, "td", {"class", "wide"});
        if (!put_changes(h, t, i, problem) && !problem)
                html_text(h, outcome ? "no change" : "");
        html_message(h, problem);
        html_close(h);
        html_close(h);
}

static void put_runs(Html *h, const MirrorTable *t)
{
        html_put(h, "h2", "Last runs");
        if (t->n_rows == 0) {
                html_put(h, "p", "There was none yet.");
                return;
        }
        put_bars(h, t);
        page_table_begin(h, "The last runs, the latest first");
        page_put_heading(h, "Began", NULL);
        page_put_heading(h, "Duration", "n");
        page_put_heading(h, "Outcome", NULL);
        page_put_heading(h, "Refresh", "wide");
        page_put_heading(h, "Listed", "n wide");
        page_put_heading(h, "Changes, and what was wrong", "wide");
        page_table_body(h);
        for (size_t i = 0; i < t->n_rows && i < RUNS_LISTED; i++)
                put_run(h, t, i);
        page_table_end(h);
}

/* ---- what is held back ---------------------------------------------------------------------- */

static void put_cut(Html *h, const MirrorTable *t, const char *view)
{
        if (t->n_rows <= ROWS_SHOWN)
                return;
        html_open(h, "p");
        html_printf(h, "Only the first %d are shown; the view edgemirror.%s has all.", ROWS_SHOWN,
                    view);
        html_close(h);
}

static const char *reason_text(const char *reason)
{
        static const struct {
                const char *word, *text;
        } reasons[] = {
                {"guard", "held: more are missing than max_removals allows. If they are gone "
                          "indeed, sync with --accept-removals"},
                {"unproven", "held: the catalog did not say that it is gone. Look it up in the "
                             "catalog, and whether the service's account may see it"},
                {"refresh", "held: the refresh was not clean. The next clean one decides"},
                {"pending",
                 "pending: proven gone; it is removed when as many syncs in a row as "
                 "confirm_removals have proven it, for as long as removal_delay. Nothing "
                 "to do"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
                if (text_equal(reasons[i].word, reason))
                        return reasons[i].text;
        return reason;
}

static void put_held(Html *h, const MirrorTable *t)
{
        if (t->n_rows == 0)
                return;
        html_put(h, "h2", "Missing from the list, and kept");
        put_cut(h, t, "held");
        page_table_begin(h, "Databases that the catalog does not list any more, and why they stay");
        page_put_heading(h, "Database", NULL);
        page_put_heading(h, "Missing since", "wide");
        page_put_heading(h, "Why it stays, and what to do", NULL);
        page_put_heading(h, "Catalog answered", "n wide");
        page_table_body(h);
        for (size_t i = 0; i < t->n_rows && i < ROWS_SHOWN; i++) {
                const char *status = table_text(t, i, "http_status");
                html_open(h, "tr");
                html_put(h, "th", table_text(t, i, "name"), {"scope", "row"}, {"class", "name"});
                html_put(h, "td", table_text(t, i, "since"), {"class", "t wide"});
                html_put(h, "td", reason_text(table_text(t, i, "reason")));
                html_put(h, "td", status ? status : "not asked", {"class", "n wide"});
                html_close(h);
        }
        page_table_end(h);
}

static void put_rejected(Html *h, const MirrorTable *t)
{
        if (t->n_rows == 0)
                return;
        html_put(h, "h2", "Listed, and not to be mirrored");
        html_put(h, "p",
                 "Correct these in the catalog. What the mirror has of them stays as it is; one "
                 "that can be mirrored again is gone from here with the next list.");
        put_cut(h, t, "rejected");
        page_table_begin(h, "Rows of the list that cannot be mirrored, and why");
        page_put_heading(h, "Reason", NULL);
        page_put_heading(h, "Row, as it was received", NULL);
        page_put_heading(h, "In the mirror as", "wide");
        page_put_heading(h, "Since", "wide");
        page_table_body(h);
        for (size_t i = 0; i < t->n_rows && i < ROWS_SHOWN; i++) {
                const char *name = table_text(t, i, "name_in_mirror");
                html_open(h, "tr");
                html_put(h, "td", table_text(t, i, "reason"));
                html_open(h, "td");
                html_put(h, "code", table_text(t, i, "document"));
                html_text(h, table_bool(t, i, "cut") ? "…" : "");
                html_close(h);
                html_put(h, "td", name ? name : "–", {"class", "name wide"});
                html_put(h, "td", table_text(t, i, "first_seen_at"), {"class", "wide"});
                html_close(h);
        }
        page_table_end(h);
}

static unsigned edge_render(const PageView *v, Html *h)
{
        const MirrorTable *t = &v->tables[EDGE];
        if (t->n_rows == 0) {
                html_open(h, "div", {"class", "verdict trouble"});
                html_put(h, "h1", "There is no such edge");
                html_open(h, "p");
                html_text(h, "The mirror knows no edge ");
                html_put(h, "span", v->name, {"class", "name"});
                html_text(h, ". ");
                html_put(h, "a", "All edges", {"href", "/"});
                html_close(h);
                html_close(h);
                return 404;
        }
        put_verdict(h, v);
        put_clocks(h, t);
        put_catalog(h, t);
        put_held(h, &v->tables[HELD]);
        put_rejected(h, &v->tables[REJECTED]);
        put_runs(h, &v->tables[RUNS]);
        return 200;
}

const WebPage page_edge = {.path = "/edges/",
                           .of_edge = true,
                           .title = "Edge",
                           .ask = edge_ask,
                           .render = edge_render};
