/*
 * pg: PostgreSQL work, non-blocking libpq on an sd-event loop.
 *
 * Knows no schema. A pool of at most `max_connections` connections carries out pieces of work,
 * first come first served. A piece of work is a list of steps: one statement each, carried out in
 * order inside one transaction. Nothing of a session outlives a piece of work except temporary
 * tables, so that a transaction-pooling PgBouncer may stand between: no session settings, no
 * session locks, and prepared statements only where nothing stands between (prepared_private.h).
 *
 * Each transaction sets for itself what a role, a database or a server may have set otherwise: its
 * isolation, where names are looked up, how timestamps are written, how long it may take and wait,
 * and that no row is hidden from it (flight.c). What needs no decision in between crosses in one
 * round trip, by libpq's pipeline mode: BEGIN, those settings, the statements and COMMIT.
 *
 * The server ends by itself what takes too long; a deadline of the loop's own guards against a peer
 * that answers nothing. What is given up is cancelled on the server.
 *
 * Asynchronous contract: as in http.h. Steps' on_result handlers also run from the loop, in order,
 * and may not call pg_start's cancel on their own task; they return what to do instead.
 *
 * Peculiarities of libpq that are dealt with here: sockets change under PQconnectPoll;
 * connect_timeout is ours; COMMIT of a failed transaction answers with the tag ROLLBACK; a killed
 * idle connection has no SQLSTATE; host names are resolved in a thread (endpoint.h), and so is a
 * statement cancelled that is given up; no connection is old or idle for long, so that no session
 * holds anything on the server and none is trusted that a firewall has forgotten.
 */
#pragma once

#include "base/fault.h"
#include "base/text.h"
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* What to do about a server, or a database, that takes no writes. */
#define PG_READ_ONLY_ADVICE                                                                        \
        "this is a standby, or a database that takes no writes now "                               \
        "(default_transaction_read_only, or a full disk on a managed server): point conninfo at "  \
        "the primary, or make room"

typedef struct PgPool PgPool;
typedef struct PgTask PgTask;

/* Reads the password, anew for each connection that is opened, so that a change on disk is picked
 * up. Filled Fault and negative errno when it cannot. */
typedef int (*PgPasswordLoader)(void *userdata, Text *ret, Fault *ret_fault);

typedef struct PgPoolOptions {
        const char *conninfo; /* libpq connection string or URI; never logged */
        /* NULL: what conninfo, PGPASSFILE or peer authentication give */
        PgPasswordLoader load_password;
        void *load_password_userdata;
        const char *application_name;
        unsigned max_connections;
        /* a standby, or a database that takes no writes, will do where there is nothing better */
        bool only_reads;
        /* as SET takes it; pg_temp, unless it is named last, comes first */
        const char *search_path;
        uint64_t connect_timeout_usec; /* for each address; half of it when there are several */
        /* for the way there and back: beyond a statement's own limit, and for what takes no time;
         * 0: 10 s */
        uint64_t answer_usec;
        uint64_t idle_usec; /* a connection without work for so long is closed; 0: a minute */
        /* no work begins on a connection that is older, less up to a quarter; 0: an hour */
        uint64_t max_age_usec;
        uint64_t statement_timeout_usec;
        uint64_t lock_timeout_usec;
} PgPoolOptions;

/* What a handler decides after a step. */
typedef enum PgNext {
        PG_NEXT,     /* go on; after the last step: commit */
        PG_AGAIN,    /* the same step once more: FETCH, until the cursor gives no more */
        PG_COMMIT,   /* skip the remaining steps and commit */
        PG_ROLLBACK, /* roll back and end as PG_END_ROLLED_BACK */
} PgNext;

/* Gives the next bytes of a COPY: sets ret_data/ret_size (borrowed until the next call); size 0 is
 * the end. Negative errno and a filled Fault fail the work. */
typedef int (*PgCopySource)(void *userdata, const char **ret_data, size_t *ret_size,
                            Fault *ret_fault);

/* `result` is borrowed, successful (PGRES_TUPLES_OK or PGRES_COMMAND_OK). To fail the work: fill
 * the fault and return PG_ROLLBACK. */
