/*
 * draft: gathers what the configuration files say.
 *
 * Knows sections, keys and what may stand where; does not look at values. A key is rejected here
 * when it is unknown, stands in no section or comes twice in one section of one file; a later file
 * may give it again and wins.
 */
#include "config/draft.h"
#include "base/array.h"
#include "base/limits.h"
#include "base/own_command.h"
#include "config/reader.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the reading stands. */
typedef struct DraftReader {
        Draft *draft;
        unsigned file;
        enum { OUTSIDE, INSIDE, SKIPPING } where; /* SKIPPING: a section that was refused */
        OptionSection section;
} DraftReader;

/* The name in [edge "name"], in place; NULL with a complaint when it is none. */
static char *edge_name_cut(char *quoted, const char **ret_complaint)
{
        char *name = quoted + 1, *end = *quoted == '"' ? strchr(name, '"') : NULL;
        size_t size = end ? (size_t)(end - name) : 0;
        *ret_complaint = "an edge's name stands in quotation marks";
        if (!end || end[strspn(end + 1, " \t") + 1] != ']')
                return NULL;
        *end = '\0';
        *ret_complaint = NULL;
        if (size == 0)
                *ret_complaint = "the edge has an empty name";
        else if (size > LIMIT_EDGE_NAME_MAX_BYTES)
                *ret_complaint = "the edge's name is longer than 128 bytes";
        else if (name[0] == ' ' || name[size - 1] == ' ' || strpbrk(name, "\t\\"))
                *ret_complaint = "the edge's name begins or ends with a space, or holds a tab or a "
                                 "backslash";
        else if (!text_is_printable(name))
                *ret_complaint = "the edge's name holds an invisible character, or one that turns "
                                 "the order of text";
        return *ret_complaint ? NULL : name;
}

static int draft_add_edge(Draft *d, Place place, const char *name)
{
        if (ARRAY_GROW(d->edges, d->n_edges) < 0)
                return -ENOMEM;
        char *copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        d->edges[d->n_edges++] =
                (DraftEdge){.name = copy, .place = place, .first = d->n_edge_settings};
        return 0;
}

#define EDGE_ACCEPTED "[edge \"NAME\"], NAME of 1 to 128 bytes"

enum { SECTIONS_BYTES = 128 };

static const char *sections_accepted(char out[static SECTIONS_BYTES])
{
        size_t used = 0;
        for (OptionSection s = 0; s < OPTION_SECTIONS; s++)
                used += (size_t)snprintf(out + used, SECTIONS_BYTES - used, "%s%s",
                                         s == 0                     ? ""
                                         : s + 1 == OPTION_SECTIONS ? " or "
                                                                    : ", ",
                                         option_section_name(s));
        return out;
}

static int draft_enter_edge(DraftReader *r, Place place, char *quoted)
{
        const char *complaint;
        const char *name = edge_name_cut(quoted, &complaint);
        if (!name) {
                problems_add(&r->draft->problems, place, "%s; accepted: " EDGE_ACCEPTED, complaint);
                return 0;
        }
        r->section = OPTION_EDGE;
        r->where = INSIDE;
        return draft_add_edge(r->draft, place, name);
}

/* True when nothing but a comment follows the "]" that ends a header. */
static bool header_ends(const char *after)
{
        const char *rest = after + strspn(after, " \t");
        return *rest == '\0' || (rest > after && *rest == ';');
}

