/*
 * cmd_retire: the command. For edges that are configured no more: says what there is of them, asks,
 * and then ends their rows or deletes all of it.
 */
#include "base/log.h"
#include "base/text.h"
#include "cli/asked_names.h"
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
        AskedNames asked;
        MirrorTask *task;
        Uuid *edges;
        size_t n_edges;
        int status;
} Retirement;

static void retirement_end(Retirement *c, int status)
{
        c->status = status;
        (void)sd_event_exit(c->session.event, 0);
}

static int refuse_configured(const ConfigEdge *edge)
{
        log_error("retire: edge \"%s\" is configured (%s:%u); take its section out first, and "
                  "reload the service",
                  edge->name, edge->file, edge->line);
        return CLI_EXIT_USAGE;
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
        c->task = NULL;
        if (fault->scope != FAULT_NONE)
                log_error("retire: %s", fault->message);
        else
                puts(c->line->forget ? "forgotten" : "retired");
        retirement_end(c, fault_exit_status(fault));
}

static void retirement_begin(Retirement *c)
{
        if (!is_wanted(c)) {
                fputs("nothing was done\n", stderr);
                retirement_end(c, CLI_EXIT_EDGE_FAILED);
                return;
        }
        int r = mirror_retire(c->session.mirror, c->edges, c->n_edges, c->line->forget,
                              retirement_on_done, c, &c->task);
        if (r >= 0)
                return;
        log_error("retire: %s", strerrordesc_np(-r));
        retirement_end(c, CLI_EXIT_EDGE_FAILED);
}

/* A name that the configuration does not know may belong to an id that it has under another one. */
static void retirement_take(Retirement *c, const MirrorRetirable *edge)
{
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 64], id[UUID_STRING_SIZE];
        const ConfigEdge *configured = config_find_edge_by_id(c->session.config, &edge->edge);
        asked_names_mark(&c->asked, edge->asked);
        if (configured)
                c->status = refuse_configured(configured);
        c->edges[c->n_edges++] = edge->edge;
        printf("%s (%s): %" PRId64 " rows present, %" PRId64 " versions in the history, %" PRId64
               " runs\n",
               text_printable(edge->name, strlen(edge->name), name, sizeof(name)),
               uuid_format(&edge->edge, id), edge->rows, edge->versions, edge->runs);
        (void)fflush(stdout); /* before the question */
}

static bool retirement_lacks_names(const Retirement *c)
{
        bool missing = false;
        for (size_t i = 0; c->asked.names[i]; i++) {
                if (c->asked.seen[i])
                        continue;
                log_error("retire: the mirror knows no edge \"%s\"; edgemirror status lists those "
                          "that it knows",
                          c->asked.names[i]);
                missing = true;
        }
        return missing;
}

static void retirement_on_found(const MirrorRetirable *edge, const Fault *fault, void *userdata)
{
        Retirement *c = userdata;
        if (edge) {
                retirement_take(c, edge);
                return;
        }
        c->task = NULL;
        if (fault->scope != FAULT_NONE) {
                log_error("retire: %s", fault->message);
                retirement_end(c, fault_exit_status(fault));
        } else if (retirement_lacks_names(c) || c->status != CLI_EXIT_DONE) {
                c->status = CLI_EXIT_USAGE;
                (void)sd_event_exit(c->session.event, 0);
        } else {
                retirement_begin(c);
        }
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
                status = session_open_mirror(&c->session);
        if (status != 0)
                return status;
        /* A name may be the id of another edge: two of each at most. */
        c->edges = calloc(2 * n + 1, sizeof(*c->edges));
        int r = c->edges ? asked_names_take(&c->asked, c->session.config, c->line->names) : -ENOMEM;
        if (r >= 0)
                r = mirror_find_retirable(c->session.mirror, c->asked.names, retirement_on_found, c,
                                          &c->task);
        if (r >= 0)
                return CLI_EXIT_DONE;
        log_error("retire: %s", strerrordesc_np(-r));
        return CLI_EXIT_EDGE_FAILED;
}

int command_retire(const CommandLine *line)
{
        Retirement c = {.line = line};
        if (!line->names[0]) {
                log_error("retire: which edges? Name them, or give their ids; edgemirror status "
                          "lists them");
                return CLI_EXIT_USAGE;
        }
        if (!line->yes && !isatty(STDIN_FILENO)) {
                log_error("retire asks before it does anything, and standard input is no terminal; "
                          "--yes answers it");
                return CLI_EXIT_USAGE;
        }
        int status = retirement_open(&c);
        if (status == 0) {
                status = session_loop(&c.session);
                status = status ? status : c.status;
        }
        asked_names_done(&c.asked);
        free(c.edges);
        session_done(&c.session);
        return status;
}
