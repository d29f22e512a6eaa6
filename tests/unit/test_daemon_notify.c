/*
 * Messages to a receiver: how often they go, and what becomes of them when the receiver is away,
 * slow, declines them or answers nonsense.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "unit/hook_bench.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void what_changes_together_goes_together(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "403: forbidden");
        hook_change(w, &hook_edge_b, "b", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_await_requests(w, 1);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        assert_string_equal(hook_string_of(body, "instance"), "here:1");
        assert_string_equal(hook_string_of(body, "catalog"), "catalog.example:8443");
        assert_string_equal(hook_string_of(body, "status"), "firing");
        assert_string_equal(hook_string_of(body, "text"), "edgemirror here:1\nedge a: failed: 403: "
                                                          "forbidden\nedge b: synced again");
        assert_string_equal(hook_string_of(hook_event_of(body, 0), "state"), "failed");
        assert_string_equal(hook_string_of(hook_event_of(body, 0), "code"), "catalog-forbidden");
        assert_string_equal(hook_string_of(hook_event_of(body, 0), "time"), "2023-11-14T22:13:20Z");
        assert_string_equal(hook_string_of(hook_event_of(body, 1), "name"), "b");
        assert_string_equal(hook_string_of(hook_event_of(body, 1), "status"), "resolved");
        assert_string_equal(hook_string_of(hook_event_of(body, 1), "code"), "");
        assert_non_null(strstr(w->server->log, "Content-Type: application/json"));
}

static void what_is_as_before_is_not_told(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_NONE, OUTCOME_SYNCED, NULL);
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_ABORTED, "stopped");
        assert_int_equal(hook_count_untold(w), 0);
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "shortly");
        hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_HELD, "held");
        hook_change(w, &hook_edge_b, "b", OUTCOME_HELD, OUTCOME_UNSTABLE, "unstable");
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_await_requests(w, 1);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        assert_string_equal(hook_string_of(body, "text"),
                            "edgemirror here:1\nedge b: unstable: unstable");
        assert_null(hook_event_of(body, 1));
}

static void messages_keep_their_distance(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "none");
        w->notify.every_usec = 400 * USEC_PER_MSEC;
        uint64_t at[2];
        for (unsigned i = 0; i < 2; i++) {
                hook_change(w, i ? &hook_edge_b : &hook_edge_a, "x", OUTCOME_SYNCED, OUTCOME_FAILED,
                            "x");
                hook_await_requests(w, i + 1);
                at[i] = w->notify.sent_usec;
        }
        assert_true(at[1] - at[0] >= 400 * USEC_PER_MSEC);
}

static void peers_are_seen_to_go_and_come(void **state)
{
        HookBench *w = *state;
        Fault fault;
        fault_set(&fault, FAULT_PEER, EACCES, CODE_CATALOG_UNAUTHORIZED, "401");
        fault.refused = true;
        hook_configure(w, "fine");
        hook_await_requests(w, 1); /* whether it is there */
        w->snapshot.catalog_fault = &fault;
        hook_await_requests(w, 2);
        _cleanup_(cleanup_json) cJSON *refused = hook_last_body(w);
        assert_string_equal(hook_string_of(hook_event_of(refused, 0), "kind"), "catalog");
        assert_string_equal(hook_string_of(hook_event_of(refused, 0), "state"), "refused");
        assert_string_equal(hook_string_of(hook_event_of(refused, 0), "text"),
                            "the catalog refuses the credentials: 401");
        w->snapshot.catalog_fault = NULL;
        w->snapshot.catalog_answers = true;
        fault.refused = false;
        w->snapshot.postgres_fault = &fault;
        hook_await_requests(w, 3);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        assert_string_equal(hook_string_of(hook_event_of(body, 0), "state"), "away");
        assert_string_equal(hook_string_of(hook_event_of(body, 0), "kind"), "postgres");
        assert_string_equal(hook_string_of(hook_event_of(body, 1), "text"),
                            "the catalog can be used again");

        /* which answers, and is of no use all the same */
        fault_set(&fault, FAULT_RUN, EIO, CODE_PG_ERROR, "could not read block 17");
        w->snapshot.postgres_fault = NULL;
        w->snapshot.registering = false;
        hook_await_requests(w, 4);
        w->snapshot.statement_fault = &fault;
        static const struct {
                ServiceRefused refused;
                const char *state, *text;
        } cases[] = {
                {SERVICE_REFUSED_SIGN, "degraded",
                 "PostgreSQL refuses a statement that the sign of life needs, and no sync: "
                 "could not read block 17"},
                {SERVICE_REFUSED_QUEUE, "away",
                 "PostgreSQL refuses a statement that every sync needs: could not read block 17"},
                {SERVICE_REFUSED_REGISTERING, "degraded",
                 "PostgreSQL refuses a statement that registers edges, which those of before do "
                 "not need: could not read block 17"},
                {SERVICE_REFUSED_RUNS, "failed",
                 "PostgreSQL refuses a statement that syncs need: could not read block 17"},
        };
        for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) { /* what is worse is news */
                w->snapshot.refused = cases[i].refused;
                hook_await_requests(w, 5 + i);
                _cleanup_(cleanup_json) cJSON *statement = hook_last_body(w);
                assert_string_equal(hook_string_of(hook_event_of(statement, 0), "state"),
                                    cases[i].state);
                assert_string_equal(hook_string_of(hook_event_of(statement, 0), "text"),
                                    cases[i].text);
        }
        w->snapshot.postgres_fault = &fault; /* and is worse still */
        hook_await_requests(w, 5 + ARRAY_SIZE(cases));
        _cleanup_(cleanup_json) cJSON *away = hook_last_body(w);
        assert_string_equal(hook_string_of(hook_event_of(away, 0), "state"), "away");
        w->snapshot.postgres_fault = w->snapshot.statement_fault = NULL;
}

