/*
 * cron: from the text of a schedule to a Schedule.
 *
 * One table describes the five fields; each field is read by the same grammar into a bit mask.
 * Every refusal writes one text for people that quotes the piece at fault and says what is
 * accepted. Foreign bytes in it are made printable and cut. Nothing is allocated.
 */
#include "base/duration.h"
#include "base/text.h"
#include "schedule/civil.h"
#include "schedule/schedule.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WHITE_SPACE  " \t\r\n"
#define QUOTED_BYTES 40 /* of a piece at fault, in a text for people */
#define SUNDAY       7  /* as the end of a range */

typedef struct Field {
        const char *title;
        int min, max;
        int named_from; /* the value of names[0] */
        const char *const *names;
        const char *accepted;
} Field;

/* A piece of the text that is being read; not terminated. */
typedef struct Piece {
        const char *at;
        size_t size;
} Piece;

typedef struct Complaint {
        char *text;
        size_t size;
} Complaint;

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                          "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
static const char *const no_names[] = {NULL};

enum { MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, N_FIELDS };

static const Field fields[N_FIELDS] = {
        [MINUTE] = {"minute", 0, 59, 0, no_names, "0-59"},
        [HOUR] = {"hour", 0, 23, 0, no_names, "0-23"},
        [DAY_OF_MONTH] = {"day of month", 1, 31, 0, no_names, "1-31"},
        [MONTH] = {"month", 1, 12, 1, month_names, "1-12 or jan-dec"},
        [DAY_OF_WEEK] = {"day of week", 0, 7, 0, day_names, "0-7 (0 and 7 are Sunday) or sun-sat"},
};

static int _printf_(2, 3) refuse(const Complaint *c, const char *format, ...)
{
        va_list args;
        va_start(args, format);
        (void)vsnprintf(c->text, c->size, format, args); /* nothing, where the size is 0 */
        va_end(args);
        return -EINVAL;
}

/* What is wrong with `item` of a field, and what the field takes. */
static int _printf_(4, 5)
        refuse_item(const Complaint *c, const Field *field, Piece item, const char *format, ...)
{
        char quoted[QUOTED_BYTES], why[160];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(why, sizeof(why), format, args);
        va_end(args);
        return refuse(c,
                      "%s \"%s\": %s; accepted: %s, \"*\", ranges a-b, steps */n or a-b/n, and "
                      "lists of these with commas",
                      field->title, text_printable(item.at, item.size, quoted, sizeof(quoted)), why,
                      field->accepted);
}

/* Takes the next word off the front; an empty piece when none is left. */
static Piece take_word(const char **string)
{
        Piece word = {.at = *string + strspn(*string, WHITE_SPACE)};
        word.size = strcspn(word.at, WHITE_SPACE);
        *string = word.at + word.size;
        return word;
}

/* Takes what stands before `separator` off the front of `rest`; false: there is no separator, all
 * of it was taken. */
static bool take_until(Piece *rest, char separator, Piece *ret)
{
        const char *found = memchr(rest->at, separator, rest->size);
        size_t size = found ? (size_t)(found - rest->at) : rest->size;
        *ret = (Piece){.at = rest->at, .size = size};
        rest->at += found ? size + 1 : size;
        rest->size -= found ? size + 1 : size;
        return found != NULL;
}

static bool piece_is(Piece p, const char *string)
{
        return p.size == strlen(string) && strncasecmp(p.at, string, p.size) == 0;
}

/* One to three digits; three are read so that the text about them can name the field's range. */
static bool parse_number(Piece p, int *ret)
{
        int value = 0;
        if (p.size == 0 || p.size > 3)
                return false;
        for (size_t i = 0; i < p.size; i++) {
                if (p.at[i] < '0' || p.at[i] > '9')
                        return false;
                value = value * 10 + (p.at[i] - '0');
        }
        *ret = value;
        return true;
}

static int parse_value(const Field *field, Piece item, Piece value, int *ret, const Complaint *c)
{
        char quoted[QUOTED_BYTES];
        for (int i = 0; field->names[i]; i++)
                if (piece_is(value, field->names[i])) {
                        *ret = field->named_from + i;
                        return 0;
                }
        if (value.size == 0)
                return refuse_item(c, field, item, "a value is missing");
        (void)text_printable(value.at, value.size, quoted, sizeof(quoted));
        if (!parse_number(value, ret))
                return refuse_item(c, field, item, "\"%s\" is not understood", quoted);
        if (*ret < field->min || *ret > field->max)
                return refuse_item(c, field, item, "%s is outside %d-%d", quoted, field->min,
                                   field->max);
        return 0;
}

