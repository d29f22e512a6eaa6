/*
 * values: the kinds of values that are plain: words, files, numbers, durations, identifiers,
 * schedules.
 *
 * A parser stores the value in its field and frees what was there, so that a later file can
 * override an earlier one. Its complaint is a clause; the caller adds the place and the accepted
 * form. A complaint never repeats a value that may be a secret.
 */
#include "base/array.h"
#include "base/duration.h"
#include "base/limits.h"
#include "config/option.h"
#include "config/secret.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int option_refuse(OptionContext *context, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(context->complaint, sizeof(context->complaint), format, arguments);
        va_end(arguments);
        return -EINVAL;
}

static void *field_of(const Option *o, void *object)
{
        return (char *)object + o->offset;
}

int option_set_string(const Option *o, void *object, const char *value)
{
        char **field = field_of(o, object), *copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

int option_parse(const Option *o, void *object, const char *value, OptionContext *context)
{
        size_t size = strlen(value);
        context->complaint[0] = '\0';
        if (o->kind != &option_kind_misplaced_secret) {
                if (size == 0)
                        return option_refuse(context, "the value is missing");
                if (size >= 2 && value[0] == '"' && value[size - 1] == '"')
                        return option_refuse(context, "values are written without quotation marks");
                if (strstr(value, " #") || strstr(value, "\t#"))
                        return option_refuse(context,
                                             "\"#\" does not begin a comment here, \" ;\" does");
        }
        return o->kind->parse(o, object, value, context);
}

static int parse_string(const Option *o, void *object, const char *value, OptionContext *context)
{
        if (strlen(value) > 255)
                return option_refuse(context, "longer than 255 bytes");
        return option_set_string(o, object, value);
}

const OptionKind option_kind_string = {
        .is_string = true, .accepted = "a text of at most 255 bytes", .parse = parse_string};

/* fnmatch takes what has no end for what it is, and nothing is called that. NULL: none has. */
static const char *pattern_find_fault(const char *p, const char *end)
{
        if (p == end)
                return "a comma has no pattern beside it";
        for (; p < end; p++) {
                if (*p == '\\') {
                        if (++p == end)
                                return "a pattern ends with a backslash, which is for the next "
                                       "character";
                        continue;
                }
                if (*p != '[')
                        continue;
                p += p + 1 < end && (p[1] == '!' || p[1] == '^');
                p += p + 1 < end && p[1] == ']'; /* the first one is a character of the set */
                do
                        p += p + 1 < end && *p == '\\' ? 2 : 1;
                while (p < end && *p != ']');
                if (p >= end)
                        return "\"[\" without a \"]\" in the same pattern";
        }
        return NULL;
}

static int parse_patterns(const Option *o, void *object, const char *value, OptionContext *context)
{
        for (const char *at = value, *end;; at = end + 1) {
                at += strspn(at, " \t");
                size_t size = strcspn(at, ",");
                end = at + size;
                while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t'))
                        size--;
                const char *fault = pattern_find_fault(at, at + size);
                if (fault)
                        return option_refuse(context, "%s", fault);
                if (*end == '\0')
                        return parse_string(o, object, value, context);
        }
}

const OptionKind option_kind_patterns = {
        .is_string = true,
        .accepted = "names or patterns of the shell (* ? [a-z]), separated by commas, of at most "
                    "255 bytes",
        .parse = parse_patterns};

static int parse_username(const Option *o, void *object, const char *value, OptionContext *context)
{
        if (strchr(value, ':')) /* RFC 7617: it separates user and password */
                return option_refuse(context, "a user name has no colon");
        return parse_string(o, object, value, context);
}

/* What has a colon is likely the password as well (svc:password, as other programs take it): it is
 * not repeated. */
const OptionKind option_kind_username = {.is_string = true,
                                         .accepted = "a text of at most 255 bytes without a colon",
                                         .is_private = true,
                                         .parse = parse_username};

static int parse_file(const Option *o, void *object, const char *value, OptionContext *context)
{
        if (value[0] != '/')
                return option_refuse(context, "not an absolute path");
        return option_set_string(o, object, value);
}

const OptionKind option_kind_file = {
        .is_string = true, .accepted = "/absolute/path", .parse = parse_file};

static int parse_secret_file(const Option *o, void *object, const char *value,
                             OptionContext *context)
{
        if (text_starts_with(value, "credential:")) {
                if (!secret_name_is_valid(value + strlen("credential:")))
                        return option_refuse(context,
                                             "the credential's name is empty or holds a slash");
        } else if (value[0] != '/')
                return option_refuse(
                        context, "not the name of a file (the secret itself does not belong here)");
        return option_set_string(o, object, value);
}

const OptionKind option_kind_secret_file = {.is_string = true,
                                            .accepted = "/absolute/path or credential:NAME",
                                            .is_private = true,
                                            .parse = parse_secret_file};

static int parse_misplaced_secret(const Option *o, void *object _unused_,
                                  const char *value _unused_, OptionContext *context)
{
        return option_refuse(context,
                             "a secret does not belong here; write it to a file of its own and "
                             "name that with %s",
                             o->sample);
}

const OptionKind option_kind_misplaced_secret = {.is_private = true,
                                                 .parse = parse_misplaced_secret};

static int parse_count(const Option *o, void *object, const char *value, OptionContext *context)
{
        int64_t n;
        int r = text_parse_int64(value, (int64_t)o->min, (int64_t)o->max, &n);
        if (r == -ERANGE)
                return option_refuse(context, "out of range");
        if (r < 0)
                return option_refuse(context, "not a whole number");
        *(unsigned *)field_of(o, object) = (unsigned)n;
        return 0;
}

const OptionKind option_kind_count = {.size = sizeof(unsigned), .parse = parse_count};

static int parse_duration(const Option *o, void *object, const char *value, OptionContext *context)
{
        uint64_t usec;
        int r = duration_parse(value, &usec);
        if (r == -ERANGE || (r == 0 && (usec < o->min || usec > o->max)))
                return option_refuse(context, "out of range");
        if (r < 0)
                return option_refuse(context, "not a duration (a number without a unit is none)");
        *(uint64_t *)field_of(o, object) = usec;
        return 0;
}

const OptionKind option_kind_duration = {.size = sizeof(uint64_t), .parse = parse_duration};

static int parse_keep(const Option *o, void *object, const char *value, OptionContext *context)
{
        if (strcmp(value, "forever") != 0)
                return parse_duration(o, object, value, context);
        *(uint64_t *)field_of(o, object) = USEC_FOREVER;
        return 0;
}

const OptionKind option_kind_keep = {.size = sizeof(uint64_t), .parse = parse_keep};

static int parse_yesno(const Option *o, void *object, const char *value, OptionContext *context)
{
        static const struct {
                const char *word;
                bool value;
        } WORDS[] = {{"yes", true},    {"no", false}, {"true", true},
                     {"false", false}, {"on", true},  {"off", false}};

        for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
                if (strcmp(value, WORDS[i].word) == 0) {
                        *(bool *)field_of(o, object) = WORDS[i].value;
                        return 0;
                }
        return option_refuse(context, "neither yes nor no");
}

const OptionKind option_kind_yesno = {
        .size = sizeof(bool), .accepted = "yes or no", .parse = parse_yesno};

_Static_assert(sizeof(ConfigAuth) == sizeof(unsigned) && sizeof(LogFormat) == sizeof(unsigned) &&
                       sizeof(ConfigNotifyFormat) == sizeof(unsigned),
               "each enum is as wide as a word's number");

static int parse_word(const Option *o, void *object, const char *value, OptionContext *context)
{
        unsigned word = text_find(o->kind->words, o->kind->n_words, value);
        if (word == o->kind->n_words)
                return option_refuse(context, "%s", o->kind->unknown_word);
        memcpy(field_of(o, object), &word, sizeof(word));
        return 0;
}

#define WORDS(type, names, count)                                                                  \
        .size = sizeof(type), .words = (names), .n_words = (count), .parse = parse_word

const char *const option_auth_names[CONFIG_AUTHS] = {[CONFIG_AUTH_BASIC] = "basic",
                                                     [CONFIG_AUTH_BEARER] = "bearer",
                                                     [CONFIG_AUTH_OAUTH2] = "oauth2"};

const OptionKind option_kind_auth = {WORDS(ConfigAuth, option_auth_names, CONFIG_AUTHS),
                                     .unknown_word = "no such authentication method",
                                     .accepted = "basic, bearer or oauth2"};

const OptionKind option_kind_log_format = {WORDS(LogFormat, log_format_names, LOG_FORMATS),
                                           .unknown_word = "no such format",
                                           .accepted = "auto, text or json"};

const char *const option_notify_format_names[CONFIG_NOTIFY_FORMATS] = {
        [CONFIG_NOTIFY_JSON] = "json",
        [CONFIG_NOTIFY_SLACK] = "slack",
        [CONFIG_NOTIFY_TEAMS] = "teams",
        [CONFIG_NOTIFY_ALERTMANAGER] = "alertmanager",
};

const OptionKind option_kind_notify_format = {
        WORDS(ConfigNotifyFormat, option_notify_format_names, CONFIG_NOTIFY_FORMATS),
        .unknown_word = "no such format", .accepted = "json, slack, teams or alertmanager"};

static int parse_id(const Option *o, void *object, const char *value, OptionContext *context)
{
        static const Uuid nil = {{0}};
        Uuid id;
        if (uuid_parse(value, &id) < 0)
                return option_refuse(context, "not a UUID");
        if (uuid_equal(&id, &nil))
                return option_refuse(context, "the nil UUID, which is the id of nothing");
        *(Uuid *)field_of(o, object) = id;
        return 0;
}

#define UUID_FORM "a UUID like 0b9c1c1e-3d0a-4d55-9d2b-6b8f0f0a1c11"
const OptionKind option_kind_id = {.size = sizeof(Uuid), .accepted = UUID_FORM, .parse = parse_id};

static int parse_schema_connection(const Option *o, void *object, const char *value,
                                   OptionContext *context)
{
        ConfigEdge *edge = object;
        int r = parse_id(o, object, value, context);
        if (r == 0)
                edge->settings.has_schema_connection = true;
        return r;
}

const OptionKind option_kind_schema_connection = {
        .size = sizeof(Uuid), .accepted = UUID_FORM, .parse = parse_schema_connection};

static int parse_schedule(const Option *o, void *object, const char *value, OptionContext *context)
{
        ConfigEdge *edge = object;
        Schedule schedule;
        char error[OPTION_COMPLAINT_BYTES];
        int r = schedule_parse(value, &schedule, error, sizeof(error));
        if (r < 0)
                return option_refuse(context, "%s", error);
        r = option_set_string(o, object, value);
        if (r == 0)
                edge->schedule = schedule;
        return r;
}

const OptionKind option_kind_schedule = {
        .is_string = true, .accepted = SCHEDULE_FORMS, .parse = parse_schedule};

/* Each is loaded once and shared. There are some hundred zones in the world, and a configuration
 * uses a few of them. As zone_load. */
static int find_zone(Config *config, const char *name, const Zone **ret)
{
        for (size_t i = 0; i < config->n_zones; i++)
                if (strcmp(zone_name(config->zones[i]), name) == 0) {
                        *ret = config->zones[i];
                        return 0;
                }
        _cleanup_(cleanup_zone) Zone *zone = NULL;
        int r = zone_load(name, &zone);
        if (r < 0)
                return r;
        if (ARRAY_GROW(config->zones, config->n_zones) < 0)
                return -ENOMEM;
        *ret = zone;
        config->zones[config->n_zones++] = TAKE(zone);
        return 0;
}

static int parse_timezone(const Option *o, void *object, const char *value, OptionContext *context)
{
        ConfigEdge *edge = object;
        const Zone *zone = NULL;
        int r = find_zone(context->config, value, &zone);
        if (r == -ENOMEM)
                return r;
        if (r == -ENOENT) { /* a fact of this system, not of the file */
                (void)snprintf(context->warning, sizeof(context->warning),
                               "this system knows no such time zone, and edges with it are not "
                               "synced on schedule; use its present name (America/New_York for "
                               "US/Eastern), or install tzdata and, for older names, "
                               "tzdata-legacy");
        } else if (r < 0)
                return option_refuse(context, "%s",
                                     r == -EINVAL ? "not the name of a time zone"
                                                  : "the zone's file cannot be read");
        r = option_set_string(o, object, value);
        if (r == 0)
                edge->zone = zone;
        return r;
}

const OptionKind option_kind_timezone = {.is_string = true,
                                         .accepted = "an IANA name like UTC or Europe/Brussels",
                                         .parse = parse_timezone};

/* "12", "12.5": into hundredths, so that no locale has a say. */
static int parse_percent(const char *value, size_t size, int64_t *ret_hundredths)
{
        char digits[16];
        size_t n = 0, decimals = 0;
        bool point = false;
        for (size_t i = 0; i < size; i++) {
                if (value[i] == '.' && !point && n > 0) {
                        point = true;
                        continue;
                }
                if (value[i] < '0' || value[i] > '9' || n >= 8 || decimals == 2)
                        return -EINVAL;
                digits[n++] = value[i];
                decimals += point;
        }
        if (n == 0 || (point && decimals == 0))
                return -EINVAL;
        for (; decimals < 2; decimals++)
                digits[n++] = '0';
        digits[n] = '\0';
        return text_parse_int64(digits, 0, 100 * 100, ret_hundredths);
}

static int parse_removals(const Option *o, void *object, const char *value, OptionContext *context)
{
        GuardLimit *removals = field_of(o, object);
        size_t size = strlen(value);
        int64_t n;
        bool is_share = value[size - 1] == '%';
        int r = is_share ? parse_percent(value, size - 1, &n)
                         : text_parse_int64(value, 0, LIMIT_LIST_MAX_ROWS, &n);
        if (r == -ERANGE)
                return option_refuse(context, "out of range");
        if (r < 0)
                return option_refuse(context, "neither a number of rows nor a share");
        if (is_share)
                *removals = (GuardLimit){.is_share = true, .share = (double)n / 10000.0};
        else
                *removals = (GuardLimit){.count = n};
        return 0;
}

const OptionKind option_kind_removals = {.accepted = "a number of rows, or a share from 0% to 100%",
                                         .parse = parse_removals};