/* What could not be told goes with what has changed since. */
static void a_receiver_that_is_away_delays_and_loses_nothing(void **state)
{
        static const struct {
                const char *path, *logged;
        } cases[] = {{"broken", "took no message (HTTP 500); 1 change to tell"},
                     {"busy", "took no message (HTTP 429); 1 change to tell"}};
        HookBench *w = *state;
        unsigned n = 0;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                hook_restart(w, cases[i].path);
                hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "once");
                hook_await_log(w, cases[i].logged);
                hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_HELD, "twice");
                hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_FAILED, "beside");
                n = server_requests(w->server);
                hook_configure(w, "fine");
                hook_await_requests(w, n + 1);
                _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
                assert_string_equal(hook_string_of(body, "text"),
                                    "edgemirror here:1\nedge b: failed: "
                                    "beside\nedge a: held: twice");
                hook_await_log(w, "the receiver of [notify] takes messages again");
                assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
        }
        assert_int_equal(hook_count_untold(w), 0);
}

/* A gateway that gave up, or a message that a reload has cut: the receiver may have it. */
static void of_a_message_that_may_have_been_taken_the_last_state_is_told(void **state)
{
        static const SyncOutcome outcomes[] = {OUTCOME_SYNCED, OUTCOME_FAILED, OUTCOME_SYNCED};
        static const char *const texts[] = {"edgemirror here:1\nedge a: synced again",
                                            "edgemirror here:1\nedge a: failed: again"};
        HookBench *w = *state;
        for (size_t i = 0; i < 4; i++) {
                SyncOutcome before = outcomes[i % 2], after = outcomes[i % 2 + 1];
                bool cut = i >= 2;
                unsigned n = server_requests(w->server);
                hook_configure(w, cut ? "slow" : "broken");
                hook_change(w, &hook_edge_a, "a", before, after, "x");
                hook_await_begun(w, n + 1);
                if (!cut)
                        hook_await_requests(w, n + 1);
                hook_change(w, &hook_edge_a, "a", after, before,
                            before == OUTCOME_FAILED ? "again" : NULL);
                n = server_requests(w->server);
                hook_configure(w, "fine");
                hook_await_requests(w, n + 1);
                _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
                assert_string_equal(hook_string_of(body, "text"), texts[i % 2]);
        }
}

static void one_that_cannot_be_reached_is_tried_again(void **state)
{
        HookBench *w = *state;
        hook_write_file(w->url_file, "http://127.0.0.1:1/" HOOK_TOKEN);
        notify_configure(&w->notify, NULL, &w->config);
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_log(w, "took no message (http-connect); 1 change to tell, trying again");
        assert_true(timer_is_armed(&w->notify.timer));
        hook_configure(w, "fine");
        hook_await_requests(w, 1);
}

/* Before there is anything to tell, and of another one again. */
static void one_that_is_not_there_is_reported_at_once(void **state)
{
        HookBench *w = *state;
        for (int i = 0; i < 2; i++) {
                for (int of_two = 0; of_two < 2; of_two++) {
                        hook_write_file(w->url_file, "http://127.0.0.1:1/" HOOK_TOKEN);
                        notify_configure(&w->notify, NULL, &w->config);
                        hook_await_log(w,
                                       "the receiver of [notify] cannot be reached (http-connect), "
                                       "so nobody is told of changes; trying again in ");
                        assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
                }
                hook_configure(w, "gone"); /* any answer will do */
                hook_await_log(w, "the receiver of [notify] can be reached again");
                assert_non_null(strstr(w->server->log, "HEAD /" HOOK_TOKEN "/gone "));
                assert_null(strstr(w->server->log, "POST "));
                assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
        }
}

