/*
 * page_inventory: what is there, how much of it is registered, how it grew; and databases by name.
 */
#include "mirror/sql_embedded.h"
#include "web/chart.h"
#include "web/verdict.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DATABASES_SHOWN 200
#define DAYS_SHOWN      90

/* Databases where they are searched for, else the growth: each may take a while. */
enum { EDGES = VERDICT_QUESTIONS, GROWTH, DATABASES = GROWTH, QUESTIONS };

static const PageField fields[] = {
        {"q", PAGE_TEXT, NULL},
        {"edge", PAGE_TEXT, NULL},
        {"show", PAGE_WORD, (const char *const[]){"all", "registered", "unregistered", NULL}},
        {"sort", PAGE_WORD,
         (const char *const[]){"name", "databases", "unregistered", "share", NULL}},
        {"order", PAGE_WORD, (const char *const[]){"asc", "desc", NULL}},
        {"page", PAGE_NUMBER, NULL},
};

/* Whether databases are asked for by name, edge or registration. */
static bool is_search(const PageArguments *a)
{
        return page_argument(a, "q") || page_argument(a, "edge") ||
               !text_equal(page_argument(a, "show"), "all");
}

static size_t inventory_ask(const PageArguments *a, const char *name _unused_,
                            char scratch[static 32], MirrorQuestion *ret)
{
        const char *show = page_argument(a, "show");
        (void)snprintf(scratch, 32, "%" PRId64, page_offset(a));
        (void)verdict_ask(page_argument(a, "edge"), ret);
        ret[EDGES] = (MirrorQuestion){sql_page_inventory,
                                      {page_argument(a, "sort"),
                                       text_equal(page_argument(a, "order"), "desc") ? "t" : "f",
                                       PAGE_TEXT_OF(PAGE_ROWS), scratch, page_argument(a, "edge")},
                                      5};
        if (is_search(a))
                ret[DATABASES] = (MirrorQuestion){sql_page_databases,
                                                  {page_argument(a, "q"), page_argument(a, "edge"),
                                                   text_equal(show, "registered")     ? "t"
                                                   : text_equal(show, "unregistered") ? "f"
                                                                                      : NULL,
                                                   PAGE_TEXT_OF(DATABASES_SHOWN)},
                                                  4};
        else
                ret[GROWTH] = (MirrorQuestion){sql_page_growth, {PAGE_TEXT_OF(DAYS_SHOWN)}, 1};
        return QUESTIONS;
}

/* ---- growth --------------------------------------------------------------------------------- */

static void put_key(Html *h, const char *class, const char *text)
{
        html_open(h, "svg", {"class", "key"}, {"viewBox", "0 0 10 10"}, {"aria-hidden", "true"});
        html_empty(h, "rect", {"class", class}, {"width", "10"}, {"height", "10"});
        html_close(h);
        html_text(h, text);
}

static void put_growth(Html *h, const MirrorTable *t, const MirrorTable *edges)
{
        double databases[CHART_POINTS_MAX], registered[CHART_POINTS_MAX];
        char label[256];
        size_t n = t->n_rows < CHART_POINTS_MAX ? t->n_rows : CHART_POINTS_MAX;
        for (size_t i = 0; i < n; i++) {
                databases[i] = (double)table_int(t, i, "databases", 0);
                registered[i] = (double)table_int(t, i, "registered", 0);
        }
        html_put(h, "h2", "Growth");
        if (n == 0 && edges->n_rows > 0) {
                html_put(h, "p",
                         "Of so many databases the growth takes too long to count for a page; the "
                         "view "
                         "edgemirror.daily has it.");
                return;
        }
        if (n < 2) {
                html_put(h, "p", "A line is drawn once the mirror is a day old.");
                return;
        }
        (void)snprintf(label, sizeof(label),
                       "From %s to %s: databases from %.0f to %.0f, registered ones from %.0f to "
                       "%.0f",
                       table_string(t, 0, "day"), table_string(t, n - 1, "day"), databases[0],
                       databases[n - 1], registered[0], registered[n - 1]);
        chart_lines(h, databases, registered, n, label);
        html_open(h, "p", {"class", "muted"});
        html_text(h, label);
        html_text(h, ".");
        put_key(h, "bar-open", "all");
        put_key(h, "area", "registered");
        html_close(h);
}

/* ---- per edge ------------------------------------------------------------------------------- */

/* Of the edge that is asked for, or of all. */
static void put_totals(Html *h, const PageView *v, const MirrorTable *t)
{
        Verdict verdict = verdict_of(v, page_argument(v->arguments, "edge"));
        int64_t all = t->n_rows > 0 ? table_int(t, 0, "all_databases", 0) : 0;
        int64_t registered = t->n_rows > 0 ? table_int(t, 0, "all_registered", 0) : 0;
        html_open(h, "h1");
        page_put_number(h, "span", all, NULL);
        html_printf(h, " database%s", text_plural(all));
        if (all > 0)
                html_printf(h, ", %.0f %% registered", 100.0 * (double)registered / (double)all);
        html_close(h);
        verdict_put(h, &verdict);
        if (all == 0)
                return;
        html_open(h, "p");
        page_put_number(h, "span", registered, NULL);
        html_text(h, " have a Database asset, ");
        page_put_number(h, "span", all - registered, NULL);
        html_text(h, " do not. ");
        page_put_link(h, v, "show", "unregistered", "Those without one");
        html_close(h);
}

