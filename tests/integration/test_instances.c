/*
 * Several instances of edgemirror run on one database: killed, paused for longer than a lease lasts, and cut off from PostgreSQL, at random.
 *
 * EDGEMIRROR_CHAOS_SECONDS (20) is how long the random part goes on, EDGEMIRROR_CHAOS_SEED what it draws from (printed; timing is the machine's own).
 */
#include "base/clock.h"
#include "base/duration.h"
#include "integration/service_world.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EDGES = 12, JOB_MSEC = 3000 };

static void short_leases(ServiceWorld *w)
{
        (void)snprintf(w->in_daemon, sizeof(w->in_daemon), "lease = 2s");
        write_config(w);
}

static int two_instances(void **state)
{
        ServiceWorld *w = *state;
        begin_again(w, 4, "20");
        short_leases(w);
        (void)service_start(w, 0);
        return 0;
}

static void rename_a_row(ServiceWorld *w, int edge, const char *name)
{
        char path[128], operation[128];
        (void)snprintf(path, sizeof(path), "/control/edges/%s/rows", w->edges[edge]);
        (void)snprintf(operation, sizeof(operation), "{\"op\":\"rename\",\"index\":0,\"name\":\"%s\"}", name);
        control(w, path, operation);
}

/* ---- one thing at a time ---- */

static void instances_share_the_work(void **state)
{
        ServiceWorld *w = *state;
        (void)service_start(w, 1);
        make_due(w, 0, 3);
        harness_service_signal(&w->services[0], SIGHUP);
        harness_service_signal(&w->services[1], SIGHUP);
        await_runs(w, 0, 3, "synced", 1);
        service_stop(w, 0);
        service_stop(w, 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"), 4);
        for (int i = 0; i < 4; i++)
                assert_int_equal(requests(w, "refresh", i, 0), 1);
        assert_mirror_equals_catalog(w, 0, 3);
}

static void the_job_of_a_killed_instance_is_polled_on_by_another(void **state)
{
        ServiceWorld *w = *state;
        fault(w, "job", -1, "\"delay_ms\":600000");
        make_due(w, 0, 0);
        harness_service_reload(&w->services[0]);
        await_phase(w, 0, "poll");
        harness_service_kill(&w->services[0]);
        no_faults(w);
        (void)service_start(w, 1); /* finds the lease, and looks again when it ends: nothing tells it to */
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 1);
        assert_int_equal(requests(w, "refresh", 0, 0), 1);
        assert_int_equal(
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume' AND outcome = 'synced'"
                            " AND refresh = 'clean'"),
                1);
        assert_int_equal(sql_long(w, "SELECT count(DISTINCT job_id) FROM edgemirror.sync_run"), 1);
        assert_int_equal(
                sql_long(
                        w,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'aborted' AND error_code = 'lease-lost'"),
                1);
        assert_mirror_equals_catalog(w, 0, 0);
        assert_nothing_is_held(w);
}

/* It wakes with a list that is out of date, while somebody else holds the lease. */
static void a_paused_instance_publishes_nothing_after_its_lease(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *paused = &w->services[0];
        fault(w, "list", 0, "\"count\":1,\"delay_ms\":300");
        make_due(w, 0, 0);
        harness_service_reload(paused);
        await_phase(w, 0, "list");
        harness_service_signal(paused, SIGSTOP);
        await_sql(w, "SELECT count(*) FROM edgemirror.edge_claim WHERE expires_at < now()");
        rename_a_row(w, 0, "newer than what the paused one has read");
        fault(w, "job", -1, "\"status\":503,\"delay_ms\":100");
        (void)service_start(w, 1);
        await_sql(w, "SELECT count(*) FROM edgemirror.sync_run WHERE phase = 'poll' AND epoch > 2");
        harness_service_signal(paused, SIGCONT);
        harness_service_await_log(paused, "e0: aborted", 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.database_connection"), 0);
        no_faults(w);
        await_runs(w, 0, 0, "synced", 1);
        assert_int_equal(harness_service_logged(paused, "e0: synced"), 0);
        service_stop(w, 0);
        service_stop(w, 1);
        assert_mirror_equals_catalog(w, 0, 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'synced'"), 1);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE error_code = 'lease-lost'"), 1);
        assert_nothing_is_held(w);
}

