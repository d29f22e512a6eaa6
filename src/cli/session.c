#include "cli/session.h"
#include "base/log.h"
#include "base/own_command.h"
#include "base/text.h"
#include "cli/by_hand.h"
#include "cli/cli.h"
#include "config/variables.h"
#include "mirror/spool.h"
#include <stdio.h>
#include <string.h>

int session_load(Session *s, const char *config_file)
{
        _cleanup_(text_done) Text errors = {0};
        s->config_file = config_file;
        int r = (s->edges_optional ? config_load_for_discover : config_load)(config_file,
                                                                             &s->config, &errors);
        _cleanup_(text_done) Text variables = {0};
        if (r >= 0 && !s->is_service)
                r = variables_append(&variables, " ");
        if (variables.data)
                own_command_add_variables(variables.data);
        return session_loaded(r, &errors);
}

int session_loaded(int r, const Text *errors)
{
        if (r >= 0)
                return CLI_EXIT_DONE;
        if (errors->size > 0)
                fputs(errors->data, stderr);
        else
                log_error("the configuration cannot be read: %s", strerrordesc_np(-r));
        return error_is_shortage(-r) ? CLI_EXIT_EDGE_FAILED : CLI_EXIT_CONFIG;
}

void session_log_spool(void)
{
        char text[SPOOL_COMPLAINT_BYTES];
        if (spool_passes_over(text))
                log_warning("%s", text);
}

static int session_fault_status(const Fault *fault)
{
        bool of_config = fault->origin == ORIGIN_CONFIG;
        return of_config ? CLI_EXIT_CONFIG : CLI_EXIT_EDGE_FAILED;
}

int session_failed(const Fault *fault)
{
        log_error("%s", fault->message);
        return session_fault_status(fault);
}

void session_advise(const Session *s)
{
        _cleanup_(text_done) Text command = {0};
        if (!s->lacks_credential ||
            by_hand_command(&command, s->config, s->config_file, !s->from_answers) < 0 ||
            !text_is_printable(command.data)) /* pasted as it is shown, it would be another */
                return;
        (void)fflush(stdout); /* what it is about is there */
        (void)fprintf(stderr, "by hand, as root:\n    %s\n", command.data);
}

int session_try(Session *s, SessionPeer peer, Fault *ret_fault)
{
        int r = s->event ? 0 : sd_event_new(&s->event);
        if (r >= 0 && !s->peers)
                r = peers_new(s->event, s->config, &s->peers);
        if (r < 0)
                fault_not_begun(ret_fault, r, "the event loop cannot be opened");
        else if (peer == SESSION_MIRROR)
                r = peers_open_mirror(s->peers, s->only_reads, ret_fault);
        else
                r = peers_open_catalog(s->peers, ret_fault);
        if (r >= 0)
                return CLI_EXIT_DONE;
        s->lacks_credential = s->lacks_credential || ret_fault->code == CODE_SECRET_NO_CREDENTIALS;
        return session_fault_status(ret_fault);
}

int session_open(Session *s, SessionPeer peer)
{
        Fault fault;
        int status = session_try(s, peer, &fault);
        if (status == CLI_EXIT_DONE)
                return status;
        log_error("%s", fault.message);
        session_advise(s);
        return status;
}

int session_open_reading(Session *s, const CommandLine *line)
{
        int status = s->config ? 0 : session_load(s, line->config_file);
        if (status == 0)
                status = session_open(s, SESSION_MIRROR);
        return status ? status : session_begun(s, asked_names_take(&s->asked, line->names));
}

void session_end(Session *s, int status)
{
        s->status = status;
        (void)sd_event_exit(s->event, 0);
}

void session_fail(Session *s, const Fault *fault)
{
        log_error("%s: %s", s->command, fault->message);
        session_end(s, fault_exit_status(fault));
}

int session_begun(const Session *s, int r)
{
        if (r >= 0)
                return CLI_EXIT_DONE;
        log_error("%s: %s", s->command, strerrordesc_np(-r));
        return CLI_EXIT_EDGE_FAILED;
}

int session_loop(Session *s)
{
        int r = sd_event_loop(s->event);
        if (r >= 0)
                return r ? r : s->status;
        log_error("the event loop failed: %s; there is no result", strerrordesc_np(-r));
        return CLI_EXIT_EDGE_FAILED;
}

