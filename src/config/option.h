/*
 * option: the one table of what can be configured, and the kinds of values.
 *
 * Parsing, validation, the sample file, the help and the suggestions in error messages all come
 * from it, and so do copying, comparing and releasing. To add an option: a field in types.h or
 * sync_settings.h, and a row in options.c.
 */
#pragma once

#include "base/cleanup.h"
#include "config/types.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum OptionSection {
        OPTION_CATALOG,
        OPTION_POSTGRES,
        OPTION_DISCOVER,
        OPTION_MONITOR,
        OPTION_NOTIFY,
        OPTION_DAEMON,
        OPTION_DEFAULTS, /* also allowed in every [edge] */
        OPTION_EDGE,     /* in an [edge] only */
        OPTION_SECTIONS,
} OptionSection;

#define OPTION_COMPLAINT_BYTES 256

/* What a value's parser may need beside the value, and what it says when it refuses. */
typedef struct OptionContext {
        Config *config;
        /* one clause without a full stop; filled with -EINVAL */
        char complaint[OPTION_COMPLAINT_BYTES];
        /* the same, where the value is taken all the same; else empty */
        char warning[OPTION_COMPLAINT_BYTES];
} OptionContext;

typedef struct Option Option;

typedef struct OptionKind {
        const char *accepted;     /* NULL: from the limits of the option */
        const char *const *words; /* of an enum, by its values; NULL: it is none */
        unsigned n_words;
        const char *unknown_word; /* the complaint about another */
        bool is_private; /* the value may be or hold a secret: never repeated in a message */
        /* Parses into the field of `object` (a Config or a ConfigEdge). -EINVAL with a complaint,
         * -ENOMEM. Frees what the field held. */
        int (*parse)(const Option *o, void *object, const char *value, OptionContext *context);
        /* What of the field belongs to the object, for whoever copies, compares and releases: a
         * string (char *, NULL: none), or so many bytes; neither: it is not compared. What a parser
         * derives beside the field follows from it. */
        bool is_string;
        size_t size;
} OptionKind;

struct Option {
        OptionSection section;
        const char *key;
        const OptionKind *kind;
        /* of the field: in Config, or in ConfigEdge for OPTION_DEFAULTS and OPTION_EDGE */
        size_t offset;
        uint64_t min, max;        /* counts: as they are; durations: microseconds */
        const char *default_text; /* used when the key is absent; NULL: none */
        bool required;
        const char *sample; /* the value in the sample file; NULL: the default */
        bool sample_is_off; /* commented out there */
        const char *auth; /* has an effect with this authentication method alone; NULL: with all */
        bool auth_needs;  /* and must be given with it */
        bool of_peers;    /* a change of it needs new clients of catalog and PostgreSQL */
        const char *help; /* what it is for, one line */
};

extern const OptionKind option_kind_string, option_kind_patterns, option_kind_username,
        option_kind_secret_file, option_kind_file, option_kind_url, option_kind_token_url,
        option_kind_proxy, option_kind_listen, option_kind_auth, option_kind_log_format,
        option_kind_notify_format, option_kind_conninfo, option_kind_count, option_kind_duration,
        option_kind_keep, option_kind_yesno, option_kind_id, option_kind_schema_connection,
        option_kind_schedule, option_kind_timezone, option_kind_removals,
        option_kind_misplaced_secret;

extern const char *const option_auth_names[CONFIG_AUTHS];
extern const char *const option_notify_format_names[CONFIG_NOTIFY_FORMATS];

/* Refuses the value, for this reason; -EINVAL. */
int option_refuse(OptionContext *context, const char *format, ...) _printf_(2, 3);

/* Copies the value into a field that is a string. -ENOMEM. */
int option_set_string(const Option *o, void *object, const char *value);

/* Whether libpq might send a password to another machine without TLS, and nobody has said that it
 * may. */
bool conninfo_leaves_encryption_open(const char *conninfo);

#define OPTIONS_MAX 64 /* rows of the table, for flags beside it */

/* The table, in the order of the sample file. */
const Option *option_table(size_t *ret_n);

const char *option_section_name(OptionSection section);

/* Whether `o` may stand in a section of that sort. */
bool option_belongs(const Option *o, OptionSection section);

/* The option of that key in a section; NULL: none. */
const Option *option_find(OptionSection section, const char *key);

/* The key of the section that was most likely meant, NULL when none is close. */
const Option *option_suggest(OptionSection section, const char *key);

#define OPTION_ACCEPTED_BYTES 192
/* The accepted form, in words. */
const char *option_accepted(const Option *o, char out[OPTION_ACCEPTED_BYTES]);

/* Parses a value that a person wrote, after the checks that hold for every kind. */
int option_parse(const Option *o, void *object, const char *value, OptionContext *context);

/* Whether the field of `o` is in a ConfigEdge, else in the Config. */
bool option_is_of_edge(const Option *o);

/* Gives `edge`, a copy of another, strings of its own. -ENOMEM: some are NULL. */
int options_own_strings(ConfigEdge *edge);

/* Releases the strings of a ConfigEdge (of_edge), or of a Config without its edges. */
void options_free_strings(void *object, bool of_edge);
