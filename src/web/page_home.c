/*
 * page_home: is it well? What is in trouble first, with what to do; then all edges.
 */
#include "base/outcome.h"
#include "mirror/sql_embedded.h"
#include "web/verdict.h"
#include <inttypes.h>
#include <stdio.h>

#define DEAD_SHOWN    3600 /* seconds */
#define TROUBLE_SHOWN 20

enum { TROUBLE = VERDICT_QUESTIONS, EDGES, QUESTIONS };

static const PageField fields[] = {
        {"state", PAGE_WORD,
         (const char *const[]){"all", "trouble", "attention", "well", "disabled", NULL}},
        {"sort", PAGE_WORD,
         (const char *const[]){"name", "state", "listed", "refreshed", "rows", "run", "next",
                               NULL}},
        {"order", PAGE_WORD, (const char *const[]){"asc", "desc", NULL}},
        {"q", PAGE_TEXT, NULL},
        {"page", PAGE_NUMBER, NULL},
};

static size_t home_ask(const PageArguments *a, const char *name _unused_, char scratch[static 32],
                       MirrorQuestion *ret)
{
        const char *all = edge_states_of(EDGE_LEVELS);
        unsigned level = text_find(edge_level_names, EDGE_LEVELS, page_argument(a, "state"));
        (void)snprintf(scratch, 32, "%" PRId64, page_offset(a));
        (void)verdict_ask(NULL, ret);
        ret[TROUBLE] = (MirrorQuestion){sql_page_edges,
                                        {edge_states_of(EDGE_TROUBLE), NULL, "state", "f",
                                         PAGE_TEXT_OF(TROUBLE_SHOWN), "0", all},
                                        7};
        ret[EDGES] = (MirrorQuestion){sql_page_edges,
                                      {level < EDGE_LEVELS ? edge_states_of(level) : NULL,
                                       page_argument(a, "q"), page_argument(a, "sort"),
                                       text_equal(page_argument(a, "order"), "desc") ? "t" : "f",
                                       PAGE_TEXT_OF(PAGE_ROWS), scratch, all},
                                      7};
        return QUESTIONS;
}

/* ---- the verdict ---------------------------------------------------------------------------- */

static void put_clock(Html *h, const Verdict *verdict, const char *term, const VerdictClock *clock)
{
        html_put(h, "dt", term);
        html_open(h, "dd");
        verdict_put_clock(h, verdict, clock);
        html_close(h);
}

static void put_verdict(Html *h, const Verdict *s)
{
        char class[64];
        (void)snprintf(class, sizeof(class), "verdict %s", edge_level_names[verdict_level(s)]);
        html_open(h, "div", {"class", class});
        html_open(h, "h1");
        verdict_put_sentence(h, s);
        html_close(h);
        if (s->enabled == 0)
                page_put_advice(h,
                                "`edgemirror discover` shows the Edge connections of the catalog, "
                                "with a section of the configuration for each.",
                                NULL);
        html_close(h);
        html_open(h, "dl");
        put_clock(h, s, "Catalog as listed", &s->listed);
        put_clock(h, s, "Data sources as refreshed", &s->refreshed);
        html_put(h, "dt", "In the mirror");
        html_open(h, "dd");
        page_put_number(h, "span", s->rows, NULL);
        html_printf(h,
                    " database%s; missing and kept: %" PRId64 " held, %" PRId64 " pending; %" PRId64
                    " rejected",
                    text_plural(s->rows), s->held, s->pending, s->rejected);
        html_close(h);
        html_close(h);
}

/* ---- the service ---------------------------------------------------------------------------- */

static void put_wait(Html *h, const MirrorTable *t, size_t row)
{
        char age[64];
        MirrorWait wait = mirror_wait_parse(table_text(t, row, "waiting_for"));
        html_open(h, "p");
        html_put(h, "span", "waiting", {"class", "state trouble"});
        html_printf(h, " It %s, for %s. ", verdict_wait_meaning(wait),
                    page_age(table_int(t, row, "waiting_for_so_long", 0), "", age));
        html_message(h, table_text(t, row, "waiting_message"));
        html_close(h);
        page_put_advice(h, verdict_wait_advice(wait), NULL);
}

