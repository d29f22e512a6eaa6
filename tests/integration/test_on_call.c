/*
 * The service as a person on call finds it: who lives, who waits for what, what was taken over from
 * whom.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "integration/service_world.h"
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the program that was started last writes to standard error. */
static void await_err(ServiceWorld *w, const char *words)
{
        for (int i = 0; i < 6000; i++, (void)poll(NULL, 0, 10)) {
                char *text = harness_read(w->folder, "err");
                bool there = strstr(text, words) != NULL;
                free(text);
                if (there)
                        return;
        }
        fail_msg("never said: %s", words);
}

/* N6: What the program says, but the words of others, which are behind a colon. */
static void assert_status_fits(ServiceWorld *w)
{
        char *text = harness_read(w->folder, "out");
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
                size_t length = strcspn(line, "\n");
                const char *words = memmem(line, length, ": ", 2);
                assert_in_range(words && line[0] == ' ' ? (size_t)(words - line) : length, 0, 80);
                if (length > 0 && line[length - 1] == ':')
                        line += length + 1;
        }
        free(text);
}

/* Of an instance that was killed, instead of a wait for as long. */
static void was_last_seen(ServiceWorld *w, const char *ago)
{
        char sql[128];
        (void)snprintf(sql, sizeof(sql), "UPDATE edgemirror.instance SET seen_at = now() - %s",
                       ago);
        free(harness_sql(&w->pg, sql));
}

static void was_listed(ServiceWorld *w, int edge, const char *ago)
{
        char sql[160];
        (void)snprintf(
                sql, sizeof(sql),
                "UPDATE edgemirror.edge SET listed_at = now() - interval '%s' WHERE name = 'e%d'",
                ago, edge);
        free(harness_sql(&w->pg, sql));
}

/* ---- N3: status begins with the service ----------------------------------------------------- */

/* N3 */
static void status_says_who_lives_and_what_each_waits_for(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "service: no instance has ever run on this database", true);
        (void)service_start(w, 0);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, " is alive, last sign of life ", true);
        assert_out(w, ", 4 edges; waits for nothing\n", true);
        service_fault(w, "list", -1, "\"status\":503");
        make_due(w, 0, 3);
        harness_service_reload(&w->services[0]);
        service_await_sql(w,
                          "SELECT count(*) FROM edgemirror.instance WHERE waiting_for = 'catalog'");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, " for the catalog, which cannot be reached:\n", true);
        assert_status_fits(w);
        no_faults(w);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_for IS NULL");
        await_runs(w, 0, 3, "synced", 1);
        harness_service_kill(&w->services[0]);
        was_last_seen(w, "lease");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "has given no sign of life for ", true);
        assert_out(w, "service: NO INSTANCE GIVES A SIGN OF LIFE in this database; ", true);
        assert_status_fits(w);
        assert_out(w,
                   "; of one that runs, its log\n         (journalctl -u) says what it waits for\n",
                   true);
        assert_int_equal(service_program(w, "status", "--json", NULL), 0);
        assert_out(w, "alive", false);
}

/* As systemd starts it again. */
static void who_was_killed_is_not_silent_when_another_of_its_name_is_alive(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 1h\ninstance = the-one");
        service_write_config(w);
        (void)service_start(w, 0);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance");
        harness_service_kill(&w->services[0]);
        /* however long the edges stay its own: it gives one every few seconds */
        was_last_seen(w, "interval '30 seconds'");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "and counts as dead in ", true);
        was_last_seen(w, "interval '61 seconds'");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "the-one has given no sign of life for ", true);
        assert_out(w, "is alive", false);
        (void)service_start(w, 1);
        service_await_sql(w, "SELECT (count(*) = 2)::int FROM edgemirror.instance");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "the-one is alive", true);
        assert_out(w, "no sign of life", false);
        service_stop(w, 1);
}

/* N6 */
static void status_of_the_service_fits_and_names_one_stop(void **state)
{
        ServiceWorld *w = *state;
        for (size_t i = 0; i < 3; i++) {
                if (i > 0)
                        service_stop(w, 0);
                (void)service_start(w, 0);
        }
        service_await_sql(w, "SELECT (count(*) > 2)::int FROM edgemirror.instance");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        char *text = harness_read(w->folder, "out");
        const char *stop = strstr(text, " was stopped ");
        assert_non_null(stop);
        assert_null(strstr(stop + 1, " was stopped "));
        free(text);
        assert_status_fits(w);
}

