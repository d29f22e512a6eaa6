/*
 * The circuit breaker, by what its handlers hear: over real clients of a catalog on loopback, whose
 * answer depends on the edge that it is asked for.
 *
 * Only the host's monotonic clock is stood in for, by the linker: a test lets the breaker's timer
 * elapse, and the clock shows that so much time has passed.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "daemon/breaker.h"
#include "unit/config_files.h"
#include "unit/http_server.h"
#include <time.h>

#define ID(letter)       #letter "b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define PATH(letter)     PATH_OF(ID(letter))
#define PATH_OF(id)      LIST "?edgeConnectionId=" id "&offset=0&limit=1"
#define LIST             "/rest/catalogDatabase/v1/databaseConnections"
#define SAYS(head, body) "HTTP/1.1 " head "\r\nContent-Type: application/json\r\n\r\n" body
#define EMPTY            "{\"total\":0,\"offset\":0,\"limit\":1,\"results\":[]}"
#define OWN(status, code)                                                                          \
        "{\"statusCode\":" status ",\"errorCode\":\"" code                                         \
        "\",\"titleMessage\":\"t\",\"userMessage\":\"u\"}"

/* By the names of the edges, in their order. */
enum { GOOD, AWAY, GATEWAY, REFUSED, LATER, SOON, FAILS, UNKNOWN, SLOW, BUSY, N_EDGES };

static const Script scripts[] = {
        [GOOD] = {PATH(0), SAYS("200 OK", EMPTY), 0, NULL, SCRIPT_CLOSE},
        [AWAY] = {PATH(1), "", 0, NULL, SCRIPT_RESET},
        [GATEWAY] = {PATH(2), SAYS("502 Bad Gateway", ""), 0, NULL, SCRIPT_CLOSE},
        [REFUSED] = {PATH(3), SAYS("401 Unauthorized", OWN("401", "unauthorized")), 0, NULL,
                     SCRIPT_CLOSE},
        [LATER] = {PATH(4), SAYS("429 Too Many\r\nRetry-After: 120", OWN("429", "busy")), 0, NULL,
                   SCRIPT_CLOSE},
        [SOON] = {PATH(5), SAYS("429 Too Many\r\nRetry-After: 5", OWN("429", "busy")), 0, NULL,
                  SCRIPT_CLOSE},
        [FAILS] = {PATH(6), SAYS("500 Internal Server Error", OWN("500", "broken")), 0, NULL,
                   SCRIPT_CLOSE},
        [UNKNOWN] = {PATH(7), SAYS("404 Not Found", OWN("404", "notFound")), 0, NULL, SCRIPT_CLOSE},
        [SLOW] = {PATH(8), "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 0, NULL,
                  SCRIPT_GATE},
        [BUSY] = {PATH(9), SAYS("503 Unavailable\r\nRetry-After: 8", ""), 0, NULL, SCRIPT_CLOSE},
        [N_EDGES] = {0},
};

typedef struct World {
        Server *server;
        sd_event *event;
        Config *config;
        Peers *peers;
        DatabaseClock clock;
        Breaker breaker;
        int next; /* which edge is next; N_EDGES: none is */
        unsigned n_next, n_closed, n_opened;
        Fault fault; /* the last it was opened for */
        /* of the breaker's timer */
        sd_event_source *timer;
        uint64_t delay_usec;
        unsigned n_timers;
} World;

static World w;
static uint64_t passed_usec; /* what the clock shows beyond the host's */

#ifndef __LP64__ /* times of 64 bits: another name */
#define __wrap_clock_gettime __wrap___clock_gettime64
#define __real_clock_gettime __real___clock_gettime64
#endif
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata);
int __real_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata);
int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t usec);
int __real_sd_event_source_set_time(sd_event_source *s, uint64_t usec);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
        int r = __real_clock_gettime(clock, ret);
        if (clock == CLOCK_MONOTONIC) {
                uint64_t usec = (uint64_t)ret->tv_nsec / 1000 + passed_usec;
                ret->tv_sec += (time_t)(usec / USEC_PER_SEC);
                ret->tv_nsec = (long)(usec % USEC_PER_SEC) * 1000;
        }
        return r;
}

