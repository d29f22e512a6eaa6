/*
 * sync_report: prints and judges reports. Texts in a report are fit for a terminal already; names
 * come from the configuration.
 */
#include "cli/sync_report.h"
#include "base/duration.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/json_out.h"
#include "cli/session.h"
#include "mirror/apply.h"
#include <inttypes.h>
#include <stdio.h>

enum { EDGE_COLUMNS = 24 };

bool sync_report_busy(const SyncReport *r)
{
        return r->outcome == OUTCOME_ABORTED && r->fault.code == CODE_LEASE_HELD;
}

int sync_report_status(const SyncReport *r)
{
        if (r->outcome == OUTCOME_HELD)
                return CLI_EXIT_HELD;
        if (r->outcome == OUTCOME_UNSTABLE)
                return CLI_EXIT_EDGE_FAILED;
        if (sync_outcome_is_applied(r->outcome) || sync_report_busy(r))
                return CLI_EXIT_DONE;
        if (sync_report_catalog_away(r))
                return CLI_EXIT_EDGE_FAILED;
        int status = fault_exit_status(&r->fault);
        return status ? status : CLI_EXIT_EDGE_FAILED;
}

bool sync_report_catalog_away(const SyncReport *r)
{
        const Fault *f = &r->fault;
        bool of_catalog =
                f->origin == ORIGIN_CATALOG || f->origin == ORIGIN_GATEWAY || fault_is_of_proxy(f);
        bool peer = f->scope == FAULT_PEER && !f->refused && of_catalog;
        return r->outcome == OUTCOME_FAILED && (peer || fault_is_of_gateway(f));
}

void sync_report_print_json(const char *edge, const Uuid *edge_id, const SyncReport *r, Plan *plan)
{
        const MirrorApplied *a = &r->applied;
        cJSON *o = cJSON_CreateObject();
        json_add_text(o, "edge", edge);
        json_add_uuid(o, "edgeConnectionId", edge_id);
        json_add_int(o, "runId", r->run_id ? r->run_id : -1);
        json_add_text(o, "outcome", sync_outcome_name(r->outcome));
        json_add_text(o, "refresh", sync_refresh_name(r->refresh));
        json_add_uuid(o, "jobId", r->has_job ? &r->job.id : NULL);
        json_add_text(o, "jobState", r->has_job && r->job.state[0] ? r->job.state : NULL);
        json_add_int(o, "listed", r->listed);
        json_add_int(o, "added", a->added);
        json_add_int(o, "changed", a->changed);
        json_add_int(o, "removed", a->removed);
        json_add_int(o, "restored", a->restored);
        json_add_int(o, "unchanged", a->unchanged);
        json_add_int(o, "held", a->held);
        json_add_int(o, "pending", a->pending);
        json_add_int(o, "rejected", a->rejected);
        json_add_int(o, "pages", r->pages);
        json_add_int(o, "requests", r->requests);
        json_add_int(o, "durationMs", (int64_t)(r->duration_usec / USEC_PER_MSEC));
        bool fault = r->fault.scope != FAULT_NONE;
        json_add_fault(o, "error", fault_scope_name(r->fault.scope),
                       fault ? fault_code_name(r->fault.code) : NULL, r->fault.message,
                       r->fault.http_status, r->fault.sqlstate);
        if (plan && sync_outcome_is_applied(r->outcome)) {
                plan_print_json(plan, o);
                return;
        }
        if (plan)
                cJSON_AddNullToObject(o, "plan");
        json_print_line(o);
}

static void print_counts(const SyncReport *r)
{
        const struct {
                int64_t count;
                const char *word;
        } counts[] = {
                {r->applied.added, "added"},       {r->applied.changed, "changed"},
                {r->applied.removed, "removed"},   {r->applied.restored, "restored"},
                {r->applied.held, "held"},         {r->applied.pending, "pending"},
                {r->applied.rejected, "rejected"},
        };
        bool any = false;
        printf("%" PRId64 " listed", r->listed);
        for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
                if (counts[i].count == 0)
                        continue;
                printf("%s %" PRId64 " %s", any ? "," : ":", counts[i].count, counts[i].word);
                any = true;
        }
        printf("%s; ", any ? "" : ", no change");
}

/* What is wrong with a peer is the same for every edge that needs it: the message once, then the
 * code alone. */
static void print_fault(const Fault *fault, const Fault *printed)
{
        bool again = printed->scope == FAULT_PEER && fault->scope == FAULT_PEER &&
                     fault->code == printed->code && text_equal(fault->message, printed->message);
        printf("    %s: %s\n", fault_code_name(fault->code), again ? "as above" : fault->message);
}

void sync_report_print(const char *edge, const SyncReport *r, Plan *plan, const Fault *printed)
{
        char took[DURATION_STRING_SIZE];
        bool one = r->applied.held == 1;
        columns_put(stdout, edge, EDGE_COLUMNS);
        printf("  %-8s  ", sync_report_busy(r) ? "busy" : sync_outcome_name(r->outcome));
        if (plan)
                printf("dry run, nothing is written: ");
        if (sync_outcome_is_applied(r->outcome))
                print_counts(r);
        if (r->refresh != REFRESH_NONE)
                printf("refresh %s; ", sync_refresh_name(r->refresh));
        printf("%s\n", duration_format_short(r->duration_usec, took));
        if (r->fault.scope != FAULT_NONE)
                print_fault(&r->fault, printed);
        if (r->applied.held > 0)
                printf("    %" PRId64
                       " row%s of the mirror %s missing from the list and %s left as %s\n",
                       r->applied.held, text_plural(r->applied.held), one ? "is" : "are",
                       one ? "was" : "were", one ? "it is" : "they are");
        if (r->applied.pending > 0)
                printf("    %" PRId64
                       " %s missing and proven gone; removed once enough syncs in a row have "
                       "proven it (confirm_removals), for long enough (removal_delay), or at once "
                       "with --accept-removals\n",
                       r->applied.pending, r->applied.pending == 1 ? "row is" : "rows are");
        if (r->applied.rejected > 0)
                printf("    %" PRId64 " listed row%s cannot be mirrored and %s set aside; the view "
                       "edgemirror.rejected says why\n",
                       r->applied.rejected, text_plural(r->applied.rejected),
                       r->applied.rejected == 1 ? "is" : "are");
        if (r->applied.moved > 0)
                printf("    %" PRId64 " %s to an Edge connection that is not synced here, and "
                       "stays as it is now\n",
                       r->applied.moved, r->applied.moved == 1 ? "row went" : "rows went");
        int64_t left = r->moved - r->applied.moved;
        if (left > 0)
                printf("    %" PRId64 " of the missing rows %s to another Edge connection now; its "
                       "sync takes %s over\n",
                       left, left == 1 ? "belongs" : "belong", left == 1 ? "it" : "them");
        if (plan && sync_outcome_is_applied(r->outcome))
                plan_print(plan);
        (void)fflush(stdout);
}
