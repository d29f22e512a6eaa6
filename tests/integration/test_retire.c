/*
 * edgemirror retire: what becomes of an edge that is configured no more (O9, N5).
 */
#include "harness/service.h"
#include "harness/terminal.h"
#include "integration/document.h"
#include "integration/sync_world.h"
#include <ctype.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void assert_one(World *w, const char *statement, const char *expected)
{
        char *found = harness_sql(&w->pg, statement);
        assert_string_equal(found, expected);
        free(found);
}

/* Takes the section of `main` out of the configuration. */
static void forget_main_in_config(World *w)
{
        char *config = harness_read(w->folder, "edgemirror.conf");
        char *from = strstr(config, "[edge \"main\"]"), *to = strstr(config, "[edge \"other\"]");
        assert_non_null(from);
        assert_non_null(to);
        memmove(from, to, strlen(to) + 1);
        harness_write(w->folder, "edgemirror.conf", config);
        free(config);
}

static int synced_world(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1s");
        assert_int_equal(sync_all(w), 0);
        return 0;
}

static int without_main(void **state)
{
        (void)synced_world(state);
        forget_main_in_config(*state);
        return 0;
}

static const char present[] =
        "SELECT string_agg(edge || ' ' || n || ' ' || edge_enabled, ', ' ORDER BY edge)"
        " FROM (SELECT edge, edge_enabled, count(*) AS n FROM edgemirror.inventory GROUP BY 1, 2) "
        "i";

static void rows_end_and_the_history_stays(void **state)
{
        World *w = *state;
        PGconn *listener = PQconnectdb(w->pg.conninfo);
        PQclear(PQexec(listener, "LISTEN edgemirror_change"));
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 0);
        assert_says(w, "out", ": 20 rows present, 20 versions in the history, 1 run\nretired\n",
                    true);
        assert_one(w, present, "other 20 true");
        assert_one(w,
                   "SELECT count(*) FROM edgemirror.change WHERE kind = 'removed' AND "
                   "edge_connection_id ="
                   " (SELECT edge_connection_id FROM edgemirror.edge WHERE name = 'main')",
                   "20");
        assert_one(w, "SELECT enabled || ' ' || row_count FROM edgemirror.edge WHERE name = 'main'",
                   "false 0");
        assert_one(w,
                   "SELECT count(*) FROM edgemirror.database_connection d JOIN "
                   "edgemirror.database_connection_history h"
                   " ON h.id = d.id WHERE d.removed_at = h.valid_to",
                   "20");
        PQclear(PQexec(listener, "SELECT 1"));
        PGnotify *told = PQnotifies(listener);
        assert_non_null(told);
        assert_non_null(strstr(
                told->extra, "\"runId\" : null, \"added\" : 0, \"changed\" : 0, \"removed\" : 20"));
        PQfreemem(told);
        PQfinish(listener);

        assert_int_equal(RUN(w, "verify"), 0);
        assert_says(w, "out", "main                     intact     0 rows\n", true);
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 0); /* twice does no harm */
        assert_says(w, "out", ": 0 rows present, 20 versions", true);

        /* Configured again, it is as it was. */
        write_config(w, "1s");
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(number_of(w, 0, "restored"), 20);
        assert_mirror_equals_catalog(w);
        assert_one(w, present, "main 20 true, other 20 true");
}

static void assert_nothing_appeared(World *w, const char *page, const char *begin, const char *end)
{
        Document d;
        document_open_between(page, begin, end, &d);
        d.blocks[0][strcspn(d.blocks[0], ";")] = '\0';
        char sql[1024];
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM (%s) q", d.blocks[0]);
        assert_one(w, sql, "0");
        document_close(&d);
}

/* In the catalog nothing has happened to it, neither then nor now. */
static void what_comes_back_from_a_retired_edge_did_not_appear(void **state)
{
        World *w = *state;
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 0);
        write_config(w, "1s");
        assert_int_equal(sync_all(w), 0);
        assert_one(w,
                   "SELECT string_agg(format('%s %s %s %s %s', kind, edge, first_load, by_retire, "
                   "n), ', ' ORDER BY kind, edge) FROM (SELECT kind, edge, first_load, by_retire, "
                   "count(*) AS n FROM edgemirror.change GROUP BY 1, 2, 3, 4) c",
                   "added main t f 20, added other t f 20, removed main f t 20, restored main f t "
                   "20");
        assert_nothing_appeared(w, "docs/reports.md", "## What appeared this week?\n\n```sql\n",
                                "```");
        assert_nothing_appeared(w, "man/edgemirror.1",
                                "What appeared this week:\n.Bd -literal -offset indent\n",
                                "\n.Ed\n");
        assert_nothing_appeared(w, "man/edgemirror-sql.7",
                                "What appeared this week:\n.Bd -literal -offset indent\n",
                                "\n.Ed\n");
}

