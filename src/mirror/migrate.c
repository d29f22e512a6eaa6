/*
 * migrate: one transaction per migration, each under the same lock, each looking again at what has been applied: two of us at once, or one that was killed
 * half way, end in the same schema.
 */
#include "mirror/migrate.h"
#include "base/duration.h"
#include "mirror/mirror_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct MigrateTask {
        MirrorTask task;
        MigrateCallback callback;
        PgStep steps[6];
        Params params, checksum;
        size_t next;          /* index in sql_migrations; 0 is the bootstrap, done with every transaction */
        size_t checking;      /* index of the migration whose checksum is compared */
        char (*recorded)[65]; /* by index */
        int version, from_version;
        bool looked;
        bool sharing;
        bool reader_there;
} MigrateTask;

int mirror_schema_version(void)
{
        return sql_migrations[sql_n_migrations - 1].number;
}

static void migrate_done(MirrorTask *task)
{
        MigrateTask *t = (MigrateTask *)task;
        params_done(&t->params);
        params_done(&t->checksum);
        free(t->recorded);
}

/* ---- what is recorded ---- */

static PgNext migrate_on_recorded(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        int rows = PQntuples(result);
        t->version = rows;
        for (int row = 0; row < rows; row++) {
                int64_t version = result_int(result, row, 0);
                if (version > mirror_schema_version()) {
                        (void)schema_check(version, ret_fault);
                        return PG_ROLLBACK;
                }
                if (version != row + 1) {
                        fault_set(ret_fault, FAULT_PEER, EBADMSG, "schema-gap",
                                  "edgemirror.schema_version lacks migration %d; restore its rows before migrating",
                                  row + 1);
                        return PG_ROLLBACK;
                }
                (void)snprintf(t->recorded[row + 1], sizeof(t->recorded[0]), "%s", PQgetvalue(result, row, 1));
        }
        if (!t->looked)
                t->from_version = t->version;
        t->looked = true;
        return PG_NEXT;
}

static PgNext migrate_on_checksum(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        if (strcmp(PQgetvalue(result, 0, 0), t->recorded[t->checking]) == 0)
                return PG_NEXT;
        fault_set(
                ret_fault, FAULT_PEER, EBADMSG, "schema-checksum",
                "migration %s was applied with another text than this program has; it was not made by a released edgemirror",
                sql_migrations[t->checking].name);
        return PG_ROLLBACK;
}

static PgNext migrate_on_reader(const PGresult *result, void *userdata, Fault *ret_fault)
{
        (void)ret_fault;
        ((MigrateTask *)userdata)->reader_there = result_int(result, 0, 0) > 0;
        return PG_NEXT;
}

/* ---- the transactions ---- */

static PgStep script(const char *sql)
{
        return (PgStep){.sql = sql, .n_params = PG_SCRIPT};
}

static int migrate_run(MigrateTask *t, size_t n_steps)
{
        PgWork work = {
                .steps = t->steps, .n_steps = n_steps, .transaction = true, .statement_timeout_usec = USEC_PER_HOUR};
        if (t->params.failed || t->checksum.failed)
                return -ENOMEM;
        return task_continue(&t->task, &work);
}

/* Looks; and compares the checksum of one applied migration with ours, if there is one left to compare. */
static int migrate_look(MigrateTask *t)
{
        size_t n = 0;
        params_done(&t->checksum);
        t->steps[n++] = task_step(sql_migrate_lock, NULL, NULL);
        t->steps[n++] = script(sql_migrations[0].text);
        t->steps[n++] = task_step(sql_migrate_recorded, NULL, migrate_on_recorded);
        if (t->checking > 0) {
                params_text(&t->checksum, sql_migrations[t->checking].text);
                t->steps[n++] = task_step(sql_migrate_checksum, &t->checksum, migrate_on_checksum);
        }
        return migrate_run(t, n);
}

