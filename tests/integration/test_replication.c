/*
 * The recipe of docs/replication.md, on two servers: the subscriber has the publisher's rows, each
 * and no other, after everything that can happen to either.
 *
 * One story, in which each chapter builds on the last. Waits are for a condition, and bounded.
 */
#include "base/duration.h"
#include "harness/program.h"
#include "integration/document.h"
#include "integration/mirror_bench.h"
#include "mirror/prune.h"
#include "mirror/sql_embedded.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* This program is linked with the SQL of a next release, whose version is 2. */
enum { OLD_VERSION = 1, WAIT_SECONDS_MAX = 60 };

/* The blocks of the page, in order. */
enum {
        RECIPE_ROLE,
        RECIPE_SUBSCRIBE,
        RECIPE_LAG,
        RECIPE_READY,
        RECIPE_FRESHNESS,
        RECIPE_DISABLE,
        RECIPE_ENABLE,
        RECIPE_NEW_TABLES,
        RECIPE_DROP,
        RECIPE_EMPTY,
        RECIPE_SUBSCRIBE_AGAIN,
        RECIPES,
};

typedef struct Pair {
        MirrorBench publisher, subscriber;
        Document page;
} Pair;

/* ---- the recipe ----------------------------------------------------------------------------- */

/* Runs a block where its first line says; the address in it is that of the publisher, signed in as
 * `user`. */
static void follow(Pair *p, size_t n, const char *user)
{
        static const char address[] =
                "host=publisher.example dbname=reporting user=edgemirror_feed";
        const char *block = p->page.blocks[n];
        bool at_publisher = strncmp(block, "-- publisher\n", strlen("-- publisher\n")) == 0;
        char sql[2048];
        assert_true(at_publisher ||
                    strncmp(block, "-- subscriber\n", strlen("-- subscriber\n")) == 0);
        const char *found = strstr(block, address);
        if (found)
                (void)snprintf(sql, sizeof(sql), "%.*shost=%s dbname=test user=%s%s",
                               (int)(found - block), block, p->publisher.pg.folder, user,
                               found + strlen(address));
        else
                (void)snprintf(sql, sizeof(sql), "%s", block);
        free(harness_sql(at_publisher ? &p->publisher.pg : &p->subscriber.pg, sql));
}

/* ---- are they equal? ------------------------------------------------------------------------ */

/* All rows of a table as text, by the columns that the publisher has. */
static char *rows_of(const Pair *p, const MirrorBench *side, const char *table)
{
        char sql[2048];
        (void)snprintf(
                sql, sizeof(sql),
                "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
                " WHERE attrelid = 'edgemirror.%s'::regclass AND attnum > 0 AND NOT attisdropped",
                table);
        char *columns = harness_sql(&p->publisher.pg, sql);
        (void)snprintf(sql, sizeof(sql),
                       "SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM (SELECT %s FROM "
                       "edgemirror.%s) t",
                       columns, table);
        free(columns);
        return harness_sql(&side->pg, sql);
}

static bool equal(const Pair *p, const char *table)
{
        char *here = rows_of(p, &p->publisher, table), *there = rows_of(p, &p->subscriber, table);
        bool same = strcmp(here, there) == 0;
        free(here);
        free(there);
        return same;
}

static void wait_until_equal(Pair *p)
{
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        time_t give_up = time(NULL) + WAIT_SECONDS_MAX;
        char *tables = bench_column(
                &p->publisher,
                "SELECT tablename FROM pg_publication_tables WHERE pubname = 'edgemirror'");
        char *rest = tables;
        for (const char *table; (table = strsep(&rest, "|"));)
                while (!equal(p, table)) {
                        if (time(NULL) > give_up)
                                fail_msg("%s differs on the subscriber after %d s; see %s/log",
                                         table, WAIT_SECONDS_MAX, p->subscriber.pg.folder);
                        (void)nanosleep(&pause, NULL);
                }
        free(tables);
}

static void wait_for_log(const MirrorBench *b, const char *words)
{
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        time_t give_up = time(NULL) + WAIT_SECONDS_MAX;
        for (;;) {
                char *log = harness_read(b->pg.folder, "log");
                bool found = strstr(log, words);
                free(log);
                if (found)
                        return;
                if (time(NULL) > give_up)
                        fail_msg("\"%s\" does not come up in %s/log", words, b->pg.folder);
                (void)nanosleep(&pause, NULL);
        }
}

