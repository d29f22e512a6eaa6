/*
 * What goes with which message, without a network: a receiver is only what becomes of a message.
 */
#include "base/duration.h"
#include "daemon/notify_subjects.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { EDGES = 60, MESSAGE_MAX = 50 };

static size_t most; /* that a message holds */

static NotifySubjects subjects;
static uint64_t now_usec;

static void fail_edges(void)
{
        subjects_init(&subjects);
        now_usec = USEC_PER_DAY;
        for (int i = 0; i < EDGES; i++) {
                char name[16];
                (void)snprintf(name, sizeof(name), "e%d", i);
                NotifySubject *s =
                        subjects_add(&subjects, NOTIFY_EDGE, name, "catalog", NOTIFY_WELL);
                assert_non_null(s);
                s->edge.bytes[0] = (uint8_t)i;
                subject_set(&subjects, s, NOTIFY_FAILED, CODE_NO_RESOURCES, name, 1);
        }
}

/* The next message, and what becomes of it; returns how many changes stood in it. */
static size_t tell(NotifyFate fate, bool told[static EDGES])
{
        NotifySubject *chosen[MESSAGE_MAX];
        size_t n = subjects_choose(&subjects, now_usec, false, chosen, most);
        for (size_t i = 0; i < n; i++) {
                chosen[i]->sent = chosen[i]->now;
                told[chosen[i]->edge.bytes[0]] = fate == NOTIFY_TAKEN;
        }
        if (n > 0)
                subjects_settle(&subjects, n, fate, now_usec);
        return n;
}

/* As Alertmanager is. */
static void tell_again(void)
{
        NotifySubject *s;
        TAILQ_FOREACH(s, &subjects, others)
                if (now_usec - s->told_usec >= 20 * USEC_PER_MINUTE)
                        s->told = NOTIFY_UNKNOWN;
}

/* A message a minute, and each edge is to be told again after 20: none is forgotten over those
 * that were told before. */
static void what_was_declined_for_long_is_told_by_and_by(void **state)
{
        (void)state;
        bool told[EDGES] = {false};
        most = 2; /* fewer than are failing go in 20 minutes */
        fail_edges();
        for (int i = 0; i < 22; i++)
                assert_int_equal(tell(NOTIFY_TAKEN, told), most);
        while (tell(NOTIFY_UNFIT, told) > 0)
                ;
        now_usec += USEC_PER_HOUR;
        tell_again();
        for (int minute = 0; minute < 100; minute++) {
                (void)tell(NOTIFY_TAKEN, told);
                now_usec += USEC_PER_MINUTE;
                tell_again();
        }
        for (int i = 0; i < EDGES; i++)
                assert_true(told[i]);
        subjects_done(&subjects);
}

/* One that takes messages gets as many changes as before, soon. */
static void a_receiver_that_is_back_gets_larger_messages(void **state)
{
        (void)state;
        bool told[EDGES] = {false};
        size_t messages = 0;
        most = MESSAGE_MAX;
        fail_edges();
        while (tell(NOTIFY_UNFIT, told) > 0)
                ;
        now_usec += USEC_PER_HOUR;
        while (tell(NOTIFY_TAKEN, told) > 0)
                messages++;
        print_message("# %zu messages\n", messages);
        assert_in_range(messages, 1, 7); /* 1, 2, 4, … */
        for (int i = 0; i < EDGES; i++)
                assert_true(told[i]);
        now_usec += USEC_PER_HOUR;
        tell_again();
        assert_int_equal(tell(NOTIFY_TAKEN, told), MESSAGE_MAX);
        subjects_done(&subjects);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_declined_for_long_is_told_by_and_by),
                cmocka_unit_test(a_receiver_that_is_back_gets_larger_messages),
        };
        return cmocka_run_group_tests_name("notify_subjects", tests, NULL, NULL);
}
