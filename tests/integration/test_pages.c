/*
 * The pages for people, from the tables to the markup: what they show of forty days in which
 * everything went wrong that can, of nothing at all, and of names that are made to deceive.
 */
#include "base/duration.h"
#include "harness/markup.h"
#include "integration/forty_days.h"
#include "mirror/reader.h"
#include "mirror/sql_embedded.h"
#include "web/page.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Shown {
        MirrorBench bench; /* its first member: mirror_bench_on_plain gets it */
        const WebPage *page;
        PageView view;
        PageArguments arguments;
        const char *refused; /* as of PageView */
        unsigned status;
        Html html;
} Shown;

static void on_read(const MirrorTable *tables, const Fault *fault, void *userdata)
{
        Shown *s = userdata;
        if (tables) {
                s->view.tables = tables;
                assert_int_equal(page_write(s->page, &s->view, &s->html, &s->status), 0);
        }
        mirror_bench_on_plain(fault, &s->bench);
}

/* The page with arguments, a name and a value each, ended by NULL; checked. Lives until the next
 * one. */
static const char *show(Shown *s, const WebPage *page, const char *name,
                        const char *const *arguments)
{
        MirrorQuestion questions[MIRROR_QUESTIONS_MAX];
        char scratch[32];
        MirrorTask *task;
        html_done(&s->html);
        page_arguments_done(&s->arguments);
        s->arguments.fields = page->fields;
        s->arguments.n_fields = page->n_fields;
        for (; arguments && *arguments; arguments += 2)
                for (size_t i = 0; i < page->n_fields; i++)
                        if (text_equal(page->fields[i].name, arguments[0]))
                                assert_int_equal(page_arguments_set(&s->arguments, i, arguments[1]),
                                                 0);
        s->page = page;
        s->view = (PageView){.path = page->path,
                             .name = name,
                             .version = "1",
                             .now = "2026-11-29 01:02",
                             .arguments = &s->arguments,
                             .refused = s->refused};
        size_t n = page->ask(&s->arguments, name, scratch, questions);
        assert_int_equal(
                mirror_read(s->bench.mirror, questions, n, 5 * USEC_PER_SEC, on_read, s, &task), 0);
        mirror_bench_wait(&s->bench);
        assert_string_equal(s->bench.fault.message, "");
        const char *problem = markup_problem(s->html.text.data);
        if (problem)
                fail_msg("%s: %s", page->path, problem);
        return s->html.text.data;
}
#define SHOW(s, page, name, ...) show(s, page, name, (const char *const[]){__VA_ARGS__, NULL})

static void assert_shows(const char *page, const char *text)
{
        if (!strstr(page, text))
                fail_msg("the page does not show: %s\n%s", text, strstr(page, "<main"));
}

static void assert_not_shows(const char *page, const char *text)
{
        if (strstr(page, text))
                fail_msg("the page shows: %s", text);
}

/* What the first cells of the last table show, in their order, joined by glue; of those that begin
 * with this tag. */
static void assert_cells(const char *page, const char *tag, const char *glue, const char *expected)
{
        char names[512] = "";
        for (const char *at = strstr(page, "<tbody>"); at && (at = strstr(at, tag));) {
                size_t used = strlen(names);
                at = strchr(at + strlen(tag), '>') + 1;
                (void)snprintf(names + used, sizeof(names) - used, "%s%.*s", used ? glue : "",
                               (int)strcspn(at, "<"), at);
        }
        assert_string_equal(names, expected);
}

/* The names of edges, joined by a blank. */
static void assert_order(const char *page, const char *expected)
{
        assert_cells(page, "<th scope=\"row\"><a href=\"/edges/", " ", expected);
}

/* Those of databases, which have blanks. */
static void assert_databases(const char *page, const char *expected)
{
        assert_cells(page, "<th scope=\"row\" class=\"name\"", ", ", expected);
}

static int forty_days(void **state)
{
        Shown *s = calloc(1, sizeof(*s));
        assert_non_null(s);
        forty_days_start(&s->bench);
        *state = s;
        return 0;
}

static int end(void **state)
{
        Shown *s = *state;
        html_done(&s->html);
        page_arguments_done(&s->arguments);
        bench_stop(&s->bench);
        free(s);
        return 0;
}

/* ---- / -------------------------------------------------------------------------------------- */

static void trouble_comes_first_with_what_to_do(void **state)
{
        const char *page = show(*state, &page_home, NULL, NULL);
        assert_shows(page, "<h1>No instance of the service is alive</h1>");
        assert_shows(page, "<code>systemctl start edgemirror</code>");
        const char *trouble = strstr(page, "Edges in trouble"), *all = strstr(page, "All edges");
        assert_non_null(trouble);
        assert_true(trouble < all);
        assert_shows(trouble, "<code>edgemirror sync broken</code>");
        assert_shows(trouble, "failed, nothing was applied: the catalog answered with status 500");
        assert_shows(trouble, "4 failures in a row");
        assert_shows(trouble, "edgemirror sync --accept-removals sales");
        assert_not_shows(trouble, "edgemirror sync --accept-removals finance");
        assert_order(page, "broken finance hr lab old sales");
}