static void an_edge_is_forgotten_with_all_that_is_its(void **state)
{
        World *w = *state;
        static const char *const tables[] = {"edge", "edge_claim", "database_connection",
                                             "database_connection_past", "sync_run"};
        free(harness_sql(&w->pg,
                         "INSERT INTO edgemirror.database_connection_past"
                         " SELECT id, edge_connection_id, name, database_id, changed_at - "
                         "interval '2 days', changed_at - interval '1 day', 1, NULL, 'removed'"
                         "   FROM edgemirror.database_connection"));
        assert_int_equal(RUN(w, "retire", w->edges[0], "--forget", "--yes"), 0); /* by its id */
        assert_says(w, "out", "forgotten\n", true);
        for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
                char sql[256];
                (void)snprintf(sql, sizeof(sql),
                               "SELECT count(*) FILTER (WHERE edge_connection_id = '%s') || ' ' ||"
                               " count(DISTINCT edge_connection_id) FROM edgemirror.%s",
                               w->edges[0], tables[i]);
                assert_one(w, sql, "0 1");
        }
        assert_int_equal(RUN(w, "status"), 0);
        assert_says(w, "out", "main", false);
        assert_int_equal(RUN(w, "retire", "main", "--forget", "--yes"), 2);
        assert_says(w, "err", "the mirror knows no edge \"main\"", true);
}

static void move_rows(World *w, int from, int to, const char *id, int n)
{
        char path[128], move[200];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[from]);
        (void)snprintf(move, sizeof(move), "{\"op\":\"move\",%s%s,\"to\":\"%s\"}",
                       id ? "\"id\":" : "\"index\":", id ? id : "0", w->edges[to]);
        while (n-- > 0)
                control(w, path, move);
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(sync_all(w), 0);
}

static const char dangling[] =
        "SELECT count(*) FROM (SELECT id, previous_ended_at FROM edgemirror.database_connection "
        "UNION ALL SELECT id, previous_ended_at FROM edgemirror.database_connection_past) v WHERE "
        "previous_ended_at IS NOT NULL AND NOT EXISTS (SELECT FROM "
        "edgemirror.database_connection_past b WHERE b.id = v.id AND b.valid_to = "
        "v.previous_ended_at)";

/* What stays of rows that were in an edge that is forgotten is a history of its own: what came and
 * went makes up what the other edge has, and no version refers to one that is not there. */
static void what_passed_through_a_forgotten_edge_balances(void **state)
{
        World *w = *state;
        move_rows(w, 0, 1, NULL, 2); /* two of main come to other … */
        move_rows(w, 1, 0, NULL, 3); /* … and three of other go there */
        char *returns = harness_sql(
                &w->pg, "SELECT to_json(min(id::text)) FROM edgemirror.change WHERE kind = "
                        "'moved_out' AND edge = 'other'");
        move_rows(w, 0, 1, returns, 1); /* one of them is back */
        free(returns);
        assert_one(w, present, "main 20 true, other 20 true");
        forget_main_in_config(w);
        assert_int_equal(RUN(w, "retire", "main", "--forget", "--yes"), 0);
        assert_one(w, present, "other 20 true");
        assert_one(w,
                   "SELECT string_agg(kind || ' ' || n, ', ' ORDER BY kind) FROM (SELECT kind, "
                   "count(*) AS n FROM edgemirror.change GROUP BY 1) k",
                   "added 22, moved_out 3, restored 1");
        assert_one(w, dangling, "0");
        assert_one(w, "SELECT databases FROM edgemirror.daily ORDER BY day DESC LIMIT 1", "20");
        /* of those that stayed there, too, the last version is to be found where it belongs */
        assert_one(w,
                   "SELECT count(*) FROM edgemirror.database_connection_past p WHERE NOT EXISTS "
                   "(SELECT FROM edgemirror.database_connection d WHERE d.id = p.id)",
                   "0");
        assert_one(w,
                   "SELECT count(*) FROM edgemirror.database_connection WHERE removed_at IS NOT "
                   "NULL",
                   "2");
        assert_int_equal(RUN(w, "verify"), 0);
        write_config(w, "1s");
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
        assert_one(w,
                   "SELECT count(*) FROM edgemirror.change WHERE kind = 'restored' AND edge = "
                   "'main' AND edge_before = 'other'",
                   "2");
        assert_int_equal(RUN(w, "verify"), 0);
}