/* ---- chapters ------------------------------------------------------------------------------- */

/* Until the subscription writes no more. */
static void wait_until_idle(Pair *p)
{
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        time_t give_up = time(NULL) + WAIT_SECONDS_MAX;
        while (harness_sql_long(&p->subscriber.pg, "SELECT count(*) FROM pg_stat_subscription "
                                                   "WHERE pid IS NOT NULL") > 0) {
                if (time(NULL) > give_up)
                        fail_msg("the subscription still writes after %d s", WAIT_SECONDS_MAX);
                (void)nanosleep(&pause, NULL);
        }
}

static void migrate_to_old_version(MirrorBench *b)
{
        PGconn *conn = PQconnectdb(b->pg.service);
        /* as migrate does before the first file */
        PQclear(PQexec(conn, "CREATE SCHEMA edgemirror"));
        for (int i = 0; i <= OLD_VERSION; i++) {
                char sql[512];
                PGresult *result = PQexec(conn, sql_migrations[i].text);
                assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
                PQclear(result);
                (void)snprintf(sql, sizeof(sql),
                               "INSERT INTO edgemirror.schema_version (version, name, checksum) "
                               "VALUES (%d, '%s', '%s')",
                               sql_migrations[i].number, sql_migrations[i].name,
                               sql_migrations[i].checksum);
                if (i > 0)
                        PQclear(PQexec(conn, sql));
        }
        /* Two tables are new in it with the next release. */
        PQclear(PQexec(conn,
                       "CREATE PUBLICATION edgemirror FOR TABLE edgemirror.database_connection,"
                       " edgemirror.database_connection_past, edgemirror.edge"));
        PQfinish(conn);
}

static int begin_with_an_older_schema(void **state)
{
        Pair *p = calloc(1, sizeof(*p));
        assert_non_null(p);
        document_open("docs/replication.md", &p->page);
        MirrorBench *const both[] = {&p->publisher, &p->subscriber};
        for (size_t i = 0; i < 2; i++) {
                harness_postgres_start(&both[i]->pg);
                bench_connect(both[i]);
                migrate_to_old_version(both[i]);
        }
        *state = p;
        return 0;
}

static int end(void **state)
{
        Pair *p = *state;
        document_close(&p->page);
        bench_stop(&p->subscriber);
        bench_stop(&p->publisher);
        free(p);
        return 0;
}

static void every_block_of_the_page_is_followed(void **state)
{
        Pair *p = *state;
        /* a new block: give it a name and a place in the story */
        assert_int_equal(p->page.n_blocks, RECIPES);
}

/* What an older edgemirror would have written, in its own words. */
static void the_subscriber_gets_what_was_there_and_what_comes(void **state)
{
        Pair *p = *state;
        free(harness_sql(
                &p->publisher.pg,
                "INSERT INTO edgemirror.edge (edge_connection_id, name, schedule, timezone)"
                " SELECT md5(n::text)::uuid, 'old ' || n, 'hourly', 'UTC' FROM generate_series(1, "
                "3) n;"
                "INSERT INTO edgemirror.database_connection"
                " SELECT md5(n::text)::uuid, md5('1')::uuid, 'db ' || n, NULL, now(), now(), NULL, "
                "1 FROM generate_series(1, 300) n;"
                "INSERT INTO edgemirror.database_connection_past"
                " SELECT id, edge_connection_id, name, database_id, changed_at - interval '2 days',"
                " changed_at - interval '1 day', 1, NULL, true FROM "
                "edgemirror.database_connection"));
        follow(p, RECIPE_SUBSCRIBE, "postgres");
        wait_until_equal(p);
        assert_sql(&p->subscriber, "SELECT count(*) FROM edgemirror.inventory", "300");
        free(harness_sql(&p->publisher.pg, "UPDATE edgemirror.database_connection SET name = name "
                                           "|| ' renamed' WHERE name LIKE '%7'"));
        wait_until_equal(p);
        assert_sql(&p->subscriber,
                   "SELECT count(*) FROM edgemirror.inventory WHERE name LIKE '%renamed'", "30");
}

