/*
 * service: what routes are given of the service, and what they keep between requests.
 */
#pragma once

#include "peers/peers.h"
#include "report/service_snapshot.h"
#include "web/metrics.h"
#include "web/request.h"
#include "web/status.h"
#include <sys/queue.h>
#include <systemd/sd-event.h>

LIST_HEAD(WebRequests, WebRequest);

struct WebService {
        sd_event *event;
        Peers *peers; /* in force, borrowed; what begins with them takes a reference (PeersTask) */
        ServiceSnapshotTake take;
        void *userdata;         /* of take */
        const char *host_names; /* of the configuration; see host.h */
        StatusObservation status;
        int64_t edge_metrics; /* of the configuration */
        MetricsObservation metrics;
        struct WebRequests waiting; /* private; so are the next two */
        bool closing;               /* nobody is to begin to wait */
        /* libmicrohttpd has to run: nothing else tells it that a request goes on */
        void (*wake)(WebService *service);
};
