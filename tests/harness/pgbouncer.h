/*
 * pgbouncer: a private PgBouncer in transaction pooling before a private PostgreSQL.
 *
 * On a unix socket in the folder of that PostgreSQL; gone with the test. Every function fails the
 * test (cmocka) rather than return an error.
 */
#pragma once

#include "harness/postgres.h"
#include <stdbool.h>

typedef struct HarnessPgbouncer {
        char folder[96];
        char service[256]; /* conninfo of the role em, through it */
        pid_t pid;         /* 0: not running */
} HarnessPgbouncer;

bool harness_pgbouncer_installed(void);
void harness_pgbouncer_start(HarnessPgbouncer *b, const HarnessPostgres *pg);
void harness_pgbouncer_stop(HarnessPgbouncer *b);
