/*
 * show: of each key, the last of the settings that name it; else its default.
 *
 * Values are shown as they were written. Files of secrets are named and not opened.
 */
#include "config/show.h"
#include "config/config.h"
#include "config/draft.h"

typedef struct Shower {
        const Draft *draft;
        ShowHandler on_value;
        void *userdata;
        Text source; /* of the value that is shown */
} Shower;

/* NULL: nobody names it. */
static const DraftSetting *find_last(const DraftSetting *settings, size_t n, const Option *o)
{
        while (n > 0)
                if (settings[--n].option == o)
                        return &settings[n];
        return NULL;
}

static int show_value(Shower *s, const char *edge, const Option *o, const DraftSetting *setting)
{
        const char *value = setting ? setting->value : o->default_text;
        if (!value)
                return 0;
        text_reset(&s->source);
        int r = setting ? place_print(setting->place, s->draft->files, &s->source)
                        : text_append_string(&s->source, "default");
        if (r < 0)
                return r;
        s->on_value(&(ShownValue){.section = edge ? OPTION_EDGE : o->section,
                                  .edge = edge,
                                  .key = o->key,
                                  .value = value,
                                  .source = s->source.data},
                    s->userdata);
        return 0;
}

/* What belongs to no edge: every key. Of an edge: its own keys, and those of [defaults] that it
 * overrides. */
static int show_section(Shower *s, OptionSection section, const DraftEdge *edge)
{
        size_t n;
        const Option *table = option_table(&n);
        const DraftSetting *settings =
                edge ? s->draft->edge_settings + edge->first : s->draft->settings;
        for (const Option *o = table; o < table + n; o++) {
                if (o->section != section)
                        continue;
                const DraftSetting *setting =
                        find_last(settings, edge ? edge->n : s->draft->n_settings, o);
                if (edge && !setting && section != OPTION_EDGE)
                        continue;
                int r = show_value(s, edge ? edge->name : NULL, o, setting);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int show_all(Shower *s)
{
        int r = 0;
        for (OptionSection section = OPTION_CATALOG; section < OPTION_EDGE && r >= 0; section++)
                r = show_section(s, section, NULL);
        for (size_t i = 0; i < s->draft->n_edges && r >= 0; i++) {
                r = show_section(s, OPTION_EDGE, &s->draft->edges[i]);
                if (r >= 0)
                        r = show_section(s, OPTION_DEFAULTS, &s->draft->edges[i]);
        }
        return r;
}

int config_show(const char *file, ShowHandler on_value, void *userdata, Text *errors)
{
        _cleanup_(draft_done) Draft draft = {0};
        _cleanup_(cleanup_config) Config *config = NULL;
        Shower s = {.draft = &draft, .on_value = on_value, .userdata = userdata};
        int r = draft_read(&draft, file ? file : CONFIG_DEFAULT_FILE);
        if (r >= 0)
                r = draft_finish(&draft, &config, errors);
        if (r >= 0)
                r = show_all(&s);
        text_done(&s.source);
        return r;
}
