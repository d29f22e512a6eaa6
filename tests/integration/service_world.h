/*
 * service_world: what tests of `edgemirror run` share: a private PostgreSQL, the sample catalog
 * with any number of edges, a configuration, and up to three instances of the real service.
 *
 * The edges e0, e1, … have the schedule `weekly` and no spread, so that none is due but those that
 * a test makes due. Every function fails the test (cmocka) rather than return an error; every wait
 * is for a condition.
 */
#pragma once

#include "harness/pgbouncer.h"
#include "harness/postgres.h"
#include "harness/program.h"
#include "harness/service.h"
#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECRET "correct-horse-battery"

enum { WORLD_EDGES_MAX = 64, WORLD_INSTANCES = 3 };

typedef struct ServiceWorld {
        HarnessPostgres pg;
        HarnessPgbouncer bouncer; /* once it is asked for */
        HarnessCatalog catalog;
        HarnessService services[WORLD_INSTANCES];
        char folder[64], config[128];
        int n_edges;
        char edges[WORLD_EDGES_MAX][40];

        /* What write_config writes. */
        int n_configured; /* the first so many edges */
        char url[128];    /* of the catalog */
        char user[32];
        char schedule[32];
        char request_timeout[16];
        char conninfo[256];
        char in_catalog[256];  /* further lines of [catalog] … */
        char in_postgres[256]; /* … */
        char in_daemon[256];
        char in_defaults[256];
        char in_monitor[256];
} ServiceWorld;

int service_world_setup(void **state); /* of the group */
int service_world_teardown(void **state);

/* No service, a new catalog of so many edges (`rows` as catalogd's option), an empty mirror, the
 * configuration as it was first. */
void service_begin_again(ServiceWorld *w, int n_edges, const char *rows);
int few_edges(void **state); /* begin_again with 4 edges of 20 rows; before a test */

/* From now on, and until begin_again, the service goes through a PgBouncer that pools by
 * transaction; writes the configuration. False, and a word, where it is not installed. */
bool through_pgbouncer(ServiceWorld *w);

void service_start_catalog(ServiceWorld *w, const char *rows, const char *port); /* "0": any */
const char *catalog_port(const ServiceWorld *w);
void service_write_config(ServiceWorld *w);
void short_leases(ServiceWorld *w); /* 2 s; writes the configuration */
void write_password(ServiceWorld *w, const char *password);

/* Instance i; service_start waits until it is ready and the catalog has answered it. */
HarnessService *service_begin(ServiceWorld *w, int i);
HarnessService *service_start(ServiceWorld *w, int i);
void service_stop(ServiceWorld *w, int i); /* SIGTERM: exit status 0 */

/* The next start or reload finds the first so many edges in its file; and starts instance i. */
void service_configure(ServiceWorld *w, int n_edges);
HarnessService *service_start_with(ServiceWorld *w, int i, int n_edges);

/* edgemirror COMMAND OPTION EDGE, of which the last two may be NULL; the exit status, and what it
 * prints is in `out` and `err`. */
int service_program(ServiceWorld *w, const char *command, const char *option, const char *edge);

/* Of what it printed last; and `status --check`, which ends with `status` and one line. */
void assert_out(ServiceWorld *w, const char *words, bool there);
void assert_check(ServiceWorld *w, int status, const char *words);

/* Makes the edges first … last due, as the passing of time would. The service looks within
 * seconds, or at once when it is told to reload. */
void make_due(ServiceWorld *w, int first, int last);

/* Makes edge i due in two seconds; nothing tells the service then. It is reload i + 1 of `s`. */
void due_in_a_moment(ServiceWorld *w, HarnessService *s, int edge);

/* A session that holds a lock (BEGIN; LOCK TABLE …) until PQfinish. */
PGconn *hold(ServiceWorld *w, const char *sql);

/* POST to the catalog's control API; "": DELETE. fault: a rule for one edge (-1: all); `members`
 * are further JSON members. */
void service_control(ServiceWorld *w, const char *path, const char *body);
void service_fault(ServiceWorld *w, const char *kind, int edge, const char *members);
/* What the catalog keeps waiting for its time is answered now; the rules stay. */
void service_release(ServiceWorld *w);
void no_faults(ServiceWorld *w);
void rename_a_row(ServiceWorld *w, int edge, const char *name); /* its first one */

/* Requests of a kind in the catalog's log, of one edge (-1: all), with this status (0: any). */
int requests(ServiceWorld *w, const char *kind, int edge, int status);

long sql_long(ServiceWorld *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Until the query gives something else than 0. */
void service_await_sql(ServiceWorld *w, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void service_await_registered(ServiceWorld *w); /* all edges, and when they are due */
void service_await_enabled(ServiceWorld *w, int n);
void service_await_phase(ServiceWorld *w, int edge, const char *phase);
/* so many, of each edge */
void await_runs(ServiceWorld *w, int first, int last, const char *outcome, int n);

void service_assert_mirror_equals_catalog(ServiceWorld *w, int first, int last);
void assert_nothing_is_held(ServiceWorld *w);
