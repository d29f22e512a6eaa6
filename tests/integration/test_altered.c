/*
 * A mirror that was altered by hand, or that lost something.
 */
#include "integration/trust_world.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- a schema that was altered by hand ------------------------------------------------------ */

static void check_names_what_was_dropped_and_whose_rows_a_policy_hides(void **state)
{
        World *w = *state;
        trust_sign_in(w, "em", "test");
        assert_int_equal(RUN(w, "check"), 0);
        trust_sql(w, "ALTER TABLE edgemirror.edge ENABLE ROW LEVEL SECURITY");
        assert_int_equal(RUN(w, "check"), 0); /* not for its owner */
        trust_sql(w, "ALTER TABLE edgemirror.edge FORCE ROW LEVEL SECURITY");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out",
                    "FAILED  postgres: row security            row level security hides rows from "
                    "this role, which must see all, of: edgemirror.edge; drop",
                    true);
        assert_int_equal(RUN(w, "sync"), 77);
        assert_says(w, "out", "grant", false);
        trust_sql(w, "ALTER TABLE edgemirror.edge DISABLE ROW LEVEL SECURITY;"
                     "ALTER TABLE edgemirror.database_connection DROP COLUMN name CASCADE");
        assert_int_equal(RUN(w, "check"), 69);
        assert_says(w, "out",
                    " edgemirror.database_connection.name "
                    "edgemirror.database_connection_history edgemirror.held ",
                    true);
        assert_int_equal(RUN(w, "sync"), 69);
        assert_says(w, "out", ".conf check", true);
}

/* Whoever adds a column, a table, a view or a function adds it to the query. */
static void check_knows_all_that_is_in_the_schema(void **state)
{
        World *w = *state;
        static const char columns[] =
                "DO $$ DECLARE x record; BEGIN FOR x IN SELECT c.relname, a.attname, a.attnum FROM "
                "pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = "
                "'edgemirror'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 LOOP "
                "EXECUTE "
                "format('ALTER TABLE edgemirror.%I RENAME COLUMN %I TO %I', x.relname, x.attname, "
                "'x_' || x.attnum); END LOOP; END $$";
        static const char objects[] =
                "DO $$ DECLARE x record; BEGIN FOR x IN SELECT c.relname FROM pg_class c WHERE "
                "c.relnamespace = 'edgemirror'::regnamespace AND c.relkind IN ('r', 'v') LOOP "
                "EXECUTE "
                "format('ALTER TABLE edgemirror.%I RENAME TO %I', x.relname, 'x_' || x.relname); "
                "END "
                "LOOP; FOR x IN SELECT p.oid::regprocedure AS f, p.proname FROM pg_proc p WHERE "
                "p.pronamespace = 'edgemirror'::regnamespace LOOP EXECUTE format('ALTER FUNCTION "
                "%s "
                "RENAME TO %I', x.f, 'x_' || x.proname); END LOOP; END $$";
        char *query = harness_read(getenv("top_srcdir"), "sql/queries/check_tables.sql");
        char *count = NULL;
        assert_true(asprintf(&count, "SELECT count(*) FROM (%s) q", query) > 0);
        trust_assert_one(w, count, "0");
        /* as where a copy broke off before it made them */
        trust_sql(w, "ALTER TABLE edgemirror.sync_run DROP CONSTRAINT sync_run_pkey CASCADE");
        assert_int_equal(RUN(w, "check"), 69);
        assert_says(w, "out",
                    "dropped or renamed since migrate made them: the primary key of "
                    "edgemirror.sync_run; it does not make them again: restore",
                    true);
        trust_sql(w, "ALTER TABLE edgemirror.sync_run ADD PRIMARY KEY (run_id)");
        trust_assert_one(w, count, "0");
        char *all =
                harness_sql(&w->pg, "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid "
                                    "= a.attrelid WHERE c.relnamespace = 'edgemirror'::regnamespace"
                                    " AND c.relkind IN ('r', 'v') AND a.attnum > 0");
        trust_sql(w, columns);
        trust_assert_one(w, count, all);
        free(all);
        all = harness_sql(
                &w->pg, "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = "
                        "'edgemirror'::regnamespace AND relkind IN ('r', 'v')) + (SELECT count(*) "
                        "FROM pg_proc WHERE pronamespace = 'edgemirror'::regnamespace)");
        trust_sql(w, objects);
        trust_assert_one(w, count, all);
        free(all);
        free(count);
        free(query);
}

