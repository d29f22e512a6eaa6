/*
 * A whole sync on its real runner, between a catalog and a PostgreSQL that say what the script
 * says: what it asks for, in which order, and what it leaves alone.
 */
#include "base/duration.h"
#include "mirror/lease.h"
#include "mirror/sql_embedded.h"
#include "pg/pg.h"
#include "sync/sync.h"
#include "unit/http_bench.h"
#include "unit/http_server.h"
#include "unit/pg_server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define API  "/rest/catalogDatabase/v1/databaseConnections"
#define JOB  "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define ROW_OF(number)                                                                             \
        "{\"id\":\"5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d1" #number "\",\"name\":\"row " #number       \
        "\",\"edgeConnectionId\":\"ed9e0000-0000-0000-0000-000000000000\"}"
#define EMPTY JSON "{\"total\":0,\"offset\":0,\"limit\":5,\"results\":[]}"
#define FIVE                                                                                       \
        JSON "{\"total\":5,\"offset\":0,\"limit\":5,\"results\":[" ROW_OF(0) "," ROW_OF(           \
                1) "," ROW_OF(2) "," ROW_OF(3) "," ROW_OF(4) "]}"
#define FIRST_PAGE "?edgeConnectionId=ed9e0000-0000-0000-0000-000000000000&offset=0&limit=5"
#define OTHERS                                                                                     \
        JSON "{\"total\":5,\"offset\":0,\"limit\":5,\"results\":[" ROW_OF(5) "," ROW_OF(           \
                6) "," ROW_OF(7) "," ROW_OF(8) "," ROW_OF(9) "]}"
#define DONE                                                                                       \
        JSON "{\"id\":\"" JOB                                                                      \
             "\",\"state\":\"COMPLETED\",\"result\":\"SUCCESS\",\"progressPercentage\":100}"

typedef struct World {
        Server *catalog_server;
        PgServer *pg_server;
        Bench http;
        Catalog *catalog;
        PgPool *pool;
        Mirror *mirror;
        Limiter limiter;
        SyncContext context;
        SyncOrder order;
        Sync *sync;
        unsigned n_reports;
        SyncReport report;
        char outcome[16], refresh[16];
        SyncPhase stop_in; /* sync_stop when this phase is told */
        bool stops;
        SyncPhase told;
} World;

static void begin(World *w, const Script *catalog, Answer *postgres)
{
        static char base_url[64];
        HttpClientOptions http = http_bench_options();
        *w = (World){.catalog_server = server_start(catalog),
                     .pg_server = pg_server_start(postgres)};
        bench_open(&w->http, &http);
        (void)snprintf(base_url, sizeof(base_url), "http://127.0.0.1:%d", w->catalog_server->port);
        const CatalogOptions options = {.base_url = base_url};
        assert_int_equal(catalog_new(w->http.client, &options, &w->catalog), 0);
        pg_server_open_mirror(w->pg_server, w->http.event, &w->pool, &w->mirror);
        limiter_init(&w->limiter, 1);
        w->context = (SyncContext){.event = w->http.event,
                                   .catalog = w->catalog,
                                   .mirror = w->mirror,
                                   .limiter = &w->limiter,
                                   .lease_usec = 60 * USEC_PER_SEC,
                                   .patience_usec = USEC_PER_SEC};
        w->order = (SyncOrder){.edge = {.bytes = {0xed, 0x9e}},
                               .name = "main",
                               .trigger = MIRROR_TRIGGER_MANUAL,
                               .settings = {.refresh = true,
                                            .polling = {.poll_min_usec = USEC_PER_MSEC,
                                                        .poll_max_usec = USEC_PER_MSEC,
                                                        .wait_timeout_usec = 10 * USEC_PER_SEC,
                                                        .job_timeout_usec = 10 * USEC_PER_SEC},
                                            .list_timeout_usec = 60 * USEC_PER_SEC,
                                            .page_size = 5}};
}

static void finish(World *w)
{
        w->sync = sync_free(w->sync);
        w->mirror = mirror_free(w->mirror);
        w->pool = pg_pool_free(w->pool);
        (void)catalog_free(w->catalog);
        bench_close(&w->http);
        server_stop(w->catalog_server);
        pg_server_stop(w->pg_server);
}

static void on_progress(const SyncProgress *progress, void *userdata)
{
        World *w = userdata;
        if (!w->stops || !w->sync || progress->phase != w->stop_in)
                return;
        w->stops = false;
        sync_stop(w->sync);
}

