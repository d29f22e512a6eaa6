/*
 * status: the command. A table for people, JSON lines for programs.
 */
#include "base/duration.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/session.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct StatusView {
        Session session;
        const char **names; /* asked for, NULL-terminated; NULL: all */
        bool *seen;         /* one for each name */
        bool json;
        bool headed;
        int status;
} StatusView;

static const char *age(int64_t seconds, char out[DURATION_STRING_SIZE])
{
        if (seconds < 0)
                return "never";
        if (seconds == 0)
                return "now";
        return duration_format_short((uint64_t)seconds * USEC_PER_SEC, out);
}

/* What another instance has written to the database is foreign text. */
static const char *printable(const char *text, char *out, size_t size)
{
        return text_printable(text, strlen(text), out, size);
}

static void status_print_json(const MirrorStatus *s)
{
        cJSON *o = cJSON_CreateObject();
        json_add_text(o, "edge", s->name);
        json_add_uuid(o, "edgeConnectionId", &s->edge);
        cJSON_AddBoolToObject(o, "enabled", s->enabled);
        json_add_text(o, "phase", s->phase);
        json_add_text(o, "holder", s->holder);
        json_add_text(o, "outcome", s->outcome);
        json_add_text(o, "refresh", s->refresh);
        json_add_int(o, "rowCount", s->row_count);
        json_add_text(o, "listedAt", s->listed_at);
        json_add_text(o, "refreshedAt", s->refreshed_at);
        json_add_text(o, "nextRunAt", s->next_run_at);
        cJSON_AddBoolToObject(o, "overdue", s->overdue);
        json_add_int(o, "consecutiveFailures", s->consecutive_failures);
        if (s->job_id) {
                cJSON *job = cJSON_AddObjectToObject(o, "job");
                json_add_text(job, "id", s->job_id);
                json_add_text(job, "state", s->job_state);
                cJSON_AddItemToObject(job, "progress",
                                      s->job_progress >= 0 ? cJSON_CreateNumber(s->job_progress) : cJSON_CreateNull());
        } else {
                cJSON_AddItemToObject(o, "job", cJSON_CreateNull());
        }
        json_add_fault(o, "error", s->error_scope, s->error_code, s->error_message, s->error_http_status, NULL);
        json_print_line(o);
}

static void status_state(const MirrorStatus *s, char *out, size_t size)
{
        char running[DURATION_STRING_SIZE];
        if (!s->phase)
                (void)snprintf(out, size, "%s", !s->enabled ? "disabled" : s->overdue ? "OVERDUE" : "idle");
        else if (strcmp(s->phase, "poll") == 0 && s->job_state)
                (void)snprintf(out, size, "%s: %s", s->phase, s->job_state);
        else
                (void)snprintf(out, size, "%s, %s", s->phase, age(s->running_sec, running));
}

static void status_print_row(StatusView *v, const MirrorStatus *s)
{
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 1], holder[160], words[LIMIT_FAULT_MESSAGE_BYTES];
        char state[64], listed[DURATION_STRING_SIZE], refreshed[DURATION_STRING_SIZE], rows[32] = "-";
        if (!v->headed)
                printf("%-24s %-18s %9s  %9s  %10s  %-10s %-10s %s\n", "EDGE", "STATE", "LISTED", "REFRESHED", "ROWS",
                       "OUTCOME", "REFRESH", "NEXT RUN");
        v->headed = true;
        status_state(s, state, sizeof(state));
        if (s->row_count >= 0)
                (void)snprintf(rows, sizeof(rows), "%" PRId64, s->row_count);
        printf("%-24s %-18s %9s  %9s  %10s  %-10s %-10s %s\n", printable(s->name, name, sizeof(name)), state,
               age(s->listed_age_sec, listed), age(s->refreshed_age_sec, refreshed), rows,
               s->outcome ? s->outcome : "-", s->refresh ? s->refresh : "-", s->next_run_at ? s->next_run_at : "-");
        if (s->phase && s->holder)
                printf("    held by %s\n", printable(s->holder, holder, sizeof(holder)));
        if (s->error_message)
                printf("    %s: %s\n", s->error_code ? s->error_code : "error",
                       printable(s->error_message, words, sizeof(words)));
        if (s->consecutive_failures > 1)
                printf("    %" PRId64 " failures in a row\n", s->consecutive_failures);
}

static void status_mark_seen(StatusView *v, const char *name)
{
        for (size_t i = 0; v->names && v->names[i]; i++)
                v->seen[i] = v->seen[i] || text_equal(v->names[i], name);
}

/* Says what is missing: names that the mirror does not know, or everything. */
static void status_finish(StatusView *v)
{
        for (size_t i = 0; v->names && v->names[i]; i++) {
                if (v->seen[i])
                        continue;
                log_error("status: the mirror knows no edge \"%s\"; edgemirror sync makes it known", v->names[i]);
                v->status = CLI_EXIT_USAGE;
        }
        if (!v->names && !v->headed && !v->json)
                puts("no edge is known to the mirror yet; edgemirror sync makes the first one");
}

static void status_on_row(const MirrorStatus *s, const Fault *fault, void *userdata)
{
        StatusView *v = userdata;
        if (s) {
                status_mark_seen(v, s->name);
                if (v->json)
                        status_print_json(s);
                else
                        status_print_row(v, s);
                return;
        }
        v->status = fault_exit_status(fault);
        if (fault->scope != FAULT_NONE)
                log_error("status: %s", fault->message);
        else
                status_finish(v);
        (void)sd_event_exit(v->session.event, 0);
}

/* An edge of the configuration may be given by its id; one that has left the configuration is still known to the mirror by its name. */
static int status_take_names(StatusView *v, char **given)
{
        size_t n = 0;
        while (given[n])
                n++;
        if (n == 0)
                return 0;
        v->names = calloc(n + 1, sizeof(*v->names));
        v->seen = calloc(n, sizeof(*v->seen));
        if (!v->names || !v->seen)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const ConfigEdge *edge = config_find_edge(v->session.config, given[i]);
                v->names[i] = edge ? edge->name : given[i];
        }
        return 0;
}

int command_status(const CommandLine *line)
{
        StatusView v = {.json = line->json};
        MirrorTask *task;
        int status = session_load(&v.session, line->config_file);
        if (status == 0)
                status = session_open_mirror(&v.session);
        if (status == 0 && (status_take_names(&v, line->names) < 0 ||
                            mirror_status(v.session.mirror, v.names, status_on_row, &v, &task) < 0)) {
                log_error("status: out of memory");
                status = CLI_EXIT_EDGE_FAILED;
        }
        if (status == 0) {
                (void)sd_event_loop(v.session.event);
                status = v.status;
        }
        free(v.names);
        free(v.seen);
        session_done(&v.session);
        return status;
}