/* N3: For monitoring. */
static void status_check_ends_well_only_when_all_is_well(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 10s");
        service_write_config(w);
        assert_check(w, 1, "NOT OK: no edge is enabled\n");
        w->n_configured = 3;
        service_write_config(w);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        w->n_configured = 4;
        service_write_config(w);
        assert_check(w, 1, "NOT OK: 1 of 4 edges not well: e3 (not known to the mirror yet)\n");
        assert_int_equal(service_program(w, "status", "--check", "e0"), 0);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        /* nothing schedules them */
        assert_check(w, 0, "OK: 4 edges fresh and well, 0 instances alive\n");
        free(harness_sql(&w->pg, "CREATE TABLE public.kept AS SELECT url FROM edgemirror.catalog;"
                                 "UPDATE edgemirror.catalog SET url = 'https://another.example'"));
        assert_check(w, 69, "NOT OK: this database mirrors the catalog https://another.example");
        assert_int_equal(service_program(w, "verify", NULL, NULL), 69);
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.catalog SET url = (SELECT url FROM public.kept)"));
        (void)service_start(w, 0);
        assert_check(w, 0, "OK: 4 edges fresh and well, 1 instance alive\n");
        service_fault(w, "list", 1, "\"status\":403");
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e1"), 1);
        no_faults(w);
        assert_check(w, 1, "NOT OK: 1 of 4 edges not well: e1 (failed: catalog-forbidden, listed ");
        assert_int_equal(service_program(w, "status", "--check", "e0"), 0);
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e1"), 0);
        service_stop(w, 0);
        assert_check(w, 1, "NOT OK: no instance of the service is alive: ");
        assert_int_equal(service_program(w, "status", "--check", "--json"), 2);
        harness_postgres_stop(&w->pg);
        assert_check(w, 69, "NOT OK: no connection to PostgreSQL");
        harness_postgres_resume(&w->pg);
}

/* … nor what is only half well, whatever run was stopped since. A refresh that is not wanted is
 * none that failed. */
static void status_check_says_what_is_not_whole_and_what_is_not_refreshed(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        service_fault(w, "list", 0, "\"bad_row\":\"uuid\",\"bad_row_index\":2");
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e0"), 1);
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e0"), 1);
        assert_check(w, 1,
                     "1 of 4 edges not well: e0 (unstable: list-unreadable-rows, 2 failures in a "
                     "row, listed ");
        service_fault(w, "refresh", 1, "\"end_state\":\"COMPLETED\",\"result\":\"FAILURE\"");
        assert_int_equal(service_program(w, "sync", NULL, "e1"), 0);
        assert_check(w, 1, " ago), e1 (not refreshed: job-failed, never before, listed ");
        assert_int_equal(service_program(w, "status", "--json", "e0"), 0);
        assert_out(w, "\"state\":\"unstable\"", true);
        service_fault(w, "list", 2, "\"status\":403");
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e2"), 1);
        no_faults(w);
        free(harness_sql(&w->pg,
                         "WITH stopped AS (INSERT INTO edgemirror.sync_run (edge_connection_id, "
                         "instance, epoch, trigger, phase, outcome, finished_at) SELECT "
                         "edge_connection_id, 'i', 1, 'schedule', 'done', 'aborted', now() FROM "
                         "edgemirror.edge RETURNING *) UPDATE edgemirror.edge e SET last_run_id = "
                         "s.run_id FROM stopped s WHERE s.edge_connection_id = "
                         "e.edge_connection_id"));
        assert_check(w, 1, "3 of 4 edges not well: e0 (unstable, 2 failures in a row, listed ");
        assert_out(w, "), e1 (not refreshed, never before, listed ", true);
        assert_out(w, "), e2 (failed, listed ", true);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        assert_check(w, 0, "OK: 4 edges fresh and well, 0 instances alive\n");
}

