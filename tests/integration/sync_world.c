/*
 * sync_world: see the header.
 */
#include "integration/sync_world.h"
#include "integration/rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the world ------------------------------------------------------------------------------ */

void start_catalog(World *w, const char *rows)
{
        const char *const arguments[] = {
                "--edges",    "2",  "--rows",    rows, "--auth", "basic:svc:" SECRET,
                "--job-wait", "0s", "--job-run", "0s", NULL};
        harness_catalog_start(&w->catalog, w->folder, arguments);
        cJSON *edges = harness_control(&w->catalog, "/control/edges", NULL);
        for (int i = 0; i < 2; i++) {
                const char *id = cJSON_GetStringValue(
                        cJSON_GetObjectItem(cJSON_GetArrayItem(edges, i), "id"));
                (void)snprintf(w->edges[i], sizeof(w->edges[i]), "%s", id);
        }
        cJSON_Delete(edges);
}

void write_config(World *w, const char *job_timeout)
{
        char text[2048];
        (void)snprintf(text, sizeof(text),
                       "[catalog]\nurl = %s\nauth = basic\nusername = svc\npassword_file = "
                       "%s/password\nrequest_timeout = 5s\n"
                       "[postgres]\nconninfo = %s\n"
                       "[defaults]\npoll_min = 10ms\npoll_max = 50ms\nsettle = 100ms\nwait_timeout "
                       "= 1s\njob_timeout = %s\n"
                       "confirm_removals = 1\nremoval_delay = 0s\n"
                       "[edge \"main\"]\nid = %s\n[edge \"other\"]\nid = %s\n",
                       w->catalog.url, w->folder, w->pg.service, job_timeout, w->edges[0],
                       w->edges[1]);
        harness_write(w->folder, "edgemirror.conf", text);
        harness_write(w->folder, "password", SECRET "\n");
}

int world_setup(void **state)
{
        World *w = calloc(1, sizeof(*w));
        harness_postgres_start(&w->pg);
        harness_folder_make("sync", w->folder);
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

int world_teardown(void **state)
{
        World *w = *state;
        if (!w) /* the set-up failed */
                return 0;
        forget_results(w);
        harness_catalog_stop(&w->catalog);
        harness_postgres_destroy(&w->pg);
        harness_folder_remove(w->folder);
        free(w);
        return 0;
}

void begin_again(World *w, const char *rows, const char *job_timeout)
{
        harness_catalog_stop(&w->catalog);
        start_catalog(w, rows);
        write_config(w, job_timeout);
        free(harness_sql(
                &w->pg,
                "TRUNCATE edgemirror.edge, edgemirror.edge_claim, edgemirror.database_connection,"
                " edgemirror.database_connection_past, edgemirror.sync_run, edgemirror.catalog,"
                " edgemirror.rejected_row"));
}

int small_world(void **state)
{
        begin_again(*state, "20", "1s");
        return 0;
}

void control(World *w, const char *path, const char *body)
{
        cJSON_Delete(harness_control(&w->catalog, path, body));
}

long count_in_requests(const World *w, const char *query, const char *words)
{
        char path[128];
        long n = 0;
        (void)snprintf(path, sizeof(path), "/control/log?%s", query);
        char *record = harness_control_text(&w->catalog, path);
        for (const char *at = strstr(record, words); at; at = strstr(at + 1, words))
                n++;
        free(record);
        return n;
}

void fault(World *w, const char *kind, const char *members)
{
        char rule[1024];
        (void)snprintf(rule, sizeof(rule), "{\"kind\":\"%s\",\"edge\":\"%s\",%s}", kind,
                       w->edges[0], members);
        control(w, "/control/faults", rule);
}

enum { ARGUMENTS_MAX = 8 };

int run_command(World *w, const char *const *command)
{
        const char *arguments[ARGUMENTS_MAX + 3] = {"-c", w->config};
        for (size_t i = 0; i < ARGUMENTS_MAX && command[i]; i++)
                arguments[2 + i] = command[i];
        return harness_program(w->folder, arguments);
}

void assert_says(World *w, const char *file, const char *words, bool said)
{
        char *text = harness_read(w->folder, file);
        if ((strstr(text, words) != NULL) != said)
                fail_msg("\"%s\" is %sin %s:\n%s", words, said ? "not " : "", file, text);
        free(text);
}

void assert_members(const cJSON *object, const char *const *members, size_t n_members)
{
        size_t i = 0;
        assert_non_null(object);
        for (const cJSON *m = object->child; m; m = m->next, i++) {
                assert_true(i < n_members);
                assert_string_equal(m->string, members[i]);
        }
        assert_int_equal(i, n_members);
}

void assert_objects(World *w, const char *const *members, size_t n_members, size_t n_objects)
{
        char *out = harness_read(w->folder, "out"), *left = NULL;
        size_t n = 0;
        for (char *line = strtok_r(out, "\n", &left); line;
             line = strtok_r(NULL, "\n", &left), n++) {
                cJSON *object = cJSON_Parse(line);
                assert_members(object, members, n_members);
                cJSON_Delete(object);
        }
        assert_int_equal(n, n_objects);
        free(out);
}

void take_results(World *w)
{
        char *out = harness_read(w->folder, "out");
        forget_results(w);
        for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
                cJSON *object = cJSON_Parse(line);
                assert_non_null(object);
                int i = strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(object, "edge")), "main") !=
                        0;
                assert_null(w->results[i]);
                w->results[i] = object;
        }
        free(out);
}

