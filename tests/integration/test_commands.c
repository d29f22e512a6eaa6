/*
 * edgemirror check, migrate, status and schedule, as a person or a program calls them: what they
 * print, and how they end.
 */
#include "integration/sync_world.h"
#include <cjson/cJSON.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- check ---------------------------------------------------------------------------------- */

static void check_says_what_is_right(void **state)
{
        World *w = *state;
        static const char *const lines[] = {
                "ok      configuration                     valid, 2 edges\n",
                "ok      catalog                           address and credentials are right (",
                "ok      catalog: edge main                the list can be read (",
                "ok      catalog: edge other               the list can be read (",
                "ok      postgres: connection              PostgreSQL ",
                "ok      postgres: schema version          ",
                "ok      clock                             this machine's clock and that of the ",
                ("ok      postgres: clock                   this machine's clock and that of "
                 "PostgreSQL "),
                "ok      spool                             ",
                " GiB free for temporary files\n",
                "ok      postgres: privileges              all that the service needs (",
        };
        assert_int_equal(RUN(w, "check"), 0);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                assert_says(w, "out", lines[i], true);
        assert_says(w, "out", "FAILED", false);

        control(w, "/control/log", "");
        assert_int_equal(RUN(w, "check", "--offline"), 0);
        char *asked = harness_control_text(&w->catalog, "/control/log");
        assert_string_equal(asked, "");
        free(asked);
        assert_says(w, "out", "postgres", false);
        assert_says(w, "out", "catalog: edge", false);
}

static void check_as_json_is_an_object_for_each_line(void **state)
{
        World *w = *state;
        harness_write(w->folder, "password", "wrong");
        assert_int_equal(RUN(w, "check", "--json"), 77);
        char *out = harness_read(w->folder, "out");
        int n = 0, n_failed = 0;
        for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"), n++) {
                cJSON *o = cJSON_Parse(line);
                assert_non_null(o);
                const char *what = cJSON_GetStringValue(cJSON_GetObjectItem(o, "check"));
                const char *result = cJSON_GetStringValue(cJSON_GetObjectItem(o, "result"));
                assert_true(what && result && cJSON_HasObjectItem(o, "text"));
                if (strcmp(result, "failed") == 0) {
                        n_failed++;
                        assert_string_equal(what, "catalog");
                        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "code")),
                                            "catalog-unauthorized");
                }
                /* what was asked for, and only that, has taken time */
                assert_int_equal(cJSON_IsNumber(cJSON_GetObjectItem(o, "durationMs")),
                                 strcmp(what, "catalog") == 0 ||
                                         strncmp(what, "postgres: ", 10) == 0);
                cJSON_Delete(o);
        }
        free(out);
        assert_int_equal(n_failed, 1);
        assert_true(n > 6);
        write_config(w, "1s"); /* with the password that is right */
}

/* A subscriber that is gone fills the disk of the server. Of a logical slot the subscriber may be
 * gone; a physical one is a standby's or a backup's. */
static void check_names_a_replication_slot_that_holds_the_log_back(void **state)
{
        World *w = *state;
        free(harness_sql(&w->pg,
                         "SELECT pg_create_physical_replication_slot('left', true);"
                         "SELECT pg_create_logical_replication_slot('unread', 'test_decoding');"
                         "CREATE TABLE public.filler (i integer)"));
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "replication slots", false);
        for (int i = 0; i < 6; i++) { /* a segment of 16 MB each */
                free(harness_sql(&w->pg, "INSERT INTO public.filler VALUES (1)"));
                free(harness_sql(&w->pg, "SELECT pg_switch_wal()"));
        }
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "note    postgres: replication slots       slot left keeps ", true);
        assert_says(w, "out", "it is physical: a standby or a backup may need it", true);
        assert_says(w, "out", "pg_drop_replication_slot('left')", false);
        assert_says(w, "out", "slot unread keeps ", true);
        assert_says(w, "out", "runs: SELECT pg_drop_replication_slot('unread');\n", true);
        free(harness_sql(&w->pg, "SELECT pg_drop_replication_slot('left');"
                                 "SELECT pg_drop_replication_slot('unread');"
                                 "DROP TABLE public.filler"));
        assert_int_equal(RUN(w, "check"), 0);
        assert_says(w, "out", "replication slots", false);
}

