/*
 * http_bench: see the header.
 */
#include "unit/http_bench.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/metric.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

HttpClientOptions http_bench_options(void)
{
        return (HttpClientOptions){
                .user_agent = "edgemirror-test/1",
                .max_in_flight = 4,
                .connect_timeout_usec = 5 * USEC_PER_SEC,
                .request_timeout_usec = 10 * USEC_PER_SEC,
                .allow_http = true,
        };
}

void bench_open(Bench *bench, const HttpClientOptions *options)
{
        *bench = (Bench){0};
        assert_true(sd_event_new(&bench->event) >= 0);
        assert_int_equal(http_client_new(bench->event, options, &bench->client), 0);
}

void bench_close(Bench *bench)
{
        bench->client = http_client_free(bench->client);
        sd_event_unref(bench->event);
}

HttpRequest bench_request(char *url, size_t url_size, const char *scheme, int port,
                          const char *path)
{
        (void)snprintf(url, url_size, "%s://127.0.0.1:%d%s", scheme, port, path);
        return (HttpRequest){.method = HTTP_GET, .url = url, .body_max_bytes = 64 * 1024};
}

static void on_response(const HttpResponse *response, void *userdata)
{
        Seen *seen = userdata;
        Bench *bench = seen->bench;
        seen->n_calls++;
        seen->order = ++bench->n_answers;
        seen->error = response->error;
        seen->fault = response->fault;
        seen->sent = response->sent;
        seen->status = response->status;
        seen->retry_after_usec = response->retry_after_usec;
        (void)snprintf(seen->content_type, sizeof(seen->content_type), "%s",
                       response->content_type);
        (void)snprintf(seen->location, sizeof(seen->location), "%s", response->location);
        seen->body_size = response->body_size;
        assert_int_equal(response->body[response->body_size], '\0');
        if (response->body_size < sizeof(seen->body))
                memcpy(seen->body, response->body, response->body_size + 1);
        if (seen->then)
                seen->then(seen);
}

void http_bench_start(Bench *bench, const HttpRequest *request, Seen *seen)
{
        seen->bench = bench;
        unsigned before = bench->n_answers;
        assert_int_equal(http_start(bench->client, request, on_response, seen, &seen->transfer), 0);
        assert_int_equal(bench->n_answers, before);
}

void bench_get(Bench *bench, int port, const char *path, Seen *seen)
{
        char url[256];
        HttpRequest request = bench_request(url, sizeof(url), "http", port, path);
        http_bench_start(bench, &request, seen);
}

void http_bench_wait(Bench *bench, unsigned n)
{
        uint64_t deadline_usec = clock_monotonic_usec() + 30 * USEC_PER_SEC;
        while (bench->n_answers < n) {
                if (clock_monotonic_usec() > deadline_usec)
                        fail_msg("only %u of %u answers came", bench->n_answers, n);
                assert_true(sd_event_run(bench->event, USEC_PER_SEC) >= 0);
        }
}

void bench_drain(Bench *bench)
{
        while (sd_event_run(bench->event, 0) > 0)
                ;
}

void bench_fetch(int port, const char *path, Seen *seen)
{
        Bench bench;
        HttpClientOptions options = http_bench_options();
        bench_open(&bench, &options);
        *seen = (Seen){0};
        bench_get(&bench, port, path, seen);
        http_bench_wait(&bench, 1);
        assert_int_equal(seen->n_calls, 1);
        bench_close(&bench);
}

unsigned bench_in_flight(void)
{
        return (unsigned)metric_value(METRIC_CATALOG_REQUESTS_IN_FLIGHT, 0);
}
