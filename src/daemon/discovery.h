/*
 * discovery: asks the catalog for its Edge connections, at an interval of its own.
 *
 * An Edge connection has vanished when two complete answers in a row were without it, and the
 * catalog says of its id that there is none (404, in its own words), while it has another one by
 * its id that it has listed. Only the Edge API gives complete answers: the list of all database
 * connections shows those that have any. Whatever fails changes nothing.
 */
#pragma once

#include "base/timer.h"
#include "daemon/database_clock.h"
#include "daemon/outage.h"
#include "peers/peers.h"
#include "sync/discover.h"

typedef struct DiscoveryHandlers {
        /* The catalog answers, as far as known, and what was discovered before is known. */
        bool (*may_ask)(void *userdata);
        /* The ids of those that are mirrored because they were discovered, in order; the array is
         * freed by discovery. -ENOMEM. */
        int (*known)(Uuid **ret, size_t *ret_n, void *userdata);
        /* An answer, or NULL, and those that have vanished. */
        void (*answered)(const Discovered *found, const Uuid *vanished, size_t n_vanished,
                         void *userdata);
        /* The catalog as a whole could not be used for this, which says nothing of the lists. True:
         * somebody else reports that it is away, and calls discovery_retry when it is back. */
        bool (*is_reported)(void *userdata);
        void (*changed)(void *userdata); /* discovery_problem may be another one */
} DiscoveryHandlers;

/* One that was missing from the last answers. */
typedef struct DiscoveryMissing {
        Uuid id;          /* first, for uuid_order */
        unsigned answers; /* complete ones, in a row */
        bool is_gone;     /* the catalog says so, by its id */
} DiscoveryMissing;

typedef struct Discovery {
        bool answered; /* to be read: it has listed them since the configuration was given */

        /* private */
        sd_event *event;
        Peers *peers;
        DiscoveryHandlers handlers;
        void *userdata;
        uint64_t every_usec;
        Timer timer;
        uint64_t ask_at_usec; /* while the timer is armed; monotonic */
        bool waits;           /* for may_ask */
        Discover *discover;
        CatalogCall *call;         /* by id */
        DiscoveryMissing *missing; /* in order of id */
        size_t n_missing, next_missing;
        Uuid control; /* one that the last answer has shown */
        Outage outage;
        uint64_t refused_pause_usec; /* 0: our credentials were not refused */
        bool without_api;            /* reported */
        Fault nameless;              /* what that means */
        bool by_name;                /* patterns choose */
} Discovery;

void discovery_init(Discovery *d, sd_event *event, const DiscoveryHandlers *handlers,
                    void *userdata);

/* Another configuration: begins at once, or when it may; or asks no more. The peers are borrowed
 * until others are given. */
void discovery_configure(Discovery *d, Peers *peers, const ConfigDiscover *config);

/* may_ask may be true now. */
void discovery_retry(Discovery *d);

/* Why the catalog could not be asked the last time; NULL: it could, or has not been asked. Either
 * way when it is asked again, for a person. */
enum { DISCOVERY_NEXT_BYTES = 64 };
const Fault *discovery_fault(const Discovery *d, const DatabaseClock *clock,
                             char ret_next[static DISCOVERY_NEXT_BYTES]);

/* The same, or why its answer is of no use: patterns choose by name, and it has no names. */
const Fault *discovery_problem(const Discovery *d, const DatabaseClock *clock,
                               char ret_next[static DISCOVERY_NEXT_BYTES]);

/* Cancels what is under way. */
void discovery_done(Discovery *d);
