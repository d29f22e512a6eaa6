/*
 * claims: asks PostgreSQL which edges are due, takes their leases, and sleeps until the next one
 * is due.
 *
 * The edges are registered, and before that those are read that were discovered, before the first
 * question that may take any, every hour, and whenever PostgreSQL's clock turns out to have gone
 * back, which brings their due times forward to their schedules.
 */
#pragma once

#include "base/timer.h"
#include "daemon/database_clock.h"
#include "daemon/outage.h"
#include "mirror/discovered.h"
#include "mirror/queue.h"
#include "mirror/registry.h"
#include "peers/peers.h"

typedef struct ClaimsHandlers {
        /* How many more syncs may begin now. */
        unsigned (*capacity)(void *userdata);
        /* The edges whose leases are not to be taken; the array is freed by claims. -ENOMEM. */
        int (*exclude)(Uuid **ret, size_t *ret_n, void *userdata);
        /* The edges to register; the array is freed by claims. -ENOMEM. */
        int (*edges)(MirrorEdge **ret, size_t *ret_n, void *userdata);
        /* A lease was taken, on these peers. */
        void (*leased)(Peers *peers, const MirrorDue *due, void *userdata);
        /* An answer has come; called before the answer is processed. */
        void (*postgres_answered)(void *userdata);
        /* PostgreSQL could not be asked, or registers no edges: those of before are served. */
        void (*postgres_failed)(void *userdata);
        void (*registered)(void *userdata);
        /* Discovered edges, as the database has them. -ENOMEM. */
        int (*discovered)(const MirrorDiscovered *edges, size_t n, void *userdata);
        /* next_usec, or whether the edges are registered, has changed. */
        void (*changed)(void *userdata);
} ClaimsHandlers;

typedef enum ClaimsStage {
        CLAIMS_LOOK,     /* what time is it in PostgreSQL? */
        CLAIMS_REGISTER, /* make the edges known */
        CLAIMS_SERVE,
} ClaimsStage;

typedef struct Claims {
        /* to be read */
        DatabaseClock clock; /* set by each answer */
        int64_t next_usec;   /* by that, the next edge is due; INT64_MAX: none is */
        Outage outage;       /* of PostgreSQL, as far as known */

        /* private */
        sd_event *event;
        Peers *peers;
        const MirrorInstance *instance;
        ClaimsHandlers handlers;
        void *userdata;
        ClaimsStage stage;
        bool stopping;
        bool discovers;
        bool register_again;     /* the edges have changed while they were being registered */
        bool discovered_is_read; /* since edges were registered as they are */
        bool is_registered;      /* as configured, or as before where that is refused now */
        bool was_registered;     /* in this mirror */
        unsigned n_locked;       /* registrations that met a lock, one after the other */
        Fault refused;           /* of registering; FAULT_NONE: it is not */
        Outage said;             /* of that, in the log */
        PeersTask task;
        Timer timer;
        unsigned asked;
        int64_t expected_usec;  /* what we know to be due that the question under way left out */
        uint64_t register_usec; /* when the edges are made known again, monotonic */
} Claims;

/* The instance, which is registered with the edges, is borrowed. */
void claims_init(Claims *c, sd_event *event, const MirrorInstance *instance,
                 const ClaimsHandlers *handlers, void *userdata);

/* Another configuration: asks from the beginning, now or after the question that is under way. The
 * peers are borrowed until others are given. discovers: before edges are registered, those that
 * were discovered are read. */
void claims_configure(Claims *c, Peers *peers, bool discovers);

/* Now, unless a question is under way. */
void claims_ask(Claims *c);

/* The same, registering: what others want has changed, or the edges have. */
void claims_register(Claims *c);

/* A fault of PostgreSQL as a whole was met: it may be back already, the answer tells. */
void claims_check_postgres(Claims *c);

/* A slot is free, or will be wanted: an edge is due here at this time by PostgreSQL's clock;
 * INT64_MAX: nothing is known of one. */
void claims_expect(Claims *c, int64_t due_usec);

bool claims_is_registered(const Claims *c);

/* NULL: it answers. What it refuses then is of the others: the question for what is due, which
 * keeps all edges, as registering does where there are none of before; or to register them once
 * more. */
const Fault *claims_fault(const Claims *c);
const Fault *claims_queue_refused(const Claims *c);
const Fault *claims_registering_refused(const Claims *c);

/* A question is under way. */
bool claims_is_busy(const Claims *c);

/* Asks no more. What is under way comes to its end: it may take leases. */
void claims_stop(Claims *c);

/* Cancels what is under way. */
void claims_done(Claims *c);