static void an_upgrade_of_the_subscriber_first_and_then_the_publisher_loses_nothing(void **state)
{
        Pair *p = *state;
        bench_try_migrate(&p->subscriber); /* it is being written */
        assert_string_equal(fault_code_name(p->subscriber.fault.code), "pg-subscriber");
        assert_non_null(
                strstr(p->subscriber.fault.message, "ALTER SUBSCRIPTION edgemirror DISABLE;"));
        follow(p, RECIPE_DISABLE, NULL);
        wait_until_idle(p);
        bench_migrate(&p->subscriber);
        assert_int_equal(p->subscriber.migrated.from_version, OLD_VERSION);
        follow(p, RECIPE_ENABLE, NULL);
        free(harness_sql(
                &p->publisher.pg,
                "UPDATE edgemirror.database_connection SET name = 'between' WHERE name LIKE '%3';"
                "UPDATE edgemirror.edge SET listed_at = now()"));
        wait_until_equal(p);
        assert_sql(&p->subscriber,
                   "SELECT count(*) FROM edgemirror.inventory WHERE name = 'between'", "30");

        bench_migrate(&p->publisher);
        assert_int_equal(p->publisher.migrated.from_version, OLD_VERSION);
        bench_register(&p->publisher);
        bench_apply(&p->publisher, &bench_edge, (const BenchRow[]){{1, "alpha", 0}, {2, "beta", 7}},
                    2);
        follow(p, RECIPE_NEW_TABLES, "postgres");
        wait_until_equal(p);
        assert_sql(&p->subscriber,
                   "SELECT format('%s %s', edge, name) FROM edgemirror.inventory WHERE edge = "
                   "'one' ORDER BY id",
                   "one alpha|one beta");
}

static void starting_again_copies_everything_for_a_role_that_may_do_no_more(void **state)
{
        Pair *p = *state;
        follow(p, RECIPE_ROLE, NULL);
        follow(p, RECIPE_DROP, NULL);
        free(harness_sql(&p->subscriber.pg,
                         "UPDATE edgemirror.database_connection SET name = 'written by hand'"));
        follow(p, RECIPE_EMPTY, NULL);
        follow(p, RECIPE_SUBSCRIBE_AGAIN, "edgemirror_feed");
        wait_until_equal(p);
        assert_sql(&p->subscriber, "SELECT count(*) FROM edgemirror.inventory", "302");
}

static void syncs_arrive_with_adds_changes_moves_and_removals(void **state)
{
        Pair *p = *state;
        MirrorBench *b = &p->publisher;
        bench_apply(b, &bench_edge,
                    (const BenchRow[]){{1, "renamed", 5},
                                       {2, "beta", 0},
                                       {3, "quote ' \" \\ \xf0\x9f\xa6\x86", 0}},
                    3);
        wait_until_equal(p);
        bench_apply(b, &bench_edge,
                    (const BenchRow[]){{1, "renamed", 5},
                                       {2, "beta", 0},
                                       {3, "quote ' \" \\ \xf0\x9f\xa6\x86", 0}},
                    3);
        wait_until_equal(p);
        bench_remove(b, 3);
        bench_apply(b, &bench_other_edge, (const BenchRow[]){{2, "beta", 0}}, 1);
        wait_until_equal(p);
        static const char story[] =
                "SELECT format('%s %s>%s', kind, name_before, name_after) FROM edgemirror.change"
                " WHERE id::text LIKE 'da7a%' ORDER BY happened_at, id";
        char *here = bench_column(b, story);
        assert_sql(&p->subscriber, story, here);
        assert_non_null(strstr(here, "changed alpha>renamed"));
        free(here);
        assert_sql(&p->subscriber, "SELECT count(*) FROM edgemirror.inventory WHERE edge = 'two'",
                   "1");
}

static void a_subscriber_that_was_away_catches_up(void **state)
{
        Pair *p = *state;
        harness_postgres_stop(&p->subscriber.pg);
        bench_apply(&p->publisher, &bench_other_edge,
                    (const BenchRow[]){{2, "meanwhile", 0}, {9, "new", 9}}, 2);
        harness_postgres_resume(&p->subscriber.pg);
        wait_until_equal(p);
        assert_sql(&p->subscriber,
                   "SELECT name FROM edgemirror.inventory WHERE edge = 'two' ORDER BY id",
                   "meanwhile|new");
}

