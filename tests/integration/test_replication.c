/*
 * The recipe of docs/replication.md, on two servers: the subscriber has the publisher's rows, each
 * and no other, after everything that can happen to either.
 *
 * One story, in which each chapter builds on the last. What the page says of upgrades is followed
 * by test_upgrade_subscriber.
 */
#include "base/duration.h"
#include "harness/program.h"
#include "integration/mirror_bench.h"
#include "integration/pair.h"
#include "mirror/prune.h"
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

/* ---- chapters ------------------------------------------------------------------------------- */

static int begin(void **state)
{
        Pair *p = calloc(1, sizeof(*p));
        assert_non_null(p);
        *state = p;
        pair_start(p);
        bench_connect(&p->publisher);
        bench_connect(&p->subscriber);
        bench_migrate(&p->publisher);
        bench_migrate(&p->subscriber);
        return 0;
}

static int end(void **state)
{
        Pair *p = *state;
        pair_stop(p);
        free(p);
        return 0;
}

static void every_block_of_the_page_is_followed(void **state)
{
        Pair *p = *state;
        /* a new block: give it a name and a place in the story */
        assert_int_equal(p->page.n_blocks, PAGE_BLOCKS);
}

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
                "NULL, NULL, 1 FROM generate_series(1, 300) n;"
                "INSERT INTO edgemirror.database_connection_past"
                " SELECT id, edge_connection_id, name, database_id, changed_at - interval '2 days',"
                " changed_at - interval '1 day', 1, NULL, 'removed' FROM "
                "edgemirror.database_connection"));
        pair_follow(p, PAGE_SUBSCRIBE, "postgres");
        pair_wait_until_equal(p);
        assert_sql(&p->subscriber, "SELECT count(*) FROM edgemirror.inventory", "300");
        free(harness_sql(&p->publisher.pg, "UPDATE edgemirror.database_connection SET name = name "
                                           "|| ' renamed' WHERE name LIKE '%7'"));
        pair_wait_until_equal(p);
        assert_sql(&p->subscriber,
                   "SELECT count(*) FROM edgemirror.inventory WHERE name LIKE '%renamed'", "30");
        bench_register(&p->publisher);
        bench_apply(&p->publisher, &bench_edge, (const BenchRow[]){{1, "alpha", 0}, {2, "beta", 7}},
                    2);
        pair_wait_until_equal(p);
        assert_sql(&p->subscriber,
                   "SELECT format('%s %s', edge, name) FROM edgemirror.inventory WHERE edge = "
                   "'one' ORDER BY id",
                   "one alpha|one beta");
}

static void starting_again_copies_everything_for_a_role_that_may_do_no_more(void **state)
{
        Pair *p = *state;
        pair_follow(p, PAGE_ROLE, NULL);
        pair_follow(p, PAGE_DROP, NULL);
        free(harness_sql(&p->subscriber.pg,
                         "UPDATE edgemirror.database_connection SET name = 'written by hand'"));
        pair_follow(p, PAGE_EMPTY, NULL);
        pair_follow(p, PAGE_SUBSCRIBE_AGAIN, "edgemirror_feed");
        pair_wait_until_equal(p);
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
        pair_wait_until_equal(p);
        bench_apply(b, &bench_edge,
                    (const BenchRow[]){{1, "renamed", 5},
                                       {2, "beta", 0},
                                       {3, "quote ' \" \\ \xf0\x9f\xa6\x86", 0}},
                    3);
        pair_wait_until_equal(p);
        bench_remove(b, 3);
        bench_apply(b, &bench_other_edge, (const BenchRow[]){{2, "beta", 0}}, 1);
        pair_wait_until_equal(p);
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
        pair_wait_until_equal(p);
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
        pair_wait_until_equal(p);
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
        pair_wait_until_equal(p);
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
        pair_wait_until_equal(p);
        free(harness_sql(&p->publisher.pg, first));
        free(harness_sql(&p->publisher.pg, "UPDATE edgemirror.edge SET first = 2"));
        pair_wait_until_equal(p);

        free(harness_sql(&p->publisher.pg, second));
        free(harness_sql(&p->publisher.pg, "UPDATE edgemirror.edge SET second = 2"));
        pair_wait_for_log(&p->subscriber, "\"edgemirror.edge\" is missing");
        free(harness_sql(&p->subscriber.pg, second));
        pair_wait_until_equal(p);
        assert_sql(
                &p->subscriber,
                "SELECT DISTINCT format('%s %s %s', row_count, first, second) FROM edgemirror.edge",
                "1 2 2");
}

static void the_questions_about_the_state_are_answered(void **state)
{
        Pair *p = *state;
        pair_follow(p, PAGE_LAG, NULL);
        pair_follow(p, PAGE_READY, NULL);
        pair_follow(p, PAGE_FRESHNESS, NULL);
        /* when the subscription has read past what the copies had already */
        pair_wait_for(&p->subscriber,
                      "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate <> 'r'");
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
        pair_wait_until_equal(p);
        assert_sql(&p->subscriber, why, "one failed 1 f f");
        assert_sql(
                &p->subscriber,
                "SELECT format('%s %s', edge, problem) FROM edgemirror.run WHERE NOT ok ORDER BY "
                "run_id DESC LIMIT 1",
                "one failed, nothing was applied");
        bench_apply(&p->publisher, &bench_edge, (const BenchRow[]){{1, "renamed", 5}}, 1);
        pair_wait_until_equal(p);
}

/* A publication is not in a dump of the schema. */
static void what_is_restored_from_a_dump_lacks_the_publication_and_gets_it_again(void **state)
{
        Pair *p = *state;
        char program[400], command[1200];
        (void)snprintf(program, sizeof(program), "%s/pg_dump", p->publisher.pg.bin);
        if (access(program, X_OK) < 0) {
                print_message("# not tried: %s is not there\n", program);
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

/* Replication brings no sequence: without migrate, the numbers of new runs would be those that are
 * there. */
static void a_subscriber_takes_over(void **state)
{
        Pair *p = *state;
        MirrorBench *b = &p->subscriber;
        pair_wait_until_equal(p);
        harness_postgres_stop(&p->publisher.pg);
        pair_follow(p, PAGE_TAKE_OVER, "edgemirror_feed");
        bench_try_register(b);
        assert_string_equal(fault_code_name(b->fault.code), "pg-subscriber");
        assert_non_null(strstr(b->fault.message, "run edgemirror migrate"));
        bench_try_check(b);
        assert_non_null(strstr(b->checked, "the edges name runs with later numbers"));
        bench_migrate(b);
        bench_try_check(b);
        assert_null(strstr(b->checked, "later numbers"));
        bench_register(b);
        long newest = harness_sql_long(&b->pg, "SELECT max(run_id) FROM edgemirror.sync_run");
        bench_apply(b, &bench_edge, (const BenchRow[]){{1, "after it", 5}}, 1);
        assert_true(harness_sql_long(&b->pg, "SELECT last_run_id FROM edgemirror.edge WHERE name = "
                                             "'one'") > newest);
}

/* A mirror has one writer. */
static void nobody_syncs_into_the_subscriber(void **state)
{
        Pair *p = *state;
        bench_try_register(&p->subscriber);
        assert_string_equal(fault_code_name(p->subscriber.fault.code), "pg-subscriber");
        pair_wait_until_equal(p);
        bench_register(&p->publisher);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_block_of_the_page_is_followed),
                cmocka_unit_test(the_subscriber_gets_what_was_there_and_what_comes),
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
                cmocka_unit_test(a_subscriber_takes_over),
        };
        return cmocka_run_group_tests_name("replication", tests, begin, end);
}
