/*
 * What reports rely on: the views, the inventory at a past moment, the notification, the role that
 * may read, words on everything.
 */
#include "base/cleanup.h"
#include "base/duration.h"
#include "integration/mirror_bench.h"
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOMENTS_MAX = 8, WAIT_MSEC_MAX = 30000 };

typedef struct Story {
        MirrorBench bench;
        char moments[MOMENTS_MAX][64]; /* between the chapters; 0: before anything */
} Story;

static void remember(Story *s, int chapter)
{
        char *now = harness_sql(&s->bench.pg, "SELECT clock_timestamp()");
        (void)snprintf(s->moments[chapter], sizeof(s->moments[chapter]), "%s", now);
        free(now);
}

/* Everything that can happen to a row happens to one. Read only after that. */
static int tell_story(void **state)
{
        Story *s = calloc(1, sizeof(*s));
        MirrorBench *b = &s->bench;
        assert_non_null(s);
        mirror_bench_start(b);
        remember(s, 0);
        bench_apply(b, &bench_edge,
                    (const BenchRow[]){{1, "alpha", 0}, {2, "beta", 7}, {3, "gamma", 0}}, 3);
        remember(s, 1);
        bench_apply(b, &bench_edge,
                    (const BenchRow[]){
                            {1, "renamed", 0}, {2, "beta", 0}, {3, "gamma", 8}, {4, "delta", 0}},
                    4);
        remember(s, 2);
        bench_remove(b, 4);
        remember(s, 3);
        bench_apply(b, &bench_other_edge, (const BenchRow[]){{4, "delta", 9}}, 1);
        remember(s, 4);
        bench_apply(b, &bench_other_edge, (const BenchRow[]){{3, "gamma", 8}, {4, "delta", 9}}, 2);
        remember(s, 5);
        *state = s;
        return 0;
}

static int end_story(void **state)
{
        Story *s = *state;
        bench_stop(&s->bench);
        free(s);
        return 0;
}

static void everything_in_the_schema_has_a_comment(void **state)
{
        Story *s = *state;
        assert_sql(
                &s->bench,
                "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = "
                "'edgemirror'::regnamespace"
                "   AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'i')"
                "   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)"
                "   AND obj_description(c.oid, 'pg_class') IS NULL"
                " UNION ALL SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute "
                "a ON a.attrelid = c.oid"
                " WHERE c.relnamespace = 'edgemirror'::regnamespace AND c.relkind IN ('r', 'p', "
                "'v', 'm')"
                "   AND a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) "
                "IS NULL"
                " UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p"
                " WHERE p.pronamespace = 'edgemirror'::regnamespace AND obj_description(p.oid, "
                "'pg_proc') IS NULL"
                " UNION ALL SELECT t.typname FROM pg_type t WHERE t.typnamespace = "
                "'edgemirror'::regnamespace"
                "   AND t.typrelid = 0 AND t.typelem = 0 AND obj_description(t.oid, 'pg_type') IS "
                "NULL"
                " UNION ALL SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                " WHERE c.relnamespace = 'edgemirror'::regnamespace AND NOT t.tgisinternal"
                "   AND obj_description(t.oid, 'pg_trigger') IS NULL"
                " UNION ALL SELECT 'schema' WHERE obj_description('edgemirror'::regnamespace, "
                "'pg_namespace') IS NULL"
                " UNION ALL SELECT p.pubname FROM pg_publication p WHERE obj_description(p.oid, "
                "'pg_publication') IS NULL"
                " ORDER BY 1",
                "");
}

static void inventory_is_what_is_there_now(void **state)
{
        Story *s = *state;
        assert_sql(&s->bench,
                   "SELECT format('%s %s %s', edge, name, registered) FROM edgemirror.inventory "
                   "ORDER BY id",
                   "one renamed f|one beta f|two gamma t|two delta t");
        assert_sql(&s->bench,
                   "SELECT format('%s %s', edge, name) FROM edgemirror.unregistered ORDER BY id",
                   "one renamed|one beta");
}