/* Where no queue says that an edge is overdue: synced by hand, or in a database that subscribes. */
static void status_check_goes_by_the_schedule_where_nothing_else_does(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->schedule, sizeof(w->schedule), "every 15m");
        service_write_config(w);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        was_listed(w, 0, "890 seconds");
        assert_check(w, 0, "OK: 4 edges fresh and well, 0 instances alive\n");
        was_listed(w, 0, "2 hours");
        assert_check(w, 1,
                     "NOT OK: 1 of 4 edges not well: e0 (listed 2h ago, which its schedule (every "
                     "15m) does not allow)\n");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "\n    listed 2h ago, which its schedule (every 15m) does not allow\n", true);
        /* as the mirror has it: whoever asks may have another configuration, or none of it */
        w->n_configured = 3;
        (void)snprintf(w->schedule, sizeof(w->schedule), "every 1d");
        service_write_config(w);
        was_listed(w, 0, "1 minute");
        was_listed(w, 3, "2 hours");
        assert_check(w, 1,
                     "NOT OK: 1 of 4 edges not well: e3 (listed 2h ago, which its schedule (every "
                     "15m) does not allow)\n");
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET schedule = 'at full moon', timezone = "
                                 "'Moon/Copernicus' WHERE name = 'e3'"));
        assert_check(w, 1,
                     "e3 (listed 2h ago, which its schedule (at full moon) does not tell "
                     "this version whether to allow)\n");
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET schedule = E'at \\x1b[31mfull moon' "
                                 "WHERE name = 'e3'"));
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "full moon) does not tell this version", true);
        assert_out(w, "\x1b", false);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET schedule = 'daily' WHERE name = "
                                 "'e3'"));
        assert_check(w, 0, "OK: 4 edges fresh and well, 0 instances alive\n");
}

/* The instance that wanted them dies; the one that lives has them not in its file. */
static void status_names_edges_that_are_configured_and_that_nobody_schedules(void **state)
{
        ServiceWorld *w = *state;
        short_leases(w);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        (void)service_start_with(w, 0, 4);
        assert_check(w, 0, "OK: 4 edges fresh and well, 1 instance alive\n");
        (void)service_start_with(w, 1, 2);
        harness_service_kill(&w->services[0]);
        service_await_enabled(w, 2);
        assert_check(w, 0, "OK: 2 edges fresh and well, 1 instance alive\n");
        service_configure(w, 4);
        assert_check(w, 1,
                     "NOT OK: 2 of 4 edges not well: e2 (disabled in the mirror, although "
                     "configured: no instance that is alive syncs it), e3 (disabled");
        assert_int_equal(service_program(w, "status", NULL, "e2"), 0);
        assert_out(w, "\n    disabled in the mirror, although configured: ", true);
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        assert_check(w, 1,
                     "NOT OK: 2 of 4 edges not well: e2 (not scheduled, although "
                     "configured: no instance that is alive syncs it), e3 (not");
        harness_service_signal(&w->services[1], SIGHUP);
        service_await_sql(w, "SELECT (count(next_run_at) = 4)::int FROM edgemirror.edge_claim");
        assert_check(w, 0, "OK: 4 edges fresh and well, 1 instance alive\n");
        service_stop(w, 1);
}

/* ---- N1: the database is another catalog's --------------------------------------------------- */

/* N1 */
static void a_service_says_whose_database_it_is_and_what_to_do(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        free(harness_sql(&w->pg, "DROP TABLE IF EXISTS public.kept;"
                                 "CREATE TABLE public.kept AS SELECT url FROM edgemirror.catalog;"
                                 "UPDATE edgemirror.catalog SET url = 'https://another.example'"));
        HarnessService *s = service_start(w, 0);
        harness_service_await_log(
                s,
                "warning: no edge is synced, tried again at least every 30 s: this database "
                "mirrors "
                "the catalog https://another.example, and url of [catalog] is http://127.0.0.1:",
                1);
        harness_service_await(s, "STATUS=no edge is synced: this database mirrors the catalog ", 1);
        char statement[160];
        (void)snprintf(statement, sizeof(statement),
                       ": UPDATE edgemirror.catalog SET url = 'http://127.0.0.1:%s'\n",
                       catalog_port(w));
        assert_in_range(harness_service_logged(s, statement), 1, 9);
        free(harness_sql(&w->pg,
                         "UPDATE edgemirror.catalog SET url = (SELECT url FROM public.kept)"));
        harness_service_await_log(s, "info: edges are synced again after ", 1);
        assert_int_equal(harness_service_logged(s, "PostgreSQL cannot be used"), 0);
        service_stop(w, 0);
}

/* ---- N2: the catalog refuses the credentials, and it is corrected there --------------------- */

