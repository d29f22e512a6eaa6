/*
 * check: is PostgreSQL what the service needs it to be?
 */
#include "mirror/check.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/clock_skew.h"
#include "base/duration.h"
#include "base/own_command.h"
#include "base/text.h"
#include "mirror/mirror_private.h"
#include "mirror/spool.h"
#include "mirror/sql_embedded.h"
#include "mirror/trust_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef enum CheckStage {
        CHECK_SERVER,
        CHECK_LOCKS,
        CHECK_FOREIGN,
        CHECK_NEEDS,
        CHECK_PRIVILEGES,
        CHECK_VERSION,
        CHECK_TABLES,
        CHECK_WRITER,
        CHECK_CATALOG,
        CHECK_NOTES,
        CHECK_CLOCK,
        CHECK_SLOTS,
        CHECK_LISTS,
        CHECK_LAST = CHECK_LISTS,
        CHECK_HELD, /* after one of them has waited for a lock in vain */
        CHECK_STAGES
} CheckStage;

enum { PARAMS_PRIVILEGES, PARAMS_LOCKS, PARAMS_SLOTS };

#define SLOT_UNREAD_BYTES_MAX (64LL << 20)
#define SLOT_READ_BYTES_MAX   (1LL << 30)

typedef struct CheckTask {
        MirrorTask task;
        MirrorCheckCallback callback;
        CheckStage stage;
        PgStep steps[2];
        bool schema_there;
        bool superuser;
        bool privileges_missing;
        bool schema_right;
        bool unsafe;    /* what is in the schema must not be used, nor be granted to us */
        bool empty;     /* and not ours: reported, and nothing else can be asked */
        Fault foreign;  /* the schema is another's, who may rightly own it */
        char owner[70]; /* who owns it, where that is not this role, nor one of its own */
        char role[80];  /* this one */
        MirrorCheck checks[MIRROR_CHECKS_MAX + 1]; /* behind the last: what has no place */
        size_t n_checks;                           /* that were found */
        uint64_t begun_usec;                       /* the present stage, monotonic */
} CheckTask;

/* In the last line is what went wrong when there was no place for it any more. */
static MirrorCheck *check_add(CheckTask *t, const char *what, const Fault *fault)
{
        size_t last = MIRROR_CHECKS_MAX - 1, at = t->n_checks++;
        MirrorCheck *c = &t->checks[at < last ? at : fault ? last : last + 1];
        *c = (MirrorCheck){.what = what, .took_usec = clock_monotonic_usec() - t->begun_usec};
        if (fault) {
                c->fault = *fault;
                (void)snprintf(c->detail, sizeof(c->detail), "%s", fault->message);
        }
        return c;
}

/* Of lines, as many as there is place for; those that are not shown are counted in the last, unless
 * a fault has it. */
static size_t check_count(CheckTask *t)
{
        MirrorCheck *last = &t->checks[MIRROR_CHECKS_MAX - 1];
        if (t->n_checks < MIRROR_CHECKS_MAX)
                return t->n_checks;
        if (!last->what) {
                *last = (MirrorCheck){.what = "further lines", .is_note = true};
                (void)snprintf(last->detail, sizeof(last->detail), "%zu have no place here",
                               t->n_checks - (MIRROR_CHECKS_MAX - 1));
        }
        return MIRROR_CHECKS_MAX;
}

/* A line that passed, or did not: `fault` is filled when `r` is negative. */
static PgNext check_report(CheckTask *t, const char *what, int r, const Fault *fault,
                           const char *right)
{
        MirrorCheck *c = check_add(t, what, r < 0 ? fault : NULL);
        if (r >= 0)
                (void)snprintf(c->detail, sizeof(c->detail), "%s", right);
        return PG_NEXT;
}

static PgNext check_on_server(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        CheckTask *t = userdata;
        Fault fault;
        char right[300];
        (void)snprintf(right, sizeof(right), "PostgreSQL %.40s, database %.100s as %.100s",
                       result_string(result, 0, 1), result_string(result, 0, 2),
                       result_string(result, 0, 3));
        (void)snprintf(t->role, sizeof(t->role), "%s", result_string(result, 0, 3));
        t->schema_there = result_bool(result, 0, 4);
        t->superuser = result_bool(result, 0, 6);
        return check_report(t, "connection", server_check(result, &fault), &fault, right);
}

