/*
 * latency: what the statements of a sync cost when PostgreSQL is far away: round trips and
 * milliseconds of each, measured through tests/harness/relay.
 *
 *     latency CONNINFO RELAY_PID RELAY_OUTPUT
 */
#include "base/clock.h"
#include "base/duration.h"
#include "mirror/apply.h"
#include "mirror/lease.h"
#include "mirror/migrate.h"
#include "mirror/registry.h"
#include "mirror/spool.h"
#include "pg/pg.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 20, ROWS = 100 };

typedef struct Bench {
        pid_t relay;
        FILE *output;
        sd_event *event;
        Mirror *mirror;
        bool done;
        MirrorClaim claim;
        MirrorApplied applied;
        bool held; /* the lease */
        int renamed;
} Bench;

static void on_plain(const Fault *fault, void *userdata)
{
        if (fault->scope != FAULT_NONE) {
                (void)fprintf(stderr, "%s\n", fault->message);
                exit(1);
        }
        ((Bench *)userdata)->done = true;
}

static void on_migrated(const MigrateReport *report, const Fault *fault, void *userdata)
{
        (void)report;
        on_plain(fault, userdata);
}

static void on_claim(const MirrorClaim *claim, const Fault *fault, void *userdata)
{
        ((Bench *)userdata)->claim = *claim;
        on_plain(fault, userdata);
}

static void on_applied(const MirrorApplied *applied, const Fault *fault, void *userdata)
{
        ((Bench *)userdata)->applied = *applied;
        on_plain(fault, userdata);
}

static void check(int r)
{
        if (r >= 0)
                return;
        (void)fprintf(stderr, "%s\n", strerrordesc_np(-r));
        exit(1);
}

static void wait_done(Bench *b)
{
        while (!b->done)
                check(sd_event_run(b->event, UINT64_MAX));
        b->done = false;
}

static long trips(const Bench *b)
{
        const struct timespec pause = {.tv_nsec = 1000 * 1000};
        char line[64];
        (void)kill(b->relay, SIGUSR2);
        while (!fgets(line, sizeof(line), b->output)) {
                clearerr(b->output);
                (void)nanosleep(&pause, NULL);
        }
        return strtol(line, NULL, 10);
}

static Uuid id_of(int number)
{
        Uuid id;
        char text[UUID_STRING_SIZE];
        (void)snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012d", number);
        check(uuid_parse(text, &id));
        return id;
}

static MirrorRun run_of(const Bench *b)
{
        return (MirrorRun){.edge = id_of(0), .epoch = b->claim.epoch, .run_id = b->claim.run_id};
}

static void do_claim(Bench *b)
{
        MirrorTask *task;
        const MirrorClaimRequest request = {.edge = id_of(0), .trigger = MIRROR_TRIGGER_MANUAL};
        check(mirror_claim(b->mirror, &request, on_claim, b, &task));
        wait_done(b);
        b->held = true;
}

static void do_progress(Bench *b)
{
        MirrorTask *task;
        const MirrorRun run = run_of(b);
        const MirrorProgress progress = {.phase = SYNC_PHASE_LIST};
        check(mirror_progress(b->mirror, &run, &progress, on_plain, b, &task));
        wait_done(b);
}

static void do_apply(Bench *b)
{
        MirrorTask *task;
        Spool *spool;
        const MirrorRun run = run_of(b);
        check(spool_new(&spool));
        for (int i = 1; i <= ROWS; i++) {
                char name[32];
                DatabaseConnection row = {
                        .id = id_of(i), .edge_connection_id = id_of(0), .name = name};
                row.name_size =
                        (size_t)snprintf(name, sizeof(name), "row %d", i == 1 ? b->renamed : 0);
                check(spool_add(spool, &row, clock_boottime_usec(), NULL));
        }
        const MirrorSnapshot snapshot = {.rows = spool};
        const MirrorEnding ending = {
                .outcome = OUTCOME_SYNCED, .refresh = REFRESH_SKIPPED, .listed_whole = true};
        check(mirror_apply(b->mirror, &run, &snapshot, &ending, on_applied, b, &task));
        wait_done(b);
        (void)spool_free(spool);
        b->held = false;
}

static void do_change(Bench *b)
{
        b->renamed++;
        do_apply(b);
}

static void measure(Bench *b, const char *name, void (*before)(Bench *), void (*what)(Bench *))
{
        long n = 0;
        uint64_t usec = 0;
        for (int i = 0; i < ROUNDS; i++) {
                before(b);
                n -= trips(b);
                usec -= clock_monotonic_usec();
                what(b);
                usec += clock_monotonic_usec();
                n += trips(b);
        }
        (void)printf("%-16s %11.1f %10.1f\n", name, (double)n / ROUNDS,
                     (double)usec / ROUNDS / 1000);
}

static void hold(Bench *b)
{
        if (!b->held)
                do_claim(b);
}

static void let_go(Bench *b)
{
        if (b->held)
                do_apply(b);
}

int main(int argc, char **argv)
{
        if (argc != 4)
                return 2;
        Bench b = {.relay = (pid_t)strtol(argv[2], NULL, 10), .output = fopen(argv[3], "r")};
        PgPool *pool;
        PgPoolOptions options = {
                .conninfo = argv[1],
                .application_name = "latency",
                .max_connections = 1,
#ifdef MIRROR_SEARCH_PATH
                .search_path = MIRROR_SEARCH_PATH,
#endif
                .connect_timeout_usec = 5 * USEC_PER_SEC,
                .statement_timeout_usec = 20 * USEC_PER_SEC,
                .lock_timeout_usec = 5 * USEC_PER_SEC,
        };
        char line[64];
        if (!b.output || !fgets(line, sizeof(line), b.output)) /* its port */
                return 1;
        check(sd_event_new(&b.event));
        check(pg_pool_new(b.event, &options, &pool));
        check(mirror_new(pool, "latency", 60 * USEC_PER_SEC, &b.mirror));
        MirrorTask *task;
        const MirrorEdge edge = {.id = id_of(0),
                                 .name = "e",
                                 .enabled = true,
                                 .schedule = "hourly",
                                 .timezone = "UTC"};
        check(mirror_migrate(b.mirror, on_migrated, &b, &task));
        wait_done(&b);
        check(mirror_register(b.mirror, &edge, 1, false, on_plain, &b, &task));
        wait_done(&b);
        hold(&b);
        (void)printf("%-16s %11s %10s\n", "", "round trips", "ms");
        measure(&b, "claim", let_go, do_claim);
        measure(&b, "progress", hold, do_progress);
        measure(&b, "unchanged apply", hold, do_apply);
        measure(&b, "changed apply", hold, do_change);
        (void)mirror_free(b.mirror);
        (void)pg_pool_free(pool);
        (void)sd_event_unref(b.event);
        (void)fclose(b.output);
        return 0;
}
