/*
 * Messages to a receiver: what goes into them, how often they go, what becomes of them when the
 * receiver is away, slow, refuses them or answers nonsense; and that nothing of its address is
 * logged.
 */
#include "base/duration.h"
#include "catalog/json.h"
#include "daemon/notify.h"
#include "unit/http_server.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TOKEN "T0KEN-correct-horse"
#define ANSWER(status, headers, body)                                                              \
        "HTTP/1.1 " status "\r\nContent-Length: " #body "\r\n" headers "\r\n"

static const Script scripts[] = {
        {.path = "/" TOKEN "/fine", .bytes = ANSWER("200 OK", "", 2) "ok"},
        {.path = "/" TOKEN "/none", .bytes = "HTTP/1.1 204 No Content\r\n\r\n"},
        {.path = "/" TOKEN "/broken", .bytes = ANSWER("500 Internal Server Error", "", 0)},
        {.path = "/" TOKEN "/busy", .bytes = ANSWER("429 Too Many", "Retry-After: 1\r\n", 0)},
        {.path = "/" TOKEN "/never", .bytes = ANSWER("503 Busy", "Retry-After: 86400\r\n", 0)},
        {.path = "/" TOKEN "/gone", .bytes = ANSWER("404 Not Found", "", 0)},
        {.path = "/" TOKEN "/moved", .bytes = ANSWER("302 Found", "Location: /followed\r\n", 0)},
        {.path = "/" TOKEN "/huge",
         .bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
         .flood = "nonsense ",
         .end = SCRIPT_FLOOD},
        {.path = "/" TOKEN "/slow", .bytes = "", .end = SCRIPT_HANG},
        {.path = "/" TOKEN "/gate", .bytes = ANSWER("200 OK", "", 2) "ok", .end = SCRIPT_GATE},
        {.path = NULL},
};

static const Uuid edge_a = {{1}}, edge_b = {{2}};
static const Fault none;

typedef struct World {
        Server *server;
        sd_event *event;
        Notify notify;
        Config config;
        ServiceSnapshot snapshot;
        const char *name_of_a; /* NULL: as before */
        bool without_b;
        char folder[64], url_file[96], template_file[96], log_file[96];
        int saved_stderr;
} World;

static ServiceSnapshot take(void *userdata)
{
        return ((World *)userdata)->snapshot;
}

/* By its own name, unless a test gives it another or takes it away. */
static const ConfigEdge *find_edge(const Uuid *edge, void *userdata)
{
        static ConfigEdge found;
        const World *w = userdata;
        const ToldEdge *e;
        LIST_FOREACH(e, &w->notify.told, others)
                if (uuid_equal(&e->edge, edge))
                        found.name = (char *)e->name;
        if (uuid_equal(edge, &edge_a) && w->name_of_a)
                found.name = (char *)w->name_of_a;
        return uuid_equal(edge, &edge_b) && w->without_b ? NULL : &found;
}

static void write_file(const char *path, const char *text)
{
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(chmod(path, 0600), 0);
}

static char *read_log(const World *w)
{
        static char text[65536];
        FILE *f = fopen(w->log_file, "re");
        assert_non_null(f);
        text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
        (void)fclose(f);
        return text;
}

static void configure(World *w, const char *path)
{
        char url[256];
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/" TOKEN "/%s\n", w->server->port,
                       path);
        write_file(w->url_file, url);
        notify_configure(&w->notify, &w->config);
}

