/*
 * schedule_next against an oracle that shares nothing with it: no masks, no parser, no zone reader,
 * no calendar of ours.
 *
 * The oracle watches a clock. It steps through a window of days minute by minute, lets glibc say
 * what a clock in the zone shows, and applies the rules of schedule.h literally: a minute that the
 * clock shows (or has jumped over) fires or does not. schedule_next is then asked from many moments
 * in the window. The schedules are drawn at random as sets of values, from which both the text to
 * parse and the oracle's answers come.
 *
 * A second oracle walks days, for dates that are years away. ORACLE_SEED in the environment repeats
 * a run or tries another one.
 */
#include "schedule/schedule.h"
#include "schedule/zone.h"
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define CASES_MIN            100000
#define WINDOWS_PER_ZONE     24
#define SCHEDULES_PER_WINDOW 12
#define MOMENTS_PER_SCHEDULE 40
#define WARM_UP_MINUTES                                                                            \
        (4 *                                                                                       \
         1440) /* before the first question: the oracle must have seen what the clock has shown */
#define WINDOW_MINUTES (WARM_UP_MINUTES + 8 * 1440)
#define SINCE_SEC      94694400LL   /* 1973: all offsets are whole minutes from here on */
#define UNTIL_SEC      7258118400LL /* 2200 */
#define RECENT_SEC     2145916800LL /* 2038 */
#define USEC           1000000LL

static const char *const zones[] = {
        "UTC",
        "Europe/Brussels",
        "Europe/Dublin",
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Africa/Cairo",
        "Asia/Beirut",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Auckland",
        "Asia/Gaza",
        "Africa/Casablanca",
        "America/Nuuk",
        "Asia/Kathmandu",
        "America/Caracas",
        "Antarctica/Troll",
        "Pacific/Kwajalein",
};

typedef struct Dice {
        uint64_t state;
} Dice;

static uint64_t roll(Dice *d, uint64_t below) /* xorshift64 */
{
        d->state ^= d->state << 13;
        d->state ^= d->state >> 7;
        d->state ^= d->state << 17;
        return (d->state >> 11) % below;
}

static uint64_t choose_seed(void)
{
        const char *requested = getenv("ORACLE_SEED");
        uint64_t seed = requested ? strtoull(requested, NULL, 0) : 0;

        return seed != 0 ? seed : 0x0b9c1c1e3d0a4d55ULL;
}

/* A field as a set and as the text that stands for it. */
typedef struct DrawnField {
        char text[400];
        bool has[64];
        bool star;
} DrawnField;

typedef struct Drawn {
        DrawnField minute, hour, dom, month, dow;
        char text[2048];
} Drawn;

static void add_item(DrawnField *f, int from, int to, int step, const char *text)
{
        size_t used = strlen(f->text);

        (void)snprintf(f->text + used, sizeof(f->text) - used, "%s%s", used > 0 ? "," : "", text);
        for (int v = from; v <= to; v += step)
                f->has[v] = true;
}

/* Values are drawn up to `high`; a star means the whole field, up to `max`. */
static void draw_field(Dice *d, int min, int high, int max, DrawnField *f)
{
        char text[64];
        int n_items = roll(d, 3) == 0 ? 1 + (int)roll(d, 4) : 1;

        *f = (DrawnField){.star = false};
        for (int i = 0; i < n_items; i++) {
                int a = min + (int)roll(d, (uint64_t)(high - min + 1));
                int b = a + (int)roll(d, (uint64_t)(high - a + 1));
                int step = 1 + (int)roll(d, (uint64_t)(max - min));

                switch (roll(d, 6)) {
                case 0:
                        (void)snprintf(text, sizeof(text), "*/%d", step);
                        add_item(f, min, max, step, text);
                        f->star = f->star || i == 0;
                        break;
                case 1:
                        (void)snprintf(text, sizeof(text), "%d-%d/%d", a, b, step);
                        add_item(f, a, b, step, text);
                        break;
                case 2:
                case 3:
                        (void)snprintf(text, sizeof(text), "%d-%d", a, b);
                        add_item(f, a, b, 1, text);
                        break;
                default:
                        (void)snprintf(text, sizeof(text), "%d", a);
                        add_item(f, a, a, 1, text);
                }
        }
}