int session_finish(Session *s, int status)
{
        if (status == 0)
                status = session_loop(s);
        session_done(s);
        return status;
}

void session_done(Session *s)
{
        peers_unref(s->peers);
        sd_event_unref(s->event);
        (void)config_free(s->config);
        asked_names_done(&s->asked);
        *s = (Session){0};
}

void session_say_no_edges(const Session *s)
{
        bool configured = false;
        for (size_t i = 0; i < s->config->n_edges; i++)
                configured = configured || s->config->edges[i].enabled;
        if (configured || s->config->discover.enabled)
                printf("the mirror has no edges yet; %s %s\n", own_command(),
                       configured ? "sync registers those of the configuration"
                                  : "run discovers them");
        else
                puts("the mirror has no edges, and no edge is enabled in the configuration");
}

static const ConfigEdge *find_edge(const Session *s, const DiscoveredEdges *discovered,
                                   const char *name)
{
        const ConfigEdge *edge = config_find_edge(s->config, name);
        return edge ? edge : discovered_edges_find(discovered, name);
}

static void session_say_unknown(const Session *s, const DiscoveredEdges *discovered,
                                const char *name)
{
        unsigned best = text_distance_max(name) + 1;
        const char *meant = NULL;
        for (size_t i = 0; i < s->config->n_edges; i++) {
                unsigned distance = text_distance(name, s->config->edges[i].name);
                if (distance < best) {
                        best = distance;
                        meant = s->config->edges[i].name;
                }
        }
        log_error("no edge \"%s\" in the configuration%s%s%s%s", name,
                  discovered->edges ? ", and none that was discovered" : "",
                  meant ? "; did you mean \"" : "", meant ? meant : "", meant ? "\"?" : "");
}

static bool is_picked(const ConfigEdge *const *picked, size_t n, const ConfigEdge *edge)
{
        for (size_t i = 0; i < n; i++)
                if (picked[i] == edge)
                        return true;
        return false;
}

int session_pick_edges(const Session *s, const DiscoveredEdges *discovered, char *const *names,
                       const ConfigEdge ***ret, size_t *ret_n)
{
        size_t n = 0, n_names = 0, n_sections = s->config->n_edges;
        while (names[n_names])
                n_names++;
        size_t most = n_names ? n_names : n_sections + discovered->n;
        const ConfigEdge **picked = calloc(most + 1, sizeof(*picked));
        if (!picked) {
                log_error("out of memory");
                return CLI_EXIT_EDGE_FAILED;
        }

        bool unknown = false;
        for (size_t i = 0; i < n_names; i++) {
                const ConfigEdge *edge = find_edge(s, discovered, names[i]);
                if (!edge)
                        session_say_unknown(s, discovered, names[i]);
                else if (!is_picked(picked, n, edge))
                        picked[n++] = edge;
                unknown = unknown || !edge;
        }
        for (size_t i = 0; i < n_sections && n_names == 0; i++)
                if (s->config->edges[i].enabled)
                        picked[n++] = &s->config->edges[i];
        for (size_t i = 0; i < discovered->n && n_names == 0; i++)
                picked[n++] = &discovered->edges[i];
        if (unknown) {
                free(picked);
                return CLI_EXIT_USAGE;
        }
        *ret = picked;
        *ret_n = n;
        return CLI_EXIT_DONE;
}

int fault_exit_status(const Fault *fault)
{
        if (fault->scope == FAULT_NONE)
                return CLI_EXIT_DONE;
        if (fault->refused)
                return CLI_EXIT_REFUSED;
        return fault->scope == FAULT_PEER ? CLI_EXIT_UNREACHABLE : CLI_EXIT_EDGE_FAILED;
}

int exit_status_worse(int a, int b)
{
        static const int gravest_first[] = {CLI_EXIT_CONFIG,      CLI_EXIT_USAGE,
                                            CLI_EXIT_REFUSED,     CLI_EXIT_UNREACHABLE,
                                            CLI_EXIT_EDGE_FAILED, CLI_EXIT_HELD};
        for (size_t i = 0; i < ARRAY_SIZE(gravest_first); i++)
                if (a == gravest_first[i] || b == gravest_first[i])
                        return gravest_first[i];
        return CLI_EXIT_DONE;
}
