/*
 * config: the life of a configuration: loaded whole or not at all, looked up, released.
 */
#include "config/config.h"
#include "config/draft.h"
#include <errno.h>
#include <string.h>

static void cleanup_draft(Draft *d)
{
        draft_done(d);
}

static int config_take_warnings(Config *config, Draft *draft)
{
        Text lines = {0};
        int r = problems_print(&draft->warnings, draft->files, &lines);
        config->warnings = lines.data;
        return r;
}

int config_load(const char *file, Config **ret, Text *errors)
{
        _cleanup_(cleanup_draft) Draft draft = {0};
        _cleanup_(cleanup_config) Config *config = calloc(1, sizeof(*config));
        if (!config)
                return -ENOMEM;
        config->zones = calloc(1, sizeof(*config->zones));
        if (!config->zones)
                return -ENOMEM;

        int r = draft_read(&draft, file ? file : CONFIG_DEFAULT_FILE);
        if (r == 0)
                r = draft_assemble(&draft, config);
        if (r == 0)
                r = config_take_warnings(config, &draft);
        if (r < 0)
                return r;
        if (problems_any(&draft.problems)) {
                r = problems_print(&draft.problems, draft.files, errors);
                if (r < 0)
                        return r;
                return draft.unreadable ? draft.read_error : -EINVAL;
        }
        *ret = TAKE_PTR(config);
        return 0;
}

Config *config_ref(Config *config)
{
        config->references++; /* beyond the one that config_load gave */
        return config;
}

bool config_same_peers(const Config *a, const Config *b)
{
        const char *const strings[][2] = {
                {a->catalog.url, b->catalog.url},
                {a->catalog.username, b->catalog.username},
                {a->catalog.password_file, b->catalog.password_file},
                {a->catalog.token_file, b->catalog.token_file},
                {a->catalog.client_id, b->catalog.client_id},
                {a->catalog.client_secret_file, b->catalog.client_secret_file},
                {a->catalog.ca_file, b->catalog.ca_file},
                {a->postgres.conninfo, b->postgres.conninfo},
                {a->postgres.password_file, b->postgres.password_file},
                {a->daemon.instance, b->daemon.instance},
        };
        for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
                if (!text_equal(strings[i][0], strings[i][1]))
                        return false;
        return a->catalog.auth == b->catalog.auth &&
               a->catalog.max_requests == b->catalog.max_requests &&
               a->catalog.request_timeout_usec == b->catalog.request_timeout_usec &&
               a->postgres.max_connections == b->postgres.max_connections &&
               a->daemon.lease_usec == b->daemon.lease_usec;
}

Config *config_free(Config *config)
{
        if (!config || config->references-- > 0)
                return NULL;
        char *const strings[] = {
                config->catalog.url,
                config->catalog.username,
                config->catalog.password_file,
                config->catalog.token_file,
                config->catalog.client_id,
                config->catalog.client_secret_file,
                config->catalog.ca_file,
                config->postgres.conninfo,
                config->postgres.password_file,
                config->daemon.instance,
                config->warnings,
        };
        for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
                free(strings[i]);
        for (size_t i = 0; i < config->n_edges; i++) {
                ConfigEdge *e = &config->edges[i];
                free(e->name);
                free(e->schedule_text);
                free(e->timezone);
                free(e->file);
        }
        free(config->edges);
        if (config->zones)
                config_zones_done(config->zones);
        free(config->zones);
        free(config);
        return NULL;
}

bool config_edge_is_due(const ConfigEdge *edge)
{
        return edge->enabled && edge->zone;
}

static int compare_key(const void *key, const void *edge)
{
        return strcmp(key, ((const ConfigEdge *)edge)->name);
}

const ConfigEdge *config_find_edge(const Config *config, const char *name)
{
        Uuid id;
        const ConfigEdge *found =
                bsearch(name, config->edges, config->n_edges, sizeof(*config->edges), compare_key);
        return found || uuid_parse(name, &id) < 0 ? found : config_find_edge_by_id(config, &id);
}

const ConfigEdge *config_find_edge_by_id(const Config *config, const Uuid *id)
{
        for (size_t i = 0; i < config->n_edges; i++)
                if (uuid_equal(&config->edges[i].id, id))
                        return &config->edges[i];
        return NULL;
}

/* There are some hundred zones in the world, and a configuration uses a few of them. */
int config_zones_get(ConfigZones *zones, const char *name, const Zone **ret)
{
        for (size_t i = 0; i < zones->n; i++)
                if (strcmp(zone_name(zones->items[i]), name) == 0) {
                        *ret = zones->items[i];
                        return 0;
                }

        _cleanup_(cleanup_zone) Zone *zone = NULL;
        int r = zone_load(name, &zone);
        if (r < 0)
                return r;
        Zone **items = reallocarray(zones->items, zones->n + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        zones->items = items;
        *ret = zone;
        zones->items[zones->n++] = TAKE_PTR(zone);
        return 0;
}

void config_zones_done(ConfigZones *zones)
{
        for (size_t i = 0; i < zones->n; i++)
                (void)zone_free(zones->items[i]);
        free(zones->items);
        *zones = (ConfigZones){0};
}