static void edges_are_filtered_by_links(void **state)
{
        Shown *s = *state;
        static const struct {
                const char *filter, *edges;
        } cases[] = {
                {"trouble", "broken finance lab sales"},
                {"disabled", "hr old"},
                {"all", "broken finance hr lab old sales"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *page = SHOW(s, &page_home, NULL, "state", cases[i].filter);
                assert_order(page, cases[i].edges);
        }
        const char *page = SHOW(s, &page_home, NULL, "state", "trouble", "q", "A");
        assert_order(page, "finance lab sales");
        assert_shows(page, "<a href=\"/?state=well&amp;q=A\">well (0)</a>");
        assert_shows(page, "<a href=\"/?q=A\">all (6)</a>");
        assert_shows(page, "<a href=\"/?state=trouble&amp;q=A\" aria-current=\"true\">trouble (4)");
        assert_shows(page, "<input type=\"hidden\" name=\"state\" value=\"trouble\"/>");
        assert_shows(SHOW(s, &page_home, NULL, "q", "%"), "No edge is like that.");
}

static void edges_are_sorted_by_links(void **state)
{
        Shown *s = *state;
        static const struct {
                const char *sort, *order, *edges;
        } cases[] = {
                {"name", "asc", "broken finance hr lab old sales"},
                {"name", "desc", "sales old lab hr finance broken"},
                {"state", "asc", "broken lab finance sales hr old"},
                {"rows", "desc", "sales finance lab hr old broken"},
                {"listed", "desc", "old hr lab sales finance broken"},
                {"refreshed", "desc", "old hr lab finance sales broken"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_order(
                        SHOW(s, &page_home, NULL, "sort", cases[i].sort, "order", cases[i].order),
                        cases[i].edges);
        const char *page = SHOW(s, &page_home, NULL, "sort", "rows", "order", "desc");
        assert_shows(page, "aria-sort=\"descending\"><a href=\"/?sort=rows\">Databases ↓</a>");
        assert_shows(page, "<a href=\"/?sort=state\">State</a>");
}

/* ---- /edges/NAME ---------------------------------------------------------------------------- */

static void the_page_of_an_edge_has_clocks_runs_and_what_is_kept(void **state)
{
        Shown *s = *state;
        const char *page = show(s, &page_edge, "sales", NULL);
        assert_int_equal(s->status, 200);
        assert_shows(page, "rows held");
        assert_shows(page, "edgemirror sync --accept-removals sales");
        assert_shows(page, "Missing from the list, and kept");
        assert_shows(page, "<th scope=\"row\" class=\"name\">RETURNS</th>");
        assert_shows(page, "held: the catalog did not say that it is gone");
        assert_shows(page, "pending: proven gone");
        assert_shows(page, "<td class=\"n wide\">403</td>");
        assert_shows(page, "class=\"bar-trouble\"");
        assert_shows(page, "class=\"bar-well\"");
        page = show(s, &page_edge, "finance", NULL);
        assert_shows(page, "Rows of the list that cannot be mirrored");
        assert_shows(page, "its name is no text");
        page = show(s, &page_edge, "broken", NULL);
        assert_shows(page, "<dt>Listed</dt><dd>never");
        assert_shows(page, "not scheduled");
}

static void the_catalogs_own_words_are_shown(void **state)
{
        Shown *s = *state;
        forty_days_run(
                &s->bench, "postgres",
                "UPDATE edgemirror.sync_run SET http_status = 500, job_state = 'ERROR', job_id = "
                "'0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11', job_message = E'driver <x>\\nnot "
                "found', problem = '{\"userMessage\": \"no & no\"}' WHERE run_id = (SELECT "
                "last_run_id FROM edgemirror.edge WHERE name = 'lab')");
        const char *page = show(s, &page_edge, "lab", NULL);
        assert_shows(page, "What the catalog said");
        assert_shows(page, "driver &lt;x&gt;<br/>not found");
        assert_shows(page, "&quot;userMessage&quot;: &quot;no &amp; no&quot;");
        assert_shows(page, "with HTTP status 500");
}

static void an_edge_is_found_by_name_or_id_and_another_is_not(void **state)
{
        Shown *s = *state;
        const char *page = show(s, &page_edge, "ED9E1100-0000-0000-0000-000000000000", NULL);
        assert_int_equal(s->status, 200);
        assert_shows(page, "<span class=\"name\">sales</span>");
        page = show(s, &page_edge, "<b>nowhere", NULL);
        assert_int_equal(s->status, 404);
        assert_shows(page, "There is no such edge");
        assert_shows(page, "&lt;b&gt;nowhere");
}

/* ---- /inventory ----------------------------------------------------------------------------- */

static void the_inventory_has_sums_shares_and_growth(void **state)
{
        Shown *s = *state;
        const char *page = show(s, &page_inventory, NULL, NULL);
        char *n = forty_days_ask(&s->bench, "report",
                                 "SELECT format('<span>%s</span> databases, %s %% registered', "
                                 "count(*), round(100.0 * count(database_id) / count(*))) FROM "
                                 "edgemirror.inventory");
        assert_shows(page, n);
        free(n);
        assert_shows(page, "class=\"part\"");
        assert_shows(page, "class=\"line\"");
        assert_shows(page, "<a href=\"/inventory?edge=sales\">");
        assert_order(page, "finance hr lab sales");
        assert_order(SHOW(s, &page_inventory, NULL, "sort", "databases", "order", "desc"),
                     "sales finance lab hr");
}

static void databases_are_found_by_name_edge_and_registration(void **state)
{
        Shown *s = *state;
        const char *page = SHOW(s, &page_inventory, NULL, "q", "orders");
        assert_shows(page, "ORDERS");
        assert_not_shows(page, "LEDGER");
        page = SHOW(s, &page_inventory, NULL, "edge", "finance");
        assert_databases(page, "BUDGET 2026, LEAVE, LEDGER, TAX");
        assert_shows(page, "of the edge <span class=\"name\">finance</span>");
        assert_shows(page, "<h1><span>4</span> databases, 50 % registered</h1>");
        assert_shows(page, "edge=finance&amp;show=unregistered\">Those without one</a>");
        assert_databases(SHOW(s, &page_inventory, NULL, "edge", "finance", "show", "unregistered"),
                         "BUDGET 2026, TAX");
        assert_databases(SHOW(s, &page_inventory, NULL, "edge", "finance", "show", "registered"),
                         "LEAVE, LEDGER");
        assert_databases(SHOW(s, &page_inventory, NULL, "q", "S", "show", "registered"),
                         "CLIENTS, ORDERS");
        assert_shows(SHOW(s, &page_inventory, NULL, "q", "_"),
                     "The mirror has no database like that.");
}

/* The growth is counted back from now: it must come to what the view of every day says. */
static void growth_is_what_the_view_of_days_says(void **state)
{
        Shown *s = *state;
        char *own = strdup(sql_page_growth), *parameter;
        assert_non_null(own);
        while ((parameter = strstr(own, "$1")))
                memcpy(parameter, "39", 2);
        char *found = forty_days_ask(&s->bench, "report", own);
        char *expected = forty_days_ask(&s->bench, "report",
                                        "SELECT day, sum(databases), sum(registered) FROM "
                                        "edgemirror.daily WHERE day >= current_date - 39 GROUP BY "
                                        "day ORDER BY day");
        assert_string_equal(found, expected);
        free(own);
        free(found);
        free(expected);
}

/* All rows are read once, not several times. */
static void the_growth_of_a_large_mirror_is_not_counted_for_a_page(void **state)
{
        Shown *s = *state;
        assert_shows(show(s, &page_inventory, NULL, NULL), "class=\"line\"");
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.edge SET row_count = coalesce(row_count, 0) + 2000000");
        const char *page = show(s, &page_inventory, NULL, NULL);
        assert_not_shows(page, "class=\"line\"");
        assert_shows(page, "the view edgemirror.daily has it.");
        assert_shows(page, "<h2>Per edge</h2>");
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.edge SET row_count = row_count - 2000000");
}

/* ---- /changes ------------------------------------------------------------------------------- */

static void changes_are_shown_by_day_and_kind(void **state)
{
        Shown *s = *state;
        const char *page = show(s, &page_changes, NULL, NULL);
        assert_shows(page, "RETURNS");
        assert_shows(page, "changed; was called <span class=\"name\">BETA</span>");
        assert_shows(page, "changed; registered");
        assert_shows(page, "changed; lost its asset");
        assert_shows(page, "moved from <span class=\"name\">finance</span>");
        assert_shows(page, "came back");
        assert_shows(page, "vanished");
        /* came with the first list of its edge */
        assert_not_shows(page, "ALPHA");
        page = SHOW(s, &page_changes, NULL, "kind", "removed");
        assert_shows(page, "WEB");
        assert_not_shows(page, "RETURNS");
        /* with what came from another edge, or went there, once; not of 35 days ago */
        assert_databases(SHOW(s, &page_changes, NULL, "edge", "lab"), "BETA 2");
        assert_databases(SHOW(s, &page_changes, NULL, "edge", "finance"),
                         "PAYROLL EU, TAX, LEAVE, BUDGET 2026");
        assert_databases(SHOW(s, &page_changes, NULL, "edge", "sales"),
                         "ARCHIVE 3, WEB, INVOICES, WEB, CLIENTS, PAYROLL EU, RETURNS, STOCK, "
                         "ORDERS, ARCHIVE 2, ARCHIVE");
        char *day = harness_sql(&s->bench.pg, "SELECT current_date - 5");
        assert_databases(SHOW(s, &page_changes, NULL, "day", day), "CLIENTS, PAYROLL EU");
        free(day);
        page = SHOW(s, &page_changes, NULL, "day", "2001-02-03");
        assert_shows(page, "<p>Nothing like that is known (catalog as listed: ");
        assert_shows(page, "on 2001-02-03");
}

/* The line of a day ends with what moved, and what came with first lists. */
static void assert_day_moved(Shown *s, const char *edge, int days_ago)
{
        char sql[64], moved[] = "<td class=\"n wide\">1</td>";
        (void)snprintf(sql, sizeof(sql), "SELECT '>' || current_date - %d || '<'", days_ago);
        char *day = harness_sql(&s->bench.pg, sql);
        const char *line = strstr(SHOW(s, &page_changes, NULL, "edge", edge), day);
        assert_non_null(line);
        const char *end = strstr(line, "</tr>"), *found = strstr(line, moved);
        assert_true(found && found < end);
        free(day);
}

/* Of all edges it is one row; of the edge that it left it says where it is. */
static void what_moved_is_shown_where_it_came_and_where_it_went(void **state)
{
        Shown *s = *state;
        const char *page = SHOW(s, &page_changes, NULL, "kind", "moved_in");
        assert_shows(page, "moved from <span class=\"name\">finance</span>");
        assert_not_shows(page, "moved to ");
        page = SHOW(s, &page_changes, NULL, "edge", "finance");
        assert_shows(page, "moved to <span class=\"name\">sales</span>");
        assert_shows(page, "moved from <span class=\"name\">hr</span>");
        assert_day_moved(s, "finance", 5);
        assert_day_moved(s, "finance", 22);
        /* the edge where it is now was forgotten */
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.database_connection SET ended_as = 'moved', "
                       "removed_run_id = NULL WHERE name = 'WEB' AND removed_at IS NOT NULL");
        assert_shows(SHOW(s, &page_changes, NULL, "kind", "moved_in"),
                     "moved to <span class=\"name\">an edge that is not configured</span>");
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.database_connection SET ended_as = 'removed' WHERE "
                       "ended_as = 'moved'");
}

/* Nothing is known to have happened to it in the catalog. */
static void what_a_person_ended_is_told_from_what_vanished(void **state)
{
        Shown *s = *state;
        const char *page = SHOW(s, &page_changes, NULL, "edge", "old");
        assert_shows(page, "ATTIC");
        assert_shows(page, "vanished; its edge was retired");
        page = SHOW(s, &page_changes, NULL, "edge", "sales");
        assert_shows(page, "vanished");
        assert_shows(page, "came back");
        assert_not_shows(page, "retired");
}

/* Where it was before is another edge; or with the first list of its edge, where it is counted. */
static void what_came_back_says_where_it_was(void **state)
{
        Shown *s = *state;
        assert_not_shows(show(s, &page_changes, NULL, NULL), "was at");
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.database_connection_past SET edge_connection_id = (SELECT"
                       " edge_connection_id FROM edgemirror.edge WHERE name = 'lab') WHERE "
                       "ended_as IS NOT NULL AND name = 'ARCHIVE'");
        assert_shows(show(s, &page_changes, NULL, NULL),
                     "came back; was at <span class=\"name\">lab</span>");
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.edge SET first_listed_at = now() - interval '17 days' "
                       "WHERE name = 'sales'");
        char *day = harness_sql(&s->bench.pg, "SELECT current_date - 18");
        char *row = text_format("%s</a></th><td class=\"n muted\">0</td><td class=\"n wide "
                                "muted\">0</td><td class=\"n muted\">0</td><td class=\"n wide "
                                "muted\">0</td><td class=\"n muted\">0</td><td class=\"n "
                                "wide\">1</td>",
                                day);
        const char *page = show(s, &page_changes, NULL, NULL);
        assert_shows(page, row);
        assert_not_shows(page, "; was at");
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.edge SET first_listed_at = (SELECT min(first_listed_at) "
                       "FROM edgemirror.edge) WHERE name = 'sales'");
        free(row);
        free(day);
}

