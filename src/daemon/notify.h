/*
 * notify: tells a receiver by HTTP (a webhook) what has changed of edges and peers.
 *
 * A message is one POST of all of which the receiver is not known to believe what is so now
 * (notify_subjects.h): at most one in the time that the configuration gives. A receiver that is
 * away is asked again, and told again what it may have taken; one that declines a message is told
 * after 20 minutes, or what has changed since at once. An alert that lasts is told again and again.
 * What is too much for one message is counted in it, and follows in further ones; where each is an
 * alert, at once. Nobody waits for it, a stop neither.
 *
 * What was told before the start is not known: an edge that is not well is told once its first sync
 * has ended, and where each is an alert, one that is well too, and a peer that is known to answer.
 * What another instance has seen of an
 * edge, that one has told: before a message tells of edges, PostgreSQL is asked how each has ended
 * last, and what is not so any more is not told. When it does not answer soon, it is told as it is
 * known here.
 *
 * At first the receiver is asked (HEAD) whether it is there, so that it is logged at once when it
 * is not: any answer will do. So it is until there is a message.
 *
 * Peers are looked at once a second. What was told of an edge under a name, or a catalog, that it
 * has no more is told to be over. The address is a secret: nothing of it, nor of what happens on
 * the way there, is logged but the code of the fault.
 */
#pragma once

#include "base/outcome.h"
#include "base/timer.h"
#include "base/uuid.h"
#include "config/config.h"
#include "daemon/notify_message.h"
#include "daemon/notify_subjects.h"
#include "daemon/outage.h"
#include "http/http.h"
#include "peers/peers.h"
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
        Peers *peers; /* whose database is asked about edges; NULL: none is */
        PeersTask question;
        Text url;
        Text receiver; /* the address that was told last; empty: none was since the start */
        bool receiver_of_alerts;
        NotifyForm form; /* without a catalog: nobody is to be told */
        uint64_t every_usec;
        bool answered;         /* has the receiver, to a message or to whether it is there */
        bool refuses;          /* the latest answer declined a message */
        size_t body_max_bytes; /* of a message of more than one change */
        NotifySubjects subjects;
        bool told_elsewhere; /* the answer took out what was to be told */
        size_t n_sent;       /* that the message under way is about */
        uint64_t sent_usec;  /* when the last message went, monotonic; 0: none did */
        Outage outage;       /* of the receiver */
        Timer look_timer, timer;
} Notify;

void notify_init(Notify *n, sd_event *event, ServiceSnapshotTake take, NotifyFindEdge edge,
                 void *userdata);

/* Another configuration, with these peers, which are borrowed until others are given. What cannot
 * be used is logged, and nobody is told then, but what changes is noted: it is no reason not to
 * sync. Another receiver gets what waits, and is told of what is not well when that is seen next.
 */
void notify_configure(Notify *n, Peers *peers, const Config *config);

/* The edges that are scheduled, or their names, may be others: they were registered again. */
void notify_edges_changed(Notify *n);

/* A sync of the edge has ended; before: the last one of a service, here or elsewhere, by the
 * journal, which is what was told. That lacks what was seen here where the end of a run could not
 * be recorded. It is told by the name that the edge has by now. Nothing
 * happens when the sync was stopped, or the edge is not scheduled any more. */
void notify_edge(Notify *n, const Uuid *edge, const EndedRun *before, const EndedRun *run,
                 const Fault *fault);

/* Logs how much was not sent. */
void notify_done(Notify *n);
