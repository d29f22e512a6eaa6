#include "web/verdict.h"
#include "mirror/sql_embedded.h"
#include <inttypes.h>
#include <stdio.h>

#define WAIT_SEC 60 /* what passes within a minute raises no alert */

static const struct {
        const char *meaning, *advice;
} waits[MIRROR_WAITS + 1] = {
        [MIRROR_WAIT_CATALOG] = {"waits for the catalog, which cannot be reached",
                                 "It tries again by itself. `edgemirror check` says whether "
                                 "address, proxy and certificate are right."},
        [MIRROR_WAIT_PAUSE] = {"waits for the catalog, which asks for a pause",
                               "Nothing: it goes on after it."},
        [MIRROR_WAIT_CREDENTIALS] = {"waits for the catalog, which refuses the credentials",
                                     "Correct the secret or the account. `edgemirror check` tries "
                                     "what is on disk, which this service may not have read."},
        [MIRROR_WAIT_LOCK] =
                {"waits for a lock in PostgreSQL",
                 "Look in pg_stat_activity for the session that holds it, and end that."},
        [MIRROR_WAIT_POSTGRES] =
                {"waits for PostgreSQL, which refuses a statement",
                 "Do what PostgreSQL's message asks for; its own log has more. `edgemirror check` "
                 "says whether a privilege or a table is missing, and `journalctl -u edgemirror -p "
                 "warning` (the unit may be edgemirror@NAME) what failed."},
        [MIRROR_WAIT_DISCOVERY] = {"waits for Edge connections to be discovered",
                                   "Those that are known are synced. `edgemirror check` asks the "
                                   "catalog the same, and says what is missing."},
        [MIRROR_WAITS] = {"waits for what this version does not know", "Update the program."},
};

const char *verdict_wait_meaning(MirrorWait wait)
{
        return waits[wait].meaning;
}

const char *verdict_wait_advice(MirrorWait wait)
{
        return waits[wait].advice;
}

/* ---- what is asked -------------------------------------------------------------------------- */

size_t verdict_ask_service(MirrorQuestion *ret)
{
        ret[VERDICT_INSTANCES] = (MirrorQuestion){sql_instance_list, {"2 hours"}, 1};
        return VERDICT_SERVICE_QUESTIONS;
}

size_t verdict_ask(const char *edge, MirrorQuestion *ret)
{
        (void)verdict_ask_service(ret);
        ret[VERDICT_STATES] = (MirrorQuestion){sql_page_states, {edge}, 1};
        return VERDICT_QUESTIONS;
}

/* ---- the sums ------------------------------------------------------------------------------- */

