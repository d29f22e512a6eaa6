/*
 * metrics: what the process counts and what the mirror holds, in Prometheus' text format (version
 * 0.0.4).
 *
 * The counters are in base/metric.h. The figures of the mirror are asked for in the background, at
 * most every 15 s and only when somebody wants them; until they come, those of before are given,
 * with the time that they are of (edgemirror_mirror_observed_timestamp_seconds). Before the first
 * there are none, but for that time, which is 0: an empty mirror and one that nobody has looked at
 * are not the same.
 */
#pragma once

#include "base/metric.h"
#include "base/text.h"
#include "peers/peers.h"
#include "web/request.h"

enum { METRICS_OF_AN_EDGE = 4, METRICS_FIGURES_MAX = 32 };

/* PostgreSQL, which answers, refuses the figures; FAULT_NONE: it gives them again. */
typedef void MetricsRefused(const Fault *fault);

/* Zeroed: nothing was observed. */
typedef struct MetricsObservation {
        /* private, but for on_refused; series as they are rendered, of each metric of an edge */
        Text series[METRICS_OF_AN_EDGE], next[METRICS_OF_AN_EDGE];
        struct {
                Metric metric;
                unsigned label;
                double value;
        } figures[METRICS_FIGURES_MAX]; /* of the mirror as a whole, until all has come */
        unsigned n_figures;
        bool failed;                          /* for want of memory */
        bool is_refused;                      /* by PostgreSQL, and not given since */
        MetricsRefused *on_refused;           /* see metrics_observe; NULL: nobody is told */
        uint64_t begun_usec, not_before_usec; /* monotonic */
        PeersTask task;
} MetricsObservation;

/* Asks, unless it was asked lately or an answer is under way. More edges than `edges_max` have no
 * series at all. `on_refused` is called for the first of several that PostgreSQL refuses, and for
 * the first that it gives after that. */
void metrics_observe(MetricsObservation *o, Peers *peers, int64_t edges_max);
void metrics_observation_done(MetricsObservation *o);

/* Forgets what was observed: it is of another database. The next one may be asked for at once. */
void metrics_observation_reset(MetricsObservation *o);

/* Appends all metrics. -ENOMEM. */
int metrics_render(const MetricsObservation *o, Text *out);

/* /metrics */
void metrics_answer(WebRequest *request, WebService *service);
