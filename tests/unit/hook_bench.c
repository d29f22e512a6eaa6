#include "unit/hook_bench.h"
#include "base/duration.h"
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
#include <unistd.h>

#include <cmocka.h>

#define ANSWER(status, headers, body)                                                              \
        "HTTP/1.1 " status "\r\nContent-Length: " #body "\r\n" headers "\r\n"

static const Script scripts[] = {
        {.path = "/" HOOK_TOKEN "/fine", .bytes = ANSWER("200 OK", "", 2) "ok"},
        {.path = "/" HOOK_TOKEN "/none", .bytes = "HTTP/1.1 204 No Content\r\n\r\n"},
        {.path = "/" HOOK_TOKEN "/broken", .bytes = ANSWER("500 Internal Server Error", "", 0)},
        {.path = "/" HOOK_TOKEN "/busy", .bytes = ANSWER("429 Too Many", "Retry-After: 1\r\n", 0)},
        {.path = "/" HOOK_TOKEN "/never", .bytes = ANSWER("503 Busy", "Retry-After: 86400\r\n", 0)},
        {.path = "/" HOOK_TOKEN "/gone", .bytes = ANSWER("404 Not Found", "", 0)},
        {.path = "/" HOOK_TOKEN "/unfit", .bytes = ANSWER("400 Bad Request", "", 0)},
        {.path = "/" HOOK_TOKEN "/moved",
         .bytes = ANSWER("302 Found", "Location: /followed\r\n", 0)},
        {.path = "/" HOOK_TOKEN "/huge",
         .bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
         .flood = "nonsense ",
         .end = SCRIPT_FLOOD},
        {.path = "/" HOOK_TOKEN "/slow", .bytes = "", .end = SCRIPT_HANG},
        {.path = "/" HOOK_TOKEN "/gate", .bytes = ANSWER("200 OK", "", 2) "ok", .end = SCRIPT_GATE},
        {.path = NULL},
};

const Uuid hook_edge_a = {{1}}, hook_edge_b = {{2}};

static ServiceSnapshot take(void *userdata)
{
        return ((HookBench *)userdata)->snapshot;
}

static unsigned index_of(const HookBench *w, const Uuid *edge)
{
        unsigned i = 0;
        while (i < w->n_edges && !uuid_equal(&w->edges[i], edge))
                i++;
        return i;
}

static const ConfigEdge *find_edge(const Uuid *edge, void *userdata)
{
        static ConfigEdge found;
        HookBench *w = userdata;
        unsigned i = index_of(w, edge);
        found.name = w->names[i];
        return i == w->n_edges || w->retired[i] ? NULL : &found;
}

void hook_write_file(const char *path, const char *text)
{
        FILE *f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(chmod(path, 0600), 0);
}

char *hook_read_log(const HookBench *w)
{
        static char text[65536];
        FILE *f = fopen(w->log_file, "re");
        assert_non_null(f);
        text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
        (void)fclose(f);
        return text;
}

void hook_configure(HookBench *w, const char *path)
{
        char url[256];
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/" HOOK_TOKEN "/%s\n", w->server->port,
                       path);
        hook_write_file(w->url_file, url);
        notify_configure(&w->notify, NULL, &w->config);
}

