/*
 * status: the line that `systemctl status` shows. Written at most a few times a second, when
 * something has changed.
 */
#pragma once

#include "base/timer.h"
#include "web/snapshot.h"

typedef struct Status {
        /* private */
        sd_event *event;
        ServiceSnapshotFill fill;
        void *userdata;
        Timer timer;
} Status;

void status_init(Status *s, sd_event *event, ServiceSnapshotFill fill, void *userdata);
void status_changed(Status *s);
void status_done(Status *s);