static void put_edge_row(Html *h, const PageView *v, const MirrorTable *t, size_t i)
{
        _cleanup_(text_done) Text url = {0};
        int64_t databases = table_int(t, i, "databases", 0);
        int64_t registered = table_int(t, i, "registered", 0);
        double share = databases > 0 ? (double)registered / (double)databases : 0;
        const char *edge = table_text(t, i, "edge");
        html_open(h, "tr");
        html_open(h, "th", {"scope", "row"});
        page_put_edge(h, edge, table_text(t, i, "edge_connection_id"));
        if (!table_bool(t, i, "edge_enabled"))
                html_put(h, "span", " not synced", {"class", "muted"});
        html_close(h);
        html_open(h, "td", {"class", "n"});
        h->failed = h->failed || page_append_url(&url, v, "edge", edge) < 0;
        if (edge)
                html_open(h, "a", {"href", url.data});
        page_put_number(h, "span", databases, NULL);
        if (edge)
                html_close(h);
        html_close(h);
        page_put_number(h, "td", databases - registered, "n");
        html_open(h, "td", {"class", "wide"});
        chart_share(h, share);
        html_close(h);
        html_open(h, "td", {"class", "n"});
        html_printf(h, "%.0f %%", 100 * share);
        html_close(h);
        html_close(h);
}

static void put_edges(Html *h, const PageView *v)
{
        const MirrorTable *t = &v->tables[EDGES];
        html_put(h, "h2", "Per edge");
        if (t->n_rows == 0) {
                html_put(h, "p", "There are no databases here.");
                return;
        }
        page_table_begin(h, "Databases of each edge, and how many of them are registered");
        page_put_sorting(h, v, "Edge", "name", false, NULL);
        page_put_sorting(h, v, "Databases", "databases", true, "n");
        page_put_sorting(h, v, "Without asset", "unregistered", true, "n");
        page_put_heading(h, "Registered", "wide");
        page_put_sorting(h, v, "Share", "share", false, "n");
        page_table_body(h);
        for (size_t i = 0; i < t->n_rows; i++)
                put_edge_row(h, v, t, i);
        page_table_end(h);
        page_put_pages(h, v, table_int(t, 0, "matches", 0), "edges");
}

/* ---- by name -------------------------------------------------------------------------------- */

static void put_filters(Html *h, const PageView *v)
{
        html_open(h, "ul", {"class", "filters"}, {"aria-label", "Databases by registration"});
        for (size_t i = 0; fields[2].words[i]; i++) {
                html_open(h, "li");
                page_put_link(h, v, "show", fields[2].words[i], fields[2].words[i]);
                html_close(h);
        }
        page_put_edge_filter(h, v);
        html_close(h);
}

static void put_databases(Html *h, const PageView *v)
{
        const MirrorTable *t = &v->tables[DATABASES];
        html_put(h, "h2", "Databases");
        page_put_search(h, v, "q", "Name has");
        put_filters(h, v);
        if (!is_search(v->arguments))
                return;
        if (t->n_rows == 0) {
                html_put(h, "p", "The mirror has no database like that.");
                return;
        }
        if (t->n_rows > DATABASES_SHOWN) {
                html_open(h, "p");
                html_printf(h,
                            "Only the first %d are shown: search for more of the name, or ask "
                            "the view edgemirror.inventory.",
                            DATABASES_SHOWN);
                html_close(h);
        }
        page_table_begin(h, "Databases that were searched for");
        page_put_heading(h, "Database", NULL);
        page_put_heading(h, "Edge", NULL);
        page_put_heading(h, "Registered", NULL);
        page_put_heading(h, "Known since", "wide");
        page_table_body(h);
        for (size_t i = 0; i < t->n_rows && i < DATABASES_SHOWN; i++) {
                html_open(h, "tr");
                html_open(h, "th", {"scope", "row"}, {"class", "name"});
                html_text(h, table_text(t, i, "name"));
                if (table_bool(t, i, "held"))
                        html_put(h, "span", " missing, and kept", {"class", "muted"});
                html_close(h);
                html_open(h, "td");
                page_put_edge(h, table_text(t, i, "edge"), table_text(t, i, "edge_connection_id"));
                html_close(h);
                html_put(h, "td", table_bool(t, i, "registered") ? "yes" : "no");
                html_put(h, "td", table_text(t, i, "first_seen"), {"class", "t wide"});
                html_close(h);
        }
        page_table_end(h);
}

static unsigned inventory_render(const PageView *v, Html *h)
{
        put_totals(h, v, &v->tables[EDGES]);
        put_databases(h, v);
        if (is_search(v->arguments))
                return 200;
        put_growth(h, &v->tables[GROWTH], &v->tables[EDGES]);
        put_edges(h, v);
        return 200;
}

const WebPage page_inventory = {.path = "/inventory",
                                .title = "Inventory",
                                .fields = fields,
                                .n_fields = ARRAY_SIZE(fields),
                                .ask = inventory_ask,
                                .render = inventory_render};
