/*
 * sim: the real src/sync in worlds made from seeds; see world.h, run.h and check.h.
 *
 *     sim                            what `make check` runs; speaks TAP
 *     sim --seeds FROM COUNT         worlds FROM…FROM+COUNT-1, with figures
 *     sim --seed N --verbose         one world, and what happened in it
 */
#include "sim/actors.h"
#include "sim/check.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef SIM_SEEDS
#define SIM_SEEDS 20000
#endif

static World world;
static Truth truth;
static Site site;
static Database database;
static Run runs[INSTANCES_MAX * EDGES_MAX];
static uint64_t coverage[COVERS];

static const char *const names[COVERS] = {
#define X(name) #name,
        COVERAGE(X)
#undef X
};

static bool play(uint64_t seed, bool verbose)
{
        world.truth = &truth;
        world.site = &site;
        world.database = &database;
        world.runs = runs;
        world.coverage = coverage;
        world.verbose = verbose;
        world_init(&world, seed);
        truth_init(&world);
        site_init(&world);
        database_init(&world);
        run_init(&world);
        actors_init(&world);
        bool good = actors_play(&world);
        run_done(&world);
        return good;
}

static double seconds(void)
{
        struct timespec t;
        (void)clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t play_all(const char *prefix, uint64_t from, uint64_t count)
{
        uint64_t failed = 0;
        for (uint64_t seed = from; seed < from + count; seed++)
                if (!play(seed, false)) {
                        failed++;
                        printf("%sseed %llu: %s\n", prefix, (unsigned long long)seed,
                               world.failure);
                        if (failed == 20)
                                break;
                }
        return failed;
}

static void print_figures(const char *prefix, double took)
{
        printf("%s%.0f seeds in %.1f s: %.0f a second\n", prefix, (double)coverage[COVER_seeds],
               took, (double)coverage[COVER_seeds] / (took > 0 ? took : 1e-9));
        for (size_t i = 1; i < COVERS; i++)
                printf("%s%12llu  %s\n", prefix, (unsigned long long)coverage[i], names[i]);
}

/* A path that no world took proves nothing. */
static bool all_covered(const char *prefix)
{
        bool all = true;
        for (size_t i = 0; i < COVERS; i++)
                if (coverage[i] == 0) {
                        printf("%snever happened: %s\n", prefix, names[i]);
                        all = false;
                }
        return all;
}

static int check(void)
{
        double began = seconds();
        puts("1..2");
        bool good = play_all("# ", 1, SIM_SEEDS) == 0;
        print_figures("# ", seconds() - began);
        printf("%s 1 - the mirror never lies, in %d worlds\n", good ? "ok" : "not ok", SIM_SEEDS);
        bool covered = all_covered("# ");
        printf("%s 2 - everything that can happen has happened in them\n",
               covered ? "ok" : "not ok");
        return good && covered ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(bool asked)
{
        fputs("usage: sim [--seeds FROM COUNT | --seed N [--verbose]]\n", asked ? stdout : stderr);
        return asked ? EXIT_SUCCESS : 2;
}

static int run_one(uint64_t seed, bool verbose)
{
        bool good = play(seed, verbose);
        printf("seed %llu: %s\n", (unsigned long long)seed, good ? "good" : world.failure);
        return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_many(uint64_t from, uint64_t count)
{
        double began = seconds();
        uint64_t failed = play_all("", from, count);
        print_figures("", seconds() - began);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
        int status;
        if (argc == 1)
                status = check();
        else if (argc == 4 && strcmp(argv[1], "--seeds") == 0)
                status = run_many(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
        else if ((argc == 3 || (argc == 4 && strcmp(argv[3], "--verbose") == 0)) &&
                 strcmp(argv[1], "--seed") == 0)
                status = run_one(strtoull(argv[2], NULL, 10), argc == 4);
        else
                status = usage(argc == 2 && strcmp(argv[1], "--help") == 0);
        return status;
}
