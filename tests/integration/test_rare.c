/*
 * What seldom happens to a command: no room for the rows, a schema that is not whole, an edge that
 * is named twice, an output that is lost.
 */
#include "integration/rows.h"
#include "integration/sync_world.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The rows are more than stay in memory, and no file may become so large. */
static void no_room_for_the_rows_fails_the_run_and_changes_nothing(void **state)
{
        World *w = *state;
        begin_again(w, "30000", "1s");
        struct rlimit old, small;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        small = (struct rlimit){.rlim_cur = 1024 * 1024, .rlim_max = old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        int status = sync_all(w);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

        assert_int_equal(status, 1);
        assert_string_equal(text_of(w, 0, "outcome"), "failed");
        assert_string_equal(error_of(w, "code"), "spool-failed");
        assert_non_null(strstr(error_of(w, "message"), "check the space"));
        assert_int_equal(
                harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.database_connection"), 0);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                0);

        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
}

static void a_schema_that_is_older_is_refused_with_the_way_out(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg, "CREATE TABLE public.kept AS SELECT * FROM "
                                 "edgemirror.schema_version ORDER BY version DESC LIMIT 1;"
                                 "DELETE FROM edgemirror.schema_version WHERE version = (SELECT "
                                 "max(version) FROM edgemirror.schema_version)"));
        assert_int_equal(RUN(w, "sync"), 69);
        assert_says(w, "out", ".conf migrate", true);
        assert_int_equal(RUN(w, "check"), 69);
        assert_says(w, "out", ".conf migrate", true);
        free(harness_sql(&w->pg, "INSERT INTO edgemirror.schema_version SELECT * FROM public.kept; "
                                 "DROP TABLE public.kept"));
        assert_int_equal(RUN(w, "check"), 0);
}

static size_t count_lines(World *w, const char *file)
{
        char *text = harness_read(w->folder, file);
        size_t n = 0;
        for (const char *c = text; *c; c++)
                n += *c == '\n';
        free(text);
        return n;
}

static void an_edge_that_is_named_twice_is_synced_once(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1s");
        assert_int_equal(RUN(w, "sync", "--json", "main", w->edges[0], "main"), 0);
        assert_int_equal(count_lines(w, "out"), 1);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run"), 1);
        assert_int_equal(RUN(w, "status", "--json", "main", "main"), 0);
        assert_int_equal(count_lines(w, "out"), 1);
        assert_int_equal(RUN(w, "verify", "main", w->edges[0]), 0);
        assert_int_equal(RUN(w, "schedule", "--json", "main", "main"), 0);
        assert_int_equal(count_lines(w, "out"), 1);
}

/* A program that reads an answer which nobody could write must not take it for one. */
static void an_output_that_is_lost_is_not_a_success(void **state)
{
        World *w = *state;
        char out[128];
        (void)snprintf(out, sizeof(out), "%s/out", w->folder);
        static const char *const commands[][3] = {
                {"status", "--json"}, {"schedule", "--count", "3"}, {"migrate", "--print"},
                {"verify"},           {"check", "--offline"},       {"sync", "--json"}};
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
                (void)unlink(out);
                assert_int_equal(symlink("/dev/full", out), 0);
                int status = RUN(w, commands[i][0], commands[i][1], commands[i][2]);
                if (status == 0)
                        fail_msg("%s ends with 0", commands[i][0]);
        }
        assert_int_equal(unlink(out), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_room_for_the_rows_fails_the_run_and_changes_nothing),
                cmocka_unit_test(a_schema_that_is_older_is_refused_with_the_way_out),
                cmocka_unit_test(an_edge_that_is_named_twice_is_synced_once),
                cmocka_unit_test(an_output_that_is_lost_is_not_a_success),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