/* ---- names that are made to deceive --------------------------------------------------------- */

static void foreign_names_are_shown_as_text(void **state)
{
        Shown *s = *state;
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.edge SET name = '<script>alert(1)</script>' WHERE name = "
                       "'lab'");
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.database_connection SET name = U&'gpj.\\202E exe' || "
                       "chr(7) WHERE name = 'BETA 2'");
        const WebPage *const pages[] = {&page_home, &page_inventory, &page_changes};
        for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
                const char *page = show(s, pages[i], NULL, NULL);
                assert_shows(page, "&lt;script&gt;alert(1)&lt;/script&gt;");
                assert_shows(page, "href=\"/edges/%3Cscript%3Ealert%281%29%3C%2Fscript%3E\"");
        }
        const char *page = SHOW(s, &page_inventory, NULL, "q", "gpj");
        assert_shows(page,
                     "gpj.<span class=\"esc\">\\u202e</span> exe<span class=\"esc\">\\x07</span>");
        page = show(s, &page_edge, "<script>alert(1)</script>", NULL);
        assert_int_equal(s->status, 200);
        assert_shows(page, "edgemirror sync '&lt;script&gt;alert(1)&lt;/script&gt;'");
        /* One that is not printable is linked by its id. */
        forty_days_run(&s->bench, "postgres",
                       "UPDATE edgemirror.edge SET name = U&'a\\202Eb' WHERE name LIKE '<script%'");
        assert_shows(show(s, &page_home, NULL, NULL),
                     "href=\"/edges/ed9e1500-0000-0000-0000-000000000000\" class=\"name\">a<span "
                     "class=\"esc\">\\u202e</span>b</a>");
}

