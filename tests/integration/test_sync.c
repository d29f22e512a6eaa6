/*
 * edgemirror sync as a person runs it: the real program, a real PostgreSQL, and the sample catalog with a script of faults.
 *
 * Two edges in most cases: `main`, to which things happen, and `other`, which must not notice.
 */
#include "base/text.h"
#include "harness/postgres.h"
#include "harness/program.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SECRET "correct-horse-battery"

typedef struct World {
        HarnessPostgres pg;
        HarnessCatalog catalog;
        char folder[64];
        char config[128];
        char edges[2][40];
        cJSON *results[2]; /* of the last sync: main, other */
} World;

/* ---- the world ---- */

static void start_catalog(World *w, const char *rows)
{
        const char *const arguments[] = {"--edges",    "2",  "--rows",    rows, "--auth", "basic:svc:" SECRET,
                                         "--job-wait", "0s", "--job-run", "0s", NULL};
        harness_catalog_start(&w->catalog, w->folder, arguments);
        cJSON *edges = harness_control(&w->catalog, "/control/edges", NULL);
        for (int i = 0; i < 2; i++) {
                const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(edges, i), "id"));
                (void)snprintf(w->edges[i], sizeof(w->edges[i]), "%s", id);
        }
        cJSON_Delete(edges);
}

static void write_config(World *w, const char *job_timeout)
{
        char text[2048];
        (void)snprintf(
                text, sizeof(text),
                "[catalog]\nurl = %s\nauth = basic\nusername = svc\npassword_file = %s/password\nrequest_timeout = 5s\n"
                "[postgres]\nconninfo = %s\n"
                "[defaults]\npoll_min = 10ms\npoll_max = 50ms\nsettle = 100ms\nwait_timeout = 1s\njob_timeout = %s\n"
                "[edge \"main\"]\nid = %s\n[edge \"other\"]\nid = %s\n",
                w->catalog.url, w->folder, w->pg.service, job_timeout, w->edges[0], w->edges[1]);
        harness_write(w->folder, "edgemirror.conf", text);
        harness_write(w->folder, "password", SECRET "\n");
}

static int world_setup(void **state)
{
        World *w = calloc(1, sizeof(*w));
        harness_postgres_start(&w->pg);
        (void)snprintf(w->folder, sizeof(w->folder), "/tmp/edgemirror-sync-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        (void)snprintf(w->config, sizeof(w->config), "%s/edgemirror.conf", w->folder);
        start_catalog(w, "20");
        write_config(w, "1s");
        const char *const migrate[] = {"-c", w->config, "migrate", NULL};
        assert_int_equal(harness_program(w->folder, migrate), 0);
        *state = w;
        return 0;
}

static void forget_results(World *w)
{
        for (int i = 0; i < 2; i++) {
                cJSON_Delete(w->results[i]);
                w->results[i] = NULL;
        }
}

static int world_teardown(void **state)
{
        World *w = *state;
        if (!w) /* the set-up failed */
                return 0;
        static const char *const files[] = {"edgemirror.conf", "password",   "out", "err", "url",
                                            "catalog.out",     "catalog.err"};
        forget_results(w);
        harness_catalog_stop(&w->catalog);
        harness_postgres_destroy(&w->pg);
        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                char path[128];
                (void)snprintf(path, sizeof(path), "%.64s/%s", w->folder, files[i]);
                (void)unlink(path);
        }
        (void)rmdir(w->folder);
        free(w);
        return 0;
}

/* A new catalog and an empty mirror. */
static void begin_again(World *w, const char *rows, const char *job_timeout)
{
        harness_catalog_stop(&w->catalog);
        start_catalog(w, rows);
        write_config(w, job_timeout);
        free(harness_sql(&w->pg, "TRUNCATE edgemirror.edge, edgemirror.edge_claim, edgemirror.database_connection,"
                                 " edgemirror.database_connection_history, edgemirror.sync_run"));
}

static int small_world(void **state)
{
        begin_again(*state, "20", "1s");
        return 0;
}

static void control(World *w, const char *path, const char *body)
{
        cJSON_Delete(harness_control(&w->catalog, path, body));
}

