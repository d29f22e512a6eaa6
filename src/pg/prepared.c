#include "base/cleanup.h"
#include "pg/prepared_private.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL: there are too many, or there is no memory. */
static PgPrepared *prepared_find(PgConnection *c, const char *sql)
{
        for (size_t i = 0; i < ARRAY_SIZE(c->prepared); i++) {
                PgPrepared *p = &c->prepared[i];
                if (!p->sql)
                        p->sql = strdup(sql);
                if (!p->sql || strcmp(p->sql, sql) == 0)
                        return p->sql ? p : NULL;
        }
        return NULL;
}

/* FNV-1a of 64 bits. */
static void prepared_name(PgPrepared *p)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325);
        for (const char *at = p->sql; *at; at++)
                hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
        (void)snprintf(p->name, sizeof(p->name), "edgemirror_%016" PRIx64, hash);
}

void prepared_check_session(PgConnection *c, const PGresult *settings)
{
        bool ours = PQntuples(settings) == 1 && PQnfields(settings) > 0 &&
                    strtol(PQgetvalue(settings, 0, 0), NULL, 10) == PQbackendPID(c->conn);
        if (c->session != PG_SESSION_POOLED)
                c->session = ours ? PG_SESSION_OURS : PG_SESSION_POOLED;
}

bool prepared_send(PgConnection *c, const PgStep *step, WorkStage stage)
{
        PgPrepared *p = step->prepared && c->session == PG_SESSION_OURS
                                ? prepared_find(c, step->sql)
                                : NULL;
        if (!p)
                return PQsendQueryParams(c->conn, step->sql, step->n_params, NULL, step->params,
                                         NULL, NULL, 0);
        if (!p->ready) {
                prepared_name(p);
                if (!PQsendPrepare(c->conn, p->name, p->sql, 0, NULL))
                        return false;
                c->task->at.preparing[stage] = p;
        }
        return PQsendQueryPrepared(c->conn, p->name, step->n_params, step->params, NULL, NULL, 0);
}

bool prepared_on_error(PgConnection *c, const char *sqlstate)
{
        bool unknown = strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0;
        bool first = c->task->at.stage == WORK_SETTINGS || !c->task->work.transaction;
        if (!unknown || !first || c->session != PG_SESSION_OURS)
                return false;
        c->session = PG_SESSION_POOLED;
        return true;
}
