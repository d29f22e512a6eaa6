/*
 * status: the line that `systemctl status` shows. Written at most a few times a second, when
 * something has changed.
 */
#pragma once

#include "base/timer.h"
#include "report/service_snapshot.h"

typedef struct Status {
        /* private */
        sd_event *event;
        ServiceSnapshotTake take;
        void *userdata;
        Timer timer;
} Status;

void status_init(Status *s, sd_event *event, ServiceSnapshotTake take, void *userdata);
void status_changed(Status *s);
void status_done(Status *s);