int hook_setup(void **state)
{
        HookBench *w = calloc(1, sizeof(*w));
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
        w->snapshot.registering = true; /* of no peer it is known whether it answers */
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
int hook_teardown(void **state)
{
        HookBench *w = *state;
        notify_done(&w->notify);
        (void)dup2(w->saved_stderr, STDERR_FILENO);
        (void)close(w->saved_stderr);
        bool tells = strstr(hook_read_log(w), HOOK_TOKEN) != NULL;
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

void hook_restart(HookBench *w, const char *path)
{
        notify_done(&w->notify);
        notify_init(&w->notify, w->event, take, find_edge, w);
        hook_configure(w, path);
}

static unsigned name_edge(HookBench *w, const Uuid *edge, const char *name)
{
        unsigned i = index_of(w, edge);
        assert_true(i < HOOK_EDGES_MAX);
        w->n_edges = i == w->n_edges ? i + 1 : w->n_edges;
        w->edges[i] = *edge;
        w->retired[i] = name == NULL;
        (void)snprintf(w->names[i], sizeof(w->names[i]), "%s", name ? name : "");
        return i;
}

void hook_rename(HookBench *w, const Uuid *edge, const char *name)
{
        (void)name_edge(w, edge, name);
        notify_edges_changed(&w->notify);
}

void hook_change(HookBench *w, const Uuid *edge, const char *name, SyncOutcome before,
                 SyncOutcome outcome, const char *message)
{
        Fault fault = fault_none;
        if (message)
                fault_set(&fault, FAULT_RUN, EACCES, CODE_CATALOG_FORBIDDEN, "%s", message);
        EndedRun *last = &w->last[name_edge(w, edge, name)],
                 of_before = {.run_id = last->run_id, .outcome = before};
        if (before != last->outcome) /* another instance's */
                of_before.run_id = before == OUTCOME_NONE ? 0 : ++w->n_runs;
        *last = (EndedRun){.run_id = ++w->n_runs, .outcome = outcome};
        notify_edge(&w->notify, edge, &of_before, last, &fault);
}

void hook_change_many(HookBench *w, unsigned n, SyncOutcome before, SyncOutcome outcome,
                      const char *message)
{
        for (unsigned i = 0; i < n; i++) {
                Uuid edge = {{(uint8_t)i, 7}};
                char name[16];
                (void)snprintf(name, sizeof(name), "e%u", i);
                hook_change(w, &edge, name, before, outcome, message);
        }
}

size_t hook_count_untold(const HookBench *w)
{
        return subjects_count_untold(&w->notify.subjects);
}

void hook_age(HookBench *w, uint64_t usec)
{
        NotifySubject *s;
        TAILQ_FOREACH(s, &w->notify.subjects, others) {
                s->told_usec -= s->told_usec ? usec : 0; /* may be before the boot */
                s->pause_usec -= s->pause_usec > usec ? usec : 0;
        }
}

void hook_await_begun(HookBench *w, unsigned n)
{
        for (int i = 0; i < 2000 && server_requests(w->server) < n; i++)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        assert_true(server_requests(w->server) >= n);
}

void hook_await_requests(HookBench *w, unsigned n)
{
        for (int i = 0; i < 2000; i++) {
                if (server_requests(w->server) >= n && !w->notify.transfer)
                        return;
                assert_true(sd_event_run(w->event, 5000) >= 0);
        }
        fail_msg("%u requests, not %u: %s", server_requests(w->server), n, hook_read_log(w));
}

void hook_await_log(HookBench *w, const char *words)
{
        for (int i = 0; i < 2000 && !strstr(hook_read_log(w), words); i++)
                assert_true(sd_event_run(w->event, 5000) >= 0);
        if (!strstr(hook_read_log(w), words))
                fail_msg("not \"%s\": %s", words, hook_read_log(w));
}

cJSON *hook_last_body(HookBench *w)
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

const char *hook_string_of(const cJSON *object, const char *name)
{
        const char *text = NULL;
        assert_int_equal(json_get_string(object, name, &text), 0);
        return text;
}

const cJSON *hook_event_of(const cJSON *body, int i)
{
        const cJSON *events;
        assert_int_equal(json_get_array(body, "events", &events), 0);
        return cJSON_GetArrayItem(events, i);
}

void hook_await_text(HookBench *w, const char *text)
{
        hook_await_requests(w, server_requests(w->server) + 1);
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        assert_string_equal(hook_string_of(body, "text"), text);
}

unsigned hook_count_alerts(HookBench *w, const char *word)
{
        unsigned n = 0;
        _cleanup_(cleanup_json) cJSON *body = hook_last_body(w);
        const cJSON *alert;
        cJSON_ArrayForEach(alert, body)
        {
                const char *state =
                        hook_string_of(cJSON_GetObjectItem(alert, "annotations"), "state");
                n += strcmp(state, word) == 0;
        }
        return n;
}