/* Before anything that might have to wait, too. */
static PgNext check_on_locks(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        Fault fault;
        lock_wait_fault(result, &fault);
        if (fault.scope != FAULT_NONE)
                check_add(userdata, "locks", &fault);
        return PG_NEXT;
}

/* Before anything in the schema is read. An owner who is not this role may be intended, unless
 * the schema turns out not to be ours at all, or this role may do everything. */
static PgNext check_on_foreign(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        CheckTask *t = userdata;
        Fault fault;
        t->unsafe = foreign_check(result, false, &fault) < 0 ||
                    (t->superuser && foreign_check(result, true, &fault) < 0);
        if (t->unsafe)
                check_add(t, "ownership", &fault);
        else if (foreign_check(result, true, &t->foreign) < 0 &&
                 strcmp(result_string(result, 0, 0), "schema edgemirror") == 0)
                (void)snprintf(t->owner, sizeof(t->owner), "%s", result_string(result, 0, 1));
        return PG_NEXT;
}

/* Of a schema without tables only: in one that has them, this role need not be who migrates. */
static PgNext check_on_needs(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        CheckTask *t = userdata;
        Fault fault;
        const char *owner;
        t->empty = PQntuples(result) > 0 && result_bool(result, 0, 1);
        if (needs_check(result, &owner, &fault) < 0 && t->empty)
                check_add(t, "ownership", &fault);
        if (owner)
                (void)snprintf(t->owner, sizeof(t->owner), "%s", owner);
        return PG_NEXT;
}

/* The texts of a column, as many as fit, behind each other; how many are shown. */
static int check_join(const PGresult *result, int first, int end, int column, char *out,
                      size_t size)
{
        size_t used = 0;
        int row = first;
        for (out[0] = '\0'; row < end; row++) {
                const char *text = result_string(result, row, column);
                if (used + strlen(text) + 2 > size)
                        break;
                used += (size_t)snprintf(out + used, size - used, "%s%s", row > first ? " " : "",
                                         text);
        }
        return row - first;
}

/* Statements that grant what is missing; they may be run one after the other. */
static PgNext check_on_privileges(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        CheckTask *t = userdata;
        char missing[700];
        int rows = PQntuples(result);
        int shown = check_join(result, 0, rows, 0, missing, sizeof(missing));
        Fault fault;
        _cleanup_(text_done) Text more = {0};
        t->privileges_missing = rows > 0;
        if (shown < rows &&
            (text_printf(&more, " (and more, which %s migrate --grants=", own_command()) < 0 ||
             text_append_quoted(&more, t->role) < 0 || text_append_string(&more, " prints)") < 0))
                text_reset(&more);
        if (rows > 0) {
                fault_set(&fault, FAULT_PEER, EACCES, CODE_PG_PRIVILEGE,
                          "not granted to this role; who owns the schema%s%s%s, or an "
                          "administrator, runs: %s%s",
                          t->owner[0] ? " (" : "", t->owner, t->owner[0] ? ")" : "", missing,
                          more.size > 0 ? more.data : "");
                fault.refused = true;
        }
        return check_report(t, "privileges", rows > 0 ? -EACCES : 0, &fault,
                            "all that the service needs");
}

static PgNext check_on_version(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        CheckTask *t = userdata;
        int rows = PQntuples(result);
        int version = rows > 0 ? (int)result_int(result, rows - 1, 0) : 0;
        Fault fault;
        char right[16];
        (void)snprintf(right, sizeof(right), "%d", version);
        int r = schema_check(version, t->owner, &fault);
        t->schema_right = r >= 0;
        if (version == 0 && t->foreign.scope != FAULT_NONE)
                return check_report(t, "ownership", -EACCES, &t->foreign, "");
        (void)check_report(t, "schema version", r, &fault, right);
        return check_report(t, "ownership", 0, NULL,
                            "nothing in the schema belongs to a foreign role");
}

