/*
 * Killed at any of its effects, and with any connection cut at any of them, the program leaves
 * whole snapshots, and the next run makes it right.
 *
 * The real program, PostgreSQL and the sample catalog; k goes up until a run ends undisturbed. What
 * must hold in between and in the end is in effects.h. With KILLER_ALL=1 the edges are larger, and
 * every variant strikes at every k; otherwise all but the first strike at every sixth.
 */
#include "base/cleanup.h"
#include "integration/effects.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { K_MAX = 2000, DAEMON_SECONDS_MAX = 60, KILLED = 256 + SIGKILL };

static bool all_wanted(void)
{
        return getenv("KILLER_ALL") != NULL;
}

static int setup(void **state)
{
        int r = world_setup(state);
        World *w = *state;
        static Effects effects;
        effects.world = w; /* for the teardown, should this fail */
        *state = &effects;
        effects_begin(&effects, w, all_wanted() ? 40 : 12, all_wanted() ? 7 : 5);
        return r;
}

static int teardown(void **state)
{
        Effects *e = *state;
        void *world = e->world;
        effects_done(e);
        return world_teardown(&world);
}

/* The lease of a dead instance ends by itself; so long nobody wants to wait here. */
static void end_leases(const Effects *e)
{
        free(harness_sql(&e->world->pg, "UPDATE edgemirror.edge_claim SET expires_at = now() - "
                                        "interval '1 s' WHERE holder IS NOT NULL"));
}

static int sync_struck(Effects *e, const char *moment, long k, bool *ret_struck)
{
        const char *const arguments[] = {"-c", e->world->config, "sync", "--json", NULL};
        effects_arm(e, moment, k);
        pid_t pid = harness_program_start(e->world->folder, arguments);
        int status = harness_program_wait(pid);
        *ret_struck = effects_disarm(e);
        return status;
}

/* How often the catalog is asked to refresh an edge that a run left in this state, that run and the
 * next one together. A run whose job is known polls it on. */
static void check_posts(const Effects *e, bool done_is_done)
{
        for (int edge = 0; edge < 2; edge++) {
                EffectsState left = e->edges[edge].left;
                bool window = left == EDGE_REFRESHING;
                bool once = left == EDGE_UNTOUCHED || left == EDGE_POLLING ||
                            (done_is_done && left == EDGE_SYNCED);
                int posts = effects_posts(e, edge, window);
                assert_in_range(posts, window || once ? 1 : 2, once ? 1 : 2);
        }
}

/* ---- the command ---------------------------------------------------------------------------- */

static bool kill_a_sync(Effects *e, const char *moment, long k)
{
        bool struck;
        effects_reset(e);
        int status = sync_struck(e, moment, k, &struck);
        print_message("%s %ld: %s\n", moment, k, e->struck);
        assert_int_equal(status, struck ? KILLED : 0);
        effects_check_left(e);
        if (struck) {
                end_leases(e);
                assert_int_equal(sync_all(e->world), 0);
                check_posts(e, false);
        }
        effects_check_end(e);
        return struck;
}

static bool cut_a_sync(Effects *e, const char *moment, long k)
{
        bool struck;
        effects_reset(e);
        int status = sync_struck(e, moment, k, &struck);
        print_message("%s %ld: %d, %s\n", moment, k, status, e->struck);
        assert_true(status == 0 || (struck && (status == 1 || status == 4 || status == 69)));
        effects_check_left(e);
        if (status != 0) {
                end_leases(e);
                assert_int_equal(sync_all(e->world), 0);
        }
        effects_check_end(e);
        return struck;
}

/* ---- the service ---------------------------------------------------------------------------- */

static bool all_is_done(const Effects *e)
{
        _cleanup_(cleanup_free) char *log = harness_read(e->world->folder, "err");
        _cleanup_(cleanup_free) char *done = effects_sql(
                e,
                "SELECT count(*) FROM edgemirror.edge_claim c WHERE holder IS NULL AND next_run_at "
                "> now() AND EXISTS"
                " (SELECT FROM edgemirror.sync_run r WHERE r.edge_connection_id = "
                "c.edge_connection_id"
                "  AND run_id > (SELECT max(run_id) FROM proof.run) AND finished_at IS NOT NULL)");
        return strcmp(done, "2") == 0 && strstr(log, "serving ");
}