static void on_done(const SyncReport *report, void *userdata)
{
        World *w = userdata;
        w->n_reports++;
        w->report = *report;
        (void)snprintf(w->outcome, sizeof(w->outcome), "%s", sync_outcome_name(report->outcome));
        (void)snprintf(w->refresh, sizeof(w->refresh), "%s",
                       report->refresh ? sync_refresh_name(report->refresh) : "");
        sync_stop(w->sync); /* asks for nothing any more */
}

static void run(World *w)
{
        assert_int_equal(sync_start(&w->context, &w->order, on_progress, on_done, w, &w->sync), 0);
        while (w->n_reports == 0)
                assert_true(sd_event_run(w->http.event, 30 * USEC_PER_SEC) > 0);
        while (sd_event_run(w->http.event, 0) > 0)
                ;
        assert_int_equal(w->n_reports, 1);
}

/* How many requests were for this, method and all. */
static unsigned asked(World *w, const char *words)
{
        unsigned n = 0;
        pthread_mutex_lock(&w->catalog_server->lock);
        for (const char *at = w->catalog_server->log; (at = strstr(at, words)); at += strlen(words))
                n++;
        pthread_mutex_unlock(&w->catalog_server->lock);
        return n;
}

#define ROW(statement, row)                                                                        \
        {                                                                                          \
                .words = (statement), .rows = 1, .columns = sizeof(row) / sizeof((row)[0]),        \
                .values = (row)                                                                    \
        }

static const char *const claimed[] = {"t",  "7",  "3",  "f",  NULL, NULL, NULL,
                                      NULL, NULL, NULL, NULL, NULL, NULL, NULL};
static const char *const one[] = {"1"};
static const char *const unchanged[] = {"t", "t", "0", "f"};
static const char *const changed[] = {"t", "f", NULL, "t"};
static const char *const edges[] = {"f", "9", NULL, "2026-01-02T03:04:05.000000Z"};
/* none is known, and all are written */
static const char *const compared[] = {"9", "0", "0", "10", "0", NULL, "10", "0",
                                       "0", "0", "0", "0",  "0", "0",  "0"};
static const char *const written[] = {"0", NULL, "10", "10", "0", "0", "0", "0"};
static const char *const finished[] = {NULL};

#define JOURNAL ROW(sql_progress, one), ROW(sql_finish, one)

static void a_sync_without_trouble_asks_for_what_it_needs(void **state)
{
        (void)state;
        const Script catalog[] = {{API "/refresh",
                                   "HTTP/1.1 202 Accepted\r\nContent-Type: "
                                   "application/json\r\nConnection: close\r\n\r\n{\"id\":\"" JOB
                                   "\",\"state\":\"WAITING\"}",
                                   0, NULL, SCRIPT_CLOSE},
                                  {"/rest/jobs/v1/jobs/" JOB, DONE, 0, NULL, SCRIPT_CLOSE},
                                  {API, EMPTY, 0, NULL, SCRIPT_CLOSE},
                                  {0}};
        Answer postgres[] = {
                ROW(sql_claim, claimed), JOURNAL, ROW(sql_apply_unchanged, unchanged), {0}};
        World w;
        begin(&w, catalog, postgres);
        run(&w);
        assert_string_equal(w.report.fault.message, "");
        assert_string_equal(w.outcome, "synced");
        assert_string_equal(w.refresh, "clean");
        assert_int_equal(asked(&w, "POST " API "/refresh?"), 1);
        assert_int_equal(asked(&w, "GET /rest/jobs/v1/jobs/" JOB " "), 1);
        assert_int_equal(pg_server_count(w.pg_server, sql_apply_unchanged), 1);
        /* the apply has ended the run */
        assert_int_equal(pg_server_count(w.pg_server, sql_finish), 0);
        finish(&w);
}

/* An answer to the refresh without a body: the job's id is that of the Location, which is followed
 * only to the catalog itself. */
