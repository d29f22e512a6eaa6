/*
 * The zone reader against glibc's, which reads the same files in its own way; and against damaged
 * files.
 *
 * glibc's conversions look at TZ, so this program sets it: it has one thread.
 */
#include "base/text.h"
#include "schedule/schedule.h"
#include "schedule/zone_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ZONEINFO         EDGEMIRROR_ZONEINFO_DIR
#define SEED             0x9d2b6b8f0f0a1c11ULL
#define ZONES_MIN        300
#define MOMENTS_PER_ZONE 1000
#define FAR_PAST_SEC     (-5364662400LL) /* 1800: before every transition */
#define FAR_FUTURE_SEC   16725225600LL   /* 2500 */
#define RULES_SINCE_SEC  63072000LL      /* 1972 */
#define FILE_MAX_BYTES   65536

static uint64_t random_next(uint64_t *state) /* xorshift64: any will do */
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static int64_t random_moment(uint64_t *state)
{
        return FAR_PAST_SEC +
               (int64_t)(random_next(state) % (uint64_t)(FAR_FUTURE_SEC - FAR_PAST_SEC));
}

/* glibc takes every year before 1970 for 1970 when it evaluates a rule ("Is this correct?", says
 * its source). */
static int64_t random_moment_since_1972(uint64_t *state)
{
        return RULES_SINCE_SEC +
               (int64_t)(random_next(state) % (uint64_t)(FAR_FUTURE_SEC - RULES_SINCE_SEC));
}

static void use_zone(const char *tz)
{
        assert_int_equal(setenv("TZ", tz, 1), 0);
        tzset();
}

static int64_t glibc_offset_at(int64_t utc_sec)
{
        time_t t = utc_sec;
        struct tm tm;

        assert_non_null(localtime_r(&t, &tm));
        return tm.tm_gmtoff;
}

static void check_span(const Zone *zone, int64_t utc_sec)
{
        ZoneSpan span = zone_span_at(zone, utc_sec);

        assert_true(span.start_sec <= utc_sec && utc_sec < span.end_sec);
        assert_int_equal(span.offset_sec, zone_offset_at(zone, utc_sec));
        if (span.start_sec != INT64_MIN)
                assert_int_equal(zone_offset_at(zone, span.start_sec), span.offset_sec);
        if (span.end_sec != INT64_MAX)
                assert_int_equal(zone_offset_at(zone, span.end_sec - 1), span.offset_sec);
}

static void compare_with_glibc(const char *name, uint64_t *random, int64_t *count)
{
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        int err = zone_load(name, &zone);

        if (err != 0)
                fail_msg("%s: %s", name, strerror(-err));
        assert_string_equal(zone_name(zone), name);
        use_zone(name);
        for (int i = 0; i < MOMENTS_PER_ZONE; i++) {
                int64_t at = random_moment(random);
                ZoneSpan span = zone_span_at(zone, at);
                /* a random moment, and both sides of the change before it */
                int64_t moments[] = {at, span.start_sec == INT64_MIN ? at : span.start_sec,
                                     span.start_sec == INT64_MIN ? at : span.start_sec - 1};

                check_span(zone, at);
                for (size_t k = 0; k < ARRAY_SIZE(moments); k++, (*count)++)
                        if (zone_offset_at(zone, moments[k]) != glibc_offset_at(moments[k]))
                                fail_msg("%s at %" PRId64 ": %" PRId32 ", glibc %" PRId64, name,
                                         moments[k], zone_offset_at(zone, moments[k]),
                                         glibc_offset_at(moments[k]));
        }
}

