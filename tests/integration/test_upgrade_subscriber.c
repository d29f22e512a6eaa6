/*
 * A database that subscribes is upgraded with its publisher, as docs/upgrading.md and
 * docs/replication.md tell, and in the wrong order. Both begin as the released version left them
 * (tests/upgrade/schema.sql), and syncs of its program go on until its schema is no more.
 *
 * This program is linked with the SQL of a next release, whose version is 2; edgemirror itself is
 * the released one.
 */
#include "base/cleanup.h"
#include "base/duration.h"
#include "base/timer.h"
#include "harness/program.h"
#include "integration/pair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Upgrade {
        Pair pair;
        HarnessCatalog catalog;
        char folder[64], config[128];
} Upgrade;

/* ---- the released version ------------------------------------------------------------------- */

/* One of its commands, at either database; the exit status. What it says is in FOLDER/em.out and
 * em.err. */
static int run_released(const Upgrade *u, const MirrorBench *at, const char *command,
                        const char *edge)
{
        const char *const arguments[] = {"-c", u->config, command, edge, NULL};
        const char *const environment[] = {"EDGEMIRROR_POSTGRES_CONNINFO", at->pg.service, NULL};
        return harness_program_wait(
                harness_program_start_as(u->folder, "em", environment, arguments));
}

static void assert_intact(const Upgrade *u, const MirrorBench *at)
{
        assert_int_equal(run_released(u, at, "verify", NULL), 0);
        _cleanup_(cleanup_free) char *said = harness_read(u->folder, "em.out");
        assert_non_null(strstr(said, "sales"));
        assert_null(strstr(said, "ALTERED"));
}

/* A change in the catalog; how the sync of it ends. */
static int rename_and_sync(const Upgrade *u, const char *name)
{
        char body[128];
        (void)snprintf(body, sizeof(body), "{\"op\":\"rename\",\"index\":0,\"name\":\"%s\"}", name);
        cJSON_Delete(harness_control(
                &u->catalog, "/control/edges/b62ea832-3f48-4da1-8839-d8be615e9256/rows", body));
        return run_released(u, &u->pair.publisher, "sync", "sales");
}

static char *inventory_of(const MirrorBench *b, const char *name)
{
        char sql[256];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'sales' AND name = "
                       "'%s'",
                       name);
        return bench_column(b, sql);
}

/* A row of it is published, and arrives. */
static void a_sync_arrives(const Upgrade *u, const char *name)
{
        assert_int_equal(rename_and_sync(u, name), 0);
        pair_wait_until_equal(&u->pair);
        _cleanup_(cleanup_free) char *n = inventory_of(&u->pair.subscriber, name);
        assert_string_equal(n, "1");
}

/* ---- the next version ----------------------------------------------------------------------- */

static void assert_migrated(MirrorBench *b)
{
        assert_string_equal(b->fault.message, "");
        assert_int_equal(b->migrated.from_version, 1);
        assert_int_equal(b->migrated.to_version, 2);
        assert_string_equal(b->notes, "");
}

/* What only it writes: an edge, a column, a table. */
static void write_as_the_next_version(Upgrade *u)
{
        MirrorBench *b = &u->pair.publisher;
        bench_register(b);
        bench_apply(b, &bench_edge, (const BenchRow[]){{1, "alpha", 0}, {2, "beta", 7}}, 2);
        bench_sql(b, "UPDATE edgemirror.edge SET next = 2 WHERE name IN ('one', 'sales');"
                     " UPDATE edgemirror.database_connection SET next = 'of ' || name WHERE name = "
                     "'alpha'");
}

