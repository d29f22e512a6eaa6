/*
 * mirror_private: what the files of this directory share: the shape of a task, and parameters as
 * text.
 */
#pragma once

#include "base/backoff.h"
#include "base/text.h"
#include "mirror/migrate.h"
#include "mirror/mirror.h"
#include "mirror/sql_embedded.h"

struct Mirror {
        PgPool *pool;
        char *instance;
        char *catalog_url; /* NULL: not compared */
        char lease[32];    /* as an interval */
        MirrorTask *tasks;
};

enum { INTERVAL_BYTES = 48 };
/* as PostgreSQL reads it; returns `out` */
const char *interval_format(int64_t usec, char out[static INTERVAL_BYTES]);

/* Parameters of one statement, in text form; all copied. A failed allocation is remembered until
 * task_start. */
enum { PARAMS_MAX = 26 };
typedef struct Params {
        char *values[PARAMS_MAX];
        int n;
        bool failed;
} Params;

void params_text(Params *p, const char *value); /* NULL is SQL NULL */
void params_uuid(Params *p, const Uuid *value);
void params_int(Params *p, int64_t value);
void params_double(Params *p, double value); /* negative: SQL NULL */
void params_bool(Params *p, bool value);
void params_usec(Params *p, uint64_t usec); /* as an interval */
void params_done(Params *p);

/* An array parameter in PostgreSQL's text form, element by element. Zero-initialise; params_array
 * takes it over and empties it. */
typedef struct ArrayText {
        Text text;
        bool failed;
} ArrayText;

void array_add(ArrayText *a, const char *value); /* any text without NUL */
void array_add_uuid(ArrayText *a, const Uuid *value);
void array_add_int(ArrayText *a, int64_t value);
void params_array(Params *p, ArrayText *a);
void params_names(Params *p, const char *const *names); /* NULL-terminated; NULL is SQL NULL */
void params_uuids(Params *p, const Uuid *values, size_t n);

/* $1…$18 of the statements that end a run. */
void params_ending(Params *p, const MirrorRun *run, const MirrorEnding *ending);

/* How a task ends: called once, from the loop, with the task off its mirror's list; the task is
 * freed after. Returns true when the task goes on instead (it has started something else). */
typedef bool (*TaskComplete)(MirrorTask *task, PgEnd end, const Fault *fault);
typedef void (*TaskDone)(MirrorTask *task);

/* The head of every task; each file's own task begins with it. */
struct MirrorTask {
        Mirror *mirror;
        MirrorTask *next, **link;
        PgTask *pg;
        sd_event_source *timer;
        TaskComplete complete;
        TaskDone done; /* releases what the file's own task holds; may be NULL */
        void *userdata;
};

/* Allocates `size` bytes (the file's own struct), zeroed, on the mirror's list. NULL: out of
 * memory. */
void *task_new(Mirror *m, size_t size, TaskComplete complete, TaskDone done, void *userdata);

/* Starts the work and gives out the task; on failure the task is freed and the error returned.
 * `params` (NULL: none) are checked for failed allocations. */
int task_start(MirrorTask *task, const PgWork *work, const Params *params, MirrorTask **ret);

/* The same for one statement, which is borrowed. */
int task_start_step(MirrorTask *task, const PgStep *step, const Params *params, MirrorTask **ret);

/* The same for a task that goes on: an error is returned and the task left as it is. */
int task_continue(MirrorTask *task, const PgWork *work);

/* Calls `fire` after the delay, from the loop; the task must have nothing under way. */
int task_wait(MirrorTask *task, uint64_t delay_usec, sd_event_time_handler_t fire);

/* Ends the task from a timer handler as if its work had ended. */
void task_finish(MirrorTask *task, PgEnd end, const Fault *fault);

static inline PgStep task_step(const char *sql, const Params *p, PgStepResult on_result)
{
        return (PgStep){.sql = sql,
                        .params = p ? (const char *const *)p->values : NULL,
                        .n_params = p ? p->n : 0,
                        .on_result = on_result};
}

/* Readers of results; the column must be there. */
int64_t result_int(const PGresult *result, int row, int column);
bool result_bool(const PGresult *result, int row, int column);
const char *result_text(const PGresult *result, int row, int column); /* NULL: SQL NULL */

/* Of the result of sql_lock_wait: "pg-lock-wait", or scope FAULT_NONE when nobody waits. */
void lock_wait_fault(const PGresult *result, Fault *ret);

/* Whether the schema is the one of this program: 0, or a filled fault "schema-newer" or
 * "schema-older". */
int schema_check(int64_t version, Fault *ret_fault);

/* Whether the server and its database can hold the mirror; `result` is that of sql_check_server: 0,
 * or a filled fault "pg-too-old" or "pg-encoding". */
int server_check(const PGresult *result, Fault *ret_fault);

/* Whether nothing in the schema could run somebody else's code; `result` is that of
 * sql_migrate_foreign. owner_too: the schema's owner is somebody else, too, unless this role is it.
 * 0, or a filled fault "schema-foreign". */
int foreign_check(const PGresult *result, bool owner_too, Fault *ret_fault);

/* Whether the database belongs to no other catalog than ours; the first column of `result` is that
 * of sql_catalog. 0, or a filled fault "other-catalog". */
int catalog_check(const Mirror *m, const PGresult *result, Fault *ret_fault);

/* Whether nobody else writes the tables; `result` is that of sql_schema_version. 0, or a filled
 * fault "pg-subscriber": the database subscribes to another. */
int writer_check(const PGresult *result, Fault *ret_fault);

/* Of steps with sql_schema_version and sql_catalog, the first ones of any work that is for a mirror
 * of ours alone; `userdata` is a MirrorTask. */
PgNext trust_on_version(const PGresult *result, void *userdata, Fault *ret_fault);
PgNext trust_on_catalog(const PGresult *result, void *userdata, Fault *ret_fault);

/* "lease-lost". */
void fault_lease_lost(Fault *ret);
