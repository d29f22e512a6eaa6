/*
 * The monitor: what it answers, to whom, and that it listens where it is told to.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/text.h"
#include "harness/markup.h"
#include "harness/web.h"
#include "integration/service_world.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A unix socket in the world's folder; writes the configuration. */
static const char *listen_on_file(ServiceWorld *w)
{
        static char where[sizeof(w->folder) + 16];
        (void)snprintf(where, sizeof(where), "%s/monitor", w->folder);
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", where);
        service_write_config(w);
        return where;
}

static void assert_answers(const char *where, const char *path, int status, const char *begin)
{
        _cleanup_(cleanup_free) char *answer = web_get(where, path);
        if (web_status(answer) != status || strncmp(web_body(answer), begin, strlen(begin)) != 0)
                fail_msg("%s: not %d and \"%s\", but:\n%s", path, status, begin, answer);
}

/* Until it answers so. */
static void await_answer(const char *where, const char *path, int status, const char *begin)
{
        for (int i = 0; i < 6000; i++) {
                _cleanup_(cleanup_free) char *answer = web_get(where, path);
                if (web_status(answer) == status &&
                    strncmp(web_body(answer), begin, strlen(begin)) == 0)
                        return;
                (void)usleep(10000);
        }
        assert_answers(where, path, status, begin);
}

static void probes_tell_alive_and_ready(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        service_start(w, 0);
        assert_answers(where, "/healthz", 200, "ok\n");
        assert_answers(where, "/readyz", 200, "ready\n");
        service_stop(w, 0);
        assert_int_equal(web_try_connect(where), -1);
        assert_int_equal(access(where, F_OK), -1); /* it is not left behind */
}

static void a_postgres_that_is_away_is_not_ready_and_alive(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        service_start(w, 0);
        harness_postgres_stop(&w->pg);
        await_answer(where, "/readyz", 503, "not ready: PostgreSQL cannot be used: ");
        assert_answers(where, "/healthz", 200, "ok\n");
        harness_postgres_resume(&w->pg);
        await_answer(where, "/readyz", 200, "ready\n");
        service_stop(w, 0);
}

static void one_that_registers_its_edges_is_not_ready(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.edge IN ACCESS EXCLUSIVE MODE");
        HarnessService *s = service_begin(w, 0);
        harness_service_await_log(s, "the monitor listens on", 1);
        await_answer(where, "/readyz", 503, "not ready: registering 4 edges\n");
        assert_answers(where, "/healthz", 200, "ok\n");
        PQfinish(lock);
        await_answer(where, "/readyz", 200, "ready\n");
        service_stop(w, 0);
}

static void a_catalog_that_is_away_is_said_and_ready(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        service_start(w, 0);
        harness_catalog_stop(&w->catalog);
        make_due(w, 0, 0);
        harness_service_reload(&w->services[0]);
        await_answer(where, "/readyz", 200, "ready; the catalog cannot be used: ");
        assert_answers(where, "/healthz", 200, "ok\n");
        service_stop(w, 0);
}

/* A signal to each session of the service. */
static void signal_sessions(ServiceWorld *w, int signal)
{
        _cleanup_(cleanup_free) char *pids = harness_sql(
                &w->pg,
                "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE usename = 'em'");
        for (char *at = pids; *at;) {
                /* one that was not stopped may have ended since */
                assert_true(kill((pid_t)strtol(at, &at, 10), signal) == 0 || errno == ESRCH);
                at += *at == ' ';
        }
}

/* The end of the service waits for PostgreSQL, for as long as stop_timeout lets it. */
static void one_that_stops_is_not_alive(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        HarnessService *s = service_start(w, 0);
        signal_sessions(w, SIGSTOP);
        harness_service_signal(s, SIGTERM);
        await_answer(where, "/healthz", 503, "stopping\n");
        assert_answers(where, "/readyz", 503, "not ready: stopping\n");
        signal_sessions(w, SIGCONT);
        assert_int_equal(harness_service_wait(s), 0);
}

