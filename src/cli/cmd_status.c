/*
 * cmd_status: the command. First the instances of the service, then a table of the edges for
 * people, JSON lines for programs, one line for monitoring; with --watch, the table again every two
 * seconds on a terminal.
 */
#include "base/duration.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/timer.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/session.h"
#include "cli/status_service.h"
#include "cli/status_table.h"
#include "mirror/instance.h"
#include "mirror/status.h"
#include "report/status_json.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define WATCH_EVERY_USEC (2 * USEC_PER_SEC)

typedef struct StatusView {
        Session session;
        bool json, colour, watch, check;
        bool *known;           /* of the configuration's edges: the mirror has it */
        ServiceStatus service; /* in this look; the next too */
        EdgesStatus edges;
        size_t n_edges, n_running, n_trouble; /* in this look */

        /* of a watch */
        Timer timer;
        FILE *head, *first, *rest; /* the service; what needs a look; the others */
        char *head_text, *first_text, *rest_text;
        size_t head_size, first_size, rest_size;
} StatusView;

static void status_ask(StatusView *v);

/* ---- one look ------------------------------------------------------------------------------- */

/* The configuration's edge, if it is there. */
static const ConfigEdge *status_know(StatusView *v, const Uuid *edge)
{
        const Config *config = v->session.config;
        const ConfigEdge *found = config_find_edge_by_id(config, edge);
        if (found)
                v->known[found - config->edges] = true;
        return found;
}

/* After the last row, where no edges were named: what was added to the configuration and never
 * synced. */
static void status_take_unknown(StatusView *v)
{
        const Config *config = v->session.config;
        for (size_t i = 0; !v->session.asked.names && i < config->n_edges; i++)
                if (config->edges[i].enabled && !v->known[i])
                        edges_status_take_unknown(&v->edges, config->edges[i].name);
}

static void status_take_row(StatusView *v, const MirrorStatus *s)
{
        const ConfigEdge *configured = status_know(v, &s->edge);
        const char *unscheduled = edge_status_unscheduled(&v->service, s, configured);
        bool trouble = unscheduled || status_is_trouble(s);
        asked_names_mark(&v->session.asked, s->name, &s->edge);
        if (v->check) {
                edges_status_take(&v->edges, s, unscheduled);
        } else if (v->json) {
                json_print_line(status_json(s));
        } else if (v->watch) {
                status_table_row(trouble || s->phase ? v->first : v->rest, s, unscheduled,
                                 v->colour);
        } else {
                if (v->n_edges == 0)
                        status_table_head(stdout);
                status_table_row(stdout, s, unscheduled, v->colour);
        }
        v->n_edges++;
        v->n_running += s->phase != NULL;
        v->n_trouble += trouble;
}

/* ---- watching ------------------------------------------------------------------------------- */

static int watch_open(StatusView *v)
{
        v->head = open_memstream(&v->head_text, &v->head_size);
        v->first = open_memstream(&v->first_text, &v->first_size);
        v->rest = open_memstream(&v->rest_text, &v->rest_size);
        return v->head && v->first && v->rest ? 0 : -ENOMEM;
}

static void watch_close(StatusView *v)
{
        if (v->head)
                (void)fclose(v->head);
        if (v->first)
                (void)fclose(v->first);
        if (v->rest)
                (void)fclose(v->rest);
        free(v->head_text);
        free(v->first_text);
        free(v->rest_text);
        v->head = v->first = v->rest = NULL;
        v->head_text = v->first_text = v->rest_text = NULL;
}

/* What of the line is shown at once: it is broken at a blank where it is wider than the terminal. A
 * row with colour is not. */
static size_t watch_width(const char *line, size_t length, size_t columns)
{
        size_t fits = 0, broken = 0;
        char part[COLUMNS_TEXT_BYTES];
        if (columns == 0 || length >= sizeof(part) || memchr(line, '\033', length))
                return length;
        for (size_t i = 1; i <= length; i++) {
                memcpy(part, line, i);
                part[i] = '\0';
                if (columns_of(part) > columns)
                        break;
                fits = i;
                if (i < length && line[i] == ' ' && line[i - 1] != ' ')
                        broken = i;
        }
        return fits == length || broken == 0 ? length : broken;
}