static void a_publisher_that_was_restarted_is_found_again(void **state)
{
        Pair *p = *state;
        harness_postgres_stop(&p->publisher.pg);
        harness_postgres_resume(&p->publisher.pg);
        bench_apply(&p->publisher, &bench_other_edge,
                    (const BenchRow[]){{2, "after", 0}, {9, "new", 9}}, 2);
        wait_until_equal(p);
        assert_sql(&p->subscriber,
                   "SELECT name FROM edgemirror.inventory WHERE edge = 'two' ORDER BY id",
                   "after|new");
}

static void pruning_is_followed(void **state)
{
        Pair *p = *state;
        free(harness_sql(&p->publisher.pg,
                         "UPDATE edgemirror.database_connection_past SET "
                         "valid_from = valid_from - interval '9 days',"
                         " valid_to = valid_to - interval '9 days', previous_ended_at = "
                         "previous_ended_at - interval '9 days'"));
        bench_prune(&p->publisher, USEC_PER_DAY, USEC_FOREVER, 1000);
        assert_true(p->publisher.pruned.versions > 0);
        wait_until_equal(p);
        assert_sql(&p->subscriber, "SELECT count(*) FROM edgemirror.history_horizon", "1");
}

/* What an upgrade may bring: the subscriber's column comes first and stays at its default, or last,
 * and then the subscription has waited for it. */
static void a_new_column_may_come_first_on_either_side(void **state)
{
        Pair *p = *state;
        static const char first[] =
                "ALTER TABLE edgemirror.edge ADD COLUMN first integer DEFAULT 1";
        static const char second[] =
                "ALTER TABLE edgemirror.edge ADD COLUMN second integer DEFAULT 1";
        free(harness_sql(&p->subscriber.pg, first));
        free(harness_sql(&p->publisher.pg, "UPDATE edgemirror.edge SET row_count = 1"));
        wait_until_equal(p);
        free(harness_sql(&p->publisher.pg, first));
        free(harness_sql(&p->publisher.pg, "UPDATE edgemirror.edge SET first = 2"));
        wait_until_equal(p);

        free(harness_sql(&p->publisher.pg, second));
        free(harness_sql(&p->publisher.pg, "UPDATE edgemirror.edge SET second = 2"));
        wait_for_log(&p->subscriber, "\"edgemirror.edge\" is missing");
        free(harness_sql(&p->subscriber.pg, second));
        wait_until_equal(p);
        assert_sql(
                &p->subscriber,
                "SELECT DISTINCT format('%s %s %s', row_count, first, second) FROM edgemirror.edge",
                "1 2 2");
}

/* A table is marked as ready some time after its rows are equal: when the subscription has read
 * past what the copy had already. */
static void wait_until_ready(Pair *p)
{
        const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
        time_t give_up = time(NULL) + WAIT_SECONDS_MAX;
        for (;;) {
                char *others = bench_column(&p->subscriber,
                                            "SELECT format('%s %s', srrelid::regclass, srsubstate)"
                                            " FROM pg_subscription_rel WHERE srsubstate <> 'r'");
                bool ready = !*others;
                if (!ready && time(NULL) > give_up)
                        fail_msg("not ready after %d s: %s; see %s/log", WAIT_SECONDS_MAX, others,
                                 p->subscriber.pg.folder);
                free(others);
                if (ready)
                        return;
                (void)nanosleep(&pause, NULL);
        }
}

static void the_questions_about_the_state_are_answered(void **state)
{
        Pair *p = *state;
        follow(p, RECIPE_LAG, NULL);
        follow(p, RECIPE_READY, NULL);
        follow(p, RECIPE_FRESHNESS, NULL);
        wait_until_ready(p);
        assert_sql(&p->subscriber, "SELECT count(*) > 0 FROM pg_subscription_rel", "t");
        assert_sql(&p->subscriber, "SELECT count(*) FROM edgemirror.freshness WHERE overdue", "0");
}

static void every_published_table_is_known_by_its_primary_key(void **state)
{
        Pair *p = *state;
        assert_sql(&p->publisher,
                   "SELECT format('%s %s %s', c.relname, c.relreplident, count(i.indexrelid)) FROM "
                   "pg_publication_rel r"
                   "  JOIN pg_class c ON c.oid = r.prrelid LEFT JOIN pg_index i ON i.indrelid = "
                   "c.oid AND i.indisprimary"
                   " GROUP BY c.relname, c.relreplident ORDER BY 1",
                   "database_connection d 1|database_connection_past d 1|edge d "
                   "1|history_horizon d 1|rejected_row d 1|sync_run d 1");
        assert_sql(&p->publisher,
                   "SELECT pubinsert AND pubupdate AND pubdelete FROM pg_publication WHERE pubname "
                   "= 'edgemirror'",
                   "t");
}

