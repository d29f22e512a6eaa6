/*
 * cmd_check: the command. One line for each thing that must be right, and what to do where it is
 * not.
 */
#include "base/clock_skew.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/check_lines.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "config/answers.h"
#include "config/edge_names.h"
#include "config/show.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SETTING_COLUMNS = 48 };

typedef struct Check {
        Checks checks;
        size_t next_edge;      /* in the configuration */
        size_t n_open;         /* catalog questions under way */
        bool catalog_down;     /* printed once, not once per edge */
        bool catalog_reported; /* its own line is printed */
        bool asked;            /* about one edge at least */
        bool clock_reported;
        bool token_reported;
        bool proxy_reported;
} Check;

typedef struct EdgeCheck {
        Check *check;
        const ConfigEdge *edge;
        CatalogCall *call;
        Fault fault; /* its own, while the list of all edges is asked for */
} EdgeCheck;

/* Tokens, certificates and Retry-After depend on it. Dates have whole seconds. */
static void check_clock(Check *c, const CatalogAnswer *answer)
{
        char text[160];
        if (c->clock_reported || !answer->clock_known)
                return;
        c->clock_reported = true;
        if (clock_skew(answer->clock_ahead_sec * (int64_t)USEC_PER_SEC,
                       "the catalog (its Date header)", text, sizeof(text)))
                check_note(&c->checks, "clock", text);
        else
                check_line(&c->checks, "clock", &fault_none, text);
}

/* What keeps edges from their schedules, a line each. */
static void check_warnings(Check *c)
{
        for (const char *at = c->checks.session.config->warnings; at && *at;) {
                Fault fault;
                size_t length = strcspn(at, "\n");
                fault_set(&fault, FAULT_PROCESS, EINVAL, CODE_CONFIG_TIMEZONE, "%.*s", (int)length,
                          at);
                check_line(&c->checks, "configuration", &fault, "");
                c->checks.status = exit_status_worse(c->checks.status, CLI_EXIT_CONFIG);
                at += length + (at[length] == '\n');
        }
}

static void check_next_edges(Check *c);

/* Once: whatever is wrong behind it, the proxy lets us through when anything has come from there.
 */
static void check_proxy(Check *c, const CatalogAnswer *answer)
{
        const char *proxy = c->checks.session.config->catalog.proxy;
        char detail[LIMIT_URL_MAX_BYTES];
        if (!proxy || c->proxy_reported || (answer->status == 0 && !answer->sent))
                return;
        c->proxy_reported = true;
        (void)snprintf(detail, sizeof(detail), "%s lets us through", proxy);
        check_line(&c->checks, "proxy", &fault_none, detail);
}

/* The catalog as a whole, once. That it is the right server, and that it lets us in, is known from
 * a good answer or an error of the API's own form; an error in another form is of something else
 * that answers at this address, for all edges, and so is a 404 where no edge was named. */
static void check_catalog(Check *c, const CatalogAnswer *answer, bool of_edge)
{
        bool down = answer->fault.scope == FAULT_PEER || answer->fault.scope == FAULT_REQUEST ||
                    answer->foreign || (!of_edge && answer->status == 404);
        bool known = answer->fault.scope == FAULT_NONE || answer->problem;
        check_proxy(c, answer);
        /* auth = oauth2, once, whatever the catalog says of the token after */
        c->token_reported = c->token_reported || check_token(&c->checks);
        if (down && !c->catalog_down) {
                c->checks.took_usec = answer->elapsed_usec;
                check_line(&c->checks,
                           fault_is_of_proxy(&answer->fault) ? "proxy"
                           : c->catalog_reported             ? "catalog, later answer"
                                                             : "catalog",
                           &answer->fault, "");
        } else if (!down && known && !c->catalog_reported) {
                c->checks.took_usec = answer->elapsed_usec;
                check_line(&c->checks, "catalog", &fault_none,
                           c->checks.session.config->catalog.plain_http
                                   ? "address and credentials are right"
                                   : "address, TLS and credentials are right");
        }
        check_clock(c, answer);
        c->catalog_reported = c->catalog_reported || down || known;
        c->catalog_down = c->catalog_down || down;
        /* a retry might help, but check reports the present state */
        if (answer->fault.scope == FAULT_REQUEST)
                c->checks.status = exit_status_worse(c->checks.status, CLI_EXIT_UNREACHABLE);
}