static int draft_on_section(void *userdata, unsigned line, const char *header)
{
        DraftReader *r = userdata;
        Place place = {.file = r->file, .line = line};
        char accepted[SECTIONS_BYTES];
        r->where = SKIPPING;
        if (!header) /* the reader has said why */
                return 0;
        _cleanup_(cleanup_free) char *copy = strdup(header + 1 + strspn(header + 1, " \t"));
        if (!copy)
                return -ENOMEM;

        char *quote = copy + strcspn(copy, "\"]"); /* a name may hold "]" */
        char *last_quote = *quote == '"' ? strchr(quote + 1, '"') : NULL;
        char *close = strchr(last_quote ? last_quote : copy, ']');
        if (!close || !header_ends(close + 1)) {
                problems_add(&r->draft->problems, place,
                             "a section's header that does not end in \"]\"; accepted: %s",
                             sections_accepted(accepted));
                return 0;
        }
        size_t word = strcspn(copy, " \t\"]");
        char *rest = copy + word + strspn(copy + word, " \t");
        if (word == strlen("edge") && strncmp(copy, "edge", word) == 0)
                return draft_enter_edge(r, place, rest);

        for (OptionSection s = OPTION_CATALOG; s < OPTION_EDGE; s++) {
                const char *name = option_section_name(s) + 1;
                if (rest != close || strlen(name) != word + 1 || strncmp(copy, name, word) != 0)
                        continue;
                r->section = s;
                r->where = INSIDE;
                if (r->draft->sections[s].line == 0)
                        r->draft->sections[s] = place;
                return 0;
        }
        char shown[80];
        close[1] = '\0';
        problems_add(&r->draft->problems, place, "unknown section [%s; accepted: %s",
                     text_show(copy, shown), sections_accepted(accepted));
        return 0;
}

static void draft_refuse_key(DraftReader *r, Place place, const char *key)
{
        char shown[80];
        (void)text_show(key, shown);
        const char *section = option_section_name(r->section);
        const Option *near = option_suggest(r->section, key);

        for (OptionSection s = OPTION_CATALOG; s < OPTION_SECTIONS; s++)
                if (option_find(s, key)) {
                        problems_add(&r->draft->problems, place,
                                     "\"%s\" does not stand in %s; accepted: in %s", shown, section,
                                     option_section_name(s));
                        return;
                }
        if (near) {
                problems_add(&r->draft->problems, place,
                             "unknown key \"%s\" in %s; did you mean \"%s\"?", shown, section,
                             near->key);
                return;
        }

        _cleanup_(text_done) Text keys = {0};
        size_t n;
        const Option *table = option_table(&n);
        int e = 0;
        for (size_t i = 0; i < n && e == 0; i++)
                if (option_belongs(&table[i], r->section) &&
                    table[i].kind != &option_kind_misplaced_secret)
                        e = text_printf(&keys, "%s%s", keys.size > 0 ? ", " : "", table[i].key);
        problems_add(&r->draft->problems, place, "unknown key \"%s\" in %s; accepted: %s", shown,
                     section, e == 0 && keys.data ? keys.data : "see the manual");
}

/* The setting of the same key in this section of this file, NULL: none. */
static const DraftSetting *draft_find_earlier(const DraftReader *r, const Option *option)
{
        const Draft *d = r->draft;
        bool in_edge = r->section == OPTION_EDGE;
        const DraftSetting *list = in_edge ? d->edge_settings : d->settings;
        size_t first = in_edge ? d->edges[d->n_edges - 1].first : 0;
        for (size_t i = in_edge ? d->n_edge_settings : d->n_settings; i > first; i--) {
                if (list[i - 1].place.file != r->file)
                        break;
                if (list[i - 1].option == option)
                        return &list[i - 1];
        }
        return NULL;
}

static int draft_add_setting(DraftReader *r, Place place, const Option *option, const char *value)
{
        Draft *d = r->draft;
        bool in_edge = r->section == OPTION_EDGE;
        int e = in_edge ? ARRAY_GROW(d->edge_settings, d->n_edge_settings)
                        : ARRAY_GROW(d->settings, d->n_settings);
        char *copy = e == 0 ? strdup(value) : NULL;
        if (!copy)
                return -ENOMEM;
        DraftSetting s = {.option = option, .value = copy, .place = place};
        if (in_edge) {
                d->edge_settings[d->n_edge_settings++] = s;
                d->edges[d->n_edges - 1].n++;
        } else
                d->settings[d->n_settings++] = s;
        return 0;
}

static int draft_on_setting(void *userdata, unsigned line, const char *key, const char *value)
{
        DraftReader *r = userdata;
        Problems *problems = &r->draft->problems;
        Place place = {.file = r->file, .line = line};
        char shown[80], accepted[SECTIONS_BYTES];
        if (r->where == SKIPPING)
                return 0;
        if (r->where == OUTSIDE) {
                problems_add(problems, place,
                             "\"%s\" stands before any section; accepted: below %s",
                             text_show(key, shown), sections_accepted(accepted));
                return 0;
        }
        const Option *option = option_find(r->section, key);
        if (!option) {
                draft_refuse_key(r, place, key);
                return 0;
        }
        const DraftSetting *earlier = draft_find_earlier(r, option);
        if (earlier) {
                problems_add(problems, place,
                             "%s is given twice, first in line %u; accepted: one %s in a section",
                             key, earlier->place.line, key);
                return 0;
        }
        return draft_add_setting(r, place, option, value);
}