/* What is to be told does not wait for the answer. */
static void who_is_asked_whether_it_is_there_holds_no_message_up(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "slow");
        hook_await_begun(w, 1);
        assert_non_null(w->notify.transfer);
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        assert_null(w->notify.transfer);
        assert_true(timer_is_armed(&w->notify.timer));
}

/* The body of the last request to the receiver that declines; what was declined is not in it. */
static void one_that_declines_loses_that_message_alone(void **state)
{
        static const char *const paths[] = {"gone", "moved"},
                                 *const logged[] = {
                                         "refuses a message (HTTP 404); 1 change to tell later",
                                         "refuses a message (HTTP 302); 1 change to tell later"};
        HookBench *w = *state;
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                hook_restart(w, paths[i]);
                hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "declined");
                hook_await_log(w, logged[i]);
                hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_FAILED, "follows");
                hook_await_text(w, "edgemirror here:1\nedge b: failed: follows");
                hook_change(w, &hook_edge_b, "b", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
                hook_await_text(w, "edgemirror here:1\nedge b: synced again");
                hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
                hook_await_text(w, "edgemirror here:1\nedge a: synced again");
        }
        assert_null(strstr(w->server->log, "/followed"));
}

/* After a while, as it is then; or when the configuration was read again. Of an end, too: nothing
 * is seen any more of what is called so no more. */
static void what_was_declined_is_told_again(void **state)
{
        HookBench *w = *state;
        Fault fault;
        fault_set(&fault, FAULT_PEER, EACCES, CODE_CATALOG_UNAUTHORIZED, "401");
        w->snapshot.catalog_fault = &fault;
        hook_configure(w, "gone");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_HELD, "x");
        hook_rename(w, &hook_edge_b, NULL);
        hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_HELD, "x");
        hook_await_log(w, "3 changes to tell later");
        hook_rename(w, &hook_edge_b, NULL);
        hook_await_text(w, "edgemirror here:1\nedge b: is not synced here any more");
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
        assert_int_equal(subjects_count_to_tell(&w->notify.subjects, clock_monotonic_usec()), 0);
        assert_int_equal(hook_count_untold(w), 3);
        hook_age(w, 20 * USEC_PER_MINUTE);
        hook_await_text(w, "edgemirror here:1\nthe catalog cannot be used: 401\nedge a: failed: "
                           "still\nedge b: is not synced here any more");
        hook_configure(w, "fine");
        hook_await_text(w, "edgemirror here:1\nthe catalog cannot be used: 401\nedge a: failed: "
                           "still\nedge b: is not synced here any more");
        assert_int_equal(hook_count_untold(w), 0);
        hook_age(w, 20 * USEC_PER_MINUTE);
        hook_configure(w, "fine");
        assert_int_equal(hook_count_untold(w), 0);
}