/* A snapshot of another edge is being written meanwhile, and ends versions of rows that came from
 * there: they count as what they are, too. */
static void an_edge_is_forgotten_beside_an_apply_of_one_that_has_got_rows_of_it(void **state)
{
        World *w = *state;
        char path[128];
        move_rows(w, 0, 1, NULL, 3);
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[1]);
        control(w, path,
                "[{\"op\":\"rename\",\"index\":-1,\"name\":\"x\"},"
                "{\"op\":\"rename\",\"index\":-2,\"name\":\"y\"}]");
        free(harness_sql(&w->pg,
                         "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                         "PERFORM pg_sleep(3); RETURN NULL; END $$; CREATE TRIGGER slow AFTER "
                         "INSERT ON edgemirror.database_connection_past EXECUTE FUNCTION slow()"));
        const char *const sync[] = {"-c", w->config, "sync", "other", NULL};
        pid_t pid = harness_program_start_as(w->folder, "sync", NULL, sync);
        await_sql(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
        forget_main_in_config(w);
        assert_int_equal(RUN(w, "retire", "main", "--forget", "--yes"), 0);
        assert_int_equal(harness_program_wait(pid), 0);
        assert_one(w, dangling, "0");
        assert_one(w,
                   "SELECT string_agg(kind || ' ' || n, ', ' ORDER BY kind) FROM (SELECT kind, "
                   "count(*) AS n FROM edgemirror.change GROUP BY 1) k",
                   "added 23, changed 2");
        assert_int_equal(RUN(w, "verify"), 0);
        free(harness_sql(&w->pg, "DROP FUNCTION slow() CASCADE"));
}

static void assert_alone(World *w, const char *const command[6])
{
        assert_int_equal(run_command(w, command), 0);
        assert_says(w, "out", "main", true);
        assert_says(w, "out", "other", false);
}

static void an_edge_without_a_section_goes_by_its_id(void **state)
{
        World *w = *state;
        char upper[sizeof(w->edges[0])];
        for (size_t i = 0; i < sizeof(upper); i++)
                upper[i] = (char)toupper(w->edges[0][i]);
        const char *const ids[] = {w->edges[0], upper};
        for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
                assert_alone(w, (const char *const[6]){"status", ids[i]});
                assert_alone(w, (const char *const[6]){"status", "--json", ids[i]});
                assert_alone(w, (const char *const[6]){"verify", ids[i]});
                assert_alone(w, (const char *const[6]){"verify", ids[i], "main"});
                assert_int_equal(RUN(w, "status", "--check", ids[i]), 0);
                assert_says(w, "out", "OK: ", true);
        }
        assert_int_equal(RUN(w, "status", w->edges[0], "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"), 2);
        assert_says(w, "err", "the mirror knows no edge \"0b9c1c1e-", true);
        assert_says(w, "err", w->edges[0], false);
}

static void what_is_configured_or_unknown_is_refused_and_nothing_is_done(void **state)
{
        World *w = *state;
        static const struct {
                const char *const command[6];
                const char *words;
        } cases[] = {
                {{"retire", "other", "--yes"},
                 "edge \"other\" is configured (/tmp/edgemirror-sync-"},
                {{"retire", "main", "other", "--yes"}, "edge \"other\" is configured"},
                {{"retire", "main", "typo", "--yes"}, "the mirror knows no edge \"typo\""},
                {{"retire", "--yes"}, "which edges?"},
                {{"retire", "main"}, "--yes answers it"}, /* standard input is no terminal */
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(run_command(w, cases[i].command), 2);
                assert_says(w, "err", cases[i].words, true);
                assert_one(w, present, "main 20 true, other 20 true");
        }
        assert_int_equal(RUN(w, "retire", w->edges[1], "--yes"), 2);

        /* Under another name it is configured all the same. */
        char *config = harness_read(w->folder, "edgemirror.conf");
        memcpy(strstr(config, "\"other\""), "\"later\"", strlen("\"later\""));
        harness_write(w->folder, "edgemirror.conf", config);
        free(config);
        assert_int_equal(RUN(w, "retire", "other", "--yes"), 2);
        assert_says(w, "err", "edge \"later\" is configured", true);
        /* whichever is named last */
        assert_int_equal(RUN(w, "retire", "other", "main", "--yes"), 2);
        assert_int_equal(RUN(w, "retire", "main", "other", "--yes"), 2);
        assert_one(w, present, "main 20 true, other 20 true");
}

