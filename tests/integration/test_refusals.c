/*
 * What PostgreSQL, which answers, refuses of the service's statements, as a damaged page would have
 * it: of one edge, of all, of the question for what is due, of the signs of life.
 */
#include "base/cleanup.h"
#include "harness/web.h"
#include "integration/service_world.h"
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITS_FOR_POSTGRES                                                                         \
        "SELECT count(*) FROM edgemirror.instance WHERE waiting_for = 'postgres' AND "             \
        "waiting_message LIKE '%%block 17%%'"
#define WAITS_FOR_NOTHING "SELECT count(*) FROM edgemirror.instance WHERE waiting_for IS NULL"

/* what: "INSERT ON edgemirror.sync_run"; edge: the one whose rows are damaged, -1: all. */
static void refuse(ServiceWorld *w, const char *name, const char *what, int edge)
{
        char sql[512], when[96] = "";
        if (edge >= 0)
                (void)snprintf(when, sizeof(when), "WHEN (NEW.edge_connection_id = '%s')",
                               w->edges[edge]);
        (void)snprintf(sql, sizeof(sql),
                       "CREATE OR REPLACE FUNCTION public.broken() RETURNS trigger LANGUAGE "
                       "plpgsql AS $$ BEGIN RAISE EXCEPTION 'could not read block 17' USING "
                       "ERRCODE = 'XX001'; END $$; CREATE TRIGGER %s BEFORE %s FOR EACH ROW %s "
                       "EXECUTE FUNCTION public.broken()",
                       name, what, when);
        free(harness_sql(&w->pg, sql));
}

static void refuse_runs_of(ServiceWorld *w, const char *name, int edge)
{
        refuse(w, name, "INSERT ON edgemirror.sync_run", edge);
        make_due(w, edge, edge);
        service_await_sql(w, WAITS_FOR_POSTGRES);
}

static void allow(ServiceWorld *w, const char *name, const char *table)
{
        char sql[128];
        (void)snprintf(sql, sizeof(sql), "DROP TRIGGER %s ON edgemirror.%s", name, table);
        free(harness_sql(&w->pg, sql));
}

static void await_sign_of_life(ServiceWorld *w)
{
        free(harness_sql(&w->pg, "DROP TABLE IF EXISTS public.mark; CREATE TABLE public.mark AS "
                                 "SELECT clock_timestamp() AS at"));
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance, public.mark WHERE seen_at "
                             "> mark.at");
}

static void assert_monitor_answers(const char *where, const char *path, int status,
                                   const char *words)
{
        char *answer = web_get(where, path);
        assert_int_equal(web_status(answer), status);
        if (!strstr(web_body(answer), words))
                fail_msg("%s: not \"%s\", but:\n%s", path, words, answer);
        free(answer);
}

static void assert_monitor_says(const char *where, const char *path, const char *words)
{
        assert_monitor_answers(where, path, 200, words);
}

static void await_monitor_says(const char *where, const char *path, const char *words)
{
        for (int i = 0; i < 600; i++, (void)poll(NULL, 0, 100)) {
                char *answer = web_get(where, path);
                bool said = strncmp(web_body(answer), words, strlen(words)) == 0;
                free(answer);
                if (said)
                        return;
        }
        fail_msg("%s: never \"%s\"", path, words);
}

/* Where the monitor listens from now on. */
static void listen_in_folder(ServiceWorld *w, char where[static sizeof(w->folder) + 16])
{
        (void)snprintf(where, sizeof(w->folder) + 16, "%s/monitor", w->folder);
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", where);
}

static void listen_with_short_leases(ServiceWorld *w, char where[static sizeof(w->folder) + 16])
{
        listen_in_folder(w, where);
        short_leases(w);
}

/* A journal that takes down neither that a run began nor how it ended, for a reason that is not
 * known here: the edges keep their last good state, and only the service can say so. */
