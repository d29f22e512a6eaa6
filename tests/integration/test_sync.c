/*
 * edgemirror sync as a person runs it: the real program, a real PostgreSQL, and the sample catalog
 * with a script of faults.
 *
 * Two edges in most cases: `main`, to which things happen, and `other`, which must not notice.
 */
#include "base/text.h"
#include "integration/sync_world.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what must hold ------------------------------------------------------------------------- */

static void every_size_arrives_row_for_row(void **state)
{
        World *w = *state;
        static const char *const sizes[] = {"0,1", "499,500", "501,1230", "50000,2"};
        static const char *const caps[] = {"500", "100"};
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
                for (size_t k = 0; k < 2; k++) {
                        char setting[64];
                        begin_again(w, sizes[i], "1m");
                        (void)snprintf(setting, sizeof(setting), "{\"page_cap\":%s}", caps[k]);
                        control(w, "/control/settings", setting);
                        assert_int_equal(sync_all(w), 0);
                        assert_string_equal(text_of(w, 0, "outcome"), "synced");
                        assert_mirror_equals_catalog(w);
                        assert_int_equal(sync_all(w), 0);
                        assert_int_equal(number_of(w, 0, "added") + number_of(w, 0, "changed") +
                                                 number_of(w, 1, "changed"),
                                         0);
                }
}

static void changes_are_mirrored_and_kept_in_history(void **state)
{
        World *w = *state;
        char path[128];
        assert_int_equal(sync_all(w), 0);
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        control(w, path,
                "[{\"op\":\"add\",\"name\":\"new\"},{\"op\":\"rename\",\"index\":0,\"name\":"
                "\"renamed\"},"
                "{\"op\":\"link\",\"index\":1,\"databaseId\":\"5c1d3c52-3f3e-4f6b-8c1e-"
                "0a4f8f6f4d10\"},"
                "{\"op\":\"add\",\"name\":\"late\",\"pending\":true}]");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "added"), 2);
        assert_int_equal(number_of(w, 0, "changed"), 2);
        assert_int_equal(number_of(w, 1, "changed"), 0);
        control(w, path, "[{\"op\":\"unlink\",\"index\":1},{\"op\":\"remove\",\"index\":2}]");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "removed"), 1);
        assert_int_equal(number_of(w, 0, "changed"), 1);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.database_connection_history a"
                                 " JOIN edgemirror.database_connection_history b USING (id)"
                                 " WHERE a.valid_from < b.valid_from AND coalesce(a.valid_to, "
                                 "'infinity') > b.valid_from"),
                0);
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.inventory WHERE name = 'new'"),
                1);
}

/* ---- names ---------------------------------------------------------------------------------- */

static char *hex_of(const char *text)
{
        Text hex = {0};
        assert_int_equal(text_append(&hex, "", 0), 0);
        for (; *text; text++)
                assert_int_equal(text_printf(&hex, "%02x", (unsigned char)*text), 0);
        return hex.data;
}

/* Adds a row of this name to `main`, in the catalog. */
static void add_named(World *w, const char *name, char out_id[40])
{
        char path[128];
        cJSON *op = cJSON_CreateObject();
        assert_non_null(cJSON_AddStringToObject(op, "op", "add"));
        assert_non_null(cJSON_AddStringToObject(op, "name", name));
        char *body = cJSON_PrintUnformatted(op);
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        cJSON *answer = harness_control(&w->catalog, path, body);
        const char *id =
                cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(answer, "ids"), 0));
        assert_non_null(id);
        (void)snprintf(out_id, 40, "%s", id);
        cJSON_Delete(answer);
        cJSON_free(body);
        cJSON_Delete(op);
}

static void assert_name_is_everywhere(World *w, const char *id, const char *name)
{
        char sql[2048];
        (void)snprintf(
                sql, sizeof(sql),
                "SELECT string_agg(DISTINCT encode(convert_to(name, 'UTF8'), 'hex'), ' or ') FROM"
                " (SELECT name FROM edgemirror.database_connection WHERE id = '%s' UNION ALL"
                " SELECT name FROM edgemirror.database_connection_history WHERE id = '%s') n",
                id, id);
        char *is = harness_sql(&w->pg, sql), *should_be = hex_of(name);
        assert_string_equal(is, should_be);
        free(is);
        free(should_be);
}

/* Whatever JSON, COPY, SQL or a terminal may read as something else. Byte for byte, in the mirror
 * and in its history. */