/* What breaks, the exit status, the line that says so, and one that is right all the same. */
static void check_says_what_is_wrong_and_goes_on(void **state)
{
        World *w = *state;
        static const struct {
                const char *password; /* NULL: right */
                bool password_open;   /* to everybody */
                const char *sql, *undo;
                const char *fault;
                int status;
                const char *line, *right;
        } cases[] = {
                {.password = "wrong",
                 .status = 77,
                 .line = "FAILED  catalog                           the catalog refuses the "
                         "credentials",
                 .right = "ok      postgres: schema"},
                {.password_open = true,
                 .status = 78,
                 .line = "FAILED  catalog                           password_file of [catalog]: ",
                 .right = "ok      postgres: schema"},
                {.fault = "\"status\":403",
                 .status = 1,
                 .line = "FAILED  catalog: edge main                the catalog forbids this",
                 .right = "ok      catalog: edge other "},
                {.fault = "\"status\":404",
                 .status = 1,
                 .line = "FAILED  catalog: edge main                the catalog does not know "
                         "this; "
                         "the id must be ",
                 .right = "ok      catalog                           address and credentials are "
                          "right ("},
                {.fault = "\"status\":503",
                 .status = 69,
                 .line = "FAILED  catalog                           the catalog is not available "
                         "now",
                 .right = "ok      postgres: schema"},
                {.sql = "REVOKE EXECUTE ON FUNCTION edgemirror.digest_of(uuid) FROM PUBLIC, em;"
                        "ALTER FUNCTION edgemirror.digest_of(uuid) OWNER TO postgres",
                 .undo = "ALTER FUNCTION edgemirror.digest_of(uuid) OWNER TO em;"
                         "GRANT EXECUTE ON FUNCTION edgemirror.digest_of(uuid) TO PUBLIC",
                 .status = 77,
                 .line = "FAILED  postgres: privileges              not granted to this role; who "
                         "owns the schema, or an administrator, "
                         "runs: GRANT EXECUTE ON FUNCTION edgemirror.digest_of(uuid) TO em;\n",
                 .right = "ok      catalog: edge main "},
                {.sql = "ALTER SCHEMA edgemirror RENAME TO elsewhere",
                 .undo = "ALTER SCHEMA elsewhere RENAME TO edgemirror",
                 .status = 69,
                 .line = "FAILED  postgres: schema version          there is no schema edgemirror "
                         "here; run edgemirror -c ",
                 .right = "ok      catalog: edge main "},
                {.sql = "INSERT INTO edgemirror.schema_version (version, name, checksum) VALUES "
                        "(999, 'later', 'x')",
                 .undo = "DELETE FROM edgemirror.schema_version WHERE version = 999",
                 .status = 69,
                 .line = "FAILED  postgres: schema version          ",
                 .right = "ok      catalog: edge main "},
                {.sql = "ALTER TABLE edgemirror.sync_run OWNER TO postgres",
                 .undo = "ALTER TABLE edgemirror.sync_run OWNER TO em",
                 .status = 77,
                 .line = "FAILED  postgres: privileges ",
                 .right = "ok      catalog: edge main "},
                /* N7: the one privilege that is missing. */
                {.sql = "ALTER TABLE edgemirror.edge_claim OWNER TO postgres; GRANT SELECT, UPDATE "
                        "ON edgemirror.edge_claim TO em",
                 .undo = "ALTER TABLE edgemirror.edge_claim OWNER TO em",
                 .status = 77,
                 .line = "administrator, runs: GRANT INSERT ON TABLE edgemirror.edge_claim TO "
                         "em;\n",
                 .right = "ok      postgres: schema version"},
                {.sql = "ALTER SCHEMA edgemirror OWNER TO postgres",
                 .undo = "ALTER SCHEMA edgemirror OWNER TO em",
                 .status = 77,
                 .line = "administrator, runs: GRANT USAGE ON SCHEMA edgemirror TO em;\n",
                 .right = "ok      postgres: connection "},
        };
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/password", w->folder);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                print_message("# %s\n", cases[i].line);
                write_config(w, "1s");
                if (cases[i].password)
                        harness_write(w->folder, "password", cases[i].password);
                if (cases[i].password_open)
                        assert_int_equal(chmod(path, 0644), 0);
                if (cases[i].fault)
                        fault(w, "list", cases[i].fault);
                if (cases[i].sql)
                        free(harness_sql(&w->pg, cases[i].sql));
                int status = RUN(w, "check");
                if (cases[i].undo)
                        free(harness_sql(&w->pg, cases[i].undo));
                assert_int_equal(chmod(path, 0600), 0);
                control(w, "/control/faults", "");
                assert_says(w, "out", cases[i].line, true);
                assert_says(w, "out", cases[i].right, true);
                assert_says(w, "out", ".conf check", false);
                assert_int_equal(status, cases[i].status);
        }
        write_config(w, "1s");
        assert_int_equal(RUN(w, "check"), 0);
}

