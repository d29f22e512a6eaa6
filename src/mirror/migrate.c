/*
 * migrate: one transaction per migration, each under the same lock, each looking again at what has
 * been applied: two of us at once, or one that was ended half way, end in the same schema.
 *
 * What always holds: a transaction begins with our search path; it makes the schema if there is
 * none, and ends where there still is none, so that nobody else can make it later; then, before
 * anything in the schema is read, written or called, it is seen that all of it belongs to this role
 * or to a superuser. Whoever may create a schema, or once could create in ours, has nothing run by
 * whoever migrates, whenever it is committed.
 */
#include "mirror/migrate.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/timer.h"
#include "mirror/mirror_private.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What waits behind a lock that is asked for waits, too, readers among it: so it is not asked for
 * long, but long enough to see who holds it. */
#define LOCK_TIMEOUT_USEC (10 * USEC_PER_SEC)
#define LOOK_AFTER_USEC   (6 * USEC_PER_SEC)

/* The worker of a subscription that was disabled notices after the transaction that it applies, or
 * within a second. */
#define WORKER_TIMEOUT_USEC (10 * USEC_PER_SEC)
#define WORKER_POLL_USEC    (100 * USEC_PER_MSEC)

enum { PARAMS_RECORD, PARAMS_CHECKSUM, PARAMS_LOOK };

typedef struct MigrateTask {
        MirrorTask task;
        MigrateCallback callback;
        PgStep steps[12];
        size_t n_steps;
        /* index in sql_migrations; 0 is the bootstrap, done with every transaction */
        size_t next;
        size_t checking;                /* index of the migration whose checksum is compared */
        char (*recorded)[65];           /* by index */
        char database[256], server[64]; /* of the report */
        char owner[64];                 /* who alone may change what is there; "": this role */
        int version, from_version;
        bool read_once; /* the recorded migrations */
        bool sharing;
        bool knows_catalog;            /* the table is there */
        bool worker_ends;              /* of a disabled subscription; migrate_apply once more */
        uint64_t worker_deadline_usec; /* 0: none was seen */
        Text notes;
        Timer look_timer;
        PgTask *look; /* what the transaction waits for */
        PgStep look_step;
        Fault holder; /* … that was: who holds the lock; scope NONE: nobody */
} MigrateTask;

static void migrate_done(MirrorTask *task)
{
        MigrateTask *t = (MigrateTask *)task;
        timer_cancel(&t->look_timer);
        t->look = pg_cancel(t->look);
        free(t->recorded);
        text_done(&t->notes);
}

/* ---- what is recorded ----------------------------------------------------------------------- */

static PgNext migrate_on_recorded(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        int rows = PQntuples(result);
        t->version = rows;
        t->knows_catalog = rows > 0 && result_bool(result, 0, 2);
        for (int row = 0; row < rows; row++) {
                int64_t version = result_int(result, row, 0);
                if (version > mirror_schema_version()) {
                        (void)schema_check(version, NULL, ret_fault);
                        return PG_ROLLBACK;
                }
                if (version != row + 1) {
                        fault_set(ret_fault, FAULT_PEER, EBADMSG, CODE_SCHEMA_GAP,
                                  "edgemirror.schema_version lacks migration %d; put its rows back "
                                  "from a backup of the database before migrating",
                                  row + 1);
                        return PG_ROLLBACK;
                }
                (void)snprintf(t->recorded[row + 1], sizeof(t->recorded[0]), "%s",
                               result_string(result, row, 1));
        }
        if (t->owner[0] && schema_check(t->version, t->owner, ret_fault) < 0)
                return PG_ROLLBACK;
        if (!t->read_once)
                t->from_version = t->version;
        t->read_once = true;
        return PG_NEXT;
}

static PgNext migrate_on_checksum(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        const char *recorded = t->recorded[t->checking];
        if (strcmp(result_string(result, 0, 0), recorded) == 0)
                return PG_NEXT;
        fault_set(ret_fault, FAULT_PEER, EBADMSG, CODE_SCHEMA_CHECKSUM,
                  "migration %s was applied with another text than this program has; it was not "
                  "made by a released edgemirror; install the program that made it, or put a "
                  "backup of the database back",
                  sql_migrations[t->checking].name);
        return PG_ROLLBACK;
}

static bool migrate_knows_catalog(void *userdata)
{
        return ((const MigrateTask *)userdata)->knows_catalog;
}

/* ---- may this database, and what is in it, be used? ----------------------------------------- */

static PgNext migrate_on_server(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        (void)snprintf(t->database, sizeof(t->database), "%s", result_string(result, 0, 2));
        (void)snprintf(t->server, sizeof(t->server), "%s", result_string(result, 0, 7));
        return server_check(result, ret_fault) < 0 ? PG_ROLLBACK : PG_NEXT;
}

