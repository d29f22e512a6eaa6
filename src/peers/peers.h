/*
 * peers: the clients of one configuration: of its catalog and of its PostgreSQL.
 *
 * Knows how long a connection, a statement or a lock may take, and how secrets reach the clients.
 * Opens no connection: the first use does. Reference counted: what began with these peers keeps
 * them, also when a configuration with others has come into force.
 */
#pragma once

#include "base/limiter.h"
#include "catalog/catalog.h"
#include "catalog/oauth2.h"
#include "config/config.h"
#include "mirror/mirror.h"
#include "mirror/registry.h"
#include <systemd/sd-event.h>

typedef struct Peers {
        Config *config; /* that they were opened with; a reference of its own */
        HttpClient *http;
        OAuth2 *oauth2; /* NULL unless auth = oauth2 */
        Catalog *catalog;
        PgPool *pool;
        Mirror *mirror;
        Limiter limiter; /* of the catalog's pages */

        /* private */
        Redact proxy_redact; /* of its passwords */
        sd_event *event;
        unsigned references;
        sd_event_source *release, *release_at_exit;
} Peers;

/* Peers of which none is open yet. -ENOMEM. */
int peers_new(sd_event *event, Config *config, Peers **ret);

/* Each opens one side, once. The files that the configuration names are opened once, so that what
 * is wrong with them is heard at once, and again whenever the clients need them: what is changed on
 * disk is picked up. Negative errno and a filled Fault. only_reads: a server that takes no writes
 * will do. */
int peers_open_mirror(Peers *p, bool only_reads, Fault *ret_fault);
int peers_open_catalog(Peers *p, Fault *ret_fault);

/* Both sides, for a service: the peers in force (NULL: none), if the configuration's are the same,
 * or new ones. Negative errno and a filled Fault. */
int peers_open(sd_event *event, Config *config, Peers *in_force, Peers **ret, Fault *ret_fault);

/* NULL: none is the same. A mirror: of the same catalog in the same database. */
bool peers_same_database(const Peers *a, const Peers *b);
bool peers_same_mirror(const Peers *a, const Peers *b);

Peers *peers_ref(Peers *p);

/* The last one cancels all that is under way on the clients and frees them: at once outside of the
 * loop; else as soon as the loop's present handler is over, so that it may be called by a callback
 * of theirs. NULL is fine. Returns NULL. */
Peers *peers_unref(Peers *p);
DEFINE_CLEANUP(Peers, peers, peers_unref)

/* As it is registered: scheduled where it can be, but for its due time. Its texts belong to the
 * configuration. */
MirrorEdge peers_edge(const ConfigEdge *edge);

/* A task of the mirror with a reference to its peers. Zeroed: there is none. */
typedef struct PeersTask {
        Peers *peers;
        MirrorTask *task; /* NULL: none is under way */
} PeersTask;

/* `r`: of the call that put a task of these peers into t->task. Takes the reference unless that
 * failed. Returns r. */
int peers_task_begin(PeersTask *t, Peers *peers, int r);

/* To be called first by the task's callback. */
void peers_task_end(PeersTask *t);

/* Does nothing when none is under way. */
void peers_task_cancel(PeersTask *t);
