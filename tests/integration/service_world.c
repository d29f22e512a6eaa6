/*
 * service_world: see the header.
 */
#include "integration/service_world.h"
#include "base/text.h"
#include "integration/rows.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A run whose PostgreSQL is gone for good gives up after somewhat more than a minute: the
 * attempts to apply, then those to record the end. */
enum { AWAIT_SECONDS = 240 };

/* ---- the world ------------------------------------------------------------------------------ */

void service_start_catalog(ServiceWorld *w, const char *rows, const char *port)
{
        char edges[16];
        (void)snprintf(edges, sizeof(edges), "%d", w->n_edges);
        const char *const arguments[] = {
                "--edges",           edges,    "--rows", rows,         "--auth",
                "basic:svc:" SECRET, "--port", port,     "--job-wait", "0s",
                "--job-run",         "0s",     NULL};
        harness_catalog_start(&w->catalog, w->folder, arguments);
        cJSON *list = harness_control(&w->catalog, "/control/edges", NULL);
        for (int i = 0; i < w->n_edges; i++) {
                const char *id = cJSON_GetStringValue(
                        cJSON_GetObjectItem(cJSON_GetArrayItem(list, i), "id"));
                (void)snprintf(w->edges[i], sizeof(w->edges[i]), "%s", id);
        }
        cJSON_Delete(list);
}

const char *catalog_port(const ServiceWorld *w)
{
        return strrchr(w->catalog.url, ':') + 1;
}

void write_password(ServiceWorld *w, const char *password)
{
        char line[128];
        (void)snprintf(line, sizeof(line), "%s\n", password);
        harness_write(w->folder, "password", line);
}

void service_write_config(ServiceWorld *w)
{
        Text text = {0};
        assert_int_equal(
                text_printf(
                        &text,
                        "[catalog]\nurl = %s\nauth = basic\nusername = %s\npassword_file = "
                        "%s/password\n"
                        "request_timeout = %s\n%s\n[postgres]\nconninfo = %s\n%s\n[daemon]\n%s\n"
                        "[defaults]\nschedule = %s\nspread = 0s\npoll_min = 10ms\npoll_max = 50ms\n"
                        "settle = 100ms\nconfirm_removals = 1\nremoval_delay = "
                        "0s\n%s\n[monitor]\n%s\n",
                        w->url, w->user, w->folder, w->request_timeout, w->in_catalog, w->conninfo,
                        w->in_postgres, w->in_daemon, w->schedule, w->in_defaults, w->in_monitor),
                0);
        for (int i = 0; i < w->n_configured; i++)
                assert_int_equal(text_printf(&text, "[edge \"e%d\"]\nid = %s\n", i, w->edges[i]),
                                 0);
        harness_write(w->folder, "edgemirror.conf", text.data);
        text_done(&text);
}

int service_world_setup(void **state)
{
        ServiceWorld *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        harness_postgres_start(&w->pg);
        harness_folder_make("run", w->folder);
        (void)snprintf(w->config, sizeof(w->config), "%s/edgemirror.conf", w->folder);
        *state = w;
        service_begin_again(w, 1, "1");
        return 0;
}

static void no_services(ServiceWorld *w)
{
        for (int i = 0; i < WORLD_INSTANCES; i++)
                harness_service_done(&w->services[i]);
}

int service_world_teardown(void **state)
{
        ServiceWorld *w = *state;
        if (!w) /* the set-up failed */
                return 0;
        no_services(w);
        harness_catalog_stop(&w->catalog);
        harness_pgbouncer_stop(&w->bouncer);
        harness_postgres_destroy(&w->pg);
        harness_folder_remove(w->folder);
        free(w);
        return 0;
}

static void forget_settings(ServiceWorld *w)
{
        w->n_configured = w->n_edges;
        w->in_catalog[0] = w->in_postgres[0] = w->in_daemon[0] = w->in_defaults[0] = '\0';
        w->in_monitor[0] = '\0';
        (void)snprintf(w->url, sizeof(w->url), "%s", w->catalog.url);
        (void)snprintf(w->user, sizeof(w->user), "svc");
        (void)snprintf(w->schedule, sizeof(w->schedule), "weekly");
        (void)snprintf(w->request_timeout, sizeof(w->request_timeout), "30s");
        (void)snprintf(w->conninfo, sizeof(w->conninfo), "%s", w->pg.service);
        write_password(w, SECRET);
        service_write_config(w);
}

static void empty_database(ServiceWorld *w)
{
        HarnessPostgres maintenance = w->pg;
        (void)snprintf(maintenance.conninfo, sizeof(maintenance.conninfo),
                       "host=%s dbname=postgres user=postgres", w->pg.folder);
        free(harness_sql(&maintenance, "DROP DATABASE test WITH (FORCE)"));
        free(harness_sql(&maintenance, "CREATE DATABASE test OWNER em"));
        (void)snprintf(w->pg.conninfo, sizeof(w->pg.conninfo), "host=%s dbname=test user=postgres",
                       w->pg.folder);
}

