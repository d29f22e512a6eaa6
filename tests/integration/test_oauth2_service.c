/*
 * edgemirror run with tokens of an endpoint: one at a time, for as long as it lasts, and what
 * becomes of the service while the endpoint is away or refuses it.
 *
 * EDGEMIRROR_OAUTH2_SECONDS (5) is how long tokens that live a second are used, one after the
 * other; EDGEMIRROR_OUTAGE_SECONDS (0) for how long the endpoint is away beyond what it takes the
 * service to notice.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "integration/service_world.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLIENT "mirror"

/* As few_edges, with a client in place of the user. */
static int setup(void **state)
{
        ServiceWorld *w = *state;
        char text[8192];
        service_begin_again(w, 24, "20");
        service_control(w, "/control/settings", "{\"auth\":\"oauth2:" CLIENT ":" SECRET "\"}");
        (void)snprintf(w->schedule, sizeof(w->schedule), "weekly");
        service_write_config(w);
        char *plain = harness_read(w->folder, "edgemirror.conf");
        char *at = strstr(plain, "auth = basic");
        assert_non_null(at);
        char *rest = strstr(at, "request_timeout");
        assert_non_null(rest);
        (void)snprintf(text, sizeof(text),
                       "%.*sauth = oauth2\nclient_id = " CLIENT "\nclient_secret_file = "
                       "%s/password\n%s",
                       (int)(at - plain), plain, w->folder, rest);
        free(plain);
        harness_write(w->folder, "edgemirror.conf", text);
        return 0;
}

static long seconds_of(const char *variable, long without)
{
        const char *asked = getenv(variable);
        return asked ? strtol(asked, NULL, 10) : without;
}

static void run_all_once(ServiceWorld *w, HarnessService *s, int n)
{
        make_due(w, 0, w->n_edges - 1);
        harness_service_reload(s);
        await_runs(w, 0, w->n_edges - 1, "synced", n);
}

/* The intervals of the requests for tokens, in milliseconds since the catalog's start. */
static void assert_one_at_a_time(ServiceWorld *w)
{
        double last_end = 0;
        char *log = harness_control_text(&w->catalog, "/control/log?kind=token");
        for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
                cJSON *entry = cJSON_Parse(line);
                double at = cJSON_GetNumberValue(cJSON_GetObjectItem(entry, "atMs"));
                double took = cJSON_GetNumberValue(cJSON_GetObjectItem(entry, "tookUs")) / 1000;
                assert_true(at + 1 >= last_end);
                last_end = at + took;
                cJSON_Delete(entry);
        }
        free(log);
}

static void tokens_that_live_a_second_are_renewed_one_at_a_time(void **state)
{
        ServiceWorld *w = *state;
        const long seconds = seconds_of("EDGEMIRROR_OAUTH2_SECONDS", 5);
        enum { TOKENS_MIN = 4, SECONDS_MAX = 60 };
        service_control(w, "/control/settings", "{\"token_lifetime_s\":1}");
        service_fault(w, "token", -1, "\"delay_ms\":50");
        HarnessService *s = service_start(w, 0);
        const time_t begin = time(NULL);
        int n = 0, tokens = 0;
        /* A token is renewed by who needs one: on a slow machine that is less often. */
        while (time(NULL) < begin + seconds || tokens < TOKENS_MIN) {
                assert_true(time(NULL) < begin + seconds + SECONDS_MAX);
                run_all_once(w, s, ++n);
                tokens = requests(w, "token", -1, 0);
        }
        int took = (int)(time(NULL) - begin);
        print_message("#   %d requests, %d tokens, %d s\n", requests(w, "any", -1, 0), tokens,
                      took);
        assert_one_at_a_time(w);
        assert_true(tokens <= 2 * took + 4);
        assert_int_equal(requests(w, "any", -1, 401), 0);
        assert_int_equal(sql_long(w, "SELECT count(*) FROM edgemirror.sync_run WHERE outcome IS "
                                     "DISTINCT FROM 'synced'"),
                         0);
        service_stop(w, 0);
}

static void an_endpoint_that_is_away_is_an_outage_and_comes_back(void **state)
{
        ServiceWorld *w = *state;
        HarnessService *s = service_start(w, 0);
        run_all_once(w, s, 1);
        service_control(w, "/control/settings", "{\"token_series\":1}");
        service_fault(w, "token", -1, "\"status\":404");
        make_due(w, 0, w->n_edges - 1);
        harness_service_reload(s);
        harness_service_await_log(s, "it is asked again at least every 30 s", 1);
        const struct timespec away = {.tv_sec = seconds_of("EDGEMIRROR_OUTAGE_SECONDS", 0)};
        (void)nanosleep(&away, NULL);
        int tried = requests(w, "token", -1, 404);
        assert_true(tried >= 1 && tried <= 4 + away.tv_sec / 5);
        uint64_t since = clock_monotonic_usec();
        no_faults(w);
        harness_service_await_log(s, "the catalog answers again", 1);
        uint64_t took = clock_monotonic_usec() - since;
        print_message("#   away for %ld s, asked %d times, found again after %llu ms\n",
                      (long)away.tv_sec, tried, (unsigned long long)(took / USEC_PER_MSEC));
        assert_true(took < 32 * USEC_PER_SEC);
        make_due(w, 0, w->n_edges - 1);
        harness_service_reload(s);
        service_await_sql(w,
                          "SELECT (count(DISTINCT edge_connection_id) = %d)::int FROM "
                          "edgemirror.sync_run WHERE outcome = 'synced' AND run_id > %ld",
                          w->n_edges, (long)w->n_edges);
        service_stop(w, 0);
        assert_nothing_is_held(w);
}