static void put_instance(Html *h, const MirrorTable *t, size_t row)
{
        char seen[64], up[64], left[64];
        bool alive = table_bool(t, row, "alive");
        int64_t seen_sec = table_int(t, row, "seen_ago", 0);
        int64_t silence_sec = table_int(t, row, "silence", 0);
        (void)page_age(seen_sec, "", seen);
        (void)page_age(table_int(t, row, "up_for", 0), "", up);
        html_open(h, "li");
        html_put(h, "b", table_text(t, row, "name"), {"class", "name"});
        bool silent = 3 * seen_sec > silence_sec; /* a sign is missing */
        if (alive && silent)
                html_printf(h, " has given no sign of life for %s, and counts as dead in %s; ",
                            seen, page_age(silence_sec - seen_sec, "", left));
        else if (alive)
                html_printf(h, " is alive, last sign of life %s ago, ", seen);
        if (alive)
                html_printf(h, "up for %s, edges: %" PRId64 ", version %s", up,
                            table_int(t, row, "n_edges", 0), table_string(t, row, "version"));
        else if (table_bool(t, row, "stopped"))
                html_printf(h, " was stopped %s ago", seen);
        else
                html_printf(h, " has given no sign of life for %s", seen);
        if (alive && table_text(t, row, "waiting_for"))
                put_wait(h, t, row);
        html_close(h);
}

/* The instance that answers is told so itself; where it is its sign of life that is refused, the
 * database does not know. */
static void put_refused(Html *h, const char *message)
{
        html_open(h, "p");
        html_text(h, "As seen by the instance that shows this page: ");
        html_message(h, message);
        html_close(h);
        page_put_advice(h, verdict_wait_advice(MIRROR_WAIT_POSTGRES), NULL);
}

/* Instances that are alive, those that ended without a word lately, and how the last one ended when
 * none is. */
static void put_service(Html *h, const PageView *v, const Verdict *s)
{
        const MirrorTable *t = &v->tables[VERDICT_INSTANCES];
        html_put(h, "h2", "Service, catalog, PostgreSQL");
        if (v->refused)
                put_refused(h, v->refused);
        else if (s->n_alive == 0)
                page_put_advice(h,
                                "Nothing syncs the edges when they are due until an instance gives "
                                "a sign of life: `systemctl start edgemirror`; `journalctl -u "
                                "edgemirror` says why it ended, or what it waits for.",
                                NULL);
        html_open(h, "ul", {"class", "items"});
        for (size_t i = 0; i < t->n_rows; i++)
                if (i == 0 || table_bool(t, i, "alive") ||
                    (!table_bool(t, i, "stopped") && table_int(t, i, "seen_ago", 0) < DEAD_SHOWN))
                        put_instance(h, t, i);
        html_close(h);
        if (s->n_alive > 0 && !s->waits && !s->refused)
                html_put(h, "p", "PostgreSQL answers, and no instance waits for the catalog.",
                         {"class", "muted"});
}

/* ---- edges ---------------------------------------------------------------------------------- */

static void put_trouble(Html *h, const MirrorTable *t, int64_t n)
{
        char age[64];
        if (t->n_rows == 0)
                return;
        html_put(h, "h2", "Edges in trouble");
        html_open(h, "ul", {"class", "items"});
        for (size_t i = 0; i < t->n_rows; i++) {
                const char *edge = table_string(t, i, "edge");
                const char *problem = table_text(t, i, "problem");
                int64_t failures = table_int(t, i, "consecutive_failures", 0);
                html_open(h, "li");
                html_open(h, "p");
                page_put_edge(h, edge, table_text(t, i, "edge_connection_id"));
                html_text(h, " ");
                const EdgeState *state = page_put_states(h, t, i);
                html_printf(h, " listed %s", page_age(table_age(t, i, "listed_age"), "never", age));
                if (table_age(t, i, "listed_age") >= 0)
                        html_text(h, " ago");
                if (failures > 1)
                        html_printf(h, ", %" PRId64 " failures in a row", failures);
                html_close(h);
                html_open(h, "p");
                html_message(h, problem ? problem : state->meaning);
                html_close(h);
                page_put_advice(h, state->advice, edge);
                page_put_hidden_state(h, t, i);
                html_close(h);
        }
        html_close(h);
        if (n > (int64_t)t->n_rows) {
                html_open(h, "p");
                html_printf(h, "These are %zu of %" PRId64 ". ", t->n_rows, n);
                html_put(h, "a", "All in trouble", {"href", "/?state=trouble"});
                html_close(h);
        }
}

