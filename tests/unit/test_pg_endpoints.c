/*
 * Which places a conninfo names: hosts, addresses and ports in the pairs that libpq makes of them,
 * and which are still to be looked up.
 */
#include "base/duration.h"
#include "base/text.h"
#include "pg/endpoint.h"
#include "pg/pg.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool place_is(const PgEndpoint *e, const char *const expected[3])
{
        return text_equal(e->host, expected[0]) && text_equal(e->hostaddr, expected[1]) &&
               text_equal(e->port, expected[2]);
}

static void hosts_addresses_and_ports_are_paired(void **state)
{
        (void)state;
        static const struct {
                const char *conninfo;
                const char *items[3][3];
                size_t n;
                bool unresolved;
        } cases[] = {
                {"host=a.example port=5432", {{"a.example", NULL, "5432"}}, 1, true},
                {"host=a.example port=6", {{"a.example", NULL, "6"}}, 1, true},
                {"host=192.0.2.1 port=5432", {{"192.0.2.1", NULL, "5432"}}, 1, false},
                {"host=::1,/run/pg,@abstract port=6",
                 {{"::1", NULL, "6"}, {"/run/pg", NULL, "6"}, {"@abstract", NULL, "6"}},
                 3,
                 false},
                {"hostaddr=192.0.2.1,192.0.2.2 port=5432",
                 {{NULL, "192.0.2.1", "5432"}, {NULL, "192.0.2.2", "5432"}},
                 2,
                 false},
                {"host=a.example,b.example hostaddr=192.0.2.1,192.0.2.2 port=6,7",
                 {{"a.example", "192.0.2.1", "6"}, {"b.example", "192.0.2.2", "7"}},
                 2,
                 false},
                {"host=a.example,b.example hostaddr=192.0.2.1, port=6,",
                 {{"a.example", "192.0.2.1", "6"}, {"b.example", NULL, NULL}},
                 2,
                 true},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                PgEndpoints *list;
                assert_int_equal(pg_endpoints_parse(cases[i].conninfo, &list), 0);
                assert_int_equal(list->n, cases[i].n);
                assert_int_equal(list->unresolved, cases[i].unresolved);
                for (size_t k = 0; k < list->n; k++)
                        if (!place_is(&list->items[k], cases[i].items[k]))
                                fail_msg("%s: place %zu", cases[i].conninfo, k);
                assert_null(pg_endpoints_unref(list));
        }
}

static void what_cannot_be_paired_is_refused(void **state)
{
        (void)state;
        static const char *const refused[] = {"host=a,b hostaddr=192.0.2.1",
                                              "host=a hostaddr=192.0.2.1,192.0.2.2",
                                              "host=a,b,c port=6,7",
                                              "host=a port=6,7",
                                              "host",
                                              "no such=option"};
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
                PgEndpoints *list;
                assert_int_equal(pg_endpoints_parse(refused[i], &list), -EINVAL);
        }
}

static void places_are_equal_in_all_or_not(void **state)
{
        (void)state;
        char a[] = "a", b[] = "b", one[] = "192.0.2.1", two[] = "192.0.2.2", six[] = "6",
             seven[] = "7";
        const PgEndpoint places[] = {{a, one, six}, {b, one, six}, {a, two, six}, {a, one, seven}};
        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                for (size_t k = 0; k < ARRAY_SIZE(places); k++)
                        assert_int_equal(pg_endpoint_equal(&places[i], &places[k]), i == k);
}

/* What needs no lookup serves while name servers are away. */
static void names_are_left_out_of_what_is_resolved(void **state)
{
        (void)state;
        PgEndpoints *list, *resolved;
        assert_int_equal(pg_endpoints_parse("host=a.example,192.0.2.1,/run/pg", &list), 0);
        assert_int_equal(pg_endpoints_resolve(list, false, &resolved), 0);
        assert_int_equal(resolved->n, 2);
        assert_string_equal(resolved->items[0].host, "192.0.2.1");
        assert_string_equal(resolved->items[1].host, "/run/pg");
        assert_null(pg_endpoints_unref(resolved));
        assert_null(pg_endpoints_unref(list));
}

static void a_pool_that_makes_no_sense_is_refused(void **state)
{
        (void)state;
        char too_long[1000];
        memset(too_long, 'x', sizeof(too_long) - 1);
        too_long[sizeof(too_long) - 1] = '\0';
        const PgPoolOptions right = {.conninfo = "",
                                     .application_name = "test",
                                     .max_connections = 1,
                                     .search_path = "pg_catalog"};
        PgPoolOptions none = right, nowhere = right, everywhere = right;
        none.max_connections = 0;
        nowhere.search_path = NULL;
        everywhere.search_path = too_long;
        const PgPoolOptions *const wrong[] = {&none, &nowhere, &everywhere};
        sd_event *event;
        PgPool *pool = NULL;
        assert_int_equal(sd_event_new(&event), 0);
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                assert_int_equal(pg_pool_new(event, wrong[i], &pool), -EINVAL);
        assert_null(pool);
        assert_int_equal(pg_pool_new(event, &right, &pool), 0);
        assert_null(pg_pool_free(pool));
        sd_event_unref(event);
}

int main(void)
{
        static const char *const environment[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"};
        for (size_t i = 0; i < ARRAY_SIZE(environment); i++)
                (void)unsetenv(environment[i]);
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hosts_addresses_and_ports_are_paired),
                cmocka_unit_test(what_cannot_be_paired_is_refused),
                cmocka_unit_test(places_are_equal_in_all_or_not),
                cmocka_unit_test(names_are_left_out_of_what_is_resolved),
                cmocka_unit_test(a_pool_that_makes_no_sense_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
