/*
 * What is public of the answers of the program and of the database (docs/stability.md), against the
 * lists of tests/stability. What its tables say: tests/structure/stability.sh.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "harness/stable.h"
#include "harness/web.h"
#include "integration/service_world.h"
#include "unit/http_server.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NULL_TYPE "null"

/* ---- JSON ----------------------------------------------------------------------------------- */

static void add_line(Text *out, const char *document, const char *path, const char *type)
{
        assert_int_equal(text_printf(out, "%s: %s %s\n", document, path, type), 0);
}

/* A line for each value: where it is in the document, and its type. */
static void add_members(Text *out, const char *document, const char *path, const cJSON *value)
{
        const bool is_array = cJSON_IsArray(value);
        if (is_array)
                add_line(out, document, path, "array");
        for (const cJSON *m = value->child; m; m = m->next) {
                _cleanup_(cleanup_free) char *below =
                        is_array ? text_format("%s[]", path)
                                 : text_format("%s%s%s", path, path[0] ? "." : "", m->string);
                add_members(out, document, below, m);
        }
        if (!is_array && !cJSON_IsObject(value))
                add_line(out, document, path,
                         cJSON_IsString(value)   ? "string"
                         : cJSON_IsNumber(value) ? "number"
                         : cJSON_IsBool(value)   ? "boolean"
                                                 : NULL_TYPE);
}

/* Without the lines of what was null once and something else another time. */
static void forget_nulls(Text *out)
{
        Text kept = {0};
        _cleanup_(cleanup_free) char *lines = strdup(out->data);
        for (char *rest = lines, *line; (line = strsep(&rest, "\n"));) {
                size_t end = strlen(line), n = 0;
                const bool is_null = end > sizeof(NULL_TYPE) &&
                                     strcmp(line + end - strlen(NULL_TYPE), NULL_TYPE) == 0;
                const char *const others[] = {"string", "number", "boolean", "array"};
                for (size_t i = 0; is_null && i < ARRAY_SIZE(others); i++) {
                        _cleanup_(cleanup_free) char *other = text_format(
                                "%.*s%s\n", (int)(end - strlen(NULL_TYPE)), line, others[i]);
                        n += strstr(out->data, other) != NULL;
                }
                if (line[0] && n == 0)
                        assert_int_equal(text_printf(&kept, "%s\n", line), 0);
        }
        text_done(out);
        *out = kept;
}

/* An object a line. */
static void add_objects(Text *out, const char *document, char *lines)
{
        for (char *line; (line = strsep(&lines, "\n"));) {
                if (!line[0])
                        continue;
                cJSON *object = cJSON_Parse(line);
                assert_non_null(object);
                add_members(out, document, "", object);
                cJSON_Delete(object);
        }
}

/* edgemirror COMMAND [OPTION] --json, however it ends; those that are the same document are called
 * the same. */
static void add_command(ServiceWorld *w, Text *out, const char *command, const char *option)
{
        const char *const arguments[] = {"-c", w->config, command, "--json", option, NULL};
        char document[64];
        (void)harness_program(w->folder, arguments);
        _cleanup_(cleanup_free) char *said = harness_read(w->folder, "out");
        assert_true(said[0] == '{');
        (void)snprintf(document, sizeof(document), "%s --json", command);
        if (option && strcmp(option, "--show") == 0)
                (void)snprintf(document, sizeof(document), "%s --show --json", command);
        add_objects(out, document, said);
}

static void change_rows(ServiceWorld *w, int edge, const char *operation)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[edge]);
        service_control(w, path, operation);
}

/* ---- messages ------------------------------------------------------------------------------- */

static PGconn *listen_to_all(ServiceWorld *w)
{
        PGconn *conn = PQconnectdb(w->pg.conninfo);
        assert_int_equal(PQstatus(conn), CONNECTION_OK);
        PQclear(PQexec(conn, "LISTEN edgemirror_change; LISTEN edgemirror_trouble"));
        return conn;
}

/* All that was announced so far. */
static void add_notifications(ServiceWorld *w, Text *out, PGconn *conn)
{
        free(harness_sql(&w->pg, "NOTIFY edgemirror_change, 'end'"));
        for (bool ended = false; !ended;) {
                PGnotify *notification = harness_notification(conn);
                ended = strcmp(notification->extra, "end") == 0;
                char document[64];
                (void)snprintf(document, sizeof(document), "NOTIFY %s", notification->relname);
                if (!ended)
                        add_objects(out, document, notification->extra);
                PQfreemem(notification);
        }
        PQfinish(conn);
}

static void write_receiver(ServiceWorld *w, const Server *server)
{
        char text[256], path[160];
        (void)snprintf(path, sizeof(path), "%s/edgemirror.conf.d", w->folder);
        assert_int_equal(mkdir(path, 0755), 0);
        (void)snprintf(text, sizeof(text), "http://127.0.0.1:%d/\n", server->port);
        harness_write(w->folder, "receiver", text);
        (void)snprintf(path, sizeof(path), "%s/receiver", w->folder);
        assert_int_equal(chmod(path, 0600), 0);
        (void)snprintf(text, sizeof(text), "[notify]\nurl_file = %s/receiver\nevery = 1s\n",
                       w->folder);
        harness_write(w->folder, "edgemirror.conf.d/notify.conf", text);
}