/* Every edge is unknown there, and so is the list of all: the ids may be right. */
static void check_tells_a_wrong_path_of_the_url_from_a_wrong_id(void **state)
{
        World *w = *state;
        control(w, "/control/faults", "{\"kind\":\"list\",\"status\":404}");
        int status = RUN(w, "check");
        control(w, "/control/faults", "");
        assert_says(w, "out",
                    "FAILED  catalog                           check the path of the url: ", true);
        assert_says(w, "out", "credentials are right", false);
        assert_says(w, "out", "catalog: edge", false);
        assert_says(w, "out", "ok      postgres: schema", true);
        assert_int_equal(status, 1);
}

/* The list of all is no sync's: what becomes of it is not said of the catalog, nor of an edge. */
static void check_tells_a_wrong_id_where_the_list_of_all_fails(void **state)
{
        World *w = *state;
        char rules[256];
        (void)snprintf(rules, sizeof(rules),
                       "[{\"kind\":\"list\",\"edge\":\"%s\",\"status\":404},"
                       "{\"kind\":\"list\",\"count\":1,\"status\":500}]",
                       w->edges[0]);
        control(w, "/control/faults", rules);
        int status = RUN(w, "check");
        control(w, "/control/faults", "");
        assert_says(w, "out", "ok      catalog  ", true);
        assert_says(w, "out", "internal error", false);
        assert_says(w, "out", "FAILED  catalog: edge main", true);
        assert_says(w, "out", "ok      catalog: edge other", true);
        assert_int_equal(status, 1);
}

/* The configuration is well-formed, but what it names is of no use. "Bearer …" is what stands in a
 * header, not what belongs into the file. */
static void a_file_that_cannot_be_used_is_78_for_every_command(void **state)
{
        World *w = *state;
        static const struct {
                const char *ca_file, *words;
        } cases[] = {
                {"", "token_file of [catalog]: the token holds a space"},
                {"ca_file = /nonexistent/acme.pem\n",
                 "ca_file of [catalog]: /nonexistent/acme.pem cannot be read: No such"},
                {"ca_file = /tmp\n", "ca_file of [catalog]: /tmp cannot be read: Is a directory"},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char config[1024];
                (void)snprintf(config, sizeof(config),
                               "[catalog]\nurl = %s\nauth = bearer\ntoken_file = %s/password\n%s"
                               "[postgres]\nconninfo = %s\n[edge \"a\"]\nid = %s\n",
                               w->catalog.url, w->folder, cases[i].ca_file, w->pg.service,
                               w->edges[0]);
                harness_write(w->folder, "edgemirror.conf", config);
                harness_write(w->folder, "password", "Bearer hunter2\n");
                assert_int_equal(RUN(w, "check"), 78);
                assert_says(w, "out", cases[i].words, true);
                assert_says(w, "out", "ok      postgres: schema", true);
                assert_says(w, "out", "hunter2", false);
                assert_int_equal(RUN(w, "sync", "--dry-run"), 78);
                assert_says(w, "err", cases[i].words, true);
                assert_int_equal(RUN(w, "run"), 78);
                assert_says(w, "err", cases[i].words, true);
        }
}

