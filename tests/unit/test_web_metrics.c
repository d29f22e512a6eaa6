/*
 * The text that Prometheus reads: every metric once, with help and type; histograms that add up;
 * names of edges escaped; and series of edges all or none. The figures of the mirror come from a
 * substitute of mirror_observe.
 */
#include "base/duration.h"
#include "base/metric.h"
#include "mirror/observe.h"
#include "web/metrics.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the program would have asked PostgreSQL for. */
static struct {
        MirrorObserver observer;
        void *userdata;
        int64_t edges_max;
        unsigned asked;
        int error;
} mirror;

static uint64_t now_usec;

int __wrap_mirror_observe(Mirror *m, int64_t edges_max, const MirrorObserver *observer,
                          void *userdata, MirrorTask **ret);
int __wrap_mirror_observe(Mirror *m, int64_t edges_max, const MirrorObserver *observer,
                          void *userdata, MirrorTask **ret)
{
        (void)m;
        mirror.asked++;
        if (mirror.error)
                return mirror.error;
        mirror.observer = *observer;
        mirror.userdata = userdata;
        mirror.edges_max = edges_max;
        *ret = (MirrorTask *)&mirror;
        return 0;
}

MirrorTask *__wrap_mirror_cancel(MirrorTask *task);
MirrorTask *__wrap_mirror_cancel(MirrorTask *task)
{
        (void)task;
        return NULL;
}

uint64_t __wrap_clock_monotonic_usec(void);
uint64_t __wrap_clock_monotonic_usec(void)
{
        return now_usec;
}

static MetricsObservation observation;
static Peers peers;

static int setup(void **state)
{
        (void)state;
        memset(&mirror, 0, sizeof(mirror));
        peers = (Peers){.references = 1};
        now_usec += 3600 * USEC_PER_SEC;
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        metrics_observation_done(&observation);
        observation = (MetricsObservation){0};
        return 0;
}

static void give_edge(const char *name, double listed, double refreshed, double rows,
                      double failures)
{
        mirror.observer.edge(&(MirrorEdgeFigures){.name = name,
                                                  .listed_sec = listed,
                                                  .refreshed_sec = refreshed,
                                                  .rows = rows,
                                                  .failures = failures},
                             mirror.userdata);
}

static void give_figure(const char *metric, const char *label, double value)
{
        mirror.observer.figure(&(MirrorFigure){.metric = metric, .label = label, .value = value},
                               mirror.userdata);
}

static void give_end(FaultScope scope)
{
        mirror.observer.done(&(Fault){.scope = scope}, mirror.userdata);
}

static const char *render(void)
{
        static Text text;
        text_reset(&text);
        assert_int_equal(metrics_render(&observation, &text), 0);
        return text.data;
}

static unsigned count(const char *text, const char *what)
{
        unsigned n = 0;
        for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
                n++;
        return n;
}

static void every_metric_has_help_and_a_type_once(void **state)
{
        char line[256];
        const char *text = render();
        (void)state;
        for (unsigned m = 0; m < METRICS_COUNT; m++) {
                const MetricRow row = metric_row((Metric)m);
                (void)snprintf(line, sizeof(line), "# HELP %s ", row.name);
                assert_int_equal(count(text, line), 1);
                (void)snprintf(line, sizeof(line), "# TYPE %s %s\n", row.name,
                               row.kind == METRIC_COUNTER     ? "counter"
                               : row.kind == METRIC_HISTOGRAM ? "histogram"
                                                              : "gauge");
                assert_int_equal(count(text, line), 1);
        }
        assert_int_equal(count(text, "# HELP "), METRICS_COUNT);
        assert_int_equal(count(text, "# TYPE "), METRICS_COUNT);
        assert_true(text[strlen(text) - 1] == '\n');
}

/* A counter that first appears when it is 1 has, for Prometheus, never risen. */
static void zeros_are_there_from_the_start(void **state)
{
        static const char *const wanted[] = {
                "edgemirror_syncs_total 0\n",
                "edgemirror_syncs_failed_total 0\n",
                "edgemirror_refreshes_total{result=\"unknown\"} 0\n",
                "edgemirror_rows_applied_total{change=\"removed\"} 0\n",
                "edgemirror_removal_checks_total{verdict=\"gone\"} 0\n",
                "edgemirror_catalog_requests_total{operation=\"refresh\"} 0\n",
                "edgemirror_catalog_responses_total{code=\"401\"} 0\n",
                "edgemirror_catalog_responses_total{code=\"none\"} 0\n",
                "edgemirror_log_messages_total{level=\"error\"} 0\n",
                "edgemirror_postgres_connections{state=\"idle\"} 0\n",
                "edgemirror_sync_duration_seconds_bucket{le=\"+Inf\"} 0\n",
                "edgemirror_sync_duration_seconds_sum 0\n",
                "edgemirror_sync_duration_seconds_count 0\n",
                "edgemirror_catalog_up 0\n",
                "edgemirror_mirror_observed_timestamp_seconds 0\n",
        };
        const char *text = render();
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
                assert_non_null(strstr(text, wanted[i]));
        assert_null(strstr(text, "NaN"));
        assert_null(strstr(text, "nan"));
        assert_null(strstr(text, "result=\"\""));
        assert_non_null(
                strstr(text, "edgemirror_build_info{version=\"" EDGEMIRROR_VERSION "\"} 1\n"));
}

