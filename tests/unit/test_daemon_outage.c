/*
 * An outage is spoken of at once, then at growing intervals; attempts stay within their bounds.
 */
#include "base/duration.h"
#include "base/log.h"
#include "daemon/lock_log.h"
#include "daemon/outage.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FLOOR   USEC_PER_SEC
#define CEILING OUTAGE_CEILING_USEC

static Fault a_fault(void)
{
        Fault f;
        fault_set(&f, FAULT_PEER, 1, CODE_PG_UNREACHABLE, "gone");
        return f;
}

/* Fails every ten seconds for so long; counts what is logged. */
static unsigned reports_in(Outage *o, uint64_t begin, uint64_t lasting)
{
        const Fault f = a_fault();
        unsigned reports = 0;
        for (uint64_t at = 0; at < lasting; at += 10 * USEC_PER_SEC) {
                uint64_t delay;
                reports += outage_failed(o, &f, begin + at, at * 7919, &delay);
                assert_true(delay >= FLOOR && delay <= CEILING);
        }
        return reports;
}

static void hours_are_a_few_lines(void **state _unused_)
{
        static const struct {
                uint64_t lasting;
                unsigned reports;
        } cases[] = {
                {1, 1},                     /* at once */
                {USEC_PER_MINUTE, 1},       /* the next is after a minute */
                {61 * USEC_PER_SEC + 1, 2}, /* 1 m */
                {5 * USEC_PER_MINUTE, 2},   /* then 4 m later */
                {301 * USEC_PER_SEC, 3},    /* 5 m */
                {USEC_PER_HOUR, 4},         /* 21 m */
                {24 * USEC_PER_HOUR, 9},    /* 1 h 25, 5 h 41, then every 6 h */
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Outage o;
                outage_init(&o, FLOOR, CEILING);
                assert_int_equal(reports_in(&o, 5 * USEC_PER_SEC, cases[i].lasting),
                                 cases[i].reports);
        }
}

/* What it has become is what somebody must know, once: two that take turns are not news. */
static void another_cause_is_spoken_of_at_once(void **state _unused_)
{
        static const struct {
                FaultCode code;
                bool logged;
        } met[] = {{CODE_PG_UNREACHABLE, true},  {CODE_PG_UNREACHABLE, false},
                   {CODE_PG_NO_DATABASE, true},  {CODE_PG_UNREACHABLE, false},
                   {CODE_PG_NO_DATABASE, false}, {CODE_PG_REFUSED, true}};
        Outage o;
        outage_init(&o, FLOOR, CEILING);
        for (int outages = 0; outages < 2; outages++) {
                uint64_t lasted, now = 5 * USEC_PER_SEC;
                for (size_t i = 0; i < sizeof(met) / sizeof(met[0]); i++) {
                        Fault f = a_fault();
                        f.code = met[i].code;
                        assert_int_equal(outage_failed(&o, &f, now + i, 1, NULL), met[i].logged);
                }
                /* the interval begins anew with the last one */
                const Fault f = a_fault();
                assert_false(outage_failed(&o, &f, now + 50 * USEC_PER_SEC, 1, NULL));
                assert_true(outage_failed(&o, &f, now + 61 * USEC_PER_SEC, 1, NULL));
                /* and what it has become again, when the gap has grown */
                Fault back = a_fault();
                assert_false(outage_failed(&o, &f, now + 200 * USEC_PER_SEC, 1, NULL) &&
                             outage_failed(&o, &f, now + 250 * USEC_PER_SEC, 1, NULL));
                back.code = CODE_PG_REFUSED;
                assert_true(outage_failed(&o, &back, now + 290 * USEC_PER_SEC, 1, NULL));
                assert_true(outage_over(&o, now + USEC_PER_HOUR, &lasted));
        }
}

/* With the worst of luck, too: UINT64_MAX draws the longest delay. */
static void who_is_back_is_found_within_thirty_seconds(void **state _unused_)
{
        /* of the catalog, of PostgreSQL */
        static const uint64_t floors[] = {USEC_PER_SEC, 500 * USEC_PER_MSEC};
        for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
                Outage o;
                const Fault f = a_fault();
                uint64_t delay, longest = 0;
                outage_init(&o, floors[i], OUTAGE_CEILING_USEC);
                for (uint64_t now = 0; now < 24 * USEC_PER_HOUR; now += delay) {
                        (void)outage_failed(&o, &f, now, UINT64_MAX, &delay);
                        longest = delay > longest ? delay : longest;
                }
                assert_in_range(longest, 20 * USEC_PER_SEC, 30 * USEC_PER_SEC);
        }
}

static void the_end_tells_how_long_it_lasted_and_only_once(void **state _unused_)
{
        Outage o;
        uint64_t lasted = 0;
        outage_init(&o, FLOOR, CEILING);
        assert_false(outage_over(&o, 1, &lasted));
        (void)reports_in(&o, USEC_PER_HOUR, USEC_PER_MINUTE);
        assert_true(o.down);
        assert_string_equal(o.fault.message, "gone");
        assert_int_equal(o.attempts, 6);
        assert_true(outage_over(&o, USEC_PER_HOUR + 90 * USEC_PER_SEC, &lasted));
        assert_int_equal(lasted, 90 * USEC_PER_SEC);
        assert_false(outage_over(&o, 2 * USEC_PER_HOUR, &lasted));
}