static void runs_that_nobody_takes_down_are_the_services_trouble(void **state)
{
        ServiceWorld *w = *state;
        static const struct {
                const char *what, *table;
        } broken[] = {{"INSERT ON edgemirror.sync_run", "sync_run"},
                      {"UPDATE ON edgemirror.edge", "edge"}};
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        (void)service_start(w, 0);
        for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
                refuse(w, "broken", broken[i].what, -1);
                make_due(w, 0, 0);
                service_await_sql(w, WAITS_FOR_POSTGRES);
                allow(w, "broken", broken[i].table);
                make_due(w, 0, 0);
                service_await_sql(w, WAITS_FOR_NOTHING);
        }
        service_stop(w, 0);
}

/* Syncs of the others prove nothing: it is over with a run of that edge, whoever's it is, or when
 * the edge is not synced any more. */
static void what_is_refused_for_one_edge_alone_is_trouble_until_that_is_over(void **state)
{
        static const char over[] = "info: PostgreSQL takes what syncs write again after ";
        ServiceWorld *w = *state;
        char where[sizeof(w->folder) + 16];
        listen_with_short_leases(w, where);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        HarnessService *s = service_start(w, 0);
        refuse_runs_of(w, "broken", 3);
        free(harness_sql(&w->pg, "UPDATE edgemirror.instance SET waiting_since = now() - interval "
                                 "'2 minutes'"));
        make_due(w, 0, 2);
        await_runs(w, 0, 2, "synced", 2);
        await_sign_of_life(w);
        assert_check(w, 1, " waits for PostgreSQL, which refuses a statement");
        harness_service_await(
                s, "STATUS=PostgreSQL refuses a statement that syncs need: e3: PostgreSQL: ", 1);
        assert_monitor_says(where, "/readyz",
                            "ready; PostgreSQL refuses a statement that syncs need: e3: ");
        assert_monitor_says(where, "/metrics", "\nedgemirror_postgres_up 0\n");
        assert_monitor_says(where, "/", "<code>journalctl -u edgemirror -p warning</code>");
        assert_int_equal(harness_service_logged(s, over), 0);

        free(harness_sql(&w->pg, "DROP TRIGGER broken ON edgemirror.sync_run; UPDATE "
                                 "edgemirror.edge_claim SET next_run_at = now() + interval '1h'"));
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e3"), 0);
        harness_service_await_log(s, over, 1);
        await_sign_of_life(w);
        assert_check(w, 0, "OK: 4 edges fresh and well, 1 instance alive\n");
        assert_monitor_says(where, "/readyz", "ready\n");
        assert_monitor_says(where, "/metrics", "\nedgemirror_postgres_up 1\n");

        /* of two, the end of one is not that of the other */
        refuse_runs_of(w, "broken", 3);
        refuse_runs_of(w, "broken_too", 2);
        harness_service_await(
                s,
                "STATUS=PostgreSQL refuses a statement that syncs need: e3, e2: PostgreSQL: ", 1);
        allow(w, "broken", "sync_run");
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e3"), 0);
        harness_service_await(
                s, "STATUS=PostgreSQL refuses a statement that syncs need: e2: PostgreSQL: ", 1);
        assert_int_equal(harness_service_logged(s, over), 1);
        allow(w, "broken_too", "sync_run");
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e2"), 0);
        harness_service_await_log(s, over, 2);
        await_sign_of_life(w);

        refuse_runs_of(w, "broken", 3);
        service_configure(w, 3);
        harness_service_reload(s);
        harness_service_await_log(
                s, "info: no edge is synced any more whose runs PostgreSQL refused, after ", 1);
        assert_int_equal(harness_service_logged(s, over), 2);
        allow(w, "broken", "sync_run");
        service_stop(w, 0);
}

/* A run that failed for another reason, and whose end is not recorded: nobody knows of either. */
static void an_end_that_is_not_recorded_is_trouble_whatever_the_run_failed_of(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        HarnessService *s = service_start(w, 0);
        service_fault(w, "list", 0, "\"status\":403");
        refuse(w, "broken", "UPDATE ON edgemirror.edge", -1);
        make_due(w, 0, 0);
        service_await_sql(w, WAITS_FOR_POSTGRES);
        assert_int_equal(
                harness_service_logged(s, "warning: e0: the end of run 5 could not be recorded: "),
                1);
        allow(w, "broken", "edge");
        make_due(w, 0, 0); /* it fails again, and that is recorded */
        service_await_sql(w, WAITS_FOR_NOTHING);
        assert_int_equal(service_program(w, "status", "--check", NULL), 1);
        assert_out(w, "e0 (failed: catalog-forbidden", true);
        no_faults(w);
        service_stop(w, 0);
}