static void a_job_is_known_by_the_location_alone(void **state)
{
        (void)state;
#define ACCEPTED(location)                                                                         \
        "HTTP/1.1 202 Accepted\r\n" location "Content-Length: 0\r\nConnection: close\r\n\r\n"
        static const struct {
                const char *refresh, *job, *asked;
        } cases[] = {
                {ACCEPTED("Location: /jobs/here/" JOB "\r\n"), "clean", "GET /jobs/here/" JOB " "},
                {ACCEPTED("Location: https://elsewhere.example/jobs/" JOB "\r\n"), "clean",
                 "GET /rest/jobs/v1/jobs/" JOB " "},
                {ACCEPTED("Location: /jobs/here\r\n"), "unknown", NULL},
                {ACCEPTED(""), "unknown", NULL},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const Script catalog[] = {{API "/refresh", cases[i].refresh, 0, NULL, SCRIPT_CLOSE},
                                          {"/jobs/here/" JOB, DONE, 0, NULL, SCRIPT_CLOSE},
                                          {"/rest/jobs/v1/jobs/" JOB, DONE, 0, NULL, SCRIPT_CLOSE},
                                          {API, EMPTY, 0, NULL, SCRIPT_CLOSE},
                                          {0}};
                Answer postgres[] = {
                        ROW(sql_claim, claimed), JOURNAL, ROW(sql_apply_unchanged, unchanged), {0}};
                World w;
                begin(&w, catalog, postgres);
                run(&w);
                assert_string_equal(w.outcome, "synced");
                assert_string_equal(w.refresh, cases[i].job);
                assert_int_equal(w.report.has_job, cases[i].asked != NULL);
                assert_int_equal(asked(&w, "POST "), 1);
                assert_int_equal(asked(&w, JOB " "), cases[i].asked != NULL);
                if (cases[i].asked)
                        assert_int_equal(asked(&w, cases[i].asked), 1);
                finish(&w);
        }
}

/* The claim was answered too late: who has the lease now may refresh already. */
static void a_lease_that_ran_out_before_the_refresh_begins_none(void **state)
{
        (void)state;
        const Script catalog[] = {{0}};
        Answer postgres[] = {ROW(sql_claim, claimed), JOURNAL, {0}};
        World w;
        begin(&w, catalog, postgres);
        w.context.lease_usec = 1;
        run(&w);
        assert_string_equal(w.outcome, "aborted");
        assert_string_equal(fault_code_name(w.report.fault.code), "lease-lost");
        assert_int_equal(server_requests(w.catalog_server), 0);
        assert_int_equal(pg_server_count(w.pg_server, sql_apply_unchanged), 0);
        finish(&w);
}

static void on_gate(const HttpResponse *response, void *userdata)
{
        *(int *)userdata = response->status;
}

static void on_phase_note(const SyncProgress *progress, void *userdata)
{
        World *w = userdata;
        w->told = progress->phase;
}

/* The refresh waits for its turn while the process is stopped for longer than the lease lasts, and
 * no note comes through. */
static void a_lease_that_ran_out_while_the_refresh_waits_sends_none(void **state)
{
        (void)state;
        static const uint64_t leases[] = {300 * USEC_PER_MSEC, 60 * USEC_PER_SEC};
        for (size_t i = 0; i < ARRAY_SIZE(leases); i++) {
                const Script catalog[] = {{"/gate", EMPTY, 0, NULL, SCRIPT_GATE},
                                          {API "/refresh", ACCEPTED(""), 0, NULL, SCRIPT_CLOSE},
                                          {API, EMPTY, 0, NULL, SCRIPT_CLOSE},
                                          {0}};
                Answer postgres[] = {ROW(sql_claim, claimed),
                                     {.words = sql_progress, .kind = ANSWER_ERROR, .text = "57014"},
                                     ROW(sql_finish, one),
                                     ROW(sql_apply_unchanged, unchanged),
                                     {0}};
                World w;
                char url[128];
                int gate = 0;
                HttpTransfer *first;
                begin(&w, catalog, postgres);
                w.context.lease_usec = leases[i];
                HttpRequest request =
                        bench_request(url, sizeof(url), "http", w.catalog_server->port, "/gate");
                for (int k = 0; k < (int)http_bench_options().max_in_flight; k++)
                        assert_int_equal(
                                http_start(w.http.client, &request, on_gate, &gate, &first), 0);
                assert_int_equal(
                        sync_start(&w.context, &w.order, on_phase_note, on_done, &w, &w.sync), 0);
                while (w.told != SYNC_PHASE_REFRESH)
                        assert_true(sd_event_run(w.http.event, 30 * USEC_PER_SEC) > 0);
                usleep(400 * 1000);
                server_open_gate(w.catalog_server);
                while (w.n_reports == 0)
                        assert_true(sd_event_run(w.http.event, 30 * USEC_PER_SEC) > 0);
                assert_int_equal(gate, 200);
                assert_int_equal(asked(&w, "POST "), i);
                assert_string_equal(w.outcome, i == 0 ? "aborted" : "synced");
                assert_int_equal(w.report.fault.code, i == 0 ? CODE_LEASE_LOST : 0);
                finish(&w);
        }
}