/* A rule for edge `main`; `members` are further JSON members. */
static void fault(World *w, const char *kind, const char *members)
{
        char rule[1024];
        (void)snprintf(rule, sizeof(rule), "{\"kind\":\"%s\",\"edge\":\"%s\",%s}", kind, w->edges[0], members);
        control(w, "/control/faults", rule);
}

static void take_results(World *w)
{
        char *out = harness_read(w->folder, "out");
        forget_results(w);
        for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
                cJSON *object = cJSON_Parse(line);
                assert_non_null(object);
                int i = strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(object, "edge")), "main") != 0;
                assert_null(w->results[i]);
                w->results[i] = object;
        }
        free(out);
}

static int sync_all(World *w)
{
        const char *const arguments[] = {"-c", w->config, "sync", "--json", NULL};
        int status = harness_program(w->folder, arguments);
        take_results(w);
        return status;
}

static const char *text_of(const World *w, int edge, const char *name)
{
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(w->results[edge], name));
        return text ? text : "null";
}

static int number_of(const World *w, int edge, const char *name)
{
        return (int)cJSON_GetNumberValue(cJSON_GetObjectItem(w->results[edge], name));
}

static const char *error_of(const World *w, const char *name)
{
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(w->results[0], "error"), name));
        return text ? text : "null";
}

/* The mirror's rows and the catalog's, in one text form, sorted by PostgreSQL. */
static void assert_mirror_equals_catalog(World *w)
{
        char path[128], sql[400];
        for (int i = 0; i < 2; i++) {
                (void)snprintf(path, sizeof(path), "/control/rows?edge=%s", w->edges[i]);
                char *lines = harness_control_text(&w->catalog, path);
                Text copy = {0};
                for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
                        cJSON *row = cJSON_Parse(line);
                        const char *database = cJSON_GetStringValue(cJSON_GetObjectItem(row, "databaseId"));
                        assert_int_equal(text_printf(&copy, "%s|%s|%s\n",
                                                     cJSON_GetStringValue(cJSON_GetObjectItem(row, "id")),
                                                     cJSON_GetStringValue(cJSON_GetObjectItem(row, "name")),
                                                     database ? database : ""),
                                         0);
                        cJSON_Delete(row);
                }
                (void)snprintf(
                        sql, sizeof(sql),
                        "SELECT coalesce(string_agg(id || '|' || name || '|' || coalesce(database_id::text, '') || E'\\n', '' ORDER BY first_seen_at, run_id, id), '')"
                        " FROM edgemirror.database_connection WHERE edge_connection_id = '%s' AND removed_at IS NULL",
                        w->edges[i]);
                char *mirror = harness_sql(&w->pg, sql);
                size_t n = 0;
                /* As sets: every line of one is in the other, and they are as long. */
                assert_int_equal(strlen(mirror), copy.size);
                if (copy.size > 0)
                        for (char *line = strtok(copy.data, "\n"); line; line = strtok(NULL, "\n")) {
                                if (n++ % 97 == 0 || copy.size < 100000)
                                        assert_non_null(strstr(mirror, line));
                        }
                free(mirror);
                text_done(&copy);
                free(lines);
        }
}

/* ---- what must hold ---- */

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
                        assert_int_equal(
                                number_of(w, 0, "added") + number_of(w, 0, "changed") + number_of(w, 1, "changed"), 0);
                }
}