static void test_every_zone_agrees_with_glibc(void **state)
{
        _cleanup_(cleanup_free) char *line = NULL;
        FILE *f = fopen(ZONEINFO "/zone1970.tab", "re");
        uint64_t random = SEED;
        int64_t count = 0;
        size_t capacity = 0;
        int zones = 0;

        (void)state;
        if (!f)
                fail_msg("no %s/zone1970.tab: is the package tzdata installed?", ZONEINFO);
        while (getline(&line, &capacity, f) > 0) {
                char name[128];

                if (line[0] == '#' || sscanf(line, "%*s %*s %127s", name) != 1)
                        continue;
                compare_with_glibc(name, &random, &count);
                zones++;
        }
        (void)fclose(f);
        assert_true(zones >= ZONES_MIN);
        static const char *const more[] = {"UTC",     "Etc/UTC",         "Etc/GMT-14", "CET",
                                           "EST5EDT", "Europe/Brussels", "US/Pacific"};
        for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
                char path[128];
                (void)snprintf(path, sizeof(path), EDGEMIRROR_ZONEINFO_DIR "/%s", more[i]);
                if (access(path, F_OK) == 0) /* old names may be in a package of their own */
                        compare_with_glibc(more[i], &random, &count);
        }
        print_message("# %d zones, %" PRId64
                      " moments from 1800 to 2500 agree with glibc (seed %#" PRIx64 ")\n",
                      zones + (int)ARRAY_SIZE(more), count, (uint64_t)SEED);
}

static void test_every_form_of_rule_agrees_with_glibc(void **state)
{
        static const char *const rules[] = {
                "UTC0",
                "CET-1CEST,M3.5.0,M10.5.0/3",
                "EST5EDT,M3.2.0,M11.1.0",
                "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
                "NZST-12NZDT,M9.5.0,M4.1.0/3",
                "IST-1GMT0,M10.5.0,M3.5.0/1",
                "EET-2EEST,M4.5.5/0,M10.5.4/24",
                "EET-2EEST,M3.4.4/50,M10.4.4/50",
                "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
                "IST-2IDT,M3.4.4/26,M10.5.0",
                "<+0545>-5:45:30",
                "AAA3BBB,J60/2,J300/2:30:15",
                "AAA3BBB,59/2,299/26",
                "AAA-3BBB,J300,J60",
                "AAA3BBB1:30,J59/-24,J365/0",
                "AAA3BBB,M2.5.1/-167,M12.1.6/167",
        };
        uint64_t random = SEED;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
                TzRule rule;

                if (tz_rule_parse(rules[i], strlen(rules[i]), &rule) != 0)
                        fail_msg("\"%s\" was refused", rules[i]);
                use_zone(rules[i]);
                for (int k = 0; k < 5000; k++) {
                        ZoneSpan span = tz_rule_span_at(&rule, random_moment_since_1972(&random));
                        int64_t moments[] = {span.start_sec == INT64_MIN ? 0 : span.start_sec,
                                             span.start_sec == INT64_MIN ? 0 : span.start_sec - 1};

                        for (size_t m = 0; m < ARRAY_SIZE(moments); m++) {
                                int32_t offset = tz_rule_span_at(&rule, moments[m]).offset_sec;

                                if (offset != glibc_offset_at(moments[m]))
                                        fail_msg("\"%s\" at %" PRId64 ": %" PRId32
                                                 ", glibc %" PRId64,
                                                 rules[i], moments[m], offset,
                                                 glibc_offset_at(moments[m]));
                        }
                }
        }
}

static void test_daylight_saving_all_year(void **state)
{
        static const char string[] = "EST5EDT,0/0,J365/25"; /* the example of RFC 9636, 3.3.2 */
        TzRule rule;
        uint64_t random = SEED;

        (void)state;
        assert_int_equal(tz_rule_parse(string, strlen(string), &rule), 0);
        for (int i = 0; i < 10000; i++)
                assert_int_equal(tz_rule_span_at(&rule, random_moment(&random)).offset_sec,
                                 -4 * 3600);
        /* around a new year */
        for (int64_t at = 1735689600 - 100000; at < 1735689600 + 100000; at += 60)
                assert_int_equal(tz_rule_span_at(&rule, at).offset_sec, -4 * 3600);
}

