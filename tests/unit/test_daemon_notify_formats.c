/*
 * Messages to a receiver: what stands in them, by format and template, and what is an alert.
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

/* After the time between messages; and the worst is in the first. */
static void more_than_a_message_holds_is_counted_and_follows(void **state)
{
        HookBench *w = *state;
        hook_configure(w, "fine");
        hook_change_many(w, 60, OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_requests(w, 1);
        uint64_t sent_usec = w->notify.sent_usec;
        _cleanup_(cleanup_json) cJSON *full = hook_last_body(w);
        assert_non_null(
                strstr(hook_string_of(full, "text"), "… and 10 more; see edgemirror status"));
        assert_non_null(hook_event_of(full, 49));
        assert_null(hook_event_of(full, 50));
        assert_int_equal(hook_count_untold(w), 10);
        hook_await_requests(w, 2);
        assert_true(w->notify.sent_usec - sent_usec >= w->notify.every_usec);
        _cleanup_(cleanup_json) cJSON *rest = hook_last_body(w);
        assert_string_equal(hook_string_of(hook_event_of(rest, 0), "name"), "e50");
        assert_non_null(hook_event_of(rest, 9));
        assert_string_equal(hook_string_of(rest, "more"), "");
        assert_int_equal(hook_count_untold(w), 0);

        hook_change_many(w, 60, OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_HELD, "x");
        hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_requests(w, 3);
        _cleanup_(cleanup_json) cJSON *worst = hook_last_body(w);
        assert_string_equal(hook_string_of(worst, "status"), "firing");
        assert_string_equal(hook_string_of(hook_event_of(worst, 0), "name"), "b");
        assert_string_equal(hook_string_of(hook_event_of(worst, 1), "name"), "a");
        assert_string_equal(hook_string_of(hook_event_of(worst, 2), "name"), "e0");
        hook_await_requests(w, 4);
        _cleanup_(cleanup_json) cJSON *last = hook_last_body(w);
        assert_string_equal(hook_string_of(last, "status"), "resolved");
        assert_string_equal(hook_string_of(hook_event_of(last, 0), "name"), "e48");
        assert_int_equal(hook_count_untold(w), 0);
        w->config.notify.format = CONFIG_NOTIFY_TEAMS; /* its lines are of one event each */
        hook_configure(w, "fine");
        hook_change_many(w, 53, OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_requests(w, 5);
        assert_non_null(strstr(w->server->log, "edgemirror here:1 … and 3 more; see edgemirror"));
}

/* It would refuse the message, and all of it would be lost. */
static void teams_is_sent_no_more_than_it_takes(void **state)
{
        HookBench *w = *state;
        char error[800];
        memset(error, 'x', sizeof(error));
        error[sizeof(error) - 1] = '\0';
        w->config.notify.format = CONFIG_NOTIFY_TEAMS;
        hook_configure(w, "fine");
        hook_change_many(w, 50, OUTCOME_SYNCED, OUTCOME_FAILED, error);
        hook_await_requests(w, 1);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        _cleanup_(cleanup_free) char *sent = cJSON_PrintUnformatted(body);
        assert_true(strlen(sent) > 5000 && strlen(sent) < 14000);
        assert_non_null(strstr(sent, "… and 38 more; see edgemirror status"));
        assert_int_equal(hook_count_untold(w), 38); /* they follow */
}

/* An alert that is counted only would never come, or never end: each is sent, without waiting. */
static void of_alerts_none_is_left_out(void **state)
{
        static const SyncOutcome outcomes[] = {OUTCOME_SYNCED, OUTCOME_FAILED, OUTCOME_SYNCED};
        static const char *const words[] = {"failed", "well"};
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        for (size_t round = 0; round < ARRAY_SIZE(words); round++) {
                unsigned n = server_requests(w->server), alerts = 0;
                w->config.notify.every_usec = 120 * USEC_PER_MSEC;
                hook_configure(w, "fine");
                hook_change_many(w, 120, outcomes[round], outcomes[round + 1], "x");
                w->notify.every_usec = USEC_PER_HOUR;
                for (unsigned i = 1; i <= 3; i++) {
                        hook_await_requests(w, n + i);
                        alerts += hook_count_alerts(w, words[round]);
                }
                assert_int_equal(alerts, 120);
                assert_int_equal(hook_count_untold(w), 0);
        }
}

/* What waits behind a full message that was not taken is one with it, too. */
static void of_alerts_that_wait_the_last_state_counts(void **state)
{
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        hook_configure(w, "fine");
        hook_change_many(w, 60, OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
        hook_await_requests(w, 2);
        hook_configure(w, "slow");
        NotifySubject *s; /* as if told there */
        TAILQ_FOREACH(s, &w->notify.subjects, others)
                s->told_usec = clock_monotonic_usec();
        hook_change_many(w, 60, OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        unsigned n = server_requests(w->server);
        hook_await_begun(w, n + 1);
        assert_int_equal(w->notify.n_sent, 50);
        hook_change_many(w, 58, OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        Uuid held = {{58, 7}};
        hook_change(w, &held, "e58", OUTCOME_FAILED, OUTCOME_HELD, "x");
        /* the message may have been taken; what waited behind it was not sent */
        hook_configure(w, "slow");
        assert_int_equal(hook_count_untold(w), 52);
        hook_configure(w, "fine");
        w->notify.every_usec = USEC_PER_HOUR;
        n = server_requests(w->server);
        hook_await_requests(w, n + 1);
        assert_int_equal(hook_count_alerts(w, "failed"), 1);
        assert_int_equal(hook_count_alerts(w, "held"), 1);
        assert_int_equal(hook_count_alerts(w, "well"), 48);
        hook_await_requests(w, n + 2);
        assert_int_equal(hook_count_alerts(w, "well"), 2);
}

/* Nobody would ever say that it is well: under the name that it had. */
static void an_alert_of_an_edge_that_is_renamed_or_retired_ends(void **state)
{
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_HELD, "x");
        hook_await_requests(w, 1);
        assert_int_equal(hook_count_alerts(w, "failed") + hook_count_alerts(w, "held"), 2);
        hook_rename(w, &hook_edge_a, "new");
        hook_rename(w, &hook_edge_b, NULL);
        hook_await_requests(w, 2);
        assert_int_equal(hook_count_alerts(w, "well"), 2);
        assert_non_null(strstr(w->server->log, "\"edge a: is called new now\""));
        assert_non_null(strstr(w->server->log, "\"edge b: is not synced here any more\""));
        assert_true(TAILQ_EMPTY(&w->notify.subjects)); /* nothing is kept of it */
        hook_change(w, &hook_edge_a, "new", OUTCOME_FAILED, OUTCOME_FAILED, "as before");
        hook_await_requests(w, 3);
        assert_int_equal(hook_count_alerts(w, "failed"), 1);
        hook_change(w, &hook_edge_a, "new", OUTCOME_FAILED, OUTCOME_FAILED, "as before");
        assert_int_equal(hook_count_untold(w), 0);
}

/* While the receiver is away; and the name of one may be another's by then. */
static void an_alert_of_each_name_that_an_edge_had_ends(void **state)
{
        static const char *const texts[] = {"edge a: is called x now", "edge b: is called a now"};
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_requests(w, 1);
        hook_configure(w, "broken");
        hook_rename(w, &hook_edge_a, "x");
        hook_change(w, &hook_edge_a, "x", OUTCOME_FAILED, OUTCOME_FAILED, "x");
        hook_await_log(w, "took no message (HTTP 500)");
        hook_rename(w, &hook_edge_a, "y");
        hook_change(w, &hook_edge_a, "y", OUTCOME_FAILED, OUTCOME_FAILED, "y");
        unsigned n = server_requests(w->server);
        hook_configure(w, "fine");
        hook_await_requests(w, n + 1);
        assert_int_equal(hook_count_alerts(w, "well"), 2); /* a and x */
        assert_int_equal(hook_count_alerts(w, "failed"), 1);
        assert_non_null(strstr(w->server->log, texts[0]));
        /* b is called a: of that name the last is what is so */
        hook_rename(w, &hook_edge_b, "a");
        hook_change(w, &hook_edge_b, "a", OUTCOME_FAILED, OUTCOME_FAILED, "as a");
        hook_await_requests(w, n + 2);
        assert_int_equal(hook_count_alerts(w, "well"), 1);
        assert_int_equal(hook_count_alerts(w, "failed"), 1);
        assert_non_null(strstr(w->server->log, texts[1]));
        hook_rename(w, &hook_edge_b, NULL);
        hook_rename(w, &hook_edge_b, "a");
        hook_change(w, &hook_edge_b, "a", OUTCOME_FAILED, OUTCOME_FAILED, "enabled again");
        assert_int_equal(hook_count_untold(w), 0); /* it was not told that it ended */
}

/* The catalog is a label, which must be that of the beginning. */
static void an_alert_ends_under_the_catalog_under_which_it_was_told(void **state)
{
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_requests(w, 1);
        w->config.catalog.url = (char *)"https://other.example/";
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "x");
        hook_await_requests(w, 2);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        static const char *const catalogs[] = {"other.example", "catalog.example:8443"};
        static const char *const states[] = {"failed", "well"};
        for (int i = 0; i < 2; i++) {
                const cJSON *alert = cJSON_GetArrayItem(body, i);
                assert_string_equal(hook_string_of(cJSON_GetObjectItem(alert, "labels"), "catalog"),
                                    catalogs[i]);
                assert_string_equal(
                        hook_string_of(cJSON_GetObjectItem(alert, "annotations"), "state"),
                        states[i]);
        }
        assert_non_null(strstr(w->server->log, "edge a: the catalog is other.example now"));
}

/* An Alertmanager that was started again has forgotten it; and it ends by itself after a week. The
 * edge may be synced once a day. */
static void an_alert_of_an_edge_that_fails_for_long_is_kept_up(void **state)
{
        Fault fault;
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_change(w, &hook_edge_b, "b", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
        hook_await_requests(w, 1);
        w->snapshot.now_usec += 3 * (int64_t)USEC_PER_DAY;
        hook_age(w, 19 * USEC_PER_MINUTE);
        hook_configure(w, "fine"); /* looks at once */
        assert_int_equal(hook_count_untold(w), 0);
        hook_await_requests(w, 2); /* whether it is there */
        hook_age(w, USEC_PER_MINUTE);
        hook_await_requests(w, 3);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        assert_int_equal(cJSON_GetArraySize(body), 1);
        assert_string_equal(hook_string_of(cJSON_GetArrayItem(body, 0), "startsAt"),
                            "2023-11-14T22:13:20Z");
        assert_string_equal(hook_string_of(cJSON_GetArrayItem(body, 0), "endsAt"),
                            "2023-11-24T22:13:20Z");
        fault_set(&fault, FAULT_PEER, EACCES, CODE_PG_UNREACHABLE, "away");
        w->snapshot.postgres_fault = &fault; /* who knows whether it has still failed */
        hook_configure(w, "fine");
        hook_await_requests(w, 4);
        hook_age(w, 20 * USEC_PER_MINUTE);
        hook_await_requests(w, 5);
        assert_int_equal(hook_count_alerts(w, "failed"), 0);
        assert_int_equal(hook_count_alerts(w, "away"), 1);
}

/* Alertmanager refuses one that ends before it begins; and an end that is in the future by its
 * clock ends nothing. */
static void an_alert_begins_and_ends_whatever_the_clocks_say(void **state)
{
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        hook_configure(w, "slow");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        w->snapshot.now_usec -= 30 * (int64_t)USEC_PER_DAY;
        hook_configure(w, "fine");
        hook_await_requests(w, 1);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        const cJSON *a = cJSON_GetArrayItem(body, 0);
        assert_string_equal(hook_string_of(a, "startsAt"), "2023-10-15T22:13:20Z");
        assert_string_equal(hook_string_of(a, "endsAt"), "2023-10-22T22:13:20Z");
        hook_change(w, &hook_edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        hook_await_requests(w, 2);
        _cleanup_(cleanup_json) cJSON *end = hook_last_body(w);
        a = cJSON_GetArrayItem(end, 0);
        assert_string_equal(hook_string_of(a, "startsAt"), "2023-10-14T22:13:20Z");
        assert_string_equal(hook_string_of(a, "endsAt"), "2023-10-14T22:13:20Z");
}

/* Whoever starts after this instance does not know of its alerts: they end by themselves. */
static void an_alert_of_a_peer_is_kept_up_and_ends_soon(void **state)
{
        Fault fault = fault_none;
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        fault_set(&fault, FAULT_RUN, EACCES, CODE_CATALOG_UNAUTHORIZED, "401");
        w->snapshot.catalog_fault = &fault;
        hook_configure(w, "fine");
        for (unsigned n = 1; n <= 3; n++) {
                hook_await_requests(w, n);
                assert_int_equal(hook_count_alerts(w, "away"), 1);
                _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
                assert_string_equal(hook_string_of(cJSON_GetArrayItem(body, 0), "endsAt"),
                                    "2023-11-14T23:13:20Z");
                hook_age(w, 20 * USEC_PER_MINUTE);
        }
        w->snapshot.catalog_fault = NULL;
        w->snapshot.catalog_answers = true;
        hook_await_requests(w, 4);
        assert_int_equal(hook_count_alerts(w, "well"), 1);
        hook_age(w, 20 * USEC_PER_MINUTE);
        w->config.notify.format = CONFIG_NOTIFY_JSON;
        w->snapshot.catalog_fault = &fault;
        hook_configure(w, "fine");
        hook_await_requests(w, 5);
        hook_age(w, 20 * USEC_PER_MINUTE);
        hook_configure(w, "fine"); /* looks at once */
        assert_int_equal(hook_count_untold(w), 0);
}

/* Of this instance: as soon as it is known that the peer answers, and not before, for then it would
 * begin anew. To people it would be no news. */
static void an_alert_of_a_peer_ends_when_it_answers_after_a_start(void **state)
{
        Fault fault;
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        fault_set(&fault, FAULT_PEER, EACCES, CODE_PG_UNREACHABLE, "away");
        w->snapshot.postgres_fault = &fault;
        hook_configure(w, "fine");
        hook_await_requests(w, 1);
        w->snapshot.postgres_fault = NULL;
        for (unsigned restarts = 0; restarts < 2; restarts++) {
                hook_configure(w, "fine"); /* looks at once */
                assert_int_equal(hook_count_untold(w), 0);
                if (restarts == 0)
                        hook_restart(w, "fine");
        }
        w->snapshot.registering = false;
        hook_configure(w, "fine");
        hook_await_requests(w, server_requests(w->server) + 1);
        assert_int_equal(hook_count_alerts(w, "well"), 1);
        assert_non_null(strstr(w->server->log, "\"PostgreSQL can be used again\""));
        hook_configure(w, "fine");
        assert_int_equal(hook_count_untold(w), 0);
        w->config.notify.format = CONFIG_NOTIFY_JSON;
        hook_restart(w, "fine");
        assert_int_equal(hook_count_untold(w), 0);
}

/* Else it would end, and begin anew with the next message. */
static void an_alert_of_a_peer_counts_for_longer_than_the_time_between_messages(void **state)
{
        Fault fault;
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        w->config.notify.every_usec = USEC_PER_HOUR;
        fault_set(&fault, FAULT_PEER, EACCES, CODE_PG_UNREACHABLE, "away");
        w->snapshot.postgres_fault = &fault;
        hook_configure(w, "fine");
        timer_cancel(&w->notify.timer);
        w->notify.every_usec = 120 * USEC_PER_MSEC;
        for (unsigned n = 1; n <= 2; n++) {
                hook_await_requests(w, n);
                _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
                assert_string_equal(hook_string_of(cJSON_GetArrayItem(body, 0), "endsAt"),
                                    "2023-11-15T01:13:20Z");
                hook_age(w, USEC_PER_HOUR);
        }
}

/* However often it is to be told again meanwhile. */
static void an_alert_that_is_told_again_waits_for_a_receiver_that_is_away(void **state)
{
        Fault fault = fault_none;
        HookBench *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        fault_set(&fault, FAULT_RUN, EACCES, CODE_CATALOG_UNAUTHORIZED, "401");
        w->snapshot.catalog_fault = &fault;
        hook_configure(w, "fine");
        hook_await_requests(w, 1);
        for (int i = 0; i < 3; i++) {
                hook_age(w, 20 * USEC_PER_MINUTE);
                hook_configure(w, "never"); /* looks at once */
                assert_int_equal(hook_count_untold(w), 1);
        }
        hook_configure(w, "fine");
        hook_await_requests(w, 2);
        assert_int_equal(hook_count_alerts(w, "away"), 1);
        hook_age(w, 20 * USEC_PER_MINUTE);
        hook_configure(w, "never");
        w->snapshot.catalog_fault = NULL;
        w->snapshot.catalog_answers = true;
        hook_configure(w, "fine"); /* it was to be told again, and is well */
        hook_await_requests(w, 3);
        assert_int_equal(hook_count_alerts(w, "well"), 1);
}

/* Names and messages come from outside. */
static void every_format_is_json_whatever_is_in_it(void **state)
{
        static const char hostile[] = "<!channel> \"},{\\ \x1b[2J\n\xe2\x80\xae\xff {{text}} & *b*";
        HookBench *w = *state;
        for (unsigned format = 0; format < CONFIG_NOTIFY_FORMATS; format++) {
                w->config.notify.format = (ConfigNotifyFormat)format;
                unsigned n = server_requests(w->server);
                hook_configure(w, "fine");
                char message[256];
                text_printable(hostile, strlen(hostile), message,
                               sizeof(message)); /* as faults are */
                hook_change(w, &hook_edge_a, hostile, OUTCOME_SYNCED, OUTCOME_FAILED, message);
                hook_change(w, &hook_edge_b, "b", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
                hook_await_requests(w, n + 1);
                _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
                _cleanup_(cleanup_free) char *text = cJSON_PrintUnformatted(body);
                assert_null(strchr(text, '\x1b'));
                assert_null(strstr(text, "\xe2\x80\xae"));
                if (format == CONFIG_NOTIFY_SLACK) {
                        assert_null(strstr(text, "<!channel>"));
                        assert_non_null(strstr(text, "&lt;!channel&gt;"));
                } else {
                        assert_non_null(strstr(text, "<!channel>"));
                }
                if (format == CONFIG_NOTIFY_ALERTMANAGER) {
                        const cJSON *labels =
                                cJSON_GetObjectItem(cJSON_GetArrayItem(body, 1), "labels");
                        assert_string_equal(hook_string_of(labels, "name"), "b");
                        assert_string_equal(hook_string_of(labels, "instance"), "");
                        assert_string_equal(hook_string_of(labels, "catalog"),
                                            "catalog.example:8443");
                        assert_string_equal(hook_string_of(cJSON_GetArrayItem(body, 0), "endsAt"),
                                            "2023-11-21T22:13:20Z");
                        assert_string_equal(hook_string_of(cJSON_GetArrayItem(body, 1), "endsAt"),
                                            "2023-11-13T22:13:20Z");
                }
        }
}

/* Names are one only where every byte is. */
static void names_that_look_alike_are_two(void **state)
{
        HookBench *w = *state;
        for (unsigned format = 0; format < CONFIG_NOTIFY_FORMATS; format++) {
                w->config.notify.format = (ConfigNotifyFormat)format;
                unsigned n = server_requests(w->server);
                hook_configure(w, "fine");
                hook_change(w, &hook_edge_a, "sales  db", OUTCOME_SYNCED, OUTCOME_FAILED, "403");
                hook_change(w, &hook_edge_b, "sales db", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
                hook_await_requests(w, n + 1);
                _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
                _cleanup_(cleanup_free) char *text = cJSON_PrintUnformatted(body);
                assert_non_null(strstr(text, "failed: 403"));
                if (format == CONFIG_NOTIFY_JSON || format == CONFIG_NOTIFY_ALERTMANAGER)
                        assert_non_null(strstr(text, "\"name\":\"sales  db\""));
                hook_change(w, &hook_edge_a, "sales  db", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
                hook_await_requests(w, n + 2);
        }
}

static void a_template_is_the_receivers_own(void **state)
{
        HookBench *w = *state;
        w->config.notify.template_file = w->template_file;
        hook_write_file(w->template_file,
                        "{\"msg\": \"{{text}}\", \"of\": [{{#events}}\"{{catalog}} {{name}} "
                        "{{state}}\"{{/events}}]}");
        hook_configure(w, "fine");
        hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        hook_await_requests(w, 1);
        assert_non_null(strstr(w->server->log, "\"of\": [\"catalog.example:8443 a failed\"]}"));
}

static void what_cannot_be_used_is_said_and_nobody_is_told(void **state)
{
        static const struct {
                const char *url, *template, *ca_file, *logged;
        } cases[] = {
                {.url = "http://192.0.2.1/" HOOK_TOKEN,
                 .logged = "does not hold an address https://HOST/PATH"},
                {.url = "https://user:" HOOK_TOKEN "@h/", .logged = "does not hold an address"},
                {.url = "file:///" HOOK_TOKEN, .logged = "does not hold an address"},
                {.url = HOOK_TOKEN, .logged = "does not hold an address"},
                {.url = "https://h/" HOOK_TOKEN,
                 .template = "{\"text\":\"{{txt}}\"}",
                 .logged = "is no field, or one of events"},
                {.url = "https://h/" HOOK_TOKEN,
                 .template = "{\"text\":\"{{name}}\"}",
                 .logged = "{{name}} is no field, or one of events outside of"},
                {.url = "https://h/" HOOK_TOKEN,
                 .template = "{\"text\":\"{{text\"}",
                 .logged = "has no }}"},
                {.url = "https://h/" HOOK_TOKEN,
                 .template = "[{{#events}}1]",
                 .logged = "{{#events}} has no {{/events}}"},
                {.url = "https://h/" HOOK_TOKEN,
                 .template = "{\"text\":{{text}}}",
                 .logged = "what it gives is no JSON"},
                {.url = "https://h/" HOOK_TOKEN,
                 .ca_file = "/nonexistent/ca.pem",
                 .logged = "ca_file of [notify]: /nonexistent/ca.pem cannot be read"},
                {.url = "https://h/" HOOK_TOKEN,
                 .ca_file = "/etc/hostname",
                 .logged = "ca_file of [notify]: /etc/hostname holds no certificate"},
        };
        HookBench *w = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                w->config.notify.template_file = cases[i].template ? w->template_file : NULL;
                if (cases[i].template)
                        hook_write_file(w->template_file, cases[i].template);
                hook_write_file(w->url_file, cases[i].url);
                w->config.notify.ca_file = (char *)cases[i].ca_file;
                assert_int_equal(truncate(w->log_file, 0), 0);
                notify_configure(&w->notify, NULL, &w->config);
                hook_await_log(w, "nobody is told what has changed: ");
                hook_await_log(w, cases[i].logged);
                assert_null(strstr(hook_read_log(w), HOOK_TOKEN));
                hook_change(w, &hook_edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
                assert_null(w->notify.http);
        }
        assert_int_equal(server_requests(w->server), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, hook_setup, hook_teardown)
        const struct CMUnitTest tests[] = {
                TEST(more_than_a_message_holds_is_counted_and_follows),
                TEST(teams_is_sent_no_more_than_it_takes),
                TEST(of_alerts_none_is_left_out),
                TEST(of_alerts_that_wait_the_last_state_counts),
                TEST(an_alert_of_an_edge_that_is_renamed_or_retired_ends),
                TEST(an_alert_of_each_name_that_an_edge_had_ends),
                TEST(an_alert_ends_under_the_catalog_under_which_it_was_told),
                TEST(an_alert_of_an_edge_that_fails_for_long_is_kept_up),
                TEST(an_alert_begins_and_ends_whatever_the_clocks_say),
                TEST(an_alert_of_a_peer_is_kept_up_and_ends_soon),
                TEST(an_alert_of_a_peer_ends_when_it_answers_after_a_start),
                TEST(an_alert_of_a_peer_counts_for_longer_than_the_time_between_messages),
                TEST(an_alert_that_is_told_again_waits_for_a_receiver_that_is_away),
                TEST(every_format_is_json_whatever_is_in_it),
                TEST(names_that_look_alike_are_two),
                TEST(a_template_is_the_receivers_own),
                TEST(what_cannot_be_used_is_said_and_nobody_is_told),
        };
        return cmocka_run_group_tests_name("notify_formats", tests, NULL, NULL);
}
