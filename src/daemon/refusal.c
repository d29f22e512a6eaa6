#include "daemon/refusal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/text.h"

#define ASK_EVERY_USEC (5 * USEC_PER_SEC)

bool refusal_is_of_statement(const Fault *fault)
{
        return fault->code == CODE_PG_PRIVILEGE || fault->code == CODE_PG_SCHEMA_MISSING ||
               fault->code == CODE_PG_RESOURCES;
}

static bool fault_is_refusal(const Fault *fault, bool unrecorded)
{
        return refusal_is_of_statement(fault) ||
               (unrecorded && fault->origin == ORIGIN_POSTGRES && fault->scope != FAULT_PEER);
}

const Fault *refusal_of_run(const SyncReport *report)
{
        if (fault_is_refusal(&report->end_fault, report->lease_kept))
                return &report->end_fault;
        return fault_is_refusal(&report->fault, report->run_id == 0 || report->lease_kept)
                       ? &report->fault
                       : NULL;
}

static size_t refusal_find(const Refusal *r, const Uuid *edge)
{
        size_t i = 0;
        while (i < r->n && uuid_compare(&r->edges[i], edge) != 0)
                i++;
        return i;
}

/* The fault, with the edges that it concerns before what PostgreSQL says. */
static Fault refusal_fault(const Refusal *r)
{
        enum { NAMED_BYTES = 200 };
        _cleanup_(text_done) Text names = {0};
        Fault named = r->fault;
        bool is_room = true;
        for (size_t i = 0; i < r->n && is_room; i++) {
                const ConfigEdge *e = r->find(&r->edges[i], r->userdata);
                is_room = names.size < NAMED_BYTES;
                if (e)
                        (void)text_printf(&names, "%s%s", names.size > 0 ? ", " : "",
                                          is_room ? e->name : "…");
        }
        if (names.size > 0)
                fault_prefix(&named, "%s: ", names.data);
        return named;
}

static void refusal_over(Refusal *r)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        r->n = r->n_asked = 0;
        r->is_more = false;
        metric_set(METRIC_POSTGRES_UP, 0, 1);
        if (outage_over(&r->outage, clock_monotonic_usec(), &lasted))
                log_info("PostgreSQL takes what syncs write again after %s",
                         duration_format_short(lasted, text));
}

/* A run of it was recorded: it is over for that edge. Of those that found no place nothing is
 * known.
 */
static void refusal_end(Refusal *r, size_t i)
{
        r->n--;
        r->edges[i] = r->edges[r->n];
        r->last_run[i] = r->last_run[r->n];
        r->recorded[i] = r->recorded[r->n];
        if (r->n == 0 || r->is_more)
                refusal_over(r);
        else
                r->outage.fault = refusal_fault(r);
}

bool refusal_record(Refusal *r, const Uuid *edge, int64_t run_id, const Fault *fault)
{
        r->fault = *fault;
        r->fault.scope = FAULT_RUN; /* PostgreSQL as a whole can be used */
        r->fault.refused = false;   /* … and its credentials are right */
        size_t i = refusal_find(r, edge);
        metric_set(METRIC_POSTGRES_UP, 0, 0);
        if (i == r->n && r->n < REFUSAL_EDGES) {
                r->edges[r->n++] = *edge;
                r->last_run[i] = -1;
                r->recorded[i] = false;
                r->ask_usec = 0;
        }
        r->is_more = r->is_more || i == REFUSAL_EDGES;
        if (i < r->n && run_id > 0)
                r->last_run[i] = run_id;
        Fault named = refusal_fault(r);
        return outage_failed(&r->outage, &named, clock_monotonic_usec(), clock_random(), NULL);
}

void refusal_applied(Refusal *r, const Uuid *edge)
{
        size_t i = refusal_find(r, edge);
        if (i < r->n)
                refusal_end(r, i);
}

size_t refusal_to_ask(Refusal *r, bool is_asked, const Uuid **ret_edges)
{
        uint64_t now = clock_monotonic_usec();
        if (r->outage.down)
                metric_set(METRIC_POSTGRES_UP, 0, 0);
        if (!r->outage.down || is_asked || now < r->ask_usec)
                return 0;
        r->n_asked = 0;
        for (size_t i = 0; i < r->n; i++) {
                if (!r->find(&r->edges[i], r->userdata))
                        continue;
                r->edges[r->n_asked] = r->edges[i];
                r->recorded[r->n_asked] = false;
                r->last_run[r->n_asked++] = r->last_run[i];
        }
        r->n = r->n_asked;
        if (r->n == 0)
                refusal_over(r);
        r->ask_usec = now + ASK_EVERY_USEC;
        *ret_edges = r->edges;
        return r->n;
}

/* Of an edge whose run could not begin, the first answer tells what its last run was then. */
void refusal_heard(Refusal *r, const Uuid *edge, int64_t run_id, bool refused)
{
        size_t i = refusal_find(r, edge);
        if (i < r->n && r->last_run[i] < 0)
                r->last_run[i] = run_id;
        else if (i < r->n && run_id > r->last_run[i] && !refused)
                r->recorded[i] = true;
}

void refusal_answered(Refusal *r)
{
        for (size_t i = 0; i < r->n_asked; i++)
                if (r->last_run[i] < 0)
                        r->last_run[i] = 0; /* it has never had one */
        for (size_t i = r->n; i-- > 0;)
                if (i < r->n && r->recorded[i])
                        refusal_end(r, i);
}
