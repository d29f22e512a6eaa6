/*
 * mirror_private: what the files of this directory see of a mirror, and of a task of it.
 */
#pragma once

#include "base/timer.h"
#include "mirror/lease.h"
#include "mirror/lock_wait.h"
#include "mirror/params_private.h"
#include "pg/pg.h"
#include <sys/queue.h>

struct Mirror {
        PgPool *pool;
        const char *instance;
        const char *catalog_url; /* NULL: not compared */
        char lease[32];          /* as an interval */
        LIST_HEAD(, MirrorTask) tasks;
};

/* How a task ends: called once, from the loop, with the task off its mirror's list; the task is
 * freed after. Returns true when it has started something else instead. */
typedef bool (*TaskComplete)(MirrorTask *task, PgEnd end, const Fault *fault);
typedef void (*TaskDone)(MirrorTask *task);

enum { TASK_PARAMS_MAX = 7 };

/* The head of every task; each file's own task begins with it. */
struct MirrorTask {
        Mirror *mirror;
        LIST_ENTRY(MirrorTask) entry;
        bool ending; /* it is off the list, and its callback runs */
        /* it may be done again although its answer was lost: a claim is recognized by its epoch,
         * and the others write the same twice */
        bool repeatable;
        PgTask *pg;
        Timer timer;
        PgStep step; /* of task_start_statement */
        /* of its statements, in an order of the file's own */
        Params params[TASK_PARAMS_MAX];
        TaskComplete complete;
        TaskDone done; /* releases what the file's own task holds; NULL: nothing */
        void *userdata;
        MirrorCallback plain; /* of a task that gives nothing but a fault */
};

/* A TaskComplete that gives the fault to `plain`. */
bool task_report(MirrorTask *task, PgEnd end, const Fault *fault);

/* The struct of a task that gives rows, with room for so many steps, and its TaskComplete: the
 * callback is given each row with fault_none, and in the end NULL and the fault. */
#define DEFINE_ROWS_TASK(Type, name, Callback, n_steps)                                            \
        typedef struct Type {                                                                      \
                MirrorTask task;                                                                   \
                Callback callback;                                                                 \
                PgStep steps[n_steps];                                                             \
        } Type;                                                                                    \
        static bool name##_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)      \
        {                                                                                          \
                ((Type *)task)->callback(NULL, fault, task->userdata);                             \
                return false;                                                                      \
        }

/* Allocates `size` bytes (the file's own struct), zeroed, on the mirror's list. NULL: out of
 * memory. */
void *task_new(Mirror *m, size_t size, TaskComplete complete, void *userdata);

/* Starts the work and gives out the task; on failure, of an allocation for its parameters too, the
 * task is freed and the error returned. */
int task_start(MirrorTask *task, const PgWork *work, MirrorTask **ret);

/* The same for steps of one transaction; what `work` says of steps is not looked at. */
int task_start_transaction(MirrorTask *task, const PgWork *work, const PgStep *steps,
                           size_t n_steps, MirrorTask **ret);

/* The same for one statement with the first parameters; its text is borrowed. phase: of PgWork. */
int task_start_statement(MirrorTask *task, const char *phase, const char *sql,
                         PgStepResult on_result, MirrorTask **ret);

/* The same, and the task is left as it is: it has work behind it already, or task_started follows.
 */
int task_continue(MirrorTask *task, const PgWork *work);

/* Gives out a task that was begun with result `r`, or frees it. Returns `r`. */
int task_started(MirrorTask *task, int r, MirrorTask **ret);

/* Calls `fire` after the delay, from the loop; the task must have nothing under way. */
int task_wait(MirrorTask *task, uint64_t delay_usec, TimerHandler fire);

/* Ends the task from a timer handler as if its work had ended. */
void task_finish(MirrorTask *task, PgEnd end, const Fault *fault);

static inline PgStep task_step(const char *sql, const Params *p, PgStepResult on_result)
{
        return (PgStep){.sql = sql,
                        .params = p ? (const char *const *)p->values : NULL,
                        .n_params = p ? p->n : 0,
                        .on_result = on_result};
}

static inline PgStep task_wanted_step(PgStepWanted wanted, const char *sql, const Params *p,
                                      PgStepResult on_result)
{
        PgStep step = task_step(sql, p, on_result);
        step.wanted = wanted;
        return step;
}

/* $1…$18 of the statements that end a run. */
void params_ending(Params *p, const MirrorRun *run, const MirrorEnding *ending);

/* What sql_lock_wait takes: whether those who wait behind another session of ours count; who held a
 * lock before (NULL: nobody). Of its result: "pg-lock-wait", or scope FAULT_NONE when nobody waits.
 */
void params_lock_wait(Params *p, bool behind_ours, const MirrorLockHolder *before);
void lock_wait_fault(const PGresult *result, Fault *ret);