/* The other ways to see the service say why `status` takes one that runs for dead. */
static void a_sign_of_life_that_is_refused_is_said_where_it_can_be(void **state)
{
        ServiceWorld *w = *state;
        char where[sizeof(w->folder) + 16];
        listen_with_short_leases(w, where);
        HarnessService *s = service_start(w, 0);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance");
        /* nothing else needs this right */
        static const char *const begin[] = {NULL, "REVOKE UPDATE ON edgemirror.instance FROM em"};
        static const char *const end[] = {NULL, "GRANT UPDATE ON edgemirror.instance TO em"};
        for (unsigned i = 0; i < ARRAY_SIZE(begin); i++) {
                if (begin[i])
                        free(harness_sql(&w->pg, begin[i]));
                else
                        refuse(w, "broken", "UPDATE ON edgemirror.instance", -1);
                harness_service_await_log(
                        s, "warning: the sign of life could not be written, without which status",
                        i + 1);
                harness_service_await(s,
                                      "STATUS=PostgreSQL refuses a statement that the sign of life "
                                      "needs, and no sync: PostgreSQL: ",
                                      i + 1);
                assert_monitor_says(where, "/readyz",
                                    "ready; PostgreSQL refuses a statement that the sign of life "
                                    "needs, and no sync: ");
                assert_monitor_says(where, "/metrics", "\nedgemirror_postgres_up 0\n");
                assert_monitor_says(
                        where, "/",
                        "As seen by the instance that shows this page: PostgreSQL "
                        "refuses a statement that the sign of life needs, and no sync: ");
                assert_monitor_says(where, "/", "PostgreSQL refuses a statement of the service<");
                assert_monitor_says(where, "/inventory", "refuses a statement of the service</a>");
                assert_monitor_says(where, "/changes", "refuses a statement of the service</a>");
                assert_monitor_says(where, "/edges/e0", "refuses a statement of the service</a>");
                (void)poll(NULL, 0, 1500); /* of three more signs nothing is said */
                if (i == 0)                /* the first sign says of itself that it is well */
                        free(harness_sql(&w->pg,
                                         "CREATE TABLE public.waited AS SELECT FROM "
                                         "edgemirror.instance WHERE false; GRANT ALL ON "
                                         "public.waited TO public; CREATE FUNCTION public.note() "
                                         "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "
                                         "public.waited DEFAULT VALUES; RETURN NULL; END $$; "
                                         "CREATE TRIGGER note AFTER UPDATE ON edgemirror.instance "
                                         "FOR EACH ROW WHEN (NEW.waiting_for IS NOT NULL) EXECUTE "
                                         "FUNCTION public.note()"));
                if (end[i])
                        free(harness_sql(&w->pg, end[i]));
                else
                        allow(w, "broken", "instance");
                harness_service_await_log(s, "info: the sign of life is written again", i + 1);
                await_sign_of_life(w);
                assert_int_equal(harness_service_logged(s, "warning: the sign of life could"),
                                 i + 1);
                assert_monitor_says(where, "/readyz", "ready\n");
                assert_int_equal(sql_long(w, "SELECT count(*) FROM public.waited"), 0);
        }
        free(harness_sql(&w->pg, "DROP TABLE public.waited CASCADE"));
        /* one that becomes another is said anew, and both together are over once */
        refuse(w, "broken", "UPDATE ON edgemirror.instance", -1);
        harness_service_await_log(s, "warning: the sign of life could not be written, ", 3);
        free(harness_sql(&w->pg, begin[1]));
        harness_service_await_log(s, "warning: the sign of life could not be written, ", 4);
        free(harness_sql(&w->pg, end[1]));
        allow(w, "broken", "instance");
        harness_service_await_log(s, "info: the sign of life is written again", 3);
        service_stop(w, 0);
}

