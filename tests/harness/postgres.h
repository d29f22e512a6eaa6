/*
 * postgres: a private PostgreSQL for one test program.
 *
 * initdb in a temporary folder, a unix socket only, gone with the test: the postmaster gets SIGQUIT
 * when its parent dies. Run by root, it becomes the user postgres, since PostgreSQL refuses root.
 * Every function fails the test (cmocka) rather than return an error.
 */
#pragma once

#include "harness/folder.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct HarnessPostgres {
        char folder[HARNESS_FOLDER_SIZE]; /* data/, the socket, the log */
        char bin[256];                    /* folder of initdb and postgres */
        char conninfo[256];               /* superuser, database test */
        char service[256];                /* role em: owner of the database, no superuser */
        pid_t pid;                        /* of the postmaster; 0: not running */
} HarnessPostgres;

/* initdb, start, create role em and database test */
void harness_postgres_start(HarnessPostgres *pg);
void harness_postgres_stop(HarnessPostgres *pg);    /* immediate; the data stays */
void harness_postgres_resume(HarnessPostgres *pg);  /* start again */
void harness_postgres_destroy(HarnessPostgres *pg); /* stop, and remove the folder */

/* One statement or several, as superuser; the first column of the first row, or "" (owned by the
 * caller). */
char *harness_sql(const HarnessPostgres *pg, const char *sql);
long harness_sql_long(const HarnessPostgres *pg, const char *sql);

/* The same in a session that is there; and in one of its own, again and again, until it gives
 * another number than 0, or true; false: it has not, within so long. What is asked often is asked
 * so: a new session each time costs more than most of what is tested. */
struct pg_conn;
char *harness_ask(struct pg_conn *conn, const char *sql);
bool harness_await_sql(const HarnessPostgres *pg, const char *sql, int seconds);

/* The next notification that this connection (which listens) gets; PQfreemem. */
struct pgNotify *harness_notification(struct pg_conn *conn);

/* How often the words are in the server's log from `*from` on, which moves to its end; and where
 * that is now. */
int harness_log_count(const HarnessPostgres *pg, const char *words, size_t *from);
size_t harness_log_end(const HarnessPostgres *pg);