static int parse_range(const Field *field, Piece item, Piece range, bool has_step,
                       int ret_bounds[2], const Complaint *c)
{
        Piece first, rest = range;
        if (piece_is(range, "*")) {
                ret_bounds[0] = field->min;
                ret_bounds[1] = field->max;
                return 0;
        }
        bool is_range = take_until(&rest, '-', &first);
        int err = parse_value(field, item, first, &ret_bounds[0], c);
        if (err < 0)
                return err;
        if (!is_range) {
                ret_bounds[1] = ret_bounds[0];
                return has_step
                               ? refuse_item(
                                         c, field, item,
                                         "a step needs a range or \"*\" before it, such as %d-%d/2",
                                         ret_bounds[0], field->max)
                               : 0;
        }
        err = parse_value(field, item, rest, &ret_bounds[1], c);
        if (err < 0)
                return err;
        if (field == &fields[DAY_OF_WEEK] && ret_bounds[1] == 0 && ret_bounds[0] > 0)
                ret_bounds[1] = SUNDAY;
        if (ret_bounds[0] > ret_bounds[1])
                return refuse_item(c, field, item,
                                   "the range runs backwards; write two ranges with a comma");
        return 0;
}

static int parse_step(const Field *field, Piece item, Piece step, int *ret, const Complaint *c)
{
        int max = field->max - field->min;
        if (!parse_number(step, ret) || *ret < 1)
                return refuse_item(c, field, item,
                                   "the step after \"/\" must be a whole number from 1 to %d", max);
        if (*ret > max)
                return refuse_item(
                        c, field, item, "a step of %d is wider than the field (at most %d)%s", *ret,
                        max,
                        field == &fields[MINUTE]
                                ? "; for a longer rhythm use \"every\", such as every 90m"
                                : "");
        return 0;
}

static int parse_item(const Field *field, Piece item, uint64_t *bits, const Complaint *c)
{
        Piece range, rest = item;
        int bounds[2], step = 1;
        bool has_step = take_until(&rest, '/', &range);
        int err = parse_range(field, item, range, has_step, bounds, c);
        if (err < 0)
                return err;
        if (has_step)
                err = parse_step(field, item, rest, &step, c);
        if (err < 0)
                return err;
        for (int value = bounds[0]; value <= bounds[1]; value += step)
                *bits |= 1ULL << value;
        return 0;
}

static int parse_field(const Field *field, Piece text, uint64_t *ret_bits, const Complaint *c)
{
        Piece item, rest = text;
        uint64_t bits = 0;
        bool more;
        do {
                more = take_until(&rest, ',', &item);
                int err = item.size == 0
                                  ? refuse_item(c, field, text, "an entry of the list is empty")
                                  : parse_item(field, item, &bits, c);
                if (err < 0)
                        return err;
        } while (more);
        *ret_bits = bits;
        return 0;
}

/* Whether any month has any of the days. With days of the week as an alternative, or as a further
 * condition, one always comes: 29 February falls on each of them. */
static bool can_fire(const Schedule *s)
{
        static const int leap_year = 2000;
        if (!s->dom_star && !s->dow_star)
                return true;
        for (int month = 1; month <= 12; month++) {
                uint32_t days = (2U << civil_days_in_month(leap_year, month)) - 1;
                if (s->months >> month & 1 && s->days_of_month & days)
                        return true;
        }
        return false;
}