static int setup(void **state)
{
        World *w = calloc(1, sizeof(*w));
        assert_non_null(w);
        *state = w;
        w->server = server_start(scripts);
        assert_int_equal(sd_event_new(&w->event), 0);
        (void)snprintf(w->folder, sizeof(w->folder), "/tmp/edgemirror-test-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        (void)snprintf(w->url_file, sizeof(w->url_file), "%s/url", w->folder);
        (void)snprintf(w->template_file, sizeof(w->template_file), "%s/template", w->folder);
        (void)snprintf(w->log_file, sizeof(w->log_file), "%s/log", w->folder);
        w->config.notify.url_file = w->url_file;
        w->config.notify.every_usec = 120 * USEC_PER_MSEC;
        w->config.daemon.instance = strdup("here:1");
        w->config.catalog.url = (char *)"https://catalog.example:8443/path";
        w->snapshot.now_usec = 1700000000 * (int64_t)USEC_PER_SEC;
        (void)fflush(stderr);
        w->saved_stderr = dup(STDERR_FILENO);
        int fd = open(w->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        assert_true(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
        (void)close(fd);
        notify_init(&w->notify, w->event, take, find_edge, w);
        return 0;
}

/* Nothing of the address may have been logged, whatever happened. */
static int teardown(void **state)
{
        World *w = *state;
        notify_done(&w->notify);
        (void)dup2(w->saved_stderr, STDERR_FILENO);
        (void)close(w->saved_stderr);
        bool tells = strstr(read_log(w), TOKEN) != NULL;
        server_open_gate(w->server);
        server_stop(w->server);
        sd_event_unref(w->event);
        (void)unlink(w->url_file);
        (void)unlink(w->template_file);
        (void)unlink(w->log_file);
        (void)rmdir(w->folder);
        free(w->config.daemon.instance);
        free(w);
        assert_false(tells);
        return 0;
}

static void change(World *w, const Uuid *edge, const char *name, SyncOutcome before,
                   SyncOutcome outcome, const char *message)
{
        Fault fault = none;
        if (message)
                fault_set(&fault, FAULT_RUN, EACCES, CODE_CATALOG_FORBIDDEN, "%s", message);
        notify_edge(&w->notify, edge, name, before, outcome, &fault);
}

static void await_requests_begun(World *w, unsigned n)
{
        for (int i = 0; i < 2000 && server_requests(w->server) < n; i++)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        assert_true(server_requests(w->server) >= n);
}

/* Runs the loop until so many requests have come and their answers were read. */
static void await_requests(World *w, unsigned n)
{
        for (int i = 0; i < 2000; i++) {
                if (server_requests(w->server) >= n && !w->notify.transfer)
                        return;
                assert_true(sd_event_run(w->event, 5000) >= 0);
        }
        fail_msg("%u requests, not %u: %s", server_requests(w->server), n, read_log(w));
}

static void await_log(World *w, const char *words)
{
        for (int i = 0; i < 2000 && !strstr(read_log(w), words); i++)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        if (!strstr(read_log(w), words))
                fail_msg("not \"%s\": %s", words, read_log(w));
}

/* The body of the last request, parsed. */
static cJSON *last_body(World *w)
{
        char *body = NULL;
        cJSON *json = NULL;
        for (char *at = w->server->log; (at = strstr(at, "\r\n\r\n")); at += 4)
                body = at + 4;
        assert_non_null(body);
        char *end = strstr(body, "POST /"); /* the next one's */
        assert_null(end);
        assert_int_equal(json_parse(body, strlen(body), &json), 0);
        return json;
}

static const char *string_of(const cJSON *object, const char *name)
{
        const char *text = NULL;
        assert_int_equal(json_get_string(object, name, &text), 0);
        return text;
}

static const cJSON *event_of(const cJSON *body, int i)
{
        const cJSON *events;
        assert_int_equal(json_get_array(body, "events", &events), 0);
        return cJSON_GetArrayItem(events, i);
}

static void what_changes_together_goes_together(void **state)
{
        World *w = *state;
        configure(w, "fine");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "403: forbidden");
        change(w, &edge_b, "b", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        await_requests(w, 1);
        _cleanup_(cleanup_json) cJSON *body = last_body(w);
        assert_string_equal(string_of(body, "instance"), "here:1");
        assert_string_equal(string_of(body, "catalog"), "catalog.example:8443");
        assert_string_equal(string_of(body, "status"), "firing");
        assert_string_equal(string_of(body, "text"), "edgemirror here:1\nedge a: failed: 403: "
                                                     "forbidden\nedge b: well again");
        assert_string_equal(string_of(event_of(body, 0), "state"), "failed");
        assert_string_equal(string_of(event_of(body, 0), "code"), "catalog-forbidden");
        assert_string_equal(string_of(event_of(body, 0), "time"), "2023-11-14T22:13:20Z");
        assert_string_equal(string_of(event_of(body, 1), "name"), "b");
        assert_string_equal(string_of(event_of(body, 1), "status"), "resolved");
        assert_string_equal(string_of(event_of(body, 1), "code"), "");
        assert_non_null(strstr(w->server->log, "Content-Type: application/json"));
}

static void what_is_as_before_is_not_told(void **state)
{
        World *w = *state;
        configure(w, "fine");
        change(w, &edge_a, "a", OUTCOME_NONE, OUTCOME_SYNCED, NULL);
        change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
        change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_ABORTED, "stopped");
        assert_int_equal(w->notify.queue.n, 0);
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "shortly");
        change(w, &edge_b, "b", OUTCOME_SYNCED, OUTCOME_HELD, "held");
        change(w, &edge_b, "b", OUTCOME_HELD, OUTCOME_UNSTABLE, "unstable");
        change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        await_requests(w, 1);
        _cleanup_(cleanup_json) cJSON *body = last_body(w);
        assert_string_equal(string_of(body, "text"),
                            "edgemirror here:1\nedge b: unstable: unstable");
        assert_null(event_of(body, 1));
}

static void messages_keep_their_distance(void **state)
{
        World *w = *state;
        configure(w, "none");
        w->notify.every_usec = 400 * USEC_PER_MSEC;
        uint64_t at[2];
        for (unsigned i = 0; i < 2; i++) {
                change(w, i ? &edge_b : &edge_a, "x", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
                await_requests(w, i + 1);
                at[i] = w->notify.sent_usec;
        }
        assert_true(at[1] - at[0] >= 400 * USEC_PER_MSEC);
}

static void peers_are_seen_to_go_and_come(void **state)
{
        World *w = *state;
        Fault fault;
        fault_set(&fault, FAULT_PEER, EACCES, CODE_CATALOG_UNAUTHORIZED, "401");
        fault.refused = true;
        configure(w, "fine");
        await_requests(w, 1); /* whether it is there */
        w->snapshot.catalog_fault = &fault;
        await_requests(w, 2);
        _cleanup_(cleanup_json) cJSON *refused = last_body(w);
        assert_string_equal(string_of(event_of(refused, 0), "kind"), "catalog");
        assert_string_equal(string_of(event_of(refused, 0), "state"), "refused");
        assert_string_equal(string_of(event_of(refused, 0), "text"),
                            "the catalog refuses the credentials: 401");
        w->snapshot.catalog_fault = NULL;
        fault.refused = false;
        w->snapshot.postgres_fault = &fault;
        await_requests(w, 3);
        _cleanup_(cleanup_json) cJSON *body = last_body(w);
        assert_string_equal(string_of(event_of(body, 0), "text"), "the catalog can be used again");
        assert_string_equal(string_of(event_of(body, 1), "state"), "away");
        assert_string_equal(string_of(event_of(body, 1), "kind"), "postgres");
}

/* What could not be told goes with what has changed since. */
static void a_receiver_that_is_away_delays_and_loses_nothing(void **state)
{
        static const struct {
                const char *path, *logged;
        } cases[] = {{"broken", "took no message (HTTP 500); 1 change to tell"},
                     {"busy", "took no message (HTTP 429); 1 change to tell"}};
        World *w = *state;
        unsigned n = 0;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                configure(w, cases[i].path);
                change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "once");
                await_log(w, cases[i].logged);
                change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_HELD, "twice");
                change(w, &edge_b, "b", OUTCOME_SYNCED, OUTCOME_FAILED, "beside");
                n = server_requests(w->server);
                configure(w, "fine");
                await_requests(w, n + 1);
                _cleanup_(cleanup_json) cJSON *body = last_body(w);
                assert_string_equal(string_of(body, "text"), "edgemirror here:1\nedge a: held: "
                                                             "twice\nedge b: failed: beside");
        }
        await_log(w, "the receiver of [notify] takes messages again");
        assert_int_equal(w->notify.queue.n, 0);
}

