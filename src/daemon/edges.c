#include "daemon/edges.h"
#include "daemon/due.h"
#include "peers/peers.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void edges_configure(EdgeSet *s, Config *config)
{
        EdgeSet before = *s;
        *s = (EdgeSet){.config = config_ref(config)};
        edges_done(&before);
}

void edges_done(EdgeSet *s)
{
        (void)config_free(s->config);
        free(s->unknown);
        *s = (EdgeSet){0};
}

size_t edges_count(const EdgeSet *s)
{
        return s->config->n_edges;
}

size_t edges_count_scheduled(const EdgeSet *s)
{
        size_t n = 0;
        for (size_t i = 0; i < s->config->n_edges; i++)
                n += config_edge_is_due(&s->config->edges[i]);
        return n;
}

const ConfigEdge *edges_find(const EdgeSet *s, const Uuid *id)
{
        return config_find_edge_by_id(s->config, id);
}

const ConfigEdge *edges_find_scheduled(const EdgeSet *s, const Uuid *id)
{
        const ConfigEdge *edge = edges_find(s, id);
        return edge && config_edge_is_due(edge) ? edge : NULL;
}

const ConfigEdge *edges_next(EdgeSet *s)
{
        for (size_t i = 0; i < s->config->n_edges; i++) {
                const ConfigEdge *edge = &s->config->edges[s->turn++ % s->config->n_edges];
                if (config_edge_is_due(edge))
                        return edge;
        }
        return NULL;
}

int edges_to_register(const EdgeSet *s, int64_t now_usec, MirrorEdge **ret)
{
        const Config *c = s->config;
        MirrorEdge *edges = calloc(c->n_edges + 1, sizeof(*edges));
        if (!edges)
                return -ENOMEM;
        for (size_t i = 0; i < c->n_edges; i++) {
                edges[i] = peers_edge(&c->edges[i]);
                edges[i].next_run_usec = due_by_schedule(&c->edges[i], now_usec);
        }
        *ret = edges;
        return 0;
}

void edges_add_unknown(EdgeSet *s, const Uuid *id)
{
        Uuid *more = reallocarray(s->unknown, s->n_unknown + 1, sizeof(*more));
        if (!more)
                return; /* it will be released again */
        s->unknown = more;
        s->unknown[s->n_unknown++] = *id;
}

size_t edges_count_unknown(const EdgeSet *s)
{
        return s->n_unknown;
}

void edges_copy_unknown(const EdgeSet *s, Uuid *out)
{
        if (s->n_unknown > 0)
                memcpy(out, s->unknown, s->n_unknown * sizeof(*out));
}