/* It has left, and has begun a job, whatever became of the lease meanwhile. */
static void a_refresh_that_was_sent_is_never_taken_for_unsent(void **state)
{
        (void)state;
        const Script catalog[] = {{API "/refresh", ACCEPTED("Location: /jobs/here/" JOB "\r\n"), 0,
                                   NULL, SCRIPT_GATE},
                                  {"/jobs/here/" JOB, DONE, 0, NULL, SCRIPT_CLOSE},
                                  {API, EMPTY, 0, NULL, SCRIPT_CLOSE},
                                  {0}};
        Answer postgres[] = {ROW(sql_claim, claimed),
                             {.words = sql_progress, .kind = ANSWER_ERROR, .text = "57014"},
                             ROW(sql_finish, one),
                             ROW(sql_apply_unchanged, unchanged),
                             {0}};
        World w;
        begin(&w, catalog, postgres);
        w.context.lease_usec = 2 * USEC_PER_SEC;
        assert_int_equal(sync_start(&w.context, &w.order, on_progress, on_done, &w, &w.sync), 0);
        while (server_requests(w.catalog_server) == 0)
                assert_true(sd_event_run(w.http.event, 10 * USEC_PER_MSEC) >= 0);
        usleep(2100 * 1000);
        server_open_gate(w.catalog_server);
        while (w.n_reports == 0)
                assert_true(sd_event_run(w.http.event, 30 * USEC_PER_SEC) > 0);
        assert_string_equal(w.outcome, "synced");
        assert_string_equal(w.refresh, "clean");
        assert_true(w.report.has_job);
        assert_int_equal(asked(&w, "GET /jobs/here/" JOB " "), 1);
        finish(&w);
}

/* The url was changed since the job was begun: its address is at another host and is not followed;
 * the id is enough. */
static void a_job_that_is_taken_up_is_not_looked_for_at_another_origin(void **state)
{
        (void)state;
        static const char *const nowhere[] = {"t",  "7",  "3",  "t",  JOB,  NULL, NULL,
                                              NULL, NULL, NULL, NULL, NULL, NULL, NULL};
        static const char *const resumed[] = {
                "t", "7",  "3",  "t",  JOB, "https://elsewhere.example/jobs/" JOB, NULL, NULL, NULL,
                "5", NULL, NULL, NULL, NULL};
        const Script catalog[] = {{"/rest/jobs/v1/jobs/" JOB, DONE, 0, NULL, SCRIPT_CLOSE},
                                  {API, EMPTY, 0, NULL, SCRIPT_CLOSE},
                                  {0}};
        for (int known = 0; known < 2; known++) {
                Answer elsewhere = ROW(sql_claim, resumed), without = ROW(sql_claim, nowhere);
                Answer postgres[] = {known ? elsewhere : without,
                                     JOURNAL,
                                     ROW(sql_apply_unchanged, unchanged),
                                     {0}};
                World w;
                begin(&w, catalog, postgres);
                run(&w);
                assert_string_equal(w.report.fault.message, "");
                assert_string_equal(w.outcome, "synced");
                assert_string_equal(w.refresh, "clean");
                assert_int_equal(asked(&w, "POST "), 0);
                assert_true(w.report.has_job);
                finish(&w);
        }
}

/* L3: what stands behind the first page has nothing in common with it. The list is begun anew, from
 * its start, and is never called whole. */
static void a_list_that_does_not_join_is_begun_anew(void **state)
{
        (void)state;
        const Script catalog[] = {{API FIRST_PAGE, FIVE, 0, NULL, SCRIPT_CLOSE},
                                  {API, OTHERS, 0, NULL, SCRIPT_CLOSE},
                                  {0}};
        Answer postgres[] = {ROW(sql_claim, claimed),           JOURNAL,
                             ROW(sql_apply_unchanged, changed), ROW(sql_apply_edges, edges),
                             ROW(sql_apply_compare, compared),  ROW(sql_apply_rows, written),
                             ROW(sql_apply_finish, finished),   {0}};
        World w;
        begin(&w, catalog, postgres);
        w.order.settings.refresh = false;
        run(&w);
        assert_string_equal(fault_code_name(w.report.fault.code), "list-unstable");
        assert_string_equal(w.outcome, "unstable");
        assert_string_equal(fault_code_name(w.report.fault.code), "list-unstable");
        assert_int_equal(w.report.listed, 10);
        assert_in_range(asked(&w, "&offset=0&"), 2, 10);
        assert_int_equal(asked(&w, "GET " API "?"), w.report.requests);
        assert_int_equal(pg_server_count(w.pg_server, sql_apply_rows), 1);
        finish(&w);
}