/* As seen from outside, from SQL alone: what happened, in which order, with before and after. */
static void change_tells_every_event_once_and_in_order(void **state)
{
        Story *s = *state;
        assert_sql(&s->bench,
                   "SELECT format('%s %s %s>%s %s>%s %s>%s', kind, right(c.id::text, 1), b.name, "
                   "a.name,"
                   "              name_before, name_after, right(database_id_before::text, 1), "
                   "right(database_id_after::text, 1))"
                   "  FROM edgemirror.change c"
                   "  LEFT JOIN edgemirror.edge b ON b.edge_connection_id = "
                   "c.edge_connection_id_before"
                   "  LEFT JOIN edgemirror.edge a ON a.edge_connection_id = c.edge_connection_id"
                   " ORDER BY happened_at, c.id, kind",
                   "added 1 >one >alpha >|added 2 >one >beta >7|added 3 >one >gamma >"
                   "|changed 1 one>one alpha>renamed >|changed 2 one>one beta>beta 7>|changed 3 "
                   "one>one gamma>gamma >8"
                   "|added 4 >one >delta >|removed 4 one>one delta> >|restored 4 one>two "
                   "delta>delta >9"
                   "|moved_in 3 one>two gamma>gamma 8>8|moved_out 3 one>one gamma>gamma 8>8");
        assert_sql(
                &s->bench,
                "SELECT count(*) FROM edgemirror.change c JOIN edgemirror.sync_run r USING (run_id)"
                " WHERE c.happened_at BETWEEN r.started_at AND r.finished_at AND "
                "c.edge_connection_id = r.edge_connection_id",
                "9"); /* all but the removal, which was not by a run, and the edge that lost a row
                       */
}

static void as_of_gives_the_inventory_of_each_moment(void **state)
{
        Story *s = *state;
        static const char *const expected[] = {
                NULL, /* before the first list: an error, below */
                "one alpha f|one beta t|one gamma f",
                "one renamed f|one beta f|one gamma t|one delta f",
                "one renamed f|one beta f|one gamma t",
                "one renamed f|one beta f|one gamma t|two delta t",
                "one renamed f|one beta f|two gamma t|two delta t",
        };
        for (size_t i = 1; i < ARRAY_SIZE(expected); i++) {
                char sql[256];
                (void)snprintf(sql, sizeof(sql),
                               "SELECT format('%%s %%s %%s', edge, name, registered) FROM "
                               "edgemirror.as_of('%s') ORDER BY id",
                               s->moments[i]);
                assert_sql(&s->bench, sql, expected[i]);
        }
        assert_sql(&s->bench, "SELECT count(*) FROM edgemirror.as_of('infinity')", "4");
        assert_sql(&s->bench, "SELECT count(*) FROM edgemirror.as_of(NULL)", "0");
}

static void assert_refused(Story *s, const char *sql, const char *words)
{
        PGconn *conn = PQconnectdb(s->bench.pg.conninfo);
        PGresult *result = PQexec(conn, sql);
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        assert_string_equal(sqlstate ? sqlstate : "", "22023");
        assert_non_null(strstr(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), words));
        PQclear(result);
        PQfinish(conn);
}

/* An empty inventory would be taken for an answer. */
static void as_of_refuses_a_time_before_the_first_list_of_any_edge(void **state)
{
        Story *s = *state;
        char sql[256];
        (void)snprintf(sql, sizeof(sql), "SELECT * FROM edgemirror.as_of('%s')", s->moments[0]);
        assert_refused(s, sql, "no edge had been listed yet then: the mirror begins at ");
        assert_refused(s,
                       "BEGIN; UPDATE edgemirror.edge SET first_listed_at = NULL;"
                       "SELECT * FROM edgemirror.as_of(now())",
                       "no edge has been listed yet");
        /* an edge that is new does not take the time before it away from the others */
        assert_sql(&s->bench,
                   "BEGIN; UPDATE edgemirror.edge SET first_listed_at = now() + interval '1 hour' "
                   "WHERE name = 'two'; SELECT count(*) FROM edgemirror.as_of(now())",
                   "4");
}