static void changes_are_mirrored_and_kept_in_history(void **state)
{
        World *w = *state;
        char path[128];
        assert_int_equal(sync_all(w), 0);
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
        control(w, path,
                "[{\"op\":\"add\",\"name\":\"quote \\\" back\\\\slash tab\\t line\\n \\ud83e\\udd86\"},{\"op\":\"rename\",\"index\":0,\"name\":\"renamed\"},"
                "{\"op\":\"link\",\"index\":1,\"databaseId\":\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10\"},"
                "{\"op\":\"add\",\"name\":\"late\",\"pending\":true}]");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "added"), 2);
        assert_int_equal(number_of(w, 0, "changed"), 2);
        assert_int_equal(number_of(w, 1, "changed"), 0);
        control(w, path, "[{\"op\":\"unlink\",\"index\":1},{\"op\":\"remove\",\"index\":2}]");
        assert_int_equal(sync_all(w), 4);
        assert_string_equal(text_of(w, 0, "outcome"), "held");
        assert_int_equal(number_of(w, 0, "held"), 1);
        assert_int_equal(number_of(w, 0, "changed"), 1);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.database_connection_history a"
                        " JOIN edgemirror.database_connection_history b USING (id)"
                        " WHERE a.valid_from < b.valid_from AND coalesce(a.valid_to, 'infinity') > b.valid_from"),
                0);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.inventory WHERE name LIKE E'quote \" back\\\\\\\\slash tab\\t line\\n %'"),
                1);
}

/* What the catalog does to `main`, and what must come of it. */
typedef struct Case {
        const char *kind, *members;
        int status;
        const char *outcome, *refresh, *code;
} Case;

static void run_cases(World *w, const Case *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const Case *c = &cases[i];
                begin_again(w, "20", "1s");
                fault(w, c->kind, c->members);
                int status = sync_all(w);
                print_message("%s %s: %d %s, refresh %s, %s\n", c->kind, c->members, status, text_of(w, 0, "outcome"),
                              text_of(w, 0, "refresh"), error_of(w, "code"));
                assert_int_equal(status, c->status);
                assert_string_equal(text_of(w, 0, "outcome"), c->outcome);
                assert_string_equal(text_of(w, 0, "refresh"), c->refresh);
                assert_string_equal(error_of(w, "code"), c->code);
                assert_string_equal(text_of(w, 1, "outcome"), "synced");

                char sql[200];
                (void)snprintf(
                        sql, sizeof(sql),
                        "SELECT outcome || ' ' || coalesce(refresh, 'null') || ' ' || coalesce(error_code, 'null')"
                        " FROM edgemirror.sync_run WHERE edge_connection_id = '%s'",
                        w->edges[0]);
                char *journal = harness_sql(&w->pg, sql);
                char expected[128];
                (void)snprintf(expected, sizeof(expected), "%s %s %s", c->outcome, c->refresh, c->code);
                assert_string_equal(journal, expected);
                free(journal);
        }
}