/* Its line, unless that of the catalog has said it, and what comes after it. */
static void check_edge_end(EdgeCheck *e, const Fault *fault, const char *right)
{
        Check *c = e->check;
        char what[LIMIT_EDGE_NAME_MAX_BYTES + 32];
        (void)snprintf(what, sizeof(what), "catalog: edge %s", e->edge->name);
        if (fault)
                check_line(&c->checks, what, fault, right);
        free(e);
        check_next_edges(c);
}

/* As init asks where there is no Edge API. No sync does: what else becomes of it says nothing. */
static void check_on_all(const CatalogPageAnswer *answer, void *userdata)
{
        EdgeCheck *e = userdata;
        Check *c = e->check;
        CatalogAnswer a = answer->answer;
        bool of_edge = a.fault.scope != FAULT_NONE && a.status != 404;
        if (of_edge)
                a = (CatalogAnswer){.status = 404, .sent = true, .fault = e->fault, .problem = ""};
        c->n_open--;
        check_catalog(c, &a, of_edge);
        check_edge_end(e, c->catalog_down ? NULL : &e->fault, "");
}

static void check_on_page(const CatalogPageAnswer *answer, void *userdata)
{
        EdgeCheck *e = userdata;
        Check *c = e->check;
        const CatalogAnswer *a = &answer->answer;
        bool doubtful = a->status == 404 && !a->foreign && !c->catalog_reported;
        e->fault = a->fault;
        if (doubtful && catalog_list(c->checks.session.peers->catalog, NULL, NULL, 0, 1,
                                     check_on_all, e, &e->call) >= 0)
                return;
        c->n_open--;
        check_catalog(c, a, true);
        bool of_all = a->fault.scope == FAULT_PEER || a->fault.scope == FAULT_REQUEST || a->foreign;
        if (!of_all)
                c->checks.took_usec = a->elapsed_usec;
        check_edge_end(e, of_all ? NULL : &e->fault,
                       answer->n_rows ? "the list can be read"
                                      : "the list can be read; it is empty");
}

static void check_edge(Check *c, const ConfigEdge *edge)
{
        const Uuid *schema =
                edge->settings.has_schema_connection ? &edge->settings.schema_connection : NULL;
        EdgeCheck *e = calloc(1, sizeof(*e));
        int r = -ENOMEM;
        c->asked = true;
        if (e) {
                *e = (EdgeCheck){.check = c, .edge = edge};
                r = catalog_list(c->checks.session.peers->catalog, &edge->id, schema, 0, 1,
                                 check_on_page, e, &e->call);
        }
        if (r >= 0) {
                c->n_open++;
                return;
        }
        Fault fault;
        char what[LIMIT_EDGE_NAME_MAX_BYTES + 32];
        fault_not_begun(&fault, r, "the catalog cannot be asked");
        (void)snprintf(what, sizeof(what), "catalog: edge %s", edge->name);
        check_line(&c->checks, what, &fault, "");
        free(e);
}

/* Without names, patterns find nothing; without patterns, none are needed. */
static void check_patterns(Check *c, const Discovered *found)
{
        Fault fault;
        bool nameless = found->fault.scope == FAULT_NONE && found->source != DISCOVER_EDGE_API;
        if (!nameless || edge_name_is_wanted(&c->checks.session.config->discover, ""))
                return;
        fault_set(&fault, FAULT_RUN, EACCES, found->edge_api.code,
                  "include and exclude choose by name, and the catalog shows no names (HTTP %d): "
                  "nothing would be discovered",
                  found->edge_api.http_status);
        check_line(&c->checks, "catalog: [discover]", &fault, "");
        c->checks.status = exit_status_worse(c->checks.status, CLI_EXIT_REFUSED);
}

static void check_on_discovery(const Discovered *found, void *userdata)
{
        Check *c = userdata;
        check_patterns(c, found);
        check_postgres(&c->checks);
}

/* One alone until the catalog as a whole is known, then as many at a time as syncs would be; none
 * any more once the catalog as a whole has refused. */