/* Another migrate may have been quicker: then this one is there already, and the transaction is given up. */
static PgNext migrate_on_still_missing(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        PgNext next = migrate_on_recorded(result, userdata, ret_fault);
        return next == PG_NEXT && (size_t)t->version >= t->next ? PG_ROLLBACK : next;
}

static int migrate_apply(MigrateTask *t)
{
        const SqlMigration *migration = &sql_migrations[t->next];
        params_done(&t->params);
        params_int(&t->params, migration->number);
        params_text(&t->params, migration->name);
        params_text(&t->params, migration->text);
        t->steps[0] = task_step(sql_migrate_lock, NULL, NULL);
        t->steps[1] = task_step(sql_migrate_recorded, NULL, migrate_on_still_missing);
        t->steps[2] = script(migration->text);
        t->steps[3] = task_step(sql_migrate_record, &t->params, NULL);
        return migrate_run(t, 4);
}

static int migrate_share(MigrateTask *t)
{
        t->sharing = true;
        t->steps[0] = task_step(sql_migrate_lock, NULL, NULL);
        t->steps[1] = script(sql_sharing);
        t->steps[2] = task_step(sql_migrate_reader, NULL, migrate_on_reader);
        return migrate_run(t, 3);
}

static void migrate_report(MigrateTask *t, const Fault *fault)
{
        static const char no_reader[] =
                "the role edgemirror_reader is not there and this role may not create it; an administrator runs:\n"
                "  CREATE ROLE edgemirror_reader NOLOGIN;\n"
                "and then edgemirror migrate once more, which grants it what readers need\n";
        MigrateReport report = {
                .from_version = t->from_version,
                .to_version = t->version,
                .notes = t->sharing && !t->reader_there ? no_reader : "",
        };
        t->callback(&report, fault, t->task.userdata);
}

/* What comes after a transaction that went well. */
static int migrate_next(MigrateTask *t)
{
        if (t->next == 0 && t->checking < (size_t)t->version) {
                t->checking++;
                return migrate_look(t);
        }
        t->next = (size_t)t->version + 1;
        return t->next < sql_n_migrations ? migrate_apply(t) : migrate_share(t);
}

static bool migrate_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        MigrateTask *t = (MigrateTask *)task;
        bool applied = end == PG_END_DONE && t->next > 0 && !t->sharing;
        if (applied)
                t->version = sql_migrations[t->next].number;
        if ((end != PG_END_DONE && end != PG_END_ROLLED_BACK) || t->sharing) {
                migrate_report(t, fault);
                return false;
        }
        int r = migrate_next(t);
        if (r >= 0)
                return true;
        Fault memory;
        fault_set(&memory, FAULT_PROCESS, -r, "no-memory", "out of memory");
        migrate_report(t, &memory);
        return false;
}

int mirror_migrate(Mirror *m, MigrateCallback callback, void *userdata, MirrorTask **ret)
{
        MigrateTask *t = task_new(m, sizeof(*t), migrate_complete, migrate_done, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->recorded = calloc(sql_n_migrations + 1, sizeof(*t->recorded));
        int r = t->recorded ? migrate_look(t) : -ENOMEM;
        if (r < 0) {
                (void)mirror_cancel(&t->task);
                return r;
        }
        *ret = &t->task;
        return 0;
}

int mirror_migrate_print(FILE *out)
{
        /* The bootstrap is no migration: it makes the table that records them. */
        int r = fprintf(out, "-- %s\n%s\n", sql_migrations[0].name, sql_migrations[0].text);
        for (size_t i = 1; i < sql_n_migrations && r >= 0; i++) {
                const SqlMigration *m = &sql_migrations[i];
                r = fprintf(out,
                            "-- %s\nBEGIN;\n%sINSERT INTO edgemirror.schema_version (version, name, checksum)\n"
                            "VALUES (%d, '%s', '%s');\nCOMMIT;\n\n",
                            m->name, m->text, m->number, m->name, m->checksum);
        }
        if (r >= 0)
                r = fprintf(out, "-- sharing\n%s\n", sql_sharing);
        return r < 0 ? -EIO : 0;
}
