/*
 * edge_names: see the header. A name that is taken gets the first digits of the id; if that is
 * taken, too, it is the id, which only its own edge may have as its name.
 */
#include "config/edge_names.h"
#include "base/text.h"
#include <errno.h>
#include <fnmatch.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMELESS "edge" /* and the digits */
enum { SUFFIX_DIGITS = 8 };

/* At most so many bytes of it, cut at a character, without a space at either end. */
static void name_set(EdgeName *e, const char *name, size_t most)
{
        name += strspn(name, " ");
        size_t size = strnlen(name, most);
        while (size > 0 && (name[size - 1] == ' ' || !text_utf8_valid(name, size)))
                size--;
        memmove(e->name, name, size);
        e->name[size] = '\0';
}

static void name_add_digits(EdgeName *e)
{
        char id[UUID_STRING_SIZE];
        name_set(e, e->name, LIMIT_EDGE_NAME_MAX_BYTES - SUFFIX_DIGITS - 1);
        size_t size = strlen(e->name);
        (void)snprintf(e->name + size, sizeof(e->name) - size, "-%.*s", SUFFIX_DIGITS,
                       uuid_format(&e->id, id));
}

static void name_from_catalog(EdgeName *e)
{
        Uuid id;
        name_set(e, e->wanted, LIMIT_EDGE_NAME_MAX_BYTES);
        for (char *c = e->name; *c; c++)
                *c = (char)(*c == '"' ? '\'' : *c == '\\' ? '/' : *c);
        bool is_other_id = uuid_parse(e->name, &id) == 0 && !uuid_equal(&id, &e->id);
        if (e->name[0] == '\0' || is_other_id) {
                (void)snprintf(e->name, sizeof(e->name), NAMELESS);
                name_add_digits(e);
        }
}

static int compare_names(const void *a, const void *b)
{
        return strcmp((*(EdgeName *const *)a)->name, (*(EdgeName *const *)b)->name);
}

/* Changes all that are taken, by a section or by each other. `order`: of so many, for sorting. */
static void names_change_taken(const Config *config, EdgeName **order, size_t n,
                               void (*change)(EdgeName *e))
{
        qsort(order, n, sizeof(EdgeName *), compare_names);
        for (size_t i = 0, next; i < n; i = next) {
                next = i + 1;
                while (next < n && strcmp(order[next]->name, order[i]->name) == 0)
                        next++;
                bool taken = next > i + 1 || config_find_edge(config, order[i]->name);
                for (size_t k = i; taken && k < next; k++)
                        change(order[k]);
        }
}

static void name_be_id(EdgeName *e)
{
        (void)uuid_format(&e->id, e->name);
}

static bool matches_any(const char *patterns, const char *name)
{
        char pattern[256];
        for (const char *at = patterns; at && *at;) {
                at += strspn(at, " \t,");
                size_t size = strcspn(at, ",");
                (void)snprintf(pattern, sizeof(pattern), "%.*s", (int)size, at);
                for (size_t n = strlen(pattern);
                     n > 0 && (pattern[n - 1] == ' ' || pattern[n - 1] == '\t');)
                        pattern[--n] = '\0';
                if (pattern[0] && fnmatch(pattern, name, 0) == 0)
                        return true;
                at += size;
        }
        return false;
}

/* In which a character of a name is one, and no byte. (locale_t)0: this system has none. */
static locale_t names_locale(void)
{
        static locale_t locale;
        if (!locale)
                locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        return locale;
}

bool edge_name_is_wanted(const ConfigDiscover *discover, const char *name)
{
        if (name[0] == '\0')
                return text_equal(discover->include, "*") && !discover->exclude;
        locale_t before = uselocale(names_locale());
        bool wanted = matches_any(discover->include, name) && !matches_any(discover->exclude, name);
        (void)uselocale(before);
        return wanted;
}

bool edge_is_wanted(const Config *config, const Uuid *id, const char *name)
{
        return config->discover.enabled && !config_find_edge_by_id(config, id) &&
               edge_name_is_wanted(&config->discover, name);
}

int edge_names_make(const Config *config, EdgeName *edges, size_t n)
{
        EdgeName **order = calloc(n ? n : 1, sizeof(EdgeName *));
        if (!order)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                order[i] = &edges[i];
                name_from_catalog(&edges[i]);
        }
        names_change_taken(config, order, n, name_add_digits);
        names_change_taken(config, order, n, name_be_id);
        free(order);
        return 0;
}
