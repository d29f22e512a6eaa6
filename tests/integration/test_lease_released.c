/*
 * A run that has taken its lease, and then has not the memory for what renews it, releases the
 * lease: S4. The real runner in this process, on real parts; only the timer of the heartbeat cannot
 * be set.
 */
#include "base/duration.h"
#include "integration/sync_world.h"
#include "mirror/lease.h"
#include "peers/peers.h"
#include "sync/sync.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEASE_USEC (60 * USEC_PER_SEC)

static bool without_heartbeat;

int __real_sd_event_add_time_relative(sd_event *e, sd_event_source **s, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **s, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata);

int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **s, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata)
{
        if (without_heartbeat && usec == LEASE_USEC / 3)
                return -ENOMEM;
        return __real_sd_event_add_time_relative(e, s, clock, usec, accuracy, callback, userdata);
}

static sd_event *loop;

static void on_done(const SyncReport *report, void *userdata)
{
        *(SyncReport *)userdata = *report;
        (void)sd_event_exit(loop, 0);
}

/* S4 */
static void the_lease_is_released_when_its_heartbeat_cannot_begin(void **state)
{
        World *w = *state;
        Config *config;
        Peers *peers;
        Fault fault;
        Text errors = {0};
        Sync *sync;
        SyncReport report = {0};
        assert_int_equal(sync_all(w), 0);
        assert_int_equal(config_load(w->config, &config, &errors), 0);
        assert_int_equal(sd_event_new(&loop), 0);
        assert_int_equal(peers_new(loop, config, &peers), 0);
        assert_int_equal(peers_open_mirror(peers, false, &fault), 0);
        assert_int_equal(peers_open_catalog(peers, &fault), 0);
        const SyncContext context = {.event = loop,
                                     .catalog = peers->catalog,
                                     .mirror = peers->mirror,
                                     .limiter = &peers->limiter,
                                     .lease_usec = LEASE_USEC};
        SyncOrder order = sync_order_of(&config->edges[0]);
        order.trigger = MIRROR_TRIGGER_MANUAL;
        without_heartbeat = true;
        assert_int_equal(sync_start(&context, &order, NULL, on_done, &report, &sync), 0);
        assert_int_equal(sd_event_loop(loop), 0);
        without_heartbeat = false;
        assert_int_equal(report.outcome, OUTCOME_FAILED);
        assert_string_equal(fault_code_name(report.fault.code), "no-memory");
        assert_false(report.lease_kept);
        (void)sync_free(sync);
        peers_unref(peers);
        sd_event_unref(loop);
        (void)config_free(config);
        text_done(&errors);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.edge_claim WHERE holder IS NOT NULL"),
                0);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE finished_at IS NULL"),
                0);
        assert_int_equal(
                harness_sql_long(
                        &w->pg,
                        "SELECT count(*) FROM edgemirror.sync_run WHERE error_code = 'no-memory'"),
                1);
        assert_int_equal(sync_all(w), 0);
        assert_mirror_equals_catalog(w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(the_lease_is_released_when_its_heartbeat_cannot_begin,
                                       small_world),
        };
        return cmocka_run_group_tests_name("lease_released", tests, world_setup, world_teardown);
}