/* libcurl's, by the clock above; the loop waits by the host's. */
int __wrap_sd_event_source_set_time(sd_event_source *s, uint64_t usec)
{
        return __real_sd_event_source_set_time(s, usec - passed_usec);
}

/* Nobody waits for other timers than the breaker's: of a request that was refused and is repeated
 * after a second. */
int __wrap_sd_event_add_time_relative(sd_event *e, sd_event_source **ret, clockid_t clock,
                                      uint64_t usec, uint64_t accuracy,
                                      sd_event_time_handler_t callback, void *userdata)
{
        bool own = userdata == &w.breaker.timer;
        int r = __real_sd_event_add_time_relative(e, ret, clock, own ? USEC_PER_DAY : 0, accuracy,
                                                  callback, userdata);
        if (own && r >= 0) {
                w.timer = *ret;
                w.delay_usec = usec;
                w.n_timers++;
        }
        return r;
}

/* ---- what it is given, and what it reports -------------------------------------------------- */

static const ConfigEdge *on_next_edge(void *userdata)
{
        assert_ptr_equal(userdata, &w);
        w.n_next++;
        return w.next == N_EDGES ? NULL : &w.config->edges[w.next];
}

static void on_closed(void *userdata)
{
        assert_ptr_equal(userdata, &w);
        assert_true(breaker_is_closed(&w.breaker));
        assert_null(breaker_fault(&w.breaker));
        w.n_closed++;
}

static void on_opened(const Fault *fault, void *userdata)
{
        assert_ptr_equal(userdata, &w);
        assert_false(breaker_is_closed(&w.breaker));
        assert_true(breaker_is_in_doubt(&w.breaker));
        w.fault = *fault;
        w.n_opened++;
}

static void write_password(const char *password)
{
        files_write("password", password);
        assert_int_equal(chmod("password", 0600), 0);
}

static Peers *new_peers(void)
{
        Fault fault;
        Peers *peers;
        assert_int_equal(peers_new(w.event, w.config, &peers), 0);
        assert_int_equal(peers_open_catalog(peers, &fault), 0);
        return peers;
}

static Config *load_config(const char *folder)
{
        static const char *const names[N_EDGES] = {"a", "b", "c", "d", "e",
                                                   "f", "g", "h", "i", "j"};
        _cleanup_(text_done) Text text = {0};
        assert_int_equal(text_printf(&text,
                                     "[catalog]\nurl = http://127.0.0.1:%d\nusername = u\n"
                                     "password_file = %s/password\nrequest_timeout = 10s\n"
                                     "[postgres]\nconninfo = dbname=x\n",
                                     w.server->port, folder),
                         0);
        for (int i = 0; i < N_EDGES; i++)
                assert_int_equal(text_printf(&text, "[edge \"%s\"]\nid = %d%s\n", names[i], i,
                                             ID() /* all but its first digit */),
                                 0);
        files_write("t.conf", text.data);
        return assert_loaded("t.conf");
}

static int setup(void **state)
{
        static const BreakerHandlers handlers = {on_next_edge, on_closed, on_opened};
        if (files_setup(state) < 0)
                return -1;
        passed_usec = 0;
        w = (World){.server = server_start(scripts)};
        write_password("first");
        assert_int_equal(sd_event_new(&w.event), 0);
        w.config = load_config(*state);
        w.peers = new_peers();
        breaker_init(&w.breaker, w.event, &w.clock, &handlers, &w);
        return 0;
}

static int teardown(void **state)
{
        breaker_done(&w.breaker);
        (void)peers_unref(w.peers);
        (void)config_free(w.config);
        sd_event_unref(w.event);
        server_stop(w.server);
        return files_teardown(state);
}

/* Runs the loop until *number is n; fails the test after 30 s without that. */
static void run_until(const unsigned *number, unsigned n)
{
        uint64_t deadline_usec = clock_monotonic_usec() + 30 * USEC_PER_SEC;
        while (*number < n) {
                assert_true(clock_monotonic_usec() < deadline_usec);
                assert_true(sd_event_run(w.event, 100 * USEC_PER_MSEC) >= 0);
        }
        assert_int_equal(*number, n);
}

