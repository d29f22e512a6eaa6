#include "daemon/refusal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include <string.h>

#define ASK_EVERY_USEC (5 * USEC_PER_SEC)
#define TAKEN_AGAIN    "PostgreSQL takes what syncs write again"

static bool run_was_refused(const Fault *fault, bool unrecorded)
{
        return fault_is_of_statement(fault) ||
               (unrecorded && fault->origin == ORIGIN_POSTGRES && fault->scope != FAULT_PEER);
}

static const Fault *refusal_of_run(const SyncReport *report)
{
        if (run_was_refused(&report->end_fault, report->lease_kept))
                return &report->end_fault;
        return run_was_refused(&report->fault, report->run_id == 0 || report->lease_kept)
                       ? &report->fault
                       : NULL;
}

static size_t refusal_find(const Refusal *r, const Uuid *edge)
{
        size_t i = 0;
        while (i < r->n && uuid_compare(&r->edges[i].edge, edge) != 0)
                i++;
        return i;
}

static void refusal_remove(Refusal *r, size_t i)
{
        r->n--;
        memmove(&r->edges[i], &r->edges[i + 1], (r->n - i) * sizeof(r->edges[0]));
}

/* The latest, with the edges that met the same before what PostgreSQL says. */
static Fault refusal_fault(const Refusal *r)
{
        enum { NAMED_BYTES = 200 };
        _cleanup_(text_done) Text names = {0};
        Fault named = r->edges[r->n - 1].fault;
        bool is_more = r->is_more;
        for (size_t i = 0; i < r->n; i++) {
                const ConfigEdge *e = r->find(&r->edges[i].edge, r->userdata);
                bool same = text_equal(r->edges[i].fault.message, named.message);
                if (e && same && names.size < NAMED_BYTES)
                        (void)text_printf(&names, "%s%s", names.size > 0 ? ", " : "", e->name);
                else
                        is_more = true;
        }
        if (names.size > 0)
                fault_prefix(&named, "%s%s: ", names.data, is_more ? ", …" : "");
        return named;
}

static void refusal_over(Refusal *r, const char *words)
{
        uint64_t lasted;
        char text[DURATION_STRING_SIZE];
        r->is_more = false;
        if (outage_over(&r->outage, clock_monotonic_usec(), &lasted))
                log_info("%s after %s", words, duration_format_short(lasted, text));
}

/* It is over for that edge; those that found no place are heard of again with their next runs. */
static void refusal_end(Refusal *r, size_t i, const char *words)
{
        refusal_remove(r, i);
        if (r->n == 0)
                refusal_over(r, words);
        else
                r->outage.fault = refusal_fault(r);
}

/* Another edge has met the same, or this one has before, and it was logged. */
static bool refusal_is_said(const Refusal *r, const Fault *fault)
{
        size_t i = 0;
        while (i < r->n &&
               !(r->edges[i].said && text_equal(r->edges[i].fault.message, fault->message)))
                i++;
        return i < r->n;
}

/* run_id 0: it could not begin. True: log it. */
static bool refusal_record(Refusal *r, const Uuid *edge, int64_t run_id, const Fault *fault)
{
        size_t i = refusal_find(r, edge);
        RefusedEdge e = {.edge = *edge, .last_run = -1};
        uint64_t now = clock_monotonic_usec();
        e.said = refusal_is_said(r, fault);
        if (!e.said && now >= r->say_usec)
                outage_log_next(&r->outage);
        if (i < r->n) {
                e.last_run = r->edges[i].last_run;
                refusal_remove(r, i);
        } else {
                r->ask_usec = 0;
        }
        r->is_more |= r->n == REFUSAL_EDGES;
        if (r->n == REFUSAL_EDGES)
                refusal_remove(r, 0);
        if (run_id > 0)
                e.last_run = run_id;
        e.fault = fault_of_statement(fault);
        r->edges[r->n++] = e;
        Fault named = refusal_fault(r);
        bool log_it = outage_failed(&r->outage, &named, now, clock_random(), NULL);
        if (log_it) { /* where each edge has words of its own, one a minute */
                r->say_usec = now + USEC_PER_MINUTE;
                r->edges[r->n - 1].said = true;
        }
        return log_it;
}

void refusal_configure(Refusal *r, const char *conninfo)
{
        if (!text_equal(r->conninfo, conninfo))
                *r = (Refusal){.find = r->find, .userdata = r->userdata};
        r->conninfo = conninfo;
}

const Fault *refusal_take(Refusal *r, const Uuid *edge, const char *conninfo,
                          const SyncReport *report, bool *ret_log)
{
        bool ours = text_equal(r->conninfo, conninfo);
        const Fault *refused = ours ? refusal_of_run(report) : NULL;
        size_t i = refusal_find(r, edge);
        *ret_log = refused && refusal_record(r, edge, report->run_id, refused);
        if (ours && !refused && i < r->n && sync_outcome_is_applied(report->outcome))
                refusal_end(r, i, TAKEN_AGAIN);
        return refused;
}

size_t refusal_to_ask(Refusal *r, bool is_asked, const Uuid **ret_edges)
{
        uint64_t now = clock_monotonic_usec();
        if (!r->outage.down || is_asked || now < r->ask_usec)
                return 0;
        for (size_t i = r->n; i-- > 0;)
                if (!r->find(&r->edges[i].edge, r->userdata))
                        refusal_end(r, i,
                                    "no edge is synced any more whose runs PostgreSQL refused,");
        for (size_t i = 0; i < r->n; i++) {
                r->edges[i].asked = true;
                r->edges[i].recorded = false;
                r->to_ask[i] = r->edges[i].edge;
        }
        r->ask_usec = now + ASK_EVERY_USEC;
        *ret_edges = r->to_ask;
        return r->n;
}

/* Of an edge whose run could not begin, the first answer tells what its last run was then. */
void refusal_heard(Refusal *r, const Uuid *edge, int64_t run_id, bool refused)
{
        size_t i = refusal_find(r, edge);
        RefusedEdge *e = i < r->n ? &r->edges[i] : NULL;
        if (e && e->asked && e->last_run < 0)
                e->last_run = run_id;
        else if (e && e->asked && run_id > e->last_run && !refused)
                e->recorded = true;
}

void refusal_answered(Refusal *r)
{
        for (size_t i = r->n; i-- > 0;) {
                if (r->edges[i].asked && r->edges[i].last_run < 0)
                        r->edges[i].last_run = 0; /* it has never had one */
                r->edges[i].asked = false;
                if (r->edges[i].recorded)
                        refusal_end(r, i, TAKEN_AGAIN);
        }
}
