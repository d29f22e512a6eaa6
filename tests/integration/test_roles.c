/*
 * What a role may not make or do, and who is told how to grant it.
 */
#include "integration/trust_world.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- P13, P14: what a role may not make, and what is gone ----------------------------------- */

static void a_role_without_create_migrates_the_schema_that_an_administrator_made(void **state)
{
        World *w = *state;
        char *wanted;
        assert_int_equal(RUN(w, "migrate"), 0);
        wanted = harness_sql(&w->pg, trust_published);
        trust_sql(w, trust_no_schema);

        trust_sign_in(w, "svc", "test");
        assert_int_equal(RUN(w, "migrate"), 77);
        assert_says(w, "err", "an administrator runs: CREATE SCHEMA edgemirror AUTHORIZATION svc;",
                    true);
        /* of a schema that is somebody's, nobody is told to get rights in it */
        trust_sql_as(w, "mallory", trust_trap);
        trust_sql_as(w, "mallory", "REVOKE ALL ON SCHEMA edgemirror FROM PUBLIC");
        assert_int_equal(RUN(w, "migrate"), 77);
        assert_says(w, "err", "schema edgemirror belongs to mallory", true);
        trust_sql(w, trust_no_schema);
        trust_sql(w, "CREATE SCHEMA edgemirror AUTHORIZATION svc");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "note: the publication edgemirror is not there", true);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(
                w, "out",
                "note    postgres: publication             the publication edgemirror is not there",
                true);
        assert_int_equal(sync_all(w), 0);

        assert_int_equal(RUN(w, "migrate"), 0);
        trust_obey(w, "err");
        trust_assert_one(w, trust_published, wanted);
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "note:", false);
        free(wanted);
}

/* To be granted CREATE in it is not enough: who migrates owns the schema. */
static void a_schema_that_was_made_with_a_grant_only_becomes_the_roles_own(void **state)
{
        World *w = *state;
        static const char alter[] = "an administrator runs: ALTER SCHEMA edgemirror OWNER TO svc;";
        static const char *const grants[] = {"",
                                             "; GRANT USAGE, CREATE ON SCHEMA edgemirror TO svc"};
        trust_sign_in(w, "svc", "test");
        for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
                char make[120];
                (void)snprintf(make, sizeof(make), "CREATE SCHEMA edgemirror%s", grants[i]);
                trust_sql(w, make);
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", alter, true);
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", alter, true);
                assert_says(w, "out", ".conf migrate", false);
                trust_sql(w, "ALTER SCHEMA edgemirror OWNER TO svc");
                assert_int_equal(RUN(w, "migrate"), 0);
                assert_int_equal(RUN(w, "check"), 0);
                trust_sql(w, trust_no_schema);
        }
}

static void another_role_is_the_service_with_what_is_printed_for_it(void **state)
{
        World *w = *state;
        assert_int_equal(RUN(w, "migrate", "--grants", "nobody"), 69);
        assert_says(w, "err", "there is no role nobody", true);
        trust_sql(w, "REVOKE TEMPORARY ON DATABASE test FROM PUBLIC");
        assert_int_equal(RUN(w, "migrate", "--grants", "svc"), 0);
        char *grants = harness_read(w->folder, "out");
        trust_sign_in(w, "svc", "test");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(
                w, "out",
                "GRANT TEMPORARY ON DATABASE test TO svc; GRANT USAGE ON SCHEMA edgemirror TO svc;",
                true);
        trust_sql(w, grants);
        free(grants);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "postgres: publication", false);
        assert_int_equal(sync_all(w), 0);

        /* the publication is that of the role that migrates, whoever asks */
        trust_sql(w, "ALTER PUBLICATION edgemirror OWNER TO svc");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "belongs to svc, who may change or drop it", true);
        assert_says(w, "out", "ALTER PUBLICATION edgemirror OWNER TO em;", true);
        trust_sql(w, "ALTER PUBLICATION edgemirror OWNER TO em");

        /* the next sync writes nothing, and says what the next change would lack all the same */
        trust_sql(w, "REVOKE TEMPORARY ON DATABASE test FROM svc");
        assert_int_equal(RUN(w, "sync"), 77);
        assert_says(w, "out", "GRANT TEMPORARY ON DATABASE test TO svc;", true);
        trust_sql(w, "GRANT TEMPORARY ON DATABASE test TO svc");
        assert_int_equal(RUN(w, "verify"), 0);
        trust_sql(w, "GRANT TEMPORARY ON DATABASE test TO PUBLIC");
}

