/*
 * auth: what goes out, what an answer says of it, and a method that completes later: requests wait
 * for it, and it ends once for all of them.
 */
#include "base/clock.h"
#include "base/duration.h"
#include "base/timer.h"
#include "catalog/auth.h"
#include "catalog/catalog.h"
#include "unit/http_bench.h"
#include "unit/http_server.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define JOB "0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
#define ROW "/rest/catalogDatabase/v1/databaseConnections/" JOB

static int load_from_userdata(void *userdata, Text *ret, Fault *ret_fault)
{
        const char *secret = *(const char **)userdata;
        if (!secret)
                return fault_set(ret_fault, FAULT_PROCESS, ENOENT, CODE_SECRET_NAME,
                                 "/pw: no such file");
        return text_append_string(ret, secret);
}

static void no_ready(void *userdata)
{
        (void)userdata;
        fail_msg("nothing was waited for");
}

static Auth *auth_of(const AuthMethod *method, const char *username, const char **secret)
{
        const AuthOptions options = {.method = method,
                                     .username = username,
                                     .load_secret = load_from_userdata,
                                     .load_secret_userdata = secret};
        Auth *a;
        assert_int_equal(auth_new(&options, no_ready, NULL, &a), 0);
        return a;
}

static void the_header_is_what_the_method_makes_of_the_secret(void **state)
{
        (void)state;
        const struct {
                const AuthMethod *method;
                const char *username, *secret, *header;
        } cases[] = {
                {&auth_basic, "Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
                {&auth_basic, "a", "p:\xc3\xa9@/", "Basic YTpwOsOpQC8="},
                {&auth_basic, "a", "", "Basic YTo="},
                {&auth_bearer, NULL, "abc.DEF-123_~+/=", "Bearer abc.DEF-123_~+/="},
                {NULL, "a", "b", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *secret = cases[i].secret;
                Auth *a = auth_of(cases[i].method, cases[i].username, &secret);
                Fault fault;
                assert_int_equal(auth_prepare(a, &fault), 1);
                if (!text_equal(auth_header(a), cases[i].header))
                        fail_msg("%zu: %s", i, auth_header(a));
                (void)auth_free(a);
        }
}

/* RFC 7617, section 2 */
static void a_username_that_cannot_be_sent_is_refused(void **state)
{
        (void)state;
        static const char *const names[] = {"a:b", NULL};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                const AuthOptions options = {.method = &auth_basic, .username = names[i]};
                Auth *a;
                assert_int_equal(auth_new(&options, no_ready, NULL, &a), -EINVAL);
        }
}

static void the_secret_and_the_one_before_are_redacted(void **state)
{
        (void)state;
        const char *secret = "first-secret";
        Auth *a = auth_of(&auth_basic, "svc", &secret);
        Fault fault;
        char text[] = "first-secret c3ZjOmZpcnN0LXNlY3JldA== second-secret";
        assert_int_equal(auth_prepare(a, &fault), 1);
        secret = "second-secret";
        assert_int_equal(auth_reload(a, &fault), 1);
        redact_text(auth_redact(a), text);
        assert_string_equal(text, "************ **********************== *************");
        (void)auth_free(a);
}

/* What comes late, of the secret of before, says nothing of the one of now. */
static void a_late_answer_to_an_old_secret_changes_nothing(void **state)
{
        (void)state;
        const DoubtCase first = {0}, again = {.repeated = true};
        const char *secret = "old";
        Auth *a = auth_of(&auth_bearer, NULL, &secret);
        Fault fault;
        assert_int_equal(auth_prepare(a, &fault), 1);
        uint64_t old = auth_generation(a);
        secret = "new";
        assert_int_equal(auth_on_401(a, old, &first), DOUBT_NOW);
        assert_int_equal(auth_prepare(a, &fault), 1);
        assert_string_equal(auth_header(a), "Bearer new");
        uint64_t now = auth_generation(a);
        assert_int_equal(auth_on_401(a, now, &first), DOUBT_LATER);
        assert_int_equal(auth_on_401(a, now, &again), DOUBT_OVER);
        doubt_end(auth_doubt(a));
        assert_true(auth_doubt(a)->refused);

        assert_false(auth_on_answer(a, old));
        assert_true(auth_doubt(a)->refused);
        assert_int_equal(auth_on_401(a, now, &first), DOUBT_OVER);
        assert_true(auth_on_answer(a, now));
        assert_false(auth_doubt(a)->refused);
        assert_int_equal(auth_on_401(a, old, &again), DOUBT_NOW);
        assert_false(auth_doubt(a)->refused);
        (void)auth_free(a);
}

/* Else a person would compare the password with a file that is not there. */
static void a_refusal_names_why_the_secret_could_not_be_read_again(void **state)
{
        (void)state;
        const DoubtCase first = {0};
        const char *secret = "old";
        Auth *a = auth_of(&auth_basic, "svc", &secret);
        Fault fault;
        assert_int_equal(auth_prepare(a, &fault), 1);
        assert_string_equal(auth_advice(a), "; check username and password_file; " SECRET_RENEWAL);
        secret = NULL;
        assert_int_equal(auth_on_401(a, auth_generation(a), &first), DOUBT_LATER);
        assert_string_equal(auth_advice(a), "; check username and password_file; " SECRET_RENEWAL
                                            "; the secret that is on disk now cannot be used and "
                                            "was not sent: /pw: no such file");
        secret = "new";
        assert_true(auth_reread(a));
        assert_string_equal(auth_advice(a), "; check username and password_file; " SECRET_RENEWAL);
        (void)auth_free(a);
}

/* ---- a method that completes later ---------------------------------------------------------- */

typedef struct Fake {
        sd_event *event;
        Timer timer;
        Auth *auth;
        unsigned n_begun, n_cancelled;
        uint64_t renew_usec, expires_usec; /* from when it is acquired; 0: never */
        bool fails;
        const char *secret; /* that it was given last */
} Fake;

static uint64_t fake_time(uint64_t usec)
{
        return usec ? clock_boottime_usec() + usec : UINT64_MAX;
}

static void fake_on_timer(void *userdata)
{
        Fake *f = userdata;
        char token[32];
        Fault fault;
        if (f->fails) {
                fault_set(&fault, FAULT_PEER, EIO, CODE_HTTP_CONNECT, "the endpoint is away");
                auth_failed(f->auth, &fault, 0);
                return;
        }
        (void)snprintf(token, sizeof(token), "token-%u", f->n_begun);
        assert_int_equal(auth_acquired(f->auth, "Bearer", token, fake_time(f->renew_usec),
                                       fake_time(f->expires_usec)),
                         0);
}

static int fake_acquire(Auth *a, const char *username, const char *secret, void *userdata)
{
        Fake *f = userdata;
        (void)username;
        f->secret = secret;
        assert_false(timer_is_armed(&f->timer)); /* never two at once */
        f->n_begun++;
        f->auth = a;
        return timer_start(&f->timer, f->event, 20 * USEC_PER_MSEC, 1, fake_on_timer, f);
}

static void fake_cancel(void *userdata)
{
        Fake *f = userdata;
        f->n_cancelled++;
        timer_cancel(&f->timer);
}

static const AuthMethod fake_method = {
        .secret_key = "fake_file",
        .advice = "; check the fake",
        .acquire = fake_acquire,
        .cancel = fake_cancel,
};

enum { CALLS = 4 };

typedef struct World {
        Server *server;
        Bench bench;
        Catalog *catalog;
        Fake fake;
        const char *secret;
        CatalogCall *calls[CALLS];
        unsigned n_answers, n_good, n_refused, n_failed;
        Fault fault;
        bool frees; /* the catalog, in the first callback */
} World;

static const Script scripts[] = {
        {"/ours",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\":\"" JOB
         "\",\"state\":\"COMPLETED\"}",
         0, NULL, SCRIPT_CLOSE},
        {ROW,
         "HTTP/1.1 401 Unauthorized\r\nContent-Type: "
         "application/json\r\n\r\n{\"errorCode\":\"unauthorized\"}",
         0, NULL, SCRIPT_CLOSE},
        {0},
};

static int setup(void **state)
{
        static World w;
        static char base_url[64];
        HttpClientOptions http = http_bench_options();
        w = (World){.server = server_start(scripts), .secret = "secret"};
        bench_open(&w.bench, &http);
        w.fake.event = w.bench.event;
        (void)snprintf(base_url, sizeof(base_url), "http://127.0.0.1:%d", w.server->port);
        const CatalogOptions options = {.base_url = base_url,
                                        .auth = {.method = &fake_method,
                                                 .method_userdata = &w.fake,
                                                 .load_secret = load_from_userdata,
                                                 .load_secret_userdata = &w.secret}};
        assert_int_equal(catalog_new(w.bench.client, &options, &w.catalog), 0);
        *state = &w;
        return 0;
}

static int teardown(void **state)
{
        World *w = *state;
        (void)catalog_free(w->catalog);
        assert_false(timer_is_armed(&w->fake.timer));
        bench_close(&w->bench);
        server_stop(w->server);
        return 0;
}

static void take(World *w, const CatalogAnswer *a)
{
        w->n_answers++;
        w->n_good += a->fault.scope == FAULT_NONE;
        w->n_refused += a->fault.refused;
        w->n_failed += a->fault.code == CODE_HTTP_CONNECT;
        w->fault = a->fault;
        if (w->frees)
                w->catalog = catalog_free(w->catalog);
}

static void on_job(const CatalogJobAnswer *answer, void *userdata)
{
        take(userdata, &answer->answer);
}

static void on_one(const CatalogOneAnswer *answer, void *userdata)
{
        take(userdata, &answer->answer);
}

static void begin(World *w, bool refused)
{
        Uuid id;
        assert_int_equal(uuid_parse(JOB, &id), 0);
        w->n_answers = w->n_good = w->n_refused = w->n_failed = 0;
        for (unsigned i = 0; i < CALLS; i++)
                assert_int_equal(refused ? catalog_get_one(w->catalog, &id, on_one, w, &w->calls[i])
                                         : catalog_get_job(w->catalog, &id, JOB_ADDRESS_LOCATION,
                                                           "/ours", on_job, w, &w->calls[i]),
                                 0);
        assert_int_equal(w->n_answers, 0);
}

static void run_until(World *w, unsigned n)
{
        while (w->n_answers < n)
                assert_true(sd_event_run(w->bench.event, 30 * USEC_PER_SEC) > 0);
        bench_drain(&w->bench);
        assert_int_equal(w->n_answers, n);
}

static void ask(World *w, unsigned n_good)
{
        begin(w, false);
        run_until(w, CALLS);
        assert_int_equal(w->n_good, n_good);
}

static void requests_wait_for_one_acquisition(void **state)
{
        World *w = *state;
        begin(w, false);
        bench_drain(&w->bench);
        assert_int_equal(w->fake.n_begun, 1);
        assert_int_equal(server_requests(w->server), 0);
        run_until(w, CALLS);
        assert_int_equal(w->n_good, CALLS);
        assert_non_null(strstr(w->server->log, "\r\nAuthorization: Bearer token-1\r\n"));
        ask(w, CALLS);
        assert_int_equal(w->fake.n_begun, 1);
        assert_int_equal(server_requests(w->server), 2 * CALLS);
}

static void a_failed_acquisition_fails_those_who_wait_with_its_fault(void **state)
{
        World *w = *state;
        w->fake.fails = true;
        begin(w, false);
        run_until(w, CALLS);
        assert_int_equal(w->n_failed, CALLS);
        assert_int_equal(w->fault.scope, FAULT_PEER);
        assert_string_equal(w->fault.message, "the endpoint is away");
        /* nor is it tried again for who comes right after */
        ask(w, 0);
        assert_int_equal(w->n_failed, CALLS);
        assert_int_equal(w->fake.n_begun, 1);
        assert_int_equal(server_requests(w->server), 0);
}

static void a_request_is_cancelled_while_it_waits(void **state)
{
        World *w = *state;
        begin(w, false);
        bench_drain(&w->bench);
        for (unsigned i = 0; i < CALLS - 1; i++)
                w->calls[i] = catalog_cancel(w->calls[i]);
        run_until(w, 1);
        assert_int_equal(w->n_good, 1);
        assert_int_equal(server_requests(w->server), 1);
}

static void the_catalog_may_go_while_requests_wait(void **state)
{
        World *w = *state;
        begin(w, false);
        w->catalog = catalog_free(w->catalog);
        assert_int_equal(w->fake.n_cancelled, 1);
        bench_drain(&w->bench);
        assert_int_equal(w->n_answers, 0);
}

static void the_catalog_may_go_in_the_first_callback_of_a_failure(void **state)
{
        World *w = *state;
        w->fake.fails = w->frees = true;
        begin(w, false);
        run_until(w, 1);
        assert_null(w->catalog);
        assert_int_equal(w->fake.n_cancelled, 0);
}

/* Those that were under way, once more with another header, and one again for all of them. */
static void a_refused_header_is_renewed_once(void **state)
{
        World *w = *state;
        ask(w, CALLS);
        unsigned before = server_requests(w->server);
        begin(w, true);
        run_until(w, CALLS);
        assert_int_equal(w->n_refused, CALLS);
        assert_int_equal(w->fake.n_begun, 2);
        assert_int_equal(server_requests(w->server) - before, 2 * CALLS + 1);
        assert_non_null(strstr(w->fault.message, "; check the fake"));
}

static void a_header_is_renewed_before_it_expires(void **state)
{
        World *w = *state;
        w->fake.renew_usec = 150 * USEC_PER_MSEC;
        w->fake.expires_usec = 60 * USEC_PER_SEC;
        ask(w, CALLS);
        assert_int_equal(w->fake.n_begun, 1);
        (void)usleep(200 * 1000);
        ask(w, CALLS);
        assert_int_equal(w->fake.n_begun, 2);
        assert_non_null(strstr(w->server->log, "Bearer token-2\r\n"));
        /* and goes on being used when that fails */
        w->fake.fails = true;
        (void)usleep(200 * 1000);
        ask(w, CALLS);
        assert_int_equal(w->fake.n_begun, 3);
        assert_null(strstr(w->server->log, "Bearer token-3\r\n"));
}

/* While requests wait: they go on with what is acquired by the secret of now. */
static void another_secret_begins_again(void **state)
{
        World *w = *state;
        begin(w, false);
        bench_drain(&w->bench);
        w->secret = "other-secret";
        assert_true(catalog_reread_secret(w->catalog));
        assert_int_equal(w->fake.n_cancelled, 1);
        run_until(w, CALLS);
        assert_int_equal(w->n_good, CALLS);
        assert_int_equal(w->fake.n_begun, 2);
        assert_string_equal(w->fake.secret, "other-secret");
        assert_null(strstr(w->server->log, "token-1"));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_header_is_what_the_method_makes_of_the_secret),
                cmocka_unit_test(a_username_that_cannot_be_sent_is_refused),
                cmocka_unit_test(the_secret_and_the_one_before_are_redacted),
                cmocka_unit_test(a_refusal_names_why_the_secret_could_not_be_read_again),
                cmocka_unit_test(a_late_answer_to_an_old_secret_changes_nothing),
                cmocka_unit_test_setup_teardown(requests_wait_for_one_acquisition, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_failed_acquisition_fails_those_who_wait_with_its_fault, setup, teardown),
                cmocka_unit_test_setup_teardown(a_request_is_cancelled_while_it_waits, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(the_catalog_may_go_while_requests_wait, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(
                        the_catalog_may_go_in_the_first_callback_of_a_failure, setup, teardown),
                cmocka_unit_test_setup_teardown(a_refused_header_is_renewed_once, setup, teardown),
                cmocka_unit_test_setup_teardown(a_header_is_renewed_before_it_expires, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(another_secret_begins_again, setup, teardown),
        };
        return cmocka_run_group_tests_name("catalog_auth", tests, NULL, NULL);
}