/* Whoever takes the dead off the list does not wait for those who look at them. */
static void a_row_of_the_dead_that_somebody_holds_keeps_no_sign_of_life_back(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        HarnessService *s = service_start(w, 0);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance");
        free(harness_sql(&w->pg,
                         "INSERT INTO edgemirror.instance (instance_id, name, version, lease, "
                         "started_at, seen_at, unbroken_since, edges) SELECT gen_random_uuid(), "
                         "'dead', version, lease, now() - interval '2 h', now() - interval '1 h', "
                         "now() - interval '1 h', edges FROM edgemirror.instance"));
        PGconn *looks = hold(w, "BEGIN; SELECT name FROM edgemirror.instance WHERE name = 'dead' "
                                "FOR UPDATE");
        free(harness_sql(&w->pg, "UPDATE edgemirror.instance SET unbroken_since = now() - interval "
                                 "'1 h' WHERE name <> 'dead'"));
        await_sign_of_life(w);
        await_sign_of_life(w); /* else only when it registers again, after a minute of this: */
        assert_int_equal(harness_service_logged(s, " lock"), 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.instance WHERE name = 'dead' "
                                     "AND edges <> '{}'"),
                         1);
        PQfinish(looks);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance WHERE name = 'dead' AND "
                             "edges = '{}'");
        service_stop(w, 0);
}

/* What is registered is served; else each reload would end it, and each hour. */
static void a_registration_that_is_refused_ends_no_service(void **state)
{
        ServiceWorld *w = *state;
        char where[sizeof(w->folder) + 16];
        listen_in_folder(w, where);
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        refuse(w, "broken", "UPDATE ON edgemirror.instance", -1);
        harness_service_reload(s);
        harness_service_await_log(s, "warning: the edges cannot be registered; ", 1);
        make_due(w, 1, 2);
        await_runs(w, 1, 2, "synced", 1);
        assert_monitor_says(where, "/readyz",
                            "ready; PostgreSQL refuses a statement that registers edges, which "
                            "those of before do not need: ");
        /* it is not over because a lock is met first */
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET schedule = 'daily'"));
        PGconn *reads = hold(w, "BEGIN; SELECT FROM edgemirror.edge FOR UPDATE");
        harness_service_await_log(s,
                                  "debug: the edges could not be registered now, trying again "
                                  "soon: PostgreSQL: canceling statement due to lock timeout",
                                  1);
        PQfinish(reads);
        assert_int_equal(harness_service_logged(s, "info: the edges can be registered again"), 0);
        allow(w, "broken", "instance");
        service_configure(w, 3);
        harness_service_reload(s);
        service_await_enabled(w, 3);
        service_await_sql(w, WAITS_FOR_NOTHING);
        assert_int_equal(harness_service_logged(s, "info: the edges can be registered again"), 1);
        assert_monitor_says(where, "/readyz", "ready\n");
        service_stop(w, 0);
}

/* A table that is being indexed when the service comes to what it has not registered. */
static void a_registration_that_meets_a_lock_is_said_where_it_lasts(void **state)
{
        ServiceWorld *w = *state;
        char where[sizeof(w->folder) + 16];
        listen_in_folder(w, where);
        service_write_config(w);
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e0"), 0);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET schedule = 'daily'"));
        PGconn *indexes = hold(w, "BEGIN; LOCK TABLE edgemirror.edge IN SHARE MODE");
        HarnessService *s = service_start(w, 0);
        harness_service_await_log(s, "warning: the edges cannot be registered; ", 1);
        assert_monitor_answers(where, "/readyz", 503,
                               "not ready: registering 4 edges; PostgreSQL refuses a statement "
                               "that every sync needs: ");
        assert_monitor_says(where, "/metrics", "\nedgemirror_postgres_up 0\n");
        PQfinish(indexes);
        harness_service_await_log(s, "info: the edges can be registered again", 1);
        assert_monitor_says(where, "/readyz", "ready\n");
        service_stop(w, 0);
}

typedef struct Refused {
        const char *begin, *end; /* NULL: a trigger, which refuses one edge */
} Refused;

