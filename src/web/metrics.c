/*
 * What always holds: a metric is one block of lines, whatever it has of values; a scrape reads
 * memory and /proc/self, and waits for nobody.
 */
#include "web/metrics.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/metric.h"
#include "mirror/observe.h"
#include "web/service.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define OBSERVE_EVERY_USEC (15 * USEC_PER_SEC)
/* A mirror that takes long to count is counted more rarely: a fiftieth of the time, but before
 * somebody is told that the figures are old (dashboards/edgemirror-alerts.yml). */
#define OBSERVE_REST          50
#define OBSERVE_REST_MAX_USEC (10 * USEC_PER_MINUTE)

/* In the order of `series`, whatever theirs in base/metric.h is. */
static const Metric of_edge[METRICS_OF_AN_EDGE] = {METRIC_EDGE_LISTED, METRIC_EDGE_REFRESHED,
                                                   METRIC_EDGE_ROWS, METRIC_EDGE_FAILURES};

/* ---- text ----------------------------------------------------------------------------------- */

/* NAN: there is no value, and no line. label: its name; NULL: there is none. */
static int append_sample(Text *out, const char *name, const char *suffix, const char *label,
                         const char *label_value, double value)
{
        static const char *const escapes[] = {"\\\\", "\\\"", "\\n"};
        int r = 0;
        if (isnan(value))
                return 0;
        r = text_append_string(out, name);
        if (r >= 0)
                r = text_append_string(out, suffix);
        if (r >= 0 && label) {
                r = text_printf(out, "{%s=\"", label);
                if (r >= 0)
                        r = text_append_replaced(out, label_value, "\\\"\n", escapes);
                if (r >= 0)
                        r = text_append_string(out, "\"}");
        }
        return r < 0 ? r : text_printf(out, " %.15g\n", value);
}

static int append_values(Text *out, Metric m, const MetricRow *row)
{
        int r = 0;
        for (unsigned i = 0; i < row->n_values && r >= 0; i++)
                if (metric_label_value(m, i))
                        r = append_sample(out, row->name, "", row->label, metric_label_value(m, i),
                                          metric_value(m, i));
        return r;
}

static int append_histogram(Text *out, Metric m, const MetricRow *row)
{
        double so_far = 0;
        int r = 0;
        for (unsigned i = 0; i < row->n_values && r >= 0; i++) {
                so_far += metric_value(m, i);
                r = append_sample(out, row->name, "_bucket", row->label, metric_label_value(m, i),
                                  so_far);
        }
        if (r >= 0)
                r = append_sample(out, row->name, "_sum", NULL, NULL, metric_sum(m));
        return r < 0 ? r : append_sample(out, row->name, "_count", NULL, NULL, so_far);
}

static int append_metric(Text *out, Metric m, const MetricsObservation *o)
{
        static const char *const types[] = {[METRIC_COUNTER] = "counter",
                                            [METRIC_GAUGE] = "gauge",
                                            [METRIC_OBSERVED] = "gauge",
                                            [METRIC_HISTOGRAM] = "histogram",
                                            [METRIC_OF_EDGES] = "gauge"};
        const MetricRow row = metric_row(m);
        int r = text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row.name, row.help, row.name,
                            types[row.kind]);
        if (r < 0)
                return r;
        if (row.kind == METRIC_HISTOGRAM)
                return append_histogram(out, m, &row);
        if (row.kind != METRIC_OF_EDGES)
                return append_values(out, m, &row);
        for (unsigned i = 0; r >= 0 && i < METRICS_OF_AN_EDGE; i++)
                if (of_edge[i] == m)
                        r = text_append(out, o->series[i].data, o->series[i].size);
        return r;
}

/* ---- the process ---------------------------------------------------------------------------- */

static double timeval_sec(struct timeval t)
{
        return (double)t.tv_sec + (double)t.tv_usec / USEC_PER_SEC;
}

static double count_fds(void)
{
        DIR *dir = opendir("/proc/self/fd");
        double n = -1; /* that of the directory itself is no news */
        if (!dir)
                return NAN;
        for (const struct dirent *entry; (entry = readdir(dir));)
                n += entry->d_name[0] != '.';
        (void)closedir(dir);
        return n;
}

static double resident_bytes(void)
{
        FILE *file = fopen("/proc/self/statm", "re");
        long size, resident;
        int n = file ? fscanf(file, "%ld %ld", &size, &resident) : 0;
        if (file)
                (void)fclose(file);
        return n == 2 ? (double)resident * (double)sysconf(_SC_PAGESIZE) : NAN;
}

static void observe_process(void)
{
        struct rusage usage;
        if (getrusage(RUSAGE_SELF, &usage) == 0)
                metric_set(METRIC_PROCESS_CPU, 0,
                           timeval_sec(usage.ru_utime) + timeval_sec(usage.ru_stime));
        metric_set(METRIC_PROCESS_MEMORY, 0, resident_bytes());
        metric_set(METRIC_PROCESS_FDS, 0, count_fds());
        metric_set(METRIC_BUILD_INFO, 0, 1);
}

int metrics_render(const MetricsObservation *o, Text *out)
{
        uint64_t begun_usec = clock_monotonic_usec();
        int r = 0;
        observe_process();
        for (unsigned m = 0; m < METRICS_COUNT && r >= 0; m++)
                if (m != METRIC_SCRAPE_DURATION)
                        r = append_metric(out, (Metric)m, o);
        metric_set(METRIC_SCRAPE_DURATION, 0,
                   (double)(clock_monotonic_usec() - begun_usec) / USEC_PER_SEC);
        return r < 0 ? r : append_metric(out, METRIC_SCRAPE_DURATION, o);
}