/* Until it serves and both edges are synced, or the program has died. Then its exit status, asked
 * to stop if it was alive. */
static int serve(Effects *e, const char *moment, long k, bool *ret_struck)
{
        const char *const arguments[] = {"-c", e->world->config, "run", NULL};
        const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
        time_t end = time(NULL) + DAEMON_SECONDS_MAX;
        siginfo_t over = {0};
        effects_arm(e, moment, k);
        pid_t pid = harness_program_start(e->world->folder, arguments);
        do {
                (void)nanosleep(&pause, NULL);
                assert_true(time(NULL) < end);
                assert_int_equal(waitid(P_PID, (id_t)pid, &over, WEXITED | WNOHANG | WNOWAIT), 0);
        } while (over.si_pid == 0 && !all_is_done(e));
        (void)kill(pid, SIGTERM);
        int status = harness_program_wait(pid);
        *ret_struck = effects_disarm(e);
        return status;
}

static bool kill_a_service(Effects *e, const char *moment, long k)
{
        bool struck, again;
        effects_reset(e);
        int status = serve(e, moment, k, &struck);
        print_message("%s %ld: %s\n", moment, k, e->struck);
        assert_int_equal(status, struck ? KILLED : 0);
        effects_check_left(e);
        if (struck) {
                end_leases(e);
                assert_int_equal(serve(e, moment, 0, &again), 0);
                check_posts(e, true);
        }
        effects_check_end(e);
        return struck;
}

/* ---- every k -------------------------------------------------------------------------------- */

typedef bool (*Strike)(Effects *e, const char *moment, long k);

static void strike_every(Effects *e, Strike strike, const char *moment, long first, long step)
{
        long k = all_wanted() ? 1 : first;
        if (all_wanted())
                step = 1;
        while (strike(e, moment, k)) {
                k += step;
                assert_true(k < K_MAX);
        }
        print_message("%s: %ld effects\n", moment, k - 1);
        assert_true(k > 50); /* else the killer did not count */
}

static void a_sync_killed_before_an_effect_is_made_good_by_the_next(void **state)
{
        strike_every(*state, kill_a_sync, "before", 1, 1);
}

static void a_sync_killed_after_an_effect_is_made_good_by_the_next(void **state)
{
        strike_every(*state, kill_a_sync, "after", 1, 6);
}

static void a_service_killed_before_an_effect_is_made_good_by_its_restart(void **state)
{
        strike_every(*state, kill_a_service, "before", 2, 6);
}

static void a_service_killed_after_an_effect_is_made_good_by_its_restart(void **state)
{
        strike_every(*state, kill_a_service, "after", 5, 6);
}

static void a_connection_cut_before_it_is_used_costs_a_retry_or_the_run(void **state)
{
        strike_every(*state, cut_a_sync, "cut-before", 3, 6);
}

static void a_connection_cut_after_it_was_used_costs_a_retry_or_the_run(void **state)
{
        strike_every(*state, cut_a_sync, "cut-after", 4, 6);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_sync_killed_before_an_effect_is_made_good_by_the_next),
                cmocka_unit_test(a_sync_killed_after_an_effect_is_made_good_by_the_next),
                cmocka_unit_test(a_service_killed_before_an_effect_is_made_good_by_its_restart),
                cmocka_unit_test(a_service_killed_after_an_effect_is_made_good_by_its_restart),
                cmocka_unit_test(a_connection_cut_before_it_is_used_costs_a_retry_or_the_run),
                cmocka_unit_test(a_connection_cut_after_it_was_used_costs_a_retry_or_the_run),
        };
        return cmocka_run_group_tests(tests, setup, teardown);
}