static void assert_next_version_arrived(Upgrade *u)
{
        MirrorBench *b = &u->pair.subscriber;
        bench_sql(&u->pair.publisher, "INSERT INTO edgemirror.next (what) VALUES ('published')");
        pair_follow(&u->pair, PAGE_NEW_TABLES, NULL);
        pair_wait_until_equal(&u->pair);
        assert_sql(b, "SELECT what FROM edgemirror.next", "published");
        assert_sql(b,
                   "SELECT format('%s %s', name, next) FROM edgemirror.edge WHERE next <> 1 ORDER "
                   "BY name",
                   "one 2|sales 2");
        assert_sql(b, "SELECT next FROM edgemirror.database_connection WHERE next IS NOT NULL",
                   "of alpha");
        assert_intact(u, &u->pair.publisher);
        assert_intact(u, b);
}

/* ---- the stories ---------------------------------------------------------------------------- */

static void write_config(Upgrade *u)
{
        _cleanup_(cleanup_free) char *config =
                text_format("[catalog]\nurl = %s\nauth = bearer\ntoken_file = %s/token\n"
                            "[defaults]\npoll_min = 10ms\nsettle = 100ms\n"
                            "[edge \"sales\"]\nid = b62ea832-3f48-4da1-8839-d8be615e9256\n",
                            u->catalog.url, u->folder);
        (void)snprintf(u->config, sizeof(u->config), "%s/edgemirror.conf", u->folder);
        harness_write(u->folder, "edgemirror.conf", config);
        harness_write(u->folder, "token", "secret\n");
}

/* The catalog of the fixture goes on at another address. A subscriber has nothing but what is
 * published. */
static int begin_with_the_released_version(void **state)
{
        Upgrade *u = calloc(1, sizeof(*u));
        assert_non_null(u);
        *state = u;
        Pair *p = &u->pair;
        pair_start(p);
        harness_folder_make("upgrade-subscriber", u->folder);
        harness_catalog_start(&u->catalog, u->folder,
                              (const char *const[]){"--edges", "5", "--rows", "8", "--job-wait",
                                                    "0s", "--job-run", "0s", NULL});
        write_config(u);

        bench_restore_fixture(&p->publisher);
        bench_restore_fixture(&p->subscriber);
        _cleanup_(cleanup_free) char *move =
                text_format("UPDATE edgemirror.catalog SET url = '%s'", u->catalog.url);
        bench_sql(&p->publisher, move);
        bench_sql(&p->subscriber, "TRUNCATE edgemirror.catalog, edgemirror.instance");
        assert_int_equal(run_released(u, &p->publisher, "migrate", NULL), 0);
        assert_int_equal(run_released(u, &p->subscriber, "migrate", NULL), 0);
        bench_connect(&p->publisher);
        bench_connect(&p->subscriber);
        pair_follow(p, PAGE_EMPTY, NULL);

        pair_follow(p, PAGE_ROLE, NULL);
        pair_follow(p, PAGE_SUBSCRIBE, "edgemirror_feed");
        pair_wait_until_equal(p);
        assert_intact(u, &p->subscriber);
        a_sync_arrives(u, "before the upgrade");
        return 0;
}

static int end(void **state)
{
        Upgrade *u = *state;
        harness_catalog_stop(&u->catalog);
        pair_stop(&u->pair);
        harness_folder_remove(u->folder);
        free(u);
        return 0;
}

static void the_subscriber_first_and_nothing_stops(void **state)
{
        Upgrade *u = *state;
        Pair *p = &u->pair;
        bench_try_migrate(&p->subscriber); /* it is being written */
        assert_string_equal(fault_code_name(p->subscriber.fault.code), "pg-subscriber");
        assert_non_null(
                strstr(p->subscriber.fault.message, "ALTER SUBSCRIPTION edgemirror DISABLE;"));

        pair_follow(p, PAGE_DISABLE, NULL);
        assert_int_equal(rename_and_sync(u, "while it is held off"), 0);
        bench_try_migrate(&p->subscriber);
        assert_migrated(&p->subscriber);
        assert_int_equal(rename_and_sync(u, "while it is still held off"), 0);
        pair_follow(p, PAGE_ENABLE, NULL);
        pair_wait_until_equal(p);
        a_sync_arrives(u, "of the version before");

        bench_try_migrate(&p->publisher);
        assert_migrated(&p->publisher);
        assert_int_equal(rename_and_sync(u, "too late"), 69);
        bench_try_check(&p->publisher);
        assert_null(strstr(p->publisher.checked, "publication"));
        write_as_the_next_version(u);
        pair_wait_until_equal(p);
        assert_next_version_arrived(u);
        assert_sql(&p->subscriber,
                   "SELECT count(*) FROM edgemirror.change WHERE edge = 'sales' AND renamed AND "
                   "name_after IN ('before the upgrade', 'while it is held off', 'while it is "
                   "still held off', 'of the version before', 'too late')",
                   "4");
        _cleanup_(cleanup_free) char *log = harness_read(p->subscriber.pg.folder, "log");
        assert_null(strstr(log, "is missing"));
}

