/*
 * notify_queue: the changes that wait to be told. There is one of each edge or peer, and one more
 * of those that are on their way.
 */
#pragma once

#include "base/fault_code.h"
#include "base/limits.h"
#include "base/uuid.h"
#include <stddef.h>
#include <time.h>

enum { NOTIFY_TEXT_BYTES = LIMIT_FAULT_MESSAGE_BYTES + LIMIT_EDGE_NAME_MAX_BYTES + 64 };

typedef enum NotifyKind { NOTIFY_EDGE, NOTIFY_CATALOG, NOTIFY_POSTGRES, NOTIFY_KINDS } NotifyKind;

typedef enum NotifyState {
        NOTIFY_WELL,
        NOTIFY_HELD,
        NOTIFY_UNSTABLE,
        NOTIFY_FAILED,
        NOTIFY_AWAY,
        NOTIFY_REFUSED, /* the credentials */
        NOTIFY_STATES,
        NOTIFY_UNKNOWN = NOTIFY_STATES, /* what the receiver believes; differs from every other */
} NotifyState;

typedef struct NotifyEvent {
        NotifyKind kind;
        Uuid edge;
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 1];
        NotifyState before, state;
        FaultCode code;
        char text[NOTIFY_TEXT_BYTES];
        time_t time;
} NotifyEvent;

typedef struct NotifyQueue {
        NotifyEvent *events; /* of the owner: the first n_sent of n are on their way */
        size_t n, n_sent, most;
        size_t n_more, n_more_sent; /* that had no place */
} NotifyQueue;

/* What is as before is not told; what has no place is counted. */
void notify_queue_put(NotifyQueue *q, const NotifyEvent *event);

/* Those that were on their way were taken, or are lost. */
void notify_queue_drop_sent(NotifyQueue *q);

/* Whether they were taken is not known: of each, what it is now is to be told, even where that is
 * what it was before. What has changed since of one of them takes its place. */
void notify_queue_keep_sent(NotifyQueue *q);