/* It may be asked of millions of versions. */
static void whether_the_history_reaches_is_asked_once(void **state)
{
        Story *s = *state;
        char *plan = bench_column(&s->bench, "EXPLAIN (COSTS OFF) SELECT * FROM "
                                             "edgemirror.as_of(now() - interval '1 second')");
        assert_non_null(strstr(plan, "InitPlan"));
        assert_null(strstr(plan, "Filter: edgemirror.history_reaches"));
        assert_null(strstr(plan, "Function Scan"));
        free(plan);
}

/* A version holds from the moment it began, and not at the moment it ended: at each moment exactly
 * one version of a row counts. */
static void as_of_takes_the_beginning_and_leaves_the_end(void **state)
{
        Story *s = *state;
        assert_sql(&s->bench,
                   "SELECT a.name FROM edgemirror.change c, edgemirror.as_of(c.happened_at) a"
                   " WHERE c.kind = 'changed' AND c.name_before = 'alpha' AND a.id = c.id",
                   "renamed");
        assert_sql(&s->bench,
                   "SELECT a.name FROM edgemirror.change c, edgemirror.as_of(c.happened_at - "
                   "interval '1 microsecond') a"
                   " WHERE c.kind = 'changed' AND c.name_before = 'alpha' AND a.id = c.id",
                   "alpha");
        assert_sql(&s->bench,
                   "SELECT count(*) FROM edgemirror.change c, edgemirror.as_of(c.happened_at) a"
                   " WHERE c.kind = 'removed' AND a.id = c.id",
                   "0");
}

static void now_is_as_of_now(void **state)
{
        Story *s = *state;
        assert_sql(&s->bench,
                   "(SELECT id, edge_connection_id, edge, name, database_id, registered FROM "
                   "edgemirror.inventory"
                   "  EXCEPT SELECT * FROM edgemirror.as_of(now())) UNION ALL"
                   "(SELECT * FROM edgemirror.as_of(now())"
                   "  EXCEPT SELECT id, edge_connection_id, edge, name, database_id, registered "
                   "FROM edgemirror.inventory)",
                   "");
}

static void overdue_is_what_somebody_should_have_synced(void **state)
{
        Story *s = *state;
        static const struct {
                const char *enabled, *next_run_at, *holder, *expires_at, *overdue;
        } cases[] = {
                {"true", "NULL", "NULL", "NULL", "f"},                          /* not scheduled */
                {"true", "now() + interval '1 hour'", "NULL", "NULL", "f"},     /* not yet */
                {"true", "now() - interval '30 seconds'", "NULL", "NULL", "f"}, /* a moment ago */
                {"true", "now() - interval '2 minutes'", "NULL", "NULL", "t"},
                /* nobody wants it */
                {"false", "now() - interval '2 minutes'", "NULL", "NULL", "f"},
                /* being synced */
                {"true", "now() - interval '2 minutes'", "'x'", "now() + interval '1 minute'", "f"},
                {"true", "now() - interval '2 minutes'", "'x'", "now() - interval '1 second'",
                 "t"}, /* by one who died */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char sql[1024];
                (void)snprintf(sql, sizeof(sql),
                               "BEGIN; INSERT INTO edgemirror.instance SELECT gen_random_uuid(), "
                               "'service', '1', '1 minute', now(), now(), now(), NULL, "
                               "array_agg(edge_connection_id) FROM edgemirror.edge;"
                               "UPDATE edgemirror.edge SET enabled = %s WHERE name = 'one';"
                               "UPDATE edgemirror.edge_claim SET next_run_at = %s, holder = %s, "
                               "expires_at = %s;"
                               "SELECT overdue FROM edgemirror.freshness WHERE edge = 'one'",
                               cases[i].enabled, cases[i].next_run_at, cases[i].holder,
                               cases[i].expires_at);
                /* the connection ends, and with it the transaction */
                assert_sql(&s->bench, sql, cases[i].overdue);
        }
}

