/*
 * monitor: the HTTP server of the service, for probes, Prometheus and people (docs/monitoring.md).
 *
 * libmicrohttpd inside the service's own loop, at idle priority: whatever else the loop has to do
 * comes first. Reads only: GET and HEAD. Connections are few, and each is for one request, with
 * little memory and little time (base/limits.h). Which paths there are is in routes.h, how a route
 * answers in request.h.
 *
 * It listens where `[monitor] listen` says, or on the socket named "monitor" that systemd has
 * passed (sd_listen_fds(3)), whatever `listen` says then. Where it cannot listen it logs that, and
 * tries again every minute; nothing else depends on it.
 */
#pragma once

#include "base/timer.h"
#include "config/config.h"
#include "peers/peers.h"
#include "web/service.h"

struct MHD_Daemon;

typedef struct WebConnection WebConnection;
TAILQ_HEAD(WebConnections, WebConnection);

typedef struct Monitor {
        /* private */
        WebService service;
        char *listen, *host_names; /* NULL: none */
        int passed_fd;             /* by systemd; negative: none */
        int own_fd;                /* its file is removed with it; negative: none */
        struct MHD_Daemon *daemon;
        sd_event_source *io;               /* libmicrohttpd's events */
        Timer again;                       /* when it wants to run without one */
        struct WebConnections connections; /* the oldest first */
        uint64_t n_notified, n_ended;      /* connections that began or ended; that ended */
        Timer lifetime;                    /* of the oldest connection */
        Timer retry;
        bool reported; /* that it cannot listen */
} Monitor;

/* Does not listen yet. `take` is called for a request, never between. */
void monitor_init(Monitor *m, sd_event *event, ServiceSnapshotTake take, void *userdata);

/* Listens where the configuration says, if that is elsewhere than before. The peers are borrowed
 * until others are given. Not to be called from a route. */
void monitor_configure(Monitor *m, Peers *peers, const ConfigMonitor *config);

/* Answers who waits, and closes all. */
void monitor_done(Monitor *m);