static void names_arrive_exactly(void **state)
{
        World *w = *state;
        enum { LONGEST = 10000 };
        char *longest = calloc(LONGEST, 4 + 1);
        assert_non_null(longest);
        for (size_t i = 0; i < LONGEST; i++)
                memcpy(longest + 4 * i, "🦆", 4);
        const char *const names[] = {
                "",
                " ",
                "  both ends  ",
                "it's a \"quote\" `",
                "back\\slash \\\\ \\t \\x41 \\",
                "\\N",
                "\\.",
                "\\.\n\\.",
                "tab\there",
                "line\nand another\n",
                "\r\nCRLF",
                "a\x01\x1f\x7f",
                "\x1b[31mred",
                "🗄️ and e\xcc\x81 é",
                "NULL",
                "null",
                "%s %n",
                "{\"a\":[1]}",
                "\xe2\x80\xae turned",
                longest,
        };
        enum { NAMES = sizeof(names) / sizeof(names[0]) };
        char ids[NAMES][40];
        for (size_t i = 0; i < NAMES; i++)
                add_named(w, names[i], ids[i]);

        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "listed"), 20 + NAMES);
        for (size_t i = 0; i < NAMES; i++)
                assert_name_is_everywhere(w, ids[i], names[i]);

        /* Compared with what is there already, they are the same. */
        assert_int_equal(RUN(w, "sync", "--json", "--full"), 0);
        take_results(w);
        assert_int_equal(number_of(w, 0, "unchanged"), 20 + NAMES);
        assert_int_equal(RUN(w, "verify"), 0);
        free(longest);
}