static void draw_star(int min, int max, DrawnField *f)
{
        *f = (DrawnField){.star = true};
        add_item(f, min, max, 1, "*");
}

static void draw_value(int value, DrawnField *f)
{
        char text[16];

        *f = (DrawnField){.star = false};
        (void)snprintf(text, sizeof(text), "%d", value);
        add_item(f, value, value, 1, text);
}

static void write_text(Drawn *s)
{
        (void)snprintf(s->text, sizeof(s->text), "cron %s %s %s %s %s", s->minute.text,
                       s->hour.text, s->dom.text, s->month.text, s->dow.text);
}

/* Mostly schedules that fire in the window: the hours around changes of a clock, and no restriction
 * of days, are drawn more often. */
static void draw(Dice *d, Drawn *s)
{
        if (roll(d, 6) == 0)
                draw_star(0, 59, &s->minute);
        else
                draw_field(d, 0, 59, 59, &s->minute);
        if (roll(d, 5) == 0)
                draw_star(0, 23, &s->hour);
        else if (roll(d, 3) == 0)
                draw_field(d, 0, 4, 23, &s->hour);
        else
                draw_field(d, 0, 23, 23, &s->hour);
        if (roll(d, 2) == 0)
                draw_star(1, 31, &s->dom);
        else
                draw_field(d, 1, 31, 31, &s->dom);
        if (roll(d, 4) != 0)
                draw_star(1, 12, &s->month);
        else
                draw_field(d, 1, 12, 12, &s->month);
        if (roll(d, 2) == 0)
                draw_star(0, 6, &s->dow);
        else
                draw_field(d, 0, 7, 7, &s->dow);
        s->dow.has[0] = s->dow.has[0] || s->dow.has[7];
        write_text(s);
}

static bool date_is_in(const Drawn *s, const struct tm *tm)
{
        bool dom = s->dom.has[tm->tm_mday], dow = s->dow.has[tm->tm_wday];
        bool day = s->dom.star || s->dow.star ? dom && dow : dom || dow;

        return day && s->month.has[tm->tm_mon + 1];
}

static bool is_in(const Drawn *s, const struct tm *tm)
{
        return s->minute.has[tm->tm_min] && s->hour.has[tm->tm_hour] && date_is_in(s, tm);
}

/* What a clock in the zone shows, minute by minute. */
typedef struct Window {
        int64_t start_sec;
        struct tm shows[WINDOW_MINUTES];
        int64_t clock_min[WINDOW_MINUTES]; /* the same, as a number */
        bool fires[WINDOW_MINUTES];
} Window;

static void watch_clock(Window *w, int64_t start_sec)
{
        w->start_sec = start_sec;
        for (int i = 0; i < WINDOW_MINUTES; i++) {
                time_t t = start_sec + i * 60LL;
                struct tm copy;

                assert_non_null(localtime_r(&t, &w->shows[i]));
                assert_int_equal(w->shows[i].tm_sec, 0);
                copy = w->shows[i];
                w->clock_min[i] = (int64_t)timegm(&copy) / 60;
        }
}

static bool jumped_over_a_match(const Drawn *s, int64_t from_min, int64_t to_min)
{
        for (int64_t m = from_min; m < to_min; m++) {
                time_t t = m * 60;
                struct tm tm;

                if (gmtime_r(&t, &tm) && is_in(s, &tm))
                        return true;
        }
        return false;
}

static bool is_every_hour(const Drawn *s)
{
        for (int h = 0; h < 24; h++)
                if (!s->hour.has[h])
                        return false;
        return true;
}

