/*
 * instance: the instances of the service that run against this database, and their signs of life.
 */
#pragma once

#include "base/uuid.h"
#include "mirror/mirror.h"

/* An instance of the service. Others know by it which edges are wanted. */
typedef struct MirrorInstance {
        Uuid id;             /* of this process */
        const char *version; /* of the program */
} MirrorInstance;

typedef struct MirrorBeatAnswer {
        /* that this instance wants, according to the table; negative: it is not known there:
         * register again */
        int64_t n_edges;
        /* others whose signs of life have ended: what only they wanted is not wanted any more:
         * register again */
        int64_t n_dead;
} MirrorBeatAnswer;

typedef void (*MirrorBeatCallback)(const MirrorBeatAnswer *answer, const Fault *fault,
                                   void *userdata);

/* One statement, a sign of life: an instance that gives none for the length of its lease counts
 * as dead for the others. waiting_for: "catalog", "credentials", "lock" or "postgres", with a
 * sentence about it; NULL: nothing. */
int mirror_instance_beat(Mirror *m, const Uuid *instance, const char *waiting_for,
                         const char *message, MirrorBeatCallback callback, void *userdata,
                         MirrorTask **ret);

/* One statement: it was stopped in order. */
int mirror_instance_stop(Mirror *m, const Uuid *instance, MirrorCallback callback, void *userdata,
                         MirrorTask **ret);

typedef struct MirrorInstanceStatus {
        const char *name, *version;
        bool alive;
        bool stopped;                              /* in order */
        int64_t seen_sec, up_sec;                  /* since its last sign of life, and its start */
        int64_t n_edges;                           /* that it wants */
        const char *waiting_for, *waiting_message; /* NULL: nothing */
        int64_t waiting_sec;
} MirrorInstanceStatus;

/* Called once per instance, those that are alive first, then once with NULL (or a fault). */
typedef void (*MirrorInstancesCallback)(const MirrorInstanceStatus *instance, const Fault *fault,
                                        void *userdata);

int mirror_instances(Mirror *m, MirrorInstancesCallback callback, void *userdata, MirrorTask **ret);