static double cpu_seconds(pid_t pid)
{
        clockid_t clock;
        struct timespec t;
        assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
        assert_int_equal(clock_gettime(clock, &t), 0);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The lowest descriptor that the process has not open. */
static rlim_t free_descriptor(pid_t pid)
{
        char path[64];
        struct stat st;
        for (rlim_t fd = 0;; fd++) {
                (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, (int)fd);
                if (lstat(path, &st) < 0)
                        return fd;
        }
}

static void who_cannot_be_accepted_costs_nothing(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        HarnessService *s = service_start(w, 0);
        struct rlimit before, few;
        assert_int_equal(prlimit(s->pid, RLIMIT_NOFILE, NULL, &before), 0);
        few = (struct rlimit){free_descriptor(s->pid), before.rlim_max};
        assert_int_equal(prlimit(s->pid, RLIMIT_NOFILE, &few, NULL), 0);
        int fd = web_connect(where);
        static const char request[] = "GET /healthz HTTP/1.0\r\n\r\n";
        web_send(fd, request, strlen(request));
        double began = cpu_seconds(s->pid);
        (void)usleep(500000);
        double spent = cpu_seconds(s->pid) - began;
        assert_int_equal(prlimit(s->pid, RLIMIT_NOFILE, &before, NULL), 0);
        char *answer = web_read(fd); /* it is accepted in the end */
        assert_int_equal(web_status(answer), 200);
        free(answer);
        (void)close(fd);
        assert_true(spent < 0.05);
        service_stop(w, 0);
}

static const struct {
        const char *name, *request;
        int status;
} REQUESTS[] = {
        {"HEAD", "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
        {"HTTP/1.0 without a host", "GET /healthz HTTP/1.0\r\n\r\n", 200},
        {"an address as host", "GET /healthz HTTP/1.1\r\nHost: 192.0.2.1:80\r\n\r\n", 200},
        {"a configured name", "GET /healthz HTTP/1.1\r\nHost: mirror.example.com\r\n\r\n", 200},
        {"arguments", "GET /healthz?a=1&b&c=%20 HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
        {"another name", "GET /healthz HTTP/1.1\r\nHost: evil.example.net\r\n\r\n", 421},
        {"no host", "GET /healthz HTTP/1.1\r\n\r\n", 400},
        {"POST", "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx", 405},
        {"PUT without end", "PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n",
         405},
        {"DELETE", "DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
        {"OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
        {"TRACE", "TRACE /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
        {"CONNECT", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
        {"get", "get /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
        {"a path beside", "GET /healthz/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
        {"a path upwards", "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
        {"the same, encoded", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
         404},
        {"another server's",
         "GET http://evil.example.net/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
        {"a NUL", "GET /healthz%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"a line end", "GET /healthz%0d%0aX:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"half a byte", "GET /%4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"no UTF-8", "GET /?q=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"17 arguments",
         "GET /healthz?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17 HTTP/1.1\r\n"
         "Host: localhost\r\n\r\n",
         400},
};

static void whatever_is_asked_has_its_answer(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        (void)strcat(w->in_monitor, "\nhost_names = mirror.example.com");
        service_write_config(w);
        service_start(w, 0);
        for (size_t i = 0; i < ARRAY_SIZE(REQUESTS); i++) {
                _cleanup_(cleanup_free) char *answer = web_ask(where, REQUESTS[i].request);
                if (web_status(answer) != REQUESTS[i].status)
                        fail_msg("%s: not %d, but:\n%s", REQUESTS[i].name, REQUESTS[i].status,
                                 answer);
                if (REQUESTS[i].status == 405)
                        assert_non_null(strstr(answer, "\r\nAllow: GET, HEAD\r\n"));
                if (i == 0)
                        assert_string_equal(web_body(answer), "");
        }
        assert_answers(where, "/healthz", 200, "ok\n");
        service_stop(w, 0);
}

static void every_answer_forbids_what_pages_do_not_need(void **state)
{
        static const char *const HEADERS[] = {
                ("\r\nContent-Security-Policy: default-src 'none'; base-uri 'none'; form-action "
                 "'self'; frame-ancestors 'none'\r\n"),
                "\r\nX-Content-Type-Options: nosniff\r\n",
                "\r\nX-Frame-Options: DENY\r\n",
                "\r\nReferrer-Policy: no-referrer\r\n",
                "\r\nCross-Origin-Resource-Policy: same-origin\r\n",
                "\r\nCross-Origin-Opener-Policy: same-origin\r\n",
                "\r\nCache-Control: no-store\r\n",
                "\r\nContent-Type: text/plain; charset=utf-8\r\n",
        };
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        service_start(w, 0);
        for (size_t i = 0; i < ARRAY_SIZE(HEADERS); i++) {
                _cleanup_(cleanup_free) char *found = web_get(where, "/healthz");
                _cleanup_(cleanup_free) char *none = web_get(where, "/nothing");
                assert_non_null(strstr(found, HEADERS[i]));
                assert_non_null(strstr(none, HEADERS[i]));
        }
        service_stop(w, 0);
}

static void a_reload_moves_the_listener(void **state)
{
        ServiceWorld *w = *state;
        char one[32], other[32];
        web_free_address(one);
        web_free_address(other);
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", one);
        service_write_config(w);
        HarnessService *s = service_start(w, 0);
        assert_int_equal(web_get_status(one, "/healthz"), 200);

        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", other);
        service_write_config(w);
        harness_service_reload(s);
        assert_int_equal(web_get_status(other, "/healthz"), 200);
        assert_int_equal(web_try_connect(one), -1);

        w->in_monitor[0] = '\0';
        service_write_config(w);
        harness_service_reload(s);
        assert_int_equal(web_try_connect(other), -1);
        service_stop(w, 0);
}

static void an_address_that_is_taken_is_said_and_syncs_go_on(void **state)
{
        ServiceWorld *w = *state;
        char where[32];
        web_free_address(where);
        (void)snprintf(w->in_monitor, sizeof(w->in_monitor), "listen = %s", where);
        service_write_config(w);
        service_start(w, 0);
        HarnessService *second = service_start(w, 1);
        harness_service_await_log(second, "the monitor cannot listen on 127.0.0.1:", 1);
        harness_service_await_log(second, "Address already in use", 1);
        service_stop(w, 0);
        make_due(w, 0, 0);
        harness_service_reload(second); /* it tries again */
        assert_int_equal(web_get_status(where, "/healthz"), 200);
        await_runs(w, 0, 0, "synced", 1);
        service_stop(w, 1);
}

static void a_socket_that_was_left_behind_is_replaced(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        HarnessService *s = service_start(w, 0);
        struct stat st;
        assert_int_equal(stat(where, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0660); /* nobody but its user and group may ask */
        harness_service_kill(s);
        service_start(w, 0);
        assert_answers(where, "/healthz", 200, "ok\n");
        service_stop(w, 0);

        harness_write(w->folder, "monitor", "a file that is no socket\n");
        s = service_start(w, 0);
        harness_service_await_log(s, "the monitor cannot listen on /", 1);
        harness_service_await_log(s, "there is a file that is no socket; move it away", 1);
        service_stop(w, 0);
        _cleanup_(cleanup_free) char *text = harness_read(w->folder, "monitor");
        assert_string_equal(text, "a file that is no socket\n");
        assert_int_equal(unlink(where), 0);
}

/* ---- /status.json --------------------------------------------------------------------------- */

/* By PostgreSQL's clock, as JSON has it; owned by the caller. */
static char *time_now(const ServiceWorld *w)
{
        return harness_sql(&w->pg, "SELECT to_char(now() AT TIME ZONE 'UTC', "
                                   "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
}

/* Each line says when PostgreSQL was asked: since then, and not later than now. They are made the
 * same. */
static void assert_observed_since(const ServiceWorld *w, char *lines, const char *since)
{
        static const char member[] = "\"observedAt\":\"";
        _cleanup_(cleanup_free) char *now = time_now(w);
        size_t n_lines = 0, n_observed = 0;
        for (const char *end = lines; (end = strchr(end, '\n')); end++)
                n_lines++;
        for (char *at = lines; (at = strstr(at, member)); n_observed++) {
                at += strlen(member);
                assert_true(strncmp(at, since, strlen(since)) >= 0);
                assert_true(strncmp(at, now, strlen(now)) <= 0);
                memset(at, '-', strlen(now));
        }
        assert_true(n_lines > 0);
        assert_int_equal(n_observed, n_lines);
}

static void status_is_what_the_command_prints(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        service_start(w, 0);
        make_due(w, 0, 0);
        harness_service_reload(&w->services[0]);
        await_runs(w, 0, 0, "synced", 1);
        _cleanup_(cleanup_free) char *since = time_now(w);
        _cleanup_(cleanup_free) char *answer = web_get(where, "/status.json");
        assert_int_equal(web_status(answer), 200);
        assert_non_null(strstr(answer, "\r\nContent-Type: application/x-ndjson\r\n"));
        assert_int_equal(service_program(w, "status", "--json", NULL), 0);
        _cleanup_(cleanup_free) char *printed = harness_read(w->folder, "out");
        assert_observed_since(w, answer + (web_body(answer) - answer), since);
        assert_observed_since(w, printed, since);
        assert_string_equal(web_body(answer), printed);
        service_stop(w, 0);
}

/* One query serves all who ask within 15 seconds. */
static void status_is_observed_once_for_all(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        service_start(w, 0);
        _cleanup_(cleanup_free) char *before = web_get(where, "/status.json");
        free(harness_sql(&w->pg, "UPDATE edgemirror.edge SET consecutive_failures = 7"));
        _cleanup_(cleanup_free) char *after = web_get(where, "/status.json");
        assert_int_equal(web_status(before), 200);
        assert_string_equal(web_body(before), web_body(after)); /* Date may differ */
        service_stop(w, 0);
}

static void ask_status(int fd)
{
        static const char request[] = "GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        web_send(fd, request, sizeof(request) - 1);
}

static char *answer_of(int fd)
{
        char *answer = web_read(fd);
        (void)close(fd);
        return answer;
}

static void a_postgres_that_hangs_makes_nobody_else_wait(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        (void)snprintf(w->in_postgres, sizeof(w->in_postgres), "max_connections = 2");
        service_write_config(w);
        service_start(w, 0);
        int waits[3];
        /* first, or a session that is stopped in a transaction keeps it waiting */
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.edge IN ACCESS EXCLUSIVE MODE");
        signal_sessions(w, SIGSTOP);
        for (size_t i = 0; i < ARRAY_SIZE(waits); i++)
                ask_status(waits[i] = web_connect(where));
        assert_answers(where, "/healthz", 200, "ok\n");
        for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
                _cleanup_(cleanup_free) char *answer = answer_of(waits[i]);
                assert_int_equal(web_status(answer), 503);
                assert_non_null(strstr(web_body(answer), "the status of the edges: "));
                assert_non_null(strstr(answer, "\r\nRetry-After: 5\r\n"));
        }

        /* who waits when the monitor closes is answered, too */
        int last = web_connect(where);
        ask_status(last);
        assert_answers(where, "/healthz", 200, "ok\n");
        w->in_monitor[0] = '\0';
        service_write_config(w);
        harness_service_reload(&w->services[0]);
        _cleanup_(cleanup_free) char *answer = answer_of(last);
        assert_int_equal(web_status(answer), 503);
        PQfinish(lock);
        signal_sessions(w, SIGCONT);
        service_stop(w, 0);
}

/* A request that has arrived, but is read only when the monitor closes: none can wait then. */
static void who_asks_while_the_monitor_closes_is_answered(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        HarnessService *s = service_start(w, 0);
        int asks[4];
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
                asks[i] = web_connect(where);
        assert_answers(where, "/healthz", 200, "ok\n"); /* those before were accepted, too */
        siginfo_t stopped;
        harness_service_signal(s, SIGSTOP);
        assert_int_equal(waitid(P_PID, (id_t)s->pid, &stopped, WSTOPPED), 0);
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
                ask_status(asks[i]);
        w->in_monitor[0] = '\0';
        service_write_config(w);
        harness_service_signal(s, SIGHUP);
        harness_service_signal(s, SIGCONT);
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
                _cleanup_(cleanup_free) char *answer = answer_of(asks[i]);
                assert_int_equal(web_status(answer), 503);
        }
        service_stop(w, 0);
}

/* ---- pages ---------------------------------------------------------------------------------- */

/* libmicrohttpd learns of an answer that comes later by nothing but our own timer: without it, it
 * would be sent when the connection has been idle for too long. */
static void pages_are_sent_as_soon_as_they_are_read(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        static const struct {
                const char *path;
                int status;
                const char *text;
        } cases[] = {
                {"/", 200, "All edges"},
                {"/?state=attention&sort=listed&order=desc", 200, "/edges/e0"},
                {"/edges/e0", 200, "Edge connection"},
                {"/edges/%65%30", 200, "Edge connection"},
                {"/edges/nowhere", 404, "There is no such edge"},
                {"/edges/", 404, "There is no such edge"},
                {"/inventory", 200, "Per edge"},
                {"/inventory?q=%27%22%25", 200, "The mirror has no database like that."},
                {"/changes", 200, "One by one"},
                {"/?state=x", 400, "&quot;state&quot; cannot be that."},
                {"/?page=0", 400, "&quot;page&quot; cannot be that."},
                {"/changes?day=2026-02-30", 400, "&quot;day&quot; cannot be that."},
        };
        service_start(w, 0);
        uint64_t begin = clock_monotonic_usec();
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(cleanup_free) char *answer = web_get(where, cases[i].path);
                assert_int_equal(web_status(answer), cases[i].status);
                const char *problem = markup_problem(web_body(answer));
                if (problem)
                        fail_msg("%s: %s", cases[i].path, problem);
                assert_non_null(strstr(answer, cases[i].text));
                assert_non_null(strstr(answer, "; style-src 'sha256-"));
        }
        assert_true(clock_monotonic_usec() - begin < LIMIT_WEB_IDLE_SEC * USEC_PER_SEC);
        service_stop(w, 0);
}

/* The statement is ended before the request is given up, so that it is a page that says so. */
static void a_page_that_takes_too_long_says_so(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        service_start(w, 0);
        free(harness_sql(
                &w->pg,
                "ALTER VIEW edgemirror.held RENAME TO quick; CREATE VIEW edgemirror.held AS SELECT "
                "* "
                "FROM edgemirror.quick WHERE pg_sleep(60) IS NOT NULL UNION ALL SELECT q.* FROM "
                "pg_sleep(60) s LEFT JOIN edgemirror.quick q ON true; GRANT SELECT ON "
                "edgemirror.held TO em"));
        _cleanup_(cleanup_free) char *answer = web_get(where, "/edges/e0");
        free(harness_sql(&w->pg,
                         "DROP VIEW edgemirror.held; ALTER VIEW edgemirror.quick RENAME TO held"));
        assert_int_equal(web_status(answer), 503);
        assert_null(markup_problem(web_body(answer)));
        assert_non_null(strstr(answer, "PostgreSQL has not answered in time"));
        assert_int_equal(web_get_status(where, "/edges/e0"), 200);
        service_stop(w, 0);
}

static void assert_pages_say(const char *where, int status, const char *words)
{
        static const char *const paths[] = {"/", "/edges/e0", "/inventory", "/changes"};
        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                _cleanup_(cleanup_free) char *answer = web_get(where, paths[i]);
                assert_int_equal(web_status(answer), status);
                assert_null(markup_problem(web_body(answer)));
                if (!strstr(web_body(answer), words))
                        fail_msg("%s: not \"%s\", but:\n%s", paths[i], words, answer);
        }
}

static void a_page_says_why_it_cannot_be_read(void **state)
{
        ServiceWorld *w = *state;
        const char *where = listen_on_file(w);
        service_start(w, 0);
        PGconn *lock = hold(w, "BEGIN; LOCK TABLE edgemirror.edge IN ACCESS EXCLUSIVE MODE");
        _cleanup_(cleanup_free) char *locked = web_get(where, "/");
        assert_int_equal(web_status(locked), 503);
        assert_null(markup_problem(web_body(locked)));
        assert_non_null(strstr(locked, "lock"));
        PQfinish(lock);
        _cleanup_(cleanup_free) char *url =
                harness_sql(&w->pg, "SELECT url FROM edgemirror.catalog");
        free(harness_sql(&w->pg, "UPDATE edgemirror.catalog SET url = 'https://another.example'"));
        assert_pages_say(where, 503, "this database mirrors the catalog https://another.example");
        char restore[256];
        (void)snprintf(restore, sizeof(restore), "UPDATE edgemirror.catalog SET url = '%s'", url);
        free(harness_sql(&w->pg, restore));
        harness_postgres_stop(&w->pg);
        await_answer(where, "/readyz", 503, "not ready: PostgreSQL cannot be used: ");
        assert_pages_say(where, 503, "The mirror cannot be read: PostgreSQL");
        harness_postgres_resume(&w->pg);
        service_stop(w, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(probes_tell_alive_and_ready, few_edges),
                cmocka_unit_test_setup(one_that_registers_its_edges_is_not_ready, few_edges),
                cmocka_unit_test_setup(a_catalog_that_is_away_is_said_and_ready, few_edges),
                cmocka_unit_test_setup(a_postgres_that_is_away_is_not_ready_and_alive, few_edges),
                cmocka_unit_test_setup(one_that_stops_is_not_alive, few_edges),
                cmocka_unit_test_setup(who_cannot_be_accepted_costs_nothing, few_edges),
                cmocka_unit_test_setup(whatever_is_asked_has_its_answer, few_edges),
                cmocka_unit_test_setup(every_answer_forbids_what_pages_do_not_need, few_edges),
                cmocka_unit_test_setup(a_reload_moves_the_listener, few_edges),
                cmocka_unit_test_setup(an_address_that_is_taken_is_said_and_syncs_go_on, few_edges),
                cmocka_unit_test_setup(status_is_what_the_command_prints, few_edges),
                cmocka_unit_test_setup(status_is_observed_once_for_all, few_edges),
                cmocka_unit_test_setup(a_postgres_that_hangs_makes_nobody_else_wait, few_edges),
                cmocka_unit_test_setup(who_asks_while_the_monitor_closes_is_answered, few_edges),
                cmocka_unit_test_setup(pages_are_sent_as_soon_as_they_are_read, few_edges),
                cmocka_unit_test_setup(a_page_that_takes_too_long_says_so, few_edges),
                cmocka_unit_test_setup(a_page_says_why_it_cannot_be_read, few_edges),
                cmocka_unit_test_setup(a_socket_that_was_left_behind_is_replaced, few_edges),
        };
        return cmocka_run_group_tests_name("monitor", tests, service_world_setup,
                                           service_world_teardown);
}
