/*
 * Which job is taken for the one whose id was lost: the only one that it can be, or none.
 */
#include "base/cleanup.h"
#include "sync/job_search.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)

/* The claim was sent 100 s after the host's start, and the intent was two minutes old then: older
 * than the host. The search is a second later, at 1,000,000 s of the catalog's clock. */
enum { CLAIMED = 100, AGE = 120, NOW = 101, THEN = 1000000, FROM = THEN - AGE - (NOW - CLAIMED) };

static Uuid number_id(unsigned number)
{
        Uuid id = {.bytes = {0xab}};
        memcpy(id.bytes + 8, &number, sizeof(number));
        return id;
}

static void begin(JobSearch *s)
{
        const MirrorClaim claim = {.lost = true,
                                   .lost_since_usec = AGE * (int64_t)SECOND,
                                   .job_kind = {"SYNC", "us"},
                                   .n_known_jobs = 2,
                                   .known_jobs = {number_id(98), number_id(99)}};
        job_search_init(s, &claim, CLAIMED * SECOND);
        assert_string_equal(s->cursor, "");
}

static CatalogFoundJob job(unsigned number, int64_t created_sec)
{
        return (CatalogFoundJob){.id = number_id(number),
                                 .kind = {"SYNC", "us"},
                                 .names_edge = true,
                                 .has_created = true,
                                 .created_msec = created_sec * 1000};
}

static JobSearchStep page(JobSearch *s, const CatalogFoundJob *jobs, size_t n, const char *next)
{
        const CatalogJobsAnswer a = {
                .jobs = jobs, .n_jobs = n, .next = next, .now_msec = THEN * INT64_C(1000)};
        return job_search_page(s, &a, NOW * SECOND);
}

static JobSearchStep alone(CatalogFoundJob one)
{
        JobSearch s;
        begin(&s);
        JobSearchStep step = page(&s, &one, 1, NULL);
        if (step == JOB_SEARCH_FOUND)
                assert_true(uuid_equal(&s.job, &one.id));
        return step;
}

static void a_job_is_taken_only_when_all_of_it_is_right(void **state)
{
        (void)state;
        CatalogFoundJob one = job(1, FROM);
        assert_int_equal(alone(one), JOB_SEARCH_FOUND);
        one.names_edge = false;
        assert_int_equal(alone(one), JOB_SEARCH_NOTHING);
        one = job(1, FROM);
        strcpy(one.kind.type, "ANOTHER");
        assert_int_equal(alone(one), JOB_SEARCH_NOTHING);
        one = job(1, FROM);
        strcpy(one.kind.user, "them");
        assert_int_equal(alone(one), JOB_SEARCH_NOTHING);
        one = job(1, FROM);
        one.kind.user[0] = '\0'; /* not told whose it is */
        assert_int_equal(alone(one), JOB_SEARCH_NOTHING);
        one = job(1, FROM);
        one.has_created = false;
        assert_int_equal(alone(one), JOB_SEARCH_NOTHING);
        assert_int_equal(alone(job(98, FROM)), JOB_SEARCH_NOTHING);
        assert_int_equal(alone(job(99, FROM)), JOB_SEARCH_NOTHING); /* known already */
}

/* Give or take two seconds: two clocks are read to the second. */
static void it_was_created_between_the_intent_and_now(void **state)
{
        (void)state;
        static const struct {
                int64_t created_sec;
                JobSearchStep step;
        } cases[] = {
                {0, JOB_SEARCH_NOTHING},        {FROM - 3, JOB_SEARCH_NOTHING},
                {FROM - 2, JOB_SEARCH_FOUND},   {FROM + 1, JOB_SEARCH_FOUND},
                {THEN, JOB_SEARCH_FOUND},       {THEN + 2, JOB_SEARCH_FOUND},
                {THEN + 3, JOB_SEARCH_NOTHING},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(alone(job(1, cases[i].created_sec)), cases[i].step);
}

static void one_of_two_is_a_guess(void **state)
{
        (void)state;
        JobSearch s;
        const CatalogFoundJob two[] = {job(1, FROM), job(2, THEN)};
        begin(&s);
        assert_int_equal(page(&s, two, 2, NULL), JOB_SEARCH_NOTHING);
        begin(&s);
        assert_int_equal(page(&s, &two[0], 1, "2"), JOB_SEARCH_MORE);
        assert_string_equal(s.cursor, "2");
        assert_int_equal(page(&s, &two[1], 1, NULL), JOB_SEARCH_NOTHING);
        /* beside one that does not say when it began, or is of the future */
        for (int i = 0; i < 2; i++) {
                CatalogFoundJob odd[] = {job(1, FROM), job(2, THEN + 1000)};
                odd[1].has_created = i > 0;
                begin(&s);
                assert_int_equal(page(&s, odd, 2, NULL), JOB_SEARCH_NOTHING);
        }
        /* beside others that it cannot be */
        CatalogFoundJob many[] = {job(99, FROM), job(3, FROM - 100), job(1, FROM), job(4, FROM),
                                  job(5, FROM)};
        many[3].names_edge = false;
        many[4].kind.type[0] = 'X';
        begin(&s);
        assert_int_equal(page(&s, many, ARRAY_SIZE(many), NULL), JOB_SEARCH_FOUND);
        Uuid id = number_id(1);
        assert_true(uuid_equal(&s.job, &id));
}

/* Jobs come while pages are read, and move others to the next. */
static void a_job_that_comes_twice_is_one(void **state)
{
        (void)state;
        JobSearch s;
        const CatalogFoundJob one = job(1, FROM);
        begin(&s);
        assert_int_equal(page(&s, &one, 1, "2"), JOB_SEARCH_MORE);
        assert_int_equal(page(&s, &one, 1, NULL), JOB_SEARCH_FOUND);
}

static void a_list_without_an_end_is_left(void **state)
{
        (void)state;
        JobSearch s;
        const CatalogFoundJob one = job(1, FROM);
        unsigned n = 1;
        begin(&s);
        while (page(&s, &one, 1, "again") == JOB_SEARCH_MORE)
                n++;
        assert_int_equal(n, LIMIT_JOB_SEARCH_PAGES);
        begin(&s);
        for (n = 1; n < LIMIT_JOB_SEARCH_PAGES; n++)
                assert_int_equal(page(&s, NULL, 0, "again"), JOB_SEARCH_MORE);
        assert_int_equal(page(&s, &one, 1, NULL), JOB_SEARCH_FOUND);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_job_is_taken_only_when_all_of_it_is_right),
                cmocka_unit_test(it_was_created_between_the_intent_and_now),
                cmocka_unit_test(one_of_two_is_a_guess),
                cmocka_unit_test(a_job_that_comes_twice_is_one),
                cmocka_unit_test(a_list_without_an_end_is_left),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
