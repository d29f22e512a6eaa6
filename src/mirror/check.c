/*
 * check: is PostgreSQL what the service needs it to be?
 */
#include "base/text.h"
#include "mirror/mirror_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef enum CheckStage { CHECK_SERVER, CHECK_VERSION, CHECK_PRIVILEGES } CheckStage;

typedef struct CheckTask {
        MirrorTask task;
        MirrorCheckCallback callback;
        CheckStage stage;
        PgStep step;
        bool schema_there;
        MirrorCheck checks[MIRROR_CHECKS_MAX];
        size_t n_checks;
} CheckTask;

static MirrorCheck *check_add(CheckTask *t, const char *what, const Fault *fault)
{
        MirrorCheck *c = &t->checks[t->n_checks++];
        *c = (MirrorCheck){.what = what, .passed = fault == NULL};
        if (fault) {
                c->fault = *fault;
                (void)snprintf(c->detail, sizeof(c->detail), "%s", fault->message);
        }
        return c;
}

static PgNext check_on_server(const PGresult *result, void *userdata, Fault *ret_fault)
{
        CheckTask *t = userdata;
        (void)ret_fault;
        Fault old;
        bool too_old = result_int(result, 0, 0) < 130000;
        if (too_old)
                fault_set(&old, FAULT_PEER, ENOTSUP, "pg-too-old", "PostgreSQL %s is older than 13",
                          PQgetvalue(result, 0, 1));
        MirrorCheck *c = check_add(t, "connection", too_old ? &old : NULL);
        if (!too_old)
                (void)snprintf(c->detail, sizeof(c->detail), "PostgreSQL %.40s, database %.100s as %.100s",
                               PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2), PQgetvalue(result, 0, 3));
        t->schema_there = result_bool(result, 0, 4);
        return PG_NEXT;
}

static PgNext check_on_version(const PGresult *result, void *userdata, Fault *ret_fault)
{
        CheckTask *t = userdata;
        (void)ret_fault;
        int rows = PQntuples(result);
        int version = rows > 0 ? (int)result_int(result, rows - 1, 0) : 0;
        Fault fault;
        if (schema_check(version, &fault) == 0) {
                MirrorCheck *c = check_add(t, "schema version", NULL);
                (void)snprintf(c->detail, sizeof(c->detail), "%d", version);
                return PG_NEXT;
        }
        check_add(t, "schema version", &fault);
        return PG_NEXT;
}

static PgNext check_on_privileges(const PGresult *result, void *userdata, Fault *ret_fault)
{
        CheckTask *t = userdata;
        (void)ret_fault;
        if (PQntuples(result) == 0) {
                MirrorCheck *c = check_add(t, "privileges", NULL);
                (void)snprintf(c->detail, sizeof(c->detail), "all that the service needs");
                return PG_NEXT;
        }
        char missing[800];
        size_t used = 0;
        for (int row = 0; row < PQntuples(result) && used < sizeof(missing); row++) {
                int n = snprintf(missing + used, sizeof(missing) - used, "%s%s", row ? "; " : "",
                                 PQgetvalue(result, row, 0));
                used += n > 0 ? (size_t)n : 0;
        }
        Fault fault;
        fault_set(&fault, FAULT_PEER, EACCES, "pg-privilege", "not granted to this role: %s", missing);
        fault.refused = true;
        check_add(t, "privileges", &fault);
        return PG_NEXT;
}

static const struct {
        const char *what;
        const char *sql;
        PgStepResult on_result;
} stages[] = {
        [CHECK_SERVER] = {"connection", sql_check_server, check_on_server},
        [CHECK_VERSION] = {"schema version", sql_migrate_recorded, check_on_version},
        [CHECK_PRIVILEGES] = {"privileges", sql_check_privileges, check_on_privileges},
};

static PgWork check_work(CheckTask *t)
{
        t->step = task_step(stages[t->stage].sql, NULL, stages[t->stage].on_result);
        return (PgWork){.steps = &t->step, .n_steps = 1};
}

static bool check_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        CheckTask *t = (CheckTask *)task;
        (void)end;
        Fault missing;
        bool go_on = fault->scope == FAULT_NONE && t->stage != CHECK_PRIVILEGES;
        if (fault->scope != FAULT_NONE)
                check_add(t, stages[t->stage].what, fault);
        if (go_on && t->stage == CHECK_SERVER && !t->schema_there) {
                fault_set(&missing, FAULT_PEER, ENOENT, "pg-schema-missing",
                          "there is no schema edgemirror here; run edgemirror migrate");
                check_add(t, "schema version", &missing);
                go_on = false;
        }
        if (go_on) {
                t->stage++;
                PgWork work = check_work(t);
                int r = task_continue(task, &work);
                if (r >= 0)
                        return true;
                fault_set(&missing, FAULT_PROCESS, -r, "no-resources", "could not be asked: %s", strerrordesc_np(-r));
                check_add(t, stages[t->stage].what, &missing);
        }
        t->callback(t->checks, t->n_checks, task->userdata);
        return false;
}

int mirror_check(Mirror *m, MirrorCheckCallback callback, void *userdata, MirrorTask **ret)
{
        CheckTask *t = task_new(m, sizeof(*t), check_complete, NULL, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        PgWork work = check_work(t);
        int r = task_start(&t->task, &work, NULL, 0);
        if (r >= 0)
                *ret = &t->task;
        return r;
}
