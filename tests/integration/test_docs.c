/*
 * The SQL of docs/several-instances.md, and the queries of docs/reports.md: each works as it stands
 * there, for a reader, and gives the right answer on a history of forty days that is known.
 */
#include "base/text.h"
#include "integration/document.h"
#include "integration/forty_days.h"
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int populate(void **state)
{
        MirrorBench *b = calloc(1, sizeof(*b));
        assert_non_null(b);
        forty_days_start(b);
        *state = b;
        return 0;
}

static int tear_down(void **state)
{
        bench_stop(*state);
        free(*state);
        return 0;
}

/* Block by block as the page has them; NULL: a statement that gives no rows. Days ago are "3d", ids
 * are "#" and their number in forty_days.c, in hexadecimal. */
static const struct {
        const char *question, *answer;
} questions[] = {
        {"what do we have", "finance 4 2 50.0"
                            "|hr 1 0 0.0"
                            "|lab 3 0 0.0"
                            "|sales 6 4 66.7"},
        {"the same name on several edges", "ORDERS 2 lab, sales"},
        {"what is not registered", "sales INVOICES 40d true"
                                   "|finance BUDGET 2026 40d false"
                                   "|lab ALPHA 12d false"
                                   "|lab BETA 2 12d false"
                                   "|lab ORDERS 12d false"
                                   "|finance TAX 10d false"
                                   "|sales RETURNS 6d false"},
        {"what was never registered", "finance 2 40d"
                                      "|hr 1 40d"
                                      "|lab 3 12d"
                                      "|sales 1 6d"},
        {"what appeared this week", "6d added sales RETURNS false"
                                    "|4d added sales WEB true"},
        {"what vanished", "25d sales ARCHIVE "
                          "|9d sales STOCK #2"
                          "|2d sales WEB #9"},
        {"what was retired and is not back", "23d old ATTIC     false"},
        {"what moved", "22d hr finance LEAVE false"
                       "|5d finance sales PAYROLL EU true"},
        {"what was renamed", "5d moved_in sales PAYROLL PAYROLL EU"
                             "|3d changed lab BETA BETA 2"
                             "|2d changed sales ARCHIVE 2 ARCHIVE 3"},
        {"what was relinked", "5d sales CLIENTS registered  #a 5d"
                              "|3d sales INVOICES unregistered #6  3d"
                              "|2d sales ARCHIVE 3 another #7 #b 2d"},
        {"what is missing, and why does it stay", "sales ORDERS 0d pending 404 1 0d"
                                                  "|sales RETURNS 0d unproven 403  "
                                                  "|finance LEDGER 0d refresh   "},
        {"what could not be mirrored", "finance #f  its name is no text {\"name\":7} 4d 0d"},
        {"which edges are stale", "broken   false 4 failed the catalog answered with status 500"
                                  "|lab 3d 3d false 3 failed the catalog answered with status 500"},
        {"what failed today, and why",
         "0d broken failed  failed, nothing was applied: the catalog answered with status 500"
         "|0d lab failed  failed, nothing was applied: the catalog answered with status 500"
         "|0d finance held failed the list was applied, missing rows stay (1); the refresh failed: "
         "the refresh job ended with ERROR"
         "|0d sales held clean the list was applied, missing rows stay (1)"},
        {"how did it grow, per day", "0d 14 6 42.9"
                                     "|1d 14 6 42.9"
                                     "|2d 14 6 42.9"
                                     "|3d 15 7 46.7"
                                     "|4d 15 8 53.3"
                                     "|5d 14 7 50.0"
                                     "|6d 14 6 42.9"
                                     "|7d 13 6 46.2"
                                     "|8d 13 6 46.2"
                                     "|9d 13 6 46.2"
                                     "|10d 14 7 50.0"
                                     "|11d 13 7 53.8"
                                     "|12d 13 7 53.8"
                                     "|13d 10 7 70.0"},
        {"how did it grow, per edge", "28d finance 3 2"
                                      "|14d finance 4 3"
                                      "|0d finance 4 2"
                                      "|28d hr 2 1"
                                      "|14d hr 1 0"
                                      "|0d hr 1 0"
                                      "|0d lab 3 0"
                                      "|28d old 1 0"
                                      "|14d old 0 0"
                                      "|0d old 0 0"
                                      "|28d sales 5 3"
                                      "|14d sales 5 4"
                                      "|0d sales 6 4"},
        {"what came and went", "finance 2 1"
                               "|hr 0 1"
                               "|sales 4 3"},
        {"what was there on a date", "finance 4 3"
                                     "|hr 1 0"
                                     "|sales 4 3"},
        {"what differs between two times", "finance TAX new false"
                                           "|lab BETA 2 different false"
                                           "|sales ARCHIVE 3 different false"
                                           "|sales CLIENTS different false"
                                           "|sales INVOICES different false"
                                           "|sales PAYROLL EU different false"
                                           "|sales RETURNS new false"
                                           "|sales STOCK gone false"},
        {"what is left of a retired edge", "hr 21d 1 0 0"
                                           "|old 24d 0 0 1"},
        {"what happened to one row", "40d added sales  ARCHIVE  "
                                     "|25d removed sales ARCHIVE   "
                                     "|18d restored sales ARCHIVE ARCHIVE 2  #7"
                                     "|2d changed sales ARCHIVE 2 ARCHIVE 3 #7 #b"},
        {"can this be believed", "broken failing    0 0 0 failed  false false"
                                 "|finance held 0d 1d 4 1 0 1 held failed false false"
                                 "|lab failing 3d 3d 3 0 0 0 failed  false false"
                                 "|sales held 0d 0d 6 1 1 0 held clean false false"},
        {"can this be believed, in one row", "3d 1 3d 1 3 1 false"},
        {"how far back", "40d"},
        {"being told", NULL},
        {"being told of trouble", NULL},
};