/* ---- the mirror ----------------------------------------------------------------------------- */

static void observation_on_figure(const MirrorFigure *figure, void *userdata)
{
        MetricsObservation *o = userdata;
        for (unsigned m = 0; m < METRICS_COUNT; m++) {
                const MetricRow row = metric_row((Metric)m);
                if (!text_equal(row.name, figure->metric))
                        continue;
                for (unsigned i = 0; i < row.n_values && o->n_figures < METRICS_FIGURES_MAX; i++)
                        if (text_equal(metric_label_value((Metric)m, i), figure->label)) {
                                o->figures[o->n_figures].metric = (Metric)m;
                                o->figures[o->n_figures].label = i;
                                o->figures[o->n_figures++].value = figure->value;
                        }
        }
}

static void observation_on_edge(const MirrorEdgeFigures *edge, void *userdata)
{
        MetricsObservation *o = userdata;
        const double values[METRICS_OF_AN_EDGE] = {edge->listed_sec, edge->refreshed_sec,
                                                   edge->rows, edge->failures};
        for (unsigned i = 0; i < METRICS_OF_AN_EDGE; i++) {
                const MetricRow row = metric_row(of_edge[i]);
                if (append_sample(&o->next[i], row.name, "", "edge", edge->name, values[i]) < 0)
                        o->failed = true;
        }
}

static void observation_on_done(const Fault *fault, void *userdata)
{
        MetricsObservation *o = userdata;
        uint64_t now = clock_monotonic_usec(), rest = (now - o->begun_usec) * OBSERVE_REST;
        /* what waited, for a lock or a connection, has not worked as long */
        bool worked = fault->scope == FAULT_NONE || fault->code == CODE_PG_STATEMENT_TIMEOUT;
        bool refused = fault_is_refusal(fault) || fault->scope == FAULT_REQUEST;
        bool told = o->is_refused;
        if (refused || fault->scope == FAULT_NONE)
                o->is_refused = refused;
        if (o->is_refused != told && o->on_refused)
                o->on_refused(fault);
        peers_task_end(&o->task);
        if (rest > OBSERVE_REST_MAX_USEC)
                rest = OBSERVE_REST_MAX_USEC;
        if (worked && rest > OBSERVE_EVERY_USEC)
                o->not_before_usec = now + rest;
        if (fault->scope != FAULT_NONE || o->failed)
                return; /* those of before are given, and say of when they are */
        for (unsigned i = 0; i < o->n_figures; i++)
                metric_set(o->figures[i].metric, o->figures[i].label, o->figures[i].value);
        for (unsigned i = 0; i < METRICS_OF_AN_EDGE; i++) {
                Text before = o->series[i];
                o->series[i] = o->next[i];
                o->next[i] = before;
        }
}

void metrics_observe(MetricsObservation *o, Peers *peers, int64_t edges_max)
{
        static const MirrorObserver observer = {.figure = observation_on_figure,
                                                .edge = observation_on_edge,
                                                .done = observation_on_done};
        uint64_t now = clock_monotonic_usec();
        if (o->task.task || now < o->not_before_usec)
                return;
        for (unsigned i = 0; i < METRICS_OF_AN_EDGE; i++)
                text_reset(&o->next[i]);
        o->failed = false;
        o->n_figures = 0;
        o->begun_usec = now;
        o->not_before_usec = now + OBSERVE_EVERY_USEC;
        (void)peers_task_begin(
                &o->task, peers,
                mirror_observe(peers->mirror, edges_max, &observer, o, &o->task.task));
}

void metrics_observation_done(MetricsObservation *o)
{
        peers_task_cancel(&o->task);
        for (unsigned i = 0; i < METRICS_OF_AN_EDGE; i++) {
                text_done(&o->series[i]);
                text_done(&o->next[i]);
        }
}

void metrics_observation_reset(MetricsObservation *o)
{
        metrics_observation_done(o);
        *o = (MetricsObservation){.on_refused = o->on_refused};
        for (unsigned m = METRIC_MIRROR_EDGES; m < METRIC_MIRROR_OBSERVED; m++)
                for (unsigned i = 0; i < metric_row((Metric)m).n_values; i++)
                        if (metric_label_value((Metric)m, i))
                                metric_set((Metric)m, i, NAN);
        metric_set(METRIC_MIRROR_OBSERVED, 0, 0);
}

/* ---- the route ------------------------------------------------------------------------------ */

void metrics_answer(WebRequest *request, WebService *service)
{
        _cleanup_(text_done) Text body = {0};
        ServiceSnapshot s = service->take(service->userdata);
        metric_set(METRIC_POSTGRES_UP, 0,
                   s.postgres_answers && !s.postgres_fault && !s.statement_fault);
        metric_set(METRIC_CATALOG_REQUESTS_LIMIT, 0, service->peers->limiter.allowed);
        metrics_observe(&service->metrics, service->peers, service->edge_metrics);
        if (metrics_render(&service->metrics, &body) < 0)
                web_request_give(request, NULL);
        else
                web_request_answer(request, 200, WEB_METRICS, NULL, &body);
}
