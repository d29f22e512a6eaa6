/*
 * daemon_private: what the files of this directory share.
 *
 * queue.c asks PostgreSQL what is due; presence.c tells it that this instance lives; runs.c runs
 * it; breaker.c stands between the two while the catalog is away; prune.c deletes what is old;
 * status.c tells systemd; daemon.c begins, reloads and ends it all. Nothing is freed inside a
 * callback of the thing itself: daemon_wake has it done from the loop.
 */
#pragma once

#include "daemon/daemon.h"
#include "daemon/outage.h"
#include "mirror/instance.h"
#include "mirror/queue.h"
#include "peers/peers.h"
#include "sync/sync.h"

typedef struct Daemon Daemon;

/* The parts of one configuration; after a reload with other peers, the old ones stay until the last
 * sync that began with them is over. */
typedef struct Supply {
        struct Supply *next;
        Peers *peers;
        unsigned users;
} Supply;

typedef struct Run {
        struct Run *next;
        Daemon *daemon;
        Supply *supply;
        Sync *sync;
        MirrorTask *after; /* a last word to the queue */
        Uuid edge;
        char *name;
        int64_t epoch;
        int64_t next_run_usec;
        int64_t failures;    /* before this run */
        uint64_t begun_usec; /* monotonic */
        /* of which the last word is, 0: none; it gives the lease back, or says only when the edge
         * is due next */
        int64_t word_epoch;
        bool releases_lease;
        bool over;    /* the sync has ended */
        bool settled; /* and its last word has been said */
} Run;

typedef enum QueueStage {
        QUEUE_LOOK,     /* what time is it in PostgreSQL? */
        QUEUE_REGISTER, /* make the edges known */
        QUEUE_SERVE,
} QueueStage;

typedef struct Queue {
        QueueStage stage;
        MirrorTask *task;
        Supply *supply; /* of the task */
        sd_event_source *timer;
        Outage outage; /* of PostgreSQL */
        unsigned asked;
        int64_t clock_usec;     /* PostgreSQL's, since 1970 … */
        uint64_t clock_at_usec; /* … when our monotonic clock showed this */
        int64_t next_usec;      /* the next edge is due; INT64_MAX: none */
        int64_t expected_usec;  /* what we know to be due that the question under way left out */
        uint64_t register_usec; /* when the edges are made known again, monotonic */
        /* something that only runs come across: a privilege, a table, a full disk */
        Outage statement;
        Uuid *unknown_edges; /* due in PostgreSQL, not in this configuration */
        size_t n_unknown_edges;
} Queue;

typedef struct Breaker {
        bool open;
        uint64_t opened_usec; /* the last time, monotonic */
        CatalogCall *probe;
        sd_event_source *timer;
        Outage outage; /* of the catalog */
        /* before credentials that were refused are tried again; 0: they were not */
        uint64_t refused_pause_usec;
        uint64_t refused_until_usec; /* when that is, monotonic */
        /* the catalog does not want to be asked earlier (Retry-After), monotonic */
        uint64_t not_before_usec;
        size_t turn; /* of the edges to ask for */
} Breaker;

typedef struct Prune {
        MirrorTask *task;
        Supply *supply; /* of the task */
        sd_event_source *timer;
        int64_t versions, runs; /* deleted since it began */
        bool said;              /* that it cannot be done */
} Prune;

typedef struct Held Held;

typedef struct Presence {
        MirrorInstance instance;
        MirrorTask *task;
        Supply *supply; /* of the task */
        sd_event_source *timer;
        bool begun; /* the edges have been registered */
        bool again; /* something has changed while a sign was under way */
} Presence;

typedef struct Locks {
        MirrorTask *task;
        Supply *supply; /* of the task */
        sd_event_source *timer;
        Outage outage; /* a statement waits for a lock */
} Locks;

struct Daemon {
        sd_event *event;
        const char *config_file;
        Config *config; /* the edges in force */
        Supply *supply; /* the parts in force, first of the list */
        Queue queue;
        Breaker gate;
        Prune prune;
        Presence presence;
        Locks locks;
        Held *held; /* edges whose removals are held */
        Run *runs;
        unsigned n_runs;
        bool ready, stopping;
        uint64_t n_synced; /* runs since the start */
        sd_event_source *reaper, *stop_timer, *status_timer;
};

/* daemon.c */
void daemon_wake(Daemon *d); /* the reaper runs from the loop */
void daemon_ready(Daemon *d);
int64_t daemon_now(const Daemon *d); /* PostgreSQL's clock, as far as known */

/* queue.c */
void queue_init(Daemon *d);
void queue_ask(Daemon *d); /* now, unless a question is under way */
/* register, then ask: another configuration, another clock */
void queue_ask_anew(Daemon *d);
void queue_register_soon(Daemon *d);                  /* what others want has changed */
void queue_expect(Daemon *d, int64_t timestamp_usec); /* an edge that ran here will be due then */
void queue_exclude(Daemon *d, const Uuid *edge);      /* it is not in our configuration */
bool queue_idle(const Daemon *d);
void queue_done(Daemon *d);

/* breaker.c */
enum { BREAKER_NEXT_BYTES = 64 };
/* when the catalog is asked again, for a person */
const char *breaker_next(const Daemon *d, char out[static BREAKER_NEXT_BYTES]);
void breaker_init(Daemon *d);
void breaker_probe(Daemon *d); /* ask the catalog whether it answers; opens or closes */
void breaker_catalog_failed(Daemon *d, const Fault *fault);
void breaker_is_closed(Daemon *d); /* forget what was known: another catalog */
/* a person may have mended it: ask now, unless the catalog has asked for a pause */
void breaker_retry(Daemon *d);
void breaker_done(Daemon *d);

/* runs.c */
/* the supply that took the lease */
void runs_start(Daemon *d, Supply *supply, const MirrorDue *due);
void runs_stop(Daemon *d);
/* Those that began with it and still need the catalog, which refuses the credentials. */
void runs_stop_asking(Daemon *d, const Supply *supply, const Fault *fault);
void runs_say_again(Daemon *d); /* PostgreSQL answers: the words that it did not take before */
void runs_reap(Daemon *d);
void runs_done(Daemon *d);

/* held.c */
/* whether it is to be reported now */
bool held_speaks(Daemon *d, const Uuid *edge, const Fault *fault);
void held_over(Daemon *d, const Uuid *edge);
void held_done(Daemon *d);

/* locks.c */
void locks_begin(Daemon *d);
void locks_done(Daemon *d);

/* presence.c */
void presence_init(Daemon *d);
void presence_begin(Daemon *d);   /* the edges are registered */
void presence_changed(Daemon *d); /* what we wait for is not what it was */
void presence_leave(Daemon *d);   /* the service stops */
bool presence_idle(const Daemon *d);
void presence_done(Daemon *d);

/* prune.c */
void prune_begin(Daemon *d);
void prune_done(Daemon *d);

/* status.c */
enum { TIME_BYTES = 32 };
void status_format_time(int64_t usec, char out[static TIME_BYTES]); /* UTC, and says so */
void status_changed(Daemon *d);
void status_done(Daemon *d);
