/*
 * Whole syncs by the real program while the catalog changes a few hundred times a second: before,
 * during and after each list.
 *
 * The catalog gives no id twice, so what it held before a sync and holds after it, it held
 * throughout. CHURN_SECONDS says for how long each kind of change goes on (8 when it is not set);
 * minutes by hand.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/text.h"
#include "integration/removals_world.h"
#include "integration/rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS = 8, SYNCS_MIN = 3 };

/* Changes that leave rows where they are in the list: what is there throughout is found, come what
 * may. */
static const char in_order[] = "{\"rate_per_s\":300,\"seed\":11,\"add\":3,\"remove\":3,\"rename\":"
                               "2,\"link\":2,\"unlink\":2}";

/* Rows that jump to other places of the list and to the other edge, too. */
static const char jumping[] = "{\"rate_per_s\":300,\"seed\":12,\"add\":2,\"remove\":2,\"rename\":2,"
                              "\"link\":2,\"unlink\":1,\"move\":3,\"transfer\":3}";

/* What the catalog has now, under a number. */
static void note_the_truth(World *w, int number)
{
        for (int edge = 0; edge < 2; edge++) {
                char path[128];
                Text sql = {0};
                (void)snprintf(path, sizeof(path), "/control/rows?edge=%s", w->edges[edge]);
                char *rows = harness_control_text(&w->catalog, path);
                assert_int_equal(text_printf(&sql,
                                             "INSERT INTO truth SELECT %d, (j ->> 'id')::uuid FROM "
                                             "(SELECT line::json AS j"
                                             " FROM unnest(string_to_array($rows$%s$rows$, "
                                             "E'\\n')) line WHERE line <> '') l",
                                             number, rows),
                                 0);
                free(harness_sql(&w->pg, sql.data));
                text_done(&sql);
                free(rows);
        }
}

static void assert_count(World *w, int number, const char *sql, const char *what)
{
        Text text = {0};
        assert_int_equal(text_printf(&text,
                                     "WITH before AS (SELECT id FROM truth WHERE number = %d),"
                                     " after AS (SELECT id FROM truth WHERE number = %d),"
                                     " present AS (SELECT id FROM edgemirror.database_connection "
                                     "WHERE removed_at IS NULL),"
                                     " removed AS (SELECT id FROM edgemirror.database_connection "
                                     "WHERE removed_at IS NOT NULL)"
                                     " %s",
                                     number - 1, number, sql),
                         0);
        long count = harness_sql_long(&w->pg, text.data);
        text_done(&text);
        if (count != 0)
                fail_msg("sync %d: %ld rows %s", number, count, what);
}

/* Syncs one after the other until the time is over; each is held to what the catalog had before and
 * after it. */
static void sync_for_a_while(World *w, bool rows_stay_in_order)
{
        const char *wanted = getenv("CHURN_SECONDS");
        uint64_t seconds = wanted ? strtoull(wanted, NULL, 10) : SECONDS;
        uint64_t end = clock_monotonic_usec() + seconds * USEC_PER_SEC;
        int n;
        long changes = 0, removed = 0, n_unstable = 0, before = 0;
        note_the_truth(w, 0);
        for (n = 1; n <= SYNCS_MIN || clock_monotonic_usec() < end; n++) {
                int status = sync_all(w);
                note_the_truth(w, n);
                for (int edge = 0; edge < 2; edge++) {
                        /* Rows that change places while others come and go may not let themselves
                         * be read as one list; that is said, then. */
                        bool unstable = !rows_stay_in_order &&
                                        strcmp(text_of(w, edge, "outcome"), "unstable") == 0;
                        if (!unstable)
                                assert_string_equal(text_of(w, edge, "outcome"), "synced");
                        n_unstable += unstable;
                        changes += number_of(w, edge, "added") + number_of(w, edge, "changed") +
                                   number_of(w, edge, "removed");
                        removed += number_of(w, edge, "removed");
                }
                assert_int_equal(status, n_unstable > before);
                before = n_unstable;
                assert_count(w, n, "SELECT count(*) FROM removed JOIN after USING (id)",
                             "are removed that still exist");
                if (!rows_stay_in_order)
                        continue;
                assert_count(
                        w, n,
                        "SELECT count(*) FROM (SELECT id FROM before INTERSECT SELECT id FROM after"
                        " EXCEPT SELECT id FROM present) lost",
                        "were there throughout and are not in the mirror");
                assert_count(w, n,
                             "SELECT count(*) FROM (SELECT id FROM present JOIN truth USING (id) "
                             "EXCEPT SELECT id FROM before"
                             " EXCEPT SELECT id FROM after) stale",
                             "had gone before it began and are in the mirror still");
        }
        print_message("%d syncs in %llu s took over %ld changes, %ld removals among them; %ld "
                      "lists were unstable\n",
                      n - 1, (unsigned long long)seconds, changes, removed, n_unstable);
        assert_true(removed > 0);
}

static void churn(World *w, const char *changes, bool rows_stay_in_order)
{
        begin_again(w, "3000", "5s");
        /* what is missing from unstable lists adds up, the more the slower the machine */
        configure(w, "[defaults]\nmax_removals = 100%\n");
        control(w, "/control/settings", "{\"page_cap\":100,\"latency_ms\":5}");
        free(harness_sql(&w->pg, "SET client_min_messages = warning; CREATE TABLE IF NOT EXISTS "
                                 "truth (number integer, id uuid); TRUNCATE truth"));
        assert_int_equal(sync_all(w), 0);
        control(w, "/control/churn", changes);
        sync_for_a_while(w, rows_stay_in_order);
        control(w, "/control/churn", "");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(sync_all(w), 0); /* a row that one edge's list lost to the other's */
        assert_mirror_equals_catalog(w);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.edge e, "
                                                  "edgemirror.digest_of(e.edge_connection_id) d"
                                                  " WHERE e.digest IS DISTINCT FROM d.digest"),
                         0);
        assert_history_is_valid(w);
        if (!rows_stay_in_order)
                return;
        /* A row that was removed is never back: it was gone. Where rows change edges, one may be
         * for a moment: an edge whose list has shown it is applied after the edge that it had left
         * has proven it gone. */
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.change WHERE kind = 'restored'"),
                0);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT sum(restored) FROM edgemirror.sync_run"),
                         0);
}

static void what_is_there_throughout_is_in_the_mirror(void **state)
{
        churn(*state, in_order, true);
}

static void nothing_that_jumps_about_is_removed(void **state)
{
        churn(*state, jumping, false);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_there_throughout_is_in_the_mirror),
                cmocka_unit_test(nothing_that_jumps_about_is_removed),
        };
        return cmocka_run_group_tests_name("churn", tests, world_setup, world_teardown);
}