/* ---- nothing -------------------------------------------------------------------------------- */

static int nothing(void **state)
{
        Shown *s = calloc(1, sizeof(*s));
        assert_non_null(s);
        mirror_bench_start(&s->bench);
        *state = s;
        return 0;
}

static void pages_of_an_empty_mirror_say_what_to_do(void **state)
{
        Shown *s = *state;
        forty_days_run(&s->bench, "postgres", "DELETE FROM edgemirror.edge");
        const char *page = show(s, &page_home, NULL, NULL);
        assert_shows(page, "edgemirror discover");
        assert_shows(page, "There is none yet.");
        assert_shows(show(s, &page_inventory, NULL, NULL), "<span>0</span> databases");
        page = show(s, &page_changes, NULL, NULL);
        assert_shows(page, "Nothing is known to have changed in the last 30 days.");
        assert_shows(page, "<p>Nothing like that is known.</p>");
}

/* ---- many ----------------------------------------------------------------------------------- */

static void what_is_cut_says_so(void **state)
{
        Shown *s = *state;
        forty_days_run(
                &s->bench, "postgres",
                "DELETE FROM edgemirror.edge; INSERT INTO edgemirror.edge (edge_connection_id, "
                "name, schedule, timezone, "
                "listed_at, first_listed_at) SELECT gen_random_uuid(), 'edge-' || "
                "lpad(n::text, 5, '0'), 'daily', 'UTC', now(), now() - interval '1 day' FROM "
                "generate_series(1, 250) n");
        forty_days_run(&s->bench, "postgres",
                       "INSERT INTO edgemirror.database_connection (id, edge_connection_id, name, "
                       "first_seen_at, changed_at, run_id, missing_since, missing_reason) SELECT "
                       "gen_random_uuid(), e.edge_connection_id, 'db ' || n, now(), now(), 1, "
                       "now(), 'guard' FROM edgemirror.edge e, generate_series(1, 350) n WHERE "
                       "e.name = 'edge-00001'");
        const char *page = show(s, &page_home, NULL, NULL);
        assert_shows(page, "1 to 100 of 250 edges");
        assert_shows(page, "<a href=\"/?page=2\">Next page</a>");
        page = SHOW(s, &page_home, NULL, "page", "3", "sort", "listed");
        assert_shows(page, "201 to 250 of 250 edges");
        assert_shows(page, "<a href=\"/?sort=listed&amp;page=2\">Previous page</a>");
        assert_not_shows(page, "Next page");
        assert_shows(page, "edge-00250");
        assert_shows(show(s, &page_edge, "edge-00001", NULL),
                     "Only the first 100 are shown; the view edgemirror.held has all.");
        assert_shows(SHOW(s, &page_inventory, NULL, "q", "db"), "Only the first 200 are shown");
        assert_shows(show(s, &page_changes, NULL, NULL), "Only the latest 300 are shown");
}

static void the_growth_of_ninety_days_is_shown(void **state)
{
        Shown *s = *state;
        forty_days_run(&s->bench, "postgres",
                       "DELETE FROM edgemirror.edge; INSERT INTO edgemirror.edge "
                       "(edge_connection_id, name, schedule, timezone, first_listed_at) VALUES "
                       "(md5('e')::uuid, 'e', 'daily', 'UTC', now() - interval '200 days')");
        char *days = harness_sql(
                &s->bench.pg, "SELECT format('From %s to %s: ', current_date - 90, current_date)");
        assert_shows(show(s, &page_inventory, NULL, NULL), days);
        free(days);
}

static void what_lies_in_the_future_was_just_now(void **state)
{
        Shown *s = *state;
        forty_days_run(&s->bench, "postgres", "DELETE FROM edgemirror.edge");
        forty_days_run(&s->bench, "postgres",
                       "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone, "
                       "listed_at, refreshed_at) VALUES (md5('e')::uuid, 'e', 'daily', 'UTC', "
                       "now() + interval '1 hour', now() + interval '1 hour')");
        const char *page = show(s, &page_home, NULL, NULL);
        assert_shows(page, "<dt>Catalog as listed</dt><dd>0s ago");
        assert_not_shows(page, "never");
        assert_shows(show(s, &page_edge, "e", NULL), "<dd>0s ago, ");
}

