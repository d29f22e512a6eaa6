/*
 * flight: what is sent in one go.
 *
 * By libpq's pipeline mode, as far as no decision is needed: up to the first step whose handler
 * decides, or a script or COPY, which pipeline mode does not take; those go as one simple query,
 * with BEGIN and the settings before them when nothing has been sent yet.
 *
 * What always holds: one flight is under way at a time, with one Sync at its end, so that the
 * server is asked for nothing before its last answer is in.
 */
#include "base/duration.h"
#include "pg/flight_private.h"
#include "pg/prepared_private.h"
#include <errno.h>
#include <stdio.h>

/* Between two flights: a client that sends nothing for as long is ended by the server, for it holds
 * locks. */
#define IDLE_TIMEOUT_USEC (60 * USEC_PER_SEC)

enum { SETTINGS_BYTES = 2048, PHASE_BYTES = 32 };

static uint64_t statement_timeout(const PgConnection *c)
{
        uint64_t of_work = c->task->work.statement_timeout_usec;
        return of_work ? of_work : c->server->options.statement_timeout_usec;
}

static uint64_t lock_timeout(const PgConnection *c)
{
        uint64_t of_work = c->task->work.lock_timeout_usec;
        return of_work ? of_work : c->server->options.lock_timeout_usec;
}

uint64_t flight_limit(const PgConnection *c, size_t n_statements)
{
        return statement_timeout(c) * n_statements + c->server->options.answer_usec;
}

static const char *begin_sql(const PgWork *work)
{
        return work->read_only ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                               : "BEGIN ISOLATION LEVEL READ COMMITTED";
}

/* What follows the application_name. */
static const char *phase_text(const PgWork *work, char out[static PHASE_BYTES])
{
        (void)snprintf(out, PHASE_BYTES, "%s%s", work->phase ? " " : "",
                       work->phase ? work->phase : "");
        return out;
}

/* phase: an expression for what follows the application_name.
 * For the transaction alone, whatever is set for role, database and server. Until its first entry
 * is in force, names are looked up where the role's setting leads: so each one, operators too,
 * names its schema. row_security off: a policy that would hide rows is an error. jit off: what is
 * asked takes less time than compiling it, which the planner cannot know of a table without
 * statistics.
 * transaction_timeout (PostgreSQL 17): our other limits hold. client_connection_check_interval ends
 * a statement whose client has gone: PostgreSQL 14 and newer, and only where the platform can tell;
 * elsewhere the server refuses it.
 */
static const char *settings_sql(const PgConnection *c, const char *phase,
                                char out[static SETTINGS_BYTES])
{
        int n = snprintf(
                out, SETTINGS_BYTES,
                "SELECT pg_catalog.pg_backend_pid()"
                ", pg_catalog.set_config('search_path', '%s', true)"
                ", pg_catalog.set_config('statement_timeout', '%llu', true)"
                ", pg_catalog.set_config('lock_timeout', '%llu', true)"
                ", pg_catalog.set_config('idle_in_transaction_session_timeout', '%llu', true)"
                ", pg_catalog.set_config('datestyle', 'ISO', true)"
                ", pg_catalog.set_config('intervalstyle', 'postgres', true)"
                ", pg_catalog.set_config('timezone', 'UTC', true)"
                ", pg_catalog.set_config('extra_float_digits', '1', true)"
                ", pg_catalog.set_config('array_nulls', 'on', true)"
                ", pg_catalog.set_config('row_security', 'off', true)"
                ", pg_catalog.set_config('jit', 'off', true)"
                ", CASE WHEN pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL"
                " THEN pg_catalog.set_config('transaction_timeout', '0', true) END"
                ", CASE WHEN pg_catalog.current_setting('client_connection_check_interval', true) "
                "IS NOT NULL"
                " AND pg_catalog.version() OPERATOR(pg_catalog.~~) '%%linux%%'"
                " THEN pg_catalog.set_config('client_connection_check_interval', '2s', true) END"
                ", pg_catalog.set_config('application_name', pg_catalog.concat("
                "pg_catalog.current_setting('application_name'), %s::pg_catalog.text), true)",
                c->server->options.search_path,
                (unsigned long long)(statement_timeout(c) / USEC_PER_MSEC),
                (unsigned long long)(lock_timeout(c) / USEC_PER_MSEC),
                (unsigned long long)(IDLE_TIMEOUT_USEC / USEC_PER_MSEC), phase);
        for (const PgSetting *more = c->task->work.settings; more && more->name; more++)
                n += snprintf(out + n, SETTINGS_BYTES - (size_t)n,
                              ", pg_catalog.set_config('%s', '%s', true)", more->name, more->value);
        return out;
}

/* ---- what belongs to it --------------------------------------------------------------------- */

/* The next step that is wanted, from `from` on; n_steps: none. */
static size_t find_step(const PgTask *t, size_t from)
{
        for (; from < t->work.n_steps; from++) {
                const PgStep *step = &t->work.steps[from];
                if (!step->wanted || step->wanted(t->userdata))
                        break;
        }
        return from;
}

static bool is_simple(const PgStep *step)
{
        return step->n_params == PG_SCRIPT || step->copy_source;
}

/* Nothing may be sent after it before its handler has run. In a single statement nothing follows
 * that a handler could change. */
static bool decides(const PgTask *t, const PgStep *step)
{
        return step->on_result && !step->certain && t->work.transaction;
}

static void flight_include(PgTask *t, size_t step)
{
        t->at.sent |= UINT64_C(1) << step;
        t->at.last = step;
}