/* A publication that somebody else has laid out is not taken for ours. */
static void a_publication_of_somebody_else_is_named(void **state)
{
        World *w = *state;
        trust_sql_as(w, "mallory", "CREATE PUBLICATION edgemirror WITH (publish = 'insert')");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err",
                    "the publication edgemirror belongs to mallory, who may change or drop it; an "
                    "administrator runs:\n",
                    true);
        trust_assert_one(w, "SELECT count(*) FROM pg_publication_tables", "0");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    "the publication edgemirror belongs to mallory, who may change or drop it; an "
                    "administrator runs: ALTER PUBLICATION edgemirror OWNER TO em;",
                    true);
        assert_says(w, "out",
                    "edgemirror lacks tables: databases that subscribe do not get them; "
                    "an administrator runs: ALTER PUBLICATION",
                    true);
        trust_sql(w, "ALTER PUBLICATION edgemirror OWNER TO em");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "leaves out some kinds of changes", true);
        trust_obey(w, "err");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "publication", false);
        trust_assert_one(w, "SELECT count(*) > 0 FROM pg_publication_tables", "t");
        trust_assert_one(w, "SELECT pubupdate AND pubdelete AND pubtruncate FROM pg_publication",
                         "t");
}

static void a_schema_that_was_dropped_and_a_publication_that_is_gone_come_back(void **state)
{
        World *w = *state;
        char *wanted = harness_sql(&w->pg, trust_published);
        trust_sql(w, "SET client_min_messages = error; DROP SCHEMA edgemirror CASCADE");
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_assert_one(w, trust_published, wanted);

        trust_sql(w, "DROP PUBLICATION edgemirror");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    "the publication edgemirror is not there: no other database can subscribe; "
                    "edgemirror -c ",
                    true);
        assert_says(w, "out", ".conf migrate makes it, or an administrator: CREATE PUBLICATION",
                    true);
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_assert_one(w, trust_published, wanted);

        trust_sql(w, "ALTER PUBLICATION edgemirror DROP TABLE edgemirror.edge");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    ".conf migrate makes it, or an administrator: ALTER PUBLICATION "
                    "edgemirror ADD TABLE edgemirror.edge;",
                    true);
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_assert_one(w, trust_published, wanted);

        /* One that was somebody else's before us. */
        trust_sql(w, "ALTER PUBLICATION edgemirror DROP TABLE edgemirror.edge; ALTER PUBLICATION "
                     "edgemirror OWNER TO postgres");
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_obey(w, "err");
        trust_assert_one(w, trust_published, wanted);
        free(wanted);
}

/* Those that the edges name are taken, whatever the journal still has; who may not change the
 * numbers sees it as well. */
static void run_numbers_that_are_taken_are_not_given_again(void **state)
{
        World *w = *state;
        static const char *const losses[] = {
                "SELECT setval('edgemirror.sync_run_run_id_seq', 1, false)",
                "TRUNCATE edgemirror.sync_run RESTART IDENTITY",
                /* a mirror that was synced once, and to which one has subscribed */
                ("TRUNCATE edgemirror.sync_run RESTART IDENTITY; UPDATE edgemirror.edge SET "
                 "last_run_id = 1 WHERE last_run_id IS NOT NULL"),
        };
        for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
                trust_sign_in(w, "em", "test");
                assert_int_equal(RUN(w, "migrate"), 0);
                assert_int_equal(RUN(w, "migrate", "--grants", "svc"), 0);
                char *grants = harness_read(w->folder, "out");
                trust_sql(w, grants);
                free(grants);
                assert_int_equal(sync_all(w), 0);
                trust_sql(w, losses[i]);
                trust_sign_in(w, "svc", "test");
                assert_int_equal(RUN(w, "check"), 69);
                assert_says(w, "out", "the edges name runs with later numbers", true);
                assert_says(w, "out", "migrate as em (by EDGEMIRROR_POSTGRES_CONNINFO=", true);
                assert_int_equal(RUN(w, "sync"), 69);
                trust_sign_in(w, "em", "test");
                assert_int_equal(RUN(w, "migrate"), 0);
                assert_int_equal(RUN(w, "check"), 0);
                trust_assert_one(w, "SELECT count(list_digest) FROM edgemirror.edge", "0");
                assert_int_equal(RUN(w, "sync"), 0);
                trust_assert_one(
                        w, "SELECT count(list_digest) FROM edgemirror.edge WHERE row_count > 0",
                        "2");
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_publication_of_somebody_else_is_named,
                                       trust_empty_database),
                cmocka_unit_test_setup(
                        a_schema_that_was_dropped_and_a_publication_that_is_gone_come_back,
                        trust_migrated_database),
                cmocka_unit_test_setup(run_numbers_that_are_taken_are_not_given_again,
                                       trust_migrated_database),
                cmocka_unit_test_setup(check_names_what_was_dropped_and_whose_rows_a_policy_hides,
                                       trust_migrated_database),
                cmocka_unit_test_setup(check_knows_all_that_is_in_the_schema,
                                       trust_migrated_database),
        };
        return cmocka_run_group_tests_name("altered", tests, trust_setup, world_teardown);
}
