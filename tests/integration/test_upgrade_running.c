/*
 * The schema is migrated while a service of the version before is running: it stops syncing, says
 * why, publishes nothing, and ends in order when it is told to. One of the new version that runs
 * before the schema is migrated waits for that.
 *
 * This program is linked with the SQL of a next release, whose version is 2; edgemirror itself is
 * the old one.
 */
#include "integration/mirror_bench.h"
#include "integration/service_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void migrate_to_the_next_version(ServiceWorld *w)
{
        MirrorBench b = {.pg = w->pg};
        bench_connect(&b);
        bench_migrate(&b);
        assert_int_equal(b.migrated.from_version, 1);
        assert_int_equal(b.migrated.to_version, 2);
        bench_disconnect(&b);
}

static void a_sync_under_way_publishes_nothing_and_the_service_says_why(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        make_due(w, 0, 3);
        await_runs(w, 0, 3, "synced", 1);

        rename_a_row(w, 0, "of the version before");
        service_fault(w, "list", 0, "\"delay_ms\":600000,\"count\":1");
        make_due(w, 0, 0);
        service_await_phase(w, 0, "list");
        migrate_to_the_next_version(w);
        service_release(w);
        harness_service_await_log(
                s, "the schema is at version 2, this program knows 1; install the newer", 1);
        harness_service_await(s, "STATUS=PostgreSQL cannot be used: the schema is at version 2", 1);
        service_await_sql(w, "SELECT (count(*) = 0)::int FROM edgemirror.edge_claim WHERE holder "
                             "IS NOT NULL");
        harness_service_await_log(s, "another instance holds the lease now", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.database_connection WHERE "
                                     "name = 'of the version before'"),
                         0);

        /* nothing is begun any more, also when it is asked for */
        long runs = sql_long(w, "SELECT count(*) FROM edgemirror.sync_run");
        make_due(w, 1, 3);
        harness_service_reload(s);
        service_stop(w, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), runs);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                0);
}

/* What runs on beside the old one is the new version, here by its tables alone. */
static void a_service_of_the_version_before_is_refused_at_its_start(void **state)
{
        ServiceWorld *w = *state;
        migrate_to_the_next_version(w);
        HarnessService *s = service_begin(w, 1);
        harness_service_await_log(
                s, "the schema is at version 2, this program knows 1; install the newer", 1);
        service_stop(w, 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 0);
}

/* Of the version before the first there is only what migrate records. */
static void a_service_of_the_new_version_goes_on_when_the_schema_is_migrated(void **state)
{
        ServiceWorld *w = *state;
        free(harness_sql(&w->pg, "CREATE TABLE migrated AS TABLE edgemirror.schema_version"));
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.schema_version"));
        HarnessService *s = service_begin(w, 0);
        harness_service_await(s, "READY=1", 1);
        harness_service_await_log(
                s, "the schema is at version 0, this program needs 1; run edgemirror -c ", 1);
        harness_service_await(s, "STATUS=PostgreSQL cannot be used: the schema is at version 0", 1);
        free(harness_sql(&w->pg, "INSERT INTO edgemirror.schema_version TABLE migrated"));
        harness_service_await_log(s, "PostgreSQL answers again", 1);
        service_await_registered(w);
        make_due(w, 0, 3);
        harness_service_reload(s);
        await_runs(w, 0, 3, "synced", 1);
        service_stop(w, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_sync_under_way_publishes_nothing_and_the_service_says_why,
                                       few_edges),
                cmocka_unit_test_setup(a_service_of_the_version_before_is_refused_at_its_start,
                                       few_edges),
                cmocka_unit_test_setup(
                        a_service_of_the_new_version_goes_on_when_the_schema_is_migrated,
                        few_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