/* The queue keeps a due time when no service works on it: that alone is not overdue. */
static void nothing_is_overdue_where_nothing_schedules(void **state)
{
        Story *s = *state;
        assert_sql(&s->bench,
                   "BEGIN; UPDATE edgemirror.edge_claim SET next_run_at = now() - interval '1 day';"
                   "SELECT format('%s %s', scheduled, overdue) FROM edgemirror.freshness",
                   "f f|f f");
        assert_sql(&s->bench,
                   "BEGIN; UPDATE edgemirror.edge_claim SET next_run_at = now() - interval '1 day';"
                   "INSERT INTO edgemirror.instance SELECT gen_random_uuid(), 'service', '1', "
                   "'1 minute', now(), now() - interval '1 hour', now(), NULL, "
                   "array_agg(edge_connection_id) FROM edgemirror.edge WHERE name = 'one';"
                   "SELECT format('%s %s %s', edge, scheduled, overdue) FROM edgemirror.freshness "
                   "ORDER BY edge",
                   "one t t|two f f");
        assert_sql(&s->bench,
                   "BEGIN; UPDATE edgemirror.edge_claim SET next_run_at = now() - interval '1 day';"
                   "INSERT INTO edgemirror.instance SELECT gen_random_uuid(), 'service', '1', "
                   "'1 minute', now(), now(), now(), now(), array_agg(edge_connection_id) FROM "
                   "edgemirror.edge;"
                   "SELECT format('%s %s', scheduled, overdue) FROM edgemirror.freshness",
                   "f f|f f");
}

static void the_reader_selects_everything_and_nothing_else(void **state)
{
        Story *s = *state;
        assert_sql(
                &s->bench,
                "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'edgemirror'::regnamespace"
                "   AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT has_table_privilege('report', "
                "c.oid, 'SELECT')",
                "");
        assert_sql(&s->bench,
                   "SELECT c.relname || ' ' || w.what FROM pg_class c,"
                   "       unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', "
                   "'TRIGGER']) w (what)"
                   " WHERE c.relnamespace = 'edgemirror'::regnamespace AND c.relkind IN ('r', 'p', "
                   "'v', 'm')"
                   "   AND has_table_privilege('report', c.oid, w.what)"
                   " UNION ALL SELECT c.relname FROM pg_class c WHERE c.relnamespace = "
                   "'edgemirror'::regnamespace"
                   "   AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege('report', c.oid, "
                   "'USAGE, UPDATE') END"
                   " UNION ALL SELECT 'schema' WHERE has_schema_privilege('report', 'edgemirror', "
                   "'CREATE')"
                   " UNION ALL SELECT 'database' WHERE has_database_privilege('report', "
                   "current_database(), 'CREATE')"
                   " UNION ALL SELECT rolname FROM pg_roles WHERE rolname = 'edgemirror_reader' AND"
                   "   (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication "
                   "OR rolbypassrls)",
                   "");
}