void service_begin_again(ServiceWorld *w, int n_edges, const char *rows)
{
        const char *const migrate[] = {"-c", w->config, "migrate", NULL};
        no_services(w);
        if (w->pg.pid == 0)
                harness_postgres_resume(&w->pg);
        harness_catalog_stop(&w->catalog);
        assert_true(n_edges <= WORLD_EDGES_MAX);
        w->n_edges = n_edges;
        service_start_catalog(w, rows, "0");
        forget_settings(w);
        empty_database(w);
        assert_int_equal(harness_program(w->folder, migrate), 0);
}

int few_edges(void **state)
{
        service_begin_again(*state, 4, "20");
        return 0;
}

void short_leases(ServiceWorld *w)
{
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 2s");
        service_write_config(w);
}

bool through_pgbouncer(ServiceWorld *w)
{
        if (!harness_pgbouncer_installed()) {
                print_message("# not tried: pgbouncer is not installed\n");
                return false;
        }
        if (w->bouncer.pid == 0)
                harness_pgbouncer_start(&w->bouncer, &w->pg);
        (void)snprintf(w->conninfo, sizeof(w->conninfo), "%s", w->bouncer.service);
        service_write_config(w);
        return true;
}

/* ---- the service ---------------------------------------------------------------------------- */

HarnessService *service_begin(ServiceWorld *w, int i)
{
        char name[16];
        (void)snprintf(name, sizeof(name), "run%d", i);
        harness_service_start(&w->services[i], w->folder, name, w->config, true, 0);
        return &w->services[i];
}

HarnessService *service_start(ServiceWorld *w, int i)
{
        HarnessService *s = service_begin(w, i);
        harness_service_await(s, "READY=1", 1);
        harness_service_await_log(s, "the catalog answers", 1);
        return s;
}

void service_stop(ServiceWorld *w, int i)
{
        harness_service_signal(&w->services[i], SIGTERM);
        assert_int_equal(harness_service_wait(&w->services[i]), 0);
}

void service_configure(ServiceWorld *w, int n_edges)
{
        w->n_configured = n_edges;
        service_write_config(w);
}

HarnessService *service_start_with(ServiceWorld *w, int i, int n_edges)
{
        service_configure(w, n_edges);
        return service_start(w, i);
}

int service_program(ServiceWorld *w, const char *command, const char *option, const char *edge)
{
        const char *const arguments[] = {
                "-c", w->config, command, option ? option : edge, option ? edge : NULL, NULL};
        return harness_program(w->folder, arguments);
}

/* ---- the catalog ---------------------------------------------------------------------------- */

void service_control(ServiceWorld *w, const char *path, const char *body)
{
        cJSON_Delete(harness_control(&w->catalog, path, body));
}

void service_fault(ServiceWorld *w, const char *kind, int edge, const char *members)
{
        char rule[1024], which[64] = "";
        if (edge >= 0)
                (void)snprintf(which, sizeof(which), "\"edge\":\"%s\",", w->edges[edge]);
        (void)snprintf(rule, sizeof(rule), "{\"kind\":\"%s\",%s%s}", kind, which, members);
        service_control(w, "/control/faults", rule);
}

void service_release(ServiceWorld *w)
{
        service_control(w, "/control/release", "{}");
}

void no_faults(ServiceWorld *w)
{
        service_control(w, "/control/faults", "");
}

int requests(ServiceWorld *w, const char *kind, int edge, int status)
{
        char path[64];
        int n = 0;
        (void)snprintf(path, sizeof(path), "/control/log?kind=%s", kind);
        char *log = harness_control_text(&w->catalog, path);
        for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
                cJSON *entry = cJSON_Parse(line);
                const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "edge"));
                int got = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(entry, "status"));
                n += (edge < 0 || (id && strcmp(id, w->edges[edge]) == 0)) &&
                     (status == 0 || status == got);
                cJSON_Delete(entry);
        }
        free(log);
        return n;
}

void rename_a_row(ServiceWorld *w, int edge, const char *name)
{
        char path[128], operation[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[edge]);
        (void)snprintf(operation, sizeof(operation),
                       "{\"op\":\"rename\",\"index\":0,\"name\":\"%s\"}", name);
        service_control(w, path, operation);
}

/* ---- PostgreSQL ----------------------------------------------------------------------------- */

static char *_printf_(1, 0) format_sql(const char *format, va_list arguments)
{
        char *sql;
        assert_true(vasprintf(&sql, format, arguments) >= 0);
        return sql;
}