static void every_question_is_answered_rightly(void **state)
{
        MirrorBench *b = *state;
        Document page;
        document_open("docs/reports.md", &page);
        assert_int_equal(page.n_blocks, ARRAY_SIZE(questions)); /* a new query: its answer */
        for (size_t i = 0; i < page.n_blocks; i++) {
                print_message("# %s\n", questions[i].question);
                if (!questions[i].answer) {
                        forty_days_run(b, "report", page.blocks[i]);
                        continue;
                }
                char *answer = forty_days_ask(b, "report", page.blocks[i]);
                assert_string_equal(answer, questions[i].answer);
                free(answer);
        }
        document_close(&page);
}

/* Lists that work say nothing of what is in the data source. */
static void nothing_is_well_while_nothing_is_refreshed(void **state)
{
        MirrorBench *b = *state;
        Document page;
        document_open("docs/reports.md", &page);
        const char *one_row = NULL;
        for (size_t i = 0; i < page.n_blocks; i++)
                if (strstr(page.blocks[i], "all_well"))
                        one_row = page.blocks[i];
        assert_non_null(one_row);
        char *asked = document_replaced(one_row, ";", "");
        char *statements = text_format(
                "BEGIN; UPDATE edgemirror.sync_run SET outcome = 'synced', refresh = 'failed' WHERE"
                " outcome IS NOT NULL; UPDATE edgemirror.edge SET consecutive_failures = 0;"
                "SELECT q.all_well FROM (%s) q",
                asked);
        assert_sql(b, statements, "f");
        free(statements);
        free(asked);
        document_close(&page);
}

/* What an edge had before its first list nobody knows: with that list it is not new. "lab" is
 * listed since twelve days ago. */
static void what_differs_is_of_edges_that_had_been_listed(void **state)
{
        Document page;
        document_open_between("docs/reports.md", "listed at the earlier one:\n\n```sql\n", "```",
                              &page);
        char *asked = document_replaced(page.blocks[0], "'10 days 12 hours'", "'12 days 12 hours'");
        char *answer = forty_days_ask(*state, "report", asked);
        assert_string_equal(answer,
                            "finance TAX new false|sales ARCHIVE 3 different false|sales CLIENTS "
                            "different false"
                            "|sales INVOICES different false|sales PAYROLL EU different false"
                            "|sales RETURNS new false|sales STOCK gone false");
        free(answer);
        free(asked);
        document_close(&page);
}