/* ---- at random ---- */

typedef struct Chaos {
        ServiceWorld *w;
        unsigned short random[3];
        bool paused[WORLD_INSTANCES];
        uint64_t paused_usec[WORLD_INSTANCES];
        int kills, pauses, restarts, n_renamed;
} Chaos;

static int draw(Chaos *c, int below)
{
        return (int)((unsigned long)nrand48(c->random) % (unsigned long)below);
}

static void resume(Chaos *c, int i)
{
        if (c->paused[i])
                harness_service_signal(&c->w->services[i], SIGCONT);
        c->paused[i] = false;
}

static void kill_one(Chaos *c, int i)
{
        harness_service_kill(&c->w->services[i]);
        c->paused[i] = false;
        c->kills++;
        (void)service_begin(c->w, i);
}

static void pause_one(Chaos *c, int i)
{
        harness_service_signal(&c->w->services[i], SIGSTOP);
        c->paused[i] = true;
        c->paused_usec[i] = clock_monotonic_usec();
        c->pauses++;
}

static void restart_postgres(Chaos *c)
{
        static const int ways[] = {SIGINT, SIGQUIT};
        assert_int_equal(kill(c->w->pg.pid, ways[draw(c, 2)]), 0);
        assert_int_equal(waitpid(c->w->pg.pid, NULL, 0), c->w->pg.pid);
        c->w->pg.pid = 0;
        c->restarts++;
        harness_postgres_resume(&c->w->pg);
}

/* Some edges become due, and whoever can looks for them. */
static void make_some_due(Chaos *c)
{
        char name[32];
        int first = draw(c, EDGES), last = first + draw(c, EDGES - first);
        (void)snprintf(name, sizeof(name), "renamed %d", c->n_renamed++);
        rename_a_row(c->w, first, name);
        for (int i = first; i <= last; i++)
                (void)sql_long(
                        c->w,
                        "WITH u AS (UPDATE edgemirror.edge_claim SET next_run_at = now() WHERE edge_connection_id ="
                        " '%s' RETURNING 1) SELECT count(*) FROM u",
                        c->w->edges[i]);
        for (int i = 0; i < WORLD_INSTANCES; i++) /* one that has not begun to listen yet looks by itself */
                if (!c->paused[i] && harness_service_said(&c->w->services[i], "READY=1") > 0)
                        harness_service_signal(&c->w->services[i], SIGHUP);
}

static void one_step(Chaos *c)
{
        int i = draw(c, WORLD_INSTANCES);
        int what = draw(c, 100);
        for (int k = 0; k < WORLD_INSTANCES; k++)
                if (c->paused[k] && clock_monotonic_usec() - c->paused_usec[k] > 4 * USEC_PER_SEC)
                        resume(c, k);
        if (what < 8 && harness_service_said(&c->w->services[i], "READY=1") > 0)
                kill_one(c, i);
        else if (what < 16 && !c->paused[i])
                pause_one(c, i);
        else if (what < 18)
                restart_postgres(c);
        else if (what < 50)
                make_some_due(c);
        const struct timespec pause = {.tv_nsec = 1000L * 1000 * (20 + draw(c, 200))};
        (void)nanosleep(&pause, NULL);
}

static bool is_recorded(ServiceWorld *w, const cJSON *job)
{
        return sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE job_id = '%s'",
                        cJSON_GetStringValue(cJSON_GetObjectItem(job, "id"))) > 0;
}

/* In the catalog's own list: no job was begun while another of that edge was under way, unless the process fell before it could note that one. */
static int assert_no_two_refreshes_at_once(ServiceWorld *w)
{
        int forgotten = 0;
        cJSON *jobs = harness_control(&w->catalog, "/control/jobs", NULL);
        const cJSON *a, *b;
        cJSON_ArrayForEach(a, jobs)
        {
                bool overlaps = false;
                double begin = cJSON_GetNumberValue(cJSON_GetObjectItem(a, "createdOn"));
                for (b = a->next; b; b = b->next) {
                        bool same = strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(a, "edgeConnectionId")),
                                           cJSON_GetStringValue(cJSON_GetObjectItem(b, "edgeConnectionId"))) == 0;
                        overlaps =
                                overlaps ||
                                (same && cJSON_GetNumberValue(cJSON_GetObjectItem(b, "createdOn")) - begin < JOB_MSEC);
                }
                if (!overlaps)
                        continue;
                if (is_recorded(w, a))
                        fail_msg("a refresh was begun while this job was known to be under way: %s",
                                 cJSON_PrintUnformatted(a));
                forgotten++;
        }
        cJSON_Delete(jobs);
        return forgotten;
}