/* Whatever would come comes within that. */
static void run_on(void)
{
        while (sd_event_run(w.event, 100 * USEC_PER_MSEC) > 0)
                ;
}

static void run_until_asked(unsigned n)
{
        uint64_t deadline_usec = clock_monotonic_usec() + 30 * USEC_PER_SEC;
        while (server_requests(w.server) < n) {
                assert_true(clock_monotonic_usec() < deadline_usec);
                assert_true(sd_event_run(w.event, 10 * USEC_PER_MSEC) >= 0);
        }
}

/* The breaker's timer, and the clock with it. */
static void elapse(void)
{
        assert_true(timer_is_armed(&w.breaker.timer));
        passed_usec += w.delay_usec;
        assert_true(sd_event_source_set_time_relative(w.timer, 0) >= 0);
}

/* Resets, and is opened by what the catalog says of that edge. */
static void open_by(int edge)
{
        w.next = edge;
        breaker_reset(&w.breaker, w.peers);
        run_until(&w.n_opened, 1);
        assert_int_equal(w.n_closed, 0);
}

static void close_by(int edge)
{
        w.next = edge;
        breaker_reset(&w.breaker, w.peers);
        run_until(&w.n_closed, 1);
        assert_int_equal(w.n_opened, 0);
}

/* ---- the tests ------------------------------------------------------------------------------ */

static void it_begins_open_and_a_probe_that_succeeds_closes_it_once(void **state)
{
        (void)state;
        assert_false(breaker_is_closed(&w.breaker));
        assert_null(breaker_fault(&w.breaker));
        w.next = GOOD;
        breaker_reset(&w.breaker, w.peers);
        assert_false(breaker_is_closed(&w.breaker));
        assert_true(breaker_is_in_doubt(&w.breaker));
        breaker_probe(&w.breaker); /* one is under way */
        run_until(&w.n_closed, 1);
        assert_int_equal(server_requests(w.server), 1);
        assert_int_equal(w.n_next, 1);
        assert_false(breaker_is_in_doubt(&w.breaker));

        breaker_probe(&w.breaker);
        assert_true(breaker_is_closed(&w.breaker)); /* until it is answered otherwise */
        run_until_asked(2);
        run_on();
        breaker_retry(&w.breaker); /* closed: nothing to repair */
        run_on();
        assert_int_equal(server_requests(w.server), 2);
        assert_int_equal(w.n_closed, 1);
        assert_int_equal(w.n_opened, 0);
        assert_int_equal(w.n_timers, 0);
}

static void without_an_edge_it_is_closed(void **state)
{
        (void)state;
        open_by(AWAY);
        w.next = N_EDGES;
        breaker_retry(&w.breaker);
        assert_int_equal(w.n_closed, 1);
        assert_false(timer_is_armed(&w.breaker.timer));
        breaker_reset(&w.breaker, w.peers);
        assert_int_equal(w.n_closed, 2);
        run_on();
        assert_int_equal(server_requests(w.server), 1);
}

static void failures_open_it_and_are_probed_again_with_growing_delays(void **state)
{
        (void)state;
        uint64_t before = USEC_PER_SEC, longest = 0;
        open_by(AWAY);
        /* drawn between a second and three times the one before: in so many, one is long */
        for (unsigned n = 1; n < 200 && longest < 10 * USEC_PER_SEC; n++) {
                assert_int_equal(w.n_timers, n);
                assert_in_range(w.delay_usec, USEC_PER_SEC, 3 * before);
                assert_true(w.delay_usec <= OUTAGE_CEILING_USEC);
                before = w.delay_usec;
                longest = before > longest ? before : longest;
                w.next = n % 2 ? GATEWAY : AWAY;
                elapse();
                run_until(&w.n_opened, n + 1);
                assert_int_equal(w.n_next, n + 1); /* each time for another edge */
        }
        assert_true(longest >= 10 * USEC_PER_SEC);
        assert_non_null(breaker_fault(&w.breaker));
        w.next = GOOD;
        elapse();
        run_until(&w.n_closed, 1);
        assert_false(timer_is_armed(&w.breaker.timer));

        /* the next outage begins anew */
        unsigned n = w.n_opened;
        w.next = AWAY;
        breaker_probe(&w.breaker);
        run_until(&w.n_opened, n + 1);
        assert_in_range(w.delay_usec, USEC_PER_SEC, 3 * USEC_PER_SEC);
}