static PgNext migrate_on_needs(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        const char *owner;
        int r = needs_check(result, &owner, ret_fault);
        (void)snprintf(t->owner, sizeof(t->owner), "%s", owner ? owner : "");
        return r < 0 ? PG_ROLLBACK : PG_NEXT;
}

static bool migrate_may_change(void *userdata)
{
        return !((const MigrateTask *)userdata)->owner[0];
}

static bool migrate_is_of_another(void *userdata)
{
        return !migrate_may_change(userdata);
}

/* The owner sets the number of the next run, without which nothing is synced: sharing.sql. */
static PgNext migrate_on_number(const PGresult *result, void *userdata _unused_, Fault *ret_fault)
{
        bool subscribes = result_bool(result, 0, 1);
        return !subscribes && writer_check(result, ret_fault) < 0 ? PG_ROLLBACK : PG_NEXT;
}

static PgNext migrate_on_foreign(const PGresult *result, void *userdata _unused_, Fault *ret_fault)
{
        return foreign_check(result, true, ret_fault) < 0 ? PG_ROLLBACK : PG_NEXT;
}

/* A schema that another mirror fills is not changed while it does. */
static PgNext migrate_on_subscribed(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        const char *disable = result_text(result, 0, 0), *disabled = result_text(result, 0, 1);
        if (!disable && !disabled)
                return PG_NEXT;
        uint64_t now = clock_monotonic_usec();
        if (t->worker_deadline_usec == 0)
                t->worker_deadline_usec = now + WORKER_TIMEOUT_USEC;
        if (disable)
                fault_set(ret_fault, FAULT_PEER, EROFS, CODE_PG_SUBSCRIBER,
                          "this database subscribes to another mirror, which writes its tables: %s "
                          "then migrate, then ENABLE it",
                          disable);
        else if (now < t->worker_deadline_usec)
                t->worker_ends = true;
        else
                fault_set(ret_fault, FAULT_PEER, EROFS, CODE_PG_SUBSCRIBER,
                          "this database subscribes to another mirror: the subscription %s is "
                          "disabled, but its worker has not ended within %d s; migrate "
                          "once more when pg_stat_subscription has no pid for it",
                          disabled, (int)(WORKER_TIMEOUT_USEC / USEC_PER_SEC));
        return PG_ROLLBACK;
}

/* "; an administrator runs: …", or what grants what a role that is there has not. */
static int append_note(Text *t, const PGresult *result, int row)
{
        const char *statement = result_text(result, row, 2);
        _cleanup_(text_done) Text command = {0};
        if (append_migrate(&command, result_text(result, row, 4)) < 0)
                return -ENOMEM;
        if (!statement)
                return text_printf(t, "note: %s; run %s, which grants it\n",
                                   result_string(result, row, 1), command.data);
        bool role = strcmp(result_string(result, row, 0), "role") == 0;
        return text_printf(t, "note: %s%s; an administrator runs:\n  %s\n%s%s%s",
                           result_string(result, row, 1),
                           result_bool(result, row, 3) ? ", and this role may not make it" : "",
                           statement, role ? "and then " : "", role ? command.data : "",
                           role ? " once more, which grants it that\n" : "");
}

/* One paragraph for each thing that is left to an administrator. */
static PgNext migrate_on_notes(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        for (int row = 0; row < PQntuples(result); row++)
                if (append_note(&t->notes, result, row) < 0) {
                        fault_no_memory(ret_fault);
                        return PG_ROLLBACK;
                }
        return PG_NEXT;
}

/* ---- the transactions ----------------------------------------------------------------------- */

static PgStep script(const char *sql)
{
        return (PgStep){.sql = sql, .n_params = PG_SCRIPT};
}

/* What only who owns the schema may do, and need not be done for others. */
static PgStep owner_script(const char *sql)
{
        PgStep step = script(sql);
        step.wanted = migrate_may_change;
        return step;
}

static void migrate_step(MigrateTask *t, PgStep step)
{
        t->steps[t->n_steps++] = step;
}

/* The lock comes before the look at what is there: another migrate makes the schema meanwhile. */
static void migrate_begin(MigrateTask *t)
{
        t->n_steps = 0;
        migrate_step(t, task_step(sql_migrate_path, NULL, NULL));
        migrate_step(t, task_step(sql_check_server, NULL, migrate_on_server));
        migrate_step(t, task_step(sql_migrate_lock, NULL, NULL));
        migrate_step(t, script(sql_migrate_schema));
        migrate_step(t, task_step(sql_migrate_needs, NULL, migrate_on_needs));
        migrate_step(t, task_step(sql_migrate_foreign, NULL, migrate_on_foreign));
}

static PgNext migrate_on_holder(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        lock_wait_fault(result, &((MigrateTask *)userdata)->holder);
        return PG_NEXT;
}

