#include "cli/discovered_edges.h"
#include "config/edge_names.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int discovered_edges_take(DiscoveredEdges *d, const Config *config, const MirrorDiscovered *edges,
                          size_t n)
{
        d->edges = calloc(n ? n : 1, sizeof(*d->edges));
        if (!d->edges)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const char *wanted = edges[i].catalog_name;
                if (!edge_is_wanted(config, &edges[i].id, wanted ? wanted : ""))
                        continue;
                char *name = strdup(edges[i].name);
                if (!name)
                        return -ENOMEM;
                d->edges[d->n++] = config_edge_discovered(config, &edges[i].id, name);
        }
        return 0;
}

const ConfigEdge *discovered_edges_find(const DiscoveredEdges *d, const char *name)
{
        Uuid id;
        bool is_id = uuid_parse(name, &id) == 0;
        for (size_t i = 0; i < d->n; i++)
                if (strcmp(d->edges[i].name, name) == 0 ||
                    (is_id && uuid_equal(&d->edges[i].id, &id)))
                        return &d->edges[i];
        return NULL;
}

void discovered_edges_done(DiscoveredEdges *d)
{
        for (size_t i = 0; i < d->n; i++)
                free(d->edges[i].name);
        free(d->edges);
        *d = (DiscoveredEdges){0};
}
