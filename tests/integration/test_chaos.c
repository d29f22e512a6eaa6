/*
 * Several instances of edgemirror run on one database: killed, paused for longer than a lease
 * lasts, and cut off from PostgreSQL, at random.
 *
 * EDGEMIRROR_CHAOS_SECONDS (7) is how long the random part of each case goes on,
 * EDGEMIRROR_CHAOS_SEED what it draws from (printed; timing is the machine's own).
 */
#include "base/clock.h"
#include "base/duration.h"
#include "integration/service_world.h"
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EDGES = 12, HARMS_MAX = 10000, LEASE_MSEC = 2000, SLACK_MSEC = 50 };

typedef enum HarmKind { HARM_KILL, HARM_PAUSE, HARM_AWAY, HARM_KINDS } HarmKind;

/* What was done to them, on the wall clock. */
typedef struct Harm {
        HarmKind kind;
        pid_t pid; /* of the instance; 0: PostgreSQL */
        double begin_msec, end_msec;
} Harm;

typedef struct Chaos {
        ServiceWorld *w;
        int instances;
        unsigned short random[3];
        bool paused[WORLD_INSTANCES];
        uint64_t paused_usec[WORLD_INSTANCES];
        Harm harms[HARMS_MAX];
        int n_harms, n_of[HARM_KINDS], n_forgotten[HARM_KINDS], n_renamed;
} Chaos;

