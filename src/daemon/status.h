/*
 * status: the line that `systemctl status` shows. Written at most a few times a second, when
 * something has changed.
 */
#pragma once

#include "base/fault.h"
#include "base/timer.h"
#include <stddef.h>

/* What the line is about. */
typedef struct StatusSnapshot {
        bool stopping;
        bool registering;            /* the edges are not known to PostgreSQL yet */
        const Fault *postgres_fault; /* NULL: it answers; the next too */
        const Fault *catalog_fault;
        char catalog_next[64]; /* when it is asked again, for a person */
        unsigned n_running;
        size_t n_edges;
        uint64_t n_ended;            /* syncs since the start */
        int64_t now_usec, next_usec; /* by PostgreSQL's clock; INT64_MAX: nothing is scheduled */
} StatusSnapshot;

/* Fills what is zeroed. What it points to stays until the loop goes on. */
typedef void (*StatusFill)(StatusSnapshot *ret, void *userdata);

typedef struct Status {
        /* private */
        sd_event *event;
        StatusFill fill;
        void *userdata;
        Timer timer;
} Status;

void status_init(Status *s, sd_event *event, StatusFill fill, void *userdata);
void status_changed(Status *s);
void status_done(Status *s);