/* An empty mirror and one that nobody has looked at are not the same. */
static void what_was_not_observed_has_no_value(void **state)
{
        (void)state;
        const char *text = render();
        assert_null(strstr(text, "\nedgemirror_mirror_rows "));
        assert_null(strstr(text, "\nedgemirror_mirror_edges{"));
        assert_null(strstr(text, "\nedgemirror_token_expiry_timestamp_seconds "));
        assert_null(strstr(text, "\nedgemirror_edge_rows{"));
}

static void buckets_are_cumulative(void **state)
{
        (void)state;
        metric_observe(METRIC_JOB_DURATION, 0.3);
        metric_observe(METRIC_JOB_DURATION, 4);
        metric_observe(METRIC_JOB_DURATION, 4);
        metric_observe(METRIC_JOB_DURATION, 1e6);
        const char *text = render();
        assert_non_null(strstr(text, "edgemirror_job_duration_seconds_bucket{le=\"0.1\"} 0\n"));
        assert_non_null(strstr(text, "edgemirror_job_duration_seconds_bucket{le=\"0.5\"} 1\n"));
        assert_non_null(strstr(text, "edgemirror_job_duration_seconds_bucket{le=\"2.5\"} 1\n"));
        assert_non_null(strstr(text, "edgemirror_job_duration_seconds_bucket{le=\"5\"} 3\n"));
        assert_non_null(strstr(text, "edgemirror_job_duration_seconds_bucket{le=\"10800\"} 3\n"));
        assert_non_null(strstr(text, "edgemirror_job_duration_seconds_bucket{le=\"+Inf\"} 4\n"));
        assert_non_null(strstr(text, "edgemirror_job_duration_seconds_sum 1000008.3\n"));
        assert_non_null(strstr(text, "edgemirror_job_duration_seconds_count 4\n"));
}

static void figures_of_the_process_are_its_own(void **state)
{
        (void)state;
        const char *text = render(), *memory = strstr(text, "\nprocess_resident_memory_bytes "),
                   *fds = strstr(text, "\nprocess_open_fds ");
        assert_non_null(memory);
        assert_true(strtod(strchr(memory + 1, ' '), NULL) > 500000);
        assert_non_null(fds);
        assert_true(strtod(strchr(fds + 1, ' '), NULL) >= 3);
        assert_non_null(strstr(text, "\nprocess_cpu_seconds_total 0."));
}

static void names_of_edges_are_escaped(void **state)
{
        (void)state;
        metrics_observe(&observation, &peers, 10);
        give_edge("a\\b\"c\nd", 1764378000.25, NAN, 7, 2);
        give_edge("Grüße } # HELP \\", NAN, NAN, NAN, 0);
        give_end(FAULT_NONE);
        const char *text = render();
        assert_non_null(strstr(text, "edgemirror_edge_rows{edge=\"a\\\\b\\\"c\\nd\"} 7\n"));
        assert_non_null(strstr(text, "edgemirror_edge_listed_timestamp_seconds"
                                     "{edge=\"a\\\\b\\\"c\\nd\"} 1764378000.25\n"));
        assert_non_null(
                strstr(text, "edgemirror_edge_consecutive_failures{edge=\"a\\\\b\\\"c\\nd\"} 2\n"));
        assert_non_null(strstr(text, "edgemirror_edge_consecutive_failures"
                                     "{edge=\"Grüße } # HELP \\\\\"} 0\n"));
        /* never listed, never refreshed: no value, rather than 1970 */
        assert_int_equal(count(text, "edgemirror_edge_refreshed_timestamp_seconds{"), 0);
        assert_int_equal(count(text, "edgemirror_edge_listed_timestamp_seconds{"), 1);
        assert_int_equal(count(text, "edgemirror_edge_rows{"), 1);
}

static void figures_of_the_mirror_are_shown(void **state)
{
        (void)state;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.edges_max, 10);
        give_figure("edgemirror_mirror_rows", "", 2000001);
        give_figure("edgemirror_mirror_edges", "held", 3);
        give_figure("edgemirror_mirror_edges", "well", 0);
        give_figure("edgemirror_mirror_oldest_listed_timestamp_seconds", "", NAN);
        give_figure("edgemirror_mirror_observed_timestamp_seconds", "", 1764378000);
        give_figure("edgemirror_of_another_version", "", 1);
        give_end(FAULT_NONE);
        const char *text = render();
        assert_non_null(strstr(text, "\nedgemirror_mirror_rows 2000001\n"));
        assert_non_null(strstr(text, "\nedgemirror_mirror_edges{state=\"held\"} 3\n"));
        assert_non_null(strstr(text, "\nedgemirror_mirror_edges{state=\"well\"} 0\n"));
        assert_non_null(
                strstr(text, "\nedgemirror_mirror_observed_timestamp_seconds 1764378000\n"));
        assert_null(strstr(text, "\nedgemirror_mirror_oldest_listed_timestamp_seconds "));
        assert_null(strstr(text, "another_version"));
}

