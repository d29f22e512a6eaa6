/*
 * The digest through the real program: what an unchanged sync sends to PostgreSQL, and what `edgemirror verify` finds.
 */
#include "integration/sync_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `word` counts in the server's log from `*from` on, which moves to its end. */
static int count_in_log(const HarnessPostgres *pg, const char *word, size_t *from)
{
        int n = 0;
        char *log = harness_read(pg->folder, "log");
        for (const char *at = log + *from; (at = strstr(at, word)); at++)
                n++;
        *from = strlen(log);
        free(log);
        return n;
}

static size_t log_end(const HarnessPostgres *pg)
{
        size_t end = 0;
        (void)count_in_log(pg, "nothing", &end);
        return end;
}

/* Statements that reach the server, the registration of the edges left out: that is once per start of the program, however many edges it syncs. */
static void an_unchanged_sync_is_four_statements_and_no_copy(void **state)
{
        World *w = *state;
        begin_again(w, "5000", "1s");
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "CHECKPOINT"));
        assert_int_equal(sync_all(w), 0); /* takes the first changes of pages after the checkpoint upon itself */
        free(harness_sql(&w->pg, "ALTER ROLE em SET log_statement = 'all'"));
        char *lsn = harness_sql(&w->pg, "SELECT pg_current_wal_insert_lsn()");
        size_t from = log_end(&w->pg);
        size_t again = from;
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
        assert_int_equal(harness_program(w->folder, arguments), 0);
        take_results(w);
        char sql[128];
        (void)snprintf(sql, sizeof(sql), "SELECT pg_current_wal_insert_lsn() - '%s'", lsn);
        long wal = harness_sql_long(&w->pg, sql);
        free(lsn);
        free(harness_sql(&w->pg, "ALTER ROLE em RESET log_statement"));

        enum { REGISTRATION = 5 }; /* BEGIN, settings, two statements, COMMIT */
        int statements = count_in_log(&w->pg, "LOG:  execute", &from) - REGISTRATION;
        from = again;
        statements += count_in_log(&w->pg, "LOG:  statement", &from);
        print_message("an unchanged sync of 5,000 rows: %d statements, %ld bytes of WAL\n", statements, wal);
        assert_int_equal(number_of(w, 0, "unchanged"), 5000);
        assert_true(statements <= 4 && statements > 0);
        assert_int_equal(count_in_log(&w->pg, "COPY", &again), 0);
        assert_true(wal < 16 * 1024);
}

static void a_dry_run_compares_row_by_row(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "UPDATE edgemirror.database_connection SET name = 'by hand'"
                                 " WHERE id = (SELECT min(id::text)::uuid FROM edgemirror.database_connection d"
                                 " JOIN edgemirror.edge USING (edge_connection_id) WHERE edge.name = 'main')"));
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "--dry-run", "main", NULL};
        assert_int_equal(harness_program(w->folder, arguments), 0);
        take_results(w);
        assert_int_equal(number_of(w, 0, "changed"), 1);
        assert_int_equal(number_of(w, 0, "unchanged"), 19);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_unchanged_sync_is_four_statements_and_no_copy),
                cmocka_unit_test_setup(a_dry_run_compares_row_by_row, small_world),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
