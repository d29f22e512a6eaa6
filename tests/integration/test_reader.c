/*
 * A reader that queries the inventory in a loop while syncs are applied: it never sees part of a
 * snapshot, never waits for a lock, never gets an error.
 *
 * Each generation of the edge has a name for all its rows, a number of its own of them and of
 * links; the reader is a process of its own with the reader's role. READER_APPLIES says how many
 * applies (100 when it is not set).
 */
#include "base/cleanup.h"
#include "integration/mirror_bench.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { APPLIES = 100, ROWS_MIN = 200, ROWS_MAX = 260, LINKS_MIN = 100, LINKS_MAX = 200 };

/* What the reader tells when it ends. */
typedef struct Report {
        long reads, generations;
        char trouble[400]; /* "": none */
} Report;

static long generation_links(long generation)
{
        return LINKS_MIN + generation % (LINKS_MAX - LINKS_MIN);
}

/* Up and down: rows are added, removed and restored. */
static long generation_rows(long generation)
{
        return ROWS_MIN + generation * 17 % (ROWS_MAX - ROWS_MIN);
}

/* A lock that has to be waited for is an error at once, so "no error" says both. */
static const char settings[] = "SET lock_timeout = '1ms'; SET deadlock_timeout = '1s'";
static const char query[] = "SELECT min(name), max(name), count(*) FILTER (WHERE registered), "
                            "count(*) FROM edgemirror.inventory"
                            " WHERE edge = 'one' AND name LIKE 'generation %'";

/* In one generation all rows carry its name, and as many as its number says are linked. */
static bool whole(const PGresult *result, long *generation, Report *report)
{
        const char *low = PQgetvalue(result, 0, 0), *high = PQgetvalue(result, 0, 1);
        long linked = strtol(PQgetvalue(result, 0, 2), NULL, 10),
             rows = strtol(PQgetvalue(result, 0, 3), NULL, 10);
        *generation = strtol(low + strlen("generation "), NULL, 10);
        if (strcmp(low, high) == 0 && rows == generation_rows(*generation) &&
            linked == generation_links(*generation))
                return true;
        (void)snprintf(report->trouble, sizeof(report->trouble),
                       "part of a snapshot: %s to %s, %ld rows, %ld linked", low, high, rows,
                       linked);
        return false;
}

/* Reads until the pipe is closed; then writes its report. The first read is announced by one byte.
 */
static void reader(const char *conninfo, int until, int out)
{
        Report report = {0};
        long last = -1, generation;
        bool go_on = true;
        PGconn *conn = PQconnectdb(conninfo);
        PQclear(PQexec(conn, settings));
        while (go_on) {
                PGresult *result = PQexec(conn, query);
                if (PQresultStatus(result) != PGRES_TUPLES_OK)
                        (void)snprintf(report.trouble, sizeof(report.trouble), "%.399s",
                                       PQerrorMessage(conn));
                else if (whole(result, &generation, &report) && generation != last) {
                        report.generations++;
                        last = generation;
                }
                PQclear(result);
                if (report.reads++ == 0 && write(out, "!", 1) != 1)
                        _exit(1);
                char byte;
                /* does not block; 0: closed */
                go_on = report.trouble[0] == '\0' && read(until, &byte, 1) < 0;
        }
        PQfinish(conn);
        _exit(write(out, &report, sizeof(report)) == sizeof(report) ? 0 : 1);
}

static void apply_generation(MirrorBench *b, long generation)
{
        BenchRow rows[ROWS_MAX];
        int n = (int)generation_rows(generation);
        char name[64];
        (void)snprintf(name, sizeof(name), "generation %ld", generation);
        for (int i = 0; i < n; i++)
                rows[i] = (BenchRow){.number = i,
                                     .name = name,
                                     .database = i < generation_links(generation) ? 1 + i : 0};
        bench_apply_removing(b, &bench_edge, rows, (size_t)n, n, ROWS_MAX);
        assert_int_equal(b->applied.row_count, n);
}

static void a_reader_sees_whole_snapshots_and_waits_for_nobody(void **state)
{
        MirrorBench *b = *state;
        const char *wanted = getenv("READER_APPLIES");
        long applies = wanted ? strtol(wanted, NULL, 10) : APPLIES;
        int until[2], out[2];
        char conninfo[256], byte;
        Report report;
        (void)snprintf(conninfo, sizeof(conninfo), "host=%s dbname=test user=report", b->pg.folder);
        apply_generation(b, 0);
        assert_int_equal(pipe2(until, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)close(until[1]);
                reader(conninfo, until[0], out[1]);
        }
        (void)close(until[0]);
        (void)close(out[1]);
        assert_int_equal(read(out[0], &byte, 1), 1); /* it reads now */
        for (long generation = 1; generation <= applies; generation++)
                apply_generation(b, generation);
        (void)close(until[1]);
        assert_int_equal(read(out[0], &report, sizeof(report)), sizeof(report));
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        (void)close(out[0]);

        print_message("%ld applies; %ld reads saw %ld generations\n", applies, report.reads,
                      report.generations);
        assert_string_equal(report.trouble, "");
        assert_true(report.generations > applies / 10);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_reader_sees_whole_snapshots_and_waits_for_nobody),
        };
        return cmocka_run_group_tests_name("reader", tests, mirror_bench_setup,
                                           mirror_bench_teardown);
}