/* Why the mirror is old is known where reports read it. */
static void the_subscriber_says_why_an_edge_is_old(void **state)
{
        Pair *p = *state;
        static const char why[] = "SELECT format('%s %s %s %s %s', edge, last_outcome, "
                                  "consecutive_failures, scheduled, overdue) FROM "
                                  "edgemirror.freshness WHERE edge = 'one'";
        bench_fail(&p->publisher, &bench_edge);
        wait_until_equal(p);
        assert_sql(&p->subscriber, why, "one failed 1 f f");
        assert_sql(
                &p->subscriber,
                "SELECT format('%s %s', edge, problem) FROM edgemirror.run WHERE NOT ok ORDER BY "
                "run_id DESC LIMIT 1",
                "one failed, nothing was applied");
        bench_apply(&p->publisher, &bench_edge, (const BenchRow[]){{1, "renamed", 5}}, 1);
        wait_until_equal(p);
}

/* A publication is not in a dump of the schema. */
static void what_is_restored_from_a_dump_lacks_the_publication_and_gets_it_again(void **state)
{
        Pair *p = *state;
        char program[400], command[1200];
        (void)snprintf(program, sizeof(program), "%s/pg_dump", p->publisher.pg.bin);
        if (access(program, X_OK) < 0) {
                print_message("# %s is not there: not tried\n", program);
                return;
        }
        MirrorBench restored = {0};
        harness_postgres_start(&restored.pg);
        (void)snprintf(command, sizeof(command),
                       "%s -h %s -U postgres -n edgemirror --no-owner --no-privileges test | "
                       "%s/psql -qX -v "
                       "ON_ERROR_STOP=1 -h %s -U em test >/dev/null",
                       program, p->publisher.pg.folder, p->publisher.pg.bin, restored.pg.folder);
        free(harness_sql(&restored.pg, "GRANT CREATE ON DATABASE test TO em"));
        assert_int_equal(system(command), 0);
        bench_connect(&restored);
        assert_sql(&restored, "SELECT count(*) FROM pg_publication", "0");
        bench_try_check(&restored);
        assert_non_null(strstr(restored.checked, "the publication edgemirror is not there"));
        bench_migrate(&restored);
        assert_sql(&restored,
                   "SELECT count(*) FROM pg_publication_tables WHERE pubname = 'edgemirror'", "6");
        bench_register(&restored);
        bench_stop(&restored);
}

/* A mirror has one writer. */
static void nobody_syncs_into_the_subscriber(void **state)
{
        Pair *p = *state;
        bench_try_register(&p->subscriber);
        assert_string_equal(fault_code_name(p->subscriber.fault.code), "pg-subscriber");
        wait_until_equal(p);
        bench_register(&p->publisher);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_block_of_the_page_is_followed),
                cmocka_unit_test(the_subscriber_gets_what_was_there_and_what_comes),
                cmocka_unit_test(
                        an_upgrade_of_the_subscriber_first_and_then_the_publisher_loses_nothing),
                cmocka_unit_test(starting_again_copies_everything_for_a_role_that_may_do_no_more),
                cmocka_unit_test(nobody_syncs_into_the_subscriber),
                cmocka_unit_test(syncs_arrive_with_adds_changes_moves_and_removals),
                cmocka_unit_test(a_subscriber_that_was_away_catches_up),
                cmocka_unit_test(a_publisher_that_was_restarted_is_found_again),
                cmocka_unit_test(the_subscriber_says_why_an_edge_is_old),
                cmocka_unit_test(pruning_is_followed),
                cmocka_unit_test(a_new_column_may_come_first_on_either_side),
                cmocka_unit_test(the_questions_about_the_state_are_answered),
                cmocka_unit_test(every_published_table_is_known_by_its_primary_key),
                cmocka_unit_test(
                        what_is_restored_from_a_dump_lacks_the_publication_and_gets_it_again),
        };
        return cmocka_run_group_tests_name("replication", tests, begin_with_an_older_schema, end);
}