/* The same with a connection of the role's own: what is promised is tried. */
static void the_reader_reads_and_cannot_write(void **state)
{
        Story *s = *state;
        static const struct {
                const char *sql;
                const char *sqlstate; /* NULL: works */
        } cases[] = {
                {"SELECT * FROM edgemirror.inventory", NULL},
                {"SELECT * FROM edgemirror.unregistered", NULL},
                {"SELECT * FROM edgemirror.freshness", NULL},
                {"SELECT * FROM edgemirror.held", NULL},
                {"SELECT * FROM edgemirror.rejected", NULL},
                {"SELECT * FROM edgemirror.change", NULL},
                {"SELECT * FROM edgemirror.daily", NULL},
                {"SELECT * FROM edgemirror.run", NULL},
                {"SELECT * FROM edgemirror.as_of(now())", NULL},
                {"SELECT * FROM edgemirror.sync_run", NULL},
                {"LISTEN edgemirror_change", NULL},
                {"UPDATE edgemirror.database_connection SET name = 'x'", "42501"},
                {"DELETE FROM edgemirror.database_connection_past", "42501"},
                {"INSERT INTO edgemirror.edge (edge_connection_id) VALUES (gen_random_uuid())",
                 "42501"},
                {"TRUNCATE edgemirror.sync_run", "42501"},
                {"LOCK TABLE edgemirror.database_connection IN SHARE MODE", "42501"},
                {"SELECT id FROM edgemirror.database_connection FOR UPDATE", "42501"},
                {"CREATE TABLE edgemirror.mine (x int)", "42501"},
                {"CREATE OR REPLACE VIEW edgemirror.inventory AS SELECT 1 AS id", "42501"},
                {"DROP VIEW edgemirror.inventory", "42501"},
        };
        char conninfo[256];
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=report",
                       s->bench.pg.folder);
        PGconn *conn = PQconnectdb(conninfo);
        assert_int_equal(PQstatus(conn), CONNECTION_OK);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                PQclear(PQexec(conn, "BEGIN"));
                PGresult *result = PQexec(conn, cases[i].sql);
                const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
                if (cases[i].sqlstate)
                        assert_string_equal(sqlstate ? sqlstate : cases[i].sql, cases[i].sqlstate);
                else
                        assert_null(sqlstate);
                PQclear(result);
                PQclear(PQexec(conn, "ROLLBACK"));
        }
        PQfinish(conn);
}

/* ---- notification --------------------------------------------------------------------------- */

/* The next one; owned by the caller (PQfreemem). */
static PGnotify *next_notification(PGconn *conn)
{
        PGnotify *notification;
        while (!(notification = PQnotifies(conn))) {
                struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};
                if (poll(&fd, 1, WAIT_MSEC_MAX) <= 0)
                        fail_msg("no notification came");
                assert_int_equal(PQconsumeInput(conn), 1);
        }
        return notification;
}

static void a_snapshot_that_changed_something_is_announced_once(void **state)
{
        Story *s = *state;
        MirrorBench *b = &s->bench;
        const BenchRow before[] = {{101, "a", 0}, {102, "b", 0}};
        const BenchRow after[] = {{101, "a", 5}, {102, "b", 0}, {103, "c", 0}, {104, "d", 0}};
        bench_apply(b, &bench_edge, before, 2);
        PGconn *conn = PQconnectdb(b->pg.conninfo);
        PQclear(PQexec(conn, "LISTEN edgemirror_change"));

        bench_apply(b, &bench_edge, before, 2); /* nothing changed */
        bench_fail(b, &bench_edge);
        bench_apply(b, &bench_edge, after, 4);
        int64_t run = b->claim.run_id;
        bench_apply(b, &bench_edge, after, 4); /* nothing changed */
        free(harness_sql(&b->pg, "NOTIFY edgemirror_change, 'end'"));

        /* Notifications come in the order of the commits: what is not before "end" was not sent. */
        char expected[256], id[UUID_STRING_SIZE];
        PGnotify *first = next_notification(conn), *second = next_notification(conn);
        (void)snprintf(expected, sizeof(expected),
                       "{\"edgeConnectionId\" : \"%s\", \"runId\" : %lld, \"added\" : 2, "
                       "\"changed\" : 1, \"removed\" : 0, "
                       "\"restored\" : 0}",
                       uuid_format(&bench_edge, id), (long long)run);
        assert_string_equal(first->relname, "edgemirror_change");
        assert_string_equal(first->extra, expected);
        assert_string_equal(second->extra, "end");
        PQfreemem(first);
        PQfreemem(second);
        PQfinish(conn);
}

