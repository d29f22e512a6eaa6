/*
 * What PostgreSQL refuses of what runs write: which edges are named with which words, and when it
 * is over, whatever comes while it is asked.
 */
#include "base/cleanup.h"
#include "daemon/refusal.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EDGES = 40 };

static char names[EDGES][8];
static ConfigEdge edges[EDGES];
static const char one[] = "dbname=one", another[] = "dbname=another";
static Refusal refusal;

static const ConfigEdge *find(const Uuid *edge, void *userdata _unused_)
{
        for (size_t i = 0; i < EDGES; i++)
                if (uuid_compare(&edges[i].id, edge) == 0)
                        return &edges[i];
        return NULL;
}

static int setup(void **state _unused_)
{
        for (size_t i = 0; i < EDGES; i++) {
                (void)snprintf(names[i], sizeof(names[i]), "e%zu", i);
                edges[i] = (ConfigEdge){.name = names[i], .id.bytes = {(uint8_t)i}};
        }
        refusal = (Refusal){.find = find};
        refusal_configure(&refusal, one);
        return 0;
}

/* A run into this database that could not begin, in these words; NULL: that was applied. Whether it
 * is logged. */
static bool run(int edge, const char *into, const char *words)
{
        SyncReport report = {.outcome = words ? OUTCOME_FAILED : OUTCOME_SYNCED};
        bool log_it;
        if (words)
                fault_set(&report.fault, FAULT_RUN, EIO, CODE_PG_ERROR, "%s", words);
        (void)refusal_take(&refusal, &edges[edge].id, into, &report, &log_it);
        return log_it;
}

static void assert_says(const char *words)
{
        const Fault *fault = outage_fault(&refusal.outage);
        if (!words)
                assert_null(fault);
        else
                assert_string_equal(fault ? fault->message : "nothing", words);
}

static size_t ask(void)
{
        const Uuid *ids;
        refusal.ask_usec = 0;
        return refusal_to_ask(&refusal, false, &ids);
}

static void each_is_over_for_itself_however_many_there_are(void **state _unused_)
{
        for (int i = 0; i < EDGES; i++)
                (void)run(i, one, "block 17");
        for (int i = 0; i < EDGES - 1; i++) {
                (void)run(i, one, NULL);
                assert_non_null(outage_fault(&refusal.outage));
        }
        assert_says("e39, …: block 17");
        (void)run(EDGES - 1, one, NULL);
        assert_says(NULL);
}

static void nobody_is_said_to_have_met_what_another_met(void **state _unused_)
{
        (void)run(0, one, "block 17");
        (void)run(1, one, "block 17");
        assert_says("e0, e1: block 17");
        (void)run(2, one, "quota");
        assert_says("e2, …: quota");
        (void)run(2, one, NULL);
        assert_says("e0, e1: block 17");
        (void)run(0, one, NULL);
        assert_says("e1: block 17");
}

static void an_answer_is_of_those_that_were_asked_about(void **state _unused_)
{
        (void)run(0, one, "block 17");
        (void)run(1, one, "block 17");
        assert_int_equal(ask(), 2);
        (void)run(0, one, NULL);
        (void)run(2, one, "block 17"); /* which has run yesterday, as 8 */
        refusal_heard(&refusal, &edges[1].id, 5, false);
        refusal_answered(&refusal);
        assert_int_equal(ask(), 2);
        refusal_heard(&refusal, &edges[1].id, 5, false);
        refusal_heard(&refusal, &edges[2].id, 8, false);
        refusal_answered(&refusal);
        assert_says("e1, e2: block 17");
        assert_int_equal(ask(), 2);
        refusal_heard(&refusal, &edges[1].id, 9, false);
        refusal_heard(&refusal, &edges[2].id, 10, true);
        refusal_answered(&refusal);
        assert_says("e2: block 17");
}

/* Its first answer has no row of it. */
static void what_never_had_a_run_is_over_with_the_first_of_another_instance(void **state _unused_)
{
        (void)run(0, one, "block 17");
        assert_int_equal(ask(), 1);
        refusal_answered(&refusal);
        assert_says("e0: block 17");
        assert_int_equal(ask(), 1);
        refusal_heard(&refusal, &edges[0].id, 1, false);
        refusal_answered(&refusal);
        assert_says(NULL);
}

/* Whatever it is where nothing was answered before: PostgreSQL is there, and knows who asks. */
static void what_is_refused_is_of_the_statement(void **state _unused_)
{
        SyncReport report = {.outcome = OUTCOME_FAILED};
        bool log_it;
        fault_set(&report.fault, FAULT_PEER, EACCES, CODE_PG_PRIVILEGE, "permission denied");
        report.fault.refused = true;
        (void)refusal_take(&refusal, &edges[0].id, one, &report, &log_it);
        assert_says("e0: permission denied");
        assert_int_equal(outage_fault(&refusal.outage)->scope, FAULT_RUN);
        assert_false(outage_fault(&refusal.outage)->refused);
}

static void another_database_has_its_own(void **state _unused_)
{
        (void)run(0, one, "block 17");
        refusal_configure(&refusal, one);
        assert_says("e0: block 17");
        assert_int_equal(ask(), 1);
        refusal_configure(&refusal, another);
        assert_says(NULL);
        (void)run(1, one, "block 17"); /* it began before that */
        assert_says(NULL);
        (void)run(1, another, "quota");
        refusal_heard(&refusal, &edges[1].id, 99, false); /* by the question of before */
        refusal_answered(&refusal);
        assert_says("e1: quota");
        (void)run(1, one, NULL);
        assert_says("e1: quota");
}

/* Said when it is met; not each time that one of many meets the same. */
static void what_is_new_is_said_at_once(void **state _unused_)
{
        assert_true(run(0, one, "block 7"));
        assert_false(run(1, one, "block 7"));
        assert_false(run(0, one, "block 7"));
        refusal.say_usec = 0; /* a minute later */
        assert_true(run(2, one, "quota"));
        assert_false(run(1, one, "quota"));
        assert_false(run(3, one, "block 8")); /* within it, whatever the words are */
        refusal.say_usec = 0;
        assert_true(run(3, one, "block 8")); /* it was not said yet */
        /* of one that is not synced any more it is not said that it is written again */
        edges[2].id.bytes[1] = edges[1].id.bytes[1] = edges[3].id.bytes[1] = 1;
        const Uuid *to_ask;
        (void)refusal_to_ask(&refusal, false, &to_ask);
        assert_says("e0: block 7");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(each_is_over_for_itself_however_many_there_are, setup),
                cmocka_unit_test_setup(nobody_is_said_to_have_met_what_another_met, setup),
                cmocka_unit_test_setup(an_answer_is_of_those_that_were_asked_about, setup),
                cmocka_unit_test_setup(
                        what_never_had_a_run_is_over_with_the_first_of_another_instance, setup),
                cmocka_unit_test_setup(what_is_refused_is_of_the_statement, setup),
                cmocka_unit_test_setup(another_database_has_its_own, setup),
                cmocka_unit_test_setup(what_is_new_is_said_at_once, setup),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
