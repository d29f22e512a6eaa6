/*
 * runs: the syncs that are under way, from the lease that was taken to what is reported to the
 * queue about when the edge is due next.
 */
#pragma once

#include "base/outcome.h"
#include "daemon/database_clock.h"
#include "daemon/held.h"
#include "daemon/refusal.h"
#include "mirror/queue.h"
#include "peers/peers.h"
#include <sys/queue.h>

typedef enum RunsPeer {
        RUNS_PEER_CATALOG,
        RUNS_PEER_CATALOG_SUSPECTED, /* is it this edge alone? another one tells */
        RUNS_PEER_POSTGRES,
} RunsPeer;

/* A run has failed because of a peer as a whole. */
typedef struct RunsPeerFault {
        RunsPeer peer;
        const Fault *fault;
        const Uuid *edge;
        const Peers *peers;  /* that the run began with */
        uint64_t begun_usec; /* monotonic */
} RunsPeerFault;

/* A run that had begun has ended, in any way. */
typedef struct RunsEnd {
        const Uuid *edge;
        EndedRun before; /* the last run of a service that was not stopped */
        EndedRun run;
        const Fault *fault;
} RunsEnd;

typedef struct RunsHandlers {
        /* The edge as it is configured now; NULL: it is not scheduled here (any more). */
        const ConfigEdge *(*edge)(const Uuid *id, void *userdata);
        /* Whether the catalog may be away, and somebody else reports it: what looks so in the fault
         * of a run is part of it. */
        bool (*catalog_in_doubt)(void *userdata);
        void (*peer_fault)(const RunsPeerFault *fault, void *userdata);
        void (*ended)(const RunsEnd *end, void *userdata);
        /* A slot is free, or what an edge is due could not be written: see claims_expect. */
        void (*expect)(int64_t due_usec, void *userdata);
        /* A run has ended. */
        void (*changed)(void *userdata);
} RunsHandlers;

typedef struct Runs {
        unsigned n;       /* that are under way */
        uint64_t n_ended; /* since the start */
        Refusal refusal;

        /* private */
        PeersTask question; /* whether it still refuses something */
        sd_event *event;
        const DatabaseClock *clock;
        RunsHandlers handlers;
        void *userdata;
        sd_event_source *reaper;
        LIST_HEAD(RunList, Run) list;
        bool stopping;
        HeldEdges held, rejected;
} Runs;

/* The clock is borrowed. Negative errno. */
int runs_init(Runs *r, sd_event *event, const DatabaseClock *clock, const RunsHandlers *handlers,
              void *userdata);

/* Begins the sync of an edge whose lease was taken on these peers, with the plan that the edge
 * gives. What fails is logged, and the lease released. */
void runs_start(Runs *r, Peers *peers, const MirrorDue *due, const ConfigEdge *edge);

/* Releases the lease without a sync. name: NULL when the edge is unknown. why: for the log; NULL:
 * nothing is logged. */
void runs_decline(Runs *r, Peers *peers, const MirrorDue *due, const char *name, const char *why);

/* PostgreSQL answers: what could not be reported to it before is reported again, that of other
 * peers than these, which are in force, for the last time; and whether it still refuses something
 * is found out. */
void runs_retry_reports(Runs *r, Peers *peers);

/* Breaks off those that began with these peers and still need the catalog, which refuses the
 * credentials or has asked for a pause. */
void runs_break_off(Runs *r, const Peers *peers, const Fault *fault);

/* Writes the r->n edges of those that are under way. */
void runs_copy_edges(const Runs *r, Uuid *out);

/* Stops all; each comes to its end, r->n falls to 0. */
void runs_stop(Runs *r);

/* Abandons all. */
void runs_done(Runs *r);