/* N2 */
static void credentials_that_are_accepted_again_are_found_without_a_word(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        /* the last one waits for its answer when the others are refused */
        for (int i = 0; i < 4; i++)
                service_fault(w, "job", i, i < 3 ? "\"delay_ms\":300" : "\"delay_ms\":20000");
        make_due(w, 0, 3);
        harness_service_reload(s);
        service_await_phase(w, 0, "poll");
        service_await_phase(w, 3, "poll");
        /* as an account that is locked */
        service_control(w, "/control/settings", "{\"auth\":\"basic:svc:another\"}");
        service_await_sql(
                w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_for = 'credentials'"
                   " AND waiting_message LIKE '%%; tried again at 20%% UTC'");
        assert_int_equal(harness_service_logged(s, "edges wait, tried again at 20"), 1);
        service_await_sql(
                w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'aborted' AND "
                   "error_code = 'broken-off'"
                   " AND error_message LIKE 'aborted, the catalog refused the credentials: %%'");
        assert_int_equal(
                sql_long(w,
                         "SELECT count(*) FROM edgemirror.sync_run WHERE error_code = 'stopped'"),
                0);
        assert_int_equal(service_program(w, "status", "--check", NULL), 1);
        assert_out(w, "waits for the catalog, which refuses the credentials", true);
        no_faults(w);
        int refused = requests(w, "any", -1, 401);
        service_control(w, "/control/settings", "{\"auth\":\"basic:svc:" SECRET "\"}");
        await_runs(w, 0, 3, "synced", 1);
        assert_int_equal(requests(w, "any", -1, 401), refused); /* nobody asked meanwhile */
        service_stop(w, 0);
}

/* ---- N9: an instance that was killed -------------------------------------------------------- */

/* N9 */
static void status_says_since_when_a_holder_is_silent_and_the_log_from_whom_an_edge_was_taken_over(
        void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 40s\ninstance = the-first");
        service_write_config(w);
        service_fault(w, "refresh", 0, "\"never_ends\":true");
        (void)service_start(w, 0);
        make_due(w, 0, 0);
        harness_service_signal(&w->services[0], SIGHUP);
        service_await_phase(w, 0, "poll");
        service_await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE job_progress = 42");
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "held by the-first", true);
        assert_out(w, "no sign of life", false);
        harness_service_kill(&w->services[0]);
        /* its signs of life and the notes under its lease have times of their own */
        was_last_seen(w, "interval '20 seconds'");
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() + "
                                 "interval '20 seconds' WHERE holder IS NOT NULL"));
        assert_int_equal(service_program(w, "status", NULL, NULL), 0);
        assert_out(w, "held by the-first: no sign of life for ", true);
        assert_out(w, "; free in ", true);
        assert_out(w, "service: the-first has given no sign of life for ", true);
        assert_out(w, "s\n         and counts as dead in ", true);
        assert_out(w, "is alive", false);
        /* who asks has another lease than who holds it */
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 50s");
        service_write_config(w);
        assert_int_equal(service_program(w, "sync", NULL, "e0"), 0);
        assert_out(w, "the-first has been syncing this edge for ", true);
        assert_out(w, "s: job RUNNING, 42 %; no sign of life for ", true);
        assert_out(w, "; free in ", true);
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "instance = the-second");
        service_write_config(w);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() "
                                 "WHERE holder IS NOT NULL"));
        (void)service_start(w, 1);
        harness_service_await_log(&w->services[1],
                                  "e0: taken over from the-first, which did not renew", 1);
        service_stop(w, 1);
}

/* N9: The same for who syncs by hand. */
static void a_sync_by_hand_says_from_whom_it_takes_over(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e0"), 0);
        free(harness_sql(
                &w->pg,
                "UPDATE edgemirror.edge_claim SET holder = 'the-first', expires_at = now() - "
                "interval"
                " '1 s' WHERE edge_connection_id IN (SELECT edge_connection_id FROM edgemirror.edge"
                " WHERE name = 'e0')"));
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e0"), 0);
        char *text = harness_read(w->folder, "err");
        assert_non_null(strstr(text, "e0: taken over from the-first"));
        free(text);
}

/* ---- N4: a lock ----------------------------------------------------------------------------- */