static void what_is_wrong_with_one_edge_closes_it(void **state)
{
        (void)state;
        static const int edges[] = {FAILS, UNKNOWN, SOON};
        open_by(AWAY);
        for (unsigned i = 0; i < ARRAY_SIZE(edges); i++) {
                w.next = edges[i];
                elapse();
                run_until(&w.n_closed, i + 1);
                assert_int_equal(w.n_opened, i + 1);
                w.next = AWAY;
                breaker_probe(&w.breaker);
                run_until(&w.n_opened, i + 2);
        }
}

/* The credentials are looked at, and are those that were refused. */
static void assert_not_asked(unsigned n_timers)
{
        unsigned n = server_requests(w.server);
        elapse();
        run_until(&w.n_timers, n_timers);
        run_on();
        assert_int_equal(server_requests(w.server), n);
        assert_true(w.delay_usec <= 10 * USEC_PER_SEC);
}

static void a_refusal_waits_for_the_long_pause(void **state)
{
        (void)state;
        open_by(REFUSED);
        assert_true(w.fault.refused);
        /* half a minute, then a whole one; they are looked at every ten seconds */
        for (unsigned pauses = 1; pauses <= 2; pauses++) {
                unsigned n = w.n_timers;
                for (unsigned i = 1; i < 3 * pauses; i++)
                        assert_not_asked(n + i);
                assert_int_equal(w.n_opened, pauses);
                elapse();
                run_until(&w.n_opened, pauses + 1);
        }
}

static void a_refusal_is_over_when_the_credentials_on_disk_change(void **state)
{
        (void)state;
        open_by(REFUSED);
        assert_not_asked(2);
        write_password("second");
        w.next = GOOD;
        elapse();
        run_until(&w.n_closed, 1);
        assert_int_equal(w.n_opened, 1);
        const char *probe = strstr(w.server->log, PATH(0));
        assert_non_null(probe);
        assert_non_null(strstr(probe, "Basic dTpzZWNvbmQ=")); /* u:second */

        /* the next refusal begins anew */
        char next[BREAKER_NEXT_BYTES];
        breaker_record_fault(&w.breaker, &w.fault, 0);
        assert_int_equal(w.n_opened, 2);
        breaker_format_next(&w.breaker, next);
        assert_string_equal(next, "it is asked again in 30s");
}

static void a_person_who_repaired_it_need_not_wait(void **state)
{
        (void)state;
        open_by(REFUSED);
        write_password("second");
        w.next = GOOD;
        breaker_retry(&w.breaker);
        run_until(&w.n_closed, 1);
        assert_int_equal(w.n_timers, 1);
        assert_non_null(strstr(strstr(w.server->log, PATH(0)), "Basic dTpzZWNvbmQ="));
}

static void what_the_catalog_wants_to_wait_is_waited(void **state)
{
        (void)state;
        open_by(LATER);
        assert_int_equal(w.fault.retry_after_usec, 120 * USEC_PER_SEC);
        uint64_t asked_usec = clock_monotonic_usec();
        w.next = GOOD;
        elapse(); /* as after any failure: it is too early yet */
        run_until(&w.n_timers, 2);
        breaker_retry(&w.breaker);
        run_on();
        assert_int_equal(w.n_next, 1);
        assert_int_equal(server_requests(w.server), 1);
        assert_in_range(clock_monotonic_usec() + w.delay_usec - asked_usec, 118 * USEC_PER_SEC,
                        122 * USEC_PER_SEC);
        elapse();
        run_until(&w.n_closed, 1);
        assert_int_equal(w.n_opened, 1);
}