/* Who alone can change it, instead of a right that does not suffice. */
static void a_role_that_does_not_own_the_schema_is_told_who_does(void **state)
{
        World *w = *state;
        static const char older[] =
                "the schema is at version 0, this program needs 1; run edgemirror -c ";
        static const char owner[] = ".conf migrate as postgres (by "
                                    "EDGEMIRROR_POSTGRES_CONNINFO='… "
                                    "user=postgres', also in place of another)";
        trust_sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_sign_in(w, "svc", "test");
        assert_int_equal(RUN(w, "migrate"), 77);
        assert_says(w, "err", "this role may not change the schema; run edgemirror -c ", true);
        assert_says(w, "err", owner, true);

        assert_int_equal(RUN(w, "migrate", "--grants", "svc"), 0);
        char *grants = harness_read(w->folder, "out");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out", "who owns the schema (postgres), or an administrator, runs: ", true);
        trust_sql(w, grants);
        free(grants);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(RUN(w, "migrate"), 0); /* nothing to do */
                assert_says(w, "out", "at version 1 already", true);
                assert_says(w, "err", "", true);
                assert_int_equal(RUN(w, "check"), 0);
                trust_sql(w,
                          "CREATE TEMPORARY TABLE kept AS TABLE edgemirror.schema_version; DELETE "
                          "FROM edgemirror.schema_version; CREATE TABLE public.kept AS TABLE kept");
                assert_int_equal(RUN(w, "check"), 69);
                assert_says(w, "out", older, true);
                assert_says(w, "out", owner, true);
                assert_int_equal(RUN(w, "migrate"), 69);
                assert_says(w, "err", older, true);
                assert_says(w, "err", owner, true);
                trust_sql(w, "INSERT INTO edgemirror.schema_version TABLE public.kept; DROP TABLE "
                             "public.kept");
                /* is no help, whoever granted it */
                trust_sql(w, "GRANT CREATE ON SCHEMA edgemirror TO svc");
        }
        /* here there is something to do, for the owner: without it nothing is synced */
        trust_sql(w, "INSERT INTO edgemirror.edge "
                     "(edge_connection_id, name, enabled, schedule, timezone, last_run_id) VALUES "
                     "(gen_random_uuid(), 'taken over', false, 'weekly', 'UTC', 7)");
        assert_int_equal(RUN(w, "migrate"), 69);
        assert_says(w, "err", "the edges name runs with later numbers than the next one", true);
        assert_says(w, "err", owner, true);
        trust_sql(w, "REVOKE CREATE ON SCHEMA edgemirror FROM svc");
        trust_sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_sign_in(w, "svc", "test");
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_sql(w, "DROP PUBLICATION edgemirror");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "the publication edgemirror is not there", true);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", owner, true);
}

/* A role that was made by hand, or by a restored server, may nothing yet. */
static void check_says_when_the_roles_for_readers_have_no_rights(void **state)
{
        World *w = *state;
        static const struct {
                const char *revoke, *words;
        } cases[] = {
                {"DROP OWNED BY edgemirror_reader",
                 "the role edgemirror_reader is there, and has not been granted all that reports "
                 "need; run edgemirror -c "},
                {"REVOKE SELECT ON edgemirror.daily FROM edgemirror_reader", "reports need; run "},
                {"REVOKE EXECUTE ON FUNCTION edgemirror.as_of FROM edgemirror_reader, PUBLIC",
                 "reports need; run "},
                {"REVOKE USAGE ON SCHEMA edgemirror FROM edgemirror_reader", "reports need; run "},
                {"DROP OWNED BY edgemirror_operator",
                 "the role edgemirror_operator is there, and has not been granted all that asking "
                 "for a sync needs; run edgemirror -c "},
        };
        trust_sql(
                w,
                "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'edgemirror_reader') "
                "THEN DROP OWNED BY edgemirror_reader, edgemirror_operator; DROP ROLE "
                "edgemirror_reader, edgemirror_operator; END IF; END $$");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    ".conf migrate makes it, or an administrator: CREATE ROLE edgemirror_reader "
                    "NOLOGIN; and then migrate once more\n",
                    true);
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_obey(w, "err");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", cases[0].words, true);
        assert_int_equal(RUN(w, "migrate"), 0);
        /* what an administrator has put beside it is not this role's to grant */
        trust_sql(w, "CREATE VIEW edgemirror.administrators AS SELECT 1");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", cases[0].words, false);
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_sql(w, "DROP VIEW edgemirror.administrators");
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(RUN(w, "check"), 0);
                assert_says(w, "out", "readers", false);
                trust_sql(w, cases[i].revoke);
                assert_int_equal(RUN(w, "check"), 0);
                assert_says(w, "out", "note    postgres: readers", true);
                assert_says(w, "out", cases[i].words, true);
                assert_says(w, "out", ".conf migrate, which grants it\n", true);
                assert_int_equal(RUN(w, "migrate"), 0);
                assert_says(w, "err", "note:", false);
        }
}