static void the_last_run_and_the_next_of_each_edge_are_shown_and_sorted(void **state)
{
        Shown *s = *state;
        static const char *const shown[] = {
                ("Last run</a></th><th scope=\"col\" class=\"n wide\"><a href=\"/?sort=next\">Next "
                 "run</a></th>"),
                ("<td class=\"t wide\">synced, 2h5m ago</td><td class=\"n wide\">in 5h30m</td>"),
                ("<td class=\"t wide\">running (list); before: failed, 3h5m ago</td><td "
                 "class=\"n wide\">due</td>"),
                ("<td class=\"t wide\">synced, refresh timeout, 1h5m ago</td><td class=\"n "
                 "wide\">in 2h45m</td>"),
                "<td class=\"t wide\">none</td><td class=\"n wide\">not scheduled</td>",
        };
        static const struct {
                const char *sort, *order, *edges;
        } cases[] = {
                {"run", "asc", "runs well unrefreshed new"},
                {"run", "desc", "unrefreshed well runs new"},
                {"next", "asc", "runs unrefreshed well new"},
                {"next", "desc", "well unrefreshed runs new"},
        };
        forty_days_run(
                &s->bench, "postgres",
                "DELETE FROM edgemirror.edge; "
                "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone) SELECT "
                "md5(n)::uuid, n, 'daily', 'UTC' FROM unnest(ARRAY['well', 'runs', 'unrefreshed', "
                "'new']) n;"
                "INSERT INTO edgemirror.instance (instance_id, name, version, lease, started_at, "
                "seen_at, unbroken_since, edges) SELECT md5('i')::uuid, 'i', '1', '1 minute', "
                "now(), now(), now(), array_agg(edge_connection_id) FROM edgemirror.edge;"
                "WITH run AS (INSERT INTO edgemirror.sync_run (edge_connection_id, instance, "
                "epoch, trigger, phase, outcome, refresh, finished_at) SELECT md5(n)::uuid, 'i', "
                "1, 'schedule', 'done', o, r, now() - a::interval FROM (VALUES ('well', 'synced', "
                "'clean', '2:05:30'), ('runs', 'failed', NULL, '3:05:30'), ('unrefreshed', "
                "'synced', 'timeout', '1:05:30')) v (n, o, r, a) RETURNING run_id, "
                "edge_connection_id) UPDATE edgemirror.edge e SET last_run_id = run.run_id FROM "
                "run WHERE run.edge_connection_id = e.edge_connection_id;"
                "INSERT INTO edgemirror.edge_claim (edge_connection_id, next_run_at, holder, "
                "expires_at) VALUES (md5('well')::uuid, now() + '5:30:30', NULL, NULL), "
                "(md5('unrefreshed')::uuid, now() + '2:45:30', NULL, NULL), (md5('runs')::uuid, "
                "now() - interval '1 second', 'i', now() + '1 hour');"
                "INSERT INTO edgemirror.sync_run (edge_connection_id, instance, epoch, trigger, "
                "phase) VALUES (md5('runs')::uuid, 'i', 2, 'schedule', 'list')");
        const char *page = show(s, &page_home, NULL, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
                assert_shows(page, shown[i]);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_order(
                        SHOW(s, &page_home, NULL, "sort", cases[i].sort, "order", cases[i].order),
                        cases[i].edges);
}

/* Beside the zone in which it is given. */
static void the_next_run_of_an_edge_is_shown_with_its_zone(void **state)
{
        Shown *s = *state;
        forty_days_run(
                &s->bench, "postgres",
                "DELETE FROM edgemirror.edge; "
                "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone) VALUES "
                "(md5('e')::uuid, 'e', 'cron 0 6 * * *', 'Europe/Brussels'); "
                "INSERT INTO edgemirror.instance (instance_id, name, version, lease, started_at, "
                "seen_at, unbroken_since, edges) VALUES (md5('e')::uuid, 'e', '1', '1 minute', "
                "now(), now(), now(), ARRAY[md5('e')::uuid]); "
                "INSERT INTO edgemirror.edge_claim (edge_connection_id, next_run_at) VALUES "
                "(md5('e')::uuid, now() + '5:30:30')");
        char *shown = harness_sql(
                &s->bench.pg,
                "SELECT to_char(next_run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC "
                "(cron 0 6 * * *, time zone Europe/Brussels)' FROM edgemirror.edge_claim WHERE "
                "edge_connection_id = md5('e')::uuid");
        assert_shows(show(s, &page_edge, "e", NULL), shown);
        free(shown);
}

/* Whatever failed, nobody tries it again: both matter. */
static void an_edge_that_failed_and_is_overdue_is_shown_as_both(void **state)
{
        Shown *s = *state;
        static const char *const shown[] = {
                ("<span class=\"state trouble\">failing</span> "
                 "<span class=\"state trouble\">overdue</span>"),
                "It has been due for more than a minute, and nobody is syncing it.",
                "whether its time zone is known (<code>edgemirror check</code>)"};
        forty_days_run(&s->bench, "postgres",
                       "DELETE FROM edgemirror.edge; INSERT INTO edgemirror.edge "
                       "(edge_connection_id, name, schedule, timezone, consecutive_failures) "
                       "VALUES (md5('o')::uuid, 'o', 'daily', 'US/Nowhere', 1);"
                       "INSERT INTO edgemirror.edge_claim (edge_connection_id, next_run_at) VALUES "
                       "(md5('o')::uuid, now() - interval '1 hour');"
                       "INSERT INTO edgemirror.instance (instance_id, name, version, lease, "
                       "started_at, seen_at, unbroken_since, edges) VALUES (md5('i')::uuid, 'i', "
                       "'1', '1 minute', now(), now(), now(), ARRAY[md5('o')::uuid])");
        const char *page = show(s, &page_home, NULL, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
                assert_shows(page, shown[i]);
        page = show(s, &page_edge, "o", NULL);
        for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
                assert_shows(page, shown[i]);
        forty_days_run(&s->bench, "postgres", "DELETE FROM edgemirror.instance");
        page = show(s, &page_home, NULL, NULL);
        assert_shows(page, "failing</span>");
        assert_not_shows(page, "overdue</span>");
}

/* Each in the state that is its name, and shown by one of the filters. */
static void every_state_of_an_edge_has_its_filter(void **state)
{
        Shown *s = *state;
        static const struct {
                const char *filter, *edges, *link;
        } cases[] = {
                {"trouble", "failing held overdue unstable", ">trouble (4)<"},
                {"attention", "rejected unlisted unrefreshed", ">attention (3)<"},
                {"well", "well", ">well (1)<"},
                {"disabled", "disabled", ">disabled (1)<"},
        };
        forty_days_run(
                &s->bench, "postgres",
                "DELETE FROM edgemirror.edge; "
                "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone, "
                "enabled, listed_at, consecutive_failures, rejected) SELECT md5(n)::uuid, n, "
                "'daily', 'UTC', n <> 'disabled', CASE WHEN n <> 'unlisted' THEN now() END, (n = "
                "'failing')::int, (n = 'rejected')::int FROM unnest(ARRAY['disabled', 'failing', "
                "'held', 'overdue', 'rejected', 'unlisted', 'unrefreshed', 'unstable', 'well']) n;"
                "WITH run AS (INSERT INTO edgemirror.sync_run (edge_connection_id, instance, "
                "epoch, trigger, phase, outcome, refresh, finished_at) SELECT md5(n)::uuid, 'i', "
                "1, 'schedule', 'done', o, r, now() FROM (VALUES ('held', 'held', 'clean'), "
                "('unstable', 'unstable', 'clean'), ('unrefreshed', 'synced', 'timeout'), "
                "('well', 'synced', 'clean')) v (n, o, r) RETURNING run_id, edge_connection_id) "
                "UPDATE edgemirror.edge e SET last_run_id = run.run_id FROM run WHERE "
                "run.edge_connection_id = e.edge_connection_id;"
                "INSERT INTO edgemirror.instance (instance_id, name, version, lease, started_at, "
                "seen_at, unbroken_since, edges) VALUES (md5('i')::uuid, 'i', '1', '1 minute', "
                "now(), now(), now(), ARRAY[md5('overdue')::uuid]);"
                "INSERT INTO edgemirror.edge_claim (edge_connection_id, next_run_at) VALUES "
                "(md5('overdue')::uuid, now() - interval '1 hour')");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *page = SHOW(s, &page_home, NULL, "state", cases[i].filter);
                assert_order(page, cases[i].edges);
                assert_shows(page, cases[i].link);
        }
}

/* What to do of a run that failed is not what to do of a list that was not whole. */
static void a_list_that_was_not_whole_is_not_shown_as_failing(void **state)
{
        Shown *s = *state;
        forty_days_run(
                &s->bench, "postgres",
                "WITH run AS (INSERT INTO edgemirror.sync_run (edge_connection_id, instance, "
                "epoch, trigger, phase, outcome, refresh, finished_at) VALUES (md5('e')::uuid, "
                "'i', 1, 'schedule', 'done', 'unstable', 'clean', now()) RETURNING run_id) INSERT "
                "INTO edgemirror.edge (edge_connection_id, name, schedule, timezone, listed_at, "
                "last_run_id, consecutive_failures) SELECT md5('e')::uuid, 'e', 'daily', 'UTC', "
                "now(), run_id, 2 FROM run");
        for (int i = 0; i < 2; i++) {
                const char *page =
                        i == 0 ? show(s, &page_home, NULL, NULL) : show(s, &page_edge, "e", NULL);
                assert_shows(page, "<span class=\"state trouble\">list not whole</span>");
                assert_shows(page, "<code>edgemirror sync -v e</code>");
                assert_shows(page, "2 failures in a row");
                assert_not_shows(page, "failing</span>");
        }
}

/* Names of 250 KiB and an answer of the catalog that is deeply nested, in characters of which each
 * takes many in a page. */
static void what_is_long_is_cut(void **state)
{
        Shown *s = *state;
        forty_days_run(
                &s->bench, "postgres",
                "WITH run AS (INSERT INTO edgemirror.sync_run (edge_connection_id, instance, "
                "epoch, trigger, phase, outcome, finished_at, problem) VALUES (md5('e')::uuid, "
                "'i', 1, 'schedule', 'done', 'failed', now(), (repeat('[', 900) || '1' || "
                "repeat(',1', 30000) || repeat(']', 900))::jsonb) RETURNING run_id) INSERT INTO "
                "edgemirror.edge (edge_connection_id, name, schedule, timezone, first_listed_at, "
                "last_run_id) SELECT md5('e')::uuid, 'e', 'daily', 'UTC', now() - interval "
                "'1 day', run_id FROM run");
        forty_days_run(
                &s->bench, "postgres",
                "INSERT INTO edgemirror.database_connection (id, edge_connection_id, name, "
                "first_seen_at, changed_at, run_id, missing_since, missing_reason) SELECT "
                "gen_random_uuid(), md5('e')::uuid, 'long ' || repeat(U&'\\202E', 85000), now(), "
                "now(), 1, now(), 'guard' FROM generate_series(1, 20)");
        const char *page = show(s, &page_edge, "e", NULL);
        assert_shows(page, "1, 1, 1…");
        assert_shows(page, "202e</span>…");
        assert_true(strlen(page) < 4 << 20);
        assert_true(strlen(SHOW(s, &page_inventory, NULL, "q", "long")) < 4 << 20);
        page = show(s, &page_changes, NULL, NULL);
        assert_shows(page, "202e</span>…");
        assert_true(strlen(page) < 4 << 20);
}

/* ---- the verdict ---------------------------------------------------------------------------- */

/* Edges (name, enabled, age of the list, databases, failures in a row), and an instance that is
 * alive, and waits for something for so long. */
static void set_mirror(Shown *s, const char *edges, const char *waits, const char *since)
{
        char sql[2048];
        (void)snprintf(
                sql, sizeof(sql),
                "DELETE FROM edgemirror.edge; DELETE FROM edgemirror.instance; "
                "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone, "
                "enabled, listed_at, refreshed_at, row_count, consecutive_failures) SELECT "
                "md5(n)::uuid, n, 'daily', 'UTC', e, now() - a::interval, now() - a::interval, "
                "r::bigint, f FROM (VALUES (NULL, true, NULL, NULL, 0) %s) v (n, e, a, r, f) WHERE "
                "n IS NOT NULL; INSERT INTO edgemirror.instance (instance_id, name, version, "
                "lease, started_at, seen_at, unbroken_since, edges, waiting_for, waiting_since) "
                "VALUES (md5('i')::uuid, 'i', '1', '1 minute', now(), now(), now(), '{}', %s, "
                "now() - %s::interval)",
                edges, waits, since);
        forty_days_run(&s->bench, "postgres", sql);
}

#define OLD   ", ('a', true, '9 days 0:30', 5, 0)"
#define LOST  ", ('b', true, '1:00:30', 5, 3)"
#define NEW   ", ('c', true, NULL, NULL, 0)"
#define OFF   ", ('d', false, '40 days 0:30', 5, 0)"
#define GONE  ", ('e', false, '90 days 0:30', 0, 0)" /* it was retired */
#define TOLD  "'catalog'", "'2 minutes'"
#define QUIET "NULL", "NULL"

/* Of those that were stopped nobody asks. */
static void who_died_beside_one_that_lives_is_shown_for_an_hour(void **state)
{
        Shown *s = *state;
        set_mirror(s, OLD, QUIET);
        forty_days_run(
                &s->bench, "postgres",
                "INSERT INTO edgemirror.instance (instance_id, name, version, lease, "
                "started_at, seen_at, unbroken_since, edges, stopped_at) SELECT "
                "md5(n)::uuid, n, '1', '1 minute', now() - a::interval, now() - a::interval, "
                "now() - a::interval, '{}', CASE WHEN n = 'ended' THEN now() END FROM "
                "(VALUES ('died', '10 minutes 30'), ('ended', '10 minutes 30'), ('old', "
                "'90 minutes 30')) v (n, a)");
        const char *page = show(s, &page_home, NULL, NULL);
        assert_shows(page, ">died</b> has given no sign of life for 10m30s");
        assert_not_shows(page, ">ended</b>");
        assert_not_shows(page, ">old</b>");
}

/* The same of whatever state, and no word of trouble where there is none. */
static void every_page_says_whether_the_mirror_can_be_believed(void **state)
{
        Shown *s = *state;
        static const struct {
                const char *edges, *waits, *since, *level, *sentence, *listed;
        } cases[] = {
                {OLD ", ('b', true, '1:00:30', 5, 0)", QUIET, NULL, "All 2 edges are well",
                 "9d ago at the oldest"},
                {OLD, "'catalog'", "'30 seconds'", NULL, "The edge is well",
                 "9d ago at the oldest"},
                {OLD LOST, QUIET, "trouble", "1 of 2 edges is in trouble", "9d ago at the oldest"},
                {LOST, QUIET, "trouble", "The edge is in trouble: failing", "1h ago at the oldest"},
                {OLD NEW, QUIET, "attention", "1 of 2 edges needs attention",
                 "9d ago at the oldest; 1 never listed"},
                {NEW, QUIET, "attention", "The edge needs attention: not listed yet",
                 "1 never listed"},
                {OLD OFF GONE, QUIET, NULL, "The edge is well",
                 "9d ago at the oldest; disabled edges up to 40d ago"},
                {OFF GONE, QUIET, "disabled", "All 2 edges are disabled",
                 "disabled edges up to 40d ago"},
                {GONE, QUIET, "disabled", "The edge is disabled", "no edge is mirrored"},
                {"", QUIET, "disabled", "No edge is mirrored yet", "no edge yet"},
                {OLD LOST, TOLD, "trouble",
                 "The service waits for the catalog, which cannot be reached",
                 "9d ago at the oldest"},
        };
        static const WebPage *const pages[] = {&page_inventory, &page_changes};
        char shown[256], head[512];
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                set_mirror(s, cases[i].edges, cases[i].waits, cases[i].since);
                const char *page = show(s, &page_home, NULL, NULL);
                (void)snprintf(shown, sizeof(shown), "<h1>%s</h1>", cases[i].sentence);
                assert_shows(page, shown);
                (void)snprintf(shown, sizeof(shown), "<dt>Catalog as listed</dt><dd>%s</dd>",
                               cases[i].listed);
                assert_shows(page, shown);
                if (cases[i].level)
                        (void)snprintf(head, sizeof(head),
                                       "</h1>\n<p class=\"verdict %s\">Catalog as listed: %s. "
                                       "<a href=\"/\">%s</a>.</p>",
                                       cases[i].level, cases[i].listed, cases[i].sentence);
                else
                        (void)snprintf(head, sizeof(head),
                                       "</h1>\n<p class=\"muted\">Catalog as listed: %s.</p>",
                                       cases[i].listed);
                for (size_t k = 0; k < ARRAY_SIZE(pages); k++)
                        assert_shows(show(s, pages[k], NULL, NULL), head);
        }
}

