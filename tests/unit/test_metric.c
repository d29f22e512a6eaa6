/*
 * The table of metrics keeps to Prometheus' rules, and its values are what was counted.
 */
#include "base/log.h"
#include "base/metric.h"
#include "base/outcome.h"
#include "base/text.h"
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static bool ends_with(const char *name, const char *end)
{
        size_t size = strlen(name), end_size = strlen(end);
        return size >= end_size && strcmp(name + size - end_size, end) == 0;
}

/* https://prometheus.io/docs/practices/naming/ */
static void names_keep_to_the_rules(void **state)
{
        (void)state;
        for (unsigned m = 0; m < METRICS_COUNT; m++) {
                const MetricRow row = metric_row((Metric)m);
                for (const char *p = row.name; *p; p++)
                        assert_true(islower((unsigned char)*p) || *p == '_');
                assert_true(text_starts_with(row.name, "edgemirror_") ||
                            text_starts_with(row.name, "process_"));
                assert_int_equal(ends_with(row.name, "_total"), row.kind == METRIC_COUNTER);
                if (row.kind == METRIC_HISTOGRAM)
                        assert_true(ends_with(row.name, "_seconds"));
                assert_true(strlen(row.help) > 5 && ends_with(row.help, "."));
                for (unsigned other = 0; other < m; other++)
                        assert_string_not_equal(row.name, metric_row((Metric)other).name);
        }
}

static void all_begin_with_zero_but_what_is_observed(void **state)
{
        (void)state;
        for (unsigned m = 0; m < METRICS_COUNT; m++) {
                const MetricRow row = metric_row((Metric)m);
                assert_true(row.n_values >= 1 && row.n_values <= METRIC_VALUES_MAX);
                for (unsigned i = 0; i < row.n_values; i++) {
                        double value = metric_value((Metric)m, i);
                        if (row.kind == METRIC_OBSERVED)
                                assert_true(isnan(value));
                        else
                                assert_true(value == 0);
                }
        }
}

static void values_of_labels_are_named(void **state)
{
        (void)state;
        assert_string_equal(metric_label_value(METRIC_REFRESHES, REFRESH_CLEAN), "clean");
        assert_string_equal(metric_label_value(METRIC_REFRESHES, REFRESH_REJECTED), "rejected");
        assert_null(metric_label_value(METRIC_REFRESHES, REFRESH_NONE));
        assert_null(metric_label_value(METRIC_REFRESHES, SYNC_REFRESHES));
        assert_string_equal(metric_label_value(METRIC_LOG_MESSAGES, LOG_LEVEL_ERROR), "error");
        assert_string_equal(metric_label_value(METRIC_LOG_MESSAGES, LOG_LEVEL_WARNING), "warning");
        assert_string_equal(metric_label_value(METRIC_LOG_MESSAGES, LOG_LEVEL_INFO), "info");
        assert_string_equal(metric_label_value(METRIC_LOG_MESSAGES, LOG_LEVEL_DEBUG), "debug");
        assert_string_equal(metric_label_value(METRIC_MIRROR_EDGES, 8), "well");
        assert_null(metric_label_value(METRIC_MIRROR_EDGES, 9));
        assert_string_equal(metric_label_value(METRIC_CATALOG_REQUESTS, METRIC_OPERATION_FIND_JOBS),
                            "find_jobs");
        assert_string_equal(metric_label_value(METRIC_SYNCS, 0), "");
        assert_null(metric_label_value(METRIC_SYNCS, 1));
}

/* Whatever a server sends, there are no more series. */
static void statuses_are_of_a_few_values(void **state)
{
        static const struct {
                int status;
                const char *value;
        } cases[] = {{200, "200"}, {202, "202"},   {401, "401"},   {429, "429"},   {503, "503"},
                     {0, "none"},  {299, "other"}, {418, "other"}, {999, "other"}, {-1, "other"}};
        (void)state;
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                assert_string_equal(
                        metric_label_value(METRIC_CATALOG_RESPONSES, metric_code(cases[i].status)),
                        cases[i].value);
        for (int status = -10; status < 1100; status++)
                assert_non_null(metric_label_value(METRIC_CATALOG_RESPONSES, metric_code(status)));
}

static void counts_add_up(void **state)
{
        (void)state;
        metric_add(METRIC_ROWS_APPLIED, METRIC_CHANGE_CHANGED, 3);
        metric_add(METRIC_ROWS_APPLIED, METRIC_CHANGE_CHANGED, 4);
        metric_add(METRIC_ROWS_APPLIED, METRIC_CHANGE_REMOVED, 0);
        assert_true(metric_value(METRIC_ROWS_APPLIED, METRIC_CHANGE_CHANGED) == 7);
        assert_true(metric_value(METRIC_ROWS_APPLIED, METRIC_CHANGE_ADDED) == 0);
        metric_add(METRIC_LEASES_HELD, 0, 2);
        metric_add(METRIC_LEASES_HELD, 0, -1);
        assert_true(metric_value(METRIC_LEASES_HELD, 0) == 1);
        metric_set(METRIC_LEASES_HELD, 0, 5);
        assert_true(metric_value(METRIC_LEASES_HELD, 0) == 5);
}

static void what_is_observed_comes_and_goes(void **state)
{
        (void)state;
        metric_set(METRIC_TOKEN_EXPIRY, 0, 12);
        assert_true(metric_value(METRIC_TOKEN_EXPIRY, 0) == 12);
        metric_set(METRIC_TOKEN_EXPIRY, 0, NAN);
        assert_true(isnan(metric_value(METRIC_TOKEN_EXPIRY, 0)));
        double at = metric_set_time(METRIC_TOKEN_EXPIRY, 100);
        assert_true(metric_value(METRIC_TOKEN_EXPIRY, 0) == at);
        assert_true(fabs(at - (double)time(NULL) - 100) < 10);
        metric_set(METRIC_TOKEN_EXPIRY, 0, NAN);
}

/* A bound belongs to its bucket; what is above all is in +Inf. */
static void times_fall_into_buckets(void **state)
{
        static const double seconds[] = {0, 0.005, 0.0051, 1, 29.9, 30, 30.1, 86400};
        static const double wanted[] = {2, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 2};
        double sum = 0;
        (void)state;
        for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
                metric_observe(METRIC_SYNC_LATENESS, seconds[i]);
                sum += seconds[i];
        }
        for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
                assert_true(metric_value(METRIC_SYNC_LATENESS, i) == wanted[i]);
        assert_null(metric_label_value(METRIC_SYNC_LATENESS, sizeof(wanted) / sizeof(wanted[0])));
        assert_true(metric_sum(METRIC_SYNC_LATENESS) == sum);
}

static void lines_of_the_log_are_counted_by_level(void **state)
{
        (void)state;
        log_open(LOG_LEVEL_WARNING);
        log_warning("counted");
        log_info("not written, and not counted");
        assert_true(metric_value(METRIC_LOG_MESSAGES, LOG_LEVEL_WARNING) == 1);
        assert_true(metric_value(METRIC_LOG_MESSAGES, LOG_LEVEL_INFO) == 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_keep_to_the_rules),
                cmocka_unit_test(all_begin_with_zero_but_what_is_observed),
                cmocka_unit_test(values_of_labels_are_named),
                cmocka_unit_test(statuses_are_of_a_few_values),
                cmocka_unit_test(counts_add_up),
                cmocka_unit_test(what_is_observed_comes_and_goes),
                cmocka_unit_test(times_fall_into_buckets),
                cmocka_unit_test(lines_of_the_log_are_counted_by_level),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
