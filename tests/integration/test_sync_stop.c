/*
 * edgemirror sync that is stopped, by Ctrl-C or SIGTERM, in each of its phases: it exits promptly,
 * gives its lease back, and the next sync is right.
 *
 * Where PostgreSQL does not answer, "promptly" is stop_timeout, and a lease that cannot be released
 * ends by itself. The apply is in test_sync_postgres.
 */
#include "integration/sync_world.h"
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
        STOP_TIMEOUT_MSEC = 1000,
        PROMPT_MSEC = 2000 /* on a busy machine; a few milliseconds otherwise */
};

static void replace(char *text, const char *old, const char *new)
{
        char *place = strstr(text, old);
        assert_non_null(place);
        assert_int_equal(strlen(old), strlen(new));
        memcpy(place, new, strlen(new));
}

/*
 * Waits that end by themselves only after the test would have failed: a minute to settle, as long
 * for an answer and for what Retry-After asks for, and a lease that outlives the program.
 */
static void configure(World *w)
{
        char text[2048];
        write_config(w, "1h");
        char *plain = harness_read(w->folder, "edgemirror.conf");
        replace(plain, "settle = 100ms", "settle =  60s ");
        replace(plain, "request_timeout = 5s", "request_timeout =60s");
        (void)snprintf(text, sizeof(text), "%s[daemon]\nlease = 60s\nstop_timeout = 1s\n", plain);
        harness_write(w->folder, "edgemirror.conf", text);
        free(plain);
}

/* Talks of each transition, on standard error. */
static pid_t start_sync(World *w)
{
        const char *const arguments[] = {"-c", w->config, "sync", "--json", "-v", "main", NULL};
        return harness_program_start(w->folder, arguments);
}

/* From the signal to the exit. */
static int64_t stop_msec(pid_t pid, int signal_number)
{
        struct timespec from, to;
        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        assert_int_equal(kill(pid, signal_number), 0);
        assert_int_equal(harness_program_wait(pid), 1);
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        return (int64_t)(to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
}

static void assert_stopped(World *w)
{
        take_results(w);
        assert_string_equal(text_of(w, 0, "outcome"), "aborted");
        assert_string_equal(error_of(w, "code"), "stopped");
}

static void assert_next_sync_is_right(World *w)
{
        control(w, "/control/faults", "");
        write_config(w, "1s");
        assert_int_equal(sync_all(w), 0);
        assert_string_equal(text_of(w, 0, "outcome"), "synced");
        assert_mirror_equals_catalog(w);
}

/* ---- the catalog is waited for -------------------------------------------------------------- */

static void await_catalog(World *w, const char *path, const char *words)
{
        for (int looks = 0;; looks++) {
                char *text = harness_control_text(&w->catalog, path);
                bool said = strstr(text, words) != NULL;
                if (!said && looks == 1000)
                        fail_msg("waited in vain for %s in %s:\n%s", words, path, text);
                free(text);
                if (said)
                        return;
                (void)poll(NULL, 0, 10);
        }
}

/* Where asking for the job again is not logged, the catalog shows that it was asked. */
static void a_stop_in_any_phase_is_prompt_and_gives_the_lease_back(void **state)
{
        World *w = *state;
        static const struct {
                const char *kind, *members, *into;
                int signal_number;
                const char *path, *shown; /* of the catalog's control API; or NULL */
        } moments[] = {
                {"refresh", "\"delay_ms\":20000", "→ refreshing", SIGINT, NULL, NULL},
                {"refresh", "\"status\":429,\"retry_after\":20", "→ refresh-backoff", SIGINT, NULL,
                 NULL},
                {"refresh", "\"status\":500", "→ settling", SIGINT, NULL, NULL},
                {"job", "\"delay_ms\":20000", "→ poll-wait", SIGINT, "/control/state",
                 "\"inFlight\":1,"},
                {"job", "\"status\":429,\"retry_after\":20", "→ poll-wait", SIGTERM, "/control/log",
                 "\"status\":429"},
                {"list", "\"delay_ms\":20000", "→ listing", SIGTERM, NULL, NULL},
                {"list", "\"status\":503,\"retry_after\":20", "→ list-backoff", SIGINT, NULL, NULL},
                {"list", "\"status\":503,\"retry_after\":20", "→ list-backoff", SIGTERM, NULL,
                 NULL},
        };
        for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
                begin_again(w, "20", "1h");
                configure(w);
                fault(w, moments[i].kind, moments[i].members);
                pid_t pid = start_sync(w);
                await_says(w, "err", moments[i].into);
                if (moments[i].path)
                        await_catalog(w, moments[i].path, moments[i].shown);
                int64_t took_msec = stop_msec(pid, moments[i].signal_number);
                print_message("%s, %s: exit after %d ms\n", moments[i].into, moments[i].members,
                              (int)took_msec);
                assert_in_range(took_msec, 0, PROMPT_MSEC);
                assert_stopped(w);
                assert_int_equal(
                        harness_sql_long(&w->pg, "SELECT count(*) FROM edgemirror.edge_claim WHERE "
                                                 "holder IS NOT NULL"),
                        0);
                assert_next_sync_is_right(w);
        }
}

