/*
 * assemble: from the draft to the configuration.
 *
 * Defaults first, then the files in their order; every edge starts as a copy of the
 * defaults. A value that is overridden later is still checked. A secret's file is not opened here:
 * commands that need no secret work without it.
 */
#include "base/limits.h"
#include "config/config.h"
#include "config/draft.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 96

/* Parses one setting into its object. 1: accepted, 0: refused and noted, -ENOMEM. */
static int draft_apply(Draft *d, const DraftSetting *s, void *object, OptionContext *context)
{
        char accepted[OPTION_ACCEPTED_BYTES], shown[SHOWN_BYTES], complaint[OPTION_COMPLAINT_BYTES];
        const Option *o = s->option;
        context->warning[0] = '\0';
        int r = option_parse(o, object, s->value, context);
        if (r == -ENOMEM)
                return r;
        if (r == 0 && context->warning[0] != '\0')
                problems_add(&d->warnings, s->place, "%s = %s: %s", o->key,
                             text_show(s->value, shown), context->warning);
        if (r == 0)
                return 1;
        (void)text_show(context->complaint, complaint);
        bool shows = !o->kind->is_private && s->value[0] != '\0';
        /* a schedule's: of the part that is wrong */
        bool says_more = strstr(complaint, "; accepted: ") != NULL;
        problems_add(
                &d->problems, s->place, "%s%s%s: %s%s%s", o->key, shows ? " = " : "",
                shows ? text_show(s->value, shown) : "", complaint,
                says_more ? "" : "; accepted: ", says_more ? "" : option_accepted(o, accepted));
        return 0;
}

static bool is_polling(const Option *o)
{
        return o->section == OPTION_DEFAULTS &&
               (o->offset == offsetof(ConfigEdge, settings.polling.poll_min_usec) ||
                o->offset == offsetof(ConfigEdge, settings.polling.poll_max_usec));
}

/* Notes which options were given; checks what only several of them tell. */
static int apply_settings(Draft *d, const DraftSetting *settings, size_t n, Config *config,
                          ConfigEdge *edge, bool present[OPTIONS_MAX], OptionContext *context)
{
        Place polling = {0};
        for (const DraftSetting *s = settings; s < settings + n; s++) {
                int r = draft_apply(d, s, option_is_of_edge(s->option) ? (void *)edge : config,
                                    context);
                if (r < 0)
                        return r;
                present[s->option - option_table(&(size_t){0})] = true;
                if (r > 0 && is_polling(s->option))
                        polling = s->place;
        }
        if (polling.line > 0)
                draft_check_polling(d, &edge->settings.polling, polling);
        return 0;
}

