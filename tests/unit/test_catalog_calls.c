/*
 * catalog: calls over the wire. What is asked for is what must answer, and a call may be cancelled
 * anywhere.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "unit/http_bench.h"
#include "unit/http_server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define JOB      "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define STRANGER "5c1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d10"
#define OTHER    "7d1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d17"
#define EDGE     "3e1d3c52-3f3e-4f6b-8c1e-0a4f8f6f4d13"
#define LIST     "/rest/catalogDatabase/v1/databaseConnections"
#define OF(id)                                                                                     \
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\":\"" id                   \
        "\",\"state\":\"COMPLETED\"}"

#define ROW_PATH(number)         LIST "/0000000" #number "-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define SAYS(status, type, body) "HTTP/1.1 " status "\r\nContent-Type: " type "\r\n\r\n" body
#define OWN_WORDS                                                                                  \
        "{\"statusCode\":404,\"errorCode\":\"notFound\",\"titleMessage\":\"Not "                   \
        "found\",\"userMessage\":\"There is none\"}"

#define SAYS_STATUS(code)                                                                          \
        SAYS("404 Not Found", "application/json",                                                  \
             "{\"errorCode\":\"notFound\",\"statusCode\":" code "}")

#define UNAUTHORIZED                                                                               \
        "HTTP/1.1 401 Unauthorized\r\nContent-Type: "                                              \
        "application/json\r\n\r\n{\"errorCode\":\"unauthorized\"}"

/* Of rows that are asked for by id. Only 8, 9, E and F say that there is none. */
static const Script rows[] = {
        {ROW_PATH(0), SAYS("404 Not Found", "text/html", OWN_WORDS), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(1), SAYS("404 Not Found", "application/json", "Not found"), 0, NULL,
         SCRIPT_CLOSE},
        {ROW_PATH(2), SAYS("404 Not Found", "application/json", "[" OWN_WORDS "]"), 0, NULL,
         SCRIPT_CLOSE},
        {ROW_PATH(3), SAYS("404 Not Found", "application/json", "null"), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(4), SAYS("404 Not Found", "application/json", "{\"message\":\"no route\"}"), 0,
         NULL, SCRIPT_CLOSE},
        {ROW_PATH(5), SAYS("404 Not Found", "application/json", "{\"errorCode\":404"), 0, NULL,
         SCRIPT_CLOSE},
        {ROW_PATH(6), SAYS("400 Bad Request", "application/json", OWN_WORDS), 0, NULL,
         SCRIPT_CLOSE},
        {ROW_PATH(7),
         "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: "
         "400\r\n\r\n" OWN_WORDS,
         0, NULL, SCRIPT_CLOSE}, /* cut off */
        {ROW_PATH(8), SAYS("404 Not Found", "application/json", OWN_WORDS), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(9), SAYS("410 Gone", "application/json", OWN_WORDS), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(a), SAYS_STATUS("403"), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(b), SAYS_STATUS("404,\"statusCode\":500"), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(c), SAYS_STATUS("\"403\""), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(d), SAYS_STATUS("405"), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(e), SAYS_STATUS("null"), 0, NULL, SCRIPT_CLOSE},
        {ROW_PATH(f), SAYS("404 Not Found", "application/json", "{\"errorCode\":\"x\"}"), 0, NULL,
         SCRIPT_CLOSE},
        {0},
};