/* Lines only where something is not as migrate made it. */
static PgNext check_on_tables(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        Fault fault;
        char names[600];
        int rows = PQntuples(result), gone = 0;
        while (gone < rows && !result_bool(result, gone, 0))
                gone++;
        if (gone > 0) {
                int shown = check_join(result, 0, gone, 1, names, sizeof(names));
                fault_set(&fault, FAULT_PEER, ENOENT, CODE_PG_SCHEMA_MISSING,
                          "dropped or renamed since migrate made them: %s%s; it does not "
                          "make them again: restore them from a backup",
                          names, shown < gone ? " …" : "");
                check_add(userdata, "tables", &fault);
        }
        if (rows > gone) {
                int shown = check_join(result, gone, rows, 1, names, sizeof(names));
                fault_set(&fault, FAULT_PEER, EACCES, CODE_PG_PRIVILEGE,
                          "row level security hides rows from this role, which must see all, of: "
                          "%s%s; drop the policy, or give the role BYPASSRLS",
                          names, gone + shown < rows ? " …" : "");
                fault.refused = true;
                check_add(userdata, "row security", &fault);
        }
        return PG_NEXT;
}

/* A line only when the database subscribes. */
static PgNext check_on_writer(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        Fault fault;
        if (writer_check(result, &fault) < 0)
                check_add(userdata, "subscription", &fault);
        return PG_NEXT;
}

static PgNext check_on_catalog(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        CheckTask *t = userdata;
        Fault fault;
        int r = catalog_check(t->task.mirror, result, &fault);
        return check_report(
                t, "catalog", r, &fault,
                result_text(result, 0, 0)
                        ? "the database belongs to this catalog"
                        : "the database belongs to none yet; the first sync registers this one");
}

/* What is not there and need not be: a line, and no failure. */
static PgNext check_on_notes(const PGresult *result, void *userdata, Fault *ret_fault)
{
        for (int row = 0; row < PQntuples(result); row++) {
                bool publication = strcmp(result_string(result, row, 0), "publication") == 0;
                const char *statement = result_text(result, row, 2);
                bool role = strcmp(result_string(result, row, 0), "role") == 0;
                bool migrates = result_bool(result, row, 3);
                _cleanup_(text_done) Text command = {0};
                if (migrates && append_migrate(&command, result_text(result, row, 4)) < 0) {
                        fault_no_memory(ret_fault);
                        return PG_ROLLBACK;
                }
                MirrorCheck *c = check_add(userdata, publication ? "publication" : "readers", NULL);
                (void)snprintf(c->detail, sizeof(c->detail), "%.200s; %s%s%s%.300s%s",
                               result_string(result, row, 1), !statement ? "run " : "",
                               migrates ? command.data : "an administrator runs: ",
                               !statement ? ", which grants it"
                               : migrates ? " makes it, or an administrator: "
                                          : "",
                               statement ? statement : "",
                               role ? " and then migrate once more" : "");
                c->is_note = true;
        }
        return PG_NEXT;
}

/* Leases and due times are by PostgreSQL's clock alone; but whoever compares its times with logs of
 * this machine is misled. */
static PgNext check_on_clock(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        MirrorCheck *c = check_add(userdata, "clock", NULL);
        struct timespec now;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        int64_t ahead =
                now.tv_sec * (int64_t)USEC_PER_SEC + now.tv_nsec / 1000 - result_int(result, 0, 0);
        c->is_note = clock_skew(ahead, "PostgreSQL", c->detail, sizeof(c->detail));
        return PG_NEXT;
}

static const char *slot_advice(bool active, bool physical)
{
        if (active)
                return "for its reader is behind; look there for what keeps it";
        if (physical)
                return "and nobody reads from it; it is physical: a standby or a backup may need "
                       "it; ask whoever runs those, or an administrator";
        return "and nobody reads from it; start its subscriber, or, when that is gone for good, an "
               "administrator runs: ";
}