/* Which is no pause that ends runs, as long as a sync waits for it. */
static void a_short_pause_is_waited_too(void **state)
{
        (void)state;
        open_by(BUSY);
        assert_int_equal(w.fault.retry_after_usec, 0);
        uint64_t asked_usec = clock_monotonic_usec();
        w.next = GOOD;
        elapse();
        run_until(&w.n_timers, 2);
        assert_int_equal(server_requests(w.server), 1);
        assert_in_range(clock_monotonic_usec() + w.delay_usec - asked_usec, 6 * USEC_PER_SEC,
                        10 * USEC_PER_SEC);
        elapse();
        run_until(&w.n_closed, 1);
}

static void faults_that_syncs_meet_open_it_once(void **state)
{
        (void)state;
        Fault away, later;
        fault_set(&away, FAULT_PEER, EIO, CODE_CATALOG_BUSY, "away");
        later = away;
        later.retry_after_usec = USEC_PER_HOUR;
        close_by(GOOD);
        unsigned n = server_requests(w.server);

        breaker_record_fault(&w.breaker, &away, 0); /* it may be of before */
        assert_true(breaker_is_closed(&w.breaker));
        run_until_asked(n + 1);
        run_on();
        assert_int_equal(w.n_closed, 1);
        assert_int_equal(w.n_opened, 0);

        breaker_record_fault(&w.breaker, &away, clock_monotonic_usec());
        assert_int_equal(w.n_opened, 1);
        breaker_record_fault(&w.breaker, &away, clock_monotonic_usec());
        assert_int_equal(w.n_opened, 1);
        assert_int_equal(w.n_timers, 1);

        breaker_record_fault(&w.breaker, &later, 0); /* how long it wants counts all the same */
        elapse();
        run_until(&w.n_timers, 2);
        assert_true(w.delay_usec > USEC_PER_HOUR - USEC_PER_MINUTE);
        elapse();
        run_until(&w.n_closed, 2);
        assert_int_equal(w.n_opened, 1);
}

static void nothing_is_called_after_done(void **state)
{
        (void)state;
        w.next = SLOW;
        breaker_reset(&w.breaker, w.peers);
        run_until_asked(1);
        breaker_done(&w.breaker);
        server_open_gate(w.server);
        run_on();
        assert_int_equal(w.n_opened + w.n_closed, 0);

        open_by(AWAY);
        breaker_done(&w.breaker);
        assert_false(timer_is_armed(&w.breaker.timer));
        run_on();
        assert_int_equal(w.n_opened, 1);
}

static void the_answer_to_a_probe_of_before_a_reset_counts_no_more(void **state)
{
        (void)state;
        w.next = SLOW;
        breaker_reset(&w.breaker, w.peers);
        run_until_asked(1);
        Peers *before = w.peers;
        w.peers = new_peers();
        close_by(GOOD);
        server_open_gate(w.server); /* others may keep the peers of before for longer */
        run_on();
        (void)peers_unref(before);
        assert_true(breaker_is_closed(&w.breaker));
        assert_int_equal(w.n_closed, 1);
        assert_int_equal(w.n_opened, 0);
        assert_int_equal(server_requests(w.server), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(it_begins_open_and_a_probe_that_succeeds_closes_it_once),
                TEST(without_an_edge_it_is_closed),
                TEST(failures_open_it_and_are_probed_again_with_growing_delays),
                TEST(what_is_wrong_with_one_edge_closes_it),
                TEST(a_refusal_waits_for_the_long_pause),
                TEST(a_refusal_is_over_when_the_credentials_on_disk_change),
                TEST(a_person_who_repaired_it_need_not_wait),
                TEST(what_the_catalog_wants_to_wait_is_waited),
                TEST(a_short_pause_is_waited_too),
                TEST(faults_that_syncs_meet_open_it_once),
                TEST(nothing_is_called_after_done),
                TEST(the_answer_to_a_probe_of_before_a_reset_counts_no_more),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
