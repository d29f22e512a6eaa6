/*
 * notify_lines: what of an outcome or a fault is told, in one line. Pure.
 */
#pragma once

#include "base/fault.h"
#include "base/outcome.h"
#include "daemon/notify_subjects.h"
#include "report/service_snapshot.h"

/* Of an edge; one that was never synced is well. */
NotifyState notify_state_of_outcome(SyncOutcome outcome);

/* message: NULL: none. */
void notify_edge_line(const char *name, NotifyState now, const char *message,
                      char ret[static NOTIFY_TEXT_BYTES]);

/* Of a peer; fault: NULL: it can be used; words: what that means, of PostgreSQL. */
void notify_peer_line(NotifyKind kind, const Fault *fault, const char *words,
                      char ret[static NOTIFY_TEXT_BYTES]);

/* refused: by a PostgreSQL that answers; SERVICE_REFUSED_QUEUE where none does: no sync begins. */
NotifyState notify_state_of_peer(const Fault *fault, ServiceRefused refused);