static void assert_no_run_published_after_its_lease(ServiceWorld *w)
{
        assert_int_equal(
                sql_long(
                        w,
                        "SELECT count(*) FROM edgemirror.sync_run a JOIN edgemirror.sync_run b USING (edge_connection_id)"
                        " WHERE a.epoch < b.epoch AND a.outcome IN ('synced', 'held') AND a.finished_at > b.started_at"),
                0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.database_connection_history a"
                                     " JOIN edgemirror.database_connection_history b USING (id)"
                                     " WHERE a.ctid <> b.ctid AND a.valid_from <= b.valid_from"
                                     " AND coalesce(a.valid_to, 'infinity') > b.valid_from"),
                         0);
}

/* With nobody harming them any more. */
static void settle(Chaos *c)
{
        ServiceWorld *w = c->w;
        for (int i = 0; i < WORLD_INSTANCES; i++) {
                resume(c, i);
                harness_service_await(&w->services[i], "READY=1", 1);
        }
        await_sql(w, "SELECT (count(*) = 0)::int FROM edgemirror.edge_claim WHERE holder IS NOT NULL");
        long last = sql_long(w, "SELECT coalesce(max(run_id), 0) FROM edgemirror.sync_run");
        make_due(w, 0, EDGES - 1);
        for (int i = 0; i < WORLD_INSTANCES; i++)
                harness_service_reload(&w->services[i]);
        await_sql(w,
                  "SELECT (count(DISTINCT edge_connection_id) = %d)::int FROM edgemirror.sync_run"
                  " WHERE outcome = 'synced' AND run_id > %ld",
                  EDGES, last);
        for (int i = 0; i < WORLD_INSTANCES; i++)
                service_stop(w, i);
}

static long environment(const char *name, long otherwise)
{
        const char *text = getenv(name);
        return text ? strtol(text, NULL, 10) : otherwise;
}

static void whatever_happens_to_instances_the_mirror_is_right_in_the_end(void **state)
{
        Chaos c = {.w = *state};
        long seed = environment("EDGEMIRROR_CHAOS_SEED", (long)getpid());
        uint64_t end = clock_monotonic_usec() + (uint64_t)environment("EDGEMIRROR_CHAOS_SECONDS", 20) * USEC_PER_SEC;
        memcpy(c.random, &seed, sizeof(c.random));
        print_message("# EDGEMIRROR_CHAOS_SEED=%ld\n", seed);
        begin_again(c.w, EDGES, "700,20");
        short_leases(c.w);
        control(c.w, "/control/settings", "{\"job_wait_ms\":500,\"job_run_ms\":2500}");
        for (int i = 0; i < WORLD_INSTANCES; i++)
                (void)service_start(c.w, i);
        while (clock_monotonic_usec() < end)
                one_step(&c);
        settle(&c);
        int forgotten = assert_no_two_refreshes_at_once(c.w);
        assert_no_run_published_after_its_lease(c.w);
        assert_mirror_equals_catalog(c.w, 0, EDGES - 1);
        assert_nothing_is_held(c.w);
        print_message(
                "# %d kills, %d pauses, %d restarts of PostgreSQL; %ld runs, %ld of them synced, %ld resumed, %d jobs forgotten\n",
                c.kills, c.pauses, c.restarts, sql_long(c.w, "SELECT count(*) FROM edgemirror.sync_run"),
                sql_long(c.w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'synced'"),
                sql_long(c.w, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume'"), forgotten);
        assert_true(forgotten <= c.kills + c.pauses + c.restarts);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(instances_share_the_work, two_instances),
                cmocka_unit_test_setup(the_job_of_a_killed_instance_is_polled_on_by_another, two_instances),
                cmocka_unit_test_setup(a_paused_instance_publishes_nothing_after_its_lease, two_instances),
                cmocka_unit_test(whatever_happens_to_instances_the_mirror_is_right_in_the_end),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