/* N4 */
static void who_holds_a_lock_that_is_waited_for_is_said(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        free(harness_sql(&w->pg, "GRANT pg_read_all_stats TO em"));
        PGconn *lock = hold(
                w, "BEGIN; LOCK TABLE edgemirror.database_connection IN ACCESS EXCLUSIVE MODE");
        PQclear(PQexec(lock, "COMMENT ON ROLE em IS 'hunter2';"));
        char words[256];
        (void)snprintf(
                words, sizeof(words),
                "for a lock on edgemirror.database_connection, held by process %d of user postgres",
                PQbackendPID(lock));
        make_due(w, 0, 1);
        harness_service_reload(s);
        harness_service_await_log(s, words, 1);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_for = 'lock'");
        /* Readers may see it; what others have written into their statements, they may not. */
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_message LIKE"
                            " '%%, last: COMMENT ON; its session%%'"),
                1);
        free(harness_sql(&w->pg, "REVOKE pg_read_all_stats FROM em"));
        assert_int_equal(service_program(w, "check", NULL, NULL), 69);
        assert_out(w, words, true);
        assert_int_equal(service_program(w, "status", NULL, NULL),
                         1); /* it has to wait for it, too; what it knows comes first */
        assert_out(w, " for a lock in PostgreSQL:\n", true);
        assert_out(w, words, true);
        /* of the service: those of the commands may be a moment longer there than the commands */
        assert_in_range(sql_long(w,
                                 "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ "
                                 "'^edgemirror/.*:%d\\M'",
                                 (int)s->pid),
                        1, 4);
        PQfinish(lock);
        harness_service_await_log(s, "no statement waits for a lock any more", 1);
        await_runs(w, 0, 1, "synced", 1);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_for IS NULL");
        service_stop(w, 0);
}

/* What it asks itself has to wait, and then is refused; nobody else waits. */
static void check_names_who_keeps_it_waiting(void **state)
{
        ServiceWorld *w = *state;
        char words[128];
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.edge");
        (void)snprintf(words, sizeof(words),
                       "process %d of user postgres, application \"\", holds ", PQbackendPID(lock));
        assert_int_equal(service_program(w, "check", NULL, NULL), 69);
        assert_out(w, words, true);
        assert_out(w, " a lock (ACCESS EXCLUSIVE) on edgemirror.edge; the session of ", true);
        PQfinish(lock);
        assert_int_equal(service_program(w, "check", NULL, NULL), 0);
        assert_out(w, "postgres: locks", false);
}

/* N4: The same of a sync by hand. */
static void a_sync_by_hand_says_who_holds_the_lock_that_it_waits_for(void **state)
{
        ServiceWorld *w = *state;
        const char *const sync[] = {"-c", w->config, "sync", "--no-refresh", "e0", NULL};
        PGconn *lock = hold(
                w, "BEGIN; LOCK TABLE edgemirror.database_connection IN ACCESS EXCLUSIVE MODE");
        pid_t pid = harness_program_start(w->folder, sync);
        char words[160];
        (void)snprintf(words, sizeof(words),
                       "for a lock on edgemirror.database_connection, held by process %d of user ",
                       PQbackendPID(lock));
        await_err(w, words);
        await_err(w, "PostgreSQL: a statement has waited for ");
        PQfinish(lock);
        assert_int_equal(harness_program_wait(pid), 0);
}

/* N4: When nothing else is under way: who looks at the list of instances holds its rows. */
static void who_holds_the_row_that_a_sign_of_life_wants_is_said(void **state)
{
        ServiceWorld *w = *state;
        char words[128];
        short_leases(w);
        HarnessService *s = service_start(w, 0);
        service_await_registered(w);
        PGconn *looks = hold(w, "BEGIN; SELECT FROM edgemirror.instance FOR UPDATE");
        (void)snprintf(words, sizeof(words), ", held by process %d of user postgres",
                       PQbackendPID(looks));
        harness_service_await_log(s, words, 1);
        /* once it is given up, pages and probes say it, too */
        harness_service_await_log(s, "warning: the sign of life could not be written, ", 1);
        harness_service_await(s,
                              "STATUS=PostgreSQL refuses a statement that the sign of life needs, "
                              "and no sync: a statement has waited ",
                              1);
        PQfinish(looks);
        harness_service_await_log(s, "info: the sign of life is written again", 1);
        service_stop(w, 0);
}

/* Renewals of leases have all other connections, each until it gives up. */
static void a_lock_that_holds_up_every_sync_is_said_with_the_signs_of_life(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 12s\n");
        service_write_config(w);
        service_fault(w, "job", -1, "\"delay_ms\":600000");
        HarnessService *s = service_start(w, 0);
        make_due(w, 0, 3);
        harness_service_reload(s);
        for (int i = 0; i < 4; i++)
                service_await_phase(w, i, "poll");
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.edge_claim IN EXCLUSIVE MODE");
        service_await_sql(w, "SELECT count(*) FROM edgemirror.instance WHERE waiting_for = 'lock'");
        for (int i = 0; i < 20; i++) {
                assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.instance WHERE "
                                             "seen_at > clock_timestamp() - lease"),
                                 1);
                (void)usleep(USEC_PER_SEC);
        }
        PQfinish(lock);
        no_faults(w);
        service_stop(w, 0);
}