/* A gateway that gave up, or a message that a reload has cut: the receiver may have it. */
static void of_a_message_that_may_have_been_taken_the_last_state_is_told(void **state)
{
        static const SyncOutcome outcomes[] = {OUTCOME_SYNCED, OUTCOME_FAILED, OUTCOME_SYNCED};
        static const char *const texts[] = {"edgemirror here:1\nedge a: well again",
                                            "edgemirror here:1\nedge a: failed: again"};
        World *w = *state;
        for (size_t i = 0; i < 4; i++) {
                SyncOutcome before = outcomes[i % 2], after = outcomes[i % 2 + 1];
                bool cut = i >= 2;
                unsigned n = server_requests(w->server);
                configure(w, cut ? "slow" : "broken");
                change(w, &edge_a, "a", before, after, "x");
                await_requests_begun(w, n + 1);
                if (!cut)
                        await_requests(w, n + 1);
                change(w, &edge_a, "a", after, before, before == OUTCOME_FAILED ? "again" : NULL);
                n = server_requests(w->server);
                configure(w, "fine");
                await_requests(w, n + 1);
                _cleanup_(cleanup_json) cJSON *body = last_body(w);
                assert_string_equal(string_of(body, "text"), texts[i % 2]);
        }
}

static void one_that_cannot_be_reached_is_tried_again(void **state)
{
        World *w = *state;
        write_file(w->url_file, "http://127.0.0.1:1/" TOKEN);
        notify_configure(&w->notify, &w->config);
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        await_log(w, "took no message (http-connect); 1 change to tell, trying again");
        assert_true(timer_is_armed(&w->notify.timer));
        configure(w, "fine");
        await_requests(w, 1);
}