static double wall_msec(void)
{
        struct timespec now;
        assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
        return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void harm_begins(Chaos *c, HarmKind kind, pid_t pid)
{
        assert_true(c->n_harms < HARMS_MAX);
        c->harms[c->n_harms++] =
                (Harm){.kind = kind, .pid = pid, .begin_msec = wall_msec(), .end_msec = -1};
        c->n_of[kind]++;
}

static void harm_ends(Chaos *c, HarmKind kind, pid_t pid)
{
        for (int i = c->n_harms - 1; i >= 0; i--)
                if (c->harms[i].kind == kind && c->harms[i].pid == pid && c->harms[i].end_msec < 0)
                        c->harms[i].end_msec = wall_msec();
}

static int draw(Chaos *c, int below)
{
        return (int)((unsigned long)nrand48(c->random) % (unsigned long)below);
}

/* ---- what happens --------------------------------------------------------------------------- */

static void resume(Chaos *c, int i)
{
        if (!c->paused[i])
                return;
        harm_ends(c, HARM_PAUSE, c->w->services[i].pid);
        harness_service_signal(&c->w->services[i], SIGCONT);
        c->paused[i] = false;
}

static void kill_one(Chaos *c, int i)
{
        pid_t pid = c->w->services[i].pid;
        harm_begins(c, HARM_KILL, pid);
        harness_service_kill(&c->w->services[i]);
        harm_ends(c, HARM_KILL, pid);
        harm_ends(c, HARM_PAUSE, pid);
        c->paused[i] = false;
        (void)service_begin(c->w, i);
}

static void pause_one(Chaos *c, int i)
{
        harness_service_signal(&c->w->services[i], SIGSTOP);
        harm_begins(c, HARM_PAUSE, c->w->services[i].pid);
        c->paused[i] = true;
        c->paused_usec[i] = clock_monotonic_usec();
}

static void restart_postgres(Chaos *c)
{
        static const int ways[] = {SIGINT, SIGQUIT};
        harm_begins(c, HARM_AWAY, 0);
        assert_int_equal(kill(c->w->pg.pid, ways[draw(c, 2)]), 0);
        assert_int_equal(waitpid(c->w->pg.pid, NULL, 0), c->w->pg.pid);
        c->w->pg.pid = 0;
        harness_postgres_resume(&c->w->pg);
        harm_ends(c, HARM_AWAY, 0);
}

/* Some edges become due, and whoever can looks for them. */
static void make_some_due(Chaos *c)
{
        char name[32];
        int first = draw(c, EDGES), last = first + draw(c, EDGES - first);
        (void)snprintf(name, sizeof(name), "renamed %d", c->n_renamed++);
        rename_a_row(c->w, first, name);
        /* one that was paused in the middle of its apply has locked the row */
        for (int i = first; i <= last; i++)
                (void)sql_long(c->w,
                               "WITH u AS (UPDATE edgemirror.edge_claim SET next_run_at = now() "
                               "WHERE edge_connection_id IN"
                               " (SELECT edge_connection_id FROM edgemirror.edge_claim WHERE "
                               "edge_connection_id = '%s'"
                               " FOR UPDATE SKIP LOCKED) RETURNING 1) SELECT count(*) FROM u",
                               c->w->edges[i]);
        /* one that has not begun to listen yet looks by itself */
        for (int i = 0; i < c->instances; i++)
                if (!c->paused[i] && harness_service_said(&c->w->services[i], "READY=1") > 0)
                        harness_service_signal(&c->w->services[i], SIGHUP);
}

static void one_step(Chaos *c)
{
        int i = draw(c, c->instances);
        int what = draw(c, 100);
        for (int k = 0; k < c->instances; k++)
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

/* With nobody harming them any more. */
static void settle(Chaos *c)
{
        ServiceWorld *w = c->w;
        for (int i = 0; i < c->instances; i++) {
                resume(c, i);
                harness_service_await(&w->services[i], "READY=1", 1);
        }
        service_await_sql(
                w,
                "SELECT (count(*) = 0)::int FROM edgemirror.edge_claim WHERE holder IS NOT NULL");
        long last = sql_long(w, "SELECT coalesce(max(run_id), 0) FROM edgemirror.sync_run");
        make_due(w, 0, EDGES - 1);
        for (int i = 0; i < c->instances; i++)
                harness_service_reload(&w->services[i]);
        service_await_sql(
                w,
                "SELECT (count(DISTINCT edge_connection_id) = %d)::int FROM edgemirror.sync_run"
                " WHERE outcome = 'synced' AND run_id > %ld",
                EDGES, last);
        for (int i = 0; i < c->instances; i++)
                service_stop(w, i);
}

/* ---- what must hold ------------------------------------------------------------------------- */

static const char *text_in(const cJSON *job, const char *member)
{
        return cJSON_GetStringValue(cJSON_GetObjectItem(job, member));
}

static double number_in(const cJSON *job, const char *member)
{
        const cJSON *number = cJSON_GetObjectItem(job, member);
        assert_true(cJSON_IsNumber(number));
        return cJSON_GetNumberValue(number);
}

/* The first job of the same edge that was begun while this one was under way; NULL: none. The
 * catalog lists them in the order in which they began. */
static const cJSON *begun_meanwhile(const cJSON *job)
{
        double ended = number_in(job, "endedMs");
        for (const cJSON *b = job->next; b; b = b->next)
                if (strcmp(text_in(job, "edgeConnectionId"), text_in(b, "edgeConnectionId")) == 0)
                        return ended == 0 || number_in(b, "createdMs") < ended ? b : NULL;
        return NULL;
}

static bool is_recorded(ServiceWorld *w, const cJSON *job)
{
        return sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE job_id = '%s'",
                        text_in(job, "id")) > 0;
}

/* Whose run had begun last when the job began. */
static pid_t who_began(ServiceWorld *w, const cJSON *job)
{
        return (pid_t)sql_long(w,
                               "SELECT coalesce(substring(instance FROM ':([0-9]+)$')::int, 0) "
                               "FROM edgemirror.sync_run"
                               " WHERE edge_connection_id = '%s' AND job_id IS NULL AND"
                               " started_at <= timestamptz 'epoch' + %.0f * interval '1 ms' ORDER "
                               "BY run_id DESC LIMIT 1",
                               text_in(job, "edgeConnectionId"), number_in(job, "createdMs") + 1);
}

/* A fault of that kind was in force between the two times, for so long at least. */
static bool was_harmed(const Chaos *c, HarmKind kind, pid_t pid, double begin_msec, double end_msec)
{
        static const double at_least_msec[HARM_KINDS] = {
                [HARM_PAUSE] = LEASE_MSEC * 2 / 3,
                [HARM_AWAY] = LEASE_MSEC / 3,
        };
        for (int i = 0; i < c->n_harms; i++) {
                const Harm *h = &c->harms[i];
                if (h->kind == kind && h->pid == pid && h->begin_msec < end_msec &&
                    h->end_msec > begin_msec && h->end_msec - h->begin_msec >= at_least_msec[kind])
                        return true;
        }
        return false;
}

/* Why nobody knew of the job when the next one was begun. The lease is renewed, and what could not
 * be noted is noted, every third of a lease. */
static HarmKind excuse_of(const Chaos *c, const cJSON *job, const cJSON *next)
{
        pid_t pid = who_began(c->w, job);
        double from = number_in(job, "createdMs") - (double)SLACK_MSEC,
               to = number_in(next, "createdMs");
        HarmKind kind = HARM_KILL;
        while (kind < HARM_KINDS && !was_harmed(c, kind, kind == HARM_AWAY ? 0 : pid, from, to))
                kind++;
        return kind;
}

/* In the catalog's own list: no job was begun while another of that edge was under way, unless
 * whoever began that one fell before it could note it: was killed, or was out of the way until its
 * lease had ended, which is the same for those who wait. */
static void assert_no_two_refreshes_at_once(Chaos *c)
{
        cJSON *jobs = harness_control(&c->w->catalog, "/control/jobs", NULL);
        const cJSON *job;
        cJSON_ArrayForEach(job, jobs)
        {
                const cJSON *next = begun_meanwhile(job);
                if (!next)
                        continue;
                if (is_recorded(c->w, job))
                        fail_msg("a refresh was begun while this job was known to be under way: %s",
                                 cJSON_PrintUnformatted(job));
                HarmKind excuse = excuse_of(c, job, next);
                if (excuse == HARM_KINDS)
                        fail_msg("no fault was injected into who began this job, and yet it was "
                                 "not noted: %s",
                                 cJSON_PrintUnformatted(job));
                c->n_forgotten[excuse]++;
        }
        cJSON_Delete(jobs);
}

static void assert_no_run_published_after_its_lease(ServiceWorld *w)
{
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run a JOIN "
                                     "edgemirror.sync_run b USING (edge_connection_id)"
                                     " WHERE a.epoch < b.epoch AND a.outcome IN ('synced', 'held') "
                                     "AND a.finished_at > b.started_at"),
                         0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM (SELECT valid_from,"
                                     "  lag(coalesce(valid_to, 'infinity')) OVER (PARTITION BY id "
                                     "ORDER BY valid_from, valid_to) AS ended"
                                     "   FROM edgemirror.database_connection_history) v"
                                     " WHERE valid_from < ended"),
                         0);
}

