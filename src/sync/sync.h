/*
 * sync: one sync of one Edge connection, from claim to finish.
 *
 * The runner behind this header carries out what the machine (machine.h) decides, with catalog.h
 * and mirror.h and timers.
 *
 * Asynchronous contract: as in http.h. sync_stop asks for an orderly end (requests aborted,
 * transaction rolled back, lease released); the callback still comes, with outcome `aborted`.
 */
#pragma once

#include "base/cleanup.h"
#include "base/log.h"
#include "config/config.h"
#include "sync/types.h"
#include <stdbool.h>

/* An order for a scheduled sync; the caller changes what is special about his. Borrows the edge's
 * name. */
SyncOrder sync_order_of(const ConfigEdge *edge);

/* The lease of the edge was another instance's, and has ended; the journal does not take the end of
 * a run. */
void sync_log_takeover(LogLevel level, const char *edge, const char *holder);
void sync_log_unrecorded(const char *edge, int64_t run_id, const Fault *fault);

/* progress may be NULL. `done` may free the sync. */
int sync_start(const SyncContext *context, const SyncOrder *order, SyncProgressCallback progress,
               SyncDoneCallback done, void *userdata, Sync **ret);
void sync_stop(Sync *sync);
/* a stop, with the reason for the report and the journal */
void sync_break_off(Sync *sync, const Fault *reason);
/* false: what is left to do is between us and PostgreSQL */
bool sync_needs_catalog(const Sync *sync);
Sync *sync_free(Sync *sync); /* abandons at once, without callback; NULL is fine; returns NULL */
DEFINE_CLEANUP(Sync, sync, sync_free)