/* A stop in each phase ends the run at once and gives the lease back, once. */
static void a_stop_in_any_phase_gives_the_lease_back(void **state)
{
        (void)state;
        static const SyncPhase phases[] = {SYNC_PHASE_REFRESH, SYNC_PHASE_POLL, SYNC_PHASE_LIST};
        const Script catalog[] = {{API "/refresh",
                                   "HTTP/1.1 202 Accepted\r\nContent-Type: "
                                   "application/json\r\nConnection: close\r\n\r\n{\"id\":\"" JOB
                                   "\",\"state\":\"WAITING\"}",
                                   0, NULL, SCRIPT_CLOSE},
                                  {"/rest/jobs/v1/jobs/" JOB, DONE, 0, NULL, SCRIPT_CLOSE},
                                  {API, FIVE, 0, NULL, SCRIPT_CLOSE},
                                  {0}};
        for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
                Answer postgres[] = {ROW(sql_claim, claimed), JOURNAL, {0}};
                World w;
                begin(&w, catalog, postgres);
                w.stop_in = phases[i];
                w.stops = true;
                run(&w);
                assert_string_equal(w.outcome, "aborted");
                assert_string_equal(fault_code_name(w.report.fault.code), "stopped");
                assert_int_equal(pg_server_count(w.pg_server, sql_finish), 1);
                assert_int_equal(pg_server_count(w.pg_server, sql_apply_unchanged), 0);
                finish(&w);
        }
}

/* Before it has begun, too: what was taken for it is released. */
static void a_stop_before_the_beginning_leaves_nothing_behind(void **state)
{
        (void)state;
        const Script catalog[] = {{0}};
        Answer postgres[] = {ROW(sql_claim, claimed), JOURNAL, {0}};
        Fault reason;
        World w;
        begin(&w, catalog, postgres);
        fault_set(&reason, FAULT_PEER, 0, CODE_HTTP_CONNECT, "broken off");
        assert_int_equal(sync_start(&w.context, &w.order, NULL, on_done, &w, &w.sync), 0);
        assert_true(sync_needs_catalog(w.sync));
        sync_break_off(w.sync, &reason);
        assert_int_equal(w.n_reports, 0);
        while (w.n_reports == 0)
                assert_true(sd_event_run(w.http.event, 30 * USEC_PER_SEC) > 0);
        assert_string_equal(w.outcome, "aborted");
        assert_string_equal(fault_code_name(w.report.fault.code), "http-connect");
        assert_int_equal(server_requests(w.catalog_server), 0);
        assert_int_equal(pg_server_count(w.pg_server, sql_claim),
                         pg_server_count(w.pg_server, sql_finish));
        finish(&w);
}

/* A note that finds the lease gone ends the run; nothing is applied, and there is no end to record.
 */
static void a_lease_that_is_gone_ends_the_run(void **state)
{
        (void)state;
        static const char *const none[] = {"0"};
        const Script catalog[] = {
                {API "/refresh",
                 "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nConnection: "
                 "close\r\n\r\n{\"id\":\"" JOB "\",\"state\":\"WAITING\"}",
                 0, NULL, SCRIPT_CLOSE},
                {"/rest/jobs/v1/jobs/" JOB, JSON "{\"id\":\"" JOB "\",\"state\":\"RUNNING\"}", 0,
                 NULL, SCRIPT_CLOSE},
                {0}};
        Answer postgres[] = {ROW(sql_claim, claimed), ROW(sql_progress, none), {0}};
        World w;
        begin(&w, catalog, postgres);
        run(&w);
        assert_string_equal(w.outcome, "aborted");
        assert_string_equal(fault_code_name(w.report.fault.code), "lease-lost");
        assert_int_equal(asked(&w, "GET " API), 0);
        assert_int_equal(pg_server_count(w.pg_server, sql_finish), 0);
        finish(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_sync_without_trouble_asks_for_what_it_needs),
                cmocka_unit_test(a_job_is_known_by_the_location_alone),
                cmocka_unit_test(a_lease_that_ran_out_before_the_refresh_begins_none),
                cmocka_unit_test(a_lease_that_ran_out_while_the_refresh_waits_sends_none),
                cmocka_unit_test(a_refresh_that_was_sent_is_never_taken_for_unsent),
                cmocka_unit_test(a_job_that_is_taken_up_is_not_looked_for_at_another_origin),
                cmocka_unit_test(a_list_that_does_not_join_is_begun_anew),
                cmocka_unit_test(a_stop_in_any_phase_gives_the_lease_back),
                cmocka_unit_test(a_stop_before_the_beginning_leaves_nothing_behind),
                cmocka_unit_test(a_lease_that_is_gone_ends_the_run),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