/* N1: Which edges are configured no more, a file of another catalog does not say; nor what is in a
 * schema that it does not know. */
static void nothing_of_another_catalog_or_of_a_newer_schema_is_retired(void **state)
{
        World *w = *state;
        static const struct {
                const char *make, *words, *undo;
        } cases[] = {
                {"UPDATE edgemirror.catalog SET url = 'https://another.example'",
                 "this database mirrors the catalog https://another.example", "SELECT 1"},
                {"INSERT INTO edgemirror.schema_version (version, name, checksum) VALUES (999, "
                 "'later', 'x')",
                 "the schema is at version 999",
                 "DELETE FROM edgemirror.schema_version WHERE version = 999"},
        };
        char *url = harness_sql(&w->pg, "SELECT url FROM edgemirror.catalog"), back[300];
        (void)snprintf(back, sizeof(back), "UPDATE edgemirror.catalog SET url = '%s'", url);
        free(url);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                free(harness_sql(&w->pg, cases[i].make));
                assert_int_equal(RUN(w, "retire", "main", "--yes"), 69);
                assert_says(w, "err", cases[i].words, true);
                assert_int_equal(RUN(w, "retire", "main", "--forget", "--yes"), 69);
                assert_one(w, present, "main 20 true, other 20 true");
                free(harness_sql(&w->pg, cases[i].undo));
                free(harness_sql(&w->pg, back));
        }
}

static void a_person_is_asked(void **state)
{
        World *w = *state;
        static const char *const no_environment[] = {NULL};
        const char *const arguments[] = {"-c", w->config, "retire", "main", NULL};
        static const struct {
                const char *keys;
                int status;
                const char *left;
        } answers[] = {{"n\n", 1, "main 20 true, other 20 true"},
                       {"\n", 1, "main 20 true, other 20 true"},
                       {"y\n", 0, "other 20 true"}};
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
                HarnessTerminal t = {0};
                harness_terminal_start(&t, 24, no_environment, arguments);
                (void)harness_terminal_await(&t, 0, "[y/N]");
                harness_terminal_type(&t, answers[i].keys);
                assert_int_equal(harness_terminal_wait(&t), answers[i].status);
                assert_non_null(strstr(t.seen.data, "20 rows present"));
                harness_terminal_done(&t);
                assert_one(w, present, answers[i].left);
        }
}

/* Of a sync that is at work, nothing is taken away below its hands. */
static void an_edge_that_is_being_synced_is_not_retired(void **state)
{
        World *w = *state;
        fault(w, "list", "\"delay_ms\":600000");
        const char *const sync[] = {"-c", w->config, "sync", "main", NULL};
        pid_t pid = harness_program_start_as(w->folder, "sync", NULL, sync);
        await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NULL AND phase "
                     "= 'list'");
        forget_main_in_config(w);
        assert_int_equal(RUN(w, "retire", "main", "--forget", "--yes"), 1);
        assert_says(w, "err", "edge main is being synced by ", true);
        assert_one(w, present, "main 20 true, other 20 true");
        control(w, "/control/faults", "");
        control(w, "/control/release", "{}");
        assert_int_equal(harness_program_wait(pid), 0);
        assert_int_equal(RUN(w, "retire", "main", "--forget", "--yes"), 0);
        assert_one(w, present, "other 20 true");
}

/* A process that was stopped in its apply and comes back finds that it holds nothing any more. */
static void who_comes_back_after_the_retirement_publishes_nothing(void **state)
{
        World *w = *state;
        fault(w, "list", "\"delay_ms\":600000");
        const char *const sync[] = {"-c", w->config, "sync", "--full", "main", NULL};
        pid_t pid = harness_program_start_as(w->folder, "sync", NULL, sync);
        await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NULL AND phase "
                     "= 'list'");
        forget_main_in_config(w);
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.edge_claim SET expires_at = now() - interval '1 second'"
                         " WHERE holder IS NOT NULL"));
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 0);
        control(w, "/control/faults", "");
        control(w, "/control/release", "{}");
        assert_int_equal(harness_program_wait(pid), 1);
        assert_one(w, present, "other 20 true");
        assert_one(w,
                   "SELECT outcome || ' ' || error_code FROM edgemirror.sync_run ORDER BY run_id "
                   "DESC LIMIT 1",
                   "aborted lease-lost");
}

