/* What always holds: no edge of `found` has a section, or is not wanted by the configuration. */
#include "daemon/edges.h"
#include "base/array.h"
#include "base/log.h"
#include "base/message_id.h"
#include "base/metric.h"
#include "base/own_command.h"
#include "base/text.h"
#include "config/edge_names.h"
#include "daemon/due.h"
#include "peers/peers.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void found_edge_done(ConfigEdge *e)
{
        free(e->name);
        free(e->catalog_name);
}

static void found_free(ConfigEdge *found, size_t n)
{
        for (size_t i = 0; i < n; i++)
                found_edge_done(&found[i]);
        free(found);
}

static void edges_forget_unknown(EdgeSet *s)
{
        free(s->unknown);
        s->unknown = NULL;
        s->n_unknown = 0;
}

void edges_done(EdgeSet *s)
{
        found_free(s->found, s->n_found);
        free(s->vanished);
        edges_forget_unknown(s);
        (void)config_free(s->config);
        *s = (EdgeSet){0};
}

/* ---- all of them ---------------------------------------------------------------------------- */

size_t edges_count(const EdgeSet *s)
{
        return s->config->n_edges + s->n_found;
}

static const ConfigEdge *edges_at(const EdgeSet *s, size_t i)
{
        size_t n = s->config->n_edges;
        return i < n ? &s->config->edges[i] : &s->found[i - n];
}

size_t edges_count_wanted(const EdgeSet *s)
{
        size_t n = 0;
        for (size_t i = 0; i < edges_count(s); i++)
                n += edges_at(s, i)->enabled;
        return n;
}

size_t edges_count_scheduled(const EdgeSet *s)
{
        size_t n = 0;
        for (size_t i = 0; i < edges_count(s); i++)
                n += config_edge_is_due(edges_at(s, i));
        return n;
}

static const ConfigEdge *edges_find_discovered(const EdgeSet *s, const Uuid *id)
{
        return s->n_found > 0 ? bsearch(id, s->found, s->n_found, sizeof(*s->found), uuid_order)
                              : NULL;
}

const ConfigEdge *edges_find(const EdgeSet *s, const Uuid *id)
{
        const ConfigEdge *edge = edges_find_discovered(s, id);
        return edge ? edge : config_find_edge_by_id(s->config, id);
}

const ConfigEdge *edges_find_scheduled(const EdgeSet *s, const Uuid *id)
{
        const ConfigEdge *edge = edges_find(s, id);
        return edge && config_edge_is_due(edge) ? edge : NULL;
}

const ConfigEdge *edges_next(EdgeSet *s)
{
        for (size_t i = 0; i < edges_count(s); i++) {
                const ConfigEdge *edge = edges_at(s, s->turn++ % edges_count(s));
                if (config_edge_is_due(edge))
                        return edge;
        }
        return NULL;
}

void edges_pass(EdgeSet *s, const Uuid *id)
{
        const ConfigEdge *next = edges_next(s);
        if (next && !uuid_equal(&next->id, id))
                s->turn--;
}

int edges_to_register(const EdgeSet *s, int64_t now_usec, MirrorEdge **ret)
{
        MirrorEdge *edges = calloc(edges_count(s) + 1, sizeof(*edges));
        if (!edges)
                return -ENOMEM;
        for (size_t i = 0; i < edges_count(s); i++) {
                edges[i] = peers_edge(edges_at(s, i));
                edges[i].discovered = i >= s->config->n_edges;
                edges[i].next_run_usec = due_by_schedule(edges_at(s, i), now_usec);
        }
        *ret = edges;
        return 0;
}

/* ---- what was discovered -------------------------------------------------------------------- */

/* Edge connections and what the catalog calls them, which is borrowed, in order of id; their names
 * here are made when the others are taken out. */
typedef struct Candidates {
        EdgeName *items;
        size_t n;
} Candidates;

static void candidates_done(Candidates *c)
{
        free(c->items);
}

static int candidates_init(Candidates *c, size_t most)
{
        *c = (Candidates){.items = calloc(most ? most : 1, sizeof(*c->items))};
        return c->items ? 0 : -ENOMEM;
}

static void candidates_add(Candidates *c, const Uuid *id, const char *name)
{
        c->items[c->n++] = (EdgeName){.id = *id, .wanted = name ? name : ""};
}

static void candidates_add_known(Candidates *c, const ConfigEdge *e)
{
        candidates_add(c, &e->id, e->catalog_name);
}

static bool edges_has_vanished(const EdgeSet *s, const Uuid *id)
{
        return s->n_vanished > 0 &&
               bsearch(id, s->vanished, s->n_vanished, sizeof(*s->vanished), uuid_order);
}

