/*
 * What a PostgreSQL says, or leaves unsaid, that a real one hardly ever does: work ends as it must,
 * and the connection is not used again when nobody knows what would come next.
 */
#include "base/duration.h"
#include "base/own_command.h"
#include "pg/pg.h"
#include "unit/pg_server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct Bench {
        PgServer *server;
        sd_event *event;
        PgPool *pool;
} Bench;

typedef struct Call {
        unsigned n_calls, order; /* the how manieth of all, from 1 */
        PgEnd end;
        Fault fault;
} Call;

static unsigned n_ended;

static void begin(Bench *b, Answer *script)
{
        char conninfo[200];
        n_ended = 0;
        *b = (Bench){.server = pg_server_start(script)};
        (void)snprintf(
                conninfo, sizeof(conninfo),
                "host=127.0.0.1 port=%d user=em dbname=test sslmode=disable gssencmode=disable",
                b->server->port);
        const PgPoolOptions options = {
                .conninfo = conninfo,
                .application_name = "bench",
                .max_connections = 1,
                .search_path = "pg_catalog",
                .connect_timeout_usec = 10 * USEC_PER_SEC,
                .statement_timeout_usec = 10 * USEC_PER_SEC,
                .lock_timeout_usec = 10 * USEC_PER_SEC,
        };
        assert_int_equal(sd_event_new(&b->event), 0);
        assert_int_equal(pg_pool_new(b->event, &options, &b->pool), 0);
}

static void finish(Bench *b)
{
        b->pool = pg_pool_free(b->pool);
        pg_server_stop(b->server);
        sd_event_unref(b->event);
}

static void on_end(PgEnd end, const Fault *fault, void *userdata)
{
        Call *call = userdata;
        call->n_calls++;
        call->order = ++n_ended;
        call->end = end;
        call->fault = *fault;
}

static void start(Bench *b, Call *call, const PgWork *work)
{
        PgTask *task;
        *call = (Call){0};
        assert_int_equal(pg_start(b->pool, work, on_end, call, &task), 0);
}

static void wait_for(Bench *b, const Call *call)
{
        while (call->n_calls == 0)
                assert_true(sd_event_run(b->event, 30 * USEC_PER_SEC) > 0);
        assert_int_equal(call->n_calls, 1);
}

static void run(Bench *b, Call *call, const PgWork *work)
{
        start(b, call, work);
        wait_for(b, call);
}

static void assert_done(const Call *call)
{
        assert_string_equal(call->fault.message, "");
        assert_int_equal(call->end, PG_END_DONE);
}

static void assert_fault(const Call *call, PgEnd end, const char *code)
{
        assert_string_equal(fault_code_name(call->fault.code), code);
        assert_int_equal(call->end, end);
        assert_true(call->fault.retryable);
}

static PgNext go_on(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)result;
        (void)userdata;
        (void)ret_fault;
        return PG_NEXT;
}

static const PgStep one[] = {{.sql = "INSERT one"}}, two[] = {{.sql = "INSERT two"}};
static const PgWork first = {.steps = one, .n_steps = 1, .transaction = true};
static const PgWork second = {.steps = two, .n_steps = 1, .transaction = true};

/* Whose COMMIT is not sent before its answer is in. */
static const PgStep decided[] = {{.sql = "INSERT two", .on_result = go_on}};
static const PgWork deciding = {.steps = decided, .n_steps = 1, .transaction = true};

static void a_commit_that_is_answered_by_rollback_is_none(void **state)
{
        (void)state;
        Answer script[] = {{.words = "COMMIT", .kind = ANSWER_TAG, .text = "ROLLBACK", .count = 1},
                           {0}};
        Bench b;
        Call call;
        begin(&b, script);
        run(&b, &call, &first);
        assert_fault(&call, PG_END_FAILED, "pg-rolled-back");
        assert_non_null(strstr(call.fault.message, "ROLLBACK"));
        /* there is nothing left to roll back */
        assert_int_equal(pg_server_count(b.server, "ROLLBACK"), 0);
        run(&b, &call, &first);
        assert_done(&call);
        assert_int_equal(pg_server_connections(b.server), 1);
        finish(&b);
}