/* The schema alone is a superuser's, as after a restore. */
static void what_the_owner_of_the_tables_may_not_is_left_to_an_administrator(void **state)
{
        World *w = *state;
        static const char as_em[] = ".conf migrate as em (by EDGEMIRROR_POSTGRES_CONNINFO='… "
                                    "user=em', also in place of another)";
        trust_sql(w, "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = "
                     "'edgemirror_reader') THEN CREATE ROLE edgemirror_reader; CREATE ROLE "
                     "edgemirror_operator; END IF; END $$");
        assert_int_equal(RUN(w, "migrate"), 0);
        trust_sql(w, "ALTER SCHEMA edgemirror OWNER TO postgres; GRANT USAGE, CREATE ON SCHEMA "
                     "edgemirror TO em; REVOKE ALL ON SCHEMA edgemirror FROM edgemirror_reader, "
                     "edgemirror_operator");
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out",
                    "all that reports need; an administrator runs: GRANT USAGE ON SCHEMA "
                    "edgemirror TO edgemirror_reader;\n",
                    true);
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "which grants it", false);
        trust_obey(w, "err");
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "note:", false);
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "readers", false);

        static const char *const others[] = {"postgres", "svc"};
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                trust_sign_in(w, others[i], "test");
                assert_int_equal(RUN(w, "migrate"), 77);
                assert_says(w, "err", as_em, true);
        }
        /* who migrates is trusted by who only syncs, and not by who may do everything */
        assert_int_equal(RUN(w, "migrate", "--grants", "svc"), 0);
        char *grants = harness_read(w->folder, "out");
        trust_sql(w, grants);
        free(grants);
        assert_int_equal(RUN(w, "check"), 0);
        trust_sign_in(w, "postgres", "test");
        assert_int_equal(RUN(w, "check"), 77);
        assert_says(w, "out", as_em, true);
}

static void a_role_that_may_not_connect_is_told_what_grants_it(void **state)
{
        World *w = *state;
        trust_sign_in(w, "svc", "test");
        trust_sql(w, "REVOKE CONNECT ON DATABASE test FROM PUBLIC");
        int status = RUN(w, "check");
        trust_sql(w, "GRANT CONNECT ON DATABASE test TO PUBLIC");
        assert_int_equal(status, 77);
        assert_says(
                w, "out",
                "(SQLSTATE 42501); an administrator runs: GRANT CONNECT ON DATABASE \"test\" TO "
                "\"svc\";",
                true);
        assert_says(w, "out", "see edgemirror", false);
}

/* N7: As a shell reads it. */
static void what_is_granted_besides_is_a_command_with_the_role(void **state)
{
        World *w = *state;
        static const char *const lines[] = {".conf migrate --grants=svc prints)\n",
                                            ".conf migrate --grants='it'\\''s me' prints)\n"};
        static const char *const roles[] = {"svc", "'it\\'s me'"};
        trust_sql(w, "DROP ROLE IF EXISTS \"it's me\"; CREATE ROLE \"it's me\" LOGIN");
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
                trust_sign_in(w, roles[i], "test");
                assert_int_equal(RUN(w, "check"), 77);
                assert_says(w, "out", lines[i], true);
        }
        trust_sql(w, "DROP ROLE \"it's me\"");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(
                        what_the_owner_of_the_tables_may_not_is_left_to_an_administrator,
                        trust_migrated_database),
                cmocka_unit_test_setup(
                        a_role_without_create_migrates_the_schema_that_an_administrator_made,
                        trust_empty_database),
                cmocka_unit_test_setup(a_role_that_does_not_own_the_schema_is_told_who_does,
                                       trust_empty_database),
                cmocka_unit_test_setup(check_says_when_the_roles_for_readers_have_no_rights,
                                       trust_migrated_database),
                cmocka_unit_test_setup(a_role_that_may_not_connect_is_told_what_grants_it,
                                       trust_migrated_database),
                cmocka_unit_test_setup(another_role_is_the_service_with_what_is_printed_for_it,
                                       trust_migrated_database),
                cmocka_unit_test_setup(what_is_granted_besides_is_a_command_with_the_role,
                                       trust_migrated_database),
                cmocka_unit_test_setup(
                        a_schema_that_was_made_with_a_grant_only_becomes_the_roles_own,
                        trust_empty_database),
        };
        return cmocka_run_group_tests_name("roles", tests, trust_setup, world_teardown);
}