/* ---- PostgreSQL is waited for --------------------------------------------------------------- */

#define SESSIONS_OF_OURS "FROM pg_stat_activity WHERE application_name LIKE 'edgemirror/%'"

/* A session that has a table for itself. */
static PGconn *locker;

static int unlock(void **state)
{
        (void)state;
        PQfinish(locker);
        locker = NULL;
        return 0;
}

static void lock_table(World *w, const char *table)
{
        char sql[128];
        (void)snprintf(sql, sizeof(sql), "BEGIN; LOCK TABLE edgemirror.%s", table);
        locker = PQconnectdb(w->pg.conninfo);
        assert_int_equal(PQstatus(locker), CONNECTION_OK);
        PGresult *result = PQexec(locker, sql);
        assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
        PQclear(result);
}

static void a_stop_is_bounded_where_postgres_does_not_answer(void **state)
{
        World *w = *state;
        static const struct {
                const char *table;
                bool claiming; /* or registering its edges still: nothing to release */
        } cases[] = {{"edge_claim", false}, {"sync_run", true}};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                begin_again(w, "20", "1h");
                configure(w);
                lock_table(w, cases[i].table);
                pid_t pid = start_sync(w);
                await_sql(w, "SELECT count(*) " SESSIONS_OF_OURS " AND wait_event_type = 'Lock'");
                assert_says(w, "err", "→ claiming", cases[i].claiming);
                int64_t took_msec = stop_msec(pid, SIGINT);
                print_message("%s is locked: exit after %d ms\n", cases[i].table, (int)took_msec);
                assert_in_range(took_msec, 0,
                                PROMPT_MSEC + (cases[i].claiming ? STOP_TIMEOUT_MSEC : 0));
                assert_stopped(w);

                /* Nobody waits for the answer any more; PostgreSQL may take the lease in the name
                 * of the program that has gone. */
                (void)unlock(state);
                await_sql(w, "SELECT (count(*) = 0)::int " SESSIONS_OF_OURS);
                free(harness_sql(&w->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() "
                                         "WHERE holder IS NOT NULL"));
                assert_next_sync_is_right(w);
        }
}

static void a_second_signal_does_not_wait_for_stop_timeout(void **state)
{
        World *w = *state;
        begin_again(w, "20", "1h");
        char *plain = harness_read(w->folder, "edgemirror.conf"), text[2048];
        (void)snprintf(text, sizeof(text), "%s[daemon]\nstop_timeout = 1m\n", plain);
        harness_write(w->folder, "edgemirror.conf", text);
        free(plain);
        lock_table(w, "sync_run");
        pid_t pid = start_sync(w);
        await_sql(w, "SELECT count(*) " SESSIONS_OF_OURS " AND wait_event_type = 'Lock'");
        assert_int_equal(kill(pid, SIGINT), 0);
        await_says(w, "err", "a second signal ends at once");
        assert_in_range(stop_msec(pid, SIGINT), 0, PROMPT_MSEC);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_stop_in_any_phase_is_prompt_and_gives_the_lease_back),
                cmocka_unit_test_teardown(a_stop_is_bounded_where_postgres_does_not_answer, unlock),
                cmocka_unit_test_teardown(a_second_signal_does_not_wait_for_stop_timeout, unlock),
        };
        return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