/* The disk of the server fills up meanwhile. */
static PgNext check_on_slots(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        for (int row = 0; row < PQntuples(result); row++) {
                MirrorCheck *c = check_add(userdata, "replication slots", NULL);
                char name[80];
                bool active = result_bool(result, row, 1), physical = result_bool(result, row, 4);
                const char *slot = result_string(result, row, 0);
                (void)snprintf(
                        c->detail, sizeof(c->detail),
                        "slot %s keeps %.20s of write-ahead log from being removed, %s%.200s",
                        text_show(slot, name), result_string(result, row, 2),
                        slot_advice(active, physical),
                        active || physical ? "" : result_string(result, row, 3));
                c->is_note = true;
        }
        return PG_NEXT;
}

/* A line only where there is no room for it. */
static PgNext check_on_lists(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        CheckTask *t = userdata;
        Fault fault;
        char name[LIMIT_EDGE_NAME_MAX_BYTES + 1];
        uint64_t bytes;
        char free_space[BYTES_STRING_SIZE], needed_space[BYTES_STRING_SIZE];
        double needed =
                PQntuples(result) > 0 ? (double)result_int(result, 0, 1) * SPOOL_BYTES_OF_ROW : 0;
        if (spool_find_space(&bytes, &fault) < 0 || (double)bytes >= needed) /* or is reported */
                return PG_NEXT;
        const char *edge = result_string(result, 0, 0);
        text_show(edge, name);
        fault_set(&fault, FAULT_PROCESS, ENOSPC, CODE_SPOOL_FAILED,
                  "the list of %s had %s rows, for which a sync needs about %s of temporary "
                  "files, and %s are free: it fails; clear some, or set TMPDIR to another "
                  "directory",
                  name, result_string(result, 0, 1), bytes_format((uint64_t)needed, needed_space),
                  bytes_format(bytes, free_space));
        return check_report(t, "longest list", -ENOSPC, &fault, "");
}

static void held_fault(const PGresult *r, Fault *ret)
{
        enum { RELATION, PID, USER, APPLICATION, MODE, BEHIND };
        const char *pid = result_text(r, 0, PID), *behind = result_text(r, 0, BEHIND);
        const char *mode = result_string(r, 0, MODE), *relation = result_string(r, 0, RELATION);
        if (!pid || (behind && strcmp(behind, "0") == 0))
                fault_set(ret, FAULT_PEER, EBUSY, CODE_PG_LOCK_WAIT,
                          "a prepared transaction (pg_prepared_xacts names it) holds a lock on %s "
                          "for which all others wait (%s); COMMIT PREPARED or ROLLBACK PREPARED "
                          "ends it",
                          relation, mode);
        else
                fault_set(ret, FAULT_PEER, EBUSY, CODE_PG_LOCK_WAIT,
                          "process %s of user %s, application \"%s\", %s a lock (%s) on %s%s; the "
                          "session of process %s has to end its transaction, or "
                          "pg_terminate_backend(%s) ends it",
                          pid, result_string(r, 0, USER), result_string(r, 0, APPLICATION),
                          behind ? "waits for" : "holds", mode, relation,
                          behind ? ", and all others wait behind it" : "", behind ? behind : pid,
                          behind ? behind : pid);
}

/* Who kept a statement of the stage before waiting until it gave up. */
static PgNext check_on_held(const PGresult *result, void *userdata, Fault *ret_fault _unused_)
{
        Fault fault;
        if (PQntuples(result) == 0)
                return PG_NEXT;
        held_fault(result, &fault);
        check_add(userdata, "locks", &fault);
        return PG_NEXT;
}

static const struct {
        const char *what;
        const char *sql;
        PgStepResult on_result;
} stages[CHECK_STAGES] = {
        [CHECK_SERVER] = {"connection", sql_check_server, check_on_server},
        [CHECK_LOCKS] = {"locks", sql_lock_wait, check_on_locks},
        [CHECK_FOREIGN] = {"ownership", sql_migrate_foreign, check_on_foreign},
        [CHECK_NEEDS] = {"ownership", sql_migrate_needs, check_on_needs},
        [CHECK_PRIVILEGES] = {"privileges", sql_check_privileges, check_on_privileges},
        [CHECK_VERSION] = {"schema version", sql_migrate_recorded, check_on_version},
        [CHECK_TABLES] = {"tables", sql_check_tables, check_on_tables},
        [CHECK_WRITER] = {"subscription", sql_schema_version, check_on_writer},
        [CHECK_CATALOG] = {"catalog", sql_catalog, check_on_catalog},
        [CHECK_NOTES] = {"publication", sql_migrate_notes, check_on_notes},
        [CHECK_CLOCK] = {"clock", sql_check_clock, check_on_clock},
        [CHECK_SLOTS] = {"replication slots", sql_check_slots, check_on_slots},
        [CHECK_LISTS] = {"longest list", sql_check_lists, check_on_lists},
        [CHECK_HELD] = {"locks", sql_check_held, check_on_held},
};