/* Who gives up reads on until the statement has ended, and no such answer holds the loop: libpq has
 * it again for ever. */
static void what_was_not_asked_ends_what_is_given_up(void **state)
{
        (void)state;
        static const char *const cases[] = {"H\0\0\0\7\0\0", "W\0\0\0\7\0\0", "G\0\0\0\7\0\0"};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Answer script[] = {
                        {.words = "INSERT one", .kind = ANSWER_BYTES, .text = cases[i], .size = 8},
                        {0}};
                Bench b;
                Call call = {0};
                PgTask *task;
                begin(&b, script);
                assert_int_equal(pg_start(b.pool, &first, on_end, &call, &task), 0);
                while (pg_server_count(b.server, "BEGIN") == 0)
                        assert_true(sd_event_run(b.event, 30 * USEC_PER_SEC) > 0);
                (void)pg_cancel(task);
                (void)alarm(30); /* ends the program when the loop does not come back */
                while (pg_server_count(b.server, "COMMIT") == 0)
                        (void)sd_event_run(b.event, 10 * USEC_PER_MSEC);
                while (sd_event_run(b.event, 100 * USEC_PER_MSEC) > 0)
                        ;
                (void)alarm(0);
                assert_int_equal(call.n_calls, 0);
                finish(&b);
        }
}

/* It takes its place at the head of the queue again. */
static void work_on_a_connection_that_died_idle_begins_again_in_its_place(void **state)
{
        (void)state;
        Answer script[] = {{.words = "BEGIN", .kind = ANSWER_CLOSE, .skip = 1, .count = 1}, {0}};
        Bench b;
        Call before, call, behind;
        for (int others = 0; others < 2; others++) {
                script[0].n_seen = 0;
                begin(&b, script);
                run(&b, &before, &first);
                start(&b, &call, &deciding);
                if (others)
                        start(&b, &behind, &first);
                wait_for(&b, &call);
                assert_done(&call);
                if (others) {
                        wait_for(&b, &behind);
                        assert_done(&behind);
                        assert_int_equal(call.order, 2);
                        assert_int_equal(behind.order, 3);
                }
                assert_int_equal(pg_server_connections(b.server), 2);
                assert_int_equal(pg_server_count(b.server, "INSERT two"), 1);
                finish(&b);
        }
}

/* What was sent with its COMMIT, alone, or has been answered may have been done. */
static void work_that_may_have_been_done_does_not_begin_again(void **state)
{
        (void)state;
        Answer script[] = {{.words = "BEGIN", .kind = ANSWER_CLOSE, .skip = 1, .count = 1},
                           {.words = "INSERT two", .kind = ANSWER_CLOSE, .count = 1},
                           {.words = "INSERT alone", .kind = ANSWER_CLOSE, .count = 1},
                           {0}};
        static const PgStep alone_steps[] = {{.sql = "INSERT alone"}};
        static const PgWork alone = {.steps = alone_steps, .n_steps = 1};
        Bench b;
        Call call;
        begin(&b, script);
        run(&b, &call, &first);
        assert_done(&call);
        run(&b, &call, &first);
        assert_fault(&call, PG_END_UNKNOWN, "pg-unreachable");
        run(&b, &call, &first);
        assert_done(&call);
        run(&b, &call, &deciding);
        assert_fault(&call, PG_END_FAILED, "pg-unreachable");
        run(&b, &call, &alone);
        assert_fault(&call, PG_END_UNKNOWN, "pg-unreachable");
        assert_int_equal(pg_server_count(b.server, "INSERT one"), 2);
        assert_int_equal(pg_server_count(b.server, "INSERT two"), 1);
        assert_int_equal(pg_server_count(b.server, "INSERT alone"), 1);
        finish(&b);
}

