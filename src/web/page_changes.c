/*
 * page_changes: what appeared, changed and vanished, by day.
 */
#include "mirror/sql_embedded.h"
#include "web/verdict.h"
#include <stdio.h>

#define DAYS_SHOWN    30
#define CHANGES_SHOWN 300

enum { DAYS = VERDICT_QUESTIONS, CHANGES, QUESTIONS };

static const PageField fields[] = {
        {"day", PAGE_DATE, NULL},
        {"kind", PAGE_WORD,
         (const char *const[]){"all", "added", "changed", "moved_in", "removed", "restored", NULL}},
        {"edge", PAGE_TEXT, NULL},
};

static const struct {
        const char *word, *text;
} kinds[] = {{"all", "all"},        {"added", "appeared"},   {"changed", "changed"},
             {"moved_in", "moved"}, {"removed", "vanished"}, {"restored", "came back"}};

static const char *kind_text(const char *word)
{
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (text_equal(kinds[i].word, word))
                        return kinds[i].text;
        return word;
}

static size_t changes_ask(const PageArguments *a, const char *name _unused_,
                          char scratch[static 32] _unused_, MirrorQuestion *ret)
{
        const char *day = page_argument(a, "day"), *kind = page_argument(a, "kind");
        (void)verdict_ask(page_argument(a, "edge"), ret);
        ret[DAYS] = (MirrorQuestion){
                sql_page_change_days, {PAGE_TEXT_OF(DAYS_SHOWN), page_argument(a, "edge")}, 2};
        ret[CHANGES] = (MirrorQuestion){sql_page_changes,
                                        {day, text_equal(kind, "all") ? NULL : kind,
                                         page_argument(a, "edge"), PAGE_TEXT_OF(DAYS_SHOWN),
                                         PAGE_TEXT_OF(CHANGES_SHOWN)},
                                        5};
        return QUESTIONS;
}

static void put_days(Html *h, const PageView *v)
{
        static const char *const counts[] = {"added", "restored", "changed",
                                             "moved", "removed",  "first_load"};
        static const char *const texts[] = {"Appeared", "Came back", "Changed",
                                            "Moved",    "Vanished",  "First lists"};
        const MirrorTable *t = &v->tables[DAYS];
        page_table_begin(h, "How many databases, on each of the last " PAGE_TEXT_OF(
                                    DAYS_SHOWN) " days on which something happened");
        page_put_heading(h, "Day", NULL);
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                page_put_heading(h, texts[i], i == 1 || i == 3 || i == 5 ? "n wide" : "n");
        page_table_body(h);
        for (size_t row = 0; row < t->n_rows; row++) {
                html_open(h, "tr");
                html_open(h, "th", {"scope", "row"}, {"class", "t"});
                page_put_link(h, v, "day", table_text(t, row, "day"), table_text(t, row, "day"));
                html_close(h);
                for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
                        int64_t n = table_int(t, row, counts[i], 0);
                        bool wide = i == 1 || i == 3 || i == 5;
                        page_put_number(h, "td", n,
                                        n == 0 ? wide ? "n wide muted" : "n muted"
                                        : wide ? "n wide"
                                               : "n");
                }
                html_close(h);
        }
        page_table_end(h);
        html_put(h, "p",
                 "Of what came with the first list of an edge it is not known when it appeared: "
                 "that is counted as first lists, and not shown below. What edgemirror retire has "
                 "ended, and what came back after that, counts as vanished and came back; below "
                 "it says so.",
                 {"class", "muted"});
}

static void put_filters(Html *h, const PageView *v)
{
        html_open(h, "ul", {"class", "filters"}, {"aria-label", "Changes by kind"});
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                html_open(h, "li");
                page_put_link(h, v, "kind", kinds[i].word, kinds[i].text);
                html_close(h);
        }
        if (page_argument(v->arguments, "day")) {
                html_open(h, "li");
                html_printf(h, "on %s (", page_argument(v->arguments, "day"));
                page_put_link(h, v, "day", NULL, "the last " PAGE_TEXT_OF(DAYS_SHOWN) " days");
                html_text(h, ")");
                html_close(h);
        }
        page_put_edge_filter(h, v);
        html_close(h);
}

