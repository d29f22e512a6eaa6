/*
 * mirror: what the two files share that stand in for src/mirror.
 */
#pragma once

#include "base/backoff.h"
#include "sim/run.h"

typedef union TaskCallback {
        MirrorCallback plain;
        MirrorClaimCallback claim;
        MirrorApplyCallback apply;
} TaskCallback;

/* Whom a task answers. */
typedef struct TaskOwner {
        Run *run;
        TaskCallback callback;
        void *userdata;
} TaskOwner;

typedef enum ApplyStage { APPLY_UNCHANGED, APPLY_WHOLE, APPLY_READ_BACK } ApplyStage;

struct MirrorTask {
        TaskOwner owner;
        DbStatement question;   /* of which each of its statements is made */
        DbStatement *statement; /* under way; NULL: none */

        /* of an apply */
        MirrorSnapshot snapshot;
        MirrorPlanCallback plan; /* NULL: it is to be written */
        ApplyStage stage;
        int transaction;
        unsigned attempts;
        Backoff backoff;
        Fault fault; /* of the last attempt */
        WorldTimer timer;
};

/* 0: *ret is a new task of the run, for an effect that is about to happen; *ret NULL: its process
 * is gone, and there is none. Negative errno: the effect could not be begun. */
int task_new(Mirror *m, const DbStatement *question, TaskCallback callback, void *userdata,
             MirrorTask **ret);
void task_free(MirrorTask *t);
void task_send(MirrorTask *t);