/* The same, when the edge is configured anew meanwhile and somebody else syncs it for as many times
 * as it had been synced before. */
static void who_comes_back_after_the_edge_was_forgotten_publishes_nothing(void **state)
{
        World *w = *state;
        begin_again(w, "5", "1s");
        fault(w, "list", "\"delay_ms\":600000");
        const char *const sync[] = {"-c", w->config, "sync", "--full", "main", NULL};
        pid_t pid = harness_program_start_as(w->folder, "sync", NULL, sync);
        await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NULL AND phase "
                     "= 'list'");
        forget_main_in_config(w);
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.edge_claim SET expires_at = now() - interval '1 second'"
                         " WHERE holder IS NOT NULL"));
        assert_int_equal(RUN(w, "retire", "main", "--forget", "--yes"), 0);
        write_config(w, "1s");
        control(w, "/control/faults", "");
        pid_t other = harness_program_start_as(w->folder, "other", NULL, sync);
        assert_int_equal(harness_program_wait(other), 0);
        control(w, "/control/release", "{}");
        assert_int_equal(harness_program_wait(pid), 1);
        assert_one(w,
                   "SELECT string_agg(outcome, ' ' ORDER BY run_id) FROM edgemirror.sync_run r JOIN"
                   " edgemirror.edge e USING (edge_connection_id) WHERE e.name = 'main'",
                   "synced");
}

/* Its next sync would bring the rows back. */
static void an_edge_that_a_service_still_wants_is_not_retired(void **state)
{
        World *w = *state;
        HarnessService service = {0};
        harness_service_start(&service, w->folder, "sync", w->config, false, 0);
        harness_service_await(&service, "READY=1", 1);
        forget_main_in_config(w);
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 1);
        assert_says(w, "err", "edge main is in the configuration of the service ", true);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET origin = 'discovered'"));
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 1);
        assert_says(w, "err", "edge main was discovered by the service ", true);
        assert_says(w, "err", "let exclude of [discover] name it, and reload", true);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET origin = 'configured'"));
        harness_service_reload(&service);
        await_sql(w, "SELECT count(*) FROM edgemirror.edge WHERE NOT enabled");
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 0);
        assert_one(w, present, "other 20 true");
        harness_service_signal(&service, SIGTERM);
        assert_int_equal(harness_service_wait(&service), 0);
        harness_service_done(&service);
}

static void an_instance_was(World *w, const char *name, const char *seen_at, const char *stopped_at)
{
        char sql[512];
        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO edgemirror.instance (instance_id, name, version, lease, "
                       "started_at, seen_at,"
                       " unbroken_since, stopped_at, edges)"
                       " SELECT gen_random_uuid(), '%s', 'x', '60 s', %s, %s, %s, %s, "
                       "array_agg(edge_connection_id)"
                       " FROM edgemirror.edge",
                       name, seen_at, seen_at, seen_at, stopped_at);
        free(harness_sql(&w->pg, sql));
}

/* Who was stopped, or has given no sign of life for a lease, keeps no edge from being retired. */
static void a_service_that_is_gone_wants_nothing(void **state)
{
        World *w = *state;
        an_instance_was(w, "alive", "now()", "NULL");
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 1);
        assert_says(w, "err", "edge main is in the configuration of the service alive", true);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.instance"));
        an_instance_was(w, "stopped", "now()", "now()");
        an_instance_was(w, "dead", "now() - interval '61 s'", "NULL");
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 0);
        assert_one(w, present, "other 20 true");
}

static void two_retire_at_once(void **state)
{
        World *w = *state;
        static const char *const names[] = {"sync", "catalog"};
        const char *const arguments[] = {"-c", w->config, "retire", "main", "--yes", NULL};
        pid_t pids[2];
        for (int i = 0; i < 2; i++)
                pids[i] = harness_program_start_as(w->folder, names[i], NULL, arguments);
        for (int i = 0; i < 2; i++)
                assert_int_equal(harness_program_wait(pids[i]), 0);
        assert_one(w, present, "other 20 true");
        assert_one(w, "SELECT count(*) FROM edgemirror.change WHERE kind = 'removed'", "20");
}