static void put_place(Html *h, const char *words, const char *edge)
{
        html_text(h, words);
        html_put(h, "span", edge ? edge : "an edge that is not configured", {"class", "name"});
}

static void put_what(Html *h, const MirrorTable *t, size_t i)
{
        const char *kind = table_text(t, i, "kind"), *before = table_text(t, i, "name_before");
        const char *from = table_text(t, i, "edge_before");
        bool was = table_bool(t, i, "registered_before");
        bool is = table_bool(t, i, "registered_after");
        bool out = text_equal(kind, "moved_out");
        html_text(h, kind_text(out ? "moved_in" : kind));
        if (out)
                put_place(h, " to ", table_text(t, i, "edge_after"));
        else if (text_equal(kind, "moved_in"))
                put_place(h, " from ", from);
        else if (from && !text_equal(from, table_text(t, i, "edge")))
                put_place(h, "; was at ", from);
        if (table_bool(t, i, "by_retire"))
                html_text(h, "; its edge was retired");
        if (table_bool(t, i, "renamed") && before) {
                html_text(h, "; was called ");
                html_put(h, "span", before, {"class", "name"});
        }
        if (table_bool(t, i, "relinked"))
                html_text(h, !was ? "; registered" : !is ? "; lost its asset" : "; another asset");
}

static void put_change(Html *h, const MirrorTable *t, size_t i)
{
        const char *after = table_text(t, i, "name_after");
        html_open(h, "tr");
        html_open(h, "td", {"class", "t"});
        html_printf(h, "%s ", table_string(t, i, "day"));
        html_put(h, "span", table_text(t, i, "time"), {"class", "wide"});
        html_close(h);
        html_put(h, "th", after ? after : table_text(t, i, "name_before"), {"scope", "row"},
                 {"class", "name"});
        html_open(h, "td");
        put_what(h, t, i);
        html_close(h);
        html_open(h, "td");
        page_put_edge(h, table_text(t, i, "edge"), table_text(t, i, "edge_connection_id"));
        html_close(h);
        html_close(h);
}

/* What the catalog did after it was listed is not known. */
static void put_none(Html *h, const Verdict *verdict)
{
        html_open(h, "p");
        html_text(h, "Nothing like that is known");
        if (verdict->edges > 0) {
                html_text(h, " (catalog as listed: ");
                verdict_put_clock(h, verdict, &verdict->listed);
                html_text(h, ")");
        }
        html_text(h, ".");
        html_close(h);
}

static void put_changes(Html *h, const PageView *v, const Verdict *verdict)
{
        const MirrorTable *t = &v->tables[CHANGES];
        html_put(h, "h2", "One by one");
        put_filters(h, v);
        if (t->n_rows == 0) {
                put_none(h, verdict);
                return;
        }
        if (t->n_rows > CHANGES_SHOWN) {
                html_open(h, "p");
                html_printf(h,
                            "Only the latest %d are shown: choose a day, a kind or an edge, or "
                            "ask the view edgemirror.change.",
                            CHANGES_SHOWN);
                html_close(h);
        }
        page_table_begin(h, "Changes, the latest first");
        page_put_heading(h, "When", NULL);
        page_put_heading(h, "Database", NULL);
        page_put_heading(h, "What", NULL);
        page_put_heading(h, "Edge", NULL);
        page_table_body(h);
        for (size_t i = 0; i < t->n_rows && i < CHANGES_SHOWN; i++)
                put_change(h, t, i);
        page_table_end(h);
}

static unsigned changes_render(const PageView *v, Html *h)
{
        Verdict verdict = verdict_of(v, page_argument(v->arguments, "edge"));
        html_put(h, "h1", "What appeared, changed and vanished");
        verdict_put(h, &verdict);
        if (v->tables[DAYS].n_rows == 0)
                html_put(h, "p",
                         "Nothing is known to have changed in the last " PAGE_TEXT_OF(
                                 DAYS_SHOWN) " days.");
        else
                put_days(h, v);
        put_changes(h, v, &verdict);
        return 200;
}

const WebPage page_changes = {.path = "/changes",
                              .title = "Changes",
                              .fields = fields,
                              .n_fields = ARRAY_SIZE(fields),
                              .ask = changes_ask,
                              .render = changes_render};