static void migrate_on_look_end(PgEnd end _unused_, const Fault *fault _unused_, void *userdata)
{
        ((MigrateTask *)userdata)->look = NULL;
}

static void migrate_look_for_holder(void *userdata)
{
        MigrateTask *t = userdata;
        const PgWork work = {.steps = &t->look_step, .n_steps = 1, .urgent = true};
        t->look_step = task_step(sql_lock_wait, &t->task.params[PARAMS_LOOK], migrate_on_holder);
        (void)pg_start(t->task.mirror->pool, &work, migrate_on_look_end, t, &t->look);
}

static int migrate_run(MigrateTask *t)
{
        PgWork work = {.steps = t->steps,
                       .n_steps = t->n_steps,
                       .transaction = true,
                       .phase = "migrate",
                       .statement_timeout_usec = USEC_PER_HOUR,
                       .lock_timeout_usec = LOCK_TIMEOUT_USEC};
        int r = timer_start(&t->look_timer, pg_pool_event(t->task.mirror->pool), LOOK_AFTER_USEC,
                            USEC_PER_SEC, migrate_look_for_holder, t);
        return r < 0 ? r : task_continue(&t->task, &work);
}

/* Looks; and compares the checksum of one applied migration with ours, if there is one left to
 * compare. */
static int migrate_look(MigrateTask *t)
{
        Params *checksum = &t->task.params[PARAMS_CHECKSUM];
        params_done(checksum);
        migrate_begin(t);
        migrate_step(t, owner_script(sql_migrations[0].text));
        migrate_step(t, task_step(sql_migrate_recorded, NULL, migrate_on_recorded));
        migrate_step(t,
                     task_wanted_step(migrate_knows_catalog, sql_catalog, NULL, trust_on_catalog));
        if (t->checking > 0) {
                params_text(checksum, sql_migrations[t->checking].text);
                migrate_step(t, task_step(sql_migrate_checksum, checksum, migrate_on_checksum));
        }
        return migrate_run(t);
}

/* Another migrate may have been first: then this one is there already, and the transaction is
 * rolled back. */
static PgNext migrate_on_still_missing(const PGresult *result, void *userdata, Fault *ret_fault)
{
        MigrateTask *t = userdata;
        PgNext next = migrate_on_recorded(result, userdata, ret_fault);
        return next == PG_NEXT && (size_t)t->version >= t->next ? PG_ROLLBACK : next;
}

static int migrate_apply(MigrateTask *t)
{
        const SqlMigration *migration = &sql_migrations[t->next];
        Params *record = &t->task.params[PARAMS_RECORD];
        t->worker_ends = false;
        params_done(record);
        params_int(record, migration->number);
        params_text(record, migration->name);
        params_text(record, migration->text);
        migrate_begin(t);
        migrate_step(t, task_step(sql_migrate_recorded, NULL, migrate_on_still_missing));
        migrate_step(t, task_step(sql_migrate_subscribed, NULL, migrate_on_subscribed));
        migrate_step(t, script(migration->text));
        migrate_step(t, task_step(sql_migrate_leases, NULL, NULL));
        migrate_step(t, task_step(sql_migrate_record, record, NULL));
        return migrate_run(t);
}

static int migrate_share(MigrateTask *t)
{
        t->sharing = true;
        migrate_begin(t);
        migrate_step(t, owner_script(sql_sharing));
        migrate_step(t, task_wanted_step(migrate_is_of_another, sql_schema_version, NULL,
                                         migrate_on_number));
        migrate_step(t, task_step(sql_migrate_notes, NULL, migrate_on_notes));
        return migrate_run(t);
}

