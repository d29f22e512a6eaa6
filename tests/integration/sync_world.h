/*
 * sync_world: what tests of whole syncs share: a private PostgreSQL, the sample catalog with two
 * edges, a configuration, and the real program.
 *
 * The edges are `main` (0), to which things happen, and `other` (1), which must not notice. Every
 * function fails the test (cmocka) rather than return an error.
 */
#pragma once

#include "harness/postgres.h"
#include "harness/program.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECRET "correct-horse-battery"

typedef struct World {
        HarnessPostgres pg;
        HarnessCatalog catalog;
        char folder[64];
        char config[128];
        char edges[2][40];
        cJSON *results[2]; /* of the last sync: main, other */
} World;

int world_setup(void **state); /* of the group */
int world_teardown(void **state);
int small_world(void **state); /* of a test: begin_again with 20 rows, job_timeout 1 s */

/* A new catalog of two edges of so many rows, and an empty mirror. */
void begin_again(World *w, const char *rows, const char *job_timeout);
void start_catalog(World *w, const char *rows);
void write_config(World *w, const char *job_timeout);

/* POST to the catalog's control API; "": DELETE. */
void control(World *w, const char *path, const char *body);

/* How often the words are in the catalog's record of the requests that it saw; `query` chooses
 * among them, "" all. */
long count_in_requests(const World *w, const char *query, const char *words);

/* A rule for edge `main`; `members` are further JSON members. */
void fault(World *w, const char *kind, const char *members);

/* RUN(w, COMMAND, …) is the exit status of edgemirror -c CONFIG COMMAND…; what it printed is in the
 * files out and err. */
int run_command(World *w, const char *const *command);
#define RUN(w, ...) run_command((w), (const char *const[]){__VA_ARGS__, NULL})

/* The words are (not) in one of those files. */
void assert_says(World *w, const char *file, const char *words, bool said);

/* The members of an object are these and no others, in this order. */
void assert_members(const cJSON *object, const char *const *members, size_t n_members);

/* The members of every object that the last command printed, a line each, are these and no others,
 * in this order. */
void assert_objects(World *w, const char *const *members, size_t n_members, size_t n_objects);

/* edgemirror sync --json of both edges: the exit status. take_results reads what another start of
 * the program left. */
int sync_all(World *w);
void take_results(World *w);

/* Members of the last result; "null" where there is none. error_of: of the error of `main`. */
const char *text_of(const World *w, int edge, const char *name);
int number_of(const World *w, int edge, const char *name);
const char *error_of(const World *w, const char *name);

/* Every row of one is in the other, as it is there. */
void assert_mirror_equals_catalog(World *w);

/* What the catalog does to `main`, and what must come of it. */
typedef struct Case {
        const char *kind, *members;
        int status;
        const char *outcome, *refresh, *code;
} Case;

/* One after the other, with a row more in the catalog each time: the exit status, the result of
 * `main`, its row in sync_run, and its mirror, which is the catalog's or, when the sync failed,
 * what it was before. `other` is synced every time, row for row. */
void run_cases(World *w, const Case *cases, size_t n);

/* Wait, ten seconds at most: until the journal shows `main` in the phase; until the statement
 * counts something; until the words are in the file. */
void await_phase(World *w, const char *phase);
void await_sql(World *w, const char *sql);
void await_says(World *w, const char *file, const char *words);
