/*
 * sync_steps_private: a sync, for the two files that carry it out: sync.c takes inputs to the
 * machine, sync_steps.c carries out what it answers and hands over what comes of it.
 */
#pragma once

#include "base/timer.h"
#include "sync/job_texts.h"
#include "sync/journal.h"
#include "sync/machine.h"
#include "sync/prefetch.h"
#include "sync/prover.h"
#include "sync/snapshot.h"
#include "sync/types.h"

struct Sync {
        SyncContext context;
        SyncOrder order;
        char *name;
        void (*input)(Sync *s, SyncInput in); /* takes what comes of a step; may free the sync */
        SyncProgressCallback progress;
        SyncDoneCallback done;
        void *userdata;

        SyncMachine machine;
        MirrorRun run; /* run_id 0: not begun */
        Snapshot snapshot;
        Prefetch *prefetch;
        Prover *prover;
        Journal *journal;
        CatalogCall *call;
        MirrorTask *task;
        Timer timer;
        sd_event_source *starter; /* what must not happen inside sync_start or sync_stop */
        bool stopping;            /* somebody has asked for it */
        Fault stop_reason;        /* of the stop; scope FAULT_NONE: somebody asked for it */
        SyncAction postponed;     /* until the journal is quiet */

        JobTexts texts;
        char *job_url; /* with a query, which is not for the journal; NULL: none */
        char *problem;
        uint64_t started_usec;
        EndedRun before;       /* the last run of a service that was not stopped */
        uint64_t claimed_usec; /* when the lease was asked for */
        /* CLOCK_BOOTTIME; may lie before the host's start. */
        int64_t listed_usec;    /* the list was begun */
        int64_t asked_usec;     /* the job was asked for, the last time */
        int64_t refreshed_usec; /* the last time at which the refresh was known not to be over */
        int64_t job_usec;       /* the refresh was asked for, by an earlier run perhaps */
        Fault end_fault;        /* why the end could not be recorded */
        bool lease_kept;        /* then: it is held still, as far as is known */
        JobStatus logged_job;
        unsigned n_repeated; /* transitions from a state to itself, in a row */
        bool over;
};

/* Carries out what the machine wants done; an effect that cannot be begun becomes an input. May
 * free the sync. */
void sync_act(Sync *s, SyncAction action);
/* Cancels whatever was begun. */
void sync_abandon(Sync *s);