static void put_filters(Html *h, const PageView *v, const Verdict *s)
{
        html_open(h, "ul", {"class", "filters"}, {"aria-label", "Edges by state"});
        for (size_t i = 0; fields[0].words[i]; i++) {
                const char *word = fields[0].words[i];
                unsigned level = text_find(edge_level_names, EDGE_LEVELS, word);
                _cleanup_(text_done) Text text = {0};
                h->failed = h->failed ||
                            text_printf(&text, "%s (%" PRId64 ")", word,
                                        level < EDGE_LEVELS ? s->of_level[level] : s->edges) < 0;
                html_open(h, "li");
                page_put_link(h, v, "state", word, text.data);
                html_close(h);
        }
        html_close(h);
}

static void put_run(Html *h, const MirrorTable *t, size_t row)
{
        char age[64];
        const char *outcome = table_text(t, row, "last_outcome");
        const char *refresh = table_text(t, row, "last_refresh");
        const char *phase = table_text(t, row, "phase");
        html_open(h, "td", {"class", "t wide"});
        if (phase)
                html_printf(h, "running (%s); before: ", phase);
        html_text(h, outcome ? outcome : "none");
        if (refresh && sync_refresh_parse(refresh) != REFRESH_CLEAN)
                html_printf(h, ", refresh %s", refresh);
        if (outcome)
                html_printf(h, ", %s ago", page_age(table_age(t, row, "run_age"), "long", age));
        html_close(h);
}

static void put_row(Html *h, const MirrorTable *t, size_t i)
{
        char age[64];
        int64_t rows = table_int(t, i, "row_count", -1);
        int64_t next_in = table_int(t, i, "next_in", INT64_MIN);
        html_open(h, "tr");
        html_open(h, "th", {"scope", "row"});
        page_put_edge(h, table_text(t, i, "edge"), table_text(t, i, "edge_connection_id"));
        html_open(h, "div", {"class", "narrow"});
        page_put_states(h, t, i);
        html_close(h);
        html_close(h);
        html_open(h, "td", {"class", "wide"});
        page_put_states(h, t, i);
        html_close(h);
        html_put(h, "td", page_age(table_age(t, i, "listed_age"), "never", age), {"class", "n"});
        html_put(h, "td", page_age(table_age(t, i, "refreshed_age"), "never", age), {"class", "n"});
        if (rows >= 0)
                page_put_number(h, "td", rows, "n wide");
        else
                html_put(h, "td", "–", {"class", "n wide"});
        put_run(h, t, i);
        html_open(h, "td", {"class", "n wide"});
        if (!table_bool(t, i, "scheduled"))
                html_text(h, "not scheduled");
        else if (next_in < 0)
                html_text(h, "due");
        else
                html_printf(h, "in %s", page_age(next_in, "", age));
        html_close(h);
        html_close(h);
}

static void put_edges(Html *h, const PageView *v, const Verdict *s)
{
        const MirrorTable *t = &v->tables[EDGES];
        html_put(h, "h2", "All edges");
        put_filters(h, v, s);
        page_put_search(h, v, "q", "Name has");
        if (t->n_rows == 0) {
                html_put(h, "p", s->edges > 0 ? "No edge is like that." : "There is none yet.");
                return;
        }
        page_table_begin(h, "Edges: how long ago the list was read and the data source refreshed");
        page_put_sorting(h, v, "Edge", "name", false, NULL);
        page_put_sorting(h, v, "State", "state", false, "wide");
        page_put_sorting(h, v, "Listed", "listed", true, "n");
        page_put_sorting(h, v, "Refreshed", "refreshed", true, "n");
        page_put_sorting(h, v, "Databases", "rows", true, "n wide");
        page_put_sorting(h, v, "Last run", "run", true, "wide");
        page_put_sorting(h, v, "Next run", "next", false, "n wide");
        page_table_body(h);
        for (size_t i = 0; i < t->n_rows; i++)
                put_row(h, t, i);
        page_table_end(h);
        page_put_pages(h, v, table_int(t, 0, "matches", 0), "edges");
}

static unsigned home_render(const PageView *v, Html *h)
{
        Verdict s = verdict_of(v, NULL);
        bool service_first = s.n_alive == 0 || s.waits || s.refused;
        put_verdict(h, &s);
        if (service_first)
                put_service(h, v, &s);
        put_trouble(h, &v->tables[TROUBLE], s.of_level[EDGE_TROUBLE]);
        put_edges(h, v, &s);
        if (!service_first)
                put_service(h, v, &s);
        return 200;
}

const WebPage page_home = {.path = "/",
                           .title = "Edges",
                           .fields = fields,
                           .n_fields = ARRAY_SIZE(fields),
                           .ask = home_ask,
                           .render = home_render};
