/*
 * cmd_retire: the command. For edges that are configured no more: says what there is of them, asks,
 * and then ends their rows or deletes all of it.
 */
#include "base/log.h"
#include "base/own_command.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/session.h"
#include "mirror/retire.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Retirement {
        Session session;
        const CommandLine *line;
        Uuid *edges;
        size_t n_edges, most;
        bool some_configured;
} Retirement;

static int refuse_configured(const ConfigEdge *edge)
{
        return cli_wrong_usage("retire: edge \"%s\" is configured (%s:%u); take its section out "
                               "first, and reload the service",
                               edge->name, edge->file, edge->line);
}

/* Only a person's yes counts, or --yes. */
static bool is_wanted(const Retirement *c)
{
        char answer[16];
        if (c->line->yes)
                return true;
        fprintf(stderr, "%s [y/N] ",
                c->line->forget
                        ? "Delete these edges with all their rows, their history and their runs?"
                        : "End all present rows of these edges, as if the catalog had them no "
                          "more?");
        (void)fflush(stderr);
        return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static void retirement_on_done(const Fault *fault, void *userdata)
{
        Retirement *c = userdata;
        if (fault->scope != FAULT_NONE) {
                session_fail(&c->session, fault);
                return;
        }
        puts(c->line->forget ? "forgotten" : "retired");
        session_end(&c->session, CLI_EXIT_DONE);
}

static void retirement_begin(Retirement *c)
{
        if (!is_wanted(c)) {
                fputs("nothing was done\n", stderr);
                session_end(&c->session, CLI_EXIT_EDGE_FAILED);
                return;
        }
        int r = mirror_retire(c->session.peers->mirror, c->edges, c->n_edges, c->line->forget,
                              retirement_on_done, c, NULL);
        if (r < 0)
                session_end(&c->session, session_begun(&c->session, r));
}

/* A name that the configuration does not know may belong to an id that it has under another one. */
static void retirement_take(Retirement *c, const MirrorRetirable *edge)
{
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 64], id[UUID_STRING_SIZE];
        const ConfigEdge *configured = config_find_edge_by_id(c->session.config, &edge->edge);
        asked_names_mark(&c->session.asked, edge->name, &edge->edge);
        if (c->n_edges == c->most)
                return; /* it was not asked for */
        if (configured)
                c->some_configured = refuse_configured(configured) != 0;
        c->edges[c->n_edges++] = edge->edge;
        printf("%s (%s): %" PRId64 " row%s present, %" PRId64 " version%s in the history, %" PRId64
               " run%s\n",
               text_show(edge->name, name), uuid_format(&edge->edge, id), edge->rows,
               text_plural(edge->rows), edge->versions, text_plural(edge->versions), edge->runs,
               text_plural(edge->runs));
        (void)fflush(stdout); /* before the question */
}

static void retirement_on_found(const MirrorRetirable *edge, const Fault *fault, void *userdata)
{
        Retirement *c = userdata;
        if (edge) {
                retirement_take(c, edge);
                return;
        }
        if (fault->scope != FAULT_NONE)
                session_fail(&c->session, fault);
        else if (asked_names_missing(&c->session.asked, "retire",
                                     "status lists those that it knows") ||
                 c->some_configured)
                session_end(&c->session, CLI_EXIT_USAGE);
        else
                retirement_begin(c);
}

static int retirement_open(Retirement *c)
{
        int status = session_load(&c->session, c->line->config_file);
        size_t n = 0;
        for (; status == 0 && c->line->names[n]; n++) {
                const ConfigEdge *edge = config_find_edge(c->session.config, c->line->names[n]);
                if (edge)
                        status = refuse_configured(edge);
        }
        if (status == 0)
                status = session_open_reading(&c->session, c->line);
        if (status != 0)
                return status;
        /* A name may be the id of another edge: two of each at most. */
        c->most = 2 * n;
        c->edges = calloc(c->most + 1, sizeof(*c->edges));
        int r = c->edges ? mirror_find_retirable(c->session.peers->mirror, c->session.asked.names,
                                                 retirement_on_found, c, NULL)
                         : -ENOMEM;
        return session_begun(&c->session, r);
}

int command_retire(const CommandLine *line)
{
        Retirement c = {.session = {.command = "retire"}, .line = line};
        if (!line->names[0])
                return cli_wrong_usage("retire: which edges? Name them, or give their ids; "
                                       "%s status lists them",
                                       own_command());
        if (!line->yes && !isatty(STDIN_FILENO))
                return cli_wrong_usage("retire asks before it does anything, and standard input is "
                                       "no terminal; --yes answers it");
        int status = session_finish(&c.session, retirement_open(&c));
        free(c.edges);
        return status;
}