static void test_broken_rules_are_refused(void **state)
{
        static const char *const rules[] = {
                "",
                "U",
                "UT0",
                "UTC",
                "UTC+",
                "UTC25",
                "UTC0:60",
                "UTC0:00:60",
                "<UTC0",
                "<U>0",
                "UT C0",
                "UTC0 ",
                "UTC0,",
                "CET-1CEST",
                "CET-1CEST,",
                "CET-1CEST,M3.5.0",
                "CET-1CEST,M3.5.0,",
                "CET-1CEST,M13.1.0,M10.5.0",
                "CET-1CEST,M0.1.0,M10.5.0",
                "CET-1CEST,M3.0.0,M10.5.0",
                "CET-1CEST,M3.6.0,M10.5.0",
                "CET-1CEST,M3.5.7,M10.5.0",
                "CET-1CEST,J0,J365",
                "CET-1CEST,J1,J366",
                "CET-1CEST,0,366",
                "CET-1CEST,M3.5.0/168,M10.5.0",
                "CET-1CEST,M3.5.0/,M10.5.0",
                "CET-1CEST,M3.5.0,M10.5.0/3x",
                "CET-1CEST,M3.5.0,M10.5.0,J1",
                "CET-99999999999999999999",
                ":Europe/Brussels",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
                TzRule rule;

                if (tz_rule_parse(rules[i], strlen(rules[i]), &rule) != -EBADMSG)
                        fail_msg("\"%s\" was taken", rules[i]);
        }
}

static void test_names_stay_inside_the_folder(void **state)
{
        static const struct {
                const char *name;
                int err;
        } cases[] = {
                {"", -EINVAL},
                {"/etc/passwd", -EINVAL},
                {"../passwd", -EINVAL},
                {"Europe/../Europe/Paris", -EINVAL},
                {"Europe//Paris", -EINVAL},
                {"Europe/", -EINVAL},
                {"Europe/Bru ssels", -EINVAL},
                {"Europe/Br\xc3\xbcssel", -EINVAL},
                {".", -EINVAL},
                {"zone1970.tab", -EINVAL},
                {"Europe", -ENOENT},
                {"Europe/Nowhere", -ENOENT},
                {"Europe/Paris/x", -ENOENT},
                {"Mars/Olympus_Mons", -ENOENT},
        };
        char name[300];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Zone *zone = NULL;
                int err = zone_load(cases[i].name, &zone);

                if (err != cases[i].err || zone)
                        fail_msg("\"%s\": %d", cases[i].name, err);
        }
        memset(name, 'a', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        Zone *zone = NULL;
        assert_int_equal(zone_load(name, &zone), -EINVAL);
        assert_null(zone_free(NULL));
}

static uint8_t *read_zone_file(const char *name, size_t *ret_size)
{
        char path[512];
        uint8_t *bytes = malloc(FILE_MAX_BYTES);

        (void)snprintf(path, sizeof(path), "%s/%s", ZONEINFO, name);
        FILE *f = fopen(path, "re");
        assert_non_null(bytes);
        if (!f)
                fail_msg("no %s: is the package tzdata installed?", path);
        *ret_size = fread(bytes, 1, FILE_MAX_BYTES, f);
        (void)fclose(f);
        return bytes;
}

/* Parses a copy that is exactly as large as it says, so that the sanitizer sees a read beyond it.
 */
static int parse_copy(const uint8_t *bytes, size_t size, Zone **ret)
{
        _cleanup_(cleanup_free) uint8_t *copy = malloc(size > 0 ? size : 1);

        assert_non_null(copy);
        if (size > 0)
                memcpy(copy, bytes, size);
        return zone_parse("damaged", copy, size, ret);
}

static const char *const victims[] = {"Europe/Brussels", "Australia/Lord_Howe", "Pacific/Apia",
                                      "Africa/Casablanca", "Etc/GMT-14"};

static void test_a_file_cut_anywhere_is_refused(void **state)
{
        (void)state;
        for (size_t v = 0; v < ARRAY_SIZE(victims); v++) {
                size_t size;
                _cleanup_(cleanup_free) uint8_t *bytes = read_zone_file(victims[v], &size);
                _cleanup_(cleanup_zone) Zone *whole = NULL;

                assert_int_equal(parse_copy(bytes, size, &whole), 0);
                for (size_t cut = 0; cut < size; cut++) {
                        Zone *zone = NULL;

                        if (parse_copy(bytes, cut, &zone) != -EBADMSG || zone)
                                fail_msg("%s cut to %zu of %zu bytes was taken", victims[v], cut,
                                         size);
                }
        }
}