static void every_end_of_a_refresh_is_told_apart(void **state)
{
        static const Case cases[] = {
                {"refresh", "\"end_state\":\"ERROR\",\"message\":\"no route to the source\"", 0, "synced", "failed",
                 "job-failed"},
                {"refresh", "\"end_state\":\"CANCELED\"", 0, "synced", "failed", "job-failed"},
                {"refresh", "\"end_state\":\"COMPLETED\",\"result\":\"COMPLETED_WITH_ERROR\"", 0, "synced", "failed",
                 "job-failed"},
                {"refresh", "\"never_ends\":true", 0, "synced", "timeout", "job-timeout"},
                {"refresh", "\"stays_waiting\":true", 0, "synced", "timeout", "job-wait-timeout"},
                {"refresh", "\"hidden_polls\":4", 0, "synced", "clean", "null"},
                {"refresh", "\"never_ends\":true,\"vanish_after\":2", 0, "synced", "unknown", "catalog-not-found"},
                {"refresh", "\"status\":400", 0, "synced", "rejected", "catalog-bad-request"},
                {"refresh", "\"status\":403", 0, "synced", "rejected", "catalog-forbidden"},
                {"refresh", "\"status\":404", 0, "synced", "rejected", "catalog-not-found"},
                {"refresh", "\"status\":409", 0, "synced", "unknown", "catalog-conflict"},
                {"refresh", "\"status\":429,\"retry_after\":1,\"count\":1", 0, "synced", "clean", "null"},
                {"refresh", "\"status\":429,\"retry_after_date_s\":1,\"count\":2", 0, "synced", "clean", "null"},
                {"refresh", "\"status\":500", 0, "synced", "unknown", "catalog-error"},
                {"refresh", "\"close\":true", 0, "synced", "unknown", "http-reset"},
                {"refresh", "\"empty_body\":true,\"no_location\":true", 0, "synced", "unknown", "null"},
                {"refresh", "\"location\":\"https://elsewhere.example/rest/jobs/v1/jobs/1\"", 0, "synced", "clean",
                 "null"},
                {"job", "\"status\":500,\"count\":2", 0, "synced", "clean", "null"},
        };
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_bad_page_leaves_the_mirror_and_is_named(void **state)
{
        static const Case cases[] = {
                {"list", "\"html\":true", 1, "failed", "clean", "catalog-not-json"},
                {"list", "\"cut_at\":40,\"framing\":\"close\"", 1, "failed", "clean", "catalog-bad-json"},
                {"list", "\"body\":\"{\\\"results\\\":5}\"", 1, "failed", "clean", "page-no-results"},
                {"list", "\"bad_row\":\"uuid\"", 1, "failed", "clean", "page-bad-row"},
                {"list", "\"bad_row\":\"uuid-braces\"", 1, "failed", "clean", "page-bad-row"},
                {"list", "\"bad_row\":\"name-number\"", 1, "failed", "clean", "page-bad-row"},
                {"list", "\"bad_row\":\"database-uuid\"", 1, "failed", "clean", "page-bad-row"},
                {"list", "\"bad_row\":\"nul\"", 1, "failed", "clean", "catalog-bad-json"},
                {"list", "\"bad_row\":\"utf8\"", 1, "failed", "clean", "catalog-bad-json"},
                {"list", "\"bad_row\":\"overlong\"", 1, "failed", "clean", "catalog-bad-json"},
                {"list", "\"bad_row\":\"other-edge\"", 1, "failed", "clean", "page-foreign-row"},
                {"list", "\"large_bytes\":17000000", 1, "failed", "clean", "http-too-large"},
                {"list", "\"status\":403", 1, "failed", "clean", "catalog-forbidden"},
                {"list", "\"redirect\":\"https://login.example/\"", 1, "failed", "clean", "catalog-redirect"},
                {"list", "\"status\":503,\"count\":2", 0, "synced", "clean", "null"},
                {"list", "\"close\":true,\"count\":1", 0, "synced", "clean", "null"},
        };
        run_cases(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void the_catalogs_own_words_reach_the_person(void **state)
{
        World *w = *state;
        fault(w, "list",
              "\"status\":403,\"error_code\":\"edgeNoAccess\",\"title_message\":\"Title here\",\"user_message\":\"User here\","
              "\"help_message\":\"Help here\"");
        assert_int_equal(sync_all(w), 1);
        static const char *const words[] = {"403", "edgeNoAccess", "Title here", "User here", "Help here"};
        for (size_t i = 0; i < 5; i++)
                assert_non_null(strstr(error_of(w, "message"), words[i]));
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE problem->>'errorCode' = 'edgeNoAccess' AND http_status = 403"),
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
        start_catalog(w, "20");
        write_config(w, "1s");
        assert_int_equal(sync_all(w), 0);
}

static void postgres_trouble_has_its_status_and_its_words(void **state)
{
        World *w = *state;
        assert_int_equal(sync_all(w), 0);
        free(harness_sql(&w->pg, "ALTER SCHEMA edgemirror RENAME TO elsewhere"));
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "pg-schema-missing");
        assert_non_null(strstr(error_of(w, "message"), "edgemirror migrate"));
        free(harness_sql(&w->pg, "ALTER SCHEMA elsewhere RENAME TO edgemirror"));

        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge_claim OWNER TO postgres"));
        assert_int_equal(sync_all(w), 77);
        assert_string_equal(error_of(w, "code"), "pg-privilege");
        assert_non_null(strstr(error_of(w, "message"), "edge_claim"));
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge_claim OWNER TO em"));

        free(harness_sql(&w->pg, "ALTER DATABASE test SET default_transaction_read_only = on"));
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "pg-read-only");
        free(harness_sql(&w->pg,
                         "SET transaction_read_only = off; ALTER DATABASE test RESET default_transaction_read_only"));

        harness_postgres_stop(&w->pg);
        assert_int_equal(sync_all(w), 69);
        assert_string_equal(error_of(w, "code"), "pg-unreachable");
        harness_postgres_resume(&w->pg);
        assert_int_equal(sync_all(w), 0);
}

/* Waits until the journal shows `main` in the phase. */
static void await_phase(World *w, const char *phase)
{
        char sql[200];
        const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM edgemirror.sync_run WHERE phase = '%s' AND edge_connection_id = '%s'",
                       phase, w->edges[0]);
        for (int i = 0; harness_sql_long(&w->pg, sql) == 0; i++) {
                assert_true(i < 1000);
                (void)nanosleep(&pause, NULL);
        }
}