/* The body of the first message that holds the words. */
static cJSON *await_message(Server *server, const char *words)
{
        for (int i = 0; i < 2000; i++) {
                pthread_mutex_lock(&server->lock);
                const char *found = strstr(server->log, words);
                while (found && found > server->log && strncmp(found, "\r\n\r\n", 4) != 0)
                        found--;
                cJSON *message = found ? cJSON_Parse(found + 4) : NULL;
                pthread_mutex_unlock(&server->lock);
                if (message)
                        return message;
                (void)usleep(10000);
        }
        fail_msg("never told: %s", words);
        return NULL;
}

/* What every line has; the fields, in capitals, are of tests/structure/stability.sh. */
static void add_log(Text *out, const HarnessService *service)
{
        Text lines = {0};
        char file[64];
        (void)snprintf(file, sizeof(file), "%s.err", service->name);
        _cleanup_(cleanup_free) char *log = harness_read(service->folder, file);
        add_objects(&lines, "log_format = json", log);
        for (char *rest = lines.data, *line; (line = strsep(&rest, "\n"));) {
                const char *member = strstr(line, ": ");
                if (member && member[2] >= 'a')
                        assert_int_equal(text_printf(out, "%s\n", line), 0);
        }
        text_done(&lines);
}

/* ---- the cases ------------------------------------------------------------------------------ */

/* Rows of each kind that a plan has, with all their members; one moves to edge 2, which nobody
 * mirrors yet. The list of edge 1 fails then. */
static void add_plans(ServiceWorld *w, Text *out)
{
        char move[96];
        w->n_configured = 2;
        service_write_config(w);
        change_rows(w, 0, "{\"op\":\"link\",\"index\":1}");
        change_rows(w, 0, "{\"op\":\"link\",\"index\":5}");
        change_rows(w, 0, "{\"op\":\"link\",\"index\":6}");
        add_command(w, out, "sync", NULL);
        change_rows(w, 0, "{\"op\":\"hide\",\"index\":6}");
        add_command(w, out, "sync", NULL);
        change_rows(w, 0, "{\"op\":\"show\"}");
        change_rows(w, 0, "{\"op\":\"rename\",\"index\":0,\"name\":\"renamed\"}");
        change_rows(w, 0, "{\"op\":\"link\",\"index\":2}");
        change_rows(w, 0, "{\"op\":\"add\",\"name\":\"new\",\"databaseId\":true}");
        (void)snprintf(move, sizeof(move), "{\"op\":\"move\",\"index\":5,\"to\":\"%s\"}",
                       w->edges[2]);
        change_rows(w, 0, move);
        change_rows(w, 0, "{\"op\":\"remove\",\"index\":1}");
        service_fault(w, "list", 1, "\"status\":403");
        add_command(w, out, "sync", "--dry-run");
        setenv("EDGEMIRROR_DEFAULTS_CONFIRM_REMOVALS", "2", 1);
        add_command(w, out, "sync", "--dry-run");
        setenv("EDGEMIRROR_DEFAULTS_MAX_REMOVALS", "0", 1);
        add_command(w, out, "sync", "--dry-run");
        unsetenv("EDGEMIRROR_DEFAULTS_CONFIRM_REMOVALS");
        unsetenv("EDGEMIRROR_DEFAULTS_MAX_REMOVALS");
        w->n_configured = 3;
        service_write_config(w);
}

/* Whose list takes until it is stopped. */
static void sync_under_way(ServiceWorld *w, int edge)
{
        service_fault(w, "list", edge, "\"delay_ms\":60000");
        make_due(w, edge, edge);
        service_await_phase(w, edge, "list");
}

/* Edge 0 changes, and is under way at the end; edge 1 fails; edge 2 is well. */
static void what_commands_answer_in_json(void **state)
{
        ServiceWorld *w = *state;
        Text out = {0};
        PGconn *conn = listen_to_all(w);
        add_plans(w, &out);
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.database_connection ADD CONSTRAINT "
                                 "refused CHECK (name <> 'renamed')"));
        add_command(w, &out, "sync", NULL);
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.database_connection DROP CONSTRAINT "
                                 "refused"));
        add_command(w, &out, "sync", NULL);
        add_command(w, &out, "status", NULL);
        add_command(w, &out, "verify", NULL);
        add_command(w, &out, "discover", NULL);
        add_command(w, &out, "schedule", NULL);
        add_command(w, &out, "check", NULL);
        add_command(w, &out, "check", "--show");
        no_faults(w);
        free(harness_sql(&w->pg, "UPDATE edgemirror.database_connection SET name = 'by hand' "
                                 "WHERE name = 'renamed'"));
        add_command(w, &out, "verify", NULL);
        add_notifications(w, &out, conn);
        (void)service_start(w, 0);
        sync_under_way(w, 0);
        add_command(w, &out, "status", NULL);
        service_stop(w, 0);
        forget_nulls(&out);
        stable_compare("json", &out);
        text_done(&out);
}