/* ---- the cases ------------------------------------------------------------------------------ */

static long environment(const char *name, long otherwise)
{
        const char *text = getenv(name);
        return text ? strtol(text, NULL, 10) : otherwise;
}

static void let_happen(ServiceWorld *w, int instances)
{
        static Chaos c;
        long seed = environment("EDGEMIRROR_CHAOS_SEED", (long)getpid());
        c = (Chaos){.w = w, .instances = instances};
        const int64_t draws = seed;
        memcpy(c.random, &draws, sizeof(c.random));
        print_message("# EDGEMIRROR_CHAOS_SEED=%ld\n", seed);
        short_leases(w);
        service_control(w, "/control/settings", "{\"job_wait_ms\":500,\"job_run_ms\":2500}");
        /* Half of the answers take their time, and the job is under way before they are there. */
        service_fault(w, "refresh", -1, "\"every\":2,\"dribble_ms\":100,\"dribble_bytes\":64");
        for (int i = 0; i < instances; i++)
                (void)service_start(w, i);
        uint64_t end = clock_monotonic_usec() +
                       (uint64_t)environment("EDGEMIRROR_CHAOS_SECONDS", 7) * USEC_PER_SEC;
        while (clock_monotonic_usec() < end)
                one_step(&c);
        settle(&c);
        assert_no_two_refreshes_at_once(&c);
        assert_no_run_published_after_its_lease(w);
        service_assert_mirror_equals_catalog(w, 0, EDGES - 1);
        assert_nothing_is_held(w);
        print_message(
                "# %d kills, %d pauses, %d times without PostgreSQL; %ld runs, %ld of them synced, "
                "%ld resumed\n",
                c.n_of[HARM_KILL], c.n_of[HARM_PAUSE], c.n_of[HARM_AWAY],
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run"),
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome = 'synced'"),
                sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE trigger = 'resume'"));
        print_message(
                "# jobs that nobody knew of: %d by a kill, %d by a pause, %d without PostgreSQL\n",
                c.n_forgotten[HARM_KILL], c.n_forgotten[HARM_PAUSE], c.n_forgotten[HARM_AWAY]);
}

static int twelve_edges(void **state)
{
        service_begin_again(*state, EDGES, "700,20");
        return 0;
}

static void whatever_happens_to_two_instances_the_mirror_is_right_in_the_end(void **state)
{
        let_happen(*state, 2);
}

static void whatever_happens_to_three_instances_the_mirror_is_right_in_the_end(void **state)
{
        let_happen(*state, 3);
}

static void nor_is_it_wrong_through_pgbouncer(void **state)
{
        if (through_pgbouncer(*state))
                let_happen(*state, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(
                        whatever_happens_to_two_instances_the_mirror_is_right_in_the_end,
                        twelve_edges),
                cmocka_unit_test_setup(
                        whatever_happens_to_three_instances_the_mirror_is_right_in_the_end,
                        twelve_edges),
                cmocka_unit_test_setup(nor_is_it_wrong_through_pgbouncer, twelve_edges),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
