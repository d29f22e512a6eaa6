/*
 * service_snapshot: what the service knows of itself at this moment, without asking anybody: for
 * the line of `systemctl status`, for its sign of life in the database, and for the monitor.
 */
#pragma once

#include "base/fault.h"
#include "base/limits.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a PostgreSQL that answers refuses; the first of those that apply, which is the worst. */
typedef enum ServiceRefused {
        SERVICE_REFUSED_QUEUE, /* what is due: no sync begins */
        SERVICE_REFUSED_RUNS,  /* of some edges; the next two concern no sync */
        SERVICE_REFUSED_REGISTERING,
        SERVICE_REFUSED_SIGN, /* of life */
        SERVICE_REFUSED_KINDS,
} ServiceRefused;

typedef struct ServiceSnapshot {
        bool stopping;
        bool registering;            /* the edges are not known to PostgreSQL yet */
        const Fault *postgres_fault; /* NULL: it answers; the next two too */
        const Fault *statement_fault;
        ServiceRefused refused; /* of what the statement is, where there is such a fault */
        const Fault *statement_faults[SERVICE_REFUSED_KINDS]; /* that one, and the others */
        bool postgres_answers; /* known to: it has, since the start or another database */
        const Fault *catalog_fault;
        bool catalog_answers;  /* known to: it has, since the start or another configuration */
        char catalog_next[64]; /* when it is asked again, for a person */
        const Fault *discovery_fault; /* no new edge is found; those that are known are synced */
        char discovery_next[64];
        bool busy; /* a statement of ours may be under way */
        unsigned n_running;
        size_t n_edges, n_wanted;    /* n_wanted: that are enabled */
        uint64_t n_ended;            /* syncs since the start */
        int64_t now_usec, next_usec; /* by PostgreSQL's clock; INT64_MAX: nothing is scheduled */
} ServiceSnapshot;

/* What it points to stays until the loop goes on. */
typedef ServiceSnapshot (*ServiceSnapshotTake)(void *userdata);

/* The faults of statements, of each kind; NULL: none of that is refused. */
void service_set_refused(ServiceSnapshot *s, const Fault *const of[static SERVICE_REFUSED_KINDS]);

enum { SERVICE_LINE_BYTES = (1 + SERVICE_REFUSED_KINDS) * (LIMIT_FAULT_MESSAGE_BYTES + 128) };

/* All that is in trouble where PostgreSQL answers, in one line; "": nothing is. */
void service_format_trouble(const ServiceSnapshot *s, char out[static SERVICE_LINE_BYTES]);

/* What the fault of PostgreSQL, as a whole or of a statement, means for syncs: a clause to go
 * before its message. NULL: there is none. */
const char *service_postgres_words(const ServiceSnapshot *s);
