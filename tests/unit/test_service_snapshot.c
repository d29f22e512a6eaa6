/*
 * What the service says of a PostgreSQL that refuses something: of several things the worst, and
 * what that means for syncs.
 */
#include "base/cleanup.h"
#include "report/service_snapshot.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static Fault fault_of(FaultScope scope, const char *message)
{
        Fault f;
        fault_set(&f, scope, EIO, CODE_PG_ERROR, "%s", message);
        return f;
}

static void of_several_that_are_refused_the_worst_is_said(void **state)
{
        (void)state;
        static const char *const words[SERVICE_REFUSED_KINDS] = {
                [SERVICE_REFUSED_QUEUE] = "PostgreSQL refuses a statement that every sync needs",
                [SERVICE_REFUSED_RUNS] = "PostgreSQL refuses a statement that syncs need",
                [SERVICE_REFUSED_REGISTERING] = ("PostgreSQL refuses a statement that registers "
                                                 "edges, which those of before do not need"),
                [SERVICE_REFUSED_SIGN] =
                        "PostgreSQL refuses a statement that the sign of life needs, and no sync",
        };
        const Fault fault = fault_of(FAULT_RUN, "x");
        for (unsigned set = 1; set < 1u << SERVICE_REFUSED_KINDS; set++) {
                const Fault *of[SERVICE_REFUSED_KINDS] = {0};
                ServiceSnapshot s = {0};
                unsigned worst = SERVICE_REFUSED_KINDS;
                for (unsigned kind = SERVICE_REFUSED_KINDS; kind-- > 0;)
                        if (set & 1u << kind) {
                                of[kind] = &fault;
                                worst = kind;
                        }
                service_set_refused(&s, of);
                assert_ptr_equal(s.statement_fault, &fault);
                assert_int_equal(s.refused, worst);
                assert_string_equal(service_postgres_words(&s), words[worst]);
        }
}

static void a_postgres_that_is_away_is_said_before_what_it_refuses(void **state)
{
        (void)state;
        const Fault away = fault_of(FAULT_PEER, "x"), refused = fault_of(FAULT_RUN, "y");
        const Fault *of[SERVICE_REFUSED_KINDS] = {[SERVICE_REFUSED_SIGN] = &refused};
        ServiceSnapshot s = {.postgres_fault = &away};
        service_set_refused(&s, of);
        assert_string_equal(service_postgres_words(&s), "PostgreSQL cannot be used");
        of[SERVICE_REFUSED_SIGN] = NULL;
        s.postgres_fault = NULL;
        service_set_refused(&s, of);
        assert_null(s.statement_fault);
        assert_null(service_postgres_words(&s));
}

static void two_troubles_are_both_said(void **state)
{
        (void)state;
        const Fault catalog = fault_of(FAULT_PEER, "gone"), refused = fault_of(FAULT_RUN, "no");
        const Fault *of[SERVICE_REFUSED_KINDS] = {[SERVICE_REFUSED_RUNS] = &refused};
        char text[SERVICE_LINE_BYTES];
        ServiceSnapshot s = {.catalog_fault = &catalog, .catalog_next = "at noon"};
        service_format_trouble(&s, text);
        assert_string_equal(text, "the catalog cannot be used: gone");
        service_set_refused(&s, of);
        service_format_trouble(&s, text);
        assert_string_equal(text, "the catalog cannot be used: gone; and PostgreSQL refuses a "
                                  "statement that syncs need: no");
        s.catalog_fault = NULL;
        of[SERVICE_REFUSED_SIGN] = &catalog;
        service_set_refused(&s, of);
        service_format_trouble(&s, text);
        assert_string_equal(text, "PostgreSQL refuses a statement that syncs need: no; and "
                                  "PostgreSQL refuses a statement that the sign of life needs, and "
                                  "no sync: gone");
        of[SERVICE_REFUSED_RUNS] = of[SERVICE_REFUSED_SIGN] = NULL;
        service_set_refused(&s, of);
        service_format_trouble(&s, text);
        assert_string_equal(text, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(of_several_that_are_refused_the_worst_is_said),
                cmocka_unit_test(a_postgres_that_is_away_is_said_before_what_it_refuses),
                cmocka_unit_test(two_troubles_are_both_said),
        };
        return cmocka_run_group_tests_name("service_snapshot", tests, NULL, NULL);
}