static void assert_alive_and_refused(ServiceWorld *w, const char *where)
{
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_for = "
                             "'postgres'");
        await_sign_of_life(w);
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, " for PostgreSQL, which refuses a statement:\n", true);
        assert_out(w, "NO INSTANCE", false);
        assert_monitor_says(where, "/metrics", "\nedgemirror_postgres_up 0\n");
        assert_monitor_says(where, "/", "refuses a statement");
        assert_monitor_says(where, "/edges/e0", "e0");
}

/* Every edge stands still; but the mirror is there to be read, and the service says why itself:
 * whatever the reason is, and after a reload, whose first question that is. */
static void a_due_time_that_cannot_be_written_leaves_signs_of_life_and_pages(void **state)
{
        static const Refused refused[] = {{NULL, NULL},
                                          {"REVOKE UPDATE ON edgemirror.edge_claim FROM em",
                                           "GRANT UPDATE ON edgemirror.edge_claim TO em"}};
        ServiceWorld *w = *state;
        char where[sizeof(w->folder) + 16];
        listen_with_short_leases(w, where);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        HarnessService *s = service_start(w, 0);
        for (unsigned i = 0; i < ARRAY_SIZE(refused); i++) {
                if (refused[i].begin)
                        free(harness_sql(&w->pg, refused[i].begin));
                else
                        refuse(w, "broken", "UPDATE OF holder ON edgemirror.edge_claim", 1);
                make_due(w, 1, 1);
                harness_service_await_log(
                        s,
                        "warning: PostgreSQL refuses a statement that every sync needs: ", i + 1);
                assert_alive_and_refused(w, where);
                assert_monitor_says(
                        where, "/readyz",
                        "ready; PostgreSQL refuses a statement that every sync needs: ");
                harness_service_reload(s);
                assert_alive_and_refused(w, where);
                await_monitor_says(where, "/readyz",
                                   "ready; PostgreSQL refuses a statement that every sync needs: ");
                if (refused[i].end)
                        free(harness_sql(&w->pg, refused[i].end));
                else
                        allow(w, "broken", "edge_claim");
                await_runs(w, 1, 1, "synced", (int)i + 2);
                service_await_sql(w, WAITS_FOR_NOTHING);
                assert_monitor_says(where, "/readyz", "ready\n");
        }
        /* what was refused then is not what is refused now */
        refuse(w, "broken", "UPDATE OF schedule ON edgemirror.edge", -1);
        free(harness_sql(&w->pg, "ALTER TABLE edgemirror.edge DISABLE TRIGGER broken; UPDATE "
                                 "edgemirror.edge SET schedule = 'daily'; ALTER TABLE "
                                 "edgemirror.edge ENABLE TRIGGER broken"));
        harness_service_reload(s);
        /* the first was met when it registered after the reload without the privilege */
        harness_service_await_log(s, "warning: the edges cannot be registered; ", 2);
        assert_monitor_says(where, "/readyz",
                            "ready; PostgreSQL refuses a statement that registers edges, which "
                            "those of before do not need: ");
        service_stop(w, 0);
        assert_int_equal(harness_service_logged(s, "refuses the credentials"), 0);
}

/* Its sign of life needs no row of that table. */
static void a_queue_that_is_locked_for_long_leaves_signs_of_life(void **state)
{
        ServiceWorld *w = *state;
        char where[sizeof(w->folder) + 16];
        listen_with_short_leases(w, where);
        HarnessService *s = service_start(w, 0);
        service_await_registered(w);
        PGconn *locks = hold(w, "BEGIN; LOCK TABLE edgemirror.edge_claim");
        harness_service_await_log(
                s, "warning: PostgreSQL refuses a statement that every sync needs: ", 1);
        await_sign_of_life(w);
        assert_monitor_says(where, "/readyz",
                            "ready; PostgreSQL refuses a statement that every sync needs: ");
        PQfinish(locks);
        service_await_sql(w, WAITS_FOR_NOTHING);
        assert_monitor_says(where, "/readyz", "ready\n");
        service_stop(w, 0);
}

/* Not with the next questions for what is due, either. */
static void assert_no_run_begins(ServiceWorld *w)
{
        make_due(w, 0, 3);
        (void)poll(NULL, 0, 1500);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 4);
}

/* Whose the database is, is known before the edges are waited for, and where it cannot be asked, no
 * edge is synced: not of a service that starts, and not of one that was given another catalog. */
