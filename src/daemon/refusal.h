/*
 * refusal: what PostgreSQL, which answers, refuses of the statements that only runs send.
 *
 * Reported once, and again at growing intervals. Over when a run of each edge that met it has been
 * recorded again, whoever's it is, or none of these edges is synced here any more. Runs of other
 * edges prove nothing: a damaged page, or a trigger, may concern the rows of one edge alone.
 */
#pragma once

#include "config/config.h"
#include "daemon/outage.h"
#include "sync/types.h"

enum { REFUSAL_EDGES = 16 };

typedef struct RefusedEdge {
        Uuid edge;
        Fault fault;      /* as PostgreSQL says it */
        int64_t last_run; /* as it met it; -1: not known yet */
        bool said;        /* in the log */
        bool asked;       /* whether a later one has been recorded */
        bool recorded;    /* it has, by what was answered so far */
} RefusedEdge;

/* Zero-initialise, and set find. */
typedef struct Refusal {
        uint64_t say_usec; /* what is new is logged from then on; monotonic */
        Outage outage;     /* its fault is the latest, and names the edges that met it */
        /* NULL of an edge that is not synced here */
        const ConfigEdge *(*find)(const Uuid *edge, void *userdata);
        void *userdata;

        /* private */
        const char *conninfo;
        RefusedEdge edges[REFUSAL_EDGES]; /* those that met it last, the latest last */
        Uuid to_ask[REFUSAL_EDGES];
        size_t n;
        bool is_more;      /* than have a place */
        uint64_t ask_usec; /* monotonic: not before */
} Refusal;

/* Of another database nothing is known. The text is borrowed until another is given. */
void refusal_configure(Refusal *r, const char *conninfo);

/* What a run of the edge, into this database, met that nobody else says: PostgreSQL answers, and
 * refuses a statement, or has not recorded that the run began or how it ended. NULL: nothing, or it
 * is of another database. *ret_log: log it. */
const Fault *refusal_take(Refusal *r, const Uuid *edge, const char *conninfo,
                          const SyncReport *report, bool *ret_log);

/* PostgreSQL answers: how many edges it is to be asked about now, whether a run of theirs has been
 * recorded since; 0: none, also while it is being asked. Borrowed until the next one. */
size_t refusal_to_ask(Refusal *r, bool is_asked, const Uuid **ret_edges);
/* The last run of one of them; refused: by PostgreSQL again. Then: all have been heard. */
void refusal_heard(Refusal *r, const Uuid *edge, int64_t run_id, bool refused);
void refusal_answered(Refusal *r);