static void every_end_of_a_refresh_is_told_apart(void **state)
{
        static const Case cases[] = {
                {"refresh", "\"end_state\":\"ERROR\",\"message\":\"no route to the source\"", 0,
                 "synced", "failed", "job-failed"},
                {"refresh", "\"end_state\":\"CANCELED\"", 0, "synced", "failed", "job-failed"},
                {"refresh", "\"end_state\":\"COMPLETED\",\"result\":\"COMPLETED_WITH_ERROR\"", 0,
                 "synced", "failed", "job-failed"},
                {"refresh", "\"never_ends\":true", 0, "synced", "timeout", "job-timeout"},
                {"refresh", "\"stays_waiting\":true", 0, "synced", "timeout", "job-wait-timeout"},
                {"refresh", "\"hidden_polls\":4", 0, "synced", "clean", "null"},
                {"refresh", "\"never_ends\":true,\"vanish_after\":2", 0, "synced", "unknown",
                 "catalog-not-found"},
                {"refresh", "\"status\":400", 0, "synced", "rejected", "catalog-bad-request"},
                {"refresh", "\"status\":403", 0, "synced", "rejected", "catalog-forbidden"},
                {"refresh", "\"status\":404", 0, "synced", "rejected", "catalog-not-found"},
                {"refresh", "\"status\":409", 0, "synced", "unknown", "catalog-conflict"},
                {"refresh", "\"status\":429,\"retry_after\":1,\"count\":1", 0, "synced", "clean",
                 "null"},
                {"refresh", "\"status\":429,\"retry_after_date_s\":1,\"count\":2", 0, "synced",
                 "clean", "null"},
                {"refresh", "\"status\":500", 0, "synced", "unknown", "catalog-error"},
                {"refresh", "\"close\":true", 0, "synced", "unknown", "http-reset"},
                {"refresh", "\"empty_body\":true,\"no_location\":true", 0, "synced", "unknown",
                 "null"},
                {"refresh", "\"location\":\"https://elsewhere.example/rest/jobs/v1/jobs/1\"", 0,
                 "synced", "clean", "null"},
                {"job", "\"status\":500,\"count\":2", 0, "synced", "clean", "null"},
        };
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Most runs find nothing changed, and would keep nothing longer than this. */
static void the_document_of_a_job_is_kept_where_it_tells_something(void **state)
{
        World *w = *state;
        char last[256];
        (void)snprintf(last, sizeof(last),
                       "SELECT concat_ws(' ', refresh, job_id IS NOT NULL, job IS NOT NULL)"
                       " FROM edgemirror.sync_run WHERE edge_connection_id = '%s'"
                       " ORDER BY run_id DESC LIMIT 1",
                       w->edges[0]);
        static const struct {
                const char *fault, *run;
        } syncs[] = {
                {NULL, "clean t t"}, /* all rows are new */
                {NULL, "clean t f"},
                {"\"end_state\":\"ERROR\"", "failed t t"},
                {NULL, "clean t f"},
        };
        for (size_t i = 0; i < sizeof(syncs) / sizeof(syncs[0]); i++) {
                control(w, "/control/faults", "");
                if (syncs[i].fault)
                        fault(w, "refresh", syncs[i].fault);
                assert_int_equal(sync_all(w), 0);
                char *run = harness_sql(&w->pg, last);
                assert_string_equal(run, syncs[i].run);
                free(run);
        }
}

static void a_bad_page_leaves_the_mirror_and_is_named(void **state)
{
        static const Case cases[] = {
                {"list", "\"cut_at\":40,\"framing\":\"close\"", 1, "failed", "clean",
                 "catalog-bad-json"},
                {"list", "\"body\":\"{\\\"results\\\":5}\"", 1, "failed", "clean",
                 "page-no-results"},
                {"list", "\"body\":\"{\\\"results\\\":[{}]}\"", 1, "failed", "clean",
                 "page-bad-row"},
                {"list", "\"bad_row\":\"other-edge\"", 1, "failed", "clean", "page-foreign-row"},
                {"list", "\"large_bytes\":17000000", 1, "failed", "clean", "http-too-large"},
                {"list", "\"status\":403", 1, "failed", "clean", "catalog-forbidden"},
                {"list", "\"status\":503,\"count\":2", 0, "synced", "clean", "null"},
                {"list", "\"close\":true,\"count\":1", 0, "synced", "clean", "null"},
        };
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_page_that_is_too_large_names_the_option(void **state)
{
        World *w = *state;
        fault(w, "list", "\"large_bytes\":17000000");
        assert_int_equal(sync_all(w), 1);
        assert_non_null(strstr(error_of(w, "message"),
                               "list at offset 0: a page of 500 rows is too large "
                               "here, lower page_size of this edge; "));
}

static void the_catalogs_own_words_reach_the_person(void **state)
{
        World *w = *state;
        fault(w, "list",
              "\"status\":403,\"error_code\":\"edgeNoAccess\",\"title_message\":\"Title "
              "here\",\"user_message\":\"User here\","
              "\"help_message\":\"Help here\"");
        assert_int_equal(sync_all(w), 1);
        static const char *const words[] = {"403", "edgeNoAccess", "Title here", "User here",
                                            "Help here"};
        for (size_t i = 0; i < 5; i++)
                assert_non_null(strstr(error_of(w, "message"), words[i]));
        assert_int_equal(
                harness_sql_long(&w->pg,
                                 "SELECT count(*) FROM edgemirror.sync_run WHERE "
                                 "problem->>'errorCode' = 'edgeNoAccess' AND http_status = 403"),
                1);
}

static void refused_credentials_are_77_and_a_silent_catalog_69(void **state)
{
        World *w = *state;
        harness_write(w->folder, "password", "wrong-password\n");
        assert_int_equal(sync_all(w), 77);
        assert_string_equal(error_of(w, "code"), "catalog-unauthorized");
        harness_write(w->folder, "password", SECRET "\n");
        harness_catalog_stop(&w->catalog);
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "http-connect");
        assert_int_equal(number_of(w, 0, "requests"), 0); /* though it was tried five times */
        start_catalog(w, "20");
        write_config(w, "1s");
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.catalog")); /* it has another port now */
        assert_int_equal(sync_all(w), 0);
}

/* One edge whose list a gateway gives up on is a failure of that edge. */
static void a_gateway_that_answers_for_every_edge_is_69_and_for_one_1(void **state)
{
        World *w = *state;
        fault(w, "list", "\"status\":503");
        assert_int_equal(RUN(w, "sync", "--no-refresh"), 1);
        /* A page, or a redirect, in place of the list of an edge that is not the first. */
        static const char *const answers[] = {"\"html\":true",
                                              "\"redirect\":\"https://idp.example/\""};
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
                char rule[200];
                control(w, "/control/faults", "");
                (void)snprintf(rule, sizeof(rule), "{\"kind\":\"list\",\"edge\":\"%s\",%s}",
                               w->edges[1], answers[i]);
                control(w, "/control/faults", rule);
                assert_int_equal(RUN(w, "sync", "--no-refresh"), 1);
        }
        control(w, "/control/faults", "");
        control(w, "/control/faults", "{\"kind\":\"any\",\"status\":503}");
        assert_int_equal(RUN(w, "sync", "--no-refresh"), 69);
        assert_int_equal(RUN(w, "check"), 69);
        control(w, "/control/faults", "");
        assert_int_equal(RUN(w, "sync", "--no-refresh"), 0);
}

