/*
 * notify: tells a receiver by HTTP (a webhook) what has changed of edges and peers.
 *
 * A message is one POST, of all that has changed since the last one: at most one in the time that
 * the configuration gives, and of each edge and peer what it is now. What changed and is as before
 * when the message goes is not told, unless it is not known whether the receiver took another
 * state. One that is away is tried again; what changes meanwhile goes with it. One that refuses a
 * message is told what was in it when it is seen next: of an edge after its next sync, of a peer
 * after 20 minutes. What is too much for one message is counted in it; where each change is
 * an alert, it follows in further ones at once. Nobody waits for it, a stop neither.
 *
 * What was told before the start is not known: an edge that is not well is told once its first sync
 * has ended, and where each is an alert, one that is well too. The database is asked for nothing.
 *
 * At first the receiver is asked (HEAD) whether it is there, so that it is logged at once when it
 * is not: any answer will do. So it is until there is a message.
 *
 * Peers are looked at once a second, and whether edges that are not well are still synced, and by
 * which name: else it is told that they are not, so that an alert of that name ends. The address is
 * a secret: nothing of it, nor of what happens on the way there, is logged but the code of the
 * fault.
 */
#pragma once

#include "base/outcome.h"
#include "base/timer.h"
#include "base/uuid.h"
#include "config/config.h"
#include "daemon/notify_message.h"
#include "daemon/notify_queue.h"
#include "daemon/notify_told.h"
#include "daemon/outage.h"
#include "http/http.h"
#include "report/service_snapshot.h"

/* The edge that is scheduled by that id; NULL: none is. */
typedef const ConfigEdge *(*NotifyFindEdge)(const Uuid *edge, void *userdata);

typedef struct Notify {
        /* private */
        sd_event *event;
        ServiceSnapshotTake take;
        NotifyFindEdge edge;
        void *userdata;
        HttpClient *http; /* NULL: nobody is told */
        HttpTransfer *transfer;
        Text url;
        NotifyForm form;
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 1]; /* that the edge which is looked at has now */
        uint64_t every_usec;
        bool answered;         /* has the receiver, to a message or to whether it is there */
        size_t body_max_bytes; /* of a message of more than one change */
        NotifyState peers[NOTIFY_KINDS];   /* as they were seen last */
        uint64_t peers_usec[NOTIFY_KINDS]; /* when they were told last, monotonic */
        bool doubted[NOTIFY_KINDS];        /* the receiver refused what it was told of it */
        NotifyQueue queue;
        ToldEdges told;
        uint64_t sent_usec; /* when the last message went, monotonic; 0: none did */
        Outage outage;      /* of the receiver */
        Timer look_timer, timer;
} Notify;

void notify_init(Notify *n, sd_event *event, ServiceSnapshotTake take, NotifyFindEdge edge,
                 void *userdata);

/* Another configuration. What cannot be used is logged, and nobody is told then: it is no reason
 * not to sync. What waits goes to the new address. */
void notify_configure(Notify *n, const Config *config);

/* A sync of the edge has ended; before: how the one before it had. Nothing happens when it is as
 * before, or was stopped. */
void notify_edge(Notify *n, const Uuid *edge, const char *name, SyncOutcome before,
                 SyncOutcome outcome, const Fault *fault);

/* Logs how much was not sent. */
void notify_done(Notify *n);