#define AS_LISTED(class, edge, age)                                                                \
        "</h1>\n<p class=\"" class "\">The edge <a href=\"/edges/" edge "\" class=\"name\">" edge  \
                                   "</a> as listed: " age "."

/* Where a page is of one edge alone. */
static void a_page_of_one_edge_says_whether_that_can_be_believed(void **state)
{
        Shown *s = *state;
        static const struct {
                const char *edge, *waits, *since, *shown;
        } cases[] = {
                {"a", QUIET, AS_LISTED("muted", "a", "9d ago") "</p>"},
                {"b", QUIET,
                 AS_LISTED("verdict trouble", "b",
                           "1h ago") " <a href=\"/\">It is in trouble: failing</a>.</p>"},
                {"c", QUIET,
                 AS_LISTED("verdict attention", "c",
                           "never") " <a href=\"/\">It needs attention: not listed yet</a>.</p>"},
                {"d", QUIET,
                 AS_LISTED("verdict disabled", "d",
                           "40d ago") " <a href=\"/\">It is disabled</a>.</p>"},
                {"nowhere", QUIET,
                 "<p class=\"verdict disabled\"> <a href=\"/\">There is no such edge</a>.</p>"},
                {"a", TOLD,
                 AS_LISTED("verdict trouble", "a",
                           "9d ago") " <a href=\"/\">The service waits for the catalog, "},
                {"b", TOLD,
                 AS_LISTED("verdict trouble", "b",
                           "1h ago") " <a href=\"/\">It is in trouble: failing</a>.</p>"},
                {"d", TOLD,
                 AS_LISTED("verdict disabled", "d",
                           "40d ago") " <a href=\"/\">It is disabled</a>.</p>"},
        };
        static const WebPage *const pages[] = {&page_inventory, &page_changes};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                set_mirror(s, OLD LOST NEW OFF GONE, cases[i].waits, cases[i].since);
                for (size_t k = 0; k < ARRAY_SIZE(pages); k++)
                        assert_shows(SHOW(s, pages[k], NULL, "edge", cases[i].edge),
                                     cases[i].shown);
        }
}