long sql_long(ServiceWorld *w, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        char *sql = format_sql(format, arguments);
        va_end(arguments);
        long value = harness_sql_long(&w->pg, sql);
        free(sql);
        return value;
}

static void give_up(ServiceWorld *w, const char *sql)
{
        print_message("# waited in vain for %s\n", sql);
        /* the test itself may hold a lock on what is asked for here */
        char *state = harness_sql(
                &w->pg,
                "SET statement_timeout = '5s'; SELECT string_agg(concat_ws(' ', name, next_run_at, "
                "holder, expires_at, epoch,"
                " (SELECT string_agg(concat_ws(',', run_id, trigger, phase, outcome, error_code),"
                " '; ') FROM edgemirror.sync_run r WHERE r.edge_connection_id ="
                " e.edge_connection_id)), E'\\n# ') FROM edgemirror.edge e"
                " JOIN edgemirror.edge_claim USING (edge_connection_id)");
        print_message("# %s\n", state);
        free(state);
        fail_msg("waited in vain for %s", sql);
}

void service_await_sql(ServiceWorld *w, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        char *sql = format_sql(format, arguments);
        va_end(arguments);
        if (!harness_await_sql(&w->pg, sql, AWAIT_SECONDS))
                give_up(w, sql);
        free(sql);
}

void make_due(ServiceWorld *w, int first, int last)
{
        for (int i = first; i <= last; i++)
                assert_int_equal(
                        sql_long(w,
                                 "WITH u AS (UPDATE edgemirror.edge_claim SET next_run_at = now()"
                                 " WHERE edge_connection_id = '%s' RETURNING 1) SELECT count(*) "
                                 "FROM u",
                                 w->edges[i]),
                        1);
}

void service_await_registered(ServiceWorld *w)
{
        service_await_sql(
                w,
                "SELECT (count(*) = %d)::int FROM edgemirror.edge_claim WHERE next_run_at > now()",
                w->n_edges);
}

void service_await_enabled(ServiceWorld *w, int n)
{
        service_await_sql(w, "SELECT (count(*) = %d)::int FROM edgemirror.edge WHERE enabled", n);
}

void service_await_phase(ServiceWorld *w, int edge, const char *phase)
{
        service_await_sql(w,
                          "SELECT count(*) FROM edgemirror.sync_run WHERE phase = '%s' AND "
                          "edge_connection_id = '%s'"
                          " AND finished_at IS NULL",
                          phase, w->edges[edge]);
}

void await_runs(ServiceWorld *w, int first, int last, const char *outcome, int n)
{
        for (int i = first; i <= last; i++)
                service_await_sql(
                        w,
                        "SELECT (count(*) >= %d)::int FROM edgemirror.sync_run WHERE outcome = '%s'"
                        " AND edge_connection_id = '%s'",
                        n, outcome, w->edges[i]);
}

/* ---- what must hold ------------------------------------------------------------------------- */

void service_assert_mirror_equals_catalog(ServiceWorld *w, int first, int last)
{
        for (int i = first; i <= last; i++)
                assert_edge_equals_catalog(&w->pg, &w->catalog, w->edges[i]);
}

void assert_nothing_is_held(ServiceWorld *w)
{
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                0);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NULL"),
                0);
}

void due_in_a_moment(ServiceWorld *w, HarnessService *s, int edge)
{
        assert_int_equal(
                sql_long(w,
                         "WITH u AS (UPDATE edgemirror.edge_claim SET next_run_at = now() + "
                         "interval '2 s'"
                         " WHERE edge_connection_id = '%s' RETURNING 1) SELECT count(*) FROM u",
                         w->edges[edge]),
                1);
        harness_service_reload(s);
        harness_service_await_log(s, "reloaded: 4 edges", (unsigned)edge + 1);
}

PGconn *hold(ServiceWorld *w, const char *sql)
{
        PGconn *conn = PQconnectdb(w->pg.conninfo);
        assert_int_equal(PQstatus(conn), CONNECTION_OK);
        PGresult *result = PQexec(conn, sql);
        assert_true(PQresultStatus(result) == PGRES_TUPLES_OK ||
                    PQresultStatus(result) == PGRES_COMMAND_OK);
        PQclear(result);
        return conn;
}

void assert_out(ServiceWorld *w, const char *words, bool there)
{
        char *text = harness_read(w->folder, "out");
        if ((strstr(text, words) != NULL) != there)
                fail_msg("\"%s\" is %sin:\n%s", words, there ? "not " : "", text);
        free(text);
}

void assert_check(ServiceWorld *w, int status, const char *words)
{
        assert_int_equal(service_program(w, "status", "--check", NULL), status);
        assert_out(w, words, true);
        char *text = harness_read(w->folder, "out");
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
        free(text);
}