static void draft_on_error(void *userdata, unsigned line, const char *what, const char *accepted)
{
        DraftReader *r = userdata;
        problems_add(&r->draft->problems, (Place){.file = r->file, .line = line},
                     "%s; accepted: %s", what, accepted);
}

static bool directory_is_closed(const char *file)
{
        char directory[PATH_MAX];
        const char *slash = strrchr(file, '/');
        (void)snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - file) + 1 : 1,
                       slash ? file : ".");
        return faccessat(AT_FDCWD, directory, X_OK, AT_EACCESS) < 0 && errno == EACCES;
}

static void draft_note_unreadable(Draft *d, unsigned file, int error)
{
        static const struct {
                int error;
                const char *text;
        } WORDS[] = {
                {-EISDIR, "a directory; accepted: a regular file"},
                {-EINVAL, "not a regular file; accepted: a regular file"},
                {-EFBIG, "too large; accepted: a file of at most 64 MiB"},
                {-EACCES,
                 "it may not be read; accepted: a file that the user of edgemirror can read"},
        };
        const char *text = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
                if (WORDS[i].error == error)
                        text = WORDS[i].text;
        if (error == -EACCES && directory_is_closed(d->files[file]))
                text = "its directory may not be entered; accepted: one that the user of "
                       "edgemirror can enter (mode 0755)";
        if (error == -ENOENT)
                problems_add(&d->problems, (Place){.file = file},
                             "no such file; create it (%s init does), or name another with "
                             "--config",
                             own_command());
        else if (text)
                problems_add(&d->problems, (Place){.file = file}, "%s", text);
        else
                problems_add(&d->problems, (Place){.file = file}, "cannot be read: %s",
                             strerrordesc_np(-error));
        if (!d->unreadable)
                d->read_error = error;
        d->unreadable = true;
}

/* Notes a file's name; takes the string. Its number, or -ENOMEM. */
static int draft_add_file(Draft *d, char *name)
{
        if (!name || ARRAY_GROW(d->files, d->n_files) < 0) {
                free(name);
                return -ENOMEM;
        }
        d->files[d->n_files] = name;
        return (int)d->n_files++;
}

static int draft_read_file(Draft *d, char *name)
{
        static const ReaderHandler HANDLER = {draft_on_section, draft_on_setting, draft_on_error};
        int number = draft_add_file(d, name);
        if (number < 0)
                return number;
        DraftReader r = {.draft = d, .file = (unsigned)number, .where = OUTSIDE};
        int e = reader_read_file(d->files[number], &HANDLER, &r);
        if (e == -ENOMEM)
                return e;
        if (e < 0)
                draft_note_unreadable(d, r.file, e);
        return 0;
}

static int is_conf(const struct dirent *entry)
{
        size_t size = strlen(entry->d_name);
        return entry->d_name[0] != '.' && size > 5 &&
               strcmp(entry->d_name + size - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name); /* not alphasort: it depends on the locale */
}

int draft_read_directory(Draft *d, const char *file)
{
        _cleanup_(cleanup_free) char *directory = text_format("%s.d", file);
        if (!directory)
                return -ENOMEM;

        struct dirent **entries = NULL;
        int n = scandir(directory, &entries, is_conf, by_name), e = 0;
        if (n < 0 && errno == ENOENT)
                return 0;
        if (n < 0 && errno == ENOMEM)
                return -ENOMEM;
        if (n < 0) {
                int error = -errno;
                int number = draft_add_file(d, TAKE(directory));
                if (number < 0)
                        return number;
                draft_note_unreadable(d, (unsigned)number, error);
                return 0;
        }
        for (int i = 0; i < n; i++) {
                if (e == 0)
                        e = draft_read_file(d, text_format("%s/%s", directory, entries[i]->d_name));
                free(entries[i]);
        }
        free(entries);
        return e;
}

