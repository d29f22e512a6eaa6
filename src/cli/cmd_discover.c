/*
 * cmd_discover: the command. What is for people (a table, notes) goes to standard error; standard
 * output has sections alone, so that it may be written into a file of the configuration.
 */
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/edge_sections.h"
#include "cli/json_out.h"
#include "cli/session.h"
#include <stdio.h>
#include <string.h>

enum { NAME_COLUMNS = 32, SITE_COLUMNS = 24 };

typedef struct Discovery {
        Session session;
        Discover *discover;
        bool json;
} Discovery;

/* Of a section that the catalog shows no Edge connection for: it is gone, or never was one. */
static void note_unknown_sections(const Config *config, const Discovered *found)
{
        for (size_t i = 0; i < config->n_edges; i++) {
                const ConfigEdge *e = &config->edges[i];
                const EdgeItem *site;
                if (discover_find(found->edges, found->n_edges, &e->id))
                        continue;
                site = discover_find(found->sites, found->n_sites, &e->id);
                if (site)
                        log_warning("discover: the id of edge \"%s\" (%s:%u) is that of the Edge "
                                    "site \"%s\", not of an Edge connection",
                                    e->name, e->file, e->line, site->name);
                else if (found->source == DISCOVER_EDGE_API && found->whole)
                        log_warning("discover: edge \"%s\" (%s:%u) is not among the Edge "
                                    "connections that the catalog shows",
                                    e->name, e->file, e->line);
        }
}

static void print_table(const ShownEdges *shown)
{
        if (shown->n > 0) {
                columns_put(stderr, "NAME", NAME_COLUMNS);
                fprintf(stderr, " %-36s ", "ID");
                columns_put(stderr, "EDGE SITE", SITE_COLUMNS);
                fputs(" CONFIGURED\n", stderr);
        }
        for (size_t i = 0; i < shown->n; i++) {
                const ShownEdge *e = &shown->edges[i];
                char id[UUID_STRING_SIZE];
                columns_put(stderr, e->item->name[0] ? e->item->name : "-", NAME_COLUMNS);
                fprintf(stderr, " %s ", uuid_format(&e->item->id, id));
                columns_put(stderr, e->site && e->site->name[0] ? e->site->name : "-",
                            SITE_COLUMNS);
                fprintf(stderr, " %s%s\n", e->configured ? "as " : "no",
                        e->configured ? e->name : "");
        }
}

static void print_json(const ShownEdges *shown)
{
        for (size_t i = 0; i < shown->n; i++) {
                const ShownEdge *e = &shown->edges[i];
                cJSON *o = cJSON_CreateObject();
                json_add_text(o, "edge", e->name);
                json_add_uuid(o, "edgeConnectionId", &e->item->id);
                json_add_text(o, "name", e->item->name[0] ? e->item->name : NULL);
                json_add_uuid(o, "edgeSiteId", e->item->has_site ? &e->item->site : NULL);
                json_add_text(o, "site", e->site && e->site->name[0] ? e->site->name : NULL);
                json_add_text(o, "siteStatus",
                              e->site && e->site->status[0] ? e->site->status : NULL);
                (void)cJSON_AddBoolToObject(o, "configured", e->configured != NULL);
                json_print_line(o);
        }
}

/* The exit status. */
static int discovery_print(const Discovery *c, const Discovered *found)
{
        const Config *config = c->session.config;
        _cleanup_(shown_edges_done) ShownEdges shown = {0};
        if (shown_edges_take(config, found, &shown) < 0) {
                log_error("out of memory");
                return CLI_EXIT_EDGE_FAILED;
        }
        discovered_note(found);
        note_unknown_sections(config, found);
        if (c->json) {
                print_json(&shown);
                return CLI_EXIT_DONE;
        }
        if (log_level() >= LOG_LEVEL_INFO)
                print_table(&shown);
        log_info("%zu Edge connection%s, %zu of them configured%s", shown.n, text_plural(shown.n),
                 shown.n_configured,
                 shown.n > shown.n_configured ? "; the sections of the others are on standard "
                                                "output"
                                              : "");
        edge_sections_print(stdout, &shown);
        return CLI_EXIT_DONE;
}

static void discovery_on_found(const Discovered *found, void *userdata)
{
        Discovery *c = userdata;
        int status = discovered_exit_status(found);
        c->discover = NULL;
        if (found->fault.scope == FAULT_NONE)
                status = discovery_print(c, found);
        else
                log_error("discover: %s", found->fault.message);
        session_end(&c->session, status);
}

int command_discover(const CommandLine *line)
{
        Discovery c = {.json = line->json, .session.edges_optional = true};
        int status = session_load(&c.session, line->config_file);
        if (status == 0)
                status = session_open(&c.session, SESSION_CATALOG);
        if (status == 0) {
                int r = discover_start(c.session.peers->catalog, c.session.event,
                                       discovery_on_found, &c, &c.discover);
                if (r < 0) {
                        log_error("discover: the catalog cannot be asked: %s", strerrordesc_np(-r));
                        status = CLI_EXIT_EDGE_FAILED;
                }
        }
        if (status == 0)
                status = session_loop(&c.session);
        discover_cancel(c.discover);
        session_done(&c.session);
        return status;
}