/* Its answers are waited for so long. Not sent: libpq refused it. */
static void flight_await(PgConnection *c, bool sent, uint64_t limit_usec)
{
        if (!sent || connection_set_deadline(c, limit_usec) < 0)
                connection_break(c);
        else
                (void)connection_flush(c, false);
}

/* ---- as one simple query -------------------------------------------------------------------- */

/* Scripts, as far as nobody looks at their results, and what ends the flight: one with a handler,
 * or a COPY. */
static int simple_text(const PgConnection *c, Text *text)
{
        PgTask *t = c->task;
        int r = 0;
        if (!t->at.begun) {
                char settings[SETTINGS_BYTES], word[PHASE_BYTES], phase[PHASE_BYTES + 2];
                (void)snprintf(phase, sizeof(phase), "'%s'", phase_text(&t->work, word));
                r = text_printf(text, "%s;\n%s;\n", begin_sql(&t->work),
                                settings_sql(c, phase, settings));
        }
        for (size_t i = t->at.step; r >= 0 && i < t->work.n_steps && is_simple(&t->work.steps[i]);
             i = find_step(t, i + 1)) {
                const PgStep *step = &t->work.steps[i];
                flight_include(t, i);
                r = text_printf(text, "%s\n;\n", step->sql);
                if (step->on_result || step->copy_source)
                        break;
        }
        return r;
}

static int flight_send_simple(PgConnection *c)
{
        PgTask *t = c->task;
        const PgPoolOptions *options = &c->server->options;
        _cleanup_(text_done) Text text = {0};
        if (simple_text(c, &text) < 0)
                return -ENOMEM;
        /* BEGIN's answer would tell whether the server answers at all, and takes no time of its
         * own. */
        uint64_t begin_limit = options->statement_timeout_usec + options->answer_usec;
        uint64_t limit = flight_limit(c, 1);
        bool first = !t->at.begun && t->work.steps[t->at.last].copy_source;
        t->at.begun = true;
        t->at.pipelined = false;
        t->at.stage = WORK_STEP;
        t->at.step = t->at.last;
        flight_await(c, PQsendQuery(c->conn, text.data),
                     first && begin_limit < limit ? begin_limit : limit);
        return 0;
}

static void flight_send_command(PgConnection *c, const char *sql, WorkStage stage)
{
        PgTask *t = c->task;
        t->at.pipelined = false;
        t->at.stage = stage;
        flight_await(c, PQsendQuery(c->conn, sql), flight_limit(c, 1));
}

void flight_send_rollback(PgConnection *c)
{
        flight_send_command(c, "ROLLBACK", WORK_ROLLBACK);
}

/* ---- by pipeline mode ----------------------------------------------------------------------- */

static bool send_statement(PgConnection *c, const char *sql)
{
        return PQsendQueryParams(c->conn, sql, 0, NULL, NULL, NULL, NULL, 0);
}

/* Gets an answer at once, so that a server that does not answer is noticed before any statement
 * could be over. */
static bool send_begin(PgConnection *c)
{
        char sql[SETTINGS_BYTES], phase[PHASE_BYTES];
        const char *const params[] = {phase_text(&c->task->work, phase)};
        const PgStep settings = {.sql = settings_sql(c, "$1", sql),
                                 .params = params,
                                 .n_params = ARRAY_SIZE(params),
                                 .prepared = true};
        return send_statement(c, begin_sql(&c->task->work)) &&
               prepared_send(c, &settings, WORK_SETTINGS) && PQsendFlushRequest(c->conn);
}

/* How many were sent; -1: libpq refused one. */
static int send_steps(PgConnection *c)
{
        PgTask *t = c->task;
        int n = 0;
        size_t i = t->at.step;
        for (; i < t->work.n_steps; i = find_step(t, i + 1)) {
                const PgStep *step = &t->work.steps[i];
                if (is_simple(step))
                        return n;
                if (!prepared_send(c, step, WORK_STEP))
                        return -1;
                flight_include(t, i);
                n++;
                if (decides(t, step))
                        return n;
        }
        t->at.commits = true;
        return send_statement(c, "COMMIT") ? n : -1;
}

static void flight_send_pipelined(PgConnection *c)
{
        PgTask *t = c->task;
        bool first = !t->at.begun;
        t->at.begun = true;
        t->at.pipelined = true;
        if (!PQenterPipelineMode(c->conn) || (first && !send_begin(c))) {
                connection_break(c);
                return;
        }
        int n = send_steps(c);
        bool sent = n >= 0 && PQpipelineSync(c->conn);
        t->at.limit_usec = flight_limit(c, (size_t)n + t->at.commits);
        t->at.stage = first ? WORK_BEGIN : t->at.sent ? WORK_STEP : WORK_COMMIT;
        flight_await(c, sent, first ? c->server->options.answer_usec : t->at.limit_usec);
}

int flight_send(PgConnection *c)
{
        PgTask *t = c->task;
        bool again = t->at.next == PG_AGAIN;
        t->at.sent = 0;
        t->at.next = PG_NEXT;
        t->at.answered = t->at.failed = false;
        if (!again)
                t->at.step = find_step(t, t->at.step);
        if (t->at.begun && t->at.step >= t->work.n_steps) {
                t->at.commits = true;
                flight_send_command(c, "COMMIT", WORK_COMMIT);
        } else if (t->at.step < t->work.n_steps && is_simple(&t->work.steps[t->at.step])) {
                return flight_send_simple(c);
        } else {
                flight_send_pipelined(c);
        }
        return 0;
}