/* Before there is anything to tell, and of another one again. */
static void one_that_is_not_there_is_reported_at_once(void **state)
{
        World *w = *state;
        for (int i = 0; i < 2; i++) {
                for (int of_two = 0; of_two < 2; of_two++) {
                        write_file(w->url_file, "http://127.0.0.1:1/" TOKEN);
                        notify_configure(&w->notify, &w->config);
                        await_log(w, "the receiver of [notify] cannot be reached (http-connect), "
                                     "so nobody is told of changes; trying again in ");
                        assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
                }
                configure(w, "gone"); /* any answer will do */
                await_log(w, "the receiver of [notify] can be reached again");
                assert_non_null(strstr(w->server->log, "HEAD /" TOKEN "/gone "));
                assert_null(strstr(w->server->log, "POST "));
                assert_int_equal(ftruncate(STDERR_FILENO, 0), 0);
        }
}

/* What is to be told does not wait for the answer. */
static void who_is_asked_whether_it_is_there_holds_no_message_up(void **state)
{
        World *w = *state;
        configure(w, "slow");
        await_requests_begun(w, 1);
        assert_non_null(w->notify.transfer);
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        assert_null(w->notify.transfer);
        assert_true(timer_is_armed(&w->notify.timer));
}

static void one_that_refuses_loses_that_message_alone(void **state)
{
        static const char *const paths[] = {"gone", "moved"},
                                 *const logged[] = {
                                         "refuses a message (HTTP 404); 1 change to tell later",
                                         "refuses a message (HTTP 302); 1 change to tell later"};
        World *w = *state;
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                configure(w, paths[i]);
                change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "lost");
                await_log(w, logged[i]);
                unsigned n = server_requests(w->server);
                change(w, &edge_b, "b", OUTCOME_SYNCED, OUTCOME_FAILED, "not lost");
                configure(w, "fine");
                await_requests(w, n + 1);
                _cleanup_(cleanup_json) cJSON *body = last_body(w);
                assert_string_equal(string_of(body, "text"),
                                    "edgemirror here:1\nedge b: failed: not lost");
        }
        assert_null(strstr(w->server->log, "/followed"));
}

static void await_text(World *w, const char *text)
{
        await_requests(w, server_requests(w->server) + 1);
        _cleanup_(cleanup_json) cJSON *body = last_body(w);
        assert_string_equal(string_of(body, "text"), text);
}

/* Once, and as it is then: an edge by its next sync, a peer after a while, whether well or not. */
/* It fails (which is refused late), is well, and fails again: of the two that are told of in one
 * message, the later is no return to what the receiver believes. */
static void what_was_refused_is_told_although_it_is_as_the_refused_one_was(void **state)
{
        (void)state;
        NotifyEvent events[4] = {0};
        NotifyQueue queue = {.events = events, .most = 4};
        const NotifyEvent well = {
                .kind = NOTIFY_EDGE, .before = NOTIFY_FAILED, .state = NOTIFY_WELL};
        NotifyEvent failed = {.kind = NOTIFY_EDGE, .before = NOTIFY_WELL, .state = NOTIFY_FAILED};
        notify_queue_put(&queue, &well);
        notify_queue_put(&queue, &failed);
        assert_int_equal(queue.n, 0); /* as it was before */
        notify_queue_put(&queue, &well);
        failed.before = NOTIFY_UNKNOWN;
        notify_queue_put(&queue, &failed);
        assert_int_equal(queue.n, 1);
        assert_int_equal(queue.events[0].state, NOTIFY_FAILED);
}

