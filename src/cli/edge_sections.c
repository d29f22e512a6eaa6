/*
 * edge_sections: see the header. Names are printable and fit for a section (edge_names.h); what
 * else is of the catalog stands in comments, and is printable, too (EdgeItem).
 */
#include "cli/edge_sections.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void shown_edges_done(ShownEdges *s)
{
        free(s->edges);
        free(s->names);
        *s = (ShownEdges){0};
}

static int compare_shown(const void *a, const void *b)
{
        return strcmp(((const ShownEdge *)a)->name, ((const ShownEdge *)b)->name);
}

int shown_edges_take(const Config *config, const Discovered *found, ShownEdges *ret)
{
        _cleanup_(shown_edges_done) ShownEdges s = {.n = found->n_edges};
        size_t n_names = 0;
        s.edges = calloc(s.n ? s.n : 1, sizeof(*s.edges));
        s.names = calloc(s.n ? s.n : 1, sizeof(*s.names));
        if (!s.edges || !s.names)
                return -ENOMEM;
        for (size_t i = 0; i < s.n; i++) {
                ShownEdge *e = &s.edges[i];
                e->item = &found->edges[i];
                if (e->item->has_site)
                        e->site = discover_find(found->sites, found->n_sites, &e->item->site);
                e->configured = config_find_edge_by_id(config, &e->item->id);
                if (e->configured) {
                        e->name = e->configured->name;
                        s.n_configured++;
                } else {
                        s.names[n_names] = (EdgeName){.id = e->item->id, .wanted = e->item->name};
                        e->name = s.names[n_names++].name;
                }
        }
        if (edge_names_make(config, s.names, n_names) < 0)
                return -ENOMEM;
        qsort(s.edges, s.n, sizeof(*s.edges), compare_shown);
        *ret = TAKE(s);
        return 0;
}

void edge_sections_print(FILE *out, const ShownEdges *shown)
{
        for (size_t i = 0; i < shown->n; i++) {
                const ShownEdge *e = &shown->edges[i];
                char id[UUID_STRING_SIZE];
                if (e->configured)
                        continue;
                fprintf(out, "[edge \"%s\"]\nid = %s\n", e->name, uuid_format(&e->item->id, id));
                if (e->item->name[0] && strcmp(e->item->name, e->name) != 0)
                        fprintf(out, "# in the catalog: %s\n", e->item->name);
                if (e->site && e->site->name[0])
                        fprintf(out, "# Edge site: %s\n", e->site->name);
                fputc('\n', out);
        }
}

/* Why there are no names, and what to do. */
static void note_source(const Discovered *found)
{
        static const char consequence[] = "so these are the Edge connections that the list of "
                                          "database connections shows: ids without names, and only "
                                          "of those that have any";
        int status = found->edge_api.http_status;
        if (found->source == DISCOVER_EDGE_API)
                return;
        if (status == 403 || status == 401)
                log_warning("discover: the catalog does not let our user see its Edge connections "
                            "(HTTP %d), %s; the permission \"View Edge connections and "
                            "capabilities\" shows all",
                            status, consequence);
        else
                log_warning("discover: there is no Edge API at this catalog's url (HTTP %d), %s",
                            status, consequence);
}

void discovered_note(const Discovered *found)
{
        note_source(found);
        if (found->sites_fault.scope != FAULT_NONE)
                log_warning("discover: the names of Edge sites cannot be read: %s",
                            found->sites_fault.message);
        if (found->n_unreadable > 0)
                log_warning("discover: the catalog lists %zu more, without a readable id",
                            found->n_unreadable);
        if (found->source == DISCOVER_ROWS && !found->whole)
                log_warning("discover: the list changed while it was read; there may be more");
}

int discovered_exit_status(const Discovered *found)
{
        return found->fault.code == CODE_CATALOG_FORBIDDEN ? CLI_EXIT_REFUSED
               : found->fault.scope == FAULT_REQUEST       ? CLI_EXIT_UNREACHABLE
                                                           : fault_exit_status(&found->fault);
}