int sync_all(World *w)
{
        const char *const arguments[] = {"-c", w->config, "sync", "--json", NULL};
        int status = harness_program(w->folder, arguments);
        take_results(w);
        return status;
}

const char *text_of(const World *w, int edge, const char *name)
{
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(w->results[edge], name));
        return text ? text : "null";
}

int number_of(const World *w, int edge, const char *name)
{
        return (int)cJSON_GetNumberValue(cJSON_GetObjectItem(w->results[edge], name));
}

const char *error_of(const World *w, const char *name)
{
        const char *text = cJSON_GetStringValue(
                cJSON_GetObjectItem(cJSON_GetObjectItem(w->results[0], "error"), name));
        return text ? text : "null";
}

void assert_mirror_equals_catalog(World *w)
{
        for (int edge = 0; edge < 2; edge++)
                assert_edge_equals_catalog(&w->pg, &w->catalog, w->edges[edge]);
}

/* So that every case has something to mirror, and a mirror that moves when it should not is seen.
 */
static void add_a_row(World *w, size_t number)
{
        for (int edge = 0; edge < 2; edge++) {
                char path[128], row[64];
                (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[edge]);
                (void)snprintf(row, sizeof(row), "{\"op\":\"add\",\"name\":\"case %zu\"}", number);
                control(w, path, row);
        }
}

static void assert_last_run(World *w, int edge, const char *outcome, const char *refresh,
                            const char *code)
{
        char sql[300], expected[128];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT outcome || ' ' || coalesce(refresh, 'null') || ' ' || "
                       "coalesce(error_code, 'null')"
                       " FROM edgemirror.sync_run WHERE edge_connection_id = '%s' ORDER BY run_id "
                       "DESC LIMIT 1",
                       w->edges[edge]);
        (void)snprintf(expected, sizeof(expected), "%s %s %s", outcome, refresh, code);
        char *journal = harness_sql(&w->pg, sql);
        assert_string_equal(journal, expected);
        free(journal);
}

static void run_case(World *w, const Case *c)
{
        char *before = rows_of_mirror(&w->pg, w->edges[0]);
        int status = sync_all(w);
        print_message("%s %s: %d %s, refresh %s, %s\n", c->kind, c->members, status,
                      text_of(w, 0, "outcome"), text_of(w, 0, "refresh"), error_of(w, "code"));
        assert_int_equal(status, c->status);
        assert_string_equal(text_of(w, 0, "outcome"), c->outcome);
        assert_string_equal(text_of(w, 0, "refresh"), c->refresh);
        assert_string_equal(error_of(w, "code"), c->code);
        assert_last_run(w, 0, c->outcome, c->refresh, c->code);
        if (strcmp(c->outcome, "failed") == 0) {
                assert_same_rows(rows_of_mirror(&w->pg, w->edges[0]), before);
        } else {
                assert_same_rows(rows_of_mirror(&w->pg, w->edges[0]),
                                 rows_of_catalog(&w->catalog, w->edges[0]));
                free(before);
        }

        assert_string_equal(text_of(w, 1, "outcome"), "synced");
        assert_last_run(w, 1, "synced", "clean", "null");
        assert_edge_equals_catalog(&w->pg, &w->catalog, w->edges[1]);
}

void run_cases(World *w, const Case *cases, size_t n)
{
        begin_again(w, "20", "1s");
        assert_int_equal(sync_all(w), 0);
        for (size_t i = 0; i < n; i++) {
                add_a_row(w, i);
                control(w, "/control/faults", "");
                fault(w, cases[i].kind, cases[i].members);
                run_case(w, &cases[i]);
        }
}

/* ---- waiting -------------------------------------------------------------------------------- */

enum { LOOKS_MAX = 1000, AWAIT_SECONDS = 60 };

static void pause_10_ms(void)
{
        const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
        (void)nanosleep(&pause, NULL);
}

void await_sql(World *w, const char *sql)
{
        if (!harness_await_sql(&w->pg, sql, AWAIT_SECONDS))
                fail_msg("waited in vain: %s", sql);
}

void await_phase(World *w, const char *phase)
{
        char sql[200];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM edgemirror.sync_run WHERE phase = '%s' AND "
                       "edge_connection_id = '%s'",
                       phase, w->edges[0]);
        await_sql(w, sql);
}

void await_says(World *w, const char *file, const char *words)
{
        for (int i = 0;; i++) {
                char *text = harness_read(w->folder, file);
                bool said = strstr(text, words) != NULL;
                if (!said && i == LOOKS_MAX)
                        fail_msg("waited in vain for \"%s\" in %s:\n%s", words, file, text);
                free(text);
                if (said)
                        return;
                pause_10_ms();
        }
}