/* ---- the environment ------------------------------------------------------------------------ */

#define VARIABLES "EDGEMIRROR_"

/* What follows the word, written in capitals, and "_"; NULL: another one. */
static const char *skip_section(const char *text, const char *word, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (text[i] != (char)toupper((unsigned char)word[i]))
                        return NULL;
        return text[size] == '_' ? text + size + 1 : NULL;
}

/* Kubernetes sets such for each Service whose name begins like a section: edgemirror-catalog, say,
 * or edgemirror-postgres-rw. */
static bool is_service_link(const char *key)
{
        static const char *const links[] = {"service_host",   "*_service_host", "service_port",
                                            "*_service_port", "service_port_*", "*_service_port_*",
                                            "port",           "*_port",         "port_[0-9]*",
                                            "*_port_[0-9]*"};
        for (size_t i = 0; i < ARRAY_SIZE(links); i++)
                if (fnmatch(links[i], key, 0) == 0)
                        return true;
        return false;
}

int draft_take(Draft *d, OptionSection section, const char *name, const char *key,
               const char *value)
{
        int number = draft_add_file(d, strdup(name));
        if (number < 0)
                return number;
        DraftReader r = {.draft = d, .file = (unsigned)number, .where = INSIDE, .section = section};
        const Place place = {.file = r.file, .line = PLACE_VARIABLE};
        const Option *option = option_find(section, key);
        if (!option)
                draft_refuse_key(&r, place, key);
        else if (strlen(value) > LIMIT_CONFIG_LINE_BYTES || !text_is_printable(value))
                problems_add(&d->problems, place,
                             "%s: too long, or a character that is not visible; accepted: a line "
                             "of UTF-8 text of at most %d bytes",
                             key, LIMIT_CONFIG_LINE_BYTES);
        else
                return draft_add_setting(&r, place, option, value);
        return 0;
}

/* NAME=VALUE. An empty value is as good as none. */
static int draft_read_variable(Draft *d, const char *entry)
{
        const char *rest = text_starts_with(entry, VARIABLES) ? entry + strlen(VARIABLES) : NULL;
        const char *equals = strchr(entry, '=');
        if (!rest || !equals || equals[1] == '\0')
                return 0;
        for (OptionSection s = OPTION_CATALOG; s < OPTION_EDGE; s++) {
                const char *section = option_section_name(s) + 1;
                const char *key = skip_section(rest, section, strlen(section) - 1);
                if (!key || key > equals)
                        continue;
                _cleanup_(cleanup_free) char *lower = strndup(key, (size_t)(equals - key));
                if (!lower)
                        return -ENOMEM;
                for (char *c = lower; *c; c++)
                        *c = (char)tolower((unsigned char)*c);
                _cleanup_(cleanup_free) char *name = strndup(entry, (size_t)(equals - entry));
                if (!name)
                        return -ENOMEM;
                if (!option_find(s, lower) && is_service_link(lower))
                        return 0;
                return draft_take(d, s, name, lower, equals + 1);
        }
        return 0;
}

static int draft_read_environment(Draft *d)
{
        int e = 0;
        for (char **entry = environ; entry && *entry && e >= 0; entry++)
                e = draft_read_variable(d, *entry);
        return e;
}

int draft_read(Draft *d, const char *file)
{
        int e = draft_read_file(d, strdup(file));
        if (e >= 0)
                e = draft_read_directory(d, file);
        return e < 0 ? e : draft_read_environment(d);
}

static void settings_free(DraftSetting *settings, size_t n)
{
        for (size_t i = 0; i < n; i++)
                free(settings[i].value);
        free(settings);
}

void draft_done(Draft *d)
{
        settings_free(d->settings, d->n_settings);
        settings_free(d->edge_settings, d->n_edge_settings);
        for (size_t i = 0; i < d->n_edges; i++)
                free(d->edges[i].name);
        free(d->edges);
        for (size_t i = 0; i < d->n_files; i++)
                free(d->files[i]);
        free(d->files);
        problems_done(&d->problems);
        problems_done(&d->warnings);
        *d = (Draft){0};
}