/* An edge is well until it is due. */
static void trouble_of_the_service_is_on_every_page(void **state)
{
        Shown *s = *state;
        static const struct {
                const char *change, *refused, *sentence;
        } cases[] = {
                {"UPDATE edgemirror.instance SET waiting_for = 'credentials', waiting_since = "
                 "now()",
                 NULL, "The service waits for the catalog, which refuses the credentials"},
                {"DELETE FROM edgemirror.instance", NULL, "No instance of the service is alive"},
                {"UPDATE edgemirror.instance SET name = name",
                 "permission denied for table edge_claim",
                 "PostgreSQL refuses a statement of the service"},
        };
        static const WebPage *const pages[] = {&page_inventory, &page_changes, &page_edge};
        char shown[256];
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                set_mirror(s, OLD OFF, QUIET);
                forty_days_run(&s->bench, "postgres", cases[i].change);
                s->refused = cases[i].refused;
                (void)snprintf(shown, sizeof(shown), "<a href=\"/\">%s</a>.", cases[i].sentence);
                for (size_t k = 0; k < ARRAY_SIZE(pages); k++) {
                        const char *page = show(s, pages[k], "a", NULL);
                        assert_shows(page, shown);
                        assert_shows(page, "<p class=\"verdict trouble\">");
                }
                assert_not_shows(show(s, &page_edge, "d", NULL), cases[i].sentence);
                s->refused = NULL;
        }
        set_mirror(s, OLD, QUIET);
        assert_not_shows(show(s, &page_edge, "a", NULL), "<p class=\"verdict");
}