/* Prints at most *left lines of the text, each erased to its end; counts those that found no place.
 */
static size_t watch_put(const char *text, size_t columns, size_t *left)
{
        static const char indent[] = "    ";
        size_t hidden = 0;
        for (const char *at = text, *gap = ""; *at;) {
                size_t rest = strcspn(at, "\n");
                size_t length =
                        watch_width(at, rest, columns > strlen(gap) ? columns - strlen(gap) : 0);
                if (*left > 0) {
                        printf("%s%.*s\033[K\n", gap, (int)length, at);
                        --*left;
                } else {
                        hidden++;
                }
                gap = length < rest ? indent : "";
                at += length;
                at += length < rest ? strspn(at, " ") : at[0] == '\n';
        }
        return hidden;
}

/* The terminal keeps its place: everything is written over, and what is left over erased. Lines are
 * cut by the terminal, not wrapped. */
static void watch_draw(StatusView *v, const Fault *fault)
{
        struct winsize size = {0};
        char now[32] = "";
        time_t seconds = time(NULL);
        struct tm local;
        (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        if (localtime_r(&seconds, &local))
                (void)strftime(now, sizeof(now), "%H:%M:%S %Z", &local);
        size_t left = size.ws_row > 5 ? (size_t)size.ws_row - 4 : 20;
        printf("\033[?7l\033[H%s  %zu edge%s: %zu syncing, %zu need%s a look\033[K\n", now,
               v->n_edges, text_plural(v->n_edges), v->n_running, v->n_trouble,
               v->n_trouble == 1 ? "s" : "");
        if (fault->scope != FAULT_NONE) {
                printf("%s\033[K\n", fault->message);
        } else {
                (void)watch_put(v->head_text, size.ws_col, &left);
                status_table_head(stdout);
                size_t hidden = watch_put(v->first_text, size.ws_col, &left) +
                                watch_put(v->rest_text, size.ws_col, &left);
                if (hidden > 0)
                        printf("… %zu more line%s\033[K\n", hidden, text_plural(hidden));
        }
        printf("\033[J\033[?7h");
        (void)fflush(stdout);
}

static void watch_on_timer(void *userdata)
{
        status_ask(userdata);
}

static void watch_took(StatusView *v, const Fault *fault)
{
        (void)fflush(v->head);
        (void)fflush(v->first);
        (void)fflush(v->rest);
        watch_draw(v, fault);
        watch_close(v);
        if (timer_start(&v->timer, v->session.event, WATCH_EVERY_USEC, 0, watch_on_timer, v) < 0)
                (void)sd_event_exit(v->session.event, 0);
}

static int watch_on_signal(sd_event_source *s, const struct signalfd_siginfo *info _unused_,
                           void *userdata _unused_)
{
        (void)sd_event_exit(sd_event_source_get_event(s), 0);
        return 0;
}

static int watch_begin(StatusView *v)
{
        static const int signals[] = {SIGINT, SIGTERM};
        int r = signals_watch(v->session.event, signals, ARRAY_SIZE(signals), watch_on_signal, v);
        fputs("\033[2J", stdout);
        return r;
}

/* ---- asking --------------------------------------------------------------------------------- */

static void status_failed(StatusView *v, const Fault *fault)
{
        if (!v->check) {
                session_fail(&v->session, fault);
                return;
        }
        printf("NOT OK: %s\n", fault->message);
        session_end(&v->session, fault_exit_status(fault));
}

static void status_on_row(const MirrorStatus *s, const Fault *fault, void *userdata)
{
        StatusView *v = userdata;
        if (s) {
                status_take_row(v, s);
                return;
        }
        int status = CLI_EXIT_DONE;
        if (fault->scope == FAULT_NONE &&
            asked_names_missing(&v->session.asked, "status", ASKED_NAMES_SYNC)) {
                status = CLI_EXIT_USAGE;
        } else if (v->watch) {
                watch_took(v, fault);
                return;
        } else if (fault->scope != FAULT_NONE) {
                status_failed(v, fault);
                return;
        } else if (v->check) {
                status_take_unknown(v);
                status = status_check_print(&v->service, &v->edges) ? CLI_EXIT_DONE
                                                                    : CLI_EXIT_EDGE_FAILED;
        } else if (!v->session.asked.names && v->n_edges == 0 && !v->json) {
                session_say_no_edges(&v->session);
        }
        session_end(&v->session, status);
}

static void status_on_instance(const MirrorInstanceStatus *instance, const Fault *fault,
                               void *userdata)
{
        StatusView *v = userdata;
        FILE *out = v->check || v->json ? NULL : v->watch ? v->head : stdout;
        if (instance) {
                service_status_take(&v->service, instance, out);
                return;
        }
        if (fault->scope != FAULT_NONE) {
                status_on_row(NULL, fault, v);
                return;
        }
        bool by_hand = v->service.n_known == 0 && !service_is_blocked(&v->service);
        if (out && !(v->watch && by_hand))
                service_status_end(&v->service, out);
        int r = mirror_status(v->session.peers->mirror, v->session.asked.names, status_on_row, v,
                              NULL);
        if (r < 0)
                session_end(&v->session, session_begun(&v->session, r));
}

static void status_on_blocked(const MirrorBlocked *blocked, const Fault *fault, void *userdata)
{
        StatusView *v = userdata;
        v->service.blocked = *blocked;
        if (fault->scope != FAULT_NONE) {
                status_on_row(NULL, fault, v);
                return;
        }
        int r = mirror_instances(v->session.peers->mirror, status_on_instance, v, NULL);
        if (r < 0)
                session_end(&v->session, session_begun(&v->session, r));
}

static void status_ask(StatusView *v)
{
        v->n_edges = v->n_running = v->n_trouble = 0;
        v->service = (ServiceStatus){0};
        int r = v->watch ? watch_open(v) : 0;
        if (r >= 0)
                r = mirror_blocked(v->session.peers->mirror, status_on_blocked, v, NULL);
        if (r < 0)
                session_end(&v->session, session_begun(&v->session, r));
}

/* Colour is for terminals, and for people who have not said that they want none (no-color.org). */
static bool wants_colour(void)
{
        const char *none = getenv("NO_COLOR");
        const char *term = getenv("TERM");
        return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 && !(none && none[0]);
}

static int status_open(StatusView *v, const CommandLine *line)
{
        int status = session_open_reading(&v->session, line);
        if (status != 0)
                return status;
        v->known = calloc(v->session.config->n_edges + 1, sizeof(*v->known));
        int r = !v->known ? -ENOMEM : v->watch ? watch_begin(v) : 0;
        return session_begun(&v->session, r);
}

int command_status(const CommandLine *line)
{
        /* on call, a standby is better than nothing */
        StatusView v = {.session = {.command = "status", .only_reads = true},
                        .json = line->json,
                        .watch = line->watch,
                        .check = line->check,
                        .colour = wants_colour()};
        if (v.watch && (v.json || !isatty(STDOUT_FILENO))) {
                log_error("--watch draws on a terminal; %s",
                          v.json ? "it does not go with --json" : "standard output is none");
                return CLI_EXIT_USAGE;
        }
        if (v.check && (v.json || v.watch)) {
                log_error("--check prints one line; it does not go with %s",
                          v.json ? "--json" : "--watch");
                return CLI_EXIT_USAGE;
        }
        int status = status_open(&v, line);
        if (status == 0)
                status_ask(&v);
        else if (v.check) /* standard error says what */
                puts("NOT OK: it cannot be asked with this configuration");
        status = session_finish(&v.session, status);
        watch_close(&v);
        timer_cancel(&v.timer);
        free(v.known);
        return status;
}