static int parse_cron(const char *string, Schedule *ret, const Complaint *c)
{
        Piece words[N_FIELDS];
        uint64_t bits[N_FIELDS];
        const char *rest = string;
        size_t n = 0;
        for (Piece word = take_word(&rest); word.size > 0; word = take_word(&rest), n++)
                if (n < N_FIELDS)
                        words[n] = word;
        if (n != N_FIELDS)
                return refuse(c,
                              "cron has %zu field%s; accepted: five, MIN HOUR DOM MON DOW, such as "
                              "cron */15 6-20 * * mon-fri",
                              n, n == 1 ? "" : "s");
        for (size_t i = 0; i < N_FIELDS; i++) {
                int err = parse_field(&fields[i], words[i], &bits[i], c);
                if (err < 0)
                        return err;
        }
        Schedule s = {
                .minutes = bits[MINUTE],
                .hours = (uint32_t)bits[HOUR],
                .days_of_month = (uint32_t)bits[DAY_OF_MONTH],
                .months = (uint16_t)bits[MONTH],
                .days_of_week = (uint8_t)((bits[DAY_OF_WEEK] | bits[DAY_OF_WEEK] >> SUNDAY) & 0x7F),
                .minute_star = words[MINUTE].at[0] == '*',
                .dom_star = words[DAY_OF_MONTH].at[0] == '*',
                .dow_star = words[DAY_OF_WEEK].at[0] == '*',
        };
        if (!can_fire(&s)) {
                char day[QUOTED_BYTES], month[QUOTED_BYTES];
                (void)refuse(
                        c,
                        "cron never fires: day of month \"%s\" does not occur in month \"%s\"; "
                        "accepted: days that the months have (29 in feb is one)",
                        text_printable(words[DAY_OF_MONTH].at, words[DAY_OF_MONTH].size, day,
                                       sizeof(day)),
                        text_printable(words[MONTH].at, words[MONTH].size, month, sizeof(month)));
                return -ERANGE;
        }
        *ret = s;
        return 0;
}

static int parse_every(const char *string, Schedule *ret, const Complaint *c)
{
        char quoted[QUOTED_BYTES], duration[DURATION_STRING_SIZE];
        const char *rest = string;
        Piece word = take_word(&rest);
        uint64_t interval_usec;
        int err = -EINVAL;
        (void)text_show(word.at, quoted);
        if (word.size < sizeof(duration) && take_word(&rest).size == 0) {
                memcpy(duration, word.at, word.size);
                duration[word.size] = '\0';
                err = duration_parse(duration, &interval_usec);
        }
        if (err == -ERANGE)
                return refuse(c, "every \"%s\": too long; accepted: 1m to 10 years", quoted);
        if (err < 0)
                return refuse(c,
                              "every \"%s\": not a duration; accepted: whole numbers with units, "
                              "such as every 15m, every 1h30m, every 2d",
                              quoted);
        if (interval_usec < USEC_PER_MINUTE)
                return refuse(c, "every \"%s\": too short; accepted: 1m or more, such as every 15m",
                              quoted);
        *ret = (Schedule){.is_interval = true, .interval_usec = interval_usec};
        return 0;
}

int schedule_parse(const char *string, Schedule *ret, char *error, size_t error_size)
{
        static const struct {
                const char *word, *cron;
        } shorthands[] = {
                {"hourly", "0 * * * *"}, {"daily", "0 0 * * *"}, {"weekly", "0 0 * * sun"}};
        const Complaint c = {.text = error, .size = error_size};
        char quoted[QUOTED_BYTES];
        const char *rest = string;
        Piece word = take_word(&rest);

        if (piece_is(word, "every"))
                return parse_every(rest, ret, &c);
        if (piece_is(word, "cron"))
                return parse_cron(rest, ret, &c);
        if (word.size == 0)
                return refuse(&c, "the schedule is empty; accepted: %s", SCHEDULE_FORMS);
        (void)text_show(string, quoted);
        for (size_t i = 0; i < ARRAY_SIZE(shorthands); i++)
                if (piece_is(word, shorthands[i].word))
                        return take_word(&rest).size == 0
                                       ? parse_cron(shorthands[i].cron, ret, &c)
                                       : refuse(&c, "\"%s\": nothing may follow %s; accepted: %s",
                                                quoted, shorthands[i].word, SCHEDULE_FORMS);
        if (word.at[0] == '*' || (word.at[0] >= '0' && word.at[0] <= '9'))
                return refuse(&c,
                              "\"%s\" is not a schedule; accepted: %s (the word cron or every "
                              "comes first)",
                              quoted, SCHEDULE_FORMS);
        return refuse(&c, "\"%s\" is not a schedule; accepted: %s", quoted, SCHEDULE_FORMS);
}
