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

/* What keeps an instance from syncing, or from finding what to sync. */
typedef enum MirrorWait {
        MIRROR_WAIT_NONE = 0,
        MIRROR_WAIT_CATALOG,     /* it is away */
        MIRROR_WAIT_PAUSE,       /* the catalog asks for one */
        MIRROR_WAIT_CREDENTIALS, /* the catalog refuses them */
        MIRROR_WAIT_LOCK,        /* of another session of PostgreSQL */
        MIRROR_WAIT_POSTGRES,    /* it refuses a statement */
        MIRROR_WAIT_DISCOVERY,   /* no new Edge connection is found; the others are synced */
        MIRROR_WAITS,            /* a word of another version */
} MirrorWait;

/* Of a word that comes from the database; NULL: nothing. */
MirrorWait mirror_wait_parse(const char *word);

typedef void (*MirrorBeatCallback)(const MirrorBeatAnswer *answer, const Fault *fault,
                                   void *userdata);

/* One statement, a sign of life: an instance that gives none for the length of its lease counts
 * as dead for the others. message: a sentence about what it waits for; NULL: nothing. */
int mirror_instance_beat(Mirror *m, const Uuid *instance, MirrorWait waiting_for,
                         const char *message, MirrorBeatCallback callback, void *userdata,
                         MirrorTask **ret);

/* One statement: it was stopped in order. */
int mirror_instance_stop(Mirror *m, const Uuid *instance, MirrorCallback callback, void *userdata,
                         MirrorTask **ret);

typedef struct MirrorInstanceStatus {
        const char *name;
        bool alive;
        bool stopped;             /* in order */
        int64_t seen_sec, up_sec; /* since its last sign of life, and its start */
        int64_t silence_sec;      /* without a sign for so long it counts as dead */
        int64_t n_edges;          /* that it wants */
        MirrorWait waiting_for;
        const char *waiting_message; /* NULL: none */
        int64_t waiting_sec;
} MirrorInstanceStatus;

/* Called once per instance, those that are alive first, then once with NULL (or a fault). */
typedef void (*MirrorInstancesCallback)(const MirrorInstanceStatus *instance, const Fault *fault,
                                        void *userdata);

/* What keeps instances of the service from registering in this database and from giving signs of
 * life there, whatever their role may. */
typedef struct MirrorBlocked {
        Fault fault;     /* FAULT_NONE: nothing; or it subscribes to another, and is not for them */
        bool is_standby; /* there may be nothing wrong with it: another is written to */
        bool subscribes;
} MirrorBlocked;

typedef void (*MirrorBlockedCallback)(const MirrorBlocked *blocked, const Fault *fault,
                                      void *userdata);

int mirror_blocked(Mirror *m, MirrorBlockedCallback callback, void *userdata, MirrorTask **ret);

int mirror_instances(Mirror *m, MirrorInstancesCallback callback, void *userdata, MirrorTask **ret);
