#include "config/variables.h"
#include "config/option.h"
#include <ctype.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

DEFINE_CLEANUP(PQconninfoOption, conninfo, PQconninfoFree)

typedef int (*VariableHandler)(Text *t, const char *before, const char *name);

static int append_variable(Text *t, const char *before, const char *name)
{
        const char *value = getenv(name);
        if (!value || !value[0])
                return 0;
        _cleanup_(cleanup_free) char *word = text_format("%s=%s", name, value);
        int r = word ? text_append_string(t, before) : -ENOMEM;
        return r < 0 ? r : text_append_quoted(t, word);
}

static int forget_variable(Text *t, const char *before, const char *name)
{
        const char *value = getenv(name);
        int r = value && value[0] ? text_printf(t, "%s%s", before, name) : 0;
        return unsetenv(name) < 0 ? -errno : r;
}

static int handle_stand_in(VariableHandler handle, Text *t, const char *before, const Option *o)
{
        const char *section = option_section_name(o->section) + 1;
        _cleanup_(cleanup_free) char *name =
                text_format("EDGEMIRROR_%.*s_%s", (int)strcspn(section, "]"), section, o->key);
        if (!name)
                return -ENOMEM;
        for (char *c = name; *c; c++)
                *c = (char)toupper((unsigned char)*c);
        return handle(t, before, name);
}

/* Each that stands in for a key, or that libpq takes from the environment; with `secrets` those
 * that hold one, too. */
static int each_variable(VariableHandler handle, bool secrets, Text *t, const char *before)
{
        static const char *const places[] = {"PGSERVICEFILE", "PGSYSCONFDIR"};
        size_t n;
        const Option *table = option_table(&n);
        _cleanup_(cleanup_conninfo) PQconninfoOption *options = PQconninfoParse("", NULL);
        int r = options ? 0 : -ENOMEM;
        for (size_t i = 0; i < n && r >= 0; i++)
                if (table[i].section < OPTION_EDGE &&
                    (secrets || table[i].kind != &option_kind_misplaced_secret))
                        r = handle_stand_in(handle, t, before, &table[i]);
        for (const PQconninfoOption *o = options; r >= 0 && o->keyword; o++)
                if (o->envvar && (secrets || o->dispchar[0] != '*') &&
                    text_find(places, ARRAY_SIZE(places), o->envvar) == ARRAY_SIZE(places))
                        r = handle(t, before, o->envvar);
        for (size_t i = 0; i < ARRAY_SIZE(places) && r >= 0; i++)
                r = handle(t, before, places[i]);
        return r;
}

int variables_append(Text *t, const char *before)
{
        return each_variable(append_variable, false, t, before);
}

int variables_forget(Text *t, const char *before)
{
        int r = each_variable(forget_variable, true, t, before);
        /* in place of ~/.pgpass */
        return r >= 0 && setenv("PGPASSFILE", "/nonexistent", 1) < 0 ? -errno : r;
}