static void what_the_service_answers_and_tells(void **state)
{
        static const Script scripts[] = {
                {.path = "/", .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
                {.path = NULL}};
        ServiceWorld *w = *state;
        Text out = {0};
        Server *server = server_start(scripts);
        write_receiver(w, server);
        char where[sizeof(w->folder) + 16];
        (void)snprintf(where, sizeof(where), "%s/monitor", w->folder);
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", where);
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "log_format = json");
        service_write_config(w);
        const HarnessService *service = service_start(w, 0);
        service_fault(w, "list", 2, "\"status\":403");
        make_due(w, 2, 2);
        make_due(w, 0, 0);
        await_runs(w, 2, 2, "failed", 1);
        await_runs(w, 0, 0, "synced", 1);
        cJSON *message = await_message(server, "edge e2: failed: ");
        add_members(&out, "[notify]", "", message);
        cJSON_Delete(message);
        sync_under_way(w, 0);
        _cleanup_(cleanup_free) char *answer = web_get(where, "/status.json");
        _cleanup_(cleanup_free) char *body = strdup(web_body(answer));
        assert_int_equal(web_status(answer), 200);
        add_objects(&out, "/status.json", body);
        service_stop(w, 0);
        server_stop(server);
        add_log(&out, service);
        forget_nulls(&out);
        stable_compare("json-service", &out);
        text_done(&out);
}

/* Columns with their types, functions, who may what, what is published, and the words that columns
 * may hold: as constraints have them, and as views make them. */
static void what_the_schema_has(void **state)
{
        ServiceWorld *w = *state;
        Text out = {0};
        free(harness_sql(&w->pg, "CREATE ROLE edgemirror_reader; CREATE ROLE edgemirror_operator"));
        const char *const migrate[] = {"-c", w->config, "migrate", NULL}; /* grants them theirs */
        assert_int_equal(harness_program(w->folder, migrate), 0);
        _cleanup_(cleanup_free) char *found = harness_sql(
                &w->pg,
                "WITH relation AS (SELECT oid, relname, CASE relkind WHEN 'v' THEN 'view' ELSE "
                "'table' END AS kind FROM pg_class"
                " WHERE relnamespace = 'edgemirror'::regnamespace AND relkind IN ('r', 'v')),"
                " line AS ("
                "SELECT format('%s %s.%s %s', kind, relname, attname, format_type(atttypid, "
                "atttypmod)) AS line FROM relation JOIN pg_attribute ON attrelid = relation.oid"
                " WHERE attnum > 0 AND NOT attisdropped"
                " UNION ALL SELECT format('function %s(%s) %s', proname, "
                "pg_get_function_identity_arguments(oid), pg_get_function_result(oid))"
                " FROM pg_proc WHERE pronamespace = 'edgemirror'::regnamespace"
                " UNION ALL SELECT format('role %s SELECT %s', rolname, relname) FROM relation, "
                "pg_roles WHERE rolname IN ('edgemirror_reader', 'edgemirror_operator')"
                " AND has_table_privilege(rolname, relation.oid, 'SELECT')"
                " UNION ALL SELECT format('role %s EXECUTE %s', rolname, proname) FROM pg_proc, "
                "aclexplode(proacl) JOIN pg_roles ON pg_roles.oid = grantee"
                " WHERE pronamespace = 'edgemirror'::regnamespace AND rolname IN "
                "('edgemirror_reader', 'edgemirror_operator')"
                " UNION ALL SELECT format('publication %s %s', pubname, tablename) FROM "
                "pg_publication_tables WHERE pubname = 'edgemirror'"
                " UNION ALL SELECT format('word %s.%s %s', relname, attname, word[1]) FROM "
                "pg_constraint JOIN relation ON relation.oid = conrelid"
                " JOIN pg_attribute ON attrelid = conrelid AND attnum = ALL (conkey),"
                " regexp_matches(pg_get_constraintdef(pg_constraint.oid), '''([a-z_]+)''', 'g') AS "
                "m (word) WHERE contype = 'c'"
                " UNION ALL SELECT format('word %s %s', relname, made[1]) FROM relation,"
                " regexp_matches(pg_get_viewdef(oid), '(?:THEN|ELSE|\\n) +''([a-z_]+)''::text',"
                " 'g') AS m (made) WHERE kind = 'view')"
                " SELECT string_agg(line, E'\\n') FROM line");
        assert_int_equal(text_append_string(&out, found), 0);
        stable_compare("sql", &out);
        text_done(&out);
}

static int three_edges(void **state)
{
        service_begin_again(*state, 3, "20");
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(what_commands_answer_in_json, three_edges),
                cmocka_unit_test_setup(what_the_service_answers_and_tells, three_edges),
                cmocka_unit_test(what_the_schema_has),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
