/*
 * breaker: the circuit breaker before the catalog.
 *
 * Closed, it lets syncs through. It is open while the catalog as a whole is away or refuses us, so
 * that edges wait in the queue instead of failing one by one, and it begins open: a wrong password
 * is tried once, not by max_syncs edges at once.
 *
 * A probe is one cheap request (a page of one row of one edge), each time for another edge: one
 * whose own list fails must not keep the breaker open for all the others. A catalog that refuses
 * our credentials is probed again when they have changed on disk, or after a pause that grows from
 * half a minute to ten: accounts lock, and are unlocked on the catalog's side without our knowing.
 */
#pragma once

#include "base/timer.h"
#include "daemon/database_clock.h"
#include "daemon/outage.h"
#include "peers/peers.h"

typedef struct BreakerHandlers {
        /* an edge to probe with; NULL: none is scheduled, which closes the breaker */
        const ConfigEdge *(*next_edge)(void *userdata);
        /* it was open, and is closed */
        void (*closed)(void *userdata);
        /* once more the catalog cannot be used: the breaker is open */
        void (*opened)(const Fault *fault, void *userdata);
} BreakerHandlers;

typedef struct Breaker {
        /* to be read: the catalog has answered since these peers were given; closed alone is also
         * what nobody has probed, without an edge */
        bool answered;

        /* private */
        sd_event *event;
        Peers *peers;
        const DatabaseClock *clock;
        BreakerHandlers handlers;
        void *userdata;
        bool closed;
        uint64_t closed_at_usec; /* the last time, monotonic; the next ones too */
        CatalogCall *probe;
        Timer timer;
        Outage outage; /* of the catalog */
        /* before credentials that were refused are tried again; 0: they were not */
        uint64_t refused_pause_usec;
        uint64_t refused_until_usec; /* when that is */
        uint64_t not_before_usec;    /* the catalog wants no request earlier (Retry-After) */
} Breaker;

/* Open; the first probe is made by breaker_reset. The clock is borrowed. */
void breaker_init(Breaker *b, sd_event *event, const DatabaseClock *clock,
                  const BreakerHandlers *handlers, void *userdata);

/* Forgets what was known, opens and probes: another catalog. The peers are borrowed until others
 * are given. */
void breaker_reset(Breaker *b, Peers *peers);

/* A probe, unless one is under way or the catalog has asked for a pause; its answer opens or closes
 * the breaker. */
void breaker_probe(Breaker *b);

/* A person may have repaired it: the secret is read again, and an open breaker probes. */
void breaker_retry(Breaker *b);

/* A sync that began at begun_usec (monotonic) has met this fault of the catalog as a whole. Opens
 * the breaker; a fault that may have been met before the catalog was back makes it probe. */
void breaker_record_fault(Breaker *b, const Fault *fault, uint64_t begun_usec);

bool breaker_is_closed(const Breaker *b);

/* Whether it reports for the edges: the catalog is away, or a probe is to tell. */
bool breaker_is_in_doubt(const Breaker *b);

/* Why the catalog cannot be used; NULL: nothing is known against it. */
const Fault *breaker_fault(const Breaker *b);

/* When the catalog is asked again, for a person. */
enum { BREAKER_NEXT_BYTES = 64 };
void breaker_format_next(const Breaker *b, char out[static BREAKER_NEXT_BYTES]);

/* Cancels what is under way. */
void breaker_done(Breaker *b);
