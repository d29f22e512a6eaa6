/*
 * What always holds: a counter never falls. An index that a table does not have is an error of our
 * own, and stops the program.
 */
#include "base/metric.h"
#include "base/outcome.h"
#include "base/text.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

static const struct {
        const char *name;
        MetricKind kind;
        MetricLabel label;
        const char *help;
} rows[METRICS_COUNT] = {
#define METRIC_ROW(name, word, kind, label, help)                                                  \
        [METRIC_##name] = {word, METRIC_##kind, METRIC_LABEL_##label, help},
        METRICS(METRIC_ROW)
#undef METRIC_ROW
};

#define ANSWER_OTHER "other"
#define ANSWER_NONE  "none"

static const struct {
        const char *name;
        const char *values[METRIC_VALUES_MAX + 1];
} labels[METRIC_LABELS] = {
        [METRIC_LABEL_NONE] = {NULL, {""}},
        [METRIC_LABEL_VERSION] = {"version", {EDGEMIRROR_VERSION}},
        [METRIC_LABEL_REFRESH] = {"result", {NULL}}, /* sync_refresh_name */
        [METRIC_LABEL_CHANGE] = {"change",
                                 {[METRIC_CHANGE_ADDED] = "added",
                                  [METRIC_CHANGE_CHANGED] = "changed",
                                  [METRIC_CHANGE_REMOVED] = "removed",
                                  [METRIC_CHANGE_RESTORED] = "restored"}},
        [METRIC_LABEL_VERDICT] = {"verdict",
                                  {[METRIC_VERDICT_GONE] = "gone",
                                   [METRIC_VERDICT_HERE] = "here",
                                   [METRIC_VERDICT_MOVED] = "moved",
                                   [METRIC_VERDICT_UNKNOWN] = "unknown"}},
        [METRIC_LABEL_OPERATION] = {"operation",
                                    {[METRIC_OPERATION_REFRESH] = "refresh",
                                     [METRIC_OPERATION_JOB] = "job",
                                     [METRIC_OPERATION_FIND_JOBS] = "find_jobs",
                                     [METRIC_OPERATION_LIST] = "list",
                                     [METRIC_OPERATION_ONE] = "one",
                                     [METRIC_OPERATION_EDGES] = "edges"}},
        [METRIC_LABEL_CODE] = {"code",
                               {"200", "202", "204", "301", "302",        "307",      "400", "401",
                                "403", "404", "405", "408", "409",        "410",      "413", "429",
                                "500", "502", "503", "504", ANSWER_OTHER, ANSWER_NONE}},
        [METRIC_LABEL_CONNECTION] = {"state", {"connecting", "idle", "working", "closing"}},
        [METRIC_LABEL_LEVEL] = {"level", {[3] = "error", [4] = "warning", [6] = "info", "debug"}},
        [METRIC_LABEL_EDGE] = {"state",
                               {"disabled", "failing", "overdue", "held", "unstable", "unlisted",
                                "unrefreshed", "rejected", "well"}},
        [METRIC_LABEL_SHORT] = {"le",
                                {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5",
                                 "5", "10", "30", "+Inf"}},
        [METRIC_LABEL_LONG] = {"le",
                               {"0.1", "0.5", "1", "2.5", "5", "10", "30", "60", "300", "900",
                                "3600", "10800", "+Inf"}},
};

static struct {
        double value[METRIC_VALUES_MAX];
        double sum;
        bool is_set;
} values[METRICS_COUNT];

static const char *label_value(MetricLabel label, unsigned i)
{
        if (label == METRIC_LABEL_REFRESH)
                return i < SYNC_REFRESHES ? sync_refresh_name((SyncRefresh)i) : NULL;
        return i < METRIC_VALUES_MAX ? labels[label].values[i] : NULL;
}

unsigned metric_code(int status)
{
        const char *const *codes = labels[METRIC_LABEL_CODE].values;
        char word[16];
        (void)snprintf(word, sizeof(word), "%d", status);
        unsigned i = text_find(codes, METRIC_VALUES_MAX, status == 0 ? ANSWER_NONE : word);
        return i < METRIC_VALUES_MAX ? i : text_find(codes, METRIC_VALUES_MAX, ANSWER_OTHER);
}

void metric_add(Metric m, unsigned label, double n)
{
        assert(label_value(rows[m].label, label) && (rows[m].kind != METRIC_COUNTER || n >= 0));
        values[m].value[label] += n;
}

void metric_set(Metric m, unsigned label, double value)
{
        assert(label_value(rows[m].label, label));
        values[m].value[label] = value;
        values[m].is_set = true;
}

double metric_set_time(Metric m, double ahead_sec)
{
        struct timespec now;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        double at = (double)now.tv_sec + (double)now.tv_nsec / 1e9 + ahead_sec;
        metric_set(m, 0, at);
        return at;
}

void metric_observe(Metric m, double seconds)
{
        unsigned i = 0;
        while (label_value(rows[m].label, i + 1) &&
               seconds > strtod(label_value(rows[m].label, i), NULL))
                i++;
        values[m].value[i]++;
        values[m].sum += seconds;
}

/* ---- for whoever renders -------------------------------------------------------------------- */

MetricRow metric_row(Metric m)
{
        MetricRow row = {.name = rows[m].name,
                         .help = rows[m].help,
                         .kind = rows[m].kind,
                         .label = labels[rows[m].label].name};
        for (unsigned i = 0; i < METRIC_VALUES_MAX; i++)
                if (label_value(rows[m].label, i))
                        row.n_values = i + 1;
        return row;
}

const char *metric_label_value(Metric m, unsigned label)
{
        return label_value(rows[m].label, label);
}

double metric_value(Metric m, unsigned label)
{
        bool absent = rows[m].kind == METRIC_OBSERVED && !values[m].is_set;
        return absent ? NAN : values[m].value[label];
}

double metric_sum(Metric m)
{
        return values[m].sum;
}