/* The answer to a statement is something else, or no PostgreSQL at all. */
static void a_connection_that_answers_what_was_not_asked_is_left(void **state)
{
        (void)state;
        static const struct {
                const char *bytes;
                size_t size;
        } cases[] = {
                {"H\0\0\0\7\0\0\0", 8}, /* COPY TO */
                {"W\0\0\0\7\0\0\0", 8}, /* replication */
                {"G\0\0\0\7\0\0\0", 8}, /* COPY FROM, of which there is nothing to send */
                {"HTTP/1.1 400 Bad Request\r\n\r\n", 28},
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Answer script[] = {{.words = "INSERT one",
                                    .kind = ANSWER_BYTES,
                                    .text = cases[i].bytes,
                                    .size = cases[i].size,
                                    .count = 1},
                                   {0}};
                Bench b;
                Call call;
                begin(&b, script);
                run(&b, &call, &first);
                assert_true(call.end == PG_END_UNKNOWN || call.end == PG_END_FAILED);
                assert_int_equal(call.fault.scope, FAULT_PEER);
                run(&b, &call, &second);
                assert_done(&call);
                assert_int_equal(pg_server_connections(b.server), 2);
                assert_int_equal(pg_server_count(b.server, "INSERT two"), 1);
                finish(&b);
        }
}

/* A step that was refused hides nothing of what follows, and the connection serves on. */
static void a_refusal_rolls_back_on_the_same_connection(void **state)
{
        (void)state;
        Answer script[] = {
                {.words = "INSERT one", .kind = ANSWER_ERROR, .text = "40001", .count = 1}, {0}};
        Bench b;
        Call call;
        begin(&b, script);
        run(&b, &call, &first);
        assert_int_equal(call.end, PG_END_FAILED);
        assert_string_equal(call.fault.sqlstate, "40001");
        assert_int_equal(pg_server_count(b.server, "ROLLBACK"), 1);
        run(&b, &call, &second);
        assert_done(&call);
        assert_int_equal(pg_server_connections(b.server), 1);
        finish(&b);
}

/* Class 08 is of the connection, whatever its severity; everything else leaves it as it was. */
static void an_error_of_the_connection_is_its_end(void **state)
{
        (void)state;
        static const struct {
                const char *sqlstate;
                PgEnd end; /* its COMMIT was sent along */
                unsigned connections;
        } cases[] = {{"08006", PG_END_UNKNOWN, 2},
                     {"53100", PG_END_FAILED, 1},
                     {"23505", PG_END_FAILED, 1},
                     {"XX000", PG_END_FAILED, 1}};
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Answer script[] = {{.words = "INSERT one",
                                    .kind = ANSWER_ERROR,
                                    .text = cases[i].sqlstate,
                                    .count = 1},
                                   {0}};
                Bench b;
                Call call;
                begin(&b, script);
                run(&b, &call, &first);
                assert_int_equal(call.end, cases[i].end);
                assert_string_equal(call.fault.sqlstate, cases[i].sqlstate);
                run(&b, &call, &second);
                assert_done(&call);
                assert_int_equal(pg_server_connections(b.server), cases[i].connections);
                finish(&b);
        }
}

/* Who reads what PostgreSQL said knows what to do, or where more is said. */
static void an_error_says_what_to_do(void **state)
{
        (void)state;
        static const char *const cases[][2] = {
                {"53100", "; make room where PostgreSQL has its files: edgemirror -c /srv/a.conf "},
                {"53200", "; PostgreSQL's host is out of memory"},
                {"53300", "; raise the limit that is named"},
                {"53400", "; PostgreSQL's own log has more"},
                {"23505", "; edgemirror -c /srv/a.conf check says whether numbers of runs are "},
                {"23514", "; PostgreSQL's own log has more"},
                {"22P05", "; PostgreSQL's own log has more"},
                {"58030", "; PostgreSQL's files or their disk are damaged"},
                {"XX001", "; PostgreSQL's files or their disk are damaged"},
                {"XX002", "; PostgreSQL's files or their disk are damaged"},
                {"XX000", "; PostgreSQL's own log has more"},
        };
        own_command_set("/srv/a.conf");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char words[200];
                Answer script[] = {
                        {.words = "INSERT one", .kind = ANSWER_ERROR, .text = cases[i][0]}, {0}};
                Bench b;
                Call call;
                begin(&b, script);
                run(&b, &call, &first);
                (void)snprintf(words, sizeof(words), " (SQLSTATE %s)%s", cases[i][0], cases[i][1]);
                assert_non_null(strstr(call.fault.message, words));
                finish(&b);
        }
        own_command_set(NULL);
}