/* ---- P3, P10: PostgreSQL that answers nothing ----------------------------------------------- */

static int turning_seconds(void) /* how long it lasts: EDGEMIRROR_OUTAGE_SECONDS, or some */
{
        const char *told = getenv("EDGEMIRROR_OUTAGE_SECONDS");
        return told ? atoi(told) : 10;
}

/* A reload is answered by the loop: how long that takes at most is how long the loop did not turn.
 * Prints it, in milliseconds. */
static void assert_the_loop_turns(ServiceWorld *w, const char *meanwhile)
{
        const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
        uint64_t until = clock_monotonic_usec() + (uint64_t)turning_seconds() * USEC_PER_SEC,
                 longest = 0;
        while (clock_monotonic_usec() < until) {
                uint64_t since = clock_monotonic_usec();
                harness_service_reload(&w->services[0]);
                uint64_t took = clock_monotonic_usec() - since;
                longest = took > longest ? took : longest;
                (void)nanosleep(&pause, NULL);
        }
        print_message("# %s for %d s: the loop did not turn for %.0f ms at most\n", meanwhile,
                      turning_seconds(), (double)longest / USEC_PER_MSEC);
        assert_true(longest < USEC_PER_SEC); /* 200 ms on a machine that does nothing else */
}

static void assert_stops_within(ServiceWorld *w, uint64_t stop_timeout_usec)
{
        uint64_t since = clock_monotonic_usec();
        service_stop(w, 0);
        assert_true(clock_monotonic_usec() - since < stop_timeout_usec + USEC_PER_SEC);
}

static HarnessService *start_short_of_time(ServiceWorld *w)
{
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "stop_timeout = 2s\nlease = 4s");
        (void)snprintf(w->in_postgres, sizeof(w->in_postgres), "max_connections = 3");
        service_write_config(w);
        return service_start(w, 0);
}

static void assert_all_are_fresh_within_a_minute(ServiceWorld *w)
{
        uint64_t since = clock_monotonic_usec();
        (void)service_start(w, 0);
        make_due(w, 0, 3);
        harness_service_reload(&w->services[0]);
        await_runs(w, 0, 3, "synced", 1);
        assert_true(clock_monotonic_usec() - since < USEC_PER_MINUTE);
        service_stop(w, 0);
        service_assert_mirror_equals_catalog(w, 0, 3);
}

