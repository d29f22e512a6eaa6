/*
 * hook_bench: notify (src/daemon/notify.h) on a loop, with a real receiver that answers as its path
 * says. What is logged goes to a file; nothing of the receiver's address may be in it.
 */
#pragma once

#include "catalog/json.h"
#include "daemon/notify.h"
#include "unit/http_server.h"

#define HOOK_TOKEN "T0KEN-correct-horse"

enum { HOOK_EDGES_MAX = 300 };

typedef struct HookBench {
        Server *server;
        sd_event *event;
        Notify notify;
        Config config;
        ServiceSnapshot snapshot;
        Uuid edges[HOOK_EDGES_MAX]; /* that a sync of has ended; the last one's name */
        char names[HOOK_EDGES_MAX][64];
        bool retired[HOOK_EDGES_MAX];
        EndedRun last[HOOK_EDGES_MAX]; /* that was seen here */
        int64_t n_runs;
        unsigned n_edges;
        char folder[64], url_file[96], template_file[96], log_file[96];
        int saved_stderr;
} HookBench;

extern const Uuid hook_edge_a, hook_edge_b;

/* Of a test of cmocka. */
int hook_setup(void **state);
int hook_teardown(void **state);

void hook_write_file(const char *path, const char *text);

/* The receiver is /TOKEN/path from now on: fine, none, broken, busy, never, gone, unfit, moved,
 * huge, slow, gate. */
void hook_configure(HookBench *w, const char *path);

void hook_restart(HookBench *w, const char *path); /* of the instance */

/* A sync of the edge has ended; message: with that fault. Where `before` is not how the one before
 * ended here, another instance has synced it since. */
void hook_change(HookBench *w, const Uuid *edge, const char *name, SyncOutcome before,
                 SyncOutcome outcome, const char *message);

/* From `before` to `outcome`, each of n edges e0, e1, … */
void hook_change_many(HookBench *w, unsigned n, SyncOutcome before, SyncOutcome outcome,
                      const char *message);

/* NULL: it is not synced any more. */
void hook_rename(HookBench *w, const Uuid *edge, const char *name);

size_t hook_count_untold(const HookBench *w);

/* All that was told is that much older than it is. */
void hook_age(HookBench *w, uint64_t usec);

/* Run the loop until so many requests have come; the second, until their answers were read, too. */
void hook_await_begun(HookBench *w, unsigned n);
void hook_await_requests(HookBench *w, unsigned n);
void hook_await_log(HookBench *w, const char *words);

/* The next message, of format json, has that text. */
void hook_await_text(HookBench *w, const char *text);

char *hook_read_log(const HookBench *w); /* of static storage */
cJSON *hook_last_body(HookBench *w);     /* of the last request; the caller frees it */
const char *hook_string_of(const cJSON *object, const char *name);
const cJSON *hook_event_of(const cJSON *body, int i);

/* How many alerts of the last request are in that state. */
unsigned hook_count_alerts(HookBench *w, const char *state);