static void migrate_report(MigrateTask *t, const Fault *fault)
{
        MigrateReport report = {
                .database = t->database,
                .server = t->server,
                .from_version = t->from_version,
                .to_version = t->version,
                .notes = t->notes.data ? t->notes.data : "",
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

static void migrate_apply_again(void *userdata)
{
        MigrateTask *t = userdata;
        Fault memory;
        fault_no_memory(&memory);
        if (migrate_apply(t) < 0)
                task_finish(&t->task, PG_END_FAILED, &memory);
}

static bool migrate_complete(MirrorTask *task, PgEnd end, const Fault *fault)
{
        MigrateTask *t = (MigrateTask *)task;
        timer_cancel(&t->look_timer);
        t->look = pg_cancel(t->look);
        if (fault->code == CODE_PG_LOCK_TIMEOUT && t->holder.scope != FAULT_NONE)
                fault = &t->holder;
        bool again = end == PG_END_ROLLED_BACK && t->worker_ends;
        bool applied = end == PG_END_DONE && t->next > 0 && !t->sharing;
        if (applied)
                t->version = sql_migrations[t->next].number;
        if ((end != PG_END_DONE && end != PG_END_ROLLED_BACK) || t->sharing) {
                migrate_report(t, fault);
                return false;
        }
        int r = again ? task_wait(task, WORKER_POLL_USEC, migrate_apply_again) : migrate_next(t);
        if (r >= 0)
                return true;
        Fault memory;
        fault_no_memory(&memory);
        migrate_report(t, &memory);
        return false;
}

int mirror_migrate(Mirror *m, MigrateCallback callback, void *userdata, MirrorTask **ret)
{
        MigrateTask *t = task_new(m, sizeof(*t), migrate_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        t->task.done = migrate_done;
        params_lock_wait(&t->task.params[PARAMS_LOOK], true, NULL);
        t->recorded = calloc(sql_n_migrations + 1, sizeof(*t->recorded));
        return task_started(&t->task, t->recorded ? migrate_look(t) : -ENOMEM, ret);
}

/* What migrate_begin refuses, refused by the script itself, in the same order. */
static int print_guard(FILE *out)
{
        return fprintf(
                out,
                "DO $guard$\nDECLARE\n    found record;\nBEGIN\n    FOR found IN\n%s    LOOP\n"
                "        IF found.owner IS NOT NULL THEN\n"
                "            RAISE EXCEPTION 'the schema belongs to %%; run this as that role', "
                "found.owner;\n        END IF;\n"
                "        RAISE EXCEPTION 'this role may not make the schema; an administrator "
                "runs: %%', found.statement;\n"
                "    END LOOP;\n    FOR found IN\n%s    LOOP\n"
                "        RAISE EXCEPTION '%% belongs to %%, whose code this role would run; "
                "nothing was done', found.what, "
                "found.owner;\n    END LOOP;\nEND $guard$;\n\n",
                sql_migrate_needs, sql_migrate_foreign);
}

static int print_version_guard(FILE *out)
{
        int known = mirror_schema_version();
        return fprintf(out,
                       "DO $guard$\nBEGIN\n"
                       "    IF (SELECT max(version) FROM edgemirror.schema_version) > %d THEN\n"
                       "        RAISE EXCEPTION 'the schema is newer than version %d, which this "
                       "makes; install the newer edgemirror';\n"
                       "    END IF;\nEND $guard$;\n\n",
                       known, known);
}

/* A migration where it is missing, as migrate_apply does it. The tags are in no migration
 * (embed.awk). */
static int print_migration(FILE *out, const SqlMigration *m)
{
        return fprintf(
                out,
                "-- %s\nDO $step$\nDECLARE\n"
                "    recorded text := (SELECT checksum FROM edgemirror.schema_version WHERE "
                "version "
                "= %d);\n    writer record;\nBEGIN\n"
                "    IF recorded = '%s' THEN\n        RETURN;\n    END IF;\n"
                "    IF recorded IS NOT NULL THEN\n"
                "        RAISE EXCEPTION 'migration %s was applied with another text than this';\n"
                "    END IF;\n    FOR writer IN SELECT * FROM (\n%s    ) s LOOP\n"
                "        IF writer.disable IS NOT NULL OR writer.disabled IS NOT NULL THEN\n"
                "            RAISE EXCEPTION 'this database subscribes to another mirror, which "
                "writes its tables: %%', coalesce(writer.disable || ' then this, then ENABLE it', "
                "'the worker of ' || writer.disabled || ' has not ended; run this once more');\n"
                "        END IF;\n    END LOOP;\n"
                "    EXECUTE $migration$\n%s$migration$;\n    %s;\n"
                "    INSERT INTO edgemirror.schema_version (version, name, checksum) VALUES (%d, "
                "'%s', '%s');\nEND $step$;\n\n",
                m->name, m->number, m->checksum, m->name, sql_migrate_subscribed, m->text,
                sql_migrate_leases, m->number, m->name, m->checksum);
}

int mirror_migrate_print(FILE *out)
{
        /* One transaction: where one statement is refused, nothing of the rest is done. The
         * bootstrap is no migration: it makes the table that records them. */
        int r = fprintf(out, "BEGIN;\nSET LOCAL lock_timeout = '%ds';\n%s;\n%s;\n\n%s\n",
                        (int)(LOCK_TIMEOUT_USEC / USEC_PER_SEC), sql_migrate_path, sql_migrate_lock,
                        sql_migrate_schema);
        if (r >= 0)
                r = print_guard(out);
        if (r >= 0)
                r = fprintf(out, "-- %s\n%s\n", sql_migrations[0].name, sql_migrations[0].text);
        if (r >= 0)
                r = print_version_guard(out);
        for (size_t i = 1; i < sql_n_migrations && r >= 0; i++)
                r = print_migration(out, &sql_migrations[i]);
        if (r >= 0)
                r = fprintf(out, "-- sharing\n%s\nCOMMIT;\n", sql_sharing);
        return r < 0 ? -EIO : 0;
}