/* P3 */
static void the_loop_turns_and_stops_while_the_queue_is_locked(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = start_short_of_time(w);
        make_due(w, 0, 3);
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.edge_claim IN EXCLUSIVE MODE");
        harness_service_reload(s);
        assert_the_loop_turns(w, "a table is locked");
        assert_in_range(sql_long(w, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'em'"),
                        1, 3);
        assert_stops_within(w, 2 * USEC_PER_SEC);
        PQfinish(lock);
        assert_all_are_fresh_within_a_minute(w);
}

/* Stops, or lets go on, the server's sessions of the service and what would take new ones:
 * connections stay, and nothing answers. */
static void send_to_server(ServiceWorld *w, char *pids, int signal)
{
        assert_int_equal(kill(w->pg.pid, signal), 0);
        char *copy = strdup(pids), *at = NULL;
        assert_non_null(copy);
        for (char *pid = strtok_r(copy, ",", &at); pid; pid = strtok_r(NULL, ",", &at))
                (void)kill((pid_t)atoi(pid), signal);
        free(copy);
}

/* P10 */
static void the_loop_turns_and_stops_while_postgres_is_silent(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = start_short_of_time(w);
        make_due(w, 0, 3);
        char *pids = harness_sql(
                &w->pg,
                "SELECT string_agg(pid::text, ',') FROM pg_stat_activity WHERE usename = 'em'");
        send_to_server(w, pids, SIGSTOP);
        harness_service_reload(s);
        assert_the_loop_turns(w, "PostgreSQL is silent");
        assert_stops_within(w, 2 * USEC_PER_SEC);
        send_to_server(w, pids, SIGCONT);
        free(pids);
        assert_all_are_fresh_within_a_minute(w);
}

/* ---- N10: where in the list -------------------------------------------------------------------
 */

/* N10 */
static void a_list_that_fails_says_where(void **state)
{
        ServiceWorld *w = *state;
        (void)snprintf(w->in_defaults, sizeof(w->in_defaults), "page_size = 5");
        service_write_config(w);
        service_fault(w, "list", 0, "\"offset_min\":1,\"status\":403");
        assert_int_equal(service_program(w, "sync", "--no-refresh", "e0"), 1);
        assert_out(w, "catalog-forbidden: list at offset ", true);
}

/* ---- N11: removals that are held ------------------------------------------------------------ */

static void remove_rows(ServiceWorld *w, int edge, int n)
{
        char path[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[edge]);
        for (int i = 0; i < n; i++)
                service_control(w, path, "{\"op\":\"remove\",\"index\":0}");
}

static void sync_again(ServiceWorld *w, int n)
{
        make_due(w, 0, 0);
        harness_service_reload(&w->services[0]);
        service_await_sql(
                w, "SELECT (count(*) >= %d)::int FROM edgemirror.sync_run WHERE outcome = 'held'",
                n);
        service_await_sql(
                w,
                "SELECT (count(*) = 0)::int FROM edgemirror.edge_claim WHERE holder IS NOT NULL");
}

/* N11 */
static void held_removals_are_reported_once_with_a_command_that_can_be_pasted(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", "--no-refresh", NULL), 0);
        remove_rows(w, 0, 15);
        (void)service_start(w, 0);
        sync_again(w, 1);
        harness_service_await_log(&w->services[0], "warning: e0: held after ", 1);
        assert_int_equal(
                harness_service_logged(&w->services[0],
                                       ".conf sync --accept-removals e0 removes those that"),
                1);
        sync_again(w, 2);
        sync_again(w, 3);
        assert_int_equal(harness_service_logged(&w->services[0], "warning: e0: held after "), 1);
        remove_rows(w, 0, 1); /* not the same any more */
        sync_again(w, 4);
        harness_service_await_log(&w->services[0], "warning: e0: held after ", 2);
        /* and that nobody syncs it any more does not hide it */
        harness_service_kill(&w->services[0]);
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET next_run_at = now() - interval "
                                 "'5 min', holder = NULL"));
        assert_int_equal(service_program(w, "status", "--check", "e0"), 1);
        assert_out(w, "e0 (held and overdue, listed ", true);
}

/* ---- N12: an edge that is being synced ------------------------------------------------------ */

/* N12 */
static void an_edge_that_is_being_synced_is_busy_which_is_no_failure(void **state)
{
        ServiceWorld *w = *state;
        service_fault(w, "refresh", 0, "\"never_ends\":true");
        (void)service_start(w, 0);
        make_due(w, 0, 0);
        harness_service_signal(&w->services[0], SIGHUP);
        service_await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE job_progress = 42");
        assert_int_equal(service_program(w, "sync", NULL, "e0"), 0);
        assert_out(w, "  busy      ", true);
        assert_out(w, " has been syncing this edge for ", true);
        assert_out(w, ": job RUNNING, 42 %; last sign of life ", true);
        const char *const waits[] = {"-c", w->config, "sync", "--wait", "--no-refresh", "e0", NULL};
        pid_t pid = harness_program_start(w->folder, waits);
        await_err(w, "e0: waiting; ");
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 1);
        service_stop(w, 0);
        assert_int_equal(harness_program_wait(pid), 0);
        assert_out(w, "  synced    ", true);
        service_assert_mirror_equals_catalog(w, 0, 0);
}

/* ---- N13: words in the foreground ----------------------------------------------------------- */

static int count_lines(const char *text, const char *words)
{
        int n = 0;
        for (const char *at = text; (at = strstr(at, words)); at++)
                n++;
        return n;
}

/* N13 */
static void sync_v_shows_the_job_and_says_nothing_twenty_times(void **state)
{
        ServiceWorld *w = *state;
        service_fault(w, "refresh", 0, "\"never_ends\":true");
        (void)snprintf(w->in_defaults, sizeof(w->in_defaults), "job_timeout = 2s");
        service_write_config(w);
        const char *const arguments[] = {"-c", w->config, "-v", "sync", "e0", NULL};
        (void)harness_program(w->folder, arguments);
        char *text = harness_read(w->folder, "err");
        char *job = harness_sql(&w->pg, "SELECT job_id FROM edgemirror.sync_run");
        assert_non_null(strstr(text, job));
        assert_non_null(strstr(text, "Z debug: e0: idle → claiming"));
        assert_non_null(strstr(text, " RUNNING, 42 %"));
        assert_in_range(count_lines(text, "e0: poll-wait → polling"), 0, 3);
        assert_in_range(count_lines(text, "e0: polling → poll-wait"), 0, 3);
        free(job);
        free(text);
}

