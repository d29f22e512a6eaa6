/*
 * The service's pruning: a first batch a minute after the start, a second between batches, an hour
 * after the last, whatever goes wrong.
 *
 * Timers and PostgreSQL are stood in for by the linker; every timer fires at once, and its delay is
 * kept.
 */
#include "base/duration.h"
#include "daemon/prune.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata);
int __real_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata);
int __wrap_mirror_prune(Mirror *m, const MirrorRetention *retention, unsigned batch,
                        MirrorPruneCallback callback, void *userdata, MirrorTask **ret);

static uint64_t delay_usec; /* of the last timer */
static unsigned n_timers, n_batches;
static int refusal; /* of the next batches */
static MirrorRetention asked;
static MirrorPruneCallback answer;
static const Fault none;

int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata)
{
        delay_usec = usec;
        n_timers++;
        return __real_sd_event_add_time_relative(e, ret, clock, 0, accuracy, callback, userdata);
}

int __wrap_mirror_prune(Mirror *m, const MirrorRetention *retention, unsigned batch,
                        MirrorPruneCallback callback, void *userdata, MirrorTask **ret)
{
        (void)m;
        (void)userdata;
        (void)ret;
        assert_true(batch > 0);
        n_batches++;
        asked = *retention;
        answer = callback;
        return refusal;
}

static const MirrorRetention retention = {.history_keep_usec = USEC_FOREVER,
                                          .run_keep_usec = 90 * USEC_PER_DAY};
static Peers peers;
static DatabaseClock database;
static sd_event *event;
static Prune prune;
static int log_file, saved_stderr;

static int setup(void **state)
{
        (void)state;
        n_timers = n_batches = 0;
        refusal = 0;
        peers = (Peers){.references = 1};
        log_file = memfd_create("log", MFD_CLOEXEC);
        saved_stderr = dup(STDERR_FILENO);
        if (log_file < 0 || saved_stderr < 0 || dup2(log_file, STDERR_FILENO) < 0)
                return -1;
        if (sd_event_new(&event) < 0)
                return -1;
        database = (DatabaseClock){0};
        prune_init(&prune, event, &database);
        prune_configure(&prune, &peers, &retention);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        prune_done(&prune);
        sd_event_unref(event);
        (void)dup2(saved_stderr, STDERR_FILENO);
        (void)close(saved_stderr);
        (void)close(log_file);
        return 0;
}

/* How many times the log has it. */
static unsigned count_logged(const char *text)
{
        char log[4096];
        ssize_t size = pread(log_file, log, sizeof(log) - 1, 0);
        assert_true(size >= 0);
        log[size] = '\0';
        unsigned n = 0;
        for (const char *at = log; (at = strstr(at, text)); at++)
                n++;
        return n;
}

/* The timer is over; a batch is under way. */
static void fire(void)
{
        unsigned before = n_batches;
        while (sd_event_run(event, 0) > 0)
                if (n_batches > before)
                        break;
}

static void finish(int64_t versions, bool more, const Fault *fault)
{
        const MirrorPruned pruned = {.versions = versions, .runs = fault == &none, .more = more};
        assert_int_equal(peers.references, 2);
        answer(&pruned, fault, &prune);
        assert_int_equal(peers.references, 1);
}

static void batches_follow_each_other_and_then_an_hour_passes(void **state)
{
        (void)state;
        prune_start(&prune);
        assert_int_equal(delay_usec, USEC_PER_MINUTE);
        fire();
        assert_int_equal(n_batches, 1);
        assert_true(asked.history_keep_usec == USEC_FOREVER &&
                    asked.run_keep_usec == 90 * USEC_PER_DAY);
        finish(1000, true, &none);
        assert_int_equal(delay_usec, USEC_PER_SEC);
        assert_int_equal(count_logged("pruned"), 0);
        fire();
        finish(3, false, &none);
        assert_int_equal(count_logged("pruned 1003 versions and 2 runs"), 1);
        assert_int_equal(delay_usec, USEC_PER_HOUR);
        fire();
        assert_int_equal(n_batches, 3);
        finish(0, false, &none);
        assert_int_equal(delay_usec, USEC_PER_HOUR);
}