static int found_new(const Config *config, const EdgeName *names, size_t n, ConfigEdge **ret)
{
        ConfigEdge *found = calloc(n ? n : 1, sizeof(*found));
        for (size_t i = 0; found && i < n; i++) {
                found[i] = config_edge_discovered(config, &names[i].id, strdup(names[i].name));
                if (names[i].wanted[0])
                        found[i].catalog_name = strdup(names[i].wanted);
                if (!found[i].name || (names[i].wanted[0] && !found[i].catalog_name)) {
                        found_free(found, i + 1);
                        return -ENOMEM;
                }
        }
        *ret = found;
        return found ? 0 : -ENOMEM;
}

static void edges_show(const EdgeSet *s)
{
        metric_set(METRIC_EDGES_CONFIGURED, 0, (double)s->config->n_edges);
        metric_set(METRIC_EDGES_DISCOVERED, 0, (double)s->n_found);
}

/* Those of the candidates that the configuration wants become what was discovered. */
static int edges_rebuild(EdgeSet *s, const Config *config, Candidates *candidates)
{
        EdgeName *names = candidates->items;
        ConfigEdge *found;
        size_t n = 0;
        for (size_t i = 0; i < candidates->n; i++)
                if (!edges_has_vanished(s, &names[i].id) &&
                    edge_is_wanted(config, &names[i].id, names[i].wanted))
                        names[n++] = names[i];
        int r = edge_names_make(config, names, n);
        if (r >= 0)
                r = found_new(config, names, n, &found);
        if (r < 0)
                return r;
        found_free(s->found, s->n_found);
        s->found = found;
        s->n_found = n;
        edges_forget_unknown(s);
        return 0;
}

/* What was discovered is of a catalog. It is in the database as well, unless that is another. */
static void edges_forget_catalog(EdgeSet *s)
{
        found_free(s->found, s->n_found);
        s->found = NULL;
        s->n_found = 0;
        s->n_vanished = 0;
}

int edges_configure(EdgeSet *s, Config *config)
{
        _cleanup_(candidates_done) Candidates known = {0};
        if (s->config && !text_equal(s->config->catalog.url, config->catalog.url))
                edges_forget_catalog(s);
        int r = candidates_init(&known, s->n_found);
        for (size_t i = 0; r >= 0 && i < s->n_found; i++)
                candidates_add_known(&known, &s->found[i]);
        if (r >= 0)
                r = edges_rebuild(s, config, &known);
        if (r < 0) {
                edges_forget_catalog(s);
                edges_forget_unknown(s);
        }
        s->found_is_newer = false; /* what the database has may be wanted again */
        Config *before = s->config;
        s->config = config_ref(config);
        (void)config_free(before);
        edges_show(s);
        return r;
}

int edges_load(EdgeSet *s, const MirrorDiscovered *edges, size_t n)
{
        _cleanup_(candidates_done) Candidates all = {0};
        size_t k = 0;
        if (s->found_is_newer)
                return 0;
        if (candidates_init(&all, n + s->n_found) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                while (k < s->n_found && uuid_compare(&s->found[k].id, &edges[i].id) < 0)
                        candidates_add_known(&all, &s->found[k++]);
                k += k < s->n_found && uuid_equal(&s->found[k].id, &edges[i].id);
                candidates_add(&all, &edges[i].id, edges[i].catalog_name);
        }
        while (k < s->n_found)
                candidates_add_known(&all, &s->found[k++]);
        int r = edges_rebuild(s, s->config, &all);
        edges_show(s);
        return r;
}

void edges_registered(EdgeSet *s)
{
        s->found_is_newer = false;
}

/* What an answer shows has not vanished. */
static void edges_forget_vanished(EdgeSet *s, const Discovered *found)
{
        size_t n = 0;
        for (size_t i = 0; i < s->n_vanished; i++)
                if (!discover_find(found->edges, found->n_edges, &s->vanished[i]))
                        s->vanished[n++] = s->vanished[i];
        s->n_vanished = n;
}