/* N14 */
static void a_name_that_is_misspelt_is_guessed(void **state)
{
        ServiceWorld *w = *state;
        assert_int_equal(service_program(w, "sync", NULL, "e00"), 2);
        char *text = harness_read(w->folder, "err");
        assert_non_null(
                strstr(text, "no edge \"e00\" in the configuration; did you mean \"e0\"?\n"));
        free(text);
        assert_int_equal(service_program(w, "sync", NULL, "something-else"), 2);
        text = harness_read(w->folder, "err");
        assert_non_null(strstr(text, "no edge \"something-else\" in the configuration\n"));
        free(text);
}

/* N13 */
static void a_service_in_the_foreground_says_time_and_level(void **state)
{
        ServiceWorld *w = *state;
        (void)service_start(w, 0);
        service_stop(w, 0);
        char *text = harness_read(w->folder, "run0.err");
        for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
                int year;
                char zone, level[16];
                assert_int_equal(
                        sscanf(at, "%d-%*d-%*dT%*d:%*d:%*d%c %15[a-z]: ", &year, &zone, level), 3);
                assert_int_equal(zone, 'Z');
        }
        assert_non_null(strstr(text, "Z info: serving 4 edges"));
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(status_says_who_lives_and_what_each_waits_for, few_edges),
                cmocka_unit_test_setup(
                        who_was_killed_is_not_silent_when_another_of_its_name_is_alive, few_edges),
                cmocka_unit_test_setup(status_of_the_service_fits_and_names_one_stop, few_edges),
                cmocka_unit_test_setup(status_check_ends_well_only_when_all_is_well, few_edges),
                cmocka_unit_test_setup(
                        status_check_says_what_is_not_whole_and_what_is_not_refreshed, few_edges),
                cmocka_unit_test_setup(status_check_goes_by_the_schedule_where_nothing_else_does,
                                       few_edges),
                cmocka_unit_test_setup(
                        status_names_edges_that_are_configured_and_that_nobody_schedules,
                        few_edges),
                cmocka_unit_test_setup(a_service_says_whose_database_it_is_and_what_to_do,
                                       few_edges),
                cmocka_unit_test_setup(credentials_that_are_accepted_again_are_found_without_a_word,
                                       few_edges),
                cmocka_unit_test_setup(
                        status_says_since_when_a_holder_is_silent_and_the_log_from_whom_an_edge_was_taken_over,
                        few_edges),
                cmocka_unit_test_setup(a_sync_by_hand_says_from_whom_it_takes_over, few_edges),
                cmocka_unit_test_setup(who_holds_a_lock_that_is_waited_for_is_said, few_edges),
                cmocka_unit_test_setup(check_names_who_keeps_it_waiting, few_edges),
                cmocka_unit_test_setup(who_holds_the_row_that_a_sign_of_life_wants_is_said,
                                       few_edges),
                cmocka_unit_test_setup(
                        a_lock_that_holds_up_every_sync_is_said_with_the_signs_of_life, few_edges),
                cmocka_unit_test_setup(a_sync_by_hand_says_who_holds_the_lock_that_it_waits_for,
                                       few_edges),
                cmocka_unit_test_setup(the_loop_turns_and_stops_while_the_queue_is_locked,
                                       few_edges),
                cmocka_unit_test_setup(the_loop_turns_and_stops_while_postgres_is_silent,
                                       few_edges),
                cmocka_unit_test_setup(a_list_that_fails_says_where, few_edges),
                cmocka_unit_test_setup(
                        held_removals_are_reported_once_with_a_command_that_can_be_pasted,
                        few_edges),
                cmocka_unit_test_setup(an_edge_that_is_being_synced_is_busy_which_is_no_failure,
                                       few_edges),
                cmocka_unit_test_setup(sync_v_shows_the_job_and_says_nothing_twenty_times,
                                       few_edges),
                cmocka_unit_test_setup(a_name_that_is_misspelt_is_guessed, few_edges),
                cmocka_unit_test_setup(a_service_in_the_foreground_says_time_and_level, few_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