static void check_next_edges(Check *c)
{
        const Config *config = c->checks.session.config;
        while (!c->catalog_down && c->next_edge < config->n_edges &&
               c->n_open < (c->catalog_reported ? config->catalog.max_requests : 1)) {
                const ConfigEdge *edge = &config->edges[c->next_edge++];
                if (edge->enabled)
                        check_edge(c, edge);
        }
        if (c->n_open > 0)
                return;
        if (!c->catalog_down && config->discover.enabled) {
                c->asked = true;
                if (check_discovery(&c->checks, check_on_discovery, c) == CLI_EXIT_DONE)
                        return;
        }
        if (!c->asked)
                check_skip(&c->checks, "catalog", "not asked: no edge is enabled");
        check_postgres(&c->checks);
}

/* ---- --show ----------------------------------------------------------------------------- */

/* The last value that was shown. */
typedef struct Shown {
        bool any;
        OptionSection section;
        const char *edge;
} Shown;

/* In the form of a configuration file. A value may hold what commands a terminal, or what begins a
 * comment in a file. */
static void show_as_text(const ShownValue *value, void *userdata)
{
        Shown *last = userdata;
        char text[4 * LIMIT_CONFIG_LINE_BYTES];
        bool begins = !last->any || value->section != last->section || value->edge != last->edge;
        if (!last->any)
                puts("# The configuration in effect, and where each value comes from. What an edge "
                     "does not say is that of [defaults].");
        *last = (Shown){true, value->section, value->edge};
        if (begins && value->edge)
                printf("\n[edge \"%s\"]\n", value->edge);
        else if (begins)
                printf("\n%s\n", option_section_name(value->section));
        if (!config_line_keeps(value->value)) {
                printf("# of %s, and no line of a file would give it as it is: %s = ",
                       value->source, value->key);
                put_text(stdout, value->value);
                putchar('\n');
                return;
        }
        const char *shown = value->value;
        if (!text_is_printable(shown))
                shown = text_show(shown, text);
        size_t taken = strlen(value->key) + strlen(" = ") + columns_of(shown);
        printf("%s = %s%*s ; %s\n", value->key, shown,
               taken < SETTING_COLUMNS ? (int)(SETTING_COLUMNS - taken) : 0, "", value->source);
}

static void show_as_json(const ShownValue *value, void *userdata _unused_)
{
        const char *name = option_section_name(value->section);
        char section[32];
        (void)snprintf(section, sizeof(section), "%.*s", (int)strcspn(name + 1, " ]"), name + 1);
        cJSON *o = cJSON_CreateObject();
        json_add_text(o, "section", section);
        json_add_text(o, "edge", value->edge);
        json_add_text(o, "key", value->key);
        json_add_text(o, "value", value->value);
        json_add_text(o, "source", value->source);
        json_print_line(o);
}

static int show(const CommandLine *line)
{
        Shown last = {0};
        _cleanup_(text_done) Text errors = {0};
        int r = config_show(line->config_file, line->json ? show_as_json : show_as_text, &last,
                            &errors);
        return session_loaded(r, &errors);
}

int command_check(const CommandLine *line)
{
        if (line->show)
                return show(line);
        Check c = {.checks.json = line->json};
        char detail[64];
        int status = session_load(&c.checks.session, line->config_file);
        if (status == 0) {
                (void)snprintf(detail, sizeof(detail), "valid, %zu edge%s",
                               c.checks.session.config->n_edges,
                               text_plural(c.checks.session.config->n_edges));
                check_line(&c.checks, "configuration", &fault_none, detail);
                check_warnings(&c);
                check_environment(&c.checks);
                check_spool(&c.checks);
        }
        if (status == 0)
                check_webhook(&c.checks);
        if (status == 0 && line->offline)
                check_secrets(&c.checks);
        if (status == 0 && !line->offline) {
                /* What is wrong with one side is no reason to keep quiet about the other. */
                Fault fault;
                check_certificate(&c.checks, false);
                int catalog_status = session_try(&c.checks.session, SESSION_CATALOG, &fault);
                if (catalog_status == 0) {
                        check_next_edges(&c);
                } else {
                        check_line(&c.checks, "catalog", &fault, "");
                        c.checks.status = exit_status_worse(c.checks.status, catalog_status);
                        check_postgres(&c.checks);
                }
                if (c.checks.session.event)
                        status = session_loop(&c.checks.session);
        }
        checks_done(&c.checks);
        return status ? status : c.checks.status;
}