/* Rows of the one have been in the other: what is left of them there falls back to the one that is
 * being forgotten, and would be of no edge. */
static void two_are_forgotten_at_once_with_all_that_passed_from_one_to_the_other(void **state)
{
        World *w = *state;
        assert_int_equal(RUN(w, "retire", "main", "--yes"), 0);
        for (int i = 0; i < 2; i++) {
                char path[128], move[200];
                (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[0]);
                (void)snprintf(move, sizeof(move), "{\"op\":\"move\",\"index\":0,\"to\":\"%s\"}",
                               w->edges[1]);
                control(w, path, move);
        }
        assert_int_equal(sync_all(w), 0);
        assert_one(w, present, "other 22 true");
        char *config = harness_read(w->folder, "edgemirror.conf");
        (void)strcpy(strstr(config, "[edge \"other\"]"),
                     "[edge \"third\"]\nid = a3c1e0f4-0000-4000-8000-000000000001\n");
        harness_write(w->folder, "edgemirror.conf", config);
        assert_int_equal(RUN(w, "retire", "other", "--yes"), 0);
        free(harness_sql(&w->pg,
                         "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                         "PERFORM pg_sleep(2); RETURN NULL; END $$; CREATE TRIGGER slow AFTER "
                         "DELETE ON edgemirror.edge EXECUTE FUNCTION slow()"));
        static const char *const names[] = {"main", "other"}, *const files[] = {"sync", "catalog"};
        pid_t pids[2];
        for (int i = 0; i < 2; i++) {
                const char *const arguments[] = {"-c",       w->config, "retire", names[i],
                                                 "--forget", "--yes",   NULL};
                pids[i] = harness_program_start_as(w->folder, files[i], NULL, arguments);
                if (i == 0)
                        await_sql(w, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = "
                                     "'PgSleep'");
        }
        for (int i = 0; i < 2; i++)
                assert_int_equal(harness_program_wait(pids[i]), 0);
        free(harness_sql(&w->pg, "DROP FUNCTION slow() CASCADE"));
        assert_one(w,
                   "SELECT (SELECT count(*) FROM edgemirror.edge) + (SELECT count(*) FROM "
                   "edgemirror.database_connection) + (SELECT count(*) FROM "
                   "edgemirror.database_connection_past)",
                   "0");
        free(config);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(rows_end_and_the_history_stays, without_main),
                cmocka_unit_test_setup(what_comes_back_from_a_retired_edge_did_not_appear,
                                       without_main),
                cmocka_unit_test_setup(what_passed_through_a_forgotten_edge_balances, synced_world),
                cmocka_unit_test_setup(
                        an_edge_is_forgotten_beside_an_apply_of_one_that_has_got_rows_of_it,
                        synced_world),
                cmocka_unit_test_setup(an_edge_is_forgotten_with_all_that_is_its, without_main),
                cmocka_unit_test_setup(an_edge_without_a_section_goes_by_its_id, without_main),
                cmocka_unit_test_setup(what_is_configured_or_unknown_is_refused_and_nothing_is_done,
                                       without_main),
                cmocka_unit_test_setup(nothing_of_another_catalog_or_of_a_newer_schema_is_retired,
                                       without_main),
                cmocka_unit_test_setup(a_person_is_asked, without_main),
                cmocka_unit_test_setup(an_edge_that_is_being_synced_is_not_retired, synced_world),
                cmocka_unit_test_setup(who_comes_back_after_the_retirement_publishes_nothing,
                                       synced_world),
                cmocka_unit_test_setup(
                        who_comes_back_after_the_edge_was_forgotten_publishes_nothing,
                        synced_world),
                cmocka_unit_test_setup(an_edge_that_a_service_still_wants_is_not_retired,
                                       synced_world),
                cmocka_unit_test_setup(a_service_that_is_gone_wants_nothing, without_main),
                cmocka_unit_test_setup(
                        two_are_forgotten_at_once_with_all_that_passed_from_one_to_the_other,
                        without_main),
                cmocka_unit_test_setup(two_retire_at_once, without_main),
        };
        return cmocka_run_group_tests_name("retire", tests, world_setup, world_teardown);
}
