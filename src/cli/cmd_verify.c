/*
 * cmd_verify: the command. Says of each edge whether its rows are as its last sync left them.
 */
#include "base/log.h"
#include "base/own_command.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/json_out.h"
#include "cli/session.h"
#include "mirror/verify.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_COLUMNS = 24, STATE_COLUMNS = 10 };

typedef struct Verification {
        Session session;
        bool json;
        size_t n_edges, n_rows_differ, n_history_differs;
} Verification;

static bool rows_differ(const MirrorVerify *v)
{
        return v->recorded_digest &&
               (v->rows != v->recorded_rows || !text_equal(v->digest, v->recorded_digest));
}

static bool is_altered(const MirrorVerify *v)
{
        return rows_differ(v) || v->history_differs > 0;
}

static const char *state_of(const MirrorVerify *v)
{
        return is_altered(v) ? "altered" : v->recorded_digest ? "intact" : "unknown";
}

static void print_rows(const MirrorVerify *v)
{
        if (v->recorded_rows < 0)
                printf("never synced");
        else if (!v->recorded_digest)
                printf("%" PRId64 " row%s; there is no digest to compare with before the next list",
                       v->rows, text_plural(v->rows));
        else if (v->rows != v->recorded_rows)
                printf("%" PRId64 " row%s, and its last sync left %" PRId64, v->rows,
                       text_plural(v->rows), v->recorded_rows);
        else
                printf("%" PRId64 " row%s%s", v->rows, text_plural(v->rows),
                       rows_differ(v) ? ", as many as its last sync left, but not the same" : "");
}

static void verify_print(const MirrorVerify *v)
{
        columns_put(stdout, v->name, NAME_COLUMNS);
        printf(" %-*s ", STATE_COLUMNS, is_altered(v) ? "ALTERED" : state_of(v));
        print_rows(v);
        if (v->history_differs > 0)
                printf("; %" PRId64 " of them with versions that overlap", v->history_differs);
        putchar('\n');
        (void)fflush(stdout); /* the next may take long */
}

static void add_contents(cJSON *o, const char *name, int64_t rows, const char *digest)
{
        cJSON *contents = cJSON_AddObjectToObject(o, name);
        json_add_int(contents, "rows", rows);
        json_add_text(contents, "digest", digest);
}

static void verify_print_json(const MirrorVerify *v)
{
        cJSON *o = cJSON_CreateObject();
        json_add_text(o, "edge", v->name);
        json_add_uuid(o, "edgeConnectionId", &v->edge);
        json_add_text(o, "state", state_of(v));
        add_contents(o, "recorded", v->recorded_rows, v->recorded_digest);
        add_contents(o, "found", v->rows, v->digest);
        json_add_int(o, "historyDiffers", v->history_differs);
        json_print_line(o);
}

static void verify_finish(Verification *c)
{
        int status = CLI_EXIT_DONE;
        if (c->n_rows_differ > 0)
                log_warning("verify: the rows of %zu of %zu edge%s were altered; %s sync --dry-run "
                            "EDGE shows them, %s sync --full EDGE repairs them",
                            c->n_rows_differ, c->n_edges, text_plural(c->n_edges), own_command(),
                            own_command());
        if (c->n_history_differs > 0)
                log_warning("verify: the history of %zu of %zu edge%s was altered; no sync repairs "
                            "it, only a backup has what was there",
                            c->n_history_differs, c->n_edges, text_plural(c->n_edges));
        if (c->n_rows_differ + c->n_history_differs > 0)
                status = CLI_EXIT_EDGE_FAILED;
        if (asked_names_missing(&c->session.asked, "verify", ASKED_NAMES_SYNC))
                status = CLI_EXIT_USAGE;
        if (!c->session.asked.names && c->n_edges == 0 && !c->json)
                session_say_no_edges(&c->session);
        session_end(&c->session, status);
}

static void verify_on_edge(const MirrorVerify *v, const Fault *fault, void *userdata)
{
        Verification *c = userdata;
        if (!v && fault->scope != FAULT_NONE) {
                session_fail(&c->session, fault);
                return;
        }
        if (!v) {
                verify_finish(c);
                return;
        }
        asked_names_mark(&c->session.asked, v->name, &v->edge);
        c->n_edges++;
        c->n_rows_differ += rows_differ(v);
        c->n_history_differs += v->history_differs > 0;
        if (c->json)
                verify_print_json(v);
        else
                verify_print(v);
}

int command_verify(const CommandLine *line)
{
        /* on call, a standby is better than nothing */
        Verification c = {.session = {.command = "verify", .only_reads = true}, .json = line->json};
        int status = session_open_reading(&c.session, line);
        if (status == 0)
                status = session_begun(&c.session,
                                       mirror_verify(c.session.peers->mirror, c.session.asked.names,
                                                     verify_on_edge, &c, NULL));
        return session_finish(&c.session, status);
}