/* However often they are asked for, PostgreSQL is asked every 15 s. */
static void the_mirror_is_asked_now_and_then(void **state)
{
        (void)state;
        metrics_observe(&observation, &peers, 10);
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 1);
        now_usec += 20 * USEC_PER_MSEC;
        give_end(FAULT_NONE);
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 1);
        now_usec += 14900 * USEC_PER_MSEC;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 1);
        now_usec += 100 * USEC_PER_MSEC;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 2);
        /* an answer that does not come is not asked for twice */
        now_usec += 60 * USEC_PER_SEC;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 2);
        /* a mirror that takes a minute is left alone for no fifty: the figures would be too old */
        give_end(FAULT_NONE);
        now_usec += 9 * 60 * USEC_PER_SEC;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 2);
        now_usec += 61 * USEC_PER_SEC;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 3);
        /* one that takes a second, for fifty */
        now_usec += USEC_PER_SEC;
        give_end(FAULT_NONE);
        now_usec += 49 * USEC_PER_SEC;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 3);
        now_usec += 2 * USEC_PER_SEC;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 4);
        /* one that a lock kept from answering for as long is not */
        now_usec += 60 * USEC_PER_SEC;
        give_end(FAULT_REQUEST);
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(mirror.asked, 5);
        give_end(FAULT_NONE);
}

static void an_answer_that_failed_leaves_the_last_one(void **state)
{
        (void)state;
        metrics_observe(&observation, &peers, 10);
        give_edge("kept", 1, 2, 3, 4);
        give_end(FAULT_NONE);
        now_usec += 15 * USEC_PER_SEC;
        metrics_observe(&observation, &peers, 10);
        give_edge("half", 1, 2, 3, 4);
        give_end(FAULT_PEER);
        const char *text = render();
        assert_int_equal(count(text, "{edge=\"kept\"}"), METRICS_OF_AN_EDGE);
        assert_int_equal(count(text, "{edge=\"half\"}"), 0);

        now_usec += 15 * USEC_PER_SEC;
        mirror.error = -ENOMEM;
        metrics_observe(&observation, &peers, 10);
        mirror.error = 0;
        assert_int_equal(count(render(), "{edge=\"kept\"}"), METRICS_OF_AN_EDGE);

        /* gone, or too many: none at all */
        now_usec += 15 * USEC_PER_SEC;
        metrics_observe(&observation, &peers, 10);
        give_end(FAULT_NONE);
        assert_int_equal(count(render(), "{edge="), 0);
}

static void the_end_takes_what_is_under_way_along(void **state)
{
        (void)state;
        metrics_observe(&observation, &peers, 10);
        assert_int_equal(peers.references, 2);
        metrics_observation_done(&observation);
        assert_int_equal(peers.references, 1);
}

/* Prometheus' own tool finds nothing to say; its exit status is that of the last lint. */
static void promtool_is_silent(void **state)
{
        char name[] = "/tmp/edgemirror-metrics-XXXXXX", command[128], words[4096] = "";
        (void)state;
        metrics_observe(&observation, &peers, 10);
        give_edge("a\\b\"c\nd", 1764378000.25, 1, 7, 2);
        give_figure("edgemirror_mirror_rows", "", 5);
        give_end(FAULT_NONE);
        int fd = mkostemp(name, O_CLOEXEC);
        assert_true(fd >= 0);
        (void)snprintf(command, sizeof(command), "promtool check metrics >%s 2>&1", name);
        FILE *promtool = popen(command, "w");
        assert_non_null(promtool);
        assert_true(fputs(render(), promtool) >= 0);
        int status = pclose(promtool);
        assert_true(read(fd, words, sizeof(words) - 1) >= 0);
        (void)close(fd);
        (void)unlink(name);
        assert_string_equal(words, "");
        assert_int_equal(status, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(zeros_are_there_from_the_start),
                TEST(what_was_not_observed_has_no_value),
                TEST(every_metric_has_help_and_a_type_once),
                TEST(buckets_are_cumulative),
                TEST(figures_of_the_process_are_its_own),
                TEST(names_of_edges_are_escaped),
                TEST(figures_of_the_mirror_are_shown),
                TEST(the_mirror_is_asked_now_and_then),
                TEST(an_answer_that_failed_leaves_the_last_one),
                TEST(the_end_takes_what_is_under_way_along),
                TEST(promtool_is_silent), /* the last one: left out where there is none */
        };
        bool there = system("command -v promtool >/dev/null") == 0;
        if (!there)
                print_message("# not tried: promtool is not installed (Debian: prometheus)\n");
        return _cmocka_run_group_tests("metrics", tests, ARRAY_SIZE(tests) - !there, NULL, NULL);
}