static int64_t most(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

static void take_clock(VerdictClock *c, int64_t oldest, int64_t never, EdgeLevel level)
{
        if (level == EDGE_OFF) {
                c->oldest_disabled = most(c->oldest_disabled, oldest);
                return;
        }
        c->oldest = most(c->oldest, oldest);
        c->never += never;
}

static void take_states(Verdict *v, const MirrorTable *t)
{
        for (size_t i = 0; i < t->n_rows; i++) {
                int64_t n = table_int(t, i, "edges", 0);
                const EdgeState *state = edge_state_find(table_text(t, i, "state"), NULL);
                v->edges += n;
                v->of_level[state->level] += n;
                v->rows += table_int(t, i, "rows", 0);
                v->held += table_int(t, i, "held", 0);
                v->pending += table_int(t, i, "pending", 0);
                v->rejected += table_int(t, i, "rejected", 0);
                v->edge_id = table_text(t, i, "edge_connection_id");
                if (state->level != EDGE_OFF)
                        v->state = state->label;
                take_clock(&v->listed, table_age(t, i, "oldest_listed"),
                           table_int(t, i, "never_listed", 0), state->level);
                take_clock(&v->refreshed, table_age(t, i, "oldest_refreshed"),
                           table_int(t, i, "never_refreshed", 0), state->level);
        }
        v->enabled = v->edges - v->of_level[EDGE_OFF];
}

/* The instance that answers knows itself what PostgreSQL refuses to it: where that is its sign of
 * life, the table does not. */
static void take_service(Verdict *v, const PageView *view)
{
        const MirrorTable *t = &view->tables[VERDICT_INSTANCES];
        for (size_t i = 0; i < t->n_rows; i++) {
                MirrorWait wait = mirror_wait_parse(table_text(t, i, "waiting_for"));
                if (!table_bool(t, i, "alive"))
                        continue;
                v->n_alive++;
                if (!v->waits && (wait == MIRROR_WAIT_CREDENTIALS ||
                                  table_int(t, i, "waiting_for_so_long", 0) >= WAIT_SEC))
                        v->waits = wait;
        }
        v->refused = view->refused;
}

Verdict verdict_of(const PageView *view, const char *edge)
{
        Verdict v = {.edge = edge,
                     .state = "",
                     .listed = {-1, 0, -1, "listed"},
                     .refreshed = {-1, 0, -1, "refreshed"}};
        take_states(&v, &view->tables[VERDICT_STATES]);
        take_service(&v, view);
        return v;
}

/* ---- the verdict ---------------------------------------------------------------------------- */

static bool service_in_trouble(const Verdict *v)
{
        return v->n_alive == 0 || v->waits || v->refused;
}

/* Of one edge its own trouble comes first, and where it is not to be synced the service does not
 * matter. */
static bool is_of_service(const Verdict *v)
{
        return service_in_trouble(v) &&
               (!v->edge || (v->enabled > 0 && v->of_level[EDGE_TROUBLE] == 0));
}

EdgeLevel verdict_level(const Verdict *v)
{
        return is_of_service(v) || v->of_level[EDGE_TROUBLE] > 0 ? EDGE_TROUBLE
               : v->of_level[EDGE_ATTENTION] > 0                 ? EDGE_ATTENTION
               : v->enabled == 0                                 ? EDGE_OFF
                                                                 : EDGE_WELL;
}

static void put_service(Html *h, const Verdict *v)
{
        if (v->waits)
                html_printf(h, "%s %s",
                            v->n_alive <= 1 ? "The service" : "An instance of the service",
                            waits[v->waits].meaning);
        else if (v->refused)
                html_text(h, "PostgreSQL refuses a statement of the service");
        else
                html_text(h, "No instance of the service is alive");
}

static void put_one(Html *h, const Verdict *v, EdgeLevel level)
{
        html_text(h, v->edge ? "It " : "The edge ");
        if (level == EDGE_TROUBLE)
                html_printf(h, "is in trouble: %s", v->state);
        else if (level == EDGE_ATTENTION)
                html_printf(h, "needs attention: %s", v->state);
        else
                html_printf(h, "is %s", edge_level_names[level]);
}

static void put_many(Html *h, const Verdict *v, EdgeLevel level)
{
        int64_t n = v->of_level[level];
        if (level == EDGE_TROUBLE)
                html_printf(h, "%" PRId64 " of %" PRId64 " edge%s %s in trouble", n, v->enabled,
                            text_plural(v->enabled), n == 1 ? "is" : "are");
        else if (level == EDGE_ATTENTION)
                html_printf(h, "%" PRId64 " of %" PRId64 " edge%s %s attention", n, v->enabled,
                            text_plural(v->enabled), n == 1 ? "needs" : "need");
        else
                html_printf(h, "All %" PRId64 " edges are %s", n, edge_level_names[level]);
}

void verdict_put_sentence(Html *h, const Verdict *v)
{
        EdgeLevel level = verdict_level(v);
        if (is_of_service(v))
                put_service(h, v);
        else if (v->edges == 0)
                html_text(h, v->edge ? "There is no such edge" : "No edge is mirrored yet");
        else if (v->enabled == 1 || v->edges == 1)
                put_one(h, v, level);
        else
                put_many(h, v, level);
}

static void put_clock_of_one(Html *h, const VerdictClock *c)
{
        char age[64];
        int64_t seconds = most(c->oldest, c->oldest_disabled);
        html_text(h, page_age(seconds, "never", age));
        if (seconds >= 0)
                html_text(h, " ago");
}

void verdict_put_clock(Html *h, const Verdict *v, const VerdictClock *c)
{
        char age[64];
        const char *gap = "";
        if (v->edge) {
                put_clock_of_one(h, c);
                return;
        }
        if (c->oldest >= 0) {
                html_printf(h, "%s ago at the oldest", page_age(c->oldest, "", age));
                gap = "; ";
        }
        if (c->never > 0) {
                html_printf(h, "%s%" PRId64 " never %s", gap, c->never, c->what);
                gap = "; ";
        }
        if (c->oldest_disabled >= 0)
                html_printf(h, "%sdisabled edges up to %s ago", gap,
                            page_age(c->oldest_disabled, "", age));
        else if (!gap[0])
                html_text(h, v->edges > 0 ? "no edge is mirrored" : "no edge yet");
}

static void put_age(Html *h, const Verdict *v)
{
        if (v->edge) {
                html_text(h, "The edge ");
                page_put_edge(h, v->edge, v->edge_id);
                html_text(h, " as listed: ");
        } else {
                html_text(h, "Catalog as listed: ");
        }
        verdict_put_clock(h, v, &v->listed);
        html_text(h, ".");
}

void verdict_put(Html *h, const Verdict *v)
{
        char class[64];
        EdgeLevel level = verdict_level(v);
        (void)snprintf(class, sizeof(class), "verdict %s", edge_level_names[level]);
        html_open(h, "p", {"class", level == EDGE_WELL ? "muted" : class});
        if (v->edges > 0 || !v->edge)
                put_age(h, v);
        if (level != EDGE_WELL) {
                html_text(h, " ");
                html_open(h, "a", {"href", "/"});
                verdict_put_sentence(h, v);
                html_close(h);
                html_text(h, ".");
        }
        html_close(h);
}

void verdict_put_service(Html *h, const PageView *view)
{
        Verdict v = {0};
        take_service(&v, view);
        if (!service_in_trouble(&v))
                return;
        html_open(h, "p", {"class", "verdict trouble"});
        html_open(h, "a", {"href", "/"});
        put_service(h, &v);
        html_close(h);
        html_text(h, ".");
        html_close(h);
}