static const Script scripts[] = {
        {"/ours", OF(JOB), 0, NULL, SCRIPT_CLOSE},
        {"/gate", OF(JOB), 0, NULL, SCRIPT_GATE},
        {"/stranger", OF(STRANGER), 0, NULL, SCRIPT_CLOSE},
        {LIST "/" JOB, UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {LIST "/" STRANGER, OF(STRANGER), 0, NULL, SCRIPT_CLOSE},
        {LIST "?edgeConnectionId=" EDGE "&offset=0&limit=10",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"results\":[]}", 0, NULL,
         SCRIPT_CLOSE},
        {LIST "?edgeConnectionId=" EDGE "&offset=0&limit=1",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"results\":[]}", 0, NULL,
         SCRIPT_CLOSE},
        {LIST "?edgeConnectionId=" EDGE "&offset=10&limit=10", UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {LIST "?offset=0&limit=1",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"results\":[]}", 0, NULL,
         SCRIPT_CLOSE},
        {LIST "?edgeConnectionId=" OTHER "&offset=0&limit=1",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"results\":[]}", 0, NULL,
         SCRIPT_CLOSE},
        {LIST "?edgeConnectionId=" JOB "&offset=0&limit=1", UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {LIST "/refresh?edgeConnectionId=" OTHER, UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {LIST "/refresh?edgeConnectionId=" JOB, UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {"/rest/jobs/v1/jobs?type=X&pageSize=100", UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {"/edge/api/rest/v2/connections", UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {LIST "/refresh?edgeConnectionId=" EDGE,
         "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n\r\n{\"id\":\"" JOB "\"}", 0,
         NULL, SCRIPT_CLOSE},
        {"/rest/jobs/v1/jobs/" JOB, UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {"/rest/jobs/v1/jobs?type=A%20B%26c&pageSize=100",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Tue, 14 Nov 2023 22:13:20 "
         "GMT\r\n\r\n{\"results\":[{\"id\":\"" JOB "\",\"name\":\"" STRANGER
         "\"}],\"nextCursor\":\"x y\"}",
         0, NULL, SCRIPT_CLOSE},
        {"/rest/jobs/v1/jobs?type=A%20B%26c&pageSize=100&cursor=x%20y",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"results\":7}", 0, NULL,
         SCRIPT_CLOSE},
        {LIST "/" OTHER, UNAUTHORIZED, 0, NULL, SCRIPT_CLOSE},
        {0},
};

typedef struct World {
        Server *server;
        Bench bench;
        Catalog *catalog;
        char base_url[64];
} World;

typedef struct Asked {
        CatalogCall *call;
        unsigned n_answers;
        unsigned requests;
        uint64_t asked_usec;
        Fault fault;
        char state[JOB_WORD_BYTES];
        Catalog **freed; /* in the callback; NULL: not */
        bool cancelled;  /* in the callback */
} Asked;

static int setup(void **state)
{
        static World w;
        HttpClientOptions http = http_bench_options();
        w = (World){.server = server_start(scripts)};
        bench_open(&w.bench, &http);
        (void)snprintf(w.base_url, sizeof(w.base_url), "http://127.0.0.1:%d", w.server->port);
        CatalogOptions options = {.base_url = w.base_url};
        assert_int_equal(catalog_new(w.bench.client, &options, &w.catalog), 0);
        *state = &w;
        return 0;
}

static int teardown(void **state)
{
        World *w = *state;
        (void)catalog_free(w->catalog);
        bench_close(&w->bench);
        server_stop(w->server);
        return 0;
}

/* What is said of a refusal, by whatever request. */
typedef struct Hint {
        unsigned n_answers;
        bool given;
} Hint;

static void hint_take(Hint *h, const CatalogAnswer *a)
{
        h->n_answers++;
        assert_true(a->status == 404 || a->status == 400);
        h->given = strstr(a->fault.message, "the id must be that of an Edge connection") != NULL;
}

static void hint_on_refresh(const CatalogRefreshAnswer *a, void *userdata)
{
        hint_take(userdata, &a->answer);
}

static void hint_on_page(const CatalogPageAnswer *a, void *userdata)
{
        hint_take(userdata, &a->answer);
}

static void hint_on_one(const CatalogOneAnswer *a, void *userdata)
{
        hint_take(userdata, &a->answer);
}

static void hint_on_job(const CatalogJobAnswer *a, void *userdata)
{
        hint_take(userdata, &a->answer);
}

/* A job and a row have ids of their own. */
static void only_a_request_that_names_an_edge_blames_the_id_of_the_edge(void **state)
{
        static const struct {
                const char *status;
                bool ours, hinted; /* in the catalog's words */
        } cases[] = {{"400 Bad Request", true, true},
                     {"404 Not Found", true, true},
                     {"404 Not Found", false, false}};
        World *w = *state;
        Uuid id;
        assert_int_equal(uuid_parse(STRANGER, &id), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char bytes[200], base[96];
                (void)snprintf(
                        bytes, sizeof(bytes),
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\n\r\n{\"%s\":\"no\"}",
                        cases[i].status, cases[i].ours ? "userMessage" : "message");
                const Script refusals[] = {{LIST "/refresh", bytes, 0, NULL, SCRIPT_CLOSE},
                                           {LIST, bytes, 0, NULL, SCRIPT_CLOSE},
                                           {LIST "/" STRANGER, bytes, 0, NULL, SCRIPT_CLOSE},
                                           {"/ours", bytes, 0, NULL, SCRIPT_CLOSE},
                                           {0}};
                Server *server = server_start(refusals);
                Catalog *c;
                CatalogCall *call;
                Hint hints[4] = {0};
                (void)snprintf(base, sizeof(base), "http://127.0.0.1:%d", server->port);
                assert_int_equal(
                        catalog_new(w->bench.client, &(CatalogOptions){.base_url = base}, &c), 0);
                assert_int_equal(catalog_refresh(c, &id, NULL, hint_on_refresh, &hints[0], &call),
                                 0);
                assert_int_equal(catalog_list(c, &id, NULL, 0, 5, hint_on_page, &hints[1], &call),
                                 0);
                assert_int_equal(catalog_get_one(c, &id, hint_on_one, &hints[2], &call), 0);
                assert_int_equal(catalog_get_job(c, &id, JOB_ADDRESS_LOCATION, "/ours", hint_on_job,
                                                 &hints[3], &call),
                                 0);
                for (size_t k = 0; k < ARRAY_SIZE(hints); k++) {
                        while (hints[k].n_answers == 0)
                                assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
                        assert_int_equal(hints[k].given, k < 2 && cases[i].hinted);
                }
                (void)catalog_free(c);
                server_stop(server);
        }
}

static void on_job(const CatalogJobAnswer *answer, void *userdata)
{
        Asked *asked = userdata;
        asked->n_answers++;
        asked->fault = answer->answer.fault;
        asked->requests = answer->answer.requests;
        asked->asked_usec = answer->answer.asked_usec;
        (void)snprintf(asked->state, sizeof(asked->state), "%s", answer->job.status.state);
        if (asked->cancelled)
                asked->call = catalog_cancel(asked->call);
        if (asked->freed)
                *asked->freed = catalog_free(*asked->freed);
}

static void ask(World *w, const char *path, Asked *asked)
{
        char url[128];
        Uuid job;
        assert_int_equal(uuid_parse(JOB, &job), 0);
        (void)snprintf(url, sizeof(url), "%s%s", w->base_url, path);
        assert_int_equal(catalog_get_job(w->catalog, &job, JOB_ADDRESS_LOCATION, url, on_job, asked,
                                         &asked->call),
                         0);
        while (asked->n_answers == 0)
                assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
        bench_drain(&w->bench);
        assert_int_equal(asked->n_answers, 1);
}

static void the_job_that_was_asked_for_answers(void **state)
{
        Asked asked = {0};
        ask(*state, "/ours", &asked);
        assert_int_equal(asked.fault.scope, FAULT_NONE);
        assert_string_equal(asked.state, "COMPLETED");
}

/* However long the answer takes: what it says may be of the moment in which it was asked. */
static void an_answer_knows_when_the_catalog_was_asked(void **state)
{
        World *w = *state;
        Asked asked = {0};
        char url[128];
        Uuid job;
        assert_int_equal(uuid_parse(JOB, &job), 0);
        (void)snprintf(url, sizeof(url), "%s/gate", w->base_url);
        uint64_t before = clock_boottime_usec();
        assert_int_equal(catalog_get_job(w->catalog, &job, JOB_ADDRESS_LOCATION, url, on_job,
                                         &asked, &asked.call),
                         0);
        while (server_requests(w->server) == 0)
                assert_true(sd_event_run(w->bench.event, USEC_PER_SEC / 100) >= 0);
        uint64_t there = clock_boottime_usec();
        server_open_gate(w->server);
        while (asked.n_answers == 0)
                assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
        assert_in_range(asked.asked_usec, before, there);
}

/* Below /prefix; a Location of another origin, or none, or one too long, leaves the id. */
static void each_address_of_a_job_is_asked_for(void **state)
{
        static char too_long[LIMIT_URL_MAX_BYTES + 2] = "/";
        static const struct {
                JobAddress address;
                const char *location, *path;
        } cases[] = {
                {JOB_ADDRESS_LOCATION, "/elsewhere?x=1", "/elsewhere?x=1"},
                {JOB_ADDRESS_LOCATION_BELOW, "/elsewhere?x=1", "/prefix/elsewhere?x=1"},
                {JOB_ADDRESS_V1, "/elsewhere", "/prefix/rest/jobs/v1/jobs/" JOB},
                {JOB_ADDRESS_2_0, "/elsewhere", "/prefix/rest/2.0/jobs/" JOB},
                {JOB_ADDRESS_EDGE, NULL, "/prefix/edge/api/rest/v2/jobs/" JOB "/statusLog"},
                {JOB_ADDRESS_LOCATION, NULL, "/prefix/rest/jobs/v1/jobs/" JOB},
                {JOB_ADDRESS_LOCATION, too_long, "/prefix/rest/jobs/v1/jobs/" JOB},
                {JOB_ADDRESS_LOCATION_BELOW, "https://other/", "/prefix/rest/jobs/v1/jobs/" JOB},
        };
        World *w = *state;
        char base_url[96];
        Uuid job;
        memset(too_long + 1, 'x', sizeof(too_long) - 2);
        assert_int_equal(uuid_parse(JOB, &job), 0);
        (void)snprintf(base_url, sizeof(base_url), "%s/prefix", w->base_url);
        const CatalogOptions options = {.base_url = base_url};
        w->catalog = catalog_free(w->catalog);
        assert_int_equal(catalog_new(w->bench.client, &options, &w->catalog), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char line[256];
                Asked asked = {0};
                size_t before = w->server->log_size;
                assert_int_equal(catalog_get_job(w->catalog, &job, cases[i].address,
                                                 cases[i].location, on_job, &asked, &asked.call),
                                 0);
                while (asked.n_answers == 0)
                        assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
                (void)snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\n", cases[i].path);
                if (strncmp(w->server->log + before, line, strlen(line)) != 0)
                        fail_msg("%zu: %s", i, w->server->log + before);
        }
}

typedef struct Found {
        unsigned n_answers, n_jobs;
        bool names_edge;
        char next[16];
        int64_t now_msec;
        Fault fault;
} Found;

static void on_jobs(const CatalogJobsAnswer *answer, void *userdata)
{
        Found *f = userdata;
        f->n_answers++;
        f->n_jobs = (unsigned)answer->n_jobs;
        f->names_edge = answer->n_jobs > 0 && answer->jobs[0].names_edge;
        f->now_msec = answer->now_msec;
        f->fault = answer->answer.fault;
        (void)snprintf(f->next, sizeof(f->next), "%s", answer->next ? answer->next : "");
}

/* Page by page, with the catalog's clock; what is no list is a fault of the run. */
static void jobs_are_searched_by_their_type(void **state)
{
        World *w = *state;
        Uuid edge;
        CatalogCall *call;
        Found found[2] = {{0}, {0}};
        assert_int_equal(uuid_parse(STRANGER, &edge), 0);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(catalog_find_jobs(w->catalog, &edge, "A B&c",
                                                   i > 0 ? found[0].next : NULL, on_jobs, &found[i],
                                                   &call),
                                 0);
                while (found[i].n_answers == 0)
                        assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
                bench_drain(&w->bench);
        }
        assert_int_equal(found[0].fault.scope, FAULT_NONE);
        assert_int_equal(found[0].n_jobs, 1);
        assert_true(found[0].names_edge);
        assert_string_equal(found[0].next, "x y");
        assert_in_range(found[0].now_msec, 1700000000000 - 2000, 1700000000000 + 2000);
        assert_int_equal(found[1].n_answers, 1);
        assert_int_equal(found[1].fault.scope, FAULT_RUN);
        assert_string_equal(fault_code_name(found[1].fault.code), "job-bad-document");
}

/* A gateway that mixes answers up must not end our job. */
static void another_job_says_nothing_of_ours(void **state)
{
        Asked asked = {0};
        ask(*state, "/stranger", &asked);
        assert_int_equal(asked.fault.scope, FAULT_REQUEST);
        assert_true(asked.fault.retryable);
        assert_string_equal(fault_code_name(asked.fault.code), "job-foreign");
        assert_non_null(strstr(asked.fault.message, JOB));
        assert_non_null(strstr(asked.fault.message, STRANGER));
        assert_string_equal(asked.state, "");
}

static void a_call_can_be_cancelled_in_its_own_callback(void **state)
{
        Asked asked = {.cancelled = true};
        ask(*state, "/ours", &asked);
        assert_null(asked.call);
}

static void the_catalog_can_be_freed_in_a_callback(void **state)
{
        World *w = *state;
        Asked asked = {.freed = &w->catalog, .cancelled = true};
        ask(w, "/ours", &asked);
        assert_null(w->catalog);
}

/* A port on which nobody listens: nothing has left. */
static void only_what_was_sent_counts_as_a_request(void **state)
{
        World *w = *state;
        Asked asked = {0}, refused = {0};
        ask(w, "/ours", &asked);
        assert_int_equal(asked.requests, 1);

        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        _cleanup_(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        (void)snprintf(w->base_url, sizeof(w->base_url), "http://127.0.0.1:%d",
                       ntohs(address.sin_port));
        CatalogOptions options = {.base_url = w->base_url};
        w->catalog = catalog_free(w->catalog);
        assert_int_equal(catalog_new(w->bench.client, &options, &w->catalog), 0);
        ask(w, "/ours", &refused);
        assert_string_equal(fault_code_name(refused.fault.code), "http-connect");
        assert_int_equal(refused.requests, 0);
}

/* ---- secrets -------------------------------------------------------------------------------- */

static int load_from_userdata(void *userdata, Text *ret, Fault *ret_fault)
{
        (void)ret_fault;
        return text_append_string(ret, *(const char **)userdata);
}

/* "Bearer …" is what people copy. */
static void a_token_that_cannot_be_sent_is_refused_and_the_one_before_stays(void **state)
{
        World *w = *state;
        static const char *const malformed[] = {"Bearer hunter2", "hunter2 ", "\thunter2",
                                                "hunt\177er2", ""};
        const char *token = "before";
        CatalogOptions options = {
                .base_url = w->base_url,
                .auth = {.method = &auth_bearer,
                         .load_secret = load_from_userdata,
                         .load_secret_userdata = &token},
        };
        Fault fault = {0};
        w->catalog = catalog_free(w->catalog);
        assert_int_equal(catalog_new(w->bench.client, &options, &w->catalog), 0);
        assert_int_equal(catalog_load_secret(w->catalog, &fault), 1);
        for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
                token = malformed[i];
                assert_int_equal(catalog_load_secret(w->catalog, &fault), -EINVAL);
                assert_string_equal(fault_code_name(fault.code), "secret-malformed");
                assert_null(strstr(fault.message, "hunter2"));
                assert_false(catalog_reread_secret(w->catalog));
                token = "before";
                assert_int_equal(catalog_load_secret(w->catalog, &fault), 0);
        }
        token = "after";
        assert_true(catalog_reread_secret(w->catalog));
}

/* ---- C3: a 401 ------------------------------------------------------------------------------ */

enum { REFUSED = 4 };

typedef struct Refused {
        Catalog *catalog, **freed; /* freed: in the callback; NULL: not */
        CatalogCall *calls[REFUSED];
        unsigned n_answers, n_refused;
        unsigned n_alone;        /* refused, with credentials that are good */
        unsigned n_in_its_words; /* that say the catalog's own */
} Refused;

static int load_secret(void *userdata, Text *ret, Fault *ret_fault)
{
        (void)userdata;
        (void)ret_fault;
        return text_append_string(ret, "token");
}

static void on_one(const CatalogOneAnswer *answer, void *userdata)
{
        Refused *r = userdata;
        r->n_answers++;
        r->n_refused += answer->answer.fault.refused;
        r->n_alone += answer->answer.status == 401 && answer->answer.fault.scope == FAULT_RUN;
        r->n_in_its_words += strstr(answer->answer.fault.message, "[unauthorized]") != NULL;
        if (r->freed)
                *r->freed = catalog_free(*r->freed);
}

static void refused_begin(World *w, Refused *r)
{
        const CatalogOptions options = {
                .base_url = w->base_url,
                .auth = {.method = &auth_bearer, .load_secret = load_secret}};
        Uuid id;
        assert_int_equal(uuid_parse(JOB, &id), 0);
        *r = (Refused){0};
        assert_int_equal(catalog_new(w->bench.client, &options, &r->catalog), 0);
        for (int i = 0; i < REFUSED; i++)
                assert_int_equal(catalog_get_one(r->catalog, &id, on_one, r, &r->calls[i]), 0);
}

static void run_until(World *w, const Refused *r, unsigned n)
{
        while (r->n_answers < n)
                assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
        bench_drain(&w->bench);
        assert_int_equal(r->n_answers, n);
}

/* Those that were under way, and one again for all of them; who comes later is told at the first.
 */
static void refused_credentials_are_sent_once_more_by_one_call(void **state)
{
        World *w = *state;
        Refused r;
        Uuid id;
        assert_int_equal(uuid_parse(JOB, &id), 0);
        unsigned before = server_requests(w->server);
        refused_begin(w, &r);
        run_until(w, &r, REFUSED);
        assert_int_equal(r.n_refused, REFUSED);
        assert_int_equal(server_requests(w->server) - before, REFUSED + 1);
        assert_int_equal(catalog_get_one(r.catalog, &id, on_one, &r, &r.calls[0]), 0);
        run_until(w, &r, REFUSED + 1);
        assert_int_equal(server_requests(w->server) - before, REFUSED + 2);
        (void)catalog_free(r.catalog);
}

/* Cancelled by whoever started it, whichever it is: the others have their answers all the same. */
static void who_waits_does_not_wait_for_a_call_that_is_cancelled(void **state)
{
        World *w = *state;
        for (int i = 0; i < REFUSED; i++) {
                Refused r;
                unsigned before = server_requests(w->server);
                refused_begin(w, &r);
                while (server_requests(w->server) - before < REFUSED)
                        assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
                for (int k = 0; k < 20; k++) /* and their answers are in */
                        assert_true(sd_event_run(w->bench.event, 10 * USEC_PER_MSEC) >= 0);
                r.calls[i] = catalog_cancel(r.calls[i]);
                run_until(w, &r, REFUSED - 1);
                assert_int_equal(r.n_refused, REFUSED - 1);
                (void)catalog_free(r.catalog);
        }
}

/* One that is refused, and, while it is, another that waits. */
static void refused_beside(World *w, Refused *r, const char *other)
{
        const CatalogOptions options = {
                .base_url = w->base_url,
                .auth = {.method = &auth_bearer, .load_secret = load_secret}};
        Uuid job, id;
        assert_int_equal(uuid_parse(JOB, &job), 0);
        assert_int_equal(uuid_parse(other, &id), 0);
        *r = (Refused){0};
        assert_int_equal(catalog_new(w->bench.client, &options, &r->catalog), 0);
        unsigned before = server_requests(w->server);
        assert_int_equal(catalog_get_one(r->catalog, &job, on_one, r, &r->calls[0]), 0);
        while (server_requests(w->server) == before)
                assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
        for (int k = 0; k < 20; k++) /* and the answer is in */
                assert_true(sd_event_run(w->bench.event, 10 * USEC_PER_MSEC) >= 0);
        assert_int_equal(catalog_get_one(r->catalog, &id, on_one, r, &r->calls[1]), 0);
}

/* The other one goes out before the one that was refused asks again: what it hears decides whether
 * all are refused. */
static void a_request_that_is_refused_alone_is_so_alone(void **state)
{
        World *w = *state;
        Refused r;
        unsigned before = server_requests(w->server);
        refused_beside(w, &r, STRANGER);
        run_until(w, &r, 2);
        assert_int_equal(r.n_refused, 0);
        assert_int_equal(r.n_alone, 1);
        assert_int_equal(server_requests(w->server) - before, 3);
        (void)catalog_free(r.catalog);
        before = server_requests(w->server);
        refused_beside(w, &r, OTHER);
        run_until(w, &r, 2);
        assert_int_equal(r.n_refused, 2);
        assert_int_equal(r.n_in_its_words, 2);
        assert_int_equal(server_requests(w->server) - before, 2);
        (void)catalog_free(r.catalog);
}

typedef struct Only {
        CatalogAnswer answer;
        unsigned n_answers;
} Only;

static void only_take(Only *o, const CatalogAnswer *a)
{
        o->answer = *a;
        o->n_answers++;
}

static void only_on_one(const CatalogOneAnswer *a, void *userdata)
{
        only_take(userdata, &a->answer);
}

static void only_on_page(const CatalogPageAnswer *a, void *userdata)
{
        only_take(userdata, &a->answer);
}

static void only_on_job(const CatalogJobAnswer *a, void *userdata)
{
        only_take(userdata, &a->answer);
}

static void only_on_refresh(const CatalogRefreshAnswer *a, void *userdata)
{
        only_take(userdata, &a->answer);
}

static void only_on_jobs(const CatalogJobsAnswer *a, void *userdata)
{
        only_take(userdata, &a->answer);
}

static void only_on_edges(const CatalogEdgesAnswer *a, void *userdata)
{
        only_take(userdata, &a->answer);
}

typedef enum OnlyKind {
        ONLY_LIST,
        ONLY_NEXT_PAGE,
        ONLY_REFRESH,
        ONLY_ROW,
        ONLY_JOB,
        ONLY_JOBS,
        ONLY_EDGES,
} OnlyKind;

/* Waits for the answer. */
static void only_ask_of(World *w, Catalog *c, OnlyKind kind, const char *edge_id, Only *o)
{
        Uuid edge, job;
        CatalogCall *call;
        int r = 0;
        assert_int_equal(uuid_parse(edge_id, &edge), 0);
        assert_int_equal(uuid_parse(JOB, &job), 0);
        *o = (Only){0};
        switch (kind) {
        case ONLY_LIST:
        case ONLY_NEXT_PAGE:
                r = catalog_list(c, &edge, NULL, kind == ONLY_LIST ? 0 : 10, 10, only_on_page, o,
                                 &call);
                break;
        case ONLY_REFRESH:
                r = catalog_refresh(c, &edge, NULL, only_on_refresh, o, &call);
                break;
        case ONLY_ROW:
                r = catalog_get_one(c, &job, only_on_one, o, &call);
                break;
        case ONLY_JOB:
                r = catalog_get_job(c, &job, JOB_ADDRESS_V1, NULL, only_on_job, o, &call);
                break;
        case ONLY_JOBS:
                r = catalog_find_jobs(c, &edge, "X", NULL, only_on_jobs, o, &call);
                break;
        case ONLY_EDGES:
                r = catalog_list_edges(c, EDGE_LIST_CONNECTIONS, only_on_edges, o, &call);
                break;
        }
        assert_int_equal(r, 0);
        while (o->n_answers == 0)
                assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
}

static void only_ask(World *w, Catalog *c, OnlyKind kind, Only *o)
{
        only_ask_of(w, c, kind, EDGE, o);
}

/* With one edge as with many: what was accepted before is asked for anew. */
static void what_was_accepted_of_the_same_edge_shows_that_a_401_is_of_one_request(void **state)
{
        static const struct {
                OnlyKind before, refused;
        } cases[] = {
                {ONLY_LIST, ONLY_ROW},
                {ONLY_LIST, ONLY_NEXT_PAGE},
                {ONLY_LIST, ONLY_JOB},
                {ONLY_REFRESH, ONLY_JOB},
        };
        World *w = *state;
        const CatalogOptions options = {
                .base_url = w->base_url,
                .auth = {.method = &auth_bearer, .load_secret = load_secret}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Catalog *c;
                Only o;
                assert_int_equal(catalog_new(w->bench.client, &options, &c), 0);
                only_ask(w, c, cases[i].before, &o);
                assert_int_equal(o.answer.fault.scope, FAULT_NONE);
                unsigned before = server_requests(w->server);
                only_ask(w, c, cases[i].refused, &o);
                assert_int_equal(o.answer.status, 401);
                assert_int_equal(o.answer.fault.scope, FAULT_RUN);
                assert_false(o.answer.fault.refused);
                assert_int_equal(server_requests(w->server) - before, 3); /* the control, too */
                (void)catalog_free(c);
        }
}

/* Before anything was accepted, a list is asked for: of the same edge, or where no edge is named of
 * all. When it is refused as well, the credentials are. */
static void a_list_shows_whether_the_first_request_of_all_is_refused_alone(void **state)
{
        static const struct {
                OnlyKind kind;
                const char *edge;
                bool refused;
        } cases[] = {
                {ONLY_REFRESH, OTHER, false}, {ONLY_REFRESH, JOB, true}, {ONLY_JOBS, OTHER, false},
                {ONLY_JOBS, JOB, true},       {ONLY_JOB, OTHER, false},  {ONLY_EDGES, OTHER, false},
        };
        World *w = *state;
        const CatalogOptions options = {
                .base_url = w->base_url,
                .auth = {.method = &auth_bearer, .load_secret = load_secret}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Catalog *c;
                Only o;
                assert_int_equal(catalog_new(w->bench.client, &options, &c), 0);
                unsigned before = server_requests(w->server);
                only_ask_of(w, c, cases[i].kind, cases[i].edge, &o);
                assert_int_equal(o.answer.status, 401);
                assert_int_equal(o.answer.fault.refused, cases[i].refused);
                assert_int_equal(o.answer.fault.scope, cases[i].refused ? FAULT_PEER : FAULT_RUN);
                assert_int_equal(server_requests(w->server) - before, cases[i].refused ? 2 : 3);
                (void)catalog_free(c);
        }
}

/* Either of them, before the other is sent and after. */
static void a_control_that_is_cancelled_leaves_nobody_waiting(void **state)
{
        World *w = *state;
        for (int i = 0; i < 4; i++) {
                Refused r;
                refused_beside(w, &r, i % 2 ? STRANGER : OTHER);
                unsigned before = server_requests(w->server);
                while (server_requests(w->server) == before)
                        assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
                r.calls[i / 2] = catalog_cancel(r.calls[i / 2]);
                run_until(w, &r, 1);
                (void)catalog_free(r.catalog);
        }
        Refused r;
        refused_beside(w, &r, OTHER);
        r.freed = &r.catalog;
        run_until(w, &r, 1);
        assert_null(r.catalog);
}

static void the_catalog_may_go_while_calls_wait(void **state)
{
        World *w = *state;
        Refused r;
        refused_begin(w, &r);
        r.freed = &r.catalog;
        run_until(w, &r, 1);
        assert_null(r.catalog);
        refused_begin(w, &r);
        for (int k = 0; k < 20; k++)
                assert_true(sd_event_run(w->bench.event, 10 * USEC_PER_MSEC) >= 0);
        (void)catalog_free(r.catalog);
        bench_drain(&w->bench);
        assert_int_equal(r.n_answers, 0);
}

/* ---- rows by id ----------------------------------------------------------------------------- */

typedef struct Looked {
        unsigned n_answers;
        bool absent;
        FaultScope scope;
} Looked;

static void on_looked(const CatalogOneAnswer *answer, void *userdata)
{
        Looked *l = userdata;
        l->n_answers++;
        l->absent = answer->absent;
        l->scope = answer->answer.fault.scope;
}

/* What is taken for proof that a row is gone lets it be removed: nothing but the catalog's own
 * words is. */
static void only_the_catalogs_own_words_say_that_a_row_is_gone(void **state)
{
        World *w = *state;
        Server *server = server_start(rows);
        char base_url[64];
        (void)snprintf(base_url, sizeof(base_url), "http://127.0.0.1:%d", server->port);
        const CatalogOptions options = {.base_url = base_url};
        Catalog *catalog;
        assert_int_equal(catalog_new(w->bench.client, &options, &catalog), 0);
        for (unsigned i = 0; i < 16; i++) {
                char text[UUID_STRING_SIZE];
                Looked looked = {0};
                CatalogCall *call;
                Uuid id;
                (void)snprintf(text, sizeof(text), "0000000%X-3d0a-4d55-9d2b-6b8f0f0a1c11", i);
                assert_int_equal(uuid_parse(text, &id), 0);
                assert_int_equal(catalog_get_one(catalog, &id, on_looked, &looked, &call), 0);
                while (looked.n_answers == 0)
                        assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
                if (looked.absent != (i == 8 || i == 9 || i >= 14))
                        fail_msg("row %u", i);
                assert_int_not_equal(looked.scope, FAULT_NONE);
        }
        assert_int_equal(server_requests(server), 16);
        (void)catalog_free(catalog);
        server_stop(server);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_job_that_was_asked_for_answers, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(an_answer_knows_when_the_catalog_was_asked, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(refused_credentials_are_sent_once_more_by_one_call,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(
                        who_waits_does_not_wait_for_a_call_that_is_cancelled, setup, teardown),
                cmocka_unit_test_setup_teardown(a_request_that_is_refused_alone_is_so_alone, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(
                        what_was_accepted_of_the_same_edge_shows_that_a_401_is_of_one_request,
                        setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_list_shows_whether_the_first_request_of_all_is_refused_alone, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(a_control_that_is_cancelled_leaves_nobody_waiting,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(the_catalog_may_go_while_calls_wait, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(
                        only_a_request_that_names_an_edge_blames_the_id_of_the_edge, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(only_the_catalogs_own_words_say_that_a_row_is_gone,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(each_address_of_a_job_is_asked_for, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(jobs_are_searched_by_their_type, setup, teardown),
                cmocka_unit_test_setup_teardown(another_job_says_nothing_of_ours, setup, teardown),
                cmocka_unit_test_setup_teardown(a_call_can_be_cancelled_in_its_own_callback, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(the_catalog_can_be_freed_in_a_callback, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(only_what_was_sent_counts_as_a_request, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(
                        a_token_that_cannot_be_sent_is_refused_and_the_one_before_stays, setup,
                        teardown),
        };
        return cmocka_run_group_tests_name("catalog_calls", tests, NULL, NULL);
}