typedef PgNext (*PgStepResult)(const PGresult *result, void *userdata, Fault *ret_fault);

/* for n_params: `sql` holds any number of statements, without parameters (migrations) */
#define PG_SCRIPT    (-1)
#define PG_STEPS_MAX 64

/* Asked before the step is sent: false passes it by. */
typedef bool (*PgStepWanted)(void *userdata);

/* Strings and arrays are borrowed until the work has ended; parameters are read when the step is
 * sent. A step is sent once the handlers of all steps before it have run, so that they may fill its
 * parameters; those of `certain` steps excepted. */
typedef struct PgStep {
        /* one statement; $1… parameters in text form, NULL entries are SQL NULL */
        const char *sql;
        const char *const *params;
        int n_params;
        /* set: `sql` is a COPY … FROM STDIN, and this gives its data */
        PgCopySource copy_source;
        /* may be NULL */
        PgStepResult on_result;
        /* NULL: always; only in a transaction */
        PgStepWanted wanted;
        /* the handler returns PG_NEXT whatever the server answers: what follows, COMMIT too, is
         * sent without waiting for it. If it does not after all, and the work is committed, that
         * ends as PG_END_UNKNOWN with its fault */
        bool certain;
        /* sent again and again: where that is possible the server keeps it parsed and planned; of
         * work that is one statement */
        bool prepared;
} PgStep;

/* For one transaction. */
typedef struct PgSetting {
        const char *name, *value;
} PgSetting;

typedef struct PgWork {
        const PgStep *steps;
        size_t n_steps;
        /* false: exactly one step, committed whatever its handler returns */
        bool transaction;
        /* transaction: BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ: one snapshot for all steps
         */
        bool read_only;
        /* what it does, a word: follows the application_name while it lasts; NULL: nothing */
        const char *phase;
        uint64_t statement_timeout_usec; /* 0: the pool's */
        uint64_t lock_timeout_usec;      /* 0: the pool's */
        /* more settings; ended by one without a name; NULL: none */
        const PgSetting *settings;
        /* may take minutes: one connection of the pool is kept free of such work, for what must not
         * wait */
        bool bulk;
        /* of bulk work: a person waits for it. One piece of it at a time begins also beside as much
         * bulk work as there may be */
        bool awaited;
        /* begins before all that waits; of three connections or more, one is kept for such work,
         * which must wait for no lock for long */
        bool urgent;
        /* must not wait for long: where there is no room for it, and no other such work under way,
         * it has the connection that is kept, and waits two seconds for a lock at most */
        bool prompt;
} PgWork;

typedef enum PgEnd {
        PG_END_DONE,        /* committed: the server answered COMMIT */
        PG_END_ROLLED_BACK, /* a handler asked, and filled no fault */
        /* nothing was committed; the fault, a handler's own or the server's, tells why */
        PG_END_FAILED,
        /* the connection was lost after COMMIT was sent: read back before deciding */
        PG_END_UNKNOWN,
} PgEnd;

/* `fault` is never NULL; scope FAULT_NONE when there is none. */
typedef void (*PgCallback)(PgEnd end, const Fault *fault, void *userdata);

int pg_pool_new(sd_event *event, const PgPoolOptions *options, PgPool **ret);

/* Cancels all work (no callbacks), closes all connections. NULL is fine. Returns NULL. */
PgPool *pg_pool_free(PgPool *pool);
DEFINE_CLEANUP(PgPool, pg_pool, pg_pool_free)

/* The loop it lives on; borrowed. */
sd_event *pg_pool_event(const PgPool *pool);

/* Errors are only local ones (-ENOMEM, -EINVAL). `userdata` goes to handlers, the copy source and
 * the callback. Work waits for a connection as long as others are at work. When none can be opened
 * within the connect timeout, and none is open, all that waits fails with a Fault of FAULT_PEER;
 * the caller decides about trying again. */
int pg_start(PgPool *pool, const PgWork *work, PgCallback callback, void *userdata, PgTask **ret);

/* Forgets the work: a transaction that has not sent COMMIT is rolled back by closing its
 * connection. NULL is fine. Returns NULL. */
PgTask *pg_cancel(PgTask *task);
