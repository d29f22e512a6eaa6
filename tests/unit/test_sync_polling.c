/*
 * How a job is watched: every end has its step, the addresses are tried in order, and a job that
 * never ends meets its deadline.
 */
#include "base/cleanup.h"
#include "sync/polling.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const PollingLimits limits = {1000000, 30000000, 60000000, 600000000};

static PollingStep step(Polling *p, const char *job_state, const char *result, uint64_t now,
                        uint64_t *ret_delay)
{
        CatalogJobAnswer a = {.answer = {.status = 200}, .job.message = ""};
        Fault fault = {0};
        (void)snprintf(a.job.status.state, sizeof(a.job.status.state), "%s", job_state);
        (void)snprintf(a.job.status.result, sizeof(a.job.status.result), "%s", result);
        return polling_answer(p, &a, now, 0, ret_delay, &fault);
}

static void every_end_has_its_step(void **state)
{
        (void)state;
        static const struct {
                const char *state, *result;
                PollingStep step;
        } cases[] = {
                {"COMPLETED", "", POLLING_CLEAN},      {"COMPLETED", "SUCCESS", POLLING_CLEAN},
                {"COMPLETED", "FAILURE", POLLING_BAD}, {"ERROR", "", POLLING_BAD},
                {"CANCELED", "", POLLING_BAD},         {"RUNNING", "", POLLING_WAIT},
                {"WAITING", "", POLLING_WAIT},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Polling p;
                uint64_t delay = 0;
                polling_init(&p, &limits, true, false, 1);
                assert_int_equal(step(&p, cases[i].state, cases[i].result, 2, &delay),
                                 cases[i].step);
        }
}

static void job_that_never_ends_meets_its_deadline(void **state)
{
        (void)state;
        static const char *const states[] = {"WAITING", "RUNNING"};
        for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
                Polling p;
                uint64_t now = 1, delay = 0,
                         most = i ? limits.job_timeout_usec : limits.wait_timeout_usec;
                polling_init(&p, &limits, true, false, now);
                while (step(&p, states[i], "", now, &delay) == POLLING_WAIT) {
                        assert_true(delay > 0);
                        now += delay;
                        assert_true(now <= 1 + most);
                }
                assert_int_equal(now, 1 + most);
        }
}

static void job_that_is_not_found_is_asked_for_elsewhere_then_given_up(void **state)
{
        (void)state;
        CatalogJobAnswer a = {.answer = {.status = 404, .fault = {.scope = FAULT_RUN}}};
        Polling p;
        Fault fault = {0};
        uint64_t delay = 0;
        unsigned asked = 1;
        polling_init(&p, &limits, true, false, 1);
        assert_int_equal(polling_answer(&p, &a, 2, 0, &delay, &fault), POLLING_OTHER_ADDRESS);
        assert_int_equal(p.address, JOB_ADDRESS_V1);
        assert_int_equal(polling_answer(&p, &a, 2, 0, &delay, &fault), POLLING_OTHER_ADDRESS);
        assert_int_equal(p.address, JOB_ADDRESS_2_0);
        assert_int_equal(polling_answer(&p, &a, 2, 0, &delay, &fault), POLLING_OTHER_ADDRESS);
        assert_int_equal(p.address, JOB_ADDRESS_EDGE);
        PollingStep s = POLLING_WAIT;
        while ((s == POLLING_WAIT || s == POLLING_OTHER_ADDRESS) && asked++ < 50)
                s = polling_answer(&p, &a, 2, 0, &delay, &fault);
        assert_int_equal(s, POLLING_VANISHED);
}

/* C1, C2: Whatever stands at an address that is not the job, the others are asked before anything
 * is concluded. */