/* The manual has the question, too: the first list of an edge is no answer. */
static void the_manual_asks_for_what_appeared_as_well(void **state)
{
        static const char *const pages[] = {"man/edgemirror.1", "man/edgemirror-sql.7"};
        for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
                Document page;
                document_open_between(pages[i],
                                      "What appeared this week:\n.Bd -literal -offset indent\n",
                                      "\n.Ed\n", &page);
                char *since_ever = document_replaced(page.blocks[0], "'7 days'", "'50 days'");
                char *asked = document_replaced(since_ever, ";", "");
                char *names = text_format("SELECT name_after FROM (%s) q", asked);
                char *answer = forty_days_ask(*state, "report", names);
                assert_string_equal(answer, "ARCHIVE 2|TAX|RETURNS|WEB");
                free(answer);
                free(names);
                free(asked);
                free(since_ever);
                document_close(&page);
        }
}

/* What came to an edge and what went from it, by the view change, makes up what it has. */
static void came_and_went_balance_for_each_edge(void **state)
{
        MirrorBench *b = *state;
        assert_sql(b,
                   "SELECT format('%s %s', edge, sum(CASE WHEN kind IN ('added', 'restored', "
                   "'moved_in') THEN 1 WHEN kind IN ('removed', 'moved_out') THEN -1 ELSE 0 END))"
                   " FROM edgemirror.change GROUP BY edge ORDER BY edge",
                   "finance 4|hr 1|lab 3|old 0|sales 6");
        assert_sql(b,
                   "SELECT format('%s %s', edge, count(*)) FROM edgemirror.inventory GROUP BY edge "
                   "ORDER BY edge",
                   "finance 4|hr 1|lab 3|sales 6");
}

/* Running sums give what looking at every version gives, for every day, and no other day. */
static void daily_is_as_of_the_end_of_each_day(void **state)
{
        MirrorBench *b = *state;
        assert_sql(
                b,
                "WITH expected AS (SELECT d.day, e.edge_connection_id, count(a.id) AS databases, "
                "count(a.database_id) AS registered"
                "  FROM (SELECT current_date - n AS day FROM generate_series(0, 50) n) d"
                "  JOIN edgemirror.edge e ON e.first_listed_at::date <= d.day"
                "  LEFT JOIN LATERAL edgemirror.as_of(least((d.day + 1)::timestamptz, now())) a "
                "ON a.edge_connection_id = e.edge_connection_id GROUP BY 1, 2),"
                " got AS (SELECT day, edge_connection_id, databases, registered FROM "
                "edgemirror.daily)"
                " (TABLE expected EXCEPT TABLE got) UNION ALL (TABLE got EXCEPT TABLE expected)",
                "");
        assert_sql(b, "SELECT count(*) > 100 FROM edgemirror.daily", "t");
        assert_sql(b, "SELECT max(day) - current_date FROM edgemirror.daily", "0");
}

/* A list that was not whole came before the first whole one, and counts from there. */
static void daily_begins_with_the_first_whole_list(void **state)
{
        MirrorBench *b = *state;
        assert_sql(b,
                   "BEGIN; UPDATE edgemirror.edge SET first_listed_at = now() - interval '2 days' "
                   "WHERE name = 'lab';"
                   "SELECT format('%s %s', current_date - day, databases) FROM edgemirror.daily "
                   "WHERE edge = 'lab' ORDER BY day",
                   "2 3|1 3|0 3");
}

/* The run that brought a change is known of every change but those that edgemirror retire made. */
static void every_change_names_its_run(void **state)
{
        MirrorBench *b = *state;
        assert_sql(b,
                   "SELECT format('%s %s', c.kind, c.name_before) FROM edgemirror.change c"
                   " WHERE NOT EXISTS (SELECT FROM edgemirror.run r WHERE r.run_id = c.run_id AND "
                   "c.happened_at BETWEEN r.started_at AND r.finished_at)",
                   "removed ATTIC");
}