static void unlock(void *userdata)
{
        PGconn **lock = userdata;
        PQfinish(*lock);
        *lock = NULL;
}

/* Its worker applies a transaction meanwhile, which it finishes first. */
static void a_worker_that_has_not_ended_is_waited_for(void **state)
{
        Upgrade *u = *state;
        MirrorBench *b = &u->pair.subscriber;
        Timer timer = {0};
        PGconn *lock = PQconnectdb(b->pg.service);
        PQclear(PQexec(lock, "BEGIN; LOCK TABLE edgemirror.edge IN SHARE MODE"));
        assert_int_equal(rename_and_sync(u, "before it is held off"), 0);
        pair_wait_for(b, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = "
                         "'Lock' AND pid IN (SELECT pid FROM pg_stat_subscription))");
        pair_follow(&u->pair, PAGE_DISABLE, NULL);

        bench_try_migrate(b); /* its transaction does not end */
        assert_string_equal(fault_code_name(b->fault.code), "pg-subscriber");
        assert_non_null(strstr(b->fault.message, "the subscription edgemirror is disabled, but"));
        assert_int_equal(b->migrated.to_version, 1);

        assert_int_equal(
                timer_start(&timer, b->event, 300 * USEC_PER_MSEC, USEC_PER_MSEC, unlock, &lock),
                0);
        bench_try_migrate(b);
        timer_cancel(&timer);
        const bool waited = !lock;
        PQfinish(lock);
        assert_true(waited);
        assert_migrated(b);
        pair_follow(&u->pair, PAGE_ENABLE, NULL);
        pair_wait_until_equal(&u->pair);
        assert_sql(b,
                   "SELECT count(*) FROM edgemirror.inventory WHERE name = 'before it is held off'",
                   "1");
}

/* The subscription stops, readers have what was there, and it goes on by itself. */
static void the_publisher_first_and_the_subscriber_waits(void **state)
{
        Upgrade *u = *state;
        Pair *p = &u->pair;
        bench_try_migrate(&p->publisher);
        assert_migrated(&p->publisher);
        write_as_the_next_version(u);
        pair_wait_for_log(&p->subscriber, "\"edgemirror.edge\" is missing ");
        assert_sql(&p->subscriber, "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'one'",
                   "0");
        assert_intact(u, &p->subscriber);

        /* it is refused while the subscription tries once more, which is soon over */
        do
                bench_try_migrate(&p->subscriber);
        while (p->subscriber.fault.code == CODE_PG_SUBSCRIBER);
        assert_migrated(&p->subscriber);
        pair_wait_until_equal(p);
        assert_next_version_arrived(u);
        assert_sql(&p->subscriber, "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'one'",
                   "2");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_subscriber_first_and_nothing_stops,
                                                begin_with_the_released_version, end),
                cmocka_unit_test_setup_teardown(a_worker_that_has_not_ended_is_waited_for,
                                                begin_with_the_released_version, end),
                cmocka_unit_test_setup_teardown(the_publisher_first_and_the_subscriber_waits,
                                                begin_with_the_released_version, end),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