/* Every error at once, with file and line, whatever the command; and nothing is done. */
static void an_invalid_configuration_is_78_and_every_error_is_said(void **state)
{
        World *w = *state;
        static const char *const words[] = {
                "edgemirror.conf:2: url: neither https nor http",
                "edgemirror.conf:3: unknown key \"colour\" in [catalog]; accepted: url, auth, ",
                "edgemirror.conf:4: auth = basic needs username",
                "edgemirror.conf:4: auth = basic needs password_file",
                "edgemirror.conf:8: id = 5: not a UUID; accepted: a UUID like ",
                ("edgemirror.conf:9: page_size = 501: out of range; accepted: a whole number from "
                 "2 "
                 "to 500\n"),
                "edgemirror.conf:10: schedule = sometimes: ",
        };
        static const char *const commands[][2] = {
                {"check", "--offline"}, {"check", NULL},  {"sync", NULL},
                {"sync", "--json"},     {"status", NULL}, {"migrate", NULL},
                {"schedule", NULL},     {"verify", NULL}, {"run", NULL}};
        char text[512];
        (void)snprintf(text, sizeof(text),
                       "[catalog]\nurl = ftp://elsewhere\ncolour = red\nauth = basic\n"
                       "[postgres]\nconninfo = %s\n[edge \"a\"]\nid = 5\npage_size = 501\nschedule "
                       "= sometimes\n",
                       w->pg.service);
        harness_write(w->folder, "edgemirror.conf", text);
        control(w, "/control/log", "");
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
                assert_int_equal(RUN(w, commands[i][0], commands[i][1]), 78);
                for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
                        assert_says(w, "err", words[k], true);
                char *out = harness_read(w->folder, "out");
                assert_string_equal(out, "");
                free(out);
        }
        char *asked = harness_control_text(&w->catalog, "/control/log");
        assert_string_equal(asked, "");
        free(asked);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run"), 0);
}

/* ---- migrate -------------------------------------------------------------------------------- */

static void migrate_is_safe_to_run_again_and_refuses_what_it_does_not_know(void **state)
{
        World *w = *state;
        assert_int_equal(RUN(w, "migrate"), 0);
        assert_says(w, "out", "database test, schema edgemirror: at version 1 already\n", true);

        free(harness_sql(&w->pg, "INSERT INTO edgemirror.schema_version (version, name, checksum) "
                                 "VALUES (999, 'later', 'x')"));
        assert_int_not_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "999", true);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.schema_version WHERE version = 999"));

        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.schema_version SET checksum = 'other' WHERE version = 1"));
        assert_int_not_equal(RUN(w, "migrate"), 0);
        assert_says(w, "err", "0001_mirror was applied with another text", true);
        assert_says(w, "err", "; install the program that made it, or put a backup", true);
}

static void several_migrations_at_once_make_one_schema(void **state)
{
        enum { AT_ONCE = 4 };
        World *w = *state;
        const char *const arguments[] = {"-c", w->config, "migrate", NULL};
        pid_t pids[AT_ONCE];
        const long version =
                harness_sql_long(&w->pg, "SELECT max(version) FROM edgemirror.schema_version");
        free(harness_sql(&w->pg, "SET client_min_messages = warning; DROP PUBLICATION edgemirror; "
                                 "DROP SCHEMA edgemirror CASCADE"));
        for (int i = 0; i < AT_ONCE; i++)
                pids[i] = harness_program_start(w->folder, arguments);
        for (int i = 0; i < AT_ONCE; i++)
                assert_int_equal(harness_program_wait(pids[i]), 0);
        assert_int_equal(
                harness_sql_long(&w->pg, "SELECT max(version) FROM edgemirror.schema_version"),
                version);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.schema_version"),
                         version);
        assert_int_equal(sync_all(w), 0);
}