/* What was logged, that it is tried again, is not so any more. */
static void a_refusal_after_an_outage_is_logged_at_once(void **state)
{
        static const Script refusing[] = {
                {.path = "/" HOOK_TOKEN "/broken",
                 .bytes = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
                {.path = NULL},
        };
        HookBench *w = *state;
        const Script *before = w->server->scripts;
        hook_configure(w, "broken");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_log(w, "took no message (HTTP 500); 1 change to tell, trying again in ");
        w->server->scripts = refusing;
        hook_await_log(w, "refuses a message (HTTP 403); 1 change to tell later; ");
        w->server->scripts = before;
}

/* One change that a receiver cannot take holds no other up: of those that it has declined together
 * half as many go, until each has been told or was declined alone. */
#define MORE(n) "\n… and " n " more; see edgemirror status"

static void what_is_declined_for_what_is_in_it_goes_in_smaller_messages(void **state)
{
        static const char *const lines[] = {
                "\nedge e0: failed: x\nedge e1: failed: x\nedge e2: failed: x\nedge e3: failed: x",
                "\nedge e0: failed: x\nedge e1: failed: x" MORE("2"),
                "\nedge e0: failed: x" MORE("3"),
                "\nedge e1: failed: x" MORE("2"),
                "\nedge e2: failed: x\nedge e3: failed: x",
                "\nedge e2: failed: x" MORE("1"),
                "\nedge e3: failed: x",
        };
        HookBench *w = *state;
        hook_configure(w, "unfit");
        hook_change_many(w, 4, OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                char text[128];
                (void)snprintf(text, sizeof(text), "edgemirror here:1%s", lines[i]);
                hook_await_text(w, text);
                if (i == 1) /* that was no refusal: fewer may do */
                        assert_null(strstr(hook_read_log(w), "refuses"));
        }
        assert_int_equal(subjects_count_to_tell(&w->notify.subjects, clock_monotonic_usec()), 0);
        assert_int_equal(hook_count_untold(w), 4);
        hook_configure(w, "fine");
        char text[128];
        (void)snprintf(text, sizeof(text), "edgemirror here:1%s", lines[0]);
        hook_await_text(w, text);
}

/* Nor does it when its pause is over by each message. */
static void what_was_declined_is_told_after_what_was_not(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "unfit");
        hook_change_many(w, 2, OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_text(w, "edgemirror here:1\nedge e0: failed: x\nedge e1: failed: x");
        hook_await_text(w, "edgemirror here:1\nedge e0: failed: x" MORE("1"));
        hook_age(w, 20 * USEC_PER_MINUTE);
        hook_await_text(w, "edgemirror here:1\nedge e1: failed: x" MORE("1"));
        hook_age(w, 20 * USEC_PER_MINUTE);
        hook_await_text(w, "edgemirror here:1\nedge e0: failed: x" MORE("1"));
}

/* What had no place in it, too. */
static void what_was_declined_with_a_message_that_was_full_is_told_too(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "gone");
        hook_change_many(w, 60, OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_log(w, "60 changes to tell later");
        assert_int_equal(hook_count_untold(w), 60);
        hook_configure(w, "fine");
        hook_await_requests(w, server_requests(w->server) + 2);
        assert_int_equal(hook_count_untold(w), 0);
}

/* Nobody knows whether it was told; what is well is no news, but ends an alert. */
static void what_is_not_well_at_the_start_is_told_once(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "fine");
        for (unsigned i = 0; i < 2; i++) {
                hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
                hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
                if (i == 0)
                        hook_await_text(w, "edgemirror here:1\nedge a: failed: still");
                assert_int_equal(hook_count_untold(w), 0);
        }
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        hook_restart(w, "fine");
        for (unsigned i = 0; i < 2; i++) {
                hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
                if (i == 0)
                        hook_await_requests(w, server_requests(w->server) + 1);
                assert_int_equal(hook_count_untold(w), 0);
        }
}

/* While the address cannot be used, and as it is when it can be. */
static void what_changed_while_nobody_could_be_told_is_told_then(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_text(w, "edgemirror here:1\nedge a: failed: x");
        hook_write_file(w->url_file, "nowhere");
        notify_configure(&w->notify, NULL, &w->config);
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_FAILED, "for a moment");
        hook_change(w, &hook_edge_b, "b", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_configure(w, "fine");
        hook_await_text(w, "edgemirror here:1\nedge a: synced again");
        assert_int_equal(hook_count_untold(w), 0);
}

/* What is not well; by another address the same people may be reached, whom nothing is told that
 * they know. */
static void another_receiver_is_told_what_is_not_well_when_it_is_seen_next(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_change(w, &hook_edge_b, "b", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_await_text(w, "edgemirror here:1\nedge a: failed: x\nedge b: synced again");
        for (unsigned i = 0; i < 2; i++) {
                hook_configure(w, "none");
                assert_int_equal(hook_count_untold(w), 0);
                hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
                hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
                if (i == 0)
                        hook_await_text(w, "edgemirror here:1\nedge a: failed: still");
                assert_int_equal(hook_count_untold(w), 0);
        }
}

/* That instance has told it; after a message that was late, the last word may have been ours. */
static void what_another_instance_has_seen_it_has_told(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_text(w, "edgemirror here:1\nedge a: failed: x");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
        assert_int_equal(hook_count_untold(w), 0);
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "again");
        hook_await_text(w, "edgemirror here:1\nedge a: failed: again");
        hook_configure(w, "broken");
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_await_log(w, "took no message (HTTP 500); 1 change to tell");
        hook_configure(w, "fine");
        hook_await_text(w, "edgemirror here:1\nedge a: synced again");
        hook_change(w, &hook_edge_a, "a", OUTCOME_HELD, OUTCOME_HELD, "x");
        hook_await_text(w, "edgemirror here:1\nedge a: held: x");
}

