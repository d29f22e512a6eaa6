#include "config/config.h"
#include "base/duration.h"
#include "config/draft.h"
#include "config/secret.h"
#include <string.h>
#include <sys/resource.h>

static int load(const char *file, bool edges_optional, Config **ret, Text *errors)
{
        _cleanup_(draft_done) Draft draft = {.edges_optional = edges_optional};
        int r = draft_read(&draft, file ? file : CONFIG_DEFAULT_FILE);
        return r < 0 ? r : draft_finish(&draft, ret, errors);
}

int config_load(const char *file, Config **ret, Text *errors)
{
        return load(file, false, ret, errors);
}

int config_load_for_discover(const char *file, Config **ret, Text *errors)
{
        return load(file, true, ret, errors);
}

Config *config_ref(Config *config)
{
        config->references++; /* beyond the one that config_load gave */
        return config;
}

Config *config_free(Config *config)
{
        if (!config || config->references-- > 0)
                return NULL;
        for (size_t i = 0; i < config->n_edges; i++) {
                options_free_strings(&config->edges[i], true);
                free(config->edges[i].name);
                free(config->edges[i].file);
        }
        free(config->edges);
        options_free_strings(&config->defaults, true);
        free(config->by_id);
        options_free_strings(config, false);
        free(config->warnings);
        for (size_t i = 0; i < config->n_zones; i++)
                (void)zone_free(config->zones[i]);
        free(config->zones);
        free(config);
        return NULL;
}

const char *config_catalog_secret(const ConfigCatalog *catalog)
{
        const char *const files[CONFIG_AUTHS] = {
                [CONFIG_AUTH_BASIC] = catalog->password_file,
                [CONFIG_AUTH_BEARER] = catalog->token_file,
                [CONFIG_AUTH_OAUTH2] = catalog->client_secret_file,
        };
        return files[catalog->auth];
}

int config_read_certificate(const ConfigCatalog *catalog, Text *ret_certificate, Text *ret_key,
                            Fault *ret_fault)
{
        int r = secret_read_text(catalog->cert_file, false, ret_certificate, ret_fault);
        if (r < 0) {
                fault_prefix(ret_fault, "cert_file of [catalog]: ");
                return r;
        }
        r = secret_read_text(catalog->key_file, true, ret_key, ret_fault);
        if (r < 0)
                fault_prefix(ret_fault, "key_file of [catalog]: ");
        return r;
}

ConfigEdge config_edge_discovered(const Config *config, const Uuid *id, char *name)
{
        ConfigEdge edge = config->defaults;
        edge.id = *id;
        edge.enabled = true;
        edge.name = name;
        return edge;
}

bool config_edge_is_due(const ConfigEdge *edge)
{
        return edge->enabled && edge->zone;
}

unsigned config_syncs_at_once(const Config *config)
{
        enum { OTHER_FILES = 32 }; /* of the loop, the log, the resolver, … */
        struct rlimit limit;
        unsigned wanted = config->daemon.max_syncs;
        rlim_t others = OTHER_FILES + 2 * (rlim_t)config->catalog.max_requests +
                        (rlim_t)config->postgres.max_connections;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= others + wanted)
                return wanted;
        return limit.rlim_cur > others + 1 ? (unsigned)(limit.rlim_cur - others) : 1;
}

static int compare_key(const void *key, const void *edge)
{
        return strcmp(key, ((const ConfigEdge *)edge)->name);
}

const ConfigEdge *config_find_edge(const Config *config, const char *name)
{
        Uuid id;
        const ConfigEdge *found = config->edges ? bsearch(name, config->edges, config->n_edges,
                                                          sizeof(*config->edges), compare_key)
                                                : NULL;
        return found || uuid_parse(name, &id) < 0 ? found : config_find_edge_by_id(config, &id);
}

static int compare_id(const void *key, const void *edge)
{
        const ConfigEdge *const *e = edge;
        return uuid_compare(key, &(*e)->id);
}

bool config_notify_is_unused(const ConfigNotify *n)
{
        bool by_default = n->format == CONFIG_NOTIFY_JSON && n->every_usec == USEC_PER_MINUTE &&
                          !n->template_file && !n->ca_file && !n->proxy;
        return !n->url_file && !by_default;
}

const ConfigEdge *config_find_edge_by_id(const Config *config, const Uuid *id)
{
        const ConfigEdge **found = config->by_id ? bsearch(id, config->by_id, config->n_edges,
                                                           sizeof(*config->by_id), compare_id)
                                                 : NULL;
        return found ? *found : NULL;
}