static void the_first_load_of_an_edge_is_told_apart(void **state)
{
        MirrorBench *b = *state;
        assert_sql(b,
                   "SELECT format('%s %s', edge, count(*)) FROM edgemirror.change WHERE first_load "
                   "AND kind = 'added' GROUP BY edge ORDER BY edge",
                   "finance 3|hr 2|lab 3|old 1|sales 5");
        assert_sql(b, "SELECT count(*) FROM edgemirror.change WHERE first_load AND kind <> 'added'",
                   "0");
}

/* Of a move only one row says what changed with it. */
static void renames_and_links_are_counted_once(void **state)
{
        MirrorBench *b = *state;
        assert_sql(b,
                   "SELECT format('%s %s %s %s>%s', kind, edge, renamed, edge_before, edge_after) "
                   "FROM edgemirror.change WHERE name_after = 'PAYROLL EU' ORDER BY kind",
                   "moved_in sales t finance>sales|moved_out finance f finance>sales");
}

static void a_row_that_came_back_says_what_it_was(void **state)
{
        MirrorBench *b = *state;
        assert_sql(
                b,
                "SELECT format('%s %s>%s %s>%s %s %s', edge, edge_before, edge_after, "
                "name_before, name_after, renamed, relinked) FROM edgemirror.change WHERE kind = "
                "'restored'",
                "sales sales>sales ARCHIVE>ARCHIVE 2 t t");
}

static void run_in_third(const MirrorBench *b, const char *user, const char *statements,
                         const char *answer)
{
        char conninfo[256];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=third user=%s", b->pg.folder,
                       user);
        PGconn *conn = PQconnectdb(conninfo);
        PGresult *result = PQexec(conn, statements);
        if (PQresultStatus(result) != (answer ? PGRES_TUPLES_OK : PGRES_COMMAND_OK))
                fail_msg("%s: %s", statements, PQerrorMessage(conn));
        if (answer)
                assert_string_equal(PQgetvalue(result, 0, 0), answer);
        PQclear(result);
        PQfinish(conn);
}

/* docs/several-instances.md, with a mirror in another database of this server, which asks nobody
 * for a password. */
static void another_database_reads_the_mirror(void **state)
{
        MirrorBench *b = *state;
        Document page;
        char address[192];
        document_open("docs/several-instances.md", &page);
        assert_int_equal(page.n_blocks, 2);
        (void)snprintf(address, sizeof(address), "host '%s', dbname 'test'", b->pg.folder);
        char *made =
                document_replaced(page.blocks[0], "host 'db.example.com', dbname 'acme'", address);
        assert_string_not_equal(made, page.blocks[0]);
        free(harness_sql(&b->pg, "CREATE DATABASE third"));
        run_in_third(b, "postgres", made, NULL);
        run_in_third(b, "postgres",
                     "ALTER USER MAPPING FOR report SERVER acme OPTIONS (ADD password_required "
                     "'false')",
                     NULL);
        char *asked = document_replaced(page.blocks[1], ";", "");
        char *counted = text_format("SELECT string_agg(edge || ' ' || count, ',' ORDER BY edge) "
                                    "FROM (%s) q",
                                    asked);
        run_in_third(b, "report", counted, "finance 4,hr 1,lab 3,sales 6");
        free(counted);
        free(asked);
        free(made);
        document_close(&page);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_question_is_answered_rightly),
                cmocka_unit_test(nothing_is_well_while_nothing_is_refreshed),
                cmocka_unit_test(what_differs_is_of_edges_that_had_been_listed),
                cmocka_unit_test(the_manual_asks_for_what_appeared_as_well),
                cmocka_unit_test(came_and_went_balance_for_each_edge),
                cmocka_unit_test(daily_is_as_of_the_end_of_each_day),
                cmocka_unit_test(daily_begins_with_the_first_whole_list),
                cmocka_unit_test(every_change_names_its_run),
                cmocka_unit_test(the_first_load_of_an_edge_is_told_apart),
                cmocka_unit_test(renames_and_links_are_counted_once),
                cmocka_unit_test(a_row_that_came_back_says_what_it_was),
                cmocka_unit_test(another_database_reads_the_mirror),
        };
        return cmocka_run_group_tests_name("docs", tests, populate, tear_down);
}