static void ask_when_the_clock_says(int64_t now_usec, uint64_t run_keep_usec)
{
        database_clock_set(&database, now_usec);
        fire();
        assert_true(asked.history_keep_usec + 60 * USEC_PER_DAY == asked.run_keep_usec);
        /* what passes meanwhile is in it */
        assert_true(asked.run_keep_usec + USEC_PER_MINUTE > run_keep_usec &&
                    asked.run_keep_usec < run_keep_usec + USEC_PER_MINUTE);
        finish(0, false, &none);
}

/* What is deleted because a clock is wrong for a minute does not come back. */
static void a_clock_that_goes_ahead_deletes_nothing_for_a_day(void **state)
{
        (void)state;
        const int64_t now = 1795478400 * (int64_t)USEC_PER_SEC, year = 365 * (int64_t)USEC_PER_DAY;
        const uint64_t keep = retention.run_keep_usec;
        prune_configure(&prune, &peers,
                        &(MirrorRetention){.history_keep_usec = keep - 60 * USEC_PER_DAY,
                                           .run_keep_usec = keep});
        prune_start(&prune);
        ask_when_the_clock_says(now, keep);
        ask_when_the_clock_says(now + 5 * (int64_t)USEC_PER_MINUTE, keep); /* corrected */
        assert_int_equal(count_logged("clock"), 0);
        ask_when_the_clock_says(now + year, keep + (uint64_t)year - 5 * USEC_PER_MINUTE);
        ask_when_the_clock_says(now + year, keep + (uint64_t)year - 5 * USEC_PER_MINUTE);
        assert_int_equal(count_logged("PostgreSQL's clock went ahead by "), 1);
        assert_int_equal(count_logged("; correct the clock of PostgreSQL's host, and if it is "),
                         1);
        ask_when_the_clock_says(now, keep); /* back again */
        ask_when_the_clock_says(now + year, keep + (uint64_t)year);
        assert_int_equal(count_logged("clock went ahead"), 2);
        prune.ahead_since_usec -= USEC_PER_DAY; /* a day passes */
        ask_when_the_clock_says(now + year, keep);
        ask_when_the_clock_says(now + year, keep);
        assert_int_equal(count_logged("clock went ahead"), 2);
}

static void what_goes_wrong_is_tried_again_in_an_hour(void **state)
{
        (void)state;
        Fault away = {0}, denied = {0};
        fault_set(&away, FAULT_PEER, EIO, CODE_PG_UNREACHABLE, "away");
        away.retryable = true;
        fault_set(&denied, FAULT_PEER, EACCES, CODE_PG_PRIVILEGE, "denied");
        const Fault *faults[] = {&away, &denied, &denied, &none};
        prune_start(&prune);
        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
                fire();
                finish(0, false, faults[i]);
                assert_int_equal(delay_usec, USEC_PER_HOUR);
                assert_int_equal(prune.reported, faults[i] == &denied); /* once while it lasts */
        }
        assert_int_equal(count_logged("cannot be pruned: denied"), 1);
        assert_int_equal(count_logged("away"), 0); /* passes by itself */
        refusal = -ENOMEM;
        fire();
        assert_int_equal(n_batches, 5);
        assert_int_equal(peers.references, 1);
        assert_int_equal(delay_usec, USEC_PER_HOUR);
        assert_int_equal(n_timers, 6);
}

static void nothing_begins_when_the_service_stops(void **state)
{
        (void)state;
        prune_start(&prune);
        prune_done(&prune);
        fire();
        assert_int_equal(n_batches, 0);
        assert_int_equal(n_timers, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(batches_follow_each_other_and_then_an_hour_passes,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(a_clock_that_goes_ahead_deletes_nothing_for_a_day,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(what_goes_wrong_is_tried_again_in_an_hour, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(nothing_begins_when_the_service_stops, setup,
                                                teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