static void a_wrong_secret_is_asked_with_once_until_it_is_changed(void **state)
{
        ServiceWorld *w = *state;
        write_password(w, "wrong");
        HarnessService *s = service_begin(w, 0);
        harness_service_await_log(s, "as soon as the credentials on disk change", 1);
        service_await_sql(w, "SELECT (count(*) = %d)::int FROM edgemirror.edge_claim", w->n_edges);
        make_due(w, 0, w->n_edges - 1);
        const struct timespec pause = {.tv_sec = 2};
        (void)nanosleep(&pause, NULL);
        assert_int_equal(requests(w, "token", -1, 0), 2); /* in either way */
        write_password(w, SECRET);                        /* nothing tells the service */
        harness_service_await_log(s, "the catalog answers again", 1);
        harness_service_reload(s);
        await_runs(w, 0, w->n_edges - 1, "synced", 1);
        assert_int_equal(requests(w, "token", -1, 401), 2);
        service_stop(w, 0);
}

/* ---- memory --------------------------------------------------------------------------------- */

/* How often the words are in what the process may write to; `ret_lowest`: the lowest of the numbers
 * that follow them. */
static long count_in_memory(pid_t pid, const char *words, long *ret_lowest)
{
        char path[64], line[512];
        unsigned long begin, end;
        long n = 0;
        *ret_lowest = LONG_MAX;
        (void)snprintf(path, sizeof(path), "/proc/%ld/mem", (long)pid);
        int memory = open(path, O_RDONLY | O_CLOEXEC);
        (void)snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
        FILE *maps = fopen(path, "re");
        assert_true(memory >= 0 && maps);
        while (fgets(line, sizeof(line), maps)) {
                if (sscanf(line, "%lx-%lx rw", &begin, &end) != 2 || !strstr(line, " rw") ||
                    end - begin > 256UL * 1024 * 1024) /* a sanitizer's */
                        continue;
                char *bytes = calloc(1, end - begin + 1), *at = bytes;
                assert_non_null(bytes);
                ssize_t size = pread(memory, bytes, end - begin, (off_t)begin);
                char *stop = bytes + (size > 0 ? size : 0);
                while ((at = memmem(at, (size_t)(stop - at), words, strlen(words)))) {
                        at += strlen(words);
                        long number = strtol(at, NULL, 10);
                        *ret_lowest = number < *ret_lowest ? number : *ret_lowest;
                        n++;
                }
                free(bytes);
        }
        (void)fclose(maps);
        (void)close(memory);
        return n;
}

static void assert_not_in(pid_t pid, const char *file)
{
        char folder[64];
        (void)snprintf(folder, sizeof(folder), "/proc/%ld", (long)pid);
        char *text = harness_read(folder, file);
        for (char *at = text; at < text + 4096 && *at; at += strlen(at) + 1)
                assert_true(!strstr(at, SECRET) && !strstr(at, "catalogd-token-"));
        free(text);
}

/* Of what was sent, only what would still be sent or must not be shown is there: neither in our
 * memory nor in that of libcurl. */
static void nothing_that_was_sent_lasts_in_memory(void **state)
{
        ServiceWorld *w = *state;
        long lowest;
        service_control(w, "/control/settings", "{\"token_lifetime_s\":1}");
        HarnessService *s = service_start(w, 0);
        for (int n = 1; requests(w, "token", -1, 200) < 3 + 3; n++)
                run_all_once(w, s, n);
        assert_not_in(s->pid, "cmdline");
        char folder[64];
        (void)snprintf(folder, sizeof(folder), "/proc/%ld", (long)s->pid);
        char *limits = harness_read(folder, "limits");
        assert_non_null(strstr(limits, "Max core file size        0                    0"));
        free(limits);
        if (geteuid() == 0) {
                assert_not_in(s->pid, "environ");
                assert_true(count_in_memory(s->pid, "catalogd-token-", &lowest) > 0);
                assert_true(lowest + 3 >= requests(w, "token", -1, 200));
                assert_int_equal(count_in_memory(s->pid, "Authorization: Basic ", &lowest), 0);
        } else {
                print_message("#   not looked into its memory: not root\n");
        }
        service_stop(w, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(tokens_that_live_a_second_are_renewed_one_at_a_time, setup),
                cmocka_unit_test_setup(nothing_that_was_sent_lasts_in_memory, setup),
                cmocka_unit_test_setup(an_endpoint_that_is_away_is_an_outage_and_comes_back, setup),
                cmocka_unit_test_setup(a_wrong_secret_is_asked_with_once_until_it_is_changed,
                                       setup),
        };
        return cmocka_run_group_tests(tests, service_world_setup, service_world_teardown);
}