static PgWork check_work(CheckTask *t)
{
        t->begun_usec = clock_monotonic_usec();
        /* it is not known yet whose the schema is */
        t->steps[0] = task_step(sql_migrate_path, NULL, NULL);
        t->steps[1] = task_step(stages[t->stage].sql,
                                t->stage == CHECK_PRIVILEGES ? &t->task.params[PARAMS_PRIVILEGES]
                                : t->stage == CHECK_LOCKS    ? &t->task.params[PARAMS_LOCKS]
                                : t->stage == CHECK_SLOTS    ? &t->task.params[PARAMS_SLOTS]
                                                             : NULL,
                                stages[t->stage].on_result);
        return (PgWork){.steps = t->steps,
                        .n_steps = ARRAY_SIZE(t->steps),
                        .transaction = true,
                        .phase = "check"};
}

/* Whether there is another stage. What is refused for want of a privilege has been reported by the
 * line about privileges. */
static bool check_next(CheckTask *t, const Fault *fault)
{
        Fault missing;
        bool reported = t->privileges_missing && fault->code == CODE_PG_PRIVILEGE;
        if (fault->scope != FAULT_NONE && !reported)
                check_add(t, stages[t->stage].what, fault);
        if (fault->code == CODE_PG_LOCK_TIMEOUT && t->stage <= CHECK_LAST) {
                t->stage = CHECK_HELD;
                return true;
        }
        if (fault->scope != FAULT_NONE || t->unsafe || t->empty || ++t->stage > CHECK_LAST)
                return false;
        if (t->stage == CHECK_PRIVILEGES && !t->schema_there && t->foreign.scope != FAULT_NONE) {
                check_add(t, "ownership", &t->foreign);
                return false;
        }
        if (t->stage == CHECK_PRIVILEGES && !t->schema_there) {
                fault_set(&missing, FAULT_PEER, ENOENT, CODE_PG_SCHEMA_MISSING,
                          "there is no schema edgemirror here; run %s migrate", own_command());
                check_add(t, "schema version", &missing);
                return false;
        }
        return t->stage <= CHECK_VERSION || t->schema_right;
}

static bool check_complete(MirrorTask *task, PgEnd end _unused_, const Fault *fault)
{
        CheckTask *t = (CheckTask *)task;
        if (check_next(t, fault)) {
                PgWork work = check_work(t);
                int r = task_continue(task, &work);
                if (r >= 0)
                        return true;
                Fault memory;
                fault_not_begun(&memory, r, "PostgreSQL cannot be asked");
                check_add(t, stages[t->stage].what, &memory);
        }
        t->callback(t->checks, check_count(t), task->userdata);
        return false;
}

int mirror_check(Mirror *m, MirrorCheckCallback callback, void *userdata, MirrorTask **ret)
{
        CheckTask *t = task_new(m, sizeof(*t), check_complete, userdata);
        if (!t)
                return -ENOMEM;
        t->callback = callback;
        params_text(&t->task.params[PARAMS_PRIVILEGES], NULL); /* this role */
        params_bool(&t->task.params[PARAMS_PRIVILEGES], false);
        params_lock_wait(&t->task.params[PARAMS_LOCKS], false, NULL);
        params_int(&t->task.params[PARAMS_SLOTS], SLOT_UNREAD_BYTES_MAX);
        params_int(&t->task.params[PARAMS_SLOTS], SLOT_READ_BYTES_MAX);
        PgWork work = check_work(t);
        return task_start(&t->task, &work, ret);
}