/* ---- at size -------------------------------------------------------------------------------- */

/* "What happened this week" must not read the history of all years: 30,000 versions of 10,000 rows,
 * of which the last week holds a few hundred. */
static void change_of_a_week_reads_a_week(void **state)
{
        Story *s = *state;
        MirrorBench *b = &s->bench;
        free(harness_sql(
                &b->pg,
                "INSERT INTO edgemirror.database_connection_past"
                " SELECT md5(i::text)::uuid, md5('edge')::uuid, 'db', NULL, t + v * interval '30 "
                "days', t + (v + 1) * interval '30 days', 1,"
                "        CASE WHEN v > 0 THEN t + v * interval '30 days' END"
                "   FROM generate_series(1, 10000) i, generate_series(0, 1) v,"
                "        LATERAL (SELECT now() - interval '400 days' + i * interval '45 minutes' "
                "AS t) x;"
                "INSERT INTO edgemirror.database_connection"
                " SELECT md5(i::text)::uuid, md5('edge')::uuid, 'db', NULL, now() - interval '400 "
                "days' + i * interval '45 minutes',"
                "        now() - interval '340 days' + i * interval '45 minutes', NULL, NULL, "
                "NULL, 1,"
                "        now() - interval '340 days' + i * interval '45 minutes' FROM "
                "generate_series(1, 10000) i;"
                "ANALYZE edgemirror.database_connection_past, edgemirror.database_connection"));
        static const char query[] =
                "SELECT * FROM edgemirror.change WHERE happened_at > now() - interval '7 days'";
        char sql[256];
        (void)snprintf(sql, sizeof(sql), "EXPLAIN (COSTS OFF) %s", query);
        char *plan = bench_column(b, sql);
        if (strstr(plan, "Seq Scan on database_connection_past"))
                fail_msg("%s", plan);
        assert_non_null(strstr(plan, "database_connection_past_began"));
        assert_non_null(strstr(plan, "database_connection_past_removed"));
        free(plan);
}

/* What vanished, by an index that has nothing else; and nothing is looked at that is of another
 * kind. */
static void what_vanished_is_found_by_its_index(void **state)
{
        Story *s = *state;
        char *plan = bench_column(&s->bench,
                                  "EXPLAIN (COSTS OFF) SELECT * FROM edgemirror.change WHERE kind "
                                  "= 'removed' AND happened_at > now() - interval '30 days'");
        assert_non_null(strstr(plan, "database_connection_past_removed"));
        assert_non_null(strstr(plan, "database_connection_removed"));
        if (strstr(plan, "database_connection_past_began") || strstr(plan, "Seq Scan on database"))
                fail_msg("%s", plan);
        free(plan);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(everything_in_the_schema_has_a_comment),
                cmocka_unit_test(inventory_is_what_is_there_now),
                cmocka_unit_test(change_tells_every_event_once_and_in_order),
                cmocka_unit_test(as_of_gives_the_inventory_of_each_moment),
                cmocka_unit_test(as_of_refuses_a_time_before_the_first_list_of_any_edge),
                cmocka_unit_test(whether_the_history_reaches_is_asked_once),
                cmocka_unit_test(as_of_takes_the_beginning_and_leaves_the_end),
                cmocka_unit_test(now_is_as_of_now),
                cmocka_unit_test(overdue_is_what_somebody_should_have_synced),
                cmocka_unit_test(nothing_is_overdue_where_nothing_schedules),
                cmocka_unit_test(the_reader_selects_everything_and_nothing_else),
                cmocka_unit_test(the_reader_reads_and_cannot_write),
                cmocka_unit_test(a_snapshot_that_changed_something_is_announced_once),
                cmocka_unit_test(change_of_a_week_reads_a_week),
                cmocka_unit_test(what_vanished_is_found_by_its_index),
        };
        return cmocka_run_group_tests_name("reports", tests, tell_story, end_story);
}