static void what_was_refused_is_told_when_it_is_seen_next(void **state)
{
        World *w = *state;
        Fault fault;
        fault_set(&fault, FAULT_PEER, EACCES, CODE_CATALOG_UNAUTHORIZED, "401");
        w->snapshot.catalog_fault = &fault;
        configure(w, "gone");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        change(w, &edge_b, "b", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        await_log(w, "3 changes to tell later");
        configure(w, "fine");
        assert_int_equal(w->notify.queue.n, 0);
        change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
        change(w, &edge_b, "b", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
        w->notify.peers_usec[NOTIFY_CATALOG] -= 20 * USEC_PER_MINUTE;
        configure(w, "fine"); /* looks at once */
        await_text(w, "edgemirror here:1\nedge a: failed: still\nedge b: well again\n"
                      "the catalog cannot be used: 401");
        change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
        change(w, &edge_b, "b", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
        w->notify.peers_usec[NOTIFY_CATALOG] -= 20 * USEC_PER_MINUTE;
        configure(w, "fine");
        assert_int_equal(w->notify.queue.n, 0);
}

/* What was only counted was refused as well. */
static void what_was_refused_with_a_message_that_was_full_is_told_too(void **state)
{
        World *w = *state;
        configure(w, "gone");
        for (unsigned round = 0; round < 2; round++) {
                for (unsigned i = 0; i < 60; i++) {
                        Uuid edge = {{(uint8_t)i, 7}};
                        change(w, &edge, "x", round ? OUTCOME_FAILED : OUTCOME_SYNCED,
                               OUTCOME_FAILED, "x");
                }
                assert_int_equal(w->notify.queue.n, 50);
                assert_int_equal(w->notify.queue.n_more, 10);
                if (round == 0)
                        await_log(w, "60 changes to tell later");
        }
}

/* Nobody knows whether it was told; what is well is no news, but ends an alert. */
static void what_is_not_well_at_the_start_is_told_once(void **state)
{
        World *w = *state;
        configure(w, "fine");
        for (unsigned i = 0; i < 2; i++) {
                change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_FAILED, "still");
                change(w, &edge_b, "b", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
                if (i == 0)
                        await_text(w, "edgemirror here:1\nedge a: failed: still");
                assert_int_equal(w->notify.queue.n, 0);
        }
        notify_done(&w->notify);
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        notify_init(&w->notify, w->event, take, find_edge, w);
        configure(w, "fine");
        for (unsigned i = 0; i < 2; i++) {
                change(w, &edge_b, "b", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
                if (i == 0)
                        await_requests(w, server_requests(w->server) + 1);
                assert_int_equal(w->notify.queue.n, 0);
        }
}

/* While the address cannot be used, and until then. */
static void what_changed_while_nobody_could_be_told_is_told_then(void **state)
{
        World *w = *state;
        configure(w, "fine");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        await_text(w, "edgemirror here:1\nedge a: failed: x");
        write_file(w->url_file, "nowhere");
        notify_configure(&w->notify, &w->config);
        change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        configure(w, "fine");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_SYNCED, NULL);
        await_text(w, "edgemirror here:1\nedge a: well again");
}

static void an_answer_without_end_is_not_read_to_the_end(void **state)
{
        World *w = *state;
        configure(w, "huge");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        await_requests(w, 1);
        assert_int_equal(w->notify.queue.n, 0); /* it was taken */
}

/* What changes while a message is on its way goes with the next one. */
static void what_changes_meanwhile_follows(void **state)
{
        World *w = *state;
        configure(w, "gate");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        while (!w->notify.transfer)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        change(w, &edge_a, "a", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        server_open_gate(w->server);
        await_requests(w, 2);
        _cleanup_(cleanup_json) cJSON *body = last_body(w);
        assert_string_equal(string_of(body, "text"), "edgemirror here:1\nedge a: well again");
        assert_string_equal(string_of(body, "status"), "resolved");
}

static void one_that_does_not_answer_holds_no_stop_up(void **state)
{
        World *w = *state;
        configure(w, "slow");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        while (!w->notify.transfer)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        notify_done(&w->notify);
        await_log(w, "1 change not sent to the receiver of [notify]");
}

static void more_than_a_message_holds_is_counted(void **state)
{
        World *w = *state;
        configure(w, "fine");
        for (unsigned i = 0; i < 200; i++) {
                Uuid edge = {{(uint8_t)i, 7}};
                change(w, &edge, "x", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        }
        await_requests(w, 1);
        _cleanup_(cleanup_json) cJSON *body = last_body(w);
        assert_non_null(strstr(string_of(body, "text"), "… and 150 more; see edgemirror status"));
        assert_non_null(event_of(body, 49));
        assert_null(event_of(body, 50));
        assert_int_equal(w->notify.queue.n + w->notify.queue.n_more, 0);
        w->config.notify.format = CONFIG_NOTIFY_TEAMS; /* its lines are of one event each */
        configure(w, "fine");
        for (unsigned i = 0; i < 53; i++) {
                Uuid edge = {{(uint8_t)i, 7}};
                change(w, &edge, "x", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        }
        await_requests(w, 2);
        assert_non_null(strstr(w->server->log, "edgemirror here:1 … and 3 more; see edgemirror"));
}

/* It would refuse the message, and all of it would be lost. */
static void teams_is_sent_no_more_than_it_takes(void **state)
{
        World *w = *state;
        char error[800];
        memset(error, 'x', sizeof(error));
        error[sizeof(error) - 1] = '\0';
        w->config.notify.format = CONFIG_NOTIFY_TEAMS;
        configure(w, "fine");
        for (unsigned i = 0; i < 50; i++) {
                Uuid edge = {{(uint8_t)i, 7}};
                change(w, &edge, "e", OUTCOME_SYNCED, OUTCOME_FAILED, error);
        }
        await_requests(w, 1);
        _cleanup_(cleanup_json) cJSON *body = last_body(w);
        _cleanup_(cleanup_free) char *sent = cJSON_PrintUnformatted(body);
        assert_true(strlen(sent) > 5000 && strlen(sent) < 14000);
        assert_non_null(strstr(sent, "… and 38 more; see edgemirror status"));
        assert_int_equal(w->notify.queue.n, 0);
}

static unsigned alerts_of(World *w, const char *word)
{
        unsigned n = 0;
        _cleanup_(cleanup_json) cJSON *body = last_body(w);
        const cJSON *alert;
        cJSON_ArrayForEach(alert, body)
        {
                const char *state = string_of(cJSON_GetObjectItem(alert, "annotations"), "state");
                n += strcmp(state, word) == 0;
        }
        return n;
}

/* An alert that is counted only would never come, or never end: each is sent, without waiting. */
static void of_alerts_none_is_left_out(void **state)
{
        static const SyncOutcome outcomes[] = {OUTCOME_SYNCED, OUTCOME_FAILED, OUTCOME_SYNCED};
        static const char *const words[] = {"failed", "well"};
        World *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        for (size_t round = 0; round < ARRAY_SIZE(words); round++) {
                unsigned n = server_requests(w->server), alerts = 0;
                w->config.notify.every_usec = 120 * USEC_PER_MSEC;
                configure(w, "fine");
                for (unsigned i = 0; i < 120; i++) {
                        Uuid edge = {{(uint8_t)i, 7}};
                        change(w, &edge, "x", outcomes[round], outcomes[round + 1], "x");
                }
                w->notify.every_usec = USEC_PER_HOUR;
                for (unsigned i = 1; i <= 3; i++) {
                        await_requests(w, n + i);
                        alerts += alerts_of(w, words[round]);
                }
                assert_int_equal(alerts, 120);
                assert_int_equal(w->notify.queue.n + w->notify.queue.n_more, 0);
        }
}

/* What waits behind a full message that was not taken is merged with it, too. */
static void of_alerts_that_wait_the_last_state_counts(void **state)
{
        World *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        configure(w, "slow");
        for (unsigned i = 0; i < 60; i++) {
                Uuid edge = {{(uint8_t)i, 7}};
                /* seen before */
                (void)told_record(&w->notify.told, &edge, "x", NOTIFY_WELL, NOTIFY_WELL, false);
                change(w, &edge, "x", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        }
        while (!w->notify.transfer)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        for (unsigned i = 0; i < 58; i++) {
                Uuid edge = {{(uint8_t)i, 7}};
                change(w, &edge, "x", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
        }
        Uuid held = {{58, 7}};
        change(w, &held, "x", OUTCOME_FAILED, OUTCOME_HELD, "x");
        assert_int_equal(w->notify.queue.n, 102);
        unsigned n = server_requests(w->server);
        /* the message may have been taken; what waited behind it was not sent */
        configure(w, "fine");
        assert_int_equal(w->notify.queue.n, 52);
        w->notify.every_usec = USEC_PER_HOUR;
        await_requests(w, n + 1);
        assert_int_equal(alerts_of(w, "well"), 50);
        await_requests(w, n + 2);
        assert_int_equal(alerts_of(w, "failed"), 1);
        assert_int_equal(alerts_of(w, "held"), 1);
}

/* Nobody would ever say that it is well: under the name that it had. */
static void an_alert_of_an_edge_that_is_renamed_or_retired_ends(void **state)
{
        World *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        configure(w, "fine");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        change(w, &edge_b, "b", OUTCOME_SYNCED, OUTCOME_HELD, "x");
        await_requests(w, 1);
        assert_int_equal(alerts_of(w, "failed") + alerts_of(w, "held"), 2);
        w->name_of_a = "new";
        w->without_b = true;
        await_requests(w, 2);
        assert_int_equal(alerts_of(w, "well"), 2);
        assert_non_null(strstr(w->server->log, "\"edge a: is called new now\""));
        assert_non_null(strstr(w->server->log, "\"edge b: is not synced here any more\""));
        change(w, &edge_a, "new", OUTCOME_FAILED, OUTCOME_FAILED, "as before");
        await_requests(w, 3);
        assert_int_equal(alerts_of(w, "failed"), 1);
        change(w, &edge_a, "new", OUTCOME_FAILED, OUTCOME_FAILED, "as before");
        w->without_b = false;
        change(w, &edge_b, "b", OUTCOME_HELD, OUTCOME_SYNCED, NULL);
        assert_int_equal(w->notify.queue.n, 0);
        /* in one message: the alert of the name before ends all the same */
        w->name_of_a = "newer";
        change(w, &edge_a, "newer", OUTCOME_FAILED, OUTCOME_FAILED, "as before");
        await_requests(w, 4);
        assert_int_equal(alerts_of(w, "well"), 1);
        assert_int_equal(alerts_of(w, "failed"), 1);
}

/* Whoever starts after this instance does not know of its alerts: they end by themselves. */
static void an_alert_of_a_peer_is_kept_up_and_ends_soon(void **state)
{
        Fault fault = none;
        World *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        fault_set(&fault, FAULT_RUN, EACCES, CODE_CATALOG_UNAUTHORIZED, "401");
        w->snapshot.catalog_fault = &fault;
        configure(w, "fine");
        for (unsigned n = 1; n <= 3; n++) {
                await_requests(w, n);
                assert_int_equal(alerts_of(w, "away"), 1);
                _cleanup_(cleanup_json) cJSON *body = last_body(w);
                assert_string_equal(string_of(cJSON_GetArrayItem(body, 0), "endsAt"),
                                    "2023-11-14T23:13:20Z");
                w->notify.peers_usec[NOTIFY_CATALOG] -= 20 * USEC_PER_MINUTE;
        }
        w->snapshot.catalog_fault = NULL;
        await_requests(w, 4);
        assert_int_equal(alerts_of(w, "well"), 1);
        w->notify.peers_usec[NOTIFY_CATALOG] -= 20 * USEC_PER_MINUTE;
        w->config.notify.format = CONFIG_NOTIFY_JSON;
        w->snapshot.catalog_fault = &fault;
        configure(w, "fine");
        await_requests(w, 5);
        w->notify.peers_usec[NOTIFY_CATALOG] -= 20 * USEC_PER_MINUTE;
        configure(w, "fine"); /* looks at once */
        assert_int_equal(w->notify.queue.n, 0);
}

/* However often it is to be told again meanwhile. */
static void an_alert_that_is_told_again_waits_for_a_receiver_that_is_away(void **state)
{
        Fault fault = none;
        World *w = *state;
        w->config.notify.format = CONFIG_NOTIFY_ALERTMANAGER;
        fault_set(&fault, FAULT_RUN, EACCES, CODE_CATALOG_UNAUTHORIZED, "401");
        w->snapshot.catalog_fault = &fault;
        configure(w, "fine");
        await_requests(w, 1);
        for (int i = 0; i < 3; i++) {
                w->notify.peers_usec[NOTIFY_CATALOG] -= 20 * USEC_PER_MINUTE;
                configure(w, "never"); /* looks at once */
                assert_int_equal(w->notify.queue.n, 1);
        }
        configure(w, "fine");
        await_requests(w, 2);
        assert_int_equal(alerts_of(w, "away"), 1);
        w->notify.peers_usec[NOTIFY_CATALOG] -= 20 * USEC_PER_MINUTE;
        configure(w, "never");
        w->snapshot.catalog_fault = NULL;
        configure(w, "fine"); /* it was to be told again, and is well */
        await_requests(w, 3);
        assert_int_equal(alerts_of(w, "well"), 1);
}

static void a_long_pause_is_cut_and_named(void **state)
{
        World *w = *state;
        configure(w, "never");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        await_log(w, "took no message (HTTP 503); 1 change to tell, trying again in 1h");
        configure(w, "fine");
        await_requests(w, 1);
}

/* Names and messages come from outside. */
static void every_format_is_json_whatever_is_in_it(void **state)
{
        static const char hostile[] = "<!channel> \"},{\\ \x1b[2J\n\xe2\x80\xae\xff {{text}} & *b*";
        World *w = *state;
        for (unsigned format = 0; format < CONFIG_NOTIFY_FORMATS; format++) {
                w->config.notify.format = (ConfigNotifyFormat)format;
                unsigned n = server_requests(w->server);
                configure(w, "fine");
                char message[256];
                text_printable(hostile, strlen(hostile), message,
                               sizeof(message)); /* as faults are */
                change(w, &edge_a, hostile, OUTCOME_SYNCED, OUTCOME_FAILED, message);
                change(w, &edge_b, "b", OUTCOME_FAILED, OUTCOME_SYNCED, NULL);
                await_requests(w, n + 1);
                _cleanup_(cleanup_json) cJSON *body = last_body(w);
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
                        assert_string_equal(string_of(labels, "name"), "b");
                        assert_string_equal(string_of(labels, "instance"), "");
                        assert_string_equal(string_of(labels, "catalog"), "catalog.example:8443");
                        assert_string_equal(string_of(cJSON_GetArrayItem(body, 0), "endsAt"),
                                            "2023-11-21T22:13:20Z");
                        assert_string_equal(string_of(cJSON_GetArrayItem(body, 1), "endsAt"),
                                            "2023-11-14T22:13:20Z");
                }
        }
}

static void a_template_is_the_receivers_own(void **state)
{
        World *w = *state;
        w->config.notify.template_file = w->template_file;
        write_file(w->template_file,
                   "{\"msg\": \"{{text}}\", \"of\": [{{#events}}\"{{catalog}} {{name}} "
                   "{{state}}\"{{/events}}]}");
        configure(w, "fine");
        change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
        await_requests(w, 1);
        assert_non_null(strstr(w->server->log, "\"of\": [\"catalog.example:8443 a failed\"]}"));
}

static void what_cannot_be_used_is_said_and_nobody_is_told(void **state)
{
        static const struct {
                const char *url, *template, *ca_file, *logged;
        } cases[] = {
                {.url = "http://192.0.2.1/" TOKEN,
                 .logged = "does not hold an address https://HOST/PATH"},
                {.url = "https://user:" TOKEN "@h/", .logged = "does not hold an address"},
                {.url = "file:///" TOKEN, .logged = "does not hold an address"},
                {.url = TOKEN, .logged = "does not hold an address"},
                {.url = "https://h/" TOKEN,
                 .template = "{\"text\":\"{{txt}}\"}",
                 .logged = "is that of no field"},
                {.url = "https://h/" TOKEN,
                 .template = "{\"text\":\"{{name}}\"}",
                 .logged = "of one of events outside of"},
                {.url = "https://h/" TOKEN,
                 .template = "{\"text\":\"{{text\"}",
                 .logged = "a {{ has no }}"},
                {.url = "https://h/" TOKEN,
                 .template = "[{{#events}}1]",
                 .logged = "{{#events}} has no {{/events}}"},
                {.url = "https://h/" TOKEN,
                 .template = "{\"text\":{{text}}}",
                 .logged = "what it gives is no JSON"},
                {.url = "https://h/" TOKEN,
                 .ca_file = "/nonexistent/ca.pem",
                 .logged = "ca_file of [notify]: /nonexistent/ca.pem cannot be read"},
                {.url = "https://h/" TOKEN,
                 .ca_file = "/etc/hostname",
                 .logged = "ca_file of [notify]: /etc/hostname holds no certificate"},
        };
        World *w = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                w->config.notify.template_file = cases[i].template ? w->template_file : NULL;
                if (cases[i].template)
                        write_file(w->template_file, cases[i].template);
                write_file(w->url_file, cases[i].url);
                w->config.notify.ca_file = (char *)cases[i].ca_file;
                assert_int_equal(truncate(w->log_file, 0), 0);
                notify_configure(&w->notify, &w->config);
                await_log(w, "nobody is told what has changed: ");
                await_log(w, cases[i].logged);
                assert_null(strstr(read_log(w), TOKEN));
                change(w, &edge_a, "a", OUTCOME_SYNCED, OUTCOME_FAILED, "x");
                assert_int_equal(w->notify.queue.n, 0);
        }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
                TEST(one_that_refuses_loses_that_message_alone),
                TEST(what_was_refused_is_told_although_it_is_as_the_refused_one_was),
                TEST(what_was_refused_is_told_when_it_is_seen_next),
                TEST(what_was_refused_with_a_message_that_was_full_is_told_too),
                TEST(what_is_not_well_at_the_start_is_told_once),
                TEST(what_changed_while_nobody_could_be_told_is_told_then),
                TEST(an_answer_without_end_is_not_read_to_the_end),
                TEST(what_changes_meanwhile_follows),
                TEST(one_that_does_not_answer_holds_no_stop_up),
                TEST(more_than_a_message_holds_is_counted),
                TEST(teams_is_sent_no_more_than_it_takes),
                TEST(of_alerts_none_is_left_out),
                TEST(an_alert_of_an_edge_that_is_renamed_or_retired_ends),
                TEST(of_alerts_that_wait_the_last_state_counts),
                TEST(an_alert_of_a_peer_is_kept_up_and_ends_soon),
                TEST(an_alert_that_is_told_again_waits_for_a_receiver_that_is_away),
                TEST(a_long_pause_is_cut_and_named),
                TEST(every_format_is_json_whatever_is_in_it),
                TEST(a_template_is_the_receivers_own),
                TEST(what_cannot_be_used_is_said_and_nobody_is_told),
        };
        return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