static void into_the_database_of_another_catalog_nothing_is_synced_whatever_is_locked(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        free(harness_sql(&w->pg, "UPDATE edgemirror.catalog SET url = 'https://another.example'; "
                                 "UPDATE edgemirror.edge SET schedule = 'daily'"));
        PGconn *edge = hold(w, "BEGIN; SELECT FROM edgemirror.edge FOR NO KEY UPDATE");
        PGconn *catalog = hold(w, "BEGIN; LOCK TABLE edgemirror.catalog");
        HarnessService *s = service_start(w, 0);
        harness_service_await_log(s, "warning: PostgreSQL cannot be used: ", 1);
        assert_no_run_begins(w);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 1);
        PQfinish(catalog);
        harness_service_await_log(s, "this database mirrors the catalog https://another", 1);
        assert_no_run_begins(w);
        PQfinish(edge);
        service_stop(w, 0);
}

/* A restore gone wrong: no question but that for what is due has been asked since. */
static void what_comes_back_as_the_database_of_another_catalog_is_left_alone(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        HarnessService *s = service_start(w, 0);
        free(harness_sql(&w->pg, "UPDATE edgemirror.catalog SET url = 'https://another.example'; "
                                 "UPDATE edgemirror.edge_claim SET next_run_at = now()"));
        harness_service_await_log(s, "this database mirrors the catalog https://another", 1);
        assert_no_run_begins(w);
        /* and that of nobody is taken once more */
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.catalog"));
        await_runs(w, 0, 3, "synced", 2);
        free(harness_sql(&w->pg, "DELETE FROM edgemirror.catalog"));
        make_due(w, 0, 3);
        await_runs(w, 0, 3, "synced", 3);
        service_stop(w, 0);
}

/* The address of the catalog changes while the table that tells whose the database is cannot be
 * read. */
static void who_is_given_another_catalog_asks_anew_whose_the_database_is(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        HarnessService *s = service_start(w, 0);
        free(harness_sql(&w->pg, "REVOKE SELECT ON edgemirror.catalog FROM em"));
        (void)snprintf(w->url, sizeof(w->url), "http://localhost:%s", catalog_port(w));
        service_write_config(w);
        harness_service_reload(s);
        harness_service_await_log(s, "warning: PostgreSQL cannot be used: ", 1);
        assert_no_run_begins(w);
        free(harness_sql(&w->pg, "GRANT SELECT ON edgemirror.catalog TO em"));
        harness_service_await_log(s, "this database mirrors the catalog http://127.0.0.1:", 1);
        assert_no_run_begins(w);
        service_stop(w, 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(runs_that_nobody_takes_down_are_the_services_trouble,
                                       few_edges),
                cmocka_unit_test_setup(
                        what_is_refused_for_one_edge_alone_is_trouble_until_that_is_over,
                        few_edges),
                cmocka_unit_test_setup(
                        an_end_that_is_not_recorded_is_trouble_whatever_the_run_failed_of,
                        few_edges),
                cmocka_unit_test_setup(a_sign_of_life_that_is_refused_is_said_where_it_can_be,
                                       few_edges),
                cmocka_unit_test_setup(
                        a_row_of_the_dead_that_somebody_holds_keeps_no_sign_of_life_back,
                        few_edges),
                cmocka_unit_test_setup(a_registration_that_is_refused_ends_no_service, few_edges),
                cmocka_unit_test_setup(a_registration_that_meets_a_lock_is_said_where_it_lasts,
                                       few_edges),
                cmocka_unit_test_setup(a_queue_that_is_locked_for_long_leaves_signs_of_life,
                                       few_edges),
                cmocka_unit_test_setup(
                        into_the_database_of_another_catalog_nothing_is_synced_whatever_is_locked,
                        few_edges),
                cmocka_unit_test_setup(
                        what_comes_back_as_the_database_of_another_catalog_is_left_alone,
                        few_edges),
                cmocka_unit_test_setup(who_is_given_another_catalog_asks_anew_whose_the_database_is,
                                       few_edges),
                cmocka_unit_test_setup(
                        a_due_time_that_cannot_be_written_leaves_signs_of_life_and_pages,
                        few_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