/* What is printed makes the schema that migrate makes, and changes nothing where it is there. */
static void the_printed_sql_makes_the_schema(void **state)
{
        World *w = *state;
        static const char shape[] =
                "SELECT string_agg(c::text, E'\\n' ORDER BY table_name, ordinal_position) FROM "
                "(SELECT table_name, column_name, data_type,"
                " is_nullable, ordinal_position FROM information_schema.columns WHERE table_schema "
                "= 'edgemirror') c";
        char *before = harness_sql(&w->pg, shape);
        assert_int_equal(RUN(w, "migrate", "--print"), 0);
        char *sql = harness_read(w->folder, "out");
        free(harness_sql(&w->pg, "SET client_min_messages = warning; DROP PUBLICATION IF EXISTS "
                                 "edgemirror; DROP SCHEMA edgemirror CASCADE"));
        for (int i = 0; i < 2; i++) {
                free(harness_sql(&w->pg, sql));
                assert_int_equal(
                        harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.schema_version"),
                        1);
        }
        char *after = harness_sql(&w->pg, shape);
        assert_string_equal(after, before);
        free(before);
        free(after);
        free(sql);
}

/* ---- status and schedule -------------------------------------------------------------------- */

static void status_has_the_members_of_the_contract(void **state)
{
        World *w = *state;
        static const char *const members[] = {"edge",
                                              "edgeConnectionId",
                                              "enabled",
                                              "origin",
                                              "state",
                                              "phase",
                                              "holder",
                                              "outcome",
                                              "refresh",
                                              "rowCount",
                                              "held",
                                              "pending",
                                              "rejected",
                                              "observedAt",
                                              "listedAt",
                                              "refreshedAt",
                                              "nextRunAt",
                                              "overdue",
                                              "consecutiveFailures",
                                              "job",
                                              "error"};
        assert_int_equal(RUN(w, "status"), 0);
        assert_says(w, "out", "the mirror has no edges yet; edgemirror -c ", true);
        assert_says(w, "out", " sync registers those of the configuration\n", true);
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(RUN(w, "status", "--json"), 0);
        assert_objects(w, members, sizeof(members) / sizeof(members[0]), 2);
        /* an edge goes by its id too */
        assert_int_equal(RUN(w, "status", "--json", w->edges[0]), 0);
        assert_objects(w, members, sizeof(members) / sizeof(members[0]), 1);
        assert_says(w, "out", "\"rowCount\":20,", true);
        assert_int_equal(RUN(w, "status", "nobody"), 2);
        assert_says(w, "err", "\"nobody\"", true);
}

static void schedule_needs_neither_catalog_nor_database(void **state)
{
        World *w = *state;
        static const char *const members[] = {"edge", "schedule", "timezone", "next"};
        char config[512];
        (void)snprintf(
                config, sizeof(config),
                "[catalog]\nurl = https://nowhere.invalid\nauth = bearer\ntoken_file = "
                "/nonexistent/token\n"
                "[postgres]\nconninfo = host=/nonexistent\n[defaults]\nspread = 0s\n"
                "[edge \"a\"]\nid = %s\nschedule = cron 30 2 * * *\ntimezone = Europe/Brussels\n",
                w->edges[0]);
        harness_write(w->folder, "edgemirror.conf", config);
        assert_int_equal(
                RUN(w, "schedule", "--json", "--count", "2", "--from", "2026-03-28T00:00Z"), 0);
        assert_objects(w, members, sizeof(members) / sizeof(members[0]), 1);
        assert_says(w, "out",
                    "\"next\":[\"2026-03-28T02:30:00+01:00\",\"2026-03-29T03:00:00+02:00\"]", true);
        assert_int_equal(RUN(w, "schedule"), 0); /* it cannot know of failures, and says so */
        assert_says(w, "out", "an edge whose last run failed is due at other times: edgemirror",
                    true);
        assert_int_equal(RUN(w, "schedule", "--count", "0"), 2);
        assert_int_equal(RUN(w, "schedule", "--from", "yesterday"), 2);
        assert_int_equal(RUN(w, "schedule", "nobody"), 2);
}

/* ---- sync ----------------------------------------------------------------------------------- */