static void apply_rules(Window *w, const Drawn *s)
{
        bool rhythm = is_every_hour(s);
        int64_t latest = w->clock_min[0];

        for (int i = 0; i < WINDOW_MINUTES; i++) {
                int64_t now = w->clock_min[i];
                bool repeated = i > 0 && now <= latest;

                w->fires[i] = is_in(s, &w->shows[i]) && (!repeated || rhythm || s->minute.star);
                if (!rhythm && now > latest + 1 && jumped_over_a_match(s, latest + 1, now))
                        w->fires[i] = true;
                if (now > latest)
                        latest = now;
        }
}

static int64_t first_firing_after(const Window *w, int64_t after_usec)
{
        /* no minute before this one can lie after the moment */
        for (int64_t i = (after_usec / USEC - w->start_sec) / 60; i < WINDOW_MINUTES; i++) {
                int64_t at_usec = (w->start_sec + i * 60) * USEC;

                if (at_usec > after_usec && w->fires[i])
                        return at_usec;
        }
        return INT64_MAX;
}

static void ask(const Window *w, const Drawn *drawn, const Schedule *s, const Zone *zone, Dice *d)
{
        const int64_t end_usec = (w->start_sec + WINDOW_MINUTES * 60LL) * USEC;
        int64_t after = (w->start_sec + WARM_UP_MINUTES * 60LL) * USEC;

        for (int i = 0; i < MOMENTS_PER_SCHEDULE; i++) {
                int64_t wanted = first_firing_after(w, after), got;
                uint64_t offset = roll(d, 2) == 0 ? 0 : roll(d, 600 * USEC);
                int err = schedule_next(s, zone, 0, offset, after + (int64_t)offset, &got);
                bool right = err == 0 && (wanted == INT64_MAX ? got - (int64_t)offset >= end_usec
                                                              : got - (int64_t)offset == wanted);

                if (!right)
                        fail_msg("%s, \"%s\" after %" PRId64 " us, spread %" PRIu64 ": got %" PRId64
                                 " (error %d), the oracle says %" PRId64,
                                 zone_name(zone), drawn->text, after, offset, got, err, wanted);
                /* half of the moments follow one firing after the other, half are anywhere in the
                 * window */
                if (roll(d, 2) == 0 && wanted != INT64_MAX)
                        after = wanted;
                else
                        after = w->start_sec * USEC + WARM_UP_MINUTES * 60 * USEC +
                                (int64_t)roll(d, (WINDOW_MINUTES - WARM_UP_MINUTES) * 60 * USEC);
        }
}

/* A moment near a change of the clock, where there is one within two years after a random moment;
 * else that moment. */
static int64_t draw_moment(Dice *d)
{
        int64_t range = roll(d, 3) == 0 ? UNTIL_SEC - SINCE_SEC : RECENT_SEC - SINCE_SEC;
        int64_t at = SINCE_SEC + (int64_t)roll(d, (uint64_t)range) / 86400 * 86400;
        struct tm before, after;

        if (roll(d, 4) == 0)
                return at;
        for (int day = 0; day < 730; day++) {
                time_t t = at + day * 86400LL, next = t + 86400;

                if (localtime_r(&t, &before) && localtime_r(&next, &after) &&
                    before.tm_gmtoff != after.tm_gmtoff)
                        return t;
        }
        return at;
}

static void draw_parsed(Dice *d, Drawn *drawn, Schedule *s)
{
        char error[SCHEDULE_ERROR_SIZE] = "";
        int err;

        do { /* a date that never comes, such as 31 April alone, is drawn again */
                draw(d, drawn);
                err = schedule_parse(drawn->text, s, error, sizeof(error));
        } while (err == -ERANGE);
        if (err != 0)
                fail_msg("\"%s\" was refused: %s", drawn->text, error);
}