static void postgres_trouble_has_its_status_and_its_words(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "ALTER SCHEMA edgemirror RENAME TO elsewhere"));
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "pg-schema-missing");
        assert_non_null(strstr(error_of(w, "message"), ".conf migrate"));
        free(harness_sql(&w->pg, "ALTER SCHEMA elsewhere RENAME TO edgemirror"));

        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge_claim OWNER TO postgres"));
        assert_int_equal(sync_all(w), 77);
        assert_string_equal(error_of(w, "code"), "pg-privilege");
        assert_non_null(strstr(error_of(w, "message"), "edge_claim"));
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge_claim OWNER TO em"));

        free(harness_sql(&w->pg, "ALTER DATABASE test SET default_transaction_read_only = on"));
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "pg-read-only");
        free(harness_sql(&w->pg, "SET transaction_read_only = off; ALTER DATABASE test RESET "
                                 "default_transaction_read_only"));

        harness_postgres_stop(&w->pg);
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "pg-unreachable");
        harness_postgres_resume(&w->pg);
        assert_int_equal(sync_all(w), 0);
}

static void the_second_of_two_syncs_says_who_holds_the_edge(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1h");
        fault(w, "refresh", "\"never_ends\":true");
        const char *const arguments[] = {"-c", w->config, "sync", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        assert_int_equal(sync_all(w), 0);
        assert_string_equal(error_of(w, "code"), "lease-held");
        assert_non_null(strstr(error_of(w, "message"), " has been syncing this edge for "));
        assert_int_equal(kill(pid, SIGINT), 0);
        assert_int_equal(harness_program_wait(pid), 1);
}

static void a_killed_run_is_taken_up_by_its_job(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1h");
        fault(w, "refresh", "\"job_run_ms\":1500");
        const char *const arguments[] = {"-c", w->config, "sync", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(harness_program_wait(pid), 256 + SIGKILL);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() - interval "
                                 "'1 s' WHERE holder IS NOT NULL"));
        assert_int_equal(sync_all(w), 0);
        assert_string_equal(text_of(w, 0, "refresh"), "clean");
        char *log = harness_control_text(&w->catalog, "/control/log?kind=refresh");
        int posts = 0;
        for (const char *at = strstr(log, w->edges[0]); at; at = strstr(at + 1, w->edges[0]))
                posts++;
        free(log);
        assert_true(posts >= 1);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume'"),
                1);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(DISTINCT job_id) FROM edgemirror.sync_run r JOIN "
                        "edgemirror.edge e USING (edge_connection_id) WHERE e.name = 'main'"),
                1);
}

static void no_secret_comes_out(void **state)
{
        World *w = *state;
        /* A catalog that echoes what it got. */
        fault(w, "list", "\"status\":403,\"user_message\":\"you sent " SECRET "\"");
        const char *const arguments[] = {"-c", w->config, "sync", "-v", NULL};
        assert_int_equal(harness_program(w->folder, arguments), 1);
        char *out = harness_read(w->folder, "out");
        char *err = harness_read(w->folder, "err");
        char *journal =
                harness_sql(&w->pg, "SELECT string_agg(r::text, '') FROM edgemirror.sync_run r");
        assert_non_null(strstr(out, "you sent"));
        assert_null(strstr(out, SECRET));
        assert_null(strstr(err, SECRET));
        assert_null(strstr(journal, SECRET));
        free(out);
        free(err);
        free(journal);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(changes_are_mirrored_and_kept_in_history, small_world),
                cmocka_unit_test_setup(names_arrive_exactly, small_world),
                cmocka_unit_test_setup(every_end_of_a_refresh_is_told_apart, small_world),
                cmocka_unit_test_setup(the_document_of_a_job_is_kept_where_it_tells_something,
                                       small_world),
                cmocka_unit_test_setup(a_bad_page_leaves_the_mirror_and_is_named, small_world),
                cmocka_unit_test_setup(a_page_that_is_too_large_names_the_option, small_world),
                cmocka_unit_test_setup(the_catalogs_own_words_reach_the_person, small_world),
                cmocka_unit_test_setup(refused_credentials_are_77_and_a_silent_catalog_69,
                                       small_world),
                cmocka_unit_test_setup(a_gateway_that_answers_for_every_edge_is_69_and_for_one_1,
                                       small_world),
                cmocka_unit_test_setup(postgres_trouble_has_its_status_and_its_words, small_world),
                cmocka_unit_test_setup(the_second_of_two_syncs_says_who_holds_the_edge,
                                       small_world),
                cmocka_unit_test_setup(a_killed_run_is_taken_up_by_its_job, small_world),
                cmocka_unit_test_setup(no_secret_comes_out, small_world),
                cmocka_unit_test_setup(every_size_arrives_row_for_row, small_world),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