static void what_is_not_the_job_is_no_answer(void **state)
{
        (void)state;
        static const CatalogAnswer answers[] = {
                {.status = 404, .fault = {.scope = FAULT_RUN}},
                {.status = 403, .fault = {.scope = FAULT_RUN}, .foreign = true},
                {.status = 401, .fault = {.scope = FAULT_PEER, .refused = true}, .foreign = true},
                {.status = 302, .fault = {.scope = FAULT_PEER}, .foreign = true},
                {.status = 200,
                 .fault = {.scope = FAULT_PEER, .code = CODE_CATALOG_NOT_JSON},
                 .foreign = true},
                {.status = 200,
                 .fault = {.scope = FAULT_REQUEST,
                           .retryable = true,
                           .code = CODE_JOB_BAD_DOCUMENT}},
                {.status = 200,
                 .fault = {.scope = FAULT_REQUEST, .retryable = true, .code = CODE_JOB_FOREIGN}},
        };
        for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
                CatalogJobAnswer a = {.answer = answers[i]};
                Polling p;
                Fault fault = {0};
                uint64_t delay = 0;
                polling_init(&p, &limits, true, true, 1);
                static const JobAddress addresses[] = {JOB_ADDRESS_LOCATION_BELOW, JOB_ADDRESS_V1,
                                                       JOB_ADDRESS_2_0, JOB_ADDRESS_EDGE};
                for (size_t k = 0; k < ARRAY_SIZE(addresses); k++) {
                        assert_int_equal(polling_answer(&p, &a, 2, 0, &delay, &fault),
                                         POLLING_OTHER_ADDRESS);
                        assert_int_equal(p.address, addresses[k]);
                }
                assert_int_equal(step(&p, "COMPLETED", "", 2, &delay), POLLING_CLEAN);

                /* And where the job is nowhere, how it ended is not known; the run goes on. */
                polling_init(&p, &limits, true, true, 1);
                PollingStep s = POLLING_WAIT;
                for (unsigned asked = 0;
                     (s == POLLING_WAIT || s == POLLING_OTHER_ADDRESS) && asked < 50; asked++)
                        s = polling_answer(&p, &a, 2, 0, &delay, &fault);
                assert_int_equal(s, POLLING_VANISHED);
                assert_int_equal(fault.scope, FAULT_RUN);
                assert_false(fault.refused);
        }
}

static void credentials_that_the_catalog_refuses_end_the_polling(void **state)
{
        (void)state;
        CatalogJobAnswer a = {
                .answer = {.status = 401, .fault = {.scope = FAULT_PEER, .refused = true}}};
        Polling p;
        Fault fault = {0};
        uint64_t delay = 0;
        polling_init(&p, &limits, true, true, 1);
        assert_int_equal(polling_answer(&p, &a, 2, 0, &delay, &fault), POLLING_FAILED);
        assert_true(fault.refused);
}

/* However short the shortest wait is: no division by nothing, and no wait of none. */
static void the_shortest_wait_is_kept(void **state)
{
        (void)state;
        static const PollingLimits short_limits = {5, 30000000, 60000000, 600000000};
        Polling p;
        uint64_t delay = 0;
        polling_init(&p, &short_limits, true, false, 1);
        assert_int_equal(step(&p, "RUNNING", "", 2, &delay), POLLING_WAIT);
        assert_int_equal(delay, 5);
}

/* The last attempt may be made when the time is over: then it is the time that has ended it. */
static void at_the_deadline_it_is_the_time_that_counts(void **state)
{
        (void)state;
        const CatalogJobAnswer a = {
                .answer = {.status = 500, .fault = {.scope = FAULT_REQUEST, .retryable = true}}};
        for (int late = 0; late < 2; late++) {
                Polling p;
                Fault fault = {0};
                uint64_t delay = 0;
                polling_init(&p, &limits, true, false, 1);
                for (unsigned i = 1; i < RETRY_ATTEMPTS; i++)
                        assert_int_equal(polling_answer(&p, &a, 2, 0, &delay, &fault),
                                         POLLING_WAIT);
                uint64_t deadline = 1 + limits.wait_timeout_usec;
                assert_int_equal(
                        polling_answer(&p, &a, late ? deadline : deadline - 1, 0, &delay, &fault),
                        late ? POLLING_TIMEOUT : POLLING_FAILED);
        }
}

/* A fault that no second try corrects ends the watch: refused credentials the run, an answer that
 * is too large, say, the refresh. */
static void a_fault_that_stays_ends_the_watch(void **state)
{
        (void)state;
        static const struct {
                FaultScope scope;
                int status;
                PollingStep step;
        } cases[] = {{FAULT_PEER, 401, POLLING_FAILED}, {FAULT_RUN, 0, POLLING_VANISHED}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Polling p;
                Fault fault = {0};
                uint64_t delay = 0;
                CatalogJobAnswer a = {.answer = {.status = cases[i].status, .sent = true}};
                fault_set(&a.answer.fault, cases[i].scope, 5, CODE_CATALOG_ERROR, "no");
                a.answer.fault.refused = cases[i].status == 401;
                polling_init(&p, &limits, true, false, 1);
                assert_int_equal(polling_answer(&p, &a, 2, 0, &delay, &fault), cases[i].step);
                assert_string_equal(fault_code_name(fault.code), "catalog-error");
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_end_has_its_step),
                cmocka_unit_test(job_that_never_ends_meets_its_deadline),
                cmocka_unit_test(what_is_not_the_job_is_no_answer),
                cmocka_unit_test(at_the_deadline_it_is_the_time_that_counts),
                cmocka_unit_test(credentials_that_the_catalog_refuses_end_the_polling),
                cmocka_unit_test(job_that_is_not_found_is_asked_for_elsewhere_then_given_up),
                cmocka_unit_test(the_shortest_wait_is_kept),
                cmocka_unit_test(a_fault_that_stays_ends_the_watch),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