/* Defaults are ours and parse. */
static int apply_default_texts(Config *config, ConfigEdge *defaults, OptionContext *context)
{
        size_t n;
        const Option *table = option_table(&n);
        for (size_t i = 0; i < n; i++) {
                if (!table[i].default_text)
                        continue;
                int r = option_parse(&table[i],
                                     option_is_of_edge(&table[i]) ? (void *)defaults : config,
                                     table[i].default_text, context);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int apply_default_instance(Config *config)
{
        char host[256] = "";
        if (config->daemon.instance)
                return 0;
        if (gethostname(host, sizeof(host) - 1) < 0 || host[0] == '\0' ||
            !text_utf8_valid(host, strlen(host)))
                (void)snprintf(host, sizeof(host), "localhost");
        config->daemon.instance = text_format("%s:%ld", host, (long)getpid());
        return config->daemon.instance ? 0 : -ENOMEM;
}

static int assemble_edge(Draft *d, const DraftEdge *from, const ConfigEdge *defaults,
                         ConfigEdge *edge, OptionContext *context)
{
        bool present[OPTIONS_MAX] = {false};
        *edge = *defaults;
        edge->name = edge->file = NULL;
        if (options_own_strings(edge) < 0)
                return -ENOMEM;
        edge->name = strdup(from->name);
        edge->file = strdup(d->files[from->place.file]);
        edge->line = from->place.line;
        if (!edge->name || !edge->file)
                return -ENOMEM;
        int r = apply_settings(d, d->edge_settings + from->first, from->n, NULL, edge, present,
                               context);
        if (r >= 0 && !present[option_find(OPTION_EDGE, "id") - option_table(&(size_t){0})])
                problems_add(&d->problems, from->place,
                             "edge \"%s\" has no id; accepted: id = UUID of the Edge connection",
                             from->name);
        return r;
}

static int edge_compare(const void *a, const void *b)
{
        return strcmp(((const ConfigEdge *)a)->name, ((const ConfigEdge *)b)->name);
}

static int edge_compare_ids(const void *a, const void *b)
{
        const ConfigEdge *const *x = a, *const *y = b;
        return uuid_compare(&(*x)->id, &(*y)->id);
}

static int assemble_order_by_id(Config *config)
{
        config->by_id = calloc(config->n_edges, sizeof(const ConfigEdge *));
        if (!config->by_id)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_edges; i++)
                config->by_id[i] = &config->edges[i];
        qsort(config->by_id, config->n_edges, sizeof(*config->by_id), edge_compare_ids);
        return 0;
}

static int assemble_edges(Draft *d, Config *config, const ConfigEdge *defaults,
                          OptionContext *context)
{
        if (d->n_edges == 0) {
                if (!d->unreadable && !d->edges_optional && !config->discover.enabled)
                        problems_add(&d->problems, (Place){.file = 0, .line = 1},
                                     "there is no edge to mirror; accepted: at least one section "
                                     "[edge \"NAME\"], or enabled = yes in [discover]");
                return 0;
        }
        if (d->n_edges > LIMIT_CONFIG_EDGES_MAX) {
                problems_add(&d->problems, d->edges[LIMIT_CONFIG_EDGES_MAX].place,
                             "too many edges; accepted: at most %d", LIMIT_CONFIG_EDGES_MAX);
                return 0;
        }
        config->edges = calloc(d->n_edges, sizeof(*config->edges));
        if (!config->edges)
                return -ENOMEM;
        for (size_t i = 0; i < d->n_edges; i++) {
                config->n_edges++; /* first: config_free releases a half-built edge */
                int r = assemble_edge(d, &d->edges[i], defaults, &config->edges[i], context);
                if (r < 0)
                        return r;
        }
        int r = draft_check_edges_unique(d, config);
        qsort(config->edges, config->n_edges, sizeof(*config->edges), edge_compare);
        return r < 0 ? r : assemble_order_by_id(config);
}

/* Applies everything outside of edges, and checks it. */
static int assemble_scalars(Draft *d, Config *config, ConfigEdge *defaults, OptionContext *context)
{
        bool present[OPTIONS_MAX] = {false};
        int r = apply_settings(d, d->settings, d->n_settings, config, defaults, present, context);
        if (r < 0)
                return r;
        if (!d->unreadable) {
                draft_check_required(d, OPTION_CATALOG, present);
                if (!d->postgres_optional)
                        draft_check_required(d, OPTION_POSTGRES, present);
                draft_check_catalog(d, config);
                draft_check_way(d, config);
                draft_check_monitor(d, config);
                draft_check_postgres(d, config);
        }
        return apply_default_instance(config);
}

static int draft_assemble(Draft *d, Config *config)
{
        OptionContext context = {.config = config};
        ConfigEdge *defaults = &config->defaults;
        int r = apply_default_texts(config, defaults, &context);
        if (r == 0)
                r = assemble_scalars(d, config, defaults, &context);
        return r == 0 ? assemble_edges(d, config, defaults, &context) : r;
}

static int draft_give_warnings(Draft *d, Config *config)
{
        Text lines = {0};
        int r = problems_print(&d->warnings, d->files, &lines);
        config->warnings = lines.data;
        return r;
}

int draft_finish(Draft *d, Config **ret, Text *errors)
{
        _cleanup_(cleanup_config) Config *config = calloc(1, sizeof(*config));
        int r = config ? draft_assemble(d, config) : -ENOMEM;
        if (r >= 0)
                r = draft_give_warnings(d, config);
        if (r >= 0 && problems_any(&d->problems)) {
                r = problems_print(&d->problems, d->files, errors);
                if (r >= 0)
                        r = d->read_error < 0 ? d->read_error : -EINVAL;
        }
        if (r < 0)
                return r;
        *ret = TAKE(config);
        return 0;
}