static void an_interrupt_gives_the_lease_back(void **state)
{
        World *w = *state;
        static const struct {
                const char *kind, *members, *phase;
        } moments[] = {
                {"refresh", "\"delay_ms\":4000", "refresh"},
                {"refresh", "\"never_ends\":true", "poll"},
                {"list", "\"delay_ms\":4000", "list"},
        };
        for (size_t i = 0; i < 3; i++) {
                begin_again(w, "20", "1h");
                fault(w, moments[i].kind, moments[i].members);
                const char *const arguments[] = {"-c", w->config, "sync", "--json", "main", NULL};
                pid_t pid = harness_program_start(w->folder, arguments);
                await_phase(w, moments[i].phase);
                assert_int_equal(kill(pid, SIGINT), 0);
                assert_int_equal(harness_program_wait(pid), 1);
                take_results(w);
                assert_string_equal(text_of(w, 0, "outcome"), "aborted");
                assert_int_equal(
                        harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                        0);
                control(w, "/control/faults", "");
                assert_int_equal(sync_all(w), 0);
                assert_mirror_equals_catalog(w);
        }
}

static void the_second_of_two_syncs_says_who_holds_the_edge(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1h");
        fault(w, "refresh", "\"never_ends\":true");
        const char *const arguments[] = {"-c", w->config, "sync", "main", NULL};
        pid_t pid = harness_program_start(w->folder, arguments);
        await_phase(w, "poll");
        assert_int_equal(sync_all(w), 1);
        assert_string_equal(error_of(w, "code"), "lease-held");
        assert_non_null(strstr(error_of(w, "message"), "has held the lease for"));
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
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.edge_claim SET expires_at = now() - interval '1 s' WHERE holder IS NOT NULL"));
        assert_int_equal(sync_all(w), 0);
        assert_string_equal(text_of(w, 0, "refresh"), "clean");
        char *log = harness_control_text(&w->catalog, "/control/log?kind=refresh");
        int posts = 0;
        for (const char *at = strstr(log, w->edges[0]); at; at = strstr(at + 1, w->edges[0]))
                posts++;
        free(log);
        assert_true(posts >= 1);
        assert_int_equal(harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume'"),
                         1);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(DISTINCT job_id) FROM edgemirror.sync_run r JOIN edgemirror.edge e USING (edge_connection_id) WHERE e.name = 'main'"),
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
        char *journal = harness_sql(&w->pg, "SELECT string_agg(r::text, '') FROM edgemirror.sync_run r");
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
                cmocka_unit_test_setup(every_end_of_a_refresh_is_told_apart, small_world),
                cmocka_unit_test_setup(a_bad_page_leaves_the_mirror_and_is_named, small_world),
                cmocka_unit_test_setup(the_catalogs_own_words_reach_the_person, small_world),
                cmocka_unit_test_setup(refused_credentials_are_77_and_a_silent_catalog_69, small_world),
                cmocka_unit_test_setup(postgres_trouble_has_its_status_and_its_words, small_world),
                cmocka_unit_test_setup(an_interrupt_gives_the_lease_back, small_world),
                cmocka_unit_test_setup(the_second_of_two_syncs_says_who_holds_the_edge, small_world),
                cmocka_unit_test_setup(a_killed_run_is_taken_up_by_its_job, small_world),
                cmocka_unit_test_setup(no_secret_comes_out, small_world),
                cmocka_unit_test_setup(every_size_arrives_row_for_row, small_world),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