static void sync_has_the_members_of_the_contract(void **state)
{
        World *w = *state;
        static const char *const members[] = {"edge",       "edgeConnectionId",
                                              "runId",      "outcome",
                                              "refresh",    "jobId",
                                              "jobState",   "listed",
                                              "added",      "changed",
                                              "removed",    "restored",
                                              "unchanged",  "held",
                                              "pending",    "rejected",
                                              "pages",      "requests",
                                              "durationMs", "error",
                                              "plan"};
        static const char *const error_members[] = {"scope", "code", "message", "httpStatus",
                                                    "sqlstate"};
        static const char *const plan_members[] = {"added", "changed", "removed", "pending",
                                                   "held"};
        const size_t n_members = sizeof(members) / sizeof(members[0]), n_plan = 1;

        assert_int_equal(RUN(w, "sync", "--json", "--dry-run"), 0);
        assert_objects(w, members, n_members, 2);
        take_results(w);
        for (int edge = 0; edge < 2; edge++) {
                const cJSON *plan = cJSON_GetObjectItem(w->results[edge], "plan");
                assert_members(plan, plan_members, 5);
                for (const cJSON *list = plan->child; list; list = list->next)
                        assert_true(cJSON_IsArray(list));
        }

        assert_int_equal(sync_all(w), 0);
        assert_objects(w, members, n_members - n_plan, 2);
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(w->results[0], "error")));

        fault(w, "list", "\"status\":403");
        assert_int_equal(sync_all(w), 1);
        assert_objects(w, members, n_members - n_plan, 2);
        const cJSON *error = cJSON_GetObjectItem(w->results[0], "error");
        assert_members(error, error_members, sizeof(error_members) / sizeof(error_members[0]));
        assert_string_equal(error_of(w, "scope"), "run");
        assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(error, "httpStatus")), 403);
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(error, "sqlstate")));
}

/* ---- PostgreSQL away ------------------------------------------------------------------------ */

static void the_database_that_is_away_is_69_and_said_once(void **state)
{
        World *w = *state;
        assert_int_equal(kill(w->pg.pid, SIGINT), 0);
        assert_int_equal(waitpid(w->pg.pid, NULL, 0), w->pg.pid);
        w->pg.pid = 0;
        int sync = RUN(w, "sync");
        char *out = harness_read(w->folder, "out");
        int status = RUN(w, "status"), migrate = RUN(w, "migrate"), check = RUN(w, "check");
        harness_postgres_resume(&w->pg);
        assert_int_equal(sync, 69);
        assert_int_equal(status, 69);
        assert_int_equal(migrate, 69);
        assert_int_equal(check, 69);
        const char *words = strstr(out, "no connection to PostgreSQL");
        assert_non_null(words);
        assert_null(strstr(words + 1, "no connection to PostgreSQL"));
        assert_non_null(strstr(out, "main "));
        assert_non_null(strstr(out, "other "));
        free(out);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(check_says_what_is_right, small_world),
                cmocka_unit_test_setup(check_as_json_is_an_object_for_each_line, small_world),
                cmocka_unit_test_setup(check_names_a_replication_slot_that_holds_the_log_back,
                                       small_world),
                cmocka_unit_test_setup(check_says_what_is_wrong_and_goes_on, small_world),
                cmocka_unit_test_setup(check_tells_a_wrong_path_of_the_url_from_a_wrong_id,
                                       small_world),
                cmocka_unit_test_setup(check_tells_a_wrong_id_where_the_list_of_all_fails,
                                       small_world),
                cmocka_unit_test_setup(a_file_that_cannot_be_used_is_78_for_every_command,
                                       small_world),
                cmocka_unit_test_setup(an_invalid_configuration_is_78_and_every_error_is_said,
                                       small_world),
                cmocka_unit_test_setup(status_has_the_members_of_the_contract, small_world),
                cmocka_unit_test_setup(sync_has_the_members_of_the_contract, small_world),
                cmocka_unit_test_setup(schedule_needs_neither_catalog_nor_database, small_world),
                cmocka_unit_test_setup(the_database_that_is_away_is_69_and_said_once, small_world),
                cmocka_unit_test_setup(
                        migrate_is_safe_to_run_again_and_refuses_what_it_does_not_know,
                        small_world),
                cmocka_unit_test_setup(several_migrations_at_once_make_one_schema, small_world),
                /* makes the schema anew */
                cmocka_unit_test_setup(the_printed_sql_makes_the_schema, small_world),
        };
        return cmocka_run_group_tests_name("commands", tests, world_setup, world_teardown);
}