/* Whatever was understood of damaged bytes must still answer every question, and the answers must
 * be possible. */
static void question_zone(const Zone *zone, uint64_t *random)
{
        const Schedule daily = {.minutes = 1,
                                .hours = 4,
                                .days_of_month = UINT32_MAX,
                                .months = UINT16_MAX,
                                .days_of_week = UINT8_MAX};
        int64_t moments[] = {INT64_MIN, INT64_MAX, 0, random_moment(random),
                             (int64_t)random_next(random)};

        for (size_t i = 0; i < ARRAY_SIZE(moments); i++)
                assert_in_range(zone_offset_at(zone, moments[i]) + 7 * 86400, 5 * 86400, 9 * 86400);
        int64_t after = random_moment(random) * 1000000, next;
        int err = schedule_next(&daily, zone, 0, 0, after, &next);
        assert_true(err == -ERANGE || (err == 0 && next > after));
}

static void test_damaged_files_do_no_harm(void **state)
{
        uint64_t random = SEED;
        int taken = 0, refused = 0;

        (void)state;
        for (size_t v = 0; v < ARRAY_SIZE(victims); v++) {
                size_t size;
                _cleanup_(cleanup_free) uint8_t *bytes = read_zone_file(victims[v], &size);

                for (int i = 0; i < 4000; i++) {
                        _cleanup_(cleanup_free) uint8_t *damaged = malloc(size);
                        _cleanup_(cleanup_zone) Zone *zone = NULL;

                        assert_non_null(damaged);
                        memcpy(damaged, bytes, size);
                        /* half of the damage goes where the structure is: the headers and the
                         * footer */
                        for (uint64_t n = 1 + random_next(&random) % 3; n > 0; n--) {
                                uint64_t where = random_next(&random) % 4;
                                uint64_t at = where == 0 ? random_next(&random) % 44
                                              : where == 1
                                                      ? size - 1 - random_next(&random) % 40 % size
                                                      : random_next(&random) % size;
                                damaged[at] = (uint8_t)random_next(&random);
                        }
                        int err = parse_copy(damaged, size, &zone);
                        assert_true(err == 0 || err == -EBADMSG);
                        if (err == 0)
                                question_zone(zone, &random);
                        taken += err == 0;
                        refused += err != 0;
                }
        }
        assert_true(taken > 1000 && refused > 1000); /* both ways were walked */
        print_message("# %d damaged files: %d refused, %d taken and questioned (seed %#" PRIx64
                      ")\n",
                      taken + refused, refused, taken, (uint64_t)SEED);
}

/* A file built by hand: one block, two types, two transitions. */
typedef struct Built {
        uint8_t bytes[512];
        size_t size;
} Built;

static void put(Built *b, uint64_t value, size_t width)
{
        while (width-- > 0)
                b->bytes[b->size++] = (uint8_t)(value >> (8 * width));
}

typedef struct Plan {
        uint8_t version;
        uint32_t n_ut, n_standard, n_leap, n_times, n_types, n_chars;
        int64_t times[2];
        uint8_t indices[2];
        int32_t offsets[2];
        uint8_t is_dst, designation;
        const char *footer;
} Plan;

static void put_block(Built *b, const Plan *p, size_t width)
{
        memcpy(b->bytes + b->size, "TZif", 4);
        b->size += 4;
        put(b, p->version, 1);
        put(b, 0, 8);
        put(b, 0, 7);
        const uint32_t counts[] = {p->n_ut,    p->n_standard, p->n_leap,
                                   p->n_times, p->n_types,    p->n_chars};
        for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
                put(b, counts[i], 4);
        for (size_t i = 0; i < 2; i++)
                put(b, (uint64_t)p->times[i], width);
        put(b, p->indices[0], 1);
        put(b, p->indices[1], 1);
        for (size_t i = 0; i < 2; i++) {
                put(b, (uint32_t)p->offsets[i], 4);
                put(b, p->is_dst, 1);
                put(b, p->designation, 1);
        }
        put(b, 0x41414100, 4); /* "AAA" */
}