/* Whoever rolls back hears the first fault, also when the connection ends with it. */
static void a_connection_that_ends_with_the_rollback_keeps_the_fault(void **state)
{
        (void)state;
        Answer script[] = {{.words = "INSERT one", .kind = ANSWER_ERROR, .text = "40001"},
                           {.words = "ROLLBACK", .kind = ANSWER_CLOSE},
                           {0}};
        Bench b;
        Call call;
        begin(&b, script);
        run(&b, &call, &first);
        assert_int_equal(call.end, PG_END_FAILED);
        assert_string_equal(call.fault.sqlstate, "40001");
        finish(&b);
}

/* The step was refused, so the COMMIT that was sent along with it has done nothing, although its
 * answer never comes. */
static void a_step_that_is_refused_before_the_connection_is_lost_is_not_committed(void **state)
{
        (void)state;
        Answer script[] = {{.words = "INSERT one", .kind = ANSWER_ERROR_CLOSE, .text = "23505"},
                           {0}};
        Bench b;
        Call call;
        begin(&b, script);
        run(&b, &call, &first);
        assert_int_equal(call.end, PG_END_FAILED);
        assert_string_equal(call.fault.sqlstate, "23505");
        finish(&b);
}

PGconn *__real_PQconnectStartParams(const char *const *keywords, const char *const *values,
                                    int expand_dbname);
PGconn *__wrap_PQconnectStartParams(const char *const *keywords, const char *const *values,
                                    int expand_dbname);

/* From the how manieth call on, of those that are made for a connection; 0: never. */
static unsigned no_memory_from, n_calls;

PGconn *__wrap_PQconnectStartParams(const char *const *keywords, const char *const *values,
                                    int expand_dbname)
{
        return no_memory_from && ++n_calls >= no_memory_from
                       ? NULL
                       : __real_PQconnectStartParams(keywords, values, expand_dbname);
}

/* Whose scope is the peer, whose code is ours: the daemon waits for PostgreSQL, not the catalog.
 * What conninfo says is read first, and then the connection is begun. */
static void a_connection_for_want_of_memory_is_missing_at_postgresql(void **state)
{
        (void)state;
        static const FaultCode codes[] = {CODE_NO_RESOURCES, CODE_NO_MEMORY};
        for (unsigned i = 0; i < 2; i++) {
                Answer script[] = {{0}};
                Bench b;
                Call call;
                begin(&b, script);
                n_calls = 0;
                no_memory_from = i + 1;
                run(&b, &call, &first);
                no_memory_from = 0;
                assert_int_equal(call.end, PG_END_FAILED);
                assert_int_equal(call.fault.scope, FAULT_PEER);
                assert_int_equal(call.fault.code, codes[i]);
                assert_int_equal(call.fault.origin, ORIGIN_POSTGRES);
                finish(&b);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_commit_that_is_answered_by_rollback_is_none),
                cmocka_unit_test(a_connection_for_want_of_memory_is_missing_at_postgresql),
                cmocka_unit_test(work_on_a_connection_that_died_idle_begins_again_in_its_place),
                cmocka_unit_test(work_that_may_have_been_done_does_not_begin_again),
                cmocka_unit_test(a_connection_that_answers_what_was_not_asked_is_left),
                cmocka_unit_test(what_was_not_asked_ends_what_is_given_up),
                cmocka_unit_test(a_refusal_rolls_back_on_the_same_connection),
                cmocka_unit_test(an_error_of_the_connection_is_its_end),
                cmocka_unit_test(an_error_says_what_to_do),
                cmocka_unit_test(a_connection_that_ends_with_the_rollback_keeps_the_fault),
                cmocka_unit_test(
                        a_step_that_is_refused_before_the_connection_is_lost_is_not_committed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