/* The catalog may have done anything since it was listed. */
static void what_no_list_has_shown_is_not_said_not_to_have_happened(void **state)
{
        Shown *s = *state;
        set_mirror(s, OLD NEW, QUIET);
        const char *page = show(s, &page_changes, NULL, NULL);
        assert_shows(page, "Nothing is known to have changed in the last 30 days.");
        assert_shows(page, "<p>Nothing like that is known (catalog as listed: 9d ago at the "
                           "oldest; 1 never listed).</p>");
        assert_shows(SHOW(s, &page_changes, NULL, "edge", "c"),
                     "<p>Nothing like that is known (catalog as listed: never).</p>");
        assert_shows(SHOW(s, &page_changes, NULL, "edge", "nowhere"),
                     "<p>Nothing like that is known.</p>");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(trouble_comes_first_with_what_to_do),
                cmocka_unit_test(edges_are_filtered_by_links),
                cmocka_unit_test(edges_are_sorted_by_links),
                cmocka_unit_test(the_page_of_an_edge_has_clocks_runs_and_what_is_kept),
                cmocka_unit_test(the_catalogs_own_words_are_shown),
                cmocka_unit_test(an_edge_is_found_by_name_or_id_and_another_is_not),
                cmocka_unit_test(the_inventory_has_sums_shares_and_growth),
                cmocka_unit_test(databases_are_found_by_name_edge_and_registration),
                cmocka_unit_test(growth_is_what_the_view_of_days_says),
                cmocka_unit_test(the_growth_of_a_large_mirror_is_not_counted_for_a_page),
                cmocka_unit_test(changes_are_shown_by_day_and_kind),
                cmocka_unit_test(what_moved_is_shown_where_it_came_and_where_it_went),
                cmocka_unit_test(what_a_person_ended_is_told_from_what_vanished),
                cmocka_unit_test(what_came_back_says_where_it_was),
                cmocka_unit_test(foreign_names_are_shown_as_text),
                cmocka_unit_test_setup_teardown(pages_of_an_empty_mirror_say_what_to_do, nothing,
                                                end),
                cmocka_unit_test_setup_teardown(what_is_cut_says_so, nothing, end),
                cmocka_unit_test_setup_teardown(what_is_long_is_cut, nothing, end),
                cmocka_unit_test_setup_teardown(
                        the_last_run_and_the_next_of_each_edge_are_shown_and_sorted, nothing, end),
                cmocka_unit_test_setup_teardown(the_next_run_of_an_edge_is_shown_with_its_zone,
                                                nothing, end),
                cmocka_unit_test_setup_teardown(the_growth_of_ninety_days_is_shown, nothing, end),
                cmocka_unit_test_setup_teardown(what_lies_in_the_future_was_just_now, nothing, end),
                cmocka_unit_test_setup_teardown(every_state_of_an_edge_has_its_filter, nothing,
                                                end),
                cmocka_unit_test_setup_teardown(a_list_that_was_not_whole_is_not_shown_as_failing,
                                                nothing, end),
                cmocka_unit_test_setup_teardown(an_edge_that_failed_and_is_overdue_is_shown_as_both,
                                                nothing, end),
                cmocka_unit_test_setup_teardown(every_page_says_whether_the_mirror_can_be_believed,
                                                nothing, end),
                cmocka_unit_test_setup_teardown(who_died_beside_one_that_lives_is_shown_for_an_hour,
                                                nothing, end),
                cmocka_unit_test_setup_teardown(
                        a_page_of_one_edge_says_whether_that_can_be_believed, nothing, end),
                cmocka_unit_test_setup_teardown(trouble_of_the_service_is_on_every_page, nothing,
                                                end),
                cmocka_unit_test_setup_teardown(
                        what_no_list_has_shown_is_not_said_not_to_have_happened, nothing, end),
        };
        return cmocka_run_group_tests(tests, forty_days, end);
}