static void the_next_outage_begins_from_scratch(void **state _unused_)
{
        Outage o;
        uint64_t lasted, delay;
        const Fault f = a_fault();
        outage_init(&o, FLOOR, CEILING);
        (void)reports_in(&o, 0, USEC_PER_HOUR);
        assert_true(outage_over(&o, USEC_PER_HOUR, &lasted));
        assert_true(outage_failed(&o, &f, USEC_PER_HOUR + 1, UINT64_MAX, &delay));
        assert_true(delay <= 3 * FLOOR);
        assert_int_equal(o.since_usec, USEC_PER_HOUR + 1);
        assert_int_equal(o.attempts, 1);
}

/* Half a minute, and twice as long each time, up to ten minutes: no account is locked by us. */
static void refused_credentials_are_tried_ever_more_seldom(void **state _unused_)
{
        static const uint64_t expected[] = {30, 60, 120, 240, 480, 600, 600};
        uint64_t pause = 0;
        for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
                pause = outage_refused_pause(pause);
                assert_int_equal(pause, expected[i] * USEC_PER_SEC);
        }
}

/* A look: one of this process holds it (0: none of ours waits), and who held it before does or not.
 */
static bool look(LockLog *l, int process, bool before_holds, uint64_t now)
{
        MirrorLockWait wait = {.before_holds = before_holds, .holder.process = process};
        if (process != 0)
                fault_set(&wait.fault, FAULT_PEER, EBUSY, CODE_PG_LOCK_WAIT, "held");
        return lock_log(l, &wait, &fault_none, now);
}

/* Somebody holds it for an hour: a sync waits 20 seconds for it, and again half a minute later. */
static void a_lock_that_is_held_on_is_one_wait(void **state _unused_)
{
        LockLog l = {0};
        const MirrorLockWait none = {0};
        const Fault unknown = a_fault();
        uint64_t now = USEC_PER_HOUR, begin = now;
        for (int i = 0; i < 72; i++, now += 50 * USEC_PER_SEC) {
                assert_int_equal(look(&l, 7, i > 0, now), i == 0);
                assert_int_equal(l.outage.attempts, 2 * i + 1);
                assert_int_equal(look(&l, 7, true, now + 20 * USEC_PER_SEC), false);
                assert_false(lock_log(&l, &none, &unknown, now + 25 * USEC_PER_SEC));
                assert_int_equal(look(&l, 0, true, now + 30 * USEC_PER_SEC), false);
                assert_true(l.outage.down);
                assert_int_equal(l.outage.since_usec, begin);
        }
        assert_int_equal(look(&l, 0, true, now + 10 * USEC_PER_SEC), true);
        assert_false(l.outage.down);
        assert_int_equal(look(&l, 7, false, now + 11 * USEC_PER_SEC), true);
        assert_int_equal(l.outage.since_usec, now + 11 * USEC_PER_SEC);
}

/* Nobody is to end a session that holds nothing any more; of who is not known, time tells. */
static void a_lock_is_over_with_the_transaction_that_held_it(void **state _unused_)
{
        LockLog l = {0};
        uint64_t now = USEC_PER_HOUR;
        assert_true(look(&l, 7, false, now));
        assert_true(look(&l, 0, false, now + 5 * USEC_PER_SEC));
        assert_false(l.outage.down);
        assert_true(look(&l, 7, false, now + 10 * USEC_PER_SEC));
        /* who waits on waits on, whoever holds it now */
        assert_true(look(&l, 8, false, now + 15 * USEC_PER_SEC));
        assert_int_equal(l.outage.since_usec, now + 10 * USEC_PER_SEC);
        assert_int_equal(l.holder.process, 8);
        assert_true(look(&l, -1, false, now + 20 * USEC_PER_SEC));
        assert_false(look(&l, 0, false, now + 25 * USEC_PER_SEC));
        assert_true(l.outage.down);
        assert_true(look(&l, 0, false, now + 61 * USEC_PER_SEC));
}

/* Of a lock that is held for an hour. */
static void a_lock_that_is_held_on_is_a_few_lines(void **state _unused_)
{
        LockLog l = {0};
        char line[256];
        unsigned warnings = 0, others = 0;
        FILE *log = tmpfile();
        int saved = dup(STDERR_FILENO);
        assert_true(log && saved >= 0);
        assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
        log_open(LOG_LEVEL_INFO);
        assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
        for (uint64_t at = 0; at <= USEC_PER_HOUR; at += 50 * USEC_PER_SEC) {
                (void)look(&l, 7, true, USEC_PER_HOUR + at);
                (void)look(&l, 0, true, USEC_PER_HOUR + at + 30 * USEC_PER_SEC);
        }
        (void)look(&l, 0, true, 3 * USEC_PER_HOUR);
        (void)look(&l, 0, true, 4 * USEC_PER_HOUR);
        assert_true(dup2(saved, STDERR_FILENO) >= 0);
        (void)close(saved);
        rewind(log);
        while (fgets(line, sizeof(line), log)) {
                warnings += strstr(line, "PostgreSQL: held\n") != NULL;
                others +=
                        strstr(line, "no statement waits for a lock any more, after 1h\n") != NULL;
        }
        (void)fclose(log);
        assert_int_equal(warnings, 4); /* at once, and after 1 m, 5 m and 21 m */
        assert_int_equal(others, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hours_are_a_few_lines),
                cmocka_unit_test(another_cause_is_spoken_of_at_once),
                cmocka_unit_test(who_is_back_is_found_within_thirty_seconds),
                cmocka_unit_test(the_end_tells_how_long_it_lasted_and_only_once),
                cmocka_unit_test(the_next_outage_begins_from_scratch),
                cmocka_unit_test(refused_credentials_are_tried_ever_more_seldom),
                cmocka_unit_test(a_lock_that_is_held_on_is_one_wait),
                cmocka_unit_test(a_lock_is_over_with_the_transaction_that_held_it),
                cmocka_unit_test(a_lock_that_is_held_on_is_a_few_lines),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
