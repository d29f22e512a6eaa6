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

/* Zero-initialise, and set find. */
typedef struct Refusal {
        Outage outage; /* its fault names the edges */
        /* NULL of an edge that is not synced here */
        const ConfigEdge *(*find)(const Uuid *edge, void *userdata);
        void *userdata;

        /* private */
        Fault fault;                     /* as PostgreSQL says it */
        Uuid edges[REFUSAL_EDGES];       /* the first that met it */
        int64_t last_run[REFUSAL_EDGES]; /* as it met it; -1: not known yet */
        bool recorded[REFUSAL_EDGES];    /* a later one, by what was answered so far */
        size_t n, n_asked;
        bool is_more;      /* than have a place */
        uint64_t ask_usec; /* monotonic: not before */
} Refusal;

/* What one statement of a run misses (a privilege, a table, room on the disk), the queue's
 * questions do not come across. */
bool refusal_is_of_statement(const Fault *fault);

/* Also where PostgreSQL answers, and has not recorded that a run began or how it ended: nobody else
 * says that the edge is not synced. NULL: the run met none. */
const Fault *refusal_of_run(const SyncReport *report);

/* A run of the edge met it; run_id 0: it could not begin. True: log it. */
bool refusal_record(Refusal *r, const Uuid *edge, int64_t run_id, const Fault *fault);

/* What a run of the edge saw is applied. */
void refusal_applied(Refusal *r, const Uuid *edge);

/* PostgreSQL answers: how many edges it is to be asked about now, whether a run of theirs has been
 * recorded since; 0: none, also while it is being asked. Borrowed until something is recorded. */
size_t refusal_to_ask(Refusal *r, bool is_asked, const Uuid **ret_edges);
/* The last run of one of them; refused: by PostgreSQL again. Then: all have been heard. */
void refusal_heard(Refusal *r, const Uuid *edge, int64_t run_id, bool refused);
void refusal_answered(Refusal *r);