static int build(const Plan *p, Zone **ret)
{
        Built b = {.size = 0};

        put_block(&b, p, 4);
        if (p->version != 0) {
                put_block(&b, p, 8);
                memcpy(b.bytes + b.size, p->footer, strlen(p->footer));
                b.size += strlen(p->footer);
        }
        return parse_copy(b.bytes, b.size, ret);
}

static const Plan good_plan = {.version = '2',
                               .n_times = 2,
                               .n_types = 2,
                               .n_chars = 4,
                               .times = {1000, 2000},
                               .indices = {1, 0},
                               .offsets = {3600, 7200},
                               .footer = "\n\n"};

static void test_versions_one_to_four_and_later_are_read(void **state)
{
        static const uint8_t versions[] = {0, '2', '3', '4', '5'};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
                _cleanup_(cleanup_zone) Zone *zone = NULL;
                Plan p = good_plan;

                p.version = versions[i];
                assert_int_equal(build(&p, &zone), 0);
                assert_int_equal(zone_offset_at(zone, 999), 3600);
                assert_int_equal(zone_offset_at(zone, 1000), 7200);
                assert_int_equal(zone_offset_at(zone, 1999), 7200);
                assert_int_equal(zone_offset_at(zone, 2000), 3600);
                /* no footer: the last one holds */
                assert_int_equal(zone_offset_at(zone, INT64_MAX), 3600);
        }
}

static void test_the_footer_rules_after_the_last_transition(void **state)
{
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        Plan p = good_plan;

        (void)state;
        p.footer = "\nAAA-5\n";
        assert_int_equal(build(&p, &zone), 0);
        assert_int_equal(zone_offset_at(zone, 1999), 7200);
        assert_int_equal(zone_offset_at(zone, 2000), 5 * 3600);
        ZoneSpan span = zone_span_at(zone, 5000);
        assert_int_equal(span.start_sec, 2000);
        assert_int_equal(span.end_sec, INT64_MAX);
}

static void test_lies_in_the_structure_are_refused(void **state)
{
        Plan plans[20];
        size_t n = 0;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(plans); i++)
                plans[i] = good_plan;
        plans[n++].version = '1';
        plans[n++].n_types = 0;
        plans[n++].n_types = 257;
        plans[n++].n_types = UINT32_MAX;
        plans[n++].n_chars = 0;
        plans[n++].n_chars = UINT32_MAX;
        plans[n++].n_times = UINT32_MAX;
        plans[n++].n_leap = UINT32_MAX;
        plans[n++].n_leap = 1;
        plans[n++].n_ut = 1;
        plans[n++].n_standard = 1;
        plans[n++].indices[1] = 2;
        plans[n++].times[1] = 1000; /* not later than the one before */
        plans[n++].times[0] = 3000;
        plans[n++].offsets[0] = INT32_MIN;
        plans[n++].offsets[1] = 27 * 3600;
        plans[n++].is_dst = 2;
        plans[n++].designation = 4;
        plans[n++].footer = "\nAAA-5";
        plans[n++].footer = "AAA-5\n";
        assert_int_equal(n, ARRAY_SIZE(plans));
        for (size_t i = 0; i < n; i++) {
                Zone *zone = NULL;

                if (build(&plans[i], &zone) != -EBADMSG)
                        fail_msg("plan %zu was taken", i);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_zone_agrees_with_glibc),
                cmocka_unit_test(test_every_form_of_rule_agrees_with_glibc),
                cmocka_unit_test(test_daylight_saving_all_year),
                cmocka_unit_test(test_broken_rules_are_refused),
                cmocka_unit_test(test_names_stay_inside_the_folder),
                cmocka_unit_test(test_a_file_cut_anywhere_is_refused),
                cmocka_unit_test(test_damaged_files_do_no_harm),
                cmocka_unit_test(test_versions_one_to_four_and_later_are_read),
                cmocka_unit_test(test_the_footer_rules_after_the_last_transition),
                cmocka_unit_test(test_lies_in_the_structure_are_refused),
        };

        return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