static void test_next_agrees_with_a_watched_clock(void **state)
{
        _cleanup_(cleanup_free) Window *w = calloc(1, sizeof(*w));
        uint64_t seed = choose_seed();
        Dice d = {.state = seed};
        int64_t cases = 0;

        (void)state;
        assert_non_null(w);
        for (size_t z = 0; z < ARRAY_SIZE(zones); z++) {
                _cleanup_(cleanup_zone) Zone *zone = NULL;

                assert_int_equal(zone_load(zones[z], &zone), 0);
                assert_int_equal(setenv("TZ", zones[z], 1), 0);
                tzset();
                for (int i = 0; i < WINDOWS_PER_ZONE; i++) {
                        /* the change falls on the second or third day after the warm-up, in the
                         * hours that are asked about */
                        watch_clock(w, draw_moment(&d) - WARM_UP_MINUTES * 60LL -
                                               (int64_t)roll(&d, 3) * 86400);
                        for (int k = 0; k < SCHEDULES_PER_WINDOW;
                             k++, cases += MOMENTS_PER_SCHEDULE) {
                                Drawn drawn;
                                Schedule s;

                                draw_parsed(&d, &drawn, &s);
                                apply_rules(w, &drawn);
                                ask(w, &drawn, &s, zone, &d);
                        }
                }
        }
        assert_true(cases >= CASES_MIN);
        print_message("# %" PRId64
                      " cases in %zu zones agree with the watched clock (seed %#" PRIx64 ")\n",
                      cases, ARRAY_SIZE(zones), seed);
}

/* Rare dates: noon, which no zone's clock skips here, on days that may be decades away. */
#define DAYS  (170 * 366)
#define DATES 4000

static void draw_rare(Dice *d, Drawn *s)
{
        static const int months[] = {2, 2, 2, 4, 6, 9, 11, 12};

        draw(d, s);
        draw_value(0, &s->minute);
        draw_value(12, &s->hour);
        draw_value(28 + (int)roll(d, 4), &s->dom);
        draw_value(months[roll(d, ARRAY_SIZE(months))], &s->month);
        if (roll(d, 2) == 0) { /* Sundays only, as a further condition */
                draw_value(0, &s->dow);
                s->dow.star = true;
                (void)snprintf(s->dow.text, sizeof(s->dow.text), "*/7");
        }
        write_text(s);
}

static void test_rare_dates_agree_with_a_walk_over_days(void **state)
{
        _cleanup_(cleanup_free) struct tm *days = calloc(DAYS, sizeof(*days));
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        uint64_t seed = choose_seed();
        Dice d = {.state = seed};
        int64_t farthest = 0;

        (void)state;
        assert_non_null(days);
        assert_int_equal(zone_load("UTC", &zone), 0);
        for (int i = 0; i < DAYS; i++) {
                time_t t = SINCE_SEC + i * 86400LL + 43200;

                assert_non_null(gmtime_r(&t, &days[i]));
        }
        for (int i = 0; i < DATES; i++) {
                Drawn drawn;
                Schedule s;
                int64_t next;
                int from = (int)roll(&d, DAYS - 42 * 366), found = from;

                do
                        draw_rare(&d, &drawn);
                while (schedule_parse(drawn.text, &s, NULL, 0) == -ERANGE);

                int64_t after = (SINCE_SEC + from * 86400LL + 43200) * USEC;
                do
                        found++;
                while (found < DAYS && !date_is_in(&drawn, &days[found]));
                int err = schedule_next(&s, zone, 0, 0, after, &next);
                if (err != 0 || next != (SINCE_SEC + found * 86400LL + 43200) * USEC)
                        fail_msg("\"%s\" after %" PRId64 ": got %" PRId64
                                 " (error %d), the oracle says day %d",
                                 drawn.text, after, next, err, found);
                if (found - from > farthest)
                        farthest = found - from;
        }
        assert_true(farthest > 30 * 365); /* a leap day on a Sunday, across 2100, was among them */
        print_message("# %d rare dates agree, the farthest %" PRId64 " days away (seed %#" PRIx64
                      ")\n",
                      DATES, farthest, seed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_next_agrees_with_a_watched_clock),
                cmocka_unit_test(test_rare_dates_agree_with_a_walk_over_days),
        };

        return cmocka_run_group_tests_name("schedule_oracle", tests, NULL, NULL);
}
