/*
 * Edge connections by the list of all rows: as long as it lasts, but no longer than an hour. The
 * catalog and the clock are substitutes.
 */
#include "base/duration.h"
#include "base/limits.h"
#include "sync/discover.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* What was asked for last. */
static struct {
        CatalogEdgesCallback on_edges;
        CatalogPageCallback on_page;
        void *userdata;
        int64_t offset;
        unsigned limit;
} asked;

static uint64_t now_usec;
static Fault ended;
static size_t n_found;
static int n_ended;

uint64_t __wrap_clock_monotonic_usec(void);
uint64_t __wrap_clock_monotonic_usec(void)
{
        return now_usec;
}

int __wrap_catalog_list_edges(Catalog *c, EdgeList list, CatalogEdgesCallback callback,
                              void *userdata, CatalogCall **ret);
int __wrap_catalog_list_edges(Catalog *c, EdgeList list, CatalogEdgesCallback callback,
                              void *userdata, CatalogCall **ret)
{
        (void)c;
        (void)list;
        asked.on_edges = callback;
        asked.userdata = userdata;
        *ret = NULL;
        return 0;
}

int __wrap_catalog_list(Catalog *c, const Uuid *edge, const Uuid *schema, int64_t offset,
                        unsigned limit, CatalogPageCallback callback, void *userdata,
                        CatalogCall **ret);
int __wrap_catalog_list(Catalog *c, const Uuid *edge, const Uuid *schema, int64_t offset,
                        unsigned limit, CatalogPageCallback callback, void *userdata,
                        CatalogCall **ret)
{
        (void)c;
        (void)edge;
        (void)schema;
        asked.on_page = callback;
        asked.userdata = userdata;
        asked.offset = offset;
        asked.limit = limit;
        *ret = NULL;
        return 0;
}

static void on_found(const Discovered *found, void *userdata)
{
        (void)userdata;
        ended = found->fault;
        n_found = found->n_edges;
        n_ended++;
}

/* Begun, and told that there is no Edge API. */
static void begin(void)
{
        Discover *d;
        CatalogEdgesAnswer forbidden = {.answer.status = 403};
        n_ended = 0;
        fault_set(&forbidden.answer.fault, FAULT_RUN, EACCES, CODE_CATALOG_FORBIDDEN, "HTTP 403");
        assert_int_equal(discover_start(NULL, NULL, on_found, NULL, &d), 0);
        asked.on_edges(&forbidden, asked.userdata);
}

/* The page that was asked for, of a list of `total` rows. */
static void answer(int64_t total)
{
        static DatabaseConnection rows[LIMIT_PAGE_SIZE_MAX];
        CatalogPageAnswer page = {.answer.status = 200, .offset = asked.offset, .rows = rows};
        while (page.n_rows < asked.limit && asked.offset + (int64_t)page.n_rows < total) {
                int64_t number = asked.offset + (int64_t)page.n_rows;
                DatabaseConnection *row = &rows[page.n_rows++];
                *row = (DatabaseConnection){.name = "n", .name_size = 1};
                memcpy(row->id.bytes, &number, sizeof(number));
                row->edge_connection_id.bytes[0] = (uint8_t)(1 + number % 3);
        }
        asked.on_page(&page, asked.userdata);
}

static void a_list_that_is_read_within_the_hour_tells_the_edges(void **state)
{
        (void)state;
        now_usec = 5 * USEC_PER_SEC;
        begin();
        for (int i = 0; i < 100 && n_ended == 0; i++, now_usec += USEC_PER_MINUTE)
                answer(20 * LIMIT_PAGE_SIZE_MAX);
        assert_int_equal(n_ended, 1);
        assert_int_equal(ended.scope, FAULT_NONE);
        assert_int_equal(n_found, 3);
}

static void a_list_that_does_not_end_is_given_up_after_an_hour(void **state)
{
        (void)state;
        int pages = 0;
        now_usec = 5 * USEC_PER_SEC;
        begin();
        for (; pages < 1000 && n_ended == 0; pages++, now_usec += USEC_PER_MINUTE)
                answer(INT64_MAX);
        assert_int_equal(pages, 61);
        assert_int_equal(ended.code, CODE_LIST_TIMEOUT);
        assert_non_null(strstr(ended.message, "took longer than 1h: "));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_list_that_is_read_within_the_hour_tells_the_edges),
                cmocka_unit_test(a_list_that_does_not_end_is_given_up_after_an_hour),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