/* Whether it is another one than before. */
static bool edges_log_change(const EdgeSet *s, const ConfigEdge *before, size_t n_before)
{
        size_t k = 0, n_same = 0, n_renamed = 0;
        for (size_t i = 0; i < s->n_found; i++) {
                const ConfigEdge *e = &s->found[i];
                while (k < n_before && uuid_compare(&before[k].id, &e->id) < 0)
                        k++;
                bool known = k < n_before && uuid_equal(&before[k].id, &e->id);
                n_same += known;
                n_renamed += known && (strcmp(before[k].name, e->name) != 0 ||
                                       !text_equal(before[k].catalog_name, e->catalog_name));
        }
        bool same = n_same == s->n_found && n_same == n_before && n_renamed == 0;
        if (!same)
                log_info("discovered: %zu new, %zu renamed, %zu not wanted any more; serving %zu "
                         "edge%s",
                         s->n_found - n_same, n_renamed, n_before - n_same, edges_count(s),
                         text_plural(edges_count(s)));
        return !same;
}

static int edges_take_found(EdgeSet *s, const Discovered *found)
{
        _cleanup_(candidates_done) Candidates all = {0};
        size_t k = 0;
        if (candidates_init(&all, found->n_edges + s->n_found) < 0)
                return -ENOMEM;
        edges_forget_vanished(s, found);
        for (size_t i = 0; i < found->n_edges; i++) {
                const EdgeItem *item = &found->edges[i];
                while (k < s->n_found && uuid_compare(&s->found[k].id, &item->id) < 0)
                        candidates_add_known(&all, &s->found[k++]);
                bool known = k < s->n_found && uuid_equal(&s->found[k].id, &item->id);
                if (known && !item->name[0])
                        candidates_add_known(&all, &s->found[k]);
                else
                        candidates_add(&all, &item->id, item->name);
                k += known;
        }
        while (k < s->n_found)
                candidates_add_known(&all, &s->found[k++]);

        ConfigEdge *before = TAKE(s->found);
        size_t n_before = s->n_found;
        s->n_found = 0;
        int r = edges_rebuild(s, s->config, &all);
        if (r < 0) {
                s->found = before;
                s->n_found = n_before;
                return r;
        }
        bool changed = edges_log_change(s, before, n_before);
        found_free(before, n_before);
        return changed;
}

static int edges_drop(EdgeSet *s, const Uuid *ids, size_t n)
{
        Uuid *vanished = reallocarray(s->vanished, s->n_vanished + n, sizeof(*vanished));
        if (!vanished)
                return -ENOMEM;
        s->vanished = vanished;
        for (size_t i = 0; i < n; i++)
                s->vanished[s->n_vanished++] = ids[i];
        qsort(s->vanished, s->n_vanished, sizeof(*s->vanished), uuid_order);
        size_t kept = 0;
        for (size_t i = 0; i < s->n_found; i++) {
                ConfigEdge *e = &s->found[i];
                if (!edges_has_vanished(s, &e->id)) {
                        s->found[kept++] = *e;
                        continue;
                }
                char id[UUID_STRING_SIZE];
                log_event(LOG_LEVEL_WARNING, MESSAGE_ID_EDGE_VANISHED,
                          LOG_FIELDS(LOG_TEXT("EDGE", e->name)),
                          "%s: the catalog has this Edge connection no more; it is not synced from "
                          "now on, and its rows stay: %s retire %s ends them",
                          e->name, own_command(), own_edge_argument(e->name, &e->id, id));
                found_edge_done(e);
        }
        bool changed = kept < s->n_found;
        s->n_found = kept;
        return changed;
}

int edges_update(EdgeSet *s, const Discovered *found, const Uuid *vanished, size_t n_vanished)
{
        int added = found ? edges_take_found(s, found) : 0;
        int dropped = n_vanished > 0 ? edges_drop(s, vanished, n_vanished) : 0;
        edges_show(s);
        s->found_is_newer = s->found_is_newer || added > 0 || dropped > 0;
        if (added >= 0 && dropped >= 0)
                return added > 0 || dropped > 0;
        log_error("out of memory for what was discovered; the edges that are known stay");
        return -ENOMEM;
}

int edges_copy_discovered(const EdgeSet *s, Uuid **ret, size_t *ret_n)
{
        Uuid *ids = calloc(s->n_found ? s->n_found : 1, sizeof(*ids));
        if (!ids)
                return -ENOMEM;
        for (size_t i = 0; i < s->n_found; i++)
                ids[i] = s->found[i].id;
        *ret = ids;
        *ret_n = s->n_found;
        return 0;
}

/* ---- what is not known ---------------------------------------------------------------------- */

void edges_add_unknown(EdgeSet *s, const Uuid *id)
{
        if (ARRAY_GROW(s->unknown, s->n_unknown) >= 0) /* else it will be released again */
                s->unknown[s->n_unknown++] = *id;
}

void edges_copy_unknown(const EdgeSet *s, Uuid *to)
{
        for (size_t i = 0; i < s->n_unknown; i++)
                to[i] = s->unknown[i];
}