/* Another instance may have told the same failure while it waited here. */
static void what_has_waited_for_long_may_have_been_told(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        assert_int_equal(hook_count_untold(w), 0); /* it was gone before anybody was told */
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        TAILQ_FIRST(&w->notify.subjects)->time -= 3600;
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_await_text(w, "edgemirror here:1\nedge a: synced again");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        TAILQ_FIRST(&w->notify.subjects)->time -= 3600;
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
        hook_await_text(w, "edgemirror here:1\nedge a: failed: still"); /* or it may not */
}

/* Somebody has run the command meanwhile, or nothing is left of the runs before. */
static void what_was_synced_by_hand_nobody_has_told(void **state)
{
        HookBench *w = *state;
        static const SyncOutcome before[] = {OUTCOME_FAILED, OUTCOME_NONE};
        for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
                hook_configure(w, "fine");
                hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
                hook_await_text(w, "edgemirror here:1\nedge a: failed: x");
                hook_change(w, &hook_edge_a, "a", before[i], OUTCOME_SYNCED, NULL);
                hook_await_text(w, "edgemirror here:1\nedge a: synced again");
                hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
                assert_int_equal(hook_count_untold(w), 0);
        }
}

static void an_answer_without_end_is_not_read_to_the_end(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "huge");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_requests(w, 1);
        assert_int_equal(hook_count_untold(w), 0); /* it was taken */
}

/* What changes while a message is on its way goes with the next one. */
static void what_changes_meanwhile_follows(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "gate");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        while (!w->notify.transfer)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        server_open_gate(w->server);
        hook_await_requests(w, 2);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        assert_string_equal(hook_string_of(body, "text"),
                            "edgemirror here:1\nedge a: synced again");
        assert_string_equal(hook_string_of(body, "status"), "resolved");
}

static void one_that_does_not_answer_holds_no_stop_up(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "slow");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        while (!w->notify.transfer)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        notify_done(&w->notify);
        hook_await_log(w, "1 change not sent to the receiver of [notify]");
}

/* Not what is so without anything being set. */
static void settings_of_messages_to_nobody_are_reported(void **state)
{
        HookBench *w = *state;
        w->config.notify.url_file = NULL;
        w->config.notify.every_usec = USEC_PER_MINUTE;
        notify_configure(&w->notify, NULL, &w->config);
        assert_string_equal(hook_read_log(w), "");
        w->config.notify.format = CONFIG_NOTIFY_SLACK;
        notify_configure(&w->notify, NULL, &w->config);
        hook_await_log(w, "[notify] has no url_file, so nobody is told of changes");
}

static void a_long_pause_is_cut_and_named(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "never");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_log(w, "took no message (HTTP 503); 1 change to tell, trying again in 1h");
        hook_configure(w, "fine");
        hook_await_requests(w, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, hook_setup, hook_teardown)
        const struct CMUnitTest tests[] = {
                TEST(what_changes_together_goes_together),
                TEST(what_is_as_before_is_not_told),
                TEST(messages_keep_their_distance),
                TEST(peers_are_seen_to_go_and_come),
                TEST(a_receiver_that_is_away_delays_and_loses_nothing),
                TEST(of_a_message_that_may_have_been_taken_the_last_state_is_told),
                TEST(one_that_cannot_be_reached_is_tried_again),
                TEST(one_that_is_not_there_is_reported_at_once),
                TEST(who_is_asked_whether_it_is_there_holds_no_message_up),
                TEST(one_that_declines_loses_that_message_alone),
                TEST(a_refusal_after_an_outage_is_logged_at_once),
                TEST(what_was_declined_is_told_again),
                TEST(what_is_declined_for_what_is_in_it_goes_in_smaller_messages),
                TEST(what_was_declined_is_told_after_what_was_not),
                TEST(what_was_declined_with_a_message_that_was_full_is_told_too),
                TEST(what_is_not_well_at_the_start_is_told_once),
                TEST(what_changed_while_nobody_could_be_told_is_told_then),
                TEST(another_receiver_is_told_what_is_not_well_when_it_is_seen_next),
                TEST(what_another_instance_has_seen_it_has_told),
                TEST(what_has_waited_for_long_may_have_been_told),
                TEST(what_was_synced_by_hand_nobody_has_told),
                TEST(an_answer_without_end_is_not_read_to_the_end),
                TEST(what_changes_meanwhile_follows),
                TEST(one_that_does_not_answer_holds_no_stop_up),
                TEST(settings_of_messages_to_nobody_are_reported),
                TEST(a_long_pause_is_cut_and_named),
        };
        return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
