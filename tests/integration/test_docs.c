/*
 * The queries of docs/reports.md: each works as it stands there, for a reader, on a mirror in which
 * something happened, and answers its question.
 */
#include "integration/document.h"
#include "integration/mirror_bench.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Three days ago two edges were mirrored; since then rows were added, renamed, linked, removed and
 * brought back, and one edge failed. */
static int populate(void **state)
{
        MirrorBench *b = calloc(1, sizeof(*b));
        assert_non_null(b);
        mirror_bench_start(b);
        bench_apply(
                b, &bench_edge,
                (const BenchRow[]){{1, "SALES", 0}, {2, "HR", 1}, {3, "OLD", 2}, {4, "BACK", 0}},
                4);
        bench_apply(b, &bench_other_edge, (const BenchRow[]){{5, "SALES", 0}}, 1);
        free(harness_sql(&b->pg, "UPDATE edgemirror.database_connection SET first_seen_at = "
                                 "first_seen_at - interval '3 days',"
                                 "       changed_at = changed_at - interval '3 days'"));
        bench_remove(b, 3);
        bench_remove(b, 4);
        bench_apply(b, &bench_edge,
                    (const BenchRow[]){
                            {1, "SALES", 3}, {2, "PEOPLE", 1}, {4, "BACK", 0}, {6, "NEW", 0}},
                    4);
        free(harness_sql(&b->pg,
                         "UPDATE edgemirror.database_connection SET missing_since = now(), "
                         "missing_reason = 'unproven',"
                         " missing_status = 403, missing_run_id = run_id WHERE name = 'PEOPLE';"
                         "INSERT INTO edgemirror.rejected_row"
                         " SELECT edge_connection_id, gen_random_uuid(), NULL, 'it is odd', '{}', "
                         "now(), now(), 1"
                         "   FROM edgemirror.edge WHERE name = 'one'"));
        bench_fail(b, &bench_other_edge);
        *state = b;
        return 0;
}

static int tear_down(void **state)
{
        bench_stop(*state);
        free(*state);
        return 0;
}

static void every_query_for_reports_works_and_answers(void **state)
{
        MirrorBench *b = *state;
        char conninfo[256];
        Document page;
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=report", b->pg.folder);
        document_open("docs/reports.md", &page);
        PGconn *conn = PQconnectdb(conninfo);
        for (size_t i = 0; i < page.n_blocks; i++) {
                PGresult *result = PQexec(conn, page.blocks[i]);
                if (PQresultStatus(result) == PGRES_TUPLES_OK
                            ? PQntuples(result) == 0
                            : PQresultStatus(result) != PGRES_COMMAND_OK)
                        fail_msg("docs/reports.md: %s\n%s", page.blocks[i],
                                 PQresultStatus(result) == PGRES_TUPLES_OK
                                         ? "no rows"
                                         : PQresultErrorMessage(result));
                PQclear(result);
        }
        print_message("%zu queries\n", page.n_blocks);
        PQfinish(conn);
        document_close(&page);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_query_for_reports_works_and_answers),
        };
        return cmocka_run_group_tests_name("docs", tests, populate, tear_down);
}
